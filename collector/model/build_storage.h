/*
 * build_storage.h - the rows of disks' health and of storage pools: their numbers. Part of builder.h; pure; thread:
 * cycle.
 */
#ifndef EDGENODE_MODEL_BUILD_STORAGE_H
#define EDGENODE_MODEL_BUILD_STORAGE_H

#include "model/index_map.h"
#include "model/storage.h"

/* The part to serve from the newest result; before is what was served last, or NULL. A disk that was not read this time
 * keeps what was served of it, with its read_mono_ns. Numbers ("smart:IDENTITY") of disks that are gone are retired. */
struct disks *build_disks(struct index_map *indexes, const struct disks *before, const struct disks *raw,
			  int64_t now_real_s);

/* The same rows with their numbers ("pool:UUID"), ascending; those of pools that are gone are retired. */
struct pools *build_pools(struct index_map *indexes, const struct pools *raw, int64_t now_real_s);

#endif
