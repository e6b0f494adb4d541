/*
 * trap.c - notifications on their way to the master: a bounded queue, one in flight, each again until it is answered.
 *
 * put: any thread. Everything else: the agentx thread. The library's own send_v2trap() tells its caller nothing, so the
 * Notify-PDU of RFC 2741 is built here and sent with a callback. The master adds sysUpTime.0.
 */
#include "subagent/agent_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "subagent/varbind.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_S 1
#define WINDOW_MARGIN_US 10000 /* the alarm at the end of a window is not to be before it */
#define LOG_NAME "AgentX: notifications"

void trap_queue_init(struct trap_queue *queue)
{
	pthread_mutex_init(&queue->lock, NULL);
	buf_init(&queue->record, EVENT_RECORD_MAX);
	queue->tail = &queue->head;
}

static struct trap_entry *head_of(struct trap_queue *queue)
{
	struct trap_entry *entry;

	pthread_mutex_lock(&queue->lock);
	entry = queue->head;
	pthread_mutex_unlock(&queue->lock);
	return entry;
}

static void drop_head(struct trap_queue *queue)
{
	struct trap_entry *entry;

	pthread_mutex_lock(&queue->lock);
	entry = queue->head;
	queue->head = entry->next;
	if (queue->head == NULL)
		queue->tail = &queue->head;
	queue->n--;
	pthread_mutex_unlock(&queue->lock);
	part_unref(&entry->event->part);
	free(entry);
}

void trap_queue_free(struct trap_queue *queue)
{
	while (queue->head != NULL)
		drop_head(queue);
	pthread_mutex_destroy(&queue->lock);
	buf_free(&queue->record);
	vm_states_free(&queue->vm_states);
}

bool trap_queue_put(struct trap_queue *queue, const struct event *event)
{
	struct trap_entry *entry = NULL;

	pthread_mutex_lock(&queue->lock);
	if (queue->n < AGENT_QUEUE_MAX) {
		entry = mem_alloc(sizeof(*entry));
		entry->event = part_ref(event);
		*queue->tail = entry;
		queue->tail = &entry->next;
		queue->n++;
	}
	pthread_mutex_unlock(&queue->lock);
	return entry != NULL;
}

/* --- one notification --------------------------------------------------------------------------------------------- */

static bool add_varbind(netsnmp_pdu *pdu, const struct varbind *varbind)
{
	oid name[OID_MAX];
	netsnmp_variable_list *variable;

	for (size_t i = 0; i < varbind->oid_n; i++)
		name[i] = varbind->oid[i];
	variable = snmp_pdu_add_variable(pdu, name, varbind->oid_n, ASN_NULL, NULL, 0);
	if (variable == NULL)
		return false;
	table_snmp_put(variable, &varbind->cell);
	return true;
}

/* NULL where the record cannot be read. */
static netsnmp_pdu *make_pdu(const struct agent *agent, const void *record, size_t length)
{
	struct varbind_reader reader;
	struct varbind varbind;
	netsnmp_pdu *pdu = snmp_pdu_create(NOTIFY_PDU);
	int code = pdu == NULL ? -ERR_IO : varbind_open(&reader, record, length);

	while (code == 0) {
		code = varbind_read(&reader, &varbind);
		if (code == 0 && !add_varbind(pdu, &varbind))
			code = -ERR_PARSE;
	}
	if (code == -ERR_ABSENT && pdu->variables != NULL) {
		pdu->sessid = agent->session->sessid;
		return pdu;
	}
	snmp_free_pdu(pdu);
	return NULL;
}

/* --- the stages of an event --------------------------------------------------------------------------------------- */

/* What VM-MIB has to say of it; a machine beyond the bitmap's bound has a notification for itself in any case. */
static bool make_vm(struct agent *agent, const struct event *event)
{
	struct trap_queue *queue = &agent->queue;

	queue->has_change = (agent->vm_notifications || agent->vm_bulk_notifications) &&
			    trap_view_change(&queue->vm_states, event, &queue->change) == 0;
	return queue->has_change && !event->quiet &&
	       (agent->vm_notifications || !vm_bulk_has_room(queue->change.subject.index)) &&
	       trap_view_vm(&queue->change, &queue->record) == 0;
}

static void on_window(unsigned int id, void *arg)
{
	(void)id;
	(void)arg;
}

/* False: the lists that wait have to be sent before. */
static bool collect(struct agent *agent, const struct event *event)
{
	const struct timeval window = { VM_BULK_WINDOW_NS / NS_PER_S, WINDOW_MARGIN_US };
	struct trap_queue *queue = &agent->queue;
	const struct vm_change *change = &queue->change;
	const size_t before = queue->bulk.n;

	if (!agent->vm_bulk_notifications || !queue->has_change || !vm_bulk_has_room(change->subject.index))
		return true;
	if (!vm_bulk_add(&queue->bulk, change->notification, change->subject.index, event->serial, clock_mono_ns())) {
		queue->bulk_hurried = true;
		return false;
	}
	queue->lists = (uint32_t)queue->bulk.n;
	if (queue->bulk.n > before) /* makes the loop come round at its end */
		snmp_alarm_register_hr(window, 0, on_window, queue);
	return true;
}

/* Whether there is something to be done with the head in its stage, after TRAP_OWN. */
static bool has_work(struct agent *agent, const struct trap_entry *head)
{
	struct trap_queue *queue = &agent->queue;

	buf_reset(&queue->record);
	if (head->stage == TRAP_VM)
		return make_vm(agent, head->event);
	if (head->stage == TRAP_BULK)
		return !collect(agent, head->event);
	return agent->libvirt_notifications && !head->event->quiet &&
	       trap_view_libvirt(head->event, &queue->record) == 0;
}

/* The events before the first one of a list that waits are told. */
static void tell_sent(struct agent *agent)
{
	struct trap_queue *queue = &agent->queue;
	const uint32_t serial = vm_bulk_told_before(&queue->bulk, queue->done);

	if (serial <= queue->told)
		return;
	queue->told = serial;
	if (agent->sent != NULL)
		agent->sent(agent->arg, serial);
}

/* Nothing more is to be sent of the head itself. */
static void finish_head(struct agent *agent)
{
	agent->queue.done = agent->queue.head->event->serial;
	drop_head(&agent->queue);
	tell_sent(agent);
}

static void next_stage(struct agent *agent)
{
	struct trap_entry *head = agent->queue.head;

	do
		head->stage++;
	while (head->stage < TRAP_DONE && !has_work(agent, head));
	if (head->stage == TRAP_DONE)
		finish_head(agent);
}

/* The oldest list is sent, or never will be. */
static void finish_bulk(struct agent *agent)
{
	struct trap_queue *queue = &agent->queue;

	vm_bulk_drop(&queue->bulk);
	queue->lists = (uint32_t)queue->bulk.n;
	queue->bulk_hurried = queue->bulk_hurried && queue->bulk.n > 0;
	tell_sent(agent);
}

static void give_up(struct agent *agent, const char *why, long code)
{
	struct trap_queue *queue = &agent->queue;
	const bool bulk = queue->bulk_in_flight;

	log_warning("AgentX: the notification of event %u%s is given up: %s %ld",
		    bulk ? queue->bulk.lists[0].serial : queue->head->event->serial, bulk ? " and others" : "", why,
		    code);
	queue->given_up++;
	if (bulk)
		finish_bulk(agent);
	else if (queue->head->stage == TRAP_OWN)
		drop_head(queue);
	else /* its own one was taken */
		next_stage(agent);
}

static void delivered(struct agent *agent)
{
	log_repeat_ok(&agent->queue.refused, LOG_NAME);
	if (agent->queue.bulk_in_flight)
		finish_bulk(agent);
	else
		next_stage(agent);
}

static void on_retry(unsigned int id, void *arg)
{
	struct trap_queue *queue = arg;

	(void)id;
	queue->resting = false;
}

/* The library's alarm also makes the loop come round, which else waits for the next ping. */
static void try_again(struct trap_queue *queue)
{
	queue->resting = snmp_alarm_register(RETRY_S, 0, on_retry, queue) != 0;
}

static void refused(struct trap_queue *queue, long error)
{
	char text[80];

	snprintf(text, sizeof(text), "the master answers with error %ld; trying again every %d s", error, RETRY_S);
	log_repeat_fail(&queue->refused, LOG_NAME, text);
	try_again(queue);
}

/* A notification that the master cannot read would stand in the way of all others for ever; anything else may pass. */
static void on_response(struct agent *agent, long error)
{
	if (error == SNMP_ERR_NOERROR)
		delivered(agent);
	else if (error == ERROR_PARSE || error == ERROR_PROCESSING)
		give_up(agent, "the master answers with error", error);
	else
		refused(&agent->queue, error);
}

/* Also called for requests of a session that is long gone, when the library frees it: their number tells. */
static int on_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu, void *magic)
{
	struct agent *agent = magic;
	struct trap_queue *queue = &agent->queue;

	(void)session;
	if (!queue->in_flight || request != queue->request || operation == NETSNMP_CALLBACK_OP_RESEND)
		return 1;
	queue->in_flight = false;
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE)
		on_response(agent, pdu->errstat);
	else
		try_again(queue);
	return 1;
}

static void send_record(struct agent *agent, const void *record, size_t length)
{
	struct trap_queue *queue = &agent->queue;
	netsnmp_pdu *pdu = make_pdu(agent, record, length);

	if (pdu == NULL) {
		give_up(agent, "its record is damaged, bytes:", (long)length);
		return;
	}
	queue->request = snmp_async_send(agent->session, pdu, on_answer, agent);
	queue->in_flight = queue->request != 0;
	if (!queue->in_flight) {
		snmp_free_pdu(pdu);
		try_again(queue);
	}
}

static void send_head(struct agent *agent, const struct trap_entry *head)
{
	const struct buf *record = &agent->queue.record;

	agent->queue.bulk_in_flight = false;
	if (head->stage == TRAP_OWN)
		send_record(agent, head->event->varbinds, head->event->varbinds_length);
	else
		send_record(agent, record->data, record->length);
}

static void send_bulk(struct agent *agent, const struct vm_bulk_list *list)
{
	struct buf record;

	buf_init(&record, EVENT_RECORD_MAX);
	vm_bulk_record(list, &record);
	agent->queue.bulk_in_flight = true;
	send_record(agent, record.data, record.length);
	buf_free(&record);
}

/* The states before the first change that is told. */
static void seed_states(struct agent *agent)
{
	struct snapshot *snapshot;

	if (!(agent->vm_notifications || agent->vm_bulk_notifications) || agent->queue.vm_states.n > 0)
		return;
	snapshot = store_acquire(agent->store);
	if (snapshot != NULL && snapshot->domains != NULL)
		vm_states_seed(&agent->queue.vm_states, snapshot->domains);
	part_unref(snapshot);
}

/* The list that is to be sent now; NULL: none is. */
static const struct vm_bulk_list *list_to_send(const struct agent *agent)
{
	const bool hurry = agent->queue.bulk_hurried || agent->stopping;

	return vm_bulk_due(&agent->queue.bulk, hurry ? INT64_MAX : clock_mono_ns());
}

/* What can be done with the head without the master: false: nothing, it is to be sent. */
static bool step(struct agent *agent, const struct trap_entry *head)
{
	if (head->stage == TRAP_BULK) {
		if (!collect(agent, head->event))
			return true; /* now the lists are hurried */
	} else if (head->stage != TRAP_OWN || !head->event->quiet) {
		return false;
	}
	next_stage(agent);
	return true;
}

void trap_pump(struct agent *agent)
{
	struct trap_queue *queue = &agent->queue;

	seed_states(agent);
	while (agent->session != NULL && !queue->in_flight && !queue->resting) {
		const struct vm_bulk_list *list = list_to_send(agent);
		struct trap_entry *head = head_of(queue);

		if (list != NULL)
			send_bulk(agent, list);
		else if (head == NULL)
			return;
		else if (!step(agent, head))
			send_head(agent, head);
	}
}

void trap_session_lost(struct agent *agent)
{
	agent->queue.in_flight = false;
	agent->queue.resting = false;
}
