/*
 * cycle.c - the one lane that builds snapshots.
 *
 * Everybody else talks to it by the inbox below (results of workers and live events have queues of their own) and a
 * wake-up. Data: worker results, live events, answers of the log.
 */
#include "cycle.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "schedule.h"
#include "source/mce_reader.h"
#include "source/thermal_events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_EXPIRE_NS (3600 * NS_PER_S)
#define SWEEP_NS (100 * NS_PER_MS) /* so soon after a publication everybody has the new snapshot */
#define STATM_MAX 256

struct cycle {
	struct cycle_options options;
	struct source_env env;
	const struct config *first_config; /* a reference: env has its strings */
	struct live_queue *live;
	struct workers *workers;
	struct thermal_events *trips; /* NULL: this kernel tells nothing of its own accord */
	struct mce_reader *mce;       /* NULL: its thread could not be started */
	struct schedule *schedule;
	struct index_map *indexes;
	struct builder *builder;
	struct event_stage *stage;
	pthread_t thread;
	bool dirty, ready, said_stopping;
	int64_t started_mono_ns, dirty_since_mono_ns, expire_due_mono_ns, sweep_due_mono_ns;
	uint64_t published; /* as the last turn saw it */
	int64_t goodbye_mono_ns; /* when the last snapshot is out at the latest; 0: not ending */
	uint32_t live_dropped;

	/* The inbox. */
	pthread_mutex_t lock;
	pthread_cond_t posted;
	bool woken, stopping;
	const struct config *next_config; /* a reload, as a reference */
	struct metrics *next_metrics;     /* the newest of the actions, as a reference */
	bool have_answer;
	uint64_t answered_batch;
	int answer_code;
};

static void cycle_wake(void *arg)
{
	struct cycle *cycle = arg;

	pthread_mutex_lock(&cycle->lock);
	cycle->woken = true;
	pthread_cond_signal(&cycle->posted);
	pthread_mutex_unlock(&cycle->lock);
}

void cycle_reload(struct cycle *cycle, const struct config *config)
{
	pthread_mutex_lock(&cycle->lock);
	part_unref(cycle->next_config);
	cycle->next_config = part_ref(config);
	pthread_mutex_unlock(&cycle->lock);
	cycle_wake(cycle);
}

void cycle_metrics(struct cycle *cycle, struct metrics *metrics)
{
	struct metrics *before;

	pthread_mutex_lock(&cycle->lock);
	before = cycle->next_metrics;
	cycle->next_metrics = metrics;
	pthread_mutex_unlock(&cycle->lock);
	part_unref(before);
	cycle_wake(cycle);
}

void cycle_persisted(void *arg, uint64_t batch, int code)
{
	struct cycle *cycle = arg;

	pthread_mutex_lock(&cycle->lock);
	cycle->have_answer = true;
	cycle->answered_batch = batch;
	cycle->answer_code = code;
	pthread_mutex_unlock(&cycle->lock);
	cycle_wake(cycle);
}

/* --- what came in ------------------------------------------------------------------------------------------------- */

static void mark_dirty(struct cycle *cycle, int64_t now_mono_ns)
{
	if (!cycle->dirty)
		cycle->dirty_since_mono_ns = now_mono_ns;
	cycle->dirty = true;
}

static void take_answer(struct cycle *cycle)
{
	uint64_t batch;
	int code;
	bool have;

	pthread_mutex_lock(&cycle->lock);
	have = cycle->have_answer;
	batch = cycle->answered_batch;
	code = cycle->answer_code;
	cycle->have_answer = false;
	pthread_mutex_unlock(&cycle->lock);
	if (have)
		event_stage_persisted(cycle->stage, batch, code);
}

static void configure(struct cycle *cycle, const struct config *config, int64_t now_mono_ns)
{
	schedule_configure(cycle->schedule, config, cycle->builder, now_mono_ns);
	event_stage_configure(cycle->stage, config);
}

static void take_config(struct cycle *cycle, int64_t now_mono_ns)
{
	const struct config *config;

	pthread_mutex_lock(&cycle->lock);
	config = cycle->next_config;
	cycle->next_config = NULL;
	pthread_mutex_unlock(&cycle->lock);
	if (config == NULL)
		return;
	configure(cycle, config, now_mono_ns);
	part_unref(cycle->options.config);
	cycle->options.config = config;
	mark_dirty(cycle, now_mono_ns);
}

static void take_metrics(struct cycle *cycle, int64_t now_mono_ns, int64_t now_real_ns)
{
	struct metrics *metrics;

	pthread_mutex_lock(&cycle->lock);
	metrics = cycle->next_metrics;
	cycle->next_metrics = NULL;
	pthread_mutex_unlock(&cycle->lock);
	if (metrics == NULL)
		return;
	builder_metrics(cycle->builder, metrics, now_real_ns);
	part_unref(metrics);
	mark_dirty(cycle, now_mono_ns);
}

/* What libvirt tells of its own accord is shown at once, and where it is of the list that is read anew for the rest. */
static void take_live(struct cycle *cycle, int64_t now_mono_ns)
{
	struct domain_change *change = live_take(cycle->live), *next;
	const uint32_t dropped = live_dropped(cycle->live);
	bool hurry = dropped != cycle->live_dropped;

	if (change == NULL && !hurry)
		return;
	builder_changes(cycle->builder, change, hurry);
	cycle->live_dropped = dropped;
	mark_dirty(cycle, now_mono_ns);
	for (; change != NULL; change = next) {
		next = change->next;
		hurry = hurry || domain_change_is_of_list(change);
		domain_change_free(change);
	}
	if (hurry)
		schedule_hurry(cycle->schedule, SOURCE_LIBVIRT, now_mono_ns);
}

/* A trip is passed: the zones, and the chips that show them, are read at once. */
static void take_trips(struct cycle *cycle, int64_t now_mono_ns)
{
	if (!thermal_events_take(cycle->trips))
		return;
	schedule_hurry(cycle->schedule, SOURCE_THERMAL, now_mono_ns);
	schedule_hurry(cycle->schedule, SOURCE_SENSORS, now_mono_ns);
}

/* While they are not wanted they stay where they are. */
static void take_machine_checks(struct cycle *cycle, int64_t now_mono_ns)
{
	struct machine_check *records;

	if (!cycle->options.config->sources[SOURCE_MCE].enabled)
		return;
	records = mce_reader_take(cycle->mce);
	if (records == NULL)
		return;
	builder_machine_checks(cycle->builder, records);
	machine_check_free_all(records);
	mark_dirty(cycle, now_mono_ns);
}

static void take_results(struct cycle *cycle, int64_t now_mono_ns, int64_t now_real_ns)
{
	if (!schedule_collect(cycle->schedule, cycle->builder, now_mono_ns, now_real_ns))
		return;
	mark_dirty(cycle, now_mono_ns);
	if (builder_unsure(cycle->builder))
		schedule_hurry(cycle->schedule, SOURCE_LIBVIRT, now_mono_ns);
}

/* What the builder found goes into the next snapshot. */
static void take_events(struct cycle *cycle, int64_t now_mono_ns)
{
	struct event_list list;

	builder_take_events(cycle->builder, &list);
	for (size_t i = 0; i < list.n; i++)
		event_stage_add(cycle->stage, part_ref(list.events[i]));
	if (list.n > 0)
		mark_dirty(cycle, now_mono_ns);
	event_list_clear(&list);
}

static bool take_stopping(struct cycle *cycle)
{
	bool stopping;

	pthread_mutex_lock(&cycle->lock);
	stopping = cycle->stopping;
	pthread_mutex_unlock(&cycle->lock);
	return stopping;
}

/* --- snapshots out ------------------------------------------------------------------------------------------------ */

/* VmRSS by /proc/self/statm: field 2, in pages. */
static void read_self(const struct cycle *cycle, struct builder_self *self)
{
	const struct sysroot real = { "" };
	char text[STATM_MAX];
	unsigned long resident;

	self->poll_interval_ms = cycle->options.config->poll_ms;
	self->cpu_time_us = (uint64_t)(clock_process_cpu_ns() / NS_PER_US);
	self->have_memory = sysfile_read(&real, "/proc/self/statm", text, sizeof(text), NULL) == 0 &&
			    sscanf(text, "%*u %lu", &resident) == 1;
	if (self->have_memory)
		self->memory_kib = (uint32_t)(resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

static void add_started_event(struct cycle *cycle, int64_t now_real_ns)
{
	struct event *event;
	char text[EVENT_TEXT_MAX + 1];

	snprintf(text, sizeof(text), "edgenoded %s started", cycle->options.agent_version);
	event = event_new(EVENT_AGENT_STARTED, SEVERITY_INFO, "edgenoded", text);
	event->time_real_ns = now_real_ns;
	event_stage_add(cycle->stage, event);
}

static void add_stopping_event(struct cycle *cycle, int64_t now_real_ns)
{
	struct event *event = event_new(EVENT_AGENT_STOPPING, SEVERITY_INFO, "edgenoded", "edgenoded is stopping");

	event->time_real_ns = now_real_ns;
	event_stage_add(cycle->stage, event);
}

static void build(struct cycle *cycle, struct sources *sources, int64_t now_mono_ns, int64_t now_real_ns)
{
	struct builder_self self = { 0 };
	struct snapshot *snapshot;

	read_self(cycle, &self);
	if (event_stage_published(cycle->stage) == 0)
		add_started_event(cycle, now_real_ns);
	snapshot = builder_build(cycle->builder, sources, &self, now_mono_ns, now_real_ns);
	if (cycle->options.transports != NULL)
		cycle->options.transports(cycle->options.arg, &snapshot->vbds, &snapshot->channels);
	event_stage_offer(cycle->stage, snapshot);
	cycle->dirty = false;
	if (builder_waits(cycle->builder))
		mark_dirty(cycle, now_mono_ns);
}

/* Results of one tick go into one snapshot: wait a little for those that are still under way. The slow ones,
 * libvirt among them, are not waited for, except by the first snapshot. */
static bool gathered(struct cycle *cycle, int64_t now_mono_ns)
{
	if (event_stage_published(cycle->stage) == 0)
		return !workers_busy(cycle->workers, WORKER_FIRST_END) ||
		       now_mono_ns - cycle->started_mono_ns >= CYCLE_FIRST_MS * NS_PER_MS;
	return !workers_busy(cycle->workers, WORKER_QUICK_END) ||
	       now_mono_ns - cycle->dirty_since_mono_ns >= CYCLE_GATHER_MS * NS_PER_MS;
}

static void build_if_due(struct cycle *cycle, int64_t now_mono_ns, int64_t now_real_ns)
{
	struct sources *sources;
	bool changed;

	if (event_stage_holds(cycle->stage))
		return;
	sources = schedule_status(cycle->schedule, now_mono_ns, &changed);
	if (changed)
		mark_dirty(cycle, now_mono_ns);
	if (cycle->dirty && gathered(cycle, now_mono_ns))
		build(cycle, sources, now_mono_ns, now_real_ns);
	else
		part_unref(sources);
}

static void say_ready(struct cycle *cycle)
{
	if (cycle->ready || event_stage_published(cycle->stage) == 0)
		return;
	cycle->ready = true;
	cycle->options.ready(cycle->options.arg);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static int64_t first_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_wake(struct cycle *cycle, int64_t now_mono_ns)
{
	int64_t next = schedule_next_ns(cycle->schedule, now_mono_ns);

	next = first_of(next, workers_deadline_ns(cycle->workers));
	next = first_of(next, event_stage_deadline_ns(cycle->stage));
	next = first_of(next, builder_due_ns(cycle->builder));
	next = first_of(next, cycle->sweep_due_mono_ns);
	if (!cycle->dirty || event_stage_holds(cycle->stage))
		return next;
	if (event_stage_published(cycle->stage) == 0)
		return first_of(next, cycle->started_mono_ns + CYCLE_FIRST_MS * NS_PER_MS);
	return first_of(next, cycle->dirty_since_mono_ns + CYCLE_GATHER_MS * NS_PER_MS);
}

static void wait_for_work(struct cycle *cycle, int64_t until_mono_ns)
{
	bool in_time = true;

	pthread_mutex_lock(&cycle->lock);
	while (!cycle->woken && in_time)
		in_time = lane_wait_until(&cycle->posted, &cycle->lock, until_mono_ns);
	cycle->woken = false;
	pthread_mutex_unlock(&cycle->lock);
}

static void expire_indexes(struct cycle *cycle, int64_t now_mono_ns, int64_t now_real_ns)
{
	if (now_mono_ns < cycle->expire_due_mono_ns)
		return;
	cycle->expire_due_mono_ns = now_mono_ns + INDEX_EXPIRE_NS;
	if (clock_is_synced())
		index_map_expire(cycle->indexes, now_real_ns / NS_PER_S);
}

/* The next turn sweeps: there is one soon after each publication. */
static void plan_sweep(struct cycle *cycle, int64_t now_mono_ns)
{
	const uint64_t published = event_stage_published(cycle->stage);

	if (published != cycle->published)
		cycle->sweep_due_mono_ns = now_mono_ns + SWEEP_NS;
	else if (now_mono_ns >= cycle->sweep_due_mono_ns)
		cycle->sweep_due_mono_ns = INT64_MAX;
	cycle->published = published;
}

static void turn(struct cycle *cycle)
{
	const int64_t now_mono_ns = clock_mono_ns(), now_real_ns = clock_real_ns();

	index_map_trust_clock(cycle->indexes, clock_is_synced());
	store_sweep(cycle->options.events.store);
	take_config(cycle, now_mono_ns);
	take_live(cycle, now_mono_ns);
	take_trips(cycle, now_mono_ns);
	take_machine_checks(cycle, now_mono_ns);
	take_metrics(cycle, now_mono_ns, now_real_ns);
	take_results(cycle, now_mono_ns, now_real_ns);
	builder_tick(cycle->builder, now_mono_ns, now_real_ns);
	take_events(cycle, now_mono_ns);
	take_answer(cycle);
	event_stage_tick(cycle->stage, now_mono_ns);
	schedule_run(cycle->schedule, now_mono_ns, now_real_ns);
	build_if_due(cycle, now_mono_ns, now_real_ns);
	say_ready(cycle);
	expire_indexes(cycle, now_mono_ns, now_real_ns);
	plan_sweep(cycle, now_mono_ns);
}

/* The last snapshot carries edgeAgentStopping; true when it has been published. A disk that hangs delays it no longer
 * than CYCLE_GOODBYE_MS in all. */
static bool wind_up(struct cycle *cycle)
{
	const int64_t now_mono_ns = clock_mono_ns(), now_real_ns = clock_real_ns();
	bool changed;

	if (cycle->goodbye_mono_ns == 0)
		cycle->goodbye_mono_ns = now_mono_ns + CYCLE_GOODBYE_MS * NS_PER_MS;
	event_stage_hurry(cycle->stage, cycle->goodbye_mono_ns);
	take_answer(cycle);
	event_stage_tick(cycle->stage, now_mono_ns);
	if (event_stage_holds(cycle->stage))
		return false;
	if (cycle->said_stopping || event_stage_published(cycle->stage) == 0)
		return true;
	cycle->said_stopping = true;
	builder_tick(cycle->builder, INT64_MAX, now_real_ns);
	take_events(cycle, now_mono_ns);
	add_stopping_event(cycle, now_real_ns);
	build(cycle, schedule_status(cycle->schedule, now_mono_ns, &changed), now_mono_ns, now_real_ns);
	event_stage_hurry(cycle->stage, cycle->goodbye_mono_ns);
	return !event_stage_holds(cycle->stage);
}

static void *cycle_main(void *arg)
{
	struct cycle *cycle = arg;

	while (!take_stopping(cycle)) {
		turn(cycle);
		wait_for_work(cycle, next_wake(cycle, clock_mono_ns()));
	}
	while (!wind_up(cycle))
		wait_for_work(cycle, event_stage_deadline_ns(cycle->stage));
	return NULL;
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

/* Sources keep what they were opened with, so it is what the daemon was started with. */
static void set_env(struct cycle *cycle)
{
	const struct config *config = cycle->first_config;

	cycle->env = (struct source_env){
		.root = cycle->options.root,
		.uri = config->uri,
		.live = cycle->live,
		.agent_version = cycle->options.agent_version,
		.chronyd = config->chronyd,
		.ntpd = config->ntpd,
		.ptp4l = config->ptp4l,
		.smartctl = config->smartctl,
		.commands = cycle->options.commands,
		.mce = cycle->mce,
	};
}

int cycle_start(const struct cycle_options *options, struct cycle **out)
{
	struct cycle *cycle = mem_alloc(sizeof(*cycle));

	cycle->options = *options;
	part_ref(options->config);
	pthread_mutex_init(&cycle->lock, NULL);
	lane_condition_init(&cycle->posted);
	cycle->live = live_new(cycle_wake, cycle);
	cycle->first_config = part_ref(options->config);
	machine_checks_set_boot(options->state->log.machine_checks, options->state->boot);
	cycle->mce = mce_reader_start(options->root, options->state->log.machine_checks, cycle_wake, cycle);
	set_env(cycle);
	cycle->workers = workers_new(&cycle->env, cycle_wake, cycle);
	cycle->schedule = schedule_new(cycle->workers);
	cycle->indexes = options->state->indexes;
	cycle->options.events.indexes = cycle->indexes;
	cycle->stage = event_stage_new(&cycle->options.events);
	cycle->started_mono_ns = clock_mono_ns();
	cycle->sweep_due_mono_ns = INT64_MAX;
	cycle->builder =
		builder_new(cycle->indexes, options->agent_version, cycle->started_mono_ns, clock_real_ns());
	builder_restore(cycle->builder, options->state->log.alarms);
	builder_restore_machine_checks(cycle->builder, options->state->log.machine_checks);
	configure(cycle, options->config, cycle->started_mono_ns);
	cycle->trips = thermal_events_start(cycle_wake, cycle);
	*out = cycle;
	return lane_start(&cycle->thread, "cycle", cycle_main, cycle);
}

void cycle_end(struct cycle *cycle)
{
	pthread_mutex_lock(&cycle->lock);
	cycle->stopping = true;
	pthread_mutex_unlock(&cycle->lock);
	cycle_wake(cycle);
}

bool cycle_stop(struct cycle *cycle, int64_t deadline_mono_ns)
{
	cycle_end(cycle);
	return lane_join(cycle->thread, deadline_mono_ns) && thermal_events_stop(cycle->trips, deadline_mono_ns) &&
	       workers_stop(cycle->workers, deadline_mono_ns) && mce_reader_stop(cycle->mce, deadline_mono_ns);
}

void cycle_free(struct cycle *cycle)
{
	if (cycle == NULL)
		return;
	event_stage_free(cycle->stage);
	builder_free(cycle->builder);
	schedule_free(cycle->schedule);
	index_map_free(cycle->indexes);
	live_free(cycle->live);
	part_unref(cycle->next_config);
	part_unref(cycle->next_metrics);
	part_unref(cycle->options.config);
	pthread_cond_destroy(&cycle->posted);
	pthread_mutex_destroy(&cycle->lock);
	part_unref(cycle->first_config);
	free(cycle);
}
