/*
 * ntp_chronyd.c - asks chronyd by its command protocol. Thread: worker "clock". Source: the address env->chronyd.
 */
#include "base/clock.h"
#include "source/chrony_clock.h"
#include "source/ntp_daemon.h"
#include "source/ntp_socket.h"

#include <errno.h>
#include <string.h>

/* One question and the reply that answers it. */
struct exchange {
	struct chrony_request request;
	uint8_t reply[NTP_SOCKET_MESSAGE_MAX];
	size_t length;
};

static size_t encode(void *arg, uint32_t sequence, uint8_t out[NTP_SOCKET_MESSAGE_MAX])
{
	struct exchange *exchange = arg;

	exchange->request.sequence = sequence;
	return chrony_request_encode(&exchange->request, out);
}

static int take(void *arg, const uint8_t *data, size_t length)
{
	struct exchange *exchange = arg;
	const int rc = chrony_reply_check(&exchange->request, data, length);

	if (rc == 0) {
		memcpy(exchange->reply, data, length);
		exchange->length = length;
	}
	return rc;
}

static int ask(struct ntp_socket *socket, struct exchange *exchange)
{
	const struct ntp_question question = { encode, take, exchange };

	return ntp_socket_ask(socket, &question);
}

static int read_tracking(struct ntp_socket *socket, struct clock_state *out)
{
	struct exchange exchange = { .request = { .command = CHRONY_TRACKING } };
	struct chrony_tracking tracking;
	int rc = ask(socket, &exchange);

	if (rc == 0)
		rc = chrony_tracking_parse(exchange.reply, exchange.length, &tracking);
	if (rc == 0)
		chrony_clock_state(&tracking, clock_mono_ns(), clock_real_ns(), out);
	return rc;
}

static int read_count(struct ntp_socket *socket, uint32_t *n)
{
	struct exchange exchange = { .request = { .command = CHRONY_N_SOURCES } };
	const int rc = ask(socket, &exchange);

	return rc == 0 ? chrony_n_sources_parse(exchange.reply, exchange.length, n) : rc;
}

static int read_source(struct ntp_socket *socket, uint32_t index, struct chrony_source *out)
{
	struct exchange exchange = { .request = { .command = CHRONY_SOURCE_DATA, .index = index } };
	const int rc = ask(socket, &exchange);

	return rc == 0 ? chrony_source_parse(exchange.reply, exchange.length, out) : rc;
}

static int read_stats(struct ntp_socket *socket, uint32_t index, struct chrony_sourcestats *out)
{
	struct exchange exchange = { .request = { .command = CHRONY_SOURCESTATS, .index = index } };
	const int rc = ask(socket, &exchange);

	return rc == 0 ? chrony_sourcestats_parse(exchange.reply, exchange.length, out) : rc;
}

/* The name in the configuration of a source that has no address yet. A chronyd before 4.0 does not know the question:
 * the number remains. */
static int read_name(struct ntp_socket *socket, const struct chrony_source *source, char name[CHRONY_NAME_SIZE])
{
	struct exchange exchange = { .request = { .command = CHRONY_SOURCE_NAME, .address = source->address } };
	const int rc = ask(socket, &exchange);

	if (rc == -ERR_UNSUPPORTED)
		return 0;
	return rc == 0 ? chrony_name_parse(exchange.reply, exchange.length, name) : rc;
}

/* A source that goes while it is asked for is no failure. */
static int read_peer(struct ntp_socket *socket, uint32_t index, struct clock_peers *out)
{
	struct chrony_source source;
	struct chrony_sourcestats stats;
	struct clock_peer row;
	char name[CHRONY_NAME_SIZE] = "";
	int rc = read_source(socket, index, &source);

	if (rc == 0)
		rc = read_stats(socket, index, &stats);
	if (rc == 0 && source.address.family == CHRONY_UNRESOLVED)
		rc = read_name(socket, &source, name);
	if (rc != 0)
		return rc == -ERR_ABSENT ? 0 : rc;
	chrony_clock_peer(&source, chrony_clock_same_source(&source, &stats) ? &stats : NULL, name, clock_mono_ns(),
			  &row);
	ntp_daemon_add_peer(out, &row);
	return 0;
}

static int read_all(struct ntp_socket *socket, struct clock_peers *out)
{
	uint32_t n = 0;
	int rc = read_tracking(socket, &out->clock);

	if (rc == 0)
		rc = read_count(socket, &n);
	for (uint32_t i = 0; rc == 0 && i < n && i < CLOCK_PEERS_MAX; i++)
		rc = read_peer(socket, i, out);
	return rc;
}

static int read_chronyd(const struct source_env *env, struct clock_peers *out, struct source_error *error)
{
	struct ntp_socket socket;
	int rc;

	if (env->chronyd == NULL || env->chronyd[0] == '\0')
		return -ERR_ABSENT;
	rc = ntp_socket_open(&socket, env->chronyd, clock_mono_ns() + NTP_DAEMON_NS);
	if (rc == 0) {
		rc = read_all(&socket, out);
		ntp_socket_close(&socket);
	}
	if (rc != 0)
		source_fail(error, rc, "chronyd at %s: %s", env->chronyd,
			    rc == -ERR_IO ? strerror(errno) : err_text(rc));
	return rc;
}

const struct ntp_daemon ntp_chronyd = { "chronyd", read_chronyd };
