/*
 * event_segment.h - one file of the event log (event_log.h): its header, its records, its end. Thread: as event_log.h.
 *
 * Header: u32 magic, u32 version, 16 octets log id, u64 sequence, u32 greatest serial before this segment, u32 length
 * of what stood at its beginning, that, u32 CRC-32 of all before. What stood are the alarms; since version 2 u32 length
 * and the alarms, then the machine checks. Record: u32 length, u32 check, then the event. The check is the CRC-32 of the
 * event, combined with the log id and the record's place, so that bytes inside an event cannot pass for a record.
 * All big-endian.
 */
#ifndef EDGENODE_EVENT_SEGMENT_H
#define EDGENODE_EVENT_SEGMENT_H

#include "event_log.h"

struct segment_head {
	uint8_t log_id[16];
	uint64_t sequence;    /* the greater one is the newer segment */
	uint32_t last_serial; /* before it */
	struct alarms *alarms; /* a reference; raised before it */
	struct machine_checks *machine_checks; /* owned; those before it */
};

struct segment {
	int fd;          /* -1: none */
	uint32_t salt;   /* from the log id, for the checks */
	uint64_t first;  /* where records begin */
	uint64_t size;   /* end of the last good record */
	bool dirty_tail; /* what follows `size` could not be cut off yet */
};

/* Replaces dir/name by a segment without records and opens it. -ERR_IO, -ERR_LIMIT. */
int segment_create(const char *dir, const char *name, const struct segment_head *head, struct segment *out);

/* Frees what the head holds. */
void segment_head_clear(struct segment_head *head);

/* Reads the header; size is that of the file until the scan. -ERR_ABSENT, -ERR_IO, -ERR_PARSE (not one of ours). */
int segment_open(const char *dir, const char *name, struct segment *out, struct segment_head *head);
void segment_close(struct segment *segment);

/* Calls fn with every good record in order, then sets size to the end of the last one. Reads through a window of fixed
 * size, so memory does not depend on the file. -ERR_IO. */
int segment_scan(struct segment *segment, void (*fn)(void *arg, struct event *event), void *arg);

/* Makes the file end where its last good record does. -ERR_IO. */
int segment_cut(struct segment *segment);

/* Appends one record to out, for the place base + out->length of the segment. */
void segment_record(const struct segment *segment, uint64_t base, const struct event *event, struct buf *out);

/* Writes and syncs at the end; all or, on -ERR_IO, nothing. */
int segment_append(struct segment *segment, const void *data, size_t length);

#endif
