/* sensor.c - rows of sensors: make, name, scale, judge. Pure; thread: any. */
#include "model/sensor.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_strings(struct sensor *row)
{
	free(row->chip);
	free(row->feature);
	free(row->key);
	free(row->identity);
	free(row->label);
}

static void sensors_destroy(struct part *part)
{
	struct sensors *sensors = (struct sensors *)part;

	if (sensors->borrowed[0] == NULL && sensors->borrowed[1] == NULL)
		for (size_t i = 0; i < sensors->n; i++)
			free_strings(&sensors->rows[i]);
	part_unref(sensors->borrowed[0]);
	part_unref(sensors->borrowed[1]);
	free(sensors);
}

struct sensors *sensors_new(size_t n)
{
	struct sensors *sensors;

	assert(n <= SENSORS_MAX);
	sensors = mem_alloc(sizeof(*sensors) + n * sizeof(sensors->rows[0]));
	part_init(&sensors->part, sensors_destroy);
	sensors->n = n;
	return sensors;
}

struct sensors *sensors_copy(const struct sensors *plan)
{
	struct sensors *copy = sensors_new(plan->n);

	copy->borrowed[0] = part_ref(plan);
	memcpy(copy->rows, plan->rows, plan->n * sizeof(plan->rows[0]));
	return copy;
}

void sensor_set_name(struct sensor *row, const char *chip, size_t ordinal, const char *feature, const char *device)
{
	char name[96], key[SENSOR_KEY_MAX], identity[1024];

	if (ordinal > 1)
		snprintf(name, sizeof(name), "%.64s#%zu", chip, ordinal);
	else
		snprintf(name, sizeof(name), "%.64s", chip);
	snprintf(key, sizeof(key), "%s/%.60s", name, feature);
	snprintf(identity, sizeof(identity), "%s %s", device, key);
	mem_replace(&row->chip, name);
	mem_replace(&row->feature, feature);
	mem_replace(&row->key, key);
	mem_replace(&row->identity, identity);
}

bool sensor_scale(double value, double factor, int32_t *out)
{
	const double scaled = value * factor;

	if (isnan(scaled))
		return false;
	if (scaled >= INT32_MAX)
		*out = INT32_MAX;
	else if (scaled <= INT32_MIN)
		*out = INT32_MIN;
	else
		*out = (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
	return true;
}

static bool has(const struct sensor *sensor, uint64_t bit)
{
	return (sensor->have & bit) != 0;
}

/* Too little harms where the value is a temperature, a fan or a voltage; no load on a power rail is no fault. */
static bool is_below_min(const struct sensor *sensor)
{
	return has(sensor, SENSOR_HAVE_MIN) && sensor->value <= sensor->min &&
	       (sensor->type == SENSOR_TEMPERATURE || sensor->type == SENSOR_FAN || sensor->type == SENSOR_VOLTAGE);
}

uint8_t sensor_status_of(const struct sensor *sensor)
{
	if (sensor->status == SENSOR_FAULT || sensor->status == SENSOR_UNAVAILABLE)
		return sensor->status;
	if (!has(sensor, SENSOR_HAVE_VALUE))
		return SENSOR_UNKNOWN;
	if (sensor->critical_alarm || (has(sensor, SENSOR_HAVE_CRITICAL) && sensor->value >= sensor->critical))
		return SENSOR_CRITICAL;
	if ((has(sensor, SENSOR_HAVE_ALARM) && sensor->alarm) ||
	    (has(sensor, SENSOR_HAVE_MAX) && sensor->value >= sensor->max) || is_below_min(sensor))
		return SENSOR_WARNING;
	return SENSOR_OK;
}
