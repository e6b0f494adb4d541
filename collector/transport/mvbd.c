/*
 * mvbd.c - the writer of metrics disks. Thread: the disk lane; blocks on the file.
 *
 * All space is taken when the disk is opened, so that a full file system shows there and not in the middle of a write.
 * A guest may hold the file open at any time: it is never truncated and never replaced.
 */
#include "transport/mvbd.h"

#include "base/err.h"
#include "base/mem.h"
#include "guestlib/mvbd_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISK_MODE 0644
#define DIRECTORY_MODE 0755
#define BUSY_OFFSET 4

struct mvbd {
	int fd;
	char *path;
	size_t size;
	struct mvbd_header last; /* of the last whole write */
	bool broken;             /* a write failed half way: the disk is marked busy */
};

/* Where the one line for the log goes. */
struct message {
	char *text;
	size_t size;
};

static int __attribute__((format(printf, 3, 4))) fail(const struct message *message, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message->text, message->size, format, args);
	va_end(args);
	return code;
}

static int fail_errno(const struct message *message, const char *path)
{
	const char *why = strerror(errno);

	if (errno == ENOENT)
		why = "its directory does not exist";
	else if (errno == ELOOP)
		why = "is a symbolic link, which is not followed";
	return fail(message, -ERR_IO, "%s: %s", path, why);
}

static int write_at(int fd, const void *data, size_t length, off_t offset)
{
	const char *p = data;

	while (length > 0) {
		const ssize_t n = pwrite(fd, p, length, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ERR_IO;
		p += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}

static int write_busy(const struct mvbd *disk, uint32_t busy)
{
	uint8_t field[4];

	mvbd_put_u32(field, busy);
	return write_at(disk->fd, field, sizeof(field), BUSY_OFFSET);
}

static int write_header(const struct mvbd *disk, const struct mvbd_header *header)
{
	uint8_t bytes[MVBD_HEADER_SIZE];

	mvbd_header_encode(header, bytes);
	return write_at(disk->fd, bytes, sizeof(bytes), 0);
}

/* A metrics disk without content. */
static int write_empty(struct mvbd *disk)
{
	const struct mvbd_header empty = { .signature = MVBD_SIGNATURE };

	disk->last = empty;
	return write_header(disk, &empty);
}

/* Only the last directory of the path, as vhostmd did. errno is ENOENT where that cannot be made. */
static bool make_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *directory = slash != NULL ? mem_string_n(path, (size_t)(slash - path)) : NULL;
	const bool made = directory != NULL && mkdir(directory, DIRECTORY_MODE) == 0;

	free(directory);
	errno = ENOENT;
	return made;
}

/* Without O_CREAT first: the kernel refuses that flag for a file which libvirt has given to another user in a sticky
 * directory such as /dev/shm (fs.protected_regular). */
static int open_or_make(const char *path, bool *made)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags);

	*made = false;
	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, flags | O_CREAT | O_EXCL, DISK_MODE);
	if (fd < 0 && errno == ENOENT && make_directory(path))
		fd = open(path, flags | O_CREAT | O_EXCL, DISK_MODE);
	*made = fd >= 0;
	return fd;
}

/* Zeroes in all that may be written: the image of a file system begins with some, too. */
static bool is_blank(const struct mvbd *disk, off_t size)
{
	static const uint8_t ZEROS[4096];
	uint8_t part[sizeof(ZEROS)];
	ssize_t n;

	for (off_t at = 0; at < size && at < (off_t)MVBD_SIZE_MAX; at += n) {
		n = pread(disk->fd, part, sizeof(part), at);
		if (n <= 0 || memcmp(part, ZEROS, (size_t)n) != 0)
			return false;
	}
	return true;
}

/* Refuses what is not ours to write: a configuration error must not cost somebody a file. */
static int check_file(const struct mvbd *disk, const struct stat *st, const struct message *message)
{
	uint8_t head[MVBD_HEADER_SIZE] = { 0 };

	if (!S_ISREG(st->st_mode))
		return fail(message, -ERR_IO, "%s: is not a regular file", disk->path);
	if (st->st_nlink > 1)
		return fail(message, -ERR_IO, "%s: has other names (hard links)", disk->path);
	if (flock(disk->fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK ? fail_errno(message, disk->path) :
					      fail(message, -ERR_BUSY, "%s: another process writes it", disk->path);
	if (pread(disk->fd, head, sizeof(head), 0) < 0)
		return fail_errno(message, disk->path);
	if (mvbd_get_u32(head) != MVBD_SIGNATURE && !is_blank(disk, st->st_size))
		return fail(message, -ERR_IO, "%s: holds something else than a metrics disk", disk->path);
	return 0;
}

static size_t whole_sectors(size_t size)
{
	return (size + MVBD_SECTOR - 1) / MVBD_SECTOR * MVBD_SECTOR;
}

static int reserve(struct mvbd *disk, uintmax_t present, const struct message *message)
{
	int rc;

	if (present > disk->size)
		disk->size = present < MVBD_SIZE_MAX ? (size_t)present : MVBD_SIZE_MAX;
	do
		rc = posix_fallocate(disk->fd, 0, (off_t)disk->size);
	while (rc == EINTR);
	if (rc != 0)
		return fail(message, -ERR_IO, "%s: no room for %zu bytes: %s", disk->path, disk->size, strerror(rc));
	return 0;
}

/* Keeps what a writer before us left, unless it was interrupted. */
static int take_over(struct mvbd *disk, const struct message *message)
{
	uint8_t head[MVBD_HEADER_SIZE];

	if (pread(disk->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return fail_errno(message, disk->path);
	mvbd_header_decode(head, &disk->last);
	if (disk->last.signature == MVBD_SIGNATURE && disk->last.busy == 0 &&
	    disk->last.length <= mvbd_capacity(disk))
		return 0;
	return write_empty(disk) < 0 ? fail_errno(message, disk->path) : 0;
}

static int prepare(struct mvbd *disk, bool made, const struct message *message)
{
	struct stat st;
	int rc;

	if (fstat(disk->fd, &st) < 0 || (made && fchmod(disk->fd, DISK_MODE) < 0))
		return fail_errno(message, disk->path);
	rc = check_file(disk, &st, message);
	if (rc == 0)
		rc = reserve(disk, (uintmax_t)st.st_size, message);
	return rc < 0 ? rc : take_over(disk, message);
}

static void release(struct mvbd *disk)
{
	close(disk->fd);
	free(disk->path);
	free(disk);
}

int mvbd_open(const char *path, uint32_t size, struct mvbd **out, char *error, size_t error_size)
{
	const struct message message = { error, error_size };
	struct mvbd *disk;
	bool made;
	int fd, rc;

	if (size < MVBD_SIZE_MIN || size > MVBD_SIZE_MAX)
		return fail(&message, -ERR_RANGE, "%s: a size of %u bytes is not within %u to %u", path, size,
			    MVBD_SIZE_MIN, MVBD_SIZE_MAX);
	fd = open_or_make(path, &made);
	if (fd < 0)
		return fail_errno(&message, path);
	disk = mem_alloc(sizeof(*disk));
	disk->fd = fd;
	disk->path = mem_string(path);
	disk->size = whole_sectors(size);
	rc = prepare(disk, made, &message);
	if (rc < 0) {
		if (made)
			unlink(path);
		release(disk);
		return rc;
	}
	*out = disk;
	return 0;
}

size_t mvbd_capacity(const struct mvbd *disk)
{
	return disk->size - MVBD_HEADER_SIZE;
}

bool mvbd_in_place(const struct mvbd *disk)
{
	struct stat named, open_file;

	return lstat(disk->path, &named) == 0 && fstat(disk->fd, &open_file) == 0 && named.st_ino == open_file.st_ino &&
	       named.st_dev == open_file.st_dev && (uintmax_t)open_file.st_size >= disk->size;
}

/* The header for new content. Where it would equal the last one, a newline behind the content makes it differ: readers
 * recognise a change between their two looks at the header by nothing else. */
static bool next_header(const struct mvbd *disk, const void *content, size_t length, struct mvbd_header *header)
{
	*header = (struct mvbd_header){ MVBD_SIGNATURE, 1, mvbd_checksum(content, length), (uint32_t)length };
	if (header->checksum != disk->last.checksum || header->length != disk->last.length ||
	    length == mvbd_capacity(disk))
		return false;
	header->checksum += '\n';
	header->length++;
	return true;
}

int mvbd_write(struct mvbd *disk, const void *content, size_t length)
{
	struct mvbd_header header;
	bool newline;

	if (length > mvbd_capacity(disk))
		return -ERR_LIMIT;
	newline = next_header(disk, content, length, &header);
	if (write_busy(disk, 1) < 0)
		return -ERR_IO;
	disk->broken = true;
	if (write_at(disk->fd, content, length, MVBD_HEADER_SIZE) < 0 ||
	    (newline && write_at(disk->fd, "\n", 1, (off_t)(MVBD_HEADER_SIZE + length)) < 0) ||
	    write_header(disk, &header) < 0 || write_busy(disk, 0) < 0)
		return -ERR_IO;
	disk->broken = false;
	header.busy = 0;
	disk->last = header;
	return 0;
}

void mvbd_close(struct mvbd *disk)
{
	if (disk == NULL)
		return;
	/* No content rather than a disk that is busy for ever. */
	if (disk->broken)
		write_empty(disk);
	release(disk);
}
