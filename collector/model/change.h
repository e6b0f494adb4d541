/*
 * change.h - what happened to a domain, as libvirt tells it between polls. Plain data, in this project's terms: the source
 * has translated libvirt's numbers.
 *
 * Name and UUID come from the event itself: a destroyed transient domain is already gone when asked for.
 */
#ifndef EDGENODE_MODEL_CHANGE_H
#define EDGENODE_MODEL_CHANGE_H

#include "model/domain.h"

enum domain_change_kind {
	CHANGE_STATE = 1,     /* state, reason, crashed */
	CHANGE_DEFINED,       /* new or redefined */
	CHANGE_UNDEFINED,
	CHANGE_REBOOTED,
	CHANGE_WATCHDOG,      /* action */
	CHANGE_IO_ERROR,      /* device, action, reason */
	CHANGE_CONNECTION_CLOSED /* no domain: libvirt is gone */
};

struct domain_change {
	struct domain_change *next;
	enum domain_change_kind kind;
	int64_t time_real_ns, time_mono_ns; /* when the callback ran */
	uint8_t uuid[16];
	char *name;
	int32_t id;         /* -1: not running (any more) */
	uint8_t state;      /* enum domain_state after the change */
	const char *reason; /* static, as struct domain's */
	bool crashed;       /* it ended by itself: crash, panic, QEMU gone */
	bool for_io_error;  /* paused because of an I/O error */
	char *device;       /* block target ("vda"), else the alias; NULL */
	const char *action; /* static: what the hypervisor did: "none" "pause" "reset" "poweroff" "shutdown" "debug" "inject-nmi" "report" "stop" */
};
void domain_change_free(struct domain_change *change);

/* Of the list of domains and their states: not a mere notice, which a guest can cause as often as it likes. */
bool domain_change_is_of_list(const struct domain_change *change);

#endif
