/*
 * hugepages.c - pools of huge pages. Thread: worker "files". Source: /sys/kernel/mm/hugepages/hugepages-NkB
 * (kernel: Documentation/admin-guide/mm/hugetlbpage.rst).
 */
#include "base/err.h"
#include "base/text.h"
#include "source/procsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGEPAGES_PATH "/sys/kernel/mm/hugepages"
#define NAME_BEFORE "hugepages-"
#define NAME_AFTER "kB"

static const struct {
	const char *file;
	size_t offset;
	uint64_t bit;
} FILES[] = {
	{ "nr_hugepages", offsetof(struct hugepage, total), HUGEPAGE_HAVE_TOTAL },
	{ "free_hugepages", offsetof(struct hugepage, free), HUGEPAGE_HAVE_FREE },
	{ "resv_hugepages", offsetof(struct hugepage, reserved), HUGEPAGE_HAVE_RESERVED },
	{ "surplus_hugepages", offsetof(struct hugepage, surplus), HUGEPAGE_HAVE_SURPLUS },
};

int hugepages_parse_name(const char *name, uint32_t *size_kib)
{
	const char *p = name + strlen(NAME_BEFORE), *end = name + strlen(name);
	uint64_t size;

	if (strncmp(name, NAME_BEFORE, strlen(NAME_BEFORE)) != 0 || p == end || *p == ' ' ||
	    text_take_u64(&p, end, &size) != 0 || strcmp(p, NAME_AFTER) != 0)
		return -ERR_PARSE;
	if (size == 0 || size > UINT32_MAX)
		return -ERR_RANGE;
	*size_kib = (uint32_t)size;
	return 0;
}

static void add_size(void *arg, const char *name)
{
	struct hugepages *part = arg;
	uint32_t size_kib;

	if (part->n < HOST_HUGEPAGE_SIZES_MAX && hugepages_parse_name(name, &size_kib) == 0)
		part->rows[part->n++].size_kib = size_kib;
}

static int by_size(const void *a, const void *b)
{
	const struct hugepage *x = a, *y = b;

	return x->size_kib < y->size_kib ? -1 : x->size_kib > y->size_kib;
}

/* A file that is not there is an absent column; one that cannot be read or understood is a failure. */
static int read_row(const struct sysroot *root, struct hugepage *row, char path[SYSFILE_PATH_MAX])
{
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
		uint64_t pages;
		int rc;

		snprintf(path, SYSFILE_PATH_MAX, "%s/hugepages-%ukB/%s", HUGEPAGES_PATH, row->size_kib, FILES[i].file);
		rc = sysfile_u64(root, &pages, "%s", path);
		if (rc == 0 && pages > UINT32_MAX)
			rc = -ERR_RANGE;
		if (rc != 0 && rc != -ERR_ABSENT)
			return rc;
		if (rc == 0) {
			const uint32_t value = (uint32_t)pages;

			memcpy((char *)row + FILES[i].offset, &value, sizeof(value));
			row->have |= FILES[i].bit;
		}
	}
	return 0;
}

static int read_rows(const struct sysroot *root, struct hugepages *part, struct source_error *error)
{
	char path[SYSFILE_PATH_MAX] = HUGEPAGES_PATH;
	int rc = sysfile_list(root, HUGEPAGES_PATH, HOST_HUGEPAGE_SIZES_MAX, add_size, part);

	if (rc == 0 && part->n == 0)
		rc = -ERR_ABSENT;
	qsort(part->rows, part->n, sizeof(part->rows[0]), by_size);
	for (size_t i = 0; rc == 0 && i < part->n; i++)
		rc = read_row(root, &part->rows[i], path);
	return rc == 0 ? 0 : procsys_fail(error, rc, path, 0);
}

static int poll_hugepages(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct hugepages *part = procsys_part_new(sizeof(*part));
	const int rc = read_rows(env->root, part, error);

	(void)self;
	if (rc == 0)
		*result = &part->part;
	else
		part_unref(part);
	return rc;
}

const struct source source_hugepages = {
	.id = SOURCE_HUGEPAGES,
	.name = "hugepages",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_hugepages,
};
