/*
 * build_host.c - what several sources tell of the host's processors, memory and sensors, as one table each. Pure; thread:
 * cycle.
 */
#include "model/build_host.h"

#include "base/mem.h"
#include "model/rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_part(struct part *part)
{
	free(part);
}

/* --- CPUs: stat + loadavg + cpufreq + throttle + msr --------------------------------------------------------------- */

static uint64_t busy_ms(const struct cpu_time *t)
{
	/* guest and guest_nice are contained in user and nice. */
	return t->user_ms + t->nice_ms + t->system_ms + t->irq_ms + t->softirq_ms + t->steal_ms;
}

static void set_util(struct cpu *row, const struct cpu *before)
{
	const struct cpu_time *now = &row->time, *then = &before->time;
	const uint64_t total_now = busy_ms(now) + now->idle_ms + now->iowait_ms;
	const uint64_t total_then = busy_ms(then) + then->idle_ms + then->iowait_ms;

	if ((row->have & before->have & CPU_HAVE_TIME) != 0 &&
	    rate_share_centi(busy_ms(then), busy_ms(now), total_then, total_now, &row->util_centi))
		row->have |= CPU_HAVE_UTIL;
}

static const struct cpu *find_cpu(const struct cpus *cpus, uint32_t index)
{
	for (size_t i = 0; cpus != NULL && i < cpus->n; i++)
		if (cpus->rows[i].index == index)
			return &cpus->rows[i];
	return NULL;
}

/* The row of a CPU number; rows are made in ascending order from sorted lists. */
static struct cpu *row_for(struct cpus *cpus, uint32_t number)
{
	size_t at = cpus->n;

	while (at > 0 && cpus->rows[at - 1].index > number + 1)
		at--;
	if (at > 0 && cpus->rows[at - 1].index == number + 1)
		return &cpus->rows[at - 1];
	memmove(&cpus->rows[at + 1], &cpus->rows[at], (cpus->n - at) * sizeof(cpus->rows[0]));
	memset(&cpus->rows[at], 0, sizeof(cpus->rows[0]));
	cpus->rows[at].index = number + 1;
	cpus->n++;
	return &cpus->rows[at];
}

static void add_times(struct cpus *cpus, const struct stat_part *stat)
{
	for (size_t i = 0; stat != NULL && i < stat->n_cpus; i++) {
		struct cpu *row = row_for(cpus, stat->cpus[i].number);

		row->time = stat->cpus[i];
		row->online = true;
		row->have |= CPU_HAVE_TIME;
	}
}

static const struct { uint64_t from, to; } FREQUENCY_BITS[] = {
	{ CPUFREQ_HAVE_FREQUENCY, CPU_HAVE_FREQUENCY },
	{ CPUFREQ_HAVE_MIN, CPU_HAVE_FREQUENCY_MIN },
	{ CPUFREQ_HAVE_MAX, CPU_HAVE_FREQUENCY_MAX },
	{ CPUFREQ_HAVE_GOVERNOR, CPU_HAVE_GOVERNOR },
	{ CPUFREQ_HAVE_PACKAGE, CPU_HAVE_PACKAGE },
};

static void add_frequencies(struct cpus *cpus, const struct cpufreq_part *part)
{
	for (size_t i = 0; part != NULL && i < part->n_cpus; i++) {
		struct cpu *row = row_for(cpus, part->cpus[i].number);

		row->freq = part->cpus[i];
		for (size_t b = 0; b < sizeof(FREQUENCY_BITS) / sizeof(FREQUENCY_BITS[0]); b++)
			if ((row->freq.have & FREQUENCY_BITS[b].from) != 0)
				row->have |= FREQUENCY_BITS[b].to;
	}
}

static void add_throttles(struct cpus *cpus, const struct throttle_part *part)
{
	for (size_t i = 0; part != NULL && i < part->n_cpus; i++) {
		struct cpu *row = row_for(cpus, part->cpus[i].number);

		row->throttle = part->cpus[i];
		if ((row->throttle.have & THROTTLE_HAVE_CORE) != 0)
			row->have |= CPU_HAVE_CORE_THROTTLES;
		if ((row->throttle.have & THROTTLE_HAVE_PACKAGE) != 0)
			row->have |= CPU_HAVE_PACKAGE_THROTTLES;
	}
}

static void add_registers(struct cpus *cpus, const struct msr_part *part)
{
	for (size_t i = 0; part != NULL && i < part->n_cpus; i++) {
		struct cpu *row = row_for(cpus, part->cpus[i].number);

		row->msr = part->cpus[i];
		if ((row->msr.have & MSR_HAVE_TEMPERATURE) != 0)
			row->have |= CPU_HAVE_TEMPERATURE;
		if ((row->msr.have & MSR_HAVE_VOLTAGE) != 0)
			row->have |= CPU_HAVE_VOLTAGE;
	}
}

static void add_load(struct cpus *cpus, const struct load_part *load)
{
	if (load == NULL)
		return;
	cpus->load1_centi = load->load1_centi;
	cpus->load5_centi = load->load5_centi;
	cpus->load15_centi = load->load15_centi;
	cpus->have |= CPUS_HAVE_LOAD;
}

static size_t count_cpus(const struct cpu_readings *from)
{
	return (from->stat != NULL ? from->stat->n_cpus : 0) + (from->freq != NULL ? from->freq->n_cpus : 0) +
	       (from->throttle != NULL ? from->throttle->n_cpus : 0) + (from->msr != NULL ? from->msr->n_cpus : 0);
}

static void set_or_keep_util(struct cpu *row, const struct cpu *before, bool new_times)
{
	if (before == NULL)
		return;
	if (new_times) {
		set_util(row, before);
	} else {
		row->util_centi = before->util_centi;
		row->have |= before->have & CPU_HAVE_UTIL;
	}
}

struct cpus *build_cpus(const struct cpus *before, const struct cpu_readings *from, bool new_times)
{
	struct cpus *cpus = mem_alloc(sizeof(*cpus) + count_cpus(from) * sizeof(cpus->rows[0]));

	part_init(&cpus->part, free_part);
	add_times(cpus, from->stat);
	add_frequencies(cpus, from->freq);
	add_throttles(cpus, from->throttle);
	add_registers(cpus, from->msr);
	add_load(cpus, from->load);
	for (size_t i = 0; i < cpus->n; i++)
		set_or_keep_util(&cpus->rows[i], find_cpu(before, cpus->rows[i].index), new_times);
	return cpus;
}

/* --- memory: meminfo + vmstat ------------------------------------------------------------------------------------ */

static void add_meminfo(struct memory *m, const struct meminfo_part *p)
{
	if (p == NULL)
		return;
	m->have |= p->have;
	m->total_kib = p->total_kib;
	m->free_kib = p->free_kib;
	m->available_kib = p->available_kib;
	m->buffers_kib = p->buffers_kib;
	m->cached_kib = p->cached_kib;
	m->swap_total_kib = p->swap_total_kib;
	m->swap_free_kib = p->swap_free_kib;
	m->committed_kib = p->committed_kib;
	m->commit_limit_kib = p->commit_limit_kib;
	m->ksm_sharing_kib = p->ksm_sharing_kib;
}

static void add_vmstat(struct memory *m, const struct vmstat_part *p)
{
	if (p == NULL)
		return;
	m->have |= p->have;
	m->paged_in_kib = p->paged_in_kib;
	m->paged_out_kib = p->paged_out_kib;
	m->page_faults = p->page_faults;
	m->major_faults = p->major_faults;
	m->swapped_in_kib = p->swapped_in_kib;
	m->swapped_out_kib = p->swapped_out_kib;
}

static void set_page_rates(struct memory *m, const struct vmstat_part *before, const struct vmstat_part *now)
{
	const int64_t interval = now->read_mono_ns - before->read_mono_ns;
	const uint64_t both = before->have & now->have;

	if ((both & MEM_HAVE_PAGED_IN) != 0 &&
	    rate_per_second(before->paged_in_kib, now->paged_in_kib, interval, &m->page_in_rate_kib))
		m->have |= MEM_HAVE_PAGE_IN_RATE;
	if ((both & MEM_HAVE_PAGE_FAULTS) != 0 &&
	    rate_per_second(before->page_faults, now->page_faults, interval, &m->page_fault_rate))
		m->have |= MEM_HAVE_PAGE_FAULT_RATE;
}

static void keep_page_rates(struct memory *m, const struct memory *before)
{
	m->page_in_rate_kib = before->page_in_rate_kib;
	m->page_fault_rate = before->page_fault_rate;
	m->have |= before->have & (MEM_HAVE_PAGE_IN_RATE | MEM_HAVE_PAGE_FAULT_RATE);
}

struct memory *build_memory(const struct memory *before, const struct meminfo_part *meminfo,
			    const struct vmstat_part *vmstat, const struct vmstat_part *vmstat_before, bool new_vmstat)
{
	struct memory *m = mem_alloc(sizeof(*m));

	part_init(&m->part, free_part);
	add_meminfo(m, meminfo);
	add_vmstat(m, vmstat);
	if (new_vmstat && vmstat_before != NULL && vmstat != NULL)
		set_page_rates(m, vmstat_before, vmstat);
	else if (!new_vmstat && before != NULL)
		keep_page_rates(m, before);
	return m;
}

/* --- sensors: libsensors + thermal zones ------------------------------------------------------------------------- */

static void merged_destroy(struct part *part)
{
	struct sensors *sensors = (struct sensors *)part;

	part_unref(sensors->borrowed[0]);
	part_unref(sensors->borrowed[1]);
	free(sensors);
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = ((const struct sensor *)a)->index, y = ((const struct sensor *)b)->index;

	return x < y ? -1 : x > y;
}

void build_sensor_indexes(struct index_map *indexes, struct sensors *raw)
{
	char key[INDEX_KEY_MAX * 2];

	for (size_t i = 0; i < raw->n; i++) {
		snprintf(key, sizeof(key), "sensor:%s", raw->rows[i].identity);
		raw->rows[i].index = index_map_get(indexes, key);
	}
}

struct sensors *build_sensors(struct sensors *chips, struct sensors *zones)
{
	struct sensors *const from[2] = { chips, zones };
	const size_t n = (chips != NULL ? chips->n : 0) + (zones != NULL ? zones->n : 0);
	struct sensors *merged = mem_alloc(sizeof(*merged) + n * sizeof(merged->rows[0]));

	part_init(&merged->part, merged_destroy);
	for (size_t s = 0; s < 2; s++) {
		merged->borrowed[s] = part_ref(from[s]);
		for (size_t i = 0; from[s] != NULL && i < from[s]->n; i++)
			merged->rows[merged->n++] = from[s]->rows[i];
	}
	qsort(merged->rows, merged->n, sizeof(merged->rows[0]), by_index);
	return merged;
}
