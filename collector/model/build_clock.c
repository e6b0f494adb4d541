/*
 * build_clock.c - the clock that is served, and the daemon's peers. Pure; thread: cycle. Data: results of the sources
 * "clock", "ntp" and "ptp", borrowed.
 *
 * Only one disciplines the clock: ptp4l where it says that it does, else the time daemon. So one of them lies over the
 * kernel's reading, never one over the other: a reference of the one beside an offset of the other would be wrong.
 *
 * The daemon's word on whether the clock is synchronised goes before the kernel's flag, both ways:
 * - A daemon that has lost its sources is unsynchronised at once; the kernel's flag follows only when the greatest
 *   error has grown to 16 s, hours later.
 * - The flag stays unset under many a daemon that keeps the clock well: chronyd clears it only with `rtcsync`, ntpd
 *   only with the kernel's discipline. It cannot be told from that of a clock that a daemon watches without touching
 *   it (chronyd -x); of that one the offset tells the truth.
 * A daemon that does not know (systemd-timesyncd) leaves it to the kernel.
 */
#include "model/build_clock.h"

#include "base/mem.h"
#include "model/indexed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEER_SPACE "peer:"

static void free_flat(struct part *part)
{
	free(part);
}

/* --- the clock --------------------------------------------------------------------------------------------------- */

/* A field of clock_state and its bit. */
struct field {
	uint64_t bit;
	size_t offset, size;
};
#define FIELD(bit, name) { bit, offsetof(struct clock_state, name), sizeof(((struct clock_state *)0)->name) }

static const struct field FIELDS[] = {
	FIELD(CLOCK_HAVE_OFFSET, offset_ns),
	FIELD(CLOCK_HAVE_EST_ERROR, est_error_us),
	FIELD(CLOCK_HAVE_MAX_ERROR, max_error_us),
	FIELD(CLOCK_HAVE_FREQUENCY, frequency_ppb),
	FIELD(CLOCK_HAVE_TAI_OFFSET, tai_offset_s),
	FIELD(CLOCK_HAVE_DAEMON, daemon),
	FIELD(CLOCK_HAVE_SKEW, skew_ppb),
	FIELD(CLOCK_HAVE_STRATUM, stratum),
	FIELD(CLOCK_HAVE_REFERENCE, reference),
	FIELD(CLOCK_HAVE_ROOT_DELAY, root_delay_us),
	FIELD(CLOCK_HAVE_ROOT_DISPERSION, root_dispersion_us),
	FIELD(CLOCK_HAVE_UPDATE, update_mono_ns),
	FIELD(CLOCK_HAVE_SOFTWARE, software),
	FIELD(CLOCK_HAVE_VENDOR, vendor),
	FIELD(CLOCK_HAVE_START, start_mono_ns),
	FIELD(CLOCK_HAVE_PRECISION, precision),
	FIELD(CLOCK_HAVE_RESOLUTION, resolution),
	FIELD(CLOCK_HAVE_PACKETS, packets_in),
	FIELD(CLOCK_HAVE_PACKETS, packets_out),
	FIELD(CLOCK_HAVE_PROTOCOL_ERRORS, protocol_errors),
};

static void lay_over(struct clock_state *clock, const struct clock_state *daemon)
{
	for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++)
		if ((daemon->have & FIELDS[i].bit) != 0)
			memcpy((char *)clock + FIELDS[i].offset, (const char *)daemon + FIELDS[i].offset,
			       FIELDS[i].size);
	clock->have |= daemon->have;
	clock->source = daemon->source;
	if (daemon->state != CLOCK_SYNC_UNKNOWN)
		clock->state = daemon->state;
	if (daemon->leap != CLOCK_LEAP_UNKNOWN)
		clock->leap = daemon->leap;
}

struct clock_state *build_clock(const struct clock_state *kernel, const struct clock_peers *ntp,
				const struct ptp_clocks *ptp)
{
	const bool by_ptp = ptp != NULL && ptp->clock.source != 0;
	struct clock_state *clock;

	if (kernel == NULL && ntp == NULL && !by_ptp)
		return NULL;
	clock = mem_alloc(sizeof(*clock));
	if (kernel != NULL)
		memcpy(clock, kernel, sizeof(*clock));
	else
		*clock = (struct clock_state){ .source = CLOCK_SOURCE_UNKNOWN, .state = CLOCK_SYNC_UNKNOWN,
					       .leap = CLOCK_LEAP_UNKNOWN };
	part_init(&clock->part, free_flat);
	if (by_ptp)
		lay_over(clock, &ptp->clock);
	else if (ntp != NULL)
		lay_over(clock, &ntp->clock);
	return clock;
}

/* --- peers ------------------------------------------------------------------------------------------------------- */

struct clock_peers *build_clock_peers(struct index_map *indexes, const struct clock_peers *raw, int64_t now_real_s)
{
	struct clock_peers *peers = mem_alloc(sizeof(*peers) + raw->n * sizeof(peers->rows[0]));

	part_init(&peers->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		peers->rows[i] = raw->rows[i];
		peers->rows[i].index = indexed_number(indexes, PEER_SPACE, raw->rows[i].name);
	}
	peers->n = indexed_settle(indexes, PEER_SPACE, peers->rows, raw->n, sizeof(peers->rows[0]), now_real_s);
	return peers;
}
