/* virtio_request.c - the parser of a guest's requests. Pure; thread: any. */
#include "transport/virtio_request.h"

#include <string.h>

/* Of line_break. */
enum { IN_LINE, AFTER_NEWLINE, AFTER_RETURN };

static const char GET[] = "GET /metrics/XML";

/* True when this byte ends an empty line. */
static bool ends_request(struct virtio_request *request, char byte)
{
	const bool at_start = request->line_break == AFTER_NEWLINE;
	const bool ended = byte == '\n' && request->line_break != IN_LINE;

	if (byte == '\n')
		request->line_break = AFTER_NEWLINE;
	else
		request->line_break = byte == '\r' && at_start ? AFTER_RETURN : IN_LINE;
	return ended;
}

/* The line break at the start of the text, in bytes. */
static size_t break_at(const char *text, size_t length)
{
	if (length >= 1 && text[0] == '\n')
		return 1;
	return length >= 2 && text[0] == '\r' && text[1] == '\n' ? 2 : 0;
}

static bool is_get(const struct virtio_request *request)
{
	const char *text = request->text;
	size_t left = request->length, n;

	if (left > VIRTIO_REQUEST_KEPT)
		return false;
	n = break_at(text, left);
	text += n;
	left -= n;
	if (left < sizeof(GET) - 1 || memcmp(text, GET, sizeof(GET) - 1) != 0)
		return false;
	text += sizeof(GET) - 1;
	left -= sizeof(GET) - 1;
	n = break_at(text, left);
	return n > 0 && left > n && break_at(text + n, left - n) == left - n;
}

static enum virtio_request_result end(struct virtio_request *request)
{
	const enum virtio_request_result result = is_get(request) ? VIRTIO_REQUEST_GET : VIRTIO_REQUEST_INVALID;

	*request = (struct virtio_request){ 0 };
	return result;
}

/* The empty line may still begin in the block that is dropped. */
static enum virtio_request_result drop_block(struct virtio_request *request)
{
	const bool answered = request->overlong;

	request->length = 0;
	request->overlong = true;
	return answered ? VIRTIO_REQUEST_MORE : VIRTIO_REQUEST_INVALID;
}

static enum virtio_request_result feed_byte(struct virtio_request *request, char byte)
{
	if (request->length < VIRTIO_REQUEST_KEPT)
		request->text[request->length] = byte;
	request->length++;
	if (ends_request(request, byte))
		return end(request);
	return request->length == VIRTIO_REQUEST_MAX ? drop_block(request) : VIRTIO_REQUEST_MORE;
}

enum virtio_request_result virtio_request_feed(struct virtio_request *request, const char *data, size_t length,
					       size_t *used)
{
	enum virtio_request_result result = VIRTIO_REQUEST_MORE;
	size_t i;

	for (i = 0; i < length && result == VIRTIO_REQUEST_MORE; i++)
		result = feed_byte(request, data[i]);
	*used = i;
	return result;
}
