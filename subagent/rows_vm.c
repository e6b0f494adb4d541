/*
 * rows_vm.c - VM-MIB (RFC 7666): the hypervisor and its virtual machines. Their parts are in rows_vm_devices.c.
 *
 * Const data; the getters are pure. Rows: struct domain of the snapshot's domains part; vmIndex is edgeDomainIndex.
 */
#include "base/clock.h"
#include "subagent/rows.h"

#include <string.h>

PART_ROWS(domain, domains, struct domain, index, )
PART_SCALARS(domains, domains)

#define NS_PER_TICK (NS_PER_S / 100)
#define NOT_KNOWN (-1)
#define KIB 1024
#define MIB 1048576
#define TRUTH_TRUE 1
#define TRUTH_FALSE 2

enum { ADMIN_RUNNING = 1, ADMIN_SUSPENDED, ADMIN_PAUSED, ADMIN_SHUTDOWN };
enum {
	OPER_UNKNOWN = 1,
	OPER_OTHER,
	OPER_PREPARING,
	OPER_RUNNING,
	OPER_SUSPENDING,
	OPER_SUSPENDED,
	OPER_RESUMING,
	OPER_PAUSED,
	OPER_MIGRATING,
	OPER_SHUTTING_DOWN,
	OPER_SHUTDOWN,
	OPER_CRASHED
};

/* --- the hypervisor ----------------------------------------------------------------------------------------------- */

static bool set_ticks(int64_t ns, struct cell *cell)
{
	cell->type = CELL_TICKS;
	cell->number = ns > 0 ? (uint32_t)(ns / NS_PER_TICK) : 0; /* wraps after 497 days */
	return true;
}

static bool get_software(const struct cell_context *context, struct cell *cell)
{
	return cell_text(context->snapshot->domains->hypervisor.type, cell) || cell_text("", cell);
}

static bool get_version(const struct cell_context *context, struct cell *cell)
{
	return cell_text(context->snapshot->domains->hypervisor.version, cell) || cell_text("", cell);
}

/* The part of it that is in the kernel starts with the host, as the clock does. Of one elsewhere nothing is known. */
static bool get_hypervisor_up_time(const struct cell_context *context, struct cell *cell)
{
	return context->snapshot->domains->hypervisor.local && set_ticks(context->now_mono_ns, cell);
}

static bool get_number(const struct cell_context *context, struct cell *cell)
{
	return cell_integer((int32_t)context->snapshot->domains->n, cell);
}

static bool get_last_change(const struct cell_context *context, struct cell *cell)
{
	return context->cache != NULL && set_ticks(context->cache->change_mono_ns, cell);
}

static bool get_per_vm_enabled(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(context->vm_notifications ? TRUTH_TRUE : TRUTH_FALSE, cell);
}

static bool get_bulk_enabled(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(context->vm_bulk_notifications ? TRUTH_TRUE : TRUTH_FALSE, cell);
}

/* clang-format off */
static const struct column VM_HYPERVISOR_COLUMNS[] = {
	GET(1, vmHvSoftware, SYN_STRING, get_software, 0, NULL),
	GET(2, vmHvVersion,  SYN_STRING, get_version, 0, NULL),
	GET(3, vmHvObjectID, SYN_OBJECT_ID, cell_no_object, 0, NULL),
	GET(4, vmHvUpTime,   SYN_TICKS, get_hypervisor_up_time, 0, NULL),
};
static const struct column VM_NUMBER_COLUMNS[] = {
	GET(2, vmNumber,          SYN_INTEGER32, get_number, 0, NULL),
	GET(3, vmTableLastChange, SYN_TICKS, get_last_change, 0, NULL),
};
static const struct column VM_ENABLED_COLUMNS[] = {
	GET(9,  vmPerVMNotificationsEnabled, SYN_TRUTH, get_per_vm_enabled, 0, NULL),
	GET(10, vmBulkNotificationsEnabled,  SYN_TRUTH, get_bulk_enabled, 0, NULL),
};

#define SCALARS_LEVEL { { domains_count, domains_at, table_index_zero, 0, NULL } }
const struct table VM_HYPERVISOR_SCALARS = {
	"vmHypervisor", { 1, 1 }, 2, 1, SCALARS_LEVEL, NO_HAVE, COLUMNS_OF(VM_HYPERVISOR_COLUMNS), 0, NULL
};
const struct table VM_NUMBER_SCALARS = {
	"vmObjects", { 1 }, 1, 1, SCALARS_LEVEL, NO_HAVE, COLUMNS_OF(VM_NUMBER_COLUMNS), 0, NULL
};
const struct table VM_ENABLED_SCALARS = {
	"vmObjects", { 1 }, 1, 1, SCALARS_LEVEL, NO_HAVE, COLUMNS_OF(VM_ENABLED_COLUMNS), 0, NULL
};
/* clang-format on */

/* --- the machines ------------------------------------------------------------------------------------------------- */

/* The first that fits; NULL: whatever the reason. */
static const struct {
	uint8_t state;
	const char *reason;
	uint8_t oper, admin;
} STATES[] = {
	{ DOMAIN_NO_STATE, NULL, OPER_OTHER, ADMIN_RUNNING },
	{ DOMAIN_RUNNING, "post-copy", OPER_MIGRATING, ADMIN_RUNNING },
	{ DOMAIN_RUNNING, NULL, OPER_RUNNING, ADMIN_RUNNING },
	{ DOMAIN_BLOCKED, NULL, OPER_RUNNING, ADMIN_RUNNING },
	{ DOMAIN_PAUSED, "migration", OPER_MIGRATING, ADMIN_RUNNING },
	{ DOMAIN_PAUSED, "post-copy", OPER_MIGRATING, ADMIN_RUNNING },
	{ DOMAIN_PAUSED, "save", OPER_SUSPENDING, ADMIN_SUSPENDED },
	{ DOMAIN_PAUSED, "starting-up", OPER_PREPARING, ADMIN_RUNNING },
	{ DOMAIN_PAUSED, "shutting-down", OPER_SHUTTING_DOWN, ADMIN_SHUTDOWN },
	{ DOMAIN_PAUSED, "crashed", OPER_CRASHED, ADMIN_RUNNING },
	{ DOMAIN_PAUSED, NULL, OPER_PAUSED, ADMIN_PAUSED },
	{ DOMAIN_SHUTDOWN, NULL, OPER_SHUTTING_DOWN, ADMIN_SHUTDOWN },
	{ DOMAIN_SHUTOFF, "saved", OPER_SUSPENDED, ADMIN_SUSPENDED },
	{ DOMAIN_SHUTOFF, "crashed", OPER_CRASHED, ADMIN_SHUTDOWN },
	{ DOMAIN_SHUTOFF, NULL, OPER_SHUTDOWN, ADMIN_SHUTDOWN },
	{ DOMAIN_CRASHED, NULL, OPER_CRASHED, ADMIN_RUNNING },
	{ DOMAIN_PM_SUSPENDED, NULL, OPER_OTHER, ADMIN_RUNNING }, /* suspended(6) is one that is saved */
};
#define STATES_N (sizeof(STATES) / sizeof(STATES[0]))

/* STATES_N where there is none. */
static size_t state_of(const struct domain *row)
{
	size_t i = 0;

	while (i < STATES_N &&
	       (STATES[i].state != row->state ||
		(STATES[i].reason != NULL && (row->reason == NULL || strcmp(STATES[i].reason, row->reason) != 0))))
		i++;
	return i;
}

uint8_t rows_vm_oper_state(const struct domain *row)
{
	const size_t i = state_of(row);

	return i < STATES_N ? STATES[i].oper : OPER_UNKNOWN;
}

static bool get_oper_state(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(rows_vm_oper_state(context->row[0]), cell);
}

/* Nobody says what is wanted; so what is. There is no value for not known. */
static bool get_admin_state(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];
	const size_t i = state_of(row);

	return cell_integer(i < STATES_N ? STATES[i].admin : row->id >= 0 ? ADMIN_RUNNING : ADMIN_SHUTDOWN, cell);
}

/* unknown(1), the yes of the enumeration (2) or its no (3). */
static bool set_known(const struct domain *row, uint64_t have, bool yes, struct cell *cell)
{
	return cell_integer((row->have & have) == 0 ? 1 : yes ? 2 : 3, cell);
}

static bool get_auto_start(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return set_known(row, DOMAIN_HAVE_AUTOSTART, row->autostart, cell);
}

static bool get_persistent(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return set_known(row, DOMAIN_HAVE_PERSISTENT, row->persistent, cell);
}

static bool set_count(uint64_t value, struct cell *cell)
{
	return cell_integer(value < INT32_MAX ? (int32_t)value : INT32_MAX, cell);
}

static bool get_cpus(const struct cell_context *context, struct cell *cell)
{
	return set_count(((const struct domain *)context->row[0])->vcpus, cell);
}

static bool get_not_known(const struct cell_context *context, struct cell *cell)
{
	(void)context;
	return cell_integer(NOT_KNOWN, cell);
}

static bool get_cpus_most(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return (row->have & DOMAIN_HAVE_VCPUS_MAX) != 0 ? set_count(row->vcpus_max, cell)
							: cell_integer(NOT_KNOWN, cell);
}

/* KiB, and MiB where both sizes are not numbers of KiB. */
static uint64_t memory_divisor(const struct domain *row)
{
	const bool large = ((row->have & DOMAIN_HAVE_MEM_MAX) != 0 && row->mem_max_kib > INT32_MAX) ||
			   ((row->have & DOMAIN_HAVE_MEM_CURRENT) != 0 && row->mem_current_kib > INT32_MAX);

	return large ? MIB / KIB : 1;
}

static bool get_memory_unit(const struct cell_context *context, struct cell *cell)
{
	return cell_integer((int32_t)memory_divisor(context->row[0]) * KIB, cell);
}

static bool get_memory(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return set_count(row->mem_current_kib / memory_divisor(row), cell);
}

static bool get_memory_most(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return (row->have & DOMAIN_HAVE_MEM_MAX) != 0 ? set_count(row->mem_max_kib / memory_divisor(row), cell)
						      : cell_integer(NOT_KNOWN, cell);
}

static bool get_up_time(const struct cell_context *context, struct cell *cell)
{
	return set_ticks(context->now_mono_ns - ((const struct domain *)context->row[0])->start_mono_ns, cell);
}

/* clang-format off */
#define ROW struct domain
#define UUIDP(arc, name, member) FIELD(arc, name, SYN_UUID, F_UUIDP, member, 0, NULL)
static const struct column VM_COLUMNS[] = {
	STRZ(2,   vmName,         name),
	UUIDP(3,  vmUUID,         uuid),
	STRZ(4,   vmOSType,       os),
	GET(5,    vmAdminState,   SYN_ENUM, get_admin_state, 0, NULL),
	GET(6,    vmOperState,    SYN_ENUM, get_oper_state, 0, NULL),
	GET(7,    vmAutoStart,    SYN_ENUM, get_auto_start, 0, NULL),
	GET(8,    vmPersistent,   SYN_ENUM, get_persistent, 0, NULL),
	GET(9,    vmCurCpuNumber, SYN_INTEGER32, get_cpus, DOMAIN_HAVE_VCPUS, NULL),
	GET(10,   vmMinCpuNumber, SYN_INTEGER32, get_not_known, 0, NULL),
	GET(11,   vmMaxCpuNumber, SYN_INTEGER32, get_cpus_most, 0, NULL),
	GET(12,   vmMemUnit,      SYN_INTEGER32, get_memory_unit, 0, NULL),
	GET(13,   vmCurMem,       SYN_INTEGER32, get_memory, DOMAIN_HAVE_MEM_CURRENT, NULL),
	GET(14,   vmMinMem,       SYN_INTEGER32, get_not_known, 0, NULL),
	GET(15,   vmMaxMem,       SYN_INTEGER32, get_memory_most, 0, NULL),
	GET(16,   vmUpTime,       SYN_TICKS, get_up_time, DOMAIN_HAVE_START, NULL),
	{ 17, "vmCpuTime", SYN_COUNTER64, F_U64, offsetof(ROW, cpu_time_ns), DOMAIN_HAVE_CPU_TIME, NS_PER_US, NULL,
	  "microsecond" },
};
#undef UUIDP
#undef ROW

static const char *const VM_INDEXES[] = { "vmIndex" };
const struct table VM_TABLE = {
	"vmTable", { 1, 4 }, 2, 1, { LEVEL_OF(domain) },
	offsetof(struct domain, have), COLUMNS_OF(VM_COLUMNS), 1, VM_INDEXES
};
/* clang-format on */
