/*
 * empty_handler.c - the least that a subagent on net-snmp's library costs: a table of seven columns that needs no data.
 *
 * usage: empty_handler AGENTX-ADDRESS TABLE-ENTRY ROWS [uuid]
 * Columns 2 to 8 of rows 1 to ROWS with the types of the seven columns that the bench walks; values are constant, an
 * index is arithmetic. uuid: the index is 16 sub-identifiers as those of the bench's domains, else one. Until it is
 * killed. For the bench; not installed.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_COLUMN 2
#define LAST_COLUMN 8
#define UUID_IDS 16
#define ROW_IDS 4 /* the last octets of a UUID tell the row */

static oid entry[MAX_OID_LEN];
static size_t entry_n = MAX_OID_LEN, index_n = 1;
static unsigned long n_rows;

static const oid UUID_HEAD[UUID_IDS - ROW_IDS] = { 0, 0, 10, 188, 0, 0, 64, 0, 128, 0, 0, 0 };

static size_t write_index(unsigned long row, oid *out)
{
	if (index_n == 1) {
		out[0] = row;
		return 1;
	}
	memcpy(out, UUID_HEAD, sizeof(UUID_HEAD));
	for (size_t i = 0; i < ROW_IDS; i++)
		out[UUID_IDS - ROW_IDS + i] = (row - 1) >> (8 * (ROW_IDS - 1 - i)) & 0xff;
	return UUID_IDS;
}

/* Of a whole index; 0 where ids is none. */
static unsigned long read_index(const oid *ids, size_t n)
{
	unsigned long row = 0;

	if (n < index_n)
		return 0;
	if (index_n == 1)
		return ids[0];
	for (size_t i = UUID_IDS - ROW_IDS; i < UUID_IDS; i++)
		row = row << 8 | ids[i];
	return row + 1;
}

static void put_number(netsnmp_variable_list *variable, u_char type, unsigned long number)
{
	snmp_set_var_typed_value(variable, type, &number, sizeof(number));
}

static void put(netsnmp_variable_list *variable, oid column)
{
	const struct counter64 counter = { .high = 1, .low = 2 };

	switch (column) {
	case 2:
		snmp_set_var_typed_value(variable, ASN_OCTET_STR, "vm-00000", 8);
		break;
	case 3:
	case 8:
		put_number(variable, ASN_INTEGER, 1);
		break;
	case 4:
	case 5:
	case 6:
		put_number(variable, ASN_GAUGE, 2);
		break;
	default:
		snmp_set_var_typed_value(variable, ASN_COUNTER64, &counter, sizeof(counter));
		break;
	}
}

static void answer_next(netsnmp_variable_list *variable)
{
	oid name[MAX_OID_LEN], column = FIRST_COLUMN;
	unsigned long row = 1;
	size_t n;

	if (variable->name_length > entry_n && snmp_oid_compare(variable->name, entry_n, entry, entry_n) == 0) {
		column = variable->name[entry_n];
		row = read_index(variable->name + entry_n + 1, variable->name_length - entry_n - 1) + 1;
	}
	if (row > n_rows) {
		column++;
		row = 1;
	}
	if (column > LAST_COLUMN)
		return;
	memcpy(name, entry, entry_n * sizeof(oid));
	name[entry_n] = column;
	n = write_index(row, name + entry_n + 1);
	snmp_set_var_objid(variable, name, entry_n + 1 + n);
	put(variable, column);
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		      netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	(void)handler;
	(void)registration;
	for (netsnmp_request_info *request = requests; request != NULL; request = request->next) {
		if (info->mode == MODE_GETNEXT)
			answer_next(request->requestvb);
		else
			put(request->requestvb, request->requestvb->name[entry_n]);
	}
	return SNMP_ERR_NOERROR;
}

static int usage(void)
{
	fprintf(stderr, "usage: empty_handler AGENTX-ADDRESS TABLE-ENTRY ROWS [uuid]\n");
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return usage();
	n_rows = strtoul(argv[3], NULL, 10);
	index_n = argc > 4 ? UUID_IDS : 1;
	setenv("MIBS", "", 1); /* no MIB files */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
	netsnmp_enable_subagent();
	init_agent("empty_handler");
	init_snmp("empty_handler");
	if (read_objid(argv[2], entry, &entry_n) == 0)
		return usage();
	netsnmp_register_handler(netsnmp_create_handler_registration("empty", on_request, entry, entry_n,
								      HANDLER_CAN_RONLY));
	for (;;)
		agent_check_and_process(1);
}
