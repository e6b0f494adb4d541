/* ntpd_control.c - the control messages of ntpd. Pure; thread: any. */
#include "source/ntpd_control.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_AND_MODE 0x16u /* version 2, mode 6: every ntpd answers it */
#define MODE_MASK 0x07u
#define MODE 6u
#define RESPONSE 0x80u
#define ERROR_BIT 0x40u
#define MORE 0x20u
#define OPERATION_MASK 0x1fu
#define WORD_SIZE 4u
#define NO_ASSOCIATION 4 /* error code in the upper half of the status */

#define VALUE_MAX 96u
#define DIGITS "0123456789"
#define DECIMALS 9u
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

static void put_u16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

size_t ntpd_request_encode(const struct ntpd_request *request, uint8_t out[NTPD_REQUEST_MAX])
{
	const char *variables = request->variables != NULL ? request->variables : "";
	const size_t length = strnlen(variables, NTPD_REQUEST_MAX - NTPD_HEADER_SIZE);

	memset(out, 0, NTPD_REQUEST_MAX);
	out[0] = VERSION_AND_MODE;
	out[1] = (uint8_t)request->operation;
	put_u16(out + 2, request->sequence);
	put_u16(out + 6, request->association);
	put_u16(out + 10, (uint16_t)length);
	memcpy(out + NTPD_HEADER_SIZE, variables, length);
	return NTPD_HEADER_SIZE + (length + WORD_SIZE - 1) / WORD_SIZE * WORD_SIZE;
}

/* --- pieces ------------------------------------------------------------------------------------------------------ */

void ntpd_answer_init(struct ntpd_answer *answer)
{
	answer->length = answer->reach = answer->n = answer->end = 0;
	answer->ended = false;
}

static bool is_of(const struct ntpd_request *request, const uint8_t *data, size_t length)
{
	return length >= NTPD_HEADER_SIZE && (data[0] & MODE_MASK) == MODE && (data[1] & RESPONSE) != 0 &&
	       (data[1] & OPERATION_MASK) == request->operation && get_u16(data + 2) == request->sequence;
}

/* Pieces come in any order and may come twice, but never over each other. */
static int place(struct ntpd_answer *answer, uint16_t offset, uint16_t length)
{
	for (size_t i = 0; i < answer->n; i++) {
		const struct ntpd_piece *piece = &answer->pieces[i];

		if (piece->offset == offset && piece->length == length)
			return -ERR_STATE;
		if (offset < piece->offset + piece->length && piece->offset < offset + length)
			return -ERR_PARSE;
	}
	if (answer->n == NTPD_PIECES_MAX || offset + length > (int)NTPD_ANSWER_MAX)
		return -ERR_LIMIT;
	answer->pieces[answer->n++] = (struct ntpd_piece){ offset, length };
	return 0;
}

static int add_piece(struct ntpd_answer *answer, const uint8_t *data, size_t length)
{
	const uint16_t offset = get_u16(data + 8), count = get_u16(data + 10);
	const bool last = (data[1] & MORE) == 0;
	int rc;

	if (length < NTPD_HEADER_SIZE + (size_t)count)
		return -ERR_PARSE;
	rc = place(answer, offset, count);
	if (rc != 0)
		return rc;
	memcpy(answer->data + offset, data + NTPD_HEADER_SIZE, count);
	answer->length += count;
	if (answer->reach < (size_t)offset + count)
		answer->reach = (size_t)offset + count;
	if (last && !answer->ended) {
		answer->ended = true;
		answer->end = (size_t)offset + count;
	}
	if (answer->ended && answer->reach > answer->end)
		return -ERR_PARSE;
	return answer->ended && answer->length == answer->end ? 0 : -ERR_STATE;
}

int ntpd_answer_add(struct ntpd_answer *answer, const struct ntpd_request *request, const uint8_t *data, size_t length)
{
	if (!is_of(request, data, length))
		return -ERR_STATE;
	/* The status of a refusal is its reason, its other fields mean nothing. */
	if ((data[1] & ERROR_BIT) != 0)
		return data[4] == NO_ASSOCIATION ? -ERR_ABSENT : -ERR_UNSUPPORTED;
	if (get_u16(data + 6) != request->association)
		return -ERR_STATE;
	answer->status = get_u16(data + 4);
	return add_piece(answer, data, length);
}

bool ntpd_answer_association(const struct ntpd_answer *answer, size_t i, struct ntpd_association *out)
{
	if (i >= answer->length / 4)
		return false;
	*out = (struct ntpd_association){ get_u16(answer->data + 4 * i), get_u16(answer->data + 4 * i + 2) };
	return true;
}

/* --- variables --------------------------------------------------------------------------------------------------- */

/* A stretch of the answer. */
struct span {
	const char *at, *end;
};

/* The value that begins at `at`, without its quotes; *next behind it. */
static struct span take_value(const char *at, const char *end, const char **next)
{
	struct span value = { at, end };

	if (at < end && *at == '"') {
		value.at = at + 1;
		value.end = memchr(value.at, '"', (size_t)(end - value.at));
		value.end = value.end != NULL ? value.end : end;
		*next = value.end;
		return value;
	}
	while (at < end && *at != ',')
		at++;
	*next = at;
	while (at > value.at && isspace((unsigned char)at[-1]))
		at--;
	value.end = at;
	return value;
}

static bool is_named(const char *at, const char *end, const char *name)
{
	const size_t length = strlen(name);

	return (size_t)(end - at) > length && memcmp(at, name, length) == 0 && at[length] == '=';
}

static bool is_name_character(char c)
{
	return c != '\0' && strchr(NAME_CHARACTERS, c) != NULL;
}

/* The first variable of that name. */
static bool find(const struct ntpd_answer *answer, const char *name, struct span *out)
{
	const char *at = (const char *)answer->data, *end = at + answer->length;

	while (at < end) {
		const char *word = at;

		while (at < end && is_name_character(*at))
			at++;
		if (is_named(word, end, name)) {
			*out = take_value(at + 1, end, &at);
			return true;
		}
		if (at < end && *at == '=')
			take_value(at + 1, end, &at);
		else if (at == word)
			at++;
	}
	return false;
}

bool ntpd_answer_text(const struct ntpd_answer *answer, const char *name, char *out, size_t size)
{
	struct span value;
	size_t n;

	if (!find(answer, name, &value))
		return false;
	n = (size_t)(value.end - value.at);
	n = n < size ? n : size - 1;
	memcpy(out, value.at, n);
	out[n] = '\0';
	return true;
}

/* The first `width` of n digits as a number; where there are fewer, zeros follow. */
static uint64_t digits(const char *p, size_t n, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value * 10 + (i < n ? (uint64_t)(p[i] - '0') : 0);
	return value;
}

bool ntpd_answer_number(const struct ntpd_answer *answer, const char *name, int64_t *billionths)
{
	char text[VALUE_MAX];
	const char *p = text;
	uint64_t value;
	size_t n;

	if (!ntpd_answer_text(answer, name, text, sizeof(text)))
		return false;
	p += *p == '-' || *p == '+';
	n = strspn(p, DIGITS);
	if (n == 0 || n > DECIMALS)
		return false;
	value = digits(p, n, n);
	p += n;
	p += *p == '.';
	n = strspn(p, DIGITS);
	if (p[n] != '\0')
		return false;
	for (size_t i = 0; i < DECIMALS; i++)
		value *= 10;
	value += digits(p, n, DECIMALS);
	*billionths = text[0] == '-' ? -(int64_t)value : (int64_t)value;
	return true;
}

bool ntpd_answer_bits(const struct ntpd_answer *answer, const char *name, uint32_t *out)
{
	char text[VALUE_MAX], *end;
	unsigned long long value;

	if (!ntpd_answer_text(answer, name, text, sizeof(text)) || !isdigit((unsigned char)text[0]))
		return false;
	value = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
	if (*end != '\0' || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

bool ntpd_answer_count(const struct ntpd_answer *answer, const char *name, uint32_t *out)
{
	char text[VALUE_MAX], *end;
	unsigned long long value;

	if (!ntpd_answer_text(answer, name, text, sizeof(text)) || !isdigit((unsigned char)text[0]))
		return false;
	value = strtoull(text, &end, 10);
	*out = (uint32_t)value;
	return *end == '\0';
}

bool ntpd_answer_time(const struct ntpd_answer *answer, const char *name, uint64_t *out)
{
	char text[VALUE_MAX], *end;
	const char *p = text;
	uint64_t value = 0;

	if (!ntpd_answer_text(answer, name, text, sizeof(text)))
		return false;
	p += strncmp(p, "0x", 2) == 0 ? 2 : 0;
	for (int i = 0; i < 2; i++) {
		if (strspn(p, "0123456789abcdefABCDEF") != 8)
			return false;
		value = value << 32 | strtoul(p, &end, 16);
		if (*end != (i == 0 ? '.' : '\0'))
			return false;
		p = end + 1;
	}
	if (value == 0)
		return false;
	*out = value;
	return true;
}
