/*
 * guest_lanes.c - start, reload and stop of the lanes that guests read from. On main.
 *
 * One table says of each lane how it is started and stopped and what of the configuration it was started with.
 */
#include "guest_lanes.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "serve.h"
#include "transport/disk_lane.h"

#ifdef HAVE_XENSTORE
#include "transport/xenstore.h"
#endif

#include <stdlib.h>
#include <string.h>

#define RELOAD_MS 200 /* at a reload: how long main waits for a lane to end */
#define STOP_STEP_MS 50 /* at the end each has so much longer than the one before */

enum { LANE_DISK, LANE_SERVE, LANE_XENSTORE, LANE_END };

struct guest_lanes {
	struct store *store;
	struct board *board;
	void *lane[LANE_END];   /* NULL: its transport is off */
	bool pending[LANE_END]; /* to be started anew once the old one has ended */
};

static struct guest_style style_of(const struct config *config)
{
	return (struct guest_style){ .profile = config->profile, .memory_kib = config->memory_unit != 0,
				     .units = config->metric_units, .own_expiration_s = config->expiration_s };
}

static bool same_style(const struct config *a, const struct config *b)
{
	return a->profile == b->profile && a->memory_unit == b->memory_unit && a->metric_units == b->metric_units &&
	       a->expiration_s == b->expiration_s && a->update_period_s == b->update_period_s;
}

/* --- the metrics disk --------------------------------------------------------------------------------------------- */

static int start_disk(const struct guest_lanes *lanes, const struct config *config, void **out)
{
	const struct disk_lane_options options = {
		.path = config->disk_path,
		.size = config->disk_size,
		.period_ms = config->update_period_s * 1000,
		.board = lanes->board,
		.host_only = !config->disk_vms,
		.style = style_of(config),
		.domains = { .pattern = config->domain_disks_given ? config->domain_disks_path : NULL,
			     .size = config->domain_disks_size, .most = config->domain_disks_most,
			     .keep_s = config->domain_disks_keep_s },
	};
	struct disk_lane *lane = NULL;
	const int rc = config->transport_vbd ? disk_lane_start(lanes->store, &options, &lane) : 0;

	*out = lane;
	return rc;
}

static bool stop_disk(void *lane, int64_t deadline_mono_ns)
{
	return disk_lane_stop(lane, deadline_mono_ns);
}

static bool same_domain_disks(const struct config *a, const struct config *b)
{
	return a->domain_disks_given == b->domain_disks_given &&
	       !text_differs(a->domain_disks_path, b->domain_disks_path) &&
	       a->domain_disks_size == b->domain_disks_size && a->domain_disks_most == b->domain_disks_most &&
	       a->domain_disks_keep_s == b->domain_disks_keep_s;
}

static bool same_disk(const struct config *a, const struct config *b)
{
	return same_domain_disks(a, b) && a->disk_vms == b->disk_vms && a->transport_vbd == b->transport_vbd &&
	       !text_differs(a->disk_path, b->disk_path) && a->disk_size == b->disk_size;
}

/* --- the virtio ports --------------------------------------------------------------------------------------------- */

static int start_serve(const struct guest_lanes *lanes, const struct config *config, void **out)
{
	const struct virtio_options options = { .channel_path = config->channel_path,
						.max_channels = config->max_channels,
						.expiration_s = config->expiration_s,
						.scan_s = config->update_period_s,
						.requests_per_s = config->requests_per_s,
						.burst = config->requests_burst,
						.style = style_of(config) };
	struct serve *serve = NULL;
	const int rc = config->transport_virtio ? serve_start(lanes->store, lanes->board, &options, &serve) : 0;

	*out = serve;
	return rc;
}

static bool stop_serve(void *lane, int64_t deadline_mono_ns)
{
	return serve_stop(lane, deadline_mono_ns);
}

static bool same_serve(const struct config *a, const struct config *b)
{
	return a->requests_per_s == b->requests_per_s && a->requests_burst == b->requests_burst &&
	       a->transport_virtio == b->transport_virtio && !text_differs(a->channel_path, b->channel_path) &&
	       a->max_channels == b->max_channels;
}

/* --- xenstore ----------------------------------------------------------------------------------------------------- */

#ifdef HAVE_XENSTORE
static int start_xenstore(const struct guest_lanes *lanes, const struct config *config, void **out)
{
	const struct xenstore_options options = { .period_ms = config->update_period_s * 1000,
						  .style = style_of(config) };
	struct xenstore_lane *lane = NULL;
	const int rc = config->transport_xenstore ? xenstore_start(lanes->store, &options, &lane) : 0;

	*out = lane;
	return rc;
}

static bool stop_xenstore(void *lane, int64_t deadline_mono_ns)
{
	return xenstore_stop(lane, deadline_mono_ns);
}
#else
static int start_xenstore(const struct guest_lanes *lanes, const struct config *config, void **out)
{
	(void)lanes;
	(void)config;
	*out = NULL;
	return 0;
}

static bool stop_xenstore(void *lane, int64_t deadline_mono_ns)
{
	(void)lane;
	(void)deadline_mono_ns;
	return true;
}
#endif

static bool same_xenstore(const struct config *a, const struct config *b)
{
	return a->transport_xenstore == b->transport_xenstore;
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *hangs;
	int (*start)(const struct guest_lanes *lanes, const struct config *config, void **out);
	bool (*stop)(void *lane, int64_t deadline_mono_ns);
	bool (*same)(const struct config *a, const struct config *b); /* beside the style, which is everybody's */
} LANES[LANE_END] = {
	[LANE_DISK] = { "disk lane", "the disk lane hangs; the metrics disk is not written until it comes back",
			start_disk, stop_disk, same_disk },
	[LANE_SERVE] = { "serve lane", "the serve lane hangs; guests' channels are not served until it comes back",
			 start_serve, stop_serve, same_serve },
	[LANE_XENSTORE] = { "xenstore lane", "the xenstore lane hangs; xenstore is not written until it comes back",
			    start_xenstore, stop_xenstore, same_xenstore },
};

static bool stop_lane(struct guest_lanes *lanes, size_t which, int64_t deadline_mono_ns)
{
	if (lanes->lane[which] != NULL && !LANES[which].stop(lanes->lane[which], deadline_mono_ns))
		return false;
	lanes->lane[which] = NULL;
	return true;
}

static void restart(struct guest_lanes *lanes, size_t which, const struct config *config, int64_t deadline_mono_ns)
{
	const bool again = lanes->pending[which];

	lanes->pending[which] = !stop_lane(lanes, which, deadline_mono_ns);
	if (!lanes->pending[which]) {
		if (LANES[which].start(lanes, config, &lanes->lane[which]) != 0)
			log_error("the %s cannot be started again", LANES[which].name);
	} else if (!again) {
		log_error("%s", LANES[which].hangs);
	}
}

struct guest_lanes *guest_lanes_new(struct store *store, struct board *board)
{
	struct guest_lanes *lanes = mem_alloc(sizeof(*lanes));

	lanes->store = store;
	lanes->board = board;
	return lanes;
}

void guest_lanes_free(struct guest_lanes *lanes)
{
	free(lanes);
}

int guest_lanes_start(struct guest_lanes *lanes, const struct config *config, const char **what)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < LANE_END; i++) {
		*what = LANES[i].name;
		rc = LANES[i].start(lanes, config, &lanes->lane[i]);
	}
	return rc;
}

void guest_lanes_reload(struct guest_lanes *lanes, const struct config *old, const struct config *config)
{
	for (size_t i = 0; i < LANE_END; i++)
		if (lanes->pending[i] || !same_style(old, config) || !LANES[i].same(old, config))
			restart(lanes, i, config, clock_mono_ns() + RELOAD_MS * NS_PER_MS);
}

bool guest_lanes_pending(const struct guest_lanes *lanes)
{
	for (size_t i = 0; i < LANE_END; i++)
		if (lanes->pending[i])
			return true;
	return false;
}

void guest_lanes_look(struct guest_lanes *lanes, const struct config *config)
{
	for (size_t i = 0; i < LANE_END; i++)
		if (lanes->pending[i])
			restart(lanes, i, config, clock_mono_ns());
}

bool guest_lanes_stop(struct guest_lanes *lanes, int64_t deadline_mono_ns)
{
	bool ended = true;

	for (size_t i = 0; lanes != NULL && i < LANE_END; i++)
		ended = stop_lane(lanes, i, deadline_mono_ns + (int64_t)i * STOP_STEP_MS * NS_PER_MS) && ended;
	return ended;
}
