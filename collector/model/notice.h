/*
 * notice.h - what is wrong with a part of the node without anybody's rule: each kind of watch is a const row and a
 * function that looks at a snapshot (watch_clock.c, watch_bond.c, ...); how long it lasts, alarms and events
 * are the same for all.
 *
 * Wrong for raise_hold_s is one event and an alarm, right again for clear_hold_s is one event that ends it. A part that
 * was not read anew is no sample; neither is what cannot be told. Pure but for its own state; thread: cycle.
 */
#ifndef EDGENODE_MODEL_NOTICE_H
#define EDGENODE_MODEL_NOTICE_H

#include "model/detect.h"

#define NOTICE_TEXT_SIZE (EVENT_TEXT_MAX * 2)

enum notice_state { NOTICE_UNKNOWN, NOTICE_RIGHT, NOTICE_WRONG };

/* One subject of a watch as it is now. */
struct notice_sample {
	const char *subject;
	enum notice_state state;
	const void *row;   /* for the text */
	uint32_t of_index; /* row of the table that the notification's objects are of */
	uint32_t domain;   /* edgeDomainIndex or 0 */
	uint8_t severity;  /* of a wrong one; 0: the watch's */
	int32_t value, threshold;
	const char *units; /* NULL: none */
};

struct notice_look; /* one look at a snapshot */

struct notice_watch {
	uint8_t raised, cleared; /* enum event_kind; cleared 0: each wrong sample is an event, and there is no alarm */
	uint8_t severity, of;	 /* enum event_severity, enum event_table */
	uint32_t raise_hold_s, clear_hold_s;
	uint64_t sources; /* BIT(id) of those that the rows come from */
	size_t part; /* offset of the part's pointer in struct snapshot: the same part again is not looked at */
	/* Tells every subject there is by notice_sample(); old is NULL at the first look. */
	void (*look)(struct notice_look *look, const struct snapshot *old, const struct snapshot *new);
	/* One line about a sample that is wrong, or right again. */
	void (*text)(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample);
};

/* In the files of their name. */
extern const struct notice_watch WATCH_CLOCK, WATCH_OVERHEAD, WATCH_BOND, WATCH_DISK, WATCH_FAULT, WATCH_THROTTLE,
	WATCH_EDAC;

void notice_sample(struct notice_look *look, const struct notice_sample *sample);

/* All watches. restore and run: as in model/detect.h. */
struct notices;
struct notices *notices_new(void);
void notices_free(struct notices *notices);
void notices_restore(struct notices *notices, const struct alarms *alarms);
void notices_run(struct notices *notices, const struct snapshot *old, const struct snapshot *new, int64_t now_real_ns,
		 struct event_list *out);

#endif
