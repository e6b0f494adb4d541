/*
 * libmetrics.h - metrics of the virtualization host, read in a guest; see libmetrics(3) and metrics_open(3).
 *
 * The interface of libmetrics.so.0 as programs have used it since vhostmd, and behind it a newer one, which goes
 * through all metrics of one moment. Names, numbers and layouts never change.
 * All functions may be called from any number of threads at once. Each that reads takes at most some 11 s.
 */
#ifndef LIBMETRICS_H
#define LIBMETRICS_H

#include <stddef.h>
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
 *   ENOMEDIUM  there is no metrics disk, no served virtio port and nothing in xenstore
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
 * of the virtio port, those in xenstore (ENOTSUP where the library is built without). */
int dump_metrics(const char *dest_file);
int dump_virtio_metrics(const char *dest_file);
int dump_xenstore_metrics(const char *dest_file);

/* --- all metrics of one moment ------------------------------------------------------------------------------------ */

/* Which sources are asked, in this order, until one gives a whole document. 0: all of them. */
#define METRICS_DISK 1u
#define METRICS_PORT 2u
#define METRICS_XENSTORE 4u

/* What is 0 or NULL is as usual. Later versions may have more members, at the end. */
typedef struct metrics_options {
	size_t size; /* sizeof(metrics_options) */
	unsigned sources;
	const char *disk; /* metrics disk, or the image of one, to read instead of a search */
	const char *port; /* virtio port to ask instead of the usual one */
} metrics_options;

typedef struct metrics metrics;

/* A metric. Later versions may have more members, at the end: never copy one. */
typedef struct metrics_entry {
	const char *name;
	metric_context context;
	metric_type type;
	const char *unit;    /* NULL: not said */
	const char *text;    /* the value as the host has written it */
	const metric *value; /* NULL: the text is not of the type, and */
	int error;           /* EPROTO, ERANGE: it does not fit, ENOMEM; otherwise 0 */
	const char *id;      /* of a virtual machine; NULL: the host's, or not said */
	const char *uuid;    /* likewise */
	int own;             /* 1: of the virtual machine that we are in */
} metrics_entry;

/* Reads the document. options: NULL for the usual. NULL with errno on failure; otherwise released with metrics_close.
 * What was read never changes; one thread at a time may use it. */
metrics *metrics_open(const metrics_options *options);

/* The next metric, in the order of the document, at first the first; NULL at the end. The structure is good until the
 * next call, its strings until metrics_close. */
const metrics_entry *metrics_next(metrics *all);

/* metrics_next begins anew. */
void metrics_rewind(metrics *all);

/* NULL is legal. Does not change errno. */
void metrics_close(metrics *all);

#ifdef __cplusplus
}
#endif

#endif
