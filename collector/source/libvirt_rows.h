/*
 * libvirt_rows.h - the vCPUs, disks and NICs of one reading of a domain, gathered by libvirt's numbers and names before
 * they become rows of its devices. Pure; thread: the owner's.
 *
 * Source of the facts: libvirt's reference of virConnectGetAllDomainStats ("vcpu.N.*", "block.N.*", "net.N.*"),
 * virDomainGetVcpus, virDomainBlockStats and virDomainInterfaceStats. NIC counters are taken as they are: libvirt has
 * turned a tap's round already, so that rx is what the guest received.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_ROWS_H
#define EDGENODE_SOURCE_LIBVIRT_ROWS_H

#include "model/domain.h"

#include <libvirt/libvirt.h>

struct libvirt_rows;

struct libvirt_rows *libvirt_rows_new(void);
void libvirt_rows_free(struct libvirt_rows *rows);

/* Empty for the next reading; memory is kept. */
void libvirt_rows_reset(struct libvirt_rows *rows);

/* One parameter of the bulk call, whose name is borrowed until libvirt_rows_finish. False: it is no vCPU's,
 * disk's or NIC's. */
bool libvirt_rows_take(struct libvirt_rows *rows, const virTypedParameter *param);

/* Whether a parameter of that name is one that libvirt_rows_take makes something of. */
bool libvirt_rows_knows(const char *field);

/* The bulk call's answer speaks of disks or NICs at all: what it does not say of one, single calls will not say either.
 */
bool libvirt_rows_covered(const struct libvirt_rows *rows);

/* What single calls give, for a driver whose bulk answer has no devices. name is borrowed until libvirt_rows_finish. */
void libvirt_rows_vcpu(struct libvirt_rows *rows, const virVcpuInfo *info);
void libvirt_rows_block(struct libvirt_rows *rows, const char *name, const virDomainBlockStatsStruct *stats);
void libvirt_rows_nic(struct libvirt_rows *rows, const char *name, const virDomainInterfaceStatsStruct *stats);

/* Fills row->vcpus, the sums over vCPUs, disks and NICs, and, where row->devices is there, one row for each disk and
 * NIC of it in its order, with the numbers of the same target. False: there is a name that no device has. */
bool libvirt_rows_finish(struct libvirt_rows *rows, struct domain *row);

/* The parameter as an unsigned number, if it has an integer type and is not negative. */
bool libvirt_rows_number(const virTypedParameter *param, uint64_t *out);

#endif
