/*
 * action_value.h - what an action printed, as values of the types that the configuration names. Thread: any, after
 * config_init; pure.
 */
#ifndef EDGENODE_ACTION_VALUE_H
#define EDGENODE_ACTION_VALUE_H

#include "config.h"
#include "model/metric.h"

#define ACTION_VALUE_WHY_SIZE 160

/* The rows of a metric: name, type, unit, value, numbers, uuid; the rest is the caller's. uuid is that of the metric's
 * domain, NULL of one of the host. Values lose the blanks and newlines at their ends; they are UTF-8.
 *   int32 .. uint64  decimal digits, a sign before them
 *   real32, real64   decimal, also with an exponent; no infinity
 *   group            one value for each <variable>, separated by commas
 *   xml              <metric> elements by metric.dtd: of the metric's own context; one of the host may tell of domains,
 *                    which it then names by uuid
 * -ERR_PARSE, -ERR_RANGE or -ERR_LIMIT with a sentence in why: then there is none of them. */
int action_value_parse(const struct config_metric *metric, const uint8_t *uuid, const char *output, size_t length,
		       struct metrics **out, char why[ACTION_VALUE_WHY_SIZE]);

/* The rows without values, as far as their names are known without an action: all but those of type "xml". */
struct metrics *action_value_names(const struct config_metric *metric, const uint8_t *uuid);

#endif
