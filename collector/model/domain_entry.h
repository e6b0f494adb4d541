/*
 * domain_entry.h - one domain under watch; shared by domain_watch.c, domain_live.c and domain_entry.c only.
 * Thread: cycle.
 */
#ifndef EDGENODE_MODEL_DOMAIN_ENTRY_H
#define EDGENODE_MODEL_DOMAIN_ENTRY_H

#include "base/mem.h"
#include "model/domain_event.h"
#include "model/domain_row.h"
#include "model/domain_watch.h"

#define uthash_malloc(size) mem_alloc(size)
#include <uthash.h>

#define NEVER INT64_MIN

/* What a guest can cause as often as it likes: each event is owed for DOMAIN_WATCH_NOTICE_S, at most
 * DOMAIN_WATCH_NOTICES at a time. */
struct notice {
	int64_t paid_mono_ns; /* when nothing is owed any more */
	uint32_t untold;      /* since the last event */
	int64_t untold_since_real_ns;
};

struct entry {
	uint8_t uuid[16];
	struct domain *row; /* the newest one */
	uint8_t told;       /* the state of the last event, or of the first list; 0: none yet */
	int32_t told_id;
	bool transient;       /* it is gone when it ends */
	bool missing;         /* the last list did not have it */
	uint64_t list;        /* number of the last list that had it */
	int64_t live_mono_ns; /* of its last live change, or NEVER */
	int64_t news_mono_ns; /* since when lists show what no event has told; 0: they do not */
	/* The first half of what may be one change. */
	struct event *held;
	uint8_t held_before; /* told, before it */
	int32_t held_before_id;
	int64_t held_mono_ns;
	/* I/O errors */
	char *alarm;    /* its subject; NULL: none is raised */
	bool io_paused; /* for one */
	int64_t io_told_mono_ns;
	struct notice rebooted, watchdog;
	UT_hash_handle hh;
};

/* A domain that has been removed, while lists that were read before may still come. */
struct grave {
	uint8_t uuid[16];
	int64_t live_mono_ns;
	UT_hash_handle hh;
};

struct lost_alarm {
	char *name;
	uint8_t severity;
	struct lost_alarm *next;
};

struct domain_watch {
	struct index_map *indexes;
	struct entry *entries;
	struct grave *graves;
	struct lost_alarm *restored;
	bool missed, unsure;
	uint64_t lists;
	int64_t list_mono_ns; /* when the last list came, or NEVER */
	int64_t live_mono_ns; /* of the newest live change */
	int64_t due_mono_ns;  /* not later than the first that waits */
};

struct entry *entry_find(const struct domain_watch *watch, const uint8_t uuid[16]);
/* Takes a reference to row. */
struct entry *entry_add(struct domain_watch *watch, const struct domain *row);
void entry_free(struct domain_watch *watch, struct entry *entry);

/* Tells the state of entry->row if it is news. change: what told it, NULL: a list. */
void entry_tell(struct domain_watch *watch, struct entry *entry, const struct domain_change *change,
		int64_t now_mono_ns, int64_t now_real_ns, struct event_list *out);
bool entry_has_news(const struct entry *entry);

/* Tells that it is gone, and forgets it. */
void entry_remove(struct domain_watch *watch, struct entry *entry, bool by_list, int64_t now_real_ns,
		  struct event_list *out);

/* Adds the event, with what becomes of the alarm. */
void entry_add_event(struct entry *entry, struct event *event, struct event_list *out);

/* The event that waits goes out, or not at all because the change takes it in. */
void entry_release(struct entry *entry, const struct domain_change *change, struct event_list *out);

void watch_wait_until(struct domain_watch *watch, int64_t mono_ns);

#endif
