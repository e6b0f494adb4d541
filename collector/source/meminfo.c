/*
 * meminfo.c - memory of the host. Thread: worker "files". Source: /proc/meminfo (proc(5)) and
 * /sys/kernel/mm/ksm/pages_sharing (kernel: Documentation/admin-guide/mm/ksm.rst), which is not there on kernels
 * without KSM.
 */
#include "base/err.h"
#include "source/procsys.h"

#include <unistd.h>

#define MEMINFO_PATH "/proc/meminfo"
#define KSM_PATH "/sys/kernel/mm/ksm/pages_sharing"

#define KEY(name, field, bit) { name, offsetof(struct meminfo_part, field), bit }
static const struct procsys_key KEYS[] = {
	KEY("MemTotal", total_kib, MEM_HAVE_TOTAL),
	KEY("MemFree", free_kib, MEM_HAVE_FREE),
	KEY("MemAvailable", available_kib, MEM_HAVE_AVAILABLE),
	KEY("Buffers", buffers_kib, MEM_HAVE_BUFFERS),
	KEY("Cached", cached_kib, MEM_HAVE_CACHED),
	KEY("SwapTotal", swap_total_kib, MEM_HAVE_SWAP_TOTAL),
	KEY("SwapFree", swap_free_kib, MEM_HAVE_SWAP_FREE),
	KEY("Committed_AS", committed_kib, MEM_HAVE_COMMITTED),
	KEY("CommitLimit", commit_limit_kib, MEM_HAVE_COMMIT_LIMIT),
};

int meminfo_parse(const char *text, size_t length, struct meminfo_part **out, uint32_t *line)
{
	struct meminfo_part *part = procsys_part_new(sizeof(*part));
	int rc = procsys_take_keys(text, length, KEYS, sizeof(KEYS) / sizeof(KEYS[0]), part, &part->have, line);

	if (rc == 0 && (part->have & MEM_HAVE_TOTAL) == 0)
		rc = -ERR_PARSE;
	if (rc == 0)
		*out = part;
	else
		part_unref(part);
	return rc;
}

/* Optional: what cannot be read is absent. */
static void read_ksm(const struct sysroot *root, struct meminfo_part *part)
{
	const uint64_t page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	uint64_t pages;

	if (sysfile_u64(root, &pages, "%s", KSM_PATH) != 0 || pages > UINT64_MAX / page_kib)
		return;
	part->ksm_sharing_kib = pages * page_kib;
	part->have |= MEM_HAVE_KSM_SHARING;
}

static int poll_meminfo(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct procsys_buffer *buffer = self;
	struct meminfo_part *part;
	size_t length;
	uint32_t line = 0;
	int rc = procsys_read(buffer, env->root, MEMINFO_PATH, PROCSYS_TEXT_MAX, &length);

	if (rc == 0)
		rc = meminfo_parse(buffer->data, length, &part, &line);
	if (rc != 0)
		return procsys_fail(error, rc, MEMINFO_PATH, line);
	read_ksm(env->root, part);
	*result = &part->part;
	return 0;
}

const struct source source_meminfo = {
	.id = SOURCE_MEMINFO,
	.name = "meminfo",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.open = procsys_open,
	.poll = poll_meminfo,
	.close = procsys_close,
};
