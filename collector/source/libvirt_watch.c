/*
 * libvirt_watch.c - callbacks of one connection, and the little they share with the worker.
 *
 * Thread: the functions on_*() on virevent; the rest on the worker. libvirt holds a reference for each callback, whose
 * argument it may release later than the worker does. No callback asks libvirt anything: name, UUID and number are read
 * from the event's own handle.
 *
 * What libvirt 9.0 with QEMU 7.2 sends, in order of arrival (seen; L: lifecycle event/detail; "n" the number of the
 * handle while running):
 *
 *   start, create            L resumed/unpaused n, L started/booted n, 5 to 20 ms apart: in this order
 *   start --paused           L started/booted n, L suspended/paused n
 *   suspend, resume          L suspended/paused n; L resumed/unpaused n
 *   reset, guest reboots     reboot, once to six times more within 0.25 s: firmware resets again on its way
 *   reboot, shutdown (ACPI)  nothing until the guest follows
 *   guest powers off         L shutdown/guest n, L stopped/shutdown n, 20 ms apart
 *   destroy                  L shutdown/host n, L stopped/destroyed -1, 3 to 20 ms apart
 *   kill -9 of QEMU          L stopped/failed n
 *   guest panics, on_crash   L suspended/paused n, L crashed/panicked n, then
 *     destroy                L stopped/crashed -1, 0.2 s later
 *     restart                reboot, L resumed/unpaused n, reboot, reboot
 *     preserve               nothing more
 *   watchdog, by action      watchdog, then
 *     none                   nothing more
 *     pause                  L suspended/watchdog n
 *     reset                  reboot, seven times within 0.25 s
 *     poweroff               L stopped/failed n: libvirt takes it for the end of QEMU
 *   I/O error, by policy
 *     stop (enospace)        I/O error pause "enospc", L suspended/I/O error n, in the same millisecond
 *     report, ignore         I/O error report or none, "", for every request: a guest can send thousands a second
 *   save, managedsave        L suspended/paused n, L stopped/saved -1, 0.3 s apart
 *   restore, start of it     L started/restored n, L resumed/from-snapshot n; paused: L suspended/restored n
 *   define, define again     L defined/added; L defined/updated (number of a running domain, else -1)
 *   define of a transient    L defined/added n
 *   undefine                 L undefined/removed; of a running domain n, and L stopped when it ends
 *   rename                   L undefined/renamed with the old name, L defined/renamed with the new one
 *   autostart, vCPUs, balloon, block size: nothing
 *   disk attached, detached  device added; device removed when the guest has let it go
 *   medium changed           tray opened, tray closed
 *   description, metadata    metadata change
 *   libvirtd ends            close; nothing is sent for its domains, which go on, nor when it is back
 *
 * A destroyed transient domain is gone when L stopped arrives; nothing says "undefined". Twenty of them within a few
 * seconds give every event of each. L stopped has -1 here whatever the handle says. Reboots, watchdog events and I/O
 * errors of a domain that repeat within a second are one (repeats.h), so that no guest floods the queue.
 */
#include "source/libvirt_watch.h"

#include "source/libvirt_change.h"
#include "source/repeats.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/part.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT 3

/* The devices of one domain. */
struct described {
	uint8_t uuid[16];
	const struct domain_devices *devices; /* a reference */
	UT_hash_handle hh;
};

#define CALLBACKS 8

struct libvirt_watch {
	struct part part;
	virConnectPtr connection; /* the worker's */
	int ids[CALLBACKS];	  /* -1: not registered */
	bool close_registered;
	struct live_queue *live;
	uint64_t ticket;	 /* there */
	struct repeats *repeats; /* virevent's */
	pthread_mutex_t mutex;	 /* of all below */
	struct described *described;
	size_t n_outdated; /* LIBVIRT_WATCH_OUTDATED_MAX + 1: too many */
	uint8_t outdated[LIBVIRT_WATCH_OUTDATED_MAX][16];
};

static void described_set(struct libvirt_watch *watch, struct described *described,
			  const struct domain_devices *devices)
{
	part_unref(described->devices);
	described->devices = part_ref(devices);
	if (devices != NULL)
		return;
	HASH_DEL(watch->described, described);
	free(described);
}

static void watch_destroy(struct part *part)
{
	struct libvirt_watch *watch = (struct libvirt_watch *)part;
	struct described *described, *next;

	HASH_ITER (hh, watch->described, described, next) {
		described_set(watch, described, NULL);
	}
	repeats_free(watch->repeats);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

static void watch_release(void *opaque)
{
	part_unref(opaque);
}

static void watch_push(struct libvirt_watch *watch, struct domain_change *change)
{
	if (watch->live != NULL)
		live_push(watch->live, watch->ticket, change);
	else
		domain_change_free(change);
}

static void watch_note(struct libvirt_watch *watch, const uint8_t uuid[16])
{
	pthread_mutex_lock(&watch->mutex);
	if (watch->n_outdated < LIBVIRT_WATCH_OUTDATED_MAX)
		memcpy(watch->outdated[watch->n_outdated], uuid, 16);
	if (watch->n_outdated <= LIBVIRT_WATCH_OUTDATED_MAX)
		watch->n_outdated++;
	pthread_mutex_unlock(&watch->mutex);
}

/* The target of the disk with this alias; the alias itself where it is not known. The caller frees it. */
static char *watch_target(struct libvirt_watch *watch, const uint8_t uuid[16], const char *alias)
{
	const char *target = alias;
	struct described *described;
	char *copy;

	pthread_mutex_lock(&watch->mutex);
	HASH_FIND(hh, watch->described, uuid, 16, described);
	for (size_t i = 0; described != NULL && alias != NULL && i < described->devices->n_blocks; i++) {
		const struct block_device *block = &described->devices->blocks[i];

		if (block->alias != NULL && strcmp(block->alias, alias) == 0)
			target = block->target;
	}
	copy = mem_string(target);
	pthread_mutex_unlock(&watch->mutex);
	return copy;
}

/* ---- on virevent ---- */

static struct domain_change *change_new(enum domain_change_kind kind)
{
	struct domain_change *change = mem_alloc(sizeof(*change));

	change->kind = kind;
	change->time_real_ns = clock_real_ns();
	change->time_mono_ns = clock_mono_ns();
	change->id = -1;
	return change;
}

static struct domain_change *change_of(enum domain_change_kind kind, virDomainPtr domain)
{
	struct domain_change *change = change_new(kind);

	change->name = mem_string(virDomainGetName(domain));
	virDomainGetUUID(domain, change->uuid);
	change->id = (int32_t)virDomainGetID(domain);
	return change;
}

/* Pushes it unless the same was pushed a moment ago. */
static void push_once(struct libvirt_watch *watch, struct domain_change *change)
{
	if (repeats_pass(watch->repeats, change))
		watch_push(watch, change);
	else
		domain_change_free(change);
}

static void on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
	struct domain_change *change = change_of(CHANGE_STATE, domain);

	(void)connection;
	/* A domain has its number before its devices have their names. */
	if (event == VIR_DOMAIN_EVENT_DEFINED || event == VIR_DOMAIN_EVENT_STARTED)
		watch_note(opaque, change->uuid);
	if (libvirt_change_lifecycle(event, detail, change))
		watch_push(opaque, change);
	else
		domain_change_free(change);
}

static void on_reboot(virConnectPtr connection, virDomainPtr domain, void *opaque)
{
	(void)connection;
	push_once(opaque, change_of(CHANGE_REBOOTED, domain));
}

static void on_watchdog(virConnectPtr connection, virDomainPtr domain, int action, void *opaque)
{
	struct domain_change *change = change_of(CHANGE_WATCHDOG, domain);

	(void)connection;
	change->action = libvirt_change_watchdog_action(action);
	push_once(opaque, change);
}

static void on_io_error(virConnectPtr connection, virDomainPtr domain, const char *path, const char *alias, int action,
			const char *reason, void *opaque)
{
	struct domain_change *change = change_of(CHANGE_IO_ERROR, domain);

	(void)connection;
	(void)path;
	change->device = watch_target(opaque, change->uuid, alias);
	change->action = libvirt_change_io_action(action);
	change->reason = libvirt_change_io_reason(reason);
	push_once(opaque, change);
}

/* A device came or went. */
static void on_device(virConnectPtr connection, virDomainPtr domain, const char *alias, void *opaque)
{
	uint8_t uuid[16];

	(void)connection;
	(void)alias;
	if (virDomainGetUUID(domain, uuid) == 0)
		watch_note(opaque, uuid);
}

/* A medium, or what the definition says of the operating system. */
static void on_tray(virConnectPtr connection, virDomainPtr domain, const char *alias, int reason, void *opaque)
{
	(void)reason;
	on_device(connection, domain, alias, opaque);
}

static void on_metadata(virConnectPtr connection, virDomainPtr domain, int type, const char *uri, void *opaque)
{
	(void)type;
	on_device(connection, domain, uri, opaque);
}

static void on_close(virConnectPtr connection, int reason, void *opaque)
{
	(void)connection;
	(void)reason;
	watch_push(opaque, change_new(CHANGE_CONNECTION_CLOSED));
}

/* ---- on the worker ---- */

/* The callback's type differs by the event's id; libvirt asks for this cast, and gcc for the step in between. */
#define CALLBACK(function) ((virConnectDomainEventGenericCallback)(void (*)(void))(function))
static const struct {
	int event;
	virConnectDomainEventGenericCallback callback;
} EVENTS[CALLBACKS] = {
	{ VIR_DOMAIN_EVENT_ID_LIFECYCLE, CALLBACK(on_lifecycle) },
	{ VIR_DOMAIN_EVENT_ID_REBOOT, on_reboot },
	{ VIR_DOMAIN_EVENT_ID_WATCHDOG, CALLBACK(on_watchdog) },
	{ VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, CALLBACK(on_io_error) },
	{ VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, CALLBACK(on_device) },
	{ VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, CALLBACK(on_device) },
	{ VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, CALLBACK(on_tray) },
	{ VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, CALLBACK(on_metadata) },
};

struct libvirt_watch *libvirt_watch_open(virConnectPtr connection, struct live_queue *live, uint64_t ticket)
{
	struct libvirt_watch *watch = mem_alloc(sizeof(*watch));

	part_init(&watch->part, watch_destroy);
	pthread_mutex_init(&watch->mutex, NULL);
	watch->connection = connection;
	watch->live = live;
	watch->ticket = ticket;
	watch->repeats = repeats_new();
	if (live != NULL)
		live_claim(live, ticket);
	virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	/* No reference here: a driver without this event (test) accepts it and would never release one. Unregistering
	 * waits for a callback that runs, so the worker's own reference is enough. */
	watch->close_registered = virConnectRegisterCloseCallback(connection, on_close, watch, NULL) == 0;
	for (size_t i = 0; i < CALLBACKS; i++) {
		watch->ids[i] = virConnectDomainEventRegisterAny(connection, NULL, EVENTS[i].event, EVENTS[i].callback,
								 part_ref(watch), watch_release);
		if (watch->ids[i] < 0)
			part_unref(watch);
	}
	return watch;
}

void libvirt_watch_close(struct libvirt_watch *watch)
{
	for (size_t i = 0; i < CALLBACKS; i++)
		if (watch->ids[i] >= 0)
			virConnectDomainEventDeregisterAny(watch->connection, watch->ids[i]);
	if (watch->close_registered)
		virConnectUnregisterCloseCallback(watch->connection, on_close);
	part_unref(watch);
}

void libvirt_watch_outdated(struct libvirt_watch *watch, void (*fn)(void *arg, const uint8_t *uuid), void *arg)
{
	pthread_mutex_lock(&watch->mutex);
	if (watch->n_outdated > LIBVIRT_WATCH_OUTDATED_MAX)
		fn(arg, NULL);
	else
		for (size_t i = 0; i < watch->n_outdated; i++)
			fn(arg, watch->outdated[i]);
	watch->n_outdated = 0;
	pthread_mutex_unlock(&watch->mutex);
}

void libvirt_watch_describe(struct libvirt_watch *watch, const uint8_t uuid[16], const struct domain_devices *devices)
{
	struct described *described;

	pthread_mutex_lock(&watch->mutex);
	HASH_FIND(hh, watch->described, uuid, 16, described);
	if (described == NULL && devices != NULL) {
		described = mem_alloc(sizeof(*described));
		memcpy(described->uuid, uuid, sizeof(described->uuid));
		HASH_ADD(hh, watch->described, uuid, sizeof(described->uuid), described);
	}
	if (described != NULL)
		described_set(watch, described, devices);
	pthread_mutex_unlock(&watch->mutex);
}
