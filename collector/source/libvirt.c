/*
 * libvirt.c - the source "libvirt": every domain of one hypervisor, over one read-only connection.
 *
 * Thread: open, poll and close on the worker; the two callbacks on virevent, where they copy and enqueue only.
 * Data: four calls per poll whatever the number of domains (all, the persistent, the autostarted, and the bulk
 * statistics), single calls only for what a driver's bulk answer lacks, and the OS of a domain that is new or was
 * defined anew. The source keeps its last reading of each domain, so that one that cannot be read keeps its row.
 *
 * A libvirtd that is not there is a failure and not absence: whoever configured the URI wants to know, and a node
 * without libvirt disables the source. One that hangs is noticed by keepalive after 8 s while a call waits; what blocks
 * before keepalive works (the open itself) is cut by abandoning the worker.
 */
#include "source/libvirt_stats.h"
#include "source/libvirt_watch.h"
#include "source/libvirt_xml.h"
#include "source/source.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define DEADLINE_MS 15000
#define OS_BUDGET_NS (2 * NS_PER_S) /* of a poll, for reading OS names; the rest follows at the next */
#define ROW_KEEP_NS (60 * NS_PER_S) /* an incomplete reading replaces a complete one after that */
#define OSINFO_NAMESPACE "http://libosinfo.org/xmlns/libvirt/domain/1.0"

/* A domain over the polls of one connection. */
struct entry {
	uint8_t uuid[16];
	struct domain_ident *ident;
	bool os_known;
	struct domain *last; /* the last reading, never handed out itself */
	/* of the present poll: */
	uint64_t poll;
	bool persistent, autostart;
	virDomainStatsRecordPtr record; /* borrowed */
	int64_t record_mono_ns;
	UT_hash_handle hh;
};

struct libvirt {
	virConnectPtr connection;
	struct libvirt_watch *watch;
	unsigned int bulk_flags;
	uint64_t polls;
	struct hypervisor hypervisor;
	struct entry *entries;
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
	out->have_host_uuid = capabilities != NULL && libvirt_xml_host_uuid(capabilities, out->host_uuid) == 0;
	free(uri);
	free(capabilities);
}

static void entry_free(struct libvirt *libvirt, struct entry *entry)
{
	HASH_DEL(libvirt->entries, entry);
	part_unref(entry->ident);
	part_unref(entry->last);
	free(entry);
}

static void libvirt_close(void *self)
{
	struct libvirt *libvirt = self;
	struct entry *entry, *next;

	if (libvirt == NULL)
		return;
	libvirt_watch_close(libvirt->watch);
	virConnectClose(libvirt->connection);
	HASH_ITER(hh, libvirt->entries, entry, next) {
		entry_free(libvirt, entry);
	}
	hypervisor_free(&libvirt->hypervisor);
	free(libvirt);
}

static int libvirt_open(const struct source_env *env, void **self, struct source_error *error)
{
	const char *uri = env->uri != NULL && env->uri[0] != '\0' ? env->uri : NULL;
	virConnectPtr connection = virConnectOpenReadOnly(uri);
	struct libvirt *libvirt;

	if (connection == NULL)
		return source_fail(error, -ERR_IO, "no libvirtd at %s: %s", uri != NULL ? uri : "libvirt's default URI",
				   virGetLastErrorMessage());
	libvirt = mem_alloc(sizeof(*libvirt));
	libvirt->connection = connection;
	libvirt->watch = libvirt_watch_open(connection, env->live);
	libvirt->bulk_flags = VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
	hypervisor_read(connection, &libvirt->hypervisor);
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

static struct entry *entry_find(struct libvirt *libvirt, virDomainPtr domain)
{
	uint8_t uuid[16];
	struct entry *entry = NULL;

	if (virDomainGetUUID(domain, uuid) == 0)
		HASH_FIND(hh, libvirt->entries, uuid, sizeof(uuid), entry);
	return entry;
}

static struct entry *entry_make(struct libvirt *libvirt, virDomainPtr domain)
{
	struct entry *entry = entry_find(libvirt, domain);

	if (entry == NULL) {
		entry = mem_alloc(sizeof(*entry));
		virDomainGetUUID(domain, entry->uuid);
		HASH_ADD(hh, libvirt->entries, uuid, sizeof(entry->uuid), entry);
	}
	entry->poll = libvirt->polls;
	entry->persistent = entry->autostart = false;
	entry->record = NULL;
	return entry;
}

/* A domain that was defined anew tells its OS again. */
static void on_redefined(void *arg, const uint8_t *uuid)
{
	struct libvirt *libvirt = arg;
	struct entry *entry, *next;

	if (uuid == NULL) {
		HASH_ITER(hh, libvirt->entries, entry, next) {
			entry->os_known = false;
		}
		return;
	}
	HASH_FIND(hh, libvirt->entries, uuid, sizeof(entry->uuid), entry);
	if (entry != NULL)
		entry->os_known = false;
}

/* The libosinfo id where the definition has one, else the OS type. The caller frees it. */
static char *os_read(virDomainPtr domain)
{
	char id[LIBVIRT_OS_SIZE];
	char *xml = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, OSINFO_NAMESPACE, 0);
	bool known = xml != NULL && libvirt_xml_os(xml, id) == 0;

	free(xml);
	return known ? mem_string(id) : virDomainGetOSType(domain);
}

static bool text_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Brings entry->ident up to date. Rows share it, so one that says the same stays. */
static void entry_identify(struct entry *entry, virDomainPtr domain, int64_t until_mono_ns)
{
	const char *full = virDomainGetName(domain);
	const struct domain_ident *old = entry->ident;
	size_t length = text_utf8_cut(full, strnlen(full, DOMAIN_NAME_MAX + 1), DOMAIN_NAME_MAX);
	bool renamed = old == NULL || strlen(old->name) != length || memcmp(old->name, full, length) != 0;
	char *name, *os;

	if (!renamed && entry->os_known)
		return;
	entry->os_known = clock_mono_ns() < until_mono_ns;
	os = entry->os_known ? os_read(domain) : mem_string(old != NULL ? old->os : NULL);
	if (renamed || !text_same(old->os, os)) {
		name = mem_string_n(full, length);
		entry->ident = domain_ident_new(entry->uuid, name, os);
		part_unref(old);
		free(name);
	}
	free(os);
}

/* Sets a flag on the entries of the domains that libvirt's filter lets through. False: the driver cannot filter so. */
static bool flag_read(struct libvirt *libvirt, unsigned int filter, size_t offset)
{
	struct listing listing = {0};

	listing.n = virConnectListAllDomains(libvirt->connection, &listing.domains, filter);
	for (int i = 0; i < listing.n; i++) {
		struct entry *entry = entry_find(libvirt, listing.domains[i]);

		if (entry != NULL)
			*(bool *)((char *)entry + offset) = true;
	}
	listing_free(&listing);
	return listing.n >= 0;
}

/* Number of records; 0 where the driver has no such call. */
static int bulk_read(struct libvirt *libvirt, virDomainStatsRecordPtr **records)
{
	int n = virConnectGetAllDomainStats(libvirt->connection, LIBVIRT_STATS_GROUPS, records, libvirt->bulk_flags);
	int code = n < 0 ? virGetLastErrorCode() : VIR_ERR_OK;

	if (libvirt->bulk_flags != 0 && (code == VIR_ERR_INVALID_ARG || code == VIR_ERR_ARGUMENT_UNSUPPORTED)) {
		libvirt->bulk_flags = 0; /* a driver from before NOWAIT */
		n = virConnectGetAllDomainStats(libvirt->connection, LIBVIRT_STATS_GROUPS, records, 0);
	}
	return n < 0 ? 0 : n;
}

/* Hands each record to its entry. libvirt reads one domain after the other, so the time is spread over them. */
static void bulk_attach(struct libvirt *libvirt, virDomainStatsRecordPtr *records, int n, int64_t start_mono_ns)
{
	int64_t step = n > 0 ? (clock_mono_ns() - start_mono_ns) / n : 0;

	for (int i = 0; i < n; i++) {
		struct entry *entry = entry_find(libvirt, records[i]->dom);

		if (entry == NULL)
			continue;
		entry->record = records[i];
		entry->record_mono_ns = start_mono_ns + step * (i + 1);
	}
}

/* Asks singly for what every driver should tell and this one's bulk answer did not. */
static void row_complete(virDomainPtr domain, struct domain *row)
{
	virDomainMemoryStatStruct memory[VIR_DOMAIN_MEMORY_STAT_NR];
	virDomainInfo info;
	bool balloon = (row->have & (DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT)) != 0;
	uint64_t wanted = DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT | DOMAIN_HAVE_VCPUS;
	int n;

	if (row->id >= 0)
		wanted |= DOMAIN_HAVE_CPU_TIME;
	if ((wanted & ~row->have) != 0 && virDomainGetInfo(domain, &info) == 0)
		libvirt_stats_info(&info, row);
	if ((row->have & DOMAIN_HAVE_VCPUS_MAX) == 0) {
		n = virDomainGetVcpusFlags(domain, VIR_DOMAIN_VCPU_MAXIMUM);
		if (n > 0) {
			row->vcpus_max = (uint32_t)n;
			row->have |= DOMAIN_HAVE_VCPUS_MAX;
		}
	}
	if (!balloon && row->id >= 0) {
		n = virDomainMemoryStats(domain, memory, VIR_DOMAIN_MEMORY_STAT_NR, 0);
		libvirt_stats_memory(memory, n > 0 ? (size_t)n : 0, row);
	}
}

/* 0, -ERR_ABSENT: the domain is gone, -ERR_IO: it cannot be read now. */
static int row_fill(const struct entry *entry, virDomainPtr domain, struct domain *row)
{
	const virDomainStatsRecordPtr record = entry->record;
	int state, reason;
	bool bulk;

	row->id = (int32_t)virDomainGetID(record != NULL ? record->dom : domain);
	if (record != NULL)
		libvirt_stats_parse(record->params, (size_t)record->nparams, row);
	if (row->state == 0) {
		if (virDomainGetState(domain, &state, &reason, 0) < 0)
			return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN ? -ERR_ABSENT : -ERR_IO;
		libvirt_stats_state(state, reason, row);
	}
	bulk = (row->have & DOMAIN_HAVE_CPU_TIME) != 0;
	row_complete(domain, row);
	row->read_mono_ns = bulk ? entry->record_mono_ns : clock_mono_ns();
	return 0;
}

/* While another call holds a QEMU domain's job lock, NOWAIT leaves out what only its monitor tells; the resident size
 * is always among it. */
static bool row_incomplete(const struct domain *row, const struct domain *last)
{
	return last != NULL && last->id == row->id && (last->have & ~row->have & DOMAIN_HAVE_MEM_RSS) != 0 &&
	       row->read_mono_ns - last->read_mono_ns < ROW_KEEP_NS;
}

/* What the lists and the state tell of a domain whose other values stay as they were. */
static struct domain *row_keep(struct domain *row, const struct domain *last)
{
	struct domain *kept = domain_copy(last);

	if (row->state != 0) {
		kept->state = row->state;
		kept->reason = row->reason;
		kept->id = row->id;
	}
	part_unref(row);
	return kept;
}

/* The row for the result; entry->last becomes the same. NULL: the domain is gone. */
static struct domain *row_read(struct entry *entry, virDomainPtr domain)
{
	struct domain *row = domain_new(part_ref(entry->ident));
	int rc = row_fill(entry, domain, row);

	if (rc == -ERR_ABSENT) {
		part_unref(row);
		return NULL;
	}
	if (entry->last != NULL && (rc != 0 || row_incomplete(row, entry->last))) {
		row = row_keep(row, entry->last);
	} else if (rc != 0) {
		libvirt_stats_state(-1, 0, row);
		row->read_mono_ns = clock_mono_ns();
	}
	part_unref(entry->last);
	entry->last = row;
	return domain_copy(row);
}

static struct domains *rows_read(struct libvirt *libvirt, const struct listing *listing, uint64_t flags_have)
{
	struct domains *domains = domains_new((size_t)listing->n);
	size_t n = 0;

	for (int i = 0; i < listing->n; i++) {
		struct entry *entry = entry_find(libvirt, listing->domains[i]);
		struct domain *row = row_read(entry, listing->domains[i]);

		if (row == NULL)
			continue;
		row->have |= flags_have;
		row->persistent = entry->persistent;
		row->autostart = entry->autostart;
		domains->rows[n++] = row;
	}
	domains->n = n;
	domains->complete = true;
	hypervisor_copy(&libvirt->hypervisor, &domains->hypervisor);
	return domains;
}

static void entries_make(struct libvirt *libvirt, const struct listing *listing)
{
	int64_t until = clock_mono_ns() + OS_BUDGET_NS;

	libvirt_watch_redefined(libvirt->watch, on_redefined, libvirt);
	for (int i = 0; i < listing->n; i++)
		entry_identify(entry_make(libvirt, listing->domains[i]), listing->domains[i], until);
}

static void entries_sweep(struct libvirt *libvirt)
{
	struct entry *entry, *next;

	HASH_ITER(hh, libvirt->entries, entry, next) {
		if (entry->poll != libvirt->polls)
			entry_free(libvirt, entry);
	}
}

static struct domains *domains_read(struct libvirt *libvirt, const struct listing *listing)
{
	virDomainStatsRecordPtr *records = NULL;
	struct domains *domains;
	uint64_t have = 0;
	int64_t start;
	int n;

	entries_make(libvirt, listing);
	if (flag_read(libvirt, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, offsetof(struct entry, persistent)))
		have |= DOMAIN_HAVE_PERSISTENT;
	if (flag_read(libvirt, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, offsetof(struct entry, autostart)))
		have |= DOMAIN_HAVE_AUTOSTART;
	start = clock_mono_ns();
	n = bulk_read(libvirt, &records);
	bulk_attach(libvirt, records, n, start);
	domains = rows_read(libvirt, listing, have);
	virDomainStatsRecordListFree(records);
	entries_sweep(libvirt);
	return domains;
}

static int libvirt_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct libvirt *libvirt = self;
	struct listing listing = {0};
	struct domains *domains = NULL;
	int rc = 0;

	(void)env;
	libvirt->polls++;
	listing.n = virConnectListAllDomains(libvirt->connection, &listing.domains, 0);
	if (listing.n < 0)
		return libvirt_fail(libvirt, error, -ERR_IO, virGetLastErrorMessage());
	if (listing.n > DOMAINS_MAX)
		rc = libvirt_fail(libvirt, error, -ERR_LIMIT, "more domains than this daemon is made for");
	else
		domains = domains_read(libvirt, &listing);
	listing_free(&listing);
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
