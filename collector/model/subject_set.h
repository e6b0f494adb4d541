/*
 * subject_set.h - what is remembered of each subject under watch from one look to the next, found by its name.
 *
 * Thread: the owner's.
 */
#ifndef EDGENODE_MODEL_SUBJECT_SET_H
#define EDGENODE_MODEL_SUBJECT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

/* The first member of the owner's structure. */
struct subject {
	char *key;
	bool taken; /* met in this look */
	UT_hash_handle hh;
};

struct subject_set {
	size_t size; /* of the owner's structure */
	size_t n;
	struct subject **rows; /* of the last look, in its order; behind them those that were kept */
	struct subject *by_key;
	/* During a look. */
	size_t n_next;
	struct subject **next;
};

void subject_set_init(struct subject_set *set, size_t size);

/* Frees everything; the structures own nothing but their keys. */
void subject_set_clear(struct subject_set *set);

/* One look: begin; find or add for each subject that is there; then end. The structure of a new subject is zero but for
 * its key. find gives NULL where the subject is not known, and, with again set, where it was met in this look already:
 * of rows with the same name the first counts. add is for the former. */
void subject_set_begin(struct subject_set *set);
void *subject_set_find(struct subject_set *set, const char *key, bool *again);
void *subject_set_add(struct subject_set *set, const char *key);

/* Of each subject that was not met gone says whether it is to be forgotten; the others stay. */
void subject_set_end(struct subject_set *set, bool (*gone)(void *arg, struct subject *subject), void *arg);

#endif
