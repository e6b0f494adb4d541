/*
 * ruled.h - one row of whatever table under a configured rule, and what is said of it; shared by watch_rule.c and
 * ruled.c only. Thread: cycle.
 */
#ifndef EDGENODE_MODEL_RULED_H
#define EDGENODE_MODEL_RULED_H

#include "model/detect.h"
#include "model/hysteresis.h"
#include "model/subject_set.h"

#define RULED_ALARM_ROOM 2048u /* of a rule's name and a subject; an event keeps EVENT_SUBJECT_MAX of it */

struct ruled {
	struct subject subject;
	const void *row; /* sampled last; of the snapshot before, so that a new row has another address */
	bool readable, have_value;
	int32_t value; /* last evaluated */
	const char *units;
	struct hysteresis state;
	int64_t absent_since_ns; /* in alarm, and without a value in what was read since; 0: not so */
	uint32_t index;		 /* of the threshold row; 0: there are too many */
	uint32_t oid[THRESHOLD_OID_MAX];
	size_t oid_n;
};

/* The subject of the events about a rule and a row: both names. */
void ruled_alarm(char out[RULED_ALARM_ROOM], const struct config_rule *rule, const char *subject);

/* The row of edgeThresholdTable. */
void ruled_threshold(struct threshold *out, const struct config_rule *rule, const struct ruled *row);

/* The event of a change to what row->state is now. */
struct event *ruled_change_event(const struct config_rule *rule, const struct ruled *row, int64_t now_real_ns);

/* The end of an alarm without a value. why: "gone"; index and before: of the threshold row, as event_set_gone. */
struct event *ruled_gone_event(const char *alarm, const char *why, uint32_t index, const struct snapshot *before,
			       int64_t now_real_ns);

#endif
