/*
 * rows_memory.c - group 8 edgeMemory: memory, huge pages and pressure of the host.
 *
 * Const data. Rows: struct memory, struct hugepage and struct pressure of the snapshot.
 */
#include "subagent/rows.h"

PART_SCALARS(memory, memory)
PART_ROWS(hugepage, hugepages, struct hugepage, size_kib, &)
PART_ROWS(pressure, pressures, struct pressure, resource, &)

/* clang-format off */
#define ROW struct memory
static const struct column MEMORY_COLUMNS[] = {
	G64(1,  edgeMemTotal,         total_kib, MEM_HAVE_TOTAL, "KiB"),
	G64(2,  edgeMemFree,          free_kib, MEM_HAVE_FREE, "KiB"),
	G64(3,  edgeMemAvailable,     available_kib, MEM_HAVE_AVAILABLE, "KiB"),
	G64(4,  edgeMemBuffers,       buffers_kib, MEM_HAVE_BUFFERS, "KiB"),
	G64(5,  edgeMemCached,        cached_kib, MEM_HAVE_CACHED, "KiB"),
	G64(6,  edgeMemSwapTotal,     swap_total_kib, MEM_HAVE_SWAP_TOTAL, "KiB"),
	G64(7,  edgeMemSwapFree,      swap_free_kib, MEM_HAVE_SWAP_FREE, "KiB"),
	G64(8,  edgeMemCommitted,     committed_kib, MEM_HAVE_COMMITTED, "KiB"),
	G64(9,  edgeMemCommitLimit,   commit_limit_kib, MEM_HAVE_COMMIT_LIMIT, "KiB"),
	G64(10, edgeMemKsmSharing,    ksm_sharing_kib, MEM_HAVE_KSM_SHARING, "KiB"),
	C64(11, edgeMemPagedIn,       paged_in_kib, MEM_HAVE_PAGED_IN, "KiB"),
	C64(12, edgeMemPagedOut,      paged_out_kib, MEM_HAVE_PAGED_OUT, "KiB"),
	C64(13, edgeMemPageFaults,    page_faults, MEM_HAVE_PAGE_FAULTS, "faults"),
	C64(14, edgeMemMajorFaults,   major_faults, MEM_HAVE_MAJOR_FAULTS, "faults"),
	G32(15, edgeMemPageInRate,    page_in_rate_kib, MEM_HAVE_PAGE_IN_RATE, "KiB per second"),
	G32(16, edgeMemPageFaultRate, page_fault_rate, MEM_HAVE_PAGE_FAULT_RATE, "faults per second"),
};
#undef ROW

const struct table MEMORY_SCALARS = {
	"edgeMemory", { ARC_OBJECTS, GROUP_MEMORY }, 2, 1, { SCALAR_LEVEL_OF(memory) },
	offsetof(struct memory, have), COLUMNS_OF(MEMORY_COLUMNS), 0, NULL
};

#define ROW struct hugepage
static const struct column HUGEPAGE_COLUMNS[] = {
	G32(2, edgeHugePagesTotal,    total, HUGEPAGE_HAVE_TOTAL, "pages"),
	G32(3, edgeHugePagesFree,     free, HUGEPAGE_HAVE_FREE, "pages"),
	G32(4, edgeHugePagesReserved, reserved, HUGEPAGE_HAVE_RESERVED, "pages"),
	G32(5, edgeHugePagesSurplus,  surplus, HUGEPAGE_HAVE_SURPLUS, "pages"),
};
#undef ROW

static const char *const HUGEPAGE_INDEXES[] = { "edgeHugePageSize" };
const struct table HUGEPAGE_TABLE = {
	"edgeHugePageTable", { ARC_OBJECTS, GROUP_MEMORY, 17 }, 3, 1, { LEVEL_OF(hugepage) },
	offsetof(struct hugepage, have), COLUMNS_OF(HUGEPAGE_COLUMNS), 1, HUGEPAGE_INDEXES
};

#define ROW struct pressure
static const struct column PRESSURE_COLUMNS[] = {
	G32(2, edgePressureSome10,    some10_centi, PRESSURE_HAVE_SOME, "0.01 percent"),
	G32(3, edgePressureSome60,    some60_centi, PRESSURE_HAVE_SOME, "0.01 percent"),
	G32(4, edgePressureSome300,   some300_centi, PRESSURE_HAVE_SOME, "0.01 percent"),
	G32(5, edgePressureFull10,    full10_centi, PRESSURE_HAVE_FULL, "0.01 percent"),
	G32(6, edgePressureFull60,    full60_centi, PRESSURE_HAVE_FULL, "0.01 percent"),
	G32(7, edgePressureFull300,   full300_centi, PRESSURE_HAVE_FULL, "0.01 percent"),
	C64(8, edgePressureSomeTotal, some_total_us, PRESSURE_HAVE_SOME, "microseconds"),
	C64(9, edgePressureFullTotal, full_total_us, PRESSURE_HAVE_FULL, "microseconds"),
};
#undef ROW

static const char *const PRESSURE_INDEXES[] = { "edgePressureResource" };
const struct table PRESSURE_TABLE = {
	"edgePressureTable", { ARC_OBJECTS, GROUP_MEMORY, 18 }, 3, 1, { LEVEL_OF(pressure) },
	offsetof(struct pressure, have), COLUMNS_OF(PRESSURE_COLUMNS), 1, PRESSURE_INDEXES
};
/* clang-format on */
