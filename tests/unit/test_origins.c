/*
 * test_origins.c - every column of the catalogue has exactly one origin, and the origins fit the columns.
 */
#include "subagent/origins.h"

#include "unit.h"

#include <string.h>

START_TEST(test_every_column_once)
{
	size_t t = 0;

	for (; TABLES[t] != NULL; t++) {
		const struct table *table = TABLES[t];
		size_t column = 0;

		ck_assert_ptr_eq(ORIGINS[t].table, table);
		for (size_t i = 0; i < ORIGINS[t].n; i++) {
			const struct origin *run = &ORIGINS[t].runs[i];

			ck_assert_uint_lt(column, table->n_columns);
			ck_assert_str_eq(run->first, table->columns[column].name);
			while (column < table->n_columns && strcmp(table->columns[column].name, run->last) != 0)
				ck_assert_ptr_eq(origin_of(&ORIGINS[t], column++), run);
			ck_assert_msg(column < table->n_columns, "%s is no column after %s", run->last, run->first);
			ck_assert_ptr_eq(origin_of(&ORIGINS[t], column++), run);
		}
		ck_assert_uint_eq(column, table->n_columns);
		ck_assert_ptr_null(origin_of(&ORIGINS[t], column));
	}
	ck_assert_ptr_null(ORIGINS[t].table);
}
END_TEST

/* Whether the catalogue alone says that each row has a value. */
static bool always_there(const struct column *column)
{
	return column->have == 0 && column->field != F_FN && column->field != F_TEXT && column->field != F_UUIDP;
}

START_TEST(test_absent_fits_the_column)
{
	for (size_t t = 0; ORIGINS[t].table != NULL; t++) {
		for (size_t c = 0; c < ORIGINS[t].table->n_columns; c++) {
			const struct column *column = &ORIGINS[t].table->columns[c];
			const struct origin *origin = origin_of(&ORIGINS[t], c);

			if (column->have != 0)
				ck_assert_msg(origin->absent != NULL, "%s: when is it absent?", column->name);
			if (always_there(column))
				ck_assert_msg(origin->absent == NULL, "%s is never absent", column->name);
		}
	}
}
END_TEST

START_TEST(test_every_source_serves)
{
	bool serves[SOURCE_END] = { false };

	for (size_t t = 0; ORIGINS[t].table != NULL; t++) {
		for (size_t i = 0; i < ORIGINS[t].n; i++) {
			const struct origin *run = &ORIGINS[t].runs[i];

			for (size_t s = 0; s < ORIGIN_SOURCES_MAX && run->sources[s] != 0; s++) {
				ck_assert_uint_lt(run->sources[s], SOURCE_END);
				serves[run->sources[s]] = true;
			}
			if (run->age != NULL)
				ck_assert_msg(table_column(run->age, NULL) != NULL, "no age %s", run->age);
			if (run->rotated)
				ck_assert_uint_eq(run->sources[run->sources[1] != 0], SOURCE_LIBVIRT);
		}
	}
	for (unsigned id = 1; id < SOURCE_END; id++)
		ck_assert_msg(serves[id], "no column comes from %s", source_id_name(id));
}
END_TEST

static Suite *origins_suite(void)
{
	Suite *suite = suite_create("origins");

	UNIT_ADD(suite, test_every_column_once);
	UNIT_ADD(suite, test_absent_fits_the_column);
	UNIT_ADD(suite, test_every_source_serves);
	return suite;
}

UNIT_MAIN(origins_suite)
