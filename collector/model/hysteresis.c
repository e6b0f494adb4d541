/* hysteresis.c - the state machine of one limit. Pure; thread: the owner's. */
#include "model/hysteresis.h"

static bool beyond(const struct hysteresis *state, const struct hysteresis_limits *limits, int32_t value)
{
	if (!state->raised)
		return value >= limits->rising;
	/* A value exactly at a limit that serves as both must not toggle at every sample. */
	return value <= limits->falling && value < limits->rising;
}

enum hysteresis_change hysteresis_step(struct hysteresis *state, const struct hysteresis_limits *limits, int32_t value,
				       int64_t now_ns)
{
	if (!beyond(state, limits, value)) {
		state->pending = false;
		return HYSTERESIS_NONE;
	}
	if (!state->pending) {
		state->pending = true;
		state->pending_since_ns = now_ns;
	}
	if (now_ns - state->pending_since_ns < limits->hold_ns)
		return HYSTERESIS_NONE;
	state->pending = false;
	state->raised = !state->raised;
	return state->raised ? HYSTERESIS_RAISED : HYSTERESIS_CLEARED;
}
