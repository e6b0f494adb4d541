/*
 * watched.c - which limits a sensor has: those of the configured rules that match it, or else the chip's own.
 *
 * Thread: cycle. Data: the configuration, and the limits in a reading.
 */
#include "model/watched.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chips report 0, -1 or 65261850 where nothing was ever set: only these are limits of a machine. */
#define PLAUSIBLE_MIN_MDEGC 1000
#define PLAUSIBLE_MAX_MDEGC 200000
#define FALLING_DISTANCE_MDEGC 2000 /* where the chip gives no hysteresis of its own */


enum { DEFAULT_MAX, DEFAULT_CRITICAL, DEFAULTS };
static const char *const DEFAULT_NAMES[DEFAULTS] = { "sensor-max", "sensor-critical" };
static const uint8_t DEFAULT_SEVERITIES[DEFAULTS] = { SEVERITY_WARNING, SEVERITY_CRITICAL };

/* Where the subject is in alarm already, a new rule about it begins raised: a reload gives no second event. */
static void limit_activate(struct limit *limit, uint8_t level)
{
	limit->active = true;
	limit->state = (struct hysteresis){ .raised = limit->severity >= SEVERITY_WARNING && limit->severity <= level };
}

void watched_index_key(char key[WATCHED_KEY_ROOM], const char *subject, const char *name)
{
	snprintf(key, WATCHED_KEY_ROOM, WATCHED_INDEX_PREFIX "%s\t%s", subject, name);
}

static void limit_retire(struct limit *limit, const char *subject, struct index_map *indexes, int64_t now_real_ns)
{
	char key[WATCHED_KEY_ROOM];

	if (limit->index == 0)
		return;
	watched_index_key(key, subject, limit->name);
	index_map_retire(indexes, key, now_real_ns / NS_PER_S);
	limit->index = 0;
}

static bool plausible(int32_t limit_mdegc)
{
	return limit_mdegc >= PLAUSIBLE_MIN_MDEGC && limit_mdegc <= PLAUSIBLE_MAX_MDEGC;
}

/* Of a plausible limit; any number for the others, which are not used. */
static int32_t falling_of(int32_t rising, bool have, int32_t falling)
{
	if (!plausible(rising))
		return rising;
	return have && plausible(falling) && falling < rising ? falling : rising - FALLING_DISTANCE_MDEGC;
}

static bool set_default(struct limit *limit, uint8_t level, bool usable, int32_t rising, int32_t falling)
{
	const bool same = rising == limit->limits.rising && falling == limit->limits.falling;

	if (usable == limit->active && (same || !usable))
		return false;
	limit->limits.rising = rising;
	limit->limits.falling = falling;
	if (usable && !limit->active)
		limit_activate(limit, level);
	limit->active = usable;
	return true;
}

static bool refresh_max(struct watched *row, const struct sensor *sensor)
{
	const bool critical = (sensor->have & SENSOR_HAVE_CRITICAL) && plausible(sensor->critical);
	/* A warning that comes after the critical limit is a value nobody set. */
	const bool usable = plausible(sensor->max) && !(critical && sensor->max > sensor->critical);
	const bool hysteresis = sensor->have & SENSOR_HAVE_MAX_HYSTERESIS;

	return set_default(&row->limits[DEFAULT_MAX], row->level, usable, sensor->max,
			   falling_of(sensor->max, hysteresis, sensor->max_hysteresis));
}

static bool refresh_critical(struct watched *row, const struct sensor *sensor)
{
	const bool hysteresis = sensor->have & SENSOR_HAVE_CRITICAL_HYSTERESIS;

	return set_default(&row->limits[DEFAULT_CRITICAL], row->level, plausible(sensor->critical), sensor->critical,
			   falling_of(sensor->critical, hysteresis, sensor->critical_hysteresis));
}

/* The chip's limits may be changed at any time. One that could not be read this time stays as it was. */
bool watched_refresh(struct watched *row, const struct sensor *sensor)
{
	bool changed = false;

	if (row->by_rules || row->n != DEFAULTS)
		return false;
	if (sensor->have & SENSOR_HAVE_MAX)
		changed = refresh_max(row, sensor);
	if (sensor->have & SENSOR_HAVE_CRITICAL)
		changed = refresh_critical(row, sensor) || changed;
	return changed;
}

static bool rule_applies(const struct config_rule *rule, const struct sensor *sensor)
{
	return strcmp(rule->object, WATCHED_OBJECT) == 0 && sensor->type == SENSOR_TEMPERATURE &&
	       text_match(rule->subject, sensor->key);
}

static struct limit *find_limit(struct watched *row, const char *name)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->limits[i].name != NULL && strcmp(row->limits[i].name, name) == 0)
			return &row->limits[i];
	return NULL;
}

/* The limit of this rule with the state it had, if any, moved out of the row. */
static struct limit take_limit(struct watched *row, const char *name, uint8_t severity, uint32_t hold_s)
{
	struct limit *old = find_limit(row, name);
	struct limit limit = { 0 };

	if (old != NULL) {
		limit = *old;
		*old = (struct limit){ 0 };
	} else {
		limit.name = mem_string(name);
	}
	limit.severity = severity;
	limit.limits.hold_ns = hold_s * NS_PER_S;
	return limit;
}

static size_t take_rules(const struct config *config, struct watched *row, const struct sensor *sensor,
			 struct limit *limits)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_rules; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (!rule_applies(rule, sensor))
			continue;
		limits[n] = take_limit(row, rule->name, rule->severity, rule->hold_s);
		limits[n].limits.rising = rule->rising;
		limits[n].limits.falling = rule->falling;
		if (!limits[n].active)
			limit_activate(&limits[n], row->level);
		n++;
	}
	return n;
}

static size_t take_defaults(const struct config *config, struct watched *row, const struct sensor *sensor,
			    struct limit *limits)
{
	if (!config->default_sensor_rules || sensor->type != SENSOR_TEMPERATURE ||
	    sensor->units != SENSOR_MILLI_CELSIUS)
		return 0;
	for (size_t i = 0; i < DEFAULTS; i++)
		limits[i] = take_limit(row, DEFAULT_NAMES[i], DEFAULT_SEVERITIES[i], config->sensor_hold_s);
	return DEFAULTS;
}

static void free_limits(struct watched *row, struct index_map *indexes, int64_t now_real_ns)
{
	for (size_t i = 0; i < row->n; i++) {
		if (indexes != NULL)
			limit_retire(&row->limits[i], row->key, indexes, now_real_ns);
		free(row->limits[i].name);
	}
	free(row->limits);
}

void watched_match(struct watched *row, const struct config *config, const struct sensor *sensor,
		   struct index_map *indexes, int64_t now_real_ns)
{
	struct limit *limits = mem_array(config->n_rules + DEFAULTS, sizeof(*limits));
	size_t n = take_rules(config, row, sensor, limits);

	row->by_rules = n > 0;
	if (n == 0)
		n = take_defaults(config, row, sensor, limits);
	free_limits(row, indexes, now_real_ns);
	row->limits = mem_grow(limits, n, sizeof(*limits));
	row->n = n;
}

void watched_clear(struct watched *row, struct index_map *indexes, int64_t now_real_ns)
{
	free_limits(row, indexes, now_real_ns);
	free(row->key);
}

static void give_index(struct limit *limit, const char *subject, struct index_map *indexes, int64_t now_real_ns)
{
	char key[WATCHED_KEY_ROOM];

	if (!limit->active) {
		limit_retire(limit, subject, indexes, now_real_ns);
	} else if (limit->index == 0) {
		watched_index_key(key, subject, limit->name);
		limit->index = index_map_get(indexes, key);
	}
}

size_t watched_give_indexes(struct watched *row, struct index_map *indexes, int64_t now_real_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < row->n; i++) {
		give_index(&row->limits[i], row->key, indexes, now_real_ns);
		n += row->limits[i].index != 0;
	}
	return n;
}
