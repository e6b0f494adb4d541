/*
 * clock.h - the conversion of what adjtimex(2) gives. Pure; thread: any.
 */
#ifndef EDGENODE_SOURCE_CLOCK_H
#define EDGENODE_SOURCE_CLOCK_H

#include "model/clock_state.h"

#include <sys/timex.h>

/* tx: as the call filled it in; result: what it returned, TIME_OK to TIME_ERROR. Sets all fields of out but `part`. A
 * figure that a kernel cannot have meant gets no have bit. */
void clock_convert(const struct timex *tx, int result, struct clock_state *out);

#endif
