/*
 * document.h - where the guest's document comes from: the metrics disk, the virtio port, xenstore; and who we are.
 *
 * Thread: any; blocks, at most MVBD_READ_TIMEOUT_MS at the disk, PORT_TIMEOUT_MS at the port and XENSTORE_TIMEOUT_MS
 * at xenstore. The port is asked at most once at a time in a process, and at most once per DOCUMENT_AGE_MS: calls that
 * come meanwhile share the answer. The others are read anew at each call. What a source said last is kept, under a lock,
 * so that it is parsed once for as long as it stays the same; a child after fork begins without it. No function here may
 * be cancelled: callers disable that.
 */
#ifndef EDGENODE_GUESTLIB_DOCUMENT_H
#define EDGENODE_GUESTLIB_DOCUMENT_H

#include "guestlib/guest_parse.h"

#include <stddef.h>

#define DOCUMENT_AGE_MS 1000u
#define DOCUMENT_UUID_SIZE 64

enum document_source { DOCUMENT_DISK, DOCUMENT_PORT, DOCUMENT_XENSTORE, DOCUMENT_SOURCES };

/* What a source said: never changes, and is shared. */
struct document {
	_Atomic unsigned refs;
	char *content; /* with a NUL behind it */
	size_t length;
	bool parsed; /* with the lock */
	int rc;
	struct guest_list *list;
};

/* A reference, which the caller drops. path: NULL, or the disk or port to read instead of the usual one; nothing is
 * shared then. 0 or an errno as in libmetrics.h; ENOTSUP: built without xenstore. */
int document_read(enum document_source source, const char *path, struct document **out);
void document_unref(struct document *document); /* NULL is legal */

/* Its metrics, which live as long as it. 0 or a code of guest_parse.h. */
int document_list(struct document *document, const struct guest_list **out);

/* The uuid of this machine as its host knows it, from the firmware or the hypervisor. 0 or an errno: the first is
 * readable by root only, and not every machine has either. */
int document_own_uuid(char uuid[DOCUMENT_UUID_SIZE]);

/* How often a document was parsed in this process. */
unsigned document_parses(void);

/* For tests, before the first call from another thread: everything below this directory instead of / (borrowed), and
 * other limits of time. Forgets what was said. */
void document_places(const char *root, unsigned disk_ms, unsigned port_ms);

#endif
