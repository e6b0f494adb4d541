/*
 * document.c - reads the disk, asks the port. Thread: any.
 */
#include "guestlib/document.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "guestlib/mvbd_read.h"
#include "guestlib/port.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UUID_FILE "/sys/class/dmi/id/product_uuid"

static struct {
	const char *root;
	unsigned disk_ms, port_ms;
} places = { "", MVBD_READ_TIMEOUT_MS, PORT_TIMEOUT_MS };

/* What the port said last. */
static struct {
	pthread_mutex_t lock;
	bool asked;
	int64_t done_ns;
	int error; /* an errno, or 0 and: */
	char *content;
	size_t length;
} port = { .lock = PTHREAD_MUTEX_INITIALIZER };
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* Another thread may have been asking at the fork: the lock would never be released, what the port said be half of it.
 * The child's copy of it is given up, for whether it may be freed is not known. */
static void forget_in_child(void)
{
	pthread_mutex_init(&port.lock, NULL);
	port.asked = false;
	port.content = NULL;
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
	default:
		return EPROTO;
	}
}

/* Is told of each device: without the right to look we cannot say that there is no disk. */
static void note_refusal(void *arg, const char *path, int code)
{
	(void)path;
	if (code == -ERR_IO && (errno == EACCES || errno == EPERM))
		*(bool *)arg = true;
}

int document_read_disk(char **content, size_t *length)
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

static int copy(const char *content, size_t length, char **out)
{
	char *text = malloc(length + 1);

	if (text == NULL)
		return errno;
	memcpy(text, content, length);
	text[length] = '\0';
	*out = text;
	return 0;
}

/* Still good for a call that began at start_ns: an answer of the last DOCUMENT_AGE_MS, or a failure since then. */
static bool is_fresh(int64_t start_ns)
{
	return port.asked && port.done_ns >= start_ns - (port.error == 0 ? DOCUMENT_AGE_MS * NS_PER_MS : 0);
}

/* With the lock. */
static void ask_port(void)
{
	char path[MVBD_PATH_MAX];
	const int n = snprintf(path, sizeof(path), "%s%s", places.root, PORT_PATH);

	free(port.content);
	port.content = NULL;
	if (n < 0 || (size_t)n >= sizeof(path))
		port.error = ENAMETOOLONG;
	else
		port.error = errno_of(port_read(path, places.port_ms, &port.content, &port.length));
	port.done_ns = clock_mono_ns();
	port.asked = true;
}

int document_read_port(char **content, size_t *length)
{
	const int64_t start_ns = clock_mono_ns();
	int error;

	pthread_once(&fork_once, follow_forks);
	pthread_mutex_lock(&port.lock);
	if (!is_fresh(start_ns))
		ask_port();
	error = port.error;
	if (error == 0)
		error = copy(port.content, port.length, content);
	if (error == 0)
		*length = port.length;
	pthread_mutex_unlock(&port.lock);
	return error;
}

int document_own_uuid(char uuid[DOCUMENT_UUID_SIZE])
{
	char path[MVBD_PATH_MAX];
	uint8_t octets[16];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", places.root, UUID_FILE);
	file = fopen(path, "re");
	if (file == NULL)
		return errno;
	if (fgets(uuid, DOCUMENT_UUID_SIZE, file) == NULL)
		uuid[0] = '\0';
	fclose(file);
	uuid[strcspn(uuid, "\r\n")] = '\0';
	return text_uuid_parse(uuid, octets) == 0 ? 0 : ENOENT;
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
