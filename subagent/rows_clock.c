/*
 * rows_clock.c - group 10 edgeClock: the clock of the node, the sources of time its daemon knows, PTP clocks.
 *
 * Const data; the getters are pure. Rows: struct clock_state, struct clock_peer and struct ptp_clock of the snapshot.
 */
#include "base/clock.h"
#include "subagent/rows.h"

PART_SCALARS(clock_state, clock)
PART_ROWS(clock_peer, clock_peers, struct clock_peer, index, &)
PART_ROWS(ptp, ptp_clocks, struct ptp_clock, index, &)

static bool get_update_age(const struct cell_context *context, struct cell *cell)
{
	const struct clock_state *row = context->row[0];

	return cell_age_s(context->now_mono_ns, row->update_mono_ns, cell);
}

static bool get_sample_age(const struct cell_context *context, struct cell *cell)
{
	const struct clock_peer *row = context->row[0];

	return cell_age_s(context->now_mono_ns, row->sample_mono_ns, cell);
}

/* What edgePtpOffsetSeconds leaves, with the same sign. */
static bool get_ptp_offset(const struct cell_context *context, struct cell *cell)
{
	const struct ptp_clock *row = context->row[0];

	cell->type = CELL_INTEGER;
	cell->integer = (int32_t)(row->offset_ns % NS_PER_S);
	return true;
}

/* clang-format off */
/* An offset, cut towards 0 to the column's unit; each saturates on its own. */
#define OFFSET(arc, name, have, divisor, units) \
	{ (arc), #name, SYN_INTEGER32, F_I64, offsetof(ROW, offset_ns), (have), (divisor), NULL, (units) }

#define ROW struct clock_state
static const struct column CLOCK_COLUMNS[] = {
	ENUM(1,   edgeClockSource,         source, 0),
	CHARS(2,  edgeClockDaemon,         daemon, CLOCK_HAVE_DAEMON),
	ENUM(3,   edgeClockState,          state, 0),
	OFFSET(4, edgeClockOffset,         CLOCK_HAVE_OFFSET, NS_PER_US, "microseconds"),
	OFFSET(5, edgeClockOffsetSeconds,  CLOCK_HAVE_OFFSET, NS_PER_S, "seconds"),
	OFFSET(6, edgeClockOffsetNs,       CLOCK_HAVE_OFFSET, 1, "nanoseconds"),
	G32(7,    edgeClockEstError,       est_error_us, CLOCK_HAVE_EST_ERROR, "microseconds"),
	G32(8,    edgeClockMaxError,       max_error_us, CLOCK_HAVE_MAX_ERROR, "microseconds"),
	I32(9,    edgeClockFrequency,      frequency_ppb, CLOCK_HAVE_FREQUENCY, "parts per billion"),
	G32(10,   edgeClockSkew,           skew_ppb, CLOCK_HAVE_SKEW, "parts per billion"),
	U32(11,   edgeClockStratum,        stratum, CLOCK_HAVE_STRATUM, NULL),
	CHARS(12, edgeClockReference,      reference, CLOCK_HAVE_REFERENCE),
	G32(13,   edgeClockRootDelay,      root_delay_us, CLOCK_HAVE_ROOT_DELAY, "microseconds"),
	G32(14,   edgeClockRootDispersion, root_dispersion_us, CLOCK_HAVE_ROOT_DISPERSION, "microseconds"),
	ENUM(15,  edgeClockLeap,           leap, 0),
	I32(16,   edgeClockTaiOffset,      tai_offset_s, CLOCK_HAVE_TAI_OFFSET, "seconds"),
	GET(17,   edgeClockUpdateAge,      SYN_GAUGE32, get_update_age, CLOCK_HAVE_UPDATE, "seconds"),
};
#undef ROW

const struct table CLOCK_SCALARS = {
	"edgeClock", { ARC_OBJECTS, GROUP_CLOCK }, 2, 1, { SCALAR_LEVEL_OF(clock_state) },
	offsetof(struct clock_state, have), COLUMNS_OF(CLOCK_COLUMNS), 0, NULL
};

#define ROW struct clock_peer
static const struct column CLOCK_PEER_COLUMNS[] = {
	CHARS(2,  edgeClockPeerName,    name, 0),
	ENUM(3,   edgeClockPeerMode,    mode, 0),
	ENUM(4,   edgeClockPeerState,   state, 0),
	U32(5,    edgeClockPeerStratum, stratum, CLOCK_PEER_HAVE_STRATUM, NULL),
	U32(6,    edgeClockPeerReach,   reach, CLOCK_PEER_HAVE_REACH, NULL),
	GET(7,    edgeClockPeerAge,     SYN_GAUGE32, get_sample_age, CLOCK_PEER_HAVE_SAMPLE, "seconds"),
	OFFSET(8, edgeClockPeerOffset,  CLOCK_PEER_HAVE_OFFSET, NS_PER_US, "microseconds"),
	G32(9,    edgeClockPeerError,   error_us, CLOCK_PEER_HAVE_ERROR, "microseconds"),
};
#undef ROW

static const char *const CLOCK_PEER_INDEXES[] = { "edgeClockPeerIndex" };
const struct table CLOCK_PEER_TABLE = {
	"edgeClockPeerTable", { ARC_OBJECTS, GROUP_CLOCK, 18 }, 3, 1, { LEVEL_OF(clock_peer) },
	offsetof(struct clock_peer, have), COLUMNS_OF(CLOCK_PEER_COLUMNS), 1, CLOCK_PEER_INDEXES
};

#define ROW struct ptp_clock
static const struct column PTP_COLUMNS[] = {
	CHARS(2,  edgePtpName,          name, 0),
	GET(3,    edgePtpOffset,        SYN_INTEGER32, get_ptp_offset, PTP_HAVE_OFFSET, "nanoseconds"),
	OFFSET(4, edgePtpOffsetSeconds, PTP_HAVE_OFFSET, NS_PER_S, "seconds"),
	I32(5,    edgePtpUtcOffset,     utc_offset_s, PTP_HAVE_UTC_OFFSET, "seconds"),
	CHARS(6,  edgePtpPortState,     port_state, PTP_HAVE_PORT_STATE),
};
#undef ROW
#undef OFFSET

static const char *const PTP_INDEXES[] = { "edgePtpIndex" };
const struct table PTP_TABLE = {
	"edgePtpTable", { ARC_OBJECTS, GROUP_CLOCK, 19 }, 3, 1, { LEVEL_OF(ptp) },
	offsetof(struct ptp_clock, have), COLUMNS_OF(PTP_COLUMNS), 1, PTP_INDEXES
};
/* clang-format on */
