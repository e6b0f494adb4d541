/*
 * clock.c - the kernel's view of its own clock. Thread: worker "files". Source: adjtimex(2) with modes 0, which changes
 * nothing and needs no privilege.
 *
 * The sign. Whoever disciplines the clock hands the kernel an offset that is to be added to the clock: reference minus
 * clock (adjtimex(2), ADJ_OFFSET). Each second the kernel takes a part of it, lengthens the tick by that part, and
 * subtracts it from what it keeps (kernel: kernel/time/ntp.c, second_overflow); the rest is what `offset` gives back.
 * So a positive rest makes the clock run faster: it is behind. Our offset is positive where the clock is ahead, hence
 * the sign is turned. `freq` stays as it is: positive makes the clock run faster.
 *
 * A daemon that corrects by steps and by frequency alone leaves no rest, and the offset is 0: there is nothing
 * that the kernel still has to correct.
 */
#include "source/clock.h"

#include "base/clock.h"
#include "source/procsys.h"

#include <errno.h>
#include <string.h>

#define SCALED_PPM 65536 /* freq is in 2^-16 ppm */
#define PPB_PER_PPM 1000
#define REMAINING_MAX_US (UINT32_MAX / NS_PER_US)

/* The rest in ns lies within 32 bits. Without STA_NANO it comes in us, and Linux 5.1 to 6.12 take a negative one for an
 * unsigned 32-bit number before they divide: -1 us then reads as 4294966. */
static bool remaining_ns(const struct timex *tx, int64_t *out)
{
	int64_t ns = tx->offset;

	if ((tx->status & STA_NANO) == 0) {
		if (ns < -REMAINING_MAX_US || ns > REMAINING_MAX_US)
			return false;
		ns *= NS_PER_US;
		if (ns > INT32_MAX)
			ns -= INT64_C(1) << 32;
	}
	if (ns < INT32_MIN || ns > INT32_MAX)
		return false;
	*out = ns;
	return true;
}

static bool error_us(int64_t us, uint32_t *out)
{
	if (us < 0)
		return false;
	*out = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	return true;
}

/* Rounded to the nearest. */
static bool frequency_ppb(int64_t freq, int32_t *out)
{
	const int64_t half = freq < 0 ? -SCALED_PPM / 2 : SCALED_PPM / 2;

	if (freq < INT32_MIN || freq > INT32_MAX)
		return false;
	*out = (int32_t)((freq * PPB_PER_PPM + half) / SCALED_PPM);
	return true;
}

static uint8_t leap_announced(int status)
{
	if ((status & STA_INS) != 0)
		return CLOCK_LEAP_INSERT;
	return (status & STA_DEL) != 0 ? CLOCK_LEAP_DELETE : CLOCK_LEAP_NONE;
}

/* The status bits announce a second; once it is over they may still stand, and the state says so. */
static uint8_t leap_of(int status, int result)
{
	switch (result) {
	case TIME_OK:
		return leap_announced(status);
	case TIME_INS:
	case TIME_OOP:
		return CLOCK_LEAP_INSERT;
	case TIME_DEL:
		return CLOCK_LEAP_DELETE;
	case TIME_WAIT:
		return CLOCK_LEAP_NONE;
	case TIME_ERROR:
		return CLOCK_LEAP_ALARM;
	default:
		return CLOCK_LEAP_UNKNOWN;
	}
}

void clock_convert(const struct timex *tx, int result, struct clock_state *out)
{
	int64_t remaining = 0;

	out->source = CLOCK_SOURCE_KERNEL;
	out->state = (tx->status & STA_UNSYNC) != 0 ? CLOCK_UNSYNCHRONIZED : CLOCK_SYNCHRONIZED;
	out->leap = leap_of(tx->status, result);
	out->have = 0;
	if (remaining_ns(tx, &remaining))
		out->have |= CLOCK_HAVE_OFFSET;
	out->offset_ns = -remaining;
	if (error_us(tx->esterror, &out->est_error_us))
		out->have |= CLOCK_HAVE_EST_ERROR;
	if (error_us(tx->maxerror, &out->max_error_us))
		out->have |= CLOCK_HAVE_MAX_ERROR;
	if (frequency_ppb(tx->freq, &out->frequency_ppb))
		out->have |= CLOCK_HAVE_FREQUENCY;
	/* TAI and UTC have not been equal since 1958: 0 is what the kernel has until somebody tells it. */
	out->tai_offset_s = tx->tai;
	if (tx->tai != 0)
		out->have |= CLOCK_HAVE_TAI_OFFSET;
}

static int poll_clock(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct timex tx = { .modes = 0 };
	struct clock_state *state;
	int now;

	(void)self;
	(void)env;
	now = adjtimex(&tx);
	if (now < 0)
		return source_fail(error, errno == ENOSYS ? -ERR_ABSENT : -ERR_IO, "adjtimex: %s", strerror(errno));
	state = procsys_part_new(sizeof(*state));
	clock_convert(&tx, now, state);
	*result = &state->part;
	return 0;
}

const struct source source_clock = {
	.id = SOURCE_CLOCK,
	.name = "clock",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_clock,
};
