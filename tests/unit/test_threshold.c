/*
 * test_threshold.c - rules on columns of every kind: which there are, what names a row, jitter, hold time, restarts,
 * rows that go, changed rules, and what it costs.
 */
#include "base/buf.h"
#include "detect_bench.h"
#include "subagent/rows.h"
#include "subagent/varbind.h"
#include "table_fixture.h"

/* ---- the catalogue ---- */

START_TEST(every_table_is_named_or_left_out)
{
	for (size_t i = 0; i < TABLES_N; i++) {
		const struct naming *naming = table_naming(TABLES[i]);

		ck_assert_msg(naming != NULL, "table_subject.c does not say what names a row of %s", TABLES[i]->name);
		ck_assert_msg((naming->kind == NAMED_NODE || naming->kind == NAMED_NOT) || TABLES[i]->n_arcs == 3, "%s",
			      TABLES[i]->name);
		for (size_t c = 0; c < 2; c++)
			ck_assert_msg(naming->columns[c] == NULL || table_column(naming->columns[c], NULL) != NULL,
				      "%s", naming->columns[c]);
	}
}
END_TEST

START_TEST(only_numbers_can_be_watched)
{
	static const char *const YES[] = { "edgeSensorValue",	"edgeDomainStealUtil", "edgeDomainId",
					   "edgeCpuLoad1",	"edgeMemFree",	       "edgeVcpuUtil",
					   "edgeBondPorts",	"edgeClockOffset",     "edgeSourceFailures",
					   "edgeMceExceptions", "edgeNodeDomains" };
	static const char *const NO[] = { "",
					  "edge",
					  "edgeDomainName",
					  "edgeDomainState",
					  "edgeCpuOnline",
					  "edgeDomainIndex",
					  "edgeDomainTable",
					  "edgeNicIfIndex",
					  "edgeEventValue",
					  "edgeEventUnsent",
					  "edgeThresholdValue",
					  "edgeAlarmWarnings",
					  "edgeDomainUuid",
					  "edgeMceLastTime",
					  "edgedomainvcpus" };

	for (size_t i = 0; i < sizeof(YES) / sizeof(YES[0]); i++)
		ck_assert_msg(watch_values_has(YES[i]), "%s", YES[i]);
	for (size_t i = 0; i < sizeof(NO) / sizeof(NO[0]); i++)
		ck_assert_msg(!watch_values_has(NO[i]), "%s", NO[i]);
}
END_TEST

START_TEST(config_names_the_line_of_a_wrong_object)
{
	static const char TEXT[] =
		"<edgenode>\n<threshold object=\"edgeCpuUtil\" subject=\"*\" rising=\"2\" falling=\"1\"/>\n"
		"<threshold object=\"edgeCpuOnline\" subject=\"*\" rising=\"2\" falling=\"1\"/></edgenode>";
	struct config_error error;
	struct config *config = NULL;

	ck_assert_int_eq(config_parse("t.conf", TEXT, strlen(TEXT), &config, &error), 0);
	ck_assert_int_ne(config_check_objects(config, watch_values_has, &error), 0);
	ck_assert_str_eq(error.text, "t.conf:3: threshold on edgeCpuOnline: no such numeric object");
	part_unref(config);
}
END_TEST

struct met {
	size_t n;
	char subjects[64][64];
	uint32_t oids[64][THRESHOLD_OID_MAX];
	size_t oid_n;
};

static void meet(void *arg, const struct watch_value *value)
{
	struct met *met = arg;

	ck_assert_uint_lt(met->n, 64);
	snprintf(met->subjects[met->n], sizeof(met->subjects[0]), "%s", value->subject);
	memcpy(met->oids[met->n], value->oid, value->oid_n * sizeof(uint32_t));
	met->oid_n = value->oid_n;
	met->n++;
}

static struct met meet_all(const struct snapshot *snapshot, const char *object)
{
	struct met met = { 0 };

	TABLE_WATCH_VALUES.each(object, snapshot, FIXTURE_NOW, meet, &met);
	return met;
}

/* On the snapshot that the tables' own tests read: each instance that a GET finds is the one a rule would watch. */
START_TEST(each_instance_has_a_subject_and_its_oid)
{
	struct snapshot *snapshot = fixture_snapshot(3);
	size_t found = 0;

	for (size_t t = 0; t < TABLES_N; t++) {
		for (size_t c = 0; c < TABLES[t]->n_columns; c++) {
			const char *object = TABLES[t]->columns[c].name;
			struct met met = meet_all(snapshot, object);

			ck_assert(watch_values_has(object) || met.n == 0);
			for (size_t i = 0; i < met.n; i++) {
				struct cell_context context = fixture_context(snapshot);
				struct cell cell;

				ck_assert_msg(met.subjects[i][0] != '\0', "%s row %zu has no name", object, i);
				found += table_get(&context, met.oids[i], met.oid_n, &cell) == 0;
			}
		}
	}
	ck_assert_uint_gt(found, 100);
	part_unref(snapshot);
}
END_TEST

START_TEST(subjects_as_people_write_them)
{
	static const struct {
		const char *object, *first;
	} CASES[] = {
		{ "edgeCpuLoad1", "node" },	  { "edgeMemFree", "node" },	     { "edgeNodeDomains", "node" },
		{ "edgeSourcePolls", "libvirt" }, { "edgePressureSome10", "cpu" },   { "edgeSensorValue", NULL },
		{ "edgeCpuUtil", "cpu0" },	  { "edgePoolCapacity", "default" }, { "edgeDiskWear", "nvme0n1" },
		{ "edgeMetricMilli", "Load" },
	};
	struct snapshot *snapshot = fixture_snapshot(3);

	for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
		struct met met = meet_all(snapshot, CASES[i].object);

		ck_assert_msg(met.n > 0, "%s", CASES[i].object);
		if (CASES[i].first != NULL)
			ck_assert_msg(strcmp(met.subjects[0], CASES[i].first) == 0, "%s: %s", CASES[i].object,
				      met.subjects[0]);
	}
	part_unref(snapshot);
}
END_TEST

/* Rows below a domain have its name before their own; two NICs with one address are told apart. */
START_TEST(subjects_below_a_domain)
{
	static char target[] = "vda";
	struct snapshot *snapshot = snapshot_new();
	struct domain *row = domain_new(domain_ident_new((const uint8_t[16]){ 0 }, "web-1", "hvm"));
	struct met met;

	row->index = 9;
	row->devices = domain_devices_new(1, 2);
	row->devices->blocks[0].target = mem_string(target);
	row->devices->nics[1].ordinal = 1;
	row->n_vcpus = row->n_blocks = 1;
	row->n_nics = 2;
	row->vcpu_rows = mem_array(1, sizeof(struct vcpu));
	row->vcpu_rows[0].index = 4;
	row->block_rows = mem_array(1, sizeof(struct block));
	row->block_rows[0] = (struct block){ .index = 5, .device = &row->devices->blocks[0] };
	row->nic_rows = mem_array(2, sizeof(struct nic));
	for (uint32_t i = 0; i < 2; i++)
		row->nic_rows[i] = (struct nic){ .index = i + 1, .device = &row->devices->nics[i] };
	snapshot->domains = domains_new(1);
	snapshot->domains->rows[0] = row;
	met = meet_all(snapshot, "edgeVcpuUtil");
	ck_assert_uint_eq(met.n, 1);
	ck_assert_str_eq(met.subjects[0], "web-1/3");
	ck_assert_uint_eq(met.oid_n, 7);
	ck_assert_mem_eq(met.oids[0], ((const uint32_t[]){ 1, 4, 1, 1, 8, 9, 4 }), 7 * sizeof(uint32_t));
	ck_assert_str_eq(meet_all(snapshot, "edgeBlockReads").subjects[0], "web-1/vda");
	met = meet_all(snapshot, "edgeNicRxBytes");
	ck_assert_uint_eq(met.n, 2);
	ck_assert_str_eq(met.subjects[0], "web-1/00:00:00:00:00:00");
	ck_assert_str_eq(met.subjects[1], "web-1/00:00:00:00:00:00#2");
	part_unref(snapshot);
}
END_TEST

/* ---- rows of a bench ---- */

static uint32_t steal[4];

static void set_steal(struct domain *row, size_t i)
{
	row->steal_util_centi = i < 4 ? steal[i] : 0;
	row->have |= DOMAIN_HAVE_STEAL_UTIL;
}

/* One run with one domain of this steal. */
static void bench_steal(struct bench *bench, uint32_t value)
{
	steal[0] = value;
	bench_domains(bench, 1, set_steal);
	bench_run(bench);
}

static struct config_rule steal_rule(void)
{
	return bench_rule("steal", "edgeDomainStealUtil", "web-*", 2000, 1000);
}

static void open_steal(struct bench *bench, uint32_t hold_s)
{
	struct config_rule rule = steal_rule();

	bench_open(bench);
	rule.hold_s = hold_s;
	bench_configure(bench, &rule, 1);
}

static void run_sources(struct bench *bench)
{
	bench_sources(bench, SOURCE_STATE_OK);
	bench_run(bench);
}

/* Every source has answered, and rows that come by turns have had their time: one event, which is the last. */
static const struct event *settle(struct bench *bench)
{
	run_sources(bench);
	for (int i = 0; i < 59; i++) {
		no_event(bench);
		bench_run(bench);
	}
	no_event(bench);
	bench_run(bench);
	return only_event(bench, EVENT_THRESHOLD_CLEARED);
}

START_TEST(jitter_gives_one_event)
{
	const struct event *event;
	struct bench bench;

	open_steal(&bench, 0);
	bench_steal(&bench, 1999);
	no_event(&bench);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_NORMAL);
	bench_steal(&bench, 2000);
	event = only_event(&bench, EVENT_THRESHOLD_RAISED);
	ck_assert_str_eq(event->subject, "steal web-1");
	ck_assert_str_eq(event->text,
			 "steal: edgeDomainStealUtil of web-1 is 20.00 percent, not below its limit 20.00 percent");
	ck_assert_str_eq(event->units, "0.01 percent");
	ck_assert_int_eq(event->value, 2000);
	ck_assert_int_eq(event->threshold, 2000);
	ck_assert_uint_eq(event->severity, SEVERITY_WARNING);
	ck_assert_uint_eq(event->of, EVENT_OF_THRESHOLD);
	ck_assert_uint_eq(event->of_index, bench.thresholds->rows[0].index);
	ck_assert_str_eq(only_alarm(&bench, EVENT_THRESHOLD_RAISED, SEVERITY_WARNING)->subject, "steal web-1");
	for (uint32_t i = 0; i < 100; i++) {
		bench_steal(&bench, 1001 + i % 3 * 999);
		no_event(&bench);
	}
	bench_steal(&bench, 1000);
	event = only_event(&bench, EVENT_THRESHOLD_CLEARED);
	ck_assert_str_eq(
		event->text,
		"steal: edgeDomainStealUtil of web-1 is 10.00 percent, back to normal, not above 10.00 percent");
	ck_assert_uint_eq(event->severity, SEVERITY_INFO);
	ck_assert_int_eq(event->threshold, 1000);
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(a_row_shows_rule_and_instance)
{
	static const uint32_t OID[] = { 1, 3, 1, 1, 17, 1 };
	const struct threshold *row;
	struct bench bench;

	open_steal(&bench, 7);
	bench_steal(&bench, 3000);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	row = &bench.thresholds->rows[0];
	ck_assert_uint_eq(row->index, 1);
	ck_assert_str_eq(row->name, "steal");
	ck_assert_str_eq(row->subject, "web-1");
	ck_assert_str_eq(row->units, "0.01 percent");
	ck_assert_int_eq(row->rising, 2000);
	ck_assert_int_eq(row->falling, 1000);
	ck_assert_uint_eq(row->hold_s, 7);
	ck_assert_int_eq(row->value, 3000);
	ck_assert_uint_eq(row->have, THRESHOLD_HAVE_VALUE);
	ck_assert_uint_eq(row->object_n, sizeof(OID) / sizeof(OID[0]));
	ck_assert_mem_eq(row->object, OID, sizeof(OID));
	bench_close(&bench);
}
END_TEST

START_TEST(hold_counts_readings_only)
{
	struct bench bench;

	open_steal(&bench, 3);
	for (int i = 0; i < 3; i++) {
		bench_steal(&bench, 5000);
		no_event(&bench);
	}
	/* Snapshots go on while libvirt hangs: the value is old, it proves nothing. */
	for (int i = 0; i < 10; i++) {
		bench_run(&bench);
		no_event(&bench);
	}
	bench_steal(&bench, 1500); /* not beyond: starts anew */
	for (int i = 0; i < 3; i++) {
		bench_steal(&bench, 5000);
		no_event(&bench);
	}
	bench_steal(&bench, 5000);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	bench_close(&bench);
}
END_TEST

/* Of two domains one is not read anew. */
START_TEST(hold_of_a_row_that_is_not_read)
{
	struct domain *hung;
	struct bench bench;

	open_steal(&bench, 2);
	steal[0] = steal[1] = 5000;
	bench_domains(&bench, 2, set_steal);
	bench_run(&bench);
	for (int i = 0; i < 5; i++) {
		hung = part_ref(bench.old->domains->rows[0]);
		bench_domains(&bench, 2, set_steal);
		part_unref(bench.new->domains->rows[0]);
		bench.new->domains->rows[0] = hung;
		bench_run(&bench);
		if (i == 1)
			ck_assert_str_eq(only_event(&bench, EVENT_THRESHOLD_RAISED)->subject, "steal web-2");
		else
			no_event(&bench);
	}
	bench_close(&bench);
}
END_TEST

static void set_nothing(struct domain *row, size_t i)
{
	(void)row;
	(void)i;
}

START_TEST(absent_values_are_no_sample)
{
	struct bench bench;

	open_steal(&bench, 0);
	bench_domains(&bench, 1, set_nothing);
	bench_run(&bench);
	no_event(&bench);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_UNKNOWN);
	ck_assert_uint_eq(bench.thresholds->rows[0].have, 0);
	bench_steal(&bench, 5000);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	bench_domains(&bench, 1, set_nothing);
	bench_run(&bench);
	no_event(&bench);
	only_alarm(&bench, EVENT_THRESHOLD_RAISED, SEVERITY_WARNING);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_UNKNOWN);
	ck_assert_int_eq(bench.thresholds->rows[0].value, 5000);
	bench_steal(&bench, 0);
	only_event(&bench, EVENT_THRESHOLD_CLEARED);
	bench_close(&bench);
}
END_TEST

/* One run in which the domain was read and has no steal. */
static void bench_nothing(struct bench *bench)
{
	bench_domains(bench, 1, set_nothing);
	bench_run(bench);
}

START_TEST(what_has_no_value_for_a_minute_is_over)
{
	struct bench bench;

	open_steal(&bench, 0);
	bench_steal(&bench, 5000);
	for (int i = 0; i < 30; i++)
		bench_nothing(&bench);
	bench_steal(&bench, 1500); /* between the limits: the absence counts anew */
	for (int i = 0; i < 60; i++)
		bench_run(&bench); /* not read anew: no absence */
	for (int i = 0; i < 60; i++) {
		bench_nothing(&bench);
		no_event(&bench);
	}
	bench_nothing(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THRESHOLD_CLEARED)->text,
			 "steal web-1: has no value any more, its alarm ends");
	ck_assert_uint_eq(bench.alarms->n, 0);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_UNKNOWN);
	bench_steal(&bench, 5000);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	bench_close(&bench);
}
END_TEST

START_TEST(restart_in_alarm_says_nothing_again)
{
	struct bench bench;
	uint32_t index;

	open_steal(&bench, 0);
	bench_steal(&bench, 5000);
	index = only_event(&bench, EVENT_THRESHOLD_RAISED)->of_index;
	bench_restart(&bench);
	bench_sources(&bench, SOURCE_STATE_STARTING);
	bench_run(&bench);
	no_event(&bench);
	bench_steal(&bench, 1500);
	no_event(&bench);
	ck_assert_uint_eq(bench.thresholds->rows[0].index, index);
	ck_assert_uint_eq(bench.thresholds->rows[0].state, THRESHOLD_RAISED);
	run_sources(&bench);
	no_event(&bench);
	bench_steal(&bench, 900);
	only_event(&bench, EVENT_THRESHOLD_CLEARED);
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(restart_without_the_row_or_the_rule)
{
	struct bench bench;

	open_steal(&bench, 0);
	bench_steal(&bench, 5000);
	bench_restart(&bench);
	bench_sources(&bench, SOURCE_STATE_STARTING);
	bench_run(&bench);
	no_event(&bench); /* it may be yet to come */
	ck_assert_str_eq(settle(&bench)->text, "steal web-1: gone or no longer watched, its alarm ends");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_steal(&bench, 5000);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	bench_restart(&bench);
	bench_configure(&bench, NULL, 0);
	bench_steal(&bench, 5000);
	no_event(&bench);
	settle(&bench);
	ck_assert_uint_eq(bench.thresholds->n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(a_row_that_goes_takes_its_alarm_along)
{
	struct cell_context context;
	const struct event *event;
	struct bench bench;
	struct buf record;

	open_steal(&bench, 0);
	bench_steal(&bench, 5000);
	bench_domains(&bench, 0, set_steal);
	bench_run(&bench);
	event = only_event(&bench, EVENT_THRESHOLD_CLEARED);
	ck_assert_str_eq(event->text, "steal web-1: gone, its alarm ends");
	ck_assert_uint_eq(bench.alarms->n, 0);
	ck_assert_uint_eq(bench.thresholds->n, 0);
	/* Its notification has the last known row. */
	buf_init(&record, EVENT_RECORD_MAX);
	cell_context_init(&context, bench.old, 0, 0);
	ck_assert_int_eq(varbind_encode(&context, event, &record), 0);
	ck_assert_int_eq(record.data[4], 7); /* snmpTrapOID, three of the event, name, subject, value */
	buf_free(&record);
	/* The number is kept for the row, should it come back. */
	bench_steal(&bench, 5000);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	ck_assert_uint_eq(bench.thresholds->rows[0].index, 1);
	bench_close(&bench);
}
END_TEST

START_TEST(reload_of_rules)
{
	struct config_rule rules[2] = { steal_rule(), bench_rule("more", "edgeDomainStealUtil", "*", 4000, 3000) };
	struct bench bench;

	bench_open(&bench);
	bench_configure(&bench, rules, 2);
	bench_steal(&bench, 5000);
	ck_assert_uint_eq(bench.events.n, 2);
	ck_assert_uint_eq(bench.alarms->n, 2);
	/* Removed: its alarm ends at once, the other knows nothing of it. */
	bench_configure(&bench, rules, 1);
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THRESHOLD_CLEARED)->subject, "more web-1");
	ck_assert_uint_eq(bench.events.events[0]->of_index, 2); /* its last row is told */
	ck_assert_ptr_nonnull(bench.events.events[0]->before);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	/* The same again, then other limits: measured by the value that is there. */
	bench_configure(&bench, rules, 1);
	bench_run(&bench);
	no_event(&bench);
	rules[0].rising = 9000;
	rules[0].falling = 6000;
	bench_configure(&bench, rules, 1);
	bench_run(&bench);
	only_event(&bench, EVENT_THRESHOLD_CLEARED);
	ck_assert_int_eq(bench.thresholds->rows[0].rising, 9000);
	bench_steal(&bench, 9500);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	/* Two reloads between two snapshots, the rule is back: nothing happened. */
	bench_configure(&bench, NULL, 0);
	bench_configure(&bench, rules, 1);
	bench_run(&bench);
	no_event(&bench);
	/* Another pattern. */
	rules[0].subject = (char *)(uintptr_t) "db-*";
	bench_configure(&bench, rules, 1);
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THRESHOLD_CLEARED)->text,
			 "steal web-1: no longer watched, its alarm ends");
	ck_assert_uint_eq(bench.alarms->n, 0);
	bench_close(&bench);
}
END_TEST

START_TEST(numbers_of_removed_rules_are_given_back)
{
	struct config_rule rule = steal_rule();
	struct bench bench;

	bench_open(&bench);
	bench_configure(&bench, &rule, 1);
	bench_sources(&bench, SOURCE_STATE_OK);
	bench_steal(&bench, 0);
	ck_assert_uint_eq(index_map_find(bench.indexes, "threshold:web-1\tsteal"), 1);
	bench_configure(&bench, NULL, 0);
	bench_run(&bench);
	index_map_expire(bench.indexes, NOW_REAL / NS_PER_S + 31 * 86400);
	ck_assert_uint_eq(index_map_find(bench.indexes, "threshold:web-1\tsteal"), 0);
	bench_close(&bench);
}
END_TEST

/* A fan and a temperature under one rule: the fan's are edgeThresholdRaised, the temperature's thermal events. */
START_TEST(sensors_that_are_no_temperatures)
{
	struct config_rule rule = bench_rule("fast", "edgeSensorValue", "chip/*", 2000, 1500);
	struct sensors *sensors = sensors_new(2);
	struct bench bench;

	bench_open(&bench);
	bench_configure(&bench, &rule, 1);
	for (uint32_t i = 0; i < 2; i++) {
		sensors->rows[i] = (struct sensor){
			.index = i + 4, .value = 3000, .have = SENSOR_HAVE_VALUE, .status = SENSOR_OK, .read_mono_ns = 1
		};
		sensors->rows[i].key = mem_string(i == 0 ? "chip/fan1" : "chip/temp1");
	}
	sensors->rows[0].type = SENSOR_FAN;
	sensors->rows[0].units = SENSOR_RPM;
	sensors->rows[1].type = SENSOR_TEMPERATURE;
	sensors->rows[1].units = SENSOR_MILLI_CELSIUS;
	snapshot_put(&bench.new->sensors, sensors);
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, 2);
	ck_assert_uint_eq(bench.events.events[0]->kind, EVENT_THERMAL_WARNING);
	ck_assert_uint_eq(bench.events.events[1]->kind, EVENT_THRESHOLD_RAISED);
	ck_assert_str_eq(bench.events.events[1]->text,
			 "fast: edgeSensorValue of chip/fan1 is 3000 rpm, not below its limit 2000 rpm");
	ck_assert_uint_eq(bench.thresholds->n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct threshold *row = &bench.thresholds->rows[i];
		const bool fan = strcmp(row->subject, "chip/fan1") == 0;

		ck_assert_str_eq(row->units, fan ? "rpm" : "milliCelsius");
		ck_assert_uint_eq(row->object_n, 6);
		ck_assert_uint_eq(row->object[5], fan ? 4 : 5);
	}
	bench_close(&bench);
}
END_TEST

START_TEST(values_saturate)
{
	const struct config_rule rules[] = { bench_rule("big", "edgeMemTotal", "node", INT32_MAX, 0),
					     bench_rule("low", "edgeClockOffset", "*", -5, -10) };
	struct bench bench;

	bench_open(&bench);
	bench_configure(&bench, rules, 2);
	bench.new->memory = bench_part(sizeof(struct memory));
	bench.new->memory->total_kib = UINT64_MAX;
	bench.new->memory->have = MEM_HAVE_TOTAL;
	bench.new->clock = bench_part(sizeof(struct clock_state));
	bench.new->clock->state = CLOCK_SYNCHRONIZED;
	bench.new->clock->have = CLOCK_HAVE_OFFSET;
	bench.new->clock->offset_ns = -7000;
	bench_run(&bench);
	ck_assert_int_eq(only_event(&bench, EVENT_THRESHOLD_RAISED)->value, INT32_MAX);
	ck_assert_str_eq(bench.events.events[0]->subject, "big node");
	bench_close(&bench);
}
END_TEST

/* A value that ages is a sample at each snapshot, read or not: that is what such a rule is for. */
START_TEST(ages_go_on_without_readings)
{
	const struct config_rule rule = bench_rule("old", "edgeDomainAge", "*", 5000, 1000);
	struct bench bench;

	bench_open(&bench);
	bench_configure(&bench, &rule, 1);
	bench_steal(&bench, 0);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	ck_assert_uint_eq(bench.events.n, 1); /* read_mono_ns is 0: long ago */
	bench_close(&bench);
}
END_TEST

START_TEST(rows_that_move_keep_their_state)
{
	struct config_rule rule = steal_rule();
	struct bench bench;

	bench_open(&bench);
	rule.hold_s = 3;
	bench_configure(&bench, &rule, 1);
	for (int i = 0; i < 3; i++) {
		steal[0] = 0;
		steal[1] = 5000;
		bench_domains(&bench, 2, set_steal);
		bench_run(&bench);
		no_event(&bench);
	}
	/* The first one goes: the second is at its place and has waited long enough. */
	bench_domains(&bench, 2, set_steal);
	part_unref(bench.new->domains->rows[0]);
	bench.new->domains->rows[0] = bench.new->domains->rows[1];
	bench.new->domains->n = 1;
	bench_run(&bench);
	ck_assert_str_eq(only_event(&bench, EVENT_THRESHOLD_RAISED)->subject, "steal web-2");
	bench_close(&bench);
}
END_TEST

/* Two rows of one name are one subject, and the first of them speaks for it. */
static void set_peers(struct bench *bench, uint32_t first, uint32_t second)
{
	struct clock_peers *peers = bench_part(sizeof(*peers) + 2 * sizeof(peers->rows[0]));

	for (uint32_t i = 0; i < 2; i++) {
		struct clock_peer *row = &peers->rows[peers->n++];

		row->index = i + 1;
		row->stratum = i == 0 ? first : second;
		row->have = CLOCK_PEER_HAVE_STRATUM;
		snprintf(row->name, sizeof(row->name), "pool.example");
	}
	snapshot_put(&bench->new->clock_peers, peers);
	bench_run(bench);
}

START_TEST(rows_of_the_same_name_are_one_subject)
{
	const struct config_rule rule = bench_rule("far", "edgeClockPeerStratum", "*", 10, 5);
	struct bench bench;

	bench_open(&bench);
	bench_configure(&bench, &rule, 1);
	set_peers(&bench, 12, 12);
	only_event(&bench, EVENT_THRESHOLD_RAISED);
	ck_assert_uint_eq(bench.thresholds->n, 1);
	set_peers(&bench, 12, 2);
	no_event(&bench);
	only_alarm(&bench, EVENT_THRESHOLD_RAISED, SEVERITY_WARNING);
	set_peers(&bench, 2, 2);
	only_event(&bench, EVENT_THRESHOLD_CLEARED);
	bench_close(&bench);
}
END_TEST

/* Names change from reading to reading: the worst order there is. The bound is one for a hang, not for speed. */
static size_t shift;

static void set_shifted(struct domain *row, size_t i)
{
	row->steal_util_centi = (uint32_t)((i + shift) % 3);
	row->have |= DOMAIN_HAVE_STEAL_UTIL;
}

START_TEST(ten_thousand_rows)
{
	enum { DOMAINS = 10000, TICKS = 10 };
	const struct config_rule rules[] = { bench_rule("steal", "edgeDomainStealUtil", "web-*", 2000, 1000) };
	struct bench bench;
	int64_t spent = 0, begin;

	bench_open(&bench);
	bench_configure(&bench, rules, 1);
	bench_sources(&bench, SOURCE_STATE_OK);
	for (shift = 0; shift < TICKS; shift++) {
		bench_domains(&bench, DOMAINS - (shift % 2) * 5000, set_shifted);
		begin = clock_thread_cpu_ns();
		bench_run(&bench);
		spent += clock_thread_cpu_ns() - begin;
	}
	ck_assert_uint_eq(bench.thresholds->n, DOMAINS - 5000);
	begin = clock_thread_cpu_ns();
	bench_run(&bench);
	printf("a rule on %d domains: %lld us where all were read anew, %lld us where none was\n", DOMAINS,
	       (long long)(spent / TICKS / NS_PER_US), (long long)((clock_thread_cpu_ns() - begin) / NS_PER_US));
	ck_assert_int_lt(spent / TICKS, 2 * NS_PER_S);
	bench_close(&bench);
}
END_TEST

/* All rows go over their limit at once: as many events, and as many alarms as there is room for. */
static void set_high(struct domain *row, size_t i)
{
	(void)i;
	row->steal_util_centi = 5000;
	row->have |= DOMAIN_HAVE_STEAL_UTIL;
}

START_TEST(all_rows_at_once)
{
	enum { DOMAINS = ALARMS_MAX + 100 };
	const struct config_rule rules[] = { bench_rule("steal", "edgeDomainStealUtil", "web-*", 2000, 1000) };
	struct bench bench;
	int64_t begin;

	bench_open(&bench);
	bench_configure(&bench, rules, 1);
	bench_domains(&bench, DOMAINS, set_high);
	begin = clock_thread_cpu_ns();
	bench_run(&bench);
	printf("%d events and their alarms: %lld us\n", DOMAINS,
	       (long long)((clock_thread_cpu_ns() - begin) / NS_PER_US));
	ck_assert_uint_eq(bench.events.n, DOMAINS);
	ck_assert_uint_eq(bench.alarms->n, ALARMS_MAX);
	bench_restart(&bench);
	bench_domains(&bench, DOMAINS, set_high);
	bench_run(&bench);
	ck_assert_uint_eq(bench.events.n, DOMAINS - ALARMS_MAX);
	bench_close(&bench);
}
END_TEST

static Suite *threshold_suite(void)
{
	Suite *suite = suite_create("threshold");

	UNIT_ADD(suite, every_table_is_named_or_left_out);
	UNIT_ADD(suite, only_numbers_can_be_watched);
	UNIT_ADD(suite, config_names_the_line_of_a_wrong_object);
	UNIT_ADD(suite, each_instance_has_a_subject_and_its_oid);
	UNIT_ADD(suite, subjects_as_people_write_them);
	UNIT_ADD(suite, subjects_below_a_domain);
	UNIT_ADD(suite, jitter_gives_one_event);
	UNIT_ADD(suite, a_row_shows_rule_and_instance);
	UNIT_ADD(suite, hold_counts_readings_only);
	UNIT_ADD(suite, hold_of_a_row_that_is_not_read);
	UNIT_ADD(suite, absent_values_are_no_sample);
	UNIT_ADD(suite, what_has_no_value_for_a_minute_is_over);
	UNIT_ADD(suite, restart_in_alarm_says_nothing_again);
	UNIT_ADD(suite, restart_without_the_row_or_the_rule);
	UNIT_ADD(suite, a_row_that_goes_takes_its_alarm_along);
	UNIT_ADD(suite, reload_of_rules);
	UNIT_ADD(suite, numbers_of_removed_rules_are_given_back);
	UNIT_ADD(suite, sensors_that_are_no_temperatures);
	UNIT_ADD(suite, values_saturate);
	UNIT_ADD(suite, ages_go_on_without_readings);
	UNIT_ADD(suite, rows_that_move_keep_their_state);
	UNIT_ADD(suite, rows_of_the_same_name_are_one_subject);
	UNIT_ADD(suite, ten_thousand_rows);
	UNIT_ADD(suite, all_rows_at_once);
	return suite;
}

UNIT_MAIN(threshold_suite)
