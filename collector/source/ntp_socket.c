/* ntp_socket.c - questions to a daemon over UDP. Thread: worker "clock". */
#include "source/ntp_socket.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADDRESS_MAX 128u
#define PORT_MAX 65535u

/* Splits "HOST:PORT" or "[HOST]:PORT" in place. */
static int split(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':'), *end;

	if (colon == NULL || colon == text)
		return -ERR_PARSE;
	*colon = '\0';
	*host = text;
	*port = colon + 1;
	if (text[0] != '[')
		return strchr(text, ':') == NULL ? 0 : -ERR_PARSE;
	end = colon - 1;
	if (*end != ']')
		return -ERR_PARSE;
	*end = '\0';
	*host = text + 1;
	return 0;
}

static int resolve(const char *address, struct addrinfo **out)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM };
	char text[ADDRESS_MAX], *host, *port;
	uint32_t number;

	if (snprintf(text, sizeof(text), "%s", address) >= (int)sizeof(text) || split(text, &host, &port) != 0 ||
	    text_u32(port, &number) != 0 || number == 0 || number > PORT_MAX ||
	    getaddrinfo(host, port, &hints, out) != 0)
		return -ERR_PARSE;
	return 0;
}

/* Nobody is there, and nothing was lost on the way: this node has no such address, or no such port is open. */
static int code_of(int number)
{
	return number == ECONNREFUSED || number == EADDRNOTAVAIL || number == EAFNOSUPPORT ? -ERR_ABSENT : -ERR_IO;
}

int ntp_socket_open(struct ntp_socket *self, const char *address, int64_t deadline_mono_ns)
{
	struct addrinfo *to;
	int rc = resolve(address, &to), fd;

	if (rc != 0)
		return rc;
	fd = socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
		const int number = errno;

		if (fd >= 0)
			close(fd);
		errno = number;
		rc = code_of(number);
	}
	freeaddrinfo(to);
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
