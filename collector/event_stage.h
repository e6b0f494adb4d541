/*
 * event_stage.h - what stands between a built snapshot and its publication: detect, number, persist, then show and
 * notify. On the cycle lane; never blocks.
 *
 * A snapshot with events, or with row numbers given anew, is held until both are on disk, at most EVENT_HOLD_MS. When
 * the log fails or hangs, the events go out all the same, marked "[not stored]" in their text, and are counted; as soon
 * as the log works again they are entered after all, as they went out, so that its serials have no gap.
 */
#ifndef EDGENODE_EVENT_STAGE_H
#define EDGENODE_EVENT_STAGE_H

#include "config.h"
#include "model/detect.h"
#include "model/watch_values.h"
#include "persist.h"
#include "store.h"

#define EVENT_HOLD_MS 1000
#define EVENT_OWED_MAX 1000u /* events that went out unstored and are kept for the log ... */
#define EVENT_OWED_MS 5000   /* ... which is tried again as often as that while no other event comes */

struct event_stage;

struct event_stage_options {
	struct store *store;          /* borrowed */
	struct persist *persist;      /* borrowed */
	struct persist_state *state;  /* log.newest and log.alarms are taken over */
	struct index_map *indexes;    /* borrowed */
	uint32_t capacity;            /* rows of the event table */
	const struct watch_values *values; /* what rules may watch; borrowed; NULL: nothing but temperatures */
	/* Encodes the notification's varbinds; see subagent/varbind.h. */
	int (*encode)(void *arg, const struct snapshot *snapshot, const struct event *event, struct buf *out);
	/* Tells everybody of the event: a notification (none for one that could not be encoded, or is quiet; a quiet one
	 * of a domain has a record for the notification of many), other sinks.
	 * False: the queue of notifications is full. */
	bool (*notify)(void *arg, const struct event *event);
	uint32_t (*unsent)(void *arg);
	uint32_t (*given_up)(void *arg); /* notifications the master can never take; NULL: none */
	void *arg;
};

struct event_stage *event_stage_new(const struct event_stage_options *options);
void event_stage_free(struct event_stage *stage);

void event_stage_configure(struct event_stage *stage, const struct config *config);

/* An event that no difference shows (agent started, stopping, what happened to domains); goes into the next snapshot.
 * Takes over. */
void event_stage_add(struct event_stage *stage, struct event *event);

/* True while a snapshot is held: nothing can be offered. */
bool event_stage_holds(const struct event_stage *stage);

/* Takes over a built snapshot: publishes it now, or holds it. */
void event_stage_offer(struct event_stage *stage, struct snapshot *snapshot);

/* The log's answer for a batch. */
void event_stage_persisted(struct event_stage *stage, uint64_t batch, int code);

/* Lets a held snapshot go when its time is over. When that is; INT64_MAX when none is held. */
void event_stage_tick(struct event_stage *stage, int64_t now_mono_ns);
int64_t event_stage_deadline_ns(const struct event_stage *stage);

/* The daemon ends: what is held goes out by then. */
void event_stage_hurry(struct event_stage *stage, int64_t until_mono_ns);

/* Snapshots published. */
uint64_t event_stage_published(const struct event_stage *stage);

#endif
