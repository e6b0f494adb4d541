/*
 * virtio_request.h - what a guest says on its channel, found in the bytes as they come. Pure; no allocation.
 *
 * A request ends with an empty line; lines end with "\n" or "\r\n". "GET /metrics/XML" is the one there is; one line
 * break before it is passed over, so that `echo` may be used in place of printf. Everything else that ends in an empty
 * line is invalid, the empty request too.
 *
 * VIRTIO_REQUEST_MAX bytes without an empty line are invalid as well: they are dropped and what follows is read as a
 * new request. Of such blocks in a row only the first is answered: rubbish of any length costs one reply at its start
 * and one at its end, and a proper request after it is understood.
 */
#ifndef EDGENODE_TRANSPORT_VIRTIO_REQUEST_H
#define EDGENODE_TRANSPORT_VIRTIO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTIO_REQUEST_MAX 512u /* bytes without an empty line */
#define VIRTIO_REQUEST_KEPT 24u /* the longest form of the one valid request has 22 */

enum virtio_request_result { VIRTIO_REQUEST_MORE, VIRTIO_REQUEST_GET, VIRTIO_REQUEST_INVALID };

/* Zero-initialised before the first byte of a connection. */
struct virtio_request {
	uint32_t length;    /* bytes of the present request */
	uint8_t line_break; /* how far the last bytes are into an empty line */
	bool overlong;      /* the block before was dropped for its length, and answered */
	char text[VIRTIO_REQUEST_KEPT];
};

/* Reads until a request ends or the data does. *used: how many bytes were read, all of them for MORE. */
enum virtio_request_result virtio_request_feed(struct virtio_request *request, const char *data, size_t length,
					       size_t *used);

#endif
