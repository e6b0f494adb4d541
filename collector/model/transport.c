/* transport.c - rows of the guests' channels: made and released. Pure data. */
#include "model/transport.h"

#include "base/mem.h"

#include <stdlib.h>

static void vbds_destroy(struct part *part)
{
	struct vbds *vbds = (struct vbds *)part;

	for (size_t i = 0; i < vbds->n; i++)
		free(vbds->rows[i].path);
	free(vbds);
}

struct vbds *vbds_new(size_t n)
{
	struct vbds *vbds = mem_alloc(sizeof(*vbds) + n * sizeof(vbds->rows[0]));

	part_init(&vbds->part, vbds_destroy);
	vbds->n = n;
	return vbds;
}

static void channels_destroy(struct part *part)
{
	free(part);
}

struct channels *channels_new(size_t n)
{
	struct channels *channels = mem_alloc(sizeof(*channels) + n * sizeof(channels->rows[0]));

	part_init(&channels->part, channels_destroy);
	channels->n = n;
	return channels;
}
