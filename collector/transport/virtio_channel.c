/*
 * virtio_channel.c - one guest's channel as a small state machine. Thread: serve. Data: bytes of the guest,
 * which may be anything.
 */
#include "transport/virtio_channel.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "transport/loop.h"
#include "transport/virtio.h"
#include "transport/virtio_rate.h"
#include "transport/virtio_request.h"
#include "transport/virtio_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char INVALID[] = "INVALID REQUEST\n\n";

/* The one timer belongs to the phase. */
enum phase {
	PHASE_RESTING,     /* closed until the domain is seen */
	PHASE_CLOSED,      /* until the next attempt to connect */
	PHASE_UNCONFIRMED, /* connected; whose path it is by now is not known */
	PHASE_READING,
	PHASE_PAUSED,  /* too much read: until it may read again */
	PHASE_DUE,     /* a request waits for its answer */
	PHASE_WRITING  /* a reply that the guest does not take: until the deadline */
};

struct virtio_channel {
	const struct virtio_service *service;
	uint8_t uuid[16];
	int32_t id;
	char *path;
	bool names_domain; /* the path says whose it is ... */
	bool doubtful;     /* ... or did: QEMU has hung up or was not there, and another may be behind it since */
	enum phase phase;
	int fd; /* -1 unless connected */
	struct loop_watch *readable, *writable; /* NULL unless connected */
	struct loop_timer *timer;
	int64_t settled_mono_ns; /* while UNCONFIRMED: when it was connected, then the first reading after that */
	bool read_once;          /* ... which there has been */
	uint32_t failures; /* connections refused or lost since a reply was last taken */
	int reason;        /* errno of the last attempt to connect; 0: it succeeded */
	struct virtio_request request;
	enum virtio_request_result pending; /* while DUE */
	struct virtio_rate requests, reads;
	char input[VIRTIO_REQUEST_MAX];
	size_t input_at, input_n;
	struct buf unsent; /* while WRITING: the rest of the reply ... */
	size_t sent;       /* ... and what of it has been sent since */
	struct channel row;
};

/* --- phases ------------------------------------------------------------------------------------------------------- */

static void enter(struct virtio_channel *channel, enum phase phase, int64_t timer_ns)
{
	if (channel->fd >= 0) {
		loop_watch_set(channel->readable, phase == PHASE_READING);
		loop_watch_set(channel->writable, phase == PHASE_WRITING);
	}
	loop_timer_set(channel->timer, timer_ns);
	channel->phase = phase;
}

static void close_socket(struct virtio_channel *channel)
{
	if (channel->fd < 0)
		return;
	loop_watch_free(channel->readable);
	loop_watch_free(channel->writable);
	channel->readable = channel->writable = NULL;
	close(channel->fd);
	channel->fd = -1;
	buf_free(&channel->unsent);
	channel->input_at = channel->input_n = 0;
	channel->request = (struct virtio_request){ 0 };
}

static void retry_later(struct virtio_channel *channel)
{
	int64_t wait_ms = VIRTIO_RETRY_MS;

	for (uint32_t i = 0; i < channel->failures && wait_ms < VIRTIO_RETRY_MOST_MS; i++)
		wait_ms *= 2;
	channel->failures++;
	enter(channel, PHASE_CLOSED, (wait_ms < VIRTIO_RETRY_MOST_MS ? wait_ms : VIRTIO_RETRY_MOST_MS) * NS_PER_MS);
}

/* At debug level, for a guest can bring it about as it likes. */
static void lose(struct virtio_channel *channel, const char *why)
{
	log_debug("channel %s: %s", channel->path, why);
	close_socket(channel);
	retry_later(channel);
}

/* Not by us: QEMU is gone. */
static void lose_qemu(struct virtio_channel *channel, const char *why)
{
	channel->doubtful = true;
	lose(channel, why);
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

/* What the socket takes now. False: the channel was lost. */
static bool send_some(struct virtio_channel *channel, const char *data, size_t length, size_t *sent)
{
	const ssize_t n = send(channel->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	*sent = n > 0 ? (size_t)n : 0;
	channel->row.bytes += *sent;
	if (n >= 0 || errno == EAGAIN || errno == EINTR)
		return true;
	lose_qemu(channel, strerror(errno));
	return false;
}

/* True when the reply is out and the next request may be looked at. */
static bool send_reply(struct virtio_channel *channel, const char *data, size_t length)
{
	size_t sent;

	if (!send_some(channel, data, length, &sent))
		return false;
	if (sent == length) {
		channel->failures = 0;
		return true;
	}
	buf_init(&channel->unsent, VIRTIO_REPLY_MAX);
	buf_append(&channel->unsent, data + sent, length - sent);
	channel->sent = 0;
	enter(channel, PHASE_WRITING, VIRTIO_WRITE_DEADLINE_S * NS_PER_S);
	return false;
}

static bool reply(struct virtio_channel *channel, enum virtio_request_result request)
{
	const struct virtio_service *service = channel->service;
	const struct domain *domain;
	const struct buf *document;

	virtio_rate_spend(&channel->requests, clock_mono_ns(), service->request_cost_ns);
	channel->row.requests++;
	if (request == VIRTIO_REQUEST_INVALID) {
		channel->row.invalid++;
		return send_reply(channel, INVALID, sizeof(INVALID) - 1);
	}
	domain = service->domain(service->arg, channel->row.index, channel->uuid, channel->id);
	document = service->document(service->arg, domain);
	return send_reply(channel, document->data, document->length);
}

/* Soon, or when its turn has come. */
static void answer_later(struct virtio_channel *channel, enum virtio_request_result request)
{
	const struct virtio_service *service = channel->service;
	const int64_t wait = virtio_rate_wait(&channel->requests, clock_mono_ns(), service->request_cost_ns,
					      service->request_burst_ns);
	const int64_t least = VIRTIO_ANSWER_MS * NS_PER_MS;

	channel->row.limited += wait > 0;
	channel->pending = request;
	enter(channel, PHASE_DUE, wait > least ? wait : least);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* The next request in what was read; without one, reading goes on. */
static void take_input(struct virtio_channel *channel)
{
	size_t used;
	const enum virtio_request_result request =
		virtio_request_feed(&channel->request, channel->input + channel->input_at,
				    channel->input_n - channel->input_at, &used);

	channel->input_at += used;
	if (request != VIRTIO_REQUEST_MORE)
		answer_later(channel, request);
	else if (channel->phase != PHASE_READING)
		enter(channel, PHASE_READING, 0);
}

/* False: the guest has sent too much of late and is left alone for a while. */
static bool may_read(struct virtio_channel *channel)
{
	const int64_t wait = virtio_rate_wait(&channel->reads, clock_mono_ns(),
					      VIRTIO_READ_LEAST * VIRTIO_BYTE_COST_NS, VIRTIO_READ_BURST_NS);

	if (wait > 0)
		enter(channel, PHASE_PAUSED, wait + VIRTIO_READ_PAUSE_MS * NS_PER_MS);
	return wait == 0;
}

static void on_readable(void *arg)
{
	struct virtio_channel *channel = arg;
	ssize_t n;

	if (!may_read(channel))
		return;
	n = recv(channel->fd, channel->input, sizeof(channel->input), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose_qemu(channel, n == 0 ? "closed by QEMU" : strerror(errno));
		return;
	}
	virtio_rate_spend(&channel->reads, clock_mono_ns(),
			  (n > VIRTIO_READ_LEAST ? n : VIRTIO_READ_LEAST) * VIRTIO_BYTE_COST_NS);
	channel->input_at = 0;
	channel->input_n = (size_t)n;
	take_input(channel);
}

static void on_writable(void *arg)
{
	struct virtio_channel *channel = arg;
	size_t sent;

	if (!send_some(channel, channel->unsent.data + channel->sent, channel->unsent.length - channel->sent, &sent))
		return;
	channel->sent += sent;
	if (channel->sent < channel->unsent.length)
		return;
	channel->failures = 0;
	buf_free(&channel->unsent);
	take_input(channel);
}

/* --- connecting --------------------------------------------------------------------------------------------------- */

/* A connection to a UNIX socket is there at once or not at all: EAGAIN is a full queue. -1 with errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const size_t length = strlen(path);
	const int size = VIRTIO_SEND_BUFFER;
	int fd, saved;

	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, length + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

/* QEMU is not there (yet), or has its one connection. */
static bool is_waiting(int reason)
{
	return reason == 0 || reason == ENOENT || reason == ECONNREFUSED || reason == EAGAIN;
}

static void note_reason(struct virtio_channel *channel, int reason)
{
	if (reason != channel->reason && !is_waiting(reason))
		log_warning("channel %s: %s", channel->path, strerror(reason));
	else if (reason == 0 && !is_waiting(channel->reason))
		log_info("channel %s: connected again", channel->path);
	channel->reason = reason;
}

static void open_socket(struct virtio_channel *channel)
{
	struct loop *loop = channel->service->loop;

	channel->fd = connect_to(channel->path);
	note_reason(channel, channel->fd < 0 ? errno : 0);
	if (channel->fd < 0) {
		channel->doubtful = true;
		retry_later(channel);
		return;
	}
	log_debug("channel %s: connected", channel->path);
	channel->settled_mono_ns = clock_mono_ns();
	channel->read_once = false;
	channel->readable = loop_watch_new(loop, channel->fd, LOOP_READING, on_readable, channel);
	channel->writable = loop_watch_new(loop, channel->fd, LOOP_WRITING, on_writable, channel);
	enter(channel, channel->names_domain && !channel->doubtful ? PHASE_READING : PHASE_UNCONFIRMED, 0);
}

static void on_timer(void *arg)
{
	struct virtio_channel *channel = arg;

	if (channel->phase == PHASE_CLOSED)
		open_socket(channel);
	else if (channel->phase == PHASE_PAUSED)
		enter(channel, PHASE_READING, 0);
	else if (channel->phase == PHASE_WRITING)
		lose(channel, "the guest does not read its reply");
	else if (channel->phase == PHASE_DUE && reply(channel, channel->pending))
		take_input(channel);
}

/* --- the domain --------------------------------------------------------------------------------------------------- */

static void bind_to(struct virtio_channel *channel, const struct domain *domain, const char *path)
{
	channel->doubtful = channel->doubtful && virtio_channel_is_of(channel, domain);
	memcpy(channel->uuid, domain->uuid, sizeof(channel->uuid));
	channel->row.index = domain->index;
	channel->id = domain->id;
	mem_replace(&channel->path, path);
	channel->names_domain = virtio_scan_is_of(path, domain);
	channel->failures = 0;
	channel->reason = 0;
	open_socket(channel);
}

struct virtio_channel *virtio_channel_new(const struct virtio_service *service, const struct domain *domain,
					  const char *path)
{
	struct virtio_channel *channel = mem_alloc(sizeof(*channel));

	channel->service = service;
	channel->fd = -1;
	channel->timer = loop_timer_new(service->loop, on_timer, channel);
	bind_to(channel, domain, path);
	return channel;
}

void virtio_channel_free(struct virtio_channel *channel)
{
	if (channel == NULL)
		return;
	close_socket(channel);
	loop_timer_free(channel->timer);
	free(channel->path);
	free(channel);
}

uint32_t virtio_channel_index(const struct virtio_channel *channel)
{
	return channel->row.index;
}

const char *virtio_channel_path(const struct virtio_channel *channel)
{
	return channel->path;
}

bool virtio_channel_is_of(const struct virtio_channel *channel, const struct domain *domain)
{
	return channel->id == domain->id && memcmp(channel->uuid, domain->uuid, sizeof(channel->uuid)) == 0;
}

void virtio_channel_rebind(struct virtio_channel *channel, const struct domain *domain, const char *path)
{
	close_socket(channel);
	bind_to(channel, domain, path);
}

/* A reading that ended after the connection was made may have begun before it; the one after that has not. */
static void confirm(struct virtio_channel *channel, int64_t read_mono_ns)
{
	if (read_mono_ns <= channel->settled_mono_ns)
		return;
	channel->settled_mono_ns = read_mono_ns;
	if (channel->read_once) {
		channel->doubtful = false;
		enter(channel, PHASE_READING, 0);
	}
	channel->read_once = true;
}

void virtio_channel_seen(struct virtio_channel *channel, int64_t read_mono_ns)
{
	if (channel->phase == PHASE_RESTING)
		open_socket(channel);
	else if (channel->phase == PHASE_UNCONFIRMED)
		confirm(channel, read_mono_ns);
}

void virtio_channel_rest(struct virtio_channel *channel, bool contested)
{
	if (channel->phase != PHASE_RESTING)
		log_debug("channel %s: closed", channel->path);
	if (contested && channel->reason != EADDRINUSE)
		log_warning("channel %s: two running domains have this socket, neither is served", channel->path);
	close_socket(channel);
	enter(channel, PHASE_RESTING, 0);
	channel->reason = contested ? EADDRINUSE : 0;
}

void virtio_channel_row(const struct virtio_channel *channel, struct channel *out)
{
	memcpy(out, &channel->row, sizeof(*out));
	if (channel->fd >= 0 && channel->phase != PHASE_UNCONFIRMED)
		out->state = CHANNEL_CONNECTED;
	else
		out->state = is_waiting(channel->reason) ? CHANNEL_WAITING : CHANNEL_FAILED;
}
