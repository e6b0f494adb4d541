/* build_metric.c - the rows of the operator's own metrics. Thread: cycle. Data: the lane "actions", borrowed. */
#include "model/build_metric.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define METRIC_SPACE "metric:"

/* "metric:NAME\tUUID"; the host's have none. */
static void put_key(struct buf *key, const struct metric_row *row)
{
	char uuid[TEXT_UUID_SIZE] = "";

	if (row->domain != 0)
		text_uuid_format(row->uuid, uuid);
	buf_reset(key);
	buf_printf(key, METRIC_SPACE "%s\t%s", row->name, uuid);
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct metric_row *)a)->index, y = ((const struct metric_row *)b)->index;

	return x < y ? -1 : x > y;
}

static const struct metric_row *find_row(const struct metrics *metrics, uint32_t index)
{
	const struct metric_row wanted = { .index = index };

	return bsearch(&wanted, metrics->rows, metrics->n, sizeof(wanted), by_index);
}

struct retirement {
	struct index_map *indexes;
	const struct metrics *metrics;
	int64_t now_real_s;
};

static void retire_if_gone(void *arg, const char *key, uint32_t index)
{
	const struct retirement *retirement = arg;

	if (find_row(retirement->metrics, index) == NULL)
		index_map_retire(retirement->indexes, key, retirement->now_real_s);
}

struct metrics *build_metrics(struct index_map *indexes, const struct metrics *raw, int64_t now_real_s)
{
	struct metrics *metrics = metrics_new(raw->n);
	struct retirement retirement = { indexes, metrics, now_real_s };
	struct buf key;

	buf_init(&key, SIZE_MAX);
	for (size_t i = 0; i < raw->n; i++) {
		metric_row_copy(&raw->rows[i], &metrics->rows[i]);
		put_key(&key, &raw->rows[i]);
		metrics->rows[i].index = index_map_get(indexes, key.data);
	}
	buf_free(&key);
	metrics_sort(metrics);
	index_map_each(indexes, METRIC_SPACE, retire_if_gone, &retirement);
	return metrics;
}
