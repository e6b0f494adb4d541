/*
 * table_snmp.c - the one handler of all modules: a request of the master answered from the newest snapshot by table.c.
 *
 * On the agentx thread. One snapshot serves a whole PDU. SET is refused by session.c, before it comes here; the library
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

/* What the view needs beyond the snapshot. */
static void add_cache(struct agent *agent, const struct view *view, struct cell_context *context)
{
	if (view->cached)
		view_cache_update(&agent->cache, context->snapshot, view->by_uuid);
	context->cache = view->cached ? &agent->cache : NULL;
}

int table_snmp_get(struct agent *agent, const struct view *view, struct cell_context *context,
		   netsnmp_variable_list *variable)
{
	uint32_t ids[OID_MAX];
	struct cell cell;
	size_t n;

	if (!relative(view, variable, ids, &n) || !view_object(view, ids, n))
		return SNMP_NOSUCHOBJECT;
	add_cache(agent, view, context);
	if (view_get(view, context, ids, n, &cell) != 0)
		return SNMP_NOSUCHINSTANCE;
	table_snmp_put(variable, &cell);
	return 0;
}

bool table_snmp_next(struct agent *agent, const struct view *view, struct cell_context *context,
		     const netsnmp_variable_list *variable, bool inclusive, struct instance *found)
{
	uint32_t ids[OID_MAX], next[OID_MAX];
	size_t n, next_n;

	if (!relative(view, variable, ids, &n))
		return false;
	add_cache(agent, view, context);
	/* The master may ask from an OID on, itself included. */
	if (inclusive && view_get(view, context, ids, n, &found->cell) == 0) {
		memcpy(found->name, variable->name, variable->name_length * sizeof(oid));
		found->n = variable->name_length;
		return true;
	}
	if (view_next(view, context, ids, n, next, &next_n, &found->cell) != 0)
		return false;
	found->n = widen(view->root, view->root_n, found->name);
	found->n += widen(next, next_n, found->name + found->n);
	return true;
}

static void answer(struct agent *agent, const struct view *view, struct cell_context *context,
		   netsnmp_agent_request_info *info, netsnmp_request_info *request)
{
	struct instance found;
	int absent;

	if (info->mode == MODE_GET) {
		absent = table_snmp_get(agent, view, context, request->requestvb);
		if (absent != 0)
			netsnmp_set_request_error(info, request, absent);
	} else if (info->mode == MODE_GETNEXT &&
		   table_snmp_next(agent, view, context, request->requestvb, request->inclusive, &found)) {
		snmp_set_var_objid(request->requestvb, found.name, found.n);
		table_snmp_put(request->requestvb, &found.cell);
	} /* Else it is left as it is: the library goes on behind the registration. */
}

void table_snmp_context(struct agent *agent, const struct snapshot *snapshot, struct cell_context *context)
{
	const int64_t now = clock_mono_ns();

	cell_context_init(context, snapshot, now, agent_uptime_zero(agent, now));
	context->vm_notifications = agent->vm_notifications;
	context->vm_bulk_notifications = agent->vm_bulk_notifications;
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		      netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct served *served = handler->myvoid;
	struct snapshot *snapshot = store_acquire(served->agent->store);
	struct cell_context context;

	(void)registration;
	if (snapshot == NULL) /* nothing was read yet: no instance of anything */
		return SNMP_ERR_NOERROR;
	table_snmp_context(served->agent, snapshot, &context);
	for (netsnmp_request_info *request = requests; request != NULL; request = request->next) {
		if (!request->processed)
			answer(served->agent, served->view, &context, info, request);
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
