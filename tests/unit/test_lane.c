/*
 * test_lane.c - threads of the daemon and what none of them may wait for: lane.c, and log.c before a reader that does
 * not read.
 */
#include "base/clock.h"
#include "base/lane.h"
#include "base/log.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BOUND_NS (20 * NS_PER_S)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened;
static bool open_now; /* under lock */

/* Waits for open_gate without limit. */
static void *wait_at_gate(void *arg)
{
	pthread_mutex_lock(&lock);
	while (!open_now)
		lane_wait_until(&opened, &lock, INT64_MAX);
	pthread_mutex_unlock(&lock);
	return arg;
}

static void open_gate(void)
{
	pthread_mutex_lock(&lock);
	open_now = true;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&lock);
}

static void setup(void)
{
	lane_condition_init(&opened);
	unsetenv("JOURNAL_STREAM");
	log_open("p", false, LOG_LEVEL_INFO);
}

/* ---- threads ---- */

struct self {
	size_t stack_size;
	int detach_state;
};

static void *describe_self(void *arg)
{
	struct self *self = arg;
	pthread_attr_t attributes;

	ck_assert_int_eq(pthread_getattr_np(pthread_self(), &attributes), 0);
	pthread_attr_getstacksize(&attributes, &self->stack_size);
	pthread_attr_getdetachstate(&attributes, &self->detach_state);
	pthread_attr_destroy(&attributes);
	return NULL;
}

START_TEST(lane_is_joinable_and_small)
{
	struct self self = { 0 };
	pthread_t thread;

	ck_assert_int_eq(lane_start(&thread, "self", describe_self, &self), 0);
	ck_assert(lane_join(thread, clock_mono_ns() + BOUND_NS));
	ck_assert_int_eq(self.detach_state, PTHREAD_CREATE_JOINABLE);
	ck_assert_uint_ge(self.stack_size, LANE_STACK_SIZE);
	ck_assert_uint_lt(self.stack_size, 2 * LANE_STACK_SIZE);
}
END_TEST

START_TEST(lane_join_gives_up_at_its_deadline)
{
	const int64_t start = clock_mono_ns();
	char name[32];
	pthread_t thread;

	ck_assert_int_eq(lane_start(&thread, "fifteen-letters", wait_at_gate, NULL), 0);
	ck_assert_int_eq(pthread_getname_np(thread, name, sizeof(name)), 0);
	ck_assert_str_eq(name, "fifteen-letters");
	ck_assert(!lane_join(thread, 0)); /* long over: one look */
	ck_assert(!lane_join(thread, start + 50 * NS_PER_MS));
	ck_assert_int_ge(clock_mono_ns(), start + 50 * NS_PER_MS);
	open_gate(); /* it went on meanwhile */
	ck_assert(lane_join(thread, clock_mono_ns() + BOUND_NS));
}
END_TEST

static void *tell(void *arg)
{
	pthread_mutex_lock(&lock);
	*(int *)arg = 1;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&lock);
	return NULL;
}

START_TEST(lane_detached_runs)
{
	const int64_t until = clock_mono_ns() + BOUND_NS;
	int told = 0;

	ck_assert_int_eq(lane_start_detached("detached", tell, &told), 0);
	pthread_mutex_lock(&lock);
	while (told == 0)
		ck_assert(lane_wait_until(&opened, &lock, until));
	pthread_mutex_unlock(&lock);
}
END_TEST

START_TEST(lane_waits_by_the_mono_clock)
{
	const int64_t start = clock_mono_ns();

	pthread_mutex_lock(&lock);
	ck_assert(!lane_wait_until(&opened, &lock, 0));
	ck_assert(!lane_wait_until(&opened, &lock, start + 30 * NS_PER_MS));
	pthread_mutex_unlock(&lock);
	ck_assert_int_ge(clock_mono_ns(), start + 30 * NS_PER_MS);
	ck_assert_int_lt(clock_mono_ns(), start + BOUND_NS);
}
END_TEST

/* ---- the log ---- */

#define LINES 300
#define PIPE_SIZE 16384 /* takes less than half of them */

/* A small pipe as standard error, which blocks its writer as any pipe does; its reading end. */
static int small_pipe(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_ge(fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE), 0);
	ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return ends[0];
}

/* What is in the pipe now. */
static const char *drained(int fd)
{
	static char text[65536];
	const ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int count_lines(const char *text)
{
	int n = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

static void log_lines_of(char letter, int n)
{
	char line[90] = { 0 };

	memset(line, letter, sizeof(line) - 1);
	for (int i = 0; i < n; i++)
		log_info("%s", line);
}

/* A block here ends with the timeout of the test. */
START_TEST(log_drops_and_counts_what_nobody_reads)
{
	const int fd = small_pipe();
	const char *text;
	char expected[128];
	int written;

	log_lines_of('x', LINES);
	text = drained(fd);
	written = count_lines(text);
	ck_assert(written > 0 && written < LINES);
	ck_assert_int_eq(text[strlen(text) - 1], '\n'); /* none is cut */
	/* The number comes first when there is room again, and once. */
	log_warning("after");
	snprintf(expected, sizeof(expected), "p: warning: %d lines of this log were lost\np: warning: after\n",
		 LINES - written);
	ck_assert_str_eq(drained(fd), expected);
	log_info("more");
	ck_assert_str_eq(drained(fd), "p: more\n");
	/* A count that does not get through either is kept. */
	log_lines_of('x', LINES);
	log_lines_of('y', LINES);
	written = count_lines(drained(fd));
	log_info("after");
	snprintf(expected, sizeof(expected), "p: warning: %d lines of this log were lost\np: after\n",
		 2 * LINES - written);
	ck_assert_str_eq(drained(fd), expected);
	close(fd);
}
END_TEST

START_TEST(log_survives_its_reader)
{
	int fd = small_pipe();

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	close(fd);
	log_lines_of('x', 3);
	fd = small_pipe();
	log_info("a new reader");
	ck_assert_str_eq(drained(fd), "p: warning: 3 lines of this log were lost\np: a new reader\n");
	close(fd);
}
END_TEST

static void *log_many(void *arg)
{
	log_lines_of(*(const char *)arg, LINES);
	return NULL;
}

/* Lines of several lanes never mix, and each is either there or counted. */
START_TEST(log_lines_are_whole)
{
	enum { LANES = 4 };
	const int fd = small_pipe();
	char letters[] = "abcd", line[128];
	const char *text;
	pthread_t threads[LANES];
	int written;
	unsigned lost = 0;

	for (int i = 0; i < LANES; i++)
		ck_assert_int_eq(lane_start(&threads[i], "logs", log_many, &letters[i]), 0);
	for (int i = 0; i < LANES; i++)
		ck_assert(lane_join(threads[i], clock_mono_ns() + BOUND_NS));
	text = drained(fd);
	written = count_lines(text);
	for (; *text != '\0'; text = strchr(text, '\n') + 1) {
		ck_assert_int_eq(sscanf(text, "p: %127s", line), 1);
		ck_assert_uint_eq(strlen(line), 89);
		ck_assert_uint_eq(strspn(line, (char[]){ line[0], '\0' }), 89);
	}
	log_info("after");
	ck_assert_int_eq(sscanf(drained(fd), "p: warning: %u lines of this log were lost\n", &lost), 1);
	ck_assert_int_eq(written + (int)lost, LANES * LINES);
	close(fd);
}
END_TEST

/* The last CPU that this process may use. */
static int last_cpu(void)
{
	cpu_set_t set;
	int cpu = CPU_SETSIZE - 1;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	while (!CPU_ISSET((size_t)cpu, &set))
		cpu--;
	return cpu;
}

static void *pin_to(void *arg)
{
	const int *cpu = arg;
	cpu_set_t set;

	ck_assert_int_eq(lane_pin((unsigned)*cpu), 0);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	ck_assert_int_eq(CPU_COUNT(&set), 1);
	ck_assert(CPU_ISSET((size_t)*cpu, &set));
	ck_assert_int_eq(sched_getcpu(), *cpu);
	return arg;
}

START_TEST(lane_pins_itself_alone)
{
	int cpu = last_cpu();
	cpu_set_t before, after;
	pthread_t thread;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	ck_assert_int_eq(lane_start(&thread, "pinned", pin_to, &cpu), 0);
	ck_assert(lane_join(thread, clock_mono_ns() + BOUND_NS));
	ck_assert_int_eq(sched_getaffinity(0, sizeof(after), &after), 0);
	ck_assert(CPU_EQUAL(&before, &after));
}
END_TEST

START_TEST(lane_is_not_pinned_to_a_cpu_that_is_not_there)
{
	cpu_set_t before, after;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
	ck_assert_int_lt(lane_pin(8191), 0);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(after), &after), 0);
	ck_assert(CPU_EQUAL(&before, &after));
}
END_TEST

static Suite *lane_suite(void)
{
	Suite *suite = suite_create("lane");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, lane_is_joinable_and_small);
	tcase_add_test(tc, lane_join_gives_up_at_its_deadline);
	tcase_add_test(tc, lane_detached_runs);
	tcase_add_test(tc, lane_waits_by_the_mono_clock);
	tcase_add_test(tc, lane_pins_itself_alone);
	tcase_add_test(tc, lane_is_not_pinned_to_a_cpu_that_is_not_there);
	tcase_add_test(tc, log_drops_and_counts_what_nobody_reads);
	tcase_add_test(tc, log_survives_its_reader);
	tcase_add_test(tc, log_lines_are_whole);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(lane_suite)
