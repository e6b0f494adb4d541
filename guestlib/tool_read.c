/*
 * tool_read.c - vm-dump-metrics: asks disk, port and xenstore. One thread; blocks on them.
 */
#include "guestlib/tool_read.h"

#include "base/err.h"
#include "guestlib/mvbd_read.h"
#include "guestlib/port.h"
#include "guestlib/xenstore_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *disk_reason(int code)
{
	switch (code) {
	case -ERR_IO:
		return strerror(errno);
	case -ERR_PARSE:
		return "not a metrics disk";
	case -ERR_BUSY:
		return "busy or changing all the time";
	case -ERR_RANGE:
		return "says that its content is longer than the disk";
	case -ERR_CHECKSUM:
		return "content and checksum differ";
	case -ERR_ABSENT:
		return "no content yet";
	case -ERR_LIMIT:
		return "not of a metrics disk's size";
	default:
		return "neither a block device nor a plain file";
	}
}

static const char *port_reason(int code)
{
	switch (code) {
	case -ERR_IO:
		return strerror(errno);
	case -ERR_PARSE:
		return "the host's reply is not a metrics document";
	case -ERR_BUSY:
		return "in use by another program";
	case -ERR_LIMIT:
		return "the host's reply has no end";
	case -ERR_STATE:
		return "the host is not connected to it";
	case -ERR_TIMEOUT:
		return "no whole reply in time";
	default:
		return "no such port";
	}
}

static const char *xenstore_reason(int code)
{
	switch (code) {
	case -ERR_IO:
		return strerror(errno);
	case -ERR_TIMEOUT:
		return "no answer in time";
	case -ERR_UNSUPPORTED:
		return "this program is built without it";
	default:
		return "not there, or without metrics";
	}
}

/* One line of why. */
static int __attribute__((format(printf, 3, 4))) fail(char why[TOOL_TEXT_SIZE], int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, TOOL_TEXT_SIZE, format, args);
	va_end(args);
	return code;
}

/* What a search has looked at. */
struct search {
	bool verbose;
	unsigned devices, refused;
	int refused_errno;
};

static void note_device(void *arg, const char *path, int code)
{
	struct search *search = arg;

	search->devices++;
	if (code == -ERR_IO && (errno == EACCES || errno == EPERM)) {
		search->refused++;
		search->refused_errno = errno;
	}
	if (search->verbose)
		fprintf(stderr, TOOL_NAME ": %s: %s\n", path, code == 0 ? "a metrics disk" : disk_reason(code));
}

static int find_disk(bool verbose, struct mvbd_found *found, char why[TOOL_TEXT_SIZE])
{
	struct search search = { .verbose = verbose };
	const int rc = mvbd_find("", MVBD_READ_TIMEOUT_MS, note_device, &search, found);

	if (rc < 0 && found->path[0] != '\0')
		return fail(why, rc, "%s: %s", found->path, disk_reason(rc));
	if (rc == -ERR_IO)
		return fail(why, rc, "/sys/block: %s", strerror(errno));
	if (rc < 0 && search.refused > 0)
		return fail(why, rc, "no metrics disk: %u of %u block devices could not be opened (%s)", search.refused,
			    search.devices, strerror(search.refused_errno));
	if (rc < 0)
		return fail(why, rc, "no metrics disk among the %u block devices of /sys/block", search.devices);
	return 0;
}

static void tell_size(const struct tool_sources *sources, const char *where, size_t length)
{
	if (sources->verbose)
		fprintf(stderr, TOOL_NAME ": %s: %zu bytes\n", where, length);
}

static int read_disk(const struct tool_sources *sources, struct tool_document *out, char why[TOOL_TEXT_SIZE])
{
	struct mvbd_found found = { 0 };
	int rc;

	if (sources->disk_path == NULL) {
		rc = find_disk(sources->verbose, &found, why);
	} else {
		snprintf(found.path, sizeof(found.path), "%s", sources->disk_path);
		rc = mvbd_read(sources->disk_path, MVBD_READ_TIMEOUT_MS, &found.content, &found.length);
		if (rc < 0)
			return fail(why, rc, "%s: %s", sources->disk_path, disk_reason(rc));
	}
	if (rc < 0)
		return rc;
	out->content = found.content;
	out->length = found.length;
	tell_size(sources, found.path, out->length);
	return 0;
}

static int read_port(const struct tool_sources *sources, struct tool_document *out, char why[TOOL_TEXT_SIZE])
{
	const char *path = sources->port_path != NULL ? sources->port_path : PORT_PATH;
	const int rc = port_read(path, PORT_TIMEOUT_MS, &out->content, &out->length);

	if (rc < 0)
		return fail(why, rc, "%s: %s", path, port_reason(rc));
	tell_size(sources, path, out->length);
	return 0;
}

/* Built without xenstore, that is said only where it was asked for. */
static int read_xenstore(const struct tool_sources *sources, struct tool_document *out, char why[TOOL_TEXT_SIZE])
{
	const int rc = xenstore_read(XENSTORE_TIMEOUT_MS, &out->content, &out->length);

	if (rc < 0 && (rc != -ERR_UNSUPPORTED || sources->xenstore))
		return fail(why, rc, "xenstore: %s", xenstore_reason(rc));
	if (rc == 0)
		tell_size(sources, "xenstore", out->length);
	return rc;
}

typedef int reader(const struct tool_sources *sources, struct tool_document *out, char why[TOOL_TEXT_SIZE]);

bool tool_read(const struct tool_sources *sources, struct tool_document *out, struct tool_failure *failure)
{
	static reader *const READERS[TOOL_SOURCES] = {
		[TOOL_DISK] = read_disk, [TOOL_PORT] = read_port, [TOOL_XENSTORE] = read_xenstore,
	};
	const bool asked[TOOL_SOURCES] = { sources->disk, sources->port, sources->xenstore };
	const bool any = !sources->disk && !sources->port && !sources->xenstore;

	*failure = (struct tool_failure){ 0 };
	for (unsigned i = 0; i < TOOL_SOURCES; i++) {
		out->source = (enum tool_source)i;
		if ((any || asked[i]) && READERS[i](sources, out, failure->text[i]) == 0)
			return true;
	}
	return false;
}

void tool_tell(const struct tool_failure *failure)
{
	for (unsigned i = 0; i < TOOL_SOURCES; i++)
		if (failure->text[i][0] != '\0')
			fprintf(stderr, TOOL_NAME ": %s\n", failure->text[i]);
}
