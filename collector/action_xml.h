/*
 * action_xml.h - what an action of type "xml" printed: <metric> elements one after the other, each valid against
 * metric.dtd. Knows libxml2.
 *
 * Thread: any, after config_init. Input is bounded by the runner (RUNNER_OUTPUT_MAX); nothing is fetched, there are no
 * entities but XML's own.
 */
#ifndef EDGENODE_ACTION_XML_H
#define EDGENODE_ACTION_XML_H

#include <stdbool.h>
#include <stddef.h>

#define ACTION_XML_MAX 1024u /* elements */

/* Strings are borrowed until the function that gets them returns. NULL: not given. */
struct action_xml_metric {
	const char *type, *context, *uuid, *unit, *name, *value;
};

/* Calls found for each element in their order until it returns false. 0, also then; -ERR_PARSE or -ERR_LIMIT with a
 * sentence in why, and then found may have been called for the elements before. */
int action_xml_parse(const char *text, size_t length, bool (*found)(void *arg, const struct action_xml_metric *metric),
		     void *arg, char *why, size_t size);

#endif
