/*
 * watch_values.h - the catalogue as what rules may watch (model/watch_values.h): every numeric column of every table
 * but those of events, thresholds and alarms, which follow from the rules.
 *
 * Thread: any; const data and a snapshot.
 */
#ifndef EDGENODE_SUBAGENT_WATCH_VALUES_H
#define EDGENODE_SUBAGENT_WATCH_VALUES_H

#include "model/watch_values.h"
#include "subagent/table.h"

extern const struct watch_values TABLE_WATCH_VALUES;

/* Whether rules may watch an object of this name. */
bool watch_values_has(const char *object);

/* What names a row of a table; see table_subject.c. */
#define SUBJECT_ROOM 2048u
enum naming_kind {
	NAMED_NOT,     /* its objects are not watched */
	NAMED_NODE,    /* scalars: "node" */
	NAMED_COLUMNS, /* by strings of its own, joined by '/'; empty ones are left out */
	NAMED_NUMBER,  /* by a word and its index, less `less` */
	NAMED_WORD,    /* by a word for each index */
	NAMED_DOMAIN   /* its index is a domain's */
};
struct naming {
	const char *table;
	enum naming_kind kind;
	const char *outer;	/* the table whose row is the outer one and whose name comes first; NULL: none */
	const char *columns[2]; /* NULL: none */
	const char *const
		*words; /* NAMED_NUMBER: the first is put before; NAMED_WORD: from index 1 on, NULL at the end */
	uint32_t less;
};
const struct naming *table_naming(const struct table *table); /* NULL: the table is not in the list */

/* The name of the row in context->row, cut at the room. */
void table_subject(const struct table *table, const struct cell_context *context, char out[SUBJECT_ROOM]);

#endif
