/* lane.c - starts, waits for and joins the daemon's threads. Thread: the owner's. */
#include "base/lane.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <time.h>

static struct timespec to_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };
}

static int start(pthread_t *thread, int detach_state, const char *name, void *(*main)(void *arg), void *arg)
{
	pthread_attr_t attributes;
	int rc;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, detach_state);
	pthread_attr_setstacksize(&attributes, LANE_STACK_SIZE);
	rc = pthread_create(thread, &attributes, main, arg);
	pthread_attr_destroy(&attributes);
	if (rc != 0) {
		errno = rc;
		return -ERR_IO;
	}
	pthread_setname_np(*thread, name);
	return 0;
}

int lane_start(pthread_t *thread, const char *name, void *(*main)(void *arg), void *arg)
{
	return start(thread, PTHREAD_CREATE_JOINABLE, name, main, arg);
}

int lane_start_detached(const char *name, void *(*main)(void *arg), void *arg)
{
	pthread_t thread;

	return start(&thread, PTHREAD_CREATE_DETACHED, name, main, arg);
}

int lane_pin(unsigned cpu)
{
	const size_t size = CPU_ALLOC_SIZE(cpu + 1);
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	int rc = ENOMEM;

	if (set != NULL) {
		CPU_ZERO_S(size, set);
		CPU_SET_S(cpu, size, set);
		rc = pthread_setaffinity_np(pthread_self(), size, set);
		CPU_FREE(set);
	}
	errno = rc;
	return rc == 0 ? 0 : -ERR_IO;
}

/* By looking again and again: joins with a deadline on the mono clock are not understood by thread sanitizers, and this
 * runs only while the daemon ends. */
#define JOIN_STEP_MS 2

bool lane_join(pthread_t thread, int64_t deadline_mono_ns)
{
	while (pthread_tryjoin_np(thread, NULL) != 0) {
		if (clock_mono_ns() >= deadline_mono_ns)
			return false;
		poll(NULL, 0, JOIN_STEP_MS);
	}
	return true;
}

void lane_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool lane_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, int64_t until_mono_ns)
{
	const struct timespec until = to_timespec(until_mono_ns);

	if (until_mono_ns == INT64_MAX)
		return pthread_cond_wait(condition, lock) == 0;
	return pthread_cond_timedwait(condition, lock, &until) == 0;
}
