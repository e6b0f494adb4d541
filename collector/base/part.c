/* part.c - reference counts of immutable parts. Thread: any. */
#include "base/part.h"

#include <stddef.h>

void part_init(struct part *part, void (*destroy)(struct part *part))
{
	atomic_init(&part->refs, 1);
	part->destroy = destroy;
}

/* A reference changes no data of the part, so callers may hold it const; the cast is confined to here. */
static struct part *writable(const void *part)
{
	return (struct part *)(uintptr_t)part;
}

void *part_ref(const void *part)
{
	struct part *p = writable(part);

	if (p != NULL)
		atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void part_unref(const void *part)
{
	struct part *p = writable(part);

	if (p != NULL && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1)
		p->destroy(p);
}
