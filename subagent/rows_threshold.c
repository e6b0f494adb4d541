/*
 * rows_threshold.c - group 17 edgeThreshold: one row per rule and subject.
 *
 * Const data; the getter is pure. Rows: struct threshold of the snapshot.
 */
#include "subagent/rows.h"

#include <string.h>

PART_ROWS(threshold, thresholds, struct threshold, index, &)

static bool get_object(const struct cell_context *context, struct cell *cell)
{
	const struct threshold *row = context->row[0];

	cell->type = CELL_OID;
	cell->oid.ids = cell->oid_scratch;
	cell->oid.n = 2; /* zeroDotZero */
	cell->oid_scratch[0] = cell->oid_scratch[1] = 0;
	if (row->object_n == 0 || context->root_n + row->object_n > OID_SCRATCH)
		return true;
	memcpy(cell->oid_scratch, context->root, context->root_n * sizeof(uint32_t));
	memcpy(cell->oid_scratch + context->root_n, row->object, row->object_n * sizeof(uint32_t));
	cell->oid.n = context->root_n + row->object_n;
	return true;
}

/* clang-format off */
#define ROW struct threshold
static const struct column THRESHOLD_COLUMNS[] = {
	STRZ(2,  edgeThresholdName,     name),
	STRZ(3,  edgeThresholdSubject,  subject),
	GET(4,   edgeThresholdObject,   SYN_POINTER, get_object, 0, NULL),
	ENUM(5,  edgeThresholdSeverity, severity, 0),
	I32(6,   edgeThresholdRising,   rising, 0, NULL),
	I32(7,   edgeThresholdFalling,  falling, 0, NULL),
	STRZ(8,  edgeThresholdUnits,    units),
	U32(9,   edgeThresholdHold,     hold_s, 0, "seconds"),
	I32(10,  edgeThresholdValue,    value, THRESHOLD_HAVE_VALUE, NULL),
	ENUM(11, edgeThresholdState,    state, 0),
};
#undef ROW

static const char *const THRESHOLD_INDEXES[] = { "edgeThresholdIndex" };
const struct table THRESHOLD_TABLE = {
	"edgeThresholdTable", { ARC_OBJECTS, GROUP_THRESHOLD, 1 }, 3, 1, { LEVEL_OF(threshold) },
	offsetof(struct threshold, have), COLUMNS_OF(THRESHOLD_COLUMNS), 1, THRESHOLD_INDEXES
};
/* clang-format on */
