/*
 * test_trap.c - the agentx lane before a master of this file, which refuses notifications and takes them later: the
 * refusal is logged once, as is the end of it, and the order stays.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "subagent/agent.h"
#include "subagent/table.h"

#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BOUND_NS (20 * NS_PER_S)

/* RFC 2741, 6.1 and 7.1. */
#define HEADER_SIZE 20
#define PAYLOAD_MAX 65536
#define FLAG_NETWORK_ORDER 0x10
#define PDU_OPEN 1
#define PDU_CLOSE 2
#define PDU_NOTIFY 12
#define PDU_RESPONSE 18
#define ERROR_REQUEST_DENIED 267
#define ERROR_PROCESSING 268

static char directory[] = "/tmp/edgenode-trap-XXXXXX";
static char address[128];
static int listener;
static _Atomic int notifies;       /* that the master has got */
static _Atomic int refuse, answer; /* how many more it refuses, and with what */
static _Atomic int n_sent;
static uint32_t sent[8];

/* --- the master --------------------------------------------------------------------------------------------------- */

static bool read_all(int fd, uint8_t *data, size_t n)
{
	for (size_t have = 0; have < n;) {
		const ssize_t got = read(fd, data + have, n - have);

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

static uint32_t number(const uint8_t *p, bool network_order)
{
	const uint32_t big = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	return network_order ? big : __builtin_bswap32(big);
}

static int answer_to(uint8_t type)
{
	if (type != PDU_NOTIFY)
		return 0;
	notifies++;
	if (refuse == 0)
		return 0;
	refuse--;
	return answer;
}

/* Whether the session goes on. */
static bool serve_one(int fd)
{
	static uint8_t payload[PAYLOAD_MAX];
	uint8_t header[HEADER_SIZE], out[HEADER_SIZE + 8] = { 0 };
	uint32_t length;
	int error;

	if (!read_all(fd, header, HEADER_SIZE))
		return false;
	length = number(header + 16, (header[2] & FLAG_NETWORK_ORDER) != 0);
	if (length > PAYLOAD_MAX || !read_all(fd, payload, length))
		return false;
	error = answer_to(header[1]);
	memcpy(out, header, 16); /* version, flags, session, transaction and packet are the request's */
	out[1] = PDU_RESPONSE;
	out[2] = FLAG_NETWORK_ORDER;
	if ((header[2] & FLAG_NETWORK_ORDER) == 0)
		for (int i = 4; i < 16; i++) /* those three numbers the other way round */
			out[i] = header[(i & ~3) + 3 - (i & 3)];
	if (header[1] == PDU_OPEN)
		memcpy(out + 4, "\0\0\0\x07", 4);
	out[19] = 8;
	out[24] = (uint8_t)(error >> 8);
	out[25] = (uint8_t)error;
	return write(fd, out, sizeof(out)) == (ssize_t)sizeof(out) && header[1] != PDU_CLOSE;
}

static void *master_main(void *arg)
{
	const int fd = accept(listener, NULL, NULL);

	(void)arg;
	while (fd >= 0 && serve_one(fd))
		;
	close(fd);
	return NULL;
}

/* --- the lane before it ------------------------------------------------------------------------------------------- */

static void on_sent(void *arg, uint32_t serial)
{
	(void)arg;
	sent[n_sent % 8] = serial;
	n_sent++;
}

/* A record with snmpTrapOID.0 alone; without any the notification cannot be made. */
static struct event *event_numbered(uint32_t serial, bool damaged)
{
	static const uint32_t NAME[] = { 1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0 }, VALUE[] = { 1, 3, 6, 1, 4, 1, 8072, 0, 1 };
	struct event *event = event_new(EVENT_AGENT_STARTED, SEVERITY_INFO, "edgenoded", "a test");
	struct buf record;

	event->serial = serial;
	buf_init(&record, EVENT_RECORD_MAX);
	buf_u8(&record, 1);
	buf_u32(&record, damaged ? 2 : 1);
	buf_u32(&record, sizeof(NAME) / sizeof(NAME[0]));
	for (size_t i = 0; i < sizeof(NAME) / sizeof(NAME[0]); i++)
		buf_u32(&record, NAME[i]);
	buf_u8(&record, CELL_OID);
	buf_u32(&record, sizeof(VALUE) / sizeof(VALUE[0]));
	for (size_t i = 0; i < sizeof(VALUE) / sizeof(VALUE[0]); i++)
		buf_u32(&record, VALUE[i]);
	event->varbinds = (uint8_t *)record.data;
	event->varbinds_length = record.length;
	return event;
}

static void notify(struct agent *agent, uint32_t serial, bool damaged)
{
	struct event *event = event_numbered(serial, damaged);

	ck_assert(agent_notify(agent, event));
	part_unref(event);
}

static void wait_for_sent(int n)
{
	for (const int64_t end = clock_mono_ns() + BOUND_NS; n_sent < n; poll(NULL, 0, 5))
		ck_assert_int_lt(clock_mono_ns(), end);
}

static void log_to_file(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/log", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	unsetenv("JOURNAL_STREAM");
	log_open("p", false, LOG_LEVEL_INFO);
}

static const char *logged(void)
{
	static char text[8192];
	char path[64];
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/log", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static int times(const char *line)
{
	int n = 0;

	for (const char *p = logged(); (p = strstr(p, line)) != NULL; p++)
		n++;
	return n;
}

static void setup(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/master", directory);
	snprintf(address, sizeof(address), "unix:%s", to.sun_path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	log_to_file();
}

static void teardown(void)
{
	char command[64];

	close(listener);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	ck_assert_int_eq(system(command), 0);
}

struct rig {
	struct store *store;
	struct agent *agent;
	pthread_t master;
};

static void rig_start(struct rig *rig)
{
	const struct agent_options options = {
		.address = address, .state_dir = directory, .ping_s = 60, .sent = on_sent
	};

	rig->store = store_new();
	ck_assert_int_eq(lane_start(&rig->master, "master", master_main, NULL), 0);
	ck_assert_int_eq(agent_start(rig->store, &options, &rig->agent), 0);
}

static void rig_stop(struct rig *rig)
{
	ck_assert(agent_stop(rig->agent, clock_mono_ns() + BOUND_NS));
	ck_assert(lane_join(rig->master, clock_mono_ns() + BOUND_NS));
	agent_free(rig->agent);
	store_free(rig->store);
}

START_TEST(a_refusal_is_logged_once_and_ends)
{
	struct rig rig;

	refuse = 2;
	answer = ERROR_REQUEST_DENIED;
	rig_start(&rig);
	notify(rig.agent, 7, false);
	notify(rig.agent, 8, false);
	wait_for_sent(2);
	rig_stop(&rig);
	ck_assert_int_eq(notifies, 4);
	ck_assert_int_eq(n_sent, 2);
	ck_assert(sent[0] == 7 && sent[1] == 8);
	ck_assert_int_eq(times("the master answers with error 267"), 1);
	ck_assert_int_eq(times("p: AgentX: notifications: works again after 2 failures\n"), 1);
}
END_TEST

/* One that the master cannot read, and one that cannot even be made, stand in nobody's way. */
START_TEST(what_cannot_be_sent_is_given_up)
{
	struct rig rig;

	refuse = 1;
	answer = ERROR_PROCESSING;
	rig_start(&rig);
	notify(rig.agent, 7, false);
	notify(rig.agent, 8, true);
	notify(rig.agent, 9, false);
	wait_for_sent(1);
	ck_assert_uint_eq(agent_given_up(rig.agent), 2);
	rig_stop(&rig);
	ck_assert_int_eq(notifies, 2);
	ck_assert_uint_eq(sent[0], 9);
	ck_assert_int_eq(times("the notification of event 7 is given up: the master answers with error 268"), 1);
	ck_assert_int_eq(times("the notification of event 8 is given up: its record is damaged"), 1);
	ck_assert_int_eq(times("works again"), 0);
}
END_TEST

static Suite *trap_suite(void)
{
	Suite *suite = suite_create("trap");
	TCase *tc = tcase_create("master");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_refusal_is_logged_once_and_ends);
	tcase_add_test(tc, what_cannot_be_sent_is_given_up);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(trap_suite)
