/*
 * guest_value.c - texts to values of their type. Pure; thread: any.
 */
#include "guestlib/guest_value.h"

#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int parse_i32(const char *text, metric *out)
{
	int64_t value;
	const int rc = text_i64(text, &value);

	if (rc < 0)
		return rc;
	if (value < INT32_MIN || value > INT32_MAX)
		return -ERR_RANGE;
	out->value.i32 = (int32_t)value;
	return 0;
}

static int parse_u32(const char *text, metric *out)
{
	return text_u32(text, &out->value.ui32);
}

static int parse_i64(const char *text, metric *out)
{
	return text_i64(text, &out->value.i64);
}

static int parse_u64(const char *text, metric *out)
{
	return text_u64(text, &out->value.ui64);
}

/* strtod() of the C locale: a program that speaks German must not read 1.5 as 1. */
static int parse_double(const char *text, double *out)
{
	const int saved = errno;
	locale_t c_locale;
	char *end;

	if (text[0] == '\0' || strspn(text, "0123456789+-.eE") != strlen(text))
		return -ERR_PARSE; /* no "inf", no "nan", nothing hexadecimal */
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (c_locale == (locale_t)0)
		return -ERR_IO;
	*out = strtod_l(text, &end, c_locale);
	freelocale(c_locale);
	errno = saved;
	if (*end != '\0')
		return -ERR_PARSE;
	return isfinite(*out) ? 0 : -ERR_RANGE;
}

static int parse_r32(const char *text, metric *out)
{
	double value;
	const int rc = parse_double(text, &value);

	if (rc < 0)
		return rc;
	if (fabs(value) > (double)FLT_MAX)
		return -ERR_RANGE;
	out->value.r32 = (float)value;
	return 0;
}

static int parse_r64(const char *text, metric *out)
{
	return parse_double(text, &out->value.r64);
}

/* The text is behind the structure. */
static int parse_string(const char *text, metric *out)
{
	out->value.str = (char *)(out + 1);
	memcpy(out->value.str, text, strlen(text) + 1);
	return 0;
}

static int (*const PARSERS[])(const char *text, metric *out) = {
	[M_INT32] = parse_i32,	 [M_UINT32] = parse_u32, [M_INT64] = parse_i64,	  [M_UINT64] = parse_u64,
	[M_REAL32] = parse_r32, [M_REAL64] = parse_r64, [M_STRING] = parse_string,
};

int guest_value_parse(metric_type type, const char *text, metric **out)
{
	metric *value = calloc(1, sizeof(*value) + (type == M_STRING ? strlen(text) + 1 : 0));
	int rc;

	if (value == NULL)
		return -ERR_IO;
	value->type = type;
	rc = PARSERS[type](text, value);
	if (rc < 0) {
		free(value);
		return rc;
	}
	*out = value;
	return 0;
}

static int u64_of_signed(int64_t value, uint64_t *out)
{
	if (value < 0)
		return -ERR_RANGE;
	*out = (uint64_t)value;
	return 0;
}

static int u64_of_real(double value, uint64_t *out)
{
	if (value < 0 || value >= 0x1p64)
		return -ERR_RANGE;
	*out = (uint64_t)value;
	return 0;
}

int guest_value_u64(const metric *from, uint64_t *out)
{
	switch (from->type) {
	case M_INT32:
		return u64_of_signed(from->value.i32, out);
	case M_INT64:
		return u64_of_signed(from->value.i64, out);
	case M_REAL32:
		return u64_of_real((double)from->value.r32, out);
	case M_REAL64:
		return u64_of_real(from->value.r64, out);
	case M_UINT32:
		*out = from->value.ui32;
		return 0;
	case M_UINT64:
		*out = from->value.ui64;
		return 0;
	default:
		return -ERR_PARSE;
	}
}

int guest_value_u32(const metric *from, uint32_t *out)
{
	uint64_t value;
	const int rc = guest_value_u64(from, &value);

	if (rc < 0)
		return rc;
	if (value > UINT32_MAX)
		return -ERR_RANGE;
	*out = (uint32_t)value;
	return 0;
}

int guest_value_double(const metric *from, double *out)
{
	switch (from->type) {
	case M_INT32:
		*out = from->value.i32;
		return 0;
	case M_UINT32:
		*out = from->value.ui32;
		return 0;
	case M_INT64:
		*out = (double)from->value.i64;
		return 0;
	case M_UINT64:
		*out = (double)from->value.ui64;
		return 0;
	case M_REAL32:
		*out = (double)from->value.r32;
		return 0;
	case M_REAL64:
		*out = from->value.r64;
		return 0;
	default:
		return -ERR_PARSE;
	}
}
