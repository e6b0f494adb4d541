/*
 * snapshot.h - the one reading of the node that every consumer serves from.
 *
 * A small header of references to immutable parts. Built by the cycle lane, sealed once, then shared. NULL is a part
 * that was never read here: absent.
 */
#ifndef EDGENODE_MODEL_SNAPSHOT_H
#define EDGENODE_MODEL_SNAPSHOT_H

#include "model/clock_state.h"
#include "model/domain.h"
#include "model/event.h"
#include "model/hardware.h"
#include "model/host.h"
#include "model/metric.h"
#include "model/sensor.h"
#include "model/status.h"
#include "model/storage.h"
#include "model/transport.h"

/* Group edgeNode: what is not in another part. Strings are borrowed from ident and domains of the same snapshot. */
struct node {
	uint64_t have;
	const char *name, *agent_version, *hypervisor, *hypervisor_version, *libvirt_version, *kernel, *vendor, *model,
		*serial; /* NULL is absent */
	uint8_t uuid[16];
	int64_t start_time_real_ns, boot_time_real_ns;
	uint32_t poll_interval_ms;
	uint64_t snapshots; /* sealed since start */
	uint32_t domains, domains_active;
	uint8_t health;
	uint64_t self_cpu_time_us;
	uint32_t self_memory_kib;
	int64_t discontinuity_mono_ns;
	uint32_t processes, processes_running, processes_blocked;
};
#define NODE_ROW_HAVE_UUID BIT(0)
#define NODE_ROW_HAVE_BOOT_TIME BIT(1)
#define NODE_ROW_HAVE_DOMAINS BIT(2)
#define NODE_ROW_HAVE_SELF BIT(3)
#define NODE_ROW_HAVE_PROCESSES BIT(4)
#define NODE_ROW_HAVE_RUNNING BIT(5)
#define NODE_ROW_HAVE_BLOCKED BIT(6)

struct snapshot {
	struct part part;
	uint64_t serial; /* 1, 2, ... */
	int64_t sealed_mono_ns, sealed_real_ns;
	struct node node;
	/* References; NULL is absent. */
	struct node_ident *ident;
	struct sources *sources;
	struct domains *domains;
	struct cpus *cpus;
	struct stat_part *stat; /* host totals, for the guests' document */
	struct memory *memory;
	struct hugepages *hugepages;
	struct pressures *pressures;
	struct sensors *sensors;
	struct thresholds *thresholds;
	struct events *events;
	struct alarms *alarms;
	struct clock_state *clock;
	struct vbds *vbds;
	struct channels *channels;
	struct host_disks *host_disks;
	struct bonds *bonds;
	struct interrupts *interrupts;
	struct edacs *edacs;
	struct powers *powers;
	struct machine_check_totals *machine_checks;
	struct clock_peers *clock_peers;
	struct ptp_clocks *ptp_clocks;
	struct disks *disks;
	struct pools *pools;
	struct metrics *metrics;
};

struct snapshot *snapshot_new(void);
/* A new header with references to the same parts, serial + 1. */
struct snapshot *snapshot_copy(const struct snapshot *snapshot);
/* Drops the part in *slot and takes over the reference to `part`. Only before the seal. */
void snapshot_put(void *slot, void *part);

/* Row by index, binary search; NULL where there is none. */
const struct domain *snapshot_domain(const struct snapshot *snapshot, uint32_t index);
const struct sensor *snapshot_sensor(const struct snapshot *snapshot, uint32_t index);

#endif
