/*
 * config_keys.h - the one table of what a configuration file may hold: element or attribute, field, type, bounds.
 * The reader (config_xml.c), the printer (config_print.c) and the check of the finished structure walk it.
 *
 * conf/edgenode.dtd says the same to other tools; test_config holds the two together. Thread: any, no state.
 */
#ifndef EDGENODE_CONFIG_KEYS_H
#define EDGENODE_CONFIG_KEYS_H

#include "config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_WHY_SIZE 256           /* a sentence on what is wrong with a value */
#define CONFIG_EXPIRATION_PERIODS 3u  /* a channel lives at least this many update periods */

enum config_kind {
	CONFIG_ATTRIBUTE, /* name="value" */
	CONFIG_CONTENT,   /* <name>value</name> */
	CONFIG_GROUP,     /* <name> with keys, fields of the same structure; `size` not 0: a bool, whether it is there */
	CONFIG_ROWS,      /* <name> with keys, each a new row of an array */
	CONFIG_SOURCES    /* <name> with keys, each the row of config.sources that its attribute "name" tells */
};

enum config_type {
	CONFIG_LABEL,   /* no field: tells which row (CONFIG_SOURCES) */
	CONFIG_NOTHING, /* a number that is checked and not kept */
	CONFIG_TEXT,    /* char *, one line */
	CONFIG_LINES,   /* char *, may hold newlines and tabs */
	CONFIG_PATH,    /* char *, absolute */
	CONFIG_ADDRESS, /* char *, as base/address.h reads it */
	CONFIG_NUMBER,  /* integer of `size` bytes, signed if min < 0 */
	CONFIG_BYTES,   /* the same with a unit: "64M", or as content <size unit="M">64</size> */
	CONFIG_BOOL,    /* yes, no */
	CONFIG_WORD,    /* min + place in words, integer of `size` bytes */
	CONFIG_SET      /* one of consecutive bools, in the order of words */
};

enum config_flag {
	CONFIG_REQUIRED = 1,
	CONFIG_REPEATS = 2,
	CONFIG_SKIPS = 4,    /* a broken row is left out with a warning */
	CONFIG_ANY_TEXT = 8, /* text in the element is ignored */
	CONFIG_ZERO = 16     /* 0 is legal below min: it stands for a default */
};

/* An array that grows: `offset` of the key is that of its pointer. */
struct config_rows {
	size_t row_size, limit;
	size_t count_offset;                    /* of a size_t beside the pointer */
	size_t line_offset;                     /* of an int in the row; SIZE_MAX: none */
	const void *initial;                    /* a new row; NULL: zeroes */
	const char *(*check)(const void *row);  /* NULL or what is wrong with the row; may be NULL */
	void (*clear)(void *row);               /* with CONFIG_SKIPS */
};

struct config_key {
	const char *name; /* NULL ends a table */
	enum config_kind kind;
	enum config_type type;
	unsigned flags; /* enum config_flag */
	size_t offset, size;
	int64_t min, max; /* of the number, or of the text's length in bytes */
	const char *const *words; /* NULL at the end */
	const struct config_key *keys;
	const struct config_rows *rows;
};

struct config_root {
	const char *element;
	const struct config_key *keys;
};
extern const struct config_root CONFIG_ROOT_EDGENODE, CONFIG_ROOT_VHOSTMD;

/* "period of <poll>" or "<size>", for messages. */
void config_key_label(const struct config_key *key, const char *element, char *out, size_t size);

/* Row i of a CONFIG_ROWS key, and a new one at the end (NULL at the limit). */
void *config_row_get(const struct config_key *key, const void *base, size_t i);
void *config_row_add(const struct config_key *key, void *base, int line);
size_t config_row_count(const struct config_key *key, const void *base);

/* Text to field. 0, or -ERR_PARSE, -ERR_RANGE with the sentence in why; then the field is as before. */
int config_value_parse(const struct config_key *key, const char *text, void *base, char why[CONFIG_WHY_SIZE]);

/* Field to text: the field's own string, or number filled; NULL: not there. CONFIG_BYTES: *unit is "", "k", "M" or "G". */
#define CONFIG_NUMBER_SIZE 32
const char *config_value_format(const struct config_key *key, const void *base, char number[CONFIG_NUMBER_SIZE],
				const char **unit);

/* Whether the field is within the bounds. */
int config_value_check(const struct config_key *key, const void *base, char why[CONFIG_WHY_SIZE]);

/* The same for every field of a table and the tables below it; why names the key. */
int config_keys_check(const struct config_key *keys, const void *base, char why[CONFIG_WHY_SIZE]);

/* config.c */
void config_metric_clear(struct config_metric *metric);
/* Fields that follow from others: the poll period, the least expiration time, names of rules. */
void config_complete(struct config *config);
/* "name:line: text", without the line where it is 0; returns code. Control characters in it become '?'. */
int config_error_set(struct config_error *error, int code, const char *name, int line, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
