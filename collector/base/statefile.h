/*
 * statefile.h - whole files that are replaced in one step: written aside, synced, renamed, directory synced.
 *
 * Thread: the caller's; blocks on the file. After a crash either the old or the new content is there.
 */
#ifndef EDGENODE_BASE_STATEFILE_H
#define EDGENODE_BASE_STATEFILE_H

#include <stddef.h>
#include <stdint.h>

/* dir/name becomes data. -ERR_IO with errno; then the old file stays and no temporary is left. */
int statefile_write(const char *dir, const char *name, const void *data, size_t length);

/* The whole file, at most `most` bytes, allocated for the caller. -ERR_ABSENT, -ERR_LIMIT, -ERR_IO. */
int statefile_read(const char *dir, const char *name, size_t most, uint8_t **data, size_t *length);

/* CRC-32 (IEEE 802.3), of records and state files. */
uint32_t statefile_crc32(const void *data, size_t length);

/* Opens dir, makes it (0750; missing parents 0755), takes the exclusive lock DIR/lock for the life of *fd. -ERR_BUSY:
 * held, *holder (may be NULL) is the pid in the file (0 unknown). -ERR_IO. */
int statefile_lock(const char *dir, int *fd, long *holder);

#endif
