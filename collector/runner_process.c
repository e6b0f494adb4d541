/*
 * runner_process.c - what keeper, worker and children of the command process need to do to themselves.
 *
 * Thread: the process's only one. Children and descriptors are read from /proc.
 */
#include "runner_worker.h"

#include "base/clock.h"
#include "base/err.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void runner_process_reset_signals(void)
{
	const struct sigaction by_default = {.sa_handler = SIG_DFL};
	sigset_t none;
	int n;

	/* KILL, STOP and the two the C library keeps for itself refuse, and need nothing. */
	for (n = 1; n <= SIGRTMAX; n++)
		sigaction(n, &by_default, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int runner_process_watch_signals(const int *signals, size_t count)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool close_range_of(int first, unsigned last)
{
#ifdef SYS_close_range
	return (unsigned)first > last || syscall(SYS_close_range, (unsigned)first, last, 0u) == 0;
#else
	(void)first;
	(void)last;
	return false;
#endif
}

/* As the kernel lists them, where it cannot close a range (before 5.9). */
static int close_listed(int kept)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (directory == NULL)
		return -ERR_IO;
	while ((entry = readdir(directory)) != NULL) {
		const int fd = atoi(entry->d_name);

		if (fd > STDERR_FILENO && fd != kept && fd != dirfd(directory))
			close(fd);
	}
	closedir(directory);
	return 0;
}

int runner_process_close_all_but(int kept)
{
	if (close_range_of(STDERR_FILENO + 1, (unsigned)kept - 1) && close_range_of(kept + 1, UINT_MAX))
		return 0;
	return close_listed(kept);
}

void runner_process_kill_children(bool (*spares)(pid_t pid, pid_t session, void *arg), void *arg)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	pid_t pid;

	if (file == NULL)
		return;
	/* A child that has not been waited for keeps its number, so that this cannot hit somebody else. */
	while (fscanf(file, "%d", &pid) == 1)
		if (spares == NULL || !spares(pid, getsid(pid), arg))
			kill(pid, SIGKILL);
	fclose(file);
}

bool runner_process_has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int runner_process_poll_ms(int64_t until_mono_ns)
{
	const int64_t left_ns = until_mono_ns - clock_mono_ns();
	const int64_t left_ms = (left_ns + NS_PER_MS - 1) / NS_PER_MS;

	if (left_ns <= 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}
