/*
 * trap_rows.c - which objects each notification carries, as the OBJECTS clauses of EDGENODE-MIB say.
 *
 * Const data; thread: any.
 */
#include "subagent/rows.h"

/* clang-format off */
#define DOMAIN_OBJECTS "edgeDomainName", "edgeDomainUuid", "edgeDomainState", "edgeDomainStateReason"

const struct trap_row TRAP_ROWS[] = {
	{ EVENT_THERMAL_WARNING,      { "edgeSensorLabel", "edgeSensorValue", "edgeEventThreshold" } },
	{ EVENT_THERMAL_CRITICAL,     { "edgeSensorLabel", "edgeSensorValue", "edgeEventThreshold" } },
	{ EVENT_THERMAL_NORMAL,       { "edgeSensorLabel", "edgeSensorValue", "edgeEventThreshold" } },
	{ EVENT_THROTTLE_STARTED,     { "edgeCpuCoreThrottles" } },
	{ EVENT_THROTTLE_ENDED,       { "edgeCpuCoreThrottles" } },
	{ EVENT_MCE_CORRECTED,        { "edgeMceCorrected", "edgeMceUncorrected" } },
	{ EVENT_MCE_UNCORRECTED,      { "edgeMceCorrected", "edgeMceUncorrected" } },
	{ EVENT_EDAC_ERRORS,          { "edgeEdacLabel", "edgeEdacCorrected", "edgeEdacUncorrected" } },
	{ EVENT_DOMAIN_STATE_CHANGED, { DOMAIN_OBJECTS } },
	{ EVENT_DOMAIN_CRASHED,       { DOMAIN_OBJECTS } },
	{ EVENT_DOMAIN_IO_ERROR,      { DOMAIN_OBJECTS } },
	{ EVENT_DOMAIN_WATCHDOG,      { DOMAIN_OBJECTS } },
	{ EVENT_DOMAIN_REMOVED,       { DOMAIN_OBJECTS } },
	{ EVENT_CLOCK_UNSYNCHRONIZED, { "edgeClockState" } },
	{ EVENT_CLOCK_SYNCHRONIZED,   { "edgeClockState" } },
	{ EVENT_SOURCE_FAILED,        { "edgeSourceName", "edgeSourceState" } },
	{ EVENT_SOURCE_RECOVERED,     { "edgeSourceName", "edgeSourceState" } },
	{ EVENT_OVERHEAD_HIGH,        { "edgeDomainName", "edgeDomainUuid", "edgeEventValue" } },
	{ EVENT_OVERHEAD_NORMAL,      { "edgeDomainName", "edgeDomainUuid", "edgeEventValue" } },
	{ EVENT_SENSOR_FAULT,         { "edgeSensorLabel", "edgeSensorStatus" } },
	{ EVENT_BOND_DEGRADED,        { "edgeBondName", "edgeBondActivePorts", "edgeBondPorts" } },
	{ EVENT_BOND_RESTORED,        { "edgeBondName", "edgeBondActivePorts", "edgeBondPorts" } },
	{ EVENT_DISK_HEALTH_FAILED,   { "edgeDiskName", "edgeDiskSerial", "edgeDiskHealth" } },
	{ EVENT_AGENT_STARTED,        { "edgeEventLogId", "edgeEventFirst", "edgeEventLast" } },
	{ EVENT_EVENTS_SUMMARISED,    { "edgeEventFirst", "edgeEventLast", "edgeEventValue" } },
	{ EVENT_DOMAIN_IO_RESUMED,    { DOMAIN_OBJECTS } },
	{ EVENT_SENSOR_RESTORED,      { "edgeSensorLabel", "edgeSensorStatus" } },
	{ EVENT_DISK_HEALTH_RESTORED, { "edgeDiskName", "edgeDiskSerial", "edgeDiskHealth" } },
	{ EVENT_AGENT_STOPPING,       { "edgeEventLast" } },
	{ EVENT_THRESHOLD_RAISED,     { "edgeThresholdName", "edgeThresholdSubject", "edgeThresholdValue" } },
	{ EVENT_THRESHOLD_CLEARED,    { "edgeThresholdName", "edgeThresholdSubject", "edgeThresholdValue" } },
	{ EVENT_DOMAIN_REBOOTED,      { DOMAIN_OBJECTS } },
};
/* clang-format on */
const size_t TRAP_ROWS_N = sizeof(TRAP_ROWS) / sizeof(TRAP_ROWS[0]);

const struct trap_row *trap_row_of(uint8_t kind)
{
	for (size_t i = 0; i < TRAP_ROWS_N; i++) {
		if (TRAP_ROWS[i].kind == kind)
			return &TRAP_ROWS[i];
	}
	return NULL;
}
