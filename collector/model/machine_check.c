/* machine_check.c - totals, marks and events of machine checks. Pure; threads: as machine_check.h. */
#include "model/machine_check.h"

#include "base/err.h"
#include "base/mem.h"
#include "model/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void machine_check_free_all(struct machine_check *first)
{
	while (first != NULL) {
		struct machine_check *next = first->next;

		free(first);
		first = next;
	}
}

bool machine_check_mark_after(const struct machine_check_mark *mark, const struct machine_check_mark *before)
{
	if (mark->stamp != before->stamp)
		return mark->stamp > before->stamp;
	if (mark->ordinal != before->ordinal)
		return mark->ordinal > before->ordinal;
	return mark->next > before->next;
}

/* ---- what is known of all ---- */

struct machine_checks *machine_checks_new(void)
{
	return mem_alloc(sizeof(struct machine_checks));
}

struct machine_checks *machine_checks_copy(const struct machine_checks *checks)
{
	struct machine_checks *copy = machine_checks_new();

	*copy = *checks;
	copy->marks = mem_array(checks->n_marks, sizeof(checks->marks[0]));
	if (checks->n_marks > 0)
		memcpy(copy->marks, checks->marks, checks->n_marks * sizeof(checks->marks[0]));
	return copy;
}

void machine_checks_free(struct machine_checks *checks)
{
	if (checks == NULL)
		return;
	free(checks->marks);
	free(checks);
}

static struct machine_check_mark *find_mark(const struct machine_checks *checks, uint32_t stream)
{
	for (size_t i = 0; i < checks->n_marks; i++)
		if (checks->marks[i].stream == stream)
			return &checks->marks[i];
	return NULL;
}

static void set_mark(struct machine_checks *checks, const struct machine_check_mark *mark)
{
	struct machine_check_mark *slot = find_mark(checks, mark->stream);

	if (slot == NULL) {
		if (checks->n_marks == MACHINE_CHECK_MARKS_MAX)
			return;
		checks->marks = mem_grow(checks->marks, checks->n_marks + 1, sizeof(checks->marks[0]));
		slot = &checks->marks[checks->n_marks++];
		*slot = *mark;
	} else if (machine_check_mark_after(mark, slot)) {
		*slot = *mark;
	}
}

void machine_checks_set_boot(struct machine_checks *checks, uint32_t boot)
{
	size_t kept = 0;

	if (checks->boot == boot)
		return;
	for (size_t i = 0; i < checks->n_marks; i++)
		if (checks->marks[i].stream == MACHINE_CHECK_STREAM_PSTORE)
			checks->marks[kept++] = checks->marks[i];
	checks->n_marks = kept;
	checks->boot = boot;
	checks->edac_errors = 0;
}

static void set_known(struct machine_checks *checks, uint64_t identity, uint8_t path)
{
	if (identity == 0)
		return;
	checks->known[checks->next_known].identity = identity;
	checks->known[checks->next_known].path = path;
	checks->next_known = (checks->next_known + 1) % MACHINE_CHECK_KNOWN_MAX;
	if (checks->n_known < MACHINE_CHECK_KNOWN_MAX)
		checks->n_known++;
}

/* Trace and log may well bring two records that are equal, and their marks tell them apart; pstore has copies. */
static bool is_known(const struct machine_checks *checks, const struct machine_check *record)
{
	for (size_t i = 0; record->identity != 0 && i < checks->n_known; i++)
		if (checks->known[i].identity == record->identity &&
		    (checks->known[i].path != record->path || record->path == MACHINE_CHECK_PSTORE))
			return true;
	return false;
}

/* ---- events ---- */

static struct machine_check_note *make_note(const struct machine_checks *checks, const struct machine_check *record)
{
	struct machine_check_note *note = mem_alloc(sizeof(*note));

	note->corrected = checks->corrected + (record->uncorrected ? 0 : record->count);
	note->uncorrected = checks->uncorrected + (record->uncorrected ? record->count : 0);
	note->path = record->path;
	note->identity = record->identity;
	note->edac_errors = record->edac_errors;
	note->mark = record->mark;
	return note;
}

struct event *machine_checks_event(const struct machine_checks *checks, const struct machine_check *record)
{
	const struct machine_check_mark *told = find_mark(checks, record->mark.stream);
	struct event *event;

	if ((told != NULL && !machine_check_mark_after(&record->mark, told)) || is_known(checks, record))
		return NULL;
	event = event_new(record->uncorrected ? EVENT_MCE_UNCORRECTED : EVENT_MCE_CORRECTED,
			  record->uncorrected ? SEVERITY_CRITICAL : SEVERITY_WARNING, record->subject, record->text);
	event->time_real_ns = record->time_real_ns;
	event->value = (int32_t)(record->lost < INT32_MAX ? record->lost : INT32_MAX);
	event->machine_check = make_note(checks, record);
	return event;
}

void machine_checks_apply(struct machine_checks *checks, const struct event *event)
{
	const struct machine_check_note *note = event->machine_check;

	if (note == NULL)
		return;
	if (event->boot != 0) /* it has no number yet while it is made */
		machine_checks_set_boot(checks, event->boot);
	checks->corrected = note->corrected;
	checks->uncorrected = note->uncorrected;
	checks->edac_errors = note->edac_errors;
	checks->last_real_ns = event->time_real_ns;
	snprintf(checks->last_text, sizeof(checks->last_text), "%s", event->text);
	set_mark(checks, &note->mark);
	set_known(checks, note->identity, note->path);
}

/* ---- the part of the snapshot ---- */

static void free_totals(struct part *part)
{
	free(part);
}

struct machine_check_totals *machine_checks_totals(const struct machine_checks *checks, bool watched)
{
	struct machine_check_totals *totals;

	if (!watched && checks->last_text[0] == '\0')
		return NULL;
	totals = mem_alloc(sizeof(*totals));
	part_init(&totals->part, free_totals);
	totals->corrected = checks->corrected;
	totals->uncorrected = checks->uncorrected;
	totals->last_real_ns = checks->last_real_ns;
	memcpy(totals->last_text, checks->last_text, sizeof(totals->last_text));
	if (checks->last_text[0] != '\0')
		totals->have |= MACHINE_CHECK_HAVE_LAST;
	return totals;
}

/* ---- as bytes ---- */

static void encode_mark(const struct machine_check_mark *mark, struct buf *out)
{
	buf_u32(out, mark->stream);
	buf_u64(out, mark->stamp);
	buf_u32(out, mark->ordinal);
	buf_u64(out, mark->next);
}

static void decode_mark(struct cursor *c, struct machine_check_mark *mark)
{
	mark->stream = cursor_u32(c);
	mark->stamp = cursor_u64(c);
	mark->ordinal = cursor_u32(c);
	mark->next = cursor_u64(c);
}

static uint8_t decode_path(struct cursor *c)
{
	const uint8_t path = cursor_u8(c);

	if (path == 0 || path >= MACHINE_CHECK_PATH_END)
		c->bad = true;
	return path;
}

void machine_check_note_encode(const struct machine_check_note *note, struct buf *out)
{
	buf_u64(out, note->corrected);
	buf_u64(out, note->uncorrected);
	buf_u8(out, note->path);
	buf_u64(out, note->identity);
	buf_u64(out, note->edac_errors);
	encode_mark(&note->mark, out);
}

void machine_check_note_decode(struct cursor *c, struct machine_check_note *note)
{
	note->corrected = cursor_u64(c);
	note->uncorrected = cursor_u64(c);
	note->path = decode_path(c);
	note->identity = cursor_u64(c);
	note->edac_errors = cursor_u64(c);
	decode_mark(c, &note->mark);
}

void machine_checks_encode(const struct machine_checks *checks, struct buf *out)
{
	buf_u64(out, checks->corrected);
	buf_u64(out, checks->uncorrected);
	buf_u64(out, (uint64_t)checks->last_real_ns);
	buf_string(out, checks->last_text);
	buf_u32(out, checks->boot);
	buf_u64(out, checks->edac_errors);
	buf_u32(out, (uint32_t)checks->n_marks);
	for (size_t i = 0; i < checks->n_marks; i++)
		encode_mark(&checks->marks[i], out);
	buf_u32(out, (uint32_t)checks->n_known);
	for (size_t i = 0; i < checks->n_known; i++) {
		/* Oldest first. */
		const size_t at =
			(checks->next_known + MACHINE_CHECK_KNOWN_MAX - checks->n_known + i) % MACHINE_CHECK_KNOWN_MAX;

		buf_u64(out, checks->known[at].identity);
		buf_u8(out, checks->known[at].path);
	}
}

static void decode_text(struct cursor *c, struct machine_checks *checks)
{
	char *text = cursor_string(c, MACHINE_CHECK_TEXT_MAX);

	if (text != NULL)
		snprintf(checks->last_text, sizeof(checks->last_text), "%s", text);
	free(text);
}

static void decode_lists(struct cursor *c, struct machine_checks *checks)
{
	uint32_t n = cursor_u32(c);

	for (uint32_t i = 0; i < n && !c->bad; i++) {
		struct machine_check_mark mark;

		decode_mark(c, &mark);
		if (c->bad || find_mark(checks, mark.stream) != NULL || checks->n_marks == MACHINE_CHECK_MARKS_MAX)
			c->bad = true;
		else
			set_mark(checks, &mark);
	}
	n = cursor_u32(c);
	if (n > MACHINE_CHECK_KNOWN_MAX)
		c->bad = true;
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		const uint64_t identity = cursor_u64(c);

		set_known(checks, identity, decode_path(c));
	}
}

int machine_checks_decode(struct cursor *c, struct machine_checks **out)
{
	struct machine_checks *checks = machine_checks_new();

	checks->corrected = cursor_u64(c);
	checks->uncorrected = cursor_u64(c);
	checks->last_real_ns = (int64_t)cursor_u64(c);
	decode_text(c, checks);
	checks->boot = cursor_u32(c);
	checks->edac_errors = cursor_u64(c);
	decode_lists(c, checks);
	if (c->bad) {
		machine_checks_free(checks);
		return -ERR_PARSE;
	}
	*out = checks;
	return 0;
}
