/*
 * commands.c - who waits for which reply of the command process.
 *
 * Threads: "commands" receives; any other runs and submits jobs. The list of those who wait is under the lock, and so
 * is the hand over to the runner, which does not block: a reply never finds that nobody waits for it yet.
 */
#include "source/commands.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/mem.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utlist.h>

/* A thread in commands_run, on its stack; or what was given to commands_submit, on the heap. */
struct waiter {
	struct waiter *prev, *next;
	uint32_t id;
	void (*done)(void *arg, struct command_result *result); /* NULL: a thread */
	void *arg;
	bool answered;
	struct command_result result;
};

struct commands {
	struct runner *runner;
	pthread_t thread;
	int stop_fd;
	pthread_mutex_t lock; /* over what follows but reply */
	pthread_cond_t changed; /* somebody was answered, or closed */
	bool closed;
	uint32_t last_id;
	struct waiter *waiters;
	struct runner_reply reply; /* the receiving thread's */
};

/* --- the receiving thread ---------------------------------------------------------------------------------------- */

static struct waiter *find_waiter(struct commands *commands, uint32_t id)
{
	struct waiter *waiter;

	DL_FOREACH(commands->waiters, waiter)
		if (waiter->id == id)
			return waiter;
	return NULL;
}

static void answer(struct waiter *waiter, const struct runner_reply *reply)
{
	waiter->answered = true;
	waiter->result = (struct command_result){
		.status = reply->status,
		.exit_code = reply->exit_code,
		.duration_ms = reply->duration_ms,
		.length = reply->length,
		.output = mem_alloc(reply->length + 1),
	};
	memcpy(waiter->result.output, reply->output, reply->length);
}

/* No lock is held: whoever is called may have one of its own. */
static void call(struct waiter *waiter)
{
	waiter->done(waiter->arg, waiter->answered ? &waiter->result : NULL);
	free(waiter);
}

static void hand_over(struct commands *commands)
{
	struct waiter *waiter, *called = NULL;

	pthread_mutex_lock(&commands->lock);
	waiter = find_waiter(commands, commands->reply.id);
	if (waiter != NULL && !waiter->answered)
		answer(waiter, &commands->reply);
	if (waiter != NULL && waiter->done != NULL) {
		DL_DELETE(commands->waiters, waiter);
		called = waiter;
	}
	pthread_cond_broadcast(&commands->changed);
	pthread_mutex_unlock(&commands->lock);
	if (called != NULL)
		call(called);
}

/* False: there will be no more of them. */
static bool take_replies(struct commands *commands)
{
	int rc;

	while ((rc = runner_receive(commands->runner, &commands->reply)) == 0)
		hand_over(commands);
	return rc == -ERR_ABSENT;
}

/* Those who wait in commands_run go by themselves. */
static struct waiter *take_called(struct commands *commands)
{
	struct waiter *waiter, *next, *called = NULL;

	DL_FOREACH_SAFE(commands->waiters, waiter, next)
		if (waiter->done != NULL) {
			DL_DELETE(commands->waiters, waiter);
			DL_APPEND(called, waiter);
		}
	return called;
}

static void close_door(struct commands *commands)
{
	struct waiter *waiter, *next, *called;

	pthread_mutex_lock(&commands->lock);
	commands->closed = true;
	called = take_called(commands);
	pthread_cond_broadcast(&commands->changed);
	pthread_mutex_unlock(&commands->lock);
	DL_FOREACH_SAFE(called, waiter, next)
		call(waiter);
}

static void *commands_main(void *arg)
{
	struct commands *commands = arg;
	struct pollfd fds[] = {
		{ .fd = runner_fd(commands->runner), .events = POLLIN },
		{ .fd = commands->stop_fd, .events = POLLIN },
	};

	while (fds[1].revents == 0 && take_replies(commands))
		poll(fds, 2, -1);
	close_door(commands);
	return NULL;
}

/* --- the side of those who wait ---------------------------------------------------------------------------------- */

/* Called with the lock held. */
static uint32_t new_id(struct commands *commands)
{
	do
		commands->last_id++;
	while (find_waiter(commands, commands->last_id) != NULL);
	return commands->last_id;
}

/* Called with the lock held. */
static int enqueue(struct commands *commands, const struct runner_job *job, struct waiter *waiter)
{
	struct runner_job mine = *job;
	int rc;

	if (commands->closed)
		return -ERR_STATE;
	mine.id = waiter->id = new_id(commands);
	rc = runner_submit(commands->runner, &mine);
	if (rc == 0)
		DL_APPEND(commands->waiters, waiter);
	return rc;
}

/* Called with the lock held. */
static int wait_for_answer(struct commands *commands, struct waiter *waiter, int64_t until_mono_ns)
{
	bool in_time = true;

	while (!waiter->answered && !commands->closed && in_time)
		in_time = lane_wait_until(&commands->changed, &commands->lock, until_mono_ns);
	DL_DELETE(commands->waiters, waiter);
	if (waiter->answered)
		return 0;
	return commands->closed ? -ERR_STATE : -ERR_TIMEOUT;
}

int commands_run(struct commands *commands, const struct runner_job *job, struct command_result *out)
{
	const int64_t until = clock_mono_ns() + ((int64_t)job->timeout_ms + COMMANDS_SLACK_MS) * NS_PER_MS;
	struct waiter waiter = { .answered = false };
	int rc;

	pthread_mutex_lock(&commands->lock);
	rc = enqueue(commands, job, &waiter);
	if (rc == 0)
		rc = wait_for_answer(commands, &waiter, until);
	pthread_mutex_unlock(&commands->lock);
	if (rc == 0)
		*out = waiter.result;
	return rc;
}

int commands_submit(struct commands *commands, const struct runner_job *job,
		    void (*done)(void *arg, struct command_result *result), void *arg)
{
	struct waiter *waiter = mem_alloc(sizeof(*waiter));
	int rc;

	waiter->done = done;
	waiter->arg = arg;
	pthread_mutex_lock(&commands->lock);
	rc = enqueue(commands, job, waiter);
	pthread_mutex_unlock(&commands->lock);
	if (rc != 0)
		free(waiter);
	return rc;
}

void command_result_explain(const struct command_result *result, char *text, size_t size)
{
	switch (result->status) {
	case RUNNER_OK:
		snprintf(text, size, "exit status %d", result->exit_code);
		break;
	case RUNNER_SIGNALLED:
		snprintf(text, size, "ended by signal %d", result->exit_code);
		break;
	case RUNNER_TIMED_OUT:
		snprintf(text, size, "no end within %u ms", result->duration_ms);
		break;
	case RUNNER_OUTPUT:
		snprintf(text, size, "more output than is taken");
		break;
	case RUNNER_NOT_STARTED:
		snprintf(text, size, "not started: %s", result->output);
		break;
	case RUNNER_LOST:
		snprintf(text, size, "lost with the command process");
		break;
	}
}

/* --- start and stop ---------------------------------------------------------------------------------------------- */

int commands_start(struct runner *runner, struct commands **out)
{
	struct commands *commands = mem_alloc(sizeof(*commands));

	commands->runner = runner;
	commands->stop_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&commands->lock, NULL);
	lane_condition_init(&commands->changed);
	if (commands->stop_fd < 0 || lane_start(&commands->thread, "commands", commands_main, commands) != 0) {
		commands_free(commands);
		return -ERR_IO;
	}
	*out = commands;
	return 0;
}

bool commands_stop(struct commands *commands, int64_t deadline_mono_ns)
{
	const uint64_t one = 1;

	close_door(commands);
	return write(commands->stop_fd, &one, sizeof(one)) == sizeof(one) &&
	       lane_join(commands->thread, deadline_mono_ns);
}

void commands_free(struct commands *commands)
{
	if (commands == NULL)
		return;
	if (commands->stop_fd >= 0)
		close(commands->stop_fd);
	pthread_cond_destroy(&commands->changed);
	pthread_mutex_destroy(&commands->lock);
	free(commands);
}
