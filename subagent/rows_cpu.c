/*
 * rows_cpu.c - group 7 edgeCpu: load and the host's CPUs.
 *
 * Const data. Rows: struct cpus of the snapshot, and its struct cpu.
 */
#include "subagent/rows.h"

PART_SCALARS(cpu_scalar, cpus)
PART_ROWS(cpu, cpus, struct cpu, index, &)

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
	I32(21,  edgeCpuTemperature,      msr.temperature_mdegc, CPU_HAVE_TEMPERATURE, "millidegrees Celsius"),
	G32(22,  edgeCpuVoltage,          msr.voltage_mv, CPU_HAVE_VOLTAGE, "millivolts"),
};
#undef ROW

static const char *const CPU_INDEXES[] = { "edgeCpuIndex" };
const struct table CPU_TABLE = {
	"edgeCpuTable", { ARC_OBJECTS, GROUP_CPU, 4 }, 3, 1, { LEVEL_OF(cpu) },
	offsetof(struct cpu, have), COLUMNS_OF(CPU_COLUMNS), 1, CPU_INDEXES
};
/* clang-format on */
