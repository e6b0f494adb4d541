/*
 * lane.h - threads of the daemon: named, small stack, joined with a deadline. Thread: the owner's.
 */
#ifndef EDGENODE_BASE_LANE_H
#define EDGENODE_BASE_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define LANE_STACK_SIZE (512u * 1024)

/* name: at most 15 characters, shown by ps -L. 0 or -ERR_IO with errno. */
int lane_start(pthread_t *thread, const char *name, void *(*main)(void *arg), void *arg);

/* The same for a thread that nobody joins. */
int lane_start_detached(const char *name, void *(*main)(void *arg), void *arg);

/* From now on the calling thread runs on this CPU only. 0, or -ERR_IO with errno: EINVAL where there is no such CPU or
 * the process may not use it. */
int lane_pin(unsigned cpu);

/* False: it has not ended by the deadline and runs on. */
bool lane_join(pthread_t thread, int64_t deadline_mono_ns);

/* A condition whose timed waits count the mono clock, and such a wait. */
void lane_condition_init(pthread_cond_t *condition);
/* False when the time was over. INT64_MAX waits without limit. */
bool lane_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_mono_ns);

#endif
