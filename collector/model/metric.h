/*
 * metric.h - what the operator's own <metric> actions returned. Plain data; the rules of host.h.
 */
#ifndef EDGENODE_MODEL_METRIC_H
#define EDGENODE_MODEL_METRIC_H

#include "model/host.h"

enum metric_status { METRIC_OK = 1, METRIC_FAILED, METRIC_TIMED_OUT, METRIC_INVALID };

/* A row of edgeMetricTable. Strings are owned by the part. */
struct metric_row {
	uint32_t index; /* the builder's, kept for name and domain */
	uint64_t have;
	char *name;
	uint32_t domain;   /* edgeDomainIndex; 0: of the host */
	uint8_t uuid[16];  /* of the domain; zeroes: of the host */
	const char *type;  /* static: vhostmd's word, "uint64" */
	char *unit;        /* NULL: none */
	char *value;       /* NULL: none yet */
	uint64_t integer;  /* an integer that is not negative */
	int32_t milli;     /* any number, in thousandths, saturating */
	int64_t read_mono_ns;
	uint8_t status;
};
#define METRIC_HAVE_INTEGER BIT(0)
#define METRIC_HAVE_MILLI BIT(1)
#define METRIC_HAVE_READ BIT(2)
struct metrics {
	struct part part;
	size_t n;
	size_t *by_domain;        /* the numbers of the rows, by domain and index; NULL until metrics_sort */
	struct metric_row rows[]; /* ascending index */
};
struct metrics *metrics_new(size_t n);

/* A copy of the strings, too. to: uninitialised. */
void metric_row_copy(const struct metric_row *from, struct metric_row *to);

/* Sorts the rows, of each index the first one that is there, none of index 0. Before the part is shared. */
void metrics_sort(struct metrics *metrics);

/* The numbers of the rows of a domain (0: of the host), ascending by index; *n of them. */
const size_t *metrics_of_domain(const struct metrics *metrics, uint32_t domain, size_t *n);

#endif
