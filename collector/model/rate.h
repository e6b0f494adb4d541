/*
 * rate.h - rates from two readings of a counter. Pure.
 *
 * A counter that went back was reset (or the thing behind it replaced): no rate for that interval, and the caller moves
 * the discontinuity time.
 */
#ifndef EDGENODE_MODEL_RATE_H
#define EDGENODE_MODEL_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Per second, rounded; false where there is none (reset, interval of no length or over RATE_GAP_MAX_NS). */
#define RATE_GAP_MAX_NS (3600LL * 1000000000LL)
bool rate_per_second(uint64_t before, uint64_t after, int64_t interval_ns, uint32_t *out);

/* Counters of one structure, uint64_t each, and whether one of them that both readings have went back. */
struct rate_counter {
	uint64_t have;
	size_t offset;
};
bool rate_went_back(const void *before, const void *after, uint64_t both, const struct rate_counter *counters,
		    size_t n);

/* Busy share of `units` parallel workers in hundredths of a percent, both in ns; above 10000 is cut to 10000. */
bool rate_util_centi(uint64_t before_ns, uint64_t after_ns, int64_t interval_ns, uint32_t units, uint32_t *out);

/* busy and total of the same clock (e.g. /proc/stat): share of their differences in hundredths of a percent. */
bool rate_share_centi(uint64_t busy_before, uint64_t busy_after, uint64_t total_before, uint64_t total_after,
		      uint32_t *out);

#endif
