/*
 * app.h - the daemon: ordered start and stop of all lanes, signals, reload. Thread: main.
 */
#ifndef EDGENODE_APP_H
#define EDGENODE_APP_H

#include "options.h"

/* Runs until SIGTERM or SIGINT. Takes over the reference to config. options outlives the call. Returns the exit status;
 * may end the process itself when a lane hangs at the end (the metrics disk is left not busy). */
int app_run(const struct options *options, struct config *config);

#endif
