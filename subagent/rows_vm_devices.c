/*
 * rows_vm_devices.c - VM-MIB (RFC 7666): the virtual CPUs, the host CPUs they may run on, the storage and the network
 * interfaces of the virtual machines.
 *
 * Const data; the getters are pure. Rows: struct vcpu, struct block and struct nic of each struct domain; their indexes
 * are those of EDGENODE-MIB.
 */
#include "base/clock.h"
#include "subagent/rows.h"

#include <string.h>

DOMAIN_ROWS(vcpu, struct vcpu, vcpu_rows, n_vcpus)
DOMAIN_PART_ROWS(block, struct block, block_rows, n_blocks)
DOMAIN_PART_ROWS(nic, struct nic, nic_rows, n_nics)

#define NOT_KNOWN (-1)
#define KIB 1024
#define MIB 1048576

/* --- virtual CPUs ------------------------------------------------------------------------------------------------- */

/* hrDeviceIndex of net-snmp's HOST-RESOURCES-MIB: the processors, from this number on. */
#define HOST_CPUS_FROM 196608

enum { AFFINITY_UNKNOWN, AFFINITY_ENABLED, AFFINITY_DISABLED };

static size_t host_cpu_count(const struct cell_context *context)
{
	return context->snapshot->cpus != NULL ? context->snapshot->cpus->n : 0;
}

static const void *host_cpu_at(const struct cell_context *context, size_t i)
{
	return &context->snapshot->cpus->rows[i];
}

static uint32_t host_cpu_index(const void *row)
{
	return HOST_CPUS_FROM + ((const struct cpu *)row)->index - 1;
}

/* The set of the vCPU's own, or the domain's; NULL: there is none. */
static const char *pin_of(const struct domain_devices *devices, uint32_t vcpu)
{
	for (size_t i = 0; i < devices->n_pins; i++)
		if (devices->pins[i].vcpu == vcpu)
			return devices->pins[i].cpus;
	return devices->cpus;
}

static bool get_affinity(const struct cell_context *context, struct cell *cell)
{
	const struct domain *domain = context->row[0];
	const struct vcpu *vcpu = context->row[1];
	const struct cpu *cpu = context->row[2];
	const char *pin;

	if (domain->devices == NULL)
		return cell_integer(AFFINITY_UNKNOWN, cell);
	pin = pin_of(domain->devices, vcpu->index - 1);
	if (pin == NULL)
		return cell_integer(domain->devices->placed ? AFFINITY_UNKNOWN : AFFINITY_ENABLED, cell);
	return cell_integer(vcpu_pin_has(pin, cpu->index - 1) ? AFFINITY_ENABLED : AFFINITY_DISABLED, cell);
}

/* clang-format off */
static const struct column VM_CPU_COLUMNS[] = {
	{ 2, "vmCpuCoreTime", SYN_COUNTER64, F_U64, offsetof(struct vcpu, time_ns), VCPU_HAVE_TIME, NS_PER_US, NULL,
	  "microsecond" },
};
static const struct column VM_CPU_AFFINITY_COLUMNS[] = {
	GET(3, vmCpuAffinity, SYN_ENUM, get_affinity, 0, NULL),
};

static const char *const VM_CPU_INDEXES[] = { "vmIndex", "vmCpuIndex", "vmCpuPhysIndex" };
const struct table VM_CPU_TABLE = {
	"vmCpuTable", { 1, 5 }, 2, 2, { LEVEL_OF(domain), LEVEL_OF(vcpu) },
	offsetof(struct vcpu, have), COLUMNS_OF(VM_CPU_COLUMNS), 1, VM_CPU_INDEXES
};
const struct table VM_CPU_AFFINITY_TABLE = {
	"vmCpuAffinityTable", { 1, 6 }, 2, 3, { LEVEL_OF(domain), LEVEL_OF(vcpu), LEVEL_OF(host_cpu) },
	NO_HAVE, COLUMNS_OF(VM_CPU_AFFINITY_COLUMNS), 1, VM_CPU_INDEXES
};
/* clang-format on */

/* --- storage ------------------------------------------------------------------------------------------------------ */

enum {
	SOURCE_TYPE_UNKNOWN = 1,
	SOURCE_TYPE_OTHER,
	SOURCE_TYPE_BLOCK,
	SOURCE_TYPE_RAW,
	SOURCE_TYPE_SPARSE,
	SOURCE_TYPE_NETWORK
};
enum { ACCESS_UNKNOWN = 1, ACCESS_READ_WRITE, ACCESS_READ_ONLY };
enum { MEDIA_OTHER = 1, MEDIA_UNKNOWN, MEDIA_HARD_DISK, MEDIA_OPTICAL, MEDIA_FLOPPY };

static const struct block_device *device_of(const struct cell_context *context)
{
	static const struct block_device none;
	const struct block *row = context->row[1];

	return row->device != NULL ? row->device : &none;
}

static bool get_parent(const struct cell_context *context, struct cell *cell)
{
	(void)context;
	return cell_integer(0, cell);
}

static int32_t source_type(const struct cell_context *context)
{
	const struct block_device *device = device_of(context);

	switch (device->source_type) {
	case BLOCK_SOURCE_FILE:
		if (device->format == NULL)
			return SOURCE_TYPE_UNKNOWN;
		return strcmp(device->format, "raw") == 0 ? SOURCE_TYPE_RAW : SOURCE_TYPE_SPARSE;
	case BLOCK_SOURCE_DEVICE:
		return SOURCE_TYPE_BLOCK;
	case BLOCK_SOURCE_NETWORK:
		return SOURCE_TYPE_NETWORK;
	case BLOCK_SOURCE_OTHER:
		return SOURCE_TYPE_OTHER;
	default:
		return SOURCE_TYPE_UNKNOWN;
	}
}

static bool get_source_type(const struct cell_context *context, struct cell *cell)
{
	return cell_integer(source_type(context), cell);
}

static bool get_format(const struct cell_context *context, struct cell *cell)
{
	return cell_text(device_of(context)->format, cell) || cell_text("", cell);
}

static bool get_source(const struct cell_context *context, struct cell *cell)
{
	return cell_text(device_of(context)->source, cell) || cell_text("", cell);
}

static bool get_access(const struct cell_context *context, struct cell *cell)
{
	const struct block *row = context->row[1];

	if (row->device == NULL)
		return cell_integer(ACCESS_UNKNOWN, cell);
	return cell_integer(row->device->read_only ? ACCESS_READ_ONLY : ACCESS_READ_WRITE, cell);
}

static bool get_media(const struct cell_context *context, struct cell *cell)
{
	static const uint8_t MEDIA[] = { MEDIA_UNKNOWN, [BLOCK_MEDIA_DISK] = MEDIA_HARD_DISK, MEDIA_OPTICAL,
					 MEDIA_FLOPPY };
	const uint8_t media = device_of(context)->media;

	return cell_integer(media < sizeof(MEDIA) ? MEDIA[media] : MEDIA_OTHER, cell);
}

static bool get_bus(const struct cell_context *context, struct cell *cell)
{
	return cell_text(device_of(context)->bus, cell) || cell_text("", cell);
}

/* KiB, and MiB where the sizes are not numbers of KiB. */
static uint64_t size_unit(const struct block *row)
{
	const uint64_t most = (uint64_t)INT32_MAX * KIB;
	const bool large = ((row->have & BLOCK_HAVE_CAPACITY) != 0 && row->capacity_bytes > most) ||
			   ((row->have & BLOCK_HAVE_ALLOCATION) != 0 && row->allocation_bytes > most);

	return large ? MIB : KIB;
}

static bool get_size_unit(const struct cell_context *context, struct cell *cell)
{
	return cell_integer((int32_t)size_unit(context->row[1]), cell);
}

static bool set_size(const struct block *row, uint64_t have, uint64_t bytes, struct cell *cell)
{
	const uint64_t size = bytes / size_unit(row);

	if ((row->have & have) == 0)
		return cell_integer(NOT_KNOWN, cell);
	return cell_integer(size < INT32_MAX ? (int32_t)size : INT32_MAX, cell);
}

static bool get_defined_size(const struct cell_context *context, struct cell *cell)
{
	const struct block *row = context->row[1];

	return set_size(row, BLOCK_HAVE_CAPACITY, row->capacity_bytes, cell);
}

/* By the module that of a device or raw file is the defined one, whatever the file system has left out. */
static bool get_allocated_size(const struct cell_context *context, struct cell *cell)
{
	const struct block *row = context->row[1];
	const int32_t type = source_type(context);

	if (type == SOURCE_TYPE_BLOCK || type == SOURCE_TYPE_RAW)
		return get_defined_size(context, cell);
	return set_size(row, BLOCK_HAVE_ALLOCATION, row->allocation_bytes, cell);
}

/* clang-format off */
#define ROW struct block
#define LATENCY(arc, name, member, have) \
	{ (arc), #name, SYN_COUNTER64, F_U64, offsetof(ROW, member), (have), NS_PER_US, NULL, NULL }
static const struct column VM_STORAGE_COLUMNS[] = {
	GET(3,      vmStorageParent,           SYN_INTEGER32, get_parent, 0, NULL),
	GET(4,      vmStorageSourceType,       SYN_ENUM, get_source_type, 0, NULL),
	GET(5,      vmStorageSourceTypeString, SYN_STRING, get_format, 0, NULL),
	GET(6,      vmStorageResourceID,       SYN_STRING, get_source, 0, NULL),
	GET(7,      vmStorageAccess,           SYN_ENUM, get_access, 0, NULL),
	GET(8,      vmStorageMediaType,        SYN_ENUM, get_media, 0, NULL),
	GET(9,      vmStorageMediaTypeString,  SYN_STRING, get_bus, 0, NULL),
	GET(10,     vmStorageSizeUnit,         SYN_INTEGER32, get_size_unit, 0, NULL),
	GET(11,     vmStorageDefinedSize,      SYN_INTEGER32, get_defined_size, 0, NULL),
	GET(12,     vmStorageAllocatedSize,    SYN_INTEGER32, get_allocated_size, 0, NULL),
	C64(13,     vmStorageReadIOs,          reads, BLOCK_HAVE_READS, NULL),
	C64(14,     vmStorageWriteIOs,         writes, BLOCK_HAVE_WRITES, NULL),
	C64(15,     vmStorageReadOctets,       read_bytes, BLOCK_HAVE_READ_BYTES, NULL),
	C64(16,     vmStorageWriteOctets,      write_bytes, BLOCK_HAVE_WRITE_BYTES, NULL),
	LATENCY(17, vmStorageReadLatency,      read_time_ns, BLOCK_HAVE_READ_TIME),
	LATENCY(18, vmStorageWriteLatency,     write_time_ns, BLOCK_HAVE_WRITE_TIME),
};
#undef LATENCY
#undef ROW

static const char *const VM_STORAGE_INDEXES[] = { "vmStorageVmIndex", "vmStorageIndex" };
const struct table VM_STORAGE_TABLE = {
	"vmStorageTable", { 1, 7 }, 2, 2, { LEVEL_OF(domain), LEVEL_OF(block) },
	offsetof(struct block, have), COLUMNS_OF(VM_STORAGE_COLUMNS), 2, VM_STORAGE_INDEXES
};
/* clang-format on */

/* --- networks ----------------------------------------------------------------------------------------------------- */

static bool get_model(const struct cell_context *context, struct cell *cell)
{
	const struct nic *row = context->row[1];

	return (row->device != NULL && cell_text(row->device->model, cell)) || cell_text("", cell);
}

static bool get_mac(const struct cell_context *context, struct cell *cell)
{
	const struct nic *row = context->row[1];

	return row->device != NULL && cell_octets(row->device->mac, sizeof(row->device->mac), cell);
}

/* clang-format off */
#define ROW struct nic
static const struct column VM_NETWORK_COLUMNS[] = {
	FIELD(2, vmNetworkIfIndex, SYN_IF_INDEX, F_U32, if_index, 0, NULL),
	FIELD(3, vmNetworkParent,  SYN_IF_INDEX, F_U32, parent_if_index, 0, NULL),
	GET(4,   vmNetworkModel,   SYN_STRING, get_model, 0, NULL),
	GET(5,   vmNetworkPhysAddress, SYN_MAC, get_mac, 0, NULL),
};
#undef ROW

static const char *const VM_NETWORK_INDEXES[] = { "vmIndex", "vmNetworkIndex" };
const struct table VM_NETWORK_TABLE = {
	"vmNetworkTable", { 1, 8 }, 2, 2, { LEVEL_OF(domain), LEVEL_OF(nic) },
	NO_HAVE, COLUMNS_OF(VM_NETWORK_COLUMNS), 1, VM_NETWORK_INDEXES
};
/* clang-format on */
