/*
 * dump.c - a document to stdout or to a file. Thread: any; blocks on the file.
 */
#include "guestlib/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0644 /* of a file that is new */

static bool write_stream(FILE *stream, const char *content, size_t length)
{
	return fwrite(content, 1, length, stream) == length && fflush(stream) == 0;
}

/* Takes over fd. */
static bool write_fd(int fd, const char *content, size_t length)
{
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
	bool written;

	if (stream == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	written = write_stream(stream, content, length);
	return fclose(stream) == 0 && written;
}

/* Beside the file and then in its place. */
static bool replace_file(const char *path, mode_t mode, const char *content, size_t length)
{
	char aside[PATH_MAX];
	const int n = snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	int fd, saved;

	if (n < 0 || (size_t)n >= sizeof(aside)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(aside, O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fchmod(fd, mode) < 0) {
		saved = errno;
		close(fd);
	} else if (write_fd(fd, content, length) && rename(aside, path) == 0) {
		return true;
	} else {
		saved = errno;
	}
	unlink(aside);
	errno = saved;
	return false;
}

/* The file may be writable where its directory is not, or be a mount of its own. */
static bool is_in_place_only(int error)
{
	return error == EACCES || error == EPERM || error == EBUSY || error == EROFS || error == EXDEV;
}

static bool rewrite_file(const char *path, mode_t mode, const char *content, size_t length)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL)
		return false;
	if (replace_file(real, mode, content, length))
		return true;
	return is_in_place_only(errno) && write_fd(open(real, O_WRONLY | O_TRUNC | O_CLOEXEC), content, length);
}

/* "/dev/stdout" and its like: to replace the file behind it would take it from whoever redirected us. */
static bool is_stdout(const struct stat *st)
{
	struct stat out;

	return fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

bool dump_write(const char *path, const char *content, size_t length)
{
	struct stat st;

	if (path == NULL)
		return write_stream(stdout, content, length);
	if (stat(path, &st) < 0)
		return errno == ENOENT && replace_file(path, MODE, content, length);
	if (is_stdout(&st))
		return write_stream(stdout, content, length);
	if (S_ISREG(st.st_mode))
		return rewrite_file(path, st.st_mode & 0777, content, length);
	return write_fd(open(path, O_WRONLY | O_CLOEXEC), content, length);
}
