/*
 * test_hardware.c - the sources of the host's devices: parsers on good, cut, empty, huge and binary text, the sources
 * on the trees of tests/fixtures and on broken files, and the rows that the builder makes of them.
 */
#include "base/clock.h"
#include "base/err.h"
#include "model/build_hardware.h"
#include "model/builder.h"
#include "source/procsys.h"
#include "subagent/table.h"
#include "tests/unit/tree.h"

extern const struct source source_diskstats, source_bond, source_edac, source_interrupts,
	source_powercap;

static const struct source *const HARDWARE[] = { &source_diskstats, &source_bond, &source_edac, &source_interrupts,
						&source_powercap };

static void fails_with(const struct source *source, int code, const char *text)
{
	struct part *part;

	ck_assert_msg(poll_tree(source, scratch, &part) == code, "%s: not %d: %s", source->name, code, error.text);
	ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" does not say \"%s\"", error.text, text);
}

/* --- parsers ----------------------------------------------------------------------------------------------------- */

static int run_diskstats(const char *text, size_t length, uint32_t *line)
{
	struct host_disks *part = NULL;
	const int rc = diskstats_parse(text, length, &part, line);

	ck_assert_int_eq(rc == 0, part != NULL);
	for (size_t i = 0; rc == 0 && i < part->n; i++)
		ck_assert_uint_gt(strlen(part->rows[i].name), 0);
	part_unref(part);
	return rc;
}

static int run_interrupts(const char *text, size_t length, uint32_t *line)
{
	struct interrupts *part = NULL;
	const int rc = interrupts_parse(text, length, &part, line);

	ck_assert_int_eq(rc == 0, part != NULL);
	part_unref(part);
	return rc;
}

static const struct {
	int (*run)(const char *text, size_t length, uint32_t *line);
	const char *good;
} PARSERS[] = {
	{ run_diskstats, " 8 0 sda 1 0 8 5 2 0 16 6 3 7 11\n 8 1 sda1 1 0 8 5 2 0 16 6 3 7 11 0 0 0 0 0 0\n" },
	{ run_interrupts, "           CPU0\n MCE:   1   2  Machine check exceptions\nMCP: 3\n" },
};

static int run_exact(size_t parser, const char *text, size_t length, uint32_t *line)
{
	return parse_exact(PARSERS[parser].run, text, length, line);
}

START_TEST(parsers_refuse_cut_text)
{
	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		const char *text = PARSERS[i].good;
		uint32_t line;

		for (size_t cut = 1; cut <= strlen(text); cut++)
			ck_assert_msg((run_exact(i, text, cut, &line) == 0) == (text[cut - 1] == '\n'),
				      "parser %zu, cut at %zu", i, cut);
		run_exact(i, "", 0, &line);
	}
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

START_TEST(parsers_survive_binary_and_huge)
{
	const size_t size = 3 << 19;
	char *huge = malloc(size);
	uint32_t state = 7, line;

	for (size_t i = 0; i < COUNT(PARSERS); i++) {
		const size_t n = strlen(PARSERS[i].good);

		for (int round = 0; round < 2000; round++) {
			char bytes[2048];

			memcpy(bytes, PARSERS[i].good, n);
			for (int k = 0; k < 1 + round % 4; k++)
				bytes[next_random(&state) % n] = (char)next_random(&state);
			run_exact(i, bytes, n, &line);
		}
		for (size_t k = 0; k < size; k++)
			huge[k] = PARSERS[i].good[k % n];
		huge[size - 1] = '\n';
		run_exact(i, huge, size, &line);
		memset(huge, 0, size - 1);
		run_exact(i, huge, size, &line);
		memset(huge, '9', size - 1);
		run_exact(i, huge, size, &line);
	}
	free(huge);
}
END_TEST

START_TEST(parsers_name_the_line)
{
	static const struct {
		size_t parser;
		const char *text;
		int rc;
		uint32_t line;
	} CASES[] = {
		{ 0, "8 0 sda 1 0 8 5 2 0 16 6 3 7\n", -ERR_PARSE, 1 },
		{ 0, "8 0 sda 1 0 8 5 2 0 16 6 3 7 8\n8 0\n", -ERR_PARSE, 2 },
		{ 0, "8 0 .. 1 0 8 5 2 0 16 6 3 7 8\n", -ERR_PARSE, 1 },
		{ 0, "8 0 a-name-of-more-than-thirty-one-bytes 1 0 8 5 2 0 16 6 3 7 8\n", -ERR_PARSE, 1 },
		{ 0, "8 0 sda 1 0 8 5 2 0 16 6 3 7 8x\n", -ERR_PARSE, 1 },
		{ 0, "8 0 sda 1 0 8 4294967296 2 0 16 6 3 7 8\n", -ERR_RANGE, 1 },
		{ 0, "8 0 sda 1 0 36028797018963968 5 2 0 16 6 3 7 8\n", -ERR_RANGE, 1 },
		{ 1, " 0: x\n MCE: x\n", -ERR_PARSE, 2 },
		{ 1, "MCE: 1\nTRM:\n", -ERR_PARSE, 2 },
		{ 1, "THR: 18446744073709551615 1\n", -ERR_RANGE, 1 },
		{ 1, "THR: 99999999999999999999 1\n", -ERR_RANGE, 1 },
	};

	for (size_t i = 0; i < COUNT(CASES); i++) {
		uint32_t line;
		const int rc = run_exact(CASES[i].parser, CASES[i].text, strlen(CASES[i].text), &line);

		ck_assert_msg(rc == CASES[i].rc && line == CASES[i].line, "\"%s\" gave %d at line %u", CASES[i].text,
			      rc, line);
	}
}
END_TEST

START_TEST(empty_tree_is_absent)
{
	struct part *part;

	for (size_t i = 0; i < COUNT(HARDWARE); i++)
		ck_assert_msg(poll_tree(HARDWARE[i], FIXTURES "/empty", &part) == -ERR_ABSENT, "%s: %s",
			      HARDWARE[i]->name, error.text);
}
END_TEST

/* This machine's own: whatever it has, no source may fail. */
START_TEST(real_tree)
{
	struct part *part;

	for (size_t i = 0; i < COUNT(HARDWARE); i++) {
		const int rc = poll_tree(HARDWARE[i], "", &part);

		ck_assert_msg(rc == 0 || rc == -ERR_ABSENT, "%s: %s", HARDWARE[i]->name, error.text);
		part_unref(part);
	}
}
END_TEST

/* --- disks ------------------------------------------------------------------------------------------------------- */

START_TEST(server_disks)
{
	static const struct {
		const char *name, *identity;
	} WANTED[] = {
		{ "loop0", "loop0" },
		{ "nvme0n1", "eui.0025385b71b0a1c1" },
		{ "nvme0n2", "eui.0025385b71b0a1c2" },
		{ "sda", "naa.5000c500a1b2c3d4" },
		{ "sdb", "naa.5000c500a1b2c3d4#2" },
		{ "cciss/c0d0", "cciss/c0d0" },
		{ "dm-0", "LVM-example0volume0" },
	};
	struct host_disks *disks = must_poll(&source_diskstats, "server-intel");

	ck_assert_uint_eq(disks->n, COUNT(WANTED));
	for (size_t i = 0; i < COUNT(WANTED); i++) {
		ck_assert_str_eq(disks->rows[i].name, WANTED[i].name);
		ck_assert_str_eq(disks->rows[i].identity, WANTED[i].identity);
	}
	ck_assert_uint_eq(disks->rows[1].reads, 48112233);
	ck_assert_uint_eq(disks->rows[1].read_bytes, UINT64_C(6912345678) * 512);
	ck_assert_uint_eq(disks->rows[1].read_time_ms, 4294960000);
	ck_assert_uint_eq(disks->rows[1].writes, 90123456);
	ck_assert_uint_eq(disks->rows[1].write_bytes, UINT64_C(8123456784) * 512);
	ck_assert_uint_eq(disks->rows[1].write_time_ms, 1200300400);
	ck_assert_uint_eq(disks->rows[1].in_flight, 3);
	ck_assert_uint_eq(disks->rows[1].busy_time_ms, 77665544);
	ck_assert_int_gt(disks->read_mono_ns, 0);
	part_unref(disks);
}
END_TEST

START_TEST(board_disks)
{
	struct host_disks *disks = must_poll(&source_diskstats, "board-arm");

	ck_assert_uint_eq(disks->n, 2);
	ck_assert_str_eq(disks->rows[0].identity, "0x1a2b3c4d");
	ck_assert_str_eq(disks->rows[1].identity, "0x1a2b3c4d#2");
	part_unref(disks);
}
END_TEST

START_TEST(disks_in_a_broken_tree)
{
	char *text = malloc(1 << 20);
	size_t n = 0;

	scratch_make();
	scratch_text("/proc/diskstats", "8 0 sda one\n");
	fails_with(&source_diskstats, -ERR_PARSE, "/proc/diskstats:1: malformed");
	scratch_text("/proc/diskstats", "8 1 sda1 1 0 8 5 2 0 16 6 3 7 11\n");
	fails_with(&source_diskstats, -ERR_ABSENT, "/proc/diskstats");
	for (unsigned i = 0; i <= HOST_DISKS_MAX; i++)
		n += (size_t)sprintf(text + n, "8 0 d%u 1 0 8 5 2 0 16 6 3 7 11\n", i);
	scratch_write("/proc/diskstats", text, n);
	fails_with(&source_diskstats, -ERR_LIMIT, "/proc/diskstats:4097:");
	scratch_remove();
	free(text);
}
END_TEST

static struct host_disks *two_disks(const char *first, const char *second, int64_t read_mono_ns)
{
	struct host_disks *raw = procsys_part_new(sizeof(*raw) + 2 * sizeof(raw->rows[0]));

	raw->read_mono_ns = read_mono_ns;
	raw->n = second != NULL ? 2 : 1;
	snprintf(raw->rows[0].identity, sizeof(raw->rows[0].identity), "%s", first);
	if (second != NULL)
		snprintf(raw->rows[1].identity, sizeof(raw->rows[1].identity), "%s", second);
	return raw;
}

/* Numbers follow the identity; what the kernel keeps in 32 bits goes on; a disk that began anew begins anew. */
START_TEST(built_disks)
{
	struct index_map *indexes = index_map_new();
	struct host_disks *raw = two_disks("A", "B", NS_PER_S), *first, *second, *third;

	raw->rows[0].read_time_ms = UINT32_MAX - 5;
	raw->rows[0].busy_time_ms = UINT32_MAX;
	raw->rows[1].reads = 7;
	first = build_host_disks(indexes, NULL, raw, 100);
	ck_assert_uint_eq(first->n, 2);
	ck_assert_uint_eq(first->rows[0].index, 1);
	ck_assert_uint_eq(first->rows[0].have, 0);
	part_unref(raw);

	raw = two_disks("B", "A", 3 * NS_PER_S);
	raw->rows[0].reads = 6;
	raw->rows[0].busy_time_ms = 1;
	raw->rows[1].read_time_ms = 4;
	raw->rows[1].busy_time_ms = 499;
	second = build_host_disks(indexes, first, raw, 102);
	ck_assert_str_eq(second->rows[0].identity, "A");
	ck_assert_uint_eq(second->rows[0].index, 1);
	ck_assert_uint_eq(second->rows[0].read_time_ms, UINT64_C(0x100000000) + 4);
	ck_assert_uint_eq(second->rows[0].busy_time_ms, UINT64_C(0x100000000) + 499);
	ck_assert_uint_eq(second->rows[0].have, HOST_DISK_HAVE_UTIL);
	ck_assert_uint_eq(second->rows[0].util_centi, 2500);
	ck_assert_uint_eq(second->rows[1].busy_time_ms, 1);
	ck_assert_uint_eq(second->rows[1].have, 0);
	part_unref(raw);

	raw = two_disks("B", NULL, 4 * NS_PER_S);
	third = build_host_disks(indexes, second, raw, 103);
	ck_assert_uint_eq(third->n, 1);
	ck_assert_uint_eq(third->rows[0].index, 2);
	index_map_expire(indexes, 103 + INDEX_RETIRED_S + 1);
	ck_assert_uint_eq(index_map_find(indexes, "hostdisk:A"), 0);
	ck_assert_uint_eq(index_map_find(indexes, "hostdisk:B"), 2);
	part_unref(raw);
	part_unref(first);
	part_unref(second);
	part_unref(third);
	index_map_free(indexes);
}
END_TEST

START_TEST(one_row_of_each_number)
{
	struct index_map *indexes = index_map_new();
	struct host_disks *raw = two_disks("A", "A", NS_PER_S), *built = build_host_disks(indexes, NULL, raw, 100);

	ck_assert_uint_eq(built->n, 1);
	part_unref(raw);
	part_unref(built);
	index_map_free(indexes);
}
END_TEST

/* --- bonds ------------------------------------------------------------------------------------------------------- */

START_TEST(names_of_interfaces)
{
	const char *list = " bond0  b1 ";
	char name[BOND_NAME_SIZE];

	ck_assert_int_eq(bond_take_name(&list, name), 1);
	ck_assert_str_eq(name, "bond0");
	ck_assert_int_eq(bond_take_name(&list, name), 1);
	ck_assert_str_eq(name, "b1");
	ck_assert_int_eq(bond_take_name(&list, name), 0);
	list = "sixteen-octets-x";
	ck_assert_int_eq(bond_take_name(&list, name), -ERR_PARSE);
	list = "..";
	ck_assert_int_eq(bond_take_name(&list, name), -ERR_PARSE);
	list = "a/b";
	ck_assert_int_eq(bond_take_name(&list, name), -ERR_PARSE);
}
END_TEST

START_TEST(addresses)
{
	static const char *const BAD[] = { "", "00:1c:73:0a:0b", "00:1c:73:0a:0b:0g", "00-1c-73-0a-0b-0c",
					   "00:1c:73:0a:0b:0c:", "001c:73:0a:0b:0c:0" };
	uint8_t mac[6] = { 9 };

	for (size_t i = 0; i < COUNT(BAD); i++)
		ck_assert_msg(bond_parse_mac(BAD[i], mac) < 0, "\"%s\" was taken", BAD[i]);
	ck_assert_uint_eq(mac[0], 9);
	ck_assert_int_eq(bond_parse_mac("00:1c:73:0A:fB:0c", mac), 0);
	ck_assert_uint_eq(mac[0], 0);
	ck_assert_uint_eq(mac[4], 0xfb);
}
END_TEST

START_TEST(server_bonds)
{
	struct bonds *bonds = must_poll(&source_bond, "server-intel");
	const struct bond *lacp = &bonds->rows[0], *backup = &bonds->rows[1];

	ck_assert_uint_eq(bonds->n, 2);
	ck_assert_uint_eq(lacp->index, 7);
	ck_assert_str_eq(lacp->name, "bond0");
	ck_assert_str_eq(lacp->mode, "802.3ad");
	ck_assert(lacp->up);
	ck_assert_uint_eq(lacp->have, BOND_HAVE_MTU | BOND_HAVE_SPEED | BOND_HAVE_AGGREGATOR | BOND_HAVE_PARTNER);
	ck_assert_uint_eq(lacp->mtu, 9000);
	ck_assert_uint_eq(lacp->speed_mbit, 20000);
	ck_assert_uint_eq(lacp->aggregator_id, 1);
	ck_assert_uint_eq(lacp->partner_mac[5], 0x0c);
	ck_assert_uint_eq(lacp->ports, 2);
	ck_assert_uint_eq(lacp->active_ports, 2);
	ck_assert_str_eq(lacp->port_rows[0].name, "eno1");
	ck_assert_uint_eq(lacp->port_rows[0].if_index, 2);
	ck_assert_uint_eq(lacp->port_rows[0].lacp_state, 63);
	ck_assert_uint_eq(lacp->port_rows[1].failures, 4);
	ck_assert_str_eq(backup->mode, "active-backup");
	ck_assert_uint_eq(backup->have, BOND_HAVE_MTU | BOND_HAVE_SPEED);
	ck_assert_uint_eq(backup->ports, 2);
	ck_assert_uint_eq(backup->active_ports, 1);
	ck_assert(backup->port_rows[0].up && !backup->port_rows[1].up);
	ck_assert_uint_eq(backup->port_rows[1].have, BOND_PORT_HAVE_FAILURES);
	ck_assert_uint_eq(backup->port_rows[1].failures, 12);
	part_unref(bonds);
}
END_TEST

/* The first bit of BITS is the highest one of the octet. */
START_TEST(lacp_state_as_bits)
{
	const struct bond_port port = { .have = BOND_PORT_HAVE_LACP, .lacp_state = 0x3d };
	struct snapshot *snapshot = snapshot_new();
	struct cell_context context;
	const struct table *table;
	const struct column *column = table_column("edgeBondPortLacpState", &table);
	struct cell cell;

	cell_context_init(&context, snapshot, 0, 0);
	context.row[1] = &port;
	ck_assert(column_get(table, column, &context, &cell));
	ck_assert_int_eq(cell.type, CELL_OCTETS);
	ck_assert_uint_eq(cell.octets.length, 1);
	ck_assert_uint_eq(cell.octets.data[0], 0xbc);
	part_unref(snapshot);
}
END_TEST

START_TEST(bonds_in_a_broken_tree)
{
	char text[4096] = "";
	struct bonds *bonds;

	scratch_make();
	scratch_text("/sys/class/net/bonding_masters", "\n");
	fails_with(&source_bond, -ERR_ABSENT, "bonding_masters");
	scratch_text("/sys/class/net/bonding_masters", "gone ../etc\n");
	fails_with(&source_bond, -ERR_PARSE, "bonding_masters");
	scratch_text("/sys/class/net/bonding_masters", "gone b0\n");
	scratch_text("/sys/class/net/b0/ifindex", "4\n");
	scratch_text("/sys/class/net/b0/bonding/mode", "broadcast 3\n");
	scratch_text("/sys/class/net/b0/bonding/slaves", "lost\n");
	ck_assert_int_eq(poll_tree(&source_bond, scratch, (struct part **)&bonds), 0);
	ck_assert_uint_eq(bonds->n, 1);
	ck_assert_uint_eq(bonds->rows[0].have, 0);
	ck_assert_uint_eq(bonds->rows[0].ports, 0);
	part_unref(bonds);
	for (unsigned i = 0; i <= BOND_PORTS_MAX; i++) {
		char path[64];

		sprintf(text + strlen(text), "p%u ", i);
		snprintf(path, sizeof(path), "/sys/class/net/p%u/ifindex", i);
		scratch_text(path, "9\n");
	}
	scratch_text("/sys/class/net/b0/bonding/slaves", text);
	fails_with(&source_bond, -ERR_LIMIT, "/sys/class/net/b0/bonding");
	scratch_text("/sys/class/net/b0/bonding/slaves", "p/1");
	fails_with(&source_bond, -ERR_PARSE, "/sys/class/net/b0/bonding");
	scratch_remove();
}
END_TEST

/* What the kernel says of the ports then is from before. */
START_TEST(bond_that_is_down)
{
	struct bonds *bonds;

	scratch_make();
	scratch_text("/sys/class/net/bonding_masters", "b0\n");
	scratch_text("/sys/class/net/b0/ifindex", "9\n");
	scratch_text("/sys/class/net/b0/bonding/mode", "802.3ad 4\n");
	scratch_text("/sys/class/net/b0/bonding/slaves", "p1\n");
	scratch_text("/sys/class/net/p1/ifindex", "3\n");
	scratch_text("/sys/class/net/p1/bonding_slave/mii_status", "up\n");
	scratch_text("/sys/class/net/p1/bonding_slave/state", "active\n");
	for (uint32_t up = 0; up < 2; up++) {
		scratch_text("/sys/class/net/b0/operstate", up ? "up\n" : "down\n");
		ck_assert_int_eq(poll_tree(&source_bond, scratch, (struct part **)&bonds), 0);
		ck_assert_uint_eq(bonds->rows[0].up, up);
		ck_assert_uint_eq(bonds->rows[0].active_ports, up);
		ck_assert(bonds->rows[0].port_rows[0].up);
		part_unref(bonds);
	}
	scratch_remove();
}
END_TEST

/* --- errors ------------------------------------------------------------------------------------------------------ */

START_TEST(server_interrupts)
{
	struct interrupts *part = must_poll(&source_interrupts, "server-intel");
	struct part *none;

	ck_assert_uint_eq(part->have, (INTERRUPTS_HAVE_DFR << 1) - 1);
	ck_assert_uint_eq(part->mce, 1);
	ck_assert_uint_eq(part->mcp, 27002);
	ck_assert_uint_eq(part->trm, 19);
	ck_assert_uint_eq(part->thr, 2);
	ck_assert_uint_eq(part->dfr, 0);
	part_unref(part);
	ck_assert_int_eq(poll_tree(&source_interrupts, FIXTURES "/board-arm", &none), -ERR_ABSENT);
}
END_TEST

START_TEST(server_memory_errors)
{
	static const struct {
		const char *controller, *label;
		uint64_t have, corrected, uncorrected;
	} WANTED[] = {
		{ "mc0", "", EDAC_HAVE_CORRECTED | EDAC_HAVE_UNCORRECTED, 9, 1 },
		{ "mc0", "CPU_SrcID#0_MC#0_Chan#0_DIMM#0", EDAC_HAVE_CORRECTED | EDAC_HAVE_UNCORRECTED, 8, 0 },
		{ "mc0", "channel 1 slot 0", EDAC_HAVE_CORRECTED | EDAC_HAVE_UNCORRECTED, 0, 1 },
		{ "mc1", "", EDAC_HAVE_CORRECTED | EDAC_HAVE_UNCORRECTED, 0, 0 },
		{ "mc1", "rank0", 0, 0, 0 },
	};
	struct index_map *indexes = index_map_new();
	struct edacs *raw = must_poll(&source_edac, "server-intel"), *built;

	/* Numbers given before keep what they stand for. */
	index_map_get(indexes, "edac:mc0/");
	index_map_get(indexes, "edac:mc0/dimm0");
	index_map_get(indexes, "edac:mc0/dimm3");
	index_map_get(indexes, "edac:mc1/");
	built = build_edacs(indexes, raw, 0);
	ck_assert_uint_eq(built->n, COUNT(WANTED));
	for (size_t i = 0; i < COUNT(WANTED); i++) {
		ck_assert_uint_eq(built->rows[i].index, i + 1);
		ck_assert_str_eq(built->rows[i].controller, WANTED[i].controller);
		ck_assert_str_eq(built->rows[i].label, WANTED[i].label);
		ck_assert_uint_eq(built->rows[i].have, WANTED[i].have);
		ck_assert_uint_eq(built->rows[i].corrected, WANTED[i].corrected);
		ck_assert_uint_eq(built->rows[i].uncorrected, WANTED[i].uncorrected);
	}
	part_unref(raw);
	part_unref(built);
	index_map_free(indexes);
}
END_TEST

START_TEST(errors_in_a_broken_tree)
{
	struct edacs *part;

	scratch_make();
	scratch_text("/sys/devices/system/edac/mc/power/control", "auto\n");
	fails_with(&source_edac, -ERR_ABSENT, "/sys/devices/system/edac/mc");
	scratch_text("/sys/devices/system/edac/mc/mc0/dimmers", "x");
	scratch_text("/sys/devices/system/edac/mc/mc0/dimm1/dimm_ce_count", "3\n");
	ck_assert_int_eq(poll_tree(&source_edac, scratch, (struct part **)&part), 0);
	ck_assert_uint_eq(part->n, 2);
	ck_assert_uint_eq(part->rows[0].have, 0);
	ck_assert_uint_eq(part->rows[1].have, EDAC_HAVE_CORRECTED);
	ck_assert_str_eq(part->rows[1].label, "dimm1");
	part_unref(part);
	scratch_text("/sys/devices/system/edac/mc/mc0/dimm1/dimm_ce_count", "three\n");
	fails_with(&source_edac, -ERR_PARSE, "mc0/dimm1/dimm_ce_count");
	for (unsigned i = 0; i < EDAC_ROWS_MAX; i++) {
		char path[96];

		snprintf(path, sizeof(path), "/sys/devices/system/edac/mc/mc0/dimm%u/dimm_ce_count", i);
		scratch_text(path, "1\n");
	}
	fails_with(&source_edac, -ERR_LIMIT, "/sys/devices/system/edac/mc");
	scratch_text("/proc/interrupts", "MCE: 1 \nMCP: zero\n");
	fails_with(&source_interrupts, -ERR_PARSE, "/proc/interrupts:2:");
	scratch_remove();
}
END_TEST

/* --- power ------------------------------------------------------------------------------------------------------- */

static const struct power *zone_of(const struct powers *powers, const char *zone)
{
	for (size_t i = 0; i < powers->n; i++)
		if (strcmp(powers->rows[i].zone, zone) == 0)
			return &powers->rows[i];
	ck_abort_msg("no zone %s", zone);
	return NULL;
}

START_TEST(server_power)
{
	struct powers *powers = must_poll(&source_powercap, "server-intel");

	ck_assert_uint_eq(powers->n, 3);
	ck_assert_uint_eq(zone_of(powers, "intel-rapl/package-0")->raw_uj, 262143000000);
	ck_assert_uint_eq(zone_of(powers, "intel-rapl/package-0")->range_uj, 262143328850);
	ck_assert_uint_eq(zone_of(powers, "intel-rapl/package-0/dram")->energy_uj, 1234567890);
	ck_assert_uint_eq(zone_of(powers, "intel-rapl/package-1")->energy_uj, 5000000);
	part_unref(powers);
}
END_TEST

static struct powers *one_power(uint64_t raw_uj, uint64_t range_uj, int64_t read_mono_ns)
{
	struct powers *raw = procsys_part_new(sizeof(*raw));

	raw->n = 1;
	raw->read_mono_ns = read_mono_ns;
	raw->rows[0] = (struct power){ .raw_uj = raw_uj, .range_uj = range_uj, .energy_uj = raw_uj, .zone = "z" };
	return raw;
}

/* Over the range, twice; then a reset, as the range is not known any more. */
START_TEST(built_power)
{
	static const struct {
		uint64_t raw_uj, range_uj, energy_uj;
		uint32_t now_mw;
	} STEPS[] = {
		{ 900000, 1000000, 900000, 0 },  { 950000, 1000000, 950000, 25 },   { 150000, 1000000, 1150000, 100 },
		{ 50000, 1000000, 2050000, 450 }, { 50000, 1000000, 2050000, 0 }, { 20000, 0, 2070000, 10 },
	};
	struct index_map *indexes = index_map_new();
	struct powers *before = NULL;

	for (size_t i = 0; i < COUNT(STEPS); i++) {
		struct powers *raw = one_power(STEPS[i].raw_uj, STEPS[i].range_uj, (int64_t)(i + 1) * 2 * NS_PER_S);
		struct powers *built = build_powers(indexes, before, raw, 0);

		ck_assert_uint_eq(built->n, 1);
		ck_assert_uint_eq(built->rows[0].index, 1);
		ck_assert_uint_eq(built->rows[0].energy_uj, STEPS[i].energy_uj);
		ck_assert_uint_eq(built->rows[0].have, i == 0 ? 0 : POWER_HAVE_NOW);
		ck_assert_uint_eq(built->rows[0].now_mw, STEPS[i].now_mw);
		part_unref(raw);
		part_unref(before);
		before = built;
	}
	part_unref(before);
	index_map_free(indexes);
}
END_TEST

START_TEST(power_in_a_broken_tree)
{
	char longest[600];
	struct part *part;

	scratch_make();
	scratch_text("/sys/class/powercap/intel-rapl/enabled", "1\n");
	fails_with(&source_powercap, -ERR_ABSENT, "/sys/class/powercap");
	scratch_text("/sys/class/powercap/intel-rapl:0/energy_uj", "7\n");
	fails_with(&source_powercap, -ERR_ABSENT, "/sys/class/powercap"); /* it has no name */
	scratch_text("/sys/class/powercap/intel-rapl:0/name", "package-0\n");
	ck_assert_int_eq(poll_tree(&source_powercap, scratch, &part), 0);
	ck_assert_uint_eq(((struct powers *)part)->rows[0].range_uj, 0);
	part_unref(part);
	memset(longest, 'x', sizeof(longest));
	scratch_write("/sys/class/powercap/intel-rapl:0/name", longest, sizeof(longest));
	fails_with(&source_powercap, -ERR_LIMIT, "intel-rapl:0");
	scratch_text("/sys/class/powercap/intel-rapl:0/energy_uj", "-7\n");
	fails_with(&source_powercap, -ERR_PARSE, "intel-rapl:0");
	scratch_remove();
}
END_TEST

/* --- through the builder ----------------------------------------------------------------------------------------- */

static struct snapshot *build(struct builder *builder, int64_t now)
{
	struct sources *sources = procsys_part_new(sizeof(*sources));
	const struct builder_self self = { .poll_interval_ms = 1000 };

	return builder_build(builder, sources, &self, now, now);
}

START_TEST(snapshot_has_the_devices)
{
	struct index_map *indexes = index_map_new();
	struct builder *builder = builder_new(indexes, "test", 1, 1);
	struct snapshot *snapshot;

	for (size_t i = 0; i < COUNT(HARDWARE); i++)
		builder_apply(builder, HARDWARE[i]->id, must_poll(HARDWARE[i], "server-intel"), NS_PER_S, NS_PER_S);
	snapshot = build(builder, NS_PER_S);
	ck_assert_uint_eq(snapshot->host_disks->n, 7);
	ck_assert_uint_eq(snapshot->bonds->n, 2);
	ck_assert_uint_eq(snapshot->interrupts->mce, 1);
	ck_assert_uint_eq(snapshot->edacs->n, 5);
	ck_assert_uint_eq(snapshot->powers->n, 3);
	part_unref(snapshot);
	for (size_t i = 0; i < COUNT(HARDWARE); i++)
		builder_forget(builder, HARDWARE[i]->id);
	snapshot = build(builder, 2 * NS_PER_S);
	ck_assert_ptr_null(snapshot->host_disks);
	ck_assert_ptr_null(snapshot->bonds);
	ck_assert_ptr_null(snapshot->interrupts);
	ck_assert_ptr_null(snapshot->edacs);
	ck_assert_ptr_null(snapshot->powers);
	part_unref(snapshot);
	builder_free(builder);
	index_map_free(indexes);
}
END_TEST

static struct part *interrupts_of(uint64_t polls)
{
	struct interrupts *part = procsys_part_new(sizeof(*part));

	part->have = INTERRUPTS_HAVE_MCP;
	part->mcp = polls;
	return &part->part;
}

static struct part *edacs_of(uint64_t corrected)
{
	struct edacs *part = procsys_part_new(sizeof(*part) + sizeof(part->rows[0]));

	part->n = 1;
	part->rows[0] = (struct edac){ .have = EDAC_HAVE_CORRECTED, .identity = "mc0/", .corrected = corrected };
	return &part->part;
}

static struct part *host_disks_of(uint64_t reads)
{
	struct host_disks *part = procsys_part_new(sizeof(*part) + sizeof(part->rows[0]));

	part->n = 1;
	part->rows[0] = (struct host_disk){ .identity = "sda", .reads = reads };
	return &part->part;
}

/* A processor went offline with its share of a sum; a controller's driver was loaded anew; a disk was pulled and put
 * back. */
START_TEST(counter_that_falls_is_a_discontinuity)
{
	static const struct {
		enum source_id id;
		struct part *(*part_of)(uint64_t count);
		uint64_t count;
		int64_t discontinuity_s; /* at which of the steps */
	} STEPS[] = {
		{ SOURCE_INTERRUPTS, interrupts_of, 40, 0 }, { SOURCE_INTERRUPTS, interrupts_of, 41, 0 },
		{ SOURCE_INTERRUPTS, interrupts_of, 20, 2 }, { SOURCE_INTERRUPTS, interrupts_of, 21, 2 },
		{ SOURCE_EDAC, edacs_of, 9, 2 },	     { SOURCE_EDAC, edacs_of, 9, 2 },
		{ SOURCE_EDAC, edacs_of, 0, 6 },	     { SOURCE_EDAC, edacs_of, 1, 6 },
		{ SOURCE_DISKSTATS, host_disks_of, 70, 6 },  { SOURCE_DISKSTATS, host_disks_of, 71, 6 },
		{ SOURCE_DISKSTATS, host_disks_of, 3, 10 },  { SOURCE_DISKSTATS, host_disks_of, 4, 10 },
	};
	struct index_map *indexes = index_map_new();
	struct builder *builder = builder_new(indexes, "test", 0, 0);

	for (size_t i = 0; i < COUNT(STEPS); i++) {
		const int64_t now = (int64_t)i * NS_PER_S;
		struct snapshot *snapshot;

		builder_apply(builder, STEPS[i].id, STEPS[i].part_of(STEPS[i].count), now, now);
		snapshot = build(builder, now);
		ck_assert_int_eq(snapshot->node.discontinuity_mono_ns, STEPS[i].discontinuity_s * NS_PER_S);
		part_unref(snapshot);
	}
	builder_free(builder);
	index_map_free(indexes);
}
END_TEST

static Suite *hardware_suite(void)
{
	Suite *suite = suite_create("hardware");

	UNIT_ADD(suite, parsers_refuse_cut_text);
	UNIT_ADD(suite, parsers_survive_binary_and_huge);
	UNIT_ADD(suite, parsers_name_the_line);
	UNIT_ADD(suite, empty_tree_is_absent);
	UNIT_ADD(suite, real_tree);
	UNIT_ADD(suite, server_disks);
	UNIT_ADD(suite, board_disks);
	UNIT_ADD(suite, disks_in_a_broken_tree);
	UNIT_ADD(suite, built_disks);
	UNIT_ADD(suite, one_row_of_each_number);
	UNIT_ADD(suite, names_of_interfaces);
	UNIT_ADD(suite, addresses);
	UNIT_ADD(suite, server_bonds);
	UNIT_ADD(suite, lacp_state_as_bits);
	UNIT_ADD(suite, bonds_in_a_broken_tree);
	UNIT_ADD(suite, bond_that_is_down);
	UNIT_ADD(suite, server_interrupts);
	UNIT_ADD(suite, server_memory_errors);
	UNIT_ADD(suite, errors_in_a_broken_tree);
	UNIT_ADD(suite, server_power);
	UNIT_ADD(suite, built_power);
	UNIT_ADD(suite, power_in_a_broken_tree);
	UNIT_ADD(suite, snapshot_has_the_devices);
	UNIT_ADD(suite, counter_that_falls_is_a_discontinuity);
	return suite;
}

UNIT_MAIN(hardware_suite)
