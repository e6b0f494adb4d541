/*
 * test_libvirt_monitor.c - the source "libvirt" with monitors that hang, and the source "pools".
 *
 * The hypervisor is libvirt's test driver, which is made to look like QEMU's: it says it is of that type, and its bulk
 * call for the monitor's groups hangs as QEMU's does: the first call for good, each later one leaves that domain out.
 */
#include "base/clock.h"
#include "base/err.h"
#include "source/libvirt_monitor.h"
#include "source/libvirt_turn.h"
#include "source/source.h"
#include "source/virevent.h"

#include "unit.h"

#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct source source_libvirt, source_pools;

#define DOMAINS_MOST 256
#define PATIENCE_NS (30 * NS_PER_S)

/* ---- a QEMU that hangs ---- */

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool hangs[DOMAINS_MOST]; /* by the last byte of the UUID */
	bool held[DOMAINS_MOST];  /* a call hangs at it */
	bool refuses;
	int hanging;
	int calls;
	size_t longest;
} qemu = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static int number_of(virDomainPtr domain)
{
	uint8_t uuid[16];

	ck_assert_int_eq(virDomainGetUUID(domain, uuid), 0);
	return uuid[15];
}

static void hang(int number, bool hangs)
{
	pthread_mutex_lock(&qemu.mutex);
	qemu.hangs[number] = hangs;
	pthread_cond_broadcast(&qemu.changed);
	pthread_mutex_unlock(&qemu.mutex);
}

static int hanging(void)
{
	int n;

	pthread_mutex_lock(&qemu.mutex);
	n = qemu.hanging;
	pthread_mutex_unlock(&qemu.mutex);
	return n;
}

/* Called with the mutex held. Whether it answers this call. */
static bool monitor_enter(int number)
{
	if (qemu.held[number])
		return false;
	if (!qemu.hangs[number])
		return true;
	qemu.held[number] = true;
	qemu.hanging++;
	while (qemu.hangs[number])
		pthread_cond_wait(&qemu.changed, &qemu.mutex);
	qemu.hanging--;
	qemu.held[number] = false;
	return true;
}

static void add_values(virDomainStatsRecordPtr record)
{
	int room = record->nparams;

	ck_assert_int_eq(virTypedParamsAddULLong(&record->params, &record->nparams, &room, "balloon.rss", 4096), 0);
	ck_assert_int_eq(virTypedParamsAddULLong(&record->params, &record->nparams, &room, "cpu.time", 1000), 0);
}

typedef int bulk_call(virDomainPtr *list, unsigned int stats, virDomainStatsRecordPtr **records, unsigned int flags);

static int bulk_real(virDomainPtr *list, unsigned int stats, virDomainStatsRecordPtr **records, unsigned int flags)
{
	bulk_call *real;
	void *symbol = dlsym(RTLD_NEXT, "virDomainListGetStats");

	ck_assert_ptr_nonnull(symbol);
	memcpy(&real, &symbol, sizeof(real));
	return real(list, stats, records, flags);
}

static bool refused(size_t n)
{
	bool refuses;

	pthread_mutex_lock(&qemu.mutex);
	qemu.calls++;
	qemu.longest = n > qemu.longest ? n : qemu.longest;
	refuses = qemu.refuses;
	pthread_mutex_unlock(&qemu.mutex);
	return refuses;
}

/* What QEMU's driver does with the monitor's groups. */
static int bulk_of_monitors(virDomainPtr *list, virDomainStatsRecordPtr **records)
{
	bool answers[DOMAINS_MOST] = { false };
	size_t n = 0;
	int rc;

	while (list[n] != NULL)
		n++;
	if (refused(n))
		return bulk_real(list, 0, records, 1u << 20); /* no such flag */
	pthread_mutex_lock(&qemu.mutex);
	for (size_t i = 0; i < n; i++)
		answers[number_of(list[i])] = monitor_enter(number_of(list[i]));
	pthread_mutex_unlock(&qemu.mutex);
	rc = bulk_real(list, VIR_DOMAIN_STATS_STATE, records, 0);
	for (int i = 0; i < rc; i++)
		if (answers[number_of((*records)[i]->dom)])
			add_values((*records)[i]);
	return rc;
}

int virDomainListGetStats(virDomainPtr *list, unsigned int stats, virDomainStatsRecordPtr **records, unsigned int flags)
{
	if (stats == LIBVIRT_MONITOR_GROUPS)
		return bulk_of_monitors(list, records);
	ck_assert_uint_eq(stats, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE); /* nothing else may hang */
	return bulk_real(list, stats, records, flags);
}

const char *virConnectGetType(virConnectPtr connection)
{
	(void)connection;
	return "QEMU";
}

/* A single call that would ask the monitor. */
int virDomainMemoryStats(virDomainPtr domain, virDomainMemoryStatPtr stats, unsigned int n, unsigned int flags)
{
	(void)domain;
	(void)stats;
	(void)n;
	(void)flags;
	ck_abort_msg("virDomainMemoryStats asks the monitor");
	return -1;
}

/* ---- the source ---- */

static pthread_once_t libvirt_once = PTHREAD_ONCE_INIT;

static void libvirt_start(void)
{
	ck_assert_int_eq(virevent_start(), 0);
}

/* n domains; env borrows the URI. */
static void *opened(struct source_env *env, char uri[64], int n)
{
	char path[] = "/tmp/edgenode-test-monitor-XXXXXX";
	struct source_error error = { "" };
	void *self = NULL;
	FILE *file;

	pthread_once(&libvirt_once, libvirt_start);
	file = fdopen(mkstemp(path), "w");
	ck_assert_ptr_nonnull(file);
	fputs("<node>", file);
	for (int i = 0; i < n; i++)
		fprintf(file,
			"<domain type='test'><name>guest-%d</name><uuid>00000000-0000-4000-8000-%012x</uuid>"
			"<memory>8192</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>",
			i, (unsigned)i);
	fputs("</node>", file);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(uri, 64, "test://%s", path);
	env->uri = uri;
	ck_assert_msg(source_libvirt.open(env, &self, &error) == 0, "%s", error.text);
	return self;
}

static void closed(void *self, const char *uri)
{
	source_libvirt.close(self);
	unlink(uri + strlen("test://"));
}

static struct domains *polled(void *self, const struct source_env *env, size_t n)
{
	struct source_error error = { "" };
	struct part *result = NULL;
	struct domains *domains;

	ck_assert_msg(source_libvirt.poll(self, env, &result, &error) == 0, "%s", error.text);
	domains = (struct domains *)result;
	ck_assert_uint_eq(domains->n, n);
	return domains;
}

static const struct domain *row_of(const struct domains *domains, int number)
{
	for (size_t i = 0; i < domains->n; i++)
		if (domains->rows[i]->uuid[15] == number)
			return domains->rows[i];
	ck_abort_msg("no domain %d", number);
	return NULL;
}

static bool is_whole(const struct domain *row)
{
	return (row->have & (DOMAIN_HAVE_MEM_RSS | DOMAIN_HAVE_CPU_TIME)) ==
	       (DOMAIN_HAVE_MEM_RSS | DOMAIN_HAVE_CPU_TIME);
}

START_TEST(all_at_first)
{
	enum { N = 40 };
	struct source_env env = { 0 };
	char uri[64];
	void *self = opened(&env, uri, N);
	const int64_t begin = clock_mono_ns();
	struct domains *domains = polled(self, &env, N);

	for (size_t i = 0; i < domains->n; i++) {
		ck_assert(is_whole(domains->rows[i]));
		ck_assert_int_ge(domains->rows[i]->read_mono_ns, begin);
		ck_assert_int_le(domains->rows[i]->read_mono_ns, domain_state_mono_ns(domains->rows[i]));
		ck_assert_int_eq(domains->rows[i]->state, DOMAIN_RUNNING);
		ck_assert_uint_eq(domains->rows[i]->mem_rss_kib, 4096);
	}
	ck_assert_uint_eq(qemu.longest, LIBVIRT_MONITOR_SLICE_MAX);
	ck_assert_int_eq(qemu.calls, (N + LIBVIRT_MONITOR_SLICE_MAX - 1) / LIBVIRT_MONITOR_SLICE_MAX);
	part_unref(domains);
	/* At once again: only the least share is asked, the others keep what was read. */
	domains = polled(self, &env, N);
	ck_assert_int_eq(qemu.calls, 4);
	for (size_t i = 0; i < domains->n; i++)
		ck_assert(is_whole(domains->rows[i]));
	part_unref(domains);
	closed(self, uri);
}
END_TEST

/* Polls until every row of which no QEMU hangs is younger than since; the last result. */
static struct domains *poll_until_fresh(void *self, const struct source_env *env, size_t n, int64_t since)
{
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	for (;;) {
		struct domains *domains = polled(self, env, n);
		size_t fresh = 0, wanted = 0;

		for (size_t i = 0; i < n; i++) {
			const struct domain *row = domains->rows[i];

			wanted += !qemu.hangs[row->uuid[15]];
			fresh += !qemu.hangs[row->uuid[15]] && row->read_mono_ns >= since;
		}
		if (fresh == wanted)
			return domains;
		ck_assert_msg(clock_mono_ns() < until, "%zu of %zu rows are fresh", fresh, wanted);
		part_unref(domains);
	}
}

START_TEST(one_hangs)
{
	enum { N = 40, VICTIM = 7 };
	struct source_env env = { 0 };
	char uri[64];
	void *self = opened(&env, uri, N);
	struct domains *domains = polled(self, &env, N), *later;
	const int64_t read_at = row_of(domains, VICTIM)->read_mono_ns;
	int64_t hung_at;

	hang(VICTIM, true);
	later = poll_until_fresh(self, &env, N, clock_mono_ns());
	while (hanging() == 0) {
		part_unref(later);
		later = polled(self, &env, N);
	}
	hung_at = clock_mono_ns();
	part_unref(later);
	later = poll_until_fresh(self, &env, N, hung_at);
	ck_assert_int_lt(row_of(later, VICTIM)->read_mono_ns, hung_at);
	ck_assert_int_ge(row_of(later, VICTIM)->read_mono_ns, read_at);
	ck_assert_int_ge(domain_state_mono_ns(row_of(later, VICTIM)), hung_at);
	ck_assert(is_whole(row_of(later, VICTIM)));
	part_unref(later);
	/* And again and again: the one call hangs, and nobody waits for it. */
	for (int i = 0; i < 3; i++) {
		const int64_t begin = clock_mono_ns();

		part_unref(poll_until_fresh(self, &env, N, begin));
		ck_assert_int_lt(clock_mono_ns() - begin, 3 * NS_PER_S);
		ck_assert_int_eq(hanging(), 1);
	}
	hang(VICTIM, false);
	part_unref(poll_until_fresh(self, &env, N, clock_mono_ns()));
	ck_assert_int_eq(hanging(), 0);
	part_unref(domains);
	closed(self, uri);
}
END_TEST

/* All of them: no more calls hang than lanes may be lost, polls go on, and when they answer all is as before. */
START_TEST(all_hang)
{
	enum { N = 60 };
	struct source_env env = { 0 };
	char uri[64];
	void *self = opened(&env, uri, N);
	const int most = LIBVIRT_MONITOR_ABANDONED_MAX + LIBVIRT_MONITOR_LANES;
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	part_unref(polled(self, &env, N));
	for (int i = 0; i < N; i++)
		hang(i, true);
	while (hanging() < LIBVIRT_MONITOR_ABANDONED_MAX) {
		const int64_t begin = clock_mono_ns();

		part_unref(polled(self, &env, N));
		ck_assert_int_lt(clock_mono_ns() - begin, 2 * NS_PER_S);
		ck_assert_int_lt(clock_mono_ns(), until);
	}
	for (int i = 0; i < 5; i++)
		part_unref(polled(self, &env, N));
	ck_assert_int_le(hanging(), most);
	for (int i = 0; i < N; i++)
		hang(i, false);
	part_unref(poll_until_fresh(self, &env, N, clock_mono_ns()));
	closed(self, uri);
}
END_TEST

/* The owner goes while a call hangs; its thread frees all when the call returns (a leak would be told of). */
START_TEST(closed_while_it_hangs)
{
	enum { N = 3 };
	struct source_env env = { 0 };
	char uri[64];
	void *self = opened(&env, uri, N);
	int64_t begin;

	part_unref(polled(self, &env, N));
	hang(1, true);
	while (hanging() == 0)
		part_unref(polled(self, &env, N));
	begin = clock_mono_ns();
	closed(self, uri);
	ck_assert_int_lt(clock_mono_ns() - begin, NS_PER_S);
	hang(1, false);
	begin = clock_mono_ns();
	while (hanging() != 0)
		ck_assert_int_lt(clock_mono_ns() - begin, PATIENCE_NS);
}
END_TEST

/* libvirtd refuses the call: values stay, the poll is no failure, and later all is as before. */
START_TEST(refused_call)
{
	enum { N = 20 };
	struct source_env env = { 0 };
	char uri[64];
	void *self = opened(&env, uri, N);
	struct domains *domains;

	part_unref(polled(self, &env, N));
	qemu.refuses = true;
	for (int i = 0; i < 4; i++)
		part_unref(polled(self, &env, N));
	domains = polled(self, &env, N);
	for (size_t i = 0; i < N; i++)
		ck_assert(is_whole(domains->rows[i]));
	part_unref(domains);
	qemu.refuses = false;
	part_unref(poll_until_fresh(self, &env, N, clock_mono_ns()));
	closed(self, uri);
}
END_TEST

/* ---- pools ---- */

static struct pools *pools_of(const struct source_env *env)
{
	struct source_error error = { "" };
	struct part *result = NULL;
	void *self = NULL;

	pthread_once(&libvirt_once, libvirt_start);
	ck_assert_msg(source_pools.open(env, &self, &error) == 0, "%s", error.text);
	ck_assert_msg(source_pools.poll(self, env, &result, &error) == 0, "%s", error.text);
	source_pools.close(self);
	return (struct pools *)result;
}

static const struct pool *pool_named(const struct pools *pools, const char *name)
{
	for (size_t i = 0; i < pools->n; i++)
		if (strcmp(pools->rows[i].name, name) == 0)
			return &pools->rows[i];
	return NULL;
}

START_TEST(pools_default)
{
	static const char xml[] = "<pool type='dir'><name>%s</name><target><path>/nowhere</path></target></pool>";
	const struct source_env env = { .uri = "test:///default" };
	virConnectPtr other = virConnectOpen("test:///default");
	virStoragePoolPtr off, handle = virStoragePoolLookupByName(other, "default-pool");
	char text[1024], name[POOL_NAME_SIZE + 64] = "";
	virStoragePoolInfo info;
	struct pools *pools;
	uint8_t uuid[16];
	const struct pool *row;

	for (size_t i = 0; i + 3 < sizeof(name); i += 2)
		strcat(name, "\xc3\xa4"); /* longer than a row's */
	snprintf(text, sizeof(text), xml, name);
	off = virStoragePoolDefineXML(other, text, 0);
	ck_assert_ptr_nonnull(off);
	pools = pools_of(&env);
	ck_assert_uint_eq(pools->n, 2);
	row = pool_named(pools, "default-pool");
	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(virStoragePoolGetInfo(handle, &info), 0);
	ck_assert_int_eq(virStoragePoolGetUUID(handle, uuid), 0);
	ck_assert_mem_eq(row->uuid, uuid, 16);
	ck_assert_int_eq(row->state, POOL_RUNNING);
	ck_assert_uint_eq(row->have, POOL_HAVE_SIZES);
	ck_assert_uint_eq(row->capacity_bytes, info.capacity);
	ck_assert_uint_eq(row->allocation_bytes, info.allocation);
	ck_assert_uint_eq(row->available_bytes, info.available);
	row = row == &pools->rows[0] ? &pools->rows[1] : &pools->rows[0];
	ck_assert_int_eq(row->state, POOL_INACTIVE);
	ck_assert_uint_eq(row->have, 0);
	ck_assert_uint_eq(strlen(row->name), (POOL_NAME_SIZE - 1) / 2 * 2); /* no half character */
	ck_assert_int_eq(strncmp(row->name, name, strlen(row->name)), 0);
	part_unref(pools);
	ck_assert_int_eq(virStoragePoolUndefine(off), 0);
	pools = pools_of(&env);
	ck_assert_uint_eq(pools->n, 1);
	part_unref(pools);
	virStoragePoolFree(off);
	virStoragePoolFree(handle);
	virConnectClose(other);
}
END_TEST

START_TEST(pools_no_daemon)
{
	const struct source_env env = { .uri = "qemu:///system?socket=/nonexistent/libvirt-sock-ro" };
	struct source_error error = { "" };
	void *self = NULL;

	pthread_once(&libvirt_once, libvirt_start);
	ck_assert_int_eq(source_pools.open(&env, &self, &error), -ERR_IO);
	ck_assert_ptr_null(self);
	ck_assert_ptr_nonnull(strstr(error.text, env.uri));
}
END_TEST

/* In place of libvirt's: a pool that goes between the list and its reading, and a driver without storage. */
static struct {
	bool vanishes, unknown;
} storage;

int virStoragePoolGetInfo(virStoragePoolPtr pool, virStoragePoolInfoPtr info)
{
	int (*real)(virStoragePoolPtr, virStoragePoolInfoPtr);
	void *symbol = dlsym(RTLD_NEXT, "virStoragePoolGetInfo");

	if (storage.vanishes) {
		virStoragePoolPtr gone = virStoragePoolLookupByName(virStoragePoolGetConnect(pool), "nobody");

		ck_assert_ptr_null(gone); /* and the error is what a pool that has gone gives */
		return -1;
	}
	memcpy(&real, &symbol, sizeof(real));
	return real(pool, info);
}

int virConnectListAllStoragePools(virConnectPtr connection, virStoragePoolPtr **pools, unsigned int flags)
{
	int (*real)(virConnectPtr, virStoragePoolPtr **, unsigned int);
	void *symbol = dlsym(RTLD_NEXT, "virConnectListAllStoragePools");

	if (storage.unknown) /* a call that the test driver does not know */
		return virConnectListAllSecrets(connection, NULL, 0);
	memcpy(&real, &symbol, sizeof(real));
	return real(connection, pools, flags);
}

START_TEST(pools_vanished_or_unknown)
{
	const struct source_env env = { .uri = "test:///default" };
	struct source_error error = { "" };
	struct part *result = NULL;
	struct pools *pools;
	void *self = NULL;

	storage.vanishes = true;
	pools = pools_of(&env);
	ck_assert_uint_eq(pools->n, 0);
	part_unref(pools);
	storage.vanishes = false;
	storage.unknown = true;
	ck_assert_int_eq(source_pools.open(&env, &self, &error), 0);
	ck_assert_int_eq(source_pools.poll(self, &env, &result, &error), -ERR_ABSENT);
	ck_assert_ptr_null(result);
	source_pools.close(self);
}
END_TEST

static Suite *monitor_suite(void)
{
	Suite *suite = suite_create("libvirt_monitor");
	TCase *slow = tcase_create("hangs");

	if (virevent_init() != 0)
		exit(EXIT_FAILURE);
	UNIT_ADD(suite, all_at_first);
	UNIT_ADD(suite, refused_call);
	UNIT_ADD(suite, pools_default);
	UNIT_ADD(suite, pools_no_daemon);
	UNIT_ADD(suite, pools_vanished_or_unknown);
	tcase_add_test(slow, one_hangs);
	tcase_add_test(slow, all_hang);
	tcase_add_test(slow, closed_while_it_hangs);
	tcase_set_timeout(slow, 120); /* calls hang for their deadline, on a busy machine */
	suite_add_tcase(suite, slow);
	return suite;
}

UNIT_MAIN(monitor_suite)
