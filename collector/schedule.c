/*
 * schedule.c - due times, results and states of the sources. Thread: cycle.
 */
#include "schedule.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	const struct source *source;
	bool enabled, absent, answered;
	int64_t interval_ns;
	int64_t due_mono_ns, asked_mono_ns, enabled_mono_ns;
	uint32_t failures_in_a_row;
	uint8_t shown_state; /* at the last schedule_status */
	struct source_status status;
	struct log_repeat repeat;
};

struct schedule {
	struct workers *workers;
	size_t n;
	struct slot slots[SOURCE_END];
};

struct schedule *schedule_new(struct workers *workers)
{
	struct schedule *schedule = mem_alloc(sizeof(*schedule));

	schedule->workers = workers;
	for (size_t i = 0; SOURCES[i] != NULL; i++) {
		struct slot *slot = &schedule->slots[schedule->n++];

		slot->source = SOURCES[i];
		slot->status.index = SOURCES[i]->id;
		slot->status.name = SOURCES[i]->name;
	}
	return schedule;
}

void schedule_free(struct schedule *schedule)
{
	free(schedule);
}

static uint32_t interval_ms(const struct source *source, const struct config *config)
{
	if (config->sources[source->id].interval_ms > 0)
		return config->sources[source->id].interval_ms;
	return source->interval_ms > 0 ? source->interval_ms : config->poll_ms;
}

/* Nothing of before it was switched off counts. */
static void begin_anew(struct slot *slot, int64_t now_mono_ns)
{
	slot->absent = slot->answered = false;
	slot->failures_in_a_row = 0;
	slot->status.have &= ~(STATUS_HAVE_SUCCESS | STATUS_HAVE_ERROR);
	slot->due_mono_ns = now_mono_ns;
	slot->enabled_mono_ns = now_mono_ns;
}

static void set_enabled(struct slot *slot, bool enabled, struct builder *builder, int64_t now_mono_ns)
{
	if (enabled && !slot->enabled)
		begin_anew(slot, now_mono_ns);
	else if (!enabled && slot->enabled)
		builder_forget(builder, slot->source->id);
	slot->enabled = enabled;
}

void schedule_configure(struct schedule *schedule, const struct config *config, struct builder *builder,
			int64_t now_mono_ns)
{
	for (size_t i = 0; i < schedule->n; i++) {
		struct slot *slot = &schedule->slots[i];
		const uint32_t interval = interval_ms(slot->source, config);

		set_enabled(slot, config->sources[slot->source->id].enabled, builder, now_mono_ns);
		if (slot->status.interval_ms != interval)
			slot->due_mono_ns = now_mono_ns;
		slot->status.interval_ms = interval;
		slot->interval_ns = interval * NS_PER_MS;
		builder_set_interval(builder, slot->source->id, slot->interval_ns);
	}
}

static struct slot *find_slot(struct schedule *schedule, enum source_id id)
{
	for (size_t i = 0; i < schedule->n; i++)
		if (schedule->slots[i].source->id == id)
			return &schedule->slots[i];
	return NULL;
}

/* On the grid of its interval, so that sources of one period stay together; missed ticks are left out. */
static void set_next_due(struct slot *slot, int64_t now_mono_ns)
{
	const int64_t step = slot->absent ? SCHEDULE_ABSENT_MS * NS_PER_MS : slot->interval_ns;

	slot->due_mono_ns += step;
	if (slot->due_mono_ns <= now_mono_ns)
		slot->due_mono_ns = now_mono_ns + step - (now_mono_ns - slot->due_mono_ns) % step;
}

static void note_failure(struct slot *slot, const char *text, int64_t now_real_ns)
{
	slot->failures_in_a_row++;
	slot->status.failures++;
	slot->status.have |= STATUS_HAVE_ERROR;
	slot->status.last_error_real_ns = now_real_ns;
	snprintf(slot->status.last_error, sizeof(slot->status.last_error), "%s", text);
	log_repeat_fail(&slot->repeat, slot->source->name, text);
}

void schedule_run(struct schedule *schedule, int64_t now_mono_ns, int64_t now_real_ns)
{
	for (size_t i = 0; i < schedule->n; i++) {
		struct slot *slot = &schedule->slots[i];
		int rc;

		if (!slot->enabled || slot->due_mono_ns > now_mono_ns)
			continue;
		set_next_due(slot, now_mono_ns);
		rc = workers_request(schedule->workers, slot->source);
		if (rc == 0)
			slot->asked_mono_ns = now_mono_ns;
		else if (rc == -ERR_TIMEOUT)
			note_failure(slot, "not asked: earlier polls still hang", now_real_ns);
		else if (rc != -ERR_BUSY)
			note_failure(slot, "no thread could be started", now_real_ns);
	}
}

void schedule_hurry(struct schedule *schedule, enum source_id id, int64_t now_mono_ns)
{
	struct slot *slot = find_slot(schedule, id);
	int64_t due;

	if (slot == NULL)
		return;
	due = slot->asked_mono_ns + SCHEDULE_HURRY_MS * NS_PER_MS;
	due = due > now_mono_ns ? due : now_mono_ns;
	if (due < slot->due_mono_ns)
		slot->due_mono_ns = due;
}

static void take_success(struct slot *slot, struct builder *builder, struct worker_result *result, int64_t now_mono_ns,
			 int64_t now_real_ns)
{
	slot->absent = false;
	slot->failures_in_a_row = 0;
	slot->status.have |= STATUS_HAVE_SUCCESS;
	slot->status.success_mono_ns = now_mono_ns;
	log_repeat_ok(&slot->repeat, slot->source->name);
	builder_apply(builder, result->id, result->part, now_mono_ns, now_real_ns);
}

/* Asked for before the source was switched off, or on again. */
static bool is_outdated(const struct slot *slot)
{
	return !slot->enabled || slot->asked_mono_ns < slot->enabled_mono_ns;
}

static void take_result(struct slot *slot, struct builder *builder, struct worker_result *result, int64_t now_mono_ns,
			int64_t now_real_ns)
{
	if (is_outdated(slot)) {
		part_unref(result->part);
		return;
	}
	slot->answered = true;
	slot->status.polls++;
	slot->status.duration_us = result->duration_us;
	slot->status.have |= STATUS_HAVE_DURATION;
	if (result->code == 0) {
		take_success(slot, builder, result, now_mono_ns, now_real_ns);
	} else if (result->code == -ERR_ABSENT) {
		slot->absent = true;
		slot->failures_in_a_row = 0;
		builder_forget(builder, result->id);
	} else {
		note_failure(slot, result->error.text, now_real_ns);
	}
}

bool schedule_collect(struct schedule *schedule, struct builder *builder, int64_t now_mono_ns, int64_t now_real_ns)
{
	struct worker_result result;
	bool any = false;

	while (workers_take(schedule->workers, now_mono_ns, &result)) {
		struct slot *slot = find_slot(schedule, result.id);

		take_result(slot, builder, &result, now_mono_ns, now_real_ns);
		any = true;
	}
	return any;
}

/* A poll that takes long is not late for that. */
static int64_t stale_at(const struct slot *slot)
{
	const int64_t took_ns = slot->status.duration_us * NS_PER_US, half = slot->interval_ns / 2;

	return slot->status.success_mono_ns + slot->interval_ns + (took_ns > half ? took_ns : half);
}

static int64_t failed_at(const struct slot *slot)
{
	return slot->status.success_mono_ns + 2 * slot->interval_ns + slot->interval_ns / 2;
}

static uint8_t state_of(const struct slot *slot, int64_t now_mono_ns)
{
	const bool succeeded = (slot->status.have & STATUS_HAVE_SUCCESS) != 0;

	if (!slot->enabled)
		return SOURCE_STATE_DISABLED;
	if (slot->absent)
		return SOURCE_STATE_ABSENT;
	if (!slot->answered && slot->failures_in_a_row == 0)
		return SOURCE_STATE_STARTING;
	if (slot->failures_in_a_row > 0 &&
	    (!succeeded || slot->failures_in_a_row > 1 || now_mono_ns >= failed_at(slot)))
		return SOURCE_STATE_FAILED;
	if (slot->failures_in_a_row > 0 || now_mono_ns >= stale_at(slot))
		return SOURCE_STATE_STALE;
	return SOURCE_STATE_OK;
}

static void free_part(struct part *part)
{
	free(part);
}

struct sources *schedule_status(struct schedule *schedule, int64_t now_mono_ns, bool *changed)
{
	struct sources *sources = mem_alloc(sizeof(*sources));

	part_init(&sources->part, free_part);
	*changed = false;
	for (size_t i = 0; i < schedule->n; i++) {
		struct slot *slot = &schedule->slots[i];

		slot->status.state = state_of(slot, now_mono_ns);
		*changed = *changed || slot->status.state != slot->shown_state;
		slot->shown_state = slot->status.state;
		sources->rows[sources->n++] = slot->status;
	}
	return sources;
}

static int64_t state_changes_at(const struct slot *slot, int64_t now_mono_ns)
{
	if (!slot->enabled || slot->absent || (slot->status.have & STATUS_HAVE_SUCCESS) == 0)
		return INT64_MAX;
	if (stale_at(slot) > now_mono_ns)
		return stale_at(slot);
	return slot->failures_in_a_row > 0 && failed_at(slot) > now_mono_ns ? failed_at(slot) : INT64_MAX;
}

int64_t schedule_next_ns(const struct schedule *schedule, int64_t now_mono_ns)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < schedule->n; i++) {
		const struct slot *slot = &schedule->slots[i];
		const int64_t changes = state_changes_at(slot, now_mono_ns);

		if (slot->enabled && slot->due_mono_ns < next)
			next = slot->due_mono_ns;
		if (changes < next)
			next = changes;
	}
	return next;
}
