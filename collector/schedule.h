/*
 * schedule.h - which source is polled when, and how each is doing. On the cycle lane; never blocks.
 *
 * State of a source: starting until its first result; ok; stale when a poll is late by half its interval (or the time
 * the last poll took, where that is longer) or has failed once; failed when polls fail in a row, none ever succeeded, or the last success is 2.5 intervals old; absent when this
 * machine has nothing of the kind (looked at again every SCHEDULE_ABSENT_MS); disabled by the configuration.
 */
#ifndef EDGENODE_SCHEDULE_H
#define EDGENODE_SCHEDULE_H

#include "config.h"
#include "model/builder.h"
#include "source/worker.h"

#define SCHEDULE_ABSENT_MS 60000
#define SCHEDULE_HURRY_MS 200 /* least time between two polls asked for by live events */

struct schedule;

/* workers is borrowed. */
struct schedule *schedule_new(struct workers *workers);
void schedule_free(struct schedule *schedule);

/* Intervals and switches from the configuration; at a reload sources go on where they are. What a source had given goes
 * from the builder when it is switched off; one that is switched on starts anew. */
void schedule_configure(struct schedule *schedule, const struct config *config, struct builder *builder,
			int64_t now_mono_ns);

/* Asks for every poll that is due. */
void schedule_run(struct schedule *schedule, int64_t now_mono_ns, int64_t now_real_ns);

/* The source's next poll is now, but not within SCHEDULE_HURRY_MS of the last one. */
void schedule_hurry(struct schedule *schedule, enum source_id id, int64_t now_mono_ns);

/* Moves results from the workers into the builder. True when there was one. */
bool schedule_collect(struct schedule *schedule, struct builder *builder, int64_t now_mono_ns, int64_t now_real_ns);

/* The states as of now, as a new part; *changed when one differs from the call before. */
struct sources *schedule_status(struct schedule *schedule, int64_t now_mono_ns, bool *changed);

/* When schedule_run or a state change is due next. */
int64_t schedule_next_ns(const struct schedule *schedule, int64_t now_mono_ns);

#endif
