/*
 * trap_bulk.h - VM-MIB's notifications for many machines at once: what has changed to the same state within
 * VM_BULK_WINDOW_NS is one notification, with a bit for each machine.
 *
 * The pure half: no net-snmp. Owned by one lane. A list begins with its first machine and is sent when its window is
 * over; lists are sent in the order in which they began. So a machine can be in several lists only where these say its
 * changes in their order; vm_bulk_add says where it cannot.
 */
#ifndef EDGENODE_SUBAGENT_TRAP_BULK_H
#define EDGENODE_SUBAGENT_TRAP_BULK_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_BULK_WINDOW_NS INT64_C(1000000000)
/* Of the bitmap: with it the notification fits into one datagram that no network has to cut. */
#define VM_BULK_OCTETS_MAX 1024u
#define VM_BULK_INDEX_MAX (8 * VM_BULK_OCTETS_MAX)
#define VM_BULK_KINDS 10u /* vmRunning(1) .. vmDeleted(10), and vmBulkRunning(11) .. vmBulkDeleted(20) */

struct vm_bulk_list {
	uint32_t notification; /* of the single machine: 1 .. VM_BULK_KINDS */
	uint32_t serial;       /* of the first event in it */
	int64_t begin_mono_ns;
	size_t length;         /* octets up to the last bit that is set */
	uint8_t bits[VM_BULK_OCTETS_MAX];
};

struct vm_bulk {
	size_t n;
	struct vm_bulk_list lists[VM_BULK_KINDS]; /* in the order in which they began */
};

/* Whether the machine's bit is within the bound; one beyond it is told by the notification for itself. */
bool vm_bulk_has_room(uint32_t index);

/* The change of the machine (vm_bulk_has_room) into the list of its kind. False: no order of the lists would say this
 * machine's changes in theirs, so what is there has to be sent before. */
bool vm_bulk_add(struct vm_bulk *bulk, uint32_t notification, uint32_t index, uint32_t serial, int64_t now_mono_ns);

/* The oldest list, once its window is over; NULL: there is none. */
const struct vm_bulk_list *vm_bulk_due(const struct vm_bulk *bulk, int64_t now_mono_ns);

/* Its notification, as a record (varbind.h). */
void vm_bulk_record(const struct vm_bulk_list *list, struct buf *out);

/* The oldest list is done. */
void vm_bulk_drop(struct vm_bulk *bulk);

/* Everything before the event of this serial is in no list any more. */
uint32_t vm_bulk_told_before(const struct vm_bulk *bulk, uint32_t serial);

#endif
