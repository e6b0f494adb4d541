/*
 * test_cycle.c - workers, schedule, event stage and the whole cycle lane, with sources of this file instead of the
 * built-in ones (SOURCES is defined here, so registry.c is not linked) and a clock whose state this file says.
 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/statefile.h"
#include "cycle.h"
#include "persist.h"
#include "schedule.h"
#include "source/live.h"
#include "source/worker.h"

#include <pthread.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#define HANG_BOUND_NS (20 * NS_PER_S)

/* --- sources ------------------------------------------------------------------------------------------------------ */

static int gate[2];            /* "stat" blocks on reading a byte while hanging is set */
static _Atomic bool hanging;
static _Atomic int load_code;  /* what "loadavg" answers */
static _Atomic int opens, closes;

static void free_part(struct part *part)
{
	free(part);
}

static int load_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct load_part *load;

	(void)self;
	(void)env;
	if (load_code != 0)
		return source_fail(error, load_code, "told to fail");
	load = mem_alloc(sizeof(*load));
	part_init(&load->part, free_part);
	load->load1_centi = 42;
	*result = &load->part;
	return 0;
}

static int stat_open(const struct source_env *env, void **self, struct source_error *error)
{
	(void)env;
	(void)error;
	opens++;
	*self = &opens;
	return 0;
}

static void stat_close(void *self)
{
	ck_assert_ptr_eq(self, &opens);
	closes++;
}

static int stat_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct stat_part *stat;
	char byte;

	(void)self;
	(void)env;
	(void)error;
	if (hanging && read(gate[0], &byte, 1) != 1)
		return -ERR_IO;
	stat = mem_alloc(sizeof(*stat) + sizeof(stat->cpus[0]));
	part_init(&stat->part, free_part);
	stat->n_cpus = 1;
	stat->cpus[0].user_ms = 10;
	*result = &stat->part;
	return 0;
}

/* Once an hour, so that every further poll has been hurried. */
static struct live_queue *_Atomic live;
static _Atomic int list_polls;

static int list_open(const struct source_env *env, void **self, struct source_error *error)
{
	(void)error;
	live = env->live;
	*self = NULL;
	return 0;
}

static int list_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct domains *domains = domains_new(0);

	(void)self;
	(void)env;
	(void)error;
	domains->complete = true;
	list_polls++;
	*result = &domains->part;
	return 0;
}

static const struct source fake_list = { SOURCE_LIBVIRT, "libvirt", WORKER_LIBVIRT, 50, 200,
					 list_open, list_poll, NULL };
static const struct source fake_stat = { SOURCE_STAT, "stat", WORKER_FILES, 50, 200, stat_open, stat_poll, stat_close };
static const struct source fake_load = { SOURCE_LOADAVG, "loadavg", WORKER_SENSORS, 50, 200, NULL, load_poll, NULL };
const struct source *const SOURCES[] = { &fake_stat, &fake_load, &fake_list, NULL };

/* --- help --------------------------------------------------------------------------------------------------------- */

static void setup(void)
{
	ck_assert_int_eq(pipe(gate), 0);
	hanging = false;
	load_code = 0;
}

static void let_go(void)
{
	hanging = false;
	close(gate[1]);
}

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
};
static struct bell bell = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };

static void ring(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&bell.lock);
	pthread_cond_broadcast(&bell.rung);
	pthread_mutex_unlock(&bell.lock);
}

static void wait_result(struct workers *workers, struct worker_result *result)
{
	const int64_t end = clock_mono_ns() + HANG_BOUND_NS;

	while (!workers_take(workers, clock_mono_ns(), result)) {
		ck_assert_int_lt(clock_mono_ns(), end);
		poll(NULL, 0, 5);
	}
}

static const struct source_env ENV = { .uri = "", .agent_version = "test" };

/* --- workers ------------------------------------------------------------------------------------------------------ */

START_TEST(worker_returns_results)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);
	struct worker_result result;

	ck_assert_int_eq(workers_request(workers, &fake_stat), 0);
	wait_result(workers, &result);
	ck_assert_int_eq(result.id, SOURCE_STAT);
	ck_assert_int_eq(result.code, 0);
	ck_assert_uint_eq(((struct stat_part *)result.part)->n_cpus, 1);
	part_unref(result.part);
	ck_assert(!workers_pending(workers, SOURCE_STAT));
	ck_assert(workers_stop(workers, clock_mono_ns() + HANG_BOUND_NS));
	ck_assert_int_eq(opens, 1);
	ck_assert_int_eq(closes, 1);
}
END_TEST

START_TEST(worker_failure_carries_text)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);
	struct worker_result result;

	load_code = -ERR_PARSE;
	ck_assert_int_eq(workers_request(workers, &fake_load), 0);
	wait_result(workers, &result);
	ck_assert_int_eq(result.code, -ERR_PARSE);
	ck_assert_ptr_null(result.part);
	ck_assert_str_eq(result.error.text, "told to fail");
	ck_assert(workers_stop(workers, clock_mono_ns() + HANG_BOUND_NS));
}
END_TEST

START_TEST(worker_overrun_is_abandoned_twice_at_most)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);
	struct worker_result result;

	hanging = true;
	for (int i = 0; i < WORKER_ABANDONED_MAX; i++) {
		ck_assert_int_eq(workers_request(workers, &fake_stat), 0);
		ck_assert_int_eq(workers_request(workers, &fake_stat), -ERR_BUSY);
		wait_result(workers, &result);
		ck_assert_int_eq(result.code, -ERR_TIMEOUT);
	}
	ck_assert_uint_eq(workers_abandoned(workers), WORKER_ABANDONED_MAX);
	ck_assert_int_eq(workers_request(workers, &fake_stat), -ERR_TIMEOUT);
	/* Another worker is not touched. */
	ck_assert_int_eq(workers_request(workers, &fake_load), 0);
	wait_result(workers, &result);
	ck_assert_int_eq(result.id, SOURCE_LOADAVG);
	ck_assert_int_eq(result.code, 0);
	part_unref(result.part);
	/* The hanging reads come back: their results are dropped, and polls work again. */
	let_go();
	for (const int64_t end = clock_mono_ns() + HANG_BOUND_NS; workers_abandoned(workers) > 0; poll(NULL, 0, 5))
		ck_assert_int_lt(clock_mono_ns(), end);
	ck_assert_int_eq(workers_request(workers, &fake_stat), 0);
	wait_result(workers, &result);
	ck_assert_int_eq(result.code, 0);
	part_unref(result.part);
	ck_assert(workers_stop(workers, clock_mono_ns() + HANG_BOUND_NS));
	ck_assert_int_eq(opens, closes);
}
END_TEST

START_TEST(worker_stop_leaves_a_hanging_one)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);

	hanging = true;
	ck_assert_int_eq(workers_request(workers, &fake_stat), 0);
	for (const int64_t end = clock_mono_ns() + HANG_BOUND_NS; opens == 0; poll(NULL, 0, 1))
		ck_assert_int_lt(clock_mono_ns(), end);
	ck_assert(!workers_stop(workers, clock_mono_ns() + 50 * NS_PER_MS));
}
END_TEST

/* --- schedule ----------------------------------------------------------------------------------------------------- */

static struct config *test_config(void)
{
	struct config *config = config_new();

	config->poll_ms = 1000;
	for (size_t i = 0; i < SOURCE_END; i++)
		config->sources[i].interval_ms = i == SOURCE_LIBVIRT ? 3600000 : 1000;
	return config;
}

static const struct source_status *row_of(const struct sources *sources, uint32_t id)
{
	for (size_t i = 0; i < sources->n; i++)
		if (sources->rows[i].index == id)
			return &sources->rows[i];
	return NULL;
}

static uint8_t state_at(struct schedule *schedule, uint32_t id, int64_t now_mono_ns)
{
	bool changed;
	struct sources *sources = schedule_status(schedule, now_mono_ns, &changed);
	const uint8_t state = row_of(sources, id)->state;

	part_unref(sources);
	return state;
}

static void poll_once(struct schedule *schedule, struct workers *workers, struct builder *builder, int64_t now)
{
	schedule_run(schedule, now, now);
	for (const int64_t end = clock_mono_ns() + HANG_BOUND_NS; workers_busy(workers, WORKER_END); poll(NULL, 0, 1))
		ck_assert_int_lt(clock_mono_ns(), end);
	ck_assert(schedule_collect(schedule, builder, now, now));
}

/* Times are made up: only the polls themselves are real. */
START_TEST(schedule_states_follow_success_and_failure)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);
	struct schedule *schedule = schedule_new(workers);
	struct index_map *indexes = index_map_new();
	struct builder *builder = builder_new(indexes, "test", 0, 0);
	struct config *config = test_config();
	const int64_t s = NS_PER_S;

	schedule_configure(schedule, config, builder, 0);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 0), SOURCE_STATE_STARTING);
	poll_once(schedule, workers, builder, 0);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, s), SOURCE_STATE_OK);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 3 * s / 2), SOURCE_STATE_STALE);
	load_code = -ERR_IO;
	poll_once(schedule, workers, builder, 2 * s);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 2 * s), SOURCE_STATE_STALE);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 5 * s / 2), SOURCE_STATE_FAILED);
	ck_assert_int_eq(state_at(schedule, SOURCE_STAT, 5 * s / 2), SOURCE_STATE_OK);
	load_code = 0;
	poll_once(schedule, workers, builder, 3 * s);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 3 * s), SOURCE_STATE_OK);
	load_code = -ERR_ABSENT;
	poll_once(schedule, workers, builder, 4 * s);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 4 * s), SOURCE_STATE_ABSENT);
	config->sources[SOURCE_LOADAVG].enabled = false;
	schedule_configure(schedule, config, builder, 4 * s);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 4 * s), SOURCE_STATE_DISABLED);
	/* Switched on again: its past does not count. */
	config->sources[SOURCE_LOADAVG].enabled = true;
	schedule_configure(schedule, config, builder, 5 * s);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 5 * s), SOURCE_STATE_STARTING);
	load_code = 0;
	poll_once(schedule, workers, builder, 5 * s);
	ck_assert_int_eq(state_at(schedule, SOURCE_LOADAVG, 5 * s), SOURCE_STATE_OK);
	ck_assert(workers_stop(workers, clock_mono_ns() + HANG_BOUND_NS));
	schedule_free(schedule);
	builder_free(builder);
	index_map_free(indexes);
	part_unref(config);
}
END_TEST

START_TEST(schedule_failure_is_in_the_row_and_keeps_the_values)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);
	struct schedule *schedule = schedule_new(workers);
	struct index_map *indexes = index_map_new();
	struct builder *builder = builder_new(indexes, "test", 0, 0);
	struct config *config = test_config();
	struct builder_self self = { .poll_interval_ms = 1000 };
	struct snapshot *snapshot;
	const struct source_status *row;
	bool changed;

	schedule_configure(schedule, config, builder, 0);
	poll_once(schedule, workers, builder, 0);
	load_code = -ERR_IO;
	poll_once(schedule, workers, builder, NS_PER_S);
	poll_once(schedule, workers, builder, 2 * NS_PER_S);
	snapshot = builder_build(builder, schedule_status(schedule, 2 * NS_PER_S, &changed), &self, 2 * NS_PER_S, 0);
	row = row_of(snapshot->sources, SOURCE_LOADAVG);
	ck_assert_uint_eq(row->polls, 3);
	ck_assert_uint_eq(row->failures, 2);
	ck_assert_str_eq(row->last_error, "told to fail");
	ck_assert_int_eq(row->success_mono_ns, 0);
	ck_assert_uint_eq(snapshot->cpus->load1_centi, 42);
	ck_assert_int_eq(snapshot->node.health, HEALTH_FAILED);
	part_unref(snapshot);
	ck_assert(workers_stop(workers, clock_mono_ns() + HANG_BOUND_NS));
	schedule_free(schedule);
	builder_free(builder);
	index_map_free(indexes);
	part_unref(config);
}
END_TEST

START_TEST(schedule_keeps_the_grid_and_hurries_within_bounds)
{
	struct workers *workers = workers_new(&ENV, ring, NULL);
	struct schedule *schedule = schedule_new(workers);
	struct index_map *indexes = index_map_new();
	struct builder *builder = builder_new(indexes, "test", 0, 0);
	struct config *config = test_config();
	const int64_t ms = NS_PER_MS;

	schedule_configure(schedule, config, builder, 0);
	poll_once(schedule, workers, builder, 0);
	ck_assert_int_eq(schedule_next_ns(schedule, 0), 1000 * ms);
	/* Two ticks were missed: the next is on the grid again. */
	poll_once(schedule, workers, builder, 2300 * ms);
	ck_assert_int_eq(schedule_next_ns(schedule, 2300 * ms), 3000 * ms);
	schedule_hurry(schedule, SOURCE_STAT, 2310 * ms);
	ck_assert_int_eq(schedule_next_ns(schedule, 2310 * ms), (2300 + SCHEDULE_HURRY_MS) * ms);
	ck_assert(workers_stop(workers, clock_mono_ns() + HANG_BOUND_NS));
	schedule_free(schedule);
	builder_free(builder);
	index_map_free(indexes);
	part_unref(config);
}
END_TEST

/* --- the lane ----------------------------------------------------------------------------------------------------- */

struct rig {
	char dir[64];
	struct persist *persist;
	struct persist_state state;
	struct store *store;
	struct cycle *cycle;
	struct sysroot root;
	_Atomic unsigned notified, ready;
	uint32_t serials[64];
};

static int encode(void *arg, const struct snapshot *snapshot, const struct event *event, struct buf *out)
{
	(void)arg;
	(void)snapshot;
	buf_text(out, event->text);
	return 0;
}

static bool notify(void *arg, const struct event *event)
{
	struct rig *rig = arg;

	rig->serials[rig->notified % 64] = event->serial;
	rig->notified++;
	return true;
}

static uint32_t unsent(void *arg)
{
	(void)arg;
	return 0;
}

static void ready(void *arg)
{
	struct rig *rig = arg;

	rig->ready++;
}

static void persisted(void *arg, uint64_t batch, int code)
{
	struct rig *rig = arg;

	cycle_persisted(rig->cycle, batch, code);
}

static void rig_start(struct rig *rig)
{
	struct config *config = test_config();
	struct persist_error error;
	struct cycle_options options;

	config->sources[SOURCE_STAT].interval_ms = config->sources[SOURCE_LOADAVG].interval_ms = 50;
	rig->root.prefix = "";
	ck_assert_int_eq(persist_open(rig->dir, 1 << 20, 100, &rig->persist, &rig->state, &error), 0);
	rig->store = store_new();
	ck_assert_int_eq(persist_start(rig->persist, persisted, rig), 0);
	options = (struct cycle_options){
		.config = config, .root = &rig->root, .agent_version = "test",
		.events = { .store = rig->store, .persist = rig->persist, .state = &rig->state, .capacity = 100,
			    .encode = encode, .notify = notify, .unsent = unsent, .arg = rig },
		.state = &rig->state, .ready = ready, .arg = rig,
	};
	ck_assert_int_eq(cycle_start(&options, &rig->cycle), 0);
	part_unref(config);
}

static void rig_stop(struct rig *rig)
{
	ck_assert(cycle_stop(rig->cycle, clock_mono_ns() + HANG_BOUND_NS));
	ck_assert(persist_stop(rig->persist, clock_mono_ns() + HANG_BOUND_NS));
	persist_free(rig->persist);
	part_unref(rig->state.log.unsent);
	store_free(rig->store);
	cycle_free(rig->cycle);
}

static struct snapshot *wait_for(struct rig *rig, bool (*holds)(const struct snapshot *))
{
	const int64_t end = clock_mono_ns() + HANG_BOUND_NS;
	uint64_t after = 0;

	for (;;) {
		struct snapshot *snapshot = store_wait(rig->store, after, end);

		ck_assert_int_lt(clock_mono_ns(), end);
		if (snapshot != NULL && holds(snapshot))
			return snapshot;
		after = snapshot != NULL ? snapshot->serial : 0;
		part_unref(snapshot);
	}
}

static bool is_third(const struct snapshot *s)
{
	return s->serial >= 3;
}

static bool stat_failed(const struct snapshot *s)
{
	return row_of(s->sources, SOURCE_STAT)->state == SOURCE_STATE_FAILED;
}

static bool stat_ok(const struct snapshot *s)
{
	return row_of(s->sources, SOURCE_STAT)->state == SOURCE_STATE_OK;
}

static void make_dir(struct rig *rig)
{
	snprintf(rig->dir, sizeof(rig->dir), "/tmp/edgenode-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(rig->dir));
}

static void remove_dir(const struct rig *rig)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", rig->dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(cycle_publishes_and_numbers_events)
{
	struct rig rig = { .dir = "" };
	struct snapshot *snapshot;

	make_dir(&rig);
	rig_start(&rig);
	snapshot = wait_for(&rig, is_third);
	ck_assert_uint_eq(snapshot->events->n, 1);
	ck_assert_uint_eq(snapshot->events->rows[0]->kind, EVENT_AGENT_STARTED);
	ck_assert_uint_eq(snapshot->events->rows[0]->serial, 1);
	ck_assert_uint_eq(snapshot->cpus->n, 1);
	ck_assert_uint_eq(rig.ready, 1);
	part_unref(snapshot);
	rig_stop(&rig);
	ck_assert_uint_eq(rig.notified, 2); /* started, stopping */
	/* The next daemon goes on with the serials. */
	rig_start(&rig);
	snapshot = wait_for(&rig, is_third);
	ck_assert_uint_eq(snapshot->events->n, 3);
	ck_assert_uint_eq(snapshot->events->rows[2]->serial, 3);
	ck_assert_uint_eq(snapshot->events->rows[2]->boot, 1);
	part_unref(snapshot);
	rig_stop(&rig);
	remove_dir(&rig);
}
END_TEST

START_TEST(cycle_goes_on_while_a_source_hangs)
{
	struct rig rig = { .dir = "" };
	struct snapshot *snapshot;

	make_dir(&rig);
	rig_start(&rig);
	part_unref(wait_for(&rig, is_third));
	hanging = true;
	snapshot = wait_for(&rig, stat_failed);
	ck_assert_int_ne(row_of(snapshot->sources, SOURCE_LOADAVG)->state, SOURCE_STATE_FAILED);
	ck_assert_uint_eq(snapshot->cpus->n, 1); /* the last values stay */
	ck_assert_uint_eq(snapshot->alarms->n, 1);
	ck_assert_uint_eq(snapshot->alarms->rows[0].kind, EVENT_SOURCE_FAILED);
	part_unref(snapshot);
	let_go();
	snapshot = wait_for(&rig, stat_ok);
	ck_assert_uint_eq(snapshot->alarms->n, 0);
	part_unref(snapshot);
	rig_stop(&rig);
	remove_dir(&rig);
}
END_TEST

static void push(enum domain_change_kind kind)
{
	struct domain_change *change = mem_alloc(sizeof(*change));

	change->kind = kind;
	change->name = mem_string("d1");
	change->uuid[0] = 1;
	change->id = 7;
	change->state = DOMAIN_RUNNING;
	change->time_mono_ns = clock_mono_ns();
	change->time_real_ns = clock_real_ns();
	live_push(live, 0, change);
}

static bool has_rebooted(const struct snapshot *s)
{
	for (size_t i = 0; i < s->events->n; i++)
		if (s->events->rows[i]->kind == EVENT_DOMAIN_REBOOTED)
			return true;
	return false;
}

static int64_t settled_mono_ns;

static bool is_settled(const struct snapshot *s)
{
	return s->sealed_mono_ns > settled_mono_ns;
}

/* Each is an event at once; the list is read anew only where the change is of the list. */
START_TEST(cycle_is_not_hurried_by_guests)
{
	struct rig rig = { .dir = "" };
	const int64_t end = clock_mono_ns() + HANG_BOUND_NS;

	make_dir(&rig);
	rig_start(&rig);
	part_unref(wait_for(&rig, is_third));
	ck_assert_int_eq(list_polls, 1);
	push(CHANGE_WATCHDOG);
	push(CHANGE_IO_ERROR);
	push(CHANGE_REBOOTED);
	part_unref(wait_for(&rig, has_rebooted));
	settled_mono_ns = clock_mono_ns() + 2 * SCHEDULE_HURRY_MS * NS_PER_MS;
	part_unref(wait_for(&rig, is_settled));
	ck_assert_int_eq(list_polls, 1);
	push(CHANGE_STATE);
	for (; list_polls < 2; poll(NULL, 0, 5))
		ck_assert_int_lt(clock_mono_ns(), end);
	rig_stop(&rig);
	remove_dir(&rig);
}
END_TEST

/* --- numbers and the clock ---------------------------------------------------------------------------------------- */

static _Atomic bool clock_synced = true;

/* In place of the C library's. */
int adjtimex(struct timex *tx)
{
	memset(tx, 0, sizeof(*tx));
	tx->status = clock_synced ? 0 : STA_UNSYNC;
	return clock_synced ? TIME_OK : TIME_ERROR;
}

#define DAY (24 * 3600)
#define OLD_KEY "sensor:retired long ago"
#define UNUSED_KEY "threshold:gone/temp1\tmax" /* no rule and no chip has it: the first snapshot retires it */

static void put_indexes(const struct rig *rig)
{
	struct index_map *map = index_map_new();
	struct buf image;

	index_map_get(map, OLD_KEY);
	index_map_retire(map, OLD_KEY, 1000);
	index_map_get(map, UNUSED_KEY);
	buf_init(&image, 1 << 16);
	index_map_encode(map, &image);
	ck_assert_int_eq(statefile_write(rig->dir, "indexes", image.data, image.length), 0);
	buf_free(&image);
	index_map_free(map);
}

/* What a daemon leaves behind that has run for some cycles. */
static struct index_map *indexes_after_run(struct rig *rig, bool synced)
{
	struct index_map *map = NULL;
	uint8_t *data;
	size_t length;

	clock_synced = synced;
	rig_start(rig);
	part_unref(wait_for(rig, is_third));
	rig_stop(rig);
	ck_assert_int_eq(statefile_read(rig->dir, "indexes", 1 << 16, &data, &length), 0);
	ck_assert_int_eq(index_map_decode(data, length, &map), 0);
	free(data);
	return map;
}

START_TEST(cycle_forgets_numbers_by_a_clock_that_is_right)
{
	const int64_t later_s = clock_real_ns() / NS_PER_S + 40 * (int64_t)DAY;
	struct rig rig = { .dir = "" };
	struct index_map *map;

	make_dir(&rig);
	put_indexes(&rig);
	map = indexes_after_run(&rig, false);
	ck_assert_uint_eq(index_map_find(map, OLD_KEY), 1);
	index_map_expire(map, later_s);
	ck_assert_uint_eq(index_map_find(map, OLD_KEY), 0);
	ck_assert_uint_eq(index_map_find(map, UNUSED_KEY), 1); /* nobody knows since when */
	index_map_free(map);
	map = indexes_after_run(&rig, true);
	ck_assert_uint_eq(index_map_find(map, OLD_KEY), 0);
	ck_assert_uint_eq(index_map_find(map, UNUSED_KEY), 1);
	index_map_expire(map, later_s);
	ck_assert_uint_eq(index_map_find(map, UNUSED_KEY), 0);
	index_map_free(map);
	remove_dir(&rig);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cycle");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, worker_returns_results);
	tcase_add_test(tc, worker_failure_carries_text);
	tcase_add_test(tc, worker_overrun_is_abandoned_twice_at_most);
	tcase_add_test(tc, worker_stop_leaves_a_hanging_one);
	tcase_add_test(tc, schedule_states_follow_success_and_failure);
	tcase_add_test(tc, schedule_failure_is_in_the_row_and_keeps_the_values);
	tcase_add_test(tc, schedule_keeps_the_grid_and_hurries_within_bounds);
	tcase_add_test(tc, cycle_publishes_and_numbers_events);
	tcase_add_test(tc, cycle_goes_on_while_a_source_hangs);
	tcase_add_test(tc, cycle_is_not_hurried_by_guests);
	tcase_add_test(tc, cycle_forgets_numbers_by_a_clock_that_is_right);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(suite)
