/*
 * fuzz_guest_doc.c - any bytes as the document that a guest reads: refused whole, or metrics within their limits, the
 * same at a second reading, and values of their types.
 */
#include "fuzz.h"

#include "base/err.h"
#include "guestlib/guest_parse.h"
#include "guestlib/guest_value.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define OWN "6be3fdb8-bef5-6fec-b1b7-e61bbceab708"

static void check_value(const struct guest_row *row)
{
	metric *value = NULL;
	uint64_t number;
	uint32_t small;
	double real;
	int rc;

	FUZZ_CHECK(row->type <= M_STRING && strlen(guest_type_name(row->type)) >= 5);
	rc = guest_value_parse(row->type, row->text, &value);
	FUZZ_CHECK((rc == 0) == (value != NULL));
	if (rc < 0)
		return;
	if (row->type == M_STRING)
		FUZZ_CHECK(strcmp(value->value.str, row->text) == 0);
	else
		FUZZ_CHECK(guest_value_double(value, &real) == 0 && real - real == 0.0);
	if (guest_value_u32(value, &small) == 0)
		FUZZ_CHECK(guest_value_u64(value, &number) == 0 && number == small);
	free(value);
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_row(const struct guest_row *row, const struct guest_row *again)
{
	FUZZ_CHECK(strlen(row->name) <= GUEST_NAME_MAX && strlen(row->text) <= GUEST_VALUE_MAX);
	FUZZ_CHECK(row->context == again->context && row->known_type == again->known_type && row->over == again->over);
	FUZZ_CHECK(same(row->name, again->name) && same(row->text, again->text) && same(row->unit, again->unit));
	FUZZ_CHECK(row->uuid != NULL && same(row->uuid, again->uuid) && same(row->id, again->id));
	if (row->known_type)
		check_value(row);
}

/* What is found is the first of its name, and ours. */
static void check_find(const struct guest_list *list, metric_context context, const char *own, const char *name)
{
	const struct guest_row *row = NULL;
	const char *uuid = NULL;
	const int vm = guest_list_vm(list, own, &uuid), rc = guest_list_find(list, context, own, name, &row);

	FUZZ_CHECK(vm == 0 || vm == -ERR_ABSENT);
	FUZZ_CHECK(rc == 0 || rc == -ERR_PARSE || rc == -ERR_LIMIT || (rc == vm && context == METRIC_CONTEXT_VM));
	if (rc < 0 || row == NULL)
		return;
	FUZZ_CHECK(row->context == context && strcmp(row->name, name) == 0 && row->known_type && !row->over);
	FUZZ_CHECK(context == METRIC_CONTEXT_HOST || strcasecmp(row->uuid, own != NULL ? own : uuid) == 0);
	for (const struct guest_row *before = list->rows; before < row; before++)
		FUZZ_CHECK(before->context != context || strcmp(before->name, name) != 0 ||
			   (context == METRIC_CONTEXT_VM && strcasecmp(before->uuid, row->uuid) != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const NAMES[] = { "HostName", "TotalCPUTime", "NumCPUs", "" };
	struct guest_list *list = NULL, *again = NULL;
	const int rc = guest_parse((const char *)data, size, &list);

	FUZZ_CHECK(rc == 0 || rc == -ERR_PARSE || rc == -ERR_LIMIT);
	FUZZ_CHECK(guest_parse((const char *)data, size, &again) == rc);
	if (rc < 0)
		return 0;
	FUZZ_CHECK(list->n == again->n && list->n <= GUEST_METRICS_MAX);
	for (size_t i = 0; i < list->n; i++)
		check_row(&list->rows[i], &again->rows[i]);
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		check_find(list, METRIC_CONTEXT_HOST, NULL, NAMES[i]);
		check_find(list, METRIC_CONTEXT_VM, NULL, NAMES[i]);
		check_find(list, METRIC_CONTEXT_VM, OWN, NAMES[i]);
	}
	guest_list_free(list);
	guest_list_free(again);
	return 0;
}
