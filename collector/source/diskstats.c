/*
 * diskstats.c - what the host's disks do. Thread: worker "files". Source: /proc/diskstats (kernel:
 * Documentation/admin-guide/iostats.rst) and /sys/block, which has the whole disks but no partitions.
 */
#include "base/clock.h"
#include "base/text.h"
#include "source/procsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISKSTATS_PATH "/proc/diskstats"
#define DISKSTATS_MAX (1024u * 1024)
#define ORDINAL_SIZE 8    /* "#4096" */
#define SECTOR_BYTES 512u /* in this file, whatever the disk has */

/* The numbers behind the name; discards and flushes follow in newer kernels. */
enum { READS, READS_MERGED, READ_SECTORS, READ_MS, WRITES, WRITES_MERGED, WRITE_SECTORS, WRITE_MS, IN_FLIGHT, BUSY_MS,
       WEIGHTED_MS, NUMBERS };

static int take_name(const char **p, const char *stop, char name[HOST_DISK_NAME_SIZE])
{
	const char *from;
	size_t length;

	while (*p < stop && **p == ' ')
		++*p;
	from = *p;
	while (*p < stop && **p != ' ')
		++*p;
	length = (size_t)(*p - from);
	if (length == 0 || length >= HOST_DISK_NAME_SIZE || memchr(from, '\0', length) != NULL || *from == '.')
		return -ERR_PARSE;
	memcpy(name, from, length);
	name[length] = '\0';
	return 0;
}

static int set_numbers(struct host_disk *row, const uint64_t number[NUMBERS])
{
	static const uint64_t MOST[NUMBERS] = {
		UINT64_MAX, UINT64_MAX, UINT64_MAX / SECTOR_BYTES, UINT32_MAX, /* reads */
		UINT64_MAX, UINT64_MAX, UINT64_MAX / SECTOR_BYTES, UINT32_MAX, /* writes */
		UINT32_MAX, UINT32_MAX, UINT64_MAX,
	};

	for (size_t i = 0; i < NUMBERS; i++)
		if (number[i] > MOST[i])
			return -ERR_RANGE;
	row->reads = number[READS];
	row->read_bytes = number[READ_SECTORS] * SECTOR_BYTES;
	row->read_time_ms = number[READ_MS];
	row->writes = number[WRITES];
	row->write_bytes = number[WRITE_SECTORS] * SECTOR_BYTES;
	row->write_time_ms = number[WRITE_MS];
	row->busy_time_ms = number[BUSY_MS];
	row->in_flight = (uint32_t)number[IN_FLIGHT];
	return 0;
}

static int take_row(const struct procsys_lines *lines, struct host_disk *row)
{
	const char *p = lines->at;
	uint64_t device, number[NUMBERS];
	int rc = text_take_u64(&p, lines->stop, &device);

	if (rc == 0)
		rc = text_take_u64(&p, lines->stop, &device);
	if (rc == 0)
		rc = take_name(&p, lines->stop, row->name);
	for (size_t i = 0; rc == 0 && i < NUMBERS; i++)
		rc = text_take_u64(&p, lines->stop, &number[i]);
	if (rc == 0 && p != lines->stop && *p != ' ')
		rc = -ERR_PARSE;
	return rc == 0 ? set_numbers(row, number) : rc;
}

/* Every kernel has a handful of these that nothing has ever used. */
static bool is_idle_memory(const struct host_disk *row)
{
	return row->reads == 0 && row->writes == 0 &&
	       (strncmp(row->name, "loop", 4) == 0 || strncmp(row->name, "ram", 3) == 0 ||
		strncmp(row->name, "zram", 4) == 0);
}

static int take_rows(const char *text, size_t length, struct host_disks *part, uint32_t *line)
{
	struct procsys_lines lines;
	struct host_disk row;
	int rc;

	procsys_lines_init(&lines, text, length);
	while ((rc = procsys_lines_next(&lines)) > 0) {
		memset(&row, 0, sizeof(row));
		rc = take_row(&lines, &row);
		if (rc == 0 && !is_idle_memory(&row)) {
			if (part->n == HOST_DISKS_MAX)
				rc = -ERR_LIMIT;
			else
				part->rows[part->n++] = row;
		}
		if (rc != 0)
			break;
	}
	*line = lines.number;
	return rc;
}

static size_t count_lines(const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n < HOST_DISKS_MAX; i++)
		n += text[i] == '\n';
	return n;
}

int diskstats_parse(const char *text, size_t length, struct host_disks **out, uint32_t *line)
{
	struct host_disks *part = procsys_part_new(sizeof(*part) + count_lines(text, length) * sizeof(part->rows[0]));
	const int rc = take_rows(text, length, part, line);

	if (rc == 0)
		*out = part;
	else
		part_unref(part);
	return rc;
}

/* --- /sys/block -------------------------------------------------------------------------------------------------- */

/* Where a disk says which one it is, the most particular first: all namespaces of an NVMe controller have its serial
 * number. */
static const char *const IDENTITIES[] = { "wwid", "device/wwid", "serial", "device/serial", "dm/uuid" };

static void set_identity(const struct sysroot *root, const char *entry, struct host_disk *row)
{
	for (size_t i = 0; i < sizeof(IDENTITIES) / sizeof(IDENTITIES[0]); i++)
		if (sysfile_line(root, row->identity, sizeof(row->identity), "/sys/block/%s/%s", entry,
				 IDENTITIES[i]) == 0 && row->identity[0] != '\0')
			return;
	memcpy(row->identity, row->name, sizeof(row->name));
}

/* Two paths to one disk, or the parts of a memory card: the second one is "IDENTITY#2". */
static void make_unique(struct host_disks *part)
{
	for (size_t i = part->n; i-- > 0;) {
		char *identity = part->rows[i].identity;
		size_t same = 0, length = strlen(identity);

		for (size_t k = 0; k < i; k++)
			same += strcmp(part->rows[k].identity, identity) == 0;
		if (same > 0 && length < HOST_DISK_IDENTITY_SIZE - ORDINAL_SIZE)
			snprintf(identity + length, ORDINAL_SIZE, "#%zu", same + 1);
	}
}

/* A name with a '/' has a '!' in its place there. */
static bool is_whole_disk(const struct sysroot *root, const char *name, char entry[HOST_DISK_NAME_SIZE])
{
	char size[32];

	snprintf(entry, HOST_DISK_NAME_SIZE, "%s", name);
	for (char *p = entry; (p = strchr(p, '/')) != NULL;)
		*p = '!';
	return sysfile_line(root, size, sizeof(size), "/sys/block/%s/size", entry) == 0;
}

/* Leaves the whole disks. */
static void keep_whole(const struct sysroot *root, struct host_disks *part)
{
	const size_t all = part->n;

	part->n = 0;
	for (size_t i = 0; i < all; i++) {
		struct host_disk *row = &part->rows[part->n];
		char entry[HOST_DISK_NAME_SIZE];

		if (!is_whole_disk(root, part->rows[i].name, entry))
			continue;
		memmove(row, &part->rows[i], sizeof(*row));
		set_identity(root, entry, row);
		part->n++;
	}
	make_unique(part);
}

static int poll_diskstats(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct procsys_buffer *buffer = self;
	struct host_disks *part;
	size_t length;
	uint32_t line = 0;
	int rc = procsys_read(buffer, env->root, DISKSTATS_PATH, DISKSTATS_MAX, &length);
	const int64_t now = clock_mono_ns();

	if (rc == 0)
		rc = diskstats_parse(buffer->data, length, &part, &line);
	if (rc != 0)
		return procsys_fail(error, rc, DISKSTATS_PATH, line);
	keep_whole(env->root, part);
	if (part->n == 0) {
		part_unref(part);
		return procsys_fail(error, -ERR_ABSENT, DISKSTATS_PATH, 0);
	}
	part->read_mono_ns = now;
	*result = &part->part;
	return 0;
}

const struct source source_diskstats = {
	.id = SOURCE_DISKSTATS,
	.name = "diskstats",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.open = procsys_open,
	.poll = poll_diskstats,
	.close = procsys_close,
};
