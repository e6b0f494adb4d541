/*
 * test_trap.c - the agentx lane before a master of this file, which refuses notifications and takes them later: the
 * refusal is logged once, as is the end of it, and the order stays. Machines that change together are one notification.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"
#include "subagent/agent.h"
#include "subagent/table.h"
#include "subagent/varbind.h"

#include "table_fixture.h"
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
#define STOP_NS (NS_PER_S / 2)

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
static _Atomic int notifies;	   /* that the master has got */
static _Atomic int refuse, answer; /* how many more it refuses, and with what */
static _Atomic int drops;	   /* at how many more it closes the connection */
static _Atomic bool silent;	   /* it answers to nothing */
static _Atomic int n_sent;
static uint32_t sent[8];
static _Atomic int n_bulk; /* notifications of many machines */
static uint32_t bulk_kind[8];
static uint8_t bulk_bits[8];

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

/* vmAffectedVMs.0 and in front of it the value of snmpTrapOID.0; the bitmaps here have one octet. The prefix
 * 1.3.6.1.2.1 of an OID is its first octet but one. */
static void look_for_bulk(const uint8_t *payload, uint32_t length, bool network_order)
{
	const uint32_t object[] = { 236, 1, 11, 0 };

	for (uint32_t i = 0; i + 24 <= length; i += 4) {
		size_t k = 0;

		while (k < 4 && number(payload + i + 4 * k, network_order) == object[k])
			k++;
		if (k == 4) {
			ck_assert_uint_eq(number(payload + i + 16, network_order), 1);
			bulk_bits[n_bulk % 8] = payload[i + 20];
			bulk_kind[n_bulk % 8] = number(payload + i - 16, network_order);
			n_bulk++;
		}
	}
}

static int answer_to(uint8_t type, const uint8_t *payload, uint32_t length, bool network_order)
{
	if (type != PDU_NOTIFY)
		return 0;
	notifies++;
	if (refuse == 0)
		look_for_bulk(payload, length, network_order);
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
	if (header[1] == PDU_NOTIFY && drops > 0) {
		drops--;
		return false;
	}
	if (silent)
		return true;
	error = answer_to(header[1], payload, length, (header[2] & FLAG_NETWORK_ORDER) != 0);
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
	(void)arg;
	for (int left = drops; left >= 0; left--) {
		const int fd = accept(listener, NULL, NULL);

		while (fd >= 0 && serve_one(fd))
			;
		close(fd);
	}
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

static void rig_start_with(struct rig *rig, bool bulk)
{
	const struct agent_options options = { .address = address,
					       .state_dir = directory,
					       .ping_s = drops > 0 ? 1 : 60,
					       .cpu = -1,
					       .vm_bulk_notifications = bulk,
					       .sent = on_sent };

	rig->store = store_new();
	ck_assert_int_eq(lane_start(&rig->master, "master", master_main, NULL), 0);
	ck_assert_int_eq(agent_start(rig->store, &options, &rig->agent), 0);
}

static void rig_start(struct rig *rig)
{
	rig_start_with(rig, false);
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

/* --- many machines ------------------------------------------------------------------------------------------------ */

static void notify_domain(struct agent *agent, struct snapshot *snapshot, uint32_t serial, size_t i, uint8_t state,
			  bool quiet)
{
	struct cell_context context = fixture_context(snapshot);
	struct event *event = event_new(EVENT_DOMAIN_STATE_CHANGED, SEVERITY_INFO, "guest", "a test");
	struct domain *row = snapshot->domains->rows[i];
	struct buf record;

	row->state = state;
	row->reason = "unknown";
	event->serial = serial;
	event->quiet = quiet;
	event->persistent = 2;
	event->of = EVENT_OF_DOMAIN;
	event->of_index = row->index;
	buf_init(&record, EVENT_RECORD_MAX);
	ck_assert_int_eq(varbind_encode(&context, event, &record), 0);
	event->varbinds = (uint8_t *)record.data;
	event->varbinds_length = record.length;
	ck_assert(agent_notify(agent, event));
	part_unref(event);
}

/* Three machines start, one of them without a notification of its own, and two stop; then another event. Two
 * notifications tell it, and until the first is taken none of its events is told to be sent. The master refuses it
 * once. */
START_TEST(machines_that_change_together)
{
	struct snapshot *snapshot = fixture_snapshot(5);
	struct rig rig;

	rig_start_with(&rig, true);
	notify_domain(rig.agent, snapshot, 7, 0, DOMAIN_RUNNING, false);
	notify_domain(rig.agent, snapshot, 8, 1, DOMAIN_RUNNING, true);
	notify_domain(rig.agent, snapshot, 9, 4, DOMAIN_RUNNING, false);
	notify_domain(rig.agent, snapshot, 10, 4, DOMAIN_SHUTOFF, false);
	notify_domain(rig.agent, snapshot, 11, 2, DOMAIN_SHUTOFF, false);
	notify(rig.agent, 12, false);
	while (notifies < 5)
		poll(NULL, 0, 5);
	ck_assert(n_sent == 1 && sent[0] == 6);
	ck_assert_uint_gt(agent_unsent(rig.agent), 0);
	refuse = 1;
	answer = ERROR_REQUEST_DENIED;
	wait_for_sent(3);
	rig_stop(&rig);
	ck_assert_int_eq(n_bulk, 2);
	ck_assert(bulk_kind[0] == 11 && bulk_bits[0] == 0xc8);
	ck_assert(bulk_kind[1] == 13 && bulk_bits[1] == 0x28);
	ck_assert(sent[1] == 9 && sent[2] == 12);
	part_unref(snapshot);
}
END_TEST

/* A machine that stops and starts: no order of two lists can say that it ran before and after, so they go out early. */
START_TEST(a_machine_that_changes_back)
{
	struct snapshot *snapshot = fixture_snapshot(2);
	const int64_t begin = clock_mono_ns();
	struct rig rig;

	rig_start_with(&rig, true);
	for (uint32_t i = 0; i < 6; i++)
		notify_domain(rig.agent, snapshot, 7 + i, 0, i % 2 == 0 ? DOMAIN_RUNNING : DOMAIN_SHUTOFF, false);
	/* The daemon ends: the last ones go out now, too. */
	while (n_bulk < 4)
		poll(NULL, 0, 5);
	rig_stop(&rig);
	ck_assert_int_lt(clock_mono_ns() - begin, BOUND_NS);
	ck_assert_int_eq(n_bulk, 6);
	for (int i = 0; i < 6; i++)
		ck_assert(bulk_kind[i] == (i % 2 == 0 ? 11 : 13) && bulk_bits[i] == 0x80);
	ck_assert_uint_eq(sent[(n_sent - 1) % 8], 12);
	part_unref(snapshot);
}
END_TEST

/* Beyond the bitmap's bound: by itself, after the event's own. */
START_TEST(a_machine_with_a_great_index)
{
	struct snapshot *snapshot = fixture_snapshot(1);
	struct rig rig;

	rig_start_with(&rig, true);
	snapshot->domains->rows[0]->index = 8193;
	notify_domain(rig.agent, snapshot, 7, 0, DOMAIN_RUNNING, false);
	wait_for_sent(1);
	rig_stop(&rig);
	ck_assert_int_eq(notifies, 2);
	ck_assert_int_eq(n_bulk, 0);
	ck_assert_uint_eq(sent[0], 7);
	part_unref(snapshot);
}
END_TEST

/* The master goes away with each of them in its hands, and has each again, in the order that they had. */
START_TEST(a_session_that_is_lost)
{
	struct snapshot *snapshot = fixture_snapshot(2);
	struct rig rig;

	drops = 2;
	rig_start_with(&rig, true);
	notify(rig.agent, 7, false);
	wait_for_sent(1);
	notify_domain(rig.agent, snapshot, 8, 0, DOMAIN_RUNNING, true);
	notify_domain(rig.agent, snapshot, 9, 1, DOMAIN_RUNNING, true);
	wait_for_sent(2);
	while (agent_unsent(rig.agent) > 0)
		poll(NULL, 0, 5);
	rig_stop(&rig);
	ck_assert_int_eq(drops, 0);
	ck_assert_int_eq(notifies, 2);
	ck_assert(n_bulk == 1 && bulk_kind[0] == 11 && bulk_bits[0] == 0xc0);
	ck_assert(sent[0] == 7 && sent[1] == 9);
	part_unref(snapshot);
}
END_TEST

/* Neither the notification nor the end of the session is answered: the lane ends in its time all the same, and what was
 * not taken is not told to be sent. */
START_TEST(an_end_without_an_answer)
{
	struct rig rig;

	rig_start(&rig);
	notify(rig.agent, 7, false);
	wait_for_sent(1);
	silent = true;
	notify(rig.agent, 8, false);
	ck_assert(agent_stop(rig.agent, clock_mono_ns() + STOP_NS));
	ck_assert(lane_join(rig.master, clock_mono_ns() + BOUND_NS));
	ck_assert_int_eq(n_sent, 1);
	ck_assert_uint_eq(agent_unsent(rig.agent), 1);
	agent_free(rig.agent);
	store_free(rig.store);
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
	tcase_add_test(tc, machines_that_change_together);
	tcase_add_test(tc, a_machine_that_changes_back);
	tcase_add_test(tc, a_machine_with_a_great_index);
	tcase_add_test(tc, a_session_that_is_lost);
	tcase_add_test(tc, an_end_without_an_answer);
	suite_add_tcase(suite, tc);
	return suite;
}

UNIT_MAIN(trap_suite)
