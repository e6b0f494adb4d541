/*
 * sensors_channel.c - the files of a chip's feature and what they mean. Thread: worker "sensors". Source: libsensors
 * (sensors/sensors.h), which gives each file of Documentation/hwmon/sysfs-interface.rst as a subfeature.
 */
#include "source/sensors_channel.h"

#include "base/clock.h"
#include "base/text.h"
#include "source/procsys.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ZONE_NAME "/thermal_zone"
#define ROLE_FIRST_ALARM ROLE_ALARM
#define ROLE_FIRST_CRITICAL_ALARM ROLE_LOW_CRITICAL_ALARM

#define IS(name, role) { SENSORS_SUBFEATURE_##name, ROLE_##role }
static const struct {
	sensors_subfeature_type type;
	enum channel_role role;
} ROLES[] = {
	IS(TEMP_INPUT, INPUT), IS(TEMP_FAULT, FAULT), IS(TEMP_MIN, MIN), IS(TEMP_MAX, MAX), IS(TEMP_CRIT, CRITICAL),
	IS(TEMP_MAX_HYST, MAX_HYSTERESIS), IS(TEMP_CRIT_HYST, CRITICAL_HYSTERESIS), IS(TEMP_ALARM, ALARM),
	IS(TEMP_MIN_ALARM, MIN_ALARM), IS(TEMP_MAX_ALARM, MAX_ALARM), IS(TEMP_LCRIT_ALARM, LOW_CRITICAL_ALARM),
	IS(TEMP_CRIT_ALARM, CRITICAL_ALARM), IS(TEMP_EMERGENCY_ALARM, EMERGENCY_ALARM),
	IS(FAN_INPUT, INPUT), IS(FAN_FAULT, FAULT), IS(FAN_MIN, MIN), IS(FAN_MAX, MAX), IS(FAN_ALARM, ALARM),
	IS(FAN_MIN_ALARM, MIN_ALARM), IS(FAN_MAX_ALARM, MAX_ALARM),
	IS(IN_INPUT, INPUT), IS(IN_AVERAGE, AVERAGE), IS(IN_MIN, MIN), IS(IN_MAX, MAX), IS(IN_CRIT, CRITICAL),
	IS(IN_ALARM, ALARM), IS(IN_MIN_ALARM, MIN_ALARM), IS(IN_MAX_ALARM, MAX_ALARM),
	IS(IN_LCRIT_ALARM, LOW_CRITICAL_ALARM), IS(IN_CRIT_ALARM, CRITICAL_ALARM),
	IS(CURR_INPUT, INPUT), IS(CURR_AVERAGE, AVERAGE), IS(CURR_MIN, MIN), IS(CURR_MAX, MAX), IS(CURR_CRIT, CRITICAL),
	IS(CURR_ALARM, ALARM), IS(CURR_MIN_ALARM, MIN_ALARM), IS(CURR_MAX_ALARM, MAX_ALARM),
	IS(CURR_LCRIT_ALARM, LOW_CRITICAL_ALARM), IS(CURR_CRIT_ALARM, CRITICAL_ALARM),
	IS(POWER_INPUT, INPUT), IS(POWER_AVERAGE, AVERAGE), IS(POWER_MIN, MIN), IS(POWER_MAX, MAX),
	IS(POWER_CRIT, CRITICAL), IS(POWER_ALARM, ALARM), IS(POWER_MIN_ALARM, MIN_ALARM),
	IS(POWER_MAX_ALARM, MAX_ALARM), IS(POWER_CAP_ALARM, CAP_ALARM), IS(POWER_LCRIT_ALARM, LOW_CRITICAL_ALARM),
	IS(POWER_CRIT_ALARM, CRITICAL_ALARM),
	IS(ENERGY_INPUT, INPUT), IS(HUMIDITY_INPUT, INPUT), IS(VID, INPUT),
	/* A switch: 1 is an open case, which is its value and its alarm at once. */
	IS(INTRUSION_ALARM, INPUT),
};

/* The library gives degrees, volts, amperes, watts, joules, per cent. */
static const struct channel_kind {
	sensors_feature_type feature;
	uint8_t type, units;
	double factor;
} KINDS[] = {
	{ SENSORS_FEATURE_TEMP, SENSOR_TEMPERATURE, SENSOR_MILLI_CELSIUS, 1000 },
	{ SENSORS_FEATURE_FAN, SENSOR_FAN, SENSOR_RPM, 1 },
	{ SENSORS_FEATURE_IN, SENSOR_VOLTAGE, SENSOR_MILLI_VOLT, 1000 },
	{ SENSORS_FEATURE_VID, SENSOR_VOLTAGE, SENSOR_MILLI_VOLT, 1000 },
	{ SENSORS_FEATURE_CURR, SENSOR_CURRENT, SENSOR_MILLI_AMPERE, 1000 },
	{ SENSORS_FEATURE_POWER, SENSOR_POWER, SENSOR_MILLI_WATT, 1000 },
	{ SENSORS_FEATURE_ENERGY, SENSOR_ENERGY, SENSOR_JOULE, 1 },
	{ SENSORS_FEATURE_HUMIDITY, SENSOR_HUMIDITY, SENSOR_MILLI_PERCENT, 1000 },
	{ SENSORS_FEATURE_INTRUSION, SENSOR_OTHER, SENSOR_NONE, 1 },
};

static const struct {
	enum channel_role role;
	uint64_t bit;
	size_t offset;
} LIMITS[] = {
	{ ROLE_MIN, SENSOR_HAVE_MIN, offsetof(struct sensor, min) },
	{ ROLE_MAX, SENSOR_HAVE_MAX, offsetof(struct sensor, max) },
	{ ROLE_CRITICAL, SENSOR_HAVE_CRITICAL, offsetof(struct sensor, critical) },
	{ ROLE_MAX_HYSTERESIS, SENSOR_HAVE_MAX_HYSTERESIS, offsetof(struct sensor, max_hysteresis) },
	{ ROLE_CRITICAL_HYSTERESIS, SENSOR_HAVE_CRITICAL_HYSTERESIS, offsetof(struct sensor, critical_hysteresis) },
};

/* --- the plan ---------------------------------------------------------------------------------------------------- */

static const struct channel_kind *kind_of(const sensors_feature *feature)
{
	for (size_t i = 0; i < COUNT(KINDS); i++)
		if (KINDS[i].feature == feature->type)
			return &KINDS[i];
	return NULL;
}

static void set_role(struct sensors_channel *channel, const sensors_subfeature *subfeature)
{
	if ((subfeature->flags & SENSORS_MODE_R) == 0)
		return;
	for (size_t i = 0; i < COUNT(ROLES); i++)
		if (ROLES[i].type == subfeature->type)
			channel->number[ROLES[i].role] = subfeature->number;
}

static void plan_roles(struct sensors_channel *channel, const sensors_chip_name *chip, const sensors_feature *feature)
{
	const sensors_subfeature *subfeature;
	int i = 0;

	channel->chip = chip;
	channel->kind = kind_of(feature);
	for (size_t role = 0; role < ROLE_END; role++)
		channel->number[role] = -1;
	while ((subfeature = sensors_get_all_subfeatures(chip, feature, &i)) != NULL)
		set_role(channel, subfeature);
	/* Some power meters give an average only. */
	if (channel->number[ROLE_INPUT] < 0)
		channel->number[ROLE_INPUT] = channel->number[ROLE_AVERAGE];
}

/* temp1 of the chip below thermal_zoneN is that zone, temp2 the next of the same type. */
static void plan_zone(struct sensors_channel *channel, const char *device, const char *feature)
{
	const char *name = strrchr(device, '/');
	uint32_t ordinal;

	if (name == NULL || strncmp(name, ZONE_NAME, strlen(ZONE_NAME)) != 0 ||
	    text_u32(name + strlen(ZONE_NAME), &channel->zone) != 0 || strncmp(feature, "temp", 4) != 0 ||
	    text_u32(feature + 4, &ordinal) != 0)
		return;
	channel->zone_ordinal = ordinal;
}

bool channel_is_sensor(const sensors_feature *feature)
{
	return kind_of(feature) != NULL;
}

void channel_plan(struct sensors_channel *channel, const sensors_chip_name *chip, const sensors_feature *feature,
		  const char *device, struct sensor *row)
{
	plan_roles(channel, chip, feature);
	plan_zone(channel, device, feature->name);
	row->type = channel->kind->type;
	row->units = channel->kind->units;
}

/* --- limits ------------------------------------------------------------------------------------------------------ */

static bool read_role(const struct sensors_channel *channel, enum channel_role role, double *value)
{
	return channel->number[role] >= 0 && sensors_get_value(channel->chip, channel->number[role], value) == 0;
}

static bool is_set(const struct sensors_channel *channel, enum channel_role role)
{
	double value;

	return read_role(channel, role, &value) && value != 0;
}

/* A limit register that nobody has set reads 0. Only for temperatures is 0 a lower limit that means something. */
static bool is_real_limit(const struct sensors_channel *channel, enum channel_role role, int32_t limit)
{
	return limit != 0 || (role == ROLE_MIN && channel->kind->type == SENSOR_TEMPERATURE);
}

static void read_chip_limits(const struct sensors_channel *channel, struct sensor *row)
{
	for (size_t i = 0; i < COUNT(LIMITS); i++) {
		double value;
		int32_t limit;

		row->have &= ~LIMITS[i].bit;
		if (!read_role(channel, LIMITS[i].role, &value) ||
		    !sensor_scale(value, channel->kind->factor, &limit) ||
		    !is_real_limit(channel, LIMITS[i].role, limit))
			continue;
		memcpy((char *)row + LIMITS[i].offset, &limit, sizeof(limit));
		row->have |= LIMITS[i].bit;
	}
}

/* The driver may give its limit as hysteresis: without a distance, a value at the limit would rise and fall at once. */
static void drop_flat_hysteresis(struct sensor *row)
{
	if ((row->have & SENSOR_HAVE_MAX) == 0 || row->max_hysteresis >= row->max)
		row->have &= ~SENSOR_HAVE_MAX_HYSTERESIS;
	if ((row->have & SENSOR_HAVE_CRITICAL) == 0 || row->critical_hysteresis >= row->critical)
		row->have &= ~SENSOR_HAVE_CRITICAL_HYSTERESIS;
}

/* The chip that the kernel gives to a thermal zone shows the critical trip point only: what it lacks the zone has. */
static void read_zone_limits(const struct sensors_channel *channel, const struct sysroot *root, struct sensor *row)
{
	struct sensor zone = { .have = 0 };

	if (channel->zone_ordinal == 0)
		return;
	thermal_read_limits(root, channel->zone, channel->zone_ordinal, &zone);
	if ((row->have & SENSOR_HAVE_MAX) == 0) {
		row->max = zone.max;
		row->max_hysteresis = zone.max_hysteresis;
		row->have |= zone.have & (SENSOR_HAVE_MAX | SENSOR_HAVE_MAX_HYSTERESIS);
	}
	if ((row->have & SENSOR_HAVE_CRITICAL) == 0) {
		row->critical = zone.critical;
		row->critical_hysteresis = zone.critical_hysteresis;
		row->have |= zone.have & (SENSOR_HAVE_CRITICAL | SENSOR_HAVE_CRITICAL_HYSTERESIS);
	}
}

void channel_read_limits(const struct sensors_channel *channel, const struct sysroot *root, struct sensor *row)
{
	read_chip_limits(channel, row);
	drop_flat_hysteresis(row);
	read_zone_limits(channel, root, row);
}

/* --- readings ---------------------------------------------------------------------------------------------------- */

static void read_alarms(const struct sensors_channel *channel, struct sensor *row)
{
	for (enum channel_role role = ROLE_FIRST_ALARM; role < ROLE_END; role++) {
		if (channel->number[role] < 0)
			continue;
		row->have |= SENSOR_HAVE_ALARM;
		if (!is_set(channel, role))
			continue;
		row->alarm = true;
		row->critical_alarm = row->critical_alarm || role >= ROLE_FIRST_CRITICAL_ALARM;
	}
	if (channel->kind->feature == SENSORS_FEATURE_INTRUSION) {
		row->have |= SENSOR_HAVE_ALARM;
		row->alarm = row->value != 0;
	}
}

/* A sensor with a fault has no value: what its register holds then means nothing. */
static void read_value(const struct sensors_channel *channel, struct sensor *row)
{
	double value;

	if (is_set(channel, ROLE_FAULT)) {
		row->status = SENSOR_FAULT;
	} else if (!read_role(channel, ROLE_INPUT, &value)) {
		row->status = SENSOR_UNAVAILABLE;
	} else if (sensor_scale(value, channel->kind->factor, &row->value)) {
		row->have |= SENSOR_HAVE_VALUE;
		row->read_mono_ns = clock_mono_ns();
	}
}

void channel_read(const struct sensors_channel *channel, struct sensor *row)
{
	read_value(channel, row);
	read_alarms(channel, row);
	row->status = sensor_status_of(row);
}
