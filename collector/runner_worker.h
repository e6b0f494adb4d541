/*
 * runner_worker.h - the inside of the command process: keeper, worker, and a job with its process.
 *
 * Thread: each of these processes has one. Nothing here is called in the daemon itself but runner_keeper_run, and that
 * in its forked child.
 */
#ifndef EDGENODE_RUNNER_WORKER_H
#define EDGENODE_RUNNER_WORKER_H

#include "runner_message.h"

#include <signal.h>
#include <sys/types.h>

/* The keeper's whole life, in a fresh fork of the daemon: null is a descriptor of /dev/null. */
_Noreturn void runner_keeper_run(int socket, int null);

/* The worker's whole life, in a fresh fork of the keeper. generation counts the workers from 1. */
_Noreturn void runner_worker_run(int socket, uint32_t generation, pid_t keeper);

/* A job's leading process. */
struct runner_process {
	pid_t pid;
	int output;  /* read end of its standard output, non-blocking */
	int failure; /* read end; holds a text once the process has ended without getting as far as its program */
};

/* Forks it. -ERR_IO (errno): no pipe or no process. */
int runner_exec_start(const struct runner_order *order, struct runner_process *out);

/* How far a job has been pushed to its end. */
enum runner_stage {
	RUNNER_STAGE_FREE,
	RUNNER_STAGE_RUNNING,
	RUNNER_STAGE_TERMINATED,
	RUNNER_STAGE_KILLED,
	RUNNER_STAGE_ANSWERED
};

/* A job with its process: one place of the worker's table. Zero-initialised it is free. */
struct runner_child {
	enum runner_stage stage;
	enum runner_status cause; /* why it was ended by us; 0: it was not */
	uint32_t id;
	struct runner_process process; /* output is -1 once it is closed */
	struct buf output;
	int64_t start_mono_ns;
	int64_t next_mono_ns; /* the deadline of this stage */
};

/* Starts the job in a free place. -ERR_IO (errno): it could not be forked, the place is still free. */
int runner_child_start(struct runner_child *child, const struct runner_order *order);

/* Reads what there is, once; ends a job that prints too much. */
void runner_child_read(struct runner_child *child);

/* Asks a running job to end (TERM); does nothing in a later stage. */
void runner_child_terminate(struct runner_child *child, enum runner_status cause);

/* The deadline of the stage has passed: TERM, then KILL, then true with the reply when not even that has helped. */
bool runner_child_push(struct runner_child *child, struct runner_reply *reply);

/* The process has ended and is waited for, its group is killed. The place is free after this. True: with the reply;
 * false: it was given by runner_child_push. */
bool runner_child_finish(struct runner_child *child, const siginfo_t *end, struct runner_reply *reply);

/* Default dispositions for every signal, none blocked. */
void runner_process_reset_signals(void);

/* Blocks the given signals and gives a non-blocking signalfd for them; -1 (errno). */
int runner_process_watch_signals(const int *signals, size_t count);

/* Closes every descriptor above standard error but one. -ERR_IO: /proc cannot be read. */
int runner_process_close_all_but(int kept);

/* Kills (KILL) every child of the calling process that is not spared; spares NULL: all. A child that is missed because
 * another one ends just then is found the next time, which that end asks for. Needs the kernel's CONFIG_PROC_CHILDREN.
 */
void runner_process_kill_children(bool (*spares)(pid_t pid, pid_t session, void *arg), void *arg);

/* True: there is a child, running or not yet waited for. */
bool runner_process_has_children(void);

/* Milliseconds from now to a time of clock_mono_ns, for poll: rounded up, never negative. */
int runner_process_poll_ms(int64_t until_mono_ns);

#endif
