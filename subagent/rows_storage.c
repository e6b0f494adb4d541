/*
 * rows_storage.c - group 13 edgeStorage: the disks of the host, their health, libvirt's storage pools.
 *
 * Const data; the getter is pure. Rows: struct disk, struct host_disk and struct pool of the snapshot.
 */
#include "subagent/rows.h"

PART_ROWS(disk, disks, struct disk, index, &)
PART_ROWS(host_disk, host_disks, struct host_disk, index, &)
PART_ROWS(pool, pools, struct pool, index, &)

/* A disk that nobody could ask so far has a row, too. */
static bool get_disk_age(const struct cell_context *context, struct cell *cell)
{
	const struct disk *row = context->row[0];

	return row->read_mono_ns != 0 && cell_age_s(context->now_mono_ns, row->read_mono_ns, cell);
}

/* clang-format off */
#define ROW struct disk
static const struct column DISK_COLUMNS[] = {
	CHARS(2, edgeDiskName,         name, 0),
	CHARS(3, edgeDiskModel,        model, DISK_HAVE_MODEL),
	CHARS(4, edgeDiskSerial,       serial, 0),
	ENUM(5,  edgeDiskHealth,       health, 0),
	I32(6,   edgeDiskTemperature,  temperature_mdegc, DISK_HAVE_TEMPERATURE, "millidegrees Celsius"),
	G32(7,   edgeDiskPowerOnHours, power_on_hours, DISK_HAVE_POWER_ON_HOURS, "hours"),
	G64(8,   edgeDiskReallocated,  reallocated, DISK_HAVE_REALLOCATED, "sectors"),
	G32(9,   edgeDiskPending,      pending, DISK_HAVE_PENDING, "sectors"),
	C64(10,  edgeDiskMediaErrors,  media_errors, DISK_HAVE_MEDIA_ERRORS, "errors"),
	G32(11,  edgeDiskWear,         wear_percent, DISK_HAVE_WEAR, "percent"),
	GET(12,  edgeDiskAge,          SYN_GAUGE32, get_disk_age, DISK_HAVE_READ, "seconds"),
};
#undef ROW

static const char *const DISK_INDEXES[] = { "edgeDiskIndex" };
const struct table DISK_TABLE = {
	"edgeDiskTable", { ARC_OBJECTS, GROUP_STORAGE, 1 }, 3, 1, { LEVEL_OF(disk) },
	offsetof(struct disk, have), COLUMNS_OF(DISK_COLUMNS), 1, DISK_INDEXES
};

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

#define ROW struct pool
static const struct column POOL_COLUMNS[] = {
	CHARS(2, edgePoolName,       name, 0),
	ENUM(3,  edgePoolState,      state, 0),
	G64(4,   edgePoolCapacity,   capacity_bytes, POOL_HAVE_SIZES, "bytes"),
	G64(5,   edgePoolAllocation, allocation_bytes, POOL_HAVE_SIZES, "bytes"),
	G64(6,   edgePoolAvailable,  available_bytes, POOL_HAVE_SIZES, "bytes"),
};
#undef ROW

static const char *const POOL_INDEXES[] = { "edgePoolIndex" };
const struct table POOL_TABLE = {
	"edgePoolTable", { ARC_OBJECTS, GROUP_STORAGE, 3 }, 3, 1, { LEVEL_OF(pool) },
	offsetof(struct pool, have), COLUMNS_OF(POOL_COLUMNS), 1, POOL_INDEXES
};
/* clang-format on */
