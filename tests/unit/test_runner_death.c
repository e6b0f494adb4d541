/*
 * test_runner_death.c - the deaths of worker, keeper and daemon, the orderly stop, and garbage on the socket.
 */
#include "runner_fixture.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

START_TEST(worker_is_killed)
{
	struct runner *runner = start();
	const pid_t worker = worker_pid(runner);
	struct fifo fifo;
	uint32_t i;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 10, HOLD, &fifo, LONG_MS), 0);
	ck_assert_int_eq(submit_with_fifo(runner, 11, STRAGGLE "exec sleep 1000", &fifo, LONG_MS), 0);
	fifo_expect_lines(&fifo, 2);
	ck_assert_int_eq(submit_shell(runner, 12, "exec sleep 1000", LONG_MS), 0);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	for (i = 10; i < 13; i++) {
		ck_assert_int_eq(receive(runner), 0);
		ck_assert_uint_eq(reply.id, i);
		expect(RUNNER_LOST, 0, "");
	}
	ck_assert_int_eq(runner_receive(runner, &reply), -ERR_ABSENT);
	fifo_expect_end(&fifo);
	run_shell(runner, "echo back", LONG_MS);
	expect(RUNNER_OK, 0, "back\n");
	ck_assert_int_ne(worker_pid(runner), worker);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(worker_is_killed_again_and_again)
{
	struct runner *runner = start();
	uint32_t i;

	for (i = 0; i < 4; i++) {
		const pid_t worker = worker_pid(runner);

		ck_assert_int_eq(kill(worker, SIGKILL), 0);
		ck_assert_int_eq(submit_shell(runner, 100 + i, "echo x", LONG_MS), 0);
		ck_assert_int_eq(receive(runner), 0);
		ck_assert_uint_eq(reply.id, 100 + i);
		ck_assert_int_eq(reply.status, RUNNER_LOST);
	}
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(job_on_its_way_is_not_run_by_the_next_worker)
{
	struct runner *runner = start();
	const pid_t worker = worker_pid(runner);
	struct fifo fifo;
	uint32_t i;
	char c;

	fifo_open(&fifo);
	stop_process(worker);
	ck_assert_int_eq(submit_with_fifo(runner, 1, "echo run >$1", &fifo, LONG_MS), 0);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	ck_assert_int_eq(receive(runner), 0);
	ck_assert_uint_eq(reply.id, 1);
	expect(RUNNER_LOST, 0, "");
	for (i = 0; i < 5; i++)
		ck_assert_int_ne(worker_pid(runner), worker);
	runner_stop(runner, PATIENCE_MS);
	ck_assert_int_eq(read(fifo.fd, &c, 1), 0);
	fifo_close(&fifo);
}
END_TEST

START_TEST(keeper_is_killed)
{
	struct runner *runner = start();
	const pid_t keeper = parent_of(worker_pid(runner));
	struct fifo fifo;
	uint32_t i;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 1, HOLD, &fifo, LONG_MS), 0);
	ck_assert_int_eq(submit_shell(runner, 2, "exec sleep 1000", LONG_MS), 0);
	fifo_expect_lines(&fifo, 1);
	ck_assert_int_eq(kill(keeper, SIGKILL), 0);
	for (i = 1; i < 3; i++) {
		ck_assert_int_eq(receive(runner), 0);
		ck_assert_uint_eq(reply.id, i);
		expect(RUNNER_LOST, 0, "");
	}
	fifo_expect_end(&fifo);
	ck_assert_int_eq(runner_receive(runner, &reply), -ERR_STATE);
	ck_assert_int_eq(submit_shell(runner, 3, "exit 0", LONG_MS), -ERR_STATE);
	runner_stop(runner, 1000);
}
END_TEST

/* A daemon: starts a runner with two jobs that do not want to end, tells its worker's number, and waits. */
static void be_daemon(struct fifo *fifo, int out)
{
	struct runner *runner = start();
	const pid_t worker = worker_pid(runner);

	ck_assert_int_eq(submit_with_fifo(runner, 1, HOLD, fifo, LONG_MS), 0);
	ck_assert_int_eq(submit_with_fifo(runner, 2, STRAGGLE "exec sleep 1000", fifo, LONG_MS), 0);
	ck_assert_int_eq(write(out, &worker, sizeof(worker)), sizeof(worker));
	for (;;)
		pause();
}

START_TEST(daemon_is_killed)
{
	struct fifo fifo;
	pid_t daemon_pid, worker = 0, keeper;
	int ends[2], status;

	fifo_open(&fifo);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	daemon_pid = fork();
	if (daemon_pid == 0)
		be_daemon(&fifo, ends[1]);
	ck_assert_int_eq(read(ends[0], &worker, sizeof(worker)), sizeof(worker));
	fifo_expect_lines(&fifo, 2);
	keeper = parent_of(worker);
	ck_assert_int_eq(kill(daemon_pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(daemon_pid, NULL, 0), daemon_pid);
	fifo_expect_end(&fifo);
	/* The keeper comes to this process; it ends last, in order. */
	ck_assert_int_eq(waitpid(keeper, &status, 0), keeper);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(kill(worker, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(stop_ends_what_runs)
{
	struct runner *runner = start();
	const pid_t keeper = parent_of(worker_pid(runner));
	struct fifo fifo;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 1, HOLD, &fifo, LONG_MS), 0);
	ck_assert_int_eq(submit_with_fifo(runner, 2, STRAGGLE "exec sleep 1000", &fifo, LONG_MS), 0);
	fifo_expect_lines(&fifo, 2);
	runner_stop(runner, PATIENCE_MS);
	fifo_expect_end(&fifo);
	ck_assert_int_eq(kill(keeper, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	runner_stop(NULL, 0);
}
END_TEST

START_TEST(stop_without_patience)
{
	struct runner *runner = start();
	struct fifo fifo;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 1, HOLD, &fifo, LONG_MS), 0);
	fifo_expect_lines(&fifo, 1);
	runner_stop(runner, 0);
	fifo_expect_end(&fifo);
}
END_TEST

/* A daemon that goes to the background after runner_start is no longer the keeper's parent. */
START_TEST(use_after_daemonising)
{
	struct runner *runner = start();
	const pid_t keeper = parent_of(worker_pid(runner));
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		run_shell(runner, "echo x", LONG_MS);
		_exit(reply.status == RUNNER_OK && strcmp(reply.output, "x\n") == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(kill(keeper, 0), 0);
	runner_stop(runner, PATIENCE_MS);
}
END_TEST

START_TEST(garbage_on_the_socket)
{
	struct runner *runner = start();
	const pid_t worker = worker_pid(runner);
	const int fd = runner_fd(runner);
	static char zeros[RUNNER_MESSAGE_MAX + 1];
	char bytes[64];
	unsigned seed = 1;
	size_t i, n;

	ck_assert_int_eq(send(fd, "", 0, 0), 0);
	for (i = 0; i < 300; i++) {
		for (n = 0; n < sizeof(bytes); n++)
			bytes[n] = (char)rand_r(&seed);
		bytes[0] = (char)(i % 4);
		wait_fd(fd, POLLOUT);
		if (send(fd, bytes, i % sizeof(bytes), MSG_DONTWAIT) < 0)
			ck_assert_int_eq(errno, EAGAIN);
	}
	wait_fd(fd, POLLOUT);
	ck_assert_int_eq(send(fd, zeros, 1000, 0), 1000);
	if (send(fd, zeros, sizeof(zeros), 0) < 0) /* more than the worker takes, where the system lets it pass */
		ck_assert_int_eq(errno, EMSGSIZE);
	ck_assert_int_eq(worker_pid(runner), worker);
	runner_stop(runner, 1000);
}
END_TEST

static Suite *runner_death_suite(void)
{
	Suite *suite = suite_create("runner_death");

	UNIT_ADD(suite, worker_is_killed);
	UNIT_ADD(suite, worker_is_killed_again_and_again);
	UNIT_ADD(suite, job_on_its_way_is_not_run_by_the_next_worker);
	UNIT_ADD(suite, keeper_is_killed);
	UNIT_ADD(suite, daemon_is_killed);
	UNIT_ADD(suite, stop_ends_what_runs);
	UNIT_ADD(suite, stop_without_patience);
	UNIT_ADD(suite, use_after_daemonising);
	UNIT_ADD(suite, garbage_on_the_socket);
	return suite;
}

RUNNER_MAIN(runner_death_suite)
