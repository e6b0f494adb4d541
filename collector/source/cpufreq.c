/*
 * cpufreq.c - frequency, its limits, governor and package of each CPU that is online. Thread: worker "files". Source:
 * /sys/devices/system/cpu/cpuN/cpufreq (kernel: Documentation/admin-guide/pm/cpufreq.rst) and
 * cpuN/topology/physical_package_id, which is there without cpufreq as well.
 *
 * Minimum and maximum are what the hardware can do (cpuinfo_*_freq), not what a policy allows at present: a policy is
 * the operator's own doing, the limits are what a frequency is judged by. On a machine of hundreds of CPUs each file
 * counts, so only the present frequency is read at every poll; the rest every CPUFREQ_SLOW_NS and when the set of
 * CPUs changes.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "source/procsys.h"

#include <stdlib.h>
#include <string.h>

#define CPUFREQ_SLOW_NS (30 * NS_PER_S)
#define CPU_PATH "/sys/devices/system/cpu/cpu"
#define CPUFREQ_HAVE_LIMITS (CPUFREQ_HAVE_MIN | CPUFREQ_HAVE_MAX)

struct cpufreq_self {
	struct cpufreq_part *known; /* all but the present frequency; NULL before the first poll */
	int64_t known_mono_ns;
};

static int open_cpufreq(const struct source_env *env, void **self, struct source_error *error)
{
	(void)env;
	(void)error;
	*self = mem_alloc(sizeof(struct cpufreq_self));
	return 0;
}

static void close_cpufreq(void *p)
{
	struct cpufreq_self *self = p;

	part_unref(self->known);
	free(self);
}

/* What cannot be read is absent: a driver may leave out any of these files. */
static void read_khz(const struct sysroot *root, struct cpufreq *row, const char *file, uint32_t *khz, uint64_t bit)
{
	uint64_t value;

	if (sysfile_u64(root, &value, "%s%u/cpufreq/%s", CPU_PATH, row->number, file) != 0 || value > UINT32_MAX)
		return;
	*khz = (uint32_t)value;
	row->have |= bit;
}

static void read_package(const struct sysroot *root, struct cpufreq *row)
{
	int64_t package;

	/* -1: the firmware does not say. */
	if (sysfile_i64(root, &package, "%s%u/topology/physical_package_id", CPU_PATH, row->number) != 0 ||
	    package < 0 || package > INT32_MAX)
		return;
	row->package = (int32_t)package;
	row->have |= CPUFREQ_HAVE_PACKAGE;
}

static void read_slow(const struct sysroot *root, struct cpufreq *row)
{
	read_khz(root, row, "cpuinfo_min_freq", &row->frequency_min_khz, CPUFREQ_HAVE_MIN);
	read_khz(root, row, "cpuinfo_max_freq", &row->frequency_max_khz, CPUFREQ_HAVE_MAX);
	read_package(root, row);
	if ((row->have & CPUFREQ_HAVE_LIMITS) != 0 &&
	    sysfile_line(root, row->governor, sizeof(row->governor), "%s%u/cpufreq/scaling_governor", CPU_PATH,
			 row->number) == 0 && row->governor[0] != '\0')
		row->have |= CPUFREQ_HAVE_GOVERNOR;
}

static struct cpufreq_part *part_of(const uint32_t *numbers, size_t n)
{
	struct cpufreq_part *part = procsys_part_new(sizeof(*part) + n * sizeof(part->cpus[0]));

	part->n_cpus = n;
	for (size_t i = 0; i < n; i++)
		part->cpus[i].number = numbers[i];
	return part;
}

static bool is_known(const struct cpufreq_self *self, const uint32_t *numbers, size_t n)
{
	if (self->known == NULL || self->known->n_cpus != n || clock_mono_ns() - self->known_mono_ns > CPUFREQ_SLOW_NS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (self->known->cpus[i].number != numbers[i])
			return false;
	return true;
}

static void learn(struct cpufreq_self *self, const struct sysroot *root, const uint32_t *numbers, size_t n)
{
	part_unref(self->known);
	self->known = part_of(numbers, n);
	self->known_mono_ns = clock_mono_ns();
	for (size_t i = 0; i < n; i++)
		read_slow(root, &self->known->cpus[i]);
}

/* The known rows with the present frequencies; *have is what any row has. */
static struct cpufreq_part *read_rows(const struct sysroot *root, const struct cpufreq_part *known, uint64_t *have)
{
	struct cpufreq_part *part = procsys_part_new(sizeof(*part) + known->n_cpus * sizeof(part->cpus[0]));

	*have = 0;
	part->n_cpus = known->n_cpus;
	for (size_t i = 0; i < part->n_cpus; i++) {
		struct cpufreq *row = &part->cpus[i];

		*row = known->cpus[i];
		if ((row->have & CPUFREQ_HAVE_LIMITS) != 0)
			read_khz(root, row, "scaling_cur_freq", &row->frequency_khz, CPUFREQ_HAVE_FREQUENCY);
		*have |= row->have;
	}
	return part;
}

static int poll_cpufreq(void *p, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct cpufreq_self *self = p;
	uint32_t numbers[HOST_CPUS_MAX];
	struct cpufreq_part *part;
	uint64_t have;
	size_t n;
	const int rc = procsys_online_cpus(env, numbers, &n, error);

	if (rc != 0)
		return rc;
	if (!is_known(self, numbers, n))
		learn(self, env->root, numbers, n);
	part = read_rows(env->root, self->known, &have);
	if (have == 0) {
		part_unref(part);
		return source_fail(error, -ERR_ABSENT, "%sN: neither cpufreq nor topology", CPU_PATH);
	}
	*result = &part->part;
	return 0;
}

const struct source source_cpufreq = {
	.id = SOURCE_CPUFREQ,
	.name = "cpufreq",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.open = open_cpufreq,
	.poll = poll_cpufreq,
	.close = close_cpufreq,
};
