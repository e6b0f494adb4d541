/*
 * libvirt_domain.c - the row of one domain, from its record of the bulk call, its XML, and single calls for what a
 * driver's bulk answer lacks.
 *
 * Thread: the worker's. The XML is read when a domain is new, starts or ends, when an event says that it changed, and
 * once in ten minutes, so that what no event tells is not missed for long.
 */
#include "source/libvirt_domain.h"

#include "source/libvirt_stats.h"
#include "source/libvirt_xml.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <libvirt/virterror.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define XML_AGAIN_NS (600 * NS_PER_S)  /* from half to one and a half of it, by UUID: not all at once */
#define XML_UNKNOWN_NS (60 * NS_PER_S) /* not earlier again for a device that the XML does not name */
#define ROW_KEEP_NS (60 * NS_PER_S)    /* an incomplete reading replaces a complete one after that */

struct libvirt_domain *libvirt_domain_new(const uint8_t uuid[16])
{
	struct libvirt_domain *domain = mem_alloc(sizeof(*domain));

	memcpy(domain->uuid, uuid, sizeof(domain->uuid));
	memcpy(domain->turn.uuid, uuid, sizeof(domain->turn.uuid));
	domain->outdated = true;
	return domain;
}

void libvirt_domain_free(struct libvirt_domain *domain)
{
	part_unref(domain->ident);
	part_unref(domain->devices);
	part_unref(domain->last);
	libvirt_reading_free(domain->reading);
	free(domain);
}

/* ---- what it is ---- */

static bool text_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Rows share the identity, so one that says the same stays. */
static void set_ident(struct libvirt_domain *domain, virDomainPtr handle, const char *os)
{
	const char *full = virDomainGetName(handle);
	const struct domain_ident *old = domain->ident;
	size_t length = text_utf8_cut(full, strnlen(full, DOMAIN_NAME_MAX + 1), DOMAIN_NAME_MAX);
	char *name;

	if (old != NULL && strlen(old->name) == length && memcmp(old->name, full, length) == 0 &&
	    text_same(old->os, os))
		return;
	name = mem_string_n(full, length);
	domain->ident = domain_ident_new(domain->uuid, name, os);
	free(name);
	part_unref(old);
}

static bool xml_due(const struct libvirt_domain *domain, int id, int64_t now_mono_ns)
{
	const int64_t share = domain->uuid[14] << 8 | domain->uuid[15];
	const int64_t again = XML_AGAIN_NS / 2 + XML_AGAIN_NS / 65536 * share;

	return domain->outdated || id != domain->xml_id || now_mono_ns - domain->xml_read_mono_ns >= again;
}

/* Only a running domain's disks have the names that events use. */
static void tell_watch(const struct libvirt_domain *domain, struct libvirt_watch *watch)
{
	const struct domain_devices *devices = domain->devices;
	const bool named = devices->n_blocks > 0 && devices->blocks[0].alias != NULL;

	libvirt_watch_describe(watch, domain->uuid, named ? devices : NULL);
}

/* A domain that does not tell its XML now is asked again at the next poll; XML that is none is not read again soon. */
static void read_xml(struct libvirt_domain *domain, virDomainPtr handle, int id, struct libvirt_watch *watch)
{
	char *xml = virDomainGetXMLDesc(handle, 0), *os;
	struct domain_devices *devices;

	if (xml == NULL)
		return;
	domain->outdated = false;
	domain->xml_id = id;
	domain->xml_read_mono_ns = clock_mono_ns();
	if (libvirt_xml_domain(xml, strlen(xml), &os, &devices) == 0) {
		part_unref(domain->devices);
		domain->devices = devices;
		tell_watch(domain, watch);
		set_ident(domain, handle, os);
		free(os);
	}
	free(xml);
}

void libvirt_domain_describe(struct libvirt_domain *domain, virDomainPtr handle, const struct libvirt_reader *reader)
{
	const int id = (int)virDomainGetID(handle);
	const int64_t now_mono_ns = clock_mono_ns();
	const struct domain_devices *devices = domain->devices;

	if (now_mono_ns < reader->xml_until_mono_ns && xml_due(domain, id, now_mono_ns))
		read_xml(domain, handle, id, reader->watch);
	libvirt_turn_see(&domain->turn, id, domain->devices != devices);
	set_ident(domain, handle, domain->ident != NULL ? domain->ident->os : NULL);
}

/* ---- its row ---- */

/* Asks singly for what every driver should tell and this one's bulk answer did not. virDomainMemoryStats asks QEMU's
 * monitor; virDomainGetInfo and virDomainGetVcpusFlags do not. */
static void complete(virDomainPtr handle, bool by_turns, struct domain *row)
{
	virDomainMemoryStatStruct memory[VIR_DOMAIN_MEMORY_STAT_NR];
	virDomainInfo info;
	bool balloon = (row->have & (DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT)) != 0;
	uint64_t wanted = DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT | DOMAIN_HAVE_VCPUS;
	int n;

	if (row->id >= 0)
		wanted |= DOMAIN_HAVE_CPU_TIME;
	if ((wanted & ~row->have) != 0 && virDomainGetInfo(handle, &info) == 0)
		libvirt_stats_info(&info, row);
	if ((row->have & DOMAIN_HAVE_VCPUS_MAX) == 0) {
		n = virDomainGetVcpusFlags(handle, VIR_DOMAIN_VCPU_MAXIMUM);
		if (n > 0) {
			row->vcpus_max = (uint32_t)n;
			row->have |= DOMAIN_HAVE_VCPUS_MAX;
		}
	}
	if (!balloon && row->id >= 0 && !by_turns) {
		n = virDomainMemoryStats(handle, memory, VIR_DOMAIN_MEMORY_STAT_NR, 0);
		libvirt_stats_memory(memory, n > 0 ? (size_t)n : 0, row);
	}
}

static void vcpus_singly(virDomainPtr handle, const struct domain *row, struct libvirt_rows *rows)
{
	const int most = (row->have & DOMAIN_HAVE_VCPUS) == 0 ? 0
			 : row->vcpus < DOMAIN_VCPUS_MAX      ? (int)row->vcpus
							      : DOMAIN_VCPUS_MAX;
	virVcpuInfo *list;
	int n;

	if (most == 0)
		return;
	list = mem_array((size_t)most, sizeof(*list));
	n = virDomainGetVcpus(handle, list, most, NULL, 0);
	for (int i = 0; i < n; i++)
		libvirt_rows_vcpu(rows, &list[i]);
	free(list);
}

static void devices_singly(virDomainPtr handle, const struct domain_devices *devices, struct libvirt_rows *rows)
{
	virDomainBlockStatsStruct block;
	virDomainInterfaceStatsStruct nic;

	for (size_t i = 0; i < devices->n_blocks; i++)
		if (virDomainBlockStats(handle, devices->blocks[i].target, &block, sizeof(block)) == 0)
			libvirt_rows_block(rows, devices->blocks[i].target, &block);
	for (size_t i = 0; i < devices->n_nics; i++)
		if (devices->nics[i].target != NULL &&
		    virDomainInterfaceStats(handle, devices->nics[i].target, &nic, sizeof(nic)) == 0)
			libvirt_rows_nic(rows, devices->nics[i].target, &nic);
}

/* The host's number of each NIC's device. It stays as long as the devices do, so it is asked for until it is known. */
static void number_nics(const struct domain *last, struct domain *row)
{
	const bool same = last != NULL && last->devices == row->devices && last->n_nics == row->n_nics;

	for (size_t i = 0; i < row->n_nics; i++) {
		const char *target = row->nic_rows[i].device->target;

		if (same && last->nic_rows[i].if_index != 0) {
			row->nic_rows[i].if_index = last->nic_rows[i].if_index;
			row->nic_rows[i].parent_if_index = last->nic_rows[i].parent_if_index;
		} else if (target != NULL) {
			const char *parent = row->nic_rows[i].device->parent;

			row->nic_rows[i].if_index = if_nametoindex(target);
			row->nic_rows[i].parent_if_index = parent != NULL ? if_nametoindex(parent) : 0;
		}
	}
}

static void fill_devices(struct libvirt_domain *domain, virDomainPtr handle, struct libvirt_reader *reader,
			 struct domain *row)
{
	reader->covered = reader->covered || libvirt_rows_covered(reader->rows);
	if (!reader->covered && row->id >= 0 && !reader->by_turns) {
		vcpus_singly(handle, row, reader->rows);
		if (row->devices != NULL)
			devices_singly(handle, row->devices, reader->rows);
	}
	if (!libvirt_rows_finish(reader->rows, row) && clock_mono_ns() - domain->xml_read_mono_ns >= XML_UNKNOWN_NS)
		domain->outdated = true;
	if (reader->local && row->id >= 0)
		number_nics(domain->last, row);
}

static void parse(const virDomainStatsRecordPtr record, struct libvirt_rows *rows, struct domain *row)
{
	if (record != NULL)
		libvirt_stats_parse(record->params, (size_t)record->nparams, rows, row);
}

/* What the monitor told belongs to the present run. */
static bool monitor_has(const struct libvirt_domain *domain, int32_t id)
{
	return domain->reading != NULL && domain->reading->id == id;
}

/* It goes on, and its turn is another time. */
static bool goes_on(const struct libvirt_domain *domain, const struct libvirt_reader *reader, const struct domain *row)
{
	return reader->by_turns && domain->last != NULL && domain->last->id == row->id && !monitor_has(domain, row->id);
}

/* 0, -ERR_ABSENT: the domain is gone, -ERR_IO: it cannot be read now. */
static int fill(struct libvirt_domain *domain, virDomainPtr handle, struct libvirt_reader *reader, struct domain *row)
{
	const virDomainStatsRecordPtr record = domain->record;
	int state, reason;
	bool bulk;

	row->devices = part_ref(domain->devices);
	row->id = (int32_t)virDomainGetID(record != NULL ? record->dom : handle);
	libvirt_rows_reset(reader->rows);
	parse(record, reader->rows, row);
	if (monitor_has(domain, row->id))
		libvirt_reading_parse(domain->reading, reader->rows, row);
	if (row->state == 0) {
		if (virDomainGetState(handle, &state, &reason, 0) < 0)
			return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN ? -ERR_ABSENT : -ERR_IO;
		row->state = libvirt_stats_state(state, reason, &row->reason);
	}
	bulk = (row->have & DOMAIN_HAVE_CPU_TIME) != 0;
	if (!goes_on(domain, reader, row))
		complete(handle, reader->by_turns, row);
	fill_devices(domain, handle, reader, row);
	row->read_mono_ns = bulk && !reader->by_turns ? domain->record_mono_ns : clock_mono_ns();
	row->state_mono_ns = record != NULL ? domain->record_mono_ns : row->read_mono_ns;
	if (reader->by_turns && monitor_has(domain, row->id))
		row->read_mono_ns = domain->reading->mono_ns;
	return 0;
}

void libvirt_domain_set_reading(struct libvirt_domain *domain, struct libvirt_reading *reading)
{
	libvirt_reading_free(domain->reading);
	domain->reading = reading;
}

bool libvirt_domain_is_whole(const struct libvirt_domain *domain)
{
	return domain->reading != NULL && domain->reading->whole;
}

/* Of the monitor by turns any reading that is not whole; else one that lacks what the last one had. */
static bool incomplete(const struct libvirt_domain *domain, const struct libvirt_reader *reader,
		       const struct domain *row)
{
	const struct domain *last = domain->last;

	if (reader->by_turns)
		return last != NULL && last->id == row->id &&
		       !(monitor_has(domain, row->id) && libvirt_domain_is_whole(domain));
	return last != NULL && last->id == row->id && (last->have & ~row->have & DOMAIN_HAVE_MEM_RSS) != 0 &&
	       row->read_mono_ns - last->read_mono_ns < ROW_KEEP_NS;
}

static void keep_ident(struct domain *kept, struct domain_ident *ident)
{
	if (kept->ident == ident)
		return;
	part_unref(kept->ident);
	kept->ident = part_ref(ident);
	kept->name = ident->name;
	kept->os = ident->os;
	kept->uuid = ident->uuid;
	kept->have = (kept->have & ~DOMAIN_HAVE_OS) | (ident->os != NULL ? DOMAIN_HAVE_OS : 0);
}

/* NICs are read with the state, unless the list of them has changed. */
static void keep_nics(struct domain *kept, struct domain *row)
{
	if ((row->have & DOMAIN_HAVE_NET) == 0 || row->devices != kept->devices || row->n_nics != kept->n_nics)
		return;
	if (row->n_nics > 0)
		memcpy(kept->nic_rows, row->nic_rows, row->n_nics * sizeof(row->nic_rows[0]));
	kept->net_rx_bytes = row->net_rx_bytes;
	kept->net_tx_bytes = row->net_tx_bytes;
	kept->have |= DOMAIN_HAVE_NET;
}

/* What the lists and the state tell of a domain whose other values stay as they were. */
static struct domain *keep(struct domain *row, const struct domain *last, struct row_pool *pool)
{
	struct domain *kept = domain_copy(last, pool);

	keep_ident(kept, row->ident);
	if (row->state != 0) {
		kept->state = row->state;
		kept->reason = row->reason;
		kept->id = row->id;
		kept->state_mono_ns = row->state_mono_ns;
		keep_nics(kept, row);
	}
	part_unref(row);
	return kept;
}

struct domain *libvirt_domain_read(struct libvirt_domain *domain, virDomainPtr handle, struct libvirt_reader *reader)
{
	struct domain *row = domain_new(part_ref(domain->ident));
	int rc = fill(domain, handle, reader, row);

	if (rc == -ERR_ABSENT) {
		part_unref(row);
		return NULL;
	}
	if (domain->last != NULL && (rc != 0 || incomplete(domain, reader, row))) {
		row = keep(row, domain->last, &reader->pool);
	} else {
		if (rc != 0) {
			row->state = libvirt_stats_state(-1, 0, &row->reason);
			row->read_mono_ns = clock_mono_ns();
		}
		row = domain_pack(row, &reader->pool);
	}
	libvirt_domain_set_reading(domain, NULL);
	part_unref(domain->last);
	domain->last = row;
	return part_ref(row);
}
