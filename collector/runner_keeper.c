/*
 * runner_keeper.c - the process between the daemon and the worker: starts the worker, and again when it dies.
 *
 * Thread: the process's only one, so that its fork is safe. It never reads the socket it shares with the worker; it
 * polls it for the end of the daemon. It is a subreaper: what a dead worker leaves behind comes to it and is killed.
 */
#include "runner_worker.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define WORKER_END_MS (4u * RUNNER_GRACE_MS) /* what the worker is given to end its jobs and itself */
#define ORPHANS_END_MS 1000		     /* what killed processes are given to be gone */
#define ORPHANS_LOOK_MS 50
#define RESTART_MS 500 /* a worker that does not live this long is started again only then */

struct keeper {
	int socket;
	int signals;
	pid_t pid;
	pid_t worker; /* 0: none */
	uint32_t generation;
	bool stopping;
	int64_t kill_mono_ns; /* while stopping: the worker's end, and what remains of it */
};

static void begin_stop(struct keeper *keeper)
{
	keeper->stopping = true;
	keeper->kill_mono_ns = clock_mono_ns() + WORKER_END_MS * NS_PER_MS;
}

/* Waits for a child's end, the end of the daemon, or the time. */
static void wait_for_something(struct keeper *keeper, int timeout_ms)
{
	struct pollfd fds[] = {
		{.fd = keeper->stopping ? -1 : keeper->socket, .events = POLLRDHUP},
		{.fd = keeper->signals, .events = POLLIN},
	};
	struct signalfd_siginfo info;

	if (poll(fds, 2, timeout_ms) <= 0)
		return;
	if (fds[0].revents != 0)
		begin_stop(keeper);
	while (read(keeper->signals, &info, sizeof(info)) > 0)
		;
}

static void reap(struct keeper *keeper)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		if (pid == keeper->worker)
			keeper->worker = 0;
}

static void start_worker(struct keeper *keeper)
{
	const pid_t pid = fork();

	keeper->generation++;
	if (pid == 0)
		runner_worker_run(keeper->socket, keeper->generation, keeper->pid);
	keeper->worker = pid > 0 ? pid : 0;
}

static void wait_for_worker(struct keeper *keeper)
{
	while (keeper->worker != 0) {
		wait_for_something(keeper, keeper->stopping ? runner_process_poll_ms(keeper->kill_mono_ns) : -1);
		reap(keeper);
		if (keeper->worker != 0 && keeper->stopping && clock_mono_ns() >= keeper->kill_mono_ns) {
			kill(keeper->worker, SIGKILL);
			keeper->kill_mono_ns += WORKER_END_MS * NS_PER_MS;
		}
	}
}

/* Each round: what has lost its parent since the last one is a child now, and is found. */
static void end_orphans(struct keeper *keeper)
{
	const int64_t until = clock_mono_ns() + ORPHANS_END_MS * NS_PER_MS;

	while (runner_process_has_children() && clock_mono_ns() < until) {
		runner_process_kill_children(NULL, NULL);
		wait_for_something(keeper, ORPHANS_LOOK_MS);
		reap(keeper);
	}
}

static void set_up(int null)
{
	int fd;

	closelog(); /* its descriptor, if it has one, is about to be somebody else's */
	setsid();
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	runner_process_reset_signals();
	prctl(PR_SET_NAME, "edgenode-run");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	umask(S_IWGRP | S_IWOTH);
	if (chdir("/") != 0)
		_exit(1);
}

void runner_keeper_run(int socket, int null)
{
	const int child_ends = SIGCHLD;
	struct keeper keeper = {.pid = getpid(), .socket = fcntl(socket, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
	int64_t started;

	set_up(null);
	if (keeper.socket < 0 || runner_process_close_all_but(keeper.socket) != 0)
		_exit(1);
	keeper.signals = runner_process_watch_signals(&child_ends, 1);
	if (keeper.signals < 0)
		_exit(1);
	while (!keeper.stopping) {
		started = clock_mono_ns();
		start_worker(&keeper);
		wait_for_worker(&keeper);
		end_orphans(&keeper);
		if (!keeper.stopping)
			wait_for_something(&keeper, runner_process_poll_ms(started + RESTART_MS * NS_PER_MS));
	}
	_exit(0);
}
