/*
 * direct.c - a Get or GetNext of the master answered where it arrives.
 *
 * On the agentx thread. The library would make it a request to itself and send that through two pipes: 8 of its 10
 * system calls, half of the time. Everything else is the library's, and so is this as long as there is no snapshot.
 */
#include "subagent/agent_private.h"

#include <stdlib.h>

/* The upper bound of a search range; null, { 0 0 } to the library: there is none. */
static bool in_range(const struct instance *found, const oid *end, size_t end_n)
{
	const bool unbounded = end_n == 0 || (end_n == 2 && end[0] == 0 && end[1] == 0);

	return unbounded || snmp_oid_compare(found->name, found->n, end, end_n) < 0;
}

/* RFC 2741, 7.2.3.1. */
static void answer_get(struct agent *agent, struct cell_context *context, netsnmp_variable_list *variable)
{
	int absent = SNMP_NOSUCHOBJECT;

	for (size_t i = 0; absent == SNMP_NOSUCHOBJECT && i < agent->n_order; i++)
		absent = table_snmp_get(agent, agent->order[i], context, variable);
	if (absent != 0)
		snmp_set_var_typed_value(variable, (u_char)absent, NULL, 0);
}

/* RFC 2741, 7.2.3.2. */
static void answer_next(struct agent *agent, struct cell_context *context, netsnmp_variable_list *variable)
{
	const bool inclusive = variable->type == ASN_PRIV_INCL_RANGE;
	struct instance found;
	bool follows = false;

	for (size_t i = 0; !follows && i < agent->n_order; i++)
		follows = table_snmp_next(agent, agent->order[i], context, variable, inclusive, &found);
	if (follows && in_range(&found, variable->val.objid, variable->val_len / sizeof(oid))) {
		snmp_set_var_objid(variable, found.name, found.n);
		table_snmp_put(variable, &found.cell);
	} else {
		snmp_set_var_typed_value(variable, SNMP_ENDOFMIBVIEW, NULL, 0);
	}
}

static netsnmp_pdu *make_response(const netsnmp_session *session, const netsnmp_pdu *pdu)
{
	netsnmp_pdu *response = snmp_pdu_create(RESPONSE_PDU);

	if (response == NULL)
		return NULL;
	response->errstat = SNMP_ERR_NOERROR;
	response->errindex = 0;
	response->version = session->version;
	response->flags = pdu->flags;
	response->sessid = pdu->sessid;
	response->transid = pdu->transid;
	response->reqid = pdu->reqid;
	response->msgid = pdu->msgid;
	return response;
}

static void answer_all(struct agent *agent, int command, const struct snapshot *snapshot,
		       netsnmp_variable_list *variables)
{
	struct cell_context context;

	table_snmp_context(agent, snapshot, &context);
	for (netsnmp_variable_list *variable = variables; variable != NULL; variable = variable->next_variable) {
		if (command == GET_PDU)
			answer_get(agent, &context, variable);
		else
			answer_next(agent, &context, variable);
	}
}

bool direct_answer(struct agent *agent, netsnmp_session *session, netsnmp_pdu *pdu)
{
	const bool asks = pdu->command == GET_PDU || pdu->command == GET_NEXT_PDU;
	struct snapshot *snapshot = asks ? store_acquire(agent->store) : NULL;
	netsnmp_pdu *response = snapshot != NULL ? make_response(session, pdu) : NULL;

	if (response != NULL) {
		response->variables = pdu->variables;
		pdu->variables = NULL;
		answer_all(agent, pdu->command, snapshot, response->variables);
		if (snmp_send(session, response) == 0)
			snmp_free_pdu(response);
	}
	part_unref(snapshot);
	return response != NULL;
}

static int by_root(const void *a, const void *b)
{
	const struct view *const *x = a, *const *y = b;
	const size_t n = (*x)->root_n < (*y)->root_n ? (*x)->root_n : (*y)->root_n;

	for (size_t i = 0; i < n; i++)
		if ((*x)->root[i] != (*y)->root[i])
			return (*x)->root[i] < (*y)->root[i] ? -1 : 1;
	return 0; /* no root is part of another */
}

void direct_start(struct agent *agent)
{
	for (size_t i = 0; i < VIEW_END; i++)
		if ((agent->views & VIEW_BIT(i)) != 0)
			agent->order[agent->n_order++] = VIEWS[i];
	qsort(agent->order, agent->n_order, sizeof(agent->order[0]), by_root);
}
