/*
 * guest_lanes.h - the lanes that guests read from: the metrics disk, the virtio ports, xenstore. Each is started where
 * the configuration has its transport, and anew where a reload changes what it was started with.
 *
 * Thread: main.
 */
#ifndef EDGENODE_GUEST_LANES_H
#define EDGENODE_GUEST_LANES_H

#include "config.h"
#include "store.h"

#include <stdbool.h>
#include <stdint.h>

struct board;

struct guest_lanes;

struct guest_lanes *guest_lanes_new(struct store *store, struct board *board); /* borrows both */
void guest_lanes_free(struct guest_lanes *lanes);

/* 0, or a negative enum err; *what names the lane that could not be started. */
int guest_lanes_start(struct guest_lanes *lanes, const struct config *config, const char **what);

/* A lane that hangs, on its file say, is given up to its own time: it is started anew once it has come back, which
 * guest_lanes_look() sees. Until then its guests are served nothing, and the log says so. */
void guest_lanes_reload(struct guest_lanes *lanes, const struct config *old, const struct config *config);
bool guest_lanes_pending(const struct guest_lanes *lanes);
void guest_lanes_look(struct guest_lanes *lanes, const struct config *config);

/* False: one did not end in time and may still use the store and the board. */
bool guest_lanes_stop(struct guest_lanes *lanes, int64_t deadline_mono_ns);

#endif
