/*
 * transport.h - how the guests' channels are doing, as rows of the snapshot. Plain data; made by the disk and serve
 * lanes, carried by transport/board.h, put into the next snapshot by the cycle lane.
 */
#ifndef EDGENODE_MODEL_TRANSPORT_H
#define EDGENODE_MODEL_TRANSPORT_H

#include "model/host.h"

struct vbd {
	uint32_t index; /* 1: the shared disk */
	char *path;
	uint32_t domain; /* edgeDomainIndex; 0: shared */
	uint32_t size_bytes, length_bytes; /* of the disk, of the content last written */
	uint32_t updates, failures;
};
struct vbds {
	struct part part;
	size_t n;
	struct vbd rows[]; /* ascending index */
};
struct vbds *vbds_new(size_t n);

enum channel_state { CHANNEL_CONNECTED = 1, CHANNEL_WAITING, CHANNEL_FAILED };
struct channel {
	uint32_t index; /* edgeDomainIndex */
	uint8_t state;
	uint32_t requests, invalid, limited;
	uint64_t bytes; /* of replies */
};
struct channels {
	struct part part;
	size_t n;
	struct channel rows[]; /* ascending index */
};
struct channels *channels_new(size_t n);

#endif
