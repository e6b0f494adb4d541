/*
 * domain_disks.c - which domains have a disk of their own, and what is written to it. Thread: the disk lane; blocks on
 * the files.
 */
#include "transport/domain_disks.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "transport/guest_disk.h"
#include "transport/guest_doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_PART_MAX (256u << 10) /* bytes of the host's metrics, made once for all disks */

struct domain_disk {
	uint8_t uuid[16];
	uint32_t index; /* of the domain when it was last there */
	struct guest_disk *disk;
	bool active;	      /* when it was last written */
	bool there;	      /* in the newest snapshot */
	int64_t gone_mono_ns; /* else since when */
};

struct domain_disks {
	struct domain_disks_options options;
	char *pattern;
	struct guest_style style;
	size_t n, room;
	struct domain_disk *rows; /* ascending UUID */
	struct buf host, document;
	struct log_repeat too_many;
};

struct domain_disks *domain_disks_new(const struct domain_disks_options *options, const struct guest_style *style)
{
	struct domain_disks *disks = mem_alloc(sizeof(*disks));

	disks->options = *options;
	disks->pattern = mem_string(options->pattern);
	disks->style = *style;
	buf_init(&disks->host, HOST_PART_MAX);
	buf_init(&disks->document, 0);
	return disks;
}

void domain_disks_free(struct domain_disks *disks)
{
	if (disks == NULL)
		return;
	for (size_t i = 0; i < disks->n; i++)
		guest_disk_free(disks->rows[i].disk);
	free(disks->rows);
	buf_free(&disks->host);
	buf_free(&disks->document);
	free(disks->pattern);
	free(disks);
}

/* --- which there are ---------------------------------------------------------------------------------------------- */

static char *path_of(const struct domain_disks *disks, const struct domain *domain)
{
	const char *at = strstr(disks->pattern, DOMAIN_DISKS_UUID);
	const size_t size = strlen(disks->pattern) + TEXT_UUID_SIZE;
	char uuid[TEXT_UUID_SIZE], *path = mem_alloc(size);

	text_uuid_format(domain->uuid, uuid);
	snprintf(path, size, "%.*s%s%s", (int)(at - disks->pattern), disks->pattern, uuid,
		 at + strlen(DOMAIN_DISKS_UUID));
	return path;
}

static int by_uuid(const void *a, const void *b)
{
	return memcmp(((const struct domain_disk *)a)->uuid, ((const struct domain_disk *)b)->uuid, 16);
}

static struct domain_disk *find(const struct domain_disks *disks, size_t n, const uint8_t uuid[16])
{
	struct domain_disk key;

	memcpy(key.uuid, uuid, sizeof(key.uuid));
	return n > 0 ? bsearch(&key, disks->rows, n, sizeof(disks->rows[0]), by_uuid) : NULL;
}

/* Behind the others, which are in order. */
static void add(struct domain_disks *disks, const struct domain *domain)
{
	char *path = path_of(disks, domain);
	struct domain_disk *row;

	if (disks->n == disks->room) {
		disks->room = disks->room > 0 ? 2 * disks->room : 16;
		disks->rows = mem_grow(disks->rows, disks->room, sizeof(disks->rows[0]));
	}
	row = &disks->rows[disks->n++];
	*row = (struct domain_disk){ .index = domain->index, .there = true };
	memcpy(row->uuid, domain->uuid, sizeof(row->uuid));
	row->disk = guest_disk_new(path, disks->options.size);
	free(path);
}

static void note_limit(struct domain_disks *disks, size_t refused)
{
	char text[80];

	snprintf(text, sizeof(text), "there may be %u, %zu further domains have none", disks->options.most, refused);
	if (refused > 0)
		log_repeat_fail(&disks->too_many, "metrics disks of domains", text);
	else
		log_repeat_ok(&disks->too_many, "metrics disks of domains");
}

static void follow(struct domain_disks *disks, const struct domains *domains)
{
	const size_t n = disks->n;
	size_t refused = 0;

	for (size_t i = 0; i < n; i++)
		disks->rows[i].there = false;
	for (size_t i = 0; i < domains->n; i++) {
		const struct domain *domain = domains->rows[i];
		struct domain_disk *row = find(disks, n, domain->uuid);

		if (row != NULL) {
			row->there = true;
			row->index = domain->index;
		} else if (disks->n < disks->options.most) {
			add(disks, domain);
		} else {
			refused++;
		}
	}
	if (disks->n > n)
		qsort(disks->rows, disks->n, sizeof(disks->rows[0]), by_uuid);
	note_limit(disks, refused);
}

/* Whether the disk of a domain that has gone is to go by now. */
static bool is_over(const struct domain_disks *disks, struct domain_disk *row, int64_t now_mono_ns)
{
	if (row->there)
		row->gone_mono_ns = 0;
	else if (row->gone_mono_ns == 0)
		row->gone_mono_ns = now_mono_ns;
	return !row->there && disks->options.keep_s > 0 &&
	       now_mono_ns - row->gone_mono_ns >= disks->options.keep_s * NS_PER_S;
}

static void drop_gone(struct domain_disks *disks, int64_t now_mono_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < disks->n; i++) {
		if (is_over(disks, &disks->rows[i], now_mono_ns))
			guest_disk_remove(disks->rows[i].disk);
		else
			disks->rows[kept++] = disks->rows[i];
	}
	disks->n = kept;
}

/* --- what is written ---------------------------------------------------------------------------------------------- */

static bool write_disk(struct domain_disks *disks, struct domain_disk *row, const struct snapshot *snapshot)
{
	const struct domain *domain = row->there ? snapshot_domain(snapshot, row->index) : NULL;
	const bool active = domain != NULL && domain->id >= 0;
	struct guest_doc_cut cut;
	bool whole;

	if (!row->there && !row->active)
		return true;
	if (guest_disk_ready(row->disk) < 0)
		return false;
	if (!active && !row->active && !guest_disk_is_fresh(row->disk))
		return true;
	disks->document.limit = guest_disk_capacity(row->disk);
	whole = guest_doc_own_fit(&disks->document, &disks->style, &disks->host, snapshot, domain, &cut);
	if (guest_disk_write(row->disk, &disks->document, whole ? NULL : cut.text) < 0)
		return false;
	row->active = active;
	return true;
}

bool domain_disks_show(struct domain_disks *disks, const struct snapshot *snapshot, int64_t now_mono_ns)
{
	bool all = true;

	if (snapshot->domains == NULL)
		return true;
	follow(disks, snapshot->domains);
	drop_gone(disks, now_mono_ns);
	buf_reset(&disks->host);
	guest_doc_host(&disks->host, &disks->style, snapshot);
	for (size_t i = 0; i < disks->n; i++)
		all = write_disk(disks, &disks->rows[i], snapshot) && all;
	return all;
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

size_t domain_disks_count(const struct domain_disks *disks)
{
	size_t n = 0;

	for (size_t i = 0; i < disks->n; i++)
		n += disks->rows[i].there;
	return n;
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct vbd *)a)->index, y = ((const struct vbd *)b)->index;

	return x < y ? -1 : x > y;
}

void domain_disks_rows(const struct domain_disks *disks, struct vbd *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < disks->n; i++) {
		if (!disks->rows[i].there)
			continue;
		guest_disk_row(disks->rows[i].disk, &rows[n]);
		rows[n].domain = disks->rows[i].index;
		rows[n++].index = disks->rows[i].index + 1;
	}
	qsort(rows, n, sizeof(rows[0]), by_index);
}
