/*
 * mvbd_format.c - header and checksums of the metrics disk. Pure; thread: any.
 */
#include "guestlib/mvbd_format.h"

void mvbd_header_encode(const struct mvbd_header *header, uint8_t out[MVBD_HEADER_SIZE])
{
	mvbd_put_u32(out, header->signature);
	mvbd_put_u32(out + 4, header->busy);
	mvbd_put_u32(out + 8, header->checksum);
	mvbd_put_u32(out + 12, header->length);
}

void mvbd_header_decode(const uint8_t in[MVBD_HEADER_SIZE], struct mvbd_header *out)
{
	out->signature = mvbd_get_u32(in);
	out->busy = mvbd_get_u32(in + 4);
	out->checksum = mvbd_get_u32(in + 8);
	out->length = mvbd_get_u32(in + 12);
}

uint32_t mvbd_checksum(const void *content, size_t length)
{
	const uint8_t *p = content;
	uint32_t sum = 0;

	for (; length > 0; length--)
		sum += *p++;
	return sum;
}

uint32_t mvbd_checksum_signed(const void *content, size_t length)
{
	const uint8_t *p = content;
	uint32_t sum = 0;

	for (; length > 0; length--, p++)
		sum += *p < 0x80 ? *p : *p - 256u;
	return sum;
}
