/*
 * vm-dump-metrics.c - the guest's tool: prints the metrics that its host gives it, as XML, as JSON or one of them.
 *
 * One thread. Reads the metrics disk among the guest's block devices, asks at the virtio port and in xenstore.
 */
#include "guestlib/dump.h"
#include "guestlib/guest_parse.h"
#include "guestlib/json.h"
#include "guestlib/mvbd_format.h"
#include "guestlib/port.h"
#include "guestlib/tool_read.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "guestlib/document.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OUTPUT_MAX MVBD_SIZE_MAX
#define WATCH_SECONDS_MAX 86400u

struct options {
	struct tool_sources sources;
	const char *destination; /* NULL: stdout */
	bool json;
	const char *metric;      /* NULL: all */
	bool any_context;        /* the host's, or else this machine's */
	metric_context context;
	uint32_t watch_s;        /* 0: once */
};

static const char USAGE[] =
	"Usage: " TOOL_NAME " [-bix] [-d FILE] [--json | --metric NAME] [--watch[=SECONDS]] [-v]\n"
	"Prints the metrics that this guest's host provides, as XML.\n"
	"\n"
	"  -b, --vbd        read the metrics disk\n"
	"  -i, --virtio     ask at the virtio port\n"
	"  -x, --xenstore   read them from xenstore; with none of the three: disk, then port, then xenstore\n"
	"  -d, --dest FILE  write to FILE instead of the standard output\n"
	"      --path FILE  the metrics disk, a block device or an image, instead of a search (implies -b)\n"
	"      --port FILE  the virtio port (implies -i), otherwise\n"
	"                   " PORT_PATH "\n"
	"      --json       as JSON\n"
	"      --metric NAME  the value of that metric, of the host or else of this machine\n"
	"      --context host|vm  of that one only\n"
	"      --watch[=SECONDS]  look again every so many seconds (1), and print what has changed, until a signal\n"
	"  -v, --verbose    say on the standard error what is tried\n"
	"  -h, --help       print this and end\n"
	"  -V, --version    print the version and end\n";

enum { OPTION_PATH = 256, OPTION_PORT, OPTION_JSON, OPTION_METRIC, OPTION_CONTEXT, OPTION_WATCH };

static const struct option LONG_OPTIONS[] = {
	{ "vbd", no_argument, NULL, 'b' },
	{ "virtio", no_argument, NULL, 'i' },
	{ "xenstore", no_argument, NULL, 'x' },
	{ "dest", required_argument, NULL, 'd' },
	{ "path", required_argument, NULL, OPTION_PATH },
	{ "port", required_argument, NULL, OPTION_PORT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "metric", required_argument, NULL, OPTION_METRIC },
	{ "context", required_argument, NULL, OPTION_CONTEXT },
	{ "watch", optional_argument, NULL, OPTION_WATCH },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* --- what is printed ---------------------------------------------------------------------------------------------- */

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, TOOL_NAME ": %s: %s\n", what, why);
	return false;
}

/* Of this machine, as libmetrics finds it. */
static int find_own(const struct guest_list *list, enum tool_source source, const char *name,
		    const struct guest_row **row)
{
	char uuid[DOCUMENT_UUID_SIZE];
	const char *own = source == TOOL_DISK && document_own_uuid(uuid) == 0 ? uuid : NULL;

	return guest_list_find(list, METRIC_CONTEXT_VM, own, name, row);
}

static int find_metric(const struct options *options, const struct guest_list *list, enum tool_source source,
		       const struct guest_row **row)
{
	int rc = 0;

	*row = NULL;
	if (options->any_context || options->context == METRIC_CONTEXT_HOST)
		rc = guest_list_find(list, METRIC_CONTEXT_HOST, NULL, options->metric, row);
	if (rc == 0 && *row == NULL && (options->any_context || options->context == METRIC_CONTEXT_VM))
		rc = find_own(list, source, options->metric, row);
	return rc == 0 && *row == NULL ? -ERR_ABSENT : rc;
}

static int put_metric(const struct options *options, const struct guest_list *list, enum tool_source source,
		      struct buf *out)
{
	const struct guest_row *row;
	const int rc = find_metric(options, list, source, &row);

	if (rc < 0)
		return rc;
	buf_text(out, row->text);
	buf_text(out, "\n");
	return 0;
}

static int put_list(const struct options *options, const struct guest_list *list, enum tool_source source,
		    struct buf *out)
{
	if (options->metric != NULL)
		return put_metric(options, list, source, out);
	json_metrics(out, list, options->watch_s > 0);
	return 0;
}

/* The reason instead of those of the sources before. */
static bool fail(struct tool_failure *failure, const char *what, const char *why)
{
	*failure = (struct tool_failure){ 0 };
	snprintf(failure->text[0], sizeof(failure->text[0]), "%s: %s", what, why);
	return false;
}

static bool compose_parsed(const struct options *options, const struct tool_document *document, struct buf *out,
			   struct tool_failure *failure)
{
	struct guest_list *list;
	int rc = guest_parse(document->content, document->length, &list);

	if (rc < 0)
		return fail(failure, "the host's document", err_text(rc));
	rc = put_list(options, list, document->source, out);
	guest_list_free(list);
	if (rc < 0)
		return fail(failure, options->metric, rc == -ERR_ABSENT ? "no such metric" : err_text(rc));
	return true;
}

static bool compose(const struct options *options, const struct tool_document *document, struct buf *out,
		    struct tool_failure *failure)
{
	if (options->json || options->metric != NULL)
		return compose_parsed(options, document, out, failure);
	buf_append(out, document->content, document->length);
	return true;
}

static bool write_out(const struct options *options, const struct buf *out)
{
	const char *destination = options->destination;

	if (!out->over && dump_write(destination, out->data, out->length))
		return true;
	return complain(destination == NULL ? "standard output" : destination,
			out->over ? err_text(-ERR_LIMIT) : strerror(errno));
}

static bool read_and_compose(const struct options *options, struct buf *out, struct tool_failure *failure)
{
	struct tool_document document;
	bool composed;

	if (!tool_read(&options->sources, &document, failure))
		return false;
	composed = compose(options, &document, out, failure);
	free(document.content);
	return composed;
}

static int print_once(const struct options *options)
{
	struct tool_failure failure;
	struct buf out;
	bool done;

	buf_init(&out, OUTPUT_MAX);
	done = read_and_compose(options, &out, &failure);
	if (!done || options->sources.verbose)
		tool_tell(&failure);
	done = done && write_out(options, &out);
	buf_free(&out);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- again and again ---------------------------------------------------------------------------------------------- */

/* A signal ends the program at once, but not in the middle of what it writes. */
static bool write_whole(const struct options *options, const struct buf *out)
{
	sigset_t ends, before;
	bool written;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, &before);
	written = write_out(options, out);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return written;
}

static bool differs(const struct buf *a, const struct buf *b)
{
	return a->length != b->length || (a->length > 0 && memcmp(a->data, b->data, a->length) != 0);
}

/* One look; what fails is said when it begins to, and the next look may succeed. False: nobody reads any more. */
static bool look(const struct options *options, struct buf *shown, struct tool_failure *told)
{
	struct tool_failure failure = { 0 };
	struct buf out;
	bool written = true;

	buf_init(&out, OUTPUT_MAX);
	if (!read_and_compose(options, &out, &failure)) {
		if (memcmp(&failure, told, sizeof(failure)) != 0)
			tool_tell(&failure);
	} else if (differs(&out, shown)) {
		written = write_whole(options, &out);
		buf_reset(shown);
		buf_append(shown, out.data, out.length);
	}
	*told = failure;
	buf_free(&out);
	return written;
}

static int print_changes(const struct options *options)
{
	const struct timespec pause = { .tv_sec = options->watch_s };
	struct tool_failure told = { 0 };
	struct buf shown;

	buf_init(&shown, OUTPUT_MAX);
	while (look(options, &shown, &told))
		nanosleep(&pause, NULL);
	buf_free(&shown);
	return EXIT_FAILURE;
}

/* --- options ------------------------------------------------------------------------------------------------------ */

/* True: go on. */
static bool take_source(int option, struct tool_sources *sources)
{
	switch (option) {
	case OPTION_PATH:
		sources->disk_path = optarg;
		sources->disk = true;
		return true;
	case 'b':
		sources->disk = true;
		return true;
	case OPTION_PORT:
		sources->port_path = optarg;
		sources->port = true;
		return true;
	case 'i':
		sources->port = true;
		return true;
	case 'x':
		sources->xenstore = true;
		return true;
	default:
		return false;
	}
}

static bool take_context(struct options *options)
{
	options->any_context = false;
	options->context = strcmp(optarg, "vm") == 0 ? METRIC_CONTEXT_VM : METRIC_CONTEXT_HOST;
	return options->context == METRIC_CONTEXT_VM || strcmp(optarg, "host") == 0;
}

static bool take_watch(struct options *options)
{
	options->watch_s = 1;
	return optarg == NULL || (text_u32(optarg, &options->watch_s) == 0 && options->watch_s > 0 &&
				  options->watch_s <= WATCH_SECONDS_MAX);
}

static int refuse(const char *option)
{
	fprintf(stderr, TOOL_NAME ": --%s: \"%s\" is not possible\n", option, optarg);
	return EXIT_FAILURE;
}

/* -1: go on; otherwise the exit status. */
static int take_form(int option, struct options *options)
{
	switch (option) {
	case OPTION_JSON:
		options->json = true;
		return -1;
	case OPTION_METRIC:
		options->metric = optarg;
		return -1;
	case OPTION_CONTEXT:
		return take_context(options) ? -1 : refuse("context");
	case OPTION_WATCH:
		return take_watch(options) ? -1 : refuse("watch");
	case 'd':
		options->destination = optarg;
		return -1;
	case 'v':
		options->sources.verbose = true;
		return -1;
	case 'h':
		return dump_write(NULL, USAGE, strlen(USAGE)) ? EXIT_SUCCESS : EXIT_FAILURE;
	case 'V':
		return puts(TOOL_NAME " " PACKAGE_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	default:
		fputs("Try '" TOOL_NAME " --help'.\n", stderr);
		return EXIT_FAILURE;
	}
}

int main(int argc, char **argv)
{
	struct options options = { .any_context = true };
	int option;

	while ((option = getopt_long(argc, argv, "bixd:vhV", LONG_OPTIONS, NULL)) != -1) {
		const int status = take_source(option, &options.sources) ? -1 : take_form(option, &options);

		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return complain(argv[optind], "not an option") ? EXIT_SUCCESS : EXIT_FAILURE;
	if (options.json && options.metric != NULL)
		return complain("--json, --metric", "only one of them") ? EXIT_SUCCESS : EXIT_FAILURE;
	return options.watch_s > 0 ? print_changes(&options) : print_once(&options);
}
