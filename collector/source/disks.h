/*
 * disks.h - one reading of all disks' health, with its time limit open to tests. Thread: worker "disks".
 */
#ifndef EDGENODE_SOURCE_DISKS_H
#define EDGENODE_SOURCE_DISKS_H

#include "source/source.h"

#define DISK_TIMEOUT_MS 20000u /* of one run of smartctl: it is ended then */

/* source_disks.poll with another time limit for one disk. */
int disks_read(const struct source_env *env, uint32_t timeout_ms, struct part **result, struct source_error *error);

#endif
