/*
 * config_value.c - a configuration value between its text, its field and its bounds. Pure.
 */
#include "base/address.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "config_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define QUOTE_MOST 60 /* bytes of a wrong value shown in a message */
#define SIZE_UNITS 4

static const char *const YES_NO[] = {"no", "yes", NULL};
static const char *const UNITS[SIZE_UNITS] = {"", "k", "M", "G"};

/* Every spelling of a size unit, in letters of either case, and the power of 1024 it stands for. vhostmd looked at the
 * first letter only, so its files may have any of them. */
static const struct {
	const char *word;
	unsigned power;
} UNIT_WORDS[] = {{"", 0},   {"b", 0}, {"bytes", 0}, {"k", 1}, {"kb", 1}, {"kib", 1},
		  {"m", 2}, {"mb", 2}, {"mib", 2},   {"g", 3}, {"gb", 3}, {"gib", 3}};

static int wrong(char why[CONFIG_WHY_SIZE], int code, const char *text, const char *what)
{
	const size_t shown = text_utf8_cut(text, strlen(text), QUOTE_MOST);

	snprintf(why, CONFIG_WHY_SIZE, "\"%.*s%s\" %s", (int)shown, text, text[shown] == '\0' ? "" : "...", what);
	return code;
}

static bool is_text(const struct config_key *key)
{
	return key->type == CONFIG_TEXT || key->type == CONFIG_LINES || key->type == CONFIG_PATH ||
	       key->type == CONFIG_ADDRESS;
}

static int64_t load_number(const struct config_key *key, const void *base)
{
	const char *at = (const char *)base + key->offset;
	uint64_t wide;
	uint32_t narrow;

	if (key->size == sizeof(uint8_t))
		return *(const uint8_t *)at;
	if (key->size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return key->min < 0 ? (int64_t)(int32_t)narrow : (int64_t)narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return (int64_t)wide;
}

static void store_number(const struct config_key *key, void *base, int64_t value)
{
	char *at = (char *)base + key->offset;
	const uint64_t wide = (uint64_t)value;
	const uint32_t narrow = (uint32_t)wide;

	if (key->size == sizeof(uint8_t))
		*(uint8_t *)at = (uint8_t)wide;
	else if (key->size == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else if (key->size == sizeof(wide))
		memcpy(at, &wide, sizeof(wide));
}

static int check_number(const struct config_key *key, int64_t value, const char *text, char why[CONFIG_WHY_SIZE])
{
	char bounds[80];

	if ((value >= key->min && value <= key->max) || (value == 0 && (key->flags & CONFIG_ZERO) != 0))
		return 0;
	snprintf(bounds, sizeof(bounds), "is not in %" PRId64 "..%" PRId64, key->min, key->max);
	return wrong(why, -ERR_RANGE, text, bounds);
}

static bool is_address(const char *text)
{
	struct sockaddr_storage address;
	socklen_t length;

	return address_parse(text, &address, &length) == 0;
}

static int check_text(const struct config_key *key, const char *text, char why[CONFIG_WHY_SIZE])
{
	const size_t length = strlen(text);
	const char *p;
	char most[64];

	if ((int64_t)length < key->min)
		return wrong(why, -ERR_RANGE, text, "is empty");
	if ((int64_t)length > key->max) {
		snprintf(most, sizeof(most), "is longer than %" PRId64 " bytes", key->max);
		return wrong(why, -ERR_RANGE, text, most);
	}
	if (length > 0 && key->type == CONFIG_PATH && text[0] != '/')
		return wrong(why, -ERR_PARSE, text, "is not an absolute path");
	if (length > 0 && key->type == CONFIG_ADDRESS && !is_address(text))
		return wrong(why, -ERR_PARSE, text, "is not a numeric address with a port, as 127.0.0.1:323 or [::1]:323");
	for (p = text; *p != '\0'; p++) {
		const bool layout = key->type == CONFIG_LINES && (*p == '\n' || *p == '\t');

		if (((unsigned char)*p < ' ' || *p == '\x7f') && !layout)
			return wrong(why, -ERR_PARSE, text, "holds a control character");
	}
	return 0;
}

/* 0 and the place of text in words; of transports vhostmd did not mind the case. */
static int find_word(const struct config_key *key, const char *text, unsigned *place, char why[CONFIG_WHY_SIZE])
{
	const char *const *words = key->type == CONFIG_BOOL ? YES_NO : key->words;
	int (*const compare)(const char *, const char *) = key->type == CONFIG_SET ? strcasecmp : strcmp;
	char list[160];
	size_t used;
	unsigned i;

	for (i = 0; words[i] != NULL; i++)
		if (compare(words[i], text) == 0) {
			*place = i;
			return 0;
		}
	used = (size_t)snprintf(list, sizeof(list), "is not one of %s", words[0]);
	for (i = 1; words[i] != NULL && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, " %s", words[i]);
	return wrong(why, -ERR_PARSE, text, list);
}

static int parse_number(const struct config_key *key, const char *text, int64_t *out, char why[CONFIG_WHY_SIZE])
{
	int64_t value;
	int rc = text_i64(text, &value);

	if (rc == -ERR_RANGE)
		value = text[0] == '-' ? INT64_MIN : INT64_MAX;
	else if (rc != 0)
		return wrong(why, rc, text, "is not a whole number");
	rc = check_number(key, value, text, why);
	if (rc == 0)
		*out = value;
	return rc;
}

/* "64M", "64 M" or "67108864". */
static int parse_bytes(const struct config_key *key, const char *text, int64_t *out, char why[CONFIG_WHY_SIZE])
{
	const bool negative = text[0] == '-';
	const char *end = text + negative + strspn(text + negative, "0123456789");
	const char *unit = end + strspn(end, " ");
	char *digits = mem_string_n(text, (size_t)(end - text));
	int64_t value;
	size_t i;
	int rc = text_i64(digits, &value);

	free(digits);
	for (i = 0; i < sizeof(UNIT_WORDS) / sizeof(UNIT_WORDS[0]); i++)
		if (strcasecmp(UNIT_WORDS[i].word, unit) == 0)
			break;
	if ((rc != 0 && rc != -ERR_RANGE) || i == sizeof(UNIT_WORDS) / sizeof(UNIT_WORDS[0]))
		return wrong(why, -ERR_PARSE, text, "is not a size (a number with b, k, M or G)");
	if (rc != 0 || value > (INT64_MAX >> (10 * UNIT_WORDS[i].power)))
		value = INT64_MAX;
	else
		value *= INT64_C(1) << (10 * UNIT_WORDS[i].power);
	rc = check_number(key, value, text, why);
	if (rc == 0)
		*out = value;
	return rc;
}

static int parse_word(const struct config_key *key, const char *text, int64_t *out, char why[CONFIG_WHY_SIZE])
{
	unsigned place = 0;
	int rc = find_word(key, text, &place, why);

	if (rc == 0)
		*out = key->min + (int64_t)place;
	return rc;
}

int config_value_parse(const struct config_key *key, const char *text, void *base, char why[CONFIG_WHY_SIZE])
{
	int64_t value = 0;
	int rc;

	if (key->type == CONFIG_LABEL)
		return 0;
	if (is_text(key)) {
		rc = check_text(key, text, why);
		if (rc == 0)
			mem_replace((char **)((char *)base + key->offset), text);
		return rc;
	}
	if (key->type == CONFIG_NUMBER || key->type == CONFIG_NOTHING)
		rc = parse_number(key, text, &value, why);
	else if (key->type == CONFIG_BYTES)
		rc = parse_bytes(key, text, &value, why);
	else
		rc = parse_word(key, text, &value, why);
	if (rc != 0)
		return rc;
	if (key->type == CONFIG_SET)
		((bool *)((char *)base + key->offset))[value] = true;
	else
		store_number(key, base, value);
	return 0;
}

const char *config_value_format(const struct config_key *key, const void *base, char number[CONFIG_NUMBER_SIZE],
				const char **unit)
{
	unsigned power = 0;
	int64_t value;

	*unit = UNITS[0];
	if (is_text(key))
		return *(char *const *)((const char *)base + key->offset);
	if (key->type == CONFIG_NOTHING || key->type == CONFIG_LABEL)
		return NULL;
	value = load_number(key, base);
	if (key->type == CONFIG_WORD)
		return key->words[value - key->min];
	if (key->type == CONFIG_BOOL)
		return YES_NO[value];
	while (key->type == CONFIG_BYTES && value != 0 && value % 1024 == 0 && power + 1 < SIZE_UNITS) {
		value /= 1024;
		power++;
	}
	*unit = UNITS[power];
	snprintf(number, CONFIG_NUMBER_SIZE, "%" PRId64, value);
	return number;
}

int config_value_check(const struct config_key *key, const void *base, char why[CONFIG_WHY_SIZE])
{
	char number[CONFIG_NUMBER_SIZE];
	const char *text;
	int64_t value;

	if (is_text(key)) {
		text = *(char *const *)((const char *)base + key->offset);
		return text == NULL ? 0 : check_text(key, text, why);
	}
	if (key->type != CONFIG_NUMBER && key->type != CONFIG_BYTES)
		return 0;
	value = load_number(key, base);
	snprintf(number, sizeof(number), "%" PRId64, value);
	return check_number(key, value, number, why);
}
