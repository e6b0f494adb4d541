/*
 * test_views.c - each standard module that is served, against what mibs/views/MODULE.golden has of it: names, OIDs,
 * types, indexes, every object of the groups that are claimed; then every value of a walk against the type and the
 * values that its object may have.
 */
#include "base/err.h"
#include "subagent/rows.h"

#include "table_fixture.h"
#include "unit.h"

#include <stdio.h>

#define LINES_MAX 200
#define FIELDS 6
#define GROUPS_MAX 8
#define DOMAINS 12

enum { NAME, OID, BASE, VALUES, ACCESS, REFERENCES };
struct line {
	char text[2048];
	char *field[FIELDS];
	bool valued; /* an instance was seen */
};
struct module {
	const struct view *view;
	size_t n;
	struct line lines[LINES_MAX];
};

/* What is claimed. */
static const struct claim {
	const struct view *view;
	const char *groups[GROUPS_MAX];
	const char *without; /* objects of the groups that are not served: nothing here knows them */
} CLAIMS[] = {
	{ &ENTITY_VIEW, { "entityPhysicalGroup" }, "" },
	{ &ENTITY_SENSOR_VIEW, { "entitySensorValueGroup" }, "" },
	{ &LIBVIRT_VIEW, { "libvirtGuestGroup" }, "" },
	{ &VM_VIEW,
	  { "vmHypervisorGroup", "vmVirtualMachineGroup", "vmCpuGroup", "vmCpuAffinityGroup", "vmStorageGroup",
	    "vmNetworkGroup" },
	  "" },
};
#define CLAIMS_N (sizeof(CLAIMS) / sizeof(CLAIMS[0]))

static struct module *read_module(const struct view *view)
{
	struct module *module = calloc(1, sizeof(*module));
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), SOURCE_ROOT "/mibs/views/%s.golden", view->module);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	module->view = view;
	while (module->n < LINES_MAX && fgets(module->lines[module->n].text, sizeof(module->lines[0].text), file)) {
		struct line *line = &module->lines[module->n++];
		char *save = NULL, *at = line->text;

		for (size_t i = 0; i < FIELDS; i++, at = NULL)
			ck_assert_ptr_nonnull(line->field[i] = strtok_r(at, " \n", &save));
	}
	fclose(file);
	ck_assert_uint_gt(module->n, 10);
	return module;
}

static struct line *find(struct module *module, const char *name)
{
	for (size_t i = 0; i < module->n; i++)
		if (strcmp(module->lines[i].field[NAME], name) == 0)
			return &module->lines[i];
	ck_abort_msg("%s is not in %s", name, module->view->module);
	return NULL;
}

static struct line *find_oid(struct module *module, const char *oid)
{
	for (size_t i = 0; i < module->n; i++)
		if (strcmp(module->lines[i].field[OID], oid) == 0)
			return &module->lines[i];
	ck_abort_msg("%s is not in %s", oid, module->view->module);
	return NULL;
}

static void put_oid(char *out, const uint32_t *oid, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out += sprintf(out, ".%u", oid[i]);
}

static const struct column *column_named(const struct view *view, const char *name, size_t length)
{
	for (size_t t = 0; t < view->n; t++)
		for (size_t c = 0; c < view->tables[t]->n_columns; c++) {
			const struct column *column = &view->tables[t]->columns[c];

			if (strlen(column->name) == length && strncmp(column->name, name, length) == 0)
				return column;
		}
	return NULL;
}

static size_t prefix_of(const struct table *table, uint32_t *oid)
{
	size_t n = table->n_arcs;

	memcpy(oid, table->arcs, n * sizeof(*oid));
	if (table->index_names != NULL)
		oid[n++] = 1;
	return n;
}

/* --- the catalogue ------------------------------------------------------------------------------------------------ */

static void check_names(struct module *module, const struct table *table)
{
	uint32_t oid[OID_MAX];
	const size_t n = prefix_of(table, oid);
	char text[256];

	for (size_t c = 0; c < table->n_columns; c++) {
		const struct line *line = find(module, table->columns[c].name);

		oid[n] = table->columns[c].arc;
		put_oid(text, oid, n + 1);
		ck_assert_str_eq(line->field[OID], text);
		ck_assert_msg(strncmp(line->field[ACCESS], "read-", 5) == 0, "%s", line->field[NAME]);
		ck_assert_msg(c == 0 || table->columns[c - 1].arc < table->columns[c].arc, "%s", line->field[NAME]);
	}
}

static void check_indexes(struct module *module, const struct table *table)
{
	uint32_t oid[OID_MAX];
	const size_t n = prefix_of(table, oid);
	char text[256], indexes[256] = "";

	if (table->index_names == NULL)
		return;
	put_oid(text, oid, n - 1);
	ck_assert_str_eq(find(module, table->name)->field[OID], text);
	for (size_t i = 0; i < table->n_levels; i++) {
		strcat(indexes, i > 0 ? "," : "");
		strcat(indexes, table->index_names[i]);
	}
	put_oid(text, oid, n);
	ck_assert_str_eq(find_oid(module, text)->field[REFERENCES], indexes);
}

START_TEST(test_names_oids_indexes)
{
	const struct claim *claim = &CLAIMS[_i];
	struct module *module = read_module(claim->view);

	for (size_t t = 0; t < claim->view->n; t++) {
		check_names(module, claim->view->tables[t]);
		check_indexes(module, claim->view->tables[t]);
	}
	free(module);
}
END_TEST

/* Every member of the groups is served, or named as one that is not; what is served is in one of them. */
START_TEST(test_groups)
{
	const struct claim *claim = &CLAIMS[_i];
	struct module *module = read_module(claim->view);
	size_t members = 0, served = 0;

	for (size_t g = 0; g < GROUPS_MAX && claim->groups[g] != NULL; g++) {
		const char *at = find(module, claim->groups[g])->field[REFERENCES];

		for (size_t length; *at != '\0'; at += length + (at[length] == ',')) {
			char quoted[128];
			bool without;

			length = strcspn(at, ",");
			snprintf(quoted, sizeof(quoted), " %.*s ", (int)length, at);
			without = strstr(claim->without, quoted) != NULL;
			ck_assert_msg((column_named(claim->view, at, length) != NULL) != without, "%s", quoted);
			members += !without;
		}
	}
	for (size_t t = 0; t < claim->view->n; t++)
		served += claim->view->tables[t]->n_columns;
	ck_assert_uint_eq(served, members);
	free(module);
}
END_TEST

/* --- the values --------------------------------------------------------------------------------------------------- */

/* "1,2,3", "0..255", "-1|0..5" */
static bool may_be(const char *values, int64_t number)
{
	const char *at = values;

	if (strcmp(values, "-") == 0)
		return true;
	while (*at != '\0') {
		char *end;
		const int64_t low = strtoll(at, &end, 10);
		const int64_t high = strncmp(end, "..", 2) == 0 ? strtoll(end + 2, &end, 10) : low;

		if (number >= low && number <= high)
			return true;
		at = *end != '\0' ? end + 1 : end;
	}
	return false;
}

static void check_cell(const struct line *line, const struct cell *cell)
{
	static const struct {
		const char *base;
		enum cell_type type;
	} TYPES[] = {
		{ "INTEGER", CELL_INTEGER },	      { "Integer32", CELL_INTEGER },  { "Unsigned32", CELL_UNSIGNED },
		{ "Gauge32", CELL_UNSIGNED },	      { "Counter32", CELL_COUNTER32 }, { "Counter64", CELL_COUNTER64 },
		{ "TimeTicks", CELL_TICKS },	      { "OCTET-STRING", CELL_OCTETS }, { "BITS", CELL_OCTETS },
		{ "OBJECT-IDENTIFIER", CELL_OID },
	};
	const char *name = line->field[NAME];

	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
		if (strcmp(TYPES[i].base, line->field[BASE]) == 0)
			ck_assert_msg(cell->type == TYPES[i].type, "%s is of type %d", name, (int)cell->type);
	if (cell->type == CELL_INTEGER)
		ck_assert_msg(may_be(line->field[VALUES], cell->integer), "%s is %d", name, cell->integer);
	else if (cell->type == CELL_UNSIGNED)
		ck_assert_msg(may_be(line->field[VALUES], cell->number), "%s is %u", name, cell->number);
	else if (cell->type == CELL_OCTETS)
		ck_assert_msg(may_be(line->field[VALUES], (int64_t)cell->octets.length), "%s has %zu octets", name,
			      cell->octets.length);
}

static void check_instance(struct module *module, const uint32_t *oid, size_t n, const struct cell *cell)
{
	char text[512];

	for (size_t object = n; object > 0; object--) {
		put_oid(text, oid, object);
		for (size_t i = 0; i < module->n; i++)
			if (strcmp(module->lines[i].field[OID], text) == 0) {
				module->lines[i].valued = true;
				check_cell(&module->lines[i], cell);
				return;
			}
	}
	ck_abort_msg("an instance of nothing");
}

/* Values at the edges of what the model can hold. */
static void stretch(struct snapshot *snapshot)
{
	static const int32_t EDGES[] = { INT32_MAX, INT32_MIN };

	for (size_t i = 0; i < snapshot->sensors->n; i++) {
		snapshot->sensors->rows[i].value = EDGES[i % 2];
		snapshot->sensors->rows[i].units = i == 0 ? 200 : SENSOR_MILLI_PERCENT;
	}
	snapshot->domains->hypervisor.local = true;
	for (size_t i = 0; i < snapshot->domains->n; i++) {
		struct domain *domain = snapshot->domains->rows[i];

		domain->state = (uint8_t)i;
		domain->vcpus = domain->vcpus_max = UINT32_MAX;
		domain->mem_max_kib = domain->mem_current_kib = i == 1 ? UINT64_MAX : UINT64_C(5) << 30;
		domain->id = i == 4 ? -1 : (int32_t)i;
	}
}

static size_t walk(struct module *module, struct snapshot *snapshot)
{
	struct cell_context context = fixture_context(snapshot);
	struct view_cache cache = { 0 };
	uint32_t oid[OID_MAX], last[OID_MAX];
	size_t n = 0, last_n = 0, steps = 0;
	struct cell cell, again;

	view_cache_update(&cache, snapshot, module->view->by_uuid);
	context.cache = module->view->cached ? &cache : NULL;
	while (view_next(module->view, &context, oid, n, oid, &n, &cell) == 0) {
		ck_assert_int_lt(instance_compare(last, last_n, oid, n), 0);
		ck_assert_int_eq(view_get(module->view, &context, oid, n, &again), 0);
		ck_assert_int_eq(cell.type, again.type);
		ck_assert(view_object(module->view, oid, n));
		check_instance(module, oid, n, &cell);
		memcpy(last, oid, n * sizeof(*oid));
		last_n = n;
		steps++;
	}
	view_cache_clear(&cache);
	return steps;
}

START_TEST(test_values)
{
	const struct view *view = CLAIMS[_i].view;
	struct module *module = read_module(view);
	struct snapshot *snapshot = fixture_snapshot(DOMAINS);

	ck_assert_uint_gt(walk(module, snapshot), 7);
	stretch(snapshot);
	ck_assert_uint_gt(walk(module, snapshot), 7);
	part_unref(snapshot);
	for (size_t t = 0; t < view->n; t++)
		for (size_t c = 0; c < view->tables[t]->n_columns; c++)
			ck_assert_msg(find(module, view->tables[t]->columns[c].name)->valued, "%s has no value",
				      view->tables[t]->columns[c].name);
	free(module);
}
END_TEST

START_TEST(test_nothing_read_yet)
{
	struct module *module = read_module(CLAIMS[_i].view);
	struct snapshot *snapshot = snapshot_new();

	walk(module, snapshot);
	part_unref(snapshot);
	free(module);
}
END_TEST

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
		ck_assert_int_lt(memcmp(cache.active[i - 1]->uuid, cache.active[i]->uuid, 16), 0);
	view_cache_update(&cache, two, true);
	part_unref(one);
	ck_assert_uint_eq(cache.n_active, 2);
	part_unref(two);
	ck_assert_str_eq(cache.active[1]->name, "guest1");
	view_cache_clear(&cache);
	ck_assert_ptr_null(cache.domains);
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
		{ DOMAIN_RUNNING, "booted", 1, 4 },	      { DOMAIN_RUNNING, "post-copy", 1, 9 },
		{ DOMAIN_PAUSED, "user", 3, 8 },	      { DOMAIN_PAUSED, "migration", 1, 9 },
		{ DOMAIN_PAUSED, "save", 2, 5 },	      { DOMAIN_PAUSED, "starting-up", 1, 3 },
		{ DOMAIN_PAUSED, "shutting-down", 4, 10 },    { DOMAIN_PAUSED, NULL, 3, 8 },
		{ DOMAIN_SHUTDOWN, "user", 4, 10 },	      { DOMAIN_SHUTOFF, "saved", 2, 6 },
		{ DOMAIN_SHUTOFF, "destroyed", 4, 11 },	      { DOMAIN_SHUTOFF, "crashed", 4, 12 },
		{ DOMAIN_CRASHED, "panicked", 1, 12 },	      { DOMAIN_PM_SUSPENDED, "unknown", 1, 2 },
		{ DOMAIN_UNKNOWN, "unknown", 1, 1 },	      { 0, NULL, 1, 1 },
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
		{ "0", 0, true },	    { "0", 1, false },	   { "1-3", 1, true },	{ "1-3", 3, true },  { "1-3", 4, false },
		{ "0-7,^3", 3, false },	    { "0-7,^3", 4, true }, { "0,^0,0", 0, true }, { "", 0, false },    { "x", 0, false },
		{ "0-", 0, false },	    { "-1", 1, false },	   { "0;1", 0, false }, { ",", 0, false },   { "^", 0, false },
		{ "99999999999", UINT32_MAX, true }, { "5-2", 3, false },
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

static Suite *views_suite(void)
{
	Suite *suite = suite_create("views");
	TCase *each = tcase_create("each view");

	tcase_add_loop_test(each, test_names_oids_indexes, 0, CLAIMS_N);
	tcase_add_loop_test(each, test_groups, 0, CLAIMS_N);
	tcase_add_loop_test(each, test_values, 0, CLAIMS_N);
	tcase_add_loop_test(each, test_nothing_read_yet, 0, CLAIMS_N);
	suite_add_tcase(suite, each);
	UNIT_ADD(suite, test_sensors);
	UNIT_ADD(suite, test_guests_by_uuid);
	UNIT_ADD(suite, test_machine_states);
	UNIT_ADD(suite, test_machine_memory);
	UNIT_ADD(suite, test_machine_affinity);
	UNIT_ADD(suite, test_sets_of_cpus);
	UNIT_ADD(suite, test_machine_storage);
	UNIT_ADD(suite, test_time_of_change);
	return suite;
}

UNIT_MAIN(views_suite)
