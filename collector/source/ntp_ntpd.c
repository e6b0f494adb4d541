/*
 * ntp_ntpd.c - asks ntpd by its control messages (mode 6). Thread: worker "clock". Source: the address env->ntpd. Both
 * the reference ntpd and NTPsec answer them, without a key, to whom `restrict ... noquery` does not forbid it.
 */
#include "base/clock.h"
#include "source/ntp_daemon.h"
#include "source/ntp_socket.h"
#include "source/ntpd_clock.h"

#include <errno.h>
#include <string.h>

struct exchange {
	struct ntpd_request request;
	struct ntpd_answer answer;
};

static size_t encode(void *arg, uint32_t sequence, uint8_t out[NTP_SOCKET_MESSAGE_MAX])
{
	struct exchange *exchange = arg;

	ntpd_answer_init(&exchange->answer);
	exchange->request.sequence = (uint16_t)sequence;
	return ntpd_request_encode(&exchange->request, out);
}

static int take(void *arg, const uint8_t *data, size_t length)
{
	struct exchange *exchange = arg;

	return ntpd_answer_add(&exchange->answer, &exchange->request, data, length);
}

static int ask(struct ntp_socket *socket, const struct ntpd_request *request, struct exchange *exchange,
	       struct ntpd_moment *now)
{
	const struct ntp_question question = { encode, take, exchange };
	int rc;

	exchange->request = *request;
	rc = ntp_socket_ask(socket, &question);
	*now = (struct ntpd_moment){ clock_mono_ns(), clock_real_ns() };
	return rc;
}

/* Named variables. One that does not know them, or that has no such association any more, has nothing to say. */
static int ask_for(struct ntp_socket *socket, uint16_t association, const char *variables, struct exchange *exchange,
		   struct ntpd_moment *now)
{
	const struct ntpd_request request = { .operation = NTPD_READ_VARIABLES,
					      .association = association,
					      .variables = variables };
	const int rc = ask(socket, &request, exchange, now);

	if (rc != -ERR_UNSUPPORTED && rc != -ERR_ABSENT)
		return rc;
	ntpd_answer_init(&exchange->answer);
	return 0;
}

/* An association that goes while it is asked for is no failure. */
static int read_peer(struct ntp_socket *socket, uint16_t association, struct clock_peers *out)
{
	const struct ntpd_request request = { .operation = NTPD_READ_VARIABLES, .association = association };
	struct exchange exchange;
	struct ntpd_moment now;
	struct clock_peer row;
	int rc = ask(socket, &request, &exchange, &now);

	if (rc != 0)
		return rc == -ERR_ABSENT ? 0 : rc;
	if (!ntpd_clock_peer(&exchange.answer, &now, &row))
		return 0;
	ntpd_clock_follow(&exchange.answer, &row, &out->clock);
	rc = ask_for(socket, association, NTPD_PEER_COUNTS, &exchange, &now);
	if (rc != 0)
		return rc;
	ntpd_clock_peer_counts(&exchange.answer, &row);
	ntp_daemon_add_peer(out, &row);
	return 0;
}

/* What ntpd counts, which it says only where it is asked for by name. */
static int read_counts(struct ntp_socket *socket, struct clock_state *out)
{
	static const char *const NAMES[] = { NTPD_SYSTEM_COUNTS, NTPD_SYSTEM_PACKETS, NTPD_SYSTEM_FUZZ };
	struct exchange exchange;
	struct ntpd_moment now;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
		rc = ask_for(socket, 0, NAMES[i], &exchange, &now);
		if (rc == 0)
			ntpd_clock_counts(&exchange.answer, &now, out);
	}
	return rc;
}

static int read_all(struct ntp_socket *socket, struct clock_peers *out)
{
	struct exchange exchange;
	struct ntpd_answer status;
	struct ntpd_association association;
	struct ntpd_moment now;
	int rc = ask(socket, &(struct ntpd_request){ .operation = NTPD_READ_VARIABLES }, &exchange, &now);

	if (rc != 0)
		return rc;
	ntpd_clock_state(&exchange.answer, &now, &out->clock);
	rc = read_counts(socket, &out->clock);
	if (rc == 0)
		rc = ask(socket, &(struct ntpd_request){ .operation = NTPD_READ_STATUS }, &exchange, &now);
	status = exchange.answer;
	for (size_t i = 0; rc == 0 && i < CLOCK_PEERS_MAX && ntpd_answer_association(&status, i, &association); i++)
		rc = read_peer(socket, association.id, out);
	return rc;
}

static int read_ntpd(const struct source_env *env, struct clock_peers *out, struct source_error *error)
{
	struct ntp_socket socket;
	int rc;

	if (env->ntpd == NULL || env->ntpd[0] == '\0')
		return -ERR_ABSENT;
	rc = ntp_socket_open(&socket, env->ntpd, clock_mono_ns() + NTP_DAEMON_NS);
	if (rc == 0) {
		rc = read_all(&socket, out);
		ntp_socket_close(&socket);
	}
	if (rc != 0)
		source_fail(error, rc, "ntpd at %s: %s", env->ntpd, rc == -ERR_IO ? strerror(errno) : err_text(rc));
	return rc;
}

const struct ntp_daemon ntp_ntpd = { "ntpd", read_ntpd };
