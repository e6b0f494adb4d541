/*
 * mvbd_read.c - reads metrics disks. Thread: any; blocks on the device.
 *
 * Block devices are read with O_DIRECT: a guest's page cache would show the first state for ever.
 */
#include "guestlib/mvbd_read.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ALIGNMENT 4096u /* of buffers, offsets and sizes: the largest sector in use */
#define PAUSE_FIRST_MS 5u
#define PAUSE_LAST_MS 200u

int mvbd_check(const uint8_t *image, size_t size, struct mvbd_header *out)
{
	const uint8_t *content = image + MVBD_HEADER_SIZE;
	struct mvbd_header header;

	if (size < MVBD_HEADER_SIZE)
		return -ERR_PARSE;
	mvbd_header_decode(image, &header);
	if (header.signature != MVBD_SIGNATURE)
		return -ERR_PARSE;
	if (header.busy != 0)
		return -ERR_BUSY;
	if (header.length > MVBD_SIZE_MAX - MVBD_HEADER_SIZE || header.length > size - MVBD_HEADER_SIZE)
		return -ERR_RANGE;
	if (header.checksum != mvbd_checksum(content, header.length) &&
	    header.checksum != mvbd_checksum_signed(content, header.length))
		return -ERR_CHECKSUM;
	*out = header;
	return 0;
}

static size_t round_up(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* From the start of the device, up to size bytes, fewer at its end. */
static int read_start(int fd, uint8_t *buffer, size_t size, size_t *got)
{
	size_t total = 0;

	while (total < size) {
		const ssize_t n = pread(fd, buffer + total, size - total, (off_t)total);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -ERR_IO;
		if (n == 0)
			break;
		total += (size_t)n;
	}
	*got = total;
	return 0;
}

/* How much of the device the header at its start asks for, in *need. */
static int read_need(int fd, size_t *need)
{
	const off_t end = lseek(fd, 0, SEEK_END);
	uint8_t *head = aligned_alloc(ALIGNMENT, ALIGNMENT);
	struct mvbd_header header;
	size_t got = 0;
	int rc = head == NULL || end < 0 ? -ERR_IO : read_start(fd, head, ALIGNMENT, &got);

	if (rc == 0 && got < MVBD_HEADER_SIZE)
		rc = -ERR_PARSE;
	if (rc == 0) {
		mvbd_header_decode(head, &header);
		if (header.signature != MVBD_SIGNATURE)
			rc = -ERR_PARSE;
		else if (header.busy != 0)
			rc = -ERR_BUSY;
		else if (header.length == 0)
			rc = -ERR_ABSENT;
		else if (header.length > MVBD_SIZE_MAX - MVBD_HEADER_SIZE ||
			 (uintmax_t)end < (uintmax_t)header.length + MVBD_HEADER_SIZE)
			rc = -ERR_RANGE;
		else
			*need = MVBD_HEADER_SIZE + header.length;
	}
	free(head);
	return rc;
}

/* Two readings of the first `need` bytes, which must agree and be a whole write. */
static int read_twice(int fd, uint8_t *first, uint8_t *second, size_t need, struct mvbd_header *header)
{
	size_t got = 0, got_again = 0;
	int rc = read_start(fd, first, round_up(need), &got);

	if (rc == 0)
		rc = mvbd_check(first, got, header);
	if (rc == 0)
		rc = read_start(fd, second, round_up(need), &got_again);
	if (rc < 0)
		return rc;
	return got_again < need || got < need || memcmp(first, second, need) != 0 ? -ERR_BUSY : 0;
}

static int read_content(int fd, size_t need, char **content, size_t *length)
{
	uint8_t *first = aligned_alloc(ALIGNMENT, round_up(need)), *second = aligned_alloc(ALIGNMENT, round_up(need));
	struct mvbd_header header;
	int rc = -ERR_IO;

	if (first != NULL && second != NULL)
		rc = read_twice(fd, first, second, need, &header);
	if (rc == 0 && header.length + MVBD_HEADER_SIZE != need)
		rc = -ERR_BUSY; /* another write than the one whose header gave the need */
	if (rc == 0) {
		memmove(first, first + MVBD_HEADER_SIZE, header.length);
		first[header.length] = '\0';
		*content = (char *)first;
		*length = header.length;
		first = NULL;
	}
	free(second);
	free(first);
	return rc;
}

static int open_disk(const char *path, int *out)
{
	/* Non-blocking: an empty drive or a FIFO must not hold us; means nothing for the disks that are read. */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return -ERR_IO;
	if (fstat(fd, &st) < 0 || (S_ISBLK(st.st_mode) && fcntl(fd, F_SETFL, O_DIRECT) < 0))
		rc = -ERR_IO;
	else if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		rc = -ERR_UNSUPPORTED;
	if (rc < 0) {
		const int saved = errno;

		close(fd);
		errno = saved;
		return rc;
	}
	*out = fd;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void pause_ms(unsigned ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

static bool may_pass(int code)
{
	return code == -ERR_BUSY || code == -ERR_CHECKSUM || code == -ERR_RANGE || code == -ERR_ABSENT;
}

static int read_patiently(int fd, unsigned timeout_ms, char **content, size_t *length)
{
	const int64_t until = now_ms() + timeout_ms;
	unsigned pause = PAUSE_FIRST_MS;
	size_t need = 0;

	for (;;) {
		int rc = read_need(fd, &need);

		if (rc == 0)
			rc = read_content(fd, need, content, length);
		if (!may_pass(rc) || now_ms() >= until)
			return rc;
		pause_ms(pause);
		pause = pause * 2 < PAUSE_LAST_MS ? pause * 2 : PAUSE_LAST_MS;
	}
}

int mvbd_read(const char *path, unsigned timeout_ms, char **content, size_t *length)
{
	int fd, saved;
	int rc = open_disk(path, &fd);

	if (rc < 0)
		return rc;
	rc = read_patiently(fd, timeout_ms, content, length);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

int mvbd_probe(const char *path)
{
	size_t need;
	int fd, saved;
	int rc = open_disk(path, &fd);

	if (rc < 0)
		return rc;
	rc = read_need(fd, &need);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}
