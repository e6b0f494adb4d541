/*
 * test_view_rows.c - what the standard modules make of single rows: states, units, affinity, dates; and the cache.
 */
#include "base/err.h"
#include "subagent/rows.h"
#include "subagent/trap_view.h"
#include "subagent/varbind.h"

#include "table_fixture.h"
#include "unit.h"

/* --- single views ------------------------------------------------------------------------------------------------- */

static int32_t integer_at(const struct view *view, struct cell_context *context, const uint32_t *oid, size_t n)
{
	struct cell cell;

	ck_assert_int_eq(view_get(view, context, oid, n, &cell), 0);
	ck_assert_int_eq(cell.type, CELL_INTEGER);
	return cell.integer;
}

START_TEST(test_sensors)
{
	struct snapshot *snapshot = fixture_snapshot(0);
	struct cell_context context = fixture_context(snapshot);
	const uint32_t contained[] = { 1, 1, 1, 1, 4, 10003 }, chassis[] = { 1, 1, 1, 1, 5, 1 };
	uint32_t oid[] = { 1, 1, 1, 4, 10003 }, status[] = { 1, 1, 1, 5, 10007 };
	struct cell cell;

	ck_assert_int_eq(integer_at(&ENTITY_VIEW, &context, contained, 6), 1);
	ck_assert_int_eq(integer_at(&ENTITY_VIEW, &context, chassis, 6), 3);
	ck_assert_int_eq(integer_at(&ENTITY_SENSOR_VIEW, &context, oid, 5), -40500);
	ck_assert_int_eq(integer_at(&ENTITY_SENSOR_VIEW, &context, status, 5), 2);
	snapshot->sensors->rows[1].status = SENSOR_FAULT;
	ck_assert_int_eq(integer_at(&ENTITY_SENSOR_VIEW, &context, status, 5), 3);
	status[4] = 10003;
	ck_assert_int_eq(integer_at(&ENTITY_SENSOR_VIEW, &context, status, 5), 1);
	oid[4] = 10007; /* absent is not zero */
	ck_assert_int_eq(view_get(&ENTITY_SENSOR_VIEW, &context, oid, 5, &cell), -ERR_ABSENT);
	snapshot->sensors->rows[0].value = 2000000000;
	oid[4] = 10003;
	ck_assert_int_eq(integer_at(&ENTITY_SENSOR_VIEW, &context, oid, 5), 1000000000);
	part_unref(snapshot);
}
END_TEST

/* Only what runs, by UUID; and the cache follows the snapshot. */
START_TEST(test_guests_by_uuid)
{
	struct snapshot *one = fixture_snapshot(300), *two = fixture_snapshot(2);
	struct view_cache cache = { 0 };

	one->domains->rows[7]->id = -1;
	view_cache_update(&cache, one, false);
	ck_assert_ptr_null(cache.active);
	view_cache_update(&cache, one, true);
	ck_assert_uint_eq(cache.n_active, 299);
	for (size_t i = 1; i < cache.n_active; i++)
		ck_assert_int_lt(memcmp(one->domains->rows[cache.active[i - 1]]->uuid,
					one->domains->rows[cache.active[i]]->uuid, 16), 0);
	view_cache_update(&cache, two, true);
	part_unref(one);
	ck_assert_uint_eq(cache.n_active, 2);
	ck_assert_str_eq(two->domains->rows[cache.active[1]]->name, "guest1");
	part_unref(two);
	view_cache_clear(&cache);
	ck_assert_uint_eq(cache.number, 0);
}
END_TEST

/* --- VM-MIB ------------------------------------------------------------------------------------------------------- */

START_TEST(test_machine_states)
{
	static const struct {
		uint8_t state;
		const char *reason;
		int32_t admin, oper;
	} STATES[] = {
		{ DOMAIN_RUNNING, "booted", 1, 4 },	   { DOMAIN_RUNNING, "post-copy", 1, 9 },
		{ DOMAIN_PAUSED, "user", 3, 8 },	   { DOMAIN_PAUSED, "migration", 1, 9 },
		{ DOMAIN_PAUSED, "save", 2, 5 },	   { DOMAIN_PAUSED, "starting-up", 1, 3 },
		{ DOMAIN_PAUSED, "shutting-down", 4, 10 }, { DOMAIN_PAUSED, NULL, 3, 8 },
		{ DOMAIN_SHUTDOWN, "user", 4, 10 },	   { DOMAIN_SHUTOFF, "saved", 2, 6 },
		{ DOMAIN_SHUTOFF, "destroyed", 4, 11 },	   { DOMAIN_SHUTOFF, "crashed", 4, 12 },
		{ DOMAIN_CRASHED, "panicked", 1, 12 },	   { DOMAIN_PM_SUSPENDED, "unknown", 1, 2 },
		{ DOMAIN_UNKNOWN, "unknown", 1, 1 },	   { 0, NULL, 1, 1 },
	};
	struct snapshot *snapshot = fixture_snapshot(1);
	struct cell_context context = fixture_context(snapshot);
	const uint32_t admin[] = { 1, 4, 1, 5, 1 }, oper[] = { 1, 4, 1, 6, 1 };

	for (size_t i = 0; i < sizeof(STATES) / sizeof(STATES[0]); i++) {
		snapshot->domains->rows[0]->state = STATES[i].state;
		snapshot->domains->rows[0]->reason = STATES[i].reason;
		ck_assert_int_eq(integer_at(&VM_VIEW, &context, admin, 5), STATES[i].admin);
		ck_assert_int_eq(integer_at(&VM_VIEW, &context, oper, 5), STATES[i].oper);
	}
	part_unref(snapshot);
}
END_TEST

START_TEST(test_machine_memory)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct cell_context context = fixture_context(snapshot);
	struct domain *row = snapshot->domains->rows[0];
	uint32_t unit[] = { 1, 4, 1, 12, 1 }, now[] = { 1, 4, 1, 13, 1 }, most[] = { 1, 4, 1, 15, 1 };
	struct cell cell;

	row->have = 0;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, unit, 5), 1024);
	ck_assert_int_eq(view_get(&VM_VIEW, &context, now, 5, &cell), -ERR_ABSENT);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, most, 5), -1);
	row->have = DOMAIN_HAVE_MEM_CURRENT | DOMAIN_HAVE_MEM_MAX;
	row->mem_current_kib = 1048577;
	row->mem_max_kib = INT32_MAX;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, now, 5), 1048577);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, most, 5), INT32_MAX);
	row->mem_max_kib++;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, unit, 5), 1048576);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, now, 5), 1024);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, most, 5), 1 << 21);
	part_unref(snapshot);
}
END_TEST

/* Host CPUs 0 and 3, vCPUs 0 and 3 of the third domain. */
START_TEST(test_machine_affinity)
{
	struct snapshot *snapshot = fixture_snapshot(3);
	struct cell_context context = fixture_context(snapshot);
	struct domain_devices *devices = snapshot->domains->rows[2]->devices;
	uint32_t oid[] = { 1, 6, 1, 3, 3, 4, 196611 };

	ck_assert_int_eq(integer_at(&VM_VIEW, &context, oid, 7), 1);
	devices->placed = true;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, oid, 7), 0);
	devices->cpus = mem_string("0-2,5");
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, oid, 7), 2);
	devices->pins = mem_array(1, sizeof(devices->pins[0]));
	devices->pins[devices->n_pins++] = (struct vcpu_pin){ .vcpu = 3, .cpus = mem_string("3") };
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, oid, 7), 1);
	oid[5] = 1;
	oid[6] = 196608;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, oid, 7), 1);
	snapshot->domains->rows[2]->devices = NULL;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, oid, 7), 0);
	part_unref(devices);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_sets_of_cpus)
{
	static const struct {
		const char *set;
		uint32_t cpu;
		bool has;
	} SETS[] = {
		{ "0", 0, true },    { "0", 1, false },	     { "1-3", 1, true },    { "1-3", 3, true },
		{ "1-3", 4, false }, { "0-7,^3", 3, false }, { "0-7,^3", 4, true }, { "0,^0,0", 0, true },
		{ "", 0, false },    { "x", 0, false },	     { "0-", 0, false },    { "-1", 1, false },
		{ "0;1", 0, false }, { ",", 0, false },	     { "^", 0, false },	    { "99999999999", UINT32_MAX, true },
		{ "5-2", 3, false },
	};

	for (size_t i = 0; i < sizeof(SETS) / sizeof(SETS[0]); i++)
		ck_assert_msg(vcpu_pin_has(SETS[i].set, SETS[i].cpu) == SETS[i].has, "%s", SETS[i].set);
	ck_assert(!vcpu_pin_has(NULL, 0));
}
END_TEST

START_TEST(test_machine_storage)
{
	static char raw[] = "raw", qcow2[] = "qcow2";
	struct snapshot *snapshot = fixture_snapshot(2);
	struct cell_context context = fixture_context(snapshot);
	struct block *block = &snapshot->domains->rows[1]->block_rows[0];
	struct block_device *device = &snapshot->domains->rows[1]->devices->blocks[0];
	uint32_t type[] = { 1, 7, 1, 4, 2, 2 }, access[] = { 1, 7, 1, 7, 2, 2 }, unit[] = { 1, 7, 1, 10, 2, 2 },
		 defined[] = { 1, 7, 1, 11, 2, 2 }, allocated[] = { 1, 7, 1, 12, 2, 2 };

	block->capacity_bytes = UINT64_C(10) << 30;
	block->allocation_bytes = UINT64_C(1) << 30;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, type, 6), 1);
	device->source_type = BLOCK_SOURCE_FILE;
	device->format = qcow2;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, type, 6), 5);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, defined, 6), 10 << 20);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, allocated, 6), 1 << 20);
	device->format = raw;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, type, 6), 4);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, allocated, 6), 10 << 20);
	device->source_type = BLOCK_SOURCE_DEVICE;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, type, 6), 3);
	block->capacity_bytes = UINT64_C(4) << 40;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, unit, 6), 1 << 20);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, defined, 6), 4 << 20);
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, access, 6), 2);
	device->read_only = true;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, access, 6), 3);
	block->have = 0;
	ck_assert_int_eq(integer_at(&VM_VIEW, &context, defined, 6), -1);
	device->format = NULL;
	part_unref(snapshot);
}
END_TEST

/* The time of the snapshot in which rows came or went, not of one in which they only changed. */
START_TEST(test_time_of_change)
{
	struct snapshot *three = fixture_snapshot(3), *other = fixture_snapshot(3), *two = fixture_snapshot(2);
	struct view_cache cache = { 0 };

	three->sealed_mono_ns = 10;
	other->sealed_mono_ns = 20;
	two->sealed_mono_ns = 30;
	view_cache_update(&cache, three, false);
	view_cache_update(&cache, other, true);
	ck_assert_int_eq(cache.change_mono_ns, 10);
	view_cache_update(&cache, two, false);
	ck_assert_int_eq(cache.change_mono_ns, 30);
	view_cache_clear(&cache);
	part_unref(three);
	part_unref(other);
	part_unref(two);
}
END_TEST

/* --- NTPv4-MIB ---------------------------------------------------------------------------------------------------- */

static void check_octets(struct cell_context *context, const uint32_t *oid, size_t n, const void *data, size_t length)
{
	struct cell cell;

	ck_assert_int_eq(view_get(&NTP_VIEW, context, oid, n, &cell), 0);
	ck_assert_int_eq(cell.type, CELL_OCTETS);
	ck_assert_uint_eq(cell.octets.length, length);
	ck_assert_mem_eq(cell.octets.data, data, length);
}

START_TEST(test_ntp_mode)
{
	static const struct {
		uint64_t have;
		uint8_t source, state, peer;
		int32_t mode;
	} MODES[] = {
		{ 0, CLOCK_SOURCE_KERNEL, CLOCK_SYNCHRONIZED, CLOCK_PEER_SERVER, 1 },
		{ CLOCK_HAVE_DAEMON, CLOCK_SOURCE_PTP, CLOCK_SYNCHRONIZED, CLOCK_PEER_SERVER, 99 },
		{ CLOCK_HAVE_DAEMON, CLOCK_SOURCE_NTP, CLOCK_UNSYNCHRONIZED, CLOCK_PEER_SERVER, 2 },
		{ CLOCK_HAVE_DAEMON | CLOCK_HAVE_STRATUM, CLOCK_SOURCE_NONE, CLOCK_UNSYNCHRONIZED, CLOCK_PEER_SERVER,
		  4 },
		{ CLOCK_HAVE_DAEMON, CLOCK_SOURCE_NTP, CLOCK_SYNC_UNKNOWN, CLOCK_PEER_SERVER, 99 },
		{ CLOCK_HAVE_DAEMON, CLOCK_SOURCE_REFERENCE, CLOCK_SYNCHRONIZED, CLOCK_PEER_SERVER, 5 },
		{ CLOCK_HAVE_DAEMON, CLOCK_SOURCE_NTP, CLOCK_SYNCHRONIZED, CLOCK_PEER_REFCLOCK, 5 },
		{ CLOCK_HAVE_DAEMON, CLOCK_SOURCE_NTP, CLOCK_SYNCHRONIZED, CLOCK_PEER_SERVER, 6 },
	};
	struct snapshot *snapshot = fixture_snapshot(0);
	struct cell_context context = fixture_context(snapshot);
	const uint32_t oid[] = { 1, 2, 1, 0 };

	for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
		snapshot->clock->have = MODES[i].have;
		snapshot->clock->source = MODES[i].source;
		snapshot->clock->state = MODES[i].state;
		snapshot->clock_peers->rows[0].mode = MODES[i].peer;
		ck_assert_int_eq(integer_at(&NTP_VIEW, &context, oid, 4), MODES[i].mode);
	}
	snapshot->clock->state = CLOCK_UNSYNCHRONIZED;
	snapshot->clock_peers->n = 0;
	ck_assert_int_eq(integer_at(&NTP_VIEW, &context, oid, 4), 3);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_ntp_texts_and_dates)
{
	/* 2023-11-14 22:13:20.5, and the first of December of that year. */
	static const uint8_t NOW[16] = { 0, 0, 0, 0, 0xe8, 0xfe, 0x6f, 0x80, 0x80 };
	static const uint8_t LEAP[16] = { 0, 0, 0, 0, 0xe9, 0x13, 0xa0, 0x80 };
	struct snapshot *snapshot = fixture_snapshot(0);
	struct cell_context context = fixture_context(snapshot);
	const uint32_t offset[] = { 1, 2, 5, 0 }, date[] = { 1, 2, 9, 0 }, leap[] = { 1, 2, 10, 0 },
		       distance[] = { 1, 1, 7, 0 }, address[] = { 1, 3, 1, 1, 5, 2 }, type[] = { 1, 3, 1, 1, 4, 2 },
		       peer[] = { 1, 3, 1, 1, 6, 2 }, id[] = { 1, 3, 1, 1, 3, 7 }, none[] = { 1, 3, 1, 1, 5, 7 },
		       jitter[] = { 1, 3, 1, 1, 8, 2 }, delay[] = { 1, 3, 1, 1, 9, 2 },
		       dispersion[] = { 1, 3, 1, 1, 10, 2 };
	struct cell cell;

	snapshot->sealed_real_ns = INT64_C(1700000000500000000);
	snapshot->sealed_mono_ns = FIXTURE_NOW;
	check_octets(&context, date, 4, NOW, 16);
	check_octets(&context, leap, 4, "", 0);
	snapshot->clock->leap = CLOCK_LEAP_DELETE;
	check_octets(&context, leap, 4, LEAP, 16);
	snapshot->clock->state = CLOCK_UNSYNCHRONIZED;
	check_octets(&context, date, 4, "", 0);
	ck_assert_int_eq(view_get(&NTP_VIEW, &context, offset, 4, &cell), -ERR_ABSENT); /* the kernel's, without a daemon */
	snapshot->clock->have |= CLOCK_HAVE_DAEMON | CLOCK_HAVE_STRATUM;
	snapshot->clock->source = CLOCK_SOURCE_PTP;
	ck_assert_int_eq(view_get(&NTP_VIEW, &context, offset, 4, &cell), -ERR_ABSENT);
	snapshot->clock->source = CLOCK_SOURCE_NTP;
	check_octets(&context, offset, 4, "1234.567899 ms", 14);
	snapshot->clock->offset_ns = 32000;
	check_octets(&context, offset, 4, "-0.032000 ms", 12);
	snapshot->clock->have |= CLOCK_HAVE_ROOT_DELAY | CLOCK_HAVE_ROOT_DISPERSION;
	snapshot->clock->root_delay_us = 20000;
	snapshot->clock->root_dispersion_us = 3243;
	check_octets(&context, distance, 4, "13.243 ms", 9);
	check_octets(&context, address, 6, "\300\0\002\001", 4);
	ck_assert_int_eq(integer_at(&NTP_VIEW, &context, type, 6), 1);
	check_octets(&context, peer, 6, "0.001999 ms", 11);
	check_octets(&context, id, 6, "PPS", 3);
	ck_assert_int_eq(view_get(&NTP_VIEW, &context, none, 6, &cell), -ERR_ABSENT);
	snapshot->clock_peers->rows[0].have |=
		CLOCK_PEER_HAVE_JITTER | CLOCK_PEER_HAVE_DELAY | CLOCK_PEER_HAVE_ROOT_DISPERSION;
	snapshot->clock_peers->rows[0].jitter_ns = 1002003;
	snapshot->clock_peers->rows[0].delay_ns = 999;
	snapshot->clock_peers->rows[0].root_dispersion_us = 6927;
	check_octets(&context, jitter, 6, "1.002003", 8);
	check_octets(&context, delay, 6, "0.000999", 8);
	check_octets(&context, dispersion, 6, "6.927", 5);
	strcpy(snapshot->clock_peers->rows[0].name, "2001:db8::1");
	check_octets(&context, address, 6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\001", 16);
	ck_assert_int_eq(integer_at(&NTP_VIEW, &context, type, 6), 2);
	part_unref(snapshot);
}
END_TEST

/* --- notifications ------------------------------------------------------------------------------------------------ */

/* The event as it is when its domain, of index 1, has come into the state. */
static struct event *event_of(struct snapshot *snapshot, uint8_t kind, uint8_t state, const char *reason)
{
	struct cell_context context = fixture_context(snapshot);
	struct event *event = event_new(kind, SEVERITY_INFO, "guest0", "a test");
	struct buf record;

	snapshot->domains->rows[0]->state = state;
	snapshot->domains->rows[0]->reason = reason;
	event->serial = 43;
	event->of = EVENT_OF_DOMAIN;
	event->of_index = 1;
	event->persistent = 2;
	buf_init(&record, EVENT_RECORD_MAX);
	ck_assert_int_eq(varbind_encode(&context, event, &record), 0);
	event->varbinds = (uint8_t *)record.data;
	event->varbinds_length = record.length;
	return event;
}

struct told {
	size_t n;
	struct varbind varbinds[8];
};

static void read_told(const struct buf *record, struct told *told)
{
	struct varbind_reader reader;

	told->n = 0;
	ck_assert_int_eq(varbind_open(&reader, (const uint8_t *)record->data, record->length), 0);
	while (told->n < 8 && varbind_read(&reader, &told->varbinds[told->n]) == 0)
		told->n++;
	ck_assert_uint_eq(reader.left, 0);
}

static void check_oid(const uint32_t *got, size_t got_n, const uint32_t *wanted, size_t n)
{
	ck_assert_int_eq(instance_compare(got, got_n, wanted, n), 0);
}

/* What is told of the event; 0, or what trap_view_change says. */
static int tell_vm(struct vm_states *states, const struct event *event, struct buf *record)
{
	struct vm_change change;
	const int code = trap_view_change(states, event, &change);

	return code != 0 ? code : trap_view_vm(&change, record);
}

START_TEST(test_vm_notifications)
{
	static const struct {
		uint8_t kind, state;
		const char *reason;
		uint32_t notification; /* 0: none */
		int32_t before;
	} STEPS[] = {
		{ EVENT_DOMAIN_STATE_CHANGED, DOMAIN_PAUSED, "user", 4, 4 },
		{ EVENT_DOMAIN_STATE_CHANGED, DOMAIN_RUNNING, "unpaused", 1, 8 },
		{ EVENT_DOMAIN_STATE_CHANGED, DOMAIN_RUNNING, "booted", 1, 1 }, /* another run */
		{ EVENT_DOMAIN_STATE_CHANGED, DOMAIN_PAUSED, "starting-up", 0, 0 },
		{ EVENT_DOMAIN_CRASHED, DOMAIN_CRASHED, "panicked", 9, 3 },
		{ EVENT_DOMAIN_IO_ERROR, DOMAIN_PAUSED, "io-error", 0, 0 },
		{ EVENT_DOMAIN_STATE_CHANGED, DOMAIN_SHUTOFF, "saved", 6, 12 },
		{ EVENT_DOMAIN_REMOVED, DOMAIN_SHUTOFF, "saved", 10, 6 },
		{ EVENT_DOMAIN_STATE_CHANGED, DOMAIN_SHUTDOWN, "user", 2, 1 },
	};
	const uint32_t state[] = { 1, 3, 6, 1, 2, 1, 236, 1, 4, 1, 6, 1 },
		       persistent[] = { 1, 3, 6, 1, 2, 1, 236, 1, 4, 1, 8, 1 };
	struct snapshot *snapshot = fixture_snapshot(3);
	struct vm_states states = { 0 };
	struct told told;

	vm_states_seed(&states, snapshot->domains);
	ck_assert_uint_eq(states.n, 3);
	for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++) {
		struct event *event = event_of(snapshot, STEPS[i].kind, STEPS[i].state, STEPS[i].reason);
		const uint32_t trap[] = { 1, 3, 6, 1, 2, 1, 236, 0, STEPS[i].notification };
		struct buf record;

		buf_init(&record, EVENT_RECORD_MAX);
		ck_assert_int_eq(tell_vm(&states, event, &record), STEPS[i].notification != 0 ? 0 : -ERR_ABSENT);
		if (STEPS[i].notification != 0) {
			read_told(&record, &told);
			ck_assert_uint_eq(told.n, STEPS[i].notification == 10 ? 5 : 4);
			check_oid(told.varbinds[0].cell.oid.ids, told.varbinds[0].cell.oid.n, trap, 9);
			check_oid(told.varbinds[3].oid, told.varbinds[3].oid_n, state, 12);
			ck_assert_int_eq(told.varbinds[3].cell.integer, STEPS[i].before);
			ck_assert_mem_eq(told.varbinds[1].cell.octets.data, "guest0", 6);
		}
		if (STEPS[i].notification == 10) {
			check_oid(told.varbinds[4].oid, told.varbinds[4].oid_n, persistent, 12);
			ck_assert_int_eq(told.varbinds[4].cell.integer, 2);
		}
		buf_free(&record);
		part_unref(event);
	}
	vm_states_free(&states);
	part_unref(snapshot);
}
END_TEST

/* What comes from the log of an earlier run neither knows what was before nor changes what is known now. */
START_TEST(test_vm_notification_of_an_earlier_run)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct event *event = event_of(snapshot, EVENT_DOMAIN_STATE_CHANGED, DOMAIN_SHUTOFF, "destroyed");
	struct vm_states states = { 0 };
	struct vm_change change;

	snapshot->domains->rows[0]->state = DOMAIN_RUNNING;
	vm_states_seed(&states, snapshot->domains);
	event->persistent = 0;
	ck_assert_int_eq(trap_view_change(&states, event, &change), 0);
	ck_assert_uint_eq(change.notification, 3);
	ck_assert_uint_eq(change.before, 1);
	ck_assert_uint_eq(change.persistent, 1);
	ck_assert_uint_eq(states.rows[0].oper, 4);
	vm_states_free(&states);
	part_unref(event);
	part_unref(snapshot);
}
END_TEST

START_TEST(test_libvirt_notifications)
{
	const uint32_t trap[] = { 1, 3, 6, 1, 4, 1, 36957, 0, 1 };
	const uint32_t state[27] = { 1, 3, 6, 1, 4, 1, 36957, 1, 1, 1, 3, 1 }; /* and 15 zeroes of the UUID */
	struct snapshot *snapshot = fixture_snapshot(1);
	struct event *event = event_of(snapshot, EVENT_DOMAIN_STATE_CHANGED, DOMAIN_SHUTOFF, "destroyed");
	struct told told;
	struct buf record;

	buf_init(&record, EVENT_RECORD_MAX);
	ck_assert_int_eq(trap_view_libvirt(event, &record), 0);
	read_told(&record, &told);
	ck_assert_uint_eq(told.n, 5);
	check_oid(told.varbinds[0].cell.oid.ids, told.varbinds[0].cell.oid.n, trap, 9);
	check_oid(told.varbinds[3].oid, told.varbinds[3].oid_n, state, 27);
	ck_assert_int_eq(told.varbinds[3].cell.integer, 5);
	ck_assert_int_eq(told.varbinds[4].cell.integer, 2);
	/* A record that is cut says nothing. */
	for (size_t n = 0; n < event->varbinds_length; n++) {
		const size_t whole = event->varbinds_length;
		struct vm_states states = { 0 };

		event->varbinds_length = n;
		buf_cut(&record, 0);
		trap_view_libvirt(event, &record);
		tell_vm(&states, event, &record);
		vm_states_free(&states);
		event->varbinds_length = whole;
	}
	buf_free(&record);
	part_unref(event);
	part_unref(snapshot);
}
END_TEST

static Suite *view_rows_suite(void)
{
	Suite *suite = suite_create("view_rows");

	UNIT_ADD(suite, test_sensors);
	UNIT_ADD(suite, test_guests_by_uuid);
	UNIT_ADD(suite, test_machine_states);
	UNIT_ADD(suite, test_machine_memory);
	UNIT_ADD(suite, test_machine_affinity);
	UNIT_ADD(suite, test_sets_of_cpus);
	UNIT_ADD(suite, test_machine_storage);
	UNIT_ADD(suite, test_time_of_change);
	UNIT_ADD(suite, test_ntp_mode);
	UNIT_ADD(suite, test_ntp_texts_and_dates);
	UNIT_ADD(suite, test_vm_notifications);
	UNIT_ADD(suite, test_vm_notification_of_an_earlier_run);
	UNIT_ADD(suite, test_libvirt_notifications);
	return suite;
}

UNIT_MAIN(view_rows_suite)
