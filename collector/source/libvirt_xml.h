/*
 * libvirt_xml.h - what is needed of libvirt's XML: the devices and the operating system of a domain, the host's UUID.
 * Pure; thread: any. Cost: one parse of the text, whose size is limited; nothing is fetched, a document type is
 * refused.
 *
 * Source of the facts: libvirt's domain XML format and capabilities XML format.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_XML_H
#define EDGENODE_SOURCE_LIBVIRT_XML_H

#include "model/domain.h"

#define LIBVIRT_XML_MAX (4u << 20)  /* octets of one answer */
#define LIBVIRT_XML_NAME_MAX 255    /* octets of a target, model or alias */
#define LIBVIRT_XML_SOURCE_MAX 4096 /* octets of a source or path; a longer one is cut */
#define LIBVIRT_XML_CPUS_MAX 32768  /* octets of a set of host CPUs */
#define LIBVIRT_XML_CHANNEL "org.github.vhostmd.1"

/* A domain. *os: the libosinfo id of the metadata, else the type ("hvm"), cut to LIBVIRT_XML_NAME_MAX; NULL where there
 * is neither; the caller frees it. *devices: a new reference. Left out are disks without a target of 1 to
 * LIBVIRT_XML_NAME_MAX octets or with one that another disk has, NICs without a MAC address, and what is beyond
 * DOMAIN_BLOCKS_MAX and DOMAIN_NICS_MAX.
 * -ERR_LIMIT: longer than LIBVIRT_XML_MAX; -ERR_PARSE: not XML, or no <domain>. */
int libvirt_xml_domain(const char *xml, size_t length, char **os, struct domain_devices **devices);

/* <capabilities><host><uuid>. -ERR_ABSENT where there is none, -ERR_PARSE, -ERR_LIMIT. */
int libvirt_xml_host_uuid(const char *xml, size_t length, uint8_t out[16]);

#endif
