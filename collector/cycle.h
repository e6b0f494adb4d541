/*
 * cycle.h - the cycle lane: runs the sources that are due, builds, seals and publishes. Never blocks.
 *
 * Thread: cycle_start, cycle_end and cycle_stop from main; cycle_reload, cycle_metrics,
 * cycle_persisted, cycle_wake from any.
 */
#ifndef EDGENODE_CYCLE_H
#define EDGENODE_CYCLE_H

#include "config.h"
#include "event_stage.h"
#include "source/commands.h"
#include "source/live.h"
#include "source/source.h"

#define CYCLE_GATHER_MS 100     /* how long a new result waits for others of the same tick */
#define CYCLE_GOODBYE_MS 300   /* at the end: how long the last snapshot waits for the log */
#define CYCLE_FIRST_MS 1000     /* how long the first snapshot waits for a source that does not answer */

struct cycle;

struct cycle_options {
	const struct config *config;       /* a reference is taken */
	const struct sysroot *root;        /* borrowed */
	struct commands *commands;         /* borrowed, as long as a worker lives; NULL: no source runs programs */
	const char *agent_version;         /* static */
	struct event_stage_options events; /* indexes is set by the cycle */
	struct persist_state *state;       /* what was read at start; taken over */
	/* The guest transports' newest figures, as references; each may be NULL. NULL: there are none. On the lane. */
	void (*transports)(void *arg, struct vbds **vbds, struct channels **channels);
	void (*ready)(void *arg);          /* once, on the lane, after the first publication */
	void *arg;
};

int cycle_start(const struct cycle_options *options, struct cycle **out);

/* The configuration from now on; a reference is taken. Rules, sources and intervals take effect; the libvirt URI does
 * not. */
void cycle_reload(struct cycle *cycle, const struct config *config);

/* The newest values of the operator's actions, rows without index; taken over. */
void cycle_metrics(struct cycle *cycle, struct metrics *metrics);

/* The log's answer; persist.h's done. */
void cycle_persisted(void *cycle, uint64_t batch, int code);

/* Tells the lane that it is to end: what sources say from now on, as that nobody runs their programs any more, is not
 * taken. cycle_stop waits for the end. */
void cycle_end(struct cycle *cycle);

/* Publishes edgeAgentStopping and ends the lane and the workers. False: something hangs and was left. */
bool cycle_stop(struct cycle *cycle, int64_t deadline_mono_ns);

/* After a stop that succeeded, when no consumer holds a snapshot and no lane calls cycle_persisted any more. */
void cycle_free(struct cycle *cycle);

#endif
