/*
 * rows_event.c - group 15 edgeEvent: the log behind the notifications.
 *
 * Const data. Rows: struct events of the snapshot, and its struct event. All columns of an event always exist.
 */
#include "subagent/rows.h"

PART_SCALARS(event_scalar, events)
PART_ROWS(event, events, struct event, serial, )

/* clang-format off */
#define ROW struct events
static const struct column EVENT_SCALAR_COLUMNS[] = {
	U32(1,  edgeEventLast,     last, 0, NULL),
	U32(2,  edgeEventFirst,    first, 0, NULL),
	UUID(3, edgeEventLogId,    log_id, 0),
	C32(4,  edgeEventLogged,   logged, 0, "events"),
	U32(5,  edgeEventCapacity, capacity, 0, "events"),
	C32(6,  edgeEventDropped,  dropped, 0, "events"),
	G32(7,  edgeEventUnsent,   unsent, 0, "events"),
};
#undef ROW

const struct table EVENT_SCALARS = {
	"edgeEvent", { ARC_OBJECTS, GROUP_EVENT }, 2, 1, { SCALAR_LEVEL_OF(event_scalar) }, NO_HAVE,
	COLUMNS_OF(EVENT_SCALAR_COLUMNS), 0, NULL
};

#define ROW struct event
static const struct column EVENT_COLUMNS[] = {
	TIME(2,  edgeEventTime,        time_real_ns, 0),
	U32(3,   edgeEventBoot,        boot, 0, NULL),
	G64(4,   edgeEventUpTime,      uptime_ms, 0, "milliseconds"),
	BOOL(5,  edgeEventClockSynced, clock_synced, 0),
	KIND(6,  edgeEventKind,        kind),
	ENUM(7,  edgeEventSeverity,    severity, 0),
	STRZ(8,  edgeEventSubject,     subject),
	DOM(9,   edgeEventDomain,      domain),
	I32(10,  edgeEventValue,       value, 0, NULL),
	I32(11,  edgeEventThreshold,   threshold, 0, NULL),
	CHARS(12, edgeEventUnits,      units, 0),
	STRZ(13, edgeEventText,        text),
};
#undef ROW

static const char *const EVENT_INDEXES[] = { "edgeEventSerial" };
const struct table EVENT_TABLE = {
	"edgeEventTable", { ARC_OBJECTS, GROUP_EVENT, 8 }, 3, 1, { LEVEL_OF(event) }, NO_HAVE,
	COLUMNS_OF(EVENT_COLUMNS), 1, EVENT_INDEXES
};
/* clang-format on */
