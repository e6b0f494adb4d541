/*
 * virtio_channel.h - one channel: the connection to QEMU's socket and the talk with one guest. On the serve lane only;
 * never blocks.
 *
 * A channel belongs to one run of one domain, and what it answers is that domain's. It reads only while it may: not
 * while a reply is in flight, not while the guest is over its rate; QEMU then holds the guest's writes back. So a guest
 * that floods, stalls or never reads costs itself, and here at most VIRTIO_REQUEST_MAX bytes of input, one reply, and
 * the kernel's buffer of VIRTIO_SEND_BUFFER.
 */
#ifndef EDGENODE_TRANSPORT_VIRTIO_CHANNEL_H
#define EDGENODE_TRANSPORT_VIRTIO_CHANNEL_H

#include "base/buf.h"
#include "model/domain.h"
#include "model/transport.h"

#define VIRTIO_SEND_BUFFER (32 << 10)
/* From a request to its answer. A guest may write the request, close the port and open it again to read (printf, then
 * cat): what reaches its port before it is closed is lost in the guest, what comes later waits in QEMU. */
#define VIRTIO_ANSWER_MS 5
/* Reading: a read costs at least VIRTIO_READ_LEAST bytes, at 32 KiB per second, 64 KiB at once. A guest over it is left
 * alone for VIRTIO_READ_PAUSE_MS, which is what bounds the wake-ups by a flood. */
#define VIRTIO_READ_LEAST 512
#define VIRTIO_BYTE_COST_NS (1000000000LL / (32 << 10))
#define VIRTIO_READ_BURST_NS 2000000000LL
#define VIRTIO_READ_PAUSE_MS 250

struct loop;
struct virtio_channel;

/* What the channels share. */
struct virtio_service {
	struct loop *loop;
	/* The reply to that domain's GET; valid until the next call. */
	const struct buf *(*document)(void *arg, const struct domain *domain);
	/* The domain's row of the newest snapshot; NULL where it is not this run of it. */
	const struct domain *(*domain)(void *arg, uint32_t index, const uint8_t uuid[16], int32_t id);
	void *arg;
	/* The rate of requests, valid or not, of each channel (virtio_rate.h). */
	int64_t request_cost_ns, request_burst_ns;
};

/* A channel of this run of the domain, at that path; it connects at once. service outlives it. */
struct virtio_channel *virtio_channel_new(const struct virtio_service *service, const struct domain *domain,
					  const char *path);
void virtio_channel_free(struct virtio_channel *channel);

uint32_t virtio_channel_index(const struct virtio_channel *channel);
const char *virtio_channel_path(const struct virtio_channel *channel);
/* Is it of this run of the domain? */
bool virtio_channel_is_of(const struct virtio_channel *channel, const struct domain *domain);

/* Another run of the same domain, or another path: connects anew; its counters go on. */
void virtio_channel_rebind(struct virtio_channel *channel, const struct domain *domain, const char *path);

/* The domain's row was read at that time and names this channel. Ends a rest. Where the path does not say whose it is,
 * nothing is answered on a connection until a reading that began after it has come here, which is the second one: the
 * domain of the snapshot may have ended, and another may listen there by now. That is so for a path that the operator
 * chose, and for any path at which QEMU has hung up or was not there at some attempt: libvirt's ids begin again when it
 * is started anew and the names in its directories are cut, so that another domain's directory may be called the same.
 * A daemon that is started beside running guests, and a guest's next run, wait for nothing; a guest whose socket the
 * daemon has looked for too early waits for two readings. */
void virtio_channel_seen(struct virtio_channel *channel, int64_t read_mono_ns);

/* Closed until virtio_channel_seen: nothing fresh is known of the domain, or (contested) its socket is another's too. */
void virtio_channel_rest(struct virtio_channel *channel, bool contested);

/* All of *out, its padding too: rows may be compared as bytes. */
void virtio_channel_row(const struct virtio_channel *channel, struct channel *out);

#endif
