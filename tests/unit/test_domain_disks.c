/*
 * test_domain_disks.c - a metrics disk for each domain: when it is made, what it shows, when it goes; the lane with
 * them.
 */
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/text.h"
#include "guestlib/mvbd_read.h"
#include "transport/disk_lane.h"

#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 256
#define SIZE 4096
#define KEEP_S 10
#define PATIENCE_NS (20 * NS_PER_S)

static char directory[] = "/tmp/edgenode-own-XXXXXX";
static char pattern[PATH_SIZE];
static const struct guest_style STYLE = { .profile = GUEST_UPSTREAM };

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(pattern, sizeof(pattern), "%s/vm-%%u.disk", directory);
}

static void remove_directory(void)
{
	char command[PATH_SIZE];

	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ck_assert_int_eq(system(command), 0);
}

/* --- domains ------------------------------------------------------------------------------------------------------ */

static void uuid_of(uint32_t n, uint8_t uuid[16])
{
	memset(uuid, 0, 16);
	uuid[0] = (uint8_t)(255 - n); /* not in the order of the indexes */
	uuid[14] = (uint8_t)(n >> 8);
	uuid[15] = (uint8_t)n;
}

static const char *path_of(uint32_t n)
{
	static char path[PATH_SIZE];
	char text[TEXT_UUID_SIZE];
	uint8_t uuid[16];

	uuid_of(n, uuid);
	text_uuid_format(uuid, text);
	snprintf(path, sizeof(path), "%s/vm-%s.disk", directory, text);
	return path;
}

struct spec {
	uint32_t index;
	int32_t id;
};

/* specs: ascending index. */
static struct snapshot *make_snapshot(uint64_t serial, const struct spec *specs, size_t n)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->serial = serial;
	snapshot->sealed_real_ns = (int64_t)serial * NS_PER_S;
	snapshot->node.name = "host.example";
	snapshot->domains = domains_new(n);
	for (size_t i = 0; i < n; i++) {
		uint8_t uuid[16];
		struct domain *domain;

		uuid_of(specs[i].index, uuid);
		domain = domain_new(domain_ident_new(uuid, "name", NULL));
		domain->index = specs[i].index;
		domain->id = specs[i].id;
		domain->have = DOMAIN_HAVE_CPU_TIME;
		domain->cpu_time_ns = specs[i].index * UINT64_C(1000000000);
		snapshot->domains->rows[i] = domain;
	}
	return snapshot;
}

static struct domain_disks *make(uint32_t most, uint32_t keep_s)
{
	const struct domain_disks_options options = {
		.pattern = pattern, .size = SIZE, .most = most, .keep_s = keep_s
	};

	return domain_disks_new(&options, &STYLE);
}

static bool show_at(struct domain_disks *disks, uint64_t serial, const struct spec *specs, size_t n,
		    int64_t now_mono_ns)
{
	struct snapshot *snapshot = make_snapshot(serial, specs, n);
	const bool all = domain_disks_show(disks, snapshot, now_mono_ns);

	part_unref(snapshot);
	return all;
}

static bool show(struct domain_disks *disks, uint64_t serial, const struct spec *specs, size_t n)
{
	return show_at(disks, serial, specs, n, clock_mono_ns());
}

/* --- what is on a disk -------------------------------------------------------------------------------------------- */

static bool there_is(uint32_t n)
{
	return access(path_of(n), F_OK) == 0;
}

static bool disk_holds(uint32_t n, const char *text)
{
	char *content = NULL;
	size_t length;
	const bool ok = mvbd_read(path_of(n), 0, &content, &length) == 0 && strstr(content, text) != NULL;

	free(content);
	return ok;
}

/* The host's metrics as of that snapshot, and this domain's alone. */
static void check_disk(uint32_t n, uint64_t serial)
{
	char text[200], uuid_text[TEXT_UUID_SIZE], *content = NULL;
	const char *vm;
	uint8_t uuid[16];
	size_t length;

	ck_assert_int_eq(mvbd_read(path_of(n), 0, &content, &length), 0);
	ck_assert_ptr_nonnull(strstr(content, "<value>host.example</value>"));
	snprintf(text, sizeof(text), "<name>Time</name>\n  <value>%llu</value>", (unsigned long long)serial);
	ck_assert_msg(strstr(content, text) != NULL, "%s", content);
	uuid_of(n, uuid);
	text_uuid_format(uuid, uuid_text);
	vm = strstr(content, "context='vm'");
	ck_assert_ptr_nonnull(vm);
	snprintf(text, sizeof(text), "uuid='%s'", uuid_text);
	ck_assert_ptr_nonnull(strstr(vm, text));
	snprintf(text, sizeof(text), "<value>%u.000000</value>", n);
	ck_assert_ptr_nonnull(strstr(vm, text));
	ck_assert_ptr_null(strstr(vm + 1, "context='vm'"));
	free(content);
}

START_TEST(each_shows_its_own)
{
	static const struct spec SPECS[] = { { 1, 11 }, { 2, 12 }, { 7, 13 } };
	struct domain_disks *disks = make(16, KEEP_S);
	struct stat st;

	ck_assert(show(disks, 1, SPECS, 3));
	for (int i = 0; i < 3; i++)
		check_disk(SPECS[i].index, 1);
	ck_assert_int_eq(stat(path_of(7), &st), 0);
	ck_assert_int_eq(st.st_size, SIZE);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert(show(disks, 2, SPECS, 3));
	for (int i = 0; i < 3; i++)
		check_disk(SPECS[i].index, 2);
	domain_disks_free(disks);
	check_disk(7, 2); /* outlives the daemon */
	disks = make(16, KEEP_S);
	ck_assert(show(disks, 3, SPECS, 3));
	check_disk(7, 3);
	domain_disks_free(disks);
	domain_disks_free(NULL);
}
END_TEST

/* libvirt starts no domain whose disk is not there. */
START_TEST(made_before_the_domain_runs)
{
	static const struct spec OFF = { 1, -1 }, ON = { 1, 5 };
	struct domain_disks *disks = make(16, KEEP_S);

	ck_assert(show(disks, 1, &OFF, 1));
	ck_assert(disk_holds(1, "<!-- VM metrics not available -->"));
	ck_assert(disk_holds(1, "host.example"));
	ck_assert(show(disks, 2, &OFF, 1));
	ck_assert(disk_holds(1, "<value>1</value>")); /* not written again for nobody */
	ck_assert_int_eq(unlink(path_of(1)), 0);
	ck_assert(show(disks, 3, &OFF, 1));
	ck_assert(disk_holds(1, "<value>3</value>"));
	ck_assert(show(disks, 4, &ON, 1));
	check_disk(1, 4);
	ck_assert(show(disks, 5, &OFF, 1));
	ck_assert(disk_holds(1, "<!-- VM metrics not available -->"));
	domain_disks_free(disks);
}
END_TEST

START_TEST(goes_some_time_after_its_domain)
{
	static const struct spec BOTH[] = { { 1, 5 }, { 2, 6 } };
	struct domain_disks *disks = make(16, KEEP_S);
	int64_t now = clock_mono_ns();

	ck_assert(show_at(disks, 1, BOTH, 2, now));
	ck_assert(show_at(disks, 2, BOTH, 1, now));
	ck_assert(there_is(2) && disk_holds(2, "<!-- VM metrics not available -->"));
	ck_assert_uint_eq(domain_disks_count(disks), 1);
	ck_assert(show_at(disks, 3, BOTH, 1, now + (KEEP_S - 1) * NS_PER_S));
	ck_assert(there_is(2));
	ck_assert(show_at(disks, 4, BOTH, 2, now + (KEEP_S - 1) * NS_PER_S)); /* again the same: its time begins anew */
	check_disk(2, 4);
	ck_assert(show_at(disks, 5, BOTH, 1, now + KEEP_S * NS_PER_S));
	ck_assert(there_is(2));
	ck_assert(show_at(disks, 6, BOTH, 1, now + 2 * KEEP_S * NS_PER_S));
	ck_assert(!there_is(2) && there_is(1));
	domain_disks_free(disks);
	disks = make(16, 0);
	ck_assert(show_at(disks, 7, BOTH, 2, now));
	ck_assert(show_at(disks, 8, BOTH, 1, now));
	ck_assert(show_at(disks, 9, BOTH, 1, INT64_MAX));
	ck_assert(there_is(2)); /* kept for ever */
	domain_disks_free(disks);
}
END_TEST

/* What stands there by now is somebody else's. */
START_TEST(removes_nothing_but_its_own)
{
	static const struct spec SPEC = { 1, 5 };
	struct domain_disks *disks = make(16, 1);
	const int64_t now = clock_mono_ns();
	int fd;

	ck_assert(show_at(disks, 1, &SPEC, 1, now));
	ck_assert(show_at(disks, 2, NULL, 0, now));
	ck_assert_int_eq(unlink(path_of(1)), 0);
	fd = open(path_of(1), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert(show_at(disks, 3, NULL, 0, now + 2 * NS_PER_S));
	ck_assert(there_is(1));
	domain_disks_free(disks);
}
END_TEST

/* Unknown is not gone. */
START_TEST(unknown_domains_keep_their_disks)
{
	static const struct spec SPEC = { 1, 5 };
	struct domain_disks *disks = make(16, 1);
	struct snapshot *unknown = snapshot_new();
	const int64_t now = clock_mono_ns();

	ck_assert(show_at(disks, 1, &SPEC, 1, now));
	ck_assert(domain_disks_show(disks, unknown, now + 100 * NS_PER_S));
	ck_assert(domain_disks_show(disks, unknown, now + 200 * NS_PER_S));
	check_disk(1, 1);
	part_unref(unknown);
	domain_disks_free(disks);
}
END_TEST

START_TEST(no_more_than_the_limit)
{
	static const struct spec SPECS[] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };
	struct domain_disks *disks = make(2, KEEP_S);

	ck_assert(show(disks, 1, SPECS, 3));
	ck_assert(there_is(1) && there_is(2) && !there_is(3));
	ck_assert(show(disks, 2, SPECS, 3));
	check_disk(2, 2);
	domain_disks_free(disks);
}
END_TEST

/* A disk that cannot be had is counted; the others are written. */
START_TEST(failures_are_its_own)
{
	static const struct spec SPECS[] = { { 1, 1 }, { 2, 2 }, { 3, 3 } };
	struct domain_disks *disks = make(16, KEEP_S);
	struct vbd rows[3] = { 0 };

	ck_assert_int_eq(mkdir(path_of(2), 0700), 0);
	ck_assert(!show(disks, 1, SPECS, 3));
	ck_assert(!show(disks, 2, SPECS, 3));
	check_disk(1, 2);
	check_disk(3, 2);
	ck_assert_uint_eq(domain_disks_count(disks), 3);
	domain_disks_rows(disks, rows);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(rows[i].index, i + 2);
		ck_assert_uint_eq(rows[i].domain, i + 1);
		ck_assert_str_eq(rows[i].path, path_of(i + 1));
		ck_assert_uint_eq(rows[i].size_bytes, SIZE);
		ck_assert_uint_eq(rows[i].updates, i == 1 ? 0 : 2);
		ck_assert_uint_eq(rows[i].failures, i == 1 ? 2 : 0);
		ck_assert((rows[i].length_bytes > 100) == (i != 1));
		free(rows[i].path);
	}
	domain_disks_free(disks);
}
END_TEST

START_TEST(too_small_says_so)
{
	static const struct spec SPEC = { 1, 1 };
	const struct domain_disks_options options = { .pattern = pattern, .size = 1024, .most = 1 };
	struct domain_disks *disks = domain_disks_new(&options, &(struct guest_style){ .units = true });
	struct snapshot *snapshot = make_snapshot(1, &SPEC, 1);
	struct vbd row = { 0 };
	char name[900];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	name[700] = '\0'; /* the host's part fits, the domain's no more */
	snapshot->node.name = name;
	ck_assert(domain_disks_show(disks, snapshot, 0));
	ck_assert(disk_holds(1, "<!-- VM metrics left out: the disk is too small for them -->") && disk_holds(1, name));
	name[700] = 'n';
	ck_assert(domain_disks_show(disks, snapshot, 0));
	ck_assert(disk_holds(1, "<!-- all metrics left out: the disk is too small for them -->"));
	domain_disks_rows(disks, &row);
	ck_assert_uint_eq(row.failures, 2);
	ck_assert_uint_eq(row.updates, 2);
	free(row.path);
	part_unref(snapshot);
	domain_disks_free(disks);
}
END_TEST

/* All of them are written well within a period. The figure is printed; only a bound against hanging is asserted. */
START_TEST(a_thousand)
{
	enum { MANY = 1000 };
	static struct spec specs[MANY];
	struct domain_disks *disks = make(MANY, KEEP_S);
	int64_t begin;

	descriptors_need("test", MANY + 100);
	for (uint32_t i = 0; i < MANY; i++)
		specs[i] = (struct spec){ i + 1, (int32_t)i + 1 };
	ck_assert(show(disks, 1, specs, MANY));
	begin = clock_mono_ns();
	ck_assert(show(disks, 2, specs, MANY));
	printf("%d disks written in %lld us\n", MANY, (long long)((clock_mono_ns() - begin) / NS_PER_US));
	fflush(stdout);
	ck_assert(clock_mono_ns() - begin < 5 * NS_PER_S);
	check_disk(1, 2);
	check_disk(MANY, 2);
	domain_disks_free(disks);
}
END_TEST

/* --- the lane ----------------------------------------------------------------------------------------------------- */

static void wait_for(uint32_t n, const char *text)
{
	const int64_t until = clock_mono_ns() + PATIENCE_NS;

	while (!disk_holds(n, text)) {
		ck_assert_msg(clock_mono_ns() < until, "no \"%s\" on the disk of %u", text, n);
		sched_yield();
	}
}

START_TEST(lane_writes_shared_and_own)
{
	static const struct spec SPECS[] = { { 1, 1 }, { 2, 2 } };
	struct board *board = board_new();
	struct store *store = store_new();
	char shared[PATH_SIZE], *content = NULL;
	const struct disk_lane_options options = {
		.path = shared,
		.size = SIZE,
		.period_ms = 1,
		.board = board,
		.host_only = true,
		.domains = { .pattern = pattern, .size = SIZE, .most = 8, .keep_s = KEEP_S },
	};
	struct disk_lane *lane;
	struct channels *channels;
	struct vbds *vbds = NULL;
	size_t length;

	snprintf(shared, sizeof(shared), "%s/shared", directory);
	store_publish(store, make_snapshot(1, SPECS, 2));
	ck_assert_int_eq(disk_lane_start(store, &options, &lane), 0);
	wait_for(2, "<value>2.000000</value>");
	store_publish(store, make_snapshot(2, SPECS, 2));
	for (const int64_t until = clock_mono_ns() + PATIENCE_NS; vbds == NULL || vbds->rows[0].updates < 2;) {
		ck_assert(clock_mono_ns() < until);
		part_unref(vbds);
		board_get(board, &vbds, &channels);
		sched_yield();
	}
	check_disk(1, 2);
	check_disk(2, 2);
	ck_assert_uint_eq(vbds->n, 3);
	ck_assert_uint_eq(vbds->rows[0].index, 1);
	ck_assert_uint_eq(vbds->rows[0].domain, 0);
	ck_assert_uint_eq(vbds->rows[2].index, 3);
	ck_assert_uint_eq(vbds->rows[2].domain, 2);
	ck_assert_int_eq(mvbd_read(shared, 10, &content, &length), 0);
	ck_assert_ptr_nonnull(strstr(content, "host.example"));
	ck_assert_ptr_null(strstr(content, "context='vm'"));
	free(content);
	part_unref(vbds);
	ck_assert(disk_lane_stop(lane, clock_mono_ns() + PATIENCE_NS));
	store_free(store);
	board_free(board);
}
END_TEST

#define ADD(suite, test)                                                                                               \
	do {                                                                                                           \
		TCase *tc_##test = tcase_create(#test);                                                                \
		tcase_set_timeout(tc_##test, 60);                                                                      \
		tcase_add_checked_fixture(tc_##test, make_directory, remove_directory);                                \
		tcase_add_test(tc_##test, test);                                                                       \
		suite_add_tcase(suite, tc_##test);                                                                     \
	} while (0)

static Suite *suite(void)
{
	Suite *s = suite_create("domain_disks");

	ADD(s, each_shows_its_own);
	ADD(s, made_before_the_domain_runs);
	ADD(s, goes_some_time_after_its_domain);
	ADD(s, removes_nothing_but_its_own);
	ADD(s, unknown_domains_keep_their_disks);
	ADD(s, no_more_than_the_limit);
	ADD(s, failures_are_its_own);
	ADD(s, too_small_says_so);
	ADD(s, a_thousand);
	ADD(s, lane_writes_shared_and_own);
	return s;
}

UNIT_MAIN(suite)
