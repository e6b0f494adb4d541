/*
 * hysteresis.h - a limit that a jittering value crosses once. Pure; the state belongs to the caller.
 *
 * Normal becomes raised when the value was at or above `rising` for the hold time; raised becomes normal when it was at
 * or below `falling` (and below `rising`, should the two be the same) for the hold time. One sample on the other side
 * starts the hold time anew; a hold time of 0 acts at the first sample.
 */
#ifndef EDGENODE_MODEL_HYSTERESIS_H
#define EDGENODE_MODEL_HYSTERESIS_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: normal. */
struct hysteresis {
	bool raised;
	bool pending;             /* the value is beyond the limit that would change `raised` ... */
	int64_t pending_since_ns; /* ... since this sample */
};

struct hysteresis_limits {
	int32_t rising, falling;
	int64_t hold_ns;
};

enum hysteresis_change { HYSTERESIS_NONE, HYSTERESIS_RAISED, HYSTERESIS_CLEARED };

/* One sample, taken at now_ns of the monotonic clock. A value that is absent is no sample: it is not given here, and so
 * neither changes the state nor interrupts the hold time. */
enum hysteresis_change hysteresis_step(struct hysteresis *state, const struct hysteresis_limits *limits, int32_t value,
				       int64_t now_ns);

#endif
