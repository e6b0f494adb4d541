/*
 * storage.h - parts of the snapshot that describe disks' health and libvirt's storage pools. Plain data; the rules of
 * host.h.
 */
#ifndef EDGENODE_MODEL_STORAGE_H
#define EDGENODE_MODEL_STORAGE_H

#include "model/host.h"

#define DISKS_MAX 1024

enum disk_health { DISK_PASSED = 1, DISK_FAILED, DISK_HEALTH_UNKNOWN };

/* A disk as smartctl --json=c shows it. Result of "disks": in no order, index 0; in the snapshot: ascending index. */
struct disk {
	uint32_t index; /* the builder's, kept for identity */
	uint64_t have;
	char name[32];  /* "sda", "nvme0n1" */
	char model[72], serial[72]; /* empty: not told */
	char identity[80];          /* serial number, else the name; unique within a result */
	uint8_t health;
	int32_t temperature_mdegc;
	uint32_t power_on_hours;
	uint64_t reallocated;
	uint32_t pending;
	uint64_t media_errors;
	uint32_t wear_percent; /* used; may exceed 100 */
	int64_t read_mono_ns;  /* when smartctl last told of it; have bit: it has done so */
};
#define DISK_HAVE_TEMPERATURE BIT(0)
#define DISK_HAVE_POWER_ON_HOURS BIT(1)
#define DISK_HAVE_REALLOCATED BIT(2)
#define DISK_HAVE_PENDING BIT(3)
#define DISK_HAVE_MEDIA_ERRORS BIT(4)
#define DISK_HAVE_WEAR BIT(5)
#define DISK_HAVE_MODEL BIT(6)
#define DISK_HAVE_SERIAL BIT(7)
#define DISK_HAVE_READ BIT(8)
struct disks {
	struct part part;
	size_t n;
	struct disk rows[];
};

#define POOLS_MAX 1024
#define POOL_NAME_SIZE 256

enum pool_state { POOL_INACTIVE = 1, POOL_BUILDING, POOL_RUNNING, POOL_DEGRADED, POOL_INACCESSIBLE, POOL_UNKNOWN };

/* A storage pool. Result of "pools": in no order, index 0; in the snapshot: ascending index. */
struct pool {
	uint32_t index; /* the builder's, kept for uuid */
	uint64_t have;
	uint8_t uuid[16];
	char name[POOL_NAME_SIZE];
	uint8_t state;
	uint64_t capacity_bytes, allocation_bytes, available_bytes;
};
#define POOL_HAVE_SIZES BIT(0) /* an inactive pool has none */
struct pools {
	struct part part;
	size_t n;
	struct pool rows[];
};

#endif
