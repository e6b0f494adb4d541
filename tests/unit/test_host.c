/*
 * test_host.c - the sources of /proc and /sys: their parsers on good, cut, empty, huge and binary text, the sources on
 * the trees of tests/fixtures and on broken files. Sensors and thermal zones are in test_sensors.c.
 */
#include "base/err.h"
#include "source/procsys.h"
#include "tests/unit/tree.h"

#include <unistd.h>

extern const struct source source_ident, source_stat, source_loadavg, source_cpufreq, source_throttle, source_meminfo,
	source_vmstat, source_hugepages, source_pressure, source_thermal;

static const struct source *const FILE_SOURCES[] = {
	&source_stat,	&source_loadavg,   &source_cpufreq,  &source_throttle, &source_meminfo,
	&source_vmstat, &source_hugepages, &source_pressure, &source_thermal,
};

static char *slurp(const char *path, size_t *length)
{
	char full[512];
	char *text = malloc(1 << 20);
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", FIXTURES, path);
	file = fopen(full, "r");
	ck_assert_ptr_nonnull(file);
	*length = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

/* --- parsers: one shape for all ---------------------------------------------------------------------------------- */

static int run_stat(const char *text, size_t length, uint32_t *line)
{
	struct stat_part *part = NULL;
	const int rc = stat_parse(text, length, 100, &part, line);

	ck_assert_int_eq(rc == 0, part != NULL);
	if (rc == 0)
		ck_assert(part->n_cpus > 0 && part->n_cpus <= HOST_CPUS_MAX);
	part_unref(part);
	return rc;
}

static int run_loadavg(const char *text, size_t length, uint32_t *line)
{
	struct load_part *part = NULL;
	const int rc = loadavg_parse(text, length, &part, line);

	ck_assert_int_eq(rc == 0, part != NULL);
	part_unref(part);
	return rc;
}

static int run_meminfo(const char *text, size_t length, uint32_t *line)
{
	struct meminfo_part *part = NULL;
	const int rc = meminfo_parse(text, length, &part, line);

	ck_assert_int_eq(rc == 0, part != NULL);
	part_unref(part);
	return rc;
}

static int run_vmstat(const char *text, size_t length, uint32_t *line)
{
	struct vmstat_part *part = NULL;
	const int rc = vmstat_parse(text, length, &part, line);

	ck_assert_int_eq(rc == 0, part != NULL);
	part_unref(part);
	return rc;
}

static int run_pressure(const char *text, size_t length, uint32_t *line)
{
	struct pressure row = { .resource = PRESSURE_IO };
	const int rc = pressure_parse(text, length, &row, line);

	ck_assert_uint_eq(row.resource, PRESSURE_IO);
	ck_assert_int_eq(rc == 0, row.have != 0);
	return rc;
}

static int run_boot_time(const char *text, size_t length, uint32_t *line)
{
	int64_t seconds = -1;
	const int rc = ident_parse_boot_time(text, length, &seconds, line);

	ck_assert_int_eq(rc == 0, seconds >= 0);
	return rc;
}

static int run_cpulist(const char *text, size_t length, uint32_t *line)
{
	uint32_t numbers[64];
	size_t n = 0;
	const int rc = cpulist_parse(text, length, numbers, COUNT(numbers), &n);

	*line = 1;
	for (size_t i = 1; i < n; i++)
		ck_assert_uint_lt(numbers[i - 1], numbers[i]);
	return rc;
}

static const struct {
	int (*run)(const char *text, size_t length, uint32_t *line);
	const char *file;
} PARSERS[] = {
	{ run_stat, "server-intel/proc/stat" },
	{ run_stat, "board-arm/proc/stat" },
	{ run_loadavg, "server-intel/proc/loadavg" },
	{ run_meminfo, "server-intel/proc/meminfo" },
	{ run_meminfo, "board-arm/proc/meminfo" },
	{ run_vmstat, "server-intel/proc/vmstat" },
	{ run_pressure, "server-intel/proc/pressure/io" },
	{ run_pressure, "board-arm/proc/pressure/cpu" },
	{ run_boot_time, "server-intel/proc/stat" },
	{ run_cpulist, "server-intel/sys/devices/system/cpu/online" },
};

static int run_exact(size_t parser, const char *text, size_t length, uint32_t *line)
{
	return parse_exact(PARSERS[parser].run, text, length, line);
}

START_TEST(parsers_take_good_text)
{
	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		uint32_t line;
		size_t length;
		char *text = slurp(PARSERS[i].file, &length);

		ck_assert_msg(run_exact(i, text, length, &line) == 0, "%s:%u", PARSERS[i].file, line);
		free(text);
	}
}
END_TEST

/* A text that does not end with its line is never believed, wherever it was cut. */
START_TEST(parsers_refuse_cut_text)
{
	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		size_t length;
		char *text = slurp(PARSERS[i].file, &length);

		for (size_t cut = 0; cut < length; cut++) {
			uint32_t line;
			const int rc = run_exact(i, text, cut, &line);

			if (cut == 0 || text[cut - 1] != '\n')
				ck_assert_msg(rc < 0, "%s cut at %zu was taken", PARSERS[i].file, cut);
			if (rc == -ERR_PARSE && cut > 0)
				ck_assert_msg(line > 0, "%s cut at %zu: no line", PARSERS[i].file, cut);
		}
		free(text);
	}
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Random bytes, and good text with random bytes in it. What is asserted is in the run_ functions. */
START_TEST(parsers_survive_binary)
{
	uint32_t state = 7;

	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		size_t length;
		char *text = slurp(PARSERS[i].file, &length);

		for (int round = 0; round < 2000; round++) {
			char bytes[2048];
			const size_t n = length < sizeof(bytes) ? length : sizeof(bytes);
			uint32_t line;

			memcpy(bytes, text, n);
			for (int k = 0; k < 1 + round % 4; k++)
				bytes[next_random(&state) % n] = (char)next_random(&state);
			run_exact(i, bytes, n, &line);
			for (size_t k = 0; k < n; k++)
				bytes[k] = (char)next_random(&state);
			ck_assert_int_lt(run_exact(i, bytes, n, &line), 0);
		}
		free(text);
	}
}
END_TEST

/* 1.5 MiB of one line, of digits, of short lines, of NULs. */
START_TEST(parsers_survive_huge)
{
	static const char *const FILL[] = { "x", "9", "0 ", "\n", "cpu 1\n", "some ", "4,", "0-" };
	const size_t size = 3 << 19;
	char *text = malloc(size);
	uint32_t line;

	for (size_t f = 0; f <= COUNT(FILL); f++) {
		const char *fill = f < COUNT(FILL) ? FILL[f] : NULL;

		for (size_t i = 0; i < size; i++)
			text[i] = fill != NULL ? fill[i % strlen(fill)] : '\0';
		text[size - 1] = '\n';
		for (size_t i = 0; i < COUNT(PARSERS); i++)
			ck_assert_int_lt(run_exact(i, text, size, &line), 0);
	}
	free(text);
}
END_TEST

START_TEST(parsers_name_the_line)
{
	static const struct {
		size_t parser;
		const char *text;
		int rc;
		uint32_t line;
	} CASES[] = {
		{ 0, "cpu  1 2 3 4\ncpu0 1 2 3 x\n", -ERR_PARSE, 2 },
		{ 0, "cpu  1 2 3 4\ncpu0 1 2 3\n", -ERR_PARSE, 2 },
		{ 0, "cpu  1 2 3 4\ncpu1 1 2 3 4\ncpu1 1 2 3 4\n", -ERR_PARSE, 3 },
		{ 0, "cpu  1 2 3 4\ncpu70000 1 2 3 4\n", -ERR_RANGE, 2 },
		{ 0, "cpu  1 2 3 4\ncpu0 99999999999999999999999 2 3 4\n", -ERR_RANGE, 2 },
		{ 0, "cpu  1 2 3 4\ncpu0 18446744073709551615 2 3 4\n", -ERR_RANGE, 2 },
		{ 0, "cpu  1 2 3 4\ncpu0 1 2 3 4\nprocs_running -1\n", -ERR_PARSE, 3 },
		{ 0, "cpu  1 2 3 4\n", -ERR_PARSE, 1 },
		{ 2, "0.00 0.01 0.05 1-80 1\n", -ERR_PARSE, 1 },
		{ 2, "0.00 0.01 0.05 1/99999999999 1\n", -ERR_RANGE, 1 },
		{ 3, "MemTotal: 1 kB\nMemFree: 1 MB\n", -ERR_PARSE, 2 },
		{ 3, "MemTotal: 1 kB\nMemFree:\n", -ERR_PARSE, 2 },
		{ 3, "MemTotal: 99999999999999999999 kB\n", -ERR_RANGE, 1 },
		{ 3, "MemFree: 1 kB\n", -ERR_PARSE, 1 },
		{ 5, "pgpgin 1\npgpgout 0x10\n", -ERR_PARSE, 2 },
		{ 6, "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nhalf\n", -ERR_PARSE, 2 },
		{ 6, "full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n", -ERR_PARSE, 1 },
		{ 6, "some avg10=0.00 avg60=0.00 avg300=0.00 total=1 more=2\n", -ERR_PARSE, 1 },
		{ 8, "btime 99999999999\n", -ERR_RANGE, 1 },
		{ 8, "cpu  1 2 3 4\n", -ERR_ABSENT, 1 },
		{ 9, "0-3,2\n", -ERR_PARSE, 1 },
		{ 9, "3-0\n", -ERR_PARSE, 1 },
		{ 9, "0-64\n", -ERR_LIMIT, 1 },
		{ 9, "0-4000000000\n", -ERR_RANGE, 1 },
		{ 9, "0,\n", -ERR_PARSE, 1 },
		{ 9, "\n", -ERR_PARSE, 1 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		uint32_t line;
		const int rc = run_exact(CASES[i].parser, CASES[i].text, strlen(CASES[i].text), &line);

		ck_assert_msg(rc == CASES[i].rc && (rc == -ERR_ABSENT || line == CASES[i].line),
			      "\"%s\" gave %d at line %u", CASES[i].text, rc, line);
	}
}
END_TEST

START_TEST(stat_limits_cpus)
{
	char *text = malloc(1 << 20);
	size_t n = (size_t)sprintf(text, "cpu  1 2 3 4\n");
	uint32_t line;

	for (unsigned i = 0; i < HOST_CPUS_MAX; i++)
		n += (size_t)sprintf(text + n, "cpu%u 1 2 3 4 5 6 7 8 9 10\n", i);
	ck_assert_int_eq(run_exact(0, text, n, &line), 0);
	n += (size_t)sprintf(text + n, "cpu%u 1 2 3 4 5 6 7 8 9 10\n", HOST_CPUS_MAX);
	ck_assert_int_eq(run_exact(0, text, n, &line), -ERR_LIMIT);
	free(text);
}
END_TEST

START_TEST(cpulist_forms)
{
	static const char TEXT[] = "0,2-4,8\n";
	uint32_t numbers[8];
	size_t n = 0;

	ck_assert_int_eq(cpulist_parse(TEXT, strlen(TEXT), numbers, 8, &n), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_uint_eq(numbers[1], 2);
	ck_assert_uint_eq(numbers[4], 8);
	ck_assert_int_eq(cpulist_parse(TEXT, strlen(TEXT), numbers, 5, &n), 0);
	ck_assert_int_eq(cpulist_parse(TEXT, strlen(TEXT), numbers, 4, &n), -ERR_LIMIT);
}
END_TEST

START_TEST(hugepage_names)
{
	static const char *const BAD[] = { "",		     "hugepages-",	"hugepages-kB",	 "hugepages-2048",
					   "hugepages-x48kB", "hugepages-0kB",	"hugepages- 1kB", "hugepages-1kBx",
					   "hugepages--1kB",  "hugepages-99999999999kB" };
	uint32_t size = 0;

	ck_assert_int_eq(hugepages_parse_name("hugepages-2048kB", &size), 0);
	ck_assert_uint_eq(size, 2048);
	for (size_t i = 0; i < COUNT(BAD); i++)
		ck_assert_msg(hugepages_parse_name(BAD[i], &size) < 0, "\"%s\" was taken", BAD[i]);
}
END_TEST

START_TEST(dmi_placeholders)
{
	static const char *const EMPTY[] = { "", "To be filled by O.E.M.", "TO BE FILLED BY O.E.M.", "Default string",
					     "System Serial Number", "00000000", "xxxxxxxx", "...", "None" };
	static const char *const REAL[] = { "ES-2200 G4", "0000A", "CZ3012", "X", "Nonesuch", "10" };

	for (size_t i = 0; i < COUNT(EMPTY); i++)
		ck_assert_msg(ident_is_placeholder(EMPTY[i]), "\"%s\"", EMPTY[i]);
	for (size_t i = 0; i < COUNT(REAL); i++)
		ck_assert_msg(!ident_is_placeholder(REAL[i]) || strcmp(REAL[i], "X") == 0, "\"%s\"", REAL[i]);
}
END_TEST

/* --- sources on whole trees -------------------------------------------------------------------------------------- */

START_TEST(server_stat)
{
	struct stat_part *part = must_poll(&source_stat, "server-intel");
	const uint64_t ms = 1000 / (uint64_t)sysconf(_SC_CLK_TCK);

	ck_assert_uint_eq(part->n_cpus, 3);
	ck_assert_uint_eq(part->cpus[2].number, 2);
	ck_assert_uint_eq(part->total.user_ms, 8812344 * ms);
	ck_assert_uint_eq(part->cpus[0].user_ms, 2936781 * ms);
	ck_assert_uint_eq(part->cpus[0].irq_ms, 0);
	ck_assert_uint_eq(part->cpus[0].softirq_ms, 40822 * ms);
	ck_assert_uint_eq(part->cpus[2].guest_nice_ms, 104 * ms);
	ck_assert_uint_eq(part->have, STAT_HAVE_RUNNING | STAT_HAVE_BLOCKED);
	ck_assert_uint_eq(part->processes_running, 3);
	ck_assert_uint_eq(part->processes_blocked, 1);
	ck_assert_int_gt(part->read_mono_ns, 0);
	part_unref(part);
}
END_TEST

START_TEST(server_load_and_memory)
{
	struct load_part *load = must_poll(&source_loadavg, "server-intel");
	struct meminfo_part *memory = must_poll(&source_meminfo, "server-intel");
	struct vmstat_part *vmstat = must_poll(&source_vmstat, "server-intel");

	ck_assert_uint_eq(load->load1_centi, 207);
	ck_assert_uint_eq(load->load15_centi, 95);
	ck_assert(!load->have_processes); /* a captured tree holds none */
	ck_assert_uint_eq(memory->have, (MEM_HAVE_KSM_SHARING << 1) - 1);
	ck_assert_uint_eq(memory->total_kib, 394854240);
	ck_assert_uint_eq(memory->cached_kib, 96120088);
	ck_assert_uint_eq(memory->swap_free_kib, 8380412);
	ck_assert_uint_eq(memory->committed_kib, 48812344);
	ck_assert_uint_eq(memory->commit_limit_kib, 71590284);
	ck_assert_uint_eq(memory->ksm_sharing_kib, 51200 * (uint64_t)sysconf(_SC_PAGESIZE) / 1024);
	ck_assert_uint_eq(vmstat->have, MEM_HAVE_PAGED_IN | MEM_HAVE_PAGED_OUT | MEM_HAVE_PAGE_FAULTS |
						MEM_HAVE_MAJOR_FAULTS | MEM_HAVE_SWAPPED_IN |
						MEM_HAVE_SWAPPED_OUT);
	ck_assert_uint_eq(vmstat->page_faults, 9123344120);
	ck_assert_uint_eq(vmstat->swapped_in_kib, 12 * (uint64_t)sysconf(_SC_PAGESIZE) / 1024);
	ck_assert_uint_eq(vmstat->swapped_out_kib, 2048 * (uint64_t)sysconf(_SC_PAGESIZE) / 1024);
	part_unref(load);
	part_unref(memory);
	part_unref(vmstat);
}
END_TEST

START_TEST(server_cpufreq_and_throttle)
{
	struct cpufreq_part *freq = must_poll(&source_cpufreq, "server-intel");
	struct throttle_part *throttle = must_poll(&source_throttle, "server-intel");

	ck_assert_uint_eq(freq->n_cpus, 3);
	ck_assert_uint_eq(freq->cpus[1].frequency_khz, 2112345);
	ck_assert_uint_eq(freq->cpus[1].frequency_min_khz, 800000);
	ck_assert_uint_eq(freq->cpus[1].frequency_max_khz, 3900000);
	ck_assert_str_eq(freq->cpus[1].governor, "performance");
	ck_assert_int_eq(freq->cpus[2].package, 1);
	ck_assert_str_eq(freq->cpus[2].governor, "powersave");
	ck_assert_uint_eq(throttle->n_cpus, 3);
	ck_assert_uint_eq(throttle->cpus[2].core_throttles, 14);
	ck_assert_uint_eq(throttle->cpus[2].package_throttles, 19);
	part_unref(freq);
	part_unref(throttle);
}
END_TEST

START_TEST(server_hugepages_and_pressure)
{
	struct hugepages *huge = must_poll(&source_hugepages, "server-intel");
	struct pressures *pressures = must_poll(&source_pressure, "server-intel");

	ck_assert_uint_eq(huge->n, 2);
	ck_assert_uint_eq(huge->rows[0].size_kib, 2048);
	ck_assert_uint_eq(huge->rows[0].reserved, 1024);
	ck_assert_uint_eq(huge->rows[1].size_kib, 1048576);
	ck_assert_uint_eq(huge->rows[1].free, 2);
	ck_assert_uint_eq(pressures->n, 3);
	ck_assert_uint_eq(pressures->rows[0].have, PRESSURE_HAVE_SOME | PRESSURE_HAVE_FULL);
	ck_assert_uint_eq(pressures->rows[2].resource, PRESSURE_IO);
	ck_assert_uint_eq(pressures->rows[2].some10_centi, 350);
	ck_assert_uint_eq(pressures->rows[2].full300_centi, 100);
	ck_assert_uint_eq(pressures->rows[2].full_total_us, 71233441);
	part_unref(huge);
	part_unref(pressures);
}
END_TEST

START_TEST(server_ident)
{
	struct node_ident *ident = must_poll(&source_ident, "server-intel");

	ck_assert_str_eq(ident->vendor, "Example Systems Inc.");
	ck_assert_str_eq(ident->model, "ES-2200 G4");
	ck_assert_ptr_null(ident->serial);
	ck_assert_uint_eq(ident->have, NODE_HAVE_UUID | NODE_HAVE_BOOT_TIME);
	ck_assert_uint_eq(ident->uuid[0], 0x4c);
	ck_assert_int_eq(ident->boot_time_real_ns, INT64_C(1721203211000000000));
	ck_assert_int_eq(strncmp(ident->kernel, "Linux ", 6), 0);
	ck_assert_ptr_nonnull(ident->name);
	part_unref(ident);
}
END_TEST

START_TEST(arm_has_what_it_has)
{
	struct node_ident *ident = must_poll(&source_ident, "board-arm");
	struct pressures *pressures = must_poll(&source_pressure, "board-arm");
	struct meminfo_part *memory = must_poll(&source_meminfo, "board-arm");
	struct part *part;

	ck_assert_str_eq(ident->model, "Example Single Board Rev 1.4");
	ck_assert_str_eq(ident->serial, "00000000a1b2c3d4");
	ck_assert_ptr_null(ident->vendor);
	ck_assert_uint_eq(ident->have, NODE_HAVE_BOOT_TIME);
	ck_assert_uint_eq(pressures->n, 1);
	ck_assert_uint_eq(pressures->rows[0].have, PRESSURE_HAVE_SOME);
	ck_assert_uint_eq(pressures->rows[0].some300_centi, 30);
	ck_assert_uint_eq(memory->have & (MEM_HAVE_SWAP_TOTAL | MEM_HAVE_KSM_SHARING), 0);
	ck_assert_int_eq(poll_tree(&source_cpufreq, FIXTURES "/board-arm", &part), -ERR_ABSENT);
	ck_assert_int_eq(poll_tree(&source_throttle, FIXTURES "/board-arm", &part), -ERR_ABSENT);
	ck_assert_int_eq(poll_tree(&source_hugepages, FIXTURES "/board-arm", &part), -ERR_ABSENT);
	part_unref(ident);
	part_unref(pressures);
	part_unref(memory);
}
END_TEST

START_TEST(empty_tree_is_absent)
{
	struct node_ident *ident = must_poll(&source_ident, "empty");
	struct part *part;

	for (size_t i = 0; i < COUNT(FILE_SOURCES); i++)
		ck_assert_msg(poll_tree(FILE_SOURCES[i], FIXTURES "/empty", &part) == -ERR_ABSENT, "%s: %s",
			      FILE_SOURCES[i]->name, error.text);
	ck_assert_uint_eq(ident->have, 0);
	ck_assert_ptr_nonnull(ident->kernel);
	ck_assert_ptr_null(ident->model);
	part_unref(ident);
}
END_TEST

/* This machine's own: whatever it has, no source may fail. */
START_TEST(real_tree)
{
	struct part *part;

	for (size_t i = 0; i < COUNT(FILE_SOURCES); i++) {
		const int rc = poll_tree(FILE_SOURCES[i], "", &part);

		ck_assert_msg(rc == 0 || rc == -ERR_ABSENT, "%s: %s", FILE_SOURCES[i]->name, error.text);
		part_unref(part);
	}
	ck_assert_int_eq(poll_tree(&source_ident, "", &part), 0);
	part_unref(part);
}
END_TEST

static void fails_with(const struct source *source, int code, const char *text)
{
	struct part *part;

	ck_assert_msg(poll_tree(source, scratch, &part) == code, "%s: not %d: %s", source->name, code, error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" does not say \"%s\"", error.text, text);
}

START_TEST(processes_are_the_numeric_entries)
{
	struct load_part *load;

	scratch_make();
	scratch_text("/proc/loadavg", "0.20 0.18 0.12 1/80 11206\n");
	scratch_text("/proc/1/comm", "init\n");
	scratch_text("/proc/4711/comm", "sh\n");
	scratch_text("/proc/sys/kernel/ostype", "Linux\n");
	ck_assert_int_eq(poll_tree(&source_loadavg, scratch, (struct part **)&load), 0);
	ck_assert(load->have_processes);
	ck_assert_uint_eq(load->processes, 2);
	part_unref(load);
	scratch_remove();
}
END_TEST

START_TEST(errors_name_file_and_line)
{
	scratch_make();
	scratch_text("/proc/stat", "cpu  1 2 3 4\ncpu0 1 2 3 four\n");
	fails_with(&source_stat, -ERR_PARSE, "/proc/stat:2: malformed");
	scratch_text("/proc/loadavg", "load\n");
	fails_with(&source_loadavg, -ERR_PARSE, "/proc/loadavg:1:");
	scratch_text("/proc/meminfo", "");
	fails_with(&source_meminfo, -ERR_PARSE, "/proc/meminfo");
	scratch_text("/proc/vmstat", "pgpgin 1\npgfault\n");
	fails_with(&source_vmstat, -ERR_PARSE, "/proc/vmstat:2:");
	scratch_text("/proc/pressure/memory", "some avg10=x\n");
	fails_with(&source_pressure, -ERR_PARSE, "/proc/pressure/memory:1:");
	scratch_text("/sys/devices/system/cpu/online", "zero\n");
	fails_with(&source_cpufreq, -ERR_PARSE, "/sys/devices/system/cpu/online");
	fails_with(&source_throttle, -ERR_PARSE, "/sys/devices/system/cpu/online");
	scratch_text("/sys/devices/system/cpu/online", "0\n");
	scratch_text("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "-1\n");
	fails_with(&source_throttle, -ERR_PARSE, "cpu0/thermal_throttle");
	scratch_text("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "99999999999\n");
	fails_with(&source_hugepages, -ERR_RANGE, "hugepages-2048kB/nr_hugepages");
	scratch_remove();
}
END_TEST

/* 600 KiB of interrupts is a large machine, 1 MiB is over the limit. */
START_TEST(stat_takes_long_lines)
{
	const size_t head = 40, big = 600 * 1024, over = PROCSYS_STAT_MAX;
	char *text = malloc(over);
	struct part *part;

	memset(text, '0', over);
	memcpy(text, "cpu  1 2 3 4\ncpu0 1 2 3 4\nintr 1 2 3 456 ", head);
	scratch_make();
	text[big - 1] = '\n';
	scratch_write("/proc/stat", text, big);
	ck_assert_int_eq(poll_tree(&source_stat, scratch, &part), 0);
	part_unref(part);
	text[big - 1] = '0';
	text[over - 1] = '\n';
	scratch_write("/proc/stat", text, over);
	fails_with(&source_stat, -ERR_LIMIT, "/proc/stat");
	scratch_write("/proc/meminfo", text, over);
	fails_with(&source_meminfo, -ERR_LIMIT, "/proc/meminfo");
	scratch_write("/proc/loadavg", text, over);
	fails_with(&source_loadavg, -ERR_LIMIT, "/proc/loadavg");
	scratch_remove();
	free(text);
}
END_TEST

/* Firmware text of any kind becomes clean text or nothing. */
START_TEST(ident_cleans_firmware_text)
{
	char longest[2000];
	struct part *part;
	struct node_ident *ident;

	memset(longest, 'x', sizeof(longest));
	scratch_make();
	scratch_text("/sys/class/dmi/id/sys_vendor", "  Caf\xe9\x01 Ltd  \n");
	scratch_text("/sys/class/dmi/id/product_name", "Stra\xc3\x9f" "e 1\n");
	scratch_write("/sys/class/dmi/id/product_serial", longest, sizeof(longest));
	scratch_text("/sys/class/dmi/id/product_uuid", "03000200-0400-0500-0006-000700080009\n");
	ck_assert_int_eq(poll_tree(&source_ident, scratch, &part), 0);
	ident = (struct node_ident *)part;
	ck_assert_str_eq(ident->vendor, "Caf?? Ltd");
	ck_assert_str_eq(ident->model, "Stra\xc3\x9f" "e 1");
	ck_assert_ptr_null(ident->serial);
	ck_assert_uint_eq(ident->have, 0);
	part_unref(part);
	scratch_text("/sys/class/dmi/id/product_uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff\n");
	ck_assert_int_eq(poll_tree(&source_ident, scratch, &part), 0);
	ck_assert_uint_eq(((struct node_ident *)part)->have, 0);
	part_unref(part);
	scratch_remove();
}
END_TEST

/* One source object over several polls: a CPU that comes is read whole at once. */
START_TEST(cpufreq_follows_hotplug)
{
	const struct sysroot root = { .prefix = scratch };
	const struct source_env env = { .root = &root };
	struct part *part;
	struct cpufreq_part *freq;
	void *self;

	scratch_make();
	scratch_text("/sys/devices/system/cpu/online", "0\n");
	scratch_text("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3000000\n");
	scratch_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1000000\n");
	scratch_text("/sys/devices/system/cpu/cpu4/topology/physical_package_id", "1\n");
	ck_assert_int_eq(source_cpufreq.open(&env, &self, &error), 0);
	ck_assert_int_eq(source_cpufreq.poll(self, &env, &part, &error), 0);
	freq = (struct cpufreq_part *)part;
	ck_assert_uint_eq(freq->n_cpus, 1);
	ck_assert_uint_eq(freq->cpus[0].have, CPUFREQ_HAVE_FREQUENCY | CPUFREQ_HAVE_MAX);
	part_unref(part);
	scratch_text("/sys/devices/system/cpu/online", "0,4\n");
	scratch_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "<unknown>\n");
	ck_assert_int_eq(source_cpufreq.poll(self, &env, &part, &error), 0);
	freq = (struct cpufreq_part *)part;
	ck_assert_uint_eq(freq->n_cpus, 2);
	ck_assert_uint_eq(freq->cpus[0].have, CPUFREQ_HAVE_MAX);
	ck_assert_uint_eq(freq->cpus[1].number, 4);
	ck_assert_uint_eq(freq->cpus[1].have, CPUFREQ_HAVE_PACKAGE);
	part_unref(part);
	source_cpufreq.close(self);
	scratch_remove();
}
END_TEST

static Suite *host_suite(void)
{
	Suite *suite = suite_create("host");

	UNIT_ADD(suite, parsers_take_good_text);
	UNIT_ADD(suite, parsers_refuse_cut_text);
	UNIT_ADD(suite, parsers_survive_binary);
	UNIT_ADD(suite, parsers_survive_huge);
	UNIT_ADD(suite, parsers_name_the_line);
	UNIT_ADD(suite, stat_limits_cpus);
	UNIT_ADD(suite, cpulist_forms);
	UNIT_ADD(suite, hugepage_names);
	UNIT_ADD(suite, dmi_placeholders);
	UNIT_ADD(suite, server_stat);
	UNIT_ADD(suite, server_load_and_memory);
	UNIT_ADD(suite, processes_are_the_numeric_entries);
	UNIT_ADD(suite, server_cpufreq_and_throttle);
	UNIT_ADD(suite, server_hugepages_and_pressure);
	UNIT_ADD(suite, server_ident);
	UNIT_ADD(suite, arm_has_what_it_has);
	UNIT_ADD(suite, empty_tree_is_absent);
	UNIT_ADD(suite, real_tree);
	UNIT_ADD(suite, errors_name_file_and_line);
	UNIT_ADD(suite, stat_takes_long_lines);
	UNIT_ADD(suite, ident_cleans_firmware_text);
	UNIT_ADD(suite, cpufreq_follows_hotplug);
	return suite;
}

UNIT_MAIN(host_suite)
