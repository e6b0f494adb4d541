/*
 * runner_message.h - the messages between the daemon and its command process, as bytes.
 *
 * Pure; thread: any. The parsers take anything: what is not exactly one message within the limits of runner.h is
 * -ERR_PARSE and leaves the result untouched.
 *
 * All numbers are big-endian, strings and output are a u32 length and bytes:
 *   job       kind, u32 generation, id, timeout_ms, output_max, u8 with_stderr, user ("" for none),
 *             u32 count and argv, u32 count and env
 *   reply     kind, u32 id, u8 status, u32 exit_code, u32 duration_ms, output
 *   restarted kind, u32 generation
 * The generation counts the workers from 1. A job carries the one the daemon knows of; a worker drops the jobs meant
 * for an earlier one, because the daemon gives those up as lost when it reads that this one has started.
 */
#ifndef EDGENODE_RUNNER_MESSAGE_H
#define EDGENODE_RUNNER_MESSAGE_H

#include "base/buf.h"
#include "runner.h"

enum runner_message_kind { RUNNER_MESSAGE_JOB = 1, RUNNER_MESSAGE_REPLY, RUNNER_MESSAGE_RESTARTED };

/* A job as the worker has it. */
struct runner_order {
	struct runner_order *next; /* the queue it is in */
	size_t size;		   /* of its message */
	uint32_t generation, id, timeout_ms, output_max;
	bool with_stderr;
	char *user; /* NULL: none */
	char **argv, **env;
};

/* The encoders append to a buf of limit RUNNER_MESSAGE_MAX. -ERR_LIMIT: the job is over a limit, out is then of no use.
 */
int runner_message_encode_job(struct buf *out, uint32_t generation, const struct runner_job *job);
void runner_message_encode_reply(struct buf *out, const struct runner_reply *reply);
void runner_message_encode_restarted(struct buf *out, uint32_t generation);

/* 0 for no bytes; otherwise the first byte, whatever it is. */
int runner_message_kind(const uint8_t *data, size_t length);

/* The caller frees the order. */
int runner_message_parse_job(const uint8_t *data, size_t length, struct runner_order **out);
int runner_message_parse_reply(const uint8_t *data, size_t length, struct runner_reply *out);
int runner_message_parse_restarted(const uint8_t *data, size_t length, uint32_t *generation);

void runner_order_free(struct runner_order *order);

#endif
