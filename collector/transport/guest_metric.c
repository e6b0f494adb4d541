/*
 * guest_metric.c - the table of built-in metrics and what fills them. Pure; thread: any.
 *
 * What is not in the table does not exist, what its getter does not find is left out.
 */
#include "transport/guest_metric.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

#define KIB_PER_MIB 1024u
#define CENTI_PER_CPU 10000u

const char GUEST_UNIT_MEMORY[] = "MiB";

static bool put_u64(const struct guest_reading *reading, uint64_t value)
{
	buf_printf(reading->out, "%" PRIu64, value);
	return true;
}

static bool put_seconds(const struct guest_reading *reading, uint64_t microseconds)
{
	buf_printf(reading->out, "%" PRIu64 ".%06" PRIu64, microseconds / 1000000, microseconds % 1000000);
	return true;
}

static bool put_cpus(const struct guest_reading *reading, uint64_t centi)
{
	return put_u64(reading, centi / CENTI_PER_CPU + (centi % CENTI_PER_CPU > 0));
}

/* In the style's unit. */
static uint64_t in_unit(const struct guest_reading *reading, uint64_t kib)
{
	return reading->style->memory_kib ? kib : kib / KIB_PER_MIB;
}

static bool put_memory(const struct guest_reading *reading, uint64_t kib)
{
	return put_u64(reading, in_unit(reading, kib));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without blanks at either end; false where nothing is left. */
static bool put_text(const struct guest_reading *reading, const char *text)
{
	size_t length;

	if (text == NULL)
		return false;
	while (is_blank(*text))
		text++;
	length = strlen(text);
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	buf_xml(reading->out, text, length);
	return length > 0;
}

/* Those that are there, a blank between them. */
static bool put_two(const struct guest_reading *reading, const char *first, const char *second)
{
	const size_t start = reading->out->length;
	const bool have = put_text(reading, first);
	const size_t between = reading->out->length;

	if (have)
		buf_text(reading->out, " ");
	if (put_text(reading, second))
		return true;
	buf_cut(reading->out, have ? between : start);
	return have;
}

/* --- the host ----------------------------------------------------------------------------------------------------- */

/* A string of the group edgeNode. */
static bool get_node_text(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const char *text;

	memcpy(&text, (const char *)&reading->snapshot->node + metric->offset, sizeof(text));
	return put_text(reading, text);
}

/* A version alone says nothing. */
static bool get_product(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct node *node = &reading->snapshot->node;

	(void)metric;
	return put_two(reading, node->hypervisor, node->hypervisor_version);
}

static bool get_system(const struct guest_reading *reading, const struct guest_metric *metric)
{
	(void)metric;
	return put_two(reading, reading->snapshot->node.vendor, reading->snapshot->node.model);
}

static bool get_time(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const int64_t real_ns = reading->snapshot->sealed_real_ns;

	(void)metric;
	return real_ns > 0 && put_u64(reading, (uint64_t)(real_ns / NS_PER_S));
}

static bool get_cpus(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct cpus *cpus = reading->snapshot->cpus;

	(void)metric;
	return cpus != NULL && cpus->n > 0 && put_u64(reading, cpus->n);
}

static bool get_cpus_online(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct cpus *cpus = reading->snapshot->cpus;
	uint64_t online = 0;
	size_t i;

	(void)metric;
	for (i = 0; cpus != NULL && i < cpus->n; i++)
		online += cpus->rows[i].online;
	return online > 0 && put_u64(reading, online);
}

static bool get_cpus_utilized(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct cpus *cpus = reading->snapshot->cpus;
	uint64_t centi = 0;
	bool have = false;
	size_t i;

	(void)metric;
	for (i = 0; cpus != NULL && i < cpus->n; i++) {
		if ((cpus->rows[i].have & CPU_HAVE_UTIL) == 0)
			continue;
		centi += cpus->rows[i].util_centi;
		have = true;
	}
	return have && put_cpus(reading, centi);
}

/* Times spent for a guest are within user and nice. */
static bool get_host_cpu_time(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct stat_part *stat = reading->snapshot->stat;
	const struct cpu_time *t;

	(void)metric;
	if (stat == NULL)
		return false;
	t = &stat->total;
	return put_seconds(reading, 1000 * (t->user_ms + t->nice_ms + t->system_ms + t->irq_ms + t->softirq_ms));
}

/* --- the host's memory -------------------------------------------------------------------------------------------- */

/* The group edgeMemory where all these bits are there. */
static const struct memory *memory_with(const struct guest_reading *reading, uint64_t have)
{
	const struct memory *memory = reading->snapshot->memory;

	return memory != NULL && (memory->have & have) == have ? memory : NULL;
}

/* A uint64_t of it, as it is. */
static bool get_kib(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, metric->have);
	uint64_t value;

	if (memory == NULL)
		return false;
	memcpy(&value, (const char *)memory + metric->offset, sizeof(value));
	return put_u64(reading, value);
}

static bool get_memory(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, metric->have);
	uint64_t value;

	if (memory == NULL)
		return false;
	memcpy(&value, (const char *)memory + metric->offset, sizeof(value));
	return put_memory(reading, value);
}

/* A uint32_t of it. */
static bool get_rate(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, metric->have);
	uint32_t value;

	if (memory == NULL)
		return false;
	memcpy(&value, (const char *)memory + metric->offset, sizeof(value));
	return put_u64(reading, value);
}

static bool usable_kib(const struct memory *memory, uint64_t *kib)
{
	if (memory == NULL || (memory->have & (MEM_HAVE_AVAILABLE | MEM_HAVE_FREE)) == 0)
		return false;
	*kib = (memory->have & MEM_HAVE_AVAILABLE) != 0 ? memory->available_kib : memory->free_kib;
	return true;
}

static bool get_free_memory(const struct guest_reading *reading, const struct guest_metric *metric)
{
	uint64_t usable;

	(void)metric;
	return usable_kib(reading->snapshot->memory, &usable) && put_memory(reading, usable);
}

/* The difference of the values shown, so that used and free make up the total. */
static bool get_used_memory(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, MEM_HAVE_TOTAL);
	uint64_t usable;

	(void)metric;
	if (memory == NULL || !usable_kib(memory, &usable) || usable > memory->total_kib)
		return false;
	return put_u64(reading, in_unit(reading, memory->total_kib) - in_unit(reading, usable));
}

static bool get_free_virtual(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, MEM_HAVE_FREE | MEM_HAVE_SWAP_FREE);

	(void)metric;
	return memory != NULL && put_memory(reading, memory->free_kib + memory->swap_free_kib);
}

#define MEM_HAVE_OF_USED (MEM_HAVE_TOTAL | MEM_HAVE_FREE | MEM_HAVE_BUFFERS | MEM_HAVE_CACHED)

/* What programs, guests among them, and the kernel hold. */
static bool allocated_kib(const struct memory *memory, uint64_t *kib)
{
	const uint64_t rest = memory->free_kib + memory->buffers_kib + memory->cached_kib;

	*kib = memory->total_kib - rest;
	return rest <= memory->total_kib;
}

static bool get_allocated(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, MEM_HAVE_OF_USED);
	uint64_t kib;

	(void)metric;
	return memory != NULL && allocated_kib(memory, &kib) && put_memory(reading, kib);
}

static bool get_used_virtual(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct memory *memory = memory_with(reading, MEM_HAVE_OF_USED | MEM_HAVE_SWAP_TOTAL | MEM_HAVE_SWAP_FREE);
	uint64_t kib;

	(void)metric;
	if (memory == NULL || !allocated_kib(memory, &kib) || memory->swap_free_kib > memory->swap_total_kib)
		return false;
	return put_memory(reading, kib + memory->swap_total_kib - memory->swap_free_kib);
}

/* --- a domain ----------------------------------------------------------------------------------------------------- */

static bool get_domain_cpu_time(const struct guest_reading *reading, const struct guest_metric *metric)
{
	(void)metric;
	return (reading->domain->have & DOMAIN_HAVE_CPU_TIME) != 0 &&
	       put_seconds(reading, reading->domain->cpu_time_ns / (uint64_t)NS_PER_US);
}

/* Its utilisation is of all its vCPUs. */
static bool get_domain_cpus_utilized(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const struct domain *domain = reading->domain;

	(void)metric;
	return (domain->have & DOMAIN_HAVE_CPU_UTIL) != 0 && (domain->have & DOMAIN_HAVE_VCPUS) != 0 &&
	       put_cpus(reading, (uint64_t)domain->cpu_util_centi * domain->vcpus);
}

static bool get_domain_vcpus(const struct guest_reading *reading, const struct guest_metric *metric)
{
	(void)metric;
	return (reading->domain->have & DOMAIN_HAVE_VCPUS) != 0 && put_u64(reading, reading->domain->vcpus);
}

static bool domain_kib(const struct guest_reading *reading, const struct guest_metric *metric, uint64_t *kib)
{
	if ((reading->domain->have & metric->have) == 0)
		return false;
	memcpy(kib, (const char *)reading->domain + metric->offset, sizeof(*kib));
	return true;
}

static bool get_domain_kib(const struct guest_reading *reading, const struct guest_metric *metric)
{
	uint64_t kib;

	return domain_kib(reading, metric, &kib) && put_u64(reading, kib);
}

static bool get_domain_memory(const struct guest_reading *reading, const struct guest_metric *metric)
{
	uint64_t kib;

	return domain_kib(reading, metric, &kib) && put_memory(reading, kib);
}

/* --- the tables --------------------------------------------------------------------------------------------------- */

/* clang-format off */
#define U (1u << GUEST_UPSTREAM)
#define S (1u << GUEST_SAP)
#define MEMORY_UNIT GUEST_UNIT_MEMORY
#define OF(kind, field) offsetof(struct kind, field)
static const struct guest_metric HOST[] = {
	{ "HostName",                  "string", U | S, NULL, get_node_text, OF(node, name), 0 },
	{ "VirtualizationVendor",      "string", U | S, NULL, get_node_text, OF(node, hypervisor), 0 },
	{ "VirtualizationProductInfo", "string", U,     NULL, get_product, 0, 0 },
	{ "VirtProductInfo",           "string", S,     NULL, get_product, 0, 0 },
	{ "HostSystemInfo",            "string", S,     NULL, get_system, 0, 0 },
	{ "TotalPhyCPUs",              "uint32", U,     NULL, get_cpus, 0, 0 },
	{ "NumCPUs",                   "uint32", U,     NULL, get_cpus_online, 0, 0 },
	{ "NumberOfPhysicalCPUs",      "uint32", S,     NULL, get_cpus, 0, 0 },
	{ "NumCPUsUtilized",           "uint32", U,     NULL, get_cpus_utilized, 0, 0 },
	{ "TotalPhyMem",               "uint64", U,     MEMORY_UNIT, get_memory, OF(memory, total_kib), MEM_HAVE_TOTAL },
	{ "UsedMem",                   "uint64", U,     MEMORY_UNIT, get_used_memory, 0, 0 },
	{ "FreeMem",                   "uint64", U,     MEMORY_UNIT, get_free_memory, 0, 0 },
	{ "FreePhyMem",                "uint64", U,     MEMORY_UNIT, get_memory, OF(memory, free_kib), MEM_HAVE_FREE },
	{ "FreePhyMemFree",            "uint64", U,     MEMORY_UNIT, get_memory, OF(memory, free_kib), MEM_HAVE_FREE },
	{ "MemoryAllocatedToVirtualServers", "uint64", S, MEMORY_UNIT, get_allocated, 0, 0 },
	{ "FreePhysicalMemory",        "uint64", S,     MEMORY_UNIT, get_memory, OF(memory, free_kib), MEM_HAVE_FREE },
	{ "FreeVirtualMemory",         "uint64", S,     MEMORY_UNIT, get_free_virtual, 0, 0 },
	{ "UsedVirtualMemory",         "uint64", S,     MEMORY_UNIT, get_used_virtual, 0, 0 },
	{ "PagedInMemory",             "uint64", U,     "KiB", get_kib, OF(memory, paged_in_kib), MEM_HAVE_PAGED_IN },
	{ "PagedOutMemory",            "uint64", U,     "KiB", get_kib, OF(memory, paged_out_kib), MEM_HAVE_PAGED_OUT },
	{ "PagedInMemory",             "uint64", S,     MEMORY_UNIT, get_memory, OF(memory, swapped_in_kib), MEM_HAVE_SWAPPED_IN },
	{ "PagedOutMemory",            "uint64", S,     MEMORY_UNIT, get_memory, OF(memory, swapped_out_kib), MEM_HAVE_SWAPPED_OUT },
	{ "PageInRate",                "uint64", U,     "KiB/s", get_rate, OF(memory, page_in_rate_kib), MEM_HAVE_PAGE_IN_RATE },
	{ "PageFaultRate",             "uint64", U,     "1/s", get_rate, OF(memory, page_fault_rate), MEM_HAVE_PAGE_FAULT_RATE },
	{ "TotalCPUTime",              "real64", U | S, "s", get_host_cpu_time, 0, 0 },
	{ "Time",                      "uint64", U | S, "s", get_time, 0, 0 },
};

static const struct guest_metric VM[] = {
	{ "TotalCPUTime",           "real64", U | S, "s", get_domain_cpu_time, 0, 0 },
	{ "NumCPUsUtilized",        "uint32", U,     NULL, get_domain_cpus_utilized, 0, 0 },
	{ "UsedMemory",             "uint64", U,     "KiB", get_domain_kib, OF(domain, mem_current_kib), DOMAIN_HAVE_MEM_CURRENT },
	{ "ResourceProcessorLimit", "uint32", S,     NULL, get_domain_vcpus, 0, 0 },
	{ "ResourceMemoryLimit",    "uint64", S,     MEMORY_UNIT, get_domain_memory, OF(domain, mem_max_kib), DOMAIN_HAVE_MEM_MAX },
	{ "PhysicalMemoryAllocatedToVirtualSystem", "uint64", S, MEMORY_UNIT, get_domain_memory, OF(domain, mem_current_kib), DOMAIN_HAVE_MEM_CURRENT },
};
/* clang-format on */

const struct guest_metric *guest_metrics(bool vm, size_t *n)
{
	*n = vm ? sizeof(VM) / sizeof(VM[0]) : sizeof(HOST) / sizeof(HOST[0]);
	return vm ? VM : HOST;
}

bool guest_metric_put(const struct guest_metric *metric, const struct guest_reading *reading)
{
	return metric->get(reading, metric);
}

const char *guest_metric_unit(const struct guest_metric *metric, const struct guest_style *style)
{
	if (!style->units)
		return NULL;
	return metric->unit == GUEST_UNIT_MEMORY && style->memory_kib ? "KiB" : metric->unit;
}
