/*
 * fuzz_metric_xml.c - any text as the output of an action of type "xml": refused, or its metrics are in the guests'
 * document as they were said, without an empty line, and another reader of XML finds them so.
 */
#include "fuzz.h"

#include "action_value.h"
#include "transport/guest_doc.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#define DOCUMENT_MAX (16u << 20)

static void check_text(const xmlChar *text, const char *wanted)
{
	FUZZ_CHECK((text == NULL) == (wanted == NULL));
	FUZZ_CHECK(text == NULL || strcmp((const char *)text, wanted) == 0);
}

static void check_metric(const xmlNode *element, const struct metric_row *row)
{
	const xmlNode *name = xmlFirstElementChild((xmlNode *)element);
	xmlChar *texts[] = { xmlGetNoNsProp(element, (const xmlChar *)"type"),
			     xmlGetNoNsProp(element, (const xmlChar *)"context"),
			     xmlGetNoNsProp(element, (const xmlChar *)"unit"), xmlNodeGetContent(name),
			     xmlNodeGetContent(xmlNextElementSibling((xmlNode *)name)) };
	const char *const wanted[] = { row->type, "host", row->unit, row->name, row->value };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		check_text(texts[i], wanted[i]);
		xmlFree(texts[i]);
	}
}

/* The operator's metrics are the document's last ones, in their order. */
static void compare(const struct metrics *metrics, const xmlDoc *document)
{
	const xmlNode *element = xmlLastElementChild(xmlDocGetRootElement(document));

	for (size_t i = metrics->n; i-- > 0;) {
		FUZZ_CHECK(element != NULL && metrics->rows[i].value != NULL);
		check_metric(element, &metrics->rows[i]);
		element = xmlPreviousElementSibling((xmlNode *)element);
	}
}

/* With less room than it takes it is a document all the same, within that room, and says that something is left out. */
static void check_cut(const struct snapshot *snapshot, size_t whole)
{
	const struct guest_style style = { .profile = GUEST_UPSTREAM };
	struct guest_doc_cut cut = { .text = "" };
	struct buf document;
	xmlDoc *read;

	buf_init(&document, whole - 1);
	if (whole / 2 > 200)
		document.limit = whole / 2;
	FUZZ_CHECK(!guest_doc_shared_fit(&document, &style, snapshot, true, &cut) && cut.text[0] != '\0');
	FUZZ_CHECK(!document.over && document.length <= document.limit);
	read = xmlReadMemory(document.data, (int)document.length, "document", "UTF-8",
			     XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	FUZZ_CHECK(read != NULL);
	xmlFreeDoc(read);
	buf_free(&document);
}

static void check_document(const struct snapshot *snapshot)
{
	const struct guest_style style = { .profile = GUEST_UPSTREAM };
	struct buf document;
	xmlDoc *read;

	buf_init(&document, DOCUMENT_MAX);
	guest_doc_shared(&document, &style, snapshot, true);
	FUZZ_CHECK(!document.over && memmem(document.data, document.length, "\n\n", 2) == NULL);
	read = xmlReadMemory(document.data, (int)document.length, "document", "UTF-8",
			     XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	FUZZ_CHECK(read != NULL);
	compare(snapshot->metrics, read);
	xmlFreeDoc(read);
	check_cut(snapshot, document.length);
	buf_free(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_metric metric = { .type = METRIC_XML, .context = METRIC_HOST };
	char why[ACTION_VALUE_WHY_SIZE] = "";
	struct metrics *metrics = NULL;
	struct snapshot *snapshot;

	if (size > 65536 || action_value_parse(&metric, NULL, (const char *)data, size, &metrics, why) != 0)
		return 0;
	/* Those of domains, too: what is of interest here is the text. */
	for (size_t i = 0; i < metrics->n; i++)
		metrics->rows[i].index = (uint32_t)i + 1;
	metrics_sort(metrics);
	snapshot = snapshot_new();
	snapshot_put(&snapshot->metrics, metrics);
	check_document(snapshot);
	part_unref(snapshot);
	return 0;
}
