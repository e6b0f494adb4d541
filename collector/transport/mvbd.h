/*
 * mvbd.h - the writer of metrics disks; on the disk lane only.
 *
 * A disk keeps its size and its content from one daemon to the next: it is never truncated. Order of a write: busy,
 * then content and header, then not busy; a reader that follows the protocol of mvbd_format.h never accepts a mixture.
 */
#ifndef EDGENODE_TRANSPORT_MVBD_H
#define EDGENODE_TRANSPORT_MVBD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mvbd;

/* Opens or makes the file (mode 0644), and its directory, and gives it its size, in whole sectors and with all space
 * taken. A larger file of an earlier configuration is kept at its size; what it shows is kept until the first write.
 * Refused: a symbolic link, a file that holds something else. error: one line naming the path (at least 256 bytes).
 * -ERR_IO, -ERR_RANGE, -ERR_BUSY (another process writes it). */
int mvbd_open(const char *path, uint32_t size, struct mvbd **out, char *error, size_t error_size);

/* The most bytes of content. */
size_t mvbd_capacity(const struct mvbd *disk);

/* Is the open file still what stands at its path, at its size? False after somebody removed, replaced or cut it. */
bool mvbd_in_place(const struct mvbd *disk);

/* Replaces the content; a newline may follow it on the disk. -ERR_LIMIT: it does not fit; the old content stays.
 * -ERR_IO with errno: the disk shows the old content or is marked busy. */
int mvbd_write(struct mvbd *disk, const void *content, size_t length);

/* Leaves the disk readable (not busy; without content where the last write failed) and closes it. NULL is legal. */
void mvbd_close(struct mvbd *disk);

#endif
