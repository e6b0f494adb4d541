/*
 * serve.c - the lane "serve": the loop of the guests' channels, woken by each publication and once per second. The loop
 * is this thread's alone; others reach it by an eventfd.
 */
#include "serve.h"

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "transport/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SERVE_TICK_NS NS_PER_S
#define SERVE_OTHER_DESCRIPTORS 256 /* of the rest of the daemon */

struct serve {
	struct store *store;
	pthread_t thread;
	_Atomic bool stopping;
	int wake_fd;
	/* The thread's own, once it runs. */
	struct loop *loop;
	struct loop_watch *woken;
	struct loop_timer *tick;
	struct virtio *virtio;
};

/* From any thread. */
static void wake(void *arg)
{
	const struct serve *serve = arg;

	eventfd_write(serve->wake_fd, 1);
}

static void on_woken(void *arg)
{
	const struct serve *serve = arg;
	eventfd_t count;

	eventfd_read(serve->wake_fd, &count);
	if (serve->stopping)
		loop_break(serve->loop);
	else
		virtio_update(serve->virtio);
}

static void on_tick(void *arg)
{
	const struct serve *serve = arg;

	loop_timer_set(serve->tick, SERVE_TICK_NS);
	virtio_update(serve->virtio);
}

static void *serve_main(void *arg)
{
	on_tick(arg);
	loop_run(((const struct serve *)arg)->loop);
	return NULL;
}

static uint32_t descriptors_for(uint32_t channels)
{
	return (channels < VIRTIO_CHANNELS_MAX ? channels : VIRTIO_CHANNELS_MAX) + SERVE_OTHER_DESCRIPTORS;
}

static int make_loop(struct serve *serve)
{
	serve->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (serve->wake_fd < 0)
		return -ERR_IO;
	serve->loop = loop_new();
	if (serve->loop == NULL)
		return -ERR_IO;
	serve->tick = loop_timer_new(serve->loop, on_tick, serve);
	serve->woken = loop_watch_new(serve->loop, serve->wake_fd, LOOP_READING, on_woken, serve);
	return loop_watch_set(serve->woken, true);
}

static void serve_free(struct serve *serve)
{
	virtio_free(serve->virtio);
	loop_watch_free(serve->woken);
	loop_timer_free(serve->tick);
	loop_free(serve->loop);
	if (serve->wake_fd >= 0)
		close(serve->wake_fd);
	free(serve);
}

int serve_start(struct store *store, struct board *board, const struct virtio_options *virtio, struct serve **out)
{
	struct serve *serve = mem_alloc(sizeof(*serve));
	int rc = make_loop(serve);

	serve->store = store;
	if (rc == 0) {
		descriptors_need("virtio channels", descriptors_for(virtio->max_channels));
		serve->virtio = virtio_new(serve->loop, store, board, virtio);
		store_listen(store, wake, serve);
		rc = lane_start(&serve->thread, "serve", serve_main, serve);
	}
	if (rc == 0) {
		*out = serve;
		return 0;
	}
	store_listen(store, NULL, NULL);
	serve_free(serve);
	return rc;
}

bool serve_stop(struct serve *serve, int64_t deadline_mono_ns)
{
	serve->stopping = true;
	wake(serve);
	if (!lane_join(serve->thread, deadline_mono_ns))
		return false;
	store_listen(serve->store, NULL, NULL);
	serve_free(serve);
	return true;
}
