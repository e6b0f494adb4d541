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
		check_text(devices->blocks[i].format, LIBVIRT_XML_NAME_MAX);
		check_text(devices->blocks[i].bus, LIBVIRT_XML_NAME_MAX);
		FUZZ_CHECK(devices->blocks[i].source_type <= BLOCK_SOURCE_OTHER);
		FUZZ_CHECK(devices->blocks[i].media <= BLOCK_MEDIA_FLOPPY);
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
		check_text(nic->parent, LIBVIRT_XML_NAME_MAX);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(memcmp(nic->mac, devices->nics[j].mac, sizeof(nic->mac)) != 0 ||
				   nic->ordinal != devices->nics[j].ordinal);
	}
}

/* Any text may be asked whether it has a CPU. */
static void check_cpus(const char *cpus)
{
	check_text(cpus, LIBVIRT_XML_CPUS_MAX);
	vcpu_pin_has(cpus, 0);
	vcpu_pin_has(cpus, UINT32_MAX);
}

static void check_pins(const struct domain_devices *devices)
{
	FUZZ_CHECK(devices->n_pins <= DOMAIN_VCPUS_MAX);
	check_cpus(devices->cpus);
	for (size_t i = 0; i < devices->n_pins; i++) {
		FUZZ_CHECK(devices->pins[i].cpus != NULL);
		check_cpus(devices->pins[i].cpus);
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
		check_pins(devices);
		part_unref(devices);
		free(os);
	} else {
		FUZZ_CHECK(devices == NULL && os == NULL);
	}
	libvirt_xml_host_uuid((const char *)data, size, uuid);
	return 0;
}
