/*
 * libvirt_monitor.c - the lanes and their mailbox.
 *
 * One mutex guards everything of the monitor; a lane holds it only to take a slice and to hand it over. Lanes that hang
 * may outlive the owner, so each holds a reference.
 */
#include "source/libvirt_monitor.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/mem.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT 3
#define FREE_WAIT_MS 300

/* A domain on the lane's connection: looked up once, as long as there are not too many. */
struct handle {
	uint8_t uuid[16];
	virDomainPtr domain;
	UT_hash_handle hh;
};

/* One thread with its connection; freed by the thread. */
struct lane {
	struct libvirt_monitor *monitor;
	struct libvirt_slice *slice; /* at work on it; NULL: at rest */
	int64_t deadline_mono_ns;    /* of that */
	bool abandoned;
	virConnectPtr connection; /* from here on the thread's alone */
	struct handle *handles;
	const struct libvirt_form *form; /* of the last reading, as a reference */
	struct row_pool pool;		 /* of the readings */
};

struct mail {
	struct mail *next;
	struct libvirt_slice *slice;
};

struct box {
	struct mail *first, **last;
};

struct libvirt_monitor {
	struct part part;
	char *uri;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work;  /* a slice was submitted, or stopping */
	pthread_cond_t ended; /* a slice is there, or a lane ended */
	bool stopping;
	uint64_t round;
	size_t waited_for; /* slices of the round that are on their way */
	uint32_t lanes_resting; /* or about to */
	uint32_t lanes_alive, abandoned;
	struct lane *lanes[LIBVIRT_MONITOR_LANES];
	struct box todo, done;
};

static void slice_destroy(struct part *part)
{
	struct libvirt_slice *slice = (struct libvirt_slice *)part;

	for (size_t i = 0; i < slice->n_readings; i++)
		libvirt_reading_free(slice->readings[i]);
	free(slice);
}

struct libvirt_slice *libvirt_slice_new(void)
{
	struct libvirt_slice *slice = mem_alloc(sizeof(*slice));

	part_init(&slice->part, slice_destroy);
	return slice;
}

static void box_put(struct box *box, struct libvirt_slice *slice)
{
	struct mail *mail = mem_alloc(sizeof(*mail));

	mail->slice = slice;
	*box->last = mail;
	box->last = &mail->next;
}

static struct libvirt_slice *box_take(struct box *box)
{
	struct mail *mail = box->first;
	struct libvirt_slice *slice;

	if (mail == NULL)
		return NULL;
	slice = mail->slice;
	box->first = mail->next;
	if (box->first == NULL)
		box->last = &box->first;
	free(mail);
	return slice;
}

static void box_clear(struct box *box)
{
	struct libvirt_slice *slice;

	while ((slice = box_take(box)) != NULL)
		part_unref(slice);
}

static void monitor_destroy(struct part *part)
{
	struct libvirt_monitor *monitor = (struct libvirt_monitor *)part;

	box_clear(&monitor->todo);
	box_clear(&monitor->done);
	pthread_cond_destroy(&monitor->ended);
	pthread_cond_destroy(&monitor->work);
	pthread_mutex_destroy(&monitor->lock);
	free(monitor->uri);
	free(monitor);
}

struct libvirt_monitor *libvirt_monitor_new(const char *uri)
{
	struct libvirt_monitor *monitor = mem_alloc(sizeof(*monitor));

	part_init(&monitor->part, monitor_destroy);
	monitor->uri = mem_string(uri);
	monitor->todo.last = &monitor->todo.first;
	monitor->done.last = &monitor->done.first;
	pthread_mutex_init(&monitor->lock, NULL);
	lane_condition_init(&monitor->work);
	lane_condition_init(&monitor->ended);
	return monitor;
}

/* ---- the lane ---- */

static void handles_clear(struct lane *lane)
{
	struct handle *handle, *next;

	HASH_ITER (hh, lane->handles, handle, next) {
		HASH_DEL(lane->handles, handle);
		virDomainFree(handle->domain);
		free(handle);
	}
}

static void lane_close(struct lane *lane)
{
	handles_clear(lane);
	if (lane->connection != NULL)
		virConnectClose(lane->connection);
	lane->connection = NULL;
}

/* Called with the lock held: from now on the call itself is under way. */
static void lane_begin_call(struct lane *lane)
{
	lane->slice->begun_mono_ns = clock_mono_ns();
	lane->deadline_mono_ns = lane->slice->begun_mono_ns + LIBVIRT_MONITOR_DEADLINE_MS * NS_PER_MS;
}

static bool lane_open(struct lane *lane)
{
	struct libvirt_monitor *monitor = lane->monitor;

	if (lane->connection != NULL)
		return true;
	lane->connection = virConnectOpenReadOnly(monitor->uri);
	if (lane->connection == NULL)
		return false;
	virConnectSetKeepAlive(lane->connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	pthread_mutex_lock(&monitor->lock);
	lane_begin_call(lane);
	pthread_mutex_unlock(&monitor->lock);
	return true;
}

/* NULL: there is no such domain any more, or the connection is lost, as the call that follows then says. */
static virDomainPtr handle_of(struct lane *lane, const uint8_t uuid[16])
{
	struct handle *handle;
	virDomainPtr domain;

	HASH_FIND(hh, lane->handles, uuid, sizeof(handle->uuid), handle);
	if (handle != NULL)
		return handle->domain;
	domain = virDomainLookupByUUID(lane->connection, uuid);
	if (domain == NULL)
		return NULL;
	handle = mem_alloc(sizeof(*handle));
	memcpy(handle->uuid, uuid, sizeof(handle->uuid));
	handle->domain = domain;
	HASH_ADD(hh, lane->handles, uuid, sizeof(handle->uuid), handle);
	return domain;
}

static void slice_fail(struct lane *lane, struct libvirt_slice *slice, const char *text)
{
	slice->code = -ERR_IO;
	snprintf(slice->error, sizeof(slice->error), "%s", text);
	slice->lost = lane->connection == NULL || virConnectIsAlive(lane->connection) != 1;
	if (slice->lost)
		lane_close(lane);
}

/* The records are large and may have to wait, so what is of use is taken out of them here. libvirt reads one domain
 * after the other: the time is spread over them. */
static void slice_fill(struct lane *lane, struct libvirt_slice *slice, virDomainStatsRecordPtr *records, int n)
{
	const int64_t took = clock_mono_ns() - slice->begun_mono_ns;

	for (int i = 0; i < n; i++) {
		const int64_t mono_ns = slice->begun_mono_ns + took / n * (i + 1);
		struct libvirt_reading *reading = libvirt_reading_new(records[i], mono_ns, &lane->form, &lane->pool);

		if (reading != NULL)
			slice->readings[slice->n_readings++] = reading;
	}
}

static void slice_read(struct lane *lane, struct libvirt_slice *slice)
{
	virDomainPtr list[LIBVIRT_MONITOR_SLICE_MAX + 1] = { NULL };
	virDomainStatsRecordPtr *records = NULL;
	size_t n = 0;
	int rc = 0;

	if (!lane_open(lane)) {
		slice_fail(lane, slice, virGetLastErrorMessage());
		return;
	}
	if (HASH_COUNT(lane->handles) + slice->n > LIBVIRT_MONITOR_HANDLES_MAX)
		handles_clear(lane);
	for (size_t i = 0; i < slice->n; i++) {
		list[n] = handle_of(lane, slice->uuids[i]);
		n += list[n] != NULL;
	}
	if (n > 0)
		rc = virDomainListGetStats(list, LIBVIRT_MONITOR_GROUPS, &records,
					   VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
	if (rc < 0)
		slice_fail(lane, slice, virGetLastErrorMessage());
	else if (n == 0 && virConnectIsAlive(lane->connection) != 1)
		slice_fail(lane, slice, "the connection was lost");
	else
		slice_fill(lane, slice, records, rc);
	if (records != NULL)
		virDomainStatsRecordListFree(records);
}

/* Called with the lock held; NULL when the thread is to end. */
static struct libvirt_slice *lane_wait(struct lane *lane)
{
	struct libvirt_monitor *monitor = lane->monitor;

	while (!lane->abandoned && !monitor->stopping && monitor->todo.first == NULL)
		pthread_cond_wait(&monitor->work, &monitor->lock);
	monitor->lanes_resting--;
	if (lane->abandoned || monitor->stopping)
		return NULL;
	lane->slice = box_take(&monitor->todo);
	lane_begin_call(lane);
	if (lane->connection == NULL)
		lane->deadline_mono_ns = lane->slice->begun_mono_ns + LIBVIRT_MONITOR_OPEN_MS * NS_PER_MS;
	return lane->slice;
}

/* Called with the lock held. */
static void lane_hand_over(struct lane *lane, struct libvirt_slice *slice)
{
	struct libvirt_monitor *monitor = lane->monitor;

	lane->slice = NULL;
	monitor->lanes_resting++;
	if (lane->abandoned) {
		part_unref(slice);
		return;
	}
	box_put(&monitor->done, slice);
	monitor->waited_for -= slice->round == monitor->round;
	pthread_cond_broadcast(&monitor->ended);
}

/* Called with the lock held. */
static void lane_leave(struct lane *lane)
{
	struct libvirt_monitor *monitor = lane->monitor;

	for (size_t i = 0; i < LIBVIRT_MONITOR_LANES; i++)
		if (monitor->lanes[i] == lane)
			monitor->lanes[i] = NULL;
	monitor->abandoned -= lane->abandoned;
	monitor->lanes_alive--;
	pthread_cond_broadcast(&monitor->ended);
}

static void *lane_main(void *arg)
{
	struct lane *lane = arg;
	struct libvirt_monitor *monitor = lane->monitor;
	struct libvirt_slice *slice;

	pthread_mutex_lock(&monitor->lock);
	while ((slice = lane_wait(lane)) != NULL) {
		pthread_mutex_unlock(&monitor->lock);
		slice_read(lane, slice);
		pthread_mutex_lock(&monitor->lock);
		lane_hand_over(lane, slice);
	}
	pthread_mutex_unlock(&monitor->lock);
	lane_close(lane);
	pthread_mutex_lock(&monitor->lock);
	lane_leave(lane);
	pthread_mutex_unlock(&monitor->lock);
	row_pool_end(&lane->pool);
	part_unref(lane->form);
	part_unref(monitor);
	free(lane);
	return NULL;
}

/* ---- the owner ---- */

/* Called with the lock held. A slice stays in the box where no thread can be started: a later one takes it. */
static void lane_begin(struct libvirt_monitor *monitor, struct lane **slot)
{
	struct lane *lane = mem_alloc(sizeof(*lane));

	lane->monitor = part_ref(monitor);
	if (lane_start_detached("libvirt-monitor", lane_main, lane) != 0) {
		part_unref(monitor);
		free(lane);
		return;
	}
	monitor->lanes_alive++;
	monitor->lanes_resting++;
	*slot = lane;
}

/* Called with the lock held. As many lanes as there are slices for, as far as there are places. */
static void lanes_fill(struct libvirt_monitor *monitor)
{
	const struct mail *mail = monitor->todo.first;

	for (uint32_t i = 0; mail != NULL && i < monitor->lanes_resting; i++)
		mail = mail->next;
	for (size_t i = 0; mail != NULL && i < LIBVIRT_MONITOR_LANES; i++) {
		if (monitor->lanes[i] != NULL)
			continue;
		lane_begin(monitor, &monitor->lanes[i]);
		mail = mail->next;
	}
	pthread_cond_broadcast(&monitor->work);
}

void libvirt_monitor_free(struct libvirt_monitor *monitor)
{
	const int64_t until = clock_mono_ns() + FREE_WAIT_MS * NS_PER_MS;
	bool in_time = true;

	if (monitor == NULL)
		return;
	pthread_mutex_lock(&monitor->lock);
	monitor->stopping = true;
	pthread_cond_broadcast(&monitor->work);
	while (monitor->lanes_alive > monitor->abandoned && in_time)
		in_time = lane_wait_until(&monitor->ended, &monitor->lock, until);
	pthread_mutex_unlock(&monitor->lock);
	part_unref(monitor);
}

void libvirt_monitor_begin(struct libvirt_monitor *monitor)
{
	pthread_mutex_lock(&monitor->lock);
	monitor->round++;
	monitor->waited_for = 0;
	pthread_mutex_unlock(&monitor->lock);
}

void libvirt_monitor_submit(struct libvirt_monitor *monitor, struct libvirt_slice *slice)
{
	pthread_mutex_lock(&monitor->lock);
	slice->round = monitor->round;
	monitor->waited_for++;
	box_put(&monitor->todo, slice);
	lanes_fill(monitor);
	pthread_mutex_unlock(&monitor->lock);
}

void libvirt_monitor_wait(struct libvirt_monitor *monitor, int64_t until_mono_ns)
{
	bool in_time = true;

	pthread_mutex_lock(&monitor->lock);
	while (monitor->waited_for > 0 && in_time)
		in_time = lane_wait_until(&monitor->ended, &monitor->lock, until_mono_ns);
	pthread_mutex_unlock(&monitor->lock);
}

/* Called with the lock held. The slice is the lane's for as long as the call lasts; who asked gets its UUIDs. */
static void lane_abandon(struct libvirt_monitor *monitor, struct lane **slot)
{
	struct lane *lane = *slot;
	struct libvirt_slice *overrun = libvirt_slice_new();

	overrun->n = lane->slice->n;
	memcpy(overrun->uuids, lane->slice->uuids, sizeof(overrun->uuids));
	overrun->begun_mono_ns = lane->slice->begun_mono_ns;
	overrun->code = -ERR_TIMEOUT;
	monitor->waited_for -= lane->slice->round == monitor->round;
	box_put(&monitor->done, overrun);
	lane->abandoned = true;
	monitor->abandoned++;
	*slot = NULL;
}

/* Called with the lock held. */
static void lanes_check(struct libvirt_monitor *monitor)
{
	const int64_t now_mono_ns = clock_mono_ns();

	for (size_t i = 0; i < LIBVIRT_MONITOR_LANES; i++) {
		const struct lane *lane = monitor->lanes[i];

		if (lane != NULL && lane->slice != NULL && lane->deadline_mono_ns <= now_mono_ns &&
		    monitor->abandoned < LIBVIRT_MONITOR_ABANDONED_MAX)
			lane_abandon(monitor, &monitor->lanes[i]);
	}
	lanes_fill(monitor);
}

struct libvirt_slice *libvirt_monitor_take(struct libvirt_monitor *monitor)
{
	struct libvirt_slice *slice;

	pthread_mutex_lock(&monitor->lock);
	lanes_check(monitor);
	slice = box_take(&monitor->done);
	pthread_mutex_unlock(&monitor->lock);
	return slice;
}

uint32_t libvirt_monitor_abandoned(struct libvirt_monitor *monitor)
{
	uint32_t abandoned;

	pthread_mutex_lock(&monitor->lock);
	abandoned = monitor->abandoned;
	pthread_mutex_unlock(&monitor->lock);
	return abandoned;
}
