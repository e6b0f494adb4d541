/*
 * hypervisor.c - libvirt's place for a daemon that is started with LD_PRELOAD: a QEMU host with $HYPERVISOR_DOMAINS
 * running domains, each with two vCPUs, a disk and a NIC, that answers at once with all that libvirtd and QEMU's
 * monitor would tell. So the daemon itself, with every table filled, can be measured at sizes that no machine here has.
 *
 * Handles and records are allocated as libvirt's client library does, so that the daemon holds as much of them.
 * Thread: any; const but for the handles.
 */
#include <libvirt/libvirt.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME_SIZE 32
#define VCPUS 2
#define PARAMS_MAX 96
#define KIB_PER_GIB 1048576

struct _virConnect {
	int n;
};

/* As long as libvirt's own. */
struct _virDomain {
	void *object[2];
	_Atomic int refs;
	virConnectPtr connection;
	char *name;
	int id;
	unsigned char uuid[VIR_UUID_BUFLEN];
};

static struct _virConnect the_connection;

static uint64_t seconds_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void uuid_of(int number, unsigned char uuid[VIR_UUID_BUFLEN])
{
	static const unsigned char FIRST[VIR_UUID_BUFLEN] = { 0, 0, 0x0a, 0xbc, 0, 0, 0x40, 0, 0x80 };

	memcpy(uuid, FIRST, VIR_UUID_BUFLEN);
	for (int i = 0; i < 4; i++)
		uuid[VIR_UUID_BUFLEN - 1 - i] = (unsigned char)(number >> 8 * i);
}

static int number_of(const unsigned char *uuid)
{
	int number = 0;

	for (int i = VIR_UUID_BUFLEN - 4; i < VIR_UUID_BUFLEN; i++)
		number = number << 8 | uuid[i];
	return number;
}

static virDomainPtr domain_make(int number)
{
	virDomainPtr domain = calloc(1, sizeof(*domain));

	domain->refs = 1;
	domain->connection = &the_connection;
	domain->name = malloc(NAME_SIZE);
	snprintf(domain->name, NAME_SIZE, "instance-%08x", number);
	domain->id = number + 1;
	uuid_of(number, domain->uuid);
	return domain;
}

/* ---- connections ---- */

virConnectPtr virConnectOpenReadOnly(const char *name)
{
	const char *n = getenv("HYPERVISOR_DOMAINS");

	(void)name;
	the_connection.n = n != NULL ? atoi(n) : 0;
	return &the_connection;
}

int virConnectClose(virConnectPtr connection)
{
	(void)connection;
	return 0;
}

int virConnectIsAlive(virConnectPtr connection)
{
	(void)connection;
	return 1;
}

int virConnectSetKeepAlive(virConnectPtr connection, int interval, unsigned int count)
{
	(void)connection;
	(void)interval;
	(void)count;
	return 0;
}

const char *virConnectGetType(virConnectPtr connection)
{
	(void)connection;
	return "QEMU";
}

char *virConnectGetURI(virConnectPtr connection)
{
	(void)connection;
	return strdup("qemu:///system");
}

char *virConnectGetHostname(virConnectPtr connection)
{
	(void)connection;
	return strdup("localhost");
}

char *virConnectGetCapabilities(virConnectPtr connection)
{
	(void)connection;
	return strdup("<capabilities><host><uuid>00000abc-0000-4000-8000-ffffffffffff</uuid></host></capabilities>");
}

int virConnectGetVersion(virConnectPtr connection, unsigned long *version)
{
	(void)connection;
	*version = 7002000;
	return 0;
}

int virConnectGetLibVersion(virConnectPtr connection, unsigned long *version)
{
	(void)connection;
	*version = 9000000;
	return 0;
}

/* Nothing happens here of its own accord. */
int virConnectRegisterCloseCallback(virConnectPtr connection, virConnectCloseFunc callback, void *opaque,
				    virFreeCallback release)
{
	(void)connection;
	(void)callback;
	(void)opaque;
	(void)release;
	return -1;
}

int virConnectDomainEventRegisterAny(virConnectPtr connection, virDomainPtr domain, int event,
				     virConnectDomainEventGenericCallback callback, void *opaque,
				     virFreeCallback release)
{
	(void)connection;
	(void)domain;
	(void)event;
	(void)callback;
	(void)opaque;
	(void)release;
	return -1;
}

int virConnectListAllStoragePools(virConnectPtr connection, virStoragePoolPtr **pools, unsigned int flags)
{
	(void)connection;
	(void)flags;
	*pools = calloc(1, sizeof(**pools));
	return 0;
}

/* All are persistent, and started with the host. */
int virConnectListAllDomains(virConnectPtr connection, virDomainPtr **domains, unsigned int flags)
{
	(void)flags;
	*domains = calloc((size_t)connection->n + 1, sizeof(**domains));
	for (int i = 0; i < connection->n; i++)
		(*domains)[i] = domain_make(i);
	return connection->n;
}

virDomainPtr virDomainLookupByUUID(virConnectPtr connection, const unsigned char *uuid)
{
	const int number = number_of(uuid);

	return number < connection->n ? domain_make(number) : NULL;
}

/* ---- one domain ---- */

int virDomainFree(virDomainPtr domain)
{
	if (--domain->refs > 0)
		return 0;
	free(domain->name);
	free(domain);
	return 0;
}

int virDomainGetUUID(virDomainPtr domain, unsigned char *uuid)
{
	memcpy(uuid, domain->uuid, VIR_UUID_BUFLEN);
	return 0;
}

const char *virDomainGetName(virDomainPtr domain)
{
	return domain->name;
}

unsigned int virDomainGetID(virDomainPtr domain)
{
	return (unsigned int)domain->id;
}

int virDomainGetInfo(virDomainPtr domain, virDomainInfoPtr info)
{
	(void)domain;
	*info = (virDomainInfo){ VIR_DOMAIN_RUNNING, KIB_PER_GIB, KIB_PER_GIB, VCPUS, 0 };
	return 0;
}

int virDomainGetVcpusFlags(virDomainPtr domain, unsigned int flags)
{
	(void)domain;
	(void)flags;
	return 2 * VCPUS;
}

char *virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags)
{
	static const char FORMAT[] =
		"<domain type='kvm' id='%d'><name>%s</name>"
		"<metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
		"<libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo></metadata>"
		"<memory unit='KiB'>%d</memory><vcpu placement='static' current='%d'>%d</vcpu>"
		"<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='0-1'/></cputune>"
		"<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>"
		"<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>"
		"<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/>"
		"<source file='/var/lib/libvirt/images/%s.qcow2' index='1'/><target dev='vda' bus='virtio'/>"
		"<alias name='virtio-disk0'/></disk>"
		"<interface type='bridge'><mac address='52:54:00:%02x:%02x:%02x'/><source bridge='br0'/>"
		"<target dev='vnet%d'/><model type='virtio'/><alias name='net0'/></interface>"
		"<channel type='unix'><source mode='bind' path='/var/lib/libvirt/qemu/channel/%s.vhostmd'/>"
		"<target type='virtio' name='org.github.vhostmd.1' state='connected'/></channel>"
		"</devices></domain>";
	const int i = domain->id;
	char *xml = NULL;

	(void)flags;
	if (asprintf(&xml, FORMAT, i, domain->name, KIB_PER_GIB, VCPUS, 2 * VCPUS, domain->name, i >> 16 & 0xff,
		     i >> 8 & 0xff, i & 0xff, i, domain->name) < 0)
		return NULL;
	return xml;
}

/* The host's devices: the bridge is the second, then come those of the domains. */
unsigned int if_nametoindex(const char *name)
{
	return strncmp(name, "vnet", 4) == 0 ? (unsigned int)atoi(name + 4) + 2 : 2;
}

/* ---- records ---- */

struct params {
	virTypedParameterPtr list;
	int n;
};

static virTypedParameterPtr add(struct params *params, int type, const char *format, va_list arguments)
{
	virTypedParameterPtr param = &params->list[params->n++];

	vsnprintf(param->field, sizeof(param->field), format, arguments);
	param->type = type;
	return param;
}

__attribute__((format(printf, 3, 4))) static void add_number(struct params *params, uint64_t value,
							     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(params, VIR_TYPED_PARAM_ULLONG, format, arguments)->value.ul = value;
	va_end(arguments);
}

__attribute__((format(printf, 3, 4))) static void add_text(struct params *params, const char *text,
							   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(params, VIR_TYPED_PARAM_STRING, format, arguments)->value.s = strdup(text);
	va_end(arguments);
}

__attribute__((format(printf, 3, 4))) static void add_state(struct params *params, int value, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(params, VIR_TYPED_PARAM_INT, format, arguments)->value.i = value;
	va_end(arguments);
}

static void add_all(struct params *params, const char *const *names, uint64_t first)
{
	for (; *names != NULL; names++)
		add_number(params, first++, "%s", *names);
}

static void add_balloon(struct params *params, const struct _virDomain *domain)
{
	static const char *const NAMES[] = { "balloon.current", "balloon.maximum", "balloon.swap_in",
					     "balloon.swap_out", "balloon.major_fault", "balloon.minor_fault",
					     "balloon.unused", "balloon.available", "balloon.usable",
					     "balloon.disk_caches", "balloon.rss", NULL };

	add_all(params, NAMES, KIB_PER_GIB + (uint64_t)domain->id);
	add_number(params, (uint64_t)time(NULL), "balloon.last-update");
}

static void add_vcpus(struct params *params, uint64_t now)
{
	add_number(params, VCPUS, "vcpu.current");
	add_number(params, (uint64_t)2 * VCPUS, "vcpu.maximum");
	for (int i = 0; i < VCPUS; i++) {
		add_state(params, VIR_VCPU_RUNNING, "vcpu.%d.state", i);
		add_number(params, now / VCPUS, "vcpu.%d.time", i);
		add_number(params, now / 8, "vcpu.%d.wait", i);
		add_number(params, now / 16, "vcpu.%d.delay", i);
	}
}

static void add_nic(struct params *params, const struct _virDomain *domain, uint64_t now)
{
	static const char *const NAMES[] = { "net.0.rx.bytes", "net.0.rx.pkts", "net.0.rx.errs", "net.0.rx.drop",
					     "net.0.tx.bytes", "net.0.tx.pkts", "net.0.tx.errs", "net.0.tx.drop",
					     NULL };
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "vnet%d", domain->id);
	add_number(params, 1, "net.count");
	add_text(params, name, "net.0.name");
	add_all(params, NAMES, now / 1000);
}

static void add_block(struct params *params, const struct _virDomain *domain, uint64_t now)
{
	static const char *const NAMES[] = { "block.0.rd.reqs", "block.0.rd.bytes", "block.0.rd.times",
					     "block.0.wr.reqs", "block.0.wr.bytes", "block.0.wr.times",
					     "block.0.fl.reqs", "block.0.fl.times", "block.0.errors",
					     "block.0.allocation", "block.0.capacity", "block.0.physical", NULL };
	char path[64 + NAME_SIZE];

	snprintf(path, sizeof(path), "/var/lib/libvirt/images/%s.qcow2", domain->name);
	add_number(params, 1, "block.count");
	add_text(params, "vda", "block.0.name");
	add_text(params, path, "block.0.path");
	add_number(params, 1, "block.0.backingIndex");
	add_all(params, NAMES, now / 1000);
}

static virDomainStatsRecordPtr record_make(virDomainPtr domain, unsigned int groups)
{
	virTypedParameter list[PARAMS_MAX];
	struct params params = { list, 0 };
	const uint64_t now = seconds_ns();
	virDomainStatsRecordPtr record = malloc(sizeof(*record));
	size_t size;

	if ((groups & VIR_DOMAIN_STATS_STATE) != 0) {
		add_state(&params, VIR_DOMAIN_RUNNING, "state.state");
		add_state(&params, VIR_DOMAIN_RUNNING_BOOTED, "state.reason");
	}
	if ((groups & VIR_DOMAIN_STATS_CPU_TOTAL) != 0) {
		add_number(&params, now, "cpu.time");
		add_number(&params, now / 2, "cpu.user");
		add_number(&params, now / 4, "cpu.system");
	}
	if ((groups & VIR_DOMAIN_STATS_BALLOON) != 0)
		add_balloon(&params, domain);
	if ((groups & VIR_DOMAIN_STATS_VCPU) != 0)
		add_vcpus(&params, now);
	if ((groups & VIR_DOMAIN_STATS_INTERFACE) != 0)
		add_nic(&params, domain, now);
	if ((groups & VIR_DOMAIN_STATS_BLOCK) != 0)
		add_block(&params, domain, now);
	size = (size_t)params.n * sizeof(list[0]);
	record->params = malloc(size);
	memcpy(record->params, list, size);
	record->nparams = params.n;
	record->dom = domain_make(number_of(domain->uuid));
	return record;
}

int virDomainListGetStats(virDomainPtr *domains, unsigned int stats, virDomainStatsRecordPtr **records,
			  unsigned int flags)
{
	int n = 0;

	(void)flags;
	while (domains[n] != NULL)
		n++;
	*records = calloc((size_t)n + 1, sizeof(**records));
	for (int i = 0; i < n; i++)
		(*records)[i] = record_make(domains[i], stats);
	return n;
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *records)
{
	for (virDomainStatsRecordPtr *record = records; records != NULL && *record != NULL; record++) {
		for (int i = 0; i < (*record)->nparams; i++)
			if ((*record)->params[i].type == VIR_TYPED_PARAM_STRING)
				free((*record)->params[i].value.s);
		free((*record)->params);
		virDomainFree((*record)->dom);
		free(*record);
	}
	free(records);
}
