/* test_stage.c - event_stage: what happens to events while the log cannot be written, and after. */
#include "unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/part.h"
#include "event_stage.h"
#include "model/event_limit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define HANG_BOUND_NS (20 * NS_PER_S)

struct bench {
	char dir[64];
	struct persist *persist;
	struct persist_state state;
	struct store *store;
	struct event_stage *stage;
	struct event_stage_options options;
	_Atomic uint64_t answered; /* batch */
	_Atomic int code;
	uint32_t sent[64];
	char texts[64][64];
	size_t n_sent;
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
	struct bench *bench = arg;

	if (event->varbinds == NULL)
		return true;
	snprintf(bench->texts[bench->n_sent % 64], sizeof(bench->texts[0]), "%s", event->text);
	bench->sent[bench->n_sent++ % 64] = event->serial;
	return true;
}

static uint32_t unsent(void *arg)
{
	(void)arg;
	return 0;
}

static void done(void *arg, uint64_t batch, int code)
{
	struct bench *bench = arg;

	bench->code = code;
	bench->answered = batch;
}

static void bench_open(struct bench *bench)
{
	struct persist_error error;

	bench->n_sent = bench->answered = 0;
	ck_assert_int_eq(persist_open(bench->dir, 1 << 20, 100, &bench->persist, &bench->state, &error), 0);
	ck_assert_int_eq(persist_start(bench->persist, done, bench), 0);
	bench->store = store_new();
	bench->options = (struct event_stage_options){
		.store = bench->store, .persist = bench->persist, .state = &bench->state, .indexes = bench->state.indexes,
		.capacity = 100, .encode = encode, .notify = notify, .unsent = unsent, .arg = bench,
	};
	bench->stage = event_stage_new(&bench->options);
}

static void bench_close(struct bench *bench)
{
	ck_assert(persist_stop(bench->persist, clock_mono_ns() + HANG_BOUND_NS));
	persist_free(bench->persist);
	event_stage_free(bench->stage);
	store_free(bench->store);
	part_unref(bench->state.log.unsent);
	machine_checks_free(bench->state.log.machine_checks);
	index_map_free(bench->state.indexes);
}

static void bench_make(struct bench *bench)
{
	memset(bench, 0, sizeof(*bench));
	snprintf(bench->dir, sizeof(bench->dir), "/tmp/edgenode-stage-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(bench->dir));
	bench_open(bench);
}

static void bench_remove(struct bench *bench)
{
	char command[128];

	bench_close(bench);
	snprintf(command, sizeof(command), "rm -rf %s", bench->dir);
	ck_assert_int_eq(system(command), 0);
}

/* The log's next answer, given to the stage as the cycle does. */
static int take_answer(struct bench *bench)
{
	const int64_t end = clock_mono_ns() + HANG_BOUND_NS;
	uint64_t batch;

	while ((batch = bench->answered) == 0) {
		ck_assert_int_lt(clock_mono_ns(), end);
		poll(NULL, 0, 1);
	}
	bench->answered = 0;
	event_stage_persisted(bench->stage, batch, bench->code);
	return bench->code;
}

static struct snapshot *make_snapshot(void)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->sealed_mono_ns = clock_mono_ns();
	snapshot->sealed_real_ns = clock_real_ns();
	return snapshot;
}

/* One event in a snapshot of its own; the code of the log. */
static int happen(struct bench *bench, const char *text)
{
	event_stage_add(bench->stage, event_new(EVENT_AGENT_STARTED, SEVERITY_INFO, "test", text));
	event_stage_offer(bench->stage, make_snapshot());
	return take_answer(bench);
}

/* Files may have this many bytes; events.used may be written over. */
static void limit_files(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void check_rows(const struct events *events, uint32_t first, uint32_t last)
{
	ck_assert_uint_eq(events->n, last - first + 1);
	for (size_t i = 0; i < events->n; i++)
		ck_assert_uint_eq(events->rows[i]->serial, first + i);
}

static void check_log(struct bench *bench, uint32_t first, uint32_t last)
{
	bench_close(bench);
	bench_open(bench);
	ck_assert_uint_eq(bench->state.log.last_serial, last);
	check_rows(bench->state.log.newest, first, last);
}

START_TEST(unstored_events_go_out_and_follow)
{
	struct bench bench;

	bench_make(&bench);
	ck_assert_int_eq(happen(&bench, "one"), 0);
	limit_files(40);
	ck_assert_int_ne(happen(&bench, "two"), 0);
	ck_assert_int_ne(happen(&bench, "three"), 0);
	ck_assert_uint_eq(bench.n_sent, 3);
	ck_assert_str_eq(bench.texts[1], "two [not stored]");
	ck_assert_str_eq(bench.texts[2], "three [not stored]");
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(happen(&bench, "four"), 0);
	ck_assert_uint_eq(bench.n_sent, 4); /* nothing twice */
	check_log(&bench, 1, 4);
	ck_assert_str_eq(bench.state.log.newest->rows[1]->text, "two [not stored]");
	bench_remove(&bench);
}
END_TEST

START_TEST(the_log_is_tried_again_without_a_new_event)
{
	struct bench bench;
	int64_t due;

	bench_make(&bench);
	limit_files(40);
	ck_assert_int_ne(happen(&bench, "one"), 0);
	due = event_stage_deadline_ns(bench.stage);
	ck_assert_int_lt(due, INT64_MAX);
	event_stage_tick(bench.stage, due); /* still full */
	ck_assert_int_ne(take_answer(&bench), 0);
	limit_files(RLIM_INFINITY);
	due = event_stage_deadline_ns(bench.stage);
	event_stage_tick(bench.stage, due);
	ck_assert_int_eq(take_answer(&bench), 0);
	ck_assert_int_eq(event_stage_deadline_ns(bench.stage), INT64_MAX);
	ck_assert_uint_eq(bench.n_sent, 1);
	check_log(&bench, 1, 1);
	bench_remove(&bench);
}
END_TEST

START_TEST(an_event_behind_what_is_owed_waits_for_it)
{
	struct bench bench;

	bench_make(&bench);
	limit_files(40);
	ck_assert_int_ne(happen(&bench, "one"), 0);
	limit_files(RLIM_INFINITY);
	event_stage_tick(bench.stage, event_stage_deadline_ns(bench.stage));
	event_stage_add(bench.stage, event_new(EVENT_AGENT_STARTED, SEVERITY_INFO, "test", "two"));
	event_stage_offer(bench.stage, make_snapshot());
	ck_assert(event_stage_holds(bench.stage));
	ck_assert_int_eq(take_answer(&bench), 0); /* the first alone */
	ck_assert(event_stage_holds(bench.stage));
	ck_assert_int_eq(take_answer(&bench), 0);
	ck_assert(!event_stage_holds(bench.stage));
	ck_assert_str_eq(bench.texts[1], "two");
	check_log(&bench, 1, 2);
	bench_remove(&bench);
}
END_TEST

START_TEST(a_serial_that_went_out_unstored_is_not_given_again)
{
	struct bench bench;

	bench_make(&bench);
	ck_assert_int_eq(happen(&bench, "one"), 0);
	limit_files(40);
	ck_assert_int_ne(happen(&bench, "two"), 0);
	ck_assert_int_ne(happen(&bench, "three"), 0);
	limit_files(RLIM_INFINITY);
	/* The daemon is killed: what it owed the log is lost, and its serials stay used. */
	bench_close(&bench);
	bench_open(&bench);
	check_rows(bench.state.log.newest, 1, 1);
	ck_assert_uint_eq(bench.state.log.last_serial, 3);
	ck_assert_int_eq(happen(&bench, "four"), 0);
	ck_assert_uint_eq(bench.sent[0], 4);
	bench_remove(&bench);
}
END_TEST

static void put_failed_source(struct snapshot *snapshot)
{
	struct sources *sources = mem_alloc(sizeof(*sources));

	part_init(&sources->part, (void (*)(struct part *))(void (*)(void))free);
	sources->n = 1;
	sources->rows[0] =
		(struct source_status){ .index = SOURCE_CLOCK, .name = "clock", .state = SOURCE_STATE_FAILED };
	snapshot_put(&snapshot->sources, sources);
}

START_TEST(that_it_has_started_comes_before_what_it_finds)
{
	struct snapshot *snapshot = make_snapshot();
	struct bench bench;

	bench_make(&bench);
	put_failed_source(snapshot);
	event_stage_add(bench.stage, event_new(EVENT_AGENT_STARTED, SEVERITY_INFO, "edgenoded", "started"));
	event_stage_offer(bench.stage, snapshot);
	ck_assert_int_eq(take_answer(&bench), 0);
	ck_assert_uint_eq(bench.n_sent, 2);
	ck_assert_str_eq(bench.texts[0], "started");
	bench_remove(&bench);
}
END_TEST

/* Or the next life would tell of the same machine check again. */
START_TEST(what_an_owed_event_notes_is_in_the_log)
{
	const struct machine_check_note note = { .corrected = 7, .uncorrected = 2, .path = MACHINE_CHECK_TRACE };
	struct event *event = event_new(EVENT_MCE_CORRECTED, SEVERITY_WARNING, "cpu0", "a machine check");
	struct bench bench;

	bench_make(&bench);
	event->machine_check = mem_alloc(sizeof(note));
	*event->machine_check = note;
	event_stage_add(bench.stage, event);
	limit_files(40);
	ck_assert_int_ne(happen(&bench, "one"), 0);
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(happen(&bench, "two"), 0);
	bench_close(&bench);
	bench_open(&bench);
	ck_assert_uint_eq(bench.state.log.machine_checks->corrected, 7);
	ck_assert_uint_eq(bench.state.log.machine_checks->uncorrected, 2);
	bench_remove(&bench);
}
END_TEST

START_TEST(what_is_owed_is_bounded)
{
	struct bench bench;
	const uint32_t n = EVENT_OWED_MAX + 100;

	bench_make(&bench);
	limit_files(40);
	for (uint32_t i = 1; i <= n; i++)
		if (i % 100 != 0)
			event_stage_add(bench.stage, event_new(EVENT_AGENT_STARTED, SEVERITY_INFO, "test", "lost"));
		else
			ck_assert_int_ne(happen(&bench, "lost"), 0);
	limit_files(RLIM_INFINITY);
	ck_assert_int_eq(happen(&bench, "kept"), 0);
	check_log(&bench, n + 1 - 99, n + 1);
	bench_remove(&bench);
}
END_TEST

/* --- the limit of notifications ----------------------------------------------------------------------------------- */

static bool passes(struct event_limit *limit, uint32_t serial, uint8_t severity, const char *subject, int64_t now_ns)
{
	struct event *event = event_new(EVENT_DOMAIN_STATE_CHANGED, severity, subject, "changed");
	bool pass;

	event->serial = serial;
	pass = event_limit_pass(limit, event, now_ns);
	part_unref(event);
	return pass;
}

START_TEST(a_flapping_subject_is_summarised)
{
	struct event_limit *limit = event_limit_new();
	struct event *summary;
	uint32_t passed = 0, serial;

	for (serial = 1; serial <= 100; serial++)
		passed += passes(limit, serial, SEVERITY_WARNING, "flapping", NS_PER_S);
	ck_assert_uint_eq(passed, EVENT_LIMIT_SUBJECT_BURST);
	ck_assert(passes(limit, 101, SEVERITY_WARNING, "quiet one", NS_PER_S));
	ck_assert(passes(limit, 102, SEVERITY_CRITICAL, "flapping", NS_PER_S));
	ck_assert_ptr_null(event_limit_summary(limit, 2 * NS_PER_S));
	summary = event_limit_summary(limit, NS_PER_S + EVENT_SUMMARY_MS * NS_PER_MS);
	ck_assert_ptr_nonnull(summary);
	ck_assert_uint_eq(summary->kind, EVENT_EVENTS_SUMMARISED);
	ck_assert_str_eq(summary->subject, "flapping");
	ck_assert_int_eq(summary->value, 80);
	ck_assert_str_eq(summary->text,
			 "80 events of serials 21 to 100, of flapping, had no notification of their own");
	part_unref(summary);
	ck_assert_ptr_null(event_limit_summary(limit, INT64_MAX));
	/* One more for each EVENT_LIMIT_SUBJECT_MS that went by. */
	for (passed = 0; serial <= 200; serial++)
		passed += passes(limit, serial, SEVERITY_INFO, "flapping", (1 + 2 * EVENT_LIMIT_SUBJECT_MS / 1000) * NS_PER_S);
	ck_assert_uint_eq(passed, 2);
	summary = event_limit_summary(limit, INT64_MAX);
	ck_assert_int_eq(summary->value, 98);
	part_unref(summary);
	event_limit_free(limit);
}
END_TEST

START_TEST(all_subjects_share_a_bucket)
{
	struct event_limit *limit = event_limit_new();
	char subject[32];
	struct event *summary;
	uint32_t passed = 0;

	for (uint32_t i = 1; i <= 6000; i++) {
		snprintf(subject, sizeof(subject), "domain-%u", i);
		passed += passes(limit, i, SEVERITY_WARNING, subject, 5 * NS_PER_S);
	}
	ck_assert_uint_eq(passed, EVENT_LIMIT_BURST);
	for (uint32_t i = 6001; i <= 6100; i++) {
		snprintf(subject, sizeof(subject), "domain-%u", i);
		passed += passes(limit, i, SEVERITY_WARNING, subject, 7 * NS_PER_S);
	}
	ck_assert_uint_eq(passed, EVENT_LIMIT_BURST + 2 * EVENT_LIMIT_PER_S);
	summary = event_limit_summary(limit, INT64_MAX);
	ck_assert_int_eq(summary->value, 6100 - (int32_t)passed);
	ck_assert_str_eq(summary->subject, "edgenoded");
	part_unref(summary);
	event_limit_free(limit);
}
END_TEST

START_TEST(quiet_events_are_stored_and_not_sent)
{
	struct bench bench;
	const uint32_t n = EVENT_LIMIT_SUBJECT_BURST + 5;

	bench_make(&bench);
	for (uint32_t i = 0; i < n; i++)
		event_stage_add(bench.stage, event_new(EVENT_DOMAIN_STATE_CHANGED, SEVERITY_INFO, "vm", "flaps"));
	event_stage_offer(bench.stage, make_snapshot());
	ck_assert_int_eq(take_answer(&bench), 0);
	ck_assert_uint_eq(bench.n_sent, EVENT_LIMIT_SUBJECT_BURST);
	/* The daemon ends: the summary goes out now. */
	event_stage_hurry(bench.stage, clock_mono_ns() + HANG_BOUND_NS);
	event_stage_offer(bench.stage, make_snapshot());
	ck_assert_int_eq(take_answer(&bench), 0);
	ck_assert_uint_eq(bench.n_sent, EVENT_LIMIT_SUBJECT_BURST + 1);
	ck_assert_uint_eq(bench.sent[EVENT_LIMIT_SUBJECT_BURST], n + 1);
	check_log(&bench, 1, n + 1);
	ck_assert_uint_eq(bench.state.log.newest->rows[n - 1]->varbinds_length, 0);
	bench_remove(&bench);
}
END_TEST

/* A change of a domain that is kept back has a record for the notification of many, which no later run gets. */
START_TEST(quiet_changes_of_domains_have_a_record)
{
	struct bench bench;
	const struct events *newest;

	bench_make(&bench);
	for (uint32_t i = 0; i < EVENT_LIMIT_SUBJECT_BURST + 1; i++) {
		struct event *event = event_new(EVENT_DOMAIN_STATE_CHANGED, SEVERITY_INFO, "vm", "flaps");

		event->of = EVENT_OF_DOMAIN;
		event_stage_add(bench.stage, event);
	}
	event_stage_offer(bench.stage, make_snapshot());
	ck_assert_int_eq(take_answer(&bench), 0);
	ck_assert_uint_eq(bench.n_sent, EVENT_LIMIT_SUBJECT_BURST + 1);
	bench_close(&bench);
	bench_open(&bench);
	newest = bench.state.log.newest;
	ck_assert_uint_eq(bench.state.log.unsent->n, EVENT_LIMIT_SUBJECT_BURST);
	ck_assert_uint_gt(newest->rows[0]->varbinds_length, 0);
	ck_assert_uint_eq(newest->rows[newest->n - 1]->varbinds_length, 0);
	bench_remove(&bench);
}
END_TEST

static Suite *stage_suite(void)
{
	Suite *suite = suite_create("stage");
	TCase *slow = tcase_create("slow"); /* a thousand failures, each of them synced */

	tcase_set_timeout(slow, 120);
	tcase_add_test(slow, what_is_owed_is_bounded);
	suite_add_tcase(suite, slow);
	UNIT_ADD(suite, unstored_events_go_out_and_follow);
	UNIT_ADD(suite, that_it_has_started_comes_before_what_it_finds);
	UNIT_ADD(suite, what_an_owed_event_notes_is_in_the_log);
	UNIT_ADD(suite, the_log_is_tried_again_without_a_new_event);
	UNIT_ADD(suite, an_event_behind_what_is_owed_waits_for_it);
	UNIT_ADD(suite, a_serial_that_went_out_unstored_is_not_given_again);
	UNIT_ADD(suite, a_flapping_subject_is_summarised);
	UNIT_ADD(suite, all_subjects_share_a_bucket);
	UNIT_ADD(suite, quiet_events_are_stored_and_not_sent);
	UNIT_ADD(suite, quiet_changes_of_domains_have_a_record);
	return suite;
}

UNIT_MAIN(stage_suite)
