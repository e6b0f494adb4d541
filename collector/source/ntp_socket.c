/* ntp_socket.c - questions to a daemon over UDP. Thread: worker "clock". */
#include "source/ntp_socket.h"

#include "base/address.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nobody is there, and nothing was lost on the way: this node has no such address, or no such port is open. */
static int code_of(int number)
{
	return number == ECONNREFUSED || number == EADDRNOTAVAIL || number == EAFNOSUPPORT ? -ERR_ABSENT : -ERR_IO;
}

int ntp_socket_open(struct ntp_socket *self, const char *address, int64_t deadline_mono_ns)
{
	struct sockaddr_storage to;
	socklen_t length;
	int rc = address_parse(address, &to, &length), fd;

	if (rc != 0)
		return rc;
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, length) < 0) {
		const int number = errno;

		if (fd >= 0)
			close(fd);
		errno = number;
		rc = code_of(number);
	}
	if (rc == 0)
		*self = (struct ntp_socket){ fd, deadline_mono_ns, (uint32_t)clock_mono_ns() };
	return rc;
}

void ntp_socket_close(struct ntp_socket *self)
{
	close(self->fd);
}

/* Whether something can be read before the deadline. */
static int wait_readable(int fd, int64_t deadline_mono_ns)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	int64_t left_ns;
	int n;

	do {
		left_ns = deadline_mono_ns - clock_mono_ns();
		if (left_ns <= 0)
			return -ERR_TIMEOUT;
		n = poll(&entry, 1, (int)(left_ns / NS_PER_MS) + 1);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -ERR_IO : 0;
}

/* Datagrams until one completes the answer. */
static int receive(const struct ntp_socket *self, const struct ntp_question *question, int64_t deadline_mono_ns)
{
	uint8_t data[NTP_SOCKET_MESSAGE_MAX];
	int rc;

	do {
		ssize_t n;

		rc = wait_readable(self->fd, deadline_mono_ns);
		if (rc != 0)
			return rc;
		n = recv(self->fd, data, sizeof(data), 0);
		if (n >= 0)
			rc = question->take(question->arg, data, (size_t)n);
		else if (errno == EAGAIN || errno == EINTR)
			rc = -ERR_STATE;
		else
			rc = code_of(errno);
	} while (rc == -ERR_STATE);
	return rc;
}

static int try_once(struct ntp_socket *self, const struct ntp_question *question)
{
	const int64_t until = clock_mono_ns() + NTP_SOCKET_TRY_NS;
	uint8_t request[NTP_SOCKET_MESSAGE_MAX];
	const size_t length = question->encode(question->arg, ++self->sequence, request);

	if (send(self->fd, request, length, MSG_NOSIGNAL) < 0)
		return code_of(errno);
	return receive(self, question, until < self->deadline_mono_ns ? until : self->deadline_mono_ns);
}

int ntp_socket_ask(struct ntp_socket *self, const struct ntp_question *question)
{
	int rc = -ERR_TIMEOUT;

	for (int i = 0; rc == -ERR_TIMEOUT && i < NTP_SOCKET_TRIES; i++)
		rc = try_once(self, question);
	return rc;
}
