/* ruled.c - a row under a rule in edgeThresholdTable, and its changes as events, in words. Pure; thread: cycle. */
#include "model/ruled.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_ROOM 80

void ruled_alarm(char out[RULED_ALARM_ROOM], const struct config_rule *rule, const char *subject)
{
	snprintf(out, RULED_ALARM_ROOM, "%s %s", rule->name, subject);
	out[text_utf8_cut(out, strlen(out), EVENT_SUBJECT_MAX)] = '\0';
}

void ruled_threshold(struct threshold *out, const struct config_rule *rule, const struct ruled *row)
{
	*out = (struct threshold){ .index = row->index,
				   .severity = rule->severity,
				   .rising = rule->rising,
				   .falling = rule->falling,
				   .units = row->units,
				   .hold_s = rule->hold_s,
				   .value = row->value,
				   .object_n = row->oid_n,
				   .state = THRESHOLD_UNKNOWN };
	memcpy(out->object, row->oid, sizeof(out->object));
	out->name = mem_string(rule->name);
	out->subject = mem_string(row->subject.key);
	out->have = row->have_value ? THRESHOLD_HAVE_VALUE : 0;
	if (row->readable && row->have_value)
		out->state = row->state.raised ? THRESHOLD_RAISED : THRESHOLD_NORMAL;
}

/* Hundredths of a percent are for managers; people read percent. */
static void format_value(char out[VALUE_ROOM], int32_t value, const char *units)
{
	const long long size = llabs((long long)value);

	if (strcmp(units, "0.01 percent") == 0)
		snprintf(out, VALUE_ROOM, "%s%lld.%02lld percent", value < 0 ? "-" : "", size / 100, size % 100);
	else
		snprintf(out, VALUE_ROOM, "%d%s%.60s", value, units[0] != '\0' ? " " : "", units);
}

static struct event *make_event(const char *alarm, uint8_t severity, const char *text, int64_t now_real_ns)
{
	const bool cleared = severity == 0;
	struct event *event = event_new(cleared ? EVENT_THRESHOLD_CLEARED : EVENT_THRESHOLD_RAISED,
					cleared ? SEVERITY_INFO : severity, alarm, text);

	event->time_real_ns = now_real_ns;
	event->alarm_kind = EVENT_THRESHOLD_RAISED;
	event->alarm_change = cleared ? ALARM_CLEARED : ALARM_RAISED;
	return event;
}

struct event *ruled_change_event(const struct config_rule *rule, const struct ruled *row, int64_t now_real_ns)
{
	const bool raised = row->state.raised;
	const int32_t limit = raised ? rule->rising : rule->falling;
	char alarm[RULED_ALARM_ROOM], value[VALUE_ROOM], limit_text[VALUE_ROOM], text[EVENT_TEXT_MAX * 2];
	struct event *event;

	ruled_alarm(alarm, rule, row->subject.key);
	format_value(value, row->value, row->units);
	format_value(limit_text, limit, row->units);
	snprintf(text, sizeof(text), "%.50s: %.50s of %.80s is %s, %s %s", rule->name, rule->object, row->subject.key,
		 value, raised ? "not below its limit" : "back to normal, not above", limit_text);
	event = make_event(alarm, raised ? rule->severity : 0, text, now_real_ns);
	event_set_units(event, row->units);
	event->of = EVENT_OF_THRESHOLD;
	event->of_index = row->index;
	event->value = row->value;
	event->threshold = limit;
	return event;
}

struct event *ruled_gone_event(const char *alarm, const char *why, uint32_t index, const struct snapshot *before,
			       int64_t now_real_ns)
{
	char text[EVENT_TEXT_MAX * 2];
	struct event *event;

	snprintf(text, sizeof(text), "%.200s: %s, its alarm ends", alarm, why);
	event = make_event(alarm, 0, text, now_real_ns);
	event_set_gone(event, EVENT_OF_THRESHOLD, index, before);
	return event;
}
