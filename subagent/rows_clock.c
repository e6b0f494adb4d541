/*
 * rows_clock.c - group 10 edgeClock: the clock of the node.
 *
 * Const data. Row: struct clock_state of the snapshot. The arcs that are not here belong to objects that a time daemon
 * alone can tell.
 */
#include "base/clock.h"
#include "subagent/rows.h"

PART_SCALARS(clock_state, clock)

/* clang-format off */
#define ROW struct clock_state
/* The one offset, cut towards 0 to three units; each saturates on its own. */
#define OFFSET(arc, name, divisor, units) \
	{ (arc), #name, SYN_INTEGER32, F_I64, offsetof(ROW, offset_ns), CLOCK_HAVE_OFFSET, (divisor), NULL, (units) }
static const struct column CLOCK_COLUMNS[] = {
	ENUM(1,   edgeClockSource,        source, 0),
	ENUM(3,   edgeClockState,         state, 0),
	OFFSET(4, edgeClockOffset,        NS_PER_US, "microseconds"),
	OFFSET(5, edgeClockOffsetSeconds, NS_PER_S, "seconds"),
	OFFSET(6, edgeClockOffsetNs,      1, "nanoseconds"),
	G32(7,    edgeClockEstError,      est_error_us, CLOCK_HAVE_EST_ERROR, "microseconds"),
	G32(8,    edgeClockMaxError,      max_error_us, CLOCK_HAVE_MAX_ERROR, "microseconds"),
	I32(9,    edgeClockFrequency,     frequency_ppb, CLOCK_HAVE_FREQUENCY, "parts per billion"),
	ENUM(15,  edgeClockLeap,          leap, 0),
	I32(16,   edgeClockTaiOffset,     tai_offset_s, CLOCK_HAVE_TAI_OFFSET, "seconds"),
};
#undef OFFSET
#undef ROW

const struct table CLOCK_SCALARS = {
	"edgeClock", { ARC_OBJECTS, GROUP_CLOCK }, 2, 1, { SCALAR_LEVEL_OF(clock_state) },
	offsetof(struct clock_state, have), COLUMNS_OF(CLOCK_COLUMNS), 0, NULL
};
/* clang-format on */
