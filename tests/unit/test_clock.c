/*
 * test_clock.c - the source "clock": what adjtimex(2) gives becomes a clock state, and the source itself on the machine
 * at hand, whose kernel may say anything.
 */
#include "base/clock.h"
#include "source/clock.h"
#include "source/source.h"

#include "unit.h"

#include <limits.h>

extern const struct source source_clock;

static struct clock_state convert(const struct timex *tx, int result)
{
	struct clock_state state = { .source = 0 };

	clock_convert(tx, result, &state);
	return state;
}

static struct clock_state convert_offset(int status, long offset)
{
	const struct timex tx = { .status = status, .offset = offset };

	return convert(&tx, TIME_OK);
}

/* What is left to be added to the clock: positive, the clock is behind. */
START_TEST(test_offset_sign_and_unit)
{
	ck_assert_int_eq(convert_offset(STA_PLL | STA_NANO, 1234567).offset_ns, -1234567);
	ck_assert_int_eq(convert_offset(STA_PLL | STA_NANO, -500000000).offset_ns, 500000000);
	ck_assert_int_eq(convert_offset(STA_PLL, 1234).offset_ns, -1234000);
	ck_assert_int_eq(convert_offset(STA_PLL, -500000).offset_ns, 500000000);
	ck_assert_int_eq(convert_offset(STA_PLL, 500000).offset_ns, -500000000);
	ck_assert_int_eq(convert_offset(0, 0).offset_ns, 0);
	ck_assert(convert_offset(0, 0).have & CLOCK_HAVE_OFFSET);
}
END_TEST

/* -1 us and -0.5 s as some kernels give them: (2^32 + ns) / 1000. */
START_TEST(test_offset_lost_sign)
{
	const struct clock_state small = convert_offset(STA_PLL, 4294966), large = convert_offset(STA_PLL, 3794967);

	ck_assert(small.have & large.have & CLOCK_HAVE_OFFSET);
	ck_assert_int_ge(small.offset_ns, 1000);
	ck_assert_int_lt(small.offset_ns, 2000);
	ck_assert_int_ge(large.offset_ns, 500 * NS_PER_MS);
	ck_assert_int_lt(large.offset_ns, 500 * NS_PER_MS + NS_PER_US);
	/* In ns the sign is never lost. */
	ck_assert_int_eq(convert_offset(STA_NANO, 4294966).offset_ns, -4294966);
}
END_TEST

START_TEST(test_offset_beyond_the_kernel)
{
	const long values[] = { LONG_MAX, LONG_MIN, 4294968, -4294968, -2147484 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ck_assert(!(convert_offset(0, values[i]).have & CLOCK_HAVE_OFFSET));
	ck_assert(!(convert_offset(STA_NANO, LONG_MAX).have & CLOCK_HAVE_OFFSET));
	ck_assert(!(convert_offset(STA_NANO, LONG_MIN).have & CLOCK_HAVE_OFFSET));
	ck_assert(convert_offset(STA_NANO, -2147483647L - 1).have & CLOCK_HAVE_OFFSET);
	ck_assert_int_eq(convert_offset(STA_NANO, -2147483647L - 1).offset_ns, INT64_C(2147483648));
}
END_TEST

START_TEST(test_state)
{
	const struct timex unsynced = { .status = STA_UNSYNC }, synced = { .status = STA_PLL | STA_NANO },
			   fault = { .status = STA_CLOCKERR };

	ck_assert_uint_eq(convert(&unsynced, TIME_ERROR).state, CLOCK_UNSYNCHRONIZED);
	ck_assert_uint_eq(convert(&synced, TIME_OK).state, CLOCK_SYNCHRONIZED);
	ck_assert_uint_eq(convert(&fault, TIME_ERROR).state, CLOCK_SYNCHRONIZED);
	ck_assert_uint_eq(convert(&synced, TIME_OK).source, CLOCK_SOURCE_KERNEL);
}
END_TEST

START_TEST(test_leap)
{
	static const struct {
		int status, result;
		uint8_t leap;
	} CASES[] = {
		{ 0, TIME_OK, CLOCK_LEAP_NONE },
		{ STA_INS, TIME_INS, CLOCK_LEAP_INSERT },
		{ STA_INS, TIME_OK, CLOCK_LEAP_INSERT }, /* set within this second */
		{ STA_DEL, TIME_OK, CLOCK_LEAP_DELETE },
		{ STA_DEL, TIME_DEL, CLOCK_LEAP_DELETE },
		{ STA_INS, TIME_OOP, CLOCK_LEAP_INSERT },
		{ STA_INS, TIME_WAIT, CLOCK_LEAP_NONE }, /* over; nobody has cleared the bit */
		{ STA_DEL, TIME_WAIT, CLOCK_LEAP_NONE },
		{ STA_UNSYNC, TIME_ERROR, CLOCK_LEAP_ALARM },
		{ STA_UNSYNC | STA_INS, TIME_ERROR, CLOCK_LEAP_ALARM },
		{ STA_CLOCKERR, TIME_ERROR, CLOCK_LEAP_ALARM },
		{ 0, 99, CLOCK_LEAP_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const struct timex tx = { .status = CASES[i].status };

		ck_assert_msg(convert(&tx, CASES[i].result).leap == CASES[i].leap, "case %zu", i);
	}
}
END_TEST

START_TEST(test_errors)
{
	const struct timex some = { .esterror = 12, .maxerror = 16000000 },
			   none = { .esterror = -1, .maxerror = LONG_MIN };
	const struct timex most = { .esterror = LONG_MAX, .maxerror = 0 };
	struct clock_state state = convert(&some, TIME_OK);

	ck_assert_uint_eq(state.est_error_us, 12);
	ck_assert_uint_eq(state.max_error_us, 16000000);
	ck_assert(state.have & CLOCK_HAVE_EST_ERROR);
	ck_assert(state.have & CLOCK_HAVE_MAX_ERROR);
	state = convert(&none, TIME_OK);
	ck_assert(!(state.have & (CLOCK_HAVE_EST_ERROR | CLOCK_HAVE_MAX_ERROR)));
	state = convert(&most, TIME_OK);
	ck_assert_uint_eq(state.est_error_us, LONG_MAX > UINT32_MAX ? UINT32_MAX : LONG_MAX);
	ck_assert(state.have & CLOCK_HAVE_MAX_ERROR);
}
END_TEST

START_TEST(test_frequency)
{
	static const struct {
		long freq;
		int32_t ppb;
	} CASES[] = {
		{ 0, 0 },  { 65536, 1000 }, { -65536, -1000 }, { 32768000, 500000 }, { -32768000, -500000 },
		{ 33, 1 }, { -33, -1 },	    { 32, 0 },	       { -32, 0 },	     { 1048576 + 33, 16001 },
	};
	const struct timex beyond = { .freq = LONG_MAX };

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		const struct timex tx = { .freq = CASES[i].freq };
		const struct clock_state state = convert(&tx, TIME_OK);

		ck_assert(state.have & CLOCK_HAVE_FREQUENCY);
		ck_assert_int_eq(state.frequency_ppb, CASES[i].ppb);
	}
	if (LONG_MAX > INT32_MAX)
		ck_assert(!(convert(&beyond, TIME_OK).have & CLOCK_HAVE_FREQUENCY));
}
END_TEST

/* 0 is what nobody has set. */
START_TEST(test_tai)
{
	const struct timex set = { .tai = 37 }, unset = { .tai = 0 };

	ck_assert_int_eq(convert(&set, TIME_OK).tai_offset_s, 37);
	ck_assert(convert(&set, TIME_OK).have & CLOCK_HAVE_TAI_OFFSET);
	ck_assert(!(convert(&unset, TIME_OK).have & CLOCK_HAVE_TAI_OFFSET));
}
END_TEST

/* The kernel of this machine: its state is what a call of our own says, and no call of the source changes anything. */
START_TEST(test_source)
{
	const struct source_env env = { .uri = "" };
	struct timex before = { .modes = 0 }, after = { .modes = 0 };
	struct source_error error;
	struct part *part = NULL;
	const struct clock_state *state;
	int rc;

	if (adjtimex(&before) < 0) /* a sandbox without the call */
		return;
	rc = source_clock.poll(NULL, &env, &part, &error);
	ck_assert_int_eq(rc, 0);
	ck_assert_int_ge(adjtimex(&after), 0);
	state = (const struct clock_state *)part;
	ck_assert_uint_eq(state->source, CLOCK_SOURCE_KERNEL);
	if (((before.status ^ after.status) & STA_UNSYNC) == 0)
		ck_assert_uint_eq(state->state == CLOCK_UNSYNCHRONIZED, (after.status & STA_UNSYNC) != 0);
	if (before.maxerror <= after.maxerror && before.maxerror >= 0) {
		ck_assert_uint_ge(state->max_error_us, (unsigned long)before.maxerror);
		ck_assert_uint_le(state->max_error_us, (unsigned long)after.maxerror);
	}
	ck_assert_uint_ge(state->leap, CLOCK_LEAP_NONE);
	ck_assert_uint_le(state->leap, CLOCK_LEAP_ALARM);
	part_unref(part);
}
END_TEST

static Suite *clock_suite(void)
{
	Suite *suite = suite_create("clock");

	UNIT_ADD(suite, test_offset_sign_and_unit);
	UNIT_ADD(suite, test_offset_lost_sign);
	UNIT_ADD(suite, test_offset_beyond_the_kernel);
	UNIT_ADD(suite, test_state);
	UNIT_ADD(suite, test_leap);
	UNIT_ADD(suite, test_errors);
	UNIT_ADD(suite, test_frequency);
	UNIT_ADD(suite, test_tai);
	UNIT_ADD(suite, test_source);
	return suite;
}

UNIT_MAIN(clock_suite)
