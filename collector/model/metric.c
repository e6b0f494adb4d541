/* metric.c - the operator's own metrics. Pure; thread: any. */
#include "model/metric.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void clear_row(struct metric_row *row)
{
	free(row->name);
	free(row->unit);
	free(row->value);
}

static void metrics_destroy(struct part *part)
{
	struct metrics *metrics = (struct metrics *)part;

	for (size_t i = 0; i < metrics->n; i++)
		clear_row(&metrics->rows[i]);
	free(metrics->by_domain);
	free(metrics);
}

struct metrics *metrics_new(size_t n)
{
	struct metrics *metrics = mem_alloc(sizeof(*metrics) + n * sizeof(metrics->rows[0]));

	part_init(&metrics->part, metrics_destroy);
	metrics->n = n;
	return metrics;
}

void metric_row_copy(const struct metric_row *from, struct metric_row *to)
{
	*to = *from;
	to->name = mem_string(from->name);
	to->unit = mem_string(from->unit);
	to->value = mem_string(from->value);
}

static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* Of the same index the earlier one comes first. */
static int by_index_and_place(const void *a, const void *b, void *arg)
{
	const struct metric_row *rows = arg;
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;
	const int order = compare(rows[x].index, rows[y].index);

	return order != 0 ? order : x < y ? -1 : x > y;
}

static size_t *number(size_t n)
{
	size_t *numbers = mem_array(n + 1, sizeof(*numbers));

	for (size_t i = 0; i < n; i++)
		numbers[i] = i;
	return numbers;
}

static void sort_rows(struct metrics *metrics)
{
	const size_t all = metrics->n;
	size_t *order = number(all);
	struct metric_row *rows = mem_array(all + 1, sizeof(*rows));

	memcpy(rows, metrics->rows, all * sizeof(*rows));
	qsort_r(order, all, sizeof(*order), by_index_and_place, rows);
	metrics->n = 0;
	for (size_t i = 0; i < all; i++) {
		struct metric_row *row = &rows[order[i]];

		if (row->index == 0 || (metrics->n > 0 && metrics->rows[metrics->n - 1].index == row->index))
			clear_row(row);
		else
			metrics->rows[metrics->n++] = *row;
	}
	free(rows);
	free(order);
}

static int by_domain_and_index(const void *a, const void *b, void *arg)
{
	const struct metrics *metrics = arg;
	const struct metric_row *x = &metrics->rows[*(const size_t *)a], *y = &metrics->rows[*(const size_t *)b];
	const int order = compare(x->domain, y->domain);

	return order != 0 ? order : compare(x->index, y->index);
}

void metrics_sort(struct metrics *metrics)
{
	sort_rows(metrics);
	free(metrics->by_domain);
	metrics->by_domain = number(metrics->n);
	qsort_r(metrics->by_domain, metrics->n, sizeof(metrics->by_domain[0]), by_domain_and_index, metrics);
}

/* The first place in by_domain whose row is of this domain or a later one. */
static size_t first_of(const struct metrics *metrics, uint64_t domain)
{
	size_t low = 0, high = metrics->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (metrics->rows[metrics->by_domain[middle]].domain < domain)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const size_t *metrics_of_domain(const struct metrics *metrics, uint32_t domain, size_t *n)
{
	size_t first;

	*n = 0;
	if (metrics == NULL || metrics->by_domain == NULL)
		return NULL;
	first = first_of(metrics, domain);
	*n = first_of(metrics, (uint64_t)domain + 1) - first;
	return metrics->by_domain + first;
}
