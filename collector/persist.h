/*
 * persist.h - the state directory: lock, indexes, boot counter, event log. The persist lane makes the only fsync.
 *
 * Thread: persist_open on main before threads; the rest from the cycle lane, but persist_sent from any. Nothing here
 * blocks its caller except persist_open and persist_stop.
 */
#ifndef EDGENODE_PERSIST_H
#define EDGENODE_PERSIST_H

#include "event_log.h"
#include "model/detect.h"
#include "model/index_map.h"

struct persist;

struct persist_state {
	struct event_log_state log;
	struct index_map *indexes; /* owned by the caller */
	uint32_t boot;             /* counts boots of the machine seen by this directory; 1 is the first */
	bool same_boot;            /* since the last run the machine has not been booted */
};

struct persist_error {
	char text[512];
};

/* Makes and locks the directory, reads what is there. A damaged index file is kept aside as NAME.bad with a warning.
 * -ERR_BUSY (lock held; the text names the holder), -ERR_IO. */
int persist_open(const char *dir, uint64_t log_size, uint32_t event_rows, struct persist **out,
		 struct persist_state *state, struct persist_error *error);

/* Starts the lane. done is called on it when a batch is in the log (code 0) or could not be written. */
int persist_start(struct persist *persist, void (*done)(void *arg, uint64_t batch, int code), void *arg);

/* Appends a batch. Takes references to the events and to alarms. One batch at a time: -ERR_BUSY while one is under
 * way. */
int persist_events(struct persist *persist, uint64_t batch, const struct event_list *events, struct alarms *alarms);

/* The newest serial the master has taken, and the newest image of the index map (taken over): only the last of each is
 * written. */
void persist_sent(struct persist *persist, uint32_t serial);
void persist_indexes(struct persist *persist, struct buf *image);

/* Writes what is left, until the deadline, and ends the lane. False: it hangs and was left. The object stays valid. */
bool persist_stop(struct persist *persist, int64_t deadline_mono_ns);

/* Closes the files and unlocks, after a stop that succeeded. */
void persist_free(struct persist *persist);

#endif
