/*
 * test_runner.c - the command process with real commands: what a job gets and what comes back.
 */
#include "runner_fixture.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>

START_TEST(echo_and_arguments)
{
	const char *const argv[] = {"printf", "%s|%s|%s", "a b", "", "c\nd", NULL};
	struct runner *runner = start();
	const struct runner_job job = shell(0xfffffffe, argv, LONG_MS);

	run_job(runner, &job);
	expect(RUNNER_OK, 0, "a b||c\nd");
	ck_assert_uint_lt(reply.duration_ms, LONG_MS);
	ck_assert_int_eq(runner_receive(runner, &reply), -ERR_ABSENT);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(exit_codes_and_signals)
{
	struct runner *runner = start();

	run_shell(runner, "exit 0", LONG_MS);
	expect(RUNNER_OK, 0, "");
	run_shell(runner, "echo no; exit 3", LONG_MS);
	expect(RUNNER_OK, 3, "no\n");
	run_shell(runner, "exit 255", LONG_MS);
	expect(RUNNER_OK, 255, "");
	run_shell(runner, "echo x; kill -USR1 $$", LONG_MS);
	expect(RUNNER_SIGNALLED, SIGUSR1, "x\n");
	run_shell(runner, "kill -KILL $$", LONG_MS);
	expect(RUNNER_SIGNALLED, SIGKILL, "");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(environment_is_exactly_the_given_one)
{
	static const char *const env[] = {"B=two words", "A=", "PATH=/usr/bin:/bin", NULL};
	const char *const argv[] = {"env", NULL};
	struct runner *runner;
	struct runner_job job = shell(1, argv, LONG_MS);

	setenv("EDGE_LEAK", "1", 1);
	runner = start();
	job.env = env;
	run_job(runner, &job);
	expect(RUNNER_OK, 0, "B=two words\nA=\nPATH=/usr/bin:/bin\n");
	job.argv = (const char *const[]){"/usr/bin/env", NULL};
	job.env = (const char *const[]){NULL};
	run_job(runner, &job);
	expect(RUNNER_OK, 0, "");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(program_is_looked_up_in_the_jobs_path)
{
	static const char *const env[] = {"PATH=/nonexistent", NULL};
	const char *const argv[] = {"env", NULL};
	struct runner *runner = start();
	struct runner_job job = shell(1, argv, LONG_MS);

	job.env = env;
	run_job(runner, &job);
	expect(RUNNER_NOT_STARTED, 127, "env: No such file or directory");
	job.argv = (const char *const[]){"/", NULL};
	run_job(runner, &job);
	expect(RUNNER_NOT_STARTED, 127, "/: Permission denied");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(long_name_of_no_program)
{
	static char name[100000];
	const char *const argv[] = {name, NULL};
	struct runner *runner = start();
	const struct runner_job job = shell(1, argv, LONG_MS);

	memset(name, 'x', sizeof(name) - 1);
	run_job(runner, &job);
	ck_assert_int_eq(reply.status, RUNNER_NOT_STARTED);
	ck_assert_ptr_nonnull(strstr(reply.output, "xxx: "));
	ck_assert_uint_lt(reply.length, 300);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(binary_output)
{
	struct runner *runner = start();

	run_shell(runner, "printf 'a\\000b\\377'", LONG_MS);
	ck_assert_int_eq(reply.status, RUNNER_OK);
	ck_assert_uint_eq(reply.length, 4);
	ck_assert_mem_eq(reply.output, "a\0b\377", 5);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(standard_error_only_if_asked)
{
	const char *const argv[] = {"sh", "-c", "echo out; echo err >&2", NULL};
	struct runner *runner = start();
	struct runner_job job = shell(1, argv, LONG_MS);

	run_job(runner, &job);
	expect(RUNNER_OK, 0, "out\n");
	job.with_stderr = true;
	run_job(runner, &job);
	expect(RUNNER_OK, 0, "out\nerr\n");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(surroundings_of_a_job)
{
	struct runner *runner;

	runner = start();
	run_shell(runner, "pwd; umask; ulimit -c; ulimit -n; test $(ulimit -t) -ge 3 && cat", 1500);
	expect(RUNNER_OK, 0, "/\n0022\n0\n256\n");
	run_shell(runner,
		  "set -- $(cat /proc/self/stat); test $5 = $$ && test $6 = $$ && echo leads; readlink /proc/$$/fd/0",
		  LONG_MS);
	expect(RUNNER_OK, 0, "leads\n/dev/null\n");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(signals_are_reset)
{
	sigset_t some;
	struct runner *runner;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGTERM);
	sigaddset(&some, SIGALRM);
	sigaddset(&some, SIGCHLD);
	sigprocmask(SIG_BLOCK, &some, NULL);
	runner = start();
	/* 32 and 33 belong to the C library, which lets nobody change them: as they were inherited. */
	run_shell(runner, "while read k v; do case $k in SigBlk:|SigIgn:) echo $k $((0x$v & ~(3 << 31)));; esac; "
			  "done </proc/self/status", LONG_MS);
	expect(RUNNER_OK, 0, "SigBlk: 0\nSigIgn: 0\n");
	run_shell(runner, "yes | head -1", LONG_MS);
	expect(RUNNER_OK, 0, "y\n");
	/* With an ignored SIGPIPE the loop would never end. */
	run_shell(runner, "while :; do echo x; done | head -1", LONG_MS);
	expect(RUNNER_OK, 0, "x\n");
	runner_stop(runner, 1000);
}
END_TEST

static void count_descriptors(pid_t pid, size_t *out)
{
	char path[64];
	int fd;

	*out = 0;
	for (fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		*out += faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	}
}

START_TEST(no_descriptor_leaks)
{
	struct runner *runner;
	size_t count;
	pid_t worker;
	int fd;

	for (fd = 0; fd < 20; fd++)
		ck_assert_int_ge(open("/dev/zero", O_RDONLY), 0);
	runner = start();
	/* 3 is the directory that ls itself reads. */
	run_shell(runner, "ls /proc/self/fd", LONG_MS);
	expect(RUNNER_OK, 0, "0\n1\n2\n3\n");
	/* Keeper and worker: standard input, output and error, the socket, their own signals. */
	worker = worker_pid(runner);
	count_descriptors(parent_of(worker), &count);
	ck_assert_uint_eq(count, 5);
	count_descriptors(worker, &count);
	ck_assert_uint_eq(count, 5);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(processes_have_a_name)
{
	struct runner *runner = start();

	run_shell(runner, "cat /proc/$PPID/comm", LONG_MS);
	expect(RUNNER_OK, 0, "edgenode-run\n");
	runner_stop(runner, 1000);
}
END_TEST

/* What the worker runs; a copy, for the daemon's program is that of this test. */
static void expect_image(struct runner *runner, const char *wanted)
{
	char link[64], image[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)worker_pid(runner));
	n = readlink(link, image, sizeof(image) - 1);
	ck_assert_int_gt(n, 0);
	image[n] = '\0';
	ck_assert_msg(strcmp(image, wanted) == 0, "%s", image);
}

START_TEST(image_of_the_command_process)
{
	char self[PATH_MAX], expected[PATH_MAX];
	struct runner *runner = start();

	ck_assert_ptr_nonnull(realpath("/proc/self/exe", self));
	ck_assert_ptr_nonnull(realpath(runner_beside() != NULL ? runner_beside() : self, expected));
	expect_image(runner, expected);
	runner_stop(runner, 1000);
	/* Where it cannot be run, the daemon's own image does the same. */
	ck_assert_int_eq(runner_start("/nonexistent/edgenode-run", &runner), 0);
	run_shell(runner, "cat /proc/$PPID/comm; ls /proc/self/fd", LONG_MS);
	expect(RUNNER_OK, 0, "edgenode-run\n0\n1\n2\n3\n");
	expect_image(runner, self);
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(command_process_without_its_daemon)
{
	char command[PATH_MAX];

	if (runner_beside() == NULL)
		return;
	snprintf(command, sizeof(command), "%s 2>/dev/null", runner_beside());
	ck_assert_int_eq(WEXITSTATUS(system(command)), 2);
	snprintf(command, sizeof(command), "%s 1 0 2>/dev/null", runner_beside());
	ck_assert_int_eq(WEXITSTATUS(system(command)), 2);
	snprintf(command, sizeof(command), "%s 7 0 7</dev/null 2>/dev/null", runner_beside());
	ck_assert_int_eq(WEXITSTATUS(system(command)), 2);
}
END_TEST

START_TEST(user_is_changed_for_root_only)
{
	const char *const argv[] = {
		"sh", "-c", "id -u; id -g; id -G | grep -cw 12345; grep -c 'CapEff:.*[1-9a-f]' /proc/self/status",
		NULL};
	const struct passwd *nobody = getpwnam("nobody");
	const gid_t group = 12345; /* one that must not be handed on */
	struct runner *runner;
	struct runner_job job = shell(1, argv, LONG_MS);
	char expected[64];

	ck_assert_ptr_nonnull(nobody);
	if (geteuid() == 0)
		ck_assert_int_eq(setgroups(1, &group), 0);
	runner = start();
	job.user = geteuid() == 0 ? "nobody" : "root";
	run_job(runner, &job);
	if (geteuid() == 0) {
		snprintf(expected, sizeof(expected), "%u\n%u\n0\n0\n", (unsigned)nobody->pw_uid,
			 (unsigned)nobody->pw_gid);
		expect(RUNNER_OK, 1, expected);
	} else {
		expect(RUNNER_NOT_STARTED, 127, "user root: only a daemon started as root can change the user");
	}
	job.user = "no-such-user-here";
	run_job(runner, &job);
	expect(RUNNER_NOT_STARTED, 127, "user no-such-user-here: no such user");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(own_user_without_root)
{
	const char *const argv[] = {"id", "-un", NULL};
	struct runner *runner;
	struct runner_job job = shell(1, argv, LONG_MS);

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(setuid(getpwnam("nobody")->pw_uid), 0);
	runner = start();
	job.user = "nobody";
	run_job(runner, &job);
	expect(RUNNER_OK, 0, "nobody\n");
	job.user = "root";
	run_job(runner, &job);
	expect(RUNNER_NOT_STARTED, 127, "user root: only a daemon started as root can change the user");
	runner_stop(runner, 1000);
}
END_TEST

START_TEST(job_over_a_limit)
{
	static char big[RUNNER_MESSAGE_MAX];
	static const char *list[RUNNER_ENVIRONMENT_MAX + 2];
	const char *const argv[] = {"true", NULL}, *const nothing[] = {NULL}, *const empty[] = {"", NULL};
	const char *const huge[] = {"true", big, NULL};
	struct runner *runner = start();
	struct runner_job job = shell(1, argv, LONG_MS), bad;
	size_t i;

	memset(big, 'x', sizeof(big) - 1);
	for (i = 0; i < RUNNER_ENVIRONMENT_MAX + 1; i++)
		list[i] = "A=1";
	bad = job, bad.timeout_ms = 0;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.timeout_ms = RUNNER_TIMEOUT_MAX_MS + 1;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.output_max = RUNNER_OUTPUT_MAX + 1;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.argv = nothing;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.argv = empty;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.argv = huge;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.argv = list;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	bad = job, bad.env = list;
	ck_assert_int_eq(runner_submit(runner, &bad), -ERR_LIMIT);
	/* Nothing of that counts as open, and the greatest that fits is run. */
	big[100000] = '\0';
	list[RUNNER_ENVIRONMENT_MAX] = NULL;
	job.argv = huge;
	job.env = list;
	run_job(runner, &job);
	expect(RUNNER_OK, 0, "");
	ck_assert_int_eq(runner_receive(runner, &reply), -ERR_ABSENT);
	runner_stop(runner, 1000);
}
END_TEST

static Suite *runner_suite(void)
{
	Suite *suite = suite_create("runner");

	UNIT_ADD(suite, echo_and_arguments);
	UNIT_ADD(suite, exit_codes_and_signals);
	UNIT_ADD(suite, environment_is_exactly_the_given_one);
	UNIT_ADD(suite, program_is_looked_up_in_the_jobs_path);
	UNIT_ADD(suite, long_name_of_no_program);
	UNIT_ADD(suite, binary_output);
	UNIT_ADD(suite, standard_error_only_if_asked);
	UNIT_ADD(suite, surroundings_of_a_job);
	UNIT_ADD(suite, signals_are_reset);
	UNIT_ADD(suite, no_descriptor_leaks);
	UNIT_ADD(suite, processes_have_a_name);
	UNIT_ADD(suite, image_of_the_command_process);
	UNIT_ADD(suite, command_process_without_its_daemon);
	UNIT_ADD(suite, user_is_changed_for_root_only);
	UNIT_ADD(suite, own_user_without_root);
	UNIT_ADD(suite, job_over_a_limit);
	return suite;
}

RUNNER_MAIN(runner_suite)
