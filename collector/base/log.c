/* log.c - the log sink. Thread: any (one write(2) or sendto(2) a line); never waits for its reader. */
#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

#define SYSLOG_PATH "/dev/log"

static struct {
	const char *program;
	enum log_level most;
	bool journal;
	int syslog_fd;           /* -1: standard error */
	_Atomic uint32_t dropped; /* lines that nobody took */
} sink = { "edgenode", LOG_LEVEL_INFO, false, -1, 0 };

static const int PRIORITY[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
static const char *const WORD[] = { "error: ", "warning: ", "", "debug: " };

static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	unsigned long dev, ino;

	return stream != NULL && sscanf(stream, "%lu:%lu", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

void log_open(const char *program, bool to_syslog, enum log_level most)
{
	sink.program = program;
	sink.most = most;
	sink.journal = stderr_is_journal();
	if (to_syslog)
		sink.syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

bool log_is_system(void)
{
	return sink.journal || sink.syslog_fd >= 0;
}

/* A datagram per line in the form of syslog(3), to whoever listens now: a syslogd that was restarted is found again. */
static bool send_line(int priority, const char *text)
{
	const struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = SYSLOG_PATH };
	const time_t now = time(NULL);
	char line[LOG_LINE_MAX + 128], when[32];
	struct tm tm;
	int n;

	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	n = snprintf(line, sizeof(line), "<%d>%s %s[%ld]: %s", LOG_DAEMON | priority, when, sink.program,
		     (long)getpid(), text);
	return n > 0 && sendto(sink.syslog_fd, line, (size_t)n, MSG_NOSIGNAL, (const struct sockaddr *)&to,
			       sizeof(to)) == n;
}

/* A pipe that nobody reads must stop no lane: a line that would have to wait is dropped and counted. */
static bool write_line(enum log_level level, const char *text)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	char line[LOG_LINE_MAX + 64];
	int n;

	if (poll(&out, 1, 0) <= 0)
		return false;
	if (sink.journal)
		n = snprintf(line, sizeof(line), "<%d>%s\n", PRIORITY[level], text);
	else
		n = snprintf(line, sizeof(line), "%s: %s%s\n", sink.program, WORD[level], text);
	return n > 0 && write(STDERR_FILENO, line, (size_t)n) == n;
}

static bool put_line(enum log_level level, const char *text)
{
	return sink.syslog_fd >= 0 ? send_line(PRIORITY[level], text) : write_line(level, text);
}

static void say_dropped(void)
{
	const uint32_t dropped = atomic_exchange(&sink.dropped, 0);
	char text[64];

	if (dropped == 0)
		return;
	snprintf(text, sizeof(text), "%u lines of this log were lost", dropped);
	if (!put_line(LOG_LEVEL_WARNING, text))
		atomic_fetch_add(&sink.dropped, dropped);
}

/* One line stays one, and a terminal obeys none: names of domains and what programs print are in it. */
static void take_controls(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == '\x7f')
			*text = '?';
}

static void __attribute__((format(printf, 2, 0))) log_line(enum log_level level, const char *format, va_list args)
{
	char text[LOG_LINE_MAX];

	if (level > sink.most)
		return;
	vsnprintf(text, sizeof(text), format, args);
	take_controls(text);
	say_dropped();
	if (!put_line(level, text))
		atomic_fetch_add(&sink.dropped, 1);
}

#define LOG_FUNCTION(name, level)                  \
	void name(const char *format, ...)         \
	{                                          \
		va_list args;                      \
		va_start(args, format);            \
		log_line(level, format, args);     \
		va_end(args);                      \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void log_repeat_fail(struct log_repeat *repeat, const char *what, const char *text)
{
	if (repeat->failures++ > 0 && strncmp(repeat->text, text, sizeof(repeat->text) - 1) == 0)
		return;
	snprintf(repeat->text, sizeof(repeat->text), "%s", text);
	log_warning("%s: %s", what, text);
}

void log_repeat_ok(struct log_repeat *repeat, const char *what)
{
	if (repeat->failures > 0)
		log_info("%s: works again after %u failures", what, repeat->failures);
	repeat->failures = 0;
	repeat->text[0] = '\0';
}
