/*
 * fuzz_guest_doc.c - any bytes as the document that a guest reads: refused whole, or texts within their limits, the
 * same at a second reading, and values of their types.
 */
#include "fuzz.h"

#include "base/err.h"
#include "guestlib/guest_parse.h"
#include "guestlib/guest_value.h"

#include <stdbool.h>
#include <string.h>

#define OWN "6be3fdb8-bef5-6fec-b1b7-e61bbceab708"
#define N_WANTED 4

static int parse(const uint8_t *data, size_t size, metric_context context, const char *own, struct guest_wanted *wanted)
{
	static const char *const NAMES[N_WANTED] = { "HostName", "TotalCPUTime", "NumCPUs", "" };

	for (size_t i = 0; i < N_WANTED; i++)
		wanted[i] = (struct guest_wanted){ .name = NAMES[i] };
	return guest_parse((const char *)data, size, context, own, wanted, N_WANTED);
}

static void check_value(const struct guest_wanted *wanted)
{
	metric *value = NULL;
	uint64_t number;
	uint32_t small;
	double real;
	int rc;

	FUZZ_CHECK(wanted->type <= M_STRING && strlen(wanted->text) <= GUEST_VALUE_MAX);
	rc = guest_value_parse(wanted->type, wanted->text, &value);
	FUZZ_CHECK((rc == 0) == (value != NULL));
	if (rc < 0)
		return;
	if (wanted->type == M_STRING)
		FUZZ_CHECK(strcmp(value->value.str, wanted->text) == 0);
	else
		FUZZ_CHECK(guest_value_double(value, &real) == 0 && real - real == 0.0);
	if (guest_value_u32(value, &small) == 0)
		FUZZ_CHECK(guest_value_u64(value, &number) == 0 && number == small);
	free(value);
}

static void check_context(const uint8_t *data, size_t size, metric_context context, const char *own)
{
	struct guest_wanted wanted[N_WANTED], again[N_WANTED];
	const int rc = parse(data, size, context, own, wanted);

	FUZZ_CHECK(parse(data, size, context, own, again) == rc);
	FUZZ_CHECK(rc == 0 || rc == -ERR_PARSE || rc == -ERR_LIMIT ||
		   (rc == -ERR_ABSENT && context == METRIC_CONTEXT_VM));
	for (size_t i = 0; i < N_WANTED; i++) {
		FUZZ_CHECK(wanted[i].found == again[i].found && (rc == 0 || !wanted[i].found));
		if (wanted[i].found) {
			FUZZ_CHECK(strcmp(wanted[i].text, again[i].text) == 0);
			check_value(&wanted[i]);
		}
	}
	guest_wanted_clear(wanted, N_WANTED);
	guest_wanted_clear(again, N_WANTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_context(data, size, METRIC_CONTEXT_HOST, NULL);
	check_context(data, size, METRIC_CONTEXT_VM, NULL);
	check_context(data, size, METRIC_CONTEXT_VM, OWN);
	return 0;
}
