/*
 * libvirt_watch.h - what a connection to libvirt tells of its own accord: changes of domains, and its own end.
 *
 * The callbacks run on virevent, copy and enqueue; everything else here is the worker's.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_WATCH_H
#define EDGENODE_SOURCE_LIBVIRT_WATCH_H

#include "source/live.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBVIRT_WATCH_OUTDATED_MAX 256

struct libvirt_watch;

/* Asks for keepalive and registers the callbacks. What a driver refuses is not missed: the lists are read at each poll.
 * live may be NULL: nobody is told. ticket: drawn there before the connection was opened. */
struct libvirt_watch *libvirt_watch_open(virConnectPtr connection, struct live_queue *live, uint64_t ticket);

/* Takes the callbacks back; may block on a connection that hangs. Before virConnectClose. */
void libvirt_watch_close(struct libvirt_watch *watch);

/* Calls fn for each domain whose XML may say something else since the call before; with NULL where they were more than
 * LIBVIRT_WATCH_OUTDATED_MAX, so that any may. */
void libvirt_watch_outdated(struct libvirt_watch *watch, void (*fn)(void *arg, const uint8_t *uuid), void *arg);

/* The devices of a domain, by which a disk's alias in an event becomes its target. A reference is kept; NULL forgets
 * the domain. */
void libvirt_watch_describe(struct libvirt_watch *watch, const uint8_t uuid[16], const struct domain_devices *devices);

#endif
