/*
 * runner_message.c - encodes and parses what runs between the daemon and its command process (see runner_message.h).
 *
 * Thread: any; pure. Data comes from the other end of the socket, and from fuzzers.
 */
#include "runner_message.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static uint32_t count_strings(const char *const *list)
{
	uint32_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

static void put_strings(struct buf *out, const char *const *list, uint32_t count)
{
	uint32_t i;

	buf_u32(out, count);
	for (i = 0; i < count; i++)
		buf_string(out, list[i]);
}

static bool has_sane_numbers(uint32_t timeout_ms, uint32_t output_max, uint32_t arguments, uint32_t variables)
{
	return timeout_ms >= 1 && timeout_ms <= RUNNER_TIMEOUT_MAX_MS && output_max <= RUNNER_OUTPUT_MAX &&
	       arguments >= 1 && arguments <= RUNNER_ARGUMENTS_MAX && variables <= RUNNER_ENVIRONMENT_MAX;
}

int runner_message_encode_job(struct buf *out, uint32_t generation, const struct runner_job *job)
{
	const uint32_t arguments = count_strings(job->argv), variables = count_strings(job->env);

	if (!has_sane_numbers(job->timeout_ms, job->output_max, arguments, variables) || job->argv[0][0] == '\0')
		return -ERR_LIMIT;
	buf_u8(out, RUNNER_MESSAGE_JOB);
	buf_u32(out, generation);
	buf_u32(out, job->id);
	buf_u32(out, job->timeout_ms);
	buf_u32(out, job->output_max);
	buf_u8(out, job->with_stderr);
	buf_string(out, job->user);
	put_strings(out, job->argv, arguments);
	put_strings(out, job->env, variables);
	return out->over ? -ERR_LIMIT : 0;
}

void runner_message_encode_reply(struct buf *out, const struct runner_reply *reply)
{
	buf_u8(out, RUNNER_MESSAGE_REPLY);
	buf_u32(out, reply->id);
	buf_u8(out, (uint8_t)reply->status);
	buf_u32(out, (uint32_t)reply->exit_code);
	buf_u32(out, reply->duration_ms);
	buf_u32(out, (uint32_t)reply->length);
	buf_append(out, reply->output, reply->length);
}

void runner_message_encode_restarted(struct buf *out, uint32_t generation)
{
	buf_u8(out, RUNNER_MESSAGE_RESTARTED);
	buf_u32(out, generation);
}

int runner_message_kind(const uint8_t *data, size_t length)
{
	return length == 0 ? 0 : data[0];
}

static struct cursor open_message(const uint8_t *data, size_t length, enum runner_message_kind kind)
{
	struct cursor c = {.data = data, .left = length, .bad = length > RUNNER_MESSAGE_MAX};

	if (cursor_u8(&c) != kind)
		c.bad = true;
	return c;
}

static bool is_complete(const struct cursor *c)
{
	return !c->bad && c->left == 0;
}

/* NULL, and c latches bad, when the count or a string is over its limit. */
static char **take_strings(struct cursor *c, uint32_t most, uint32_t *count)
{
	char **list;
	uint32_t i;

	*count = cursor_u32(c);
	if (c->bad || *count > most) {
		c->bad = true;
		return NULL;
	}
	list = mem_array(*count + 1u, sizeof(*list));
	for (i = 0; i < *count && !c->bad; i++)
		list[i] = cursor_string(c, RUNNER_MESSAGE_MAX);
	return list;
}

static void free_strings(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

void runner_order_free(struct runner_order *order)
{
	if (order == NULL)
		return;
	free(order->user);
	free_strings(order->argv);
	free_strings(order->env);
	free(order);
}

static char *take_user(struct cursor *c)
{
	char *user = cursor_string(c, RUNNER_MESSAGE_MAX);

	if (user == NULL || user[0] != '\0')
		return user;
	free(user);
	return NULL;
}

static bool take_flag(struct cursor *c)
{
	const uint8_t v = cursor_u8(c);

	if (v > 1)
		c->bad = true;
	return v == 1;
}

int runner_message_parse_job(const uint8_t *data, size_t length, struct runner_order **out)
{
	struct cursor c = open_message(data, length, RUNNER_MESSAGE_JOB);
	struct runner_order *order = mem_alloc(sizeof(*order));
	uint32_t arguments = 0, variables = 0;

	order->size = length;
	order->generation = cursor_u32(&c);
	order->id = cursor_u32(&c);
	order->timeout_ms = cursor_u32(&c);
	order->output_max = cursor_u32(&c);
	order->with_stderr = take_flag(&c);
	order->user = take_user(&c);
	order->argv = take_strings(&c, RUNNER_ARGUMENTS_MAX, &arguments);
	order->env = take_strings(&c, RUNNER_ENVIRONMENT_MAX, &variables);
	if (!is_complete(&c) || !has_sane_numbers(order->timeout_ms, order->output_max, arguments, variables) ||
	    order->argv[0][0] == '\0') {
		runner_order_free(order);
		return -ERR_PARSE;
	}
	*out = order;
	return 0;
}

int runner_message_parse_reply(const uint8_t *data, size_t length, struct runner_reply *out)
{
	struct cursor c = open_message(data, length, RUNNER_MESSAGE_REPLY);
	const uint32_t id = cursor_u32(&c);
	const uint8_t status = cursor_u8(&c);
	const uint32_t exit_code = cursor_u32(&c), duration_ms = cursor_u32(&c), size = cursor_u32(&c);
	const uint8_t *bytes = cursor_bytes(&c, size);

	/* RUNNER_LOST is the daemon's own finding: a dead worker does not send. */
	if (!is_complete(&c) || status < RUNNER_OK || status >= RUNNER_LOST || exit_code > 255 ||
	    size > RUNNER_OUTPUT_MAX)
		return -ERR_PARSE;
	out->id = id;
	out->status = (enum runner_status)status;
	out->exit_code = (int)exit_code;
	out->duration_ms = duration_ms;
	out->length = size;
	if (size > 0)
		memcpy(out->output, bytes, size);
	out->output[size] = '\0';
	return 0;
}

int runner_message_parse_restarted(const uint8_t *data, size_t length, uint32_t *generation)
{
	struct cursor c = open_message(data, length, RUNNER_MESSAGE_RESTARTED);
	const uint32_t v = cursor_u32(&c);

	if (!is_complete(&c))
		return -ERR_PARSE;
	*generation = v;
	return 0;
}
