/*
 * process_file.c - small files of /proc and /sys that are read again and again, kept open where there is room.
 *
 * Thread: worker "process". A descriptor of a file below /proc/PID stays with that process: when another one gets its
 * number, the old descriptor says so (ESRCH). Those that are kept have high numbers, so that the low ones are left for
 * whoever uses select(2).
 */
#include "source/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOWEST 1024u /* of the descriptors that are kept */
#define RESERVE 256u /* left above it */

void process_pool_init(struct process_pool *pool, const struct sysroot *root)
{
	const rlim_t wanted = LOWEST + RESERVE + PROCESS_DESCRIPTORS_MAX;
	struct rlimit limit;

	pool->root = root;
	pool->open = pool->most = 0;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
		const rlim_t before = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = before;
	}
	if (limit.rlim_cur >= wanted)
		pool->most = PROCESS_DESCRIPTORS_MAX;
	else if (limit.rlim_cur > LOWEST + RESERVE)
		pool->most = (size_t)limit.rlim_cur - LOWEST - RESERVE;
}

static int code_of_errno(void)
{
	return errno == ENOENT || errno == ESRCH || errno == ENODEV || errno == ENXIO || errno == ENOTDIR ? -ERR_ABSENT
													  : -ERR_IO;
}

static int read_whole(int fd, char *buf, size_t size, size_t *length)
{
	size_t total = 0;

	while (total < size) {
		const ssize_t n = pread(fd, buf + total, size - total, (off_t)total);

		if (n == 0)
			break;
		if (n > 0)
			total += (size_t)n;
		else if (errno != EINTR)
			return code_of_errno();
		/* They are made as one piece and end with a line: one call has given all of it. */
		if (total > 0 && total < size && buf[total - 1] == '\n')
			break;
	}
	if (total >= size)
		return -ERR_LIMIT;
	buf[total] = '\0';
	*length = total;
	return 0;
}

static int __attribute__((format(printf, 2, 0)))
open_below(const struct process_pool *pool, const char *format, va_list args)
{
	char path[SYSFILE_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s", pool->root->prefix), rest;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ERR_LIMIT;
	rest = vsnprintf(path + n, sizeof(path) - (size_t)n, format, args);
	if (rest < 0 || (size_t)rest >= sizeof(path) - (size_t)n)
		return -ERR_LIMIT;
	n = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return n >= 0 ? n : code_of_errno();
}

static void keep_open(struct process_pool *pool, struct process_file *file, int fd)
{
	if (pool->open >= pool->most)
		return;
	file->fd = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST);
	if (file->fd >= 0)
		pool->open++;
	else
		pool->most = pool->open; /* so many the system has */
}

int process_file_read(struct process_pool *pool, struct process_file *file, char *buf, size_t size, size_t *length,
		      const char *format, ...)
{
	va_list args;
	int fd, rc;

	if (file->fd >= 0)
		return read_whole(file->fd, buf, size, length);
	va_start(args, format);
	fd = open_below(pool, format, args);
	va_end(args);
	if (fd < 0)
		return fd;
	rc = read_whole(fd, buf, size, length);
	if (rc == 0)
		keep_open(pool, file, fd);
	close(fd);
	return rc;
}

void process_file_close(struct process_pool *pool, struct process_file *file)
{
	if (file->fd < 0)
		return;
	close(file->fd);
	file->fd = -1;
	pool->open--;
}
