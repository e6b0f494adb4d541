/*
 * libvirt_rows.c - tables from libvirt's suffixes to the fields of a vCPU, disk or NIC, and what makes rows of them.
 * Pure; thread: the owner's. Data: what libvirt.c and libvirt_domain.c read.
 */
#include "source/libvirt_rows.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NUMBER_MAX 1000000000u

/* A vCPU, disk or NIC by libvirt's number. */
struct member {
	uint32_t number;
	const char *name; /* borrowed; NULL: none */
	union {
		struct vcpu vcpu;
		struct block block;
		struct nic nic;
	};
};

struct members {
	size_t n, room;
	struct member *list;
	bool over;	   /* there were more than the group's most */
	uint32_t greatest; /* number in the list */
};

enum group_id { GROUP_VCPU, GROUP_BLOCK, GROUP_NET, GROUPS };

struct libvirt_rows {
	struct members groups[GROUPS];
	bool covered;
	bool single_vcpus; /* their times came by single calls */
};

enum key_kind { KEY_NUMBER, KEY_NAME, KEY_STATE, KEY_FLAG };

struct key {
	const char *suffix;
	enum key_kind kind;
	size_t offset; /* in struct member */
	uint64_t have;
};

/* Sorted by suffix (bsearch). */
/* clang-format off */
static const struct key VCPU_KEYS[] = {
	{ "delay",      KEY_NUMBER, offsetof(struct member, vcpu.delay_ns), VCPU_HAVE_DELAY },
	{ "halted",     KEY_FLAG,   offsetof(struct member, vcpu.halted), VCPU_HAVE_HALTED },
	{ "state",      KEY_STATE,  0, 0 },
	{ "time",       KEY_NUMBER, offsetof(struct member, vcpu.time_ns), VCPU_HAVE_TIME },
	{ "wait",       KEY_NUMBER, offsetof(struct member, vcpu.wait_ns), VCPU_HAVE_WAIT },
};
static const struct key BLOCK_KEYS[] = {
	{ "allocation", KEY_NUMBER, offsetof(struct member, block.allocation_bytes), BLOCK_HAVE_ALLOCATION },
	{ "capacity",   KEY_NUMBER, offsetof(struct member, block.capacity_bytes), BLOCK_HAVE_CAPACITY },
	{ "errors",     KEY_NUMBER, offsetof(struct member, block.errors), BLOCK_HAVE_ERRORS },
	{ "fl.reqs",    KEY_NUMBER, offsetof(struct member, block.flushes), BLOCK_HAVE_FLUSHES },
	{ "fl.times",   KEY_NUMBER, offsetof(struct member, block.flush_time_ns), BLOCK_HAVE_FLUSH_TIME },
	{ "name",       KEY_NAME,   0, 0 },
	{ "physical",   KEY_NUMBER, offsetof(struct member, block.physical_bytes), BLOCK_HAVE_PHYSICAL },
	{ "rd.bytes",   KEY_NUMBER, offsetof(struct member, block.read_bytes), BLOCK_HAVE_READ_BYTES },
	{ "rd.reqs",    KEY_NUMBER, offsetof(struct member, block.reads), BLOCK_HAVE_READS },
	{ "rd.times",   KEY_NUMBER, offsetof(struct member, block.read_time_ns), BLOCK_HAVE_READ_TIME },
	{ "wr.bytes",   KEY_NUMBER, offsetof(struct member, block.write_bytes), BLOCK_HAVE_WRITE_BYTES },
	{ "wr.reqs",    KEY_NUMBER, offsetof(struct member, block.writes), BLOCK_HAVE_WRITES },
	{ "wr.times",   KEY_NUMBER, offsetof(struct member, block.write_time_ns), BLOCK_HAVE_WRITE_TIME },
};
static const struct key NET_KEYS[] = {
	{ "name",       KEY_NAME,   0, 0 },
	{ "rx.bytes",   KEY_NUMBER, offsetof(struct member, nic.rx_bytes), NIC_HAVE_RX_BYTES },
	{ "rx.drop",    KEY_NUMBER, offsetof(struct member, nic.rx_drops), NIC_HAVE_RX_DROPS },
	{ "rx.errs",    KEY_NUMBER, offsetof(struct member, nic.rx_errors), NIC_HAVE_RX_ERRORS },
	{ "rx.pkts",    KEY_NUMBER, offsetof(struct member, nic.rx_packets), NIC_HAVE_RX_PACKETS },
	{ "tx.bytes",   KEY_NUMBER, offsetof(struct member, nic.tx_bytes), NIC_HAVE_TX_BYTES },
	{ "tx.drop",    KEY_NUMBER, offsetof(struct member, nic.tx_drops), NIC_HAVE_TX_DROPS },
	{ "tx.errs",    KEY_NUMBER, offsetof(struct member, nic.tx_errors), NIC_HAVE_TX_ERRORS },
	{ "tx.pkts",    KEY_NUMBER, offsetof(struct member, nic.tx_packets), NIC_HAVE_TX_PACKETS },
};

static const struct group {
	const char *name; /* with the '.' */
	size_t name_length;
	size_t most;
	size_t have; /* offset in struct member */
	const struct key *keys;
	size_t n_keys;
} GROUP_TABLE[GROUPS] = {
	[GROUP_VCPU]  = { "vcpu.", 5, DOMAIN_VCPUS_MAX, offsetof(struct member, vcpu.have),
			  VCPU_KEYS, COUNT(VCPU_KEYS) },
	[GROUP_BLOCK] = { "block.", 6, DOMAIN_BLOCKS_MAX, offsetof(struct member, block.have),
			  BLOCK_KEYS, COUNT(BLOCK_KEYS) },
	[GROUP_NET]   = { "net.", 4, DOMAIN_NICS_MAX, offsetof(struct member, nic.have),
			  NET_KEYS, COUNT(NET_KEYS) },
};
/* clang-format on */

struct libvirt_rows *libvirt_rows_new(void)
{
	return mem_alloc(sizeof(struct libvirt_rows));
}

void libvirt_rows_free(struct libvirt_rows *rows)
{
	if (rows == NULL)
		return;
	for (size_t i = 0; i < GROUPS; i++)
		free(rows->groups[i].list);
	free(rows);
}

void libvirt_rows_reset(struct libvirt_rows *rows)
{
	for (size_t i = 0; i < GROUPS; i++) {
		rows->groups[i].n = 0;
		rows->groups[i].over = false;
		rows->groups[i].greatest = 0;
	}
	rows->covered = rows->single_vcpus = false;
}

bool libvirt_rows_covered(const struct libvirt_rows *rows)
{
	return rows->covered;
}

bool libvirt_rows_number(const virTypedParameter *param, uint64_t *out)
{
	switch (param->type) {
	case VIR_TYPED_PARAM_INT:
		*out = (uint64_t)param->value.i;
		return param->value.i >= 0;
	case VIR_TYPED_PARAM_UINT:
		*out = param->value.ui;
		return true;
	case VIR_TYPED_PARAM_LLONG:
		*out = (uint64_t)param->value.l;
		return param->value.l >= 0;
	case VIR_TYPED_PARAM_ULLONG:
		*out = param->value.ul;
		return true;
	default:
		return false;
	}
}

/* ---- gathering ---- */

static struct member *member_add(struct members *members, const struct group *group, uint32_t number)
{
	struct member *member;

	if (members->n == group->most) {
		members->over = true;
		return NULL;
	}
	if (members->n == members->room) {
		members->room = members->room > 0 ? 2 * members->room : 8;
		members->list = mem_grow(members->list, members->room, sizeof(members->list[0]));
	}
	member = &members->list[members->n++];
	memset(member, 0, sizeof(*member));
	member->number = number;
	members->greatest = number > members->greatest ? number : members->greatest;
	if (group == &GROUP_TABLE[GROUP_VCPU])
		member->vcpu.state = VCPU_UNKNOWN;
	return member;
}

/* libvirt speaks of one after the other, ascending: it is nearly always the last, or new. */
static struct member *member_of(struct members *members, const struct group *group, uint32_t number)
{
	for (size_t i = number <= members->greatest ? members->n : 0; i > 0; i--)
		if (members->list[i - 1].number == number)
			return &members->list[i - 1];
	return member_add(members, group, number);
}

/* "NUMBER.": the number and what is behind it, or NULL where the text is of another form. */
static const char *suffix_of(const char *text, uint32_t *number)
{
	const char *p = text;

	*number = 0;
	for (; *p >= '0' && *p <= '9' && *number < NUMBER_MAX / 10; p++)
		*number = *number * 10 + (uint32_t)(*p - '0');
	return p > text && *p == '.' ? p + 1 : NULL;
}

static int key_compare(const void *suffix, const void *key)
{
	return strcmp(suffix, ((const struct key *)key)->suffix);
}

static void member_number(struct member *member, const struct group *group, const struct key *key, uint64_t value)
{
	uint64_t have;

	memcpy((char *)member + key->offset, &value, sizeof(value));
	memcpy(&have, (char *)member + group->have, sizeof(have));
	have |= key->have;
	memcpy((char *)member + group->have, &have, sizeof(have));
}

/* libvirt's virVcpuState */
static uint8_t vcpu_state(uint64_t state)
{
	static const uint8_t STATES[] = {
		[VIR_VCPU_OFFLINE] = VCPU_OFFLINE, [VIR_VCPU_RUNNING] = VCPU_RUNNING, [VIR_VCPU_BLOCKED] = VCPU_BLOCKED
	};

	return state < COUNT(STATES) ? STATES[state] : VCPU_UNKNOWN;
}

static void member_set(struct member *member, const struct group *group, const struct key *key,
		       const virTypedParameter *param)
{
	uint64_t value;

	if (key->kind == KEY_NAME && param->type == VIR_TYPED_PARAM_STRING) {
		member->name = param->value.s;
	} else if (key->kind == KEY_FLAG && param->type == VIR_TYPED_PARAM_BOOLEAN) {
		member->vcpu.halted = param->value.b != 0;
		member->vcpu.have |= key->have;
	} else if (key->kind == KEY_STATE && libvirt_rows_number(param, &value)) {
		member->vcpu.state = vcpu_state(value);
	} else if (key->kind == KEY_NUMBER && libvirt_rows_number(param, &value)) {
		member_number(member, group, key, value);
	}
}

static const struct key *key_of(const struct group *group, const char *suffix)
{
	return bsearch(suffix, group->keys, group->n_keys, sizeof(group->keys[0]), key_compare);
}

bool libvirt_rows_knows(const char *field)
{
	for (size_t i = 0; i < GROUPS; i++) {
		const struct group *group = &GROUP_TABLE[i];
		const bool is_of = strncmp(field, group->name, group->name_length) == 0;
		uint32_t number;
		const char *suffix = is_of ? suffix_of(field + group->name_length, &number) : NULL;

		if (suffix != NULL)
			return key_of(group, suffix) != NULL;
	}
	return false;
}

static bool group_take(struct members *members, const struct group *group, const virTypedParameter *param)
{
	uint32_t number;
	const char *suffix = suffix_of(param->field + group->name_length, &number);
	const struct key *key;
	struct member *member;

	if (suffix == NULL)
		return false;
	key = key_of(group, suffix);
	member = key != NULL ? member_of(members, group, number) : NULL;
	if (member != NULL)
		member_set(member, group, key, param);
	return true;
}

bool libvirt_rows_take(struct libvirt_rows *rows, const virTypedParameter *param)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (strncmp(param->field, GROUP_TABLE[i].name, GROUP_TABLE[i].name_length) != 0)
			continue;
		rows->covered = rows->covered || i != GROUP_VCPU;
		return group_take(&rows->groups[i], &GROUP_TABLE[i], param);
	}
	return false;
}

void libvirt_rows_vcpu(struct libvirt_rows *rows, const virVcpuInfo *info)
{
	struct member *member = member_of(&rows->groups[GROUP_VCPU], &GROUP_TABLE[GROUP_VCPU], info->number);

	if (member == NULL)
		return;
	rows->single_vcpus = true;
	member->vcpu.state = info->state >= 0 ? vcpu_state((uint64_t)info->state) : VCPU_UNKNOWN;
	member->vcpu.time_ns = info->cpuTime;
	member->vcpu.have = VCPU_HAVE_TIME;
	if (info->cpu >= 0) {
		member->vcpu.physical = info->cpu;
		member->vcpu.have |= VCPU_HAVE_PHYSICAL;
	}
}

/* Both structures of libvirt hold signed numbers, negative where the driver does not know. */
struct single {
	size_t offset;
	uint64_t have;
	long long value;
};

static void singles_set(struct libvirt_rows *rows, enum group_id id, const char *name, const struct single *singles,
			size_t n)
{
	struct members *members = &rows->groups[id];
	struct member *member = member_add(members, &GROUP_TABLE[id], (uint32_t)members->n);

	if (member == NULL)
		return;
	member->name = name;
	for (size_t i = 0; i < n; i++) {
		const struct key key = { .offset = singles[i].offset, .have = singles[i].have };

		if (singles[i].value >= 0)
			member_number(member, &GROUP_TABLE[id], &key, (uint64_t)singles[i].value);
	}
}

void libvirt_rows_block(struct libvirt_rows *rows, const char *name, const virDomainBlockStatsStruct *stats)
{
	const struct single singles[] = {
		{ offsetof(struct member, block.reads), BLOCK_HAVE_READS, stats->rd_req },
		{ offsetof(struct member, block.read_bytes), BLOCK_HAVE_READ_BYTES, stats->rd_bytes },
		{ offsetof(struct member, block.writes), BLOCK_HAVE_WRITES, stats->wr_req },
		{ offsetof(struct member, block.write_bytes), BLOCK_HAVE_WRITE_BYTES, stats->wr_bytes },
		{ offsetof(struct member, block.errors), BLOCK_HAVE_ERRORS, stats->errs },
	};

	singles_set(rows, GROUP_BLOCK, name, singles, COUNT(singles));
}

void libvirt_rows_nic(struct libvirt_rows *rows, const char *name, const virDomainInterfaceStatsStruct *stats)
{
	const struct single singles[] = {
		{ offsetof(struct member, nic.rx_bytes), NIC_HAVE_RX_BYTES, stats->rx_bytes },
		{ offsetof(struct member, nic.rx_packets), NIC_HAVE_RX_PACKETS, stats->rx_packets },
		{ offsetof(struct member, nic.rx_errors), NIC_HAVE_RX_ERRORS, stats->rx_errs },
		{ offsetof(struct member, nic.rx_drops), NIC_HAVE_RX_DROPS, stats->rx_drop },
		{ offsetof(struct member, nic.tx_bytes), NIC_HAVE_TX_BYTES, stats->tx_bytes },
		{ offsetof(struct member, nic.tx_packets), NIC_HAVE_TX_PACKETS, stats->tx_packets },
		{ offsetof(struct member, nic.tx_errors), NIC_HAVE_TX_ERRORS, stats->tx_errs },
		{ offsetof(struct member, nic.tx_drops), NIC_HAVE_TX_DROPS, stats->tx_drop },
	};

	singles_set(rows, GROUP_NET, name, singles, COUNT(singles));
}

/* ---- rows of the domain ---- */

static int by_number(const void *a, const void *b)
{
	const uint32_t x = ((const struct member *)a)->number, y = ((const struct member *)b)->number;

	return x < y ? -1 : x > y;
}

/* Sums over vCPUs count only as a whole: one that lacks a vCPU would jump back when that is there again. Times of
 * single calls are no sum: nothing says that they are of the same clock as the domain's, and libvirt's test driver has
 * its vCPUs stand still while the domain's time goes on, which would be overhead and nothing else. */
static void vcpus_finish(const struct libvirt_rows *rows, struct domain *row)
{
	const struct members *members = &rows->groups[GROUP_VCPU];
	uint64_t all = members->over ? 0 : VCPU_HAVE_TIME | VCPU_HAVE_DELAY;

	if (members->n == 0)
		return;
	qsort(members->list, members->n, sizeof(members->list[0]), by_number);
	row->n_vcpus = members->n;
	row->vcpu_rows = mem_array(members->n, sizeof(row->vcpu_rows[0]));
	for (size_t i = 0; i < members->n; i++) {
		row->vcpu_rows[i] = members->list[i].vcpu;
		row->vcpu_rows[i].index = members->list[i].number + 1;
		row->vcpu_time_ns += row->vcpu_rows[i].time_ns;
		row->steal_time_ns += row->vcpu_rows[i].delay_ns;
		all &= row->vcpu_rows[i].have;
	}
	if (rows->single_vcpus)
		all &= ~VCPU_HAVE_TIME;
	row->have |= (all & VCPU_HAVE_TIME) != 0 ? DOMAIN_HAVE_VCPU_TIME : 0;
	row->have |= (all & VCPU_HAVE_DELAY) != 0 ? DOMAIN_HAVE_STEAL_TIME : 0;
}

/* Over all that libvirt gives numbers for, those that the XML does not name yet, too; as of vCPUs, only as a whole. */
static void blocks_sum(const struct members *members, struct domain *row)
{
	const uint64_t traffic = BLOCK_HAVE_READS | BLOCK_HAVE_READ_BYTES | BLOCK_HAVE_WRITES | BLOCK_HAVE_WRITE_BYTES;
	uint64_t any = 0;

	if (members->over)
		return;
	for (size_t i = 0; i < members->n; i++) {
		const struct block *block = &members->list[i].block;

		row->disk_reads += block->reads;
		row->disk_read_bytes += block->read_bytes;
		row->disk_writes += block->writes;
		row->disk_write_bytes += block->write_bytes;
		row->disk_errors += block->errors;
		any |= block->have;
	}
	row->have |= (any & traffic) == traffic ? DOMAIN_HAVE_DISK : 0;
	row->have |= (any & BLOCK_HAVE_ERRORS) != 0 ? DOMAIN_HAVE_DISK_ERRORS : 0;
}

static void nics_sum(const struct members *members, struct domain *row)
{
	const uint64_t traffic = NIC_HAVE_RX_BYTES | NIC_HAVE_TX_BYTES;
	uint64_t any = 0;

	if (members->over)
		return;
	for (size_t i = 0; i < members->n; i++) {
		row->net_rx_bytes += members->list[i].nic.rx_bytes;
		row->net_tx_bytes += members->list[i].nic.tx_bytes;
		any |= members->list[i].nic.have;
	}
	row->have |= (any & traffic) == traffic ? DOMAIN_HAVE_NET : 0;
}

static bool blocks_finish(const struct members *members, struct domain *row)
{
	const size_t n = row->devices->n_blocks;
	bool known = true;

	row->n_blocks = n;
	row->block_rows = n > 0 ? mem_array(n, sizeof(row->block_rows[0])) : NULL;
	for (size_t i = 0; i < n; i++)
		row->block_rows[i].device = &row->devices->blocks[i];
	for (size_t i = 0; i < members->n; i++) {
		const struct member *member = &members->list[i];
		size_t at = 0;

		if (member->name == NULL)
			continue;
		while (at < n && strcmp(row->devices->blocks[at].target, member->name) != 0)
			at++;
		known = known && at < n;
		if (at == n)
			continue;
		row->block_rows[at] = member->block;
		row->block_rows[at].device = &row->devices->blocks[at];
	}
	return known;
}

static bool nics_finish(const struct members *members, struct domain *row)
{
	const size_t n = row->devices->n_nics;
	bool known = true;

	row->n_nics = n;
	row->nic_rows = n > 0 ? mem_array(n, sizeof(row->nic_rows[0])) : NULL;
	for (size_t i = 0; i < n; i++)
		row->nic_rows[i].device = &row->devices->nics[i];
	for (size_t i = 0; i < members->n; i++) {
		const struct member *member = &members->list[i];
		size_t at = 0;

		if (member->name == NULL)
			continue;
		while (at < n && (row->devices->nics[at].target == NULL ||
				  strcmp(row->devices->nics[at].target, member->name) != 0))
			at++;
		known = known && at < n;
		if (at == n)
			continue;
		row->nic_rows[at] = member->nic;
		row->nic_rows[at].device = &row->devices->nics[at];
	}
	return known;
}

bool libvirt_rows_finish(struct libvirt_rows *rows, struct domain *row)
{
	bool known;

	vcpus_finish(rows, row);
	blocks_sum(&rows->groups[GROUP_BLOCK], row);
	nics_sum(&rows->groups[GROUP_NET], row);
	if (row->devices == NULL)
		return true;
	known = blocks_finish(&rows->groups[GROUP_BLOCK], row);
	return nics_finish(&rows->groups[GROUP_NET], row) && known;
}
