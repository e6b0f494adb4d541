/*
 * test_ptp_message.c - the management messages of ptp4l: what is asked, and captured, cut, binary and huge replies.
 */
#include "base/err.h"
#include "source/ptp_message.h"
#include "tests/unit/ptp_fixture.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const REPLIES[] = {
	REPLY_DEFAULT,	  REPLY_CURRENT, REPLY_PARENT,	 REPLY_TIME,	REPLY_PORT, REPLY_STATUS,
	REPLY_PROPERTIES, REPLY_REFUSAL, REPLY_HARDWARE, REPLY_HWCLOCK, REPLY_TAI,
};

static uint8_t bytes[PTP_REPLY_MAX];

static struct ptp_reply reply_of(const char *hex)
{
	struct ptp_reply reply;
	const size_t n = from_hex(hex, bytes);

	ck_assert_int_eq(ptp_message_parse(bytes, n, &reply), 0);
	return reply;
}

START_TEST(request_is_what_ptp4l_answered)
{
	static const char WANTED[] = "1d02003618000000000000000000000000000000000000000000000000070102047f"
				     "ffffffffffffffffffff00000000"
				     "000100022000";
	const struct ptp_request request = {
		.domain = 24,
		.transport = 1,
		.sequence = 0x0102,
		.data_set = PTP_DEFAULT_DATA_SET,
		.source.port = 7,
		.target = { { 255, 255, 255, 255, 255, 255, 255, 255 }, PTP_PORT_ALL },
	};
	uint8_t wanted[PTP_REQUEST_SIZE], out[PTP_REQUEST_SIZE];

	ck_assert_uint_eq(from_hex(WANTED, wanted), sizeof(wanted));
	ptp_message_encode(&request, out);
	ck_assert_mem_eq(out, wanted, sizeof(out));
}
END_TEST

START_TEST(replies_say_what_pmc_showed)
{
	struct ptp_reply reply = reply_of(REPLY_DEFAULT);
	struct ptp_default own;
	struct ptp_current current;
	struct ptp_time_properties time;
	struct ptp_port_properties properties;
	uint8_t grandmaster[8], state;
	uint16_t port;
	int64_t ingress;
	char text[PTP_IDENTITY_TEXT_SIZE];

	ck_assert_uint_eq(reply.sequence, 1);
	ck_assert_uint_eq(reply.target.port, 7);
	ck_assert(!reply.refused);
	ck_assert_int_eq(ptp_message_default(&reply, &own), 0);
	ck_assert(own.slave_only);
	ck_assert_uint_eq(own.ports, 1);
	ptp_message_identity_text(own.clock, text);
	ck_assert_str_eq(text, "fa196b.fffe.dc86df");
	reply = reply_of(REPLY_CURRENT);
	ck_assert_int_eq(ptp_message_current(&reply, &current), 0);
	ck_assert_uint_eq(current.steps_removed, 1);
	ck_assert_int_eq(current.offset_ns, -378);
	ck_assert_int_eq(current.delay_ns, 1155);
	reply = reply_of(REPLY_PARENT);
	ck_assert_int_eq(ptp_message_parent(&reply, grandmaster), 0);
	ptp_message_identity_text(grandmaster, text);
	ck_assert_str_eq(text, "0aa13e.fffe.e893c2");
	reply = reply_of(REPLY_TIME);
	ck_assert_int_eq(ptp_message_time_properties(&reply, &time), 0);
	ck_assert_int_eq(time.utc_offset_s, 37);
	ck_assert(!time.utc_offset_valid && !time.ptp_timescale && !time.leap_insert && !time.leap_delete);
	reply = reply_of(REPLY_STATUS);
	ck_assert_int_eq(ptp_message_ingress(&reply, &ingress), 0);
	ck_assert_int_eq(ingress, 0x18e9bb07cf62019b);
	reply = reply_of(REPLY_PORT);
	ck_assert_int_eq(ptp_message_port_state(&reply, &port, &state), 0);
	ck_assert_uint_eq(port, 1);
	ck_assert_str_eq(ptp_message_state_name(state), "UNCALIBRATED");
	reply = reply_of(REPLY_PROPERTIES);
	ck_assert_int_eq(ptp_message_port_properties(&reply, &properties), 0);
	ck_assert_str_eq(properties.interface, "v1");
	ck_assert(properties.software);
	ck_assert_uint_eq(properties.state, PTP_PORT_UNCALIBRATED);
}
END_TEST

START_TEST(hardware_replies)
{
	struct ptp_reply reply = reply_of(REPLY_HARDWARE);
	struct ptp_port_properties properties;
	struct ptp_time_properties time;
	uint16_t port;
	int32_t number;

	ck_assert_int_eq(ptp_message_port_properties(&reply, &properties), 0);
	ck_assert(!properties.software);
	reply = reply_of(REPLY_HWCLOCK);
	ck_assert_int_eq(ptp_message_port_clock(&reply, &port, &number), 0);
	ck_assert_int_eq(number, 2);
	reply = reply_of(REPLY_REFUSAL);
	ck_assert(reply.refused);
	ck_assert_uint_eq(reply.data_set, PTP_PORT_HWCLOCK_NP);
	ck_assert_int_eq(ptp_message_port_clock(&reply, &port, &number), -ERR_PARSE);
	reply = reply_of(REPLY_TAI);
	ck_assert_int_eq(ptp_message_time_properties(&reply, &time), 0);
	ck_assert(time.utc_offset_valid && time.ptp_timescale);
}
END_TEST

/* Every parser, on a copy of exactly that length, so that a sanitizer sees a byte read beyond it. */
static int run_all(const uint8_t *message, size_t length)
{
	struct ptp_reply reply;
	uint8_t *copy = malloc(length > 0 ? length : 1);
	int rc;

	memcpy(copy, message, length);
	rc = ptp_message_parse(copy, length, &reply);
	if (rc == 0) {
		struct ptp_default own;
		struct ptp_current current;
		struct ptp_time_properties time;
		struct ptp_port_properties properties;
		uint8_t clock[8], state;
		uint16_t port;
		int64_t ingress;
		int32_t number;
		const int taken =
			(ptp_message_default(&reply, &own) == 0) + (ptp_message_current(&reply, &current) == 0) +
			(ptp_message_parent(&reply, clock) == 0) + (ptp_message_time_properties(&reply, &time) == 0) +
			(ptp_message_ingress(&reply, &ingress) == 0) +
			(ptp_message_port_properties(&reply, &properties) == 0) +
			(ptp_message_port_state(&reply, &port, &state) == 0) +
			(ptp_message_port_clock(&reply, &port, &number) == 0);

		ck_assert_int_le(taken, 1);
		ck_assert(!reply.refused || taken == 0);
	} else {
		ck_assert_int_eq(rc, -ERR_PARSE);
	}
	free(copy);
	return rc;
}

START_TEST(cut_replies_are_refused)
{
	for (size_t i = 0; i < COUNT(REPLIES); i++) {
		const size_t n = from_hex(REPLIES[i], bytes);

		for (size_t cut = 0; cut < n; cut++)
			ck_assert_int_eq(run_all(bytes, cut), -ERR_PARSE);
		ck_assert_int_eq(run_all(bytes, n), 0);
		/* A shorter length that the message gives itself. */
		for (size_t cut = 0; cut < n; cut++) {
			bytes[3] = (uint8_t)cut;
			ck_assert_int_eq(run_all(bytes, n), -ERR_PARSE);
		}
	}
}
END_TEST

START_TEST(short_data_sets_are_refused)
{
	for (size_t i = 0; i < COUNT(REPLIES); i++) {
		const size_t n = from_hex(REPLIES[i], bytes);
		const uint8_t length = bytes[51];

		for (unsigned int less = 2; less < length; less++) {
			struct ptp_reply reply;
			struct ptp_current current = { .steps_removed = 4711 };

			bytes[51] = (uint8_t)less;
			if (ptp_message_parse(bytes, n, &reply) == 0)
				ck_assert_int_eq(ptp_message_current(&reply, &current), -ERR_PARSE);
			ck_assert_uint_eq(current.steps_removed, 4711);
			run_all(bytes, n);
		}
	}
}
END_TEST

START_TEST(binary_and_huge_replies_are_survived)
{
	static uint8_t huge[1 << 16];
	uint32_t state = 7;

	for (size_t i = 0; i < COUNT(REPLIES); i++) {
		uint8_t good[PTP_REPLY_MAX];
		const size_t n = from_hex(REPLIES[i], good);

		for (int round = 0; round < 2000; round++) {
			memcpy(bytes, good, n);
			for (int k = 0; k <= round % 4; k++) {
				state = state * 1664525u + 1013904223u;
				bytes[(state >> 8) % n] = (uint8_t)(state >> 24);
			}
			run_all(bytes, n);
		}
	}
	for (int fill = 0; fill < 256; fill += 51) {
		memset(huge, fill, sizeof(huge));
		run_all(huge, sizeof(huge));
		from_hex(REPLY_PROPERTIES, huge);
		run_all(huge, sizeof(huge));
	}
}
END_TEST

START_TEST(interface_names_are_checked)
{
	struct ptp_port_properties properties;
	struct ptp_reply reply;

	reply = reply_of(REPLY_PROPERTIES);
	bytes[67] = '\0';
	ck_assert_int_eq(ptp_message_port_properties(&reply, &properties), -ERR_PARSE);
	bytes[66] = 200;
	ck_assert_int_eq(ptp_message_port_properties(&reply, &properties), -ERR_PARSE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ptp_message");

	UNIT_ADD(s, request_is_what_ptp4l_answered);
	UNIT_ADD(s, replies_say_what_pmc_showed);
	UNIT_ADD(s, hardware_replies);
	UNIT_ADD(s, cut_replies_are_refused);
	UNIT_ADD(s, short_data_sets_are_refused);
	UNIT_ADD(s, binary_and_huge_replies_are_survived);
	UNIT_ADD(s, interface_names_are_checked);
	return s;
}

UNIT_MAIN(suite)
