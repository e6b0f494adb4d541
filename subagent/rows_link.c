/*
 * rows_link.c - group 12 edgeLink: bonds of the host's network interfaces.
 *
 * Const data. Rows: struct bond of the snapshot and its ports.
 */
#include "subagent/rows.h"

PART_ROWS(bond, bonds, struct bond, index, &)

static size_t port_count(const struct cell_context *context)
{
	return ((const struct bond *)context->row[0])->ports;
}

static const void *port_at(const struct cell_context *context, size_t i)
{
	return &((const struct bond *)context->row[0])->port_rows[i];
}

static uint32_t port_index(const void *row)
{
	return ((const struct bond_port *)row)->if_index;
}

/* clang-format off */
#define ROW struct bond
static const struct column BOND_COLUMNS[] = {
	CHARS(1, edgeBondName,         name, 0),
	CHARS(2, edgeBondMode,         mode, 0),
	G32(3,   edgeBondMtu,          mtu, BOND_HAVE_MTU, "octets"),
	G32(4,   edgeBondSpeed,        speed_mbit, BOND_HAVE_SPEED, "Mbit/s"),
	BOOL(5,  edgeBondUp,           up, 0),
	G32(6,   edgeBondPorts,        ports, 0, "ports"),
	G32(7,   edgeBondActivePorts,  active_ports, 0, "ports"),
	U32(8,   edgeBondAggregatorId, aggregator_id, BOND_HAVE_AGGREGATOR, NULL),
	MAC(9,   edgeBondPartnerMac,   partner_mac, BOND_HAVE_PARTNER),
};
#undef ROW

/* The index is that of ifTable: the table has none of its own. */
static const char *const BOND_INDEXES[] = { "ifIndex" };
const struct table BOND_TABLE = {
	"edgeBondTable", { ARC_OBJECTS, GROUP_LINK, 1 }, 3, 1, { LEVEL_OF(bond) },
	offsetof(struct bond, have), COLUMNS_OF(BOND_COLUMNS), 0, BOND_INDEXES
};

#define ROW struct bond_port
static const struct column BOND_PORT_COLUMNS[] = {
	CHARS(2, edgeBondPortName,         name, 0),
	BOOL(3,  edgeBondPortUp,           up, 0),
	G32(4,   edgeBondPortSpeed,        speed_mbit, BOND_HAVE_SPEED, "Mbit/s"),
	C32(5,   edgeBondPortFailures,     failures, BOND_PORT_HAVE_FAILURES, "failures"),
	U32(6,   edgeBondPortAggregatorId, aggregator_id, BOND_HAVE_AGGREGATOR, NULL),
	BITS(7,  edgeBondPortLacpState,    lacp_state, BOND_PORT_HAVE_LACP),
};
#undef ROW

static const char *const BOND_PORT_INDEXES[] = { "ifIndex", "edgeBondPortIfIndex" };
const struct table BOND_PORT_TABLE = {
	"edgeBondPortTable", { ARC_OBJECTS, GROUP_LINK, 2 }, 3, 2, { LEVEL_OF(bond), LEVEL_OF(port) },
	offsetof(struct bond_port, have), COLUMNS_OF(BOND_PORT_COLUMNS), 1, BOND_PORT_INDEXES
};
/* clang-format on */
