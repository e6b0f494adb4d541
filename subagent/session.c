/*
 * session.c - the AgentX session: opens it, registers the views, asks whether the master is alive, and begins again.
 *
 * On the agentx thread. The library can do this by itself, but waits for each answer, and a master that goes away
 * meanwhile leaves it with registrations it believes made and with one attempt to connect more at every failure. So it
 * only opens and closes here; all else is sent with a callback. Views are registered whenever they are not: another
 * agent may have them, and may go.
 */
#include "subagent/agent_private.h"

#include "base/clock.h"

#include <sys/socket.h>

#define CONTEXT_FLAG 0x08 /* RFC 2741, 6.1: h.flags */

/* How long an answer of the master is waited for. One that was stopped for less, say by a file system that hangs, finds
 * its session as it left it, and no notification twice; one that died closes the socket, which is seen at once. */
#define ANSWER_TIMEOUT_S 300
#define OPEN_TIMEOUT_S 5 /* nothing else is done on this thread meanwhile */
#define ASK_LIBRARY (-1)
#define SILENCE_NS (10 * NS_PER_S)
#define REGISTER_RETRY_NS (6 * NS_PER_S)
#define UPTIME_STEADY_NS NS_PER_S
#define UPTIME_WRAP_NS ((INT64_C(1) << 32) * (NS_PER_S / 100))

/* Of the library, which declares it in none of the headers that it installs. 0: the session is open. */
int subagent_open_master_session(void);

/* --- the master's time -------------------------------------------------------------------------------------------- */

static int64_t uptime_zero_now(int64_t now_mono_ns)
{
	return now_mono_ns - (int64_t)netsnmp_get_agent_uptime() * (NS_PER_S / 100);
}

int64_t agent_uptime_zero(struct agent *agent, int64_t now_mono_ns)
{
	const int64_t zero = uptime_zero_now(now_mono_ns);
	const int64_t off = (zero - agent->uptime_zero_mono_ns) % UPTIME_WRAP_NS;

	if (off > UPTIME_STEADY_NS || off < -UPTIME_STEADY_NS)
		agent->uptime_zero_mono_ns = zero;
	return agent->uptime_zero_mono_ns;
}

/* --- requests of ours --------------------------------------------------------------------------------------------- */

/* The library's number of the request, or 0: it was not sent. */
static int send_pdu(const struct agent *agent, netsnmp_pdu *pdu, snmp_callback callback, void *magic)
{
	int request;

	if (pdu == NULL)
		return 0;
	pdu->sessid = agent->session->sessid;
	request = snmp_async_send(agent->session, pdu, callback, magic);
	if (request == 0)
		snmp_free_pdu(pdu);
	return request;
}

/* The library clears up when it reads the end of the connection, outside of any callback of ours. */
static void drop_session(const struct agent *agent)
{
	const netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(agent->session));

	if (transport != NULL && transport->sock >= 0)
		shutdown(transport->sock, SHUT_RDWR);
}

/* --- registrations ------------------------------------------------------------------------------------------------ */

static void registered(struct served *served, long error)
{
	char text[100] = "the master refuses its registration: is another agent serving it?";

	served->answered_mono_ns = clock_mono_ns();
	served->registered = error == SNMP_ERR_NOERROR;
	if (error != SNMP_ERR_NOERROR && error != ERROR_DUPLICATE)
		snprintf(text, sizeof(text), "the master refuses its registration with error %ld", error);
	if (served->registered)
		log_repeat_ok(&served->refusal, served->view->module);
	else
		log_repeat_fail(&served->refusal, served->view->module, text);
}

/* Also called for requests of a session that is gone, when the library frees it: their number tells. */
static int on_registered(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *magic)
{
	struct served *served = magic;

	(void)session;
	if (request != served->request || operation == NETSNMP_CALLBACK_OP_RESEND)
		return 1;
	served->request = 0;
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		registered(served, pdu->errstat);
	return 1;
}

static void register_view(struct served *served)
{
	netsnmp_pdu *pdu = snmp_pdu_create(REGISTER_PDU);
	oid subtree[OID_MAX];

	if (pdu == NULL)
		return;
	pdu->priority = DEFAULT_MIB_PRIORITY;
	snmp_add_null_var(pdu, subtree, table_snmp_subtree(served->view, subtree));
	served->request = send_pdu(served->agent, pdu, on_registered, served);
}

static void register_views(struct agent *agent, int64_t now_mono_ns)
{
	for (size_t i = 0; i < VIEW_END; i++) {
		struct served *served = &agent->served[i];
		const bool due = served->answered_mono_ns == 0 ||
				 now_mono_ns - served->answered_mono_ns >= REGISTER_RETRY_NS;

		if ((agent->views & VIEW_BIT(i)) != 0 && !served->registered && served->request == 0 && due)
			register_view(served);
	}
}

/* --- is it alive -------------------------------------------------------------------------------------------------- */

static int on_pong(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *magic)
{
	struct agent *agent = magic;

	(void)session;
	if (request != agent->ping_request || operation == NETSNMP_CALLBACK_OP_RESEND)
		return 1;
	agent->ping_request = 0;
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu->errstat == SNMP_ERR_NOERROR) {
		netsnmp_set_agent_uptime((u_long)pdu->time);
		log_repeat_ok(&agent->silence, "AgentX");
	} else if (agent->session != NULL) { /* it does not know us any more, or is as good as dead */
		drop_session(agent);
	}
	return 1;
}

static void ping(struct agent *agent, int64_t now_mono_ns)
{
	if (agent->ping_request == 0) {
		agent->ping_mono_ns = now_mono_ns;
		agent->ping_request = send_pdu(agent, snmp_pdu_create(PING_PDU), on_pong, agent);
	} else if (now_mono_ns - agent->ping_mono_ns >= SILENCE_NS) {
		log_repeat_fail(&agent->silence, "AgentX", "the master is connected and does not answer");
	}
}

static void on_tick(unsigned int id, void *arg)
{
	struct agent *agent = arg;

	(void)id;
	if (agent->session == NULL)
		subagent_open_master_session();
	else
		ping(agent, clock_mono_ns());
	if (agent->session != NULL)
		register_views(agent, clock_mono_ns());
}

/* --- what the master asks --------------------------------------------------------------------------------------- */

static void refuse(netsnmp_session *session, netsnmp_pdu *request, long error)
{
	netsnmp_pdu *answer = snmp_clone_pdu(request);

	if (answer == NULL)
		return;
	snmp_free_varbind(answer->variables);
	answer->variables = NULL;
	answer->command = RESPONSE_PDU;
	answer->version = session->version;
	answer->errstat = error;
	answer->errindex = 1;
	if (snmp_send(session, answer) == 0)
		snmp_free_pdu(answer);
}

/* Whether the PDU was in a context. The library keeps one that has an octet 0 in it with a length that is not that of
 * its memory. */
static bool take_context(netsnmp_pdu *pdu)
{
	const bool some = pdu->contextName != NULL || pdu->community != NULL;

	SNMP_FREE(pdu->contextName);
	SNMP_FREE(pdu->community);
	pdu->contextNameLen = 0;
	pdu->community_len = 0;
	pdu->flags &= ~(u_long)CONTEXT_FLAG;
	return some;
}

/* The error to answer, 0 for no answer at all, or ASK_LIBRARY. Nothing can be set, and the library's steps of a set use
 * what an earlier one has freed where a master does not wait for the answers. No view is in a context. */
static long refusal(int command, bool in_context)
{
	switch (command) {
	case TEST_SET_PDU:
		return SNMP_ERR_NOTWRITABLE;
	case COMMIT_SET_PDU:
		return SNMP_ERR_COMMITFAILED;
	case UNDO_SET_PDU:
		return SNMP_ERR_UNDOFAILED;
	case GET_PDU:
	case GET_NEXT_PDU:
	case GET_BULK_PDU:
		return in_context ? ERROR_UNSUPPORTED_CONTEXT : ASK_LIBRARY;
	case CLEANUP_SET_PDU:
	case CLOSE_PDU:
		return 0;
	default:
		return ASK_LIBRARY;
	}
}

static int on_packet(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *magic)
{
	struct agent *agent = magic;
	long error = ASK_LIBRARY;

	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		error = refusal(pdu->command, take_context(pdu));
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && error == ASK_LIBRARY &&
	    direct_answer(agent, session, pdu))
		return 1;
	if (error == ASK_LIBRARY)
		return agent->library_callback(operation, session, request, pdu, NULL);
	if (error != 0)
		refuse(session, pdu, error);
	else if (pdu->command == CLOSE_PDU) /* the library does not know it */
		drop_session(agent);
	return 1;
}

/* --- begin and end ------------------------------------------------------------------------------------------------ */

static int on_connected(int major, int minor, void *server_arg, void *client_arg)
{
	struct agent *agent = client_arg;

	(void)major;
	(void)minor;
	agent->session = server_arg;
	agent->library_callback = agent->session->callback;
	agent->session->callback = on_packet;
	agent->session->callback_magic = agent;
	agent->session->timeout = ANSWER_TIMEOUT_S * (long)(NS_PER_S / NS_PER_US);
	agent->uptime_zero_mono_ns = uptime_zero_now(clock_mono_ns());
	log_repeat_ok(&agent->library, "AgentX");
	log_info("AgentX: connected to %s", agent->address);
	register_views(agent, clock_mono_ns());
	return 0;
}

static int on_disconnected(int major, int minor, void *server_arg, void *client_arg)
{
	struct agent *agent = client_arg;

	(void)major;
	(void)minor;
	(void)server_arg;
	if (agent->session != NULL && !agent->stopping)
		log_warning("AgentX: lost the master at %s; trying again every %u s", agent->address, agent->ping_s);
	agent->session = NULL;
	agent->ping_request = 0;
	agent->silence = (struct log_repeat){ 0 };
	for (size_t i = 0; i < VIEW_END; i++) {
		agent->served[i].request = 0;
		agent->served[i].registered = false;
		agent->served[i].answered_mono_ns = 0;
	}
	trap_session_lost(agent);
	return 0;
}

void session_start(struct agent *agent)
{
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT, OPEN_TIMEOUT_S);
	/* No ping and no second attempt of the library's own. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, agent);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, agent);
	snmp_alarm_register(agent->ping_s, SA_REPEAT, on_tick, agent);
}

void session_stop(struct agent *agent)
{
	const int64_t half = (agent->deadline_mono_ns - clock_mono_ns()) / 2;

	/* The close waits for the master's answer, and is not the last thing to do. */
	if (agent->session != NULL)
		agent->session->timeout = half > NS_PER_MS ? (long)(half / NS_PER_US) : 1000;
	/* At its shutdown the library frees the argument of every callback that is still registered. */
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, agent, 1);
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, agent, 1);
	agent->session = NULL;
}
