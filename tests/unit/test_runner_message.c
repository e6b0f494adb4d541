/*
 * test_runner_message.c - the messages between daemon and command process: whole, cut and damaged.
 */
#include "unit.h"

#include "base/err.h"
#include "runner_message.h"

#include <string.h>

static void encode_sample(struct buf *out)
{
	static const char *const argv[] = {"smartctl", "-a", "", NULL}, *const env[] = {"A=1", "PATH=/bin", NULL};
	const struct runner_job job = {.id = 9,
				       .argv = argv,
				       .env = env,
				       .user = "nobody",
				       .timeout_ms = 5,
				       .output_max = 6,
				       .with_stderr = true};

	buf_init(out, RUNNER_MESSAGE_MAX);
	ck_assert_int_eq(runner_message_encode_job(out, 77, &job), 0);
}

static int parse_job(const struct buf *message, size_t length, struct runner_order **order)
{
	/* An own copy of exactly this length, so that a sanitizer sees a read behind its end. */
	uint8_t *copy = malloc(length > 0 ? length : 1);
	int rc;

	memcpy(copy, message->data, length);
	rc = runner_message_parse_job(copy, length, order);
	free(copy);
	return rc;
}

START_TEST(job_message)
{
	struct runner_order *order = NULL;
	struct buf message;
	size_t length;

	encode_sample(&message);
	ck_assert_int_eq(runner_message_kind((const uint8_t *)message.data, message.length), RUNNER_MESSAGE_JOB);
	ck_assert_int_eq(parse_job(&message, message.length, &order), 0);
	ck_assert_uint_eq(order->generation, 77);
	ck_assert_uint_eq(order->id, 9);
	ck_assert_uint_eq(order->timeout_ms, 5);
	ck_assert_uint_eq(order->output_max, 6);
	ck_assert(order->with_stderr);
	ck_assert_uint_eq(order->size, message.length);
	ck_assert_str_eq(order->user, "nobody");
	ck_assert_str_eq(order->argv[1], "-a");
	ck_assert_str_eq(order->argv[2], "");
	ck_assert_ptr_null(order->argv[3]);
	ck_assert_str_eq(order->env[1], "PATH=/bin");
	ck_assert_ptr_null(order->env[2]);
	runner_order_free(order);
	runner_order_free(NULL);
	for (length = 0; length < message.length; length++)
		ck_assert_int_eq(parse_job(&message, length, &order), -ERR_PARSE);
	buf_u8(&message, 0);
	ck_assert_int_eq(parse_job(&message, message.length, &order), -ERR_PARSE);
	buf_free(&message);
}
END_TEST

static void expect_sane(const struct runner_order *order)
{
	size_t arguments = 0, variables = 0;

	while (order->argv[arguments] != NULL)
		arguments++;
	while (order->env[variables] != NULL)
		variables++;
	ck_assert(arguments >= 1 && arguments <= RUNNER_ARGUMENTS_MAX && variables <= RUNNER_ENVIRONMENT_MAX);
	ck_assert(order->timeout_ms >= 1 && order->timeout_ms <= RUNNER_TIMEOUT_MAX_MS);
	ck_assert_uint_le(order->output_max, RUNNER_OUTPUT_MAX);
	ck_assert_str_ne(order->argv[0], "");
}

START_TEST(damaged_job_message)
{
	struct runner_order *order;
	struct buf message;
	size_t i;
	int v;

	encode_sample(&message);
	for (i = 0; i < message.length; i++) {
		const char whole = message.data[i];

		for (v = 0; v < 256; v++) {
			message.data[i] = (char)v;
			if (parse_job(&message, message.length, &order) != 0)
				continue;
			expect_sane(order);
			runner_order_free(order);
		}
		message.data[i] = whole;
	}
	buf_free(&message);
}
END_TEST

START_TEST(reply_message)
{
	static struct runner_reply sent, got;
	struct buf message;
	size_t length;

	sent = (struct runner_reply){
		.id = 5, .status = RUNNER_SIGNALLED, .exit_code = 9, .duration_ms = 1234, .length = 3};
	memcpy(sent.output, "a\0b", 3);
	buf_init(&message, RUNNER_MESSAGE_MAX);
	runner_message_encode_reply(&message, &sent);
	ck_assert_int_eq(runner_message_parse_reply((const uint8_t *)message.data, message.length, &got), 0);
	ck_assert_uint_eq(got.id, 5);
	ck_assert_int_eq(got.status, RUNNER_SIGNALLED);
	ck_assert_int_eq(got.exit_code, 9);
	ck_assert_uint_eq(got.duration_ms, 1234);
	ck_assert_uint_eq(got.length, 3);
	ck_assert_mem_eq(got.output, "a\0b", 4);
	for (length = 0; length < message.length; length++)
		ck_assert_int_eq(runner_message_parse_reply((const uint8_t *)message.data, length, &got), -ERR_PARSE);
	message.data[5] = 0; /* no such status */
	ck_assert_int_eq(runner_message_parse_reply((const uint8_t *)message.data, message.length, &got), -ERR_PARSE);
	message.data[5] = RUNNER_LOST;
	ck_assert_int_eq(runner_message_parse_reply((const uint8_t *)message.data, message.length, &got), -ERR_PARSE);
	buf_free(&message);
}
END_TEST

START_TEST(too_much_output_in_a_reply_message)
{
	static struct runner_reply got;
	static const char zeros[RUNNER_OUTPUT_MAX + 1];
	struct buf message;

	buf_init(&message, RUNNER_MESSAGE_MAX);
	buf_u8(&message, RUNNER_MESSAGE_REPLY);
	buf_u32(&message, 1);
	buf_u8(&message, RUNNER_OK);
	buf_u32(&message, 0);
	buf_u32(&message, 0);
	buf_u32(&message, sizeof(zeros));
	buf_append(&message, zeros, sizeof(zeros));
	ck_assert(!message.over);
	ck_assert_int_eq(runner_message_parse_reply((const uint8_t *)message.data, message.length, &got), -ERR_PARSE);
	buf_free(&message);
}
END_TEST

START_TEST(restarted_message)
{
	struct buf message;
	uint32_t generation = 0;

	buf_init(&message, RUNNER_MESSAGE_MAX);
	runner_message_encode_restarted(&message, 0x01020304);
	ck_assert_int_eq(runner_message_parse_restarted((const uint8_t *)message.data, message.length, &generation), 0);
	ck_assert_uint_eq(generation, 0x01020304);
	ck_assert_int_eq(runner_message_parse_restarted((const uint8_t *)message.data, 4, &generation), -ERR_PARSE);
	ck_assert_int_eq(runner_message_parse_restarted(NULL, 0, &generation), -ERR_PARSE);
	ck_assert_int_eq(runner_message_kind(NULL, 0), 0);
	buf_free(&message);
}
END_TEST

static Suite *runner_message_suite(void)
{
	Suite *suite = suite_create("runner_message");

	UNIT_ADD(suite, job_message);
	UNIT_ADD(suite, damaged_job_message);
	UNIT_ADD(suite, reply_message);
	UNIT_ADD(suite, too_much_output_in_a_reply_message);
	UNIT_ADD(suite, restarted_message);
	return suite;
}

UNIT_MAIN(runner_message_suite)
