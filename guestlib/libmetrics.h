/*
 * libmetrics.h - metrics of the virtualization host, read in a guest; see libmetrics(3).
 *
 * The interface of libmetrics.so.0 as programs have used it since vhostmd: names, numbers and layouts never change.
 * All functions may be called from any number of threads at once. Each that reads takes at most some 8 s.
 */
#ifndef LIBMETRICS_H
#define LIBMETRICS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum metric_type {
	M_INT32,
	M_UINT32,
	M_INT64,
	M_UINT64,
	M_REAL32,
	M_REAL64,
	M_STRING
} metric_type;

typedef enum metric_context {
	METRIC_CONTEXT_HOST,
	METRIC_CONTEXT_VM
} metric_context;

typedef struct metric {
	metric_type type;
	union {
		int32_t i32;
		uint32_t ui32;
		int64_t i64;
		uint64_t ui64;
		float r32;
		double r64;
		char *str; /* part of the metric: released with it */
	} value;
} metric;

typedef struct memory_metrics {
	uint64_t total_physical_memory;
	uint64_t used_physical_memory;
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

/*
 * Functions that return int: 0, or -1 with errno:
 *   ENOMEDIUM  there is neither a metrics disk nor a served virtio port
 *   ENOENT     no such metric, or no metrics of this machine
 *   EBUSY      being written or in use by another program all the time
 *   ETIMEDOUT  the host has not answered at the virtio port
 *   EPROTO     what was read is damaged or not of the form it should have
 *   ERANGE     a value does not fit its type
 *   EINVAL     an argument
 *   EACCES, ENOMEM and others from the system
 */

/* The metric of that name, of the host or of this virtual machine. *mdef is NULL on failure, otherwise released with
 * metric_free. */
int get_metric(const char *name, metric **mdef, metric_context context);
void metric_free(metric *mdef);

/* Zeroed; NULL where there is no memory. */
memory_metrics *memory_metrics_alloc(void);
void memory_metrics_free(memory_metrics *rec);
cpu_metrics *cpu_metrics_alloc(void);
void cpu_metrics_free(cpu_metrics *rec);

/* Several metrics at once, all of one moment: fields whose metric does not exist are 0; ENOENT where none exists.
 * *rec is not changed on failure. */
int get_host_memory_metrics(memory_metrics *rec);
int get_host_cpu_metrics(cpu_metrics *rec);
int get_vm_memory_metrics(memory_metrics *rec);
int get_vm_cpu_metrics(cpu_metrics *rec);
int get_host_totalPhyCPUs(uint32_t *cpus);

/* All metrics as XML into a file, or to the standard output where dest_file is NULL: those of the metrics disk, those
 * of the virtio port. */
int dump_metrics(const char *dest_file);
int dump_virtio_metrics(const char *dest_file);

#ifdef __cplusplus
}
#endif

#endif
