/*
 * runner_worker.c - the process that runs the jobs: takes them from the socket, starts them as places become free, ends
 * them at their deadline, and answers.
 *
 * Thread: the process's only one, around one poll. Jobs come from the daemon's socket, output from the children's
 * pipes. Nothing here waits for anything else: replies that the daemon does not fetch wait in a list, and new jobs with
 * them.
 */
#include "runner_worker.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUE_BYTES_MAX (16u * 1024 * 1024)	  /* of waiting jobs: over it the socket is left to fill up */
#define REPLIES_WAITING_MAX RUNNER_CONCURRENT_MAX /* over it no further job is started */
#define RECEIVES_PER_ROUND 256			  /* messages, before the children have their turn */
#define STOP_MS (3u * RUNNER_GRACE_MS)		  /* from the end of the daemon to the end of this process, at most */

struct waiting_reply {
	struct waiting_reply *next;
	struct buf message;
};

struct worker {
	int socket;
	int signals;
	uint32_t generation;
	bool stopping;
	int64_t stop_mono_ns; /* while stopping: when it ends whatever happens */
	struct runner_child children[RUNNER_CONCURRENT_MAX];
	size_t running;
	struct runner_order *orders, **orders_end;
	size_t orders_count, orders_bytes;
	struct waiting_reply *replies, **replies_end;
	size_t replies_count;
	struct runner_reply reply; /* the one being made */
	uint8_t message[RUNNER_MESSAGE_MAX];
};

/* The descriptors of one poll; after these come the children's in the order of their places. */
enum { POLL_SOCKET, POLL_SIGNALS, POLL_CHILDREN, POLL_COUNT = POLL_CHILDREN + RUNNER_CONCURRENT_MAX };

/* --- replies ---------------------------------------------------------------------------------------------------------
 */

static struct buf *add_reply(struct worker *worker)
{
	struct waiting_reply *reply = mem_alloc(sizeof(*reply));

	buf_init(&reply->message, RUNNER_MESSAGE_MAX);
	*worker->replies_end = reply;
	worker->replies_end = &reply->next;
	worker->replies_count++;
	return &reply->message;
}

static void drop_first_reply(struct worker *worker)
{
	struct waiting_reply *reply = worker->replies;

	worker->replies = reply->next;
	if (worker->replies == NULL)
		worker->replies_end = &worker->replies;
	worker->replies_count--;
	buf_free(&reply->message);
	free(reply);
}

static void send_replies(struct worker *worker)
{
	while (worker->replies != NULL) {
		const struct buf *message = &worker->replies->message;

		if (send(worker->socket, message->data, message->length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EPIPE && errno != ECONNRESET)
			return;
		drop_first_reply(worker);
	}
}

/* A job that ends because this process does is not answered: the daemon, if there is one, counts it as lost. */
static void answer(struct worker *worker)
{
	if (worker->stopping)
		return;
	runner_message_encode_reply(add_reply(worker), &worker->reply);
}

static void answer_not_started(struct worker *worker, uint32_t id, const char *text)
{
	struct runner_reply *reply = &worker->reply;

	reply->id = id;
	reply->status = RUNNER_NOT_STARTED;
	reply->exit_code = 0;
	reply->duration_ms = 0;
	reply->length = (size_t)snprintf(reply->output, sizeof(reply->output), "%s", text);
	answer(worker);
}

/* --- the queue
 * ---------------------------------------------------------------------------------------------------------- */

static bool has_room(const struct worker *worker)
{
	return worker->orders_count < RUNNER_QUEUE_MAX && worker->orders_bytes < QUEUE_BYTES_MAX;
}

static void add_order(struct worker *worker, struct runner_order *order)
{
	*worker->orders_end = order;
	worker->orders_end = &order->next;
	worker->orders_count++;
	worker->orders_bytes += order->size;
}

static struct runner_order *take_order(struct worker *worker)
{
	struct runner_order *order = worker->orders;

	worker->orders = order->next;
	if (worker->orders == NULL)
		worker->orders_end = &worker->orders;
	worker->orders_count--;
	worker->orders_bytes -= order->size;
	return order;
}

/* What is not a job, or one for an earlier worker, is dropped. One message. False: there was none. */
static bool receive_order(struct worker *worker)
{
	const ssize_t n = recv(worker->socket, worker->message, sizeof(worker->message), MSG_DONTWAIT | MSG_TRUNC);
	struct runner_order *order;

	/* No bytes: an empty message or the end of the daemon; the next poll can tell. */
	if (n <= 0)
		return false;
	if ((size_t)n > sizeof(worker->message) || runner_message_parse_job(worker->message, (size_t)n, &order) != 0)
		return true;
	if (order->generation == worker->generation)
		add_order(worker, order);
	else
		runner_order_free(order);
	return true;
}

static void receive_orders(struct worker *worker)
{
	size_t i;

	for (i = 0; i < RECEIVES_PER_ROUND && has_room(worker); i++)
		if (!receive_order(worker))
			return;
}

static struct runner_child *free_place(struct worker *worker)
{
	size_t i;

	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++)
		if (worker->children[i].stage == RUNNER_STAGE_FREE)
			return &worker->children[i];
	return NULL;
}

static void start_order(struct worker *worker)
{
	struct runner_order *order = take_order(worker);

	if (runner_child_start(free_place(worker), order) == 0)
		worker->running++;
	else
		answer_not_started(worker, order->id, strerror(errno));
	runner_order_free(order);
}

static void start_orders(struct worker *worker)
{
	while (worker->orders != NULL && worker->running < RUNNER_CONCURRENT_MAX &&
	       worker->replies_count < REPLIES_WAITING_MAX)
		start_order(worker);
}

/* --- children that end
 * ------------------------------------------------------------------------------------------------ */

static struct runner_child *find_child(struct worker *worker, pid_t pid)
{
	size_t i;

	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++)
		if (worker->children[i].stage != RUNNER_STAGE_FREE && worker->children[i].process.pid == pid)
			return &worker->children[i];
	return NULL;
}

/* A job's process leads its session, and while it is not waited for its number is nobody else's. */
static bool belongs_to_job(pid_t pid, pid_t session, void *arg)
{
	return find_child(arg, pid) != NULL || find_child(arg, session) != NULL;
}

static void reap_job(struct worker *worker, struct runner_child *child, const siginfo_t *end)
{
	/* Before it is waited for: until then the number of its group cannot be given to another. */
	kill(-child->process.pid, SIGKILL);
	waitpid(child->process.pid, NULL, 0);
	if (runner_child_finish(child, end, &worker->reply))
		answer(worker);
	worker->running--;
}

static void reap(struct worker *worker)
{
	siginfo_t end = {.si_pid = 0};
	bool any = false;

	while (waitid(P_ALL, 0, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid != 0) {
		struct runner_child *child = find_child(worker, end.si_pid);

		if (child != NULL)
			reap_job(worker, child, &end);
		else
			waitpid(end.si_pid, NULL, 0);
		any = true;
		end.si_pid = 0;
	}
	if (any)
		runner_process_kill_children(belongs_to_job, worker);
}

/* --- the loop
 * ----------------------------------------------------------------------------------------------------------- */

static void stop(struct worker *worker)
{
	size_t i;

	if (worker->stopping)
		return;
	worker->stopping = true;
	worker->stop_mono_ns = clock_mono_ns() + STOP_MS * NS_PER_MS;
	while (worker->orders != NULL)
		runner_order_free(take_order(worker));
	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++)
		runner_child_terminate(&worker->children[i], RUNNER_TIMED_OUT);
	runner_process_kill_children(belongs_to_job, worker);
}

static void take_signals(struct worker *worker)
{
	struct signalfd_siginfo info;

	while (read(worker->signals, &info, sizeof(info)) > 0)
		if (info.ssi_signo == SIGTERM)
			stop(worker);
}

static void fill_poll(const struct worker *worker, struct pollfd fds[POLL_COUNT])
{
	short events = POLLRDHUP;
	size_t i;

	if (has_room(worker))
		events |= POLLIN;
	if (worker->replies != NULL)
		events |= POLLOUT;
	fds[POLL_SOCKET] = (struct pollfd){.fd = worker->stopping ? -1 : worker->socket, .events = events};
	fds[POLL_SIGNALS] = (struct pollfd){.fd = worker->signals, .events = POLLIN};
	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++) {
		const struct runner_child *child = &worker->children[i];

		fds[POLL_CHILDREN + i].fd = child->stage == RUNNER_STAGE_FREE ? -1 : child->process.output;
		fds[POLL_CHILDREN + i].events = POLLIN;
	}
}

static int poll_timeout(const struct worker *worker)
{
	int64_t next = worker->stopping ? worker->stop_mono_ns : INT64_MAX;
	size_t i;

	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++)
		if (worker->children[i].stage != RUNNER_STAGE_FREE && worker->children[i].next_mono_ns < next)
			next = worker->children[i].next_mono_ns;
	return next == INT64_MAX ? -1 : runner_process_poll_ms(next);
}

static void handle_poll(struct worker *worker, const struct pollfd fds[POLL_COUNT])
{
	size_t i;

	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++)
		if (fds[POLL_CHILDREN + i].revents != 0)
			runner_child_read(&worker->children[i]);
	if (fds[POLL_SIGNALS].revents != 0)
		take_signals(worker);
	if ((fds[POLL_SOCKET].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
		stop(worker);
	else if ((fds[POLL_SOCKET].revents & POLLIN) != 0)
		receive_orders(worker);
}

static void push_children(struct worker *worker)
{
	const int64_t now = clock_mono_ns();
	size_t i;

	for (i = 0; i < RUNNER_CONCURRENT_MAX; i++) {
		struct runner_child *child = &worker->children[i];

		if (child->stage != RUNNER_STAGE_FREE && child->next_mono_ns <= now &&
		    runner_child_push(child, &worker->reply))
			answer(worker);
	}
}

static bool is_done(const struct worker *worker)
{
	return worker->stopping && (!runner_process_has_children() || clock_mono_ns() >= worker->stop_mono_ns);
}

static struct worker *set_up(int socket, uint32_t generation, pid_t keeper)
{
	static const int watched[] = {SIGCHLD, SIGTERM};
	struct worker *worker = mem_alloc(sizeof(*worker));

	if (runner_process_close_all_but(socket) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		_exit(1);
	worker->signals = runner_process_watch_signals(watched, sizeof(watched) / sizeof(watched[0]));
	/* The keeper's death is told as SIGTERM; it may have come before this. */
	if (worker->signals < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != keeper)
		_exit(1);
	worker->socket = socket;
	worker->generation = generation;
	worker->orders_end = &worker->orders;
	worker->replies_end = &worker->replies;
	if (generation > 1)
		runner_message_encode_restarted(add_reply(worker), generation);
	return worker;
}

void runner_worker_run(int socket, uint32_t generation, pid_t keeper)
{
	struct worker *worker = set_up(socket, generation, keeper);
	struct pollfd fds[POLL_COUNT];

	while (!is_done(worker)) {
		fill_poll(worker, fds);
		if (poll(fds, POLL_COUNT, poll_timeout(worker)) > 0)
			handle_poll(worker, fds);
		reap(worker);
		push_children(worker);
		/* Sent before the next start: a start that the length of this list forbade is then made up for. */
		send_replies(worker);
		start_orders(worker);
	}
	_exit(0);
}
