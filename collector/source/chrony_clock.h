/*
 * chrony_clock.h - what chronyd says, in the terms of clock_state.h. Pure; thread: any.
 */
#ifndef EDGENODE_SOURCE_CHRONY_CLOCK_H
#define EDGENODE_SOURCE_CHRONY_CLOCK_H

#include "model/clock_state.h"
#include "source/chrony_message.h"

/* Sets all fields of out but `part`. now: when the reply came. */
void chrony_clock_state(const struct chrony_tracking *tracking, int64_t now_mono_ns, int64_t now_real_ns,
			struct clock_state *out);

/* stats: of the same source, or NULL. name: of an unresolved source in the configuration, or "". */
void chrony_clock_peer(const struct chrony_source *source, const struct chrony_sourcestats *stats, const char *name,
		       int64_t now_mono_ns, struct clock_peer *out);

/* The two are of one source: it could have changed between the two replies. */
bool chrony_clock_same_source(const struct chrony_source *source, const struct chrony_sourcestats *stats);

#endif
