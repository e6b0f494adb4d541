/*
 * event_text.h - an event for programs that know no SNMP: as RFC 5424 syslog, as journald's fields, as an environment.
 * Pure; thread: any.
 *
 * Source of the facts: RFC 5424, 6; systemd's description of the native journal protocol (one NAME=value a line).
 */
#ifndef EDGENODE_EVENT_TEXT_H
#define EDGENODE_EVENT_TEXT_H

#include "base/buf.h"
#include "model/event.h"

#define EVENT_TEXT_RECORD_MAX 8192 /* bytes of one encoded event */

/* What every record says beside the event. */
struct event_origin {
	const char *host;       /* of uname(2) */
	long pid;
	uint32_t enterprise;    /* private enterprise number, of the SD-ID */
	uint8_t log_id[16];
};

/* Each appends one record; out->over where it does not fit. */
void event_text_syslog(const struct event *event, const struct event_origin *origin, struct buf *out);
void event_text_journal(const struct event *event, const struct event_origin *origin, struct buf *out);
/* "NAME=value" strings, each with its NUL. */
void event_text_environment(const struct event *event, const struct event_origin *origin, struct buf *out);

#endif
