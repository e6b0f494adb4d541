/*
 * rows_ntp.c - NTPv4-MIB (RFC 5907), ntpEntObjectsGroup1 and 2 as far as the time daemons tell: the entity and its
 * state. Its associations are in rows_ntp_peers.c. None of the module's notifications is sent, and the objects that are
 * about them say so.
 *
 * Const data; the getters are pure. Row: struct clock_state of the snapshot.
 */
#include "subagent/rows_ntp.h"

#include "base/clock.h"
#include "subagent/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

PART_SCALARS(clock_state, clock)

#define SOURCES_MOST 99
#define STRATUM_UNSYNCHRONIZED 16
#define ERA_BEGIN_S INT64_C(2208988800) /* from 1900, where NTP's first era begins, to 1970 */
#define DATE_SIZE 16
#define FRACTION_BITS 32
#define NS_PER_TICK (NS_PER_S / 100)
#define NOTIFICATION_OCTETS 2 /* of ntpEntNotifBits */

enum {
	MODE_NOT_RUNNING = 1,
	MODE_NOT_SYNCHRONIZED,
	MODE_NONE_CONFIGURED,
	MODE_LOCAL,
	MODE_REFERENCE_CLOCK,
	MODE_SERVER,
	MODE_UNKNOWN = 99
};

/* --- texts and dates ---------------------------------------------------------------------------------------------- */

static bool set_text(int length, struct cell *cell)
{
	return cell_octets(cell->octet_scratch, (size_t)length, cell);
}

/* "-0.032000 ms" */
bool rows_ntp_offset(int64_t node_ahead_ns, struct cell *cell)
{
	const uint64_t size = node_ahead_ns < 0 ? 0 - (uint64_t)node_ahead_ns : (uint64_t)node_ahead_ns;

	const uint64_t ms = size / (uint64_t)NS_PER_MS, rest = size % (uint64_t)NS_PER_MS;

	return set_text(snprintf((char *)cell->octet_scratch, sizeof(cell->octet_scratch),
				 "%s%" PRIu64 ".%06" PRIu64 " ms", node_ahead_ns > 0 ? "-" : "", ms, rest),
			cell);
}

bool rows_ntp_ms(uint64_t us, const char *unit, struct cell *cell)
{
	return set_text(snprintf((char *)cell->octet_scratch, sizeof(cell->octet_scratch),
				 "%" PRIu64 ".%03" PRIu64 "%s", us / 1000, us % 1000, unit),
			cell);
}

static void put_u32(uint8_t *out, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* RFC 5905's 128 bits: the era, its second, and 64 bits of fraction. */
static bool set_date(int64_t real_ns, struct cell *cell)
{
	const int64_t seconds = real_ns / NS_PER_S + ERA_BEGIN_S;
	const uint64_t fraction = ((uint64_t)(real_ns % NS_PER_S) << FRACTION_BITS) / NS_PER_S;

	memset(cell->octet_scratch, 0, DATE_SIZE);
	put_u32(cell->octet_scratch, (uint32_t)(seconds >> 32));
	put_u32(cell->octet_scratch + 4, (uint32_t)seconds);
	put_u32(cell->octet_scratch + 8, (uint32_t)fraction);
	return cell_octets(cell->octet_scratch, DATE_SIZE, cell);
}

static bool set_number(uint32_t value, struct cell *cell)
{
	cell->type = CELL_UNSIGNED;
	cell->number = value;
	return true;
}

bool rows_ntp_stratum(uint32_t stratum, struct cell *cell)
{
	return set_number(stratum == 0 || stratum > STRATUM_UNSYNCHRONIZED ? STRATUM_UNSYNCHRONIZED : stratum, cell);
}

/* --- the entity --------------------------------------------------------------------------------------------------- */

/* Daemons that serve PTP have another module. */
static bool is_ntp(const struct clock_state *clock)
{
	return (clock->have & CLOCK_HAVE_DAEMON) != 0 && clock->source != CLOCK_SOURCE_PTP;
}

static bool get_software(const struct cell_context *context, struct cell *cell)
{
	const struct clock_state *clock = context->row[0];

	return is_ntp(clock) && cell_text(clock->daemon, cell);
}

static bool get_system(const struct cell_context *context, struct cell *cell)
{
	return cell_text(context->snapshot->node.kernel, cell);
}

static bool get_distance(const struct cell_context *context, struct cell *cell)
{
	const struct clock_state *clock = context->row[0];

	return rows_ntp_ms((uint64_t)clock->root_delay_us / 2 + clock->root_dispersion_us, " ms", cell);
}

/* clang-format off */
#define ROW struct clock_state
static const struct column NTP_INFO_COLUMNS[] = {
	GET(1,   ntpEntSoftwareName,    SYN_STRING, get_software, 0, NULL),
	CHARS(2, ntpEntSoftwareVersion, software, CLOCK_HAVE_SOFTWARE),
	CHARS(3, ntpEntSoftwareVendor,  vendor, CLOCK_HAVE_VENDOR),
	GET(4,   ntpEntSystemType,      SYN_STRING, get_system, 0, NULL),
	U32(5,   ntpEntTimeResolution,  resolution, CLOCK_HAVE_RESOLUTION, NULL),
	I32(6,   ntpEntTimePrecision,   precision, CLOCK_HAVE_PRECISION, NULL),
	GET(7,   ntpEntTimeDistance,    SYN_STRING, get_distance, CLOCK_HAVE_ROOT_DELAY | CLOCK_HAVE_ROOT_DISPERSION, NULL),
};
const struct table NTP_INFO_SCALARS = {
	"ntpEntInfo", { 1, 1 }, 2, 1, { SCALAR_LEVEL_OF(clock_state) },
	offsetof(struct clock_state, have), COLUMNS_OF(NTP_INFO_COLUMNS), 0, NULL
};
/* clang-format on */

/* --- its state ---------------------------------------------------------------------------------------------------- */

static const struct clock_peer *selected_peer(const struct cell_context *context)
{
	const struct clock_peers *peers = context->snapshot->clock_peers;

	for (size_t i = 0; peers != NULL && i < peers->n; i++)
		if (peers->rows[i].state == CLOCK_PEER_SELECTED)
			return &peers->rows[i];
	return NULL;
}

static int32_t mode_of(const struct cell_context *context)
{
	const struct clock_state *clock = context->row[0];
	const struct clock_peers *peers = context->snapshot->clock_peers;
	const struct clock_peer *peer = selected_peer(context);

	if (!is_ntp(clock))
		return (clock->have & CLOCK_HAVE_DAEMON) != 0 ? MODE_UNKNOWN : MODE_NOT_RUNNING;
	/* It claims a stratum, for its clients, on the strength of the clock alone. */
	if (clock->state == CLOCK_UNSYNCHRONIZED && (clock->have & CLOCK_HAVE_STRATUM) != 0 &&
	    clock->leap != CLOCK_LEAP_ALARM)
		return MODE_LOCAL;
	if (clock->state == CLOCK_UNSYNCHRONIZED)
		return peers != NULL && peers->n == 0 ? MODE_NONE_CONFIGURED : MODE_NOT_SYNCHRONIZED;
	if (clock->state != CLOCK_SYNCHRONIZED)
		return MODE_UNKNOWN;
	if (clock->source == CLOCK_SOURCE_REFERENCE || (peer != NULL && peer->mode == CLOCK_PEER_REFCLOCK))
		return MODE_REFERENCE_CLOCK;
	return clock->source == CLOCK_SOURCE_NTP ? MODE_SERVER : MODE_UNKNOWN;
}

static bool get_mode(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(mode_of(context), cell);
}

static bool get_stratum(const struct cell_context *context, struct cell *cell)
{
	return rows_ntp_stratum(((const struct clock_state *)context->row[0])->stratum, cell);
}

/* 0: none. */
static bool get_reference_id(const struct cell_context *context, struct cell *cell)
{
	const struct clock_peer *peer = selected_peer(context);

	return set_number(peer != NULL && peer->index <= NTP_ASSOCIATION_MOST ? peer->index : 0, cell);
}

static bool get_reference(const struct cell_context *context, struct cell *cell)
{
	const struct clock_peer *peer = selected_peer(context);
	const struct clock_state *clock = context->row[0];

	if (peer != NULL)
		return cell_text(peer->name, cell);
	return cell_text((clock->have & CLOCK_HAVE_REFERENCE) != 0 ? clock->reference : "", cell);
}

/* The kernel's own and that of PTP are of no reference of NTP; a daemon that tells its stratum tells the offset. */
static bool get_offset(const struct cell_context *context, struct cell *cell)
{
	const struct clock_state *clock = context->row[0];

	return is_ntp(clock) && rows_ntp_offset(clock->offset_ns, cell);
}

static bool get_references(const struct cell_context *context, struct cell *cell)
{
	const struct clock_peers *peers = context->snapshot->clock_peers;

	return peers != NULL && set_number(peers->n < SOURCES_MOST ? (uint32_t)peers->n : SOURCES_MOST, cell);
}

static bool get_dispersion(const struct cell_context *context, struct cell *cell)
{
	return rows_ntp_ms(((const struct clock_state *)context->row[0])->root_dispersion_us, "", cell);
}

static bool get_up_time(const struct cell_context *context, struct cell *cell)
{
	const int64_t ns = context->now_mono_ns - ((const struct clock_state *)context->row[0])->start_mono_ns;

	cell->type = CELL_TICKS;
	cell->number = ns > 0 ? (uint32_t)(ns / NS_PER_TICK) : 0;
	return true;
}

/* None is ever sent. */
static bool get_notifications(const struct cell_context *context, struct cell *cell)
{
	cell->type = CELL_COUNTER32;
	cell->number = 0;
	return is_ntp(context->row[0]);
}

static bool get_enabled(const struct cell_context *context, struct cell *cell)
{
	static const uint8_t NONE[NOTIFICATION_OCTETS];

	(void)context;
	return cell_octets(NONE, sizeof(NONE), cell);
}

static int64_t real_now_ns(const struct cell_context *context)
{
	const struct snapshot *snapshot = context->snapshot;

	return snapshot->sealed_real_ns + (context->now_mono_ns - snapshot->sealed_mono_ns);
}

/* Empty while the clock is not synchronized. */
static bool get_date(const struct cell_context *context, struct cell *cell)
{
	const struct clock_state *clock = context->row[0];

	return clock->state == CLOCK_SYNCHRONIZED ? set_date(real_now_ns(context), cell) : cell_text("", cell);
}

static int32_t leap_direction(const struct cell_context *context)
{
	const struct clock_state *clock = context->row[0];

	return clock->leap == CLOCK_LEAP_INSERT ? 1 : clock->leap == CLOCK_LEAP_DELETE ? -1 : 0;
}

static bool get_leap_direction(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(leap_direction(context), cell);
}

/* Leap seconds are at the end of a month; what is announced is the next one. */
static bool get_leap(const struct cell_context *context, struct cell *cell)
{
	const time_t now = (time_t)(real_now_ns(context) / NS_PER_S);
	struct tm month;

	if (leap_direction(context) == 0 || gmtime_r(&now, &month) == NULL)
		return cell_text("", cell);
	month = (struct tm){ .tm_year = month.tm_year, .tm_mon = month.tm_mon + 1, .tm_mday = 1 };
	return set_date((int64_t)timegm(&month) * NS_PER_S, cell);
}

/* clang-format off */
static const struct column NTP_STATUS_COLUMNS[] = {
	GET(1,  ntpEntStatusCurrentMode,         SYN_ENUM, get_mode, 0, NULL),
	GET(2,  ntpEntStatusStratum,             SYN_UNSIGNED32, get_stratum, CLOCK_HAVE_STRATUM, NULL),
	GET(3,  ntpEntStatusActiveRefSourceId,   SYN_UNSIGNED32, get_reference_id, 0, NULL),
	GET(4,  ntpEntStatusActiveRefSourceName, SYN_STRING, get_reference, 0, NULL),
	GET(5,  ntpEntStatusActiveOffset,        SYN_STRING, get_offset, CLOCK_HAVE_OFFSET | CLOCK_HAVE_STRATUM, NULL),
	GET(6,  ntpEntStatusNumberOfRefSources,  SYN_UNSIGNED32, get_references, 0, NULL),
	GET(7,  ntpEntStatusDispersion,          SYN_STRING, get_dispersion, CLOCK_HAVE_ROOT_DISPERSION, NULL),
	GET(8,  ntpEntStatusEntityUptime,        SYN_TICKS, get_up_time, CLOCK_HAVE_START, NULL),
	GET(9,  ntpEntStatusDateTime,            SYN_STRING, get_date, 0, NULL),
	GET(10, ntpEntStatusLeapSecond,          SYN_STRING, get_leap, 0, NULL),
	GET(11, ntpEntStatusLeapSecDirection,    SYN_INTEGER32, get_leap_direction, 0, NULL),
	C32(12, ntpEntStatusInPkts,              packets_in, CLOCK_HAVE_PACKETS, "packets"),
	C32(13, ntpEntStatusOutPkts,             packets_out, CLOCK_HAVE_PACKETS, "packets"),
	C32(15, ntpEntStatusProtocolError,       protocol_errors, CLOCK_HAVE_PROTOCOL_ERRORS, "packets"),
	GET(16, ntpEntStatusNotifications,       SYN_COUNTER32, get_notifications, 0, "notifications"),
};
static const struct column NTP_CONTROL_COLUMNS[] = {
	GET(2, ntpEntNotifBits, SYN_BITS, get_enabled, 0, NULL),
};
#undef ROW
const struct table NTP_STATUS_SCALARS = {
	"ntpEntStatus", { 1, 2 }, 2, 1, { SCALAR_LEVEL_OF(clock_state) },
	offsetof(struct clock_state, have), COLUMNS_OF(NTP_STATUS_COLUMNS), 0, NULL
};
const struct table NTP_CONTROL_SCALARS = {
	"ntpEntControl", { 1, 4 }, 2, 1, { SCALAR_LEVEL_OF(clock_state) },
	offsetof(struct clock_state, have), COLUMNS_OF(NTP_CONTROL_COLUMNS), 0, NULL
};
/* clang-format on */
