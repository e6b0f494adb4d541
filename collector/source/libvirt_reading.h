/*
 * libvirt_reading.h - what a record of libvirt's bulk call says that is of use here, for as long as it waits to become
 * a row: a tenth of the record's size. Pure; thread: the owner's.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_READING_H
#define EDGENODE_SOURCE_LIBVIRT_READING_H

#include "base/part.h"
#include "model/row_pool.h"
#include "source/libvirt_rows.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

#define LIBVIRT_READING_MAX (4u << 20) /* octets of names, and of values; what a record has beyond is left out */

/* Types and names of the parameters. They are the same for most domains, which share them. */
struct libvirt_form;

struct libvirt_reading {
	const struct libvirt_form *form; /* a reference */
	struct row_block *block;	 /* that it lies in */
	uint8_t uuid[16];
	int32_t id; /* libvirt's number of the domain, -1 while it is off */
	/* With all that there is to tell: of a domain that runs also what only QEMU's monitor knows. */
	bool whole;
	int64_t mono_ns; /* when it was read */
	uint8_t values[];
};

/* From the pool. *form: that of a reading before, or NULL; a reference, which may become one to another form. NULL: the record's
 * domain has no UUID. */
struct libvirt_reading *libvirt_reading_new(const virDomainStatsRecordPtr record, int64_t mono_ns,
					    const struct libvirt_form **form, struct row_pool *pool);
void libvirt_reading_free(struct libvirt_reading *reading); /* may be NULL */

/* As libvirt_stats_parse of the record; names are borrowed until libvirt_rows_finish. */
void libvirt_reading_parse(const struct libvirt_reading *reading, struct libvirt_rows *rows, struct domain *row);

#endif
