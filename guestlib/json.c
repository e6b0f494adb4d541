/*
 * json.c - metrics to JSON (RFC 8259). Pure; thread: any.
 */
#include "guestlib/json.h"

#include "guestlib/guest_value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void json_string(struct buf *out, const char *text)
{
	buf_text(out, "\"");
	for (const char *p = text; *p != '\0'; p++) {
		const unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_append(out, p, 1);
	}
	buf_text(out, "\"");
}

static const char *skip_digits(const char *p)
{
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

/* Behind a fraction or an exponent of at least one digit; p where there is none, NULL where it is not well formed. */
static const char *skip_part(const char *p, const char *first, const char *signs)
{
	const char *digits = p + 1;

	if (*p == '\0' || strchr(first, *p) == NULL)
		return p;
	if (*digits != '\0' && strchr(signs, *digits) != NULL)
		digits++;
	p = skip_digits(digits);
	return p > digits ? p : NULL;
}

/* Of JSON's form: no plus, no zeros before others, digits on both sides of a point. */
static bool is_number(const char *text)
{
	const char *p = text + (*text == '-'), *digits = p;

	p = skip_digits(p);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return false;
	p = skip_part(p, ".", "");
	if (p != NULL)
		p = skip_part(p, "eE", "+-");
	return p != NULL && *p == '\0';
}

/* A number whose text has another form. */
static void put_value(struct buf *out, const metric *value)
{
	switch (value->type) {
	case M_INT32:
		buf_printf(out, "%" PRId32, value->value.i32);
		break;
	case M_UINT32:
		buf_printf(out, "%" PRIu32, value->value.ui32);
		break;
	case M_INT64:
		buf_printf(out, "%" PRId64, value->value.i64);
		break;
	case M_UINT64:
		buf_printf(out, "%" PRIu64, value->value.ui64);
		break;
	case M_REAL32:
		buf_printf(out, "%.9g", (double)value->value.r32);
		break;
	default:
		buf_printf(out, "%.17g", value->value.r64);
	}
}

static void put_typed(struct buf *out, const struct guest_row *row)
{
	metric *value = NULL;

	if (row->type == M_STRING || guest_value_parse(row->type, row->text, &value) < 0)
		json_string(out, row->text);
	else if (is_number(row->text))
		buf_text(out, row->text);
	else
		put_value(out, value);
	free(value);
}

static void put_member(struct buf *out, const char *name, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_printf(out, "\"%s\": ", name);
	json_string(out, text);
	buf_text(out, ", ");
}

static void put_metric(struct buf *out, const struct guest_row *row)
{
	const bool vm = row->context == METRIC_CONTEXT_VM;

	buf_text(out, "{\"name\": ");
	json_string(out, row->name);
	buf_printf(out, ", \"context\": \"%s\", ", vm ? "vm" : "host");
	if (vm && row->id != NULL && is_number(row->id))
		buf_printf(out, "\"id\": %s, ", row->id);
	else if (vm)
		put_member(out, "id", row->id);
	if (vm)
		put_member(out, "uuid", row->uuid);
	buf_printf(out, "\"type\": \"%s\", ", guest_type_name(row->type));
	put_member(out, "unit", row->unit);
	buf_text(out, "\"value\": ");
	put_typed(out, row);
	buf_text(out, "}");
}

/* As for programs, metrics of types that this version does not know are passed over. */
void json_metrics(struct buf *out, const struct guest_list *list, bool one_line)
{
	const char *separator = one_line ? "" : "\n  ";

	buf_text(out, "{\"metrics\": [");
	for (size_t i = 0; i < list->n; i++) {
		if (!list->rows[i].known_type || list->rows[i].over)
			continue;
		buf_text(out, separator);
		put_metric(out, &list->rows[i]);
		separator = one_line ? ", " : ",\n  ";
	}
	buf_text(out, one_line ? "]}\n" : "\n]}\n");
}
