/*
 * detect.h - events from the difference of two snapshots, and from rules with hysteresis. Pure but for its own
 * state; on the cycle lane. Those of domains come from elsewhere (model/domain_watch.h).
 *
 * Per rule and subject a threshold: raised when the value was at or above `rising` for hold_s, back to normal when it
 * was at or below `falling` for hold_s (model/hysteresis.h). Sensors have two default rules from the chip's own limits:
 * "sensor-max" (warning at max, falling at max_hysteresis or max - 2000) and "sensor-critical" (critical at critical,
 * falling at critical_hysteresis or critical - 2000), temperatures only and only where a limit is plausible; a
 * configured rule on edgeSensorValue whose pattern matches the sensor replaces both (model/watch.h). Rules on any other
 * number give edgeThresholdRaised and edgeThresholdCleared (model/watch_rule.h).
 *
 * A temperature's thermal level is the worst of its raised thresholds (those of severity info do not count), and each
 * change of it is one event: up to critical edgeThermalCritical, to warning from below or from above
 * edgeThermalWarning, back to none edgeThermalNormal. So a sensor has one alarm whose severity and kind follow the
 * events: alarm_kind of all three is EVENT_THERMAL_WARNING (alarm_family), and the log alone tells what is raised.
 */
#ifndef EDGENODE_MODEL_DETECT_H
#define EDGENODE_MODEL_DETECT_H

#include "config.h"
#include "model/index_map.h"
#include "model/snapshot.h"

struct detect;

/* Events found, in order of occurrence; grows as needed. Time, subject, value and alarm change are set; serial, boot,
 * uptime, clock_synced and varbinds are not. */
struct event_list {
	size_t n;
	struct event **events; /* references */
};
void event_list_add(struct event_list *list, struct event *event); /* takes over */
void event_list_clear(struct event_list *list);

/* values: what rules may watch (model/watch_values.h), borrowed; NULL: nothing but temperatures. */
struct watch_values;
struct detect *detect_new(const struct watch_values *values);
void detect_free(struct detect *detect);

/* New rules; states of thresholds whose rule and subject are still there are kept, alarms of the others end. */
void detect_configure(struct detect *detect, const struct config *config);

/* What was raised when the daemon last ran (from the log): a value that is still over its limit raises nothing again,
 * one that is back clears it; so does the proof that its row is gone, that a source is now disabled or absent, or that
 * no rule stands for it any more. Before the first detect_run. */
void detect_restore(struct detect *detect, const struct alarms *alarms);

/* Compares old (NULL at the first run) and new. Appends to out and gives the threshold rows (a
 * reference, never NULL; the same part as before while nothing in it changed). indexes gives edgeThresholdIndex for
 * keys "threshold:<subject> <rule>" (a tab between them) and is told which are no longer in use. Hold times count on
 * the sensors' own read_mono_ns, else on the snapshots' time, of which one counts only where the row was read anew. old
 * is the snapshot of the run before, and still alive. Cost: nothing for a part that is the same in both; else linear in
 * its rows. */
struct thresholds *detect_run(struct detect *detect, const struct snapshot *old, const struct snapshot *new,
			      struct index_map *indexes, int64_t now_real_ns, struct event_list *out);

/* True where each of these sources, BIT(id) of them, has told what it knows once, or is off: what they have no row of
 * does not exist, for rows stay while a source fails. */
#define DETECT_ALL_SOURCES UINT64_MAX
bool detect_told(const struct sources *sources, uint64_t which);

/* alarms after these events (which have their serials): raised ones added (lowest free index) or, where the subject has
 * one of that family, given the event's kind, severity and serial; cleared ones removed. old may be NULL. A reference,
 * never NULL; the same part as old while nothing changes. Above ALARMS_MAX no further one is added. In alarm.c. */
struct alarms *alarms_apply(const struct alarms *old, const struct event_list *events);

#endif
