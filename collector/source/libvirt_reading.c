/*
 * libvirt_reading.c - the parameters of a record, parted: of each its type, the length of its name and the name with
 * its NUL in the form; the number, or the text with its NUL, in the reading.
 *
 * Pure; thread: the owner's. Data: what the monitors' lanes read.
 */
#include "source/libvirt_reading.h"

#include "base/buf.h"
#include "base/mem.h"
#include "source/libvirt_stats.h"

#include <stdlib.h>
#include <string.h>

struct libvirt_form {
	struct part part;
	size_t length;
	uint8_t names[];
};

static void form_destroy(struct part *part)
{
	free(part);
}

/* The form before, where the names are the same, or a new one. */
static void form_set(const struct libvirt_form **form, const struct buf *names)
{
	struct libvirt_form *next;

	if (*form != NULL && (*form)->length == names->length &&
	    (names->length == 0 || memcmp((*form)->names, names->data, names->length) == 0))
		return;
	next = mem_alloc(sizeof(*next) + names->length);
	part_init(&next->part, form_destroy);
	next->length = names->length;
	if (names->length > 0)
		memcpy(next->names, names->data, names->length);
	part_unref(*form);
	*form = next;
}

static void put_param(const virTypedParameter *param, struct buf *names, struct buf *values)
{
	const size_t length = strnlen(param->field, VIR_TYPED_PARAM_FIELD_LENGTH - 1);

	buf_u8(names, (uint8_t)param->type);
	buf_u8(names, (uint8_t)length);
	buf_append(names, param->field, length);
	buf_u8(names, 0);
	if (param->type == VIR_TYPED_PARAM_STRING)
		buf_append(values, param->value.s, strlen(param->value.s) + 1);
	else
		buf_append(values, &param->value, sizeof(param->value));
}

static bool is_of_use(const virTypedParameter *param)
{
	const bool text = param->type == VIR_TYPED_PARAM_STRING;

	return libvirt_stats_knows(param->field) && (!text || param->value.s != NULL);
}

/* What does not fit any more is left out with all behind it. */
static void put_params(const virDomainStatsRecordPtr record, struct buf *names, struct buf *values)
{
	for (int i = 0; i < record->nparams && !names->over && !values->over; i++) {
		const size_t before = names->length;

		if (is_of_use(&record->params[i]))
			put_param(&record->params[i], names, values);
		if (names->over || values->over)
			buf_cut(names, before);
	}
}

/* While another call holds a QEMU domain's job lock, NOWAIT leaves out what only its monitor tells; the resident size
 * is always among it. */
static bool is_whole(const virDomainStatsRecordPtr record, int32_t id)
{
	for (int i = 0; i < record->nparams; i++)
		if (strcmp(record->params[i].field, "balloon.rss") == 0)
			return true;
	return id < 0;
}

static struct libvirt_reading *reading_make(const struct libvirt_form *form, const struct buf *values,
					    struct row_pool *pool)
{
	struct row_block *block;
	struct libvirt_reading *reading = row_pool_take(pool, sizeof(*reading) + values->length, &block);

	reading->block = block;
	reading->form = part_ref(form);
	if (values->length > 0)
		memcpy(reading->values, values->data, values->length);
	return reading;
}

struct libvirt_reading *libvirt_reading_new(const virDomainStatsRecordPtr record, int64_t mono_ns,
					    const struct libvirt_form **form, struct row_pool *pool)
{
	struct libvirt_reading *reading;
	struct buf names, values;
	uint8_t uuid[16];

	if (virDomainGetUUID(record->dom, uuid) != 0)
		return NULL;
	buf_init(&names, LIBVIRT_READING_MAX);
	buf_init(&values, LIBVIRT_READING_MAX);
	put_params(record, &names, &values);
	form_set(form, &names);
	reading = reading_make(*form, &values, pool);
	memcpy(reading->uuid, uuid, sizeof(reading->uuid));
	reading->id = (int32_t)virDomainGetID(record->dom);
	reading->whole = is_whole(record, reading->id);
	reading->mono_ns = mono_ns;
	buf_free(&names);
	buf_free(&values);
	return reading;
}

void libvirt_reading_free(struct libvirt_reading *reading)
{
	if (reading == NULL)
		return;
	part_unref(reading->form);
	row_block_unref(reading->block);
}

static const uint8_t *take_name(const uint8_t *names, virTypedParameter *param)
{
	const size_t length = names[1];

	param->type = names[0];
	memcpy(param->field, names + 2, length + 1);
	return names + 2 + length + 1;
}

static const uint8_t *take_value(const uint8_t *values, virTypedParameter *param)
{
	if (param->type != VIR_TYPED_PARAM_STRING) {
		memcpy(&param->value, values, sizeof(param->value));
		return values + sizeof(param->value);
	}
	param->value.s = (char *)(uintptr_t)values; /* read only */
	return values + strlen(param->value.s) + 1;
}

void libvirt_reading_parse(const struct libvirt_reading *reading, struct libvirt_rows *rows, struct domain *row)
{
	const uint8_t *names = reading->form->names, *end = names + reading->form->length, *values = reading->values;

	while (names < end) {
		virTypedParameter param;

		names = take_name(names, &param);
		values = take_value(values, &param);
		libvirt_stats_parse(&param, 1, rows, row);
	}
}
