/*
 * mce_kmsg.h - machine checks from the kernel's log, where there is no tracing instance: /dev/kmsg, whose whole ring is
 * there to be read at each start, and what pstore kept of the log of a system that stopped. Thread: the reader's; does
 * not block.
 *
 * Lines of machine checks vanish from the log once a driver of EDAC takes them over, so this is less than the trace.
 */
#ifndef EDGENODE_SOURCE_MCE_KMSG_H
#define EDGENODE_SOURCE_MCE_KMSG_H

#include "source/mce_batch.h"
#include "source/source.h"

#define KMSG_PATH "/dev/kmsg"
#define PSTORE_PATH "/sys/fs/pstore"
#define PSTORE_FILES_MAX 256u
#define PSTORE_FILE_MAX (1024u * 1024)

struct mce_kmsg;

/* -ERR_ABSENT: no such device, or no right to it. */
int mce_kmsg_open(const struct sysroot *root, struct mce_kmsg **out, struct source_error *error);
void mce_kmsg_close(struct mce_kmsg *kmsg);
int mce_kmsg_fd(const struct mce_kmsg *kmsg); /* EPOLLIN */

/* Reads what there is, as mce_trace_look does. */
int mce_kmsg_look(struct mce_kmsg *kmsg, struct mce_marks *marks, struct mce_batch *batch, bool *more,
		  struct source_error *error);

/* Adds the last uncorrected record of each file that is newer than the mark: one that a system has stopped with.
 * -ERR_ABSENT: no pstore, nothing in it, or no right to it. */
int mce_pstore_look(const struct sysroot *root, struct mce_marks *marks, struct mce_batch *batch);

#endif
