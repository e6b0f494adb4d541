/*
 * vm-dump-metrics.c - the guest's tool: prints the metrics that its host gives it, as XML.
 *
 * One thread. Reads the metrics disk among the guest's block devices and asks at the virtio port, or either of them.
 */
#include "guestlib/dump.h"
#include "guestlib/mvbd_read.h"
#include "guestlib/port.h"

#include "base/err.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "vm-dump-metrics"

struct options {
	bool disk, virtio;       /* neither: both, in this order */
	const char *path, *port; /* NULL: search, the usual place */
	const char *destination; /* NULL: stdout */
	bool verbose;
};

/* Why nothing came of a source: said at the end, where no other had anything. */
struct failure {
	char text[MVBD_PATH_MAX + 256];
};

static const char USAGE[] =
	"Usage: " PROGRAM " [-b] [-i] [-d FILE] [--path FILE] [--port FILE] [-v]\n"
	"Prints the metrics that this guest's host provides, as XML.\n"
	"\n"
	"  -b, --vbd        read the metrics disk\n"
	"  -i, --virtio     ask at the virtio port; with neither -b nor -i: the disk, then the port\n"
	"  -d, --dest FILE  write to FILE instead of the standard output\n"
	"      --path FILE  the metrics disk, a block device or an image, instead of a search (implies -b)\n"
	"      --port FILE  the virtio port (implies -i), otherwise\n"
	"                   " PORT_PATH "\n"
	"  -v, --verbose    say on the standard error what is tried\n"
	"  -h, --help       print this and end\n"
	"  -V, --version    print the version and end\n";

enum { OPTION_PATH = 256, OPTION_PORT };

static const struct option LONG_OPTIONS[] = {
	{ "vbd", no_argument, NULL, 'b' },
	{ "virtio", no_argument, NULL, 'i' },
	{ "xenstore", no_argument, NULL, 'x' },
	{ "dest", required_argument, NULL, 'd' },
	{ "path", required_argument, NULL, OPTION_PATH },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

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

static void failure_set(struct failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void failure_set(struct failure *failure, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
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
		fprintf(stderr, PROGRAM ": %s: %s\n", path, code == 0 ? "a metrics disk" : disk_reason(code));
}

static int find_disk(const struct options *options, struct mvbd_found *found, struct failure *failure)
{
	struct search search = { .verbose = options->verbose };
	const int rc = mvbd_find("", MVBD_READ_TIMEOUT_MS, note_device, &search, found);

	if (rc < 0 && found->path[0] != '\0')
		failure_set(failure, "%s: %s", found->path, disk_reason(rc));
	else if (rc == -ERR_IO)
		failure_set(failure, "/sys/block: %s", strerror(errno));
	else if (rc < 0 && search.refused > 0)
		failure_set(failure, "no metrics disk: %u of %u block devices could not be opened (%s)",
			    search.refused, search.devices, strerror(search.refused_errno));
	else if (rc < 0)
		failure_set(failure, "no metrics disk among the %u block devices of /sys/block", search.devices);
	return rc;
}

static int read_path(const char *path, struct mvbd_found *found, struct failure *failure)
{
	const int rc = mvbd_read(path, MVBD_READ_TIMEOUT_MS, &found->content, &found->length);

	snprintf(found->path, sizeof(found->path), "%s", path);
	if (rc < 0)
		failure_set(failure, "%s: %s", path, disk_reason(rc));
	return rc;
}

static int read_disk(const struct options *options, char **content, size_t *length, struct failure *failure)
{
	struct mvbd_found found = { 0 };
	const int rc = options->path != NULL ? read_path(options->path, &found, failure) :
					       find_disk(options, &found, failure);

	if (rc < 0)
		return rc;
	*content = found.content;
	*length = found.length;
	if (options->verbose)
		fprintf(stderr, PROGRAM ": %s: %zu bytes\n", found.path, *length);
	return rc;
}

static int read_port(const struct options *options, char **content, size_t *length, struct failure *failure)
{
	const char *path = options->port != NULL ? options->port : PORT_PATH;
	const int rc = port_read(path, PORT_TIMEOUT_MS, content, length);

	if (rc < 0)
		failure_set(failure, "%s: %s", path, port_reason(rc));
	else if (options->verbose)
		fprintf(stderr, PROGRAM ": %s: %zu bytes\n", path, *length);
	return rc;
}

static void failure_tell(const struct failure *failure)
{
	if (failure->text[0] != '\0')
		fprintf(stderr, PROGRAM ": %s\n", failure->text);
}

static int read_metrics(const struct options *options, char **content, size_t *length)
{
	const bool any = !options->disk && !options->virtio;
	struct failure disk = { "" }, port = { "" };
	int rc = -1;

	if (options->disk || any)
		rc = read_disk(options, content, length, &disk);
	if (rc < 0 && (options->virtio || any))
		rc = read_port(options, content, length, &port);
	if (rc < 0 || options->verbose) {
		failure_tell(&disk);
		failure_tell(&port);
	}
	return rc;
}

static int dump(const struct options *options)
{
	const char *destination = options->destination;
	char *content;
	size_t length;
	bool written;

	if (read_metrics(options, &content, &length) < 0)
		return EXIT_FAILURE;
	written = dump_write(destination, content, length);
	if (!written)
		fprintf(stderr, PROGRAM ": %s: %s\n", destination == NULL ? "standard output" : destination,
			strerror(errno));
	free(content);
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* True: go on. */
static bool take_source(int option, struct options *options)
{
	switch (option) {
	case OPTION_PATH:
		options->path = optarg;
		options->disk = true;
		return true;
	case 'b':
		options->disk = true;
		return true;
	case OPTION_PORT:
		options->port = optarg;
		options->virtio = true;
		return true;
	case 'i':
		options->virtio = true;
		return true;
	default:
		return false;
	}
}

/* -1: go on; otherwise the exit status. */
static int take_option(int option, struct options *options)
{
	switch (option) {
	case 'd':
		options->destination = optarg;
		return -1;
	case 'v':
		options->verbose = true;
		return -1;
	case 'x':
		fputs(PROGRAM ": -x: this program is built without xenstore\n", stderr);
		return EXIT_FAILURE;
	case 'h':
		return dump_write(NULL, USAGE, strlen(USAGE)) ? EXIT_SUCCESS : EXIT_FAILURE;
	case 'V':
		return puts(PROGRAM " " PACKAGE_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	default:
		fputs("Try '" PROGRAM " --help'.\n", stderr);
		return EXIT_FAILURE;
	}
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "bixd:vhV", LONG_OPTIONS, NULL)) != -1) {
		const int status = take_source(option, &options) ? -1 : take_option(option, &options);

		if (status >= 0)
			return status;
	}
	if (optind < argc) {
		fprintf(stderr, PROGRAM ": %s: not an option\n", argv[optind]);
		return EXIT_FAILURE;
	}
	return dump(&options);
}
