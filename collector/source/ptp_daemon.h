/*
 * ptp_daemon.h - what ptp4l says of its clock and ports, by management messages over its UNIX datagram socket.
 *
 * Thread: worker "clock". It needs ptp4l's socket for management, not the read-only one, which tells neither the
 * interfaces nor the kind of time stamps; and the right to write to it. Our own end has an address that the kernel
 * chooses in the abstract name space, so nothing is left in any directory; that name space belongs to the network
 * namespace, so daemon and ptp4l have to be in the same one.
 */
#ifndef EDGENODE_SOURCE_PTP_DAEMON_H
#define EDGENODE_SOURCE_PTP_DAEMON_H

#include "source/ptp_message.h"
#include "source/source.h"

#define PTP_PORTS_MAX PTP_CLOCKS_MAX /* of one ptp4l; further ones are not asked for */
#define PTP_ANSWER_MS 250	     /* for one answer */
#define PTP_READ_MS 3000	     /* for all of them */

struct ptp_port {
	uint8_t state;
	bool software;			    /* its time stamps are of the system's clock */
	int32_t clock;			    /* N of the hardware clock ptpN; -1 unknown or none */
	char interface[PTP_INTERFACE_SIZE]; /* "" unknown */
};

struct ptp_daemon {
	uint64_t have;
	struct ptp_default own;
	struct ptp_current current;
	struct ptp_time_properties time;
	uint8_t grandmaster[8];
	int64_t ingress_ns;
	size_t n_ports;
	struct ptp_port ports[PTP_PORTS_MAX];
};
#define PTP_DAEMON_HAVE_CURRENT BIT(0)
#define PTP_DAEMON_HAVE_GRANDMASTER BIT(1)
#define PTP_DAEMON_HAVE_TIME BIT(2)
#define PTP_DAEMON_HAVE_INGRESS BIT(3)

/* Where it answered the last time; zeros to begin with. */
struct ptp_domain {
	uint8_t domain, transport;
};

/* path: of its socket. 0; -ERR_ABSENT: no ptp4l is there, or we may not talk to it; -ERR_TIMEOUT, -ERR_IO, -ERR_LIMIT,
 * each with its text. *out is zeroed first. */
int ptp_daemon_read(const char *path, struct ptp_domain *domain, struct ptp_daemon *out, struct source_error *error);

#endif
