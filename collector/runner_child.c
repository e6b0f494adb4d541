/*
 * runner_child.c - a job with its process, from the start to the reply: its output, and how it is pushed to its end.
 *
 * Thread: the worker's only one. Output comes from the child's pipe. Nothing here waits.
 */
#include "runner_worker.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 16384

int runner_child_start(struct runner_child *child, const struct runner_order *order)
{
	struct runner_process process;
	int rc = runner_exec_start(order, &process);

	if (rc != 0)
		return rc;
	*child = (struct runner_child){.stage = RUNNER_STAGE_RUNNING, .id = order->id, .process = process};
	child->start_mono_ns = clock_mono_ns();
	child->next_mono_ns = child->start_mono_ns + order->timeout_ms * NS_PER_MS;
	buf_init(&child->output, order->output_max);
	return 0;
}

static void close_output(struct runner_child *child)
{
	if (child->process.output >= 0)
		close(child->process.output);
	child->process.output = -1;
}

/* False: nothing more for now, or for good. */
static bool read_once(struct runner_child *child)
{
	char bytes[READ_SIZE];
	ssize_t n;

	if (child->process.output < 0)
		return false;
	n = read(child->process.output, bytes, sizeof(bytes));
	if (n > 0)
		buf_append(&child->output, bytes, (size_t)n);
	/* With the pipe closed, a process that goes on printing ends of itself (SIGPIPE). */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || child->output.over)
		close_output(child);
	return n > 0 && !child->output.over;
}

void runner_child_read(struct runner_child *child)
{
	read_once(child);
	if (child->output.over)
		runner_child_terminate(child, RUNNER_OUTPUT);
}

/* The process too: between its fork and its setsid it is not in a group of its own. */
static void signal_all(const struct runner_child *child, int number)
{
	kill(-child->process.pid, number);
	kill(child->process.pid, number);
}

static void enter_stage(struct runner_child *child, enum runner_stage stage, int number)
{
	child->stage = stage;
	child->next_mono_ns = clock_mono_ns() + RUNNER_GRACE_MS * NS_PER_MS;
	signal_all(child, number);
}

void runner_child_terminate(struct runner_child *child, enum runner_status cause)
{
	if (child->stage != RUNNER_STAGE_RUNNING)
		return;
	child->cause = cause;
	enter_stage(child, RUNNER_STAGE_TERMINATED, SIGTERM);
}

static void fill_reply(const struct runner_child *child, enum runner_status status, int exit_code,
		       struct runner_reply *reply)
{
	reply->id = child->id;
	reply->status = status;
	reply->exit_code = exit_code;
	reply->duration_ms = (uint32_t)((clock_mono_ns() - child->start_mono_ns) / NS_PER_MS);
	reply->length = status == RUNNER_OUTPUT ? 0 : child->output.length;
	if (reply->length > 0)
		memcpy(reply->output, child->output.data, reply->length);
	reply->output[reply->length] = '\0';
}

bool runner_child_push(struct runner_child *child, struct runner_reply *reply)
{
	if (child->stage == RUNNER_STAGE_RUNNING) {
		runner_child_terminate(child, RUNNER_TIMED_OUT);
		return false;
	}
	if (child->stage == RUNNER_STAGE_TERMINATED) {
		enter_stage(child, RUNNER_STAGE_KILLED, SIGKILL);
		return false;
	}
	/* It sleeps in the kernel. Its asker need not wait for that, its place stays taken. */
	fill_reply(child, child->cause, SIGKILL, reply);
	child->stage = RUNNER_STAGE_ANSWERED;
	child->next_mono_ns = INT64_MAX;
	return true;
}

/* True: the process ended before its program ran, and output is now the reason. */
static bool take_failure(struct runner_child *child)
{
	char text[PIPE_BUF];
	const ssize_t n = read(child->process.failure, text, sizeof(text));

	if (n <= 0)
		return false;
	buf_free(&child->output);
	buf_init(&child->output, sizeof(text));
	buf_append(&child->output, text, (size_t)n);
	return true;
}

static enum runner_status final_status(struct runner_child *child, const siginfo_t *end)
{
	if (child->cause != 0)
		return child->cause;
	if (take_failure(child))
		return RUNNER_NOT_STARTED;
	if (child->output.over)
		return RUNNER_OUTPUT;
	return end->si_code == CLD_EXITED ? RUNNER_OK : RUNNER_SIGNALLED;
}

bool runner_child_finish(struct runner_child *child, const siginfo_t *end, struct runner_reply *reply)
{
	const bool is_answered = child->stage == RUNNER_STAGE_ANSWERED;

	while (read_once(child))
		;
	if (!is_answered)
		fill_reply(child, final_status(child, end), end->si_status, reply);
	close_output(child);
	close(child->process.failure);
	buf_free(&child->output);
	child->stage = RUNNER_STAGE_FREE;
	return !is_answered;
}
