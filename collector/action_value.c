/* action_value.c - see action_value.h. Pure; thread: any. */
#include "action_value.h"

#include "action_xml.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 40 /* bytes of a value in a sentence */
#define NAME_MAX_BYTES 1024 /* as in the configuration */

/* Of enum metric_type. */
struct type {
	const char *name;
	bool is_real;
	int64_t least;
	uint64_t most;
	double most_real;
};

/* clang-format off */
static const struct type TYPES[] = {
	[METRIC_INT32]  = { "int32",  false, INT32_MIN, INT32_MAX,  0 },
	[METRIC_UINT32] = { "uint32", false, 0,         UINT32_MAX, 0 },
	[METRIC_INT64]  = { "int64",  false, INT64_MIN, INT64_MAX,  0 },
	[METRIC_UINT64] = { "uint64", false, 0,         UINT64_MAX, 0 },
	[METRIC_REAL32] = { "real32", true,  0,         0,          (double)FLT_MAX },
	[METRIC_REAL64] = { "real64", true,  0,         0,          DBL_MAX },
	[METRIC_STRING] = { "string", false, 0,         0,          0 },
};
/* clang-format on */
#define N_TYPES (sizeof(TYPES) / sizeof(TYPES[0]))

/* --- one value ---------------------------------------------------------------------------------------------------- */

static int complain(char why[ACTION_VALUE_WHY_SIZE], int code, const char *text, const struct type *type)
{
	char shown[SHOWN_MAX + 1];
	const size_t length = strlen(text), n = text_utf8_cut(text, length, SHOWN_MAX);

	for (size_t i = 0; i < n; i++)
		shown[i] = (unsigned char)text[i] < ' ' || text[i] == '\x7f' ? '?' : text[i];
	shown[n] = '\0';
	snprintf(why, ACTION_VALUE_WHY_SIZE, "\"%s\"%s is no %s", shown, n < length ? "..." : "", type->name);
	return code;
}

static void set_milli(struct metric_row *row, double value)
{
	const double milli = value * 1000;

	row->milli = milli >= (double)INT32_MAX   ? INT32_MAX
		     : milli <= (double)INT32_MIN ? INT32_MIN
						  : (int32_t)(milli < 0 ? milli - 0.5 : milli + 0.5);
	row->have |= METRIC_HAVE_MILLI;
}

static int set_unsigned(struct metric_row *row, const struct type *type, const char *digits)
{
	uint64_t value;
	const int rc = text_u64(digits, &value);

	if (rc != 0 || value > type->most)
		return rc != 0 ? rc : -ERR_RANGE;
	row->integer = value;
	row->have |= METRIC_HAVE_INTEGER;
	set_milli(row, (double)value);
	return 0;
}

static int set_negative(struct metric_row *row, const struct type *type, const char *text)
{
	int64_t value;
	const int rc = text_i64(text, &value);

	if (rc != 0 || value < type->least)
		return rc != 0 ? rc : -ERR_RANGE;
	if (value == 0) {
		row->integer = 0;
		row->have |= METRIC_HAVE_INTEGER;
	}
	set_milli(row, (double)value);
	return 0;
}

static int set_integer(struct metric_row *row, const struct type *type, const char *text)
{
	if (text[0] == '-')
		return set_negative(row, type, text);
	return set_unsigned(row, type, text[0] == '+' ? text + 1 : text);
}

static size_t skip_digits(const char **p)
{
	const size_t n = strspn(*p, "0123456789");

	*p += n;
	return n;
}

static void skip_sign(const char **p)
{
	*p += **p == '+' || **p == '-';
}

/* strtod knows more than this: hexadecimal, infinity, blanks. */
static bool is_decimal(const char *p)
{
	size_t n;

	skip_sign(&p);
	n = skip_digits(&p);
	if (*p == '.') {
		p++;
		n += skip_digits(&p);
	}
	if (n > 0 && (*p == 'e' || *p == 'E')) {
		p++;
		skip_sign(&p);
		n = skip_digits(&p);
	}
	return n > 0 && *p == '\0';
}

static int set_real(struct metric_row *row, const struct type *type, const char *text)
{
	double value;

	if (!is_decimal(text))
		return -ERR_PARSE;
	value = strtod(text, NULL);
	if (value > type->most_real || value < -type->most_real)
		return -ERR_RANGE;
	set_milli(row, value);
	return 0;
}

/* text: taken over, trimmed here. */
static int set_value(struct metric_row *row, const struct type *type, char *text, char why[ACTION_VALUE_WHY_SIZE])
{
	int rc = 0;

	text_trim(text);
	row->type = type->name;
	row->value = text;
	if (type->is_real)
		rc = set_real(row, type, text);
	else if (type != &TYPES[METRIC_STRING])
		rc = set_integer(row, type, text);
	return rc == 0 ? 0 : complain(why, rc, text, type);
}

static void set_names(struct metric_row *row, const char *name, const char *unit, const uint8_t *uuid)
{
	row->name = mem_string(name);
	row->unit = mem_string(unit);
	if (uuid != NULL)
		memcpy(row->uuid, uuid, sizeof(row->uuid));
}

/* --- a group ------------------------------------------------------------------------------------------------------ */

static int set_group(const struct config_metric *metric, const char *output, struct metrics *metrics,
		     char why[ACTION_VALUE_WHY_SIZE])
{
	const char *p = output;

	for (size_t i = 0; i < metric->n_variables; i++) {
		const size_t length = strcspn(p, ",");
		const bool is_last = i + 1 == metric->n_variables;
		int rc;

		if (is_last != (p[length] == '\0')) {
			snprintf(why, ACTION_VALUE_WHY_SIZE, "%s values than the %zu variables",
				 is_last ? "more" : "fewer", metric->n_variables);
			return -ERR_PARSE;
		}
		rc = set_value(&metrics->rows[i], &TYPES[metric->variables[i].type], mem_string_n(p, length), why);
		if (rc != 0)
			return rc;
		p += length + 1;
	}
	return 0;
}

/* --- elements ----------------------------------------------------------------------------------------------------- */

struct elements {
	bool of_domain; /* the metric is */
	const uint8_t *uuid;
	size_t n;
	struct metric_row *rows;
	int code;
	char *why;
};

static bool refuse(struct elements *elements, int code, const char *text)
{
	elements->code = code;
	snprintf(elements->why, ACTION_VALUE_WHY_SIZE, "%s", text);
	return false;
}

/* Whom the element tells of. */
static bool find_owner(struct elements *elements, const struct action_xml_metric *element, struct metric_row *row)
{
	const bool of_domain = strcmp(element->context, "vm") == 0;

	if (elements->of_domain && !of_domain)
		return refuse(elements, -ERR_PARSE, "a <metric> of the host in a metric of a domain");
	if (elements->of_domain)
		memcpy(row->uuid, elements->uuid, sizeof(row->uuid));
	if (!of_domain || (element->uuid == NULL && elements->of_domain))
		return true;
	if (element->uuid == NULL || text_uuid_parse(element->uuid, row->uuid) != 0)
		return refuse(elements, -ERR_PARSE, "a <metric> of a domain without its uuid");
	return !elements->of_domain || memcmp(row->uuid, elements->uuid, sizeof(row->uuid)) == 0 ||
	       refuse(elements, -ERR_PARSE, "a <metric> of another domain");
}

static const struct type *find_type(const char *name)
{
	size_t i = 0;

	while (i < N_TYPES && strcmp(TYPES[i].name, name) != 0)
		i++;
	return &TYPES[i < N_TYPES ? i : METRIC_STRING];
}

static bool add_element(void *arg, const struct action_xml_metric *element)
{
	struct elements *elements = arg;
	struct metric_row *row;

	elements->rows = mem_grow(elements->rows, elements->n + 1, sizeof(*elements->rows));
	row = &elements->rows[elements->n++];
	*row = (struct metric_row){ .index = 0 };
	set_names(row, element->name, element->unit, NULL);
	text_trim(row->name);
	if (row->name[0] == '\0' || strlen(row->name) > NAME_MAX_BYTES)
		return refuse(elements, -ERR_PARSE, "a <metric> with no name, or one that is too long");
	if (!find_owner(elements, element, row))
		return false;
	elements->code = set_value(row, find_type(element->type), mem_string(element->value), elements->why);
	return elements->code == 0;
}

/* The rows go over to a part, or are given back by it. */
static struct metrics *collect(struct elements *elements)
{
	struct metrics *metrics = metrics_new(elements->n);

	if (elements->n > 0)
		memcpy(metrics->rows, elements->rows, elements->n * sizeof(*elements->rows));
	free(elements->rows);
	return metrics;
}

static int parse_elements(const struct config_metric *metric, const uint8_t *uuid, const char *output, size_t length,
			  struct metrics **out, char why[ACTION_VALUE_WHY_SIZE])
{
	char wrong[ACTION_VALUE_WHY_SIZE];
	struct elements elements = { .of_domain = metric->context == METRIC_VM, .uuid = uuid, .why = why };
	struct metrics *metrics;
	const int rc = action_xml_parse(output, length, add_element, &elements, wrong, sizeof(wrong));

	metrics = collect(&elements);
	if (rc == 0 && elements.code == 0) {
		*out = metrics;
		return 0;
	}
	part_unref(metrics);
	if (rc != 0)
		snprintf(why, ACTION_VALUE_WHY_SIZE, "%s", wrong);
	return rc != 0 ? rc : elements.code;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

struct metrics *action_value_names(const struct config_metric *metric, const uint8_t *uuid)
{
	struct metrics *metrics = metrics_new(metric->type == METRIC_XML     ? 0
					      : metric->type == METRIC_GROUP ? metric->n_variables
									     : 1);

	for (size_t i = 0; i < metrics->n; i++) {
		const struct config_variable *variable = &metric->variables[i];

		if (metric->type == METRIC_GROUP)
			set_names(&metrics->rows[i], variable->name, variable->unit, uuid);
		else
			set_names(&metrics->rows[i], metric->name, metric->unit, uuid);
		metrics->rows[i].type = TYPES[metric->type == METRIC_GROUP ? variable->type : metric->type].name;
	}
	return metrics;
}

static int parse_values(const struct config_metric *metric, const uint8_t *uuid, const char *output,
			struct metrics **out, char why[ACTION_VALUE_WHY_SIZE])
{
	struct metrics *metrics = action_value_names(metric, uuid);
	const int rc = metric->type == METRIC_GROUP
			       ? set_group(metric, output, metrics, why)
			       : set_value(&metrics->rows[0], &TYPES[metric->type], mem_string(output), why);

	if (rc == 0)
		*out = metrics;
	else
		part_unref(metrics);
	return rc;
}

int action_value_parse(const struct config_metric *metric, const uint8_t *uuid, const char *output, size_t length,
		       struct metrics **out, char why[ACTION_VALUE_WHY_SIZE])
{
	if (memchr(output, '\0', length) != NULL || !text_utf8_valid(output, length)) {
		snprintf(why, ACTION_VALUE_WHY_SIZE, "bytes that are no text (UTF-8)");
		return -ERR_PARSE;
	}
	if (metric->type == METRIC_XML)
		return parse_elements(metric, uuid, output, length, out, why);
	return parse_values(metric, uuid, output, out, why);
}
