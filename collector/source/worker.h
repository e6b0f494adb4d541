/*
 * worker.h - threads that may block on behalf of the cycle lane.
 *
 * A worker runs the polls of its sources one after another. Results come back by a mailbox. A poll that overruns its
 * source's deadline costs its worker: the thread is abandoned (its late result is dropped and its handles are closed by
 * itself, whenever it returns) and a new thread with newly opened sources takes over. At most WORKER_ABANDONED_MAX
 * threads of one worker are abandoned at a time; after that its polls fail at once until one of them has ended.
 *
 * Thread: everything here from the cycle lane, except `wake`, which is called on a worker's thread and must not block.
 */
#ifndef EDGENODE_SOURCE_WORKER_H
#define EDGENODE_SOURCE_WORKER_H

#include "source/source.h"

#define WORKER_ABANDONED_MAX 2

struct workers;

struct worker_result {
	enum source_id id;
	int code;           /* 0, or negative enum err; -ERR_TIMEOUT: abandoned */
	struct part *part;  /* owned by the caller; NULL unless code is 0 */
	uint32_t duration_us;
	struct source_error error;
};

/* env is borrowed until workers_stop. */
struct workers *workers_new(const struct source_env *env, void (*wake)(void *arg), void *arg);

/* Asks for one poll. 0; -ERR_BUSY: the one before has not come back; -ERR_TIMEOUT: no worker, too many hang. */
int workers_request(struct workers *workers, const struct source *source);

bool workers_pending(struct workers *workers, enum source_id id);
/* Any poll under way of a worker before `end`. */
bool workers_busy(struct workers *workers, enum worker_id end);

/* The next result, oldest first; false when there is none. Abandons overrun workers first. */
bool workers_take(struct workers *workers, int64_t now_mono_ns, struct worker_result *out);

/* When the next running poll overruns; INT64_MAX when none runs. */
int64_t workers_deadline_ns(struct workers *workers);

/* Abandoned threads that still hang. */
uint32_t workers_abandoned(struct workers *workers);

/* Ends all threads that end before the deadline. False: some hang; then nothing is freed, for the process is about to
 * _exit. */
bool workers_stop(struct workers *workers, int64_t deadline_mono_ns);

#endif
