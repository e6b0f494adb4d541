/*
 * test_build.c - the builder: merged tables, rates, indexes, carried values, rows that come and go.
 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/build_domains.h"
#include "model/builder.h"

#include <string.h>

static struct index_map *indexes;
static struct builder *builder;

static void setup(void)
{
	indexes = index_map_new();
	builder = builder_new(indexes, "test", 0, 0);
}

static void teardown(void)
{
	builder_free(builder);
	index_map_free(indexes);
}

static void free_part(struct part *part)
{
	free(part);
}

static struct snapshot *build(int64_t now_mono_ns)
{
	struct sources *sources = mem_alloc(sizeof(*sources));
	const struct builder_self self = { .poll_interval_ms = 5000 };

	part_init(&sources->part, free_part);
	return builder_build(builder, sources, &self, now_mono_ns, now_mono_ns);
}

/* --- CPUs and memory ---------------------------------------------------------------------------------------------- */

static struct part *stat_of(size_t n, const struct cpu_time *times)
{
	struct stat_part *stat = mem_alloc(sizeof(*stat) + n * sizeof(stat->cpus[0]));

	part_init(&stat->part, free_part);
	stat->n_cpus = n;
	memcpy(stat->cpus, times, n * sizeof(times[0]));
	return &stat->part;
}

START_TEST(cpu_rows_merge_their_sources)
{
	const struct cpu_time times[] = { { .number = 0, .user_ms = 5 }, { .number = 2, .user_ms = 7 } };
	struct cpufreq_part *freq = mem_alloc(sizeof(*freq) + 3 * sizeof(freq->cpus[0]));
	struct snapshot *s;

	part_init(&freq->part, free_part);
	freq->n_cpus = 3;
	for (uint32_t i = 0; i < 3; i++)
		freq->cpus[i] = (struct cpufreq){ .number = i, .have = CPUFREQ_HAVE_FREQUENCY, .frequency_khz = 1000 + i };
	builder_apply(builder, SOURCE_STAT, stat_of(2, times), 0, 0);
	builder_apply(builder, SOURCE_CPUFREQ, &freq->part, 0, 0);
	s = build(1);
	ck_assert_uint_eq(s->cpus->n, 3);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(s->cpus->rows[i].index, i + 1);
		ck_assert_uint_eq(s->cpus->rows[i].freq.frequency_khz, 1000 + i);
		ck_assert(s->cpus->rows[i].online == (i != 1));
		ck_assert(((s->cpus->rows[i].have & CPU_HAVE_TIME) != 0) == (i != 1));
	}
	ck_assert_uint_eq(s->cpus->rows[2].time.user_ms, 7);
	part_unref(s);
	builder_forget(builder, SOURCE_CPUFREQ);
	s = build(2);
	ck_assert_uint_eq(s->cpus->n, 2);
	ck_assert_uint_eq(s->cpus->rows[0].have & CPU_HAVE_FREQUENCY, 0);
	part_unref(s);
}
END_TEST

START_TEST(cpu_util_is_of_the_last_interval)
{
	const struct cpu_time first = { .user_ms = 100, .idle_ms = 900 };
	const struct cpu_time second = { .user_ms = 350, .idle_ms = 1650 };
	const struct cpu_time reset = { .user_ms = 10, .idle_ms = 20 };
	struct load_part *load = mem_alloc(sizeof(*load));
	struct snapshot *s;

	builder_apply(builder, SOURCE_STAT, stat_of(1, &first), 0, 0);
	s = build(1);
	ck_assert_uint_eq(s->cpus->rows[0].have & CPU_HAVE_UTIL, 0);
	part_unref(s);
	builder_apply(builder, SOURCE_STAT, stat_of(1, &second), 0, 0);
	part_init(&load->part, free_part);
	builder_apply(builder, SOURCE_LOADAVG, &load->part, 0, 0); /* keeps it */
	s = build(2);
	ck_assert_uint_ne(s->cpus->rows[0].have & CPU_HAVE_UTIL, 0);
	ck_assert_uint_eq(s->cpus->rows[0].util_centi, 2500);
	part_unref(s);
	builder_apply(builder, SOURCE_STAT, stat_of(1, &reset), 0, 0);
	s = build(3);
	ck_assert_uint_eq(s->cpus->rows[0].have & CPU_HAVE_UTIL, 0);
	part_unref(s);
}
END_TEST

static struct part *vmstat_of(uint64_t paged_in_kib, int64_t read_mono_ns)
{
	struct vmstat_part *v = mem_alloc(sizeof(*v));

	part_init(&v->part, free_part);
	v->have = MEM_HAVE_PAGED_IN;
	v->paged_in_kib = paged_in_kib;
	v->read_mono_ns = read_mono_ns;
	return &v->part;
}

START_TEST(page_rates_survive_other_sources)
{
	struct meminfo_part *m = mem_alloc(sizeof(*m));
	struct snapshot *s;

	part_init(&m->part, free_part);
	m->have = MEM_HAVE_TOTAL;
	m->total_kib = 1 << 20;
	builder_apply(builder, SOURCE_VMSTAT, vmstat_of(1000, 0), 0, 0);
	builder_apply(builder, SOURCE_VMSTAT, vmstat_of(3000, 2 * NS_PER_S), 0, 0);
	builder_apply(builder, SOURCE_MEMINFO, &m->part, 0, 0);
	s = build(1);
	ck_assert_uint_eq(s->memory->page_in_rate_kib, 1000);
	ck_assert_uint_eq(s->memory->have, MEM_HAVE_TOTAL | MEM_HAVE_PAGED_IN | MEM_HAVE_PAGE_IN_RATE);
	part_unref(s);
}
END_TEST

/* --- sensors ------------------------------------------------------------------------------------------------------ */

static struct part *one_sensor(const char *identity, int32_t value)
{
	struct sensors *sensors = sensors_new(1);

	sensors->n = 1;
	sensors->rows[0].identity = mem_string(identity);
	sensors->rows[0].key = mem_string(identity);
	sensors->rows[0].value = value;
	sensors->rows[0].have = SENSOR_HAVE_VALUE;
	return &sensors->part;
}

START_TEST(sensors_of_two_sources_keep_their_numbers)
{
	struct snapshot *s;

	builder_apply(builder, SOURCE_THERMAL, one_sensor("zone", 1), 0, 0);
	builder_apply(builder, SOURCE_SENSORS, one_sensor("chip", 2), 0, 0);
	builder_apply(builder, SOURCE_THERMAL, one_sensor("zone", 3), 0, 0);
	s = build(1);
	ck_assert_uint_eq(s->sensors->n, 2);
	ck_assert_str_eq(s->sensors->rows[0].key, "zone");
	ck_assert_int_eq(s->sensors->rows[0].value, 3);
	ck_assert_uint_eq(s->sensors->rows[0].index, 1);
	ck_assert_uint_eq(s->sensors->rows[1].index, 2);
	part_unref(s);
	builder_forget(builder, SOURCE_THERMAL);
	s = build(2);
	ck_assert_uint_eq(s->sensors->n, 1);
	ck_assert_uint_eq(s->sensors->rows[0].index, 2);
	part_unref(s);
}
END_TEST

/* --- domains ------------------------------------------------------------------------------------------------------ */

static struct domain *domain_of(uint8_t number, const char *name, int32_t id, uint64_t cpu_time_ns, int64_t read_ns)
{
	const uint8_t uuid[16] = { 0xab, [15] = number };
	struct domain *d = domain_new(domain_ident_new(uuid, name, "hvm"));

	d->state = id >= 0 ? DOMAIN_RUNNING : DOMAIN_SHUTOFF;
	d->reason = "unknown";
	d->id = id;
	d->vcpus = 2;
	d->cpu_time_ns = cpu_time_ns;
	d->have = DOMAIN_HAVE_VCPUS | DOMAIN_HAVE_CPU_TIME;
	d->read_mono_ns = read_ns;
	return d;
}

static void apply(bool complete, size_t n, struct domain *const *rows, int64_t now_ns)
{
	struct domains *list = domains_new(n);

	list->complete = complete;
	for (size_t i = 0; i < n; i++)
		list->rows[i] = rows[i];
	builder_apply(builder, SOURCE_LIBVIRT, &list->part, now_ns, now_ns);
}

static struct snapshot *after(bool complete, size_t n, struct domain *const *rows, int64_t now_ns)
{
	apply(complete, n, rows, now_ns);
	return build(now_ns);
}

START_TEST(domain_util_and_start)
{
	const int64_t s = NS_PER_S;
	struct snapshot *snapshot =
		after(true, 1, (struct domain *[]){ domain_of(1, "a", 5, (uint64_t)s, s) }, s);
	const struct domain *row = snapshot->domains->rows[0];

	/* Found running: nobody knows since when. */
	ck_assert_uint_eq(row->have & (DOMAIN_HAVE_CPU_UTIL | DOMAIN_HAVE_START | DOMAIN_HAVE_LAST_CHANGE), 0);
	ck_assert_uint_eq(snapshot->node.domains_active, 1);
	part_unref(snapshot);
	/* 5 s of CPU in 5 s on 2 vCPUs. */
	snapshot = after(true, 1, (struct domain *[]){ domain_of(1, "a", 5, (uint64_t)(6 * s), 6 * s) }, 6 * s);
	row = snapshot->domains->rows[0];
	ck_assert_uint_eq(row->cpu_util_centi, 5000);
	ck_assert_int_eq(row->discontinuity_mono_ns, 0);
	part_unref(snapshot);
	/* Restarted: a new id, counters from zero. */
	snapshot = after(true, 1, (struct domain *[]){ domain_of(1, "a", 6, (uint64_t)s, 11 * s) }, 11 * s);
	row = snapshot->domains->rows[0];
	ck_assert_uint_eq(row->have & DOMAIN_HAVE_CPU_UTIL, 0);
	ck_assert_int_eq(row->discontinuity_mono_ns, 11 * s);
	ck_assert_uint_ne(row->have & DOMAIN_HAVE_START, 0);
	ck_assert_int_eq(row->start_time_real_ns, 11 * s);
	part_unref(snapshot);
	/* Off. */
	snapshot = after(true, 1, (struct domain *[]){ domain_of(1, "a", -1, 0, 16 * s) }, 16 * s);
	row = snapshot->domains->rows[0];
	ck_assert_uint_eq(row->have & DOMAIN_HAVE_START, 0);
	ck_assert_uint_ne(row->have & DOMAIN_HAVE_LAST_CHANGE, 0);
	ck_assert_uint_eq(snapshot->node.domains_active, 0);
	part_unref(snapshot);
}
END_TEST

START_TEST(domain_not_read_anew_keeps_its_rates)
{
	const int64_t s = NS_PER_S;
	struct snapshot *snapshot;

	apply(true, 1, (struct domain *[]){ domain_of(1, "a", 5, 0, s) }, s);
	apply(true, 1, (struct domain *[]){ domain_of(1, "a", 5, (uint64_t)(5 * s), 6 * s) }, 6 * s);
	/* The source gave its last row again. */
	snapshot = after(true, 1, (struct domain *[]){ domain_of(1, "a", 5, (uint64_t)(5 * s), 6 * s) }, 11 * s);
	ck_assert_uint_ne(snapshot->domains->rows[0]->have & DOMAIN_HAVE_CPU_UTIL, 0);
	ck_assert_uint_eq(snapshot->domains->rows[0]->cpu_util_centi, 5000);
	ck_assert_int_eq(snapshot->domains->rows[0]->read_mono_ns, 6 * s);
	part_unref(snapshot);
}
END_TEST

static struct domain *with_vcpu_time(struct domain *domain, uint64_t vcpu_time_ns)
{
	domain->vcpu_time_ns = vcpu_time_ns;
	domain->have |= DOMAIN_HAVE_VCPU_TIME;
	return domain;
}

START_TEST(domain_overhead_is_beyond_the_vcpus)
{
	const int64_t s = NS_PER_S;
	struct domain *rows[] = { with_vcpu_time(domain_of(1, "a", 5, 0, s), 0),
				  with_vcpu_time(domain_of(1, "a", 5, (uint64_t)(3 * s), 6 * s), (uint64_t)(2 * s)),
				  with_vcpu_time(domain_of(1, "a", 5, (uint64_t)(4 * s), 6 * s + s / 2), (uint64_t)(2 * s)) };
	struct snapshot *snapshot;

	apply(true, 1, &rows[0], s);
	snapshot = after(true, 1, &rows[1], 6 * s);
	/* 1 s in 5 s. */
	ck_assert_uint_eq(snapshot->domains->rows[0]->overhead_centi, 2000);
	part_unref(snapshot);
	/* Half a second says nothing. */
	snapshot = after(true, 1, &rows[2], 6 * s + s / 2);
	ck_assert_uint_eq(snapshot->domains->rows[0]->have & DOMAIN_HAVE_OVERHEAD, 0);
	part_unref(snapshot);
}
END_TEST

START_TEST(domain_rows_go_only_on_proof)
{
	struct domain *two[] = { domain_of(2, "b", -1, 0, 1), domain_of(1, "a", 1, 0, 1) };
	struct snapshot *s = after(true, 2, two, 1);
	uint32_t index_a;

	ck_assert_uint_eq(s->domains->n, 2);
	ck_assert_uint_eq(s->domains->rows[0]->index, 1);
	ck_assert_str_eq(s->domains->rows[0]->name, "b");
	index_a = s->domains->rows[1]->index;
	ck_assert_ptr_eq(snapshot_domain(s, index_a), s->domains->rows[1]);
	ck_assert_ptr_null(snapshot_domain(s, 99));
	part_unref(s);
	/* A list that is not all there is. */
	s = after(false, 1, (struct domain *[]){ domain_of(3, "c", 2, 0, 2) }, 2);
	ck_assert_uint_eq(s->domains->n, 3);
	part_unref(s);
	/* All there is: a and b are gone, and a that comes back has its number. */
	s = after(true, 1, (struct domain *[]){ domain_of(3, "c", 2, 0, 3) }, 3);
	ck_assert_uint_eq(s->domains->n, 1);
	part_unref(s);
	s = after(true, 2, (struct domain *[]){ domain_of(1, "a", 9, 0, 4), domain_of(3, "c", 2, 0, 4) }, 4);
	ck_assert_uint_eq(s->domains->rows[0]->index, index_a);
	ck_assert_str_eq(s->domains->rows[0]->name, "a");
	ck_assert_uint_ne(s->domains->rows[0]->have & DOMAIN_HAVE_START, 0);
	part_unref(s);
}
END_TEST

START_TEST(snapshot_copies_share_parts)
{
	struct snapshot *s = after(true, 1, (struct domain *[]){ domain_of(1, "a", 1, 0, 1) }, 1), *copy;

	copy = snapshot_copy(s);
	ck_assert_ptr_eq(copy->domains, s->domains);
	ck_assert_uint_eq(copy->serial, s->serial + 1);
	part_unref(s);
	ck_assert_str_eq(copy->domains->rows[0]->name, "a");
	part_unref(copy);
}
END_TEST

/* --- devices of domains ------------------------------------------------------------------------------------------- */

static struct domain_devices *disks(size_t n, const char *const *targets)
{
	struct domain_devices *devices = domain_devices_new(n, 0);

	for (size_t i = 0; i < n; i++)
		devices->blocks[i].target = mem_string(targets[i]);
	return devices;
}

static void add_nic(struct domain_devices *devices, uint8_t last_of_mac, uint32_t ordinal)
{
	struct nic_device *nic;

	devices->nics = mem_grow(devices->nics, devices->n_nics + 1, sizeof(devices->nics[0]));
	nic = &devices->nics[devices->n_nics++];
	*nic = (struct nic_device){ .mac = { 0x52, 0x54, 0, 0, 0, last_of_mac }, .ordinal = ordinal };
}

/* A domain with rows for all of its devices, whose counters are all `count`. Takes over devices. */
static struct domain *with_devices(struct domain *domain, struct domain_devices *devices, uint64_t count)
{
	domain->devices = devices;
	domain->n_blocks = devices->n_blocks;
	domain->block_rows = mem_array(devices->n_blocks, sizeof(domain->block_rows[0]));
	for (size_t i = 0; i < devices->n_blocks; i++)
		domain->block_rows[i] = (struct block){ .have = BLOCK_HAVE_READS | BLOCK_HAVE_FLUSHES, .reads = count,
							.flushes = count, .device = &devices->blocks[i] };
	domain->n_nics = devices->n_nics;
	domain->nic_rows = mem_array(devices->n_nics, sizeof(domain->nic_rows[0]));
	for (size_t i = 0; i < devices->n_nics; i++)
		domain->nic_rows[i] =
			(struct nic){ .have = NIC_HAVE_TX_DROPS, .tx_drops = count, .device = &devices->nics[i] };
	return domain;
}

static struct domain *with_vcpus(struct domain *domain, size_t n, const uint64_t *times)
{
	domain->n_vcpus = n;
	domain->vcpu_rows = mem_array(n, sizeof(domain->vcpu_rows[0]));
	for (size_t i = 0; i < n; i++)
		domain->vcpu_rows[i] =
			(struct vcpu){ .index = (uint32_t)i + 1, .have = VCPU_HAVE_TIME, .time_ns = times[i] };
	return domain;
}

static struct snapshot *after_one(struct domain *row)
{
	return after(true, 1, &row, row->read_mono_ns);
}

static void expect_blocks(const struct snapshot *s, size_t n, const char *const *targets)
{
	const struct domain *row = s->domains->rows[0];

	ck_assert_uint_eq(row->n_blocks, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(row->block_rows[i].index, i + 1);
		ck_assert_str_eq(row->block_rows[i].device->target, targets[i]);
	}
}

START_TEST(disks_are_known_by_their_targets)
{
	static const char *const TWO[] = { "vdb", "vda" }, *const TURNED[] = { "vda", "vdb" };
	static const char *const ONE[] = { "vda" }, *const NEW[] = { "sdx", "vda" };
	struct domain_devices *devices = disks(2, TWO);
	struct snapshot *s;

	part_ref(devices);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 1), devices, 0));
	expect_blocks(s, 2, TWO);
	part_unref(s);
	/* The same definition. */
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 2), devices, 0));
	expect_blocks(s, 2, TWO);
	part_unref(s);
	/* Another one, the other way round. */
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 3), disks(2, TURNED), 0));
	expect_blocks(s, 2, TWO);
	part_unref(s);
	/* vdb is taken out: its number is kept for it, and not given to sdx. */
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 4), disks(1, ONE), 0));
	ck_assert_uint_eq(s->domains->rows[0]->block_rows[0].index, 2);
	part_unref(s);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 5), disks(2, NEW), 0));
	ck_assert_uint_eq(s->domains->rows[0]->block_rows[0].index, 2);
	ck_assert_uint_eq(s->domains->rows[0]->block_rows[1].index, 3);
	part_unref(s);
	/* ... until it is forgotten. */
	index_map_expire(indexes, 31 * 24 * 3600);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 6), disks(2, TURNED), 0));
	expect_blocks(s, 2, TWO);
	part_unref(s);
}
END_TEST

START_TEST(devices_of_each_domain_count_for_themselves)
{
	static const char *const TARGETS[] = { "vda" };
	struct domain *two[] = { with_devices(domain_of(1, "a", 5, 0, 1), disks(1, TARGETS), 0),
				 with_devices(domain_of(2, "b", 6, 0, 1), disks(1, TARGETS), 0) };
	struct snapshot *s;

	add_nic(two[0]->devices, 1, 0);
	s = after(true, 2, two, 1);
	for (size_t i = 0; i < 2; i++)
		ck_assert_uint_eq(s->domains->rows[i]->block_rows[0].index, 1);
	part_unref(s);
}
END_TEST

START_TEST(nics_are_known_by_mac_and_ordinal)
{
	struct domain_devices *first = domain_devices_new(0, 0), *second = domain_devices_new(0, 0);
	const struct domain *row;
	struct snapshot *s;

	add_nic(first, 7, 0);
	add_nic(first, 7, 1);
	add_nic(first, 3, 0);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 1), first, 0));
	row = s->domains->rows[0];
	ck_assert_uint_eq(row->n_nics, 3);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(row->nic_rows[i].index, i + 1);
	ck_assert_uint_eq(row->nic_rows[1].device->ordinal, 1);
	part_unref(s);
	add_nic(second, 3, 0);
	add_nic(second, 7, 1);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 2), second, 0));
	row = s->domains->rows[0];
	ck_assert_uint_eq(row->n_nics, 2);
	ck_assert_uint_eq(row->nic_rows[0].index, 2);
	ck_assert_uint_eq(row->nic_rows[0].device->ordinal, 1);
	ck_assert_uint_eq(row->nic_rows[1].index, 3);
	part_unref(s);
}
END_TEST

/* Another daemon with what this one stored; in between a disk was taken out. */
START_TEST(device_numbers_survive_a_restart)
{
	static const char *const BEFORE[] = { "vda", "vdb", "vdc" }, *const AFTER[] = { "vdc", "vdb" };
	struct index_map *stored = NULL;
	struct snapshot *s;
	struct buf image;

	part_unref(after_one(with_devices(domain_of(1, "a", 5, 0, 1), disks(3, BEFORE), 0)));
	buf_init(&image, 1 << 20);
	index_map_encode(indexes, &image);
	teardown();
	ck_assert_int_eq(index_map_decode((const uint8_t *)image.data, image.length, &stored), 0);
	buf_free(&image);
	indexes = stored;
	builder = builder_new(indexes, "test", 0, 0);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 1), disks(2, AFTER), 0));
	ck_assert_uint_eq(s->domains->rows[0]->block_rows[0].index, 2);
	ck_assert_str_eq(s->domains->rows[0]->block_rows[0].device->target, "vdb");
	ck_assert_uint_eq(s->domains->rows[0]->block_rows[1].index, 3);
	part_unref(s);
	index_map_expire(indexes, 31 * 24 * 3600);
	s = after_one(with_devices(domain_of(1, "a", 5, 0, 1), disks(3, BEFORE), 0));
	ck_assert_str_eq(s->domains->rows[0]->block_rows[0].device->target, "vda"); /* 1 was free again */
	part_unref(s);
}
END_TEST

START_TEST(devices_that_cannot_be_numbered_are_left_out)
{
	static const char *const TWICE[] = { "vda", "vda", NULL };
	struct domain *row = with_devices(domain_of(1, "a", 5, 0, 1), disks(3, TWICE), 0);
	struct snapshot *s;

	row->block_rows[0].device = NULL;
	s = after_one(row);
	ck_assert_uint_eq(s->domains->rows[0]->n_blocks, 1);
	ck_assert_uint_eq(s->domains->rows[0]->block_rows[0].index, 1);
	part_unref(s);
}
END_TEST

START_TEST(vcpu_util_is_of_one_vcpu)
{
	const int64_t s = NS_PER_S;
	const uint64_t first[] = { 0, (uint64_t)s, (uint64_t)s }, second[] = { (uint64_t)(5 * s), (uint64_t)(2 * s), 7 };
	struct snapshot *snapshot;
	const struct vcpu *vcpus;

	snapshot = after_one(with_vcpus(domain_of(1, "a", 5, 0, s), 2, first));
	ck_assert_uint_eq(snapshot->domains->rows[0]->vcpu_rows[0].have & VCPU_HAVE_UTIL, 0);
	part_unref(snapshot);
	snapshot = after_one(with_vcpus(domain_of(1, "a", 5, 0, 6 * s), 3, second));
	vcpus = snapshot->domains->rows[0]->vcpu_rows;
	ck_assert_uint_eq(vcpus[0].util_centi, 10000);
	ck_assert_uint_eq(vcpus[1].util_centi, 2000);
	ck_assert_uint_eq(vcpus[2].have & VCPU_HAVE_UTIL, 0); /* was plugged in */
	part_unref(snapshot);
	/* Not read anew: it stays. */
	snapshot = after_one(with_vcpus(domain_of(1, "a", 5, 0, 6 * s), 3, second));
	ck_assert_uint_eq(snapshot->domains->rows[0]->vcpu_rows[1].util_centi, 2000);
	part_unref(snapshot);
	/* Another run. */
	snapshot = after_one(with_vcpus(domain_of(1, "a", 6, 0, 11 * s), 3, second));
	ck_assert_uint_eq(snapshot->domains->rows[0]->vcpu_rows[0].have & VCPU_HAVE_UTIL, 0);
	part_unref(snapshot);
	/* One whose time went back. */
	snapshot = after_one(with_vcpus(domain_of(1, "a", 6, 0, 16 * s), 3, first));
	vcpus = snapshot->domains->rows[0]->vcpu_rows;
	ck_assert_uint_eq(vcpus[0].have & VCPU_HAVE_UTIL, 0);
	part_unref(snapshot);
}
END_TEST

static struct domain *disk_and_nic(int32_t id, const char *const *targets, size_t n, uint64_t count, int64_t read_ns)
{
	struct domain_devices *devices = disks(n, targets);

	add_nic(devices, 1, 0);
	return with_devices(domain_of(1, "a", id, 0, read_ns), devices, count);
}

START_TEST(device_counters_have_times_of_their_own)
{
	static const char *const TARGETS[] = { "vda", "vdb" };
	const struct domain *row;
	struct snapshot *s;

	/* At the first look as old as this daemon. */
	s = after_one(disk_and_nic(5, TARGETS, 1, 100, 10));
	row = s->domains->rows[0];
	ck_assert_int_eq(row->block_rows[0].discontinuity_mono_ns, 0);
	ck_assert_int_eq(row->nic_rows[0].discontinuity_mono_ns, 0);
	part_unref(s);
	/* A disk is plugged in. */
	s = after_one(disk_and_nic(5, TARGETS, 2, 100, 20));
	row = s->domains->rows[0];
	ck_assert_int_eq(row->block_rows[0].discontinuity_mono_ns, 0);
	ck_assert_int_eq(row->block_rows[1].discontinuity_mono_ns, 20);
	ck_assert_int_eq(row->discontinuity_mono_ns, 20);
	part_unref(s);
	/* Counters went back. */
	s = after_one(disk_and_nic(5, TARGETS, 2, 50, 30));
	row = s->domains->rows[0];
	ck_assert_int_eq(row->block_rows[0].discontinuity_mono_ns, 30);
	ck_assert_int_eq(row->nic_rows[0].discontinuity_mono_ns, 30);
	part_unref(s);
	s = after_one(disk_and_nic(5, TARGETS, 2, 60, 40));
	ck_assert_int_eq(s->domains->rows[0]->block_rows[1].discontinuity_mono_ns, 30);
	part_unref(s);
	/* Another run, also where the counters are higher. */
	s = after_one(disk_and_nic(6, TARGETS, 2, 900, 50));
	row = s->domains->rows[0];
	ck_assert_int_eq(row->discontinuity_mono_ns, 50);
	ck_assert_int_eq(row->block_rows[1].discontinuity_mono_ns, 50);
	ck_assert_int_eq(row->nic_rows[0].discontinuity_mono_ns, 50);
	part_unref(s);
}
END_TEST

static int64_t discontinuity_after(struct domain *row)
{
	struct snapshot *s = after_one(row);
	const int64_t mono_ns = s->domains->rows[0]->discontinuity_mono_ns;

	part_unref(s);
	return mono_ns;
}

START_TEST(domain_sums_are_of_one_set_of_devices)
{
	static const char *const TARGETS[] = { "vda", "vdb" }, *const OTHER[] = { "vda", "vdc" };
	const uint64_t times[] = { 0, 0, 0 };
	struct domain *row;

	ck_assert_int_eq(discontinuity_after(domain_of(1, "a", 5, 0, 10)), 0);
	/* The definition is read. */
	ck_assert_int_eq(discontinuity_after(disk_and_nic(5, TARGETS, 2, 0, 20)), 0);
	ck_assert_int_eq(discontinuity_after(disk_and_nic(5, TARGETS, 1, 0, 30)), 30);
	ck_assert_int_eq(discontinuity_after(disk_and_nic(5, TARGETS, 1, 0, 40)), 30);
	ck_assert_int_eq(discontinuity_after(disk_and_nic(5, TARGETS, 2, 0, 50)), 50);
	ck_assert_int_eq(discontinuity_after(disk_and_nic(5, OTHER, 2, 0, 60)), 60);
	row = with_devices(domain_of(1, "a", 5, 0, 70), disks(2, OTHER), 0);
	ck_assert_int_eq(discontinuity_after(row), 70);
	/* vCPUs: read for the first time, two, two, three. */
	for (int i = 0; i < 3; i++) {
		row = with_devices(domain_of(1, "a", 5, 0, 80 + i), disks(2, OTHER), 0);
		ck_assert_int_eq(discontinuity_after(with_vcpus(row, i < 2 ? 2 : 3, times)), i < 2 ? 70 : 82);
	}
}
END_TEST

/* Each counter that a row has alone, back by one. */
START_TEST(domain_counters_that_go_back_move_the_time)
{
	static const struct {
		uint64_t have;
		size_t offset;
	} COUNTERS[] = { { DOMAIN_HAVE_CPU_USER, offsetof(struct domain, cpu_user_time_ns) },
			 { DOMAIN_HAVE_CPU_SYSTEM, offsetof(struct domain, cpu_system_time_ns) },
			 { DOMAIN_HAVE_STEAL_TIME, offsetof(struct domain, steal_time_ns) },
			 { DOMAIN_HAVE_SWAP_OUT, offsetof(struct domain, swap_out_kib) },
			 { DOMAIN_HAVE_MINOR_FAULTS, offsetof(struct domain, minor_faults) },
			 { DOMAIN_HAVE_DISK, offsetof(struct domain, disk_write_bytes) },
			 { DOMAIN_HAVE_DISK_ERRORS, offsetof(struct domain, disk_errors) },
			 { DOMAIN_HAVE_NET, offsetof(struct domain, net_tx_bytes) } };
	static const uint64_t VALUES[] = { 5, 5, 6, 5 };
	int64_t now = 0;

	for (size_t i = 0; i < sizeof(COUNTERS) / sizeof(COUNTERS[0]); i++)
		for (size_t k = 0; k < 4; k++) {
			struct domain *row = domain_of(1, "a", 5, 0, now += 10);
			const int64_t begin = k == 0 ? -1 : now - 10 * (int64_t)k;

			row->have |= COUNTERS[i].have;
			memcpy((char *)row + COUNTERS[i].offset, &VALUES[k], sizeof(VALUES[k]));
			if (k < 3)
				ck_assert_int_lt(discontinuity_after(row), k == 0 ? now : begin + 1);
			else
				ck_assert_int_eq(discontinuity_after(row), now);
		}
}
END_TEST

START_TEST(domain_that_ended_has_no_host_interface)
{
	static const char *const TARGETS[] = { "vda" };
	struct domain_change stopped = { .kind = CHANGE_STATE, .uuid = { 0xab, [15] = 1 }, .id = -1, .time_mono_ns = 25,
					 .state = DOMAIN_SHUTOFF, .reason = "destroyed", .time_real_ns = 25 };
	struct domain *row = disk_and_nic(5, TARGETS, 1, 0, 10);
	struct event_list events;
	struct snapshot *s;

	row->nic_rows[0].if_index = 4;
	row->persistent = true;
	row->have |= DOMAIN_HAVE_PERSISTENT;
	s = after_one(row);
	ck_assert_uint_eq(s->domains->rows[0]->nic_rows[0].if_index, 4);
	part_unref(s);
	builder_changes(builder, &stopped, false);
	s = build(26);
	ck_assert_uint_eq(s->domains->n, 1);
	ck_assert_int_eq(s->domains->rows[0]->id, -1);
	ck_assert_uint_eq(s->domains->rows[0]->n_nics, 1);
	ck_assert_uint_eq(s->domains->rows[0]->nic_rows[0].if_index, 0);
	part_unref(s);
	builder_take_events(builder, &events);
	event_list_clear(&events);
}
END_TEST

/* A live change begins a run before the list has its values. */
START_TEST(run_that_a_live_change_began_goes_on)
{
	static const char *const TARGETS[] = { "vda" };
	struct domain_change started = { .kind = CHANGE_STATE, .uuid = { 0xab, [15] = 1 }, .id = 9, .state = DOMAIN_RUNNING,
					 .reason = "booted", .time_mono_ns = 25, .time_real_ns = 25 };
	struct event_list events;
	const struct domain *row;
	struct snapshot *s;

	part_unref(after_one(disk_and_nic(-1, TARGETS, 1, 0, 10)));
	part_unref(after_one(disk_and_nic(-1, TARGETS, 1, 0, 20)));
	builder_changes(builder, &started, false);
	s = build(26);
	row = s->domains->rows[0];
	ck_assert_int_eq(row->id, 9);
	ck_assert_int_eq(row->start_mono_ns, 25);
	ck_assert_uint_eq(row->n_blocks, 1);
	ck_assert_uint_eq(row->block_rows[0].index, 1);
	ck_assert_uint_eq(row->block_rows[0].have, 0);
	part_unref(s);
	s = after_one(disk_and_nic(9, TARGETS, 1, 7, 30));
	row = s->domains->rows[0];
	ck_assert_int_eq(row->start_mono_ns, 25);
	ck_assert_int_eq(row->discontinuity_mono_ns, 25);
	ck_assert_int_eq(row->block_rows[0].discontinuity_mono_ns, 25);
	ck_assert_uint_eq(row->block_rows[0].reads, 7);
	part_unref(s);
	builder_take_events(builder, &events);
	event_list_clear(&events);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("build");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, cpu_rows_merge_their_sources);
	tcase_add_test(tc, cpu_util_is_of_the_last_interval);
	tcase_add_test(tc, page_rates_survive_other_sources);
	tcase_add_test(tc, sensors_of_two_sources_keep_their_numbers);
	tcase_add_test(tc, domain_util_and_start);
	tcase_add_test(tc, domain_not_read_anew_keeps_its_rates);
	tcase_add_test(tc, domain_overhead_is_beyond_the_vcpus);
	tcase_add_test(tc, domain_rows_go_only_on_proof);
	tcase_add_test(tc, snapshot_copies_share_parts);
	tcase_add_test(tc, disks_are_known_by_their_targets);
	tcase_add_test(tc, devices_of_each_domain_count_for_themselves);
	tcase_add_test(tc, nics_are_known_by_mac_and_ordinal);
	tcase_add_test(tc, device_numbers_survive_a_restart);
	tcase_add_test(tc, devices_that_cannot_be_numbered_are_left_out);
	tcase_add_test(tc, vcpu_util_is_of_one_vcpu);
	tcase_add_test(tc, device_counters_have_times_of_their_own);
	tcase_add_test(tc, domain_sums_are_of_one_set_of_devices);
	tcase_add_test(tc, domain_counters_that_go_back_move_the_time);
	tcase_add_test(tc, domain_that_ended_has_no_host_interface);
	tcase_add_test(tc, run_that_a_live_change_began_goes_on);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(suite)
