/*
 * board.h - where the guest transports leave their newest figures for the cycle lane.
 *
 * Thread: put from the owner's lane, get from the cycle lane; one short mutex.
 */
#ifndef EDGENODE_TRANSPORT_BOARD_H
#define EDGENODE_TRANSPORT_BOARD_H

#include "model/transport.h"

struct board;

struct board *board_new(void);
void board_free(struct board *board);

/* Take over the reference; the one before is dropped. NULL: the transport is off. */
void board_put_vbds(struct board *board, struct vbds *vbds);
void board_put_channels(struct board *board, struct channels *channels);

/* References to the newest, NULL where there is none. */
void board_get(struct board *board, struct vbds **vbds, struct channels **channels);

#endif
