/*
 * rows_storage.c - group 13 edgeStorage: the disks of the host.
 *
 * Const data. Rows: struct host_disk of the snapshot.
 */
#include "subagent/rows.h"

PART_ROWS(host_disk, host_disks, struct host_disk, index, &)

/* clang-format off */
#define ROW struct host_disk
static const struct column HOST_DISK_COLUMNS[] = {
	CHARS(2, edgeHostDiskName,      name, 0),
	C64(3,   edgeHostDiskReads,     reads, 0, "requests"),
	C64(4,   edgeHostDiskReadBytes, read_bytes, 0, "bytes"),
	C64(5,   edgeHostDiskReadTime,  read_time_ms, 0, "milliseconds"),
	C64(6,   edgeHostDiskWrites,    writes, 0, "requests"),
	C64(7,   edgeHostDiskWriteBytes, write_bytes, 0, "bytes"),
	C64(8,   edgeHostDiskWriteTime, write_time_ms, 0, "milliseconds"),
	C64(9,   edgeHostDiskBusyTime,  busy_time_ms, 0, "milliseconds"),
	G32(10,  edgeHostDiskInFlight,  in_flight, 0, "requests"),
	G32(11,  edgeHostDiskUtil,      util_centi, HOST_DISK_HAVE_UTIL, "0.01 percent"),
};
#undef ROW

static const char *const HOST_DISK_INDEXES[] = { "edgeHostDiskIndex" };
const struct table HOST_DISK_TABLE = {
	"edgeHostDiskTable", { ARC_OBJECTS, GROUP_STORAGE, 2 }, 3, 1, { LEVEL_OF(host_disk) },
	offsetof(struct host_disk, have), COLUMNS_OF(HOST_DISK_COLUMNS), 1, HOST_DISK_INDEXES
};
/* clang-format on */
