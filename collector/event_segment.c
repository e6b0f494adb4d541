/*
 * event_segment.c - one file of the event log. Thread: the caller's; blocks on the file.
 */
#include "event_segment.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENT_MAGIC 0x65646c67u /* "edlg" */
#define SEGMENT_VERSION 2u
#define SEGMENT_VERSION_ALARMS 1u /* without machine checks; read, no more written */
#define HEAD_FIXED_SIZE 40u
#define HEAD_MAX (2u << 20) /* ALARMS_MAX alarms with their subjects at the greatest fit */
#define CRC_SIZE 4u
#define RECORD_HEAD_SIZE 8u
#define WINDOW_SIZE (4u * EVENT_RECORD_MAX)

static uint32_t salt_of(const uint8_t log_id[16])
{
	struct cursor c = { log_id, 16, false };

	return cursor_u32(&c);
}

/* ---- the file ---- */

static int open_file(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* Up to length bytes at offset; fewer at the end of the file; -1 with errno. */
static ssize_t read_at(int fd, void *data, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		const ssize_t n = pread(fd, (char *)data + done, length - done, (off_t)(offset + done));

		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return (ssize_t)done;
}

static int write_at(int fd, const void *data, size_t length, uint64_t offset)
{
	size_t done = 0;

	while (done < length) {
		const ssize_t n = pwrite(fd, (const char *)data + done, length - done, (off_t)(offset + done));

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -ERR_IO;
	}
	return 0;
}

/* ---- header ---- */

static void encode_head(const struct segment_head *head, struct buf *out)
{
	struct buf alarms, stood;

	buf_init(&alarms, HEAD_MAX);
	buf_init(&stood, HEAD_MAX);
	alarms_encode(head->alarms, &alarms);
	buf_u32(&stood, (uint32_t)alarms.length);
	buf_append(&stood, alarms.data, alarms.length);
	machine_checks_encode(head->machine_checks, &stood);
	buf_u32(out, SEGMENT_MAGIC);
	buf_u32(out, SEGMENT_VERSION);
	buf_append(out, head->log_id, sizeof(head->log_id));
	buf_u64(out, head->sequence);
	buf_u32(out, head->last_serial);
	buf_u32(out, (uint32_t)stood.length);
	buf_append(out, stood.data, stood.length);
	buf_u32(out, statefile_crc32(out->data, out->length));
	buf_free(&alarms);
	buf_free(&stood);
}

int segment_create(const char *dir, const char *name, const struct segment_head *head, struct segment *out)
{
	struct segment segment = { .fd = -1, .salt = salt_of(head->log_id) };
	struct buf image;
	int rc = -ERR_LIMIT;

	buf_init(&image, HEAD_MAX);
	encode_head(head, &image);
	if (!image.over)
		rc = statefile_write(dir, name, image.data, image.length);
	segment.first = segment.size = image.length;
	buf_free(&image);
	if (rc != 0)
		return rc;
	segment.fd = open_file(dir, name);
	if (segment.fd < 0)
		return -ERR_IO;
	*out = segment;
	return 0;
}

/* What stood when the segment began. */
static int decode_stood(struct cursor *c, uint32_t version, struct segment_head *head)
{
	const uint32_t length = version == SEGMENT_VERSION_ALARMS ? (uint32_t)c->left : cursor_u32(c);
	const uint8_t *alarms = cursor_bytes(c, length);

	if (c->bad || alarms_decode(alarms, length, &head->alarms) != 0)
		return -ERR_PARSE;
	if (version == SEGMENT_VERSION_ALARMS)
		head->machine_checks = machine_checks_new();
	else if (machine_checks_decode(c, &head->machine_checks) != 0 || c->left != 0)
		return -ERR_PARSE;
	return 0;
}

void segment_head_clear(struct segment_head *head)
{
	part_unref(head->alarms);
	machine_checks_free(head->machine_checks);
	head->alarms = NULL;
	head->machine_checks = NULL;
}

/* data is the header from its first byte to its checksum. */
static int decode_head(const uint8_t *data, size_t length, struct segment_head *out)
{
	struct cursor c = { data, length - CRC_SIZE, false }, crc = { data + length - CRC_SIZE, CRC_SIZE, false };
	struct segment_head head = { .alarms = NULL };
	uint32_t version;

	if (cursor_u32(&crc) != statefile_crc32(data, length - CRC_SIZE))
		return -ERR_PARSE;
	cursor_u32(&c); /* the magic number: seen before the rest was read, and so the version */
	version = cursor_u32(&c);
	memcpy(head.log_id, cursor_bytes(&c, sizeof(head.log_id)), sizeof(head.log_id));
	head.sequence = cursor_u64(&c);
	head.last_serial = cursor_u32(&c);
	cursor_u32(&c);
	if (decode_stood(&c, version, &head) != 0) {
		segment_head_clear(&head);
		return -ERR_PARSE;
	}
	*out = head;
	return 0;
}

/* The length of the whole header from its fixed part; 0 where that is not ours. */
static size_t head_length(const uint8_t fixed[HEAD_FIXED_SIZE])
{
	struct cursor c = { fixed, HEAD_FIXED_SIZE, false };
	uint32_t magic = cursor_u32(&c), version = cursor_u32(&c), stood_length;

	if (magic != SEGMENT_MAGIC || version == 0 || version > SEGMENT_VERSION)
		return 0;
	cursor_bytes(&c, HEAD_FIXED_SIZE - 8 - 4);
	stood_length = cursor_u32(&c);
	return stood_length <= HEAD_MAX ? HEAD_FIXED_SIZE + stood_length + CRC_SIZE : 0;
}

static int read_head(struct segment *segment, struct segment_head *head)
{
	uint8_t fixed[HEAD_FIXED_SIZE], *data;
	ssize_t n = read_at(segment->fd, fixed, sizeof(fixed), 0);
	const size_t length = n == (ssize_t)sizeof(fixed) ? head_length(fixed) : 0;
	int rc = -ERR_PARSE;

	if (n < 0)
		return -ERR_IO;
	if (length == 0 || length > segment->size)
		return -ERR_PARSE;
	data = mem_alloc(length);
	n = read_at(segment->fd, data, length, 0);
	if (n < 0)
		rc = -ERR_IO;
	else if ((size_t)n == length)
		rc = decode_head(data, length, head);
	free(data);
	segment->first = length;
	return rc;
}

int segment_open(const char *dir, const char *name, struct segment *out, struct segment_head *head)
{
	struct segment segment = { .fd = open_file(dir, name) };
	struct stat st;
	int rc;

	if (segment.fd < 0)
		/* A link, a directory or a device in its place is nothing of ours. */
		return errno == ENOENT ? -ERR_ABSENT : errno == ELOOP || errno == EISDIR ? -ERR_PARSE : -ERR_IO;
	if (fstat(segment.fd, &st) < 0) {
		rc = -ERR_IO;
	} else {
		segment.size = (uint64_t)st.st_size;
		rc = S_ISREG(st.st_mode) ? read_head(&segment, head) : -ERR_PARSE;
	}
	if (rc != 0) {
		segment_close(&segment);
		return rc;
	}
	segment.salt = salt_of(head->log_id);
	*out = segment;
	return 0;
}

void segment_close(struct segment *segment)
{
	const int saved = errno;

	if (segment->fd >= 0)
		close(segment->fd);
	segment->fd = -1;
	errno = saved;
}

/* ---- reading records ---- */

struct window {
	const struct segment *segment;
	uint64_t offset; /* of data[0] in the file */
	size_t length;
	int error;       /* errno of a read that failed */
	uint8_t *data;   /* WINDOW_SIZE */
};

/* The bytes at offset, or NULL where the file ends before (or could not be read). */
static const uint8_t *window_at(struct window *window, uint64_t offset, size_t length)
{
	ssize_t n;

	if (offset >= window->offset && offset + length <= window->offset + window->length)
		return window->data + (offset - window->offset);
	if (offset + length > window->segment->size)
		return NULL;
	n = read_at(window->segment->fd, window->data, WINDOW_SIZE, offset);
	if (n < 0)
		window->error = errno;
	window->offset = offset;
	window->length = n < 0 ? 0 : (size_t)n;
	return window->length >= length ? window->data : NULL;
}

static uint32_t record_check(const struct segment *segment, uint64_t offset, const void *data, size_t length)
{
	return statefile_crc32(data, length) ^ segment->salt ^ (uint32_t)offset;
}

/* The record at offset: its length with head, and the event; 0 where there is none. */
static size_t record_at(struct window *window, uint64_t offset, struct event **event)
{
	const uint8_t *data = window_at(window, offset, RECORD_HEAD_SIZE);
	struct cursor c = { data, RECORD_HEAD_SIZE, false };
	uint32_t length, check;

	if (data == NULL)
		return 0;
	length = cursor_u32(&c);
	check = cursor_u32(&c);
	if (length == 0 || length > EVENT_RECORD_MAX)
		return 0;
	data = window_at(window, offset + RECORD_HEAD_SIZE, length);
	if (data == NULL || record_check(window->segment, offset, data, length) != check ||
	    event_decode(data, length, event) != 0)
		return 0;
	return RECORD_HEAD_SIZE + length;
}

int segment_scan(struct segment *segment, void (*fn)(void *arg, struct event *event), void *arg)
{
	struct window window = { .segment = segment, .data = mem_alloc(WINDOW_SIZE) };
	uint64_t offset = segment->first, end = segment->first;
	struct event *event;
	size_t length;

	/* Where there is no record, the next good one is looked for at each byte: what was damaged before others were
	 * appended must not take them along. */
	while (offset < segment->size && window.error == 0) {
		length = record_at(&window, offset, &event);
		offset += length > 0 ? length : 1;
		if (length == 0)
			continue;
		end = offset;
		fn(arg, event);
		part_unref(event);
	}
	free(window.data);
	if (window.error != 0) {
		errno = window.error;
		return -ERR_IO;
	}
	segment->dirty_tail = end < segment->size;
	segment->size = end;
	return 0;
}

/* ---- writing records ---- */

int segment_cut(struct segment *segment)
{
	if (!segment->dirty_tail)
		return 0;
	if (ftruncate(segment->fd, (off_t)segment->size) < 0 || fdatasync(segment->fd) < 0)
		return -ERR_IO;
	segment->dirty_tail = false;
	return 0;
}

void segment_record(const struct segment *segment, uint64_t base, const struct event *event, struct buf *out)
{
	const uint64_t offset = base + out->length;
	struct buf record;

	buf_init(&record, EVENT_RECORD_MAX);
	event_encode(event, &record);
	buf_u32(out, (uint32_t)record.length);
	buf_u32(out, record_check(segment, offset, record.data, record.length));
	buf_append(out, record.data, record.length);
	buf_free(&record);
}

int segment_append(struct segment *segment, const void *data, size_t length)
{
	int saved;

	if (segment_cut(segment) != 0)
		return -ERR_IO;
	if (write_at(segment->fd, data, length, segment->size) == 0 && fdatasync(segment->fd) == 0) {
		segment->size += length;
		return 0;
	}
	saved = errno;
	segment->dirty_tail = true;
	segment_cut(segment);
	errno = saved;
	return -ERR_IO;
}
