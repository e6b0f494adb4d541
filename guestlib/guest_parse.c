/*
 * guest_parse.c - one pass of libxml2's SAX parser over the guests' document. Thread: any.
 *
 * Elements and attributes that are not known are passed over: hosts may say more than we ask. libxml2's own limits on
 * depth and sizes stay on.
 */
#include "guestlib/guest_parse.h"

#include "base/err.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROWS_FIRST 64u

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error_pointer;
#else
typedef xmlErrorPtr xml_error_pointer;
#endif

/* Where elements stand: <metrics> 1, <metric> 2, <name> and <value> 3. */
enum { LEVEL_METRICS = 1, LEVEL_METRIC, LEVEL_FIELD };

/* Bounded text of a name or a value. */
struct field {
	char *text;
	size_t length, limit;
	bool over;
};

/* What is read of one <metric>. */
struct element {
	bool known_context;
	struct guest_row row;
	struct field name, value;
};

struct reader {
	xmlParserCtxt *parser;
	struct guest_list *list;
	size_t rows_size, text_size, text_used;
	unsigned level;
	bool in_metric;
	struct element element;
	struct field *field; /* that gets the text, or NULL */
	int rc;
	char name_text[GUEST_NAME_MAX + 1], value_text[GUEST_VALUE_MAX + 1];
};

static void fail(struct reader *r, int code)
{
	if (r->rc == 0)
		r->rc = code;
	xmlStopParser(r->parser);
}

static struct reader *reader_of(void *context)
{
	return ((xmlParserCtxt *)context)->_private;
}

static bool is_text(const xmlChar *text, size_t length, const char *expected)
{
	return strlen(expected) == length && memcmp(text, expected, length) == 0;
}

/* Into the list's text, which is as long as the document: no text of it is longer than what it was read from. */
static const char *keep(struct reader *r, const char *text, size_t length)
{
	char *kept = r->list->text + r->text_used;

	if (length >= r->text_size - r->text_used) {
		fail(r, -ERR_LIMIT);
		return "";
	}
	memcpy(kept, text, length);
	kept[length] = '\0';
	r->text_used += length + 1;
	return kept;
}

static const char *const TYPE_NAMES[] = { "int32", "uint32", "int64", "uint64", "real32", "real64", "string" };

const char *guest_type_name(metric_type type)
{
	return TYPE_NAMES[type];
}

static void take_type(struct guest_row *row, const xmlChar *text, size_t length)
{
	for (size_t i = 0; i < sizeof(TYPE_NAMES) / sizeof(TYPE_NAMES[0]); i++) {
		if (is_text(text, length, TYPE_NAMES[i])) {
			row->type = (metric_type)i;
			row->known_type = true;
		}
	}
}

static void take_context(struct element *element, const xmlChar *text, size_t length)
{
	if (is_text(text, length, "host"))
		element->row.context = METRIC_CONTEXT_HOST;
	else if (is_text(text, length, "vm"))
		element->row.context = METRIC_CONTEXT_VM;
	else
		return;
	element->known_context = true;
}

static void take_attribute(struct reader *r, const char *name, const xmlChar *text, size_t length)
{
	struct guest_row *row = &r->element.row;

	if (strcmp(name, "type") == 0)
		take_type(row, text, length);
	else if (strcmp(name, "context") == 0)
		take_context(&r->element, text, length);
	else if (strcmp(name, "uuid") == 0)
		row->uuid = keep(r, (const char *)text, length);
	else if (strcmp(name, "id") == 0)
		row->id = keep(r, (const char *)text, length);
	else if (strcmp(name, "unit") == 0)
		row->unit = keep(r, (const char *)text, length);
}

static void begin_metric(struct reader *r, int n_attributes, const xmlChar **attributes)
{
	r->in_metric = true;
	r->element = (struct element){
		.row = { .uuid = "" },
		.name = { .text = r->name_text, .limit = GUEST_NAME_MAX },
		.value = { .text = r->value_text, .limit = GUEST_VALUE_MAX },
	};
	/* Each is name, prefix, namespace, start and end of the value. */
	for (int i = 0; i < n_attributes; i++, attributes += 5)
		take_attribute(r, (const char *)attributes[0], attributes[3],
			       (size_t)(attributes[4] - attributes[3]));
}

/* NULL: an element that is passed over. */
static struct field *field_begin(struct element *element, const char *name)
{
	if (strcmp(name, "name") == 0)
		return &element->name;
	if (strcmp(name, "value") == 0)
		return &element->value;
	return NULL;
}

static void on_start(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
		     const xmlChar **namespaces, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct reader *r = reader_of(context);
	const char *tag = (const char *)name;

	(void)prefix;
	(void)uri;
	(void)n_namespaces;
	(void)namespaces;
	(void)n_defaulted;
	r->level++;
	if (r->level == LEVEL_METRICS && strcmp(tag, "metrics") != 0)
		fail(r, -ERR_PARSE);
	else if (r->level == LEVEL_METRIC && strcmp(tag, "metric") == 0)
		begin_metric(r, n_attributes, attributes);
	else if (r->level == LEVEL_FIELD && r->in_metric)
		r->field = field_begin(&r->element, tag);
}

static void on_text(void *context, const xmlChar *text, int length)
{
	const struct reader *r = reader_of(context);
	struct field *field = r->field;
	const size_t n = (size_t)length;

	if (field == NULL || r->level != LEVEL_FIELD || field->over)
		return;
	if (n > field->limit - field->length) {
		field->over = true;
		return;
	}
	memcpy(field->text + field->length, text, n);
	field->length += n;
}

static const char *field_end(struct reader *r, struct field *field)
{
	field->text[field->length] = '\0';
	text_trim(field->text);
	return keep(r, field->text, strlen(field->text));
}

/* Room for one more row. */
static bool grow(struct reader *r)
{
	const size_t size = r->rows_size == 0 ? ROWS_FIRST : 2 * r->rows_size;
	struct guest_row *rows;

	if (r->list->n < r->rows_size)
		return true;
	if (size > GUEST_METRICS_MAX) {
		fail(r, -ERR_LIMIT);
		return false;
	}
	rows = realloc(r->list->rows, size * sizeof(*rows));
	if (rows == NULL) {
		fail(r, -ERR_IO);
		return false;
	}
	r->list->rows = rows;
	r->rows_size = size;
	return true;
}

static void end_metric(struct reader *r)
{
	struct element *element = &r->element;

	r->in_metric = false;
	if (!element->known_context || element->name.over || !grow(r))
		return;
	element->row.name = field_end(r, &element->name);
	element->row.text = field_end(r, &element->value);
	element->row.over = element->value.over;
	r->list->rows[r->list->n++] = element->row;
}

static void on_end(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = reader_of(context);

	(void)name;
	(void)prefix;
	(void)uri;
	if (r->level == LEVEL_METRIC && r->in_metric)
		end_metric(r);
	else if (r->level == LEVEL_FIELD)
		r->field = NULL;
	r->level--;
}

/* Before anything of a DOCTYPE is read: entities have no use here but to make a small document large. */
static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	fail(reader_of(context), -ERR_PARSE);
}

/* What is wrong is told by the parser's state; without this the application's handler would get it. */
static void on_error(void *context, xml_error_pointer error)
{
	(void)context;
	(void)error;
}

static const xmlSAXHandler HANDLER = {
	.initialized = XML_SAX2_MAGIC,
	.internalSubset = on_doctype,
	.startElementNs = on_start,
	.endElementNs = on_end,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.serror = on_error,
};

static int read_document(struct reader *r, const char *document, size_t length)
{
	/* Always UTF-8, whatever the document says: converters have messages of their own, which go to stderr. There are
	 * no entities but XML's own five, and of these NOENT makes characters in attributes too. */
	const int options = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT;
	xmlDoc *doc;

	*r->parser->sax = HANDLER;
	r->parser->_private = r;
	doc = xmlCtxtReadMemory(r->parser, document, (int)length, NULL, "UTF-8", options);
	xmlFreeDoc(doc); /* nothing builds one */
	if (r->rc < 0)
		return r->rc;
	return r->parser->wellFormed ? 0 : -ERR_PARSE;
}

static int read_with(struct reader *r, const char *document, size_t length)
{
	int rc = -ERR_IO;

	r->text_size = length + 1;
	r->list->text = malloc(r->text_size);
	r->parser = xmlNewParserCtxt();
	if (r->list->text != NULL && r->parser != NULL)
		rc = read_document(r, document, length);
	xmlFreeParserCtxt(r->parser);
	return rc;
}

static pthread_once_t init_once = PTHREAD_ONCE_INIT;

int guest_parse(const char *document, size_t length, struct guest_list **out)
{
	struct guest_list *list;
	struct reader *r;
	int rc = -ERR_IO;

	if (length > GUEST_DOCUMENT_MAX)
		return -ERR_LIMIT;
	pthread_once(&init_once, xmlInitParser); /* never undone: the application may use libxml2, too */
	list = calloc(1, sizeof(*list));
	r = calloc(1, sizeof(*r));
	if (list != NULL && r != NULL) {
		r->list = list;
		rc = read_with(r, document, length);
	}
	free(r);
	if (rc < 0)
		guest_list_free(list);
	else
		*out = list;
	return rc;
}

void guest_list_free(struct guest_list *list)
{
	if (list == NULL)
		return;
	free(list->rows);
	free(list->text);
	free(list);
}

int guest_list_vm(const struct guest_list *list, const char *own, const char **uuid)
{
	const char *found = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct guest_row *row = &list->rows[i];

		if (row->context != METRIC_CONTEXT_VM || (own != NULL && strcasecmp(row->uuid, own) != 0))
			continue;
		if (found != NULL && strcasecmp(row->uuid, found) != 0)
			return -ERR_ABSENT; /* several, and which is ours is not known */
		found = row->uuid;
	}
	if (found == NULL)
		return -ERR_ABSENT;
	*uuid = found;
	return 0;
}

static const struct guest_row *find_row(const struct guest_list *list, metric_context context, const char *uuid,
					   const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct guest_row *row = &list->rows[i];

		if (row->context == context && strcmp(row->name, name) == 0 &&
		    (context == METRIC_CONTEXT_HOST || strcasecmp(row->uuid, uuid) == 0))
			return row;
	}
	return NULL;
}

int guest_list_find(const struct guest_list *list, metric_context context, const char *own, const char *name,
		    const struct guest_row **out)
{
	const struct guest_row *row;
	const char *uuid = NULL;
	int rc = context == METRIC_CONTEXT_VM ? guest_list_vm(list, own, &uuid) : 0;

	if (rc < 0)
		return rc;
	row = find_row(list, context, uuid, name);
	if (row != NULL && !row->known_type)
		return -ERR_PARSE;
	if (row != NULL && row->over)
		return -ERR_LIMIT;
	*out = row;
	return 0;
}
