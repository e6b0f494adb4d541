/*
 * test_domain_lives.c - domains that live at random, live changes of them with random delays, lists read at random
 * moments: whatever the order, each change is told once.
 */
#include "domain_fixture.h"

#include <time.h>

#define VMS 4
#define TRACE_MAX 4096
#define QUEUE_MAX 4096
#define DELAY_MAX_MS 1500 /* of a live change; below the grace */

/* What is true of a domain. */
struct vm {
	bool there, persistent, io;
	uint8_t state;
	int32_t id;
	int64_t stop_at_ms; /* SHUTDOWN ends then; 0: not */
	bool destroyed;
	char trace[TRACE_MAX]; /* the events there should be */
	size_t length;
	int notices;
};

static struct vm vms[VMS];
static struct {
	struct domain_change *change;
	int64_t at_ms;
} queue[QUEUE_MAX];
static size_t queue_first, queue_n;
static int32_t next_id;
static bool connected; /* to hear live changes */
static uint32_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static void should(struct vm *vm, uint8_t kind, uint8_t state)
{
	ck_assert_uint_lt(vm->length + 8, TRACE_MAX);
	vm->length += (size_t)snprintf(vm->trace + vm->length, TRACE_MAX - vm->length, "%u:%u ", kind, state);
}

/* In order, each a while after it happened. */
static void send(struct domain_change *change)
{
	static int64_t last_ms;
	int64_t at = bench.now_ms + random_below(random_below(2) == 0 ? 30 : DELAY_MAX_MS);

	if (queue_n == queue_first)
		last_ms = 0;
	at = at > last_ms ? at : last_ms;
	last_ms = at;
	ck_assert_uint_lt(queue_n, QUEUE_MAX);
	if (!connected) {
		domain_change_free(change);
		return;
	}
	queue[queue_n].at_ms = at;
	queue[queue_n++].change = change;
}

/* The second of two that follow each other within 20 ms. */
static void send_next(struct domain_change *change)
{
	if (!connected) {
		domain_change_free(change);
		return;
	}
	ck_assert_uint_lt(queue_n, QUEUE_MAX);
	queue[queue_n].at_ms = queue_n > queue_first ? queue[queue_n - 1].at_ms + 20 : bench.now_ms + 20;
	queue[queue_n++].change = change;
}

static void vm_gone(struct vm *vm)
{
	if (vm->persistent)
		return;
	vm->there = false;
	should(vm, EVENT_DOMAIN_REMOVED, DOMAIN_SHUTOFF);
}

static void vm_off(struct vm *vm, uint8_t number, const char *reason, bool crashed)
{
	struct domain_change *change = state_of(number, DOMAIN_SHUTOFF, reason, -1);

	change->crashed = crashed;
	vm->state = DOMAIN_SHUTOFF;
	vm->id = -1;
	vm->io = false;
	vm->stop_at_ms = 0;
	should(vm, crashed ? EVENT_DOMAIN_CRASHED : EVENT_DOMAIN_STATE_CHANGED, DOMAIN_SHUTOFF);
	if (strcmp(reason, "destroyed") == 0)
		domain_change_free(change); /* it is under way already */
	else
		send(change);
	vm_gone(vm);
}

static void vm_start(struct vm *vm, uint8_t number)
{
	const bool paused = random_below(3) == 0;

	vm->id = ++next_id;
	vm->state = paused ? DOMAIN_PAUSED : DOMAIN_RUNNING;
	should(vm, EVENT_DOMAIN_STATE_CHANGED, vm->state);
	if (!paused)
		send(state_of(number, DOMAIN_RUNNING, "unpaused", vm->id));
	if (paused)
		send(state_of(number, DOMAIN_RUNNING, "booted", vm->id));
	else
		send_next(state_of(number, DOMAIN_RUNNING, "booted", vm->id));
	if (paused)
		send_next(state_of(number, DOMAIN_PAUSED, "user", vm->id));
}

static void vm_create(struct vm *vm, uint8_t number)
{
	vm->there = true;
	vm->persistent = random_below(2) == 0;
	if (!vm->persistent) {
		vm_start(vm, number);
		return;
	}
	vm->state = DOMAIN_SHUTOFF;
	vm->id = -1;
	should(vm, EVENT_DOMAIN_STATE_CHANGED, DOMAIN_SHUTOFF);
	send(change_of(CHANGE_DEFINED, number, -1));
}

static void vm_change(struct vm *vm, uint8_t number, uint8_t state, const char *reason)
{
	const bool resumes = vm->io && state == DOMAIN_RUNNING;

	vm->state = state;
	vm->io = false;
	should(vm, resumes ? EVENT_DOMAIN_IO_RESUMED : EVENT_DOMAIN_STATE_CHANGED, state);
	send(state_of(number, state, reason, vm->id));
}

static void vm_io_error(struct vm *vm, uint8_t number)
{
	struct domain_change *error = change_of(CHANGE_IO_ERROR, number, vm->id);
	struct domain_change *pause = state_of(number, DOMAIN_PAUSED, "io-error", vm->id);

	error->action = "pause";
	pause->for_io_error = true;
	vm->state = DOMAIN_PAUSED;
	vm->io = true;
	should(vm, EVENT_DOMAIN_IO_ERROR, DOMAIN_PAUSED);
	send(error);
	send_next(pause);
}

/* libvirt says that it shuts down; the end follows in milliseconds. */
static void vm_destroy(struct vm *vm, uint8_t number)
{
	vm->state = DOMAIN_SHUTDOWN;
	vm->destroyed = true;
	vm->stop_at_ms = bench.now_ms + 1 + random_below(19);
	send(state_of(number, DOMAIN_SHUTDOWN, "unknown", vm->id));
	send_next(state_of(number, DOMAIN_SHUTOFF, "destroyed", -1));
}

static void vm_power_off(struct vm *vm, uint8_t number)
{
	vm->destroyed = false;
	vm->stop_at_ms = bench.now_ms + 1 + random_below(2000);
	vm_change(vm, number, DOMAIN_SHUTDOWN, "unknown");
}

static void vm_redefine(struct vm *vm, uint8_t number)
{
	send(change_of(vm->persistent ? CHANGE_UNDEFINED : CHANGE_DEFINED, number, vm->id));
	vm->persistent = !vm->persistent;
}

static void vm_notice(struct vm *vm, uint8_t number)
{
	const bool reboot = random_below(2) == 0;

	if (vm->notices++ >= DOMAIN_WATCH_NOTICES) /* more are not all told */
		return;
	should(vm, reboot ? EVENT_DOMAIN_REBOOTED : EVENT_DOMAIN_WATCHDOG, 0);
	send(change_of(reboot ? CHANGE_REBOOTED : CHANGE_WATCHDOG, number, vm->id));
}

static void vm_undefine(struct vm *vm, uint8_t number)
{
	send(change_of(CHANGE_UNDEFINED, number, -1));
	vm->persistent = false;
	vm_gone(vm);
}

static void vm_act_running(struct vm *vm, uint8_t number)
{
	switch (random_below(7)) {
	case 0:
		vm_power_off(vm, number);
		break;
	case 1:
		vm_destroy(vm, number);
		break;
	case 2:
		vm_off(vm, number, "failed", true);
		break;
	case 3:
		vm_redefine(vm, number);
		break;
	case 4:
		vm_notice(vm, number);
		break;
	case 5:
		if (vm->state == DOMAIN_RUNNING)
			vm_io_error(vm, number);
		break;
	default:
		if (vm->state == DOMAIN_RUNNING)
			vm_change(vm, number, DOMAIN_PAUSED, "user");
		else
			vm_change(vm, number, DOMAIN_RUNNING, "unpaused");
		break;
	}
}

static void vm_act(struct vm *vm, uint8_t number)
{
	if (!vm->there)
		vm_create(vm, number);
	else if (vm->state == DOMAIN_SHUTDOWN)
		return;
	else if (vm->state != DOMAIN_SHUTOFF)
		vm_act_running(vm, number);
	else if (random_below(3) == 0)
		vm_undefine(vm, number);
	else
		vm_start(vm, number);
}

static void vms_tick(bool act)
{
	for (uint8_t i = 0; i < VMS; i++)
		if (vms[i].there && vms[i].stop_at_ms != 0 && bench.now_ms >= vms[i].stop_at_ms)
			vm_off(&vms[i], (uint8_t)(i + 1), vms[i].destroyed ? "destroyed" : "shutdown", false);
	if (act && random_below(150) == 0) {
		const uint8_t i = (uint8_t)random_below(VMS);

		vm_act(&vms[i], (uint8_t)(i + 1));
	}
}

/* A list: each domain is read at a moment of its own between begin and end. */
static struct {
	bool open;
	int64_t end_ms, read_at_ms[VMS];
	size_t n;
	struct listed rows[VMS];
} poll_state;

static void poll_begin(void)
{
	const uint32_t length = random_below(400);

	poll_state.open = true;
	poll_state.n = 0;
	poll_state.end_ms = bench.now_ms + length;
	for (size_t i = 0; i < VMS; i++)
		poll_state.read_at_ms[i] = bench.now_ms + random_below(length + 1);
}

static void poll_read(void)
{
	for (uint8_t i = 0; i < VMS; i++) {
		const struct vm *vm = &vms[i];

		if (poll_state.read_at_ms[i] != bench.now_ms || !vm->there)
			continue;
		/* The time in the row is only about that of the reading. */
		poll_state.rows[poll_state.n++] = (struct listed){
			(uint8_t)(i + 1), vm->state, vm->io ? "io-error" : "user", vm->id, !vm->persistent, NULL,
			poll_state.end_ms - random_below(2)
		};
	}
}

static void deliver(void)
{
	struct domain_change *first = NULL, **last = &first, *next;

	for (; queue_first < queue_n && queue[queue_first].at_ms <= bench.now_ms; queue_first++) {
		struct domain_change *change = queue[queue_first].change;

		change->time_mono_ns = change->time_real_ns = queue[queue_first].at_ms * NS_PER_MS;
		*last = change;
		last = &change->next;
	}
	builder_changes(bench.builder, first, bench.missed);
	bench.missed = false;
	for (; first != NULL; first = next) {
		next = first->next;
		domain_change_free(first);
	}
	collect();
}

static void turn(bool act, bool polls)
{
	vms_tick(act);
	if (!poll_state.open && polls && random_below(300) == 0)
		poll_begin();
	if (poll_state.open)
		poll_read();
	if (poll_state.open || random_below(5) == 0)
		deliver();
	if (poll_state.open && bench.now_ms == poll_state.end_ms) {
		list(poll_state.n, poll_state.rows);
		poll_state.open = false;
	}
	tick();
	pass(1);
}

static void lives_begin(uint32_t seed)
{
	random_state = seed;
	memset(vms, 0, sizeof(vms));
	queue_first = queue_n = 0;
	next_id = 0;
	connected = true;
	poll_state.open = false;
	list(0, NULL);
	pass(500);
	list(0, NULL);
}

/* Long enough for everything that waits: a domain that shuts down now and the grace after the list that shows it gone. */
#define SETTLE_MS (2000 + 2 * DOMAIN_WATCH_GRACE_MS + 4000)

static void lives_settle(void)
{
	for (int i = 0; i < SETTLE_MS; i++)
		turn(false, true);
	while (poll_state.open)
		turn(false, false);
}

static bool is_notice(const struct event *event)
{
	return event->kind == EVENT_DOMAIN_REBOOTED || event->kind == EVENT_DOMAIN_WATCHDOG;
}

/* The events of one domain as should() writes them. A notice may come when a list has shown a later state already. */
static void trace_of(uint8_t number, char *trace, size_t size)
{
	size_t length = 0;

	trace[0] = '\0';
	for (size_t i = 0; i < bench.events.n; i++) {
		const struct event *event = bench.events.events[i];
		const struct domain *row = (const struct domain *)event->row;

		if (row->uuid[15] == number)
			length += (size_t)snprintf(trace + length, size - length, "%u:%u ", event->kind,
						   is_notice(event) ? 0 : row->state);
		ck_assert_uint_lt(length, size);
	}
}

static void check_rows(uint32_t seed)
{
	for (uint8_t i = 0; i < VMS; i++) {
		int32_t id = 0;
		const uint8_t state = shown_state((uint8_t)(i + 1), &id);

		ck_assert_msg(state == (vms[i].there ? vms[i].state : 0), "seed %u: d%u is %u, shown as %u", seed, i + 1,
			      vms[i].there ? vms[i].state : 0, state);
		ck_assert_msg(state == 0 || id == vms[i].id, "seed %u: d%u", seed, i + 1);
	}
}

#define FIRST_SEED 1000

static uint32_t first_seed(void)
{
	const char *given = getenv("EDGENODE_TEST_SEED");
	/* The same lives each time, so that a change is to blame for a failure; others where there is time to look. */
	const uint32_t other = getenv("EDGENODE_LONG") != NULL ? (uint32_t)time(NULL) : FIRST_SEED;
	const uint32_t seed = given != NULL ? (uint32_t)strtoul(given, NULL, 10) : other;

	printf("seeds from %u on (EDGENODE_TEST_SEED)\n", seed);
	return seed;
}

/* Whatever the delays: what happened, each once, in its order. */
START_TEST(random_lives_give_each_change_once)
{
	static char trace[TRACE_MAX];
	const uint32_t seed = first_seed();
	size_t events = 0;

	for (uint32_t round = 0; round < 60; round++) {
		teardown();
		setup();
		lives_begin(seed + round);
		for (int i = 0; i < 20000; i++)
			turn(true, true);
		lives_settle();
		for (uint8_t i = 0; i < VMS; i++) {
			trace_of((uint8_t)(i + 1), trace, sizeof(trace));
			ck_assert_msg(strcmp(trace, vms[i].trace) == 0, "seed %u: d%u\nhad  %s\ntold %s", seed + round,
				      i + 1, vms[i].trace, trace);
		}
		check_rows(seed + round);
		events += bench.events.n;
	}
	printf("%zu events\n", events);
}
END_TEST

/* A domain's events in a row never say the same twice, and the last says what is true. */
static void check_sequence(uint8_t number, uint32_t seed)
{
	const struct vm *vm = &vms[number - 1];
	uint8_t told = 0, kind = 0;
	int32_t id = -1;

	for (size_t i = 0; i < bench.events.n; i++) {
		const struct event *event = bench.events.events[i];
		const struct domain *row = (const struct domain *)event->row;

		if (row->uuid[15] != number || is_notice(event))
			continue;
		if (event->kind == EVENT_DOMAIN_REMOVED) {
			ck_assert_msg(told != 0, "seed %u: d%u is removed twice", seed, number);
			told = 0;
			continue;
		}
		/* Between a pause and an I/O error the domain may have run unseen. */
		ck_assert_msg(told != row->state || id != row->id || (event->kind == EVENT_DOMAIN_IO_ERROR && kind != event->kind),
			      "seed %u: d%u twice: %s", seed, number, event->text);
		kind = event->kind;
		told = row->state;
		id = row->id;
	}
	ck_assert_msg(told == (vm->there ? vm->state : 0), "seed %u: d%u is %u, told %u", seed, number,
		      vm->there ? vm->state : 0, told);
}

/* The queue was full, or libvirtd went away: what was on its way is lost. */
static void lose_changes(void)
{
	while (queue_n > queue_first)
		domain_change_free(queue[--queue_n].change);
	connected = !connected;
	bench.missed = true;
	poll_state.open = poll_state.open && connected;
}

START_TEST(random_lives_with_losses_end_in_the_truth)
{
	const uint32_t seed = first_seed();

	for (uint32_t round = 0; round < 60; round++) {
		teardown();
		setup();
		lives_begin(seed + round);
		for (int i = 0; i < 20000; i++) {
			if (random_below(1500) == 0)
				lose_changes();
			turn(true, connected);
		}
		if (!connected)
			lose_changes();
		lives_settle();
		for (uint8_t i = 1; i <= VMS; i++)
			check_sequence(i, seed + round);
		check_rows(seed + round);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("domain_lives");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, random_lives_give_each_change_once);
	tcase_add_test(tc, random_lives_with_losses_end_in_the_truth);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(suite)
