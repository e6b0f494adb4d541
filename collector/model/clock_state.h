/*
 * clock_state.h - the node's clock: what the kernel says of it, what the time daemon says, PTP clocks. Plain data.
 */
#ifndef EDGENODE_MODEL_CLOCK_STATE_H
#define EDGENODE_MODEL_CLOCK_STATE_H

#include "model/host.h"

enum clock_source { CLOCK_SOURCE_NONE = 1, CLOCK_SOURCE_KERNEL, CLOCK_SOURCE_NTP, CLOCK_SOURCE_PTP, CLOCK_SOURCE_REFERENCE, CLOCK_SOURCE_UNKNOWN };
enum clock_sync { CLOCK_SYNCHRONIZED = 1, CLOCK_UNSYNCHRONIZED, CLOCK_SYNC_UNKNOWN };
enum clock_leap { CLOCK_LEAP_NONE = 1, CLOCK_LEAP_INSERT, CLOCK_LEAP_DELETE, CLOCK_LEAP_ALARM, CLOCK_LEAP_UNKNOWN };

/* Result of "clock": adjtimex(2) without modes, which needs no privilege. In the snapshot: the same, and over it what the
 * time daemon says, where there is one (build_clock). */
struct clock_state {
	struct part part;
	uint64_t have;
	uint8_t source, state, leap;
	char daemon[24];        /* "chronyd", "ntpd", "systemd-timesyncd", "ptp4l" */
	int64_t offset_ns;      /* positive: this node's clock is ahead (adjtimex's offset with its sign turned) */
	uint32_t est_error_us, max_error_us;
	int32_t frequency_ppb;  /* the correction; positive: it makes the clock run faster (adjtimex's sign) */
	uint32_t skew_ppb;
	uint32_t stratum;
	char reference[72];     /* name or address of what the clock follows */
	uint32_t root_delay_us, root_dispersion_us;
	int32_t tai_offset_s;
	int64_t update_mono_ns; /* when the clock was last compared with its reference */
	/* Of the daemon itself. */
	char software[128];     /* "ntpd ntpsec-1.2.2", as it says */
	char vendor[32];
	int64_t start_mono_ns;  /* when it started */
	int32_t precision;      /* log2 s */
	uint32_t resolution;    /* the parts of a second that it can tell from each other */
	uint32_t packets_in, packets_out, protocol_errors; /* modulo 2^32 */
};
#define CLOCK_HAVE_OFFSET BIT(0)
#define CLOCK_HAVE_EST_ERROR BIT(1)
#define CLOCK_HAVE_MAX_ERROR BIT(2)
#define CLOCK_HAVE_FREQUENCY BIT(3)
#define CLOCK_HAVE_TAI_OFFSET BIT(4)
#define CLOCK_HAVE_DAEMON BIT(5)
#define CLOCK_HAVE_SKEW BIT(6)
#define CLOCK_HAVE_STRATUM BIT(7)
#define CLOCK_HAVE_REFERENCE BIT(8)
#define CLOCK_HAVE_ROOT_DELAY BIT(9)
#define CLOCK_HAVE_ROOT_DISPERSION BIT(10)
#define CLOCK_HAVE_UPDATE BIT(11)
#define CLOCK_HAVE_SOFTWARE BIT(12)
#define CLOCK_HAVE_VENDOR BIT(13)
#define CLOCK_HAVE_START BIT(14)
#define CLOCK_HAVE_PRECISION BIT(15)
#define CLOCK_HAVE_RESOLUTION BIT(16)
#define CLOCK_HAVE_PACKETS BIT(17)
#define CLOCK_HAVE_PROTOCOL_ERRORS BIT(18)

/* A source of time that the daemon knows. */
#define CLOCK_PEERS_MAX 256
enum clock_peer_mode { CLOCK_PEER_SERVER = 1, CLOCK_PEER_PEER, CLOCK_PEER_REFCLOCK, CLOCK_PEER_PTP, CLOCK_PEER_OTHER, CLOCK_PEER_POOL };
enum clock_peer_state {
	CLOCK_PEER_SELECTED = 1, CLOCK_PEER_COMBINED, CLOCK_PEER_CANDIDATE, CLOCK_PEER_FALSETICKER, CLOCK_PEER_UNREACHABLE,
	CLOCK_PEER_JITTERY, CLOCK_PEER_REJECTED, CLOCK_PEER_PPS, CLOCK_PEER_UNKNOWN
};
struct clock_peer {
	uint32_t index; /* the builder's, kept for name */
	uint64_t have;
	char name[72];  /* address or reference id; unique within a result */
	uint8_t mode, state;
	uint32_t stratum, reach; /* reach: the register's eight bits */
	int64_t sample_mono_ns;  /* of the last good sample */
	int64_t offset_ns;       /* positive: this node's clock is ahead of the peer */
	uint32_t error_us;
	char driver[24];         /* of a reference clock, "127.127.28.0" */
	uint64_t delay_ns, jitter_ns;
	uint32_t root_dispersion_us;
	uint32_t packets_in, packets_out, protocol_errors; /* modulo 2^32 */
};
#define CLOCK_PEER_HAVE_STRATUM BIT(0)
#define CLOCK_PEER_HAVE_REACH BIT(1)
#define CLOCK_PEER_HAVE_SAMPLE BIT(2)
#define CLOCK_PEER_HAVE_OFFSET BIT(3)
#define CLOCK_PEER_HAVE_ERROR BIT(4)
#define CLOCK_PEER_HAVE_DRIVER BIT(5)
#define CLOCK_PEER_HAVE_DELAY BIT(6)
#define CLOCK_PEER_HAVE_JITTER BIT(7)
#define CLOCK_PEER_HAVE_ROOT_DISPERSION BIT(8)
#define CLOCK_PEER_HAVE_PACKETS BIT(9)
#define CLOCK_PEER_HAVE_PROTOCOL_ERRORS BIT(10)

/* Result of "ntp": what the daemon says of the clock, in the fields of clock_state that it knows (source and state always),
 * and its peers, in no order, index 0. In the snapshot: ascending index. */
struct clock_peers {
	struct part part;
	struct clock_state clock; /* its part is not used */
	size_t n;
	struct clock_peer rows[];
};

/* A PTP hardware clock. Result of "ptp" and in the snapshot: ascending index. */
#define PTP_CLOCKS_MAX 64
struct ptp_clock {
	uint32_t index; /* N of ptpN, + 1 */
	uint64_t have;
	char name[40];  /* "ptp0", and the driver's name of it: "ptp0 ptp_kvm" */
	int64_t offset_ns; /* its time less the system's, utc_offset_s removed */
	int32_t utc_offset_s; /* TAI - UTC where the clock counts TAI, 0 where it counts UTC */
	char port_state[24]; /* of ptp4l: "SLAVE" */
};
#define PTP_HAVE_OFFSET BIT(0)
#define PTP_HAVE_UTC_OFFSET BIT(1)
#define PTP_HAVE_PORT_STATE BIT(2)
struct ptp_clocks {
	struct part part;
	/* What ptp4l says of the system's clock, where it disciplines it; part is not used; source 0: nothing. */
	struct clock_state clock;
	size_t n;
	struct ptp_clock rows[PTP_CLOCKS_MAX];
};

#endif
