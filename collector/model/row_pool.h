/*
 * row_pool.h - memory of rows that are made together and go together: one after the other in a few large blocks, each
 * given back to the system at once when the last row in it has gone. So thousands of rows cost neither the allocator's
 * lock nor its overhead, and leave no holes.
 *
 * Thread: a pool is its owner's; rows may go on any.
 */
#ifndef EDGENODE_MODEL_ROW_POOL_H
#define EDGENODE_MODEL_ROW_POOL_H

#include <stddef.h>

struct row_block;

/* All zero: empty. */
struct row_pool {
	struct row_block *block; /* that is being filled; NULL: none */
};

/* A zeroed row; its block is to be unreferenced instead of freeing it. */
void *row_pool_take(struct row_pool *pool, size_t size, struct row_block **block);
void row_block_unref(struct row_block *block);

/* Its rows stay. The pool can be used again. */
void row_pool_end(struct row_pool *pool);

#endif
