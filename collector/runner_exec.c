/*
 * runner_exec.c - from the worker to the first instruction of a job's program.
 *
 * Thread: the worker's, then the child's only one. Whatever goes wrong in the child before its program runs is written
 * as text to a pipe that the start of the program closes; user look-up may take long (a directory service), so it is
 * done in the child, where it counts against the job's own deadline.
 */
#include "runner_worker.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 256u
#define NAME_SHOWN_MAX 200 /* characters of a name in a failure text: the text must fit into an empty pipe */
#define EXIT_NOT_STARTED 127

struct pipe_ends {
	int read, write;
};

static void __attribute__((format(printf, 2, 3), noreturn)) fail(int failure, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(failure, format, args);
	va_end(args);
	_exit(EXIT_NOT_STARTED);
}

/* Without privilege a hard limit can only go down. */
static void lower(struct rlimit *limit, rlim_t most)
{
	if (limit->rlim_max == RLIM_INFINITY || limit->rlim_max > most)
		limit->rlim_max = most;
	limit->rlim_cur = limit->rlim_max;
}

/* That this process may use; sysconf would read a file for it. */
static rlim_t count_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (rlim_t)CPU_COUNT(&set) : (rlim_t)CPU_SETSIZE;
}

static void limit_resources(int failure, uint32_t timeout_ms)
{
	const rlim_t seconds = (timeout_ms + 999u) / 1000u + 1u;
	const struct rlimit core = {0};
	struct rlimit descriptors, time;

	if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || getrlimit(RLIMIT_CPU, &time) != 0)
		fail(failure, "limits: %s", strerror(errno));
	lower(&descriptors, DESCRIPTORS_MAX);
	/* The deadline is the limit; this one is for a process that got away. It counts the time of all threads. */
	lower(&time, seconds * count_processors());
	if (setrlimit(RLIMIT_CORE, &core) != 0 || setrlimit(RLIMIT_NOFILE, &descriptors) != 0 ||
	    setrlimit(RLIMIT_CPU, &time) != 0)
		fail(failure, "limits: %s", strerror(errno));
}

static void become(int failure, const char *user)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(user);
	if (entry == NULL)
		fail(failure, "user %.*s: %s", NAME_SHOWN_MAX, user, errno == 0 ? "no such user" : strerror(errno));
	if (geteuid() != 0) {
		if (entry->pw_uid == geteuid())
			return;
		fail(failure, "user %.*s: only a daemon started as root can change the user", NAME_SHOWN_MAX, user);
	}
	if (initgroups(user, entry->pw_gid) != 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
		fail(failure, "user %.*s: %s", NAME_SHOWN_MAX, user, strerror(errno));
}

static void die_with(int failure, pid_t worker)
{
	/* After the change of user, which clears it; the worker may have died before. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != worker)
		fail(failure, "the worker has ended");
}

static void __attribute__((noreturn)) run(const struct runner_order *order, int output, int failure, pid_t worker)
{
	sigset_t none;

	if (setsid() < 0 || dup2(output, STDOUT_FILENO) < 0)
		fail(failure, "%s", strerror(errno));
	if (order->with_stderr && dup2(output, STDERR_FILENO) < 0)
		fail(failure, "%s", strerror(errno));
	/* The keeper has given them their default effect. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (runner_process_close_all_but(failure) != 0)
		fail(failure, "/proc/self/fd: %s", strerror(errno));
	limit_resources(failure, order->timeout_ms);
	if (order->user != NULL)
		become(failure, order->user);
	die_with(failure, worker);
	/* execvp looks where the PATH of this process says, and that is now the job's. */
	environ = order->env;
	execvp(order->argv[0], order->argv);
	fail(failure, "%.*s: %s", NAME_SHOWN_MAX, order->argv[0], strerror(errno));
}

static int open_pipe(struct pipe_ends *out)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -ERR_IO;
	/* The child's end must block: programs do not expect otherwise of their standard output. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*out = (struct pipe_ends){.read = ends[0], .write = ends[1]};
	return 0;
}

static void close_pipe(const struct pipe_ends *ends)
{
	close(ends->read);
	close(ends->write);
}

static int fork_child(const struct runner_order *order, const struct pipe_ends *output, const struct pipe_ends *failure,
		      struct runner_process *out)
{
	const pid_t worker = getpid();
	const pid_t pid = fork();

	if (pid == 0)
		run(order, output->write, failure->write, worker);
	if (pid < 0)
		return -ERR_IO;
	close(output->write);
	close(failure->write);
	*out = (struct runner_process){.pid = pid, .output = output->read, .failure = failure->read};
	return 0;
}

int runner_exec_start(const struct runner_order *order, struct runner_process *out)
{
	struct pipe_ends output, failure;
	int error, rc;

	if (open_pipe(&output) != 0)
		return -ERR_IO;
	rc = open_pipe(&failure);
	if (rc == 0) {
		rc = fork_child(order, &output, &failure, out);
		if (rc == 0)
			return 0;
		error = errno;
		close_pipe(&failure);
		errno = error;
	}
	error = errno;
	close_pipe(&output);
	errno = error;
	return rc;
}
