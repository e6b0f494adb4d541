/*
 * port.h - the client of the virtio-serial port org.github.vhostmd.1: asks the host for this guest's document.
 *
 * A reply ends in an empty line; one that is no document is skipped, and then it is asked once more. Everything has an
 * end: the time, the size of a reply, the wait for a port that another program has open. Thread: any; blocks. Needs libc and base/clock only. Codes: base/err.h.
 */
#ifndef EDGENODE_GUESTLIB_PORT_H
#define EDGENODE_GUESTLIB_PORT_H

#include <stddef.h>
#include <stdint.h>

#define PORT_PATH "/dev/virtio-ports/org.github.vhostmd.1"
#define PORT_REQUEST "GET /metrics/XML\n\n"
#define PORT_TIMEOUT_MS 5000u
#define PORT_ATTACH_MS 3000u /* a daemon that is started again is back by then */
#define PORT_REPLY_MAX (16u << 20)

/* The document that the host gives at the port (a character device) at path, with a NUL behind it; the caller frees it.
 * All of it takes at most timeout_ms; while another program has the port open, or the host is not connected to it
 * (this for PORT_ATTACH_MS), it is tried again. -ERR_ABSENT (no port), -ERR_BUSY (open elsewhere all the time),
 * -ERR_STATE (nobody at the host's end), -ERR_TIMEOUT (no whole reply in time), -ERR_LIMIT (longer than
 * PORT_REPLY_MAX), -ERR_PARSE (replies, but no document among them), -ERR_IO with errno. */
int port_read(const char *path, unsigned timeout_ms, char **content, size_t *length);

/* The same on an open port, once: fd is non-blocking and stays open, until_ns is a time of clock_mono_ns(). */
int port_ask(int fd, int64_t until_ns, char **content, size_t *length);

#endif
