/*
 * mem.h - allocation for small, bounded requests.
 *
 * Every size that comes from outside is checked against a named maximum before it gets here. On a Linux host a
 * request of this size fails only when the node is out of memory altogether; the process then ends with a log
 * line and abort(), the service manager restarts it and the state directory carries indexes and log over.
 * Thread: any. Memory is released with free().
 */
#ifndef EDGENODE_BASE_MEM_H
#define EDGENODE_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);                    /* zeroed */
void *mem_array(size_t count, size_t size);      /* zeroed; ends the process if count * size overflows */
void *mem_grow(void *old, size_t count, size_t size); /* realloc of an array, new space not zeroed */
char *mem_string(const char *text);              /* copy; NULL gives NULL */
char *mem_string_n(const char *text, size_t length); /* copy of at most length bytes, NUL-terminated */

/* The string's new value: frees *slot, then stores a copy of text (or NULL). */
void mem_replace(char **slot, const char *text);

#endif
