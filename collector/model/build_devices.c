/*
 * build_devices.c - what the builder adds to the rows of a domain's devices. Pure; thread: cycle.
 */
#include "model/build_devices.h"

#include "base/text.h"
#include "model/build_process.h"
#include "model/rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* "disk/<uuid>:" and "nic/<uuid>:" are spaces of the index map. */
#define SPACE_SIZE (5 + TEXT_UUID_SIZE + 1)

static void space_name(const char *kind, const struct domain *row, char name[SPACE_SIZE])
{
	char uuid[TEXT_UUID_SIZE];

	text_uuid_format(row->uuid, uuid);
	snprintf(name, SPACE_SIZE, "%s/%s:", kind, uuid);
}

static uint32_t block_number(struct index_map *indexes, const char *space, const struct block_device *device)
{
	char key[2 * INDEX_KEY_MAX];

	if (device == NULL || device->target == NULL)
		return 0;
	snprintf(key, sizeof(key), "%s%s", space, device->target);
	return index_map_get(indexes, key);
}

static uint32_t nic_number(struct index_map *indexes, const char *space, const struct nic_device *device)
{
	char key[SPACE_SIZE + 32];
	const uint8_t *m;
	int n;

	if (device == NULL)
		return 0;
	m = device->mac;
	n = snprintf(key, sizeof(key), "%s%02x:%02x:%02x:%02x:%02x:%02x", space, m[0], m[1], m[2], m[3], m[4], m[5]);
	if (device->ordinal > 0)
		snprintf(key + n, sizeof(key) - (size_t)n, "#%u", device->ordinal);
	return index_map_get(indexes, key);
}

/* The numbers that are in use by a definition; more devices than this are not in one. */
struct numbers {
	size_t n;
	uint32_t index[DOMAIN_BLOCKS_MAX > DOMAIN_NICS_MAX ? DOMAIN_BLOCKS_MAX : DOMAIN_NICS_MAX];
	struct index_map *indexes;
	int64_t now_real_s;
};

static void retire_unused(void *arg, const char *key, uint32_t index)
{
	const struct numbers *used = arg;

	for (size_t i = 0; i < used->n; i++)
		if (used->index[i] == index)
			return;
	index_map_retire(used->indexes, key, used->now_real_s);
}

static void number_blocks(struct index_map *indexes, const struct domain_devices *devices, const char *space,
			  int64_t now_real_s)
{
	struct numbers used = { .indexes = indexes, .now_real_s = now_real_s };

	for (size_t i = 0; i < devices->n_blocks && i < DOMAIN_BLOCKS_MAX; i++)
		used.index[used.n++] = block_number(indexes, space, &devices->blocks[i]);
	index_map_each(indexes, space, retire_unused, &used);
}

static void number_nics(struct index_map *indexes, const struct domain_devices *devices, const char *space,
			int64_t now_real_s)
{
	struct numbers used = { .indexes = indexes, .now_real_s = now_real_s };

	for (size_t i = 0; i < devices->n_nics && i < DOMAIN_NICS_MAX; i++)
		used.index[used.n++] = nic_number(indexes, space, &devices->nics[i]);
	index_map_each(indexes, space, retire_unused, &used);
}

/* The number a device of the same definition has in the row before: mostly all of them, without a look at the map. */
static uint32_t block_before(const struct domain *before, const struct block_device *device)
{
	for (size_t i = 0; before != NULL && i < before->n_blocks; i++)
		if (before->block_rows[i].device == device)
			return before->block_rows[i].index;
	return 0;
}

static uint32_t nic_before(const struct domain *before, const struct nic_device *device)
{
	for (size_t i = 0; before != NULL && i < before->n_nics; i++)
		if (before->nic_rows[i].device == device)
			return before->nic_rows[i].index;
	return 0;
}

static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int block_compare(const void *a, const void *b)
{
	return compare(((const struct block *)a)->index, ((const struct block *)b)->index);
}

static int nic_compare(const void *a, const void *b)
{
	return compare(((const struct nic *)a)->index, ((const struct nic *)b)->index);
}

/* A row without a number (the map is full) and the second of one number cannot be served. */
static void sort_blocks(struct domain *row)
{
	struct block *rows = row->block_rows;
	size_t n = 0;

	if (row->n_blocks > 1)
		qsort(rows, row->n_blocks, sizeof(rows[0]), block_compare);
	for (size_t i = 0; i < row->n_blocks; i++)
		if (rows[i].index != 0 && (n == 0 || rows[n - 1].index != rows[i].index))
			rows[n++] = rows[i];
	row->n_blocks = n;
}

static void sort_nics(struct domain *row)
{
	struct nic *rows = row->nic_rows;
	size_t n = 0;

	if (row->n_nics > 1)
		qsort(rows, row->n_nics, sizeof(rows[0]), nic_compare);
	for (size_t i = 0; i < row->n_nics; i++)
		if (rows[i].index != 0 && (n == 0 || rows[n - 1].index != rows[i].index))
			rows[n++] = rows[i];
	row->n_nics = n;
}

static void index_blocks(struct index_map *indexes, const struct domain *before, struct domain *row, bool redefined,
			 int64_t now_real_s)
{
	char space[SPACE_SIZE];

	space_name("disk", row, space);
	if (redefined)
		number_blocks(indexes, row->devices, space, now_real_s);
	for (size_t i = 0; i < row->n_blocks; i++) {
		struct block *block = &row->block_rows[i];

		block->index = redefined ? 0 : block_before(before, block->device);
		if (block->index == 0)
			block->index = block_number(indexes, space, block->device);
	}
	sort_blocks(row);
}

static void index_nics(struct index_map *indexes, const struct domain *before, struct domain *row, bool redefined,
		       int64_t now_real_s)
{
	char space[SPACE_SIZE];

	space_name("nic", row, space);
	if (redefined)
		number_nics(indexes, row->devices, space, now_real_s);
	for (size_t i = 0; i < row->n_nics; i++) {
		struct nic *nic = &row->nic_rows[i];

		nic->index = redefined ? 0 : nic_before(before, nic->device);
		if (nic->index == 0)
			nic->index = nic_number(indexes, space, nic->device);
	}
	sort_nics(row);
}

void build_device_indexes(struct index_map *indexes, const struct domain *before, struct domain *row,
			  int64_t now_real_s)
{
	const bool redefined = before == NULL || before->devices != row->devices;

	if (row->devices == NULL) {
		row->n_blocks = row->n_nics = 0;
		return;
	}
	index_blocks(indexes, before, row, redefined, now_real_s);
	index_nics(indexes, before, row, redefined, now_real_s);
}

/* The index is what each kind of row begins with. */
_Static_assert(offsetof(struct vcpu, index) == 0, "index first");
_Static_assert(offsetof(struct block, index) == 0, "index first");
_Static_assert(offsetof(struct nic, index) == 0, "index first");

static bool same_indexes(const void *a, size_t n_a, const void *b, size_t n_b, size_t size)
{
	if (n_a != n_b)
		return false;
	for (size_t i = 0; i < n_a; i++)
		if (memcmp((const char *)a + i * size, (const char *)b + i * size, sizeof(uint32_t)) != 0)
			return false;
	return true;
}

bool build_devices_changed(const struct domain *before, const struct domain *row)
{
	const bool defined = before->devices != NULL && row->devices != NULL;
	const bool counted = before->n_vcpus > 0 && row->n_vcpus > 0;

	if (defined &&
	    !same_indexes(before->block_rows, before->n_blocks, row->block_rows, row->n_blocks, sizeof(struct block)))
		return true;
	if (defined && !same_indexes(before->nic_rows, before->n_nics, row->nic_rows, row->n_nics, sizeof(struct nic)))
		return true;
	return counted &&
	       !same_indexes(before->vcpu_rows, before->n_vcpus, row->vcpu_rows, row->n_vcpus, sizeof(struct vcpu));
}

/* --- rates and times ---------------------------------------------------------------------------------------------- */

static void set_vcpu_util(const struct vcpu *before, struct vcpu *row, int64_t interval_ns)
{
	if (interval_ns == 0) {
		row->util_centi = before->util_centi;
		row->have |= before->have & VCPU_HAVE_UTIL;
	} else if ((row->have & before->have & VCPU_HAVE_TIME) != 0 &&
		   rate_util_centi(before->time_ns, row->time_ns, interval_ns, 1, &row->util_centi)) {
		row->have |= VCPU_HAVE_UTIL;
	}
}

static void set_vcpu_utils(const struct domain *before, struct domain *row)
{
	const int64_t interval_ns = build_process_vcpu_interval(before, row);
	size_t k = 0;

	for (size_t i = 0; i < row->n_vcpus; i++) {
		while (k < before->n_vcpus && before->vcpu_rows[k].index < row->vcpu_rows[i].index)
			k++;
		if (k < before->n_vcpus && before->vcpu_rows[k].index == row->vcpu_rows[i].index)
			set_vcpu_util(&before->vcpu_rows[k], &row->vcpu_rows[i], interval_ns);
	}
}

static bool block_went_back(const struct block *before, const struct block *row)
{
	static const struct rate_counter COUNTERS[] = {
		{ BLOCK_HAVE_READS, offsetof(struct block, reads) },
		{ BLOCK_HAVE_READ_BYTES, offsetof(struct block, read_bytes) },
		{ BLOCK_HAVE_READ_TIME, offsetof(struct block, read_time_ns) },
		{ BLOCK_HAVE_WRITES, offsetof(struct block, writes) },
		{ BLOCK_HAVE_WRITE_BYTES, offsetof(struct block, write_bytes) },
		{ BLOCK_HAVE_WRITE_TIME, offsetof(struct block, write_time_ns) },
		{ BLOCK_HAVE_FLUSHES, offsetof(struct block, flushes) },
		{ BLOCK_HAVE_FLUSH_TIME, offsetof(struct block, flush_time_ns) },
		{ BLOCK_HAVE_ERRORS, offsetof(struct block, errors) },
	};

	return rate_went_back(before, row, before->have & row->have, COUNTERS, sizeof(COUNTERS) / sizeof(COUNTERS[0]));
}

static bool nic_went_back(const struct nic *before, const struct nic *row)
{
	static const struct rate_counter COUNTERS[] = {
		{ NIC_HAVE_RX_BYTES, offsetof(struct nic, rx_bytes) },
		{ NIC_HAVE_RX_PACKETS, offsetof(struct nic, rx_packets) },
		{ NIC_HAVE_RX_ERRORS, offsetof(struct nic, rx_errors) },
		{ NIC_HAVE_RX_DROPS, offsetof(struct nic, rx_drops) },
		{ NIC_HAVE_TX_BYTES, offsetof(struct nic, tx_bytes) },
		{ NIC_HAVE_TX_PACKETS, offsetof(struct nic, tx_packets) },
		{ NIC_HAVE_TX_ERRORS, offsetof(struct nic, tx_errors) },
		{ NIC_HAVE_TX_DROPS, offsetof(struct nic, tx_drops) },
	};

	return rate_went_back(before, row, before->have & row->have, COUNTERS, sizeof(COUNTERS) / sizeof(COUNTERS[0]));
}

static void continue_blocks(const struct domain *before, struct domain *row, int64_t now_mono_ns)
{
	size_t k = 0;

	for (size_t i = 0; i < row->n_blocks; i++) {
		struct block *block = &row->block_rows[i];
		const struct block *then;

		while (k < before->n_blocks && before->block_rows[k].index < block->index)
			k++;
		then = k < before->n_blocks && before->block_rows[k].index == block->index ? &before->block_rows[k]
											   : NULL;
		block->discontinuity_mono_ns =
			then != NULL && !block_went_back(then, block) ? then->discontinuity_mono_ns : now_mono_ns;
	}
}

static void continue_nics(const struct domain *before, struct domain *row, int64_t now_mono_ns)
{
	size_t k = 0;

	for (size_t i = 0; i < row->n_nics; i++) {
		struct nic *nic = &row->nic_rows[i];
		const struct nic *then;

		while (k < before->n_nics && before->nic_rows[k].index < nic->index)
			k++;
		then = k < before->n_nics && before->nic_rows[k].index == nic->index ? &before->nic_rows[k] : NULL;
		nic->discontinuity_mono_ns =
			then != NULL && !nic_went_back(then, nic) ? then->discontinuity_mono_ns : now_mono_ns;
	}
}

static void begin_devices(struct domain *row)
{
	for (size_t i = 0; i < row->n_blocks; i++)
		row->block_rows[i].discontinuity_mono_ns = row->discontinuity_mono_ns;
	for (size_t i = 0; i < row->n_nics; i++)
		row->nic_rows[i].discontinuity_mono_ns = row->discontinuity_mono_ns;
}

void build_device_times(const struct domain *before, struct domain *row, bool same_run, int64_t now_mono_ns)
{
	/* Devices of a domain whose definition had not been read are as old as itself. */
	if (!same_run || before->devices == NULL) {
		begin_devices(row);
	} else {
		continue_blocks(before, row, now_mono_ns);
		continue_nics(before, row, now_mono_ns);
	}
	if (same_run)
		set_vcpu_utils(before, row);
}
