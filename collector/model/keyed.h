/*
 * keyed.h - nodes that are found by a text: the smallest table that does it, for where there are many of each domain.
 * Pure; thread: the owner's. A node is what its structure begins with; the key is somewhere in the structure.
 */
#ifndef EDGENODE_MODEL_KEYED_H
#define EDGENODE_MODEL_KEYED_H

#include <stddef.h>
#include <stdint.h>

struct keyed_node {
	struct keyed_node *next; /* in its bucket */
	uint32_t hash;
};

/* All zero but for key_of: empty. */
struct keyed {
	const char *(*key_of)(const struct keyed_node *node);
	struct keyed_node **buckets;
	size_t size; /* a power of two; 0: no buckets yet */
	size_t n;
};

/* The 64-bit FNV-1a hash. */
uint64_t keyed_hash(const char *text, size_t length);

/* NULL: there is none of that key. */
void *keyed_find(const struct keyed *keyed, const char *key, size_t length);

/* Its key is set, and new. The table grows with its nodes and shrinks never. */
void keyed_add(struct keyed *keyed, struct keyed_node *node);
void keyed_remove(struct keyed *keyed, const struct keyed_node *node);

/* All of them, in no order; node NULL: the first. NULL at the end. */
void *keyed_next(const struct keyed *keyed, const struct keyed_node *node);

/* The buckets; the nodes are their owner's. */
void keyed_free(struct keyed *keyed);

#endif
