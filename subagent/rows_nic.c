/*
 * rows_nic.c - group 6 edgeNic: the network interfaces of the domains.
 *
 * Const data; the getters are pure. Rows: struct nic of each struct domain.
 */
#include "subagent/rows.h"

DOMAIN_ROWS(nic, struct nic, nic_rows, n_nics)
DEVICE_TEXT(get_target, struct nic, target)
DEVICE_TEXT(get_model, struct nic, model)
DEVICE_TEXT(get_source, struct nic, source)

static bool get_mac(const struct cell_context *context, struct cell *cell)
{
	const struct nic *row = context->row[1];

	return row->device != NULL && cell_octets(row->device->mac, sizeof(row->device->mac), cell);
}

/* clang-format off */
#define ROW struct nic
#define IF_INDEX(arc, name, member) FIELD(arc, name, SYN_IF_INDEX, F_U32, member, 0, NULL)
static const struct column NIC_COLUMNS[] = {
	GET(2,      edgeNicTarget,            SYN_STRING, get_target, 0, NULL),
	GET(3,      edgeNicMac,               SYN_MAC, get_mac, 0, NULL),
	GET(4,      edgeNicModel,             SYN_STRING, get_model, 0, NULL),
	GET(5,      edgeNicSource,            SYN_STRING, get_source, 0, NULL),
	IF_INDEX(6, edgeNicIfIndex,           if_index),
	C64(7,      edgeNicRxBytes,           rx_bytes, NIC_HAVE_RX_BYTES, "bytes"),
	C64(8,      edgeNicRxPackets,         rx_packets, NIC_HAVE_RX_PACKETS, "packets"),
	C64(9,      edgeNicRxErrors,          rx_errors, NIC_HAVE_RX_ERRORS, "packets"),
	C64(10,     edgeNicRxDrops,           rx_drops, NIC_HAVE_RX_DROPS, "packets"),
	C64(11,     edgeNicTxBytes,           tx_bytes, NIC_HAVE_TX_BYTES, "bytes"),
	C64(12,     edgeNicTxPackets,         tx_packets, NIC_HAVE_TX_PACKETS, "packets"),
	C64(13,     edgeNicTxErrors,          tx_errors, NIC_HAVE_TX_ERRORS, "packets"),
	C64(14,     edgeNicTxDrops,           tx_drops, NIC_HAVE_TX_DROPS, "packets"),
	STAMP(15,   edgeNicDiscontinuityTime, discontinuity_mono_ns, 0),
};
#undef IF_INDEX
#undef ROW

static const char *const NIC_INDEXES[] = { "edgeDomainIndex", "edgeNicIndex" };
const struct table NIC_TABLE = {
	"edgeNicTable", { ARC_OBJECTS, GROUP_NIC, 1 }, 3, 2, { LEVEL_OF(domain), LEVEL_OF(nic) },
	offsetof(struct nic, have), COLUMNS_OF(NIC_COLUMNS), 1, NIC_INDEXES
};
/* clang-format on */
