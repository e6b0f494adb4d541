/*
 * tool_read.h - vm-dump-metrics: the document of the first source that has one, and why the others have none.
 *
 * One thread; blocks on the sources. Says on the standard error what nobody else would.
 */
#ifndef EDGENODE_GUESTLIB_TOOL_READ_H
#define EDGENODE_GUESTLIB_TOOL_READ_H

#include <stdbool.h>
#include <stddef.h>

#define TOOL_NAME "vm-dump-metrics"

struct tool_sources {
	bool disk, port, xenstore;    /* none: all, in this order */
	const char *disk_path, *port_path; /* NULL: search, the usual place */
	bool verbose;
};

enum tool_source { TOOL_DISK, TOOL_PORT, TOOL_XENSTORE, TOOL_SOURCES };

struct tool_document {
	enum tool_source source;
	char *content; /* with a NUL behind it; the caller frees it */
	size_t length;
};

#define TOOL_TEXT_SIZE 768

/* Why nothing came of each source; "" where there is nothing to say. */
struct tool_failure {
	char text[TOOL_SOURCES][TOOL_TEXT_SIZE];
};

bool tool_read(const struct tool_sources *sources, struct tool_document *out, struct tool_failure *failure);

/* On the standard error, with the program's name. */
void tool_tell(const struct tool_failure *failure);

#endif
