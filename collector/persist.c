/*
 * persist.c - the state directory and the lane that writes it.
 */
#include "persist.h"

#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/statefile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDEX_FILE "indexes"
#define INDEX_FILE_MAX (INDEX_ENTRIES_MAX * 600u)
#define BOOT_FILE "boot"
#define BOOT_FILE_SIZE 40u /* u32 counter, 36 bytes of boot id */
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 36u

struct persist {
	char *dir;
	int lock_fd;
	struct event_log *log;
	pthread_t thread;
	bool started;
	void (*done)(void *arg, uint64_t batch, int code);
	void *arg;
	struct log_repeat index_failures, sent_failures, event_failures;

	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stopping;
	bool have_batch; /* handed over and not yet done */
	uint64_t batch;
	struct event_list events;
	struct alarms *alarms;
	bool have_sent;
	uint32_t sent;
	bool have_indexes;
	struct buf indexes;
};

/* --- opening ------------------------------------------------------------------------------------------------------ */

static int open_error(struct persist_error *error, int code, const char *dir, const char *what)
{
	snprintf(error->text, sizeof(error->text), "state directory %s: %s: %s", dir, what, strerror(errno));
	return code;
}

static void keep_aside(const char *dir, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	snprintf(from, sizeof(from), "%s/%s", dir, name);
	snprintf(to, sizeof(to), "%s/%s.bad", dir, name);
	log_warning("%s is damaged; kept as %s, numbers begin anew", from, to);
	if (rename(from, to) != 0)
		log_warning("%s: %s", to, strerror(errno));
}

static int read_indexes(const char *dir, struct index_map **out)
{
	struct index_map *map = NULL;
	uint8_t *data = NULL;
	size_t length;
	int rc = statefile_read(dir, INDEX_FILE, INDEX_FILE_MAX, &data, &length);

	if (rc == 0)
		rc = index_map_decode(data, length, &map);
	free(data);
	if (rc == -ERR_PARSE || rc == -ERR_LIMIT)
		keep_aside(dir, INDEX_FILE);
	else if (rc != 0 && rc != -ERR_ABSENT)
		return rc; /* a file that cannot be read now is not damaged */
	*out = rc == 0 ? map : index_map_new();
	return 0;
}

static void read_boot_id(char id[BOOT_ID_SIZE])
{
	FILE *file = fopen(BOOT_ID_FILE, "re");

	memset(id, '-', BOOT_ID_SIZE);
	if (file == NULL)
		return;
	if (fread(id, 1, BOOT_ID_SIZE, file) != BOOT_ID_SIZE)
		memset(id, '-', BOOT_ID_SIZE);
	fclose(file);
}

/* The counter goes up when the boot id is another than the one in the file. A full disk is no reason not to watch the
 * node: then the counter is right for this run, and the next start counts this boot once more. */
static void read_boot(const char *dir, struct persist_state *state)
{
	char id[BOOT_ID_SIZE];
	uint8_t *data = NULL;
	size_t length = 0;
	struct buf image;

	read_boot_id(id);
	if (statefile_read(dir, BOOT_FILE, BOOT_FILE_SIZE, &data, &length) == 0 && length == BOOT_FILE_SIZE) {
		struct cursor cursor = { .data = data, .left = length };

		state->boot = cursor_u32(&cursor);
		state->same_boot = memcmp(cursor_bytes(&cursor, BOOT_ID_SIZE), id, BOOT_ID_SIZE) == 0;
	}
	free(data);
	if (state->same_boot)
		return;
	state->boot++;
	buf_init(&image, BOOT_FILE_SIZE);
	buf_u32(&image, state->boot);
	buf_append(&image, id, BOOT_ID_SIZE);
	if (statefile_write(dir, BOOT_FILE, image.data, image.length) != 0)
		log_warning("%s/" BOOT_FILE " cannot be written: %s", dir, strerror(errno));
	buf_free(&image);
}

static int lock_directory(const char *dir, int *fd, struct persist_error *error)
{
	long holder = 0;
	const int rc = statefile_lock(dir, fd, &holder);

	if (rc == -ERR_BUSY)
		snprintf(error->text, sizeof(error->text),
			 "state directory %s: %s/lock is held by process %ld: is another edgenoded running?", dir, dir,
			 holder);
	else if (rc != 0)
		open_error(error, rc, dir, "cannot be made or locked");
	return rc;
}

int persist_open(const char *dir, uint64_t log_size, uint32_t event_rows, struct persist **out,
		 struct persist_state *state, struct persist_error *error)
{
	struct persist *persist;
	struct event_log *log;
	int fd, rc = lock_directory(dir, &fd, error);

	if (rc != 0)
		return rc;
	memset(state, 0, sizeof(*state));
	read_boot(dir, state);
	rc = event_log_open(dir, log_size, event_rows, &log, &state->log);
	if (rc != 0) {
		close(fd);
		return open_error(error, rc, dir, "the event log cannot be opened");
	}
	rc = read_indexes(dir, &state->indexes);
	if (rc != 0) {
		event_log_close(log);
		close(fd);
		return open_error(error, rc, dir, INDEX_FILE " cannot be read");
	}
	persist = mem_alloc(sizeof(*persist));
	persist->dir = mem_string(dir);
	persist->lock_fd = fd;
	persist->log = log;
	pthread_mutex_init(&persist->lock, NULL);
	pthread_cond_init(&persist->work, NULL);
	*out = persist;
	return 0;
}

/* --- the lane ----------------------------------------------------------------------------------------------------- */

static bool has_work(const struct persist *persist)
{
	return persist->have_batch || persist->have_sent || persist->have_indexes;
}

static void note_result(const struct persist *persist, struct log_repeat *repeat, const char *file, int rc)
{
	char what[PATH_MAX];

	snprintf(what, sizeof(what), "writing %s/%s", persist->dir, file);
	if (rc != 0)
		log_repeat_fail(repeat, what, rc == -ERR_IO ? strerror(errno) : err_text(rc));
	else
		log_repeat_ok(repeat, what);
}

/* Called with the lock held; releases it while writing. */
static void write_batch(struct persist *persist)
{
	const uint64_t batch = persist->batch;
	int rc;

	pthread_mutex_unlock(&persist->lock);
	rc = event_log_append(persist->log, persist->events.events, persist->events.n, persist->alarms);
	note_result(persist, &persist->event_failures, "events", rc);
	if (rc != 0 && persist->events.n > 0)
		event_log_used(persist->log, persist->events.events[persist->events.n - 1]->serial);
	pthread_mutex_lock(&persist->lock);
	event_list_clear(&persist->events);
	part_unref(persist->alarms);
	persist->alarms = NULL;
	persist->have_batch = false;
	pthread_mutex_unlock(&persist->lock);
	persist->done(persist->arg, batch, rc);
	pthread_mutex_lock(&persist->lock);
}

static void write_sent(struct persist *persist)
{
	const uint32_t serial = persist->sent;

	persist->have_sent = false;
	pthread_mutex_unlock(&persist->lock);
	note_result(persist, &persist->sent_failures, "events.sent", event_log_sent(persist->log, serial));
	pthread_mutex_lock(&persist->lock);
}

static void write_indexes(struct persist *persist)
{
	struct buf image = persist->indexes;

	persist->have_indexes = false;
	pthread_mutex_unlock(&persist->lock);
	note_result(persist, &persist->index_failures, INDEX_FILE,
		    statefile_write(persist->dir, INDEX_FILE, image.data, image.length));
	buf_free(&image);
	pthread_mutex_lock(&persist->lock);
}

static void *persist_main(void *arg)
{
	struct persist *persist = arg;

	pthread_mutex_lock(&persist->lock);
	while (!persist->stopping || has_work(persist)) {
		if (persist->have_indexes)
			write_indexes(persist); /* before what shows a new index */
		else if (persist->have_batch)
			write_batch(persist);
		else if (persist->have_sent)
			write_sent(persist);
		else
			pthread_cond_wait(&persist->work, &persist->lock);
	}
	pthread_mutex_unlock(&persist->lock);
	return NULL;
}

int persist_start(struct persist *persist, void (*done)(void *arg, uint64_t batch, int code), void *arg)
{
	persist->done = done;
	persist->arg = arg;
	persist->started = lane_start(&persist->thread, "persist", persist_main, persist) == 0;
	return persist->started ? 0 : -ERR_IO;
}

/* --- hand-over ---------------------------------------------------------------------------------------------------- */

int persist_events(struct persist *persist, uint64_t batch, const struct event_list *events, struct alarms *alarms)
{
	int rc = -ERR_BUSY;

	pthread_mutex_lock(&persist->lock);
	if (!persist->have_batch) {
		rc = 0;
		persist->have_batch = true;
		persist->batch = batch;
		for (size_t i = 0; i < events->n; i++)
			event_list_add(&persist->events, part_ref(events->events[i]));
		persist->alarms = part_ref(alarms);
		pthread_cond_signal(&persist->work);
	}
	pthread_mutex_unlock(&persist->lock);
	return rc;
}

void persist_sent(struct persist *persist, uint32_t serial)
{
	pthread_mutex_lock(&persist->lock);
	persist->sent = serial;
	persist->have_sent = true;
	pthread_cond_signal(&persist->work);
	pthread_mutex_unlock(&persist->lock);
}

void persist_indexes(struct persist *persist, struct buf *image)
{
	pthread_mutex_lock(&persist->lock);
	if (persist->have_indexes)
		buf_free(&persist->indexes);
	persist->indexes = *image;
	persist->have_indexes = true;
	pthread_cond_signal(&persist->work);
	pthread_mutex_unlock(&persist->lock);
}

bool persist_stop(struct persist *persist, int64_t deadline_mono_ns)
{
	pthread_mutex_lock(&persist->lock);
	persist->stopping = true;
	pthread_cond_signal(&persist->work);
	pthread_mutex_unlock(&persist->lock);
	return !persist->started || lane_join(persist->thread, deadline_mono_ns);
}

void persist_free(struct persist *persist)
{
	if (persist == NULL)
		return;
	event_log_close(persist->log);
	close(persist->lock_fd);
	pthread_cond_destroy(&persist->work);
	pthread_mutex_destroy(&persist->lock);
	free(persist->dir);
	free(persist);
}
