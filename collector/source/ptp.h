/* ptp.h - what ptp4l says, put into rows and a clock state. Pure. Thread: any. */
#ifndef EDGENODE_SOURCE_PTP_H
#define EDGENODE_SOURCE_PTP_H

#include "source/ptp_daemon.h"

/* TAI - UTC for a hardware clock, 0 where it counts UTC; -ERR_ABSENT: nobody knows what it counts. daemon may be
 * NULL. */
int ptp_utc_offset(const struct ptp_clock *row, const struct ptp_daemon *daemon, int32_t *utc_offset_s);

/* The row's port state, UTC offset and offset; difference_ns: the clock less the system's, NULL where that is not
 * known. */
void ptp_fill_row(struct ptp_clock *row, const struct ptp_daemon *daemon, const int64_t *difference_ns);

/* The system's clock as ptp4l disciplines it; source stays 0 where it does not. now: both clocks at one moment. */
void ptp_fill_clock(struct clock_state *clock, const struct ptp_daemon *daemon, int64_t now_mono_ns,
		    int64_t now_real_ns);

#endif
