/*
 * builder.c - the newest result of every source, what is served of each, and the header of a snapshot.
 *
 * Thread: cycle. Data: results of the sources, given to builder_apply.
 */
#include "model/builder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/build_clock.h"
#include "model/build_domains.h"
#include "model/build_hardware.h"
#include "model/build_host.h"
#include "model/build_metric.h"
#include "model/build_storage.h"
#include "model/domain_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So long is a time daemon believed: until six answers are missing, but a minute at least. */
#define CLOCK_WORD_POLLS 6
#define CLOCK_WORD_NS (60 * NS_PER_S)

struct builder {
	struct index_map *indexes;
	const char *agent_version; /* static: snapshots outlive the builder */
	int64_t started_mono_ns, started_real_ns;
	struct part *raw[SOURCE_END]; /* newest result of each source */
	int64_t raw_mono_ns[SOURCE_END]; /* when it came */
	int64_t interval_ns[SOURCE_END]; /* between two of them, as configured */
	/* Served parts, rebuilt when one of their sources gave something new. */
	struct cpus *cpus;
	struct memory *memory;
	struct sensors *sensors;
	struct domains *domains;
	bool listed;	    /* the domains are of a list that no snapshot has yet */
	bool processes_new; /* not laid over the domains yet */
	int64_t processes_mono_ns, processes_real_ns; /* when they came */
	struct host_disks *host_disks;
	struct edacs *edacs;
	struct powers *powers;
	struct clock_state *clock;
	struct clock_peers *clock_peers;
	struct disks *disks;
	struct pools *pools;
	struct metrics *metrics;
	struct machine_checks *checks;
	struct machine_check_totals *check_totals;
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
	builder->checks = machine_checks_new();
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
	part_unref(builder->clock);
	part_unref(builder->clock_peers);
	part_unref(builder->disks);
	part_unref(builder->pools);
	part_unref(builder->metrics);
	part_unref(builder->check_totals);
	machine_checks_free(builder->checks);
	domain_watch_free(builder->watch);
	event_list_clear(&builder->events);
	free(builder);
}

/* --- what each result is served as ----------------------------------------------------------------------------------- */

/* A result that came, or, where raw[id] is NULL now, went. */
struct update {
	enum source_id id;
	const struct part *before; /* the result it replaces */
	int64_t now_mono_ns, now_real_ns;
};

static const void *raw_of(const struct builder *builder, enum source_id id)
{
	return builder->raw[id];
}

static void serve_cpus(struct builder *builder, const struct update *update)
{
	const struct cpu_readings from = {
		.stat = raw_of(builder, SOURCE_STAT),
		.load = raw_of(builder, SOURCE_LOADAVG),
		.freq = raw_of(builder, SOURCE_CPUFREQ),
		.throttle = raw_of(builder, SOURCE_THROTTLE),
		.msr = raw_of(builder, SOURCE_MSR),
	};

	snapshot_put(&builder->cpus, build_cpus(builder->cpus, &from, update->id == SOURCE_STAT));
}

static void serve_memory(struct builder *builder, const struct update *update)
{
	const bool new_vmstat = update->id == SOURCE_VMSTAT;

	snapshot_put(&builder->memory,
		     build_memory(builder->memory, raw_of(builder, SOURCE_MEMINFO), raw_of(builder, SOURCE_VMSTAT),
				  new_vmstat ? (const struct vmstat_part *)update->before : NULL, new_vmstat));
}

static void serve_sensors(struct builder *builder, const struct update *update)
{
	struct sensors *raw = (struct sensors *)builder->raw[update->id];

	if (raw != NULL)
		build_sensor_indexes(builder->indexes, raw);
	snapshot_put(&builder->sensors, build_sensors((struct sensors *)builder->raw[SOURCE_SENSORS],
						      (struct sensors *)builder->raw[SOURCE_THERMAL]));
}

static void serve_host_disks(struct builder *builder, const struct update *update)
{
	const struct host_disks *raw = raw_of(builder, update->id);
	struct host_disks *built = raw == NULL ? NULL
					       : build_host_disks(builder->indexes, builder->host_disks, raw,
								  update->now_real_ns / NS_PER_S);

	if (host_disks_went_back(builder->host_disks, built))
		builder->discontinuity_mono_ns = update->now_mono_ns;
	snapshot_put(&builder->host_disks, built);
}

static void serve_edacs(struct builder *builder, const struct update *update)
{
	const struct edacs *raw = raw_of(builder, update->id);
	struct edacs *built = raw == NULL ? NULL : build_edacs(builder->indexes, raw, update->now_real_ns / NS_PER_S);

	if (edacs_went_back(builder->edacs, built))
		builder->discontinuity_mono_ns = update->now_mono_ns;
	snapshot_put(&builder->edacs, built);
}

/* Served as they come; their sums are over the processors that are online. */
static void serve_interrupts(struct builder *builder, const struct update *update)
{
	if (interrupts_went_back((const struct interrupts *)update->before, raw_of(builder, update->id)))
		builder->discontinuity_mono_ns = update->now_mono_ns;
}

static void serve_powers(struct builder *builder, const struct update *update)
{
	const struct powers *raw = raw_of(builder, update->id);

	snapshot_put(&builder->powers, raw == NULL ? NULL : build_powers(builder->indexes, builder->powers, raw,
										     update->now_real_ns / NS_PER_S));
}

/* What a daemon said of the clock, while it is not older than that. */
static const void *word_of(const struct builder *builder, enum source_id id, int64_t now_mono_ns)
{
	const int64_t polls_ns = CLOCK_WORD_POLLS * builder->interval_ns[id];
	const int64_t most_ns = polls_ns > CLOCK_WORD_NS ? polls_ns : CLOCK_WORD_NS;

	return now_mono_ns - builder->raw_mono_ns[id] <= most_ns ? raw_of(builder, id) : NULL;
}

/* The kernel's reading comes often, and over it what the daemons say: one that fell silent is not believed for long. */
static void serve_clock(struct builder *builder, const struct update *update)
{
	const struct clock_peers *ntp = raw_of(builder, SOURCE_NTP);

	snapshot_put(&builder->clock,
		     build_clock(raw_of(builder, SOURCE_CLOCK), word_of(builder, SOURCE_NTP, update->now_mono_ns),
				 word_of(builder, SOURCE_PTP, update->now_mono_ns)));
	if (update->id == SOURCE_NTP)
		snapshot_put(&builder->clock_peers, ntp == NULL ? NULL
								: build_clock_peers(builder->indexes, ntp,
										    update->now_real_ns / NS_PER_S));
}

static void serve_disks(struct builder *builder, const struct update *update)
{
	const struct disks *raw = raw_of(builder, update->id);

	snapshot_put(&builder->disks, raw == NULL ? NULL
						  : build_disks(builder->indexes, builder->disks, raw,
								update->now_real_ns / NS_PER_S));
}

static void serve_pools(struct builder *builder, const struct update *update)
{
	const struct pools *raw = raw_of(builder, update->id);

	snapshot_put(&builder->pools,
		     raw == NULL ? NULL : build_pools(builder->indexes, raw, update->now_real_ns / NS_PER_S));
}

static void serve_machine_checks(struct builder *builder, const struct update *update)
{
	(void)update;
	snapshot_put(&builder->check_totals,
		     machine_checks_totals(builder->checks, builder->raw[SOURCE_MCE] != NULL));
}

/* Domains go on with their processes, also while libvirt says nothing. */
static void lay_processes(struct builder *builder, const struct processes *processes)
{
	if (!builder->processes_new || builder->domains == NULL)
		return;
	builder->processes_new = false;
	snapshot_put(&builder->domains,
		     build_domains_processes(builder->domains, processes, builder->processes_mono_ns,
					     builder->processes_real_ns));
	domain_watch_rows(builder->watch, builder->domains);
}

/* They wait for the next snapshot: where libvirt's list of the same tick comes before that, it takes them in, and the
 * rows are made once. Where it has just come, they wait for one more: so there are never rows of more than two
 * snapshots. */
static void serve_processes(struct builder *builder, const struct update *update)
{
	lay_processes(builder, (const struct processes *)update->before);
	builder->processes_new = raw_of(builder, update->id) != NULL;
	builder->processes_mono_ns = update->now_mono_ns;
	builder->processes_real_ns = update->now_real_ns;
}

/* Those that are not here are served as they come. libvirt's is another matter: rows that go on. */
static void (*const SERVE[SOURCE_END])(struct builder *builder, const struct update *update) = {
	[SOURCE_STAT] = serve_cpus,	    [SOURCE_LOADAVG] = serve_cpus,	[SOURCE_CPUFREQ] = serve_cpus,
	[SOURCE_THROTTLE] = serve_cpus,	    [SOURCE_MSR] = serve_cpus,		[SOURCE_MEMINFO] = serve_memory,
	[SOURCE_VMSTAT] = serve_memory,	    [SOURCE_SENSORS] = serve_sensors,	[SOURCE_THERMAL] = serve_sensors,
	[SOURCE_DISKSTATS] = serve_host_disks, [SOURCE_EDAC] = serve_edacs,	[SOURCE_POWERCAP] = serve_powers,
	[SOURCE_PROCESS] = serve_processes, [SOURCE_CLOCK] = serve_clock,	[SOURCE_NTP] = serve_clock,
	[SOURCE_PTP] = serve_clock,	    [SOURCE_DISKS] = serve_disks,	[SOURCE_POOLS] = serve_pools,
	[SOURCE_MCE] = serve_machine_checks,
	[SOURCE_INTERRUPTS] = serve_interrupts,
};

/* part: taken over; NULL: there is none any more. */
static void replace_raw(struct builder *builder, enum source_id id, struct part *part, int64_t now_mono_ns,
			int64_t now_real_ns)
{
	struct part *before = builder->raw[id];
	const struct update update = { id, before, now_mono_ns, now_real_ns };

	builder->raw[id] = part;
	builder->raw_mono_ns[id] = now_mono_ns;
	if (SERVE[id] != NULL)
		SERVE[id](builder, &update);
	part_unref(before);
}

/* --- results in, snapshots out ------------------------------------------------------------------------------------ */

static void apply_domains(struct builder *builder, struct domains *raw, int64_t now_mono_ns, int64_t now_real_ns)
{
	struct domains *sifted = domain_watch_sift(builder->watch, raw), *built;

	built = build_domains(builder->indexes, builder->domains, sifted, raw_of(builder, SOURCE_PROCESS),
			      builder->started_mono_ns, now_mono_ns, now_real_ns);
	part_unref(sifted);
	builder->processes_new = false;
	builder->listed = true;
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

void builder_set_interval(struct builder *builder, enum source_id id, int64_t interval_ns)
{
	builder->interval_ns[id] = interval_ns;
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

bool builder_waits(const struct builder *builder)
{
	return builder->processes_new && builder->domains != NULL;
}

bool builder_unsure(const struct builder *builder)
{
	return domain_watch_unsure(builder->watch);
}

void builder_restore_machine_checks(struct builder *builder, struct machine_checks *checks)
{
	machine_checks_free(builder->checks);
	builder->checks = checks;
	serve_machine_checks(builder, NULL);
}

void builder_machine_checks(struct builder *builder, const struct machine_check *records)
{
	for (; records != NULL; records = records->next) {
		struct event *event = machine_checks_event(builder->checks, records);

		if (event == NULL)
			continue;
		machine_checks_apply(builder->checks, event);
		event_list_add(&builder->events, event);
	}
	serve_machine_checks(builder, NULL);
}

void builder_metrics(struct builder *builder, const struct metrics *raw, int64_t now_real_ns)
{
	snapshot_put(&builder->metrics, build_metrics(builder->indexes, raw, now_real_ns / NS_PER_S));
}

void builder_take_events(struct builder *builder, struct event_list *out)
{
	*out = builder->events;
	builder->events = (struct event_list){ 0 };
}

void builder_apply(struct builder *builder, enum source_id id, struct part *part, int64_t now_mono_ns,
		   int64_t now_real_ns)
{
	if (id != SOURCE_LIBVIRT) {
		replace_raw(builder, id, part, now_mono_ns, now_real_ns);
		return;
	}
	apply_domains(builder, (struct domains *)part, now_mono_ns, now_real_ns);
	part_unref(part);
}

void builder_forget(struct builder *builder, enum source_id id)
{
	if (id == SOURCE_LIBVIRT) {
		snapshot_put(&builder->domains, NULL);
		domain_watch_forget(builder->watch);
	} else if (builder->raw[id] != NULL) {
		replace_raw(builder, id, NULL, 0, 0);
	}
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

	if (!builder->listed)
		lay_processes(builder, raw_of(builder, SOURCE_PROCESS));
	builder->listed = false;
	s->ident = part_ref(builder->raw[SOURCE_NODE]);
	s->sources = sources;
	s->domains = part_ref(builder->domains);
	s->cpus = part_ref(builder->cpus);
	s->stat = part_ref(builder->raw[SOURCE_STAT]);
	s->memory = part_ref(builder->memory);
	s->hugepages = part_ref(builder->raw[SOURCE_HUGEPAGES]);
	s->pressures = part_ref(builder->raw[SOURCE_PRESSURE]);
	s->sensors = part_ref(builder->sensors);
	s->clock = part_ref(builder->clock);
	s->clock_peers = part_ref(builder->clock_peers);
	s->ptp_clocks = part_ref(builder->raw[SOURCE_PTP]);
	s->disks = part_ref(builder->disks);
	s->pools = part_ref(builder->pools);
	s->host_disks = part_ref(builder->host_disks);
	s->bonds = part_ref(builder->raw[SOURCE_BOND]);
	s->interrupts = part_ref(builder->raw[SOURCE_INTERRUPTS]);
	s->edacs = part_ref(builder->edacs);
	s->powers = part_ref(builder->powers);
	s->machine_checks = part_ref(builder->check_totals);
	s->metrics = part_ref(builder->metrics);
	s->sealed_mono_ns = now_mono_ns;
	s->sealed_real_ns = now_real_ns;
	set_identity(&s->node, s->ident);
	set_hypervisor(&s->node, s->domains);
	set_processes(&s->node, (const struct load_part *)builder->raw[SOURCE_LOADAVG], s->stat);
	set_self(&s->node, builder, self);
	s->node.health = sources_health(sources);
	return s;
}
