/* mce_pstore.c - what pstore kept of the log of a system that stopped (mce_kmsg.h). */
#include "source/mce_kmsg.h"

#include "base/clock.h"
#include "base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_SIZE 128
#define PREFIX "dmesg-"
#define PACKED ".enc.z"

struct kept {
	char name[NAME_SIZE];
	int64_t time_ns; /* when it was written */
};

struct pstore {
	const struct sysroot *root;
	size_t n;
	struct kept files[PSTORE_FILES_MAX];
};

static bool ends_with(const char *name, const char *end)
{
	const size_t length = strlen(name), n = strlen(end);

	return length >= n && strcmp(name + length - n, end) == 0;
}

static void add_file(void *arg, const char *name)
{
	struct pstore *pstore = arg;
	struct kept *file = &pstore->files[pstore->n];
	char path[SYSFILE_PATH_MAX];
	struct stat st;

	if (pstore->n == PSTORE_FILES_MAX || strlen(name) >= NAME_SIZE || strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
	    ends_with(name, PACKED))
		return;
	snprintf(path, sizeof(path), "%s" PSTORE_PATH "/%s", pstore->root->prefix, name);
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_mtim.tv_sec < 0)
		return;
	snprintf(file->name, sizeof(file->name), "%s", name);
	file->time_ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	pstore->n++;
}

static int compare_files(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->time_ns != y->time_ns ? (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns)
					: strcmp(x->name, y->name);
}

static void describe_kept(const struct mce_fields *fields, bool fatal, struct machine_check *record)
{
	char text[MACHINE_CHECK_TEXT_MAX + 1];

	mce_describe(fields, record);
	memcpy(text, record->text, sizeof(text));
	snprintf(record->text, sizeof(record->text), "%s: %.*s",
		 fatal ? "the node stopped with a fatal machine check" : "before the node stopped",
		 MACHINE_CHECK_TEXT_MAX - 64, text);
}

static void read_file(const struct pstore *pstore, const struct kept *file, const struct machine_check_mark *at,
		      struct mce_batch *batch)
{
	struct machine_check record = { .path = MACHINE_CHECK_PSTORE, .time_real_ns = file->time_ns, .mark = *at };
	char path[SYSFILE_PATH_MAX], *text = mem_alloc(PSTORE_FILE_MAX);
	struct mce_fields fields;
	size_t length;
	bool fatal;

	snprintf(path, sizeof(path), PSTORE_PATH "/%s", file->name);
	if (sysfile_read(pstore->root, path, text, PSTORE_FILE_MAX, &length) == 0 &&
	    mce_find_fatal(text, length, &fields, &fatal)) {
		describe_kept(&fields, fatal, &record);
		mce_batch_add(batch, &record);
	}
	free(text);
}

int mce_pstore_look(const struct sysroot *root, struct mce_marks *marks, struct mce_batch *batch)
{
	struct machine_check_mark *mark = mce_marks_of(marks, MACHINE_CHECK_STREAM_PSTORE);
	struct machine_check_mark at = { .stream = MACHINE_CHECK_STREAM_PSTORE };
	struct pstore *pstore = mem_alloc(sizeof(*pstore));
	int rc;

	pstore->root = root;
	rc = sysfile_list(root, PSTORE_PATH, 16 * PSTORE_FILES_MAX, add_file, pstore);
	qsort(pstore->files, pstore->n, sizeof(pstore->files[0]), compare_files);
	for (size_t i = 0; mark != NULL && i < pstore->n && batch->n < batch->room; i++) {
		const uint64_t stamp = (uint64_t)(pstore->files[i].time_ns / NS_PER_US);

		at.ordinal = stamp == at.stamp ? at.ordinal + 1 : 1;
		at.stamp = stamp;
		if (!machine_check_mark_after(&at, mark))
			continue;
		read_file(pstore, &pstore->files[i], &at, batch);
		*mark = at;
	}
	rc = rc == 0 && pstore->n > 0 ? 0 : -ERR_ABSENT;
	free(pstore);
	return rc;
}
