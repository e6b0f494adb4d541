/*
 * test_mce.c - machine checks: the kernel's texts, one look at a tracing instance, pstore, and what the event log keeps
 * of them. The texts of fixtures/mce are a real kernel's (6.1).
 */
#include "base/clock.h"
#include "base/mem.h"
#include "event_log.h"
#include "event_segment.h"
#include "model/builder.h"
#include "source/mce_kmsg.h"
#include "source/mce_reader.h"
#include "source/mce_trace.h"
#include "source/procsys.h"
#include "tree.h"

#include <unistd.h>

#define CPU_STATS "/sys/kernel/tracing/instances/edgenode/per_cpu/cpu0/stats"
#define CPU_TRACE "/sys/kernel/tracing/instances/edgenode/per_cpu/cpu0/trace"
#define LINE                                                                                                           \
	"     kworker/0:0-7       [000] .....    47.136342: mce_record: CPU: 0, MCGc/s: 100010a/0, "                   \
	"MC4: 9c00000000010090, IPID: 0, ADDR/MISC/SYND: 12345000/8c/0, PROCESSOR: 0:50654, TIME: 1795173350"

/* ---- texts ---- */

static int parse_line(const char *text, struct trace_line *line)
{
	return trace_line_parse(text, strlen(text), line);
}

START_TEST(lines_of_a_trace)
{
	static const char *const BAD[] = { " ",
					   "x",
					   "[000] ..... 1.000000: mce_record: x",
					   "                 [000] ..... 1.00000: mce_record: x",
					   "                 [000] ..... 1.000000:mce_record: x",
					   "                 [000] ..... 1.000000: mce_record",
					   "                 [70000] ..... 1.000000: a: x",
					   "                 [0] ..... 99999999999999999999.000000: a: x" };
	struct trace_line line;

	ck_assert_int_eq(parse_line(LINE, &line), 0);
	ck_assert_uint_eq(line.cpu, 0);
	ck_assert_uint_eq(line.stamp_us, 47136342);
	ck_assert(trace_line_is(&line, "mce_record") && !trace_line_is(&line, "mce"));
	ck_assert_int_eq(strncmp(line.body, "CPU: 0,", 7), 0);
	/* Without the column of flags, and with a name of a task that looks like another line. */
	ck_assert_int_eq(parse_line("[0] . 9.000000: -12345   [001]  1234.000001: aer_event: x", &line), 0);
	ck_assert_uint_eq(line.cpu, 1);
	ck_assert_uint_eq(line.stamp_us, 1234000001);
	ck_assert_int_eq(parse_line("# tracer: nop", &line), -ERR_ABSENT);
	ck_assert_int_eq(parse_line("", &line), -ERR_ABSENT);
	for (size_t i = 0; i < COUNT(BAD); i++)
		ck_assert_msg(parse_line(BAD[i], &line) == -ERR_PARSE, "%s", BAD[i]);
}
END_TEST

START_TEST(statistics_and_clock)
{
	static const char GOOD[] = "entries: 7\noverrun: 3\ncommit overrun: 9\nread events: 2\n";
	struct trace_stats stats;

	ck_assert_int_eq(trace_stats_parse(GOOD, strlen(GOOD), &stats), 0);
	ck_assert(stats.entries == 7 && stats.overrun == 3 && stats.read == 2);
	for (size_t n = 0; n + 2 < strlen(GOOD); n++)
		ck_assert_int_eq(trace_stats_parse(GOOD, n, &stats), -ERR_PARSE);
	ck_assert(trace_clock_is("local [boot]", 12, "boot") && !trace_clock_is("[local] boot", 12, "boot"));
	ck_assert(!trace_clock_is("[boot", 5, "boot"));
}
END_TEST

static struct machine_check described(const char *body)
{
	struct machine_check record = { .path = MACHINE_CHECK_TRACE };
	struct mce_fields fields;

	ck_assert_msg(mce_parse_record(body, strlen(body), &fields) == 0, "%s", body);
	mce_describe(&fields, &record);
	return record;
}

START_TEST(records_of_machine_checks)
{
	static const char *const BAD[] = { "",
					   "CPU: 0",
					   "CPU: 0, MC4: x",
					   "CPU: x, MC4: 9c",
					   "CPU: 0, MC: 9c",
					   "CPU: 0, MC4: 11112222333344445",
					   "CPU: 99999999999, MC4: 9c",
					   ",,,:::///" };
	struct mce_fields fields;
	struct machine_check record = described("CPU: 0, MCGc/s: 100010a/0, MC4: 9c00000000010090, ADDR/MISC/SYND: "
						"12345000/8c/0, PROCESSOR: 0:50654, TIME: 1795173350, SOCKET: 0");

	ck_assert_str_eq(record.text,
			 "corrected machine check on CPU 0, bank 4: status 9c00000000010090 (EN MISCV ADDRV), "
			 "address 12345000, misc 8c");
	ck_assert_str_eq(record.subject, "CPU 0 bank 4");
	ck_assert(!record.uncorrected && record.count == 1 && record.identity != 0);
	ck_assert_int_eq(record.time_real_ns, INT64_C(1795173350) * NS_PER_S);
	/* As kernels of after 6.9 write it; AMD has no action bits. */
	record = described("CPU: 3, MCGc/s: 0/5, MC9: bd000000000000c0, ADDR: 4000, MISC: 8c, vendor: 2, time: 5");
	ck_assert_str_eq(record.text,
			 "uncorrected machine check exception on CPU 3, bank 9: status bd000000000000c0 (UC EN "
			 "MISCV ADDRV), address 4000, misc 8c");
	ck_assert(record.uncorrected);
	record = described("CPU: 0, MC9: bd800000000000c0, PROCESSOR: 0:1");
	ck_assert_ptr_nonnull(strstr(record.text, "S AR)"));
	ck_assert_ptr_nonnull(strstr(record.text, ", action required"));
	ck_assert_uint_eq(record.identity, 0);
	for (size_t i = 0; i < COUNT(BAD); i++)
		ck_assert_msg(mce_parse_record(BAD[i], strlen(BAD[i]), &fields) == -ERR_PARSE, "%s", BAD[i]);
}
END_TEST

START_TEST(errors_of_pci_express)
{
	static const char GOOD[] = "0000:00:1c.0 PCIe Bus Error: severity=Corrected, Bad TLP, TLP Header=Not available";
	static const char FATAL[] = "0000:00:1c.0 PCIe Bus Error: severity=Fatal";
	struct machine_check record = { .path = 0 };

	ck_assert_int_eq(mce_describe_pcie(GOOD, strlen(GOOD), &record), 0);
	ck_assert_str_eq(record.text, GOOD);
	ck_assert_str_eq(record.subject, "PCIe 0000:00:1c.0");
	ck_assert(!record.uncorrected && record.count == 1);
	ck_assert_int_eq(mce_describe_pcie(FATAL, strlen(FATAL), &record), 0);
	ck_assert(record.uncorrected);
	ck_assert_int_eq(mce_describe_pcie("PCIe Bus Error: severity=", 25, &record), -ERR_PARSE);
	ck_assert_int_eq(mce_describe_pcie("", 0, &record), -ERR_PARSE);
	ck_assert_uint_eq(mce_parse_edac_count("2 Corrected", 11), 2);
	ck_assert_uint_eq(mce_parse_edac_count("x", 1), 0);
}
END_TEST

static bool add_text(struct mce_lines *lines, const char *text, struct mce_fields *out)
{
	return mce_lines_add(lines, text, strlen(text), out);
}

START_TEST(lines_of_the_log)
{
	struct mce_lines lines = { .open = false };
	struct mce_fields fields;
	struct machine_check record = { .path = MACHINE_CHECK_KMSG };
	const uint64_t traced =
		described("CPU: 0, MC4: 9c00000000010090, ADDR/MISC: 12345000/8c, TIME: 1795173350").identity;
	const char *text;
	uint64_t sequence;
	size_t length;

	ck_assert(!add_text(&lines, "mce: [Hardware Error]: Machine check events logged", &fields));
	ck_assert(
		!add_text(&lines, "mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 4: 9c00000000010090", &fields));
	ck_assert(!add_text(&lines, "bond0: link status up", &fields));
	ck_assert(!add_text(&lines, "mce: [Hardware Error]: TSC 0 ADDR 12345000 MISC 8c ", &fields));
	ck_assert(
		add_text(&lines, "mce: [Hardware Error]: PROCESSOR 0:50654 TIME 1795173350 SOCKET 0 APIC 0", &fields));
	mce_describe(&fields, &record);
	ck_assert_uint_eq(record.identity, traced);
	ck_assert(!fields.exception);
	/* One that another begins before its end. */
	ck_assert(!add_text(&lines, "mce: [Hardware Error]: CPU 1: Machine Check Exception: 5 Bank 9: bd0", &fields));
	ck_assert(add_text(&lines, "mce: [Hardware Error]: CPU 2: Machine Check: 0 Bank 9: bd1", &fields));
	ck_assert(fields.cpu == 1 && fields.status == 0xbd0 && fields.exception);
	ck_assert(mce_lines_end(&lines, &fields) && fields.cpu == 2 && !mce_lines_end(&lines, &fields));

	ck_assert_int_eq(kmsg_parse("6,339,5140900,-;a b\n KEY=value\n", 31, &sequence, &text, &length), 0);
	ck_assert(sequence == 339 && length == 3 && memcmp(text, "a b", 3) == 0);
	ck_assert_int_eq(kmsg_parse("6;x", 3, &sequence, &text, &length), -ERR_PARSE);
	ck_assert_int_eq(kmsg_parse("6,x,;", 5, &sequence, &text, &length), -ERR_PARSE);
	ck_assert_int_eq(kmsg_parse("", 0, &sequence, &text, &length), -ERR_PARSE);
}
END_TEST

/* ---- a look ---- */

struct looked {
	struct mce_marks marks;
	struct mce_batch batch;
	bool more, lost;
};

static void look_again(struct looked *looked, const char *prefix, size_t room)
{
	const struct sysroot root = { .prefix = prefix };
	struct trace *trace;

	ck_assert_int_eq(trace_open(&root, &trace, &error), 0);
	ck_assert(trace_is_boot_clock(trace));
	machine_check_free_all(looked->batch.first);
	mce_batch_init(&looked->batch, room);
	ck_assert_msg(
		mce_trace_look(trace, &root, &looked->marks, &looked->batch, &looked->more, &looked->lost, &error) == 0,
		"%s", error.text);
	trace_close(trace);
}

static void looked_drop(struct looked *looked)
{
	machine_check_free_all(looked->batch.first);
	free(looked->marks.rows);
}

START_TEST(a_look_at_a_real_trace)
{
	struct looked looked = { .more = false };
	const struct machine_check *record;

	look_again(&looked, FIXTURES "/mce", 3);
	ck_assert(looked.batch.n == 3 && looked.more);
	look_again(&looked, FIXTURES "/mce", 100);
	ck_assert(looked.batch.n == 2 && !looked.more && !looked.lost);
	record = looked.batch.first;
	ck_assert(record->uncorrected && record->mark.stream == 0 && record->mark.next == 4 &&
		  record->mark.ordinal == 1);
	ck_assert_uint_eq(record->mark.stamp, 58492625);
	ck_assert_uint_eq(record->edac_errors, 3);
	ck_assert_uint_eq(record->next->mark.stream, 1);
	look_again(&looked, FIXTURES "/mce", 100);
	ck_assert_uint_eq(looked.batch.n, 0);
	ck_assert_uint_eq(looked.marks.edac_errors, 3);
	looked_drop(&looked);
}
END_TEST

/* A buffer of one processor: lines with these stamps in us, and how many were overwritten before. */
static void write_buffer(const unsigned *stamps, size_t n, unsigned overrun)
{
	char text[4096] = "# tracer: nop\n";
	size_t length = strlen(text);

	for (size_t i = 0; i < n; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "                 [000] .....     0.%06u: mce_record: CPU: 0, MC4: %x\n",
					   stamps[i], stamps[i]);
	scratch_text(CPU_TRACE, text);
	snprintf(text, sizeof(text), "entries: %zu\noverrun: %u\nread events: 0\n", n, overrun);
	scratch_text(CPU_STATS, text);
}

START_TEST(a_look_after_an_overrun)
{
	struct looked looked = { .more = false };

	scratch_make();
	scratch_text("/sys/kernel/tracing/instances/edgenode/trace_clock", "[boot]\n");
	write_buffer((const unsigned[]){ 1, 2, 2 }, 3, 0);
	look_again(&looked, scratch, 100);
	ck_assert(looked.batch.n == 3 && !looked.lost);
	/* 1, 2, 2, two that were never read, then those that are there. */
	write_buffer((const unsigned[]){ 7, 8 }, 2, 5);
	look_again(&looked, scratch, 100);
	ck_assert(looked.batch.n == 3 && looked.lost);
	ck_assert_uint_eq(looked.batch.first->lost, 2);
	ck_assert_uint_eq(looked.batch.first->count, 2);
	ck_assert_uint_eq(looked.batch.first->mark.next, 5);
	ck_assert_uint_eq(looked.batch.first->next->mark.next, 6);
	/* Three are lost, and EDAC has counted two errors meanwhile. */
	scratch_text("/sys/devices/system/edac/mc/mc0/ce_count", "2\n");
	write_buffer((const unsigned[]){ 9 }, 1, 10);
	look_again(&looked, scratch, 100);
	ck_assert_uint_eq(looked.batch.first->lost, 3);
	ck_assert_uint_eq(looked.batch.first->count, 1);
	ck_assert_ptr_nonnull(strstr(looked.batch.first->text, "reconciled from EDAC"));
	/* A buffer made anew is no loss. */
	write_buffer((const unsigned[]){ 20, 21 }, 2, 0);
	look_again(&looked, scratch, 100);
	ck_assert(looked.batch.n == 2 && !looked.lost);
	looked_drop(&looked);
	scratch_remove();
}
END_TEST

START_TEST(a_look_into_pstore)
{
	const struct sysroot root = { .prefix = FIXTURES "/mce" }, none = { .prefix = FIXTURES "/empty" };
	struct mce_marks marks = { .n = 0 };
	struct mce_batch batch;

	mce_batch_init(&batch, 100);
	ck_assert_int_eq(mce_pstore_look(&none, &marks, &batch), -ERR_ABSENT);
	ck_assert_int_eq(mce_pstore_look(&root, &marks, &batch), 0);
	ck_assert_uint_eq(batch.n, 1);
	ck_assert(batch.first->uncorrected && batch.first->path == MACHINE_CHECK_PSTORE);
	ck_assert_int_eq(strncmp(batch.first->text, "the node stopped with a fatal machine check: ", 45), 0);
	ck_assert_int_eq(mce_pstore_look(&root, &marks, &batch), 0);
	ck_assert_uint_eq(batch.n, 1);
	machine_check_free_all(batch.first);
	free(marks.rows);
}
END_TEST

/* ---- what is known of all ---- */

static struct machine_check record_at(uint64_t stamp)
{
	struct machine_check record = { .path = MACHINE_CHECK_TRACE,
					.count = 1,
					.identity = stamp + 1000,
					.time_real_ns = (int64_t)stamp * NS_PER_S,
					.edac_errors = 5,
					.mark = { 0, stamp, 1, stamp } };

	snprintf(record.text, sizeof(record.text), "text %u", (unsigned)stamp);
	snprintf(record.subject, sizeof(record.subject), "CPU 0 bank 4");
	return record;
}

static struct event *apply(struct machine_checks *checks, const struct machine_check *record, uint32_t serial)
{
	struct event *event = machine_checks_event(checks, record);

	ck_assert_ptr_nonnull(event);
	event->serial = serial;
	event->boot = 1;
	machine_checks_apply(checks, event);
	return event;
}

START_TEST(each_record_is_told_once)
{
	struct machine_checks *checks = machine_checks_new();
	struct machine_check record = record_at(7);
	struct event *event = apply(checks, &record, 1);

	ck_assert(event->kind == EVENT_MCE_CORRECTED && event->severity == SEVERITY_WARNING);
	part_unref(event);
	ck_assert_ptr_null(machine_checks_event(checks, &record));
	record.mark.ordinal = 2; /* an equal one, of its own */
	record.uncorrected = true;
	event = apply(checks, &record, 2);
	ck_assert(event->kind == EVENT_MCE_UNCORRECTED && event->severity == SEVERITY_CRITICAL);
	part_unref(event);
	/* The same by another path. */
	record.path = MACHINE_CHECK_KMSG;
	record.mark = (struct machine_check_mark){ MACHINE_CHECK_STREAM_KMSG, 1, 0, 0 };
	ck_assert_ptr_null(machine_checks_event(checks, &record));
	ck_assert(checks->corrected == 1 && checks->uncorrected == 1);
	/* The next boot's stamps begin again, its totals do not. */
	machine_checks_set_boot(checks, 2);
	record = record_at(3);
	part_unref(apply(checks, &record, 3));
	ck_assert_uint_eq(checks->corrected, 2);
	machine_checks_free(checks);
}
END_TEST

static void check_known(const struct machine_checks *checks, uint64_t stamp, uint64_t corrected)
{
	const struct machine_check again = record_at(stamp);
	char text[32];

	snprintf(text, sizeof(text), "text %u", (unsigned)stamp);
	ck_assert_uint_eq(checks->corrected, corrected);
	ck_assert_uint_eq(checks->edac_errors, 5);
	ck_assert_str_eq(checks->last_text, text);
	ck_assert_uint_eq(checks->boot, 1);
	ck_assert_ptr_null(machine_checks_event(checks, &again));
}

/* Through many rotations: what the log does not hold any more is in the head of its segment. */
START_TEST(the_log_has_it_over_rotations)
{
	struct machine_checks *checks = machine_checks_new();
	struct event_log_state state;
	struct event_log *log;

	scratch_make();
	ck_assert_int_eq(event_log_open(scratch, 4096, 10, &log, &state), 0);
	for (uint32_t i = 1; i <= 200; i++) {
		const struct machine_check record = record_at(i);
		struct event *event = apply(checks, &record, i);

		ck_assert_int_eq(event_log_append(log, &event, 1, state.alarms), 0);
		part_unref(event);
		part_unref(state.newest);
		part_unref(state.unsent);
		part_unref(state.alarms);
		machine_checks_free(state.machine_checks);
		event_log_close(log);
		ck_assert_int_eq(event_log_open(scratch, 4096, 10, &log, &state), 0);
		check_known(state.machine_checks, i, i);
		ck_assert_int_eq(state.new_log, false);
	}
	ck_assert_ptr_nonnull(state.newest->rows[0]->machine_check);
	part_unref(state.newest);
	part_unref(state.unsent);
	part_unref(state.alarms);
	machine_checks_free(state.machine_checks);
	event_log_close(log);
	machine_checks_free(checks);
	scratch_remove();
}
END_TEST

START_TEST(records_and_state_as_bytes)
{
	struct machine_checks *checks = machine_checks_new(), *read;
	const struct machine_check record = record_at(9);
	struct event *event = apply(checks, &record, 4), *decoded;
	struct buf out;
	struct cursor c;

	buf_init(&out, EVENT_RECORD_MAX);
	event_encode(event, &out);
	for (size_t n = 0; n < out.length; n++)
		ck_assert_int_eq(event_decode((const uint8_t *)out.data, n, &decoded), -ERR_PARSE);
	ck_assert_int_eq(event_decode((const uint8_t *)out.data, out.length, &decoded), 0);
	ck_assert_mem_eq(decoded->machine_check, event->machine_check, offsetof(struct machine_check_note, path));
	ck_assert_uint_eq(decoded->machine_check->mark.stamp, 9);
	part_unref(decoded);
	part_unref(event);
	buf_reset(&out);
	machine_checks_encode(checks, &out);
	for (size_t n = 0; n < out.length; n++) {
		c = (struct cursor){ (const uint8_t *)out.data, n, false };
		ck_assert_int_eq(machine_checks_decode(&c, &read), -ERR_PARSE);
	}
	c = (struct cursor){ (const uint8_t *)out.data, out.length, false };
	ck_assert_int_eq(machine_checks_decode(&c, &read), 0);
	ck_assert_uint_eq(c.left, 0);
	check_known(read, 9, 1);
	machine_checks_free(read);
	machine_checks_free(checks);
	buf_free(&out);
}
END_TEST

START_TEST(the_builder_tells_and_counts)
{
	struct index_map *indexes = index_map_new();
	struct builder *builder = builder_new(indexes, "test", 0, 0);
	struct machine_check records[3] = { record_at(1), record_at(2), record_at(2) };
	const struct builder_self self = { .poll_interval_ms = 1000 };
	struct snapshot *snapshot;
	struct event_list events;

	records[1].uncorrected = true;
	records[0].next = &records[1];
	records[1].next = &records[2];
	builder_restore_machine_checks(builder, machine_checks_new());
	snapshot = builder_build(builder, procsys_part_new(sizeof(struct sources)), &self, 0, 0);
	ck_assert_ptr_null(snapshot->machine_checks);
	part_unref(snapshot);
	builder_machine_checks(builder, records);
	builder_take_events(builder, &events);
	ck_assert_uint_eq(events.n, 2);
	ck_assert_uint_eq(events.events[1]->machine_check->corrected, 1);
	ck_assert_uint_eq(events.events[1]->machine_check->uncorrected, 1);
	snapshot = builder_build(builder, procsys_part_new(sizeof(struct sources)), &self, 0, 0);
	ck_assert(snapshot->machine_checks->corrected == 1 && snapshot->machine_checks->uncorrected == 1);
	ck_assert_str_eq(snapshot->machine_checks->last_text, "text 2");
	part_unref(snapshot);
	event_list_clear(&events);
	builder_free(builder);
	index_map_free(indexes);
}
END_TEST

/* ---- the reader ---- */

static void count_wakes(void *arg)
{
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_SEQ_CST);
}

START_TEST(the_reader_gives_all_of_it)
{
	const struct sysroot root = { .prefix = FIXTURES "/mce" };
	struct machine_checks *told = machine_checks_new();
	int wakes = 0;
	struct mce_reader *reader = mce_reader_start(&root, told, count_wakes, &wakes);
	struct source_error why;
	struct machine_check *records;
	size_t n = 0;
	uint8_t path;

	machine_checks_free(told);
	ck_assert_ptr_nonnull(reader);
	ck_assert_msg(mce_reader_state(reader, &path, &why) == 0, "%s", why.text);
	ck_assert_uint_eq(path, MACHINE_CHECK_TRACE);
	records = mce_reader_take(reader);
	for (const struct machine_check *record = records; record != NULL; record = record->next)
		n++;
	ck_assert_uint_eq(n, 6);
	ck_assert_int_eq(__atomic_load_n(&wakes, __ATOMIC_SEQ_CST), 2);
	ck_assert_ptr_null(mce_reader_take(reader));
	machine_check_free_all(records);
	ck_assert(mce_reader_stop(reader, clock_mono_ns() + 10 * NS_PER_S));
	ck_assert(mce_reader_stop(NULL, 0));
	ck_assert_ptr_null(mce_reader_take(NULL));
}
END_TEST

START_TEST(a_reader_with_nothing_to_read)
{
	const struct sysroot root = { .prefix = FIXTURES "/empty" };
	struct machine_checks *told = machine_checks_new();
	int wakes = 0;
	struct mce_reader *reader = mce_reader_start(&root, told, count_wakes, &wakes);
	struct source_error why;
	uint8_t path;

	machine_checks_free(told);
	ck_assert_int_eq(mce_reader_state(reader, &path, &why), -ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(why.text, "/sys/kernel/tracing/instances/edgenode"));
	ck_assert_ptr_nonnull(strstr(why.text, "/dev/kmsg"));
	ck_assert_int_eq(wakes, 0);
	ck_assert(mce_reader_stop(reader, clock_mono_ns() + 10 * NS_PER_S));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mce");

	UNIT_ADD(s, lines_of_a_trace);
	UNIT_ADD(s, statistics_and_clock);
	UNIT_ADD(s, records_of_machine_checks);
	UNIT_ADD(s, errors_of_pci_express);
	UNIT_ADD(s, lines_of_the_log);
	UNIT_ADD(s, a_look_at_a_real_trace);
	UNIT_ADD(s, a_look_after_an_overrun);
	UNIT_ADD(s, a_look_into_pstore);
	UNIT_ADD(s, each_record_is_told_once);
	UNIT_ADD(s, the_log_has_it_over_rotations);
	UNIT_ADD(s, records_and_state_as_bytes);
	UNIT_ADD(s, the_builder_tells_and_counts);
	UNIT_ADD(s, the_reader_gives_all_of_it);
	UNIT_ADD(s, a_reader_with_nothing_to_read);
	return s;
}

UNIT_MAIN(suite)
