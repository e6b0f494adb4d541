/*
 * dump.h - writes a document where a user wants it. Thread: any; blocks on the file. Needs libc only.
 */
#ifndef EDGENODE_GUESTLIB_DUMP_H
#define EDGENODE_GUESTLIB_DUMP_H

#include <stdbool.h>
#include <stddef.h>

/* To the file at path, or to stdout where path is NULL. A plain file is replaced in one step, so that nobody ever reads
 * half of it, and keeps its mode; a link's target is replaced, not the link. Where only the file itself may be changed,
 * not its directory, it is written in place; so is what is no plain file (a terminal, a pipe).
 * False: errno says why. */
bool dump_write(const char *path, const char *content, size_t length);

#endif
