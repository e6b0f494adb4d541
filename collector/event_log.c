/*
 * event_log.c - the event log as a whole: which segment is the newer, rotation, recovery, the sent mark.
 *
 * Thread: main at the opening, then persist. Data: the state directory, which the caller has locked.
 */
#include "event_log.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/statefile.h"
#include "event_segment.h"
#include "model/detect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SENT_FILE "events.sent"
#define USED_FILE "events.used"
#define MARK_SIZE 24u /* log id, serial, CRC-32 */
#define BATCH_MAX (256u << 20)
#define CHANGES_MAX 1000u /* of alarms, that are applied together */

static const char *const NAMES[2] = { "events.0", "events.1" };

struct event_log {
	char *dir;
	uint64_t segment_max; /* bytes of records */
	uint8_t log_id[16];
	uint64_t sequence; /* of the active segment */
	unsigned active;   /* which of NAMES it is */
	struct segment segment;
	uint32_t last_serial;
	struct alarms *alarms; /* a reference: raised after last_serial */
	struct machine_checks *machine_checks; /* as known after last_serial */
	int sent_fd, used_fd;  /* -1: it could not be made yet */
};

/* ---- recovery ---- */

/* The newest events, in a ring. */
struct ring {
	struct event **slots;
	size_t size, n, next;
};

struct recovery {
	struct segment segments[2];
	struct segment_head heads[2];
	bool found[2];
	uint32_t head_serial; /* before the newer segment */
	uint32_t last_sent, last_read;
	struct ring newest, unsent;
	struct alarms *alarms;     /* a reference: of the newer segment's head, with most of what came after it ... */
	struct event_list changes; /* ... and the rest */
	struct machine_checks *machine_checks; /* borrowed: of that head, with what came after it */
};

static void ring_add(struct ring *ring, struct event *event)
{
	if (ring->size == 0)
		return;
	part_unref(ring->slots[ring->next]);
	ring->slots[ring->next] = part_ref(event);
	ring->next = (ring->next + 1) % ring->size;
	if (ring->n < ring->size)
		ring->n++;
}

/* The events in their order; the references move there. */
static struct events *ring_take(struct ring *ring)
{
	struct events *events = events_new(ring->n);

	for (size_t i = 0; i < ring->n; i++) {
		struct event **slot = &ring->slots[(ring->next + ring->size - ring->n + i) % ring->size];

		events->rows[i] = *slot;
		*slot = NULL;
	}
	ring->n = 0;
	return events;
}

static void ring_free(struct ring *ring)
{
	for (size_t i = 0; i < ring->size; i++)
		part_unref(ring->slots[i]);
	free(ring->slots);
}

/* From time to time: a segment has room for millions of them. */
static void recover_alarms(struct recovery *recovery)
{
	struct alarms *alarms = alarms_apply(recovery->alarms, &recovery->changes);

	part_unref(recovery->alarms);
	recovery->alarms = alarms;
	event_list_clear(&recovery->changes);
}

static void recover_event(void *arg, struct event *event)
{
	struct recovery *recovery = arg;

	if (event->serial <= recovery->last_read)
		return; /* only a damaged file has such a record */
	recovery->last_read = event->serial;
	ring_add(&recovery->newest, event);
	if (event->serial > recovery->last_sent && event->varbinds_length > 0)
		ring_add(&recovery->unsent, event);
	if (event->serial > recovery->head_serial && event->alarm_change != ALARM_UNCHANGED)
		event_list_add(&recovery->changes, part_ref(event));
	if (recovery->changes.n >= CHANGES_MAX)
		recover_alarms(recovery);
	if (event->serial > recovery->head_serial)
		machine_checks_apply(recovery->machine_checks, event);
}

static int find_segments(const char *dir, struct recovery *recovery, bool *ours)
{
	*ours = true;
	for (unsigned i = 0; i < 2; i++) {
		const int rc = segment_open(dir, NAMES[i], &recovery->segments[i], &recovery->heads[i]);

		recovery->found[i] = rc == 0;
		if (rc == -ERR_PARSE)
			*ours = false;
		else if (rc != 0 && rc != -ERR_ABSENT)
			return rc;
	}
	if (recovery->found[0] && recovery->found[1])
		*ours = *ours && recovery->heads[0].sequence != recovery->heads[1].sequence &&
			memcmp(recovery->heads[0].log_id, recovery->heads[1].log_id, 16) == 0;
	return 0;
}

static void recovery_free(struct recovery *recovery)
{
	for (unsigned i = 0; i < 2; i++)
		if (recovery->found[i]) {
			segment_close(&recovery->segments[i]);
			segment_head_clear(&recovery->heads[i]);
		}
	ring_free(&recovery->newest);
	ring_free(&recovery->unsent);
	part_unref(recovery->alarms);
	event_list_clear(&recovery->changes);
}

static int keep_aside(const char *dir)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (unsigned i = 0; i < 2; i++) {
		if (snprintf(from, sizeof(from), "%s/%s", dir, NAMES[i]) >= (int)sizeof(from) ||
		    snprintf(to, sizeof(to), "%s/%s.bad", dir, NAMES[i]) >= (int)sizeof(to)) {
			errno = ENAMETOOLONG;
			return -ERR_IO;
		}
		if (rename(from, to) == 0)
			log_warning("%s is not a segment of this event log or damaged: kept as %s, a new log begins",
				    from, to);
		else if (errno != ENOENT)
			return -ERR_IO;
	}
	return 0;
}

/* A serial with the log it belongs to. */
static void encode_mark(const uint8_t log_id[16], uint32_t serial, struct buf *out)
{
	buf_init(out, MARK_SIZE);
	buf_append(out, log_id, 16);
	buf_u32(out, serial);
	buf_u32(out, statefile_crc32(out->data, out->length));
}

/* 0 where nothing was ever noted for this log, or the note is damaged: then events are sent again rather than lost. */
static uint32_t read_mark(const char *dir, const char *name, const uint8_t log_id[16])
{
	uint8_t *data = NULL;
	size_t length = 0;
	uint32_t serial = 0;
	struct cursor c;

	if (statefile_read(dir, name, MARK_SIZE, &data, &length) != 0 || length != MARK_SIZE) {
		free(data);
		return 0;
	}
	c = (struct cursor){ data + 16, MARK_SIZE - 16, false };
	if (memcmp(data, log_id, 16) == 0) {
		serial = cursor_u32(&c);
		if (cursor_u32(&c) != statefile_crc32(data, MARK_SIZE - 4))
			serial = 0;
	}
	free(data);
	return serial;
}

/* Its block is there from now on: a full disk does not keep it from being written over, in a later life neither. */
static int open_mark(const struct event_log *log, const char *name)
{
	char path[PATH_MAX];
	struct buf image;
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", log->dir, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (stat(path, &st) != 0 || st.st_size != MARK_SIZE) {
		encode_mark(log->log_id, 0, &image);
		statefile_write(log->dir, name, image.data, image.length);
		buf_free(&image);
	}
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* Written over in place: so short a piece is not torn. */
static int write_mark(const struct event_log *log, const char *name, int *fd, uint32_t serial)
{
	struct buf image;
	int rc = -ERR_IO;

	if (*fd < 0)
		*fd = open_mark(log, name);
	encode_mark(log->log_id, serial, &image);
	if (*fd >= 0 && pwrite(*fd, image.data, image.length, 0) == (ssize_t)image.length && fdatasync(*fd) == 0)
		rc = 0;
	buf_free(&image);
	return rc;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Goes on with the log that was found. */
static int resume(struct event_log *log, struct recovery *recovery)
{
	const bool *found = recovery->found;
	const struct segment_head *heads = recovery->heads;
	const unsigned newer = found[1] && (!found[0] || heads[1].sequence > heads[0].sequence);
	int rc = 0;

	memcpy(log->log_id, heads[newer].log_id, sizeof(log->log_id));
	recovery->head_serial = heads[newer].last_serial;
	recovery->alarms = part_ref(heads[newer].alarms);
	recovery->machine_checks = heads[newer].machine_checks;
	recovery->last_sent = read_mark(log->dir, SENT_FILE, log->log_id);
	if (found[1 - newer])
		rc = segment_scan(&recovery->segments[1 - newer], recover_event, recovery);
	if (rc == 0)
		rc = segment_scan(&recovery->segments[newer], recover_event, recovery);
	if (rc == 0)
		rc = segment_cut(&recovery->segments[newer]);
	if (rc != 0)
		return rc;
	log->active = newer;
	log->sequence = heads[newer].sequence;
	/* A record may be damaged or missing that was sent all the same: its serial is used. */
	log->last_serial = greater(greater(recovery->last_read, recovery->head_serial),
				   greater(recovery->last_sent, read_mark(log->dir, USED_FILE, log->log_id)));
	recover_alarms(recovery);
	log->alarms = part_ref(recovery->alarms);
	log->machine_checks = machine_checks_copy(recovery->machine_checks);
	log->segment = recovery->segments[newer];
	recovery->segments[newer].fd = -1;
	return 0;
}

static int begin(struct event_log *log)
{
	struct segment_head head = { .sequence = 1 };

	if (getrandom(head.log_id, sizeof(head.log_id), 0) != (ssize_t)sizeof(head.log_id))
		return -ERR_IO;
	/* A random UUID of RFC 4122. */
	head.log_id[6] = (uint8_t)((head.log_id[6] & 0x0f) | 0x40);
	head.log_id[8] = (uint8_t)((head.log_id[8] & 0x3f) | 0x80);
	memcpy(log->log_id, head.log_id, sizeof(log->log_id));
	log->sequence = head.sequence;
	log->alarms = head.alarms = alarms_new(0);
	log->machine_checks = head.machine_checks = machine_checks_new();
	return segment_create(log->dir, NAMES[0], &head, &log->segment);
}

static void fill_state(const struct event_log *log, struct recovery *recovery, uint32_t rows, bool new_log,
		       struct event_log_state *state)
{
	struct events *newest = ring_take(&recovery->newest);

	memcpy(state->log_id, log->log_id, sizeof(state->log_id));
	state->new_log = new_log;
	state->last_serial = log->last_serial;
	state->last_sent = recovery->last_sent;
	state->alarms = part_ref(log->alarms);
	state->machine_checks = machine_checks_copy(log->machine_checks);
	state->unsent = ring_take(&recovery->unsent);
	newest->first = newest->n > 0 ? newest->rows[0]->serial : 0;
	newest->last = log->last_serial;
	newest->capacity = rows;
	newest->unsent = (uint32_t)state->unsent->n;
	memcpy(newest->log_id, log->log_id, sizeof(newest->log_id));
	state->newest = newest;
}

static struct ring ring_new(size_t size)
{
	return (struct ring){ .slots = mem_array(size, sizeof(struct event *)), .size = size };
}

int event_log_open(const char *dir, uint64_t size, uint32_t rows, struct event_log **out, struct event_log_state *state)
{
	struct recovery recovery = { .newest = ring_new(rows), .unsent = ring_new(EVENT_UNSENT_MAX) };
	struct event_log *log = mem_alloc(sizeof(*log));
	bool ours, new_log;
	int rc;

	log->dir = mem_string(dir);
	log->segment_max = size / 2;
	log->segment.fd = log->sent_fd = log->used_fd = -1;
	rc = find_segments(dir, &recovery, &ours);
	new_log = !ours || !(recovery.found[0] || recovery.found[1]);
	if (rc == 0 && !ours)
		rc = keep_aside(dir);
	if (rc == 0)
		rc = new_log ? begin(log) : resume(log, &recovery);
	if (rc == 0) {
		log->sent_fd = open_mark(log, SENT_FILE);
		log->used_fd = open_mark(log, USED_FILE);
		fill_state(log, &recovery, rows, new_log, state);
		*out = log;
	} else {
		event_log_close(log);
	}
	recovery_free(&recovery);
	return rc;
}

void event_log_close(struct event_log *log)
{
	if (log == NULL)
		return;
	segment_close(&log->segment);
	if (log->sent_fd >= 0)
		close(log->sent_fd);
	if (log->used_fd >= 0)
		close(log->used_fd);
	part_unref(log->alarms);
	machine_checks_free(log->machine_checks);
	free(log->dir);
	free(log);
}

/* ---- appending ---- */

static bool serials_ascend(const struct event_log *log, struct event *const *events, size_t n)
{
	uint32_t last = log->last_serial;

	for (size_t i = 0; i < n; i++) {
		if (events[i]->serial <= last)
			return false;
		last = events[i]->serial;
	}
	return true;
}

/* Replaces the older segment by a new one and goes on there. */
static int rotate(struct event_log *log)
{
	struct segment_head head = { .sequence = log->sequence + 1,
				     .last_serial = log->last_serial,
				     .alarms = log->alarms,
				     .machine_checks = log->machine_checks };
	struct segment segment;
	int rc;

	memcpy(head.log_id, log->log_id, sizeof(head.log_id));
	rc = segment_create(log->dir, NAMES[1 - log->active], &head, &segment);
	if (rc != 0)
		return rc;
	segment_close(&log->segment);
	log->segment = segment;
	log->active = 1 - log->active;
	log->sequence++;
	return 0;
}

static void encode_batch(const struct segment *segment, struct event *const *events, size_t n, struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0; i < n; i++)
		segment_record(segment, segment->size, events[i], out);
}

/* The records stand in `batch` for the place where they will go. */
static int make_room(struct event_log *log, struct event *const *events, size_t n, struct buf *batch)
{
	const struct segment *segment = &log->segment;
	int rc;

	encode_batch(segment, events, n, batch);
	if (segment->size == segment->first || segment->size - segment->first + batch->length <= log->segment_max)
		return 0;
	rc = rotate(log);
	if (rc == 0)
		encode_batch(&log->segment, events, n, batch);
	return rc;
}

int event_log_append(struct event_log *log, struct event *const *events, size_t n, const struct alarms *alarms)
{
	struct buf batch;
	int rc;

	if (!serials_ascend(log, events, n))
		return -ERR_RANGE;
	buf_init(&batch, BATCH_MAX);
	rc = make_room(log, events, n, &batch);
	if (rc == 0 && batch.over)
		rc = -ERR_LIMIT;
	if (rc == 0 && n > 0)
		rc = segment_append(&log->segment, batch.data, batch.length);
	buf_free(&batch);
	if (rc != 0)
		return rc;
	if (n > 0)
		log->last_serial = events[n - 1]->serial;
	for (size_t i = 0; i < n; i++)
		machine_checks_apply(log->machine_checks, events[i]);
	part_unref(log->alarms);
	log->alarms = alarms != NULL ? part_ref(alarms) : alarms_new(0);
	return 0;
}

int event_log_sent(struct event_log *log, uint32_t serial)
{
	return write_mark(log, SENT_FILE, &log->sent_fd, serial);
}

int event_log_used(struct event_log *log, uint32_t serial)
{
	return write_mark(log, USED_FILE, &log->used_fd, serial);
}
