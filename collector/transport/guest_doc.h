/*
 * guest_doc.h - the guests' XML document from a snapshot: the built-in metrics of vhostmd, filled without a process.
 *
 * Pure: snapshot -> bytes. Upstream names; see doc/architecture.md. Never holds an empty line before its end. A metric
 * whose value is absent is left out. No value ends in a blank, none has an exponent or follows a locale.
 *
 * Host, what the names mean here (memory in MiB, as in vhostmd's shipped configuration):
 *   HostName                   nodename of the host
 *   VirtualizationVendor       libvirt's name of the hypervisor, "QEMU"
 *   VirtualizationProductInfo  its version, "7.2.0"
 *   TotalPhyCPUs, NumCPUs      CPUs of the host; of these, online
 *   NumCPUsUtilized            CPUs that the present load fills: the sum of all utilisations, rounded up
 *   TotalPhyMem                MemTotal
 *   FreeMem                    MemAvailable: what could be given to a further guest (MemFree on kernels without it)
 *   UsedMem                    TotalPhyMem - FreeMem
 *   PagedInMemory, PagedOutMemory  pgpgin, pgpgout of /proc/vmstat ("pages paged in" of vmstat -s, which are KiB)
 *   PageInRate                 KiB read in per second, over the last poll interval
 *   PageFaultRate              page faults per second; vhostmd's script gave the rate of pgpgout under this name
 *   TotalCPUTime               seconds all CPUs were busy since boot (neither idle nor waiting for I/O nor stolen)
 *   Time                       seconds since 1970 when these values were read: their age
 * VM: TotalCPUTime, seconds of the domain's present run.
 */
#ifndef EDGENODE_TRANSPORT_GUEST_DOC_H
#define EDGENODE_TRANSPORT_GUEST_DOC_H

#include "base/buf.h"
#include "model/snapshot.h"

/* "<metrics>\n". */
void guest_doc_begin(struct buf *out);
/* The host's metrics. "<!-- host metrics not available -->" where there is nothing. */
void guest_doc_host(struct buf *out, const struct snapshot *snapshot);
/* One domain's metrics; nothing for one that is not active. */
void guest_doc_domain(struct buf *out, const struct snapshot *snapshot, const struct domain *domain);
/* "</metrics>\n". */
void guest_doc_end(struct buf *out);

/* Host and every active domain, as on the shared disk. */
void guest_doc_shared(struct buf *out, const struct snapshot *snapshot);

/* The same into an empty buffer, within its limit: where that is too small the domains are left out, then the host too,
 * and an XML comment says so. False: something was left out. */
bool guest_doc_shared_fit(struct buf *out, const struct snapshot *snapshot);

#endif
