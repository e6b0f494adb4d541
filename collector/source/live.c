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
	struct live_event *first, **last; /* last: where the next one is linked */
	size_t n;
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
	struct live_event *event;

	if (queue == NULL)
		return;
	for (event = live_take(queue); event != NULL;) {
		struct live_event *next = event->next;

		live_event_free(event);
		event = next;
	}
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

void live_push(struct live_queue *queue, struct live_event *event)
{
	bool full;

	event->next = NULL;
	pthread_mutex_lock(&queue->mutex);
	full = queue->n >= LIVE_QUEUE_MAX;
	if (!full) {
		*queue->last = event;
		queue->last = &event->next;
		queue->n++;
	}
	pthread_mutex_unlock(&queue->mutex);
	if (full) {
		atomic_fetch_add(&queue->dropped, 1);
		live_event_free(event);
	} else if (queue->wake != NULL) {
		queue->wake(queue->arg);
	}
}

struct live_event *live_take(struct live_queue *queue)
{
	struct live_event *first;

	pthread_mutex_lock(&queue->mutex);
	first = queue->first;
	queue->first = NULL;
	queue->last = &queue->first;
	queue->n = 0;
	pthread_mutex_unlock(&queue->mutex);
	return first;
}

void live_event_free(struct live_event *event)
{
	if (event == NULL)
		return;
	free(event->name);
	free(event);
}

uint32_t live_dropped(const struct live_queue *queue)
{
	return atomic_load(&queue->dropped);
}
