/*
 * rows_libvirt.c - LIBVIRT-MIB, read-only: the domains that run, as managers of libvirt's own agent know them.
 *
 * Const data; the getters are pure. Rows: struct domain, ascending UUID, of the context's cache. The index is the UUID:
 * 16 sub-identifiers.
 */
#include "subagent/rows.h"

#define ROW_ACTIVE 1
#define CPUS_MOST 65535
#define KIB_PER_MIB 1024

static size_t active_count(const struct cell_context *context)
{
	return context->cache != NULL ? context->cache->n_active : 0;
}

static const void *active_at(const struct cell_context *context, size_t i)
{
	return context->snapshot->domains->rows[context->cache->active[i]];
}

static uint32_t uuid_id(const void *row, size_t i)
{
	return ((const struct domain *)row)->uuid[i];
}

int32_t rows_libvirt_state(uint8_t state)
{
	static const uint8_t STATES[] = { [DOMAIN_NO_STATE] = 1, [DOMAIN_RUNNING] = 1,	[DOMAIN_BLOCKED] = 2,
					  [DOMAIN_PAUSED] = 3,	 [DOMAIN_SHUTDOWN] = 4, [DOMAIN_SHUTOFF] = 5,
					  [DOMAIN_CRASHED] = 6,	 [DOMAIN_PM_SUSPENDED] = 3 };

	return state < sizeof(STATES) ? STATES[state] : 0;
}

bool rows_libvirt_runs(uint8_t state)
{
	return state != DOMAIN_SHUTOFF && state != DOMAIN_CRASHED;
}

static bool get_state(const struct cell_context *context, struct cell *cell)
{
	const int32_t state = rows_libvirt_state(((const struct domain *)context->row[0])->state);

	return state != 0 && cell_integer(state, cell);
}

static bool get_cpus(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	cell->type = CELL_UNSIGNED;
	cell->number = row->vcpus < CPUS_MOST ? row->vcpus : CPUS_MOST;
	return true;
}

static bool get_row_status(const struct cell_context *context, struct cell *cell)
{
	(void)context;
	return cell_integer(ROW_ACTIVE, cell);
}

/* clang-format off */
#define ROW struct domain
#define MIB(arc, name, syntax, member, have) \
	{ (arc), #name, (syntax), F_U64, offsetof(ROW, member), (have), KIB_PER_MIB, NULL, NULL }
static const struct column LIBVIRT_COLUMNS[] = {
	STR(2, libvirtGuestName,          name, 0),
	GET(3, libvirtGuestState,         SYN_ENUM, get_state, 0, NULL),
	GET(4, libvirtGuestCpuCount,      SYN_UNSIGNED32, get_cpus, DOMAIN_HAVE_VCPUS, NULL),
	MIB(5, libvirtGuestMemoryCurrent, SYN_GAUGE32, mem_current_kib, DOMAIN_HAVE_MEM_CURRENT),
	MIB(6, libvirtGuestMemoryLimit,   SYN_UNSIGNED32, mem_max_kib, DOMAIN_HAVE_MEM_MAX),
	C64(7, libvirtGuestCpuTime,       cpu_time_ns, DOMAIN_HAVE_CPU_TIME, NULL),
	GET(9, libvirtGuestRowStatus,     SYN_ENUM, get_row_status, 0, NULL),
};
#undef MIB
#undef ROW

static const char *const LIBVIRT_INDEXES[] = { "libvirtGuestUUID" };
const struct table LIBVIRT_GUEST_TABLE = {
	"libvirtGuestTable", { 1, 1 }, 2, 1, { { active_count, active_at, NULL, 16, uuid_id } },
	offsetof(struct domain, have), COLUMNS_OF(LIBVIRT_COLUMNS), 1, LIBVIRT_INDEXES
};
/* clang-format on */
