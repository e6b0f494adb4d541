/*
 * host.h - parts of the snapshot that describe the host. Plain data; built by a source, finished by the builder,
 * never written after the seal. Strings are owned by their part. `have` bits say which optional fields are known:
 * a field without its bit was not measured and is served to nobody.
 */
#ifndef EDGENODE_MODEL_HOST_H
#define EDGENODE_MODEL_HOST_H

#include "base/part.h"

#include <stdbool.h>
#include <stddef.h>

#define HOST_CPUS_MAX 4096
#define HOST_HUGEPAGE_SIZES_MAX 16

#define BIT(n) (UINT64_C(1) << (n))

/* Who this node is. Source: uname(2), /etc/machine-id is not used; DMI in /sys/class/dmi/id; /proc/stat btime. */
struct node_ident {
	struct part part;
	uint64_t have;
	char *name; /* nodename of uname(2) */
	uint8_t uuid[16];
	char *kernel; /* "Linux 6.1.0-18-amd64 x86_64" */
	char *vendor, *model, *serial;
	int64_t boot_time_real_ns;
};
#define NODE_HAVE_UUID BIT(0)
#define NODE_HAVE_BOOT_TIME BIT(1)
/* vendor, model, serial, name, kernel: NULL is absent */

/* One host CPU's times. Source: /proc/stat, USER_HZ ticks converted to ms. */
struct cpu_time {
	uint32_t number; /* host CPU number */
	uint64_t user_ms, nice_ms, system_ms, idle_ms, iowait_ms, irq_ms, softirq_ms, steal_ms, guest_ms, guest_nice_ms;
};

/* Result of the source "stat": online CPUs in ascending number, plus the process counts of the same file. */
struct stat_part {
	struct part part;
	uint64_t have;
	int64_t read_mono_ns;
	uint32_t processes_running, processes_blocked;
	struct cpu_time total; /* number is not used */
	size_t n_cpus;
	struct cpu_time cpus[]; /* n_cpus */
};
#define STAT_HAVE_RUNNING BIT(0)
#define STAT_HAVE_BLOCKED BIT(1)

/* Result of "loadavg". */
struct load_part {
	struct part part;
	uint32_t load1_centi, load5_centi, load15_centi; /* hundredths */
	bool have_processes;
	uint32_t processes; /* numeric entries of /proc: processes, threads not counted */
};

/* Result of "cpufreq": /sys/devices/system/cpu/cpuN/cpufreq and topology/physical_package_id. */
struct cpufreq {
	uint32_t number;
	uint64_t have;
	uint32_t frequency_khz, frequency_min_khz, frequency_max_khz;
	int32_t package;
	char governor[24];
};
#define CPUFREQ_HAVE_FREQUENCY BIT(0)
#define CPUFREQ_HAVE_MIN BIT(1)
#define CPUFREQ_HAVE_MAX BIT(2)
#define CPUFREQ_HAVE_PACKAGE BIT(3)
#define CPUFREQ_HAVE_GOVERNOR BIT(4)
struct cpufreq_part {
	struct part part;
	size_t n_cpus;
	struct cpufreq cpus[]; /* ascending number */
};

/* Result of "throttle": /sys/devices/system/cpu/cpuN/thermal_throttle. */
struct throttle {
	uint32_t number;
	uint64_t have;
	uint64_t core_throttles, package_throttles;
};
#define THROTTLE_HAVE_CORE BIT(0)
#define THROTTLE_HAVE_PACKAGE BIT(1)
struct throttle_part {
	struct part part;
	size_t n_cpus;
	struct throttle cpus[]; /* ascending number */
};

/* Result of "msr": /dev/cpu/N/msr of Intel processors. */
struct msr {
	uint32_t number;
	uint64_t have;
	int32_t temperature_mdegc; /* of the core; of the package where the core has none */
	uint32_t voltage_mv;
};
#define MSR_HAVE_TEMPERATURE BIT(0)
#define MSR_HAVE_VOLTAGE BIT(1)
struct msr_part {
	struct part part;
	size_t n_cpus;
	struct msr cpus[]; /* ascending number */
};

/* A row of edgeCpuTable, merged by the builder from stat, cpufreq, throttle and msr. */
struct cpu {
	uint32_t index; /* host CPU number + 1 */
	uint64_t have;
	bool online;
	struct cpu_time time;
	uint32_t util_centi; /* 10000 = busy for the whole interval */
	struct cpufreq freq;
	struct throttle throttle;
	struct msr msr;
};
#define CPU_HAVE_TIME BIT(0)
#define CPU_HAVE_UTIL BIT(1)
#define CPU_HAVE_FREQUENCY BIT(2)
#define CPU_HAVE_FREQUENCY_MIN BIT(3)
#define CPU_HAVE_FREQUENCY_MAX BIT(4)
#define CPU_HAVE_GOVERNOR BIT(5)
#define CPU_HAVE_CORE_THROTTLES BIT(6)
#define CPU_HAVE_PACKAGE_THROTTLES BIT(7)
#define CPU_HAVE_PACKAGE BIT(8)
#define CPU_HAVE_TEMPERATURE BIT(9)
#define CPU_HAVE_VOLTAGE BIT(10)
struct cpus {
	struct part part;
	uint64_t have;
	uint32_t load1_centi, load5_centi, load15_centi;
	size_t n;
	struct cpu rows[]; /* ascending index */
};
#define CPUS_HAVE_LOAD BIT(0)

/* Result of "meminfo": /proc/meminfo and /sys/kernel/mm/ksm/pages_sharing, KiB. */
struct meminfo_part {
	struct part part;
	uint64_t have;
	uint64_t total_kib, free_kib, available_kib, buffers_kib, cached_kib, swap_total_kib, swap_free_kib;
	uint64_t committed_kib, commit_limit_kib, ksm_sharing_kib;
};
#define MEM_HAVE_TOTAL BIT(0)
#define MEM_HAVE_FREE BIT(1)
#define MEM_HAVE_AVAILABLE BIT(2)
#define MEM_HAVE_BUFFERS BIT(3)
#define MEM_HAVE_CACHED BIT(4)
#define MEM_HAVE_SWAP_TOTAL BIT(5)
#define MEM_HAVE_SWAP_FREE BIT(6)
#define MEM_HAVE_COMMITTED BIT(7)
#define MEM_HAVE_COMMIT_LIMIT BIT(8)
#define MEM_HAVE_KSM_SHARING BIT(9)
#define MEM_HAVE_PAGED_IN BIT(10)
#define MEM_HAVE_PAGED_OUT BIT(11)
#define MEM_HAVE_PAGE_FAULTS BIT(12)
#define MEM_HAVE_MAJOR_FAULTS BIT(13)
#define MEM_HAVE_PAGE_IN_RATE BIT(14)
#define MEM_HAVE_PAGE_FAULT_RATE BIT(15)
#define MEM_HAVE_SWAPPED_IN BIT(16)
#define MEM_HAVE_SWAPPED_OUT BIT(17)

/* Result of "vmstat": /proc/vmstat pgpgin pgpgout (KiB), pgfault pgmajfault, pswpin pswpout. Uses the MEM_HAVE_ bits. */
struct vmstat_part {
	struct part part;
	uint64_t have;
	int64_t read_mono_ns;
	uint64_t paged_in_kib, paged_out_kib, page_faults, major_faults, swapped_in_kib, swapped_out_kib;
};

/* Group edgeMemory, merged by the builder. */
struct memory {
	struct part part;
	uint64_t have;
	uint64_t total_kib, free_kib, available_kib, buffers_kib, cached_kib, swap_total_kib, swap_free_kib;
	uint64_t committed_kib, commit_limit_kib, ksm_sharing_kib;
	uint64_t paged_in_kib, paged_out_kib, page_faults, major_faults, swapped_in_kib, swapped_out_kib;
	uint32_t page_in_rate_kib, page_fault_rate; /* per second */
};

/* Result of "hugepages": /sys/kernel/mm/hugepages/hugepages-NkB, ascending size. */
struct hugepage {
	uint32_t size_kib; /* the index */
	uint64_t have;
	uint32_t total, free, reserved, surplus; /* pages */
};
#define HUGEPAGE_HAVE_TOTAL BIT(0)
#define HUGEPAGE_HAVE_FREE BIT(1)
#define HUGEPAGE_HAVE_RESERVED BIT(2)
#define HUGEPAGE_HAVE_SURPLUS BIT(3)
struct hugepages {
	struct part part;
	size_t n;
	struct hugepage rows[HOST_HUGEPAGE_SIZES_MAX];
};

/* Result of "pressure": /proc/pressure/{cpu,memory,io}. */
enum pressure_resource { PRESSURE_CPU = 1, PRESSURE_MEMORY = 2, PRESSURE_IO = 3 };
struct pressure {
	uint32_t resource; /* enum pressure_resource, the index */
	uint64_t have;
	uint32_t some10_centi, some60_centi, some300_centi, full10_centi, full60_centi, full300_centi;
	uint64_t some_total_us, full_total_us;
};
#define PRESSURE_HAVE_SOME BIT(0)
#define PRESSURE_HAVE_FULL BIT(1)
struct pressures {
	struct part part;
	size_t n;
	struct pressure rows[3]; /* ascending resource; a resource that is not there is left out */
};

#endif
