/*
 * powercap.c - the energy that parts of the host have used. Thread: worker "files". Source: /sys/class/powercap
 * (kernel: Documentation/power/powercap/powercap.rst). The kernel lets root alone read the counters unless somebody
 * changes that; whoever may not read them has none.
 */
#include "base/clock.h"
#include "source/procsys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define POWERCAP_PATH "/sys/class/powercap"
#define ENTRIES_MAX 1024u

struct entries {
	size_t n;
	char name[POWER_ZONES_MAX][POWER_ENTRY_SIZE];
};

/* "intel-rapl:0" and "intel-rapl:0:1" are zones, "intel-rapl" is what they belong to. */
static void add_entry(void *arg, const char *name)
{
	struct entries *entries = arg;

	if (strchr(name, ':') != NULL && strlen(name) < POWER_ENTRY_SIZE && entries->n < POWER_ZONES_MAX)
		memcpy(entries->name[entries->n++], name, strlen(name) + 1);
}

/* "intel-rapl/package-0/core": the names of the zone and of those above it. */
static int read_zone(const struct sysroot *root, const char *entry, char zone[POWER_ZONE_SIZE])
{
	const char *end = strchr(entry, ':');
	int n = snprintf(zone, POWER_ZONE_SIZE, "%.*s", (int)(end - entry), entry);

	while (*end != '\0') {
		char name[32];
		int rc;

		end += 1 + strcspn(end + 1, ":");
		rc = sysfile_line(root, name, sizeof(name), "%s/%.*s/name", POWERCAP_PATH, (int)(end - entry), entry);
		if (rc != 0)
			return rc;
		n += snprintf(zone + n, (size_t)(POWER_ZONE_SIZE - n), "/%s", name);
		if (n >= POWER_ZONE_SIZE)
			return -ERR_LIMIT;
	}
	return 0;
}

static int read_energy(const struct sysroot *root, const char *entry, struct power *row)
{
	int rc = sysfile_u64(root, &row->energy_uj, "%s/%s/energy_uj", POWERCAP_PATH, entry);

	if (rc == -ERR_IO && (errno == EACCES || errno == EPERM))
		return -ERR_ABSENT;
	if (rc != 0)
		return rc;
	row->raw_uj = row->energy_uj;
	rc = sysfile_u64(root, &row->range_uj, "%s/%s/max_energy_range_uj", POWERCAP_PATH, entry);
	return rc == -ERR_ABSENT ? 0 : rc;
}

static int poll_powercap(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct powers *part = procsys_part_new(sizeof(*part));
	struct entries entries = { .n = 0 };
	char path[SYSFILE_PATH_MAX] = POWERCAP_PATH;
	int rc = sysfile_list(env->root, POWERCAP_PATH, ENTRIES_MAX, add_entry, &entries);

	(void)self;
	for (size_t i = 0; rc == 0 && i < entries.n; i++) {
		struct power *row = &part->rows[part->n];

		snprintf(path, sizeof(path), "%s/%s", POWERCAP_PATH, entries.name[i]);
		rc = read_energy(env->root, entries.name[i], row);
		if (rc == 0)
			rc = read_zone(env->root, entries.name[i], row->zone);
		part->n += rc == 0;
		if (rc == -ERR_ABSENT)
			rc = 0;
	}
	if (rc == 0 && part->n == 0)
		rc = -ERR_ABSENT;
	if (rc != 0) {
		part_unref(part);
		return procsys_fail(error, rc, path, 0);
	}
	part->read_mono_ns = clock_mono_ns();
	*result = &part->part;
	return 0;
}

const struct source source_powercap = {
	.id = SOURCE_POWERCAP,
	.name = "powercap",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_powercap,
};
