/*
 * table.c - GET and GETNEXT over the const tables: which table, which column, which row.
 *
 * Pure; thread: any. Every step is a binary search. A position is a table, a column and one row per index level; the
 * rows themselves are found through the functions of the table's levels.
 */
#include "subagent/table.h"

#include "base/err.h"
#include "subagent/rows.h"

#include <string.h>

#define ENTRY_ARC 1 /* of a table's entry */

uint32_t table_index_zero(const void *row)
{
	(void)row;
	return 0;
}

/* What stands before the column's arc: the group of scalars, or the table and its entry. */
static size_t prefix_length(const struct table *table)
{
	return table->index_names == NULL ? table->n_arcs : table->n_arcs + 1;
}

static uint32_t prefix_arc(const struct table *table, size_t i)
{
	return i < table->n_arcs ? table->arcs[i] : ENTRY_ARC;
}

/* -1: oid is before everything below the table's prefix (or a part of the prefix), 0: below it, 1: after it. */
static int compare_prefix(const struct table *table, const uint32_t *oid, size_t n)
{
	const size_t length = prefix_length(table);

	for (size_t i = 0; i < length; i++) {
		if (i >= n || oid[i] < prefix_arc(table, i))
			return -1;
		if (oid[i] > prefix_arc(table, i))
			return 1;
	}
	return n > length ? 0 : -1;
}

/* Whether all of the table's instances are before oid, by their columns' arcs alone. */
static bool table_is_past(const struct table *table, const uint32_t *oid, size_t n)
{
	const int order = compare_prefix(table, oid, n);

	return order > 0 || (order == 0 && oid[prefix_length(table)] > table->columns[table->n_columns - 1].arc);
}

/* The number of the first table that oid is not past: view->n at the end. */
static size_t first_table(const struct view *view, const uint32_t *oid, size_t n)
{
	size_t low = 0, high = view->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (table_is_past(view->tables[middle], oid, n))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first column whose arc is not below. */
static size_t first_column(const struct table *table, uint32_t arc)
{
	size_t low = 0, high = table->n_columns;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (table->columns[middle].arc < arc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where a walk over the rows of one table stands. The rows themselves are in context->row. */
struct walk {
	const struct table *table;
	struct cell_context *context;
	size_t at[TABLE_LEVELS_MAX], count[TABLE_LEVELS_MAX];
};

static size_t level_width(const struct level *level)
{
	return level->n_ids > 0 ? level->n_ids : 1;
}

static uint32_t row_id(const struct level *level, const void *row, size_t i)
{
	return level->n_ids > 0 ? level->id(row, i) : level->index(row);
}

/* The index of the level's i-th row against ids; one that begins with all of fewer ids than it has is after them. */
static int compare_row(struct walk *walk, size_t level, size_t i, const uint32_t *ids, size_t n)
{
	const struct level *l = &walk->table->levels[level];
	const void *row = l->at(walk->context, i);

	for (size_t k = 0; k < level_width(l); k++) {
		const uint32_t id = row_id(l, row, k);

		if (k >= n || id > ids[k])
			return 1;
		if (id < ids[k])
			return -1;
	}
	return 0;
}

static void open_level(struct walk *walk, size_t level)
{
	walk->at[level] = 0;
	walk->count[level] = walk->table->levels[level].count(walk->context);
}

/* Moves the level to its first row whose index is not below ids. */
static void seek_level(struct walk *walk, size_t level, const uint32_t *ids, size_t n)
{
	size_t low = 0, high;

	open_level(walk, level);
	high = walk->count[level];
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare_row(walk, level, middle, ids, n) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	walk->at[level] = low;
}

/* The row the level stands at becomes the context's; false behind the last. */
static bool take_row(struct walk *walk, size_t level)
{
	if (walk->at[level] >= walk->count[level])
		return false;
	walk->context->row[level] = walk->table->levels[level].at(walk->context, walk->at[level]);
	return true;
}

/* From where the level stands, the first row that has rows on all levels below. */
static bool rows_from(struct walk *walk, size_t level)
{
	for (; take_row(walk, level); walk->at[level]++) {
		if (level + 1 == walk->table->n_levels)
			return true;
		open_level(walk, level + 1);
		if (rows_from(walk, level + 1))
			return true;
	}
	return false;
}

/* The first row whose indexes from this level on are after ids. */
static bool rows_after(struct walk *walk, size_t level, const uint32_t *ids, size_t n)
{
	const size_t width = level_width(&walk->table->levels[level]);

	if (n == 0) {
		open_level(walk, level);
		return rows_from(walk, level);
	}
	seek_level(walk, level, ids, n);
	if (take_row(walk, level) && compare_row(walk, level, walk->at[level], ids, n) == 0) {
		if (level + 1 < walk->table->n_levels && rows_after(walk, level + 1, ids + width, n - width))
			return true;
		walk->at[level]++;
	}
	return rows_from(walk, level);
}

static bool rows_step(struct walk *walk)
{
	for (size_t level = walk->table->n_levels; level-- > 0;) {
		walk->at[level]++;
		if (rows_from(walk, level))
			return true;
	}
	return false;
}

/* The row with exactly these indexes, of all levels. */
static bool rows_exact(struct walk *walk, const uint32_t *ids, size_t n)
{
	for (size_t level = 0; level < walk->table->n_levels; level++) {
		const size_t width = level_width(&walk->table->levels[level]);

		if (n < width)
			return false;
		seek_level(walk, level, ids, width);
		if (!take_row(walk, level) || compare_row(walk, level, walk->at[level], ids, width) != 0)
			return false;
		ids += width;
		n -= width;
	}
	return n == 0;
}

static size_t write_oid(struct walk *walk, const struct column *column, uint32_t *oid)
{
	size_t n = 0;

	for (; n < prefix_length(walk->table); n++)
		oid[n] = prefix_arc(walk->table, n);
	oid[n++] = column->arc;
	for (size_t level = 0; level < walk->table->n_levels; level++) {
		const struct level *l = &walk->table->levels[level];

		for (size_t i = 0; i < level_width(l); i++)
			oid[n++] = row_id(l, walk->context->row[level], i);
	}
	return n;
}

/* The first cell of the column in a row after ids that is not a hole. */
static bool column_next(struct walk *walk, const struct column *column, const uint32_t *ids, size_t n,
			struct cell *cell)
{
	bool found = rows_after(walk, 0, ids, n);

	while (found && !column_get(walk->table, column, walk->context, cell))
		found = rows_step(walk);
	return found;
}

bool table_next_in(struct cell_context *context, const struct table *table, const uint32_t *oid, size_t n,
		   uint32_t *next, size_t *next_n, struct cell *cell)
{
	struct walk walk = { .table = table, .context = context };
	const size_t length = prefix_length(table);
	const bool inside = compare_prefix(table, oid, n) == 0;
	const uint32_t *ids = NULL;
	size_t ids_n = 0;

	for (size_t i = inside ? first_column(table, oid[length]) : 0; i < table->n_columns; i++) {
		const struct column *column = &table->columns[i];

		if (inside && column->arc == oid[length]) {
			ids = oid + length + 1;
			ids_n = n - length - 1;
		} else {
			ids_n = 0;
		}
		if (column_next(&walk, column, ids, ids_n, cell)) {
			*next_n = write_oid(&walk, column, next);
			return true;
		}
	}
	return false;
}

int view_next(const struct view *view, struct cell_context *context, const uint32_t *oid, size_t n, uint32_t *next,
	      size_t *next_n, struct cell *cell)
{
	for (size_t i = first_table(view, oid, n); i < view->n; i++) {
		if (table_next_in(context, view->tables[i], oid, n, next, next_n, cell))
			return 0;
	}
	return -ERR_ABSENT;
}

int table_next(struct cell_context *context, const uint32_t *oid, size_t n, uint32_t *next, size_t *next_n,
	       struct cell *cell)
{
	return view_next(&EDGENODE_VIEW, context, oid, n, next, next_n, cell);
}

/* The column of the table that oid is or is below; NULL where there is none. */
static const struct column *column_of(const struct table *table, const uint32_t *oid, size_t n)
{
	size_t i;

	if (compare_prefix(table, oid, n) != 0)
		return NULL;
	i = first_column(table, oid[prefix_length(table)]);
	return i < table->n_columns && table->columns[i].arc == oid[prefix_length(table)] ? &table->columns[i] : NULL;
}

bool view_object(const struct view *view, const uint32_t *oid, size_t n)
{
	const size_t i = first_table(view, oid, n);

	return i < view->n && column_of(view->tables[i], oid, n) != NULL;
}

bool table_object(const uint32_t *oid, size_t n)
{
	return view_object(&EDGENODE_VIEW, oid, n);
}

int table_get_in(struct cell_context *context, const struct table *table, const uint32_t *oid, size_t n,
		 struct cell *cell)
{
	const struct column *column = column_of(table, oid, n);
	struct walk walk = { .table = table, .context = context };
	size_t before;

	if (column == NULL)
		return -ERR_ABSENT;
	before = prefix_length(table) + 1;
	if (n <= before || !rows_exact(&walk, oid + before, n - before))
		return -ERR_ABSENT;
	return column_get(table, column, context, cell) ? 0 : -ERR_ABSENT;
}

int view_get(const struct view *view, struct cell_context *context, const uint32_t *oid, size_t n, struct cell *cell)
{
	const size_t i = first_table(view, oid, n);

	return i < view->n ? table_get_in(context, view->tables[i], oid, n, cell) : -ERR_ABSENT;
}

int table_get(struct cell_context *context, const uint32_t *oid, size_t n, struct cell *cell)
{
	return view_get(&EDGENODE_VIEW, context, oid, n, cell);
}

const struct column *table_column(const char *name, const struct table **table)
{
	for (size_t i = 0; i < TABLES_N; i++) {
		for (size_t c = 0; c < TABLES[i]->n_columns; c++) {
			if (strcmp(TABLES[i]->columns[c].name, name) != 0)
				continue;
			if (table != NULL)
				*table = TABLES[i];
			return &TABLES[i]->columns[c];
		}
	}
	return NULL;
}

size_t table_instance(const struct cell_context *context, const char *name, uint32_t index, uint32_t *oid, size_t most)
{
	const struct table *table;
	const struct column *column = table_column(name, &table);
	size_t n = context->root_n;

	if (column == NULL || n + prefix_length(table) + 2 > most)
		return 0;
	memcpy(oid, context->root, n * sizeof(*oid));
	for (size_t i = 0; i < prefix_length(table); i++)
		oid[n++] = prefix_arc(table, i);
	oid[n++] = column->arc;
	oid[n++] = index;
	return n;
}
