/*
 * disk_lane.h - the lane "disk": writes the shared metrics disk and the domains' own from each new snapshot, at most
 * once in a period. A path that cannot be opened is tried again at every period (logged once); a file on which a call
 * hangs stops this lane and nothing else.
 */
#ifndef EDGENODE_TRANSPORT_DISK_LANE_H
#define EDGENODE_TRANSPORT_DISK_LANE_H

#include "store.h"
#include "transport/board.h"
#include "transport/domain_disks.h"

struct disk_lane;

struct disk_lane_options {
	const char *path; /* of the shared disk; copied */
	uint32_t size;
	uint32_t period_ms;
	struct board *board; /* gets a row of each disk after they were written; may be NULL */
	bool host_only;	     /* the shared disk has no domain's metrics */
	struct guest_style style;
	struct domain_disks_options domains;
};

int disk_lane_start(struct store *store, const struct disk_lane_options *options, struct disk_lane **out);
bool disk_lane_stop(struct disk_lane *lane, int64_t deadline_mono_ns); /* false: did not end in time, left */

#endif
