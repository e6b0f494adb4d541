/*
 * document.c - reads the disk, asks the port and xenstore. Thread: any.
 */
#include "guestlib/document.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "guestlib/mvbd_read.h"
#include "guestlib/port.h"
#include "guestlib/xenstore_read.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *root;
	unsigned disk_ms, port_ms;
} places = { "", MVBD_READ_TIMEOUT_MS, PORT_TIMEOUT_MS };

/* What each source said last, and the lock of that and of all parsing. */
static struct {
	pthread_mutex_t lock;
	struct document *last[DOCUMENT_SOURCES];
	unsigned parses;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* When the port was asked last, and how that went. */
static struct {
	pthread_mutex_t lock;
	bool asked;
	int64_t done_ns;
	int error; /* an errno, or 0 and: */
	struct document *document;
} port = { .lock = PTHREAD_MUTEX_INITIALIZER };
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* Other threads may have been at work at the fork: their locks would never be released, what they keep be half of it.
 * The child's copy of it is given up, for whether it may be freed is not known. */
static void forget_in_child(void)
{
	pthread_mutex_init(&kept.lock, NULL);
	memset(kept.last, 0, sizeof(kept.last));
	pthread_mutex_init(&port.lock, NULL);
	port.asked = false;
	port.document = NULL;
	xenstore_forget();
}

static void follow_forks(void)
{
	pthread_atfork(NULL, NULL, forget_in_child);
}

static int errno_of(int code)
{
	switch (code) {
	case 0:
		return 0;
	case -ERR_IO:
		return errno;
	case -ERR_ABSENT:
	case -ERR_STATE:
		return ENOMEDIUM;
	case -ERR_BUSY:
		return EBUSY;
	case -ERR_TIMEOUT:
		return ETIMEDOUT;
	case -ERR_UNSUPPORTED:
		return ENOTSUP;
	default:
		return EPROTO;
	}
}

/* --- documents ---------------------------------------------------------------------------------------------------- */

/* Takes over the content, also on failure. */
static struct document *document_new(char *content, size_t length)
{
	struct document *document = calloc(1, sizeof(*document));

	if (document == NULL) {
		free(content);
		return NULL;
	}
	document->refs = 1;
	document->content = content;
	document->length = length;
	return document;
}

void document_unref(struct document *document)
{
	if (document == NULL || --document->refs > 0)
		return;
	guest_list_free(document->list);
	free(document->content);
	free(document);
}

static struct document *document_ref(struct document *document)
{
	document->refs++;
	return document;
}

static bool says(const struct document *document, const char *content, size_t length)
{
	return document != NULL && document->length == length && memcmp(document->content, content, length) == 0;
}

/* With the lock: the document of that content, the one before where it is the same. Takes over the content. */
static struct document *remember(enum document_source source, char *content, size_t length)
{
	struct document **last = &kept.last[source];

	if (says(*last, content, length)) {
		free(content);
	} else {
		document_unref(*last);
		*last = document_new(content, length);
	}
	return *last != NULL ? document_ref(*last) : NULL;
}

static int make(enum document_source source, char *content, size_t length, struct document **out)
{
	pthread_mutex_lock(&kept.lock);
	*out = remember(source, content, length);
	pthread_mutex_unlock(&kept.lock);
	return *out != NULL ? 0 : ENOMEM;
}

int document_list(struct document *document, const struct guest_list **out)
{
	int rc;

	pthread_mutex_lock(&kept.lock);
	if (!document->parsed) {
		document->rc = guest_parse(document->content, document->length, &document->list);
		document->parsed = document->rc != -ERR_IO; /* memory may be there again */
		kept.parses++;
	}
	rc = document->rc;
	*out = document->list;
	pthread_mutex_unlock(&kept.lock);
	return rc;
}

unsigned document_parses(void)
{
	unsigned parses;

	pthread_mutex_lock(&kept.lock);
	parses = kept.parses;
	pthread_mutex_unlock(&kept.lock);
	return parses;
}

/* --- sources ------------------------------------------------------------------------------------------------------ */

/* Is told of each device: without the right to look we cannot say that there is no disk. */
static void note_refusal(void *arg, const char *path, int code)
{
	(void)path;
	if (code == -ERR_IO && (errno == EACCES || errno == EPERM))
		*(bool *)arg = true;
}

static int read_disk(char **content, size_t *length)
{
	struct mvbd_found found;
	bool refused = false;
	const int rc = mvbd_find(places.root, places.disk_ms, note_refusal, &refused, &found);

	if (rc == 0) {
		*content = found.content;
		*length = found.length;
	}
	if (rc == 0 || found.path[0] != '\0')
		return errno_of(rc);
	return refused ? EACCES : ENOMEDIUM;
}

static int read_port(char **content, size_t *length)
{
	char path[MVBD_PATH_MAX];
	const int n = snprintf(path, sizeof(path), "%s%s", places.root, PORT_PATH);

	if (n < 0 || (size_t)n >= sizeof(path))
		return ENAMETOOLONG;
	return errno_of(port_read(path, places.port_ms, content, length));
}

/* Still good for a call that began at start_ns: an answer of the last DOCUMENT_AGE_MS, or a failure since then. */
static bool is_fresh(int64_t start_ns)
{
	return port.asked && port.done_ns >= start_ns - (port.error == 0 ? DOCUMENT_AGE_MS * NS_PER_MS : 0);
}

/* With the port's lock. */
static void ask_port(void)
{
	char *content;
	size_t length;

	document_unref(port.document);
	port.document = NULL;
	port.error = read_port(&content, &length);
	if (port.error == 0)
		port.error = make(DOCUMENT_PORT, content, length, &port.document);
	port.done_ns = clock_mono_ns();
	port.asked = true;
}

static int share_port(struct document **out)
{
	const int64_t start_ns = clock_mono_ns();
	int error;

	pthread_mutex_lock(&port.lock);
	if (!is_fresh(start_ns))
		ask_port();
	error = port.error;
	if (error == 0)
		*out = document_ref(port.document);
	pthread_mutex_unlock(&port.lock);
	return error;
}

static int read_at(enum document_source source, const char *path, struct document **out)
{
	char *content;
	size_t length;
	const int rc = source == DOCUMENT_DISK ? mvbd_read(path, places.disk_ms, &content, &length) :
						 port_read(path, places.port_ms, &content, &length);

	if (rc < 0)
		return errno_of(rc);
	*out = document_new(content, length);
	return *out != NULL ? 0 : ENOMEM;
}

int document_read(enum document_source source, const char *path, struct document **out)
{
	char *content;
	size_t length;
	int error;

	pthread_once(&fork_once, follow_forks);
	if (path != NULL)
		return read_at(source, path, out);
	if (source == DOCUMENT_PORT)
		return share_port(out);
	error = source == DOCUMENT_DISK ? read_disk(&content, &length) :
					  errno_of(xenstore_read(XENSTORE_TIMEOUT_MS, &content, &length));
	return error == 0 ? make(source, content, length, out) : error;
}

/* --- who we are --------------------------------------------------------------------------------------------------- */

static int read_uuid(const char *name, char uuid[DOCUMENT_UUID_SIZE])
{
	static const uint8_t NONE[16];
	char path[MVBD_PATH_MAX];
	uint8_t octets[16];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", places.root, name);
	file = fopen(path, "re");
	if (file == NULL)
		return errno;
	if (fgets(uuid, DOCUMENT_UUID_SIZE, file) == NULL)
		uuid[0] = '\0';
	fclose(file);
	uuid[strcspn(uuid, "\r\n")] = '\0';
	return text_uuid_parse(uuid, octets) == 0 && memcmp(octets, NONE, sizeof(NONE)) != 0 ? 0 : ENOENT;
}

int document_own_uuid(char uuid[DOCUMENT_UUID_SIZE])
{
	/* The second is Xen's, and readable by everybody. */
	const int error = read_uuid("/sys/class/dmi/id/product_uuid", uuid);

	return error == 0 || read_uuid("/sys/hypervisor/uuid", uuid) == 0 ? 0 : error;
}

void document_places(const char *root, unsigned disk_ms, unsigned port_ms)
{
	pthread_mutex_lock(&port.lock);
	places.root = root;
	places.disk_ms = disk_ms;
	places.port_ms = port_ms;
	port.asked = false;
	pthread_mutex_unlock(&port.lock);
}
