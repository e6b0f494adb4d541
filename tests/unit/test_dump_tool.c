/*
 * test_dump_tool.c - vm-dump-metrics on an image of a metrics disk: what it prints, in which form, and how it ends; and
 * the form of JSON.
 */
#include "guestlib/json.h"
#include "guestlib/mvbd_format.h"

#include "guest_text.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/edgenode-tool-XXXXXX";

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void remove_directory(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

/* In one step, as a reader in the middle of the tests' writing would see half of it. */
static void put_disk(const char *document)
{
	const size_t length = strlen(document);
	const struct mvbd_header header = { MVBD_SIGNATURE, 0, mvbd_checksum(document, length), (uint32_t)length };
	char aside[64], path[64];
	uint8_t head[MVBD_HEADER_SIZE];
	FILE *file;

	snprintf(aside, sizeof(aside), "%s/new", directory);
	snprintf(path, sizeof(path), "%s/disk", directory);
	mvbd_header_encode(&header, head);
	file = fopen(aside, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(head, 1, sizeof(head), file), sizeof(head));
	ck_assert_uint_eq(fwrite(document, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(rename(aside, path), 0);
}

/* Its exit status; both outputs in out. */
static int run_tool(const char *arguments, char *out, size_t size)
{
	char command[512];
	FILE *pipe;
	size_t n;
	int status;

	snprintf(command, sizeof(command), "%s/vm-dump-metrics --path %s/disk %s 2>&1", BUILD_ROOT, directory,
		 arguments);
	pipe = popen(command, "re");
	ck_assert_ptr_nonnull(pipe);
	n = fread(out, 1, size - 1, pipe);
	out[n] = '\0';
	status = pclose(pipe);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void check_tool(const char *arguments, int status, const char *expected)
{
	char out[8192];

	ck_assert_int_eq(run_tool(arguments, out, sizeof(out)), status);
	ck_assert_str_eq(out, expected);
}

#define ONE METRICS(METRIC("string", "HostName", "node \\ \"7\"\t&lt;") METRIC("uint64", "Both", "1") \
		    VM_METRIC("3", UUID_A, "real64", "Both", "2.50") VM_METRIC("3", UUID_A, "real64", "Own", "+3"))

START_TEST(tool_prints_json)
{
	put_disk(ONE);
	check_tool("--json", 0,
		   "{\"metrics\": [\n"
		   "  {\"name\": \"HostName\", \"context\": \"host\", \"type\": \"string\", "
		   "\"value\": \"node \\\\ \\\"7\\\"\\u0009<\"},\n"
		   "  {\"name\": \"Both\", \"context\": \"host\", \"type\": \"uint64\", \"value\": 1},\n"
		   "  {\"name\": \"Both\", \"context\": \"vm\", \"id\": 3, \"uuid\": \"" UUID_A
		   "\", \"type\": \"real64\", \"value\": 2.50},\n"
		   "  {\"name\": \"Own\", \"context\": \"vm\", \"id\": 3, \"uuid\": \"" UUID_A
		   "\", \"type\": \"real64\", \"value\": 3}\n]}\n");
	put_disk("<metrics/>");
	check_tool("--json", 0, "{\"metrics\": [\n]}\n");
	put_disk("<metrics>");
	check_tool("--json", 1, "vm-dump-metrics: the host's document: malformed input\n");
	check_tool("", 0, "<metrics>");
}
END_TEST

START_TEST(tool_prints_one_metric)
{
	put_disk(ONE);
	check_tool("--metric HostName", 0, "node \\ \"7\"\t<\n");
	check_tool("--metric Both", 0, "1\n");
	check_tool("--metric Both --context vm", 0, "2.50\n");
	check_tool("--metric Own", 0, "+3\n");
	check_tool("--metric Own --context host", 1, "vm-dump-metrics: Own: no such metric\n");
	check_tool("--metric None", 1, "vm-dump-metrics: None: no such metric\n");
	check_tool("--metric ''", 1, "vm-dump-metrics: : no such metric\n");
}
END_TEST

START_TEST(tool_refuses_options)
{
	char out[8192];

	put_disk(ONE);
	check_tool("--metric Both --context guest", 1, "vm-dump-metrics: --context: \"guest\" is not possible\n");
	check_tool("--watch=0", 1, "vm-dump-metrics: --watch: \"0\" is not possible\n");
	check_tool("--watch=1s", 1, "vm-dump-metrics: --watch: \"1s\" is not possible\n");
	check_tool("--json --metric Both", 1, "vm-dump-metrics: --json, --metric: only one of them\n");
	ck_assert_int_eq(run_tool("--json=1", out, sizeof(out)), 1);
}
END_TEST

/* The output of a tool that goes on. */
struct watcher {
	pid_t pid;
	FILE *out;
};

static void watch(struct watcher *watcher, const char *form, const char *name)
{
	char path[64];
	int ends[2];

	snprintf(path, sizeof(path), "%s/disk", directory);
	ck_assert_int_eq(pipe(ends), 0);
	watcher->pid = fork();
	if (watcher->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execl(BUILD_ROOT "/vm-dump-metrics", "vm-dump-metrics", "--path", path, "--watch=1", form, name, NULL);
		_exit(127);
	}
	ck_assert_int_gt(watcher->pid, 0);
	close(ends[1]);
	watcher->out = fdopen(ends[0], "r");
	ck_assert_ptr_nonnull(watcher->out);
}

static void check_line(const struct watcher *watcher, const char *expected)
{
	char line[512];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), watcher->out));
	ck_assert_str_eq(line, expected);
}

/* A signal ends it at once. */
static void end_watch(struct watcher *watcher)
{
	int status;

	ck_assert_int_eq(kill(watcher->pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(watcher->pid, &status, 0), watcher->pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	ck_assert_int_eq(fgetc(watcher->out), EOF);
	fclose(watcher->out);
}

START_TEST(tool_watches)
{
	struct watcher watcher;

	put_disk(METRICS(METRIC("int32", "A", "1")));
	watch(&watcher, "--metric", "A");
	check_line(&watcher, "1\n");
	put_disk(METRICS(METRIC("int32", "A", "1") METRIC("int32", "B", "1"))); /* nothing new of A */
	put_disk(METRICS(METRIC("int32", "B", "1")));
	check_line(&watcher, "vm-dump-metrics: A: no such metric\n");
	put_disk(METRICS(METRIC("int32", "A", "2")));
	check_line(&watcher, "2\n");
	end_watch(&watcher);
	watch(&watcher, "--json", NULL);
	check_line(&watcher, "{\"metrics\": [{\"name\": \"A\", \"context\": \"host\", \"type\": \"int32\", \"value\": 2}]}\n");
	put_disk("<metrics/>");
	check_line(&watcher, "{\"metrics\": []}\n");
	end_watch(&watcher);
}
END_TEST

/* ---- JSON ---- */

static void check_value(const char *type, const char *text, const char *expected)
{
	char document[512], wanted[512];
	struct guest_list *list;
	struct buf out;

	snprintf(document, sizeof(document), "<metrics><metric type='%s' context='host'><name>A</name><value>%s</value>"
		 "</metric></metrics>", type, text);
	snprintf(wanted, sizeof(wanted), "{\"metrics\": [{\"name\": \"A\", \"context\": \"host\", \"type\": \"%s\", "
		 "\"value\": %s}]}\n", type, expected);
	buf_init(&out, 4096);
	ck_assert_int_eq(guest_parse(document, strlen(document), &list), 0);
	json_metrics(&out, list, true);
	ck_assert_str_eq(out.data, wanted);
	guest_list_free(list);
	buf_free(&out);
}

START_TEST(json_has_numbers_as_numbers)
{
	check_value("uint64", "18446744073709551615", "18446744073709551615");
	check_value("int64", "-9223372036854775808", "-9223372036854775808");
	check_value("int32", "-0", "-0");
	check_value("uint32", "007", "7");
	check_value("uint32", "4294967296", "\"4294967296\"");
	check_value("uint32", "-1", "\"-1\"");
	check_value("uint32", "", "\"\"");
	check_value("real64", "12.340000", "12.340000");
	check_value("real64", "1e5", "1e5");
	check_value("real64", "1.5E-3", "1.5E-3");
	check_value("real64", ".5", "0.5");
	check_value("real64", "5.", "5");
	check_value("real64", "+1.25", "1.25");
	check_value("real64", "1e999", "\"1e999\"");
	check_value("real64", "nan", "\"nan\"");
	check_value("real32", "0.1", "0.1");
	check_value("real32", "00.5", "0.5");
	check_value("real64", "1 MiB", "\"1 MiB\"");
	check_value("string", "12", "\"12\"");
	check_value("string", "&#127;\xc3\xbc \xf0\x9f\x98\x80 /&#xd;", "\"\\u007f\xc3\xbc \xf0\x9f\x98\x80 /\"");
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, make_directory, remove_directory);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}
#define ADD(suite, test) add(suite, #test, test)

static Suite *dump_tool_suite(void)
{
	Suite *suite = suite_create("dump_tool");

	ADD(suite, tool_prints_json);
	ADD(suite, tool_prints_one_metric);
	ADD(suite, tool_refuses_options);
	ADD(suite, tool_watches);
	UNIT_ADD(suite, json_has_numbers_as_numbers);
	return suite;
}

UNIT_MAIN(dump_tool_suite)
