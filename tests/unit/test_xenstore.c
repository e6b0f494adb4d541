/*
 * test_xenstore.c - the xenstore transport and the guest's reader, on a store that this file plays: its functions are
 * found before libxenstore's. Not seen here: a real Xen.
 */
#include "transport/xenstore.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "guestlib/xenstore_read.h"

#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xenstore.h>

#define NODES 16
#define PATIENCE_NS (20 * NS_PER_S)

/* --- the store ---------------------------------------------------------------------------------------------------- */

struct xs_handle {
	int unused;
};

static struct {
	pthread_mutex_t lock;
	struct {
		char path[64], *value;
		unsigned length;
	} nodes[NODES];
	bool absent;          /* cannot be opened */
	int error;            /* of every reading and writing */
	bool hangs;           /* in every reading and writing */
	unsigned opened, closed, writes, hanging;
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct xs_handle one_handle;

static void put_node(const char *path, const char *value, unsigned length)
{
	int i = 0;

	while (fake.nodes[i].value != NULL && strcmp(fake.nodes[i].path, path) != 0)
		i++;
	ck_assert_int_lt(i, NODES);
	snprintf(fake.nodes[i].path, sizeof(fake.nodes[i].path), "%s", path);
	free(fake.nodes[i].value);
	fake.nodes[i].value = mem_alloc(length + 1);
	memcpy(fake.nodes[i].value, value, length);
	fake.nodes[i].length = length;
}

/* A copy, or NULL. */
static char *get_node(const char *path, unsigned *length)
{
	for (int i = 0; i < NODES; i++) {
		if (fake.nodes[i].value == NULL || strcmp(fake.nodes[i].path, path) != 0)
			continue;
		*length = fake.nodes[i].length;
		return mem_string(fake.nodes[i].value);
	}
	return NULL;
}

/* With the lock: may wait, without it; false: fails. */
static bool enter(void)
{
	fake.hanging += fake.hangs;
	while (fake.hangs) {
		pthread_mutex_unlock(&fake.lock);
		sched_yield();
		pthread_mutex_lock(&fake.lock);
	}
	errno = fake.error;
	return fake.error == 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
	bool absent;

	ck_assert_uint_eq(flags, 0);
	pthread_mutex_lock(&fake.lock);
	absent = fake.absent;
	fake.opened += !absent;
	pthread_mutex_unlock(&fake.lock);
	errno = ENOENT;
	return absent ? NULL : &one_handle;
}

void xs_close(struct xs_handle *handle)
{
	pthread_mutex_lock(&fake.lock);
	fake.closed += handle != NULL;
	pthread_mutex_unlock(&fake.lock);
}

char *xs_get_domain_path(struct xs_handle *handle, unsigned id)
{
	char path[64];
	bool alright;

	ck_assert_ptr_eq(handle, &one_handle);
	pthread_mutex_lock(&fake.lock);
	alright = enter();
	pthread_mutex_unlock(&fake.lock);
	snprintf(path, sizeof(path), "/local/domain/%u", id);
	return alright ? mem_string(path) : NULL;
}

/* What begins without a slash is of the domain 3. */
void *xs_read(struct xs_handle *handle, xs_transaction_t transaction, const char *path, unsigned *length)
{
	char full[64], *value;

	ck_assert(handle == &one_handle && transaction == XBT_NULL);
	snprintf(full, sizeof(full), "%s%s", path[0] == '/' ? "" : "/local/domain/3/", path);
	pthread_mutex_lock(&fake.lock);
	value = enter() ? get_node(full, length) : NULL;
	pthread_mutex_unlock(&fake.lock);
	if (value == NULL && errno == 0)
		errno = ENOENT;
	return value;
}

bool xs_write(struct xs_handle *handle, xs_transaction_t transaction, const char *path, const void *data,
	      unsigned length)
{
	bool alright;

	ck_assert(handle == &one_handle && transaction == XBT_NULL);
	ck_assert_uint_le(strlen(path) + 1 + length, XENSTORE_NODE_MAX);
	pthread_mutex_lock(&fake.lock);
	alright = enter();
	if (alright)
		put_node(path, data, length);
	fake.writes += alright;
	pthread_mutex_unlock(&fake.lock);
	return alright;
}

static void make_store(void)
{
	memset(fake.nodes, 0, sizeof(fake.nodes));
	setenv("XENSTORED_PATH", "/nonexistent", 1); /* that there may be one */
	log_open("test", false, LOG_LEVEL_ERROR + 1);
}

static void set(bool *flag, bool value)
{
	pthread_mutex_lock(&fake.lock);
	*flag = value;
	pthread_mutex_unlock(&fake.lock);
}

static unsigned count_of(const unsigned *counter)
{
	unsigned value;

	pthread_mutex_lock(&fake.lock);
	value = *counter;
	pthread_mutex_unlock(&fake.lock);
	return value;
}

static void wait_count(const unsigned *counter, unsigned least)
{
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	while (count_of(counter) < least) {
		ck_assert_int_lt(clock_mono_ns(), until);
		sched_yield();
	}
}

/* --- the guest ---------------------------------------------------------------------------------------------------- */

START_TEST(guest_reads_its_own)
{
	char *content = NULL;
	size_t length = 0;

	ck_assert_int_eq(xenstore_read(5000, &content, &length), -ERR_ABSENT);
	put_node("/local/domain/3/metrics", "", 0);
	ck_assert_int_eq(xenstore_read(5000, &content, &length), -ERR_ABSENT);
	put_node("/local/domain/3/metrics", "<metrics/>", 10);
	ck_assert_int_eq(xenstore_read(5000, &content, &length), 0);
	ck_assert_uint_eq(length, 10);
	ck_assert_str_eq(content, "<metrics/>");
	free(content);
	fake.error = EACCES;
	ck_assert_int_eq(xenstore_read(5000, &content, &length), -ERR_IO);
	ck_assert_int_eq(errno, EACCES);
	fake.absent = true;
	ck_assert_int_eq(xenstore_read(5000, &content, &length), -ERR_ABSENT);
	ck_assert_uint_eq(fake.opened, fake.closed);
	if (access("/dev/xen", F_OK) != 0) {
		fake.absent = false;
		fake.error = 0;
		unsetenv("XENSTORED_PATH");
		ck_assert_int_eq(xenstore_read(5000, &content, &length), -ERR_ABSENT); /* not even asked */
		ck_assert_uint_eq(fake.opened, 3 + 1);
	}
}
END_TEST

/* Only so many threads are given up to a store that hangs; they end when it comes back. */
START_TEST(guest_waits_so_long)
{
	char *content = NULL;
	size_t length = 0;

	put_node("/local/domain/3/metrics", "<metrics/>", 10);
	set(&fake.hangs, true);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(xenstore_read(20, &content, &length), -ERR_TIMEOUT);
	ck_assert_int_eq(xenstore_read(20, &content, &length), -ERR_BUSY);
	wait_count(&fake.hanging, 4);
	set(&fake.hangs, false);
	wait_count(&fake.closed, 4);
	while (xenstore_read(20000, &content, &length) == -ERR_BUSY)
		sched_yield();
	ck_assert_str_eq(content, "<metrics/>");
	free(content);
}
END_TEST

/* --- the host ----------------------------------------------------------------------------------------------------- */

struct spec {
	uint32_t index;
	int32_t id; /* -1: not active */
};

static void uuid_of(uint32_t index, uint8_t uuid[16])
{
	memset(uuid, 0, 16);
	uuid[0] = 0xab;
	uuid[15] = (uint8_t)index;
}

static struct domain *make_domain(const struct spec *spec)
{
	struct domain *domain;
	uint8_t uuid[16];

	uuid_of(spec->index, uuid);
	domain = domain_new(domain_ident_new(uuid, "name", NULL));
	domain->index = spec->index;
	domain->id = spec->id;
	domain->have = DOMAIN_HAVE_CPU_TIME;
	domain->cpu_time_ns = spec->index * (uint64_t)NS_PER_S;
	return domain;
}

static void publish(struct store *store, uint64_t serial, const char *host, const struct spec *specs, size_t n)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->serial = serial;
	snapshot->node.name = host;
	snapshot->domains = domains_new(n);
	for (size_t i = 0; i < n; i++)
		snapshot->domains->rows[i] = make_domain(&specs[i]);
	store_publish(store, snapshot);
}

/* Xen's own node of the domain. */
static void put_vm(int id, uint32_t index)
{
	char path[64], text[64] = "/vm/";
	uint8_t uuid[16];

	uuid_of(index, uuid);
	text_uuid_format(uuid, text + 4);
	snprintf(path, sizeof(path), "/local/domain/%d/vm", id);
	put_node(path, text, (unsigned)strlen(text));
}

/* The metrics of that domain in the store; "" where there are none. The caller frees it. */
static char *metrics_of(int id)
{
	char path[64], *value;
	unsigned length;

	snprintf(path, sizeof(path), "/local/domain/%d/metrics", id);
	pthread_mutex_lock(&fake.lock);
	value = get_node(path, &length);
	pthread_mutex_unlock(&fake.lock);
	return value != NULL ? value : mem_string("");
}

static void check_metrics(int id, const char *host, const char *own)
{
	char *text = metrics_of(id), expected[1024];

	snprintf(expected, sizeof(expected),
		 "<metrics>\n<metric type='string' context='host'>\n  <name>HostName</name>\n  <value>%s</value>\n</metric>\n"
		 "<metric type='real64' context='vm' id='%d' uuid='ab000000-0000-0000-0000-00000000000%s'>\n"
		 "  <name>TotalCPUTime</name>\n  <value>%s.000000</value>\n</metric>\n</metrics>\n", host, id, own, own);
	ck_assert_str_eq(text, expected);
	free(text);
}

static void check_none(int id)
{
	char *text = metrics_of(id);

	ck_assert_str_eq(text, "");
	free(text);
}

static struct xenstore_lane *start(struct store *store)
{
	const struct xenstore_options options = { .period_ms = 10, .style = { .profile = GUEST_UPSTREAM } };
	struct xenstore_lane *lane;

	ck_assert_int_eq(xenstore_start(store, &options, &lane), 0);
	return lane;
}

static void end(struct store *store, struct xenstore_lane *lane)
{
	ck_assert(xenstore_stop(lane, clock_mono_ns() + PATIENCE_NS));
	store_free(store);
	ck_assert_uint_eq(fake.opened, fake.closed);
}

/* Each domain has the host and itself; none is written that the store does not know, or knows as another. */
START_TEST(host_writes_each_its_own)
{
	static const struct spec SPECS[] = { { 1, 3 }, { 2, 4 }, { 3, -1 }, { 4, 6 }, { 5, 7 } };
	struct store *store = store_new();
	struct xenstore_lane *lane = start(store);

	put_vm(3, 1);
	put_vm(4, 2);
	put_vm(6, 9);
	publish(store, 1, "one", SPECS, 5);
	wait_count(&fake.writes, 2);
	publish(store, 2, "two", SPECS, 5);
	wait_count(&fake.writes, 4);
	check_metrics(3, "two", "1");
	check_metrics(4, "two", "2");
	check_none(6);
	check_none(7);
	ck_assert_uint_eq(fake.opened, 1);
	end(store, lane);
}
END_TEST

START_TEST(host_leaves_out_what_does_not_fit)
{
	static const struct spec SPEC = { 1, 3 };
	static char name[XENSTORE_NODE_MAX + 1];
	struct store *store = store_new();
	struct xenstore_lane *lane = start(store);
	char *text;

	memset(name, 'n', sizeof(name) - 1);
	put_vm(3, 1);
	publish(store, 1, name, &SPEC, 1);
	wait_count(&fake.writes, 1);
	text = metrics_of(3);
	ck_assert_ptr_nonnull(strstr(text, "<!-- host metrics left out: "));
	ck_assert_ptr_nonnull(strstr(text, "<value>1.000000</value>"));
	ck_assert_ptr_nonnull(strstr(text, "</metrics>\n"));
	free(text);
	end(store, lane);
}
END_TEST

/* Opened anew after a failure, and written once it is there. */
START_TEST(host_comes_back)
{
	static const struct spec SPEC = { 1, 3 };
	struct store *store = store_new();
	struct xenstore_lane *lane;
	uint64_t serial = 1;

	put_vm(3, 1);
	fake.absent = true;
	lane = start(store);
	publish(store, serial++, "one", &SPEC, 1);
	set(&fake.absent, false);
	wait_count(&fake.writes, 1);
	pthread_mutex_lock(&fake.lock);
	fake.error = EPIPE;
	pthread_mutex_unlock(&fake.lock);
	publish(store, serial++, "two", &SPEC, 1);
	wait_count(&fake.closed, 1);
	pthread_mutex_lock(&fake.lock);
	fake.error = 0;
	pthread_mutex_unlock(&fake.lock);
	wait_count(&fake.writes, 2);
	check_metrics(3, "two", "1");
	end(store, lane);
}
END_TEST

/* A store that hangs holds its own lane, and the end of that no longer than it is told. */
START_TEST(host_is_not_held_by_a_hanging_store)
{
	static const struct spec SPEC = { 1, 3 };
	struct store *store = store_new();
	struct xenstore_lane *lane = start(store);
	int64_t begin;

	put_vm(3, 1);
	set(&fake.hangs, true);
	publish(store, 1, "one", &SPEC, 1);
	wait_count(&fake.hanging, 1);
	publish(store, 2, "two", &SPEC, 1);
	begin = clock_mono_ns();
	ck_assert(!xenstore_stop(lane, begin + 100 * NS_PER_MS));
	ck_assert_int_lt(clock_mono_ns() - begin, 10 * NS_PER_S);
	set(&fake.hangs, false);
	end(store, lane);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, make_store, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}
#define ADD(suite, test) add(suite, #test, test)

static Suite *xenstore_suite(void)
{
	Suite *suite = suite_create("xenstore");

	ADD(suite, guest_reads_its_own);
	ADD(suite, guest_waits_so_long);
	ADD(suite, host_writes_each_its_own);
	ADD(suite, host_leaves_out_what_does_not_fit);
	ADD(suite, host_comes_back);
	ADD(suite, host_is_not_held_by_a_hanging_store);
	return suite;
}

UNIT_MAIN(xenstore_suite)
