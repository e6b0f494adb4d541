/*
 * libvirt_rotation.h - what QEMU's monitors tell of the domains, read by turns (libvirt_turn.h) over lanes that may
 * hang (libvirt_monitor.h).
 *
 * Thread: the worker's. A poll sees the domains, asks, takes, and makes its rows.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_ROTATION_H
#define EDGENODE_SOURCE_LIBVIRT_ROTATION_H

#include "source/libvirt_domain.h"

struct libvirt_rotation;

/* uri: for the lanes' connections; copied. */
struct libvirt_rotation *libvirt_rotation_new(const char *uri);
void libvirt_rotation_free(struct libvirt_rotation *rotation);

/* Asks for those domains whose turn it is. */
void libvirt_rotation_ask(struct libvirt_rotation *rotation, struct libvirt_domain *domains);

/* Waits a little for what was asked for, and gives each domain that has been read its reading. */
void libvirt_rotation_take(struct libvirt_rotation *rotation, struct libvirt_domain *domains);

#endif
