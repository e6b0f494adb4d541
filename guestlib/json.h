/*
 * json.h - the guests' metrics as JSON, in the document's order. Pure; thread: any.
 *
 * {"metrics": [{"name": "TotalCPUTime", "context": "vm", "id": 3, "uuid": "...", "type": "real64", "unit": "s",
 * "value": 12.5}, ...]}; what the document does not say is left out. Numbers are written as they stand there, digit for
 * digit, where JSON knows that form; a value that is not of its type is a string.
 */
#ifndef EDGENODE_GUESTLIB_JSON_H
#define EDGENODE_GUESTLIB_JSON_H

#include "base/buf.h"
#include "guestlib/guest_parse.h"

/* With a newline behind it, and without any other where one_line. */
void json_metrics(struct buf *out, const struct guest_list *list, bool one_line);

/* Text of UTF-8 in quotes. */
void json_string(struct buf *out, const char *text);

#endif
