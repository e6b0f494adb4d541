/*
 * statefile.c - files replaced in one step, their checksum, and the lock of the state directory.
 * Thread: the caller's; blocks on the file.
 */
#include "base/statefile.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 128
#define FILE_MODE 0640
#define DIR_MODE 0750
#define PARENT_MODE 0755

/* close(2) on the way out of a failure, which errno describes. */
static void close_quietly(int fd)
{
	const int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static int open_dir(const char *dir)
{
	return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int write_all(int fd, const void *data, size_t length)
{
	const char *p = data;

	while (length > 0) {
		const ssize_t n = write(fd, p, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ERR_IO;
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

/* A new file with the content, on the medium when this returns 0. */
static int write_aside(int dir_fd, const char *name, const void *data, size_t length)
{
	int fd, rc;

	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return -ERR_IO;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return -ERR_IO;
	rc = write_all(fd, data, length);
	if (rc == 0 && fsync(fd) < 0)
		rc = -ERR_IO;
	close_quietly(fd);
	return rc;
}

static int replace(int dir_fd, const char *name, const void *data, size_t length)
{
	char aside[NAME_SIZE];
	int saved;
	const int n = snprintf(aside, sizeof(aside), "%s.new", name);

	if (n < 0 || (size_t)n >= sizeof(aside)) {
		errno = ENAMETOOLONG;
		return -ERR_IO;
	}
	if (write_aside(dir_fd, aside, data, length) == 0 && renameat(dir_fd, aside, dir_fd, name) == 0)
		return fsync(dir_fd) < 0 ? -ERR_IO : 0;
	saved = errno;
	unlinkat(dir_fd, aside, 0);
	errno = saved;
	return -ERR_IO;
}

int statefile_write(const char *dir, const char *name, const void *data, size_t length)
{
	const int dir_fd = open_dir(dir);
	int rc;

	if (dir_fd < 0)
		return -ERR_IO;
	rc = replace(dir_fd, name, data, length);
	close_quietly(dir_fd);
	return rc;
}

static int read_all(int fd, uint8_t *data, size_t length)
{
	size_t done = 0;

	while (done < length) {
		const ssize_t n = read(fd, data + done, length - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR) {
			errno = n == 0 ? EIO : errno; /* became shorter while we read */
			return -ERR_IO;
		}
	}
	return 0;
}

static int read_file(int fd, size_t most, uint8_t **data, size_t *length)
{
	struct stat st;
	uint8_t *bytes;

	if (fstat(fd, &st) < 0)
		return -ERR_IO;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -ERR_IO;
	}
	if ((uintmax_t)st.st_size > most)
		return -ERR_LIMIT;
	bytes = mem_alloc((size_t)st.st_size);
	if (read_all(fd, bytes, (size_t)st.st_size) < 0) {
		free(bytes);
		return -ERR_IO;
	}
	*data = bytes;
	*length = (size_t)st.st_size;
	return 0;
}

int statefile_read(const char *dir, const char *name, size_t most, uint8_t **data, size_t *length)
{
	const int dir_fd = open_dir(dir);
	/* Non-blocking, so that a FIFO in its place does not hold us; means nothing for a regular file. */
	const int fd = dir_fd < 0 ? -1 : openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	close_quietly(dir_fd);
	if (fd < 0)
		return errno == ENOENT ? -ERR_ABSENT : -ERR_IO;
	rc = read_file(fd, most, data, length);
	close_quietly(fd);
	return rc;
}

/* Four bits a step, polynomial 0xedb88320 (reflected). */
uint32_t statefile_crc32(const void *data, size_t length)
{
	static const uint32_t STEP[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *p = data;
	uint32_t crc = UINT32_MAX;

	for (; length > 0; length--, p++) {
		crc = crc >> 4 ^ STEP[(crc ^ *p) & 15];
		crc = crc >> 4 ^ STEP[(crc ^ *p >> 4) & 15];
	}
	return ~crc;
}

/* Makes dir and what is missing above it. */
static int make_dir(const char *dir)
{
	char path[PATH_MAX];
	char *slash;

	if (strlen(dir) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -ERR_IO;
	}
	memcpy(path, dir, strlen(dir) + 1);
	for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, PARENT_MODE) < 0 && errno != EEXIST)
			return -ERR_IO;
		*slash = '/';
	}
	return mkdir(path, DIR_MODE) < 0 && errno != EEXIST ? -ERR_IO : 0;
}

static int open_or_make_dir(const char *dir)
{
	const int fd = open_dir(dir);

	if (fd >= 0 || errno != ENOENT || make_dir(dir) < 0)
		return fd;
	return open_dir(dir);
}

static long read_holder(int fd)
{
	char text[32];
	const ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strtol(text, NULL, 10);
}

/* For people only; the lock holds without it, on a full disk for example. */
static void write_holder(int fd)
{
	char text[32];
	const int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) < 0)
		return;
}

int statefile_lock(const char *dir, int *fd, long *holder)
{
	const int dir_fd = open_or_make_dir(dir);
	const int lock = dir_fd < 0 ? -1 : openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

	close_quietly(dir_fd);
	if (lock < 0)
		return -ERR_IO;
	if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
		write_holder(lock);
		*fd = lock;
		return 0;
	}
	if (errno == EWOULDBLOCK && holder != NULL)
		*holder = read_holder(lock);
	const int rc = errno == EWOULDBLOCK ? -ERR_BUSY : -ERR_IO;
	close_quietly(lock);
	return rc;
}
