/*
 * vm-dump-metrics.c - the guest's tool: prints the metrics that its host gives it, as XML.
 *
 * One thread. Reads the metrics disk among the guest's block devices, or the one that --path names.
 */
#include "guestlib/mvbd_read.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "vm-dump-metrics"
#define DESTINATION_MODE 0644

struct options {
	const char *path, *destination; /* NULL: scan, stdout */
	bool verbose;
};

static const char USAGE[] =
	"Usage: " PROGRAM " [-b] [-d FILE] [--path FILE] [-v]\n"
	"Prints the metrics that this guest's host provides, as XML.\n"
	"\n"
	"  -b, --vbd        read the metrics disk (the default)\n"
	"  -d, --dest FILE  write to FILE instead of the standard output\n"
	"      --path FILE  the metrics disk, a block device or an image, instead of a search\n"
	"  -v, --verbose    say on the standard error what is tried\n"
	"  -h, --help       print this and end\n"
	"  -V, --version    print the version and end\n";

enum { OPTION_PATH = 256 };

static const struct option LONG_OPTIONS[] = {
	{ "vbd", no_argument, NULL, 'b' },
	{ "virtio", no_argument, NULL, 'i' },
	{ "xenstore", no_argument, NULL, 'x' },
	{ "dest", required_argument, NULL, 'd' },
	{ "path", required_argument, NULL, OPTION_PATH },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char *reason(int code)
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
	default:
		return "neither a block device nor a plain file";
	}
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
		fprintf(stderr, PROGRAM ": %s: %s\n", path, code == 0 ? "a metrics disk" : reason(code));
}

static int find_disk(const struct options *options, char path[MVBD_PATH_MAX])
{
	struct search search = { .verbose = options->verbose };
	const int rc = mvbd_find("", note_device, &search, path);

	if (rc == -ERR_IO)
		fprintf(stderr, PROGRAM ": /sys/block: %s\n", strerror(errno));
	else if (rc < 0 && search.refused > 0)
		fprintf(stderr, PROGRAM ": no metrics disk: %u of %u block devices could not be opened (%s)\n",
			search.refused, search.devices, strerror(search.refused_errno));
	else if (rc < 0)
		fprintf(stderr, PROGRAM ": no metrics disk among the %u block devices of /sys/block\n", search.devices);
	return rc;
}

static int read_metrics(const struct options *options, char **content, size_t *length)
{
	char found[MVBD_PATH_MAX];
	const char *path = options->path;
	int rc;

	if (path == NULL) {
		rc = find_disk(options, found);
		if (rc < 0)
			return rc;
		path = found;
	}
	rc = mvbd_read(path, MVBD_READ_TIMEOUT_MS, content, length);
	if (rc < 0)
		fprintf(stderr, PROGRAM ": %s: %s\n", path, reason(rc));
	else if (options->verbose)
		fprintf(stderr, PROGRAM ": %s: %zu bytes\n", path, *length);
	return rc;
}

static bool write_stream(FILE *stream, const char *content, size_t length)
{
	return fwrite(content, 1, length, stream) == length && fflush(stream) == 0;
}

/* Takes over fd. */
static bool write_fd(int fd, const char *content, size_t length)
{
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
	bool written;

	if (stream == NULL)
		return false;
	written = write_stream(stream, content, length);
	return fclose(stream) == 0 && written;
}

/* Beside the file and then in its place, so that nobody ever reads half of it. */
static bool replace_file(const char *path, const char *content, size_t length)
{
	char aside[PATH_MAX];
	const int n = snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	int fd, saved;

	if (n < 0 || (size_t)n >= sizeof(aside)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkstemp(aside);
	if (fd < 0)
		return false;
	if (fchmod(fd, DESTINATION_MODE) == 0 && write_fd(fd, content, length) && rename(aside, path) == 0)
		return true;
	saved = errno;
	unlink(aside);
	errno = saved;
	return false;
}

/* "/dev/stdout" and its like: to replace the file behind it would take it from whoever redirected us. */
static bool is_stdout(const struct stat *st)
{
	struct stat out;

	return fstat(STDOUT_FILENO, &out) == 0 && out.st_dev == st->st_dev && out.st_ino == st->st_ino;
}

/* What is no plain file (a terminal, a pipe) is written to; a link's target is replaced, not the link. */
static bool write_file(const char *path, const char *content, size_t length)
{
	char real[PATH_MAX];
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT && replace_file(path, content, length);
	if (is_stdout(&st))
		return write_stream(stdout, content, length);
	if (S_ISREG(st.st_mode))
		return realpath(path, real) != NULL && replace_file(real, content, length);
	return write_fd(open(path, O_WRONLY | O_CLOEXEC), content, length);
}

static int dump(const struct options *options)
{
	const char *destination = options->destination;
	char *content;
	size_t length;
	bool written;

	if (read_metrics(options, &content, &length) < 0)
		return EXIT_FAILURE;
	written = destination == NULL ? write_stream(stdout, content, length) :
					write_file(destination, content, length);
	if (!written)
		fprintf(stderr, PROGRAM ": %s: %s\n", destination == NULL ? "standard output" : destination,
			strerror(errno));
	free(content);
	return written ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int unsupported(int option)
{
	fprintf(stderr, PROGRAM ": -%c: not in this version, which reads metrics disks (-b)\n", option);
	return EXIT_FAILURE;
}

/* -1: go on; otherwise the exit status. */
static int take_option(int option, struct options *options)
{
	switch (option) {
	case 'b':
		return -1;
	case 'd':
		options->destination = optarg;
		return -1;
	case OPTION_PATH:
		options->path = optarg;
		return -1;
	case 'v':
		options->verbose = true;
		return -1;
	case 'i':
	case 'x':
		return unsupported(option);
	case 'h':
		return write_stream(stdout, USAGE, strlen(USAGE)) ? EXIT_SUCCESS : EXIT_FAILURE;
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
		const int status = take_option(option, &options);

		if (status >= 0)
			return status;
	}
	if (optind < argc) {
		fprintf(stderr, PROGRAM ": %s: not an option\n", argv[optind]);
		return EXIT_FAILURE;
	}
	return dump(&options);
}
