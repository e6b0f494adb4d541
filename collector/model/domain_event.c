/* domain_event.c - one line of English for everything that happens to a domain. Pure; thread: cycle. */
#include "model/domain_event.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NAME_IN_TEXT_MAX 120 /* leaves room for the rest of the line */
#define DEVICE_IN_TEXT_MAX 40

static const char *state_word(uint8_t state)
{
	static const char *const WORDS[] = {
		[DOMAIN_NO_STATE] = "in no state",
		[DOMAIN_RUNNING] = "running",
		[DOMAIN_BLOCKED] = "blocked",
		[DOMAIN_PAUSED] = "paused",
		[DOMAIN_SHUTDOWN] = "being shut down",
		[DOMAIN_SHUTOFF] = "shut off",
		[DOMAIN_CRASHED] = "crashed",
		[DOMAIN_PM_SUSPENDED] = "suspended",
		[DOMAIN_UNKNOWN] = "in an unknown state",
	};

	return state >= DOMAIN_NO_STATE && state <= DOMAIN_UNKNOWN ? WORDS[state] : WORDS[DOMAIN_UNKNOWN];
}

/* The line up to here; behind it comes what the kind adds. */
struct line {
	char text[EVENT_TEXT_MAX * 2];
	size_t length;
};

static void __attribute__((format(printf, 2, 3))) say(struct line *line, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line->text + line->length, sizeof(line->text) - line->length, format, args);
	va_end(args);
	if (n > 0)
		line->length += (size_t)n;
	if (line->length >= sizeof(line->text))
		line->length = sizeof(line->text) - 1;
}

static void say_state(struct line *line, const struct domain_news *news)
{
	const struct domain *row = news->row;

	if (news->before == 0)
		say(line, " is new and %s (%s)", state_word(row->state), row->reason);
	else if (news->restarted)
		say(line, " has been restarted and is %s (%s)", state_word(row->state), row->reason);
	else
		say(line, " is %s (%s), was %s", state_word(row->state), row->reason, state_word(news->before));
}

static void say_crash(struct line *line, const struct domain_news *news)
{
	const struct domain *row = news->row;

	if (row->state == DOMAIN_CRASHED)
		say(line, " has crashed (%s)", row->reason);
	else
		say(line, " has crashed and is %s (%s)", state_word(row->state), row->reason);
}

static void say_io_error(struct line *line, const struct domain_news *news)
{
	say(line, " has an I/O error");
	if (news->cause != NULL)
		say(line, " (%s)", news->cause);
	if (news->device != NULL)
		say(line, " on %.*s", (int)text_utf8_cut(news->device, strlen(news->device), DEVICE_IN_TEXT_MAX),
		    news->device);
	if (domain_action_pauses(news->action))
		say(line, " and is paused");
	else if (news->action != NULL)
		say(line, ", action %s", news->action);
}

static void say_io_resumed(struct line *line, const struct domain_news *news)
{
	say(line, " is %s again (%s) after an I/O error", state_word(news->row->state), news->row->reason);
}

static void say_watchdog(struct line *line, const struct domain_news *news)
{
	say(line, ": its watchdog has expired");
	if (news->action != NULL)
		say(line, ", action %s", news->action);
}

static void say_removed(struct line *line, const struct domain_news *news)
{
	say(line, " is gone");
	if (news->row != NULL)
		say(line, ", last it was %s (%s)", state_word(news->row->state), news->row->reason);
}

static void say_rebooted(struct line *line, const struct domain_news *news)
{
	(void)news;
	say(line, " has been rebooted");
}

static void say_untold(struct line *line, const struct domain_news *news)
{
	const time_t since_s = (time_t)(news->untold_since_real_ns / NS_PER_S);
	char since[sizeof("2026-01-01T00:00:00Z")] = "";
	struct tm tm;

	if (gmtime_r(&since_s, &tm) != NULL)
		strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &tm);
	say(line, ", and %u more since %s", news->untold, since);
}

static const struct {
	uint8_t severity;
	void (*say)(struct line *line, const struct domain_news *news);
} KINDS[EVENT_KIND_MAX] = {
	[EVENT_DOMAIN_STATE_CHANGED] = { SEVERITY_INFO, say_state },
	[EVENT_DOMAIN_CRASHED] = { SEVERITY_CRITICAL, say_crash },
	[EVENT_DOMAIN_IO_ERROR] = { SEVERITY_WARNING, say_io_error },
	[EVENT_DOMAIN_IO_RESUMED] = { SEVERITY_INFO, say_io_resumed },
	[EVENT_DOMAIN_WATCHDOG] = { SEVERITY_WARNING, say_watchdog },
	[EVENT_DOMAIN_REMOVED] = { SEVERITY_INFO, say_removed },
	[EVENT_DOMAIN_REBOOTED] = { SEVERITY_INFO, say_rebooted },
};

bool domain_action_pauses(const char *action)
{
	return action != NULL && (strcmp(action, "pause") == 0 || strcmp(action, "stop") == 0);
}

static uint8_t persistence_of(const struct domain *row)
{
	return row == NULL || (row->have & DOMAIN_HAVE_PERSISTENT) == 0 ? 1 : row->persistent ? 2 : 3;
}

struct event *domain_event_new(uint8_t kind, const struct domain_news *news)
{
	const char *name = news->row != NULL ? news->row->name : news->name;
	struct line line = { .length = 0 };
	struct event *event;

	say(&line, "domain %.*s", (int)text_utf8_cut(name, strlen(name), NAME_IN_TEXT_MAX), name);
	KINDS[kind].say(&line, news);
	if (news->by_list)
		say(&line, ", found at resynchronisation");
	if (news->untold > 0)
		say_untold(&line, news);
	event = event_new(kind, KINDS[kind].severity, name, line.text);
	event->time_real_ns = news->time_real_ns;
	event->device = mem_string(news->device);
	event->persistent = persistence_of(news->row);
	if (kind == EVENT_DOMAIN_IO_ERROR && domain_action_pauses(news->action))
		event->severity = SEVERITY_CRITICAL;
	if (news->row == NULL || news->row->index == 0)
		return event;
	event->domain = news->row->index;
	event->of = EVENT_OF_DOMAIN;
	event->of_index = news->row->index;
	event->row = part_ref(news->row);
	return event;
}
