/*
 * index_map.c - keys to small dense numbers: one hash by key; per space an array by number and a list of the retired.
 *
 * Thread: cycle only. Pure.
 */
#include "model/index_map.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/statefile.h"
#include "model/keyed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define INDEX_MAGIC 0x65646978u /* "edix" */
#define INDEX_VERSION 1u
#define INDEX_HEADER_SIZE 12u /* magic, version, count */
#define INDEX_CRC_SIZE 4u

struct entry {
	struct keyed_node node;
	struct space *space;
	struct entry *prev, *next; /* of the retired, longest first */
	int64_t retired_s;	   /* 0: the clock was not to be trusted then */
	uint32_t index;
	bool retired;
	char key[];
};

/* The keys of one kind, with numbers of their own. There may be two of each domain, with a few keys each: so it is
 * small, and one without keys goes when retired ones are looked through. */
struct space {
	struct keyed_node node;
	struct entry **by_index; /* [index - 1]; NULL is free */
	struct entry *retired;
	uint32_t size;   /* of by_index */
	uint32_t lowest; /* nothing below it is free in by_index */
	uint32_t n_retired, n_entries;
	char prefix[]; /* up to and with the first ':'; "" for keys without */
};
#define SPACE_SIZE_MIN 2u

struct index_map {
	struct keyed entries, spaces;
	bool changed;
	bool clock_wrong;
};

/* Spaces that belong to a key of this one: this and then what stands behind it in the key. */
#define OWNER_PREFIX "domain:"
static const char *const OWNED_PREFIXES[] = { "disk/", "nic/" };

static const char *entry_key(const struct keyed_node *node)
{
	return ((const struct entry *)node)->key;
}

static const char *space_key(const struct keyed_node *node)
{
	return ((const struct space *)node)->prefix;
}

struct index_map *index_map_new(void)
{
	struct index_map *map = mem_alloc(sizeof(*map));

	map->entries.key_of = entry_key;
	map->spaces.key_of = space_key;
	return map;
}

/* space NULL: the first one. */
static struct space *next_space(const struct index_map *map, const struct space *space)
{
	return keyed_next(&map->spaces, space != NULL ? &space->node : NULL);
}

static void free_space(struct index_map *map, struct space *space)
{
	keyed_remove(&map->spaces, &space->node);
	free(space->by_index);
	free(space);
}

void index_map_free(struct index_map *map)
{
	struct space *space, *next;

	if (map == NULL)
		return;
	for (space = next_space(map, NULL); space != NULL; space = next) {
		next = next_space(map, space);
		for (size_t i = 0; i < space->size; i++)
			free(space->by_index[i]);
		free_space(map, space);
	}
	keyed_free(&map->entries);
	keyed_free(&map->spaces);
	free(map);
}

static size_t prefix_length(const char *key, size_t length)
{
	const char *colon = memchr(key, ':', length);

	return colon == NULL ? 0 : (size_t)(colon - key) + 1;
}

static struct space *find_space(const struct index_map *map, const char *prefix, size_t length)
{
	return keyed_find(&map->spaces, prefix, length);
}

/* The space of a key, made where there is none yet; NULL when there are too many. */
static struct space *space_of(struct index_map *map, const char *key, size_t key_length)
{
	const size_t length = prefix_length(key, key_length);
	struct space *space = find_space(map, key, length);

	if (space != NULL || map->spaces.n >= INDEX_SPACES_MAX)
		return space;
	space = mem_alloc(sizeof(*space) + length + 1);
	memcpy(space->prefix, key, length);
	keyed_add(&map->spaces, &space->node);
	return space;
}

/* The form in which a key is kept: itself, or where it is too long its beginning and a hash of the whole. */
static const char *kept_key(const char *key, char scratch[INDEX_KEY_MAX + 1])
{
	const size_t hash_size = 17; /* '#' and 16 digits */

	if (strnlen(key, INDEX_KEY_MAX + 1) <= INDEX_KEY_MAX)
		return key;
	memcpy(scratch, key, INDEX_KEY_MAX - hash_size);
	snprintf(scratch + INDEX_KEY_MAX - hash_size, hash_size + 1, "#%016llx", (unsigned long long)keyed_hash(key, strlen(key)));
	return scratch;
}

static struct entry *find_entry(const struct index_map *map, const char *key)
{
	char scratch[INDEX_KEY_MAX + 1];

	key = kept_key(key, scratch);
	return keyed_find(&map->entries, key, strlen(key));
}

static void reserve(struct space *space, uint32_t index)
{
	uint32_t size = space->size > 0 ? space->size : SPACE_SIZE_MIN;

	if (index <= space->size)
		return;
	while (size < index)
		size *= 2;
	space->by_index = mem_grow(space->by_index, size, sizeof(space->by_index[0]));
	memset(space->by_index + space->size, 0, (size - space->size) * sizeof(space->by_index[0]));
	space->size = size;
}

static bool is_taken(const struct space *space, size_t index)
{
	return index <= space->size && space->by_index[index - 1] != NULL;
}

static uint32_t lowest_free(struct space *space)
{
	while (is_taken(space, space->lowest + 1))
		space->lowest++;
	return space->lowest + 1;
}

/* key is at most INDEX_KEY_MAX bytes and new; index is free. */
static struct entry *add_entry(struct index_map *map, struct space *space, const char *key, size_t length,
			       uint32_t index)
{
	struct entry *entry = mem_alloc(sizeof(*entry) + length + 1);

	memcpy(entry->key, key, length);
	entry->space = space;
	entry->index = index;
	reserve(space, index);
	space->by_index[index - 1] = entry;
	space->n_entries++;
	keyed_add(&map->entries, &entry->node);
	return entry;
}

static void set_retired(struct entry *entry, int64_t now_real_s)
{
	entry->retired = true;
	entry->retired_s = now_real_s;
	DL_APPEND(entry->space->retired, entry);
	entry->space->n_retired++;
}

static void set_in_use(struct entry *entry)
{
	entry->retired = false;
	DL_DELETE(entry->space->retired, entry);
	entry->space->n_retired--;
}

/* The entry's list of the retired is the caller's. */
static void free_entry(struct index_map *map, struct entry *entry)
{
	struct space *space = entry->space;

	keyed_remove(&map->entries, &entry->node);
	space->by_index[entry->index - 1] = NULL;
	space->n_entries--;
	if (entry->index - 1 < space->lowest)
		space->lowest = entry->index - 1;
	free(entry);
	map->changed = true;
}

static void clear_space(struct index_map *map, struct space *space)
{
	for (size_t i = 0; i < space->size; i++)
		if (space->by_index[i] != NULL)
			free_entry(map, space->by_index[i]);
	space->retired = NULL;
	space->n_retired = 0;
}

/* The owner's key is in front of the ':' that ends the name of its spaces. */
static void forget_owned(struct index_map *map, const char *owner)
{
	char prefix[INDEX_KEY_MAX + 16];

	for (size_t i = 0; i < sizeof(OWNED_PREFIXES) / sizeof(OWNED_PREFIXES[0]); i++) {
		const int length = snprintf(prefix, sizeof(prefix), "%s%s:", OWNED_PREFIXES[i], owner);
		struct space *space = find_space(map, prefix, (size_t)length);

		if (space != NULL)
			clear_space(map, space);
	}
}

static void forget_longest_retired(struct index_map *map, struct space *space)
{
	struct entry *entry = space->retired;

	set_in_use(entry);
	if (strcmp(space->prefix, OWNER_PREFIX) == 0)
		forget_owned(map, entry->key + sizeof(OWNER_PREFIX) - 1);
	free_entry(map, entry);
}

static uint32_t give_index(struct index_map *map, const char *key)
{
	struct space *space = space_of(map, key, strlen(key));

	if (space == NULL || map->entries.n >= INDEX_ENTRIES_MAX)
		return 0;
	map->changed = true;
	return add_entry(map, space, key, strlen(key), lowest_free(space))->index;
}

uint32_t index_map_get(struct index_map *map, const char *key)
{
	char scratch[INDEX_KEY_MAX + 1];
	struct entry *entry = find_entry(map, key);

	if (entry == NULL)
		return give_index(map, kept_key(key, scratch));
	if (entry->retired) {
		set_in_use(entry);
		map->changed = true;
	}
	return entry->index;
}

uint32_t index_map_find(const struct index_map *map, const char *key)
{
	const struct entry *entry = find_entry(map, key);

	return entry == NULL ? 0 : entry->index;
}

static void forget_too_many(struct index_map *map, struct space *space)
{
	while (space->n_retired > INDEX_RETIRED_MAX)
		forget_longest_retired(map, space);
}

static void date_unknown(struct index_map *map, struct space *space, int64_t now_real_s)
{
	struct entry *entry;

	DL_FOREACH(space->retired, entry)
	{
		if (entry->retired_s != 0)
			continue;
		entry->retired_s = now_real_s;
		map->changed = true;
	}
}

static void expire_space(struct index_map *map, struct space *space, int64_t now_real_s)
{
	forget_too_many(map, space);
	date_unknown(map, space, now_real_s);
	while (space->retired != NULL && now_real_s - space->retired->retired_s >= INDEX_RETIRED_S)
		forget_longest_retired(map, space);
}

void index_map_expire(struct index_map *map, int64_t now_real_s)
{
	struct space *space, *next;

	/* One that is empty goes afterwards: to expire a space may empty others. */
	for (space = next_space(map, NULL); space != NULL; space = next_space(map, space))
		expire_space(map, space, now_real_s);
	for (space = next_space(map, NULL); space != NULL; space = next) {
		next = next_space(map, space);
		if (space->n_entries == 0)
			free_space(map, space);
	}
}

void index_map_trust_clock(struct index_map *map, bool synced)
{
	map->clock_wrong = !synced;
}

void index_map_retire(struct index_map *map, const char *key, int64_t now_real_s)
{
	struct entry *entry = find_entry(map, key);

	if (entry == NULL || entry->retired)
		return;
	set_retired(entry, map->clock_wrong ? 0 : now_real_s);
	map->changed = true;
	forget_too_many(map, entry->space);
}

/* By number, not along the hash: fn may retire a key, and that may free others. */
static void each_of_space(const struct space *space, const char *prefix, void (*fn)(void *, const char *, uint32_t),
			  void *arg)
{
	const size_t length = strlen(prefix);

	for (size_t i = 0; i < space->size; i++) {
		const struct entry *entry = space->by_index[i];

		if (entry != NULL && !entry->retired && strncmp(entry->key, prefix, length) == 0)
			fn(arg, entry->key, entry->index);
	}
}

void index_map_each(struct index_map *map, const char *prefix, void (*fn)(void *arg, const char *key, uint32_t index),
		    void *arg)
{
	const size_t length = prefix_length(prefix, strlen(prefix));
	struct space *space;

	if (length > 0) {
		space = find_space(map, prefix, length);
		if (space != NULL)
			each_of_space(space, prefix, fn, arg);
		return;
	}
	for (space = next_space(map, NULL); space != NULL; space = next_space(map, space))
		each_of_space(space, prefix, fn, arg);
}

bool index_map_changed(struct index_map *map)
{
	const bool changed = map->changed;

	map->changed = false;
	return changed;
}

static void encode_entry(const struct entry *entry, struct buf *out)
{
	buf_u32(out, entry->index);
	buf_u8(out, entry->retired);
	buf_u64(out, (uint64_t)entry->retired_s);
	buf_string(out, entry->key);
}

static void encode_space(const struct space *space, struct buf *out)
{
	const struct entry *entry;

	for (size_t i = 0; i < space->size; i++)
		if (space->by_index[i] != NULL && !space->by_index[i]->retired)
			encode_entry(space->by_index[i], out);
	/* In their order, which says who is forgotten first. */
	DL_FOREACH(space->retired, entry)
		encode_entry(entry, out);
}

void index_map_encode(const struct index_map *map, struct buf *out)
{
	const size_t start = out->length;
	const struct space *space;

	buf_u32(out, INDEX_MAGIC);
	buf_u32(out, INDEX_VERSION);
	buf_u32(out, (uint32_t)map->entries.n);
	for (space = next_space(map, NULL); space != NULL; space = next_space(map, space))
		encode_space(space, out);
	if (!out->over)
		buf_u32(out, statefile_crc32(out->data + start, out->length - start));
}

static int decode_entry(struct index_map *map, struct cursor *c)
{
	const uint32_t index = cursor_u32(c);
	const uint8_t retired = cursor_u8(c);
	const int64_t retired_s = (int64_t)cursor_u64(c);
	const uint32_t length = cursor_u32(c);
	struct space *space;
	struct entry *entry;
	const char *key;

	if (c->bad || index == 0 || retired > 1 || retired_s < 0)
		return -ERR_PARSE;
	if (index > INDEX_ENTRIES_MAX || length > INDEX_KEY_MAX)
		return -ERR_LIMIT;
	key = length == 0 ? "" : (const char *)cursor_bytes(c, length);
	if (c->bad || memchr(key, '\0', length) != NULL)
		return -ERR_PARSE;
	space = space_of(map, key, length);
	if (space == NULL)
		return -ERR_LIMIT;
	if (keyed_find(&map->entries, key, length) != NULL || is_taken(space, index))
		return -ERR_PARSE;
	entry = add_entry(map, space, key, length, index);
	if (retired)
		set_retired(entry, retired_s);
	return 0;
}

static int decode_entries(struct index_map *map, struct cursor *c, uint32_t count)
{
	int rc = 0;

	for (uint32_t i = 0; i < count && rc == 0; i++)
		rc = decode_entry(map, c);
	if (rc == 0 && (c->bad || c->left != 0))
		rc = -ERR_PARSE;
	return rc;
}

int index_map_decode(const uint8_t *data, size_t length, struct index_map **out)
{
	struct cursor c = { data, length, false }, crc;
	struct index_map *map;
	uint32_t count;
	int rc;

	if (length < INDEX_HEADER_SIZE + INDEX_CRC_SIZE)
		return -ERR_PARSE;
	c.left -= INDEX_CRC_SIZE;
	crc = (struct cursor){ data + c.left, INDEX_CRC_SIZE, false };
	if (cursor_u32(&c) != INDEX_MAGIC || cursor_u32(&c) != INDEX_VERSION ||
	    cursor_u32(&crc) != statefile_crc32(data, length - INDEX_CRC_SIZE))
		return -ERR_PARSE;
	count = cursor_u32(&c);
	if (count > INDEX_ENTRIES_MAX)
		return -ERR_LIMIT;
	map = index_map_new();
	rc = decode_entries(map, &c, count);
	if (rc == 0)
		*out = map;
	else
		index_map_free(map);
	return rc;
}
