/*
 * ptp_fixture.h - what a ptp4l answers, in hexadecimal: for tests of the messages and of the source.
 */
#ifndef EDGENODE_TESTS_PTP_FIXTURE_H
#define EDGENODE_TESTS_PTP_FIXTURE_H

#include "source/ptp_message.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* Replies of ptp4l 3.1.1, a slave with time stamps in software, to a clock of zeros with port 7 and sequence 1. */
#define REPLY_HEADER(length, port) "0d0200" length "00000000000000000000000000000000fa196bfffedc86df" port "0001047f"
#define REPLY_TARGET "00000000000000000007" "00000200"
#define REPLY_DEFAULT \
	REPLY_HEADER("4a", "0000") REPLY_TARGET \
	"000100162000" "0300000180fffeffff80fa196bfffedc86df0000"
#define REPLY_CURRENT \
	REPLY_HEADER("48", "0000") REPLY_TARGET \
	"000100142001" "0001fffffffffe8600000000000004830000"
#define REPLY_PARENT \
	REPLY_HEADER("56", "0000") REPLY_TARGET \
	"000100222002" "0aa13efffee893c200010000ffff7fffffff0af8feffff800aa13efffee893c2"
#define REPLY_TIME \
	REPLY_HEADER("3a", "0000") REPLY_TARGET \
	"000100062003" "002500a0"
#define REPLY_PORT \
	REPLY_HEADER("50", "0001") REPLY_TARGET \
	"0001001c2004" "fa196bfffedc86df000108fd0000000000000000fe03fd010002"
#define REPLY_STATUS \
	REPLY_HEADER("68", "0000") REPLY_TARGET \
	"00010034c000" "fffffffffffffe8618e9bb07cf62019b00000000000000000000000000000000000000000000000000010aa13efffee893c2"
#define REPLY_PROPERTIES \
	REPLY_HEADER("46", "0001") REPLY_TARGET \
	"00010012c004" "fa196bfffedc86df0001080002763100"
#define REPLY_REFUSAL \
	REPLY_HEADER("3c", "0001") REPLY_TARGET \
	"000200080002c009" "00000000"
/* Not captured, as there was no such hardware: as linuxptp's management messages are documented. */
#define REPLY_HARDWARE \
	REPLY_HEADER("46", "0001") REPLY_TARGET \
	"00010012c004" "fa196bfffedc86df0001090102763100"
#define REPLY_HWCLOCK \
	REPLY_HEADER("46", "0001") REPLY_TARGET \
	"00010012c009" "fa196bfffedc86df0001000000020000"
#define REPLY_TAI \
	REPLY_HEADER("3a", "0000") REPLY_TARGET \
	"000100062003" "00250c20"

static inline size_t from_hex(const char *hex, uint8_t *out)
{
	const size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

#endif
