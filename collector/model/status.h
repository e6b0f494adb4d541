/*
 * status.h - how each source is doing, and the fixed numbers of the sources. Plain data.
 */
#ifndef EDGENODE_MODEL_STATUS_H
#define EDGENODE_MODEL_STATUS_H

#include "model/host.h"

/* edgeSourceIndex: constants for ever, additions at the end. */
enum source_id {
	SOURCE_LIBVIRT = 1, SOURCE_NODE, SOURCE_STAT, SOURCE_LOADAVG, SOURCE_CPUFREQ, SOURCE_THROTTLE, SOURCE_MEMINFO,
	SOURCE_VMSTAT, SOURCE_HUGEPAGES, SOURCE_PRESSURE, SOURCE_SENSORS, SOURCE_THERMAL, SOURCE_CLOCK,
	SOURCE_DISKSTATS, SOURCE_BOND, SOURCE_EDAC, SOURCE_INTERRUPTS, SOURCE_POWERCAP,
	SOURCE_PROCESS, SOURCE_POOLS, SOURCE_MSR, SOURCE_NTP, SOURCE_PTP, SOURCE_DISKS,
	SOURCE_MCE,
	SOURCE_END
};

enum source_state {
	SOURCE_STATE_OK = 1, SOURCE_STATE_STALE, SOURCE_STATE_FAILED, SOURCE_STATE_DISABLED, SOURCE_STATE_ABSENT,
	SOURCE_STATE_STARTING
};

enum node_health { HEALTH_OK = 1, HEALTH_DEGRADED, HEALTH_FAILED, HEALTH_UNKNOWN };

#define SOURCE_ERROR_MAX 256

struct source_status {
	uint32_t index; /* enum source_id */
	uint64_t have;
	const char *name; /* static */
	uint8_t state;
	uint32_t interval_ms;
	int64_t success_mono_ns; /* of the last success; have bit */
	uint32_t duration_us;    /* of the last poll that ended */
	uint32_t polls, failures;
	char last_error[SOURCE_ERROR_MAX];
	int64_t last_error_real_ns;
};
#define STATUS_HAVE_SUCCESS BIT(0)
#define STATUS_HAVE_DURATION BIT(1)
#define STATUS_HAVE_ERROR BIT(2)

struct sources {
	struct part part;
	size_t n;
	struct source_status rows[SOURCE_END - 1];
};

/* The name of a source (edgeSourceName, <source name>); NULL where there is none of that number. Static storage. */
const char *source_id_name(unsigned id);
/* Its number, 0 for a name that is not known. */
unsigned source_id_of(const char *name);

/* Worst of the sources that are neither disabled nor absent: failed -> HEALTH_FAILED, stale -> DEGRADED, none
 * started yet -> UNKNOWN. */
uint8_t sources_health(const struct sources *sources);

#endif
