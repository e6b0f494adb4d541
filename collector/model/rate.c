/* rate.c - rates from two readings of a counter. Pure; thread: any. */
#include "model/rate.h"

#include <string.h>

/* part * scale / whole, rounded to the nearest, at most `most`. whole > 0. */
static uint32_t scaled(uint64_t part, uint64_t scale, uint64_t whole_a, uint64_t whole_b, uint32_t most)
{
	const unsigned __int128 whole = (unsigned __int128)whole_a * whole_b;
	const unsigned __int128 product = (unsigned __int128)part * scale + whole / 2;
	const unsigned __int128 quotient = product / whole;

	return quotient > most ? most : (uint32_t)quotient;
}

static bool interval_usable(int64_t interval_ns)
{
	return interval_ns > 0 && interval_ns <= RATE_GAP_MAX_NS;
}

bool rate_per_second(uint64_t before, uint64_t after, int64_t interval_ns, uint32_t *out)
{
	if (!interval_usable(interval_ns) || after < before)
		return false;
	*out = scaled(after - before, UINT64_C(1000000000), (uint64_t)interval_ns, 1, UINT32_MAX);
	return true;
}

bool rate_went_back(const void *before, const void *after, uint64_t both, const struct rate_counter *counters,
		    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t then, now;

		memcpy(&then, (const char *)before + counters[i].offset, sizeof(then));
		memcpy(&now, (const char *)after + counters[i].offset, sizeof(now));
		if ((both & counters[i].have) != 0 && now < then)
			return true;
	}
	return false;
}

bool rate_util_centi(uint64_t before_ns, uint64_t after_ns, int64_t interval_ns, uint32_t units, uint32_t *out)
{
	if (!interval_usable(interval_ns) || units == 0 || after_ns < before_ns)
		return false;
	*out = scaled(after_ns - before_ns, 10000, (uint64_t)interval_ns, units, 10000);
	return true;
}

bool rate_share_centi(uint64_t busy_before, uint64_t busy_after, uint64_t total_before, uint64_t total_after,
		      uint32_t *out)
{
	if (total_after <= total_before || busy_after < busy_before)
		return false;
	*out = scaled(busy_after - busy_before, 10000, total_after - total_before, 1, 10000);
	return true;
}
