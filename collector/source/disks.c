/*
 * disks.c - the health of the host's disks. Thread: worker "disks". Source: /sys/block, which names the disks, and
 * "smartctl --json" (smartmontools 7.0 or later), run for one after the other by the command process.
 *
 * smartctl opens the disk itself, so it must run as root or with CAP_SYS_RAWIO (SATA, SAS) and CAP_SYS_ADMIN (NVMe) and
 * leave to open the device node. It runs as the user the daemon was started by. A disk that sleeps is not woken; one
 * that is not read has a row with its name, and the builder puts what was told of it before there.
 */
#include "source/disks.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/commands.h"
#include "source/procsys.h"
#include "source/smart_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_PATH "/sys/block"
#define ENTRIES_MAX 65536u
#define PAGE80_MAX 260u
#define ORDINAL_SIZE 8       /* "#1024" */
#define DISKS_TIME_MS 540000 /* of all of them; what is left then waits for the next poll */

/* --- which disks there are --------------------------------------------------------------------------------------- */

static const char *skip(const char *p, const char *set)
{
	const size_t n = strspn(p, set);

	return n > 0 ? p + n : NULL;
}

/* sda, hda, nvme0n1. Others have no health of their own to tell: partitions, maps, RAID, loops, memory, virtual disks,
 * and the hidden paths of an NVMe disk (nvme0c1n1). */
static bool is_disk(const char *name)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz", DIGITS[] = "0123456789";
	const char *p;

	if (strncmp(name, "sd", 2) == 0 || strncmp(name, "hd", 2) == 0) {
		p = skip(name + 2, LETTERS);
	} else {
		p = strncmp(name, "nvme", 4) == 0 ? skip(name + 4, DIGITS) : NULL;
		p = p != NULL && *p == 'n' ? skip(p + 1, DIGITS) : NULL;
	}
	return p != NULL && *p == '\0' && strlen(name) < sizeof(((struct disk *)NULL)->name);
}

static void add_disk(void *arg, const char *name)
{
	struct disks *disks = arg;

	if (!is_disk(name) || disks->n == DISKS_MAX)
		return;
	memcpy(disks->rows[disks->n].name, name, strlen(name) + 1);
	disks->rows[disks->n++].health = DISK_HEALTH_UNKNOWN;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(((const struct disk *)a)->name, ((const struct disk *)b)->name);
}

/* A service that is kept from the devices sees none of them: then there is nobody to ask, and that is no failure. */
static bool any_device(const struct sysroot *root, const struct disks *disks)
{
	char path[SYSFILE_PATH_MAX];

	for (size_t i = 0; i < disks->n; i++) {
		snprintf(path, sizeof(path), "%s/dev/%s", root->prefix, disks->rows[i].name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static int list_disks(const struct sysroot *root, struct disks *disks, struct source_error *error)
{
	const int rc = sysfile_list(root, BLOCK_PATH, ENTRIES_MAX, add_disk, disks);

	if (rc != 0)
		return procsys_fail(error, rc, BLOCK_PATH, 0);
	if (disks->n == 0)
		return source_fail(error, -ERR_ABSENT, BLOCK_PATH ": no disk that has SMART");
	if (!any_device(root, disks))
		return source_fail(error, -ERR_ABSENT, "/dev: none of the disks of " BLOCK_PATH " is there");
	qsort(disks->rows, disks->n, sizeof(disks->rows[0]), by_name);
	return 0;
}

/* What the kernel has read already: also of a disk that sleeps. */
static void read_serial(const struct sysroot *root, struct disk *row)
{
	char path[SYSFILE_PATH_MAX], page[PAGE80_MAX];
	size_t length;

	if (sysfile_line(root, row->serial, sizeof(row->serial), BLOCK_PATH "/%s/device/serial", row->name) == 0 &&
	    text_utf8_valid(row->serial, strlen(row->serial))) {
		text_trim(row->serial);
	} else {
		row->serial[0] = '\0';
		snprintf(path, sizeof(path), BLOCK_PATH "/%s/device/vpd_pg80", row->name);
		if (sysfile_read(root, path, page, sizeof(page), &length) == 0)
			smart_parse_page80((const uint8_t *)page, length, row->serial, sizeof(row->serial));
	}
	if (row->serial[0] != '\0')
		row->have |= DISK_HAVE_SERIAL;
}

/* --- one disk ---------------------------------------------------------------------------------------------------- */

struct reading {
	const struct source_env *env;
	uint32_t timeout_ms;
	size_t n_answers; /* disks that were read, or sleep */
	char reason[SOURCE_ERROR_MAX]; /* of the first that could not be */
};

static void note_failure(struct reading *reading, const struct disk *row, const char *reason)
{
	if (reading->reason[0] == '\0')
		snprintf(reading->reason, sizeof(reading->reason), "/dev/%s: %s", row->name, reason);
}

static int run_smartctl(const struct reading *reading, const struct disk *row, struct command_result *result)
{
	static const char *const ENVIRONMENT[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	char device[sizeof("/dev/") + sizeof(row->name)];
	const char *const arguments[] = { reading->env->smartctl, "--json=c", "-n", "standby", "-i", "-H", "-A", device,
					  NULL };
	const struct runner_job job = { .argv = arguments, .env = ENVIRONMENT, .timeout_ms = reading->timeout_ms,
					.output_max = RUNNER_OUTPUT_MAX };

	snprintf(device, sizeof(device), "/dev/%s", row->name);
	return commands_run(reading->env->commands, &job, result);
}

/* smartctl's status says that the disk is failing, too, and its output why it could not be read: so the text counts
 * wherever there is one. */
static void take_answer(struct reading *reading, struct disk *row, const struct command_result *result)
{
	char reason[SMART_REASON_SIZE];
	struct disk told = { .have = 0 };
	int rc;

	if (result->status != RUNNER_OK || result->length == 0) {
		command_result_explain(result, reason, sizeof(reason));
		note_failure(reading, row, reason);
		return;
	}
	memcpy(told.name, row->name, sizeof(told.name));
	rc = smart_parse(result->output, result->length, &told, reason);
	if (rc == 0) {
		told.have |= DISK_HAVE_READ;
		told.read_mono_ns = clock_mono_ns();
		*row = told;
	} else if (rc != -ERR_BUSY) {
		note_failure(reading, row, reason);
		return;
	}
	reading->n_answers++;
}

/* -ERR_STATE: there is nobody to run anything. */
static int read_disk(struct reading *reading, struct disk *row)
{
	struct command_result result;
	const int rc = run_smartctl(reading, row, &result);

	if (rc == 0) {
		take_answer(reading, row, &result);
		free(result.output);
	} else if (rc != -ERR_STATE) {
		note_failure(reading, row, err_text(rc));
	}
	return rc == -ERR_STATE ? rc : 0;
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

/* Two paths to one disk and the namespaces of one controller have a serial number in common: the second is
 * "SERIAL#2". */
static void identify(const struct sysroot *root, struct disks *disks)
{
	for (size_t i = 0; i < disks->n; i++) {
		struct disk *row = &disks->rows[i];

		if ((row->have & DISK_HAVE_SERIAL) == 0)
			read_serial(root, row);
		snprintf(row->identity, sizeof(row->identity), "%s",
			 (row->have & DISK_HAVE_SERIAL) != 0 ? row->serial : row->name);
	}
	for (size_t i = disks->n; i-- > 0;) {
		char *identity = disks->rows[i].identity;
		size_t same = 0, length = strlen(identity);

		for (size_t k = 0; k < i; k++)
			same += strcmp(disks->rows[k].identity, identity) == 0;
		if (same > 0)
			snprintf(identity + length, sizeof(disks->rows[i].identity) - length, "#%zu", same + 1);
	}
}

static int read_all(struct reading *reading, struct disks *disks, struct source_error *error)
{
	const int64_t until = clock_mono_ns() + DISKS_TIME_MS * NS_PER_MS;

	for (size_t i = 0; i < disks->n && clock_mono_ns() < until; i++)
		if (read_disk(reading, &disks->rows[i]) != 0)
			return source_fail(error, -ERR_STATE, "%s cannot be run: there is no command process",
					   reading->env->smartctl);
	if (reading->n_answers == 0)
		return source_fail(error, -ERR_IO, "%s", reading->reason);
	identify(reading->env->root, disks);
	return 0;
}

/* A name without '/' is looked for by the command process. */
static int find_program(const struct source_env *env, struct source_error *error)
{
	if (env->smartctl == NULL || env->smartctl[0] == '\0')
		return source_fail(error, -ERR_ABSENT, "no smartctl is configured");
	if (env->commands == NULL)
		return source_fail(error, -ERR_ABSENT, "%s: nothing here runs programs", env->smartctl);
	if (strchr(env->smartctl, '/') != NULL && access(env->smartctl, F_OK) != 0)
		return source_fail(error, -ERR_ABSENT, "%s: %s", env->smartctl, strerror(errno));
	return 0;
}

int disks_read(const struct source_env *env, uint32_t timeout_ms, struct part **result, struct source_error *error)
{
	struct reading reading = { .env = env, .timeout_ms = timeout_ms };
	struct disks *disks;
	int rc = find_program(env, error);

	if (rc != 0)
		return rc;
	disks = procsys_part_new(sizeof(*disks) + DISKS_MAX * sizeof(disks->rows[0]));
	rc = list_disks(env->root, disks, error);
	if (rc == 0)
		rc = read_all(&reading, disks, error);
	if (rc == 0)
		*result = &disks->part;
	else
		part_unref(disks);
	return rc;
}

static int poll_disks(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	(void)self;
	return disks_read(env, DISK_TIMEOUT_MS, result, error);
}

const struct source source_disks = {
	.id = SOURCE_DISKS,
	.name = "disks",
	.worker = WORKER_DISKS,
	.interval_ms = 1800000,
	.deadline_ms = 600000,
	.poll = poll_disks,
};
