/*
 * trap_view.c - notifications of VM-MIB and LIBVIRT-MIB, made of the record of the one of EDGENODE-MIB (varbind.h).
 *
 * Pure. The record comes from the log after a restart, so what is not in it as it should be is no notification.
 */
#include "subagent/trap_view.h"

#include "base/err.h"
#include "base/mem.h"
#include "subagent/rows.h"
#include "subagent/varbind.h"

#include <stdlib.h>
#include <string.h>

#define UUID_SIZE 16
#define OPER_UNKNOWN 1
#define PERSISTENT_UNKNOWN 1
#define ROW_ACTIVE 1
#define ROW_NOT_IN_SERVICE 2
#define NOTIFICATION_VM_DELETED 10

/* --- the domain that a record is about ---------------------------------------------------------------------------- */

enum { COLUMN_NAME = 2, COLUMN_UUID, COLUMN_STATE, COLUMN_REASON };
#define COLUMNS_ALL ((1u << COLUMN_NAME) | (1u << COLUMN_UUID) | (1u << COLUMN_STATE))

/* The arc of the column of edgeDomainTable that the varbind is of; 0: of none. */
static uint32_t domain_column(const struct varbind *varbind)
{
	static const uint32_t ENTRY[] = { ARC_OBJECTS, GROUP_DOMAIN, 1, 1 };
	const size_t n = EDGE_ROOT_N, m = sizeof(ENTRY) / sizeof(ENTRY[0]);

	if (varbind->oid_n != n + m + 2 || memcmp(varbind->oid, EDGE_ROOT, n * sizeof(uint32_t)) != 0 ||
	    memcmp(varbind->oid + n, ENTRY, sizeof(ENTRY)) != 0)
		return 0;
	return varbind->oid[n + m];
}

static void take_varbind(struct trap_subject *subject, const struct varbind *varbind)
{
	const uint32_t column = domain_column(varbind);
	const struct cell *cell = &varbind->cell;
	const size_t length = cell->type == CELL_OCTETS ? cell->octets.length : 0;

	if (column == COLUMN_NAME && cell->type == CELL_OCTETS && length <= TRAP_NAME_MAX) {
		memcpy(subject->name, cell->octets.data, length);
		subject->name_length = length;
	} else if (column == COLUMN_UUID && length == UUID_SIZE) {
		memcpy(subject->uuid, cell->octets.data, UUID_SIZE);
	} else if (column == COLUMN_STATE && cell->type == CELL_INTEGER) {
		subject->row.state = (uint8_t)cell->integer;
	} else if (column == COLUMN_REASON && length > 0 && length < TRAP_REASON_MAX) {
		memcpy(subject->reason, cell->octets.data, length);
	} else {
		return;
	}
	subject->seen |= 1u << column;
	subject->index = varbind->oid[varbind->oid_n - 1];
}

static bool read_subject(const struct event *event, struct trap_subject *subject)
{
	struct varbind_reader reader;
	struct varbind varbind;

	memset(subject, 0, sizeof(*subject));
	if (varbind_open(&reader, event->varbinds, event->varbinds_length) != 0)
		return false;
	while (varbind_read(&reader, &varbind) == 0)
		take_varbind(subject, &varbind);
	subject->row.reason = subject->reason;
	return (subject->seen & COLUMNS_ALL) == COLUMNS_ALL;
}

static bool of_interest(const struct event *event)
{
	return event->kind == EVENT_DOMAIN_STATE_CHANGED || event->kind == EVENT_DOMAIN_CRASHED ||
	       event->kind == EVENT_DOMAIN_REMOVED;
}

/* --- VM-MIB ------------------------------------------------------------------------------------------------------- */

/* The first row whose index is not below. */
static size_t find(const struct vm_states *states, uint32_t index)
{
	size_t low = 0, high = states->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (states->rows[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool known(const struct vm_states *states, size_t at, uint32_t index)
{
	return at < states->n && states->rows[at].index == index;
}

static void insert(struct vm_states *states, size_t at, uint32_t index, uint8_t oper)
{
	states->rows = mem_grow(states->rows, states->n + 1, sizeof(*states->rows));
	memmove(states->rows + at + 1, states->rows + at, (states->n - at) * sizeof(*states->rows));
	states->rows[at] = (struct vm_state){ index, oper };
	states->n++;
}

void vm_states_seed(struct vm_states *states, const struct domains *domains)
{
	for (size_t i = 0; i < domains->n; i++) {
		const size_t at = find(states, domains->rows[i]->index);

		if (!known(states, at, domains->rows[i]->index))
			insert(states, at, domains->rows[i]->index, rows_vm_oper_state(domains->rows[i]));
	}
}

void vm_states_free(struct vm_states *states)
{
	free(states->rows);
	memset(states, 0, sizeof(*states));
}

/* The state becomes the known one; what was before. */
static uint8_t exchange(struct vm_states *states, const struct trap_subject *subject, bool gone)
{
	const size_t at = find(states, subject->index);
	const uint8_t oper = rows_vm_oper_state(&subject->row);
	uint8_t before = OPER_UNKNOWN;

	if (!known(states, at, subject->index)) {
		if (!gone)
			insert(states, at, subject->index, oper);
		return before;
	}
	before = states->rows[at].oper;
	states->rows[at].oper = oper;
	if (gone) {
		memmove(states->rows + at, states->rows + at + 1, (states->n - at - 1) * sizeof(*states->rows));
		states->n--;
	} else if (before == oper) { /* started anew since: what was between is not known */
		before = OPER_UNKNOWN;
	}
	return before;
}

/* The arc of the notification that tells of each state; 0: none does. */
static uint32_t vm_notification(const struct event *event, const struct trap_subject *subject)
{
	/* unknown, other, preparing, running, suspending, suspended, resuming, paused, migrating, ... */
	static const uint8_t ARCS[] = { 0, 0, 0, 0, 1, 5, 6, 7, 4, 8, 2, 3, 9 };
	const uint8_t oper = rows_vm_oper_state(&subject->row);

	if (event->kind == EVENT_DOMAIN_REMOVED)
		return NOTIFICATION_VM_DELETED;
	return oper < sizeof(ARCS) ? ARCS[oper] : 0;
}

/* What comes from the log is older than the states that are known. */
int trap_view_change(struct vm_states *states, const struct event *event, struct vm_change *out)
{
	const bool gone = event->kind == EVENT_DOMAIN_REMOVED, from_log = event->persistent == 0;

	if (!of_interest(event) || !read_subject(event, &out->subject))
		return -ERR_ABSENT;
	out->before = from_log ? OPER_UNKNOWN : exchange(states, &out->subject, gone);
	out->persistent = from_log ? PERSISTENT_UNKNOWN : event->persistent;
	out->notification = vm_notification(event, &out->subject);
	return out->notification != 0 ? 0 : -ERR_ABSENT;
}

void trap_view_begin(struct buf *out, const struct view *view, uint32_t notification, uint32_t count)
{
	uint32_t oid[OID_MAX];

	memcpy(oid, view->root, view->root_n * sizeof(oid[0]));
	oid[view->root_n] = ARC_NOTIFICATIONS;
	oid[view->root_n + 1] = notification;
	varbind_begin(out, oid, view->root_n + 2, count);
}

void trap_view_put(struct buf *out, const struct view *view, const uint32_t *oid, size_t n, const struct cell *cell)
{
	uint32_t whole[OID_MAX];

	memcpy(whole, view->root, view->root_n * sizeof(whole[0]));
	memcpy(whole + view->root_n, oid, n * sizeof(whole[0]));
	varbind_put(out, whole, view->root_n + n, cell);
}

/* A column of a machine. */
static void put_vm(struct buf *out, uint32_t column, uint32_t index, const struct cell *cell)
{
	const uint32_t oid[] = { 1, 4, 1, column, index };

	trap_view_put(out, &VM_VIEW, oid, sizeof(oid) / sizeof(oid[0]), cell);
}

int trap_view_vm(const struct vm_change *change, struct buf *out)
{
	const struct trap_subject *subject = &change->subject;
	const bool gone = change->notification == NOTIFICATION_VM_DELETED;
	struct cell cell;

	trap_view_begin(out, &VM_VIEW, change->notification, gone ? 5 : 4);
	cell_octets(subject->name, subject->name_length, &cell);
	put_vm(out, 2, subject->index, &cell);
	cell_octets(subject->uuid, UUID_SIZE, &cell);
	put_vm(out, 3, subject->index, &cell);
	cell_integer(change->before, &cell);
	put_vm(out, 6, subject->index, &cell);
	cell_integer(change->persistent, &cell);
	if (gone)
		put_vm(out, 8, subject->index, &cell);
	return out->over ? -ERR_ABSENT : 0;
}

/* --- LIBVIRT-MIB -------------------------------------------------------------------------------------------------- */

static void put_guest(struct buf *out, uint32_t column, const uint8_t uuid[UUID_SIZE], const struct cell *cell)
{
	uint32_t oid[4 + UUID_SIZE] = { 1, 1, 1, column };

	for (size_t i = 0; i < UUID_SIZE; i++)
		oid[4 + i] = uuid[i];
	trap_view_put(out, &LIBVIRT_VIEW, oid, 4 + UUID_SIZE, cell);
}

int trap_view_libvirt(const struct event *event, struct buf *out)
{
	struct trap_subject subject;
	struct cell cell;
	int32_t state;

	if (!of_interest(event) || !read_subject(event, &subject))
		return -ERR_ABSENT;
	state = rows_libvirt_state(subject.row.state);
	if (state == 0)
		return -ERR_ABSENT;
	trap_view_begin(out, &LIBVIRT_VIEW, 1, 5);
	cell_octets(subject.name, subject.name_length, &cell);
	put_guest(out, 2, subject.uuid, &cell);
	cell_octets(subject.uuid, UUID_SIZE, &cell);
	put_guest(out, 1, subject.uuid, &cell);
	cell_integer(state, &cell);
	put_guest(out, 3, subject.uuid, &cell);
	cell_integer(rows_libvirt_runs(subject.row.state) ? ROW_ACTIVE : ROW_NOT_IN_SERVICE, &cell);
	put_guest(out, 9, subject.uuid, &cell);
	return out->over ? -ERR_ABSENT : 0;
}
