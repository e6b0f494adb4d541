/*
 * build_hardware.h - the rows of the host's devices: indexes, rates, counters carried on. Part of builder.h; thread:
 * cycle.
 */
#ifndef EDGENODE_MODEL_BUILD_HARDWARE_H
#define EDGENODE_MODEL_BUILD_HARDWARE_H

#include "model/hardware.h"
#include "model/index_map.h"

/* The part to serve from the newest result; before is what was served last, or NULL.
 * Here and below: numbers of rows that are gone are retired. */
struct host_disks *build_host_disks(struct index_map *indexes, const struct host_disks *before,
				    const struct host_disks *raw, int64_t now_real_s);

/* The same rows with their indexes, ascending. */
struct edacs *build_edacs(struct index_map *indexes, const struct edacs *raw, int64_t now_real_s);

/* Whether a counter is lower than it was: it began anew, or a processor's share is gone. One may be NULL: no. */
bool interrupts_went_back(const struct interrupts *before, const struct interrupts *now);
bool edacs_went_back(const struct edacs *before, const struct edacs *now); /* of build_edacs */
bool host_disks_went_back(const struct host_disks *before, const struct host_disks *now); /* of build_host_disks */

/* The part to serve; before is what was served last, or NULL. */
struct powers *build_powers(struct index_map *indexes, const struct powers *before, const struct powers *raw,
			    int64_t now_real_s);

#endif
