/*
 * mce_trace.h - machine checks from the daemon's tracing instance (source/trace.h). Thread: the reader's; blocks on
 * tracefs.
 *
 * The instance has five events. mce_record and aer_event are records here. mc_event is what EDAC counts, and is told as
 * that; memory_failure_event and extlog_mem_event say more of an error that has a record: they go to the daemon's log.
 *
 * The kernel overwrites the oldest records of a full buffer and counts them. What was overwritten before it was read is
 * lost, and so many records are told as one; those of them that EDAC has counted meanwhile are no machine checks of
 * their own.
 */
#ifndef EDGENODE_SOURCE_MCE_TRACE_H
#define EDGENODE_SOURCE_MCE_TRACE_H

#include "source/mce_batch.h"
#include "source/trace.h"

/* One look at all buffers. Adds what is new to the batch, which has room at the beginning, and moves the marks. *more:
 * the room was not enough; *lost: something was. On an error both have what was read before it. */
int mce_trace_look(struct trace *trace, const struct sysroot *root, struct mce_marks *marks, struct mce_batch *batch,
		   bool *more, bool *lost, struct source_error *error);

#endif
