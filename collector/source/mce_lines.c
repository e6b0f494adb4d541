/* mce_lines.c - machine checks in the kernel's log, live or as pstore kept it. Pure; thread: any. */
#include "base/err.h"
#include "base/text.h"
#include "source/mce_text.h"

#include <ctype.h>
#include <string.h>

#define TAG "[Hardware Error]: "
#define PANIC "Fatal machine check"

/* The text behind the tag; NULL where the line has none. */
static const char *after_tag(const char *line, size_t length)
{
	const char *tag = memmem(line, length, TAG, sizeof(TAG) - 1);

	return tag == NULL ? NULL : tag + sizeof(TAG) - 1;
}

/* The number that stands behind a word, in that base. */
static bool number_after(const char *text, const char *end, const char *word, int base, uint64_t *out)
{
	const size_t n = strlen(word);
	const char *p = text;

	while ((p = memmem(p, (size_t)(end - p), word, n)) != NULL) {
		const bool whole = p == text || p[-1] == ' ';
		uint64_t value = 0;
		size_t digits = 0;

		for (p += n; whole && p < end && isxdigit((unsigned char)*p) && digits < 19; p++, digits++) {
			const int digit = isdigit((unsigned char)*p) ? *p - '0' : (*p | 0x20) - 'a' + 10;

			if (digit >= base || (base == 16 && digits == 16))
				break;
			value = value * (uint64_t)base + (uint64_t)digit;
		}
		if (digits > 0) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool take_u32(const char *text, const char *end, const char *word, uint32_t *out)
{
	uint64_t value;

	if (!number_after(text, end, word, 10, &value) || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

/* "CPU 0: Machine Check Exception: 5 Bank 9: bd000000000000c0" */
static bool begin(const char *text, const char *end, struct mce_fields *out)
{
	static const char WORD[] = ": Machine Check", EXCEPTION[] = ": Machine Check Exception: ";
	struct mce_fields fields = { .have = MCE_HAVE_CPU | MCE_HAVE_BANK | MCE_HAVE_STATUS };
	const size_t length = (size_t)(end - text);
	const char *bank = memmem(text, length, " Bank ", 6), *colon;

	if (length < 4 || memcmp(text, "CPU ", 4) != 0 || bank == NULL ||
	    memmem(text, length, WORD, sizeof(WORD) - 1) == NULL || !take_u32(text, end, "CPU ", &fields.cpu) ||
	    !take_u32(bank + 1, end, "Bank ", &fields.bank))
		return false;
	colon = memchr(bank, ':', (size_t)(end - bank));
	if (colon == NULL || !number_after(colon, end, ": ", 16, &fields.status))
		return false;
	fields.exception = memmem(text, length, EXCEPTION, sizeof(EXCEPTION) - 1) != NULL;
	*out = fields;
	return true;
}

/* "TSC 0 ADDR 12345000 MISC 8c " */
static void take_registers(const char *text, const char *end, struct mce_fields *fields)
{
	if (number_after(text, end, "ADDR ", 16, &fields->address))
		fields->have |= MCE_HAVE_ADDRESS;
	if (number_after(text, end, "MISC ", 16, &fields->misc))
		fields->have |= MCE_HAVE_MISC;
}

/* "PROCESSOR 0:50654 TIME 1795156106 SOCKET 0 APIC 0 microcode 1" */
static void finish(const char *text, const char *end, struct mce_fields *fields)
{
	uint64_t seconds;

	if (take_u32(text, end, "PROCESSOR ", &fields->vendor))
		fields->have |= MCE_HAVE_VENDOR;
	if (number_after(text, end, "TIME ", 10, &seconds) && seconds > 0 && seconds <= UINT32_MAX) {
		fields->time_s = (int64_t)seconds;
		fields->have |= MCE_HAVE_TIME;
	}
}

bool mce_lines_end(struct mce_lines *lines, struct mce_fields *out)
{
	const bool open = lines->open;

	if (open)
		*out = lines->fields;
	lines->open = false;
	return open;
}

bool mce_lines_add(struct mce_lines *lines, const char *line, size_t length, struct mce_fields *out)
{
	const char *const text = after_tag(line, length), *const end = line + length;
	struct mce_fields fields;
	bool whole;

	if (text == NULL)
		return false;
	if (begin(text, end, &fields)) {
		whole = mce_lines_end(lines, out);
		lines->open = true;
		lines->fields = fields;
		return whole;
	}
	if (!lines->open)
		return false;
	if ((size_t)(end - text) < 10 || memcmp(text, "PROCESSOR ", 10) != 0) {
		take_registers(text, end, &lines->fields);
		return false;
	}
	finish(text, end, &lines->fields);
	return mce_lines_end(lines, out);
}

int kmsg_parse(const char *record, size_t length, uint64_t *sequence, const char **text, size_t *text_length)
{
	const char *const newline = memchr(record, '\n', length), *const end =
									  newline != NULL ? newline : record + length;
	const char *semicolon = memchr(record, ';', (size_t)(end - record));
	const char *comma = memchr(record, ',', (size_t)(end - record));

	if (semicolon == NULL || comma == NULL || comma > semicolon)
		return -ERR_PARSE;
	comma++;
	if (text_take_u64(&comma, semicolon, sequence) != 0)
		return -ERR_PARSE;
	*text = semicolon + 1;
	*text_length = (size_t)(end - *text);
	return 0;
}

/* A later one goes before an earlier one: the kernel says last what it stops for. */
static void keep_uncorrected(const struct mce_fields *fields, struct mce_fields *out, bool *found)
{
	if ((fields->status & MCE_STATUS_UNCORRECTED) == 0)
		return;
	*out = *fields;
	*found = true;
}

bool mce_find_fatal(const char *text, size_t length, struct mce_fields *out, bool *fatal)
{
	const char *const end = text + length;
	struct mce_lines lines = { .open = false };
	struct mce_fields fields;
	bool found = false;

	for (const char *line = text; line < end;) {
		const char *const newline = memchr(line, '\n', (size_t)(end - line));
		const char *const stop = newline != NULL ? newline : end;

		if (mce_lines_add(&lines, line, (size_t)(stop - line), &fields))
			keep_uncorrected(&fields, out, &found);
		line = stop + 1;
	}
	if (mce_lines_end(&lines, &fields))
		keep_uncorrected(&fields, out, &found);
	*fatal = memmem(text, length, PANIC, sizeof(PANIC) - 1) != NULL;
	return found;
}
