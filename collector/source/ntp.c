/*
 * ntp.c - what the node's time daemon says of the clock and of its own sources of time. Thread: worker "clock".
 *
 * There is no common way to ask, so each daemon is tried in turn, and the one that answered last first. A daemon whose
 * port is closed is not there; one that keeps silent is a failure, unless another one answers.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "source/ntp_daemon.h"
#include "source/procsys.h"

#include <stdlib.h>

static const struct ntp_daemon *const DAEMONS[] = { &ntp_chronyd, &ntp_ntpd, &ntp_timesyncd };
#define DAEMONS_N (sizeof(DAEMONS) / sizeof(DAEMONS[0]))

#define STEADY_NS (2 * NS_PER_S)

struct ntp {
	size_t first;	       /* among DAEMONS: who answered last */
	int64_t start_mono_ns; /* of that one, as it was first reckoned */
};

/* A daemon tells its age in whole seconds: what is reckoned from that wavers, and would seem to go back. */
static void steady(struct ntp *ntp, struct clock_state *state)
{
	const int64_t off = state->start_mono_ns - ntp->start_mono_ns;

	if ((state->have & CLOCK_HAVE_START) == 0)
		return;
	if (off > STEADY_NS || off < -STEADY_NS)
		ntp->start_mono_ns = state->start_mono_ns;
	state->start_mono_ns = ntp->start_mono_ns;
}

static int open_ntp(const struct source_env *env, void **self, struct source_error *error)
{
	(void)env;
	(void)error;
	*self = mem_alloc(sizeof(struct ntp));
	return 0;
}

static struct clock_peers *new_peers(void)
{
	const struct clock_peers *peers;

	return procsys_part_new(sizeof(*peers) + CLOCK_PEERS_MAX * sizeof(peers->rows[0]));
}

/* The first failure that is more than absence is what is reported. */
static void keep_error(int *rc, struct source_error *error, int now, const struct source_error *text)
{
	if (*rc == -ERR_ABSENT && now != -ERR_ABSENT) {
		*rc = now;
		*error = *text;
	}
}

static int poll_ntp(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct ntp *ntp = self;
	struct clock_peers *peers = new_peers();
	int rc = -ERR_ABSENT;

	for (size_t i = 0; i < DAEMONS_N; i++) {
		const size_t which = (ntp->first + i) % DAEMONS_N;
		struct source_error text = { "" };
		int now;

		peers->n = 0;
		now = DAEMONS[which]->read(env, peers, &text);
		if (now == 0) {
			ntp->first = which;
			steady(ntp, &peers->clock);
			*result = &peers->part;
			return 0;
		}
		keep_error(&rc, error, now, &text);
	}
	part_unref(peers);
	return rc == -ERR_ABSENT ? source_fail(error, rc, "no time daemon answers") : rc;
}

static void close_ntp(void *self)
{
	free(self);
}

const struct source source_ntp = {
	.id = SOURCE_NTP,
	.name = "ntp",
	.worker = WORKER_CLOCK,
	.interval_ms = 10000,
	.deadline_ms = 5000,
	.open = open_ntp,
	.poll = poll_ntp,
	.close = close_ntp,
};
