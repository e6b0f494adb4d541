/*
 * log.h - the one log sink of a process: stderr in the foreground, syslog otherwise.
 *
 * Thread: any; a line is written whole and never waits: one that its reader does not take is dropped and counted, and
 * the count is the next line that gets through. Levels follow syslog(3).
 */
#ifndef EDGENODE_BASE_LOG_H
#define EDGENODE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Called before the first thread. to_syslog: otherwise stderr, with a journald priority prefix ("<4>") when
 * stderr is the journal (JOURNAL_STREAM names its device and inode), else "edgenoded: warning: ". */
void log_open(const char *program, bool to_syslog, enum log_level most);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether these lines go to the system's log, and not to a terminal or file. */
bool log_is_system(void);

/* A failure that may repeat at every poll: logged when it starts or its text changes, then at recovery with a
 * count. Zero-initialised; owned by one thread. */
struct log_repeat {
	uint32_t failures; /* since the last success */
	char text[160];    /* of the failure last logged */
};

void log_repeat_fail(struct log_repeat *repeat, const char *what, const char *text);
void log_repeat_ok(struct log_repeat *repeat, const char *what);

#endif
