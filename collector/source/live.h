/*
 * live.h - events that a source learns of between polls (libvirt's callbacks), on their way to the cycle lane.
 *
 * Thread: push from any (never blocks: a mutex held for a copy), take from the cycle lane. Bounded: when the queue is
 * full the newest is dropped and counted, and the cycle reads the list anew anyway.
 */
#ifndef EDGENODE_SOURCE_LIVE_H
#define EDGENODE_SOURCE_LIVE_H

#include <stdint.h>

#define LIVE_QUEUE_MAX 4096

enum live_kind { LIVE_DOMAIN_LIFECYCLE = 1, LIVE_CONNECTION_CLOSED };

struct live_event {
	struct live_event *next;
	enum live_kind kind;
	int64_t time_real_ns, time_mono_ns;
	uint8_t uuid[16];
	char *name;
	int event, detail; /* libvirt's numbers */
};

struct live_queue;

/* wake is called after a push, on the pushing thread; it must not block. */
struct live_queue *live_new(void (*wake)(void *arg), void *arg);
void live_free(struct live_queue *queue);
/* Takes over the event. */
void live_push(struct live_queue *queue, struct live_event *event);
/* All of them, oldest first, as a list the caller frees one by one; NULL when there is none. */
struct live_event *live_take(struct live_queue *queue);
void live_event_free(struct live_event *event);
uint32_t live_dropped(const struct live_queue *queue);

#endif
