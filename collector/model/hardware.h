/*
 * hardware.h - parts of the snapshot that describe the host's devices. Plain data; the rules of host.h.
 */
#ifndef EDGENODE_MODEL_HARDWARE_H
#define EDGENODE_MODEL_HARDWARE_H

#include "model/host.h"

#define HOST_DISKS_MAX 4096
#define HOST_DISK_NAME_SIZE 32 /* of the kernel (DISK_NAME_LEN), with the NUL */
#define HOST_DISK_IDENTITY_SIZE 192

/* A whole disk. Result of "diskstats": /proc/diskstats and what names the disk in /sys/block, index 0, in the order of
 * the file; times as the kernel has them, modulo 2^32. In the snapshot: ascending index, times carried on over that. */
struct host_disk {
	uint32_t index;
	uint64_t have;
	char name[HOST_DISK_NAME_SIZE];
	char identity[HOST_DISK_IDENTITY_SIZE]; /* stays when the name changes; unique within a result */
	uint64_t reads, read_bytes, read_time_ms;
	uint64_t writes, write_bytes, write_time_ms;
	uint64_t busy_time_ms;
	uint32_t in_flight;
	uint32_t util_centi;
};
#define HOST_DISK_HAVE_UTIL BIT(0)
struct host_disks {
	struct part part;
	int64_t read_mono_ns;
	size_t n;
	struct host_disk rows[];
};

#define BONDS_MAX 64
#define BOND_PORTS_MAX 64
#define BOND_NAME_SIZE 16 /* IFNAMSIZ */

/* A port of a bond. */
struct bond_port {
	uint32_t if_index; /* first: rows are sorted by it */
	uint64_t have;
	char name[BOND_NAME_SIZE];
	bool up, active; /* active: up, and the bond sends through it */
	uint32_t speed_mbit, failures, aggregator_id;
	uint8_t lacp_state; /* of our side, IEEE 802.1AX: activity is 0x01, expired 0x80 */
};
#define BOND_PORT_HAVE_FAILURES BIT(0)
#define BOND_PORT_HAVE_LACP BIT(1)
/* bits of both */
#define BOND_HAVE_SPEED BIT(4)
#define BOND_HAVE_AGGREGATOR BIT(5)

/* A bond. Result of "bond": ascending index, and so are the ports. */
struct bond {
	uint32_t index; /* of the interface; first: rows are sorted by it */
	uint64_t have;
	char name[BOND_NAME_SIZE];
	char mode[32]; /* "802.3ad" */
	bool up;
	uint32_t mtu, speed_mbit, aggregator_id;
	uint8_t partner_mac[6];
	uint32_t ports, active_ports;
	struct bond_port *port_rows; /* `ports` of them */
};
#define BOND_HAVE_MTU BIT(0)
#define BOND_HAVE_PARTNER BIT(1)
struct bonds {
	struct part part;
	size_t n;
	struct bond rows[BONDS_MAX];
};

/* Result of "interrupts": sums of /proc/interrupts over the processors that are online. */
struct interrupts {
	struct part part;
	uint64_t have;
	uint64_t mce, mcp, trm, thr, dfr; /* the names of the rows */
};
#define INTERRUPTS_HAVE_MCE BIT(0)
#define INTERRUPTS_HAVE_MCP BIT(1)
#define INTERRUPTS_HAVE_TRM BIT(2)
#define INTERRUPTS_HAVE_THR BIT(3)
#define INTERRUPTS_HAVE_DFR BIT(4)

#define EDAC_ROWS_MAX 1024

/* A memory controller, or a module behind it. Result of "edac": in no order, index 0; in the snapshot: ascending
 * index. */
struct edac {
	uint32_t index;
	uint64_t have;
	char controller[12]; /* "mc0" */
	char label[64];      /* of the module; empty: the controller */
	char identity[32];   /* "mc0/dimm3" */
	uint64_t corrected, uncorrected;
};
#define EDAC_HAVE_CORRECTED BIT(0)
#define EDAC_HAVE_UNCORRECTED BIT(1)
struct edacs {
	struct part part;
	size_t n;
	struct edac rows[];
};

#define POWER_ZONES_MAX 256
#define POWER_ENTRY_SIZE 48
#define POWER_ZONE_SIZE 128

/* The energy of one part of the host. Result of "powercap": in no order, index 0, energy_uj as the kernel has it. In
 * the snapshot: ascending index, energy_uj carried on where the kernel begins again at 0. */
struct power {
	uint32_t index;
	uint64_t have;
	char zone[POWER_ZONE_SIZE]; /* "intel-rapl/package-0/core" */
	uint64_t raw_uj, range_uj;  /* of the kernel; it counts from 0 to range_uj, 0: not known */
	uint64_t energy_uj;
	uint32_t now_mw;
};
#define POWER_HAVE_NOW BIT(0)
struct powers {
	struct part part;
	int64_t read_mono_ns;
	size_t n;
	struct power rows[POWER_ZONES_MAX];
};

#endif
