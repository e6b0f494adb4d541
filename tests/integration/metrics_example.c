/*
 * metrics_example.c - what a program in a guest does with libmetrics. Built beside the tests; alone:
 * cc metrics_example.c $(pkg-config --cflags --libs libmetrics)
 */
#include <inttypes.h>
#include <libmetrics.h>
#include <stdio.h>

int main(void)
{
	memory_metrics memory;
	cpu_metrics cpu;
	metric *name;

	if (get_metric("HostName", &name, METRIC_CONTEXT_HOST) < 0 || get_host_memory_metrics(&memory) < 0) {
		perror("libmetrics");
		return 1;
	}
	printf("HostName %s\nTotalPhyMem %" PRIu64 "\n", name->value.str, memory.total_physical_memory);
	metric_free(name);
	if (get_host_cpu_metrics(&cpu) == 0)
		printf("TotalPhyCPUs %" PRIu32 "\nHostTotalCPUTime %.6f\n", cpu.total_phys_cpus, cpu.total_cpu_time);
	if (get_vm_cpu_metrics(&cpu) == 0)
		printf("VmTotalCPUTime %.6f\n", cpu.total_cpu_time);
	return 0;
}
