/*
 * table_fixture.h - a snapshot made by hand with rows and holes in every table, and OID helpers, for the tests of the
 * catalogue. No source and no builder takes part.
 */
#ifndef EDGENODE_TESTS_TABLE_FIXTURE_H
#define EDGENODE_TESTS_TABLE_FIXTURE_H

#include "base/clock.h"
#include "base/mem.h"
#include "subagent/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE_NOW (1000 * NS_PER_S)
#define FIXTURE_ZERO (900 * NS_PER_S)
#define FIXTURE_REAL (INT64_C(1700000000) * NS_PER_S)

struct instance {
	uint32_t oid[OID_MAX];
	size_t n;
};

static inline int instance_compare(const uint32_t *a, size_t a_n, const uint32_t *b, size_t b_n)
{
	for (size_t i = 0; i < a_n && i < b_n; i++) {
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	}
	return a_n == b_n ? 0 : a_n < b_n ? -1 : 1;
}

static inline void fixture_free_part(struct part *part)
{
	free(part);
}

/* A zeroed part without anything to free inside. */
static inline void *fixture_part(size_t size)
{
	struct part *part = mem_alloc(size);

	part_init(part, fixture_free_part);
	return part;
}

/* None, one or two vCPUs; two disks and two NICs for every second domain; with gaps in their numbers. */
static inline void fixture_devices(struct domain *row, size_t i)
{
	const size_t vcpus = i % 3, devices = 2 * (i % 2);

	row->devices = domain_devices_new(devices, devices);
	row->vcpu_rows = mem_array(vcpus + 1, sizeof(row->vcpu_rows[0]));
	row->block_rows = mem_array(devices + 1, sizeof(row->block_rows[0]));
	row->nic_rows = mem_array(devices + 1, sizeof(row->nic_rows[0]));
	row->n_vcpus = vcpus;
	row->n_blocks = row->n_nics = devices;
	for (size_t k = 0; k < vcpus; k++)
		row->vcpu_rows[k] = (struct vcpu){ .index = (uint32_t)(3 * k + 1),
						   .have = k == 0 ? UINT64_MAX : 0,
						   .state = k == 0 ? VCPU_RUNNING : VCPU_UNKNOWN,
						   .physical = 3,
						   .delay_ns = 17 };
	for (size_t k = 0; k < devices; k++) {
		struct block_device *disk = &row->devices->blocks[k];
		struct nic_device *nic = &row->devices->nics[k];

		disk->target = mem_string(k == 0 ? "vda" : "sda");
		disk->source = k == 0 ? mem_string("/images/disk") : NULL;
		nic->mac[0] = 0x52;
		nic->mac[5] = (uint8_t)k;
		nic->target = k == 0 ? mem_string("vnet0") : NULL;
		row->block_rows[k] = (struct block){ .index = (uint32_t)(5 * k + 2),
						     .have = k == 0 ? UINT64_MAX : BLOCK_HAVE_READS,
						     .device = disk,
						     .reads = UINT64_MAX,
						     .discontinuity_mono_ns = FIXTURE_ZERO + 2 * NS_PER_S };
		row->nic_rows[k] = (struct nic){ .index = k == 0 ? 1 : INT32_MAX,
						 .have = k == 0 ? UINT64_MAX : NIC_HAVE_TX_DROPS,
						 .device = nic,
						 .if_index = (uint32_t)(7 * k) };
	}
}

static inline struct domains *fixture_domains(size_t n)
{
	struct domains *domains = domains_new(n);

	for (size_t i = 0; i < n; i++) {
		const uint8_t uuid[16] = { 1, (uint8_t)i, (uint8_t)(i >> 8) };
		char name[32];
		struct domain *row;

		snprintf(name, sizeof(name), "guest%zu", i);
		row = domain_new(domain_ident_new(uuid, name, "hvm"));
		row->index = (uint32_t)(i + 1);
		row->state = DOMAIN_RUNNING;
		row->reason = "booted";
		row->id = (int32_t)i;
		row->read_mono_ns = FIXTURE_NOW - 20 * NS_PER_MS;
		row->process_mono_ns = FIXTURE_NOW - 15 * NS_PER_MS;
		row->cpu_time_ns = UINT64_MAX - i;
		row->vcpus = 2;
		row->start_mono_ns = FIXTURE_NOW - 60 * NS_PER_S;
		row->balloon_update_real_ns = FIXTURE_REAL + NS_PER_S; /* ahead of our clock */
		row->discontinuity_mono_ns = FIXTURE_ZERO + NS_PER_S;
		/* Every third has nothing optional, every second of the others has half of it. */
		row->have = i % 3 == 0 ? 0 : i % 2 == 0 ? UINT64_C(0x5555555555555555) : UINT64_MAX;
		fixture_devices(row, i);
		domains->rows[i] = row;
	}
	return domains;
}

static inline void fixture_sensors(struct snapshot *snapshot)
{
	struct sensors *sensors = sensors_new(2);

	for (size_t i = 0; i < 2; i++) {
		struct sensor *row = &sensors->rows[i];

		row->index = i == 0 ? 3 : 7;
		row->chip = mem_string("coretemp-isa-0000");
		row->feature = mem_string(i == 0 ? "temp1" : "temp2");
		row->key = mem_string(i == 0 ? "coretemp-isa-0000/temp1" : "coretemp-isa-0000/temp2");
		row->label = mem_string(i == 0 ? "Package id 0" : "Core 0");
		row->type = SENSOR_TEMPERATURE;
		row->units = SENSOR_MILLI_CELSIUS;
		row->status = i == 0 ? SENSOR_WARNING : SENSOR_UNAVAILABLE;
		row->value = -40500;
		row->read_mono_ns = FIXTURE_NOW - 5 * NS_PER_S;
		row->have = i == 0 ? SENSOR_HAVE_VALUE | SENSOR_HAVE_MAX : 0;
	}
	snapshot->sensors = sensors;
}

static inline void fixture_host(struct snapshot *snapshot)
{
	snapshot->cpus = fixture_part(sizeof(*snapshot->cpus) + 2 * sizeof(struct cpu));
	snapshot->cpus->n = 2;
	snapshot->cpus->have = CPUS_HAVE_LOAD;
	snapshot->cpus->load1_centi = 150;
	snapshot->cpus->rows[0] = (struct cpu){ .index = 1, .online = true, .have = CPU_HAVE_TIME | CPU_HAVE_GOVERNOR };
	snapshot->cpus->rows[1] = (struct cpu){ .index = 4, .online = false };
	memcpy(snapshot->cpus->rows[0].freq.governor, "performance", 12);
	snapshot->memory = fixture_part(sizeof(*snapshot->memory));
	snapshot->memory->have = MEM_HAVE_TOTAL | MEM_HAVE_PAGE_IN_RATE;
	snapshot->memory->total_kib = UINT64_C(1) << 33;
	snapshot->hugepages = fixture_part(sizeof(*snapshot->hugepages));
	snapshot->hugepages->n = 2;
	snapshot->hugepages->rows[0] = (struct hugepage){ .size_kib = 2048, .have = HUGEPAGE_HAVE_TOTAL };
	snapshot->hugepages->rows[1] = (struct hugepage){ .size_kib = UINT32_MAX, .have = HUGEPAGE_HAVE_SURPLUS };
	snapshot->pressures = fixture_part(sizeof(*snapshot->pressures));
	snapshot->pressures->n = 2;
	snapshot->pressures->rows[0] = (struct pressure){ .resource = PRESSURE_CPU, .have = PRESSURE_HAVE_SOME };
	snapshot->pressures->rows[1] =
		(struct pressure){ .resource = PRESSURE_IO, .have = PRESSURE_HAVE_SOME | PRESSURE_HAVE_FULL };
}

static inline void fixture_clock(struct snapshot *snapshot)
{
	snapshot->clock = fixture_part(sizeof(*snapshot->clock));
	snapshot->clock->source = CLOCK_SOURCE_KERNEL;
	snapshot->clock->state = CLOCK_SYNCHRONIZED;
	snapshot->clock->leap = CLOCK_LEAP_NONE;
	snapshot->clock->have = CLOCK_HAVE_OFFSET | CLOCK_HAVE_FREQUENCY;
	snapshot->clock->offset_ns = -1234567899;
	snapshot->clock->frequency_ppb = -31250;
}

static inline void fixture_clock_peers(struct snapshot *snapshot)
{
	snapshot->clock_peers = fixture_part(sizeof(*snapshot->clock_peers) + 2 * sizeof(struct clock_peer));
	snapshot->clock_peers->n = 2;
	snapshot->clock_peers->rows[0] = (struct clock_peer){ .index = 2,
							      .name = "192.0.2.1",
							      .mode = CLOCK_PEER_SERVER,
							      .state = CLOCK_PEER_SELECTED,
							      .stratum = 2,
							      .reach = 255,
							      .offset_ns = -1999,
							      .sample_mono_ns = FIXTURE_NOW - 64 * NS_PER_S,
							      .have = UINT64_MAX };
	snapshot->clock_peers->rows[1] = (struct clock_peer){
		.index = 7, .name = "PPS", .mode = CLOCK_PEER_REFCLOCK, .state = CLOCK_PEER_UNREACHABLE
	};
	snapshot->ptp_clocks = fixture_part(sizeof(*snapshot->ptp_clocks));
	snapshot->ptp_clocks->n = 2;
	snapshot->ptp_clocks->rows[0] = (struct ptp_clock){
		.index = 1, .name = "ptp0 igb", .offset_ns = -2 * NS_PER_S - 5, .utc_offset_s = 37, .have = UINT64_MAX
	};
	snapshot->ptp_clocks->rows[1] = (struct ptp_clock){ .index = 4, .name = "ptp3" };
}

static inline void fixture_storage(struct snapshot *snapshot)
{
	snapshot->disks = fixture_part(sizeof(*snapshot->disks) + 2 * sizeof(struct disk));
	snapshot->disks->n = 2;
	snapshot->disks->rows[0] = (struct disk){ .index = 1,
						  .name = "nvme0n1",
						  .serial = "S1",
						  .health = DISK_PASSED,
						  .wear_percent = 103,
						  .read_mono_ns = FIXTURE_NOW - 90 * NS_PER_S,
						  .have = DISK_HAVE_READ | DISK_HAVE_SERIAL | DISK_HAVE_WEAR };
	snapshot->disks->rows[1] = (struct disk){ .index = 3, .name = "sda", .health = DISK_HEALTH_UNKNOWN };
	snapshot->pools = fixture_part(sizeof(*snapshot->pools) + 2 * sizeof(struct pool));
	snapshot->pools->n = 2;
	snapshot->pools->rows[0] = (struct pool){ .index = 1,
						  .name = "default",
						  .state = POOL_RUNNING,
						  .capacity_bytes = UINT64_C(1) << 40,
						  .have = POOL_HAVE_SIZES };
	snapshot->pools->rows[1] = (struct pool){ .index = 2, .name = "spare", .state = POOL_INACTIVE };
}

static inline void fixture_metrics(struct snapshot *snapshot)
{
	static char load[] = "Load", users[] = "Users", value[] = "-1.5", three[] = "3";

	snapshot->metrics = fixture_part(sizeof(*snapshot->metrics) + 3 * sizeof(struct metric_row));
	snapshot->metrics->n = 3;
	snapshot->metrics->rows[0] = (struct metric_row){ .index = 1,
						      .name = load,
						      .type = "real64",
						      .value = value,
						      .milli = -1500,
						      .read_mono_ns = FIXTURE_NOW - 30 * NS_PER_MS,
						      .status = METRIC_OK,
						      .have = METRIC_HAVE_MILLI | METRIC_HAVE_READ };
	snapshot->metrics->rows[1] =
		(struct metric_row){ .index = 5, .name = users, .domain = 2, .type = "uint64", .status = METRIC_TIMED_OUT };
	snapshot->metrics->rows[2] = (struct metric_row){ .index = 6,
						      .name = users,
						      .domain = 3,
						      .type = "uint64",
						      .value = three,
						      .integer = 3,
						      .milli = 3000,
						      .read_mono_ns = FIXTURE_NOW,
						      .status = METRIC_OK,
						      .have = UINT64_MAX };
}

static inline void fixture_hardware(struct snapshot *snapshot)
{
	snapshot->host_disks = fixture_part(sizeof(*snapshot->host_disks) + 2 * sizeof(struct host_disk));
	snapshot->host_disks->n = 2;
	snapshot->interrupts = fixture_part(sizeof(*snapshot->interrupts));
	snapshot->interrupts->have = INTERRUPTS_HAVE_MCE | INTERRUPTS_HAVE_TRM;
	snapshot->machine_checks = fixture_part(sizeof(*snapshot->machine_checks));
	snapshot->machine_checks->have = MACHINE_CHECK_HAVE_LAST;
	snapshot->machine_checks->corrected = 5;
	snprintf(snapshot->machine_checks->last_text, sizeof(snapshot->machine_checks->last_text), "corrected");
	snapshot->powers = fixture_part(sizeof(*snapshot->powers));
	snapshot->powers->n = 2;
	snapshot->powers->rows[0] = (struct power){ .index = 3, .zone = "intel-rapl/psys", .have = POWER_HAVE_NOW };
	snapshot->powers->rows[1] = (struct power){ .index = 4, .zone = "intel-rapl/core", .energy_uj = UINT64_MAX };
	snapshot->edacs = fixture_part(sizeof(*snapshot->edacs) + 2 * sizeof(struct edac));
	snapshot->edacs->n = 2;
	snapshot->edacs->rows[0] = (struct edac){ .index = 1, .controller = "mc0", .have = EDAC_HAVE_CORRECTED };
	snapshot->edacs->rows[1] = (struct edac){ .index = 4, .controller = "mc0", .label = "DIMM_A1" };
	snapshot->host_disks->rows[0] = (struct host_disk){ .index = 2, .name = "sda", .have = HOST_DISK_HAVE_UTIL };
	snapshot->host_disks->rows[1] = (struct host_disk){ .index = 9, .name = "sdb", .busy_time_ms = UINT64_MAX };
}

static inline void fixture_links(struct snapshot *snapshot)
{
	static struct bond_port ports[] = { { .if_index = 2, .name = "eno1", .lacp_state = 0x3d, .have = UINT64_MAX },
					    { .if_index = 5, .name = "eno2" } };

	snapshot->bonds = fixture_part(sizeof(*snapshot->bonds));
	snapshot->bonds->n = 2;
	snapshot->bonds->rows[0] = (struct bond){ .index = 7, .name = "bond0", .have = UINT64_MAX };
	snapshot->bonds->rows[1] = (struct bond){ .index = 9, .name = "bond1", .ports = 2, .port_rows = ports };
}

static inline void fixture_transport(struct snapshot *snapshot)
{
	snapshot->vbds = vbds_new(1);
	snapshot->vbds->rows[0] = (struct vbd){ .index = 1,
						.path = mem_string("/dev/shm/vhostmd0"),
						.size_bytes = 262144,
						.length_bytes = 3500,
						.updates = 9 };
	snapshot->channels = channels_new(2);
	snapshot->channels->rows[0] =
		(struct channel){ .index = 2, .state = CHANNEL_CONNECTED, .requests = 4, .bytes = 9000 };
	snapshot->channels->rows[1] = (struct channel){ .index = 7, .state = CHANNEL_WAITING };
}

static inline void fixture_sources(struct snapshot *snapshot)
{
	snapshot->sources = fixture_part(sizeof(*snapshot->sources));
	snapshot->sources->n = 2;
	snapshot->sources->rows[0] = (struct source_status){ .index = 1,
							     .name = "libvirt",
							     .state = SOURCE_STATE_FAILED,
							     .have = STATUS_HAVE_ERROR,
							     .last_error = "no such socket" };
	snapshot->sources->rows[1] = (struct source_status){ .index = 11,
							     .name = "sensors",
							     .state = SOURCE_STATE_OK,
							     .have = STATUS_HAVE_SUCCESS,
							     .success_mono_ns = FIXTURE_NOW + NS_PER_S };
}

static inline void fixture_events(struct snapshot *snapshot)
{
	snapshot->events = events_new(2);
	snapshot->events->first = 41;
	snapshot->events->last = 42;
	snapshot->events->capacity = 100;
	memset(snapshot->events->log_id, 0xab, 16);
	for (uint32_t i = 0; i < 2; i++) {
		struct event *event = event_new(EVENT_SOURCE_FAILED, SEVERITY_WARNING, "libvirt", "");

		event->serial = 41 + i;
		event->time_real_ns = FIXTURE_REAL;
		snapshot->events->rows[i] = event;
	}
	snapshot->alarms = alarms_new(1);
	snapshot->alarms->warnings = 1;
	snapshot->alarms->rows[0] = (struct alarm){ .index = 2,
						    .kind = EVENT_SOURCE_FAILED,
						    .severity = SEVERITY_WARNING,
						    .subject = mem_string("libvirt"),
						    .event = 41 };
	snapshot->thresholds = thresholds_new(2);
	snapshot->thresholds->rows[0] = (struct threshold){ .index = 1,
							    .object = { 1, 9, 1, 1, 7, 3 },
							    .object_n = 6,
							    .severity = SEVERITY_WARNING,
							    .state = THRESHOLD_RAISED,
							    .have = THRESHOLD_HAVE_VALUE };
	snapshot->thresholds->rows[1] =
		(struct threshold){ .index = 6, .severity = SEVERITY_WARNING, .state = THRESHOLD_UNKNOWN };
}

static inline struct snapshot *fixture_snapshot(size_t domains)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->sealed_mono_ns = FIXTURE_NOW - NS_PER_S;
	snapshot->sealed_real_ns = FIXTURE_REAL;
	snapshot->node.name = "node";
	snapshot->node.health = HEALTH_OK;
	snapshot->node.have = NODE_ROW_HAVE_UUID | NODE_ROW_HAVE_RUNNING;
	snapshot->domains = fixture_domains(domains);
	fixture_sensors(snapshot);
	fixture_host(snapshot);
	fixture_clock(snapshot);
	fixture_clock_peers(snapshot);
	fixture_storage(snapshot);
	fixture_metrics(snapshot);
	fixture_hardware(snapshot);
	fixture_links(snapshot);
	fixture_transport(snapshot);
	fixture_sources(snapshot);
	fixture_events(snapshot);
	return snapshot;
}

static inline struct cell_context fixture_context(const struct snapshot *snapshot)
{
	struct cell_context context;

	cell_context_init(&context, snapshot, FIXTURE_NOW, FIXTURE_ZERO);
	return context;
}

#endif
