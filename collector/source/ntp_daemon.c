/* ntp_daemon.c - what the readers of the time daemons share. Thread: worker "clock". */
#include "source/ntp_daemon.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

void ntp_daemon_init_state(struct clock_state *state, const char *name)
{
	const struct part part = state->part;

	*state = (struct clock_state){ .part = part,
				       .have = CLOCK_HAVE_DAEMON,
				       .source = CLOCK_SOURCE_NONE,
				       .state = CLOCK_SYNC_UNKNOWN,
				       .leap = CLOCK_LEAP_UNKNOWN };
	snprintf(state->daemon, sizeof(state->daemon), "%s", name);
}

void ntp_daemon_set_update(struct clock_state *state, int64_t now_mono_ns, int64_t age_ns)
{
	if (__builtin_sub_overflow(now_mono_ns, age_ns > 0 ? age_ns : 0, &state->update_mono_ns))
		return;
	state->have |= CLOCK_HAVE_UPDATE;
}

uint32_t ntp_daemon_us(int64_t ns)
{
	const uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	const uint64_t us = (size + NS_PER_US / 2) / NS_PER_US;

	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

uint32_t ntp_daemon_max_error_us(int64_t root_delay_ns, int64_t root_dispersion_ns, int64_t offset_ns)
{
	const uint64_t sum_us = (uint64_t)ntp_daemon_us(root_delay_ns / 2) + ntp_daemon_us(root_dispersion_ns) +
				ntp_daemon_us(offset_ns);

	return sum_us > UINT32_MAX ? UINT32_MAX : (uint32_t)sum_us;
}

void ntp_daemon_set_text(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0' && n + 1 < size; n++)
		out[n] = text[n] >= ' ' && text[n] < 0x7f ? text[n] : '?';
	out[n] = '\0';
}

void ntp_daemon_add_peer(struct clock_peers *peers, const struct clock_peer *row)
{
	for (size_t i = 0; i < peers->n; i++)
		if (strcmp(peers->rows[i].name, row->name) == 0)
			return;
	if (peers->n < CLOCK_PEERS_MAX)
		peers->rows[peers->n++] = *row;
}
