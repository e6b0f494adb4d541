/*
 * ptp.c - the source "ptp": PTP hardware clocks, and the node's clock where ptp4l disciplines it. Thread: worker
 * "clock".
 *
 * What a hardware clock counts, TAI or UTC, cannot be read from it, and a guess would be wrong by 37 s. It is known
 *  - where a port of ptp4l uses the clock: it is TAI if ptp4l says that the PTP timescale is in use, with its
 *    currentUtcOffset, whether that is marked valid or not (whoever steers the system's clock by the hardware's takes
 *    the same; an impossible one, below 10 s, is none); otherwise the time is an arbitrary one, which linuxptp uses for
 *    UTC (ptp4l(8), TIME SCALE USAGE);
 *  - where the clock is a hypervisor's way to tell a guest the time, which is UTC.
 * Else the row has neither offset nor UTC offset.
 *
 * With time stamps in software ptp4l steers the system's clock itself, and no hardware clock is there. Then it tells of
 * the node's clock: while a port follows a master, or while the clock may do nothing else. With time stamps in hardware
 * the system's clock is another program's business, and whoever disciplines it tells. That ptp4l was told to measure
 * only (free_running) it does not say.
 */
#include "source/ptp.h"

#include "base/clock.h"
#include "base/mem.h"
#include "source/procsys.h"
#include "source/ptp_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAI_OFFSET_MIN_S 10 /* of 1972, when leap seconds began */
#define TAI_OFFSET_MAX_S 1000

/* --- a hardware clock -------------------------------------------------------------------------------------------- */

/* The port that uses the clock; among several the one that follows a master. */
static const struct ptp_port *port_of(const struct ptp_daemon *daemon, uint32_t number)
{
	const struct ptp_port *found = NULL;

	for (size_t i = 0; daemon != NULL && i < daemon->n_ports; i++) {
		const struct ptp_port *port = &daemon->ports[i];

		if (port->clock < 0 || (uint32_t)port->clock != number)
			continue;
		if (found == NULL || port->state == PTP_PORT_SLAVE)
			found = port;
	}
	return found;
}

/* Drivers whose clock is the host's system clock (kernel: drivers/ptp/ptp_kvm_common.c, drivers/hv/hv_util.c). */
static bool is_of_hypervisor(const char *name)
{
	static const char *const DRIVERS[] = { " KVM virtual PTP", " hyperv" };
	const char *driver = strchr(name, ' ');

	for (size_t i = 0; driver != NULL && i < sizeof(DRIVERS) / sizeof(DRIVERS[0]); i++)
		if (strcmp(driver, DRIVERS[i]) == 0)
			return true;
	return false;
}

int ptp_utc_offset(const struct ptp_clock *row, const struct ptp_daemon *daemon, int32_t *utc_offset_s)
{
	if (port_of(daemon, row->index - 1) == NULL) {
		if (!is_of_hypervisor(row->name))
			return -ERR_ABSENT;
		*utc_offset_s = 0;
		return 0;
	}
	if ((daemon->have & PTP_DAEMON_HAVE_TIME) == 0)
		return -ERR_ABSENT;
	if (!daemon->time.ptp_timescale) {
		*utc_offset_s = 0;
		return 0;
	}
	if (daemon->time.utc_offset_s < TAI_OFFSET_MIN_S || daemon->time.utc_offset_s > TAI_OFFSET_MAX_S)
		return -ERR_ABSENT;
	*utc_offset_s = daemon->time.utc_offset_s;
	return 0;
}

void ptp_fill_row(struct ptp_clock *row, const struct ptp_daemon *daemon, const int64_t *difference_ns)
{
	const struct ptp_port *port = port_of(daemon, row->index - 1);

	if (port != NULL) {
		snprintf(row->port_state, sizeof(row->port_state), "%s", ptp_message_state_name(port->state));
		row->have |= PTP_HAVE_PORT_STATE;
	}
	if (ptp_utc_offset(row, daemon, &row->utc_offset_s) != 0)
		return;
	row->have |= PTP_HAVE_UTC_OFFSET;
	if (difference_ns != NULL &&
	    !__builtin_sub_overflow(*difference_ns, row->utc_offset_s * NS_PER_S, &row->offset_ns))
		row->have |= PTP_HAVE_OFFSET;
}

/* --- the system's clock ------------------------------------------------------------------------------------------ */

enum following { NOT_OURS, WITHOUT_MASTER, BEGINNING, FOLLOWING };

/* How far ptp4l is in disciplining the system's clock. */
static enum following following_of(const struct ptp_daemon *daemon)
{
	enum following found = NOT_OURS;

	for (size_t i = 0; i < daemon->n_ports; i++) {
		enum following now = daemon->own.slave_only ? WITHOUT_MASTER : NOT_OURS;

		if (!daemon->ports[i].software)
			continue;
		if (daemon->ports[i].state == PTP_PORT_SLAVE)
			now = FOLLOWING;
		else if (daemon->ports[i].state == PTP_PORT_UNCALIBRATED)
			now = BEGINNING;
		found = now > found ? now : found;
	}
	return found;
}

/* The way there and back. Beyond the first clock on the way it is not known how much further the reference is. */
static void fill_delay(struct clock_state *clock, const struct ptp_current *current)
{
	const int64_t us = current->delay_ns * 2 / NS_PER_US; /* a TimeInterval in ns has 48 bits */

	if (current->steps_removed != 1 || us < 0 || us > UINT32_MAX)
		return;
	clock->root_delay_us = (uint32_t)us;
	clock->have |= CLOCK_HAVE_ROOT_DELAY;
}

/* ptp4l dates the last message by the system's clock; what it dates into the future is of another timescale. */
static void fill_update(struct clock_state *clock, const struct ptp_daemon *daemon, int64_t now_mono_ns,
			int64_t now_real_ns)
{
	const int64_t age_ns = now_real_ns - daemon->ingress_ns;

	if ((daemon->have & PTP_DAEMON_HAVE_INGRESS) == 0 || daemon->ingress_ns <= 0 || age_ns < 0 ||
	    age_ns > now_mono_ns)
		return;
	clock->update_mono_ns = now_mono_ns - age_ns;
	clock->have |= CLOCK_HAVE_UPDATE;
}

static void fill_time(struct clock_state *clock, const struct ptp_time_properties *time)
{
	clock->leap = CLOCK_LEAP_NONE;
	if (time->leap_insert)
		clock->leap = CLOCK_LEAP_INSERT;
	else if (time->leap_delete)
		clock->leap = CLOCK_LEAP_DELETE;
	if (!time->utc_offset_valid)
		return;
	clock->tai_offset_s = time->utc_offset_s;
	clock->have |= CLOCK_HAVE_TAI_OFFSET;
}

static void fill_master(struct clock_state *clock, const struct ptp_daemon *daemon)
{
	if ((daemon->have & PTP_DAEMON_HAVE_CURRENT) != 0) {
		clock->offset_ns = daemon->current.offset_ns;
		clock->have |= CLOCK_HAVE_OFFSET;
		fill_delay(clock, &daemon->current);
	}
	if ((daemon->have & PTP_DAEMON_HAVE_GRANDMASTER) != 0) {
		ptp_message_identity_text(daemon->grandmaster, clock->reference);
		clock->have |= CLOCK_HAVE_REFERENCE;
	}
	if ((daemon->have & PTP_DAEMON_HAVE_TIME) != 0)
		fill_time(clock, &daemon->time);
}

void ptp_fill_clock(struct clock_state *clock, const struct ptp_daemon *daemon, int64_t now_mono_ns,
		    int64_t now_real_ns)
{
	const enum following following = following_of(daemon);

	if (following == NOT_OURS)
		return;
	clock->source = CLOCK_SOURCE_PTP;
	clock->state = CLOCK_UNSYNCHRONIZED;
	clock->leap = CLOCK_LEAP_UNKNOWN;
	snprintf(clock->daemon, sizeof(clock->daemon), "ptp4l");
	clock->have |= CLOCK_HAVE_DAEMON;
	if (following == WITHOUT_MASTER)
		return;
	fill_master(clock, daemon);
	fill_update(clock, daemon, now_mono_ns, now_real_ns);
	if (following == FOLLOWING && (clock->have & CLOCK_HAVE_OFFSET) != 0)
		clock->state = CLOCK_SYNCHRONIZED;
}

/* --- the source -------------------------------------------------------------------------------------------------- */

static int open_ptp(const struct source_env *env, void **self, struct source_error *error)
{
	(void)env;
	(void)error;
	*self = mem_alloc(sizeof(struct ptp_domain));
	return 0;
}

static void close_ptp(void *self)
{
	free(self);
}

/* -ERR_ABSENT: nobody is asked, or nobody is there. */
static int read_daemon(struct ptp_domain *domain, const struct source_env *env, struct ptp_daemon *daemon,
		       struct source_error *error)
{
	char path[SYSFILE_PATH_MAX];
	int length;

	if (env->ptp4l == NULL || env->ptp4l[0] == '\0')
		return source_fail(error, -ERR_ABSENT, "no PTP hardware clock, and ptp4l is not asked");
	length = snprintf(path, sizeof(path), "%s%s", env->root->prefix, env->ptp4l);
	if (length < 0 || (size_t)length >= sizeof(path))
		return source_fail(error, -ERR_LIMIT, "%s: the path is too long", env->ptp4l);
	return ptp_daemon_read(path, domain, daemon, error);
}

/* An older ptp4l names the interface only. A captured tree has no interfaces of this machine. */
static void find_clocks(const struct sysroot *root, struct ptp_daemon *daemon)
{
	for (size_t i = 0; i < daemon->n_ports && root->prefix[0] == '\0'; i++) {
		struct ptp_port *port = &daemon->ports[i];

		if (!port->software && port->clock < 0 && port->interface[0] != '\0')
			port->clock = ptp_clock_of_interface(port->interface);
	}
}

static void fill(const struct sysroot *root, struct ptp_clocks *part, const struct ptp_daemon *daemon)
{
	for (size_t i = 0; i < part->n; i++) {
		int64_t difference_ns;
		const int rc = ptp_clock_measure(root, part->rows[i].index - 1, &difference_ns);

		ptp_fill_row(&part->rows[i], daemon, rc == 0 ? &difference_ns : NULL);
	}
	if (daemon != NULL)
		ptp_fill_clock(&part->clock, daemon, clock_mono_ns(), clock_real_ns());
}

static int poll_ptp(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct ptp_clocks *part = procsys_part_new(sizeof(*part));
	struct ptp_daemon daemon;
	const int listed = ptp_clock_list(env->root, part);
	const int asked = read_daemon(self, env, &daemon, error);
	int rc = 0;

	if (listed != 0 && listed != -ERR_ABSENT)
		rc = procsys_fail(error, listed, "/sys/class/ptp", 0);
	else if (asked != 0 && asked != -ERR_ABSENT)
		rc = asked;
	else if (listed != 0 && asked != 0)
		rc = -ERR_ABSENT;
	if (rc != 0) {
		part_unref(part);
		return rc;
	}
	if (asked == 0)
		find_clocks(env->root, &daemon);
	fill(env->root, part, asked == 0 ? &daemon : NULL);
	*result = &part->part;
	return 0;
}

const struct source source_ptp = {
	.id = SOURCE_PTP,
	.name = "ptp",
	.worker = WORKER_CLOCK,
	.interval_ms = 10000,
	.deadline_ms = 5000,
	.open = open_ptp,
	.poll = poll_ptp,
	.close = close_ptp,
};
