/*
 * test_runner_end.c - how jobs of the command process end, what is left behind, and many jobs at once.
 */
#include "runner_fixture.h"

#include <pthread.h>

START_TEST(output_limit_is_an_error)
{
	const char *const argv[] = {"printf", "%s", "0123456789", NULL};
	struct runner *runner = start();
	struct runner_job job = shell(1, argv, LONG_MS);

	job.output_max = 10;
	run_job(runner, &job);
	expect(RUNNER_OK, 0, "0123456789");
	job.output_max = 9;
	run_job(runner, &job);
	ck_assert_int_eq(reply.status, RUNNER_OUTPUT);
	ck_assert_uint_eq(reply.length, 0);
	job.output_max = 0;
	run_job(runner, &job);
	ck_assert_int_eq(reply.status, RUNNER_OUTPUT);
	run_shell(runner, "head -c 65536 /dev/zero", LONG_MS);
	ck_assert_int_eq(reply.status, RUNNER_OK);
	ck_assert_uint_eq(reply.length, RUNNER_OUTPUT_MAX);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(prints_for_ever)
{
	struct runner *runner = start();

	run_shell(runner, "exec yes", LONG_MS);
	ck_assert_int_eq(reply.status, RUNNER_OUTPUT);
	ck_assert_uint_eq(reply.length, 0);
	/* It also ignores what it is told. */
	run_shell(runner, "trap '' TERM PIPE; while :; do echo x; done 2>/dev/null", LONG_MS);
	ck_assert_int_eq(reply.status, RUNNER_OUTPUT);
	ck_assert_uint_ge(reply.duration_ms, RUNNER_GRACE_MS);
	ck_assert_uint_lt(reply.duration_ms, LONG_MS);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(timeout)
{
	struct runner *runner = start();

	run_shell(runner, "echo begun; exec sleep 1000", 100);
	ck_assert_int_eq(reply.status, RUNNER_TIMED_OUT);
	ck_assert_str_eq(reply.output, "begun\n");
	ck_assert_int_eq(reply.exit_code, SIGTERM);
	ck_assert_uint_ge(reply.duration_ms, 100);
	run_shell(runner, "trap '' TERM; while :; do sleep 1000; done", 100);
	expect(RUNNER_TIMED_OUT, SIGKILL, "");
	ck_assert_uint_ge(reply.duration_ms, 100 + RUNNER_GRACE_MS);
	/* At the shortest deadline the process may not even have its program yet. */
	run_shell(runner, "exec sleep 1000", 1);
	ck_assert_int_eq(reply.status, RUNNER_TIMED_OUT);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(closes_its_output_and_sleeps)
{
	struct runner *runner = start();

	run_shell(runner, "echo x; exec >&-; exec sleep 1000", 300);
	expect(RUNNER_TIMED_OUT, SIGTERM, "x\n");
	run_shell(runner, "echo x; exec >&-; exit 4", LONG_MS);
	expect(RUNNER_OK, 4, "x\n");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(timeout_ends_the_whole_group)
{
	struct runner *runner = start();
	struct fifo fifo;

	fifo_open(&fifo);
	ck_assert_int_eq(
		submit_with_fifo(runner, 1,
				 "exec 3>$1; sh -c \"trap '' TERM; echo up >&3; while :; do sleep 1000; done\" & "
				 "echo up >&3; wait",
				 &fifo, 1000),
		0);
	fifo_expect_lines(&fifo, 2);
	ck_assert_int_eq(receive(runner), 0);
	ck_assert_int_eq(reply.status, RUNNER_TIMED_OUT);
	fifo_expect_end(&fifo);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(background_process_does_not_hold_the_job)
{
	struct runner *runner = start();
	struct fifo fifo;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 1, "exec 3>$1; sleep 1000 & echo done", &fifo, LONG_MS), 0);
	ck_assert_int_eq(receive(runner), 0);
	expect(RUNNER_OK, 0, "done\n");
	fifo_expect_end(&fifo);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(straggler_with_its_own_session)
{
	struct runner *runner = start();
	struct fifo fifo;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 1, STRAGGLE "echo up >&3; exec sleep 1000", &fifo, 1000), 0);
	fifo_expect_lines(&fifo, 2);
	ck_assert_int_eq(receive(runner), 0);
	expect(RUNNER_TIMED_OUT, SIGTERM, "");
	fifo_expect_end(&fifo);
	runner_stop(runner, 1000);
}
END_TEST

/* The reader loses its parent at once and comes to the worker, but stays in the session of a job that runs. */
#define ORPHAN                                                                                                         \
	"exec 3>$1; mkfifo $1.in $1.done; ( ( read -r line <$1.in; echo $line >$1.done ) & ); "                        \
	"echo up >&3; read -r line <$1.done; rm $1.in $1.done; echo got $line"

START_TEST(orphan_of_a_running_job_lives)
{
	struct runner *runner = start();
	struct fifo fifo;
	char path[64];
	int fd;

	fifo_open(&fifo);
	ck_assert_int_eq(submit_with_fifo(runner, 1, ORPHAN, &fifo, LONG_MS), 0);
	fifo_expect_lines(&fifo, 1);
	/* The end of another job looks for stragglers. */
	run_shell(runner, "exit 0", LONG_MS);
	expect(RUNNER_OK, 0, "");
	snprintf(path, sizeof(path), "%s.in", fifo.path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "go\n", 3), 3);
	ck_assert_int_eq(receive(runner), 0);
	expect(RUNNER_OK, 0, "got go\n");
	close(fd);
	fifo_expect_end(&fifo);
	runner_stop(runner, 1000);
}
END_TEST

#define MANY 200u

static void submit_or_wait(struct runner *runner, uint32_t id)
{
	int rc;

	while ((rc = submit_shell(runner, id, "echo $0", LONG_MS)) == -ERR_BUSY)
		wait_fd(runner_fd(runner), POLLOUT);
	ck_assert_int_eq(rc, 0);
}

static void receive_all(struct runner *runner, uint32_t count)
{
	bool *seen = calloc(count, sizeof(*seen));
	uint32_t i;

	for (i = 0; i < count; i++) {
		ck_assert_int_eq(receive(runner), 0);
		ck_assert_uint_lt(reply.id, count);
		ck_assert(!seen[reply.id]);
		seen[reply.id] = true;
		expect(RUNNER_OK, 0, "sh\n");
	}
	ck_assert_int_eq(runner_receive(runner, &reply), -ERR_ABSENT);
	free(seen);
}

START_TEST(many_at_once)
{
	struct runner *runner = start();
	uint32_t i;

	for (i = 0; i < MANY; i++)
		submit_or_wait(runner, i);
	receive_all(runner, MANY);
	runner_stop(runner, 1000);
}
END_TEST

#define THREADS 4u

struct submitter {
	pthread_t thread;
	struct runner *runner;
	uint32_t first;
};

static void *submit_some(void *arg)
{
	const struct submitter *submitter = arg;
	uint32_t i;

	for (i = 0; i < MANY / THREADS; i++)
		submit_or_wait(submitter->runner, submitter->first + i);
	return NULL;
}

START_TEST(many_from_threads)
{
	struct runner *runner = start();
	struct submitter submitters[THREADS];
	uint32_t i;

	for (i = 0; i < THREADS; i++) {
		submitters[i] = (struct submitter){.runner = runner, .first = i * (MANY / THREADS)};
		ck_assert_int_eq(pthread_create(&submitters[i].thread, NULL, submit_some, &submitters[i]), 0);
	}
	receive_all(runner, MANY);
	for (i = 0; i < THREADS; i++)
		pthread_join(submitters[i].thread, NULL);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(replies_that_nobody_reads)
{
	struct runner *runner = start();
	struct fifo fifo;
	uint32_t i;
	int writer;

	fifo_open(&fifo);
	/* Between two jobs' lines there is no end of file. */
	writer = open(fifo.path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(writer, 0);
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(
			submit_with_fifo(runner, i, "echo up >$1; exec head -c 60000 /dev/zero", &fifo, LONG_MS), 0);
	fifo_expect_lines(&fifo, RUNNER_CONCURRENT_MAX);
	close(writer);
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(receive(runner), 0);
		ck_assert_int_eq(reply.status, RUNNER_OK);
		ck_assert_uint_eq(reply.length, 60000);
	}
	fifo_expect_end(&fifo);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(full_queue_is_busy)
{
	struct runner *runner = start();
	uint32_t i;
	int rc;

	for (i = 0; i < RUNNER_QUEUE_MAX; i++) {
		while ((rc = submit_shell(runner, i, "exec sleep 1000", LONG_MS)) == -ERR_BUSY)
			wait_fd(runner_fd(runner), POLLOUT);
		ck_assert_int_eq(rc, 0);
	}
	ck_assert_int_eq(submit_shell(runner, i, "exec sleep 1000", LONG_MS), -ERR_BUSY);
	runner_stop(runner, 1000);
}
END_TEST

static Suite *runner_end_suite(void)
{
	Suite *suite = suite_create("runner_end");

	UNIT_ADD(suite, output_limit_is_an_error);
	UNIT_ADD(suite, prints_for_ever);
	UNIT_ADD(suite, timeout);
	UNIT_ADD(suite, closes_its_output_and_sleeps);
	UNIT_ADD(suite, timeout_ends_the_whole_group);
	UNIT_ADD(suite, background_process_does_not_hold_the_job);
	UNIT_ADD(suite, straggler_with_its_own_session);
	UNIT_ADD(suite, orphan_of_a_running_job_lives);
	UNIT_ADD(suite, many_at_once);
	UNIT_ADD(suite, many_from_threads);
	UNIT_ADD(suite, replies_that_nobody_reads);
	UNIT_ADD(suite, full_queue_is_busy);
	return suite;
}

RUNNER_MAIN(runner_end_suite)
