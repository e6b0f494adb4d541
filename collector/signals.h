/*
 * signals.h - signals as bytes on a descriptor, and the promise that the daemon ends.
 *
 * A small thread of its own takes the signals: so SIGTERM ends the process even while main itself hangs (in a file system
 * of the configuration or the state directory, say).
 */
#ifndef EDGENODE_SIGNALS_H
#define EDGENODE_SIGNALS_H

#define SIGNALS_END_MS 1900 /* after SIGTERM or SIGINT the process is gone by then */

enum { SIGNAL_RELOAD = 'r', SIGNAL_END = 'e' };

/* Blocks SIGTERM, SIGINT and SIGHUP for this and all later threads, ignores SIGPIPE, starts the thread. *fd gives one
 * byte per signal; non-blocking. On main, before any other thread. -ERR_IO with errno. */
int signals_start(int *fd);

#endif
