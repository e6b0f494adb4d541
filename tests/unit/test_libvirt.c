/*
 * test_libvirt.c - the live queue and what may enter it, rows of domains, and the source "libvirt" on libvirt's own test
 * driver, with errors of the bulk call thrown in. What it makes of libvirt's answers is in test_libvirt_parse.c.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/live.h"
#include "source/repeats.h"
#include "source/source.h"
#include "source/virevent.h"

#include "unit.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern const struct source source_libvirt;

#define TEST_UUID "6695eb01-f6a4-8304-79aa-97f2502e193f"

/* ---- rows ---- */

START_TEST(rows)
{
	static const uint8_t uuid[16] = { 7 };
	struct domain_ident *ident = domain_ident_new(uuid, "web 1", "hvm");
	struct domain *row = domain_new(part_ref(ident)), *copy;
	struct domains *domains = domains_new(3);

	ck_assert_str_eq(row->name, "web 1");
	ck_assert_str_eq(row->os, "hvm");
	ck_assert_mem_eq(row->uuid, uuid, 16);
	ck_assert_uint_eq(row->have, DOMAIN_HAVE_OS);
	row->vcpus = 4;
	row->devices = domain_devices_new(1, 0);
	row->n_blocks = 1;
	row->block_rows = mem_array(1, sizeof(row->block_rows[0]));
	row->block_rows[0].device = &row->devices->blocks[0];
	copy = domain_copy(row, NULL);
	part_unref(row);
	ck_assert_uint_eq(copy->vcpus, 4);
	ck_assert_uint_eq(copy->devices->part.refs, 1);
	ck_assert_ptr_eq(copy->block_rows[0].device, &copy->devices->blocks[0]);
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

static struct domain_change *change_numbered(int number)
{
	struct domain_change *change = mem_alloc(sizeof(*change));

	change->kind = CHANGE_STATE;
	change->id = number;
	change->name = mem_string("guest");
	return change;
}

static struct domain_change *notice(enum domain_change_kind kind, uint8_t number, const char *device, int64_t mono_ns)
{
	struct domain_change *change = change_numbered(number);

	change->kind = kind;
	change->uuid[0] = number;
	change->device = mem_string(device);
	change->time_mono_ns = mono_ns;
	return change;
}

static int take_all(struct live_queue *queue, int first)
{
	int n = 0;

	for (struct domain_change *change = live_take(queue), *next; change != NULL; change = next, n++) {
		next = change->next;
		if (first >= 0)
			ck_assert_int_eq(change->id, first + n);
		domain_change_free(change);
	}
	return n;
}

START_TEST(live_bounds)
{
	_Atomic int wakes = 0;
	struct live_queue *queue = live_new(count_wake, (void *)&wakes);

	ck_assert_ptr_null(live_take(queue));
	for (int i = 0; i < LIVE_QUEUE_MAX + 10; i++)
		live_push(queue, 0, change_numbered(i));
	ck_assert_uint_eq(live_dropped(queue), 10);
	ck_assert_int_eq(atomic_load(&wakes), LIVE_QUEUE_MAX);
	ck_assert_int_eq(take_all(queue, 0), LIVE_QUEUE_MAX);
	ck_assert_ptr_null(live_take(queue));
	live_push(queue, 0, change_numbered(5));
	ck_assert_int_eq(take_all(queue, 5), 1);
	live_push(queue, 0, change_numbered(6));
	live_free(queue); /* with what is in it */
	live_free(NULL);
	domain_change_free(NULL);
}
END_TEST

/* A flood of notices leaves room for what is of the list. */
START_TEST(live_room)
{
	static const enum domain_change_kind OF_LIST[] = { CHANGE_STATE, CHANGE_DEFINED, CHANGE_UNDEFINED,
							   CHANGE_CONNECTION_CLOSED };
	static const enum domain_change_kind NOTICES[] = { CHANGE_REBOOTED, CHANGE_WATCHDOG, CHANGE_IO_ERROR };
	struct live_queue *queue = live_new(NULL, NULL);

	for (int i = 0; i < 2 * LIVE_QUEUE_MAX; i++)
		live_push(queue, 0, notice(NOTICES[i % 3], 1, NULL, 0));
	ck_assert_uint_eq(live_dropped(queue), 2 * LIVE_QUEUE_MAX - LIVE_NOTICES_MAX);
	for (int i = 0; i < LIVE_QUEUE_MAX - LIVE_NOTICES_MAX; i++)
		live_push(queue, 0, notice(OF_LIST[i % 4], 1, NULL, 0));
	ck_assert_uint_eq(live_dropped(queue), 2 * LIVE_QUEUE_MAX - LIVE_NOTICES_MAX);
	live_push(queue, 0, notice(CHANGE_STATE, 1, NULL, 0));
	ck_assert_uint_eq(live_dropped(queue), 2 * LIVE_QUEUE_MAX - LIVE_NOTICES_MAX + 1);
	ck_assert_int_eq(take_all(queue, -1), LIVE_QUEUE_MAX);
	live_free(queue);
}
END_TEST

START_TEST(live_tickets)
{
	struct live_queue *queue = live_new(NULL, NULL);
	const uint64_t first = live_ticket(queue), late = live_ticket(queue), second = live_ticket(queue);

	live_claim(queue, first);
	live_push(queue, first, change_numbered(1));
	live_claim(queue, second);
	live_push(queue, first, change_numbered(2));
	live_push(queue, first, notice(CHANGE_CONNECTION_CLOSED, 1, NULL, 0));
	live_push(queue, second, change_numbered(2));
	/* One that was given up while it was being opened, and is open after all. */
	live_claim(queue, late);
	live_push(queue, late, change_numbered(3));
	live_push(queue, second, change_numbered(3));
	ck_assert_int_eq(take_all(queue, 1), 3);
	ck_assert_uint_eq(live_dropped(queue), 0); /* nothing is lost by it */
	live_free(queue);
}
END_TEST

static bool passes(struct repeats *repeats, int n, int64_t mono_ns)
{
	char target[16];
	struct domain_change *change;
	bool pass;

	snprintf(target, sizeof(target), "vd%d", n / 256);
	change = notice(CHANGE_IO_ERROR, (uint8_t)(n % 256), target, mono_ns);
	pass = repeats_pass(repeats, change);
	domain_change_free(change);
	return pass;
}

START_TEST(repeats_bounds)
{
	struct repeats *repeats = repeats_new();
	const int64_t begin = 5 * NS_PER_S;

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < REPEATS_MAX; i++)
			ck_assert_int_eq(passes(repeats, i, begin + (round == 0 ? i : REPEATS_MAX)), round == 0);
	/* Full: who is new does not push a living one out. */
	for (int i = 0; i < 1000; i++)
		ck_assert(!passes(repeats, REPEATS_MAX + i, begin + REPEATS_MAX));
	ck_assert(!passes(repeats, 0, begin + REPEAT_NS - 1));
	ck_assert(passes(repeats, 0, begin + REPEAT_NS));
	ck_assert(!passes(repeats, 1, begin + REPEAT_NS));
	ck_assert(passes(repeats, REPEATS_MAX, begin + REPEAT_NS + 1));
	ck_assert(!passes(repeats, 1, begin + REPEAT_NS + 1)); /* no place for it */
	ck_assert(passes(repeats, 1, begin + 2 * REPEAT_NS));
	repeats_free(repeats);
	repeats_free(NULL);
}
END_TEST

/* Each domain, kind and disk is one of its own. */
START_TEST(repeats_keys)
{
	struct repeats *repeats = repeats_new();
	struct domain_change *changes[] = { notice(CHANGE_REBOOTED, 1, NULL, 1), notice(CHANGE_REBOOTED, 2, NULL, 1),
					    notice(CHANGE_WATCHDOG, 1, NULL, 1), notice(CHANGE_IO_ERROR, 1, "vda", 1),
					    notice(CHANGE_IO_ERROR, 1, "vdb", 1) };

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 5; i++)
			ck_assert_int_eq(repeats_pass(repeats, changes[i]), round == 0);
	for (size_t i = 0; i < 5; i++)
		domain_change_free(changes[i]);
	repeats_free(repeats);
}
END_TEST

#define PUSHERS 4
#define PUSHES 2000

static void *push_many(void *arg)
{
	for (int i = 0; i < PUSHES; i++)
		live_push(arg, 0, change_numbered(i));
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
	struct source_error error = { "" };
	void *self = NULL;

	pthread_once(&libvirt_once, libvirt_start);
	ck_assert_msg(source_libvirt.open(env, &self, &error) == 0, "%s", error.text);
	ck_assert_ptr_nonnull(self);
	return self;
}

static struct domains *source_polled(void *self, const struct source_env *env)
{
	struct source_error error = { "" };
	struct part *result = NULL;

	ck_assert_msg(source_libvirt.poll(self, env, &result, &error) == 0, "%s", error.text);
	ck_assert_ptr_nonnull(result);
	return (struct domains *)result;
}

START_TEST(source_default)
{
	struct source_env env = { .uri = "test:///default" };
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
	ck_assert_str_eq(row->os, "hvm");
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
	/* Its vCPUs stand still while its CPU time is the clock: their sum would make that overhead. */
	ck_assert_uint_eq(row->have & DOMAIN_HAVE_VCPU_TIME, 0);
	ck_assert_int_gt(row->read_mono_ns, 0);
	ck_assert_uint_eq(row->n_vcpus, 2);
	ck_assert_uint_eq(row->vcpu_rows[1].index, 2);
	ck_assert_uint_eq(row->vcpu_rows[1].have, VCPU_HAVE_TIME | VCPU_HAVE_PHYSICAL);
	ck_assert_uint_eq(row->n_blocks, 1);
	ck_assert_str_eq(row->block_rows[0].device->target, "vda");
	ck_assert_uint_gt(row->block_rows[0].read_bytes, 0);
	ck_assert_uint_eq(row->disk_read_bytes, row->block_rows[0].read_bytes);
	ck_assert_uint_eq(row->n_nics, 1);
	ck_assert_str_eq(row->nic_rows[0].device->source, "default");
	ck_assert_uint_gt(row->nic_rows[0].rx_bytes, 0);
	again = source_polled(self, &env);
	ck_assert_ptr_ne(again->rows[0], row);
	ck_assert_ptr_eq(again->rows[0]->ident, row->ident); /* shared over time */
	ck_assert_ptr_eq(again->rows[0]->devices, row->devices);
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
	struct domain_change list[8];
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
		for (struct domain_change *change = live_take(queue), *next; change != NULL; change = next) {
			next = change->next;
			ck_assert_int_lt(out->n, 8);
			ck_assert_int_gt(change->time_real_ns, 0);
			ck_assert_int_gt(change->time_mono_ns, 0);
			snprintf(out->name[out->n], 64, "%s", change->name);
			out->list[out->n++] = *change;
			domain_change_free(change);
		}
		if (out->n >= n || pthread_cond_timedwait(&wake_cond, &wake_mutex, &until) != 0)
			break;
	}
	pthread_mutex_unlock(&wake_mutex);
}

#define DOMAIN_XML(name, uuid, os)                                                                                     \
	"<domain type='test'><name>" name "</name><uuid>" uuid "</uuid><metadata><o:libosinfo "                        \
	"xmlns:o='http://libosinfo.org/xmlns/libvirt/domain/1.0'><o:os id='" os "'/></o:libosinfo></metadata>"         \
	"<memory>8192</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>" DEVICES "</devices></domain>"
#define DEVICES                                                                                                        \
	"<disk type='file' device='disk'><source file='/images/1'/><target dev='vda' bus='virtio'/></disk>"            \
	"<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"                                       \
	"<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='tap1'/>"        \
	"<model type='virtio'/></interface>"
#define SECOND_UUID "11111111-2222-3333-4444-555555555555"

static const struct domain *row_named(const struct domains *domains, const char *name)
{
	for (size_t i = 0; i < domains->n; i++)
		if (strcmp(domains->rows[i]->name, name) == 0)
			return domains->rows[i];
	return NULL;
}

/* The devices of DEVICES: rows in any case, numbers while it runs. */
static void check_devices(const struct domain *row, bool running)
{
	const uint64_t block = running ? BLOCK_HAVE_READS | BLOCK_HAVE_READ_BYTES | BLOCK_HAVE_WRITES |
						 BLOCK_HAVE_WRITE_BYTES | BLOCK_HAVE_ERRORS
				       : 0;

	ck_assert_ptr_nonnull(row->devices);
	ck_assert_uint_eq(row->n_vcpus, running ? 1 : 0);
	ck_assert_uint_eq(row->n_blocks, 2);
	ck_assert_str_eq(row->block_rows[0].device->target, "vda");
	ck_assert_str_eq(row->block_rows[0].device->source, "/images/1");
	ck_assert_uint_eq(row->block_rows[0].have, block);
	ck_assert_ptr_null(row->block_rows[1].device->source);
	ck_assert_uint_eq(row->n_nics, 1);
	ck_assert_str_eq(row->nic_rows[0].device->target, "tap1");
	ck_assert_str_eq(row->nic_rows[0].device->source, "br0");
	ck_assert_uint_eq(row->nic_rows[0].have, running ? BIT(8) - 1 : 0);
	ck_assert_uint_eq(row->nic_rows[0].if_index, 0);
	if (running)
		ck_assert_uint_eq(row->disk_reads, row->block_rows[0].reads + row->block_rows[1].reads);
}

/* The event is on its way on another thread: polls until it has arrived. */
static void check_os_becomes(void *self, const struct source_env *env, const char *os)
{
	const int64_t until = clock_mono_ns() + 3 * NS_PER_S;
	bool same = false;

	while (!same && clock_mono_ns() < until) {
		struct domains *domains = source_polled(self, env);
		const struct domain *row = row_named(domains, "x; touch 'pwned'; true");

		same = row->os != NULL && strcmp(row->os, os) == 0;
		part_unref(domains);
	}
	ck_assert(same);
}

/* The test driver's default connection is one for the process, so a second handle can change what the source reads. */
START_TEST(source_changes)
{
	struct live_queue *queue = live_new(wake_signal, NULL);
	struct source_env env = { .uri = "test:///default", .live = queue };
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
	ck_assert_int_eq(got.list[0].kind, CHANGE_DEFINED);
	ck_assert_int_eq(got.list[0].id, -1);
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
	check_devices(row, false);
	part_unref(domains);

	/* Defined anew: the OS is read again because of the event. */
	virDomainFree(
		virDomainDefineXML(other, DOMAIN_XML("x; touch 'pwned'; true", SECOND_UUID, "http://a.example/2")));
	collect(queue, 1, &got);
	ck_assert_int_eq(virDomainSetAutostart(domain, 1), 0);
	ck_assert_int_eq(virDomainCreate(domain), 0);
	ck_assert_int_eq(virDomainSuspend(domain), 0);
	collect(queue, 2, &got);
	ck_assert_int_eq(got.list[0].kind, CHANGE_STATE);
	ck_assert_int_eq(got.list[0].state, DOMAIN_RUNNING);
	ck_assert_str_eq(got.list[0].reason, "booted");
	ck_assert_int_gt(got.list[0].id, 0);
	ck_assert_int_eq(got.list[1].state, DOMAIN_PAUSED);
	ck_assert_str_eq(got.list[1].reason, "user");
	domains = source_polled(self, &env);
	row = row_named(domains, "x; touch 'pwned'; true");
	ck_assert_str_eq(row->os, "http://a.example/2");
	ck_assert_int_eq(row->state, DOMAIN_PAUSED);
	ck_assert_str_eq(row->reason, "user");
	ck_assert(row->autostart && row->persistent);
	ck_assert_int_gt(row->id, 0);
	ck_assert(row->have & DOMAIN_HAVE_CPU_TIME);
	check_devices(row, true);
	part_unref(domains);

	/* An event that nobody else is told of: the XML is read again. */
	ck_assert_int_eq(virDomainSetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT,
					      "<libosinfo><os id='http://a.example/3'/></libosinfo>", "o",
					      "http://libosinfo.org/xmlns/libvirt/domain/1.0", VIR_DOMAIN_AFFECT_LIVE),
			 0);
	check_os_becomes(self, &env, "http://a.example/3");

	/* Gone: no row, the other one stays. */
	ck_assert_int_eq(virDomainResume(domain), 0);
	ck_assert_int_eq(virDomainDestroy(domain), 0);
	ck_assert_int_eq(virDomainUndefine(domain), 0);
	collect(queue, 3, &got);
	ck_assert_str_eq(got.list[0].reason, "unpaused");
	ck_assert_int_eq(got.list[1].state, DOMAIN_SHUTOFF);
	ck_assert_str_eq(got.list[1].reason, "destroyed");
	ck_assert_int_eq(got.list[1].id, -1);
	ck_assert(!got.list[1].crashed);
	ck_assert_int_eq(got.list[2].kind, CHANGE_UNDEFINED);
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

/* Two connections, as after a worker was given up: each change is told once, by the later one. */
START_TEST(source_twice)
{
	struct live_queue *queue = live_new(wake_signal, NULL);
	struct source_env env = { .uri = "test:///default", .live = queue };
	void *given_up = source_opened(&env), *self = source_opened(&env);
	virConnectPtr other = virConnectOpen("test:///default");
	virDomainPtr domain = virDomainLookupByName(other, "test");
	struct collected got;

	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(i % 2 == 0 ? virDomainSuspend(domain) : virDomainResume(domain), 0);
		collect(queue, 1, &got);
		ck_assert_int_eq(got.n, 1);
		ck_assert_int_eq(got.list[0].state, i % 2 == 0 ? DOMAIN_PAUSED : DOMAIN_RUNNING);
	}
	source_libvirt.close(given_up);
	ck_assert_int_eq(virDomainSuspend(domain), 0);
	collect(queue, 1, &got);
	ck_assert_int_eq(got.list[0].state, DOMAIN_PAUSED);
	virDomainFree(domain);
	virConnectClose(other);
	source_libvirt.close(self);
	live_free(queue);
}
END_TEST

START_TEST(source_no_daemon)
{
	struct source_env env = { .uri = "qemu:///system?socket=/nonexistent/libvirt-sock-ro" };
	struct source_error error = { "" };
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

/* ---- the bulk statistics ---- */

/* What the function below is to do at its call number `at`; 0: nothing but count. */
static struct {
	int calls, at;
	size_t longest;
	enum { BULK_FAILS = 1, BULK_UNKNOWN, BULK_VANISHES } what;
	virDomainPtr victim; /* of BULK_VANISHES */
} bulk;

typedef int bulk_call(virDomainPtr *list, unsigned int stats, virDomainStatsRecordPtr **records, unsigned int flags);

static int bulk_real(virDomainPtr *list, unsigned int stats, virDomainStatsRecordPtr **records, unsigned int flags)
{
	bulk_call *real;
	void *symbol = dlsym(RTLD_NEXT, "virDomainListGetStats");

	ck_assert_ptr_nonnull(symbol);
	memcpy(&real, &symbol, sizeof(real));
	return real(list, stats, records, flags);
}

/* In place of libvirt's own, which it calls: with a flag that there is not, or after the end of a domain. */
int virDomainListGetStats(virDomainPtr *list, unsigned int stats, virDomainStatsRecordPtr **records,
			  unsigned int flags)
{
	const bool now = ++bulk.calls == bulk.at;
	virDomainJobInfo job;
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	bulk.longest = n > bulk.longest ? n : bulk.longest;
	if (now && bulk.what == BULK_UNKNOWN)
		return virDomainGetJobInfo(list[0], &job); /* nor does the test driver know that call */
	if (now && bulk.what == BULK_VANISHES)
		ck_assert_int_eq(virDomainUndefine(bulk.victim), 0);
	if (bulk.at > 0 && bulk.calls >= bulk.at && bulk.what == BULK_FAILS)
		flags |= 1u << 20;
	return bulk_real(list, stats, records, flags);
}

/* The source on n domains of the test driver; uri is its caller's. */
static void *source_opened_on(struct source_env *env, char uri[64], int n)
{
	char path[] = "/tmp/edgenode-test-libvirt-XXXXXX";
	int fd = mkstemp(path);
	void *self;

	ck_assert_int_ge(fd, 0);
	close(fd);
	node_write(path, n);
	snprintf(uri, 64, "test://%s", path);
	env->uri = uri;
	self = source_opened(env);
	unlink(path);
	return self;
}

START_TEST(bulk_by_slices)
{
	struct source_env env = { 0 };
	char uri[64];
	void *self = source_opened_on(&env, uri, 129);

	poll_cpu_ns(self, &env, 129);
	ck_assert_int_eq(bulk.calls, 3);
	ck_assert_uint_eq(bulk.longest, 64);
	source_libvirt.close(self);
	bulk.calls = 0;
	self = source_opened_on(&env, uri, 64);
	poll_cpu_ns(self, &env, 64);
	ck_assert_int_eq(bulk.calls, 1);
	source_libvirt.close(self);
	self = source_opened_on(&env, uri, 0);
	poll_cpu_ns(self, &env, 0);
	ck_assert_int_eq(bulk.calls, 1);
	source_libvirt.close(self);
}
END_TEST

/* An error of one slice is no half list and no thousand single calls: the poll fails with libvirt's words. */
START_TEST(bulk_fails)
{
	struct source_env env = { 0 };
	struct source_error error = { "" };
	struct part *result = NULL;
	char uri[64];
	void *self = source_opened_on(&env, uri, 129);

	poll_cpu_ns(self, &env, 129);
	bulk.at = bulk.calls + 2;
	bulk.what = BULK_FAILS;
	ck_assert_int_eq(source_libvirt.poll(self, &env, &result, &error), -ERR_IO);
	ck_assert_ptr_null(result);
	ck_assert_ptr_nonnull(strstr(error.text, uri));
	ck_assert_ptr_nonnull(strstr(error.text, "unsupported flags"));
	bulk.at = 0;
	poll_cpu_ns(self, &env, 129);
	source_libvirt.close(self);
}
END_TEST

/* A driver without the call: what single calls tell. */
START_TEST(bulk_unknown)
{
	struct source_env env = { 0 };
	char uri[64];
	void *self = source_opened_on(&env, uri, 3);

	bulk.at = 1;
	bulk.what = BULK_UNKNOWN;
	poll_cpu_ns(self, &env, 3);
	source_libvirt.close(self);
}
END_TEST

/* A domain that goes after it was listed: no row, and no failure. */
START_TEST(bulk_without_the_vanished)
{
	struct source_env env = { .uri = "test:///default" };
	void *self = source_opened(&env);
	virConnectPtr other = virConnectOpen("test:///default");
	struct domains *domains;

	bulk.victim = virDomainDefineXML(other, DOMAIN_XML("short-lived", SECOND_UUID, "http://a.example/1"));
	ck_assert_ptr_nonnull(bulk.victim);
	bulk.at = 1;
	bulk.what = BULK_VANISHES;
	domains = source_polled(self, &env);
	ck_assert_uint_eq(domains->n, 1);
	ck_assert_str_eq(domains->rows[0]->name, "test");
	part_unref(domains);
	virDomainFree(bulk.victim);
	virConnectClose(other);
	source_libvirt.close(self);
}
END_TEST

START_TEST(source_thousand)
{
	enum { DOMAINS = 1000 };
	struct source_env env = { 0 };
	char uri[64];
	void *self = source_opened_on(&env, uri, DOMAINS);

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
	UNIT_ADD(suite, rows);
	UNIT_ADD(suite, live_bounds);
	UNIT_ADD(suite, live_room);
	UNIT_ADD(suite, live_tickets);
	UNIT_ADD(suite, live_threads);
	UNIT_ADD(suite, repeats_bounds);
	UNIT_ADD(suite, repeats_keys);
	UNIT_ADD(suite, source_default);
	UNIT_ADD(suite, source_changes);
	UNIT_ADD(suite, source_twice);
	UNIT_ADD(suite, source_no_daemon);
	UNIT_ADD(suite, bulk_by_slices);
	UNIT_ADD(suite, bulk_fails);
	UNIT_ADD(suite, bulk_unknown);
	UNIT_ADD(suite, bulk_without_the_vanished);
	tcase_add_test(slow, source_thousand);
	tcase_set_timeout(slow, 60); /* libvirt reads the file; slow under a sanitizer */
	suite_add_tcase(suite, slow);
	return suite;
}

UNIT_MAIN(libvirt_suite)
