/*
 * rows_block.c - group 5 edgeBlock: the disks of the domains.
 *
 * Const data; the getters are pure. Rows: struct block of each struct domain.
 */
#include "subagent/rows.h"

DOMAIN_ROWS(block, struct block, block_rows, n_blocks)
DEVICE_TEXT(get_target, struct block, target)
DEVICE_TEXT(get_source, struct block, source)

/* clang-format off */
#define ROW struct block
static const struct column BLOCK_COLUMNS[] = {
	GET(2,    edgeBlockTarget,            SYN_STRING, get_target, 0, NULL),
	GET(3,    edgeBlockSource,            SYN_STRING, get_source, 0, NULL),
	C64(4,    edgeBlockReads,             reads, BLOCK_HAVE_READS, "requests"),
	C64(5,    edgeBlockReadBytes,         read_bytes, BLOCK_HAVE_READ_BYTES, "bytes"),
	C64(6,    edgeBlockReadTime,          read_time_ns, BLOCK_HAVE_READ_TIME, "nanoseconds"),
	C64(7,    edgeBlockWrites,            writes, BLOCK_HAVE_WRITES, "requests"),
	C64(8,    edgeBlockWriteBytes,        write_bytes, BLOCK_HAVE_WRITE_BYTES, "bytes"),
	C64(9,    edgeBlockWriteTime,         write_time_ns, BLOCK_HAVE_WRITE_TIME, "nanoseconds"),
	C64(10,   edgeBlockFlushes,           flushes, BLOCK_HAVE_FLUSHES, "requests"),
	C64(11,   edgeBlockFlushTime,         flush_time_ns, BLOCK_HAVE_FLUSH_TIME, "nanoseconds"),
	C64(12,   edgeBlockErrors,            errors, BLOCK_HAVE_ERRORS, "errors"),
	G64(13,   edgeBlockCapacity,          capacity_bytes, BLOCK_HAVE_CAPACITY, "bytes"),
	G64(14,   edgeBlockAllocation,        allocation_bytes, BLOCK_HAVE_ALLOCATION, "bytes"),
	G64(15,   edgeBlockPhysical,          physical_bytes, BLOCK_HAVE_PHYSICAL, "bytes"),
	STAMP(16, edgeBlockDiscontinuityTime, discontinuity_mono_ns, 0),
};
#undef ROW

static const char *const BLOCK_INDEXES[] = { "edgeDomainIndex", "edgeBlockIndex" };
const struct table BLOCK_TABLE = {
	"edgeBlockTable", { ARC_OBJECTS, GROUP_BLOCK, 1 }, 3, 2, { LEVEL_OF(domain), LEVEL_OF(block) },
	offsetof(struct block, have), COLUMNS_OF(BLOCK_COLUMNS), 1, BLOCK_INDEXES
};
/* clang-format on */
