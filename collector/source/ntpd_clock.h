/*
 * ntpd_clock.h - what ntpd says, in the terms of clock_state.h. Pure; thread: any.
 */
#ifndef EDGENODE_SOURCE_NTPD_CLOCK_H
#define EDGENODE_SOURCE_NTPD_CLOCK_H

#include "model/clock_state.h"
#include "source/ntpd_control.h"

/* When an answer came. */
struct ntpd_moment {
	int64_t mono_ns, real_ns;
};

/* From ntpd's own variables: all fields of out but `part`. */
void ntpd_clock_state(const struct ntpd_answer *variables, const struct ntpd_moment *now, struct clock_state *out);

/* What has to be asked for by name; an ntpd that does not know one of a line knows the other lines. */
#define NTPD_SYSTEM_COUNTS "ss_uptime,ss_badformat"
#define NTPD_SYSTEM_PACKETS "io_received,io_sent"
#define NTPD_SYSTEM_FUZZ "fuzz"
#define NTPD_PEER_COUNTS "received,sent,badauth,bogusorg"
/* From any of the first three lines, added to out; from the last one. */
void ntpd_clock_counts(const struct ntpd_answer *variables, const struct ntpd_moment *now, struct clock_state *out);
void ntpd_clock_peer_counts(const struct ntpd_answer *variables, struct clock_peer *out);

/* From an association's; false where they name nobody. */
bool ntpd_clock_peer(const struct ntpd_answer *variables, const struct ntpd_moment *now, struct clock_peer *out);

/* The clock follows this peer, where it is selected: a reference clock is another kind of source, and ntpd's driver of
 * the undisciplined clock is none. */
void ntpd_clock_follow(const struct ntpd_answer *variables, const struct clock_peer *peer, struct clock_state *clock);

#endif
