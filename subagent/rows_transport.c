/*
 * rows_transport.c - group 16 edgeTransport: the ways on which guests get their metrics.
 *
 * Const data. Rows: struct vbd and struct channel of the snapshot.
 */
#include "subagent/rows.h"

PART_ROWS(vbd, vbds, struct vbd, index, &)
PART_ROWS(channel, channels, struct channel, index, &)

/* clang-format off */
#define ROW struct vbd
static const struct column VBD_COLUMNS[] = {
	STR(2, edgeVbdPath,     path, 0),
	DOM(3, edgeVbdDomain,   domain),
	G32(4, edgeVbdSize,     size_bytes, 0, "bytes"),
	G32(5, edgeVbdLength,   length_bytes, 0, "bytes"),
	C32(6, edgeVbdUpdates,  updates, 0, "updates"),
	C32(7, edgeVbdFailures, failures, 0, "updates"),
};
#undef ROW

static const char *const VBD_INDEXES[] = { "edgeVbdIndex" };
const struct table VBD_TABLE = {
	"edgeVbdTable", { ARC_OBJECTS, GROUP_TRANSPORT, 1 }, 3, 1, { LEVEL_OF(vbd) },
	NO_HAVE, COLUMNS_OF(VBD_COLUMNS), 1, VBD_INDEXES
};

#define ROW struct channel
static const struct column CHANNEL_COLUMNS[] = {
	ENUM(1, edgeChannelState,    state, 0),
	C32(2,  edgeChannelRequests, requests, 0, "requests"),
	C32(3,  edgeChannelInvalid,  invalid, 0, "requests"),
	C32(4,  edgeChannelLimited,  limited, 0, "requests"),
	C64(5,  edgeChannelBytes,    bytes, 0, "bytes"),
};
#undef ROW

/* The index is that of edgeDomainTable: the table has none of its own. */
static const char *const CHANNEL_INDEXES[] = { "edgeDomainIndex" };
const struct table CHANNEL_TABLE = {
	"edgeChannelTable", { ARC_OBJECTS, GROUP_TRANSPORT, 2 }, 3, 1, { LEVEL_OF(channel) },
	NO_HAVE, COLUMNS_OF(CHANNEL_COLUMNS), 0, CHANNEL_INDEXES
};
/* clang-format on */
