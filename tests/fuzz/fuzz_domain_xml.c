/*
 * fuzz_domain_xml.c - any bytes as libvirt's XML of a domain, and of the host.
 */
#include "fuzz.h"

#include "base/text.h"
#include "source/libvirt_xml.h"

#include <string.h>

/* A text of the snapshot: bounded, not empty, no half characters. */
static void check_text(const char *text, size_t most)
{
	if (text == NULL)
		return;
	FUZZ_CHECK(text[0] != '\0' && strlen(text) <= most);
	FUZZ_CHECK(text_utf8_valid(text, strlen(text)));
}

static void check_blocks(const struct domain_devices *devices)
{
	FUZZ_CHECK(devices->n_blocks <= DOMAIN_BLOCKS_MAX);
	for (size_t i = 0; i < devices->n_blocks; i++) {
		FUZZ_CHECK(devices->blocks[i].target != NULL);
		check_text(devices->blocks[i].target, LIBVIRT_XML_NAME_MAX);
		check_text(devices->blocks[i].source, LIBVIRT_XML_SOURCE_MAX);
		check_text(devices->blocks[i].alias, LIBVIRT_XML_NAME_MAX);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(devices->blocks[i].target, devices->blocks[j].target) != 0);
	}
}

/* MAC address and ordinal together are unique. */
static void check_nics(const struct domain_devices *devices)
{
	FUZZ_CHECK(devices->n_nics <= DOMAIN_NICS_MAX);
	for (size_t i = 0; i < devices->n_nics; i++) {
		const struct nic_device *nic = &devices->nics[i];

		check_text(nic->target, LIBVIRT_XML_NAME_MAX);
		check_text(nic->model, LIBVIRT_XML_NAME_MAX);
		check_text(nic->source, LIBVIRT_XML_SOURCE_MAX);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(memcmp(nic->mac, devices->nics[j].mac, sizeof(nic->mac)) != 0 ||
				   nic->ordinal != devices->nics[j].ordinal);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct domain_devices *devices = NULL;
	uint8_t uuid[16];
	char *os = NULL;

	if (libvirt_xml_domain((const char *)data, size, &os, &devices) == 0) {
		FUZZ_CHECK(devices != NULL);
		check_text(os, LIBVIRT_XML_NAME_MAX);
		check_text(devices->channel_path, LIBVIRT_XML_SOURCE_MAX);
		check_blocks(devices);
		check_nics(devices);
		part_unref(devices);
		free(os);
	} else {
		FUZZ_CHECK(devices == NULL && os == NULL);
	}
	libvirt_xml_host_uuid((const char *)data, size, uuid);
	return 0;
}
