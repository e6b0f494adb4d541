/* trace.c - reads the daemon's tracing instance (trace.h). */
#include "source/trace.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SMALL_FILE_MAX 4096
#define CHUNK_SIZE (64u * 1024)

struct trace {
	const struct sysroot *root;
	int pipe_fd;
	bool boot_clock;
	size_t n_cpus;
	uint32_t *cpus;
};

/* errno is that of the failure. */
static int fail(struct source_error *error, int code, const char *path)
{
	return source_fail(error, code, "%s: %s", path, code == -ERR_IO ? strerror(errno) : err_text(code));
}

static int open_file(const struct sysroot *root, const char *path, int flags)
{
	char whole[SYSFILE_PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", root->prefix, path);
	return open(whole, O_RDONLY | O_CLOEXEC | flags);
}

/* --- opening ------------------------------------------------------------------------------------------------------ */

static void add_cpu(void *arg, const char *name)
{
	struct trace *trace = arg;
	unsigned number;
	int end = 0;

	if (sscanf(name, "cpu%5u%n", &number, &end) == 1 && name[end] == '\0')
		trace->cpus[trace->n_cpus++] = number;
}

static int compare_cpus(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int list_cpus(struct trace *trace, struct source_error *error)
{
	int rc;

	trace->cpus = mem_array(TRACE_CPUS_MAX, sizeof(trace->cpus[0]));
	rc = sysfile_list(trace->root, TRACE_INSTANCE "/per_cpu", TRACE_CPUS_MAX, add_cpu, trace);
	/* Where nobody prepared it even the way there is closed. */
	if (rc == -ERR_IO && errno == EACCES)
		return source_fail(error, -ERR_ABSENT, TRACE_INSTANCE ": %s", strerror(EACCES));
	if (rc != 0)
		return fail(error, rc, TRACE_INSTANCE "/per_cpu");
	qsort(trace->cpus, trace->n_cpus, sizeof(trace->cpus[0]), compare_cpus);
	return 0;
}

static void read_clock(struct trace *trace)
{
	char text[SMALL_FILE_MAX];
	size_t length;

	trace->boot_clock =
		sysfile_read(trace->root, TRACE_INSTANCE "/trace_clock", text, sizeof(text), &length) == 0 &&
		trace_clock_is(text, length, "boot");
}

int trace_open(const struct sysroot *root, struct trace **out, struct source_error *error)
{
	struct trace *trace = mem_alloc(sizeof(*trace));
	int rc;

	trace->root = root;
	trace->pipe_fd = -1;
	rc = list_cpus(trace, error);
	if (rc != 0) {
		trace_close(trace);
		return rc;
	}
	trace->pipe_fd = open_file(root, TRACE_INSTANCE "/trace_pipe", O_NONBLOCK);
	read_clock(trace);
	*out = trace;
	return 0;
}

void trace_close(struct trace *trace)
{
	if (trace == NULL)
		return;
	if (trace->pipe_fd >= 0)
		close(trace->pipe_fd);
	free(trace->cpus);
	free(trace);
}

int trace_fd(const struct trace *trace)
{
	return trace->pipe_fd;
}

const uint32_t *trace_cpus(const struct trace *trace, size_t *n)
{
	*n = trace->n_cpus;
	return trace->cpus;
}

bool trace_is_boot_clock(const struct trace *trace)
{
	return trace->boot_clock;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

int trace_read_stats(struct trace *trace, uint32_t cpu, struct trace_stats *out, struct source_error *error)
{
	char path[SYSFILE_PATH_MAX], text[SMALL_FILE_MAX];
	size_t length;
	int rc;

	snprintf(path, sizeof(path), TRACE_INSTANCE "/per_cpu/cpu%u/stats", cpu);
	rc = sysfile_read(trace->root, path, text, sizeof(text), &length);
	if (rc == 0)
		rc = trace_stats_parse(text, length, out);
	return rc == 0 ? 0 : fail(error, rc, path);
}

struct reading {
	char data[CHUNK_SIZE];
	size_t length;
	bool skipping; /* the rest of a line that is too long */
	bool (*fn)(void *arg, const struct trace_line *line);
	void *arg;
};

/* False: fn has had enough. */
static bool give_line(struct reading *reading, const char *line, size_t length)
{
	struct trace_line found;

	if (reading->skipping) {
		reading->skipping = false;
		return true;
	}
	return trace_line_parse(line, length, &found) != 0 || reading->fn(reading->arg, &found);
}

/* Gives the whole lines, keeps the beginning of the next one. */
static bool give_lines(struct reading *reading)
{
	const char *line = reading->data, *const end = reading->data + reading->length;
	const char *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		if (!give_line(reading, line, (size_t)(newline - line)))
			return false;
		line = newline + 1;
	}
	reading->length = (size_t)(end - line);
	if (reading->length > TRACE_LINE_MAX) {
		reading->skipping = true;
		reading->length = 0;
	}
	memmove(reading->data, line, reading->length);
	return true;
}

static int read_lines(int fd, struct reading *reading)
{
	size_t all = 0;

	while (all < TRACE_TEXT_MAX) {
		const ssize_t n = read(fd, reading->data + reading->length, sizeof(reading->data) - reading->length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -ERR_IO : 0;
		reading->length += (size_t)n;
		all += (size_t)n;
		if (!give_lines(reading))
			return 0;
	}
	return -ERR_LIMIT;
}

int trace_read(struct trace *trace, uint32_t cpu, bool (*fn)(void *arg, const struct trace_line *line), void *arg,
	       struct source_error *error)
{
	struct reading *reading;
	char path[SYSFILE_PATH_MAX];
	int fd, rc;

	snprintf(path, sizeof(path), TRACE_INSTANCE "/per_cpu/cpu%u/trace", cpu);
	fd = open_file(trace->root, path, 0);
	if (fd < 0)
		return fail(error, -ERR_IO, path);
	reading = mem_alloc(sizeof(*reading));
	reading->fn = fn;
	reading->arg = arg;
	rc = read_lines(fd, reading);
	if (rc != 0)
		rc = fail(error, rc, path);
	free(reading);
	close(fd);
	return rc;
}
