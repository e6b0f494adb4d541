/*
 * ptp_daemon.c - the conversation with ptp4l. Thread: worker "clock".
 *
 * One socket for one reading, connected: the kernel then hands us datagrams of that peer only. Each request has a
 * number of its own, and what comes back must be the answer to the last one, from the clock that was asked; anything
 * else is passed over until the time for it is up.
 *
 * ptp4l is silent on messages of another domain or transport than its own, and neither is known. So where those of the
 * last time stay without an answer, all are asked at once; one that is as silent then hangs.
 */
#include "source/ptp_daemon.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DOMAINS 256
#define TRANSPORTS 2 /* of IEEE 1588 and IEEE 802.1AS */
#define OWN_PORT 1   /* of our identity, whose clock is all zeros */

struct talk {
	int fd;
	const char *path;
	struct ptp_domain *domain;
	uint16_t sequence;
	bool known; /* whose clock: clock */
	uint8_t clock[8];
	int64_t end_mono_ns;	      /* of everything */
	uint8_t bytes[PTP_REPLY_MAX]; /* of the last reply */
	struct source_error *error;
};

/* --- the socket -------------------------------------------------------------------------------------------------- */

static int fail(const struct talk *talk, int code)
{
	return source_fail(talk->error, code, "%s: %s", talk->path, code == -ERR_IO ? strerror(errno) : err_text(code));
}

/* Nobody there, a socket that was left behind, or one that we may not write to. */
static bool is_absent(int number)
{
	return number == ENOENT || number == ENOTDIR || number == ECONNREFUSED || number == EACCES || number == EPERM;
}

static int connect_to(struct talk *talk)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const size_t length = strlen(talk->path);

	if (length >= sizeof(address.sun_path))
		return fail(talk, -ERR_LIMIT);
	memcpy(address.sun_path, talk->path, length + 1);
	if (connect(talk->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	if (is_absent(errno))
		return source_fail(talk->error, -ERR_ABSENT, "%s: %s", talk->path, strerror(errno));
	return fail(talk, -ERR_IO);
}

/* Bound to an address of the kernel's choice: only the family is given. */
static int open_socket(struct talk *talk)
{
	const struct sockaddr_un own = { .sun_family = AF_UNIX };
	int rc;

	talk->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (talk->fd < 0)
		return fail(talk, -ERR_IO);
	rc = bind(talk->fd, (const struct sockaddr *)&own, sizeof(sa_family_t)) == 0 ? connect_to(talk)
										     : fail(talk, -ERR_IO);
	if (rc != 0)
		close(talk->fd);
	return rc;
}

/* 0, or -ERR_TIMEOUT when neither happened in time. */
static int wait_for(const struct talk *talk, short events, int64_t end_mono_ns)
{
	struct pollfd fd = { .fd = talk->fd, .events = events };
	int n;

	do {
		int64_t left_ns;

		if (end_mono_ns > talk->end_mono_ns)
			end_mono_ns = talk->end_mono_ns;
		left_ns = end_mono_ns - clock_mono_ns();
		if (left_ns <= 0)
			return -ERR_TIMEOUT;
		n = poll(&fd, 1, (int)(left_ns / NS_PER_MS) + 1);
	} while (n == 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -ERR_IO : 0;
}

static int send_request(struct talk *talk, const struct ptp_request *request, int64_t end_mono_ns)
{
	uint8_t bytes[PTP_REQUEST_SIZE];

	ptp_message_encode(request, bytes);
	while (send(talk->fd, bytes, sizeof(bytes), MSG_NOSIGNAL) < 0) {
		int rc = errno == EINTR ? 0 : -ERR_IO;

		if (errno == ECONNREFUSED || errno == ENOTCONN)
			return -ERR_ABSENT; /* it ended in between */
		if (errno == EAGAIN)
			rc = wait_for(talk, POLLOUT, end_mono_ns);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static bool same_identity(const struct ptp_identity *a, const struct ptp_identity *b)
{
	return a->port == b->port && memcmp(a->clock, b->clock, sizeof(a->clock)) == 0;
}

static bool answers(const struct talk *talk, const struct ptp_request *request, const struct ptp_reply *reply)
{
	return reply->sequence == request->sequence && reply->data_set == request->data_set &&
	       same_identity(&reply->target, &request->source) &&
	       (!talk->known || memcmp(reply->source.clock, talk->clock, sizeof(talk->clock)) == 0);
}

/* The answer to the request, or -ERR_UNSUPPORTED: it has no such thing. reply->data is that of talk. */
static int await_reply(struct talk *talk, const struct ptp_request *request, int64_t end_mono_ns,
		       struct ptp_reply *reply)
{
	for (;;) {
		ssize_t n;
		int rc = wait_for(talk, POLLIN, end_mono_ns);

		if (rc != 0)
			return rc;
		n = recv(talk->fd, talk->bytes, sizeof(talk->bytes), MSG_TRUNC);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return errno == ECONNRESET || errno == ECONNREFUSED ? -ERR_ABSENT : -ERR_IO;
		if (n > 0 && (size_t)n <= sizeof(talk->bytes) &&
		    ptp_message_parse(talk->bytes, (size_t)n, reply) == 0 && answers(talk, request, reply))
			return reply->refused ? -ERR_UNSUPPORTED : 0;
	}
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

static struct ptp_request request_of(struct talk *talk, enum ptp_data_set set, uint16_t port)
{
	struct ptp_request request = {
		.domain = talk->domain->domain,
		.transport = talk->domain->transport,
		.sequence = ++talk->sequence,
		.data_set = set,
		.source.port = OWN_PORT,
		.target.port = port,
	};

	if (talk->known)
		memcpy(request.target.clock, talk->clock, sizeof(talk->clock));
	else
		memset(request.target.clock, 0xff, sizeof(request.target.clock));
	return request;
}

static int64_t answer_end(void)
{
	return clock_mono_ns() + PTP_ANSWER_MS * NS_PER_MS;
}

static int ask(struct talk *talk, enum ptp_data_set set, uint16_t port, struct ptp_reply *reply)
{
	const struct ptp_request request = request_of(talk, set, port);
	const int64_t end = answer_end();
	int rc = send_request(talk, &request, end);

	if (rc == 0)
		rc = await_reply(talk, &request, end, reply);
	return rc;
}

/* One request in every domain and transport. Who answers says in which. */
static int ask_everywhere(struct talk *talk, enum ptp_data_set set, struct ptp_reply *reply)
{
	struct ptp_request request = request_of(talk, set, PTP_PORT_ALL);
	const int64_t end = answer_end();

	for (unsigned int i = 0; i < DOMAINS * TRANSPORTS; i++) {
		int rc;

		request.domain = (uint8_t)(i % DOMAINS);
		request.transport = (uint8_t)(i / DOMAINS);
		rc = send_request(talk, &request, end);
		if (rc != 0)
			return rc;
	}
	return await_reply(talk, &request, end, reply);
}

static int read_default(struct talk *talk, struct ptp_daemon *out)
{
	struct ptp_reply reply;
	int rc = ask(talk, PTP_DEFAULT_DATA_SET, PTP_PORT_ALL, &reply);

	if (rc == -ERR_TIMEOUT)
		rc = ask_everywhere(talk, PTP_DEFAULT_DATA_SET, &reply);
	if (rc == 0)
		rc = ptp_message_default(&reply, &out->own);
	if (rc != 0)
		return rc;
	talk->domain->domain = reply.domain;
	talk->domain->transport = reply.transport;
	talk->known = true;
	memcpy(talk->clock, out->own.clock, sizeof(talk->clock));
	return 0;
}

/* What it has not, or not in our form, is absent. */
static int optional(int rc)
{
	return rc == -ERR_UNSUPPORTED || rc == -ERR_PARSE ? 0 : rc;
}

static int take_current(const struct ptp_reply *reply, struct ptp_daemon *out)
{
	return ptp_message_current(reply, &out->current);
}

static int take_grandmaster(const struct ptp_reply *reply, struct ptp_daemon *out)
{
	return ptp_message_parent(reply, out->grandmaster);
}

static int take_time(const struct ptp_reply *reply, struct ptp_daemon *out)
{
	return ptp_message_time_properties(reply, &out->time);
}

static int take_ingress(const struct ptp_reply *reply, struct ptp_daemon *out)
{
	return ptp_message_ingress(reply, &out->ingress_ns);
}

static int read_clock(struct talk *talk, struct ptp_daemon *out)
{
	static const struct {
		enum ptp_data_set set;
		int (*take)(const struct ptp_reply *reply, struct ptp_daemon *out);
		uint64_t bit;
	} SETS[] = {
		{ PTP_CURRENT_DATA_SET, take_current, PTP_DAEMON_HAVE_CURRENT },
		{ PTP_PARENT_DATA_SET, take_grandmaster, PTP_DAEMON_HAVE_GRANDMASTER },
		{ PTP_TIME_PROPERTIES_DATA_SET, take_time, PTP_DAEMON_HAVE_TIME },
		{ PTP_TIME_STATUS_NP, take_ingress, PTP_DAEMON_HAVE_INGRESS },
	};

	for (size_t i = 0; i < sizeof(SETS) / sizeof(SETS[0]); i++) {
		struct ptp_reply reply;
		int rc = ask(talk, SETS[i].set, PTP_PORT_ALL, &reply);

		if (rc == 0 && SETS[i].take(&reply, out) == 0)
			out->have |= SETS[i].bit;
		rc = optional(rc);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* --- ports ------------------------------------------------------------------------------------------------------- */

/* A ptp4l that does not give a port's properties gives its state at least. */
static int read_state(struct talk *talk, uint16_t number, struct ptp_port *port)
{
	struct ptp_reply reply;
	uint16_t told = 0;
	int rc = ask(talk, PTP_PORT_DATA_SET, number, &reply);

	if (rc == 0)
		rc = ptp_message_port_state(&reply, &told, &port->state);
	return rc == 0 && told != number ? -ERR_PARSE : rc;
}

static int read_hardware(struct talk *talk, uint16_t number, struct ptp_port *port)
{
	struct ptp_reply reply;
	uint16_t told;
	int32_t clock;
	const int rc = ask(talk, PTP_PORT_HWCLOCK_NP, number, &reply);

	if (rc == 0 && ptp_message_port_clock(&reply, &told, &clock) == 0 && told == number)
		port->clock = clock;
	return optional(rc);
}

static int read_port(struct talk *talk, uint16_t number, struct ptp_port *port)
{
	struct ptp_port_properties properties;
	struct ptp_reply reply;
	int rc = ask(talk, PTP_PORT_PROPERTIES_NP, number, &reply);

	port->clock = -1;
	if (rc == 0)
		rc = ptp_message_port_properties(&reply, &properties);
	if (rc == 0 && properties.port != number)
		rc = -ERR_PARSE;
	if (rc != 0)
		return optional(rc) == 0 ? read_state(talk, number, port) : rc;
	port->state = properties.state;
	port->software = properties.software;
	memcpy(port->interface, properties.interface, sizeof(port->interface));
	return port->software ? 0 : read_hardware(talk, number, port);
}

/* Ports that were taken away leave holes in the numbers. */
static int read_ports(struct talk *talk, struct ptp_daemon *out)
{
	for (uint16_t number = 1; number <= out->own.ports && number <= PTP_PORTS_MAX; number++) {
		const int rc = read_port(talk, number, &out->ports[out->n_ports]);

		if (rc == 0)
			out->n_ports++;
		else if (optional(rc) != 0)
			return rc;
	}
	return 0;
}

int ptp_daemon_read(const char *path, struct ptp_domain *domain, struct ptp_daemon *out, struct source_error *error)
{
	const int64_t now = clock_mono_ns();
	struct talk talk = {
		.path = path,
		.domain = domain,
		.error = error,
		.sequence =
			(uint16_t)(now / NS_PER_MS), /* an answer to an earlier owner of our address is none to us */
		.end_mono_ns = now + PTP_READ_MS * NS_PER_MS,
	};
	int rc;

	memset(out, 0, sizeof(*out));
	rc = open_socket(&talk);
	if (rc != 0)
		return rc;
	rc = read_default(&talk, out);
	if (rc == 0)
		rc = read_ports(&talk, out);
	if (rc == 0)
		rc = read_clock(&talk, out);
	if (rc != 0)
		fail(&talk, rc);
	close(talk.fd);
	return rc;
}
