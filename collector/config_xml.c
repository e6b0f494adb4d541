/*
 * config_xml.c - the reader: XML to struct config by the table of config_keys.c, then the order of elements by the DTD
 * that is compiled in. The only file of the configuration that knows libxml2.
 *
 * Thread: main. Input is bounded by CONFIG_SIZE_MAX; libxml2's own limits on depth stay on; nothing is fetched, no
 * entity is declared or substituted.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config_dtd.h"
#include "config_keys.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/valid.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error_pointer;
#else
typedef xmlErrorPtr xml_error_pointer;
#endif

/* The first thing libxml2 complains of; what follows is usually its consequence. */
struct trouble {
	bool found;
	int line;
	char text[200];
};

struct reader {
	const char *name; /* of the file */
	struct config *config;
	struct config_error *error;
	xmlDoc *doc;
	struct trouble trouble;
	bool of_vhostmd;  /* by the root element */
	size_t skipped;	  /* broken rows */
	uint64_t sources; /* bits: given */
};

static int read_keys(struct reader *r, xmlNode *element, const struct config_key *keys, unsigned flags, void *base);

static int reader_fail(struct reader *r, const xmlNode *node, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int reader_fail(struct reader *r, const xmlNode *node, int code, const char *format, ...)
{
	char text[CONFIG_WHY_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return config_error_set(r->error, code, r->name, (int)xmlGetLineNo(node), "%s", text);
}

static void trouble_note(struct trouble *trouble, int line, const char *text)
{
	char *p;

	if (trouble->found)
		return;
	trouble->found = true;
	trouble->line = line;
	snprintf(trouble->text, sizeof(trouble->text), "%s", text);
	text_trim(trouble->text);
	for (p = strchr(trouble->text, '\n'); p != NULL; p = strchr(p, '\n'))
		*p = ' ';
}

static void on_xml_error(void *arg, xml_error_pointer error)
{
	if (error->level >= XML_ERR_ERROR)
		trouble_note(arg, error->line, error->message != NULL ? error->message : "not well-formed");
}

static int trouble_fail(struct reader *r)
{
	return config_error_set(r->error, -ERR_PARSE, r->name, r->trouble.line, "%s", r->trouble.text);
}

/* Entities have no use here but to make a small file large or to read another one. */
static void refuse_entity(void *context, const xmlChar *name, int type, const xmlChar *public_id,
			  const xmlChar *system_id, xmlChar *content)
{
	xmlParserCtxt *parser = context;

	(void)name;
	(void)type;
	(void)public_id;
	(void)system_id;
	(void)content;
	trouble_note(parser->_private, xmlSAX2GetLineNumber(context), "entity declarations are not accepted");
	xmlStopParser(parser);
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->ns == NULL && strcmp((const char *)node->name, name) == 0;
}

static const struct config_key *find_key(const struct config_key *keys, const char *name, bool attribute)
{
	for (; keys->name != NULL; keys++)
		if ((keys->kind == CONFIG_ATTRIBUTE) == attribute && strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

/* The text of an attribute's or element's children, which the caller frees. */
static int read_text(struct reader *r, const xmlNode *element, const xmlNode *first, char **out)
{
	const xmlNode *node;
	struct buf buf;
	int rc = 0;

	buf_init(&buf, 2 * (size_t)CONFIG_SIZE_MAX); /* UTF-8 may be longer than the file's own encoding */
	for (node = first; node != NULL && rc == 0; node = node->next) {
		if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
			buf_text(&buf, (const char *)node->content);
		else if (node->type == XML_ENTITY_REF_NODE)
			rc = reader_fail(r, element, -ERR_PARSE, "entity &%.60s; is not defined",
					 (const char *)node->name);
		else if (node->type == XML_ELEMENT_NODE)
			rc = reader_fail(r, node, -ERR_PARSE, "unknown element <%.60s> in <%.60s>",
					 (const char *)node->name, (const char *)element->name);
	}
	if (rc == 0 && buf.over)
		rc = reader_fail(r, element, -ERR_LIMIT, "too much text");
	if (rc == 0)
		*out = mem_string_n(buf.data != NULL ? buf.data : "", buf.length);
	buf_free(&buf);
	return rc;
}

static int read_value(struct reader *r, const xmlNode *element, const char *owner, const struct config_key *key,
		      const char *text, void *base)
{
	char why[CONFIG_WHY_SIZE], label[80];
	int rc = config_value_parse(key, text, base, why);

	if (rc == 0)
		return 0;
	config_key_label(key, owner, label, sizeof(label));
	return reader_fail(r, element, rc, "%s: %s", label, why);
}

static int unknown_attribute(struct reader *r, const xmlNode *element, const char *name)
{
	return reader_fail(r, element, -ERR_PARSE, "unknown attribute %.60s of <%.60s>", name,
			   (const char *)element->name);
}

static int read_attributes(struct reader *r, const xmlNode *element, const struct config_key *keys, uint64_t *seen,
			   void *base)
{
	const xmlAttr *attribute;
	int rc = element->nsDef == NULL ? 0 : unknown_attribute(r, element, "xmlns");

	for (attribute = element->properties; attribute != NULL && rc == 0; attribute = attribute->next) {
		const char *name = (const char *)attribute->name;
		const struct config_key *key = attribute->ns == NULL ? find_key(keys, name, true) : NULL;
		char *text;

		if (key == NULL)
			return unknown_attribute(r, element, name);
		rc = read_text(r, element, attribute->children, &text);
		if (rc != 0)
			break;
		rc = read_value(r, element, (const char *)element->name, key, text, base);
		*seen |= UINT64_C(1) << (key - keys);
		free(text);
	}
	return rc;
}

/* <size unit="k">256</size>: number and unit as one text, "256k". */
static int join_unit(struct reader *r, const xmlNode *element, char **text)
{
	const xmlAttr *unit = element->properties;
	size_t length = strlen(*text);
	char *word;
	int rc;

	if (unit == NULL)
		return 0;
	rc = read_text(r, element, unit->children, &word);
	if (rc != 0)
		return rc;
	*text = mem_grow(*text, length + strlen(word) + 1, 1);
	memcpy(*text + length, word, strlen(word) + 1);
	free(word);
	return 0;
}

static int read_content(struct reader *r, const xmlNode *element, const struct config_key *key, void *base)
{
	const bool has_unit = key->type == CONFIG_BYTES;
	const xmlAttr *attribute;
	char *text;
	int rc;

	if (element->nsDef != NULL)
		return unknown_attribute(r, element, "xmlns");
	for (attribute = element->properties; attribute != NULL; attribute = attribute->next)
		if (!has_unit || strcmp((const char *)attribute->name, "unit") != 0 || attribute->ns != NULL)
			return unknown_attribute(r, element, (const char *)attribute->name);
	rc = read_text(r, element, element->children, &text);
	if (rc != 0)
		return rc;
	text_trim(text);
	rc = join_unit(r, element, &text);
	if (rc == 0)
		rc = read_value(r, element, (const char *)element->parent->name, key, text, base);
	free(text);
	return rc;
}

/* Below an element, by the DTD: what the table does not say is the order and the number of children. */
static int check_dtd(struct reader *r, xmlNode *element)
{
	xmlValidCtxt *validator = xmlNewValidCtxt();
	int valid = xmlValidateElement(validator, r->doc, element);

	xmlFreeValidCtxt(validator);
	if (valid == 1)
		return 0;
	trouble_note(&r->trouble, (int)xmlGetLineNo(element), "not valid");
	return trouble_fail(r);
}

static int read_row_values(struct reader *r, xmlNode *element, const struct config_key *key, void *row)
{
	int rc = read_keys(r, element, key->keys, key->flags, row);
	const char *why = rc == 0 && key->rows->check != NULL ? key->rows->check(row) : NULL;

	return why == NULL ? rc : reader_fail(r, element, -ERR_PARSE, "%s", why);
}

/* Leaves a broken row out; its element goes too, so that the DTD finds nothing wrong with the rest. */
static int skip_row(struct reader *r, xmlNode *element, const struct config_key *key, void *base, void *row)
{
	log_warning("%s: this <%s> is left out", r->error->text, key->name);
	key->rows->clear(row);
	--*(size_t *)((char *)base + key->rows->count_offset);
	memset(&r->trouble, 0, sizeof(r->trouble));
	xmlUnlinkNode(element);
	xmlFreeNode(element);
	r->skipped++;
	return 0;
}

static int read_row(struct reader *r, xmlNode *element, const struct config_key *key, void *base)
{
	const bool skips = (key->flags & CONFIG_SKIPS) != 0;
	void *row = NULL;
	int rc;

	if (!skips || r->skipped < key->rows->limit)
		row = config_row_add(key, base, (int)xmlGetLineNo(element));
	if (row == NULL)
		return reader_fail(r, element, -ERR_LIMIT, "more than %zu <%s>", key->rows->limit, key->name);
	rc = read_row_values(r, element, key, row);
	if (rc == 0 && skips)
		rc = check_dtd(r, element);
	return rc != 0 && skips ? skip_row(r, element, key, base, row) : rc;
}

static int read_source(struct reader *r, xmlNode *element, const struct config_key *key)
{
	const xmlAttr *attribute = xmlHasProp(element, (const xmlChar *)"name");
	unsigned id = 0;
	char *name;
	int rc;

	if (attribute != NULL) {
		rc = read_text(r, element, attribute->children, &name);
		if (rc != 0)
			return rc;
		id = source_id_of(name);
		if (id == 0)
			rc = reader_fail(r, element, -ERR_PARSE, "name of <source>: there is no source \"%.60s\"",
					 name);
		else if ((r->sources & UINT64_C(1) << id) != 0)
			rc = reader_fail(r, element, -ERR_PARSE, "<source name=\"%.60s\"> given twice", name);
		free(name);
		if (rc != 0)
			return rc;
	}
	r->sources |= UINT64_C(1) << id;
	return read_keys(r, element, key->keys, key->flags, &r->config->sources[id]);
}

/* The first one that is given takes the place of the default. vhostmd passed over what it did not know. */
static int read_set(struct reader *r, xmlNode *child, const struct config_key *key, bool first, void *base)
{
	unsigned i;
	int rc;

	for (i = 0; first && key->words[i] != NULL; i++)
		((bool *)((char *)base + key->offset))[i] = false;
	rc = read_content(r, child, key, base);
	if (rc != -ERR_PARSE || !r->of_vhostmd)
		return rc;
	log_warning("%s: this <%s> is left out", r->error->text, key->name);
	return 0;
}

static int read_child(struct reader *r, xmlNode *child, const struct config_key *key, bool first, void *base)
{
	if (!first && (key->flags & CONFIG_REPEATS) == 0)
		return reader_fail(r, child, -ERR_PARSE, "<%s> given twice", key->name);
	switch (key->kind) {
	case CONFIG_ROWS:
		return read_row(r, child, key, base);
	case CONFIG_SOURCES:
		return read_source(r, child, key);
	case CONFIG_GROUP:
		if (key->size != 0)
			*(bool *)((char *)base + key->offset) = true;
		return read_keys(r, child, key->keys, key->flags, base);
	default:
		return key->type == CONFIG_SET ? read_set(r, child, key, first, base)
					       : read_content(r, child, key, base);
	}
}

/* A node between elements. 0: nothing to see. */
static int check_between(struct reader *r, const xmlNode *element, const xmlNode *node, unsigned flags)
{
	const char *owner = (const char *)element->name;

	if (node->type == XML_ENTITY_REF_NODE)
		return reader_fail(r, element, -ERR_PARSE, "entity &%.60s; is not defined", (const char *)node->name);
	if ((node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE) || xmlIsBlankNode(node) ||
	    (flags & CONFIG_ANY_TEXT) != 0)
		return 0;
	return reader_fail(r, element, -ERR_PARSE, "text in <%.60s>", owner);
}

static int read_children(struct reader *r, xmlNode *element, const struct config_key *keys, unsigned flags,
			 uint64_t *seen, void *base)
{
	xmlNode *child, *next;
	int rc = 0;

	for (child = element->children; child != NULL && rc == 0; child = next) {
		const struct config_key *key;

		next = child->next; /* a broken row is taken out */
		if (child->type != XML_ELEMENT_NODE) {
			rc = check_between(r, element, child, flags);
			continue;
		}
		key = child->ns == NULL ? find_key(keys, (const char *)child->name, false) : NULL;
		if (key == NULL)
			return reader_fail(r, child, -ERR_PARSE, "unknown element <%.60s> in <%.60s>",
					   (const char *)child->name, (const char *)element->name);
		rc = read_child(r, child, key, (*seen & UINT64_C(1) << (key - keys)) == 0, base);
		*seen |= UINT64_C(1) << (key - keys);
	}
	return rc;
}

static int read_keys(struct reader *r, xmlNode *element, const struct config_key *keys, unsigned flags, void *base)
{
	const struct config_key *key;
	uint64_t seen = 0;
	int rc = read_attributes(r, element, keys, &seen, base);

	if (rc == 0)
		rc = read_children(r, element, keys, flags, &seen, base);
	for (key = keys; key->name != NULL && rc == 0; key++) {
		if ((key->flags & CONFIG_REQUIRED) == 0 || (seen & UINT64_C(1) << (key - keys)) != 0)
			continue;
		rc = reader_fail(r, element, -ERR_PARSE,
				 key->kind == CONFIG_ATTRIBUTE ? "<%s> lacks the attribute %s" : "<%s> lacks <%s>",
				 (const char *)element->name, key->name);
	}
	return rc;
}

static int read_root(struct reader *r)
{
	xmlNode *root = xmlDocGetRootElement(r->doc);
	struct config *config = r->config;
	int rc;

	r->of_vhostmd = is_named(root, CONFIG_ROOT_VHOSTMD.element);
	if (!r->of_vhostmd && !is_named(root, CONFIG_ROOT_EDGENODE.element))
		return reader_fail(r, root, -ERR_PARSE, "the root element is <%.60s>, not <edgenode> or <vhostmd>",
				   (const char *)root->name);
	rc = read_keys(r, root, r->of_vhostmd ? CONFIG_ROOT_VHOSTMD.keys : CONFIG_ROOT_EDGENODE.keys, 0, config);
	if (!config->transport_vbd && !config->transport_virtio && !config->transport_xenstore)
		config->transport_vbd = true; /* as vhostmd does where it knows none of them */
	return rc;
}

/* The text as a tree. The parser works on a copy of its own, so length is the only bound it needs. */
static int parse_text(struct reader *r, const char *text, size_t length)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();

	if (parser == NULL)
		return config_error_set(r->error, -ERR_LIMIT, r->name, 0, "out of memory");
	parser->_private = &r->trouble;
	parser->sax->entityDecl = refuse_entity;
	r->doc = xmlCtxtReadMemory(parser, text, (int)length, r->name, NULL,
				   XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
	xmlFreeParserCtxt(parser);
	if (r->doc != NULL && !r->trouble.found && xmlDocGetRootElement(r->doc) != NULL)
		return 0;
	trouble_note(&r->trouble, 0, "not an XML document");
	return trouble_fail(r);
}

static xmlDtd *dtd_new(void)
{
	return xmlIOParseDTD(NULL,
			     xmlParserInputBufferCreateMem(CONFIG_DTD, sizeof(CONFIG_DTD) - 1, XML_CHAR_ENCODING_UTF8),
			     XML_CHAR_ENCODING_UTF8);
}

/* Reads the tree while our DTD stands in for whatever the file's own DOCTYPE says. */
static int read_document(struct reader *r)
{
	xmlDtd *own = r->doc->intSubset, *dtd = dtd_new();
	int rc;

	r->doc->intSubset = NULL;
	r->doc->extSubset = dtd;
	rc = read_root(r);
	if (rc == 0)
		rc = check_dtd(r, xmlDocGetRootElement(r->doc));
	r->doc->intSubset = own;
	r->doc->extSubset = NULL;
	xmlFreeDtd(dtd);
	return rc;
}

static int read_all(struct reader *r, const char *text, size_t length)
{
	int rc;

	xmlSetStructuredErrorFunc(&r->trouble, on_xml_error);
	rc = parse_text(r, text, length);
	if (rc == 0)
		rc = read_document(r);
	xmlFreeDoc(r->doc);
	xmlSetStructuredErrorFunc(NULL, NULL);
	return rc;
}

void config_init(void)
{
	xmlInitParser();
}

int config_parse(const char *name, const char *text, size_t length, struct config **out, struct config_error *error)
{
	struct reader r = {.name = name, .error = error};
	int rc;

	if (length == 0)
		return config_error_set(error, -ERR_PARSE, name, 0, "the file is empty");
	if (length > CONFIG_SIZE_MAX)
		return config_error_set(error, -ERR_LIMIT, name, 0, "larger than %u bytes", CONFIG_SIZE_MAX);
	r.config = config_new();
	r.config->path = mem_string(name);
	r.config->poll_ms = 0;
	rc = read_all(&r, text, length);
	if (rc == 0) {
		config_complete(r.config);
		rc = config_validate(r.config, error);
	}
	if (rc != 0)
		part_unref(r.config);
	else
		*out = r.config;
	return rc;
}
