/*
 * live.h - what a source learns of domains between polls (libvirt's callbacks), on its way to the cycle lane.
 *
 * Thread: push from any (never blocks: a mutex held for a few assignments), take from the cycle lane. Bounded: when the
 * queue is full the newest is dropped and counted, and the cycle reads the list anew anyway. Notices are dropped first,
 * so that no guest crowds out what is of the list.
 *
 * A thread that was given up leaves its connection behind, which may still speak. So each connection has a ticket, and
 * only the one with the latest is heard.
 */
#ifndef EDGENODE_SOURCE_LIVE_H
#define EDGENODE_SOURCE_LIVE_H

#include "model/change.h"

#define LIVE_QUEUE_MAX 4096
#define LIVE_NOTICES_MAX (LIVE_QUEUE_MAX / 4 * 3) /* a queue of this length takes no more of them */

struct live_queue;

/* wake is called after a push, on the pushing thread; it must not block. */
struct live_queue *live_new(void (*wake)(void *arg), void *arg);
void live_free(struct live_queue *queue);
/* Drawn before a connection is opened, which may take long; claimed when it is about to speak: from then on those with
 * an earlier one are not heard. */
uint64_t live_ticket(struct live_queue *queue);
void live_claim(struct live_queue *queue, uint64_t ticket);
/* Takes over the change. */
void live_push(struct live_queue *queue, uint64_t ticket, struct domain_change *change);
/* All of them, oldest first, as a list the caller frees one by one; NULL when there is none. */
struct domain_change *live_take(struct live_queue *queue);
uint32_t live_dropped(const struct live_queue *queue);

#endif
