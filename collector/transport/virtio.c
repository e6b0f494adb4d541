/*
 * virtio.c - which channels there are, and what they answer. Thread: serve. Data: the newest snapshot; directories of
 * sockets where that names none.
 */
#include "transport/virtio.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "transport/guest_doc.h"
#include "transport/virtio_channel.h"
#include "transport/virtio_claims.h"
#include "transport/virtio_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libvirt's own, the newer one first. */
static const char *const DEFAULT_PLACES[] = {
	"/run/libvirt/qemu/channel",
	"/var/lib/libvirt/qemu/channel/target",
};
#define N_DEFAULT_PLACES (sizeof(DEFAULT_PLACES) / sizeof(DEFAULT_PLACES[0]))

struct virtio {
	struct virtio_service service;
	struct store *store;
	struct board *board;
	char *channel_path;
	size_t most;
	int64_t expiration_ns, scan_ns;
	struct guest_style style;
	struct snapshot *snapshot; /* the newest, a reference */
	struct buf host;           /* its host part ... */
	uint64_t host_serial;      /* ... once one has asked for it */
	struct buf reply;
	struct virtio_channel **channels; /* ascending index */
	size_t n;
	struct virtio_claims claims;
	bool claims_due; /* the domains have changed since, or the channels */
	int64_t scan_due_mono_ns, board_due_mono_ns;
	struct channels *shown; /* on the board */
	struct log_repeat too_many, scan_failure, too_long; /* the last is told of once: guests ask when they like */
};

/* --- replies ------------------------------------------------------------------------------------------------------ */

static void note_cut(struct virtio *virtio, const char *left_out)
{
	char text[256];

	snprintf(text, sizeof(text), "metrics are more than a reply may hold, %s", left_out);
	log_repeat_fail(&virtio->too_long, "channels", text);
}

static const struct buf *host_part(struct virtio *virtio)
{
	struct guest_doc_cut cut;

	if (virtio->host_serial == virtio->snapshot->serial)
		return &virtio->host;
	virtio->host_serial = virtio->snapshot->serial;
	buf_reset(&virtio->host);
	guest_doc_host(&virtio->host, &virtio->style, virtio->snapshot);
	if (virtio->host.over && guest_doc_host_within(&virtio->host, &virtio->style, virtio->snapshot, &cut))
		note_cut(virtio, cut.text);
	return &virtio->host;
}

static void put_nothing(struct buf *reply)
{
	buf_reset(reply);
	guest_doc_begin(reply);
	buf_text(reply, "<!-- host metrics not available -->\n<!-- VM metrics not available -->\n");
	guest_doc_end(reply);
}

static void put_parts(struct virtio *virtio, const struct domain *domain)
{
	struct buf *reply = &virtio->reply;
	const struct buf *host = host_part(virtio);
	struct guest_doc_cut cut;

	buf_reset(reply);
	guest_doc_own(reply, &virtio->style, host, virtio->snapshot, domain);
	if (!reply->over)
		return;
	if (guest_doc_own_within(reply, &virtio->style, host, virtio->snapshot, domain, &cut))
		note_cut(virtio, cut.text);
	else
		put_nothing(reply);
}

static const struct buf *document(void *arg, const struct domain *domain)
{
	struct virtio *virtio = arg;
	struct buf *reply = &virtio->reply;

	reply->limit = VIRTIO_REPLY_MAX - 1; /* what follows is the line that ends it */
	put_parts(virtio, domain);
	reply->limit = VIRTIO_REPLY_MAX;
	buf_text(reply, "\n");
	return reply;
}

/* --- domains ------------------------------------------------------------------------------------------------------ */

static const struct domain *active_domain(const struct virtio *virtio, uint32_t index)
{
	const struct domain *domain = snapshot_domain(virtio->snapshot, index);

	return domain != NULL && domain->id >= 0 ? domain : NULL;
}

static const struct domain *domain_of_run(void *arg, uint32_t index, const uint8_t uuid[16], int32_t id)
{
	const struct domain *domain = active_domain(arg, index);
	const bool same = domain != NULL && domain->id == id && memcmp(domain->uuid, uuid, 16) == 0;

	return same ? domain : NULL;
}

/* NULL: the domain XML names none, or is not known yet. */
static const char *path_of(const struct domain *domain)
{
	return domain->devices != NULL ? domain->devices->channel_path : NULL;
}

/* True when the channel stays; its domain may have another run or path by now. Where the XML names no path, one that
 * was found by its name stays as long as the run. */
static bool follow_domain(struct virtio_channel *channel, const struct domain *domain)
{
	const char *path = path_of(domain);
	const bool same_run = virtio_channel_is_of(channel, domain);

	if (path == NULL)
		return same_run && virtio_scan_is_of(virtio_channel_path(channel), domain);
	if (!same_run || strcmp(path, virtio_channel_path(channel)) != 0)
		virtio_channel_rebind(channel, domain, path);
	return true;
}

static void drop_ended(struct virtio *virtio)
{
	size_t kept = 0;

	for (size_t i = 0; i < virtio->n; i++) {
		struct virtio_channel *channel = virtio->channels[i];
		const struct domain *domain = active_domain(virtio, virtio_channel_index(channel));

		if (domain != NULL && follow_domain(channel, domain))
			virtio->channels[kept++] = channel;
		else
			virtio_channel_free(channel);
	}
	virtio->n = kept;
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = virtio_channel_index(*(struct virtio_channel *const *)a);
	const uint32_t y = virtio_channel_index(*(struct virtio_channel *const *)b);

	return x < y ? -1 : x > y;
}

/* Calls fn for each active domain without a channel, ascending index. */
static void each_without(struct virtio *virtio, void (*fn)(void *arg, const struct domain *domain), void *arg)
{
	const struct domains *domains = virtio->snapshot->domains;
	const size_t n = virtio->n; /* fn may add behind them */
	size_t at = 0;

	for (size_t i = 0; domains != NULL && i < domains->n; i++) {
		const struct domain *domain = domains->rows[i];

		while (at < n && virtio_channel_index(virtio->channels[at]) < domain->index)
			at++;
		if (domain->id >= 0 && (at == n || virtio_channel_index(virtio->channels[at]) != domain->index))
			fn(arg, domain);
	}
}

/* --- new channels ------------------------------------------------------------------------------------------------- */

struct addition {
	struct virtio *virtio;
	size_t refused;
};

static void add(struct addition *addition, const struct domain *domain, const char *path)
{
	struct virtio *virtio = addition->virtio;

	virtio->claims_due = true;
	if (virtio->n < virtio->most)
		virtio->channels[virtio->n++] = virtio_channel_new(&virtio->service, domain, path);
	else
		addition->refused++;
}

static void add_named(void *arg, const struct domain *domain)
{
	if (path_of(domain) != NULL)
		add(arg, domain, path_of(domain));
}

static void end_additions(struct addition *addition)
{
	struct virtio *virtio = addition->virtio;
	char text[64];

	qsort(virtio->channels, virtio->n, sizeof(virtio->channels[0]), by_index);
	snprintf(text, sizeof(text), "max_channels is %zu, further domains have none", virtio->most);
	if (addition->refused > 0)
		log_repeat_fail(&virtio->too_many, "virtio channels", text);
	else if (virtio->n < virtio->most)
		log_repeat_ok(&virtio->too_many, "virtio channels");
}

static void add_all_named(struct virtio *virtio)
{
	struct addition addition = { virtio, 0 };

	each_without(virtio, add_named, &addition);
	end_additions(&addition);
}

/* --- scan --------------------------------------------------------------------------------------------------------- */

struct needs {
	size_t n, room;
	struct virtio_need *rows;
};

static void collect_need(void *arg, const struct domain *domain)
{
	struct needs *needs = arg;

	if (path_of(domain) != NULL)
		return; /* beyond max_channels */
	if (needs->n == needs->room) {
		needs->room = needs->room > 0 ? 2 * needs->room : 16;
		needs->rows = mem_grow(needs->rows, needs->room, sizeof(needs->rows[0]));
	}
	needs->rows[needs->n++] = (struct virtio_need){ .domain = domain };
}

static int by_id(const void *a, const void *b)
{
	const int32_t x = ((const struct virtio_need *)a)->domain->id, y = ((const struct virtio_need *)b)->domain->id;

	return x < y ? -1 : x > y;
}

static int scan_place(const char *place, struct needs *needs)
{
	const int rc = virtio_scan(place, needs->rows, needs->n);

	return rc == -ERR_ABSENT ? 0 : rc;
}

static void scan_places(struct virtio *virtio, struct needs *needs)
{
	int rc = 0;

	qsort(needs->rows, needs->n, sizeof(needs->rows[0]), by_id);
	if (virtio->channel_path != NULL)
		rc = scan_place(virtio->channel_path, needs);
	for (size_t i = 0; virtio->channel_path == NULL && i < N_DEFAULT_PLACES && rc == 0; i++)
		rc = scan_place(DEFAULT_PLACES[i], needs);
	if (rc == 0)
		log_repeat_ok(&virtio->scan_failure, "looking for virtio channels");
	else
		log_repeat_fail(&virtio->scan_failure, "looking for virtio channels",
				rc == -ERR_IO ? strerror(errno) : err_text(rc));
}

static void add_found(struct virtio *virtio, const struct needs *needs)
{
	struct addition addition = { virtio, 0 };

	for (size_t i = 0; i < needs->n; i++) {
		if (needs->rows[i].path != NULL)
			add(&addition, needs->rows[i].domain, needs->rows[i].path);
		free(needs->rows[i].path);
	}
	end_additions(&addition);
}

static void scan_if_due(struct virtio *virtio, int64_t now_mono_ns)
{
	struct needs needs = { 0 };

	if (now_mono_ns < virtio->scan_due_mono_ns)
		return;
	virtio->scan_due_mono_ns = now_mono_ns + virtio->scan_ns;
	each_without(virtio, collect_need, &needs);
	if (needs.n > 0) {
		scan_places(virtio, &needs);
		add_found(virtio, &needs);
	}
	free(needs.rows);
}

/* --- rest --------------------------------------------------------------------------------------------------------- */

/* Every active domain's path counts, also of those that have no channel (max_channels). */
static void find_contested(struct virtio *virtio, int64_t now_mono_ns)
{
	const struct domains *domains = virtio->snapshot->domains;
	const size_t n_domains = domains != NULL ? domains->n : 0;
	struct virtio_claim *rows = mem_array(n_domains, sizeof(rows[0]));
	size_t n = 0, at = 0;

	for (size_t i = 0; i < n_domains; i++) {
		const struct domain *domain = domains->rows[i];
		const char *path = path_of(domain);

		while (at < virtio->n && virtio_channel_index(virtio->channels[at]) < domain->index)
			at++;
		if (path == NULL && at < virtio->n && virtio_channel_index(virtio->channels[at]) == domain->index)
			path = virtio_channel_path(virtio->channels[at]);
		if (domain->id >= 0 && path != NULL)
			rows[n++] = (struct virtio_claim){ .index = domain->index, .path = path };
	}
	virtio->claims_due = !virtio_claims_update(&virtio->claims, rows, n, now_mono_ns);
	free(rows);
}

/* Rests those that may not be served now: of stale domains, and with a socket that two domains claim, of whom the one
 * that answers cannot be told. */
static void refresh(struct virtio *virtio, int64_t now_mono_ns)
{
	for (size_t i = 0; i < virtio->n; i++) {
		struct virtio_channel *channel = virtio->channels[i];
		const struct domain *domain = active_domain(virtio, virtio_channel_index(channel));
		const bool contested = virtio_claims_contested(&virtio->claims, domain->index);
		const int64_t read_mono_ns = domain_state_mono_ns(domain);

		if (contested || now_mono_ns - read_mono_ns >= virtio->expiration_ns)
			virtio_channel_rest(channel, contested);
		else
			virtio_channel_seen(channel, read_mono_ns);
	}
}

/* --- figures ------------------------------------------------------------------------------------------------------ */

static bool same_rows(const struct channels *a, const struct channels *b)
{
	return a != NULL && a->n == b->n && memcmp(a->rows, b->rows, a->n * sizeof(a->rows[0])) == 0;
}

static void show(struct virtio *virtio, int64_t now_mono_ns)
{
	struct channels *channels;

	if (now_mono_ns < virtio->board_due_mono_ns)
		return;
	channels = channels_new(virtio->n);
	for (size_t i = 0; i < virtio->n; i++)
		virtio_channel_row(virtio->channels[i], &channels->rows[i]);
	if (same_rows(virtio->shown, channels)) {
		part_unref(channels);
		return;
	}
	virtio->board_due_mono_ns = now_mono_ns + VIRTIO_BOARD_MS * NS_PER_MS;
	part_unref(virtio->shown);
	virtio->shown = channels;
	board_put_channels(virtio->board, part_ref(channels));
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

struct virtio *virtio_new(struct loop *loop, struct store *store, struct board *board,
			  const struct virtio_options *options)
{
	struct virtio *virtio = mem_alloc(sizeof(*virtio));

	virtio->service = (struct virtio_service){
		.loop = loop,
		.document = document,
		.domain = domain_of_run,
		.arg = virtio,
		.request_cost_ns = NS_PER_S / options->requests_per_s,
		.request_burst_ns = options->burst * (NS_PER_S / options->requests_per_s),
	};
	virtio->style = options->style;
	virtio->store = store;
	virtio->board = board;
	virtio->channel_path = mem_string(options->channel_path);
	virtio->most = options->max_channels;
	if (virtio->most > VIRTIO_CHANNELS_MAX) {
		log_warning("max_channels is %zu, taken as %u", virtio->most, VIRTIO_CHANNELS_MAX);
		virtio->most = VIRTIO_CHANNELS_MAX;
	}
	virtio->expiration_ns = options->expiration_s * NS_PER_S;
	virtio->scan_ns = options->scan_s * NS_PER_S;
	buf_init(&virtio->host, VIRTIO_HOST_MAX);
	buf_init(&virtio->reply, VIRTIO_REPLY_MAX);
	virtio->channels = mem_array(virtio->most, sizeof(virtio->channels[0]));
	return virtio;
}

void virtio_free(struct virtio *virtio)
{
	if (virtio == NULL)
		return;
	for (size_t i = 0; i < virtio->n; i++)
		virtio_channel_free(virtio->channels[i]);
	board_put_channels(virtio->board, NULL);
	part_unref(virtio->shown);
	part_unref(virtio->snapshot);
	buf_free(&virtio->host);
	buf_free(&virtio->reply);
	free(virtio->channels);
	virtio_claims_clear(&virtio->claims);
	free(virtio->channel_path);
	free(virtio);
}

/* True when the domains may have changed. */
static bool take_snapshot(struct virtio *virtio)
{
	struct snapshot *newest = store_acquire(virtio->store), *old = virtio->snapshot;
	const bool changed = newest != NULL && (old == NULL || newest->domains != old->domains);

	virtio->snapshot = newest;
	part_unref(old);
	return changed;
}

void virtio_update(struct virtio *virtio)
{
	const int64_t now_mono_ns = clock_mono_ns();
	const bool changed = take_snapshot(virtio);

	if (virtio->snapshot == NULL)
		return;
	if (changed) {
		virtio->claims_due = true;
		drop_ended(virtio);
		add_all_named(virtio);
	}
	scan_if_due(virtio, now_mono_ns);
	if (virtio->claims_due)
		find_contested(virtio, now_mono_ns);
	refresh(virtio, now_mono_ns);
	show(virtio, now_mono_ns);
}
