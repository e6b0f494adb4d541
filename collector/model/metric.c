/* metric.c - the operator's own metrics. Pure; thread: any. */
#include "model/metric.h"

#include "base/mem.h"

#include <stdlib.h>

static void metrics_destroy(struct part *part)
{
	struct metrics *metrics = (struct metrics *)part;

	for (size_t i = 0; i < metrics->n; i++) {
		free(metrics->rows[i].name);
		free(metrics->rows[i].unit);
		free(metrics->rows[i].value);
	}
	free(metrics);
}

struct metrics *metrics_new(size_t n)
{
	struct metrics *metrics = mem_alloc(sizeof(*metrics) + n * sizeof(metrics->rows[0]));

	part_init(&metrics->part, metrics_destroy);
	metrics->n = n;
	return metrics;
}
