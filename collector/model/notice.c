/*
 * notice.c - the state of every kind of watch, and the events that follow. Here is the list of them.
 *
 * Thread: cycle. Data: two snapshots. Only subjects that are wrong, were wrong, or begin to be are remembered.
 */
#include "model/notice.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/hysteresis.h"
#include "model/subject_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct notice_watch *const WATCHES[] = { &WATCH_CLOCK, &WATCH_OVERHEAD, &WATCH_BOND, &WATCH_DISK,
						      &WATCH_FAULT, &WATCH_THROTTLE, &WATCH_EDAC };
#define WATCHES_N (sizeof(WATCHES) / sizeof(WATCHES[0]))

/* A subject that is not simply right. */
struct noticed {
	struct subject subject;
	bool raised, pending;	   /* pending: it is not what `raised` says ... */
	int64_t pending_since_ns;  /* ... since this sample */
	bool seen;		   /* in this run of the daemon */
	uint32_t of_index, domain; /* of the last sample */
};

struct notices {
	struct subject_set sets[WATCHES_N]; /* struct noticed */
};

struct notice_look {
	const struct notice_watch *watch;
	struct subject_set *set;
	bool complete; /* what is not there does not exist */
	const struct snapshot *old;
	int64_t now_mono_ns, now_real_ns;
	struct event_list *out;
};

/* ---- events ---- */

static struct event *add_event(struct notice_look *look, const char *subject, bool raised, uint8_t severity,
			       const char *text)
{
	const struct notice_watch *watch = look->watch;
	struct event *event =
		event_new(raised ? watch->raised : watch->cleared, raised ? severity : SEVERITY_INFO, subject, text);

	event->time_real_ns = look->now_real_ns;
	if (watch->cleared != 0) {
		event->alarm_kind = watch->raised;
		event->alarm_change = raised ? ALARM_RAISED : ALARM_CLEARED;
	}
	event_list_add(look->out, event);
	return event;
}

static void tell(struct notice_look *look, const struct notice_sample *sample)
{
	const uint8_t severity = sample->severity != 0 ? sample->severity : look->watch->severity;
	char text[NOTICE_TEXT_SIZE];
	struct event *event;

	look->watch->text(text, sample);
	event = add_event(look, sample->subject, sample->state == NOTICE_WRONG, severity, text);
	event->of = look->watch->of;
	event->of_index = sample->of_index;
	event->domain = sample->domain;
	event->value = sample->value;
	event->threshold = sample->threshold;
	event_set_units(event, sample->units != NULL ? sample->units : "");
}

/* ---- samples ---- */

static bool held(struct noticed *row, uint32_t hold_s, int64_t now_mono_ns)
{
	if (!row->pending) {
		row->pending = true;
		row->pending_since_ns = now_mono_ns;
	}
	return now_mono_ns - row->pending_since_ns >= hold_s * NS_PER_S;
}

static void step(struct notice_look *look, struct noticed *row, const struct notice_sample *sample)
{
	const struct notice_watch *watch = look->watch;

	row->seen = true;
	row->of_index = sample->of_index;
	row->domain = sample->domain;
	if (sample->state == NOTICE_UNKNOWN)
		return;
	if ((sample->state == NOTICE_WRONG) == row->raised) {
		row->pending = false;
		return;
	}
	if (!held(row, row->raised ? watch->clear_hold_s : watch->raise_hold_s, look->now_mono_ns))
		return;
	row->raised = !row->raised;
	row->pending = false;
	tell(look, sample);
}

void notice_sample(struct notice_look *look, const struct notice_sample *sample)
{
	struct noticed *row;
	bool again;

	if (look->watch->cleared == 0) {
		if (sample->state == NOTICE_WRONG)
			tell(look, sample);
		return;
	}
	row = subject_set_find(look->set, sample->subject, &again);
	if (row == NULL && !again && sample->state == NOTICE_WRONG)
		row = subject_set_add(look->set, sample->subject);
	if (row != NULL)
		step(look, row, sample);
}

/* A row leaves the snapshot on the proof of its end only; one that was never in it may be yet to come. */
static bool is_gone(void *arg, struct subject *subject)
{
	const struct noticed *row = (const struct noticed *)subject;
	struct notice_look *look = arg;
	char text[NOTICE_TEXT_SIZE];
	struct event *event;

	if (!row->seen && !look->complete)
		return false;
	if (!row->raised)
		return true;
	snprintf(text, sizeof(text), "%.200s is gone, its alarm ends", subject->key);
	event = add_event(look, subject->key, false, SEVERITY_INFO, text);
	event->domain = row->domain;
	event_set_gone(event, look->watch->of, row->of_index, look->old);
	return true;
}

/* ---- the whole ---- */

struct notices *notices_new(void)
{
	struct notices *notices = mem_alloc(sizeof(*notices));

	for (size_t i = 0; i < WATCHES_N; i++)
		subject_set_init(&notices->sets[i], sizeof(struct noticed));
	return notices;
}

void notices_free(struct notices *notices)
{
	for (size_t i = 0; notices != NULL && i < WATCHES_N; i++)
		subject_set_clear(&notices->sets[i]);
	free(notices);
}

static bool keep(void *arg, struct subject *subject)
{
	(void)arg;
	(void)subject;
	return false;
}

void notices_restore(struct notices *notices, const struct alarms *alarms)
{
	for (size_t i = 0; i < WATCHES_N; i++) {
		subject_set_begin(&notices->sets[i]);
		for (size_t k = 0; k < alarms->n; k++) {
			struct noticed *row;

			if (alarms->rows[k].kind != WATCHES[i]->raised)
				continue;
			row = subject_set_add(&notices->sets[i], alarms->rows[k].subject);
			row->raised = true;
		}
		subject_set_end(&notices->sets[i], keep, NULL);
	}
}

static const void *part_of(const struct snapshot *snapshot, size_t offset)
{
	return snapshot != NULL ? *(const void *const *)((const char *)snapshot + offset) : NULL;
}

static bool has_unseen(const struct subject_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (!((const struct noticed *)set->rows[i])->seen)
			return true;
	return false;
}

static void run_watch(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	const void *part = part_of(new, look->watch->part);

	if (part == part_of(old, look->watch->part) && !(look->complete && has_unseen(look->set)))
		return;
	subject_set_begin(look->set);
	if (part != NULL)
		look->watch->look(look, old, new);
	subject_set_end(look->set, is_gone, look);
}

void notices_run(struct notices *notices, const struct snapshot *old, const struct snapshot *new, int64_t now_real_ns,
		 struct event_list *out)
{
	for (size_t i = 0; i < WATCHES_N; i++) {
		struct notice_look look = { .watch = WATCHES[i],
					    .set = &notices->sets[i],
					    .complete = detect_told(new->sources, WATCHES[i]->sources),
					    .old = old,
					    .now_mono_ns = new->sealed_mono_ns,
					    .now_real_ns = now_real_ns,
					    .out = out };

		run_watch(&look, old, new);
	}
}
