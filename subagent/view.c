/*
 * view.c - which tables each module has and where they are, and the cache that some of them need.
 *
 * Pure; thread: any. The cache belongs to its caller.
 */
#include "subagent/view.h"

#include "base/mem.h"
#include "subagent/rows.h"

#include <stdlib.h>
#include <string.h>

#define UUID_SIZE 16
#define ROOT_OF(array) (array), sizeof(array) / sizeof((array)[0])

const uint32_t EDGE_ROOT[] = { EDGE_ROOT_ARCS };
const size_t EDGE_ROOT_N = sizeof(EDGE_ROOT) / sizeof(EDGE_ROOT[0]);
static const uint32_t ENTITY_ROOT[] = { 1, 3, 6, 1, 2, 1, 47 };
static const uint32_t ENTITY_SENSOR_ROOT[] = { 1, 3, 6, 1, 2, 1, 99 };
static const uint32_t NTP_ROOT[] = { 1, 3, 6, 1, 2, 1, 197 };
static const uint32_t VM_ROOT[] = { 1, 3, 6, 1, 2, 1, 236 };
static const uint32_t LIBVIRT_ROOT[] = { 1, 3, 6, 1, 4, 1, 36957 };

/* clang-format off */
const struct table *const TABLES[] = {
	&NODE_SCALARS,
	&SOURCE_TABLE,
	&DOMAIN_TABLE, &VCPU_TABLE, &BLOCK_TABLE, &NIC_TABLE,
	&CPU_SCALARS, &CPU_TABLE,
	&MEMORY_SCALARS, &HUGEPAGE_TABLE, &PRESSURE_TABLE,
	&SENSOR_TABLE,
	&CLOCK_SCALARS, &CLOCK_PEER_TABLE, &PTP_TABLE,
	&HARDWARE_SCALARS, &EDAC_TABLE, &POWER_TABLE,
	&BOND_TABLE, &BOND_PORT_TABLE,
	&DISK_TABLE, &HOST_DISK_TABLE, &POOL_TABLE,
	&METRIC_TABLE,
	&EVENT_SCALARS, &EVENT_TABLE,
	&VBD_TABLE, &CHANNEL_TABLE,
	&THRESHOLD_TABLE,
	&ALARM_SCALARS, &ALARM_TABLE,
	NULL,
};
const size_t TABLES_N = sizeof(TABLES) / sizeof(TABLES[0]) - 1;

static const struct table *const ENTITY_TABLES[] = { &ENTITY_TABLE };
static const struct table *const ENTITY_SENSOR_TABLES[] = { &ENTITY_SENSOR_TABLE };
static const struct table *const LIBVIRT_TABLES[] = { &LIBVIRT_GUEST_TABLE };

static const struct table *const NTP_TABLES[] = {
	&NTP_INFO_SCALARS, &NTP_STATUS_SCALARS,
	&NTP_ASSOCIATION_TABLE, &NTP_ASSOCIATION_STATISTICS_TABLE,
	&NTP_CONTROL_SCALARS,
};
static const struct table *const VM_TABLES[] = {
	&VM_HYPERVISOR_SCALARS, &VM_NUMBER_SCALARS,
	&VM_TABLE, &VM_CPU_TABLE, &VM_CPU_AFFINITY_TABLE, &VM_STORAGE_TABLE, &VM_NETWORK_TABLE,
	&VM_ENABLED_SCALARS,
};

#define TABLES_OF(array) (array), sizeof(array) / sizeof((array)[0])
const struct view EDGENODE_VIEW = {
	"EDGENODE-MIB", ROOT_OF(EDGE_ROOT), { ARC_OBJECTS }, 1,
	TABLES, sizeof(TABLES) / sizeof(TABLES[0]) - 1, false, false
};
const struct view ENTITY_VIEW = {
	"ENTITY-MIB", ROOT_OF(ENTITY_ROOT), { 1, 1, 1 }, 3, TABLES_OF(ENTITY_TABLES), false, false
};
const struct view ENTITY_SENSOR_VIEW = {
	"ENTITY-SENSOR-MIB", ROOT_OF(ENTITY_SENSOR_ROOT), { 1, 1 }, 2, TABLES_OF(ENTITY_SENSOR_TABLES), false, false
};
const struct view LIBVIRT_VIEW = {
	"LIBVIRT-MIB", ROOT_OF(LIBVIRT_ROOT), { 1 }, 1, TABLES_OF(LIBVIRT_TABLES), true, true
};
const struct view VM_VIEW = {
	"VM-MIB", ROOT_OF(VM_ROOT), { 1 }, 1, TABLES_OF(VM_TABLES), true, false
};
const struct view NTP_VIEW = {
	"NTPv4-MIB", ROOT_OF(NTP_ROOT), { 1 }, 1, TABLES_OF(NTP_TABLES), false, false
};
/* clang-format on */

const struct view *const VIEWS[] = {
	[VIEW_EDGENODE] = &EDGENODE_VIEW, [VIEW_ENTITY] = &ENTITY_VIEW, [VIEW_ENTITY_SENSOR] = &ENTITY_SENSOR_VIEW,
	[VIEW_LIBVIRT] = &LIBVIRT_VIEW,	  [VIEW_VM] = &VM_VIEW,		[VIEW_NTP] = &NTP_VIEW,
};

/* A domain that runs, while they are sorted. */
struct running {
	const uint8_t *uuid;
	uint32_t at;
};

static int by_uuid(const void *a, const void *b)
{
	return memcmp(((const struct running *)a)->uuid, ((const struct running *)b)->uuid, UUID_SIZE);
}

static void sort_active(struct view_cache *cache, const struct domains *domains)
{
	struct running *running = mem_array(domains->n, sizeof(running[0]));
	size_t n = 0;

	for (size_t i = 0; i < domains->n; i++)
		if (domains->rows[i]->id >= 0)
			running[n++] = (struct running){ domains->rows[i]->uuid, (uint32_t)i };
	qsort(running, n, sizeof(running[0]), by_uuid);
	cache->active = mem_array(n, sizeof(cache->active[0]));
	cache->n_active = n;
	for (size_t i = 0; i < n; i++)
		cache->active[i] = running[i].at;
	free(running);
}

static bool same_rows(const struct view_cache *cache, const struct domains *domains)
{
	bool same = cache->number != 0 && domains != NULL && cache->n == domains->n;

	for (size_t i = 0; same && i < cache->n; i++)
		same = cache->indexes[i] == domains->rows[i]->index;
	return same;
}

static void take_rows(struct view_cache *cache, const struct domains *domains)
{
	cache->number = domains->number;
	cache->n = domains->n;
	cache->indexes = mem_array(domains->n, sizeof(cache->indexes[0]));
	for (size_t i = 0; i < domains->n; i++)
		cache->indexes[i] = domains->rows[i]->index;
}

static void renew(struct view_cache *cache, const struct snapshot *snapshot)
{
	const bool same = same_rows(cache, snapshot->domains);
	const int64_t change = same ? cache->change_mono_ns : snapshot->sealed_mono_ns;

	view_cache_clear(cache);
	cache->change_mono_ns = change;
	if (snapshot->domains != NULL)
		take_rows(cache, snapshot->domains);
}

void view_cache_update(struct view_cache *cache, const struct snapshot *snapshot, bool active)
{
	const struct domains *domains = snapshot->domains;

	if (cache->number != (domains != NULL ? domains->number : 0))
		renew(cache, snapshot);
	if (active && domains != NULL && cache->active == NULL)
		sort_active(cache, domains);
}

void view_cache_clear(struct view_cache *cache)
{
	free(cache->indexes);
	free(cache->active);
	memset(cache, 0, sizeof(*cache));
}
