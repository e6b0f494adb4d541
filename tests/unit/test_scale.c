/*
 * test_scale.c - 10,000 domains with every table filled: the builder over some polls, two snapshots alive, and walks of
 * all modules; replaced snapshots, rows of a pool. Orders, numbers of instances, memory of a domain; the bounds on time
 * are for what would grow with the square of the domains.
 */
#include "tests/unit/unit.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "model/builder.h"
#include "model/process.h"
#include "model/row_pool.h"
#include "store.h"
#include "subagent/rows.h"
#include "subagent/table.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DOMAINS 10000
#define VCPUS 2
#define HOST_CPUS 4
#define POLLS 4
#define TIMEOUT_S 60
/* Ten times what it takes and more; a sanitizer has it take twenty times as long. */
#define POLL_CPU_MOST_NS (2 * NS_PER_S)
#define NEXT_CPU_MOST_NS 10000
/* Numbers, the newest reading, and two rows, of each snapshot one; without identity and devices. */
#define DOMAIN_BYTES_MOST 3400

static struct index_map *indexes;
static struct builder *builder;
static struct domain_ident *idents[DOMAINS];
static struct domain_devices *devices[DOMAINS];

static void uuid_of(uint32_t number, uint8_t uuid[16])
{
	memset(uuid, 0, 16);
	uuid[0] = 0xab;
	/* Not in the order of the names. */
	for (int i = 0; i < 4; i++)
		uuid[12 + i] = (uint8_t)(number >> 8 * i);
}

static struct domain_devices *devices_of(uint32_t number)
{
	struct domain_devices *made = domain_devices_new(1, 1);
	char text[64];

	snprintf(text, sizeof(text), "/var/lib/libvirt/images/guest-%u.qcow2", number);
	made->blocks[0] = (struct block_device){ .target = mem_string("vda"), .source = mem_string(text),
						 .alias = mem_string("virtio-disk0"), .format = mem_string("qcow2"),
						 .bus = mem_string("virtio"), .source_type = BLOCK_SOURCE_FILE,
						 .media = BLOCK_MEDIA_DISK };
	snprintf(text, sizeof(text), "vnet%u", number);
	made->nics[0] = (struct nic_device){ .target = mem_string(text), .model = mem_string("virtio"),
					     .source = mem_string("br0"), .parent = mem_string("br0") };
	memcpy(made->nics[0].mac, &number, sizeof(number));
	made->n_pins = 1;
	made->pins = mem_array(1, sizeof(made->pins[0]));
	made->pins[0] = (struct vcpu_pin){ 1, mem_string("0-1") };
	return domain_devices_pack(made);
}

static void setup(void)
{
	indexes = index_map_new();
	builder = builder_new(indexes, "test", 0, 0);
	for (uint32_t i = 0; i < DOMAINS; i++) {
		uint8_t uuid[16];
		char name[32];

		uuid_of(i, uuid);
		snprintf(name, sizeof(name), "guest-%u", i);
		idents[i] = domain_ident_new(uuid, name, "http://debian.org/debian/12");
		devices[i] = devices_of(i);
	}
}

static void teardown(void)
{
	builder_free(builder);
	index_map_free(indexes);
	for (size_t i = 0; i < DOMAINS; i++) {
		part_unref(idents[i]);
		part_unref(devices[i]);
	}
}

/* --- polls -------------------------------------------------------------------------------------------------------- */

static void fill_devices(struct domain *row, uint64_t count)
{
	row->n_vcpus = VCPUS;
	row->vcpu_rows = mem_array(VCPUS, sizeof(row->vcpu_rows[0]));
	for (uint32_t i = 0; i < VCPUS; i++)
		row->vcpu_rows[i] = (struct vcpu){ .index = i + 1, .have = VCPU_HAVE_WAIT | VCPU_HAVE_HALTED,
						   .state = VCPU_RUNNING, .wait_ns = count };
	row->n_blocks = row->n_nics = 1;
	row->block_rows = mem_array(1, sizeof(row->block_rows[0]));
	row->block_rows[0] = (struct block){ .have = (BLOCK_HAVE_PHYSICAL << 1) - 1, .reads = count,
					     .device = &row->devices->blocks[0] };
	row->nic_rows = mem_array(1, sizeof(row->nic_rows[0]));
	row->nic_rows[0] = (struct nic){ .have = (NIC_HAVE_TX_DROPS << 1) - 1, .rx_bytes = count,
					 .device = &row->devices->nics[0] };
}

/* All that libvirt tells; what is the builder's or of the process is not among it. */
static struct domain *row_of(uint32_t number, int64_t now_ns)
{
	struct domain *row = domain_new(part_ref(idents[number]));

	row->devices = part_ref(devices[number]);
	row->have |= (DOMAIN_HAVE_NET << 1) - 1;
	row->have |= DOMAIN_HAVE_VCPU_TIME;
	row->state = DOMAIN_RUNNING;
	row->reason = "booted";
	row->id = (int32_t)number + 1;
	row->vcpus = row->vcpus_max = VCPUS;
	row->cpu_time_ns = row->vcpu_time_ns = (uint64_t)now_ns;
	row->read_mono_ns = now_ns;
	fill_devices(row, (uint64_t)now_ns);
	return row;
}

static void tell(int64_t now_ns)
{
	struct domains *raw = domains_new(DOMAINS);

	raw->complete = true;
	raw->hypervisor.type = mem_string("QEMU");
	raw->hypervisor.local = true;
	for (uint32_t i = 0; i < DOMAINS; i++)
		raw->rows[i] = row_of(i, now_ns);
	builder_apply(builder, SOURCE_LIBVIRT, &raw->part, now_ns, now_ns);
}

static void processes_destroy(struct part *part)
{
	struct processes *processes = (struct processes *)part;

	for (size_t i = 0; i < processes->n; i++)
		free(processes->rows[i].vcpus);
	free(processes->rows);
	free(processes);
}

static int by_uuid(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void see(int64_t now_ns)
{
	struct processes *part = mem_alloc(sizeof(*part));

	part_init(&part->part, processes_destroy);
	part->n = DOMAINS;
	part->rows = mem_array(DOMAINS, sizeof(part->rows[0]));
	for (uint32_t i = 0; i < DOMAINS; i++) {
		struct process *row = &part->rows[i];

		*row = (struct process){ .have = PROCESS_HAVE_CPU_TIME | PROCESS_HAVE_CPU_SPLIT | PROCESS_HAVE_RSS |
						 PROCESS_HAVE_IO | PROCESS_HAVE_START,
					 .pid = i + 1000, .read_mono_ns = now_ns, .cpu_time_ns = (uint64_t)now_ns,
					 .n_vcpus = VCPUS };
		uuid_of(i, row->uuid);
		row->vcpus = mem_array(VCPUS, sizeof(row->vcpus[0]));
		for (uint32_t v = 0; v < VCPUS; v++)
			row->vcpus[v] = (struct process_vcpu){
				v, PROCESS_VCPU_HAVE_TIMES | PROCESS_VCPU_HAVE_PHYSICAL, (uint64_t)now_ns / 2, 0, 1
			};
	}
	qsort(part->rows, DOMAINS, sizeof(part->rows[0]), by_uuid);
	builder_apply(builder, SOURCE_PROCESS, &part->part, now_ns, now_ns);
}

static void free_part(struct part *part)
{
	free(part);
}

static void see_cpus(void)
{
	struct stat_part *stat = mem_alloc(sizeof(*stat) + HOST_CPUS * sizeof(stat->cpus[0]));

	part_init(&stat->part, free_part);
	stat->n_cpus = HOST_CPUS;
	for (uint32_t i = 0; i < HOST_CPUS; i++)
		stat->cpus[i] = (struct cpu_time){ .number = i };
	builder_apply(builder, SOURCE_STAT, &stat->part, 0, 0);
}

static struct snapshot *build(int64_t now_ns)
{
	struct sources *sources = mem_alloc(sizeof(*sources));
	const struct builder_self self = { .poll_interval_ms = 5000 };

	part_init(&sources->part, free_part);
	return builder_build(builder, sources, &self, now_ns, now_ns);
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The last of some polls; *before: the one before it. */
static struct snapshot *poll_all(struct snapshot **before)
{
	struct snapshot *snapshot = NULL;

	*before = NULL;
	see_cpus();
	for (int64_t i = 1; i <= POLLS; i++) {
		const int64_t begin = cpu_ns(), now_ns = i * 5 * NS_PER_S;

		part_unref(*before);
		*before = snapshot;
		see(now_ns);
		tell(now_ns + NS_PER_MS);
		snapshot = build(now_ns + 2 * NS_PER_MS);
		ck_assert_int_lt(cpu_ns() - begin, POLL_CPU_MOST_NS);
	}
	return snapshot;
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static bool is_after(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b)
{
	for (size_t i = 0; i < n_a && i < n_b; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return n_a > n_b;
}

/* Instances, each behind the one before. */
static size_t walk(const struct view *view, const struct snapshot *snapshot)
{
	struct view_cache cache = { 0 };
	struct cell_context context;
	uint32_t at[OID_MAX] = { 0 }, next[OID_MAX];
	size_t n = 0, next_n, found = 0;
	struct cell cell;

	cell_context_init(&context, snapshot, snapshot->sealed_mono_ns, 0);
	view_cache_update(&cache, snapshot, view->by_uuid);
	context.cache = &cache;
	for (; view_next(view, &context, at, n, next, &next_n, &cell) == 0; found++) {
		ck_assert(is_after(next, next_n, at, n));
		memcpy(at, next, next_n * sizeof(at[0]));
		n = next_n;
	}
	view_cache_clear(&cache);
	return found;
}

/* Of each domain: rows of a table times its columns, all of which are there but so many. */
static size_t instances(const struct table *table, size_t rows, size_t absent)
{
	return rows * (table->n_columns - absent);
}

START_TEST(walks_of_all_modules_are_in_order)
{
	struct snapshot *before, *snapshot = poll_all(&before);
	const size_t edgenode = instances(&DOMAIN_TABLE, 1, 1) + instances(&VCPU_TABLE, VCPUS, 0) +
				instances(&BLOCK_TABLE, 1, 0) + instances(&NIC_TABLE, 1, 0);
	const size_t vm = instances(&VM_TABLE, 1, 0) + VCPUS * (1 + HOST_CPUS) + instances(&VM_STORAGE_TABLE, 1, 0) +
			  instances(&VM_NETWORK_TABLE, 1, 0);
	const size_t libvirt = instances(&LIBVIRT_GUEST_TABLE, 1, 0);
	const int64_t begin = cpu_ns();
	size_t found, sum;

	ck_assert_uint_eq(snapshot->domains->n, DOMAINS);
	found = sum = walk(&EDGENODE_VIEW, snapshot);
	/* edgeDomainLastChange is absent; and there are objects of the node. */
	ck_assert_uint_ge(found, edgenode * DOMAINS);
	ck_assert_uint_lt(found, edgenode * DOMAINS + 1000);
	sum += found = walk(&VM_VIEW, snapshot);
	ck_assert_uint_ge(found, vm * DOMAINS);
	ck_assert_uint_lt(found, vm * DOMAINS + 100);
	sum += found = walk(&LIBVIRT_VIEW, snapshot);
	ck_assert_uint_eq(found, libvirt * DOMAINS);
	printf("%zu instances: %lld ns of CPU each\n", sum, (long long)(cpu_ns() - begin) / (long long)sum);
	ck_assert_int_lt((cpu_ns() - begin) / (int64_t)sum, NEXT_CPU_MOST_NS);
	part_unref(before);
	part_unref(snapshot);
}
END_TEST

/* With a snapshot in use while the next is there, as when a manager asks during a cycle. */
START_TEST(memory_of_a_domain_is_bounded)
{
	const size_t begin = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct snapshot *before, *snapshot;
	size_t bytes;

	snapshot = poll_all(&before);
	bytes = (mallinfo2().uordblks + mallinfo2().hblkhd - begin) / DOMAINS;
	printf("%zu bytes of a domain above its identity and devices, two snapshots alive\n", bytes);
	if (begin > 0) /* a sanitizer's allocator tells nothing */
		ck_assert_uint_lt(bytes, DOMAIN_BYTES_MOST);
	part_unref(before);
	part_unref(snapshot);
}
END_TEST

static _Atomic int freed;

static void count_freed(struct part *part)
{
	freed++;
	free(part);
}

static struct snapshot *numbered(uint64_t serial)
{
	struct snapshot *snapshot = mem_alloc(sizeof(*snapshot));

	part_init(&snapshot->part, count_freed);
	snapshot->serial = serial;
	return snapshot;
}

/* Who has one while it is replaced does not free it. */
START_TEST(replaced_snapshots_are_the_publishers)
{
	struct store *store = store_new();
	struct snapshot *used;

	freed = 0;
	store_publish(store, numbered(1));
	used = store_acquire(store);
	store_publish(store, numbered(2));
	store_publish(store, numbered(3));
	ck_assert_int_eq(freed, 1);
	ck_assert_uint_eq(used->serial, 1);
	part_unref(used);
	ck_assert_int_eq(freed, 1);
	store_sweep(store);
	ck_assert_int_eq(freed, 2);
	used = store_acquire(store);
	ck_assert_uint_eq(used->serial, 3);
	store_publish(store, numbered(4));
	part_unref(used);
	store_free(store);
	ck_assert_int_eq(freed, 4);
}
END_TEST

#define POOLED 1000

START_TEST(rows_of_a_pool_are_apart)
{
	struct row_pool pool = { 0 };
	struct row_block *blocks[POOLED];
	unsigned char *rows[POOLED];

	for (size_t i = 0; i < POOLED; i++) {
		const size_t size = i == POOLED / 2 ? 1000000 : 1 + i;

		rows[i] = row_pool_take(&pool, size, &blocks[i]);
		ck_assert_uint_eq((uintptr_t)rows[i] % _Alignof(max_align_t), 0);
		ck_assert_uint_eq(rows[i][0] | rows[i][size - 1], 0);
		memset(rows[i], (int)i, size);
	}
	ck_assert_ptr_eq(blocks[0], blocks[1]);
	ck_assert_ptr_ne(blocks[POOLED / 2], blocks[POOLED / 2 - 1]);
	row_pool_end(&pool);
	for (size_t i = 0; i < POOLED; i++) {
		ck_assert_uint_eq(rows[i][i == POOLED / 2 ? 999999 : i], i & 0xff);
		row_block_unref(blocks[i]);
	}
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, TIMEOUT_S);
	tcase_add_test(tcase, test);
	suite_add_tcase(suite, tcase);
}

static Suite *scale_suite(void)
{
	Suite *suite = suite_create("scale");

	add(suite, "walks_of_all_modules_are_in_order", walks_of_all_modules_are_in_order);
	add(suite, "memory_of_a_domain_is_bounded", memory_of_a_domain_is_bounded);
	add(suite, "replaced_snapshots_are_the_publishers", replaced_snapshots_are_the_publishers);
	add(suite, "rows_of_a_pool_are_apart", rows_of_a_pool_are_apart);
	return suite;
}

UNIT_MAIN(scale_suite)
