/*
 * throttle.c - how often each CPU and its package were slowed down by heat. Thread: worker "files". Source:
 * /sys/devices/system/cpu/cpuN/thermal_throttle (Intel; kernel: drivers/thermal/intel/therm_throt.c).
 *
 * The kernel makes these files for all CPUs or for none, so where the first CPU has none the machine has none: a
 * large machine of another maker then costs one failed open, not hundreds.
 */
#include "base/err.h"
#include "source/procsys.h"

#define CPU_PATH "/sys/devices/system/cpu/cpu"
#define CORE_FILE "thermal_throttle/core_throttle_count"
#define PACKAGE_FILE "thermal_throttle/package_throttle_count"

/* Sets the bit where the file is there. */
static int read_count(const struct sysroot *root, uint32_t number, const char *file, uint64_t *count, uint64_t bit,
		      uint64_t *have)
{
	const int rc = sysfile_u64(root, count, "%s%u/%s", CPU_PATH, number, file);

	if (rc == 0)
		*have |= bit;
	return rc == -ERR_ABSENT ? 0 : rc;
}

static int read_row(const struct sysroot *root, struct throttle *row, struct source_error *error)
{
	int rc = read_count(root, row->number, CORE_FILE, &row->core_throttles, THROTTLE_HAVE_CORE, &row->have);

	if (rc == 0)
		rc = read_count(root, row->number, PACKAGE_FILE, &row->package_throttles, THROTTLE_HAVE_PACKAGE,
				&row->have);
	if (rc == 0)
		return 0;
	return source_fail(error, rc, "%s%u/thermal_throttle: %s", CPU_PATH, row->number, err_text(rc));
}

static int read_rows(const struct sysroot *root, const uint32_t *numbers, size_t n, struct part *result,
		     struct source_error *error)
{
	struct throttle_part *part = (struct throttle_part *)result;

	for (size_t i = 0; i < n; i++) {
		struct throttle *row = &part->cpus[part->n_cpus];
		int rc;

		row->number = numbers[i];
		rc = read_row(root, row, error);
		if (rc != 0)
			return rc;
		if (i == 0 && row->have == 0)
			return source_fail(error, -ERR_ABSENT, "%s%u/thermal_throttle: %s", CPU_PATH, row->number,
					   err_text(-ERR_ABSENT));
		part->n_cpus++;
	}
	return 0;
}

static int poll_throttle(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	(void)self;
	return procsys_poll_cpus(env, sizeof(struct throttle_part), sizeof(struct throttle), read_rows, result, error);
}

const struct source source_throttle = {
	.id = SOURCE_THROTTLE,
	.name = "throttle",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_throttle,
};
