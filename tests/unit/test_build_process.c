/*
 * test_build_process.c - what processes tell, laid over the rows of domains: values, rates, runs, and what is served
 * while libvirt or the source says nothing.
 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/build_process.h"
#include "model/builder.h"

#include <string.h>

static struct index_map *indexes;
static struct builder *builder;
static struct domain_devices *devices;

/* --- what libvirt tells ------------------------------------------------------------------------------------------- */

/* A time of the test in seconds. */
static int64_t at(double s)
{
	return (int64_t)((s + 1000) * (double)NS_PER_S);
}

/* Two vCPUs, one tap and one macvtap. */
struct told {
	double s; /* when */
	int32_t id;
	uint64_t cpu_ms;
	const char *type; /* of the hypervisor; NULL: "QEMU" */
	bool remote, first_vcpu_only;
};

static void tell_vcpus(struct domain *row, size_t n, uint64_t time_ns)
{
	row->n_vcpus = n;
	row->vcpu_rows = mem_array(n, sizeof(row->vcpu_rows[0]));
	for (size_t i = 0; i < n; i++) {
		row->vcpu_rows[i].index = (uint32_t)i + 1;
		row->vcpu_rows[i].state = VCPU_RUNNING;
		row->vcpu_rows[i].have = VCPU_HAVE_TIME | VCPU_HAVE_DELAY | VCPU_HAVE_WAIT;
		row->vcpu_rows[i].time_ns = time_ns / 4;
		row->vcpu_time_ns += time_ns / 4;
	}
	row->have |= DOMAIN_HAVE_VCPU_TIME | DOMAIN_HAVE_STEAL_TIME;
}

static void tell_nics(struct domain *row)
{
	row->devices = part_ref(devices);
	row->n_nics = devices->n_nics;
	row->nic_rows = mem_array(row->n_nics, sizeof(row->nic_rows[0]));
	for (size_t i = 0; i < row->n_nics; i++) {
		row->nic_rows[i].device = &devices->nics[i];
		row->nic_rows[i].have = NIC_HAVE_RX_BYTES | NIC_HAVE_TX_BYTES;
		row->nic_rows[i].rx_bytes = 10;
		row->nic_rows[i].tx_bytes = 20;
	}
	row->net_rx_bytes = 10 * row->n_nics + 5; /* of one that has no row */
	row->net_tx_bytes = 20 * row->n_nics + 7;
	row->have |= DOMAIN_HAVE_NET;
}

static void tell(struct told told)
{
	const uint8_t uuid[16] = { 1 };
	struct domains *raw = domains_new(1);
	struct domain *row = domain_new(domain_ident_new(uuid, "web", "hvm"));

	raw->complete = true;
	raw->hypervisor.type = mem_string(told.type != NULL ? told.type : "QEMU");
	raw->hypervisor.local = !told.remote;
	row->state = told.id >= 0 ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
	row->reason = "unknown";
	row->id = told.id;
	row->read_mono_ns = at(told.s);
	row->vcpus = 2;
	row->have |= DOMAIN_HAVE_VCPUS;
	if (told.id >= 0) {
		row->cpu_time_ns = told.cpu_ms * NS_PER_MS;
		row->disk_reads = 77;
		row->have |= DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_DISK;
		tell_vcpus(row, told.first_vcpu_only ? 1 : 2, row->cpu_time_ns);
	}
	tell_nics(row);
	raw->rows[0] = row;
	builder_apply(builder, SOURCE_LIBVIRT, &raw->part, at(told.s), at(told.s));
}

/* --- what the process tells --------------------------------------------------------------------------------------- */

struct seen {
	double s;
	uint32_t pid; /* 0: there is none */
	uint64_t cpu_ms, delay_ms;
	bool no_threads, no_io, no_devices;
	double start_s;
};

static void processes_destroy(struct part *part)
{
	struct processes *processes = (struct processes *)part;

	for (size_t i = 0; i < processes->n; i++)
		free(processes->rows[i].vcpus);
	free(processes->rows);
	free(processes->devices);
	free(processes);
}

static struct process_vcpu *threads(uint64_t time_ns, uint64_t delay_ns)
{
	struct process_vcpu *list = mem_array(2, sizeof(list[0]));

	for (uint32_t i = 0; i < 2; i++)
		list[i] = (struct process_vcpu){ i, PROCESS_VCPU_HAVE_TIMES | PROCESS_VCPU_HAVE_PHYSICAL, time_ns / 4,
						 delay_ns / 2, (int32_t)i + 3 };
	return list;
}

static void see_process(struct processes *part, const struct seen *seen)
{
	struct process *row = &part->rows[part->n++];

	row->uuid[0] = 1;
	row->pid = seen->pid;
	row->have = PROCESS_HAVE_CPU_TIME | PROCESS_HAVE_CPU_SPLIT | PROCESS_HAVE_RSS | PROCESS_HAVE_START;
	row->have |= seen->no_io ? 0 : PROCESS_HAVE_IO;
	row->start_mono_ns = at(seen->start_s);
	row->start_real_ns = at(seen->start_s) + 1;
	row->read_mono_ns = at(seen->s);
	row->cpu_time_ns = seen->cpu_ms * NS_PER_MS;
	row->cpu_user_ns = row->cpu_time_ns / 2;
	row->cpu_system_ns = row->cpu_time_ns / 4;
	row->rss_kib = 4096;
	row->read_bytes = 512;
	row->write_bytes = 1024;
	row->n_vcpus = seen->no_threads ? 0 : 2;
	row->vcpus = threads(row->cpu_time_ns, seen->delay_ms * NS_PER_MS);
}

static void see(struct seen seen)
{
	struct processes *part = mem_alloc(sizeof(*part));

	part_init(&part->part, processes_destroy);
	part->rows = mem_array(1, sizeof(part->rows[0]));
	if (seen.pid != 0)
		see_process(part, &seen);
	part->devices = mem_array(3, sizeof(part->devices[0]));
	if (!seen.no_devices) {
		part->net_read_mono_ns = at(seen.s);
		part->n_devices = 3;
		part->devices[0] = (struct net_device){ "lo", 1, 1, 1, 1, 1, 1, 1, 1 };
		part->devices[1] = (struct net_device){ "macvtap0", 100, 2, 3, 4, 500, 6, 7, 8 };
		part->devices[2] = (struct net_device){ "vnet0", 1100, 12, 13, 14, 1500, 16, 17, 18 };
	}
	builder_apply(builder, SOURCE_PROCESS, &part->part, at(seen.s), at(seen.s));
}

static void setup(void)
{
	indexes = index_map_new();
	builder = builder_new(indexes, "test", 0, 0);
	devices = domain_devices_new(0, 2);
	devices->nics[0].target = mem_string("vnet0");
	devices->nics[1].target = mem_string("macvtap0");
	devices->nics[1].host_view = true;
	devices->nics[1].mac[5] = 1;
}

static void teardown(void)
{
	builder_free(builder);
	index_map_free(indexes);
	part_unref(devices);
}

static void free_part(struct part *part)
{
	free(part);
}

static struct snapshot *build(void)
{
	struct sources *sources = mem_alloc(sizeof(*sources));
	const struct builder_self self = { 0 };

	part_init(&sources->part, free_part);
	return builder_build(builder, sources, &self, at(0), at(0));
}

/* The row that is served, borrowed from *out. */
static const struct domain *served(struct snapshot **out)
{
	*out = build();
	if (builder_waits(builder)) {
		part_unref(*out);
		*out = build();
	}
	ck_assert(!builder_waits(builder));
	ck_assert_uint_eq((*out)->domains->n, 1);
	return (*out)->domains->rows[0];
}

#define WITH_ROW(...)                                             \
	do {                                                      \
		struct snapshot *snapshot_;                       \
		const struct domain *row = served(&snapshot_);    \
		__VA_ARGS__                                       \
		part_unref(snapshot_);                            \
	} while (0)

static bool has(const struct domain *row, uint64_t bits)
{
	return (row->have & bits) == bits;
}

#define RATES (DOMAIN_HAVE_CPU_UTIL | DOMAIN_HAVE_STEAL_UTIL | DOMAIN_HAVE_OVERHEAD)

/* --- values ------------------------------------------------------------------------------------------------------- */

START_TEST(values_of_the_process_go_before)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000, .delay_ms = 60, .start_s = -100 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 3000 });
	WITH_ROW(
		ck_assert(has(row, DOMAIN_HAVE_PROCESS | DOMAIN_HAVE_PROCESS_IO | DOMAIN_HAVE_PROCESS_VCPUS |
					   DOMAIN_HAVE_START | DOMAIN_HAVE_CPU_USER | DOMAIN_HAVE_MEM_RSS));
		ck_assert_uint_eq(row->process_id, 42);
		ck_assert_int_eq(row->process_mono_ns, at(0));
		ck_assert_int_eq(row->read_mono_ns, at(0.2));
		ck_assert_uint_eq(row->cpu_time_ns, 4000 * NS_PER_MS);
		ck_assert_uint_eq(row->cpu_user_time_ns, 2000 * NS_PER_MS);
		ck_assert_uint_eq(row->cpu_system_time_ns, 1000 * NS_PER_MS);
		ck_assert_uint_eq(row->mem_rss_kib, 4096);
		ck_assert_uint_eq(row->process_read_bytes, 512);
		ck_assert_uint_eq(row->process_write_bytes, 1024);
		ck_assert_uint_eq(row->vcpu_time_ns, 2000 * NS_PER_MS);
		ck_assert_uint_eq(row->steal_time_ns, 60 * NS_PER_MS);
		ck_assert_uint_eq(row->disk_reads, 77);
		/* Since when it runs is known at the first look, too. */
		ck_assert_int_eq(row->start_mono_ns, at(-100));
		ck_assert_int_eq(row->start_time_real_ns, at(-100) + 1);
		ck_assert_uint_eq(row->n_vcpus, 2);
		ck_assert_uint_eq(row->vcpu_rows[1].state, VCPU_RUNNING);
		ck_assert_int_eq(row->vcpu_rows[1].physical, 4);
		ck_assert_uint_eq(row->vcpu_rows[1].have, VCPU_HAVE_TIME | VCPU_HAVE_DELAY | VCPU_HAVE_WAIT |
								  VCPU_HAVE_PHYSICAL);
	);
}
END_TEST

START_TEST(nics_as_the_guest_sees_them)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 1 });
	tell((struct told){ .s = 0.2, .id = 5 });
	WITH_ROW(
		const struct nic *tap = &row->nic_rows[0];
		const struct nic *macvtap = &row->nic_rows[1];

		ck_assert_uint_eq(tap->rx_bytes, 1500);
		ck_assert_uint_eq(tap->rx_packets, 16);
		ck_assert_uint_eq(tap->rx_errors, 17);
		ck_assert_uint_eq(tap->rx_drops, 18);
		ck_assert_uint_eq(tap->tx_bytes, 1100);
		ck_assert_uint_eq(tap->tx_packets, 12);
		ck_assert_uint_eq(tap->tx_errors, 13);
		ck_assert_uint_eq(tap->tx_drops, 14);
		ck_assert_uint_eq(macvtap->rx_bytes, 100);
		ck_assert_uint_eq(macvtap->tx_drops, 8);
		ck_assert_uint_eq(row->net_rx_bytes, 1500 + 100 + 5);
		ck_assert_uint_eq(row->net_tx_bytes, 1100 + 500 + 7);
	);
	see((struct seen){ .s = 1, .pid = 42, .cpu_ms = 1 });
	WITH_ROW(ck_assert_uint_eq(row->net_rx_bytes, 1500 + 100 + 5););
}
END_TEST

START_TEST(vcpus_that_libvirt_does_not_list)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 3000, .first_vcpu_only = true });
	WITH_ROW(
		ck_assert_uint_eq(row->n_vcpus, 2);
		ck_assert_uint_eq(row->vcpu_rows[0].state, VCPU_RUNNING);
		ck_assert_uint_eq(row->vcpu_rows[1].index, 2);
		ck_assert_uint_eq(row->vcpu_rows[1].state, VCPU_UNKNOWN);
		ck_assert_uint_eq(row->vcpu_rows[1].time_ns, 1000 * NS_PER_MS);
		ck_assert_uint_eq(row->vcpu_rows[1].have & VCPU_HAVE_WAIT, 0);
	);
}
END_TEST

START_TEST(what_cannot_be_read_is_libvirts)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000, .no_threads = true, .no_io = true, .no_devices = true });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 3000 });
	WITH_ROW(
		ck_assert_uint_eq(row->cpu_time_ns, 4000 * NS_PER_MS);
		ck_assert_uint_eq(row->vcpu_time_ns, 1500 * NS_PER_MS);
		ck_assert_uint_eq(row->nic_rows[0].rx_bytes, 10);
		ck_assert_uint_eq(row->have & (DOMAIN_HAVE_PROCESS_IO | DOMAIN_HAVE_PROCESS_VCPUS), 0);
	);
}
END_TEST

START_TEST(only_processes_of_this_host)
{
	static const struct told TOLD[] = {
		{ .s = 0.2, .id = 5, .cpu_ms = 3000, .remote = true },
		{ .s = 0.2, .id = 5, .cpu_ms = 3000, .type = "TEST" },
		{ .s = 0.2, .id = -1 },
	};

	for (size_t i = 0; i < sizeof(TOLD) / sizeof(TOLD[0]); i++) {
		see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
		tell(TOLD[i]);
		see((struct seen){ .s = 1, .pid = 42, .cpu_ms = 5000 });
		WITH_ROW(
			ck_assert_uint_eq(row->have & DOMAIN_HAVE_PROCESS, 0);
			ck_assert_uint_eq(row->cpu_time_ns, TOLD[i].cpu_ms * NS_PER_MS);
		);
		builder_forget(builder, SOURCE_LIBVIRT);
		builder_forget(builder, SOURCE_PROCESS);
	}
}
END_TEST

/* --- rates and runs ----------------------------------------------------------------------------------------------- */

START_TEST(rates_are_of_the_process_interval)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 3900 });
	WITH_ROW(ck_assert_uint_eq(row->have & RATES, 0););
	see((struct seen){ .s = 2, .pid = 42, .cpu_ms = 6000, .delay_ms = 400 });
	for (int round = 0; round < 2; round++) {
		WITH_ROW(
			ck_assert(has(row, RATES));
			ck_assert_uint_eq(row->cpu_util_centi, 5000); /* 2 s in 2 s of 2 vCPUs */
			ck_assert_uint_eq(row->steal_util_centi, 1000);
			ck_assert_uint_eq(row->overhead_centi, 5000); /* 1 s of 2 s beyond the vCPUs */
			ck_assert_uint_eq(row->vcpu_rows[0].have & VCPU_HAVE_UTIL, VCPU_HAVE_UTIL);
			ck_assert_uint_eq(row->vcpu_rows[0].util_centi, 2500);
		);
		tell((struct told){ .s = 2.3, .id = 5, .cpu_ms = 5000 }); /* changes none of them */
	}
}
END_TEST

START_TEST(overhead_needs_a_second)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
	tell((struct told){ .s = 0.2, .id = 5 });
	see((struct seen){ .s = 0.9, .pid = 42, .cpu_ms = 4500 });
	WITH_ROW(ck_assert_uint_eq(row->have & RATES, DOMAIN_HAVE_CPU_UTIL | DOMAIN_HAVE_STEAL_UTIL););
}
END_TEST

START_TEST(goes_on_without_libvirt)
{
	int64_t discontinuity = 0;

	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 3900 });
	WITH_ROW(discontinuity = row->discontinuity_mono_ns;);
	for (int s = 5; s < 200; s += 5) {
		see((struct seen){ .s = s, .pid = 42, .cpu_ms = 4000 + 100 * (uint64_t)s });
		WITH_ROW(
			ck_assert_uint_eq(row->cpu_time_ns, (4000 + 100 * (uint64_t)s) * NS_PER_MS);
			ck_assert_uint_eq(row->cpu_util_centi, 500);
			ck_assert_int_eq(row->read_mono_ns, at(0.2));
			ck_assert_int_eq(row->process_mono_ns, at(s));
			ck_assert_int_eq(row->discontinuity_mono_ns, discontinuity);
			ck_assert_uint_eq(row->disk_reads, 77);
		);
	}
	see((struct seen){ .s = 200 }); /* it has gone, and libvirt does not say so: its last values stay */
	WITH_ROW(
		ck_assert_uint_eq(row->cpu_time_ns, 23500 * NS_PER_MS);
		ck_assert_int_eq(row->process_mono_ns, at(195));
	);
}
END_TEST

START_TEST(another_process_is_another_run)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000, .start_s = -100 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 3900 });
	see((struct seen){ .s = 5, .pid = 42, .cpu_ms = 100, .start_s = 4 }); /* the same number */
	WITH_ROW(
		ck_assert_int_eq(row->start_mono_ns, at(4));
		ck_assert_int_eq(row->discontinuity_mono_ns, at(5));
		ck_assert_uint_eq(row->cpu_time_ns, 100 * NS_PER_MS);
		ck_assert_uint_eq(row->have & (RATES | DOMAIN_HAVE_DISK), 0);
		ck_assert_uint_eq(row->n_vcpus, 2);
		ck_assert_uint_eq(row->vcpu_rows[0].have & (VCPU_HAVE_UTIL | VCPU_HAVE_WAIT), 0);
		ck_assert_uint_eq(row->net_rx_bytes, 1600);
	);
	tell((struct told){ .s = 5.2, .id = 6, .cpu_ms = 50 });
	see((struct seen){ .s = 6, .pid = 42, .cpu_ms = 200, .start_s = 4 });
	WITH_ROW(
		ck_assert_int_eq(row->start_mono_ns, at(4));
		ck_assert_uint_eq(row->cpu_time_ns, 200 * NS_PER_MS);
		ck_assert_uint_eq(row->disk_reads, 77);
	);
	see((struct seen){ .s = 7, .pid = 43, .cpu_ms = 300, .start_s = 4 });
	WITH_ROW(ck_assert_int_eq(row->discontinuity_mono_ns, at(7)););
}
END_TEST

START_TEST(reading_of_the_run_before_is_not_used)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 90000 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 90000 });
	tell((struct told){ .s = 0.5, .id = 6, .cpu_ms = 30 }); /* restarted, and the newest reading is of before */
	WITH_ROW(
		ck_assert_uint_eq(row->have & DOMAIN_HAVE_PROCESS, 0);
		ck_assert_uint_eq(row->cpu_time_ns, 30 * NS_PER_MS);
		ck_assert_int_eq(row->start_mono_ns, at(0.5));
	);
	see((struct seen){ .s = 1, .pid = 44, .cpu_ms = 70, .start_s = 0.3 });
	WITH_ROW(
		ck_assert_uint_eq(row->process_id, 44);
		ck_assert_uint_eq(row->cpu_time_ns, 70 * NS_PER_MS);
		ck_assert_int_eq(row->start_mono_ns, at(0.3));
		ck_assert_int_eq(row->discontinuity_mono_ns, at(0.5));
	);
}
END_TEST

/* --- from one to the other and back ------------------------------------------------------------------------------- */

/* Each of its readings is older than the state that libvirt tells in the same poll. */
START_TEST(reading_of_a_run_that_goes_on_is_used)
{
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 100 });
	see((struct seen){ .s = 0.1, .pid = 42, .cpu_ms = 90 });
	WITH_ROW(ck_assert_uint_eq(row->have & DOMAIN_HAVE_PROCESS, 0););
	tell((struct told){ .s = 5.2, .id = 5, .cpu_ms = 200 });
	see((struct seen){ .s = 5.1, .pid = 42, .cpu_ms = 190 });
	WITH_ROW(
		ck_assert_uint_eq(row->process_id, 42);
		ck_assert_int_eq(row->process_mono_ns, at(5.1));
	);
}
END_TEST

START_TEST(change_of_origin_is_no_rate)
{
	int64_t discontinuity = 0;

	tell((struct told){ .s = 0, .id = 5, .cpu_ms = 4000 });
	tell((struct told){ .s = 1, .id = 5, .cpu_ms = 4500 });
	WITH_ROW(
		ck_assert(has(row, RATES));
		discontinuity = row->discontinuity_mono_ns;
	);
	see((struct seen){ .s = 2, .pid = 42, .cpu_ms = 5015 });
	WITH_ROW(
		ck_assert_uint_eq(row->have & RATES, 0);
		ck_assert_uint_eq(row->vcpu_rows[0].have & VCPU_HAVE_UTIL, 0);
		ck_assert_int_eq(row->discontinuity_mono_ns, discontinuity);
	);
	see((struct seen){ .s = 3, .pid = 42, .cpu_ms = 5515 });
	WITH_ROW(ck_assert(has(row, RATES)););
	/* The source is gone, and libvirt's ticks catch up. */
	builder_forget(builder, SOURCE_PROCESS);
	tell((struct told){ .s = 4, .id = 5, .cpu_ms = 6000 });
	WITH_ROW(
		ck_assert_uint_eq(row->have & (RATES | DOMAIN_HAVE_PROCESS), 0);
		ck_assert_uint_eq(row->cpu_time_ns, 6000 * NS_PER_MS);
		ck_assert_int_ne(row->discontinuity_mono_ns, at(4) + 1);
	);
	tell((struct told){ .s = 5, .id = 5, .cpu_ms = 6500 });
	WITH_ROW(ck_assert(has(row, RATES)););
}
END_TEST

START_TEST(counter_that_goes_back_is_no_new_run)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4009, .start_s = -100 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 4000 });
	builder_forget(builder, SOURCE_PROCESS);
	tell((struct told){ .s = 1, .id = 5, .cpu_ms = 4000 });
	WITH_ROW(
		ck_assert_uint_eq(row->cpu_time_ns, 4000 * NS_PER_MS);
		ck_assert_int_eq(row->discontinuity_mono_ns, at(1));
		ck_assert_int_eq(row->start_mono_ns, at(-100));
	);
}
END_TEST

START_TEST(old_reading_yields_to_libvirt)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
	tell((struct told){ .s = 0.2, .id = 5, .cpu_ms = 4000 });
	tell((struct told){ .s = 15, .id = 5, .cpu_ms = 9000 });
	WITH_ROW(ck_assert_uint_eq(row->cpu_time_ns, 4000 * NS_PER_MS););
	tell((struct told){ .s = 15.5, .id = 5, .cpu_ms = 9100 });
	WITH_ROW(
		ck_assert_uint_eq(row->cpu_time_ns, 9100 * NS_PER_MS);
		ck_assert_uint_eq(row->have & DOMAIN_HAVE_PROCESS, 0);
	);
	see((struct seen){ .s = 17, .pid = 42, .cpu_ms = 9500 });
	WITH_ROW(ck_assert_uint_eq(row->cpu_time_ns, 9500 * NS_PER_MS););
}
END_TEST

START_TEST(values_of_a_process_that_has_gone_stay)
{
	see((struct seen){ .s = 5, .pid = 42, .cpu_ms = 5000 });
	tell((struct told){ .s = 5.1, .id = 5, .cpu_ms = 4000 });
	see((struct seen){ .s = 10, .pid = 42, .cpu_ms = 6000, .delay_ms = 10 });
	see((struct seen){ .s = 11 });
	tell((struct told){ .s = 5.1, .id = 5, .cpu_ms = 4000 }); /* libvirt has not read it anew */
	WITH_ROW(
		ck_assert(has(row, DOMAIN_HAVE_PROCESS | DOMAIN_HAVE_PROCESS_VCPUS | RATES));
		ck_assert_uint_eq(row->cpu_time_ns, 6000 * NS_PER_MS);
		ck_assert_uint_eq(row->steal_time_ns, 10 * NS_PER_MS);
		ck_assert_int_eq(row->process_mono_ns, at(10));
	);
	tell((struct told){ .s = 12, .id = -1 });
	WITH_ROW(ck_assert_uint_eq(row->have & (DOMAIN_HAVE_PROCESS | DOMAIN_HAVE_CPU_TIME), 0););
}
END_TEST

/* --- live changes ------------------------------------------------------------------------------------------------- */

static void change(double s, uint8_t state, int32_t id)
{
	char name[] = "web";
	struct domain_change change = { .kind = CHANGE_STATE, .uuid = { 1 }, .name = name, .reason = "unknown" };

	change.state = state;
	change.id = id;
	change.time_mono_ns = change.time_real_ns = at(s);
	builder_changes(builder, &change, false);
}

START_TEST(live_changes_keep_and_end_it)
{
	see((struct seen){ .s = 0, .pid = 42, .cpu_ms = 4000 });
	tell((struct told){ .s = 0.2, .id = 5 });
	see((struct seen){ .s = 1, .pid = 42, .cpu_ms = 5000 });
	change(1.1, DOMAIN_PAUSED, 5);
	WITH_ROW(
		ck_assert_uint_eq(row->state, DOMAIN_PAUSED);
		ck_assert_uint_eq(row->cpu_time_ns, 5000 * NS_PER_MS); /* not that of libvirt's last list */
		ck_assert(has(row, DOMAIN_HAVE_PROCESS));
	);
	change(1.2, DOMAIN_SHUTOFF, -1);
	see((struct seen){ .s = 2, .pid = 42, .cpu_ms = 5001 }); /* ends a little later */
	WITH_ROW(ck_assert_uint_eq(row->have & (DOMAIN_HAVE_PROCESS | DOMAIN_HAVE_CPU_TIME), 0););
	change(3, DOMAIN_RUNNING, 6);
	WITH_ROW(ck_assert_uint_eq(row->have & (DOMAIN_HAVE_PROCESS | DOMAIN_HAVE_CPU_TIME), 0););
	see((struct seen){ .s = 4, .pid = 43, .cpu_ms = 10, .start_s = 2.5 });
	WITH_ROW(
		ck_assert_uint_eq(row->process_id, 43);
		ck_assert_uint_eq(row->cpu_time_ns, 10 * NS_PER_MS);
		ck_assert_int_eq(row->start_mono_ns, at(2.5));
		ck_assert_int_eq(row->discontinuity_mono_ns, at(3));
	);
}
END_TEST

START_TEST(rows_that_do_not_change_are_shared)
{
	struct snapshot *before, *after;
	const struct domain *row;

	tell((struct told){ .s = 0, .id = 5, .cpu_ms = 4000 });
	row = served(&before);
	see((struct seen){ .s = 1 });
	ck_assert_ptr_eq(served(&after), row);
	part_unref(after);
	see((struct seen){ .s = 2, .pid = 42, .cpu_ms = 4500 });
	ck_assert_ptr_ne(served(&after), row);
	ck_assert_uint_eq(row->cpu_time_ns, 4000 * NS_PER_MS);
	part_unref(after);
	part_unref(before);
}
END_TEST

static Suite *build_process_suite(void)
{
	const TTest *const tests[] = {
		values_of_the_process_go_before,
		nics_as_the_guest_sees_them,
		vcpus_that_libvirt_does_not_list,
		what_cannot_be_read_is_libvirts,
		only_processes_of_this_host,
		rates_are_of_the_process_interval,
		overhead_needs_a_second,
		goes_on_without_libvirt,
		another_process_is_another_run,
		reading_of_the_run_before_is_not_used,
		reading_of_a_run_that_goes_on_is_used,
		change_of_origin_is_no_rate,
		counter_that_goes_back_is_no_new_run,
		old_reading_yields_to_libvirt,
		values_of_a_process_that_has_gone_stay,
		live_changes_keep_and_end_it,
		rows_that_do_not_change_are_shared,
	};
	Suite *suite = suite_create("build_process");
	TCase *rows = tcase_create("rows");

	tcase_add_checked_fixture(rows, setup, teardown);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(rows, tests[i]);
	suite_add_tcase(suite, rows);
	return suite;
}

UNIT_MAIN(build_process_suite)
