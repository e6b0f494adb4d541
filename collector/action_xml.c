/* action_xml.c - see action_xml.h. Thread: any. */
#include "action_xml.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "metric_dtd.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/valid.h>
#include <stdio.h>
#include <string.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error_pointer;
#else
typedef xmlErrorPtr xml_error_pointer;
#endif

struct reader {
	bool (*found)(void *arg, const struct action_xml_metric *metric);
	void *arg;
	char *why; /* "": nothing is wrong so far */
	size_t size;
	unsigned n;
};

static int reader_fail(struct reader *r, int code, const char *text)
{
	if (r->why[0] == '\0')
		snprintf(r->why, r->size, "%s", text);
	return code;
}

/* The first complaint; what follows is usually its consequence. */
static void on_xml_error(void *arg, xml_error_pointer error)
{
	struct reader *r = arg;

	if (error->level < XML_ERR_ERROR || r->why[0] != '\0')
		return;
	reader_fail(r, 0, error->message != NULL ? error->message : "not well-formed");
	text_trim(r->why);
}

/* Text of an element or attribute; freed with xmlFree, NULL where there is none. */
static xmlChar *content_of(xmlNode *element, const char *name)
{
	for (xmlNode *node = element->children; node != NULL; node = node->next)
		if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0)
			return xmlNodeGetContent(node);
	return NULL;
}

static bool pass_on(struct reader *r, xmlNode *element)
{
	xmlChar *texts[] = {
		xmlGetNoNsProp(element, (const xmlChar *)"type"), xmlGetNoNsProp(element, (const xmlChar *)"context"),
		xmlGetNoNsProp(element, (const xmlChar *)"uuid"), xmlGetNoNsProp(element, (const xmlChar *)"unit"),
		content_of(element, "name"), content_of(element, "value"),
	};
	const struct action_xml_metric metric = {
		.type = (const char *)texts[0], .context = (const char *)texts[1], .uuid = (const char *)texts[2],
		.unit = (const char *)texts[3], .name = (const char *)texts[4], .value = (const char *)texts[5],
	};
	const bool go_on = r->found(r->arg, &metric);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		xmlFree(texts[i]);
	return go_on;
}

static bool is_valid(xmlDoc *doc, xmlNode *element)
{
	xmlValidCtxt *validator = xmlNewValidCtxt();
	const bool valid = validator != NULL && xmlValidateElement(validator, doc, element) == 1;

	xmlFreeValidCtxt(validator);
	return valid;
}

static int read_node(struct reader *r, xmlDoc *doc, xmlNode *node, bool *go_on)
{
	if (node->type == XML_COMMENT_NODE || (node->type == XML_TEXT_NODE && xmlIsBlankNode(node)))
		return 0;
	if (node->type != XML_ELEMENT_NODE || node->ns != NULL || strcmp((const char *)node->name, "metric") != 0)
		return reader_fail(r, -ERR_PARSE, "something that is no <metric> element");
	if (++r->n > ACTION_XML_MAX)
		return reader_fail(r, -ERR_LIMIT, "too many <metric> elements");
	if (!is_valid(doc, node))
		return reader_fail(r, -ERR_PARSE, "a <metric> that is not valid");
	*go_on = pass_on(r, node);
	return 0;
}

static int read_nodes(struct reader *r, xmlDoc *doc)
{
	bool go_on = true;
	int rc = 0;

	for (xmlNode *node = xmlDocGetRootElement(doc)->children; node != NULL && rc == 0 && go_on; node = node->next)
		rc = read_node(r, doc, node, &go_on);
	if (rc == 0 && r->n == 0)
		rc = reader_fail(r, -ERR_PARSE, "no <metric> element");
	return rc;
}

static xmlDtd *dtd_new(void)
{
	return xmlIOParseDTD(NULL,
			     xmlParserInputBufferCreateMem(METRIC_DTD, sizeof(METRIC_DTD) - 1, XML_CHAR_ENCODING_UTF8),
			     XML_CHAR_ENCODING_UTF8);
}

static int read_document(struct reader *r, const char *text, size_t length)
{
	xmlDoc *doc = xmlReadMemory(text, (int)length, "output", "UTF-8", XML_PARSE_NONET | XML_PARSE_NOCDATA);
	int rc;

	if (doc == NULL || r->why[0] != '\0') {
		xmlFreeDoc(doc);
		return reader_fail(r, -ERR_PARSE, "not well-formed");
	}
	doc->extSubset = dtd_new();
	rc = read_nodes(r, doc);
	xmlFreeDoc(doc);
	return rc;
}

int action_xml_parse(const char *text, size_t length, bool (*found)(void *arg, const struct action_xml_metric *metric),
		     void *arg, char *why, size_t size)
{
	struct reader r = { .found = found, .arg = arg, .why = why, .size = size };
	struct buf document;
	int rc;

	/* The root that a document must have. */
	buf_init(&document, SIZE_MAX);
	buf_text(&document, "<metrics>");
	buf_append(&document, text, length);
	buf_text(&document, "</metrics>");
	why[0] = '\0';
	xmlSetStructuredErrorFunc(&r, on_xml_error);
	rc = read_document(&r, document.data, document.length);
	xmlSetStructuredErrorFunc(NULL, NULL);
	buf_free(&document);
	return rc;
}
