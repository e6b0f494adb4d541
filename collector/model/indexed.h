/*
 * indexed.h - tables whose rows are numbered by what names them: find, number, sort, and give back the numbers of what is
 * gone. For rows of any type that begin with `uint32_t index`. Pure but for the map; thread: cycle.
 */
#ifndef EDGENODE_MODEL_INDEXED_H
#define EDGENODE_MODEL_INDEXED_H

#include "model/index_map.h"

/* The number of `identity` in the space ("pool:"), given now if it has none; 0: there is none left. */
uint32_t indexed_number(struct index_map *indexes, const char *space, const char *identity);

/* The row of that index among rows of ascending index; NULL where there is none. rows may be NULL with n 0. */
const void *indexed_find(const void *rows, size_t n, size_t size, uint32_t index);

/* Sorts the rows by index and leaves out those with none, and all but one of a number; returns how many are left. The
 * space's other numbers are retired. */
size_t indexed_settle(struct index_map *indexes, const char *space, void *rows, size_t n, size_t size, int64_t now_real_s);

#endif
