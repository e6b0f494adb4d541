/*
 * fuzz_sysfile.c - any bytes as a file of /proc or /sys: every parser gets each input.
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "source/procsys.h"

#include <string.h>

#define NUMBERS_MAX 64
#define USER_HZ 100

static void check_stat(const char *text, size_t size)
{
	struct stat_part *stat = NULL;
	uint32_t line = 0;
	int64_t boot_s = 0;

	if (stat_parse(text, size, USER_HZ, &stat, &line) == 0) {
		FUZZ_CHECK(stat->n_cpus <= HOST_CPUS_MAX);
		for (size_t i = 1; i < stat->n_cpus; i++)
			FUZZ_CHECK(stat->cpus[i - 1].number < stat->cpus[i].number);
		part_unref(stat);
	} else {
		FUZZ_CHECK(stat == NULL);
	}
	if (ident_parse_boot_time(text, size, &boot_s, &line) == 0)
		FUZZ_CHECK(boot_s >= 0);
}

static void check_memory(const char *text, size_t size)
{
	struct meminfo_part *meminfo = NULL;
	struct vmstat_part *vmstat = NULL;
	uint32_t line = 0;

	FUZZ_CHECK((meminfo_parse(text, size, &meminfo, &line) == 0) == (meminfo != NULL));
	FUZZ_CHECK((vmstat_parse(text, size, &vmstat, &line) == 0) == (vmstat != NULL));
	part_unref(meminfo);
	part_unref(vmstat);
}

static void check_load(const char *text, size_t size)
{
	struct load_part *load = NULL;
	struct pressure pressure = { .resource = PRESSURE_IO };
	uint32_t line = 0;

	FUZZ_CHECK((loadavg_parse(text, size, &load, &line) == 0) == (load != NULL));
	part_unref(load);
	pressure_parse(text, size, &pressure, &line);
	FUZZ_CHECK(pressure.resource == PRESSURE_IO);
}

static void check_hardware(const char *text, size_t size)
{
	struct host_disks *disks = NULL;
	struct interrupts *interrupts = NULL;
	uint32_t line = 0;

	FUZZ_CHECK((diskstats_parse(text, size, &disks, &line) == 0) == (disks != NULL));
	FUZZ_CHECK((interrupts_parse(text, size, &interrupts, &line) == 0) == (interrupts != NULL));
	part_unref(disks);
	part_unref(interrupts);
}

static void check_cpulist(const char *text, size_t size)
{
	uint32_t numbers[NUMBERS_MAX];
	size_t n = 0;

	if (cpulist_parse(text, size, numbers, NUMBERS_MAX, &n) != 0)
		return;
	FUZZ_CHECK(n <= NUMBERS_MAX);
	for (size_t i = 1; i < n; i++)
		FUZZ_CHECK(numbers[i - 1] < numbers[i]);
}

static void check_names(const char *text, size_t size)
{
	char *name = mem_string_n(size > 0 ? text : "", size), interface[BOND_NAME_SIZE];
	const char *list = name;
	uint8_t mac[6];
	uint32_t kib;

	hugepages_parse_name(name, &kib);
	ident_is_placeholder(name);
	while (bond_take_name(&list, interface) > 0)
		FUZZ_CHECK(list <= name + size && strlen(interface) > 0);
	bond_parse_mac(name, mac);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	check_stat(text, size);
	check_memory(text, size);
	check_load(text, size);
	check_hardware(text, size);
	check_cpulist(text, size);
	check_names(text, size);
	return 0;
}
