/* log.c - the log sink. Thread: any (one write(2) or syslog(3) a line). */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

static struct {
	const char *program;
	enum log_level most;
	bool to_syslog;
	bool journal;
} sink = { "edgenode", LOG_LEVEL_INFO, false, false };

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
	sink.to_syslog = to_syslog;
	sink.journal = stderr_is_journal();
	if (to_syslog)
		openlog(program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void write_line(enum log_level level, const char *text)
{
	char line[LOG_LINE_MAX + 64];
	int n;

	if (sink.journal)
		n = snprintf(line, sizeof(line), "<%d>%s\n", PRIORITY[level], text);
	else
		n = snprintf(line, sizeof(line), "%s: %s%s\n", sink.program, WORD[level], text);
	/* Nothing can be done where even stderr fails. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

static void __attribute__((format(printf, 2, 0))) log_line(enum log_level level, const char *format, va_list args)
{
	char text[LOG_LINE_MAX];

	if (level > sink.most)
		return;
	vsnprintf(text, sizeof(text), format, args);
	if (sink.to_syslog)
		syslog(PRIORITY[level], "%s", text);
	else
		write_line(level, text);
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
