/*
 * worker.c - the worker threads and their mailbox.
 *
 * One mutex guards everything of the pool; a worker holds it only to take a job and to hand over a result.
 */
#include "source/worker.h"

#include "base/clock.h"
#include "base/lane.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One thread with its handles. Freed by the thread itself when it is abandoned or told to stop. */
struct worker {
	struct workers *pool;
	enum worker_id id;
	bool abandoned;
	const struct source *current; /* being polled */
	int64_t started_mono_ns;
	void *self[SOURCE_END];
	bool opened[SOURCE_END];
};

struct mail {
	struct mail *next;
	struct worker_result result;
};

struct workers {
	const struct source_env *env;
	void (*wake)(void *arg);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* a job was queued, or stopping */
	pthread_cond_t ended; /* a thread ended */
	bool stopping;
	uint32_t threads; /* alive, abandoned ones included */
	struct worker *workers[WORKER_END];
	uint32_t abandoned[WORKER_END];
	const struct source *queue[WORKER_END][SOURCE_END]; /* in the order asked for */
	size_t queued[WORKER_END];
	bool pending[SOURCE_END];
	struct mail *first, **last;
};

struct workers *workers_new(const struct source_env *env, void (*wake)(void *arg), void *arg)
{
	struct workers *pool = mem_alloc(sizeof(*pool));

	pool->env = env;
	pool->wake = wake;
	pool->arg = arg;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->lock, NULL);
	lane_condition_init(&pool->work);
	lane_condition_init(&pool->ended);
	return pool;
}

/* --- the worker's side ------------------------------------------------------------------------------------------- */

static void post(struct workers *pool, struct worker_result *result)
{
	struct mail *mail = mem_alloc(sizeof(*mail));

	mail->result = *result;
	*pool->last = mail;
	pool->last = &mail->next;
}

static void close_source(struct worker *worker, const struct source *source)
{
	if (worker->opened[source->id] && source->close != NULL)
		source->close(worker->self[source->id]);
	worker->self[source->id] = NULL;
	worker->opened[source->id] = false;
}

static int open_source(struct worker *worker, const struct source *source, struct source_error *error)
{
	int rc;

	if (source->open == NULL || worker->opened[source->id])
		return 0;
	rc = source->open(worker->pool->env, &worker->self[source->id], error);
	worker->opened[source->id] = rc == 0;
	return rc;
}

static void run_poll(struct worker *worker, const struct source *source, struct worker_result *result)
{
	const int64_t begun = clock_mono_ns();

	memset(result, 0, sizeof(*result));
	result->id = source->id;
	result->code = open_source(worker, source, &result->error);
	if (result->code == 0)
		result->code =
			source->poll(worker->self[source->id], worker->pool->env, &result->part, &result->error);
	if (result->code != 0)
		close_source(worker, source);
	result->duration_us = (uint32_t)((clock_mono_ns() - begun) / NS_PER_US);
}

/* Called with the lock held; NULL when the thread is to end. */
static const struct source *wait_for_job(struct worker *worker)
{
	struct workers *pool = worker->pool;
	const struct source *job;

	while (!worker->abandoned && !pool->stopping && pool->queued[worker->id] == 0)
		pthread_cond_wait(&pool->work, &pool->lock);
	if (worker->abandoned || pool->stopping)
		return NULL;
	job = pool->queue[worker->id][0];
	pool->queued[worker->id]--;
	memmove(&pool->queue[worker->id][0], &pool->queue[worker->id][1],
		pool->queued[worker->id] * sizeof(pool->queue[0][0]));
	worker->current = job;
	worker->started_mono_ns = clock_mono_ns();
	return job;
}

/* Called with the lock held. */
static void hand_over(struct worker *worker, struct worker_result *result)
{
	worker->current = NULL;
	if (worker->abandoned) {
		part_unref(result->part);
		return;
	}
	worker->pool->pending[result->id] = false;
	post(worker->pool, result);
}

static void worker_end(struct worker *worker)
{
	struct workers *pool = worker->pool;

	for (size_t i = 0; SOURCES[i] != NULL; i++)
		close_source(worker, SOURCES[i]);
	pthread_mutex_lock(&pool->lock);
	if (worker->abandoned)
		pool->abandoned[worker->id]--;
	pool->threads--;
	pthread_cond_broadcast(&pool->ended);
	pthread_mutex_unlock(&pool->lock);
	free(worker);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct workers *pool = worker->pool;
	const struct source *job;
	struct worker_result result;

	pthread_mutex_lock(&pool->lock);
	while ((job = wait_for_job(worker)) != NULL) {
		pthread_mutex_unlock(&pool->lock);
		run_poll(worker, job, &result);
		pthread_mutex_lock(&pool->lock);
		hand_over(worker, &result);
		pool->wake(pool->arg);
	}
	pthread_mutex_unlock(&pool->lock);
	worker_end(worker);
	return NULL;
}

/* --- the cycle lane's side --------------------------------------------------------------------------------------- */

static const char *const WORKER_NAMES[WORKER_END] = {
	[WORKER_FILES] = "files",     [WORKER_SENSORS] = "sensors", [WORKER_THERMAL] = "thermal", [WORKER_PROCESS] = "process",
	[WORKER_LIBVIRT] = "libvirt", [WORKER_CLOCK] = "clock",     [WORKER_POOLS] = "pools",     [WORKER_DISKS] = "disks",
};

/* Called with the lock held. */
static int start_worker(struct workers *pool, enum worker_id id)
{
	struct worker *worker;

	if (pool->abandoned[id] >= WORKER_ABANDONED_MAX)
		return -ERR_TIMEOUT;
	worker = mem_alloc(sizeof(*worker));
	worker->pool = pool;
	worker->id = id;
	if (lane_start_detached(WORKER_NAMES[id], worker_main, worker) != 0) {
		free(worker);
		return -ERR_IO;
	}
	pool->workers[id] = worker;
	pool->threads++;
	return 0;
}

int workers_request(struct workers *pool, const struct source *source)
{
	int rc = 0;

	pthread_mutex_lock(&pool->lock);
	if (pool->pending[source->id])
		rc = -ERR_BUSY;
	else if (pool->workers[source->worker] == NULL)
		rc = start_worker(pool, source->worker);
	if (rc == 0) {
		pool->pending[source->id] = true;
		pool->queue[source->worker][pool->queued[source->worker]++] = source;
		pthread_cond_broadcast(&pool->work);
	}
	pthread_mutex_unlock(&pool->lock);
	return rc;
}

bool workers_pending(struct workers *pool, enum source_id id)
{
	bool pending;

	pthread_mutex_lock(&pool->lock);
	pending = pool->pending[id];
	pthread_mutex_unlock(&pool->lock);
	return pending;
}

bool workers_busy(struct workers *pool, enum worker_id end)
{
	bool busy = false;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; SOURCES[i] != NULL; i++)
		busy = busy || (SOURCES[i]->worker < end && pool->pending[SOURCES[i]->id]);
	pthread_mutex_unlock(&pool->lock);
	return busy;
}

static int64_t overruns_at(const struct worker *worker)
{
	if (worker == NULL || worker->current == NULL)
		return INT64_MAX;
	return worker->started_mono_ns + worker->current->deadline_ms * NS_PER_MS;
}

/* Called with the lock held. What was queued behind the hanging poll stays queued for the next thread. */
static void abandon(struct workers *pool, struct worker *worker)
{
	const struct source *source = worker->current;
	struct worker_result result = { .id = source->id, .code = -ERR_TIMEOUT,
					.duration_us = source->deadline_ms * 1000 };

	source_fail(&result.error, 0, "no answer within %u ms; its thread was given up", source->deadline_ms);
	worker->abandoned = true;
	pool->abandoned[worker->id]++;
	pool->workers[worker->id] = NULL;
	pool->pending[source->id] = false;
	post(pool, &result);
	if (pool->queued[worker->id] > 0 && start_worker(pool, worker->id) != 0) {
		for (size_t i = 0; i < pool->queued[worker->id]; i++)
			pool->pending[pool->queue[worker->id][i]->id] = false;
		pool->queued[worker->id] = 0;
	}
}

bool workers_take(struct workers *pool, int64_t now_mono_ns, struct worker_result *out)
{
	struct mail *mail;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < WORKER_END; i++)
		if (overruns_at(pool->workers[i]) <= now_mono_ns)
			abandon(pool, pool->workers[i]);
	mail = pool->first;
	if (mail != NULL) {
		pool->first = mail->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
	}
	pthread_mutex_unlock(&pool->lock);
	if (mail == NULL)
		return false;
	*out = mail->result;
	free(mail);
	return true;
}

int64_t workers_deadline_ns(struct workers *pool)
{
	int64_t first = INT64_MAX;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < WORKER_END; i++)
		if (overruns_at(pool->workers[i]) < first)
			first = overruns_at(pool->workers[i]);
	pthread_mutex_unlock(&pool->lock);
	return first;
}

uint32_t workers_abandoned(struct workers *pool)
{
	uint32_t n = 0;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < WORKER_END; i++)
		n += pool->abandoned[i];
	pthread_mutex_unlock(&pool->lock);
	return n;
}

static void workers_free(struct workers *pool)
{
	while (pool->first != NULL) {
		struct mail *mail = pool->first;

		pool->first = mail->next;
		part_unref(mail->result.part);
		free(mail);
	}
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->ended);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

bool workers_stop(struct workers *pool, int64_t deadline_mono_ns)
{
	bool ended, in_time = true;

	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->work);
	while (pool->threads > 0 && in_time)
		in_time = lane_wait_until(&pool->ended, &pool->lock, deadline_mono_ns);
	ended = pool->threads == 0;
	pthread_mutex_unlock(&pool->lock);
	if (ended)
		workers_free(pool);
	return ended;
}
