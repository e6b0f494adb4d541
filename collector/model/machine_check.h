/*
 * machine_check.h - machine checks: a record as a reader hands it over, and what is known of all there ever were.
 *
 * Thread: the cycle lane, and for what the event log keeps of it the lane that writes the log. Pure.
 *
 * A record becomes one event (machine_checks_event). The event carries a note: the totals with this record in them, and
 * how far the stream that it came from has been read. So one append to the log is all that makes a record told, counted
 * and passed: machine_checks_apply over the events of the log gives what is known of all, and the head of a segment has
 * it as it was before the segment.
 */
#ifndef EDGENODE_MODEL_MACHINE_CHECK_H
#define EDGENODE_MODEL_MACHINE_CHECK_H

#include "base/buf.h"
#include "model/host.h"

#define MACHINE_CHECK_TEXT_MAX 255
#define MACHINE_CHECK_SUBJECT_MAX 63
#define MACHINE_CHECK_MARKS_MAX 8194u /* a processor each, and two */
#define MACHINE_CHECK_KNOWN_MAX 256u

enum machine_check_path { MACHINE_CHECK_TRACE = 1, MACHINE_CHECK_KMSG, MACHINE_CHECK_PSTORE, MACHINE_CHECK_PATH_END };

/* How far a stream has been read: this record is told, and those before it. */
struct machine_check_mark {
	uint32_t stream;  /* the processor whose trace buffer it is, or one of the two below */
	uint64_t stamp;   /* trace: us of its clock; kmsg: sequence number; pstore: us of the file's time */
	uint32_t ordinal; /* among the records of that stamp: 1, 2, ... */
	uint64_t next;    /* trace: place of the next one among all that ever went into the buffer */
};
#define MACHINE_CHECK_STREAM_KMSG (UINT32_MAX - 1)
#define MACHINE_CHECK_STREAM_PSTORE UINT32_MAX

bool machine_check_mark_after(const struct machine_check_mark *mark, const struct machine_check_mark *before);

/* One record. */
struct machine_check {
	struct machine_check *next;
	uint8_t path; /* enum machine_check_path */
	bool uncorrected;
	uint32_t lost;         /* this stands for so many that nobody could read; 0: it is a record */
	uint32_t count;        /* how many it adds to the total: 1; of lost ones those that nobody else counts */
	uint64_t identity;     /* of what the hardware reported, equal on all paths; 0: not known */
	int64_t time_real_ns;  /* of the occurrence */
	uint64_t edac_errors;  /* what EDAC had counted when it was read */
	char subject[MACHINE_CHECK_SUBJECT_MAX + 1];
	char text[MACHINE_CHECK_TEXT_MAX + 1];
	struct machine_check_mark mark;
};
void machine_check_free_all(struct machine_check *first);

/* What the event of a record has of it in the log. */
struct machine_check_note {
	uint64_t corrected, uncorrected; /* the totals, this one among them */
	uint8_t path;
	uint64_t identity, edac_errors;
	struct machine_check_mark mark;
};
void machine_check_note_encode(const struct machine_check_note *note, struct buf *out);
void machine_check_note_decode(struct cursor *c, struct machine_check_note *note);

/* edgeMceCorrected and so on: the part of the snapshot. */
struct machine_check_totals {
	struct part part;
	uint64_t have;
	uint64_t corrected, uncorrected; /* since the state directory was made */
	int64_t last_real_ns;
	char last_text[MACHINE_CHECK_TEXT_MAX + 1];
};
#define MACHINE_CHECK_HAVE_LAST BIT(0)

/* What is known of all. Plain data of one owner. */
struct machine_checks {
	uint64_t corrected, uncorrected;
	int64_t last_real_ns;
	char last_text[MACHINE_CHECK_TEXT_MAX + 1]; /* "": there was none */
	uint32_t boot;        /* boot counter to which marks (but pstore's) and edac_errors belong */
	uint64_t edac_errors; /* with the newest */
	size_t n_marks;
	struct machine_check_mark *marks;
	/* The newest identities, a ring. */
	size_t n_known, next_known;
	struct { uint64_t identity; uint8_t path; } known[MACHINE_CHECK_KNOWN_MAX];
};
struct machine_checks *machine_checks_new(void);
struct machine_checks *machine_checks_copy(const struct machine_checks *checks);
void machine_checks_free(struct machine_checks *checks);

/* From here on it is this boot: buffers and sequence numbers of another one say nothing. */
void machine_checks_set_boot(struct machine_checks *checks, uint32_t boot);

/* The event of a record, with its note; NULL where the record has been told already, by this path or another one. */
struct event *machine_checks_event(const struct machine_checks *checks, const struct machine_check *record);

/* Enters an event; one that is of no machine check changes nothing. */
void machine_checks_apply(struct machine_checks *checks, const struct event *event);

/* A new part; NULL where there was none and nobody looks for them. */
struct machine_check_totals *machine_checks_totals(const struct machine_checks *checks, bool watched);

/* As the head of a segment has it. -ERR_PARSE. */
void machine_checks_encode(const struct machine_checks *checks, struct buf *out);
int machine_checks_decode(struct cursor *c, struct machine_checks **out);

#endif
