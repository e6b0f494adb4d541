/*
 * detect.c - events from the difference of two snapshots: states of sources; temperatures by watch.c, other rules by
 * watch_rule.c, everything else by notice.c.
 *
 * Thread: cycle. Pure but for what is in struct detect.
 */
#include "model/detect.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/notice.h"
#include "model/watch.h"
#include "model/watch_rule.h"
#include "model/watched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct detect {
	struct watch *watch;
	struct watch_rules *rules;
	struct notices *notices;
	struct thresholds *thresholds; /* as last given */
	bool swept; /* numbers of thresholds that no longer exist have been given back */
	bool failed[SOURCE_END]; /* has an alarm */
};

/* ---- the list ---- */

void event_list_add(struct event_list *list, struct event *event)
{
	/* Full at each power of two. */
	if ((list->n & (list->n - 1)) == 0)
		list->events = mem_grow(list->events, list->n * 2, sizeof(list->events[0]));
	list->events[list->n++] = event;
}

void event_list_clear(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		part_unref(list->events[i]);
	free(list->events);
	*list = (struct event_list){ 0 };
}

/* ---- sources ---- */

static bool is_off(uint8_t state)
{
	return state == SOURCE_STATE_DISABLED || state == SOURCE_STATE_ABSENT;
}

static uint8_t state_before(const struct snapshot *old, uint32_t source)
{
	if (old != NULL && old->sources != NULL)
		for (size_t i = 0; i < old->sources->n; i++)
			if (old->sources->rows[i].index == source)
				return old->sources->rows[i].state;
	return SOURCE_STATE_STARTING;
}

static void add_source_event(struct event_list *out, const struct source_status *row, int64_t now_real_ns)
{
	const bool failed = row->state == SOURCE_STATE_FAILED;
	char text[EVENT_TEXT_MAX * 2];
	struct event *event;

	if (failed)
		snprintf(text, sizeof(text), "source %s has failed%s%s", row->name,
			 row->last_error[0] != '\0' ? ": " : "", row->last_error);
	else if (is_off(row->state))
		snprintf(text, sizeof(text), "source %s is %s now, its alarm ends", row->name,
			 row->state == SOURCE_STATE_DISABLED ? "disabled" : "absent");
	else
		snprintf(text, sizeof(text), "source %s delivers again", row->name);
	event = event_new(failed ? EVENT_SOURCE_FAILED : EVENT_SOURCE_RECOVERED,
			  failed ? SEVERITY_WARNING : SEVERITY_INFO, row->name, text);
	event->time_real_ns = now_real_ns;
	event->of = EVENT_OF_SOURCE;
	event->of_index = row->index;
	event->alarm_kind = EVENT_SOURCE_FAILED;
	event->alarm_change = failed ? ALARM_RAISED : ALARM_CLEARED;
	event_list_add(out, event);
}

static void compare_source(struct detect *detect, const struct snapshot *old, const struct source_status *row,
			   int64_t now_real_ns, struct event_list *out)
{
	bool *failed = &detect->failed[row->index];

	if (row->state == SOURCE_STATE_FAILED) {
		if (*failed || is_off(state_before(old, row->index)))
			return;
	} else if (!*failed || !(row->state == SOURCE_STATE_OK || is_off(row->state))) {
		return;
	}
	*failed = !*failed;
	add_source_event(out, row, now_real_ns);
}

static void compare_sources(struct detect *detect, const struct snapshot *old, const struct sources *new,
			    int64_t now_real_ns, struct event_list *out)
{
	if (new == NULL || (old != NULL && old->sources == new))
		return;
	for (size_t i = 0; i < new->n; i++)
		if (new->rows[i].index < SOURCE_END)
			compare_source(detect, old, &new->rows[i], now_real_ns, out);
}

bool detect_told(const struct sources *sources, uint64_t which)
{
	if (sources == NULL)
		return false;
	for (size_t i = 0; i < sources->n; i++) {
		const struct source_status *row = &sources->rows[i];

		if ((which & BIT(row->index)) != 0 && row->state != SOURCE_STATE_OK && !is_off(row->state) &&
		    (row->have & STATUS_HAVE_SUCCESS) == 0)
			return false;
	}
	return true;
}

/* ---- rows of edgeThresholdTable ---- */

static int compare_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct threshold *)a)->index, y = ((const struct threshold *)b)->index;

	return (x > y) - (x < y);
}

/* Sorted; of rows with the same number the first, and none of those that have got no number. */
static void order_rows(struct thresholds *thresholds)
{
	size_t n = 0;

	qsort(thresholds->rows, thresholds->n, sizeof(thresholds->rows[0]), compare_index);
	for (size_t i = 0; i < thresholds->n; i++) {
		struct threshold *row = &thresholds->rows[i];

		if (row->index != 0 && (n == 0 || thresholds->rows[n - 1].index != row->index)) {
			thresholds->rows[n++] = *row;
			continue;
		}
		free(row->name);
		free(row->subject);
	}
	thresholds->n = n;
}

static void build_thresholds(struct detect *detect, struct index_map *indexes, int64_t now_real_ns)
{
	const size_t n = watch_count(detect->watch, indexes, now_real_ns);
	struct thresholds *thresholds = thresholds_new(n + watch_rules_count(detect->rules));

	watch_fill(detect->watch, thresholds->rows);
	watch_rules_fill(detect->rules, thresholds->rows + n);
	order_rows(thresholds);
	part_unref(detect->thresholds);
	detect->thresholds = thresholds;
}

struct sweep {
	const struct thresholds *thresholds;
	struct index_map *indexes;
	int64_t now_real_ns;
};

static void sweep_key(void *arg, const char *key, uint32_t index)
{
	const struct sweep *sweep = arg;
	const struct threshold wanted = { .index = index };

	if (bsearch(&wanted, sweep->thresholds->rows, sweep->thresholds->n, sizeof(wanted), compare_index) == NULL)
		index_map_retire(sweep->indexes, key, sweep->now_real_ns / NS_PER_S);
}

/* Once after each start or change of the rules: what the thresholds of before had is given back. */
static void sweep_numbers(struct detect *detect, struct index_map *indexes, int64_t now_real_ns)
{
	struct sweep sweep = { detect->thresholds, indexes, now_real_ns };

	index_map_each(indexes, WATCHED_INDEX_PREFIX, sweep_key, &sweep);
	detect->swept = true;
}

/* ---- the whole ---- */

struct detect *detect_new(const struct watch_values *values)
{
	struct detect *detect = mem_alloc(sizeof(*detect));

	detect->watch = watch_new(values);
	detect->rules = watch_rules_new(values);
	detect->notices = notices_new();
	return detect;
}

void detect_free(struct detect *detect)
{
	if (detect == NULL)
		return;
	watch_free(detect->watch);
	watch_rules_free(detect->rules);
	notices_free(detect->notices);
	part_unref(detect->thresholds);
	free(detect);
}

void detect_configure(struct detect *detect, const struct config *config)
{
	watch_configure(detect->watch, config);
	watch_rules_configure(detect->rules, config);
	detect->swept = false;
}

static void restore_source(struct detect *detect, const char *name)
{
	const unsigned id = source_id_of(name);

	if (id > 0 && id < SOURCE_END)
		detect->failed[id] = true;
}

void detect_restore(struct detect *detect, const struct alarms *alarms)
{
	for (size_t i = 0; i < alarms->n; i++) {
		const struct alarm *alarm = &alarms->rows[i];

		if (alarm_family(alarm->kind) == EVENT_THERMAL_WARNING)
			watch_restore(detect->watch, alarm->subject, alarm->severity);
		else if (alarm->kind == EVENT_SOURCE_FAILED)
			restore_source(detect, alarm->subject);
	}
	watch_rules_restore(detect->rules, alarms);
	notices_restore(detect->notices, alarms);
}

struct thresholds *detect_run(struct detect *detect, const struct snapshot *old, const struct snapshot *new,
			      struct index_map *indexes, int64_t now_real_ns, struct event_list *out)
{
	const bool complete = detect_told(new->sources, DETECT_ALL_SOURCES);
	bool changed;

	compare_sources(detect, old, new->sources, now_real_ns, out);
	changed = watch_run(detect->watch, old, new, indexes, now_real_ns, out);
	changed = watch_rules_run(detect->rules, old, new, complete, indexes, now_real_ns, out) || changed;
	notices_run(detect->notices, old, new, now_real_ns, out);
	if (changed || detect->thresholds == NULL)
		build_thresholds(detect, indexes, now_real_ns);
	if (complete && !detect->swept)
		sweep_numbers(detect, indexes, now_real_ns);
	return part_ref(detect->thresholds);
}
