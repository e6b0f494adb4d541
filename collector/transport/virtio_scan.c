/* virtio_scan.c - channel sockets by libvirt's directory names. Thread: serve. Data: the listing of a directory. */
#include "transport/virtio_scan.h"

#include "base/mem.h"
#include "base/sysfile.h"
#include "transport/virtio.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OLD_PREFIX "domain-"

struct scan {
	const char *place;
	struct virtio_need *needs;
	size_t n;
};

/* The run's id at *name, which moves behind it and its '-'. False: not of either form. */
static bool take_id(const char **name, int32_t *id)
{
	const char *p = *name;
	int64_t value = 0;

	if (strncmp(p, OLD_PREFIX, sizeof(OLD_PREFIX) - 1) == 0)
		p += sizeof(OLD_PREFIX) - 1;
	if (*p < '1' || *p > '9') /* libvirt counts from 1 */
		return false;
	for (; *p >= '0' && *p <= '9' && value <= INT32_MAX; p++)
		value = value * 10 + (*p - '0');
	if (*p != '-' || value > INT32_MAX)
		return false;
	*id = (int32_t)value;
	*name = p + 1;
	return true;
}

/* name: what stands of the domain's name, of that length. */
static bool is_name_of(const char *name, size_t length, const struct domain *domain)
{
	return length > 0 && strncmp(name, domain->name, length) == 0;
}

static struct virtio_need *find_need(const struct scan *scan, int32_t id)
{
	size_t low = 0, high = scan->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (scan->needs[middle].domain->id == id)
			return &scan->needs[middle];
		if (scan->needs[middle].domain->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

static void on_entry(void *arg, const char *entry)
{
	const struct scan *scan = arg;
	const char *name = entry;
	struct virtio_need *need;
	char path[PATH_MAX];
	int32_t id;

	if (!take_id(&name, &id))
		return;
	need = find_need(scan, id);
	if (need == NULL || strlen(name) <= need->matched || !is_name_of(name, strlen(name), need->domain))
		return;
	if (snprintf(path, sizeof(path), "%s/%s/" VIRTIO_NAME, scan->place, entry) >= (int)sizeof(path) ||
	    !is_socket(path))
		return;
	mem_replace(&need->path, path);
	need->matched = strlen(name);
}

int virtio_scan(const char *place, struct virtio_need *needs, size_t n)
{
	const struct sysroot real = { "" };
	struct scan scan = { place, needs, n };

	return sysfile_list(&real, place, VIRTIO_SCAN_MAX, on_entry, &scan);
}

bool virtio_scan_is_of(const char *path, const struct domain *domain)
{
	const char *end = strrchr(path, '/'), *name = end;
	int32_t id;

	while (name != NULL && name > path && name[-1] != '/')
		name--;
	return name != NULL && take_id(&name, &id) && name < end && id == domain->id &&
	       is_name_of(name, (size_t)(end - name), domain);
}
