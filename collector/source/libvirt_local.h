/*
 * libvirt_local.h - whether a hypervisor is this host's. Pure; thread: any.
 *
 * Source of the facts: libvirt's "Connection URIs": without an authority the socket is local.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_LOCAL_H
#define EDGENODE_SOURCE_LIBVIRT_LOCAL_H

#include <stdbool.h>

/* The URI's authority is this host's loopback: behind it may be a tunnel. uri may be NULL. */
bool libvirt_local_is_loopback(const char *uri);

/* uri: the connection's own. theirs: the name that the hypervisor's host gives itself; NULL: not known. ours: this
 * host's. libvirt's test driver is nobody's. */
bool libvirt_local_is(const char *uri, const char *theirs, const char *ours);

#endif
