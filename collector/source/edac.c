/*
 * edac.c - errors of the memory, as its controllers count them. Thread: worker "files". Source:
 * /sys/devices/system/edac/mc (kernel: Documentation/admin-guide/ras.rst).
 */
#include "source/procsys.h"

#include <stdio.h>
#include <string.h>

#define EDAC_PATH "/sys/devices/system/edac/mc"
#define ENTRIES_MAX 4096u /* of one directory */
#define NAME_SIZE 12      /* "dimm1023" */

struct names {
	const char *const *prefixes; /* NULL at the end */
	size_t n;
	char name[EDAC_ROWS_MAX][NAME_SIZE];
};

/* A prefix and digits. */
static bool is_numbered(const char *name, const char *prefix)
{
	const size_t length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && name[length] != '\0' && strlen(name) < NAME_SIZE &&
	       name[length + strspn(name + length, "0123456789")] == '\0';
}

static void add_name(void *arg, const char *name)
{
	struct names *names = arg;

	for (size_t i = 0; names->prefixes[i] != NULL; i++)
		if (is_numbered(name, names->prefixes[i]) && names->n < EDAC_ROWS_MAX)
			memcpy(names->name[names->n++], name, strlen(name) + 1);
}

/* A file that is not there is an absent column; one that cannot be read or understood is a failure. */
static int read_count(const struct sysroot *root, const char *path, uint64_t bit, uint64_t *out, uint64_t *have,
		      struct source_error *error)
{
	const int rc = sysfile_u64(root, out, "%s", path);

	if (rc == -ERR_ABSENT)
		return 0;
	if (rc != 0)
		return procsys_fail(error, rc, path, 0);
	*have |= bit;
	return 0;
}

/* before: what stands before "ce_count" in the names of the files. */
static int read_counts(const struct sysroot *root, const char *before, struct edac *row, struct source_error *error)
{
	char path[SYSFILE_PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/%s/%sce_count", EDAC_PATH, row->controller, before);
	rc = read_count(root, path, EDAC_HAVE_CORRECTED, &row->corrected, &row->have, error);
	if (rc != 0)
		return rc;
	snprintf(path, sizeof(path), "%s/%s/%sue_count", EDAC_PATH, row->controller, before);
	return read_count(root, path, EDAC_HAVE_UNCORRECTED, &row->uncorrected, &row->have, error);
}

/* NULL: there are too many. */
static struct edac *add_row(struct edacs *part, const char *controller, const char *module)
{
	struct edac *row;

	if (part->n == EDAC_ROWS_MAX)
		return NULL;
	row = &part->rows[part->n++];
	snprintf(row->controller, sizeof(row->controller), "%s", controller);
	snprintf(row->identity, sizeof(row->identity), "%s/%s", controller, module);
	return row;
}

/* What the board maker calls the module, else its place, else the kernel's name. */
static void set_label(const struct sysroot *root, const char *module, struct edac *row)
{
	static const char *const FILES[] = { "dimm_label", "dimm_location" };

	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (sysfile_line(root, row->label, sizeof(row->label), "%s/%s/%s/%s", EDAC_PATH, row->controller,
				 module, FILES[i]) == 0 && row->label[0] != '\0')
			return;
	snprintf(row->label, sizeof(row->label), "%s", module);
}

static int add_module(const struct sysroot *root, struct edacs *part, const char *controller, const char *module,
		      struct source_error *error)
{
	char before[NAME_SIZE + 8];
	struct edac *row = add_row(part, controller, module);

	if (row == NULL)
		return procsys_fail(error, -ERR_LIMIT, EDAC_PATH, 0);
	set_label(root, module, row);
	/* The files of a rank have the same names as those of a module. */
	snprintf(before, sizeof(before), "%s/dimm_", module);
	return read_counts(root, before, row, error);
}

/* The controller's own row, and one for each module or, where it knows no more, rank. */
static int add_controller(const struct sysroot *root, struct edacs *part, const char *controller,
			  struct source_error *error)
{
	static const char *const PREFIXES[] = { "dimm", "rank", NULL };
	struct names modules = { .prefixes = PREFIXES };
	char path[SYSFILE_PATH_MAX];
	struct edac *row = add_row(part, controller, "");
	int rc;

	if (row == NULL)
		return procsys_fail(error, -ERR_LIMIT, EDAC_PATH, 0);
	rc = read_counts(root, "", row, error);
	if (rc != 0)
		return rc;
	snprintf(path, sizeof(path), "%s/%s", EDAC_PATH, controller);
	rc = sysfile_list(root, path, ENTRIES_MAX, add_name, &modules);
	if (rc != 0)
		return procsys_fail(error, rc, path, 0);
	for (size_t i = 0; rc == 0 && i < modules.n; i++)
		rc = add_module(root, part, controller, modules.name[i], error);
	return rc;
}

static int poll_edac(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	static const char *const PREFIXES[] = { "mc", NULL };
	struct names controllers = { .prefixes = PREFIXES };
	struct edacs *part;
	int rc = sysfile_list(env->root, EDAC_PATH, ENTRIES_MAX, add_name, &controllers);

	(void)self;
	if (rc == 0 && controllers.n == 0)
		rc = -ERR_ABSENT;
	if (rc != 0)
		return procsys_fail(error, rc, EDAC_PATH, 0);
	part = procsys_part_new(sizeof(*part) + EDAC_ROWS_MAX * sizeof(part->rows[0]));
	for (size_t i = 0; rc == 0 && i < controllers.n; i++)
		rc = add_controller(env->root, part, controllers.name[i], error);
	if (rc == 0)
		*result = &part->part;
	else
		part_unref(part);
	return rc;
}

const struct source source_edac = {
	.id = SOURCE_EDAC,
	.name = "edac",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_edac,
};
