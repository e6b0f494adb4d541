/*
 * origins.h - where the values of each column come from, how old they may be and when there are none. Const data beside
 * the column tables; doc/metrics.md is printed from both, and a test holds them complete.
 */
#ifndef EDGENODE_SUBAGENT_ORIGINS_H
#define EDGENODE_SUBAGENT_ORIGINS_H

#include "subagent/table.h"

#define ORIGIN_SOURCES_MAX 4

/* A run of neighbouring columns of one table that have the same origin. */
struct origin {
	const char *first, *last; /* MIB descriptors */
	/* enum source_id, 0 at the end; the first that tells the value is served. None: the daemon itself knows it. */
	uint8_t sources[ORIGIN_SOURCES_MAX];
	bool rotated;	 /* libvirt asks the QEMU for it: read of some domains at a time */
	const char *age; /* the object that has the age; NULL: edgeSourceAge, of the daemon's own edgeNodeSnapshotAge */
	const char *absent; /* when a row has no instance of it; NULL: never */
};

struct table_origin {
	const struct table *table;
	const char *rows; /* what has a row; NULL: scalars */
	size_t n;
	const struct origin *runs; /* together all columns of the table, in their order */
};

/* As TABLES, NULL table at the end. */
extern const struct table_origin ORIGINS[];

/* The run that columns[column] of the table belongs to. */
const struct origin *origin_of(const struct table_origin *table, size_t column);

#endif
