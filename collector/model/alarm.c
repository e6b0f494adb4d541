/*
 * alarm.c - what is wrong now, from the events in their order. Pure; thread: cycle, and whoever reads the log.
 */
#include "model/detect.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct alarm *find_alarm(struct alarms *alarms, const struct event *event)
{
	for (size_t i = 0; i < alarms->n; i++)
		if (alarm_family(alarms->rows[i].kind) == event->alarm_kind &&
		    strcmp(alarms->rows[i].subject, event->subject) == 0)
			return &alarms->rows[i];
	return NULL;
}

/* A new row with the lowest free number, at its place. alarms has room for it. */
static struct alarm *insert_alarm(struct alarms *alarms, const struct event *event)
{
	size_t at = 0;
	struct alarm *row;

	while (at < alarms->n && alarms->rows[at].index == at + 1)
		at++;
	row = &alarms->rows[at];
	memmove(row + 1, row, (alarms->n - at) * sizeof(*row));
	alarms->n++;
	*row = (struct alarm){ .index = (uint32_t)at + 1, .since_real_ns = event->time_real_ns };
	row->subject = mem_string(event->subject);
	return row;
}

static void remove_alarm(struct alarms *alarms, struct alarm *row)
{
	free(row->subject);
	alarms->n--;
	memmove(row, row + 1, (size_t)(&alarms->rows[alarms->n] - row) * sizeof(*row));
}

static void apply_event(struct alarms *alarms, const struct event *event)
{
	struct alarm *row = find_alarm(alarms, event);

	if (event->alarm_change == ALARM_CLEARED && row != NULL)
		remove_alarm(alarms, row);
	if (event->alarm_change != ALARM_RAISED)
		return;
	if (row == NULL && alarms->n < ALARMS_MAX)
		row = insert_alarm(alarms, event);
	if (row == NULL)
		return;
	row->kind = event->kind;
	row->severity = event->severity;
	row->event = event->serial;
}

static struct alarms *copy_with_room(const struct alarms *old, size_t more)
{
	const size_t n = old == NULL ? 0 : old->n;
	struct alarms *alarms = alarms_new(n + more);

	for (size_t i = 0; i < n; i++) {
		alarms->rows[i] = old->rows[i];
		alarms->rows[i].subject = mem_string(old->rows[i].subject);
	}
	alarms->n = n;
	return alarms;
}

static void count_severities(struct alarms *alarms)
{
	alarms->warnings = 0;
	alarms->criticals = 0;
	for (size_t i = 0; i < alarms->n; i++) {
		alarms->warnings += alarms->rows[i].severity == SEVERITY_WARNING;
		alarms->criticals += alarms->rows[i].severity == SEVERITY_CRITICAL;
	}
}

struct alarms *alarms_apply(const struct alarms *old, const struct event_list *events)
{
	struct alarms *alarms;
	size_t changes = 0;

	for (size_t i = 0; i < events->n; i++)
		changes += events->events[i]->alarm_change != ALARM_UNCHANGED;
	if (changes == 0 && old != NULL)
		return part_ref(old);
	alarms = copy_with_room(old, changes);
	for (size_t i = 0; i < events->n; i++)
		apply_event(alarms, events->events[i]);
	count_severities(alarms);
	return alarms;
}
