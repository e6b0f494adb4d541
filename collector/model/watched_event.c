/*
 * watched_event.c - a change of a sensor's thermal level as an event, in words. Pure; thread: cycle.
 */
#include "model/watched.h"

#include <stdio.h>
#include <stdlib.h>

#define DEGREES_MAX 16 /* "-2147483.648" */

static const char *level_word(uint8_t level)
{
	return level == SEVERITY_CRITICAL ? "critical" : "warning";
}

/* Exact, with at least one decimal: rounded, a value at its limit could seem to be on the other side. */
static void format_degrees(char out[DEGREES_MAX], int32_t mdegc)
{
	const int64_t size = llabs(mdegc);
	int n = snprintf(out, DEGREES_MAX, "%s%d.%03d", mdegc < 0 ? "-" : "", (int)(size / 1000), (int)(size % 1000));

	for (int zeros = 0; zeros < 2 && out[n - 1] == '0'; zeros++)
		out[--n] = '\0';
}

/* The limit that puts the sensor on this level: of those that are raised the highest. */
static const struct limit *limit_reached(const struct watched *row, uint8_t level)
{
	const struct limit *found = NULL;

	for (size_t i = 0; i < row->n; i++) {
		const struct limit *limit = &row->limits[i];

		if (limit->active && limit->state.raised && limit->severity == level &&
		    (found == NULL || limit->limits.rising > found->limits.rising))
			found = limit;
	}
	return found;
}

/* The limit whose return to normal brought the sensor down from row->level to this level: of those in between the
 * lowest. NULL where the limits are no longer there. */
static const struct limit *limit_left(const struct watched *row, uint8_t level)
{
	const struct limit *found = NULL;

	for (size_t i = 0; i < row->n; i++) {
		const struct limit *limit = &row->limits[i];

		if (limit->active && !limit->state.raised && limit->severity >= SEVERITY_WARNING &&
		    limit->severity > level && limit->severity <= row->level &&
		    (found == NULL || limit->limits.falling < found->limits.falling))
			found = limit;
	}
	return found;
}

static void text_up(char *text, size_t size, const struct sensor *sensor, uint8_t level, const struct limit *limit)
{
	char value[DEGREES_MAX], rising[DEGREES_MAX];

	format_degrees(value, sensor->value);
	format_degrees(rising, limit->limits.rising);
	snprintf(text, size, "%s is at %s C, %s its %s limit %s C", sensor->key, value,
		 sensor->value > limit->limits.rising ? "above" : "at", level_word(level), rising);
}

static void text_down(char *text, size_t size, const struct sensor *sensor, uint8_t level, const struct limit *limit)
{
	const char *from = level == 0 ? "back to normal" : "back from critical to warning";
	char value[DEGREES_MAX], falling[DEGREES_MAX];

	format_degrees(value, sensor->value);
	if (limit == NULL) {
		snprintf(text, size, "%s is at %s C, %s as the limit no longer applies", sensor->key, value, from);
		return;
	}
	format_degrees(falling, limit->limits.falling);
	snprintf(text, size, "%s is at %s C, %s at %s C or below", sensor->key, value, from, falling);
}

static void set_alarm(struct event *event, uint8_t level, int64_t now_real_ns)
{
	event->time_real_ns = now_real_ns;
	event->of = EVENT_OF_SENSOR;
	event_set_units(event, event_units(SENSOR_MILLI_CELSIUS));
	event->alarm_kind = EVENT_THERMAL_WARNING;
	event->alarm_change = level == 0 ? ALARM_CLEARED : ALARM_RAISED;
}

struct event *watched_level_event(const struct watched *row, const struct sensor *sensor, uint8_t level,
				  int64_t now_real_ns)
{
	static const uint8_t KINDS[] = { [0] = EVENT_THERMAL_NORMAL,
					 [SEVERITY_WARNING] = EVENT_THERMAL_WARNING,
					 [SEVERITY_CRITICAL] = EVENT_THERMAL_CRITICAL };
	const bool up = level > row->level;
	const struct limit *limit = up ? limit_reached(row, level) : limit_left(row, level);
	char text[EVENT_TEXT_MAX * 2];
	struct event *event;

	(up ? text_up : text_down)(text, sizeof(text), sensor, level, limit);
	event = event_new(KINDS[level], level == 0 ? SEVERITY_INFO : level, row->key, text);
	set_alarm(event, level, now_real_ns);
	event->of_index = sensor->index;
	event->value = sensor->value;
	if (limit != NULL)
		event->threshold = up ? limit->limits.rising : limit->limits.falling;
	return event;
}

struct event *watched_gone_event(const struct watched *row, const struct snapshot *before, int64_t now_real_ns)
{
	char text[EVENT_TEXT_MAX * 2];
	struct event *event;

	snprintf(text, sizeof(text), "%s is gone, its alarm ends", row->key);
	event = event_new(EVENT_THERMAL_NORMAL, SEVERITY_INFO, row->key, text);
	set_alarm(event, 0, now_real_ns);
	event_set_gone(event, EVENT_OF_SENSOR, row->sensor_index, before);
	return event;
}
