/*
 * libvirt_xml.c - the few elements of libvirt's XML that are of use, by libxml2. Pure; thread: any.
 *
 * Data: virDomainGetXMLDesc and virConnectGetCapabilities. libvirt writes it, but names, paths and metadata in it are
 * those of whoever defined the domain.
 */
#include "source/libvirt_xml.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#define OSINFO_NAMESPACE "http://libosinfo.org/xmlns/libvirt/domain/1.0"
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

/* ---- the document ---- */

/* libvirt writes no document type; what could be declared in one, nobody needs. */
static void refuse_subset(void *context, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
	xmlParserCtxt *parser = context;

	(void)name;
	(void)external_id;
	(void)system_id;
	xmlStopParser(parser);
	parser->wellFormed = 0;
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && node->ns == NULL && strcmp((const char *)node->name, name) == 0;
}

static int document_read(const char *xml, size_t length, const char *root, xmlDoc **out)
{
	xmlParserCtxt *parser;
	const xmlNode *element;
	xmlDoc *doc = NULL;

	if (length > LIBVIRT_XML_MAX)
		return -ERR_LIMIT;
	parser = xmlNewParserCtxt();
	if (parser != NULL) {
		parser->sax->internalSubset = refuse_subset;
		doc = xmlCtxtReadMemory(parser, xml, (int)length, NULL, NULL, OPTIONS);
		xmlFreeParserCtxt(parser);
	}
	if (doc == NULL)
		return -ERR_PARSE;
	element = xmlDocGetRootElement(doc);
	if (element == NULL || !is_element(element, root)) {
		xmlFreeDoc(doc);
		return -ERR_PARSE;
	}
	*out = doc;
	return 0;
}

/* node itself or the first one behind it of that name; NULL. */
static const xmlNode *element_from(const xmlNode *node, const char *name)
{
	while (node != NULL && !is_element(node, name))
		node = node->next;
	return node;
}

static const xmlNode *child_of(const xmlNode *node, const char *name)
{
	return node != NULL ? element_from(node->children, name) : NULL;
}

/* The text of an element or attribute that has nothing else; NULL where it is absent or empty. Borrowed. */
static const char *plain_text(const xmlNode *first)
{
	if (first == NULL || first->next != NULL || first->type != XML_TEXT_NODE || first->content == NULL ||
	    first->content[0] == '\0')
		return NULL;
	return (const char *)first->content;
}

static const char *attribute_of(const xmlNode *node, const char *name)
{
	const xmlAttr *attribute = node != NULL ? node->properties : NULL;

	for (; attribute != NULL; attribute = attribute->next)
		if (attribute->ns == NULL && strcmp((const char *)attribute->name, name) == 0)
			return plain_text(attribute->children);
	return NULL;
}

/* The attribute of the first child of that name. */
static const char *child_attribute(const xmlNode *node, const char *child, const char *name)
{
	return attribute_of(child_of(node, child), name);
}

static bool text_is(const char *text, const char *wanted)
{
	return text != NULL && strcmp(text, wanted) == 0;
}

static char *text_copy(const char *text, size_t most)
{
	return text != NULL ? mem_string_n(text, text_utf8_cut(text, strlen(text), most)) : NULL;
}

/* ---- where a disk's or NIC's data is ---- */

static unsigned long hex_of(const xmlNode *node, const char *name)
{
	const char *text = attribute_of(node, name);

	return text != NULL ? strtoul(text, NULL, 16) & 0xffff : 0;
}

/* A PCI device of the host, as lspci(8) names it. */
static void put_pci(struct buf *out, const xmlNode *address)
{
	buf_printf(out, "%04lx:%02lx:%02lx.%lx", hex_of(address, "domain"), hex_of(address, "bus"),
		   hex_of(address, "slot"), hex_of(address, "function"));
}

static void put_host(struct buf *out, const xmlNode *host)
{
	const char *name = attribute_of(host, "name"), *port = attribute_of(host, "port");
	const bool numeric = name != NULL && strchr(name, ':') != NULL;

	if (name == NULL)
		return;
	buf_printf(out, numeric ? "[%s]" : "%s", name);
	if (port != NULL)
		buf_printf(out, ":%s", port);
}

/* protocol://host:port/name of the first host; protocol+unix:///name?socket=path. */
static void put_network(struct buf *out, const xmlNode *source)
{
	const xmlNode *host = child_of(source, "host");
	const char *name = attribute_of(source, "name"), *socket = attribute_of(host, "socket");

	buf_printf(out, "%s%s://", attribute_of(source, "protocol"), socket != NULL ? "+unix" : "");
	put_host(out, host);
	if (name != NULL)
		buf_printf(out, "/%s", name + (name[0] == '/'));
	if (socket != NULL)
		buf_printf(out, "%s?socket=%s", name == NULL ? "/" : "", socket);
}

/* The attribute that says it, whatever the type; a volume; what is on the network; a device of the host. */
static void put_source(struct buf *out, const xmlNode *source)
{
	static const char *const PLAIN[] = { "file", "network", "bridge", "dev", "dir", "path" };
	const xmlNode *address = child_of(source, "address");
	const char *volume = attribute_of(source, "volume"), *text = NULL;

	for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]) && text == NULL; i++)
		text = attribute_of(source, PLAIN[i]);
	if (text != NULL)
		buf_text(out, text);
	else if (volume != NULL && attribute_of(source, "pool") != NULL)
		buf_printf(out, "%s/%s", attribute_of(source, "pool"), volume);
	else if (attribute_of(source, "protocol") != NULL)
		put_network(out, source);
	else if (address != NULL)
		put_pci(out, address);
	else if (attribute_of(source, "address") != NULL && attribute_of(source, "port") != NULL)
		buf_printf(out, "%s:%s", attribute_of(source, "address"), attribute_of(source, "port"));
	else if (attribute_of(source, "name") != NULL)
		buf_text(out, attribute_of(source, "name"));
}

/* NULL where the device has none: a drive without a medium, a NIC that is on no network of the host. */
static char *source_of(const xmlNode *device)
{
	const xmlNode *source = child_of(device, "source");
	struct buf buf;
	char *text = NULL;

	if (source == NULL)
		return NULL;
	buf_init(&buf, LIBVIRT_XML_MAX);
	put_source(&buf, source);
	if (buf.length > 0) {
		text = text_copy(buf.data, LIBVIRT_XML_SOURCE_MAX);
	}
	buf_free(&buf);
	return text;
}

/* ---- the devices ---- */

static size_t count_children(const xmlNode *parent, const char *name, size_t most)
{
	const xmlNode *node = child_of(parent, name);
	size_t n = 0;

	for (; node != NULL && n < most; node = element_from(node->next, name))
		n++;
	return n;
}

static bool block_known(const struct domain_devices *devices, const char *target)
{
	for (size_t i = 0; i < devices->n_blocks; i++)
		if (strcmp(devices->blocks[i].target, target) == 0)
			return true;
	return false;
}

/* The number of the word among words, from 1; 0: none of them. */
static uint8_t word_number(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_is(word, words[i]))
			return (uint8_t)(i + 1);
	return 0;
}

static uint8_t source_type_of(const xmlNode *disk)
{
	static const char *const TYPES[] = { "file", "block", "network" };
	const char *type = attribute_of(disk, "type");
	const uint8_t number = word_number(type, TYPES, sizeof(TYPES) / sizeof(TYPES[0]));

	return number != 0 || type == NULL ? number : BLOCK_SOURCE_OTHER;
}

static uint8_t media_of(const xmlNode *disk)
{
	static const char *const MEDIA[] = { "disk", "cdrom", "floppy" };
	const char *device = attribute_of(disk, "device");

	if (device == NULL || text_is(device, "lun"))
		return BLOCK_MEDIA_DISK;
	return word_number(device, MEDIA, sizeof(MEDIA) / sizeof(MEDIA[0]));
}

static void block_add(struct domain_devices *devices, const xmlNode *disk)
{
	const char *target = child_attribute(disk, "target", "dev");
	struct block_device *block = &devices->blocks[devices->n_blocks];

	if (target == NULL || strlen(target) > LIBVIRT_XML_NAME_MAX || block_known(devices, target))
		return;
	block->target = mem_string(target);
	block->source = source_of(disk);
	block->alias = text_copy(child_attribute(disk, "alias", "name"), LIBVIRT_XML_NAME_MAX);
	block->format = text_copy(child_attribute(disk, "driver", "type"), LIBVIRT_XML_NAME_MAX);
	block->bus = text_copy(child_attribute(disk, "target", "bus"), LIBVIRT_XML_NAME_MAX);
	block->source_type = source_type_of(disk);
	block->media = media_of(disk);
	block->read_only = child_of(disk, "readonly") != NULL;
	devices->n_blocks++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "52:54:00:12:34:56" */
static bool mac_parse(const char *text, uint8_t out[6])
{
	if (text == NULL || strlen(text) != 17)
		return false;
	for (size_t i = 0; i < 6; i++) {
		const char *p = text + 3 * i;
		int high = hex_digit(p[0]), low = hex_digit(p[1]);

		if (high < 0 || low < 0 || (i < 5 && p[2] != ':'))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void nic_add(struct domain_devices *devices, const xmlNode *interface)
{
	struct nic_device *nic = &devices->nics[devices->n_nics];

	if (!mac_parse(child_attribute(interface, "mac", "address"), nic->mac))
		return;
	for (size_t i = 0; i < devices->n_nics; i++)
		nic->ordinal += memcmp(devices->nics[i].mac, nic->mac, sizeof(nic->mac)) == 0;
	nic->target = text_copy(child_attribute(interface, "target", "dev"), LIBVIRT_XML_NAME_MAX);
	nic->model = text_copy(child_attribute(interface, "model", "type"), LIBVIRT_XML_NAME_MAX);
	nic->source = source_of(interface);
	nic->parent = text_copy(child_attribute(interface, "source", "bridge"), LIBVIRT_XML_NAME_MAX);
	if (nic->parent == NULL)
		nic->parent = text_copy(child_attribute(interface, "source", "dev"), LIBVIRT_XML_NAME_MAX);
	nic->host_view = text_is(attribute_of(interface, "type"), "direct");
	devices->n_nics++;
}

/* The socket QEMU listens at for the channel; NULL where there is none. */
static char *channel_path(const xmlNode *parent)
{
	const xmlNode *channel = child_of(parent, "channel");

	for (; channel != NULL; channel = element_from(channel->next, "channel")) {
		const char *mode = child_attribute(channel, "source", "mode");
		const char *path = child_attribute(channel, "source", "path");

		if (path != NULL && text_is(child_attribute(channel, "target", "name"), LIBVIRT_XML_CHANNEL) &&
		    text_is(attribute_of(channel, "type"), "unix") && (mode == NULL || text_is(mode, "bind")))
			return text_copy(path, LIBVIRT_XML_SOURCE_MAX);
	}
	return NULL;
}

static struct domain_devices *devices_read(const xmlNode *parent)
{
	const size_t blocks = count_children(parent, "disk", DOMAIN_BLOCKS_MAX);
	const size_t nics = count_children(parent, "interface", DOMAIN_NICS_MAX);
	struct domain_devices *devices = domain_devices_new(blocks, nics);
	const xmlNode *node = child_of(parent, "disk");

	devices->n_blocks = devices->n_nics = 0;
	for (size_t i = 0; i < blocks; i++, node = element_from(node->next, "disk"))
		block_add(devices, node);
	node = child_of(parent, "interface");
	for (size_t i = 0; i < nics; i++, node = element_from(node->next, "interface"))
		nic_add(devices, node);
	devices->channel_path = channel_path(parent);
	return devices;
}

/* ---- the host CPUs ---- */

static void pin_add(struct domain_devices *devices, const xmlNode *pin)
{
	const char *vcpu = attribute_of(pin, "vcpu"), *cpus = attribute_of(pin, "cpuset");
	struct vcpu_pin *row = &devices->pins[devices->n_pins];

	if (vcpu == NULL || cpus == NULL || text_u32(vcpu, &row->vcpu) != 0)
		return;
	row->cpus = text_copy(cpus, LIBVIRT_XML_CPUS_MAX);
	devices->n_pins++;
}

static void read_pins(const xmlNode *domain, struct domain_devices *devices)
{
	const xmlNode *vcpu = child_of(domain, "vcpu"), *tune = child_of(domain, "cputune");
	const size_t pins = tune != NULL ? count_children(tune, "vcpupin", DOMAIN_VCPUS_MAX) : 0;
	const xmlNode *pin = child_of(tune, "vcpupin");

	devices->cpus = text_copy(attribute_of(vcpu, "cpuset"), LIBVIRT_XML_CPUS_MAX);
	devices->placed = text_is(attribute_of(vcpu, "placement"), "auto");
	if (pins > 0)
		devices->pins = mem_array(pins, sizeof(devices->pins[0]));
	for (size_t i = 0; i < pins; i++, pin = element_from(pin->next, "vcpupin"))
		pin_add(devices, pin);
}

/* ---- the operating system ---- */

static const char *osinfo_id(const xmlNode *metadata)
{
	const xmlNode *info = metadata != NULL ? metadata->children : NULL, *os;

	for (; info != NULL; info = info->next) {
		if (info->type != XML_ELEMENT_NODE || info->ns == NULL ||
		    strcmp((const char *)info->ns->href, OSINFO_NAMESPACE) != 0)
			continue;
		for (os = info->children; os != NULL; os = os->next)
			if (os->type == XML_ELEMENT_NODE && strcmp((const char *)os->name, "os") == 0 &&
			    attribute_of(os, "id") != NULL)
				return attribute_of(os, "id");
	}
	return NULL;
}

static char *os_read(const xmlNode *domain)
{
	const char *id = osinfo_id(child_of(domain, "metadata"));
	const xmlNode *type = child_of(child_of(domain, "os"), "type");

	if (id == NULL && type != NULL)
		id = plain_text(type->children);
	return text_copy(id, LIBVIRT_XML_NAME_MAX);
}

int libvirt_xml_domain(const char *xml, size_t length, char **os, struct domain_devices **devices)
{
	xmlDoc *doc;
	int rc = document_read(xml, length, "domain", &doc);

	if (rc != 0)
		return rc;
	*os = os_read(xmlDocGetRootElement(doc));
	*devices = devices_read(child_of(xmlDocGetRootElement(doc), "devices"));
	read_pins(xmlDocGetRootElement(doc), *devices);
	*devices = domain_devices_pack(*devices);
	xmlFreeDoc(doc);
	return 0;
}

int libvirt_xml_host_uuid(const char *xml, size_t length, uint8_t out[16])
{
	const xmlNode *uuid;
	const char *text;
	xmlDoc *doc;
	int rc = document_read(xml, length, "capabilities", &doc);

	if (rc != 0)
		return rc;
	uuid = child_of(child_of(xmlDocGetRootElement(doc), "host"), "uuid");
	text = uuid != NULL ? plain_text(uuid->children) : NULL;
	rc = text != NULL ? text_uuid_parse(text, out) : -ERR_ABSENT;
	xmlFreeDoc(doc);
	return rc;
}
