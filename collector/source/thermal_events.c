/*
 * thermal_events.c - waits for the kernel's messages on thermal zones.
 *
 * Thread: its own ("trips"), which does nothing but poll a socket. Data: generic netlink by libnl; no message is looked
 * into, so there is nothing to be parsed. A full socket buffer (ENOBUFS) means as much as a message.
 */
#include "source/thermal_events.h"

#include <stddef.h>

#ifdef HAVE_LIBNL
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FAMILY "thermal"
#define GROUP "event"
#define MESSAGE_SIZE 8192 /* of one read; what is longer is cut, for it is not looked into */

struct thermal_events {
	struct nl_sock *socket;
	int stop_fd;
	pthread_t thread;
	void (*wake)(void *arg);
	void *arg;
	_Atomic bool pending;
};

/* NULL: no such family or group, which is most often a kernel without it. */
static struct nl_sock *join(void)
{
	struct nl_sock *socket = nl_socket_alloc();
	int group;

	if (socket == NULL)
		return NULL;
	if (genl_connect(socket) == 0) {
		group = genl_ctrl_resolve_grp(socket, FAMILY, GROUP);
		if (group > 0 && nl_socket_add_membership(socket, group) == 0 && nl_socket_set_nonblocking(socket) == 0)
			return socket;
	}
	nl_socket_free(socket);
	return NULL;
}

/* Empties the socket. */
static void drain(int fd)
{
	char message[MESSAGE_SIZE];

	while (read(fd, message, sizeof(message)) > 0)
		;
}

static void *thermal_events_main(void *arg)
{
	struct thermal_events *events = arg;
	struct pollfd fds[2] = { { nl_socket_get_fd(events->socket), POLLIN, 0 }, { events->stop_fd, POLLIN, 0 } };

	while (poll(fds, 2, -1) >= 0 && fds[1].revents == 0) {
		drain(fds[0].fd);
		events->pending = true;
		events->wake(events->arg);
	}
	return NULL;
}

static void thermal_events_free(struct thermal_events *events)
{
	nl_socket_free(events->socket);
	if (events->stop_fd >= 0)
		close(events->stop_fd);
	free(events);
}

struct thermal_events *thermal_events_start(void (*wake)(void *arg), void *arg)
{
	struct nl_sock *socket = join();
	struct thermal_events *events;

	if (socket == NULL) {
		log_debug("no thermal events from this kernel: the zones are polled only");
		return NULL;
	}
	events = mem_alloc(sizeof(*events));
	events->socket = socket;
	events->wake = wake;
	events->arg = arg;
	events->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (events->stop_fd >= 0 && lane_start(&events->thread, "trips", thermal_events_main, events) == 0)
		return events;
	thermal_events_free(events);
	return NULL;
}

bool thermal_events_take(struct thermal_events *events)
{
	return events != NULL && atomic_exchange(&events->pending, false);
}

bool thermal_events_stop(struct thermal_events *events, int64_t deadline_mono_ns)
{
	if (events == NULL)
		return true;
	eventfd_write(events->stop_fd, 1);
	if (!lane_join(events->thread, deadline_mono_ns))
		return false;
	thermal_events_free(events);
	return true;
}

#else

struct thermal_events *thermal_events_start(void (*wake)(void *arg), void *arg)
{
	(void)wake;
	(void)arg;
	return NULL;
}

bool thermal_events_take(struct thermal_events *events)
{
	(void)events;
	return false;
}

bool thermal_events_stop(struct thermal_events *events, int64_t deadline_mono_ns)
{
	(void)events;
	(void)deadline_mono_ns;
	return true;
}
#endif
