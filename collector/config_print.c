/*
 * config_print.c - the effective configuration as XML, by the same table that reads it. Pure but for the stream.
 */
#include "base/buf.h"
#include "config_keys.h"

#include <string.h>

#define INDENT 2

static void print_escaped(FILE *out, const char *text)
{
	const size_t length = strlen(text);
	struct buf buf;

	buf_init(&buf, length * sizeof("&quot;") + 1);
	buf_xml(&buf, text, length);
	if (buf.length > 0)
		fwrite(buf.data, 1, buf.length, out);
	buf_free(&buf);
}

static void print_element(FILE *out, const char *element, const struct config_key *keys, const void *base, int depth);

static void print_attributes(FILE *out, const struct config_key *keys, const void *base)
{
	char number[CONFIG_NUMBER_SIZE];
	const struct config_key *key;
	const char *text, *unit;

	for (key = keys; key->name != NULL; key++) {
		if (key->kind != CONFIG_ATTRIBUTE)
			continue;
		text = config_value_format(key, base, number, &unit);
		if (text == NULL)
			continue;
		fprintf(out, " %s=\"", key->name);
		print_escaped(out, text);
		fprintf(out, "%s\"", unit);
	}
}

static void print_set(FILE *out, const struct config_key *key, const void *base, int depth)
{
	const bool *set = (const bool *)((const char *)base + key->offset);
	unsigned i;

	for (i = 0; key->words[i] != NULL; i++)
		if (set[i])
			fprintf(out, "%*s<%s>%s</%s>\n", depth * INDENT, "", key->name, key->words[i], key->name);
}

static void print_content(FILE *out, const struct config_key *key, const void *base, int depth)
{
	char number[CONFIG_NUMBER_SIZE];
	const char *unit, *text;

	if (key->type == CONFIG_SET) {
		print_set(out, key, base, depth);
		return;
	}
	text = config_value_format(key, base, number, &unit);
	if (text == NULL)
		return;
	fprintf(out, "%*s<%s", depth * INDENT, "", key->name);
	if (key->type == CONFIG_BYTES)
		fprintf(out, " unit=\"%s\"", unit[0] == '\0' ? "bytes" : unit);
	fputc('>', out);
	print_escaped(out, text);
	fprintf(out, "</%s>\n", key->name);
}

static void print_sources(FILE *out, const struct config_key *key, const struct config *config, int depth)
{
	unsigned id;

	for (id = 1; id < SOURCE_END; id++) {
		fprintf(out, "%*s<%s name=\"%s\"", depth * INDENT, "", key->name, source_id_name(id));
		print_attributes(out, key->keys, &config->sources[id]);
		fputs("/>\n", out);
	}
}

static void print_child(FILE *out, const struct config_key *key, const void *base, int depth)
{
	size_t i, n;

	switch (key->kind) {
	case CONFIG_ATTRIBUTE:
		break;
	case CONFIG_CONTENT:
		print_content(out, key, base, depth);
		break;
	case CONFIG_GROUP:
		if (key->size == 0 || *(const bool *)((const char *)base + key->offset))
			print_element(out, key->name, key->keys, base, depth);
		break;
	case CONFIG_ROWS:
		n = config_row_count(key, base);
		for (i = 0; i < n; i++)
			print_element(out, key->name, key->keys, config_row_get(key, base, i), depth);
		break;
	case CONFIG_SOURCES:
		print_sources(out, key, base, depth);
		break;
	}
}

/* Elements that can hold others get a closing tag of their own, even when empty. */
static bool has_children(const struct config_key *keys)
{
	const struct config_key *key;

	for (key = keys; key->name != NULL; key++)
		if (key->kind != CONFIG_ATTRIBUTE)
			return true;
	return false;
}

static void print_element(FILE *out, const char *element, const struct config_key *keys, const void *base, int depth)
{
	const struct config_key *key;

	fprintf(out, "%*s<%s", depth * INDENT, "", element);
	print_attributes(out, keys, base);
	if (!has_children(keys)) {
		fputs("/>\n", out);
		return;
	}
	fputs(">\n", out);
	for (key = keys; key->name != NULL; key++)
		print_child(out, key, base, depth + 1);
	fprintf(out, "%*s</%s>\n", depth * INDENT, "", element);
}

void config_print(const struct config *config, FILE *out)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE edgenode SYSTEM \"edgenode.dtd\">\n", out);
	print_element(out, CONFIG_ROOT_EDGENODE.element, CONFIG_ROOT_EDGENODE.keys, config, 0);
}
