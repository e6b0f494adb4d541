/* registry.c - every source that is built in, by ascending number. */
#include "source/source.h"

extern const struct source source_libvirt, source_ident, source_stat, source_loadavg, source_cpufreq, source_throttle,
	source_meminfo, source_vmstat, source_hugepages, source_pressure, source_sensors, source_thermal, source_clock,
	source_diskstats, source_bond, source_edac, source_interrupts, source_powercap, source_process, source_pools,
	source_msr, source_ntp, source_ptp, source_disks, source_mce;

const struct source *const SOURCES[] = {
#ifdef HAVE_LIBVIRT
	&source_libvirt,
#endif
	&source_ident,	    &source_stat,	&source_loadavg,  &source_cpufreq, &source_throttle,   &source_meminfo,
	&source_vmstat,	    &source_hugepages,	&source_pressure,
#ifdef HAVE_SENSORS
	&source_sensors,
#endif
	&source_thermal,    &source_clock,	&source_diskstats, &source_bond,   &source_edac,       &source_interrupts,
	&source_powercap,   &source_process,
#ifdef HAVE_LIBVIRT
	&source_pools,
#endif
	&source_msr,	    &source_ntp,	&source_ptp,
#ifdef HAVE_JANSSON
	&source_disks,
#endif
	&source_mce,
	NULL,
};
