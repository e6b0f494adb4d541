/* test_build_clock.c - the clock that is served, from what kernel, time daemon and ptp4l say; numbers of the peers. */
#include "model/build_clock.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/builder.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_flat(struct part *part)
{
	free(part);
}

static struct clock_state kernel_of(uint8_t state)
{
	return (struct clock_state){
		.have = CLOCK_HAVE_OFFSET | CLOCK_HAVE_MAX_ERROR | CLOCK_HAVE_EST_ERROR | CLOCK_HAVE_FREQUENCY |
			CLOCK_HAVE_TAI_OFFSET,
		.source = CLOCK_SOURCE_KERNEL,
		.state = state,
		.leap = CLOCK_LEAP_NONE,
		.offset_ns = 1,
		.est_error_us = 2,
		.max_error_us = 3,
		.frequency_ppb = 4,
		.tai_offset_s = 37,
	};
}

static struct clock_peers daemon_of(uint8_t state)
{
	return (struct clock_peers){
		.clock = { .have = CLOCK_HAVE_DAEMON | CLOCK_HAVE_OFFSET | CLOCK_HAVE_STRATUM | CLOCK_HAVE_REFERENCE,
			   .source = CLOCK_SOURCE_NTP,
			   .state = state,
			   .leap = CLOCK_LEAP_INSERT,
			   .daemon = "chronyd",
			   .offset_ns = -500,
			   .stratum = 4,
			   .reference = "192.0.2.1",
			   .max_error_us = 99 },
	};
}

START_TEST(test_nothing)
{
	const struct ptp_clocks none = { .n = 0 };

	ck_assert_ptr_null(build_clock(NULL, NULL, NULL));
	ck_assert_ptr_null(build_clock(NULL, NULL, &none));
}
END_TEST

START_TEST(test_kernel_alone)
{
	const struct clock_state kernel = kernel_of(CLOCK_SYNCHRONIZED);
	const struct ptp_clocks none = { .n = 0 };
	struct clock_state *clock = build_clock(&kernel, NULL, &none);

	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_KERNEL);
	ck_assert_uint_eq(clock->have, kernel.have);
	ck_assert_int_eq(clock->tai_offset_s, 37);
	part_unref(clock);
}
END_TEST

/* The daemon's fields, and the kernel's where it has none. */
START_TEST(test_daemon_over_kernel)
{
	const struct clock_state kernel = kernel_of(CLOCK_SYNCHRONIZED);
	const struct clock_peers daemon = daemon_of(CLOCK_SYNCHRONIZED);
	struct clock_state *clock = build_clock(&kernel, &daemon, NULL);

	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(clock->state, CLOCK_SYNCHRONIZED);
	ck_assert_uint_eq(clock->leap, CLOCK_LEAP_INSERT);
	ck_assert_uint_eq(clock->have, kernel.have | daemon.clock.have);
	ck_assert_str_eq(clock->daemon, "chronyd");
	ck_assert_str_eq(clock->reference, "192.0.2.1");
	ck_assert_int_eq(clock->offset_ns, -500);
	ck_assert_uint_eq(clock->stratum, 4);
	ck_assert_uint_eq(clock->max_error_us, 3); /* the daemon has no bit for it */
	ck_assert_int_eq(clock->tai_offset_s, 37);
	part_unref(clock);
}
END_TEST

START_TEST(test_states)
{
	static const struct {
		uint8_t kernel, daemon, wanted;
	} CASES[] = {
		{ CLOCK_SYNCHRONIZED, CLOCK_SYNCHRONIZED, CLOCK_SYNCHRONIZED },
		{ CLOCK_SYNCHRONIZED, CLOCK_UNSYNCHRONIZED, CLOCK_UNSYNCHRONIZED }, /* the flag lags */
		{ CLOCK_UNSYNCHRONIZED, CLOCK_SYNCHRONIZED, CLOCK_SYNCHRONIZED },   /* without rtcsync */
		{ CLOCK_UNSYNCHRONIZED, CLOCK_SYNC_UNKNOWN, CLOCK_UNSYNCHRONIZED },
		{ CLOCK_SYNCHRONIZED, CLOCK_SYNC_UNKNOWN, CLOCK_SYNCHRONIZED },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const struct clock_state kernel = kernel_of(CASES[i].kernel);
		struct clock_peers daemon = daemon_of(CASES[i].daemon);
		struct clock_state *clock;

		daemon.clock.leap = CLOCK_LEAP_UNKNOWN;
		clock = build_clock(&kernel, &daemon, NULL);
		ck_assert_msg(clock->state == CASES[i].wanted, "case %zu", i);
		ck_assert_uint_eq(clock->leap, CLOCK_LEAP_NONE);
		part_unref(clock);
	}
}
END_TEST

/* ptp4l where it disciplines the clock, alone: nothing of the other daemon beside it. */
START_TEST(test_ptp)
{
	const struct clock_state kernel = kernel_of(CLOCK_UNSYNCHRONIZED);
	const struct clock_peers daemon = daemon_of(CLOCK_SYNCHRONIZED);
	struct ptp_clocks ptp = { .clock = { .have = CLOCK_HAVE_DAEMON | CLOCK_HAVE_OFFSET,
					     .source = CLOCK_SOURCE_PTP,
					     .state = CLOCK_SYNCHRONIZED,
					     .leap = CLOCK_LEAP_UNKNOWN,
					     .daemon = "ptp4l",
					     .offset_ns = 7 } };
	struct clock_state *clock = build_clock(&kernel, &daemon, &ptp);

	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_PTP);
	ck_assert_str_eq(clock->daemon, "ptp4l");
	ck_assert_int_eq(clock->offset_ns, 7);
	ck_assert(!(clock->have & (CLOCK_HAVE_STRATUM | CLOCK_HAVE_REFERENCE)));
	part_unref(clock);
	ptp.clock.source = 0; /* there are PTP clocks, but the system's follows none */
	clock = build_clock(&kernel, &daemon, &ptp);
	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_NTP);
	part_unref(clock);
}
END_TEST

START_TEST(test_daemon_without_kernel)
{
	struct clock_peers daemon = daemon_of(CLOCK_SYNC_UNKNOWN);
	struct clock_state *clock = build_clock(NULL, &daemon, NULL);

	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(clock->state, CLOCK_SYNC_UNKNOWN);
	ck_assert_uint_eq(clock->have, daemon.clock.have);
	part_unref(clock);
}
END_TEST

/* --- peers ------------------------------------------------------------------------------------------------------- */

static struct clock_peers *raw_of(size_t n, const char *const *names)
{
	struct clock_peers *raw = calloc(1, sizeof(*raw) + n * sizeof(raw->rows[0]));

	raw->n = n;
	for (size_t i = 0; i < n; i++)
		snprintf(raw->rows[i].name, sizeof(raw->rows[i].name), "%s", names[i]);
	return raw;
}

static struct clock_peers *build_names(struct index_map *map, size_t n, const char *const *names)
{
	struct clock_peers *raw = raw_of(n, names), *built = build_clock_peers(map, raw, 1000);

	free(raw);
	return built;
}

START_TEST(test_peers)
{
	static const char *const FIRST[] = { "192.0.2.1", "2001:db8::1", "GPS" }, *const SECOND[] = { "GPS",
												      "192.0.2.1" };
	struct index_map *map = index_map_new();
	struct clock_peers *peers = build_names(map, 3, FIRST);

	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(peers->rows[i].index, i + 1);
		ck_assert_str_eq(peers->rows[i].name, FIRST[i]);
	}
	part_unref(peers);
	/* One goes, the others come in another order. */
	peers = build_names(map, 2, SECOND);
	ck_assert_uint_eq(peers->n, 2);
	ck_assert_uint_eq(peers->rows[0].index, 1);
	ck_assert_str_eq(peers->rows[0].name, "192.0.2.1");
	ck_assert_uint_eq(peers->rows[1].index, 3);
	part_unref(peers);
	/* It was retired, not forgotten; after its time it is. */
	peers = build_names(map, 3, FIRST);
	ck_assert_uint_eq(peers->rows[1].index, 2);
	part_unref(peers);
	peers = build_names(map, 0, NULL);
	ck_assert_uint_eq(peers->n, 0);
	part_unref(peers);
	index_map_expire(map, 1000 + INDEX_RETIRED_S + 1);
	ck_assert_uint_eq(index_map_find(map, "peer:GPS"), 0);
	index_map_free(map);
}
END_TEST

static struct part *copy_of(const void *data, size_t size)
{
	struct part *part = mem_alloc(size);

	memcpy(part, data, size);
	part_init(part, free_flat);
	return part;
}

static uint8_t served_source(struct builder *builder, int64_t now_mono_ns)
{
	const struct clock_state kernel = kernel_of(CLOCK_UNSYNCHRONIZED);
	const struct sources none = { .n = 0 };
	const struct builder_self self = { .poll_interval_ms = 1000 };
	struct snapshot *snapshot;
	uint8_t source;

	builder_apply(builder, SOURCE_CLOCK, copy_of(&kernel, sizeof(kernel)), now_mono_ns, now_mono_ns);
	snapshot =
		builder_build(builder, (struct sources *)copy_of(&none, sizeof(none)), &self, now_mono_ns, now_mono_ns);
	source = snapshot->clock->source;
	part_unref(snapshot);
	return source;
}

/* A daemon that says nothing more is believed for a while, which is longer where it is asked seldom. */
START_TEST(test_silent_daemon)
{
	static const struct {
		int64_t interval_s, believed_s;
	} CASES[] = { { 1, 60 }, { 10, 60 }, { 300, 1800 } };
	const struct clock_peers daemon = daemon_of(CLOCK_SYNCHRONIZED);

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct index_map *indexes = index_map_new();
		struct builder *builder = builder_new(indexes, "test", 0, 0);
		const int64_t until = NS_PER_S + CASES[i].believed_s * NS_PER_S;

		builder_set_interval(builder, SOURCE_NTP, CASES[i].interval_s * NS_PER_S);
		builder_apply(builder, SOURCE_NTP, copy_of(&daemon, sizeof(daemon)), NS_PER_S, NS_PER_S);
		ck_assert_uint_eq(served_source(builder, until), CLOCK_SOURCE_NTP);
		ck_assert_uint_eq(served_source(builder, until + 1), CLOCK_SOURCE_KERNEL);
		builder_free(builder);
		index_map_free(indexes);
	}
}
END_TEST

static Suite *build_clock_suite(void)
{
	Suite *suite = suite_create("build_clock");

	UNIT_ADD(suite, test_nothing);
	UNIT_ADD(suite, test_kernel_alone);
	UNIT_ADD(suite, test_daemon_over_kernel);
	UNIT_ADD(suite, test_states);
	UNIT_ADD(suite, test_ptp);
	UNIT_ADD(suite, test_daemon_without_kernel);
	UNIT_ADD(suite, test_peers);
	UNIT_ADD(suite, test_silent_daemon);
	return suite;
}

UNIT_MAIN(build_clock_suite)
