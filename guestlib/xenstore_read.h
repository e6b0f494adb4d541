/*
 * xenstore_read.h - the document that the host has put into xenstore for this guest, at "metrics" in its home.
 *
 * Thread: any; blocks. libxenstore has no limits of time: it is called by a thread of its own, which is given up where
 * it does not come back. There is none where the system shows no xenstore. Codes: base/err.h.
 */
#ifndef EDGENODE_GUESTLIB_XENSTORE_READ_H
#define EDGENODE_GUESTLIB_XENSTORE_READ_H

#include <stddef.h>

#define XENSTORE_TIMEOUT_MS 3000u

/* The caller frees *content, which has a NUL behind it. -ERR_ABSENT: no xenstore, or no metrics in it; -ERR_TIMEOUT;
 * -ERR_BUSY: several calls hang already; -ERR_IO with errno; -ERR_UNSUPPORTED: built without libxenstore. */
int xenstore_read(unsigned timeout_ms, char **content, size_t *length);

/* In the child after a fork, which has none of the threads: forgets them. */
void xenstore_forget(void);

#endif
