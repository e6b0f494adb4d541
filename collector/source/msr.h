/* msr.h - what the values of Intel's model-specific registers say. Pure. Thread: any. */
#ifndef EDGENODE_SOURCE_MSR_H
#define EDGENODE_SOURCE_MSR_H

#include "base/sysfile.h"

#include <stdbool.h>

/* IA32_THERM_STATUS or IA32_PACKAGE_THERM_STATUS, which count degrees down from MSR_TEMPERATURE_TARGET. False: neither
 * register says. */
bool msr_temperature(uint64_t status, uint64_t target, int32_t *mdegc);
/* IA32_PERF_STATUS. False: it has no voltage. */
bool msr_voltage(uint64_t status, uint32_t *mv);

/* The first vendor_id of /proc/cpuinfo is Intel's. */
bool msr_is_intel(const char *cpuinfo, size_t length);

#endif
