/*
 * mce_reader.c - the thread that waits for machine checks (mce_reader.h).
 *
 * Thread: its own ("mce"); take and state from others. Data: the kernel's tracing instance, its log, pstore.
 */
#include "source/mce_reader.h"

#include "base/clock.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "source/mce_kmsg.h"
#include "source/mce_trace.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FIRST_LOOK_MS 1000
#define UNWOKEN_MS 1000 /* between looks where nothing wakes */

struct mce_reader {
	const struct sysroot *root;
	void (*wake)(void *arg);
	void *arg;
	pthread_t thread;
	int stop_fd, room_fd; /* eventfd: end; the queue was emptied */
	/* Of the thread. */
	int epoll_fd;
	bool wakes; /* the open stream is in epoll_fd */
	struct trace *trace;
	struct mce_kmsg *kmsg;
	struct mce_marks marks;
	char said[SOURCE_ERROR_MAX]; /* in the log, of why nothing is open */

	pthread_mutex_t lock;
	pthread_cond_t looked;
	struct machine_check *first, **last; /* the queue */
	size_t n;
	bool waits_for_room, looked_once;
	uint8_t path; /* 0: none */
	int code;
	struct source_error error;
	int64_t looking_since_mono_ns; /* 0: it waits */
};

/* ---- what is open ---- */

static void close_streams(struct mce_reader *reader)
{
	/* Closing takes them out of the epoll set. */
	trace_close(reader->trace);
	mce_kmsg_close(reader->kmsg);
	reader->trace = NULL;
	reader->kmsg = NULL;
	reader->wakes = false;
}

static void watch(struct mce_reader *reader, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	reader->wakes = fd >= 0 && epoll_ctl(reader->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
	if (!reader->wakes)
		log_info("machine checks: nothing wakes, looking every %d ms", UNWOKEN_MS);
}

static int open_trace(struct mce_reader *reader, struct source_error *error)
{
	struct trace *trace;
	const int rc = trace_open(reader->root, &trace, error);

	if (rc != 0)
		return rc;
	close_streams(reader);
	reader->trace = trace;
	reader->said[0] = '\0';
	log_info("machine checks are read from " TRACE_INSTANCE);
	watch(reader, trace_fd(trace), EPOLLIN | EPOLLET);
	return 0;
}

static int open_kmsg(struct mce_reader *reader, struct source_error *error)
{
	struct mce_kmsg *kmsg;
	const int rc = mce_kmsg_open(reader->root, &kmsg, error);

	if (rc != 0)
		return rc;
	reader->kmsg = kmsg;
	log_info("machine checks are read from " KMSG_PATH);
	watch(reader, mce_kmsg_fd(kmsg), EPOLLIN);
	return 0;
}

/* Why there is none: once for each reason. */
static void say_absent(struct mce_reader *reader, const char *text)
{
	if (strcmp(reader->said, text) == 0)
		return;
	snprintf(reader->said, sizeof(reader->said), "%s", text);
	log_info("machine checks: %s", text);
}

/* The trace goes before the log; it is tried again while there is only the log. */
static int open_streams(struct mce_reader *reader, struct source_error *error)
{
	struct source_error kmsg_error = { "" };
	char text[SOURCE_ERROR_MAX];
	int rc, kmsg_rc = 0;

	if (reader->trace != NULL)
		return 0;
	rc = open_trace(reader, error);
	if (rc == 0)
		return 0;
	say_absent(reader, error->text);
	if (reader->kmsg == NULL)
		kmsg_rc = open_kmsg(reader, &kmsg_error);
	if (kmsg_rc == 0)
		return 0;
	snprintf(text, sizeof(text), "%.120s; %.120s", error->text, kmsg_error.text);
	memcpy(error->text, text, sizeof(text));
	return rc == -ERR_ABSENT ? kmsg_rc : rc;
}

/* ---- the queue ---- */

static size_t room(struct mce_reader *reader)
{
	size_t n;

	pthread_mutex_lock(&reader->lock);
	n = MCE_QUEUE_MAX - reader->n;
	reader->waits_for_room = n < MCE_QUEUE_MAX / 2;
	pthread_mutex_unlock(&reader->lock);
	return n;
}

static void push(struct mce_reader *reader, struct mce_batch *batch)
{
	if (batch->first == NULL)
		return;
	pthread_mutex_lock(&reader->lock);
	*reader->last = batch->first;
	reader->last = batch->last;
	reader->n += batch->n;
	pthread_mutex_unlock(&reader->lock);
	reader->wake(reader->arg);
}

struct machine_check *mce_reader_take(struct mce_reader *reader)
{
	struct machine_check *first;
	bool waits;

	if (reader == NULL)
		return NULL;
	pthread_mutex_lock(&reader->lock);
	first = reader->first;
	reader->first = NULL;
	reader->last = &reader->first;
	reader->n = 0;
	waits = reader->waits_for_room;
	reader->waits_for_room = false;
	pthread_mutex_unlock(&reader->lock);
	if (waits)
		eventfd_write(reader->room_fd, 1);
	return first;
}

/* ---- looking ---- */

/* How long to wait before the next look, and whether a record may end the waiting. */
struct rest {
	int ms;
	bool wakeable;
};

static void note_looking(struct mce_reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->looking_since_mono_ns = clock_mono_ns();
	pthread_mutex_unlock(&reader->lock);
}

static void note_look(struct mce_reader *reader, int code, const struct source_error *error)
{
	pthread_mutex_lock(&reader->lock);
	reader->looking_since_mono_ns = 0;
	reader->looked_once = true;
	reader->path = reader->trace != NULL ? MACHINE_CHECK_TRACE : reader->kmsg != NULL ? MACHINE_CHECK_KMSG : 0;
	reader->code = code;
	reader->error = *error;
	pthread_cond_broadcast(&reader->looked);
	pthread_mutex_unlock(&reader->lock);
}

static int look_into(struct mce_reader *reader, struct mce_batch *batch, bool *more, bool *lost,
		     struct source_error *error)
{
	if (reader->trace != NULL)
		return mce_trace_look(reader->trace, reader->root, &reader->marks, batch, more, lost, error);
	return mce_kmsg_look(reader->kmsg, &reader->marks, batch, more, error);
}

static struct rest look(struct mce_reader *reader)
{
	struct source_error error = { "" };
	struct mce_batch batch;
	bool more = false, lost = false;
	int rc;

	mce_batch_init(&batch, room(reader));
	if (batch.room < MCE_QUEUE_MAX / 2)
		return (struct rest){ MCE_LOOK_MS, false };
	note_looking(reader);
	rc = open_streams(reader, &error);
	if (rc == 0) {
		rc = look_into(reader, &batch, &more, &lost, &error);
		if (rc != 0)
			close_streams(reader);
	}
	push(reader, &batch);
	note_look(reader, rc, &error);
	if (lost)
		return (struct rest){ MCE_LOST_MS, false };
	if (more || batch.n > 0)
		return (struct rest){ MCE_PAUSE_MS, false };
	return (struct rest){ rc == 0 && !reader->wakes ? UNWOKEN_MS : MCE_LOOK_MS, true };
}

static void drain(int fd)
{
	eventfd_t value;

	eventfd_read(fd, &value);
}

/* False: it is to end. A rest that no record ends still ends with the daemon, or when the queue has room again. */
static bool wait(struct mce_reader *reader, const struct rest *rest)
{
	struct pollfd fds[3] = { { reader->stop_fd, POLLIN, 0 },
				 { reader->room_fd, POLLIN, 0 },
				 { reader->epoll_fd, POLLIN, 0 } };
	struct epoll_event events[2];

	if (poll(fds, rest->wakeable ? 3 : 2, rest->ms) < 0 && errno != EINTR)
		return false;
	if (fds[1].revents != 0)
		drain(reader->room_fd);
	/* The edge is taken before the look: what comes during it is another one. */
	epoll_wait(reader->epoll_fd, events, 2, 0);
	return fds[0].revents == 0;
}

static void *mce_reader_main(void *arg)
{
	struct mce_reader *reader = arg;
	struct mce_batch batch;
	struct rest rest;

	mce_batch_init(&batch, MCE_QUEUE_MAX / 2);
	if (mce_pstore_look(reader->root, &reader->marks, &batch) == 0)
		push(reader, &batch);
	do
		rest = look(reader);
	while (wait(reader, &rest));
	return NULL;
}

int mce_reader_state(struct mce_reader *reader, uint8_t *path, struct source_error *error)
{
	const int64_t until_ns = clock_mono_ns() + FIRST_LOOK_MS * NS_PER_MS;
	int64_t since_ns;
	bool in_time = true;
	int code;

	if (reader == NULL)
		return source_fail(error, -ERR_IO, "nobody waits for machine checks");
	pthread_mutex_lock(&reader->lock);
	while (!reader->looked_once && in_time)
		in_time = lane_wait_until(&reader->looked, &reader->lock, until_ns);
	since_ns = reader->looking_since_mono_ns;
	code = reader->code;
	*path = reader->path;
	*error = reader->error;
	pthread_mutex_unlock(&reader->lock);
	if (since_ns != 0 && clock_mono_ns() - since_ns > MCE_HANG_MS * NS_PER_MS)
		return source_fail(error, -ERR_TIMEOUT, "a look for machine checks hangs");
	return in_time ? code : source_fail(error, -ERR_TIMEOUT, "the first look for machine checks takes long");
}

/* ---- start and end ---- */

static void mce_reader_free(struct mce_reader *reader)
{
	close_streams(reader);
	for (int *fd = (int[]){ reader->stop_fd, reader->room_fd, reader->epoll_fd, -2 }; *fd != -2; fd++)
		if (*fd >= 0)
			close(*fd);
	machine_check_free_all(reader->first);
	free(reader->marks.rows);
	pthread_cond_destroy(&reader->looked);
	pthread_mutex_destroy(&reader->lock);
	free(reader);
}

static void copy_marks(const struct machine_checks *told, struct mce_marks *marks)
{
	marks->edac_errors = told->edac_errors;
	for (size_t i = 0; i < told->n_marks; i++)
		*mce_marks_of(marks, told->marks[i].stream) = told->marks[i];
}

struct mce_reader *mce_reader_start(const struct sysroot *root, const struct machine_checks *told,
				    void (*wake)(void *arg), void *arg)
{
	struct mce_reader *reader = mem_alloc(sizeof(*reader));

	reader->root = root;
	reader->wake = wake;
	reader->arg = arg;
	reader->last = &reader->first;
	pthread_mutex_init(&reader->lock, NULL);
	lane_condition_init(&reader->looked);
	copy_marks(told, &reader->marks);
	reader->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reader->room_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reader->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (reader->stop_fd >= 0 && reader->room_fd >= 0 && reader->epoll_fd >= 0 &&
	    lane_start(&reader->thread, "mce", mce_reader_main, reader) == 0)
		return reader;
	log_warning("nobody waits for machine checks: %s", strerror(errno));
	mce_reader_free(reader);
	return NULL;
}

bool mce_reader_stop(struct mce_reader *reader, int64_t deadline_mono_ns)
{
	if (reader == NULL)
		return true;
	eventfd_write(reader->stop_fd, 1);
	if (!lane_join(reader->thread, deadline_mono_ns))
		return false;
	mce_reader_free(reader);
	return true;
}
