/*
 * stat.c - CPU times and process counts of the host. Thread: worker "files". Source: /proc/stat (proc(5)).
 *
 * Only CPUs that are online are listed there, in ascending number. Times are in ticks of USER_HZ.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/procsys.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAT_PATH "/proc/stat"
#define FIELDS_LEAST 4 /* user nice system idle; the others came with later kernels and are 0 before */

/* The fields of a "cpu" line, in order. */
static const size_t FIELDS[] = {
	offsetof(struct cpu_time, user_ms),    offsetof(struct cpu_time, nice_ms),
	offsetof(struct cpu_time, system_ms),  offsetof(struct cpu_time, idle_ms),
	offsetof(struct cpu_time, iowait_ms),  offsetof(struct cpu_time, irq_ms),
	offsetof(struct cpu_time, softirq_ms), offsetof(struct cpu_time, steal_ms),
	offsetof(struct cpu_time, guest_ms),   offsetof(struct cpu_time, guest_nice_ms),
};
#define N_FIELDS (sizeof(FIELDS) / sizeof(FIELDS[0]))

struct counts {
	uint64_t have, running, blocked;
};
static const struct procsys_key COUNTS[] = {
	{ "procs_running", offsetof(struct counts, running), STAT_HAVE_RUNNING },
	{ "procs_blocked", offsetof(struct counts, blocked), STAT_HAVE_BLOCKED },
};

static bool is_cpu_line(const struct procsys_lines *lines)
{
	return lines->stop - lines->at > 3 && memcmp(lines->at, "cpu", 3) == 0;
}

static bool is_blank(const char *p, const char *stop)
{
	while (p < stop && *p == ' ')
		p++;
	return p == stop;
}

/* The numbers behind "cpu" or "cpuN". Fields that this program does not know are passed over. */
static int take_times(const char *p, const char *stop, uint64_t hz, struct cpu_time *out)
{
	size_t n = 0;

	while (n < N_FIELDS && !is_blank(p, stop)) {
		uint64_t ticks;
		const int rc = text_take_u64(&p, stop, &ticks);

		if (rc != 0)
			return rc;
		if (ticks > UINT64_MAX / 1000)
			return -ERR_RANGE;
		ticks = ticks * 1000 / hz;
		memcpy((char *)out + FIELDS[n++], &ticks, sizeof(ticks));
	}
	return n < FIELDS_LEAST ? -ERR_PARSE : 0;
}

static int take_cpu(const struct procsys_lines *lines, uint64_t hz, struct stat_part *part)
{
	const char *p = lines->at + 3;
	struct cpu_time *row = &part->cpus[part->n_cpus];
	uint64_t number;
	int rc;

	if (*p == ' ')
		return take_times(p, lines->stop, hz, &part->total);
	rc = text_take_u64(&p, lines->stop, &number);
	if (rc != 0)
		return rc;
	if (number > PROCSYS_CPU_NUMBER_MAX)
		return -ERR_RANGE;
	if (part->n_cpus > 0 && number <= row[-1].number)
		return -ERR_PARSE;
	row->number = (uint32_t)number;
	part->n_cpus++;
	return take_times(p, lines->stop, hz, row);
}

/* How many rows the part needs; the lines stand together at the head of the file. */
static int count_cpus(const char *text, size_t length, size_t *n, uint32_t *line)
{
	struct procsys_lines lines;
	int rc;

	*n = 0;
	procsys_lines_init(&lines, text, length);
	while ((rc = procsys_lines_next(&lines)) > 0 && is_cpu_line(&lines))
		*n += lines.at[3] != ' ';
	*line = lines.number;
	if (rc < 0 || *n == 0)
		return -ERR_PARSE;
	return *n > HOST_CPUS_MAX ? -ERR_LIMIT : 0;
}

static int take_cpus(const char *text, size_t length, uint64_t hz, struct stat_part *part, uint32_t *line)
{
	struct procsys_lines lines;
	int rc = 0;

	procsys_lines_init(&lines, text, length);
	while (rc == 0 && procsys_lines_next(&lines) > 0 && is_cpu_line(&lines))
		rc = take_cpu(&lines, hz, part);
	*line = lines.number;
	return rc;
}

static int take_counts(const char *text, size_t length, struct stat_part *part, uint32_t *line)
{
	struct counts counts = { 0 };
	const int rc = procsys_take_keys(text, length, COUNTS, sizeof(COUNTS) / sizeof(COUNTS[0]), &counts,
					 &counts.have, line);

	if (rc != 0)
		return rc;
	if (counts.running > UINT32_MAX || counts.blocked > UINT32_MAX)
		return -ERR_RANGE;
	part->have = counts.have;
	part->processes_running = (uint32_t)counts.running;
	part->processes_blocked = (uint32_t)counts.blocked;
	return 0;
}

int stat_parse(const char *text, size_t length, uint64_t hz, struct stat_part **out, uint32_t *line)
{
	struct stat_part *part;
	size_t n;
	int rc = count_cpus(text, length, &n, line);

	if (rc != 0)
		return rc;
	part = procsys_part_new(sizeof(*part) + n * sizeof(part->cpus[0]));
	rc = take_cpus(text, length, hz, part, line);
	if (rc == 0)
		rc = take_counts(text, length, part, line);
	if (rc == 0)
		*out = part;
	else
		part_unref(part);
	return rc;
}

static int poll_stat(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct procsys_buffer *buffer = self;
	struct stat_part *part;
	size_t length;
	uint32_t line = 0;
	int rc = procsys_read(buffer, env->root, STAT_PATH, PROCSYS_STAT_MAX, &length);
	const int64_t now = clock_mono_ns();

	if (rc == 0)
		rc = stat_parse(buffer->data, length, (uint64_t)sysconf(_SC_CLK_TCK), &part, &line);
	if (rc != 0)
		return procsys_fail(error, rc, STAT_PATH, line);
	part->read_mono_ns = now;
	*result = &part->part;
	return 0;
}

const struct source source_stat = {
	.id = SOURCE_STAT,
	.name = "stat",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.open = procsys_open,
	.poll = poll_stat,
	.close = procsys_close,
};
