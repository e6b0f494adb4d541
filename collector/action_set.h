/*
 * action_set.h - which action runs when, for whom, and what it has returned: each <metric> of the configuration once
 * for the host or once for every active domain.
 *
 * Thread: the lane "actions". Pure but for the log: time, domains and results are told; the caller runs what is due.
 *
 * Each task has a place of its own in the update period, by its name and domain, so that those of many domains are
 * spread and stay where they are when domains come and go; the first run is at once. What is late does not pile up: a
 * place that was missed is missed.
 *
 * Places at once are config.metrics_concurrent. So that an action that hangs takes them from no other one, an action
 * that has not yet ended in time, or did not the last time, runs for one domain after the other, and all that did not
 * have half of the places together.
 */
#ifndef EDGENODE_ACTION_SET_H
#define EDGENODE_ACTION_SET_H

#include "config.h"
#include "model/domain.h"
#include "model/metric.h"
#include "source/commands.h"

#define ACTION_TASKS_MAX 65536u /* actions of all domains */

struct action_set;
struct action_task;

struct action_set *action_set_new(int64_t now_mono_ns);
/* Also with tasks that run; nobody may tell of their end any more. */
void action_set_free(struct action_set *set);

/* The actions from now on; a reference is taken. Those that are the same keep their values and their run. */
void action_set_configure(struct action_set *set, const struct config *config, int64_t now_mono_ns);

/* The domains from now on, as in the newest snapshot; a reference is taken. NULL: none are known. Costs nothing where
 * they are the same part as before. */
void action_set_domains(struct action_set *set, const struct domains *domains, int64_t now_mono_ns);

/* The next to start, which the caller then must; NULL: none is due, or there is no room. */
struct action_task *action_set_start(struct action_set *set, int64_t now_mono_ns);
/* When that may change without the end of a run; INT64_MAX: never. */
int64_t action_set_next_ns(const struct action_set *set);
/* Whether domains matter: to an action of theirs, or to one of the host whose elements may tell of them. */
bool action_set_wants_domains(const struct action_set *set);

/* What the caller runs; borrowed until the task's end. The other three are NULL for the host. */
struct action_order {
	const char *text; /* for sh -c */
	const char *name, *id, *uuid;
};
void action_task_order(const struct action_task *task, struct action_order *order);

/* The end of a run. result: borrowed; NULL: it was not run, and why says so. Neither: nobody knows, and nothing
 * changes. */
void action_set_end(struct action_set *set, struct action_task *task, const struct command_result *result,
		    const char *why, int64_t now_mono_ns);

/* Whether action_set_rows would give something new since the last call of it. */
bool action_set_changed(const struct action_set *set);
/* All rows, index 0, in the order of the configuration for each domain. */
struct metrics *action_set_rows(struct action_set *set);

#endif
