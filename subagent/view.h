/*
 * view.h - the modules that the tables are served as: EDGENODE-MIB, and standard modules on the same rows. Each is
 * registered with the master on its own.
 *
 * Const data. Only view_cache is not: what a view's indexes need beyond the snapshot, owned by one lane.
 */
#ifndef EDGENODE_SUBAGENT_VIEW_H
#define EDGENODE_SUBAGENT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain;
struct domains;
struct snapshot;
struct table;

#define VIEW_SUBTREE_MAX 3

struct view {
	const char *module; /* "ENTITY-MIB" */
	const uint32_t *root;
	size_t root_n;
	/* What is registered, below root: as little as the tables need, so that another agent can have the rest. */
	uint32_t subtree[VIEW_SUBTREE_MAX];
	size_t subtree_n;
	const struct table *const *tables; /* ascending, as TABLES */
	size_t n;
	bool cached;  /* its tables need context->cache */
	bool by_uuid; /* and its active domains */
};

enum view_id { VIEW_EDGENODE, VIEW_ENTITY, VIEW_ENTITY_SENSOR, VIEW_LIBVIRT, VIEW_VM, VIEW_NTP, VIEW_END };
#define VIEW_BIT(id) (UINT32_C(1) << (id))

/* VIEW_END of them, by enum view_id. */
extern const struct view *const VIEWS[];
extern const struct view EDGENODE_VIEW, ENTITY_VIEW, ENTITY_SENSOR_VIEW, LIBVIRT_VIEW, VM_VIEW, NTP_VIEW;

/* Made once for each list of domains and kept while that is the newest. It holds no reference to the list: nobody may
 * ask for long, and the memory would be that of all domains once more. */
struct view_cache {
	uint64_t number;    /* of the list; 0: none */
	uint32_t *indexes;  /* of its rows */
	uint32_t *active;   /* places in it of those that run, ascending UUID; NULL until they are needed */
	size_t n, n_active;
	int64_t change_mono_ns; /* when there were others than before; of the first ones, when they were read */
};

/* After it the cache is that of this snapshot, with the active domains where asked for. Cost: one look at each domain,
 * and a sort of the active ones, where the list is another than the last time. */
void view_cache_update(struct view_cache *cache, const struct snapshot *snapshot, bool active);
/* The cache can be used again, as a zeroed one can. */
void view_cache_clear(struct view_cache *cache);

#endif
