/*
 * test_msr.c - the source "msr": what the registers' values say, and the source on the captured-form tree, on broken
 * files and on other makers' machines.
 */
#include "base/err.h"
#include "source/msr.h"
#include "tests/unit/tree.h"

#include <endian.h>
#include <fcntl.h>
#include <unistd.h>

extern const struct source source_msr;

START_TEST(temperature_counts_down)
{
	int32_t mdegc = 4711;

	ck_assert(msr_temperature(0x882c0000, 0x640000, &mdegc));
	ck_assert_int_eq(mdegc, 56000);
	ck_assert(msr_temperature(0x88000000, 0x0a640a00, &mdegc)); /* with an offset in bits 29:24 */
	ck_assert_int_eq(mdegc, 100000);
	ck_assert(msr_temperature(0xffffffffffffffff, 0x010000, &mdegc));
	ck_assert_int_eq(mdegc, -126000);
	mdegc = 4711;
	ck_assert(!msr_temperature(0x082c0000, 0x640000, &mdegc));
	ck_assert(!msr_temperature(0x882c0000, 0, &mdegc));
	ck_assert_int_eq(mdegc, 4711);
}
END_TEST

START_TEST(voltage_is_in_8192ths)
{
	uint32_t mv;

	ck_assert(msr_voltage(UINT64_C(0x2000) << 32 | 0x1d00, &mv));
	ck_assert_uint_eq(mv, 1000);
	ck_assert(msr_voltage(UINT64_C(0xabcd000000000000) | UINT64_C(7045) << 32, &mv));
	ck_assert_uint_eq(mv, 860);
	ck_assert(msr_voltage(UINT64_MAX, &mv));
	ck_assert_uint_eq(mv, 8000);
	ck_assert(!msr_voltage(0x1d00, &mv));
}
END_TEST

START_TEST(vendor)
{
	static const char INTEL[] = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t: 1\n";
	static const char AMD[] =
		"processor\t: 0\nvendor_id\t: AuthenticAMD\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\n";

	ck_assert(msr_is_intel(INTEL, strlen(INTEL)));
	for (size_t cut = 0; cut < strlen("processor\t: 0\nvendor_id\t: GenuineIntel\n"); cut++)
		ck_assert(!msr_is_intel(INTEL, cut));
	ck_assert(!msr_is_intel(AMD, strlen(AMD)));
	ck_assert(!msr_is_intel("\0\n\xff\n", 4));
	ck_assert(!msr_is_intel("", 0));
}
END_TEST

START_TEST(server_has_each_form)
{
	struct msr_part *part = must_poll(&source_msr, "server-intel");

	ck_assert_uint_eq(part->n_cpus, 3);
	ck_assert_uint_eq(part->cpus[0].number, 0);
	ck_assert_uint_eq(part->cpus[0].have, MSR_HAVE_TEMPERATURE | MSR_HAVE_VOLTAGE);
	ck_assert_int_eq(part->cpus[0].temperature_mdegc, 47000);
	ck_assert_uint_eq(part->cpus[0].voltage_mv, 860);
	ck_assert_uint_eq(part->cpus[1].have, MSR_HAVE_TEMPERATURE | MSR_HAVE_VOLTAGE); /* the package's */
	ck_assert_int_eq(part->cpus[1].temperature_mdegc, 51000);
	ck_assert_uint_eq(part->cpus[2].have, MSR_HAVE_TEMPERATURE); /* no voltage */
	ck_assert_int_eq(part->cpus[2].temperature_mdegc, 44000);
	part_unref(&part->part);
}
END_TEST

START_TEST(others_have_none)
{
	char path[512];
	struct part *part;

	snprintf(path, sizeof(path), "%s/board-arm", FIXTURES);
	ck_assert_int_eq(poll_tree(&source_msr, path, &part), -ERR_ABSENT);
	snprintf(path, sizeof(path), "%s/empty", FIXTURES);
	ck_assert_int_eq(poll_tree(&source_msr, path, &part), -ERR_ABSENT);
}
END_TEST

static void write_register(const char *path, uint32_t number, uint64_t value)
{
	char full[512];
	const uint64_t raw = htole64(value);
	int fd;

	snprintf(full, sizeof(full), "%s%s", scratch, path);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, &raw, sizeof(raw), number), sizeof(raw));
	close(fd);
}

START_TEST(broken_files)
{
	struct part *part;

	scratch_make();
	scratch_text("/sys/devices/system/cpu/online", "0-1\n");
	scratch_text("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
	ck_assert_int_eq(poll_tree(&source_msr, scratch, &part), -ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(error.text, "/dev/cpu/0/msr"));
	scratch_text("/dev/cpu/0/msr", "");
	ck_assert_int_eq(poll_tree(&source_msr, scratch, &part), -ERR_ABSENT);
	/* The temperature of none, the voltage of one; the file of CPU 1 ends before its registers. */
	write_register("/dev/cpu/0/msr", 0x198, UINT64_C(0x2000) << 32);
	scratch_text("/dev/cpu/1/msr", "short");
	ck_assert_int_eq(poll_tree(&source_msr, scratch, &part), 0);
	ck_assert_uint_eq(((struct msr_part *)part)->n_cpus, 1);
	ck_assert_uint_eq(((struct msr_part *)part)->cpus[0].have, MSR_HAVE_VOLTAGE);
	part_unref(part);
	scratch_remove();
}
END_TEST

START_TEST(files_of_root_are_absent)
{
	struct part *part;
	char path[512];

	if (geteuid() == 0)
		return; /* who may everything */
	scratch_make();
	scratch_text("/sys/devices/system/cpu/online", "0\n");
	scratch_text("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n");
	scratch_text("/dev/cpu/0/msr", "");
	snprintf(path, sizeof(path), "%s/dev/cpu/0/msr", scratch);
	ck_assert_int_eq(chmod(path, 0), 0);
	ck_assert_int_eq(poll_tree(&source_msr, scratch, &part), -ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(error.text, "Permission denied"));
	scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("msr");

	UNIT_ADD(s, temperature_counts_down);
	UNIT_ADD(s, voltage_is_in_8192ths);
	UNIT_ADD(s, vendor);
	UNIT_ADD(s, server_has_each_form);
	UNIT_ADD(s, others_have_none);
	UNIT_ADD(s, broken_files);
	UNIT_ADD(s, files_of_root_are_absent);
	return s;
}

UNIT_MAIN(suite)
