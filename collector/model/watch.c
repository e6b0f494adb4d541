/*
 * watch.c - temperatures against their limits: the state of each pair, the thermal level that results, the threshold
 * rows.
 *
 * Thread: cycle. Data: the sensors of a snapshot and the configuration. Sensors are matched from one reading to the
 * next by key; only when the set of keys or the configuration changes are rules matched anew (watched.c).
 */
#include "model/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/watch_values.h"
#include "model/watched.h"

#include <stdlib.h>
#include <string.h>

struct watch {
	struct config *config; /* a reference; NULL before the first */
	struct sensors *seen;  /* a reference: what the state was last compared with */
	const struct watch_values *values; /* for the instance of a value; NULL: it has none */
	bool outdated; /* rules have to be matched anew */
	bool changed;  /* edgeThresholdTable differs from the rows below */
	size_t n_present; /* the first of rows, in the order of seen->rows; those behind have no sensor now */
	size_t n;
	struct watched *rows;
};

/* ---- which sensors ---- */

/* The row of this key moved out of the old ones, most often at the same place; a new one where there is none. */
static struct watched take_row(struct watch *watch, const char *key, size_t likely)
{
	struct watched row = { 0 };

	for (size_t i = 0; i < watch->n; i++) {
		struct watched *old = &watch->rows[(likely + i) % watch->n];

		if (old->key == NULL || strcmp(old->key, key) != 0)
			continue;
		row = *old;
		*old = (struct watched){ 0 };
		return row;
	}
	row.key = mem_string(key);
	return row;
}

static void match_all(struct watch *watch, const struct sensors *sensors, struct index_map *indexes,
		      int64_t now_real_ns)
{
	const size_t n_present = sensors == NULL ? 0 : sensors->n;
	struct watched *rows = mem_array(n_present + watch->n, sizeof(*rows));
	size_t n = n_present;

	for (size_t i = 0; i < n_present; i++) {
		rows[i] = take_row(watch, sensors->rows[i].key, i);
		if (watch->config != NULL)
			watched_match(&rows[i], watch->config, &sensors->rows[i], indexes, now_real_ns);
	}
	for (size_t i = 0; i < watch->n; i++)
		if (watch->rows[i].key != NULL)
			rows[n++] = watch->rows[i];
	free(watch->rows);
	watch->rows = rows;
	watch->n_present = n_present;
	watch->n = n;
	watch->outdated = false;
	watch->changed = true;
}

static bool same_keys(const struct watch *watch, const struct sensors *sensors)
{
	if ((sensors == NULL ? 0 : sensors->n) != watch->n_present)
		return false;
	for (size_t i = 0; i < watch->n_present; i++)
		if (strcmp(watch->rows[i].key, sensors->rows[i].key) != 0)
			return false;
	return true;
}

/* ---- one sample ---- */

static void step_limit(struct watch *watch, struct limit *limit, const struct sensor *sensor, bool readable)
{
	if (limit->readable != readable)
		watch->changed = true;
	limit->readable = readable;
	if (!readable)
		return;
	if (hysteresis_step(&limit->state, &limit->limits, sensor->value, sensor->read_mono_ns) != HYSTERESIS_NONE ||
	    !limit->have_value || limit->value != sensor->value)
		watch->changed = true;
	limit->have_value = true;
	limit->value = sensor->value;
}

static uint8_t level_of(const struct watched *row)
{
	uint8_t level = 0;

	for (size_t i = 0; i < row->n; i++) {
		const struct limit *limit = &row->limits[i];

		if (limit->active && limit->state.raised && limit->severity >= SEVERITY_WARNING &&
		    limit->severity > level)
			level = limit->severity;
	}
	return level;
}

static void change_level(struct watched *row, const struct sensor *sensor, int64_t now_real_ns, struct event_list *out)
{
	const uint8_t level = level_of(row);

	if (level == row->level)
		return;
	event_list_add(out, watched_level_event(row, sensor, level, now_real_ns));
	row->level = level;
}

static void step_sensor(struct watch *watch, struct watched *row, const struct sensor *sensor, int64_t now_real_ns,
			struct event_list *out)
{
	const bool readable = (sensor->have & SENSOR_HAVE_VALUE) && sensor->status != SENSOR_FAULT &&
			      sensor->status != SENSOR_UNAVAILABLE;

	if (row->sensor_index != sensor->index)
		watch->changed = true;
	row->sensor_index = sensor->index;
	if (readable && watched_refresh(row, sensor))
		watch->changed = true;
	for (size_t i = 0; i < row->n; i++)
		if (row->limits[i].active)
			step_limit(watch, &row->limits[i], sensor, readable);
	/* Nothing is known of a value that cannot be read, so its alarm stays as it is. */
	if (readable && sensor->type == SENSOR_TEMPERATURE)
		change_level(row, sensor, now_real_ns, out);
}

/* ---- sensors that are gone ---- */

static void drop_gone(struct watch *watch, const struct snapshot *old, struct index_map *indexes, int64_t now_real_ns,
		      struct event_list *out)
{
	for (size_t i = watch->n_present; i < watch->n; i++) {
		struct watched *row = &watch->rows[i];

		if (row->level != 0)
			event_list_add(out, watched_gone_event(row, old, now_real_ns));
		watched_clear(row, indexes, now_real_ns);
	}
	watch->n = watch->n_present;
}

/* ---- rows of edgeThresholdTable ---- */

static void fill_row(const struct watch *watch, struct threshold *out, const struct watched *row,
		     const struct sensor *sensor, const struct limit *limit)
{
	out->index = limit->index;
	out->have = limit->have_value ? THRESHOLD_HAVE_VALUE : 0;
	out->name = mem_string(limit->name);
	out->subject = mem_string(row->key);
	if (watch->values != NULL)
		out->object_n = watch->values->instance(WATCHED_OBJECT, sensor->index, out->object);
	out->severity = limit->severity;
	out->rising = limit->limits.rising;
	out->falling = limit->limits.falling;
	out->units = event_units(sensor->units);
	out->hold_s = (uint32_t)(limit->limits.hold_ns / NS_PER_S);
	out->value = limit->value;
	out->state = THRESHOLD_UNKNOWN;
	if (limit->readable)
		out->state = limit->state.raised ? THRESHOLD_RAISED : THRESHOLD_NORMAL;
}

size_t watch_count(struct watch *watch, struct index_map *indexes, int64_t now_real_ns)
{
	size_t n = 0;

	for (size_t i = 0; i < watch->n_present; i++)
		n += watched_give_indexes(&watch->rows[i], indexes, now_real_ns);
	return n;
}

void watch_fill(const struct watch *watch, struct threshold *rows)
{
	for (size_t i = 0; i < watch->n_present; i++)
		for (size_t k = 0; k < watch->rows[i].n; k++)
			if (watch->rows[i].limits[k].index != 0)
				fill_row(watch, rows++, &watch->rows[i], &watch->seen->rows[i],
					 &watch->rows[i].limits[k]);
}

/* ---- the whole ---- */

struct watch *watch_new(const struct watch_values *values)
{
	struct watch *watch = mem_alloc(sizeof(*watch));

	watch->values = values;
	watch->changed = true;
	return watch;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->n; i++)
		watched_clear(&watch->rows[i], NULL, 0);
	free(watch->rows);
	part_unref(watch->config);
	part_unref(watch->seen);
	free(watch);
}

void watch_configure(struct watch *watch, const struct config *config)
{
	struct config *old = watch->config;

	watch->config = part_ref(config);
	watch->outdated = true;
	part_unref(old);
}

void watch_restore(struct watch *watch, const char *key, uint8_t severity)
{
	watch->rows = mem_grow(watch->rows, watch->n + 1, sizeof(watch->rows[0]));
	watch->rows[watch->n++] = (struct watched){ .key = mem_string(key), .level = severity };
}

static void step_all(struct watch *watch, struct sensors *sensors, struct index_map *indexes, int64_t now_real_ns,
		     struct event_list *out)
{
	if (watch->outdated || !same_keys(watch, sensors))
		match_all(watch, sensors, indexes, now_real_ns);
	for (size_t i = 0; i < watch->n_present; i++)
		step_sensor(watch, &watch->rows[i], &sensors->rows[i], now_real_ns, out);
	part_unref(watch->seen);
	watch->seen = part_ref(sensors);
}

bool watch_run(struct watch *watch, const struct snapshot *old, const struct snapshot *snapshot,
	       struct index_map *indexes, int64_t now_real_ns, struct event_list *out)
{
	bool changed;

	if (watch->outdated || snapshot->sensors != watch->seen)
		step_all(watch, snapshot->sensors, indexes, now_real_ns, out);
	if (watch->n > watch->n_present && detect_told(snapshot->sources, BIT(SOURCE_SENSORS) | BIT(SOURCE_THERMAL)))
		drop_gone(watch, old, indexes, now_real_ns, out);
	changed = watch->changed;
	watch->changed = false;
	return changed;
}
