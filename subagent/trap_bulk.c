/*
 * trap_bulk.c - machines that change together, as bitmaps.
 *
 * Pure; the lists belong to their lane.
 */
#include "subagent/trap_bulk.h"

#include "subagent/trap_view.h"

#include <string.h>

#define OCTET_BITS 8
#define FIRST_BIT 0x80u
#define AFFECTED_MACHINES 11 /* vmAffectedVMs */

bool vm_bulk_has_room(uint32_t index)
{
	return index >= 1 && index <= VM_BULK_INDEX_MAX;
}

/* Machine 1 is the most significant bit of the first octet. */
static uint8_t bit_of(uint32_t index)
{
	return (uint8_t)(FIRST_BIT >> (index - 1) % OCTET_BITS);
}

static bool has(const struct vm_bulk_list *list, uint32_t index)
{
	return (list->bits[(index - 1) / OCTET_BITS] & bit_of(index)) != 0;
}

static void set(struct vm_bulk_list *list, uint32_t index)
{
	const size_t octet = (index - 1) / OCTET_BITS;

	list->bits[octet] |= bit_of(index);
	if (list->length < octet + 1)
		list->length = octet + 1;
}

/* bulk->n where there is none. */
static size_t find(const struct vm_bulk *bulk, uint32_t notification)
{
	size_t i = 0;

	while (i < bulk->n && bulk->lists[i].notification != notification)
		i++;
	return i;
}

static void begin(struct vm_bulk_list *list, uint32_t notification, uint32_t serial, int64_t now_mono_ns)
{
	memset(list, 0, sizeof(*list));
	list->notification = notification;
	list->serial = serial;
	list->begin_mono_ns = now_mono_ns;
}

bool vm_bulk_add(struct vm_bulk *bulk, uint32_t notification, uint32_t index, uint32_t serial, int64_t now_mono_ns)
{
	const size_t at = find(bulk, notification);

	/* In this list or in a later one: then this change would be told before the one that came before it. */
	for (size_t i = at; i < bulk->n; i++)
		if (has(&bulk->lists[i], index))
			return false;
	if (at == bulk->n)
		begin(&bulk->lists[bulk->n++], notification, serial, now_mono_ns);
	set(&bulk->lists[at], index);
	return true;
}

const struct vm_bulk_list *vm_bulk_due(const struct vm_bulk *bulk, int64_t now_mono_ns)
{
	const struct vm_bulk_list *oldest = &bulk->lists[0];

	return bulk->n > 0 && now_mono_ns - oldest->begin_mono_ns >= VM_BULK_WINDOW_NS ? oldest : NULL;
}

void vm_bulk_record(const struct vm_bulk_list *list, struct buf *out)
{
	static const uint32_t OBJECT[] = { 1, AFFECTED_MACHINES, 0 };
	const size_t n = sizeof(OBJECT) / sizeof(OBJECT[0]);
	struct cell cell = { .type = CELL_OCTETS, .octets = { list->bits, list->length } };

	trap_view_begin(out, &VM_VIEW, VM_BULK_KINDS + list->notification, 2);
	trap_view_put(out, &VM_VIEW, OBJECT, n, &cell);
}

void vm_bulk_drop(struct vm_bulk *bulk)
{
	bulk->n--;
	memmove(&bulk->lists[0], &bulk->lists[1], bulk->n * sizeof(bulk->lists[0]));
}

uint32_t vm_bulk_told_before(const struct vm_bulk *bulk, uint32_t serial)
{
	/* The lists begin in the order of the events. */
	return bulk->n > 0 && bulk->lists[0].serial <= serial ? bulk->lists[0].serial - 1 : serial;
}
