/*
 * runner.c - the daemon's side of the command process: starts it, hands jobs over, takes replies.
 *
 * Thread: see runner.h. The list of open jobs is shared under a mutex that is held over a non-blocking send, so that a
 * reply never finds its job not yet listed. Replies come from the socket.
 */
#include "runner.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "runner_message.h"
#include "runner_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNNER_PROGRAM "edgenode-run"
#define SOCKET_BUFFER (1024 * 1024) /* asked for; the system may give less */

struct runner {
	int socket;
	pid_t keeper;
	pthread_mutex_t lock; /* over everything below but message */
	uint32_t generation;  /* of the worker, as far as it is known */
	bool gone;
	uint32_t open[RUNNER_QUEUE_MAX]; /* ids, in the order of submission */
	size_t open_count;
	size_t lost; /* so many at the front of open are lost and not yet told */
	uint8_t message[RUNNER_MESSAGE_MAX];
};

/* --- start
 * ------------------------------------------------------------------------------------------------------------ */

static void ask_for_buffer(int fd)
{
	const int size = SOCKET_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

const char *runner_program(char *path, size_t size)
{
	const ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *name;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	name = strrchr(path, '/');
	if (name == NULL || (size_t)(name + 1 - path) + sizeof(RUNNER_PROGRAM) > size)
		return NULL;
	memcpy(name + 1, RUNNER_PROGRAM, sizeof(RUNNER_PROGRAM));
	return access(path, X_OK) == 0 ? path : NULL;
}

/* Returns where there is no such program. The copy of the socket is without close-on-exec. */
static void become_program(const char *program, int socket, int null)
{
	const int kept = fcntl(socket, F_DUPFD, STDERR_FILENO + 1);
	char socket_text[16], null_text[16];

	snprintf(socket_text, sizeof(socket_text), "%d", kept);
	snprintf(null_text, sizeof(null_text), "%d", null);
	if (kept >= 0)
		execl(program, program, socket_text, null_text, (char *)NULL);
}

static int fork_keeper(const char *program, int sockets[2], int null, pid_t *out)
{
	const pid_t pid = fork();

	if (pid == 0) {
		if (program != NULL)
			become_program(program, sockets[1], null);
		runner_keeper_run(sockets[1], null);
	}
	if (pid < 0)
		return -ERR_IO;
	*out = pid;
	return 0;
}

static int open_sockets(int sockets[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) != 0)
		return -ERR_IO;
	ask_for_buffer(sockets[0]);
	ask_for_buffer(sockets[1]);
	return 0;
}

static void close_keeping_errno(int fd)
{
	const int error = errno;

	close(fd);
	errno = error;
}

int runner_start(const char *program, struct runner **out)
{
	int sockets[2], null, rc;
	pid_t keeper;

	/* Not close-on-exec: it becomes the standard input and output of the jobs. */
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -ERR_IO;
	rc = open_sockets(sockets);
	if (rc == 0) {
		rc = fork_keeper(program, sockets, null, &keeper);
		close_keeping_errno(sockets[1]);
		if (rc != 0)
			close_keeping_errno(sockets[0]);
	}
	close_keeping_errno(null);
	if (rc != 0)
		return rc;
	*out = mem_alloc(sizeof(**out));
	(*out)->socket = sockets[0];
	(*out)->keeper = keeper;
	(*out)->generation = 1;
	pthread_mutex_init(&(*out)->lock, NULL);
	return 0;
}

/* --- jobs
 * ------------------------------------------------------------------------------------------------------------- */

static int send_error(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return -ERR_BUSY;
	case EMSGSIZE:
		return -ERR_LIMIT;
	default:
		return -ERR_STATE;
	}
}

static int send_job(struct runner *runner, const struct runner_job *job, struct buf *message)
{
	int rc;

	if (runner->gone)
		return -ERR_STATE;
	if (runner->open_count == RUNNER_QUEUE_MAX)
		return -ERR_BUSY;
	rc = runner_message_encode_job(message, runner->generation, job);
	if (rc != 0)
		return rc;
	if (send(runner->socket, message->data, message->length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return send_error(errno);
	runner->open[runner->open_count++] = job->id;
	return 0;
}

int runner_submit(struct runner *runner, const struct runner_job *job)
{
	struct buf message;
	int rc;

	buf_init(&message, RUNNER_MESSAGE_MAX);
	pthread_mutex_lock(&runner->lock);
	rc = send_job(runner, job, &message);
	pthread_mutex_unlock(&runner->lock);
	buf_free(&message);
	return rc;
}

/* --- replies
 * ---------------------------------------------------------------------------------------------------------- */

int runner_fd(const struct runner *runner)
{
	return runner->socket;
}

static void close_open(struct runner *runner, size_t index)
{
	runner->open_count--;
	memmove(&runner->open[index], &runner->open[index + 1], (runner->open_count - index) * sizeof(runner->open[0]));
}

/* The oldest lost job, as a reply. */
static bool take_lost(struct runner *runner, struct runner_reply *reply)
{
	if (runner->lost == 0)
		return false;
	reply->id = runner->open[0];
	reply->status = RUNNER_LOST;
	reply->exit_code = 0;
	reply->duration_ms = 0;
	reply->length = 0;
	reply->output[0] = '\0';
	runner->lost--;
	close_open(runner, 0);
	return true;
}

static bool take_reply(struct runner *runner, size_t length, struct runner_reply *reply)
{
	size_t i;

	if (runner_message_parse_reply(runner->message, length, reply) != 0)
		return false;
	for (i = runner->lost; i < runner->open_count; i++)
		if (runner->open[i] == reply->id) {
			close_open(runner, i);
			return true;
		}
	return false;
}

static void take_restart(struct runner *runner, size_t length)
{
	if (runner_message_parse_restarted(runner->message, length, &runner->generation) != 0)
		return;
	runner->lost = runner->open_count;
	log_warning("the command process died and was started again, %zu jobs are lost", runner->lost);
}

static void give_up(struct runner *runner)
{
	if (!runner->gone)
		log_error("the command process is gone: no command is run until edgenoded is started again");
	runner->gone = true;
	runner->lost = runner->open_count;
}

static ssize_t receive_message(struct runner *runner)
{
	ssize_t n;

	/* ECONNRESET is told once, when the other end closes with jobs unread; replies may still follow it. */
	do
		n = recv(runner->socket, runner->message, sizeof(runner->message), MSG_DONTWAIT);
	while (n < 0 && (errno == ECONNRESET || errno == EINTR));
	return n;
}

/* Under the lock. 0: reply is filled. */
static int receive_reply(struct runner *runner, struct runner_reply *reply)
{
	while (!take_lost(runner, reply)) {
		ssize_t n;

		if (runner->gone)
			return -ERR_STATE;
		n = receive_message(runner);
		if (n < 0 && (errno == EAGAIN || errno == ENOMEM))
			return -ERR_ABSENT;
		/* Never an empty message: the worker has none. */
		if (n <= 0)
			give_up(runner);
		else if (runner_message_kind(runner->message, (size_t)n) == RUNNER_MESSAGE_RESTARTED)
			take_restart(runner, (size_t)n);
		else if (take_reply(runner, (size_t)n, reply))
			return 0;
	}
	return 0;
}

int runner_receive(struct runner *runner, struct runner_reply *reply)
{
	int rc;

	pthread_mutex_lock(&runner->lock);
	rc = receive_reply(runner, reply);
	pthread_mutex_unlock(&runner->lock);
	return rc;
}

/* --- stop
 * ------------------------------------------------------------------------------------------------------------- */

/* The other end is closed only when keeper and worker have both ended. */
static bool wait_for_end(const struct runner *runner, uint32_t timeout_ms)
{
	const int64_t until = clock_mono_ns() + timeout_ms * NS_PER_MS;
	struct pollfd fd = {.fd = runner->socket};

	do
		poll(&fd, 1, runner_process_poll_ms(until));
	while ((fd.revents & POLLHUP) == 0 && clock_mono_ns() < until);
	return (fd.revents & POLLHUP) != 0;
}

void runner_stop(struct runner *runner, uint32_t timeout_ms)
{
	if (runner == NULL)
		return;
	shutdown(runner->socket, SHUT_WR);
	/* 0: it is this process's child and runs; only then does its number surely mean it. */
	if (!wait_for_end(runner, timeout_ms) && waitpid(runner->keeper, NULL, WNOHANG) == 0)
		kill(runner->keeper, SIGKILL);
	waitpid(runner->keeper, NULL, 0);
	close(runner->socket);
	pthread_mutex_destroy(&runner->lock);
	free(runner);
}
