/*
 * repeats.h - what a guest may cause at any rate, told once a second: of each domain, kind of change and disk the first
 * goes through, and the rest of the second does not. Pure but for its own state; one thread's.
 */
#ifndef EDGENODE_SOURCE_REPEATS_H
#define EDGENODE_SOURCE_REPEATS_H

#include "base/clock.h"
#include "model/change.h"

#define REPEAT_NS NS_PER_S
#define REPEATS_MAX 4096 /* different ones within that time; more do not go through at all */

struct repeats;

struct repeats *repeats_new(void);
void repeats_free(struct repeats *repeats);

/* Whether the change goes through. Their times do not go back. */
bool repeats_pass(struct repeats *repeats, const struct domain_change *change);

#endif
