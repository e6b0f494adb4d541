/*
 * buf.c - the growing buffer and its reading half. Thread: the owner's.
 */
#include "base/buf.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_SIZE 256

void buf_init(struct buf *buf, size_t limit)
{
	*buf = (struct buf){ .limit = limit };
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->limit);
}

void buf_cut(struct buf *buf, size_t length)
{
	if (length >= buf->length)
		return;
	buf->length = length;
	buf->data[length] = '\0';
}

void buf_reset(struct buf *buf)
{
	buf_cut(buf, 0);
	buf->over = false;
}

/* Space for `more` bytes and a NUL. False: over the limit, now or at an earlier append. */
static bool reserve(struct buf *buf, size_t more)
{
	size_t size = buf->size > 0 ? buf->size : BUF_FIRST_SIZE;

	if (buf->over || more > buf->limit - buf->length || more > SIZE_MAX / 4 - buf->length) {
		buf->over = true;
		return false;
	}
	while (size <= buf->length + more)
		size *= 2;
	if (size != buf->size) {
		buf->data = mem_grow(buf->data, size, 1);
		buf->size = size;
	}
	return true;
}

void buf_append(struct buf *buf, const void *data, size_t length)
{
	if (!reserve(buf, length))
		return;
	if (length > 0)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		buf->over = true;
	else if (reserve(buf, (size_t)n)) {
		vsnprintf(buf->data + buf->length, (size_t)n + 1, format, again);
		buf->length += (size_t)n;
	}
	va_end(again);
}

/* Character references for blanks other than the space: a parser turns a raw one into a space in an attribute. */
static const char *xml_reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '\'':
		return "&apos;";
	case '"':
		return "&quot;";
	case '\t':
		return "&#9;";
	case '\n':
		return "&#10;";
	case '\r':
		return "&#13;";
	default:
		return NULL;
	}
}

/* XML 1.0 section 2.2: no control characters, not U+FFFE and U+FFFF. c is well-formed UTF-8. */
static bool xml_allows(const char *c, size_t length)
{
	if (length == 1)
		return (uint8_t)c[0] >= 0x20;
	return length != 3 || (memcmp(c, "\xef\xbf\xbe", 3) != 0 && memcmp(c, "\xef\xbf\xbf", 3) != 0);
}

void buf_xml(struct buf *buf, const char *text, size_t length)
{
	const size_t end = text == NULL ? 0 : strnlen(text, length);
	size_t i, n;

	for (i = 0; i < end; i += n) {
		const char *reference = xml_reference(text[i]);

		n = text_utf8_next(text + i, end - i);
		if (reference != NULL)
			buf_text(buf, reference);
		else if (n > 0 && xml_allows(text + i, n))
			buf_append(buf, text + i, n);
		else
			buf_text(buf, "?");
		if (n == 0)
			n = 1;
	}
}

void buf_u8(struct buf *buf, uint8_t v)
{
	buf_append(buf, &v, 1);
}

static void put_big_endian(struct buf *buf, uint64_t v, size_t length)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (uint8_t)(v >> 8 * (length - 1 - i));
	buf_append(buf, bytes, length);
}

void buf_u32(struct buf *buf, uint32_t v)
{
	put_big_endian(buf, v, 4);
}

void buf_u64(struct buf *buf, uint64_t v)
{
	put_big_endian(buf, v, 8);
}

void buf_string(struct buf *buf, const char *text)
{
	const size_t length = text == NULL ? 0 : strlen(text);

	if (length > UINT32_MAX) {
		buf->over = true;
		return;
	}
	buf_u32(buf, (uint32_t)length);
	buf_append(buf, text, length);
}

const uint8_t *cursor_bytes(struct cursor *c, size_t length)
{
	const uint8_t *bytes = c->data;

	if (c->bad || length > c->left) {
		c->bad = true;
		return NULL;
	}
	if (length > 0)
		c->data += length;
	c->left -= length;
	return bytes;
}

static uint64_t get_big_endian(struct cursor *c, size_t length)
{
	const uint8_t *bytes = cursor_bytes(c, length);
	uint64_t v = 0;
	size_t i;

	for (i = 0; bytes != NULL && i < length; i++)
		v = v << 8 | bytes[i];
	return v;
}

uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)get_big_endian(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)get_big_endian(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)get_big_endian(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
	return get_big_endian(c, 8);
}

char *cursor_string(struct cursor *c, size_t most)
{
	const uint32_t length = cursor_u32(c);
	const uint8_t *bytes;

	if (length > most)
		c->bad = true;
	bytes = cursor_bytes(c, length);
	if (bytes == NULL && c->bad)
		return NULL;
	if (length > 0 && memchr(bytes, '\0', length) != NULL) {
		c->bad = true; /* buf_string never writes one */
		return NULL;
	}
	return mem_string_n(length > 0 ? (const char *)bytes : "", length);
}
