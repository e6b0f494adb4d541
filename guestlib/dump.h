/*
 * dump.h - writes a document where a user wants it. Thread: any; blocks on the file. Needs libc only.
 */
#ifndef EDGENODE_GUESTLIB_DUMP_H
#define EDGENODE_GUESTLIB_DUMP_H

#include <stdbool.h>
#include <stddef.h>

/* To the file at path, or to stdout where path is NULL. A plain file is replaced in one step, so that nobody ever reads
 * half of it; a link's target is replaced, not the link; what is no plain file (a terminal, a pipe) is written to.
 * False: errno says why. */
bool dump_write(const char *path, const char *content, size_t length);

#endif
