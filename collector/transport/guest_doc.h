/*
 * guest_doc.h - the guests' XML document from a snapshot: the built-in metrics of vhostmd, filled without a process.
 *
 * Pure: snapshot -> bytes. The metrics and what they mean: guest_metric.h. Never holds an empty line before its end. A
 * metric whose value is absent is left out.
 */
#ifndef EDGENODE_TRANSPORT_GUEST_DOC_H
#define EDGENODE_TRANSPORT_GUEST_DOC_H

#include "base/buf.h"
#include "model/snapshot.h"
#include "transport/guest_metric.h"

/* "<metrics>\n". */
void guest_doc_begin(struct buf *out);
/* The host's metrics. "<!-- host metrics not available -->" where there is nothing. */
void guest_doc_host(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot);
/* One domain's metrics; "<!-- VM metrics not available -->" for NULL, for one that is not active, or where there is
 * nothing. */
void guest_doc_domain(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		      const struct domain *domain);
/* "</metrics>\n". */
void guest_doc_end(struct buf *out);

/* What one guest sees: this host part, as guest_doc_host gives it, and its own. */
void guest_doc_own(struct buf *out, const struct guest_style *style, const struct buf *host,
		   const struct snapshot *snapshot, const struct domain *domain);

/* Host and every active domain, as on the shared disk; without `vms` the host alone. */
void guest_doc_shared(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot, bool vms);

/* What had to be left out, for the log: the largest of the operator's values that was, by name, or more than those. */
struct guest_doc_cut {
	char text[192];
};

/* Below: the buffer is emptied first, and its limit kept. Where that is too small, the largest of the operator's own
 * values are left out, so many as it takes, and an XML comment says so: no value takes what is built in along. */

/* The host's part. False: what is built in is too much already. */
bool guest_doc_host_within(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
			   struct guest_doc_cut *cut);
/* guest_doc_own; of a host part that is given nothing is left out, NULL: it is made from the snapshot. False as
 * above. */
bool guest_doc_own_within(struct buf *out, const struct guest_style *style, const struct buf *host,
			  const struct snapshot *snapshot, const struct domain *domain, struct guest_doc_cut *cut);

/* guest_doc_own and guest_doc_shared; where what is built in is too much, the domains are left out, then the host too,
 * and a comment says so. False: something was left out. */
bool guest_doc_own_fit(struct buf *out, const struct guest_style *style, const struct buf *host,
		       const struct snapshot *snapshot, const struct domain *domain, struct guest_doc_cut *cut);
bool guest_doc_shared_fit(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot, bool vms,
			  struct guest_doc_cut *cut);

#endif
