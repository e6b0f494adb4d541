/*
 * document.h - where the guest's document comes from: the metrics disk and the virtio port; and who we are.
 *
 * Thread: any; blocks, at most MVBD_READ_TIMEOUT_MS at the disk and PORT_TIMEOUT_MS at the port. The disk is read anew
 * at each call. The port is asked at most once at a time in a process, and at most once per DOCUMENT_AGE_MS: calls
 * that come meanwhile share the answer. That is the one thing kept between calls, under a lock of its own; a child after
 * fork begins without it. No function here may be cancelled: callers disable that.
 */
#ifndef EDGENODE_GUESTLIB_DOCUMENT_H
#define EDGENODE_GUESTLIB_DOCUMENT_H

#include <stddef.h>

#define DOCUMENT_AGE_MS 1000u
#define DOCUMENT_UUID_SIZE 64

/* The caller frees *content, which has a NUL behind it. 0 or an errno as in libmetrics.h. */
int document_read_disk(char **content, size_t *length);
int document_read_port(char **content, size_t *length);

/* The uuid that the firmware gives this machine, as its host knows it. 0 or an errno: it is readable by root only, and
 * not every firmware has one. */
int document_own_uuid(char uuid[DOCUMENT_UUID_SIZE]);

/* For tests, before the first call from another thread: everything below this directory instead of / (borrowed), and
 * other limits of time. Forgets what the port said. */
void document_places(const char *root, unsigned disk_ms, unsigned port_ms);

#endif
