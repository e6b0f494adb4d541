/*
 * build_clock.h - the clock that is served: the kernel's reading and over it the time daemon's. Part of builder.h;
 * pure; thread: cycle.
 */
#ifndef EDGENODE_MODEL_BUILD_CLOCK_H
#define EDGENODE_MODEL_BUILD_CLOCK_H

#include "model/clock_state.h"
#include "model/index_map.h"

/* The part to serve from the newest results; each may be NULL. NULL where nothing is known. */
struct clock_state *build_clock(const struct clock_state *kernel, const struct clock_peers *ntp,
				const struct ptp_clocks *ptp);

/* The same rows with their indexes, ascending. Numbers of peers that are gone are retired. */
struct clock_peers *build_clock_peers(struct index_map *indexes, const struct clock_peers *raw, int64_t now_real_s);

#endif
