/*
 * fuzz_chrony.c - any bytes as a reply of chronyd: to each question, and whatever is in it in the terms of
 * clock_state.h.
 */
#include "fuzz.h"

#include "source/chrony_clock.h"
#include "source/ntp_daemon.h"

#include <string.h>

#define NOW_NS INT64_C(1700000000000000000)
#define HEADER 28u

static void check_text(const char *text, size_t size)
{
	const size_t length = strnlen(text, size);

	FUZZ_CHECK(length < size);
	for (size_t i = 0; i < length; i++)
		FUZZ_CHECK(text[i] >= ' ' && text[i] < 0x7f);
}

static void check_state(const uint8_t *data, size_t size)
{
	struct chrony_tracking tracking;
	struct clock_state state = { .source = 0 };

	if (chrony_tracking_parse(data, size, &tracking) != 0)
		return;
	chrony_clock_state(&tracking, NOW_NS / 1000, NOW_NS, &state);
	check_text(state.reference, sizeof(state.reference));
	FUZZ_CHECK(state.state == CLOCK_SYNCHRONIZED || state.state == CLOCK_UNSYNCHRONIZED);
	FUZZ_CHECK((state.state == CLOCK_SYNCHRONIZED) == (state.source != CLOCK_SOURCE_NONE));
	FUZZ_CHECK((state.have & CLOCK_HAVE_UPDATE) == 0 || state.update_mono_ns <= NOW_NS / 1000);
}

static void check_peer(const uint8_t *data, size_t size)
{
	struct chrony_source source;
	struct chrony_sourcestats stats;
	struct clock_peer peer;
	char name[CHRONY_NAME_SIZE] = "";
	const bool have_stats = chrony_sourcestats_parse(data, size, &stats) == 0;

	chrony_name_parse(data, size, name);
	FUZZ_CHECK(strlen(name) < sizeof(name));
	if (chrony_source_parse(data, size, &source) != 0)
		return;
	chrony_clock_peer(&source, have_stats ? &stats : NULL, name, NOW_NS, &peer);
	check_text(peer.name, sizeof(peer.name));
	FUZZ_CHECK(peer.state >= CLOCK_PEER_SELECTED && peer.state <= CLOCK_PEER_UNKNOWN);
	FUZZ_CHECK(peer.mode >= CLOCK_PEER_SERVER && peer.mode <= CLOCK_PEER_OTHER);
	FUZZ_CHECK(peer.reach <= 0xff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum chrony_command COMMANDS[] = { CHRONY_N_SOURCES, CHRONY_SOURCE_DATA, CHRONY_TRACKING,
							CHRONY_SOURCESTATS, CHRONY_SOURCE_NAME };
	uint32_t n;

	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
		const struct chrony_request request = { .command = COMMANDS[i], .sequence = 7 };

		if (chrony_reply_check(&request, data, size) == 0)
			FUZZ_CHECK(size > HEADER && data[5] == COMMANDS[i] && data[19] == 7);
	}
	if (chrony_n_sources_parse(data, size, &n) == 0)
		FUZZ_CHECK(size >= HEADER + 4);
	check_state(data, size);
	check_peer(data, size);
	return 0;
}
