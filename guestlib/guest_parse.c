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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UUID_SIZE 64 /* longer ones are cut: they only have to differ */

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
	bool known_type, known_context;
	metric_type type;
	metric_context context;
	char uuid[UUID_SIZE];
	struct field name, value;
};

struct reader {
	xmlParserCtxt *parser;
	metric_context context;
	const char *own;
	struct guest_wanted *wanted;
	size_t n;
	unsigned level;
	bool in_metric;
	struct element element;
	struct field *field; /* that gets the text, or NULL */
	bool vm_seen, vm_several, own_seen;
	char first_uuid[UUID_SIZE];
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

static void take_type(struct element *element, const xmlChar *text, size_t length)
{
	static const char *const NAMES[] = { "int32", "uint32", "int64", "uint64", "real32", "real64", "string" };

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		if (is_text(text, length, NAMES[i])) {
			element->type = (metric_type)i;
			element->known_type = true;
		}
	}
}

static void take_context(struct element *element, const xmlChar *text, size_t length)
{
	if (is_text(text, length, "host"))
		element->context = METRIC_CONTEXT_HOST;
	else if (is_text(text, length, "vm"))
		element->context = METRIC_CONTEXT_VM;
	else
		return;
	element->known_context = true;
}

static void take_attribute(struct element *element, const char *name, const xmlChar *text, size_t length)
{
	if (strcmp(name, "type") == 0)
		take_type(element, text, length);
	else if (strcmp(name, "context") == 0)
		take_context(element, text, length);
	else if (strcmp(name, "uuid") == 0)
		snprintf(element->uuid, sizeof(element->uuid), "%.*s", (int)(length < UUID_SIZE ? length : UUID_SIZE),
			 (const char *)text);
}

static void begin_metric(struct reader *r, int n_attributes, const xmlChar **attributes)
{
	r->in_metric = true;
	r->element = (struct element){
		.name = { .text = r->name_text, .limit = GUEST_NAME_MAX },
		.value = { .text = r->value_text, .limit = GUEST_VALUE_MAX },
	};
	/* Each is name, prefix, namespace, start and end of the value. */
	for (int i = 0; i < n_attributes; i++, attributes += 5)
		take_attribute(&r->element, (const char *)attributes[0], attributes[3],
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

static void field_end(struct field *field)
{
	field->text[field->length] = '\0';
	text_trim(field->text);
}

/* Is it a metric of the VM that is ours? Takes notice of what VMs there are. */
static bool is_ours(struct reader *r, const char *uuid)
{
	if (!r->vm_seen)
		memcpy(r->first_uuid, uuid, UUID_SIZE);
	r->vm_seen = true;
	if (strcasecmp(uuid, r->first_uuid) != 0)
		r->vm_several = true;
	if (r->own == NULL)
		return !r->vm_several;
	if (strcasecmp(uuid, r->own) != 0)
		return false;
	r->own_seen = true;
	return true;
}

static struct guest_wanted *find_wanted(const struct reader *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->wanted[i].found && strcmp(r->wanted[i].name, name) == 0)
			return &r->wanted[i];
	return NULL;
}

/* 0 or why the metric, which is wanted, cannot be taken. */
static int take_wanted(struct guest_wanted *wanted, const struct element *element)
{
	if (!element->known_type)
		return -ERR_PARSE;
	if (element->value.over)
		return -ERR_LIMIT;
	wanted->text = strdup(element->value.text);
	if (wanted->text == NULL)
		return -ERR_IO;
	wanted->type = element->type;
	wanted->found = true;
	return 0;
}

static void end_metric(struct reader *r)
{
	struct element *element = &r->element;
	struct guest_wanted *wanted;
	int rc;

	r->in_metric = false;
	field_end(&element->name);
	field_end(&element->value);
	if (!element->known_context || element->context != r->context || element->name.over)
		return;
	if (element->context == METRIC_CONTEXT_VM && !is_ours(r, element->uuid))
		return;
	wanted = find_wanted(r, element->name.text);
	if (wanted == NULL)
		return;
	rc = take_wanted(wanted, element);
	if (rc < 0)
		fail(r, rc);
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
	/* Always UTF-8, whatever the document says: converters have messages of their own, which go to stderr. */
	const int options = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC;
	xmlDoc *doc;

	*r->parser->sax = HANDLER;
	r->parser->_private = r;
	doc = xmlCtxtReadMemory(r->parser, document, (int)length, NULL, "UTF-8", options);
	xmlFreeDoc(doc); /* nothing builds one */
	if (r->rc < 0)
		return r->rc;
	if (!r->parser->wellFormed)
		return -ERR_PARSE;
	if (r->context == METRIC_CONTEXT_VM && (r->own != NULL ? !r->own_seen : !r->vm_seen || r->vm_several))
		return -ERR_ABSENT;
	return 0;
}

static pthread_once_t init_once = PTHREAD_ONCE_INIT;

int guest_parse(const char *document, size_t length, metric_context context, const char *own,
		struct guest_wanted *wanted, size_t n)
{
	struct reader *r;
	int rc = -ERR_IO;

	for (size_t i = 0; i < n; i++)
		wanted[i].found = false;
	if (length > GUEST_DOCUMENT_MAX)
		return -ERR_LIMIT;
	pthread_once(&init_once, xmlInitParser); /* never undone: the application may use libxml2, too */
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return rc;
	r->parser = xmlNewParserCtxt();
	if (r->parser != NULL) {
		r->context = context;
		r->own = own;
		r->wanted = wanted;
		r->n = n;
		rc = read_document(r, document, length);
		xmlFreeParserCtxt(r->parser);
	}
	free(r);
	if (rc < 0)
		guest_wanted_clear(wanted, n);
	return rc;
}

void guest_wanted_clear(struct guest_wanted *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (wanted[i].found)
			free(wanted[i].text);
		wanted[i].found = false;
		wanted[i].text = NULL;
	}
}
