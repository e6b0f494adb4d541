/*
 * test_detect.c - events and alarms from readings: limits with hysteresis, sources.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "config.h"
#include "model/detect.h"
#include "model/hysteresis.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define NOW_REAL (1700000000 * NS_PER_S)

/* ---- hysteresis ---- */

struct step {
	int64_t at_s;
	int32_t value;
	enum hysteresis_change change;
};

static void check_steps(const struct hysteresis_limits *limits, const struct step *steps, size_t n)
{
	struct hysteresis state = { 0 };

	for (size_t i = 0; i < n; i++)
		ck_assert_msg(hysteresis_step(&state, limits, steps[i].value, steps[i].at_s * NS_PER_S) == steps[i].change,
			      "step %zu", i);
}
#define CHECK_STEPS(limits, steps) check_steps(&(limits), steps, sizeof(steps) / sizeof((steps)[0]))

START_TEST(hysteresis_without_hold_acts_at_once)
{
	static const struct hysteresis_limits LIMITS = { 90, 80, 0 };
	static const struct step STEPS[] = {
		{ 0, 89, HYSTERESIS_NONE },   { 0, 90, HYSTERESIS_RAISED },  { 0, 120, HYSTERESIS_NONE },
		{ 1, 81, HYSTERESIS_NONE },   { 1, 95, HYSTERESIS_NONE },    { 2, 80, HYSTERESIS_CLEARED },
		{ 2, 89, HYSTERESIS_NONE },   { 3, INT32_MAX, HYSTERESIS_RAISED }, { 4, INT32_MIN, HYSTERESIS_CLEARED },
	};

	CHECK_STEPS(LIMITS, STEPS);
}
END_TEST

START_TEST(hysteresis_jitter_gives_one)
{
	static const struct hysteresis_limits LIMITS = { 90, 80, 0 };
	struct hysteresis state = { 0 };
	unsigned raised = 0, cleared = 0;

	for (int i = 0; i < 1000; i++) {
		const enum hysteresis_change change = hysteresis_step(&state, &LIMITS, 89 + i % 3, i);

		raised += change == HYSTERESIS_RAISED;
		cleared += change == HYSTERESIS_CLEARED;
	}
	ck_assert_uint_eq(raised, 1);
	ck_assert_uint_eq(cleared, 0);
}
END_TEST

START_TEST(hysteresis_hold_needs_an_unbroken_run)
{
	static const struct hysteresis_limits LIMITS = { 90, 80, 3 * NS_PER_S };
	static const struct step STEPS[] = {
		{ 0, 95, HYSTERESIS_NONE },  { 2, 95, HYSTERESIS_NONE },  { 2, 89, HYSTERESIS_NONE }, /* broken */
		{ 3, 90, HYSTERESIS_NONE },  { 5, 99, HYSTERESIS_NONE },  { 6, 90, HYSTERESIS_RAISED },
		{ 7, 80, HYSTERESIS_NONE },  { 9, 79, HYSTERESIS_NONE },  { 9, 81, HYSTERESIS_NONE }, /* broken */
		{ 10, 70, HYSTERESIS_NONE }, { 13, 70, HYSTERESIS_CLEARED },
		/* Samples that are missing in between do not break it. */
		{ 20, 95, HYSTERESIS_NONE }, { 99, 95, HYSTERESIS_RAISED },
	};

	CHECK_STEPS(LIMITS, STEPS);
}
END_TEST

START_TEST(hysteresis_equal_or_crossed_limits_do_not_toggle)
{
	static const struct hysteresis_limits EQUAL = { 90, 90, 0 }, CROSSED = { 90, 95, 0 };
	static const struct step STEPS[] = {
		{ 0, 90, HYSTERESIS_RAISED }, { 1, 90, HYSTERESIS_NONE }, { 2, 91, HYSTERESIS_NONE },
		{ 3, 89, HYSTERESIS_CLEARED }, { 4, 89, HYSTERESIS_NONE },
	};

	CHECK_STEPS(EQUAL, STEPS);
	CHECK_STEPS(CROSSED, STEPS);
}
END_TEST

/* ---- a bench: snapshots one after another ---- */

#define BENCH_SENSORS 8

struct bench {
	struct detect *detect;
	struct index_map *indexes;
	struct config *config;
	struct snapshot *old, *new; /* new is being made */
	struct thresholds *thresholds;
	struct alarms *alarms;
	struct event_list events; /* of the last run */
	uint32_t serial;
	int64_t now_s;
};

static void bench_open(struct bench *bench, uint32_t hold_s)
{
	*bench = (struct bench){ .detect = detect_new(NULL), .indexes = index_map_new(), .config = config_new() };
	bench->config->default_sensor_rules = true;
	bench->config->sensor_hold_s = hold_s;
	bench->new = snapshot_new();
	detect_configure(bench->detect, bench->config);
}

static void bench_close(struct bench *bench)
{
	event_list_clear(&bench->events);
	part_unref(bench->thresholds);
	part_unref(bench->alarms);
	part_unref(bench->old);
	part_unref(bench->new);
	part_unref(bench->config);
	index_map_free(bench->indexes);
	detect_free(bench->detect);
}

/* One run over bench->new, which becomes the old one; the next begins as its copy. */
static void bench_run(struct bench *bench)
{
	struct alarms *alarms;

	event_list_clear(&bench->events);
	part_unref(bench->thresholds);
	bench->thresholds = detect_run(bench->detect, bench->old, bench->new, bench->indexes, NOW_REAL + bench->now_s,
				       &bench->events);
	ck_assert_ptr_nonnull(bench->thresholds);
	for (size_t i = 0; i < bench->events.n; i++)
		bench->events.events[i]->serial = ++bench->serial;
	alarms = alarms_apply(bench->alarms, &bench->events);
	part_unref(bench->alarms);
	bench->alarms = alarms;
	part_unref(bench->old);
	bench->old = bench->new;
	bench->new = snapshot_copy(bench->old);
	bench->now_s++;
}

static struct sensor temperature(const char *key, uint32_t index, int32_t value, int32_t max, int32_t critical)
{
	struct sensor sensor = { .index = index, .type = SENSOR_TEMPERATURE, .units = SENSOR_MILLI_CELSIUS,
				 .status = SENSOR_OK, .value = value, .max = max, .critical = critical,
				 .have = SENSOR_HAVE_VALUE | SENSOR_HAVE_MAX | SENSOR_HAVE_CRITICAL };

	sensor.key = (char *)(uintptr_t)key;
	return sensor;
}

/* rows' keys are copied; the reading is of now. */
static void bench_sensors(struct bench *bench, const struct sensor *rows, size_t n)
{
	struct sensors *sensors = sensors_new(n);

	for (size_t i = 0; i < n; i++) {
		sensors->rows[i] = rows[i];
		sensors->rows[i].key = mem_string(rows[i].key);
		sensors->rows[i].chip = sensors->rows[i].feature = sensors->rows[i].identity = NULL;
		sensors->rows[i].label = NULL;
		sensors->rows[i].read_mono_ns = bench->now_s * NS_PER_S;
	}
	snapshot_put(&bench->new->sensors, sensors);
}

static void bench_one(struct bench *bench, struct sensor sensor)
{
	bench_sensors(bench, &sensor, 1);
	bench_run(bench);
}

/* One run with the temperature at this value, limits 90 and 100 degrees. */
static void bench_value(struct bench *bench, int32_t value)
{
	bench_one(bench, temperature("coretemp-isa-0000/temp1", 7, value, 90000, 100000));
}

static void bench_source(struct bench *bench, uint32_t id, uint8_t state, const char *error)
{
	struct sources *sources = mem_alloc(sizeof(*sources));

	part_init(&sources->part, (void (*)(struct part *))(void (*)(void))free);
	for (uint32_t i = 1; i < SOURCE_END; i++) {
		struct source_status *row = &sources->rows[sources->n++];

		row->index = i;
		row->name = source_id_name(i);
		row->state = bench->old != NULL && bench->old->sources != NULL ? bench->old->sources->rows[i - 1].state
									       : SOURCE_STATE_OK;
	}
	sources->rows[id - 1].state = state;
	snprintf(sources->rows[id - 1].last_error, SOURCE_ERROR_MAX, "%s", error);
	snapshot_put(&bench->new->sources, sources);
}

static const struct event *only_event(const struct bench *bench, uint8_t kind)
{
	ck_assert_uint_eq(bench->events.n, 1);
	ck_assert_uint_eq(bench->events.events[0]->kind, kind);
	return bench->events.events[0];
}

static const struct alarm *only_alarm(const struct bench *bench, uint8_t kind, uint8_t severity)
{
	ck_assert_uint_eq(bench->alarms->n, 1);
	ck_assert_uint_eq(bench->alarms->rows[0].kind, kind);
	ck_assert_uint_eq(bench->alarms->rows[0].severity, severity);
	return &bench->alarms->rows[0];
}

static void no_alarm(const struct bench *bench)
{
	ck_assert_uint_eq(bench->alarms->n, 0);
	ck_assert_uint_eq(bench->alarms->warnings, 0);
	ck_assert_uint_eq(bench->alarms->criticals, 0);
}

static const struct threshold *threshold_of(const struct bench *bench, const char *name)
{
	for (size_t i = 0; i < bench->thresholds->n; i++)
		if (strcmp(bench->thresholds->rows[i].name, name) == 0)
			return &bench->thresholds->rows[i];
	return NULL;
}

/* ---- temperatures ---- */

START_TEST(sensor_warning_jitter_normal)
{
	struct bench bench;
	const struct event *event;
	const struct alarm *alarm;
	int64_t since;

	bench_open(&bench, 0);
	bench_value(&bench, 85000);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_value(&bench, 91000);
	event = only_event(&bench, EVENT_THERMAL_WARNING);
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	ck_assert_str_eq(event->subject, "coretemp-isa-0000/temp1");
	ck_assert_str_eq(event->text, "coretemp-isa-0000/temp1 is at 91.0 C, above its warning limit 90.0 C");
	ck_assert_int_eq(event->value, 91000);
	ck_assert_int_eq(event->threshold, 90000);
	ck_assert_str_eq(event->units, "milliCelsius");
	ck_assert_uint_eq(event->of, EVENT_OF_SENSOR);
	ck_assert_uint_eq(event->of_index, 7);
	alarm = only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING);
	ck_assert_uint_eq(alarm->index, 1);
	ck_assert_uint_eq(alarm->event, 1);
	ck_assert_str_eq(alarm->subject, event->subject);
	ck_assert_uint_eq(bench.alarms->warnings, 1);
	since = alarm->since_real_ns;
	ck_assert_int_eq(since, event->time_real_ns);
	for (int i = 0; i < 50; i++) {
		bench_value(&bench, 88500 + i % 3 * 1000);
		ck_assert_uint_eq(bench.events.n, 0);
	}
	ck_assert_int_eq(only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING)->since_real_ns, since);
	bench_value(&bench, 88000);
	event = only_event(&bench, EVENT_THERMAL_NORMAL);
	ck_assert_uint_eq(event->severity, SEVERITY_INFO);
	ck_assert_int_eq(event->threshold, 88000);
	ck_assert_str_eq(event->text, "coretemp-isa-0000/temp1 is at 88.0 C, back to normal at 88.0 C or below");
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

/* A reading at a time of its own, four a second; what was told of it. */
static size_t reading(struct bench *bench, int64_t number, int32_t value)
{
	const struct sensor sensor = temperature("coretemp-isa-0000/temp1", 7, value, 90000, 100000);

	bench_sensors(bench, &sensor, 1);
	bench->new->sensors->rows[0].read_mono_ns = number * (NS_PER_S / 4);
	bench_run(bench);
	return bench->events.n;
}

/* Five minutes of noise from just above the falling limit to well above the rising one. */
START_TEST(sensor_jitter_of_five_minutes_gives_two)
{
	static const uint32_t HOLDS_S[] = { 0, 5 };

	for (size_t h = 0; h < sizeof(HOLDS_S) / sizeof(HOLDS_S[0]); h++) {
		struct bench bench;
		uint32_t noise = 12345;
		size_t told = 0;
		int64_t number = 1;

		bench_open(&bench, HOLDS_S[h]);
		for (int i = 0; i < 40; i++)
			told += reading(&bench, number++, 80000);
		ck_assert_uint_eq(told, 0);
		for (int i = 0; i < 40; i++)
			told += reading(&bench, number++, 90000 + i);
		ck_assert_uint_eq(told, 1);
		for (int i = 0; i < 5 * 60 * 4; i++) {
			noise = noise * 1103515245 + 12345;
			told += reading(&bench, number++, 88001 + (int32_t)(noise >> 16) % 8000);
		}
		ck_assert_uint_eq(told, 1);
		only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING);
		for (int i = 0; i < 40; i++)
			told += reading(&bench, number++, 80000);
		ck_assert_uint_eq(told, 2);
		no_alarm(&bench);
		bench_close(&bench);
	}
}
END_TEST

START_TEST(sensor_level_goes_up_and_down)
{
	struct bench bench;
	const struct event *event;

	bench_open(&bench, 0);
	bench_value(&bench, 90000);
	event = only_event(&bench, EVENT_THERMAL_WARNING);
	ck_assert_str_eq(event->text, "coretemp-isa-0000/temp1 is at 90.0 C, at its warning limit 90.0 C");
	bench_value(&bench, 100250);
	event = only_event(&bench, EVENT_THERMAL_CRITICAL);
	ck_assert_str_eq(event->text, "coretemp-isa-0000/temp1 is at 100.25 C, above its critical limit 100.0 C");
	ck_assert_int_eq(event->threshold, 100000);
	ck_assert_uint_eq(only_alarm(&bench, EVENT_THERMAL_CRITICAL, SEVERITY_CRITICAL)->event, 2);
	ck_assert_uint_eq(bench.alarms->criticals, 1);
	ck_assert_uint_eq(bench.alarms->warnings, 0);
	ck_assert_int_eq(bench.alarms->rows[0].since_real_ns, NOW_REAL); /* of the first event */
	bench_value(&bench, 95000);
	event = only_event(&bench, EVENT_THERMAL_WARNING);
	ck_assert_int_eq(event->threshold, 98000);
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	ck_assert_str_eq(event->text,
			 "coretemp-isa-0000/temp1 is at 95.0 C, back from critical to warning at 98.0 C or below");
	ck_assert_uint_eq(only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING)->event, 3);
	bench_value(&bench, 101000);
	only_event(&bench, EVENT_THERMAL_CRITICAL);
	bench_value(&bench, 20000);
	event = only_event(&bench, EVENT_THERMAL_NORMAL);
	ck_assert_int_eq(event->threshold, 88000);
	no_alarm(&bench);
	bench_value(&bench, 120000);
	only_event(&bench, EVENT_THERMAL_CRITICAL); /* straight up: one event */
	only_alarm(&bench, EVENT_THERMAL_CRITICAL, SEVERITY_CRITICAL);
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_hold_counts_on_the_readings)
{
	struct bench bench;

	bench_open(&bench, 3);
	for (int i = 0; i < 3; i++) {
		bench_value(&bench, 91000);
		ck_assert_uint_eq(bench.events.n, 0);
	}
	/* Time passes without a new reading: no proof of anything. */
	bench.now_s += 100;
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_value(&bench, 89999); /* and starts anew */
	for (int i = 0; i < 3; i++) {
		bench_value(&bench, 95000);
		ck_assert_uint_eq(bench.events.n, 0);
	}
	bench_value(&bench, 95000);
	only_event(&bench, EVENT_THERMAL_WARNING);
	for (int i = 0; i < 3; i++)
		bench_value(&bench, 80000);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_value(&bench, 80000);
	only_event(&bench, EVENT_THERMAL_NORMAL);
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_at_start_over_its_limit_gives_one)
{
	struct bench bench;

	bench_open(&bench, 0);
	bench_value(&bench, 95000);
	only_event(&bench, EVENT_THERMAL_WARNING);
	for (int i = 0; i < 10; i++) {
		bench_value(&bench, 95000);
		ck_assert_uint_eq(bench.events.n, 0);
	}
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_that_cannot_be_read_changes_nothing)
{
	struct sensor sensor = temperature("chip/temp1", 1, 95000, 90000, 100000);
	struct bench bench;

	bench_open(&bench, 0);
	bench_one(&bench, sensor);
	only_event(&bench, EVENT_THERMAL_WARNING);
	ck_assert_uint_eq(threshold_of(&bench, "sensor-max")->state, THRESHOLD_RAISED);
	sensor.have = 0;
	sensor.value = sensor.max = sensor.critical = 0;
	sensor.status = SENSOR_UNAVAILABLE;
	bench_one(&bench, sensor);
	ck_assert_uint_eq(bench.events.n, 0);
	only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING);
	ck_assert_uint_eq(threshold_of(&bench, "sensor-max")->state, THRESHOLD_UNKNOWN);
	ck_assert_int_eq(threshold_of(&bench, "sensor-max")->value, 95000);
	ck_assert_uint_eq(threshold_of(&bench, "sensor-max")->have, THRESHOLD_HAVE_VALUE);
	/* A broken probe often reads as 0 or as very much. */
	sensor = temperature("chip/temp1", 1, 0, 90000, 100000);
	sensor.status = SENSOR_FAULT;
	bench_one(&bench, sensor);
	only_event(&bench, EVENT_SENSOR_FAULT); /* and of the temperature nothing */
	ck_assert_uint_eq(bench.alarms->n, 2);
	bench_one(&bench, temperature("chip/temp1", 1, 60000, 90000, 100000));
	ck_assert_uint_eq(bench.events.n, 2);
	ck_assert_uint_eq(bench.events.events[0]->kind, EVENT_THERMAL_NORMAL);
	ck_assert_uint_eq(bench.events.events[1]->kind, EVENT_SENSOR_RESTORED);
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_that_was_never_read_is_unknown)
{
	struct sensor sensor = temperature("chip/temp1", 1, 0, 90000, 100000);
	struct config_rule rule = { .name = (char *)"r", .object = (char *)"edgeSensorValue", .subject = (char *)"*",
				    .severity = SEVERITY_WARNING, .rising = -5, .falling = -6 };
	struct bench bench;

	bench_open(&bench, 0);
	bench.config->n_rules = 1;
	bench.config->rules = &rule;
	detect_configure(bench.detect, bench.config);
	sensor.have &= ~SENSOR_HAVE_VALUE;
	bench_one(&bench, sensor);
	ck_assert_uint_eq(bench.events.n, 0);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_UNKNOWN);
	ck_assert_uint_eq(bench.thresholds->rows[0].have, 0);
	bench.config->n_rules = 0;
	bench.config->rules = NULL;
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_limits_must_be_plausible)
{
	static const struct {
		int32_t max, critical;
		bool have_max, have_critical, want_max, want_critical;
	} CASES[] = {
		{ 90000, 100000, true, true, true, true },
		{ 90000, 100000, true, false, true, false },
		{ 90000, 100000, false, true, false, true },
		{ 0, 100000, true, true, false, true },
		{ -1000, 0, true, true, false, false },
		{ 999, 200001, true, true, false, false },
		{ 1000, 200000, true, true, true, true },
		{ 65261850, 84800, true, true, false, true },
		{ INT32_MAX, INT32_MIN, true, true, false, false },
		{ 100000, 90000, true, true, false, true },  /* a warning after the critical limit */
		{ 84800, 84800, true, true, true, true },
		{ 100000, 0, true, true, true, false },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct sensor sensor = temperature("chip/temp1", 1, 999000, CASES[i].max, CASES[i].critical);
		struct bench bench;

		bench_open(&bench, 0);
		sensor.have = SENSOR_HAVE_VALUE | (CASES[i].have_max ? SENSOR_HAVE_MAX : 0) |
			      (CASES[i].have_critical ? SENSOR_HAVE_CRITICAL : 0);
		bench_one(&bench, sensor);
		ck_assert_msg((threshold_of(&bench, "sensor-max") != NULL) == CASES[i].want_max, "max, case %zu", i);
		ck_assert_msg((threshold_of(&bench, "sensor-critical") != NULL) == CASES[i].want_critical,
			      "critical, case %zu", i);
		ck_assert_msg(bench.events.n == (CASES[i].want_max || CASES[i].want_critical), "case %zu", i);
		bench_close(&bench);
	}
}
END_TEST

START_TEST(sensor_falling_limits_from_the_chip)
{
	static const struct {
		int32_t hysteresis;
		bool have;
		int32_t falling;
	} CASES[] = {
		{ 85000, true, 85000 }, { 85000, false, 88000 }, { 0, true, 88000 },	  { -1, true, 88000 },
		{ 90000, true, 88000 }, { 127000, true, 88000 }, { 89999, true, 89999 },
	};

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct sensor sensor = temperature("chip/temp1", 1, 50000, 90000, 100000);
		struct bench bench;

		bench_open(&bench, 0);
		sensor.max_hysteresis = CASES[i].hysteresis;
		sensor.have |= CASES[i].have ? SENSOR_HAVE_MAX_HYSTERESIS : 0;
		bench_one(&bench, sensor);
		ck_assert_msg(threshold_of(&bench, "sensor-max")->falling == CASES[i].falling, "case %zu", i);
		ck_assert_int_eq(threshold_of(&bench, "sensor-critical")->falling, 98000);
		bench_close(&bench);
	}
}
END_TEST

START_TEST(sensor_limits_that_change_take_effect)
{
	struct bench bench;

	bench_open(&bench, 0);
	bench_one(&bench, temperature("chip/temp1", 1, 91000, 95000, 100000));
	ck_assert_uint_eq(bench.events.n, 0);
	bench_one(&bench, temperature("chip/temp1", 1, 91000, 90000, 100000));
	only_event(&bench, EVENT_THERMAL_WARNING);
	ck_assert_int_eq(threshold_of(&bench, "sensor-max")->rising, 90000);
	bench_one(&bench, temperature("chip/temp1", 1, 91000, 95000, 100000));
	only_event(&bench, EVENT_THERMAL_NORMAL);
	/* A limit that goes away takes its alarm along. */
	bench_one(&bench, temperature("chip/temp1", 1, 96000, 95000, 100000));
	only_event(&bench, EVENT_THERMAL_WARNING);
	bench_one(&bench, temperature("chip/temp1", 1, 96000, 0, 100000));
	ck_assert_str_eq(only_event(&bench, EVENT_THERMAL_NORMAL)->text,
			 "chip/temp1 is at 96.0 C, back to normal as the limit no longer applies");
	ck_assert_ptr_null(threshold_of(&bench, "sensor-max"));
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_limit_that_is_not_read_once_stays)
{
	struct sensor sensor = temperature("chip/temp1", 1, 95000, 90000, 100000);
	struct bench bench;

	bench_open(&bench, 0);
	bench_one(&bench, sensor);
	only_event(&bench, EVENT_THERMAL_WARNING);
	sensor.have = SENSOR_HAVE_VALUE;
	sensor.max = sensor.critical = 0;
	bench_one(&bench, sensor);
	ck_assert_uint_eq(bench.events.n, 0);
	ck_assert_int_eq(threshold_of(&bench, "sensor-max")->rising, 90000);
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_defaults_are_for_temperatures_only)
{
	struct sensor fan = temperature("chip/fan1", 1, 3000, 2000, 2500);
	struct bench bench;

	bench_open(&bench, 0);
	fan.type = SENSOR_FAN;
	fan.units = SENSOR_RPM;
	bench_one(&bench, fan);
	ck_assert_uint_eq(bench.events.n, 0);
	ck_assert_uint_eq(bench.thresholds->n, 0);
	bench.config->default_sensor_rules = false;
	detect_configure(bench.detect, bench.config);
	bench_value(&bench, 99000);
	ck_assert_uint_eq(bench.thresholds->n, 0);
	bench_close(&bench);
}
END_TEST

/* ---- configured rules ---- */

static struct config *config_with(const struct config_rule *rules, size_t n)
{
	struct config *config = config_new();

	config->default_sensor_rules = true;
	config->sensor_hold_s = 0;
	config->n_rules = n;
	config->rules = mem_array(n, sizeof(*config->rules));
	for (size_t i = 0; i < n; i++) {
		config->rules[i] = rules[i];
		config->rules[i].name = mem_string(rules[i].name);
		config->rules[i].object = mem_string(rules[i].object);
		config->rules[i].subject = mem_string(rules[i].subject);
	}
	return config;
}

static void bench_rules(struct bench *bench, const struct config_rule *rules, size_t n)
{
	struct config *config = config_with(rules, n);

	detect_configure(bench->detect, config);
	part_unref(config);
}

static struct config_rule rule(const char *name, const char *subject, uint8_t severity, int32_t rising, int32_t falling)
{
	struct config_rule made = { .severity = severity, .rising = rising, .falling = falling };

	made.name = (char *)(uintptr_t)name;
	made.object = (char *)(uintptr_t)"edgeSensorValue";
	made.subject = (char *)(uintptr_t)subject;
	return made;
}

START_TEST(rules_replace_the_defaults)
{
	const struct config_rule rules[] = { rule("warm", "cpu/*", SEVERITY_WARNING, 50000, 45000),
					     rule("hot", "cpu/*", SEVERITY_CRITICAL, 60000, 55000),
					     rule("note", "cpu/*", SEVERITY_INFO, 30000, 25000) };
	const struct sensor sensors[] = { temperature("cpu/temp1", 1, 40000, 90000, 100000),
					  temperature("disk/temp1", 2, 95000, 90000, 100000) };
	struct bench bench;

	bench_open(&bench, 0);
	bench_rules(&bench, rules, 3);
	bench_sensors(&bench, sensors, 2);
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THERMAL_WARNING)->subject, "disk/temp1");
	ck_assert_uint_eq(bench.thresholds->n, 5);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(bench.thresholds->rows[i].index, i + 1);
	/* Severity info shows as a threshold, but is no alarm. */
	ck_assert_uint_eq(threshold_of(&bench, "note")->state, THRESHOLD_RAISED);
	ck_assert_uint_eq(threshold_of(&bench, "note")->severity, SEVERITY_INFO);
	ck_assert_uint_eq(threshold_of(&bench, "hot")->state, THRESHOLD_NORMAL);
	ck_assert_int_eq(threshold_of(&bench, "hot")->rising, 60000);
	ck_assert_str_eq(threshold_of(&bench, "hot")->subject, "cpu/temp1");
	ck_assert_str_eq(threshold_of(&bench, "hot")->units, "milliCelsius");
	ck_assert_uint_eq(threshold_of(&bench, "hot")->object_n, 0); /* nobody tells of columns here */
	ck_assert_str_eq(threshold_of(&bench, "sensor-max")->subject, "disk/temp1");
	bench_close(&bench);
}
END_TEST

START_TEST(reload_keeps_states_and_numbers)
{
	struct config_rule rules[] = { rule("a", "*", SEVERITY_WARNING, 50000, 45000),
				       rule("b", "*", SEVERITY_CRITICAL, 70000, 65000) };
	struct bench bench;
	uint32_t index_b;

	bench_open(&bench, 0);
	bench_rules(&bench, rules, 2);
	bench_value(&bench, 72000);
	only_event(&bench, EVENT_THERMAL_CRITICAL);
	index_b = threshold_of(&bench, "b")->index;
	/* The same again, another limit: still raised, nothing is said. */
	rules[1].rising = 71000;
	bench_rules(&bench, rules, 2);
	bench_value(&bench, 70500);
	ck_assert_uint_eq(bench.events.n, 0);
	ck_assert_int_eq(threshold_of(&bench, "b")->rising, 71000);
	ck_assert_uint_eq(threshold_of(&bench, "b")->index, index_b);
	/* Without a new reading, too. */
	rules[1].rising = 73000;
	rules[1].falling = 72000;
	bench_rules(&bench, rules, 2);
	bench_run(&bench);
	only_event(&bench, EVENT_THERMAL_WARNING);
	/* Another rule about a sensor in alarm begins raised and is then measured by its own limits. */
	rules[0] = rule("c", "*", SEVERITY_WARNING, 75000, 60000);
	bench_rules(&bench, rules, 1);
	bench_value(&bench, 70500);
	ck_assert_uint_eq(bench.events.n, 0);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_RAISED);
	bench_value(&bench, 60000);
	only_event(&bench, EVENT_THERMAL_NORMAL);
	bench_close(&bench);
}
END_TEST

START_TEST(threshold_numbers_are_given_back)
{
	const struct config_rule rules[] = { rule("a", "*", SEVERITY_WARNING, 50000, 45000) };
	struct bench bench;

	bench_open(&bench, 0);
	index_map_get(bench.indexes, "threshold:gone/temp1\told");
	index_map_get(bench.indexes, "sensor:x");
	bench_source(&bench, SOURCE_SENSORS, SOURCE_STATE_OK, "");
	bench_value(&bench, 20000);
	ck_assert_uint_eq(bench.thresholds->n, 2);
	ck_assert_uint_eq(bench.thresholds->rows[0].index, 2);
	bench_rules(&bench, rules, 1);
	bench_run(&bench);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	ck_assert_uint_eq(bench.thresholds->rows[0].index, 4);
	/* Retired, all three of them, and nothing else. */
	index_map_expire(bench.indexes, NOW_REAL / NS_PER_S + 31 * 86400);
	ck_assert_uint_eq(index_map_find(bench.indexes, "threshold:gone/temp1\told"), 0);
	ck_assert_uint_eq(index_map_find(bench.indexes, "threshold:coretemp-isa-0000/temp1\tsensor-max"), 0);
	ck_assert_uint_eq(index_map_find(bench.indexes, "threshold:coretemp-isa-0000/temp1\ta"), 4);
	ck_assert_uint_eq(index_map_find(bench.indexes, "sensor:x"), 1);
	bench_close(&bench);
}
END_TEST

START_TEST(thresholds_are_the_same_part_while_nothing_changes)
{
	const struct thresholds *before;
	struct bench bench;

	bench_open(&bench, 0);
	bench_value(&bench, 20000);
	before = bench.thresholds;
	bench_run(&bench);
	ck_assert_ptr_eq(bench.thresholds, before);
	bench_value(&bench, 20000);
	ck_assert_ptr_eq(bench.thresholds, before);
	part_ref(before);
	bench_value(&bench, 20001);
	ck_assert_ptr_ne(bench.thresholds, before);
	ck_assert_int_eq(threshold_of(&bench, "sensor-max")->value, 20001);
	part_unref(before);
	bench_close(&bench);
}
END_TEST

/* ---- restart ---- */

/* A new detect that knows only the alarms, as after a restart. */
static void bench_restart(struct bench *bench)
{
	detect_free(bench->detect);
	bench->detect = detect_new(NULL);
	detect_configure(bench->detect, bench->config);
	if (bench->alarms != NULL)
		detect_restore(bench->detect, bench->alarms);
	part_unref(bench->old);
	part_unref(bench->new);
	bench->old = NULL;
	bench->new = snapshot_new();
}

START_TEST(restart_in_alarm_says_nothing_again)
{
	struct bench bench;

	bench_open(&bench, 2);
	for (int i = 0; i < 3; i++)
		bench_value(&bench, 95000);
	only_event(&bench, EVENT_THERMAL_WARNING);
	bench_restart(&bench);
	bench_run(&bench); /* no sensors yet */
	ck_assert_uint_eq(bench.events.n, 0);
	for (int i = 0; i < 5; i++) {
		bench_value(&bench, 89000); /* between the limits */
		ck_assert_uint_eq(bench.events.n, 0);
	}
	ck_assert_uint_eq(threshold_of(&bench, "sensor-max")->state, THRESHOLD_RAISED);
	only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING);
	for (int i = 0; i < 3; i++)
		bench_value(&bench, 50000);
	only_event(&bench, EVENT_THERMAL_NORMAL);
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

START_TEST(restart_with_another_level)
{
	struct bench bench;

	bench_open(&bench, 0);
	bench_value(&bench, 95000);
	bench_restart(&bench);
	bench_value(&bench, 105000);
	only_event(&bench, EVENT_THERMAL_CRITICAL);
	bench_restart(&bench);
	bench_value(&bench, 99000);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_restart(&bench);
	bench_value(&bench, 95000);
	only_event(&bench, EVENT_THERMAL_WARNING);
	only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING);
	bench_restart(&bench);
	bench_value(&bench, 20000);
	only_event(&bench, EVENT_THERMAL_NORMAL);
	bench_restart(&bench);
	bench_value(&bench, 20000);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(restart_without_the_sensor)
{
	const struct sensor other = temperature("other/temp1", 1, 20000, 90000, 100000);
	struct bench bench;

	bench_open(&bench, 0);
	bench_value(&bench, 95000);
	bench_restart(&bench);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_STARTING, "");
	bench_one(&bench, other);
	ck_assert_uint_eq(bench.events.n, 0); /* it may be yet to come */
	only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_ABSENT, "");
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THERMAL_NORMAL)->text,
			 "coretemp-isa-0000/temp1 is gone, its alarm ends");
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

START_TEST(sensor_that_goes_and_comes)
{
	const struct sensor two[] = { temperature("a/temp1", 1, 95000, 90000, 100000),
				      temperature("b/temp1", 2, 95000, 90000, 100000) };
	struct bench bench;

	bench_open(&bench, 0);
	bench_source(&bench, SOURCE_SENSORS, SOURCE_STATE_OK, "");
	bench_sensors(&bench, two, 2);
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 2);
	ck_assert_uint_eq(bench.alarms->n, 2);
	bench_sensors(&bench, &two[1], 1);
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THERMAL_NORMAL)->subject, "a/temp1");
	ck_assert_uint_eq(bench.events.events[0]->of_index, 1);
	ck_assert_ptr_nonnull(snapshot_sensor(bench.events.events[0]->before, 1)); /* for its notification */
	ck_assert_uint_eq(bench.thresholds->n, 2);
	ck_assert_uint_eq(only_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING)->index, 2);
	bench_sensors(&bench, two, 2);
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THERMAL_WARNING)->subject, "a/temp1");
	ck_assert_uint_eq(bench.thresholds->rows[0].index, 1); /* had kept its number */
	ck_assert_uint_eq(bench.alarms->rows[0].index, 1);
	snapshot_put(&bench.new->sensors, NULL);
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 2);
	ck_assert_uint_eq(bench.thresholds->n, 0);
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

/* ---- sources ---- */

START_TEST(source_fails_and_recovers)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench, 0);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_STARTING, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_FAILED, "qemu:///system: no\nanswer");
	bench_run(&bench);
	event = only_event(&bench, EVENT_SOURCE_FAILED);
	ck_assert_str_eq(event->subject, "libvirt");
	ck_assert_str_eq(event->text, "source libvirt has failed: qemu:///system: no answer");
	ck_assert_uint_eq(event->of, EVENT_OF_SOURCE);
	ck_assert_uint_eq(event->of_index, SOURCE_LIBVIRT);
	only_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_WARNING);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_FAILED, "other words");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_STALE, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_OK, "");
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_SOURCE_RECOVERED)->text, "source libvirt delivers again");
	no_alarm(&bench);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_STALE, "");
	bench_run(&bench);
	bench_source(&bench, SOURCE_LIBVIRT, SOURCE_STATE_OK, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(source_failed_at_the_first_run)
{
	struct bench bench;

	bench_open(&bench, 0);
	bench_source(&bench, SOURCE_SENSORS, SOURCE_STATE_FAILED, "");
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_SOURCE_FAILED)->text, "source sensors has failed");
	bench_restart(&bench);
	bench_source(&bench, SOURCE_SENSORS, SOURCE_STATE_STARTING, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_source(&bench, SOURCE_SENSORS, SOURCE_STATE_FAILED, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0); /* said before the restart */
	bench_restart(&bench);
	bench_source(&bench, SOURCE_SENSORS, SOURCE_STATE_OK, "");
	bench_run(&bench);
	only_event(&bench, EVENT_SOURCE_RECOVERED);
	bench_close(&bench);
}
END_TEST

START_TEST(source_that_is_off)
{
	struct bench bench;

	bench_open(&bench, 0);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_ABSENT, "");
	bench_run(&bench);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_FAILED, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_OK, "");
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 0);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_FAILED, "");
	bench_run(&bench);
	only_event(&bench, EVENT_SOURCE_FAILED);
	bench_source(&bench, SOURCE_THERMAL, SOURCE_STATE_DISABLED, "");
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_SOURCE_RECOVERED)->text,
			 "source thermal is disabled now, its alarm ends");
	no_alarm(&bench);
	bench_close(&bench);
}
END_TEST

/* ---- domains ---- */

struct domain_row {
	uint32_t index;
	uint8_t uuid;
	const char *name;
	uint8_t state;
};

static void bench_domains(struct bench *bench, const struct domain_row *rows, size_t n)
{
	struct domains *domains = domains_new(n);

	for (size_t i = 0; i < n; i++) {
		const uint8_t uuid[16] = { rows[i].uuid };

		domains->rows[i] = domain_new(domain_ident_new(uuid, rows[i].name, "hvm"));
		domains->rows[i]->index = rows[i].index;
		domains->rows[i]->state = rows[i].state;
		domains->rows[i]->reason = "booted";
	}
	snapshot_put(&bench->new->domains, domains);
	bench_run(bench);
}

/* ---- alarms ---- */

static void add_change(struct event_list *list, uint8_t kind, const char *subject, uint8_t change, uint32_t serial)
{
	struct event *event = event_new(kind, SEVERITY_WARNING, subject, "");

	event->serial = serial;
	event->alarm_change = change;
	event->alarm_kind = kind;
	event_list_add(list, event);
}

START_TEST(alarms_take_the_lowest_free_number)
{
	struct event_list list = { 0 };
	struct alarms *first, *second, *same;
	char subject[32];

	for (uint32_t i = 1; i <= 5; i++) {
		snprintf(subject, sizeof(subject), "s%u", i);
		add_change(&list, EVENT_SOURCE_FAILED, subject, ALARM_RAISED, i);
	}
	first = alarms_apply(NULL, &list);
	ck_assert_uint_eq(first->n, 5);
	ck_assert_uint_eq(first->warnings, 5);
	event_list_clear(&list);
	same = alarms_apply(first, &list);
	ck_assert_ptr_eq(same, first);
	part_unref(same);
	add_change(&list, EVENT_SOURCE_FAILED, "s2", ALARM_CLEARED, 6);
	add_change(&list, EVENT_SOURCE_FAILED, "s4", ALARM_CLEARED, 7);
	add_change(&list, EVENT_SOURCE_FAILED, "no-such", ALARM_CLEARED, 8);
	add_change(&list, EVENT_DOMAIN_STATE_CHANGED, "x", ALARM_UNCHANGED, 9);
	add_change(&list, EVENT_SOURCE_FAILED, "s9", ALARM_RAISED, 10);
	second = alarms_apply(first, &list);
	ck_assert_uint_eq(first->n, 5); /* a sealed part does not change */
	ck_assert_uint_eq(second->n, 4);
	ck_assert_uint_eq(second->rows[1].index, 2);
	ck_assert_str_eq(second->rows[1].subject, "s9");
	ck_assert_uint_eq(second->rows[2].index, 3);
	ck_assert_uint_eq(second->rows[3].index, 5);
	event_list_clear(&list);
	part_unref(first);
	part_unref(second);
}
END_TEST

START_TEST(alarms_are_bounded)
{
	struct event_list list = { 0 };
	struct alarms *alarms;
	char subject[32];

	for (uint32_t i = 1; i <= ALARMS_MAX + 10; i++) {
		snprintf(subject, sizeof(subject), "s%u", i);
		add_change(&list, EVENT_SOURCE_FAILED, subject, ALARM_RAISED, i);
	}
	alarms = alarms_apply(NULL, &list);
	ck_assert_uint_eq(alarms->n, ALARMS_MAX);
	ck_assert_uint_eq(alarms->rows[ALARMS_MAX - 1].index, ALARMS_MAX);
	event_list_clear(&list);
	part_unref(alarms);
}
END_TEST

/* ---- cost ---- */

START_TEST(tick_of_sensors_costs_microseconds)
{
	enum { DOMAINS = 10000, SENSORS = 64, TICKS = 200 };
	struct domain_row *rows = mem_array(DOMAINS, sizeof(*rows));
	struct sensor sensors[SENSORS];
	static char keys[SENSORS][32];
	struct bench bench;
	int64_t spent = 0;

	bench_open(&bench, 2);
	for (uint32_t i = 0; i < DOMAINS; i++)
		rows[i] = (struct domain_row){ i + 1, (uint8_t)i, "d", DOMAIN_RUNNING };
	bench_domains(&bench, rows, DOMAINS);
	for (int t = 0; t < TICKS; t++) {
		int64_t begin;

		for (uint32_t i = 0; i < SENSORS; i++) {
			snprintf(keys[i], sizeof(keys[i]), "chip-isa-%u/temp1", i);
			sensors[i] = temperature(keys[i], i + 1, 50000 + t, 90000, 100000);
		}
		bench_sensors(&bench, sensors, SENSORS);
		begin = clock_thread_cpu_ns();
		bench_run(&bench);
		spent += clock_thread_cpu_ns() - begin;
	}
	printf("a tick with %d new sensor readings and %d domains: %lld us\n", SENSORS, DOMAINS,
	       (long long)(spent / TICKS / NS_PER_US));
	ck_assert_int_lt(spent / TICKS, 2 * NS_PER_MS); /* wide: sanitizers, shared machines */
	free(rows);
	bench_close(&bench);
}
END_TEST

static Suite *detect_suite(void)
{
	Suite *suite = suite_create("detect");

	UNIT_ADD(suite, hysteresis_without_hold_acts_at_once);
	UNIT_ADD(suite, hysteresis_jitter_gives_one);
	UNIT_ADD(suite, hysteresis_hold_needs_an_unbroken_run);
	UNIT_ADD(suite, hysteresis_equal_or_crossed_limits_do_not_toggle);
	UNIT_ADD(suite, sensor_warning_jitter_normal);
	UNIT_ADD(suite, sensor_jitter_of_five_minutes_gives_two);
	UNIT_ADD(suite, sensor_level_goes_up_and_down);
	UNIT_ADD(suite, sensor_hold_counts_on_the_readings);
	UNIT_ADD(suite, sensor_at_start_over_its_limit_gives_one);
	UNIT_ADD(suite, sensor_that_cannot_be_read_changes_nothing);
	UNIT_ADD(suite, sensor_that_was_never_read_is_unknown);
	UNIT_ADD(suite, sensor_limits_must_be_plausible);
	UNIT_ADD(suite, sensor_falling_limits_from_the_chip);
	UNIT_ADD(suite, sensor_limits_that_change_take_effect);
	UNIT_ADD(suite, sensor_limit_that_is_not_read_once_stays);
	UNIT_ADD(suite, sensor_defaults_are_for_temperatures_only);
	UNIT_ADD(suite, rules_replace_the_defaults);
	UNIT_ADD(suite, reload_keeps_states_and_numbers);
	UNIT_ADD(suite, threshold_numbers_are_given_back);
	UNIT_ADD(suite, thresholds_are_the_same_part_while_nothing_changes);
	UNIT_ADD(suite, restart_in_alarm_says_nothing_again);
	UNIT_ADD(suite, restart_with_another_level);
	UNIT_ADD(suite, restart_without_the_sensor);
	UNIT_ADD(suite, sensor_that_goes_and_comes);
	UNIT_ADD(suite, source_fails_and_recovers);
	UNIT_ADD(suite, source_failed_at_the_first_run);
	UNIT_ADD(suite, source_that_is_off);
	UNIT_ADD(suite, alarms_take_the_lowest_free_number);
	UNIT_ADD(suite, alarms_are_bounded);
	UNIT_ADD(suite, tick_of_sensors_costs_microseconds);
	return suite;
}

UNIT_MAIN(detect_suite)
