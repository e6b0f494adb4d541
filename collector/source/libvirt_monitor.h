/*
 * libvirt_monitor.h - lanes that ask the monitors of QEMU's domains: calls that may hang, each on its own connection.
 *
 * A QEMU that does not answer its monitor hangs the first call for ever, also one that asks not to wait; while it
 * hangs, each later one leaves out what that domain's monitor tells and comes back. So a call goes over few domains,
 * and a lane that overruns its deadline is abandoned: its thread keeps its connection and ends by itself whenever the
 * call returns, what it brings then is dropped, and another lane takes its place. At most LIBVIRT_MONITOR_ABANDONED_MAX
 * are abandoned at a time; further ones keep their place.
 *
 * Thread: all functions from the owner's thread (libvirt's worker); none waits for a lane longer than it says.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_MONITOR_H
#define EDGENODE_SOURCE_LIBVIRT_MONITOR_H

#include "base/part.h"
#include "source/libvirt_reading.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBVIRT_MONITOR_LANES 4
#define LIBVIRT_MONITOR_ABANDONED_MAX 8
#define LIBVIRT_MONITOR_DEADLINE_MS 1500 /* of one call */
#define LIBVIRT_MONITOR_OPEN_MS 5000	 /* of the opening of its connection, where there is none */
#define LIBVIRT_MONITOR_SLICE_MAX 16	 /* domains of one call */
#define LIBVIRT_MONITOR_ERROR_MAX 200
#define LIBVIRT_MONITOR_HANDLES_MAX 1024 /* that a lane keeps; a look-up costs little beside the call that follows */

/* The groups that QEMU's monitor is asked for. CPU_TOTAL is among them: libvirt 9.0 asks the monitor for the time that
 * vCPUs polled. */
#define LIBVIRT_MONITOR_GROUPS                                                                                         \
	(VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BLOCK)

/* One call, and what it brought. */
struct libvirt_slice {
	struct part part;
	size_t n;
	uint8_t uuids[LIBVIRT_MONITOR_SLICE_MAX][16];
	uint64_t round; /* the monitor's */
	/* After libvirt_monitor_take: */
	int code;  /* 0; -ERR_TIMEOUT: abandoned, and there is no more than the UUIDs; -ERR_IO: libvirt's error */
	bool lost; /* with -ERR_IO: there is no connection */
	char error[LIBVIRT_MONITOR_ERROR_MAX];
	int64_t begun_mono_ns;
	size_t n_readings; /* in no order; a domain that has gone has none */
	struct libvirt_reading *readings[LIBVIRT_MONITOR_SLICE_MAX]; /* NULL: taken out */
};
struct libvirt_slice *libvirt_slice_new(void);

struct libvirt_monitor;

/* uri as for virConnectOpenReadOnly; it is copied. */
struct libvirt_monitor *libvirt_monitor_new(const char *uri);

/* Lanes that rest end with it; one that hangs ends when its call returns. Waits for 300 ms at most. */
void libvirt_monitor_free(struct libvirt_monitor *monitor);

/* Begins a round: libvirt_monitor_wait waits for the slices submitted since. */
void libvirt_monitor_begin(struct libvirt_monitor *monitor);

/* Takes over the slice. */
void libvirt_monitor_submit(struct libvirt_monitor *monitor, struct libvirt_slice *slice);

void libvirt_monitor_wait(struct libvirt_monitor *monitor, int64_t until_mono_ns);

/* The next slice that has ended or overrun, the caller's; NULL: there is none. */
struct libvirt_slice *libvirt_monitor_take(struct libvirt_monitor *monitor);

/* Lanes that were abandoned and have not ended yet. */
uint32_t libvirt_monitor_abandoned(struct libvirt_monitor *monitor);

#endif
