/*
 * serve.h - the serve lane: one libevent loop for everything that talks to many peers (virtio channels). Never blocks.
 * Thread: start and stop from main.
 */
#ifndef EDGENODE_SERVE_H
#define EDGENODE_SERVE_H

#include "store.h"
#include "transport/board.h"
#include "transport/virtio.h"

struct serve;

/* Listens to the store (store_listen). Raises the soft limit of descriptors to what that many channels need. -ERR_IO
 * with errno. */
int serve_start(struct store *store, struct board *board, const struct virtio_options *virtio, struct serve **out);

/* False: it did not end in time and was left. */
bool serve_stop(struct serve *serve, int64_t deadline_mono_ns);

#endif
