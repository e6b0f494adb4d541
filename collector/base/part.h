/*
 * part.h - a refcounted piece of data that never changes once it is shared.
 *
 * A part is built by one thread, then handed over (the mailbox of a worker, the seal of a snapshot).
 * From the seal on nobody writes to it, so references are the only shared state.
 * Embed it as the FIRST member of the structure.
 */
#ifndef EDGENODE_BASE_PART_H
#define EDGENODE_BASE_PART_H

#include <stdatomic.h>
#include <stdint.h>

struct part {
	_Atomic uint32_t refs;
	void (*destroy)(struct part *part); /* frees the enclosing structure */
};

/* One reference, owned by the caller. destroy runs on the thread that drops the last one. */
void part_init(struct part *part, void (*destroy)(struct part *part));

/* Takes a reference; NULL is legal and returns NULL. The same pointer comes back, for use in an assignment. */
void *part_ref(const void *part);

/* Drops a reference; NULL is legal. */
void part_unref(const void *part);

#endif
