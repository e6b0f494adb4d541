/*
 * domain_disks.h - a metrics disk for each domain: the host's metrics and the domain's own. On the disk lane only.
 *
 * A disk is made when its domain is known, running or not, for libvirt starts no domain whose disk is not there. It is
 * written at each update while the domain runs, once more when it has ended (without its metrics), and it is removed
 * some time after libvirt has said that there is no such domain any more. Disks of domains that went while no daemon
 * ran stay.
 */
#ifndef EDGENODE_TRANSPORT_DOMAIN_DISKS_H
#define EDGENODE_TRANSPORT_DOMAIN_DISKS_H

#include "model/snapshot.h"
#include "transport/guest_metric.h"

#define DOMAIN_DISKS_UUID "%u" /* what the pattern has for the UUID */

struct domain_disks_options {
	const char *pattern; /* of the paths, with one DOMAIN_DISKS_UUID and no other '%'; copied. NULL: no disks */
	uint32_t size;	     /* bytes of each */
	uint32_t most;	     /* domains beyond it, by the time they are found, have none */
	uint32_t keep_s;     /* after the domain has gone; 0: for ever */
};

struct domain_disks;

struct domain_disks *domain_disks_new(const struct domain_disks_options *options, const struct guest_style *style);
/* The files stay. NULL is legal. */
void domain_disks_free(struct domain_disks *disks);

/* Follows the domains of the snapshot and writes what is due. False: a disk could not be written. */
bool domain_disks_show(struct domain_disks *disks, const struct snapshot *snapshot, int64_t now_mono_ns);

/* Rows of edgeVbdTable, of disks whose domain is there: how many, then the rows themselves, ascending index. A domain's
 * disk has the number after the domain's, for 1 is the shared disk. */
size_t domain_disks_count(const struct domain_disks *disks);
void domain_disks_rows(const struct domain_disks *disks, struct vbd *rows);

#endif
