/*
 * port_host.h - for tests of the guest's side: a thread that plays the host at the other end of a virtio port, which is
 * a pseudo terminal here, or one end of a socket pair.
 */
#ifndef EDGENODE_TESTS_PORT_HOST_H
#define EDGENODE_TESTS_PORT_HOST_H

#include "base/clock.h"
#include "guestlib/port.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

struct port_host {
	int fd, guest;     /* the host's end; the guest's, which is kept open */
	const char *reply; /* to each request; NULL: silent */
	size_t length;
	const char *expects; /* the request; another one is INVALID. NULL: any */
	size_t step;       /* bytes at a time; 0: all */
	bool endless;      /* the reply again and again, once asked */
	bool hangs_up;     /* after the reply; a socket pair only */
	_Atomic unsigned requests;
	pthread_t thread;
	char path[64];     /* of the terminal */
};

static inline bool host_is_expected(const struct port_host *host, const char *request, size_t n)
{
	return host->expects == NULL || (strlen(host->expects) == n && memcmp(host->expects, request, n) == 0);
}

static inline bool host_refuse(struct port_host *host)
{
	static const char INVALID[] = "INVALID REQUEST\n\n";

	host->requests++;
	return write(host->fd, INVALID, strlen(INVALID)) == (ssize_t)strlen(INVALID);
}

/* False: the guest has gone. */
static inline bool host_write(const struct port_host *host)
{
	size_t done = 0;

	while (done < host->length) {
		const size_t left = host->length - done, step = host->step > 0 && host->step < left ? host->step : left;
		const ssize_t n = write(host->fd, host->reply + done, step);

		if (n < 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static inline bool host_answer(struct port_host *host)
{
	bool there = true;

	host->requests++;
	if (host->reply == NULL)
		return true;
	do
		there = host_write(host);
	while (there && host->endless);
	if (host->hangs_up)
		shutdown(host->fd, SHUT_RDWR);
	return there;
}

/* Answers each empty line until the guest's end is closed. */
static inline void *host_run(void *arg)
{
	struct port_host *host = arg;
	char c, last = 0, request[256];
	size_t n = 0;

	while (read(host->fd, &c, 1) == 1) {
		const bool ends = c == '\n' && last == '\n';

		if (n < sizeof(request))
			request[n++] = c;
		if (ends && !(host_is_expected(host, request, n) ? host_answer(host) : host_refuse(host)))
			break;
		if (ends)
			n = 0;
		last = c;
	}
	return NULL;
}

static inline void host_start(struct port_host *host)
{
	ck_assert_int_eq(pthread_create(&host->thread, NULL, host_run, host), 0);
}

/* A socket pair; the guest's end is non-blocking. */
static inline void host_pair(struct port_host *host)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	host->fd = fds[0];
	host->guest = fds[1];
	ck_assert_int_eq(fcntl(host->guest, F_SETFL, O_NONBLOCK), 0);
}

static inline void host_terminal(struct port_host *host)
{
	struct termios raw;

	host->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(host->fd, 0);
	ck_assert(grantpt(host->fd) == 0 && unlockpt(host->fd) == 0);
	ck_assert_int_eq(ptsname_r(host->fd, host->path, sizeof(host->path)), 0);
	host->guest = open(host->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(host->guest, 0);
	ck_assert_int_eq(tcgetattr(host->guest, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(host->guest, TCSANOW, &raw), 0);
}

/* Until the host has seen that many requests. */
static inline void host_wait(const struct port_host *host, unsigned requests)
{
	const int64_t until = clock_mono_ns() + 20 * NS_PER_S;

	while (host->requests < requests && clock_mono_ns() < until)
		sched_yield();
	ck_assert_uint_eq(host->requests, requests);
}

static inline void host_stop(struct port_host *host)
{
	close(host->guest);
	ck_assert_int_eq(pthread_join(host->thread, NULL), 0);
	close(host->fd);
}

#endif
