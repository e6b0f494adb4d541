/*
 * fuzz_mce.c - any bytes as what the kernel writes of machine checks (a trace buffer, statistics, its log, pstore), and
 * as what the event log keeps of them.
 */
#include "fuzz.h"

#include "source/mce_text.h"

#include <stdbool.h>
#include <string.h>

static void check_record(const struct machine_check *record)
{
	FUZZ_CHECK(strnlen(record->text, sizeof(record->text)) < sizeof(record->text));
	FUZZ_CHECK(record->text[0] != '\0' && record->subject[0] != '\0' && record->count == 1);
}

static void check_fields(const struct mce_fields *fields)
{
	struct machine_check record = { .path = MACHINE_CHECK_TRACE };

	mce_describe(fields, &record);
	check_record(&record);
	FUZZ_CHECK(record.uncorrected == ((fields->status & MCE_STATUS_UNCORRECTED) != 0));
}

static void check_body(const char *body, size_t length)
{
	struct machine_check record = { .path = MACHINE_CHECK_TRACE };
	struct mce_fields fields;

	if (mce_parse_record(body, length, &fields) == 0)
		check_fields(&fields);
	if (mce_describe_pcie(body, length, &record) == 0)
		check_record(&record);
	mce_parse_edac_count(body, length);
}

static void check_line(struct mce_lines *lines, const char *text, size_t length)
{
	struct trace_line line;
	struct mce_fields fields;
	const char *message;
	size_t message_length;
	uint64_t sequence;

	if (trace_line_parse(text, length, &line) == 0) {
		FUZZ_CHECK(line.name > text && line.body + line.body_length == text + length);
		check_body(line.body, line.body_length);
	}
	check_body(text, length);
	if (mce_lines_add(lines, text, length, &fields))
		check_fields(&fields);
	if (kmsg_parse(text, length, &sequence, &message, &message_length) == 0)
		FUZZ_CHECK(message + message_length <= text + length);
}

static void check_lines(const char *text, size_t size)
{
	struct mce_lines lines = { .open = false };
	struct mce_fields fields;

	for (size_t at = 0, n; at < size; at += n + 1) {
		const char *newline = memchr(text + at, '\n', size - at);

		n = newline != NULL ? (size_t)(newline - text) - at : size - at;
		check_line(&lines, text + at, n);
	}
	if (mce_lines_end(&lines, &fields))
		check_fields(&fields);
}

static void check_stored(const uint8_t *data, size_t size)
{
	struct cursor c = { data, size, false };
	struct machine_checks *checks;
	struct buf again;

	if (machine_checks_decode(&c, &checks) != 0)
		return;
	buf_init(&again, size + 1);
	machine_checks_encode(checks, &again);
	FUZZ_CHECK(!again.over);
	buf_free(&again);
	machine_checks_free(checks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const text = (const char *)data;
	struct trace_stats stats;
	struct mce_fields fields;
	bool fatal;

	check_lines(text, size);
	check_stored(data, size);
	trace_stats_parse(text, size, &stats);
	trace_clock_is(text, size, "boot");
	if (mce_find_fatal(text, size, &fields, &fatal)) {
		FUZZ_CHECK((fields.status & MCE_STATUS_UNCORRECTED) != 0);
		check_fields(&fields);
	}
	return 0;
}
