/* sink.c - queue and lane of a sink; what it does with an event. */
#include "sink.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "source/commands.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_WAIT_MS 1000 /* for a syslogd that does not read */
#define COMMAND_OUTPUT_MAX 4096u
#define FACTS_MAX 32u

struct waiting {
	struct waiting *next;
	const struct event *event;
};

struct sink {
	const char *name; /* of the lane, and in the log */
	/* 0, or an error with a sentence in text. */
	int (*hand_over)(struct sink *sink, const struct event *event, char *text, size_t size);
	struct event_origin origin;
	char *host;
	struct buf record;
	struct log_repeat failures, losses;
	/* The system's log. */
	char *journal_path, *syslog_path;
	int fd;
	/* A program. */
	char *program, *path, *user;
	uint32_t timeout_ms;
	uint8_t severity;
	struct commands *commands;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stopping;
	int64_t until_mono_ns; /* when stopping */
	size_t n;
	struct waiting *first, **last;
};

/* --- the system's log --------------------------------------------------------------------------------------------- */

static bool is_socket(const char *path)
{
	struct stat st;

	return path[0] != '\0' && stat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* At the end of the daemon nobody is waited for. */
static int wait_ms(struct sink *sink)
{
	int ms;

	pthread_mutex_lock(&sink->lock);
	ms = sink->stopping ? 0 : SEND_WAIT_MS;
	pthread_mutex_unlock(&sink->lock);
	return ms;
}

/* Connected anew each time, for the other side may have been started anew; and only a connected socket tells by poll(2)
 * when the other side's queue, which is short, has room again. */
static int send_to(struct sink *sink, const char *path, char *text, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct pollfd out = { sink->fd, POLLOUT, 0 };
	ssize_t sent = -1;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (connect(sink->fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		sent = send(sink->fd, sink->record.data, sink->record.length, MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN && poll(&out, 1, wait_ms(sink)) > 0)
		sent = send(sink->fd, sink->record.data, sink->record.length, MSG_NOSIGNAL);
	if (sent >= 0)
		return 0;
	snprintf(text, size, "%s: %s", path, strerror(errno));
	return -ERR_IO;
}

static int to_syslog(struct sink *sink, const struct event *event, char *text, size_t size)
{
	const bool journal = is_socket(sink->journal_path);
	const char *path = journal ? sink->journal_path : sink->syslog_path;

	if (path[0] == '\0')
		return 0;
	buf_reset(&sink->record);
	if (journal)
		event_text_journal(event, &sink->origin, &sink->record);
	else
		event_text_syslog(event, &sink->origin, &sink->record);
	return send_to(sink, path, text, size);
}

/* --- a program ---------------------------------------------------------------------------------------------------- */

/* The strings of the record, and PATH, as a list that ends with NULL. */
static void list_strings(const struct buf *record, const char *list[FACTS_MAX])
{
	size_t n = 0;

	for (const char *p = record->data; p < record->data + record->length && n < FACTS_MAX - 1; p += strlen(p) + 1)
		list[n++] = p;
	list[n] = NULL;
}

static int explain(const struct sink *sink, const struct command_result *result, char *text, size_t size)
{
	char why[160];

	if (result->status == RUNNER_OK && result->exit_code == 0)
		return 0;
	command_result_explain(result, why, sizeof(why));
	snprintf(text, size, "%s: %s", sink->program, why);
	return -ERR_IO;
}

static int to_command(struct sink *sink, const struct event *event, char *text, size_t size)
{
	const char *argv[] = { sink->program, NULL }, *env[FACTS_MAX];
	struct runner_job job = { .argv = argv, .env = env, .user = sink->user, .timeout_ms = sink->timeout_ms,
				  .output_max = COMMAND_OUTPUT_MAX };
	struct command_result result = { 0 };
	int rc;

	if (event->severity < sink->severity)
		return 0;
	buf_reset(&sink->record);
	buf_printf(&sink->record, "PATH=%s", sink->path);
	buf_append(&sink->record, "", 1);
	event_text_environment(event, &sink->origin, &sink->record);
	list_strings(&sink->record, env);
	rc = commands_run(sink->commands, &job, &result);
	if (rc != 0) {
		snprintf(text, size, "%s was not run: %s", sink->program, err_text(rc));
		return rc;
	}
	rc = explain(sink, &result, text, size);
	free(result.output);
	return rc;
}

/* --- the lane ----------------------------------------------------------------------------------------------------- */

/* Called with the lock held; NULL when the lane is to end. */
static const struct event *next_event(struct sink *sink)
{
	struct waiting *waiting;
	const struct event *event;

	while (sink->first == NULL && !sink->stopping)
		pthread_cond_wait(&sink->work, &sink->lock);
	if (sink->first == NULL || (sink->stopping && clock_mono_ns() >= sink->until_mono_ns))
		return NULL;
	waiting = sink->first;
	sink->first = waiting->next;
	if (sink->first == NULL)
		sink->last = &sink->first;
	sink->n--;
	event = waiting->event;
	free(waiting);
	return event;
}

static void hand_over(struct sink *sink, const struct event *event)
{
	char text[256] = "";

	if (sink->hand_over(sink, event, text, sizeof(text)) != 0)
		log_repeat_fail(&sink->failures, sink->name, text);
	else
		log_repeat_ok(&sink->failures, sink->name);
	part_unref(event);
}

static void *sink_main(void *arg)
{
	struct sink *sink = arg;
	const struct event *event;

	pthread_mutex_lock(&sink->lock);
	while ((event = next_event(sink)) != NULL) {
		pthread_mutex_unlock(&sink->lock);
		hand_over(sink, event);
		pthread_mutex_lock(&sink->lock);
	}
	pthread_mutex_unlock(&sink->lock);
	return NULL;
}

void sink_put(struct sink *sink, const struct event *event)
{
	struct waiting *waiting = NULL;
	bool relaxed;

	if (sink == NULL)
		return;
	pthread_mutex_lock(&sink->lock);
	if (sink->n < SINK_QUEUE_MAX) {
		waiting = mem_alloc(sizeof(*waiting));
		waiting->event = part_ref(event);
		*sink->last = waiting;
		sink->last = &waiting->next;
		sink->n++;
		pthread_cond_signal(&sink->work);
	}
	relaxed = sink->n <= SINK_QUEUE_MAX / 2;
	pthread_mutex_unlock(&sink->lock);
	if (waiting == NULL)
		log_repeat_fail(&sink->losses, sink->name, "events wait for it in too great a number; the newest is not told there");
	else if (relaxed) /* near its limit it would be said with each event */
		log_repeat_ok(&sink->losses, sink->name);
}

/* --- start and stop ----------------------------------------------------------------------------------------------- */

static struct sink *sink_new(const char *name, const struct event_origin *origin)
{
	struct sink *sink = mem_alloc(sizeof(*sink));

	sink->name = name;
	sink->origin = *origin;
	sink->origin.host = sink->host = mem_string(origin->host);
	buf_init(&sink->record, EVENT_TEXT_RECORD_MAX);
	sink->fd = -1;
	sink->last = &sink->first;
	pthread_mutex_init(&sink->lock, NULL);
	pthread_cond_init(&sink->work, NULL);
	return sink;
}

static int sink_start(struct sink *sink, const char *lane, struct sink **out)
{
	if (lane_start(&sink->thread, lane, sink_main, sink) != 0) {
		sink_free(sink);
		return -ERR_IO;
	}
	*out = sink;
	return 0;
}

int sink_start_syslog(const struct sink_syslog_options *options, struct sink **out)
{
	struct sink *sink = sink_new("telling the system's log", &options->origin);

	sink->hand_over = to_syslog;
	sink->journal_path = mem_string(options->journal_path);
	sink->syslog_path = mem_string(options->syslog_path);
	sink->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sink->fd < 0) {
		sink_free(sink);
		return -ERR_IO;
	}
	return sink_start(sink, "syslog", out);
}

int sink_start_command(const struct sink_command_options *options, struct sink **out)
{
	struct sink *sink = sink_new("on_event", &options->origin);

	sink->hand_over = to_command;
	sink->program = mem_string(options->program);
	sink->path = mem_string(options->path);
	sink->user = mem_string(options->user);
	sink->timeout_ms = options->timeout_ms;
	sink->severity = options->severity;
	sink->commands = options->commands;
	return sink_start(sink, "on_event", out);
}

static void end_at(struct sink *sink, int64_t until_mono_ns)
{
	pthread_mutex_lock(&sink->lock);
	if (!sink->stopping)
		sink->until_mono_ns = until_mono_ns;
	sink->stopping = true;
	pthread_cond_signal(&sink->work);
	pthread_mutex_unlock(&sink->lock);
}

void sink_quit(struct sink *sink)
{
	if (sink != NULL)
		end_at(sink, 0);
}

bool sink_stop(struct sink *sink, int64_t deadline_mono_ns)
{
	if (sink == NULL)
		return true;
	end_at(sink, deadline_mono_ns);
	return lane_join(sink->thread, deadline_mono_ns);
}

void sink_free(struct sink *sink)
{
	if (sink == NULL)
		return;
	while (sink->first != NULL) {
		struct waiting *waiting = sink->first;

		sink->first = waiting->next;
		part_unref(waiting->event);
		free(waiting);
	}
	if (sink->fd >= 0)
		close(sink->fd);
	pthread_mutex_destroy(&sink->lock);
	pthread_cond_destroy(&sink->work);
	buf_free(&sink->record);
	free(sink->host);
	free(sink->journal_path);
	free(sink->syslog_path);
	free(sink->program);
	free(sink->path);
	free(sink->user);
	free(sink);
}
