/* watch_fault.c - sensors whose chip says that they are broken. Pure; thread: cycle. Data: struct sensor. */
#include "model/notice.h"

#include <stdio.h>

static enum notice_state state_of(const struct sensor *sensor)
{
	switch (sensor->status) {
	case SENSOR_FAULT:
		return NOTICE_WRONG;
	case SENSOR_OK:
	case SENSOR_WARNING:
	case SENSOR_CRITICAL:
		return NOTICE_RIGHT;
	default:
		return NOTICE_UNKNOWN;
	}
}

static void look_at_sensors(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	(void)old;
	for (size_t i = 0; i < new->sensors->n; i++) {
		const struct sensor *sensor = &new->sensors->rows[i];
		const struct notice_sample sample = {
			.subject = sensor->key, .state = state_of(sensor), .row = sensor, .of_index = sensor->index
		};

		notice_sample(look, &sample);
	}
}

static void fault_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	snprintf(text, NOTICE_TEXT_SIZE, "sensor %.180s %s", sample->subject,
		 sample->state == NOTICE_WRONG ? "is faulty: its value is not to be trusted" : "works again");
}

const struct notice_watch WATCH_FAULT = {
	.raised = EVENT_SENSOR_FAULT,
	.cleared = EVENT_SENSOR_RESTORED,
	.severity = SEVERITY_WARNING,
	.of = EVENT_OF_SENSOR,
	.sources = BIT(SOURCE_SENSORS) | BIT(SOURCE_THERMAL),
	.part = offsetof(struct snapshot, sensors),
	.look = look_at_sensors,
	.text = fault_text,
};
