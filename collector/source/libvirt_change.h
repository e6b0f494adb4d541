/*
 * libvirt_change.h - libvirt's numbers of events into a domain's change. Pure; thread: any.
 *
 * Source of the facts: libvirt's reference of virDomainEventType and its details, virDomainEventWatchdogAction,
 * virConnectDomainEventIOErrorReasonCallback; what arrives when is in libvirt_watch.c.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_CHANGE_H
#define EDGENODE_SOURCE_LIBVIRT_CHANGE_H

#include "model/change.h"

/* Sets kind and what belongs to it. False where it is no news: the first half of a rename, an event of a later libvirt.
 * A detail of a later libvirt has the event's state and the reason "unknown". */
bool libvirt_change_lifecycle(int event, int detail, struct domain_change *change);

/* A static word; "none" where the number is of a later libvirt. */
const char *libvirt_change_watchdog_action(int action);
const char *libvirt_change_io_action(int action);

/* libvirt's word for the reason ("enospc", often "") as a static string, "unknown" for any other. */
const char *libvirt_change_io_reason(const char *reason);

#endif
