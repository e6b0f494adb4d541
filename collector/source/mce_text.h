/*
 * mce_text.h - machine checks as the kernel writes them: lines of a trace buffer, of its log, of what pstore kept of
 * that.
 *
 * Pure; thread: any. A text need not end in a NUL and may hold any byte. Source of the facts: the kernel's print
 * formats (events/mce/mce_record/format, arch/x86/kernel/cpu/mce/core.c, Documentation/trace/ftrace.rst,
 * Documentation/ABI/testing/dev-kmsg).
 */
#ifndef EDGENODE_SOURCE_MCE_TEXT_H
#define EDGENODE_SOURCE_MCE_TEXT_H

#include "model/machine_check.h"

/* What the hardware reported. */
struct mce_fields {
	uint64_t have;
	uint32_t cpu, bank, vendor; /* vendor: the kernel's number, 0 Intel, 2 AMD */
	uint64_t status, address, misc, mcg_status;
	int64_t time_s;
	bool exception; /* told by one, not found by looking */
};
#define MCE_HAVE_CPU BIT(0)
#define MCE_HAVE_BANK BIT(1)
#define MCE_HAVE_STATUS BIT(2)
#define MCE_HAVE_ADDRESS BIT(3)
#define MCE_HAVE_MISC BIT(4)
#define MCE_HAVE_TIME BIT(5)
#define MCE_HAVE_VENDOR BIT(6)
#define MCE_STATUS_UNCORRECTED BIT(61)

/* Fills severity, count, identity, subject and text of a record, and its time where that is known. */
void mce_describe(const struct mce_fields *fields, struct machine_check *record);

/* --- lines of a trace buffer -------------------------------------------------------------------------------------- */

/* "   kworker/0:0-7       [000] .....    47.136342: mce_record: CPU: 0, ..." */
struct trace_line {
	uint32_t cpu;
	uint64_t stamp_us;
	const char *name; /* of the event; not NUL-terminated */
	size_t name_length;
	const char *body;
	size_t body_length;
};
/* A line without its newline. -ERR_ABSENT: a comment or an empty line; -ERR_PARSE. */
int trace_line_parse(const char *line, size_t length, struct trace_line *out);
bool trace_line_is(const struct trace_line *line, const char *name);

/* The body of an mce_record. -ERR_PARSE where processor, bank or status is missing. */
int mce_parse_record(const char *body, size_t length, struct mce_fields *out);

/* The body of an aer_event, an error of PCI Express: as mce_describe does. -ERR_PARSE. */
int mce_describe_pcie(const char *body, size_t length, struct machine_check *record);

/* The number of errors in the body of an mc_event; 0 where there is none. */
uint32_t mce_parse_edac_count(const char *body, size_t length);

/* per_cpu/cpuN/stats. -ERR_PARSE where one of them is missing. */
struct trace_stats {
	uint64_t entries, overrun, read;
};
int trace_stats_parse(const char *text, size_t length, struct trace_stats *out);

/* "[local] global boot" -> whether the clock in brackets is that. */
bool trace_clock_is(const char *text, size_t length, const char *name);

/* --- lines of the kernel's log ------------------------------------------------------------------------------------ */

/* A record comes in several lines; between them there may be others. */
struct mce_lines {
	bool open;
	struct mce_fields fields;
};

/* Takes a line without its newline and what stands before the text. True: *out is a record, whole or, where another one
 * began before its end, as much as there was. */
bool mce_lines_add(struct mce_lines *lines, const char *line, size_t length, struct mce_fields *out);
/* At the end of the text: one that is left open. */
bool mce_lines_end(struct mce_lines *lines, struct mce_fields *out);

/* "6,339,5140900,-;text\n KEY=value\n": the sequence number and the first line of the text. -ERR_PARSE. */
int kmsg_parse(const char *record, size_t length, uint64_t *sequence, const char **text, size_t *text_length);

/* The last uncorrected record of an excerpt of the log, its lines with or without "<0>[   12.345678] ". False: there is
 * none. *fatal: the kernel stopped because of it. */
bool mce_find_fatal(const char *text, size_t length, struct mce_fields *out, bool *fatal);

#endif
