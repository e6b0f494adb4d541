/*
 * guest_parse.h - the guests' XML document, as edgenoded and vhostmd write it, to the texts of wanted metrics.
 *
 * Pure; thread: any. Cost: one pass over the document, at most GUEST_DOCUMENT_MAX bytes of UTF-8. No entity is
 * declared or substituted, nothing is fetched or printed. A document is taken whole or not at all. Codes: base/err.h.
 */
#ifndef EDGENODE_GUESTLIB_GUEST_PARSE_H
#define EDGENODE_GUESTLIB_GUEST_PARSE_H

#include "guestlib/libmetrics.h"

#include <stdbool.h>
#include <stddef.h>

#define GUEST_DOCUMENT_MAX (16u << 20)
#define GUEST_NAME_MAX 255u
#define GUEST_VALUE_MAX 65536u

struct guest_wanted {
	const char *name;
	bool found;
	metric_type type; /* where found */
	char *text;       /* where found: the value without blanks around it */
};

/* Fills in the wanted metrics that the document has in this context; of several with one name, the first. In the
 * context of a VM these are the metrics with the uuid `own`, or, where that is NULL, those of the only VM. 0 also where
 * some or all are not found. -ERR_ABSENT: context VM, and the document does not tell which VM is ours or has nothing of
 * it; -ERR_PARSE; -ERR_LIMIT: the document, or a wanted value, is too long; -ERR_IO with errno ENOMEM. On error nothing
 * is found. */
int guest_parse(const char *document, size_t length, metric_context context, const char *own,
		struct guest_wanted *wanted, size_t n);

/* Releases the texts. */
void guest_wanted_clear(struct guest_wanted *wanted, size_t n);

#endif
