/*
 * rows_entity.c - ENTITY-MIB (RFC 6933, entityPhysicalGroup) and ENTITY-SENSOR-MIB (RFC 3433): the chassis, and in it
 * each sensor.
 *
 * Const data; the getters are pure. Rows: struct sensor of the snapshot; entPhysicalIndex is 10000 + edgeSensorIndex.
 */
#include "subagent/rows.h"

#define CHASSIS_INDEX 1
#define SENSORS_FROM 10000

#define CLASS_CHASSIS 3
#define CLASS_SENSOR 8
#define POSITION_UNKNOWN (-1)

enum {
	TYPE_OTHER = 1,
	TYPE_VOLTS_DC = 4,
	TYPE_AMPERES,
	TYPE_WATTS,
	TYPE_HERTZ,
	TYPE_CELSIUS,
	TYPE_PERCENT_RH,
	TYPE_RPM
};
enum { SCALE_MILLI = 8, SCALE_UNITS };
enum { STATUS_OK = 1, STATUS_UNAVAILABLE, STATUS_NONOPERATIONAL };
#define VALUE_BEYOND 1000000000 /* and below its negative: what stands for more than can be said */

/* The row of the chassis: a sensor that is none. */
static const struct sensor CHASSIS;

static uint32_t physical_index(const void *row)
{
	return row == &CHASSIS ? CHASSIS_INDEX : SENSORS_FROM + ((const struct sensor *)row)->index;
}

static size_t sensor_count(const struct cell_context *context)
{
	return context->snapshot->sensors != NULL ? context->snapshot->sensors->n : 0;
}

static const void *sensor_at(const struct cell_context *context, size_t i)
{
	return &context->snapshot->sensors->rows[i];
}

static size_t physical_count(const struct cell_context *context)
{
	return 1 + sensor_count(context);
}

static const void *physical_at(const struct cell_context *context, size_t i)
{
	return i == 0 ? &CHASSIS : sensor_at(context, i - 1);
}

static bool is_chassis(const struct cell_context *context)
{
	return context->row[0] == &CHASSIS;
}

static bool get_description(const struct cell_context *context, struct cell *cell)
{
	const struct node *node = &context->snapshot->node;
	const struct sensor *sensor = context->row[0];

	if (!is_chassis(context))
		return cell_text(sensor->label, cell);
	return cell_text(node->model, cell) || cell_text("computer", cell);
}

static bool get_name(const struct cell_context *context, struct cell *cell)
{
	const struct sensor *sensor = context->row[0];

	if (!is_chassis(context))
		return cell_text(sensor->key, cell);
	return cell_text(context->snapshot->node.name, cell) || cell_text("", cell);
}

static bool get_class(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(is_chassis(context) ? CLASS_CHASSIS : CLASS_SENSOR, cell);
}

static bool get_contained_in(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(is_chassis(context) ? 0 : CHASSIS_INDEX, cell);
}

static bool get_position(const struct cell_context *context, struct cell *cell)
{
	const struct sensor *sensor = context->row[0];

	return cell_integer(is_chassis(context) ? POSITION_UNKNOWN : (int32_t)sensor->index, cell);
}

/* clang-format off */
static const struct column ENTITY_COLUMNS[] = {
	GET(2, entPhysicalDescr,        SYN_STRING, get_description, 0, NULL),
	GET(3, entPhysicalVendorType,   SYN_OBJECT_ID, cell_no_object, 0, NULL),
	GET(4, entPhysicalContainedIn,  SYN_INTEGER32, get_contained_in, 0, NULL),
	GET(5, entPhysicalClass,        SYN_ENUM, get_class, 0, NULL),
	GET(6, entPhysicalParentRelPos, SYN_INTEGER32, get_position, 0, NULL),
	GET(7, entPhysicalName,         SYN_STRING, get_name, 0, NULL),
};

static const char *const ENTITY_INDEXES[] = { "entPhysicalIndex" };
const struct table ENTITY_TABLE = {
	"entPhysicalTable", { 1, 1, 1 }, 3, 1, { { physical_count, physical_at, physical_index, 0, NULL } },
	NO_HAVE, COLUMNS_OF(ENTITY_COLUMNS), 1, ENTITY_INDEXES
};

/* What each unit of a sensor's value is there. */
static const struct {
	uint8_t type, scale;
	const char *text;
} UNITS[] = {
	[SENSOR_MILLI_CELSIUS] = { TYPE_CELSIUS,    SCALE_MILLI, "degrees Celsius" },
	[SENSOR_RPM]           = { TYPE_RPM,        SCALE_UNITS, "rpm" },
	[SENSOR_MILLI_VOLT]    = { TYPE_VOLTS_DC,   SCALE_MILLI, "volts" },
	[SENSOR_MILLI_AMPERE]  = { TYPE_AMPERES,    SCALE_MILLI, "amperes" },
	[SENSOR_MILLI_WATT]    = { TYPE_WATTS,      SCALE_MILLI, "watts" },
	[SENSOR_JOULE]         = { TYPE_OTHER,      SCALE_UNITS, "joules" },
	[SENSOR_MILLI_PERCENT] = { TYPE_PERCENT_RH, SCALE_MILLI, "percent" },
	[SENSOR_NONE]          = { TYPE_OTHER,      SCALE_UNITS, "" },
	[SENSOR_HERTZ]         = { TYPE_HERTZ,      SCALE_UNITS, "hertz" },
};
/* clang-format on */

static uint8_t units_of(const struct cell_context *context)
{
	const struct sensor *sensor = context->row[0];

	return sensor->units >= SENSOR_MILLI_CELSIUS && sensor->units <= SENSOR_HERTZ ? sensor->units : SENSOR_NONE;
}

static bool get_type(const struct cell_context *context, struct cell *cell)
{
	const struct sensor *sensor = context->row[0];
	const uint8_t type = UNITS[units_of(context)].type;

	/* A share of something else is no humidity. */
	return cell_integer(type == TYPE_PERCENT_RH && sensor->type != SENSOR_HUMIDITY ? TYPE_OTHER : type, cell);
}

static bool get_scale(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(UNITS[units_of(context)].scale, cell);
}

static bool get_precision(const struct cell_context *context, struct cell *cell)
{
	(void)context;
	return cell_integer(0, cell);
}

static bool get_value(const struct cell_context *context, struct cell *cell)
{
	const struct sensor *sensor = context->row[0];
	const int32_t value = sensor->value;

	return cell_integer(value > VALUE_BEYOND ? VALUE_BEYOND : value < -VALUE_BEYOND ? -VALUE_BEYOND : value, cell);
}

static bool get_status(const struct cell_context *context, struct cell *cell)
{
	const struct sensor *sensor = context->row[0];
	const bool read = (sensor->have & SENSOR_HAVE_VALUE) != 0 && sensor->status != SENSOR_UNAVAILABLE;

	if (sensor->status == SENSOR_FAULT)
		return cell_integer(STATUS_NONOPERATIONAL, cell);
	return cell_integer(read ? STATUS_OK : STATUS_UNAVAILABLE, cell);
}

static bool get_units(const struct cell_context *context, struct cell *cell)
{
	return cell_text(UNITS[units_of(context)].text, cell);
}

/* That of the source of chips, and 0, not known, where there is none. A zone's may be another. */
static bool get_rate(const struct cell_context *context, struct cell *cell)
{
	const struct sources *sources = context->snapshot->sources;

	cell->type = CELL_UNSIGNED;
	cell->number = 0;
	for (size_t i = 0; sources != NULL && i < sources->n; i++)
		if (sources->rows[i].index == SOURCE_SENSORS)
			cell->number = sources->rows[i].interval_ms;
	return true;
}

/* clang-format off */
#define ROW struct sensor
static const struct column ENTITY_SENSOR_COLUMNS[] = {
	GET(1,   entPhySensorType,            SYN_ENUM, get_type, 0, NULL),
	GET(2,   entPhySensorScale,           SYN_ENUM, get_scale, 0, NULL),
	GET(3,   entPhySensorPrecision,       SYN_INTEGER32, get_precision, 0, NULL),
	GET(4,   entPhySensorValue,           SYN_INTEGER32, get_value, SENSOR_HAVE_VALUE, NULL),
	GET(5,   entPhySensorOperStatus,      SYN_ENUM, get_status, 0, NULL),
	GET(6,   entPhySensorUnitsDisplay,    SYN_STRING, get_units, 0, NULL),
	STAMP(7, entPhySensorValueTimeStamp,  read_mono_ns, SENSOR_HAVE_VALUE),
	GET(8,   entPhySensorValueUpdateRate, SYN_UNSIGNED32, get_rate, 0, "milliseconds"),
};
#undef ROW

const struct table ENTITY_SENSOR_TABLE = {
	"entPhySensorTable", { 1, 1 }, 2, 1, { { sensor_count, sensor_at, physical_index, 0, NULL } },
	offsetof(struct sensor, have), COLUMNS_OF(ENTITY_SENSOR_COLUMNS), 0, ENTITY_INDEXES
};
/* clang-format on */
