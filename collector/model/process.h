/*
 * process.h - the QEMU processes of the host as the kernel accounts them. Plain data. Result of "process".
 */
#ifndef EDGENODE_MODEL_PROCESS_H
#define EDGENODE_MODEL_PROCESS_H

#include "model/host.h"

#define PROCESSES_MAX 16384 /* of domains */

/* The thread of one vCPU. */
struct process_vcpu {
	uint32_t number; /* of the vCPU */
	uint64_t have;
	uint64_t time_ns, delay_ns; /* ran; waited for a host CPU while it could run (schedstat) */
	int32_t physical;           /* host CPU it last ran on */
};
#define PROCESS_VCPU_HAVE_TIMES BIT(0)
#define PROCESS_VCPU_HAVE_PHYSICAL BIT(1)

/* The process of one domain. */
struct process {
	uint8_t uuid[16]; /* of the domain: first, rows are sorted by it */
	uint64_t have;
	uint32_t pid;
	int64_t start_mono_ns, start_real_ns; /* of the process */
	int64_t read_mono_ns;
	uint64_t cpu_time_ns, cpu_user_ns, cpu_system_ns;
	uint64_t rss_kib;
	uint64_t read_bytes, write_bytes; /* that it caused to be read from and written to storage */
	size_t n_vcpus;
	struct process_vcpu *vcpus; /* ascending number; owned by the part */
};
#define PROCESS_HAVE_CPU_TIME BIT(0)
#define PROCESS_HAVE_CPU_SPLIT BIT(1) /* user and system */
#define PROCESS_HAVE_RSS BIT(2)
#define PROCESS_HAVE_IO BIT(3)
#define PROCESS_HAVE_START BIT(4)
#define PROCESS_HAVE_GROUP BIT(5) /* libvirt made a control group for it, which nobody else can */

/* A network device of the host. */
struct net_device {
	char name[16]; /* IFNAMSIZ; rows are sorted by it */
	/* As the host sees them: what a guest receives is sent by the tap. */
	uint64_t rx_bytes, rx_packets, rx_errors, rx_drops, tx_bytes, tx_packets, tx_errors, tx_drops;
};
#define NET_DEVICES_MAX 16384

struct processes {
	struct part part;
	int64_t net_read_mono_ns; /* 0: the network devices could not be read */
	size_t n, n_devices;
	struct process *rows;
	struct net_device *devices;
};

#endif
