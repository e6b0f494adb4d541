/*
 * watch.h - the temperatures under watch: which rules apply to which sensor, their state, and the events that follow.
 * The part of model/detect.h that has to do with thermal levels. Pure but for its own state; thread: cycle.
 */
#ifndef EDGENODE_MODEL_WATCH_H
#define EDGENODE_MODEL_WATCH_H

#include "model/detect.h"

struct watch;

struct watch *watch_new(const struct watch_values *values); /* borrowed; NULL: thresholds name no instance */
void watch_free(struct watch *watch);

/* As detect_configure: keeps a reference to config. */
void watch_configure(struct watch *watch, const struct config *config);

/* The sensor of this key had an alarm of this severity when the daemon last ran. */
void watch_restore(struct watch *watch, const char *key, uint8_t severity);

/* As detect_run, for the sensors of the snapshot. True when a row of edgeThresholdTable differs from those of the run
 * before. */
bool watch_run(struct watch *watch, const struct snapshot *old, const struct snapshot *snapshot,
	       struct index_map *indexes, int64_t now_real_ns, struct event_list *out);

/* The rows of edgeThresholdTable after a run: how many, and their contents. */
size_t watch_count(struct watch *watch, struct index_map *indexes, int64_t now_real_ns);
void watch_fill(const struct watch *watch, struct threshold *rows);

#endif
