/*
 * domain.h - one libvirt domain as a row of the snapshot. Plain data, each row a part of its own, so that a tick
 * replaces only the rows that changed.
 */
#ifndef EDGENODE_MODEL_DOMAIN_H
#define EDGENODE_MODEL_DOMAIN_H

#include "model/host.h"

#define DOMAINS_MAX 65536
#define DOMAIN_NAME_MAX 1024

/* The values of the MIB; libvirt's virDomainState is one less (and unknown has no counterpart). */
enum domain_state {
	DOMAIN_NO_STATE = 1, DOMAIN_RUNNING, DOMAIN_BLOCKED, DOMAIN_PAUSED, DOMAIN_SHUTDOWN, DOMAIN_SHUTOFF,
	DOMAIN_CRASHED, DOMAIN_PM_SUSPENDED, DOMAIN_UNKNOWN
};

/* What changes only when the definition does. Shared by the rows of one domain over time. */
struct domain_ident {
	struct part part;
	uint8_t uuid[16];
	char *name;
	char *os; /* libosinfo id from the metadata, else the OS type ("hvm") */
};
struct domain_ident *domain_ident_new(const uint8_t uuid[16], const char *name, const char *os);

struct domain {
	struct part part;
	struct domain_ident *ident; /* a reference */
	const char *name, *os;      /* of ident, here for the column rows */
	const uint8_t *uuid;        /* of ident, 16 octets */
	uint32_t index;             /* given by the builder */
	uint64_t have;
	uint8_t state;      /* enum domain_state */
	const char *reason; /* static string: libvirt's reason in lower case with '-', "unknown" */
	int32_t id;         /* -1 inactive */
	bool persistent, autostart;
	uint32_t vcpus, vcpus_max;
	uint64_t cpu_time_ns, cpu_user_time_ns, cpu_system_time_ns, steal_time_ns;
	uint64_t vcpu_time_ns; /* sum over its vCPUs: what cpu_time_ns has beyond it is overhead */
	uint64_t mem_max_kib, mem_current_kib, mem_rss_kib;
	uint64_t mem_available_kib, mem_unused_kib, mem_usable_kib, mem_disk_caches_kib; /* the guest's own view */
	uint64_t swap_in_kib, swap_out_kib, major_faults, minor_faults;
	int64_t balloon_update_real_ns; /* when the guest last updated its statistics (balloon.last-update) */
	uint64_t disk_read_bytes, disk_write_bytes, disk_reads, disk_writes, disk_errors, net_rx_bytes, net_tx_bytes;
	int64_t read_mono_ns; /* when this row was last read with success */

	/* The builder's: */
	uint32_t cpu_util_centi;   /* 10000 = all its vCPUs busy */
	uint32_t steal_util_centi; /* of its vCPUs */
	uint32_t overhead_centi;   /* of one host CPU */
	int64_t start_time_real_ns, start_mono_ns; /* of the present run */
	int64_t last_change_real_ns;               /* of state or definition */
	int64_t discontinuity_mono_ns;             /* counters of this row are continuous since then */
};
#define DOMAIN_HAVE_PERSISTENT BIT(0)
#define DOMAIN_HAVE_AUTOSTART BIT(1)
#define DOMAIN_HAVE_VCPUS BIT(2)
#define DOMAIN_HAVE_VCPUS_MAX BIT(3)
#define DOMAIN_HAVE_CPU_TIME BIT(4)
#define DOMAIN_HAVE_CPU_USER BIT(5)
#define DOMAIN_HAVE_CPU_SYSTEM BIT(6)
#define DOMAIN_HAVE_STEAL_TIME BIT(7)
#define DOMAIN_HAVE_MEM_MAX BIT(8)
#define DOMAIN_HAVE_MEM_CURRENT BIT(9)
#define DOMAIN_HAVE_MEM_RSS BIT(10)
#define DOMAIN_HAVE_MEM_AVAILABLE BIT(11)
#define DOMAIN_HAVE_MEM_UNUSED BIT(12)
#define DOMAIN_HAVE_MEM_USABLE BIT(13)
#define DOMAIN_HAVE_MEM_DISK_CACHES BIT(14)
#define DOMAIN_HAVE_SWAP_IN BIT(15)
#define DOMAIN_HAVE_SWAP_OUT BIT(16)
#define DOMAIN_HAVE_MAJOR_FAULTS BIT(17)
#define DOMAIN_HAVE_MINOR_FAULTS BIT(18)
#define DOMAIN_HAVE_BALLOON_UPDATE BIT(19)
#define DOMAIN_HAVE_DISK BIT(20)        /* read/write bytes and requests */
#define DOMAIN_HAVE_DISK_ERRORS BIT(21)
#define DOMAIN_HAVE_NET BIT(22)
#define DOMAIN_HAVE_CPU_UTIL BIT(23)
#define DOMAIN_HAVE_STEAL_UTIL BIT(24)
#define DOMAIN_HAVE_OVERHEAD BIT(25)
#define DOMAIN_HAVE_START BIT(26)
#define DOMAIN_HAVE_LAST_CHANGE BIT(27)
#define DOMAIN_HAVE_OS BIT(28)
#define DOMAIN_HAVE_VCPU_TIME BIT(29)

/* A zeroed row that holds a reference to ident (taken over from the caller). */
struct domain *domain_new(struct domain_ident *ident);
/* A copy to build the next row from. */
struct domain *domain_copy(const struct domain *domain);

/* What the hypervisor is. */
struct hypervisor {
	char *type;            /* "QEMU" */
	char *version;         /* "7.2.0" */
	char *libvirt_version; /* of the daemon we talk to */
	char *uri;
	bool have_host_uuid;
	uint8_t host_uuid[16]; /* libvirt capabilities' host uuid */
};

/* Result of "libvirt": every domain, index 0, in no order; in the snapshot: ascending index.
 * complete: the list is all there is, so a domain that is not in it is gone. */
void hypervisor_copy(const struct hypervisor *from, struct hypervisor *to); /* to: uninitialised */
void hypervisor_free(struct hypervisor *hypervisor); /* its strings */

struct domains {
	struct part part;
	bool complete;
	struct hypervisor hypervisor;
	size_t n;
	struct domain *rows[]; /* n references */
};
struct domains *domains_new(size_t n);

/* The row of that index among rows of ascending index; NULL where there is none. */
const struct domain *domain_rows_find(struct domain *const *rows, size_t n, uint32_t index);

#endif
