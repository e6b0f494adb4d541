/*
 * detect.c - events from the difference of two snapshots: states of sources; sensors by watch.c.
 *
 * Thread: cycle. Pure but for what is in struct detect.
 */
#include "model/detect.h"

#include "base/mem.h"
#include "model/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct detect {
	struct watch *watch;
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

/* ---- the whole ---- */

struct detect *detect_new(void)
{
	struct detect *detect = mem_alloc(sizeof(*detect));

	detect->watch = watch_new();
	return detect;
}

void detect_free(struct detect *detect)
{
	if (detect == NULL)
		return;
	watch_free(detect->watch);
	free(detect);
}

void detect_configure(struct detect *detect, const struct config *config)
{
	watch_configure(detect->watch, config);
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
}

struct thresholds *detect_run(struct detect *detect, const struct snapshot *old, const struct snapshot *new,
			      struct index_map *indexes, int64_t now_real_ns, struct event_list *out)
{
	compare_sources(detect, old, new->sources, now_real_ns, out);
	return watch_run(detect->watch, new, indexes, now_real_ns, out);
}
