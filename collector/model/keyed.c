/* keyed.c - buckets of nodes, as many as there are nodes. Pure; thread: the owner's. */
#include "model/keyed.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 64u

uint64_t keyed_hash(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint32_t short_hash(const char *key, size_t length)
{
	const uint64_t hash = keyed_hash(key, length);

	return (uint32_t)(hash ^ hash >> 32);
}

static size_t bucket_of(const struct keyed *keyed, uint32_t hash)
{
	return hash & (keyed->size - 1);
}

void *keyed_find(const struct keyed *keyed, const char *key, size_t length)
{
	const uint32_t hash = short_hash(key, length);
	struct keyed_node *node = keyed->size > 0 ? keyed->buckets[bucket_of(keyed, hash)] : NULL;

	for (; node != NULL; node = node->next) {
		const char *found = keyed->key_of(node);

		if (node->hash == hash && strncmp(found, key, length) == 0 && found[length] == '\0')
			break;
	}
	return node;
}

static void put(struct keyed *keyed, struct keyed_node *node)
{
	struct keyed_node **bucket = &keyed->buckets[bucket_of(keyed, node->hash)];

	node->next = *bucket;
	*bucket = node;
}

static void grow(struct keyed *keyed)
{
	const struct keyed old = *keyed;

	keyed->size = old.size > 0 ? 2 * old.size : BUCKETS_MIN;
	keyed->buckets = mem_array(keyed->size, sizeof(keyed->buckets[0]));
	for (size_t i = 0; i < old.size; i++)
		for (struct keyed_node *node = old.buckets[i], *next; node != NULL; node = next) {
			next = node->next;
			put(keyed, node);
		}
	free(old.buckets);
}

void keyed_add(struct keyed *keyed, struct keyed_node *node)
{
	const char *key = keyed->key_of(node);

	if (keyed->n == keyed->size)
		grow(keyed);
	node->hash = short_hash(key, strlen(key));
	put(keyed, node);
	keyed->n++;
}

void keyed_remove(struct keyed *keyed, const struct keyed_node *node)
{
	struct keyed_node **at = &keyed->buckets[bucket_of(keyed, node->hash)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	keyed->n--;
}

void *keyed_next(const struct keyed *keyed, const struct keyed_node *node)
{
	size_t bucket = node != NULL ? bucket_of(keyed, node->hash) + 1 : 0;

	if (node != NULL && node->next != NULL)
		return node->next;
	while (bucket < keyed->size && keyed->buckets[bucket] == NULL)
		bucket++;
	return bucket < keyed->size ? keyed->buckets[bucket] : NULL;
}

void keyed_free(struct keyed *keyed)
{
	free(keyed->buckets);
	keyed->buckets = NULL;
	keyed->size = keyed->n = 0;
}
