/*
 * test_table.c - GET and GETNEXT against a list of all instances made by brute force, and the conversion of fields.
 */
#include "base/err.h"
#include "subagent/oids.h"
#include "subagent/rows.h"

#include "table_fixture.h"
#include "unit.h"

#include <stdio.h>

struct list {
	struct instance *rows;
	size_t n;
};

/* The column in every row below the rows at hand of the outer levels. */
static void list_rows(struct list *list, bool keep, struct cell_context *context, const struct table *table,
		      const struct column *column, size_t level, struct instance *at)
{
	const struct level *l = &table->levels[level];
	struct cell cell;

	for (size_t i = 0; i < l->count(context); i++) {
		context->row[level] = l->at(context, i);
		at->oid[at->n++] = l->index(context->row[level]);
		if (level + 1 < table->n_levels) {
			list_rows(list, keep, context, table, column, level + 1, at);
		} else if (column_get(table, column, context, &cell)) {
			if (keep) {
				list->rows = mem_grow(list->rows, list->n + 1, sizeof(*at));
				list->rows[list->n] = *at;
			}
			list->n++;
		}
		at->n--;
	}
}

static void list_column(struct list *list, bool keep, struct cell_context *context, const struct table *table,
			const struct column *column)
{
	struct instance at = { .n = table->n_arcs };

	memcpy(at.oid, table->arcs, table->n_arcs * sizeof(uint32_t));
	if (table->n_arcs == 3)
		at.oid[at.n++] = 1;
	at.oid[at.n++] = column->arc;
	list_rows(list, keep, context, table, column, 0, &at);
}

/* Every column of every row, in the order of the tables: what the engine must find, found without it. keep: false only
 * counts them. */
static struct list list_each(struct cell_context *context, bool keep)
{
	struct list list = { NULL, 0 };

	for (size_t t = 0; TABLES[t] != NULL; t++) {
		for (size_t c = 0; c < TABLES[t]->n_columns; c++)
			list_column(&list, keep, context, TABLES[t], &TABLES[t]->columns[c]);
	}
	return list;
}

static struct list list_all(struct cell_context *context)
{
	return list_each(context, true);
}

/* The first instance after oid, list->n where there is none. */
static size_t list_after(const struct list *list, const uint32_t *oid, size_t n)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (instance_compare(list->rows[middle].oid, list->rows[middle].n, oid, n) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool cell_equal(const struct cell *a, const struct cell *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case CELL_OCTETS:
		return a->octets.length == b->octets.length &&
		       memcmp(a->octets.data, b->octets.data, a->octets.length) == 0;
	case CELL_OID:
		return instance_compare(a->oid.ids, a->oid.n, b->oid.ids, b->oid.n) == 0;
	case CELL_COUNTER64:
		return a->counter64 == b->counter64;
	default:
		return a->number == b->number;
	}
}

/* Both engines' answers for one OID against the list. */
static void check_oid(const struct list *list, struct cell_context *context, const uint32_t *oid, size_t n)
{
	const size_t after = list_after(list, oid, n);
	const bool exact =
		after > 0 && instance_compare(list->rows[after - 1].oid, list->rows[after - 1].n, oid, n) == 0;
	uint32_t next[OID_MAX];
	size_t next_n;
	struct cell cell, again;

	ck_assert_int_eq(table_get(context, oid, n, &cell), exact ? 0 : -ERR_ABSENT);
	if (after == list->n) {
		ck_assert_int_eq(table_next(context, oid, n, next, &next_n, &cell), -ERR_ABSENT);
		return;
	}
	ck_assert_int_eq(table_next(context, oid, n, next, &next_n, &cell), 0);
	ck_assert_int_eq(instance_compare(next, next_n, list->rows[after].oid, list->rows[after].n), 0);
	ck_assert_int_eq(table_get(context, next, next_n, &again), 0);
	ck_assert(cell_equal(&cell, &again));
}

START_TEST(test_tables_in_order)
{
	const struct table *before = NULL;

	ck_assert_uint_eq(TABLES_N, 31);
	for (size_t t = 0; TABLES[t] != NULL; t++) {
		const struct table *table = TABLES[t];
		uint32_t first[5] = { 0 }, last[5] = { 0 };
		size_t n = before != NULL ? before->n_arcs : 0;

		memcpy(first, table->arcs, table->n_arcs * sizeof(uint32_t));
		if (table->n_arcs == 2)
			first[2] = table->columns[0].arc;
		if (before != NULL) {
			memcpy(last, before->arcs, n * sizeof(uint32_t));
			if (n == 2)
				last[2] = before->columns[before->n_columns - 1].arc;
			ck_assert_int_lt(instance_compare(last, 3, first, 3), 0);
		}
		for (size_t c = 1; c < table->n_columns; c++)
			ck_assert_uint_lt(table->columns[c - 1].arc, table->columns[c].arc);
		before = table;
	}
}
END_TEST

START_TEST(test_walk_equals_list)
{
	struct snapshot *snapshot = fixture_snapshot(9);
	struct cell_context context = fixture_context(snapshot);
	struct list list = list_all(&context);
	uint32_t oid[OID_MAX];
	size_t n = 0, steps = 0;
	struct cell cell;

	ck_assert_uint_gt(list.n, 200);
	for (size_t i = 1; i < list.n; i++)
		ck_assert_int_lt(
			instance_compare(list.rows[i - 1].oid, list.rows[i - 1].n, list.rows[i].oid, list.rows[i].n),
			0);
	while (table_next(&context, oid, n, oid, &n, &cell) == 0) {
		ck_assert_uint_lt(steps, list.n);
		ck_assert_int_eq(instance_compare(oid, n, list.rows[steps].oid, list.rows[steps].n), 0);
		steps++;
	}
	ck_assert_uint_eq(steps, list.n);
	free(list.rows);
	part_unref(snapshot);
}
END_TEST

/* Every instance cut, lengthened, and with each sub-identifier moved. */
START_TEST(test_neighbours_of_every_instance)
{
	struct snapshot *snapshot = fixture_snapshot(7);
	struct cell_context context = fixture_context(snapshot);
	struct list list = list_all(&context);
	const uint32_t values[] = { 0, 1, UINT32_MAX - 1, UINT32_MAX };

	for (size_t i = 0; i < list.n; i++) {
		struct instance v = list.rows[i];

		for (size_t n = 0; n <= v.n; n++)
			check_oid(&list, &context, v.oid, n);
		for (size_t k = 0; k < 4; k++) {
			v.oid[v.n] = values[k];
			check_oid(&list, &context, v.oid, v.n + 1);
			for (size_t at = 0; at < v.n; at++) {
				const uint32_t keep = v.oid[at];

				v.oid[at] = values[k];
				check_oid(&list, &context, v.oid, v.n);
				v.oid[at] = keep + 1;
				check_oid(&list, &context, v.oid, v.n);
				v.oid[at] = keep - 1;
				check_oid(&list, &context, v.oid, v.n);
				v.oid[at] = keep;
			}
		}
		for (size_t at = v.n; at < OID_MAX; at++)
			v.oid[at] = UINT32_MAX;
		check_oid(&list, &context, v.oid, OID_MAX);
	}
	free(list.rows);
	part_unref(snapshot);
}
END_TEST

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

START_TEST(test_random_oids)
{
	struct snapshot *snapshot = fixture_snapshot(20);
	struct cell_context context = fixture_context(snapshot);
	struct list list = list_all(&context);
	const uint32_t most[] = { 3, 20, 20, 3, 49, 24, 3, 3 };
	uint32_t state = 42;

	for (size_t i = 0; i < 20000; i++) {
		uint32_t oid[8];
		const size_t n = random_next(&state) % 9;

		for (size_t k = 0; k < n; k++)
			oid[k] = k == 0 ? 1 - (random_next(&state) % 16 == 0) : random_next(&state) % most[k];
		if (n > 2 && random_next(&state) % 2 == 0)
			oid[2] = oid[1] == 7 ? 4 : oid[1] == 8 ? 17 : oid[1] == 15 ? 8 : oid[1] == 18 ? 3 : 1;
		if (n > 3 && random_next(&state) % 4 != 0)
			oid[3] = 1;
		check_oid(&list, &context, oid, n);
	}
	free(list.rows);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_nothing_read_yet)
{
	struct snapshot *snapshot = snapshot_new();
	struct cell_context context = fixture_context(snapshot);
	struct list list = list_all(&context);
	const uint32_t column[] = { 1, 3, 1, 1, 2, 1 };
	uint32_t oid[OID_MAX];
	size_t n;
	struct cell cell;

	for (size_t i = 0; i < list.n; i++)
		ck_assert_uint_eq(list.rows[i].oid[1], GROUP_NODE);
	check_oid(&list, &context, column, 6);
	ck_assert_int_eq(table_next(&context, column, 6, oid, &n, &cell), -ERR_ABSENT);
	free(list.rows);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_object_or_instance)
{
	const uint32_t none[][6] = { { 1, 11, 13, 1, 2, 1 }, { 1, 4, 1, 1, 1, 1 },  { 1, 10, 20, 0, 0, 0 },
				     { 1, 3, 1, 1, 1, 1 },  { 1, 3, 1, 1, 47, 1 }, { 1, 3, 1, 2, 2, 1 },
				     { 1, 3, 2, 1, 2, 1 },  { 0, 1, 0, 0, 0, 0 },  { 2, 1, 1, 0, 0, 0 },
				     { 1, 7, 5, 1, 2, 1 } };
	const uint32_t object[] = { 1, 3, 1, 1, 2, 77, 5 }, scalar[] = { 1, 7, 3, 0 };

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ck_assert_msg(!table_object(none[i], 6), "%zu", i);
	ck_assert(!table_object(object, 4));
	ck_assert(table_object(object, 5));
	ck_assert(table_object(object, 7));
	ck_assert(table_object(scalar, 3));
	ck_assert(!table_object(scalar, 2));
	ck_assert(!table_object(NULL, 0));
}
END_TEST

/* 10,000 domains, a third of them without anything optional. The time is CPU time, the bound some 30 times what it
 * takes. */
START_TEST(test_ten_thousand_domains)
{
	struct snapshot *snapshot = fixture_snapshot(10000);
	struct cell_context context = fixture_context(snapshot);
	const size_t all = list_each(&context, false).n;
	const int64_t start = clock_thread_cpu_ns();
	uint32_t oid[OID_MAX];
	size_t n = 0, steps = 0;
	struct cell cell;
	double seconds;

	while (table_next(&context, oid, n, oid, &n, &cell) == 0)
		steps++;
	seconds = (double)(clock_thread_cpu_ns() - start) / 1e9;
	ck_assert_uint_eq(steps, all);
	ck_assert_uint_gt(steps, 200000);
	ck_assert_double_lt(seconds / (double)steps, 10e-6);
	part_unref(snapshot);
}
END_TEST

/* --- several indexes ---------------------------------------------------------------------------------------------- */

/* A tree of three levels: rows are numbers below 4, the value of a leaf is known where its sum is even; the middle row
 * 2 has no leaves, the outer row 1 nothing at all. */
static const uint32_t NUMBERS[] = { 0, 1, 2, UINT32_MAX };

static size_t four(const struct cell_context *context)
{
	(void)context;
	return 4;
}

static size_t below_outer(const struct cell_context *context)
{
	return context->row[0] == &NUMBERS[1] ? 0 : 4;
}

static size_t below_middle(const struct cell_context *context)
{
	return context->row[1] == &NUMBERS[2] ? 0 : 4;
}

static const void *number_at(const struct cell_context *context, size_t i)
{
	(void)context;
	return &NUMBERS[i];
}

static uint32_t number_index(const void *row)
{
	return *(const uint32_t *)row;
}

static uint32_t sum_of(const struct cell_context *context)
{
	return *(const uint32_t *)context->row[0] + *(const uint32_t *)context->row[1] +
	       *(const uint32_t *)context->row[2];
}

static bool even_sum(const struct cell_context *context, struct cell *cell)
{
	cell->type = CELL_UNSIGNED;
	cell->number = sum_of(context);
	return cell->number % 2 == 0;
}

static const struct column TREE_COLUMNS[] = {
	{ 4, "even", SYN_UNSIGNED32, F_FN, 0, 0, 1, even_sum, NULL },
	{ 9, "leaf", SYN_UNSIGNED32, F_U32, 0, 0, 1, NULL, NULL },
};
static const char *const TREE_INDEXES[] = { "a", "b", "c" };
/* clang-format off */
static const struct table TREE = {
	"tree", { 1, 99, 1 }, 3, 3,
	{ { four, number_at, number_index, 0, NULL }, { below_outer, number_at, number_index, 0, NULL },
	  { below_middle, number_at, number_index, 0, NULL } },
	SIZE_MAX, 2, TREE_COLUMNS, 3, TREE_INDEXES
};
/* clang-format on */

static struct list list_tree(void)
{
	struct list list = { mem_array(128, sizeof(struct instance)), 0 };

	for (size_t i = 0; i < 2 * 64; i++) {
		const size_t a = i / 16 % 4, b = i / 4 % 4, c = i % 4;
		const uint32_t sum = NUMBERS[a] + NUMBERS[b] + NUMBERS[c];

		if (a == 1 || b == 2 || (i < 64 && sum % 2 != 0))
			continue;
		list.rows[list.n++] =
			(struct instance){ { 1, 99, 1, 1, i < 64 ? 4 : 9, NUMBERS[a], NUMBERS[b], NUMBERS[c] }, 8 };
	}
	return list;
}

START_TEST(test_three_indexes)
{
	struct snapshot *snapshot = snapshot_new();
	struct cell_context context = fixture_context(snapshot);
	struct list list = list_tree();
	const uint32_t values[] = { 0, 1, 2, 3, 4, 9, 10, UINT32_MAX };
	uint32_t state = 7;

	for (size_t i = 0; i < 20000; i++) {
		uint32_t oid[10] = { 1, 99, 1, 1 }, next[OID_MAX];
		const size_t n = 3 + random_next(&state) % 8;
		size_t after, next_n;
		struct cell cell;
		bool exact;

		for (size_t k = 4; k < n; k++)
			oid[k] =
				k == 4 && i % 2 == 0 ? 4 + 5 * (uint32_t)(i % 4 == 0) : values[random_next(&state) % 8];
		after = list_after(&list, oid, n);
		exact = after > 0 && instance_compare(list.rows[after - 1].oid, 8, oid, n) == 0;
		ck_assert_int_eq(table_get_in(&context, &TREE, oid, n, &cell), exact ? 0 : -ERR_ABSENT);
		ck_assert_int_eq(table_next_in(&context, &TREE, oid, n, next, &next_n, &cell), after < list.n);
		if (after < list.n)
			ck_assert_int_eq(instance_compare(next, next_n, list.rows[after].oid, 8), 0);
	}
	free(list.rows);
	part_unref(snapshot);
}
END_TEST

/* An index of several sub-identifiers, and one more below it. */
static const uint8_t STRINGS[][3] = { { 0, 0, 0 }, { 0, 0, 1 }, { 1, 0, 255 }, { 1, 2, 0 }, { 255, 255, 255 } };
#define STRINGS_N (sizeof(STRINGS) / sizeof(STRINGS[0]))

static size_t strings_count(const struct cell_context *context)
{
	(void)context;
	return STRINGS_N;
}

static const void *string_at(const struct cell_context *context, size_t i)
{
	(void)context;
	return STRINGS[i];
}

static uint32_t string_id(const void *row, size_t i)
{
	return ((const uint8_t *)row)[i];
}

static bool first_id(const struct cell_context *context, struct cell *cell)
{
	cell->type = CELL_UNSIGNED;
	cell->number = *(const uint8_t *)context->row[0];
	return true;
}

static const struct column WORDS_COLUMNS[] = { { 7, "first", SYN_UNSIGNED32, F_FN, 0, 0, 1, first_id, NULL } };
static const char *const WORDS_INDEXES[] = { "word", "number" };
/* clang-format off */
static const struct table WORDS = {
	"words", { 5 }, 1, 2,
	{ { strings_count, string_at, NULL, 3, string_id }, { four, number_at, number_index, 0, NULL } },
	SIZE_MAX, 1, WORDS_COLUMNS, 2, WORDS_INDEXES
};
/* clang-format on */

START_TEST(test_index_of_several_ids)
{
	struct snapshot *snapshot = snapshot_new();
	struct cell_context context = fixture_context(snapshot);
	struct list list = { mem_array(STRINGS_N * 4, sizeof(struct instance)), 0 };
	const uint32_t values[] = { 0, 1, 2, 255, 256, UINT32_MAX };
	uint32_t state = 11;

	for (size_t i = 0; i < STRINGS_N * 4; i++) {
		const uint8_t *string = STRINGS[i / 4];

		list.rows[list.n++] =
			(struct instance){ { 5, 1, 7, string[0], string[1], string[2], NUMBERS[i % 4] }, 7 };
	}
	for (size_t i = 0; i < 20000; i++) {
		uint32_t oid[9] = { 5, 1, 7 }, next[OID_MAX];
		const size_t n = 3 + random_next(&state) % 6;
		size_t after, next_n;
		struct cell cell;
		bool exact;

		for (size_t k = 3; k < n; k++)
			oid[k] = values[random_next(&state) % 6];
		after = list_after(&list, oid, n);
		exact = after > 0 && instance_compare(list.rows[after - 1].oid, 7, oid, n) == 0;
		ck_assert_int_eq(table_get_in(&context, &WORDS, oid, n, &cell), exact ? 0 : -ERR_ABSENT);
		ck_assert_int_eq(table_next_in(&context, &WORDS, oid, n, next, &next_n, &cell), after < list.n);
		if (after == list.n)
			continue;
		ck_assert_int_eq(instance_compare(next, next_n, list.rows[after].oid, 7), 0);
		ck_assert_uint_eq(cell.number, next[3]);
	}
	free(list.rows);
	part_unref(snapshot);
}
END_TEST

/* --- cells -------------------------------------------------------------------------------------------------------- */

struct sample {
	uint64_t have;
	int64_t i64;
	uint64_t u64;
	int32_t i32;
	bool yes, no;
	uint8_t zero;
	const char *text, *null;
	char chars[8];
	const uint8_t *no_uuid;
};

static bool sample_get(const struct sample *sample, enum syntax syntax, enum field field, size_t offset, uint64_t have,
		       uint64_t divisor, struct cell *cell)
{
	const struct column column = { 1, "sample", syntax, field, offset, have, divisor, NULL, NULL };
	const struct table table = {
		"sample", { 1, 1 }, 2, 1, { { NULL, NULL, NULL, 0, NULL } }, offsetof(struct sample, have), 1, &column, 0, NULL
	};
	struct cell_context context = { .uptime_zero_mono_ns = FIXTURE_ZERO, .root = EDGE_ROOT, .root_n = EDGE_ROOT_N };

	context.row[0] = sample;
	return column_get(&table, &column, &context, cell);
}
#define SAMPLE(syntax, field, member) sample_get(&sample, syntax, field, offsetof(struct sample, member), 0, 1, &cell)

START_TEST(test_numbers_saturate)
{
	struct sample sample = { .i64 = INT64_MAX, .u64 = UINT64_MAX, .i32 = -5 };
	struct cell cell;

	ck_assert(SAMPLE(SYN_INTEGER32, F_I64, i64) && cell.integer == INT32_MAX && cell.type == CELL_INTEGER);
	ck_assert(SAMPLE(SYN_INTEGER32, F_U64, u64) && cell.integer == INT32_MAX);
	ck_assert(SAMPLE(SYN_GAUGE32, F_U64, u64) && cell.number == UINT32_MAX && cell.type == CELL_UNSIGNED);
	ck_assert(SAMPLE(SYN_GAUGE32, F_I32, i32) && cell.number == 0);
	ck_assert(SAMPLE(SYN_COUNTER64, F_U64, u64) && cell.counter64 == UINT64_MAX && cell.type == CELL_COUNTER64);
	ck_assert(SAMPLE(SYN_COUNTER32, F_U64, u64) && cell.number == UINT32_MAX && cell.type == CELL_COUNTER32);
	sample.u64 = (UINT64_C(1) << 32) + 7;
	ck_assert(SAMPLE(SYN_COUNTER32, F_U64, u64) && cell.number == 7);
	sample.i64 = INT64_MIN;
	ck_assert(SAMPLE(SYN_INTEGER32, F_I64, i64) && cell.integer == INT32_MIN);
	ck_assert(SAMPLE(SYN_GAUGE64, F_I64, i64) && cell.counter64 == 0);
	sample.i64 = -7999;
	ck_assert(sample_get(&sample, SYN_INTEGER32, F_I64, offsetof(struct sample, i64), 0, 1000, &cell));
	ck_assert_int_eq(cell.integer, -7);
	ck_assert(sample_get(&sample, SYN_GAUGE64, F_U64, offsetof(struct sample, u64), 0, 1024, &cell));
	ck_assert_uint_eq(cell.counter64, UINT64_C(1) << 22);
}
END_TEST

START_TEST(test_truth_enum_have)
{
	struct sample sample = { .yes = true, .have = 5 };
	struct cell cell;

	ck_assert(SAMPLE(SYN_TRUTH, F_BOOL, yes) && cell.integer == 1);
	ck_assert(SAMPLE(SYN_TRUTH, F_BOOL, no) && cell.integer == 2);
	ck_assert(!SAMPLE(SYN_ENUM, F_U8, zero));
	ck_assert(sample_get(&sample, SYN_TRUTH, F_BOOL, offsetof(struct sample, yes), 5, 1, &cell));
	ck_assert(!sample_get(&sample, SYN_TRUTH, F_BOOL, offsetof(struct sample, yes), 7, 1, &cell));
}
END_TEST

START_TEST(test_strings)
{
	char text[400];
	struct sample sample = { .text = text, .chars = "abc" };
	struct cell cell;

	ck_assert(!SAMPLE(SYN_STRING, F_TEXT, null));
	ck_assert(SAMPLE(SYN_STRING, F_TEXT_OR_EMPTY, null) && cell.octets.length == 0);
	ck_assert(SAMPLE(SYN_STRING, F_CHARS, chars) && cell.octets.length == 3);
	/* 254 letters, then a character of two octets: it does not fit as a whole. */
	memset(text, 'x', sizeof(text));
	memcpy(text + 254, "\xc3\xa4", 2);
	text[399] = '\0';
	ck_assert(SAMPLE(SYN_STRING, F_TEXT, text) && cell.octets.length == 254);
	memset(text, 'x', sizeof(text) - 1);
	ck_assert(SAMPLE(SYN_STRING, F_TEXT, text) && cell.octets.length == 255);
	ck_assert(!SAMPLE(SYN_UUID, F_UUIDP, no_uuid));
}
END_TEST

START_TEST(test_times)
{
	/* 2023-11-14 22:13:20.5 UTC */
	const uint8_t date[] = { 0x07, 0xe7, 11, 14, 22, 13, 20, 5, '+', 0, 0 };
	struct sample sample = { .i64 = FIXTURE_REAL + NS_PER_S / 2 };
	struct cell cell;

	ck_assert(SAMPLE(SYN_TIME, F_I64, i64) && cell.octets.length == sizeof(date));
	ck_assert_mem_eq(cell.octets.data, date, sizeof(date));
	sample.i64 = FIXTURE_ZERO + 3 * NS_PER_S + 5 * NS_PER_MS;
	ck_assert(SAMPLE(SYN_STAMP, F_I64, i64) && cell.number == 300 && cell.type == CELL_TICKS);
	sample.i64 = FIXTURE_ZERO - 1;
	ck_assert(SAMPLE(SYN_STAMP, F_I64, i64) && cell.number == 0);
	sample.i64 = FIXTURE_ZERO + ((INT64_C(1) << 32) + 9) * (NS_PER_S / 100);
	ck_assert(SAMPLE(SYN_STAMP, F_I64, i64) && cell.number == 9);
}
END_TEST

static struct cell value_of(const struct snapshot *snapshot, const char *name, uint32_t index)
{
	struct cell_context context = fixture_context(snapshot);
	uint32_t oid[OID_MAX];
	const size_t n = table_instance(&context, name, index, oid, OID_MAX);
	struct cell cell = { .type = CELL_NONE };

	ck_assert_uint_gt(n, 0);
	if (table_get(&context, oid + EDGE_ROOT_N, n - EDGE_ROOT_N, &cell) != 0)
		cell.type = CELL_NONE;
	return cell;
}

START_TEST(test_getters)
{
	struct snapshot *snapshot = fixture_snapshot(3);
	struct cell cell;

	ck_assert_uint_eq(value_of(snapshot, "edgeNodeSnapshotAge", 0).number, 1000);
	ck_assert_uint_eq(value_of(snapshot, "edgeDomainAge", 2).number, 20);
	ck_assert_uint_eq(value_of(snapshot, "edgeDomainUpTime", 2).number, 60);
	ck_assert_uint_eq(value_of(snapshot, "edgeDomainBalloonAge", 2).number, 0);
	ck_assert_int_eq(value_of(snapshot, "edgeDomainBalloonAge", 1).type, CELL_NONE);
	ck_assert_uint_eq(value_of(snapshot, "edgeDomainDiscontinuityTime", 1).number, 100);
	ck_assert_uint_eq(value_of(snapshot, "edgeSensorAge", 3).number, 5000);
	ck_assert_int_eq(value_of(snapshot, "edgeSensorAge", 7).type, CELL_NONE);
	ck_assert_uint_eq(value_of(snapshot, "edgeSourceAge", 11).number, 0);
	ck_assert_int_eq(value_of(snapshot, "edgeSourceAge", 1).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeCpuTemperature", 1).type, CELL_NONE);
	cell = value_of(snapshot, "edgeEventText", 41);
	ck_assert(cell.type == CELL_OCTETS && cell.octets.length == 0);
	cell = value_of(snapshot, "edgeEventKind", 42);
	ck_assert_uint_eq(cell.oid_scratch[EDGE_ROOT_N], ARC_NOTIFICATIONS);
	ck_assert_uint_eq(cell.oid_scratch[EDGE_ROOT_N + 1], EVENT_SOURCE_FAILED);
	ck_assert_uint_eq(cell.oid.n, EDGE_ROOT_N + 2);
	part_unref(snapshot);
}
END_TEST

/* The column in a row of two indexes. */
static struct cell value_below(const struct snapshot *snapshot, const char *name, uint32_t outer, uint32_t inner)
{
	struct cell_context context = fixture_context(snapshot);
	const struct table *table;
	const struct column *column = table_column(name, &table);
	const uint32_t oid[] = { table->arcs[0], table->arcs[1], table->arcs[2], 1, column->arc, outer, inner };
	struct cell cell = { .type = CELL_NONE };

	if (table_get(&context, oid, sizeof(oid) / sizeof(oid[0]), &cell) != 0)
		cell.type = CELL_NONE;
	return cell;
}

static bool text_is(struct cell cell, const char *text)
{
	return cell.type == CELL_OCTETS && cell.octets.length == strlen(text) &&
	       memcmp(cell.octets.data, text, cell.octets.length) == 0;
}

/* guest5: two vCPUs, two disks, two NICs; of each pair one has everything, the other next to nothing. */
START_TEST(test_domain_tables)
{
	struct snapshot *snapshot = fixture_snapshot(6);
	const uint8_t mac[] = { 0x52, 0, 0, 0, 0, 1 };
	struct cell cell;

	ck_assert_uint_eq(value_below(snapshot, "edgeVcpuDelay", 6, 1).counter64, 17);
	ck_assert_int_eq(value_below(snapshot, "edgeVcpuDelay", 6, 4).type, CELL_NONE);
	ck_assert_int_eq(value_below(snapshot, "edgeVcpuPhysical", 6, 1).integer, 3);
	ck_assert_int_eq(value_below(snapshot, "edgeVcpuPhysical", 6, 4).integer, -1);
	ck_assert_int_eq(value_below(snapshot, "edgeVcpuState", 6, 4).integer, VCPU_UNKNOWN);
	ck_assert_int_eq(value_below(snapshot, "edgeVcpuState", 6, 2).type, CELL_NONE);
	ck_assert_int_eq(value_below(snapshot, "edgeVcpuHalted", 6, 1).integer, 2);
	ck_assert(text_is(value_below(snapshot, "edgeBlockTarget", 6, 7), "sda"));
	ck_assert(text_is(value_below(snapshot, "edgeBlockSource", 6, 2), "/images/disk"));
	ck_assert_int_eq(value_below(snapshot, "edgeBlockSource", 6, 7).type, CELL_NONE);
	ck_assert_uint_eq(value_below(snapshot, "edgeBlockReads", 6, 7).counter64, UINT64_MAX);
	ck_assert_int_eq(value_below(snapshot, "edgeBlockWrites", 6, 7).type, CELL_NONE);
	ck_assert_uint_eq(value_below(snapshot, "edgeBlockDiscontinuityTime", 6, 7).number, 200);
	cell = value_below(snapshot, "edgeNicMac", 6, INT32_MAX);
	ck_assert(cell.type == CELL_OCTETS && cell.octets.length == sizeof(mac));
	ck_assert_mem_eq(cell.octets.data, mac, sizeof(mac));
	ck_assert_int_eq(value_below(snapshot, "edgeNicTarget", 6, INT32_MAX).type, CELL_NONE);
	ck_assert_int_eq(value_below(snapshot, "edgeNicModel", 6, 1).type, CELL_NONE);
	cell = value_below(snapshot, "edgeNicIfIndex", 6, INT32_MAX);
	ck_assert(cell.type == CELL_INTEGER && cell.integer == 7);
	ck_assert_int_eq(value_below(snapshot, "edgeNicIfIndex", 6, 1).integer, 0);
	ck_assert_int_eq(value_below(snapshot, "edgeNicIfIndex", 5, 1).type, CELL_NONE);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_clock_and_transport)
{
	struct snapshot *snapshot = fixture_snapshot(1);

	ck_assert_int_eq(value_of(snapshot, "edgeClockSource", 0).integer, CLOCK_SOURCE_KERNEL);
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffset", 0).integer, -1234567);
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffsetSeconds", 0).integer, -1);
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffsetNs", 0).integer, -1234567899);
	ck_assert_int_eq(value_of(snapshot, "edgeClockFrequency", 0).integer, -31250);
	ck_assert_int_eq(value_of(snapshot, "edgeClockMaxError", 0).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeClockTaiOffset", 0).type, CELL_NONE);
	snapshot->clock->offset_ns = 86400 * NS_PER_S;
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffset", 0).integer, INT32_MAX);
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffsetNs", 0).integer, INT32_MAX);
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffsetSeconds", 0).integer, 86400);
	snapshot->clock->offset_ns = -86400 * NS_PER_S;
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffset", 0).integer, INT32_MIN);
	ck_assert_int_eq(value_of(snapshot, "edgeClockOffsetNs", 0).integer, INT32_MIN);
	ck_assert(text_is(value_of(snapshot, "edgeVbdPath", 1), "/dev/shm/vhostmd0"));
	ck_assert_uint_eq(value_of(snapshot, "edgeVbdSize", 1).number, 262144);
	ck_assert_int_eq(value_of(snapshot, "edgeChannelState", 7).integer, CHANNEL_WAITING);
	ck_assert_uint_eq(value_of(snapshot, "edgeChannelBytes", 2).counter64, 9000);
	ck_assert_int_eq(value_of(snapshot, "edgeChannelState", 3).type, CELL_NONE);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_time_daemon_and_ptp)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct ptp_clock *ptp = &snapshot->ptp_clocks->rows[0];

	ck_assert_int_eq(value_of(snapshot, "edgeClockDaemon", 0).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeClockUpdateAge", 0).type, CELL_NONE);
	snapshot->clock->have |= CLOCK_HAVE_DAEMON | CLOCK_HAVE_UPDATE | CLOCK_HAVE_STRATUM;
	memcpy(snapshot->clock->daemon, "chronyd", 8);
	snapshot->clock->stratum = 3;
	snapshot->clock->update_mono_ns = FIXTURE_NOW - 16 * NS_PER_S;
	ck_assert(text_is(value_of(snapshot, "edgeClockDaemon", 0), "chronyd"));
	ck_assert_uint_eq(value_of(snapshot, "edgeClockStratum", 0).number, 3);
	ck_assert_uint_eq(value_of(snapshot, "edgeClockUpdateAge", 0).number, 16);
	ck_assert_uint_eq(value_of(snapshot, "edgeClockPeerAge", 2).number, 64);
	ck_assert_int_eq(value_of(snapshot, "edgeClockPeerOffset", 2).integer, -1);
	ck_assert_int_eq(value_of(snapshot, "edgeClockPeerState", 7).integer, CLOCK_PEER_UNREACHABLE);
	ck_assert_int_eq(value_of(snapshot, "edgeClockPeerAge", 7).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeClockPeerReach", 7).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffset", 1).integer, -5);
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffsetSeconds", 1).integer, -2);
	ptp->offset_ns = NS_PER_S - 1;
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffset", 1).integer, 999999999);
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffsetSeconds", 1).integer, 0);
	ptp->offset_ns = INT64_MIN;
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffset", 1).integer, -854775808);
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffsetSeconds", 1).integer, INT32_MIN);
	ck_assert_int_eq(value_of(snapshot, "edgePtpOffset", 4).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgePtpUtcOffset", 4).type, CELL_NONE);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_storage_and_metrics)
{
	struct snapshot *snapshot = fixture_snapshot(2);

	ck_assert(text_is(value_of(snapshot, "edgeDiskSerial", 1), "S1"));
	ck_assert_int_eq(value_of(snapshot, "edgeDiskModel", 1).type, CELL_NONE);
	ck_assert_uint_eq(value_of(snapshot, "edgeDiskWear", 1).number, 103);
	ck_assert_uint_eq(value_of(snapshot, "edgeDiskAge", 1).number, 90);
	ck_assert_int_eq(value_of(snapshot, "edgeDiskAge", 3).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeDiskHealth", 3).integer, DISK_HEALTH_UNKNOWN);
	ck_assert_uint_eq(value_of(snapshot, "edgePoolCapacity", 1).counter64, UINT64_C(1) << 40);
	ck_assert_int_eq(value_of(snapshot, "edgePoolCapacity", 2).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeMetricMilli", 1).integer, -1500);
	ck_assert_int_eq(value_of(snapshot, "edgeMetricInteger", 1).type, CELL_NONE);
	ck_assert_uint_eq(value_of(snapshot, "edgeMetricAge", 1).number, 30);
	ck_assert(text_is(value_of(snapshot, "edgeMetricUnit", 5), ""));
	ck_assert_int_eq(value_of(snapshot, "edgeMetricValue", 5).type, CELL_NONE);
	ck_assert_int_eq(value_of(snapshot, "edgeMetricAge", 5).type, CELL_NONE);
	ck_assert_uint_eq(value_of(snapshot, "edgeMetricDomain", 5).number, 2);
	ck_assert_uint_eq(value_of(snapshot, "edgeMetricInteger", 6).counter64, 3);
	ck_assert_uint_eq(value_of(snapshot, "edgeDomainProcessAge", 2).number, 15);
	ck_assert_int_eq(value_of(snapshot, "edgeDomainProcessId", 1).type, CELL_NONE);
	part_unref(snapshot);
}
END_TEST

/* What tests/columns.tsv says is filled by this program: no run of the daemon does. */
START_TEST(test_threshold_object)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct cell_context context = fixture_context(snapshot);
	struct cell cell = value_of(snapshot, "edgeThresholdObject", 1);
	uint32_t oid[OID_MAX];
	const size_t n = table_instance(&context, "edgeSensorValue", 3, oid, OID_MAX);

	ck_assert_int_eq(cell.type, CELL_OID);
	ck_assert_int_eq(instance_compare(cell.oid_scratch, cell.oid.n, oid, n), 0);
	cell = value_of(snapshot, "edgeThresholdObject", 6);
	ck_assert(cell.oid.n == 2 && cell.oid_scratch[0] == 0 && cell.oid_scratch[1] == 0);
	ck_assert_uint_eq(table_instance(&context, "edgeSensorValue", 3, oid, EDGE_ROOT_N + 5), 0);
	ck_assert_uint_eq(table_instance(&context, "edgeNothing", 3, oid, OID_MAX), 0);
	part_unref(snapshot);
}
END_TEST

static Suite *table_suite(void)
{
	Suite *suite = suite_create("table");

	UNIT_ADD(suite, test_tables_in_order);
	UNIT_ADD(suite, test_walk_equals_list);
	UNIT_ADD(suite, test_neighbours_of_every_instance);
	UNIT_ADD(suite, test_random_oids);
	UNIT_ADD(suite, test_nothing_read_yet);
	UNIT_ADD(suite, test_object_or_instance);
	UNIT_ADD(suite, test_ten_thousand_domains);
	UNIT_ADD(suite, test_three_indexes);
	UNIT_ADD(suite, test_index_of_several_ids);
	UNIT_ADD(suite, test_numbers_saturate);
	UNIT_ADD(suite, test_truth_enum_have);
	UNIT_ADD(suite, test_strings);
	UNIT_ADD(suite, test_times);
	UNIT_ADD(suite, test_getters);
	UNIT_ADD(suite, test_domain_tables);
	UNIT_ADD(suite, test_clock_and_transport);
	UNIT_ADD(suite, test_time_daemon_and_ptp);
	UNIT_ADD(suite, test_storage_and_metrics);
	UNIT_ADD(suite, test_threshold_object);
	return suite;
}

UNIT_MAIN(table_suite)
