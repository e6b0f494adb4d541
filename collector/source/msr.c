/*
 * msr.c - temperature and voltage of each CPU from its own registers. Thread: worker "files". Source: /dev/cpu/N/msr
 * (msr(4): 8 bytes at the register's number) of Intel processors (Software Developer's Manual, volume 4).
 *
 * The driver may not be loaded, and it wants CAP_SYS_RAWIO: a machine without it, or a daemon without it, has no such
 * source. A register that a model does not have reads as EIO and is absent. Each read interrupts the CPU that is asked,
 * so they are few and seldom.
 *
 * Bits 29:24 of MSR_TEMPERATURE_TARGET lower the temperature at which the processor slows down, not the one that the
 * readouts count from, so they are left alone.
 */
#include "source/msr.h"

#include "source/procsys.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IA32_PERF_STATUS 0x198
#define IA32_THERM_STATUS 0x19c
#define MSR_TEMPERATURE_TARGET 0x1a2
#define IA32_PACKAGE_THERM_STATUS 0x1b1
#define READOUT_VALID (UINT64_C(1) << 31)
#define VOLTS_UNIT 8192 /* to the volt */
#define CPUINFO_PATH "/proc/cpuinfo"
#define CPUINFO_HEAD 4096 /* the first CPU's part has some 1,500 bytes */

/* --- registers --------------------------------------------------------------------------------------------------- */

bool msr_temperature(uint64_t status, uint64_t target, int32_t *mdegc)
{
	const int32_t greatest = target >> 16 & 0xff, below = status >> 16 & 0x7f;

	if ((status & READOUT_VALID) == 0 || greatest == 0)
		return false;
	*mdegc = (greatest - below) * 1000;
	return true;
}

bool msr_voltage(uint64_t status, uint32_t *mv)
{
	const uint32_t raw = status >> 32 & 0xffff;

	*mv = (raw * 1000 + VOLTS_UNIT / 2) / VOLTS_UNIT;
	return raw != 0;
}

bool msr_is_intel(const char *cpuinfo, size_t length)
{
	struct procsys_lines lines;

	procsys_lines_init(&lines, cpuinfo, length);
	while (procsys_lines_next(&lines) == 1) {
		const size_t n = (size_t)(lines.stop - lines.at);

		if (n >= 9 && memcmp(lines.at, "vendor_id", 9) == 0)
			return memmem(lines.at, n, "GenuineIntel", 12) != NULL;
	}
	return false;
}

/* --- files ------------------------------------------------------------------------------------------------------- */

/* The errors of a file that is not there, or not for us. */
static int open_below(const struct sysroot *root, const char *path, int *fd)
{
	char full[SYSFILE_PATH_MAX];
	const int n = snprintf(full, sizeof(full), "%s%s", root->prefix, path);

	if (n < 0 || (size_t)n >= sizeof(full))
		return -ERR_LIMIT;
	*fd = open(full, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	return errno == ENOENT || errno == ENOTDIR || errno == ENXIO || errno == ENODEV || errno == EACCES ||
			       errno == EPERM
		       ? -ERR_ABSENT
		       : -ERR_IO;
}

static bool read_register(int fd, uint32_t number, uint64_t *value)
{
	uint64_t raw;

	if (pread(fd, &raw, sizeof(raw), number) != sizeof(raw))
		return false;
	*value = le64toh(raw);
	return true;
}

static bool read_temperature(int fd, int32_t *mdegc)
{
	uint64_t status, target;

	if (!read_register(fd, MSR_TEMPERATURE_TARGET, &target))
		return false;
	if (read_register(fd, IA32_THERM_STATUS, &status) && msr_temperature(status, target, mdegc))
		return true;
	return read_register(fd, IA32_PACKAGE_THERM_STATUS, &status) && msr_temperature(status, target, mdegc);
}

static void read_row(int fd, struct msr *row)
{
	uint64_t status;

	if (read_temperature(fd, &row->temperature_mdegc))
		row->have |= MSR_HAVE_TEMPERATURE;
	if (read_register(fd, IA32_PERF_STATUS, &status) && msr_voltage(status, &row->voltage_mv))
		row->have |= MSR_HAVE_VOLTAGE;
}

/* The kernel has these files for every CPU or for none. */
static int read_rows(const struct sysroot *root, const uint32_t *numbers, size_t n, struct part *result,
		     struct source_error *error)
{
	struct msr_part *part = (struct msr_part *)result;

	for (size_t i = 0; i < n; i++) {
		struct msr *row = &part->cpus[part->n_cpus];
		char path[32];
		int fd, rc;

		snprintf(path, sizeof(path), "/dev/cpu/%u/msr", numbers[i]);
		rc = open_below(root, path, &fd);
		if (rc == -ERR_ABSENT && i > 0)
			continue;
		if (rc != 0)
			return source_fail(error, rc, "%s: %s", path, strerror(errno));
		row->number = numbers[i];
		read_row(fd, row);
		close(fd);
		part->n_cpus += row->have != 0;
	}
	if (part->n_cpus == 0)
		return source_fail(error, -ERR_ABSENT, "/dev/cpu: no CPU has any of the registers");
	return 0;
}

/* --- the source -------------------------------------------------------------------------------------------------- */

static int open_msr(const struct source_env *env, void **self, struct source_error *error)
{
	char head[CPUINFO_HEAD];
	ssize_t n;
	int fd;
	const int rc = open_below(env->root, CPUINFO_PATH, &fd);

	(void)self;
	if (rc != 0)
		return source_fail(error, rc, "%s: %s", CPUINFO_PATH, strerror(errno));
	n = read(fd, head, sizeof(head));
	close(fd);
	if (n < 0 || !msr_is_intel(head, (size_t)n))
		return source_fail(error, -ERR_ABSENT, "%s: not an Intel processor", CPUINFO_PATH);
	return 0;
}

static int poll_msr(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	(void)self;
	return procsys_poll_cpus(env, sizeof(struct msr_part), sizeof(struct msr), read_rows, result, error);
}

const struct source source_msr = {
	.id = SOURCE_MSR,
	.name = "msr",
	.worker = WORKER_FILES,
	.interval_ms = 5000,
	.deadline_ms = 2000,
	.open = open_msr,
	.poll = poll_msr,
};
