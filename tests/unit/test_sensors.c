/*
 * test_sensors.c - thermal zones on the trees of tests/fixtures and on one that changes; the judgement of sensors;
 * libsensors on the chip of tests/integration/sensors_fixture.sh, for which the program runs itself again inside that
 * namespace.
 */
#include "base/err.h"
#include "source/procsys.h"
#include "tests/unit/tree.h"

#include <math.h>
#include <unistd.h>

extern const struct source source_thermal, source_sensors;

#define INSIDE_VARIABLE "EDGENODE_TEST_SENSORS_DIR"

/* --- thermal zones ----------------------------------------------------------------------------------------------- */

START_TEST(server_thermal)
{
	struct sensors *sensors = must_poll(&source_thermal, "server-intel");
	const struct sensor *row = &sensors->rows[sensors->n - 1];

#ifdef HAVE_SENSORS
	/* Both zones of the type that has a chip are its. */
	ck_assert_uint_eq(sensors->n, 2);
#else
	ck_assert_uint_eq(sensors->n, 4);
#endif
	ck_assert_str_eq(row[-1].key, "thermal-x86_pkg_temp/temp1");
	ck_assert_uint_eq(row[-1].have, SENSOR_HAVE_VALUE);
	ck_assert_str_eq(row->chip, "thermal-pch_lewisburg");
	ck_assert_str_eq(row->label, "pch_lewisburg");
	ck_assert_int_eq(row->value, 44500);
	ck_assert_int_eq(row->max, 99000);
	ck_assert_int_eq(row->critical, 115000);
	ck_assert_int_eq(row->status, SENSOR_OK);
	part_unref(sensors);
}
END_TEST

START_TEST(arm_thermal)
{
	struct sensors *sensors = must_poll(&source_thermal, "board-arm");
	const struct sensor *row = sensors->rows;

	ck_assert_uint_eq(sensors->n, 4);
	ck_assert_str_eq(row[0].key, "thermal-cpu-thermal/temp1");
	ck_assert_int_eq(row[0].value, 48312);
	ck_assert_int_eq(row[0].max, 80000);
	ck_assert_int_eq(row[0].max_hysteresis, 78000);
	ck_assert_int_eq(row[0].critical, 100000);
	ck_assert_uint_eq(row[0].have & SENSOR_HAVE_CRITICAL_HYSTERESIS, 0);
	/* The second of a type has a name and an identity of its own. */
	ck_assert_str_eq(row[1].key, "thermal-cpu-thermal#2/temp1");
	ck_assert_str_ne(row[1].identity, row[0].identity);
	ck_assert_int_eq(row[1].max, 75000);
	ck_assert_str_eq(row[2].chip, "thermal-ddr");
	ck_assert_int_eq(row[2].value, -1500);
	/* No reading is no value, and says so. */
	ck_assert_str_eq(row[3].chip, "thermal-gpu_thermal");
	ck_assert_int_eq(row[3].status, SENSOR_UNAVAILABLE);
	ck_assert_uint_eq(row[3].have, SENSOR_HAVE_CRITICAL);
	part_unref(sensors);
}
END_TEST

/* The second "acpitz" of the server, as a chip's temp2 asks for it; the board's second "cpu-thermal". */
START_TEST(thermal_limits_for_chips)
{
	const struct sysroot server = { .prefix = FIXTURES "/server-intel" };
	const struct sysroot board = { .prefix = FIXTURES "/board-arm" };
	struct sensor limits = { .have = 0 };

	thermal_read_limits(&server, 0, 2, &limits);
	ck_assert_uint_eq(limits.have, SENSOR_HAVE_CRITICAL);
	ck_assert_int_eq(limits.critical, 105000);
	memset(&limits, 0, sizeof(limits));
	thermal_read_limits(&board, 0, 2, &limits);
	ck_assert_int_eq(limits.max, 75000);
	ck_assert_int_eq(limits.max_hysteresis, 73000);
	memset(&limits, 0, sizeof(limits));
	thermal_read_limits(&board, 0, 3, &limits);
	thermal_read_limits(&board, 99, 1, &limits);
	ck_assert_uint_eq(limits.have, 0);
}
END_TEST

/* One source object over several polls: readings change, zones come and go. */
START_TEST(thermal_follows_zones)
{
	const struct sysroot root = { .prefix = scratch };
	const struct source_env env = { .root = &root };
	struct part *part;
	void *self;

	scratch_make();
	scratch_text("/sys/class/thermal/thermal_zone3/type", "soc\n");
	scratch_text("/sys/class/thermal/thermal_zone3/temp", "40000\n");
	scratch_text("/sys/class/thermal/thermal_zone3/trip_point_0_type", "critical\n");
	scratch_text("/sys/class/thermal/thermal_zone3/trip_point_0_temp", "90000\n");
	ck_assert_int_eq(source_thermal.open(&env, &self, &error), 0);
	ck_assert_int_eq(source_thermal.poll(self, &env, &part, &error), 0);
	ck_assert_int_eq(((struct sensors *)part)->rows[0].status, SENSOR_OK);
	part_unref(part);
	scratch_text("/sys/class/thermal/thermal_zone3/temp", "99999999999\n");
	ck_assert_int_eq(source_thermal.poll(self, &env, &part, &error), 0);
	ck_assert_int_eq(((struct sensors *)part)->rows[0].value, INT32_MAX);
	ck_assert_int_eq(((struct sensors *)part)->rows[0].status, SENSOR_CRITICAL);
	part_unref(part);
	scratch_text("/sys/class/thermal/thermal_zone11/type", "soc\n");
	scratch_text("/sys/class/thermal/thermal_zone11/temp", "hot\n");
	ck_assert_int_eq(source_thermal.poll(self, &env, &part, &error), 0);
	ck_assert_uint_eq(((struct sensors *)part)->n, 2);
	ck_assert_str_eq(((struct sensors *)part)->rows[1].chip, "thermal-soc#2");
	ck_assert_int_eq(((struct sensors *)part)->rows[1].status, SENSOR_UNAVAILABLE);
	part_unref(part);
	scratch_remove();
	ck_assert_int_eq(source_thermal.poll(self, &env, &part, &error), -ERR_ABSENT);
	source_thermal.close(self);
}
END_TEST

/* --- sensors as data --------------------------------------------------------------------------------------------- */

START_TEST(sensor_scales)
{
	int32_t v = 5;

	ck_assert(sensor_scale(45.0, 1000, &v) && v == 45000);
	ck_assert(sensor_scale(-12.3456, 1000, &v) && v == -12346);
	ck_assert(sensor_scale(0.0004, 1000, &v) && v == 0);
	ck_assert(sensor_scale(3e6, 1000, &v) && v == INT32_MAX);
	ck_assert(sensor_scale(-INFINITY, 1000, &v) && v == INT32_MIN);
	ck_assert(sensor_scale(INFINITY, 1, &v) && v == INT32_MAX);
	v = 5;
	ck_assert(!sensor_scale(NAN, 1000, &v) && v == 5);
}
END_TEST

START_TEST(sensor_statuses)
{
	const uint64_t all = SENSOR_HAVE_VALUE | SENSOR_HAVE_MIN | SENSOR_HAVE_MAX | SENSOR_HAVE_CRITICAL |
			     SENSOR_HAVE_ALARM;
	const struct {
		struct sensor row;
		uint8_t status;
	} CASES[] = {
		{ { .have = 0 }, SENSOR_UNKNOWN },
		{ { .have = 0, .status = SENSOR_FAULT }, SENSOR_FAULT },
		{ { .have = all, .status = SENSOR_UNAVAILABLE }, SENSOR_UNAVAILABLE },
		{ { .have = SENSOR_HAVE_VALUE, .value = 999999 }, SENSOR_OK },
		{ { .have = all, .value = 79, .max = 80, .critical = 90 }, SENSOR_OK },
		{ { .have = all, .value = 80, .max = 80, .critical = 90 }, SENSOR_WARNING },
		{ { .have = all, .value = 90, .max = 80, .critical = 90 }, SENSOR_CRITICAL },
		{ { .have = all, .value = 10, .max = 80, .critical = 90, .alarm = true }, SENSOR_WARNING },
		{ { .have = all, .value = 10, .max = 80, .critical = 90, .critical_alarm = true }, SENSOR_CRITICAL },
		{ { .have = all, .type = SENSOR_FAN, .value = 5, .min = 5, .max = 80, .critical = 90 },
		  SENSOR_WARNING },
		{ { .have = all, .type = SENSOR_POWER, .value = 5, .min = 5, .max = 80, .critical = 90 },
		  SENSOR_OK },
		/* A status of the last reading does not stay. */
		{ { .have = all, .value = 5, .max = 80, .critical = 90, .status = SENSOR_CRITICAL }, SENSOR_OK },
	};

	for (size_t i = 0; i < COUNT(CASES); i++)
		ck_assert_msg(sensor_status_of(&CASES[i].row) == CASES[i].status, "case %zu", i);
}
END_TEST

START_TEST(sensor_names_and_copies)
{
	struct sensors *plan = sensors_new(2), *copy;
	char longest[400];

	memset(longest, 'c', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	sensor_set_name(&plan->rows[0], "edgetest-virtual-0", 2, "fan1", "/sys/devices/x");
	ck_assert_str_eq(plan->rows[0].chip, "edgetest-virtual-0#2");
	ck_assert_str_eq(plan->rows[0].key, "edgetest-virtual-0#2/fan1");
	ck_assert_str_eq(plan->rows[0].identity, "/sys/devices/x edgetest-virtual-0#2/fan1");
	sensor_set_name(&plan->rows[1], longest, 1, longest, longest);
	ck_assert_uint_lt(strlen(plan->rows[1].key), SENSOR_KEY_MAX);
	copy = sensors_copy(plan);
	part_unref(plan);
	copy->rows[0].value = 7;
	ck_assert_str_eq(copy->rows[0].feature, "fan1");
	part_unref(copy);
}
END_TEST

/* Numbers that a boot gives to hwmon devices stay out of what an index is kept for. */
START_TEST(device_paths)
{
	const struct sysroot root = { .prefix = scratch };
	char path[512], link[512];

	scratch_make();
	scratch_text("/sys/devices/platform/coretemp.0/hwmon/hwmon4/name", "coretemp\n");
	scratch_text("/sys/devices/virtual/hwmon/hwmon7/name", "edgetest\n");
	snprintf(link, sizeof(link), "%s/sys/devices/platform/coretemp.0/hwmon/hwmon4/device", scratch);
	ck_assert_int_eq(symlink("../../../coretemp.0", link), 0);
	ck_assert_int_eq(procsys_device_path(&root, "/sys/devices/platform/coretemp.0/hwmon/hwmon4", path,
					     sizeof(path)), 0);
	ck_assert_str_eq(path, "/sys/devices/platform/coretemp.0");
	ck_assert_int_eq(procsys_device_path(&root, "/sys/devices/virtual/hwmon/hwmon7", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/sys/devices/virtual/hwmon");
	ck_assert_int_eq(procsys_device_path(&root, "/sys/devices/none", path, sizeof(path)), -ERR_ABSENT);
	ck_assert_int_eq(procsys_device_path(&root, "/sys/devices/virtual/hwmon/hwmon7", path, 8), -ERR_LIMIT);
	scratch_remove();
}
END_TEST

#ifdef HAVE_SENSORS

/* --- libsensors: run inside the fixture's namespace -------------------------------------------------------------- */

static const struct sysroot REAL_ROOT = { .prefix = "" };
static const struct source_env REAL_ENV = { .root = &REAL_ROOT };

static void chip_set(const char *file, const char *text)
{
	snprintf(scratch, sizeof(scratch), "%s", getenv(INSIDE_VARIABLE));
	scratch_text(file, text);
}

static struct sensors *chip_poll(void *self, int code)
{
	struct part *part = NULL;
	const int rc = source_sensors.poll(self, &REAL_ENV, &part, &error);

	ck_assert_msg(rc == code, "%d: %s", rc, error.text);
	return (struct sensors *)part;
}

static const struct sensor *row_of(const struct sensors *sensors, const char *key)
{
	for (size_t i = 0; i < sensors->n; i++)
		if (strcmp(sensors->rows[i].key, key) == 0)
			return &sensors->rows[i];
	ck_abort_msg("no sensor %s", key);
}

START_TEST(inside_values_and_limits)
{
	void *self;
	struct sensors *sensors;
	const struct sensor *row;

	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &self, &error), 0);
	sensors = chip_poll(self, 0);
	ck_assert_uint_eq(sensors->n, 4);
	row = row_of(sensors, "edgetest-virtual-0/temp1");
	ck_assert_str_eq(row->label, "Inlet");
	ck_assert_str_eq(row->identity, "/sys/class/hwmon edgetest-virtual-0/temp1");
	ck_assert_int_eq(row->units, SENSOR_MILLI_CELSIUS);
	ck_assert_int_eq(row->value, 45000);
	ck_assert_int_eq(row->max, 80000);
	ck_assert_int_eq(row->max_hysteresis, 75000);
	ck_assert_int_eq(row->critical, 95000);
	ck_assert_int_eq(row->critical_hysteresis, 90000);
	ck_assert_int_eq(row->status, SENSOR_OK);
	ck_assert_uint_eq(row->have & (SENSOR_HAVE_ALARM | SENSOR_HAVE_MIN), SENSOR_HAVE_ALARM);
	row = row_of(sensors, "edgetest-virtual-0/in0");
	ck_assert_int_eq(row->value, 1210);
	ck_assert_int_eq(row->min, 1140);
	ck_assert_int_eq(row->units, SENSOR_MILLI_VOLT);
	row = row_of(sensors, "edgetest-virtual-0/power1");
	ck_assert_int_eq(row->value, 85500);
	ck_assert_int_eq(row->units, SENSOR_MILLI_WATT);
	ck_assert_int_eq(row_of(sensors, "edgetest-virtual-0/fan1")->value, 2400);
	part_unref(sensors);
	source_sensors.close(self);
}
END_TEST

START_TEST(inside_readings_change)
{
	static const struct {
		const char *file, *text, *back, *key;
		uint8_t status;
	} CASES[] = {
		{ "temp1_input", "81500\n", "45000\n", "edgetest-virtual-0/temp1", SENSOR_WARNING },
		{ "temp1_input", "95000\n", "45000\n", "edgetest-virtual-0/temp1", SENSOR_CRITICAL },
		{ "temp1_max_alarm", "1\n", "0\n", "edgetest-virtual-0/temp1", SENSOR_WARNING },
		{ "temp1_crit_alarm", "1\n", "0\n", "edgetest-virtual-0/temp1", SENSOR_CRITICAL },
		{ "temp1_fault", "1\n", "0\n", "edgetest-virtual-0/temp1", SENSOR_FAULT },
		{ "temp1_input", "", "45000\n", "edgetest-virtual-0/temp1", SENSOR_UNAVAILABLE },
		{ "fan1_input", "599\n", "2400\n", "edgetest-virtual-0/fan1", SENSOR_WARNING },
		{ "in0_alarm", "1\n", "0\n", "edgetest-virtual-0/in0", SENSOR_WARNING },
		{ "power1_input", "9000000000\n", "85500000\n", "edgetest-virtual-0/power1", SENSOR_WARNING },
	};
	void *self;

	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &self, &error), 0);
	for (size_t i = 0; i < COUNT(CASES); i++) {
		char file[64];
		struct sensors *sensors;
		const struct sensor *row;

		snprintf(file, sizeof(file), "/class/hwmon/hwmon0/%s", CASES[i].file);
		chip_set(file, CASES[i].text);
		sensors = chip_poll(self, 0);
		row = row_of(sensors, CASES[i].key);
		ck_assert_msg(row->status == CASES[i].status, "%s = %s: %d", file, CASES[i].text, row->status);
		ck_assert_int_eq((row->have & SENSOR_HAVE_VALUE) != 0,
				 row->status != SENSOR_FAULT && row->status != SENSOR_UNAVAILABLE);
		part_unref(sensors);
		chip_set(file, CASES[i].back);
		sensors = chip_poll(self, 0);
		ck_assert_int_eq(row_of(sensors, CASES[i].key)->status, SENSOR_OK);
		part_unref(sensors);
	}
	source_sensors.close(self);
}
END_TEST

/* Two chips of one name, of which only the second has a fan. A limit nobody set is none, nor is a hysteresis at its
 * limit. */
static void add_chip(int number)
{
	static const struct {
		int of;
		const char *file, *text;
	} FILES[] = {
		{ 1, "name", "edgemore\n" },	     { 1, "temp1_input", "30000\n" },
		{ 1, "temp1_max", "0\n" },	     { 1, "temp1_max_hyst", "20000\n" },
		{ 1, "temp1_crit", "60000\n" },    { 1, "temp1_crit_hyst", "60000\n" },
		{ 2, "name", "edgemore\n" },	     { 2, "temp1_input", "40000\n" },
		{ 2, "fan1_input", "1200\n" },
	};
	char path[64];

	for (size_t i = 0; i < COUNT(FILES); i++) {
		snprintf(path, sizeof(path), "/class/hwmon/hwmon%d/%s", number, FILES[i].file);
		if (FILES[i].of == number)
			chip_set(path, FILES[i].text);
	}
}

static void remove_chip(int number)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/class/hwmon/hwmon%d", getenv(INSIDE_VARIABLE), number);
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Chips that come while the daemon runs. A directory may list its entries in the order of their making or against it,
 * and the chips have the same names and rows. */
START_TEST(inside_chips_come)
{
	void *self;
	struct sensors *sensors;
	const struct sensor *row;

	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &self, &error), 0);
	for (int first = 1; first <= 2; first++) {
		part_unref(chip_poll(self, 0));
		add_chip(first);
		add_chip(3 - first);
		sensors = chip_poll(self, 0);
		ck_assert_uint_eq(sensors->n, 7);
		row = row_of(sensors, "edgemore-virtual-0/temp1");
		ck_assert_int_eq(row->value, 30000);
		ck_assert_uint_eq(row->have, SENSOR_HAVE_VALUE | SENSOR_HAVE_CRITICAL);
		ck_assert_int_eq(row->status, SENSOR_OK);
		row = row_of(sensors, "edgemore-virtual-0#2/temp1");
		ck_assert_int_eq(row->value, 40000);
		ck_assert_uint_eq(row->have, SENSOR_HAVE_VALUE);
		ck_assert_int_eq(row_of(sensors, "edgemore-virtual-0#2/fan1")->value, 1200);
		ck_assert_str_eq(sensors->rows[0].key, "edgemore-virtual-0/temp1");
		ck_assert_str_eq(sensors->rows[1].key, "edgemore-virtual-0#2/fan1");
		ck_assert_str_eq(sensors->rows[3].key, "edgetest-virtual-0/in0");
		part_unref(sensors);
		remove_chip(1);
		remove_chip(2);
	}
	source_sensors.close(self);
}
END_TEST

/* Not even the last one left. */
START_TEST(inside_chips_go)
{
	void *self;
	struct sensors *sensors;
	char path[256], away[256];

	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &self, &error), 0);
	sensors = chip_poll(self, 0);
	ck_assert_uint_eq(sensors->n, 4);
	part_unref(sensors);
	snprintf(path, sizeof(path), "%s/class/hwmon/hwmon0", getenv(INSIDE_VARIABLE));
	snprintf(away, sizeof(away), "%s/away", getenv(INSIDE_VARIABLE));
	ck_assert_int_eq(rename(path, away), 0);
	ck_assert_ptr_null(chip_poll(self, -ERR_ABSENT));
	ck_assert_int_eq(rename(away, path), 0);
	part_unref(chip_poll(self, 0));
	source_sensors.close(self);
}
END_TEST

/* A worker that was given up may still be inside the library. */
START_TEST(inside_second_open_is_refused)
{
	void *self = NULL, *second = NULL;

	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &self, &error), 0);
	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &second, &error), -ERR_BUSY);
	ck_assert_ptr_null(second);
	ck_assert_ptr_nonnull(strstr(error.text, "still hangs"));
	source_sensors.close(self);
	ck_assert_int_eq(source_sensors.open(&REAL_ENV, &second, &error), 0);
	part_unref(chip_poll(second, 0));
	source_sensors.close(second);
}
END_TEST

static Suite *inside_suite(Suite *suite)
{
	UNIT_ADD(suite, inside_values_and_limits);
	UNIT_ADD(suite, inside_readings_change);
	UNIT_ADD(suite, inside_chips_come);
	UNIT_ADD(suite, inside_chips_go);
	UNIT_ADD(suite, inside_second_open_is_refused);
	return suite;
}

/* --- libsensors: from outside ------------------------------------------------------------------------------------ */

START_TEST(libsensors_other_root)
{
	struct part *part;

	ck_assert_int_eq(poll_tree(&source_sensors, FIXTURES "/server-intel", &part), -ERR_ABSENT);
}
END_TEST

/* Needs the right to make a mount namespace; without it there is nothing to be shown here. */
START_TEST(libsensors_in_fixture)
{
	char self[256], command[1024];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ck_assert_int_gt(n, 0);
	self[n] = '\0';
	if (system("unshare -m true 2>/dev/null") != 0) {
		printf("libsensors_in_fixture: skipped, no right to make a mount namespace\n");
		return;
	}
	scratch_make();
	snprintf(command, sizeof(command),
		 INSIDE_VARIABLE "=%s " SOURCE_ROOT "/tests/integration/sensors_fixture.sh %s %s >%s/log 2>&1", scratch,
		 scratch, self, scratch);
	if (system(command) != 0) {
		snprintf(command, sizeof(command), "cat %s/log", scratch);
		ck_assert_int_eq(system(command), 0);
		ck_abort_msg("the run inside %s failed, see above", scratch);
	}
	scratch_remove();
}
END_TEST

#endif

static Suite *sensors_suite(void)
{
	Suite *suite = suite_create("sensors");

#ifdef HAVE_SENSORS
	if (getenv(INSIDE_VARIABLE) != NULL)
		return inside_suite(suite);
	UNIT_ADD(suite, libsensors_other_root);
	UNIT_ADD(suite, libsensors_in_fixture);
#endif
	UNIT_ADD(suite, server_thermal);
	UNIT_ADD(suite, arm_thermal);
	UNIT_ADD(suite, thermal_limits_for_chips);
	UNIT_ADD(suite, thermal_follows_zones);
	UNIT_ADD(suite, sensor_scales);
	UNIT_ADD(suite, sensor_statuses);
	UNIT_ADD(suite, sensor_names_and_copies);
	UNIT_ADD(suite, device_paths);
	return suite;
}

UNIT_MAIN(sensors_suite)
