/*
 * build_storage.c - the rows of disks' health and of storage pools. Thread: cycle. Data: results of the sources,
 * borrowed.
 */
#include "model/build_storage.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/indexed.h"

#include <stdlib.h>
#include <string.h>

#define DISK_SPACE "smart:"
#define POOL_SPACE "pool:"

static void free_flat(struct part *part)
{
	free(part);
}

static const struct disk *find_disk(const struct disks *disks, uint32_t index)
{
	return disks != NULL ? indexed_find(disks->rows, disks->n, sizeof(disks->rows[0]), index) : NULL;
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

struct disks *build_disks(struct index_map *indexes, const struct disks *before, const struct disks *raw,
			  int64_t now_real_s)
{
	struct disks *disks = mem_alloc(sizeof(*disks) + raw->n * sizeof(disks->rows[0]));

	part_init(&disks->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		struct disk *row = &disks->rows[i];

		*row = raw->rows[i];
		recall_identity(row, before);
		row->index = indexed_number(indexes, DISK_SPACE, row->identity);
		recall_values(row, find_disk(before, row->index));
	}
	disks->n = indexed_settle(indexes, DISK_SPACE, disks->rows, raw->n, sizeof(disks->rows[0]), now_real_s);
	return disks;
}

struct pools *build_pools(struct index_map *indexes, const struct pools *raw, int64_t now_real_s)
{
	struct pools *pools = mem_alloc(sizeof(*pools) + raw->n * sizeof(pools->rows[0]));

	part_init(&pools->part, free_flat);
	for (size_t i = 0; i < raw->n; i++) {
		struct pool *row = &pools->rows[i];
		char uuid[TEXT_UUID_SIZE];

		*row = raw->rows[i];
		text_uuid_format(row->uuid, uuid);
		row->index = indexed_number(indexes, POOL_SPACE, uuid);
	}
	pools->n = indexed_settle(indexes, POOL_SPACE, pools->rows, raw->n, sizeof(pools->rows[0]), now_real_s);
	return pools;
}
