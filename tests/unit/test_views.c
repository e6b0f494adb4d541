/*
 * test_views.c - each standard module that is served, against what mibs/views/MODULE.golden has of it: names, OIDs,
 * types, indexes, every object of the groups that are claimed; then every value of a walk against the type and the
 * values that its object may have.
 */
#include "base/err.h"
#include "subagent/rows.h"
#include "subagent/trap_bulk.h"
#include "subagent/trap_view.h"
#include "subagent/varbind.h"

#include "table_fixture.h"
#include "unit.h"

#include <stdio.h>

#define LINES_MAX 200
#define FIELDS 6
#define GROUPS_MAX 8
#define DOMAINS 12
#define DOCUMENT_MAX 65536

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
	{ &NTP_VIEW,
	  { "ntpEntObjectsGroup1", "ntpEntObjectsGroup2" },
	  " ntpEntStatusBadVersion  ntpEntStatPktSent  ntpEntStatPktReceived  ntpEntHeartbeatInterval "
	  " ntpEntNotifMessage " },
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

/* doc/views.md has a line for the object: whether it is served, what may be done with it, its group. */
static void check_document(const char *document, const struct line *line, bool served, const char *group)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "\n%c %-21s %s (%s)\n", served ? '+' : '-', line->field[ACCESS],
		 line->field[NAME], group);
	ck_assert_msg(strstr(document, wanted) != NULL, "doc/views.md has no line%s", wanted);
}

static char *read_document(void)
{
	char *text = calloc(1, DOCUMENT_MAX);
	FILE *file = fopen(SOURCE_ROOT "/doc/views.md", "r");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_lt(fread(text, 1, DOCUMENT_MAX - 1, file), DOCUMENT_MAX - 1);
	fclose(file);
	return text;
}

/* Every member of the groups is served, or named as one that is not; what is served is in one of them. */
START_TEST(test_groups)
{
	const struct claim *claim = &CLAIMS[_i];
	struct module *module = read_module(claim->view);
	char *document = read_document();
	size_t members = 0, served = 0;

	for (size_t g = 0; g < GROUPS_MAX && claim->groups[g] != NULL; g++) {
		const char *at = find(module, claim->groups[g])->field[REFERENCES];

		for (size_t length; *at != '\0'; at += length + (at[length] == ',')) {
			char quoted[128], name[128];
			bool without;

			length = strcspn(at, ",");
			snprintf(quoted, sizeof(quoted), " %.*s ", (int)length, at);
			without = strstr(claim->without, quoted) != NULL;
			ck_assert_msg((column_named(claim->view, at, length) != NULL) != without, "%s", quoted);
			snprintf(name, sizeof(name), "%.*s", (int)length, at);
			check_document(document, find(module, name), !without, claim->groups[g]);
			members += !without;
		}
	}
	for (size_t t = 0; t < claim->view->n; t++)
		served += claim->view->tables[t]->n_columns;
	ck_assert_uint_eq(served, members);
	free(document);
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
		{ "INTEGER", CELL_INTEGER },	   { "Integer32", CELL_INTEGER },   { "Unsigned32", CELL_UNSIGNED },
		{ "Gauge32", CELL_UNSIGNED },	   { "Counter32", CELL_COUNTER32 }, { "Counter64", CELL_COUNTER64 },
		{ "TimeTicks", CELL_TICKS },	   { "OCTET-STRING", CELL_OCTETS }, { "BITS", CELL_OCTETS },
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
	snapshot->node.kernel = "Linux 6.1.0 x86_64";
	snapshot->clock->have = UINT64_MAX;
	snapshot->clock->source = CLOCK_SOURCE_NTP;
	snapshot->clock->offset_ns = INT64_MIN;
	snapshot->clock->root_delay_us = snapshot->clock->root_dispersion_us = UINT32_MAX;
	snapshot->clock->stratum = UINT32_MAX;
	snapshot->clock->leap = CLOCK_LEAP_INSERT;
	strcpy(snapshot->clock->daemon, "chronyd");
	snapshot->clock->resolution = snapshot->clock->packets_in = UINT32_MAX;
	snapshot->clock->precision = INT32_MIN;
	memset(snapshot->clock->software, 'x', sizeof(snapshot->clock->software) - 1);
	snapshot->clock_peers->rows[0].have = UINT64_MAX;
	snapshot->clock_peers->rows[0].offset_ns = INT64_MIN;
	snapshot->clock_peers->rows[0].delay_ns = snapshot->clock_peers->rows[0].jitter_ns = UINT64_MAX;
	snapshot->clock_peers->rows[1].index = 100000;
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

/* --- the notifications -------------------------------------------------------------------------------------------- */

/* The record is of that notification, and has the objects that its OBJECTS clause names, in that order. */
static void check_notification(struct module *module, const char *wanted, const struct buf *record)
{
	const size_t root_n = module->view->root_n;
	struct varbind_reader reader;
	struct varbind varbind;
	char text[512], objects[512] = "";
	const struct line *notification;

	ck_assert_int_eq(varbind_open(&reader, (const uint8_t *)record->data, record->length), 0);
	ck_assert_int_eq(varbind_read(&reader, &varbind), 0);
	put_oid(text, varbind.cell.oid.ids + root_n, varbind.cell.oid.n - root_n);
	notification = find_oid(module, text);
	ck_assert_str_eq(notification->field[NAME], wanted);
	ck_assert_str_eq(notification->field[ACCESS], "notification");
	while (varbind_read(&reader, &varbind) == 0) {
		ck_assert_mem_eq(varbind.oid, module->view->root, root_n * sizeof(varbind.oid[0]));
		for (size_t n = varbind.oid_n - root_n - 1; n > 0; n--) {
			put_oid(text, varbind.oid + root_n, n);
			for (size_t i = 0; i < module->n; i++)
				if (strcmp(module->lines[i].field[OID], text) == 0) {
					check_cell(&module->lines[i], &varbind.cell);
					strcat(strcat(objects, objects[0] != '\0' ? "," : ""),
					       module->lines[i].field[NAME]);
					n = 1;
				}
		}
	}
	ck_assert_uint_eq(reader.left, 0);
	ck_assert_str_eq(objects, notification->field[REFERENCES]);
}

START_TEST(test_notifications_of_machines)
{
	static const char *const NAMES[] = { "Running",	  "Shuttingdown", "Shutdown",  "Paused",  "Suspending",
					     "Suspended", "Resuming",	  "Migrating", "Crashed", "Deleted" };
	struct module *module = read_module(&VM_VIEW);
	struct vm_change change = { .subject = { .index = 7, .name_length = 3 }, .before = 4, .persistent = 2 };
	struct vm_bulk bulk = { 0 };
	struct buf record;
	char name[64];

	buf_init(&record, EVENT_RECORD_MAX);
	for (uint32_t i = 0; i < VM_BULK_KINDS; i++) {
		change.notification = i + 1;
		buf_reset(&record);
		ck_assert_int_eq(trap_view_vm(&change, &record), 0);
		snprintf(name, sizeof(name), "vm%s", NAMES[i]);
		check_notification(module, name, &record);
		ck_assert(vm_bulk_add(&bulk, i + 1, 7, 1, 0));
		buf_reset(&record);
		vm_bulk_record(&bulk.lists[0], &record);
		vm_bulk_drop(&bulk);
		snprintf(name, sizeof(name), "vmBulk%s", NAMES[i]);
		check_notification(module, name, &record);
	}
	buf_free(&record);
	free(module);
}
END_TEST

START_TEST(test_notification_of_guests)
{
	struct module *module = read_module(&LIBVIRT_VIEW);
	struct snapshot *snapshot = fixture_snapshot(1);
	struct cell_context context = fixture_context(snapshot);
	struct event *event = event_new(EVENT_DOMAIN_STATE_CHANGED, SEVERITY_INFO, "guest0", "a test");
	struct buf own, record;

	event->of = EVENT_OF_DOMAIN;
	event->of_index = snapshot->domains->rows[0]->index;
	buf_init(&own, EVENT_RECORD_MAX);
	buf_init(&record, EVENT_RECORD_MAX);
	ck_assert_int_eq(varbind_encode(&context, event, &own), 0);
	event->varbinds = (uint8_t *)own.data;
	event->varbinds_length = own.length;
	ck_assert_int_eq(trap_view_libvirt(event, &record), 0);
	check_notification(module, "libvirtGuestNotif", &record);
	buf_free(&record);
	part_unref(event);
	part_unref(snapshot);
	free(module);
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
	UNIT_ADD(suite, test_notifications_of_machines);
	UNIT_ADD(suite, test_notification_of_guests);
	return suite;
}

UNIT_MAIN(views_suite)
