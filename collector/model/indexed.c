/* indexed.c - numbered rows of any type. Pure but for the map; thread: cycle. */
#include "model/indexed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t index_of(const void *row)
{
	uint32_t index;

	memcpy(&index, row, sizeof(index));
	return index;
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = index_of(a), y = index_of(b);

	return (x > y) - (x < y);
}

uint32_t indexed_number(struct index_map *indexes, const char *space, const char *identity)
{
	char key[INDEX_KEY_MAX * 2]; /* the map shortens what is too long for it */

	snprintf(key, sizeof(key), "%s%s", space, identity);
	return index_map_get(indexes, key);
}

const void *indexed_find(const void *rows, size_t n, size_t size, uint32_t index)
{
	return n > 0 ? bsearch(&index, rows, n, size, by_index) : NULL;
}

/* The first of each number, without those that have none. */
static size_t thin_out(char *rows, size_t n, size_t size)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		const uint32_t index = index_of(rows + i * size);

		if (index == 0 || (left > 0 && index_of(rows + (left - 1) * size) == index))
			continue;
		memmove(rows + left * size, rows + i * size, size);
		left++;
	}
	return left;
}

struct retirement {
	struct index_map *indexes;
	const void *rows;
	size_t n, size;
	int64_t now_real_s;
};

static void retire_if_gone(void *arg, const char *key, uint32_t index)
{
	const struct retirement *r = arg;

	if (indexed_find(r->rows, r->n, r->size, index) == NULL)
		index_map_retire(r->indexes, key, r->now_real_s);
}

size_t indexed_settle(struct index_map *indexes, const char *space, void *rows, size_t n, size_t size, int64_t now_real_s)
{
	struct retirement retirement = { indexes, rows, 0, size, now_real_s };

	if (n > 0)
		qsort(rows, n, size, by_index);
	retirement.n = thin_out(rows, n, size);
	index_map_each(indexes, space, retire_if_gone, &retirement);
	return retirement.n;
}
