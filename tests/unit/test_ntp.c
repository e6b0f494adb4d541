/*
 * test_ntp.c - the source "ntp" against time daemons of the test's own, which answer with captured messages: chronyd,
 * ntpd, the files of systemd-timesyncd. The codecs alone are in test_ntp_message.c.
 */
#include "base/clock.h"
#include "source/chrony_message.h"

#include "ntp_fixture.h"

extern const struct source source_ntp;

#define MS_FOR_SILENCE 900 /* two tries of 500 ms, less than that would be one */

/* --- polls ------------------------------------------------------------------------------------------------------- */

static struct source_env env_of(const char *chronyd, const char *ntpd)
{
	static struct sysroot root;

	root.prefix = scratch[0] != '\0' ? scratch : FIXTURES "/empty";
	return (struct source_env){ .root = &root, .uri = "", .chronyd = chronyd, .ntpd = ntpd };
}

static int poll_once(void *self, const struct source_env *env, struct clock_peers **out)
{
	struct part *part = NULL;
	const int rc = source_ntp.poll(self, env, &part, &error);

	*out = (struct clock_peers *)part;
	ck_assert_int_eq(rc == 0, part != NULL);
	ck_assert(rc == 0 || error.text[0] != '\0');
	return rc;
}

/* Open, one poll, close. */
static int poll_new(const struct source_env *env, struct clock_peers **out)
{
	void *self = NULL;
	int rc;

	ck_assert_int_eq(source_ntp.open(env, &self, &error), 0);
	rc = poll_once(self, env, out);
	source_ntp.close(self);
	return rc;
}

static int poll_chronyd(const char *address, struct clock_peers **out)
{
	const struct source_env env = env_of(address, "");

	return poll_new(&env, out);
}

static int poll_ntpd(const char *address, struct clock_peers **out)
{
	const struct source_env env = env_of("", address);

	return poll_new(&env, out);
}

static const struct clock_peer *peer_named(const struct clock_peers *peers, const char *name)
{
	for (size_t i = 0; i < peers->n; i++)
		if (strcmp(peers->rows[i].name, name) == 0)
			return &peers->rows[i];
	ck_abort_msg("no peer %s", name);
	return NULL;
}

/* --- a chronyd --------------------------------------------------------------------------------------------------- */

static uint16_t command_of(const uint8_t *request)
{
	return (uint16_t)(request[4] << 8 | request[5]);
}

static uint32_t index_of(const uint8_t *request)
{
	return (uint32_t)request[20] << 24 | (uint32_t)request[21] << 16 | (uint32_t)request[22] << 8 | request[23];
}

/* The captured reply to a request, with its sequence number. */
static struct message chrony_reply(const uint8_t *request)
{
	const char *kind = command_of(request) == CHRONY_TRACKING      ? "tracking"
			   : command_of(request) == CHRONY_N_SOURCES   ? "n-sources"
			   : command_of(request) == CHRONY_SOURCE_DATA ? "source"
			   : command_of(request) == CHRONY_SOURCESTATS ? "stats"
								       : "name";
	struct message reply;
	char name[64];

	snprintf(name, sizeof(name), "chrony/synced-%s", kind);
	if (command_of(request) == CHRONY_SOURCE_NAME)
		strcat(name, "-5");
	else if (kind[0] == 's')
		snprintf(name + strlen(name), sizeof(name) - strlen(name), "-%u", index_of(request) % 6);
	reply = message_read(name);
	memcpy(reply.data + 16, request + 8, 4);
	return reply;
}

static void chronyd_answers(struct fake *fake, const uint8_t *request, size_t length)
{
	const struct message reply = chrony_reply(request);

	ck_assert_uint_eq(length, reply.length); /* padded to its length */
	fake_send(fake, reply.data, reply.length);
}

static void check_chronyd(const struct clock_peers *peers)
{
	const struct clock_state *clock = &peers->clock;
	const struct clock_peer *peer;

	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(clock->state, CLOCK_SYNCHRONIZED);
	ck_assert_str_eq(clock->daemon, "chronyd");
	ck_assert_str_eq(clock->reference, "127.0.0.1");
	ck_assert_uint_eq(peers->n, 6);
	peer = peer_named(peers, "127.0.0.1");
	ck_assert_uint_eq(peer->state, CLOCK_PEER_SELECTED);
	ck_assert_int_eq(peer->offset_ns, -419); /* the estimate, not the last sample */
	ck_assert_uint_eq(peer_named(peers, "::1")->state, CLOCK_PEER_COMBINED);
	ck_assert_uint_eq(peer_named(peers, "127.0.0.2")->state, CLOCK_PEER_UNREACHABLE);
	ck_assert_uint_eq(peer_named(peers, "127.0.0.3")->state, CLOCK_PEER_FALSETICKER);
	ck_assert_uint_eq(peer_named(peers, "ntp.invalid")->state, CLOCK_PEER_UNREACHABLE);
	ck_assert_uint_eq(peer_named(peers, "GPS")->mode, CLOCK_PEER_REFCLOCK);
}

START_TEST(test_chronyd)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, chronyd_answers);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), 0);
	check_chronyd(peers);
	ck_assert_uint_eq(fake.requests, 2 + 2 * 6 + 1);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

/* What is not the answer comes before it: another's, an earlier one's, a piece, nothing, too much. */
static void chronyd_answers_in_noise(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message reply = chrony_reply(request), noise = reply;
	uint8_t large[4096] = { 6, 2 };

	(void)length;
	noise.data[19]--; /* sequence */
	fake_send(fake, noise.data, noise.length);
	noise = reply;
	noise.data[5]++; /* command */
	fake_send(fake, noise.data, noise.length);
	noise = reply;
	noise.data[0] = 5;
	fake_send(fake, noise.data, noise.length);
	noise = reply;
	noise.data[1] = 1; /* a request */
	fake_send(fake, noise.data, noise.length);
	fake_send(fake, reply.data, 0);
	fake_send(fake, reply.data, 27);
	fake_send(fake, large, sizeof(large));
	fake_send(fake, reply.data, reply.length);
}

START_TEST(test_chronyd_in_noise)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, chronyd_answers_in_noise);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), 0);
	check_chronyd(peers);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

/* The first request is lost; its answer comes late, before that to the second. */
static void chronyd_is_late(struct fake *fake, const uint8_t *request, size_t length)
{
	static struct message late;

	if (fake->requests == 1) {
		late = chrony_reply(request);
		late.data[28] ^= 0xff; /* never to be seen */
		return;
	}
	if (fake->requests == 2)
		fake_send(fake, late.data, late.length);
	chronyd_answers(fake, request, length);
}

START_TEST(test_chronyd_late)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, chronyd_is_late);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), 0);
	check_chronyd(peers);
	ck_assert_uint_eq(fake.requests, 2 + 2 * 6 + 1 + 1);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

static void nobody_answers(struct fake *fake, const uint8_t *request, size_t length)
{
	(void)fake;
	(void)request;
	(void)length;
}

/* There is somebody, who says nothing: a failure that names them, within the deadline. */
START_TEST(test_silence)
{
	const int64_t begun = clock_mono_ns();
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, nobody_answers);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), -ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(error.text, "chronyd"));
	ck_assert_ptr_nonnull(strstr(error.text, fake.address));
	ck_assert_uint_eq(fake.requests, 2);
	ck_assert_int_ge(clock_mono_ns() - begun, MS_FOR_SILENCE * NS_PER_MS);
	ck_assert_int_eq(poll_ntpd(fake.address, &peers), -ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(error.text, "ntpd"));
	ck_assert_int_lt(clock_mono_ns() - begun, source_ntp.deadline_ms * NS_PER_MS);
	fake_stop(&fake);
}
END_TEST

static void chronyd_cuts(struct fake *fake, const uint8_t *request, size_t length)
{
	const struct message reply = chrony_reply(request);

	(void)length;
	fake_send(fake, reply.data, command_of(request) == CHRONY_SOURCE_DATA ? reply.length - 4 : reply.length);
}

static void chronyd_adds(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message reply = chrony_reply(request);

	(void)length;
	fake_send(fake, reply.data, reply.length + 4);
}

static void chronyd_refuses(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message reply = chrony_reply(request);

	(void)length;
	reply.data[7] = 1; /* an empty reply */
	reply.data[9] = 2; /* not authorised */
	fake_send(fake, reply.data, 28);
}

START_TEST(test_chronyd_malformed)
{
	static const struct {
		void (*answer)(struct fake *, const uint8_t *, size_t);
		int code;
	} CASES[] = { { chronyd_cuts, -ERR_PARSE },
		      { chronyd_adds, -ERR_PARSE },
		      { chronyd_refuses, -ERR_UNSUPPORTED } };

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct fake fake;
		struct clock_peers *peers;

		fake_start(&fake, CASES[i].answer);
		ck_assert_int_eq(poll_chronyd(fake.address, &peers), CASES[i].code);
		ck_assert_ptr_nonnull(strstr(error.text, fake.address));
		fake_stop(&fake);
	}
}
END_TEST

/* It says that it has more sources than there are numbers, each of another address. */
static void chronyd_boasts(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message reply = chrony_reply(request);

	(void)length;
	if (command_of(request) == CHRONY_N_SOURCES)
		memset(reply.data + 28, 0xff, 4);
	if (command_of(request) == CHRONY_SOURCE_DATA) {
		const uint32_t number = htonl(0x0a000000 + index_of(request));
		const uint8_t family[] = { 0, CHRONY_INET4 };

		memcpy(reply.data + 28, &number, 4);
		memcpy(reply.data + 28 + 16, family, 2);
	}
	fake_send(fake, reply.data, reply.length);
}

START_TEST(test_chronyd_huge)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, chronyd_boasts);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), 0);
	ck_assert_uint_eq(peers->n, CLOCK_PEERS_MAX);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

/* It says that it has billions of sources, and gives the same ones again and again. */
static void chronyd_repeats(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message reply = chrony_reply(request);

	(void)length;
	if (command_of(request) == CHRONY_N_SOURCES)
		memset(reply.data + 28, 0xff, 4);
	fake_send(fake, reply.data, reply.length);
}

START_TEST(test_chronyd_endless)
{
	const int64_t begun = clock_mono_ns();
	struct fake fake;
	struct clock_peers *peers = NULL;

	fake_start(&fake, chronyd_repeats);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), 0);
	ck_assert_uint_eq(peers->n, 6);
	ck_assert_int_lt(clock_mono_ns() - begun, source_ntp.deadline_ms * NS_PER_MS);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

static void chronyd_loses_sources(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message reply;

	if (command_of(request) != CHRONY_SOURCESTATS || index_of(request) < 2) {
		chronyd_answers(fake, request, length);
		return;
	}
	reply = message_read("chrony/synced-no-source");
	memcpy(reply.data + 16, request + 8, 4);
	reply.data[5] = CHRONY_SOURCESTATS;
	fake_send(fake, reply.data, reply.length);
}

START_TEST(test_chronyd_source_goes)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, chronyd_loses_sources);
	ck_assert_int_eq(poll_chronyd(fake.address, &peers), 0);
	ck_assert_uint_eq(peers->n, 2);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

/* --- an ntpd ------------------------------------------------------------------------------------------------------ */

static const struct {
	uint16_t association;
	const char *name;
	size_t pieces;
} ASSOCIATIONS[] = { { 0, "system", 1 },
		     { 17770, "unreachable", 2 },
		     { 17769, "server", 2 },
		     { 17768, "unresolved", 2 },
		     { 17767, "refclock", 2 } };

static struct message ntpd_piece(const char *name, size_t i, bool only, const uint8_t *request)
{
	struct message message;
	char path[64];

	snprintf(path, sizeof(path), only ? "ntpd/%s" : "ntpd/%s-%zu", name, i);
	message = message_read(path);
	memcpy(message.data + 2, request + 2, 2);
	return message;
}

static void ntpd_sends(struct fake *fake, const uint8_t *request, const char *name, size_t pieces, bool backwards)
{
	for (size_t i = 0; i < pieces; i++) {
		const struct message m = ntpd_piece(name, backwards ? pieces - 1 - i : i, pieces == 1, request);

		fake_send(fake, m.data, m.length);
		if (backwards && i == 0) /* twice */
			fake_send(fake, m.data, m.length);
	}
}

static void answer_as_ntpd(struct fake *fake, const uint8_t *request, bool backwards)
{
	const uint16_t association = (uint16_t)(request[6] << 8 | request[7]);

	if (request[1] == 1) {
		ntpd_sends(fake, request, "status", 1, false);
		return;
	}
	for (size_t i = 0; i < COUNT(ASSOCIATIONS); i++)
		if (ASSOCIATIONS[i].association == association) {
			ntpd_sends(fake, request, ASSOCIATIONS[i].name, ASSOCIATIONS[i].pieces, backwards);
			return;
		}
	ntpd_sends(fake, request, "no-association", 1, false);
}

/* What it says only where it is asked for by name; as captured. */
static void ntpd_says(struct fake *fake, const uint8_t *request, const char *text)
{
	const size_t n = strlen(text);
	uint8_t data[256] = { request[0], (uint8_t)(request[1] | 0x80), request[2], request[3], 0xc0, 0x16,
			      request[6], request[7], 0, 0, 0, (uint8_t)n };

	memcpy(data + 12, text, n);
	fake_send(fake, data, 12 + n);
}

static void answer_by_name(struct fake *fake, const uint8_t *request, size_t length)
{
	static const char *const ANSWERS[][2] = {
		{ "ss_uptime,ss_badformat", "ss_uptime=8, ss_badformat=3\r\n" },
		{ "io_received,io_sent", "io_received=4294967298, io_sent=7\r\n" },
		{ "fuzz", "fuzz=0.000062\r\n" },
		{ "received,sent,badauth,bogusorg", "received=5, sent=6, badauth=1, bogusorg=2\r\n" },
	};
	const size_t n = (size_t)(request[10] << 8 | request[11]);

	ck_assert_uint_eq(length % 4, 0);
	ck_assert_uint_le(12 + n, length);
	for (size_t i = 0; i < COUNT(ANSWERS); i++)
		if (n == strlen(ANSWERS[i][0]) && memcmp(request + 12, ANSWERS[i][0], n) == 0) {
			ntpd_says(fake, request, ANSWERS[i][1]);
			return;
		}
	ck_abort_msg("asked for %.*s", (int)n, (const char *)request + 12);
}

static void ntpd_answers(struct fake *fake, const uint8_t *request, size_t length)
{
	ck_assert_uint_eq(request[0] & 7, 6);
	if (length > 12)
		answer_by_name(fake, request, length);
	else
		answer_as_ntpd(fake, request, false);
}

/* It does not know a name: then it says nothing of the others either. */
static void ntpd_knows_no_name(struct fake *fake, const uint8_t *request)
{
	const uint8_t data[12] = { request[0], (uint8_t)(request[1] | 0xc0), request[2], request[3], 5 };

	fake_send(fake, data, sizeof(data));
}

static void check_ntpd(const struct clock_peers *peers)
{
	const struct clock_state *clock = &peers->clock;

	ck_assert_uint_eq(clock->source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(clock->state, CLOCK_SYNCHRONIZED);
	ck_assert_str_eq(clock->daemon, "ntpd");
	ck_assert_str_eq(clock->reference, "10.99.0.9");
	ck_assert_uint_eq(peers->n, 4);
	ck_assert_uint_eq(peer_named(peers, "10.99.0.9")->state, CLOCK_PEER_SELECTED);
	ck_assert_uint_eq(peer_named(peers, "10.99.0.77")->state, CLOCK_PEER_UNREACHABLE);
	ck_assert_uint_eq(peer_named(peers, "ntp.invalid")->state, CLOCK_PEER_UNREACHABLE);
	ck_assert_uint_eq(peer_named(peers, "SHM(0)")->mode, CLOCK_PEER_REFCLOCK);
}

#define COUNTS                                                                                                     \
	(CLOCK_HAVE_START | CLOCK_HAVE_RESOLUTION | CLOCK_HAVE_PACKETS | CLOCK_HAVE_PROTOCOL_ERRORS)
#define PEER_COUNTS (CLOCK_PEER_HAVE_PACKETS | CLOCK_PEER_HAVE_PROTOCOL_ERRORS)

static void check_ntpd_counts(const struct clock_peers *peers)
{
	const struct clock_state *clock = &peers->clock;
	const struct clock_peer *peer = peer_named(peers, "10.99.0.77");
	const int64_t age_ns = clock_mono_ns() - clock->start_mono_ns;

	ck_assert_uint_eq(clock->have & COUNTS, COUNTS);
	ck_assert_int_ge(age_ns, 8 * NS_PER_S);
	ck_assert_int_lt(age_ns, 20 * NS_PER_S);
	ck_assert_uint_eq(clock->resolution, 16129032); /* parts of a second of 62 ns */
	ck_assert_uint_eq(clock->packets_in, 2);
	ck_assert_uint_eq(clock->packets_out, 7);
	ck_assert_uint_eq(clock->protocol_errors, 3);
	ck_assert_uint_eq(peer->have & PEER_COUNTS, PEER_COUNTS);
	ck_assert_uint_eq(peer->packets_in, 5);
	ck_assert_uint_eq(peer->packets_out, 6);
	ck_assert_uint_eq(peer->protocol_errors, 3);
}

START_TEST(test_ntpd)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, ntpd_answers);
	ck_assert_int_eq(poll_ntpd(fake.address, &peers), 0);
	check_ntpd(peers);
	ck_assert_uint_eq(fake.requests, 2 + 3 + 4 + 4);
	check_ntpd_counts(peers);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

/* Pieces in the other order, one of them twice, after an answer to something else. */
static void ntpd_answers_backwards(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message noise = ntpd_piece("system", 0, true, request);

	noise.data[3]++;
	fake_send(fake, noise.data, noise.length);
	fake_send(fake, noise.data, 11);
	if (length > 12)
		ntpd_knows_no_name(fake, request);
	else
		answer_as_ntpd(fake, request, true);
}

START_TEST(test_ntpd_backwards)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, ntpd_answers_backwards);
	ck_assert_int_eq(poll_ntpd(fake.address, &peers), 0);
	check_ntpd(peers);
	ck_assert_uint_eq(peers->clock.have & COUNTS, 0);
	ck_assert_uint_eq(peers->rows[0].have & PEER_COUNTS, 0);
	part_unref(peers);
	fake_stop(&fake);
}
END_TEST

/* An association that is gone: ntpd says so. */
static void ntpd_loses_an_association(struct fake *fake, const uint8_t *request, size_t length)
{
	if ((request[6] << 8 | request[7]) == 17768)
		ntpd_sends(fake, request, "no-association", 1, false);
	else if (length > 12)
		ntpd_knows_no_name(fake, request);
	else
		answer_as_ntpd(fake, request, false);
}

static void ntpd_refuses(struct fake *fake, const uint8_t *request, size_t length)
{
	struct message message = ntpd_piece("no-association", 0, true, request);

	(void)length;
	message.data[1] = (uint8_t)(0xc0 | request[1]);
	message.data[4] = 7; /* administratively prohibited */
	fake_send(fake, message.data, message.length);
}

START_TEST(test_ntpd_errors)
{
	struct fake fake;
	struct clock_peers *peers;

	fake_start(&fake, ntpd_loses_an_association);
	ck_assert_int_eq(poll_ntpd(fake.address, &peers), 0);
	ck_assert_uint_eq(peers->n, 3);
	part_unref(peers);
	fake_stop(&fake);
	fake_start(&fake, ntpd_refuses);
	ck_assert_int_eq(poll_ntpd(fake.address, &peers), -ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(error.text, fake.address));
	fake_stop(&fake);
}
END_TEST

/* --- which of them ------------------------------------------------------------------------------------------------ */

START_TEST(test_nobody)
{
	struct source_env env = env_of("", "");
	struct clock_peers *peers;

	ck_assert_int_eq(poll_new(&env, &peers), -ERR_ABSENT);
	env = env_of(closed_port(), "");
	ck_assert_int_eq(poll_new(&env, &peers), -ERR_ABSENT);
	env = env_of("", closed_port());
	ck_assert_int_eq(poll_new(&env, &peers), -ERR_ABSENT);
	env = env_of(NULL, NULL);
	ck_assert_int_eq(poll_new(&env, &peers), -ERR_ABSENT);
}
END_TEST

START_TEST(test_bad_address)
{
	static const char *const ADDRESSES[] = { "127.0.0.1",	    "localhost:323", "127.0.0.1:",    ":323", "::1:323",
						 "[::1]323",	    "[::1:323",	     "127.0.0.1:ntp", "[]:1", "]:1",
						 "127.0.0.1:65536", "127.0.0.1:0",   "\xff:1" };

	for (size_t i = 0; i < COUNT(ADDRESSES); i++) {
		struct clock_peers *peers;

		ck_assert_msg(poll_chronyd(ADDRESSES[i], &peers) == -ERR_PARSE, "%s", ADDRESSES[i]);
	}
}
END_TEST

/* Whoever answered last is asked first; when it has gone the others are, and it is no failure. */
START_TEST(test_remembers)
{
	struct fake chronyd, ntpd;
	struct source_env env;
	struct clock_peers *peers;
	void *self = NULL;

	fake_start(&ntpd, ntpd_answers);
	env = env_of(closed_port(), ntpd.address);
	ck_assert_int_eq(source_ntp.open(&env, &self, &error), 0);
	ck_assert_int_eq(poll_once(self, &env, &peers), 0);
	ck_assert_str_eq(peers->clock.daemon, "ntpd");
	part_unref(peers);
	fake_start(&chronyd, chronyd_answers);
	env.chronyd = chronyd.address;
	ck_assert_int_eq(poll_once(self, &env, &peers), 0);
	ck_assert_str_eq(peers->clock.daemon, "ntpd");
	ck_assert_uint_eq(chronyd.requests, 0);
	part_unref(peers);
	fake_stop(&ntpd);
	ck_assert_int_eq(poll_once(self, &env, &peers), 0);
	ck_assert_str_eq(peers->clock.daemon, "chronyd");
	part_unref(peers);
	fake_stop(&chronyd);
	ck_assert_int_eq(poll_once(self, &env, &peers), -ERR_ABSENT);
	source_ntp.close(self);
}
END_TEST

/* A silent one is a failure only while nobody else answers. */
START_TEST(test_silent_beside_another)
{
	struct fake chronyd, ntpd;
	struct source_env env;
	struct clock_peers *peers;

	fake_start(&chronyd, nobody_answers);
	fake_start(&ntpd, ntpd_answers);
	env = env_of(chronyd.address, ntpd.address);
	ck_assert_int_eq(poll_new(&env, &peers), 0);
	ck_assert_str_eq(peers->clock.daemon, "ntpd");
	part_unref(peers);
	fake_stop(&ntpd);
	ck_assert_int_eq(poll_new(&env, &peers), -ERR_TIMEOUT);
	ck_assert_ptr_nonnull(strstr(error.text, chronyd.address));
	fake_stop(&chronyd);
}
END_TEST

/* --- systemd-timesyncd -------------------------------------------------------------------------------------------- */

START_TEST(test_timesyncd)
{
	struct source_env env;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = clock_real_ns() / NS_PER_S - 100 } };
	struct clock_peers *peers;
	char path[128];
	int64_t age_ns;

	scratch_make();
	env = env_of("", "");
	ck_assert_int_eq(poll_new(&env, &peers), -ERR_ABSENT);
	scratch_text("/run/systemd/timesync/other", "");
	ck_assert_int_eq(poll_new(&env, &peers), 0);
	ck_assert_str_eq(peers->clock.daemon, "systemd-timesyncd");
	ck_assert_uint_eq(peers->clock.state, CLOCK_UNSYNCHRONIZED);
	ck_assert_uint_eq(peers->clock.source, CLOCK_SOURCE_NONE);
	ck_assert_uint_eq(peers->clock.have, CLOCK_HAVE_DAEMON);
	part_unref(peers);
	scratch_text("/run/systemd/timesync/synchronized", "");
	snprintf(path, sizeof(path), "%s/run/systemd/timesync/synchronized", scratch);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_eq(poll_new(&env, &peers), 0);
	ck_assert_uint_eq(peers->clock.state, CLOCK_SYNC_UNKNOWN); /* the kernel knows */
	ck_assert_uint_eq(peers->clock.source, CLOCK_SOURCE_NTP);
	ck_assert_uint_eq(peers->clock.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_UPDATE);
	age_ns = clock_mono_ns() - peers->clock.update_mono_ns;
	ck_assert(age_ns >= 99 * NS_PER_S && age_ns < 130 * NS_PER_S);
	ck_assert_uint_eq(peers->n, 0);
	part_unref(peers);
	scratch_remove();
}
END_TEST

static Suite *ntp_suite(void)
{
	Suite *suite = suite_create("ntp");

	UNIT_ADD(suite, test_chronyd);
	UNIT_ADD(suite, test_chronyd_in_noise);
	UNIT_ADD(suite, test_chronyd_late);
	UNIT_ADD(suite, test_silence);
	UNIT_ADD(suite, test_chronyd_malformed);
	UNIT_ADD(suite, test_chronyd_huge);
	UNIT_ADD(suite, test_chronyd_endless);
	UNIT_ADD(suite, test_chronyd_source_goes);
	UNIT_ADD(suite, test_ntpd);
	UNIT_ADD(suite, test_ntpd_backwards);
	UNIT_ADD(suite, test_ntpd_errors);
	UNIT_ADD(suite, test_nobody);
	UNIT_ADD(suite, test_bad_address);
	UNIT_ADD(suite, test_remembers);
	UNIT_ADD(suite, test_silent_beside_another);
	UNIT_ADD(suite, test_timesyncd);
	return suite;
}

UNIT_MAIN(ntp_suite)
