/*
 * xenstore.h - the lane "xenstore": puts each guest's document into Xen's store, at <home of the domain>/metrics, where
 * the guest reads it as "metrics".
 *
 * A node holds XENSTORE_NODE_MAX bytes at most, path included; of a longer document the host's metrics are left out,
 * then the domain's too, and a comment says so. It is written only where the domain's "vm" in the store has the UUID
 * that libvirt gives: a node is never made for a domain that has gone, nor on a host whose libvirt has no Xen.
 * What was written stays when the daemon ends; Time in it says how old it is.
 * Source: vhostmd (xs_get_domain_path, "/metrics"; "/vm" is /vm/UUID); xenstore.txt of Xen for the limit.
 */
#ifndef EDGENODE_TRANSPORT_XENSTORE_H
#define EDGENODE_TRANSPORT_XENSTORE_H

#include "store.h"
#include "transport/guest_doc.h"

#include <stdbool.h>

#define XENSTORE_NODE_MAX 4096u

struct xenstore_lane;
struct xenstore_options {
	uint32_t period_ms; /* of writing, at the least */
	struct guest_style style;
};

/* Blocks on xenstored only, without limit: on a thread of its own, which a stop leaves behind where it hangs. A store
 * that cannot be opened is tried again at every period (logged once). -ERR_IO with errno. */
int xenstore_start(struct store *store, const struct xenstore_options *options, struct xenstore_lane **out);
bool xenstore_stop(struct xenstore_lane *lane, int64_t deadline_mono_ns); /* false: did not end in time, left */

#endif
