/*
 * clock_state.h - what the kernel says of its clock. Plain data. Result of the source "clock": adjtimex(2) without
 * modes, which needs no privilege.
 */
#ifndef EDGENODE_MODEL_CLOCK_STATE_H
#define EDGENODE_MODEL_CLOCK_STATE_H

#include "model/host.h"

enum clock_source { CLOCK_SOURCE_NONE = 1, CLOCK_SOURCE_KERNEL, CLOCK_SOURCE_NTP, CLOCK_SOURCE_PTP, CLOCK_SOURCE_REFERENCE, CLOCK_SOURCE_UNKNOWN };
enum clock_sync { CLOCK_SYNCHRONIZED = 1, CLOCK_UNSYNCHRONIZED, CLOCK_SYNC_UNKNOWN };
enum clock_leap { CLOCK_LEAP_NONE = 1, CLOCK_LEAP_INSERT, CLOCK_LEAP_DELETE, CLOCK_LEAP_ALARM, CLOCK_LEAP_UNKNOWN };

struct clock_state {
	struct part part;
	uint64_t have;
	uint8_t source, state, leap;
	int64_t offset_ns;      /* positive: this node's clock is ahead (adjtimex's offset with its sign turned) */
	uint32_t est_error_us, max_error_us;
	int32_t frequency_ppb;
	int32_t tai_offset_s;
};
#define CLOCK_HAVE_OFFSET BIT(0)
#define CLOCK_HAVE_EST_ERROR BIT(1)
#define CLOCK_HAVE_MAX_ERROR BIT(2)
#define CLOCK_HAVE_FREQUENCY BIT(3)
#define CLOCK_HAVE_TAI_OFFSET BIT(4)

#endif
