/*
 * fuzz_process.c - any bytes as a file of a process, of its control group or of the network devices: every parser of
 * the source "process" gets each input.
 */
#include "fuzz.h"

#include "source/process.h"

#include <string.h>

#define USER_HZ 100

static void check_process(const char *text, size_t size)
{
	struct process_stat stat = { .comm = "?" };
	uint8_t uuid[16] = { 0 };
	char comm[PROCESS_COMM_SIZE];
	const size_t length = size < sizeof(comm) - 1 ? size : sizeof(comm) - 1;
	uint32_t number = 0;

	if (process_parse_stat(text, size, USER_HZ, &stat) == 0)
		FUZZ_CHECK(strnlen(stat.comm, sizeof(stat.comm)) < sizeof(stat.comm));
	else
		FUZZ_CHECK(strcmp(stat.comm, "?") == 0);
	process_parse_cmdline(text, size, uuid);
	memcpy(comm, text, length);
	comm[length] = '\0';
	if (process_parse_vcpu(comm, &number))
		FUZZ_CHECK(number < DOMAIN_VCPUS_MAX);
}

static void check_numbers(const char *text, size_t size)
{
	uint64_t first = 0, second = 0;
	int64_t boot_ns = -1;

	process_parse_schedstat(text, size, &first, &second);
	process_parse_io(text, size, &first, &second);
	if (process_parse_uptime(text, size, &boot_ns) == 0)
		FUZZ_CHECK(boot_ns >= 0);
	else
		FUZZ_CHECK(boot_ns == -1);
}

static void check_group(const char *text, size_t size)
{
	struct process_cgroup group;
	struct process_times times = { 0 };

	process_parse_cgroup(text, size, &group);
	FUZZ_CHECK((group.kind == PROCESS_CGROUP_NONE) == (group.path[0] == '\0'));
	FUZZ_CHECK(strnlen(group.path, sizeof(group.path)) < sizeof(group.path));
	FUZZ_CHECK(strstr(group.path, "/../") == NULL);
	process_parse_cpu_stat(text, size, &times);
	process_parse_usage(text, size, &times);
	process_parse_split(text, size, USER_HZ, &times);
}

static void check_devices(const char *text, size_t size)
{
	struct net_device *rows = NULL;
	size_t n = 0;
	uint32_t line = 0;

	if (process_parse_netdev(text, size, &rows, &n, &line) != 0) {
		FUZZ_CHECK(rows == NULL);
		return;
	}
	FUZZ_CHECK(n <= NET_DEVICES_MAX);
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(rows[i].name[0] != '\0' && rows[i].name[sizeof(rows[i].name) - 1] == '\0');
		FUZZ_CHECK(i == 0 || strcmp(rows[i - 1].name, rows[i].name) <= 0);
	}
	free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_process(text, size);
	check_numbers(text, size);
	check_group(text, size);
	check_devices(text, size);
	return 0;
}
