/*
 * test_libvirt_parse.c - what libvirt says into rows: typed parameters, single calls, domain XML and the numbers of
 * events.
 */
#define VIR_ENUM_SENTINELS /* before the first libvirt header: its counts of reasons, details and actions */

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/libvirt_change.h"
#include "source/libvirt_rows.h"
#include "source/libvirt_stats.h"
#include "source/libvirt_xml.h"
#include "source/virevent.h"

#include "unit.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <string.h>

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
	static const uint8_t uuid[16] = { 1 };

	return domain_new(domain_ident_new(uuid, "guest", NULL));
}

/* The row of these parameters and devices (taken over; NULL: none). known: as libvirt_rows_finish gives it. */
static struct domain *parse_with(struct params *p, struct domain_devices *devices, bool *known)
{
	struct domain *row = row_new();
	struct libvirt_rows *rows = libvirt_rows_new();

	row->devices = devices;
	libvirt_rows_reset(rows);
	libvirt_stats_parse(p->list, (size_t)p->n, rows, row);
	*known = libvirt_rows_finish(rows, row);
	libvirt_rows_free(rows);
	virTypedParamsFree(p->list, p->n);
	memset(p, 0, sizeof(*p));
	return row;
}

static struct domain *parse(struct params *p)
{
	bool known;

	return parse_with(p, NULL, &known);
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
	struct params p = { 0 };
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
	struct params p = { 0 };
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
	struct params p = { 0 };
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
	struct params p = { 0 };
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

/* As many vCPUs as a row has room for, and one more: then no sum, which would lack it. */
START_TEST(stats_many_vcpus)
{
	enum { PER = 3 };
	const int vcpus = DOMAIN_VCPUS_MAX + _i;
	virTypedParameter *list = mem_array((size_t)(PER * vcpus), sizeof(*list));
	struct domain *row = row_new();
	struct libvirt_rows *rows = libvirt_rows_new();
	int64_t start;

	for (int i = 0; i < vcpus; i++) {
		virTypedParameter *at = &list[PER * i];
		int number = vcpus - 1 - i;

		snprintf(at[0].field, sizeof(at[0].field), "vcpu.%d.state", number);
		at[0].type = VIR_TYPED_PARAM_INT;
		at[0].value.i = 1;
		snprintf(at[1].field, sizeof(at[1].field), "vcpu.%d.time", number);
		at[1].type = VIR_TYPED_PARAM_ULLONG;
		at[1].value.ul = 1000;
		snprintf(at[2].field, sizeof(at[2].field), "vcpu.%d.delay", number);
		at[2].type = VIR_TYPED_PARAM_ULLONG;
		at[2].value.ul = (unsigned long long)number;
	}
	start = clock_mono_ns();
	libvirt_rows_reset(rows);
	libvirt_stats_parse(list, (size_t)(PER * vcpus), rows, row);
	ck_assert(libvirt_rows_finish(rows, row));
	printf("stats of %d vCPUs: %lld us\n", vcpus, (long long)((clock_mono_ns() - start) / NS_PER_US));
	ck_assert_uint_eq(row->n_vcpus, DOMAIN_VCPUS_MAX);
	for (size_t i = 0; i < row->n_vcpus; i++)
		ck_assert_uint_eq(row->vcpu_rows[i].index, i + 1 + (size_t)_i);
	ck_assert_uint_eq(row->have, _i == 0 ? DOMAIN_HAVE_STEAL_TIME | DOMAIN_HAVE_VCPU_TIME : 0);
	if (_i == 0) {
		ck_assert_uint_eq(row->steal_time_ns, (uint64_t)DOMAIN_VCPUS_MAX * (DOMAIN_VCPUS_MAX - 1) / 2);
		ck_assert_uint_eq(row->vcpu_time_ns, (uint64_t)DOMAIN_VCPUS_MAX * 1000);
	}
	part_unref(row);
	libvirt_rows_free(rows);
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
			row->state = libvirt_stats_state(state, reason, &row->reason);
			ck_assert_int_eq(row->state, state + 1);
			ck_assert_int_eq(strcmp(row->reason, "unknown") == 0, reason == 0);
			ck_assert_uint_eq(strspn(row->reason, "abcdefghijklmnopqrstuvwxyz-"), strlen(row->reason));
		}
		row->state = libvirt_stats_state(state, 1000, &row->reason);
		ck_assert_str_eq(row->reason, "unknown");
		row->state = libvirt_stats_state(state, -1, &row->reason);
		ck_assert_str_eq(row->reason, "unknown");
	}
	row->state = libvirt_stats_state(VIR_DOMAIN_LAST, 0, &row->reason);
	ck_assert_int_eq(row->state, DOMAIN_UNKNOWN);
	row->state = libvirt_stats_state(-1, 0, &row->reason);
	ck_assert_int_eq(row->state, DOMAIN_UNKNOWN);
	row->state = libvirt_stats_state(VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, &row->reason);
	ck_assert_str_eq(row->reason, "io-error");
	row->state = libvirt_stats_state(VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DAEMON, &row->reason);
	ck_assert_str_eq(row->reason, "daemon");
	part_unref(row);
}
END_TEST

START_TEST(stats_single_calls)
{
	virDomainInfo info = { .maxMem = 100, .memory = 50, .nrVirtCpu = 2, .cpuTime = 9 };
	virDomainMemoryStatStruct memory[] = {
		{ .tag = VIR_DOMAIN_MEMORY_STAT_RSS, .val = 12 },
		{ .tag = VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, .val = 0 },
		{ .tag = VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON, .val = 60 },
		{ .tag = VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC, .val = 1 },
		{ .tag = -3, .val = 1 },
		{ .tag = 4000, .val = 1 },
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

/* ---- vCPUs, disks and NICs ---- */

static struct domain_devices *devices_of(const char *const blocks[], size_t n_blocks, const char *const nics[],
					 size_t n_nics)
{
	struct domain_devices *devices = domain_devices_new(n_blocks, n_nics);

	for (size_t i = 0; i < n_blocks; i++)
		devices->blocks[i].target = mem_string(blocks[i]);
	for (size_t i = 0; i < n_nics; i++)
		devices->nics[i].target = mem_string(nics[i]);
	return devices;
}

START_TEST(rows_captured)
{
	static const char *const blocks[] = { "vdb", "sda", "vda" }, *const nics[] = { NULL, "rigtwob", "vnet0" };
	struct params p = { 0 };
	const struct block *block;
	const struct nic *nic;
	struct domain *row;
	bool known;

	params_load(&p, FIXTURES "/libvirt/domstats-qemu.txt");
	row = parse_with(&p, devices_of(blocks, 3, nics, 3), &known);
	ck_assert(!known); /* no device is called "rigtwo" */
	ck_assert_uint_eq(row->n_vcpus, 2);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(row->vcpu_rows[i].index, i + 1);
		ck_assert_int_eq(row->vcpu_rows[i].state, VCPU_RUNNING);
		ck_assert_uint_eq(row->vcpu_rows[i].have, VCPU_HAVE_TIME | VCPU_HAVE_WAIT | VCPU_HAVE_DELAY);
	}
	ck_assert_uint_eq(row->vcpu_rows[0].time_ns, 250000000);
	ck_assert_uint_eq(row->vcpu_rows[1].delay_ns, 4364733);

	/* In the order of the devices; the drive that libvirt says nothing of has a row without numbers. */
	ck_assert_uint_eq(row->n_blocks, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_ptr_eq(row->block_rows[i].device, &row->devices->blocks[i]);
		ck_assert_uint_eq(row->block_rows[i].index, 0);
	}
	block = &row->block_rows[2];
	ck_assert_uint_eq(block->have, BLOCK_HAVE_READS | BLOCK_HAVE_READ_BYTES | BLOCK_HAVE_READ_TIME |
					       BLOCK_HAVE_WRITES | BLOCK_HAVE_WRITE_BYTES | BLOCK_HAVE_WRITE_TIME |
					       BLOCK_HAVE_FLUSHES | BLOCK_HAVE_FLUSH_TIME | BLOCK_HAVE_CAPACITY |
					       BLOCK_HAVE_ALLOCATION | BLOCK_HAVE_PHYSICAL);
	ck_assert_uint_eq(block->capacity_bytes, 262144);
	ck_assert_uint_eq(row->block_rows[1].have, 0);

	ck_assert_uint_eq(row->n_nics, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_ptr_eq(row->nic_rows[i].device, &row->devices->nics[i]);
	nic = &row->nic_rows[1];
	ck_assert_uint_eq(nic->have, BIT(8) - 1);
	ck_assert_uint_eq(nic->rx_bytes, 90);
	ck_assert_uint_eq(nic->rx_packets, 1);
	ck_assert_uint_eq(row->nic_rows[0].have, 0);
	ck_assert_uint_eq(row->net_rx_bytes, 180); /* the sum has both */
	part_unref(row);
}
END_TEST

/* Every key at its own place: the value is the number of the key. */
START_TEST(rows_every_key)
{
	static const char *const keys[] = { "rd.reqs", "rd.bytes", "rd.times", "wr.reqs",  "wr.bytes",	 "wr.times",
					    "fl.reqs", "fl.times", "errors",   "capacity", "allocation", "physical" };
	static const char *const nic_keys[] = { "rx.bytes", "rx.pkts", "rx.errs", "rx.drop",
						"tx.bytes", "tx.pkts", "tx.errs", "tx.drop" };
	static const char *const target[] = { "vda" }, *const tap[] = { "tap0" };
	struct params p = { 0 };
	struct domain *row;
	char name[64];
	bool known;

	virTypedParamsAddString(&p.list, &p.n, &p.max, "block.7.name", "vda");
	for (unsigned i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "block.7.%s", keys[i]);
		add_u64(&p, name, i + 1);
	}
	virTypedParamsAddString(&p.list, &p.n, &p.max, "net.0.name", "tap0");
	for (unsigned i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "net.0.%s", nic_keys[i]);
		add_u64(&p, name, i + 1);
	}
	add_u64(&p, "vcpu.3.wait", 5);
	virTypedParamsAddBoolean(&p.list, &p.n, &p.max, "vcpu.3.halted", 1);
	add_int(&p, "vcpu.3.state", VIR_VCPU_BLOCKED);
	add_int(&p, "vcpu.0.state", VIR_VCPU_OFFLINE);
	virTypedParamsAddBoolean(&p.list, &p.n, &p.max, "vcpu.0.halted", 0);
	add_int(&p, "vcpu.1.state", 77);
	add_u64(&p, "vcpu.2.time", 1);
	row = parse_with(&p, devices_of(target, 1, tap, 1), &known);
	ck_assert(known);
	ck_assert_uint_eq(row->block_rows[0].have, BIT(12) - 1);
	ck_assert_uint_eq(row->block_rows[0].reads, 1);
	ck_assert_uint_eq(row->block_rows[0].read_bytes, 2);
	ck_assert_uint_eq(row->block_rows[0].read_time_ns, 3);
	ck_assert_uint_eq(row->block_rows[0].writes, 4);
	ck_assert_uint_eq(row->block_rows[0].write_bytes, 5);
	ck_assert_uint_eq(row->block_rows[0].write_time_ns, 6);
	ck_assert_uint_eq(row->block_rows[0].flushes, 7);
	ck_assert_uint_eq(row->block_rows[0].flush_time_ns, 8);
	ck_assert_uint_eq(row->block_rows[0].errors, 9);
	ck_assert_uint_eq(row->block_rows[0].capacity_bytes, 10);
	ck_assert_uint_eq(row->block_rows[0].allocation_bytes, 11);
	ck_assert_uint_eq(row->block_rows[0].physical_bytes, 12);
	ck_assert_uint_eq(row->nic_rows[0].rx_bytes, 1);
	ck_assert_uint_eq(row->nic_rows[0].rx_packets, 2);
	ck_assert_uint_eq(row->nic_rows[0].rx_errors, 3);
	ck_assert_uint_eq(row->nic_rows[0].rx_drops, 4);
	ck_assert_uint_eq(row->nic_rows[0].tx_bytes, 5);
	ck_assert_uint_eq(row->nic_rows[0].tx_packets, 6);
	ck_assert_uint_eq(row->nic_rows[0].tx_errors, 7);
	ck_assert_uint_eq(row->nic_rows[0].tx_drops, 8);
	/* Ascending, whatever the order they came in. */
	ck_assert_uint_eq(row->n_vcpus, 4);
	ck_assert_int_eq(row->vcpu_rows[0].state, VCPU_OFFLINE);
	ck_assert(!row->vcpu_rows[0].halted);
	ck_assert_uint_eq(row->vcpu_rows[0].have, VCPU_HAVE_HALTED);
	ck_assert_int_eq(row->vcpu_rows[1].state, VCPU_UNKNOWN);
	ck_assert_int_eq(row->vcpu_rows[2].state, VCPU_UNKNOWN);
	ck_assert_int_eq(row->vcpu_rows[3].state, VCPU_BLOCKED);
	ck_assert_uint_eq(row->vcpu_rows[3].index, 4);
	ck_assert_uint_eq(row->vcpu_rows[3].wait_ns, 5);
	ck_assert(row->vcpu_rows[3].halted);
	ck_assert_uint_eq(row->have & (DOMAIN_HAVE_VCPU_TIME | DOMAIN_HAVE_STEAL_TIME), 0);
	part_unref(row);
}
END_TEST

START_TEST(rows_wrong)
{
	static const char *const target[] = { "vda" }, *const tap[] = { "tap0" };
	struct params p = { 0 };
	struct domain *row;
	bool known;

	/* Names of other types, numbers that are none, members beyond all bounds, the same target twice. */
	add_u64(&p, "block.0.name", 1);
	add_u64(&p, "block.0.rd.reqs", 1);
	virTypedParamsAddString(&p.list, &p.n, &p.max, "block.1.name", "vda");
	virTypedParamsAddString(&p.list, &p.n, &p.max, "block.1.rd.reqs", "17");
	virTypedParamsAddLLong(&p.list, &p.n, &p.max, "block.1.wr.reqs", -1);
	virTypedParamsAddDouble(&p.list, &p.n, &p.max, "block.1.capacity", 1.0);
	add_u64(&p, "block.99999999999999999999.rd.reqs", 1);
	add_u64(&p, "block.-1.rd.reqs", 1);
	add_u64(&p, "vcpu.0.halted", 1);
	virTypedParamsAddString(&p.list, &p.n, &p.max, "vcpu.0.state", "running");
	virTypedParamsAddString(&p.list, &p.n, &p.max, "net.0.name", "");
	add_u64(&p, "net.0.rx.bytes", 3);
	row = parse_with(&p, devices_of(target, 1, tap, 1), &known);
	ck_assert(!known);
	ck_assert_uint_eq(row->n_blocks, 1);
	ck_assert_uint_eq(row->block_rows[0].have, 0);
	ck_assert_uint_eq(row->n_nics, 1);
	ck_assert_uint_eq(row->nic_rows[0].have, 0);
	ck_assert_uint_eq(row->n_vcpus, 1);
	ck_assert_uint_eq(row->vcpu_rows[0].have, 0);
	ck_assert_int_eq(row->vcpu_rows[0].state, VCPU_UNKNOWN);
	part_unref(row);

	for (int i = 0; i < DOMAIN_BLOCKS_MAX + 50; i++) {
		char name[64];

		snprintf(name, sizeof(name), "block.%d.rd.bytes", i * 1000003);
		add_u64(&p, name, 1);
	}
	row = parse_with(&p, NULL, &known);
	ck_assert(known); /* without devices nothing is amiss */
	ck_assert_uint_eq(row->n_blocks, 0);
	ck_assert_ptr_null(row->block_rows);
	part_unref(row);
}
END_TEST

/* As many as a row has room for, and one more: then no sum, which would lack it. */
START_TEST(rows_over)
{
	static const char *const BLOCK[] = { "rd.reqs", "rd.bytes", "wr.reqs", "wr.bytes", "errors" };
	static const char *const NIC[] = { "rx.bytes", "tx.bytes" };
	const uint64_t sums = DOMAIN_HAVE_DISK | DOMAIN_HAVE_DISK_ERRORS | DOMAIN_HAVE_NET;
	struct params p = { 0 };
	struct domain *row;
	char name[64];

	for (int i = 0; i < DOMAIN_BLOCKS_MAX + _i; i++)
		for (size_t k = 0; k < 5; k++) {
			snprintf(name, sizeof(name), "block.%d.%s", i, BLOCK[k]);
			add_u64(&p, name, 2);
		}
	for (int i = 0; i < DOMAIN_NICS_MAX + _i; i++)
		for (size_t k = 0; k < 2; k++) {
			snprintf(name, sizeof(name), "net.%d.%s", i, NIC[k]);
			add_u64(&p, name, 2);
		}
	row = parse(&p);
	ck_assert_uint_eq(row->have & sums, _i == 0 ? sums : 0);
	ck_assert_uint_eq(row->disk_errors, _i == 0 ? 2 * DOMAIN_BLOCKS_MAX : 0);
	ck_assert_uint_eq(row->net_tx_bytes, _i == 0 ? 2 * DOMAIN_NICS_MAX : 0);
	part_unref(row);
}
END_TEST

START_TEST(rows_single_calls)
{
	static const char *const blocks[] = { "vda", "vdb" }, *const nics[] = { "tap0", NULL };
	const virDomainBlockStatsStruct block = { .rd_req = 1, .rd_bytes = 2, .wr_req = 3, .wr_bytes = 4, .errs = -1 };
	const virDomainInterfaceStatsStruct nic = { .rx_bytes = 1,
						    .rx_packets = 2,
						    .rx_errs = -1,
						    .rx_drop = 4,
						    .tx_bytes = 5,
						    .tx_packets = 6,
						    .tx_errs = 7,
						    .tx_drop = -1 };
	const virVcpuInfo vcpus[] = { { .number = 1, .state = VIR_VCPU_RUNNING, .cpuTime = 9, .cpu = 15 },
				      { .number = 0, .state = -5, .cpuTime = 8, .cpu = VIR_VCPU_INFO_CPU_OFFLINE } };
	struct libvirt_rows *rows = libvirt_rows_new();
	struct domain *row = row_new();

	row->devices = devices_of(blocks, 2, nics, 2);
	libvirt_rows_block(rows, "vdb", &block);
	libvirt_rows_nic(rows, "tap0", &nic);
	libvirt_rows_vcpu(rows, &vcpus[0]);
	libvirt_rows_vcpu(rows, &vcpus[1]);
	ck_assert(!libvirt_rows_covered(rows));
	ck_assert(libvirt_rows_finish(rows, row));
	ck_assert_uint_eq(row->block_rows[0].have, 0);
	ck_assert_uint_eq(row->block_rows[1].have,
			  BLOCK_HAVE_READS | BLOCK_HAVE_READ_BYTES | BLOCK_HAVE_WRITES | BLOCK_HAVE_WRITE_BYTES);
	ck_assert_uint_eq(row->block_rows[1].write_bytes, 4);
	ck_assert_uint_eq(row->nic_rows[0].have, (BIT(8) - 1) & ~(NIC_HAVE_RX_ERRORS | NIC_HAVE_TX_DROPS));
	ck_assert_uint_eq(row->nic_rows[0].tx_packets, 6);
	ck_assert_uint_eq(row->vcpu_rows[0].have, VCPU_HAVE_TIME);
	ck_assert_int_eq(row->vcpu_rows[0].state, VCPU_UNKNOWN);
	ck_assert_uint_eq(row->vcpu_rows[1].have, VCPU_HAVE_TIME | VCPU_HAVE_PHYSICAL);
	ck_assert_int_eq(row->vcpu_rows[1].physical, 15);
	ck_assert_uint_eq(row->disk_reads, 1);
	ck_assert_uint_eq(row->net_tx_bytes, 5);
	/* Of vCPU times that come by single calls there is no sum, and so no overhead. */
	ck_assert_uint_eq(row->have, DOMAIN_HAVE_DISK | DOMAIN_HAVE_NET);
	part_unref(row);
	libvirt_rows_free(rows);
	libvirt_rows_free(NULL);
}
END_TEST

/* ---- XML ---- */

/* The whole of a fixture, with its NUL; the caller frees it. */
static char *file_read(const char *path)
{
	char *text = mem_alloc(LIBVIRT_XML_MAX);
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, LIBVIRT_XML_MAX - 1, file), 0);
	fclose(file);
	return text;
}

static struct domain_devices *xml_read(const char *xml, char **os)
{
	struct domain_devices *devices = NULL;

	ck_assert_msg(libvirt_xml_domain(xml, strlen(xml), os, &devices) == 0, "%s", xml);
	ck_assert_ptr_nonnull(devices);
	return devices;
}

static void check_text(const char *text, const char *expected)
{
	if (expected == NULL)
		ck_assert_ptr_null(text);
	else
		ck_assert_str_eq(text, expected);
}

START_TEST(xml_running)
{
	static const struct {
		const char *target, *source, *alias;
	} blocks[] = {
		{ "vda", "/var/lib/libvirt/images/web.img", "virtio-disk0" },
		{ "sdb", "/var/lib/libvirt/images/data.img", "ua-data" },
		{ "sda", NULL, "sata0-0-0" },
	};
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	char *xml = file_read(FIXTURES "/libvirt/domain-running.xml"), *os;
	struct domain_devices *devices = xml_read(xml, &os);

	ck_assert_str_eq(os, "http://debian.org/debian/12");
	ck_assert_uint_eq(devices->n_blocks, 3);
	for (size_t i = 0; i < 3; i++) {
		check_text(devices->blocks[i].target, blocks[i].target);
		check_text(devices->blocks[i].source, blocks[i].source);
		check_text(devices->blocks[i].alias, blocks[i].alias);
	}
	check_text(devices->blocks[0].format, "raw");
	check_text(devices->blocks[0].bus, "virtio");
	ck_assert_int_eq(devices->blocks[0].source_type, BLOCK_SOURCE_FILE);
	ck_assert_int_eq(devices->blocks[0].media, BLOCK_MEDIA_DISK);
	ck_assert(!devices->blocks[0].read_only && devices->blocks[2].read_only);
	check_text(devices->blocks[2].format, NULL);
	ck_assert_int_eq(devices->blocks[2].media, BLOCK_MEDIA_OPTICAL);
	ck_assert_uint_eq(devices->n_pins, 0);
	check_text(devices->cpus, NULL);
	ck_assert(!devices->placed);
	ck_assert_uint_eq(devices->n_nics, 2);
	check_text(devices->nics[0].parent, "br0");
	check_text(devices->nics[1].parent, NULL);
	ck_assert_mem_eq(devices->nics[0].mac, mac, 6);
	ck_assert_str_eq(devices->nics[0].target, "vnet46");
	ck_assert_str_eq(devices->nics[0].model, "virtio");
	ck_assert_str_eq(devices->nics[0].source, "br0");
	ck_assert_ptr_null(devices->nics[1].target);
	ck_assert_ptr_null(devices->nics[1].source);
	ck_assert_str_eq(devices->channel_path,
			 "/var/lib/libvirt/qemu/channel/target/domain-48-web 1/org.github.vhostmd.1");
	part_unref(devices);
	free(os);
	free(xml);
}
END_TEST

/* Each kind of source, as libvirt writes it. */
START_TEST(xml_shapes)
{
	static const char *const blocks[][2] = {
		{ "vda", "/var/lib/libvirt/images/it's \"1\" & <2>.qcow2" },
		{ "vdb", "/dev/vg0/guest" },
		{ "vdc", "rbd://mon1.example.org:6789/pool/image" },
		{ "vdd", "nbd+unix:///export?socket=/run/nbd.sock" },
		{ "vde", "iscsi://192.0.2.7:3260/iqn.2013-07.org.example:disk/1" },
		{ "vdf", "default/guest.qcow2" },
		{ "vdg", "/run/vhost.sock" },
		{ "vdh", "0000:01:00.0" },
		{ "vdi", "/srv/share" },
		{ "vdj", "rbd:///pool/alone" },
		{ "sda", "http://[2001:db8::1]:80/iso/cd.iso" },
		{ "sdb", NULL },
	};
	static const uint8_t types[] = {
		BLOCK_SOURCE_FILE,    BLOCK_SOURCE_DEVICE, BLOCK_SOURCE_NETWORK, BLOCK_SOURCE_NETWORK,
		BLOCK_SOURCE_NETWORK, BLOCK_SOURCE_OTHER,  BLOCK_SOURCE_OTHER,	 BLOCK_SOURCE_OTHER,
		BLOCK_SOURCE_OTHER,   BLOCK_SOURCE_NETWORK, BLOCK_SOURCE_NETWORK, BLOCK_SOURCE_FILE
	};
	static const struct {
		uint32_t ordinal;
		const char *target, *model, *source;
	} nics[] = {
		{ 0, NULL, "virtio", "default" },
		{ 1, "web0", "e1000e", "br0" },
		{ 0, NULL, "virtio", "eth0" },
		{ 0, NULL, "rtl8139", NULL },
		{ 0, NULL, "virtio", "/run/vhost-net.sock" },
		{ 0, NULL, NULL, "0000:03:10.1" },
		{ 0, NULL, "virtio", "192.0.2.1:5000" },
		{ 0, "tap7", "virtio", NULL },
		{ 0, NULL, "rtl8139", "inner" },
		{ 0, NULL, "virtio", "/dev/vhost-vdpa-0" },
	};
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0xab, 0xcd, 0xef };
	char *xml = file_read(FIXTURES "/libvirt/domain-shapes.xml"), *os;
	struct domain_devices *devices = xml_read(xml, &os);

	ck_assert_str_eq(os, "http://debian.org/debian/12");
	ck_assert_uint_eq(devices->n_blocks, sizeof(blocks) / sizeof(blocks[0]));
	for (size_t i = 0; i < devices->n_blocks; i++) {
		check_text(devices->blocks[i].target, blocks[i][0]);
		check_text(devices->blocks[i].source, blocks[i][1]);
		ck_assert_ptr_null(devices->blocks[i].alias);
		ck_assert_int_eq(devices->blocks[i].source_type, types[i]);
	}
	ck_assert_uint_eq(devices->n_nics, sizeof(nics) / sizeof(nics[0]));
	for (size_t i = 0; i < devices->n_nics; i++) {
		ck_assert_uint_eq(devices->nics[i].ordinal, nics[i].ordinal);
		check_text(devices->nics[i].target, nics[i].target);
		check_text(devices->nics[i].model, nics[i].model);
		check_text(devices->nics[i].source, nics[i].source);
	}
	ck_assert_mem_eq(devices->nics[2].mac, mac, 6);
	/* QEMU connects to that one; nobody listens there for us. */
	ck_assert_ptr_null(devices->channel_path);
	part_unref(devices);
	free(os);
	free(xml);
}
END_TEST

#define DEVICES_NONE "<devices/>"
#define DEVICES(inside) "<domain><devices>" inside "</devices></domain>"
#define DISK(target) "<disk><target dev='" target "'/></disk>"
#define NIC(mac) "<interface><mac address='" mac "'/></interface>"

START_TEST(xml_host_cpus)
{
	char *os;
	struct domain_devices *devices =
		xml_read("<domain><vcpu placement='auto' cpuset='0-3'>4</vcpu><cputune>"
			 "<vcpupin vcpu='2' cpuset='1,^1'/>"
			 "<vcpupin vcpu='-1' cpuset='1'/><vcpupin cpuset='1'/><vcpupin vcpu='3'/>"
			 "<vcpupin vcpu='0' cpuset='7'/></cputune>" DEVICES_NONE "</domain>", &os);

	check_text(devices->cpus, "0-3");
	ck_assert(devices->placed);
	ck_assert_uint_eq(devices->n_pins, 2);
	ck_assert_uint_eq(devices->pins[0].vcpu, 2);
	check_text(devices->pins[0].cpus, "1,^1");
	ck_assert_uint_eq(devices->pins[1].vcpu, 0);
	check_text(devices->pins[1].cpus, "7");
	part_unref(devices);
}
END_TEST

START_TEST(xml_left_out)
{
	char *os;
	struct domain_devices *devices = xml_read(
		DEVICES(DISK("vda") DISK("") "<disk/><disk><target/></disk>" DISK("vda") DISK(
			"vdb") "<d:disk xmlns:d='x'>"
			       "<target dev='vdz'/></d:disk>" NIC("52:54:00:00:00:0g") NIC("52:54:00:00:00") NIC("")
				       NIC("52-54-00-00-00-01")
					       NIC("ff:FF:fF:Ff:00:01:02") "<interface/>" NIC("00:00:5E:00:53:01")),
		&os);

	ck_assert_ptr_null(os);
	ck_assert_uint_eq(devices->n_blocks, 2);
	ck_assert_str_eq(devices->blocks[1].target, "vdb");
	ck_assert_uint_eq(devices->n_nics, 1);
	ck_assert_uint_eq(devices->nics[0].mac[2], 0x5e);
	part_unref(devices);

	devices = xml_read("<domain><os><type>xen</type></os><metadata><os id='x'/></metadata></domain>", &os);
	ck_assert_str_eq(os, "xen");
	ck_assert_uint_eq(devices->n_blocks + devices->n_nics, 0);
	ck_assert_ptr_null(devices->channel_path);
	part_unref(devices);
	free(os);
}
END_TEST

/* Every cut of a good answer is refused and leaks nothing; so is what is no domain. */
START_TEST(xml_cut_and_wrong)
{
	static const char *const wrong[] = {
		"",
		" ",
		"no tags",
		"<",
		"<!--",
		"<domain",
		"<domain>",
		"<domain/><domain/>",
		"<domains/>",
		"<x:domain/>",
		"<node><domain/></node>",
		"<domain>\x01</domain>",
		"<domain>\xff\xfe</domain>",
		"<domain a='&x;'/>",
		"<!DOCTYPE domain><domain/>",
		"<!DOCTYPE domain [<!ENTITY a 'b'>]><domain/>",
		"<!DOCTYPE domain SYSTEM 'file:///etc/hostname'><domain/>",
		"<!DOCTYPE domain [<!ENTITY a SYSTEM '/etc/hostname'>]><domain><os><type>&a;</type></os></domain>",
	};
	char *xml = file_read(FIXTURES "/libvirt/domain-running.xml"), *os = NULL;
	struct domain_devices *devices = NULL;
	const size_t end = (size_t)(strstr(xml, "</domain>") - xml) + strlen("</domain>");

	for (size_t n = 0; n < end; n++)
		ck_assert_int_eq(libvirt_xml_domain(xml, n, &os, &devices), -ERR_PARSE);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(libvirt_xml_domain(wrong[i], strlen(wrong[i]), &os, &devices) == -ERR_PARSE, "%s",
			      wrong[i]);
	ck_assert_ptr_null(os);
	ck_assert_ptr_null(devices);
	free(xml);
}
END_TEST

static char *repeated(const char *part, size_t n)
{
	const size_t length = strlen(part);
	char *text = mem_alloc(n * length + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(text + i * length, part, length);
	return text;
}

START_TEST(xml_huge)
{
	char *os, *name = repeated("\xc3\xa9", 3000), *text = mem_alloc(LIBVIRT_XML_MAX + 2);
	char *nics = repeated(NIC("52:54:00:00:00:01"), DOMAIN_NICS_MAX + 100);
	struct domain_devices *devices = NULL;

	memset(text, ' ', LIBVIRT_XML_MAX + 1);
	memcpy(text, "<domain/>", 9);
	ck_assert_int_eq(libvirt_xml_domain(text, LIBVIRT_XML_MAX + 1, &os, &devices), -ERR_LIMIT);
	ck_assert_int_eq(libvirt_xml_domain(text, LIBVIRT_XML_MAX, &os, &devices), 0);
	part_unref(devices);
	memset(text, 'a', 300);
	memset(text + 300, 0, 10);

	/* A name too long for an index is left out, a long path cut between characters. */
	nics = mem_grow(nics, strlen(nics) + 16384, 1);
	snprintf(nics + strlen(nics), 16384,
		 "<disk><target dev='%s'/></disk><disk><source file='%s'/><target dev='vdb'/><alias name='%s'/></disk>",
		 text, name, text);
	snprintf(text, LIBVIRT_XML_MAX, "<domain><os><type>%s</type></os><devices>%s</devices></domain>", name, nics);
	devices = xml_read(text, &os);
	ck_assert_uint_eq(strlen(os), LIBVIRT_XML_NAME_MAX - 1);
	ck_assert_uint_eq(devices->n_blocks, 1);
	ck_assert_str_eq(devices->blocks[0].target, "vdb");
	ck_assert_uint_eq(strlen(devices->blocks[0].source), LIBVIRT_XML_SOURCE_MAX);
	ck_assert_uint_eq(strlen(devices->blocks[0].alias), LIBVIRT_XML_NAME_MAX);
	ck_assert_uint_eq(devices->n_nics, DOMAIN_NICS_MAX);
	ck_assert_uint_eq(devices->nics[DOMAIN_NICS_MAX - 1].ordinal, DOMAIN_NICS_MAX - 1);
	part_unref(devices);
	free(os);
	free(nics);
	free(name);
	free(text);
}
END_TEST

/* Deeper than any domain: refused, not followed until the stack ends. */
START_TEST(xml_deep)
{
	char *open = repeated("<domain>", 100000), *os;
	struct domain_devices *devices;

	ck_assert_int_eq(libvirt_xml_domain(open, strlen(open), &os, &devices), -ERR_PARSE);
	free(open);
}
END_TEST

static int host_uuid(const char *xml, uint8_t out[16])
{
	return libvirt_xml_host_uuid(xml, strlen(xml), out);
}

START_TEST(xml_host_uuid)
{
	uint8_t uuid[16] = { 0 };
	char text[TEXT_UUID_SIZE];

	ck_assert_int_eq(host_uuid("<capabilities>\n\n  <host>\n    <cpu/><uuid>" TEST_UUID
				   "</uuid>\n</host></capabilities>",
				   uuid),
			 0);
	text_uuid_format(uuid, text);
	ck_assert_str_eq(text, TEST_UUID);
	ck_assert_int_eq(host_uuid("<capabilities><host/><uuid>" TEST_UUID "</uuid></capabilities>", uuid),
			 -ERR_ABSENT);
	ck_assert_int_eq(host_uuid("<capabilities><host><uuid/></host></capabilities>", uuid), -ERR_ABSENT);
	ck_assert_int_eq(host_uuid("<capabilities/>", uuid), -ERR_ABSENT);
	ck_assert_int_eq(host_uuid("<capabilities><host><uuid>6695", uuid), -ERR_PARSE);
	ck_assert_int_eq(host_uuid("<host><uuid>" TEST_UUID "</uuid></host>", uuid), -ERR_PARSE);
	ck_assert_int_lt(host_uuid("<capabilities><host><uuid>x695eb01-f6a4-8304-79aa-97f2502e193f</uuid></host>"
				   "</capabilities>",
				   uuid),
			 0);
	ck_assert_int_eq(host_uuid("", uuid), -ERR_PARSE);
}
END_TEST

/* ---- events ---- */

static struct domain_change lifecycle(int event, int detail)
{
	struct domain_change change = { .id = 7 };

	ck_assert(libvirt_change_lifecycle(event, detail, &change));
	return change;
}

START_TEST(change_states)
{
	static const struct {
		int event, detail;
		uint8_t state;
		const char *reason;
		int32_t id;
		bool crashed, for_io_error;
	} cases[] = {
		{ VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED, DOMAIN_RUNNING, "booted", 7, false,
		  false },
		{ VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_WAKEUP, DOMAIN_RUNNING, "wakeup", 7, false,
		  false },
		{ VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_PAUSED, DOMAIN_PAUSED, "user", 7, false,
		  false },
		{ VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_IOERROR, DOMAIN_PAUSED, "io-error", 7, false,
		  true },
		{ VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG, DOMAIN_PAUSED, "watchdog", 7, false,
		  false },
		{ VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR, DOMAIN_PAUSED, "api-error", 7,
		  false, false },
		{ VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_UNPAUSED, DOMAIN_RUNNING, "unpaused", 7, false,
		  false },
		{ VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED, DOMAIN_RUNNING,
		  "post-copy-failed", 7, false, false },
		{ VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_GUEST, DOMAIN_SHUTDOWN, "unknown", 7, false,
		  false },
		{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN, DOMAIN_SHUTOFF, "shutdown", -1, false,
		  false },
		{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED, DOMAIN_SHUTOFF, "destroyed", -1, false,
		  false },
		{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_CRASHED, DOMAIN_SHUTOFF, "crashed", -1, true,
		  false },
		{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_FAILED, DOMAIN_SHUTOFF, "failed", -1, true,
		  false },
		{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED, DOMAIN_SHUTOFF, "migrated", -1, false,
		  false },
		{ VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY, DOMAIN_PM_SUSPENDED, "unknown", 7,
		  false, false },
		{ VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_PANICKED, DOMAIN_CRASHED, "panicked", 7, true,
		  false },
		{ VIR_DOMAIN_EVENT_CRASHED, VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED, DOMAIN_CRASHED, "unknown", 7, true,
		  false },
		{ VIR_DOMAIN_EVENT_STARTED, 1000, DOMAIN_RUNNING, "unknown", 7, false, false },
		{ VIR_DOMAIN_EVENT_STOPPED, -1, DOMAIN_SHUTOFF, "unknown", -1, false, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct domain_change change = lifecycle(cases[i].event, cases[i].detail);

		ck_assert_int_eq(change.kind, CHANGE_STATE);
		ck_assert_int_eq(change.state, cases[i].state);
		ck_assert_str_eq(change.reason, cases[i].reason);
		ck_assert_int_eq(change.id, cases[i].id);
		ck_assert(change.crashed == cases[i].crashed);
		ck_assert(change.for_io_error == cases[i].for_io_error);
	}
}
END_TEST

/* Every number of libvirt's own lists: none is without a word, none ends the table early. */
START_TEST(change_all)
{
	static const struct {
		int event, last;
	} worded[] = {
		{ VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_LAST },
		{ VIR_DOMAIN_EVENT_SUSPENDED, VIR_DOMAIN_EVENT_SUSPENDED_LAST },
		{ VIR_DOMAIN_EVENT_RESUMED, VIR_DOMAIN_EVENT_RESUMED_LAST },
		{ VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_LAST },
	};
	struct domain_change change = { .id = 7 };

	for (size_t i = 0; i < sizeof(worded) / sizeof(worded[0]); i++)
		for (int detail = 0; detail < worded[i].last; detail++)
			ck_assert_str_ne(lifecycle(worded[i].event, detail).reason, "unknown");
	for (int event = 0; event < VIR_DOMAIN_EVENT_LAST; event++)
		ck_assert(libvirt_change_lifecycle(event, 0, &change));
	ck_assert_int_eq(lifecycle(VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_RENAMED).kind, CHANGE_DEFINED);
	ck_assert_int_eq(lifecycle(VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_REMOVED).kind,
			 CHANGE_UNDEFINED);
	ck_assert(!libvirt_change_lifecycle(VIR_DOMAIN_EVENT_UNDEFINED, VIR_DOMAIN_EVENT_UNDEFINED_RENAMED, &change));
	ck_assert(!libvirt_change_lifecycle(VIR_DOMAIN_EVENT_LAST, 0, &change));
	ck_assert(!libvirt_change_lifecycle(-1, 0, &change));
}
END_TEST

START_TEST(change_words)
{
	static const char *const watchdog[VIR_DOMAIN_EVENT_WATCHDOG_LAST] = { "none",	   "pause",    "reset",
									      "poweroff",  "shutdown", "debug",
									      "inject-nmi" };
	static const char *const io[VIR_DOMAIN_EVENT_IO_ERROR_LAST] = { "none", "pause", "report" };

	for (int i = 0; i < VIR_DOMAIN_EVENT_WATCHDOG_LAST; i++)
		ck_assert_str_eq(libvirt_change_watchdog_action(i), watchdog[i]);
	for (int i = 0; i < VIR_DOMAIN_EVENT_IO_ERROR_LAST; i++)
		ck_assert_str_eq(libvirt_change_io_action(i), io[i]);
	ck_assert_str_eq(libvirt_change_watchdog_action(-1), "none");
	ck_assert_str_eq(libvirt_change_io_action(1000), "none");
	ck_assert_str_eq(libvirt_change_io_reason("enospc"), "enospc");
	ck_assert_str_eq(libvirt_change_io_reason(""), "unknown");
	ck_assert_str_eq(libvirt_change_io_reason(NULL), "unknown");
	ck_assert_str_eq(libvirt_change_io_reason("\xff\n%s"), "unknown");
}
END_TEST

static Suite *parse_suite(void)
{
	Suite *suite = suite_create("libvirt_parse");
	TCase *many = tcase_create("stats_many_vcpus");

	/* Even its parameter functions need an initialised library. */
	if (virevent_init() != 0)
		exit(EXIT_FAILURE);
	UNIT_ADD(suite, stats_full);
	UNIT_ADD(suite, stats_captured);
	UNIT_ADD(suite, stats_missing);
	UNIT_ADD(suite, stats_wrong);
	tcase_add_loop_test(many, stats_many_vcpus, 0, 2);
	tcase_add_loop_test(many, rows_over, 0, 2);
	suite_add_tcase(suite, many);
	UNIT_ADD(suite, stats_states);
	UNIT_ADD(suite, stats_single_calls);
	UNIT_ADD(suite, rows_captured);
	UNIT_ADD(suite, rows_every_key);
	UNIT_ADD(suite, rows_wrong);
	UNIT_ADD(suite, rows_single_calls);
	UNIT_ADD(suite, xml_running);
	UNIT_ADD(suite, xml_shapes);
	UNIT_ADD(suite, xml_host_cpus);
	UNIT_ADD(suite, xml_left_out);
	UNIT_ADD(suite, xml_cut_and_wrong);
	UNIT_ADD(suite, xml_huge);
	UNIT_ADD(suite, xml_deep);
	UNIT_ADD(suite, xml_host_uuid);
	UNIT_ADD(suite, change_states);
	UNIT_ADD(suite, change_all);
	UNIT_ADD(suite, change_words);
	return suite;
}

UNIT_MAIN(parse_suite)
