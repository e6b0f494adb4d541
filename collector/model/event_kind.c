/* event_kind.c - the MIB's names of the kinds of events, for people and programs outside of SNMP. Const data. */
#include "model/event.h"

#include <stddef.h>

static const char *const NAMES[EVENT_KIND_MAX] = {
	[EVENT_THERMAL_WARNING] = "edgeThermalWarning",
	[EVENT_THERMAL_CRITICAL] = "edgeThermalCritical",
	[EVENT_THERMAL_NORMAL] = "edgeThermalNormal",
	[EVENT_THROTTLE_STARTED] = "edgeThrottleStarted",
	[EVENT_THROTTLE_ENDED] = "edgeThrottleEnded",
	[EVENT_MCE_CORRECTED] = "edgeMceCorrectedError",
	[EVENT_MCE_UNCORRECTED] = "edgeMceUncorrectedError",
	[EVENT_EDAC_ERRORS] = "edgeEdacErrors",
	[EVENT_DOMAIN_STATE_CHANGED] = "edgeDomainStateChanged",
	[EVENT_DOMAIN_CRASHED] = "edgeDomainCrashed",
	[EVENT_DOMAIN_IO_ERROR] = "edgeDomainIoError",
	[EVENT_DOMAIN_WATCHDOG] = "edgeDomainWatchdog",
	[EVENT_DOMAIN_REMOVED] = "edgeDomainRemoved",
	[EVENT_CLOCK_UNSYNCHRONIZED] = "edgeClockUnsynchronized",
	[EVENT_CLOCK_SYNCHRONIZED] = "edgeClockSynchronized",
	[EVENT_SOURCE_FAILED] = "edgeSourceFailed",
	[EVENT_SOURCE_RECOVERED] = "edgeSourceRecovered",
	[EVENT_OVERHEAD_HIGH] = "edgeOverheadHigh",
	[EVENT_OVERHEAD_NORMAL] = "edgeOverheadNormal",
	[EVENT_SENSOR_FAULT] = "edgeSensorFault",
	[EVENT_BOND_DEGRADED] = "edgeBondDegraded",
	[EVENT_BOND_RESTORED] = "edgeBondRestored",
	[EVENT_DISK_HEALTH_FAILED] = "edgeDiskHealthFailed",
	[EVENT_AGENT_STARTED] = "edgeAgentStarted",
	[EVENT_EVENTS_SUMMARISED] = "edgeEventsSummarised",
	[EVENT_DOMAIN_IO_RESUMED] = "edgeDomainIoResumed",
	[EVENT_SENSOR_RESTORED] = "edgeSensorRestored",
	[EVENT_DISK_HEALTH_RESTORED] = "edgeDiskHealthRestored",
	[EVENT_AGENT_STOPPING] = "edgeAgentStopping",
	[EVENT_THRESHOLD_RAISED] = "edgeThresholdRaised",
	[EVENT_THRESHOLD_CLEARED] = "edgeThresholdCleared",
	[EVENT_DOMAIN_REBOOTED] = "edgeDomainRebooted",
};

static const char *const SEVERITIES[] = { "unknown", "info", "warning", "critical" };

const char *event_kind_name(uint8_t kind)
{
	return kind < EVENT_KIND_MAX && NAMES[kind] != NULL ? NAMES[kind] : "unknown";
}

const char *event_severity_name(uint8_t severity)
{
	return SEVERITIES[severity <= SEVERITY_CRITICAL ? severity : 0];
}
