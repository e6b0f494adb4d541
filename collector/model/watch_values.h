/*
 * watch_values.h - the numbers that rules may watch, as whoever knows the columns tells them (subagent/watch_values.c).
 * The model itself knows neither columns nor OIDs. Thread: cycle; the functions are pure.
 */
#ifndef EDGENODE_MODEL_WATCH_VALUES_H
#define EDGENODE_MODEL_WATCH_VALUES_H

#include "model/event.h"

struct snapshot;

/* One instance of an object; everything is valid during the call only, but for row and units. */
struct watch_value {
	const char *subject; /* what people call the row: "web-1", "web-1/vda", "cpu3"; scalars: "node" */
	const void *row;     /* the row of the snapshot; another one after each reading of it */
	bool ages;	     /* the value is made when it is asked for: it changes without a reading */
	uint32_t index;	     /* the last of its indexes */
	const uint32_t *oid; /* of the instance, below edgeNodeMIB */
	size_t oid_n;
	bool have;
	int32_t value; /* saturated */
};

struct watch_values {
	/* Whether there is a numeric object of this name; its unit, static, "" where it has none. */
	bool (*find)(const char *object, const char **units);
	/* Whether all rows of the object are those of the snapshot before, and its values do not age. */
	bool (*same)(const char *object, const struct snapshot *old, const struct snapshot *new);
	/* Calls fn for each row of the object, in the order of the table. Cost: linear in the rows. */
	void (*each)(const char *object, const struct snapshot *snapshot, int64_t now_mono_ns,
		     void (*fn)(void *arg, const struct watch_value *value), void *arg);
	/* The instance of an object with one index; its length. */
	size_t (*instance)(const char *object, uint32_t index, uint32_t oid[THRESHOLD_OID_MAX]);
};

#endif
