/*
 * agent.h - the agentx lane: the one thread that makes every net-snmp call.
 *
 * It may block on the master; nothing else waits for it. Registers the whole of edgeNodeObjects, and each standard
 * module on its own, with one handler (table_snmp.c) that serves from the newest snapshot; sends queued notifications
 * one at a time (trap.c).
 */
#ifndef EDGENODE_SUBAGENT_AGENT_H
#define EDGENODE_SUBAGENT_AGENT_H

#include "store.h"

#include <stdbool.h>

struct agent;

struct agent_options {
	const char *address;    /* of the master: "unix:/var/agentx/master", "tcp:127.0.0.1:705"; copied */
	const char *state_dir;  /* for net-snmp's persistent directory; copied */
	uint32_t ping_s;        /* interval of pings, and of attempts to connect; 1 or more */
	int32_t cpu;            /* that the lane runs on; -1: any */
	/* Notifications of those modules are sent beside the daemon's own. */
	bool vm_notifications, vm_bulk_notifications, libvirt_notifications;
	uint32_t views;         /* VIEW_BITs of the modules served beside EDGENODE-MIB */
	/* Called on the agentx lane when the master has answered an AgentX Notify: the event of this serial is delivered to
	 * the master. Must not block. */
	void (*sent)(void *arg, uint32_t serial);
	void *arg;
};

/* Starts the lane; it connects, and reconnects, on its own. 0 or -ERR_IO (thread). */
int agent_start(struct store *store, const struct agent_options *options, struct agent **out);

/* Queues a notification; takes a reference to the event. Delivered in the order queued, each again until the master
 * has answered. Of an event that is quiet only VM-MIB's notification for many machines has a part. Bounded by
 * AGENT_QUEUE_MAX; false when full (the event stays in the log). Any thread, never blocks. */
#define AGENT_QUEUE_MAX 10000
bool agent_notify(struct agent *agent, const struct event *event);

/* Notifications queued or in flight, and those for many machines that wait for more of them. Any thread. */
uint32_t agent_unsent(const struct agent *agent);
/* Those that the master can never take, since the start. Any thread. */
uint32_t agent_given_up(const struct agent *agent);

/* Sends what is queued until shortly before the deadline, closes the session, joins. The object stays valid. False: it
 * did not end in time and was left (the process is about to _exit). */
bool agent_stop(struct agent *agent, int64_t deadline_mono_ns);

/* After a stop that succeeded, when no other lane can call agent_notify any more. NULL is legal. */
void agent_free(struct agent *agent);

#endif
