/*
 * bond.c - bonds of network interfaces and their ports. Thread: worker "files". Source: /sys/class/net/bonding_masters,
 * NAME/bonding and PORT/bonding_slave (kernel: Documentation/networking/bonding.rst). /proc/net/bonding has nothing
 * beyond these.
 */
#include "base/mem.h"
#include "source/procsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NET_PATH "/sys/class/net"
#define MASTERS_PATH NET_PATH "/bonding_masters"
#define LIST_SIZE 4096 /* sysfs gives no more than one page */

/* --- parsers ----------------------------------------------------------------------------------------------------- */

int bond_take_name(const char **list, char name[BOND_NAME_SIZE])
{
	size_t length;

	*list += strspn(*list, " ");
	length = strcspn(*list, " ");
	if (length == 0)
		return 0;
	if (length >= BOND_NAME_SIZE || **list == '.' || memchr(*list, '/', length) != NULL)
		return -ERR_PARSE;
	memcpy(name, *list, length);
	name[length] = '\0';
	*list += length;
	return 1;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int bond_parse_mac(const char *text, uint8_t mac[6])
{
	uint8_t octets[6];

	if (strlen(text) != 17)
		return -ERR_PARSE;
	for (size_t i = 0; i < 6; i++) {
		const int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':'))
			return -ERR_PARSE;
		octets[i] = (uint8_t)(high * 16 + low);
	}
	memcpy(mac, octets, sizeof(octets));
	return 0;
}

/* --- files: one that is not there or says nothing is an absent column ------------------------------------------ */

static bool read_u32(const struct sysroot *root, const char *interface, const char *file, uint32_t *out)
{
	uint64_t value;

	if (sysfile_u64(root, &value, NET_PATH "/%s/%s", interface, file) != 0 || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

/* Of an interface that is down: -1, no text, or an error. */
static bool read_speed(const struct sysroot *root, const char *interface, uint32_t *out)
{
	return read_u32(root, interface, "speed", out) && *out != 0 && *out != UINT32_MAX;
}

static bool text_is(const struct sysroot *root, const char *interface, const char *file, const char *text)
{
	char line[32];

	return sysfile_line(root, line, sizeof(line), NET_PATH "/%s/%s", interface, file) == 0 &&
	       strcmp(line, text) == 0;
}

static bool read_partner(const struct sysroot *root, const char *interface, uint8_t mac[6])
{
	char line[32];

	return sysfile_line(root, line, sizeof(line), NET_PATH "/%s/bonding/ad_partner_mac", interface) == 0 &&
	       bond_parse_mac(line, mac) == 0;
}

static void read_port(const struct sysroot *root, struct bond_port *port)
{
	uint32_t lacp;

	port->up = text_is(root, port->name, "bonding_slave/mii_status", "up");
	port->active = port->up && text_is(root, port->name, "bonding_slave/state", "active");
	if (read_speed(root, port->name, &port->speed_mbit))
		port->have |= BOND_HAVE_SPEED;
	if (read_u32(root, port->name, "bonding_slave/link_failure_count", &port->failures))
		port->have |= BOND_PORT_HAVE_FAILURES;
	if (read_u32(root, port->name, "bonding_slave/ad_aggregator_id", &port->aggregator_id))
		port->have |= BOND_HAVE_AGGREGATOR;
	if (read_u32(root, port->name, "bonding_slave/ad_actor_oper_port_state", &lacp) && lacp <= UINT8_MAX) {
		port->lacp_state = (uint8_t)lacp;
		port->have |= BOND_PORT_HAVE_LACP;
	}
}

static int by_if_index(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* A port that goes while it is read is left out. */
static int read_ports(const struct sysroot *root, struct bond *bond)
{
	char text[LIST_SIZE];
	const char *list = text;
	int rc = sysfile_line(root, text, sizeof(text), NET_PATH "/%s/bonding/slaves", bond->name);

	if (rc != 0)
		return rc;
	bond->port_rows = mem_alloc(BOND_PORTS_MAX * sizeof(bond->port_rows[0]));
	for (;;) {
		struct bond_port *port = &bond->port_rows[bond->ports];
		char name[BOND_NAME_SIZE];

		rc = bond_take_name(&list, name);
		if (rc <= 0)
			break;
		if (bond->ports == BOND_PORTS_MAX)
			return -ERR_LIMIT;
		memcpy(port->name, name, sizeof(name));
		if (!read_u32(root, name, "ifindex", &port->if_index))
			continue;
		read_port(root, port);
		bond->active_ports += port->active;
		bond->ports++;
	}
	qsort(bond->port_rows, bond->ports, sizeof(bond->port_rows[0]), by_if_index);
	return rc;
}

/* "802.3ad 4": the name. */
static int read_mode(const struct sysroot *root, struct bond *bond)
{
	const int rc = sysfile_line(root, bond->mode, sizeof(bond->mode), NET_PATH "/%s/bonding/mode", bond->name);

	bond->mode[strcspn(bond->mode, " ")] = '\0';
	return rc;
}

static int read_bond(const struct sysroot *root, struct bond *bond)
{
	int rc = read_mode(root, bond);

	if (rc == 0)
		rc = read_ports(root, bond);
	if (rc != 0)
		return rc;
	bond->up = text_is(root, bond->name, "operstate", "up");
	/* The kernel looks after the ports no more: they stay as they were. */
	if (!bond->up)
		bond->active_ports = 0;
	if (read_speed(root, bond->name, &bond->speed_mbit))
		bond->have |= BOND_HAVE_SPEED;
	if (read_u32(root, bond->name, "mtu", &bond->mtu))
		bond->have |= BOND_HAVE_MTU;
	if (read_u32(root, bond->name, "bonding/ad_aggregator", &bond->aggregator_id))
		bond->have |= BOND_HAVE_AGGREGATOR;
	if (read_partner(root, bond->name, bond->partner_mac))
		bond->have |= BOND_HAVE_PARTNER;
	return 0;
}

static void destroy_bonds(struct part *part)
{
	struct bonds *bonds = (struct bonds *)part;

	for (size_t i = 0; i < bonds->n; i++)
		free(bonds->rows[i].port_rows);
	free(bonds);
}

/* A bond that goes while it is read is left out. */
static int read_bonds(const struct sysroot *root, struct bonds *part, struct source_error *error)
{
	char text[LIST_SIZE], path[SYSFILE_PATH_MAX];
	const char *list = text;
	int rc = sysfile_line(root, text, sizeof(text), MASTERS_PATH);

	while (rc == 0) {
		struct bond bond = { .index = 0 };

		rc = bond_take_name(&list, bond.name);
		if (rc <= 0)
			break;
		if (part->n == BONDS_MAX)
			return procsys_fail(error, -ERR_LIMIT, MASTERS_PATH, 0);
		rc = read_u32(root, bond.name, "ifindex", &bond.index) ? read_bond(root, &bond) : -ERR_ABSENT;
		if (rc == 0)
			part->rows[part->n++] = bond;
		else
			free(bond.port_rows);
		if (rc != 0 && rc != -ERR_ABSENT) {
			snprintf(path, sizeof(path), NET_PATH "/%s/bonding", bond.name);
			return procsys_fail(error, rc, path, 0);
		}
		rc = 0;
	}
	qsort(part->rows, part->n, sizeof(part->rows[0]), by_if_index);
	if (rc == 0 && part->n == 0)
		rc = -ERR_ABSENT;
	return rc == 0 ? 0 : procsys_fail(error, rc, MASTERS_PATH, 0);
}

static int poll_bond(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct bonds *part = mem_alloc(sizeof(*part));
	int rc;

	(void)self;
	part_init(&part->part, destroy_bonds);
	rc = read_bonds(env->root, part, error);
	if (rc == 0)
		*result = &part->part;
	else
		part_unref(&part->part);
	return rc;
}

const struct source source_bond = {
	.id = SOURCE_BOND,
	.name = "bond",
	.worker = WORKER_FILES,
	.deadline_ms = 5000,
	.poll = poll_bond,
};
