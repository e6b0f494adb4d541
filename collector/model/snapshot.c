/* snapshot.c - the snapshot header: make, copy, release. Thread: cycle builds, anyone releases. */
#include "model/snapshot.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Every slot that holds a reference; a new part of the snapshot is added here and in the structure. */
#define SLOT(name) offsetof(struct snapshot, name)
static const size_t SLOTS[] = {
	SLOT(ident),     SLOT(sources),   SLOT(domains), SLOT(cpus),       SLOT(stat),   SLOT(memory),
	SLOT(hugepages), SLOT(pressures), SLOT(sensors), SLOT(thresholds), SLOT(events), SLOT(alarms),
	SLOT(clock),     SLOT(vbds),      SLOT(channels), SLOT(host_disks), SLOT(bonds),
	SLOT(interrupts), SLOT(edacs), SLOT(powers), SLOT(machine_checks), SLOT(clock_peers), SLOT(ptp_clocks), SLOT(disks), SLOT(pools), SLOT(metrics),
};
#define N_SLOTS (sizeof(SLOTS) / sizeof(SLOTS[0]))

static void *slot_get(const struct snapshot *snapshot, size_t offset)
{
	void *part;

	memcpy(&part, (const char *)snapshot + offset, sizeof(part));
	return part;
}

static void snapshot_destroy(struct part *part)
{
	struct snapshot *snapshot = (struct snapshot *)part;

	for (size_t i = 0; i < N_SLOTS; i++)
		part_unref(slot_get(snapshot, SLOTS[i]));
	free(snapshot);
}

struct snapshot *snapshot_new(void)
{
	struct snapshot *snapshot = mem_alloc(sizeof(*snapshot));

	part_init(&snapshot->part, snapshot_destroy);
	return snapshot;
}

struct snapshot *snapshot_copy(const struct snapshot *snapshot)
{
	struct snapshot *copy = mem_alloc(sizeof(*copy));

	memcpy(copy, snapshot, sizeof(*copy));
	part_init(&copy->part, snapshot_destroy);
	copy->serial++;
	for (size_t i = 0; i < N_SLOTS; i++)
		part_ref(slot_get(copy, SLOTS[i]));
	return copy;
}

void snapshot_put(void *slot, void *part)
{
	void *old;

	memcpy(&old, slot, sizeof(old));
	memcpy(slot, &part, sizeof(part));
	part_unref(old);
}

const struct domain *snapshot_domain(const struct snapshot *snapshot, uint32_t index)
{
	const struct domains *domains = snapshot->domains;

	return domains != NULL ? domain_rows_find(domains->rows, domains->n, index) : NULL;
}

const struct sensor *snapshot_sensor(const struct snapshot *snapshot, uint32_t index)
{
	size_t low = 0, high = snapshot->sensors != NULL ? snapshot->sensors->n : 0;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct sensor *row = &snapshot->sensors->rows[middle];

		if (row->index == index)
			return row;
		if (row->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
