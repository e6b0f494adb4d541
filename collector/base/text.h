/*
 * text.h - strict numbers and careful strings. Pure; thread: any.
 */
#ifndef EDGENODE_BASE_TEXT_H
#define EDGENODE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal only, the whole string, no blanks, no sign for the unsigned one. 0, -ERR_PARSE or -ERR_RANGE. */
int text_u64(const char *text, uint64_t *out);
int text_i64(const char *text, int64_t *out);
int text_u32(const char *text, uint32_t *out);

/* The number at the start of [*p, end); *p moves behind it. Leading blanks are skipped. -ERR_PARSE where there is
 * none. */
int text_take_u64(const char **p, const char *end, uint64_t *out);

/* "12.34" with up to two decimals used -> 1234; further digits are dropped. *p moves behind it. */
int text_take_hundredths(const char **p, const char *end, uint32_t *out);

/* The greatest n <= most such that text[0..n) does not end inside a UTF-8 character. */
size_t text_utf8_cut(const char *text, size_t length, size_t most);
bool text_utf8_valid(const char *text, size_t length);
/* The length of the UTF-8 character at text[0..left), 1 to 4; 0 where there is no well-formed one. */
size_t text_utf8_next(const char *text, size_t left);

/* "6be3fdb8-bef5-6fec-b1b7-e61bbceab708" <-> 16 octets. */
#define TEXT_UUID_SIZE 37
int text_uuid_parse(const char *text, uint8_t out[16]);
void text_uuid_format(const uint8_t uuid[16], char out[TEXT_UUID_SIZE]);

/* Shell pattern (fnmatch without path rules): '*' '?' '[..]'. */
bool text_match(const char *pattern, const char *text);

bool text_differs(const char *a, const char *b); /* NULL is as empty */
void text_trim(char *text); /* leading and trailing blanks and newlines, in place */

#endif
