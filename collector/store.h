/*
 * store.h - where the newest sealed snapshot stands. The only point at which data passes from the cycle lane to
 * the consumers.
 *
 * Thread: publish and sweep from the cycle lane; acquire and wait from any. Cost: one short mutex; nothing is copied.
 */
#ifndef EDGENODE_STORE_H
#define EDGENODE_STORE_H

#include "model/snapshot.h"

struct store;

struct store *store_new(void);
void store_free(struct store *store);

/* Takes over the reference to a sealed snapshot, replaces the one before, wakes the waiters. The one before stays until
 * nobody else has it: who answers a manager must not be the one who frees all of it. */
void store_publish(struct store *store, struct snapshot *snapshot);
/* Frees those that have been replaced, but for what is still in use. Each publication does, too. */
void store_sweep(struct store *store);

/* The newest, as a reference the caller drops with part_unref; NULL before the first publish. */
struct snapshot *store_acquire(struct store *store);

/* Waits until a snapshot with a serial above `after` is there or the time is over (mono clock); then as acquire.
 * For lanes that have nothing else to wait for (disk). store_wake ends every wait early. */
struct snapshot *store_wait(struct store *store, uint64_t after, int64_t until_mono_ns);
void store_wake(struct store *store);

/* For a lane that waits for other things too: called at each publication, on the publisher's thread and within the
 * store's mutex, so it only passes the word on (an eventfd). One listener; NULL takes it away, and then no call is
 * under way any more. */
void store_listen(struct store *store, void (*published)(void *arg), void *arg);

#endif
