/*
 * virtio_fixture.h - guests without QEMU: UNIX sockets in a private directory that listen as QEMU does, and snapshots
 * published by hand to a running serve lane.
 */
#ifndef EDGENODE_TESTS_VIRTIO_FIXTURE_H
#define EDGENODE_TESTS_VIRTIO_FIXTURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "serve.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 30000 /* for what the lane does within a moment; its waits are 8 s at most */
#define GET "GET /metrics/XML\n\n"
#define INVALID_REPLY "INVALID REQUEST\n\n"
#define PATH_SIZE 108

/* --- a lane and what is published to it --------------------------------------------------------------------------- */

struct world {
	char directory[32];
	struct store *store;
	struct board *board;
	struct serve *serve;
	const char *host_name; /* in every snapshot from now on; NULL: nothing of the host is known */
	const char *own;       /* likewise the value of an action, of the domain of index 1 */
	uint64_t serial;
};

/* A domain of the next snapshot. Its UUID is made of the index. */
struct spec {
	uint32_t index;
	int32_t id;
	const char *name;
	const char *path;  /* the XML's; NULL: it names none */
	bool no_devices;   /* the XML is not known */
	bool no_cpu_time;
	int64_t age_ns;    /* of the reading */
};

static inline void world_serve_rate(struct world *world, uint32_t max_channels, uint32_t expiration_s,
				    const char *channel_path, uint32_t requests_per_s, uint32_t burst)
{
	const struct virtio_options options = { .channel_path = channel_path != NULL ? channel_path : "/nonexistent",
						.max_channels = max_channels, .expiration_s = expiration_s,
						.scan_s = 1, .requests_per_s = requests_per_s, .burst = burst };

	ck_assert_int_eq(serve_start(world->store, world->board, &options, &world->serve), 0);
}

static inline void world_serve(struct world *world, uint32_t max_channels, uint32_t expiration_s,
			       const char *channel_path)
{
	world_serve_rate(world, max_channels, expiration_s, channel_path, 1, 5);
}

static inline void world_open(struct world *world)
{
	memset(world, 0, sizeof(*world));
	strcpy(world->directory, "/tmp/edgenode-virtio-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(world->directory));
	world->store = store_new();
	world->board = board_new();
	world->host_name = "host.example";
}

static inline void world_close(struct world *world)
{
	char command[64];

	ck_assert(serve_stop(world->serve, clock_mono_ns() + PATIENCE_MS * NS_PER_MS));
	store_free(world->store);
	board_free(world->board);
	snprintf(command, sizeof(command), "rm -rf '%s'", world->directory);
	ck_assert_int_eq(system(command), 0);
}

static inline struct domain *make_domain(const struct spec *spec, int64_t now_mono_ns)
{
	uint8_t uuid[16];
	struct domain *domain;

	memset(uuid, (int)(spec->index & 0xff), sizeof(uuid));
	uuid[0] = (uint8_t)(spec->index >> 8);
	domain = domain_new(domain_ident_new(uuid, spec->name, NULL));
	domain->index = spec->index;
	domain->id = spec->id;
	domain->state = spec->id >= 0 ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
	domain->cpu_time_ns = (uint64_t)spec->index * 1000000000u;
	domain->have = spec->no_cpu_time ? 0 : DOMAIN_HAVE_CPU_TIME;
	domain->read_mono_ns = now_mono_ns - spec->age_ns;
	if (!spec->no_devices) {
		domain->devices = domain_devices_new(0, 0);
		domain->devices->channel_path = spec->path != NULL ? strdup(spec->path) : NULL;
	}
	return domain;
}

static inline struct metrics *make_own(const char *value)
{
	struct metrics *metrics = metrics_new(1);

	metrics->rows[0] = (struct metric_row){ .index = 1, .domain = 1, .type = "string" };
	metrics->rows[0].name = strdup("Own");
	metrics->rows[0].value = strdup(value);
	metrics_sort(metrics);
	return metrics;
}

/* specs: ascending index. */
static inline void world_publish(struct world *world, const struct spec *specs, size_t n)
{
	struct snapshot *snapshot = snapshot_new();
	const int64_t now = clock_mono_ns();

	snapshot->serial = ++world->serial;
	snapshot->sealed_mono_ns = now;
	snapshot->sealed_real_ns = world->host_name != NULL ? 1000 * NS_PER_S : 0;
	snapshot->node.name = world->host_name;
	snapshot->domains = domains_new(n);
	for (size_t i = 0; i < n; i++)
		snapshot->domains->rows[i] = make_domain(&specs[i], now);
	if (world->own != NULL)
		snapshot->metrics = make_own(world->own);
	store_publish(world->store, snapshot);
}

/* The board's, zeroes unless it has n rows. */
static inline struct channel get_row(struct world *world, size_t n, size_t row)
{
	struct vbds *vbds;
	struct channels *channels;
	struct channel found = { 0 };

	board_get(world->board, &vbds, &channels);
	if (channels != NULL && channels->n == n)
		found = channels->rows[row];
	part_unref(vbds);
	part_unref(channels);
	return found;
}

/* Waits until the board has n rows of which this one is in that state; gives it. */
static inline struct channel wait_row(struct world *world, size_t n, size_t row, uint8_t state)
{
	for (int64_t until = clock_mono_ns() + PATIENCE_MS * NS_PER_MS; clock_mono_ns() < until; poll(NULL, 0, 5)) {
		const struct channel found = get_row(world, n, row);

		if (found.state == state)
			return found;
	}
	ck_abort_msg("row %zu of %zu was never in state %u", row, n, state);
	return (struct channel){ 0 };
}

/* The same with new readings meanwhile. */
static inline void publish_until(struct world *world, const struct spec *specs, size_t n, size_t row, uint8_t state)
{
	const int64_t until = clock_mono_ns() + PATIENCE_MS * NS_PER_MS;

	while (get_row(world, n, row).state != state && clock_mono_ns() < until) {
		world_publish(world, specs, n);
		poll(NULL, 0, 20);
	}
	ck_assert_uint_eq(get_row(world, n, row).state, state);
}

/* --- a guest behind its socket ------------------------------------------------------------------------------------ */

struct guest {
	char path[PATH_SIZE];
	int listener, fd;
	struct buf got; /* not yet looked at */
	char *reply;    /* the last one */
};

/* The path of the socket in libvirt's directory for this run; makes the directory. */
static inline const char *run_path(const struct world *world, int32_t id, const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/domain-%d-%s", world->directory, (int)id, name);
	ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	strcat(path, "/" VIRTIO_NAME);
	return path;
}

static inline void guest_listen(struct guest *guest, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(guest, 0, sizeof(*guest));
	guest->fd = -1;
	buf_init(&guest->got, 1 << 20);
	snprintf(guest->path, sizeof(guest->path), "%s", path);
	memcpy(address.sun_path, guest->path, strlen(guest->path) + 1);
	unlink(path);
	guest->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(guest->listener, 0);
	ck_assert_int_eq(bind(guest->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(guest->listener, 1), 0);
}

static inline bool is_ready(int fd, short events, int timeout_ms)
{
	struct pollfd ready = { .fd = fd, .events = events };

	return poll(&ready, 1, timeout_ms) == 1;
}

static inline void guest_accept(struct guest *guest)
{
	ck_assert_msg(is_ready(guest->listener, POLLIN, PATIENCE_MS), "nobody connects to %s", guest->path);
	guest->fd = accept4(guest->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	ck_assert_int_ge(guest->fd, 0);
}

/* QEMU ends: connection and socket are gone. */
static inline void guest_end(struct guest *guest)
{
	if (guest->listener >= 0)
		close(guest->listener);
	if (guest->fd >= 0)
		close(guest->fd);
	unlink(guest->path);
	buf_free(&guest->got);
	free(guest->reply);
	memset(guest, 0, sizeof(*guest));
	guest->listener = guest->fd = -1;
}

static inline void guest_send(struct guest *guest, const void *data, size_t length)
{
	ck_assert_int_eq(send(guest->fd, data, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* False at the end of the connection. */
static inline bool guest_read(struct guest *guest)
{
	char bytes[16384];
	ssize_t n;

	ck_assert_msg(is_ready(guest->fd, POLLIN, PATIENCE_MS), "nothing comes at %s", guest->path);
	n = recv(guest->fd, bytes, sizeof(bytes), 0);
	if (n > 0)
		buf_append(&guest->got, bytes, (size_t)n);
	return n > 0;
}

/* The next reply, through its empty line; valid until the next call. */
static inline const char *guest_reply(struct guest *guest)
{
	const char *end;
	size_t length;

	while (guest->got.length == 0 || (end = memmem(guest->got.data, guest->got.length, "\n\n", 2)) == NULL)
		ck_assert_msg(guest_read(guest), "closed: %s", guest->path);
	length = (size_t)(end - guest->got.data) + 2;
	free(guest->reply);
	guest->reply = strndup(guest->got.data, length);
	memmove(guest->got.data, guest->got.data + length, guest->got.length - length);
	buf_cut(&guest->got, guest->got.length - length);
	return guest->reply;
}

static inline const char *guest_ask(struct guest *guest)
{
	guest_send(guest, GET, strlen(GET));
	return guest_reply(guest);
}

static inline void guest_expect_end(struct guest *guest)
{
	while (guest_read(guest))
		;
	close(guest->fd);
	guest->fd = -1;
	buf_reset(&guest->got);
}

/* A whole document with the host's part and of all domains this one's alone. */
static inline void expect_document(const char *reply, uint32_t index)
{
	const char *vm = strstr(reply, "context='vm'");
	char value[64];

	ck_assert_int_eq(strncmp(reply, "<metrics>\n", 10), 0);
	ck_assert_str_eq(reply + strlen(reply) - 12, "</metrics>\n\n");
	ck_assert_ptr_nonnull(strstr(reply, "context='host'>\n  <name>HostName</name>"));
	ck_assert_msg(vm != NULL && strstr(vm + 1, "context='vm'") == NULL, "%s", reply);
	snprintf(value, sizeof(value), "<value>%u.000000</value>", index);
	ck_assert_msg(strstr(vm, value) != NULL, "%s", reply);
}

#endif
