/*
 * xenstore_read.c - reads this guest's document from xenstore. Thread: any, and one per call, which may outlive it.
 *
 * A path that does not begin with a slash is below the home of who asks, /local/domain/ID: so a guest reads its own
 * without knowing its number.
 */
#include "guestlib/xenstore_read.h"

#include "base/err.h"

#ifdef HAVE_XENSTORE

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include <xenstore.h>

#define NODE "metrics"
#define HANGING_MAX 4u

/* Shared by the caller and the thread; who leaves last frees it. */
struct job {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool done, left; /* the thread has ended, the caller has gone */
	int rc, error;
	char *content;
	size_t length;
};

static _Atomic unsigned running;
/* libxenstore makes the names of its files in static memory. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* Where libxenstore looks, as far as it can be asked without a wait; the variable is its own. */
static bool may_be_there(void)
{
	static const char *const PATHS[] = { "/dev/xen/xenbus", "/proc/xen/xenbus", "/run/xenstored/socket" };

	for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
		if (access(PATHS[i], F_OK) == 0)
			return true;
	return getenv("XENSTORED_PATH") != NULL;
}

static void job_free(struct job *job)
{
	free(job->content);
	pthread_cond_destroy(&job->changed);
	pthread_mutex_destroy(&job->lock);
	free(job);
}

static struct xs_handle *open_store(void)
{
	struct xs_handle *handle;

	pthread_mutex_lock(&opening);
	handle = xs_open(0);
	pthread_mutex_unlock(&opening);
	return handle;
}

static int read_node(char **content, size_t *length)
{
	struct xs_handle *handle = open_store();
	unsigned n = 0;
	int error;

	if (handle == NULL)
		return errno == EACCES || errno == EPERM || errno == ENOMEM ? -ERR_IO : -ERR_ABSENT;
	*content = xs_read(handle, XBT_NULL, NODE, &n);
	error = errno;
	xs_close(handle);
	*length = n;
	if (*content != NULL)
		return n > 0 ? 0 : -ERR_ABSENT;
	errno = error;
	return error == ENOENT ? -ERR_ABSENT : -ERR_IO;
}

static void *work(void *arg)
{
	struct job *job = arg;
	char *content = NULL;
	size_t length = 0;
	const int rc = read_node(&content, &length), error = errno;
	bool left;

	pthread_mutex_lock(&job->lock);
	job->rc = rc;
	job->error = error;
	job->content = content;
	job->length = length;
	job->done = true;
	left = job->left;
	pthread_cond_signal(&job->changed);
	pthread_mutex_unlock(&job->lock);
	running--;
	if (left)
		job_free(job);
	return NULL;
}

static struct job *job_new(void)
{
	struct job *job = calloc(1, sizeof(*job));
	pthread_condattr_t attributes;

	if (job == NULL)
		return NULL;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&job->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&job->lock, NULL);
	return job;
}

/* The application's signals are not for this thread. */
static int start(struct job *job)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attributes, work, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

/* Until the thread has ended; false: it was given up, and frees the job. */
static bool wait_for(struct job *job, unsigned timeout_ms)
{
	const int64_t until_ns = clock_mono_ns() + timeout_ms * NS_PER_MS;
	const struct timespec until = { .tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S };
	bool done;

	pthread_mutex_lock(&job->lock);
	while (!job->done && pthread_cond_timedwait(&job->changed, &job->lock, &until) == 0)
		;
	done = job->done;
	job->left = true;
	pthread_mutex_unlock(&job->lock);
	return done;
}

static int take_result(struct job *job, char **content, size_t *length)
{
	if (job->rc == 0) {
		*content = job->content; /* libxenstore puts a NUL behind it */
		*length = job->length;
		job->content = NULL;
	}
	errno = job->error;
	return job->rc;
}

int xenstore_read(unsigned timeout_ms, char **content, size_t *length)
{
	struct job *job;
	int rc;

	if (!may_be_there())
		return -ERR_ABSENT;
	if (running >= HANGING_MAX)
		return -ERR_BUSY;
	job = job_new();
	if (job == NULL)
		return -ERR_IO;
	running++;
	errno = start(job);
	if (errno != 0) {
		running--;
		job_free(job);
		return -ERR_IO;
	}
	if (!wait_for(job, timeout_ms))
		return -ERR_TIMEOUT;
	rc = take_result(job, content, length);
	job_free(job);
	return rc;
}

void xenstore_forget(void)
{
	running = 0;
	pthread_mutex_init(&opening, NULL);
}

#else

int xenstore_read(unsigned timeout_ms, char **content, size_t *length)
{
	(void)timeout_ms;
	(void)content;
	(void)length;
	return -ERR_UNSUPPORTED;
}

void xenstore_forget(void)
{
}

#endif
