/*
 * pools.c - the source "pools": libvirt's storage pools, over a read-only connection of its own.
 *
 * Thread: worker "pools". Data: virConnectListAllStoragePools and virStoragePoolGetInfo. libvirt answers from what it
 * knew when the pool was last refreshed. A pool on storage that hangs may hang the call; then the worker is given up,
 * and no other source waits for it.
 */
#include "source/source.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MS 60000
#define DEADLINE_MS 10000
#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT 3

/* A list of pools as libvirt allocates it. */
struct listing {
	int n;
	virStoragePoolPtr *pools;
};

static const char *uri_of(const struct source_env *env)
{
	return env->uri != NULL && env->uri[0] != '\0' ? env->uri : NULL;
}

static int pools_fail(const struct source_env *env, struct source_error *error, int code, const char *text)
{
	return source_fail(error, code, "storage pools of %s: %s",
			   uri_of(env) != NULL ? uri_of(env) : "libvirt's default URI", text);
}

static int pools_open(const struct source_env *env, void **self, struct source_error *error)
{
	virConnectPtr connection = virConnectOpenReadOnly(uri_of(env));

	if (connection == NULL)
		return pools_fail(env, error, -ERR_IO, virGetLastErrorMessage());
	virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	*self = connection;
	return 0;
}

static void pools_close(void *self)
{
	virConnectClose(self);
}

static void pools_destroy(struct part *part)
{
	free(part);
}

static void listing_free(struct listing *listing)
{
	for (int i = 0; i < listing->n; i++)
		virStoragePoolFree(listing->pools[i]);
	free(listing->pools);
}

/* libvirt's virStoragePoolState */
static uint8_t state_of(int state)
{
	static const uint8_t STATES[] = {
		[VIR_STORAGE_POOL_INACTIVE] = POOL_INACTIVE,	     [VIR_STORAGE_POOL_BUILDING] = POOL_BUILDING,
		[VIR_STORAGE_POOL_RUNNING] = POOL_RUNNING,	     [VIR_STORAGE_POOL_DEGRADED] = POOL_DEGRADED,
		[VIR_STORAGE_POOL_INACCESSIBLE] = POOL_INACCESSIBLE,
	};

	return state >= 0 && (size_t)state < sizeof(STATES) ? STATES[state] : POOL_UNKNOWN;
}

/* libvirt gives zeros for the sizes of a pool that is not active. */
static bool has_sizes(uint8_t state)
{
	return state == POOL_RUNNING || state == POOL_DEGRADED;
}

/* False: the pool has gone since it was listed. */
static bool pool_read(virStoragePoolPtr handle, struct pool *row)
{
	const char *name = virStoragePoolGetName(handle);
	virStoragePoolInfo info;

	if (name == NULL || virStoragePoolGetUUID(handle, row->uuid) != 0)
		return false;
	memcpy(row->name, name, text_utf8_cut(name, strnlen(name, POOL_NAME_SIZE), POOL_NAME_SIZE - 1));
	if (virStoragePoolGetInfo(handle, &info) != 0) {
		row->state = POOL_UNKNOWN;
		return virGetLastErrorCode() != VIR_ERR_NO_STORAGE_POOL;
	}
	row->state = state_of(info.state);
	if (has_sizes(row->state)) {
		row->capacity_bytes = info.capacity;
		row->allocation_bytes = info.allocation;
		row->available_bytes = info.available;
		row->have = POOL_HAVE_SIZES;
	}
	return true;
}

static struct pools *pools_read(const struct listing *listing)
{
	struct pools *pools = mem_alloc(sizeof(*pools) + (size_t)listing->n * sizeof(pools->rows[0]));

	part_init(&pools->part, pools_destroy);
	for (int i = 0; i < listing->n; i++) {
		struct pool *row = &pools->rows[pools->n];

		memset(row, 0, sizeof(*row));
		pools->n += pool_read(listing->pools[i], row);
	}
	return pools;
}

/* A driver without storage (xen, and a libvirtd without its storage driver) is no failure. */
static int list_failed(const struct source_env *env, struct source_error *error)
{
	const int code = virGetLastErrorCode();

	return pools_fail(env, error, code == VIR_ERR_NO_SUPPORT || code == VIR_ERR_NO_CONNECT ? -ERR_ABSENT : -ERR_IO,
			  virGetLastErrorMessage());
}

static int pools_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct listing listing = { 0 };
	struct pools *pools;

	listing.n = virConnectListAllStoragePools(self, &listing.pools, 0);
	if (listing.n < 0)
		return list_failed(env, error);
	if (listing.n > POOLS_MAX) {
		listing_free(&listing);
		return pools_fail(env, error, -ERR_LIMIT, "more pools than this daemon is made for");
	}
	pools = pools_read(&listing);
	listing_free(&listing);
	/* A connection that ended on the way gave half answers: they are no facts. */
	if (virConnectIsAlive(self) != 1) {
		part_unref(pools);
		return pools_fail(env, error, -ERR_IO, "the connection was lost during the poll");
	}
	*result = &pools->part;
	return 0;
}

const struct source source_pools = {
	.id = SOURCE_POOLS,
	.name = "pools",
	.worker = WORKER_POOLS,
	.interval_ms = INTERVAL_MS,
	.deadline_ms = DEADLINE_MS,
	.open = pools_open,
	.poll = pools_poll,
	.close = pools_close,
};
