/*
 * agent_private.h - what agent.c, table_snmp.c and trap.c share: the only files that know net-snmp.
 *
 * All of net-snmp, and every field marked "lane", belongs to the agentx thread.
 */
#ifndef EDGENODE_SUBAGENT_AGENT_PRIVATE_H
#define EDGENODE_SUBAGENT_AGENT_PRIVATE_H

/* OpenSSL, whose headers come with net-snmp's, has a type with the name of one of our error codes. */
#define ERR_STATE ERR_STATE_OF_OPENSSL
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#undef ERR_STATE

#include "base/log.h"
#include "subagent/agent.h"
#include "subagent/oids.h"
#include "subagent/table.h"
#include "subagent/trap_view.h"

#include <pthread.h>
#include <stdatomic.h>

struct trap_entry {
	struct trap_entry *next;
	const struct event *event; /* a reference */
	uint8_t stage;             /* lane: enum trap_stage, the one to be sent */
};

/* What is sent of an event, one after the other. */
enum trap_stage { TRAP_OWN, TRAP_VM, TRAP_LIBVIRT, TRAP_DONE };

/* Notifications that wait for the master, oldest first. Only the lane removes, so it may use the head unlocked. */
struct trap_queue {
	pthread_mutex_t lock;
	struct trap_entry *head, **tail;
	_Atomic uint32_t n, given_up;
	/* lane: */
	bool in_flight;            /* the head was sent and not answered */
	int request;               /* net-snmp's number of that request */
	struct buf record;         /* of the head's stage, where that is not its own */
	struct vm_states vm_states;
	bool resting;              /* no send before the alarm that ends it */
	struct log_repeat refused; /* what the master answers instead of taking the head */
};

/* A module that is registered. */
struct served {
	struct agent *agent;
	const struct view *view;
	struct log_repeat refusal; /* lane */
};

struct agent {
	struct store *store;
	char *address, *state_dir;
	uint32_t ping_s, views;
	bool vm_notifications, libvirt_notifications;
	void (*sent)(void *arg, uint32_t serial);
	void *arg;
	pthread_t thread;
	int wake_fd; /* eventfd: something was queued, or stop */
	_Atomic bool stopping;
	_Atomic int64_t deadline_mono_ns; /* of the stop */
	struct trap_queue queue;
	/* lane: */
	netsnmp_session *session;    /* to the master; NULL: none */
	int64_t uptime_zero_mono_ns; /* when the master's sysUpTime was 0 */
	struct served served[VIEW_END];
	uint32_t registering;        /* VIEW_BIT of what the library asks the master to register just now; 0: another's */
	uint32_t refused;            /* VIEW_BITs of what the master did not take */
	int64_t refused_mono_ns;
	struct view_cache cache;
	struct log_repeat library;   /* the library's complaints */
};

/* agent.c. Steady within one session with the master: what hangs on it (TimeStamp) must not wobble with each ping. */
int64_t agent_uptime_zero(struct agent *agent, int64_t now_mono_ns);

/* table_snmp.c. The OID that is registered of the view (OID_MAX), and its length. */
size_t table_snmp_subtree(const struct view *view, oid *out);
/* Registers it with the library, for this session and every later one. False: it refused. */
bool table_snmp_register(struct served *served);
/* The cell's value and type into a varbind. */
void table_snmp_put(netsnmp_variable_list *variable, const struct cell *cell);

/* trap.c */
void trap_queue_init(struct trap_queue *queue);
void trap_queue_free(struct trap_queue *queue);
bool trap_queue_put(struct trap_queue *queue, const struct event *event);
void trap_pump(struct agent *agent); /* sends the head where that is possible now */
void trap_session_lost(struct agent *agent);

#endif
