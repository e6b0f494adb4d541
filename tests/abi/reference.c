/*
 * reference.c - a library of the form of vhostmd's libmetrics.so.0 that does nothing: for abidiff.
 */
#include "reference.h"

#include <stddef.h>

int get_metric(const char *metric_name, metric **mdef, metric_context context)
{
	(void)metric_name;
	(void)context;
	*mdef = NULL;
	return -1;
}

void metric_free(metric *rec)
{
	(void)rec;
}

memory_metrics *memory_metrics_alloc(void)
{
	return NULL;
}

void memory_metrics_free(memory_metrics *rec)
{
	(void)rec;
}

cpu_metrics *cpu_metrics_alloc(void)
{
	return NULL;
}

void cpu_metrics_free(cpu_metrics *rec)
{
	(void)rec;
}

int get_host_memory_metrics(memory_metrics *rec)
{
	rec->used_physical_memory = 0;
	return -1;
}

int get_host_cpu_metrics(cpu_metrics *rec)
{
	rec->total_cpu_time = 0;
	return -1;
}

int get_vm_memory_metrics(memory_metrics *rec)
{
	return get_host_memory_metrics(rec);
}

int get_vm_cpu_metrics(cpu_metrics *rec)
{
	return get_host_cpu_metrics(rec);
}

int get_host_totalPhyCPUs(uint32_t *cpus)
{
	*cpus = 0;
	return -1;
}

int dump_metrics(const char *dest_file)
{
	(void)dest_file;
	return -1;
}

int dump_virtio_metrics(const char *dest_file)
{
	return dump_metrics(dest_file);
}

int dump_xenstore_metrics(const char *dest_file)
{
	return dump_metrics(dest_file);
}
