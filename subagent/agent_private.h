/*
 * agent_private.h - what agent.c, session.c, table_snmp.c and trap.c share: the only files that know net-snmp.
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
#include "subagent/trap_bulk.h"
#include "subagent/trap_view.h"

#include <pthread.h>
#include <stdatomic.h>

/* RFC 2741, 6.1: h.type. */
enum agentx_pdu {
	CLOSE_PDU = 2,
	REGISTER_PDU = 3,
	GET_PDU = 5,
	GET_NEXT_PDU,
	GET_BULK_PDU,
	TEST_SET_PDU,
	COMMIT_SET_PDU,
	UNDO_SET_PDU,
	CLEANUP_SET_PDU,
	NOTIFY_PDU,
	PING_PDU,
	RESPONSE_PDU = 18
};

/* 6.2.16: res.error. */
enum agentx_error {
	ERROR_UNSUPPORTED_CONTEXT = 262,
	ERROR_DUPLICATE = 263,
	ERROR_PARSE = 266,
	ERROR_PROCESSING = 268
};

struct trap_entry {
	struct trap_entry *next;
	const struct event *event; /* a reference */
	uint8_t stage;             /* lane: enum trap_stage, the one to be sent */
};

/* What is sent of an event, one after the other; with TRAP_BULK it is put into a list that is sent later. */
enum trap_stage { TRAP_OWN, TRAP_VM, TRAP_BULK, TRAP_LIBVIRT, TRAP_DONE };

/* Notifications that wait for the master, oldest first. Only the lane removes, so it may use the head unlocked. */
struct trap_queue {
	pthread_mutex_t lock;
	struct trap_entry *head, **tail;
	_Atomic uint32_t n, given_up;
	_Atomic uint32_t lists;    /* of bulk that wait */
	/* lane: */
	bool in_flight;            /* the head, or the oldest list of bulk, was sent and not answered */
	bool bulk_in_flight;       /* which of the two */
	int request;               /* net-snmp's number of that request */
	struct buf record;         /* of the head's stage, where that is not its own */
	struct vm_states vm_states;
	struct vm_change change;   /* of the head, in VM-MIB */
	bool has_change;
	struct vm_bulk bulk;
	bool bulk_hurried;         /* its lists do not wait for the end of their windows */
	uint32_t done, told;       /* serial up to which nothing is to be sent but lists; which was told to be sent */
	bool resting;              /* no send before the alarm that ends it */
	struct log_repeat refused; /* what the master answers instead of taking the head */
};

/* A module that is registered. */
struct served {
	struct agent *agent;
	const struct view *view;
	/* lane: */
	int request;               /* net-snmp's number of the request to register it; 0: none is in flight */
	bool registered;           /* with the master, in this session */
	int64_t answered_mono_ns;  /* the master's last answer to it in this session; 0: none */
	struct log_repeat refusal;
};

struct agent {
	struct store *store;
	char *address, *state_dir;
	uint32_t ping_s, views;
	int32_t cpu; /* -1: any */
	bool vm_notifications, vm_bulk_notifications, libvirt_notifications;
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
	const struct view *order[VIEW_END]; /* those that are served, ascending root */
	size_t n_order;
	snmp_callback library_callback; /* what the library made of the session's PDUs, before ours */
	int ping_request;            /* net-snmp's number of the ping in flight; 0: none */
	int64_t ping_mono_ns;        /* when the last one was sent */
	struct log_repeat silence;   /* of a master that is connected */
	struct view_cache cache;
	struct log_repeat library;   /* the library's complaints */
};

/* session.c. Steady within one session with the master: what hangs on it (TimeStamp) must not wobble with each ping. */
int64_t agent_uptime_zero(struct agent *agent, int64_t now_mono_ns);

/* session.c. Before init_snmp(), which connects for the first time, and before snmp_shutdown(), which closes. */
void session_start(struct agent *agent);
void session_stop(struct agent *agent);

/* table_snmp.c. The OID that is registered of the view (OID_MAX), and its length. */
size_t table_snmp_subtree(const struct view *view, oid *out);
/* Registers it with the library, for this session and every later one. False: it refused. */
bool table_snmp_register(struct served *served);
/* An instance and its value. */
struct instance {
	oid name[MAX_OID_LEN];
	size_t n;
	struct cell cell;
};

/* What the values of a PDU come from. */
void table_snmp_context(struct agent *agent, const struct snapshot *snapshot, struct cell_context *context);
/* The value of the instance that the varbind names into it: 0, or the exception that it is to have. */
int table_snmp_get(struct agent *agent, const struct view *view, struct cell_context *context,
		   netsnmp_variable_list *variable);
/* The first instance of the view after the varbind's name, or of that name where it is inclusive; false: there is none. */
bool table_snmp_next(struct agent *agent, const struct view *view, struct cell_context *context,
		     const netsnmp_variable_list *variable, bool inclusive, struct instance *found);
/* The cell's value and type into a varbind. */
void table_snmp_put(netsnmp_variable_list *variable, const struct cell *cell);

/* direct.c. Before the first session. */
void direct_start(struct agent *agent);
/* Answers the PDU if it asks for values; it is in the default context. False: nothing was done. */
bool direct_answer(struct agent *agent, netsnmp_session *session, netsnmp_pdu *pdu);

/* trap.c */
void trap_queue_init(struct trap_queue *queue);
void trap_queue_free(struct trap_queue *queue);
bool trap_queue_put(struct trap_queue *queue, const struct event *event);
void trap_pump(struct agent *agent); /* sends the head where that is possible now */
void trap_session_lost(struct agent *agent);

#endif
