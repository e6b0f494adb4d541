/*
 * test_guest_parse.c - the parser of the guests' document, and values of its texts.
 */
#include "base/err.h"
#include "guestlib/guest_parse.h"
#include "guestlib/guest_value.h"

#include "guest_text.h"
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

/* ---- the parser ---- */

/* The metric A as it was found. */
struct found {
	const struct guest_row *row; /* NULL: there is none */
	struct guest_list *list;
};

static int parse_n(const char *document, size_t length, metric_context context, const char *own, struct found *found)
{
	char *exact = malloc(length > 0 ? length : 1); /* so that a sanitizer sees a read behind it */
	int rc;

	*found = (struct found){ 0 };
	memcpy(exact, document, length);
	rc = guest_parse(exact, length, &found->list);
	free(exact);
	if (rc == 0)
		rc = guest_list_find(found->list, context, own, "A", &found->row);
	if (rc < 0) {
		guest_list_free(found->list);
		ck_assert_ptr_null(found->row);
	}
	return rc;
}

static int parse_code_in(const char *document, metric_context context, const char *own)
{
	struct found found;
	const int rc = parse_n(document, strlen(document), context, own, &found);

	if (rc == 0)
		guest_list_free(found.list);
	return rc;
}

static int parse_code(const char *document)
{
	return parse_code_in(document, METRIC_CONTEXT_HOST, NULL);
}

/* The metric A is there, with this type and text. */
static void check_parse(const char *document, metric_context context, const char *own, metric_type type,
			const char *text)
{
	struct found found;

	ck_assert_int_eq(parse_n(document, strlen(document), context, own, &found), 0);
	ck_assert_msg(found.row != NULL, "not found in %s", document);
	ck_assert_int_eq(found.row->type, type);
	ck_assert_str_eq(found.row->text, text);
	guest_list_free(found.list);
}

static void check_host(const char *document, metric_type type, const char *text)
{
	check_parse(document, METRIC_CONTEXT_HOST, NULL, type, text);
}

static void check_absent(const char *document)
{
	struct found found;

	ck_assert_int_eq(parse_n(document, strlen(document), METRIC_CONTEXT_HOST, NULL, &found), 0);
	ck_assert_msg(found.row == NULL, "found in %s", document);
	guest_list_free(found.list);
}

START_TEST(parser_finds_metrics)
{
	check_host(METRICS(METRIC("int32", "A", "1")), M_INT32, "1");
	check_host(METRICS(METRIC("uint32", "A", "1")), M_UINT32, "1");
	check_host(METRICS(METRIC("int64", "A", "1")), M_INT64, "1");
	check_host(METRICS(METRIC("uint64", "A", "1")), M_UINT64, "1");
	check_host(METRICS(METRIC("real32", "A", "1")), M_REAL32, "1");
	check_host(METRICS(METRIC("real64", "A", "1")), M_REAL64, "1");
	check_host(METRICS(METRIC("string", "A", "one two")), M_STRING, "one two");
	check_host(METRICS(METRIC("int32", "B", "1") METRIC("int32", "A", "2") METRIC("int32", "A", "3")), M_INT32, "2");
	check_host(METRICS(METRIC("uint64", "  A\n ", "\n 407\n")), M_UINT64, "407");
	check_host(METRICS(METRIC("string", "A", "a &lt;&amp;&quot; &#38;&#x42; <![CDATA[<c>]]>")), M_STRING,
		   "a <&\" &B <c>");
	check_host(METRICS(METRIC("string", "A", "")), M_STRING, "");
	check_host("<metrics><metric context='host' type='int32'><name>A</name></metric></metrics>", M_INT32, "");
	check_host("<?xml version='1.0' encoding='ISO-8859-1'?>" METRICS(METRIC("string", "A", "\xc3\xbc")), M_STRING,
		   "\xc3\xbc");
	check_absent(METRICS(METRIC("int32", "AA", "1") METRIC("int32", "a", "1") METRIC("int32", "", "1")));
	check_absent(METRICS(VM_METRIC("1", UUID_A, "int32", "A", "1")));
	check_absent("<metrics/>");
}
END_TEST

/* Hosts may say more than we know. */
START_TEST(parser_passes_over_the_unknown)
{
	check_host("<?xml version='1.0'?><!-- c --><metrics version='2'><?p i?><extra><metric type='int32' context='host'>"
		   "<name>A</name><value>1</value></metric></extra>text<metric unit='KiB' context='host' x='y' type='int32'>"
		   "<about><name>B</name></about><name>A</name><value>2<i>3</i>4</value></metric></metrics>",
		   M_INT32, "24");
	check_host(METRICS("<metric type='int32' context='cluster'><name>A</name><value>1</value></metric>"
			   "<metric type='int32'><name>A</name><value>2</value></metric>"
			   "<metric type='colour' context='host'><name>B</name><value>3</value></metric>"
			   METRIC("int32", "A", "4")), M_INT32, "4");
}
END_TEST

START_TEST(parser_refuses)
{
	static const char *const DOCUMENTS[] = {
		"", " ", "metrics", "<metrics>", "<other>" METRIC("int32", "A", "1") "</other>", METRIC("int32", "A", "1"),
		METRICS(METRIC("int32", "A", "1") "<b>"), METRICS(METRIC("int32", "A", "1")) "x",
		METRICS(METRIC("int32", "A", "1")) "<metrics/>", METRICS(METRIC("string", "A", "a & b")),
		"<?xml version='1.0' encoding='ISO-8859-1'?>" METRICS(METRIC("string", "A", "\xfc")),
		METRICS(METRIC("string", "A", "&entity;")), METRICS(METRIC("string", "A", "\xff")),
		METRICS(METRIC("string", "A", "\x01")), METRICS(METRIC("colour", "A", "1")),
		METRICS("<metric context='host'><name>A</name><value>1</value></metric>"),
		"<!DOCTYPE metrics>" METRICS(METRIC("int32", "A", "1")),
		"<!DOCTYPE metrics [<!ENTITY e 'x'>]>" METRICS(METRIC("string", "A", "&e;")),
		"<!DOCTYPE metrics SYSTEM 'file:///etc/passwd'>" METRICS(METRIC("int32", "A", "1")),
	};

	for (size_t i = 0; i < sizeof(DOCUMENTS) / sizeof(DOCUMENTS[0]); i++)
		ck_assert_msg(parse_code(DOCUMENTS[i]) == -ERR_PARSE, "%s", DOCUMENTS[i]);
}
END_TEST

START_TEST(parser_refuses_every_cut)
{
	static const char DOCUMENT[] = METRICS(METRIC("int32", "A", "1") VM_METRIC("1", UUID_A, "string", "&lt;", "x"));
	struct found wanted;

	for (size_t cut = 0; cut < sizeof(DOCUMENT) - 2; cut++) /* the last byte is a newline */
		ck_assert_int_eq(parse_n(DOCUMENT, cut, METRIC_CONTEXT_HOST, NULL, &wanted), -ERR_PARSE);
}
END_TEST

START_TEST(parser_survives_binary)
{
	uint8_t data[4096];
	struct found wanted;
	uint32_t random = 1;

	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(data); i++) {
			random = random * 1664525 + 1013904223;
			data[i] = (uint8_t)(random >> 24);
		}
		memcpy(data, "<metrics>", round % 2 == 0 ? 9 : 0);
		ck_assert_int_eq(parse_n((char *)data, sizeof(data), METRIC_CONTEXT_VM, NULL, &wanted), -ERR_PARSE);
	}
	ck_assert_int_eq(parse_n("<metrics>\0</metrics>", 20, METRIC_CONTEXT_HOST, NULL, &wanted), -ERR_PARSE);
}
END_TEST

/* The metric A with a name or a value of n bytes; the caller frees it. */
static char *make_long(const char *head, size_t n, const char *tail)
{
	const size_t start = strlen(head);
	char *document = malloc(start + n + strlen(tail) + 1);

	memcpy(document, head, start);
	memset(document + start, 'A', n);
	memcpy(document + start + n, tail, strlen(tail) + 1);
	return document;
}

START_TEST(parser_has_limits)
{
	const char *head = "<metrics><metric type='string' context='host'><name>A</name><value>";
	const char *tail = "</value></metric></metrics>";
	char *document = make_long(head, GUEST_VALUE_MAX, tail);
	char *text = make_long("", GUEST_VALUE_MAX, "");

	check_host(document, M_STRING, text);
	free(document);
	free(text);
	document = make_long(head, GUEST_VALUE_MAX + 1, tail);
	ck_assert_int_eq(parse_code(document), -ERR_LIMIT);
	free(document);
	document = make_long("<metrics><metric type='int32' context='host'><name>", GUEST_NAME_MAX + 1,
			     "</name></metric></metrics>");
	ck_assert_int_eq(parse_code(document), 0);
	free(document);
	document = make_long("<metrics>", GUEST_DOCUMENT_MAX, "</metrics>");
	ck_assert_int_eq(parse_code(document), -ERR_LIMIT);
	free(document);
}
END_TEST

START_TEST(parser_stops_at_depth)
{
	char *document = malloc(100 + 7 * 5000), *p = document + sprintf(document, "<metrics>");

	for (int i = 0; i < 5000; i++)
		p += sprintf(p, "<a>");
	for (int i = 0; i < 5000; i++)
		p += sprintf(p, "</a>");
	sprintf(p, "</metrics>");
	ck_assert_int_eq(parse_code(document), -ERR_PARSE);
	free(document);
}
END_TEST

static int parse_vm(const char *document, const char *own)
{
	return parse_code_in(document, METRIC_CONTEXT_VM, own);
}

START_TEST(parser_knows_our_vm)
{
	static const char TWO[] = METRICS(METRIC("int32", "A", "0") VM_METRIC("1", UUID_A, "int32", "A", "1")
					  VM_METRIC("2", UUID_B, "int32", "A", "2"));
	static const char ONE[] = METRICS(METRIC("int32", "A", "0") VM_METRIC("2", UUID_B, "int32", "C", "1")
					  VM_METRIC("2", UUID_B, "int32", "A", "2"));

	check_parse(TWO, METRIC_CONTEXT_VM, UUID_A, M_INT32, "1");
	check_parse(TWO, METRIC_CONTEXT_VM, UUID_B, M_INT32, "2");
	check_parse(TWO, METRIC_CONTEXT_VM, "0B5F3A7E-3D4C-4E55-9B1A-2F6C7D8E9F00", M_INT32, "2");
	check_parse(TWO, METRIC_CONTEXT_HOST, UUID_B, M_INT32, "0");
	check_parse(ONE, METRIC_CONTEXT_VM, UUID_B, M_INT32, "2");
	check_parse(ONE, METRIC_CONTEXT_VM, NULL, M_INT32, "2");
	ck_assert_int_eq(parse_vm(TWO, NULL), -ERR_ABSENT); /* whose? */
	ck_assert_int_eq(parse_vm(ONE, UUID_A), -ERR_ABSENT); /* another's is not ours */
	ck_assert_int_eq(parse_vm(METRICS(METRIC("int32", "A", "0")), NULL), -ERR_ABSENT);
	ck_assert_int_eq(parse_vm(METRICS(METRIC("int32", "A", "0")), UUID_A), -ERR_ABSENT);
	ck_assert_int_eq(parse_vm(METRICS(VM_METRIC("2", UUID_B, "int32", "C", "1")), NULL), 0);
	/* Another VM's metric of another name is enough to make it doubtful. */
	ck_assert_int_eq(parse_vm(METRICS(VM_METRIC("1", UUID_A, "int32", "A", "1")
					  VM_METRIC("2", UUID_B, "int32", "C", "1")), NULL), -ERR_ABSENT);
}
END_TEST

/* Everything that a program is told of a metric; entities are characters in attributes, too. */
START_TEST(parser_keeps_the_order_and_the_attributes)
{
	static const char DOCUMENT[] = "<metrics><metric type='uint64' context='host' unit='a&amp;b&#60;'><name>B</name>"
				       "<value>1</value></metric><!-- c --><metric type='real64' context='vm' id='7' "
				       "uuid='" UUID_A "'><name>A</name><value> 2.50 </value></metric><metric type='odd' "
				       "context='vm'><name>C</name></metric></metrics>";
	struct guest_list *list;

	ck_assert_int_eq(guest_parse(DOCUMENT, strlen(DOCUMENT), &list), 0);
	ck_assert_uint_eq(list->n, 3);
	ck_assert_str_eq(list->rows[0].name, "B");
	ck_assert_str_eq(list->rows[0].unit, "a&b<");
	ck_assert(list->rows[0].context == METRIC_CONTEXT_HOST && list->rows[0].id == NULL);
	ck_assert_str_eq(list->rows[0].uuid, "");
	ck_assert_str_eq(list->rows[1].name, "A");
	ck_assert_str_eq(list->rows[1].text, "2.50");
	ck_assert_str_eq(list->rows[1].id, "7");
	ck_assert_str_eq(list->rows[1].uuid, UUID_A);
	ck_assert(list->rows[1].context == METRIC_CONTEXT_VM && list->rows[1].unit == NULL);
	ck_assert(list->rows[1].known_type && !list->rows[2].known_type);
	guest_list_free(list);
}
END_TEST

START_TEST(parser_takes_so_many_metrics)
{
	const char *row = "<metric context='vm'/>";
	const size_t step = strlen(row);

	for (size_t n = GUEST_METRICS_MAX; n <= GUEST_METRICS_MAX + 1; n++) {
		char *document = malloc(20 + n * step), *p = document + sprintf(document, "<metrics>");
		struct guest_list *list;

		for (size_t i = 0; i < n; i++, p += step)
			memcpy(p, row, step);
		p += sprintf(p, "</metrics>");
		ck_assert_int_eq(guest_parse(document, (size_t)(p - document), &list),
				 n <= GUEST_METRICS_MAX ? 0 : -ERR_LIMIT);
		if (n <= GUEST_METRICS_MAX) {
			ck_assert_uint_eq(list->n, n);
			guest_list_free(list);
		}
		free(document);
	}
}
END_TEST

/* ---- values ---- */

static metric *value_of(metric_type type, const char *text)
{
	metric *value = NULL;

	ck_assert_msg(guest_value_parse(type, text, &value) == 0, "%s", text);
	ck_assert_int_eq(value->type, type);
	return value;
}

static int value_code(metric_type type, const char *text)
{
	metric *value = NULL;
	const int rc = guest_value_parse(type, text, &value);

	ck_assert(rc < 0 || value != NULL);
	free(value);
	return rc;
}

#define CHECK_VALUE(type, text, member, expected)                 \
	do {                                                      \
		metric *value_ = value_of(type, text);            \
		ck_assert(value_->value.member == (expected));    \
		free(value_);                                     \
	} while (0)

START_TEST(values_of_every_type)
{
	metric *text;

	CHECK_VALUE(M_INT32, "-2147483648", i32, INT32_MIN);
	CHECK_VALUE(M_INT32, "2147483647", i32, INT32_MAX);
	CHECK_VALUE(M_UINT32, "4294967295", ui32, UINT32_MAX);
	CHECK_VALUE(M_INT64, "-9223372036854775808", i64, INT64_MIN);
	CHECK_VALUE(M_INT64, "9223372036854775807", i64, INT64_MAX);
	CHECK_VALUE(M_UINT64, "18446744073709551615", ui64, UINT64_MAX);
	CHECK_VALUE(M_REAL32, "1.5", r32, 1.5f);
	CHECK_VALUE(M_REAL32, "-3.4028234e38", r32, -3.4028234e38f);
	CHECK_VALUE(M_REAL64, "69.400001", r64, 69.400001);
	CHECK_VALUE(M_REAL64, "1e+06", r64, 1e6);
	CHECK_VALUE(M_REAL64, "1e-400", r64, 0.0);
	text = value_of(M_STRING, "a string");
	ck_assert_str_eq(text->value.str, "a string");
	ck_assert_ptr_eq(text->value.str, (char *)(text + 1)); /* one allocation */
	metric_free(text);
	metric_free(NULL);
}
END_TEST

START_TEST(values_are_held_against_their_types)
{
	static const char *const BAD[] = { "", "x", "1x", "0x10", "--1", "1 2", "nan", "inf", "," };

	ck_assert_int_eq(value_code(M_INT32, "2147483648"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_INT32, "-2147483649"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_UINT32, "4294967296"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_UINT32, "-1"), -ERR_PARSE);
	ck_assert_int_eq(value_code(M_INT64, "9223372036854775808"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_INT64, "-9223372036854775809"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_UINT64, "18446744073709551616"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_UINT64, "1.0"), -ERR_PARSE);
	ck_assert_int_eq(value_code(M_REAL32, "1e39"), -ERR_RANGE);
	ck_assert_int_eq(value_code(M_REAL64, "-1e400"), -ERR_RANGE);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		for (int type = M_INT32; type < M_STRING; type++)
			ck_assert_msg(value_code((metric_type)type, BAD[i]) == -ERR_PARSE, "%s", BAD[i]);
}
END_TEST

START_TEST(values_follow_no_locale)
{
	if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
		setlocale(LC_ALL, "fr_FR.UTF-8"); /* where neither is installed it is the C locale twice */
	CHECK_VALUE(M_REAL64, "1.5", r64, 1.5);
	ck_assert_int_eq(value_code(M_REAL64, "1,5"), -ERR_PARSE);
}
END_TEST

static int to_u64(metric_type type, const char *text, uint64_t *out)
{
	metric *value = value_of(type, text);
	const int rc = guest_value_u64(value, out);

	free(value);
	return rc;
}

START_TEST(values_for_fields)
{
	metric *value;
	uint64_t number = 7;
	uint32_t small = 7;
	double real = 7;

	ck_assert(to_u64(M_INT32, "3", &number) == 0 && number == 3);
	ck_assert(to_u64(M_INT64, "4", &number) == 0 && number == 4);
	ck_assert(to_u64(M_REAL32, "5.9", &number) == 0 && number == 5);
	ck_assert(to_u64(M_REAL64, "18446744073709549568", &number) == 0 && number == UINT64_C(18446744073709549568));
	ck_assert_int_eq(to_u64(M_REAL64, "18446744073709551616", &number), -ERR_RANGE);
	ck_assert_int_eq(to_u64(M_REAL64, "-0.5", &number), -ERR_RANGE);
	ck_assert_int_eq(to_u64(M_INT32, "-1", &number), -ERR_RANGE);
	ck_assert_int_eq(to_u64(M_INT64, "-1", &number), -ERR_RANGE);
	ck_assert_int_eq(to_u64(M_STRING, "1", &number), -ERR_PARSE);
	value = value_of(M_UINT64, "4294967296");
	ck_assert_int_eq(guest_value_u32(value, &small), -ERR_RANGE);
	ck_assert(guest_value_double(value, &real) == 0 && real == 4294967296.0);
	free(value);
	value = value_of(M_STRING, "1");
	ck_assert_int_eq(guest_value_u32(value, &small), -ERR_PARSE);
	ck_assert_int_eq(guest_value_double(value, &real), -ERR_PARSE);
	free(value);
	ck_assert_uint_eq(small, 7);
}
END_TEST

static Suite *guest_parse_suite(void)
{
	Suite *suite = suite_create("guest_parse");

	UNIT_ADD(suite, parser_finds_metrics);
	UNIT_ADD(suite, parser_passes_over_the_unknown);
	UNIT_ADD(suite, parser_refuses);
	UNIT_ADD(suite, parser_refuses_every_cut);
	UNIT_ADD(suite, parser_survives_binary);
	UNIT_ADD(suite, parser_has_limits);
	UNIT_ADD(suite, parser_stops_at_depth);
	UNIT_ADD(suite, parser_knows_our_vm);
	UNIT_ADD(suite, parser_keeps_the_order_and_the_attributes);
	UNIT_ADD(suite, parser_takes_so_many_metrics);
	UNIT_ADD(suite, values_of_every_type);
	UNIT_ADD(suite, values_are_held_against_their_types);
	UNIT_ADD(suite, values_follow_no_locale);
	UNIT_ADD(suite, values_for_fields);
	return suite;
}

UNIT_MAIN(guest_parse_suite)
