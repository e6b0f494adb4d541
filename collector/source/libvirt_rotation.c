/*
 * libvirt_rotation.c - slices of domains to the lanes, and their answers back to the domains.
 *
 * Thread: the worker's. A healthy QEMU answers within milliseconds, so what is asked for at a poll is there at the same
 * poll; where not, at a later one.
 */
#include "source/libvirt_rotation.h"

#include "source/libvirt_monitor.h"
#include "source/libvirt_stats.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_MS 500
#define FIRST_WAIT_MS 3000 /* nobody has values yet: rather late than half */

struct libvirt_rotation {
	struct libvirt_monitor *monitor;
	int64_t asked_mono_ns; /* 0: never */
	int64_t wait_until_mono_ns;
	size_t n_turns, room; /* of this poll */
	struct libvirt_turn **turns;
	struct log_repeat repeat; /* of the lanes' connections */
};

struct libvirt_rotation *libvirt_rotation_new(const char *uri)
{
	struct libvirt_rotation *rotation = mem_alloc(sizeof(*rotation));

	rotation->monitor = libvirt_monitor_new(uri);
	return rotation;
}

void libvirt_rotation_free(struct libvirt_rotation *rotation)
{
	if (rotation == NULL)
		return;
	libvirt_monitor_free(rotation->monitor);
	free(rotation->turns);
	free(rotation);
}

/* ---- asking ---- */

static void turns_gather(struct libvirt_rotation *rotation, struct libvirt_domain *domains)
{
	const size_t n = HASH_COUNT(domains);
	struct libvirt_domain *domain, *next;

	if (n > rotation->room) {
		rotation->turns = mem_grow(rotation->turns, n, sizeof(rotation->turns[0]));
		rotation->room = n;
	}
	rotation->n_turns = 0;
	HASH_ITER (hh, domains, domain, next) {
		rotation->turns[rotation->n_turns++] = &domain->turn;
	}
}

static void slice_submit(struct libvirt_rotation *rotation, struct libvirt_turn **turns, size_t n, int64_t now_mono_ns)
{
	struct libvirt_slice *slice = libvirt_slice_new();

	slice->n = n;
	for (size_t i = 0; i < n; i++) {
		memcpy(slice->uuids[i], turns[i]->uuid, sizeof(slice->uuids[i]));
		libvirt_turn_ask(turns[i], now_mono_ns);
	}
	libvirt_monitor_submit(rotation->monitor, slice);
}

static void turns_submit(struct libvirt_rotation *rotation, int64_t elapsed_ns, int64_t now_mono_ns)
{
	const bool risk = libvirt_monitor_abandoned(rotation->monitor) < LIBVIRT_MONITOR_ABANDONED_MAX;
	const size_t picked = libvirt_turn_pick(rotation->turns, rotation->n_turns, elapsed_ns, risk);

	for (size_t i = 0, n; i < picked; i += n) {
		n = libvirt_turn_together(&rotation->turns[i], picked - i, LIBVIRT_MONITOR_SLICE_MAX);
		slice_submit(rotation, &rotation->turns[i], n, now_mono_ns);
	}
}

static struct libvirt_domain *domain_by(struct libvirt_domain *domains, const uint8_t uuid[16])
{
	struct libvirt_domain *domain;

	HASH_FIND(hh, domains, uuid, sizeof(domain->uuid), domain);
	return domain;
}

static const char *name_of(const struct libvirt_domain *domain)
{
	return domain->ident != NULL ? domain->ident->name : "?";
}

static void tell(const struct libvirt_domain *domain, enum libvirt_turn_news news)
{
	if (news == TURN_HANGS)
		log_warning("libvirt: domain %s: its QEMU does not answer; what only QEMU tells stays as it was",
			    name_of(domain));
	else if (news == TURN_ANSWERS_AGAIN)
		log_info("libvirt: domain %s: its QEMU answers again after %lld s", name_of(domain),
			 (long long)((clock_mono_ns() - domain->turn.hangs_mono_ns) / NS_PER_S));
}

/* What hung or was refused: its domains are asked again in another way. */
static void slice_failed(struct libvirt_rotation *rotation, struct libvirt_domain *domains,
			 const struct libvirt_slice *slice)
{
	for (size_t i = 0; i < slice->n; i++) {
		struct libvirt_domain *domain = domain_by(domains, slice->uuids[i]);

		if (domain == NULL)
			continue;
		if (slice->code == -ERR_TIMEOUT)
			tell(domain, libvirt_turn_overran(&domain->turn, slice->n));
		else
			libvirt_turn_refused(&domain->turn, slice->lost);
	}
	if (slice->code != -ERR_TIMEOUT)
		log_repeat_fail(&rotation->repeat, "libvirt: reading QEMU's monitors", slice->error);
}

static void slice_attach(struct libvirt_domain *domains, struct libvirt_slice *slice)
{
	for (size_t i = 0; i < slice->n_readings; i++) {
		struct libvirt_domain *domain = domain_by(domains, slice->readings[i]->uuid);

		if (domain == NULL)
			continue;
		libvirt_domain_set_reading(domain, slice->readings[i]);
		slice->readings[i] = NULL;
	}
}

static void slice_answered(struct libvirt_domain *domains, struct libvirt_slice *slice)
{
	slice_attach(domains, slice);
	for (size_t i = 0; i < slice->n; i++) {
		struct libvirt_domain *domain = domain_by(domains, slice->uuids[i]);

		if (domain != NULL)
			tell(domain, libvirt_turn_answered(&domain->turn, libvirt_domain_is_whole(domain)));
	}
}

static void slices_take(struct libvirt_rotation *rotation, struct libvirt_domain *domains)
{
	struct libvirt_slice *slice;

	while ((slice = libvirt_monitor_take(rotation->monitor)) != NULL) {
		if (slice->code != 0) {
			slice_failed(rotation, domains, slice);
		} else {
			log_repeat_ok(&rotation->repeat, "libvirt: reading QEMU's monitors");
			slice_answered(domains, slice);
		}
		part_unref(slice);
	}
}

void libvirt_rotation_ask(struct libvirt_rotation *rotation, struct libvirt_domain *domains)
{
	const int64_t now_mono_ns = clock_mono_ns();
	const bool first = rotation->asked_mono_ns == 0;
	const int64_t elapsed_ns = first ? INT64_MAX : now_mono_ns - rotation->asked_mono_ns;

	/* What overran since is asked again now. */
	slices_take(rotation, domains);
	turns_gather(rotation, domains);
	libvirt_monitor_begin(rotation->monitor);
	turns_submit(rotation, elapsed_ns, now_mono_ns);
	rotation->asked_mono_ns = now_mono_ns;
	rotation->wait_until_mono_ns = now_mono_ns + (first ? FIRST_WAIT_MS : WAIT_MS) * NS_PER_MS;
}

void libvirt_rotation_take(struct libvirt_rotation *rotation, struct libvirt_domain *domains)
{
	libvirt_monitor_wait(rotation->monitor, rotation->wait_until_mono_ns);
	slices_take(rotation, domains);
}
