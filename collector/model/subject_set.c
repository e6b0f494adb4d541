/* subject_set.c - subjects by name, in the order of their table. Pure but for the set; thread: the owner's. */
#include "base/mem.h"

/* Where memory ends, so does the process, as with every small request (base/mem.h). */
#define uthash_malloc(size) mem_alloc(size)
#include "model/subject_set.h"

#include <stdlib.h>

void subject_set_init(struct subject_set *set, size_t size)
{
	*set = (struct subject_set){ .size = size };
}

static void forget(struct subject_set *set, struct subject *subject)
{
	HASH_DEL(set->by_key, subject);
	free(subject->key);
	free(subject);
}

void subject_set_clear(struct subject_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		forget(set, set->rows[i]);
	free(set->rows);
	subject_set_init(set, set->size);
}

static void append(struct subject_set *set, struct subject *subject)
{
	/* Full at each power of two. */
	if ((set->n_next & (set->n_next - 1)) == 0)
		set->next = mem_grow(set->next, set->n_next > 0 ? set->n_next * 2 : 1, sizeof(set->next[0]));
	subject->taken = true;
	set->next[set->n_next++] = subject;
}

void subject_set_begin(struct subject_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		set->rows[i]->taken = false;
}

void *subject_set_find(struct subject_set *set, const char *key, bool *again)
{
	struct subject *subject;

	HASH_FIND_STR(set->by_key, key, subject);
	*again = subject != NULL && subject->taken;
	if (subject == NULL || subject->taken)
		return NULL;
	append(set, subject);
	return subject;
}

void *subject_set_add(struct subject_set *set, const char *key)
{
	struct subject *subject = mem_alloc(set->size);

	subject->key = mem_string(key);
	HASH_ADD_STR(set->by_key, key, subject);
	append(set, subject);
	return subject;
}

void subject_set_end(struct subject_set *set, bool (*gone)(void *arg, struct subject *subject), void *arg)
{
	for (size_t i = 0; i < set->n; i++) {
		struct subject *subject = set->rows[i];

		if (subject->taken)
			continue;
		if (gone(arg, subject))
			forget(set, subject);
		else
			append(set, subject);
	}
	free(set->rows);
	set->rows = set->next;
	set->n = set->n_next;
	set->next = NULL;
	set->n_next = 0;
}
