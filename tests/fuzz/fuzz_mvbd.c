/*
 * fuzz_mvbd.c - any bytes as the image of a metrics disk.
 */
#include "fuzz.h"

#include "base/err.h"
#include "guestlib/mvbd_read.h"

#include <string.h>

/* An accepted image lies within its bounds, and is no longer accepted once it is marked busy or cut. */
static void check_accepted(const uint8_t *data, size_t size, const struct mvbd_header *header)
{
	const size_t need = MVBD_HEADER_SIZE + header->length;
	uint8_t *copy = malloc(need);
	struct mvbd_header again;

	FUZZ_CHECK(header->signature == MVBD_SIGNATURE && header->busy == 0);
	FUZZ_CHECK(need <= size && copy != NULL);
	memcpy(copy, data, need);
	FUZZ_CHECK(mvbd_check(copy, need, &again) == 0 && memcmp(&again, header, sizeof(again)) == 0);
	FUZZ_CHECK(mvbd_check(copy, need - 1, &again) == (header->length > 0 ? -ERR_RANGE : -ERR_PARSE));
	mvbd_put_u32(copy + 4, 1);
	FUZZ_CHECK(mvbd_check(copy, need, &again) == -ERR_BUSY);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mvbd_header header;
	uint8_t bytes[MVBD_HEADER_SIZE];

	if (size >= MVBD_HEADER_SIZE) {
		mvbd_header_decode(data, &header);
		mvbd_header_encode(&header, bytes);
		FUZZ_CHECK(memcmp(bytes, data, sizeof(bytes)) == 0);
	}
	if (mvbd_check(data, size, &header) == 0)
		check_accepted(data, size, &header);
	return 0;
}
