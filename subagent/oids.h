/*
 * oids.h - the fixed numbers of EDGENODE-MIB that C code needs by name. Everything else is in the column tables.
 */
#ifndef EDGENODE_SUBAGENT_OIDS_H
#define EDGENODE_SUBAGENT_OIDS_H

#include <stddef.h>
#include <stdint.h>

/* edgeNodeMIB as configure was told. */
extern const uint32_t EDGE_ROOT[];
extern const size_t EDGE_ROOT_N;

/* Below edgeNodeMIB. */
#define ARC_NOTIFICATIONS 0
#define ARC_OBJECTS 1

/* Groups, below edgeNodeObjects. */
enum group {
	GROUP_NODE = 1, GROUP_SOURCE = 2, GROUP_DOMAIN = 3, GROUP_VCPU = 4, GROUP_BLOCK = 5, GROUP_NIC = 6,
	GROUP_CPU = 7, GROUP_MEMORY = 8, GROUP_SENSOR = 9, GROUP_CLOCK = 10, GROUP_HARDWARE = 11, GROUP_LINK = 12,
	GROUP_STORAGE = 13, GROUP_METRIC = 14, GROUP_EVENT = 15, GROUP_TRANSPORT = 16, GROUP_THRESHOLD = 17,
	GROUP_ALARM = 18
};

#endif
