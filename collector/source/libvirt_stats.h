/*
 * libvirt_stats.h - libvirt's typed parameters, structures and numbers into a row of the snapshot. Pure; thread: any.
 *
 * Source of the facts: libvirt's reference of virConnectGetAllDomainStats, virDomainMemoryStats, virDomainGetInfo and
 * virDomainState. Every quantity is taken only when it has an integer type, is not negative and fits its field;
 * anything else is as if the key were not there.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_STATS_H
#define EDGENODE_SOURCE_LIBVIRT_STATS_H

#include "model/domain.h"
#include "source/libvirt_rows.h"

#include <libvirt/libvirt.h>

/* The groups libvirt_stats_parse knows keys of. */
#define LIBVIRT_STATS_GROUPS                                                                                           \
	(VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_VCPU |      \
	 VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK)

/* One record of the bulk call. Fills what it finds of the domain itself and leaves the rest of row alone; row->state
 * stays as it is where the record has no state. What it says of vCPUs, disks and NICs is added to rows, for
 * libvirt_rows_finish. Cost: O(n log keys). */
void libvirt_stats_parse(const virTypedParameter *params, size_t n, struct libvirt_rows *rows, struct domain *row);

/* Whether libvirt_stats_parse makes something of a parameter of that name. */
bool libvirt_stats_knows(const char *field);

/* What single calls give for a driver whose bulk answer lacks it; only fields that are not there yet are filled. */
void libvirt_stats_info(const virDomainInfo *info, struct domain *row);
void libvirt_stats_memory(const virDomainMemoryStatStruct *stats, size_t n, struct domain *row);

/* enum domain_state and the reason's static string by libvirt's numbers; a number of a later libvirt is DOMAIN_UNKNOWN
 * and "unknown". */
uint8_t libvirt_stats_state(int state, int reason, const char **word);

#endif
