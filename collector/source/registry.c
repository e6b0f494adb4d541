/* registry.c - every source that is built in, by ascending number. */
#include "source/source.h"

extern const struct source source_libvirt, source_ident, source_stat, source_loadavg, source_cpufreq, source_throttle,
	source_meminfo, source_vmstat, source_hugepages, source_pressure, source_sensors, source_thermal,
	source_clock, source_diskstats, source_bond, source_edac,
	source_interrupts, source_powercap;

const struct source *const SOURCES[] = {
#ifdef HAVE_LIBVIRT
	&source_libvirt,
#endif
	&source_ident,     &source_stat,     &source_loadavg, &source_cpufreq, &source_throttle, &source_meminfo,
	&source_vmstat,    &source_hugepages, &source_pressure,
#ifdef HAVE_SENSORS
	&source_sensors,
#endif
	&source_thermal,   &source_clock,    &source_diskstats, &source_bond,    &source_edac,	   &source_interrupts,
	&source_powercap,  NULL,
};
