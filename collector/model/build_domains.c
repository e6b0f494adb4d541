/*
 * build_domains.c - indexes, rates and times of domain rows. Thread: cycle. Data: what libvirt lists, and the domains'
 * processes.
 */
#include "model/build_domains.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/build_devices.h"
#include "model/build_process.h"
#include "model/domain_row.h"
#include "model/rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void domain_key(const uint8_t uuid[16], char key[DOMAIN_KEY_SIZE])
{
	memcpy(key, DOMAIN_KEY_PREFIX, sizeof(DOMAIN_KEY_PREFIX));
	text_uuid_format(uuid, key + sizeof(DOMAIN_KEY_PREFIX) - 1);
}

static const struct domain *find_row(const struct domains *domains, uint32_t index)
{
	return domains != NULL ? domain_rows_find(domains->rows, domains->n, index) : NULL;
}

/* The same run of the same domain: its counters go on. Between numbers of libvirt's and of the process, a little less
 * is no other run. */
static bool same_run(const struct domain *before, const struct domain *row)
{
	const bool either = ((before->have | row->have) & DOMAIN_HAVE_PROCESS) != 0;

	if (before->id < 0 || row->id < 0)
		return false;
	if ((before->have & row->have & DOMAIN_HAVE_PROCESS) != 0)
		return build_process_same(before, row);
	return before->id == row->id && (either || (before->have & row->have & DOMAIN_HAVE_CPU_TIME) == 0 ||
					 row->cpu_time_ns >= before->cpu_time_ns);
}

/* Host CPU time beyond what the vCPUs ran, of one host CPU. Both clocks are read one after the other, so a short
 * interval says nothing, and a little less than nothing is nothing. */
#define OVERHEAD_INTERVAL_MIN_NS (950 * NS_PER_MS) /* 1 s, less what a period of 1 s jitters */

static void set_overhead(struct domain *row, const struct domain *before, int64_t interval_ns)
{
	const uint64_t needed = DOMAIN_HAVE_CPU_TIME | DOMAIN_HAVE_VCPU_TIME;
	int64_t beyond;

	if ((row->have & before->have & needed) != needed || interval_ns < OVERHEAD_INTERVAL_MIN_NS ||
	    row->cpu_time_ns < before->cpu_time_ns || row->vcpu_time_ns < before->vcpu_time_ns)
		return;
	beyond =
		(int64_t)(row->cpu_time_ns - before->cpu_time_ns) - (int64_t)(row->vcpu_time_ns - before->vcpu_time_ns);
	row->overhead_centi = beyond > 0 ? (uint32_t)(beyond / (interval_ns / 10000)) : 0;
	row->have |= DOMAIN_HAVE_OVERHEAD;
}

#define RATES (DOMAIN_HAVE_CPU_UTIL | DOMAIN_HAVE_STEAL_UTIL | DOMAIN_HAVE_OVERHEAD)

static void clear_rates(struct domain *row)
{
	row->have &= ~RATES;
	for (size_t i = 0; i < row->n_vcpus; i++)
		row->vcpu_rows[i].have &= ~VCPU_HAVE_UTIL;
}

/* Not read anew: the rates are those of the last reading, too. */
static void keep_rates(struct domain *row, const struct domain *before, uint64_t which)
{
	row->cpu_util_centi = (which & DOMAIN_HAVE_CPU_UTIL) != 0 ? before->cpu_util_centi : row->cpu_util_centi;
	row->steal_util_centi =
		(which & DOMAIN_HAVE_STEAL_UTIL) != 0 ? before->steal_util_centi : row->steal_util_centi;
	row->overhead_centi = (which & DOMAIN_HAVE_OVERHEAD) != 0 ? before->overhead_centi : row->overhead_centi;
	row->have |= before->have & which;
}

static void set_rates(struct domain *row, const struct domain *before)
{
	const int64_t cpu = build_process_cpu_interval(before, row), vcpu = build_process_vcpu_interval(before, row);
	const uint64_t both = row->have & before->have;

	if (cpu == 0)
		keep_rates(row, before, DOMAIN_HAVE_CPU_UTIL | DOMAIN_HAVE_OVERHEAD);
	else if ((both & DOMAIN_HAVE_CPU_TIME) != 0 && (row->have & DOMAIN_HAVE_VCPUS) != 0 &&
		 rate_util_centi(before->cpu_time_ns, row->cpu_time_ns, cpu, row->vcpus, &row->cpu_util_centi))
		row->have |= DOMAIN_HAVE_CPU_UTIL;
	if (vcpu == 0)
		keep_rates(row, before, DOMAIN_HAVE_STEAL_UTIL);
	else if ((both & DOMAIN_HAVE_STEAL_TIME) != 0 && (row->have & DOMAIN_HAVE_VCPUS) != 0 &&
		 rate_util_centi(before->steal_time_ns, row->steal_time_ns, vcpu, row->vcpus, &row->steal_util_centi))
		row->have |= DOMAIN_HAVE_STEAL_UTIL;
	if (cpu > 0 && cpu == vcpu)
		set_overhead(row, before, cpu);
}

/* When its process started is known exactly, else when it was seen to. */
static bool knows_start(const struct domain *row)
{
	return (row->have & DOMAIN_HAVE_PROCESS) != 0 && row->process_start_mono_ns != 0;
}

static void begin_run(struct domain *row, int64_t now_mono_ns, int64_t now_real_ns)
{
	row->discontinuity_mono_ns = now_mono_ns;
	if (row->id < 0 || knows_start(row))
		return;
	row->start_mono_ns = now_mono_ns;
	row->start_time_real_ns = now_real_ns;
	row->have |= DOMAIN_HAVE_START;
}

static bool went_back(const struct domain *before, const struct domain *row)
{
	static const struct rate_counter COUNTERS[] = {
		{ DOMAIN_HAVE_CPU_TIME, offsetof(struct domain, cpu_time_ns) },
		{ DOMAIN_HAVE_VCPU_TIME, offsetof(struct domain, vcpu_time_ns) },
		{ DOMAIN_HAVE_CPU_USER, offsetof(struct domain, cpu_user_time_ns) },
		{ DOMAIN_HAVE_CPU_SYSTEM, offsetof(struct domain, cpu_system_time_ns) },
		{ DOMAIN_HAVE_STEAL_TIME, offsetof(struct domain, steal_time_ns) },
		{ DOMAIN_HAVE_SWAP_IN, offsetof(struct domain, swap_in_kib) },
		{ DOMAIN_HAVE_SWAP_OUT, offsetof(struct domain, swap_out_kib) },
		{ DOMAIN_HAVE_MAJOR_FAULTS, offsetof(struct domain, major_faults) },
		{ DOMAIN_HAVE_MINOR_FAULTS, offsetof(struct domain, minor_faults) },
		{ DOMAIN_HAVE_DISK, offsetof(struct domain, disk_reads) },
		{ DOMAIN_HAVE_DISK, offsetof(struct domain, disk_read_bytes) },
		{ DOMAIN_HAVE_DISK, offsetof(struct domain, disk_writes) },
		{ DOMAIN_HAVE_DISK, offsetof(struct domain, disk_write_bytes) },
		{ DOMAIN_HAVE_DISK_ERRORS, offsetof(struct domain, disk_errors) },
		{ DOMAIN_HAVE_NET, offsetof(struct domain, net_rx_bytes) },
		{ DOMAIN_HAVE_NET, offsetof(struct domain, net_tx_bytes) },
		{ DOMAIN_HAVE_PROCESS_IO, offsetof(struct domain, process_read_bytes) },
		{ DOMAIN_HAVE_PROCESS_IO, offsetof(struct domain, process_write_bytes) },
	};

	return rate_went_back(before, row, before->have & row->have, COUNTERS, sizeof(COUNTERS) / sizeof(COUNTERS[0]));
}

/* Sums over devices jump with the set of them, also where they do not fall. */
static void continue_run(struct domain *row, const struct domain *before, int64_t now_mono_ns)
{
	const bool goes_on = !went_back(before, row) && !build_devices_changed(before, row);

	row->discontinuity_mono_ns = goes_on ? before->discontinuity_mono_ns : now_mono_ns;
	if (!knows_start(row)) {
		row->start_mono_ns = before->start_mono_ns;
		row->start_time_real_ns = before->start_time_real_ns;
		row->have |= before->have & DOMAIN_HAVE_START;
	}
	if (row->id >= 0)
		set_rates(row, before);
}

static void set_last_change(struct domain *row, const struct domain *before, int64_t now_real_ns)
{
	const bool changed = row->state != before->state || strcmp(row->name, before->name) != 0;

	row->last_change_real_ns = changed ? now_real_ns : before->last_change_real_ns;
	row->have |= changed ? DOMAIN_HAVE_LAST_CHANGE : before->have & DOMAIN_HAVE_LAST_CHANGE;
}

static void finish_row(struct domain *row, const struct domain *before, bool first_list, int64_t started_mono_ns,
		       int64_t now_mono_ns, int64_t now_real_ns)
{
	const bool both_off = before != NULL && before->id < 0 && row->id < 0;
	const bool goes_on = both_off || (before != NULL && same_run(before, row));

	clear_rates(row);
	if (goes_on) {
		continue_run(row, before, now_mono_ns);
	} else if (before != NULL || !first_list) {
		begin_run(row, now_mono_ns, now_real_ns);
	} else {
		/* Found at the first look: when it started is not known. */
		row->discontinuity_mono_ns = started_mono_ns;
	}
	build_device_times(before, row, goes_on, now_mono_ns);
	if (before != NULL) {
		set_last_change(row, before, now_real_ns);
	} else if (!first_list) {
		row->last_change_real_ns = now_real_ns;
		row->have |= DOMAIN_HAVE_LAST_CHANGE;
	}
}

static int by_index(const void *a, const void *b)
{
	const uint32_t x = (*(struct domain *const *)a)->index, y = (*(struct domain *const *)b)->index;

	return x < y ? -1 : x > y;
}

static void sort_rows(struct domains *domains)
{
	qsort(domains->rows, domains->n, sizeof(domains->rows[0]), by_index);
}

struct retire_context {
	struct index_map *indexes;
	const struct domains *present;
	int64_t now_real_s;
};

static void retire_if_gone(void *arg, const char *key, uint32_t index)
{
	const struct retire_context *context = arg;

	if (find_row(context->present, index) == NULL)
		index_map_retire(context->indexes, key, context->now_real_s);
}

/* The first complete list also settles what the daemon before this one had in use. */
static void retire_gone(struct index_map *indexes, const struct domains *before, const struct domains *present,
			int64_t now_real_s)
{
	struct retire_context context = { indexes, present, now_real_s };
	char key[DOMAIN_KEY_SIZE];

	if (before == NULL) {
		index_map_each(indexes, DOMAIN_KEY_PREFIX, retire_if_gone, &context);
		return;
	}
	for (size_t i = 0; i < before->n; i++) {
		domain_key(before->rows[i]->uuid, key);
		if (find_row(present, before->rows[i]->index) == NULL)
			index_map_retire(indexes, key, now_real_s);
	}
}

/* Rows of `before` that are not among the first n_raw of built, appended to it. */
static void keep_missing(struct domains *built, const struct domains *before, size_t n_raw)
{
	for (size_t i = 0; i < before->n; i++)
		if (domain_rows_find(built->rows, n_raw, before->rows[i]->index) == NULL)
			built->rows[built->n++] = part_ref(before->rows[i]);
}

static struct domains *take_rows(struct index_map *indexes, const struct domains *raw, size_t room)
{
	struct domains *built = domains_new(raw->n + room);
	struct row_pool pool = { 0 };
	char key[DOMAIN_KEY_SIZE];

	built->complete = raw->complete;
	hypervisor_copy(&raw->hypervisor, &built->hypervisor);
	built->n = 0;
	for (size_t i = 0; i < raw->n; i++) {
		struct domain *row = domain_copy(raw->rows[i], &pool);

		domain_key(row->uuid, key);
		row->index = index_map_get(indexes, key);
		if (row->index != 0)
			built->rows[built->n++] = row;
		else
			part_unref(row);
	}
	row_pool_end(&pool);
	sort_rows(built);
	return built;
}

static void overlay(struct domain *row, const struct domain *before, const struct processes *processes)
{
	const struct process *process = build_process_find(processes, before, row);

	if (process != NULL)
		build_process_overlay(row, process, processes);
	else if (before != NULL)
		build_process_keep(row, before);
}

static void finish_rows(struct index_map *indexes, const struct domains *before, struct domains *built,
			const struct processes *processes, int64_t started_mono_ns, int64_t now_mono_ns,
			int64_t now_real_ns)
{
	const struct processes *own = build_process_is_local(&built->hypervisor) ? processes : NULL;

	for (size_t i = 0; i < built->n; i++) {
		struct domain *row = built->rows[i];
		const struct domain *old = find_row(before, row->index);

		build_device_indexes(indexes, old, row, now_real_ns / NS_PER_S);
		row->run_mono_ns = old != NULL && old->id == row->id ? old->run_mono_ns : domain_state_mono_ns(row);
		overlay(row, old, own);
		finish_row(row, old, before == NULL, started_mono_ns, now_mono_ns, now_real_ns);
	}
}

struct domains *build_domains(struct index_map *indexes, const struct domains *before, const struct domains *raw,
			      const struct processes *processes, int64_t started_mono_ns, int64_t now_mono_ns,
			      int64_t now_real_ns)
{
	const bool keep = !raw->complete && before != NULL;
	struct domains *built = take_rows(indexes, raw, keep ? before->n : 0);
	const size_t n_raw = built->n;

	finish_rows(indexes, before, built, processes, started_mono_ns, now_mono_ns, now_real_ns);
	if (keep) {
		keep_missing(built, before, n_raw);
		sort_rows(built);
	} else if (raw->complete) {
		retire_gone(indexes, before, built, now_real_ns / NS_PER_S);
	}
	return built;
}

/* --- while libvirt says nothing ----------------------------------------------------------------------------------- */

/* The row with a new reading of its process. Where it is another process, what was told of the run before goes. */
static struct domain *processed_row(const struct domain *before, const struct process *process,
				    const struct processes *processes, struct row_pool *pool, int64_t now_mono_ns,
				    int64_t now_real_ns)
{
	struct domain *row = domain_copy(before, pool);

	build_process_overlay(row, process, processes);
	if ((before->have & DOMAIN_HAVE_PROCESS) != 0 && !build_process_same(before, row)) {
		domain_row_clear_run(row);
		build_process_overlay(row, process, processes);
	}
	finish_row(row, before, false, 0, now_mono_ns, now_real_ns);
	return row;
}

struct domains *build_domains_processes(const struct domains *before, const struct processes *processes,
					int64_t now_mono_ns, int64_t now_real_ns)
{
	struct row_pool pool = { 0 };
	struct domains *built;

	if (processes == NULL || !build_process_is_local(&before->hypervisor))
		return part_ref(before);
	built = domain_rows_copy(before, 0);
	for (size_t i = 0; i < before->n; i++) {
		const struct domain *row = before->rows[i];
		const struct process *process = build_process_find(processes, row, row);

		if (process == NULL ||
		    ((row->have & DOMAIN_HAVE_PROCESS) != 0 && process->read_mono_ns == row->process_mono_ns))
			continue;
		part_unref(built->rows[i]);
		built->rows[i] = processed_row(row, process, processes, &pool, now_mono_ns, now_real_ns);
	}
	row_pool_end(&pool);
	return built;
}
