/*
 * test_trap_bulk.c - VM-MIB's notifications for many machines: the bitmap against the words of VirtualMachineList, the
 * window, its bound, and in which order machines that change more than once are told.
 */
#include "base/clock.h"
#include "model/event.h"
#include "subagent/trap_bulk.h"
#include "subagent/varbind.h"

#include "unit.h"

#include <string.h>

enum { RUNNING = 1, SHUTTING_DOWN = 2, SHUTDOWN = 3, DELETED = 10 };

static struct vm_bulk bulk;

static void setup(void)
{
	memset(&bulk, 0, sizeof(bulk));
}

static const struct vm_bulk_list *oldest(void)
{
	return vm_bulk_due(&bulk, INT64_MAX);
}

/* "the first octet specifying virtual machine 1 through 8 [...] the most significant bit represents the lowest-numbered
 * vmIndex" */
START_TEST(the_bitmap)
{
	static const uint32_t INDEXES[] = { 1, 3, 8, 9, 18, 23 };
	const uint8_t wanted[] = { 0xa1, 0x80, 0x42 };

	for (size_t i = 0; i < sizeof(INDEXES) / sizeof(INDEXES[0]); i++)
		ck_assert(vm_bulk_add(&bulk, RUNNING, INDEXES[i], 5, 0));
	ck_assert_uint_eq(bulk.n, 1);
	ck_assert_uint_eq(oldest()->length, sizeof(wanted));
	ck_assert_mem_eq(oldest()->bits, wanted, sizeof(wanted));
}
END_TEST

START_TEST(the_bound)
{
	ck_assert(!vm_bulk_has_room(0));
	ck_assert(vm_bulk_has_room(1));
	ck_assert(vm_bulk_has_room(VM_BULK_INDEX_MAX));
	ck_assert(!vm_bulk_has_room(VM_BULK_INDEX_MAX + 1));
	ck_assert(!vm_bulk_has_room(UINT32_MAX));
	ck_assert(vm_bulk_add(&bulk, DELETED, VM_BULK_INDEX_MAX, 5, 0));
	ck_assert_uint_eq(oldest()->length, VM_BULK_OCTETS_MAX);
	ck_assert_uint_eq(oldest()->bits[VM_BULK_OCTETS_MAX - 1], 1);
}
END_TEST

START_TEST(the_window)
{
	const int64_t begin = 70 * NS_PER_S;

	ck_assert_ptr_null(vm_bulk_due(&bulk, INT64_MAX));
	ck_assert(vm_bulk_add(&bulk, RUNNING, 1, 5, begin));
	ck_assert(vm_bulk_add(&bulk, RUNNING, 2, 6,
			      begin + VM_BULK_WINDOW_NS - 1)); /* the window stays the first one's */
	ck_assert_ptr_null(vm_bulk_due(&bulk, begin + VM_BULK_WINDOW_NS - 1));
	ck_assert_uint_eq(vm_bulk_due(&bulk, begin + VM_BULK_WINDOW_NS)->bits[0], 0xc0);
	vm_bulk_drop(&bulk);
	ck_assert_ptr_null(oldest());
}
END_TEST

/* A list may be sent where no machine in a later one had that state before. */
START_TEST(the_order_of_a_machine)
{
	ck_assert(vm_bulk_add(&bulk, SHUTTING_DOWN, 1, 5, 0));
	ck_assert(vm_bulk_add(&bulk, SHUTTING_DOWN, 2, 6, 0));
	ck_assert(vm_bulk_add(&bulk, SHUTDOWN, 1, 7, 0));
	ck_assert(vm_bulk_add(&bulk, SHUTTING_DOWN, 3, 8, 0));
	ck_assert(vm_bulk_add(&bulk, SHUTDOWN, 2, 9, 0));
	ck_assert_uint_eq(bulk.n, 2);
	ck_assert(!vm_bulk_add(&bulk, SHUTDOWN, 2, 10, 0));
	ck_assert(!vm_bulk_add(&bulk, SHUTTING_DOWN, 2, 10, 0));
	ck_assert(!vm_bulk_add(&bulk, SHUTTING_DOWN, 3, 10, 0));
	ck_assert(vm_bulk_add(&bulk, RUNNING, 2, 10, 0));
	ck_assert_uint_eq(oldest()->notification, SHUTTING_DOWN);
	ck_assert_uint_eq(oldest()->bits[0], 0xe0);
	vm_bulk_drop(&bulk);
	ck_assert_uint_eq(oldest()->notification, SHUTDOWN);
	ck_assert_uint_eq(oldest()->bits[0], 0xc0);
	vm_bulk_drop(&bulk);
	ck_assert_uint_eq(oldest()->notification, RUNNING);
	ck_assert_uint_eq(oldest()->bits[0], 0x40);
}
END_TEST

/* The event before the first of what waits is the last one that is told. */
START_TEST(what_is_told)
{
	ck_assert_uint_eq(vm_bulk_told_before(&bulk, 9), 9);
	vm_bulk_add(&bulk, RUNNING, 1, 5, 0);
	vm_bulk_add(&bulk, SHUTDOWN, 2, 8, 0);
	ck_assert_uint_eq(vm_bulk_told_before(&bulk, 4), 4);
	ck_assert_uint_eq(vm_bulk_told_before(&bulk, 5), 4);
	ck_assert_uint_eq(vm_bulk_told_before(&bulk, 9), 4);
	vm_bulk_drop(&bulk);
	ck_assert_uint_eq(vm_bulk_told_before(&bulk, 9), 7);
	vm_bulk_drop(&bulk);
	ck_assert_uint_eq(vm_bulk_told_before(&bulk, 9), 9);
}
END_TEST

/* vmBulkDeleted, and vmAffectedVMs.0 alone. */
START_TEST(the_record)
{
	static const uint32_t TRAP[] = { 1, 3, 6, 1, 2, 1, 236, 0, 20 }, OBJECT[] = { 1, 3, 6, 1, 2, 1, 236, 1, 11, 0 };
	struct varbind_reader reader;
	struct varbind varbind;
	struct buf record;

	vm_bulk_add(&bulk, DELETED, 10, 5, 0);
	buf_init(&record, EVENT_RECORD_MAX);
	vm_bulk_record(oldest(), &record);
	ck_assert_int_eq(varbind_open(&reader, (const uint8_t *)record.data, record.length), 0);
	ck_assert_int_eq(varbind_read(&reader, &varbind), 0);
	ck_assert_uint_eq(varbind.cell.oid.n, 9);
	ck_assert_mem_eq(varbind.cell.oid.ids, TRAP, sizeof(TRAP));
	ck_assert_int_eq(varbind_read(&reader, &varbind), 0);
	ck_assert_uint_eq(varbind.oid_n, 10);
	ck_assert_mem_eq(varbind.oid, OBJECT, sizeof(OBJECT));
	ck_assert_int_eq(varbind.cell.type, CELL_OCTETS);
	ck_assert_uint_eq(varbind.cell.octets.length, 2);
	ck_assert_mem_eq(varbind.cell.octets.data, "\0\x40", 2);
	ck_assert_uint_eq(reader.left, 0);
	ck_assert_uint_eq(reader.cursor.left, 0);
	buf_free(&record);
}
END_TEST

static Suite *trap_bulk_suite(void)
{
	Suite *suite = suite_create("trap_bulk");
	TCase *tc = tcase_create("lists");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_bitmap);
	tcase_add_test(tc, the_bound);
	tcase_add_test(tc, the_window);
	tcase_add_test(tc, the_order_of_a_machine);
	tcase_add_test(tc, what_is_told);
	tcase_add_test(tc, the_record);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(trap_bulk_suite)
