/*
 * virtio_scan.h - the channel sockets of running domains by their names in the file system.
 *
 * libvirt makes a directory for each run of a domain: PLACE/domain-ID-NAME before 9.7, PLACE/ID-NAME since; NAME may be
 * cut. ID is that of the run and among running domains unique, so such a path says whose it is.
 * Thread: the serve lane. Cost: one listing, and one stat per domain that is looked for. The places are on a local
 * file system; the listing is bounded.
 */
#ifndef EDGENODE_TRANSPORT_VIRTIO_SCAN_H
#define EDGENODE_TRANSPORT_VIRTIO_SCAN_H

#include "model/domain.h"

#define VIRTIO_SCAN_MAX 65536u /* entries read of one directory */

/* A domain whose socket is looked for. */
struct virtio_need {
	const struct domain *domain;
	char *path;     /* found, allocated; NULL: none yet */
	size_t matched; /* bytes of the domain's name in it */
};

/* Fills in paths of sockets that exist below place; one that stands already gives way only to a name that is less
 * cut. needs: ascending domain->id. -ERR_ABSENT: no such directory; -ERR_LIMIT: the rest was not looked at; -ERR_IO. */
int virtio_scan(const char *place, struct virtio_need *needs, size_t n);

/* Is the directory of this socket named for this run of the domain? */
bool virtio_scan_is_of(const char *path, const struct domain *domain);

#endif
