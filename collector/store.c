/* store.c - holds the newest sealed snapshot. Thread: see store.h. */
#include "store.h"

#include "base/lane.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct store {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct snapshot *newest;
	void (*published)(void *arg);
	void *published_arg;
	uint64_t wakes; /* store_wake ends every wait that began before it */
	/* The publisher's: */
	struct snapshot **replaced; /* as references; no more than there are lanes that hold one, and the newest of them */
	size_t n_replaced;
};

struct store *store_new(void)
{
	struct store *store = mem_alloc(sizeof(*store));

	pthread_mutex_init(&store->lock, NULL);
	lane_condition_init(&store->changed);
	return store;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	part_unref(store->newest);
	for (size_t i = 0; i < store->n_replaced; i++)
		part_unref(store->replaced[i]);
	free(store->replaced);
	pthread_cond_destroy(&store->changed);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

void store_publish(struct store *store, struct snapshot *snapshot)
{
	struct snapshot *old;

	pthread_mutex_lock(&store->lock);
	old = store->newest;
	store->newest = snapshot;
	pthread_cond_broadcast(&store->changed);
	if (store->published != NULL)
		store->published(store->published_arg);
	pthread_mutex_unlock(&store->lock);
	if (old != NULL) {
		store->replaced = mem_grow(store->replaced, store->n_replaced + 1, sizeof(store->replaced[0]));
		store->replaced[store->n_replaced++] = old;
	}
	store_sweep(store);
}

/* Whoever has no reference gets none any more: a snapshot that only this one is left of stays so. */
void store_sweep(struct store *store)
{
	size_t n = 0;

	for (size_t i = 0; i < store->n_replaced; i++) {
		struct snapshot *snapshot = store->replaced[i];

		if (atomic_load_explicit(&snapshot->part.refs, memory_order_acquire) == 1)
			part_unref(snapshot);
		else
			store->replaced[n++] = snapshot;
	}
	store->n_replaced = n;
}

struct snapshot *store_acquire(struct store *store)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&store->lock);
	snapshot = part_ref(store->newest);
	pthread_mutex_unlock(&store->lock);
	return snapshot;
}

static bool is_newer(const struct store *store, uint64_t after)
{
	return store->newest != NULL && store->newest->serial > after;
}

struct snapshot *store_wait(struct store *store, uint64_t after, int64_t until_mono_ns)
{
	struct snapshot *snapshot;
	uint64_t wakes;
	bool in_time = true;

	pthread_mutex_lock(&store->lock);
	wakes = store->wakes;
	while (in_time && wakes == store->wakes && !is_newer(store, after))
		in_time = lane_wait_until(&store->changed, &store->lock, until_mono_ns);
	snapshot = part_ref(store->newest);
	pthread_mutex_unlock(&store->lock);
	return snapshot;
}

void store_wake(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store->wakes++;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
}

void store_listen(struct store *store, void (*published)(void *arg), void *arg)
{
	pthread_mutex_lock(&store->lock);
	store->published = published;
	store->published_arg = arg;
	pthread_mutex_unlock(&store->lock);
}
