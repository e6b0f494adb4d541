/* board.c - the newest figures of the guest transports, between their lanes and the cycle lane. Thread: see board.h. */
#include "transport/board.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

struct board {
	pthread_mutex_t lock;
	struct vbds *vbds;
	struct channels *channels;
};

struct board *board_new(void)
{
	struct board *board = mem_alloc(sizeof(*board));

	pthread_mutex_init(&board->lock, NULL);
	return board;
}

void board_free(struct board *board)
{
	if (board == NULL)
		return;
	part_unref(board->vbds);
	part_unref(board->channels);
	pthread_mutex_destroy(&board->lock);
	free(board);
}

void board_put_vbds(struct board *board, struct vbds *vbds)
{
	struct vbds *old;

	pthread_mutex_lock(&board->lock);
	old = board->vbds;
	board->vbds = vbds;
	pthread_mutex_unlock(&board->lock);
	part_unref(old);
}

void board_put_channels(struct board *board, struct channels *channels)
{
	struct channels *old;

	pthread_mutex_lock(&board->lock);
	old = board->channels;
	board->channels = channels;
	pthread_mutex_unlock(&board->lock);
	part_unref(old);
}

void board_get(struct board *board, struct vbds **vbds, struct channels **channels)
{
	pthread_mutex_lock(&board->lock);
	*vbds = part_ref(board->vbds);
	*channels = part_ref(board->channels);
	pthread_mutex_unlock(&board->lock);
}
