/*
 * disk_lane.c - the lane "disk": the shared metrics disk from each new snapshot. Thread: its own; blocks on the file
 * only, and on the store while there is nothing to write.
 */
#include "transport/mvbd.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "guestlib/mvbd_format.h"
#include "transport/guest_doc.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_SIZE 512
#define STOP_STEP_NS (20 * NS_PER_MS)

struct disk_lane {
	pthread_t thread;
	_Atomic bool stopping;
	pthread_mutex_t lock; /* of ended */
	pthread_cond_t changed;
	bool ended;
	struct store *store;
	char *path;
	uint32_t size;
	int64_t period_ns;
	/* The thread's own. */
	struct mvbd *disk;
	struct buf document;
	uint64_t shown; /* serial of the snapshot on the disk */
	struct log_repeat failure, too_small;
	struct board *board;
	uint32_t length, updates, failures; /* for the board */
};

static void close_disk(struct disk_lane *lane)
{
	mvbd_close(lane->disk);
	lane->disk = NULL;
	buf_free(&lane->document);
}

/* The open disk; one that somebody removed or cut is made again. */
static int ensure_disk(struct disk_lane *lane)
{
	char error[MESSAGE_SIZE];
	int rc;

	if (lane->disk != NULL && mvbd_in_place(lane->disk))
		return 0;
	close_disk(lane);
	rc = mvbd_open(lane->path, lane->size, &lane->disk, error, sizeof(error));
	if (rc < 0)
		log_repeat_fail(&lane->failure, "metrics disk", error);
	else
		buf_init(&lane->document, mvbd_capacity(lane->disk));
	return rc;
}

/* False: something had to be left out. */
static bool compose(struct disk_lane *lane, const struct snapshot *snapshot)
{
	char text[MESSAGE_SIZE];

	buf_reset(&lane->document);
	if (guest_doc_shared_fit(&lane->document, snapshot)) {
		log_repeat_ok(&lane->too_small, "metrics disk size");
		return true;
	}
	snprintf(text, sizeof(text), "%s: %zu bytes are too few, metrics are left out; raise <size>", lane->path,
		 mvbd_capacity(lane->disk));
	log_repeat_fail(&lane->too_small, "metrics disk size", text);
	return false;
}

/* The disk's row. Metrics that had to be left out are a failure too, though the disk was written. */
static void report(struct disk_lane *lane)
{
	struct vbds *vbds;
	struct vbd *row;

	if (lane->board == NULL)
		return;
	vbds = vbds_new(1);
	row = &vbds->rows[0];
	row->index = 1;
	row->path = mem_string(lane->path);
	row->size_bytes = lane->disk != NULL ? (uint32_t)mvbd_capacity(lane->disk) + MVBD_HEADER_SIZE : lane->size;
	row->length_bytes = lane->length;
	row->updates = lane->updates;
	row->failures = lane->failures;
	board_put_vbds(lane->board, vbds);
}

static int write_disk(struct disk_lane *lane, const struct snapshot *snapshot, bool *whole)
{
	char text[MESSAGE_SIZE];
	int rc = ensure_disk(lane);

	if (rc < 0)
		return rc;
	*whole = compose(lane, snapshot);
	rc = mvbd_write(lane->disk, lane->document.data, lane->document.length);
	if (rc == 0) {
		log_repeat_ok(&lane->failure, "metrics disk");
		lane->length = (uint32_t)lane->document.length;
		return 0;
	}
	snprintf(text, sizeof(text), "%s: %s", lane->path, rc == -ERR_IO ? strerror(errno) : err_text(rc));
	log_repeat_fail(&lane->failure, "metrics disk", text);
	return rc;
}

static int show(struct disk_lane *lane, const struct snapshot *snapshot)
{
	bool whole = true;
	const int rc = write_disk(lane, snapshot, &whole);

	lane->updates += rc == 0;
	lane->failures += rc != 0 || !whole;
	report(lane);
	return rc;
}

/* Until the time is over or the lane is to stop. */
static void wait_until(struct disk_lane *lane, int64_t until_mono_ns)
{
	while (!lane->stopping && clock_mono_ns() < until_mono_ns)
		part_unref(store_wait(lane->store, UINT64_MAX, until_mono_ns));
}

static void *run(void *arg)
{
	struct disk_lane *lane = arg;

	while (!lane->stopping) {
		struct snapshot *snapshot = store_wait(lane->store, lane->shown, clock_mono_ns() + lane->period_ns);
		const int64_t next = clock_mono_ns() + lane->period_ns;
		const bool newer = snapshot != NULL && snapshot->serial > lane->shown && !lane->stopping;

		if (newer && show(lane, snapshot) == 0)
			lane->shown = snapshot->serial;
		part_unref(snapshot);
		if (newer)
			wait_until(lane, next);
	}
	close_disk(lane);
	if (lane->board != NULL)
		board_put_vbds(lane->board, NULL);
	pthread_mutex_lock(&lane->lock);
	lane->ended = true;
	pthread_cond_signal(&lane->changed);
	pthread_mutex_unlock(&lane->lock);
	return NULL;
}

static void lane_free(struct disk_lane *lane)
{
	pthread_cond_destroy(&lane->changed);
	pthread_mutex_destroy(&lane->lock);
	free(lane->path);
	free(lane);
}

int disk_lane_start(struct store *store, const struct disk_lane_options *options, struct disk_lane **out)
{
	struct disk_lane *lane = mem_alloc(sizeof(*lane));
	int rc;

	lane->store = store;
	lane->path = mem_string(options->path);
	lane->size = options->size;
	lane->board = options->board;
	lane->period_ns = options->period_ms * NS_PER_MS;
	pthread_mutex_init(&lane->lock, NULL);
	lane_condition_init(&lane->changed);
	rc = lane_start(&lane->thread, "disk", run, lane);
	if (rc < 0)
		lane_free(lane);
	else
		*out = lane;
	return rc;
}

/* Until the thread has ended, at most one step. */
static bool ended_within_step(struct disk_lane *lane, int64_t deadline_mono_ns)
{
	const int64_t step = clock_mono_ns() + STOP_STEP_NS, until = step < deadline_mono_ns ? step : deadline_mono_ns;
	bool ended, in_time = true;

	pthread_mutex_lock(&lane->lock);
	while (!lane->ended && in_time)
		in_time = lane_wait_until(&lane->changed, &lane->lock, until);
	ended = lane->ended;
	pthread_mutex_unlock(&lane->lock);
	return ended;
}

/* In steps, because a wake that comes just before the lane begins to wait is lost. */
bool disk_lane_stop(struct disk_lane *lane, int64_t deadline_mono_ns)
{
	if (lane == NULL)
		return true;
	lane->stopping = true;
	do {
		store_wake(lane->store);
		if (ended_within_step(lane, deadline_mono_ns)) {
			pthread_join(lane->thread, NULL);
			lane_free(lane);
			return true;
		}
	} while (clock_mono_ns() < deadline_mono_ns);
	return false;
}
