/*
 * text.c - strict numbers and careful strings. Pure; thread: any.
 */
#include "base/text.h"

#include "base/err.h"

#include <fnmatch.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Digits at the start of [text, end) into *out; *after is the first byte that is none. */
static int digits(const char *text, const char *end, uint64_t *out, const char **after)
{
	uint64_t v = 0;
	const char *p = text;

	for (; p < end && is_digit(*p); p++) {
		const uint64_t digit = (uint64_t)(*p - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return -ERR_RANGE;
		v = v * 10 + digit;
	}
	if (p == text)
		return -ERR_PARSE;
	*out = v;
	*after = p;
	return 0;
}

/* Looks at the form first, so that "99999999999999999999x" is malformed rather than too large. */
static int whole_number(const char *text, uint64_t *out)
{
	const size_t length = strlen(text);
	const char *after;

	if (length == 0 || strspn(text, "0123456789") != length)
		return -ERR_PARSE;
	return digits(text, text + length, out, &after);
}

int text_u64(const char *text, uint64_t *out)
{
	return whole_number(text, out);
}

int text_u32(const char *text, uint32_t *out)
{
	uint64_t v;
	const int rc = whole_number(text, &v);

	if (rc < 0)
		return rc;
	if (v > UINT32_MAX)
		return -ERR_RANGE;
	*out = (uint32_t)v;
	return 0;
}

int text_i64(const char *text, int64_t *out)
{
	const bool negative = text[0] == '-';
	uint64_t v;
	const int rc = whole_number(text + negative, &v);

	if (rc < 0)
		return rc;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERR_RANGE;
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static const char *skip_spaces(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p;
}

int text_take_u64(const char **p, const char *end, uint64_t *out)
{
	return digits(skip_spaces(*p, end), end, out, p);
}

int text_take_hundredths(const char **p, const char *end, uint32_t *out)
{
	const char *q;
	uint64_t v;
	unsigned scale = 100;
	const int rc = digits(skip_spaces(*p, end), end, &v, &q);

	if (rc < 0)
		return rc;
	if (v > UINT32_MAX)
		return -ERR_RANGE;
	v *= 100;
	if (q < end && *q == '.') {
		for (q++; q < end && is_digit(*q); q++) {
			scale /= 10;
			v += (uint64_t)(*q - '0') * scale;
		}
	}
	if (v > UINT32_MAX)
		return -ERR_RANGE;
	*out = (uint32_t)v;
	*p = q;
	return 0;
}

/* How many bytes a character with this first byte has; 0: not a first byte. RFC 3629 section 4. */
static size_t utf8_length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The second byte's range depends on the first: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool utf8_second_valid(uint8_t first, uint8_t second)
{
	const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return second >= low && second <= high;
}

size_t text_utf8_next(const char *text, size_t left)
{
	const uint8_t *c = (const uint8_t *)text;
	const size_t length = left > 0 ? utf8_length(c[0]) : 0;
	size_t i;

	if (length == 0 || length > left || (length > 1 && !utf8_second_valid(c[0], c[1])))
		return 0;
	for (i = 2; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

bool text_utf8_valid(const char *text, size_t length)
{
	size_t i, n;

	for (i = 0; i < length; i += n) {
		n = text_utf8_next(text + i, length - i);
		if (n == 0)
			return false;
	}
	return true;
}

size_t text_utf8_cut(const char *text, size_t length, size_t most)
{
	const size_t end = length < most ? length : most;
	size_t back;

	for (back = 1; back <= 4 && back <= end; back++) {
		const uint8_t c = (uint8_t)text[end - back];

		if ((c & 0xc0) != 0x80)
			return utf8_length(c) > back ? end - back : end;
	}
	return end; /* not UTF-8: any place is as good */
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool uuid_dash_before(size_t octet)
{
	return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

int text_uuid_parse(const char *text, uint8_t out[16])
{
	uint8_t uuid[16];
	size_t i;

	if (strlen(text) != TEXT_UUID_SIZE - 1)
		return -ERR_PARSE;
	for (i = 0; i < 16; i++) {
		int high, low;

		if (uuid_dash_before(i) && *text++ != '-')
			return -ERR_PARSE;
		high = hex_digit(*text++);
		low = hex_digit(*text++);
		if (high < 0 || low < 0)
			return -ERR_PARSE;
		uuid[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(out, uuid, 16);
	return 0;
}

void text_uuid_format(const uint8_t uuid[16], char out[TEXT_UUID_SIZE])
{
	static const char HEX[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < 16; i++) {
		if (uuid_dash_before(i))
			*out++ = '-';
		*out++ = HEX[uuid[i] >> 4];
		*out++ = HEX[uuid[i] & 15];
	}
	*out = '\0';
}

bool text_match(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

void text_trim(char *text)
{
	const char *start = text;
	size_t length;

	while (is_blank(*start))
		start++;
	length = strlen(start);
	while (length > 0 && is_blank(start[length - 1]))
		length--;
	memmove(text, start, length);
	text[length] = '\0';
}

bool text_differs(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") != 0;
}
