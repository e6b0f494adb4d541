/*
 * virtio.h - the virtio-serial channels org.github.vhostmd.1 of running domains; on the serve lane only.
 *
 * QEMU listens on a UNIX socket per channel, the daemon connects to it. The live domain XML gives the path
 * (domain_devices.channel_path); for an active domain whose XML names none, or is not known yet, the places are
 * scanned for both naming schemes. A guest may send anything at any time: each channel has bounded buffers, a rate and
 * deadlines of its own, and costs only itself (virtio_channel.h). What a guest may say: virtio_request.h.
 *
 * The reply to a GET is of one snapshot, the newest: the host's metrics and those of the channel's own domain, ended by
 * an empty line; a comment where a part is not available. A request over the rate waits for its turn and is counted
 * (edgeChannelLimited).
 */
#ifndef EDGENODE_TRANSPORT_VIRTIO_H
#define EDGENODE_TRANSPORT_VIRTIO_H

#include "store.h"
#include "transport/board.h"
#include "transport/guest_metric.h"

#define VIRTIO_NAME "org.github.vhostmd.1"
#define VIRTIO_CHANNELS_MAX 1024u     /* upper bound of max_channels */
#define VIRTIO_REPLY_MAX (256u << 10) /* bytes of a reply; of a longer one the operator's largest values are left out */
#define VIRTIO_HOST_MAX (192u << 10)  /* ... and of its part that tells of the host */
#define VIRTIO_WRITE_DEADLINE_S 10    /* a reply that the guest does not read for so long closes the channel */
#define VIRTIO_RETRY_MS 1000          /* between attempts to connect, doubled with each failure up to ... */
#define VIRTIO_RETRY_MOST_MS 8000
#define VIRTIO_BOARD_MS 1000          /* the board gets new figures at most so often */

struct loop;
struct virtio;

struct virtio_options {
	const char *channel_path; /* where to scan; NULL: libvirt's default places; copied */
	uint32_t max_channels;    /* domains beyond it, by the time they are found, have no channel */
	uint32_t expiration_s;    /* a channel whose domain has had no fresh metrics for so long is closed */
	uint32_t scan_s;          /* between two scans: the update period */
	uint32_t requests_per_s;  /* of each channel, valid or not, at least 1 ... */
	uint32_t burst;           /* ... and so many at once, at least 1 */
	struct guest_style style;
};

struct virtio *virtio_new(struct loop *loop, struct store *store, struct board *board,
			  const struct virtio_options *options);
/* Closes every channel; the board has none any more. */
void virtio_free(struct virtio *virtio);

/* Follows the newest snapshot: opens channels of new domains, closes those of ended ones and of those that have
 * expired, scans when it is due, puts changed figures on the board. Called by serve at each new snapshot and once per
 * second. */
void virtio_update(struct virtio *virtio);

#endif
