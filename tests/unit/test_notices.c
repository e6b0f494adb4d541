/*
 * test_notices.c - what is told without a rule: clock, overhead, bonds, disks, faulty sensors, throttling, memory
 * errors; each with hold time, jitter, restart and end.
 */
#include "base/buf.h"
#include "detect_bench.h"
#include "subagent/varbind.h"

/* The number of varbinds of the event's notification. */
static int varbinds_of(const struct bench *bench, const struct event *event)
{
	struct cell_context context;
	struct buf record;
	int n;

	buf_init(&record, EVENT_RECORD_MAX);
	cell_context_init(&context, bench->old, 0, 0);
	ck_assert_int_eq(varbind_encode(&context, event, &record), 0);
	n = record.data[4];
	buf_free(&record);
	return n;
}
#define OWN_VARBINDS 4 /* snmpTrapOID, time, severity, text */

static void run_sources(struct bench *bench, uint8_t state)
{
	bench_sources(bench, state);
	bench_run(bench);
}

/* ---- clock ---- */

static void bench_clock(struct bench *bench, uint8_t state)
{
	struct clock_state *clock = bench_part(sizeof(*clock));

	clock->state = state;
	clock->source = CLOCK_SOURCE_NTP;
	clock->offset_ns = -1234567;
	snprintf(clock->reference, sizeof(clock->reference), "192.0.2.1");
	clock->have = CLOCK_HAVE_OFFSET | CLOCK_HAVE_REFERENCE;
	snapshot_put(&bench->new->clock, clock);
	bench_run(bench);
}

START_TEST(clock_unsynchronised_for_its_hold_time)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < 10; i++) {
		bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
		no_event(&bench);
	}
	bench_clock(&bench, CLOCK_SYNCHRONIZED); /* just in time */
	no_event(&bench);
	for (int i = 0; i < 10; i++) {
		bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
		no_event(&bench);
	}
	bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
	event = only_event(&bench, EVENT_CLOCK_UNSYNCHRONIZED);
	ck_assert_str_eq(event->subject, "clock");
	ck_assert_str_eq(event->text, "the node's clock is not synchronised");
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 1);
	only_alarm(&bench, EVENT_CLOCK_UNSYNCHRONIZED, SEVERITY_WARNING);
	for (int i = 0; i < 30; i++) {
		bench_clock(&bench, i % 2 == 0 ? CLOCK_SYNC_UNKNOWN : CLOCK_UNSYNCHRONIZED);
		no_event(&bench);
	}
	bench_clock(&bench, CLOCK_SYNCHRONIZED);
	event = only_event(&bench, EVENT_CLOCK_SYNCHRONIZED);
	ck_assert_str_eq(event->text, "the node's clock is synchronised to 192.0.2.1, its offset is -1234 us");
	ck_assert_uint_eq(event->severity, SEVERITY_INFO);
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(clock_that_is_not_read_proves_nothing)
{
	struct bench bench;

	bench_open(&bench);
	bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
	for (int i = 0; i < 60; i++) {
		bench_run(&bench);
		no_event(&bench);
	}
	bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
	only_event(&bench, EVENT_CLOCK_UNSYNCHRONIZED);
	bench_close(&bench);
}
END_TEST

START_TEST(clock_alarm_over_a_restart)
{
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < 11; i++)
		bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
	only_event(&bench, EVENT_CLOCK_UNSYNCHRONIZED);
	bench_restart(&bench);
	run_sources(&bench, SOURCE_STATE_STARTING);
	no_event(&bench);
	for (int i = 0; i < 30; i++) {
		bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
		no_event(&bench);
	}
	bench_restart(&bench);
	bench_clock(&bench, CLOCK_SYNCHRONIZED);
	only_event(&bench, EVENT_CLOCK_SYNCHRONIZED);
	/* A source that is switched off takes its alarm along. */
	for (int i = 0; i < 11; i++)
		bench_clock(&bench, CLOCK_UNSYNCHRONIZED);
	bench_restart(&bench);
	run_sources(&bench, SOURCE_STATE_STARTING);
	no_event(&bench);
	run_sources(&bench, SOURCE_STATE_DISABLED);
	ck_assert_str_eq(only_event(&bench, EVENT_CLOCK_SYNCHRONIZED)->text, "clock is gone, its alarm ends");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

/* ---- overhead ---- */

static uint32_t overhead, ran[2];

static void set_overhead(struct domain *row, size_t i)
{
	(void)i;
	row->overhead_centi = overhead;
	row->have |= DOMAIN_HAVE_OVERHEAD;
	row->n_vcpus = 2;
	row->vcpu_rows = mem_array(2, sizeof(row->vcpu_rows[0]));
	for (uint32_t v = 0; v < 2; v++)
		row->vcpu_rows[v] = (struct vcpu){ .index = v + 1, .have = VCPU_HAVE_UTIL, .util_centi = ran[v] };
}

static void set_off(struct domain *row, size_t i)
{
	(void)i;
	row->id = -1;
	row->state = DOMAIN_SHUTOFF;
}

static void bench_overhead(struct bench *bench, uint32_t overhead_centi, uint32_t ran_centi)
{
	overhead = overhead_centi;
	ran[0] = ran_centi / 2;
	ran[1] = ran_centi - ran[0];
	bench_domains(bench, 1, set_overhead);
	bench_run(bench);
}

/* Whether these figures for a long time are one event. */
static bool is_high(uint32_t overhead_centi, uint32_t ran_centi)
{
	struct bench bench;
	size_t found = 0;

	bench_open(&bench);
	for (int i = 0; i < 100; i++) {
		bench_overhead(&bench, overhead_centi, ran_centi);
		found += bench.events.n;
	}
	ck_assert_uint_le(found, 1);
	bench_close(&bench);
	return found == 1;
}

START_TEST(overhead_needs_both)
{
	ck_assert(is_high(501, 0));
	ck_assert(!is_high(500, 0)); /* not above 5 % of a CPU */
	ck_assert(is_high(1501, 10000));
	ck_assert(!is_high(1500, 10000)); /* not above 15 % of what its vCPUs ran */
	ck_assert(!is_high(2000, 20000));
	ck_assert(is_high(3001, 20000));
	ck_assert(!is_high(400, 100));
	ck_assert(is_high(UINT32_MAX, 20000));
}
END_TEST

START_TEST(overhead_high_and_normal)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < 30; i++) {
		bench_overhead(&bench, 2500, 10000);
		no_event(&bench);
	}
	bench_overhead(&bench, 2500, 10000);
	event = only_event(&bench, EVENT_OVERHEAD_HIGH);
	ck_assert_str_eq(event->subject, "web-1");
	ck_assert_str_eq(event->text, "domain web-1: overhead is 25.00 % of a host CPU while its vCPUs run 100.00 %");
	ck_assert_int_eq(event->value, 2500);
	ck_assert_str_eq(event->units, "0.01 percent");
	ck_assert_uint_eq(event->domain, 1);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 3);
	for (int i = 0; i < 200; i++) {
		bench_overhead(&bench, i % 10 == 0 ? 2500 : 100, 10000);
		no_event(&bench);
	}
	for (int i = 0; i < 21; i++) {
		bench_overhead(&bench, 100, 10000);
		no_event(&bench);
	}
	bench_overhead(&bench, 123, 10000);
	ck_assert_str_eq(only_event(&bench, EVENT_OVERHEAD_NORMAL)->text,
			 "domain web-1: overhead is back to normal at 1.23 % of a host CPU");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(overhead_of_a_domain_that_ends)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	for (int i = 0; i < 31; i++)
		bench_overhead(&bench, 9000, 10000);
	only_event(&bench, EVENT_OVERHEAD_HIGH);
	for (int i = 0; i < 30; i++) {
		bench_domains(&bench, 1, set_off);
		bench_run(&bench);
		no_event(&bench);
	}
	bench_domains(&bench, 1, set_off);
	bench_run(&bench);
	only_event(&bench, EVENT_OVERHEAD_NORMAL);
	for (int i = 0; i < 31; i++)
		bench_overhead(&bench, 9000, 10000);
	only_event(&bench, EVENT_OVERHEAD_HIGH);
	bench_domains(&bench, 0, set_off);
	bench_run(&bench);
	event = only_event(&bench, EVENT_OVERHEAD_NORMAL);
	ck_assert_str_eq(event->text, "web-1 is gone, its alarm ends");
	/* The notification has the objects of the last row. */
	ck_assert_uint_eq(event->domain, 1);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 3);
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

/* ---- bonds ---- */

static struct bond_port ports[2];

static void bench_bond(struct bench *bench, const char *mode, bool up, uint32_t active, uint32_t ports_up)
{
	struct bonds *bonds = bench_part(sizeof(*bonds));
	struct bond *bond = &bonds->rows[0];

	bonds->n = 1;
	*bond = (struct bond){ .index = 7, .up = up, .ports = 2, .active_ports = active, .port_rows = ports };
	snprintf(bond->name, sizeof(bond->name), "bond0");
	snprintf(bond->mode, sizeof(bond->mode), "%s", mode);
	for (uint32_t i = 0; i < 2; i++)
		ports[i] = (struct bond_port){ .if_index = i + 2, .up = i < ports_up };
	snapshot_put(&bench->new->bonds, bonds);
	bench_run(bench);
}

START_TEST(bond_degraded_and_restored)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	bench_bond(&bench, "802.3ad", true, 2, 2);
	no_event(&bench);
	bench_bond(&bench, "802.3ad", true, 1, 1);
	event = only_event(&bench, EVENT_BOND_DEGRADED);
	ck_assert_str_eq(event->subject, "bond0");
	ck_assert_str_eq(event->text, "bond bond0 is up with 1 of 2 ports");
	ck_assert_int_eq(event->value, 1);
	ck_assert_int_eq(event->threshold, 2);
	ck_assert_uint_eq(event->of_index, 7);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 3);
	bench_bond(&bench, "802.3ad", false, 0, 0);
	no_event(&bench);
	/* A link that flaps is told of once. */
	for (int i = 0; i < 50; i++) {
		bench_bond(&bench, "802.3ad", true, i % 5 == 0 ? 1 : 2, 2);
		no_event(&bench);
	}
	for (int i = 0; i < 6; i++) {
		bench_bond(&bench, "802.3ad", true, 2, 2);
		no_event(&bench);
	}
	bench_bond(&bench, "802.3ad", true, 2, 2);
	ck_assert_str_eq(only_event(&bench, EVENT_BOND_RESTORED)->text, "bond bond0 is up with 2 of 2 ports");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_bond(&bench, "802.3ad", false, 2, 2);
	only_event(&bench, EVENT_BOND_DEGRADED);
	snapshot_put(&bench.new->bonds, NULL);
	bench_run(&bench);
	event = only_event(&bench, EVENT_BOND_RESTORED);
	ck_assert_str_eq(event->text, "bond0 is gone, its alarm ends");
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 3);
	bench_close(&bench);
}
END_TEST

/* What no bond source tells of is gone, whatever becomes of the others; until it has told something, nothing is. */
START_TEST(bond_that_is_gone_after_a_restart)
{
	struct bench bench;

	bench_open(&bench);
	bench_bond(&bench, "802.3ad", true, 1, 1);
	only_event(&bench, EVENT_BOND_DEGRADED);
	bench_restart(&bench);
	bench_sources(&bench, SOURCE_STATE_STALE);
	bench.new->sources->rows[SOURCE_BOND - 1].state = SOURCE_STATE_STARTING;
	bench_run(&bench);
	ck_assert_uint_eq(bench.alarms->n, 1);
	bench_sources(&bench, SOURCE_STATE_STALE);
	bench.new->sources->rows[SOURCE_BOND - 1].state = SOURCE_STATE_OK;
	bench_run(&bench);
	only_event(&bench, EVENT_BOND_RESTORED);
	bench_close(&bench);
}
END_TEST

START_TEST(bond_whose_ports_wait)
{
	struct bench bench;

	bench_open(&bench);
	bench_bond(&bench, "active-backup", true, 1, 2);
	no_event(&bench);
	bench_bond(&bench, "active-backup", true, 1, 1);
	only_event(&bench, EVENT_BOND_DEGRADED);
	bench_close(&bench);
}
END_TEST

/* ---- disks ---- */

static void bench_disk(struct bench *bench, const char *name, uint8_t health)
{
	struct disks *disks = bench_part(sizeof(*disks) + sizeof(struct disk));
	struct disk *disk = &disks->rows[0];

	disks->n = 1;
	disk->index = 3;
	disk->health = health;
	disk->have = DISK_HAVE_SERIAL | DISK_HAVE_MODEL;
	snprintf(disk->name, sizeof(disk->name), "%s", name);
	snprintf(disk->model, sizeof(disk->model), "Model M");
	snprintf(disk->serial, sizeof(disk->serial), "S123");
	snprintf(disk->identity, sizeof(disk->identity), "S123");
	snapshot_put(&bench->new->disks, disks);
	bench_run(bench);
}

START_TEST(disk_fails_and_passes)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	bench_disk(&bench, "sda", DISK_HEALTH_UNKNOWN);
	no_event(&bench);
	bench_disk(&bench, "sda", DISK_FAILED);
	event = only_event(&bench, EVENT_DISK_HEALTH_FAILED);
	ck_assert_str_eq(event->text, "disk sda, Model M, serial number S123 reports that its health check fails");
	ck_assert_uint_eq(event->severity, SEVERITY_CRITICAL);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 3);
	only_alarm(&bench, EVENT_DISK_HEALTH_FAILED, SEVERITY_CRITICAL);
	bench_restart(&bench);
	run_sources(&bench, SOURCE_STATE_STARTING);
	bench_disk(&bench, "sdb", DISK_FAILED); /* the same disk by another name */
	no_event(&bench);
	bench_disk(&bench, "sdb", DISK_HEALTH_UNKNOWN);
	no_event(&bench);
	bench_disk(&bench, "sdb", DISK_PASSED);
	ck_assert_str_eq(only_event(&bench, EVENT_DISK_HEALTH_RESTORED)->text,
			 "disk sdb, Model M, serial number S123 reports that its health check passes again");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

/* ---- sensors ---- */

static void bench_sensor(struct bench *bench, uint8_t status)
{
	struct sensors *sensors = sensors_new(1);

	sensors->rows[0] = (struct sensor){ .index = 5, .type = SENSOR_FAN, .status = status };
	sensors->rows[0].key = mem_string("chip/fan1");
	sensors->rows[0].label = mem_string("Fan A");
	snapshot_put(&bench->new->sensors, sensors);
	bench_run(bench);
}

START_TEST(sensor_fault_and_restored)
{
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	bench_sensor(&bench, SENSOR_FAULT);
	event = only_event(&bench, EVENT_SENSOR_FAULT);
	ck_assert_str_eq(event->text, "sensor chip/fan1 is faulty: its value is not to be trusted");
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 2);
	bench_sensor(&bench, SENSOR_FAULT);
	no_event(&bench);
	bench_sensor(&bench, SENSOR_UNAVAILABLE);
	no_event(&bench);
	bench_sensor(&bench, SENSOR_WARNING);
	ck_assert_str_eq(only_event(&bench, EVENT_SENSOR_RESTORED)->text, "sensor chip/fan1 works again");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

/* ---- throttling ---- */

enum { CPUS = 4 };

static void bench_cpus(struct bench *bench, const uint64_t core[CPUS], const uint64_t package[CPUS])
{
	struct cpus *cpus = bench_part(sizeof(*cpus) + CPUS * sizeof(struct cpu));

	cpus->n = CPUS;
	for (uint32_t i = 0; i < CPUS; i++) {
		struct cpu *cpu = &cpus->rows[i];

		cpu->index = i + 1;
		cpu->have = CPU_HAVE_CORE_THROTTLES | CPU_HAVE_PACKAGE_THROTTLES | CPU_HAVE_PACKAGE;
		cpu->freq.package = (int32_t)i / 2;
		cpu->throttle.core_throttles = core[i];
		cpu->throttle.package_throttles = package[i];
	}
	snapshot_put(&bench->new->cpus, cpus);
	bench_run(bench);
}

START_TEST(throttle_started_and_ended)
{
	static const uint64_t NONE[CPUS] = { 5, 5, 5, 5 };
	uint64_t core[CPUS] = { 100, 0, 0, 0 }, package[CPUS] = { 9, 9, 9, 9 };
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	bench_cpus(&bench, core, package); /* what was before says nothing */
	no_event(&bench);
	core[1] = 3;
	bench_cpus(&bench, core, package);
	event = only_event(&bench, EVENT_THROTTLE_STARTED);
	ck_assert_str_eq(event->subject, "cpu1");
	ck_assert_str_eq(event->text, "cpu1 is throttled because of heat, 3 times since the reading before");
	ck_assert_uint_eq(event->of_index, 2);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 1);
	for (int i = 0; i < 100; i++) {
		core[1] += i % 20 == 0;
		bench_cpus(&bench, core, package);
		no_event(&bench);
	}
	for (int i = 0; bench.events.n == 0; i++) {
		bench_cpus(&bench, core, package);
		ck_assert_int_lt(i, 61);
	}
	ck_assert_str_eq(only_event(&bench, EVENT_THROTTLE_ENDED)->text, "cpu1 has not been throttled for 60 s");
	/* A package: its first CPU stands for it. */
	package[2] = package[3] = 10;
	bench_cpus(&bench, core, package);
	ck_assert_str_eq(only_event(&bench, EVENT_THROTTLE_STARTED)->subject, "cpu2");
	/* Counters that begin again. */
	bench_cpus(&bench, NONE, NONE);
	bench_cpus(&bench, NONE, NONE);
	no_event(&bench);
	bench_close(&bench);
}
END_TEST

START_TEST(throttle_alarm_over_a_restart)
{
	uint64_t core[CPUS] = { 1, 1, 1, 1 }, package[CPUS] = { 0 };
	struct bench bench;

	bench_open(&bench);
	bench_cpus(&bench, core, package);
	core[0]++;
	bench_cpus(&bench, core, package);
	only_event(&bench, EVENT_THROTTLE_STARTED);
	bench_restart(&bench);
	for (int i = 0; i < 61; i++) {
		bench_cpus(&bench, core, package);
		no_event(&bench);
	}
	bench_cpus(&bench, core, package);
	only_event(&bench, EVENT_THROTTLE_ENDED);
	bench_close(&bench);
}
END_TEST

/* ---- memory errors ---- */

static void bench_edacs(struct bench *bench, const uint64_t corrected[3], const uint64_t uncorrected[3])
{
	static const char *const LABELS[] = { "", "DIMM_A1", "DIMM_A2" };
	static const char *const IDENTITIES[] = { "mc0", "mc0/dimm0", "mc0/dimm1" };
	struct edacs *edacs = bench_part(sizeof(*edacs) + 3 * sizeof(struct edac));

	edacs->n = 3;
	for (uint32_t i = 0; i < 3; i++) {
		struct edac *row = &edacs->rows[i];

		row->index = i + 1;
		row->have = EDAC_HAVE_CORRECTED | EDAC_HAVE_UNCORRECTED;
		row->corrected = corrected[i];
		row->uncorrected = uncorrected[i];
		snprintf(row->controller, sizeof(row->controller), "mc0");
		snprintf(row->label, sizeof(row->label), "%s", LABELS[i]);
		snprintf(row->identity, sizeof(row->identity), "%s", IDENTITIES[i]);
	}
	snapshot_put(&bench->new->edacs, edacs);
	bench_run(bench);
}

START_TEST(edac_tells_each_growth)
{
	uint64_t corrected[3] = { 10, 4, 4 }, uncorrected[3] = { 0 };
	const struct event *event;
	struct bench bench;

	bench_open(&bench);
	bench_edacs(&bench, corrected, uncorrected);
	no_event(&bench);
	corrected[0] += 2; /* the controller counts what its module has */
	corrected[1] += 2;
	bench_edacs(&bench, corrected, uncorrected);
	event = only_event(&bench, EVENT_EDAC_ERRORS);
	ck_assert_str_eq(event->subject, "mc0/dimm0");
	ck_assert_str_eq(event->text,
			 "memory mc0 DIMM_A1: 2 corrected and 0 uncorrected errors since the reading before");
	ck_assert_int_eq(event->value, 2);
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	ck_assert_uint_eq(event->alarm_change, ALARM_UNCHANGED);
	ck_assert_int_eq(varbinds_of(&bench, event), OWN_VARBINDS + 3);
	bench_edacs(&bench, corrected, uncorrected);
	no_event(&bench);
	uncorrected[0]++; /* no module is known */
	bench_edacs(&bench, corrected, uncorrected);
	event = only_event(&bench, EVENT_EDAC_ERRORS);
	ck_assert_str_eq(event->text, "memory mc0: 0 corrected and 1 uncorrected errors since the reading before");
	ck_assert_uint_eq(event->severity, SEVERITY_CRITICAL);
	memset(corrected, 0, sizeof(corrected));
	bench_edacs(&bench, corrected, uncorrected);
	no_event(&bench);
	if (bench.alarms != NULL)
		ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

static Suite *notices_suite(void)
{
	Suite *suite = suite_create("notices");

	UNIT_ADD(suite, clock_unsynchronised_for_its_hold_time);
	UNIT_ADD(suite, clock_that_is_not_read_proves_nothing);
	UNIT_ADD(suite, clock_alarm_over_a_restart);
	UNIT_ADD(suite, overhead_needs_both);
	UNIT_ADD(suite, overhead_high_and_normal);
	UNIT_ADD(suite, overhead_of_a_domain_that_ends);
	UNIT_ADD(suite, bond_degraded_and_restored);
	UNIT_ADD(suite, bond_that_is_gone_after_a_restart);
	UNIT_ADD(suite, bond_whose_ports_wait);
	UNIT_ADD(suite, disk_fails_and_passes);
	UNIT_ADD(suite, sensor_fault_and_restored);
	UNIT_ADD(suite, throttle_started_and_ended);
	UNIT_ADD(suite, throttle_alarm_over_a_restart);
	UNIT_ADD(suite, edac_tells_each_growth);
	return suite;
}

UNIT_MAIN(notices_suite)
