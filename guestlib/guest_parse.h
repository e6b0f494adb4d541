/*
 * guest_parse.h - the guests' XML document, as edgenoded and vhostmd write it, to a list of its metrics.
 *
 * Pure; thread: any; a list never changes. Cost: one pass over the document, at most GUEST_DOCUMENT_MAX bytes of UTF-8.
 * No entity is declared, nothing is fetched or printed. A document is taken whole or not at all. Codes: base/err.h.
 */
#ifndef EDGENODE_GUESTLIB_GUEST_PARSE_H
#define EDGENODE_GUESTLIB_GUEST_PARSE_H

#include "guestlib/libmetrics.h"

#include <stdbool.h>
#include <stddef.h>

#define GUEST_DOCUMENT_MAX (16u << 20)
#define GUEST_METRICS_MAX (1u << 18)
#define GUEST_NAME_MAX 255u
#define GUEST_VALUE_MAX 65536u

/* Texts are without blanks around them. */
struct guest_row {
	metric_context context;
	bool known_type;       /* false: of a type that this version does not know, or of none */
	bool over;             /* the value was longer than GUEST_VALUE_MAX; text is its start */
	metric_type type;      /* where known */
	const char *name, *text;
	const char *unit, *id; /* NULL: the document does not say */
	const char *uuid;      /* "" where the document does not say */
};

/* In the document's order. Metrics of neither context, and those with too long a name, are passed over. */
struct guest_list {
	size_t n;
	struct guest_row *rows;
	char *text; /* what they point to */
};

/* -ERR_PARSE; -ERR_LIMIT: too long or too many; -ERR_IO with errno ENOMEM. */
int guest_parse(const char *document, size_t length, struct guest_list **out);
void guest_list_free(struct guest_list *list); /* NULL is legal */

/* Which VM of the document is ours: the one with the uuid `own`, or, where that is NULL, the only one. *uuid is the
 * list's. -ERR_ABSENT: the document does not tell, or has nothing of it. Cost: the whole list. */
int guest_list_vm(const struct guest_list *list, const char *own, const char **uuid);

/* The metric of that name, of the host or of our VM (`own` as above); of several the first; *out is NULL where there is
 * none. -ERR_ABSENT: context VM, as above; -ERR_PARSE: its type is not known; -ERR_LIMIT: its value is too long. */
int guest_list_find(const struct guest_list *list, metric_context context, const char *own, const char *name,
		    const struct guest_row **out);

/* "uint64". Static storage. */
const char *guest_type_name(metric_type type);

#endif
