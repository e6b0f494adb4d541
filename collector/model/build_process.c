/*
 * build_process.c - what the process of a domain tells, laid over the domain's row. Pure; thread: cycle. Data: results
 * of the source "process".
 */
#include "model/build_process.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The start is computed from two clocks; another process with the same number is farther away. */
#define SAME_START_NS NS_PER_S

bool build_process_is_local(const struct hypervisor *hypervisor)
{
	return hypervisor->local && hypervisor->type != NULL && strcmp(hypervisor->type, "QEMU") == 0;
}

bool build_process_same(const struct domain *before, const struct domain *row)
{
	return (before->have & row->have & DOMAIN_HAVE_PROCESS) != 0 && before->process_id == row->process_id &&
	       llabs(before->process_start_mono_ns - row->process_start_mono_ns) < SAME_START_NS;
}

/* --- which one ---------------------------------------------------------------------------------------------------- */

static int uuid_compare(const void *uuid, const void *process)
{
	return memcmp(uuid, ((const struct process *)process)->uuid, 16);
}

/* Where the served row has no process yet, or libvirt tells of another run, the reading must be of a time when this one
 * was there: it could be of the run before, and counters would go back. */
static bool is_of_run(const struct process *process, const struct domain *before, const struct domain *row)
{
	if (before == NULL || ((before->have & DOMAIN_HAVE_PROCESS) != 0 && before->id == row->id))
		return true;
	return process->read_mono_ns >= row->run_mono_ns && process->read_mono_ns >= before->discontinuity_mono_ns;
}

const struct process *build_process_find(const struct processes *processes, const struct domain *before,
					 const struct domain *row)
{
	const struct process *process;

	if (processes == NULL || processes->n == 0 || row->id < 0)
		return NULL;
	process = bsearch(row->uuid, processes->rows, processes->n, sizeof(processes->rows[0]), uuid_compare);
	if (process == NULL || (process->have & PROCESS_HAVE_CPU_TIME) == 0 ||
	    process->read_mono_ns < row->read_mono_ns - PROCESS_OLDER_MAX_S * NS_PER_S)
		return NULL;
	return is_of_run(process, before, row) ? process : NULL;
}

/* --- vCPUs -------------------------------------------------------------------------------------------------------- */

static bool all_timed(const struct process *process)
{
	for (size_t i = 0; i < process->n_vcpus; i++)
		if ((process->vcpus[i].have & PROCESS_VCPU_HAVE_TIMES) == 0)
			return false;
	return process->n_vcpus > 0;
}

/* Where the threads cannot be read any more, their times are not those of this reading. */
static void drop_vcpus(struct domain *row)
{
	if ((row->have & DOMAIN_HAVE_PROCESS_VCPUS) == 0)
		return;
	row->have &= ~(DOMAIN_HAVE_PROCESS_VCPUS | DOMAIN_HAVE_VCPU_TIME | DOMAIN_HAVE_STEAL_TIME);
	for (size_t i = 0; i < row->n_vcpus; i++)
		row->vcpu_rows[i].have &= ~(VCPU_HAVE_TIME | VCPU_HAVE_DELAY | VCPU_HAVE_PHYSICAL);
}

static void set_vcpu(struct vcpu *row, const struct process_vcpu *thread)
{
	row->time_ns = thread->time_ns;
	row->delay_ns = thread->delay_ns;
	row->have |= VCPU_HAVE_TIME | VCPU_HAVE_DELAY;
	if ((thread->have & PROCESS_VCPU_HAVE_PHYSICAL) != 0) {
		row->physical = thread->physical;
		row->have |= VCPU_HAVE_PHYSICAL;
	}
}

/* Of all that either has, both ascending. */
static size_t count_vcpus(const struct domain *row, const struct process *process)
{
	size_t n = row->n_vcpus, i = 0;

	for (size_t k = 0; k < process->n_vcpus; k++) {
		const uint32_t index = process->vcpus[k].number + 1;

		while (i < row->n_vcpus && row->vcpu_rows[i].index < index)
			i++;
		n += i == row->n_vcpus || row->vcpu_rows[i].index != index;
	}
	return n;
}

/* Rows of both, ascending: a thread that libvirt has no row of gets one, and a vCPU without a thread does not run. */
static void merge_vcpus(struct domain *row, const struct process *process)
{
	struct vcpu *merged = mem_array(count_vcpus(row, process), sizeof(merged[0]));
	size_t n = 0, i = 0;

	for (size_t k = 0; k < process->n_vcpus || i < row->n_vcpus; n++) {
		const bool thread = k < process->n_vcpus &&
				    (i == row->n_vcpus || process->vcpus[k].number + 1 <= row->vcpu_rows[i].index);

		if (i < row->n_vcpus && (!thread || process->vcpus[k].number + 1 == row->vcpu_rows[i].index))
			merged[n] = row->vcpu_rows[i++];
		else
			merged[n] = (struct vcpu){ .index = process->vcpus[k].number + 1, .state = VCPU_UNKNOWN };
		merged[n].have &= ~(VCPU_HAVE_TIME | VCPU_HAVE_DELAY);
		if (thread)
			set_vcpu(&merged[n], &process->vcpus[k++]);
	}
	if (n == row->n_vcpus) {
		memcpy(row->vcpu_rows, merged, n * sizeof(merged[0]));
		free(merged);
	} else {
		domain_set_vcpus(row, merged, n);
	}
}

static void overlay_vcpus(struct domain *row, const struct process *process)
{
	if (!all_timed(process)) {
		drop_vcpus(row);
		return;
	}
	merge_vcpus(row, process);
	row->vcpu_time_ns = row->steal_time_ns = 0;
	for (size_t i = 0; i < process->n_vcpus; i++) {
		row->vcpu_time_ns += process->vcpus[i].time_ns;
		row->steal_time_ns += process->vcpus[i].delay_ns;
	}
	row->have |= DOMAIN_HAVE_PROCESS_VCPUS | DOMAIN_HAVE_VCPU_TIME | DOMAIN_HAVE_STEAL_TIME;
}

/* --- NICs --------------------------------------------------------------------------------------------------------- */

#define NIC_HAVE_ALL                                                                                                   \
	(NIC_HAVE_RX_BYTES | NIC_HAVE_RX_PACKETS | NIC_HAVE_RX_ERRORS | NIC_HAVE_RX_DROPS | NIC_HAVE_TX_BYTES |        \
	 NIC_HAVE_TX_PACKETS | NIC_HAVE_TX_ERRORS | NIC_HAVE_TX_DROPS)
#define NIC_HAVE_BYTES (NIC_HAVE_RX_BYTES | NIC_HAVE_TX_BYTES)

static int name_compare(const void *name, const void *device)
{
	return strcmp(name, ((const struct net_device *)device)->name);
}

static const struct net_device *find_device(const struct processes *processes, const struct nic *nic)
{
	const char *name = nic->device != NULL ? nic->device->target : NULL;

	if (name == NULL || processes->n_devices == 0)
		return NULL;
	return bsearch(name, processes->devices, processes->n_devices, sizeof(processes->devices[0]), name_compare);
}

/* What a tap sends, the guest receives. */
static void set_nic(struct nic *nic, const struct net_device *device)
{
	const bool swap = !nic->device->host_view;

	nic->rx_bytes = swap ? device->tx_bytes : device->rx_bytes;
	nic->rx_packets = swap ? device->tx_packets : device->rx_packets;
	nic->rx_errors = swap ? device->tx_errors : device->rx_errors;
	nic->rx_drops = swap ? device->tx_drops : device->rx_drops;
	nic->tx_bytes = swap ? device->rx_bytes : device->tx_bytes;
	nic->tx_packets = swap ? device->rx_packets : device->tx_packets;
	nic->tx_errors = swap ? device->rx_errors : device->tx_errors;
	nic->tx_drops = swap ? device->rx_drops : device->tx_drops;
	nic->have |= NIC_HAVE_ALL;
}

/* libvirt's sums hold NICs that have no row, and this host's devices may lack some: so the sums are not made anew where
 * there are any. */
static void overlay_nics(struct domain *row, const struct processes *processes)
{
	const bool summed = (row->have & DOMAIN_HAVE_NET) != 0;
	uint64_t rx = summed ? row->net_rx_bytes : 0, tx = summed ? row->net_tx_bytes : 0;
	bool all = row->n_nics > 0;

	for (size_t i = 0; i < row->n_nics; i++) {
		struct nic *nic = &row->nic_rows[i];
		const struct net_device *device = find_device(processes, nic);
		const bool counted = summed && (nic->have & NIC_HAVE_BYTES) == NIC_HAVE_BYTES;

		all = all && device != NULL;
		if (device == NULL)
			continue;
		rx -= counted ? nic->rx_bytes : 0;
		tx -= counted ? nic->tx_bytes : 0;
		set_nic(nic, device);
		rx += nic->rx_bytes;
		tx += nic->tx_bytes;
	}
	if (!summed && !all)
		return;
	row->net_rx_bytes = rx;
	row->net_tx_bytes = tx;
	row->have |= DOMAIN_HAVE_NET;
}

/* --- the row ------------------------------------------------------------------------------------------------------ */

static void overlay_cpu(struct domain *row, const struct process *process)
{
	row->cpu_time_ns = process->cpu_time_ns;
	row->have |= DOMAIN_HAVE_CPU_TIME;
	if ((process->have & PROCESS_HAVE_CPU_SPLIT) == 0)
		return;
	row->cpu_user_time_ns = process->cpu_user_ns;
	row->cpu_system_time_ns = process->cpu_system_ns;
	row->have |= DOMAIN_HAVE_CPU_USER | DOMAIN_HAVE_CPU_SYSTEM;
}

static void overlay_memory_and_io(struct domain *row, const struct process *process)
{
	if ((process->have & PROCESS_HAVE_RSS) != 0) {
		row->mem_rss_kib = process->rss_kib;
		row->have |= DOMAIN_HAVE_MEM_RSS;
	}
	row->have &= ~DOMAIN_HAVE_PROCESS_IO;
	if ((process->have & PROCESS_HAVE_IO) != 0) {
		row->process_read_bytes = process->read_bytes;
		row->process_write_bytes = process->write_bytes;
		row->have |= DOMAIN_HAVE_PROCESS_IO;
	}
}

static void overlay_process(struct domain *row, const struct process *process)
{
	row->process_id = process->pid;
	row->process_mono_ns = process->read_mono_ns;
	row->process_start_mono_ns = 0;
	row->have |= DOMAIN_HAVE_PROCESS;
	if ((process->have & PROCESS_HAVE_START) != 0) {
		row->process_start_mono_ns = row->start_mono_ns = process->start_mono_ns;
		row->start_time_real_ns = process->start_real_ns;
		row->have |= DOMAIN_HAVE_START;
	}
	overlay_cpu(row, process);
	overlay_memory_and_io(row, process);
	overlay_vcpus(row, process);
}

void build_process_overlay(struct domain *row, const struct process *process, const struct processes *processes)
{
	overlay_process(row, process);
	if (processes->net_read_mono_ns != 0)
		overlay_nics(row, processes);
}

/* What was laid over a row, as it was read. vcpus: for the caller to free. */
static struct process process_of(const struct domain *row)
{
	struct process process = {
		.have = PROCESS_HAVE_CPU_TIME,
		.pid = row->process_id,
		.read_mono_ns = row->process_mono_ns,
		.start_mono_ns = row->process_start_mono_ns,
		.start_real_ns = row->start_time_real_ns,
		.cpu_time_ns = row->cpu_time_ns,
		.cpu_user_ns = row->cpu_user_time_ns,
		.cpu_system_ns = row->cpu_system_time_ns,
		.rss_kib = row->mem_rss_kib,
		.read_bytes = row->process_read_bytes,
		.write_bytes = row->process_write_bytes,
	};

	process.have |= row->process_start_mono_ns != 0 ? PROCESS_HAVE_START : 0;
	process.have |= (row->have & DOMAIN_HAVE_CPU_USER) != 0 ? PROCESS_HAVE_CPU_SPLIT : 0;
	process.have |= (row->have & DOMAIN_HAVE_MEM_RSS) != 0 ? PROCESS_HAVE_RSS : 0;
	process.have |= (row->have & DOMAIN_HAVE_PROCESS_IO) != 0 ? PROCESS_HAVE_IO : 0;
	if ((row->have & DOMAIN_HAVE_PROCESS_VCPUS) == 0)
		return process;
	process.vcpus = mem_array(row->n_vcpus > 0 ? row->n_vcpus : 1, sizeof(process.vcpus[0]));
	for (size_t i = 0; i < row->n_vcpus; i++) {
		const struct vcpu *vcpu = &row->vcpu_rows[i];
		struct process_vcpu *thread = &process.vcpus[process.n_vcpus];

		if ((vcpu->have & VCPU_HAVE_TIME) == 0)
			continue;
		*thread = (struct process_vcpu){ vcpu->index - 1, PROCESS_VCPU_HAVE_TIMES, vcpu->time_ns,
						 vcpu->delay_ns, vcpu->physical };
		thread->have |= (vcpu->have & VCPU_HAVE_PHYSICAL) != 0 ? PROCESS_VCPU_HAVE_PHYSICAL : 0;
		process.n_vcpus++;
	}
	return process;
}

void build_process_keep(struct domain *row, const struct domain *before)
{
	struct process process;

	if ((before->have & DOMAIN_HAVE_PROCESS) == 0 || (row->have & DOMAIN_HAVE_PROCESS) != 0 || row->id < 0 ||
	    row->id != before->id || row->read_mono_ns >= before->process_mono_ns)
		return;
	process = process_of(before);
	overlay_process(row, &process);
	free(process.vcpus);
}

/* --- between two readings ----------------------------------------------------------------------------------------- */

static int64_t interval(const struct domain *before, const struct domain *row, uint64_t origin)
{
	if (((before->have ^ row->have) & origin) != 0)
		return -1;
	if ((row->have & origin) != 0)
		return row->process_mono_ns - before->process_mono_ns;
	return row->read_mono_ns - before->read_mono_ns;
}

int64_t build_process_cpu_interval(const struct domain *before, const struct domain *row)
{
	return interval(before, row, DOMAIN_HAVE_PROCESS);
}

int64_t build_process_vcpu_interval(const struct domain *before, const struct domain *row)
{
	return interval(before, row, DOMAIN_HAVE_PROCESS_VCPUS);
}
