/* trace_text.c - the kernel's text of trace buffers: lines, statistics, the clock. Pure; thread: any. */
#include "base/err.h"
#include "base/text.h"
#include "source/mce_text.h"

#include <ctype.h>
#include <string.h>

#define TASK_WIDTH 16 /* a task's name takes at least that much, and the name itself less */
#define STAMP_DECIMALS 6
#define STAMP_MAX_S (UINT64_MAX / 1000000 - 1)

/* "[000] ": the processor, and *p behind it. */
static bool take_cpu(const char **p, const char *end, uint32_t *cpu)
{
	const char *at = *p;
	uint64_t number;

	if (at == end || *at++ != '[' || at == end || !isdigit((unsigned char)*at) ||
	    text_take_u64(&at, end, &number) != 0 || number > UINT16_MAX)
		return false;
	if (end - at < 2 || at[0] != ']' || at[1] != ' ')
		return false;
	*cpu = (uint32_t)number;
	*p = at + 2;
	return true;
}

/* Blanks and the word of flags ("d..2."), which an option leaves out: a number with a point in it is the stamp. */
static void skip_flags(const char **p, const char *end)
{
	const char *at = *p;

	while (at < end && *at == ' ')
		at++;
	*p = at;
	while (at < end && isdigit((unsigned char)*at))
		at++;
	if (at < end && *at == '.' && at > *p && end - at > STAMP_DECIMALS && isdigit((unsigned char)at[1]))
		return;
	while (at < end && *at != ' ')
		at++;
	*p = at;
}

/* "    47.136342: " */
static bool take_stamp(const char **p, const char *end, uint64_t *stamp_us)
{
	const char *at = *p;
	uint64_t seconds, micro;

	if (text_take_u64(&at, end, &seconds) != 0 || seconds > STAMP_MAX_S || at == end || *at++ != '.')
		return false;
	*p = at;
	if (at == end || !isdigit((unsigned char)*at) || text_take_u64(&at, end, &micro) != 0 ||
	    at - *p != STAMP_DECIMALS || end - at < 2 || at[0] != ':' || at[1] != ' ')
		return false;
	*stamp_us = seconds * 1000000 + micro;
	*p = at + 2;
	return true;
}

/* "mce_record: " and the rest. */
static bool take_name(const char *p, const char *end, struct trace_line *out)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));

	if (colon == NULL || colon == p || end - colon < 2 || colon[1] != ' ')
		return false;
	out->name = p;
	out->name_length = (size_t)(colon - p);
	out->body = colon + 2;
	out->body_length = (size_t)(end - out->body);
	return true;
}

int trace_line_parse(const char *line, size_t length, struct trace_line *out)
{
	const char *const end = line + length;
	struct trace_line found;

	if (length == 0 || line[0] == '#')
		return -ERR_ABSENT;
	for (const char *at = length > TASK_WIDTH ? line + TASK_WIDTH : end; at < end; at++) {
		const char *p = at;

		if (!take_cpu(&p, end, &found.cpu))
			continue;
		skip_flags(&p, end);
		if (!take_stamp(&p, end, &found.stamp_us) || !take_name(p, end, &found))
			continue;
		*out = found;
		return 0;
	}
	return -ERR_PARSE;
}

bool trace_line_is(const struct trace_line *line, const char *name)
{
	return line->name_length == strlen(name) && memcmp(line->name, name, line->name_length) == 0;
}

/* "NAME: NUMBER" at the beginning of a line. */
static int find_number(const char *text, size_t length, const char *name, uint64_t *out)
{
	const char *const end = text + length;
	const size_t n = strlen(name);

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline != NULL ? newline : end, *p = line + n + 1;

		if ((size_t)(stop - line) > n && memcmp(line, name, n) == 0 && line[n] == ':')
			return text_take_u64(&p, stop, out);
		line = stop + 1;
	}
	return -ERR_PARSE;
}

int trace_stats_parse(const char *text, size_t length, struct trace_stats *out)
{
	struct trace_stats stats;

	if (find_number(text, length, "entries", &stats.entries) != 0 ||
	    find_number(text, length, "overrun", &stats.overrun) != 0 ||
	    find_number(text, length, "read events", &stats.read) != 0)
		return -ERR_PARSE;
	*out = stats;
	return 0;
}

bool trace_clock_is(const char *text, size_t length, const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i + n + 2 <= length; i++)
		if (text[i] == '[' && memcmp(text + i + 1, name, n) == 0 && text[i + 1 + n] == ']')
			return true;
	return false;
}
