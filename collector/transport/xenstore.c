/*
 * xenstore.c - the lane "xenstore": each active domain's document into Xen's store, from each new snapshot. Thread: its
 * own; blocks on xenstored, and on the store while there is nothing to write.
 */
#include "transport/xenstore.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <xenstore.h>

#define PATH_SIZE 128
#define MESSAGE_SIZE 256
#define STOP_STEP_NS (20 * NS_PER_MS)

struct xenstore_lane {
	pthread_t thread;
	_Atomic bool stopping;
	struct store *store;
	int64_t period_ns;
	struct guest_style style;
	/* The thread's own. */
	struct xs_handle *handle; /* NULL: not connected */
	uint64_t shown;           /* serial of the snapshot that was written */
	struct log_repeat failure, too_small;
};

static void disconnect(struct xenstore_lane *lane)
{
	xs_close(lane->handle);
	lane->handle = NULL;
}

static int fail(struct xenstore_lane *lane, const char *what)
{
	char text[MESSAGE_SIZE];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	log_repeat_fail(&lane->failure, "xenstore", text);
	return -ERR_IO;
}

/* What concerns one domain, which may be ending, and not the connection. */
static bool is_of_domain(int error)
{
	return error == ENOENT || error == EINVAL || error == EACCES || error == EPERM || error == ENOSPC ||
	       error == E2BIG;
}

/* Its home, "/local/domain/ID", which exists for any number; false: the connection is of no use, or no such domain. */
static bool home_of(const struct xenstore_lane *lane, const struct domain *domain, char home[PATH_SIZE])
{
	char *path = xs_get_domain_path(lane->handle, (unsigned)domain->id);
	const bool fits = path != NULL && (size_t)snprintf(home, PATH_SIZE, "%s", path) < PATH_SIZE;

	if (path != NULL && !fits)
		errno = EINVAL;
	free(path);
	return fits;
}

/* Is the domain of that number in the store the one we mean? */
static bool is_the_same(const struct xenstore_lane *lane, const struct domain *domain, const char *home)
{
	char node[PATH_SIZE + 8], uuid[TEXT_UUID_SIZE], *vm;
	const char *last;
	unsigned length;
	bool same;

	snprintf(node, sizeof(node), "%s/vm", home);
	vm = xs_read(lane->handle, XBT_NULL, node, &length);
	if (vm == NULL)
		return false;
	text_uuid_format(domain->uuid, uuid);
	last = strrchr(vm, '/');
	same = last != NULL && strcasecmp(last + 1, uuid) == 0;
	free(vm);
	if (!same)
		errno = ENOENT;
	return same;
}

static void compose_less(const struct guest_style *style, const struct snapshot *snapshot, const struct domain *domain,
			 struct buf *out)
{
	buf_reset(out);
	guest_doc_begin(out);
	buf_text(out, "<!-- host metrics left out: a node of xenstore is too small for them -->\n");
	guest_doc_domain(out, style, snapshot, domain);
	guest_doc_end(out);
	if (!out->over)
		return;
	buf_reset(out);
	guest_doc_begin(out);
	buf_text(out, "<!-- all metrics left out: a node of xenstore is too small for them -->\n");
	guest_doc_end(out);
}

/* False: something was left out. */
static bool compose(const struct guest_style *style, const struct snapshot *snapshot, const struct domain *domain,
		    const struct buf *host, struct buf *out)
{
	struct guest_doc_cut cut;

	guest_doc_own(out, style, host, snapshot, domain);
	if (!out->over)
		return true;
	if (!guest_doc_own_within(out, style, NULL, snapshot, domain, &cut))
		compose_less(style, snapshot, domain, out);
	return false;
}

/* One domain. False: the connection is of no use. */
static bool put_domain(struct xenstore_lane *lane, const struct snapshot *snapshot, const struct domain *domain,
		       const struct buf *host, bool *whole)
{
	char node[PATH_SIZE + 16], home[PATH_SIZE];
	struct buf document;
	bool written;

	if (!home_of(lane, domain, home) || !is_the_same(lane, domain, home))
		return is_of_domain(errno);
	snprintf(node, sizeof(node), "%s/metrics", home);
	buf_init(&document, XENSTORE_NODE_MAX - strlen(node) - 1);
	*whole = compose(&lane->style, snapshot, domain, host, &document) && *whole;
	written = xs_write(lane->handle, XBT_NULL, node, document.data, (unsigned)document.length);
	buf_free(&document);
	return written || is_of_domain(errno);
}

static int connect_store(struct xenstore_lane *lane)
{
	if (lane->handle != NULL)
		return 0;
	lane->handle = xs_open(0);
	return lane->handle != NULL ? 0 : fail(lane, "cannot be opened: is this host's hypervisor Xen?");
}

static void tell_size(struct xenstore_lane *lane, bool whole)
{
	if (whole)
		log_repeat_ok(&lane->too_small, "xenstore size");
	else
		log_repeat_fail(&lane->too_small, "xenstore size",
				"a guest's metrics are more than a node holds; some are left out");
}

static int put_domains(struct xenstore_lane *lane, const struct snapshot *snapshot, const struct buf *host)
{
	const struct domains *domains = snapshot->domains;
	bool whole = true;

	for (size_t i = 0; domains != NULL && i < domains->n && !lane->stopping; i++) {
		if (domains->rows[i]->id < 0)
			continue;
		if (!put_domain(lane, snapshot, domains->rows[i], host, &whole)) {
			const int rc = fail(lane, "writing");

			disconnect(lane);
			return rc;
		}
	}
	log_repeat_ok(&lane->failure, "xenstore");
	tell_size(lane, whole);
	return 0;
}

static int show(struct xenstore_lane *lane, const struct snapshot *snapshot)
{
	struct buf host;
	int rc = connect_store(lane);

	if (rc < 0)
		return rc;
	buf_init(&host, XENSTORE_NODE_MAX);
	guest_doc_host(&host, &lane->style, snapshot);
	rc = put_domains(lane, snapshot, &host);
	buf_free(&host);
	return rc;
}

/* Until the time is over or the lane is to stop. */
static void wait_until(const struct xenstore_lane *lane, int64_t until_mono_ns)
{
	while (!lane->stopping && clock_mono_ns() < until_mono_ns)
		part_unref(store_wait(lane->store, UINT64_MAX, until_mono_ns));
}

static void *run(void *arg)
{
	struct xenstore_lane *lane = arg;

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
	disconnect(lane);
	return NULL;
}

int xenstore_start(struct store *store, const struct xenstore_options *options, struct xenstore_lane **out)
{
	struct xenstore_lane *lane = mem_alloc(sizeof(*lane));
	int rc;

	lane->store = store;
	lane->period_ns = options->period_ms * NS_PER_MS;
	lane->style = options->style;
	rc = lane_start(&lane->thread, "xenstore", run, lane);
	if (rc < 0)
		free(lane);
	else
		*out = lane;
	return rc;
}

/* In steps, because a wake that comes just before the lane begins to wait is lost. */
bool xenstore_stop(struct xenstore_lane *lane, int64_t deadline_mono_ns)
{
	if (lane == NULL)
		return true;
	lane->stopping = true;
	do {
		const int64_t step = clock_mono_ns() + STOP_STEP_NS;

		store_wake(lane->store);
		if (lane_join(lane->thread, step < deadline_mono_ns ? step : deadline_mono_ns)) {
			free(lane);
			return true;
		}
	} while (clock_mono_ns() < deadline_mono_ns);
	return false;
}
