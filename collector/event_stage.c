/*
 * event_stage.c - from built snapshot to published snapshot. Thread: cycle.
 */
#include "event_stage.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/event_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_IMAGE_MAX (INDEX_ENTRIES_MAX * 600u)

struct event_stage {
	struct event_stage_options options;
	struct detect *detect;
	struct event_limit *limit;
	struct event_list extra;  /* for the next snapshot */
	struct snapshot *last;    /* sealed last, published or held: what the next is compared with */
	struct events *events;    /* newest rows */
	struct alarms *alarms;
	uint32_t next_serial, logged, dropped, boot;
	uint8_t log_id[16];
	uint64_t published;
	/* The held snapshot and its events. */
	struct snapshot *held;
	struct event_list batch_events;
	uint64_t batch;     /* number of the held events */
	uint64_t log_batch; /* number of the batch last handed to the log ... */
	uint32_t log_serial; /* ... its last event */
	bool in_log;         /* ... which has not been answered yet */
	bool log_late;       /* ... and has been waited for long enough */
	bool ending;         /* the daemon is */
	bool handed;         /* the held events are that batch */
	int64_t hold_until_mono_ns;
	/* Events that went out and are not in the log yet: they go there as soon as it works. */
	struct event_list owed;
	int64_t owed_due_mono_ns;
};

struct event_stage *event_stage_new(const struct event_stage_options *options)
{
	struct event_stage *stage = mem_alloc(sizeof(*stage));
	const struct event_log_state *log = &options->state->log;

	stage->options = *options;
	stage->detect = detect_new(options->values);
	stage->events = log->newest;
	stage->alarms = log->alarms;
	stage->next_serial = log->last_serial + 1;
	stage->boot = options->state->boot;
	memcpy(stage->log_id, log->log_id, sizeof(stage->log_id));
	stage->limit = event_limit_new();
	detect_restore(stage->detect, stage->alarms);
	return stage;
}

void event_stage_free(struct event_stage *stage)
{
	if (stage == NULL)
		return;
	event_list_clear(&stage->extra);
	event_list_clear(&stage->batch_events);
	event_list_clear(&stage->owed);
	part_unref(stage->held);
	part_unref(stage->last);
	part_unref(stage->events);
	part_unref(stage->alarms);
	detect_free(stage->detect);
	event_limit_free(stage->limit);
	free(stage);
}

void event_stage_configure(struct event_stage *stage, const struct config *config)
{
	detect_configure(stage->detect, config);
}

void event_stage_add(struct event_stage *stage, struct event *event)
{
	event_list_add(&stage->extra, event);
}

bool event_stage_holds(const struct event_stage *stage)
{
	return stage->held != NULL;
}

int64_t event_stage_deadline_ns(const struct event_stage *stage)
{
	if (stage->held != NULL)
		return stage->hold_until_mono_ns;
	return stage->owed.n > 0 && !stage->in_log ? stage->owed_due_mono_ns : INT64_MAX;
}

uint64_t event_stage_published(const struct event_stage *stage)
{
	return stage->published;
}

/* --- numbering ---------------------------------------------------------------------------------------------------- */

static void stamp(struct event_stage *stage, struct event *event, int64_t now_mono_ns)
{
	event->serial = stage->next_serial++;
	event->boot = stage->boot;
	event->uptime_ms = (uint64_t)(clock_boot_ns() / NS_PER_MS);
	event->clock_synced = clock_is_synced();
	event->stored = true;
	event->quiet = !event_limit_pass(stage->limit, event, now_mono_ns);
}

/* The newest rows: those before, the new ones, the oldest left out. */
static struct events *extend(const struct event_stage *stage, const struct event_list *list)
{
	const struct events *old = stage->events;
	const size_t before = old != NULL ? old->n : 0, all = before + list->n;
	const size_t capacity = stage->options.capacity;
	const size_t skip = all > capacity ? all - capacity : 0;
	struct events *events = events_new(all - skip);

	for (size_t i = skip; i < all; i++)
		events->rows[i - skip] = part_ref(i < before ? old->rows[i] : list->events[i - before]);
	return events;
}

/* Not in the log in time, or not notified and never to be. */
static uint32_t dropped(const struct event_stage *stage)
{
	return stage->dropped + (stage->options.given_up != NULL ? stage->options.given_up(stage->options.arg) : 0);
}

static void set_scalars(const struct event_stage *stage, struct events *events)
{
	events->first = events->n > 0 ? events->rows[0]->serial : 0;
	events->last = stage->next_serial - 1;
	memcpy(events->log_id, stage->log_id, sizeof(events->log_id));
	events->logged = stage->logged;
	events->capacity = stage->options.capacity;
	events->dropped = dropped(stage);
	events->unsent = stage->options.unsent(stage->options.arg);
}

static bool same_scalars(const struct event_stage *stage)
{
	const struct events *events = stage->events;

	return events != NULL && events->logged == stage->logged && events->dropped == dropped(stage) &&
	       events->unsent == stage->options.unsent(stage->options.arg) && events->last == stage->next_serial - 1;
}

static void update_events(struct event_stage *stage, const struct event_list *list)
{
	struct events *events;

	if (list->n == 0 && same_scalars(stage))
		return;
	events = extend(stage, list);
	set_scalars(stage, events);
	snapshot_put(&stage->events, events);
}

static void encode_all(struct event_stage *stage, const struct snapshot *snapshot, const struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct event *event = list->events[i];
		struct buf record;

		/* A change of a domain may still have a part in one for many. */
		if (event->quiet && event->of != EVENT_OF_DOMAIN)
			continue;
		buf_init(&record, EVENT_RECORD_MAX);
		if (stage->options.encode(stage->options.arg, snapshot, event, &record) == 0) {
			free(event->varbinds);
			event->varbinds = (uint8_t *)record.data;
			event->varbinds_length = record.length;
		} else {
			log_warning("event %u: its notification cannot be encoded", event->serial);
			stage->dropped++;
			buf_free(&record);
		}
	}
}

/* --- release ------------------------------------------------------------------------------------------------------ */

static void publish(struct event_stage *stage, struct snapshot *snapshot)
{
	stage->published++;
	store_publish(stage->options.store, snapshot);
}

static void notify_all(struct event_stage *stage, const struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct event *event = list->events[i];

		if (!stage->options.notify(stage->options.arg, event))
			stage->dropped++;
	}
}

/* Frozen rows are for the encoding only; the events live as long as their rows in the table. */
static void drop_rows(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		snapshot_put(&list->events[i]->row, NULL);
		snapshot_put(&list->events[i]->before, NULL);
	}
}

static void release(struct event_stage *stage)
{
	struct snapshot *snapshot = stage->held;

	stage->held = NULL;
	stage->handed = false;
	drop_rows(&stage->batch_events);
	publish(stage, snapshot);
	notify_all(stage, &stage->batch_events);
	event_list_clear(&stage->batch_events);
}

#define NOT_STORED " [not stored]"

/* A copy that says so: the log may still be reading the original. */
static struct event *unstored_copy(const struct event *event)
{
	char text[EVENT_TEXT_MAX + 1];
	struct event *copy;

	snprintf(text, sizeof(text), "%.*s%s", (int)(EVENT_TEXT_MAX - sizeof(NOT_STORED)), event->text, NOT_STORED);
	copy = event_new(event->kind, event->severity, event->subject, text);
	copy->serial = event->serial;
	copy->clock_synced = event->clock_synced;
	copy->stored = false;
	copy->quiet = event->quiet;
	copy->time_real_ns = event->time_real_ns;
	copy->boot = event->boot;
	copy->uptime_ms = event->uptime_ms;
	copy->domain = event->domain;
	copy->value = event->value;
	copy->threshold = event->threshold;
	event_set_units(copy, event->units);
	copy->of = event->of;
	copy->of_index = event->of_index;
	copy->row = part_ref(event->row);
	copy->persistent = event->persistent;
	copy->before = part_ref(event->before);
	copy->device = mem_string(event->device);
	copy->alarm_change = event->alarm_change;
	copy->alarm_kind = event->alarm_kind;
	if (event->machine_check != NULL) {
		copy->machine_check = mem_alloc(sizeof(*copy->machine_check));
		*copy->machine_check = *event->machine_check;
	}
	return copy;
}

/* ---- what the log is owed ---- */

/* Takes over nothing. Beyond the limit the oldest are given up: the log never has them. */
static void owe(struct event_stage *stage, const struct event_list *list)
{
	struct event_list all = { 0 };
	const size_t n = stage->owed.n + list->n, skip = n > EVENT_OWED_MAX ? n - EVENT_OWED_MAX : 0;

	for (size_t i = skip; i < n; i++)
		event_list_add(&all, part_ref(i < stage->owed.n ? stage->owed.events[i]
								: list->events[i - stage->owed.n]));
	event_list_clear(&stage->owed);
	stage->owed = all;
}

/* Everything up to this serial is in the log. */
static void settle(struct event_stage *stage, uint32_t serial)
{
	struct event_list left = { 0 };

	for (size_t i = 0; i < stage->owed.n; i++) {
		if (stage->owed.events[i]->serial > serial)
			event_list_add(&left, part_ref(stage->owed.events[i]));
		else
			stage->logged++;
	}
	event_list_clear(&stage->owed);
	stage->owed = left;
}

/* Hands the log what it is owed and then the list. False: there is nothing, or the log does not take it. */
static bool hand_over(struct event_stage *stage, const struct event_list *list, int64_t now_mono_ns)
{
	struct event_list all = { 0 };
	bool taken;

	for (size_t i = 0; i < stage->owed.n + list->n; i++)
		event_list_add(&all, part_ref(i < stage->owed.n ? stage->owed.events[i]
								: list->events[i - stage->owed.n]));
	stage->owed_due_mono_ns = now_mono_ns + EVENT_OWED_MS * NS_PER_MS;
	taken = persist_events(stage->options.persist, stage->batch, &all, stage->alarms) == 0;
	if (taken) {
		stage->in_log = true;
		stage->log_batch = stage->batch;
		stage->log_serial = all.n > 0 ? all.events[all.n - 1]->serial : 0;
	}
	event_list_clear(&all);
	return taken;
}

/* The log does not have the held events: their rows and notifications say so. */
static void mark_unstored(struct event_stage *stage)
{
	struct event_list *list = &stage->batch_events;
	struct events *events = stage->events;
	const size_t shown = list->n < events->n ? list->n : events->n;
	struct event_list none = { 0 };

	if (list->n == 0)
		return;
	stage->dropped += (uint32_t)list->n;
	for (size_t i = 0; i < list->n; i++) {
		struct event *copy = unstored_copy(list->events[i]);

		part_unref(list->events[i]);
		list->events[i] = copy;
	}
	owe(stage, list); /* as they went out: a row never changes */
	/* extend() made this part for the held snapshot alone, so it is still ours to change. */
	events = extend(stage, &none);
	for (size_t i = 0; i < shown; i++)
		snapshot_put(&events->rows[events->n - shown + i], part_ref(list->events[list->n - shown + i]));
	set_scalars(stage, events);
	snapshot_put(&stage->events, events);
	snapshot_put(&stage->held->events, part_ref(events));
	encode_all(stage, stage->held, list);
}

static void release_unstored(struct event_stage *stage)
{
	mark_unstored(stage);
	release(stage);
}

/* The log's answer to the batch of the held snapshot. */
static void answer_held(struct event_stage *stage, int code)
{
	if (code != 0) {
		release_unstored(stage);
		return;
	}
	stage->logged += (uint32_t)stage->batch_events.n;
	release(stage);
}

void event_stage_persisted(struct event_stage *stage, uint64_t batch, int code)
{
	if (batch != stage->log_batch)
		return;
	stage->in_log = stage->log_late = false;
	if (code == 0)
		settle(stage, stage->log_serial);
	if (stage->held == NULL)
		return;
	if (stage->handed)
		answer_held(stage, code);
	else if (hand_over(stage, &stage->batch_events, clock_mono_ns()))
		stage->handed = true;
	else
		release_unstored(stage);
}

void event_stage_hurry(struct event_stage *stage, int64_t until_mono_ns)
{
	stage->ending = true;
	if (stage->hold_until_mono_ns > until_mono_ns)
		stage->hold_until_mono_ns = until_mono_ns;
}

void event_stage_tick(struct event_stage *stage, int64_t now_mono_ns)
{
	const struct event_list none = { 0 };

	if (now_mono_ns < event_stage_deadline_ns(stage))
		return;
	if (stage->held == NULL) {
		stage->batch++;
		hand_over(stage, &none, now_mono_ns);
		return;
	}
	log_error("the state directory does not answer; events go out unstored");
	stage->log_late = stage->in_log;
	release_unstored(stage);
}

/* --- offer -------------------------------------------------------------------------------------------------------- */

static void add_summary(struct event_stage *stage, int64_t now_mono_ns, int64_t now_real_ns, struct event_list *list)
{
	struct event *summary = event_limit_summary(stage->limit, stage->ending ? INT64_MAX : now_mono_ns);

	if (summary == NULL)
		return;
	summary->time_real_ns = now_real_ns;
	stamp(stage, summary, now_mono_ns);
	event_list_add(list, summary);
}

static void take_extra(struct event_stage *stage, struct event_list *list)
{
	for (size_t i = 0; i < stage->extra.n; i++)
		event_list_add(list, part_ref(stage->extra.events[i]));
	event_list_clear(&stage->extra);
}

/* What happened before comes first, that the daemon has started before all that it finds; but its goodbye is its last
 * word. */
static void detect_all(struct event_stage *stage, struct snapshot *snapshot, struct event_list *list)
{
	if (!stage->ending)
		take_extra(stage, list);
	snapshot->thresholds =
		detect_run(stage->detect, stage->last, snapshot, stage->options.indexes, snapshot->sealed_real_ns, list);
	if (stage->ending)
		take_extra(stage, list);
	for (size_t i = 0; i < list->n; i++)
		stamp(stage, list->events[i], snapshot->sealed_mono_ns);
	add_summary(stage, snapshot->sealed_mono_ns, snapshot->sealed_real_ns, list);
}

/* Seals the snapshot: nothing of it changes any more, but for mark_unstored while it is held. */
static void seal(struct event_stage *stage, struct snapshot *snapshot, const struct event_list *list)
{
	snapshot->serial = stage->last != NULL ? stage->last->serial + 1 : 1;
	snapshot->node.snapshots = snapshot->serial;
	update_events(stage, list);
	if (list->n > 0 || stage->alarms == NULL)
		snapshot_put(&stage->alarms, alarms_apply(stage->alarms, list));
	snapshot->events = part_ref(stage->events);
	snapshot->alarms = part_ref(stage->alarms);
	encode_all(stage, snapshot, list);
	snapshot_put(&stage->last, part_ref(snapshot));
}

static void hold(struct event_stage *stage, struct snapshot *snapshot, struct event_list *list)
{
	stage->held = snapshot;
	stage->batch_events = *list;
	stage->hold_until_mono_ns = snapshot->sealed_mono_ns + EVENT_HOLD_MS * NS_PER_MS;
	stage->batch++;
	stage->handed = !stage->in_log && hand_over(stage, list, snapshot->sealed_mono_ns);
	/* Behind a batch that hangs nobody waits a second time. */
	if (!stage->handed && (!stage->in_log || stage->log_late))
		release_unstored(stage);
}

/* Numbers given anew are on disk before a row shows them: or a kill would give them to another row. */
static bool save_indexes(struct event_stage *stage)
{
	struct buf image;

	if (!index_map_changed(stage->options.indexes))
		return false;
	buf_init(&image, INDEX_IMAGE_MAX);
	index_map_encode(stage->options.indexes, &image);
	persist_indexes(stage->options.persist, &image);
	return true;
}

void event_stage_offer(struct event_stage *stage, struct snapshot *snapshot)
{
	struct event_list list = { 0 };
	bool saving;

	detect_all(stage, snapshot, &list);
	seal(stage, snapshot, &list);
	saving = save_indexes(stage);
	if (list.n > 0 || saving)
		hold(stage, snapshot, &list);
	else
		publish(stage, snapshot);
}
