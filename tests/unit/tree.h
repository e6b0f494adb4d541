/*
 * tree.h - for tests of sources: one poll on a tree of tests/fixtures or on a scratch tree made by the test.
 */
#ifndef EDGENODE_TESTS_TREE_H
#define EDGENODE_TESTS_TREE_H

#include "source/source.h"
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct source_error error;

/* Open, one poll, close. */
static inline int poll_tree(const struct source *source, const char *prefix, struct part **part)
{
	const struct sysroot root = { .prefix = prefix };
	const struct source_env env = { .root = &root, .uri = "", .agent_version = "test" };
	void *self = NULL;
	int rc = 0;

	error.text[0] = '\0';
	*part = NULL;
	if (source->open != NULL)
		rc = source->open(&env, &self, &error);
	if (rc == 0) {
		rc = source->poll(self, &env, part, &error);
		if (source->close != NULL)
			source->close(self);
	}
	ck_assert_msg(rc == 0 || error.text[0] != '\0', "%s: a failure without text", source->name);
	ck_assert_int_eq(rc == 0, *part != NULL);
	return rc;
}

static inline void *must_poll(const struct source *source, const char *tree)
{
	char prefix[512];
	struct part *part;

	snprintf(prefix, sizeof(prefix), "%s/%s", FIXTURES, tree);
	ck_assert_msg(poll_tree(source, prefix, &part) == 0, "%s on %s: %s", source->name, tree, error.text);
	return part;
}

/* A parser on a copy of exactly that length, so that a sanitizer sees a byte read beyond it. */
static inline int parse_exact(int (*run)(const char *text, size_t length, uint32_t *line), const char *text,
			      size_t length, uint32_t *line)
{
	char *copy = malloc(length > 0 ? length : 1);
	int rc;

	memcpy(copy, text, length);
	*line = 0;
	rc = run(copy, length, line);
	free(copy);
	return rc;
}

/* A root of our own in a temporary directory. */
static char scratch[64];

static inline void scratch_make(void)
{
	snprintf(scratch, sizeof(scratch), "/tmp/edgenode-host-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static inline void scratch_write(const char *path, const char *data, size_t length)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", scratch, path);
	for (char *p = full + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	file = fopen(full, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, length, file), length);
	fclose(file);
}

static inline void scratch_text(const char *path, const char *text)
{
	scratch_write(path, text, strlen(text));
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void scratch_remove(void)
{
	nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
