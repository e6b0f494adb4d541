/*
 * sensor.h - sensors of the host: libsensors chips and thermal zones no chip stands for. Plain data.
 */
#ifndef EDGENODE_MODEL_SENSOR_H
#define EDGENODE_MODEL_SENSOR_H

#include "model/host.h" /* BIT */

#include <stdbool.h>
#include <stddef.h>

#define SENSORS_MAX 1024
#define SENSOR_KEY_MAX 160

enum sensor_type {
	SENSOR_TEMPERATURE = 1, SENSOR_FAN, SENSOR_VOLTAGE, SENSOR_CURRENT, SENSOR_POWER, SENSOR_ENERGY,
	SENSOR_HUMIDITY, SENSOR_OTHER
};
enum sensor_units { /* of value, min, max, critical */
	SENSOR_MILLI_CELSIUS = 1, SENSOR_RPM, SENSOR_MILLI_VOLT, SENSOR_MILLI_AMPERE, SENSOR_MILLI_WATT, SENSOR_JOULE,
	SENSOR_MILLI_PERCENT, SENSOR_NONE, SENSOR_HERTZ
};
enum sensor_status {
	SENSOR_OK = 1, SENSOR_WARNING, SENSOR_CRITICAL, SENSOR_FAULT, SENSOR_UNAVAILABLE, SENSOR_UNKNOWN
};

struct sensor {
	uint32_t index; /* given by the builder, from the index map */
	uint64_t have;
	char *chip;     /* "coretemp-isa-0000", a zone: "thermal-acpitz"; the second of a name ends in "#2" */
	char *feature;  /* "temp1" */
	char *key;      /* chip/feature: unique, what people write in a rule */
	char *identity; /* device path + chip + feature: what the index is kept for */
	char *label;    /* the chip's label, else the feature */
	uint8_t type, units, status;
	bool alarm;          /* any of the chip's alarm bits */
	bool critical_alarm; /* one of them says critical or emergency */
	int32_t value, min, max, critical; /* saturated to Integer32 */
	int32_t max_hysteresis, critical_hysteresis; /* temperatures: the chip's own falling limits */
	int64_t read_mono_ns; /* when value was read */
};
#define SENSOR_HAVE_VALUE BIT(0)
#define SENSOR_HAVE_MIN BIT(1)
#define SENSOR_HAVE_MAX BIT(2)
#define SENSOR_HAVE_CRITICAL BIT(3)
#define SENSOR_HAVE_ALARM BIT(4)
#define SENSOR_HAVE_MAX_HYSTERESIS BIT(5)
#define SENSOR_HAVE_CRITICAL_HYSTERESIS BIT(6)

/* Result of "sensors" and of "thermal" (index 0, order of the source); in the snapshot: both, ascending index. */
struct sensors {
	struct part part;
	const struct part *borrowed[2]; /* the parts that own the strings of these rows; NULL: they are its own */
	size_t n;
	struct sensor rows[];
};

/* A part with n zeroed rows, freed with all strings of its rows. Model-level helper for sources and tests. */
struct sensors *sensors_new(size_t n);

/* The next reading of the same sensors: a copy of the rows whose strings stay those of `plan`, which it holds. */
struct sensors *sensors_copy(const struct sensors *plan);

/* Sets chip, feature, key and identity. ordinal: 1 for the first chip of that name, 2 for the next, ...; device: path
 * or name of what the chip belongs to, the same after a restart. */
void sensor_set_name(struct sensor *row, const char *chip, size_t ordinal, const char *feature, const char *device);

/* value * factor rounded and saturated to Integer32. false, *out untouched, where it is not a number. */
bool sensor_scale(double value, double factor, int32_t *out);

/* The status a reading implies: fault and unavailable stay; unknown without a value; critical at or above `critical` or
 * by a critical alarm; warning at or above `max`, at or below `min` (temperature, fan, voltage) or by an alarm. */
uint8_t sensor_status_of(const struct sensor *sensor);

#endif
