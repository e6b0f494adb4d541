/*
 * rows_vcpu.c - group 4 edgeVcpu: the virtual CPUs of the domains.
 *
 * Const data; the getter is pure. Rows: struct vcpu of each struct domain.
 */
#include "subagent/rows.h"

DOMAIN_ROWS(vcpu, struct vcpu, vcpu_rows, n_vcpus)

#define PHYSICAL_UNKNOWN (-1)

static bool get_physical(const struct cell_context *context, struct cell *cell)
{
	const struct vcpu *row = context->row[1];

	cell->type = CELL_INTEGER;
	cell->integer = (row->have & VCPU_HAVE_PHYSICAL) != 0 ? row->physical : PHYSICAL_UNKNOWN;
	return true;
}

/* clang-format off */
#define ROW struct vcpu
static const struct column VCPU_COLUMNS[] = {
	ENUM(2, edgeVcpuState,    state, 0),
	C64(3,  edgeVcpuTime,     time_ns, VCPU_HAVE_TIME, "nanoseconds"),
	C64(4,  edgeVcpuWait,     wait_ns, VCPU_HAVE_WAIT, "nanoseconds"),
	C64(5,  edgeVcpuDelay,    delay_ns, VCPU_HAVE_DELAY, "nanoseconds"),
	BOOL(6, edgeVcpuHalted,   halted, VCPU_HAVE_HALTED),
	GET(7,  edgeVcpuPhysical, SYN_INTEGER32, get_physical, 0, NULL),
	G32(8,  edgeVcpuUtil,     util_centi, VCPU_HAVE_UTIL, "0.01 percent"),
};
#undef ROW

static const char *const VCPU_INDEXES[] = { "edgeDomainIndex", "edgeVcpuIndex" };
const struct table VCPU_TABLE = {
	"edgeVcpuTable", { ARC_OBJECTS, GROUP_VCPU, 1 }, 3, 2, { LEVEL_OF(domain), LEVEL_OF(vcpu) },
	offsetof(struct vcpu, have), COLUMNS_OF(VCPU_COLUMNS), 1, VCPU_INDEXES
};
/* clang-format on */
