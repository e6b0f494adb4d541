/*
 * repeats.c - the changes that went through within the last second, oldest first: a uthash keeps the order in which it
 * was filled. Thread: virevent. Data: the changes themselves.
 */
#include "source/repeats.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define uthash_malloc(size) mem_alloc(size)
#include <uthash.h>

struct key {
	uint8_t uuid[16];
	uint32_t kind;
	uint32_t device; /* hash of its name */
};
_Static_assert(sizeof(struct key) == 24, "no padding in what is hashed");

struct repeat {
	struct key key;
	int64_t mono_ns;
	UT_hash_handle hh;
};

struct repeats {
	struct repeat *first;
};

struct repeats *repeats_new(void)
{
	return mem_alloc(sizeof(struct repeats));
}

static void forget_until(struct repeats *repeats, int64_t mono_ns)
{
	while (repeats->first != NULL && repeats->first->mono_ns <= mono_ns) {
		struct repeat *repeat = repeats->first;

		HASH_DEL(repeats->first, repeat);
		free(repeat);
	}
}

void repeats_free(struct repeats *repeats)
{
	if (repeats == NULL)
		return;
	forget_until(repeats, INT64_MAX);
	free(repeats);
}

static uint32_t text_hash(const char *text)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; text != NULL && *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

bool repeats_pass(struct repeats *repeats, const struct domain_change *change)
{
	struct key key = { .kind = (uint32_t)change->kind, .device = text_hash(change->device) };
	struct repeat *repeat;

	memcpy(key.uuid, change->uuid, sizeof(key.uuid));
	forget_until(repeats, change->time_mono_ns - REPEAT_NS);
	HASH_FIND(hh, repeats->first, &key, sizeof(key), repeat);
	if (repeat != NULL || HASH_COUNT(repeats->first) >= REPEATS_MAX)
		return false;
	repeat = mem_alloc(sizeof(*repeat));
	repeat->key = key;
	repeat->mono_ns = change->time_mono_ns;
	HASH_ADD(hh, repeats->first, key, sizeof(repeat->key), repeat);
	return true;
}
