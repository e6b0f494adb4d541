/*
 * signals.c - takes signals on a thread of its own. Thread: "signals", detached; it lives as long as the process.
 */
#include "signals.h"

#include "base/err.h"
#include "base/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static void blocked_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

/* A full pipe has such a byte in it already. */
static void tell(int fd, char what)
{
	if (write(fd, &what, 1) < 0 && errno != EAGAIN)
		_exit(EXIT_FAILURE);
}

static void *signals_main(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	sigset_t set;
	int number;

	blocked_signals(&set);
	while (sigwait(&set, &number) != 0 || number == SIGHUP)
		tell(fd, SIGNAL_RELOAD);
	tell(fd, SIGNAL_END);
	poll(NULL, 0, SIGNALS_END_MS);
	_exit(EXIT_SUCCESS);
}

int signals_start(int *fd)
{
	sigset_t set;
	int fds[2];

	blocked_signals(&set);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -ERR_IO;
	errno = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (errno != 0)
		return -ERR_IO;
	*fd = fds[0];
	return lane_start_detached("signals", signals_main, (void *)(intptr_t)fds[1]);
}
