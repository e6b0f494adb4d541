/*
 * rows_node.c - groups 1 edgeNode and 2 edgeSource: the node itself and the state of the sources.
 *
 * Const data; the getters are pure. Rows: struct node and struct sources of the snapshot.
 */
#include "subagent/rows.h"

static size_t node_count(const struct cell_context *context)
{
	(void)context;
	return 1;
}

static const void *node_at(const struct cell_context *context, size_t i)
{
	(void)i;
	return &context->snapshot->node;
}

static bool get_snapshot_age(const struct cell_context *context, struct cell *cell)
{
	return cell_age_ms(context, context->snapshot->sealed_mono_ns, cell);
}

/* clang-format off */
#define ROW struct node
static const struct column NODE_COLUMNS[] = {
	STR(1,    edgeNodeName,              name, 0),
	UUID(2,   edgeNodeUuid,              uuid, NODE_ROW_HAVE_UUID),
	STR(3,    edgeNodeAgentVersion,      agent_version, 0),
	TIME(4,   edgeNodeStartTime,         start_time_real_ns, 0),
	TIME(5,   edgeNodeBootTime,          boot_time_real_ns, NODE_ROW_HAVE_BOOT_TIME),
	STR(6,    edgeNodeHypervisor,        hypervisor, 0),
	STR(7,    edgeNodeHypervisorVersion, hypervisor_version, 0),
	STR(8,    edgeNodeLibvirtVersion,    libvirt_version, 0),
	STR(9,    edgeNodeKernel,            kernel, 0),
	STR(10,   edgeNodeVendor,            vendor, 0),
	STR(11,   edgeNodeModel,             model, 0),
	STR(12,   edgeNodeSerial,            serial, 0),
	U32(13,   edgeNodePollInterval,      poll_interval_ms, 0, "milliseconds"),
	C64(14,   edgeNodeSnapshots,         snapshots, 0, "snapshots"),
	GET(15,   edgeNodeSnapshotAge,       SYN_GAUGE32, get_snapshot_age, 0, "milliseconds"),
	G32(16,   edgeNodeDomains,           domains, NODE_ROW_HAVE_DOMAINS, "domains"),
	G32(17,   edgeNodeDomainsActive,     domains_active, NODE_ROW_HAVE_DOMAINS, "domains"),
	ENUM(18,  edgeNodeHealth,            health, 0),
	C64(19,   edgeNodeSelfCpuTime,       self_cpu_time_us, NODE_ROW_HAVE_SELF, "microseconds"),
	G32(20,   edgeNodeSelfMemory,        self_memory_kib, NODE_ROW_HAVE_SELF, "KiB"),
	STAMP(21, edgeNodeDiscontinuityTime, discontinuity_mono_ns, 0),
	G32(22,   edgeNodeProcesses,         processes, NODE_ROW_HAVE_PROCESSES, "processes"),
	G32(23,   edgeNodeProcessesRunning,  processes_running, NODE_ROW_HAVE_RUNNING, "processes"),
	G32(24,   edgeNodeProcessesBlocked,  processes_blocked, NODE_ROW_HAVE_BLOCKED, "processes"),
};
#undef ROW

const struct table NODE_SCALARS = {
	"edgeNode", { ARC_OBJECTS, GROUP_NODE }, 2, 1, { SCALAR_LEVEL_OF(node) }, offsetof(struct node, have),
	COLUMNS_OF(NODE_COLUMNS), 0, NULL
};
/* clang-format on */

PART_ROWS(source, sources, struct source_status, index, &)

static bool get_source_age(const struct cell_context *context, struct cell *cell)
{
	const struct source_status *row = context->row[0];

	return cell_age_ms(context, row->success_mono_ns, cell);
}

/* clang-format off */
#define ROW struct source_status
static const struct column SOURCE_COLUMNS[] = {
	STR(2,   edgeSourceName,          name, 0),
	ENUM(3,  edgeSourceState,         state, 0),
	U32(4,   edgeSourceInterval,      interval_ms, 0, "milliseconds"),
	GET(5,   edgeSourceAge,           SYN_GAUGE32, get_source_age, STATUS_HAVE_SUCCESS, "milliseconds"),
	G32(6,   edgeSourceDuration,      duration_us, STATUS_HAVE_DURATION, "microseconds"),
	C32(7,   edgeSourcePolls,         polls, 0, "polls"),
	C32(8,   edgeSourceFailures,      failures, 0, "polls"),
	CHARS(9, edgeSourceLastError,     last_error, STATUS_HAVE_ERROR),
	TIME(10, edgeSourceLastErrorTime, last_error_real_ns, STATUS_HAVE_ERROR),
};
#undef ROW

static const char *const SOURCE_INDEXES[] = { "edgeSourceIndex" };
const struct table SOURCE_TABLE = {
	"edgeSourceTable", { ARC_OBJECTS, GROUP_SOURCE, 1 }, 3, 1, { LEVEL_OF(source) },
	offsetof(struct source_status, have), COLUMNS_OF(SOURCE_COLUMNS), 1, SOURCE_INDEXES
};
/* clang-format on */
