/*
 * fake_xenstore.c - libxenstore's place for a daemon or a tool that is started with LD_PRELOAD: the store is the
 * directory $FAKE_XENSTORE, a node a file below it, who asks is the domain $FAKE_XENSTORE_DOMAIN. While there is a file
 * "hang" in it, every call waits.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#define NODE_MAX 4096
#define PATH_SIZE 512

struct xs_handle {
	char directory[PATH_SIZE / 2];
	unsigned domain;
};

static void wait_while_hanging(const struct xs_handle *handle)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/hang", handle->directory);
	while (access(path, F_OK) == 0)
		nanosleep(&pause, NULL);
}

/* False: too long. */
static bool file_of(const struct xs_handle *handle, const char *node, char path[PATH_SIZE])
{
	char home[64] = "";

	if (node[0] != '/')
		snprintf(home, sizeof(home), "/local/domain/%u/", handle->domain);
	return snprintf(path, PATH_SIZE, "%s%s%s", handle->directory, home, node) < PATH_SIZE;
}

struct xs_handle *xs_open(unsigned long flags)
{
	const char *directory = getenv("FAKE_XENSTORE"), *domain = getenv("FAKE_XENSTORE_DOMAIN");
	struct xs_handle *handle = directory != NULL ? calloc(1, sizeof(*handle)) : NULL;

	(void)flags;
	if (handle == NULL) {
		errno = ENOENT;
		return NULL;
	}
	snprintf(handle->directory, sizeof(handle->directory), "%s", directory);
	handle->domain = domain != NULL ? (unsigned)atoi(domain) : 0;
	return handle;
}

void xs_close(struct xs_handle *handle)
{
	free(handle);
}

char *xs_get_domain_path(struct xs_handle *handle, unsigned domain)
{
	char *path = malloc(64);

	wait_while_hanging(handle);
	if (path != NULL)
		snprintf(path, 64, "/local/domain/%u", domain);
	return path;
}

void *xs_read(struct xs_handle *handle, xs_transaction_t transaction, const char *node, unsigned *length)
{
	char path[PATH_SIZE], *value;
	FILE *file;

	(void)transaction;
	wait_while_hanging(handle);
	file = file_of(handle, node, path) ? fopen(path, "re") : NULL;
	if (file == NULL)
		return NULL;
	value = malloc(NODE_MAX + 1);
	if (value != NULL) {
		*length = (unsigned)fread(value, 1, NODE_MAX, file);
		value[*length] = '\0';
	}
	fclose(file);
	return value;
}

/* In one step, as the store does it. */
bool xs_write(struct xs_handle *handle, xs_transaction_t transaction, const char *node, const void *data,
	      unsigned length)
{
	char path[PATH_SIZE], aside[PATH_SIZE + 4];
	bool written;
	FILE *file;

	(void)transaction;
	wait_while_hanging(handle);
	if (length + strlen(node) + 1 > NODE_MAX) {
		errno = E2BIG;
		return false;
	}
	file = NULL;
	if (file_of(handle, node, path) && (size_t)snprintf(aside, sizeof(aside), "%s.new", path) < sizeof(aside))
		file = fopen(aside, "we");
	if (file == NULL)
		return false;
	written = fwrite(data, 1, length, file) == length;
	return fclose(file) == 0 && written && rename(aside, path) == 0;
}
