/* mce_trace.c - one look at the buffers of the tracing instance (mce_trace.h). */
#include "source/mce_trace.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OVERTAKEN_MAX 3 /* times that a buffer is read again because the kernel went over it meanwhile */
#define SAID_NS (20 * NS_PER_S)

struct look {
	struct trace *trace;
	struct mce_marks *marks;
	struct mce_batch *batch;
	uint64_t edac_seen; /* errors of EDAC that were among the lines */
	uint64_t edac_now, edac_grown;
	int64_t now_boot_ns, now_real_ns;
	bool more, lost;
};

/* One buffer. */
struct buffer {
	struct look *look;
	struct machine_check_mark mark; /* of the newest line taken */
	struct machine_check_mark line; /* of the present line */
	struct mce_batch taken;
	uint64_t edac_seen;
	bool full;
};

/* ---- one line ---- */

static int64_t real_time(const struct look *look, uint64_t stamp_us)
{
	const int64_t stamp_ns = (int64_t)(stamp_us % (INT64_MAX / NS_PER_US)) * NS_PER_US;

	if (!trace_is_boot_clock(look->trace) || stamp_ns > look->now_boot_ns)
		return look->now_real_ns;
	return look->now_real_ns - (look->now_boot_ns - stamp_ns);
}

/* A form that nobody knows is told as it is. */
static void describe_unknown(const struct trace_line *line, struct machine_check *record)
{
	record->count = 1;
	snprintf(record->subject, sizeof(record->subject), "machine checks");
	snprintf(record->text, sizeof(record->text), "machine check: %.*s",
		 (int)(line->body_length < MACHINE_CHECK_TEXT_MAX ? line->body_length : MACHINE_CHECK_TEXT_MAX),
		 line->body);
}

/* Once, while it is new: the buffer has it again after each start. */
static void say(const struct look *look, const struct trace_line *line)
{
	if (look->now_real_ns - real_time(look, line->stamp_us) > SAID_NS)
		return;
	log_warning("the kernel says of a hardware error: %.*s: %.*s", (int)line->name_length, line->name,
		    (int)(line->body_length < MACHINE_CHECK_TEXT_MAX ? line->body_length : MACHINE_CHECK_TEXT_MAX),
		    line->body);
}

/* False: the line is no record. */
static bool describe(struct buffer *buffer, const struct trace_line *line, struct machine_check *record)
{
	struct mce_fields fields;

	if (trace_line_is(line, "mce_record")) {
		if (mce_parse_record(line->body, line->body_length, &fields) == 0)
			mce_describe(&fields, record);
		else
			describe_unknown(line, record);
		return true;
	}
	if (trace_line_is(line, "aer_event"))
		return mce_describe_pcie(line->body, line->body_length, record) == 0;
	if (trace_line_is(line, "mc_event"))
		buffer->edac_seen += mce_parse_edac_count(line->body, line->body_length);
	else
		say(buffer->look, line);
	return false;
}

/* Its place among all lines, and its number among those of that time. */
static void count_line(struct machine_check_mark *at, uint64_t stamp_us)
{
	at->ordinal = at->stamp == stamp_us ? at->ordinal + 1 : 1;
	at->stamp = stamp_us;
	at->next++;
}

static bool is_new(const struct machine_check_mark *line, const struct machine_check_mark *before)
{
	return line->stamp != before->stamp ? line->stamp > before->stamp : line->ordinal > before->ordinal;
}

static bool take_line(void *arg, const struct trace_line *line)
{
	struct buffer *buffer = arg;
	struct machine_check record = { .path = MACHINE_CHECK_TRACE };

	count_line(&buffer->line, line->stamp_us);
	if (!is_new(&buffer->line, &buffer->mark))
		return true;
	if (buffer->taken.n >= buffer->taken.room) {
		buffer->full = true;
		return false;
	}
	record.time_real_ns = real_time(buffer->look, line->stamp_us);
	buffer->mark = buffer->line;
	if (!describe(buffer, line, &record))
		return true;
	record.mark = buffer->line;
	record.edac_errors = buffer->look->edac_now;
	mce_batch_add(&buffer->taken, &record);
	return true;
}

/* ---- one buffer ---- */

static uint64_t first_of(const struct trace_stats *stats)
{
	return stats->overrun + stats->read;
}

/* Reads what is new behind `before`. *first: place of the oldest record that is there. */
static int read_buffer(struct buffer *buffer, const struct machine_check_mark *before, uint64_t *first,
		       struct source_error *error)
{
	struct look *look = buffer->look;
	struct trace_stats stats;
	int rc = trace_read_stats(look->trace, before->stream, &stats, error);

	for (int i = 0; rc == 0 && i < OVERTAKEN_MAX; i++) {
		machine_check_free_all(buffer->taken.first);
		mce_batch_init(&buffer->taken, look->batch->room - look->batch->n);
		*first = first_of(&stats);
		buffer->full = false;
		buffer->edac_seen = 0;
		buffer->mark = *before;
		buffer->line = (struct machine_check_mark){ .stream = before->stream, .next = *first };
		if (first_of(&stats) + stats.entries == before->next)
			return 0; /* nothing new */
		rc = trace_read(look->trace, before->stream, take_line, buffer, error);
		if (rc == 0)
			rc = trace_read_stats(look->trace, before->stream, &stats, error);
		if (first_of(&stats) == *first)
			break;
	}
	return rc;
}

/* So many were overwritten before they were read. */
static void add_loss(struct look *look, const struct machine_check_mark *before, uint64_t first)
{
	const uint64_t lost = first - before->next < UINT32_MAX ? first - before->next : UINT32_MAX;
	const uint64_t counted = look->edac_grown < lost ? look->edac_grown : lost;
	struct machine_check record = { .path = MACHINE_CHECK_TRACE,
					.lost = (uint32_t)lost,
					.count = (uint32_t)(lost - counted),
					.time_real_ns = look->now_real_ns,
					.edac_errors = look->edac_now,
					.subject = "machine checks",
					.mark = *before };

	look->edac_grown -= counted;
	look->lost = true;
	record.mark.next = first;
	if (counted > 0)
		snprintf(record.text, sizeof(record.text),
			 "%u records of hardware errors were lost, for the trace buffer of CPU %u was full; "
			 "reconciled from EDAC: %u of them are errors that it has counted, %u machine checks",
			 record.lost, before->stream, (uint32_t)counted, record.count);
	else
		snprintf(record.text, sizeof(record.text),
			 "%u records of machine checks were lost, for the trace buffer of CPU %u was full", record.lost,
			 before->stream);
	mce_batch_add(look->batch, &record);
}

static void move_over(struct mce_batch *from, struct mce_batch *to)
{
	if (from->first == NULL)
		return;
	*to->last = from->first;
	to->last = from->last;
	to->n += from->n;
}

struct loss {
	struct machine_check_mark before;
	uint64_t first;
};

struct losses {
	size_t n;
	struct loss rows[TRACE_CPUS_MAX];
};

static int look_at(struct look *look, uint32_t cpu, struct losses *losses, struct source_error *error)
{
	struct machine_check_mark *mark = mce_marks_of(look->marks, cpu);
	struct buffer buffer = { .look = look };
	uint64_t first = 0;
	int rc;

	if (mark == NULL)
		return 0;
	rc = read_buffer(&buffer, mark, &first, error);
	if (rc != 0) {
		machine_check_free_all(buffer.taken.first);
		return rc;
	}
	if (buffer.line.next < mark->next && !buffer.full)
		buffer.mark.next = buffer.line.next; /* the buffer was made anew */
	else if (first > mark->next && losses->n < TRACE_CPUS_MAX)
		losses->rows[losses->n++] = (struct loss){ *mark, first };
	if (first > buffer.mark.next)
		buffer.mark.next = first;
	*mark = buffer.mark;
	look->edac_seen += buffer.edac_seen;
	look->more = look->more || buffer.full;
	move_over(&buffer.taken, look->batch);
	return 0;
}

int mce_trace_look(struct trace *trace, const struct sysroot *root, struct mce_marks *marks, struct mce_batch *batch,
		   bool *more, bool *lost, struct source_error *error)
{
	struct look look = { .trace = trace,
			     .marks = marks,
			     .batch = batch,
			     .edac_now = mce_edac_errors(root),
			     .now_boot_ns = clock_boot_ns(),
			     .now_real_ns = clock_real_ns() };
	struct losses *losses = mem_alloc(sizeof(*losses));
	size_t n;
	const uint32_t *cpus = trace_cpus(trace, &n);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = look_at(&look, cpus[i], losses, error);
	if (look.edac_now > marks->edac_errors + look.edac_seen)
		look.edac_grown = look.edac_now - marks->edac_errors - look.edac_seen;
	for (size_t i = 0; i < losses->n; i++)
		add_loss(&look, &losses->rows[i].before, losses->rows[i].first);
	free(losses);
	if (!look.more)
		marks->edac_errors = look.edac_now;
	mce_batch_sort(batch);
	*more = look.more;
	*lost = look.lost;
	return rc;
}
