/*
 * trap_view.h - what a standard module has to say of an event whose own notification is made already: another record of
 * the same form, made of that one. So a repeat after a crash says the same here, too, but for what that one does not
 * have: the state before, and whether the machine is persistent, are then not known.
 *
 * The pure half: no net-snmp. Owned by one lane.
 */
#ifndef EDGENODE_SUBAGENT_TRAP_VIEW_H
#define EDGENODE_SUBAGENT_TRAP_VIEW_H

#include "base/buf.h"
#include "model/domain.h"
#include "model/event.h"
#include "subagent/table.h"
#include "subagent/view.h"

/* vmOperState of each machine as VM-MIB's notifications told it last: they have the state before, not the new one. */
struct vm_states {
	size_t n;
	struct vm_state {
		uint32_t index;
		uint8_t oper;
	} *rows; /* ascending index */
};

/* Zeroed: nothing is known. Takes what is not known yet from the domains. */
void vm_states_seed(struct vm_states *states, const struct domains *domains);
void vm_states_free(struct vm_states *states);

/* The domain that an event is about, as its record has it. */
#define TRAP_REASON_MAX 32
#define TRAP_NAME_MAX 255
struct trap_subject {
	uint32_t index;
	struct domain row; /* state and reason */
	char reason[TRAP_REASON_MAX];
	uint8_t name[TRAP_NAME_MAX], uuid[16];
	size_t name_length;
	uint32_t seen; /* bits of the columns */
};

/* A change of a machine in the terms of VM-MIB. */
struct vm_change {
	struct trap_subject subject;
	uint32_t notification; /* vmRunning(1) .. vmDeleted(10) */
	uint8_t before, persistent; /* vmOperState, vmPersistent */
};

/* What VM-MIB has to say of the event, and the state into states. 0, or -ERR_ABSENT: nothing. */
int trap_view_change(struct vm_states *states, const struct event *event, struct vm_change *out);

/* The notification for that single machine into out. 0, or -ERR_ABSENT: it is too large. */
int trap_view_vm(const struct vm_change *change, struct buf *out);

/* LIBVIRT-MIB's notification of the event into out. 0, or -ERR_ABSENT: it has none. */
int trap_view_libvirt(const struct event *event, struct buf *out);

/* A record of a view's notification: begun, with count varbinds in all, then put count - 1 times. The OID is below the
 * view's root. */
void trap_view_begin(struct buf *out, const struct view *view, uint32_t notification, uint32_t count);
void trap_view_put(struct buf *out, const struct view *view, const uint32_t *oid, size_t n, const struct cell *cell);

#endif
