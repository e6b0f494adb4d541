/*
 * test_guest_lanes.c - which of the guests' lanes a reload starts anew, and what becomes of one that hangs. The lanes are
 * played by this file: their functions are found before the real ones.
 */
#include "guest_lanes.h"

#include "base/err.h"
#include "base/mem.h"
#include "serve.h"
#include "transport/disk_lane.h"
#ifdef HAVE_XENSTORE
#include "transport/xenstore.h"
#endif

#include "unit.h"

#include <string.h>

static struct {
	int started, stopped, running;
	bool hangs, refuses;
	char path[64];
} disk, serve;

int disk_lane_start(struct store *store, const struct disk_lane_options *options, struct disk_lane **out)
{
	(void)store;
	if (disk.refuses)
		return -ERR_IO;
	disk.started++;
	disk.running++;
	ck_assert_int_eq(disk.running, 1); /* one writer */
	snprintf(disk.path, sizeof(disk.path), "%s", options->path);
	*out = (struct disk_lane *)(void *)&disk;
	return 0;
}

bool disk_lane_stop(struct disk_lane *lane, int64_t deadline_mono_ns)
{
	(void)deadline_mono_ns;
	ck_assert_ptr_eq(lane, &disk);
	disk.stopped++;
	disk.running -= !disk.hangs;
	return !disk.hangs;
}

int serve_start(struct store *store, struct board *board, const struct virtio_options *virtio, struct serve **out)
{
	(void)store;
	(void)board;
	serve.started++;
	serve.running++;
	ck_assert_int_eq(serve.running, 1);
	snprintf(serve.path, sizeof(serve.path), "%s", virtio->channel_path);
	*out = (struct serve *)(void *)&serve;
	return 0;
}

bool serve_stop(struct serve *lane, int64_t deadline_mono_ns)
{
	(void)deadline_mono_ns;
	ck_assert_ptr_eq(lane, &serve);
	serve.stopped++;
	serve.running -= !serve.hangs;
	return !serve.hangs;
}

#ifdef HAVE_XENSTORE
int xenstore_start(struct store *store, const struct xenstore_options *options, struct xenstore_lane **out)
{
	(void)store;
	(void)options;
	(void)out;
	return -ERR_STATE; /* off in every case here */
}

bool xenstore_stop(struct xenstore_lane *lane, int64_t deadline_mono_ns)
{
	(void)lane;
	(void)deadline_mono_ns;
	return true;
}
#endif

static struct config *config_with(const char *disk_path, const char *channel_path)
{
	struct config *config = config_new();

	config->transport_vbd = disk_path != NULL;
	config->transport_virtio = channel_path != NULL;
	config->transport_xenstore = false;
	free(config->disk_path);
	config->disk_path = mem_string(disk_path != NULL ? disk_path : "/unused");
	free(config->channel_path);
	config->channel_path = mem_string(channel_path != NULL ? channel_path : "/unused");
	return config;
}

struct fixture {
	struct guest_lanes *lanes;
	struct config *config;
};

static struct fixture open_lanes(const char *disk_path, const char *channel_path)
{
	struct fixture made = { guest_lanes_new(NULL, NULL), config_with(disk_path, channel_path) };
	const char *what;

	memset(&disk, 0, sizeof(disk));
	memset(&serve, 0, sizeof(serve));
	ck_assert_int_eq(guest_lanes_start(made.lanes, made.config, &what), 0);
	return made;
}

static void reload(struct fixture *of, const char *disk_path, const char *channel_path)
{
	struct config *config = config_with(disk_path, channel_path);

	guest_lanes_reload(of->lanes, of->config, config);
	part_unref(of->config);
	of->config = config;
}

static void close_lanes(struct fixture *of)
{
	ck_assert(guest_lanes_stop(of->lanes, 0));
	ck_assert_int_eq(disk.running + serve.running, 0);
	guest_lanes_free(of->lanes);
	part_unref(of->config);
}

START_TEST(a_reload_starts_what_it_changes)
{
	struct fixture of = open_lanes("/a", "/ports");

	reload(&of, "/a", "/ports");
	ck_assert_int_eq(disk.started + serve.started, 2);
	reload(&of, "/b", "/ports");
	ck_assert_int_eq(disk.started, 2);
	ck_assert_str_eq(disk.path, "/b");
	ck_assert_int_eq(serve.started, 1);
	reload(&of, "/b", "/others");
	ck_assert_int_eq(disk.started, 2);
	ck_assert_str_eq(serve.path, "/others");
	close_lanes(&of);
}
END_TEST

START_TEST(a_transport_comes_and_goes)
{
	struct fixture of = open_lanes(NULL, NULL);

	ck_assert_int_eq(disk.started + serve.started, 0);
	reload(&of, "/a", NULL);
	ck_assert_int_eq(disk.running, 1);
	reload(&of, NULL, "/ports");
	ck_assert_int_eq(disk.running, 0);
	ck_assert_int_eq(serve.running, 1);
	close_lanes(&of);
}
END_TEST

START_TEST(style_is_everybodys)
{
	struct fixture of = open_lanes("/a", "/ports");
	struct config *config = config_with("/a", "/ports");

	config->update_period_s++;
	guest_lanes_reload(of.lanes, of.config, config);
	ck_assert_int_eq(disk.started, 2);
	ck_assert_int_eq(serve.started, 2);
	part_unref(config);
	close_lanes(&of);
}
END_TEST

/* The file of a disk may be on a file system that hangs: the lane is asked to end and looked at again; never two. */
START_TEST(a_lane_that_hangs_is_waited_for)
{
	struct fixture of = open_lanes("/a", "/ports");

	disk.hangs = true;
	reload(&of, "/b", "/ports");
	ck_assert(guest_lanes_pending(of.lanes));
	ck_assert_int_eq(disk.started, 1);
	guest_lanes_look(of.lanes, of.config);
	reload(&of, "/c", "/ports");
	ck_assert(guest_lanes_pending(of.lanes));
	ck_assert_int_eq(disk.started, 1);
	ck_assert_int_eq(serve.stopped, 0);
	disk.hangs = false;
	guest_lanes_look(of.lanes, of.config);
	ck_assert(!guest_lanes_pending(of.lanes));
	ck_assert_int_eq(disk.started, 2);
	ck_assert_str_eq(disk.path, "/c");
	close_lanes(&of);
}
END_TEST

START_TEST(a_hanging_lane_holds_up_no_other_end)
{
	struct fixture of = open_lanes("/a", "/ports");

	disk.hangs = true;
	ck_assert(!guest_lanes_stop(of.lanes, 0));
	ck_assert_int_eq(serve.running, 0);
	disk.hangs = false;
	close_lanes(&of);
}
END_TEST

START_TEST(one_that_cannot_start)
{
	struct fixture of = open_lanes("/a", NULL);
	const char *what = NULL;

	disk.refuses = true;
	reload(&of, "/b", NULL);
	ck_assert_int_eq(disk.running, 0);
	ck_assert_int_lt(guest_lanes_start(of.lanes, of.config, &what), 0);
	ck_assert_str_eq(what, "disk lane");
	disk.refuses = false;
	reload(&of, "/c", NULL);
	ck_assert_int_eq(disk.running, 1);
	close_lanes(&of);
}
END_TEST

static Suite *guest_lanes_suite(void)
{
	Suite *suite = suite_create("guest_lanes");

	UNIT_ADD(suite, a_reload_starts_what_it_changes);
	UNIT_ADD(suite, a_transport_comes_and_goes);
	UNIT_ADD(suite, style_is_everybodys);
	UNIT_ADD(suite, a_lane_that_hangs_is_waited_for);
	UNIT_ADD(suite, a_hanging_lane_holds_up_no_other_end);
	UNIT_ADD(suite, one_that_cannot_start);
	return suite;
}

UNIT_MAIN(guest_lanes_suite)
