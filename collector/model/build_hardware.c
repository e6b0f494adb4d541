/* build_hardware.c - the rows of the host's devices. Thread: cycle. Data: results of the sources, borrowed. */
#include "model/build_hardware.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_flat(struct part *part)
{
	free(part);
}

/* A counter that the kernel keeps in 32 bits, carried on from what was served last. */
static uint64_t carry_on(uint64_t served, uint64_t raw)
{
	return served + (uint32_t)(raw - served);
}

/* --- disks ------------------------------------------------------------------------------------------------------- */

#define DISK_SPACE "hostdisk:"

static int by_disk_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct host_disk *)a)->index, y = ((const struct host_disk *)b)->index;

	return x < y ? -1 : x > y;
}

static const struct host_disk *find_disk(const struct host_disks *disks, uint32_t index)
{
	const struct host_disk key = { .index = index };

	return disks != NULL ? bsearch(&key, disks->rows, disks->n, sizeof(key), by_disk_index) : NULL;
}

/* Counts that went back are those of a disk that was taken out and put back: it begins anew. */
static void carry_disk(struct host_disk *row, const struct host_disk *before, int64_t interval_ns)
{
	uint64_t busy_ns;

	if (row->reads < before->reads || row->writes < before->writes)
		return;
	row->read_time_ms = carry_on(before->read_time_ms, row->read_time_ms);
	row->write_time_ms = carry_on(before->write_time_ms, row->write_time_ms);
	row->busy_time_ms = carry_on(before->busy_time_ms, row->busy_time_ms);
	busy_ns = (row->busy_time_ms - before->busy_time_ms) * NS_PER_MS;
	if (rate_util_centi(0, busy_ns, interval_ns, 1, &row->util_centi))
		row->have |= HOST_DISK_HAVE_UTIL;
}

struct retirement {
	struct index_map *indexes;
	const struct host_disks *disks;
	int64_t now_real_s;
};

static void retire_if_gone(void *arg, const char *key, uint32_t index)
{
	const struct retirement *retirement = arg;

	if (find_disk(retirement->disks, index) == NULL)
		index_map_retire(retirement->indexes, key, retirement->now_real_s);
}

/* One row of each number, whatever the disks say of themselves. */
static void sort_disks(struct host_disks *disks)
{
	const size_t all = disks->n;

	qsort(disks->rows, all, sizeof(disks->rows[0]), by_disk_index);
	disks->n = 0;
	for (size_t i = 0; i < all; i++)
		if (disks->n == 0 || disks->rows[disks->n - 1].index != disks->rows[i].index)
			memmove(&disks->rows[disks->n++], &disks->rows[i], sizeof(disks->rows[0]));
}

struct host_disks *build_host_disks(struct index_map *indexes, const struct host_disks *before,
				    const struct host_disks *raw, int64_t now_real_s)
{
	struct host_disks *disks = mem_alloc(sizeof(*disks) + raw->n * sizeof(disks->rows[0]));
	struct retirement retirement = { indexes, disks, now_real_s };

	part_init(&disks->part, free_flat);
	disks->read_mono_ns = raw->read_mono_ns;
	for (size_t i = 0; i < raw->n; i++) {
		struct host_disk *row = &disks->rows[disks->n];
		const struct host_disk *then;
		char key[sizeof(DISK_SPACE) + HOST_DISK_IDENTITY_SIZE];

		*row = raw->rows[i];
		snprintf(key, sizeof(key), DISK_SPACE "%s", row->identity);
		row->index = index_map_get(indexes, key);
		then = find_disk(before, row->index);
		if (then != NULL)
			carry_disk(row, then, disks->read_mono_ns - before->read_mono_ns);
		disks->n += row->index != 0; /* 0: there is no number left */
	}
	sort_disks(disks);
	index_map_each(indexes, DISK_SPACE, retire_if_gone, &retirement);
	return disks;
}

/* --- memory errors ----------------------------------------------------------------------------------------------- */

static int by_edac_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct edac *)a)->index, y = ((const struct edac *)b)->index;

	return x < y ? -1 : x > y;
}

struct edacs *build_edacs(struct index_map *indexes, const struct edacs *raw)
{
	struct edacs *edacs = mem_alloc(sizeof(*edacs) + raw->n * sizeof(edacs->rows[0]));

	part_init(&edacs->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		struct edac *row = &edacs->rows[edacs->n];
		char key[sizeof("edac:") + sizeof(row->identity)];

		*row = raw->rows[i];
		snprintf(key, sizeof(key), "edac:%s", row->identity);
		row->index = index_map_get(indexes, key);
		edacs->n += row->index != 0;
	}
	qsort(edacs->rows, edacs->n, sizeof(edacs->rows[0]), by_edac_index);
	return edacs;
}

bool edacs_went_back(const struct edacs *before, const struct edacs *now)
{
	for (size_t i = 0; before != NULL && now != NULL && i < now->n; i++) {
		const struct edac *row = &now->rows[i];
		const struct edac *then =
			bsearch(row, before->rows, before->n, sizeof(before->rows[0]), by_edac_index);

		if (then != NULL && (row->corrected < then->corrected || row->uncorrected < then->uncorrected))
			return true;
	}
	return false;
}

/* --- interrupts -------------------------------------------------------------------------------------------------- */

bool interrupts_went_back(const struct interrupts *before, const struct interrupts *now)
{
	return before != NULL && now != NULL &&
	       (now->mce < before->mce || now->mcp < before->mcp || now->trm < before->trm || now->thr < before->thr ||
		now->dfr < before->dfr);
}

/* --- power ------------------------------------------------------------------------------------------------------- */

static int by_power_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct power *)a)->index, y = ((const struct power *)b)->index;

	return x < y ? -1 : x > y;
}

/* What was used between two readings; where the counter went back it went over its range, or was reset. */
static uint64_t energy_used(const struct power *before, const struct power *now)
{
	if (now->raw_uj >= before->raw_uj)
		return now->raw_uj - before->raw_uj;
	return now->range_uj >= before->raw_uj ? now->range_uj - before->raw_uj + now->raw_uj : now->raw_uj;
}

static void carry_power(struct power *row, const struct powers *before, int64_t read_mono_ns)
{
	uint64_t used;
	const struct power *then = before != NULL ? bsearch(row, before->rows, before->n, sizeof(*row), by_power_index)
						  : NULL;

	if (then == NULL)
		return;
	used = energy_used(then, row);
	row->energy_uj = then->energy_uj + used;
	/* Thousandths of a joule in a second are milliwatts. */
	if (rate_per_second(0, used / 1000, read_mono_ns - before->read_mono_ns, &row->now_mw))
		row->have |= POWER_HAVE_NOW;
}

/* Two zones of the same names have one row. */
static void sort_powers(struct powers *powers)
{
	const size_t all = powers->n;

	qsort(powers->rows, all, sizeof(powers->rows[0]), by_power_index);
	powers->n = 0;
	for (size_t i = 0; i < all; i++)
		if (powers->n == 0 || powers->rows[powers->n - 1].index != powers->rows[i].index)
			memmove(&powers->rows[powers->n++], &powers->rows[i], sizeof(powers->rows[0]));
}

struct powers *build_powers(struct index_map *indexes, const struct powers *before, const struct powers *raw)
{
	struct powers *powers = mem_alloc(sizeof(*powers));

	part_init(&powers->part, free_flat);
	powers->read_mono_ns = raw->read_mono_ns;
	for (size_t i = 0; i < raw->n; i++) {
		struct power *row = &powers->rows[powers->n];
		char key[sizeof("power:") + POWER_ZONE_SIZE];

		*row = raw->rows[i];
		snprintf(key, sizeof(key), "power:%s", row->zone);
		row->index = index_map_get(indexes, key);
		carry_power(row, before, raw->read_mono_ns);
		powers->n += row->index != 0;
	}
	sort_powers(powers);
	return powers;
}
