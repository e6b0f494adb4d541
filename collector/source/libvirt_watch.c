/*
 * libvirt_watch.c - callbacks of one connection, and the little they share with the worker.
 *
 * Thread: on_lifecycle and on_close on virevent; the rest on the worker. libvirt holds a reference for the lifecycle
 * callback, whose argument it may release later than the worker does.
 */
#include "source/libvirt_watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/part.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT 3

struct libvirt_watch {
	struct part part;
	virConnectPtr connection; /* the worker's */
	int lifecycle_id;	  /* -1: not registered */
	bool close_registered;
	struct live_queue *live;
	pthread_mutex_t mutex; /* of the two below */
	size_t n_redefined;    /* LIBVIRT_WATCH_REDEFINED_MAX + 1: too many */
	uint8_t redefined[LIBVIRT_WATCH_REDEFINED_MAX][16];
};

static void watch_destroy(struct part *part)
{
	struct libvirt_watch *watch = (struct libvirt_watch *)part;

	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

static void watch_release(void *opaque)
{
	part_unref(opaque);
}

static struct live_event *event_new(enum live_kind kind, int event, int detail)
{
	struct live_event *live = mem_alloc(sizeof(*live));

	live->kind = kind;
	live->time_real_ns = clock_real_ns();
	live->time_mono_ns = clock_mono_ns();
	live->event = event;
	live->detail = detail;
	return live;
}

static void watch_push(struct libvirt_watch *watch, struct live_event *live)
{
	if (watch->live != NULL)
		live_push(watch->live, live);
	else
		live_event_free(live);
}

static void watch_note(struct libvirt_watch *watch, const uint8_t uuid[16])
{
	pthread_mutex_lock(&watch->mutex);
	if (watch->n_redefined < LIBVIRT_WATCH_REDEFINED_MAX)
		memcpy(watch->redefined[watch->n_redefined], uuid, 16);
	if (watch->n_redefined <= LIBVIRT_WATCH_REDEFINED_MAX)
		watch->n_redefined++;
	pthread_mutex_unlock(&watch->mutex);
}

static void on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
	struct live_event *live = event_new(LIVE_DOMAIN_LIFECYCLE, event, detail);

	(void)connection;
	/* Both read the handle; neither asks the daemon. */
	live->name = mem_string(virDomainGetName(domain));
	virDomainGetUUID(domain, live->uuid);
	if (event == VIR_DOMAIN_EVENT_DEFINED)
		watch_note(opaque, live->uuid);
	watch_push(opaque, live);
}

static void on_close(virConnectPtr connection, int reason, void *opaque)
{
	(void)connection;
	watch_push(opaque, event_new(LIVE_CONNECTION_CLOSED, reason, 0));
}

/* The callback's type differs by the event's id; libvirt asks for this cast, and gcc for the step in between. */
static virConnectDomainEventGenericCallback lifecycle_callback(void)
{
	return (virConnectDomainEventGenericCallback)(void (*)(void))on_lifecycle;
}

struct libvirt_watch *libvirt_watch_open(virConnectPtr connection, struct live_queue *live)
{
	struct libvirt_watch *watch = mem_alloc(sizeof(*watch));

	part_init(&watch->part, watch_destroy);
	pthread_mutex_init(&watch->mutex, NULL);
	watch->connection = connection;
	watch->live = live;
	virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	/* No reference here: a driver without this event (test) accepts it and would never release one. Unregistering
	 * waits for a callback that runs, so the worker's own reference is enough. */
	watch->close_registered = virConnectRegisterCloseCallback(connection, on_close, watch, NULL) == 0;
	watch->lifecycle_id = virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
							       lifecycle_callback(), part_ref(watch), watch_release);
	if (watch->lifecycle_id < 0)
		part_unref(watch);
	return watch;
}

void libvirt_watch_close(struct libvirt_watch *watch)
{
	if (watch->lifecycle_id >= 0)
		virConnectDomainEventDeregisterAny(watch->connection, watch->lifecycle_id);
	if (watch->close_registered)
		virConnectUnregisterCloseCallback(watch->connection, on_close);
	part_unref(watch);
}

void libvirt_watch_redefined(struct libvirt_watch *watch, void (*fn)(void *arg, const uint8_t *uuid), void *arg)
{
	pthread_mutex_lock(&watch->mutex);
	if (watch->n_redefined > LIBVIRT_WATCH_REDEFINED_MAX)
		fn(arg, NULL);
	else
		for (size_t i = 0; i < watch->n_redefined; i++)
			fn(arg, watch->redefined[i]);
	watch->n_redefined = 0;
	pthread_mutex_unlock(&watch->mutex);
}
