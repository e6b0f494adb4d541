/*
 * actions.h - the lane "actions": runs the operator's own <metric> actions through the command process, each once in an
 * update period, and keeps what they returned.
 *
 * An action is "/bin/sh -c TEXT" (action_text.h) with nothing in its environment but PATH, LC_ALL=C and VHOSTMD_NAME,
 * _UUID, _ID and _URI. It has its time, then its whole process group is ended; one that still runs is not started
 * again. Domains are those of the newest snapshot. The lane itself never waits for an action.
 *
 * Thread: actions_start, _reload, _stop and _free from main.
 */
#ifndef EDGENODE_ACTIONS_H
#define EDGENODE_ACTIONS_H

#include "config.h"
#include "model/metric.h"
#include "source/commands.h"
#include "store.h"

#define ACTIONS_OUTPUT_MAX RUNNER_OUTPUT_MAX /* bytes; more is an error and not a cut */
#define ACTIONS_LOOK_MS 1000 /* between two looks at the newest snapshot's domains */
#define ACTIONS_SHOW_MS 1000 /* between two times that new values are shown */

struct actions;

struct actions_options {
	const struct config *config; /* a reference is taken */
	const char *daemon_user;     /* who runs them where the configuration names nobody; NULL: as the command process */
	struct store *store;         /* borrowed, as commands */
	struct commands *commands;
	void (*show)(void *arg, struct metrics *metrics); /* on the lane: the newest rows, index 0; taken over */
	void *arg;
};

int actions_start(const struct actions_options *options, struct actions **out);

/* The configuration from now on; a reference is taken. */
void actions_reload(struct actions *actions, const struct config *config);

/* Ends the lane; what still runs is nobody's any more. False: it hangs and was left. NULL is legal. */
bool actions_stop(struct actions *actions, int64_t deadline_mono_ns);
/* After a stop and a commands_stop that succeeded. */
void actions_free(struct actions *actions);

#endif
