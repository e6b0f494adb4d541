/*
 * watched.h - one temperature under watch with its limits; shared by watch.c, watched.c and watched_event.c. The names
 * above it are those of every threshold.
 * Thread: cycle.
 */
#ifndef EDGENODE_MODEL_WATCHED_H
#define EDGENODE_MODEL_WATCHED_H

#include "model/detect.h"
#include "model/hysteresis.h"

/* The space of the thresholds in the index map, and the key of a pair of subject and rule in it. */
#define WATCHED_INDEX_PREFIX "threshold:"
#define WATCHED_KEY_ROOM 2048u /* what is longer is cut, and hashed by the map */
void watched_index_key(char key[WATCHED_KEY_ROOM], const char *subject, const char *name);

#define WATCHED_OBJECT "edgeSensorValue"

/* A pair of sensor and rule. */
struct limit {
	char *name; /* of the rule */
	uint8_t severity;
	bool active; /* false: a default whose chip gives no plausible limit */
	bool readable, have_value;
	int32_t value; /* last evaluated */
	struct hysteresis_limits limits;
	struct hysteresis state;
	uint32_t index; /* of the threshold row; 0: not given yet */
};

struct watched {
	char *key;
	uint8_t level; /* severity of its alarm; 0: none */
	bool by_rules; /* configured rules apply: the defaults do not */
	uint32_t sensor_index;
	size_t n;
	struct limit *limits;
};

/* Finds the rules of config that apply to this sensor, or else the defaults. A limit of the same name as before keeps
 * its state and number; the numbers of those that are no longer there are given back. */
void watched_match(struct watched *row, const struct config *config, const struct sensor *sensor,
		   struct index_map *indexes, int64_t now_real_ns);

/* Takes over the chip's present limits where the defaults apply; true when that changed something. */
bool watched_refresh(struct watched *row, const struct sensor *sensor);

/* Sees to it that active limits have a number and the others have none; returns how many have. */
size_t watched_give_indexes(struct watched *row, struct index_map *indexes, int64_t now_real_ns);

/* Frees the contents. indexes: gives the numbers back; NULL: they stay in use (the daemon ends). */
void watched_clear(struct watched *row, struct index_map *indexes, int64_t now_real_ns);

/* The event of a change from row->level to level, and that of a sensor in alarm that is gone; before: as
 * event_set_gone. */
struct event *watched_level_event(const struct watched *row, const struct sensor *sensor, uint8_t level,
				  int64_t now_real_ns);
struct event *watched_gone_event(const struct watched *row, const struct snapshot *before, int64_t now_real_ns);

#endif
