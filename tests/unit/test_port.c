/*
 * test_port.c - the client of the virtio port against a host that is slow, silent, hostile or gone; vm-dump-metrics at
 * a port.
 */
#include "base/clock.h"
#include "base/err.h"
#include "guestlib/dump.h"
#include "guestlib/port.h"

#include "port_host.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DOCUMENT \
	"<metrics>\n<metric type='uint32' context='host'>\n  <name>NumCPUs</name>\n  <value>4</value>\n" \
	"</metric>\n</metrics>\n"
#define REPLY DOCUMENT "\n"
#define SHORT_MS 150 /* for what cannot succeed */
#define LONG_MS 20000

static char *content;
static size_t length;

static int ask(const struct port_host *host, unsigned timeout_ms)
{
	content = NULL;
	length = 0;
	return port_ask(host->guest, clock_mono_ns() + timeout_ms * NS_PER_MS, &content, &length);
}

static void check_document(int rc)
{
	ck_assert_int_eq(rc, 0);
	ck_assert_str_eq(content, DOCUMENT);
	ck_assert_uint_eq(length, strlen(DOCUMENT));
	free(content);
}

/* What the client says of a host that gives this reply, asked so many times. */
static int code_of_reply(const char *reply, size_t n, unsigned timeout_ms, unsigned requests)
{
	struct port_host host = { .reply = reply, .length = n };
	int rc;

	host_pair(&host);
	host_start(&host);
	rc = ask(&host, timeout_ms);
	host_wait(&host, requests);
	host_stop(&host);
	if (rc < 0)
		ck_assert_ptr_null(content);
	free(content);
	return rc;
}

START_TEST(takes_fragments)
{
	struct port_host host = { .reply = REPLY, .length = strlen(REPLY), .step = 1 };

	host_pair(&host);
	host_start(&host);
	check_document(ask(&host, LONG_MS));
	check_document(ask(&host, LONG_MS)); /* and a second request on the same connection */
	ck_assert_uint_eq(host.requests, 2);
	host_stop(&host);
}
END_TEST

START_TEST(takes_a_long_reply)
{
	const size_t body = (15u << 20), head = strlen("<metrics>"), tail = strlen("</metrics>\n\n");
	char *reply = malloc(head + body + tail);

	memcpy(reply, "<metrics>", head);
	memset(reply + head, ' ', body);
	memcpy(reply + head + body, "</metrics>\n\n", tail);
	ck_assert_int_eq(code_of_reply(reply, head + body + tail, LONG_MS, 1), 0);
	free(reply);
}
END_TEST

START_TEST(throws_away_what_is_left_over)
{
	static const char OLD[] = "<value>3</value>\n</metric>\n</metrics>\n\n<metrics>\n</metrics>\n\n<metr";
	struct port_host host = { .reply = REPLY, .length = strlen(REPLY) };

	host_pair(&host);
	ck_assert_int_eq(write(host.fd, OLD, strlen(OLD)), (ssize_t)strlen(OLD));
	host_start(&host);
	check_document(ask(&host, LONG_MS));
	host_stop(&host);
}
END_TEST

START_TEST(does_not_wait_for_a_silent_host)
{
	struct port_host host = { .reply = NULL };
	const int64_t start = clock_mono_ns();

	host_pair(&host);
	host_start(&host);
	ck_assert_int_eq(ask(&host, SHORT_MS), -ERR_TIMEOUT);
	ck_assert_int_ge(clock_mono_ns() - start, SHORT_MS * NS_PER_MS);
	ck_assert_int_lt(clock_mono_ns() - start, LONG_MS * NS_PER_MS);
	host_stop(&host);
}
END_TEST

START_TEST(does_not_wait_for_a_host_that_reads_nothing)
{
	static const char FILLER[4096];
	struct port_host host;

	host_pair(&host);
	while (write(host.guest, FILLER, sizeof(FILLER)) > 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(ask(&host, SHORT_MS), -ERR_TIMEOUT);
	close(host.guest);
	close(host.fd);
}
END_TEST

START_TEST(refuses_what_is_no_document)
{
	static const char BINARY[] = "\0\xff\xfe<metrics>\0\0</metrics>\n\n";
	static const char *const REPLIES[] = {
		"\n\n",
		"INVALID REQUEST\n\n",
		"<metrics>\n\n</metrics>\n\n", /* an empty line before the end */
		"<metrics>\n\n",
		"<metrics></metrics>x\n\n",
		"</metrics>\n\n",
		"<metrics>\r\n\r\n<metrics>\n\n",
	};

	for (size_t i = 0; i < sizeof(REPLIES) / sizeof(REPLIES[0]); i++)
		ck_assert_int_eq(code_of_reply(REPLIES[i], strlen(REPLIES[i]), SHORT_MS, 2), -ERR_PARSE);
	ck_assert_int_eq(code_of_reply(BINARY, sizeof(BINARY) - 1, SHORT_MS, 2), -ERR_PARSE);
	ck_assert_int_eq(code_of_reply("<metrics></metrics>\n\n", 21, LONG_MS, 1), 0);
}
END_TEST

/* Replies to those who had the port before come in front of ours. */
START_TEST(skips_what_is_no_document)
{
	static const char LATE[] = "\n\nINVALID REQUEST\n\nINVALID REQUEST\n\n" REPLY;

	ck_assert_int_eq(code_of_reply(LATE, strlen(LATE), LONG_MS, 2), 0);
}
END_TEST

/* What another program has begun to ask spoils our request, not the next one. */
START_TEST(asks_again_behind_half_a_request)
{
	struct port_host host = { .reply = REPLY, .length = strlen(REPLY), .expects = PORT_REQUEST };

	host_pair(&host);
	ck_assert_int_eq(write(host.guest, "GET /met", 8), 8);
	host_start(&host);
	check_document(ask(&host, LONG_MS));
	ck_assert_uint_eq(host.requests, 2);
	host_stop(&host);
}
END_TEST

/* The host is gone in mid-reply, at every place. */
START_TEST(refuses_every_cut)
{
	for (size_t cut = 0; cut < strlen(REPLY); cut++) {
		struct port_host host = { .reply = REPLY, .length = cut, .hangs_up = true };

		host_pair(&host);
		host_start(&host);
		ck_assert_int_eq(ask(&host, LONG_MS), -ERR_STATE);
		ck_assert_ptr_null(content);
		host_stop(&host);
	}
}
END_TEST

START_TEST(gives_up_on_an_endless_reply)
{
	struct port_host host = { .reply = DOCUMENT, .length = strlen(DOCUMENT), .endless = true };

	signal(SIGPIPE, SIG_IGN);
	host_pair(&host);
	host_start(&host);
	ck_assert_int_eq(ask(&host, LONG_MS), -ERR_LIMIT);
	ck_assert_int_eq(ask(&host, LONG_MS), -ERR_LIMIT); /* it does not even stop before the next request */
	ck_assert_uint_eq(host.requests, 1);
	host_stop(&host);
}
END_TEST

START_TEST(notices_that_the_host_has_gone)
{
	struct port_host host = { .reply = NULL };

	host_pair(&host);
	ck_assert_int_eq(write(host.fd, "<metr", 5), 5);
	close(host.fd);
	ck_assert_int_eq(ask(&host, LONG_MS), -ERR_STATE);
	ck_assert_int_eq(ask(&host, LONG_MS), -ERR_STATE);
	close(host.guest);
}
END_TEST

/* ---- by path ---- */

static int read_path(const char *path, unsigned timeout_ms)
{
	content = NULL;
	length = 0;
	return port_read(path, timeout_ms, &content, &length);
}

START_TEST(reads_a_port)
{
	struct port_host host = { .reply = REPLY, .length = strlen(REPLY), .step = 5 };

	host_terminal(&host);
	host_start(&host);
	for (int i = 0; i < 3; i++)
		check_document(read_path(host.path, LONG_MS));
	ck_assert_uint_eq(host.requests, 3);
	host_stop(&host);
}
END_TEST

START_TEST(says_that_there_is_no_port)
{
	ck_assert_int_eq(read_path("/nowhere/org.github.vhostmd.1", LONG_MS), -ERR_ABSENT);
	ck_assert_int_eq(read_path("/dev/null/org.github.vhostmd.1", LONG_MS), -ERR_ABSENT);
	ck_assert_int_eq(read_path("/", LONG_MS), -ERR_IO);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_int_eq(read_path("/dev/null", SHORT_MS), -ERR_STATE);
}
END_TEST

/* An exclusive terminal is EBUSY for who is not root. */
START_TEST(waits_for_a_busy_port)
{
	struct port_host host = { .reply = REPLY, .length = strlen(REPLY) };
	const int64_t start = clock_mono_ns();

	host_terminal(&host);
	host_start(&host);
	ck_assert_int_eq(chmod(host.path, 0666), 0);
	ck_assert_int_eq(ioctl(host.guest, TIOCEXCL), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(read_path(host.path, SHORT_MS), -ERR_BUSY);
	ck_assert_int_ge(clock_mono_ns() - start, SHORT_MS * NS_PER_MS);
	ck_assert_uint_eq(host.requests, 0);
	ck_assert_int_eq(ioctl(host.guest, TIOCNXCL), 0);
	check_document(read_path(host.path, LONG_MS));
	host_stop(&host);
	ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

/* ---- the tool ---- */

/* Its exit status; what it prints is in out. */
static int run_tool(const char *arguments, char *out, size_t size)
{
	char command[512];
	FILE *pipe;
	size_t n;
	int status;

	snprintf(command, sizeof(command), "%s/vm-dump-metrics %s 2>&1", BUILD_ROOT, arguments);
	pipe = popen(command, "re");
	ck_assert_ptr_nonnull(pipe);
	n = fread(out, 1, size - 1, pipe);
	out[n] = '\0';
	status = pclose(pipe);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(tool_prints_what_the_port_gives)
{
	struct port_host host = { .reply = REPLY, .length = strlen(REPLY) };
	char arguments[256], out[4096];

	host_terminal(&host);
	host_start(&host);
	snprintf(arguments, sizeof(arguments), "--port %s", host.path);
	ck_assert_int_eq(run_tool(arguments, out, sizeof(out)), 0);
	ck_assert_str_eq(out, DOCUMENT);
	snprintf(arguments, sizeof(arguments), "--port %s -i -d /dev/stdout", host.path);
	ck_assert_int_eq(run_tool(arguments, out, sizeof(out)), 0);
	ck_assert_str_eq(out, DOCUMENT);
	snprintf(arguments, sizeof(arguments), "-v --path /dev/null --port %s", host.path);
	ck_assert_int_eq(run_tool(arguments, out, sizeof(out)), 0);
	ck_assert_ptr_nonnull(strstr(out, "/dev/null: neither a block device nor a plain file\n"));
	ck_assert_ptr_nonnull(strstr(out, DOCUMENT));
	ck_assert_uint_eq(host.requests, 3);
	host_stop(&host);
}
END_TEST

START_TEST(tool_says_why_not)
{
	char out[4096];

	ck_assert_int_eq(run_tool("--port /nowhere/port", out, sizeof(out)), 1);
	ck_assert_str_eq(out, "vm-dump-metrics: /nowhere/port: no such port\n");
	ck_assert_int_eq(run_tool("--path /dev/null", out, sizeof(out)), 1);
	ck_assert_str_eq(out, "vm-dump-metrics: /dev/null: neither a block device nor a plain file\n");
	ck_assert_int_eq(run_tool("--path /dev/null --port /nowhere/port", out, sizeof(out)), 1);
	ck_assert_ptr_nonnull(strstr(out, "/dev/null: neither"));
	ck_assert_ptr_nonnull(strstr(out, "/nowhere/port: no such port"));
	ck_assert_int_eq(run_tool("-x", out, sizeof(out)), 1);
	ck_assert_ptr_nonnull(strstr(out, "vm-dump-metrics: xenstore: "));
	ck_assert_int_eq(run_tool("--xenstore -i", out, sizeof(out)), 1);
	ck_assert_int_eq(run_tool("surplus", out, sizeof(out)), 1);
	ck_assert_int_eq(run_tool("--help", out, sizeof(out)), 0);
}
END_TEST

START_TEST(dump_replaces_files)
{
	char directory[] = "/tmp/edgenode-port-XXXXXX", path[64], link[64], out[16] = "";
	struct stat st;
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	snprintf(link, sizeof(link), "%s/link", directory);
	ck_assert(dump_write(path, "long content", 12));
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert(dump_write(link, "new", 3));
	ck_assert(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
	ck_assert(stat(path, &st) == 0 && st.st_size == 3 && (st.st_mode & 0777) == 0644);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(out, sizeof(out), file));
	ck_assert_str_eq(out, "new");
	fclose(file);
	ck_assert(dump_write("/dev/null", "x", 1));
	ck_assert(!dump_write("/dev/full", "x", 1));
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert(!dump_write("/nowhere/file", "x", 1));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(!dump_write(directory, "x", 1));
	ck_assert_int_eq(errno, EISDIR);
	ck_assert(unlink(link) == 0 && unlink(path) == 0 && rmdir(directory) == 0);
}
END_TEST

START_TEST(dump_keeps_the_mode)
{
	char directory[] = "/tmp/edgenode-port-XXXXXX", path[64];
	struct stat st;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	ck_assert(dump_write(path, "old", 3));
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert(dump_write(path, "content", 7));
	ck_assert(stat(path, &st) == 0 && st.st_size == 7 && (st.st_mode & 0777) == 0640);
	ck_assert(unlink(path) == 0 && rmdir(directory) == 0);
}
END_TEST

/* A file that may be written in a directory that may not. */
START_TEST(dump_writes_in_place)
{
	char directory[] = "/tmp/edgenode-port-XXXXXX", path[64], missing[64];
	struct stat before, after;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	snprintf(missing, sizeof(missing), "%s/missing", directory);
	ck_assert(dump_write(path, "long content", 12));
	ck_assert(chmod(path, 0666) == 0 && stat(path, &before) == 0 && chmod(directory, 0555) == 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert(dump_write(path, "new", 3));
	ck_assert(stat(path, &after) == 0 && after.st_size == 3 && after.st_ino == before.st_ino);
	ck_assert(!dump_write(missing, "new", 3));
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(chmod(path, 0444), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert(!dump_write(path, "newer", 5));
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert(chmod(directory, 0700) == 0 && unlink(path) == 0 && rmdir(directory) == 0);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}
#define ADD(suite, test) add(suite, #test, test)

static Suite *port_suite(void)
{
	Suite *suite = suite_create("port");

	ADD(suite, takes_fragments);
	ADD(suite, takes_a_long_reply);
	ADD(suite, throws_away_what_is_left_over);
	ADD(suite, does_not_wait_for_a_silent_host);
	ADD(suite, does_not_wait_for_a_host_that_reads_nothing);
	ADD(suite, refuses_what_is_no_document);
	ADD(suite, skips_what_is_no_document);
	ADD(suite, asks_again_behind_half_a_request);
	ADD(suite, refuses_every_cut);
	ADD(suite, gives_up_on_an_endless_reply);
	ADD(suite, notices_that_the_host_has_gone);
	ADD(suite, reads_a_port);
	ADD(suite, says_that_there_is_no_port);
	ADD(suite, waits_for_a_busy_port);
	ADD(suite, tool_prints_what_the_port_gives);
	ADD(suite, tool_says_why_not);
	ADD(suite, dump_replaces_files);
	ADD(suite, dump_keeps_the_mode);
	ADD(suite, dump_writes_in_place);
	return suite;
}

UNIT_MAIN(port_suite)
