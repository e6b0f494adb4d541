/*
 * libvirt_watch.h - what a connection to libvirt tells of its own accord: lifecycle events, and its end.
 *
 * The callbacks run on virevent, copy and enqueue; everything else here is the worker's.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_WATCH_H
#define EDGENODE_SOURCE_LIBVIRT_WATCH_H

#include "source/live.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBVIRT_WATCH_REDEFINED_MAX 256

struct libvirt_watch;

/* Asks for keepalive and registers the callbacks. What a driver refuses is not missed: the lists are read at each poll.
 * live may be NULL: nobody is told. */
struct libvirt_watch *libvirt_watch_open(virConnectPtr connection, struct live_queue *live);

/* Takes the callbacks back; may block on a connection that hangs. Before virConnectClose. */
void libvirt_watch_close(struct libvirt_watch *watch);

/* Calls fn for each domain that was defined anew since the call before; with NULL where they were more than
 * LIBVIRT_WATCH_REDEFINED_MAX, so that any may have been. */
void libvirt_watch_redefined(struct libvirt_watch *watch, void (*fn)(void *arg, const uint8_t *uuid), void *arg);

#endif
