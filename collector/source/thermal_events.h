/*
 * thermal_events.h - the kernel's own word that a thermal zone crossed a trip: generic netlink, family "thermal", group
 * "event", which needs no privilege. It only says that the zones are to be read now; what they say then is what counts, so
 * a message that is lost costs no more than the time to the next reading.
 *
 * Source of the facts: the kernel's uapi linux/thermal.h; seen: 0.1 s after the crossing.
 */
#ifndef EDGENODE_SOURCE_THERMAL_EVENTS_H
#define EDGENODE_SOURCE_THERMAL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct thermal_events;

/* Starts its thread. wake is called there after a message; it must not block. NULL where this kernel or this build has
 * no such family. */
struct thermal_events *thermal_events_start(void (*wake)(void *arg), void *arg);

/* Whether there was one since the last call. Any thread. NULL: never. */
bool thermal_events_take(struct thermal_events *events);

/* Ends the thread; false where it does not end in time, then nothing is freed. NULL is legal. */
bool thermal_events_stop(struct thermal_events *events, int64_t deadline_mono_ns);

#endif
