/*
 * test_virtio.c - the serve lane and its channels against guests without QEMU: what is answered, to whom, and how
 * connections come and go.
 */
#include "tests/unit/unit.h"

#include "tests/unit/virtio_fixture.h"

#include "base/mem.h"
#include "transport/disk_lane.h"
#include "transport/virtio_channel.h"
#include "transport/virtio_request.h"

#include <dirent.h>

#define TEST_TIMEOUT_S 120
#define EXPIRATION_S 600 /* where it plays no part */
#define LONG_NAME (100 << 10) /* a reply far beyond what the sockets hold */

static struct world world;

static void setup(void)
{
	world_open(&world);
}

static void teardown(void)
{
	world_close(&world);
}

/* One domain with a guest that is connected. */
static void one_guest(struct guest *guest)
{
	const struct spec spec = { .index = 1, .id = 3, .name = "one", .path = run_path(&world, 3, "one") };

	guest_listen(guest, spec.path);
	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, &spec, 1);
	guest_accept(guest);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

START_TEST(answers_byte_by_byte)
{
	static const char REQUESTS[] = GET "GET /metrics/XML\r\n\r\n";
	struct guest guest;

	one_guest(&guest);
	for (size_t i = 0; i < sizeof(REQUESTS) - 1; i++)
		guest_send(&guest, &REQUESTS[i], 1);
	expect_document(guest_reply(&guest), 1);
	expect_document(guest_reply(&guest), 1);
	guest_end(&guest);
}
END_TEST

/* A guest that closes its port after the request and opens it to read must not have been answered in between. */
START_TEST(leaves_time_to_reopen_the_port)
{
	struct guest guest;
	int64_t start;

	one_guest(&guest);
	start = clock_mono_ns();
	expect_document(guest_ask(&guest), 1);
	ck_assert_int_ge(clock_mono_ns() - start, (VIRTIO_ANSWER_MS - 1) * NS_PER_MS);
	guest_end(&guest);
}
END_TEST

START_TEST(answers_several_at_once)
{
	static const char REQUESTS[] = GET GET "nonsense\n\n" GET;
	struct guest guest;

	one_guest(&guest);
	guest_send(&guest, REQUESTS, sizeof(REQUESTS) - 1);
	expect_document(guest_reply(&guest), 1);
	expect_document(guest_reply(&guest), 1);
	ck_assert_str_eq(guest_reply(&guest), INVALID_REPLY);
	expect_document(guest_reply(&guest), 1);
	guest_end(&guest);
}
END_TEST

START_TEST(refuses_binary_and_overlong)
{
	struct guest guest;
	uint8_t bytes[1000];

	one_guest(&guest);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 % 256 == '\n' ? 0xff : i * 7 % 256);
	guest_send(&guest, bytes, VIRTIO_REQUEST_MAX - 1);
	guest_send(&guest, bytes, 1);
	ck_assert_str_eq(guest_reply(&guest), INVALID_REPLY);
	guest_send(&guest, bytes, sizeof(bytes));
	guest_send(&guest, "\n\n", 2);
	ck_assert_str_eq(guest_reply(&guest), INVALID_REPLY);
	expect_document(guest_ask(&guest), 1);
	ck_assert_uint_eq(wait_row(&world, 1, 0, CHANNEL_CONNECTED).index, 1);
	guest_end(&guest);
}
END_TEST

/* Five at once, then one per second; a request that waits is counted, and the counters reach the board. */
START_TEST(delays_what_is_over_the_rate)
{
	struct guest guest;
	const int64_t start = clock_mono_ns();
	struct channel row = { 0 };

	one_guest(&guest);
	for (int i = 0; i < 7; i++)
		guest_send(&guest, GET, strlen(GET));
	for (int i = 0; i < 7; i++)
		expect_document(guest_reply(&guest), 1);
	ck_assert_int_ge(clock_mono_ns() - start, 19 * NS_PER_S / 10);
	for (int i = 0; i < 1000 && row.requests < 7; i++) {
		row = wait_row(&world, 1, 0, CHANNEL_CONNECTED);
		poll(NULL, 0, 5);
	}
	ck_assert_uint_eq(row.requests, 7);
	ck_assert_uint_eq(row.invalid, 0);
	ck_assert_uint_eq(row.limited, 2);
	ck_assert_uint_eq(row.bytes, 7 * strlen(guest.reply));
	guest_end(&guest);
}
END_TEST

/* Two at once, then one every 100 ms. */
START_TEST(the_rate_is_configurable)
{
	struct guest guest;
	int64_t start;

	world_serve_rate(&world, 4, EXPIRATION_S, NULL, 10, 2);
	guest_listen(&guest, run_path(&world, 3, "one"));
	world_publish(&world, &(struct spec){ .index = 1, .id = 3, .name = "one", .path = guest.path }, 1);
	guest_accept(&guest);
	start = clock_mono_ns();
	for (int i = 0; i < 7; i++)
		guest_send(&guest, GET, strlen(GET));
	for (int i = 0; i < 7; i++)
		expect_document(guest_reply(&guest), 1);
	ck_assert_int_ge(clock_mono_ns() - start, 5 * NS_PER_S / 10 - NS_PER_S / 20);
	ck_assert_uint_eq(wait_row(&world, 1, 0, CHANNEL_CONNECTED).invalid, 0);
	guest_end(&guest);
}
END_TEST

/* --- content ------------------------------------------------------------------------------------------------------ */

START_TEST(each_sees_itself_alone)
{
	struct spec specs[2] = { { .index = 4, .id = 1, .name = "a" }, { .index = 9, .id = 2, .name = "b" } };
	struct guest guests[2];

	world_serve(&world, 4, EXPIRATION_S, NULL);
	for (int i = 0; i < 2; i++) {
		guest_listen(&guests[i], run_path(&world, specs[i].id, specs[i].name));
		specs[i].path = guests[i].path;
	}
	world_publish(&world, specs, 2);
	for (int i = 0; i < 2; i++)
		guest_accept(&guests[i]);
	for (int i = 0; i < 4; i++)
		expect_document(guest_ask(&guests[i % 2]), specs[i % 2].index);
	for (int i = 0; i < 2; i++)
		guest_end(&guests[i]);
}
END_TEST

/* A reply is of the newest snapshot, and a part that is not there is a comment. */
START_TEST(follows_the_newest_snapshot)
{
	struct spec spec = { .index = 1, .id = 3, .name = "one", .no_cpu_time = true };
	struct guest guest;

	world_serve(&world, 4, EXPIRATION_S, NULL);
	guest_listen(&guest, run_path(&world, 3, "one"));
	spec.path = guest.path;
	world.host_name = NULL;
	world_publish(&world, &spec, 1);
	guest_accept(&guest);
	ck_assert_str_eq(guest_ask(&guest), "<metrics>\n<!-- host metrics not available -->\n"
					    "<!-- VM metrics not available -->\n</metrics>\n\n");
	world.host_name = "a\n\nb\r\n\r\n c";
	spec.no_cpu_time = false;
	world_publish(&world, &spec, 1);
	/* The lane may be answering while the publication wakes it. */
	while (strstr(guest_ask(&guest), "not available") != NULL)
		;
	expect_document(guest.reply, 1);
	guest_end(&guest);
}
END_TEST

/* --- slow and broken guests --------------------------------------------------------------------------------------- */

static char *long_name(void)
{
	char *name = malloc(LONG_NAME + 1);

	memset(name, 'x', LONG_NAME);
	name[LONG_NAME] = '\0';
	return name;
}

START_TEST(long_reply_arrives_whole)
{
	struct guest guest;
	char *name = long_name();

	world.host_name = name;
	one_guest(&guest);
	guest_send(&guest, GET GET GET, 3 * strlen(GET));
	for (int i = 0; i < 3; i++) {
		expect_document(guest_reply(&guest), 1);
		ck_assert_ptr_nonnull(strstr(guest.reply, name));
	}
	guest_end(&guest);
	free(name);
}
END_TEST

START_TEST(too_long_reply_is_replaced)
{
	struct guest guest;
	char *name = malloc(VIRTIO_REPLY_MAX + 1);

	memset(name, 'x', VIRTIO_REPLY_MAX);
	name[VIRTIO_REPLY_MAX] = '\0';
	world.host_name = name;
	one_guest(&guest);
	ck_assert_ptr_nonnull(strstr(guest_ask(&guest), "<!-- VM metrics not available -->\n</metrics>\n\n"));
	guest_end(&guest);
	free(name);
}
END_TEST

/* Of a guest with too much of its own the host's metrics are left, and other guests are as they were. */
START_TEST(too_long_part_is_left_out)
{
	struct guest guest;
	char *value = malloc(VIRTIO_REPLY_MAX + 1);

	memset(value, 'x', VIRTIO_REPLY_MAX);
	value[VIRTIO_REPLY_MAX] = '\0';
	world.own = value;
	one_guest(&guest);
	ck_assert_ptr_nonnull(strstr(guest_ask(&guest), "<!-- metrics left out: there is no room for their values -->\n"
							"</metrics>\n\n"));
	ck_assert_ptr_nonnull(strstr(guest.reply, "<value>host.example</value>"));
	guest_end(&guest);
	free(value);
}
END_TEST

/* The guest dies in the middle of a reply; the other one notices nothing, and the channel is there again when the guest
 * is. */
START_TEST(killed_in_mid_reply)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "a" }, { .index = 2, .id = 2, .name = "b" } };
	struct guest guests[2];
	char *name = long_name(), bytes[100];

	world_serve(&world, 4, EXPIRATION_S, NULL);
	for (int i = 0; i < 2; i++) {
		guest_listen(&guests[i], run_path(&world, specs[i].id, specs[i].name));
		specs[i].path = guests[i].path;
	}
	world.host_name = name;
	world_publish(&world, specs, 2);
	for (int i = 0; i < 2; i++)
		guest_accept(&guests[i]);
	guest_send(&guests[0], GET GET, 2 * strlen(GET));
	ck_assert(is_ready(guests[0].fd, POLLIN, PATIENCE_MS));
	ck_assert_int_eq(recv(guests[0].fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	guest_end(&guests[0]);
	expect_document(guest_ask(&guests[1]), 2);
	wait_row(&world, 2, 0, CHANNEL_WAITING);
	guest_listen(&guests[0], specs[0].path = run_path(&world, 1, "a"));
	guest_accept(&guests[0]);
	publish_until(&world, specs, 2, 0, CHANNEL_CONNECTED);
	expect_document(guest_ask(&guests[0]), 1);
	expect_document(guest_ask(&guests[1]), 2);
	for (int i = 0; i < 2; i++)
		guest_end(&guests[i]);
	free(name);
}
END_TEST

/* What was not read within the deadline closes the channel, and it comes back. */
START_TEST(never_read_is_closed)
{
	struct guest guest;
	char *name = long_name();
	int64_t start;

	world.host_name = name;
	one_guest(&guest);
	start = clock_mono_ns();
	guest_send(&guest, GET, strlen(GET));
	guest_accept(&guest); /* the next connection */
	ck_assert_int_ge(clock_mono_ns() - start, VIRTIO_WRITE_DEADLINE_S * NS_PER_S);
	expect_document(guest_ask(&guest), 1);
	guest_end(&guest);
	free(name);
}
END_TEST

/* --- connections -------------------------------------------------------------------------------------------------- */

/* Each time a reading must confirm that it is still this domain's socket. */
START_TEST(guest_comes_later_and_returns)
{
	const struct spec spec = { .index = 1, .id = 3, .name = "one", .path = run_path(&world, 3, "one") };
	struct guest guest;

	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, &spec, 1);
	wait_row(&world, 1, 0, CHANNEL_WAITING);
	for (int i = 0; i < 2; i++) {
		guest_listen(&guest, spec.path);
		guest_accept(&guest);
		guest_send(&guest, GET, strlen(GET));
		ck_assert(!is_ready(guest.fd, POLLIN, 100));
		publish_until(&world, &spec, 1, 0, CHANNEL_CONNECTED);
		expect_document(guest_reply(&guest), 1);
		guest_end(&guest);
		wait_row(&world, 1, 0, CHANNEL_WAITING);
	}
}
END_TEST

/* A socket that may not be used is a failure and is told from one that is not there. */
START_TEST(not_a_socket_is_failed)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "a" }, { .index = 2, .id = 2, .name = "b" } };
	char long_path[300];

	snprintf(long_path, sizeof(long_path), "%s/%0200d", world.directory, 1);
	specs[0].path = long_path;
	specs[1].path = "/proc/version/x"; /* ENOTDIR */
	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, specs, 2);
	wait_row(&world, 2, 0, CHANNEL_FAILED);
	wait_row(&world, 2, 1, CHANNEL_FAILED);
}
END_TEST

START_TEST(ended_domain_has_no_channel)
{
	struct spec spec = { .index = 1, .id = 3, .name = "one" };
	struct guest guest;

	one_guest(&guest);
	spec.id = -1;
	spec.path = guest.path;
	world_publish(&world, &spec, 1);
	guest_expect_end(&guest);
	spec.id = 3;
	world_publish(&world, &spec, 1);
	guest_accept(&guest);
	world_publish(&world, NULL, 0);
	guest_expect_end(&guest);
	guest_end(&guest);
}
END_TEST

/* The next run of a domain: its own path, counters that go on. */
START_TEST(next_run_keeps_the_counters)
{
	struct guest first, next;
	const struct spec spec = { .index = 1, .id = 8, .name = "one", .path = next.path };
	struct channel row;

	guest_listen(&next, run_path(&world, 8, "one"));
	one_guest(&first);
	expect_document(guest_ask(&first), 1);
	world_publish(&world, &spec, 1);
	guest_accept(&next);
	guest_expect_end(&first);
	expect_document(guest_ask(&next), 1);
	do {
		row = wait_row(&world, 1, 0, CHANNEL_CONNECTED);
		poll(NULL, 0, 5);
	} while (row.requests < 2);
	ck_assert_uint_eq(row.bytes, 2 * strlen(next.reply));
	guest_end(&first);
	guest_end(&next);
}
END_TEST

START_TEST(stale_domain_is_closed_until_fresh)
{
	struct spec spec = { .index = 1, .id = 3, .name = "one", .path = run_path(&world, 3, "one") };
	struct guest guest;

	guest_listen(&guest, spec.path);
	world_serve(&world, 4, 2, NULL);
	world_publish(&world, &spec, 1);
	guest_accept(&guest);
	expect_document(guest_ask(&guest), 1);
	guest_expect_end(&guest); /* by the clock: nothing new is published */
	wait_row(&world, 1, 0, CHANNEL_WAITING);
	spec.age_ns = 3 * NS_PER_S;
	world_publish(&world, &spec, 1);
	ck_assert(!is_ready(guest.listener, POLLIN, 0));
	spec.age_ns = 0;
	world_publish(&world, &spec, 1);
	guest_accept(&guest);
	expect_document(guest_ask(&guest), 1);
	guest_end(&guest);
}
END_TEST

START_TEST(no_more_than_max_channels)
{
	struct spec specs[3] = { { .index = 1, .id = 1, .name = "a" },
				 { .index = 2, .id = 2, .name = "b" },
				 { .index = 3, .id = 3, .name = "c" } };
	struct guest guests[3];

	world_serve(&world, 2, EXPIRATION_S, NULL);
	for (int i = 0; i < 3; i++) {
		guest_listen(&guests[i], run_path(&world, specs[i].id, specs[i].name));
		specs[i].path = guests[i].path;
	}
	world_publish(&world, specs + 1, 2);
	guest_accept(&guests[1]);
	guest_accept(&guests[2]);
	world_publish(&world, specs, 3); /* those that are there stay, though their index is higher */
	expect_document(guest_ask(&guests[1]), 2);
	expect_document(guest_ask(&guests[2]), 3);
	wait_row(&world, 2, 1, CHANNEL_CONNECTED);
	ck_assert(!is_ready(guests[0].listener, POLLIN, 0));
	world_publish(&world, specs, 2);
	guest_accept(&guests[0]);
	guest_expect_end(&guests[2]);
	expect_document(guest_ask(&guests[0]), 1);
	for (int i = 0; i < 3; i++)
		guest_end(&guests[i]);
}
END_TEST

/* --- whose path it is --------------------------------------------------------------------------------------------- */

static void listen_in(struct guest *guest, const char *directory)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", world.directory, directory);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	strcat(path, "/" VIRTIO_NAME);
	guest_listen(guest, path);
}

/* Domains whose XML names no channel, or is not known: found in channel_path by either scheme. */
START_TEST(scan_serves_both_schemes)
{
	static const char NAME[] = "one-with-a-name-that-is-cut";
	struct spec specs[3] = { { .index = 1, .id = 5, .name = NAME, .no_devices = true },
				 { .index = 2, .id = 6, .name = "two" },
				 { .index = 3, .id = 7, .name = "three" } };
	struct guest guests[4];

	listen_in(&guests[0], "5-one-with-a-name-that");
	listen_in(&guests[1], "domain-6-two");
	listen_in(&guests[2], "domain-7-another"); /* what an earlier host left */
	world_serve(&world, 4, EXPIRATION_S, world.directory);
	world_publish(&world, specs, 3);
	for (int i = 0; i < 2; i++) {
		guest_accept(&guests[i]);
		expect_document(guest_ask(&guests[i]), specs[i].index);
	}
	wait_row(&world, 2, 1, CHANNEL_CONNECTED);
	ck_assert(!is_ready(guests[2].listener, POLLIN, 0));
	listen_in(&guests[3], "7-three"); /* found by a later scan */
	guest_accept(&guests[3]);
	expect_document(guest_ask(&guests[3]), 3);
	/* The XML is known by now and names the same: the connection stays. */
	specs[0].no_devices = false;
	specs[0].path = guests[0].path;
	world_publish(&world, specs, 3);
	expect_document(guest_ask(&guests[0]), 1);
	specs[1].id = 60; /* another run, of which nothing is found */
	world_publish(&world, specs, 3);
	guest_expect_end(&guests[1]);
	for (int i = 0; i < 4; i++)
		guest_end(&guests[i]);
}
END_TEST

/* A path that the operator chose says nothing of whose it is: it is served once a reading that began after the
 * connection still shows the domain. Here another domain had it by then, and never gets what is the first one's. */
START_TEST(chosen_path_changes_hands)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "a" }, { .index = 2, .id = -1, .name = "b" } };
	struct guest guest;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/chosen", world.directory);
	specs[0].path = specs[1].path = path;
	guest_listen(&guest, path);
	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, specs, 2);
	guest_accept(&guest);
	guest_send(&guest, GET, strlen(GET));
	wait_row(&world, 1, 0, CHANNEL_WAITING);
	world_publish(&world, specs, 2); /* may have begun before */
	specs[0].id = -1;
	specs[1].id = 2;
	world_publish(&world, specs, 2);
	guest_expect_end(&guest);
	guest_accept(&guest);
	guest_send(&guest, GET, strlen(GET));
	wait_row(&world, 1, 0, CHANNEL_WAITING);
	world_publish(&world, specs, 2);
	ck_assert(!is_ready(guest.fd, POLLIN, 100));
	world_publish(&world, specs, 2);
	expect_document(guest_reply(&guest), 2);
	guest_end(&guest);
}
END_TEST

START_TEST(path_of_two_domains_is_nobodys)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "a" }, { .index = 2, .id = 2, .name = "b" } };
	struct guest guest;

	guest_listen(&guest, run_path(&world, 2, "b"));
	specs[0].path = specs[1].path = guest.path;
	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, specs, 2);
	for (int i = 0; i < 2; i++)
		wait_row(&world, 2, (size_t)i, CHANNEL_FAILED);
	guest_end(&guest);
	guest_listen(&guest, run_path(&world, 2, "b"));
	specs[0].path = NULL;
	world_publish(&world, specs, 2);
	guest_accept(&guest);
	expect_document(guest_ask(&guest), 2);
	guest_end(&guest);
}
END_TEST

/* Takes the connections that are closed already, so that there is room for another. */
static void refuse_waiting(struct guest *guest)
{
	while (is_ready(guest->listener, POLLIN, 0)) {
		guest_accept(guest);
		guest_expect_end(guest);
	}
}

/* The same socket has many spellings. */
START_TEST(socket_of_two_domains_is_nobodys)
{
	struct spec specs[3] = { { .index = 1, .id = 1, .name = "a" },
				 { .index = 2, .id = 2, .name = "b" },
				 { .index = 3, .id = 3, .name = "c" } };
	struct guest guest, other;
	char doubled[PATH_SIZE], linked[PATH_SIZE];

	guest_listen(&other, run_path(&world, 3, "c"));
	specs[2].path = other.path;
	guest_listen(&guest, run_path(&world, 2, "b"));
	specs[1].path = guest.path;
	snprintf(doubled, sizeof(doubled), "%s//domain-2-b/" VIRTIO_NAME, world.directory);
	snprintf(linked, sizeof(linked), "%s/link", world.directory);
	ck_assert_int_eq(symlink(guest.path, linked), 0);
	world_serve(&world, 4, EXPIRATION_S, NULL);
	for (int i = 0; i < 2; i++) {
		specs[0].path = i == 0 ? doubled : linked;
		world_publish(&world, specs, 3);
		wait_row(&world, 3, 0, CHANNEL_FAILED);
		wait_row(&world, 3, 1, CHANNEL_FAILED);
		wait_row(&world, 3, 2, CHANNEL_CONNECTED);
		if (guest.fd >= 0)
			guest_expect_end(&guest);
		refuse_waiting(&guest);
		specs[0].path = NULL;
		world_publish(&world, specs, 3);
		wait_row(&world, 2, 0, CHANNEL_CONNECTED);
		guest_accept(&guest);
		expect_document(guest_ask(&guest), 2);
	}
	guest_accept(&other);
	expect_document(guest_ask(&other), 3);
	guest_end(&guest);
	guest_end(&other);
}
END_TEST

/* One whose domain has no channel for there are too many. */
START_TEST(socket_of_a_refused_domain_is_nobodys)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "a" }, { .index = 2, .id = 2, .name = "b" } };
	struct guest guest;

	guest_listen(&guest, run_path(&world, 2, "b"));
	specs[0].path = specs[1].path = guest.path;
	world_serve(&world, 1, EXPIRATION_S, NULL);
	world_publish(&world, specs, 2);
	wait_row(&world, 1, 0, CHANNEL_FAILED);
	guest_end(&guest);
}
END_TEST

/* A path without a socket is claimed by nobody; the socket is once it is there. */
START_TEST(contested_socket_comes_later)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "a" }, { .index = 2, .id = 2, .name = "b" } };
	struct guest guest;
	char path[PATH_SIZE];

	strcpy(path, run_path(&world, 2, "b"));
	specs[0].path = specs[1].path = path;
	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, specs, 2);
	for (size_t i = 0; i < 2; i++)
		wait_row(&world, 2, i, CHANNEL_WAITING);
	guest_listen(&guest, path);
	guest_accept(&guest); /* either */
	guest_send(&guest, GET, strlen(GET));
	for (size_t i = 0; i < 2; i++)
		publish_until(&world, specs, 2, i, CHANNEL_FAILED);
	ck_assert(!guest_read(&guest)); /* closed without an answer */
	guest_end(&guest);
}
END_TEST

/* libvirt was started anew and counts from 1 again, and of the names only the end differs, which is cut: the directory
 * of the first domain is the second one's by now. */
START_TEST(directory_changes_hands)
{
	struct spec specs[2] = { { .index = 1, .id = 1, .name = "tenant-prod-database-a" },
				 { .index = 2, .id = -1, .name = "tenant-prod-database-b" } };
	struct guest first, second;

	listen_in(&first, "1-tenant-prod-database");
	specs[0].path = specs[1].path = first.path;
	world_serve(&world, 4, EXPIRATION_S, NULL);
	world_publish(&world, specs, 2);
	guest_accept(&first);
	expect_document(guest_ask(&first), 1);
	guest_listen(&second, first.path);
	close(first.fd);
	close(first.listener);
	guest_accept(&second);
	guest_send(&second, GET, strlen(GET));
	world_publish(&world, specs, 2);
	ck_assert(!is_ready(second.fd, POLLIN, 200));
	specs[0].id = -1;
	specs[1].id = 1;
	world_publish(&world, specs, 2);
	guest_expect_end(&second);
	guest_accept(&second);
	expect_document(guest_ask(&second), 2);
	guest_end(&second);
	first.fd = first.listener = -1;
	guest_end(&first);
}
END_TEST

/* --- the lane ----------------------------------------------------------------------------------------------------- */

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

START_TEST(stops_and_starts_again)
{
	const size_t before = open_descriptors();
	struct channels *channels;
	struct vbds *vbds;
	struct guest guest;
	char *name = long_name();

	world.host_name = name;
	one_guest(&guest);
	for (int i = 0; i < 20; i++) {
		guest_send(&guest, GET "half", strlen(GET) + 4); /* a reply that is not taken, and half a request */
		ck_assert(is_ready(guest.fd, POLLIN, PATIENCE_MS));
		ck_assert(serve_stop(world.serve, clock_mono_ns() + PATIENCE_MS * NS_PER_MS));
		guest_expect_end(&guest);
		board_get(world.board, &vbds, &channels);
		ck_assert(vbds == NULL && channels == NULL);
		world_serve(&world, 4, EXPIRATION_S, NULL);
		guest_accept(&guest);
	}
	guest_end(&guest);
	ck_assert(serve_stop(world.serve, clock_mono_ns() + PATIENCE_MS * NS_PER_MS));
	ck_assert_uint_eq(open_descriptors(), before);
	world_serve(&world, 4, EXPIRATION_S, NULL);
	free(name);
}
END_TEST

START_TEST(disk_lane_reports_to_the_board)
{
	struct disk_lane *lane;
	struct vbds *vbds = NULL;
	struct channels *channels;
	const struct spec spec = { .index = 1, .id = 3, .name = "one" };
	char path[PATH_SIZE];
	struct disk_lane_options options = { .path = path, .size = 65536, .period_ms = 10, .board = world.board };

	snprintf(path, sizeof(path), "%s/disk", world.directory);
	world_serve(&world, 4, EXPIRATION_S, NULL);
	ck_assert_int_eq(disk_lane_start(world.store, &options, &lane), 0);
	while (vbds == NULL || vbds->rows[0].updates < 2) {
		part_unref(vbds);
		world_publish(&world, &spec, 1);
		poll(NULL, 0, 1);
		board_get(world.board, &vbds, &channels);
		part_unref(channels);
	}
	ck_assert_uint_eq(vbds->n, 1);
	ck_assert_uint_eq(vbds->rows[0].index, 1);
	ck_assert_str_eq(vbds->rows[0].path, path);
	ck_assert_uint_eq(vbds->rows[0].domain, 0);
	ck_assert_uint_eq(vbds->rows[0].size_bytes, 65536);
	ck_assert_uint_gt(vbds->rows[0].length_bytes, 100);
	ck_assert_uint_eq(vbds->rows[0].failures, 0);
	part_unref(vbds);
	ck_assert(disk_lane_stop(lane, clock_mono_ns() + PATIENCE_MS * NS_PER_MS));
	board_get(world.board, &vbds, &channels);
	ck_assert_ptr_null(vbds);
	part_unref(channels);
}
END_TEST

#define ADD(suite, test)                                                   \
	do {                                                               \
		TCase *tc_##test = tcase_create(#test);                    \
		tcase_set_timeout(tc_##test, TEST_TIMEOUT_S);              \
		tcase_add_checked_fixture(tc_##test, setup, teardown);     \
		tcase_add_test(tc_##test, test);                           \
		suite_add_tcase(suite, tc_##test);                         \
	} while (0)

static Suite *suite(void)
{
	Suite *s = suite_create("virtio");

	ADD(s, answers_byte_by_byte);
	ADD(s, leaves_time_to_reopen_the_port);
	ADD(s, answers_several_at_once);
	ADD(s, refuses_binary_and_overlong);
	ADD(s, delays_what_is_over_the_rate);
	ADD(s, the_rate_is_configurable);
	ADD(s, each_sees_itself_alone);
	ADD(s, follows_the_newest_snapshot);
	ADD(s, long_reply_arrives_whole);
	ADD(s, too_long_reply_is_replaced);
	ADD(s, too_long_part_is_left_out);
	ADD(s, killed_in_mid_reply);
	ADD(s, never_read_is_closed);
	ADD(s, guest_comes_later_and_returns);
	ADD(s, not_a_socket_is_failed);
	ADD(s, ended_domain_has_no_channel);
	ADD(s, next_run_keeps_the_counters);
	ADD(s, stale_domain_is_closed_until_fresh);
	ADD(s, no_more_than_max_channels);
	ADD(s, scan_serves_both_schemes);
	ADD(s, chosen_path_changes_hands);
	ADD(s, path_of_two_domains_is_nobodys);
	ADD(s, socket_of_two_domains_is_nobodys);
	ADD(s, socket_of_a_refused_domain_is_nobodys);
	ADD(s, contested_socket_comes_later);
	ADD(s, directory_changes_hands);
	ADD(s, stops_and_starts_again);
	ADD(s, disk_lane_reports_to_the_board);
	return s;
}

UNIT_MAIN(suite)
