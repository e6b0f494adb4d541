/* build_hardware.c - the rows of the host's devices. Thread: cycle. Data: results of the sources, borrowed. */
#include "model/build_hardware.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/indexed.h"
#include "model/rate.h"

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

static const struct host_disk *find_disk(const struct host_disks *disks, uint32_t index)
{
	return disks != NULL ? indexed_find(disks->rows, disks->n, sizeof(disks->rows[0]), index) : NULL;
}

/* Counts that went back are those of a disk that was taken out and put back. */
static bool begins_anew(const struct host_disk *row, const struct host_disk *before)
{
	return row->reads < before->reads || row->writes < before->writes;
}

static void carry_disk(struct host_disk *row, const struct host_disk *before, int64_t interval_ns)
{
	uint64_t busy_ns;

	if (begins_anew(row, before))
		return;
	row->read_time_ms = carry_on(before->read_time_ms, row->read_time_ms);
	row->write_time_ms = carry_on(before->write_time_ms, row->write_time_ms);
	row->busy_time_ms = carry_on(before->busy_time_ms, row->busy_time_ms);
	busy_ns = (row->busy_time_ms - before->busy_time_ms) * NS_PER_MS;
	if (rate_util_centi(0, busy_ns, interval_ns, 1, &row->util_centi))
		row->have |= HOST_DISK_HAVE_UTIL;
}

struct host_disks *build_host_disks(struct index_map *indexes, const struct host_disks *before,
				    const struct host_disks *raw, int64_t now_real_s)
{
	struct host_disks *disks = mem_alloc(sizeof(*disks) + raw->n * sizeof(disks->rows[0]));

	part_init(&disks->part, free_flat);
	disks->read_mono_ns = raw->read_mono_ns;
	for (size_t i = 0; i < raw->n; i++) {
		struct host_disk *row = &disks->rows[i];
		const struct host_disk *then;

		*row = raw->rows[i];
		row->index = indexed_number(indexes, DISK_SPACE, row->identity);
		then = find_disk(before, row->index);
		if (then != NULL)
			carry_disk(row, then, disks->read_mono_ns - before->read_mono_ns);
	}
	disks->n = indexed_settle(indexes, DISK_SPACE, disks->rows, raw->n, sizeof(disks->rows[0]), now_real_s);
	return disks;
}

bool host_disks_went_back(const struct host_disks *before, const struct host_disks *now)
{
	for (size_t i = 0; now != NULL && i < now->n; i++) {
		const struct host_disk *then = find_disk(before, now->rows[i].index);

		if (then != NULL && begins_anew(&now->rows[i], then))
			return true;
	}
	return false;
}

/* --- memory errors ----------------------------------------------------------------------------------------------- */

#define EDAC_SPACE "edac:"

struct edacs *build_edacs(struct index_map *indexes, const struct edacs *raw, int64_t now_real_s)
{
	struct edacs *edacs = mem_alloc(sizeof(*edacs) + raw->n * sizeof(edacs->rows[0]));

	part_init(&edacs->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		edacs->rows[i] = raw->rows[i];
		edacs->rows[i].index = indexed_number(indexes, EDAC_SPACE, raw->rows[i].identity);
	}
	edacs->n = indexed_settle(indexes, EDAC_SPACE, edacs->rows, raw->n, sizeof(edacs->rows[0]), now_real_s);
	return edacs;
}

bool edacs_went_back(const struct edacs *before, const struct edacs *now)
{
	for (size_t i = 0; before != NULL && now != NULL && i < now->n; i++) {
		const struct edac *row = &now->rows[i];
		const struct edac *then = indexed_find(before->rows, before->n, sizeof(*row), row->index);

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

#define POWER_SPACE "power:"

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
	const struct power *then =
		before != NULL ? indexed_find(before->rows, before->n, sizeof(*row), row->index) : NULL;

	if (then == NULL)
		return;
	used = energy_used(then, row);
	row->energy_uj = then->energy_uj + used;
	/* Thousandths of a joule in a second are milliwatts. */
	if (rate_per_second(0, used / 1000, read_mono_ns - before->read_mono_ns, &row->now_mw))
		row->have |= POWER_HAVE_NOW;
}

/* Two zones of the same names have one row. */
struct powers *build_powers(struct index_map *indexes, const struct powers *before, const struct powers *raw,
			    int64_t now_real_s)
{
	struct powers *powers = mem_alloc(sizeof(*powers));

	part_init(&powers->part, free_flat);
	powers->read_mono_ns = raw->read_mono_ns;
	for (size_t i = 0; i < raw->n; i++) {
		struct power *row = &powers->rows[i];

		*row = raw->rows[i];
		row->index = indexed_number(indexes, POWER_SPACE, row->zone);
		carry_power(row, before, raw->read_mono_ns);
	}
	powers->n = indexed_settle(indexes, POWER_SPACE, powers->rows, raw->n, sizeof(powers->rows[0]), now_real_s);
	return powers;
}
