/* row_pool.c - blocks that count the rows in them. Thread: see row_pool.h. */
#include "model/row_pool.h"

#include "base/mem.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* With the allocator's own it is what app.c has the system give in one piece. One row that stays keeps all of it. */
#define BLOCK_SIZE (128u * 1024 - 2 * sizeof(size_t))

struct row_block {
	_Atomic uint32_t refs; /* rows, and the pool while it is filled */
	size_t used, size;
	alignas(max_align_t) unsigned char rows[];
};

static struct row_block *block_new(size_t least)
{
	const size_t room = BLOCK_SIZE - sizeof(struct row_block), size = least > room ? least : room;
	struct row_block *block = mem_alloc(sizeof(*block) + size);

	block->refs = 1;
	block->size = size;
	return block;
}

void *row_pool_take(struct row_pool *pool, size_t size, struct row_block **block)
{
	const size_t taken = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	void *row;

	if (pool->block == NULL || pool->block->size - pool->block->used < taken) {
		row_pool_end(pool);
		pool->block = block_new(taken);
	}
	*block = pool->block;
	row = pool->block->rows + pool->block->used;
	pool->block->used += taken;
	atomic_fetch_add_explicit(&pool->block->refs, 1, memory_order_relaxed);
	return row;
}

void row_block_unref(struct row_block *block)
{
	if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1)
		free(block);
}

void row_pool_end(struct row_pool *pool)
{
	if (pool->block != NULL)
		row_block_unref(pool->block);
	pool->block = NULL;
}
