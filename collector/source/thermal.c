/*
 * thermal.c - thermal zones that no hwmon chip stands for. Thread: worker "thermal". Source:
 * /sys/class/thermal/thermal_zoneN/{type,temp,trip_point_M_type,trip_point_M_temp,trip_point_M_hyst} (kernel:
 * Documentation/driver-api/thermal/sysfs-api.rst), millidegrees Celsius.
 *
 * max is the lowest "passive" or "hot" trip point: from there on the kernel slows CPUs down or raises an alarm. An
 * "active" one only starts a fan, which is daily business. critical is the lowest "critical" one. Zero and below is how
 * firmware says "not set".
 *
 * The kernel gives zones of one type a hwmon chip in common, below the first of them; with libsensors built in such
 * zones are that source's, which takes from here the limits that the chip does not have. A zone is named after its
 * type, since its number depends on the order of probing; zones of the same type are told apart by their order.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/procsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THERMAL_PATH "/sys/class/thermal"
#define ZONE_NAME "thermal_zone"
#define ZONES_MAX 256
#define ENTRIES_MAX 4096 /* cooling devices stand in the same directory: several for each CPU */
#define TRIPS_MAX 32
#define TYPE_SIZE 64
#define THERMAL_SLOW_NS (10 * NS_PER_S) /* how long trip points are kept before they are read anew */

#ifdef HAVE_SENSORS
#define HWMON_IS_READ true
#else
#define HWMON_IS_READ false
#endif

struct zone {
	uint32_t number;
	char type[TYPE_SIZE];
	bool has_hwmon; /* its directory holds a hwmonM */
};

struct zones {
	size_t n;
	struct zone rows[ZONES_MAX];
};

struct thermal_self {
	struct zones zones; /* those that are served, in the order of plan */
	size_t listed;      /* zones that there are, and the sum of their numbers: */
	uint64_t sum;       /* tells when one came or went */
	struct sensors *plan;
	int64_t plan_mono_ns;
};

static int open_thermal(const struct source_env *env, void **self, struct source_error *error)
{
	(void)env;
	(void)error;
	*self = mem_alloc(sizeof(struct thermal_self));
	return 0;
}

static void close_thermal(void *p)
{
	struct thermal_self *self = p;

	part_unref(self->plan);
	free(self);
}

/* --- which zones there are --------------------------------------------------------------------------------------- */

static void add_zone(void *arg, const char *name)
{
	struct zones *zones = arg;
	uint32_t number;

	if (strncmp(name, ZONE_NAME, strlen(ZONE_NAME)) != 0 || text_u32(name + strlen(ZONE_NAME), &number) != 0 ||
	    zones->n == ZONES_MAX)
		return;
	zones->rows[zones->n++].number = number;
}

static int by_number(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int list_zones(const struct sysroot *root, struct zones *zones)
{
	int rc;

	memset(zones, 0, sizeof(*zones));
	rc = sysfile_list(root, THERMAL_PATH, ENTRIES_MAX, add_zone, zones);
	if (rc == 0 && zones->n == 0)
		rc = -ERR_ABSENT;
	qsort(zones->rows, zones->n, sizeof(zones->rows[0]), by_number);
	return rc;
}

static uint64_t sum_of(const struct zones *zones)
{
	uint64_t sum = 0;

	/* Squares, so that one zone for another shows. */
	for (size_t i = 0; i < zones->n; i++)
		sum += (uint64_t)zones->rows[i].number * zones->rows[i].number + 1;
	return sum;
}

static void look_for_hwmon(void *arg, const char *name)
{
	struct zone *zone = arg;

	zone->has_hwmon = zone->has_hwmon || strncmp(name, "hwmon", 5) == 0;
}

/* The type becomes part of a key: no blanks, no slash. */
static void read_type(const struct sysroot *root, struct zone *zone)
{
	if (sysfile_line(root, zone->type, sizeof(zone->type), "%s/thermal_zone%u/type", THERMAL_PATH,
			 zone->number) != 0)
		zone->type[0] = '\0';
	if (zone->type[0] == '\0' || !text_utf8_valid(zone->type, strlen(zone->type)))
		snprintf(zone->type, sizeof(zone->type), "zone");
	for (char *p = zone->type; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == '/' || *p == 0x7f)
			*p = '_';
}

static void read_zone(const struct sysroot *root, struct zone *zone)
{
	char path[SYSFILE_PATH_MAX];

	read_type(root, zone);
	snprintf(path, sizeof(path), "%s/thermal_zone%u", THERMAL_PATH, zone->number);
	sysfile_list(root, path, ENTRIES_MAX, look_for_hwmon, zone);
}

static bool chip_stands_for(const struct zones *zones, const struct zone *zone)
{
	for (size_t i = 0; HWMON_IS_READ && i < zones->n; i++)
		if (zones->rows[i].has_hwmon && strcmp(zones->rows[i].type, zone->type) == 0)
			return true;
	return false;
}

static size_t ordinal_of(const struct zones *zones, size_t i)
{
	size_t ordinal = 1;

	for (size_t k = 0; k < i; k++)
		ordinal += strcmp(zones->rows[k].type, zones->rows[i].type) == 0;
	return ordinal;
}

/* --- limits ------------------------------------------------------------------------------------------------------ */

static bool read_trip_number(const struct sysroot *root, uint32_t zone, uint32_t trip, const char *what, int32_t *out)
{
	int64_t value;

	if (sysfile_i64(root, &value, "%s/thermal_zone%u/trip_point_%u_%s", THERMAL_PATH, zone, trip, what) != 0 ||
	    value <= 0 || value > INT32_MAX)
		return false;
	*out = (int32_t)value;
	return true;
}

static void lower_limit(struct sensor *row, int32_t *limit, uint64_t bit, int32_t *falling, uint64_t falling_bit,
			int32_t temp, int32_t hysteresis)
{
	if ((row->have & bit) != 0 && *limit <= temp)
		return;
	*limit = temp;
	row->have = (row->have | bit) & ~falling_bit;
	if (hysteresis > 0) {
		*falling = temp - hysteresis;
		row->have |= falling_bit;
	}
}

/* false behind the last one. */
static bool read_trip(const struct sysroot *root, uint32_t zone, uint32_t trip, struct sensor *row)
{
	char type[TYPE_SIZE];
	int32_t temp, hysteresis = 0;

	if (sysfile_line(root, type, sizeof(type), "%s/thermal_zone%u/trip_point_%u_type", THERMAL_PATH, zone,
			 trip) != 0)
		return false;
	if (!read_trip_number(root, zone, trip, "temp", &temp))
		return true;
	read_trip_number(root, zone, trip, "hyst", &hysteresis);
	if (strcmp(type, "critical") == 0)
		lower_limit(row, &row->critical, SENSOR_HAVE_CRITICAL, &row->critical_hysteresis,
			    SENSOR_HAVE_CRITICAL_HYSTERESIS, temp, hysteresis);
	else if (strcmp(type, "passive") == 0 || strcmp(type, "hot") == 0)
		lower_limit(row, &row->max, SENSOR_HAVE_MAX, &row->max_hysteresis, SENSOR_HAVE_MAX_HYSTERESIS, temp,
			    hysteresis);
	return true;
}

static void read_trips(const struct sysroot *root, uint32_t zone, struct sensor *row)
{
	for (uint32_t trip = 0; trip < TRIPS_MAX && read_trip(root, zone, trip, row); trip++)
		;
}

void thermal_read_limits(const struct sysroot *root, uint32_t first, size_t ordinal, struct sensor *limits)
{
	struct zone of = { .number = first };
	struct zones zones;

	if (list_zones(root, &zones) != 0)
		return;
	read_type(root, &of);
	for (size_t i = 0; i < zones.n; i++) {
		read_type(root, &zones.rows[i]);
		if (strcmp(zones.rows[i].type, of.type) == 0 && --ordinal == 0) {
			read_trips(root, zones.rows[i].number, limits);
			return;
		}
	}
}

/* --- readings ---------------------------------------------------------------------------------------------------- */

static void plan_row(const struct sysroot *root, const struct zones *zones, size_t i, struct sensor *row)
{
	const struct zone *zone = &zones->rows[i];
	char chip[TYPE_SIZE + 16];

	snprintf(chip, sizeof(chip), "thermal-%s", zone->type);
	sensor_set_name(row, chip, ordinal_of(zones, i), "temp1", "thermal");
	row->label = mem_string(zone->type);
	row->type = SENSOR_TEMPERATURE;
	row->units = SENSOR_MILLI_CELSIUS;
	read_trips(root, zone->number, row);
}

/* Types, trips and names of all zones; those a chip stands for are left out. */
static void make_plan(struct thermal_self *self, const struct sysroot *root, struct zones *all)
{
	part_unref(self->plan);
	self->plan = sensors_new(all->n);
	self->plan->n = 0;
	self->plan_mono_ns = clock_mono_ns();
	self->zones.n = 0;
	for (size_t i = 0; i < all->n; i++)
		read_zone(root, &all->rows[i]);
	for (size_t i = 0; i < all->n; i++) {
		if (chip_stands_for(all, &all->rows[i]))
			continue;
		plan_row(root, all, i, &self->plan->rows[self->plan->n++]);
		self->zones.rows[self->zones.n++] = all->rows[i];
	}
	self->listed = all->n;
	self->sum = sum_of(all);
}

static bool plan_is_old(const struct thermal_self *self, const struct zones *zones)
{
	return self->plan == NULL || zones->n != self->listed || sum_of(zones) != self->sum ||
	       clock_mono_ns() - self->plan_mono_ns > THERMAL_SLOW_NS;
}

/* A zone may have no reading for a while (EAGAIN), or never (its driver answers with an error). */
static void read_temp(const struct sysroot *root, uint32_t number, struct sensor *row)
{
	int64_t temp;

	if (sysfile_i64(root, &temp, "%s/thermal_zone%u/temp", THERMAL_PATH, number) != 0) {
		row->status = SENSOR_UNAVAILABLE;
		return;
	}
	row->value = temp > INT32_MAX ? INT32_MAX : temp < INT32_MIN ? INT32_MIN : (int32_t)temp;
	row->have |= SENSOR_HAVE_VALUE;
	row->read_mono_ns = clock_mono_ns();
	row->status = sensor_status_of(row);
}

static int poll_thermal(void *p, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct thermal_self *self = p;
	struct zones zones;
	struct sensors *sensors;
	const int rc = list_zones(env->root, &zones);

	if (rc != 0)
		return procsys_fail(error, rc, THERMAL_PATH, 0);
	if (plan_is_old(self, &zones))
		make_plan(self, env->root, &zones);
	if (self->plan->n == 0)
		return source_fail(error, -ERR_ABSENT, "%s: a hwmon chip stands for each zone", THERMAL_PATH);
	sensors = sensors_copy(self->plan);
	for (size_t i = 0; i < sensors->n; i++)
		read_temp(env->root, self->zones.rows[i].number, &sensors->rows[i]);
	*result = &sensors->part;
	return 0;
}

const struct source source_thermal = {
	.id = SOURCE_THERMAL,
	.name = "thermal",
	.worker = WORKER_THERMAL,
	.interval_ms = 1000,
	.deadline_ms = 5000,
	.open = open_thermal,
	.poll = poll_thermal,
	.close = close_thermal,
};
