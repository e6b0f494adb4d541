/*
 * event_limit.h - how many notifications go out: a bucket of tokens for all, and one for each subject. Pure but for its
 * own state; thread: cycle.
 *
 * Every event is in the log and in the table; one that finds a bucket empty has no notification of its own. What was
 * kept back is summarised by one edgeEventsSummarised, EVENT_SUMMARY_MS after the first of it. Critical events, and what
 * the daemon says of itself, always go out.
 */
#ifndef EDGENODE_MODEL_EVENT_LIMIT_H
#define EDGENODE_MODEL_EVENT_LIMIT_H

#include "model/event.h"

#define EVENT_LIMIT_BURST 300u
#define EVENT_LIMIT_PER_S 20u
#define EVENT_LIMIT_SUBJECT_BURST 20u
#define EVENT_LIMIT_SUBJECT_MS 3000 /* for one more of the same subject */
#define EVENT_LIMIT_SUBJECTS_MAX 4096u /* above that a new subject has the common bucket only */
#define EVENT_SUMMARY_MS 10000

struct event_limit;

struct event_limit *event_limit_new(void);
void event_limit_free(struct event_limit *limit);

/* Whether the event, which has its serial, is notified by itself; else it is counted for the summary. */
bool event_limit_pass(struct event_limit *limit, const struct event *event, int64_t now_mono_ns);

/* The summary of what was kept back since the last one, the caller's; NULL: none is due yet. Call with INT64_MAX where
 * there is no later time. */
struct event *event_limit_summary(struct event_limit *limit, int64_t now_mono_ns);

#endif
