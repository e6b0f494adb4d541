/*
 * metrics_open.c - libmetrics: all metrics of one moment, one after the other. Thread: any, one at a time for each
 * handle; blocks while opening.
 */
#include "guestlib/libmetrics.h"

#include "base/err.h"
#include "guestlib/document.h"
#include "guestlib/guest_value.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The options of the first version: no program has fewer. */
#define OPTIONS_SIZE_MIN (offsetof(metrics_options, port) + sizeof(const char *))
#define SOURCES_ALL (METRICS_DISK | METRICS_PORT | METRICS_XENSTORE)

struct metrics {
	struct document *document;
	const struct guest_list *list; /* the document's */
	const char *own;               /* uuid of our VM, the document's; NULL: not known */
	size_t next;
	metrics_entry entry;
	metric *value; /* the entry's */
};

/* 0 or an errno. */
static int options_take(const metrics_options *given, metrics_options *out)
{
	*out = (metrics_options){ .sources = SOURCES_ALL };
	if (given == NULL)
		return 0;
	if (given->size < OPTIONS_SIZE_MIN || (given->sources & ~SOURCES_ALL) != 0)
		return EINVAL;
	out->disk = given->disk;
	out->port = given->port;
	if (given->sources != 0)
		out->sources = given->sources;
	return 0;
}

static int errno_of(int code)
{
	switch (code) {
	case 0:
		return 0;
	case -ERR_RANGE:
		return ERANGE;
	case -ERR_IO:
		return ENOMEM;
	default:
		return EPROTO;
	}
}

static int read_list(enum document_source source, const char *path, metrics *all)
{
	int error = document_read(source, path, &all->document);

	if (error != 0)
		return error == ENOTSUP ? ENOMEDIUM : error;
	error = errno_of(document_list(all->document, &all->list));
	if (error != 0) {
		document_unref(all->document);
		all->document = NULL;
	}
	return error;
}

/* At the port and in xenstore a guest sees itself only. */
static void find_own(metrics *all, enum document_source source)
{
	char uuid[DOCUMENT_UUID_SIZE];
	const bool known = source == DOCUMENT_DISK && document_own_uuid(uuid) == 0;

	if (guest_list_vm(all->list, known ? uuid : NULL, &all->own) < 0)
		all->own = NULL;
}

static int read_first(const metrics_options *options, metrics *all)
{
	const char *const paths[DOCUMENT_SOURCES] = { [DOCUMENT_DISK] = options->disk, [DOCUMENT_PORT] = options->port };
	int error = ENOMEDIUM;

	for (unsigned source = 0; source < DOCUMENT_SOURCES; source++) {
		int now;

		if ((options->sources & 1u << source) == 0)
			continue;
		now = read_list((enum document_source)source, paths[source], all);
		if (now == 0) {
			find_own(all, (enum document_source)source);
			return 0;
		}
		if (error == ENOMEDIUM)
			error = now;
	}
	return error;
}

_Static_assert(METRICS_DISK == 1u << DOCUMENT_DISK && METRICS_PORT == 1u << DOCUMENT_PORT &&
		       METRICS_XENSTORE == 1u << DOCUMENT_XENSTORE, "sources are bits");

metrics *metrics_open(const metrics_options *options)
{
	metrics_options taken;
	metrics *all;
	int state, error = options_take(options, &taken);

	all = error == 0 ? calloc(1, sizeof(*all)) : NULL;
	if (all == NULL) {
		errno = error != 0 ? error : ENOMEM;
		return NULL;
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	error = read_first(&taken, all);
	pthread_setcancelstate(state, NULL);
	if (error == 0)
		return all;
	free(all);
	errno = error;
	return NULL;
}

static void fill(metrics *all, const struct guest_row *row)
{
	const bool vm = row->context == METRIC_CONTEXT_VM;
	const int rc = guest_value_parse(row->type, row->text, &all->value);

	all->entry = (metrics_entry){
		.name = row->name, .context = row->context, .type = row->type, .unit = row->unit, .text = row->text,
		.value = all->value, .error = errno_of(rc), .id = vm ? row->id : NULL,
		.uuid = vm && row->uuid[0] != '\0' ? row->uuid : NULL,
		.own = vm && all->own != NULL && strcasecmp(row->uuid, all->own) == 0,
	};
}

/* Types that this version does not know, and values that are too long, are passed over. */
static const struct guest_row *next_row(metrics *all)
{
	while (all->next < all->list->n) {
		const struct guest_row *row = &all->list->rows[all->next++];

		if (row->known_type && !row->over)
			return row;
	}
	return NULL;
}

const metrics_entry *metrics_next(metrics *all)
{
	const struct guest_row *row = next_row(all);

	free(all->value);
	all->value = NULL;
	if (row == NULL)
		return NULL;
	fill(all, row);
	return &all->entry;
}

void metrics_rewind(metrics *all)
{
	all->next = 0;
}

void metrics_close(metrics *all)
{
	const int saved = errno;

	if (all == NULL)
		return;
	free(all->value);
	document_unref(all->document);
	free(all);
	errno = saved;
}
