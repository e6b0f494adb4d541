/*
 * fuzz_ntpd.c - any bytes as an answer of ntpd: as datagrams, each after two bytes with its length, and as the text of
 * a whole answer.
 */
#include "fuzz.h"

#include "source/ntp_daemon.h"
#include "source/ntpd_clock.h"

#include <string.h>

static const struct ntpd_moment NOW = { INT64_C(1000000000000), INT64_C(1700000000000000000) };

static void check_text(const char *text, size_t size)
{
	const size_t length = strnlen(text, size);

	FUZZ_CHECK(length < size);
	for (size_t i = 0; i < length; i++)
		FUZZ_CHECK(text[i] >= ' ' && text[i] < 0x7f);
}

static void check_meaning(const struct ntpd_answer *answer)
{
	struct clock_state state = { .source = 0 };
	struct clock_peer peer;
	struct ntpd_association association;
	size_t n = 0;

	ntpd_clock_state(answer, &NOW, &state);
	check_text(state.reference, sizeof(state.reference));
	check_text(state.software, sizeof(state.software));
	check_text(state.vendor, sizeof(state.vendor));
	ntpd_clock_counts(answer, &NOW, &state);
	FUZZ_CHECK((state.state == CLOCK_SYNCHRONIZED) == (state.source != CLOCK_SOURCE_NONE));
	if (ntpd_clock_peer(answer, &NOW, &peer)) {
		check_text(peer.name, sizeof(peer.name));
		FUZZ_CHECK(peer.name[0] != '\0');
		FUZZ_CHECK(peer.mode >= CLOCK_PEER_SERVER && peer.mode <= CLOCK_PEER_POOL);
		check_text(peer.driver, sizeof(peer.driver));
		ntpd_clock_peer_counts(answer, &peer);
		ntpd_clock_follow(answer, &peer, &state);
	}
	while (ntpd_answer_association(answer, n, &association))
		n++;
	FUZZ_CHECK(n == answer->length / 4);
}

/* The request is that to which the first datagram would be an answer. */
static void check_datagrams(const uint8_t *data, size_t size)
{
	struct ntpd_request request = { .operation = 0 };
	struct ntpd_answer answer;

	ntpd_answer_init(&answer);
	for (size_t at = 0, n; at + 2 <= size; at += n) {
		n = (size_t)data[at] << 8 | data[at + 1];
		at += 2;
		n = n < size - at ? n : size - at;
		if (request.operation == 0 && n >= NTPD_HEADER_SIZE)
			request = (struct ntpd_request){ data[at + 1] & 0x1f,
							 (uint16_t)(data[at + 2] << 8 | data[at + 3]),
							 (uint16_t)(data[at + 6] << 8 | data[at + 7]), NULL };
		if (ntpd_answer_add(&answer, &request, data + at, n) == 0)
			check_meaning(&answer);
		FUZZ_CHECK(answer.length <= NTPD_ANSWER_MAX && answer.n <= NTPD_PIECES_MAX);
		FUZZ_CHECK(answer.length <= answer.reach);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ntpd_answer answer;

	check_datagrams(data, size);
	ntpd_answer_init(&answer);
	answer.status = 0x1600;
	answer.length = size < NTPD_ANSWER_MAX ? size : NTPD_ANSWER_MAX;
	if (size > 0)
		memcpy(answer.data, data, answer.length);
	check_meaning(&answer);
	return 0;
}
