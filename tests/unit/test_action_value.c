/*
 * test_action_value.c - what actions print, as values: types and their bounds, groups, elements; and the rows of it.
 */
#include "action_value.h"
#include "base/err.h"
#include "base/text.h"
#include "metric_dtd.h"
#include "model/build_metric.h"

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define UUID_TEXT "6be3fdb8-bef5-6fec-b1b7-e61bbceab708"
#define OTHER_TEXT "6be3fdb8-bef5-6fec-b1b7-e61bbceab709"

static uint8_t uuid[16];
static char why[ACTION_VALUE_WHY_SIZE];

static struct config_metric metric_of(enum metric_type type, enum metric_context context)
{
	return (struct config_metric){ .name = (char *)"m", .unit = (char *)"u", .type = type, .context = context };
}

static int parse_n(const struct config_metric *metric, const char *output, size_t length, struct metrics **out)
{
	ck_assert_int_eq(text_uuid_parse(UUID_TEXT, uuid), 0);
	why[0] = '\0';
	return action_value_parse(metric, metric->context == METRIC_VM ? uuid : NULL, output, length, out, why);
}

static int parse(const struct config_metric *metric, const char *output, struct metrics **out)
{
	/* In memory of its own size, so that a sanitizer sees a read behind it. */
	char *exact = strdup(output);
	const int rc = parse_n(metric, exact, strlen(exact), out);

	free(exact);
	return rc;
}

struct value {
	enum metric_type type;
	const char *output, *value; /* NULL: refused */
	int code;
	uint64_t have, integer;
	int32_t milli;
};

/* clang-format off */
#define INT METRIC_HAVE_INTEGER
#define MILLI METRIC_HAVE_MILLI
static const struct value VALUES[] = {
	{ METRIC_INT32,  " 407\n",      "407",         0, INT | MILLI, 407, 407000 },
	{ METRIC_INT32,  "-5",          "-5",          0, MILLI, 0, -5000 },
	{ METRIC_INT32,  "+5",          "+5",          0, INT | MILLI, 5, 5000 },
	{ METRIC_INT32,  "-0",          "-0",          0, INT | MILLI, 0, 0 },
	{ METRIC_INT32,  "2147483647",  "2147483647",  0, INT | MILLI, INT32_MAX, INT32_MAX },
	{ METRIC_INT32,  "2147483648",  NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_INT32,  "-2147483648", "-2147483648", 0, MILLI, 0, INT32_MIN },
	{ METRIC_INT32,  "-2147483649", NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_UINT32, "4294967295",  "4294967295",  0, INT | MILLI, UINT32_MAX, INT32_MAX },
	{ METRIC_UINT32, "4294967296",  NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_UINT32, "-1",          NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_INT64,  "-9223372036854775808", "-9223372036854775808", 0, MILLI, 0, INT32_MIN },
	{ METRIC_INT64,  "9223372036854775808",  NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_UINT64, "18446744073709551615", "18446744073709551615", 0, INT | MILLI, UINT64_MAX, INT32_MAX },
	{ METRIC_UINT64, "18446744073709551616", NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_UINT64, "",            NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_UINT64, "+-1",         NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_UINT64, "1 2",         NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_UINT64, "0x10",        NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_UINT64, "1.0",         NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_REAL64, "12.3456\n",   "12.3456",     0, MILLI, 0, 12346 },
	{ METRIC_REAL64, "-.5",         "-.5",         0, MILLI, 0, -500 },
	{ METRIC_REAL64, "5.",          "5.",          0, MILLI, 0, 5000 },
	{ METRIC_REAL64, "1e+06",       "1e+06",       0, MILLI, 0, 1000000000 },
	{ METRIC_REAL64, "1e308",       "1e308",       0, MILLI, 0, INT32_MAX },
	{ METRIC_REAL64, "1e309",       NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_REAL64, "-1e309",      NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_REAL32, "1e38",        "1e38",        0, MILLI, 0, INT32_MAX },
	{ METRIC_REAL32, "1e39",        NULL, -ERR_RANGE, 0, 0, 0 },
	{ METRIC_REAL64, "nan",         NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_REAL64, "inf",         NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_REAL64, "0x1p3",       NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_REAL64, "1,5",         NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_REAL64, ".",           NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_REAL64, "1e",          NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_STRING, " a\n b \n\n", "a\n b",       0, 0, 0, 0 },
	{ METRIC_STRING, "",            "",            0, 0, 0, 0 },
	{ METRIC_STRING, "42",          "42",          0, 0, 0, 0 },
	{ METRIC_STRING, "<&\xe2\x82\xac>", "<&\xe2\x82\xac>", 0, 0, 0, 0 },
	{ METRIC_STRING, "\xff",        NULL, -ERR_PARSE, 0, 0, 0 },
	{ METRIC_STRING, "\xc3",        NULL, -ERR_PARSE, 0, 0, 0 },
};
/* clang-format on */

START_TEST(values_have_their_type)
{
	for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
		const struct value *v = &VALUES[i];
		const struct config_metric metric = metric_of(v->type, METRIC_HOST);
		struct metrics *metrics = NULL;
		const struct metric_row *row;
		const int rc = parse(&metric, v->output, &metrics);

		ck_assert_msg(rc == v->code, "\"%s\": %d %s", v->output, rc, why);
		ck_assert_int_eq(metrics != NULL, v->value != NULL);
		ck_assert_int_eq(why[0] == '\0', v->value != NULL);
		if (metrics == NULL)
			continue;
		row = &metrics->rows[0];
		ck_assert_uint_eq(metrics->n, 1);
		ck_assert_str_eq(row->name, "m");
		ck_assert_str_eq(row->unit, "u");
		ck_assert_str_eq(row->value, v->value);
		ck_assert_uint_eq(row->have, v->have);
		ck_assert_uint_eq(row->integer, v->integer);
		ck_assert_int_eq(row->milli, v->milli);
		part_unref(metrics);
	}
}
END_TEST

START_TEST(no_text_is_no_value)
{
	const struct config_metric metric = metric_of(METRIC_STRING, METRIC_HOST);
	struct metrics *metrics = NULL;

	ck_assert_int_eq(parse_n(&metric, "a\0b", 3, &metrics), -ERR_PARSE);
	ck_assert_ptr_null(metrics);
}
END_TEST

START_TEST(complaints_show_little)
{
	const struct config_metric metric = metric_of(METRIC_INT32, METRIC_HOST);
	struct metrics *metrics = NULL;

	ck_assert_int_eq(parse(&metric, "x\n\x1b" "1234567890123456789012345678901234567890", &metrics), -ERR_PARSE);
	ck_assert_str_eq(why, "\"x??1234567890123456789012345678901234567\"... is no int32");
}
END_TEST

static struct config_metric group(void)
{
	static struct config_variable variables[] = {
		{ (char *)"A", METRIC_UINT32, NULL },
		{ (char *)"B", METRIC_STRING, (char *)"s" },
		{ (char *)"C", METRIC_REAL64, NULL },
	};
	struct config_metric metric = metric_of(METRIC_GROUP, METRIC_VM);

	metric.n_variables = 3;
	metric.variables = variables;
	return metric;
}

START_TEST(a_group_is_one_metric_per_variable)
{
	const struct config_metric metric = group();
	struct metrics *metrics = NULL;

	ck_assert_int_eq(parse(&metric, "1, two words ,3.5\n", &metrics), 0);
	ck_assert_uint_eq(metrics->n, 3);
	ck_assert_str_eq(metrics->rows[0].name, "A");
	ck_assert_ptr_null(metrics->rows[0].unit);
	ck_assert_uint_eq(metrics->rows[0].integer, 1);
	ck_assert_str_eq(metrics->rows[1].value, "two words");
	ck_assert_str_eq(metrics->rows[1].unit, "s");
	ck_assert_str_eq(metrics->rows[2].type, "real64");
	ck_assert_int_eq(metrics->rows[2].milli, 3500);
	ck_assert_mem_eq(metrics->rows[2].uuid, uuid, sizeof(uuid));
	part_unref(metrics);
}
END_TEST

START_TEST(a_group_has_as_many_values_as_variables)
{
	static const char *const WRONG[] = { "", "1", "1,a", "1,a,2,3", "1,a,2,", "x,a,2", "1,a,", ",,," };
	const struct config_metric metric = group();
	struct metrics *metrics = NULL;

	for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
		ck_assert_msg(parse(&metric, WRONG[i], &metrics) == -ERR_PARSE, "%s", WRONG[i]);
		ck_assert_ptr_null(metrics);
		ck_assert_str_ne(why, "");
	}
	metrics = action_value_names(&metric, uuid);
	ck_assert_uint_eq(metrics->n, 3);
	ck_assert_str_eq(metrics->rows[1].name, "B");
	ck_assert_ptr_null(metrics->rows[1].value);
	part_unref(metrics);
}
END_TEST

#define ELEMENT(attributes, name, value) \
	"<metric " attributes "><name>" name "</name><value>" value "</value></metric>"
#define HOST "type='string' context='host'"

START_TEST(elements_are_metrics)
{
	const struct config_metric metric = metric_of(METRIC_XML, METRIC_HOST);
	struct metrics *metrics = NULL;

	ck_assert_int_eq(parse(&metric,
			       "\n" ELEMENT(HOST, " A ", "a &lt;b&gt; &#38;amp; <![CDATA[</value>]]>\n")
			       "<!-- note -->" ELEMENT("type='int32' context='vm' id='3' uuid='" UUID_TEXT "' unit='&quot;'", "B", "7"),
			       &metrics),
			 0);
	ck_assert_uint_eq(metrics->n, 2);
	ck_assert_str_eq(metrics->rows[0].name, "A");
	ck_assert_str_eq(metrics->rows[0].value, "a <b> &amp; </value>");
	ck_assert_ptr_null(metrics->rows[0].unit);
	ck_assert_str_eq(metrics->rows[1].unit, "\"");
	ck_assert_int_eq(metrics->rows[1].milli, 7000);
	ck_assert_mem_eq(metrics->rows[1].uuid, uuid, sizeof(uuid));
	part_unref(metrics);
}
END_TEST

struct wrong {
	enum metric_context context;
	const char *output;
};

/* clang-format off */
static const struct wrong WRONG_ELEMENTS[] = {
	{ METRIC_HOST, "" },
	{ METRIC_HOST, "text" },
	{ METRIC_HOST, "<metric" },
	{ METRIC_HOST, "<metric/>" },
	{ METRIC_HOST, "<other/>" },
	{ METRIC_HOST, ELEMENT(HOST, "A", "a") "text" },
	{ METRIC_HOST, ELEMENT(HOST, "A", "a") "</metrics><metrics>" },
	{ METRIC_HOST, "</metrics>" ELEMENT(HOST, "A", "a") "<metrics>" },
	{ METRIC_HOST, "<!DOCTYPE metrics [<!ENTITY x 'y'>]>" ELEMENT(HOST, "A", "&x;") },
	{ METRIC_HOST, ELEMENT(HOST, "A", "&x;") },
	{ METRIC_HOST, ELEMENT(HOST, "A", "<b/>") },
	{ METRIC_HOST, ELEMENT(HOST, " ", "a") },
	{ METRIC_HOST, ELEMENT(HOST " more='1'", "A", "a") },
	{ METRIC_HOST, ELEMENT("type='float' context='host'", "A", "1") },
	{ METRIC_HOST, ELEMENT("type='int32' context='host'", "A", "x") },
	{ METRIC_HOST, ELEMENT("type='int32' context='guest'", "A", "1") },
	{ METRIC_HOST, ELEMENT("type='int32' context='vm'", "A", "1") },
	{ METRIC_HOST, ELEMENT("type='int32' context='vm' uuid='x'", "A", "1") },
	{ METRIC_HOST, "<metric " HOST "><value>a</value><name>A</name></metric>" },
	{ METRIC_HOST, "<metric " HOST "><name>A</name></metric>" },
	{ METRIC_HOST, "<x:metric xmlns:x='urn:x' " HOST "><name>A</name><value>a</value></x:metric>" },
	{ METRIC_VM, ELEMENT(HOST, "A", "a") },
	{ METRIC_VM, ELEMENT("type='int32' context='vm' uuid='" OTHER_TEXT "'", "A", "1") },
};
/* clang-format on */

START_TEST(elements_are_valid_or_nothing)
{
	for (size_t i = 0; i < sizeof(WRONG_ELEMENTS) / sizeof(WRONG_ELEMENTS[0]); i++) {
		const struct config_metric metric = metric_of(METRIC_XML, WRONG_ELEMENTS[i].context);
		struct metrics *metrics = NULL;

		ck_assert_msg(parse(&metric, WRONG_ELEMENTS[i].output, &metrics) == -ERR_PARSE, "%s",
			      WRONG_ELEMENTS[i].output);
		ck_assert_ptr_null(metrics);
		ck_assert_str_ne(why, "");
	}
}
END_TEST

START_TEST(elements_have_a_limit)
{
	const struct config_metric metric = metric_of(METRIC_XML, METRIC_VM);
	static const char ONE[] = ELEMENT("type='int32' context='vm'", "A", "1");
	char *many = malloc(sizeof(ONE) * 2000);
	struct metrics *metrics = NULL;

	many[0] = '\0';
	for (size_t i = 0; i < 1500; i++)
		memcpy(many + i * (sizeof(ONE) - 1), ONE, sizeof(ONE));
	ck_assert_int_eq(parse(&metric, many, &metrics), -ERR_LIMIT);
	many[1000 * (sizeof(ONE) - 1)] = '\0';
	ck_assert_int_eq(parse(&metric, many, &metrics), 0);
	ck_assert_uint_eq(metrics->n, 1000);
	part_unref(metrics);
	free(many);
}
END_TEST

START_TEST(the_dtd_header_is_the_file)
{
	static const char COMMAND[] = "sh " SOURCE_ROOT "/conf/dtd2c.sh metric < " SOURCE_ROOT
				      "/conf/metric.dtd | cmp - " SOURCE_ROOT "/collector/metric_dtd.h";

	ck_assert_uint_gt(sizeof(METRIC_DTD), 100);
	ck_assert_int_eq(system(COMMAND), 0);
}
END_TEST

/* --- rows --------------------------------------------------------------------------------------------------------- */

static void set_row(struct metrics *metrics, size_t at, const char *name, const char *value, uint32_t domain)
{
	metrics->rows[at].name = strdup(name);
	metrics->rows[at].value = strdup(value);
	metrics->rows[at].domain = domain;
	metrics->rows[at].uuid[0] = (uint8_t)domain;
}

static void expect_row(const struct metrics *metrics, size_t at, uint32_t index, const char *value)
{
	ck_assert_uint_eq(metrics->rows[at].index, index);
	ck_assert_str_eq(metrics->rows[at].value, value);
}

START_TEST(rows_keep_their_numbers)
{
	struct index_map *indexes = index_map_new();
	struct metrics *raw = metrics_new(5), *built;
	const size_t *own;
	size_t n;

	set_row(raw, 0, "B", "host", 0);
	set_row(raw, 1, "A", "two", 2);
	set_row(raw, 2, "B", "two b", 2);
	set_row(raw, 3, "A", "one", 1);
	set_row(raw, 4, "A", "two again", 2);
	built = build_metrics(indexes, raw, 0);
	ck_assert_uint_eq(built->n, 4);
	expect_row(built, 0, 1, "host");
	expect_row(built, 1, 2, "two");
	expect_row(built, 2, 3, "two b");
	expect_row(built, 3, 4, "one");
	own = metrics_of_domain(built, 2, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(built->rows[own[0]].value, "two");
	ck_assert_str_eq(built->rows[own[1]].value, "two b");
	metrics_of_domain(built, 3, &n);
	ck_assert_uint_eq(n, 0);
	metrics_of_domain(built, 0, &n);
	ck_assert_uint_eq(n, 1);
	part_unref(built);
	/* In another order, and one fewer. */
	raw->rows[0].domain = 1;
	raw->rows[0].uuid[0] = 1;
	built = build_metrics(indexes, raw, 0);
	ck_assert_uint_eq(built->n, 4);
	expect_row(built, 0, 2, "two");
	expect_row(built, 3, 5, "host");
	ck_assert_uint_eq(index_map_find(indexes, "metric:B\t"), 1); /* kept for when it comes back */
	part_unref(built);
	part_unref(raw);
	index_map_free(indexes);
	ck_assert_ptr_null(metrics_of_domain(NULL, 0, &n));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("action_value");

	UNIT_ADD(s, values_have_their_type);
	UNIT_ADD(s, no_text_is_no_value);
	UNIT_ADD(s, complaints_show_little);
	UNIT_ADD(s, a_group_is_one_metric_per_variable);
	UNIT_ADD(s, a_group_has_as_many_values_as_variables);
	UNIT_ADD(s, elements_are_metrics);
	UNIT_ADD(s, elements_are_valid_or_nothing);
	UNIT_ADD(s, elements_have_a_limit);
	UNIT_ADD(s, the_dtd_header_is_the_file);
	UNIT_ADD(s, rows_keep_their_numbers);
	return s;
}

UNIT_MAIN(suite)
