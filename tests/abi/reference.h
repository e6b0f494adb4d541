/*
 * reference.h - what programs that were built for vhostmd's libmetrics.so.0 know of it, written down from its
 * documented names, numbers and layouts. Never to be changed with guestlib/libmetrics.h: it is what that is held against.
 */
#ifndef EDGENODE_TESTS_ABI_REFERENCE_H
#define EDGENODE_TESTS_ABI_REFERENCE_H

#include <stdint.h>

typedef enum metric_type {
	M_INT32 = 0, M_UINT32 = 1, M_INT64 = 2, M_UINT64 = 3, M_REAL32 = 4, M_REAL64 = 5, M_STRING = 6
} metric_type;
typedef enum metric_context { METRIC_CONTEXT_HOST = 0, METRIC_CONTEXT_VM = 1 } metric_context;

typedef struct metric {
	metric_type type;
	union {
		int32_t i32;
		uint32_t ui32;
		int64_t i64;
		uint64_t ui64;
		float r32;
		double r64;
		char *str;
	} value;
} metric;

/* BROKEN: a library that no program of that time could use, to see that the test would tell. */
#ifdef BROKEN
#define MEMORY uint32_t
#else
#define MEMORY uint64_t
#endif
typedef struct memory_metrics {
	uint64_t total_physical_memory;
	MEMORY used_physical_memory;
	uint64_t free_physical_memory;
	uint64_t paged_out_memory;
	uint64_t paged_in_memory;
	uint64_t page_in_rate;
	uint64_t page_fault_rate;
} memory_metrics;

typedef struct cpu_metrics {
	uint32_t total_phys_cpus;
	uint32_t num_phys_cpus_utilized;
	double total_cpu_time;
} cpu_metrics;

int get_metric(const char *metric_name, metric **mdef, metric_context context);
void metric_free(metric *rec);
memory_metrics *memory_metrics_alloc(void);
void memory_metrics_free(memory_metrics *rec);
cpu_metrics *cpu_metrics_alloc(void);
void cpu_metrics_free(cpu_metrics *rec);
int get_host_memory_metrics(memory_metrics *rec);
int get_host_cpu_metrics(cpu_metrics *rec);
int get_vm_memory_metrics(memory_metrics *rec);
int get_vm_cpu_metrics(cpu_metrics *rec);
int get_host_totalPhyCPUs(uint32_t *cpus);
int dump_metrics(const char *dest_file);
int dump_virtio_metrics(const char *dest_file);
int dump_xenstore_metrics(const char *dest_file);

#endif
