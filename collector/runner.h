/*
 * runner.h - the one process that runs commands: actions, smartctl, on_event hooks. Nothing else of the daemon forks.
 *
 * Forked in main() once the configuration is read, before any thread exists, with no descriptor but its own socket. It
 * then runs the small program edgenode-run: a fork costs by the libraries that a process has mapped, and the daemon has
 * some sixty. Two processes: a keeper that does nothing but start the worker again when it dies (it has no threads, so
 * its fork is safe), and the worker that runs the jobs. Jobs and replies are one SOCK_SEQPACKET message each. Both processes live
 * in a session of their own with /dev/null as standard input, output and error, so that neither a terminal nor the pipe
 * of whoever started the daemon stays open through them; both end, with everything they started, when the daemon's end
 * of the socket closes, kill -9 of the daemon included.
 *
 * Per job the worker: resets signal mask and dispositions, closes every descriptor, gives the child its own session
 * and process group, drops groups and ids where it was started as root and the job asks for a user, sets resource
 * limits, a clean environment (only what the job gives), standard input from /dev/null, standard error to the same
 * pipe only if asked (/dev/null otherwise), "/" as working directory; ends the whole group at the deadline (TERM, then
 * KILL after RUNNER_GRACE_MS); is a subreaper and kills stragglers that left the group. Output over the job's limit is
 * an error and not a cut.
 *
 * A job ends when the process of argv[0] ends: whatever it left in its group is killed then. A process that left the
 * session as well and has lost its parent is killed at the next end of any process below the worker. A process in
 * uninterruptible sleep cannot be killed by anybody: its job is answered all the same, 2 * RUNNER_GRACE_MS after the
 * deadline, and goes on to use one of the RUNNER_CONCURRENT_MAX places until the kernel lets it go.
 *
 * A job is run at most once. When the worker dies, every job that is open at the time the daemon learns of it comes
 * back as RUNNER_LOST, and the next worker does not start those that were still on their way.
 *
 * Thread: runner_start on main before threads; runner_submit from any thread; replies on the thread that calls
 * runner_receive (the socket is non-blocking; its descriptor can be polled).
 */
#ifndef EDGENODE_RUNNER_H
#define EDGENODE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNNER_OUTPUT_MAX 65536u     /* bytes of standard output of one job */
#define RUNNER_ARGUMENTS_MAX 64u
#define RUNNER_ENVIRONMENT_MAX 256u
#define RUNNER_MESSAGE_MAX (192u * 1024) /* bytes of an encoded job or reply */
#define RUNNER_CONCURRENT_MAX 64u    /* children at once; further jobs wait in the worker */
#define RUNNER_QUEUE_MAX 4096u
#define RUNNER_GRACE_MS 500u
#define RUNNER_TIMEOUT_MAX_MS 3600000u

struct runner;

struct runner_job {
	uint32_t id;             /* comes back in the reply; unique among the open jobs */
	const char *const *argv; /* NULL-terminated, at least one; argv[0] is looked up in PATH of env (see execvp(3)) */
	const char *const *env;  /* NULL-terminated "NAME=value"; nothing else is in the environment */
	const char *user;        /* NULL: as runner_start's caller; another one only where that was root */
	uint32_t timeout_ms;     /* 1 .. RUNNER_TIMEOUT_MAX_MS; counted from the start of the process, not the waiting */
	uint32_t output_max;     /* <= RUNNER_OUTPUT_MAX */
	bool with_stderr;        /* standard error goes where standard output goes */
};

enum runner_status {
	RUNNER_OK = 1,      /* ended by itself; exit_code */
	RUNNER_SIGNALLED,   /* by a signal not ours; exit_code is its number */
	RUNNER_TIMED_OUT,   /* ended by us at the deadline */
	RUNNER_OUTPUT,      /* more output than output_max; ended by us; output is empty */
	RUNNER_NOT_STARTED, /* no such program, no such user, limits; text in output */
	RUNNER_LOST,        /* the worker died while this job was in it or on the way to it */
};

struct runner_reply {
	uint32_t id;
	enum runner_status status;
	int exit_code;
	uint32_t duration_ms;
	size_t length;
	char output[RUNNER_OUTPUT_MAX + 1]; /* NUL-terminated */
};

/* The path of edgenode-run, which lies beside the program that runs; NULL: it is not there. path is for the result. */
const char *runner_program(char *path, size_t size);

/* Forks the keeper, which becomes that program; where program is NULL or cannot be run the keeper stays what was
 * forked, which costs more and is the same. 0 or -ERR_IO (errno). The caller may fork again afterwards and end (daemonise). */
int runner_start(const char *program, struct runner **out);

/* Hands a job over, never waits. -ERR_LIMIT (sizes and numbers of the job), -ERR_BUSY (socket or queue full, or
 * RUNNER_QUEUE_MAX jobs open: again when runner_fd can be written), -ERR_STATE (the keeper is gone). */
int runner_submit(struct runner *runner, const struct runner_job *job);

/* The descriptor to poll for reading; when it is readable, call runner_receive until -ERR_ABSENT. */
int runner_fd(const struct runner *runner);

/* The next reply. -ERR_ABSENT: none now; -ERR_STATE: the keeper is gone; every open job then comes back once as
 * RUNNER_LOST first. */
int runner_receive(struct runner *runner, struct runner_reply *reply);

/* Tells the keeper to end (it ends its children) and reaps it; after timeout_ms it is killed, where it is a child of
 * this process (after daemonising it is not, and ends by itself). Frees the runner; NULL is legal. */
void runner_stop(struct runner *runner, uint32_t timeout_ms);

#endif
