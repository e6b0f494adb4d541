/*
 * table_snmp.c - the one handler of all modules: a request of the master answered from the newest snapshot by table.c.
 *
 * On the agentx thread. One snapshot serves a whole PDU. The library refuses SET (the registration is read-only) and
 * splits GETBULK.
 */
#include "subagent/agent_private.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>

/* Values of net-snmp are made of longs. */
static void put_number(netsnmp_variable_list *variable, u_char type, unsigned long number)
{
	snmp_set_var_typed_value(variable, type, &number, sizeof(number));
}

static void put_counter64(netsnmp_variable_list *variable, uint64_t value)
{
	const struct counter64 c = { .high = (u_long)(value >> 32), .low = (u_long)(value & UINT32_MAX) };

	snmp_set_var_typed_value(variable, ASN_COUNTER64, &c, sizeof(c));
}

static size_t widen(const uint32_t *ids, size_t n, oid *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = ids[i];
	return n;
}

void table_snmp_put(netsnmp_variable_list *variable, const struct cell *cell)
{
	static const u_char TYPES[] = {
		[CELL_UNSIGNED] = ASN_UNSIGNED, [CELL_COUNTER32] = ASN_COUNTER, [CELL_TICKS] = ASN_TIMETICKS
	};
	oid ids[OID_SCRATCH];
	long integer;

	switch (cell->type) {
	case CELL_INTEGER:
		integer = cell->integer;
		snmp_set_var_typed_value(variable, ASN_INTEGER, &integer, sizeof(integer));
		break;
	case CELL_COUNTER64:
		put_counter64(variable, cell->counter64);
		break;
	case CELL_OCTETS:
		snmp_set_var_typed_value(variable, ASN_OCTET_STR, cell->octets.data, cell->octets.length);
		break;
	case CELL_OID:
		snmp_set_var_typed_value(variable, ASN_OBJECT_ID, ids,
					 widen(cell->oid.ids, cell->oid.n, ids) * sizeof(oid));
		break;
	default:
		put_number(variable, TYPES[cell->type], cell->number);
		break;
	}
}

/* The OID below the view's root. Before the root, or a part of it: n = 0, from the start. False: behind the root. */
static bool relative(const struct view *view, const netsnmp_variable_list *variable, uint32_t *ids, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < view->root_n; i++) {
		if (i >= variable->name_length || variable->name[i] < view->root[i])
			return true;
		if (variable->name[i] > view->root[i])
			return false;
	}
	for (size_t i = view->root_n; i < variable->name_length && *n < OID_MAX; i++)
		ids[(*n)++] = (uint32_t)variable->name[i];
	return true;
}

static void answer_get(const struct view *view, struct cell_context *context, netsnmp_agent_request_info *info,
		       netsnmp_request_info *request)
{
	uint32_t ids[OID_MAX];
	struct cell cell;
	size_t n;

	if (!relative(view, request->requestvb, ids, &n) || !view_object(view, ids, n))
		netsnmp_set_request_error(info, request, SNMP_NOSUCHOBJECT);
	else if (view_get(view, context, ids, n, &cell) != 0)
		netsnmp_set_request_error(info, request, SNMP_NOSUCHINSTANCE);
	else
		table_snmp_put(request->requestvb, &cell);
}

/* Left as it is where nothing follows: the library goes on behind the registration. */
static void answer_next(const struct view *view, struct cell_context *context, netsnmp_request_info *request)
{
	uint32_t ids[OID_MAX], next[OID_MAX];
	oid name[MAX_OID_LEN];
	struct cell cell;
	size_t n, next_n;

	if (!relative(view, request->requestvb, ids, &n))
		return;
	/* The master may ask from an OID on, itself included. */
	if (request->inclusive && view_get(view, context, ids, n, &cell) == 0) {
		table_snmp_put(request->requestvb, &cell);
		return;
	}
	if (view_next(view, context, ids, n, next, &next_n, &cell) != 0)
		return;
	n = widen(view->root, view->root_n, name);
	n += widen(next, next_n, name + n);
	snmp_set_var_objid(request->requestvb, name, n);
	table_snmp_put(request->requestvb, &cell);
}

static void answer(const struct view *view, struct cell_context *context, netsnmp_agent_request_info *info,
		   netsnmp_request_info *request)
{
	if (info->mode == MODE_GET)
		answer_get(view, context, info, request);
	else if (info->mode == MODE_GETNEXT)
		answer_next(view, context, request);
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		      netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct served *served = handler->myvoid;
	struct agent *agent = served->agent;
	struct snapshot *snapshot = store_acquire(agent->store);
	const int64_t now = clock_mono_ns();
	struct cell_context context;

	(void)registration;
	if (snapshot == NULL) /* nothing was read yet: no instance of anything */
		return SNMP_ERR_NOERROR;
	cell_context_init(&context, snapshot, now, agent_uptime_zero(agent, now));
	context.vm_notifications = agent->vm_notifications;
	if (served->view->cached) {
		view_cache_update(&agent->cache, snapshot, served->view->by_uuid);
		context.cache = &agent->cache;
	}
	for (netsnmp_request_info *request = requests; request != NULL; request = request->next) {
		if (!request->processed)
			answer(served->view, &context, info, request);
	}
	part_unref(snapshot);
	return SNMP_ERR_NOERROR;
}

size_t table_snmp_subtree(const struct view *view, oid *out)
{
	const size_t n = widen(view->root, view->root_n, out);

	return n + widen(view->subtree, view->subtree_n, out + n);
}

bool table_snmp_register(struct served *served)
{
	oid subtree[OID_MAX];
	const size_t n = table_snmp_subtree(served->view, subtree);
	netsnmp_handler_registration *registration =
		netsnmp_create_handler_registration(served->view->module, on_request, subtree, n, HANDLER_CAN_RONLY);

	if (registration == NULL)
		return false;
	registration->handler->myvoid = served;
	return netsnmp_register_handler(registration) == MIB_REGISTERED_OK;
}
