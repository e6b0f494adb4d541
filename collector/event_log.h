/*
 * event_log.h - the persisted event log: append-only, checksummed, bounded. The file format and its recovery; no
 * thread of its own (persist.c calls it, and main at start).
 *
 * Files in the state directory: events.0 and events.1, segments of at most half the configured size each (a batch
 * larger than that has a segment to itself); when the newer is full, the older is replaced in one step by a new one. A
 * segment starts with a header (magic, version, log id, sequence, greatest serial so far) with the alarms that are
 * raised at that moment and what is known of machine checks, so that a dropped segment loses none of it. Then come
 * records, each with its length and checksum. events.sent holds the last serial that the master has taken, events.used
 * the last one that went out while the log could not be written. A torn record at the end is cut off at open; a damaged
 * one before others is passed over.
 */
#ifndef EDGENODE_EVENT_LOG_H
#define EDGENODE_EVENT_LOG_H

#include "base/buf.h"
#include "model/event.h"

struct event_log;

/* What was found at open. */
struct event_log_state {
	uint8_t log_id[16];
	bool new_log;        /* the directory held none: log_id is new */
	uint32_t last_serial; /* 0: none yet */
	uint32_t last_sent;
	struct events *newest; /* up to `rows`, owned by the caller */
	struct alarms *alarms; /* raised now, owned by the caller */
	struct machine_checks *machine_checks; /* all so far, owned by the caller */
	/* With a notification that the master has not taken yet; ascending, at most EVENT_UNSENT_MAX; owned by the
	 * caller. */
	struct events *unsent;
};
#define EVENT_UNSENT_MAX 10000u

/* Opens or makes the log in dir. -ERR_IO (errno). A segment that is not ours, or that does not belong to the other one,
 * is no error: both are kept aside under the names events.N.bad with a warning in the log, and a new log begins, since
 * nothing tells how far the serials of the old one went. Serials never repeat within a log id. */
int event_log_open(const char *dir, uint64_t size, uint32_t rows, struct event_log **out, struct event_log_state *state);
void event_log_close(struct event_log *log);

/* Appends and syncs all of them; all or, on -ERR_IO (errno), as if none had been: a partial tail is cut off. -ERR_RANGE
 * where the serials do not ascend from the last one. alarms (may be NULL: none): those raised after these events, kept
 * for the next segment's head. */
int event_log_append(struct event_log *log, struct event *const *events, size_t n, const struct alarms *alarms);

/* Notes that everything up to serial has been taken by the master; synced. This mark and the next are written over in
 * place, so that a full disk is no hindrance; a read-only one is. */
int event_log_sent(struct event_log *log, uint32_t serial);

/* Notes that events up to serial went out though the log does not have them: no serial is given twice even where the
 * daemon is killed before it has. */
int event_log_used(struct event_log *log, uint32_t serial);

/* One event, in at most EVENT_RECORD_MAX bytes: varbinds that would not fit are left out. Pure. -ERR_PARSE. */
void event_encode(const struct event *event, struct buf *out);
int event_decode(const uint8_t *data, size_t length, struct event **out);

/* The raised alarms, as a segment's head has them. Pure. -ERR_PARSE. */
void alarms_encode(const struct alarms *alarms, struct buf *out);
int alarms_decode(const uint8_t *data, size_t length, struct alarms **out);

#endif
