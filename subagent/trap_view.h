/*
 * trap_view.h - what a standard module has to say of an event whose own notification is made already: another record of
 * the same form, made of that one. So a repeat after a crash says the same here, too.
 *
 * The pure half: no net-snmp. Owned by one lane.
 */
#ifndef EDGENODE_SUBAGENT_TRAP_VIEW_H
#define EDGENODE_SUBAGENT_TRAP_VIEW_H

#include "base/buf.h"
#include "model/domain.h"
#include "model/event.h"

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

/* VM-MIB's notification of the event into out, and the state into states. 0, or -ERR_ABSENT: it has none. */
int trap_view_vm(struct vm_states *states, const struct event *event, struct buf *out);

/* The same of LIBVIRT-MIB. */
int trap_view_libvirt(const struct event *event, struct buf *out);

#endif
