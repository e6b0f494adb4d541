/*
 * rows_sensor.c - group 9 edgeSensor: chips and thermal zones.
 *
 * Const data; the getter is pure. Rows: struct sensor of the snapshot.
 */
#include "subagent/rows.h"

PART_ROWS(sensor, sensors, struct sensor, index, &)

static bool get_age(const struct cell_context *context, struct cell *cell)
{
	const struct sensor *row = context->row[0];

	return cell_age_ms(context, row->read_mono_ns, cell);
}

/* clang-format off */
#define ROW struct sensor
static const struct column SENSOR_COLUMNS[] = {
	STR(2,   edgeSensorChip,     chip, 0),
	STR(3,   edgeSensorFeature,  feature, 0),
	STR(4,   edgeSensorKey,      key, 0),
	STR(5,   edgeSensorLabel,    label, 0),
	ENUM(6,  edgeSensorType,     type, 0),
	I32(7,   edgeSensorValue,    value, SENSOR_HAVE_VALUE, NULL),
	ENUM(8,  edgeSensorUnits,    units, 0),
	I32(9,   edgeSensorMin,      min, SENSOR_HAVE_MIN, NULL),
	I32(10,  edgeSensorMax,      max, SENSOR_HAVE_MAX, NULL),
	I32(11,  edgeSensorCritical, critical, SENSOR_HAVE_CRITICAL, NULL),
	BOOL(12, edgeSensorAlarm,    alarm, SENSOR_HAVE_ALARM),
	ENUM(13, edgeSensorStatus,   status, 0),
	GET(14,  edgeSensorAge,      SYN_GAUGE32, get_age, SENSOR_HAVE_VALUE, "milliseconds"),
};
#undef ROW

static const char *const SENSOR_INDEXES[] = { "edgeSensorIndex" };
const struct table SENSOR_TABLE = {
	"edgeSensorTable", { ARC_OBJECTS, GROUP_SENSOR, 1 }, 3, 1, { LEVEL_OF(sensor) },
	offsetof(struct sensor, have), COLUMNS_OF(SENSOR_COLUMNS), 1, SENSOR_INDEXES
};
/* clang-format on */
