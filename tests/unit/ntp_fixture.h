/*
 * ntp_fixture.h - for tests of time daemons: captured messages, and a daemon on a free port of the loopback that
 * answers with them.
 */
#ifndef EDGENODE_TESTS_NTP_FIXTURE_H
#define EDGENODE_TESTS_NTP_FIXTURE_H

#include "tests/unit/tree.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 2048

struct message {
	uint8_t data[MESSAGE_MAX];
	size_t length;
};

static inline struct message message_read(const char *name)
{
	struct message message = { .length = 0 };
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.bin", FIXTURES, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s is not there", path);
	message.length = fread(message.data, 1, sizeof(message.data), file);
	fclose(file);
	ck_assert_uint_gt(message.length, 0);
	return message;
}

/* A daemon. answer is called with each request and sends what it likes with fake_send. */
struct fake {
	int fd, stop[2];
	struct sockaddr_in client;
	pthread_t thread;
	void (*answer)(struct fake *fake, const uint8_t *request, size_t length);
	_Atomic uint32_t requests;
	char address[32]; /* "127.0.0.1:PORT" */
};

static inline void fake_send(const struct fake *fake, const uint8_t *data, size_t length)
{
	sendto(fake->fd, data, length, 0, (const struct sockaddr *)&fake->client, sizeof(fake->client));
}

static inline void *fake_main(void *arg)
{
	struct fake *fake = arg;
	struct pollfd entries[2] = { { .fd = fake->fd, .events = POLLIN }, { .fd = fake->stop[0], .events = POLLIN } };
	uint8_t request[MESSAGE_MAX];

	while (poll(entries, 2, -1) > 0 && entries[1].revents == 0) {
		socklen_t size = sizeof(fake->client);
		const ssize_t n =
			recvfrom(fake->fd, request, sizeof(request), 0, (struct sockaddr *)&fake->client, &size);

		if (n < 0)
			continue;
		atomic_fetch_add(&fake->requests, 1);
		fake->answer(fake, request, (size_t)n);
	}
	return NULL;
}

/* A UDP socket on a free port; the address as text. */
static inline int fake_socket(char address[32])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	snprintf(address, 32, "127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static inline void fake_start(struct fake *fake, void (*answer)(struct fake *, const uint8_t *, size_t))
{
	fake->answer = answer;
	fake->requests = 0;
	fake->fd = fake_socket(fake->address);
	ck_assert_int_eq(pipe2(fake->stop, O_CLOEXEC), 0);
	ck_assert_int_eq(pthread_create(&fake->thread, NULL, fake_main, fake), 0);
}

static inline void fake_stop(struct fake *fake)
{
	close(fake->stop[1]);
	pthread_join(fake->thread, NULL);
	close(fake->stop[0]);
	close(fake->fd);
}

/* A port that was free a moment ago. */
static inline const char *closed_port(void)
{
	static char address[32];

	close(fake_socket(address));
	return address;
}

#endif
