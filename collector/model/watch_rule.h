/*
 * watch_rule.h - configured rules on whatever columns there are (model/watch_values.h), each row a subject.
 * Temperatures are not among them: their rules give thermal levels (model/watch.h). Pure but for its own state; thread:
 * cycle.
 *
 * A value that was not read anew is no sample, and neither is an absent one: nothing is known of it, so its state
 * stays. Only what has had no value for a minute in rows that were read anew ends its alarm: a domain that is off.
 */
#ifndef EDGENODE_MODEL_WATCH_RULE_H
#define EDGENODE_MODEL_WATCH_RULE_H

#include "model/detect.h"

struct watch_rules;

struct watch_rules *
watch_rules_new(const struct watch_values *values); /* borrowed; NULL: no rule applies to anything */
void watch_rules_free(struct watch_rules *rules);

/* As detect_configure: keeps a reference to config. What a rule of the same name and object knows of its subjects is
 * kept. */
void watch_rules_configure(struct watch_rules *rules, const struct config *config);

/* As detect_restore. */
void watch_rules_restore(struct watch_rules *rules, const struct alarms *alarms);

/* As detect_run. complete: every source has told something; a minute later what is not there is taken not to exist.
 * True when a row differs from those of the run before. */
bool watch_rules_run(struct watch_rules *rules, const struct snapshot *old, const struct snapshot *new, bool complete,
		     struct index_map *indexes, int64_t now_real_ns, struct event_list *out);

/* The rows of edgeThresholdTable: how many, and their contents. */
size_t watch_rules_count(const struct watch_rules *rules);
void watch_rules_fill(const struct watch_rules *rules, struct threshold *rows);

#endif
