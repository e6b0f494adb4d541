/*
 * watch_rule.c - rules on columns: the state of each rule and row, and the events that follow.
 *
 * Thread: cycle. Data: the configuration, and the values that the owner of the columns tells of a snapshot.
 */
#include "model/watch_rule.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/ruled.h"
#include "model/watch_values.h"
#include "model/watched.h"

#include <stdlib.h>
#include <string.h>

/* Once every source has told something, rows below a domain still come by turns, a poll or more later; and rates have
 * no value at the first reading. */
#define SETTLE_NS (60 * NS_PER_S)

struct rule {
	const struct config_rule *config; /* of the present configuration */
	const char *units;
	bool outdated;		     /* rows have to be matched anew */
	struct subject_set subjects; /* struct ruled */
};

struct watch_rules {
	const struct watch_values *values;
	struct config *config; /* a reference; NULL before the first */
	size_t n;
	struct rule *rules;
	struct subject_set orphans; /* struct orphan */
	int64_t complete_since_ns;  /* 0: not yet */
	bool changed;
};

/* An alarm that no row stands for: of the run of the daemon before, or of a rule that is no longer configured. */
struct orphan {
	struct subject subject;
	bool claimed;	/* a row has taken it over */
	bool ends;	/* nothing has to be waited for */
	uint32_t index; /* of the threshold row it had; 0: not known */
};

/* What a walk over the rows of one rule needs. */
struct walk {
	struct watch_rules *rules;
	struct rule *rule;
	const struct snapshot *old, *snapshot;
	bool settled; /* what is not there does not exist */
	struct index_map *indexes;
	int64_t now_real_ns;
	struct event_list *out;
};

/* ---- one row ---- */

static void threshold_key(char key[WATCHED_KEY_ROOM], const struct rule *rule, const char *subject)
{
	watched_index_key(key, subject, rule->config->name);
}

/* A row whose alarm is there already begins raised. */
static bool claim_orphan(struct watch_rules *rules, const struct rule *rule, const char *subject)
{
	struct orphan *orphan;
	char alarm[RULED_ALARM_ROOM];
	bool again;

	if (rules->orphans.n == 0)
		return false;
	ruled_alarm(alarm, rule->config, subject);
	orphan = subject_set_find(&rules->orphans, alarm, &again);
	if (orphan == NULL || orphan->claimed)
		return false;
	orphan->claimed = true;
	return true;
}

static struct ruled *add_row(const struct walk *walk, const char *subject)
{
	struct ruled *row = subject_set_add(&walk->rule->subjects, subject);
	char key[WATCHED_KEY_ROOM];

	threshold_key(key, walk->rule, subject);
	row->index = index_map_get(walk->indexes, key);
	row->state.raised = claim_orphan(walk->rules, walk->rule, subject);
	return row;
}

static void sample_row(const struct walk *walk, struct ruled *row, const struct watch_value *value)
{
	const struct config_rule *rule = walk->rule->config;
	const struct hysteresis_limits limits = { rule->rising, rule->falling, rule->hold_s * NS_PER_S };

	if (!row->have_value || row->value != value->value)
		walk->rules->changed = true;
	row->have_value = true;
	row->value = value->value;
	row->absent_since_ns = 0;
	if (hysteresis_step(&row->state, &limits, value->value, walk->snapshot->sealed_mono_ns) == HYSTERESIS_NONE)
		return;
	walk->rules->changed = true;
	event_list_add(walk->out, ruled_change_event(rule, row, walk->now_real_ns));
}

/* A domain that is off has no steal: what was too much of it is over. */
static void miss_row(const struct walk *walk, struct ruled *row)
{
	const int64_t now_mono_ns = walk->snapshot->sealed_mono_ns;
	char alarm[RULED_ALARM_ROOM];
	struct event *event;

	if (row->state.raised && row->absent_since_ns == 0)
		row->absent_since_ns = now_mono_ns;
	if (!row->state.raised || now_mono_ns - row->absent_since_ns < SETTLE_NS)
		return;
	row->state = (struct hysteresis){ 0 };
	row->absent_since_ns = 0;
	walk->rules->changed = true;
	ruled_alarm(alarm, walk->rule->config, row->subject.key);
	event = ruled_gone_event(alarm, "has no value any more", 0, NULL, walk->now_real_ns);
	event->of = EVENT_OF_THRESHOLD;
	event->of_index = row->index;
	event_list_add(walk->out, event);
}

/* Fans and voltages have the unit of their own row; of other objects all rows have the same. */
static const char *units_of(const struct walk *walk, const struct sensor *sensor)
{
	return sensor != NULL ? event_units(sensor->units) : walk->rule->units;
}

/* What edgeThresholdTable shows of the row. True where it was something else. */
static bool describe_row(struct ruled *row, const struct watch_value *value, const char *units)
{
	const size_t n = value->oid_n <= THRESHOLD_OID_MAX ? value->oid_n : 0;
	const bool same = row->readable == value->have && row->units == units && row->oid_n == n &&
			  memcmp(row->oid, value->oid, n * sizeof(row->oid[0])) == 0;

	row->readable = value->have;
	row->units = units;
	row->oid_n = n;
	memcpy(row->oid, value->oid, n * sizeof(row->oid[0]));
	return !same;
}

/* absent: there is no value, rather than one that cannot be read. */
static void step_row(const struct walk *walk, struct ruled *row, const struct watch_value *value, bool absent,
		     const char *units)
{
	const bool fresh = value->ages || value->row != row->row || walk->rule->outdated;

	row->row = value->row;
	if (describe_row(row, value, units))
		walk->rules->changed = true;
	if (fresh && value->have)
		sample_row(walk, row, value);
	else if (fresh && absent)
		miss_row(walk, row);
}

static bool is_unreadable(const struct sensor *sensor)
{
	return sensor->status == SENSOR_FAULT || sensor->status == SENSOR_UNAVAILABLE;
}

static void take_value(void *arg, const struct watch_value *value)
{
	const struct walk *walk = arg;
	const struct config_rule *rule = walk->rule->config;
	const struct sensor *sensor = NULL;
	struct watch_value readable = *value;
	struct ruled *row;
	bool again;

	if (strcmp(rule->object, WATCHED_OBJECT) == 0)
		sensor = snapshot_sensor(walk->snapshot, value->index);
	if ((sensor != NULL && sensor->type == SENSOR_TEMPERATURE) || !text_match(rule->subject, value->subject))
		return;
	row = subject_set_find(&walk->rule->subjects, value->subject, &again);
	if (again)
		return;
	if (row == NULL)
		row = add_row(walk, value->subject);
	readable.have = value->have && (sensor == NULL || !is_unreadable(sensor));
	step_row(walk, row, &readable, !value->have && sensor == NULL, units_of(walk, sensor));
}

/* ---- rows and rules that are gone ---- */

static void forget_row(const struct walk *walk, const struct ruled *row, const char *why)
{
	char key[WATCHED_KEY_ROOM], alarm[RULED_ALARM_ROOM];

	walk->rules->changed = true;
	threshold_key(key, walk->rule, row->subject.key);
	index_map_retire(walk->indexes, key, walk->now_real_ns / NS_PER_S);
	if (!row->state.raised)
		return;
	ruled_alarm(alarm, walk->rule->config, row->subject.key);
	event_list_add(walk->out, ruled_gone_event(alarm, why, row->index, walk->old, walk->now_real_ns));
}

/* A row leaves the snapshot on the proof of its end only. */
static bool row_is_gone(void *arg, struct subject *subject)
{
	const struct walk *walk = arg;

	forget_row(walk, (const struct ruled *)subject, walk->rule->outdated ? "no longer watched" : "gone");
	return true;
}

static bool orphan_is_gone(void *arg, struct subject *subject)
{
	const struct orphan *orphan = (const struct orphan *)subject;
	const struct walk *walk = arg;

	if (orphan->claimed)
		return true;
	if (!orphan->ends && !walk->settled)
		return false;
	event_list_add(walk->out, ruled_gone_event(subject->key, "gone or no longer watched", orphan->index, walk->old,
						   walk->now_real_ns));
	return true;
}

/* ---- the whole ---- */

struct watch_rules *watch_rules_new(const struct watch_values *values)
{
	struct watch_rules *rules = mem_alloc(sizeof(*rules));

	rules->values = values;
	subject_set_init(&rules->orphans, sizeof(struct orphan));
	return rules;
}

static void free_rules(struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		subject_set_clear(&rules[i].subjects);
	free(rules);
}

void watch_rules_free(struct watch_rules *rules)
{
	if (rules == NULL)
		return;
	free_rules(rules->rules, rules->n);
	subject_set_clear(&rules->orphans);
	part_unref(rules->config);
	free(rules);
}

static struct rule *find_rule(struct rule *rules, size_t n, const struct config_rule *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rules[i].config->name, wanted->name) == 0 &&
		    strcmp(rules[i].config->object, wanted->object) == 0)
			return &rules[i];
	return NULL;
}

/* The rule with what the one before knew; the old one is left empty. */
static struct rule take_rule(struct watch_rules *rules, const struct config_rule *config, const char *units)
{
	struct rule *old = find_rule(rules->rules, rules->n, config);
	struct rule rule = { .config = config, .units = units, .outdated = true };

	subject_set_init(&rule.subjects, sizeof(struct ruled));
	if (old != NULL) {
		rule.subjects = old->subjects;
		subject_set_init(&old->subjects, sizeof(struct ruled));
	}
	return rule;
}

static bool keep_orphan(void *arg, struct subject *subject)
{
	(void)arg;
	(void)subject;
	return false;
}

/* What the rules of before have raised and no rule has taken over. */
static void orphan_alarms(struct watch_rules *rules)
{
	char alarm[RULED_ALARM_ROOM];

	subject_set_begin(&rules->orphans);
	for (size_t i = 0; i < rules->n; i++) {
		for (size_t k = 0; k < rules->rules[i].subjects.n; k++) {
			const struct ruled *row = (const struct ruled *)rules->rules[i].subjects.rows[k];
			struct orphan *orphan;

			if (!row->state.raised)
				continue;
			ruled_alarm(alarm, rules->rules[i].config, row->subject.key);
			orphan = subject_set_add(&rules->orphans, alarm);
			orphan->ends = true;
			orphan->index = row->index;
		}
	}
	subject_set_end(&rules->orphans, keep_orphan, NULL);
}

void watch_rules_configure(struct watch_rules *rules, const struct config *config)
{
	struct rule *made = mem_array(config->n_rules + 1, sizeof(*made));
	const char *units;
	size_t n = 0;

	for (size_t i = 0; i < config->n_rules; i++)
		if (rules->values != NULL && rules->values->find(config->rules[i].object, &units))
			made[n++] = take_rule(rules, &config->rules[i], units);
	orphan_alarms(rules);
	free_rules(rules->rules, rules->n);
	part_unref(rules->config);
	rules->config = part_ref(config);
	rules->rules = made;
	rules->n = n;
	rules->changed = true;
}

void watch_rules_restore(struct watch_rules *rules, const struct alarms *alarms)
{
	subject_set_begin(&rules->orphans);
	for (size_t i = 0; i < alarms->n; i++)
		if (alarms->rows[i].kind == EVENT_THRESHOLD_RAISED)
			subject_set_add(&rules->orphans, alarms->rows[i].subject);
	subject_set_end(&rules->orphans, keep_orphan, NULL);
}

static void run_rule(struct walk *walk)
{
	struct rule *rule = walk->rule;
	const struct watch_values *values = walk->rules->values;
	const char *object = rule->config->object;

	if (!rule->outdated && walk->old != NULL && values->same(object, walk->old, walk->snapshot))
		return;
	subject_set_begin(&rule->subjects);
	values->each(object, walk->snapshot, walk->snapshot->sealed_mono_ns, take_value, walk);
	subject_set_end(&rule->subjects, row_is_gone, walk);
	rule->outdated = false;
}

static bool is_settled(struct watch_rules *rules, bool complete, int64_t now_mono_ns)
{
	if (rules->complete_since_ns == 0 && complete)
		rules->complete_since_ns = now_mono_ns;
	return rules->complete_since_ns != 0 && now_mono_ns - rules->complete_since_ns >= SETTLE_NS;
}

bool watch_rules_run(struct watch_rules *rules, const struct snapshot *old, const struct snapshot *new, bool complete,
		     struct index_map *indexes, int64_t now_real_ns, struct event_list *out)
{
	struct walk walk = { .rules = rules,
			     .old = old,
			     .snapshot = new,
			     .settled = is_settled(rules, complete, new->sealed_mono_ns),
			     .indexes = indexes,
			     .now_real_ns = now_real_ns,
			     .out = out };
	bool changed;

	subject_set_begin(&rules->orphans);
	for (size_t i = 0; i < rules->n; i++) {
		walk.rule = &rules->rules[i];
		run_rule(&walk);
	}
	subject_set_end(&rules->orphans, orphan_is_gone, &walk);
	changed = rules->changed;
	rules->changed = false;
	return changed;
}

/* ---- rows of edgeThresholdTable ---- */

size_t watch_rules_count(const struct watch_rules *rules)
{
	size_t n = 0;

	for (size_t i = 0; i < rules->n; i++)
		n += rules->rules[i].subjects.n;
	return n;
}

void watch_rules_fill(const struct watch_rules *rules, struct threshold *rows)
{
	for (size_t i = 0; i < rules->n; i++)
		for (size_t k = 0; k < rules->rules[i].subjects.n; k++)
			ruled_threshold(rows++, rules->rules[i].config,
					(const struct ruled *)rules->rules[i].subjects.rows[k]);
}
