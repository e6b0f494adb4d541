/*
 * rows_domain.c - group 3 edgeDomain: the domains of libvirt and their processes.
 *
 * Const data; the getters are pure. Rows: struct domain of the snapshot's domains part.
 */
#include "subagent/rows.h"

PART_ROWS(domain, domains, struct domain, index, )

/* libvirt gives the guest's last update by the real clock; so both ends are taken from it, and a clock that was set
 * back gives 0. */
static bool get_balloon_age(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return cell_age_s(context->snapshot->sealed_real_ns, row->balloon_update_real_ns, cell);
}

static bool get_up_time(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return cell_age_s(context->now_mono_ns, row->start_mono_ns, cell);
}

static bool get_age(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return cell_age_ms(context, row->read_mono_ns, cell);
}

static bool get_process_age(const struct cell_context *context, struct cell *cell)
{
	const struct domain *row = context->row[0];

	return cell_age_ms(context, row->process_mono_ns, cell);
}

/* clang-format off */
#define ROW struct domain
#define UUIDP(arc, name, member, have) FIELD(arc, name, SYN_UUID, F_UUIDP, member, have, NULL)
static const struct column DOMAIN_COLUMNS[] = {
	STR(2,    edgeDomainName,              name, 0),
	UUIDP(3,  edgeDomainUuid,              uuid, 0),
	ENUM(4,   edgeDomainState,             state, 0),
	STR(5,    edgeDomainStateReason,       reason, 0),
	I32(6,    edgeDomainId,                id, 0, NULL),
	BOOL(7,   edgeDomainPersistent,        persistent, DOMAIN_HAVE_PERSISTENT),
	BOOL(8,   edgeDomainAutostart,         autostart, DOMAIN_HAVE_AUTOSTART),
	STR(9,    edgeDomainOs,                os, DOMAIN_HAVE_OS),
	G32(10,   edgeDomainVcpus,             vcpus, DOMAIN_HAVE_VCPUS, "vCPUs"),
	G32(11,   edgeDomainVcpusMax,          vcpus_max, DOMAIN_HAVE_VCPUS_MAX, "vCPUs"),
	C64(12,   edgeDomainCpuTime,           cpu_time_ns, DOMAIN_HAVE_CPU_TIME, "nanoseconds"),
	C64(13,   edgeDomainCpuUserTime,       cpu_user_time_ns, DOMAIN_HAVE_CPU_USER, "nanoseconds"),
	C64(14,   edgeDomainCpuSystemTime,     cpu_system_time_ns, DOMAIN_HAVE_CPU_SYSTEM, "nanoseconds"),
	G32(15,   edgeDomainCpuUtil,           cpu_util_centi, DOMAIN_HAVE_CPU_UTIL, "0.01 percent"),
	C64(16,   edgeDomainStealTime,         steal_time_ns, DOMAIN_HAVE_STEAL_TIME, "nanoseconds"),
	G32(17,   edgeDomainStealUtil,         steal_util_centi, DOMAIN_HAVE_STEAL_UTIL, "0.01 percent"),
	G32(18,   edgeDomainOverhead,          overhead_centi, DOMAIN_HAVE_OVERHEAD, "0.01 percent"),
	G64(19,   edgeDomainMemMax,            mem_max_kib, DOMAIN_HAVE_MEM_MAX, "KiB"),
	G64(20,   edgeDomainMemCurrent,        mem_current_kib, DOMAIN_HAVE_MEM_CURRENT, "KiB"),
	G64(21,   edgeDomainMemRss,            mem_rss_kib, DOMAIN_HAVE_MEM_RSS, "KiB"),
	G64(22,   edgeDomainMemAvailable,      mem_available_kib, DOMAIN_HAVE_MEM_AVAILABLE, "KiB"),
	G64(23,   edgeDomainMemUnused,         mem_unused_kib, DOMAIN_HAVE_MEM_UNUSED, "KiB"),
	G64(24,   edgeDomainMemUsable,         mem_usable_kib, DOMAIN_HAVE_MEM_USABLE, "KiB"),
	G64(25,   edgeDomainMemDiskCaches,     mem_disk_caches_kib, DOMAIN_HAVE_MEM_DISK_CACHES, "KiB"),
	C64(26,   edgeDomainSwapIn,            swap_in_kib, DOMAIN_HAVE_SWAP_IN, "KiB"),
	C64(27,   edgeDomainSwapOut,           swap_out_kib, DOMAIN_HAVE_SWAP_OUT, "KiB"),
	C64(28,   edgeDomainMajorFaults,       major_faults, DOMAIN_HAVE_MAJOR_FAULTS, "faults"),
	C64(29,   edgeDomainMinorFaults,       minor_faults, DOMAIN_HAVE_MINOR_FAULTS, "faults"),
	GET(30,   edgeDomainBalloonAge,        SYN_GAUGE32, get_balloon_age, DOMAIN_HAVE_BALLOON_UPDATE, "seconds"),
	C64(31,   edgeDomainDiskReadBytes,     disk_read_bytes, DOMAIN_HAVE_DISK, "bytes"),
	C64(32,   edgeDomainDiskWriteBytes,    disk_write_bytes, DOMAIN_HAVE_DISK, "bytes"),
	C64(33,   edgeDomainDiskReads,         disk_reads, DOMAIN_HAVE_DISK, "requests"),
	C64(34,   edgeDomainDiskWrites,        disk_writes, DOMAIN_HAVE_DISK, "requests"),
	C64(35,   edgeDomainDiskErrors,        disk_errors, DOMAIN_HAVE_DISK_ERRORS, "errors"),
	C64(36,   edgeDomainNetRxBytes,        net_rx_bytes, DOMAIN_HAVE_NET, "bytes"),
	C64(37,   edgeDomainNetTxBytes,        net_tx_bytes, DOMAIN_HAVE_NET, "bytes"),
	GET(38,   edgeDomainUpTime,            SYN_GAUGE32, get_up_time, DOMAIN_HAVE_START, "seconds"),
	TIME(39,  edgeDomainStartTime,         start_time_real_ns, DOMAIN_HAVE_START),
	TIME(40,  edgeDomainLastChange,        last_change_real_ns, DOMAIN_HAVE_LAST_CHANGE),
	STAMP(41, edgeDomainDiscontinuityTime, discontinuity_mono_ns, 0),
	GET(42,   edgeDomainAge,               SYN_GAUGE32, get_age, 0, "milliseconds"),
	U32(43,   edgeDomainProcessId,         process_id, DOMAIN_HAVE_PROCESS, NULL),
	GET(44,   edgeDomainProcessAge,        SYN_GAUGE32, get_process_age, DOMAIN_HAVE_PROCESS, "milliseconds"),
	C64(45,   edgeDomainProcessReadBytes,  process_read_bytes, DOMAIN_HAVE_PROCESS_IO, "bytes"),
	C64(46,   edgeDomainProcessWriteBytes, process_write_bytes, DOMAIN_HAVE_PROCESS_IO, "bytes"),
};
#undef UUIDP
#undef ROW

static const char *const DOMAIN_INDEXES[] = { "edgeDomainIndex" };
const struct table DOMAIN_TABLE = {
	"edgeDomainTable", { ARC_OBJECTS, GROUP_DOMAIN, 1 }, 3, 1, { LEVEL_OF(domain) },
	offsetof(struct domain, have), COLUMNS_OF(DOMAIN_COLUMNS), 1, DOMAIN_INDEXES
};
/* clang-format on */
