/*
 * loop.c - an event loop on libevent. Thread: the one that runs it.
 *
 * event_assign throughout and never event_new: the linker would find this project's function of that name.
 */
#include "transport/loop.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

/* Without the last flag timers are some milliseconds early or late. */
#define LOOP_FLAGS (EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_PRECISE_TIMER)

struct loop {
	struct event_base *base;
};

/* Both kinds: an event and whom it calls. */
struct handler {
	struct event event;
	void (*call)(void *arg);
	void *arg;
};
struct loop_watch {
	struct handler handler;
};
struct loop_timer {
	struct handler handler;
};

struct loop *loop_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;
	struct loop *loop;

	if (config != NULL && event_config_set_flag(config, LOOP_FLAGS) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	if (base == NULL)
		return NULL;
	loop = mem_alloc(sizeof(*loop));
	loop->base = base;
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	event_base_free(loop->base);
	free(loop);
}

void loop_run(struct loop *loop)
{
	event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_break(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	const struct handler *handler = arg;

	(void)fd;
	(void)what;
	handler->call(handler->arg);
}

static void handler_init(struct handler *handler, const struct loop *loop, int fd, short what, void (*call)(void *arg),
			 void *arg)
{
	handler->call = call;
	handler->arg = arg;
	event_assign(&handler->event, loop->base, fd, what, on_event, handler);
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, enum loop_for what, void (*ready)(void *arg), void *arg)
{
	struct loop_watch *watch = mem_alloc(sizeof(*watch));
	const short events = (short)((what == LOOP_READING ? EV_READ : EV_WRITE) | EV_PERSIST);

	handler_init(&watch->handler, loop, fd, events, ready, arg);
	return watch;
}

void loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	event_del(&watch->handler.event);
	free(watch);
}

int loop_watch_set(struct loop_watch *watch, bool on)
{
	const int rc = on ? event_add(&watch->handler.event, NULL) : event_del(&watch->handler.event);

	return rc == 0 ? 0 : -ERR_IO;
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*expired)(void *arg), void *arg)
{
	struct loop_timer *timer = mem_alloc(sizeof(*timer));

	handler_init(&timer->handler, loop, -1, 0, expired, arg);
	return timer;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_del(&timer->handler.event);
	free(timer);
}

void loop_timer_set(struct loop_timer *timer, int64_t after_ns)
{
	const struct timeval after = { .tv_sec = after_ns / NS_PER_S, .tv_usec = after_ns % NS_PER_S / NS_PER_US };

	if (after_ns > 0)
		event_add(&timer->handler.event, &after);
	else
		event_del(&timer->handler.event);
}
