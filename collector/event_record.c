/*
 * event_record.c - one event, and the raised alarms, as bytes of the log and back. Pure; thread: any.
 *
 * What is read may be damaged or forged: every length is checked against its limit, every enumeration against its
 * range, and nothing may be left over.
 */
#include "event_log.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A record of version 2 has the note of a machine check at its end; all others are of version 1. */
#define RECORD_VERSION 1u
#define RECORD_VERSION_NOTE 2u
/* All of an event but its varbinds: fixed fields, three strings at their greatest, room to spare. */
#define RECORD_REST_MAX 1024u
#define VARBINDS_LENGTH_MAX (EVENT_RECORD_MAX - RECORD_REST_MAX)

void event_encode(const struct event *event, struct buf *out)
{
	/* What was kept back is not to be told by a later run. */
	const bool told = !event->quiet && event->varbinds_length <= VARBINDS_LENGTH_MAX;
	const size_t varbinds = told ? event->varbinds_length : 0;

	buf_u8(out, event->machine_check != NULL ? RECORD_VERSION_NOTE : RECORD_VERSION);
	buf_u32(out, event->serial);
	buf_u8(out, event->kind);
	buf_u8(out, event->severity);
	buf_u8(out, event->clock_synced);
	buf_u64(out, (uint64_t)event->time_real_ns);
	buf_u32(out, event->boot);
	buf_u64(out, event->uptime_ms);
	buf_string(out, event->subject);
	buf_u32(out, event->domain);
	buf_u32(out, (uint32_t)event->value);
	buf_u32(out, (uint32_t)event->threshold);
	buf_string(out, event->units);
	buf_string(out, event->text);
	buf_u8(out, event->of);
	buf_u32(out, event->of_index);
	buf_u8(out, event->alarm_change);
	buf_u8(out, event->alarm_kind);
	buf_u32(out, (uint32_t)varbinds);
	if (varbinds > 0)
		buf_append(out, event->varbinds, varbinds);
	if (event->machine_check != NULL)
		machine_check_note_encode(event->machine_check, out);
}

static bool ranges_hold(const struct event *event)
{
	return event->serial > 0 && event->kind > 0 && event->kind < EVENT_KIND_MAX &&
	       event->severity >= SEVERITY_INFO && event->severity <= SEVERITY_CRITICAL &&
	       event->of < EVENT_OF_END && event->alarm_change <= ALARM_CLEARED &&
	       event->alarm_kind < EVENT_KIND_MAX;
}

static void read_units(struct cursor *c, struct event *event)
{
	char *units = cursor_string(c, EVENT_UNITS_MAX);

	event_set_units(event, units == NULL ? "" : units);
	free(units);
}

static void read_varbinds(struct cursor *c, struct event *event)
{
	const uint32_t length = cursor_u32(c);
	const uint8_t *bytes;

	if (length > VARBINDS_LENGTH_MAX)
		c->bad = true;
	bytes = cursor_bytes(c, length);
	if (c->bad || length == 0)
		return;
	event->varbinds = mem_alloc(length);
	event->varbinds_length = length;
	memcpy(event->varbinds, bytes, length);
}

static void read_event(struct cursor *c, struct event *event)
{
	event->serial = cursor_u32(c);
	event->kind = cursor_u8(c);
	event->severity = cursor_u8(c);
	event->clock_synced = cursor_u8(c) != 0;
	event->stored = true;
	event->time_real_ns = (int64_t)cursor_u64(c);
	event->boot = cursor_u32(c);
	event->uptime_ms = cursor_u64(c);
	free(event->subject);
	event->subject = cursor_string(c, EVENT_SUBJECT_MAX);
	event->domain = cursor_u32(c);
	event->value = (int32_t)cursor_u32(c);
	event->threshold = (int32_t)cursor_u32(c);
	read_units(c, event);
	free(event->text);
	event->text = cursor_string(c, EVENT_TEXT_MAX);
	event->of = cursor_u8(c);
	event->of_index = cursor_u32(c);
	event->alarm_change = cursor_u8(c);
	event->alarm_kind = cursor_u8(c);
	read_varbinds(c, event);
}

static void read_note(struct cursor *c, struct event *event)
{
	event->machine_check = mem_alloc(sizeof(*event->machine_check));
	machine_check_note_decode(c, event->machine_check);
}

int event_decode(const uint8_t *data, size_t length, struct event **out)
{
	struct cursor c = { data, length, false };
	const uint8_t version = cursor_u8(&c);
	struct event *event;

	if (version != RECORD_VERSION && version != RECORD_VERSION_NOTE)
		return -ERR_PARSE;
	event = event_new(0, 0, "", "");
	read_event(&c, event);
	if (version == RECORD_VERSION_NOTE)
		read_note(&c, event);
	if (c.bad || c.left != 0 || !ranges_hold(event)) {
		part_unref(event);
		return -ERR_PARSE;
	}
	*out = event;
	return 0;
}

/* ---- alarms ---- */

void alarms_encode(const struct alarms *alarms, struct buf *out)
{
	buf_u32(out, (uint32_t)alarms->n);
	for (size_t i = 0; i < alarms->n; i++) {
		const struct alarm *row = &alarms->rows[i];

		buf_u32(out, row->index);
		buf_u8(out, row->kind);
		buf_u8(out, row->severity);
		buf_string(out, row->subject);
		buf_u64(out, (uint64_t)row->since_real_ns);
		buf_u32(out, row->event);
	}
}

static void read_alarm(struct cursor *c, struct alarm *row, uint32_t index_before)
{
	row->index = cursor_u32(c);
	row->kind = cursor_u8(c);
	row->severity = cursor_u8(c);
	row->subject = cursor_string(c, EVENT_SUBJECT_MAX);
	row->since_real_ns = (int64_t)cursor_u64(c);
	row->event = cursor_u32(c);
	if (row->index <= index_before || row->kind == 0 || row->kind >= EVENT_KIND_MAX ||
	    row->severity < SEVERITY_INFO || row->severity > SEVERITY_CRITICAL)
		c->bad = true;
}

int alarms_decode(const uint8_t *data, size_t length, struct alarms **out)
{
	struct cursor c = { data, length, false };
	const uint32_t n = cursor_u32(&c);
	struct alarms *alarms;
	uint32_t index = 0;

	if (c.bad || n > ALARMS_MAX)
		return -ERR_PARSE;
	alarms = alarms_new(n);
	for (size_t i = 0; i < n && !c.bad; i++) {
		read_alarm(&c, &alarms->rows[i], index);
		index = alarms->rows[i].index;
		alarms->warnings += alarms->rows[i].severity == SEVERITY_WARNING;
		alarms->criticals += alarms->rows[i].severity == SEVERITY_CRITICAL;
	}
	if (c.bad || c.left != 0) {
		part_unref(alarms);
		return -ERR_PARSE;
	}
	*out = alarms;
	return 0;
}
