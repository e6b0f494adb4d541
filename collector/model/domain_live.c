/*
 * domain_live.c - domain_watch_changes: what a live change does to the rows, and the events it is. Thread: cycle.
 */
#include "model/domain_entry.h"

#include "base/clock.h"
#include "model/build_domains.h"
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

/* One change at work; rows is NULL before the first list. */
struct turn {
	struct domain_watch *watch;
	struct domains *rows;
	struct event_list *out;
};

/* What a list has shown to be gone stays out of the table, until a state of it is told. */
static void set_row(struct turn *turn, struct entry *entry, struct domain *row)
{
	snapshot_put(&entry->row, row);
	if (turn->rows != NULL && !entry->missing)
		domain_rows_put(turn->rows, row);
}

static void remove_entry(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	if (turn->rows != NULL)
		domain_rows_remove(turn->rows, entry->row->index);
	entry_remove(turn->watch, entry, false, change->time_real_ns, turn->out);
}

/* The number is in use, also where a list had already shown that the domain is gone. */
static uint32_t number_of(struct turn *turn, const uint8_t uuid[16])
{
	char key[DOMAIN_KEY_SIZE];

	domain_key(uuid, key);
	return index_map_get(turn->watch->indexes, key);
}

static bool ends(const struct domain_change *change)
{
	return change->kind == CHANGE_STATE &&
	       (change->state == DOMAIN_SHUTOFF || (change->state == DOMAIN_CRASHED && change->id < 0));
}

/* A domain that is not known is new by this change; NULL where it rather is one that has gone, or of the time before
 * the first list. */
static struct entry *begin_entry(struct turn *turn, const struct domain_change *change)
{
	struct domain *row;
	struct entry *entry;

	if (change->kind == CHANGE_UNDEFINED || ends(change) ||
	    (change->kind == CHANGE_DEFINED && turn->watch->lists == 0))
		return NULL;
	row = domain_row_new(change);
	row->index = number_of(turn, change->uuid);
	entry = entry_add(turn->watch, row);
	entry->list = turn->watch->lists;
	part_unref(row);
	return entry;
}

static void note_live(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	entry->live_mono_ns = change->time_mono_ns;
	if (turn->watch->live_mono_ns < change->time_mono_ns)
		turn->watch->live_mono_ns = change->time_mono_ns;
}

/* What starts without having been defined is transient, whatever a list may know of its future. */
static void note_start(const struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	if (entry->told == 0 && domain_state_is_running(change->state))
		entry->transient = turn->watch->lists > 0 && !turn->watch->missed;
}

/* libvirt's own state of a domain that was started is "booted", and of one whose QEMU is gone "crashed"; its events
 * say it otherwise. */
static const char *reason_of(const struct entry *entry, const struct domain_change *change)
{
	const bool was_off = entry->told == 0 || entry->told == DOMAIN_SHUTOFF;

	if (change->crashed && change->state == DOMAIN_SHUTOFF)
		return "crashed";
	if (change->reason == NULL)
		return "unknown";
	if (was_off && domain_state_is_running(change->state) && strcmp(change->reason, "unpaused") == 0)
		return "booted";
	return change->reason;
}

static void apply_state(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	struct domain *row = domain_row_copy(entry->row, change);

	note_live(turn, entry, change);
	note_start(turn, entry, change);
	entry->missing = false;
	entry->news_mono_ns = 0;
	row->index = number_of(turn, entry->uuid);
	domain_row_set_state(row, change->state, reason_of(entry, change), change);
	set_row(turn, entry, row);
	if (entry_has_news(entry))
		entry_tell(turn->watch, entry, change, change->time_mono_ns, change->time_real_ns, turn->out);
	if (ends(change) && entry->transient)
		remove_entry(turn, entry, change);
}

static void set_persistent(struct turn *turn, struct entry *entry, const struct domain_change *change, bool persistent)
{
	struct domain *row = domain_row_copy(entry->row, change);

	note_live(turn, entry, change);
	entry->transient = !persistent;
	row->persistent = persistent;
	row->have |= DOMAIN_HAVE_PERSISTENT;
	set_row(turn, entry, row);
}

static void apply_defined(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	struct domain_change off = *change;

	set_persistent(turn, entry, change, true);
	if (entry->told != 0 || change->id >= 0)
		return;
	off.kind = CHANGE_STATE;
	off.state = DOMAIN_SHUTOFF;
	off.reason = "unknown";
	apply_state(turn, entry, &off);
}

/* While it runs it stays, as a transient one; else it was off, whatever a list may know of a later one of its UUID. */
static void apply_undefined(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	set_persistent(turn, entry, change, false);
	if (change->id >= 0)
		return;
	if (!domain_row_is_off(entry->row)) {
		struct domain *row = domain_row_copy(entry->row, change);

		domain_row_set_state(row, DOMAIN_SHUTOFF, "unknown", change);
		set_row(turn, entry, row);
	}
	remove_entry(turn, entry, change);
}

static struct domain_news news_of(const struct entry *entry, const struct domain_change *change)
{
	return (struct domain_news){ .row = entry->row,
				     .before = entry->told,
				     .time_real_ns = change->time_real_ns,
				     .device = change->device,
				     .action = change->action };
}

/* False: too much is owed, and it is only counted. */
static bool notice_pay(struct notice *notice, const struct domain_change *change)
{
	const int64_t price = DOMAIN_WATCH_NOTICE_S * NS_PER_S;
	const int64_t from = notice->paid_mono_ns > change->time_mono_ns ? notice->paid_mono_ns : change->time_mono_ns;

	if (from - change->time_mono_ns <= (DOMAIN_WATCH_NOTICES - 1) * price) {
		notice->paid_mono_ns = from + price;
		return true;
	}
	if (notice->untold == 0)
		notice->untold_since_real_ns = change->time_real_ns;
	if (notice->untold < UINT32_MAX)
		notice->untold++;
	return false;
}

static void apply_notice(struct turn *turn, struct entry *entry, const struct domain_change *change, uint8_t kind,
			 struct notice *notice)
{
	struct domain_news news = news_of(entry, change);

	if (!notice_pay(notice, change))
		return;
	news.untold = notice->untold;
	news.untold_since_real_ns = notice->untold_since_real_ns;
	notice->untold = 0;
	entry_add_event(entry, domain_event_new(kind, &news), turn->out);
}

static void apply_rebooted(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	apply_notice(turn, entry, change, EVENT_DOMAIN_REBOOTED, &entry->rebooted);
}

static void apply_watchdog(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	apply_notice(turn, entry, change, EVENT_DOMAIN_WATCHDOG, &entry->watchdog);
}

/* The pause is of this moment; the change of state that follows then says nothing new. */
static void pause_for_io(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	struct domain *row = domain_row_copy(entry->row, change);

	note_live(turn, entry, change);
	domain_row_set_state(row, DOMAIN_PAUSED, "io-error", change);
	set_row(turn, entry, row);
	entry->told = row->state;
	entry->told_id = row->id;
	entry->news_mono_ns = 0;
}

static void apply_io_error(struct turn *turn, struct entry *entry, const struct domain_change *change)
{
	const bool pauses = domain_action_pauses(change->action);
	const bool recent = entry->alarm != NULL &&
			    change->time_mono_ns - entry->io_told_mono_ns < DOMAIN_WATCH_IO_REPEAT_S * NS_PER_S;
	const bool repeated = entry->io_paused || (recent && !pauses);
	struct domain_news news;

	if (pauses)
		pause_for_io(turn, entry, change);
	entry->io_paused = entry->io_paused || pauses;
	if (repeated)
		return;
	entry->io_told_mono_ns = change->time_mono_ns;
	news = news_of(entry, change);
	news.cause = change->reason != NULL && strcmp(change->reason, "unknown") != 0 ? change->reason : NULL;
	entry_add_event(entry, domain_event_new(EVENT_DOMAIN_IO_ERROR, &news), turn->out);
}

static void apply_change(struct turn *turn, const struct domain_change *change)
{
	static void (*const APPLY[])(struct turn *, struct entry *, const struct domain_change *) = {
		[CHANGE_STATE] = apply_state,	      [CHANGE_DEFINED] = apply_defined,
		[CHANGE_UNDEFINED] = apply_undefined, [CHANGE_REBOOTED] = apply_rebooted,
		[CHANGE_WATCHDOG] = apply_watchdog,   [CHANGE_IO_ERROR] = apply_io_error,
	};
	struct entry *entry;

	if (change->kind == CHANGE_CONNECTION_CLOSED) {
		domain_watch_missed(turn->watch);
		return;
	}
	entry = entry_find(turn->watch, change->uuid);
	if (entry == NULL)
		entry = begin_entry(turn, change);
	if (entry == NULL)
		return;
	entry_release(entry, change, turn->out);
	APPLY[change->kind](turn, entry, change);
}

static size_t count(const struct domain_change *changes)
{
	size_t n = 0;

	for (; changes != NULL; changes = changes->next)
		n++;
	return n;
}

struct domains *domain_watch_changes(struct domain_watch *watch, const struct domains *domains,
				     const struct domain_change *changes, struct event_list *out)
{
	struct turn turn = { watch, NULL, out };

	if (domains != NULL)
		turn.rows = domain_rows_copy(domains, count(changes));
	for (; changes != NULL; changes = changes->next)
		apply_change(&turn, changes);
	return turn.rows;
}
