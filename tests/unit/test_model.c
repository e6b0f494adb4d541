/*
 * test_model.c - the pure data of collector/model: numbers that last, rates, and what an event says.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/statefile.h"
#include "model/event.h"
#include "model/index_map.h"
#include "model/rate.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define DAY 86400

/* ---- index_map ---- */

static char *key_of(char key[64], const char *space, unsigned n)
{
	snprintf(key, 64, "%s:%u", space, n);
	return key;
}

static struct index_map *map_with(unsigned n)
{
	struct index_map *map = index_map_new();
	char key[64];

	for (unsigned i = 1; i <= n; i++)
		ck_assert_uint_eq(index_map_get(map, key_of(key, "domain", i)), i);
	return map;
}

START_TEST(index_map_numbers_are_dense_and_last)
{
	struct index_map *map = map_with(100);

	for (unsigned i = 100; i >= 1; i--) {
		char key[64];

		ck_assert_uint_eq(index_map_get(map, key_of(key, "domain", i)), i);
		ck_assert_uint_eq(index_map_find(map, key), i);
	}
	ck_assert_uint_eq(index_map_find(map, "domain:101"), 0);
	ck_assert_uint_eq(index_map_find(map, ""), 0);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_spaces_count_for_themselves)
{
	struct index_map *map = index_map_new();

	ck_assert_uint_eq(index_map_get(map, "domain:a"), 1);
	ck_assert_uint_eq(index_map_get(map, "sensor:a"), 1);
	ck_assert_uint_eq(index_map_get(map, "plain"), 1);
	ck_assert_uint_eq(index_map_get(map, ""), 2);
	ck_assert_uint_eq(index_map_get(map, "sensor:/sys/x:y"), 2);
	ck_assert_uint_eq(index_map_get(map, "domain:b"), 2);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_spaces_are_bounded)
{
	struct index_map *map = index_map_new();
	char key[64];

	for (unsigned i = 0; i < INDEX_SPACES_MAX; i++) {
		snprintf(key, sizeof(key), "space%u:x", i);
		ck_assert_uint_eq(index_map_get(map, key), 1);
	}
	ck_assert_uint_eq(index_map_get(map, "one-more:x"), 0);
	ck_assert_uint_eq(index_map_get(map, "space0:y"), 2);
	index_map_free(map);
}
END_TEST

/* The numbers of a domain's devices go with the domain's. */
START_TEST(index_map_forgets_the_spaces_of_a_forgotten_key)
{
	struct index_map *map = map_with(3);

	ck_assert_uint_eq(index_map_get(map, "disk/2:vda"), 1);
	ck_assert_uint_eq(index_map_get(map, "disk/2:vdb"), 2);
	ck_assert_uint_eq(index_map_get(map, "nic/2:52:54:00:00:00:01#1"), 1);
	ck_assert_uint_eq(index_map_get(map, "disk/3:vda"), 1);
	index_map_retire(map, "disk/2:vda", 500);
	index_map_retire(map, "domain:2", 1000);
	index_map_expire(map, 999 + 30 * DAY);
	ck_assert_uint_eq(index_map_find(map, "disk/2:vda"), 0); /* on its own account */
	ck_assert_uint_eq(index_map_find(map, "disk/2:vdb"), 2);
	index_map_expire(map, 1000 + 30 * DAY);
	ck_assert_uint_eq(index_map_find(map, "disk/2:vdb"), 0);
	ck_assert_uint_eq(index_map_find(map, "nic/2:52:54:00:00:00:01#1"), 0);
	ck_assert_uint_eq(index_map_find(map, "disk/3:vda"), 1);
	ck_assert_uint_eq(index_map_get(map, "disk/2:vdb"), 1);
	/* The longest retired of too many, too. */
	for (unsigned i = 4; i < 6 + INDEX_RETIRED_MAX; i++) {
		char key[64];

		index_map_get(map, key_of(key, "domain", i));
		index_map_retire(map, key, 2000);
	}
	ck_assert_uint_eq(index_map_find(map, "disk/3:vda"), 1);
	index_map_get(map, "domain:2");
	index_map_retire(map, "domain:2", 2000);
	ck_assert_uint_eq(index_map_find(map, "disk/2:vdb"), 1);
	for (unsigned i = 4; i < 6 + INDEX_RETIRED_MAX; i++) {
		char key[64];

		index_map_get(map, key_of(key, "domain", i));
		index_map_retire(map, key, 2000);
	}
	ck_assert_uint_eq(index_map_find(map, "domain:2"), 0);
	ck_assert_uint_eq(index_map_find(map, "disk/2:vdb"), 0);
	index_map_free(map);
}
END_TEST

static void count_key(void *arg, const char *key, uint32_t index)
{
	ck_assert_uint_gt(index, 0);
	ck_assert_uint_gt(strlen(key), 0);
	(*(unsigned *)arg)++;
}

START_TEST(index_map_each_of_one_space_or_of_many)
{
	struct index_map *map = map_with(5);
	unsigned n = 0;

	index_map_get(map, "disk/1:vda");
	index_map_get(map, "disk/1:vdb");
	index_map_get(map, "disk/2:vda");
	index_map_each(map, "disk/1:", count_key, &n);
	ck_assert_uint_eq(n, 2);
	index_map_each(map, "disk/3:", count_key, &n);
	ck_assert_uint_eq(n, 2);
	index_map_each(map, "disk/1:vdb", count_key, &n);
	ck_assert_uint_eq(n, 3);
	index_map_each(map, "disk/", count_key, &n);
	ck_assert_uint_eq(n, 6);
	index_map_each(map, "", count_key, &n);
	ck_assert_uint_eq(n, 14);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_retired_key_comes_back)
{
	struct index_map *map = map_with(3);

	index_map_retire(map, "domain:2", 1000);
	index_map_retire(map, "domain:2", 5000); /* the first time counts */
	index_map_retire(map, "domain:no-such", 1000);
	ck_assert_uint_eq(index_map_get(map, "domain:new"), 4);
	index_map_expire(map, 1000 + 30 * DAY - 1);
	ck_assert_uint_eq(index_map_get(map, "domain:2"), 2);
	/* In use again: no age takes it away. */
	index_map_expire(map, 1000 + 400 * (int64_t)DAY);
	ck_assert_uint_eq(index_map_find(map, "domain:2"), 2);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_forgets_after_thirty_days)
{
	struct index_map *map = map_with(5);

	index_map_retire(map, "domain:4", 1000);
	index_map_retire(map, "domain:2", 2000);
	index_map_expire(map, 1000 + 30 * DAY);
	ck_assert_uint_eq(index_map_find(map, "domain:4"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:2"), 2);
	ck_assert_uint_eq(index_map_get(map, "domain:x"), 4);
	index_map_expire(map, 2000 + 30 * DAY);
	ck_assert_uint_eq(index_map_get(map, "domain:y"), 2);
	ck_assert_uint_eq(index_map_get(map, "domain:z"), 6);
	index_map_free(map);
}
END_TEST

static struct index_map *round_trip(const struct index_map *map)
{
	struct index_map *copy = NULL;
	struct buf image;

	buf_init(&image, 64u << 20);
	index_map_encode(map, &image);
	ck_assert(!image.over);
	ck_assert_int_eq(index_map_decode((const uint8_t *)image.data, image.length, &copy), 0);
	buf_free(&image);
	return copy;
}

/* A node without a clock of its own: the time is not known, whatever the clock says, and counts from when it is. */
START_TEST(index_map_waits_for_the_clock)
{
	const int64_t today = 20000 * (int64_t)DAY;
	struct index_map *map = map_with(5), *copy;
	char key[64];

	index_map_retire(map, "domain:1", today - 29 * (int64_t)DAY);
	index_map_trust_clock(map, false);
	index_map_retire(map, "domain:2", 5);
	index_map_retire(map, "domain:3", 3 * today);
	index_map_trust_clock(map, true);
	index_map_retire(map, "domain:4", today); /* a jump by decades takes nothing away */
	copy = round_trip(map);
	index_map_free(map);
	for (unsigned i = 1; i <= 5; i++)
		ck_assert_uint_eq(index_map_find(copy, key_of(key, "domain", i)), i);
	index_map_expire(copy, today + DAY);
	ck_assert(index_map_changed(copy));
	ck_assert_uint_eq(index_map_find(copy, "domain:1"), 0);
	ck_assert_uint_eq(index_map_find(copy, "domain:2"), 2);
	/* Kept as well: it is not new at each start. */
	map = round_trip(copy);
	index_map_free(copy);
	index_map_expire(map, today + 31 * (int64_t)DAY - 1);
	ck_assert_uint_eq(index_map_find(map, "domain:3"), 3);
	index_map_expire(map, today + 31 * (int64_t)DAY);
	ck_assert_uint_eq(index_map_find(map, "domain:2"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:3"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:4"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:5"), 5);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_is_bounded_without_a_clock)
{
	struct index_map *map = map_with(INDEX_RETIRED_MAX + 10);
	char key[64];

	index_map_trust_clock(map, false);
	for (unsigned i = 1; i <= INDEX_RETIRED_MAX + 3; i++)
		index_map_retire(map, key_of(key, "domain", i), i);
	ck_assert_uint_eq(index_map_find(map, "domain:3"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:4"), 4);
	ck_assert_uint_eq(index_map_get(map, "domain:x"), 1);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_keeps_a_thousand_retired)
{
	struct index_map *map = map_with(INDEX_RETIRED_MAX + 10);
	char key[64];

	ck_assert_uint_eq(index_map_get(map, "sensor:x"), 1);
	index_map_retire(map, "sensor:x", 1);
	for (unsigned i = 1; i <= INDEX_RETIRED_MAX; i++)
		index_map_retire(map, key_of(key, "domain", i), i);
	ck_assert_uint_eq(index_map_find(map, "domain:1"), 1);
	index_map_retire(map, "domain:1001", 1001);
	ck_assert_uint_eq(index_map_find(map, "domain:1"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:2"), 2);
	index_map_retire(map, "domain:1002", 1002);
	/* The lowest free number first. */
	ck_assert_uint_eq(index_map_get(map, "domain:x"), 1);
	ck_assert_uint_eq(index_map_get(map, "domain:y"), 2);
	ck_assert_uint_eq(index_map_get(map, "domain:z"), INDEX_RETIRED_MAX + 11);
	/* The churn of one space leaves the others alone. */
	ck_assert_uint_eq(index_map_find(map, "sensor:x"), 1);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_long_keys_stay_apart)
{
	struct index_map *map = index_map_new();
	char a[5000], b[5000];

	memset(a, 'x', sizeof(a));
	a[sizeof(a) - 1] = '\0';
	memcpy(b, a, sizeof(b));
	b[sizeof(b) - 2] = 'y';
	ck_assert_uint_eq(index_map_get(map, a), 1);
	ck_assert_uint_eq(index_map_get(map, b), 2);
	ck_assert_uint_eq(index_map_get(map, a), 1);
	ck_assert_uint_eq(index_map_find(map, b), 2);
	a[INDEX_KEY_MAX] = '\0';
	ck_assert_uint_eq(index_map_get(map, a), 3);
	index_map_retire(map, b, 1);
	index_map_expire(map, 1 + 30 * DAY);
	ck_assert_uint_eq(index_map_find(map, b), 0);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_is_bounded)
{
	struct index_map *map = map_with(INDEX_ENTRIES_MAX);

	ck_assert_uint_eq(index_map_get(map, "domain:one-more"), 0);
	ck_assert_uint_eq(index_map_get(map, "domain:7"), 7);
	index_map_retire(map, "domain:7", 1);
	index_map_expire(map, 1 + 30 * DAY);
	ck_assert_uint_eq(index_map_get(map, "domain:one-more"), 7);
	index_map_free(map);
}
END_TEST

struct seen {
	struct index_map *map;
	unsigned n, sum;
};

static void see_and_retire(void *arg, const char *key, uint32_t index)
{
	struct seen *seen = arg;

	ck_assert_str_eq(strncmp(key, "domain:", 7) == 0 ? "domain:" : key, "domain:");
	seen->n++;
	seen->sum += index;
	index_map_retire(seen->map, key, 1);
}

START_TEST(index_map_each_may_retire)
{
	struct index_map *map = map_with(INDEX_RETIRED_MAX + 500);
	struct seen seen = { map, 0, 0 };

	ck_assert_uint_eq(index_map_get(map, "sensor:x"), 1);
	index_map_each(map, "domain:", see_and_retire, &seen);
	ck_assert_uint_eq(seen.n, INDEX_RETIRED_MAX + 500);
	ck_assert_uint_eq(seen.sum, 1500 * 1501 / 2);
	seen.n = 0;
	index_map_each(map, "domain:", see_and_retire, &seen);
	ck_assert_uint_eq(seen.n, 0);
	ck_assert_uint_eq(index_map_find(map, "domain:500"), 0);
	ck_assert_uint_eq(index_map_find(map, "domain:501"), 501);
	index_map_free(map);
}
END_TEST

START_TEST(index_map_says_when_it_changed)
{
	struct index_map *map = index_map_new();

	ck_assert(!index_map_changed(map));
	index_map_get(map, "a");
	ck_assert(index_map_changed(map));
	index_map_get(map, "a");
	index_map_find(map, "b");
	index_map_retire(map, "b", 1);
	index_map_expire(map, 99);
	ck_assert(!index_map_changed(map));
	index_map_retire(map, "a", 1);
	ck_assert(index_map_changed(map));
	index_map_get(map, "a");
	ck_assert(index_map_changed(map));
	index_map_free(map);
}
END_TEST

START_TEST(index_map_survives_a_round_trip)
{
	struct index_map *map = map_with(50), *copy;

	index_map_get(map, "sensor:\x01\xff binary");
	index_map_get(map, "");
	index_map_retire(map, "domain:9", 300);
	index_map_retire(map, "domain:3", 100);
	copy = round_trip(map);
	index_map_free(map);
	ck_assert(!index_map_changed(copy));
	ck_assert_uint_eq(index_map_get(copy, "domain:50"), 50);
	ck_assert_uint_eq(index_map_get(copy, "sensor:\x01\xff binary"), 1);
	ck_assert_uint_eq(index_map_get(copy, "domain:new"), 51);
	/* The order of retiring is kept: 9 is first, and 3 waits behind it. */
	index_map_expire(copy, 100 + 30 * DAY);
	ck_assert_uint_eq(index_map_find(copy, "domain:3"), 3);
	index_map_expire(copy, 300 + 30 * DAY);
	ck_assert_uint_eq(index_map_find(copy, "domain:9"), 0);
	ck_assert_uint_eq(index_map_get(copy, "domain:again"), 3);
	index_map_free(copy);
}
END_TEST

START_TEST(index_map_refuses_cut_and_changed_images)
{
	struct index_map *map = map_with(20), *out = NULL;
	struct buf image;
	uint8_t *bytes;

	index_map_retire(map, "domain:4", 100);
	buf_init(&image, 1u << 20);
	index_map_encode(map, &image);
	bytes = (uint8_t *)image.data;
	for (size_t n = 0; n < image.length; n++)
		ck_assert_int_lt(index_map_decode(bytes, n, &out), 0);
	for (size_t i = 0; i < image.length * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_lt(index_map_decode(bytes, image.length, &out), 0);
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert_ptr_null(out);
	ck_assert_int_eq(index_map_decode(bytes, image.length, &out), 0);
	index_map_free(out);
	index_map_free(map);
	buf_free(&image);
}
END_TEST

struct forged_entry {
	uint32_t index;
	uint8_t retired;
	uint64_t retired_s;
	const char *key;
	uint32_t length;
};

static int decode_forged(uint32_t count, const struct forged_entry *entries, size_t n)
{
	struct index_map *out = NULL;
	struct buf image;
	int rc;

	buf_init(&image, 1u << 20);
	buf_u32(&image, 0x65646978u);
	buf_u32(&image, 1);
	buf_u32(&image, count);
	for (size_t i = 0; i < n; i++) {
		buf_u32(&image, entries[i].index);
		buf_u8(&image, entries[i].retired);
		buf_u64(&image, entries[i].retired_s);
		buf_u32(&image, entries[i].length);
		buf_append(&image, entries[i].key, strlen(entries[i].key));
	}
	buf_u32(&image, statefile_crc32(image.data, image.length));
	rc = index_map_decode((const uint8_t *)image.data, image.length, &out);
	index_map_free(out);
	buf_free(&image);
	return rc;
}

START_TEST(index_map_refuses_forged_images)
{
	static const struct {
		uint32_t count;
		size_t n;
		struct forged_entry entries[2];
		int rc;
	} CASES[] = {
		{ 1, 1, { { 1, 0, 0, "a", 1 } }, 0 },
		{ 1, 1, { { 1, 1, 0, "a", 1 } }, 0 },
		{ 2, 2, { { 1, 0, 0, "a", 1 }, { 2, 0, 0, "b", 1 } }, 0 },
		{ 2, 2, { { 1, 0, 0, "a", 1 }, { 1, 0, 0, "b", 1 } }, -ERR_PARSE },   /* number twice */
		{ 2, 2, { { 1, 0, 0, "a", 1 }, { 2, 0, 0, "a", 1 } }, -ERR_PARSE },   /* key twice */
		{ 1, 1, { { 0, 0, 0, "a", 1 } }, -ERR_PARSE },                        /* number 0 */
		{ 1, 1, { { 1, 2, 0, "a", 1 } }, -ERR_PARSE },                        /* neither in use nor retired */
		{ 1, 1, { { 1, 1, UINT64_MAX, "a", 1 } }, -ERR_PARSE },               /* before all time */
		{ 1, 1, { { INDEX_ENTRIES_MAX + 1, 0, 0, "a", 1 } }, -ERR_LIMIT },    /* huge number */
		{ 1, 1, { { 1, 0, 0, "a", 0xffffffffu } }, -ERR_LIMIT },              /* huge length */
		{ 1, 1, { { 1, 0, 0, "a", INDEX_KEY_MAX } }, -ERR_PARSE },            /* length beyond the end */
		{ 0xffffffffu, 1, { { 1, 0, 0, "a", 1 } }, -ERR_LIMIT },              /* huge count */
		{ 3, 1, { { 1, 0, 0, "a", 1 } }, -ERR_PARSE },                        /* fewer than said */
		{ 0, 1, { { 1, 0, 0, "a", 1 } }, -ERR_PARSE },                        /* more than said */
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
		ck_assert_msg(decode_forged(CASES[i].count, CASES[i].entries, CASES[i].n) == CASES[i].rc, "case %zu", i);
}
END_TEST

START_TEST(index_map_image_over_its_limit_is_latched)
{
	struct index_map *map = map_with(100);
	struct buf image;

	buf_init(&image, 100);
	index_map_encode(map, &image);
	ck_assert(image.over);
	buf_free(&image);
	index_map_free(map);
}
END_TEST

/* ---- rate ---- */

#define S 1000000000LL

START_TEST(rate_per_second_table)
{
	static const struct {
		uint64_t before, after;
		int64_t interval_ns;
		bool have;
		uint32_t rate;
	} CASES[] = {
		{ 0, 0, S, true, 0 },
		{ 100, 600, 5 * S, true, 100 },
		{ 0, 3, 2 * S, true, 2 },                  /* 1.5, rounded */
		{ 0, 1, 3 * S, true, 0 },
		{ 0, 5, S / 4, true, 20 },
		{ 600, 599, S, false, 0 },                 /* reset */
		{ UINT64_MAX, 5, S, false, 0 },            /* went back, though it may have wrapped */
		{ UINT64_MAX - 5, UINT64_MAX, S, true, 5 },
		{ 0, UINT64_MAX, S, true, UINT32_MAX },    /* saturates */
		{ 0, UINT64_MAX, 1, true, UINT32_MAX },
		{ 0, 10, 0, false, 0 },
		{ 0, 10, -S, false, 0 },
		{ 0, 3600, RATE_GAP_MAX_NS, true, 1 },
		{ 0, 3600, RATE_GAP_MAX_NS + 1, false, 0 }, /* gap */
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		uint32_t rate = 77;
		const bool have = rate_per_second(CASES[i].before, CASES[i].after, CASES[i].interval_ns, &rate);

		ck_assert_msg(have == CASES[i].have && rate == (have ? CASES[i].rate : 77), "case %zu: %u", i, rate);
	}
}
END_TEST

START_TEST(rate_util_table)
{
	static const struct {
		uint64_t before, after;
		int64_t interval_ns;
		uint32_t units;
		bool have;
		uint32_t util;
	} CASES[] = {
		{ 0, S, S, 1, true, 10000 },
		{ 0, S, S, 4, true, 2500 },
		{ 7, 7, S, 4, true, 0 },
		{ 0, S, 3 * S, 1, true, 3333 },
		{ 0, 2 * S, 3 * S, 1, true, 6667 },
		{ 0, 5 * S, S, 2, true, 10000 },          /* cut */
		{ S, 0, S, 1, false, 0 },
		{ 0, S, S, 0, false, 0 },
		{ 0, S, 0, 1, false, 0 },
		{ 0, S, RATE_GAP_MAX_NS + 1, 1, false, 0 },
		{ 0, UINT64_MAX, RATE_GAP_MAX_NS, UINT32_MAX, true, 12 },   /* no overflow on the way */
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		uint32_t util = 77;
		const bool have = rate_util_centi(CASES[i].before, CASES[i].after, CASES[i].interval_ns, CASES[i].units,
						  &util);

		ck_assert_msg(have == CASES[i].have && util == (have ? CASES[i].util : 77), "case %zu: %u", i, util);
	}
}
END_TEST

START_TEST(rate_share_table)
{
	static const struct {
		uint64_t busy_before, busy_after, total_before, total_after;
		bool have;
		uint32_t share;
	} CASES[] = {
		{ 10, 60, 100, 200, true, 5000 },
		{ 10, 10, 100, 200, true, 0 },
		{ 0, 100, 0, 100, true, 10000 },
		{ 0, 101, 0, 100, true, 10000 },
		{ 0, 1, 0, 3, true, 3333 },
		{ 0, UINT64_MAX, 0, UINT64_MAX, true, 10000 },
		{ 10, 9, 100, 200, false, 0 },
		{ 10, 20, 200, 200, false, 0 },
		{ 10, 20, 200, 100, false, 0 },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		uint32_t share = 77;
		const bool have = rate_share_centi(CASES[i].busy_before, CASES[i].busy_after, CASES[i].total_before,
						   CASES[i].total_after, &share);

		ck_assert_msg(have == CASES[i].have && share == (have ? CASES[i].share : 77), "case %zu: %u", i, share);
	}
}
END_TEST

/* ---- events ---- */

START_TEST(event_text_is_one_line_of_utf8)
{
	static const struct {
		const char *given, *text;
	} CASES[] = {
		{ "a\nb\tc\x7f", "a b c " },
		{ "N\xc3\xa4he", "N\xc3\xa4he" },
		/* A name that was cut inside a character costs this character. */
		{ "N\xc3\xa4he \xc3 is \xe2\x82", "N\xc3\xa4he ? is " },
		{ "\xff\xed\xa0\x80", "????" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct event *event = event_new(1, 1, "subject", CASES[i].given);

		ck_assert_str_eq(event->text, CASES[i].text);
		part_unref(event);
	}
}
END_TEST

static Suite *model_suite(void)
{
	Suite *suite = suite_create("model");

	UNIT_ADD(suite, index_map_numbers_are_dense_and_last);
	UNIT_ADD(suite, index_map_spaces_count_for_themselves);
	UNIT_ADD(suite, index_map_spaces_are_bounded);
	UNIT_ADD(suite, index_map_forgets_the_spaces_of_a_forgotten_key);
	UNIT_ADD(suite, index_map_each_of_one_space_or_of_many);
	UNIT_ADD(suite, index_map_retired_key_comes_back);
	UNIT_ADD(suite, index_map_forgets_after_thirty_days);
	UNIT_ADD(suite, index_map_waits_for_the_clock);
	UNIT_ADD(suite, index_map_is_bounded_without_a_clock);
	UNIT_ADD(suite, index_map_keeps_a_thousand_retired);
	UNIT_ADD(suite, index_map_long_keys_stay_apart);
	UNIT_ADD(suite, index_map_is_bounded);
	UNIT_ADD(suite, index_map_each_may_retire);
	UNIT_ADD(suite, index_map_says_when_it_changed);
	UNIT_ADD(suite, index_map_survives_a_round_trip);
	UNIT_ADD(suite, index_map_refuses_cut_and_changed_images);
	UNIT_ADD(suite, index_map_refuses_forged_images);
	UNIT_ADD(suite, index_map_image_over_its_limit_is_latched);
	UNIT_ADD(suite, rate_per_second_table);
	UNIT_ADD(suite, rate_util_table);
	UNIT_ADD(suite, rate_share_table);
	UNIT_ADD(suite, event_text_is_one_line_of_utf8);
	return suite;
}

UNIT_MAIN(model_suite)
