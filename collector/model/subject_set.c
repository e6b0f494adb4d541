/* subject_set.c - subjects by name, in the order of their table. Pure but for the set; thread: the owner's. */
#include "model/subject_set.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void subject_set_init(struct subject_set *set, size_t size)
{
	*set = (struct subject_set){ .size = size };
}

static void subject_free(struct subject *subject)
{
	free(subject->key);
	free(subject);
}

void subject_set_clear(struct subject_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		subject_free(set->rows[i]);
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
	for (size_t i = 0; i < set->n; i++) {
		set->rows[i]->place = i;
		set->rows[i]->taken = false;
	}
	set->at = 0;
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(struct subject *const *)a)->key, (*(struct subject *const *)b)->key);
}

static void sort(struct subject_set *set)
{
	set->sorted = mem_array(set->n, sizeof(set->sorted[0]));
	memcpy(set->sorted, set->rows, set->n * sizeof(set->sorted[0]));
	qsort(set->sorted, set->n, sizeof(set->sorted[0]), compare_keys);
}

static struct subject *search(struct subject_set *set, const char *key)
{
	size_t low = 0, high = set->n;

	if (set->sorted == NULL)
		sort(set);
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = strcmp(set->sorted[middle]->key, key);

		if (order == 0)
			return set->sorted[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void *subject_set_find(struct subject_set *set, const char *key, bool *again)
{
	struct subject *subject = NULL;

	*again = false;
	if (set->n == 0)
		return NULL;
	if (set->at < set->n && strcmp(set->rows[set->at]->key, key) == 0)
		subject = set->rows[set->at];
	else
		subject = search(set, key);
	if (subject == NULL)
		return NULL;
	*again = subject->taken;
	if (subject->taken)
		return NULL;
	set->at = subject->place + 1;
	append(set, subject);
	return subject;
}

void *subject_set_add(struct subject_set *set, const char *key)
{
	struct subject *subject = mem_alloc(set->size);

	subject->key = mem_string(key);
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
			subject_free(subject);
		else
			append(set, subject);
	}
	free(set->rows);
	free(set->sorted);
	set->rows = set->next;
	set->n = set->n_next;
	set->next = set->sorted = NULL;
	set->n_next = 0;
}
