/*
 * origins.c - the one definition of where each column's values come from. Const data but for one search; thread: any.
 *
 * RUN(first, last, age, absent, sources...): columns from first to last; no source is the daemon itself. ROTATED is the
 * same for what libvirt asks of each QEMU and is therefore read of some domains at a time.
 */
#include "subagent/origins.h"

#include "subagent/rows.h"

#include <string.h>

/* clang-format off */
#define RUN(first, last, age, absent, ...)     { #first, #last, { __VA_ARGS__ }, false, age, absent }
#define ROTATED(first, last, age, absent, ...) { #first, #last, { __VA_ARGS__ }, true, age, absent }
#define DAEMON 0
#define NEVER NULL
#define USUAL_AGE NULL
#define RUNS(array) sizeof(array) / sizeof((array)[0]), array

#define UNTOLD "libvirt does not tell it"
#define NO_LIBVIRT "libvirt was not reached so far"
#define INACTIVE "the domain is inactive"
#define NO_GUEST "no balloon driver, no `<stats period>`, inactive"
#define SECOND "before the second reading; inactive"
#define AGE "edgeDomainAge"
#define PROCESS_AGE "edgeDomainProcessAge"
#define BALLOON_AGE "edgeDomainBalloonAge"

static const struct origin NODE[] = {
	RUN(edgeNodeName, edgeNodeName, USUAL_AGE, "uname cannot be read", SOURCE_NODE),
	RUN(edgeNodeUuid, edgeNodeUuid, USUAL_AGE, "neither knows it", SOURCE_LIBVIRT, SOURCE_NODE),
	RUN(edgeNodeAgentVersion, edgeNodeStartTime, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeNodeBootTime, edgeNodeBootTime, USUAL_AGE, "/proc/stat has no btime", SOURCE_NODE),
	RUN(edgeNodeHypervisor, edgeNodeLibvirtVersion, USUAL_AGE, NO_LIBVIRT, SOURCE_LIBVIRT),
	RUN(edgeNodeKernel, edgeNodeKernel, USUAL_AGE, "uname cannot be read", SOURCE_NODE),
	RUN(edgeNodeVendor, edgeNodeSerial, USUAL_AGE, "no DMI, or not readable for the daemon", SOURCE_NODE),
	RUN(edgeNodePollInterval, edgeNodePollInterval, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeNodeSnapshots, edgeNodeSnapshotAge, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeNodeDomains, edgeNodeDomainsActive, USUAL_AGE, NO_LIBVIRT, SOURCE_LIBVIRT),
	RUN(edgeNodeHealth, edgeNodeHealth, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeNodeSelfCpuTime, edgeNodeSelfMemory, USUAL_AGE, "/proc/self cannot be read", DAEMON),
	RUN(edgeNodeDiscontinuityTime, edgeNodeDiscontinuityTime, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeNodeProcesses, edgeNodeProcesses, USUAL_AGE, "/proc cannot be listed", SOURCE_LOADAVG),
	RUN(edgeNodeProcessesRunning, edgeNodeProcessesBlocked, USUAL_AGE, "/proc/stat lacks it", SOURCE_STAT),
};

static const struct origin SOURCE[] = {
	RUN(edgeSourceName, edgeSourceInterval, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeSourceAge, edgeSourceAge, USUAL_AGE, "no poll has succeeded", DAEMON),
	RUN(edgeSourceDuration, edgeSourceDuration, USUAL_AGE, "no poll has ended", DAEMON),
	RUN(edgeSourcePolls, edgeSourceFailures, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeSourceLastError, edgeSourceLastErrorTime, USUAL_AGE, "no poll has failed", DAEMON),
};

static const struct origin DOMAIN[] = {
	RUN(edgeDomainName, edgeDomainId, AGE, NEVER, SOURCE_LIBVIRT),
	RUN(edgeDomainPersistent, edgeDomainOs, AGE, UNTOLD, SOURCE_LIBVIRT),
	ROTATED(edgeDomainVcpus, edgeDomainVcpusMax, AGE, UNTOLD, SOURCE_LIBVIRT),
	ROTATED(edgeDomainCpuTime, edgeDomainCpuSystemTime, PROCESS_AGE, INACTIVE, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeDomainCpuUtil, edgeDomainCpuUtil, PROCESS_AGE, SECOND, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeDomainStealTime, edgeDomainStealTime, PROCESS_AGE, INACTIVE, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeDomainStealUtil, edgeDomainStealUtil, PROCESS_AGE, SECOND, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeDomainOverhead, edgeDomainOverhead, PROCESS_AGE, SECOND "; intervals under 1 s; drivers without vCPU statistics",
		SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeDomainMemMax, edgeDomainMemCurrent, AGE, UNTOLD, SOURCE_LIBVIRT),
	ROTATED(edgeDomainMemRss, edgeDomainMemRss, PROCESS_AGE, INACTIVE, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeDomainMemAvailable, edgeDomainMinorFaults, BALLOON_AGE, NO_GUEST, SOURCE_LIBVIRT),
	ROTATED(edgeDomainBalloonAge, edgeDomainBalloonAge, AGE, "the guest never told any", SOURCE_LIBVIRT),
	ROTATED(edgeDomainDiskReadBytes, edgeDomainDiskWrites, AGE, INACTIVE, SOURCE_LIBVIRT),
	ROTATED(edgeDomainDiskErrors, edgeDomainDiskErrors, AGE, "QEMU: libvirt counts none", SOURCE_LIBVIRT),
	RUN(edgeDomainNetRxBytes, edgeDomainNetTxBytes, PROCESS_AGE, INACTIVE, SOURCE_PROCESS, SOURCE_LIBVIRT),
	RUN(edgeDomainUpTime, edgeDomainStartTime, PROCESS_AGE, "inactive, or its start is not known", SOURCE_PROCESS,
	    SOURCE_LIBVIRT),
	RUN(edgeDomainLastChange, edgeDomainLastChange, AGE, "none was noticed", SOURCE_LIBVIRT),
	RUN(edgeDomainDiscontinuityTime, edgeDomainAge, AGE, NEVER, DAEMON),
	RUN(edgeDomainProcessId, edgeDomainProcessAge, PROCESS_AGE, "inactive, or no process of it is found",
	    SOURCE_PROCESS),
	RUN(edgeDomainProcessReadBytes, edgeDomainProcessWriteBytes, PROCESS_AGE,
	    "inactive, or no right to /proc/PID/io", SOURCE_PROCESS),
};

static const struct origin VCPU[] = {
	ROTATED(edgeVcpuState, edgeVcpuState, AGE, NEVER, SOURCE_LIBVIRT),
	ROTATED(edgeVcpuTime, edgeVcpuTime, PROCESS_AGE, UNTOLD, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeVcpuWait, edgeVcpuWait, AGE, UNTOLD, SOURCE_LIBVIRT),
	ROTATED(edgeVcpuDelay, edgeVcpuDelay, PROCESS_AGE, UNTOLD, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeVcpuHalted, edgeVcpuHalted, AGE, "libvirt does not tell it, as without KVM", SOURCE_LIBVIRT),
	ROTATED(edgeVcpuPhysical, edgeVcpuPhysical, PROCESS_AGE, NEVER, SOURCE_PROCESS, SOURCE_LIBVIRT),
	ROTATED(edgeVcpuUtil, edgeVcpuUtil, PROCESS_AGE, SECOND, SOURCE_PROCESS, SOURCE_LIBVIRT),
};

static const struct origin BLOCK[] = {
	RUN(edgeBlockTarget, edgeBlockTarget, AGE, NEVER, SOURCE_LIBVIRT),
	RUN(edgeBlockSource, edgeBlockSource, AGE, "an empty drive", SOURCE_LIBVIRT),
	ROTATED(edgeBlockReads, edgeBlockFlushTime, AGE, INACTIVE, SOURCE_LIBVIRT),
	ROTATED(edgeBlockErrors, edgeBlockErrors, AGE, "QEMU: libvirt counts none", SOURCE_LIBVIRT),
	ROTATED(edgeBlockCapacity, edgeBlockPhysical, AGE, UNTOLD, SOURCE_LIBVIRT),
	RUN(edgeBlockDiscontinuityTime, edgeBlockDiscontinuityTime, AGE, NEVER, DAEMON),
};

static const struct origin NIC[] = {
	RUN(edgeNicTarget, edgeNicTarget, AGE, "no device on the host, as for user networking", SOURCE_LIBVIRT),
	RUN(edgeNicMac, edgeNicMac, AGE, NEVER, SOURCE_LIBVIRT),
	RUN(edgeNicModel, edgeNicSource, AGE, "the definition names none", SOURCE_LIBVIRT),
	RUN(edgeNicIfIndex, edgeNicIfIndex, AGE, NEVER, SOURCE_LIBVIRT),
	RUN(edgeNicRxBytes, edgeNicTxDrops, PROCESS_AGE, INACTIVE, SOURCE_PROCESS, SOURCE_LIBVIRT),
	RUN(edgeNicDiscontinuityTime, edgeNicDiscontinuityTime, AGE, NEVER, DAEMON),
};

static const struct origin CPU_SCALAR[] = {
	RUN(edgeCpuLoad1, edgeCpuLoad15, USUAL_AGE, "/proc/loadavg cannot be read", SOURCE_LOADAVG),
};

static const struct origin CPU[] = {
	RUN(edgeCpuOnline, edgeCpuOnline, USUAL_AGE, NEVER, SOURCE_STAT),
	RUN(edgeCpuUserTime, edgeCpuGuestNiceTime, USUAL_AGE, "never online since the start", SOURCE_STAT),
	RUN(edgeCpuUtil, edgeCpuUtil, USUAL_AGE, "before the second reading; offline", SOURCE_STAT),
	RUN(edgeCpuFrequency, edgeCpuGovernor, USUAL_AGE, "no cpufreq driver; offline", SOURCE_CPUFREQ),
	RUN(edgeCpuCoreThrottles, edgeCpuPackageThrottles, USUAL_AGE, "not of Intel; offline", SOURCE_THROTTLE),
	RUN(edgeCpuPackage, edgeCpuPackage, USUAL_AGE, "the kernel does not know it; offline", SOURCE_CPUFREQ),
	RUN(edgeCpuTemperature, edgeCpuVoltage, USUAL_AGE, "the model has none; no module msr, no right to it",
	    SOURCE_MSR),
};

static const struct origin MEMORY[] = {
	RUN(edgeMemTotal, edgeMemCommitLimit, USUAL_AGE, "/proc/meminfo lacks it", SOURCE_MEMINFO),
	RUN(edgeMemKsmSharing, edgeMemKsmSharing, USUAL_AGE, "a kernel without KSM", SOURCE_MEMINFO),
	RUN(edgeMemPagedIn, edgeMemMajorFaults, USUAL_AGE, "/proc/vmstat lacks it", SOURCE_VMSTAT),
	RUN(edgeMemPageInRate, edgeMemPageFaultRate, USUAL_AGE, "before the second reading", SOURCE_VMSTAT),
};

static const struct origin HUGEPAGE[] = {
	RUN(edgeHugePagesTotal, edgeHugePagesSurplus, USUAL_AGE, "the file cannot be read", SOURCE_HUGEPAGES),
};

static const struct origin PRESSURE[] = {
	RUN(edgePressureSome10, edgePressureSome300, USUAL_AGE, "the kernel has no such line", SOURCE_PRESSURE),
	RUN(edgePressureFull10, edgePressureFull300, USUAL_AGE, "the kernel has none, as for the CPU before 5.13",
	    SOURCE_PRESSURE),
	RUN(edgePressureSomeTotal, edgePressureFullTotal, USUAL_AGE, "as the averages", SOURCE_PRESSURE),
};

#define SENSOR_AGE "edgeSensorAge"
static const struct origin SENSOR[] = {
	RUN(edgeSensorChip, edgeSensorType, SENSOR_AGE, NEVER, SOURCE_SENSORS, SOURCE_THERMAL),
	RUN(edgeSensorValue, edgeSensorValue, SENSOR_AGE, "it could never be read", SOURCE_SENSORS, SOURCE_THERMAL),
	RUN(edgeSensorUnits, edgeSensorUnits, SENSOR_AGE, NEVER, SOURCE_SENSORS, SOURCE_THERMAL),
	RUN(edgeSensorMin, edgeSensorAlarm, SENSOR_AGE, "the chip has none", SOURCE_SENSORS, SOURCE_THERMAL),
	RUN(edgeSensorStatus, edgeSensorStatus, SENSOR_AGE, NEVER, SOURCE_SENSORS, SOURCE_THERMAL),
	RUN(edgeSensorAge, edgeSensorAge, SENSOR_AGE, "it could never be read", DAEMON),
};

#define NO_DAEMON "no time daemon tells it"
static const struct origin CLOCK[] = {
	RUN(edgeClockSource, edgeClockSource, USUAL_AGE, NEVER, SOURCE_PTP, SOURCE_NTP, SOURCE_CLOCK),
	RUN(edgeClockDaemon, edgeClockDaemon, USUAL_AGE, NO_DAEMON, SOURCE_PTP, SOURCE_NTP),
	RUN(edgeClockState, edgeClockState, USUAL_AGE, NEVER, SOURCE_PTP, SOURCE_NTP, SOURCE_CLOCK),
	RUN(edgeClockOffset, edgeClockFrequency, USUAL_AGE, "no plausible value", SOURCE_PTP, SOURCE_NTP, SOURCE_CLOCK),
	RUN(edgeClockSkew, edgeClockSkew, USUAL_AGE, NO_DAEMON, SOURCE_NTP),
	RUN(edgeClockStratum, edgeClockRootDispersion, USUAL_AGE, NO_DAEMON, SOURCE_PTP, SOURCE_NTP),
	RUN(edgeClockLeap, edgeClockLeap, USUAL_AGE, NEVER, SOURCE_PTP, SOURCE_NTP, SOURCE_CLOCK),
	RUN(edgeClockTaiOffset, edgeClockTaiOffset, USUAL_AGE, "the kernel was not told", SOURCE_PTP, SOURCE_NTP,
	    SOURCE_CLOCK),
	RUN(edgeClockUpdateAge, edgeClockUpdateAge, "edgeClockUpdateAge", NO_DAEMON, SOURCE_PTP, SOURCE_NTP),
};

static const struct origin CLOCK_PEER[] = {
	RUN(edgeClockPeerName, edgeClockPeerState, USUAL_AGE, NEVER, SOURCE_NTP),
	RUN(edgeClockPeerStratum, edgeClockPeerReach, USUAL_AGE, "the daemon does not tell it", SOURCE_NTP),
	RUN(edgeClockPeerAge, edgeClockPeerError, "edgeClockPeerAge", "there was no sample", SOURCE_NTP),
};

static const struct origin PTP[] = {
	RUN(edgePtpName, edgePtpName, USUAL_AGE, NEVER, SOURCE_PTP),
	RUN(edgePtpOffset, edgePtpUtcOffset, USUAL_AGE, "not readable, or its timescale is not known", SOURCE_PTP),
	RUN(edgePtpPortState, edgePtpPortState, USUAL_AGE, "no ptp4l, or no port of it on this clock", SOURCE_PTP),
};

static const struct origin HARDWARE[] = {
	RUN(edgeMceCorrected, edgeMceUncorrected, USUAL_AGE, "no tracing instance, no right to /dev/kmsg",
	    SOURCE_MCE),
	RUN(edgeMceExceptions, edgeDeferredInterrupts, USUAL_AGE, "/proc/interrupts has no such row",
	    SOURCE_INTERRUPTS),
	RUN(edgeMceLastTime, edgeMceLastText, USUAL_AGE, "there was none", SOURCE_MCE),
};

static const struct origin EDAC[] = {
	RUN(edgeEdacController, edgeEdacLabel, USUAL_AGE, NEVER, SOURCE_EDAC),
	RUN(edgeEdacCorrected, edgeEdacUncorrected, USUAL_AGE, "the driver has no such counter", SOURCE_EDAC),
};

static const struct origin POWER[] = {
	RUN(edgePowerZone, edgePowerEnergy, USUAL_AGE, NEVER, SOURCE_POWERCAP),
	RUN(edgePowerNow, edgePowerNow, USUAL_AGE, "before the second reading", SOURCE_POWERCAP),
};

static const struct origin BOND[] = {
	RUN(edgeBondName, edgeBondMode, USUAL_AGE, NEVER, SOURCE_BOND),
	RUN(edgeBondMtu, edgeBondSpeed, USUAL_AGE, "the kernel does not tell it, as while down", SOURCE_BOND),
	RUN(edgeBondUp, edgeBondActivePorts, USUAL_AGE, NEVER, SOURCE_BOND),
	RUN(edgeBondAggregatorId, edgeBondPartnerMac, USUAL_AGE, "not of mode 802.3ad; no right to it", SOURCE_BOND),
};

static const struct origin BOND_PORT[] = {
	RUN(edgeBondPortName, edgeBondPortUp, USUAL_AGE, NEVER, SOURCE_BOND),
	RUN(edgeBondPortSpeed, edgeBondPortSpeed, USUAL_AGE, "the kernel does not tell it, as while down", SOURCE_BOND),
	RUN(edgeBondPortFailures, edgeBondPortFailures, USUAL_AGE, "the kernel does not tell it", SOURCE_BOND),
	RUN(edgeBondPortAggregatorId, edgeBondPortLacpState, USUAL_AGE, "not of mode 802.3ad", SOURCE_BOND),
};

#define DISK_AGE "edgeDiskAge"
#define DISK_UNTOLD "the disk does not tell it"
static const struct origin DISK[] = {
	RUN(edgeDiskName, edgeDiskName, DISK_AGE, NEVER, SOURCE_DISKS),
	RUN(edgeDiskModel, edgeDiskModel, DISK_AGE, DISK_UNTOLD, SOURCE_DISKS),
	RUN(edgeDiskSerial, edgeDiskSerial, DISK_AGE, NEVER, SOURCE_DISKS),
	RUN(edgeDiskHealth, edgeDiskHealth, DISK_AGE, NEVER, SOURCE_DISKS),
	RUN(edgeDiskTemperature, edgeDiskWear, DISK_AGE, DISK_UNTOLD, SOURCE_DISKS),
	RUN(edgeDiskAge, edgeDiskAge, DISK_AGE, "it told nothing so far", DAEMON),
};

static const struct origin HOST_DISK[] = {
	RUN(edgeHostDiskName, edgeHostDiskInFlight, USUAL_AGE, NEVER, SOURCE_DISKSTATS),
	RUN(edgeHostDiskUtil, edgeHostDiskUtil, USUAL_AGE, "before the second reading", SOURCE_DISKSTATS),
};

static const struct origin POOL[] = {
	RUN(edgePoolName, edgePoolState, USUAL_AGE, NEVER, SOURCE_POOLS),
	RUN(edgePoolCapacity, edgePoolAvailable, USUAL_AGE, "the pool is inactive", SOURCE_POOLS),
};

#define METRIC_AGE "edgeMetricAge"
static const struct origin METRIC[] = {
	RUN(edgeMetricName, edgeMetricUnit, METRIC_AGE, NEVER, DAEMON),
	RUN(edgeMetricValue, edgeMetricValue, METRIC_AGE, "the action returned none so far", DAEMON),
	RUN(edgeMetricInteger, edgeMetricInteger, METRIC_AGE, "the value is no integer, or negative", DAEMON),
	RUN(edgeMetricMilli, edgeMetricMilli, METRIC_AGE, "the value is no number", DAEMON),
	RUN(edgeMetricAge, edgeMetricAge, METRIC_AGE, "the action returned none so far", DAEMON),
	RUN(edgeMetricStatus, edgeMetricStatus, METRIC_AGE, NEVER, DAEMON),
};

static const struct origin EVENT_SCALAR[] = {
	RUN(edgeEventLast, edgeEventUnsent, USUAL_AGE, NEVER, DAEMON),
};

static const struct origin EVENT[] = {
	RUN(edgeEventTime, edgeEventText, "edgeEventTime", NEVER, DAEMON),
};

static const struct origin VBD[] = {
	RUN(edgeVbdPath, edgeVbdFailures, USUAL_AGE, NEVER, DAEMON),
};

static const struct origin CHANNEL[] = {
	RUN(edgeChannelState, edgeChannelBytes, USUAL_AGE, NEVER, DAEMON),
};

static const struct origin THRESHOLD[] = {
	RUN(edgeThresholdName, edgeThresholdHold, USUAL_AGE, NEVER, DAEMON),
	RUN(edgeThresholdValue, edgeThresholdValue, USUAL_AGE, "the watched object has no value", DAEMON),
	RUN(edgeThresholdState, edgeThresholdState, USUAL_AGE, NEVER, DAEMON),
};

static const struct origin ALARM_SCALAR[] = {
	RUN(edgeAlarmWarnings, edgeAlarmCriticals, USUAL_AGE, NEVER, DAEMON),
};

static const struct origin ALARM[] = {
	RUN(edgeAlarmKind, edgeAlarmEvent, USUAL_AGE, NEVER, DAEMON),
};

const struct table_origin ORIGINS[] = {
	{ &NODE_SCALARS, NULL, RUNS(NODE) },
	{ &SOURCE_TABLE, "each source that is built in", RUNS(SOURCE) },
	{ &DOMAIN_TABLE, "each domain that libvirt knows, active or not", RUNS(DOMAIN) },
	{ &VCPU_TABLE, "each virtual CPU of an active domain", RUNS(VCPU) },
	{ &BLOCK_TABLE, "each disk in the definition of a domain", RUNS(BLOCK) },
	{ &NIC_TABLE, "each network interface in the definition of a domain", RUNS(NIC) },
	{ &CPU_SCALARS, NULL, RUNS(CPU_SCALAR) },
	{ &CPU_TABLE, "each CPU that the kernel counts as present, online or not", RUNS(CPU) },
	{ &MEMORY_SCALARS, NULL, RUNS(MEMORY) },
	{ &HUGEPAGE_TABLE, "each size of huge pages that the kernel offers", RUNS(HUGEPAGE) },
	{ &PRESSURE_TABLE, "each resource in /proc/pressure", RUNS(PRESSURE) },
	{ &SENSOR_TABLE, "each feature of a libsensors chip, and each thermal zone that no chip stands for",
	  RUNS(SENSOR) },
	{ &CLOCK_SCALARS, NULL, RUNS(CLOCK) },
	{ &CLOCK_PEER_TABLE, "each source of time that chronyd or ntpd lists", RUNS(CLOCK_PEER) },
	{ &PTP_TABLE, "each PTP hardware clock", RUNS(PTP) },
	{ &HARDWARE_SCALARS, NULL, RUNS(HARDWARE) },
	{ &EDAC_TABLE, "each memory controller of EDAC and each of its DIMMs", RUNS(EDAC) },
	{ &POWER_TABLE, "each powercap zone", RUNS(POWER) },
	{ &BOND_TABLE, "each bond", RUNS(BOND) },
	{ &BOND_PORT_TABLE, "each port of a bond", RUNS(BOND_PORT) },
	{ &DISK_TABLE, "each disk that smartctl finds", RUNS(DISK) },
	{ &HOST_DISK_TABLE, "each disk in /proc/diskstats, no partitions", RUNS(HOST_DISK) },
	{ &POOL_TABLE, "each storage pool that libvirt knows", RUNS(POOL) },
	{ &METRIC_TABLE, "each `<metric>` of the configuration, once for the host or once per domain", RUNS(METRIC) },
	{ &EVENT_SCALARS, NULL, RUNS(EVENT_SCALAR) },
	{ &EVENT_TABLE, "each of the last edgeEventCapacity events", RUNS(EVENT) },
	{ &VBD_TABLE, "each metrics disk that the daemon writes", RUNS(VBD) },
	{ &CHANNEL_TABLE, "each active domain with the metrics channel", RUNS(CHANNEL) },
	{ &THRESHOLD_TABLE, "each rule and what it is about", RUNS(THRESHOLD) },
	{ &ALARM_SCALARS, NULL, RUNS(ALARM_SCALAR) },
	{ &ALARM_TABLE, "each alarm that is raised", RUNS(ALARM) },
	{ NULL, NULL, 0, NULL },
};
/* clang-format on */

static size_t column_number(const struct table *table, const char *name)
{
	size_t i = 0;

	while (i < table->n_columns && strcmp(table->columns[i].name, name) != 0)
		i++;
	return i;
}

const struct origin *origin_of(const struct table_origin *table, size_t column)
{
	for (size_t i = 0; i < table->n; i++) {
		if (column >= column_number(table->table, table->runs[i].first) &&
		    column <= column_number(table->table, table->runs[i].last))
			return &table->runs[i];
	}
	return NULL;
}
