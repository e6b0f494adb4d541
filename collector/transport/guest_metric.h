/*
 * guest_metric.h - the built-in metrics of the guests' documents: one const table of names, each filled from the
 * snapshot without a process. Pure; thread: any.
 *
 * Two profiles: the names of vhostmd's own configuration and README ("upstream"), and those that SAP's monitoring reads
 * ("sap"). A metric whose value is absent is left out. No value ends in a blank, none has an exponent or follows a
 * locale. What the names mean here; U and S are the profiles:
 *
 * Host
 *   HostName                      U S  nodename of the host
 *   Time                          U S  seconds since 1970 when these values were read: their age
 *   VirtualizationVendor          U S  libvirt's name of the hypervisor, "QEMU"
 *   VirtualizationProductInfo     U    name and version, "QEMU 7.2.0"
 *   VirtProductInfo                 S  the same
 *   HostSystemInfo                  S  maker and model of the machine
 *   TotalPhyCPUs, NumCPUs         U    CPUs of the host; of these, online
 *   NumberOfPhysicalCPUs            S  CPUs of the host
 *   NumCPUsUtilized               U    CPUs that the present load fills: the sum of all utilisations, rounded up
 *   TotalPhyMem                   U    MemTotal
 *   FreeMem                       U    MemAvailable: what could be given to a further guest (MemFree on old kernels)
 *   UsedMem                       U    TotalPhyMem - FreeMem
 *   FreePhyMem, FreePhyMemFree    U    MemFree
 *   FreePhysicalMemory              S  MemFree
 *   FreeVirtualMemory               S  MemFree and SwapFree
 *   MemoryAllocatedToVirtualServers S  MemTotal without MemFree, Buffers and Cached
 *   UsedVirtualMemory               S  the same and the swap space in use
 *   PagedInMemory, PagedOutMemory U    KiB read and written by paging of any kind, always in KiB ("K paged in")
 *   PagedInMemory, PagedOutMemory   S  what came from and went to swap space
 *   PageInRate                    U    KiB read in per second, over the last poll interval
 *   PageFaultRate                 U    page faults per second; vhostmd's script gives the rate of pgpgout this name
 *   TotalCPUTime                  U S  seconds all CPUs were busy since boot (not idle, waiting for I/O or stolen)
 * VM
 *   TotalCPUTime                  U S  seconds of the domain's present run
 *   NumCPUsUtilized               U    CPUs that it fills, rounded up
 *   UsedMemory                    U    what it has of memory, always in KiB
 *   ResourceProcessorLimit          S  its vCPUs
 *   ResourceMemoryLimit             S  the most memory it may have
 *   PhysicalMemoryAllocatedToVirtualSystem S  what it has of it
 */
#ifndef EDGENODE_TRANSPORT_GUEST_METRIC_H
#define EDGENODE_TRANSPORT_GUEST_METRIC_H

#include "base/buf.h"
#include "model/snapshot.h"

enum guest_profile { GUEST_UPSTREAM, GUEST_SAP };

/* How documents are written; zeroes are what strict readers of vhostmd expect. */
struct guest_style {
	enum guest_profile profile;
	bool memory_kib; /* memory in KiB instead of MiB */
	bool units;	 /* metrics have an attribute "unit" */
	uint32_t own_expiration_s; /* after which an action that fails has no value; 0: never */
};

/* For want of room: which of the operator's own values are left out. */
struct guest_limit {
	size_t most;    /* bytes of one, as it is written */
	size_t largest; /* of those that were left out */
	const struct metric_row *row; /* the largest; NULL: none was */
};

/* What a metric is read from, and where its value is written. */
struct guest_reading {
	const struct guest_style *style;
	const struct snapshot *snapshot;
	const struct domain *domain; /* NULL for the host's */
	struct buf *out;
	struct guest_limit *limit; /* NULL: all are written */
};

struct guest_metric {
	const char *name, *type;
	unsigned profiles; /* bits: 1 << enum guest_profile */
	const char *unit;  /* NULL: none; GUEST_UNIT_MEMORY: the style's */
	bool (*get)(const struct guest_reading *reading, const struct guest_metric *metric);
	size_t offset; /* for getters that serve several fields: in their structure */
	uint64_t have; /* ... and the bit of it */
};
extern const char GUEST_UNIT_MEMORY[];

/* All of a context, of every profile, in the order of a document. */
const struct guest_metric *guest_metrics(bool vm, size_t *n);

/* Appends the value, escaped. False: it is absent, and anything may have been appended. */
bool guest_metric_put(const struct guest_metric *metric, const struct guest_reading *reading);

/* Its unit in this style; NULL: none, or the style has no units. */
const char *guest_metric_unit(const struct guest_metric *metric, const struct guest_style *style);

#endif
