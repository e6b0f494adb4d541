/*
 * test_guest_metric.c - the built-in metrics: every name of both profiles, units, absence.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "transport/guest_doc.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static const struct guest_style UPSTREAM = { .profile = GUEST_UPSTREAM }, SAP = { .profile = GUEST_SAP };

static void destroy_flat(struct part *part)
{
	free(part);
}

static void *flat_part(size_t size)
{
	struct part *part = mem_alloc(size);

	part_init(part, destroy_flat);
	return part;
}

static void add_memory(struct snapshot *snapshot)
{
	struct memory *memory = flat_part(sizeof(*memory));

	memory->have = UINT64_MAX;
	memory->total_kib = 100 * 1024 + 1023;
	memory->free_kib = 10 * 1024;
	memory->available_kib = 50 * 1024;
	memory->buffers_kib = 5 * 1024;
	memory->cached_kib = 20 * 1024;
	memory->swap_total_kib = 30 * 1024;
	memory->swap_free_kib = 26 * 1024;
	memory->paged_in_kib = 7777;
	memory->paged_out_kib = 8888;
	memory->swapped_in_kib = 3 * 1024 + 1;
	memory->swapped_out_kib = 4 * 1024;
	memory->page_in_rate_kib = 11;
	memory->page_fault_rate = 12;
	snapshot_put(&snapshot->memory, memory);
}

static void add_cpus(struct snapshot *snapshot)
{
	struct cpus *cpus = flat_part(sizeof(*cpus) + 2 * sizeof(cpus->rows[0]));
	struct stat_part *stat = flat_part(sizeof(*stat));

	cpus->n = 2;
	for (size_t i = 0; i < 2; i++) {
		cpus->rows[i].online = i == 0;
		cpus->rows[i].have = CPU_HAVE_UTIL;
		cpus->rows[i].util_centi = 5001;
	}
	snapshot_put(&snapshot->cpus, cpus);
	stat->total = (struct cpu_time){ .user_ms = 1500 };
	snapshot_put(&snapshot->stat, stat);
}

static void add_domain(struct snapshot *snapshot)
{
	static const uint8_t UUID[16] = { 1 };
	struct domain *domain = domain_new(domain_ident_new(UUID, "one", NULL));

	domain->index = 1;
	domain->id = 7;
	domain->have = DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_CPU_UTIL | DOMAIN_HAVE_VCPUS | DOMAIN_HAVE_MEM_MAX |
		       DOMAIN_HAVE_MEM_CURRENT;
	domain->cpu_time_ns = 69400000000;
	domain->cpu_util_centi = 5001; /* of both: 1.0002 CPUs */
	domain->vcpus = 2;
	domain->mem_max_kib = 2048;
	domain->mem_current_kib = 1025;
	snapshot_put(&snapshot->domains, domains_new(1));
	snapshot->domains->rows[0] = domain;
}

static struct snapshot *make_snapshot(void)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->sealed_real_ns = INT64_C(1709210096999999999);
	snapshot->node.name = "node.example";
	snapshot->node.hypervisor = "QEMU";
	snapshot->node.hypervisor_version = "7.2.0";
	snapshot->node.vendor = "Maker & Co ";
	snapshot->node.model = " Box";
	add_memory(snapshot);
	add_cpus(snapshot);
	add_domain(snapshot);
	return snapshot;
}

struct expected {
	const char *name, *type, *value, *unit;
};

/* clang-format off */
static const struct expected UPSTREAM_HOST[] = {
	{ "HostName", "string", "node.example", NULL },
	{ "VirtualizationVendor", "string", "QEMU", NULL },
	{ "VirtualizationProductInfo", "string", "QEMU 7.2.0", NULL },
	{ "TotalPhyCPUs", "uint32", "2", NULL },
	{ "NumCPUs", "uint32", "1", NULL },
	{ "NumCPUsUtilized", "uint32", "2", NULL },
	{ "TotalPhyMem", "uint64", "100", "MiB" },
	{ "UsedMem", "uint64", "50", "MiB" },
	{ "FreeMem", "uint64", "50", "MiB" },
	{ "FreePhyMem", "uint64", "10", "MiB" },
	{ "FreePhyMemFree", "uint64", "10", "MiB" },
	{ "PagedInMemory", "uint64", "7777", "KiB" },
	{ "PagedOutMemory", "uint64", "8888", "KiB" },
	{ "PageInRate", "uint64", "11", "KiB/s" },
	{ "PageFaultRate", "uint64", "12", "1/s" },
	{ "TotalCPUTime", "real64", "1.500000", "s" },
	{ "Time", "uint64", "1709210096", "s" },
	{ NULL, NULL, NULL, NULL },
};
static const struct expected UPSTREAM_VM[] = {
	{ "TotalCPUTime", "real64", "69.400000", "s" },
	{ "NumCPUsUtilized", "uint32", "2", NULL },
	{ "UsedMemory", "uint64", "1025", "KiB" },
	{ NULL, NULL, NULL, NULL },
};
static const struct expected SAP_HOST[] = {
	{ "HostName", "string", "node.example", NULL },
	{ "VirtualizationVendor", "string", "QEMU", NULL },
	{ "VirtProductInfo", "string", "QEMU 7.2.0", NULL },
	{ "HostSystemInfo", "string", "Maker &amp; Co Box", NULL },
	{ "NumberOfPhysicalCPUs", "uint32", "2", NULL },
	{ "MemoryAllocatedToVirtualServers", "uint64", "65", "MiB" },
	{ "FreePhysicalMemory", "uint64", "10", "MiB" },
	{ "FreeVirtualMemory", "uint64", "36", "MiB" },
	{ "UsedVirtualMemory", "uint64", "69", "MiB" },
	{ "PagedInMemory", "uint64", "3", "MiB" },
	{ "PagedOutMemory", "uint64", "4", "MiB" },
	{ "TotalCPUTime", "real64", "1.500000", "s" },
	{ "Time", "uint64", "1709210096", "s" },
	{ NULL, NULL, NULL, NULL },
};
static const struct expected SAP_VM[] = {
	{ "TotalCPUTime", "real64", "69.400000", "s" },
	{ "ResourceProcessorLimit", "uint32", "2", NULL },
	{ "ResourceMemoryLimit", "uint64", "2", "MiB" },
	{ "PhysicalMemoryAllocatedToVirtualSystem", "uint64", "1", "MiB" },
	{ NULL, NULL, NULL, NULL },
};
/* clang-format on */

/* What the document has to be, whole. */
static void put_expected(struct buf *out, const struct expected *rows, const char *context, bool units)
{
	for (; rows->name != NULL; rows++) {
		buf_printf(out, "<metric type='%s' context='%s'", rows->type, context);
		if (units && rows->unit != NULL)
			buf_printf(out, " unit='%s'", rows->unit);
		buf_printf(out, ">\n  <name>%s</name>\n  <value>%s</value>\n</metric>\n", rows->name, rows->value);
	}
}

static void check(const struct guest_style *style, const struct expected *host, const struct expected *vm)
{
	static const char OF_VM[] = "vm' id='7' uuid='01000000-0000-0000-0000-000000000000";
	struct snapshot *snapshot = make_snapshot();
	struct buf out, wanted;

	buf_init(&out, 65536);
	buf_init(&wanted, 65536);
	buf_text(&wanted, "<metrics>\n");
	put_expected(&wanted, host, "host", style->units);
	put_expected(&wanted, vm, OF_VM, style->units);
	buf_text(&wanted, "</metrics>\n");
	guest_doc_shared(&out, style, snapshot, true);
	ck_assert_str_eq(out.data, wanted.data);
	buf_free(&out);
	buf_free(&wanted);
	part_unref(snapshot);
}

START_TEST(every_name_of_both_profiles)
{
	const struct guest_style units = { .profile = GUEST_UPSTREAM, .units = true };
	const struct guest_style sap_units = { .profile = GUEST_SAP, .units = true };

	check(&UPSTREAM, UPSTREAM_HOST, UPSTREAM_VM);
	check(&SAP, SAP_HOST, SAP_VM);
	check(&units, UPSTREAM_HOST, UPSTREAM_VM);
	check(&sap_units, SAP_HOST, SAP_VM);
}
END_TEST

static bool holds(const struct buf *out, const char *name, const char *unit, const char *value)
{
	char text[256];
	const char *at;

	snprintf(text, sizeof(text), "%s>\n  <name>%s</name>\n  <value>%s</value>", unit, name, value);
	at = strstr(out->data, text);
	return at != NULL;
}

START_TEST(memory_in_kib)
{
	const struct guest_style upstream = { .profile = GUEST_UPSTREAM, .memory_kib = true, .units = true };
	const struct guest_style sap = { .profile = GUEST_SAP, .memory_kib = true };
	struct snapshot *snapshot = make_snapshot();
	struct buf out;

	buf_init(&out, 65536);
	guest_doc_shared(&out, &upstream, snapshot, true);
	ck_assert(holds(&out, "TotalPhyMem", " unit='KiB'", "103423"));
	ck_assert(holds(&out, "UsedMem", " unit='KiB'", "52223"));
	ck_assert(holds(&out, "PagedInMemory", " unit='KiB'", "7777"));
	ck_assert(holds(&out, "UsedMemory", " unit='KiB'", "1025"));
	buf_reset(&out);
	guest_doc_shared(&out, &sap, snapshot, true);
	ck_assert(holds(&out, "UsedVirtualMemory", "'host'", "71679"));
	ck_assert(holds(&out, "PagedInMemory", "'host'", "3073"));
	ck_assert(holds(&out, "ResourceMemoryLimit", "000'", "2048"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

/* Each value is there only with all it is made of. */
START_TEST(absent_is_left_out)
{
	static const struct {
		uint64_t lacks;
		const char *name;
	} ROWS[] = {
		{ MEM_HAVE_BUFFERS, "MemoryAllocatedToVirtualServers" },
		{ MEM_HAVE_CACHED, "UsedVirtualMemory" },
		{ MEM_HAVE_SWAP_FREE, "FreeVirtualMemory" },
		{ MEM_HAVE_SWAP_TOTAL, "UsedVirtualMemory" },
		{ MEM_HAVE_FREE, "FreePhysicalMemory" },
		{ MEM_HAVE_SWAPPED_IN, "PagedInMemory" },
		{ MEM_HAVE_SWAPPED_OUT, "PagedOutMemory" },
	};
	struct snapshot *snapshot = make_snapshot();
	struct buf out;

	buf_init(&out, 65536);
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		snapshot->memory->have = UINT64_MAX & ~ROWS[i].lacks;
		buf_reset(&out);
		guest_doc_host(&out, &SAP, snapshot);
		ck_assert_msg(strstr(out.data, ROWS[i].name) == NULL, "%s", ROWS[i].name);
		ck_assert_ptr_nonnull(strstr(out.data, "TotalCPUTime"));
	}
	snapshot->memory->have = UINT64_MAX;
	snapshot->memory->swap_free_kib = snapshot->memory->swap_total_kib + 1; /* nonsense */
	snapshot->memory->cached_kib = snapshot->memory->total_kib;
	snapshot->domains->rows[0]->have = DOMAIN_HAVE_CPU_UTIL; /* of how many vCPUs? */
	buf_reset(&out);
	guest_doc_shared(&out, &SAP, snapshot, true);
	ck_assert_ptr_null(strstr(out.data, "UsedVirtualMemory"));
	ck_assert_ptr_null(strstr(out.data, "MemoryAllocated"));
	ck_assert_ptr_null(strstr(out.data, "context='vm'"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

START_TEST(system_and_product_of_one_part)
{
	struct snapshot *snapshot = make_snapshot();
	struct buf out;

	buf_init(&out, 65536);
	snapshot->node.vendor = NULL;
	snapshot->node.hypervisor_version = " ";
	guest_doc_host(&out, &SAP, snapshot);
	ck_assert(holds(&out, "HostSystemInfo", "'host'", "Box"));
	ck_assert(holds(&out, "VirtProductInfo", "'host'", "QEMU"));
	snapshot->node.model = "";
	snapshot->node.hypervisor = NULL;
	buf_reset(&out);
	guest_doc_host(&out, &SAP, snapshot);
	ck_assert_ptr_null(strstr(out.data, "HostSystemInfo"));
	ck_assert_ptr_null(strstr(out.data, "VirtProductInfo"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

START_TEST(without_vms)
{
	struct snapshot *snapshot = make_snapshot();
	struct buf out;

	buf_init(&out, 65536);
	guest_doc_shared(&out, &UPSTREAM, snapshot, false);
	ck_assert_ptr_nonnull(strstr(out.data, "context='host'"));
	ck_assert_ptr_null(strstr(out.data, "context='vm'"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

/* --- the operator's own ------------------------------------------------------------------------------------------- */

static void set_own(struct metric_row *row, uint32_t index, const char *name, const char *value, uint8_t status)
{
	*row = (struct metric_row){ .index = index, .type = "string", .status = status };
	row->name = mem_string(name);
	row->value = mem_string(value);
}

/* Names before built-in ones, values escaped; what has failed for too long is left out, and so is the built-in one; what
 * has never worked leaves the built-in one there. */
START_TEST(own_metrics)
{
	const struct guest_style style = { .own_expiration_s = 15 };
	struct snapshot *snapshot = make_snapshot();
	struct metrics *metrics = metrics_new(4);
	struct buf out;

	set_own(&metrics->rows[0], 1, "NumCPUs", "77", METRIC_FAILED);
	set_own(&metrics->rows[1], 2, "<a>", "</value>\n\n'", METRIC_OK);
	set_own(&metrics->rows[2], 3, "none", NULL, METRIC_FAILED);
	set_own(&metrics->rows[3], 4, "HostName", NULL, METRIC_FAILED);
	metrics_sort(metrics);
	snapshot_put(&snapshot->metrics, metrics);
	buf_init(&out, 65536);
	snapshot->sealed_mono_ns = 15 * NS_PER_S;
	guest_doc_host(&out, &style, snapshot);
	ck_assert_ptr_nonnull(strstr(out.data, "<name>NumCPUs</name>\n  <value>77</value>"));
	ck_assert_ptr_nonnull(strstr(out.data, "<name>&lt;a&gt;</name>\n  <value>&lt;/value&gt;&#10;&#10;&apos;</value>"));
	ck_assert_ptr_null(strstr(out.data, "<name>none</name>"));
	ck_assert_ptr_nonnull(strstr(out.data, "<name>HostName</name>"));
	snapshot->sealed_mono_ns++;
	buf_reset(&out);
	guest_doc_host(&out, &style, snapshot);
	ck_assert_ptr_null(strstr(out.data, "<name>NumCPUs</name>"));
	ck_assert_ptr_nonnull(strstr(out.data, "<name>&lt;a&gt;</name>"));
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

/* A host's metric with so many ampersands, another beside it, and one of the domain. */
static struct snapshot *with_values(size_t amps)
{
	struct snapshot *snapshot = make_snapshot();
	struct metrics *metrics = metrics_new(3);
	char *big = mem_alloc(amps + 1);

	memset(big, '&', amps);
	set_own(&metrics->rows[0], 1, "Big", big, METRIC_OK);
	set_own(&metrics->rows[1], 2, "Small", "little", METRIC_OK);
	set_own(&metrics->rows[2], 3, "OfDomain", "its own", METRIC_OK);
	metrics->rows[2].domain = 1;
	metrics->rows[2].uuid[0] = 1;
	free(big);
	metrics_sort(metrics);
	snapshot_put(&snapshot->metrics, metrics);
	return snapshot;
}

static void expect_cut(const struct buf *out, const struct guest_doc_cut *cut, bool small)
{
	static const char COMMENT[] = "<!-- metrics left out: there is no room for their values -->\n</metrics>\n";

	ck_assert(!out->over);
	ck_assert(holds(out, "HostName", "'host'", "node.example"));
	ck_assert(holds(out, "UsedMemory", "'", "1025"));
	ck_assert_ptr_null(strstr(out->data, "&amp;"));
	ck_assert((strstr(out->data, "<value>little</value>") != NULL) == small);
	ck_assert((strstr(out->data, "<value>its own</value>") != NULL) == small);
	ck_assert_str_eq(out->data + out->length - strlen(COMMENT), COMMENT);
	ck_assert_str_eq(cut->text, "the value of metric Big of the host is left out");
}

/* It takes neither the built-in metrics along nor those beside it. */
START_TEST(value_without_room)
{
	struct snapshot *snapshot = with_values(20000); /* 100,000 bytes as they are written */
	const struct domain *domain = snapshot->domains->rows[0];
	struct guest_doc_cut cut;
	struct buf out, host;

	buf_init(&host, 256 << 10);
	guest_doc_host(&host, &UPSTREAM, snapshot);
	buf_init(&out, 65536);
	ck_assert(!guest_doc_shared_fit(&out, &UPSTREAM, snapshot, true, &cut));
	expect_cut(&out, &cut, true);
	memset(&cut, 0, sizeof(cut));
	ck_assert(!guest_doc_own_fit(&out, &UPSTREAM, &host, snapshot, domain, &cut));
	expect_cut(&out, &cut, true);
	memset(&cut, 0, sizeof(cut));
	ck_assert(guest_doc_own_within(&out, &UPSTREAM, NULL, snapshot, domain, &cut));
	expect_cut(&out, &cut, true);
	/* The host's part that is given is too much by itself. */
	ck_assert(!guest_doc_own_within(&out, &UPSTREAM, &host, snapshot, domain, &cut));
	ck_assert(guest_doc_host_within(&out, &UPSTREAM, snapshot, &cut));
	ck_assert_ptr_null(strstr(out.data, "<metrics>"));
	ck_assert_ptr_nonnull(strstr(out.data, "little"));
	buf_free(&out);
	/* Room for nothing but what is built in. */
	buf_init(&out, 1 << 20);
	snapshot_put(&snapshot->metrics, NULL);
	guest_doc_shared(&out, &UPSTREAM, snapshot, true);
	part_unref(snapshot);
	snapshot = with_values(20000);
	out.limit = out.length + 70;
	ck_assert(!guest_doc_shared_fit(&out, &UPSTREAM, snapshot, true, &cut));
	expect_cut(&out, &cut, false);
	out.limit -= 20;
	ck_assert(!guest_doc_shared_fit(&out, &UPSTREAM, snapshot, true, &cut));
	ck_assert_ptr_nonnull(strstr(out.data, "<!-- VM metrics left out"));
	ck_assert(holds(&out, "HostName", "'host'", "node.example"));
	ck_assert_str_eq(cut.text, "the metrics of domains are left out");
	buf_free(&out);
	buf_free(&host);
	part_unref(snapshot);
}
END_TEST

/* Whatever the room: what is built in is there as far as it fits, and the end always. */
START_TEST(any_room)
{
	struct snapshot *snapshot = with_values(300);
	struct guest_doc_cut cut;
	struct buf out;
	size_t whole;

	buf_init(&out, 1 << 20);
	ck_assert(guest_doc_shared_fit(&out, &UPSTREAM, snapshot, true, &cut));
	whole = out.length;
	for (size_t limit = 100; limit <= whole; limit++) {
		out.limit = limit;
		ck_assert(guest_doc_shared_fit(&out, &UPSTREAM, snapshot, true, &cut) == (limit == whole));
		ck_assert(!out.over && out.length <= limit);
		ck_assert_str_eq(out.data + out.length - 11, "</metrics>\n");
		ck_assert_ptr_null(strstr(out.data, "\n\n"));
	}
	buf_free(&out);
	part_unref(snapshot);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("guest_metric");

	UNIT_ADD(s, every_name_of_both_profiles);
	UNIT_ADD(s, memory_in_kib);
	UNIT_ADD(s, absent_is_left_out);
	UNIT_ADD(s, system_and_product_of_one_part);
	UNIT_ADD(s, without_vms);
	UNIT_ADD(s, own_metrics);
	UNIT_ADD(s, value_without_room);
	UNIT_ADD(s, any_room);
	return s;
}

UNIT_MAIN(suite)
