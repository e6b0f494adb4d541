/*
 * commands.h - programs run through the command process (runner.h): the thread that wants an answer waits for it, or
 * names whom to tell.
 *
 * The runner's replies come back in any order on one descriptor. One thread of its own reads them all and hands each to
 * whoever waits for its id; a reply that nobody waits for any more is dropped.
 *
 * Thread: commands_start, _stop and _free from main; commands_run from any thread that may block; commands_submit from
 * any.
 */
#ifndef EDGENODE_SOURCE_COMMANDS_H
#define EDGENODE_SOURCE_COMMANDS_H

#include "runner.h"

/* What a wait adds to the job's own time: the job may have stood in the runner's queue, and one that cannot be killed
 * is answered 2 * RUNNER_GRACE_MS after its time. */
#define COMMANDS_SLACK_MS 5000u

struct commands;

struct command_result {
	enum runner_status status;
	int exit_code; /* with RUNNER_OK; with RUNNER_SIGNALLED the signal */
	uint32_t duration_ms;
	size_t length;
	char *output; /* the caller's to free(); NUL-terminated, may hold any byte */
};

/* The runner is borrowed until commands_stop, and nobody else receives from it. 0 or -ERR_IO (errno). */
int commands_start(struct runner *runner, struct commands **out);

/* Runs a job and waits for its end; job->id is not looked at. 0 and *out; or, with *out untouched, -ERR_TIMEOUT (no
 * reply within job->timeout_ms + COMMANDS_SLACK_MS), -ERR_STATE (the command process is gone, or commands_stop was
 * called), and the errors of runner_submit. */
int commands_run(struct commands *commands, const struct runner_job *job, struct command_result *out);

/* Hands a job over and returns; job->id is not looked at. The errors of runner_submit, and -ERR_STATE as above. After
 * 0, done is called once: with the result, whose output is then its own, on the thread "commands"; or with NULL where
 * none will come, on that thread or within commands_stop. It holds up everybody's answers, so it only passes the word
 * on. */
int commands_submit(struct commands *commands, const struct runner_job *job,
		    void (*done)(void *arg, struct command_result *result), void *arg);

/* Why a result is not that of a program which ended by itself, in English; "exit status N" for one that did. */
void command_result_explain(const struct command_result *result, char *text, size_t size);

/* Sends everybody who waits away with -ERR_STATE (or done), as everybody who comes later, and ends the thread. False:
 * it has not ended by the deadline; then nothing may be freed. */
bool commands_stop(struct commands *commands, int64_t deadline_mono_ns);

/* After a commands_stop that succeeded, when no thread is in commands_run any more. NULL is legal. */
void commands_free(struct commands *commands);

#endif
