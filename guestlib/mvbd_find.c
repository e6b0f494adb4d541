/*
 * mvbd_find.c - the metrics disk among a machine's block devices. Thread: any; blocks on the devices.
 *
 * A signature alone does not make it the right one: a disk that is damaged, or was left behind, must not hide another.
 */
#include "guestlib/mvbd_read.h"

#include "base/clock.h"
#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CANDIDATES_MAX 16u
#define SECTOR 512u      /* of /sys/block/NAME/size, whatever the device's is */
#define SIZE_SLACK 4096u /* a disk is rounded up to whole sectors */
#define PAUSE_NS (50 * NS_PER_MS) /* between two rounds */

struct candidate {
	char path[MVBD_PATH_MAX];
	int code, error; /* of the last look at it; error: its errno */
};

/* With a signature; best header first, then by name. */
struct candidates {
	struct candidate rows[CANDIDATES_MAX];
	size_t n;
};

/* ROOT/dev/NAME; the kernel writes '!' in /sys for the '/' of a name. */
static bool device_path(const char *root, const char *name, char path[MVBD_PATH_MAX])
{
	const int n = snprintf(path, MVBD_PATH_MAX, "%s/dev/%s", root, name);
	char *mark;

	if (n < 0 || (unsigned)n >= MVBD_PATH_MAX)
		return false;
	for (mark = path + strlen(root); (mark = strchr(mark, '!')) != NULL;)
		*mark = '/';
	return true;
}

/* Empty drives and large disks are not even opened. A device of unknown size is. */
static bool may_be_disk(const char *root, const char *name)
{
	char path[2 * MVBD_PATH_MAX], line[32] = "";
	uintmax_t sectors;
	FILE *file;

	snprintf(path, sizeof(path), "%s/sys/block/%s/size", root, name);
	file = fopen(path, "re");
	if (file == NULL)
		return true;
	sectors = fgets(line, sizeof(line), file) != NULL ? strtoumax(line, NULL, 10) : 1;
	fclose(file);
	return sectors > 0 && sectors <= (MVBD_SIZE_MAX + SIZE_SLACK) / SECTOR;
}

/* Valid, being written, without content or cut, no metrics disk. */
enum rank { RANK_VALID, RANK_CHANGING, RANK_UNUSABLE, RANK_FOREIGN };

static enum rank rank_of(int code)
{
	switch (code) {
	case 0:
		return RANK_VALID;
	case -ERR_BUSY:
	case -ERR_CHECKSUM:
		return RANK_CHANGING;
	case -ERR_RANGE:
	case -ERR_ABSENT:
		return RANK_UNUSABLE;
	default:
		return RANK_FOREIGN;
	}
}

static bool is_before(const struct candidate *a, const struct candidate *b)
{
	const enum rank x = rank_of(a->code), y = rank_of(b->code);

	return x < y || (x == y && strcmp(a->path, b->path) < 0);
}

static void insert(struct candidates *candidates, const struct candidate *new)
{
	struct candidate *rows = candidates->rows;
	size_t at = candidates->n;

	if (at == CANDIDATES_MAX && !is_before(new, &rows[--at]))
		return;
	for (; at > 0 && is_before(new, &rows[at - 1]); at--)
		rows[at] = rows[at - 1];
	rows[at] = *new;
	if (candidates->n < CANDIDATES_MAX)
		candidates->n++;
}

static void look_at(const char *root, const char *name, mvbd_note *note, void *arg, struct candidates *candidates)
{
	struct candidate device = { .code = -ERR_LIMIT };
	bool has_signature;

	if (name[0] == '.' || !device_path(root, name, device.path))
		return;
	if (may_be_disk(root, name))
		device.code = mvbd_probe(device.path);
	has_signature = rank_of(device.code) < RANK_FOREIGN;
	if (note != NULL)
		note(arg, device.path, has_signature ? 0 : device.code);
	if (has_signature)
		insert(candidates, &device);
}

/* One try each, until one succeeds or the time is over; the first is tried in any case. */
static bool read_one(struct candidates *candidates, int64_t until_ns, struct mvbd_found *found)
{
	for (size_t i = 0; i < candidates->n && (i == 0 || clock_mono_ns() < until_ns); i++) {
		struct candidate *row = &candidates->rows[i];

		row->code = mvbd_read(row->path, 0, &found->content, &found->length);
		row->error = errno;
		if (row->code == 0) {
			memcpy(found->path, row->path, sizeof(found->path));
			return true;
		}
	}
	return false;
}

static const struct candidate *best_of(const struct candidates *candidates)
{
	const struct candidate *best = &candidates->rows[0];

	for (size_t i = 1; i < candidates->n; i++)
		if (is_before(&candidates->rows[i], best))
			best = &candidates->rows[i];
	return best;
}

/* There is one at least. */
static int read_first(struct candidates *candidates, int64_t until_ns, struct mvbd_found *found)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const struct candidate *best;

	while (!read_one(candidates, until_ns, found)) {
		best = best_of(candidates);
		if (rank_of(best->code) == RANK_FOREIGN || clock_mono_ns() >= until_ns) {
			memcpy(found->path, best->path, sizeof(found->path));
			errno = best->error;
			return best->code;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

int mvbd_find(const char *root, unsigned timeout_ms, mvbd_note *note, void *arg, struct mvbd_found *found)
{
	const int64_t until_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	struct candidates candidates = { .n = 0 };
	char block[MVBD_PATH_MAX];
	const int n = snprintf(block, sizeof(block), "%s/sys/block", root);
	const struct dirent *entry;
	DIR *dir = n < 0 || (size_t)n >= sizeof(block) ? NULL : opendir(block);

	*found = (struct mvbd_found){ 0 };
	if (dir == NULL)
		return -ERR_IO;
	while ((entry = readdir(dir)) != NULL)
		look_at(root, entry->d_name, note, arg, &candidates);
	closedir(dir);
	return candidates.n > 0 ? read_first(&candidates, until_ns, found) : -ERR_ABSENT;
}
