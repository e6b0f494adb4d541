/*
 * mvbd_format.h - the metrics disk as it stands on disk: the one definition, for the writer and for the reader.
 *
 * Header of 16 bytes, big-endian: signature "mvbd", busy flag, checksum, content length; the content follows at byte
 * 16. The checksum is the 32-bit sum of the content's bytes. We write the sum of unsigned bytes; writers in the field
 * summed signed char, so a reader accepts either. Busy is 1 while header and content are being changed.
 * Source: vhostmd README "Metrics Disk Format". Pure; thread: any.
 */
#ifndef EDGENODE_GUESTLIB_MVBD_FORMAT_H
#define EDGENODE_GUESTLIB_MVBD_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define MVBD_SIGNATURE 0x6d766264u /* "mvbd" */
#define MVBD_HEADER_SIZE 16u
#define MVBD_SIZE_MIN 1024u
#define MVBD_SIZE_MAX (256u << 20)
#define MVBD_SECTOR 512u

struct mvbd_header {
	uint32_t signature, busy, checksum, length;
};

static inline void mvbd_put_u32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline uint32_t mvbd_get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void mvbd_header_encode(const struct mvbd_header *header, uint8_t out[MVBD_HEADER_SIZE]);
void mvbd_header_decode(const uint8_t in[MVBD_HEADER_SIZE], struct mvbd_header *out);
uint32_t mvbd_checksum(const void *content, size_t length);        /* unsigned bytes */
uint32_t mvbd_checksum_signed(const void *content, size_t length); /* as older writers on x86 */

#endif
