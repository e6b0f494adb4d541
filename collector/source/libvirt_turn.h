/*
 * libvirt_turn.h - whose monitor is asked when, and with whom in one call. Pure; thread: the owner's.
 *
 * Every domain is asked once in LIBVIRT_TURN_AGE_MS or once a poll, whichever is longer, and the domains are spread
 * over the polls in between. One that is new, was started, has other devices or was in a call that came to nothing
 * comes first. A domain that may have been what such a call hung at is asked alone from then on, until it answers
 * whole: so the next call that hangs costs nobody else.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_TURN_H
#define EDGENODE_SOURCE_LIBVIRT_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBVIRT_TURN_AGE_MS 5000
#define LIBVIRT_TURN_LEAST 8 /* asked at a poll even where fewer would do: few domains are as fresh as the poll */

/* What is known of one domain's monitor. Begins with zeros but for the UUID. */
struct libvirt_turn {
	uint8_t uuid[16];
	int id; /* libvirt's number of the domain, -1 while it is off; 0: never seen */
	bool first, alone;
	bool asked;	       /* and has not answered yet */
	int64_t asked_mono_ns; /* for the last time */
	bool hangs;	       /* found out, and told */
	int64_t hangs_mono_ns; /* since when it was asked in vain */
};

/* What is to be told of it. */
enum libvirt_turn_news { TURN_NO_NEWS, TURN_HANGS, TURN_ANSWERS_AGAIN };

/* The domain as a list shows it. changed: it has other devices. */
void libvirt_turn_see(struct libvirt_turn *turn, int id, bool changed);

/* Orders the turns: those to be asked now stand first, in that order. Their number. elapsed_ns: since the pick before,
 * INT64_MAX at the first. risk: one that may hang may be asked. Cost: O(n log n). */
size_t libvirt_turn_pick(struct libvirt_turn **turns, size_t n, int64_t elapsed_ns, bool risk);

/* How many of the n picked, from the first on, one call may ask; at most `most`. */
size_t libvirt_turn_together(struct libvirt_turn *const *picked, size_t n, size_t most);

void libvirt_turn_ask(struct libvirt_turn *turn, int64_t now_mono_ns);

/* The call came back. whole: with what only the monitor tells; without, another call has the monitor, be it one that
 * hangs. */
enum libvirt_turn_news libvirt_turn_answered(struct libvirt_turn *turn, bool whole);

/* The call over n domains, this one among them, did not come back in time. */
enum libvirt_turn_news libvirt_turn_overran(struct libvirt_turn *turn, size_t n);

/* The call was refused. whole: as such, as by a connection that is lost; else it may be for one of its domains. */
void libvirt_turn_refused(struct libvirt_turn *turn, bool whole);

#endif
