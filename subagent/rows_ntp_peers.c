/*
 * rows_ntp_peers.c - NTPv4-MIB (RFC 5907): the associations of the time daemon, and what it counts of each.
 *
 * Const data; the getters are pure. Rows: struct clock_peer of the snapshot; ntpAssocId is edgeClockPeerIndex.
 */
#include "base/clock.h"
#include "subagent/rows.h"
#include "subagent/rows_ntp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

enum { ADDRESS_IPV4 = 1, ADDRESS_IPV6 };

/* Ascending index; a greater one than the module has is none of its rows. */
static size_t peer_count(const struct cell_context *context)
{
	const struct clock_peers *peers = context->snapshot->clock_peers;
	size_t n = peers != NULL ? peers->n : 0;

	while (n > 0 && peers->rows[n - 1].index > NTP_ASSOCIATION_MOST)
		n--;
	return n;
}

static const void *peer_at(const struct cell_context *context, size_t i)
{
	return &context->snapshot->clock_peers->rows[i];
}

static uint32_t peer_index(const void *row)
{
	return ((const struct clock_peer *)row)->index;
}

/* The driver of a reference clock, or what it is called where the daemon does not tell one. A server has none. */
static bool get_peer_id(const struct cell_context *context, struct cell *cell)
{
	const struct clock_peer *peer = context->row[0];

	if ((peer->have & CLOCK_PEER_HAVE_DRIVER) != 0)
		return cell_text(peer->driver, cell);
	return peer->mode == CLOCK_PEER_REFCLOCK && cell_text(peer->name, cell);
}

/* The type of the peer's address, 0 where its name is none. */
static int32_t read_address(const struct clock_peer *peer, uint8_t out[16])
{
	if (inet_pton(AF_INET, peer->name, out) == 1)
		return ADDRESS_IPV4;
	return inet_pton(AF_INET6, peer->name, out) == 1 ? ADDRESS_IPV6 : 0;
}

static bool get_address_type(const struct cell_context *context, struct cell *cell)
{
	uint8_t address[16];
	const int32_t type = read_address(context->row[0], address);

	return type != 0 && cell_integer(type, cell);
}

static bool get_address(const struct cell_context *context, struct cell *cell)
{
	const int32_t type = read_address(context->row[0], cell->octet_scratch);

	return type != 0 && cell_octets(cell->octet_scratch, type == ADDRESS_IPV4 ? 4 : 16, cell);
}

static bool get_peer_offset(const struct cell_context *context, struct cell *cell)
{
	return rows_ntp_offset(((const struct clock_peer *)context->row[0])->offset_ns, cell);
}

static bool get_peer_stratum(const struct cell_context *context, struct cell *cell)
{
	return rows_ntp_stratum(((const struct clock_peer *)context->row[0])->stratum, cell);
}

/* "0.032000" */
static bool set_ms_of_ns(uint64_t ns, struct cell *cell)
{
	const int n = snprintf((char *)cell->octet_scratch, sizeof(cell->octet_scratch), "%" PRIu64 ".%06" PRIu64,
			       ns / (uint64_t)NS_PER_MS, ns % (uint64_t)NS_PER_MS);

	return cell_octets(cell->octet_scratch, (size_t)n, cell);
}

static bool get_peer_jitter(const struct cell_context *context, struct cell *cell)
{
	return set_ms_of_ns(((const struct clock_peer *)context->row[0])->jitter_ns, cell);
}

static bool get_peer_delay(const struct cell_context *context, struct cell *cell)
{
	return set_ms_of_ns(((const struct clock_peer *)context->row[0])->delay_ns, cell);
}

static bool get_peer_dispersion(const struct cell_context *context, struct cell *cell)
{
	return rows_ntp_ms(((const struct clock_peer *)context->row[0])->root_dispersion_us, "", cell);
}

/* clang-format off */
#define ROW struct clock_peer
static const struct column NTP_ASSOCIATION_COLUMNS[] = {
	CHARS(2, ntpAssocName,             name, 0),
	GET(3,   ntpAssocRefId,            SYN_STRING, get_peer_id, 0, NULL),
	GET(4,   ntpAssocAddressType,      SYN_ENUM, get_address_type, 0, NULL),
	GET(5,   ntpAssocAddress,          SYN_STRING, get_address, 0, NULL),
	GET(6,   ntpAssocOffset,           SYN_STRING, get_peer_offset, CLOCK_PEER_HAVE_OFFSET, NULL),
	GET(7,   ntpAssocStratum,          SYN_UNSIGNED32, get_peer_stratum, CLOCK_PEER_HAVE_STRATUM, NULL),
	GET(8,   ntpAssocStatusJitter,     SYN_STRING, get_peer_jitter, CLOCK_PEER_HAVE_JITTER, NULL),
	GET(9,   ntpAssocStatusDelay,      SYN_STRING, get_peer_delay, CLOCK_PEER_HAVE_DELAY, NULL),
	GET(10,  ntpAssocStatusDispersion, SYN_STRING, get_peer_dispersion, CLOCK_PEER_HAVE_ROOT_DISPERSION, NULL),
};
static const struct column NTP_ASSOCIATION_STATISTICS_COLUMNS[] = {
	C32(1, ntpAssocStatInPkts,        packets_in, CLOCK_PEER_HAVE_PACKETS, "packets"),
	C32(2, ntpAssocStatOutPkts,       packets_out, CLOCK_PEER_HAVE_PACKETS, "packets"),
	C32(3, ntpAssocStatProtocolError, protocol_errors, CLOCK_PEER_HAVE_PROTOCOL_ERRORS, "packets"),
};
#undef ROW

static const char *const NTP_ASSOCIATION_INDEXES[] = { "ntpAssocId" };
const struct table NTP_ASSOCIATION_TABLE = {
	"ntpAssociationTable", { 1, 3, 1 }, 3, 1, { LEVEL_OF(peer) },
	offsetof(struct clock_peer, have), COLUMNS_OF(NTP_ASSOCIATION_COLUMNS), 1, NTP_ASSOCIATION_INDEXES
};
const struct table NTP_ASSOCIATION_STATISTICS_TABLE = {
	"ntpAssociationStatisticsTable", { 1, 3, 2 }, 3, 1, { LEVEL_OF(peer) },
	offsetof(struct clock_peer, have), COLUMNS_OF(NTP_ASSOCIATION_STATISTICS_COLUMNS), 0, NTP_ASSOCIATION_INDEXES
};
/* clang-format on */
