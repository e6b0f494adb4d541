/*
 * virtio_rate.h - how often one channel may do something: a debt of time that shrinks as the clock runs. Pure.
 *
 * Each act costs a time; the debt may grow to a burst. Cost 1 s and burst 5 s is one act per second, five at once.
 */
#ifndef EDGENODE_TRANSPORT_VIRTIO_RATE_H
#define EDGENODE_TRANSPORT_VIRTIO_RATE_H

#include <stdint.h>

struct virtio_rate {
	int64_t paid_until_ns; /* mono clock; in the past: no debt */
};

/* How long to wait until an act of that cost keeps the debt within the burst; 0: now. */
static inline int64_t virtio_rate_wait(const struct virtio_rate *rate, int64_t now_mono_ns, int64_t cost_ns,
				       int64_t burst_ns)
{
	const int64_t debt = rate->paid_until_ns > now_mono_ns ? rate->paid_until_ns - now_mono_ns : 0;

	return debt + cost_ns > burst_ns ? debt + cost_ns - burst_ns : 0;
}

static inline void virtio_rate_spend(struct virtio_rate *rate, int64_t now_mono_ns, int64_t cost_ns)
{
	rate->paid_until_ns = (rate->paid_until_ns > now_mono_ns ? rate->paid_until_ns : now_mono_ns) + cost_ns;
}

#endif
