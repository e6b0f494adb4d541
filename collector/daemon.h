/*
 * daemon.h - what makes a process a daemon: background, pid file, another user, word to the service manager.
 * Thread: main, before any other, except daemon_notify (any).
 */
#ifndef EDGENODE_DAEMON_H
#define EDGENODE_DAEMON_H

#include <stdbool.h>

/* Goes to the background. In the daemon: 0. The calling process stays in here until daemon_ready (then it exits with 0)
 * or until the daemon ends before that (then with its exit status, 1 by default). -ERR_IO with errno. */
int daemon_fork(int *ready_fd);

/* The service is ready: releases the waiting parent (ready_fd >= 0), standard streams to /dev/null. */
void daemon_ready(int ready_fd);

/* The pid file is claimed as root (opened and locked), filled when the start has succeeded, and taken away at the end. A
 * path that another process has claimed is -ERR_BUSY; -ERR_IO with errno. */
struct pid_file {
	char *path; /* NULL: none */
	int fd;
	bool made; /* by this process */
};
int daemon_claim_pid_file(struct pid_file *file, const char *path);
int daemon_fill_pid_file(struct pid_file *file);
/* Removes the file; where that is no longer permitted, empties it. */
void daemon_release_pid_file(struct pid_file *file);

/* To this user: its groups (all supplementary ones of before are dropped), then its ids. Does nothing when it is the
 * user already. error: one line (at least 256 bytes). */
int daemon_become(const char *user, char *error, unsigned long error_size);

/* Makes a directory that the user can write, as far as it does not exist. Only as root; otherwise does nothing. */
void daemon_make_directory(const char *path, const char *user);

/* One message to the service manager (sd_notify(3)), e.g. "READY=1". Nothing where NOTIFY_SOCKET is not set. */
void daemon_notify(const char *message);

#endif
