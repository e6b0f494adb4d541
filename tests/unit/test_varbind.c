/*
 * test_varbind.c - the varbinds of notifications: their objects and instances, and the reader on input that is cut, too
 * long or not a record at all.
 */
#include "base/err.h"
#include "subagent/oids.h"
#include "subagent/rows.h"
#include "subagent/varbind.h"

#include "table_fixture.h"
#include "unit.h"

static const uint32_t TRAP_OID[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 };

static struct event *event_of(uint8_t kind, enum event_table of, uint32_t index)
{
	struct event *event = event_new(kind, SEVERITY_CRITICAL, "subject", "something is too hot");

	event->serial = 43;
	event->time_real_ns = FIXTURE_REAL;
	event->threshold = 80000;
	event->of = (uint8_t)of;
	event->of_index = index;
	return event;
}

static struct buf encode(const struct snapshot *snapshot, struct event *event)
{
	struct cell_context context = fixture_context(snapshot);
	struct buf record;

	buf_init(&record, EVENT_RECORD_MAX);
	ck_assert_int_eq(varbind_encode(&context, event, &record), 0);
	part_unref(event);
	return record;
}

static void open_record(struct varbind_reader *reader, const struct buf *record)
{
	ck_assert_int_eq(varbind_open(reader, (const uint8_t *)record->data, record->length), 0);
}

/* The next varbind is this column with this instance. */
static struct varbind expect(struct varbind_reader *reader, const char *name, uint32_t index)
{
	struct snapshot *none = snapshot_new();
	struct cell_context context = fixture_context(none);
	struct varbind varbind;
	uint32_t oid[OID_MAX];
	const size_t n = table_instance(&context, name, index, oid, OID_MAX);

	ck_assert_int_eq(varbind_read(reader, &varbind), 0);
	ck_assert_msg(instance_compare(varbind.oid, varbind.oid_n, oid, n) == 0, "%s", name);
	part_unref(none);
	return varbind;
}

static void expect_head(struct varbind_reader *reader, uint8_t kind)
{
	struct varbind varbind;

	ck_assert_int_eq(varbind_read(reader, &varbind), 0);
	ck_assert_int_eq(instance_compare(varbind.oid, varbind.oid_n, TRAP_OID, 11), 0);
	ck_assert_int_eq(varbind.cell.type, CELL_OID);
	ck_assert_uint_eq(varbind.cell.oid.n, EDGE_ROOT_N + 2);
	ck_assert_mem_eq(varbind.cell.oid_scratch, EDGE_ROOT, EDGE_ROOT_N * sizeof(uint32_t));
	ck_assert_uint_eq(varbind.cell.oid_scratch[EDGE_ROOT_N], 0);
	ck_assert_uint_eq(varbind.cell.oid_scratch[EDGE_ROOT_N + 1], kind);
	varbind = expect(reader, "edgeEventTime", 43);
	ck_assert_uint_eq(varbind.cell.octets.length, 11);
	varbind = expect(reader, "edgeEventSeverity", 43);
	ck_assert_int_eq(varbind.cell.integer, SEVERITY_CRITICAL);
	varbind = expect(reader, "edgeEventText", 43);
	ck_assert_uint_eq(varbind.cell.octets.length, 20);
	ck_assert_mem_eq(varbind.cell.octets.data, "something is too hot", 20);
}

static void expect_end(struct varbind_reader *reader)
{
	struct varbind varbind;

	ck_assert_int_eq(varbind_read(reader, &varbind), -ERR_ABSENT);
	ck_assert_int_eq(varbind_read(reader, &varbind), -ERR_ABSENT);
}

START_TEST(test_thermal)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct buf record = encode(snapshot, event_of(EVENT_THERMAL_CRITICAL, EVENT_OF_SENSOR, 3));
	struct varbind_reader reader;
	struct varbind varbind;

	open_record(&reader, &record);
	expect_head(&reader, EVENT_THERMAL_CRITICAL);
	varbind = expect(&reader, "edgeSensorLabel", 3);
	ck_assert_mem_eq(varbind.cell.octets.data, "Package id 0", 12);
	varbind = expect(&reader, "edgeSensorValue", 3);
	ck_assert(varbind.cell.type == CELL_INTEGER && varbind.cell.integer == -40500);
	varbind = expect(&reader, "edgeEventThreshold", 43);
	ck_assert_int_eq(varbind.cell.integer, 80000);
	expect_end(&reader);
	buf_free(&record);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_domain_and_source)
{
	struct snapshot *snapshot = fixture_snapshot(4);
	struct buf record = encode(snapshot, event_of(EVENT_DOMAIN_STATE_CHANGED, EVENT_OF_DOMAIN, 3));
	struct varbind_reader reader;

	open_record(&reader, &record);
	expect_head(&reader, EVENT_DOMAIN_STATE_CHANGED);
	expect(&reader, "edgeDomainName", 3);
	ck_assert_mem_eq(expect(&reader, "edgeDomainUuid", 3).cell.octets.data, snapshot->domains->rows[2]->uuid, 16);
	ck_assert_int_eq(expect(&reader, "edgeDomainState", 3).cell.integer, DOMAIN_RUNNING);
	expect(&reader, "edgeDomainStateReason", 3);
	expect_end(&reader);
	buf_free(&record);
	record = encode(snapshot, event_of(EVENT_SOURCE_FAILED, EVENT_OF_SOURCE, 1));
	open_record(&reader, &record);
	expect_head(&reader, EVENT_SOURCE_FAILED);
	expect(&reader, "edgeSourceName", 1);
	ck_assert_int_eq(expect(&reader, "edgeSourceState", 1).cell.integer, SOURCE_STATE_FAILED);
	expect_end(&reader);
	buf_free(&record);
	part_unref(snapshot);
}
END_TEST

/* The row of the event itself goes before the snapshot's, and the disk it names comes after the objects. */
START_TEST(test_row_and_disk_of_the_event)
{
	static const uint8_t KINDS[] = { EVENT_DOMAIN_CRASHED,  EVENT_DOMAIN_IO_ERROR,   EVENT_DOMAIN_WATCHDOG,
					 EVENT_DOMAIN_REMOVED, EVENT_DOMAIN_IO_RESUMED, EVENT_DOMAIN_REBOOTED };
	struct snapshot *snapshot = fixture_snapshot(0);
	struct domain *row = domain_new(domain_ident_new((const uint8_t[16]){ 1 }, "gone", "hvm"));

	row->index = 3;
	row->state = DOMAIN_SHUTOFF;
	row->reason = "destroyed";
	row->devices = domain_devices_new(2, 0);
	row->devices->blocks[0].target = mem_string("vda");
	row->devices->blocks[1].target = mem_string("vdb");
	row->n_blocks = 2;
	row->block_rows = mem_array(2, sizeof(row->block_rows[0]));
	row->block_rows[0] = (struct block){ .index = 4, .device = &row->devices->blocks[0] };
	row->block_rows[1] = (struct block){ .index = 5, .device = &row->devices->blocks[1] };
	for (size_t i = 0; i < sizeof(KINDS); i++) {
		static const char *const DEVICES[] = { NULL, "vdb", "virtio-disk7" };
		struct event *event = event_of(KINDS[i], EVENT_OF_DOMAIN, 3);
		struct varbind_reader reader;
		struct varbind varbind;
		struct buf record;

		event->row = part_ref(row);
		event->device = mem_string(DEVICES[i % 3]);
		record = encode(snapshot, event);
		open_record(&reader, &record);
		expect_head(&reader, KINDS[i]);
		expect(&reader, "edgeDomainName", 3);
		expect(&reader, "edgeDomainUuid", 3);
		ck_assert_int_eq(expect(&reader, "edgeDomainState", 3).cell.integer, DOMAIN_SHUTOFF);
		expect(&reader, "edgeDomainStateReason", 3);
		if (i % 3 == 1) {
			ck_assert_int_eq(varbind_read(&reader, &varbind), 0);
			ck_assert_uint_eq(varbind.oid[varbind.oid_n - 2], 3);
			ck_assert_uint_eq(varbind.oid[varbind.oid_n - 1], 5);
			ck_assert_uint_eq(varbind.oid[varbind.oid_n - 3], 2); /* edgeBlockTarget */
			ck_assert_uint_eq(varbind.cell.octets.length, 3);
			ck_assert_mem_eq(varbind.cell.octets.data, "vdb", 3);
		}
		expect_end(&reader);
		buf_free(&record);
	}
	part_unref(row);
	part_unref(snapshot);
}
END_TEST

/* The log's scalars count the event itself, whether or not the snapshot has it yet. */
START_TEST(test_agent_started)
{
	struct snapshot *snapshot = fixture_snapshot(0);
	struct buf record = encode(snapshot, event_of(EVENT_AGENT_STARTED, EVENT_OF_NOTHING, 0));
	struct varbind_reader reader;

	open_record(&reader, &record);
	expect_head(&reader, EVENT_AGENT_STARTED);
	ck_assert_mem_eq(expect(&reader, "edgeEventLogId", 0).cell.octets.data, snapshot->events->log_id, 16);
	ck_assert_uint_eq(expect(&reader, "edgeEventFirst", 0).cell.number, 41);
	ck_assert_uint_eq(expect(&reader, "edgeEventLast", 0).cell.number, 43);
	expect_end(&reader);
	buf_free(&record);
	snapshot->events->capacity = 2;
	record = encode(snapshot, event_of(EVENT_AGENT_STARTED, EVENT_OF_NOTHING, 0));
	open_record(&reader, &record);
	expect_head(&reader, EVENT_AGENT_STARTED);
	expect(&reader, "edgeEventLogId", 0);
	ck_assert_uint_eq(expect(&reader, "edgeEventFirst", 0).cell.number, 42);
	buf_free(&record);
	snapshot->events->first = snapshot->events->last = 0;
	record = encode(snapshot, event_of(EVENT_AGENT_STOPPING, EVENT_OF_NOTHING, 0));
	open_record(&reader, &record);
	expect_head(&reader, EVENT_AGENT_STOPPING);
	ck_assert_uint_eq(expect(&reader, "edgeEventLast", 0).cell.number, 43);
	expect_end(&reader);
	buf_free(&record);
	part_unref(snapshot);
}
END_TEST

/* A row that is gone, a value that is absent, nothing read at all, a kind without objects. */
START_TEST(test_absent_objects_are_left_out)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct snapshot *none = snapshot_new();
	struct buf record = encode(snapshot, event_of(EVENT_THERMAL_WARNING, EVENT_OF_SENSOR, 7));
	struct varbind_reader reader;

	open_record(&reader, &record);
	expect_head(&reader, EVENT_THERMAL_WARNING);
	expect(&reader, "edgeSensorLabel", 7);
	expect(&reader, "edgeEventThreshold", 43);
	expect_end(&reader);
	buf_free(&record);
	record = encode(none, event_of(EVENT_THERMAL_WARNING, EVENT_OF_SENSOR, 7));
	open_record(&reader, &record);
	expect_head(&reader, EVENT_THERMAL_WARNING);
	expect(&reader, "edgeEventThreshold", 43);
	expect_end(&reader);
	buf_free(&record);
	record = encode(none, event_of(EVENT_AGENT_STARTED, EVENT_OF_NOTHING, 0));
	open_record(&reader, &record);
	expect_head(&reader, EVENT_AGENT_STARTED);
	expect_end(&reader);
	buf_free(&record);
	record = encode(snapshot, event_of(63, EVENT_OF_NOTHING, 0));
	open_record(&reader, &record);
	expect_head(&reader, 63);
	expect_end(&reader);
	buf_free(&record);
	part_unref(none);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_encode_limit)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct cell_context context = fixture_context(snapshot);
	struct event *event = event_of(EVENT_THERMAL_WARNING, EVENT_OF_SENSOR, 3);
	struct buf record;

	buf_init(&record, 100);
	buf_text(&record, "kept");
	ck_assert_int_eq(varbind_encode(&context, event, &record), -ERR_LIMIT);
	ck_assert_uint_eq(record.length, 4);
	buf_free(&record);
	part_unref(event);
	part_unref(snapshot);
}
END_TEST

/* All varbinds of a record; 0 when it was read to its end. */
static int read_all(const uint8_t *data, size_t length, size_t *count)
{
	struct varbind_reader reader;
	struct varbind varbind;
	int code = varbind_open(&reader, data, length);

	*count = 0;
	while (code == 0) {
		code = varbind_read(&reader, &varbind);
		if (code != 0)
			break;
		(*count)++;
		ck_assert_uint_le(varbind.oid_n, OID_MAX);
		if (varbind.cell.type == CELL_OCTETS)
			ck_assert_uint_le(varbind.cell.octets.length, length);
		if (varbind.cell.type == CELL_OID)
			ck_assert_uint_le(varbind.cell.oid.n, OID_SCRATCH);
	}
	ck_assert(code == -ERR_ABSENT || code == -ERR_PARSE);
	return code == -ERR_ABSENT ? 0 : code;
}

/* Each prefix in a block of its own, so that a sanitizer sees a read behind it. */
START_TEST(test_cut_and_lengthened)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct buf record = encode(snapshot, event_of(EVENT_THERMAL_WARNING, EVENT_OF_SENSOR, 3));
	size_t count;

	for (size_t n = 0; n <= record.length + 1; n++) {
		uint8_t *copy = mem_alloc(n > 0 ? n : 1);

		memcpy(copy, record.data, n <= record.length ? n : record.length);
		ck_assert_int_eq(read_all(copy, n, &count), n == record.length ? 0 : -ERR_PARSE);
		free(copy);
	}
	buf_free(&record);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_broken_records)
{
	static const uint8_t version[] = { 2, 0, 0, 0, 0 };
	static const uint8_t many[] = { 1, 0, 0, 0, VARBINDS_MAX + 1 };
	static const uint8_t long_oid[] = { 1, 0, 0, 0, 1, 0, 0, 0, 129, 0, 0, 0, 1 };
	static const uint8_t no_oid[] = { 1, 0, 0, 0, 1, 0, 0, 0, 0, CELL_INTEGER, 0, 0, 0, 1 };
	static const uint8_t type[] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, CELL_TICKS + 1, 0, 0, 0, 0 };
	static const uint8_t octets[] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, CELL_OCTETS, 255, 255, 255, 255, 'x' };
	static const uint8_t ids[] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, CELL_OID, 0, 0, 0, OID_SCRATCH + 1 };
	static const uint8_t empty[] = { 1, 0, 0, 0, 0 };
	size_t count;

	ck_assert_int_eq(read_all(NULL, 0, &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(version, sizeof(version), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(many, sizeof(many), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(long_oid, sizeof(long_oid), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(no_oid, sizeof(no_oid), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(type, sizeof(type), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(octets, sizeof(octets), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(ids, sizeof(ids), &count), -ERR_PARSE);
	ck_assert_int_eq(read_all(empty, sizeof(empty), &count), 0);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* Records with random bytes changed: read or refused, never more than they hold. */
START_TEST(test_random_bytes)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct buf record = encode(snapshot, event_of(EVENT_THERMAL_WARNING, EVENT_OF_SENSOR, 3));
	uint8_t *copy = mem_alloc(record.length);
	uint32_t state = 1;
	size_t count;

	for (size_t round = 0; round < 50000; round++) {
		memcpy(copy, record.data, record.length);
		for (size_t i = 0; i <= round % 4; i++) {
			state = state * 1664525u + 1013904223u;
			copy[(state >> 8) % record.length] = (uint8_t)(state >> 3);
		}
		read_all(copy, record.length, &count);
		ck_assert_uint_le(count, VARBINDS_MAX);
	}
	free(copy);
	buf_free(&record);
	part_unref(snapshot);
}
END_TEST

static Suite *varbind_suite(void)
{
	Suite *suite = suite_create("varbind");

	UNIT_ADD(suite, test_thermal);
	UNIT_ADD(suite, test_domain_and_source);
	UNIT_ADD(suite, test_row_and_disk_of_the_event);
	UNIT_ADD(suite, test_agent_started);
	UNIT_ADD(suite, test_absent_objects_are_left_out);
	UNIT_ADD(suite, test_encode_limit);
	UNIT_ADD(suite, test_cut_and_lengthened);
	UNIT_ADD(suite, test_broken_records);
	UNIT_ADD(suite, test_random_bytes);
	return suite;
}

UNIT_MAIN(varbind_suite)
