/*
 * test_domain_watch.c - every change of a domain is one event: what libvirt sends for what is done to a domain, and
 * live changes and lists in every order. It all goes through the builder, so the rows that come of it are looked at too.
 */
#include "domain_fixture.h"

static const struct listed RUNNING = { 1, DOMAIN_RUNNING, "booted", 7, false, NULL, 0 };
static const struct listed TRANSIENT = { 1, DOMAIN_RUNNING, "booted", 7, true, NULL, 0 };
static const struct listed PAUSED = { 1, DOMAIN_PAUSED, "user", 7, false, NULL, 0 };
static const struct listed OFF = { 1, DOMAIN_SHUTOFF, "unknown", -1, false, NULL, 0 };

/* Two lists of one domain: no live change is so new that the next list could be older. */
static void begin_with(const struct listed *row)
{
	list(row != NULL ? 1 : 0, row);
	pass(1000);
	list(row != NULL ? 1 : 0, row);
	pass(1000);
}

/* --- what libvirt sends ------------------------------------------------------------------------------------------- */

START_TEST(first_list_is_no_news)
{
	const struct listed crashed = { 2, DOMAIN_CRASHED, "panicked", 8, false, NULL, 0 };

	LIST(RUNNING, crashed);
	expect_no_more();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_RUNNING);
	ck_assert(!builder_unsure(bench.builder));
}
END_TEST

START_TEST(start_is_one_event)
{
	const struct event *event;
	const struct domain *row;
	int32_t id;

	begin_with(&OFF);
	resumed(1, 7);
	event = expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (booted), was shut off");
	ck_assert_str_eq(event->subject, "d1");
	ck_assert_uint_eq(event->severity, SEVERITY_INFO);
	ck_assert_uint_eq(event->domain, 1);
	ck_assert_uint_eq(event->of, EVENT_OF_DOMAIN);
	ck_assert_uint_eq(event->of_index, 1);
	ck_assert_int_eq(event->time_real_ns, now_ns());
	row = (const struct domain *)event->row;
	ck_assert_uint_eq(row->state, DOMAIN_RUNNING);
	ck_assert_str_eq(row->reason, "booted");
	ck_assert_int_eq(row->id, 7);
	ck_assert_int_eq(row->start_mono_ns, now_ns());
	ck_assert_uint_eq(row->have & DOMAIN_HAVE_CPU_TIME, 0); /* that was of the run before */
	ck_assert_uint_ne(row->have & DOMAIN_HAVE_START, 0);
	ck_assert_uint_ne(row->have & DOMAIN_HAVE_PERSISTENT, 0);
	pass(15);
	started(1, 7);
	expect_none();
	pass(100);
	LIST(RUNNING);
	expect_no_more();
	ck_assert_uint_eq(shown_state(1, &id), DOMAIN_RUNNING);
	ck_assert_int_eq(id, 7);
}
END_TEST

START_TEST(start_paused_is_one_event)
{
	begin_with(&OFF);
	started(1, 7);
	expect_none();
	pass(1);
	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was shut off");
	pass(100);
	resumed(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (unpaused), was paused");
	expect_no_more();
}
END_TEST

/* A driver that says nothing but "started": the event waits a little and goes out. */
START_TEST(start_alone_is_told_after_a_moment)
{
	begin_with(&OFF);
	started(1, 7);
	expect_none();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_RUNNING);
	ck_assert_int_eq(builder_due_ns(bench.builder), now_ns() + DOMAIN_WATCH_HOLD_MS * NS_PER_MS);
	pass(DOMAIN_WATCH_HOLD_MS - 1);
	tick();
	expect_none();
	pass(1);
	tick();
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (booted), was shut off");
	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
	expect_no_more();
}
END_TEST

START_TEST(what_waits_goes_out_at_the_end)
{
	begin_with(&OFF);
	started(1, 7);
	builder_tick(bench.builder, INT64_MAX, now_ns());
	collect();
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (booted), was shut off");
	expect_none();
}
END_TEST

START_TEST(pause_and_resume_are_each_one)
{
	begin_with(&RUNNING);
	for (int i = 0; i < 5; i++) {
		suspended(1, 7);
		expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
		resumed(1, 7);
		expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (unpaused), was paused");
	}
	expect_no_more();
}
END_TEST

START_TEST(destroy_is_one_event)
{
	int32_t id;

	begin_with(&RUNNING);
	shut_down(1, 7);
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_SHUTDOWN);
	pass(20);
	stopped(1, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (destroyed), was running");
	ck_assert_uint_eq(shown_state(1, &id), DOMAIN_SHUTOFF);
	ck_assert_int_eq(id, -1);
	expect_no_more();
}
END_TEST

START_TEST(guest_that_powers_off_gives_two)
{
	begin_with(&RUNNING);
	shut_down(1, 7);
	expect_none();
	pass(20);
	stopped(1, "shutdown");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is being shut down (unknown), was running");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (shutdown), was being shut down");
	expect_no_more();
}
END_TEST

START_TEST(guest_that_takes_its_time_gives_two)
{
	begin_with(&RUNNING);
	shut_down(1, 7);
	pass(DOMAIN_WATCH_HOLD_MS);
	tick();
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is being shut down (unknown), was running");
	pass(5000);
	stopped(1, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (destroyed), was being shut down");
	expect_no_more();
}
END_TEST

START_TEST(killed_qemu_is_a_crash)
{
	const struct event *event;

	begin_with(&RUNNING);
	stopped(1, "failed");
	event = expect(EVENT_DOMAIN_CRASHED, "domain d1 has crashed and is shut off (crashed)");
	ck_assert_uint_eq(event->severity, SEVERITY_CRITICAL);
	ck_assert_uint_eq(event->alarm_change, ALARM_UNCHANGED);
	ck_assert_uint_eq(((const struct domain *)event->row)->state, DOMAIN_SHUTOFF);
	pass(300);
	LIST({ 1, DOMAIN_SHUTOFF, "crashed", -1, false, NULL, 0 });
	expect_no_more();
}
END_TEST

START_TEST(killed_transient_crashes_and_is_removed)
{
	const struct event *event;

	begin_with(&TRANSIENT);
	stopped(1, "failed");
	expect(EVENT_DOMAIN_CRASHED, "domain d1 has crashed and is shut off (crashed)");
	event = expect(EVENT_DOMAIN_REMOVED, "domain d1 is gone, last it was shut off (crashed)");
	ck_assert_uint_eq(event->of_index, 1);
	ck_assert_str_eq(((const struct domain *)event->row)->name, "d1");
	ck_assert_uint_eq(shown_state(1, NULL), 0);
	expect_no_more();
}
END_TEST

START_TEST(panic_has_its_own_state)
{
	struct domain_change *change;

	begin_with(&RUNNING);
	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
	change = state_of(1, DOMAIN_CRASHED, "panicked", 7);
	change->crashed = true;
	live(change);
	expect(EVENT_DOMAIN_CRASHED, "domain d1 has crashed (panicked)");
	stopped(1, "crashed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (crashed), was crashed");
	expect_no_more();
}
END_TEST

START_TEST(reboot_and_watchdog)
{
	const struct event *event;

	begin_with(&RUNNING);
	said(CHANGE_REBOOTED, 1, 7, NULL);
	event = expect(EVENT_DOMAIN_REBOOTED, "domain d1 has been rebooted");
	ck_assert_uint_eq(event->severity, SEVERITY_INFO);
	ck_assert_uint_eq(((const struct domain *)event->row)->state, DOMAIN_RUNNING);
	said(CHANGE_WATCHDOG, 1, 7, "pause");
	event = expect(EVENT_DOMAIN_WATCHDOG, "domain d1: its watchdog has expired, action pause");
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	live(state_of(1, DOMAIN_PAUSED, "watchdog", 7));
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (watchdog), was running");
	expect_no_more();
}
END_TEST

/* A guest that reboots for ever: some at once, then one a minute, and none is forgotten. */
START_TEST(reboots_without_end)
{
	begin_with(&RUNNING);
	bench.now_ms = 86400000;
	for (int i = 0; i < DOMAIN_WATCH_NOTICES; i++) {
		said(CHANGE_REBOOTED, 1, 7, NULL);
		expect(EVENT_DOMAIN_REBOOTED, "domain d1 has been rebooted");
	}
	for (int i = 0; i < 59; i++) {
		pass(1000);
		said(CHANGE_REBOOTED, 1, 7, NULL);
	}
	expect_none();
	/* Neither another domain's nor another kind is held back by it. */
	said(CHANGE_WATCHDOG, 1, 7, "none");
	expect(EVENT_DOMAIN_WATCHDOG, "domain d1: its watchdog has expired, action none");
	pass(1000);
	said(CHANGE_REBOOTED, 1, 7, NULL);
	expect(EVENT_DOMAIN_REBOOTED, "domain d1 has been rebooted, and 59 more since 1970-01-02T00:00:01Z");
	for (int i = 0; i < 3600; i++) {
		pass(1000);
		said(CHANGE_REBOOTED, 1, 7, NULL);
	}
	ck_assert_uint_eq(bench.events.n - bench.seen, 60);
	bench.seen = bench.events.n - 1;
	expect(EVENT_DOMAIN_REBOOTED, "domain d1 has been rebooted, and 59 more since 1970-01-02T01:00:01Z");
	/* Paid after a while. */
	pass(DOMAIN_WATCH_NOTICES * DOMAIN_WATCH_NOTICE_S * 1000);
	for (int i = 0; i < DOMAIN_WATCH_NOTICES + 1; i++)
		said(CHANGE_REBOOTED, 1, 7, NULL);
	ck_assert_uint_eq(bench.events.n - bench.seen, DOMAIN_WATCH_NOTICES);
	bench.seen = bench.events.n;
	expect_no_more();
}
END_TEST

START_TEST(define_and_undefine)
{
	begin_with(NULL);
	said(CHANGE_DEFINED, 1, -1, NULL);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is new and shut off (unknown)");
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_SHUTOFF);
	said(CHANGE_DEFINED, 1, -1, NULL); /* again */
	expect_none();
	resumed(1, 3);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (booted), was shut off");
	stopped(1, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (destroyed), was running");
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_SHUTOFF);
	said(CHANGE_UNDEFINED, 1, -1, NULL);
	expect(EVENT_DOMAIN_REMOVED, "domain d1 is gone, last it was shut off (destroyed)");
	ck_assert_uint_eq(shown_state(1, NULL), 0);
	said(CHANGE_UNDEFINED, 1, -1, NULL);
	stopped(1, "destroyed");
	expect_no_more();
}
END_TEST

START_TEST(undefined_while_it_runs)
{
	begin_with(&RUNNING);
	said(CHANGE_UNDEFINED, 1, 7, NULL);
	expect_none();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_RUNNING);
	said(CHANGE_DEFINED, 1, 7, NULL);
	said(CHANGE_UNDEFINED, 1, 7, NULL);
	stopped(1, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (destroyed), was running");
	expect(EVENT_DOMAIN_REMOVED, "domain d1 is gone, last it was shut off (destroyed)");
	expect_no_more();
}
END_TEST

START_TEST(transient_that_was_defined_stays)
{
	begin_with(&TRANSIENT);
	said(CHANGE_DEFINED, 1, 7, NULL);
	stopped(1, "shutdown");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (shutdown), was running");
	expect_no_more();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_SHUTOFF);
}
END_TEST

START_TEST(rename_is_the_same_domain)
{
	struct domain_change *change;
	const struct event *event;
	struct snapshot *s;

	begin_with(&OFF);
	change = change_of(CHANGE_DEFINED, 1, -1);
	mem_replace(&change->name, "other");
	live(change);
	expect_none();
	s = snapshot();
	ck_assert_uint_eq(s->domains->n, 1);
	ck_assert_str_eq(s->domains->rows[0]->name, "other");
	ck_assert_uint_eq(s->domains->rows[0]->index, 1);
	part_unref(s);
	change = state_of(1, DOMAIN_RUNNING, "unpaused", 4);
	mem_replace(&change->name, "other");
	live(change);
	event = expect(EVENT_DOMAIN_STATE_CHANGED, "domain other is running (booted), was shut off");
	ck_assert_str_eq(event->subject, "other");
	expect_no_more();
}
END_TEST

/* Nothing but live changes of domains that no list ever showed. */
START_TEST(twenty_transients_between_two_lists)
{
	begin_with(&RUNNING);
	for (uint8_t i = 2; i < 22; i++) {
		resumed(i, i);
		started(i, i);
		pass(100);
		shut_down(i, i);
		pass(5);
		stopped(i, "destroyed");
		pass(45);
	}
	for (uint8_t i = 2; i < 22; i++) {
		const struct event *event;
		char text[80];

		snprintf(text, sizeof(text), "domain d%u is new and running (booted)", i);
		event = expect(EVENT_DOMAIN_STATE_CHANGED, text);
		ck_assert_uint_ge(event->of_index, 2);
		ck_assert_uint_eq(((const struct domain *)event->row)->uuid[15], i);
		snprintf(text, sizeof(text), "domain d%u is shut off (destroyed), was running", i);
		ck_assert_uint_eq(expect(EVENT_DOMAIN_STATE_CHANGED, text)->of_index, event->of_index);
		snprintf(text, sizeof(text), "domain d%u is gone, last it was shut off (destroyed)", i);
		ck_assert_uint_eq(expect(EVENT_DOMAIN_REMOVED, text)->of_index, event->of_index);
		ck_assert_uint_eq(shown_state(i, NULL), 0);
	}
	LIST(RUNNING);
	expect_no_more();
}
END_TEST

/* --- I/O errors --------------------------------------------------------------------------------------------------- */

START_TEST(io_error_that_pauses_is_one_event)
{
	const struct event *event;

	begin_with(&RUNNING);
	io_error(1, "pause", "enospc");
	event = expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error (enospc) on vda and is paused");
	ck_assert_uint_eq(event->severity, SEVERITY_CRITICAL);
	ck_assert_str_eq(event->device, "vda");
	ck_assert_uint_eq(((const struct domain *)event->row)->state, DOMAIN_PAUSED);
	ck_assert_str_eq(((const struct domain *)event->row)->reason, "io-error");
	expect_alarm(SEVERITY_CRITICAL);
	suspended_for_io(1);
	for (int i = 0; i < 100; i++)
		io_error(1, "pause", "unknown");
	expect_none();
	pass(100);
	LIST({ 1, DOMAIN_PAUSED, "io-error", 7, false, NULL, 0 });
	pass(90000);
	io_error(1, "pause", "unknown");
	expect_none();
	resumed(1, 7);
	event = expect(EVENT_DOMAIN_IO_RESUMED, "domain d1 is running again (unpaused) after an I/O error");
	ck_assert_uint_eq(event->severity, SEVERITY_INFO);
	expect_no_alarm();
	io_error(1, "pause", "unknown");
	expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error on vda and is paused");
	suspended_for_io(1);
	expect_alarm(SEVERITY_CRITICAL);
	shut_down(1, 7);
	stopped(1, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (destroyed), was paused");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

/* The pause without the error before it is the error. */
START_TEST(io_error_told_by_the_pause)
{
	begin_with(&TRANSIENT);
	suspended_for_io(1);
	expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error and is paused");
	expect_alarm(SEVERITY_CRITICAL);
	io_error(1, "pause", "unknown");
	expect_none();
	stopped(1, "failed");
	expect(EVENT_DOMAIN_CRASHED, "domain d1 has crashed and is shut off (crashed)");
	expect(EVENT_DOMAIN_REMOVED, "domain d1 is gone, last it was shut off (crashed)");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

START_TEST(io_error_that_is_reported)
{
	const struct event *event;

	begin_with(&RUNNING);
	io_error(1, "report", "unknown");
	event = expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error on vda, action report");
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	ck_assert_uint_eq(((const struct domain *)event->row)->state, DOMAIN_RUNNING);
	expect_alarm(SEVERITY_WARNING);
	for (int i = 0; i < 59; i++) {
		pass(1000);
		io_error(1, "report", "unknown");
	}
	expect_none();
	pass(1000);
	io_error(1, "report", "unknown");
	expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error on vda, action report");
	/* One that pauses is worse. */
	io_error(1, "pause", "unknown");
	expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error on vda and is paused");
	expect_alarm(SEVERITY_CRITICAL);
	resumed(1, 7);
	expect(EVENT_DOMAIN_IO_RESUMED, "domain d1 is running again (unpaused) after an I/O error");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

START_TEST(io_error_found_by_a_list)
{
	const struct listed io = { 1, DOMAIN_PAUSED, "io-error", 7, false, NULL, 0 };

	begin_with(&RUNNING);
	builder_changes(bench.builder, NULL, true);
	list(1, &io);
	expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error and is paused, found at resynchronisation");
	expect_alarm(SEVERITY_CRITICAL);
	pass(1000);
	builder_changes(bench.builder, NULL, true);
	LIST(RUNNING);
	expect(EVENT_DOMAIN_IO_RESUMED,
	       "domain d1 is running again (booted) after an I/O error, found at resynchronisation");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

/* The alarm keeps its subject, whatever the domain is called by then. */
START_TEST(io_alarm_survives_a_rename)
{
	const struct listed renamed = { 1, DOMAIN_SHUTOFF, "destroyed", -1, false, "other", 0 };

	begin_with(&RUNNING);
	io_error(1, "pause", "unknown");
	expect(EVENT_DOMAIN_IO_ERROR, "domain d1 has an I/O error on vda and is paused");
	pass(3000);
	LIST(PAUSED);
	pass(3000);
	builder_changes(bench.builder, NULL, true);
	list(1, &renamed);
	expect(EVENT_DOMAIN_STATE_CHANGED,
	       "domain other is shut off (destroyed), was paused, found at resynchronisation");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

static void restore(const char *const *names, const uint8_t *severities, size_t n)
{
	bench.alarms = alarms_new(n);
	for (size_t i = 0; i < n; i++)
		bench.alarms->rows[i] = (struct alarm){ .index = (uint32_t)i + 1, .kind = EVENT_DOMAIN_IO_ERROR,
							.severity = severities[i], .subject = mem_string(names[i]) };
	builder_restore(bench.builder, bench.alarms);
}

START_TEST(io_alarms_of_the_daemon_before)
{
	static const char *const NAMES[] = { "d1", "d2", "d3", "d4", "d5" };
	static const uint8_t SEVERITIES[] = { SEVERITY_CRITICAL, SEVERITY_CRITICAL, SEVERITY_WARNING, SEVERITY_CRITICAL,
					      SEVERITY_WARNING };

	restore(NAMES, SEVERITIES, 5);
	LIST({ 1, DOMAIN_PAUSED, "io-error", 7, false, NULL, 0 }, { 2, DOMAIN_RUNNING, "unpaused", 8, false, NULL, 0 },
	     { 3, DOMAIN_RUNNING, "booted", 9, false, NULL, 0 }, { 4, DOMAIN_SHUTOFF, "crashed", -1, false, NULL, 0 });
	/* d1 is still paused, d3 may have errors still. In the order of the alarms, last first. */
	expect(EVENT_DOMAIN_REMOVED, "domain d5 is gone, found at resynchronisation");
	expect(EVENT_DOMAIN_STATE_CHANGED,
	       "domain d4 is shut off (crashed), was paused, found at resynchronisation");
	expect(EVENT_DOMAIN_IO_RESUMED,
	       "domain d2 is running again (unpaused) after an I/O error, found at resynchronisation");
	ck_assert_uint_eq(bench.alarms->n, 2);
	resumed(1, 7);
	expect(EVENT_DOMAIN_IO_RESUMED, "domain d1 is running again (unpaused) after an I/O error");
	stopped(3, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d3 is shut off (destroyed), was running");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

/* --- lists and live changes --------------------------------------------------------------------------------------- */

START_TEST(poll_before_live_is_one_event)
{
	begin_with(&RUNNING);
	LIST(PAUSED);
	expect_none();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_PAUSED);
	pass(50);
	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
	pass(1000);
	LIST(PAUSED);
	expect_no_more();
}
END_TEST

START_TEST(poll_before_several_live_changes)
{
	begin_with(&RUNNING);
	LIST(PAUSED); /* paused, resumed and paused again by now */
	suspended(1, 7);
	resumed(1, 7);
	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (unpaused), was paused");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
	expect_no_more();
}
END_TEST

START_TEST(live_before_an_older_list)
{
	begin_with(&RUNNING);
	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running");
	pass(20);
	LIST(RUNNING); /* read before */
	ck_assert(builder_unsure(bench.builder));
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_PAUSED);
	pass(200);
	LIST(PAUSED);
	ck_assert(!builder_unsure(bench.builder));
	expect_no_more();
	/* A row that is old itself, in a list that is new. */
	resumed(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is running (unpaused), was paused");
	pass(1000);
	LIST(RUNNING);
	pass(1000);
	LIST({ 1, DOMAIN_PAUSED, "user", 7, false, NULL, START_MS });
	expect_no_more();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_RUNNING);
}
END_TEST

START_TEST(new_domain_stays_beside_an_older_list)
{
	begin_with(&RUNNING);
	resumed(2, 8);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d2 is new and running (booted)");
	pass(20);
	LIST(RUNNING);
	ck_assert_uint_eq(shown_state(2, NULL), DOMAIN_RUNNING);
	ck_assert(builder_unsure(bench.builder));
	pass(200);
	LIST(RUNNING, { 2, DOMAIN_RUNNING, "booted", 8, true, NULL, 0 });
	expect_no_more();
	stopped(2, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d2 is shut off (destroyed), was running");
	expect(EVENT_DOMAIN_REMOVED, "domain d2 is gone, last it was shut off (destroyed)");
	pass(20);
	LIST(RUNNING, { 2, DOMAIN_RUNNING, "booted", 8, true, NULL, 0 });
	ck_assert_uint_eq(shown_state(2, NULL), 0);
	pass(200);
	LIST(RUNNING);
	expect_no_more();
}
END_TEST

/* No live change ever comes, as with a driver that has no events. */
START_TEST(lists_alone_tell_after_the_grace)
{
	begin_with(&RUNNING);
	LIST(PAUSED);
	pass(DOMAIN_WATCH_GRACE_MS - 1);
	tick();
	expect_none();
	pass(1);
	tick();
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running, found at resynchronisation");
	suspended(1, 7); /* too late to be news */
	expect_none();
	pass(5000);
	LIST(PAUSED);
	LIST({ 1, DOMAIN_SHUTOFF, "crashed", -1, false, NULL, 0 }, { 2, DOMAIN_RUNNING, "booted", 9, false, NULL, 0 });
	pass(5000);
	tick();
	expect(EVENT_DOMAIN_CRASHED, "domain d1 has crashed and is shut off (crashed), found at resynchronisation");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d2 is new and running (booted), found at resynchronisation");
	LIST(OFF);
	pass(5000);
	tick();
	expect(EVENT_DOMAIN_REMOVED, "domain d2 is gone, last it was running (booted), found at resynchronisation");
	expect_no_more();
}
END_TEST

START_TEST(state_that_did_not_last_is_no_event)
{
	begin_with(&RUNNING);
	LIST(PAUSED, { 2, DOMAIN_RUNNING, "booted", 9, false, NULL, 0 });
	pass(1000);
	LIST(RUNNING);
	expect_no_more();
	LIST({ 1, DOMAIN_UNKNOWN, "unknown", 7, false, NULL, 0 });
	expect_no_more();
	/* Drivers that tell running from blocked do so at every look. */
	LIST({ 1, DOMAIN_BLOCKED, "unknown", 7, false, NULL, 0 });
	expect_no_more();
	LIST({ 2, DOMAIN_RUNNING, "booted", 9, false, NULL, 0 });
	pass(1000);
	LIST(RUNNING);
	expect_no_more();
}
END_TEST

START_TEST(after_libvirtd_was_away)
{
	LIST(RUNNING, { 2, DOMAIN_RUNNING, "booted", 8, true, NULL, 0 }, { 3, DOMAIN_RUNNING, "booted", 9, false, NULL, 0 },
	     { 4, DOMAIN_PAUSED, "user", 10, false, NULL, 0 });
	said(CHANGE_CONNECTION_CLOSED, 0, -1, NULL);
	expect_none();
	pass(30000);
	tick();
	expect_none();
	/* 1 is paused, 2 is gone, 3 runs in another run, 4 is as it was, 5 is new. */
	LIST(PAUSED, { 3, DOMAIN_RUNNING, "booted", 12, false, NULL, 0 }, { 4, DOMAIN_PAUSED, "user", 10, false, NULL, 0 },
	     { 5, DOMAIN_SHUTOFF, "unknown", -1, false, NULL, 0 });
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running, found at resynchronisation");
	expect(EVENT_DOMAIN_STATE_CHANGED,
	       "domain d3 has been restarted and is running (booted), found at resynchronisation");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d5 is new and shut off (unknown), found at resynchronisation");
	expect(EVENT_DOMAIN_REMOVED, "domain d2 is gone, last it was running (booted), found at resynchronisation");
	/* A change just after the callbacks were there again, and before the list. */
	suspended(1, 7);
	expect_no_more();
}
END_TEST

START_TEST(dropped_changes_are_found_once)
{
	begin_with(&RUNNING);
	builder_changes(bench.builder, NULL, true);
	pass(100);
	LIST(PAUSED, { 2, DOMAIN_RUNNING, "booted", 8, true, NULL, 0 });
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is paused (user), was running, found at resynchronisation");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d2 is new and running (booted), found at resynchronisation");
	pass(1000);
	LIST(PAUSED, { 2, DOMAIN_RUNNING, "booted", 8, true, NULL, 0 });
	stopped(2, "shutdown");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d2 is shut off (shutdown), was running");
	expect(EVENT_DOMAIN_REMOVED, "domain d2 is gone, last it was shut off (shutdown)");
	expect_no_more();
}
END_TEST

/* With changes lost, what starts may have been defined before: only a list knows whether it is gone at its end. */
START_TEST(started_after_drops_is_not_taken_for_transient)
{
	begin_with(NULL);
	builder_changes(bench.builder, NULL, true);
	resumed(1, 7);
	stopped(1, "destroyed");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is new and running (booted)");
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is shut off (destroyed), was running");
	pass(100);
	LIST(OFF);
	pass(1000);
	LIST(OFF);
	expect_no_more();
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_SHUTOFF);
}
END_TEST

START_TEST(changes_before_the_first_list)
{
	const struct listed second = { 2, DOMAIN_SHUTOFF, "destroyed", -1, false, NULL, 0 };
	const struct listed third = { 3, DOMAIN_SHUTOFF, "unknown", -1, false, NULL, 0 };
	struct snapshot *s;

	suspended(1, 7);
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is new and paused (user)");
	stopped(2, "destroyed");
	said(CHANGE_DEFINED, 3, -1, NULL);
	said(CHANGE_UNDEFINED, 4, -1, NULL);
	expect_none();
	s = snapshot();
	ck_assert_ptr_null(s->domains); /* no table of one */
	part_unref(s);
	LIST(RUNNING, second, third);
	ck_assert_uint_eq(shown_state(1, NULL), DOMAIN_PAUSED);
	ck_assert(builder_unsure(bench.builder));
	pass(300);
	LIST(PAUSED, second, third);
	expect_no_more();
}
END_TEST

START_TEST(restart_that_nobody_told)
{
	begin_with(&RUNNING);
	started(1, 9); /* "stopped" was lost */
	pass(DOMAIN_WATCH_HOLD_MS);
	tick();
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 has been restarted and is running (booted)");
	expect_no_more();
}
END_TEST

START_TEST(news_of_a_domain_that_nobody_knows)
{
	begin_with(NULL);
	said(CHANGE_REBOOTED, 1, 7, NULL);
	expect(EVENT_DOMAIN_REBOOTED, "domain d1 has been rebooted");
	ck_assert_uint_eq(shown_state(1, NULL), 0);
	pass(100);
	LIST(RUNNING);
	pass(DOMAIN_WATCH_GRACE_MS);
	tick();
	expect(EVENT_DOMAIN_STATE_CHANGED, "domain d1 is new and running (booted), found at resynchronisation");
	said(CHANGE_WATCHDOG, 2, 8, "none");
	expect(EVENT_DOMAIN_WATCHDOG, "domain d2: its watchdog has expired, action none");
	LIST(RUNNING);
	expect_no_more(); /* never told of, so not told gone */
	io_error(3, "report", "unknown");
	expect(EVENT_DOMAIN_IO_ERROR, "domain d3 has an I/O error on vda, action report");
	LIST(RUNNING);
	pass(DOMAIN_WATCH_GRACE_MS);
	tick();
	expect(EVENT_DOMAIN_REMOVED,
	       "domain d3 is gone, last it was in an unknown state (unknown), found at resynchronisation");
	expect_no_alarm();
	expect_no_more();
}
END_TEST

/* What is published does not change when a live change comes. */
START_TEST(snapshots_before_keep_their_rows)
{
	struct snapshot *before, *after;

	begin_with(&RUNNING);
	before = snapshot();
	suspended(1, 7);
	resumed(2, 8);
	after = snapshot();
	ck_assert_uint_eq(before->domains->n, 1);
	ck_assert_uint_eq(before->domains->rows[0]->state, DOMAIN_RUNNING);
	ck_assert_uint_eq(after->domains->n, 2);
	ck_assert_uint_eq(after->domains->rows[0]->state, DOMAIN_PAUSED);
	ck_assert_uint_eq(after->node.domains_active, 2);
	ck_assert_ptr_eq(bench.events.events[0]->row, after->domains->rows[0]);
	part_unref(before);
	part_unref(after);
}
END_TEST

START_TEST(names_of_any_kind)
{
	char name[DOMAIN_NAME_MAX + 1];
	struct domain_change *change = state_of(1, DOMAIN_PAUSED, "user", 7);

	begin_with(NULL);
	/* Two bytes each, so that a cut at an odd place would leave half a character. */
	for (size_t i = 0; i + 1 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	name[sizeof(name) - 1] = '\0';
	mem_replace(&change->name, name);
	live(change);
	ck_assert_uint_eq(bench.events.n, 1);
	ck_assert_uint_eq(strlen(bench.events.events[0]->subject), 254);
	ck_assert_ptr_nonnull(strstr(bench.events.events[0]->text, "\xc3\xa4 is new and paused (user)"));
	ck_assert_uint_le(strlen(bench.events.events[0]->text), EVENT_TEXT_MAX);
	change = state_of(2, DOMAIN_PAUSED, NULL, 7);
	mem_replace(&change->name, "a\nb\xff\x7f");
	live(change);
	ck_assert_str_eq(bench.events.events[1]->text, "domain a b?  is new and paused (unknown)");
	change = change_of(CHANGE_IO_ERROR, 2, 7);
	change->device = mem_alloc(10001);
	memset(change->device, 'x', 10000);
	live(change);
	ck_assert_uint_le(strlen(bench.events.events[2]->text), EVENT_TEXT_MAX);
	mem_replace(&(change = state_of(3, DOMAIN_PAUSED, "user", 7))->name, NULL);
	live(change);
	ck_assert_str_eq(bench.events.events[3]->text, "domain  is new and paused (user)");
}
END_TEST

static Suite *suite(void)
{
	const TTest *const TESTS[] = {
		first_list_is_no_news, start_is_one_event, start_paused_is_one_event, start_alone_is_told_after_a_moment,
		what_waits_goes_out_at_the_end, pause_and_resume_are_each_one, destroy_is_one_event,
		guest_that_powers_off_gives_two, guest_that_takes_its_time_gives_two, killed_qemu_is_a_crash,
		killed_transient_crashes_and_is_removed, panic_has_its_own_state, reboot_and_watchdog,
		reboots_without_end,
		define_and_undefine, undefined_while_it_runs, transient_that_was_defined_stays,
		rename_is_the_same_domain, twenty_transients_between_two_lists, io_error_that_pauses_is_one_event,
		io_error_told_by_the_pause, io_error_that_is_reported, io_error_found_by_a_list,
		io_alarm_survives_a_rename, io_alarms_of_the_daemon_before, poll_before_live_is_one_event,
		poll_before_several_live_changes, live_before_an_older_list, new_domain_stays_beside_an_older_list,
		lists_alone_tell_after_the_grace, state_that_did_not_last_is_no_event, after_libvirtd_was_away,
		dropped_changes_are_found_once, started_after_drops_is_not_taken_for_transient,
		changes_before_the_first_list, restart_that_nobody_told, news_of_a_domain_that_nobody_knows,
		snapshots_before_keep_their_rows, names_of_any_kind,
	};
	Suite *s = suite_create("domain_watch");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof(TESTS) / sizeof(TESTS[0]); i++)
		tcase_add_test(tc, TESTS[i]);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(suite)
