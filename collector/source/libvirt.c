/*
 * libvirt.c - the source "libvirt": every domain of one hypervisor, read-only.
 *
 * Thread: open, poll and close on the worker; the callbacks on virevent, where they copy and enqueue only.
 * Data: three lists per poll (all, the persistent, the autostarted) and the bulk statistics, a slice of the list by one
 * call; what is asked of single domains is in libvirt_domain.c. The source keeps its last reading of each domain, so
 * that one that cannot be read keeps its row.
 *
 * QEMU's monitor may hang a call for ever. So of its domains only lists, XML, states and NICs are read here at each
 * poll; the rest comes by turns over connections of its own (libvirt_rotation.h), and a domain whose QEMU hangs keeps
 * what was read before. A row's time is that of its last whole reading: of a healthy domain it is at most
 * LIBVIRT_TURN_AGE_MS and one period old, of one whose neighbour in a call begins to hang two periods and that call's
 * deadline more, once.
 *
 * A libvirtd that is not there is a failure and not absence: whoever configured the URI wants to know, and a node
 * without libvirt disables the source. One that hangs is noticed by keepalive after 8 s while a call waits; what blocks
 * before keepalive works (the open itself) is cut by abandoning the worker.
 */
#include "source/libvirt_domain.h"
#include "source/libvirt_local.h"
#include "source/libvirt_rotation.h"
#include "source/libvirt_stats.h"
#include "source/libvirt_watch.h"
#include "source/libvirt_xml.h"
#include "source/source.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#include <libvirt/virterror.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 15000
#define XML_BUDGET_NS (2 * NS_PER_S) /* of a poll, for reading XML; the rest follows at the next */

/* Domains of one bulk call. An answer of libvirtd ends at 32 MiB; so there are 512 KiB for the numbers of each, and
 * 128 KiB where these are of state and NICs only. */
#define SLICE_MAX 64
#define QUICK_SLICE_MAX 256

/* What QEMU's monitor is not asked for. */
#define QUICK_GROUPS (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE)

struct libvirt {
	virConnectPtr connection;
	struct libvirt_reader reader;
	struct libvirt_rotation *rotation; /* NULL: no call of this driver asks a monitor */
	unsigned int groups, bulk_flags;
	size_t slice_max;
	uint64_t polls;
	struct hypervisor hypervisor;
	struct libvirt_domain *domains;
};

/* A list of domains as libvirt allocates it. */
struct listing {
	int n;
	virDomainPtr *domains;
};

/* libvirt's 1000000 * major + 1000 * minor + release. */
static char *version_text(unsigned long version)
{
	char text[64];

	snprintf(text, sizeof(text), "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
	return mem_string(text);
}

static void hypervisor_read(virConnectPtr connection, struct hypervisor *out)
{
	char *capabilities = virConnectGetCapabilities(connection), *uri = virConnectGetURI(connection);
	unsigned long version;

	out->type = mem_string(virConnectGetType(connection));
	out->uri = mem_string(uri);
	if (virConnectGetVersion(connection, &version) == 0)
		out->version = version_text(version);
	if (virConnectGetLibVersion(connection, &version) == 0)
		out->libvirt_version = version_text(version);
	out->have_host_uuid =
		capabilities != NULL && libvirt_xml_host_uuid(capabilities, strlen(capabilities), out->host_uuid) == 0;
	free(uri);
	free(capabilities);
}

static void domain_remove(struct libvirt *libvirt, struct libvirt_domain *domain)
{
	HASH_DEL(libvirt->domains, domain);
	libvirt_watch_describe(libvirt->reader.watch, domain->uuid, NULL);
	libvirt_domain_free(domain);
}

static void libvirt_close(void *self)
{
	struct libvirt *libvirt = self;
	struct libvirt_domain *domain, *next;

	if (libvirt == NULL)
		return;
	HASH_ITER (hh, libvirt->domains, domain, next) {
		domain_remove(libvirt, domain);
	}
	libvirt_rotation_free(libvirt->rotation);
	libvirt_watch_close(libvirt->reader.watch);
	virConnectClose(libvirt->connection);
	libvirt_rows_free(libvirt->reader.rows);
	hypervisor_free(&libvirt->hypervisor);
	free(libvirt);
}

static bool is_local(virConnectPtr connection, const char *uri)
{
	char ours[HOST_NAME_MAX + 1] = "";
	char *theirs = libvirt_local_is_loopback(uri) ? virConnectGetHostname(connection) : NULL;
	bool local;

	gethostname(ours, sizeof(ours) - 1);
	local = libvirt_local_is(uri, theirs, ours);
	free(theirs);
	return local;
}

/* How the driver is to be read. uri: as configured. */
static void libvirt_adapt(struct libvirt *libvirt, const char *uri)
{
	const char *type = libvirt->hypervisor.type;

	libvirt->bulk_flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
	libvirt->reader.by_turns = type != NULL && strcmp(type, "QEMU") == 0;
	if (libvirt->reader.by_turns)
		libvirt->rotation = libvirt_rotation_new(uri);
	libvirt->groups = libvirt->reader.by_turns ? QUICK_GROUPS : LIBVIRT_STATS_GROUPS;
	libvirt->slice_max = libvirt->reader.by_turns ? QUICK_SLICE_MAX : SLICE_MAX;
}

static int libvirt_open(const struct source_env *env, void **self, struct source_error *error)
{
	const char *uri = env->uri != NULL && env->uri[0] != '\0' ? env->uri : NULL;
	const uint64_t ticket = env->live != NULL ? live_ticket(env->live) : 0;
	virConnectPtr connection = virConnectOpenReadOnly(uri);
	struct libvirt *libvirt;

	if (connection == NULL)
		return source_fail(error, -ERR_IO, "no libvirtd at %s: %s", uri != NULL ? uri : "libvirt's default URI",
				   virGetLastErrorMessage());
	libvirt = mem_alloc(sizeof(*libvirt));
	libvirt->connection = connection;
	libvirt->reader.watch = libvirt_watch_open(connection, env->live, ticket);
	libvirt->reader.rows = libvirt_rows_new();
	hypervisor_read(connection, &libvirt->hypervisor);
	libvirt->reader.local = libvirt->hypervisor.local = is_local(connection, libvirt->hypervisor.uri);
	libvirt_adapt(libvirt, uri);
	*self = libvirt;
	return 0;
}

static int libvirt_fail(const struct libvirt *libvirt, struct source_error *error, int code, const char *text)
{
	const char *uri = libvirt->hypervisor.uri;

	return source_fail(error, code, "%s: %s", uri != NULL ? uri : "libvirt", text);
}

static void listing_free(struct listing *listing)
{
	for (int i = 0; i < listing->n; i++)
		virDomainFree(listing->domains[i]);
	free(listing->domains);
}

static struct libvirt_domain *domain_find(struct libvirt *libvirt, virDomainPtr handle)
{
	uint8_t uuid[16];
	struct libvirt_domain *domain = NULL;

	if (virDomainGetUUID(handle, uuid) == 0)
		HASH_FIND(hh, libvirt->domains, uuid, sizeof(uuid), domain);
	return domain;
}

static struct libvirt_domain *domain_make(struct libvirt *libvirt, virDomainPtr handle)
{
	struct libvirt_domain *domain = domain_find(libvirt, handle);
	uint8_t uuid[16] = { 0 };

	if (domain == NULL) {
		virDomainGetUUID(handle, uuid);
		domain = libvirt_domain_new(uuid);
		HASH_ADD(hh, libvirt->domains, uuid, sizeof(domain->uuid), domain);
	}
	domain->poll = libvirt->polls;
	domain->persistent = domain->autostart = false;
	domain->record = NULL;
	return domain;
}

static void on_outdated(void *arg, const uint8_t *uuid)
{
	struct libvirt *libvirt = arg;
	struct libvirt_domain *domain, *next;

	if (uuid == NULL) {
		HASH_ITER (hh, libvirt->domains, domain, next) {
			domain->outdated = true;
		}
		return;
	}
	HASH_FIND(hh, libvirt->domains, uuid, sizeof(domain->uuid), domain);
	if (domain != NULL)
		domain->outdated = true;
}

/* Sets a flag of the domains that libvirt's filter lets through. False: the driver cannot filter so. */
static bool flag_read(struct libvirt *libvirt, unsigned int filter, size_t offset)
{
	struct listing listing = { 0 };

	listing.n = virConnectListAllDomains(libvirt->connection, &listing.domains, filter);
	for (int i = 0; i < listing.n; i++) {
		struct libvirt_domain *domain = domain_find(libvirt, listing.domains[i]);

		if (domain != NULL)
			*(bool *)((char *)domain + offset) = true;
	}
	listing_free(&listing);
	return listing.n >= 0;
}

/* Number of records, in no order: a domain that has gone since it was listed has none. 0 where the driver has no such
 * call, negative: an error of libvirt's. list ends with NULL. */
static int bulk_read(struct libvirt *libvirt, virDomainPtr *list, virDomainStatsRecordPtr **records)
{
	int n = virDomainListGetStats(list, libvirt->groups, records, libvirt->bulk_flags);
	int code = n < 0 ? virGetLastErrorCode() : VIR_ERR_OK;

	if (libvirt->bulk_flags != 0 && (code == VIR_ERR_INVALID_ARG || code == VIR_ERR_ARGUMENT_UNSUPPORTED)) {
		libvirt->bulk_flags = 0; /* a driver from before NOWAIT */
		n = virDomainListGetStats(list, libvirt->groups, records, 0);
		code = n < 0 ? virGetLastErrorCode() : VIR_ERR_OK;
	}
	return code == VIR_ERR_NO_SUPPORT ? 0 : n;
}

/* Hands each record to its domain. libvirt reads one domain after the other, so the time is spread over them. */
static void bulk_attach(struct libvirt *libvirt, virDomainStatsRecordPtr *records, int n, int64_t start_mono_ns)
{
	int64_t step = n > 0 ? (clock_mono_ns() - start_mono_ns) / n : 0;

	for (int i = 0; i < n; i++) {
		struct libvirt_domain *domain = domain_find(libvirt, records[i]->dom);

		if (domain == NULL)
			continue;
		domain->record = records[i];
		domain->record_mono_ns = start_mono_ns + step * (i + 1);
	}
}

static void rows_read(struct libvirt *libvirt, virDomainPtr *list, uint64_t flags_have, struct domains *domains)
{
	for (; *list != NULL; list++) {
		struct libvirt_domain *domain = domain_find(libvirt, *list);
		struct domain *row = libvirt_domain_read(domain, *list, &libvirt->reader);

		if (row == NULL)
			continue;
		row->have |= flags_have;
		row->persistent = domain->persistent;
		row->autostart = domain->autostart;
		domains->rows[domains->n++] = row;
	}
}

/* Appends the rows of at most QUICK_SLICE_MAX domains. False: libvirt's last error says why. */
static bool slice_read(struct libvirt *libvirt, virDomainPtr *handles, size_t n_handles, uint64_t flags_have,
		       struct domains *domains)
{
	virDomainPtr list[QUICK_SLICE_MAX + 1] = { NULL };
	virDomainStatsRecordPtr *records = NULL;
	const int64_t start = clock_mono_ns();
	int n;

	memcpy(list, handles, n_handles * sizeof(list[0]));
	n = bulk_read(libvirt, list, &records);
	if (n < 0)
		return false;
	bulk_attach(libvirt, records, n, start);
	rows_read(libvirt, list, flags_have, domains);
	virDomainStatsRecordListFree(records);
	return true;
}

static void domains_describe(struct libvirt *libvirt, const struct listing *listing)
{
	libvirt->reader.xml_until_mono_ns = clock_mono_ns() + XML_BUDGET_NS;
	libvirt_watch_outdated(libvirt->reader.watch, on_outdated, libvirt);
	for (int i = 0; i < listing->n; i++)
		libvirt_domain_describe(domain_make(libvirt, listing->domains[i]), listing->domains[i],
					&libvirt->reader);
}

static void domains_sweep(struct libvirt *libvirt)
{
	struct libvirt_domain *domain, *next;

	HASH_ITER (hh, libvirt->domains, domain, next) {
		if (domain->poll != libvirt->polls)
			domain_remove(libvirt, domain);
	}
}

/* DOMAIN_HAVE_*: which of the two could be read. */
static uint64_t flags_read(struct libvirt *libvirt)
{
	uint64_t have = 0;

	if (flag_read(libvirt, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, offsetof(struct libvirt_domain, persistent)))
		have |= DOMAIN_HAVE_PERSISTENT;
	if (flag_read(libvirt, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, offsetof(struct libvirt_domain, autostart)))
		have |= DOMAIN_HAVE_AUTOSTART;
	return have;
}

/* False: libvirt's last error says why. */
static bool slices_read(struct libvirt *libvirt, const struct listing *listing, uint64_t flags_have,
			struct domains *domains)
{
	const size_t n = (size_t)listing->n, most = libvirt->slice_max;

	for (size_t i = 0; i < n; i += most)
		if (!slice_read(libvirt, &listing->domains[i], n - i < most ? n - i : most, flags_have, domains))
			return false;
	return true;
}

/* The monitors' lanes work while the flags are read here. What they tell is older than the states, which so are the
 * newest of all. */
static bool domains_fill(struct libvirt *libvirt, const struct listing *listing, struct domains *domains)
{
	uint64_t have;

	if (libvirt->rotation == NULL)
		return slices_read(libvirt, listing, flags_read(libvirt), domains);
	libvirt_rotation_ask(libvirt->rotation, libvirt->domains);
	have = flags_read(libvirt);
	libvirt_rotation_take(libvirt->rotation, libvirt->domains);
	return slices_read(libvirt, listing, have, domains);
}

/* NULL: libvirt's last error says why. */
static struct domains *domains_read(struct libvirt *libvirt, const struct listing *listing)
{
	struct domains *domains = domains_new((size_t)listing->n);

	domains->n = 0;
	domains->complete = true;
	hypervisor_copy(&libvirt->hypervisor, &domains->hypervisor);
	domains_describe(libvirt, listing);
	domains_sweep(libvirt);
	if (domains_fill(libvirt, listing, domains))
		return domains;
	part_unref(domains);
	return NULL;
}

static int libvirt_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct libvirt *libvirt = self;
	struct listing listing = { 0 };
	struct domains *domains = NULL;
	int rc = 0;

	(void)env;
	libvirt->polls++;
	listing.n = virConnectListAllDomains(libvirt->connection, &listing.domains, 0);
	if (listing.n < 0)
		return libvirt_fail(libvirt, error, -ERR_IO, virGetLastErrorMessage());
	if (listing.n > DOMAINS_MAX)
		rc = libvirt_fail(libvirt, error, -ERR_LIMIT, "more domains than this daemon is made for");
	else if ((domains = domains_read(libvirt, &listing)) == NULL)
		rc = libvirt_fail(libvirt, error, -ERR_IO, virGetLastErrorMessage());
	listing_free(&listing);
	row_pool_end(&libvirt->reader.pool);
	/* A connection that ended on the way gave half answers: they are no facts. */
	if (rc == 0 && virConnectIsAlive(libvirt->connection) == 0) {
		rc = libvirt_fail(libvirt, error, -ERR_IO, "the connection was lost during the poll");
		part_unref(domains);
	}
	if (rc == 0)
		*result = &domains->part;
	return rc;
}

const struct source source_libvirt = {
	.id = SOURCE_LIBVIRT,
	.name = "libvirt",
	.worker = WORKER_LIBVIRT,
	.deadline_ms = DEADLINE_MS,
	.open = libvirt_open,
	.poll = libvirt_poll,
	.close = libvirt_close,
};
