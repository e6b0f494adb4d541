/*
 * mvbd_read.h - the reader of metrics disks, in a guest or on the host.
 *
 * Nothing of a disk is believed: the length is held against the device and MVBD_SIZE_MAX, the content against the
 * checksum, and the whole is read twice and must not have changed in between, so that no mixture of two writes is ever
 * accepted. Thread: any; blocks on the device. Needs libc only. Codes: base/err.h.
 */
#ifndef EDGENODE_GUESTLIB_MVBD_READ_H
#define EDGENODE_GUESTLIB_MVBD_READ_H

#include "guestlib/mvbd_format.h"

#define MVBD_READ_TIMEOUT_MS 3000u
#define MVBD_PATH_MAX 512u

/* Pure: is the image (at least header and content) one whole write? *out is set where 0 is returned. -ERR_PARSE (no
 * signature), -ERR_BUSY, -ERR_RANGE (the length is more than the image or MVBD_SIZE_MAX holds), -ERR_CHECKSUM. */
int mvbd_check(const uint8_t *image, size_t size, struct mvbd_header *out);

/* The content of the block device or file at path, with a NUL behind it; the caller frees it. While the disk is busy,
 * changing, damaged or empty it is tried again, until timeout_ms are over; then the code of the last try: as
 * mvbd_check, -ERR_ABSENT (a disk that has no content yet). At once: -ERR_PARSE (no metrics disk), -ERR_UNSUPPORTED
 * (neither block device nor plain file), -ERR_IO with errno. */
int mvbd_read(const char *path, unsigned timeout_ms, char **content, size_t *length);

/* One look at the header: 0 (that of a metrics disk with content), or as mvbd_read. */
int mvbd_probe(const char *path);

/* Is told of each device that mvbd_find looks at: 0 (it has the signature), -ERR_LIMIT (empty, or too large: it was not
 * opened), else the code, with errno for -ERR_IO. */
typedef void mvbd_note(void *arg, const char *path, int code);

struct mvbd_found {
	char path[MVBD_PATH_MAX]; /* "": no device has the signature */
	char *content;            /* as of mvbd_read */
	size_t length;
};

/* Reads the metrics disk among the block devices of ROOT/sys/block, opened as ROOT/dev/NAME (root: "" for the real
 * one). Of several the first, by name, that is valid; where none is, those that may be soon are tried again until
 * timeout_ms are over, then the code is as of mvbd_read on found->path, the most promising. -ERR_ABSENT with an empty
 * path: there is none; -ERR_IO so: no list of devices. note may be NULL. Needs base/clock, too. */
int mvbd_find(const char *root, unsigned timeout_ms, mvbd_note *note, void *arg, struct mvbd_found *found);

#endif
