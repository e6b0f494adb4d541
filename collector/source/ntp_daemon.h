/*
 * ntp_daemon.h - what the time daemons have in common: how one is asked, and the helpers of those who put its words
 * into the terms of clock_state.h. Thread: worker "clock".
 */
#ifndef EDGENODE_SOURCE_NTP_DAEMON_H
#define EDGENODE_SOURCE_NTP_DAEMON_H

#include "source/source.h"

/* All questions to one daemon together. */
#define NTP_DAEMON_NS (2 * INT64_C(1000000000))

struct ntp_daemon {
	const char *name;
	/* Fills out->clock and appends to out->rows (room for CLOCK_PEERS_MAX). 0; -ERR_ABSENT: none is there, or it is
	 * switched off; other errors with a text that names the daemon and its address. */
	int (*read)(const struct source_env *env, struct clock_peers *out, struct source_error *error);
};
extern const struct ntp_daemon ntp_chronyd, ntp_ntpd, ntp_timesyncd;

/* Nothing known but the daemon's name: source none, state unknown, leap unknown. `part` is left alone. */
void ntp_daemon_init_state(struct clock_state *state, const char *name);

/* The clock was compared age_ns ago; an age from before the clock was set right can be negative: that is 0. */
void ntp_daemon_set_update(struct clock_state *state, int64_t now_mono_ns, int64_t age_ns);

/* The amount in us, rounded to the nearest, saturating. */
uint32_t ntp_daemon_us(int64_t ns);

/* The greatest possible distance to the true time by RFC 5905: half the delay to the root, the dispersion, and what is
 * known to be wrong. Saturating. */
uint32_t ntp_daemon_max_error_us(int64_t root_delay_ns, int64_t root_dispersion_ns, int64_t offset_ns);

/* A daemon's text: cut to the size, bytes that are not printable ASCII as '?'. */
void ntp_daemon_set_text(char *out, size_t size, const char *text);

/* Appends a row, unless its name is there already or there are CLOCK_PEERS_MAX. */
void ntp_daemon_add_peer(struct clock_peers *peers, const struct clock_peer *row);

#endif
