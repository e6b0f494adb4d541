/*
 * test_ntp_message.c - the messages of chronyd and ntpd, captured from chronyd 4.3 and NTPsec 1.2.2: what is in them,
 * what it means in the terms of clock_state.h, and what becomes of damaged ones. What chronyc said at the time stands
 * beside.
 */
#include "base/clock.h"
#include "source/chrony_clock.h"
#include "source/ntp_daemon.h"
#include "source/ntpd_clock.h"

#include "ntp_fixture.h"

#define SEQUENCE 7
#define MONO_NS (1000 * NS_PER_S)

/* --- chronyd's messages ------------------------------------------------------------------------------------------- */

static struct chrony_tracking tracking_of(const char *scenario)
{
	const struct chrony_request request = { .command = CHRONY_TRACKING, .sequence = SEQUENCE };
	struct chrony_tracking tracking;
	struct message message;
	char name[64];

	snprintf(name, sizeof(name), "chrony/%s-tracking", scenario);
	message = message_read(name);
	ck_assert_int_eq(chrony_reply_check(&request, message.data, message.length), 0);
	ck_assert_int_eq(chrony_tracking_parse(message.data, message.length, &tracking), 0);
	return tracking;
}

static struct chrony_source source_of(const char *scenario, unsigned i)
{
	const struct chrony_request request = { .command = CHRONY_SOURCE_DATA, .sequence = SEQUENCE };
	struct chrony_source source;
	struct message message;
	char name[64];

	snprintf(name, sizeof(name), "chrony/%s-source-%u", scenario, i);
	message = message_read(name);
	ck_assert_int_eq(chrony_reply_check(&request, message.data, message.length), 0);
	ck_assert_int_eq(chrony_source_parse(message.data, message.length, &source), 0);
	return source;
}

static struct chrony_sourcestats stats_of(const char *scenario, unsigned i)
{
	const struct chrony_request request = { .command = CHRONY_SOURCESTATS, .sequence = SEQUENCE };
	struct chrony_sourcestats stats;
	struct message message;
	char name[64];

	snprintf(name, sizeof(name), "chrony/%s-stats-%u", scenario, i);
	message = message_read(name);
	ck_assert_int_eq(chrony_reply_check(&request, message.data, message.length), 0);
	ck_assert_int_eq(chrony_sourcestats_parse(message.data, message.length, &stats), 0);
	return stats;
}

/* tracking: 7F000001,127.0.0.1,4,1795172253.123339726,-0.000001214,...,0.000000074,0.011,-0.000,0.047,0.000004594,
 * 0.000000929,1.0,Normal */
START_TEST(test_chrony_tracking)
{
	const struct chrony_tracking t = tracking_of("synced");
	char text[CHRONY_TEXT_SIZE];

	ck_assert_uint_eq(t.reference_id, 0x7f000001);
	chrony_address_text(&t.address, text);
	ck_assert_str_eq(text, "127.0.0.1");
	ck_assert_uint_eq(t.stratum, 4);
	ck_assert_uint_eq(t.leap, 0);
	ck_assert_int_eq(t.reference_real_ns, INT64_C(1795172253123339726));
	ck_assert_int_ge(t.correction_ns, -1214 - 100); /* it changes from question to question */
	ck_assert_int_le(t.correction_ns, -1214 + 100);
	ck_assert_int_eq(t.rms_offset_ns, 74);
	ck_assert_int_eq(t.frequency_ppb, 11);
	ck_assert_int_eq(t.skew_ppb, 47);
	ck_assert_int_eq(t.root_delay_ns, 4594);
	ck_assert_int_ge(t.root_dispersion_ns, 929 - 50);
	ck_assert_int_le(t.root_dispersion_ns, 929 + 50);
}
END_TEST

/* sources -a and sourcestats -a: the first lines are those of the reference clock GPS. */
START_TEST(test_chrony_sources)
{
	static const struct {
		const char *name;
		uint16_t mode, state, stratum, reach;
		int64_t offset_ns, error_ns, estimate_ns;
		uint32_t samples;
	} LINES[] = {
		{ "71.80.83.0", CHRONY_REFCLOCK, CHRONY_UNUSABLE, 0, 0, 0, 0, 0, 0 },
		{ "127.0.0.1", CHRONY_SERVER, CHRONY_SELECTED, 3, 0377, -232, 2470, -419, 28 },
		{ "::1", CHRONY_SERVER, CHRONY_COMBINED, 3, 0377, 578, 2921, 505, 21 },
		{ "127.0.0.2", CHRONY_SERVER, CHRONY_UNUSABLE, 0, 0, 0, 0, 0, 0 },
		{ "127.0.0.3", CHRONY_SERVER, CHRONY_FALSETICKER, 3, 0377, -199999690, 2799, -199999869, 11 },
		{ "ID#0000000001", CHRONY_SERVER, CHRONY_UNUSABLE, 0, 0, 0, 0, 0, 0 },
	};

	for (unsigned i = 0; i < COUNT(LINES); i++) {
		const struct chrony_source source = source_of("synced", i);
		const struct chrony_sourcestats stats = stats_of("synced", i);
		char text[CHRONY_TEXT_SIZE];

		chrony_address_text(&source.address, text);
		ck_assert_str_eq(text, LINES[i].name);
		ck_assert_uint_eq(source.mode, LINES[i].mode);
		ck_assert_uint_eq(source.state, LINES[i].state);
		ck_assert_uint_eq(source.stratum, LINES[i].stratum);
		ck_assert_uint_eq(source.reach, LINES[i].reach);
		ck_assert_uint_eq(source.since_sample_s == CHRONY_NO_SAMPLE, LINES[i].samples == 0);
		ck_assert_int_eq(source.offset_ns, LINES[i].offset_ns);
		ck_assert_int_eq(source.error_ns, LINES[i].error_ns);
		ck_assert_uint_eq(stats.samples, LINES[i].samples);
		ck_assert_int_ge(stats.offset_ns, LINES[i].estimate_ns - 2);
		ck_assert_int_le(stats.offset_ns, LINES[i].estimate_ns + 2);
		ck_assert(chrony_clock_same_source(&source, &stats));
	}
	ck_assert(!chrony_clock_same_source(&(struct chrony_source){ .mode = CHRONY_SERVER },
					    &(struct chrony_sourcestats){ .address.family = CHRONY_INET4 }));
}
END_TEST

START_TEST(test_chrony_name)
{
	const struct message message = message_read("chrony/synced-name-5"),
			     count = message_read("chrony/synced-n-sources");
	char name[CHRONY_NAME_SIZE];
	uint32_t n;

	ck_assert_int_eq(chrony_name_parse(message.data, message.length, name), 0);
	ck_assert_str_eq(name, "ntp.invalid");
	ck_assert_int_eq(chrony_n_sources_parse(count.data, count.length, &n), 0);
	ck_assert_uint_eq(n, 6);
}
END_TEST

START_TEST(test_chrony_request)
{
	const struct chrony_request source = { .command = CHRONY_SOURCE_DATA, .sequence = 0x01020304, .index = 0x0a0b },
				    name = { .command = CHRONY_SOURCE_NAME,
					     .address = { CHRONY_UNRESOLVED, { 0, 0, 0, 1 } } };
	static const uint8_t WANTED[] = {
		6, 1, 0, 0, 0, 15, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0x0b
	};
	uint8_t out[CHRONY_MESSAGE_MAX];

	ck_assert_uint_eq(chrony_request_encode(&source, out), message_read("chrony/synced-source-0").length);
	ck_assert_mem_eq(out, WANTED, sizeof(WANTED));
	ck_assert_uint_eq(chrony_request_encode(&name, out), message_read("chrony/synced-name-5").length);
	ck_assert_uint_eq(out[23], 1);
	ck_assert_uint_eq(out[37], CHRONY_UNRESOLVED);
}
END_TEST

/* Each length but the right one, each byte of the head changed. */
START_TEST(test_chrony_damaged)
{
	const struct chrony_request request = { .command = CHRONY_TRACKING, .sequence = SEQUENCE };
	const struct message whole = message_read("chrony/synced-tracking");
	struct chrony_tracking tracking;
	struct message m = whole;

	for (size_t n = 0; n < whole.length; n++) {
		ck_assert_int_eq(chrony_reply_check(&request, whole.data, n), n < 28 ? -ERR_STATE : -ERR_PARSE);
		ck_assert_int_eq(chrony_tracking_parse(whole.data, n, &tracking), -ERR_PARSE);
	}
	ck_assert_int_eq(chrony_reply_check(&request, whole.data, whole.length + 4), -ERR_PARSE);
	m.data[7]++; /* the form of another reply */
	ck_assert_int_eq(chrony_reply_check(&request, m.data, m.length), -ERR_PARSE);
	m = message_read("chrony/synced-no-source");
	m.data[5] = CHRONY_TRACKING;
	ck_assert_int_eq(chrony_reply_check(&request, m.data, m.length), -ERR_ABSENT);
	m.data[9]++;
	ck_assert_int_eq(chrony_reply_check(&request, m.data, m.length), -ERR_UNSUPPORTED);
}
END_TEST

/* 2^(exponent - 25) * coefficient. */
START_TEST(test_chrony_number)
{
	static const struct {
		uint32_t raw;
		int64_t ns;
	} CASES[] = {
		{ 0, 0 },
		{ 2u << 25 | 1u << 23, NS_PER_S },
		{ 2u << 25 | (0x2000000u - (1u << 23)), -NS_PER_S },
		{ 26u << 25 | 1, 2 * NS_PER_S },
		{ 25u << 25 | 0x1ffffffu, -NS_PER_S },
		{ 24u << 25 | 1, NS_PER_S / 2 },
		{ 63u << 25 | 0xffffffu, INT64_MAX },
		{ 63u << 25 | 0x1000000u, -INT64_MAX },
		{ 64u << 25 | 0xffffffu, 0 }, /* 2^-64 */
		{ 64u << 25 | 0x1000000u, 0 },
		{ UINT32_MAX, -15 }, /* -1 * 2^-26 s: 14.9 ns */
	};

	for (size_t i = 0; i < COUNT(CASES); i++)
		ck_assert_msg(chrony_number(CASES[i].raw, NS_PER_S) == CASES[i].ns, "case %zu: %lld", i,
			      (long long)chrony_number(CASES[i].raw, NS_PER_S));
}
END_TEST

START_TEST(test_chrony_text)
{
	static const struct {
		uint32_t id;
		const char *text;
	} CASES[] = { { 0x47505300, "GPS" }, { 0x50484330, "PHC0" },	 { 0x7f7f0101, "7F7F0101" },
		      { 0, "00000000" },     { 0x47005053, "47005053" }, { 0x47502053, "47502053" } };
	const struct chrony_address none = { 99, { 1 } };
	char text[CHRONY_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(CASES); i++) {
		chrony_reference_text(CASES[i].id, text);
		ck_assert_str_eq(text, CASES[i].text);
	}
	chrony_address_text(&none, text);
	ck_assert_str_eq(text, "");
}
END_TEST

/* --- what chronyd means ------------------------------------------------------------------------------------------- */

static struct clock_state chrony_state(const struct chrony_tracking *t, int64_t after_ns)
{
	struct clock_state state = { .source = 0 };

	chrony_clock_state(t, MONO_NS, t->reference_real_ns + after_ns - t->correction_ns, &state);
	return state;
}

START_TEST(test_chrony_state)
{
	const struct chrony_tracking t = tracking_of("synced");
	const struct clock_state state = chrony_state(&t, 3 * NS_PER_S);

	ck_assert_uint_eq(state.source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(state.state, CLOCK_SYNCHRONIZED);
	ck_assert_uint_eq(state.leap, CLOCK_LEAP_NONE);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_OFFSET | CLOCK_HAVE_EST_ERROR | CLOCK_HAVE_MAX_ERROR |
					      CLOCK_HAVE_FREQUENCY | CLOCK_HAVE_DAEMON | CLOCK_HAVE_SKEW |
					      CLOCK_HAVE_STRATUM | CLOCK_HAVE_REFERENCE | CLOCK_HAVE_ROOT_DELAY |
					      CLOCK_HAVE_ROOT_DISPERSION | CLOCK_HAVE_UPDATE);
	ck_assert_int_eq(state.offset_ns, -t.correction_ns);
	ck_assert_int_gt(state.offset_ns, 0);	    /* chronyc: "fast" */
	ck_assert_int_eq(state.frequency_ppb, -11); /* chronyc: "0.011 ppm fast", so it is made slower */
	ck_assert_uint_eq(state.skew_ppb, 47);
	ck_assert_str_eq(state.reference, "127.0.0.1");
	ck_assert_uint_eq(state.stratum, 4);
	ck_assert_uint_eq(state.root_delay_us, 5);
	ck_assert_uint_eq(state.root_dispersion_us, 1);
	ck_assert_uint_eq(state.max_error_us, 2 + 1 + 1);
	ck_assert_int_eq(state.update_mono_ns, MONO_NS - 3 * NS_PER_S);
}
END_TEST

/* "System time: 0.001000000 seconds slow of NTP time". */
START_TEST(test_chrony_refclock)
{
	const struct chrony_tracking t = tracking_of("refclock");
	const struct chrony_source source = source_of("refclock", 0);
	const struct chrony_sourcestats stats = stats_of("refclock", 0);
	const struct clock_state state = chrony_state(&t, -NS_PER_S); /* the clock was set back meanwhile */
	struct clock_peer peer;

	ck_assert_uint_eq(state.source, CLOCK_SOURCE_REFERENCE);
	ck_assert_uint_eq(state.state, CLOCK_SYNCHRONIZED);
	ck_assert_str_eq(state.reference, "GPS");
	ck_assert_uint_eq(state.stratum, 1);
	ck_assert_int_eq(state.offset_ns, -NS_PER_MS);
	ck_assert_uint_eq(state.max_error_us, 1000 + 2);
	ck_assert_int_eq(state.update_mono_ns, MONO_NS);
	chrony_clock_peer(&source, &stats, "", MONO_NS, &peer);
	ck_assert_str_eq(peer.name, "GPS");
	ck_assert_uint_eq(peer.mode, CLOCK_PEER_REFCLOCK);
	ck_assert_uint_eq(peer.state, CLOCK_PEER_SELECTED);
	ck_assert_uint_eq(peer.stratum, 0);
	ck_assert(peer.have & CLOCK_PEER_HAVE_STRATUM);
}
END_TEST

/* Neither a daemon without sources nor one that only claims a stratum keeps the clock right. */
START_TEST(test_chrony_unsynchronised)
{
	const struct chrony_tracking none = tracking_of("unsynced"), local = tracking_of("local");
	struct clock_state state = chrony_state(&none, 0);

	ck_assert_uint_eq(state.source, CLOCK_SOURCE_NONE);
	ck_assert_uint_eq(state.state, CLOCK_UNSYNCHRONIZED);
	ck_assert_uint_eq(state.leap, CLOCK_LEAP_ALARM);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_FREQUENCY);
	state = chrony_state(&local, 0);
	ck_assert_uint_eq(state.source, CLOCK_SOURCE_NONE);
	ck_assert_uint_eq(state.state, CLOCK_UNSYNCHRONIZED);
	ck_assert_uint_eq(state.leap, CLOCK_LEAP_NONE);
	ck_assert_uint_eq(state.stratum, 3);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_FREQUENCY | CLOCK_HAVE_STRATUM);
}
END_TEST

START_TEST(test_chrony_extremes)
{
	struct chrony_tracking t = tracking_of("synced");
	struct clock_state state;

	t.leap = 9;
	t.correction_ns = INT64_MAX;
	t.frequency_ppb = INT64_MAX;
	t.skew_ppb = INT64_MAX;
	t.root_delay_ns = t.root_dispersion_ns = -INT64_MAX;
	chrony_clock_state(&t, MONO_NS, INT64_MAX, &state);
	ck_assert_uint_eq(state.leap, CLOCK_LEAP_UNKNOWN);
	ck_assert_int_eq(state.offset_ns, -INT64_MAX);
	ck_assert_uint_eq(state.skew_ppb, UINT32_MAX);
	ck_assert_uint_eq(state.max_error_us, UINT32_MAX);
	ck_assert(!(state.have & (CLOCK_HAVE_FREQUENCY | CLOCK_HAVE_UPDATE)));
}
END_TEST

START_TEST(test_chrony_peers)
{
	const struct chrony_source server = source_of("synced", 1), unresolved = source_of("synced", 5),
				   falseticker = source_of("synced", 4);
	struct chrony_sourcestats stats = stats_of("synced", 1);
	struct clock_peer peer;

	chrony_clock_peer(&server, &stats, "", MONO_NS, &peer);
	ck_assert_uint_eq(peer.have, CLOCK_PEER_HAVE_STRATUM | CLOCK_PEER_HAVE_REACH | CLOCK_PEER_HAVE_SAMPLE |
					     CLOCK_PEER_HAVE_OFFSET | CLOCK_PEER_HAVE_ERROR | CLOCK_PEER_HAVE_JITTER);
	ck_assert_int_eq((int64_t)peer.jitter_ns, stats.deviation_ns);
	ck_assert_int_gt(stats.deviation_ns, 0);
	ck_assert_int_lt(stats.deviation_ns, NS_PER_MS);
	ck_assert_uint_eq(peer.mode, CLOCK_PEER_SERVER);
	ck_assert_uint_eq(peer.reach, 0377);
	ck_assert_int_eq(peer.offset_ns, stats.offset_ns);
	ck_assert_uint_eq(peer.error_us, 2);
	ck_assert_int_eq(peer.sample_mono_ns, MONO_NS - server.since_sample_s * NS_PER_S);
	stats.samples = 2; /* no estimate yet */
	chrony_clock_peer(&server, &stats, "", MONO_NS, &peer);
	ck_assert_int_eq(peer.offset_ns, -232);
	ck_assert_uint_eq(peer.have & CLOCK_PEER_HAVE_JITTER, 0);
	chrony_clock_peer(&falseticker, NULL, "", MONO_NS, &peer);
	ck_assert_int_eq(peer.offset_ns, -199999690); /* it says 0.2 s more than this clock */
	chrony_clock_peer(&unresolved, NULL, "b\344d \001name", MONO_NS, &peer);
	ck_assert_str_eq(peer.name, "b?d ?name");
	ck_assert_uint_eq(peer.have, CLOCK_PEER_HAVE_REACH);
	chrony_clock_peer(&unresolved, NULL, "", MONO_NS, &peer);
	ck_assert_str_eq(peer.name, "ID#0000000001");
}
END_TEST

START_TEST(test_chrony_peer_states)
{
	static const struct {
		uint16_t state, reach;
		uint8_t wanted;
	} CASES[] = {
		{ CHRONY_SELECTED, 0, CLOCK_PEER_SELECTED },
		{ CHRONY_UNUSABLE, 0, CLOCK_PEER_UNREACHABLE },
		{ CHRONY_UNUSABLE, 1, CLOCK_PEER_REJECTED },
		{ CHRONY_FALSETICKER, 1, CLOCK_PEER_FALSETICKER },
		{ CHRONY_JITTERY, 1, CLOCK_PEER_JITTERY },
		{ CHRONY_COMBINED, 1, CLOCK_PEER_COMBINED },
		{ CHRONY_NOT_COMBINED, 1, CLOCK_PEER_CANDIDATE },
		{ 6, 1, CLOCK_PEER_UNKNOWN },
		{ UINT16_MAX, 1, CLOCK_PEER_UNKNOWN },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct chrony_source source = source_of("synced", 1);
		struct clock_peer peer;

		source.state = CASES[i].state;
		source.reach = CASES[i].reach;
		source.mode = UINT16_MAX;
		chrony_clock_peer(&source, NULL, "", MONO_NS, &peer);
		ck_assert_uint_eq(peer.state, CASES[i].wanted);
		ck_assert_uint_eq(peer.mode, CLOCK_PEER_OTHER);
	}
}
END_TEST

/* --- ntpd's messages ---------------------------------------------------------------------------------------------- */

/* A captured answer of one piece, or of two. */
static struct ntpd_answer answer_of(const char *name, size_t pieces)
{
	struct ntpd_answer answer;

	ntpd_answer_init(&answer);
	for (size_t i = 0; i < pieces; i++) {
		struct ntpd_request request;
		struct message m;
		char path[64];

		snprintf(path, sizeof(path), pieces == 1 ? "ntpd/%s" : "ntpd/%s-%zu", name, i);
		m = message_read(path);
		request = (struct ntpd_request){ m.data[1] & 0x1f, (uint16_t)(m.data[2] << 8 | m.data[3]),
						 (uint16_t)(m.data[6] << 8 | m.data[7]), NULL };
		ck_assert_int_eq(ntpd_answer_add(&answer, &request, m.data, m.length), i + 1 < pieces ? -ERR_STATE : 0);
	}
	return answer;
}

static struct ntpd_answer answer_with(const char *text)
{
	struct ntpd_answer answer;

	ntpd_answer_init(&answer);
	answer.status = 0;
	answer.length = strlen(text);
	memcpy(answer.data, text, answer.length);
	return answer;
}

START_TEST(test_ntpd_status)
{
	const struct ntpd_answer answer = answer_of("status", 1);
	struct ntpd_association association;

	ck_assert(ntpd_answer_association(&answer, 0, &association));
	ck_assert_uint_eq(association.id, 17770);
	ck_assert_uint_eq(association.status, 0x8011);
	ck_assert(ntpd_answer_association(&answer, 3, &association));
	ck_assert_uint_eq(association.id, 17767);
	ck_assert(!ntpd_answer_association(&answer, 4, &association));
}
END_TEST

START_TEST(test_ntpd_variables)
{
	const struct ntpd_answer server = answer_of("server", 2), refclock = answer_of("refclock", 2);
	char text[32];
	int64_t number;
	uint32_t bits;
	uint64_t time;

	ck_assert(ntpd_answer_text(&server, "srcadr", text, sizeof(text)));
	ck_assert_str_eq(text, "10.99.0.9");
	ck_assert(ntpd_answer_number(&server, "delay", &number));
	ck_assert_int_eq(number, 32703000);
	ck_assert(ntpd_answer_bits(&server, "reach", &bits));
	ck_assert_uint_eq(bits, 0xf);
	ck_assert(ntpd_answer_time(&server, "rec", &time));
	ck_assert_uint_eq(time, 0xeeaaa3f3aa2b2b6f);
	ck_assert(!ntpd_answer_time(&refclock, "rec", &time)); /* never */
	/* Behind the lists with their arbitrary bytes, in the second piece. */
	ck_assert(ntpd_answer_text(&refclock, "srchost", text, sizeof(text)));
	ck_assert_str_eq(text, "SHM(0)");
	ck_assert(!ntpd_answer_text(&server, "src", text, sizeof(text)));
	ck_assert(!ntpd_answer_text(&server, "adr", text, sizeof(text)));
}
END_TEST

START_TEST(test_ntpd_text)
{
	const struct ntpd_answer answer =
		answer_with("a=1, b=\"x, c=2\",\r\nd=  , e=-0.5,f=12345678901,g=1.2345678901234,h=1x,i=,j=\"open, k=3");
	char text[8];
	int64_t number;
	uint32_t bits;

	ck_assert(ntpd_answer_text(&answer, "b", text, sizeof(text)));
	ck_assert_str_eq(text, "x, c=2");
	ck_assert(ntpd_answer_text(&answer, "b", text, 3));
	ck_assert_str_eq(text, "x,");
	ck_assert(!ntpd_answer_text(&answer, "c", text, sizeof(text)));
	ck_assert(ntpd_answer_number(&answer, "a", &number));
	ck_assert_int_eq(number, 1000000000);
	ck_assert(!ntpd_answer_number(&answer, "d", &number));
	ck_assert(ntpd_answer_number(&answer, "e", &number));
	ck_assert_int_eq(number, -500000000);
	ck_assert(!ntpd_answer_number(&answer, "f", &number));
	ck_assert(ntpd_answer_number(&answer, "g", &number));
	ck_assert_int_eq(number, 1234567890);
	ck_assert(!ntpd_answer_number(&answer, "h", &number));
	ck_assert(!ntpd_answer_bits(&answer, "f", &bits));
	ck_assert(!ntpd_answer_bits(&answer, "e", &bits));
	ck_assert(ntpd_answer_text(&answer, "i", text, sizeof(text)));
	ck_assert_str_eq(text, "");
	ck_assert(!ntpd_answer_text(&answer, "k", text, sizeof(text))); /* in the open quotes */
}
END_TEST

/* A piece of an answer; text: its length, which is filled with 'x'. */
static int add(struct ntpd_answer *answer, uint16_t offset, uint16_t count, bool more, size_t length)
{
	const struct ntpd_request request = { NTPD_READ_VARIABLES, 1, 2, NULL };
	uint8_t data[NTPD_HEADER_SIZE + UINT16_MAX] = { 0x16, (uint8_t)(more ? 0xa2 : 0x82), 0, 1, 0, 0, 0, 2 };

	data[8] = (uint8_t)(offset >> 8);
	data[9] = (uint8_t)offset;
	data[10] = (uint8_t)(count >> 8);
	data[11] = (uint8_t)count;
	memset(data + NTPD_HEADER_SIZE, 'x', length);
	return ntpd_answer_add(answer, &request, data, NTPD_HEADER_SIZE + length);
}

START_TEST(test_ntpd_pieces)
{
	struct ntpd_answer answer;

	ntpd_answer_init(&answer);
	ck_assert_int_eq(add(&answer, 0, 9, true, 8), -ERR_PARSE); /* cut */
	ck_assert_int_eq(add(&answer, 8, 8, false, 8), -ERR_STATE);
	ck_assert_int_eq(add(&answer, 8, 8, false, 8), -ERR_STATE);
	ck_assert_int_eq(add(&answer, 4, 8, true, 8), -ERR_PARSE); /* over another one */
	ck_assert_int_eq(add(&answer, 0, 8, true, 8), 0);
	ck_assert_uint_eq(answer.length, 16);
	ntpd_answer_init(&answer);
	ck_assert_int_eq(add(&answer, 4, 4, false, 4), -ERR_STATE);
	ck_assert_int_eq(add(&answer, 8, 4, true, 4), -ERR_PARSE); /* behind the end */
	ntpd_answer_init(&answer);
	ck_assert_int_eq(add(&answer, NTPD_ANSWER_MAX - 7, 8, true, 8), -ERR_LIMIT);
	ck_assert_int_eq(add(&answer, UINT16_MAX, UINT16_MAX, true, UINT16_MAX), -ERR_LIMIT);
	ntpd_answer_init(&answer);
	for (uint16_t i = 0; i < NTPD_PIECES_MAX; i++)
		ck_assert_int_eq(add(&answer, (uint16_t)(i * 4), 4, true, 4), -ERR_STATE);
	ck_assert_int_eq(add(&answer, NTPD_PIECES_MAX * 4, 4, false, 4), -ERR_LIMIT);
	ntpd_answer_init(&answer);
	ck_assert_int_eq(add(&answer, 0, 0, false, 0), 0); /* nothing to say */
}
END_TEST

/* --- what ntpd means ---------------------------------------------------------------------------------------------- */

/* reftime of the captured answer is 0xeeaaa3f3.aa2b2b6f. */
#define REFTIME_REAL_NS ((INT64_C(0xeeaaa3f3) - 2208988800) * NS_PER_S + 664721216)
static const struct ntpd_moment NOW = { MONO_NS, REFTIME_REAL_NS + 8 * NS_PER_S };

#define ITSELF (CLOCK_HAVE_SOFTWARE | CLOCK_HAVE_VENDOR | CLOCK_HAVE_PRECISION)

START_TEST(test_ntpd_state)
{
	const struct ntpd_answer answer = answer_of("system", 1);
	struct clock_state state = { .source = 0 };

	ntpd_clock_state(&answer, &NOW, &state);
	ck_assert_uint_eq(state.source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(state.state, CLOCK_SYNCHRONIZED);
	ck_assert_uint_eq(state.leap, CLOCK_LEAP_NONE);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_OFFSET | CLOCK_HAVE_EST_ERROR | CLOCK_HAVE_MAX_ERROR |
					      CLOCK_HAVE_FREQUENCY | CLOCK_HAVE_DAEMON | CLOCK_HAVE_SKEW |
					      CLOCK_HAVE_STRATUM | CLOCK_HAVE_REFERENCE | CLOCK_HAVE_ROOT_DELAY |
					      CLOCK_HAVE_ROOT_DISPERSION | CLOCK_HAVE_UPDATE | ITSELF);
	ck_assert_str_eq(state.software, "ntpd ntpsec-1.2.2");
	ck_assert_str_eq(state.vendor, "ntpsec");
	ck_assert_int_eq(state.precision, -24);
	ck_assert_int_eq(state.offset_ns, -8519); /* offset=0.008519: the reference is ahead */
	ck_assert_uint_eq(state.stratum, 4);
	ck_assert_uint_eq(state.root_delay_us, 33);
	ck_assert_uint_eq(state.root_dispersion_us, 1120);
	ck_assert_uint_eq(state.max_error_us, 17 + 1120 + 9);
	ck_assert_uint_eq(state.est_error_us, 2);
	ck_assert_int_ge(MONO_NS - state.update_mono_ns, 8 * NS_PER_S - 2);
	ck_assert_int_le(MONO_NS - state.update_mono_ns, 8 * NS_PER_S + 2);
}
END_TEST

START_TEST(test_ntpd_unsynchronised)
{
	const struct ntpd_answer answer = answer_of("system-unsynced", 1);
	struct clock_state state = { .source = 0 };

	ntpd_clock_state(&answer, &NOW, &state);
	ck_assert_uint_eq(state.source, CLOCK_SOURCE_NONE);
	ck_assert_uint_eq(state.state, CLOCK_UNSYNCHRONIZED);
	ck_assert_uint_eq(state.leap, CLOCK_LEAP_ALARM);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_FREQUENCY | CLOCK_HAVE_STRATUM | ITSELF);
}
END_TEST

START_TEST(test_ntpd_frequency)
{
	struct ntpd_answer answer = answer_with("stratum=2, frequency=-12.3456, clk_wander=0.25, rootdelay=1");
	struct clock_state state = { .source = 0 };

	ntpd_clock_state(&answer, &NOW, &state);
	ck_assert_int_eq(state.frequency_ppb, -12345);
	ck_assert_uint_eq(state.skew_ppb, 250);
	ck_assert(!(state.have & (CLOCK_HAVE_ROOT_DELAY | CLOCK_HAVE_MAX_ERROR | CLOCK_HAVE_UPDATE)));
	answer = answer_with("stratum=16");
	ntpd_clock_state(&answer, &NOW, &state);
	ck_assert_uint_eq(state.state, CLOCK_UNSYNCHRONIZED);
	answer = answer_with("");
	ntpd_clock_state(&answer, &NOW, &state);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_DAEMON);
}
END_TEST

#define SAMPLED                                                                                                   \
	(CLOCK_PEER_HAVE_SAMPLE | CLOCK_PEER_HAVE_OFFSET | CLOCK_PEER_HAVE_ERROR | CLOCK_PEER_HAVE_DELAY |          \
	 CLOCK_PEER_HAVE_JITTER | CLOCK_PEER_HAVE_ROOT_DISPERSION)

START_TEST(test_ntpd_peers)
{
	static const struct {
		const char *file, *name;
		uint8_t mode, state;
		uint64_t have;
	} CASES[] = {
		{ "server", "10.99.0.9", CLOCK_PEER_SERVER, CLOCK_PEER_SELECTED,
		  CLOCK_PEER_HAVE_REACH | CLOCK_PEER_HAVE_STRATUM | SAMPLED },
		{ "unreachable", "10.99.0.77", CLOCK_PEER_SERVER, CLOCK_PEER_UNREACHABLE, CLOCK_PEER_HAVE_REACH },
		{ "unresolved", "ntp.invalid", CLOCK_PEER_SERVER, CLOCK_PEER_UNREACHABLE, CLOCK_PEER_HAVE_REACH },
		{ "refclock", "SHM(0)", CLOCK_PEER_REFCLOCK, CLOCK_PEER_UNREACHABLE,
		  CLOCK_PEER_HAVE_REACH | CLOCK_PEER_HAVE_STRATUM | CLOCK_PEER_HAVE_DRIVER },
		{ "local", "LOCAL(0)", CLOCK_PEER_REFCLOCK, CLOCK_PEER_REJECTED,
		  CLOCK_PEER_HAVE_REACH | CLOCK_PEER_HAVE_STRATUM | CLOCK_PEER_HAVE_DRIVER | SAMPLED },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		const struct ntpd_answer answer = answer_of(CASES[i].file, 2);
		struct clock_peer peer;

		ck_assert(ntpd_clock_peer(&answer, &NOW, &peer));
		ck_assert_str_eq(peer.name, CASES[i].name);
		ck_assert_uint_eq(peer.mode, CASES[i].mode);
		ck_assert_uint_eq(peer.state, CASES[i].state);
		ck_assert_uint_eq(peer.have, CASES[i].have);
		if (i == 0) {
			ck_assert_int_eq(peer.offset_ns, -8568);
			ck_assert_uint_eq(peer.error_us, 16 + 122 + 1);
			ck_assert_uint_eq(peer.reach, 017);
			ck_assert_uint_eq(peer.stratum, 3);
		}
	}
}
END_TEST

/* Only NTPsec says whose it is. Counters go round at 2^32. */
START_TEST(test_ntpd_itself)
{
	static const struct {
		const char *version, *vendor;
	} VERSIONS[] = {
		{ "ntpd ntpsec-1.2.2", "ntpsec" },
		{ "ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)", "" },
		{ "ntpd", "" },
		{ "ntpd x", "" },
		{ "ntpd abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz-1", "" },
	};
	static const char *const BAD[] = { "precision=5", "precision=-1000", "precision=x", "fuzz=0", "fuzz=-1",
					   "fuzz=2000.0", "ss_uptime=-1", "ss_uptime=", "io_received=1", "io_sent=1x" };
	struct clock_state state;
	struct ntpd_answer answer;
	char text[256];
	uint32_t count;

	for (size_t i = 0; i < COUNT(VERSIONS); i++) {
		snprintf(text, sizeof(text), "version=\"%s\"", VERSIONS[i].version);
		answer = answer_with(text);
		ntpd_clock_state(&answer, &NOW, &state);
		ck_assert_str_eq(state.software, VERSIONS[i].version);
		ck_assert_str_eq(state.vendor, VERSIONS[i].vendor);
		ck_assert_int_eq((state.have & CLOCK_HAVE_VENDOR) != 0, VERSIONS[i].vendor[0] != '\0');
	}
	for (size_t i = 0; i < COUNT(BAD); i++) {
		answer = answer_with(BAD[i]);
		ntpd_clock_state(&answer, &NOW, &state);
		ntpd_clock_counts(&answer, &NOW, &state);
		ck_assert_msg(state.have == CLOCK_HAVE_DAEMON, "%s", BAD[i]);
	}
	answer = answer_with("n=18446744073709551615, m=4294967297, x=5 6");
	ck_assert(ntpd_answer_count(&answer, "n", &count) && count == UINT32_MAX);
	ck_assert(ntpd_answer_count(&answer, "m", &count) && count == 1);
	ck_assert(!ntpd_answer_count(&answer, "x", &count));
}
END_TEST

/* The names of what is asked for, to a multiple of four octets. */
START_TEST(test_ntpd_request)
{
	uint8_t out[NTPD_REQUEST_MAX];
	char names[NTPD_REQUEST_MAX + 1];

	ck_assert_uint_eq(ntpd_request_encode(&(struct ntpd_request){ NTPD_READ_STATUS, 0x102, 0, NULL }, out), 12);
	ck_assert_mem_eq(out, "\x16\x01\x01\x02\0\0\0\0\0\0\0\0", 12);
	ck_assert_uint_eq(ntpd_request_encode(&(struct ntpd_request){ NTPD_READ_VARIABLES, 3, 7, "a,bcd" }, out), 20);
	ck_assert_mem_eq(out, "\x16\x02\0\3\0\0\0\7\0\0\0\5a,bcd\0\0\0", 20);
	memset(names, 'x', NTPD_REQUEST_MAX);
	names[NTPD_REQUEST_MAX] = '\0';
	ck_assert_uint_eq(ntpd_request_encode(&(struct ntpd_request){ NTPD_READ_VARIABLES, 3, 7, names }, out),
			  NTPD_REQUEST_MAX);
}
END_TEST

START_TEST(test_ntpd_peer_states)
{
	static const uint8_t WANTED[] = { CLOCK_PEER_REJECTED, CLOCK_PEER_FALSETICKER, CLOCK_PEER_CANDIDATE,
					  CLOCK_PEER_JITTERY,  CLOCK_PEER_COMBINED,    CLOCK_PEER_CANDIDATE,
					  CLOCK_PEER_SELECTED, CLOCK_PEER_PPS };
	struct clock_peer peer;
	struct ntpd_answer answer = answer_with("srcadr=192.0.2.1, hmode=1");

	for (unsigned i = 0; i < 8; i++) {
		answer.status = (uint16_t)(0x9000 | i << 8);
		ck_assert(ntpd_clock_peer(&answer, &NOW, &peer));
		ck_assert_uint_eq(peer.state, WANTED[i]);
		ck_assert_uint_eq(peer.mode, CLOCK_PEER_PEER);
	}
	answer = answer_with("srcadr=0.0.0.0, refid=POOL, srchost=\"pool.invalid\"");
	ck_assert(ntpd_clock_peer(&answer, &NOW, &peer));
	ck_assert_uint_eq(peer.mode, CLOCK_PEER_POOL);
	answer = answer_with("srcadr=0.0.0.0");
	ck_assert(!ntpd_clock_peer(&answer, &NOW, &peer));
	answer = answer_with("srcadr=127.127.20.0"); /* the reference ntpd tells no name */
	ck_assert(ntpd_clock_peer(&answer, &NOW, &peer));
	ck_assert_str_eq(peer.name, "127.127.20.0");
}
END_TEST

/* A selected driver is a reference; that of the undisciplined clock is none. */
START_TEST(test_ntpd_follow)
{
	struct ntpd_answer gps = answer_with("srcadr=127.127.28.0"), local = answer_with("srcadr=127.127.1.0");
	struct clock_state state = { .source = 0 };
	const struct ntpd_answer answer = answer_of("system", 1);
	struct clock_peer peer;

	gps.status = local.status = 0x9600;
	ntpd_clock_state(&answer, &NOW, &state);
	ck_assert(ntpd_clock_peer(&gps, &NOW, &peer));
	ntpd_clock_follow(&gps, &peer, &state);
	ck_assert_uint_eq(state.source, CLOCK_SOURCE_REFERENCE);
	ck_assert_uint_eq(state.state, CLOCK_SYNCHRONIZED);
	ck_assert(ntpd_clock_peer(&local, &NOW, &peer));
	ntpd_clock_follow(&local, &peer, &state);
	ck_assert_uint_eq(state.source, CLOCK_SOURCE_NONE);
	ck_assert_uint_eq(state.state, CLOCK_UNSYNCHRONIZED);
	ck_assert_uint_eq(state.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_STRATUM | CLOCK_HAVE_FREQUENCY | ITSELF);
}
END_TEST

/* --- both --------------------------------------------------------------------------------------------------------- */

START_TEST(test_amounts)
{
	ck_assert_uint_eq(ntp_daemon_us(499), 0);
	ck_assert_uint_eq(ntp_daemon_us(-500), 1);
	ck_assert_uint_eq(ntp_daemon_us(INT64_MIN), UINT32_MAX);
	ck_assert_uint_eq(ntp_daemon_us(INT64_MAX), UINT32_MAX);
	ck_assert_uint_eq(ntp_daemon_max_error_us(20000, 5000, -1000), 16);
	ck_assert_uint_eq(ntp_daemon_max_error_us(INT64_MAX, INT64_MIN, INT64_MIN), UINT32_MAX);
}
END_TEST

static Suite *ntp_message_suite(void)
{
	Suite *suite = suite_create("ntp_message");

	UNIT_ADD(suite, test_chrony_tracking);
	UNIT_ADD(suite, test_chrony_sources);
	UNIT_ADD(suite, test_chrony_name);
	UNIT_ADD(suite, test_chrony_request);
	UNIT_ADD(suite, test_chrony_damaged);
	UNIT_ADD(suite, test_chrony_number);
	UNIT_ADD(suite, test_chrony_text);
	UNIT_ADD(suite, test_chrony_state);
	UNIT_ADD(suite, test_chrony_refclock);
	UNIT_ADD(suite, test_chrony_unsynchronised);
	UNIT_ADD(suite, test_chrony_extremes);
	UNIT_ADD(suite, test_chrony_peers);
	UNIT_ADD(suite, test_chrony_peer_states);
	UNIT_ADD(suite, test_ntpd_status);
	UNIT_ADD(suite, test_ntpd_variables);
	UNIT_ADD(suite, test_ntpd_text);
	UNIT_ADD(suite, test_ntpd_pieces);
	UNIT_ADD(suite, test_ntpd_state);
	UNIT_ADD(suite, test_ntpd_unsynchronised);
	UNIT_ADD(suite, test_ntpd_frequency);
	UNIT_ADD(suite, test_ntpd_peers);
	UNIT_ADD(suite, test_ntpd_itself);
	UNIT_ADD(suite, test_ntpd_request);
	UNIT_ADD(suite, test_ntpd_peer_states);
	UNIT_ADD(suite, test_ntpd_follow);
	UNIT_ADD(suite, test_amounts);
	return suite;
}

UNIT_MAIN(ntp_message_suite)
