/*
 * sensors_channel.h - one feature of a libsensors chip as a row: which of its files plays which role, and reading them.
 * Thread: worker "sensors", between sensors_init and sensors_cleanup.
 */
#ifndef EDGENODE_SOURCE_SENSORS_CHANNEL_H
#define EDGENODE_SOURCE_SENSORS_CHANNEL_H

#include "source/source.h"

#include <sensors/sensors.h>

enum channel_role {
	ROLE_INPUT, ROLE_AVERAGE, ROLE_FAULT, ROLE_MIN, ROLE_MAX, ROLE_CRITICAL, ROLE_MAX_HYSTERESIS,
	ROLE_CRITICAL_HYSTERESIS, ROLE_ALARM, ROLE_MIN_ALARM, ROLE_MAX_ALARM, ROLE_CAP_ALARM, ROLE_LOW_CRITICAL_ALARM,
	ROLE_CRITICAL_ALARM, ROLE_EMERGENCY_ALARM, ROLE_END
};

struct channel_kind;

/* How a row of the plan is read. */
struct sensors_channel {
	const sensors_chip_name *chip; /* the library's, until sensors_cleanup */
	const struct channel_kind *kind;
	int number[ROLE_END]; /* subfeature of each role; -1: the chip has none */
	size_t zone_ordinal;  /* it is the n-th thermal zone of the type of `zone`; 0: it is none */
	uint32_t zone;
};

/* Features of other kinds than a sensor's (beepers) are passed over. */
bool channel_is_sensor(const sensors_feature *feature);

/* What is read for a feature of the chip below `device`; sets type and units of the row. */
void channel_plan(struct sensors_channel *channel, const sensors_chip_name *chip, const sensors_feature *feature,
		  const char *device, struct sensor *row);

/* Limits into the row, for many readings to come. Cost: one file each. */
void channel_read_limits(const struct sensors_channel *channel, const struct sysroot *root, struct sensor *row);

/* Value, fault and alarms into a row that has its limits, and the status that follows. */
void channel_read(const struct sensors_channel *channel, struct sensor *row);

#endif
