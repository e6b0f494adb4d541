/*
 * rows_metric.c - group 14 edgeMetric: what the operator's own <metric> actions returned.
 *
 * Const data; the getter is pure. Rows: struct metric_row of the snapshot.
 */
#include "subagent/rows.h"

PART_ROWS(metric, metrics, struct metric_row, index, &)

static bool get_age(const struct cell_context *context, struct cell *cell)
{
	const struct metric_row *row = context->row[0];

	return cell_age_ms(context, row->read_mono_ns, cell);
}

/* clang-format off */
#define ROW struct metric_row
static const struct column METRIC_COLUMNS[] = {
	STR(2,  edgeMetricName,    name, 0),
	DOM(3,  edgeMetricDomain,  domain),
	STR(4,  edgeMetricType,    type, 0),
	STRZ(5, edgeMetricUnit,    unit),
	STR(6,  edgeMetricValue,   value, 0),
	G64(7,  edgeMetricInteger, integer, METRIC_HAVE_INTEGER, NULL),
	I32(8,  edgeMetricMilli,   milli, METRIC_HAVE_MILLI, NULL),
	GET(9,  edgeMetricAge,     SYN_GAUGE32, get_age, METRIC_HAVE_READ, "milliseconds"),
	ENUM(10, edgeMetricStatus, status, 0),
};
#undef ROW

static const char *const METRIC_INDEXES[] = { "edgeMetricIndex" };
const struct table METRIC_TABLE = {
	"edgeMetricTable", { ARC_OBJECTS, GROUP_METRIC, 1 }, 3, 1, { LEVEL_OF(metric) },
	offsetof(struct metric_row, have), COLUMNS_OF(METRIC_COLUMNS), 1, METRIC_INDEXES
};
/* clang-format on */
