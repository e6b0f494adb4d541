/*
 * mce_reader.h - waits for machine checks beside the polled sources: a thread that the kernel wakes, and a bounded
 * queue to the cycle lane.
 *
 * It reads the tracing instance that edgenode-trace prepares (source/mce_trace.h); while there is none, the kernel's
 * log (source/mce_kmsg.h); at its start, pstore. Neither instance nor log is consumed, so what the queue has no room
 * for is read later, and what was not yet in the event log when the daemon ended is read again.
 */
#ifndef EDGENODE_SOURCE_MCE_READER_H
#define EDGENODE_SOURCE_MCE_READER_H

#include "model/machine_check.h"
#include "source/source.h"

#define MCE_QUEUE_MAX 1024u
#define MCE_PAUSE_MS 50	  /* between two looks while records come */
#define MCE_LOST_MS 1000  /* after one that found a loss: a flood is told in few events */
#define MCE_LOOK_MS 10000 /* a look that nobody asked for, and the next try where nothing could be opened */
#define MCE_HANG_MS 60000 /* a look that takes longer is a failure of the source */

struct mce_reader;

/* Starts its thread. told: what the event log has of this boot; read before this returns. wake is called when there is
 * something to take; it must not block. NULL: no thread could be started. */
struct mce_reader *mce_reader_start(const struct sysroot *root, const struct machine_checks *told,
				    void (*wake)(void *arg), void *arg);

/* All that came since the last call, oldest first, the caller's; NULL: nothing did. Any thread. NULL: never. */
struct machine_check *mce_reader_take(struct mce_reader *reader);

/* How it is: 0, and *path is what it reads (enum machine_check_path); -ERR_ABSENT or another error with its text. Waits
 * for its first look, at most a second. */
int mce_reader_state(struct mce_reader *reader, uint8_t *path, struct source_error *error);

/* Ends the thread; false where it does not end in time, then nothing is freed. NULL is legal. */
bool mce_reader_stop(struct mce_reader *reader, int64_t deadline_mono_ns);

#endif
