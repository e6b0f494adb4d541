/*
 * guest_disk.c - one metrics disk, opened when it can be, counted and complained of. Thread: the disk lane; blocks on
 * the file.
 */
#include "transport/guest_disk.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "guestlib/mvbd_format.h"
#include "transport/mvbd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_SIZE 512

struct guest_disk {
	char *path;
	uint32_t size;
	struct mvbd *file; /* NULL: not open */
	bool fresh;
	uint32_t length, updates, failures;
	struct log_repeat failure, too_small;
};

struct guest_disk *guest_disk_new(const char *path, uint32_t size)
{
	struct guest_disk *disk = mem_alloc(sizeof(*disk));

	disk->path = mem_string(path);
	disk->size = size;
	return disk;
}

static void close_file(struct guest_disk *disk)
{
	mvbd_close(disk->file);
	disk->file = NULL;
}

void guest_disk_free(struct guest_disk *disk)
{
	if (disk == NULL)
		return;
	close_file(disk);
	free(disk->path);
	free(disk);
}

void guest_disk_remove(struct guest_disk *disk)
{
	if (disk->file != NULL && mvbd_in_place(disk->file) && unlink(disk->path) < 0)
		log_warning("metrics disk: %s cannot be removed: %s", disk->path, strerror(errno));
	guest_disk_free(disk);
}

static int fail(struct guest_disk *disk, int code, const char *text)
{
	disk->failures++;
	log_repeat_fail(&disk->failure, "metrics disk", text);
	return code;
}

int guest_disk_ready(struct guest_disk *disk)
{
	char error[MESSAGE_SIZE];
	int rc;

	if (disk->file != NULL && mvbd_in_place(disk->file))
		return 0;
	close_file(disk);
	rc = mvbd_open(disk->path, disk->size, &disk->file, error, sizeof(error));
	disk->fresh = true;
	return rc < 0 ? fail(disk, rc, error) : 0;
}

size_t guest_disk_capacity(const struct guest_disk *disk)
{
	return mvbd_capacity(disk->file);
}

bool guest_disk_is_fresh(const struct guest_disk *disk)
{
	return disk->fresh;
}

/* The end of a failure, which names the disk as its begin does. */
static void note_end(const struct guest_disk *disk, struct log_repeat *repeat)
{
	char text[MESSAGE_SIZE];

	snprintf(text, sizeof(text), "metrics disk: %s", disk->path);
	log_repeat_ok(repeat, text);
}

static void note_size(struct guest_disk *disk, const char *left_out)
{
	char text[MESSAGE_SIZE];

	if (left_out == NULL) {
		note_end(disk, &disk->too_small);
		return;
	}
	snprintf(text, sizeof(text), "%s: %zu bytes are too few, %s; raise its size", disk->path,
		 mvbd_capacity(disk->file), left_out);
	disk->failures++;
	log_repeat_fail(&disk->too_small, "metrics disk size", text);
}

int guest_disk_write(struct guest_disk *disk, const struct buf *document, const char *left_out)
{
	const int rc = mvbd_write(disk->file, document->data, document->length);
	char text[MESSAGE_SIZE];

	if (rc < 0) {
		snprintf(text, sizeof(text), "%s: %s", disk->path, rc == -ERR_IO ? strerror(errno) : err_text(rc));
		return fail(disk, rc, text);
	}
	note_end(disk, &disk->failure);
	note_size(disk, left_out);
	disk->fresh = false;
	disk->updates++;
	disk->length = (uint32_t)document->length;
	return 0;
}

void guest_disk_row(const struct guest_disk *disk, struct vbd *out)
{
	out->path = mem_string(disk->path);
	out->size_bytes = disk->file != NULL ? (uint32_t)mvbd_capacity(disk->file) + MVBD_HEADER_SIZE : disk->size;
	out->length_bytes = disk->length;
	out->updates = disk->updates;
	out->failures = disk->failures;
}
