/*
 * ntp_socket.h - questions to a daemon over UDP, each with a deadline. Thread: worker "clock".
 *
 * The socket is connected: the kernel drops what comes from elsewhere, and says when nobody listens there.
 */
#ifndef EDGENODE_SOURCE_NTP_SOCKET_H
#define EDGENODE_SOURCE_NTP_SOCKET_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define NTP_SOCKET_TRY_NS (INT64_C(500) * 1000000) /* until the question is sent once more */
#define NTP_SOCKET_TRIES 2
#define NTP_SOCKET_MESSAGE_MAX 2048u

struct ntp_socket {
	int fd;
	int64_t deadline_mono_ns; /* of all questions */
	uint32_t sequence;
};

/* "127.0.0.1:323" or "[::1]:323"; numbers only. -ERR_PARSE where it is not that, -ERR_ABSENT where this node has no
 * such protocol or address, -ERR_IO with errno. */
int ntp_socket_open(struct ntp_socket *self, const char *address, int64_t deadline_mono_ns);
void ntp_socket_close(struct ntp_socket *self);

struct ntp_question {
	/* The request; each try has a sequence number of its own, so an answer to an earlier one is not taken. */
	size_t (*encode)(void *arg, uint32_t sequence, uint8_t out[NTP_SOCKET_MESSAGE_MAX]);
	/* 0: the answer is complete. -ERR_STATE: not yet, or this is something else. Other errors end the question. */
	int (*take)(void *arg, const uint8_t *data, size_t length);
	void *arg;
};

/* 0, what `take` gave, -ERR_ABSENT: nobody listens there; -ERR_TIMEOUT; -ERR_IO with errno. */
int ntp_socket_ask(struct ntp_socket *self, const struct ntp_question *question);

#endif
