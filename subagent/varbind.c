/*
 * varbind.c - a notification's varbinds to bytes and back.
 *
 * Pure; thread: any. The bytes come from the catalogue at the event and from the log after a restart, so the reader
 * trusts nothing.
 */
#include "subagent/varbind.h"

#include "base/err.h"
#include "subagent/rows.h"

#include <string.h>

#define RECORD_VERSION 1

static const uint32_t SNMP_TRAP_OID[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };

static void put_ids(struct buf *out, const uint32_t *ids, size_t n)
{
	buf_u32(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		buf_u32(out, ids[i]);
}

static void put_cell(struct buf *out, const struct cell *cell)
{
	buf_u8(out, (uint8_t)cell->type);
	switch (cell->type) {
	case CELL_OCTETS:
		buf_u32(out, (uint32_t)cell->octets.length);
		buf_append(out, cell->octets.data, cell->octets.length);
		break;
	case CELL_OID:
		put_ids(out, cell->oid.ids, cell->oid.n);
		break;
	case CELL_COUNTER64:
		buf_u64(out, cell->counter64);
		break;
	case CELL_INTEGER:
		buf_u32(out, (uint32_t)cell->integer);
		break;
	default:
		buf_u32(out, cell->number);
		break;
	}
}

void varbind_put(struct buf *out, const uint32_t *oid, size_t n, const struct cell *cell)
{
	put_ids(out, oid, n);
	put_cell(out, cell);
}

void varbind_begin(struct buf *out, const uint32_t *trap_oid, size_t n, uint32_t count)
{
	const struct cell cell = { .type = CELL_OID, .oid = { trap_oid, n } };

	buf_u8(out, RECORD_VERSION);
	buf_u32(out, count);
	varbind_put(out, SNMP_TRAP_OID, sizeof(SNMP_TRAP_OID) / sizeof(SNMP_TRAP_OID[0]), &cell);
}

/* The scalars of the log as they are once this event is its newest. */
static void scalars_with(const struct events *events, const struct event *event, struct events *with)
{
	memset(with, 0, sizeof(*with));
	if (events == NULL)
		return;
	memcpy(with->log_id, events->log_id, sizeof(with->log_id));
	with->capacity = events->capacity;
	with->first = events->first != 0 ? events->first : event->serial;
	with->last = events->last > event->serial ? events->last : event->serial;
	if (with->capacity > 0 && with->last - with->first >= with->capacity)
		with->first = with->last - with->capacity + 1;
}

/* Where an object's row is: the event itself, the log's scalars with it, the domain that the event has of its own, or a
 * row of the snapshot, or of the one that had it last. */
static bool object_get(const struct cell_context *context, const struct event *event, const struct events *with,
		       const char *name, const uint32_t *oid, size_t n, struct cell *cell)
{
	struct cell_context own = *context;
	const struct table *table;
	const struct column *column = table_column(name, &table);

	if (table == &EVENT_TABLE)
		own.row[0] = event;
	else if (table == &EVENT_SCALARS)
		own.row[0] = with;
	else if (table == &DOMAIN_TABLE && event->of == EVENT_OF_DOMAIN && event->row != NULL)
		own.row[0] = event->row;
	else if (event->before != NULL)
		own.snapshot = event->before;
	if (own.row[0] == NULL)
		return table_get(&own, oid + context->root_n, n - context->root_n, cell) == 0;
	return column_get(table, column, &own, cell);
}

static bool put_object(const struct cell_context *context, const struct event *event, const char *name, struct buf *out)
{
	const struct table *table = NULL;
	struct events with;
	struct cell cell;
	uint32_t oid[OID_MAX], index;
	size_t n;

	if (table_column(name, &table) == NULL)
		return false;
	index = table == &EVENT_TABLE ? event->serial : table->n_arcs == 2 ? 0 : event->of_index;
	n = table_instance(context, name, index, oid, OID_MAX);
	scalars_with(context->snapshot->events, event, &with);
	if (n == 0 ||
	    !object_get(context, event, context->snapshot->events != NULL ? &with : NULL, name, oid, n, &cell))
		return false;
	put_ids(out, oid, n);
	put_cell(out, &cell);
	return true;
}

static const struct domain *domain_of(const struct cell_context *context, const struct event *event)
{
	if (event->of != EVENT_OF_DOMAIN)
		return NULL;
	return event->row != NULL ? (const struct domain *)event->row : snapshot_domain(context->snapshot, event->of_index);
}

static const struct block *block_of(const struct domain *domain, const char *target)
{
	for (size_t i = 0; domain != NULL && i < domain->n_blocks; i++) {
		const struct block *block = &domain->block_rows[i];

		if (block->device != NULL && block->device->target != NULL && strcmp(block->device->target, target) == 0)
			return block;
	}
	return NULL;
}

/* The disk that the event is about, where the domain has a row for it. */
static bool put_block_target(const struct cell_context *context, const struct event *event, struct buf *out)
{
	static const char NAME[] = "edgeBlockTarget";
	const struct domain *domain = domain_of(context, event);
	const struct block *block = event->device != NULL ? block_of(domain, event->device) : NULL;
	struct cell_context own = *context;
	struct cell cell;
	uint32_t oid[OID_MAX];
	size_t n;

	if (block == NULL)
		return false;
	own.row[0] = domain;
	own.row[1] = block;
	n = table_instance(context, NAME, domain->index, oid, OID_MAX - 1);
	if (n == 0 || !column_get(&BLOCK_TABLE, table_column(NAME, NULL), &own, &cell))
		return false;
	oid[n++] = block->index;
	put_ids(out, oid, n);
	put_cell(out, &cell);
	return true;
}

static uint32_t put_objects(const struct cell_context *context, const struct event *event, struct buf *out)
{
	static const char *const ALWAYS[] = { "edgeEventTime", "edgeEventSeverity", "edgeEventText" };
	const struct trap_row *row = trap_row_of(event->kind);
	uint32_t count = 0;

	for (size_t i = 0; i < sizeof(ALWAYS) / sizeof(ALWAYS[0]); i++)
		count += put_object(context, event, ALWAYS[i], out);
	for (size_t i = 0; row != NULL && row->objects[i] != NULL; i++)
		count += put_object(context, event, row->objects[i], out);
	count += put_block_target(context, event, out);
	return count;
}

static void put_trap_oid(const struct cell_context *context, const struct event *event, struct buf *out)
{
	uint32_t oid[OID_MAX];
	struct cell cell = { .type = CELL_OID };

	memcpy(oid, context->root, context->root_n * sizeof(oid[0]));
	oid[context->root_n] = ARC_NOTIFICATIONS;
	oid[context->root_n + 1] = event->kind;
	cell.oid.ids = oid;
	cell.oid.n = context->root_n + 2;
	put_ids(out, SNMP_TRAP_OID, sizeof(SNMP_TRAP_OID) / sizeof(SNMP_TRAP_OID[0]));
	put_cell(out, &cell);
}

int varbind_encode(const struct cell_context *context, const struct event *event, struct buf *out)
{
	const size_t start = out->length;
	struct buf objects;
	uint32_t count;

	buf_init(&objects, EVENT_RECORD_MAX);
	put_trap_oid(context, event, &objects);
	count = 1 + put_objects(context, event, &objects);
	if (!objects.over) {
		buf_u8(out, RECORD_VERSION);
		buf_u32(out, count);
		buf_append(out, objects.data, objects.length);
	}
	if (objects.over || out->over) {
		buf_cut(out, start);
		buf_free(&objects);
		return -ERR_LIMIT;
	}
	buf_free(&objects);
	return 0;
}

int varbind_open(struct varbind_reader *reader, const uint8_t *record, size_t length)
{
	uint8_t version;

	memset(reader, 0, sizeof(*reader));
	reader->cursor.data = record;
	reader->cursor.left = length;
	version = cursor_u8(&reader->cursor);
	reader->left = cursor_u32(&reader->cursor);
	if (reader->cursor.bad || version != RECORD_VERSION || reader->left > VARBINDS_MAX) {
		reader->cursor.bad = true;
		return -ERR_PARSE;
	}
	return 0;
}

static bool read_ids(struct cursor *cursor, uint32_t *ids, size_t most, size_t *n)
{
	const uint32_t count = cursor_u32(cursor);

	if (cursor->bad || count == 0 || count > most)
		return false;
	for (uint32_t i = 0; i < count; i++)
		ids[i] = cursor_u32(cursor);
	*n = count;
	return !cursor->bad;
}

static bool read_octets(struct cursor *cursor, struct cell *cell)
{
	cell->octets.length = cursor_u32(cursor);
	cell->octets.data = cursor_bytes(cursor, cell->octets.length);
	return !cursor->bad;
}

static bool read_cell(struct cursor *cursor, struct cell *cell)
{
	const uint8_t type = cursor_u8(cursor);

	if (cursor->bad || type <= CELL_NONE || type > CELL_TICKS)
		return false;
	cell->type = (enum cell_type)type;
	if (cell->type == CELL_OCTETS)
		return read_octets(cursor, cell);
	if (cell->type == CELL_OID) {
		cell->oid.ids = cell->oid_scratch;
		return read_ids(cursor, cell->oid_scratch, OID_SCRATCH, &cell->oid.n);
	}
	if (cell->type == CELL_COUNTER64)
		cell->counter64 = cursor_u64(cursor);
	else if (cell->type == CELL_INTEGER)
		cell->integer = (int32_t)cursor_u32(cursor);
	else
		cell->number = cursor_u32(cursor);
	return !cursor->bad;
}

int varbind_read(struct varbind_reader *reader, struct varbind *out)
{
	if (reader->cursor.bad)
		return -ERR_PARSE;
	if (reader->left == 0)
		return reader->cursor.left == 0 ? -ERR_ABSENT : -ERR_PARSE;
	if (!read_ids(&reader->cursor, out->oid, OID_MAX, &out->oid_n) || !read_cell(&reader->cursor, &out->cell)) {
		reader->cursor.bad = true;
		return -ERR_PARSE;
	}
	reader->left--;
	return 0;
}
