/*
 * pressure.c - pressure stall information of the host. Thread: worker "files". Source: /proc/pressure/{cpu,memory,io}
 * (kernel: Documentation/accounting/psi.rst):
 *
 *	some avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *	full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * Before Linux 5.13 cpu has no "full" line: that is absent then, not zero.
 */
#include "base/err.h"
#include "base/text.h"
#include "source/procsys.h"

#include <errno.h>
#include <string.h>

static const char *const PATHS[] = {
	[PRESSURE_CPU] = "/proc/pressure/cpu",
	[PRESSURE_MEMORY] = "/proc/pressure/memory",
	[PRESSURE_IO] = "/proc/pressure/io",
};

static bool take_word(const char **p, const char *stop, const char *word)
{
	const size_t length = strlen(word);

	if ((size_t)(stop - *p) < length || memcmp(*p, word, length) != 0)
		return false;
	*p += length;
	return true;
}

static int take_average(const char **p, const char *stop, const char *word, uint32_t *out)
{
	return take_word(p, stop, word) ? text_take_hundredths(p, stop, out) : -ERR_PARSE;
}

static int take_line(const char *p, const char *stop, uint32_t averages[3], uint64_t *total)
{
	int rc;

	if ((rc = take_average(&p, stop, " avg10=", &averages[0])) != 0 ||
	    (rc = take_average(&p, stop, " avg60=", &averages[1])) != 0 ||
	    (rc = take_average(&p, stop, " avg300=", &averages[2])) != 0)
		return rc;
	if (!take_word(&p, stop, " total="))
		return -ERR_PARSE;
	rc = text_take_u64(&p, stop, total);
	return rc != 0 ? rc : p == stop ? 0 : -ERR_PARSE;
}

static int take_some_or_full(const struct procsys_lines *lines, struct pressure *row)
{
	const char *p = lines->at;
	uint32_t averages[3];
	uint64_t total;
	const bool some = take_word(&p, lines->stop, "some");
	const bool full = !some && take_word(&p, lines->stop, "full");
	const int rc = some || full ? take_line(p, lines->stop, averages, &total) : -ERR_PARSE;

	if (rc != 0)
		return rc;
	*(some ? &row->some10_centi : &row->full10_centi) = averages[0];
	*(some ? &row->some60_centi : &row->full60_centi) = averages[1];
	*(some ? &row->some300_centi : &row->full300_centi) = averages[2];
	*(some ? &row->some_total_us : &row->full_total_us) = total;
	row->have |= some ? PRESSURE_HAVE_SOME : PRESSURE_HAVE_FULL;
	return 0;
}

int pressure_parse(const char *text, size_t length, struct pressure *out, uint32_t *line)
{
	struct procsys_lines lines;
	struct pressure row = { .resource = out->resource };
	int rc;

	procsys_lines_init(&lines, text, length);
	while ((rc = procsys_lines_next(&lines)) > 0) {
		rc = take_some_or_full(&lines, &row);
		if (rc != 0)
			break;
	}
	*line = lines.number;
	if (rc == 0 && (row.have & PRESSURE_HAVE_SOME) == 0)
		rc = -ERR_PARSE;
	if (rc == 0)
		*out = row;
	return rc;
}

/* The kernel answers EOPNOTSUPP where PSI is switched off at boot. */
static int read_row(const struct sysroot *root, uint32_t resource, struct pressure *row, uint32_t *line)
{
	char text[512];
	size_t length;
	const int rc = sysfile_read(root, PATHS[resource], text, sizeof(text), &length);

	if (rc != 0)
		return rc == -ERR_IO && errno == EOPNOTSUPP ? -ERR_ABSENT : rc;
	row->resource = resource;
	return pressure_parse(text, length, row, line);
}

static int poll_pressure(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct pressures *part = procsys_part_new(sizeof(*part));

	(void)self;
	for (uint32_t resource = PRESSURE_CPU; resource <= PRESSURE_IO; resource++) {
		uint32_t line = 0;
		const int rc = read_row(env->root, resource, &part->rows[part->n], &line);

		if (rc == 0) {
			part->n++;
		} else if (rc != -ERR_ABSENT) {
			procsys_fail(error, rc, PATHS[resource], line);
			part_unref(part);
			return rc;
		}
	}
	if (part->n == 0) {
		part_unref(part);
		return source_fail(error, -ERR_ABSENT, "/proc/pressure: this kernel keeps no pressure statistics");
	}
	*result = &part->part;
	return 0;
}

const struct source source_pressure = {
	.id = SOURCE_PRESSURE,
	.name = "pressure",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_pressure,
};
