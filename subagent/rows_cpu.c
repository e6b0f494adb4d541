/*
 * rows_cpu.c - group 7 edgeCpu: load and the host's CPUs.
 *
 * Const data. Rows: struct cpus of the snapshot, and its struct cpu.
 */
#include "subagent/rows.h"

PART_SCALARS(cpu_scalar, cpus)
PART_ROWS(cpu, cpus, struct cpu, index, &)

/* Read by a source that needs the processor's own registers or its hwmon chip; where none is at work the column has no
 * instance. */
static bool get_nothing(const struct cell_context *context, struct cell *cell)
{
	(void)context;
	(void)cell;
	return false;
}

/* clang-format off */
#define ROW struct cpus
static const struct column CPU_SCALAR_COLUMNS[] = {
	G32(1, edgeCpuLoad1,  load1_centi, CPUS_HAVE_LOAD, "hundredths"),
	G32(2, edgeCpuLoad5,  load5_centi, CPUS_HAVE_LOAD, "hundredths"),
	G32(3, edgeCpuLoad15, load15_centi, CPUS_HAVE_LOAD, "hundredths"),
};
#undef ROW

const struct table CPU_SCALARS = {
	"edgeCpu", { ARC_OBJECTS, GROUP_CPU }, 2, 1, { SCALAR_LEVEL_OF(cpu_scalar) }, offsetof(struct cpus, have),
	COLUMNS_OF(CPU_SCALAR_COLUMNS), 0, NULL
};

#define ROW struct cpu
static const struct column CPU_COLUMNS[] = {
	BOOL(2,  edgeCpuOnline,           online, 0),
	C64(3,   edgeCpuUserTime,         time.user_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(4,   edgeCpuNiceTime,         time.nice_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(5,   edgeCpuSystemTime,       time.system_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(6,   edgeCpuIdleTime,         time.idle_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(7,   edgeCpuIowaitTime,       time.iowait_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(8,   edgeCpuIrqTime,          time.irq_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(9,   edgeCpuSoftirqTime,      time.softirq_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(10,  edgeCpuStealTime,        time.steal_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(11,  edgeCpuGuestTime,        time.guest_ms, CPU_HAVE_TIME, "milliseconds"),
	C64(12,  edgeCpuGuestNiceTime,    time.guest_nice_ms, CPU_HAVE_TIME, "milliseconds"),
	G32(13,  edgeCpuUtil,             util_centi, CPU_HAVE_UTIL, "0.01 percent"),
	G32(14,  edgeCpuFrequency,        freq.frequency_khz, CPU_HAVE_FREQUENCY, "kHz"),
	G32(15,  edgeCpuFrequencyMin,     freq.frequency_min_khz, CPU_HAVE_FREQUENCY_MIN, "kHz"),
	G32(16,  edgeCpuFrequencyMax,     freq.frequency_max_khz, CPU_HAVE_FREQUENCY_MAX, "kHz"),
	CHARS(17, edgeCpuGovernor,        freq.governor, CPU_HAVE_GOVERNOR),
	C64(18,  edgeCpuCoreThrottles,    throttle.core_throttles, CPU_HAVE_CORE_THROTTLES, "events"),
	C64(19,  edgeCpuPackageThrottles, throttle.package_throttles, CPU_HAVE_PACKAGE_THROTTLES, "events"),
	I32(20,  edgeCpuPackage,          freq.package, CPU_HAVE_PACKAGE, NULL),
	GET(21,  edgeCpuTemperature,      SYN_INTEGER32, get_nothing, 0, "millidegrees Celsius"),
	GET(22,  edgeCpuVoltage,          SYN_GAUGE32, get_nothing, 0, "millivolts"),
};
#undef ROW

static const char *const CPU_INDEXES[] = { "edgeCpuIndex" };
const struct table CPU_TABLE = {
	"edgeCpuTable", { ARC_OBJECTS, GROUP_CPU, 4 }, 3, 1, { LEVEL_OF(cpu) },
	offsetof(struct cpu, have), COLUMNS_OF(CPU_COLUMNS), 1, CPU_INDEXES
};
/* clang-format on */
