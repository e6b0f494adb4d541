/*
 * ptp_clock.h - PTP hardware clocks: which there are, and how far each is from the system's clock.
 *
 * Thread: worker "clock". Source: /sys/class/ptp and the ioctls of /dev/ptpN (kernel: Documentation/driver-api/ptp.rst,
 * linux/ptp_clock.h). Only reads; what needs a device that is not there or not permitted is absent.
 */
#ifndef EDGENODE_SOURCE_PTP_CLOCK_H
#define EDGENODE_SOURCE_PTP_CLOCK_H

#include "base/sysfile.h"
#include "model/clock_state.h"

#include <linux/ptp_clock.h>

/* Three readings in a row: of the system's clock, of the hardware's, of the system's. */
struct ptp_sample {
	int64_t before_ns, clock_ns, after_ns;
};

/* What each ioctl gave as samples, at most PTP_MAX_SAMPLES; how many of them are in order and in range. Pure. */
size_t ptp_clock_take_precise(const struct ptp_sys_offset_precise *from, struct ptp_sample *samples);
size_t ptp_clock_take_extended(const struct ptp_sys_offset_extended *from, struct ptp_sample *samples);
size_t ptp_clock_take_plain(const struct ptp_sys_offset *from, struct ptp_sample *samples);

/* The hardware's time less the system's, by the sample that the system's clock took least time for. -ERR_ABSENT: there
 * is no sample. Pure. */
int ptp_clock_best(const struct ptp_sample *samples, size_t n, int64_t *difference_ns);

/* Every clock: index and name, ascending, nothing else. -ERR_ABSENT: there is none. */
int ptp_clock_list(const struct sysroot *root, struct ptp_clocks *out);

/* The difference of clock N right now, by the best of its ioctls. -ERR_ABSENT: it cannot be had. */
int ptp_clock_measure(const struct sysroot *root, uint32_t number, int64_t *difference_ns);

/* N of the clock that stamps an interface's frames, as ethtool -T tells it; -1: none. */
int32_t ptp_clock_of_interface(const char *interface);

#endif
