/*
 * smart_parse.h - what "smartctl --json=c -n standby -i -H -A" says of one disk. Pure; thread: any.
 *
 * Keys as of smartctl 7.0 to 7.3 (smartctl(8), EXIT STATUS for the bits of its status). A key that is not there, is of
 * another type or holds a number that cannot be so leaves its field absent.
 */
#ifndef EDGENODE_SOURCE_SMART_PARSE_H
#define EDGENODE_SOURCE_SMART_PARSE_H

#include "model/storage.h"

#include <stddef.h>

#define SMART_TEXT_MAX 65536u  /* what the runner takes of a program's output (RUNNER_OUTPUT_MAX) */
#define SMART_REASON_SIZE 160

/* From a text of at most SMART_TEXT_MAX bytes the fields of *row that it tells, with their bits; name, identity and
 * read_mono_ns are left alone. 0; or, with *row untouched and an English reason: -ERR_PARSE (not JSON, or nothing in
 * it), -ERR_LIMIT (too long), -ERR_BUSY (the disk sleeps and was left alone), -ERR_IO (smartctl could not read it). */
int smart_parse(const char *text, size_t length, struct disk *row, char reason[SMART_REASON_SIZE]);

/* The serial number in a SCSI "unit serial number" page (SPC, VPD page 80h), as /sys has it. -ERR_PARSE. */
int smart_parse_page80(const uint8_t *page, size_t length, char *serial, size_t size);

#endif
