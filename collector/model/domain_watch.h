/*
 * domain_watch.h - sees to it that every change of a domain is one event, whoever told it: libvirt's live changes or
 * the lists that are read at each poll. Pure but for its own state; on the cycle lane.
 *
 * Live changes come in their order, and each is an event with the domain's row as it is from then on. A state that was
 * told before is no news. Two pairs are one change each: a domain that is started paused is said to run and then to be
 * paused, one that is destroyed is said to shut down and then to be off; so the first of such a pair waits
 * DOMAIN_WATCH_HOLD_MS for the second.
 *
 * A list was read after the list before it had come. So a row in it, or the lack of one, says something only where the
 * domain's last live change is older than the list before; else what the change said stays, until the next list. And
 * where it says something new, the change may be on its way: it has DOMAIN_WATCH_GRACE_MS, and only then the news of
 * the list are an event, marked "found at resynchronisation". After changes were lost (the connection closed, the queue
 * was full) the news of the next list are told at once. The first list after the start is what there is, and no news.
 * What no list can show: a state that came and went between two of them while changes were lost, and how a domain ended
 * that is gone by the next.
 *
 * Events: edgeDomainCrashed, edgeDomainIoError (which includes the pause it causes) and edgeDomainIoResumed take the
 * place of edgeDomainStateChanged. A domain that is removed, because it was undefined or was transient and ended, gives
 * edgeDomainRemoved; before it, if it ran, the event of its end, unless only a list showed that it is gone.
 * An I/O error is an alarm until the domain is resumed, has ended or is gone; while it is paused for one, or within
 * DOMAIN_WATCH_IO_REPEAT_S, further errors are no events.
 * Reboots of a domain, and its watchdog, are DOMAIN_WATCH_NOTICES events at once and then one in DOMAIN_WATCH_NOTICE_S;
 * that one says how many were not told.
 */
#ifndef EDGENODE_MODEL_DOMAIN_WATCH_H
#define EDGENODE_MODEL_DOMAIN_WATCH_H

#include "model/change.h"
#include "model/detect.h"
#include "model/index_map.h"

#define DOMAIN_WATCH_HOLD_MS 500
#define DOMAIN_WATCH_GRACE_MS 2000
#define DOMAIN_WATCH_IO_REPEAT_S 60
#define DOMAIN_WATCH_NOTICES 10
#define DOMAIN_WATCH_NOTICE_S 60

struct domain_watch;

/* indexes is borrowed: a domain has its number from its first live change on. */
struct domain_watch *domain_watch_new(struct index_map *indexes);
void domain_watch_free(struct domain_watch *watch);

/* I/O errors that were alarms when the daemon last ran; the first list ends those that are over. */
void domain_watch_restore(struct domain_watch *watch, const struct alarms *alarms);

/* Applies live changes, oldest first. The rows as they are after all of them, as a new part; domains, and then the
 * result, is NULL before the first list. */
struct domains *domain_watch_changes(struct domain_watch *watch, const struct domains *domains,
				     const struct domain_change *changes, struct event_list *out);

/* Changes were lost. */
void domain_watch_missed(struct domain_watch *watch);

/* A list as it was read: the same without what live changes have outdated, as a new part. What came of it (indexes,
 * rates) then goes to domain_watch_list. */
struct domains *domain_watch_sift(struct domain_watch *watch, const struct domains *raw);
void domain_watch_list(struct domain_watch *watch, const struct domains *domains, int64_t now_mono_ns,
		       int64_t now_real_ns, struct event_list *out);

/* The rows of the table have newer readings, of the same domains in the same states. */
void domain_watch_rows(struct domain_watch *watch, const struct domains *domains);

/* The last list had something that was outdated: another one should be read soon. */
bool domain_watch_unsure(const struct domain_watch *watch);

/* Events whose waiting time is over; INT64_MAX: all that wait. When the next one's is, INT64_MAX when none waits. */
void domain_watch_tick(struct domain_watch *watch, int64_t now_mono_ns, int64_t now_real_ns, struct event_list *out);
int64_t domain_watch_due_ns(const struct domain_watch *watch);

/* No list is valid any more, and the next one is again the first. */
void domain_watch_forget(struct domain_watch *watch);

#endif
