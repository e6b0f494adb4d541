/*
 * guest_disk.h - one metrics disk of the disk lane: its file as long as it can be had, and how it is doing. On that
 * lane only.
 */
#ifndef EDGENODE_TRANSPORT_GUEST_DISK_H
#define EDGENODE_TRANSPORT_GUEST_DISK_H

#include "base/buf.h"
#include "model/transport.h"

struct guest_disk;

/* path is copied. The file is not opened yet. */
struct guest_disk *guest_disk_new(const char *path, uint32_t size);
/* Leaves the file as mvbd_close does. NULL is legal. */
void guest_disk_free(struct guest_disk *disk);
/* The same and removes the file, where it is still the one that was written. */
void guest_disk_remove(struct guest_disk *disk);

/* Opens or makes the file where that has not been done, or where somebody removed or cut it. What fails is logged once
 * and counted, and tried again at the next call. */
int guest_disk_ready(struct guest_disk *disk);

/* Of an open one: the most bytes of a document; whether nothing has been written since it was opened. */
size_t guest_disk_capacity(const struct guest_disk *disk);
bool guest_disk_is_fresh(const struct guest_disk *disk);

/* Replaces the content of an open one and counts it. left_out: what had to be left out of the document for want of
 * room, which is logged once and counted as a failure, too; NULL: nothing. */
int guest_disk_write(struct guest_disk *disk, const struct buf *document, const char *left_out);

/* Its row, but index and domain. */
void guest_disk_row(const struct guest_disk *disk, struct vbd *out);

#endif
