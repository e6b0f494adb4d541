/*
 * virtio_claims.h - which domains name the same socket. A socket has many spellings ("//", /var/run and /run, links),
 * so it is known by device and inode; a path without a file claims nothing.
 *
 * Thread: the serve lane. Cost: one stat per path when an unknown path or owner comes, and when known ones are due.
 */
#ifndef EDGENODE_TRANSPORT_VIRTIO_CLAIMS_H
#define EDGENODE_TRANSPORT_VIRTIO_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_CLAIMS_MS 1000 /* known paths are looked at again at most so often */

/* An active domain and the path that it names; the path is borrowed. */
struct virtio_claim {
	uint32_t index;
	const char *path;
	uint64_t device, inode; /* filled in */
};

struct virtio_claims {
	uint64_t known;        /* of the indexes and paths looked at last */
	int64_t due_mono_ns;
	uint32_t *contested;   /* ascending indexes of domains whose socket another one names, too */
	size_t n;
};

/* rows: of all active domains, one each, ascending index; their order changes. False: known paths, not due yet. */
bool virtio_claims_update(struct virtio_claims *claims, struct virtio_claim *rows, size_t n, int64_t now_mono_ns);
bool virtio_claims_contested(const struct virtio_claims *claims, uint32_t index);
void virtio_claims_clear(struct virtio_claims *claims);

#endif
