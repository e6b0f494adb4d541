/*
 * build_process.h - what the process of a domain tells, laid over the domain's row. Pure; cycle lane.
 *
 * CPU times, resident size, vCPU times and NIC counters are known to libvirt, too, and are the same numbers there.
 * Those of the process go before, because they cost next to nothing and do not end with libvirtd. Rates are of the time
 * between two readings of one kind: where one is libvirt's and the other is of the process, there are none.
 */
#ifndef EDGENODE_MODEL_BUILD_PROCESS_H
#define EDGENODE_MODEL_BUILD_PROCESS_H

#include "model/domain.h"
#include "model/process.h"

/* A reading that is older than libvirt's by more is not used. */
#define PROCESS_OLDER_MAX_S 15

/* The hypervisor's domains are processes of this host. */
bool build_process_is_local(const struct hypervisor *hypervisor);

/* The process to lay over the row of a domain; NULL: there is none, its reading is too old, or it may be of a run
 * before. before: what was served last, or NULL. processes may be NULL. */
const struct process *build_process_find(const struct processes *processes, const struct domain *before,
					 const struct domain *row);

/* Lays it over. NICs are found by the name of the host's device; libvirt's sums move by what each of them moves. */
void build_process_overlay(struct domain *row, const struct process *process, const struct processes *processes);

/* Where no process is laid over the row, and what libvirt told is older than what the process had told before (it is
 * gone, or not read any more), that is kept. */
void build_process_keep(struct domain *row, const struct domain *before);

/* Both rows are of the same process. */
bool build_process_same(const struct domain *before, const struct domain *row);

/* The time between the readings that both rows' CPU times are of, or their vCPUs' times: 0 where it is one reading,
 * negative where one is libvirt's and the other one is not. */
int64_t build_process_cpu_interval(const struct domain *before, const struct domain *row);
int64_t build_process_vcpu_interval(const struct domain *before, const struct domain *row);

#endif
