/*
 * guest_value.h - the text of a metric to its value, and values to the fields of structures. Pure; thread: any.
 *
 * Numbers are decimal and whole texts, whatever the locale of the program says. Codes: base/err.h.
 */
#ifndef EDGENODE_GUESTLIB_GUEST_VALUE_H
#define EDGENODE_GUESTLIB_GUEST_VALUE_H

#include "guestlib/libmetrics.h"

#include <stdint.h>

/* The caller frees *out, one allocation. -ERR_PARSE, -ERR_RANGE, -ERR_IO with errno ENOMEM. */
int guest_value_parse(metric_type type, const char *text, metric **out);

/* From any numeric type; fractions are cut off. -ERR_PARSE (a string), -ERR_RANGE. */
int guest_value_u64(const metric *from, uint64_t *out);
int guest_value_u32(const metric *from, uint32_t *out);
int guest_value_double(const metric *from, double *out);

#endif
