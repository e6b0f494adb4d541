/*
 * libvirt_domain.h - one domain over the polls of one connection: what its XML says, and its last reading.
 *
 * Thread: the worker's.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_DOMAIN_H
#define EDGENODE_SOURCE_LIBVIRT_DOMAIN_H

#include "model/domain.h"
#include "source/libvirt_reading.h"
#include "source/libvirt_rows.h"
#include "source/libvirt_turn.h"
#include "source/libvirt_watch.h"

#include <libvirt/libvirt.h>
#include <uthash.h>

/* What reading a domain needs of its connection. */
struct libvirt_reader {
	struct libvirt_watch *watch;
	struct libvirt_rows *rows;
	struct row_pool pool;	   /* of the rows of this poll */
	bool local;		   /* the hypervisor's network devices are this host's */
	bool covered;		   /* the driver's bulk answer has disks and NICs */
	bool by_turns;		   /* QEMU's: its monitor tells the better part, and no single call may ask it */
	int64_t xml_until_mono_ns; /* this poll reads no XML after that */
};

struct libvirt_domain {
	uint8_t uuid[16];
	struct domain_ident *ident;
	struct domain_devices *devices; /* a reference; NULL until the XML was read */
	bool outdated;			/* the XML says something else since it was read, or was never read */
	int xml_id;			/* libvirt's number of the domain when it was read */
	int64_t xml_read_mono_ns;
	struct domain *last; /* the last reading; whoever has got it reads it only, and so does this lane */
	struct libvirt_turn turn;
	/* of the present poll: */
	uint64_t poll;
	bool persistent, autostart;
	virDomainStatsRecordPtr record; /* borrowed; NULL: the bulk call has none */
	int64_t record_mono_ns;
	struct libvirt_reading *reading; /* of its monitor; NULL: it was not its turn, or it has not answered */
	UT_hash_handle hh;
};

struct libvirt_domain *libvirt_domain_new(const uint8_t uuid[16]);
void libvirt_domain_free(struct libvirt_domain *domain);

/* Brings name, OS and devices up to date. Asks libvirt only where the XML may have changed, and not after
 * reader->xml_until_mono_ns: the poll after this one then does. */
void libvirt_domain_describe(struct libvirt_domain *domain, virDomainPtr handle, const struct libvirt_reader *reader);

/* What its monitor told, which is taken over and goes with the next row; NULL: nothing. */
void libvirt_domain_set_reading(struct libvirt_domain *domain, struct libvirt_reading *reading);
bool libvirt_domain_is_whole(const struct libvirt_domain *domain); /* there is one, and it is whole */

/* The row for the result, the caller's; NULL: the domain is gone. Where it cannot be read now, or only in part, the row
 * has the values of the last reading and its time. */
struct domain *libvirt_domain_read(struct libvirt_domain *domain, virDomainPtr handle, struct libvirt_reader *reader);

#endif
