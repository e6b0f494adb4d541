/*
 * builder.h - makes snapshots from the results of the sources: indexes, rates, merged tables. Pure but for its own state;
 * on the cycle lane.
 *
 * Holds the newest result of every source and the rows it served last. A failed source changes nothing here, so its
 * last values stay; their age shows.
 */
#ifndef EDGENODE_MODEL_BUILDER_H
#define EDGENODE_MODEL_BUILDER_H

#include "model/change.h"
#include "model/detect.h"
#include "model/index_map.h"
#include "model/snapshot.h"

struct builder;

/* indexes is borrowed; agent_version is static. started: when counters of this daemon begin (edgeNodeDiscontinuityTime). */
struct builder *builder_new(struct index_map *indexes, const char *agent_version, int64_t started_mono_ns,
			    int64_t started_real_ns);
void builder_free(struct builder *builder);

/* How often a source's results are to come, in ns. */
void builder_set_interval(struct builder *builder, enum source_id id, int64_t interval_ns);

/* Takes over a source's result. read_mono_ns: when it was read. */
void builder_apply(struct builder *builder, enum source_id id, struct part *part, int64_t now_mono_ns,
		   int64_t now_real_ns);

/* The source was found absent: what it had given goes. */
void builder_forget(struct builder *builder, enum source_id id);

/* Domains between polls (model/domain_watch.h): live changes, oldest first, and whether some were lost; what the daemon
 * before this one left raised, before anything else; events whose waiting time is over (INT64_MAX: all that wait). */
void builder_changes(struct builder *builder, const struct domain_change *changes, bool missed);
void builder_restore(struct builder *builder, const struct alarms *alarms);
void builder_tick(struct builder *builder, int64_t now_mono_ns, int64_t now_real_ns);

/* When builder_tick has something to do; whether libvirt's list should be read again soon. */
int64_t builder_due_ns(const struct builder *builder);
bool builder_unsure(const struct builder *builder);
/* Another snapshot should be built: what came with libvirt's list is not all in the last one. */
bool builder_waits(const struct builder *builder);

/* What is known of machine checks of before, which is taken over; records of new ones, oldest first. */
void builder_restore_machine_checks(struct builder *builder, struct machine_checks *checks);
void builder_machine_checks(struct builder *builder, const struct machine_check *records);

/* What the operator's actions have returned: rows without index, borrowed. */
void builder_metrics(struct builder *builder, const struct metrics *raw, int64_t now_real_ns);

/* Moves the events found since the last call to out, which is empty. */
void builder_take_events(struct builder *builder, struct event_list *out);

/* What the cycle knows of itself. */
struct builder_self {
	uint32_t poll_interval_ms;
	uint64_t cpu_time_us;
	uint32_t memory_kib;
	bool have_memory;
};

/* A new snapshot that is not sealed yet: serial 0, no events, alarms or thresholds. sources is taken over. */
struct snapshot *builder_build(struct builder *builder, struct sources *sources, const struct builder_self *self,
			       int64_t now_mono_ns, int64_t now_real_ns);

#endif
