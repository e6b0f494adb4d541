/*
 * index_map.h - small dense numbers for things with long names, kept over restarts.
 *
 * What stands before a key's first ':' is its space ("domain:..."); each space has numbers of its own, from 1.
 * A key keeps its number while it is in use. A retired key keeps it for INDEX_RETIRED_S or until there are more than
 * INDEX_RETIRED_MAX retired ones in its space (the longest retired goes first); then the lowest free number is given
 * again. The spaces "disk/OWNER:" and "nic/OWNER:" belong to the key "domain:OWNER" and are forgotten with it.
 *
 * The age counts the real clock, over restarts. A node without a clock of its own begins in 1970 and jumps by decades
 * when its time comes over the network: so what is retired before has no time, and its age counts from the first
 * index_map_expire after.
 * Thread: cycle only. Pure; the bytes are stored by persist.
 */
#ifndef EDGENODE_MODEL_INDEX_MAP_H
#define EDGENODE_MODEL_INDEX_MAP_H

#include "base/buf.h"
#include "model/domain.h" /* DOMAINS_MAX */

#include <stdbool.h>
#include <stdint.h>

#define INDEX_RETIRED_S (30u * 24 * 3600)
#define INDEX_RETIRED_MAX 1000u
#define INDEX_KEY_MAX 512u
#define INDEX_ENTRIES_MAX (4u * DOMAINS_MAX)      /* of all spaces */
#define INDEX_SPACES_MAX (2u * DOMAINS_MAX + 64u) /* two of each domain */

struct index_map;

struct index_map *index_map_new(void);
void index_map_free(struct index_map *map);

/* The key's number (>= 1), given now if it has none; marks it in use. Keys over INDEX_KEY_MAX bytes are cut with a hash
 * of the whole. 0 when there are INDEX_ENTRIES_MAX or it would need one space too many. */
uint32_t index_map_get(struct index_map *map, const char *key);
uint32_t index_map_find(const struct index_map *map, const char *key); /* 0 where it has none */

/* Whether the times that index_map_retire is given are right; in a new map they are. */
void index_map_trust_clock(struct index_map *map, bool synced);

/* Not in use since now_real_s. Forgets what is over INDEX_RETIRED_MAX. */
void index_map_retire(struct index_map *map, const char *key, int64_t now_real_s);

/* Forgets what is too old, too. Only while the clock is synchronised. */
void index_map_expire(struct index_map *map, int64_t now_real_s);

/* Calls fn for every key in use that begins with prefix. fn may call index_map_retire on that key. Cost: the numbers of
 * one space where the prefix names it (has a ':'), else those of all. */
void index_map_each(struct index_map *map, const char *prefix, void (*fn)(void *arg, const char *key, uint32_t index),
		    void *arg);

bool index_map_changed(struct index_map *map); /* since the last call */
void index_map_encode(const struct index_map *map, struct buf *out);
int index_map_decode(const uint8_t *data, size_t length, struct index_map **out); /* -ERR_PARSE, -ERR_LIMIT */

#endif
