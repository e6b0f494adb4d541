/*
 * test_mib.c - EDGENODE-MIB and the column tables say the same, in both directions.
 *
 * Names, OIDs, SYNTAX and access are compared with mibs/oids.golden. Units, enumerations, index columns and the OBJECTS
 * of notifications are in the module only: they are compared with what mibs/oids.py reads from it, where there is a
 * python3.
 */
#include "subagent/oids.h"
#include "subagent/rows.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#define LINES_MAX 2000
#define FIELDS 7
#define GOLDEN SOURCE_ROOT "/mibs/oids.golden"
#define LISTING "python3 -B " SOURCE_ROOT "/mibs/oids.py --tsv " SOURCE_ROOT "/mibs/EDGENODE-MIB.txt.in"

/* A line: name, OID below edgeNodeMIB, SYNTAX, access; from oids.py also full syntax, units, references. */
struct line {
	char text[2048];
	char *field[FIELDS];
	bool seen;
};
enum { NAME, OID, SYNTAX, ACCESS, FULL, UNITS, REFERENCES };

struct module {
	struct line lines[LINES_MAX];
	size_t n;
};

static bool split(struct line *line, const char *separators, size_t fields)
{
	char *save = NULL;
	char *part = strtok_r(line->text, separators, &save);

	for (size_t i = 0; i < fields; i++) {
		if (part == NULL)
			return false;
		line->field[i] = part;
		part = strtok_r(NULL, separators, &save);
	}
	return part == NULL;
}

static struct module *read_module(FILE *file, const char *separators, size_t fields)
{
	struct module *module = calloc(1, sizeof(*module));

	ck_assert_ptr_nonnull(file);
	while (module->n < LINES_MAX && fgets(module->lines[module->n].text, sizeof(module->lines[0].text), file)) {
		struct line *line = &module->lines[module->n++];

		ck_assert_msg(split(line, separators, fields), "line %zu", module->n);
	}
	ck_assert_uint_lt(module->n, LINES_MAX);
	ck_assert_uint_gt(module->n, 200);
	return module;
}

static struct module *read_golden(void)
{
	FILE *file = fopen(GOLDEN, "r");
	struct module *module = read_module(file, " \n", 4);

	fclose(file);
	return module;
}

/* NULL where there is no python3. */
static struct module *read_listing(void)
{
	struct module *module;
	FILE *pipe;

	if (system("command -v python3 >/dev/null") != 0)
		return NULL;
	pipe = popen(LISTING, "r");
	module = read_module(pipe, "\t\n", FIELDS);
	ck_assert_int_eq(pclose(pipe), 0);
	return module;
}

static struct line *find(struct module *module, const char *name)
{
	for (size_t i = 0; i < module->n; i++) {
		if (strcmp(module->lines[i].field[NAME], name) == 0)
			return &module->lines[i];
	}
	ck_abort_msg("%s is not in the module", name);
	return NULL;
}

static struct line *expect(struct module *module, const char *name, const char *oid, const char *access)
{
	struct line *line = find(module, name);

	ck_assert_msg(strcmp(line->field[OID], oid) == 0, "%s is %s, not %s", name, line->field[OID], oid);
	ck_assert_msg(strcmp(line->field[ACCESS], access) == 0, "%s is %s", name, line->field[ACCESS]);
	line->seen = true;
	return line;
}

static const char *const SYNTAX_NAMES[] = {
	[SYN_ENUM] = "INTEGER",
	[SYN_TRUTH] = "TruthValue",
	[SYN_INTEGER32] = "Integer32",
	[SYN_UNSIGNED32] = "Unsigned32",
	[SYN_GAUGE32] = "Gauge32",
	[SYN_COUNTER32] = "Counter32",
	[SYN_COUNTER64] = "Counter64",
	[SYN_GAUGE64] = "CounterBasedGauge64",
	[SYN_STRING] = "SnmpAdminString",
	[SYN_TIME] = "DateAndTime",
	[SYN_STAMP] = "TimeStamp",
	[SYN_UUID] = "UUIDorZero",
	[SYN_MAC] = "MacAddress",
	[SYN_BITS] = "BITS",
	[SYN_IF_INDEX] = "InterfaceIndexOrZero",
	[SYN_DOMAIN] = "EdgeDomainIndexOrZero",
	[SYN_KIND] = "OBJECT-IDENTIFIER",
	[SYN_POINTER] = "VariablePointer",
};

static bool same_syntax(const struct column *column, const char *syntax)
{
	return strcmp(syntax, SYNTAX_NAMES[column->syntax]) == 0 ||
	       (column->syntax == SYN_ENUM && strcmp(syntax, "EdgeSeverity") == 0);
}

static void prefix_of(const struct table *table, char *out, size_t size)
{
	if (table->n_arcs == 2)
		snprintf(out, size, ".%u.%u", table->arcs[0], table->arcs[1]);
	else
		snprintf(out, size, ".%u.%u.%u.1", table->arcs[0], table->arcs[1], table->arcs[2]);
}

/* The table's own names: the group's node, or table, entry and index columns. */
static void compare_table(struct module *module, const struct table *table, const char *prefix)
{
	char oid[64], entry[64];

	if (table->n_arcs == 2) {
		expect(module, table->name, prefix, "node");
		return;
	}
	snprintf(oid, sizeof(oid), "%.*s", (int)strlen(prefix) - 2, prefix);
	ck_assert_str_eq(expect(module, table->name, oid, "not-accessible")->field[SYNTAX], "SEQUENCE-OF");
	snprintf(entry, sizeof(entry), "%.*sEntry", (int)strlen(table->name) - 5, table->name);
	expect(module, entry, prefix, "not-accessible");
	for (size_t i = 0; i < table->n_index_columns; i++) {
		snprintf(oid, sizeof(oid), "%s.%zu", prefix, i + 1);
		expect(module, table->index_names[table->n_levels - table->n_index_columns + i], oid, "not-accessible");
	}
}

START_TEST(test_names_oids_syntax_access)
{
	struct module *module = read_golden();

	for (size_t t = 0; TABLES[t] != NULL; t++) {
		const struct table *table = TABLES[t];
		char prefix[32], oid[64];

		prefix_of(table, prefix, sizeof(prefix));
		compare_table(module, table, prefix);
		for (size_t c = 0; c < table->n_columns; c++) {
			const struct column *column = &table->columns[c];
			const struct line *line;

			ck_assert_uint_gt(column->arc, table->n_index_columns);
			snprintf(oid, sizeof(oid), "%s.%u", prefix, column->arc);
			line = expect(module, column->name, oid, "read-only");
			ck_assert_msg(same_syntax(column, line->field[SYNTAX]), "%s: SYNTAX %s", column->name,
				      line->field[SYNTAX]);
		}
	}
	/* The other direction: whatever the module has below edgeNodeObjects, but for plain nodes, has been seen. */
	for (size_t i = 0; i < module->n; i++) {
		const struct line *line = &module->lines[i];

		if (strncmp(line->field[OID], ".1.", 3) == 0 && strcmp(line->field[ACCESS], "node") != 0)
			ck_assert_msg(line->seen, "%s is in no table", line->field[NAME]);
	}
	free(module);
}
END_TEST

static size_t count_notifications(const struct module *module)
{
	size_t n = 0;

	for (size_t i = 0; i < module->n; i++)
		n += strcmp(module->lines[i].field[ACCESS], "notification") == 0;
	return n;
}

static struct line *find_notification(struct module *module, uint8_t kind)
{
	char oid[32];

	snprintf(oid, sizeof(oid), ".%d.%u", ARC_NOTIFICATIONS, kind);
	for (size_t i = 0; i < module->n; i++) {
		if (strcmp(module->lines[i].field[OID], oid) == 0 &&
		    strcmp(module->lines[i].field[ACCESS], "notification") == 0)
			return &module->lines[i];
	}
	ck_abort_msg("no notification %u", kind);
	return NULL;
}

START_TEST(test_notifications)
{
	struct module *module = read_golden();

	ck_assert_uint_eq(count_notifications(module), TRAP_ROWS_N);
	for (size_t i = 0; i < TRAP_ROWS_N; i++) {
		const struct line *line = find_notification(module, TRAP_ROWS[i].kind);

		ck_assert_str_eq(event_kind_name(TRAP_ROWS[i].kind), line->field[NAME]);
		for (size_t o = 0; TRAP_ROWS[i].objects[o] != NULL; o++)
			ck_assert_ptr_nonnull(table_column(TRAP_ROWS[i].objects[o], NULL));
	}
	free(module);
}
END_TEST

START_TEST(test_notification_objects)
{
	struct module *module = read_listing();

	for (size_t i = 0; module != NULL && i < TRAP_ROWS_N; i++) {
		char objects[512] = "edgeEventTime,edgeEventSeverity,edgeEventText";

		for (size_t o = 0; TRAP_ROWS[i].objects[o] != NULL; o++) {
			strcat(objects, ",");
			strcat(objects, TRAP_ROWS[i].objects[o]);
		}
		ck_assert_str_eq(find_notification(module, TRAP_ROWS[i].kind)->field[REFERENCES], objects);
	}
	free(module);
}
END_TEST

START_TEST(test_units_and_indexes)
{
	struct module *module = read_listing();

	for (size_t t = 0; module != NULL && TABLES[t] != NULL; t++) {
		const struct table *table = TABLES[t];
		char entry[64], indexes[128] = "";

		for (size_t c = 0; c < table->n_columns; c++) {
			const struct column *column = &table->columns[c];

			ck_assert_msg(strcmp(find(module, column->name)->field[UNITS],
					     column->units != NULL ? column->units : "-") == 0,
				      "%s: UNITS", column->name);
		}
		if (table->n_arcs == 2)
			continue;
		snprintf(entry, sizeof(entry), "%.*sEntry", (int)strlen(table->name) - 5, table->name);
		for (size_t i = 0; i < table->n_levels; i++) {
			strcat(indexes, i > 0 ? "," : "");
			strcat(indexes, table->index_names[i]);
		}
		ck_assert_str_eq(find(module, entry)->field[REFERENCES], indexes);
	}
	free(module);
}
END_TEST

/* The last name and number of each enumeration, as the model has it. */
START_TEST(test_enumerations)
{
	static const struct {
		const char *column, *last_name;
		int last;
	} ENUMS[] = {
		{ "edgeNodeHealth", "unknown", HEALTH_UNKNOWN },
		{ "edgeSourceState", "starting", SOURCE_STATE_STARTING },
		{ "edgeDomainState", "unknown", DOMAIN_UNKNOWN },
		{ "edgeVcpuState", "unknown", VCPU_UNKNOWN },
		{ "edgePressureResource", "io", PRESSURE_IO },
		{ "edgeSensorType", "other", SENSOR_OTHER },
		{ "edgeSensorUnits", "hertz", SENSOR_HERTZ },
		{ "edgeSensorStatus", "unknown", SENSOR_UNKNOWN },
		{ "edgeClockSource", "unknown", CLOCK_SOURCE_UNKNOWN },
		{ "edgeClockState", "unknown", CLOCK_SYNC_UNKNOWN },
		{ "edgeClockLeap", "unknown", CLOCK_LEAP_UNKNOWN },
		{ "edgeClockPeerMode", "pool", CLOCK_PEER_POOL },
		{ "edgeClockPeerState", "unknown", CLOCK_PEER_UNKNOWN },
		{ "edgeDiskHealth", "unknown", DISK_HEALTH_UNKNOWN },
		{ "edgePoolState", "unknown", POOL_UNKNOWN },
		{ "edgeMetricStatus", "invalid", METRIC_INVALID },
		{ "edgeChannelState", "failed", CHANNEL_FAILED },
		{ "edgeEventSeverity", "critical", SEVERITY_CRITICAL },
		{ "edgeThresholdSeverity", "critical", SEVERITY_CRITICAL },
		{ "edgeThresholdState", "raised", THRESHOLD_RAISED },
		{ "edgeAlarmSeverity", "critical", SEVERITY_CRITICAL },
	};
	struct module *module = read_listing();

	for (size_t i = 0; module != NULL && i < sizeof(ENUMS) / sizeof(ENUMS[0]); i++) {
		const char *full = find(module, ENUMS[i].column)->field[FULL];
		char end[64];

		snprintf(end, sizeof(end), ",%s(%d)}", ENUMS[i].last_name, ENUMS[i].last);
		ck_assert_msg(strlen(full) > strlen(end) && strcmp(full + strlen(full) - strlen(end), end) == 0,
			      "%s: %s", ENUMS[i].column, full);
	}
	free(module);
}
END_TEST

static Suite *mib_suite(void)
{
	Suite *suite = suite_create("mib");

	UNIT_ADD(suite, test_names_oids_syntax_access);
	UNIT_ADD(suite, test_notifications);
	UNIT_ADD(suite, test_notification_objects);
	UNIT_ADD(suite, test_units_and_indexes);
	UNIT_ADD(suite, test_enumerations);
	return suite;
}

UNIT_MAIN(mib_suite)
