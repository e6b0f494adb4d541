/* event.c - makes and frees events, alarms and thresholds. Pure; thread: any (cycle makes them, persist reads them). */
#include "model/event.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/sensor.h"

#include <stdlib.h>
#include <string.h>

/* The words of edgeEventUnits and edgeThresholdUnits; NULL is none. */
static const char *const UNITS[] = {
	[SENSOR_MILLI_CELSIUS] = "milliCelsius",
	[SENSOR_RPM] = "rpm",
	[SENSOR_MILLI_VOLT] = "milliVolt",
	[SENSOR_MILLI_AMPERE] = "milliAmpere",
	[SENSOR_MILLI_WATT] = "milliWatt",
	[SENSOR_JOULE] = "joule",
	[SENSOR_MILLI_PERCENT] = "milliPercent",
	[SENSOR_HERTZ] = "hertz",
};
#define UNITS_COUNT (sizeof(UNITS) / sizeof(UNITS[0]))

const char *event_units(uint8_t sensor_units)
{
	return sensor_units < UNITS_COUNT && UNITS[sensor_units] != NULL ? UNITS[sensor_units] : "";
}

void event_set_units(struct event *event, const char *units)
{
	const size_t n = text_utf8_cut(units, strlen(units), EVENT_UNITS_MAX);

	memcpy(event->units, units, n);
	event->units[n] = '\0';
}

static char *cut_copy(const char *text, size_t most)
{
	return mem_string_n(text, text_utf8_cut(text, strlen(text), most));
}

/* What came from outside (a name, a library's message) may hold line ends or bytes that are not UTF-8, or have been cut
 * inside a character where a sentence was made of it. */
static char *one_line(const char *text)
{
	char *line = cut_copy(text, EVENT_TEXT_MAX);
	const size_t length = strlen(line);
	size_t n;

	for (size_t i = 0; i < length; i += n) {
		n = text_utf8_next(line + i, length - i);
		if (n == 0) {
			n = 1;
			line[i] = '?';
		} else if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
			line[i] = ' ';
		}
	}
	return line;
}

static void event_destroy(struct part *part)
{
	struct event *event = (struct event *)part;

	free(event->subject);
	free(event->text);
	free(event->varbinds);
	free(event->device);
	free(event->machine_check);
	part_unref(event->row);
	part_unref(event->before);
	free(event);
}

struct event *event_new(uint8_t kind, uint8_t severity, const char *subject, const char *text)
{
	struct event *event = mem_alloc(sizeof(*event));

	part_init(&event->part, event_destroy);
	event->kind = kind;
	event->severity = severity;
	event->subject = cut_copy(subject, EVENT_SUBJECT_MAX);
	event->text = one_line(text);
	return event;
}

void event_set_gone(struct event *event, uint8_t of, uint32_t index, const struct snapshot *before)
{
	if (before == NULL || index == 0)
		return;
	event->of = of;
	event->of_index = index;
	event->before = part_ref(before);
}

static void events_destroy(struct part *part)
{
	struct events *events = (struct events *)part;

	for (size_t i = 0; i < events->n; i++)
		part_unref(events->rows[i]);
	free(events);
}

struct events *events_new(size_t n)
{
	struct events *events = mem_alloc(sizeof(*events) + n * sizeof(events->rows[0]));

	part_init(&events->part, events_destroy);
	events->n = n;
	return events;
}

static void alarms_destroy(struct part *part)
{
	struct alarms *alarms = (struct alarms *)part;

	for (size_t i = 0; i < alarms->n; i++)
		free(alarms->rows[i].subject);
	free(alarms);
}

struct alarms *alarms_new(size_t n)
{
	struct alarms *alarms = mem_alloc(sizeof(*alarms) + n * sizeof(alarms->rows[0]));

	part_init(&alarms->part, alarms_destroy);
	alarms->n = n;
	return alarms;
}

static void thresholds_destroy(struct part *part)
{
	struct thresholds *thresholds = (struct thresholds *)part;

	for (size_t i = 0; i < thresholds->n; i++) {
		free(thresholds->rows[i].name);
		free(thresholds->rows[i].subject);
	}
	free(thresholds);
}

struct thresholds *thresholds_new(size_t n)
{
	struct thresholds *thresholds = mem_alloc(sizeof(*thresholds) + n * sizeof(thresholds->rows[0]));

	part_init(&thresholds->part, thresholds_destroy);
	thresholds->n = n;
	return thresholds;
}
