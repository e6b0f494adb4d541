/*
 * cell.c - one field of a row as one value of its column's SYNTAX: the only place where model units become MIB units.
 *
 * Pure; thread: any. Values that do not fit saturate, counters wrap.
 */
#include "base/clock.h"
#include "base/text.h"
#include "subagent/rows.h"

#include <string.h>

#define STRING_MAX 255 /* octets of a SnmpAdminString */
#define MAC_SIZE 6
#define NS_PER_TICK (NS_PER_S / 100)

static uint64_t divide(uint64_t value, const struct column *column)
{
	return column->divisor > 1 ? value / column->divisor : value;
}

/* The field as a number that may be negative; an unsigned one above INT64_MAX saturates. */
static int64_t field_signed(const struct column *column, const void *field)
{
	const uint64_t *large = field;

	switch (column->field) {
	case F_U8:
		return *(const uint8_t *)field;
	case F_BOOL:
		return *(const bool *)field;
	case F_U32:
		return *(const uint32_t *)field;
	case F_I32:
		return *(const int32_t *)field;
	case F_U64:
		return *large > INT64_MAX ? INT64_MAX : (int64_t)*large;
	case F_I64:
		return *(const int64_t *)field;
	default:
		return 0;
	}
}

/* The field as a number that may not be negative, in the column's unit. */
static uint64_t field_unsigned(const struct column *column, const void *field)
{
	int64_t value;

	if (column->field == F_U64)
		return divide(*(const uint64_t *)field, column);
	value = field_signed(column, field);
	return value > 0 ? divide((uint64_t)value, column) : 0;
}

bool cell_integer(int32_t value, struct cell *cell)
{
	cell->type = CELL_INTEGER;
	cell->integer = value;
	return true;
}

bool cell_no_object(const struct cell_context *context, struct cell *cell)
{
	(void)context;
	cell->type = CELL_OID;
	cell->oid_scratch[0] = cell->oid_scratch[1] = 0;
	cell->oid.ids = cell->oid_scratch;
	cell->oid.n = 2;
	return true;
}

static bool set_integer(const struct column *column, const void *field, struct cell *cell)
{
	int64_t value = field_signed(column, field);

	if (column->divisor > 1)
		value /= (int64_t)column->divisor;
	cell->type = CELL_INTEGER;
	cell->integer = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
	return true;
}

/* No enumeration of ours has a 0: it is a state nobody has set. */
static bool set_enum(const struct column *column, const void *field, struct cell *cell)
{
	set_integer(column, field, cell);
	return cell->integer > 0;
}

static bool set_truth(const struct column *column, const void *field, struct cell *cell)
{
	cell->type = CELL_INTEGER;
	cell->integer = field_signed(column, field) != 0 ? 1 : 2;
	return true;
}

static bool set_unsigned(const struct column *column, const void *field, struct cell *cell)
{
	const uint64_t value = field_unsigned(column, field);

	cell->type = CELL_UNSIGNED;
	cell->number = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	return true;
}

static bool set_counter32(const struct column *column, const void *field, struct cell *cell)
{
	cell->type = CELL_COUNTER32;
	cell->number = (uint32_t)field_unsigned(column, field);
	return true;
}

static bool set_counter64(const struct column *column, const void *field, struct cell *cell)
{
	cell->type = CELL_COUNTER64;
	cell->counter64 = field_unsigned(column, field);
	return true;
}

bool cell_octets(const void *data, size_t length, struct cell *cell)
{
	if (data == NULL)
		return false;
	cell->type = CELL_OCTETS;
	cell->octets.data = data;
	cell->octets.length = length;
	return true;
}

bool cell_text(const char *text, struct cell *cell)
{
	return text != NULL && cell_octets(text, text_utf8_cut(text, strlen(text), STRING_MAX), cell);
}

static bool set_string(const struct column *column, const void *field, struct cell *cell)
{
	const char *text = column->field == F_CHARS ? field : *(const char *const *)field;

	if (text == NULL && column->field == F_TEXT_OR_EMPTY)
		text = "";
	return cell_text(text, cell);
}

static bool set_time(const struct column *column, const void *field, struct cell *cell)
{
	clock_date_and_time(field_signed(column, field), cell->octet_scratch);
	return cell_octets(cell->octet_scratch, CLOCK_DATE_AND_TIME_SIZE, cell);
}

static bool set_uuid(const struct column *column, const void *field, struct cell *cell)
{
	const uint8_t *uuid = column->field == F_UUIDP ? *(const uint8_t *const *)field : field;

	return cell_octets(uuid, 16, cell);
}

static bool set_mac(const struct column *column, const void *field, struct cell *cell)
{
	(void)column;
	return cell_octets(field, MAC_SIZE, cell);
}

/* BITS begin at the highest bit of an octet. */
static bool set_bits(const struct column *column, const void *field, struct cell *cell)
{
	const uint8_t value = *(const uint8_t *)field;

	(void)column;
	cell->octet_scratch[0] = 0;
	for (unsigned bit = 0; bit < 8; bit++)
		if ((value >> bit & 1) != 0)
			cell->octet_scratch[0] |= (uint8_t)(0x80 >> bit);
	return cell_octets(cell->octet_scratch, 1, cell);
}

/* TimeStamp: sysUpTime at that moment, 0 for what was before the master's start; both wrap after 497 days. */
static bool set_stamp(const struct cell_context *context, const struct column *column, const void *field,
		      struct cell *cell)
{
	const int64_t since = field_signed(column, field) - context->uptime_zero_mono_ns;

	cell->type = CELL_TICKS;
	cell->number = since > 0 ? (uint32_t)(since / NS_PER_TICK) : 0;
	return true;
}

static bool set_kind(const struct cell_context *context, const struct column *column, const void *field,
		     struct cell *cell)
{
	const size_t n = context->root_n + 2;

	if (n > OID_SCRATCH)
		return false;
	memcpy(cell->oid_scratch, context->root, context->root_n * sizeof(uint32_t));
	cell->oid_scratch[n - 2] = ARC_NOTIFICATIONS;
	cell->oid_scratch[n - 1] = (uint32_t)field_unsigned(column, field);
	cell->type = CELL_OID;
	cell->oid.ids = cell->oid_scratch;
	cell->oid.n = n;
	return true;
}

/* clang-format off */
static bool (*const SETTERS[])(const struct column *column, const void *field, struct cell *cell) = {
	[SYN_ENUM] = set_enum,
	[SYN_TRUTH] = set_truth,
	[SYN_INTEGER32] = set_integer,
	[SYN_UNSIGNED32] = set_unsigned,
	[SYN_GAUGE32] = set_unsigned,
	[SYN_COUNTER32] = set_counter32,
	[SYN_COUNTER64] = set_counter64,
	[SYN_GAUGE64] = set_counter64,
	[SYN_STRING] = set_string,
	[SYN_TIME] = set_time,
	[SYN_UUID] = set_uuid,
	[SYN_MAC] = set_mac,
	[SYN_BITS] = set_bits,
	[SYN_IF_INDEX] = set_integer,
	[SYN_DOMAIN] = set_unsigned,
};
/* clang-format on */

bool column_get(const struct table *table, const struct column *column, const struct cell_context *context,
		struct cell *cell)
{
	const char *row = context->row[table->n_levels - 1];
	uint64_t have = 0;

	if (table->have_offset != SIZE_MAX)
		memcpy(&have, row + table->have_offset, sizeof(have));
	if ((have & column->have) != column->have)
		return false;
	if (column->field == F_FN)
		return column->get(context, cell);
	if (column->syntax == SYN_STAMP)
		return set_stamp(context, column, row + column->offset, cell);
	if (column->syntax == SYN_KIND)
		return set_kind(context, column, row + column->offset, cell);
	return SETTERS[column->syntax](column, row + column->offset, cell);
}

static bool set_age(int64_t age, struct cell *cell)
{
	cell->type = CELL_UNSIGNED;
	cell->number = age < 0 ? 0 : age > UINT32_MAX ? UINT32_MAX : (uint32_t)age;
	return true;
}

bool cell_age_ms(const struct cell_context *context, int64_t then_mono_ns, struct cell *cell)
{
	return set_age((context->now_mono_ns - then_mono_ns) / NS_PER_MS, cell);
}

bool cell_age_s(int64_t now_ns, int64_t then_ns, struct cell *cell)
{
	return set_age((now_ns - then_ns) / NS_PER_S, cell);
}

void cell_context_init(struct cell_context *context, const struct snapshot *snapshot, int64_t now_mono_ns,
		       int64_t uptime_zero_mono_ns)
{
	memset(context, 0, sizeof(*context));
	context->snapshot = snapshot;
	context->now_mono_ns = now_mono_ns;
	context->uptime_zero_mono_ns = uptime_zero_mono_ns;
	context->root = EDGE_ROOT;
	context->root_n = EDGE_ROOT_N;
}
