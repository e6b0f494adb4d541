/*
 * interrupts.c - the interrupts by which processors report errors and heat. Thread: worker "files". Source:
 * /proc/interrupts (x86; other processors have no such rows).
 */
#include "base/text.h"
#include "source/procsys.h"

#include <string.h>

#define INTERRUPTS_PATH "/proc/interrupts"
#define INTERRUPTS_MAX (16u * 1024 * 1024) /* a row for each interrupt, a column for each processor */

static const struct procsys_key ROWS[] = {
	{ "MCE", offsetof(struct interrupts, mce), INTERRUPTS_HAVE_MCE },
	{ "MCP", offsetof(struct interrupts, mcp), INTERRUPTS_HAVE_MCP },
	{ "TRM", offsetof(struct interrupts, trm), INTERRUPTS_HAVE_TRM },
	{ "THR", offsetof(struct interrupts, thr), INTERRUPTS_HAVE_THR },
	{ "DFR", offsetof(struct interrupts, dfr), INTERRUPTS_HAVE_DFR },
};

static const struct procsys_key *row_of(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		if (length == strlen(ROWS[i].name) && memcmp(name, ROWS[i].name, length) == 0)
			return &ROWS[i];
	return NULL;
}

/* One number for each processor that is online, then a description. */
static int take_sum(const char *p, const char *stop, uint64_t *out)
{
	uint64_t sum = 0, value;
	size_t n = 0;
	int rc;

	while ((rc = text_take_u64(&p, stop, &value)) == 0) {
		if (value > UINT64_MAX - sum)
			return -ERR_RANGE;
		sum += value;
		n++;
	}
	if (rc != -ERR_PARSE || n == 0)
		return rc;
	*out = sum;
	return 0;
}

static int take_row(const struct procsys_lines *lines, struct interrupts *part)
{
	const struct procsys_key *row;
	const char *p = lines->at, *colon;
	uint64_t sum;
	int rc;

	while (p < lines->stop && *p == ' ')
		p++;
	colon = memchr(p, ':', (size_t)(lines->stop - p));
	row = colon != NULL ? row_of(p, (size_t)(colon - p)) : NULL;
	if (row == NULL)
		return 0;
	rc = take_sum(colon + 1, lines->stop, &sum);
	if (rc != 0)
		return rc;
	memcpy((char *)part + row->offset, &sum, sizeof(sum));
	part->have |= row->bit;
	return 0;
}

int interrupts_parse(const char *text, size_t length, struct interrupts **out, uint32_t *line)
{
	struct interrupts *part = procsys_part_new(sizeof(*part));
	struct procsys_lines lines;
	int rc;

	procsys_lines_init(&lines, text, length);
	while ((rc = procsys_lines_next(&lines)) > 0) {
		rc = take_row(&lines, part);
		if (rc != 0)
			break;
	}
	*line = lines.number;
	if (rc == 0)
		*out = part;
	else
		part_unref(part);
	return rc;
}

static int poll_interrupts(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct procsys_buffer *buffer = self;
	struct interrupts *part;
	size_t length;
	uint32_t line = 0;
	int rc = procsys_read(buffer, env->root, INTERRUPTS_PATH, INTERRUPTS_MAX, &length);

	if (rc == 0)
		rc = interrupts_parse(buffer->data, length, &part, &line);
	if (rc != 0)
		return procsys_fail(error, rc, INTERRUPTS_PATH, line);
	if (part->have == 0) {
		part_unref(part);
		return procsys_fail(error, -ERR_ABSENT, INTERRUPTS_PATH, 0);
	}
	*result = &part->part;
	return 0;
}

const struct source source_interrupts = {
	.id = SOURCE_INTERRUPTS,
	.name = "interrupts",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.open = procsys_open,
	.poll = poll_interrupts,
	.close = procsys_close,
};
