/*
 * disk_lane.c - the lane "disk": metrics disks from each new snapshot. Thread: its own; blocks on the files only, and
 * on the store while there is nothing to write.
 */
#include "transport/disk_lane.h"

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/lane.h"
#include "base/mem.h"
#include "transport/guest_disk.h"
#include "transport/guest_doc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define OTHER_DESCRIPTORS 2048 /* of the rest of the daemon, the guests' channels among them */
#define STOP_STEP_NS (20 * NS_PER_MS)

struct disk_lane {
	pthread_t thread;
	_Atomic bool stopping;
	pthread_mutex_t lock; /* of ended */
	pthread_cond_t changed;
	bool ended;
	struct store *store;
	int64_t period_ns;
	struct board *board;
	bool host_only;
	struct guest_style style;
	/* The thread's own. */
	struct guest_disk *shared;
	struct domain_disks *domains; /* NULL: none */
	struct buf document;
	uint64_t shown; /* serial of the snapshot on the disks */
};

static bool show_shared(struct disk_lane *lane, const struct snapshot *snapshot)
{
	struct buf *document = &lane->document;
	struct guest_doc_cut cut;
	bool whole;

	if (guest_disk_ready(lane->shared) < 0)
		return false;
	document->limit = guest_disk_capacity(lane->shared);
	whole = guest_doc_shared_fit(document, &lane->style, snapshot, !lane->host_only, &cut);
	return guest_disk_write(lane->shared, document, whole ? NULL : cut.text) == 0;
}

static void report(struct disk_lane *lane)
{
	const size_t n = lane->domains != NULL ? domain_disks_count(lane->domains) : 0;
	struct vbds *vbds;

	if (lane->board == NULL)
		return;
	vbds = vbds_new(1 + n);
	vbds->rows[0].index = 1;
	guest_disk_row(lane->shared, &vbds->rows[0]);
	if (n > 0)
		domain_disks_rows(lane->domains, &vbds->rows[1]);
	board_put_vbds(lane->board, vbds);
}

/* False: one of them is not up to date. */
static bool show(struct disk_lane *lane, const struct snapshot *snapshot)
{
	bool all = show_shared(lane, snapshot);

	if (lane->domains != NULL)
		all = domain_disks_show(lane->domains, snapshot, clock_mono_ns()) && all;
	report(lane);
	return all;
}

/* Until the time is over or the lane is to stop. */
static void wait_until(struct disk_lane *lane, int64_t until_mono_ns)
{
	while (!lane->stopping && clock_mono_ns() < until_mono_ns)
		part_unref(store_wait(lane->store, UINT64_MAX, until_mono_ns));
}

static void close_disks(struct disk_lane *lane)
{
	guest_disk_free(lane->shared);
	domain_disks_free(lane->domains);
	buf_free(&lane->document);
}

static void *run(void *arg)
{
	struct disk_lane *lane = arg;

	while (!lane->stopping) {
		struct snapshot *snapshot = store_wait(lane->store, lane->shown, clock_mono_ns() + lane->period_ns);
		const int64_t next = clock_mono_ns() + lane->period_ns;
		const bool newer = snapshot != NULL && snapshot->serial > lane->shown && !lane->stopping;

		if (newer && show(lane, snapshot))
			lane->shown = snapshot->serial;
		part_unref(snapshot);
		if (newer)
			wait_until(lane, next);
	}
	close_disks(lane);
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
	free(lane);
}

int disk_lane_start(struct store *store, const struct disk_lane_options *options, struct disk_lane **out)
{
	struct disk_lane *lane = mem_alloc(sizeof(*lane));
	int rc;

	lane->store = store;
	lane->board = options->board;
	lane->period_ns = options->period_ms * NS_PER_MS;
	lane->host_only = options->host_only;
	lane->style = options->style;
	lane->shared = guest_disk_new(options->path, options->size);
	if (options->domains.pattern != NULL) {
		descriptors_need("metrics disks of domains", options->domains.most + OTHER_DESCRIPTORS);
		lane->domains = domain_disks_new(&options->domains, &options->style);
	}
	pthread_mutex_init(&lane->lock, NULL);
	lane_condition_init(&lane->changed);
	rc = lane_start(&lane->thread, "disk", run, lane);
	if (rc == 0) {
		*out = lane;
		return 0;
	}
	close_disks(lane);
	lane_free(lane);
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
