/* event_limit.c - token buckets before the notifications. Pure but for its state; thread: cycle. */
#include "model/event_limit.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* The time at which it is full again tells how many tokens it has. */
struct bucket {
	int64_t full_at_ns;
};

struct subject {
	char name[EVENT_SUBJECT_MAX + 1];
	struct bucket bucket;
	UT_hash_handle hh;
};

struct event_limit {
	struct bucket all;
	struct subject *subjects;
	/* Kept back since the last summary. */
	uint32_t kept, first_serial, last_serial;
	int64_t since_mono_ns;
	bool several; /* subjects */
	char subject[EVENT_SUBJECT_MAX + 1];
};

struct event_limit *event_limit_new(void)
{
	return mem_alloc(sizeof(struct event_limit));
}

static void forget(struct event_limit *limit, struct subject *subject)
{
	HASH_DEL(limit->subjects, subject);
	free(subject);
}

void event_limit_free(struct event_limit *limit)
{
	struct subject *subject, *next;

	if (limit == NULL)
		return;
	HASH_ITER (hh, limit->subjects, subject, next) {
		forget(limit, subject);
	}
	free(limit);
}

static bool has_token(const struct bucket *bucket, int64_t token_ns, uint32_t burst, int64_t now_mono_ns)
{
	const int64_t missing_ns = bucket->full_at_ns > now_mono_ns ? bucket->full_at_ns - now_mono_ns : 0;

	return missing_ns + token_ns <= token_ns * burst;
}

static void take_token(struct bucket *bucket, int64_t token_ns, int64_t now_mono_ns)
{
	if (bucket->full_at_ns < now_mono_ns)
		bucket->full_at_ns = now_mono_ns;
	bucket->full_at_ns += token_ns;
}

/* Full buckets are as good as none. */
static void sweep(struct event_limit *limit, int64_t now_mono_ns)
{
	struct subject *subject, *next;

	HASH_ITER (hh, limit->subjects, subject, next) {
		if (subject->bucket.full_at_ns <= now_mono_ns)
			forget(limit, subject);
	}
}

/* NULL: there are too many. */
static struct subject *find_subject(struct event_limit *limit, const char *name, int64_t now_mono_ns)
{
	struct subject *subject;

	HASH_FIND_STR(limit->subjects, name, subject);
	if (subject != NULL)
		return subject;
	if (HASH_COUNT(limit->subjects) >= EVENT_LIMIT_SUBJECTS_MAX)
		sweep(limit, now_mono_ns);
	if (HASH_COUNT(limit->subjects) >= EVENT_LIMIT_SUBJECTS_MAX)
		return NULL;
	subject = mem_alloc(sizeof(*subject));
	snprintf(subject->name, sizeof(subject->name), "%s", name);
	HASH_ADD_STR(limit->subjects, name, subject);
	return subject;
}

static bool take(struct event_limit *limit, const char *name, int64_t now_mono_ns)
{
	const int64_t token_ns = NS_PER_S / EVENT_LIMIT_PER_S, own_ns = EVENT_LIMIT_SUBJECT_MS * NS_PER_MS;
	struct subject *subject = find_subject(limit, name, now_mono_ns);

	if (!has_token(&limit->all, token_ns, EVENT_LIMIT_BURST, now_mono_ns))
		return false;
	if (subject != NULL && !has_token(&subject->bucket, own_ns, EVENT_LIMIT_SUBJECT_BURST, now_mono_ns))
		return false;
	take_token(&limit->all, token_ns, now_mono_ns);
	if (subject != NULL)
		take_token(&subject->bucket, own_ns, now_mono_ns);
	return true;
}

static void keep_back(struct event_limit *limit, const struct event *event, int64_t now_mono_ns)
{
	if (limit->kept == 0) {
		limit->since_mono_ns = now_mono_ns;
		limit->first_serial = event->serial;
		limit->several = false;
		snprintf(limit->subject, sizeof(limit->subject), "%s", event->subject);
	}
	limit->several = limit->several || strcmp(limit->subject, event->subject) != 0;
	limit->last_serial = event->serial;
	limit->kept++;
}

static bool always_goes_out(const struct event *event)
{
	return event->severity >= SEVERITY_CRITICAL || event->kind == EVENT_AGENT_STARTED ||
	       event->kind == EVENT_AGENT_STOPPING || event->kind == EVENT_EVENTS_SUMMARISED;
}

bool event_limit_pass(struct event_limit *limit, const struct event *event, int64_t now_mono_ns)
{
	if (always_goes_out(event) || take(limit, event->subject, now_mono_ns))
		return true;
	keep_back(limit, event, now_mono_ns);
	return false;
}

struct event *event_limit_summary(struct event_limit *limit, int64_t now_mono_ns)
{
	char text[EVENT_TEXT_MAX + 1];
	struct event *event;

	if (limit->kept == 0 || now_mono_ns - limit->since_mono_ns < EVENT_SUMMARY_MS * NS_PER_MS)
		return NULL;
	snprintf(text, sizeof(text), "%u event%s of serials %u to %u, of %.180s, had no notification of their own",
		 limit->kept, limit->kept == 1 ? "" : "s", limit->first_serial, limit->last_serial,
		 limit->several ? "several subjects" : limit->subject);
	event = event_new(EVENT_EVENTS_SUMMARISED, SEVERITY_WARNING, limit->several ? "edgenoded" : limit->subject,
			  text);
	event->value = (int32_t)(limit->kept < INT32_MAX ? limit->kept : INT32_MAX);
	limit->kept = 0;
	return event;
}
