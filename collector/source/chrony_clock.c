/*
 * chrony_clock.c - what chronyd says, in our terms. Pure; thread: any.
 *
 * Signs. The offset is chronyd's present correction ("System time" of chronyc tracking) with its sign turned: a
 * positive correction is still to be added to a clock that is slow, and our offset is positive where the clock is
 * ahead. It is not the offset at the last update: what has been corrected since is no longer wrong. chronyd's frequency
 * is the error that it corrects, ours is the correction, like the kernel's, so its sign is turned too.
 *
 * Synchronised. With leap "not synchronised" chronyd follows nothing. With `local` it says leap 0 and a stratum, for
 * its clients' sake; but the clock then follows only itself, and chronyd tells the kernel, too, that it is not
 * synchronised. In both cases figures on the distance to a reference mean nothing and are absent.
 */
#include "source/chrony_clock.h"

#include "base/clock.h"
#include "source/ntp_daemon.h"

#include <stdio.h>
#include <string.h>

static const uint8_t LEAPS[] = { CLOCK_LEAP_NONE, CLOCK_LEAP_INSERT, CLOCK_LEAP_DELETE, CLOCK_LEAP_ALARM };
static const uint8_t STATES[] = {
	[CHRONY_SELECTED] = CLOCK_PEER_SELECTED,       [CHRONY_UNUSABLE] = CLOCK_PEER_REJECTED,
	[CHRONY_FALSETICKER] = CLOCK_PEER_FALSETICKER, [CHRONY_JITTERY] = CLOCK_PEER_JITTERY,
	[CHRONY_COMBINED] = CLOCK_PEER_COMBINED,       [CHRONY_NOT_COMBINED] = CLOCK_PEER_CANDIDATE,
};
static const uint8_t MODES[] = {
	[CHRONY_SERVER] = CLOCK_PEER_SERVER, [CHRONY_PEER] = CLOCK_PEER_PEER, [CHRONY_REFCLOCK] = CLOCK_PEER_REFCLOCK
};

static uint8_t of(const uint8_t *values, size_t n, uint16_t number, uint8_t otherwise)
{
	return number < n ? values[number] : otherwise;
}

/* chronyd's time now is the clock's and the correction; the age of its last update counts in that. */
static void set_update(const struct chrony_tracking *t, int64_t now_mono_ns, int64_t now_real_ns,
		       struct clock_state *out)
{
	int64_t now_ns, age_ns;

	if (t->reference_real_ns == 0 || __builtin_add_overflow(now_real_ns, t->correction_ns, &now_ns) ||
	    __builtin_sub_overflow(now_ns, t->reference_real_ns, &age_ns))
		return;
	ntp_daemon_set_update(out, now_mono_ns, age_ns);
}

/* The figures of a clock that follows something. */
static void set_distance(const struct chrony_tracking *t, struct clock_state *out)
{
	out->offset_ns = -t->correction_ns;
	out->est_error_us = ntp_daemon_us(t->rms_offset_ns);
	out->root_delay_us = ntp_daemon_us(t->root_delay_ns);
	out->root_dispersion_us = ntp_daemon_us(t->root_dispersion_ns);
	out->max_error_us = ntp_daemon_max_error_us(t->root_delay_ns, t->root_dispersion_ns, t->correction_ns);
	out->skew_ppb = t->skew_ppb < 0 ? 0 : t->skew_ppb > UINT32_MAX ? UINT32_MAX : (uint32_t)t->skew_ppb;
	out->have |= CLOCK_HAVE_OFFSET | CLOCK_HAVE_EST_ERROR | CLOCK_HAVE_MAX_ERROR | CLOCK_HAVE_ROOT_DELAY |
		     CLOCK_HAVE_ROOT_DISPERSION | CLOCK_HAVE_SKEW;
}

static void set_reference(const struct chrony_tracking *t, struct clock_state *out)
{
	char text[CHRONY_TEXT_SIZE];

	if (t->address.family == CHRONY_NO_ADDRESS)
		chrony_reference_text(t->reference_id, text);
	else
		chrony_address_text(&t->address, text);
	snprintf(out->reference, sizeof(out->reference), "%s", text);
	out->source = t->address.family == CHRONY_NO_ADDRESS ? CLOCK_SOURCE_REFERENCE : CLOCK_SOURCE_NTP;
	out->have |= CLOCK_HAVE_REFERENCE;
}

void chrony_clock_state(const struct chrony_tracking *t, int64_t now_mono_ns, int64_t now_real_ns,
			struct clock_state *out)
{
	const bool follows = t->leap != CHRONY_LEAP_UNSYNCHRONISED && t->stratum > 0 &&
			     (t->address.family != CHRONY_NO_ADDRESS || t->reference_id != CHRONY_REFERENCE_LOCAL);

	ntp_daemon_init_state(out, "chronyd");
	out->state = follows ? CLOCK_SYNCHRONIZED : CLOCK_UNSYNCHRONIZED;
	out->leap = of(LEAPS, sizeof(LEAPS), t->leap, CLOCK_LEAP_UNKNOWN);
	if (t->frequency_ppb > INT32_MIN && t->frequency_ppb <= INT32_MAX) {
		out->frequency_ppb = (int32_t)-t->frequency_ppb;
		out->have |= CLOCK_HAVE_FREQUENCY;
	}
	out->stratum = t->stratum;
	out->have |= t->stratum > 0 ? CLOCK_HAVE_STRATUM : 0;
	if (!follows)
		return;
	set_reference(t, out);
	set_distance(t, out);
	set_update(t, now_mono_ns, now_real_ns, out);
}

bool chrony_clock_same_source(const struct chrony_source *source, const struct chrony_sourcestats *stats)
{
	if (source->mode == CHRONY_REFCLOCK)
		return stats->reference_id == chrony_address_id(&source->address);
	return source->address.family == stats->address.family &&
	       memcmp(source->address.bytes, stats->address.bytes, sizeof(stats->address.bytes)) == 0;
}

static void set_name(const struct chrony_source *source, const char *name, struct clock_peer *out)
{
	char text[CHRONY_TEXT_SIZE];

	if (source->mode == CHRONY_REFCLOCK)
		chrony_reference_text(chrony_address_id(&source->address), text);
	else
		chrony_address_text(&source->address, text);
	if (source->address.family == CHRONY_UNRESOLVED && name[0] != '\0')
		ntp_daemon_set_text(out->name, sizeof(out->name), name);
	else
		ntp_daemon_set_text(out->name, sizeof(out->name), text);
}

/* "Unusable" is anything from not answering to having answered too little; the register tells which. */
static uint8_t state_of(const struct chrony_source *source)
{
	if (source->state == CHRONY_UNUSABLE && source->reach == 0)
		return CLOCK_PEER_UNREACHABLE;
	return of(STATES, sizeof(STATES), source->state, CLOCK_PEER_UNKNOWN);
}

void chrony_clock_peer(const struct chrony_source *source, const struct chrony_sourcestats *stats, const char *name,
		       int64_t now_mono_ns, struct clock_peer *out)
{
	*out = (struct clock_peer){ .have = CLOCK_PEER_HAVE_REACH };
	set_name(source, name, out);
	out->mode = of(MODES, sizeof(MODES), source->mode, CLOCK_PEER_OTHER);
	out->state = state_of(source);
	out->reach = source->reach & 0xff;
	out->stratum = source->stratum;
	/* A reference clock is stratum 0; of a server that is the value before its first answer. */
	if (source->stratum > 0 || source->mode == CHRONY_REFCLOCK)
		out->have |= CLOCK_PEER_HAVE_STRATUM;
	if (source->since_sample_s == CHRONY_NO_SAMPLE)
		return;
	out->sample_mono_ns = now_mono_ns - source->since_sample_s * NS_PER_S;
	out->offset_ns = stats != NULL && stats->samples >= CHRONY_SAMPLES_MIN ? stats->offset_ns : source->offset_ns;
	if (stats != NULL && stats->samples >= CHRONY_SAMPLES_MIN && stats->deviation_ns >= 0) {
		out->jitter_ns = (uint64_t)stats->deviation_ns;
		out->have |= CLOCK_PEER_HAVE_JITTER;
	}
	out->error_us = ntp_daemon_us(source->error_ns);
	out->have |= CLOCK_PEER_HAVE_SAMPLE | CLOCK_PEER_HAVE_OFFSET | CLOCK_PEER_HAVE_ERROR;
}
