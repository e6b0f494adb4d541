/*
 * build_host.h - the parts of the snapshot that several sources of the host fill. Part of builder.h; pure; thread: cycle.
 */
#ifndef EDGENODE_MODEL_BUILD_HOST_H
#define EDGENODE_MODEL_BUILD_HOST_H

#include "model/index_map.h"
#include "model/snapshot.h"

/* The newest result of each; NULL: there is none. */
struct cpu_readings {
	const struct stat_part *stat;
	const struct load_part *load;
	const struct cpufreq_part *freq;
	const struct throttle_part *throttle;
	const struct msr_part *msr;
};

/* before: what was served last, or NULL. new_times: the utilisation is of the interval between two readings of "stat";
 * other results keep it. */
struct cpus *build_cpus(const struct cpus *before, const struct cpu_readings *from, bool new_times);

/* before: as above; vmstat_before: the reading of vmstat that `vmstat` replaces. new_vmstat: rates are of the interval
 * between the two; otherwise they stay. */
struct memory *build_memory(const struct memory *before, const struct meminfo_part *meminfo,
			    const struct vmstat_part *vmstat, const struct vmstat_part *vmstat_before, bool new_vmstat);

/* Numbers for the sensors of a result. */
void build_sensor_indexes(struct index_map *indexes, struct sensors *raw);
/* Both results as one table, ascending index; it holds references to them. Either may be NULL. */
struct sensors *build_sensors(struct sensors *chips, struct sensors *zones);

#endif
