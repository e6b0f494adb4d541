/*
 * domain_watch.c - what lists say of domains beside what live changes said, and what waits. Thread: cycle.
 */
#include "model/domain_entry.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

struct domain_watch *domain_watch_new(struct index_map *indexes)
{
	struct domain_watch *watch = mem_alloc(sizeof(*watch));

	watch->indexes = indexes;
	watch->list_mono_ns = watch->live_mono_ns = NEVER;
	watch->due_mono_ns = INT64_MAX;
	return watch;
}

static void clear_graves(struct domain_watch *watch, int64_t before_mono_ns)
{
	struct grave *grave, *next;

	HASH_ITER (hh, watch->graves, grave, next) {
		if (grave->live_mono_ns < before_mono_ns) {
			HASH_DEL(watch->graves, grave);
			free(grave);
		}
	}
}

static void drop_restored(struct domain_watch *watch)
{
	struct lost_alarm *alarm;

	while ((alarm = watch->restored) != NULL) {
		watch->restored = alarm->next;
		free(alarm->name);
		free(alarm);
	}
}

void domain_watch_forget(struct domain_watch *watch)
{
	struct entry *entry, *next;

	HASH_ITER (hh, watch->entries, entry, next)
		entry_free(watch, entry);
	clear_graves(watch, INT64_MAX);
	watch->missed = watch->unsure = false;
	watch->lists = 0;
	watch->list_mono_ns = watch->live_mono_ns = NEVER;
	watch->due_mono_ns = INT64_MAX;
}

void domain_watch_free(struct domain_watch *watch)
{
	if (watch == NULL)
		return;
	domain_watch_forget(watch);
	drop_restored(watch);
	free(watch);
}

void domain_watch_missed(struct domain_watch *watch)
{
	watch->missed = true;
}

bool domain_watch_unsure(const struct domain_watch *watch)
{
	return watch->unsure;
}

int64_t domain_watch_due_ns(const struct domain_watch *watch)
{
	return watch->due_mono_ns;
}

/* --- sifting ------------------------------------------------------------------------------------------------------ */

/* A time that the reading of this row, or of the whole list, was surely after. */
static int64_t read_after(const struct domain_watch *watch, const struct domain *row)
{
	const int64_t read_mono_ns = row != NULL ? domain_state_mono_ns(row) : INT64_MAX;

	return read_mono_ns < watch->list_mono_ns ? read_mono_ns : watch->list_mono_ns;
}

static bool is_sure(const struct domain_watch *watch, const struct entry *entry, const struct domain *row)
{
	return entry->live_mono_ns == NEVER || entry->live_mono_ns < read_after(watch, row);
}

static bool is_buried(const struct domain_watch *watch, const struct domain *row)
{
	const struct grave *grave;

	HASH_FIND(hh, watch->graves, row->uuid, 16, grave);
	return grave != NULL && grave->live_mono_ns >= read_after(watch, row);
}

/* The row to go on with, as a reference; NULL: none. */
static struct domain *sift_row(struct domain_watch *watch, const struct domain *row)
{
	struct entry *entry = entry_find(watch, row->uuid);
	const struct domain *known;

	if (entry == NULL) {
		if (!is_buried(watch, row))
			return part_ref(row);
		watch->unsure = true;
		return NULL;
	}
	known = entry->row;
	entry->list = watch->lists + 1;
	if (is_sure(watch, entry, row) || (row->state == known->state && row->id == known->id))
		return part_ref(row);
	watch->unsure = true;
	return part_ref(known);
}

/* Those a change told of after the list may have been read. */
static void add_unlisted(struct domain_watch *watch, struct domains *sifted)
{
	const struct entry *entry;

	for (entry = watch->entries; entry != NULL; entry = entry->hh.next)
		if (entry->list != watch->lists + 1 && !entry->missing && !is_sure(watch, entry, NULL)) {
			sifted->rows[sifted->n++] = part_ref(entry->row);
			watch->unsure = true;
		}
}

struct domains *domain_watch_sift(struct domain_watch *watch, const struct domains *raw)
{
	struct domains *sifted = domains_new(raw->n + HASH_COUNT(watch->entries));

	hypervisor_copy(&raw->hypervisor, &sifted->hypervisor);
	sifted->complete = raw->complete;
	sifted->n = 0;
	watch->unsure = false;
	for (size_t i = 0; i < raw->n; i++) {
		struct domain *row = sift_row(watch, raw->rows[i]);

		if (row != NULL)
			sifted->rows[sifted->n++] = row;
	}
	if (raw->complete && watch->live_mono_ns != NEVER && watch->live_mono_ns >= watch->list_mono_ns)
		add_unlisted(watch, sifted);
	return sifted;
}

/* --- news of a list ----------------------------------------------------------------------------------------------- */

/* Since now at the latest. */
static void wait_for_change(struct domain_watch *watch, struct entry *entry, int64_t now_mono_ns)
{
	if (entry->news_mono_ns == 0)
		entry->news_mono_ns = now_mono_ns;
	watch_wait_until(watch, entry->news_mono_ns + DOMAIN_WATCH_GRACE_MS * NS_PER_MS);
}

/* The first list: so it is, and nobody knows since when. */
static void adopt(struct entry *entry)
{
	if (entry->told != 0)
		return;
	entry->told = entry->row->state;
	entry->told_id = entry->row->id;
	entry->io_paused = entry->row->state == DOMAIN_PAUSED && strcmp(entry->row->reason, "io-error") == 0;
}

/* As it was told. With news on their way, what the list says of its definition may be of the time after them. */
static void settle(struct entry *entry)
{
	entry->news_mono_ns = 0;
	if ((entry->row->have & DOMAIN_HAVE_PERSISTENT) != 0)
		entry->transient = !entry->row->persistent;
}

static void compare(struct domain_watch *watch, struct entry *entry, int64_t now_mono_ns, int64_t now_real_ns,
		    struct event_list *out)
{
	if (!entry_has_news(entry))
		settle(entry);
	else if (watch->missed)
		entry_tell(watch, entry, NULL, now_mono_ns, now_real_ns, out);
	else
		wait_for_change(watch, entry, now_mono_ns);
}

static void take_row(struct domain_watch *watch, const struct domain *row, int64_t now_mono_ns, int64_t now_real_ns,
		     struct event_list *out)
{
	struct entry *entry = entry_find(watch, row->uuid);

	if (entry == NULL)
		entry = entry_add(watch, row);
	else
		snapshot_put(&entry->row, part_ref(row));
	entry->list = watch->lists;
	entry->missing = false;
	if (watch->lists == 1)
		adopt(entry);
	if (is_sure(watch, entry, row))
		compare(watch, entry, now_mono_ns, now_real_ns, out);
	else
		entry->news_mono_ns = 0; /* the next list tells */
}

static void take_missing(struct domain_watch *watch, int64_t now_mono_ns, int64_t now_real_ns, struct event_list *out)
{
	struct entry *entry, *next;

	HASH_ITER (hh, watch->entries, entry, next) {
		if (entry->list == watch->lists)
			continue;
		entry->missing = true;
		if (watch->missed)
			entry_remove(watch, entry, true, now_real_ns, out);
		else
			wait_for_change(watch, entry, now_mono_ns);
	}
}

static void end_restored(struct domain_watch *watch, int64_t now_real_ns, struct event_list *out);

void domain_watch_list(struct domain_watch *watch, const struct domains *domains, int64_t now_mono_ns,
		       int64_t now_real_ns, struct event_list *out)
{
	watch->lists++;
	for (size_t i = 0; i < domains->n; i++)
		take_row(watch, domains->rows[i], now_mono_ns, now_real_ns, out);
	if (domains->complete)
		take_missing(watch, now_mono_ns, now_real_ns, out);
	clear_graves(watch, watch->list_mono_ns);
	end_restored(watch, now_real_ns, out);
	watch->missed = false;
	watch->list_mono_ns = now_mono_ns;
}

void domain_watch_rows(struct domain_watch *watch, const struct domains *domains)
{
	for (size_t i = 0; i < domains->n; i++) {
		struct entry *entry = entry_find(watch, domains->rows[i]->uuid);

		if (entry != NULL)
			snapshot_put(&entry->row, part_ref(domains->rows[i]));
	}
}

/* --- what waits --------------------------------------------------------------------------------------------------- */

/* True when it is removed. */
static bool tick_entry(struct domain_watch *watch, struct entry *entry, int64_t now_mono_ns, int64_t now_real_ns,
		       struct event_list *out)
{
	if (entry->held != NULL && now_mono_ns - entry->held_mono_ns >= DOMAIN_WATCH_HOLD_MS * NS_PER_MS)
		entry_release(entry, NULL, out);
	if (entry->news_mono_ns == 0 || now_mono_ns - entry->news_mono_ns < DOMAIN_WATCH_GRACE_MS * NS_PER_MS)
		return false;
	if (entry->missing) {
		entry_remove(watch, entry, true, now_real_ns, out);
		return true;
	}
	entry_tell(watch, entry, NULL, now_mono_ns, now_real_ns, out);
	return false;
}

void domain_watch_tick(struct domain_watch *watch, int64_t now_mono_ns, int64_t now_real_ns, struct event_list *out)
{
	struct entry *entry, *next;

	if (now_mono_ns < watch->due_mono_ns)
		return;
	watch->due_mono_ns = INT64_MAX;
	HASH_ITER (hh, watch->entries, entry, next) {
		if (tick_entry(watch, entry, now_mono_ns, now_real_ns, out))
			continue;
		if (entry->held != NULL)
			watch_wait_until(watch, entry->held_mono_ns + DOMAIN_WATCH_HOLD_MS * NS_PER_MS);
		if (entry->news_mono_ns != 0)
			watch_wait_until(watch, entry->news_mono_ns + DOMAIN_WATCH_GRACE_MS * NS_PER_MS);
	}
}

/* --- alarms of the daemon before ---------------------------------------------------------------------------------- */

void domain_watch_restore(struct domain_watch *watch, const struct alarms *alarms)
{
	for (size_t i = 0; i < alarms->n; i++) {
		struct lost_alarm *lost;

		if (alarms->rows[i].kind != EVENT_DOMAIN_IO_ERROR)
			continue;
		lost = mem_alloc(sizeof(*lost));
		lost->name = mem_string(alarms->rows[i].subject);
		lost->severity = alarms->rows[i].severity;
		lost->next = watch->restored;
		watch->restored = lost;
	}
}

static struct entry *find_name(const struct domain_watch *watch, const char *subject)
{
	struct entry *entry;

	for (entry = watch->entries; entry != NULL; entry = entry->hh.next) {
		const char *name = entry->row->name;
		const size_t length = text_utf8_cut(name, strlen(name), EVENT_SUBJECT_MAX);

		if (strlen(subject) == length && memcmp(subject, name, length) == 0)
			return entry;
	}
	return NULL;
}

/* Still paused for it, or it only reported its errors and runs on. */
static bool goes_on(const struct entry *entry, const struct lost_alarm *lost)
{
	return entry->io_paused || (lost->severity < SEVERITY_CRITICAL && !domain_row_is_off(entry->row));
}

static void end_alarm(struct entry *entry, const struct lost_alarm *lost, int64_t now_real_ns, struct event_list *out)
{
	const struct domain_news news = { .row = entry != NULL ? entry->row : NULL,
					  .name = lost->name,
					  .before = DOMAIN_PAUSED,
					  .by_list = true,
					  .time_real_ns = now_real_ns };
	uint8_t kind = EVENT_DOMAIN_STATE_CHANGED;
	struct event *event;

	if (entry == NULL)
		kind = EVENT_DOMAIN_REMOVED;
	else if (!domain_row_is_off(entry->row))
		kind = EVENT_DOMAIN_IO_RESUMED;
	event = domain_event_new(kind, &news);
	event->alarm_kind = EVENT_DOMAIN_IO_ERROR;
	event->alarm_change = ALARM_CLEARED;
	event_list_add(out, event);
}

static void end_restored(struct domain_watch *watch, int64_t now_real_ns, struct event_list *out)
{
	for (const struct lost_alarm *lost = watch->restored; lost != NULL; lost = lost->next) {
		struct entry *entry = find_name(watch, lost->name);

		if (entry != NULL && goes_on(entry, lost))
			mem_replace(&entry->alarm, lost->name);
		else
			end_alarm(entry, lost, now_real_ns, out);
	}
	drop_restored(watch);
}
