/*
 * domain.h - one libvirt domain as a row of the snapshot. Plain data, each row a part of its own, so that a tick
 * replaces only the rows that changed.
 */
#ifndef EDGENODE_MODEL_DOMAIN_H
#define EDGENODE_MODEL_DOMAIN_H

#include "model/host.h"
#include "model/row_pool.h"

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

/* What holds a disk's data, and what the guest takes it for. 0: libvirt did not say, or a word of a later version. */
enum block_source { BLOCK_SOURCE_FILE = 1, BLOCK_SOURCE_DEVICE, BLOCK_SOURCE_NETWORK, BLOCK_SOURCE_OTHER };
enum block_media { BLOCK_MEDIA_DISK = 1, BLOCK_MEDIA_OPTICAL, BLOCK_MEDIA_FLOPPY };

/* One disk or NIC as the domain XML describes it. Strings are owned by the devices part; NULL is absent. */
#define DOMAIN_BLOCKS_MAX 256
#define DOMAIN_NICS_MAX 256
#define DOMAIN_VCPUS_MAX 4096
struct block_device {
	char *target; /* "vda", unique in its domain: what the index is kept for */
	char *source; /* file, device, or network URI as libvirt writes it */
	char *alias;  /* libvirt's name of it in events; NULL where the domain is off */
	char *format; /* of the data: "qcow2", "raw" */
	char *bus;    /* "virtio" */
	uint8_t source_type, media;
	bool read_only;
};
struct nic_device {
	char *target; /* "vnet3"; NULL where the domain is off */
	uint8_t mac[6];
	uint32_t ordinal; /* among NICs of this domain with the same MAC: 0, 1, ... */
	char *model;  /* "virtio" */
	char *source; /* bridge or network name */
	char *parent; /* the host's device that its traffic goes through: the bridge, or what a macvtap is on */
	bool host_view; /* the host's device counts as the guest does (macvtap), not the other way round (tap) */
};

/* The host CPUs a vCPU may run on, as libvirt writes a set: "0-3,^2". */
struct vcpu_pin {
	uint32_t vcpu; /* its number */
	char *cpus;
};
/* Whether the set has the CPU. False, too, for what is no set. */
bool vcpu_pin_has(const char *cpus, uint32_t cpu);

/* What the domain XML says; read again only when it may have changed. Shared by the rows of one domain over time. */
struct domain_devices {
	struct part part;
	char *channel_path; /* host socket of the channel org.github.vhostmd.1; NULL where there is none */
	size_t n_blocks, n_nics, n_pins;
	struct block_device *blocks;
	struct nic_device *nics;
	struct vcpu_pin *pins; /* of single vCPUs */
	char *cpus;            /* where all others may run; NULL: on any CPU */
	bool placed;           /* the host places it where it likes at each start: nobody says where */
};
struct domain_devices *domain_devices_new(size_t n_blocks, size_t n_nics);
/* The same as one piece of memory, which is much less. The reference is taken over; nothing of the result may be replaced. */
struct domain_devices *domain_devices_pack(struct domain_devices *devices);

/* Rows of a domain's tables, each ascending by index. A row's strings are those of the domain's devices. */
enum vcpu_state { VCPU_OFFLINE = 1, VCPU_RUNNING, VCPU_BLOCKED, VCPU_UNKNOWN };
struct vcpu {
	uint32_t index; /* vCPU number + 1 */
	uint64_t have;
	uint8_t state;
	bool halted;
	int32_t physical; /* host CPU number */
	uint64_t time_ns, wait_ns, delay_ns;
	uint32_t util_centi; /* the builder's */
};
#define VCPU_HAVE_TIME BIT(0)
#define VCPU_HAVE_WAIT BIT(1)
#define VCPU_HAVE_DELAY BIT(2)
#define VCPU_HAVE_HALTED BIT(3)
#define VCPU_HAVE_PHYSICAL BIT(4)
#define VCPU_HAVE_UTIL BIT(5)
struct block {
	uint32_t index; /* the builder's */
	uint64_t have;
	const struct block_device *device;
	uint64_t reads, read_bytes, read_time_ns, writes, write_bytes, write_time_ns, flushes, flush_time_ns, errors;
	uint64_t capacity_bytes, allocation_bytes, physical_bytes;
	int64_t discontinuity_mono_ns; /* the builder's */
};
#define BLOCK_HAVE_READS BIT(0)
#define BLOCK_HAVE_READ_BYTES BIT(1)
#define BLOCK_HAVE_READ_TIME BIT(2)
#define BLOCK_HAVE_WRITES BIT(3)
#define BLOCK_HAVE_WRITE_BYTES BIT(4)
#define BLOCK_HAVE_WRITE_TIME BIT(5)
#define BLOCK_HAVE_FLUSHES BIT(6)
#define BLOCK_HAVE_FLUSH_TIME BIT(7)
#define BLOCK_HAVE_ERRORS BIT(8)
#define BLOCK_HAVE_CAPACITY BIT(9)
#define BLOCK_HAVE_ALLOCATION BIT(10)
#define BLOCK_HAVE_PHYSICAL BIT(11)
struct nic {
	uint32_t index; /* the builder's */
	uint64_t have;
	const struct nic_device *device;
	uint32_t if_index, parent_if_index; /* of the host's device and its parent; 0 where there is none */
	/* As the guest sees them. */
	uint64_t rx_bytes, rx_packets, rx_errors, rx_drops, tx_bytes, tx_packets, tx_errors, tx_drops;
	int64_t discontinuity_mono_ns; /* the builder's */
};
#define NIC_HAVE_RX_BYTES BIT(0)
#define NIC_HAVE_RX_PACKETS BIT(1)
#define NIC_HAVE_RX_ERRORS BIT(2)
#define NIC_HAVE_RX_DROPS BIT(3)
#define NIC_HAVE_TX_BYTES BIT(4)
#define NIC_HAVE_TX_PACKETS BIT(5)
#define NIC_HAVE_TX_ERRORS BIT(6)
#define NIC_HAVE_TX_DROPS BIT(7)

struct domain {
	struct part part;
	struct row_block *block; /* that it lies in; NULL: a piece of memory of its own */
	size_t size;             /* of its piece: with the tables below, where it is a copy */
	struct domain_ident *ident; /* a reference */
	struct domain_devices *devices; /* a reference; NULL until the XML was read */
	size_t n_vcpus, n_blocks, n_nics; /* rows below */
	struct vcpu *vcpu_rows;   /* owned, as the next two: in its piece, or allocated */
	struct block *block_rows; /* device points into devices */
	struct nic *nic_rows;     /* device points into devices */
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
	int64_t read_mono_ns; /* when this row was last read with success from libvirt */
	int64_t state_mono_ns; /* when its number and state were, where that was later; 0: with the rest */
	/* Of its process (model/process.h); then the CPU times, the resident size, the vCPUs' times and the NICs' counters
	 * are of the process and the host's devices, too. */
	uint32_t process_id;
	uint64_t process_read_bytes, process_write_bytes;
	int64_t process_mono_ns;       /* when it was read */
	int64_t process_start_mono_ns; /* which process it is, with its number */

	/* The builder's: */
	uint32_t cpu_util_centi;   /* 10000 = all its vCPUs busy */
	uint32_t steal_util_centi; /* of its vCPUs */
	uint32_t overhead_centi;   /* of one host CPU */
	int64_t start_time_real_ns, start_mono_ns; /* of the present run */
	int64_t run_mono_ns;                       /* when the first row of it was read */
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
#define DOMAIN_HAVE_PROCESS BIT(30)
#define DOMAIN_HAVE_PROCESS_IO BIT(31)
#define DOMAIN_HAVE_PROCESS_VCPUS BIT(32) /* the vCPUs' times and their sums are of its threads */

/* A zeroed row that holds a reference to ident (taken over from the caller). */
struct domain *domain_new(struct domain_ident *ident);
/* A copy to build the next row from: one piece of memory with its tables, from the pool or (NULL) of its own. */
struct domain *domain_copy(const struct domain *domain, struct row_pool *pool);
/* The same row as one piece of the pool. The reference is taken over; nobody else may have one. */
struct domain *domain_pack(struct domain *domain, struct row_pool *pool);

/* Takes over the allocated table. */
void domain_set_vcpus(struct domain *domain, struct vcpu *rows, size_t n);

/* When number and state of this row were read. */
int64_t domain_state_mono_ns(const struct domain *domain);

/* What the hypervisor is. */
struct hypervisor {
	char *type;            /* "QEMU" */
	char *version;         /* "7.2.0" */
	char *libvirt_version; /* of the daemon we talk to */
	char *uri;
	bool local; /* its domains run on this host */
	bool have_host_uuid;
	uint8_t host_uuid[16]; /* libvirt capabilities' host uuid */
};

/* Result of "libvirt": every domain, index 0, in no order; in the snapshot: ascending index.
 * complete: the list is all there is, so a domain that is not in it is gone. */
void hypervisor_copy(const struct hypervisor *from, struct hypervisor *to); /* to: uninitialised */
void hypervisor_free(struct hypervisor *hypervisor); /* its strings */

struct domains {
	struct part part;
	uint64_t number; /* that no other list has: by it one that is gone is known from one in its place */
	bool complete;
	struct hypervisor hypervisor;
	size_t n;
	struct domain *rows[]; /* n references */
};
struct domains *domains_new(size_t n);

/* The row of that index among rows of ascending index; NULL where there is none. */
const struct domain *domain_rows_find(struct domain *const *rows, size_t n, uint32_t index);

#endif
