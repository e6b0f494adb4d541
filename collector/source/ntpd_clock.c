/*
 * ntpd_clock.c - what ntpd says, in our terms. Pure; thread: any.
 *
 * Signs: ntpd's offsets are those of the reference against this node, so they are turned; its frequency is the
 * correction that it gives the kernel, as ours is. Times are milliseconds, frequencies ppm (RFC 9327, 4).
 */
#include "source/ntpd_clock.h"

#include "base/clock.h"
#include "source/ntp_daemon.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NTP_EPOCH_S 2208988800u /* from 1900 to 1970 */
#define PER_MS_NS 1000		/* billionths of a ms in a ns */
#define PER_PPM_PPB 1000000	/* billionths of a ppm in a ppb */
#define STATUS_LEAP_SHIFT 14
#define STATUS_REACHABLE 0x1000u
#define STATUS_SELECTION_SHIFT 8
#define STRATUM_UNSYNCHRONISED 16u
#define REFCLOCK_PREFIX "127.127." /* addresses that stand for drivers */
#define UNDISCIPLINED_PREFIX "127.127.1."
#define BILLION INT64_C(1000000000)
#define MS_PER_S 1000
/* What a clock that follows nothing cannot have. */
#define DISTANCE_BITS                                                                                                  \
	(CLOCK_HAVE_OFFSET | CLOCK_HAVE_EST_ERROR | CLOCK_HAVE_MAX_ERROR | CLOCK_HAVE_SKEW | CLOCK_HAVE_REFERENCE |    \
	 CLOCK_HAVE_ROOT_DELAY | CLOCK_HAVE_ROOT_DISPERSION | CLOCK_HAVE_UPDATE)
#define NO_ADDRESS "0.0.0.0" /* a name that has none yet */

static const uint8_t LEAPS[] = { CLOCK_LEAP_NONE, CLOCK_LEAP_INSERT, CLOCK_LEAP_DELETE, CLOCK_LEAP_ALARM };
/* By the three bits of the selection: reject, false ticker, excess, outlier, candidate, backup, system, PPS. Those that
 * the last step combines with the system peer are called candidates there. */
static const uint8_t STATES[] = { CLOCK_PEER_REJECTED, CLOCK_PEER_FALSETICKER, CLOCK_PEER_CANDIDATE, CLOCK_PEER_JITTERY,
				  CLOCK_PEER_COMBINED, CLOCK_PEER_CANDIDATE,   CLOCK_PEER_SELECTED,  CLOCK_PEER_PPS };
enum { HOST_SYMMETRIC_ACTIVE = 1, HOST_SYMMETRIC_PASSIVE, HOST_CLIENT };

static bool ms_to_ns(const struct ntpd_answer *variables, const char *name, int64_t *out)
{
	int64_t value;

	if (!ntpd_answer_number(variables, name, &value))
		return false;
	*out = value / PER_MS_NS;
	return true;
}

/* Seconds since 1900 go over 2^32 in 2036: the difference does not mind. */
static bool age_ns(const struct ntpd_answer *variables, const char *name, int64_t now_real_ns, int64_t *out)
{
	const uint64_t s = (uint64_t)(now_real_ns / NS_PER_S) + NTP_EPOCH_S;
	const uint64_t fraction = ((uint64_t)(now_real_ns % NS_PER_S) << 32) / NS_PER_S;
	uint64_t then;
	int64_t age;

	if (!ntpd_answer_time(variables, name, &then))
		return false;
	age = (int64_t)((s << 32 | fraction) - then);
	*out = (age >> 32) * NS_PER_S + ((age & UINT32_MAX) * NS_PER_S >> 32);
	return true;
}

static void set_errors(const struct ntpd_answer *v, struct clock_state *out)
{
	int64_t ns, delay_ns, dispersion_ns;

	if (ms_to_ns(v, "clk_jitter", &ns)) {
		out->est_error_us = ntp_daemon_us(ns);
		out->have |= CLOCK_HAVE_EST_ERROR;
	}
	if (!ms_to_ns(v, "rootdelay", &delay_ns) || !ms_to_ns(v, "rootdisp", &dispersion_ns))
		return;
	out->root_delay_us = ntp_daemon_us(delay_ns);
	out->root_dispersion_us = ntp_daemon_us(dispersion_ns);
	out->max_error_us = ntp_daemon_max_error_us(delay_ns, dispersion_ns, out->offset_ns);
	out->have |= CLOCK_HAVE_ROOT_DELAY | CLOCK_HAVE_ROOT_DISPERSION | CLOCK_HAVE_MAX_ERROR;
}

static void set_frequency(const struct ntpd_answer *v, struct clock_state *out)
{
	int64_t value;

	if (ntpd_answer_number(v, "frequency", &value) && value / PER_PPM_PPB >= INT32_MIN &&
	    value / PER_PPM_PPB <= INT32_MAX) {
		out->frequency_ppb = (int32_t)(value / PER_PPM_PPB);
		out->have |= CLOCK_HAVE_FREQUENCY;
	}
}

/* The figures of a clock that follows something. */
static void set_distance(const struct ntpd_answer *v, const struct ntpd_moment *now, struct clock_state *out)
{
	int64_t value;

	if (ms_to_ns(v, "offset", &value)) {
		out->offset_ns = -value;
		out->have |= CLOCK_HAVE_OFFSET;
	}
	set_errors(v, out);
	if (ntpd_answer_number(v, "clk_wander", &value) && value >= 0 && value / PER_PPM_PPB <= UINT32_MAX) {
		out->skew_ppb = (uint32_t)(value / PER_PPM_PPB);
		out->have |= CLOCK_HAVE_SKEW;
	}
	if (age_ns(v, "reftime", now->real_ns, &value))
		ntp_daemon_set_update(out, now->mono_ns, value);
}

/* "ntpd ntpsec-1.2.2", "ntpd 4.2.8p15@1.3728-o ...": NTPsec says whose it is, the other one does not. */
static void set_software(const struct ntpd_answer *v, struct clock_state *out)
{
	char text[sizeof(out->software)];
	const char *release;
	int length = 0;

	if (!ntpd_answer_text(v, "version", text, sizeof(text)) || text[0] == '\0')
		return;
	ntp_daemon_set_text(out->software, sizeof(out->software), text);
	out->have |= CLOCK_HAVE_SOFTWARE;
	release = strchr(out->software, ' ');
	if (release == NULL || !isalpha((unsigned char)release[1]))
		return;
	length = (int)strcspn(release + 1, "-");
	if (release[1 + length] != '-' || length >= (int)sizeof(out->vendor))
		return;
	snprintf(out->vendor, sizeof(out->vendor), "%.*s", length, release + 1);
	out->have |= CLOCK_HAVE_VENDOR;
}

static void set_precision(const struct ntpd_answer *v, struct clock_state *out)
{
	int64_t value;

	if (!ntpd_answer_number(v, "precision", &value) || value > 0 || value / BILLION < INT8_MIN)
		return;
	out->precision = (int32_t)(value / BILLION);
	out->have |= CLOCK_HAVE_PRECISION;
}

static void set_stratum(const struct ntpd_answer *v, struct clock_state *out)
{
	uint32_t stratum;

	if (!ntpd_answer_bits(v, "stratum", &stratum) || stratum >= STRATUM_UNSYNCHRONISED)
		return;
	out->stratum = stratum;
	out->have |= CLOCK_HAVE_STRATUM;
}

void ntpd_clock_state(const struct ntpd_answer *v, const struct ntpd_moment *now, struct clock_state *out)
{
	char text[sizeof(out->reference)];

	ntp_daemon_init_state(out, "ntpd");
	out->leap = LEAPS[v->status >> STATUS_LEAP_SHIFT];
	set_software(v, out);
	set_precision(v, out);
	set_stratum(v, out);
	set_frequency(v, out);
	if (out->leap == CLOCK_LEAP_ALARM || (out->have & CLOCK_HAVE_STRATUM) == 0) {
		out->state = CLOCK_UNSYNCHRONIZED;
		return;
	}
	out->state = CLOCK_SYNCHRONIZED;
	out->source = CLOCK_SOURCE_NTP;
	set_distance(v, now, out);
	if (ntpd_answer_text(v, "refid", text, sizeof(text)) && text[0] != '\0') {
		ntp_daemon_set_text(out->reference, sizeof(out->reference), text);
		out->have |= CLOCK_HAVE_REFERENCE;
	}
}

/* The step in which its readings of the clock go, in ms: the fuzz below it is random. */
static void set_resolution(const struct ntpd_answer *v, struct clock_state *out)
{
	int64_t fuzz;

	if (!ntpd_answer_number(v, "fuzz", &fuzz) || fuzz <= 0 || fuzz > MS_PER_S * BILLION)
		return;
	out->resolution = (uint32_t)(fuzz > MS_PER_S ? MS_PER_S * BILLION / fuzz : BILLION);
	out->have |= CLOCK_HAVE_RESOLUTION;
}

void ntpd_clock_counts(const struct ntpd_answer *v, const struct ntpd_moment *now, struct clock_state *out)
{
	uint32_t uptime_s;

	if (ntpd_answer_bits(v, "ss_uptime", &uptime_s)) {
		out->start_mono_ns = now->mono_ns - uptime_s * NS_PER_S;
		out->have |= CLOCK_HAVE_START;
	}
	if (ntpd_answer_count(v, "ss_badformat", &out->protocol_errors))
		out->have |= CLOCK_HAVE_PROTOCOL_ERRORS;
	if (ntpd_answer_count(v, "io_received", &out->packets_in) && ntpd_answer_count(v, "io_sent", &out->packets_out))
		out->have |= CLOCK_HAVE_PACKETS;
	set_resolution(v, out);
}

/* --- peers ------------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A server by its address; a driver, a pool and a server without address by the name in the configuration. */
static bool set_name(const struct ntpd_answer *v, const char *address, struct clock_peer *out)
{
	char text[sizeof(out->name)];

	if (!begins(address, REFCLOCK_PREFIX) && strcmp(address, NO_ADDRESS) != 0)
		snprintf(text, sizeof(text), "%s", address);
	else if (!ntpd_answer_text(v, "srchost", text, sizeof(text)) || text[0] == '\0')
		snprintf(text, sizeof(text), "%s", strcmp(address, NO_ADDRESS) != 0 ? address : "");
	ntp_daemon_set_text(out->name, sizeof(out->name), text);
	return out->name[0] != '\0';
}

static uint8_t mode_of(const struct ntpd_answer *v, const char *address)
{
	char reference[8] = "";
	uint32_t mode = 0;

	ntpd_answer_text(v, "refid", reference, sizeof(reference));
	ntpd_answer_bits(v, "hmode", &mode);
	if (begins(address, REFCLOCK_PREFIX))
		return CLOCK_PEER_REFCLOCK;
	if (strcmp(reference, "POOL") == 0)
		return CLOCK_PEER_POOL;
	if (mode == HOST_CLIENT)
		return CLOCK_PEER_SERVER;
	return mode == HOST_SYMMETRIC_ACTIVE || mode == HOST_SYMMETRIC_PASSIVE ? CLOCK_PEER_PEER : CLOCK_PEER_OTHER;
}

static uint8_t state_of(uint16_t status)
{
	const uint8_t state = STATES[status >> STATUS_SELECTION_SHIFT & 7];

	return state == CLOCK_PEER_REJECTED && (status & STATUS_REACHABLE) == 0 ? CLOCK_PEER_UNREACHABLE : state;
}

/* The distance to the true time that this peer gives (root distance of RFC 5905, 11.1), without what the offset is. */
static void set_peer_error(const struct ntpd_answer *v, struct clock_peer *out)
{
	int64_t delay_ns, dispersion_ns, root_delay_ns, root_dispersion_ns, jitter_ns;

	if (!ms_to_ns(v, "delay", &delay_ns) || !ms_to_ns(v, "dispersion", &dispersion_ns) ||
	    !ms_to_ns(v, "rootdelay", &root_delay_ns) || !ms_to_ns(v, "rootdisp", &root_dispersion_ns) ||
	    !ms_to_ns(v, "jitter", &jitter_ns))
		return;
	out->error_us =
		ntp_daemon_max_error_us(delay_ns + root_delay_ns, dispersion_ns + root_dispersion_ns, jitter_ns);
	out->have |= CLOCK_PEER_HAVE_ERROR;
}

/* Whether it is not negative. */
static bool size_of(const struct ntpd_answer *v, const char *name, uint64_t *out)
{
	int64_t ns;

	if (!ms_to_ns(v, name, &ns) || ns < 0)
		return false;
	*out = (uint64_t)ns;
	return true;
}

/* What the peer itself is like. */
static void set_quality(const struct ntpd_answer *v, struct clock_peer *out)
{
	uint64_t dispersion_ns;

	if (size_of(v, "delay", &out->delay_ns))
		out->have |= CLOCK_PEER_HAVE_DELAY;
	if (size_of(v, "jitter", &out->jitter_ns))
		out->have |= CLOCK_PEER_HAVE_JITTER;
	if (size_of(v, "rootdisp", &dispersion_ns)) {
		out->root_dispersion_us = ntp_daemon_us((int64_t)dispersion_ns);
		out->have |= CLOCK_PEER_HAVE_ROOT_DISPERSION;
	}
}

void ntpd_clock_peer_counts(const struct ntpd_answer *v, struct clock_peer *out)
{
	uint32_t forged, strange;

	if (ntpd_answer_count(v, "received", &out->packets_in) && ntpd_answer_count(v, "sent", &out->packets_out))
		out->have |= CLOCK_PEER_HAVE_PACKETS;
	if (ntpd_answer_count(v, "badauth", &forged) && ntpd_answer_count(v, "bogusorg", &strange)) {
		out->protocol_errors = forged + strange;
		out->have |= CLOCK_PEER_HAVE_PROTOCOL_ERRORS;
	}
}

/* Before the first sample the figures are nothing but initial values. */
static void set_sample(const struct ntpd_answer *v, const struct ntpd_moment *now, struct clock_peer *out)
{
	int64_t ns;

	if (!age_ns(v, "rec", now->real_ns, &ns))
		return;
	out->sample_mono_ns = now->mono_ns - (ns > 0 ? ns : 0);
	out->have |= CLOCK_PEER_HAVE_SAMPLE;
	if (ms_to_ns(v, "offset", &ns)) {
		out->offset_ns = -ns;
		out->have |= CLOCK_PEER_HAVE_OFFSET;
	}
	set_peer_error(v, out);
	set_quality(v, out);
}

bool ntpd_clock_peer(const struct ntpd_answer *v, const struct ntpd_moment *now, struct clock_peer *out)
{
	char address[sizeof(out->name)];

	*out = (struct clock_peer){ .have = 0 };
	if (!ntpd_answer_text(v, "srcadr", address, sizeof(address)) || !set_name(v, address, out))
		return false;
	out->mode = mode_of(v, address);
	out->state = state_of(v->status);
	if (out->mode == CLOCK_PEER_REFCLOCK) {
		ntp_daemon_set_text(out->driver, sizeof(out->driver), address);
		out->have |= CLOCK_PEER_HAVE_DRIVER;
	}
	if (ntpd_answer_bits(v, "stratum", &out->stratum) && out->stratum < STRATUM_UNSYNCHRONISED)
		out->have |= CLOCK_PEER_HAVE_STRATUM;
	if (ntpd_answer_bits(v, "reach", &out->reach) && out->reach <= 0xff)
		out->have |= CLOCK_PEER_HAVE_REACH;
	set_sample(v, now, out);
	return true;
}

void ntpd_clock_follow(const struct ntpd_answer *v, const struct clock_peer *peer, struct clock_state *clock)
{
	char address[sizeof(peer->name)];

	if (peer->state != CLOCK_PEER_SELECTED || peer->mode != CLOCK_PEER_REFCLOCK ||
	    clock->state != CLOCK_SYNCHRONIZED || !ntpd_answer_text(v, "srcadr", address, sizeof(address)))
		return;
	clock->source = CLOCK_SOURCE_REFERENCE;
	if (!begins(address, UNDISCIPLINED_PREFIX))
		return;
	clock->source = CLOCK_SOURCE_NONE;
	clock->state = CLOCK_UNSYNCHRONIZED;
	clock->have &= ~DISTANCE_BITS;
}
