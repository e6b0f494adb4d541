/*
 * test_process_parse.c - the parsers of the source "process" on good, cut, empty, huge and binary text.
 */
#include "source/process.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WEB "6be3fdb8-bef5-4fec-b1b7-e61bbceab708"

#define STAT                                                                                                           \
	"17 (qemu-system-x86) S 1 17 17 0 -1 4194304 9 0 0 0 61000 9300 0 0 20 0 6 0 1234567 2415 262144 1 2 3 "       \
	"4 5 6 0 0 0 0 0 0 0 17 3 0 0 0\n"

static int run_stat(const char *text, size_t length)
{
	struct process_stat stat = { .rss_pages = 77 };
	const int rc = process_parse_stat(text, length, 100, &stat);

	ck_assert(rc == 0 || (stat.rss_pages == 77 && stat.comm[0] == '\0'));
	return rc;
}

static int run_schedstat(const char *text, size_t length)
{
	uint64_t time, delay;

	return process_parse_schedstat(text, length, &time, &delay);
}

static int run_io(const char *text, size_t length)
{
	uint64_t read, written;

	return process_parse_io(text, length, &read, &written);
}

static int run_uptime(const char *text, size_t length)
{
	int64_t boot = -1;
	const int rc = process_parse_uptime(text, length, &boot);

	ck_assert(rc != 0 || boot >= 0);
	return rc;
}

static int run_cpu_stat(const char *text, size_t length)
{
	struct process_times times = { 0 };

	return process_parse_cpu_stat(text, length, &times);
}

static int run_usage(const char *text, size_t length)
{
	struct process_times times = { 0 };

	return process_parse_usage(text, length, &times);
}

static int run_split(const char *text, size_t length)
{
	struct process_times times = { 0 };

	return process_parse_split(text, length, 100, &times);
}

static int run_netdev(const char *text, size_t length)
{
	struct net_device *rows = NULL;
	size_t n = 0;
	uint32_t line;
	const int rc = process_parse_netdev(text, length, &rows, &n, &line);

	ck_assert_int_eq(rc == 0, rows != NULL);
	for (size_t i = 1; i < n; i++)
		ck_assert_int_le(strcmp(rows[i - 1].name, rows[i].name), 0);
	free(rows);
	return rc;
}

/* These two refuse nothing: what they do not know is none. */
static int run_cgroup(const char *text, size_t length)
{
	struct process_cgroup group;

	process_parse_cgroup(text, length, &group);
	ck_assert_int_eq(group.kind == PROCESS_CGROUP_NONE, group.path[0] == '\0');
	return 0;
}

static int run_cmdline(const char *text, size_t length)
{
	uint8_t uuid[16];

	process_parse_cmdline(text, length, uuid);
	return 0;
}

static const struct {
	int (*run)(const char *text, size_t length);
	const char *good;
	bool strict; /* refuses what is cut anywhere */
} PARSERS[] = {
	{ run_stat, STAT, true },
	{ run_schedstat, "14000000000 100 10\n", true },
	{ run_io, "rchar: 1\nread_bytes: 4096\nwrite_bytes: 8192\n", true },
	{ run_uptime, "350735.47 234388.90\n", false },
	{ run_cpu_stat, "user_usec 615\nsystem_usec 97\nusage_usec 712\n", true },
	{ run_usage, "12345678901\n", true },
	{ run_split, "user 900\nsystem 310\n", true },
	{ run_netdev, "a\nb\n lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", false },
	{ run_cgroup, "4:cpu,cpuacct:/machine/qemu-4-odd.libvirt-qemu/emulator\n0::/a/b\n", false },
	{ run_cmdline, "qemu\n-uuid\n" WEB "\n", false },
};

/* On a copy of exactly that length, so that a sanitizer sees a byte read beyond it. */
static int run_exact(size_t parser, const char *text, size_t length)
{
	char *copy = malloc(length > 0 ? length : 1);
	int rc;

	memcpy(copy, text, length);
	rc = PARSERS[parser].run(copy, length);
	free(copy);
	return rc;
}

START_TEST(parsers_refuse_cut_text)
{
	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		const size_t length = strlen(PARSERS[i].good);

		ck_assert_int_eq(run_exact(i, PARSERS[i].good, length), 0);
		for (size_t cut = 0; cut < length; cut++) {
			const int rc = run_exact(i, PARSERS[i].good, cut);

			ck_assert_msg(!PARSERS[i].strict || rc != 0, "parser %zu took what was cut at %zu", i, cut);
		}
	}
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

START_TEST(parsers_survive_binary_and_huge)
{
	const size_t size = 1 << 19;
	char *huge = malloc(size);
	uint32_t state = 7;

	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		const size_t n = strlen(PARSERS[i].good);

		for (int round = 0; round < 2000; round++) {
			char bytes[512];

			memcpy(bytes, PARSERS[i].good, n);
			for (int k = 0; k < 1 + round % 4; k++)
				bytes[next_random(&state) % n] = (char)next_random(&state);
			run_exact(i, bytes, n);
		}
		for (size_t k = 0; k < size; k++)
			huge[k] = PARSERS[i].good[k % n];
		huge[size - 1] = '\n';
		run_exact(i, huge, size);
		memset(huge, 0, size - 1);
		run_exact(i, huge, size);
		memset(huge, '9', size - 1);
		run_exact(i, huge, size);
	}
	free(huge);
}
END_TEST

START_TEST(stat_has_its_fields)
{
	static const struct {
		const char *text;
		int rc;
		const char *comm;
	} CASES[] = {
		{ STAT, 0, "qemu-system-x86" },
		{ "1 (kvm) S 1 (x) S 1 1 1 0 -1 1 1 1 1 1 2 1 1 1 1 1 1 1 60 1 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0\n", 0,
		  "kvm) S 1 (x" },
		{ "1 () Z 1 1 1 0 -1 1 1 1 1 1 2 1 1 1 1 1 1 1 60 1 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0\n", 0, "" },
		{ "1 (a) S 1 1 1 0 -1 1 1 1 1 1 -2 1 1 1 1 1 1 1 60 1 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0\n", -ERR_PARSE,
		  "" },
		{ "1 (a) S 1 1 1 0 -1 1 1 1 1 1 2x 1 1 1 1 1 1 1 60 1 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0\n", -ERR_PARSE,
		  "" },
		{ "1 (a) S 1 1 1 0 -1 1 1 1 1 1 9999999999999 1 1 1 1 1 1 1 60 1 100 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0\n",
		  -ERR_RANGE, "" },
		{ "1 a) S 1\n", -ERR_PARSE, "" },
		{ "1 )a( S 1\n", -ERR_PARSE, "" },
		{ "1 (a) S 1 1 1\n", -ERR_PARSE, "" },
		{ "\n", -ERR_PARSE, "" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct process_stat stat = { 0 };
		const int rc = process_parse_stat(CASES[i].text, strlen(CASES[i].text), 100, &stat);

		ck_assert_msg(rc == CASES[i].rc, "%s gave %d", CASES[i].text, rc);
		ck_assert_str_eq(stat.comm, CASES[i].comm);
		ck_assert(stat.ended == (i == 2));
		if (i == 0) {
			ck_assert_uint_eq(stat.user_ns, 610000000000);
			ck_assert_uint_eq(stat.system_ns, 93000000000);
			ck_assert_uint_eq(stat.start_ns, 12345670000000);
			ck_assert_uint_eq(stat.rss_pages, 262144);
			ck_assert_uint_eq(stat.physical, 3);
		}
	}
}
END_TEST

START_TEST(schedstat_of_a_kernel_that_does_not_count)
{
	uint64_t time = 5, delay = 6;

	ck_assert_int_eq(process_parse_schedstat("0 0 0\n", 6, &time, &delay), -ERR_ABSENT);
	ck_assert_uint_eq(time, 5);
	ck_assert_int_eq(process_parse_schedstat("7 8 9\n", 6, &time, &delay), 0);
	ck_assert_uint_eq(time, 7);
	ck_assert_uint_eq(delay, 8);
}
END_TEST

START_TEST(names_of_a_qemu)
{
	static const char *const QEMUS[] = { "qemu-system-x86", "qemu-kvm", "kvm", "qemu:web" };
	static const char *const OTHERS[] = { "", "rpc-libvirtd", "libvirtd", "sh", "QEMU" };

	for (size_t i = 0; i < COUNT(QEMUS); i++)
		ck_assert_msg(process_parse_qemu(QEMUS[i]), "%s", QEMUS[i]);
	for (size_t i = 0; i < COUNT(OTHERS); i++)
		ck_assert_msg(!process_parse_qemu(OTHERS[i]), "%s", OTHERS[i]);
}
END_TEST

START_TEST(cmdline_of_a_domain)
{
	static const struct {
		const char *text;
		size_t length;
		bool is;
	} CASES[] = {
#define CMDLINE(text) text, sizeof(text) - 1
		{ CMDLINE("/usr/bin/qemu-system-x86_64\0-uuid\0" WEB "\0"), true },
		{ CMDLINE("/usr/libexec/qemu-kvm\0-m\0"
			  "8\0--uuid\0" WEB "\0-S\0"),
		  true },
		{ CMDLINE("kvm\0-uuid\0" WEB "\0"), true },
		{ CMDLINE("anything\0-uuid\0" WEB "\0"), true },
		{ CMDLINE("qemu-system-x86_64\0-uuid\0" WEB), false }, /* cut */
		{ CMDLINE("qemu-system-x86_64\0-uuid\0" WEB "0\0"), false },
		{ CMDLINE("qemu-system-x86_64\0-uuid\0not one\0-uuid\0" WEB "\0"), false },
		{ CMDLINE("qemu-system-x86_64\0-uuid\0"), false },
		{ CMDLINE("qemu-system-x86_64\0" WEB "\0"), false },
		{ CMDLINE("qemu-system-x86_64\0-smbios\0type=1,uuid=" WEB "\0"), false },
		{ CMDLINE("\0\0\0"), false },
		{ CMDLINE(""), false },
#undef CMDLINE
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		uint8_t uuid[16];
		char text[TEXT_UUID_SIZE];
		const bool is = process_parse_cmdline(CASES[i].text, CASES[i].length, uuid);

		ck_assert_msg(is == CASES[i].is, "case %zu", i);
		if (!is)
			continue;
		text_uuid_format(uuid, text);
		ck_assert_str_eq(text, WEB);
	}
}
END_TEST

START_TEST(threads_of_vcpus)
{
	static const struct {
		const char *comm;
		int number; /* -1: none */
	} CASES[] = {
		{ "CPU 0/KVM", 0 },	{ "CPU 12/TCG", 12 },	   { "CPU 4095/KVM", 4095 },
		{ "CPU 4096/KVM", -1 }, { "CPU 1", -1 },	   { "CPU 1/", -1 },
		{ "CPU  1/KVM", -1 },	{ "CPU /KVM", -1 },	   { "CPU -1/KVM", -1 },
		{ "ALL CPUs/TCG", -1 }, { "worker", -1 },	   { "", -1 },
		{ "CPU 1x/KVM", -1 },	{ "IO mon_iothread", -1 }, { "CPU 99999999999999999999/KVM", -1 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		uint32_t number = 0;
		const bool is = process_parse_vcpu(CASES[i].comm, &number);

		ck_assert_msg(is == (CASES[i].number >= 0), "%s", CASES[i].comm);
		ck_assert(!is || number == (uint32_t)CASES[i].number);
	}
}
END_TEST

#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dweb.scope"

START_TEST(cgroups_of_a_machine)
{
	static const struct {
		const char *text;
		enum process_cgroup_kind kind;
		const char *path;
	} CASES[] = {
		{ "0::" SCOPE "/libvirt/emulator\n", PROCESS_CGROUP_V2, SCOPE },
		{ "0::" SCOPE "\n", PROCESS_CGROUP_V2, SCOPE },
		{ "0::" SCOPE "/libvirt/vcpu0\n", PROCESS_CGROUP_V2, SCOPE },
		{ "4:cpu,cpuacct:" SCOPE "/emulator\n1:name=systemd:" SCOPE "\n0::" SCOPE "\n", PROCESS_CGROUP_V1,
		  SCOPE },
		{ "0::" SCOPE "\n4:cpuacct,cpu:" SCOPE "/emulator\n", PROCESS_CGROUP_V1, SCOPE },
		{ "3:cpuacct:/machine/qemu-4-odd.libvirt-qemu/vcpu1\n", PROCESS_CGROUP_V1,
		  "/machine/qemu-4-odd.libvirt-qemu" },
		{ "3:cpu:/machine/qemu-4-odd.libvirt-qemu/vcpu1\n", PROCESS_CGROUP_NONE, "" },
		{ "3:cpuset,cpuacctx:/machine/qemu-4-odd.libvirt-qemu\n", PROCESS_CGROUP_NONE, "" },
		{ "2:cpuacct:/\n0::/user.slice/user-1000.slice\n", PROCESS_CGROUP_NONE, "" },
		{ "0::/../.." SCOPE "\n", PROCESS_CGROUP_NONE, "" },
		{ "0::/machine-qemu.slice/x\n", PROCESS_CGROUP_NONE, "" },
		{ "0::" SCOPE, PROCESS_CGROUP_NONE, "" }, /* cut */
		{ "0:" SCOPE "\n", PROCESS_CGROUP_NONE, "" },
		{ "\n::\n:::\n", PROCESS_CGROUP_NONE, "" },
		{ "", PROCESS_CGROUP_NONE, "" },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct process_cgroup group;

		process_parse_cgroup(CASES[i].text, strlen(CASES[i].text), &group);
		ck_assert_msg(group.kind == CASES[i].kind, "%s gave %d", CASES[i].text, group.kind);
		ck_assert_str_eq(group.path, CASES[i].path);
	}
}
END_TEST

START_TEST(times_of_a_cgroup)
{
	struct process_times times = { 0 };

	ck_assert_int_eq(process_parse_cpu_stat("usage_usec 7\n", 13, &times), 0); /* no split in it */
	ck_assert_uint_eq(times.total_ns, 7000);
	ck_assert(!times.have_split);
	ck_assert_int_eq(process_parse_cpu_stat("user_usec 7\n", 12, &times), -ERR_PARSE);
	ck_assert_int_eq(process_parse_cpu_stat("usage_usec 18446744073709551615\n", 32, &times), -ERR_RANGE);
	ck_assert_uint_eq(times.total_ns, 7000);
	ck_assert_int_eq(process_parse_usage("99999999999999999999\n", 21, &times), -ERR_RANGE);
	ck_assert_int_eq(process_parse_split("user 9\n", 7, 100, &times), -ERR_PARSE);
	ck_assert_int_eq(process_parse_split("user 9\nsystem 1\n", 16, 100, &times), 0);
	ck_assert_uint_eq(times.user_ns, 90000000);
	ck_assert_uint_eq(times.total_ns, 7000);
}
END_TEST

START_TEST(network_devices)
{
	static const struct {
		const char *text;
		int rc;
		uint32_t line;
	} CASES[] = {
#define LINE(name) name ":1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		{ "a\nb\n", 0, 2 },
		{ "", 0, 0 },
		{ "a\nb\n" LINE("  fifteen-letters"), 0, 3 },
		{ "a\nb\n" LINE("  sixteen--letters"), -ERR_PARSE, 3 },
		{ "a\nb\n" LINE(""), -ERR_PARSE, 3 },
		{ "a\nb\n" LINE("lo") " eth0 1 2\n", -ERR_PARSE, 4 },
		{ "a\nb\nlo: 1 2 3 4 5 6 7 8 9 10 11\n", -ERR_PARSE, 3 },
		{ "a\nb\nlo: 1 2 3 4 5 6 7 8 9 10 11 99999999999999999999\n", -ERR_RANGE, 3 },
		{ "a\nb\n" LINE("lo") "eth0: 1", -ERR_PARSE, 4 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct net_device *rows = NULL;
		size_t n = 77;
		uint32_t line = 77;
		const int rc = process_parse_netdev(CASES[i].text, strlen(CASES[i].text), &rows, &n, &line);

		ck_assert_msg(rc == CASES[i].rc && line == CASES[i].line, "case %zu gave %d at line %u", i, rc, line);
		free(rows);
	}
}
END_TEST

static Suite *process_parse_suite(void)
{
	Suite *suite = suite_create("process_parse");

	UNIT_ADD(suite, parsers_refuse_cut_text);
	UNIT_ADD(suite, parsers_survive_binary_and_huge);
	UNIT_ADD(suite, stat_has_its_fields);
	UNIT_ADD(suite, schedstat_of_a_kernel_that_does_not_count);
	UNIT_ADD(suite, names_of_a_qemu);
	UNIT_ADD(suite, cmdline_of_a_domain);
	UNIT_ADD(suite, threads_of_vcpus);
	UNIT_ADD(suite, cgroups_of_a_machine);
	UNIT_ADD(suite, times_of_a_cgroup);
	UNIT_ADD(suite, network_devices);
	return suite;
}

UNIT_MAIN(process_parse_suite)
