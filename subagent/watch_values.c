/* watch_values.c - the numbers of the catalogue, row by row, for rules. Pure; thread: any. */
#include "subagent/watch_values.h"

#include "subagent/oids.h"

#include <string.h>

static bool is_numeric(const struct column *column)
{
	return column->syntax == SYN_INTEGER32 || column->syntax == SYN_UNSIGNED32 || column->syntax == SYN_GAUGE32 ||
	       column->syntax == SYN_COUNTER32 || column->syntax == SYN_COUNTER64 || column->syntax == SYN_GAUGE64;
}

/* NULL: no such object, or rules may not watch it. */
static const struct column *find_column(const char *object, const struct table **table)
{
	const struct column *column = table_column(object, table);
	const struct naming *naming = column != NULL && is_numeric(column) ? table_naming(*table) : NULL;

	return naming != NULL && naming->kind != NAMED_NOT ? column : NULL;
}

static bool values_find(const char *object, const char **units)
{
	const struct table *table;
	const struct column *column = find_column(object, &table);

	if (column == NULL)
		return false;
	*units = column->units != NULL ? column->units : "";
	return true;
}

bool watch_values_has(const char *object)
{
	const char *units;

	return values_find(object, &units);
}

/* What a getter makes is made of the time as well. */
static bool ages(const struct column *column)
{
	return column->field == F_FN;
}

static bool values_same(const char *object, const struct snapshot *old, const struct snapshot *new)
{
	struct cell_context before, after;
	const struct table *table;
	const struct column *column = find_column(object, &table);
	size_t n;

	if (column == NULL || ages(column))
		return false;
	cell_context_init(&before, old, 0, 0);
	cell_context_init(&after, new, 0, 0);
	n = table->levels[0].count(&before);
	if (table->levels[0].count(&after) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (table->levels[0].at(&before, i) != table->levels[0].at(&after, i))
			return false;
	return true;
}

static size_t values_instance(const char *object, uint32_t index, uint32_t oid[THRESHOLD_OID_MAX])
{
	const struct cell_context below_root = { .root = EDGE_ROOT, .root_n = 0 };

	return table_instance(&below_root, object, index, oid, THRESHOLD_OID_MAX);
}

static int32_t saturate(const struct cell *cell)
{
	const uint64_t value = cell->type == CELL_COUNTER64 ? cell->counter64 : cell->number;

	if (cell->type == CELL_INTEGER)
		return cell->integer;
	return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

struct visit {
	const struct table *table;
	const struct column *column;
	struct cell_context context;
	uint32_t oid[THRESHOLD_OID_MAX];
	size_t prefix_n; /* of oid before the indexes */
	void (*fn)(void *arg, const struct watch_value *value);
	void *arg;
};

/* A row that has no name at present cannot be meant by a rule. */
static void visit_row(struct visit *visit, uint32_t index)
{
	char subject[SUBJECT_ROOM];
	struct cell cell;
	struct watch_value value = { .subject = subject,
				     .row = visit->context.row[0],
				     .ages = ages(visit->column),
				     .index = index,
				     .oid = visit->oid,
				     .oid_n = visit->prefix_n + visit->table->n_levels };

	table_subject(visit->table, &visit->context, subject);
	if (subject[0] == '\0')
		return;
	value.have = column_get(visit->table, visit->column, &visit->context, &cell);
	if (value.have)
		value.value = saturate(&cell);
	visit->fn(visit->arg, &value);
}

static void visit_level(struct visit *visit, size_t level)
{
	const struct level *l = &visit->table->levels[level];
	const size_t n = l->count(&visit->context);

	for (size_t i = 0; i < n; i++) {
		const void *row = l->at(&visit->context, i);
		const uint32_t index = l->index(row);

		visit->context.row[level] = row;
		visit->oid[visit->prefix_n + level] = index;
		if (level + 1 < visit->table->n_levels)
			visit_level(visit, level + 1);
		else
			visit_row(visit, index);
	}
}

static void values_each(const char *object, const struct snapshot *snapshot, int64_t now_mono_ns,
			void (*fn)(void *arg, const struct watch_value *value), void *arg)
{
	struct visit visit = { .fn = fn, .arg = arg };

	visit.column = find_column(object, &visit.table);
	if (visit.column == NULL)
		return;
	visit.prefix_n = values_instance(object, 0, visit.oid) - 1;
	if (visit.prefix_n + visit.table->n_levels > THRESHOLD_OID_MAX)
		return;
	cell_context_init(&visit.context, snapshot, now_mono_ns, 0);
	visit_level(&visit, 0);
}

const struct watch_values TABLE_WATCH_VALUES = { values_find, values_same, values_each, values_instance };
