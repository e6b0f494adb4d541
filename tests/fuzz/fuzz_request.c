/*
 * fuzz_request.c - any bytes of a guest on its channel: the same requests in whatever fragments they come.
 */
#include "fuzz.h"

#include "transport/virtio_request.h"

#include <string.h>

static const char GET[] = "GET /metrics/XML\n\n", END[] = "x\n\n";

/* What was found, as a sum that tells order and place. */
struct found {
	uint64_t requests, digest;
	enum virtio_request_result last;
};

static void feed(struct virtio_request *request, const char *data, size_t size, size_t at, struct found *found)
{
	size_t used;

	for (size_t i = 0; i < size; i += used) {
		const enum virtio_request_result result = virtio_request_feed(request, data + i, size - i, &used);

		FUZZ_CHECK(used > 0 && used <= size - i);
		FUZZ_CHECK(request->length < VIRTIO_REQUEST_MAX);
		if (result == VIRTIO_REQUEST_MORE) {
			FUZZ_CHECK(used == size - i);
			continue;
		}
		FUZZ_CHECK(result == VIRTIO_REQUEST_GET || data[i + used - 1] == '\n' || request->overlong);
		found->requests++;
		found->digest = found->digest * 31 + (at + i + used) * 2 + (result == VIRTIO_REQUEST_GET);
		found->last = result;
	}
}

/* Fragments of 1 to 32 bytes, by the data itself. */
static void feed_fragments(struct virtio_request *request, const uint8_t *data, size_t size, struct found *found)
{
	for (size_t at = 0, n; at < size; at += n) {
		n = 1 + data[at] % 32;
		n = n < size - at ? n : size - at;
		feed(request, (const char *)data + at, n, at, found);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtio_request whole = { 0 }, cut = { 0 };
	struct found once = { 0 }, many = { 0 };

	feed(&whole, (const char *)data, size, 0, &once);
	feed_fragments(&cut, data, size, &many);
	FUZZ_CHECK(once.requests == many.requests && once.digest == many.digest);
	FUZZ_CHECK(memcmp(&whole, &cut, sizeof(whole)) == 0);
	FUZZ_CHECK(once.requests <= size / 2 + 1);
	/* Whatever came before: a proper request is understood. */
	feed(&whole, END, sizeof(END) - 1, 0, &once);
	feed(&whole, GET, sizeof(GET) - 1, 0, &once);
	FUZZ_CHECK(once.last == VIRTIO_REQUEST_GET);
	return 0;
}
