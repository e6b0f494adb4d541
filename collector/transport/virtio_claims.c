/* virtio_claims.c - sockets by identity. Thread: serve. Data: stat of the paths that domains name. */
#include "transport/virtio_claims.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <sys/stat.h>

#define HASH_START 14695981039346656037u /* FNV-1a */
#define HASH_STEP 1099511628211u

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * HASH_STEP;
	while (*text++ != '\0');
	return hash;
}

static uint64_t hash_of(const struct virtio_claim *rows, size_t n)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < n; i++)
		hash = hash_text((hash ^ rows[i].index) * HASH_STEP, rows[i].path);
	return hash;
}

/* Drops the rows without a file; the number of the others. */
static size_t identify(struct virtio_claim *rows, size_t n)
{
	struct stat st;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (stat(rows[i].path, &st) < 0)
			continue;
		rows[kept] = rows[i];
		rows[kept].device = st.st_dev;
		rows[kept++].inode = st.st_ino;
	}
	return kept;
}

static int by_identity(const void *a, const void *b)
{
	const struct virtio_claim *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void collect(struct virtio_claims *claims, const struct virtio_claim *rows, size_t n)
{
	claims->contested = mem_array(n, sizeof(claims->contested[0]));
	claims->n = 0;
	for (size_t i = 0; i < n; i++) {
		const bool before = i > 0 && by_identity(&rows[i], &rows[i - 1]) == 0;
		const bool after = i + 1 < n && by_identity(&rows[i], &rows[i + 1]) == 0;

		if (before || after)
			claims->contested[claims->n++] = rows[i].index;
	}
	if (claims->n > 1)
		qsort(claims->contested, claims->n, sizeof(claims->contested[0]), by_index);
}

bool virtio_claims_update(struct virtio_claims *claims, struct virtio_claim *rows, size_t n, int64_t now_mono_ns)
{
	const uint64_t hash = hash_of(rows, n);

	if (hash == claims->known && now_mono_ns < claims->due_mono_ns)
		return false;
	claims->known = hash;
	claims->due_mono_ns = now_mono_ns + VIRTIO_CLAIMS_MS * NS_PER_MS;
	free(claims->contested);
	n = identify(rows, n);
	if (n > 1)
		qsort(rows, n, sizeof(rows[0]), by_identity);
	collect(claims, rows, n);
	return true;
}

bool virtio_claims_contested(const struct virtio_claims *claims, uint32_t index)
{
	return claims->n > 0 &&
	       bsearch(&index, claims->contested, claims->n, sizeof(claims->contested[0]), by_index) != NULL;
}

void virtio_claims_clear(struct virtio_claims *claims)
{
	free(claims->contested);
	*claims = (struct virtio_claims){ 0 };
}
