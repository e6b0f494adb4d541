/*
 * event_text.c - one table of an event's facts, three ways to write them. Pure; thread: any.
 */
#include "event_text.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define VALUE_MAX 320 /* bytes of one fact; longer ones are cut, on a character's boundary */
#define TIME_SIZE 40
#define NAME_PREFIX "EDGENODE_"

/* One fact about an event as text. */
struct fact {
	const char *name; /* of the SD-PARAM; elsewhere in capitals behind NAME_PREFIX, '-' as '_' */
	void (*write)(const struct event *event, const struct event_origin *origin, char out[VALUE_MAX]);
};

static void put_text(const char *text, char out[VALUE_MAX])
{
	const size_t n = text_utf8_cut(text, strlen(text), VALUE_MAX - 1);

	memcpy(out, text, n);
	out[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == '\x7f')
			out[i] = '?';
}

static void put_number(int64_t number, char out[VALUE_MAX])
{
	snprintf(out, VALUE_MAX, "%" PRId64, number);
}

static void write_time(int64_t real_ns, char out[TIME_SIZE])
{
	const time_t seconds = (time_t)(real_ns / NS_PER_S);
	char head[24];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(head, sizeof(head), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, TIME_SIZE, "%s.%06dZ", head, (int)(real_ns % NS_PER_S / NS_PER_US));
}

#define FACT(function, statement)                                                                                      \
	static void function(const struct event *event, const struct event_origin *origin, char out[VALUE_MAX])        \
	{                                                                                                              \
		(void)event;                                                                                           \
		(void)origin;                                                                                          \
		statement;                                                                                             \
	}

FACT(write_serial, put_number(event->serial, out))
FACT(write_log, text_uuid_format(origin->log_id, out))
FACT(write_kind, put_text(event_kind_name(event->kind), out))
FACT(write_severity, put_text(event_severity_name(event->severity), out))
FACT(write_time_fact, write_time(event->time_real_ns, out))
FACT(write_boot, put_number(event->boot, out))
FACT(write_uptime, put_number((int64_t)event->uptime_ms, out))
FACT(write_synced, put_text(event->clock_synced ? "yes" : "no", out))
FACT(write_subject, put_text(event->subject != NULL ? event->subject : "", out))
FACT(write_domain, put_number(event->domain, out))
FACT(write_value, put_number(event->value, out))
FACT(write_threshold, put_number(event->threshold, out))
FACT(write_units, put_text(event->units, out))
FACT(write_stored, put_text(event->stored ? "yes" : "no", out))

static const struct fact FACTS[] = {
	{ "serial", write_serial },	  { "log", write_log },
	{ "kind", write_kind },		  { "severity", write_severity },
	{ "time", write_time_fact },	  { "boot", write_boot },
	{ "uptime-ms", write_uptime },	  { "clock-synced", write_synced },
	{ "subject", write_subject },	  { "domain", write_domain },
	{ "value", write_value },	  { "threshold", write_threshold },
	{ "units", write_units },	  { "stored", write_stored },
};
#define FACTS_N (sizeof(FACTS) / sizeof(FACTS[0]))

static int priority_of(const struct event *event)
{
	static const int PRIORITIES[] = { LOG_INFO, LOG_INFO, LOG_WARNING, LOG_CRIT };

	return PRIORITIES[event->severity <= SEVERITY_CRITICAL ? event->severity : 0];
}

/* RFC 5424, 6.3.3: '"', '\' and ']' have a '\' before them. */
static void put_parameter(const char *value, struct buf *out)
{
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\' || *value == ']')
			buf_append(out, "\\", 1);
		buf_append(out, value, 1);
	}
}

void event_text_syslog(const struct event *event, const struct event_origin *origin, struct buf *out)
{
	char value[VALUE_MAX], when[TIME_SIZE];

	write_time(event->time_real_ns, when);
	buf_printf(out, "<%d>1 %s %s edgenoded %ld %s [edgenode@%u", LOG_DAEMON | priority_of(event), when, origin->host,
		   origin->pid, event_kind_name(event->kind), origin->enterprise);
	for (size_t i = 0; i < FACTS_N; i++) {
		FACTS[i].write(event, origin, value);
		buf_printf(out, " %s=\"", FACTS[i].name);
		put_parameter(value, out);
		buf_text(out, "\"");
	}
	put_text(event->text, value);
	buf_printf(out, "] \xef\xbb\xbf%s", value);
}

static void put_name(const char *name, struct buf *out)
{
	buf_text(out, NAME_PREFIX);
	for (; *name != '\0'; name++) {
		const char c = *name == '-' ? '_' : (char)(*name - 'a' + 'A');

		buf_append(out, &c, 1);
	}
	buf_text(out, "=");
}

void event_text_journal(const struct event *event, const struct event_origin *origin, struct buf *out)
{
	char value[VALUE_MAX];

	put_text(event->text, value);
	buf_printf(out, "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\nSYSLOG_IDENTIFIER=edgenoded\nSYSLOG_PID=%ld\n", value,
		   priority_of(event), LOG_DAEMON >> 3, origin->pid);
	for (size_t i = 0; i < FACTS_N; i++) {
		FACTS[i].write(event, origin, value);
		put_name(FACTS[i].name, out);
		buf_text(out, value);
		buf_text(out, "\n");
	}
}

void event_text_environment(const struct event *event, const struct event_origin *origin, struct buf *out)
{
	char value[VALUE_MAX];

	for (size_t i = 0; i < FACTS_N; i++) {
		FACTS[i].write(event, origin, value);
		put_name(FACTS[i].name, out);
		buf_append(out, value, strlen(value) + 1);
	}
	put_text(event->text, value);
	put_name("text", out);
	buf_append(out, value, strlen(value) + 1);
}
