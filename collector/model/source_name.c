/*
 * source_name.c - the names of the sources, in one place for status rows, configuration and tools. Pure.
 */
#include "model/status.h"

#include <string.h>

static const char *const NAMES[SOURCE_END] = {
	[SOURCE_LIBVIRT] = "libvirt",	[SOURCE_NODE] = "node",	      [SOURCE_STAT] = "stat",
	[SOURCE_LOADAVG] = "loadavg",	[SOURCE_CPUFREQ] = "cpufreq", [SOURCE_THROTTLE] = "throttle",
	[SOURCE_MEMINFO] = "meminfo",	[SOURCE_VMSTAT] = "vmstat",   [SOURCE_HUGEPAGES] = "hugepages",
	[SOURCE_PRESSURE] = "pressure", [SOURCE_SENSORS] = "sensors", [SOURCE_THERMAL] = "thermal",
	[SOURCE_CLOCK] = "clock",	[SOURCE_DISKSTATS] = "diskstats",
	[SOURCE_BOND] = "bond",		[SOURCE_EDAC] = "edac",	      [SOURCE_INTERRUPTS] = "interrupts",
	[SOURCE_POWERCAP] = "powercap", [SOURCE_PROCESS] = "process", [SOURCE_POOLS] = "pools",
	[SOURCE_MSR] = "msr",		[SOURCE_NTP] = "ntp",	      [SOURCE_PTP] = "ptp",
	[SOURCE_DISKS] = "disks",	[SOURCE_MCE] = "mce",
};

const char *source_id_name(unsigned id)
{
	return id < SOURCE_END ? NAMES[id] : NULL;
}

unsigned source_id_of(const char *name)
{
	unsigned id;

	for (id = 1; id < SOURCE_END; id++)
		if (strcmp(NAMES[id], name) == 0)
			return id;
	return 0;
}
