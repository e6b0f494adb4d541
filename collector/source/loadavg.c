/*
 * loadavg.c - load averages and the number of processes. Thread: worker "files". Source: /proc/loadavg (proc(5)):
 * "0.20 0.18 0.12 1/80 11206", and the numeric entries of /proc (the 80 above counts threads as well).
 */
#include "base/err.h"
#include "base/text.h"
#include "source/procsys.h"

#define LOADAVG_PATH "/proc/loadavg"
#define PROC_ENTRIES_MAX (1u << 23) /* twice the greatest pid_max */

/* "1/80": what runs, what there is. Only its form counts here. */
static int skip_entities(const char **p, const char *stop)
{
	uint64_t running, total;
	int rc = text_take_u64(p, stop, &running);

	if (rc != 0)
		return rc;
	if (*p == stop || *(*p)++ != '/')
		return -ERR_PARSE;
	rc = text_take_u64(p, stop, &total);
	return rc == 0 && total > UINT32_MAX ? -ERR_RANGE : rc;
}

int loadavg_parse(const char *text, size_t length, struct load_part **out, uint32_t *line)
{
	struct procsys_lines lines;
	struct load_part load = { .have_processes = false };
	struct load_part *part;
	const char *p;
	int rc;

	*line = 1;
	procsys_lines_init(&lines, text, length);
	if (procsys_lines_next(&lines) <= 0)
		return -ERR_PARSE;
	p = lines.at;
	if ((rc = text_take_hundredths(&p, lines.stop, &load.load1_centi)) != 0 ||
	    (rc = text_take_hundredths(&p, lines.stop, &load.load5_centi)) != 0 ||
	    (rc = text_take_hundredths(&p, lines.stop, &load.load15_centi)) != 0 ||
	    (rc = skip_entities(&p, lines.stop)) != 0)
		return rc;
	part = procsys_part_new(sizeof(*part));
	part->load1_centi = load.load1_centi;
	part->load5_centi = load.load5_centi;
	part->load15_centi = load.load15_centi;
	*out = part;
	return 0;
}

static void count_process(void *arg, const char *name)
{
	uint32_t *processes = arg, pid;

	if (text_u32(name, &pid) == 0)
		(*processes)++;
}

/* Absent where the tree has none, or more entries than a kernel can have. */
static void count_processes(const struct sysroot *root, struct load_part *part)
{
	part->have_processes = sysfile_list(root, "/proc", PROC_ENTRIES_MAX, count_process, &part->processes) == 0 &&
			       part->processes > 0;
}

static int poll_loadavg(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	char text[256];
	struct load_part *part;
	size_t length;
	uint32_t line = 0;
	int rc = sysfile_read(env->root, LOADAVG_PATH, text, sizeof(text), &length);

	(void)self;
	if (rc == 0)
		rc = loadavg_parse(text, length, &part, &line);
	if (rc != 0)
		return procsys_fail(error, rc, LOADAVG_PATH, line);
	count_processes(env->root, part);
	*result = &part->part;
	return 0;
}

const struct source source_loadavg = {
	.id = SOURCE_LOADAVG,
	.name = "loadavg",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_loadavg,
};
