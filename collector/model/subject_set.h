/*
 * subject_set.h - what is remembered of each subject under watch from one look to the next, found by its name.
 *
 * A look goes over all subjects in the order of their table: most often that of the look before, so a subject is found
 * at once; else by a binary search over names sorted once per look. Thread: the owner's.
 */
#ifndef EDGENODE_MODEL_SUBJECT_SET_H
#define EDGENODE_MODEL_SUBJECT_SET_H

#include <stdbool.h>
#include <stddef.h>

/* The first member of the owner's structure. */
struct subject {
	char *key;
	size_t place; /* in the look before */
	bool taken;   /* met in this look */
};

struct subject_set {
	size_t size; /* of the owner's structure */
	size_t n;
	struct subject **rows; /* of the last look, in its order; behind them those that were kept */
	/* During a look. */
	size_t at, n_next;
	struct subject **next, **sorted; /* sorted: NULL until it is needed */
};

void subject_set_init(struct subject_set *set, size_t size);

/* Frees everything; the structures own nothing but their keys. */
void subject_set_clear(struct subject_set *set);

/* One look: begin; find or add once for each subject that is there; then end. The structure of a new subject is zero
 * but for its key. find gives NULL where the subject was not met before, and where it was met in this look already; add
 * is for the former. */
void subject_set_begin(struct subject_set *set);
void *subject_set_find(struct subject_set *set, const char *key, bool *again);
void *subject_set_add(struct subject_set *set, const char *key);

/* Of each subject that was not met gone says whether it is to be forgotten; the others stay. */
void subject_set_end(struct subject_set *set, bool (*gone)(void *arg, struct subject *subject), void *arg);

#endif
