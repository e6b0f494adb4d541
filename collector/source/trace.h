/*
 * trace.h - the daemon's own instance of the kernel's tracing, which edgenode-trace prepares: its buffers are read and
 * never consumed, so what was not told yet is there again after a crash.
 *
 * Thread: one owner; blocks on tracefs. Source of the facts: the kernel's Documentation/trace/ftrace.rst; seen on 6.1:
 * an edge-triggered wait on trace_pipe is woken by every new record while nothing is read from it.
 */
#ifndef EDGENODE_SOURCE_TRACE_H
#define EDGENODE_SOURCE_TRACE_H

#include "source/mce_text.h"
#include "source/source.h"

#define TRACE_INSTANCE "/sys/kernel/tracing/instances/edgenode"
#define TRACE_CPUS_MAX 8192u
#define TRACE_LINE_MAX (16u * 1024)	    /* a longer line is passed over */
#define TRACE_TEXT_MAX (256u * 1024 * 1024) /* of one processor's buffer: edgenode-trace asks for a thousandth of it   \
					     */

struct trace;

/* -ERR_ABSENT: there is no instance. */
int trace_open(const struct sysroot *root, struct trace **out, struct source_error *error);
void trace_close(struct trace *trace);

/* What to wait on with EPOLLIN | EPOLLET; -1: another program reads the pipe, so that only time wakes. */
int trace_fd(const struct trace *trace);
/* The numbers of the processors that have a buffer, ascending. */
const uint32_t *trace_cpus(const struct trace *trace, size_t *n);
/* Whether stamps count as CLOCK_BOOTTIME does. */
bool trace_is_boot_clock(const struct trace *trace);

int trace_read_stats(struct trace *trace, uint32_t cpu, struct trace_stats *out, struct source_error *error);

/* Calls fn with each record of the buffer in order, until it returns false. */
int trace_read(struct trace *trace, uint32_t cpu, bool (*fn)(void *arg, const struct trace_line *line), void *arg,
	       struct source_error *error);

#endif
