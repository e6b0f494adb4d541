/*
 * builder.c - the host's parts of a snapshot and the header; domains are in build_domains.c.
 *
 * Thread: cycle. Data: results of the sources, given to builder_apply.
 */
#include "model/builder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/build_domains.h"
#include "model/build_hardware.h"
#include "model/domain_watch.h"
#include "model/rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct builder {
	struct index_map *indexes;
	const char *agent_version; /* static: snapshots outlive the builder */
	int64_t started_mono_ns, started_real_ns;
	struct part *raw[SOURCE_END]; /* newest result of each source */
	/* Served parts, rebuilt when one of their sources gave something new. */
	struct cpus *cpus;
	struct memory *memory;
	struct sensors *sensors;
	struct domains *domains;
	struct host_disks *host_disks;
	struct edacs *edacs;
	struct powers *powers;
	struct domain_watch *watch;
	struct event_list events; /* of domains, not taken yet */
	int64_t discontinuity_mono_ns;
};

struct builder *builder_new(struct index_map *indexes, const char *agent_version, int64_t started_mono_ns,
			    int64_t started_real_ns)
{
	struct builder *builder = mem_alloc(sizeof(*builder));

	builder->indexes = indexes;
	builder->watch = domain_watch_new(indexes);
	builder->agent_version = agent_version;
	builder->started_mono_ns = builder->discontinuity_mono_ns = started_mono_ns;
	builder->started_real_ns = started_real_ns;
	return builder;
}

void builder_free(struct builder *builder)
{
	if (builder == NULL)
		return;
	for (size_t i = 0; i < SOURCE_END; i++)
		part_unref(builder->raw[i]);
	part_unref(builder->cpus);
	part_unref(builder->memory);
	part_unref(builder->sensors);
	part_unref(builder->domains);
	part_unref(builder->host_disks);
	part_unref(builder->edacs);
	part_unref(builder->powers);
	domain_watch_free(builder->watch);
	event_list_clear(&builder->events);
	free(builder);
}

static void free_part(struct part *part)
{
	free(part);
}

/* --- CPUs: stat + loadavg + cpufreq + throttle -------------------------------------------------------------------- */

static uint64_t busy_ms(const struct cpu_time *t)
{
	/* guest and guest_nice are contained in user and nice. */
	return t->user_ms + t->nice_ms + t->system_ms + t->irq_ms + t->softirq_ms + t->steal_ms;
}

static void set_util(struct cpu *row, const struct cpu *before)
{
	const struct cpu_time *now = &row->time, *then = &before->time;
	const uint64_t total_now = busy_ms(now) + now->idle_ms + now->iowait_ms;
	const uint64_t total_then = busy_ms(then) + then->idle_ms + then->iowait_ms;

	if ((before->have & CPU_HAVE_TIME) != 0 &&
	    rate_share_centi(busy_ms(then), busy_ms(now), total_then, total_now, &row->util_centi))
		row->have |= CPU_HAVE_UTIL;
}

static const struct cpu *find_cpu(const struct cpus *cpus, uint32_t index)
{
	for (size_t i = 0; cpus != NULL && i < cpus->n; i++)
		if (cpus->rows[i].index == index)
			return &cpus->rows[i];
	return NULL;
}

/* The row of a CPU number; rows are made in ascending order from sorted lists. */
static struct cpu *row_for(struct cpus *cpus, uint32_t number)
{
	size_t at = cpus->n;

	while (at > 0 && cpus->rows[at - 1].index > number + 1)
		at--;
	if (at > 0 && cpus->rows[at - 1].index == number + 1)
		return &cpus->rows[at - 1];
	memmove(&cpus->rows[at + 1], &cpus->rows[at], (cpus->n - at) * sizeof(cpus->rows[0]));
	memset(&cpus->rows[at], 0, sizeof(cpus->rows[0]));
	cpus->rows[at].index = number + 1;
	cpus->n++;
	return &cpus->rows[at];
}

static void add_times(struct cpus *cpus, const struct stat_part *stat)
{
	for (size_t i = 0; stat != NULL && i < stat->n_cpus; i++) {
		struct cpu *row = row_for(cpus, stat->cpus[i].number);

		row->time = stat->cpus[i];
		row->online = true;
		row->have |= CPU_HAVE_TIME;
	}
}

static const struct { uint64_t from, to; } FREQUENCY_BITS[] = {
	{ CPUFREQ_HAVE_FREQUENCY, CPU_HAVE_FREQUENCY },
	{ CPUFREQ_HAVE_MIN, CPU_HAVE_FREQUENCY_MIN },
	{ CPUFREQ_HAVE_MAX, CPU_HAVE_FREQUENCY_MAX },
	{ CPUFREQ_HAVE_GOVERNOR, CPU_HAVE_GOVERNOR },
	{ CPUFREQ_HAVE_PACKAGE, CPU_HAVE_PACKAGE },
};

static void add_frequencies(struct cpus *cpus, const struct cpufreq_part *part)
{
	for (size_t i = 0; part != NULL && i < part->n_cpus; i++) {
		struct cpu *row = row_for(cpus, part->cpus[i].number);

		row->freq = part->cpus[i];
		for (size_t b = 0; b < sizeof(FREQUENCY_BITS) / sizeof(FREQUENCY_BITS[0]); b++)
			if ((row->freq.have & FREQUENCY_BITS[b].from) != 0)
				row->have |= FREQUENCY_BITS[b].to;
	}
}

static void add_throttles(struct cpus *cpus, const struct throttle_part *part)
{
	for (size_t i = 0; part != NULL && i < part->n_cpus; i++) {
		struct cpu *row = row_for(cpus, part->cpus[i].number);

		row->throttle = part->cpus[i];
		if ((row->throttle.have & THROTTLE_HAVE_CORE) != 0)
			row->have |= CPU_HAVE_CORE_THROTTLES;
		if ((row->throttle.have & THROTTLE_HAVE_PACKAGE) != 0)
			row->have |= CPU_HAVE_PACKAGE_THROTTLES;
	}
}

static void add_load(struct cpus *cpus, const struct load_part *load)
{
	if (load == NULL)
		return;
	cpus->load1_centi = load->load1_centi;
	cpus->load5_centi = load->load5_centi;
	cpus->load15_centi = load->load15_centi;
	cpus->have |= CPUS_HAVE_LOAD;
}

static size_t count_cpus(const struct builder *builder)
{
	const struct stat_part *stat = (const struct stat_part *)builder->raw[SOURCE_STAT];
	const struct cpufreq_part *freq = (const struct cpufreq_part *)builder->raw[SOURCE_CPUFREQ];
	const struct throttle_part *throttle = (const struct throttle_part *)builder->raw[SOURCE_THROTTLE];

	return (stat != NULL ? stat->n_cpus : 0) + (freq != NULL ? freq->n_cpus : 0) +
	       (throttle != NULL ? throttle->n_cpus : 0);
}

/* new_times: the utilisation is of the interval between two readings of "stat"; other results keep it. */
static void rebuild_cpus(struct builder *builder, bool new_times)
{
	struct cpus *cpus = mem_alloc(sizeof(*cpus) + count_cpus(builder) * sizeof(cpus->rows[0]));

	part_init(&cpus->part, free_part);
	add_times(cpus, (const struct stat_part *)builder->raw[SOURCE_STAT]);
	add_frequencies(cpus, (const struct cpufreq_part *)builder->raw[SOURCE_CPUFREQ]);
	add_throttles(cpus, (const struct throttle_part *)builder->raw[SOURCE_THROTTLE]);
	add_load(cpus, (const struct load_part *)builder->raw[SOURCE_LOADAVG]);
	for (size_t i = 0; i < cpus->n; i++) {
		struct cpu *row = &cpus->rows[i];
		const struct cpu *before = find_cpu(builder->cpus, row->index);

		if (before != NULL && new_times) {
			set_util(row, before);
		} else if (before != NULL) {
			row->util_centi = before->util_centi;
			row->have |= before->have & CPU_HAVE_UTIL;
		}
	}
	snapshot_put(&builder->cpus, cpus);
}

/* --- memory: meminfo + vmstat ------------------------------------------------------------------------------------ */

static void add_meminfo(struct memory *m, const struct meminfo_part *p)
{
	if (p == NULL)
		return;
	m->have |= p->have;
	m->total_kib = p->total_kib;
	m->free_kib = p->free_kib;
	m->available_kib = p->available_kib;
	m->buffers_kib = p->buffers_kib;
	m->cached_kib = p->cached_kib;
	m->swap_total_kib = p->swap_total_kib;
	m->swap_free_kib = p->swap_free_kib;
	m->committed_kib = p->committed_kib;
	m->commit_limit_kib = p->commit_limit_kib;
	m->ksm_sharing_kib = p->ksm_sharing_kib;
}

static void add_vmstat(struct memory *m, const struct vmstat_part *p)
{
	if (p == NULL)
		return;
	m->have |= p->have;
	m->paged_in_kib = p->paged_in_kib;
	m->paged_out_kib = p->paged_out_kib;
	m->page_faults = p->page_faults;
	m->major_faults = p->major_faults;
}

static void set_page_rates(struct memory *m, const struct vmstat_part *before, const struct vmstat_part *now)
{
	const int64_t interval = now->read_mono_ns - before->read_mono_ns;
	const uint64_t both = before->have & now->have;

	if ((both & MEM_HAVE_PAGED_IN) != 0 &&
	    rate_per_second(before->paged_in_kib, now->paged_in_kib, interval, &m->page_in_rate_kib))
		m->have |= MEM_HAVE_PAGE_IN_RATE;
	if ((both & MEM_HAVE_PAGE_FAULTS) != 0 &&
	    rate_per_second(before->page_faults, now->page_faults, interval, &m->page_fault_rate))
		m->have |= MEM_HAVE_PAGE_FAULT_RATE;
}

static void keep_page_rates(struct memory *m, const struct memory *before)
{
	m->page_in_rate_kib = before->page_in_rate_kib;
	m->page_fault_rate = before->page_fault_rate;
	m->have |= before->have & (MEM_HAVE_PAGE_IN_RATE | MEM_HAVE_PAGE_FAULT_RATE);
}

/* before: the reading of vmstat that the newest one replaces; NULL where vmstat has nothing new. */
static void rebuild_memory(struct builder *builder, const struct vmstat_part *before, bool new_vmstat)
{
	struct memory *m = mem_alloc(sizeof(*m));
	const struct vmstat_part *now = (const struct vmstat_part *)builder->raw[SOURCE_VMSTAT];

	part_init(&m->part, free_part);
	add_meminfo(m, (const struct meminfo_part *)builder->raw[SOURCE_MEMINFO]);
	add_vmstat(m, now);
	if (new_vmstat && before != NULL && now != NULL)
		set_page_rates(m, before, now);
	else if (!new_vmstat && builder->memory != NULL)
		keep_page_rates(m, builder->memory);
	snapshot_put(&builder->memory, m);
}

/* --- sensors: libsensors + thermal zones ------------------------------------------------------------------------- */

static void merged_destroy(struct part *part)
{
	struct sensors *sensors = (struct sensors *)part;

	part_unref(sensors->borrowed[0]);
	part_unref(sensors->borrowed[1]);
	free(sensors);
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct sensor *)a)->index, y = ((const struct sensor *)b)->index;

	return x < y ? -1 : x > y;
}

static void give_sensor_index(struct builder *builder, struct sensor *row)
{
	char key[INDEX_KEY_MAX * 2];

	snprintf(key, sizeof(key), "sensor:%s", row->identity);
	row->index = index_map_get(builder->indexes, key);
}

static void rebuild_sensors(struct builder *builder)
{
	struct sensors *const from[2] = { (struct sensors *)builder->raw[SOURCE_SENSORS],
					  (struct sensors *)builder->raw[SOURCE_THERMAL] };
	const size_t n = (from[0] != NULL ? from[0]->n : 0) + (from[1] != NULL ? from[1]->n : 0);
	struct sensors *merged = mem_alloc(sizeof(*merged) + n * sizeof(merged->rows[0]));

	part_init(&merged->part, merged_destroy);
	for (size_t s = 0; s < 2; s++) {
		merged->borrowed[s] = part_ref(from[s]);
		for (size_t i = 0; from[s] != NULL && i < from[s]->n; i++)
			merged->rows[merged->n++] = from[s]->rows[i];
	}
	qsort(merged->rows, merged->n, sizeof(merged->rows[0]), by_index);
	snapshot_put(&builder->sensors, merged);
}

static void apply_sensors(struct builder *builder, struct sensors *part)
{
	for (size_t i = 0; i < part->n; i++)
		give_sensor_index(builder, &part->rows[i]);
	rebuild_sensors(builder);
}

/* --- devices of the host ------------------------------------------------------------------------------------------ */

static void apply_disks(struct builder *builder, const struct host_disks *raw, int64_t now_real_ns)
{
	snapshot_put(&builder->host_disks,
		     build_host_disks(builder->indexes, builder->host_disks, raw, now_real_ns / NS_PER_S));
}

/* --- results in, snapshots out ------------------------------------------------------------------------------------ */

static void apply_domains(struct builder *builder, struct domains *raw, int64_t now_mono_ns, int64_t now_real_ns)
{
	struct domains *sifted = domain_watch_sift(builder->watch, raw), *built;

	built = build_domains(builder->indexes, builder->domains, sifted, builder->started_mono_ns, now_mono_ns,
			      now_real_ns);
	part_unref(sifted);
	snapshot_put(&builder->domains, built);
	domain_watch_list(builder->watch, built, now_mono_ns, now_real_ns, &builder->events);
}

void builder_changes(struct builder *builder, const struct domain_change *changes, bool missed)
{
	if (missed)
		domain_watch_missed(builder->watch);
	if (changes != NULL)
		snapshot_put(&builder->domains,
			     domain_watch_changes(builder->watch, builder->domains, changes, &builder->events));
}

void builder_restore(struct builder *builder, const struct alarms *alarms)
{
	domain_watch_restore(builder->watch, alarms);
}

void builder_tick(struct builder *builder, int64_t now_mono_ns, int64_t now_real_ns)
{
	domain_watch_tick(builder->watch, now_mono_ns, now_real_ns, &builder->events);
}

int64_t builder_due_ns(const struct builder *builder)
{
	return domain_watch_due_ns(builder->watch);
}

bool builder_unsure(const struct builder *builder)
{
	return domain_watch_unsure(builder->watch);
}

void builder_take_events(struct builder *builder, struct event_list *out)
{
	*out = builder->events;
	builder->events = (struct event_list){ 0 };
}

void builder_apply(struct builder *builder, enum source_id id, struct part *part, int64_t now_mono_ns,
		   int64_t now_real_ns)
{
	struct part *before = builder->raw[id];

	if (id == SOURCE_LIBVIRT) {
		apply_domains(builder, (struct domains *)part, now_mono_ns, now_real_ns);
		part_unref(part);
		return;
	}
	builder->raw[id] = part;
	if (id == SOURCE_STAT || id == SOURCE_LOADAVG || id == SOURCE_CPUFREQ || id == SOURCE_THROTTLE)
		rebuild_cpus(builder, id == SOURCE_STAT);
	else if (id == SOURCE_MEMINFO || id == SOURCE_VMSTAT)
		rebuild_memory(builder, id == SOURCE_VMSTAT ? (const struct vmstat_part *)before : NULL,
			       id == SOURCE_VMSTAT);
	else if (id == SOURCE_SENSORS || id == SOURCE_THERMAL)
		apply_sensors(builder, (struct sensors *)part);
	else if (id == SOURCE_DISKSTATS)
		apply_disks(builder, (const struct host_disks *)part, now_real_ns);
	else if (id == SOURCE_EDAC)
		snapshot_put(&builder->edacs, build_edacs(builder->indexes, (const struct edacs *)part));
	else if (id == SOURCE_POWERCAP)
		snapshot_put(&builder->powers,
			     build_powers(builder->indexes, builder->powers, (const struct powers *)part));
	part_unref(before);
}

void builder_forget(struct builder *builder, enum source_id id)
{
	if (id == SOURCE_LIBVIRT) {
		snapshot_put(&builder->domains, NULL);
		domain_watch_forget(builder->watch);
		return;
	}
	if (builder->raw[id] == NULL)
		return;
	snapshot_put(&builder->raw[id], NULL);
	if (id == SOURCE_STAT || id == SOURCE_LOADAVG || id == SOURCE_CPUFREQ || id == SOURCE_THROTTLE)
		rebuild_cpus(builder, false);
	else if (id == SOURCE_MEMINFO || id == SOURCE_VMSTAT)
		rebuild_memory(builder, NULL, false);
	else if (id == SOURCE_SENSORS || id == SOURCE_THERMAL)
		rebuild_sensors(builder);
	else if (id == SOURCE_DISKSTATS)
		snapshot_put(&builder->host_disks, NULL);
	else if (id == SOURCE_EDAC)
		snapshot_put(&builder->edacs, NULL);
	else if (id == SOURCE_POWERCAP)
		snapshot_put(&builder->powers, NULL);
}

static void set_identity(struct node *node, const struct node_ident *ident)
{
	if (ident == NULL)
		return;
	node->name = ident->name;
	node->kernel = ident->kernel;
	node->vendor = ident->vendor;
	node->model = ident->model;
	node->serial = ident->serial;
	node->boot_time_real_ns = ident->boot_time_real_ns;
	if ((ident->have & NODE_HAVE_BOOT_TIME) != 0)
		node->have |= NODE_ROW_HAVE_BOOT_TIME;
	if ((ident->have & NODE_HAVE_UUID) != 0) {
		memcpy(node->uuid, ident->uuid, sizeof(node->uuid));
		node->have |= NODE_ROW_HAVE_UUID;
	}
}

static bool is_active(const struct domain *domain)
{
	return domain->id >= 0;
}

/* The host UUID of libvirt goes before DMI's: it is the one other tools show for this host. */
static void set_hypervisor(struct node *node, const struct domains *domains)
{
	const struct hypervisor *hypervisor;

	if (domains == NULL)
		return;
	hypervisor = &domains->hypervisor;
	node->hypervisor = hypervisor->type;
	node->hypervisor_version = hypervisor->version;
	node->libvirt_version = hypervisor->libvirt_version;
	if (hypervisor->have_host_uuid) {
		memcpy(node->uuid, hypervisor->host_uuid, sizeof(node->uuid));
		node->have |= NODE_ROW_HAVE_UUID;
	}
	node->domains = (uint32_t)domains->n;
	for (size_t i = 0; i < domains->n; i++)
		node->domains_active += is_active(domains->rows[i]);
	node->have |= NODE_ROW_HAVE_DOMAINS;
}

static void set_processes(struct node *node, const struct load_part *load, const struct stat_part *stat)
{
	if (load != NULL && load->have_processes) {
		node->processes = load->processes;
		node->have |= NODE_ROW_HAVE_PROCESSES;
	}
	if (stat == NULL)
		return;
	node->processes_running = stat->processes_running;
	node->processes_blocked = stat->processes_blocked;
	if ((stat->have & STAT_HAVE_RUNNING) != 0)
		node->have |= NODE_ROW_HAVE_RUNNING;
	if ((stat->have & STAT_HAVE_BLOCKED) != 0)
		node->have |= NODE_ROW_HAVE_BLOCKED;
}

static void set_self(struct node *node, const struct builder *builder, const struct builder_self *self)
{
	node->agent_version = builder->agent_version;
	node->start_time_real_ns = builder->started_real_ns;
	node->discontinuity_mono_ns = builder->discontinuity_mono_ns;
	node->poll_interval_ms = self->poll_interval_ms;
	node->self_cpu_time_us = self->cpu_time_us;
	node->self_memory_kib = self->memory_kib;
	if (self->have_memory)
		node->have |= NODE_ROW_HAVE_SELF;
}

struct snapshot *builder_build(struct builder *builder, struct sources *sources, const struct builder_self *self,
			       int64_t now_mono_ns, int64_t now_real_ns)
{
	struct snapshot *s = snapshot_new();

	s->ident = part_ref(builder->raw[SOURCE_NODE]);
	s->sources = sources;
	s->domains = part_ref(builder->domains);
	s->cpus = part_ref(builder->cpus);
	s->stat = part_ref(builder->raw[SOURCE_STAT]);
	s->memory = part_ref(builder->memory);
	s->hugepages = part_ref(builder->raw[SOURCE_HUGEPAGES]);
	s->pressures = part_ref(builder->raw[SOURCE_PRESSURE]);
	s->sensors = part_ref(builder->sensors);
	s->clock = part_ref(builder->raw[SOURCE_CLOCK]);
	s->host_disks = part_ref(builder->host_disks);
	s->bonds = part_ref(builder->raw[SOURCE_BOND]);
	s->interrupts = part_ref(builder->raw[SOURCE_INTERRUPTS]);
	s->edacs = part_ref(builder->edacs);
	s->powers = part_ref(builder->powers);
	s->sealed_mono_ns = now_mono_ns;
	s->sealed_real_ns = now_real_ns;
	set_identity(&s->node, s->ident);
	set_hypervisor(&s->node, s->domains);
	set_processes(&s->node, (const struct load_part *)builder->raw[SOURCE_LOADAVG], s->stat);
	set_self(&s->node, builder, self);
	s->node.health = sources_health(sources);
	return s;
}
