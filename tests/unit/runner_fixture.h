/*
 * runner_fixture.h - what the tests of the command process share: a runner, jobs that are shell scripts, and FIFOs.
 *
 * A process that a test must see end holds the writing end of a FIFO: its end is the end of file there. Nothing here
 * sleeps but the commands themselves.
 */
#ifndef EDGENODE_TESTS_RUNNER_FIXTURE_H
#define EDGENODE_TESTS_RUNNER_FIXTURE_H

#include "unit.h"

#include "base/err.h"
#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 30000
#define LONG_MS 60000u

static const char *const PATH_ENV[] = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", NULL};
static struct runner_reply reply; /* too big for a stack frame */

/* edgenode-run, where it is built. */
static inline const char *runner_beside(void)
{
	static const char PATH[] = BUILD_ROOT "/edgenode-run";

	return access(PATH, X_OK) == 0 ? PATH : NULL;
}

static inline struct runner *start(void)
{
	struct runner *runner = NULL;

	ck_assert_int_eq(runner_start(runner_beside(), &runner), 0);
	ck_assert_ptr_nonnull(runner);
	return runner;
}

static inline struct runner_job shell(uint32_t id, const char *const argv[], uint32_t timeout_ms)
{
	return (struct runner_job){
		.id = id, .argv = argv, .env = PATH_ENV, .timeout_ms = timeout_ms, .output_max = RUNNER_OUTPUT_MAX};
}

static inline int submit_shell(struct runner *runner, uint32_t id, const char *script, uint32_t timeout_ms)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct runner_job job = shell(id, argv, timeout_ms);

	return runner_submit(runner, &job);
}

static inline void wait_fd(int fd, short events)
{
	struct pollfd wanted = {.fd = fd, .events = events};

	ck_assert_int_eq(poll(&wanted, 1, PATIENCE_MS), 1);
}

/* The next reply into `reply`; 0 or -ERR_STATE. */
static inline int receive(struct runner *runner)
{
	int rc;

	while ((rc = runner_receive(runner, &reply)) == -ERR_ABSENT)
		wait_fd(runner_fd(runner), POLLIN);
	return rc;
}

static inline void run_job(struct runner *runner, const struct runner_job *job)
{
	ck_assert_int_eq(runner_submit(runner, job), 0);
	ck_assert_int_eq(receive(runner), 0);
	ck_assert_uint_eq(reply.id, job->id);
}

static inline void run_shell(struct runner *runner, const char *script, uint32_t timeout_ms)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct runner_job job = shell(7, argv, timeout_ms);

	run_job(runner, &job);
}

static inline void expect(enum runner_status status, int exit_code, const char *output)
{
	ck_assert_msg(reply.status == status, "status %d, exit %d, output: %s", reply.status, reply.exit_code,
		      reply.output);
	ck_assert_int_eq(reply.exit_code, exit_code);
	ck_assert_str_eq(reply.output, output);
	ck_assert_uint_eq(reply.length, strlen(output));
}

/* Of the worker that runs now. */
static inline pid_t worker_pid(struct runner *runner)
{
	run_shell(runner, "echo $PPID", LONG_MS);
	ck_assert_int_eq(reply.status, RUNNER_OK);
	return (pid_t)atoi(reply.output);
}

struct process_stat {
	char state;
	int parent;
};

static inline struct process_stat stat_of(pid_t pid)
{
	struct process_stat stat = {.parent = 0};
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %c %d", &stat.state, &stat.parent), 2);
	fclose(file);
	return stat;
}

static inline pid_t parent_of(pid_t pid)
{
	return stat_of(pid).parent;
}

/* A signal is sent before it has its effect. */
static inline void stop_process(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	while (stat_of(pid).state != 'T')
		sched_yield();
}

struct fifo {
	char directory[32], path[48];
	int fd;
};

static inline void fifo_open(struct fifo *fifo)
{
	strcpy(fifo->directory, "/tmp/edge-runner-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fifo->directory));
	ck_assert_int_eq(chmod(fifo->directory, 0755), 0);
	snprintf(fifo->path, sizeof(fifo->path), "%s/fifo", fifo->directory);
	ck_assert_int_eq(mkfifo(fifo->path, 0666), 0);
	fifo->fd = open(fifo->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(fifo->fd, 0);
}

/* Waits until `count` processes have written a line. */
static inline void fifo_expect_lines(const struct fifo *fifo, size_t count)
{
	char c;

	while (count > 0) {
		wait_fd(fifo->fd, POLLIN);
		ck_assert_int_eq(read(fifo->fd, &c, 1), 1);
		count -= c == '\n';
	}
}

static inline void fifo_close(struct fifo *fifo)
{
	close(fifo->fd);
	unlink(fifo->path);
	rmdir(fifo->directory);
}

/* Waits until nobody has it open any more; then it is removed. */
static inline void fifo_expect_end(struct fifo *fifo)
{
	char bytes[256];
	ssize_t n;

	do {
		wait_fd(fifo->fd, POLLIN);
		n = read(fifo->fd, bytes, sizeof(bytes));
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	ck_assert_int_eq(n, 0);
	fifo_close(fifo);
}

static inline int submit_with_fifo(struct runner *runner, uint32_t id, const char *script, const struct fifo *fifo,
				   uint32_t timeout_ms)
{
	const char *const argv[] = {"sh", "-c", script, "sh", fifo->path, NULL};
	const struct runner_job job = shell(id, argv, timeout_ms);

	return runner_submit(runner, &job);
}

/* Scripts for submit_with_fifo. The first starts a process in a session of its own, with a child in another one, and
 * goes on; the second cannot be ended politely. Each writes one line when it is up. */
#define STRAGGLE "exec 3>$1; setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1000 & echo up >&3; exec sleep 1000' & "
#define HOLD "exec 3>$1; echo up >&3; trap '' TERM; while :; do sleep 1000; done"

/* The suite's main(): hundreds of processes on a busy machine, under a sanitizer, take longer than Check's 4 s. */
#define RUNNER_MAIN(suite_function)                                                                                    \
	int main(void)                                                                                                 \
	{                                                                                                              \
		SRunner *runner;                                                                                       \
		int failed;                                                                                            \
		setenv("CK_DEFAULT_TIMEOUT", "120", 0);                                                                \
		runner = srunner_create(suite_function());                                                             \
		srunner_run_all(runner, CK_NORMAL);                                                                    \
		failed = srunner_ntests_failed(runner);                                                                \
		srunner_free(runner);                                                                                  \
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                                      \
	}

#endif
