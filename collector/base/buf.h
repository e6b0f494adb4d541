/*
 * buf.h - a growing byte buffer with a limit. Thread: the owner's.
 *
 * An append that would pass the limit changes nothing and latches `over`, so that a writer can append freely and
 * look once at the end.
 */
#ifndef EDGENODE_BASE_BUF_H
#define EDGENODE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;   /* NUL-terminated whenever it is not NULL */
	size_t length;
	size_t size;
	size_t limit; /* greatest length */
	bool over;
};

void buf_init(struct buf *buf, size_t limit);
void buf_free(struct buf *buf);  /* the data; buf may be used again after buf_init */
void buf_reset(struct buf *buf); /* empty, memory kept, `over` cleared */
void buf_cut(struct buf *buf, size_t length); /* back to a shorter length */

void buf_append(struct buf *buf, const void *data, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Text as XML 1.0 character data or attribute value: & < > ' " as entities; bytes XML forbids and bytes that are
 * not UTF-8 become '?'. At most length bytes are read. */
void buf_xml(struct buf *buf, const char *text, size_t length);

/* Big-endian and length-prefixed binary, for records of ours. */
void buf_u8(struct buf *buf, uint8_t v);
void buf_u32(struct buf *buf, uint32_t v);
void buf_u64(struct buf *buf, uint64_t v);
void buf_string(struct buf *buf, const char *text); /* u32 length + bytes; NULL as length 0 */

/* The reading half: a cursor that latches `bad` at the first short or oversized read and then gives zeros. */
struct cursor {
	const uint8_t *data;
	size_t left;
	bool bad;
};

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
const uint8_t *cursor_bytes(struct cursor *c, size_t length);
char *cursor_string(struct cursor *c, size_t most); /* a copy the caller frees; NULL when bad */

#endif
