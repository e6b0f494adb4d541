/*
 * port.c - asks the host through the virtio-serial port. Thread: any; blocks until the deadline at most.
 *
 * The port is a stream that keeps what its last reader has left: what is there before we ask is thrown away, so that
 * the tail of another reader's reply is never taken for ours.
 */
#include "guestlib/port.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUIET_NS (20 * NS_PER_MS) /* nothing comes for so long: nothing is left over */
#define PAUSE_NS (50 * NS_PER_MS) /* between attempts */
#define CHUNK 16384u
#define DOCUMENT_START "<metrics"
#define DOCUMENT_END "</metrics>"

struct reply {
	char *data;
	size_t length, size;
};

static int poll_ms(int64_t until_ns)
{
	const int64_t left = until_ns - clock_mono_ns();

	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

/* 0: ready for events. -ERR_STATE: the other end is not there. */
static int wait_for(int fd, short events, int64_t until_ns)
{
	struct pollfd port = { .fd = fd, .events = events };
	int n;

	do
		n = poll(&port, 1, poll_ms(until_ns));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -ERR_IO;
	if (n == 0)
		return -ERR_TIMEOUT;
	if ((port.revents & events) != 0)
		return 0;
	return -ERR_STATE;
}

/* One read that waits until then. *got is never 0. */
static int read_some(int fd, void *data, size_t size, int64_t until_ns, size_t *got)
{
	for (;;) {
		const int rc = wait_for(fd, POLLIN, until_ns);
		ssize_t n;

		if (rc < 0)
			return rc;
		n = read(fd, data, size);
		if (n == 0)
			return -ERR_STATE;
		if (n > 0) {
			*got = (size_t)n;
			return 0;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -ERR_IO;
	}
}

static int drain(int fd, int64_t until_ns)
{
	char data[CHUNK];
	size_t total, got;

	for (total = 0; total < PORT_REPLY_MAX; total += got) {
		const int64_t quiet_ns = clock_mono_ns() + QUIET_NS;
		const int rc = read_some(fd, data, sizeof(data), quiet_ns < until_ns ? quiet_ns : until_ns, &got);

		if (rc == -ERR_TIMEOUT)
			return quiet_ns < until_ns ? 0 : rc;
		if (rc < 0)
			return rc;
	}
	return -ERR_LIMIT;
}

static int send_request(int fd, int64_t until_ns)
{
	const char *request = PORT_REQUEST;
	size_t left = strlen(request);

	while (left > 0) {
		const int rc = wait_for(fd, POLLOUT, until_ns);
		ssize_t n;

		if (rc < 0)
			return rc;
		n = write(fd, request, left);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return errno == EPIPE ? -ERR_STATE : -ERR_IO;
		if (n > 0) {
			request += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

/* Room for more, and one byte behind it for the NUL. */
static int reply_grow(struct reply *reply)
{
	const size_t size = reply->size == 0 ? CHUNK : 2 * reply->size;
	char *data;

	if (reply->length < reply->size)
		return 0;
	if (size > PORT_REPLY_MAX)
		return -ERR_LIMIT;
	data = realloc(reply->data, size + 1);
	if (data == NULL)
		return -ERR_IO;
	reply->data = data;
	reply->size = size;
	return 0;
}

/* The next reply; *size is its length with the empty line. */
static int receive(int fd, int64_t until_ns, struct reply *reply, size_t *size)
{
	const char *end = NULL;
	size_t searched = 0;

	while (reply->length < 2 ||
	       (end = memmem(reply->data + searched, reply->length - searched, "\n\n", 2)) == NULL) {
		size_t got = 0;
		int rc = reply_grow(reply);

		searched = reply->length > 0 ? reply->length - 1 : 0;
		if (rc == 0)
			rc = read_some(fd, reply->data + reply->length, reply->size - reply->length, until_ns, &got);
		if (rc < 0)
			return rc;
		reply->length += got;
	}
	*size = (size_t)(end - reply->data) + 2;
	return 0;
}

static bool is_document(const char *data, size_t length)
{
	const size_t start = strlen(DOCUMENT_START), end = strlen(DOCUMENT_END "\n\n");

	return length >= start + end && memcmp(data, DOCUMENT_START, start) == 0 &&
	       memcmp(data + length - end, DOCUMENT_END "\n\n", end) == 0;
}

/* What comes behind the document is cut off with the empty line: it belongs to nobody. */
static void keep_document(struct reply *reply, size_t size)
{
	reply->length = size - 1;
	reply->data[reply->length] = '\0';
}

static void skip(struct reply *reply, size_t size)
{
	reply->length -= size;
	memmove(reply->data, reply->data + size, reply->length);
}

/* A reply that is no document may be a late one to another reader, or the one to our request together with the half
 * request that another has left: it is skipped, and after the first one asked again. */
static int receive_document(int fd, int64_t until_ns, struct reply *reply)
{
	bool again = false;
	size_t size;
	int rc;

	while ((rc = receive(fd, until_ns, reply, &size)) == 0 && !is_document(reply->data, size)) {
		skip(reply, size);
		rc = again ? 0 : send_request(fd, until_ns);
		if (rc < 0)
			break;
		again = true;
	}
	if (rc == 0)
		keep_document(reply, size);
	return rc == -ERR_TIMEOUT && again ? -ERR_PARSE : rc;
}

int port_ask(int fd, int64_t until_ns, char **content, size_t *length)
{
	struct reply reply = { 0 };
	int rc = drain(fd, until_ns);

	if (rc == 0)
		rc = send_request(fd, until_ns);
	if (rc == 0)
		rc = receive_document(fd, until_ns, &reply);
	if (rc < 0) {
		free(reply.data);
		return rc;
	}
	*content = reply.data;
	*length = reply.length;
	return 0;
}

static int open_failure(void)
{
	switch (errno) {
	case EBUSY:
		return -ERR_BUSY;
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
		return -ERR_ABSENT;
	default:
		return -ERR_IO;
	}
}

static int ask_once(const char *path, int64_t until_ns, char **content, size_t *length)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc, saved;

	if (fd < 0)
		return open_failure();
	rc = port_ask(fd, until_ns, content, length);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

int port_read(const char *path, unsigned timeout_ms, char **content, size_t *length)
{
	const int64_t start_ns = clock_mono_ns(), until_ns = start_ns + timeout_ms * NS_PER_MS;
	const int64_t attach_ns = start_ns + (timeout_ms < PORT_ATTACH_MS ? timeout_ms : PORT_ATTACH_MS) * NS_PER_MS;
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (;;) {
		const int rc = ask_once(path, until_ns, content, length);

		if (rc != -ERR_BUSY && rc != -ERR_STATE)
			return rc;
		if (clock_mono_ns() >= (rc == -ERR_BUSY ? until_ns : attach_ns))
			return rc;
		nanosleep(&pause, NULL);
	}
}
