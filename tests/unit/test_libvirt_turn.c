/*
 * test_libvirt_turn.c - whose monitor is asked when: shares, order, what a call that hangs costs; and which hypervisors
 * are this host's.
 */
#include "base/clock.h"
#include "source/libvirt_local.h"
#include "source/libvirt_turn.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define MANY 100
#define SLICE 16
#define AGE_NS (LIBVIRT_TURN_AGE_MS * NS_PER_MS)

/* Turns of domains with the numbers 1, 2, ... and the order that a pick gives them. */
struct fleet {
	size_t n;
	struct libvirt_turn turns[MANY];
	struct libvirt_turn *order[MANY];
	int64_t answered_mono_ns[MANY]; /* with what the monitor tells */
};

static void fleet_init(struct fleet *fleet, size_t n)
{
	memset(fleet, 0, sizeof(*fleet));
	fleet->n = n;
	for (size_t i = 0; i < n; i++) {
		fleet->turns[i].uuid[0] = (uint8_t)i;
		fleet->order[i] = &fleet->turns[i];
		libvirt_turn_see(&fleet->turns[i], (int)i + 1, false);
	}
}

static size_t pick(struct fleet *fleet, int64_t elapsed_ns)
{
	return libvirt_turn_pick(fleet->order, fleet->n, elapsed_ns, true);
}

static void answer(struct fleet *fleet, struct libvirt_turn *turn, int64_t now_mono_ns)
{
	ck_assert_int_eq(libvirt_turn_answered(turn, true), TURN_NO_NEWS);
	fleet->answered_mono_ns[turn - fleet->turns] = now_mono_ns;
}

/* Asks all that are picked, who answer at once; their number. */
static size_t ask_and_answer(struct fleet *fleet, int64_t elapsed_ns, int64_t now_mono_ns)
{
	const size_t n = pick(fleet, elapsed_ns);

	for (size_t i = 0; i < n; i++) {
		libvirt_turn_ask(fleet->order[i], now_mono_ns);
		answer(fleet, fleet->order[i], now_mono_ns);
	}
	return n;
}

static int64_t greatest_age(const struct fleet *fleet, int64_t now_mono_ns)
{
	int64_t age = 0;

	for (size_t i = 0; i < fleet->n; i++)
		if (now_mono_ns - fleet->answered_mono_ns[i] > age)
			age = now_mono_ns - fleet->answered_mono_ns[i];
	return age;
}

/* Each within its age and a period, the same number at each poll, whatever the period is and however it jitters. */
START_TEST(turn_spreads)
{
	static const int64_t PERIODS_MS[] = { 250, 1000, 1700, 2000, 4000, 5000, 10000, 60000 };

	for (size_t p = 0; p < sizeof(PERIODS_MS) / sizeof(PERIODS_MS[0]); p++) {
		const int64_t period = PERIODS_MS[p] * NS_PER_MS;
		int64_t now = 7 * NS_PER_S, before = now;
		struct fleet fleet;

		fleet_init(&fleet, MANY);
		ck_assert_uint_eq(ask_and_answer(&fleet, INT64_MAX, now), MANY);
		for (int i = 1; i <= 60; i++) {
			size_t n;

			now = 7 * NS_PER_S + i * period + (i % 3 - 1) * period / 100;
			n = ask_and_answer(&fleet, now - before, now);
			before = now;
			if (period >= AGE_NS)
				ck_assert_uint_eq(n, MANY);
			else
				ck_assert_uint_le(
					n, (size_t)(MANY * (period + period / 10) / AGE_NS + 2 + LIBVIRT_TURN_LEAST));
			ck_assert_int_le(greatest_age(&fleet, now), AGE_NS + period / 10);
		}
	}
}
END_TEST

START_TEST(turn_few)
{
	struct fleet fleet;

	fleet_init(&fleet, LIBVIRT_TURN_LEAST);
	ask_and_answer(&fleet, INT64_MAX, NS_PER_S);
	ck_assert_uint_eq(ask_and_answer(&fleet, 250 * NS_PER_MS, 2 * NS_PER_S), LIBVIRT_TURN_LEAST);
	ck_assert_uint_eq(libvirt_turn_pick(fleet.order, 0, INT64_MAX, true), 0);
	fleet_init(&fleet, 9);
	ask_and_answer(&fleet, INT64_MAX, NS_PER_S);
	ck_assert_uint_eq(ask_and_answer(&fleet, 0, 2 * NS_PER_S), LIBVIRT_TURN_LEAST);
}
END_TEST

/* New, started, and of other devices. */
START_TEST(turn_first)
{
	struct fleet fleet;

	fleet_init(&fleet, MANY);
	ask_and_answer(&fleet, INT64_MAX, NS_PER_S);
	libvirt_turn_see(&fleet.turns[90], 1090, false);
	libvirt_turn_see(&fleet.turns[91], 92, true);
	libvirt_turn_see(&fleet.turns[92], 93, false);
	ck_assert_uint_eq(pick(&fleet, NS_PER_S), 2 + 21);
	ck_assert(fleet.order[0]->first && fleet.order[1]->first);
	ck_assert(fleet.order[0] == &fleet.turns[90] || fleet.order[0] == &fleet.turns[91]);
	ck_assert_uint_eq(libvirt_turn_together(fleet.order, 23, SLICE), SLICE);
	ck_assert_uint_eq(libvirt_turn_together(fleet.order, 3, SLICE), 3);
	/* Changed once more while the call is under way: asked again at the next poll. */
	libvirt_turn_ask(&fleet.turns[91], 2 * NS_PER_S);
	libvirt_turn_see(&fleet.turns[91], 92, true);
	answer(&fleet, &fleet.turns[91], 2 * NS_PER_S);
	pick(&fleet, NS_PER_S);
	ck_assert(&fleet.turns[91] == fleet.order[0] || &fleet.turns[91] == fleet.order[1]);
}
END_TEST

START_TEST(turn_one_call_each)
{
	struct fleet fleet;

	fleet_init(&fleet, 3);
	ck_assert_uint_eq(pick(&fleet, INT64_MAX), 3);
	libvirt_turn_ask(&fleet.turns[1], NS_PER_S);
	libvirt_turn_see(&fleet.turns[1], 77, true); /* whatever happens to it */
	ck_assert_uint_eq(pick(&fleet, INT64_MAX), 2);
	ck_assert(fleet.order[0] != &fleet.turns[1] && fleet.order[1] != &fleet.turns[1]);
	answer(&fleet, &fleet.turns[1], NS_PER_S);
	ck_assert_uint_eq(pick(&fleet, INT64_MAX), 3);
}
END_TEST

/* One of 16 hangs: all are asked again at once, each alone; 15 answer and are as before, one is told of. */
START_TEST(turn_hangs)
{
	struct fleet fleet;
	struct libvirt_turn *hung = &fleet.turns[3];

	fleet_init(&fleet, SLICE);
	for (size_t i = 0; i < SLICE; i++)
		libvirt_turn_ask(&fleet.turns[i], NS_PER_S);
	ck_assert_uint_eq(pick(&fleet, INT64_MAX), 0);
	for (size_t i = 0; i < SLICE; i++)
		ck_assert_int_eq(libvirt_turn_overran(&fleet.turns[i], SLICE), TURN_NO_NEWS);
	ck_assert_uint_eq(pick(&fleet, 0), SLICE);
	for (size_t i = 0; i < SLICE; i++) {
		ck_assert_uint_eq(libvirt_turn_together(&fleet.order[i], SLICE - i, SLICE), 1);
		libvirt_turn_ask(fleet.order[i], 3 * NS_PER_S);
	}
	for (size_t i = 0; i < SLICE; i++)
		ck_assert_int_eq(libvirt_turn_answered(&fleet.turns[i], i != 3), i == 3 ? TURN_HANGS : TURN_NO_NEWS);
	ck_assert(hung->hangs && hung->alone && !hung->first);
	ck_assert_int_eq(hung->hangs_mono_ns, 3 * NS_PER_S);

	/* By turns like all others, but alone; told once. */
	ck_assert_uint_eq(pick(&fleet, AGE_NS), SLICE);
	ck_assert_uint_eq(libvirt_turn_pick(fleet.order, SLICE, AGE_NS, false), SLICE - 1);
	libvirt_turn_ask(hung, 8 * NS_PER_S);
	ck_assert_int_eq(libvirt_turn_answered(hung, false), TURN_NO_NEWS);
	libvirt_turn_ask(hung, 13 * NS_PER_S);
	ck_assert_int_eq(libvirt_turn_overran(hung, 1), TURN_NO_NEWS);
	libvirt_turn_ask(hung, 18 * NS_PER_S);
	ck_assert_int_eq(libvirt_turn_answered(hung, true), TURN_ANSWERS_AGAIN);
	ck_assert(!hung->hangs && !hung->alone);
	ck_assert_int_eq(hung->hangs_mono_ns, 3 * NS_PER_S);
}
END_TEST

/* One that hangs when it is asked alone is what hangs. */
START_TEST(turn_hangs_alone)
{
	struct fleet fleet;

	fleet_init(&fleet, 1);
	libvirt_turn_ask(&fleet.turns[0], NS_PER_S);
	ck_assert_int_eq(libvirt_turn_overran(&fleet.turns[0], 1), TURN_HANGS);
	ck_assert_uint_eq(libvirt_turn_pick(fleet.order, 1, INT64_MAX, false), 0);
	/* A new run of it comes first, and is not trusted before it has answered. */
	libvirt_turn_see(&fleet.turns[0], 99, false);
	ck_assert(fleet.turns[0].first && fleet.turns[0].alone);
	libvirt_turn_ask(&fleet.turns[0], 2 * NS_PER_S);
	ck_assert_int_eq(libvirt_turn_answered(&fleet.turns[0], true), TURN_ANSWERS_AGAIN);
}
END_TEST

/* Somebody else's call has the monitor: no news, and asked again soon. A refused call. */
START_TEST(turn_others)
{
	struct fleet fleet;

	fleet_init(&fleet, MANY);
	ask_and_answer(&fleet, INT64_MAX, NS_PER_S);
	libvirt_turn_ask(&fleet.turns[50], 2 * NS_PER_S);
	ck_assert_int_eq(libvirt_turn_answered(&fleet.turns[50], false), TURN_NO_NEWS);
	ck_assert(!fleet.turns[50].alone && !fleet.turns[50].hangs);
	pick(&fleet, NS_PER_S);
	ck_assert_ptr_eq(fleet.order[0], &fleet.turns[50]);

	libvirt_turn_ask(&fleet.turns[60], 2 * NS_PER_S);
	libvirt_turn_refused(&fleet.turns[60], true);
	ck_assert(fleet.turns[60].first && !fleet.turns[60].alone);
	libvirt_turn_ask(&fleet.turns[60], 3 * NS_PER_S);
	libvirt_turn_refused(&fleet.turns[60], false);
	ck_assert(fleet.turns[60].first && fleet.turns[60].alone);
}
END_TEST

START_TEST(local)
{
	static const struct {
		const char *uri, *theirs;
		bool local;
	} CASES[] = {
		{ "qemu:///system", NULL, true },
		{ "qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro", NULL, true },
		{ "xen:///system", NULL, true },
		{ "test:///default", NULL, false },
		{ "qemu+tcp://127.0.0.1/system", "node7", true },
		{ "qemu+tcp://127.0.0.1:16510/system", "NODE7.example.org", true },
		{ "qemu+tcp://[::1]:16510/system", "node7", true },
		{ "qemu+ssh://root@localhost/system", "node7.example.org", true },
		{ "qemu+tcp://localhost", "node7", true },
		{ "qemu+tcp://localhost?a=b", "node7", true },
		{ "qemu+tcp://127.0.0.1/system", "node8", false }, /* a tunnel */
		{ "qemu+tcp://127.0.0.1/system", "node7.example.net", false },
		{ "qemu+tcp://127.0.0.1/system", NULL, false },
		{ "qemu+tcp://127.0.0.1/system", "", false },
		{ "qemu+tcp://127.0.0.10/system", "node7", false },
		{ "qemu+tcp://localhost.example.org/system", "node7", false },
		{ "qemu+tcp://node7/system", "node7", false },
		{ "qemu+tcp://192.0.2.1/system", "node7", false },
		{ "nonsense", NULL, false },
		{ NULL, NULL, false },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		ck_assert_msg(libvirt_local_is(CASES[i].uri, CASES[i].theirs, "node7.example.org") == CASES[i].local,
			      "%s of %s", CASES[i].uri, CASES[i].theirs);
	ck_assert(libvirt_local_is("qemu+tcp://127.0.0.1/system", "node7.example.org", "node7"));
	ck_assert(!libvirt_local_is("qemu+tcp://127.0.0.1/system", "node7", ""));
}
END_TEST

static Suite *turn_suite(void)
{
	Suite *suite = suite_create("libvirt_turn");

	UNIT_ADD(suite, turn_spreads);
	UNIT_ADD(suite, turn_few);
	UNIT_ADD(suite, turn_first);
	UNIT_ADD(suite, turn_one_call_each);
	UNIT_ADD(suite, turn_hangs);
	UNIT_ADD(suite, turn_hangs_alone);
	UNIT_ADD(suite, turn_others);
	UNIT_ADD(suite, local);
	return suite;
}

UNIT_MAIN(turn_suite)
