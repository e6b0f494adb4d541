/*
 * sensors.c - the chips that libsensors knows. Thread: worker "sensors", never another one at the same time. Source:
 * libsensors (sensors(3)), which reads /sys/class/hwmon and applies sensors.conf(5): labels, computed values, ignored
 * features. So a value here is what sensors(1) prints.
 *
 * At every poll only readings, faults and alarms are read; limits every LIMITS_NS, since each of them is a file, often
 * with a bus transfer behind it. When the set of hwmon devices changes the library starts anew.
 *
 * The library keeps its state in globals and is not thread-safe. A worker that was given up may still be inside it, so
 * there is one process-wide flag: while that call has not come back, a second open is refused.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "source/procsys.h"
#include "source/sensors_channel.h"

#include <sensors/error.h>
#include <sensors/sensors.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HWMON_PATH "/sys/class/hwmon"
#define HWMON_MAX 1024
#define CHIP_NAME_SIZE 128
#define ADDRESS_OF_NO_BUS (1 << 30)
#define LIMITS_NS (10 * NS_PER_S)

struct sensors_self {
	bool started;     /* sensors_init succeeded */
	uint64_t devices; /* what list_devices gave then */
	struct sensors *plan; /* names and limits, never handed over; NULL: none yet */
	struct sensors_channel *channels; /* of the rows of plan */
	int64_t limits_mono_ns;
};

static atomic_flag library_taken = ATOMIC_FLAG_INIT;

/* --- start and end of the library -------------------------------------------------------------------------------- */

static void on_parse_error(const char *text, const char *file, int line)
{
	log_warning("sensors: %s:%d: %s", file != NULL ? file : "sensors.conf", line, text);
}

static int open_sensors(const struct source_env *env, void **self, struct source_error *error)
{
	if (env->root->prefix[0] != '\0')
		return source_fail(error, -ERR_ABSENT, "libsensors reads no other root than /");
	if (atomic_flag_test_and_set(&library_taken))
		return source_fail(error, -ERR_BUSY, "libsensors: the previous read of a chip still hangs");
	sensors_parse_error_wfn = on_parse_error;
	*self = mem_alloc(sizeof(struct sensors_self));
	return 0;
}

static void stop_library(struct sensors_self *self)
{
	part_unref(self->plan);
	self->plan = NULL;
	free(self->channels);
	self->channels = NULL;
	if (self->started)
		sensors_cleanup();
	self->started = false;
}

static void close_sensors(void *p)
{
	struct sensors_self *self = p;

	stop_library(self);
	free(self);
	atomic_flag_clear(&library_taken);
}

/* --- which devices there are ------------------------------------------------------------------------------------- */

struct listing {
	uint64_t sum;
	size_t n;
};

/* The inode tells a device from one that took its number after it had gone. A sum, as entries come in no order. */
static void add_device(void *arg, const char *name)
{
	struct listing *listing = arg;
	char path[SYSFILE_PATH_MAX];
	struct stat st;
	uint64_t hash = UINT64_C(14695981039346656037);

	snprintf(path, sizeof(path), "%s/%s", HWMON_PATH, name);
	if (stat(path, &st) != 0)
		return;
	for (const char *p = name; *p != '\0'; p++)
		hash = (hash ^ (uint8_t)*p) * UINT64_C(1099511628211);
	listing->sum += (hash ^ st.st_ino) * UINT64_C(1099511628211);
	listing->n++;
}

static int list_devices(const struct sysroot *root, uint64_t *devices)
{
	struct listing listing = { 0 };
	const int rc = sysfile_list(root, HWMON_PATH, HWMON_MAX, add_device, &listing);

	if (rc != 0)
		return rc;
	*devices = listing.sum;
	return listing.n > 0 ? 0 : -ERR_ABSENT;
}

/* --- the plan ---------------------------------------------------------------------------------------------------- */

struct chip {
	const sensors_chip_name *name; /* the library's */
	size_t ordinal;		       /* among those of one text: from 1 */
	char text[CHIP_NAME_SIZE], device[SYSFILE_PATH_MAX];
};

static int chip_compare(const void *a, const void *b)
{
	const struct chip *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (order == 0)
		order = strverscmp(x->device, y->device);
	return order != 0 ? order : strverscmp(x->name->path, y->name->path);
}

static void describe(struct chip *chip, const struct sysroot *root)
{
	if (sensors_snprintf_chip_name(chip->text, sizeof(chip->text), chip->name) < 0)
		snprintf(chip->text, sizeof(chip->text), "%s", chip->name->prefix);
	if (procsys_device_path(root, chip->name->path, chip->device, sizeof(chip->device)) != 0)
		snprintf(chip->device, sizeof(chip->device), "hwmon");
}

/* The library finds a chip by prefix, bus and address: of several that have all in common the first in the order of
 * readdir(3) gives the list of files for all. So each after the first gets an address that no bus has. The structure is
 * the library's, in memory that it allocated itself. */
static void tell_apart(struct chip *chips, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const bool again = i > 0 && strcmp(chips[i - 1].text, chips[i].text) == 0;

		chips[i].ordinal = again ? chips[i - 1].ordinal + 1 : 1;
		if (again)
			((sensors_chip_name *)chips[i].name)->addr = ADDRESS_OF_NO_BUS + (int)i;
	}
}

/* All chips in an order that does not change with that of the directory. */
static struct chip *list_chips(const struct sysroot *root, size_t *n)
{
	const sensors_chip_name *name;
	struct chip *chips;
	size_t most = 0;
	int i = 0;

	while (sensors_get_detected_chips(NULL, &i) != NULL)
		most++;
	chips = mem_array(most, sizeof(chips[0]));
	i = 0;
	*n = 0;
	while (*n < most && (name = sensors_get_detected_chips(NULL, &i)) != NULL) {
		chips[*n].name = name;
		describe(&chips[(*n)++], root);
	}
	qsort(chips, *n, sizeof(chips[0]), chip_compare);
	tell_apart(chips, *n);
	return chips;
}

static void plan_feature(struct sensors_self *self, const struct chip *chip, const sensors_feature *feature)
{
	struct sensor *row = &self->plan->rows[self->plan->n];
	struct sensors_channel *channel = &self->channels[self->plan->n];
	char *label;

	self->plan->n++;
	channel_plan(channel, chip->name, feature, chip->device, row);
	sensor_set_name(row, chip->text, chip->ordinal, feature->name, chip->device);
	label = sensors_get_label(chip->name, feature);
	row->label = mem_string(label != NULL ? label : feature->name);
	free(label);
}

static void plan_chip(struct sensors_self *self, const struct chip *chip)
{
	const sensors_feature *feature;
	int i = 0;

	while ((feature = sensors_get_features(chip->name, &i)) != NULL && self->plan->n < SENSORS_MAX)
		if (channel_is_sensor(feature))
			plan_feature(self, chip, feature);
}

static size_t count_features(void)
{
	const sensors_chip_name *chip;
	size_t n = 0;
	int i = 0;

	while ((chip = sensors_get_detected_chips(NULL, &i)) != NULL)
		for (int k = 0; sensors_get_features(chip, &k) != NULL;)
			n++;
	return n < SENSORS_MAX ? n : SENSORS_MAX;
}

static void make_plan(struct sensors_self *self, const struct sysroot *root)
{
	size_t n, most;
	struct chip *chips = list_chips(root, &n);

	most = count_features();
	self->plan = sensors_new(most);
	self->plan->n = 0;
	self->channels = mem_array(most, sizeof(self->channels[0]));
	for (size_t i = 0; i < n; i++)
		plan_chip(self, &chips[i]);
	free(chips);
}

static int restart_library(struct sensors_self *self, const struct sysroot *root, struct source_error *error)
{
	int rc;

	stop_library(self);
	rc = sensors_init(NULL);
	if (rc != 0)
		return source_fail(error, -ERR_IO, "libsensors: %s", sensors_strerror(rc));
	self->started = true;
	make_plan(self, root);
	return 0;
}

/* --- readings ---------------------------------------------------------------------------------------------------- */

static void read_limits(struct sensors_self *self, const struct sysroot *root)
{
	for (size_t i = 0; i < self->plan->n; i++)
		channel_read_limits(&self->channels[i], root, &self->plan->rows[i]);
	self->limits_mono_ns = clock_mono_ns();
}

static struct sensors *read_sensors(const struct sensors_self *self)
{
	struct sensors *sensors = sensors_copy(self->plan);

	for (size_t i = 0; i < sensors->n; i++)
		channel_read(&self->channels[i], &sensors->rows[i]);
	return sensors;
}

static int poll_sensors(void *p, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct sensors_self *self = p;
	uint64_t devices;
	int rc = list_devices(env->root, &devices);

	if (rc != 0)
		return procsys_fail(error, rc, HWMON_PATH, 0);
	if (self->plan == NULL || devices != self->devices) {
		rc = restart_library(self, env->root, error);
		if (rc != 0)
			return rc;
		self->devices = devices;
		self->limits_mono_ns = 0;
	}
	if (self->plan->n == 0)
		return source_fail(error, -ERR_ABSENT, "%s: no chip that libsensors knows", HWMON_PATH);
	if (self->limits_mono_ns == 0 || clock_mono_ns() - self->limits_mono_ns > LIMITS_NS)
		read_limits(self, env->root);
	*result = &read_sensors(self)->part;
	return 0;
}

const struct source source_sensors = {
	.id = SOURCE_SENSORS,
	.name = "sensors",
	.worker = WORKER_SENSORS,
	.interval_ms = 1000,
	.deadline_ms = 5000,
	.open = open_sensors,
	.poll = poll_sensors,
	.close = close_sensors,
};
