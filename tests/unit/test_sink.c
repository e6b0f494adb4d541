/* test_sink.c - events for the system's log and for a program: the records, the queue, what fails. */
#include "unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sink.h"
#include "source/commands.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HANG_BOUND_NS (20 * NS_PER_S)
#define HANG_BOUND_MS 20000

static const struct event_origin ORIGIN = { .host = "node-7", .pid = 42, .enterprise = 32473 };

static struct event *make_event(uint32_t serial, const char *subject)
{
	struct event *event = event_new(EVENT_DOMAIN_CRASHED, SEVERITY_CRITICAL, subject, "domain x has crashed");

	event->serial = serial;
	event->time_real_ns = INT64_C(1795168490123456789);
	event->boot = 3;
	event->uptime_ms = 99;
	event->stored = true;
	event->domain = 5;
	event->value = -7;
	return event;
}

/* --- records ------------------------------------------------------------------------------------------------------ */

START_TEST(syslog_record_is_rfc_5424)
{
	struct event *event = make_event(12, "a\"b\\c]d");
	struct buf out;

	buf_init(&out, EVENT_TEXT_RECORD_MAX);
	event_text_syslog(event, &ORIGIN, &out);
	ck_assert(!out.over);
	ck_assert_str_eq(out.data,
			 "<26>1 2026-11-20T09:54:50.123456Z node-7 edgenoded 42 edgeDomainCrashed [edgenode@32473 serial=\"12\" "
			 "log=\"00000000-0000-0000-0000-000000000000\" kind=\"edgeDomainCrashed\" severity=\"critical\" "
			 "time=\"2026-11-20T09:54:50.123456Z\" boot=\"3\" uptime-ms=\"99\" clock-synced=\"no\" "
			 "subject=\"a\\\"b\\\\c\\]d\" domain=\"5\" value=\"-7\" threshold=\"0\" units=\"\" stored=\"yes\"] "
			 "\xef\xbb\xbf" "domain x has crashed");
	buf_free(&out);
	part_unref(event);
}
END_TEST

START_TEST(journal_record_is_one_fact_a_line)
{
	struct event *event = make_event(12, "evil\nPRIORITY=0");
	struct buf out;

	buf_init(&out, EVENT_TEXT_RECORD_MAX);
	event_text_journal(event, &ORIGIN, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "MESSAGE=domain x has crashed\nPRIORITY=2\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "\nEDGENODE_SUBJECT=evil?PRIORITY=0\n"));
	ck_assert_ptr_nonnull(strstr(out.data, "\nEDGENODE_CLOCK_SYNCED=no\n"));
	for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
		ck_assert_ptr_nonnull(strchr(line, '='));
	buf_free(&out);
	part_unref(event);
}
END_TEST

START_TEST(the_longest_event_fits)
{
	char longest[EVENT_SUBJECT_MAX + 1];
	struct event *event;
	struct buf out;

	memset(longest, ']', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	event = make_event(UINT32_MAX, longest);
	buf_init(&out, EVENT_TEXT_RECORD_MAX);
	event_text_syslog(event, &ORIGIN, &out);
	ck_assert(!out.over);
	buf_free(&out);
	part_unref(event);
}
END_TEST

/* --- the system's log --------------------------------------------------------------------------------------------- */

static int listen_at(char path[80])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(path, 80, "/tmp/edgenode-sink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	strcat(path, "/log");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void unlisten(int fd, char path[80])
{
	close(fd);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
}

static void receive(int fd, char *text, size_t size)
{
	struct pollfd in = { fd, POLLIN, 0 };
	ssize_t n;

	ck_assert_int_eq(poll(&in, 1, HANG_BOUND_MS), 1);
	n = recv(fd, text, size - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
}

static void put(struct sink *sink, uint32_t serial)
{
	struct event *event = make_event(serial, "vm");

	sink_put(sink, event);
	part_unref(event);
}

START_TEST(the_journal_comes_before_syslog)
{
	char journal_path[80], syslog_path[80], text[EVENT_TEXT_RECORD_MAX];
	const int journal = listen_at(journal_path), syslog = listen_at(syslog_path);
	const struct sink_syslog_options options = { journal_path, syslog_path, ORIGIN };
	struct sink *sink;

	ck_assert_int_eq(sink_start_syslog(&options, &sink), 0);
	put(sink, 1);
	receive(journal, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "EDGENODE_SERIAL=1\n"));
	unlisten(journal, journal_path); /* gone: the other one */
	put(sink, 2);
	receive(syslog, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, " serial=\"2\""));
	ck_assert(sink_stop(sink, clock_mono_ns() + HANG_BOUND_NS));
	sink_free(sink);
	unlisten(syslog, syslog_path);
}
END_TEST

START_TEST(a_syslogd_that_does_not_read_holds_up_nobody)
{
	char path[80], text[EVENT_TEXT_RECORD_MAX];
	const int fd = listen_at(path);
	const struct sink_syslog_options options = { "", path, ORIGIN };
	const int64_t begun = clock_mono_ns();
	struct sink *sink;

	ck_assert_int_eq(sink_start_syslog(&options, &sink), 0);
	for (uint32_t i = 1; i <= 3 * SINK_QUEUE_MAX; i++)
		put(sink, i);
	ck_assert_int_lt(clock_mono_ns() - begun, HANG_BOUND_NS / 4);
	receive(fd, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, " serial=\"1\""));
	/* It hangs in the queue's next event for SEND_WAIT_MS at most. */
	ck_assert(sink_stop(sink, clock_mono_ns() + HANG_BOUND_NS / 4));
	sink_free(sink);
	unlisten(fd, path);
}
END_TEST

/* How often the text is in what the block writes to stderr. */
static size_t count_in(FILE *file, const char *text)
{
	char line[512];
	size_t n = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, text) != NULL;
	return n;
}

/* A queue that stays near its limit loses events all the time, and says so once. */
START_TEST(losses_that_go_on_are_told_once)
{
	char path[80], text[EVENT_TEXT_RECORD_MAX];
	const int fd = listen_at(path), saved = dup(STDERR_FILENO);
	const struct sink_syslog_options options = { "", path, ORIGIN };
	FILE *file = tmpfile();
	struct sink *sink;
	uint32_t serial = 0;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	ck_assert_int_eq(sink_start_syslog(&options, &sink), 0);
	while (serial < 2 * SINK_QUEUE_MAX)
		put(sink, ++serial);
	for (int i = 0; i < 50; i++) {
		receive(fd, text, sizeof(text));
		poll(NULL, 0, 2);
		put(sink, ++serial);
		put(sink, ++serial);
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	ck_assert_uint_eq(count_in(file, "too great a number"), 1);
	ck_assert_uint_eq(count_in(file, "works again"), 0);
	fclose(file);
	ck_assert(sink_stop(sink, clock_mono_ns() + HANG_BOUND_NS));
	sink_free(sink);
	unlisten(fd, path);
}
END_TEST

/* The queue of the other side has room for some records only; a reader that is slow misses none. */
START_TEST(a_slow_syslogd_misses_nothing)
{
	char path[80], text[EVENT_TEXT_RECORD_MAX], wanted[32];
	const int fd = listen_at(path);
	const struct sink_syslog_options options = { "", path, ORIGIN };
	struct sink *sink;

	ck_assert_int_eq(sink_start_syslog(&options, &sink), 0);
	for (uint32_t i = 1; i <= 600; i++)
		put(sink, i);
	for (uint32_t i = 1; i <= 600; i++) {
		if (i % 100 == 0)
			poll(NULL, 0, 20);
		receive(fd, text, sizeof(text));
		snprintf(wanted, sizeof(wanted), " serial=\"%u\"", i);
		ck_assert_ptr_nonnull(strstr(text, wanted));
	}
	ck_assert(sink_stop(sink, clock_mono_ns() + HANG_BOUND_NS));
	sink_free(sink);
	unlisten(fd, path);
}
END_TEST

/* --- a program ---------------------------------------------------------------------------------------------------- */

struct bench {
	struct runner *runner;
	struct commands *commands;
	char dir[64], script[80], out[80];
	struct sink *sink;
};

static void bench_open(struct bench *bench, const char *script, uint32_t timeout_ms, uint8_t severity)
{
	struct sink_command_options options = { .path = "/usr/bin:/bin", .timeout_ms = timeout_ms, .severity = severity,
						.origin = ORIGIN };
	FILE *file;

	snprintf(bench->dir, sizeof(bench->dir), "/tmp/edgenode-sink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(bench->dir));
	snprintf(bench->script, sizeof(bench->script), "%s/tell", bench->dir);
	snprintf(bench->out, sizeof(bench->out), "%s/out", bench->dir);
	file = fopen(bench->script, "we");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "#!/bin/sh\nout=%s\n%s\n", bench->out, script);
	fclose(file);
	ck_assert_int_eq(chmod(bench->script, 0755), 0);
	ck_assert_int_eq(runner_start(NULL, &bench->runner), 0);
	ck_assert_int_eq(commands_start(bench->runner, &bench->commands), 0);
	options.program = bench->script;
	options.commands = bench->commands;
	ck_assert_int_eq(sink_start_command(&options, &bench->sink), 0);
}

static void bench_close(struct bench *bench)
{
	char command[128];

	sink_quit(bench->sink);
	ck_assert(commands_stop(bench->commands, clock_mono_ns() + HANG_BOUND_NS));
	ck_assert(sink_stop(bench->sink, clock_mono_ns() + HANG_BOUND_NS));
	sink_free(bench->sink);
	commands_free(bench->commands);
	runner_stop(bench->runner, HANG_BOUND_MS);
	snprintf(command, sizeof(command), "rm -rf %s", bench->dir);
	ck_assert_int_eq(system(command), 0);
}

/* Until the file has so many lines: its text. */
static void wait_lines(const struct bench *bench, size_t lines, char *text, size_t size)
{
	const int64_t end = clock_mono_ns() + HANG_BOUND_NS;
	size_t found = 0;

	while (found < lines) {
		FILE *file = fopen(bench->out, "re");
		const size_t n = file != NULL ? fread(text, 1, size - 1, file) : 0;

		ck_assert_int_lt(clock_mono_ns(), end);
		if (file != NULL)
			fclose(file);
		text[n] = '\0';
		found = 0;
		for (size_t i = 0; i < n; i++)
			found += text[i] == '\n';
		poll(NULL, 0, 2);
	}
}

START_TEST(a_program_has_the_event_in_its_environment)
{
	struct bench bench;
	char text[4096];
	struct event *event = make_event(8, "x; touch $(pwned) `id` '\"");

	bench_open(&bench, "env | grep -E 'EDGENODE_(SERIAL|KIND|SUBJECT|VALUE|TEXT)=|PATH=' | sort >>$out; env | wc -l >>$out",
		   5000, SEVERITY_INFO);
	sink_put(bench.sink, event);
	part_unref(event);
	wait_lines(&bench, 7, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "EDGENODE_KIND=edgeDomainCrashed\nEDGENODE_SERIAL=8\n"
					   "EDGENODE_SUBJECT=x; touch $(pwned) `id` '\"\n"
					   "EDGENODE_TEXT=domain x has crashed\nEDGENODE_VALUE=-7\nPATH=/usr/bin:/bin\n"));
	bench_close(&bench);
}
END_TEST

START_TEST(programs_run_one_after_the_other_from_a_severity_on)
{
	struct bench bench;
	char text[256];
	struct event *minor = event_new(EVENT_DOMAIN_STATE_CHANGED, SEVERITY_INFO, "vm", "of no matter");

	bench_open(&bench, "echo $EDGENODE_SERIAL >>$out", 5000, SEVERITY_WARNING);
	for (uint32_t i = 1; i <= 5; i++) {
		put(bench.sink, i);
		sink_put(bench.sink, minor);
	}
	wait_lines(&bench, 5, text, sizeof(text));
	ck_assert_str_eq(text, "1\n2\n3\n4\n5\n");
	part_unref(minor);
	bench_close(&bench);
}
END_TEST

START_TEST(a_program_that_hangs_is_ended)
{
	struct bench bench;
	char text[256];

	bench_open(&bench, "echo $EDGENODE_SERIAL >>$out; [ $EDGENODE_SERIAL != 1 ] || exec sleep 1000", 300, SEVERITY_INFO);
	put(bench.sink, 1);
	put(bench.sink, 2);
	wait_lines(&bench, 2, text, sizeof(text));
	ck_assert_str_eq(text, "1\n2\n");
	bench_close(&bench);
}
END_TEST

START_TEST(the_daemon_ends_while_a_program_runs)
{
	struct bench bench;
	char text[256];

	bench_open(&bench, "echo started >>$out; exec sleep 1000", 200000, SEVERITY_INFO);
	put(bench.sink, 1);
	wait_lines(&bench, 1, text, sizeof(text));
	put(bench.sink, 2);
	bench_close(&bench);
}
END_TEST

static Suite *sink_suite(void)
{
	Suite *suite = suite_create("sink");

	UNIT_ADD(suite, syslog_record_is_rfc_5424);
	UNIT_ADD(suite, journal_record_is_one_fact_a_line);
	UNIT_ADD(suite, the_longest_event_fits);
	UNIT_ADD(suite, the_journal_comes_before_syslog);
	UNIT_ADD(suite, a_syslogd_that_does_not_read_holds_up_nobody);
	UNIT_ADD(suite, a_slow_syslogd_misses_nothing);
	UNIT_ADD(suite, losses_that_go_on_are_told_once);
	UNIT_ADD(suite, a_program_has_the_event_in_its_environment);
	UNIT_ADD(suite, programs_run_one_after_the_other_from_a_severity_on);
	UNIT_ADD(suite, a_program_that_hangs_is_ended);
	UNIT_ADD(suite, the_daemon_ends_while_a_program_runs);
	return suite;
}

UNIT_MAIN(sink_suite)
