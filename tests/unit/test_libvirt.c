/*
 * test_libvirt.c - the source "libvirt" and what it is made of: the parameter tables, the two XML facts, the live
 * queue, rows of domains, and the source itself on libvirt's own test driver.
 */
#define VIR_ENUM_SENTINELS /* before the first libvirt header: its counts of reasons */

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/libvirt_stats.h"
#include "source/libvirt_xml.h"
#include "source/live.h"
#include "source/source.h"
#include "source/virevent.h"

#include "unit.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct source source_libvirt;

#define TEST_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

/* ---- typed parameters ---- */

struct params {
	virTypedParameterPtr list;
	int n, max;
};

static void add_u64(struct params *p, const char *name, unsigned long long value)
{
	ck_assert_int_eq(virTypedParamsAddULLong(&p->list, &p->n, &p->max, name, value), 0);
}

static void add_int(struct params *p, const char *name, int value)
{
	ck_assert_int_eq(virTypedParamsAddInt(&p->list, &p->n, &p->max, name, value), 0);
}

static void add_uint(struct params *p, const char *name, unsigned int value)
{
	ck_assert_int_eq(virTypedParamsAddUInt(&p->list, &p->n, &p->max, name, value), 0);
}

static struct domain *row_new(void)
{
	static const uint8_t uuid[16] = {1};

	return domain_new(domain_ident_new(uuid, "guest", NULL));
}

static struct domain *parse(struct params *p)
{
	struct domain *row = row_new();

	libvirt_stats_parse(p->list, (size_t)p->n, row);
	virTypedParamsFree(p->list, p->n);
	memset(p, 0, sizeof(*p));
	return row;
}

/* A captured record: "key type value" per line, as fixtures/libvirt/domstats-qemu.txt holds it. */
static void params_load(struct params *p, const char *path)
{
	char line[512], key[128], type[16], value[256];
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] == '#')
			continue;
		ck_assert_int_eq(sscanf(line, "%127s %15s %255[^\n]", key, type, value), 3);
		ck_assert_int_eq(virTypedParamsAddFromString(&p->list, &p->n, &p->max, key,
							     strcmp(type, "int") == 0	 ? VIR_TYPED_PARAM_INT
							     : strcmp(type, "uint") == 0 ? VIR_TYPED_PARAM_UINT
							     : strcmp(type, "ull") == 0	 ? VIR_TYPED_PARAM_ULLONG
							     : strcmp(type, "bool") == 0 ? VIR_TYPED_PARAM_BOOLEAN
											 : VIR_TYPED_PARAM_STRING,
							     value),
				 0);
	}
	fclose(file);
}

START_TEST(stats_full)
{
	struct params p = {0};
	struct domain *row;

	add_int(&p, "state.state", VIR_DOMAIN_RUNNING);
	add_int(&p, "state.reason", VIR_DOMAIN_RUNNING_BOOTED);
	add_u64(&p, "cpu.time", 9000);
	add_u64(&p, "cpu.user", 1000);
	add_u64(&p, "cpu.system", 500);
	add_u64(&p, "balloon.current", 2048);
	add_u64(&p, "balloon.maximum", 4096);
	add_u64(&p, "balloon.swap_in", 3);
	add_u64(&p, "balloon.swap_out", 4);
	add_u64(&p, "balloon.major_fault", 5);
	add_u64(&p, "balloon.minor_fault", 6);
	add_u64(&p, "balloon.unused", 700);
	add_u64(&p, "balloon.available", 1900);
	add_u64(&p, "balloon.usable", 800);
	add_u64(&p, "balloon.last-update", 1700000000);
	add_u64(&p, "balloon.disk_caches", 90);
	add_u64(&p, "balloon.rss", 3333);
	add_uint(&p, "vcpu.current", 2);
	add_uint(&p, "vcpu.maximum", 4);
	for (int i = 0; i < 2; i++) {
		char name[64];

		snprintf(name, sizeof(name), "vcpu.%d.state", i);
		add_int(&p, name, 1);
		snprintf(name, sizeof(name), "vcpu.%d.time", i);
		add_u64(&p, name, 4000);
		snprintf(name, sizeof(name), "vcpu.%d.delay", i);
		add_u64(&p, name, 70);
		snprintf(name, sizeof(name), "block.%d.rd.bytes", i);
		add_u64(&p, name, 512);
		snprintf(name, sizeof(name), "block.%d.rd.reqs", i);
		add_u64(&p, name, 1);
		snprintf(name, sizeof(name), "block.%d.wr.bytes", i);
		add_u64(&p, name, 1024);
		snprintf(name, sizeof(name), "block.%d.wr.reqs", i);
		add_u64(&p, name, 2);
		snprintf(name, sizeof(name), "block.%d.errors", i);
		add_u64(&p, name, 8);
		snprintf(name, sizeof(name), "net.%d.rx.bytes", i);
		add_u64(&p, name, 100);
		snprintf(name, sizeof(name), "net.%d.tx.bytes", i);
		add_u64(&p, name, 200);
	}
	row = parse(&p);
	ck_assert_int_eq(row->state, DOMAIN_RUNNING);
	ck_assert_str_eq(row->reason, "booted");
	ck_assert_uint_eq(row->cpu_time_ns, 9000);
	ck_assert_uint_eq(row->cpu_user_time_ns, 1000);
	ck_assert_uint_eq(row->cpu_system_time_ns, 500);
	ck_assert_uint_eq(row->mem_current_kib, 2048);
	ck_assert_uint_eq(row->mem_max_kib, 4096);
	ck_assert_uint_eq(row->swap_in_kib, 3);
	ck_assert_uint_eq(row->swap_out_kib, 4);
	ck_assert_uint_eq(row->major_faults, 5);
	ck_assert_uint_eq(row->minor_faults, 6);
	ck_assert_uint_eq(row->mem_unused_kib, 700);
	ck_assert_uint_eq(row->mem_available_kib, 1900);
	ck_assert_uint_eq(row->mem_usable_kib, 800);
	ck_assert_int_eq(row->balloon_update_real_ns, 1700000000 * NS_PER_S);
	ck_assert_uint_eq(row->mem_disk_caches_kib, 90);
	ck_assert_uint_eq(row->mem_rss_kib, 3333);
	ck_assert_uint_eq(row->vcpus, 2);
	ck_assert_uint_eq(row->vcpus_max, 4);
	ck_assert_uint_eq(row->steal_time_ns, 140);
	ck_assert_uint_eq(row->vcpu_time_ns, 8000);
	ck_assert_uint_eq(row->disk_read_bytes, 1024);
	ck_assert_uint_eq(row->disk_reads, 2);
	ck_assert_uint_eq(row->disk_write_bytes, 2048);
	ck_assert_uint_eq(row->disk_writes, 4);
	ck_assert_uint_eq(row->disk_errors, 16);
	ck_assert_uint_eq(row->net_rx_bytes, 200);
	ck_assert_uint_eq(row->net_tx_bytes, 400);
	/* Bits 2 to 22 are the measured quantities, 29 the vCPUs' time. */
	ck_assert_uint_eq(row->have, ((BIT(23) - 1) & ~(BIT(2) - 1)) | DOMAIN_HAVE_VCPU_TIME);
	part_unref(row);
}
END_TEST

START_TEST(stats_captured)
{
	struct params p = {0};
	struct domain *row;

	params_load(&p, FIXTURES "/libvirt/domstats-qemu.txt");
	row = parse(&p);
	ck_assert_int_eq(row->state, DOMAIN_RUNNING);
	ck_assert_str_eq(row->reason, "booted");
	ck_assert_uint_eq(row->cpu_time_ns, 510000000);
	ck_assert_uint_eq(row->cpu_user_time_ns, 380000000);
	ck_assert_uint_eq(row->cpu_system_time_ns, 130000000);
	ck_assert_uint_eq(row->vcpu_time_ns, 250000000);
	ck_assert_uint_eq(row->steal_time_ns, 14659482 + 4364733);
	ck_assert_uint_eq(row->vcpus, 2);
	ck_assert_uint_eq(row->mem_max_kib, 32768);
	ck_assert_uint_eq(row->mem_rss_kib, 52684);
	ck_assert_uint_eq(row->net_rx_bytes, 180);
	ck_assert_uint_eq(row->net_tx_bytes, 0);
	/* Disks without traffic are 0 and there; errors QEMU does not tell, nor the guest its memory. */
	ck_assert_uint_eq(row->have, DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_CPU_USER | DOMAIN_HAVE_CPU_SYSTEM |
					     DOMAIN_HAVE_VCPU_TIME | DOMAIN_HAVE_STEAL_TIME | DOMAIN_HAVE_VCPUS |
					     DOMAIN_HAVE_VCPUS_MAX | DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT |
					     DOMAIN_HAVE_MEM_RSS | DOMAIN_HAVE_DISK | DOMAIN_HAVE_NET);
	part_unref(row);
}
END_TEST

START_TEST(stats_missing)
{
	struct params p = {0};
	struct domain *row = parse(&p);

	ck_assert_uint_eq(row->have, 0);
	ck_assert_int_eq(row->state, 0);
	part_unref(row);

	/* An inactive QEMU domain. */
	add_int(&p, "state.state", VIR_DOMAIN_SHUTOFF);
	add_int(&p, "state.reason", VIR_DOMAIN_SHUTOFF_DESTROYED);
	add_u64(&p, "balloon.current", 8192);
	add_u64(&p, "balloon.maximum", 8192);
	add_uint(&p, "vcpu.current", 1);
	add_uint(&p, "vcpu.maximum", 1);
	add_int(&p, "vcpu.0.state", 0);
	add_uint(&p, "net.count", 0);
	add_uint(&p, "block.count", 1);
	add_u64(&p, "block.0.rd.bytes", 1);
	row = parse(&p);
	ck_assert_int_eq(row->state, DOMAIN_SHUTOFF);
	ck_assert_str_eq(row->reason, "destroyed");
	/* One number of four is not the disks' traffic; a vCPU without times has no sum. */
	ck_assert_uint_eq(row->have,
			  DOMAIN_HAVE_MEM_CURRENT | DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_VCPUS | DOMAIN_HAVE_VCPUS_MAX);
	part_unref(row);

	/* The second vCPU lacks its delay: the sum would jump. */
	add_int(&p, "vcpu.0.state", 1);
	add_int(&p, "vcpu.1.state", 1);
	add_u64(&p, "vcpu.0.delay", 5);
	add_u64(&p, "vcpu.0.time", 5);
	add_u64(&p, "vcpu.1.time", 5);
	row = parse(&p);
	ck_assert_uint_eq(row->have, DOMAIN_HAVE_VCPU_TIME);
	ck_assert_uint_eq(row->vcpu_time_ns, 10);
	part_unref(row);
}
END_TEST

START_TEST(stats_wrong)
{
	struct params p = {0};
	struct domain *row;

	virTypedParamsAddString(&p.list, &p.n, &p.max, "cpu.time", "17");
	virTypedParamsAddDouble(&p.list, &p.n, &p.max, "cpu.user", 1.5);
	virTypedParamsAddBoolean(&p.list, &p.n, &p.max, "cpu.system", 1);
	virTypedParamsAddLLong(&p.list, &p.n, &p.max, "balloon.current", -1);
	add_int(&p, "balloon.maximum", -5);
	add_u64(&p, "vcpu.current", UINT64_C(1) << 32);
	add_u64(&p, "vcpu.maximum", UINT64_MAX);
	add_u64(&p, "balloon.last-update", UINT64_MAX / 2);
	virTypedParamsAddString(&p.list, &p.n, &p.max, "state.state", "running");
	add_u64(&p, "block.rd.bytes", 1);
	add_u64(&p, "block..rd.bytes", 1);
	add_u64(&p, "block.x.rd.bytes", 1);
	add_u64(&p, "block.1.rd.bytes.more", 1);
	add_u64(&p, "blocks.1.rd.bytes", 1);
	add_u64(&p, "net.0.", 1);
	add_u64(&p, "vcpu", 1);
	add_u64(&p, "", 1);
	add_u64(&p, "\xff\xfe\x01", 1);
	row = parse(&p);
	ck_assert_uint_eq(row->have, 0);
	ck_assert_int_eq(row->state, 0);
	part_unref(row);

	/* Other integer types than today's are as good. */
	virTypedParamsAddLLong(&p.list, &p.n, &p.max, "cpu.time", 7);
	add_int(&p, "balloon.current", 8);
	add_uint(&p, "balloon.maximum", 9);
	add_u64(&p, "vcpu.current", UINT32_MAX);
	add_int(&p, "state.state", 77);
	row = parse(&p);
	ck_assert_uint_eq(row->cpu_time_ns, 7);
	ck_assert_uint_eq(row->mem_current_kib, 8);
	ck_assert_uint_eq(row->mem_max_kib, 9);
	ck_assert_uint_eq(row->vcpus, UINT32_MAX);
	ck_assert_int_eq(row->state, DOMAIN_UNKNOWN);
	ck_assert_str_eq(row->reason, "unknown");
	part_unref(row);
}
END_TEST

START_TEST(stats_many_vcpus)
{
	enum { VCPUS = 10000 };
	virTypedParameter *list = mem_array(3 * VCPUS, sizeof(*list));
	struct domain *row = row_new();
	int64_t start;

	for (int i = 0; i < VCPUS; i++) {
		virTypedParameter *at = &list[3 * i];

		snprintf(at[0].field, sizeof(at[0].field), "vcpu.%d.state", i);
		at[0].type = VIR_TYPED_PARAM_INT;
		at[0].value.i = 1;
		snprintf(at[1].field, sizeof(at[1].field), "vcpu.%d.time", i);
		at[1].type = VIR_TYPED_PARAM_ULLONG;
		at[1].value.ul = 1000;
		snprintf(at[2].field, sizeof(at[2].field), "vcpu.%d.delay", i);
		at[2].type = VIR_TYPED_PARAM_ULLONG;
		at[2].value.ul = (unsigned long long)i;
	}
	start = clock_mono_ns();
	libvirt_stats_parse(list, 3 * VCPUS, row);
	printf("stats of %d vCPUs: %lld us\n", VCPUS, (long long)((clock_mono_ns() - start) / NS_PER_US));
	ck_assert_uint_eq(row->steal_time_ns, (uint64_t)VCPUS * (VCPUS - 1) / 2);
	ck_assert_uint_eq(row->vcpu_time_ns, (uint64_t)VCPUS * 1000);
	part_unref(row);
	free(list);
}
END_TEST

START_TEST(stats_states)
{
	/* libvirt's own count of reasons: none of the numbers it knows may be without a word. */
	static const int last[VIR_DOMAIN_LAST] = {
		[VIR_DOMAIN_NOSTATE] = VIR_DOMAIN_NOSTATE_LAST,
		[VIR_DOMAIN_RUNNING] = VIR_DOMAIN_RUNNING_LAST,
		[VIR_DOMAIN_BLOCKED] = VIR_DOMAIN_BLOCKED_LAST,
		[VIR_DOMAIN_PAUSED] = VIR_DOMAIN_PAUSED_LAST,
		[VIR_DOMAIN_SHUTDOWN] = VIR_DOMAIN_SHUTDOWN_LAST,
		[VIR_DOMAIN_SHUTOFF] = VIR_DOMAIN_SHUTOFF_LAST,
		[VIR_DOMAIN_CRASHED] = VIR_DOMAIN_CRASHED_LAST,
		[VIR_DOMAIN_PMSUSPENDED] = VIR_DOMAIN_PMSUSPENDED_LAST,
	};
	struct domain *row = row_new();

	for (int state = 0; state < VIR_DOMAIN_LAST; state++) {
		for (int reason = 0; reason < last[state]; reason++) {
			libvirt_stats_state(state, reason, row);
			ck_assert_int_eq(row->state, state + 1);
			ck_assert_int_eq(strcmp(row->reason, "unknown") == 0, reason == 0);
			ck_assert_uint_eq(strspn(row->reason, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->reason));
		}
		libvirt_stats_state(state, 1000, row);
		ck_assert_str_eq(row->reason, "unknown");
		libvirt_stats_state(state, -1, row);
		ck_assert_str_eq(row->reason, "unknown");
	}
	libvirt_stats_state(VIR_DOMAIN_LAST, 0, row);
	ck_assert_int_eq(row->state, DOMAIN_UNKNOWN);
	libvirt_stats_state(-1, 0, row);
	ck_assert_int_eq(row->state, DOMAIN_UNKNOWN);
	libvirt_stats_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, row);
	ck_assert_str_eq(row->reason, "io-error");
	libvirt_stats_state(VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DAEMON, row);
	ck_assert_str_eq(row->reason, "daemon");
	part_unref(row);
}
END_TEST

START_TEST(stats_single_calls)
{
	virDomainInfo info = {.maxMem = 100, .memory = 50, .nrVirtCpu = 2, .cpuTime = 9};
	virDomainMemoryStatStruct memory[] = {
		{.tag = VIR_DOMAIN_MEMORY_STAT_RSS, .val = 12},
		{.tag = VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, .val = 0},
		{.tag = VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, .val = 60},
		{.tag = VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC, .val = 1},
		{.tag = -3, .val = 1},
		{.tag = 4000, .val = 1},
	};
	struct domain *row = row_new();

	row->mem_max_kib = 99;
	row->have = DOMAIN_HAVE_MEM_MAX;
	row->id = -1;
	libvirt_stats_info(&info, row);
	ck_assert_uint_eq(row->mem_max_kib, 99); /* known already */
	ck_assert_uint_eq(row->mem_current_kib, 50);
	ck_assert_uint_eq(row->vcpus, 2);
	ck_assert(!(row->have & DOMAIN_HAVE_CPU_TIME)); /* an inactive domain has none */
	row->id = 3;
	libvirt_stats_info(&info, row);
	ck_assert_uint_eq(row->cpu_time_ns, 9);
	libvirt_stats_memory(memory, sizeof(memory) / sizeof(memory[0]), row);
	ck_assert_uint_eq(row->mem_rss_kib, 12);
	ck_assert_uint_eq(row->mem_current_kib, 50);
	ck_assert_uint_eq(row->have, DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT | DOMAIN_HAVE_VCPUS |
					     DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_MEM_RSS);
	part_unref(row);
}
END_TEST

/* ---- XML ---- */

#define OSINFO(os)                                                                                                     \
	"<libosinfo:libosinfo xmlns:libosinfo=\"http://libosinfo.org/xmlns/libvirt/domain/1.0\">" os                   \
	"</libosinfo:libosinfo>"

START_TEST(xml_os)
{
	static const struct {
		const char *xml;
		int rc;
		const char *os;
	} cases[] = {
		{OSINFO("\n  <libosinfo:os id=\"http://debian.org/debian/12\"/>\n"), 0, "http://debian.org/debian/12"},
		{"<libosinfo><os id='http://alpinelinux.org/alpinelinux/3.18'></os></libosinfo>", 0,
		 "http://alpinelinux.org/alpinelinux/3.18"},
		{OSINFO("<!-- <os id=\"wrong\"/> --><libosinfo:os a='id=\"x\"' id = \"y\"/>"), 0, "y"},
		{OSINFO("<libosinfo:os a='>' id='z'/>"), 0, "z"},
		{OSINFO("<libosinfo:os/>"), -ERR_ABSENT, NULL},
		{OSINFO("<libosinfo:os id=''/>"), -ERR_ABSENT, NULL},
		{OSINFO("<libosinfo:ost id='a'/><x:o id='b'/></os>"), -ERR_ABSENT, NULL},
		{"", -ERR_ABSENT, NULL},
		{"no tags", -ERR_ABSENT, NULL},
		{OSINFO("<libosinfo:os id='a&amp;b'/>"), -ERR_PARSE, NULL},
		{OSINFO("<libosinfo:os id='a b'/>"), -ERR_PARSE, NULL},
		{OSINFO("<libosinfo:os id='a\x01'/>"), -ERR_PARSE, NULL},
		{OSINFO("<libosinfo:os id=a/>"), -ERR_PARSE, NULL},
		{OSINFO("<libosinfo:os id/>"), -ERR_PARSE, NULL},
		{"<os id='a", -ERR_PARSE, NULL},
		{"<os id=", -ERR_PARSE, NULL},
		{"<os", -ERR_PARSE, NULL},
		{"<", -ERR_PARSE, NULL},
		{"<!--", -ERR_PARSE, NULL},
		{"<!-->", -ERR_PARSE, NULL},
		{"<:/>", -ERR_ABSENT, NULL},
		{"<>", -ERR_ABSENT, NULL},
	};
	char os[LIBVIRT_OS_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(os, "kept");
		ck_assert_msg(libvirt_xml_os(cases[i].xml, os) == cases[i].rc, "%s", cases[i].xml);
		ck_assert_str_eq(os, cases[i].os != NULL ? cases[i].os : "kept");
	}
}
END_TEST

/* Every cut of a good answer, and answers at and above the limits. */
START_TEST(xml_cut_and_huge)
{
	static const char good[] = OSINFO("<libosinfo:os id=\"http://debian.org/debian/12\"/>");
	char os[LIBVIRT_OS_SIZE], id[400], text[600], *huge = mem_alloc(LIBVIRT_XML_MAX + 2);

	for (size_t n = 0; n < sizeof(good); n++) {
		char *cut = mem_string_n(good, n);

		libvirt_xml_os(cut, os);
		free(cut);
	}
	memset(id, 'a', sizeof(id));
	id[LIBVIRT_OS_SIZE - 1] = '\0';
	snprintf(text, sizeof(text), "<os id='%s'/>", id);
	ck_assert_int_eq(libvirt_xml_os(text, os), 0);
	ck_assert_str_eq(os, id);
	snprintf(text, sizeof(text), "<os id='%sb'/>", id);
	ck_assert_int_eq(libvirt_xml_os(text, os), -ERR_LIMIT);
	memset(huge, '<', LIBVIRT_XML_MAX + 1);
	ck_assert_int_eq(libvirt_xml_os(huge, os), -ERR_LIMIT);
	huge[LIBVIRT_XML_MAX] = '\0';
	ck_assert_int_eq(libvirt_xml_os(huge, os), -ERR_PARSE);
	free(huge);
}
END_TEST

START_TEST(xml_host_uuid)
{
	uint8_t uuid[16] = {0};
	char text[TEXT_UUID_SIZE];

	ck_assert_int_eq(libvirt_xml_host_uuid(
				 "<capabilities>\n\n  <host>\n    <uuid>" TEST_UUID "</uuid>\n<cpu/></host>", uuid),
			 0);
	text_uuid_format(uuid, text);
	ck_assert_str_eq(text, TEST_UUID);
	ck_assert_int_eq(libvirt_xml_host_uuid("<capabilities><host><cpu/></host><uuid>" TEST_UUID "</uuid>", uuid),
			 -ERR_ABSENT);
	ck_assert_int_eq(libvirt_xml_host_uuid("<capabilities><host><uuid>6695", uuid), -ERR_PARSE);
	ck_assert_int_eq(libvirt_xml_host_uuid("<host><uuid>" TEST_UUID, uuid), 0);
	ck_assert_int_lt(libvirt_xml_host_uuid("<host><uuid>x695eb01-f6a4-8304-79aa-97f2502e193f</uuid>", uuid), 0);
	ck_assert_int_eq(libvirt_xml_host_uuid("", uuid), -ERR_ABSENT);
	ck_assert_int_eq(libvirt_xml_host_uuid("<host>", uuid), -ERR_ABSENT);
}
END_TEST

/* ---- rows ---- */

START_TEST(rows)
{
	static const uint8_t uuid[16] = {7};
	struct domain_ident *ident = domain_ident_new(uuid, "web 1", "hvm");
	struct domain *row = domain_new(part_ref(ident)), *copy;
	struct domains *domains = domains_new(3);

	ck_assert_str_eq(row->name, "web 1");
	ck_assert_str_eq(row->os, "hvm");
	ck_assert_mem_eq(row->uuid, uuid, 16);
	ck_assert_uint_eq(row->have, DOMAIN_HAVE_OS);
	row->vcpus = 4;
	copy = domain_copy(row);
	part_unref(row);
	ck_assert_uint_eq(copy->vcpus, 4);
	ck_assert_ptr_eq(copy->ident, ident);
	ck_assert_uint_eq(copy->part.refs, 1);
	ck_assert_uint_eq(ident->part.refs, 2);
	domains->rows[0] = copy;
	domains->hypervisor.type = mem_string("QEMU"); /* the rest stays NULL */
	part_unref(domains);
	ck_assert_uint_eq(ident->part.refs, 1);
	part_unref(ident);
}
END_TEST

/* ---- live queue ---- */

static void count_wake(void *arg)
{
	atomic_fetch_add((_Atomic int *)arg, 1);
}

static struct live_event *event_numbered(int number)
{
	struct live_event *event = mem_alloc(sizeof(*event));

	event->event = number;
	event->name = mem_string("guest");
	return event;
}

static int take_all(struct live_queue *queue, int first)
{
	int n = 0;

	for (struct live_event *event = live_take(queue), *next; event != NULL; event = next, n++) {
		next = event->next;
		if (first >= 0)
			ck_assert_int_eq(event->event, first + n);
		live_event_free(event);
	}
	return n;
}

START_TEST(live_bounds)
{
	_Atomic int wakes = 0;
	struct live_queue *queue = live_new(count_wake, (void *)&wakes);

	ck_assert_ptr_null(live_take(queue));
	for (int i = 0; i < LIVE_QUEUE_MAX + 10; i++)
		live_push(queue, event_numbered(i));
	ck_assert_uint_eq(live_dropped(queue), 10);
	ck_assert_int_eq(atomic_load(&wakes), LIVE_QUEUE_MAX);
	ck_assert_int_eq(take_all(queue, 0), LIVE_QUEUE_MAX);
	ck_assert_ptr_null(live_take(queue));
	live_push(queue, event_numbered(5));
	ck_assert_int_eq(take_all(queue, 5), 1);
	live_push(queue, event_numbered(6));
	live_free(queue); /* with what is in it */
	live_free(NULL);
	live_event_free(NULL);
}
END_TEST

#define PUSHERS 4
#define PUSHES 2000

static void *push_many(void *arg)
{
	for (int i = 0; i < PUSHES; i++)
		live_push(arg, event_numbered(i));
	return NULL;
}

START_TEST(live_threads)
{
	struct live_queue *queue = live_new(NULL, NULL);
	pthread_t threads[PUSHERS];
	int taken = 0;

	for (int i = 0; i < PUSHERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, push_many, queue), 0);
	for (int i = 0; i < 1000; i++)
		taken += take_all(queue, -1);
	for (int i = 0; i < PUSHERS; i++)
		pthread_join(threads[i], NULL);
	taken += take_all(queue, -1);
	ck_assert_int_eq(taken + (int)live_dropped(queue), PUSHERS * PUSHES);
	live_free(queue);
}
END_TEST

/* ---- the source on the test driver ---- */

static pthread_once_t libvirt_once = PTHREAD_ONCE_INIT;

static void libvirt_start(void)
{
	ck_assert_int_eq(virevent_start(), 0);
}

static void *source_opened(const struct source_env *env)
{
	struct source_error error = {""};
	void *self = NULL;

	pthread_once(&libvirt_once, libvirt_start);
	ck_assert_msg(source_libvirt.open(env, &self, &error) == 0, "%s", error.text);
	ck_assert_ptr_nonnull(self);
	return self;
}

static struct domains *source_polled(void *self, const struct source_env *env)
{
	struct source_error error = {""};
	struct part *result = NULL;

	ck_assert_msg(source_libvirt.poll(self, env, &result, &error) == 0, "%s", error.text);
	ck_assert_ptr_nonnull(result);
	return (struct domains *)result;
}

START_TEST(source_default)
{
	struct source_env env = {.uri = "test:///default"};
	void *self = source_opened(&env);
	struct domains *domains = source_polled(self, &env), *again;
	const struct domain *row = domains->rows[0];
	char uuid[TEXT_UUID_SIZE];

	ck_assert_uint_eq(domains->n, 1);
	ck_assert(domains->complete);
	ck_assert_str_eq(domains->hypervisor.type, "TEST");
	ck_assert_str_eq(domains->hypervisor.version, "0.0.2");
	ck_assert_str_eq(domains->hypervisor.uri, "test:///default");
	ck_assert_ptr_nonnull(strchr(domains->hypervisor.libvirt_version, '.'));
	ck_assert(!domains->hypervisor.have_host_uuid);
	ck_assert_str_eq(row->name, "test");
	text_uuid_format(row->uuid, uuid);
	ck_assert_str_eq(uuid, TEST_UUID);
	ck_assert_str_eq(row->os, "linux");
	ck_assert_int_eq(row->state, DOMAIN_RUNNING);
	ck_assert_int_eq(row->id, 1);
	ck_assert(row->persistent && !row->autostart);
	ck_assert_uint_eq(row->vcpus, 2);
	ck_assert_uint_eq(row->vcpus_max, 2);
	ck_assert_uint_eq(row->mem_max_kib, 8388608);
	ck_assert_uint_eq(row->mem_current_kib, 2097152);
	ck_assert_uint_gt(row->cpu_time_ns, 0);
	ck_assert_uint_eq(row->have & (DOMAIN_HAVE_PERSISTENT | DOMAIN_HAVE_AUTOSTART | DOMAIN_HAVE_VCPUS |
				       DOMAIN_HAVE_VCPUS_MAX | DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_MEM_MAX |
				       DOMAIN_HAVE_MEM_CURRENT | DOMAIN_HAVE_MEM_RSS | DOMAIN_HAVE_OS),
			  DOMAIN_HAVE_PERSISTENT | DOMAIN_HAVE_AUTOSTART | DOMAIN_HAVE_VCPUS | DOMAIN_HAVE_VCPUS_MAX |
				  DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_MEM_CURRENT |
				  DOMAIN_HAVE_MEM_RSS | DOMAIN_HAVE_OS);
	ck_assert_int_gt(row->read_mono_ns, 0);
	again = source_polled(self, &env);
	ck_assert_ptr_ne(again->rows[0], row);
	ck_assert_ptr_eq(again->rows[0]->ident, row->ident); /* shared over time */
	ck_assert_uint_ge(again->rows[0]->cpu_time_ns, row->cpu_time_ns);
	source_libvirt.close(self);
	part_unref(domains);
	part_unref(again);
	source_libvirt.close(NULL);
}
END_TEST

/* What the live queue holds, waiting until n are there or five seconds are over. */
struct collected {
	int n;
	int event[8];
	char name[8][64];
};

static pthread_mutex_t wake_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake_cond = PTHREAD_COND_INITIALIZER;

static void wake_signal(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&wake_mutex);
	pthread_cond_signal(&wake_cond);
	pthread_mutex_unlock(&wake_mutex);
}

static void collect(struct live_queue *queue, int n, struct collected *out)
{
	struct timespec until;

	memset(out, 0, sizeof(*out));
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	pthread_mutex_lock(&wake_mutex);
	for (;;) {
		for (struct live_event *event = live_take(queue), *next; event != NULL; event = next) {
			next = event->next;
			ck_assert_int_lt(out->n, 8);
			out->event[out->n] = event->event;
			snprintf(out->name[out->n++], 64, "%s", event->name);
			ck_assert_int_eq(event->kind, LIVE_DOMAIN_LIFECYCLE);
			ck_assert_int_gt(event->time_real_ns, 0);
			live_event_free(event);
		}
		if (out->n >= n || pthread_cond_timedwait(&wake_cond, &wake_mutex, &until) != 0)
			break;
	}
	pthread_mutex_unlock(&wake_mutex);
}

#define DOMAIN_XML(name, uuid, os)                                                                                     \
	"<domain type='test'><name>" name "</name><uuid>" uuid "</uuid><metadata><o:libosinfo "                        \
	"xmlns:o='http://libosinfo.org/xmlns/libvirt/domain/1.0'><o:os id='" os "'/></o:libosinfo></metadata>"         \
	"<memory>8192</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>"
#define SECOND_UUID "11111111-2222-3333-4444-555555555555"

static const struct domain *row_named(const struct domains *domains, const char *name)
{
	for (size_t i = 0; i < domains->n; i++)
		if (strcmp(domains->rows[i]->name, name) == 0)
			return domains->rows[i];
	return NULL;
}

/* The test driver's default connection is one for the process, so a second handle can change what the source reads. */
START_TEST(source_changes)
{
	struct live_queue *queue = live_new(wake_signal, NULL);
	struct source_env env = {.uri = "test:///default", .live = queue};
	void *self = source_opened(&env);
	virConnectPtr other = virConnectOpen("test:///default");
	virDomainPtr domain;
	struct domains *domains = source_polled(self, &env);
	struct collected got;
	const struct domain *row;

	ck_assert_uint_eq(domains->n, 1);
	part_unref(domains);

	/* Defined: a row at once, inactive, with what an inactive domain has. */
	domain = virDomainDefineXML(other, DOMAIN_XML("x; touch 'pwned'; true", SECOND_UUID, "http://a.example/1"));
	ck_assert_ptr_nonnull(domain);
	collect(queue, 1, &got);
	ck_assert_int_eq(got.n, 1);
	ck_assert_int_eq(got.event[0], VIR_DOMAIN_EVENT_DEFINED);
	ck_assert_str_eq(got.name[0], "x; touch 'pwned'; true");
	domains = source_polled(self, &env);
	ck_assert_uint_eq(domains->n, 2);
	row = row_named(domains, "x; touch 'pwned'; true");
	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(row->state, DOMAIN_SHUTOFF);
	ck_assert_int_eq(row->id, -1);
	ck_assert_str_eq(row->os, "http://a.example/1");
	ck_assert(!(row->have & DOMAIN_HAVE_CPU_TIME));
	ck_assert_uint_eq(row->mem_max_kib, 8192);
	part_unref(domains);

	/* Defined anew: the OS is read again because of the event. */
	virDomainFree(
		virDomainDefineXML(other, DOMAIN_XML("x; touch 'pwned'; true", SECOND_UUID, "http://a.example/2")));
	collect(queue, 1, &got);
	ck_assert_int_eq(virDomainSetAutostart(domain, 1), 0);
	ck_assert_int_eq(virDomainCreate(domain), 0);
	ck_assert_int_eq(virDomainSuspend(domain), 0);
	collect(queue, 2, &got);
	ck_assert_int_eq(got.event[0], VIR_DOMAIN_EVENT_STARTED);
	ck_assert_int_eq(got.event[1], VIR_DOMAIN_EVENT_SUSPENDED);
	domains = source_polled(self, &env);
	row = row_named(domains, "x; touch 'pwned'; true");
	ck_assert_str_eq(row->os, "http://a.example/2");
	ck_assert_int_eq(row->state, DOMAIN_PAUSED);
	ck_assert_str_eq(row->reason, "user");
	ck_assert(row->autostart && row->persistent);
	ck_assert_int_gt(row->id, 0);
	ck_assert(row->have & DOMAIN_HAVE_CPU_TIME);
	part_unref(domains);

	/* Gone: no row, the other one stays. */
	ck_assert_int_eq(virDomainDestroy(domain), 0);
	ck_assert_int_eq(virDomainUndefine(domain), 0);
	domains = source_polled(self, &env);
	ck_assert_uint_eq(domains->n, 1);
	ck_assert_ptr_nonnull(row_named(domains, "test"));
	part_unref(domains);
	virDomainFree(domain);
	virConnectClose(other);
	source_libvirt.close(self);
	live_free(queue);
}
END_TEST

START_TEST(source_no_daemon)
{
	struct source_env env = {.uri = "qemu:///system?socket=/nonexistent/libvirt-sock-ro"};
	struct source_error error = {""};
	void *self = NULL;

	pthread_once(&libvirt_once, libvirt_start);
	ck_assert_int_eq(source_libvirt.open(&env, &self, &error), -ERR_IO);
	ck_assert_ptr_null(self);
	ck_assert_ptr_nonnull(strstr(error.text, env.uri));
	ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
	env.uri = "nonsense:///";
	ck_assert_int_eq(source_libvirt.open(&env, &self, &error), -ERR_IO);
	ck_assert_ptr_null(self);
}
END_TEST

static void node_write(const char *path, int n)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs("<node>", file);
	for (int i = 0; i < n; i++)
		fprintf(file,
			"<domain type='test'><name>guest-%d</name><uuid>00000000-0000-4000-8000-%012x</uuid>"
			"<memory>8192</memory><vcpu>%d</vcpu><os><type>hvm</type></os></domain>",
			i, (unsigned)i, i % 4 + 1);
	fputs("</node>", file);
	ck_assert_int_eq(fclose(file), 0);
}

static int64_t poll_cpu_ns(void *self, const struct source_env *env, size_t n)
{
	int64_t start = clock_thread_cpu_ns();
	struct domains *domains = source_polled(self, env);
	int64_t cost = clock_thread_cpu_ns() - start;
	uint64_t need = DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_VCPUS | DOMAIN_HAVE_PERSISTENT |
			DOMAIN_HAVE_OS;

	ck_assert_uint_eq(domains->n, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(domains->rows[i]->have & need, need);
		ck_assert_int_eq(domains->rows[i]->state, DOMAIN_RUNNING);
	}
	part_unref(domains);
	return cost;
}

START_TEST(source_thousand)
{
	enum { DOMAINS = 1000 };
	char path[] = "/tmp/edgenode-test-libvirt-XXXXXX", uri[64];
	struct source_env env = {.uri = uri};
	int fd = mkstemp(path);
	void *self;

	ck_assert_int_ge(fd, 0);
	close(fd);
	node_write(path, DOMAINS);
	snprintf(uri, sizeof(uri), "test://%s", path);
	self = source_opened(&env);
	unlink(path);
	for (int i = 0; i < 3; i++)
		printf("poll %d of %d domains: %lld us of CPU\n", i + 1, DOMAINS,
		       (long long)(poll_cpu_ns(self, &env, DOMAINS) / NS_PER_US));
	source_libvirt.close(self);
}
END_TEST

static Suite *libvirt_suite(void)
{
	Suite *suite = suite_create("libvirt");
	TCase *slow = tcase_create("source_thousand");

	/* Even its parameter functions need an initialised library. */
	if (virevent_init() != 0)
		exit(EXIT_FAILURE);
	UNIT_ADD(suite, stats_full);
	UNIT_ADD(suite, stats_captured);
	UNIT_ADD(suite, stats_missing);
	UNIT_ADD(suite, stats_wrong);
	UNIT_ADD(suite, stats_many_vcpus);
	UNIT_ADD(suite, stats_states);
	UNIT_ADD(suite, stats_single_calls);
	UNIT_ADD(suite, xml_os);
	UNIT_ADD(suite, xml_cut_and_huge);
	UNIT_ADD(suite, xml_host_uuid);
	UNIT_ADD(suite, rows);
	UNIT_ADD(suite, live_bounds);
	UNIT_ADD(suite, live_threads);
	UNIT_ADD(suite, source_default);
	UNIT_ADD(suite, source_changes);
	UNIT_ADD(suite, source_no_daemon);
	tcase_add_test(slow, source_thousand);
	tcase_set_timeout(slow, 60); /* libvirt reads the file; slow under a sanitizer */
	suite_add_tcase(suite, slow);
	return suite;
}

UNIT_MAIN(libvirt_suite)
