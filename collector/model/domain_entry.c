/*
 * domain_entry.c - one domain under watch: what was told of it, what waits to be told, its alarm. Thread: cycle.
 */
#include "model/domain_entry.h"

#include "base/clock.h"
#include "model/build_domains.h"

#include <stdlib.h>
#include <string.h>

struct entry *entry_find(const struct domain_watch *watch, const uint8_t uuid[16])
{
	struct entry *entry;

	HASH_FIND(hh, watch->entries, uuid, 16, entry);
	return entry;
}

struct entry *entry_add(struct domain_watch *watch, const struct domain *row)
{
	struct entry *entry = mem_alloc(sizeof(*entry));
	struct grave *grave;

	memcpy(entry->uuid, row->uuid, sizeof(entry->uuid));
	entry->row = part_ref(row);
	entry->told_id = -1;
	entry->live_mono_ns = NEVER;
	HASH_ADD(hh, watch->entries, uuid, sizeof(entry->uuid), entry);
	HASH_FIND(hh, watch->graves, entry->uuid, sizeof(entry->uuid), grave);
	if (grave != NULL) {
		HASH_DEL(watch->graves, grave);
		free(grave);
	}
	return entry;
}

void entry_free(struct domain_watch *watch, struct entry *entry)
{
	HASH_DEL(watch->entries, entry);
	part_unref(entry->row);
	part_unref(entry->held);
	free(entry->alarm);
	free(entry);
}

void watch_wait_until(struct domain_watch *watch, int64_t mono_ns)
{
	if (mono_ns < watch->due_mono_ns)
		watch->due_mono_ns = mono_ns;
}

/* --- the alarm ---------------------------------------------------------------------------------------------------- */

static bool ends_alarm(const struct entry *entry, const struct event *event)
{
	return event->kind == EVENT_DOMAIN_IO_RESUMED || event->kind == EVENT_DOMAIN_REMOVED ||
	       domain_row_is_off(entry->row);
}

static void set_alarm(struct entry *entry, struct event *event)
{
	event->alarm_kind = EVENT_DOMAIN_IO_ERROR;
	if (event->kind == EVENT_DOMAIN_IO_ERROR) {
		event->alarm_change = ALARM_RAISED;
		if (entry->alarm == NULL)
			entry->alarm = mem_string(event->subject);
		return;
	}
	/* The domain may have another name by now. */
	event->alarm_change = ALARM_CLEARED;
	mem_replace(&event->subject, entry->alarm);
	mem_replace(&entry->alarm, NULL);
}

void entry_add_event(struct entry *entry, struct event *event, struct event_list *out)
{
	if (event->kind == EVENT_DOMAIN_IO_ERROR || (entry->alarm != NULL && ends_alarm(entry, event)))
		set_alarm(entry, event);
	event_list_add(out, event);
}

/* --- what waits --------------------------------------------------------------------------------------------------- */

static bool is_because(const struct domain_change *change, const char *reason)
{
	return change->reason != NULL && strcmp(change->reason, reason) == 0;
}

static bool takes_in(const struct entry *entry, const struct domain_change *change)
{
	if (change->kind != CHANGE_STATE ||
	    change->time_mono_ns - entry->held_mono_ns >= DOMAIN_WATCH_HOLD_MS * NS_PER_MS)
		return false;
	if (entry->told == DOMAIN_SHUTDOWN)
		return change->state == DOMAIN_SHUTOFF && is_because(change, "destroyed");
	return change->state == DOMAIN_PAUSED && !change->for_io_error;
}

void entry_release(struct entry *entry, const struct domain_change *change, struct event_list *out)
{
	if (entry->held == NULL)
		return;
	if (change != NULL && takes_in(entry, change)) {
		part_unref(entry->held);
		entry->told = entry->held_before;
		entry->told_id = entry->held_before_id;
	} else {
		event_list_add(out, entry->held);
	}
	entry->held = NULL;
}

/* "unpaused" is what follows a start, and so no first half. */
static bool is_first_half(const struct entry *entry, const struct domain_change *change)
{
	const bool was_off = entry->held_before == 0 || entry->held_before == DOMAIN_SHUTOFF;

	return change->state == DOMAIN_SHUTDOWN ||
	       (was_off && domain_state_is_running(change->state) && !is_because(change, "unpaused"));
}

/* --- states ------------------------------------------------------------------------------------------------------- */

static bool is_restart(const struct entry *entry)
{
	return entry->told_id >= 0 && entry->row->id >= 0 && entry->told_id != entry->row->id &&
	       domain_state_is_same(entry->told, entry->row->state);
}

bool entry_has_news(const struct entry *entry)
{
	const uint8_t state = entry->row->state;

	if (state == DOMAIN_UNKNOWN || state == 0)
		return false;
	return !domain_state_is_same(entry->told, state) || is_restart(entry);
}

static bool is_crash(const struct entry *entry, const struct domain_change *change)
{
	const struct domain *row = entry->row;

	if (row->state == DOMAIN_CRASHED)
		return true;
	if (entry->told == DOMAIN_CRASHED || entry->told == 0)
		return false;
	return change != NULL ? change->crashed : row->state == DOMAIN_SHUTOFF && strcmp(row->reason, "crashed") == 0;
}

static bool is_io_paused(const struct domain *row)
{
	return row->state == DOMAIN_PAUSED && strcmp(row->reason, "io-error") == 0;
}

static uint8_t kind_of(const struct entry *entry, const struct domain_change *change)
{
	if (is_crash(entry, change))
		return EVENT_DOMAIN_CRASHED;
	if (is_io_paused(entry->row) || (change != NULL && change->for_io_error))
		return EVENT_DOMAIN_IO_ERROR;
	if (entry->io_paused && domain_state_is_running(entry->row->state))
		return EVENT_DOMAIN_IO_RESUMED;
	return EVENT_DOMAIN_STATE_CHANGED;
}

static void hold(struct domain_watch *watch, struct entry *entry, struct event *event, int64_t now_mono_ns)
{
	entry->held = event;
	entry->held_mono_ns = now_mono_ns;
	watch_wait_until(watch, now_mono_ns + DOMAIN_WATCH_HOLD_MS * NS_PER_MS);
}

void entry_tell(struct domain_watch *watch, struct entry *entry, const struct domain_change *change,
		int64_t now_mono_ns, int64_t now_real_ns, struct event_list *out)
{
	const uint8_t kind = kind_of(entry, change);
	const struct domain_news news = { .row = entry->row,
					  .before = entry->told,
					  .restarted = is_restart(entry),
					  .by_list = change == NULL,
					  .time_real_ns = now_real_ns,
					  .action = kind == EVENT_DOMAIN_IO_ERROR ? "pause" : NULL };

	entry_release(entry, NULL, out);
	entry->held_before = entry->told;
	entry->held_before_id = entry->told_id;
	entry->told = entry->row->state;
	entry->told_id = entry->row->id;
	entry->news_mono_ns = 0;
	entry->io_paused = kind == EVENT_DOMAIN_IO_ERROR;
	if (kind == EVENT_DOMAIN_IO_ERROR)
		entry->io_told_mono_ns = now_mono_ns;
	if (kind == EVENT_DOMAIN_STATE_CHANGED && change != NULL && is_first_half(entry, change))
		hold(watch, entry, domain_event_new(kind, &news), now_mono_ns);
	else
		entry_add_event(entry, domain_event_new(kind, &news), out);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void dig_grave(struct domain_watch *watch, const struct entry *entry)
{
	struct grave *grave = mem_alloc(sizeof(*grave));

	memcpy(grave->uuid, entry->uuid, sizeof(grave->uuid));
	grave->live_mono_ns = entry->live_mono_ns;
	HASH_ADD(hh, watch->graves, uuid, sizeof(grave->uuid), grave);
}

void entry_remove(struct domain_watch *watch, struct entry *entry, bool by_list, int64_t now_real_ns,
		  struct event_list *out)
{
	const struct domain_news news = {
		.row = entry->row, .before = entry->told, .by_list = by_list, .time_real_ns = now_real_ns
	};
	char key[DOMAIN_KEY_SIZE];

	entry_release(entry, NULL, out);
	/* What was never told of is not told gone. */
	if (entry->told != 0 || entry->alarm != NULL)
		entry_add_event(entry, domain_event_new(EVENT_DOMAIN_REMOVED, &news), out);
	domain_key(entry->uuid, key);
	index_map_retire(watch->indexes, key, now_real_ns / NS_PER_S);
	dig_grave(watch, entry);
	entry_free(watch, entry);
}
