/*
 * build_storage.c - the rows of disks' health and of storage pools. Thread: cycle. Data: results of the sources,
 * borrowed.
 */
#include "model/build_storage.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK_SPACE "smart:"
#define POOL_SPACE "pool:"

static void free_flat(struct part *part)
{
	free(part);
}

/* --- disks ------------------------------------------------------------------------------------------------------- */

static int by_disk_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct disk *)a)->index, y = ((const struct disk *)b)->index;

	return x < y ? -1 : x > y;
}

static const struct disk *find_disk(const struct disks *disks, uint32_t index)
{
	const struct disk key = { .index = index };

	return disks != NULL ? bsearch(&key, disks->rows, disks->n, sizeof(key), by_disk_index) : NULL;
}

/* A disk that has never told its serial number while it could not be asked is the one that had the name before. */
static void recall_identity(struct disk *row, const struct disks *before)
{
	if (before == NULL || (row->have & (DISK_HAVE_READ | DISK_HAVE_SERIAL)) != 0)
		return;
	for (size_t i = 0; i < before->n; i++)
		if (strcmp(before->rows[i].name, row->name) == 0)
			memcpy(row->identity, before->rows[i].identity, sizeof(row->identity));
}

/* What was told of the disk last time; its name is the present one. */
static void recall_values(struct disk *row, const struct disk *before)
{
	char name[sizeof(row->name)];

	if (before == NULL || (row->have & DISK_HAVE_READ) != 0)
		return;
	memcpy(name, row->name, sizeof(name));
	*row = *before;
	memcpy(row->name, name, sizeof(name));
}

struct disk_retirement {
	struct index_map *indexes;
	const struct disks *disks;
	int64_t now_real_s;
};

static void retire_disk_if_gone(void *arg, const char *key, uint32_t index)
{
	const struct disk_retirement *retirement = arg;

	if (find_disk(retirement->disks, index) == NULL)
		index_map_retire(retirement->indexes, key, retirement->now_real_s);
}

/* One row of each number, whatever the disks say of themselves. */
static void sort_disks(struct disks *disks)
{
	const size_t all = disks->n;

	qsort(disks->rows, all, sizeof(disks->rows[0]), by_disk_index);
	disks->n = 0;
	for (size_t i = 0; i < all; i++)
		if (disks->n == 0 || disks->rows[disks->n - 1].index != disks->rows[i].index)
			memmove(&disks->rows[disks->n++], &disks->rows[i], sizeof(disks->rows[0]));
}

struct disks *build_disks(struct index_map *indexes, const struct disks *before, const struct disks *raw,
			  int64_t now_real_s)
{
	struct disks *disks = mem_alloc(sizeof(*disks) + raw->n * sizeof(disks->rows[0]));
	struct disk_retirement retirement = { indexes, disks, now_real_s };

	part_init(&disks->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		struct disk *row = &disks->rows[disks->n];
		char key[sizeof(DISK_SPACE) + sizeof(row->identity)];

		*row = raw->rows[i];
		recall_identity(row, before);
		snprintf(key, sizeof(key), DISK_SPACE "%s", row->identity);
		row->index = index_map_get(indexes, key);
		recall_values(row, find_disk(before, row->index));
		disks->n += row->index != 0; /* 0: there is no number left */
	}
	sort_disks(disks);
	index_map_each(indexes, DISK_SPACE, retire_disk_if_gone, &retirement);
	return disks;
}

/* --- pools ------------------------------------------------------------------------------------------------------- */

static int by_pool_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct pool *)a)->index, y = ((const struct pool *)b)->index;

	return x < y ? -1 : x > y;
}

struct pool_retirement {
	struct index_map *indexes;
	const struct pools *pools;
	int64_t now_real_s;
};

static void retire_pool_if_gone(void *arg, const char *key, uint32_t index)
{
	const struct pool_retirement *retirement = arg;
	const struct pool wanted = { .index = index };

	if (bsearch(&wanted, retirement->pools->rows, retirement->pools->n, sizeof(wanted), by_pool_index) == NULL)
		index_map_retire(retirement->indexes, key, retirement->now_real_s);
}

struct pools *build_pools(struct index_map *indexes, const struct pools *raw, int64_t now_real_s)
{
	struct pools *pools = mem_alloc(sizeof(*pools) + raw->n * sizeof(pools->rows[0]));
	struct pool_retirement retirement = { indexes, pools, now_real_s };

	part_init(&pools->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		struct pool *row = &pools->rows[pools->n];
		char key[sizeof(POOL_SPACE) + TEXT_UUID_SIZE] = POOL_SPACE;

		*row = raw->rows[i];
		text_uuid_format(row->uuid, key + sizeof(POOL_SPACE) - 1);
		row->index = index_map_get(indexes, key);
		pools->n += row->index != 0;
	}
	qsort(pools->rows, pools->n, sizeof(pools->rows[0]), by_pool_index);
	index_map_each(indexes, POOL_SPACE, retire_pool_if_gone, &retirement);
	return pools;
}
