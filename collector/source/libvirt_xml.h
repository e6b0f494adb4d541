/*
 * libvirt_xml.h - the two facts of libvirt's XML that the domain table needs, taken without an XML library: the answers
 * are written by libvirt itself and only one attribute or element of each is wanted. Pure; thread: any; cost: one walk.
 */
#ifndef EDGENODE_SOURCE_LIBVIRT_XML_H
#define EDGENODE_SOURCE_LIBVIRT_XML_H

#include <stddef.h>
#include <stdint.h>

#define LIBVIRT_XML_MAX (4u << 20) /* bytes of one answer */
#define LIBVIRT_OS_SIZE 256	   /* with the NUL */

/* The id of the first <os> element of the libosinfo metadata, any namespace prefix. -ERR_ABSENT where there is none,
 * -ERR_PARSE where the text ends inside a tag or the id holds something else than printable ASCII without '&' and '<',
 * -ERR_LIMIT. */
int libvirt_xml_os(const char *xml, char out[LIBVIRT_OS_SIZE]);

/* <capabilities><host><uuid>: the host's UUID. -ERR_ABSENT, -ERR_PARSE, -ERR_LIMIT. */
int libvirt_xml_host_uuid(const char *xml, uint8_t out[16]);

#endif
