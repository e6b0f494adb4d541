/*
 * test_event_log.c - the persisted event log: records, segments, recovery after crashes and damage, a full disk.
 */
#include "base/err.h"
#include "base/mem.h"
#include "base/statefile.h"
#include "event_log.h"
#include "event_segment.h"
#include "model/detect.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS 100u
#define SIZE (1u << 20)

/* ---- a directory of the test's own ---- */

struct bench {
	char dir[64];
	struct event_log *log;
	struct event_log_state state;
	struct alarms *alarms;
	uint32_t next; /* serial */
};

static void dir_make(char dir[64])
{
	snprintf(dir, 64, "%s/edge-log-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void path_of(char path[128], const char *dir, const char *name)
{
	snprintf(path, 128, "%.63s/%s", dir, name);
}

static void dir_remove(const char *dir)
{
	DIR *handle = opendir(dir);
	struct dirent *entry;
	char path[512];

	ck_assert_ptr_nonnull(handle);
	while ((entry = readdir(handle)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (entry->d_name[0] != '.' && unlink(path) != 0)
			rmdir(path);
	}
	closedir(handle);
	ck_assert_int_eq(rmdir(dir), 0);
}

static bool exists(const char *dir, const char *name)
{
	char path[128];
	struct stat st;

	path_of(path, dir, name);
	return lstat(path, &st) == 0;
}

static size_t file_size(const char *dir, const char *name)
{
	char path[128];
	struct stat st;

	path_of(path, dir, name);
	ck_assert_int_eq(stat(path, &st), 0);
	return (size_t)st.st_size;
}

static uint8_t *file_read(const char *dir, const char *name, size_t *length)
{
	uint8_t *data = NULL;

	ck_assert_int_eq(statefile_read(dir, name, 64u << 20, &data, length), 0);
	return data;
}

static void file_write(const char *dir, const char *name, const void *data, size_t length)
{
	ck_assert_int_eq(statefile_write(dir, name, data, length), 0);
}

static void state_drop(struct bench *bench)
{
	part_unref(bench->state.newest);
	part_unref(bench->state.unsent);
	part_unref(bench->state.alarms);
	machine_checks_free(bench->state.machine_checks);
	memset(&bench->state, 0, sizeof(bench->state));
}

static void bench_reopen(struct bench *bench, uint64_t size)
{
	event_log_close(bench->log);
	bench->log = NULL;
	state_drop(bench);
	ck_assert_int_eq(event_log_open(bench->dir, size, ROWS, &bench->log, &bench->state), 0);
	part_unref(bench->alarms);
	bench->alarms = part_ref(bench->state.alarms);
	bench->next = bench->state.last_serial + 1;
}

static void bench_open(struct bench *bench)
{
	*bench = (struct bench){ 0 };
	dir_make(bench->dir);
	bench_reopen(bench, SIZE);
}

static void bench_close(struct bench *bench)
{
	event_log_close(bench->log);
	state_drop(bench);
	part_unref(bench->alarms);
	dir_remove(bench->dir);
}

static struct event *sample(uint32_t serial)
{
	struct event *event = event_new(EVENT_DOMAIN_STATE_CHANGED, SEVERITY_INFO, "web1", "domain web1 is running");

	event->serial = serial;
	event->time_real_ns = 1700000000000000000 + serial;
	event->boot = 3;
	event->uptime_ms = 1000 + serial;
	event->domain = serial % 7;
	event->of = EVENT_OF_DOMAIN;
	event->of_index = serial % 7;
	event->clock_synced = serial % 2;
	event->varbinds_length = 1 + serial % 97;
	event->varbinds = mem_alloc(event->varbinds_length);
	memset(event->varbinds, (int)(serial % 251), event->varbinds_length);
	return event;
}

static int append_events(struct bench *bench, struct event *const *events, size_t n)
{
	struct event_list list = { 0 };
	struct alarms *alarms;
	int rc;

	for (size_t i = 0; i < n; i++)
		event_list_add(&list, part_ref(events[i]));
	alarms = alarms_apply(bench->alarms, &list);
	rc = event_log_append(bench->log, events, n, alarms);
	if (rc == 0) {
		part_unref(bench->alarms);
		bench->alarms = part_ref(alarms);
		bench->next = events[n - 1]->serial + 1;
	}
	part_unref(alarms);
	event_list_clear(&list);
	return rc;
}

/* n events as one batch. */
static int append_samples(struct bench *bench, size_t n)
{
	struct event **events = mem_array(n, sizeof(*events));
	int rc;

	for (size_t i = 0; i < n; i++)
		events[i] = sample(bench->next + (uint32_t)i);
	rc = append_events(bench, events, n);
	for (size_t i = 0; i < n; i++)
		part_unref(events[i]);
	free(events);
	return rc;
}

static void append_alarm(struct bench *bench, uint8_t kind, uint8_t severity, const char *subject, uint8_t change)
{
	struct event *event = event_new(kind, severity, subject, "text");

	event->serial = bench->next;
	event->alarm_kind = alarm_family(kind);
	event->alarm_change = change;
	ck_assert_int_eq(append_events(bench, &event, 1), 0);
	part_unref(event);
}

static void same_event(const struct event *a, const struct event *b)
{
	ck_assert_uint_eq(a->serial, b->serial);
	ck_assert_uint_eq(a->kind, b->kind);
	ck_assert_uint_eq(a->severity, b->severity);
	ck_assert(a->clock_synced == b->clock_synced);
	ck_assert_int_eq(a->time_real_ns, b->time_real_ns);
	ck_assert_uint_eq(a->boot, b->boot);
	ck_assert_uint_eq(a->uptime_ms, b->uptime_ms);
	ck_assert_str_eq(a->subject, b->subject);
	ck_assert_uint_eq(a->domain, b->domain);
	ck_assert_int_eq(a->value, b->value);
	ck_assert_int_eq(a->threshold, b->threshold);
	ck_assert_str_eq(a->units, b->units);
	ck_assert_str_eq(a->text, b->text);
	ck_assert_uint_eq(a->of, b->of);
	ck_assert_uint_eq(a->of_index, b->of_index);
	ck_assert_uint_eq(a->varbinds_length, b->varbinds_length);
	ck_assert_int_eq(memcmp(a->varbinds_length > 0 ? a->varbinds : (const uint8_t *)"",
				b->varbinds_length > 0 ? b->varbinds : (const uint8_t *)"", a->varbinds_length), 0);
	ck_assert_uint_eq(a->alarm_change, b->alarm_change);
	ck_assert_uint_eq(a->alarm_kind, b->alarm_kind);
}

/* The rows are the events first..last without a gap, each as sample() makes it. */
static void check_rows(const struct events *rows, uint32_t first, uint32_t last)
{
	ck_assert_uint_eq(rows->n, last + 1 - first);
	for (size_t i = 0; i < rows->n; i++) {
		struct event *want = sample(first + (uint32_t)i);

		same_event(rows->rows[i], want);
		part_unref(want);
	}
}

/* ---- records ---- */

static struct event *rich_event(void)
{
	struct event *event = sample(4000000000u);

	mem_replace(&event->subject, "chip \xc3\xa4\x01");
	event->kind = EVENT_THERMAL_CRITICAL;
	event->severity = SEVERITY_CRITICAL;
	event->value = INT32_MIN;
	event->threshold = -1;
	event_set_units(event, event_units(SENSOR_MILLI_CELSIUS));
	event->alarm_change = ALARM_RAISED;
	event->alarm_kind = EVENT_THERMAL_WARNING;
	return event;
}

START_TEST(record_round_trip)
{
	struct event *event = rich_event(), *out = NULL;
	struct buf record;

	buf_init(&record, EVENT_RECORD_MAX);
	event_encode(event, &record);
	ck_assert_int_eq(event_decode((uint8_t *)record.data, record.length, &out), 0);
	same_event(event, out);
	ck_assert(out->stored);
	part_unref(out);
	part_unref(event);
	buf_free(&record);
}
END_TEST

START_TEST(record_cut_or_longer_is_refused)
{
	struct event *event = rich_event(), *out = NULL;
	struct buf record;

	buf_init(&record, EVENT_RECORD_MAX);
	event_encode(event, &record);
	for (size_t n = 0; n < record.length; n++)
		ck_assert_int_eq(event_decode((uint8_t *)record.data, n, &out), -ERR_PARSE);
	buf_u8(&record, 0);
	ck_assert_int_eq(event_decode((uint8_t *)record.data, record.length, &out), -ERR_PARSE);
	ck_assert_ptr_null(out);
	part_unref(event);
	buf_free(&record);
}
END_TEST

START_TEST(record_binary_never_harms)
{
	struct event *event = rich_event(), *out;
	struct buf record;
	uint32_t random = 1;

	buf_init(&record, EVENT_RECORD_MAX);
	event_encode(event, &record);
	for (int i = 0; i < 20000; i++) {
		const size_t at = (random = random * 1664525u + 1013904223u) % record.length;
		const char kept = record.data[at];

		record.data[at] = (char)(random >> 24);
		out = NULL;
		if (event_decode((uint8_t *)record.data, record.length, &out) == 0)
			part_unref(out);
		else
			ck_assert_ptr_null(out);
		record.data[at] = kept;
	}
	part_unref(event);
	buf_free(&record);
}
END_TEST

START_TEST(record_without_varbinds_that_are_too_long)
{
	struct event *event = sample(5), *out = NULL;
	struct buf record;

	free(event->varbinds);
	event->varbinds_length = EVENT_RECORD_MAX;
	event->varbinds = mem_alloc(event->varbinds_length);
	buf_init(&record, EVENT_RECORD_MAX);
	event_encode(event, &record);
	ck_assert(!record.over);
	ck_assert_int_eq(event_decode((uint8_t *)record.data, record.length, &out), 0);
	ck_assert_uint_eq(out->varbinds_length, 0);
	ck_assert_str_eq(out->text, event->text);
	part_unref(out);
	part_unref(event);
	buf_free(&record);
}
END_TEST

START_TEST(alarms_round_trip_and_refusals)
{
	struct event_list list = { 0 };
	struct alarms *alarms, *out = NULL;
	struct event *event = rich_event();
	struct buf image;

	event_list_add(&list, event);
	alarms = alarms_apply(NULL, &list);
	buf_init(&image, 4096);
	alarms_encode(alarms, &image);
	ck_assert_int_eq(alarms_decode((uint8_t *)image.data, image.length, &out), 0);
	ck_assert_uint_eq(out->n, 1);
	ck_assert_uint_eq(out->criticals, 1);
	ck_assert_str_eq(out->rows[0].subject, event->subject);
	ck_assert_uint_eq(out->rows[0].event, event->serial);
	part_unref(out);
	out = NULL;
	for (size_t n = 0; n < image.length; n++)
		ck_assert_int_eq(alarms_decode((uint8_t *)image.data, n, &out), -ERR_PARSE);
	image.data[0] = (char)0xff; /* four thousand million of them */
	ck_assert_int_eq(alarms_decode((uint8_t *)image.data, image.length, &out), -ERR_PARSE);
	ck_assert_ptr_null(out);
	event_list_clear(&list);
	part_unref(alarms);
	buf_free(&image);
}
END_TEST

/* ---- the log ---- */

START_TEST(log_begins_empty)
{
	struct bench bench;
	uint8_t id[16];

	bench_open(&bench);
	ck_assert(bench.state.new_log);
	ck_assert_uint_eq(bench.state.last_serial, 0);
	ck_assert_uint_eq(bench.state.newest->n, 0);
	ck_assert_uint_eq(bench.state.newest->first, 0);
	ck_assert_uint_eq(bench.state.newest->last, 0);
	ck_assert_uint_eq(bench.state.newest->capacity, ROWS);
	ck_assert_uint_eq(bench.state.unsent->n, 0);
	ck_assert_uint_eq(bench.state.alarms->n, 0);
	memcpy(id, bench.state.log_id, 16);
	bench_reopen(&bench, SIZE);
	ck_assert(!bench.state.new_log);
	ck_assert_int_eq(memcmp(id, bench.state.log_id, 16), 0);
	ck_assert_int_eq(memcmp(id, bench.state.newest->log_id, 16), 0);
	ck_assert_uint_eq(bench.state.last_serial, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(log_keeps_what_was_appended)
{
	struct bench bench;

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 1), 0);
	ck_assert_int_eq(append_samples(&bench, 30), 0);
	bench_reopen(&bench, SIZE);
	check_rows(bench.state.newest, 1, 31);
	check_rows(bench.state.unsent, 1, 31);
	ck_assert_uint_eq(bench.state.newest->first, 1);
	ck_assert_uint_eq(bench.state.newest->last, 31);
	ck_assert_int_eq(append_samples(&bench, 200), 0);
	bench_reopen(&bench, SIZE);
	check_rows(bench.state.newest, 132, 231);
	check_rows(bench.state.unsent, 1, 231);
	ck_assert_int_eq(event_log_append(bench.log, NULL, 0, NULL), 0);
	bench_close(&bench);
}
END_TEST

START_TEST(log_refuses_serials_that_do_not_ascend)
{
	struct bench bench;
	struct event *events[2] = { sample(5), sample(5) };

	bench_open(&bench);
	ck_assert_int_eq(event_log_append(bench.log, events, 2, NULL), -ERR_RANGE);
	ck_assert_int_eq(event_log_append(bench.log, events, 1, NULL), 0);
	ck_assert_int_eq(event_log_append(bench.log, events, 1, NULL), -ERR_RANGE);
	events[0]->serial = 9; /* others could not be written: a gap is allowed */
	ck_assert_int_eq(event_log_append(bench.log, events, 1, NULL), 0);
	bench_reopen(&bench, SIZE);
	ck_assert_uint_eq(bench.state.newest->n, 2);
	ck_assert_uint_eq(bench.state.last_serial, 9);
	part_unref(events[0]);
	part_unref(events[1]);
	bench_close(&bench);
}
END_TEST

START_TEST(log_knows_what_was_sent)
{
	static const char GARBAGE[] = "0123456789abcdef01234567";
	struct bench bench;
	uint8_t *data;
	size_t length;

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 10), 0);
	ck_assert_int_eq(event_log_sent(bench.log, 7), 0);
	bench_reopen(&bench, SIZE);
	ck_assert_uint_eq(bench.state.last_sent, 7);
	check_rows(bench.state.unsent, 8, 10);
	check_rows(bench.state.newest, 1, 10);
	ck_assert_int_eq(event_log_sent(bench.log, 10), 0);
	bench_reopen(&bench, SIZE);
	ck_assert_uint_eq(bench.state.unsent->n, 0);
	/* A damaged note: rather twice than never. */
	data = file_read(bench.dir, "events.sent", &length);
	for (size_t i = 0; i < length; i++) {
		data[i] ^= 1;
		file_write(bench.dir, "events.sent", data, length);
		data[i] ^= 1;
		bench_reopen(&bench, SIZE);
		ck_assert_uint_eq(bench.state.last_sent, 0);
		ck_assert_uint_eq(bench.state.unsent->n, 10);
	}
	for (size_t n = 0; n < length; n++) {
		file_write(bench.dir, "events.sent", data, n);
		bench_reopen(&bench, SIZE);
		ck_assert_uint_eq(bench.state.last_sent, 0);
	}
	file_write(bench.dir, "events.sent", GARBAGE, sizeof(GARBAGE));
	bench_reopen(&bench, SIZE);
	ck_assert_uint_eq(bench.state.last_sent, 0);
	free(data);
	bench_close(&bench);
}
END_TEST

START_TEST(log_unsent_are_bounded)
{
	struct bench bench;

	bench_open(&bench);
	bench_reopen(&bench, 64u << 20);
	ck_assert_int_eq(append_samples(&bench, EVENT_UNSENT_MAX + 50), 0);
	bench_reopen(&bench, 64u << 20);
	check_rows(bench.state.unsent, 51, EVENT_UNSENT_MAX + 50);
	bench_close(&bench);
}
END_TEST

/* A night of what was kept back does not push out the one that was to be told. */
START_TEST(log_unsent_have_a_notification)
{
	struct event **events = mem_array(EVENT_UNSENT_MAX, sizeof(*events));
	struct bench bench;

	bench_open(&bench);
	bench_reopen(&bench, 64u << 20);
	ck_assert_int_eq(append_samples(&bench, 10), 0);
	for (uint32_t i = 0; i < EVENT_UNSENT_MAX; i++) {
		events[i] = sample(11 + i);
		events[i]->quiet = true;
	}
	ck_assert_int_eq(append_events(&bench, events, EVENT_UNSENT_MAX), 0);
	bench_reopen(&bench, 64u << 20);
	check_rows(bench.state.unsent, 1, 10);
	for (uint32_t i = 0; i < EVENT_UNSENT_MAX; i++)
		part_unref(events[i]);
	free(events);
	bench_close(&bench);
}
END_TEST

START_TEST(log_rotates_over_twenty_thousand_appends)
{
	enum { SMALL = 64 << 10, APPENDS = 20000 };
	struct bench bench;
	uint8_t id[16];

	bench_open(&bench);
	bench_reopen(&bench, SMALL);
	memcpy(id, bench.state.log_id, 16);
	for (unsigned i = 1; i <= APPENDS; i++) {
		ck_assert_int_eq(append_samples(&bench, 1), 0);
		if (i % 777 == 0) {
			ck_assert_uint_le(file_size(bench.dir, "events.0"), SMALL / 2 + 128); /* and the head */
			ck_assert_uint_le(file_size(bench.dir, "events.1"), SMALL / 2 + 128);
			bench_reopen(&bench, SMALL);
			ck_assert_uint_eq(bench.state.last_serial, i);
			check_rows(bench.state.newest, i > ROWS ? i + 1 - ROWS : 1, i);
		}
	}
	bench_reopen(&bench, SMALL);
	check_rows(bench.state.newest, APPENDS + 1 - ROWS, APPENDS);
	ck_assert_int_eq(memcmp(id, bench.state.log_id, 16), 0);
	ck_assert_uint_ge(bench.state.unsent->n, (SMALL / 2) / 200);
	bench_close(&bench);
}
END_TEST

START_TEST(log_batch_larger_than_a_segment)
{
	struct bench bench;

	bench_open(&bench);
	bench_reopen(&bench, 8192);
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(append_samples(&bench, 300), 0);
		bench_reopen(&bench, 8192);
		ck_assert_uint_eq(bench.state.last_serial, (uint32_t)(i + 1) * 300);
		check_rows(bench.state.newest, bench.state.last_serial + 1 - ROWS, bench.state.last_serial);
	}
	bench_close(&bench);
}
END_TEST

START_TEST(log_new_segment_knows_serial_and_alarms)
{
	enum { SMALL = 8192 };
	struct bench bench;
	struct segment segment;
	struct segment_head head;
	size_t length;
	uint8_t *newer;
	char path[128];

	bench_open(&bench);
	bench_reopen(&bench, SMALL);
	append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_WARNING, "libvirt", ALARM_RAISED);
	append_alarm(&bench, EVENT_THERMAL_WARNING, SEVERITY_WARNING, "chip/temp1", ALARM_RAISED);
	append_alarm(&bench, EVENT_THERMAL_CRITICAL, SEVERITY_CRITICAL, "chip/temp1", ALARM_RAISED);
	while (!exists(bench.dir, "events.1"))
		ck_assert_int_eq(append_samples(&bench, 1), 0);
	bench_reopen(&bench, SMALL);
	ck_assert_uint_eq(bench.state.alarms->n, 2);
	ck_assert_uint_eq(bench.state.alarms->criticals, 1);
	ck_assert_str_eq(bench.state.alarms->rows[1].subject, "chip/temp1");
	ck_assert_uint_eq(bench.state.alarms->rows[1].kind, EVENT_THERMAL_CRITICAL);
	ck_assert_uint_eq(bench.state.alarms->rows[1].event, 3);
	append_alarm(&bench, EVENT_SOURCE_RECOVERED, SEVERITY_INFO, "libvirt", ALARM_UNCHANGED);
	append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_INFO, "libvirt", ALARM_CLEARED);
	bench_reopen(&bench, SMALL);
	ck_assert_uint_eq(bench.state.alarms->n, 1);
	ck_assert_uint_eq(bench.state.alarms->rows[0].index, 2);
	/* The older segment is lost and the newer has no record yet: serial and alarms are in its head. */
	newer = file_read(bench.dir, "events.1", &length);
	ck_assert_uint_gt(bench.state.last_serial, 3);
	ck_assert_int_eq(segment_open(bench.dir, "events.1", &segment, &head), 0);
	ck_assert_uint_eq(head.sequence, 2);
	ck_assert_uint_eq(head.alarms->n, 2);
	file_write(bench.dir, "events.1", newer, segment.first);
	path_of(path, bench.dir, "events.0");
	ck_assert_int_eq(unlink(path), 0);
	bench_reopen(&bench, SMALL);
	ck_assert_uint_eq(bench.state.last_serial, head.last_serial);
	segment_close(&segment);
	segment_head_clear(&head);
	ck_assert_uint_eq(bench.state.newest->n, 0);
	ck_assert_uint_eq(bench.state.alarms->n, 2);
	ck_assert_int_eq(append_samples(&bench, 1), 0);
	free(newer);
	bench_close(&bench);
}
END_TEST

/* More changes than are applied together. */
START_TEST(log_knows_the_alarms_after_thousands_of_changes)
{
	struct bench bench;

	bench_open(&bench);
	append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_WARNING, "first", ALARM_RAISED);
	for (int i = 0; i < 1500; i++) {
		append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_WARNING, "flaps", ALARM_RAISED);
		append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_INFO, "flaps", ALARM_CLEARED);
	}
	append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_WARNING, "last", ALARM_RAISED);
	bench_reopen(&bench, 64u << 20);
	ck_assert_uint_eq(bench.state.alarms->n, 2);
	ck_assert_str_eq(bench.state.alarms->rows[0].subject, "first");
	ck_assert_uint_eq(bench.state.alarms->rows[0].event, 1);
	ck_assert_str_eq(bench.state.alarms->rows[1].subject, "last");
	ck_assert_uint_eq(bench.state.alarms->rows[1].event, 3002);
	bench_close(&bench);
}
END_TEST

/* ---- damage ---- */

START_TEST(log_tail_torn_at_every_byte)
{
	struct bench bench;
	size_t before, length;
	uint8_t *data;

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 5), 0);
	before = file_size(bench.dir, "events.0");
	ck_assert_int_eq(append_samples(&bench, 1), 0);
	data = file_read(bench.dir, "events.0", &length);
	for (size_t n = before; n < length; n++) {
		file_write(bench.dir, "events.0", data, n);
		bench_reopen(&bench, SIZE);
		check_rows(bench.state.newest, 1, 5);
		ck_assert_uint_eq(bench.state.last_serial, 5);
		ck_assert_uint_eq(file_size(bench.dir, "events.0"), before);
		/* And goes on from there. */
		ck_assert_int_eq(append_samples(&bench, 2), 0);
		bench_reopen(&bench, SIZE);
		check_rows(bench.state.newest, 1, 7);
	}
	free(data);
	bench_close(&bench);
}
END_TEST

START_TEST(log_tail_changed_at_every_byte)
{
	struct bench bench;
	size_t before, length;
	uint8_t *data;

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 5), 0);
	before = file_size(bench.dir, "events.0");
	ck_assert_int_eq(append_samples(&bench, 1), 0);
	data = file_read(bench.dir, "events.0", &length);
	for (size_t i = before; i < length; i++)
		for (unsigned change = 1; change < 256; change = change * 2 + 1) {
			data[i] ^= (uint8_t)change;
			file_write(bench.dir, "events.0", data, length);
			data[i] ^= (uint8_t)change;
			bench_reopen(&bench, SIZE);
			check_rows(bench.state.newest, 1, 5);
			ck_assert_uint_eq(file_size(bench.dir, "events.0"), before);
		}
	free(data);
	bench_close(&bench);
}
END_TEST

START_TEST(log_damage_in_the_middle_costs_one_event)
{
	size_t ends[11] = { 0 };
	struct bench bench;
	size_t length;
	uint8_t *data;

	bench_open(&bench);
	ends[0] = file_size(bench.dir, "events.0");
	for (int i = 1; i <= 10; i++) {
		ck_assert_int_eq(append_samples(&bench, 1), 0);
		ends[i] = file_size(bench.dir, "events.0");
	}
	data = file_read(bench.dir, "events.0", &length);
	for (size_t i = ends[0]; i < ends[9]; i += 3) {
		uint32_t hit = 1;

		while (i >= ends[hit])
			hit++;
		data[i] ^= 0x55;
		file_write(bench.dir, "events.0", data, length);
		data[i] ^= 0x55;
		bench_reopen(&bench, SIZE);
		ck_assert_uint_eq(bench.state.newest->n, 9);
		ck_assert_uint_eq(bench.state.last_serial, 10);
		for (uint32_t k = 1; k <= 9; k++)
			ck_assert_uint_eq(bench.state.newest->rows[k - 1]->serial, k < hit ? k : k + 1);
		ck_assert_uint_eq(file_size(bench.dir, "events.0"), length);
	}
	free(data);
	bench_close(&bench);
}
END_TEST

START_TEST(log_tail_of_zeros_or_noise_is_cut)
{
	struct bench bench;
	size_t before;
	uint32_t random = 7;
	char path[128];

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 5), 0);
	before = file_size(bench.dir, "events.0");
	path_of(path, bench.dir, "events.0");
	for (int round = 0; round < 3; round++) {
		uint8_t *noise = mem_alloc(300000);
		const int fd = open(path, O_WRONLY | O_APPEND);

		for (size_t i = 0; round > 0 && i < 300000; i++)
			noise[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> (round == 1 ? 24 : 29));
		ck_assert_int_eq(write(fd, noise, 300000), 300000);
		close(fd);
		free(noise);
		bench_reopen(&bench, SIZE);
		check_rows(bench.state.newest, 1, 5);
		ck_assert_uint_eq(file_size(bench.dir, "events.0"), before);
	}
	bench_close(&bench);
}
END_TEST

/* An event whose text is a whole record: where the outer one is damaged, the inner one must not come to life. */
START_TEST(log_bytes_inside_an_event_are_no_record)
{
	struct event *inner = sample(999), *outer = sample(1);
	struct bench bench;
	struct segment fake = { 0 };
	size_t before, length;
	struct buf record;
	uint8_t *data;

	bench_open(&bench);
	buf_init(&record, EVENT_RECORD_MAX);
	segment_record(&fake, 0, inner, &record);
	free(outer->varbinds);
	outer->varbinds = (uint8_t *)record.data;
	outer->varbinds_length = record.length;
	before = file_size(bench.dir, "events.0");
	ck_assert_int_eq(append_events(&bench, &outer, 1), 0);
	data = file_read(bench.dir, "events.0", &length);
	data[before + 12] ^= 1;
	file_write(bench.dir, "events.0", data, length);
	bench_reopen(&bench, SIZE);
	ck_assert_uint_eq(bench.state.newest->n, 0);
	ck_assert_uint_eq(bench.state.last_serial, 0);
	free(data);
	part_unref(inner);
	part_unref(outer);
	bench_close(&bench);
}
END_TEST

START_TEST(log_serial_that_was_sent_is_never_given_again)
{
	struct bench bench;
	size_t before, length;
	uint8_t *data;

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 5), 0);
	before = file_size(bench.dir, "events.0");
	ck_assert_int_eq(append_samples(&bench, 1), 0);
	ck_assert_int_eq(event_log_sent(bench.log, 6), 0);
	data = file_read(bench.dir, "events.0", &length);
	data[before + 20] ^= 1;
	file_write(bench.dir, "events.0", data, length);
	bench_reopen(&bench, SIZE);
	check_rows(bench.state.newest, 1, 5);
	ck_assert_uint_eq(bench.state.last_serial, 6);
	free(data);
	bench_close(&bench);
}
END_TEST

/* No file can be made at the start: the block that notes used serials is there from the life before. */
START_TEST(log_notes_used_serials_though_no_file_can_be_made)
{
	struct bench bench;
	char path[128];

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 5), 0);
	path_of(path, bench.dir, "events.used.new");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	bench_reopen(&bench, SIZE);
	ck_assert_int_eq(event_log_used(bench.log, 8), 0);
	bench_reopen(&bench, SIZE);
	ck_assert_uint_eq(bench.state.last_serial, 8);
	check_rows(bench.state.newest, 1, 5);
	ck_assert_int_eq(rmdir(path), 0);
	bench_close(&bench);
}
END_TEST

START_TEST(log_keeps_foreign_files_aside)
{
	static const char *const FOREIGN[] = { "", "x", "some text of somebody else, longer than a header would be\n" };
	struct bench bench;

	bench_open(&bench);
	for (size_t i = 0; i < sizeof(FOREIGN) / sizeof(FOREIGN[0]); i++)
		for (int which = 0; which < 2; which++) {
			const char *name = which ? "events.1" : "events.0";
			uint8_t id[16], *kept;
			size_t length;
			char bad[32];

			ck_assert_int_eq(append_samples(&bench, 3), 0);
			memcpy(id, bench.state.log_id, 16);
			file_write(bench.dir, name, FOREIGN[i], strlen(FOREIGN[i]));
			bench_reopen(&bench, SIZE);
			ck_assert(bench.state.new_log);
			ck_assert_int_ne(memcmp(id, bench.state.log_id, 16), 0);
			ck_assert_uint_eq(bench.state.last_serial, 0);
			ck_assert_uint_eq(bench.state.newest->n, 0);
			snprintf(bad, sizeof(bad), "%s.bad", name);
			kept = file_read(bench.dir, bad, &length);
			ck_assert_uint_eq(length, strlen(FOREIGN[i]));
			ck_assert_int_eq(memcmp(kept, FOREIGN[i], length), 0);
			free(kept);
		}
	bench_close(&bench);
}
END_TEST

START_TEST(log_head_changed_at_every_byte)
{
	struct bench bench;
	struct segment segment;
	struct segment_head head;
	size_t length;
	uint8_t *data;

	bench_open(&bench);
	append_alarm(&bench, EVENT_SOURCE_FAILED, SEVERITY_WARNING, "libvirt", ALARM_RAISED);
	data = file_read(bench.dir, "events.0", &length);
	ck_assert_int_eq(segment_open(bench.dir, "events.0", &segment, &head), 0);
	for (size_t i = 0; i < segment.first; i++) {
		data[i] ^= 0x10;
		file_write(bench.dir, "events.0", data, length);
		data[i] ^= 0x10;
		bench_reopen(&bench, SIZE);
		ck_assert(bench.state.new_log);
		ck_assert(exists(bench.dir, "events.0.bad"));
	}
	for (size_t n = 0; n < segment.first; n++) {
		file_write(bench.dir, "events.0", data, n);
		bench_reopen(&bench, SIZE);
		ck_assert(bench.state.new_log);
	}
	segment_close(&segment);
	segment_head_clear(&head);
	free(data);
	bench_close(&bench);
}
END_TEST

START_TEST(log_segments_of_two_logs_do_not_mix)
{
	struct bench one, other;
	uint8_t *data;
	size_t length;

	bench_open(&one);
	bench_open(&other);
	ck_assert_int_eq(append_samples(&one, 3), 0);
	data = file_read(other.dir, "events.0", &length);
	file_write(one.dir, "events.1", data, length);
	bench_reopen(&one, SIZE);
	ck_assert(one.state.new_log);
	ck_assert(exists(one.dir, "events.0.bad"));
	ck_assert(exists(one.dir, "events.1.bad"));
	free(data);
	/* The same segment twice neither. */
	data = file_read(one.dir, "events.0", &length);
	file_write(one.dir, "events.1", data, length);
	bench_reopen(&one, SIZE);
	ck_assert(one.state.new_log);
	free(data);
	bench_close(&one);
	bench_close(&other);
}
END_TEST

START_TEST(log_in_the_way)
{
	struct bench bench;
	char path[128];

	bench_open(&bench);
	path_of(path, bench.dir, "events.1");
	ck_assert_int_eq(mkdir(path, 0700), 0);
	bench_reopen(&bench, SIZE);
	ck_assert(bench.state.new_log);
	ck_assert(exists(bench.dir, "events.1.bad"));
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	path_of(path, bench.dir, "events.1.bad");
	ck_assert_int_eq(rmdir(path), 0);
	bench_reopen(&bench, SIZE);
	ck_assert(bench.state.new_log);
	path_of(path, bench.dir, "events.1");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	bench_reopen(&bench, SIZE); /* does not wait for a writer */
	ck_assert(bench.state.new_log);
	bench_close(&bench);
}
END_TEST

/* ---- crashes ---- */

/* The child's life: appends until it is killed, telling each serial once it is safe. */
static void append_for_ever(const char *dir, int report)
{
	struct bench bench = { 0 };

	snprintf(bench.dir, sizeof(bench.dir), "%s", dir);
	if (event_log_open(dir, 16384, ROWS, &bench.log, &bench.state) != 0)
		_exit(2);
	bench.alarms = part_ref(bench.state.alarms);
	bench.next = bench.state.last_serial + 1;
	for (;;) {
		const uint32_t last = bench.next + bench.next % 3;

		if (append_samples(&bench, last + 1 - bench.next) != 0 ||
		    write(report, &last, sizeof(last)) != (ssize_t)sizeof(last))
			_exit(3);
	}
}

/* Starts the child, kills it after so many reports and returns the last serial it had told. */
static uint32_t kill_after(const char *dir, unsigned reports)
{
	uint32_t told = 0, serial;
	int pipes[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(pipes[0]);
		append_for_ever(dir, pipes[1]);
	}
	close(pipes[1]);
	for (unsigned i = 0; i < reports; i++) {
		ck_assert_int_eq(read(pipes[0], &serial, sizeof(serial)), sizeof(serial));
		told = serial;
	}
	kill(child, SIGKILL);
	while (read(pipes[0], &serial, sizeof(serial)) == (ssize_t)sizeof(serial))
		told = serial; /* was on its way */
	close(pipes[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	return told;
}

START_TEST(log_survives_kill_in_the_middle)
{
	struct bench bench;
	uint32_t last = 0;

	bench_open(&bench);
	for (unsigned round = 0; round < 20; round++) {
		const uint32_t told = kill_after(bench.dir, 1 + round * 13);

		bench_reopen(&bench, 16384);
		ck_assert(!bench.state.new_log);
		ck_assert_uint_gt(told, last);
		ck_assert_uint_ge(bench.state.last_serial, told);
		ck_assert_uint_le(bench.state.last_serial, told + 3);
		last = bench.state.last_serial;
		/* Without a gap from the first that is still there. */
		check_rows(bench.state.newest, bench.state.newest->rows[0]->serial, last);
		check_rows(bench.state.unsent, bench.state.unsent->rows[0]->serial, last);
		ck_assert_uint_ge(bench.state.unsent->n, last < 30 ? last : 30);
	}
	bench_close(&bench);
}
END_TEST

/* ---- a disk that is full, or not to be written ---- */

/* In a child, since the limit stays: files may grow by `more` bytes from where the log is now. Exits with 0 when the append
 * of ten events failed as a whole with EFBIG and worked once there was room. */
static void append_with_limit(struct bench *bench, size_t more)
{
	const size_t size = file_size(bench->dir, "events.0");
	struct rlimit limit = { size + more, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(10);
	errno = 0;
	if (append_samples(bench, 10) != -ERR_IO || errno != EFBIG)
		_exit(11);
	if (file_size(bench->dir, "events.0") != size)
		_exit(12);
	if (event_log_sent(bench->log, 1) != 0 && more > 64)
		_exit(13);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	_exit(append_samples(bench, 10) == 0 ? 0 : 14);
}

START_TEST(log_full_disk_is_all_or_nothing)
{
	struct bench bench;
	uint32_t last = 5;

	bench_open(&bench);
	ck_assert_int_eq(append_samples(&bench, 5), 0);
	for (size_t more = 0; more < 1000; more += 37) {
		const pid_t child = fork();
		int status;

		ck_assert_int_ge(child, 0);
		if (child == 0)
			append_with_limit(&bench, more);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x with %zu", status, more);
		last += 10;
		bench_reopen(&bench, SIZE);
		ck_assert_uint_eq(bench.state.last_serial, last);
		check_rows(bench.state.newest, last > ROWS ? last + 1 - ROWS : 1, last);
	}
	bench_close(&bench);
}
END_TEST

/* The same where the next append has to begin a new segment. */
START_TEST(log_full_disk_at_rotation)
{
	struct rlimit limit = { 40, RLIM_INFINITY };
	struct bench bench;
	uint32_t before;

	bench_open(&bench);
	bench_reopen(&bench, 16384);
	while (file_size(bench.dir, "events.0") < 8000)
		ck_assert_int_eq(append_samples(&bench, 1), 0);
	before = bench.next;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(append_samples(&bench, 10), -ERR_IO);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert(!exists(bench.dir, "events.1"));
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(append_samples(&bench, 10), 0);
	ck_assert(exists(bench.dir, "events.1"));
	bench_reopen(&bench, 16384);
	ck_assert_uint_eq(bench.state.last_serial, before + 9);
	check_rows(bench.state.newest, 1, before + 9);
	bench_close(&bench);
}
END_TEST

START_TEST(log_that_cannot_be_opened_says_why)
{
	struct event_log_state state = { 0 };
	struct event_log *log = NULL;
	char dir[64], path[128];

	ck_assert_int_eq(event_log_open("/nonexistent/edge", SIZE, ROWS, &log, &state), -ERR_IO);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(event_log_open("/proc", SIZE, ROWS, &log, &state), -ERR_IO);
	ck_assert_int_ne(errno, 0);
	dir_make(dir);
	path_of(path, dir, "file");
	file_write(dir, "file", "x", 1);
	ck_assert_int_eq(event_log_open(path, SIZE, ROWS, &log, &state), -ERR_IO);
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_ptr_null(log);
	ck_assert_ptr_null(state.newest);
	dir_remove(dir);
}
END_TEST

START_TEST(log_in_a_read_only_directory)
{
	struct event_log_state state = { 0 };
	struct event_log *log = NULL;
	char dir[64];
	int status;
	pid_t child;

	dir_make(dir);
	ck_assert_int_eq(chmod(dir, 0555), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		/* root may write everywhere */
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(3);
		_exit(event_log_open(dir, SIZE, ROWS, &log, &state) == -ERR_IO && errno == EACCES ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	dir_remove(dir);
}
END_TEST

static void add_long(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}

static Suite *event_log_suite(void)
{
	Suite *suite = suite_create("event_log");

	UNIT_ADD(suite, record_round_trip);
	UNIT_ADD(suite, record_cut_or_longer_is_refused);
	UNIT_ADD(suite, record_binary_never_harms);
	UNIT_ADD(suite, record_without_varbinds_that_are_too_long);
	UNIT_ADD(suite, alarms_round_trip_and_refusals);
	UNIT_ADD(suite, log_begins_empty);
	UNIT_ADD(suite, log_keeps_what_was_appended);
	UNIT_ADD(suite, log_refuses_serials_that_do_not_ascend);
	UNIT_ADD(suite, log_knows_what_was_sent);
	UNIT_ADD(suite, log_unsent_are_bounded);
	UNIT_ADD(suite, log_unsent_have_a_notification);
	add_long(suite, "log_rotates_over_twenty_thousand_appends", log_rotates_over_twenty_thousand_appends);
	UNIT_ADD(suite, log_batch_larger_than_a_segment);
	UNIT_ADD(suite, log_new_segment_knows_serial_and_alarms);
	UNIT_ADD(suite, log_knows_the_alarms_after_thousands_of_changes);
	add_long(suite, "log_tail_torn_at_every_byte", log_tail_torn_at_every_byte);
	add_long(suite, "log_tail_changed_at_every_byte", log_tail_changed_at_every_byte);
	add_long(suite, "log_damage_in_the_middle_costs_one_event", log_damage_in_the_middle_costs_one_event);
	UNIT_ADD(suite, log_tail_of_zeros_or_noise_is_cut);
	UNIT_ADD(suite, log_bytes_inside_an_event_are_no_record);
	UNIT_ADD(suite, log_serial_that_was_sent_is_never_given_again);
	UNIT_ADD(suite, log_notes_used_serials_though_no_file_can_be_made);
	UNIT_ADD(suite, log_keeps_foreign_files_aside);
	UNIT_ADD(suite, log_head_changed_at_every_byte);
	UNIT_ADD(suite, log_segments_of_two_logs_do_not_mix);
	UNIT_ADD(suite, log_in_the_way);
	add_long(suite, "log_survives_kill_in_the_middle", log_survives_kill_in_the_middle);
	UNIT_ADD(suite, log_full_disk_is_all_or_nothing);
	UNIT_ADD(suite, log_full_disk_at_rotation);
	UNIT_ADD(suite, log_that_cannot_be_opened_says_why);
	UNIT_ADD(suite, log_in_a_read_only_directory);
	return suite;
}

UNIT_MAIN(event_log_suite)
