/*
 * test_commands.c - programs run through the real command process: each answer finds who waits for it, whatever ends.
 */
#include "runner_fixture.h"

#include "base/clock.h"
#include "base/lane.h"
#include "source/commands.h"

#include <sys/wait.h>

#define SOON_MS 2000
#define THREADS 40

static struct runner *command_process;
static struct commands *commands;

static void open_commands(void)
{
	command_process = start();
	ck_assert_int_eq(commands_start(command_process, &commands), 0);
}

static void close_commands(void)
{
	ck_assert(commands_stop(commands, clock_mono_ns() + SOON_MS * NS_PER_MS));
	commands_free(commands);
	runner_stop(command_process, 1000);
}

static int run_script(const char *script, uint32_t timeout_ms, struct command_result *result)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct runner_job job = shell(0, argv, timeout_ms);

	return commands_run(commands, &job, result);
}

static void expect_result(const char *script, uint32_t timeout_ms, enum runner_status status, int exit_code,
			  const char *output, const char *explained)
{
	struct command_result result;
	char text[64];

	ck_assert_int_eq(run_script(script, timeout_ms, &result), 0);
	ck_assert_int_eq(result.status, status);
	/* One that is ended by us may end by its own before: of SIGPIPE, for one. */
	if (status != RUNNER_OUTPUT)
		ck_assert_int_eq(result.exit_code, exit_code);
	ck_assert_str_eq(result.output, output);
	ck_assert_uint_eq(result.length, strlen(output));
	command_result_explain(&result, text, sizeof(text));
	ck_assert_msg(strstr(text, explained) != NULL, "%s", text);
	free(result.output);
}

START_TEST(results_are_those_of_the_program)
{
	open_commands();
	expect_result("echo out; echo err >&2", LONG_MS, RUNNER_OK, 0, "out\n", "exit status 0");
	expect_result("exit 42", LONG_MS, RUNNER_OK, 42, "", "exit status 42");
	expect_result("kill -KILL $$", LONG_MS, RUNNER_SIGNALLED, SIGKILL, "", "signal 9");
	expect_result("exec sleep 1000", 50, RUNNER_TIMED_OUT, SIGTERM, "", "no end within");
	expect_result("yes", LONG_MS, RUNNER_OUTPUT, 0, "", "more output");
	close_commands();
}
END_TEST

START_TEST(programs_that_cannot_be_started)
{
	static const char *const argv[] = { "/nowhere/program", NULL };
	const struct runner_job job = shell(0, argv, LONG_MS);
	struct runner_job bad = job;
	struct command_result result;
	char text[64];

	open_commands();
	ck_assert_int_eq(commands_run(commands, &job, &result), 0);
	ck_assert_int_eq(result.status, RUNNER_NOT_STARTED);
	command_result_explain(&result, text, sizeof(text));
	ck_assert_str_eq(text, "not started: /nowhere/program: No such file or directory");
	free(result.output);
	bad.timeout_ms = 0;
	ck_assert_int_eq(commands_run(commands, &bad, &result), -ERR_LIMIT);
	close_commands();
}
END_TEST

static void *run_numbered(void *arg)
{
	const int number = *(const int *)arg;
	char script[64], wanted[16];
	struct command_result result;

	/* The later the number, the sooner the answer. */
	snprintf(script, sizeof(script), "sleep 0.%02d; echo %d", THREADS - number, number);
	snprintf(wanted, sizeof(wanted), "%d\n", number);
	ck_assert_int_eq(run_script(script, LONG_MS, &result), 0);
	ck_assert_str_eq(result.output, wanted);
	free(result.output);
	return NULL;
}

START_TEST(each_answer_finds_who_waits_for_it)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];

	open_commands();
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(lane_start(&threads[i], "waiter", run_numbered, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	close_commands();
}
END_TEST

static pid_t worker_of_commands(void)
{
	struct command_result result;
	pid_t worker;

	ck_assert_int_eq(run_script("echo $PPID", LONG_MS, &result), 0);
	worker = (pid_t)atoi(result.output);
	free(result.output);
	return worker;
}

START_TEST(a_lost_job_is_told)
{
	char script[64];

	open_commands();
	snprintf(script, sizeof(script), "kill -KILL %d; exec sleep 1000", (int)worker_of_commands());
	expect_result(script, LONG_MS, RUNNER_LOST, 0, "", "lost");
	expect_result("echo again", LONG_MS, RUNNER_OK, 0, "again\n", "exit status 0");
	close_commands();
}
END_TEST

START_TEST(without_command_process_nobody_waits)
{
	struct command_result result;
	const pid_t worker = (open_commands(), worker_of_commands());
	char script[64];

	snprintf(script, sizeof(script), "kill -KILL %d; exec sleep 1000", (int)parent_of(worker));
	expect_result(script, LONG_MS, RUNNER_LOST, 0, "", "lost");
	while (run_script("echo", LONG_MS, &result) == 0)
		free(result.output);
	ck_assert_int_eq(run_script("echo", LONG_MS, &result), -ERR_STATE);
	close_commands();
}
END_TEST

/* A late reply is nobody's: the job after it gets its own. */
START_TEST(waiting_has_an_end)
{
	struct command_result result = { .output = NULL };
	pid_t worker;

	open_commands();
	worker = worker_of_commands();
	stop_process(worker);
	ck_assert_int_eq(run_script("echo late", 1, &result), -ERR_TIMEOUT);
	ck_assert_ptr_null(result.output);
	ck_assert_int_eq(kill(worker, SIGCONT), 0);
	expect_result("echo mine", LONG_MS, RUNNER_OK, 0, "mine\n", "exit status 0");
	close_commands();
}
END_TEST

static void *run_and_hang(void *arg)
{
	const struct fifo *fifo = arg;
	const char *const argv[] = { "sh", "-c", "echo up >$1; exec sleep 1000", "sh", fifo->path, NULL };
	const struct runner_job job = shell(0, argv, LONG_MS);
	struct command_result result;

	ck_assert_int_eq(commands_run(commands, &job, &result), -ERR_STATE);
	return NULL;
}

START_TEST(stop_sends_everybody_away)
{
	struct command_result result;
	struct fifo fifo;
	pthread_t thread;

	open_commands();
	fifo_open(&fifo);
	ck_assert_int_eq(lane_start(&thread, "waiter", run_and_hang, &fifo), 0);
	fifo_expect_lines(&fifo, 1);
	ck_assert(commands_stop(commands, clock_mono_ns() + SOON_MS * NS_PER_MS));
	ck_assert(lane_join(thread, clock_mono_ns() + SOON_MS * NS_PER_MS));
	ck_assert_int_eq(run_script("echo", LONG_MS, &result), -ERR_STATE);
	fifo_close(&fifo);
	commands_free(commands);
	runner_stop(command_process, 1000);
}
END_TEST

/* --- told instead of waiting -------------------------------------------------------------------------------------- */

struct told {
	int fd[2]; /* a byte for each call */
	struct command_result result;
	bool has_result;
};

static void tell(void *arg, struct command_result *result)
{
	struct told *told = arg;

	told->has_result = result != NULL;
	if (result != NULL)
		told->result = *result;
	ck_assert_int_eq(write(told->fd[1], "", 1), 1);
}

static int submit_told(const char *script, struct told *told)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const struct runner_job job = shell(0, argv, LONG_MS);

	*told = (struct told){ .has_result = false };
	ck_assert_int_eq(pipe(told->fd), 0);
	return commands_submit(commands, &job, tell, told);
}

static void expect_told(struct told *told, bool has_result)
{
	char byte;

	wait_fd(told->fd[0], POLLIN);
	ck_assert_int_eq(read(told->fd[0], &byte, 1), 1);
	ck_assert_int_eq(told->has_result, has_result);
	close(told->fd[0]);
	close(told->fd[1]);
}

START_TEST(who_does_not_wait_is_told)
{
	struct told quick, slow;

	open_commands();
	ck_assert_int_eq(submit_told("exec sleep 1000", &slow), 0);
	ck_assert_int_eq(submit_told("echo quick; exit 3", &quick), 0);
	expect_result("echo beside", LONG_MS, RUNNER_OK, 0, "beside\n", "exit status 0");
	expect_told(&quick, true);
	ck_assert_str_eq(quick.result.output, "quick\n");
	ck_assert_int_eq(quick.result.exit_code, 3);
	free(quick.result.output);
	close_commands(); /* tells that nothing will come */
	expect_told(&slow, false);
	ck_assert_int_eq(slow.result.status, 0);
}
END_TEST

START_TEST(nobody_is_told_of_what_was_not_taken)
{
	struct told told;

	open_commands();
	ck_assert(commands_stop(commands, clock_mono_ns() + SOON_MS * NS_PER_MS));
	ck_assert_int_eq(submit_told("echo", &told), -ERR_STATE);
	close(told.fd[1]);
	wait_fd(told.fd[0], POLLIN);
	ck_assert_int_eq(read(told.fd[0], &told.result, 1), 0);
	close(told.fd[0]);
	commands_free(commands);
	runner_stop(command_process, 1000);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("commands");

	UNIT_ADD(s, results_are_those_of_the_program);
	UNIT_ADD(s, programs_that_cannot_be_started);
	UNIT_ADD(s, each_answer_finds_who_waits_for_it);
	UNIT_ADD(s, a_lost_job_is_told);
	UNIT_ADD(s, without_command_process_nobody_waits);
	UNIT_ADD(s, waiting_has_an_end);
	UNIT_ADD(s, stop_sends_everybody_away);
	UNIT_ADD(s, who_does_not_wait_is_told);
	UNIT_ADD(s, nobody_is_told_of_what_was_not_taken);
	return s;
}

RUNNER_MAIN(suite)
