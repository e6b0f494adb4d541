/*
 * sysfile.c - small files of /proc and /sys below a root prefix. Thread: any.
 */
#include "base/sysfile.h"

#include "base/err.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBER_SIZE 64 /* of a file that holds one number */

static int code_of_errno(void)
{
	return errno == ENOENT || errno == ENODEV || errno == ENXIO || errno == ENOTDIR ? -ERR_ABSENT : -ERR_IO;
}

static int open_below(const struct sysroot *root, const char *path, int flags, int *fd)
{
	char full[SYSFILE_PATH_MAX];
	const int n = snprintf(full, sizeof(full), "%s%s", root->prefix, path);

	if (n < 0 || (size_t)n >= sizeof(full))
		return -ERR_LIMIT;
	*fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
	return *fd < 0 ? code_of_errno() : 0;
}

/* At most size bytes, until the end of the file. */
static int read_bytes(int fd, char *buf, size_t size, size_t *length)
{
	size_t total = 0;

	while (total < size) {
		const ssize_t n = read(fd, buf + total, size - total);

		if (n == 0)
			break;
		if (n > 0)
			total += (size_t)n;
		else if (errno != EINTR)
			return code_of_errno();
	}
	*length = total;
	return 0;
}

/* The first bytes of a file, at most size. */
static int read_head(const struct sysroot *root, const char *path, char *buf, size_t size, size_t *length)
{
	int fd, saved;
	int rc = open_below(root, path, 0, &fd);

	if (rc < 0)
		return rc;
	rc = read_bytes(fd, buf, size, length);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

int sysfile_read(const struct sysroot *root, const char *path, char *buf, size_t size, size_t *length)
{
	size_t n;
	const int rc = read_head(root, path, buf, size, &n);

	if (rc < 0)
		return rc;
	if (n >= size)
		return -ERR_LIMIT;
	buf[n] = '\0';
	if (length != NULL)
		*length = n;
	return 0;
}

static int __attribute__((format(printf, 2, 0)))
format_path(char path[SYSFILE_PATH_MAX], const char *format, va_list args)
{
	const int n = vsnprintf(path, SYSFILE_PATH_MAX, format, args);

	return n < 0 || n >= SYSFILE_PATH_MAX ? -ERR_LIMIT : 0;
}

/* Device tree strings end in a NUL, which counts as a blank here. */
static bool ends_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static int first_line(const struct sysroot *root, const char *path, char *buf, size_t size)
{
	const char *newline;
	size_t n;
	const int rc = read_head(root, path, buf, size, &n);

	if (rc < 0)
		return rc;
	newline = memchr(buf, '\n', n);
	if (newline == NULL && n >= size)
		return -ERR_LIMIT;
	if (newline != NULL)
		n = (size_t)(newline - buf);
	while (n > 0 && ends_blank(buf[n - 1]))
		n--;
	buf[n] = '\0';
	return strlen(buf) == n ? 0 : -ERR_PARSE;
}

int sysfile_line(const struct sysroot *root, char *buf, size_t size, const char *format, ...)
{
	char path[SYSFILE_PATH_MAX];
	va_list args;
	int rc;

	va_start(args, format);
	rc = format_path(path, format, args);
	va_end(args);
	return rc < 0 ? rc : first_line(root, path, buf, size);
}

/* The text of a file that holds one number. */
static int __attribute__((format(printf, 3, 0)))
number_text(const struct sysroot *root, char text[NUMBER_SIZE], const char *format, va_list args)
{
	char path[SYSFILE_PATH_MAX];
	size_t length;
	int rc = format_path(path, format, args);

	if (rc == 0)
		rc = sysfile_read(root, path, text, NUMBER_SIZE, &length);
	if (rc < 0)
		return rc;
	if (strlen(text) != length)
		return -ERR_PARSE;
	text_trim(text);
	return 0;
}

int sysfile_u64(const struct sysroot *root, uint64_t *out, const char *format, ...)
{
	char text[NUMBER_SIZE];
	va_list args;
	int rc;

	va_start(args, format);
	rc = number_text(root, text, format, args);
	va_end(args);
	return rc < 0 ? rc : text_u64(text, out);
}

int sysfile_i64(const struct sysroot *root, int64_t *out, const char *format, ...)
{
	char text[NUMBER_SIZE];
	va_list args;
	int rc;

	va_start(args, format);
	rc = number_text(root, text, format, args);
	va_end(args);
	return rc < 0 ? rc : text_i64(text, out);
}

/* Every entry of an open directory. readdir tells its end from an error by errno alone. */
static int list_entries(DIR *dir, size_t most, void (*fn)(void *arg, const char *name), void *arg)
{
	const struct dirent *entry;
	size_t n = 0;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? 0 : code_of_errno();
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n++ >= most)
			return -ERR_LIMIT;
		fn(arg, entry->d_name);
	}
}

int sysfile_list(const struct sysroot *root, const char *path, size_t most, void (*fn)(void *arg, const char *name),
		 void *arg)
{
	DIR *dir;
	int fd, saved;
	int rc = open_below(root, path, O_DIRECTORY, &fd);

	if (rc < 0)
		return rc;
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return -ERR_IO;
	}
	rc = list_entries(dir, most, fn, arg);
	saved = errno;
	closedir(dir);
	errno = saved;
	return rc;
}

/* Removes the canonical prefix from a canonical path. NULL where the path leads out of it. */
static const char *below_prefix(const char *prefix, const char *real)
{
	char canonical[PATH_MAX];
	size_t n;

	if (prefix[0] == '\0')
		return real;
	if (realpath(prefix, canonical) == NULL)
		return NULL;
	n = strcmp(canonical, "/") == 0 ? 0 : strlen(canonical);
	if (strncmp(real, canonical, n) != 0 || (real[n] != '/' && real[n] != '\0'))
		return NULL;
	return real[n] == '\0' ? "/" : real + n;
}

int sysfile_realpath(const struct sysroot *root, const char *path, char *buf, size_t size)
{
	char full[SYSFILE_PATH_MAX], real[PATH_MAX];
	const char *below;
	const int n = snprintf(full, sizeof(full), "%s%s", root->prefix, path);

	if (n < 0 || (size_t)n >= sizeof(full))
		return -ERR_LIMIT;
	if (realpath(full, real) == NULL)
		return code_of_errno();
	below = below_prefix(root->prefix, real);
	if (below == NULL)
		return -ERR_ABSENT;
	if (strlen(below) >= size)
		return -ERR_LIMIT;
	memcpy(buf, below, strlen(below) + 1);
	return 0;
}
