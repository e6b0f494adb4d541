/*
 * sink.h - where events go beside SNMP: the system's log, and a program of the operator's. Each has a lane and a queue
 * of its own, so that one that hangs holds up nothing.
 *
 * Thread: sink_put from the cycle lane, never blocks; the rest from main.
 */
#ifndef EDGENODE_SINK_H
#define EDGENODE_SINK_H

#include "event_text.h"

#define SINK_QUEUE_MAX 1024u /* events that wait; beyond it the newest is lost to this sink, counted and told */

struct sink;
struct commands;

/* The system's log: journald's own socket where it is there, else RFC 5424 to the syslog socket. */
struct sink_syslog_options {
	const char *journal_path; /* "" never; else used where there is such a socket */
	const char *syslog_path;  /* "" never */
	struct event_origin origin; /* strings are copied */
};
int sink_start_syslog(const struct sink_syslog_options *options, struct sink **out); /* 0 or -ERR_IO */

/* A program, run once for each event, one after the other; the event is in its environment. */
struct sink_command_options {
	const char *program; /* absolute path, run without a shell */
	const char *path;    /* PATH of its environment */
	const char *user;    /* NULL: as the command process was started */
	uint32_t timeout_ms;
	uint8_t severity;    /* least severity of an event */
	struct commands *commands; /* borrowed */
	struct event_origin origin;
};
int sink_start_command(const struct sink_command_options *options, struct sink **out);

/* Takes a reference. NULL sinks are legal here and below. */
void sink_put(struct sink *sink, const struct event *event);

/* Hands nothing more over: what waits, and what comes, is lost to it. */
void sink_quit(struct sink *sink);

/* What waits is still handed over until the deadline. False: it has not ended, and nothing is freed. */
bool sink_stop(struct sink *sink, int64_t deadline_mono_ns);
void sink_free(struct sink *sink);

#endif
