/*
 * live.c - the bounded queue between libvirt's callbacks and the cycle lane.
 *
 * Thread: push from any lane (in practice virevent), take from the cycle lane. The mutex is held for a few
 * assignments only.
 */
#include "source/live.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct live_queue {
	pthread_mutex_t mutex;
	struct domain_change *first, **last; /* last: where the next one is linked */
	size_t n;
	uint64_t tickets, newest; /* drawn; claimed */
	_Atomic uint32_t dropped;
	void (*wake)(void *arg);
	void *arg;
};

struct live_queue *live_new(void (*wake)(void *arg), void *arg)
{
	struct live_queue *queue = mem_alloc(sizeof(*queue));

	pthread_mutex_init(&queue->mutex, NULL);
	queue->last = &queue->first;
	queue->wake = wake;
	queue->arg = arg;
	return queue;
}

void live_free(struct live_queue *queue)
{
	struct domain_change *change;

	if (queue == NULL)
		return;
	for (change = live_take(queue); change != NULL;) {
		struct domain_change *next = change->next;

		domain_change_free(change);
		change = next;
	}
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

uint64_t live_ticket(struct live_queue *queue)
{
	uint64_t ticket;

	pthread_mutex_lock(&queue->mutex);
	ticket = ++queue->tickets;
	pthread_mutex_unlock(&queue->mutex);
	return ticket;
}

void live_claim(struct live_queue *queue, uint64_t ticket)
{
	pthread_mutex_lock(&queue->mutex);
	if (ticket > queue->newest)
		queue->newest = ticket;
	pthread_mutex_unlock(&queue->mutex);
}

/* Called with the mutex held. */
static void append(struct live_queue *queue, struct domain_change *change)
{
	change->next = NULL;
	*queue->last = change;
	queue->last = &change->next;
	queue->n++;
}

void live_push(struct live_queue *queue, uint64_t ticket, struct domain_change *change)
{
	const size_t most = domain_change_is_of_list(change) ? LIVE_QUEUE_MAX : LIVE_NOTICES_MAX;
	bool heard, taken;

	pthread_mutex_lock(&queue->mutex);
	heard = ticket >= queue->newest;
	taken = heard && queue->n < most;
	if (taken)
		append(queue, change);
	pthread_mutex_unlock(&queue->mutex);
	if (!taken)
		domain_change_free(change);
	if (heard && !taken)
		atomic_fetch_add(&queue->dropped, 1);
	if (taken && queue->wake != NULL)
		queue->wake(queue->arg);
}

struct domain_change *live_take(struct live_queue *queue)
{
	struct domain_change *first;

	pthread_mutex_lock(&queue->mutex);
	first = queue->first;
	queue->first = NULL;
	queue->last = &queue->first;
	queue->n = 0;
	pthread_mutex_unlock(&queue->mutex);
	return first;
}

uint32_t live_dropped(const struct live_queue *queue)
{
	return atomic_load(&queue->dropped);
}
