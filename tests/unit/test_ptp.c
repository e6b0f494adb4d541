/*
 * test_ptp.c - PTP: the samples of hardware clocks, what is made of them and of ptp4l's word, and the source with a
 * ptp4l of the test's own that answers, stays silent, lies or is not there.
 */
#include "base/clock.h"
#include "base/err.h"
#include "source/ptp.h"
#include "source/ptp_clock.h"
#include "tests/unit/ptp_fixture.h"
#include "tests/unit/tree.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

extern const struct source source_ptp;

/* --- samples ----------------------------------------------------------------------------------------------------- */

START_TEST(the_shortest_sample_counts)
{
	const struct ptp_sample samples[] = {
		{ 1000, 1037000001500, 4000 },
		{ 5000, 1037000005600, 6000 },
		{ 7000, 1037000000000, 9001 },
	};
	const struct ptp_sample far = { INT64_MIN, INT64_MAX, INT64_MIN };
	int64_t difference = 4711;

	ck_assert_int_eq(ptp_clock_best(samples, 0, &difference), -ERR_ABSENT);
	ck_assert_int_eq(ptp_clock_best(&far, 1, &difference), -ERR_ABSENT);
	ck_assert_int_eq(difference, 4711);
	ck_assert_int_eq(ptp_clock_best(samples, COUNT(samples), &difference), 0);
	ck_assert_int_eq(difference, 1037000000100);
}
END_TEST

START_TEST(samples_of_each_ioctl)
{
	struct ptp_sys_offset_precise precise = { .device = { .sec = 137, .nsec = 5 }, .sys_realtime = { .sec = 100 } };
	struct ptp_sys_offset_extended extended = { .n_samples = 2 };
	struct ptp_sys_offset plain = { .n_samples = 2 };
	struct ptp_sample samples[PTP_MAX_SAMPLES];
	int64_t difference;

	ck_assert_uint_eq(ptp_clock_take_precise(&precise, samples), 1);
	ck_assert_int_eq(ptp_clock_best(samples, 1, &difference), 0);
	ck_assert_int_eq(difference, 37 * NS_PER_S + 5);
	precise.device.nsec = 1000000000;
	ck_assert_uint_eq(ptp_clock_take_precise(&precise, samples), 0);
	precise.device = (struct ptp_clock_time){ .sec = INT64_MAX };
	ck_assert_uint_eq(ptp_clock_take_precise(&precise, samples), 0);

	for (uint32_t i = 0; i < 2; i++) {
		extended.ts[i][0] = (struct ptp_clock_time){ .sec = 100, .nsec = 1000 * i };
		extended.ts[i][1] = (struct ptp_clock_time){ .sec = 99, .nsec = 1000 * i + 50 };
		extended.ts[i][2] = (struct ptp_clock_time){ .sec = 100, .nsec = 1000 * i + 200 - 100 * i };
	}
	ck_assert_uint_eq(ptp_clock_take_extended(&extended, samples), 2);
	ck_assert_int_eq(ptp_clock_best(samples, 2, &difference), 0);
	ck_assert_int_eq(difference, -NS_PER_S);
	extended.ts[0][2].sec = 99; /* the system's clock was set back in between */
	ck_assert_uint_eq(ptp_clock_take_extended(&extended, samples), 1);
	extended.n_samples = 4000000000u;
	ck_assert_uint_le(ptp_clock_take_extended(&extended, samples), PTP_MAX_SAMPLES);

	for (uint32_t i = 0; i < 5; i++)
		plain.ts[i] = (struct ptp_clock_time){ .sec = 100 + i % 2, .nsec = 100 * i };
	ck_assert_uint_eq(ptp_clock_take_plain(&plain, samples), 2);
	ck_assert_int_eq(ptp_clock_best(samples, 2, &difference), 0);
	ck_assert_int_eq(difference, NS_PER_S);
	plain.n_samples = 4000000000u;
	ck_assert_uint_le(ptp_clock_take_plain(&plain, samples), PTP_MAX_SAMPLES);
}
END_TEST

/* --- what is made of it ------------------------------------------------------------------------------------------ */

static struct ptp_daemon daemon_with(uint8_t state, bool software)
{
	struct ptp_daemon daemon = {
		.have = PTP_DAEMON_HAVE_CURRENT | PTP_DAEMON_HAVE_GRANDMASTER | PTP_DAEMON_HAVE_TIME |
			PTP_DAEMON_HAVE_INGRESS,
		.own = { .ports = 1 },
		.current = { .steps_removed = 1, .offset_ns = -378, .delay_ns = 5500 },
		.time = { .utc_offset_s = 37, .utc_offset_valid = true, .ptp_timescale = true },
		.grandmaster = { 0, 0x11, 0x22, 0xff, 0xfe, 0x33, 0x44, 0x55 },
		.ingress_ns = 1000 * NS_PER_S,
		.n_ports = 1,
		.ports = { { .state = state, .software = software, .clock = software ? -1 : 2, .interface = "eth0" } },
	};

	return daemon;
}

START_TEST(timescale_of_ptp4l)
{
	struct ptp_daemon daemon = daemon_with(PTP_PORT_SLAVE, false);
	struct ptp_clock row = { .index = 3, .name = "ptp2 ice" }, other = { .index = 1, .name = "ptp0 ice" };
	const int64_t difference = 37 * NS_PER_S - 250;

	ptp_fill_row(&row, &daemon, &difference);
	ck_assert_uint_eq(row.have, PTP_HAVE_OFFSET | PTP_HAVE_UTC_OFFSET | PTP_HAVE_PORT_STATE);
	ck_assert_int_eq(row.offset_ns, -250);
	ck_assert_int_eq(row.utc_offset_s, 37);
	ck_assert_str_eq(row.port_state, "SLAVE");
	ptp_fill_row(&other, &daemon, &difference);
	ck_assert_uint_eq(other.have, 0);

	row.have = 0;
	daemon.time.ptp_timescale = false;
	ptp_fill_row(&row, &daemon, &difference);
	ck_assert_int_eq(row.offset_ns, difference);
	ck_assert_int_eq(row.utc_offset_s, 0);

	row.have = 0;
	daemon.time.ptp_timescale = true;
	daemon.time.utc_offset_s = 0;
	ptp_fill_row(&row, &daemon, &difference);
	ck_assert_uint_eq(row.have, PTP_HAVE_PORT_STATE);
}
END_TEST

START_TEST(timescale_without_ptp4l)
{
	struct ptp_clock kvm = { .index = 1, .name = "ptp0 KVM virtual PTP" },
			 card = { .index = 2, .name = "ptp1 ice" }, bare = { .index = 3, .name = "ptp2" };
	const int64_t difference = 1234, far = INT64_MIN;

	ptp_fill_row(&card, NULL, &difference);
	ptp_fill_row(&bare, NULL, &difference);
	ck_assert_uint_eq(card.have | bare.have, 0);
	ptp_fill_row(&kvm, NULL, NULL);
	ck_assert_uint_eq(kvm.have, PTP_HAVE_UTC_OFFSET);
	ptp_fill_row(&kvm, NULL, &difference);
	ck_assert_uint_eq(kvm.have, PTP_HAVE_UTC_OFFSET | PTP_HAVE_OFFSET);
	ck_assert_int_eq(kvm.offset_ns, 1234);
	kvm.have = 0;
	ptp_fill_row(&kvm, NULL, &far);
	ck_assert_int_eq(kvm.offset_ns, INT64_MIN);
}
END_TEST

START_TEST(the_port_that_follows_names_the_state)
{
	struct ptp_daemon daemon = daemon_with(PTP_PORT_MASTER, false);
	struct ptp_clock row = { .index = 3, .name = "ptp2" };

	daemon.n_ports = 3;
	daemon.ports[1] = daemon.ports[2] = daemon.ports[0];
	daemon.ports[1].state = PTP_PORT_SLAVE;
	ptp_fill_row(&row, &daemon, NULL);
	ck_assert_str_eq(row.port_state, "SLAVE");
}
END_TEST

START_TEST(software_time_stamps_tell_of_the_clock)
{
	struct ptp_daemon daemon = daemon_with(PTP_PORT_SLAVE, true);
	struct clock_state clock = { .source = 0 };

	ptp_fill_clock(&clock, &daemon, 500 * NS_PER_S, 1002 * NS_PER_S);
	ck_assert_uint_eq(clock.source, CLOCK_SOURCE_PTP);
	ck_assert_uint_eq(clock.state, CLOCK_SYNCHRONIZED);
	ck_assert_uint_eq(clock.leap, CLOCK_LEAP_NONE);
	ck_assert_str_eq(clock.daemon, "ptp4l");
	ck_assert_uint_eq(clock.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_OFFSET | CLOCK_HAVE_REFERENCE |
					      CLOCK_HAVE_ROOT_DELAY | CLOCK_HAVE_UPDATE | CLOCK_HAVE_TAI_OFFSET);
	ck_assert_int_eq(clock.offset_ns, -378);
	ck_assert_str_eq(clock.reference, "001122.fffe.334455");
	ck_assert_uint_eq(clock.root_delay_us, 11);
	ck_assert_int_eq(clock.update_mono_ns, 498 * NS_PER_S);
	ck_assert_int_eq(clock.tai_offset_s, 37);
}
END_TEST

START_TEST(clock_states_follow_the_port)
{
	static const struct {
		uint8_t port;
		bool software, slave_only;
		uint8_t source, state;
		bool offset;
	} CASES[] = {
		{ PTP_PORT_SLAVE, false, true, 0, 0, false },
		{ PTP_PORT_MASTER, true, false, 0, 0, false },
		{ 4, true, false, 0, 0, false },
		{ 4, true, true, CLOCK_SOURCE_PTP, CLOCK_UNSYNCHRONIZED, false },
		{ PTP_PORT_UNCALIBRATED, true, false, CLOCK_SOURCE_PTP, CLOCK_UNSYNCHRONIZED, true },
		{ PTP_PORT_SLAVE, true, false, CLOCK_SOURCE_PTP, CLOCK_SYNCHRONIZED, true },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		struct ptp_daemon daemon = daemon_with(CASES[i].port, CASES[i].software);
		struct clock_state clock = { .source = 0 };

		daemon.own.slave_only = CASES[i].slave_only;
		ptp_fill_clock(&clock, &daemon, NS_PER_S, NS_PER_S);
		ck_assert_uint_eq(clock.source, CASES[i].source);
		ck_assert_uint_eq(clock.state, CASES[i].state);
		ck_assert_int_eq((clock.have & CLOCK_HAVE_OFFSET) != 0, CASES[i].offset);
	}
}
END_TEST

START_TEST(what_ptp4l_does_not_know_is_absent)
{
	struct ptp_daemon daemon = daemon_with(PTP_PORT_SLAVE, true);
	struct clock_state clock = { .source = 0 };

	daemon.current.steps_removed = 2;
	daemon.time.utc_offset_valid = false;
	daemon.time.leap_delete = true;
	daemon.ingress_ns = 2000 * NS_PER_S; /* in the future */
	ptp_fill_clock(&clock, &daemon, NS_PER_S, 1000 * NS_PER_S);
	ck_assert_uint_eq(clock.have, CLOCK_HAVE_DAEMON | CLOCK_HAVE_OFFSET | CLOCK_HAVE_REFERENCE);
	ck_assert_uint_eq(clock.leap, CLOCK_LEAP_DELETE);
	clock = (struct clock_state){ .source = 0 };
	daemon.have = 0;
	ptp_fill_clock(&clock, &daemon, NS_PER_S, 1000 * NS_PER_S);
	ck_assert_uint_eq(clock.have, CLOCK_HAVE_DAEMON);
	ck_assert_uint_eq(clock.state, CLOCK_UNSYNCHRONIZED);
}
END_TEST

/* --- a ptp4l of our own ------------------------------------------------------------------------------------------ */

struct server {
	int fd;
	const char *const *replies; /* NULL at the end */
	uint8_t domain, transport;
	bool noisy; /* before each answer: garbage, a huge datagram, an answer to another request, one of another clock
		     */
	pthread_t thread;
	unsigned int answered;
};

static void reply_to(struct server *server, const uint8_t *request, const char *hex, const struct sockaddr_un *to,
		     socklen_t length)
{
	static const uint8_t HUGE[PTP_REPLY_MAX + 1];
	uint8_t out[PTP_REPLY_MAX];
	const size_t n = from_hex(hex, out);
	const struct sockaddr *address = (const struct sockaddr *)to;

	out[0] = (uint8_t)((out[0] & 0x0f) | server->transport << 4);
	out[4] = server->domain;
	memcpy(out + 34, request + 20, 10);
	memcpy(out + 30, request + 30, 2);
	if (server->noisy) {
		sendto(server->fd, "\r\n", 2, 0, address, length);
		sendto(server->fd, HUGE, sizeof(HUGE), 0, address, length);
		out[31] ^= 1;
		sendto(server->fd, out, n, 0, address, length);
		out[31] ^= 1;
		out[35] ^= 1;
		sendto(server->fd, out, n, 0, address, length);
		out[35] ^= 1;
	}
	sendto(server->fd, out, n, 0, address, length);
	server->answered++;
}

/* The stored reply of the request's data set; in another domain and transport than its own it is silent. */
static void answer(struct server *server, const uint8_t *request, const struct sockaddr_un *from, socklen_t length)
{
	if (request[0] >> 4 != server->transport || request[4] != server->domain)
		return;
	for (size_t i = 0; server->replies[i] != NULL; i++) {
		struct ptp_reply reply;
		uint8_t stored[PTP_REPLY_MAX];

		ck_assert_int_eq(ptp_message_parse(stored, from_hex(server->replies[i], stored), &reply), 0);
		if (reply.data_set == (request[52] << 8 | request[53]))
			reply_to(server, request, server->replies[i], from, length);
	}
}

/* Until a datagram of one byte comes. */
static void *serve(void *arg)
{
	struct server *server = arg;

	for (;;) {
		uint8_t request[256];
		struct sockaddr_un from;
		socklen_t length = sizeof(from);
		const ssize_t n = recvfrom(server->fd, request, sizeof(request), 0, (struct sockaddr *)&from, &length);

		if (n == 1)
			return NULL;
		if (n == PTP_REQUEST_SIZE)
			answer(server, request, &from, length);
	}
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", scratch, path);
	return address;
}

static int bind_socket(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void server_start(struct server *server)
{
	server->fd = bind_socket("/ptp4l");
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
	const struct sockaddr_un address = address_of("/ptp4l");
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(sendto(fd, "x", 1, 0, (const struct sockaddr *)&address, sizeof(address)), 1);
	pthread_join(server->thread, NULL);
	close(fd);
	close(server->fd);
	unlink(address.sun_path);
}

/* One poll on the scratch tree with this path of ptp4l. */
static int poll_with(const char *path, struct ptp_clocks **out)
{
	const struct sysroot root = { .prefix = scratch };
	const struct source_env env = { .root = &root, .uri = "", .agent_version = "test", .ptp4l = path };
	void *self = NULL;
	struct part *part = NULL;
	int rc;

	error.text[0] = '\0';
	ck_assert_int_eq(source_ptp.open(&env, &self, &error), 0);
	rc = source_ptp.poll(self, &env, &part, &error);
	source_ptp.close(self);
	ck_assert_int_eq(rc == 0, part != NULL);
	ck_assert(rc == 0 || error.text[0] != '\0');
	*out = (struct ptp_clocks *)part;
	return rc;
}

static const char *const SOFTWARE_SLAVE[] = { REPLY_DEFAULT, REPLY_CURRENT,    REPLY_PARENT,  REPLY_TIME,
					      REPLY_STATUS,  REPLY_PROPERTIES, REPLY_REFUSAL, NULL };

static void check_software_slave(struct server *server)
{
	struct ptp_clocks *part;

	scratch_make();
	server->replies = SOFTWARE_SLAVE;
	server_start(server);
	ck_assert_msg(poll_with("/ptp4l", &part) == 0, "%s", error.text);
	server_stop(server);
	scratch_remove();
	ck_assert_uint_eq(part->n, 0);
	ck_assert_uint_eq(part->clock.source, CLOCK_SOURCE_PTP);
	ck_assert_uint_eq(part->clock.state, CLOCK_UNSYNCHRONIZED);
	ck_assert_int_eq(part->clock.offset_ns, -378);
	ck_assert_str_eq(part->clock.reference, "0aa13e.fffe.e893c2");
	part_unref(&part->part);
}

START_TEST(poll_reads_a_software_slave)
{
	struct server server = { .domain = 0 };

	check_software_slave(&server);
	ck_assert_uint_eq(server.answered, 6);
}
END_TEST

START_TEST(poll_finds_domain_and_transport)
{
	struct server server = { .domain = 44 }, gptp = { .transport = 1 };

	check_software_slave(&server);
	check_software_slave(&gptp);
}
END_TEST

START_TEST(poll_passes_over_what_is_no_answer)
{
	struct server server = { .noisy = true };

	check_software_slave(&server);
}
END_TEST

START_TEST(poll_reads_a_hardware_slave)
{
	static const char *const OWN[] = { REPLY_DEFAULT, REPLY_CURRENT,  REPLY_PARENT,	 REPLY_TAI,
					   REPLY_STATUS,  REPLY_HARDWARE, REPLY_HWCLOCK, NULL };
	const struct ptp_sys_offset_extended captured = {
		.n_samples = 1,
		.ts = { { { .sec = 100 }, { .sec = 136, .nsec = 999999000 }, { .sec = 100, .nsec = 100 } } },
	};
	struct server server = { .replies = OWN };
	struct ptp_clocks *part;

	scratch_make();
	scratch_text("/sys/class/ptp/ptp10/clock_name", "ice-0000:17:00.1-clk\n");
	scratch_text("/sys/class/ptp/ptp2/clock_name", "ice-0000:17:00.0-clk\n");
	scratch_text("/sys/class/ptp/ptp2/dev", "248:2\n");
	scratch_text("/sys/class/ptp/ptpx/dev", "248:3\n");
	scratch_write("/dev/ptp2", (const char *)&captured, sizeof(captured));
	scratch_text("/dev/ptp10", "short");
	server_start(&server);
	ck_assert_msg(poll_with("/ptp4l", &part) == 0, "%s", error.text);
	server_stop(&server);
	scratch_remove();
	ck_assert_uint_eq(part->clock.source, 0);
	ck_assert_uint_eq(part->n, 2);
	ck_assert_uint_eq(part->rows[0].index, 3);
	ck_assert_str_eq(part->rows[0].name, "ptp2 ice-0000:17:00.0-clk");
	ck_assert_uint_eq(part->rows[0].have, PTP_HAVE_OFFSET | PTP_HAVE_UTC_OFFSET | PTP_HAVE_PORT_STATE);
	ck_assert_int_eq(part->rows[0].offset_ns, -1050);
	ck_assert_int_eq(part->rows[0].utc_offset_s, 37);
	ck_assert_str_eq(part->rows[0].port_state, "SLAVE");
	ck_assert_uint_eq(part->rows[1].index, 11);
	ck_assert_uint_eq(part->rows[1].have, 0);
	part_unref(&part->part);
}
END_TEST

/* The read-only socket gives neither interfaces nor the kind of time stamps: the port is nobody's. */
START_TEST(poll_without_port_properties)
{
	static const char NO_PROPERTIES[] = REPLY_HEADER("3c", "0001") REPLY_TARGET "000200080002c004"
										    "00000000";
	static const char *const OWN[] = { REPLY_DEFAULT, REPLY_CURRENT, REPLY_PARENT,	REPLY_TIME,
					   REPLY_STATUS,  REPLY_PORT,	 NO_PROPERTIES, NULL };
	struct server server = { .replies = OWN };
	struct ptp_clocks *part;

	scratch_make();
	server_start(&server);
	ck_assert_msg(poll_with("/ptp4l", &part) == 0, "%s", error.text);
	server_stop(&server);
	scratch_remove();
	ck_assert_uint_eq(part->clock.source, 0);
	part_unref(&part->part);
}
END_TEST

START_TEST(poll_without_anything_is_absent)
{
	struct ptp_clocks *part;
	char longest[SYSFILE_PATH_MAX + 2];

	scratch_make();
	ck_assert_int_eq(poll_with("/ptp4l", &part), -ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(error.text, "/ptp4l: No such file"));
	ck_assert_int_eq(poll_with("", &part), -ERR_ABSENT);
	close(bind_socket("/ptp4l")); /* left behind */
	ck_assert_int_eq(poll_with("/ptp4l", &part), -ERR_ABSENT);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(poll_with(longest, &part), -ERR_LIMIT);
	ck_assert_int_eq(poll_with(longest + SYSFILE_PATH_MAX / 2, &part), -ERR_LIMIT);
	scratch_text("/sys/class/ptp/ptp0/clock_name",
		     "a driver with a name that is longer than any row has room for\n");
	ck_assert_int_eq(poll_with("/ptp4l", &part), 0);
	ck_assert_uint_eq(part->n, 1);
	ck_assert_uint_eq(part->rows[0].have, 0);
	ck_assert_uint_eq(strlen(part->rows[0].name), sizeof(part->rows[0].name) - 1);
	part_unref(&part->part);
	scratch_remove();
}
END_TEST

START_TEST(poll_without_permission_is_absent)
{
	struct sockaddr_un address;
	struct ptp_clocks *part;
	int fd;

	if (geteuid() == 0)
		return; /* who may everything */
	scratch_make();
	address = address_of("/ptp4l");
	fd = bind_socket("/ptp4l");
	ck_assert_int_eq(chmod(address.sun_path, 0), 0);
	ck_assert_int_eq(poll_with("/ptp4l", &part), -ERR_ABSENT);
	ck_assert_ptr_nonnull(strstr(error.text, "/ptp4l: Permission denied"));
	close(fd);
	scratch_remove();
}
END_TEST

START_TEST(a_silent_ptp4l_is_a_failure_in_time)
{
	const int64_t begun = clock_mono_ns();
	struct ptp_clocks *part;
	int fd;

	scratch_make();
	fd = bind_socket("/ptp4l");
	scratch_text("/sys/class/ptp/ptp0/clock_name", "ice\n");
	ck_assert_int_eq(poll_with("/ptp4l", &part), -ERR_TIMEOUT);
	ck_assert_int_lt(clock_mono_ns() - begun, (int64_t)source_ptp.deadline_ms * NS_PER_MS);
	ck_assert_ptr_nonnull(strstr(error.text, "/ptp4l: "));
	close(fd);
	scratch_remove();
}
END_TEST

/* No thing that it claims to have makes the reading longer than it may be. */
START_TEST(ports_without_end_are_limited)
{
	static const char MANY[] = REPLY_HEADER("4a", "0000") REPLY_TARGET "000100162000"
									   "0300ffff80fffeffff80fa196bfffedc86df0000";
	static const char *const OWN[] = { MANY,	 REPLY_CURRENT,	   REPLY_PARENT, REPLY_TIME,
					   REPLY_STATUS, REPLY_PROPERTIES, REPLY_PORT,	 NULL };
	struct server server = { .replies = OWN };
	struct ptp_clocks *part;

	scratch_make();
	server_start(&server);
	ck_assert_msg(poll_with("/ptp4l", &part) == 0, "%s", error.text);
	server_stop(&server);
	scratch_remove();
	ck_assert_uint_le(server.answered, 5 + 2 * PTP_PORTS_MAX);
	ck_assert_uint_eq(part->clock.source, CLOCK_SOURCE_PTP); /* of port 1, the only one that is itself */
	part_unref(&part->part);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ptp");

	UNIT_ADD(s, the_shortest_sample_counts);
	UNIT_ADD(s, samples_of_each_ioctl);
	UNIT_ADD(s, timescale_of_ptp4l);
	UNIT_ADD(s, timescale_without_ptp4l);
	UNIT_ADD(s, the_port_that_follows_names_the_state);
	UNIT_ADD(s, software_time_stamps_tell_of_the_clock);
	UNIT_ADD(s, clock_states_follow_the_port);
	UNIT_ADD(s, what_ptp4l_does_not_know_is_absent);
	UNIT_ADD(s, poll_reads_a_software_slave);
	UNIT_ADD(s, poll_finds_domain_and_transport);
	UNIT_ADD(s, poll_passes_over_what_is_no_answer);
	UNIT_ADD(s, poll_reads_a_hardware_slave);
	UNIT_ADD(s, poll_without_port_properties);
	UNIT_ADD(s, poll_without_anything_is_absent);
	UNIT_ADD(s, poll_without_permission_is_absent);
	UNIT_ADD(s, a_silent_ptp4l_is_a_failure_in_time);
	UNIT_ADD(s, ports_without_end_are_limited);
	return s;
}

UNIT_MAIN(suite)
