/*
 * vmstat.c - paging counters of the host. Thread: worker "files". Source: /proc/vmstat (proc(5)); pgpgin and pgpgout
 * count KiB, pswpin and pswpout pages.
 */
#include "base/clock.h"
#include "base/err.h"
#include "source/procsys.h"

#include <unistd.h>

#define VMSTAT_PATH "/proc/vmstat"

#define KEY(name, field, bit) { name, offsetof(struct vmstat_part, field), bit }
static const struct procsys_key KEYS[] = {
	KEY("pgpgin", paged_in_kib, MEM_HAVE_PAGED_IN),
	KEY("pgpgout", paged_out_kib, MEM_HAVE_PAGED_OUT),
	KEY("pgfault", page_faults, MEM_HAVE_PAGE_FAULTS),
	KEY("pgmajfault", major_faults, MEM_HAVE_MAJOR_FAULTS),
	KEY("pswpin", swapped_in_kib, MEM_HAVE_SWAPPED_IN), /* pages until they are converted */
	KEY("pswpout", swapped_out_kib, MEM_HAVE_SWAPPED_OUT),
};

/* A count that no KiB can hold is absent. */
static void convert_pages(struct vmstat_part *part, uint64_t *pages, uint64_t have)
{
	const uint64_t page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;

	if (*pages > UINT64_MAX / page_kib)
		part->have &= ~have;
	*pages *= page_kib;
}

int vmstat_parse(const char *text, size_t length, struct vmstat_part **out, uint32_t *line)
{
	struct vmstat_part *part = procsys_part_new(sizeof(*part));
	int rc = procsys_take_keys(text, length, KEYS, sizeof(KEYS) / sizeof(KEYS[0]), part, &part->have, line);

	/* Not one of them: a file of another form. */
	if (rc == 0 && part->have == 0)
		rc = -ERR_PARSE;
	convert_pages(part, &part->swapped_in_kib, MEM_HAVE_SWAPPED_IN);
	convert_pages(part, &part->swapped_out_kib, MEM_HAVE_SWAPPED_OUT);
	if (rc == 0)
		*out = part;
	else
		part_unref(part);
	return rc;
}

static int poll_vmstat(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct procsys_buffer *buffer = self;
	struct vmstat_part *part;
	size_t length;
	uint32_t line = 0;
	int rc = procsys_read(buffer, env->root, VMSTAT_PATH, PROCSYS_TEXT_MAX, &length);
	const int64_t now = clock_mono_ns();

	if (rc == 0)
		rc = vmstat_parse(buffer->data, length, &part, &line);
	if (rc != 0)
		return procsys_fail(error, rc, VMSTAT_PATH, line);
	part->read_mono_ns = now;
	*result = &part->part;
	return 0;
}

const struct source source_vmstat = {
	.id = SOURCE_VMSTAT,
	.name = "vmstat",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.open = procsys_open,
	.poll = poll_vmstat,
	.close = procsys_close,
};
