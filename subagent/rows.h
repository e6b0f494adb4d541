/*
 * rows.h - the shorthand in which the rows_*.c files write their const tables: one line is one column.
 *
 * A file defines ROW as the type of the row before a table and writes
 *     C64(12, edgeDomainCpuTime, cpu_time_ns, DOMAIN_HAVE_CPU_TIME, "nanoseconds"),
 * that is arc, MIB descriptor, field, have bits (0: always there), UNITS clause (NULL: none). The macro's name is the
 * SYNTAX in the shorthand of the MIB's own plan: C64 Counter64, G32 Gauge32 and so on; it fixes the field's C type too.
 */
#ifndef EDGENODE_SUBAGENT_ROWS_H
#define EDGENODE_SUBAGENT_ROWS_H

#include "subagent/oids.h"
#include "subagent/table.h"

/* clang-format off */
#define FIELD(arc, name, syntax, field, member, have, units) \
	{ (arc), #name, (syntax), (field), offsetof(ROW, member) + IS_##field(member), (have), 1, NULL, (units) }
/* 0; does not compile where the member is of another type. */
#define IS_F_U8(member)            _Generic(&((ROW *)0)->member, uint8_t *: 0)
#define IS_F_BOOL(member)          _Generic(&((ROW *)0)->member, bool *: 0)
#define IS_F_U32(member)           _Generic(&((ROW *)0)->member, uint32_t *: 0)
#define IS_F_I32(member)           _Generic(&((ROW *)0)->member, int32_t *: 0)
#define IS_F_U64(member)           _Generic(&((ROW *)0)->member, uint64_t *: 0)
#define IS_F_I64(member)           _Generic(&((ROW *)0)->member, int64_t *: 0)
#define IS_F_TEXT(member)          _Generic(&((ROW *)0)->member, char **: 0, const char **: 0)
#define IS_F_TEXT_OR_EMPTY(member) IS_F_TEXT(member)
#define IS_F_CHARS(member)         _Generic(((ROW *)0)->member + 0, char *: 0, uint8_t *: 0)
#define IS_F_UUID(member)          _Generic(&((ROW *)0)->member, uint8_t (*)[16]: 0)
#define IS_F_UUIDP(member)         _Generic(&((ROW *)0)->member, const uint8_t **: 0)

#define ENUM(arc, name, member, have)         FIELD(arc, name, SYN_ENUM, F_U8, member, have, NULL)
#define BOOL(arc, name, member, have)         FIELD(arc, name, SYN_TRUTH, F_BOOL, member, have, NULL)
#define I32(arc, name, member, have, units)   FIELD(arc, name, SYN_INTEGER32, F_I32, member, have, units)
#define U32(arc, name, member, have, units)   FIELD(arc, name, SYN_UNSIGNED32, F_U32, member, have, units)
#define G32(arc, name, member, have, units)   FIELD(arc, name, SYN_GAUGE32, F_U32, member, have, units)
#define C32(arc, name, member, have, units)   FIELD(arc, name, SYN_COUNTER32, F_U32, member, have, units)
#define C64(arc, name, member, have, units)   FIELD(arc, name, SYN_COUNTER64, F_U64, member, have, units)
#define G64(arc, name, member, have, units)   FIELD(arc, name, SYN_GAUGE64, F_U64, member, have, units)
#define STR(arc, name, member, have)          FIELD(arc, name, SYN_STRING, F_TEXT, member, have, NULL)
#define STRZ(arc, name, member)               FIELD(arc, name, SYN_STRING, F_TEXT_OR_EMPTY, member, 0, NULL)
#define CHARS(arc, name, member, have)        FIELD(arc, name, SYN_STRING, F_CHARS, member, have, NULL)
#define TIME(arc, name, member, have)         FIELD(arc, name, SYN_TIME, F_I64, member, have, NULL)
#define STAMP(arc, name, member, have)        FIELD(arc, name, SYN_STAMP, F_I64, member, have, NULL)
#define UUID(arc, name, member, have)         FIELD(arc, name, SYN_UUID, F_UUID, member, have, NULL)
#define MAC(arc, name, member, have)          FIELD(arc, name, SYN_MAC, F_CHARS, member, have, NULL)
#define BITS(arc, name, member, have)         FIELD(arc, name, SYN_BITS, F_U8, member, have, NULL)
#define DOM(arc, name, member)                FIELD(arc, name, SYN_DOMAIN, F_U32, member, 0, NULL)
#define KIND(arc, name, member)               FIELD(arc, name, SYN_KIND, F_U8, member, 0, NULL)

/* A value that is no plain field: get sets the cell, once the have bits are there. */
#define GET(arc, name, syntax, get, have, units) { (arc), #name, (syntax), F_FN, 0, (have), 1, (get), (units) }

/* The three functions of one index level over a part `part` of the snapshot with `n` and `rows`. `address` is & where
 * the rows themselves are in the part, and empty where rows[] holds references. */
#define PART_ROWS(prefix, part, type, member, address)                                        \
	static size_t prefix##_count(const struct cell_context *context)                      \
	{                                                                                     \
		return context->snapshot->part != NULL ? context->snapshot->part->n : 0;      \
	}                                                                                     \
	static const void *prefix##_at(const struct cell_context *context, size_t i)          \
	{                                                                                     \
		return address context->snapshot->part->rows[i];                              \
	}                                                                                     \
	static uint32_t prefix##_index(const void *row)                                       \
	{                                                                                     \
		return ((const type *)row)->member;                                           \
	}

/* The same for scalars: one row, the part itself, or none where the part was never read. */
#define PART_SCALARS(prefix, part)                                                            \
	static size_t prefix##_count(const struct cell_context *context)                      \
	{                                                                                     \
		return context->snapshot->part != NULL ? 1 : 0;                               \
	}                                                                                     \
	static const void *prefix##_at(const struct cell_context *context, size_t i)          \
	{                                                                                     \
		(void)i;                                                                      \
		return context->snapshot->part;                                               \
	}

/* Both levels of a table whose rows belong to a domain: its array `array` of `count` rows; and the inner one alone. */
#define DOMAIN_ROWS(prefix, type, array, count)                                               \
	PART_ROWS(domain, domains, struct domain, index, )                                    \
	DOMAIN_PART_ROWS(prefix, type, array, count)
#define DOMAIN_PART_ROWS(prefix, type, array, count)                                          \
	static size_t prefix##_count(const struct cell_context *context)                      \
	{                                                                                     \
		return ((const struct domain *)context->row[0])->count;                       \
	}                                                                                     \
	static const void *prefix##_at(const struct cell_context *context, size_t i)          \
	{                                                                                     \
		return &((const struct domain *)context->row[0])->array[i];                   \
	}                                                                                     \
	static uint32_t prefix##_index(const void *row)                                       \
	{                                                                                     \
		return ((const type *)row)->index;                                            \
	}

/* A getter for a string of the device that a domain's row describes. */
#define DEVICE_TEXT(function, type, member)                                                   \
	static bool function(const struct cell_context *context, struct cell *cell)           \
	{                                                                                     \
		const type *row = context->row[1];                                            \
                                                                                              \
		return row->device != NULL && cell_text(row->device->member, cell);           \
	}

#define LEVEL_OF(prefix) { prefix##_count, prefix##_at, prefix##_index, 0, NULL }
#define SCALAR_LEVEL_OF(prefix) { prefix##_count, prefix##_at, table_index_zero, 0, NULL }
#define COLUMNS_OF(array) sizeof(array) / sizeof((array)[0]), array
#define NO_HAVE SIZE_MAX
/* clang-format on */

/* The OBJECTS of a notification after edgeEventTime, edgeEventSeverity and edgeEventText (trap_rows.c). Columns of
 * edgeEventTable have the event's serial as instance, scalars 0, all others the event's of_index. */
#define TRAP_OBJECTS_MAX 8
struct trap_row {
	uint8_t kind; /* enum event_kind */
	const char *objects[TRAP_OBJECTS_MAX + 1]; /* descriptors, NULL at the end */
};
extern const struct trap_row TRAP_ROWS[];
extern const size_t TRAP_ROWS_N;
const struct trap_row *trap_row_of(uint8_t kind); /* NULL: a kind without objects of its own */

/* Milliseconds or seconds from `then` to the context's now, saturating at both ends of a Gauge32. Always true. */
bool cell_age_ms(const struct cell_context *context, int64_t then_mono_ns, struct cell *cell);
bool cell_age_s(int64_t now_ns, int64_t then_ns, struct cell *cell);

/* A string as a SnmpAdminString; octets as they are. Neither is copied. False, no cell, for NULL. */
bool cell_text(const char *text, struct cell *cell);
bool cell_octets(const void *data, size_t length, struct cell *cell);
/* Always true. */
bool cell_integer(int32_t value, struct cell *cell);
/* A getter: { 0 0 }, no object is known. */
bool cell_no_object(const struct cell_context *context, struct cell *cell);

/* vmOperState; libvirtGuestState (0: the module has no such state) and whether one of that state runs. */
uint8_t rows_vm_oper_state(const struct domain *row);
int32_t rows_libvirt_state(uint8_t state);
bool rows_libvirt_runs(uint8_t state);

uint32_t table_index_zero(const void *row); /* the .0 of scalars */

extern const struct table NODE_SCALARS, SOURCE_TABLE, DOMAIN_TABLE, VCPU_TABLE, BLOCK_TABLE, NIC_TABLE, CPU_SCALARS,
	CPU_TABLE, MEMORY_SCALARS, HUGEPAGE_TABLE, PRESSURE_TABLE, SENSOR_TABLE, CLOCK_SCALARS, CLOCK_PEER_TABLE,
	PTP_TABLE, HARDWARE_SCALARS, EDAC_TABLE, POWER_TABLE, BOND_TABLE, BOND_PORT_TABLE, DISK_TABLE, HOST_DISK_TABLE,
	POOL_TABLE, METRIC_TABLE, EVENT_SCALARS, EVENT_TABLE, VBD_TABLE, CHANNEL_TABLE, THRESHOLD_TABLE, ALARM_SCALARS,
	ALARM_TABLE;
/* Of the other views. */
extern const struct table ENTITY_TABLE, ENTITY_SENSOR_TABLE, LIBVIRT_GUEST_TABLE, VM_HYPERVISOR_SCALARS,
	VM_NUMBER_SCALARS, VM_TABLE, VM_CPU_TABLE, VM_CPU_AFFINITY_TABLE, VM_STORAGE_TABLE, VM_NETWORK_TABLE,
	VM_ENABLED_SCALARS, NTP_INFO_SCALARS, NTP_STATUS_SCALARS, NTP_ASSOCIATION_TABLE,
	NTP_ASSOCIATION_STATISTICS_TABLE, NTP_CONTROL_SCALARS;

#endif
