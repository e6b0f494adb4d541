/*
 * virevent.h - libvirt's event loop: one thread for the life of the process. Keepalive, close callbacks and domain
 * events of every connection run on it.
 */
#ifndef EDGENODE_SOURCE_VIREVENT_H
#define EDGENODE_SOURCE_VIREVENT_H

/* Makes libvirt usable: its own initialisation, the default event loop, no printing of errors to stderr, no starting of
 * daemons by the client library. Once, before the first thread (it sets an environment variable). -ERR_STATE with a
 * log line where libvirt refuses. */
int virevent_init(void);

/* Starts the thread, after virevent_init and before the first connection is opened. It blocks on nothing but the
 * loop's own descriptors and is never joined. -ERR_IO with errno. */
int virevent_start(void);

#endif
