/*
 * walkloop.c - a manager that stays: one SNMPv2c session, walks and gets when it is told to.
 *
 * usage: walkloop ADDRESS COMMUNITY ROWS COLUMN...
 * Lines of the standard input, each answered by one line:
 *   walk N   walks all columns N times, one after the other, by GETBULK of 50 or as many rows as are left
 *            -> varbinds N ns N
 *   get N    N gets, each of all columns of one row, rows in turn (after a walk)
 *            -> gets N p50_us N p99_us N
 * Ends with status 1 at the first error. For the bench; not installed.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS_MAX 16
#define ROWS_MAX 100000
#define GETS_MAX 100000u
#define REPETITIONS 50
#define INSTANCE_MAX 16 /* sub-identifiers: a UUID */
#define TIMEOUT_US 20000000L
/* Coprime with any number of rows that the bench has: all rows are asked for, neighbours not one after the other. */
#define STRIDE 7919

struct name {
	oid ids[MAX_OID_LEN];
	size_t n;
};

static struct name columns[COLUMNS_MAX];
static size_t n_columns;
static oid rows[ROWS_MAX][INSTANCE_MAX]; /* their instances, as the last walk found them */
static size_t n_rows, row_length;
static uint32_t durations_us[GETS_MAX];
static netsnmp_session *session;

static void fail(const char *why)
{
	fprintf(stderr, "walkloop: %s\n", why);
	exit(EXIT_FAILURE);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void open_session(char *address, char *community)
{
	netsnmp_session wanted;

	snmp_sess_init(&wanted);
	wanted.peername = address;
	wanted.version = SNMP_VERSION_2c;
	wanted.community = (u_char *)community;
	wanted.community_len = strlen(community);
	wanted.timeout = TIMEOUT_US;
	wanted.retries = 0;
	session = snmp_open(&wanted);
	if (session == NULL)
		fail("no session");
}

static netsnmp_pdu *ask(netsnmp_pdu *pdu)
{
	netsnmp_pdu *response = NULL;

	if (snmp_synch_response(session, pdu, &response) != STAT_SUCCESS || response->errstat != SNMP_ERR_NOERROR ||
	    response->variables == NULL)
		fail("a request was not answered");
	return response;
}

/* One value of a walk: in the column, and after the one before. */
static void take_value(const netsnmp_variable_list *value, const struct name *column, struct name *at, size_t row)
{
	const size_t length = value->name_length - column->n;

	if (value->type == SNMP_ENDOFMIBVIEW || value->name_length <= column->n || length > INSTANCE_MAX ||
	    snmp_oid_compare(value->name, column->n, column->ids, column->n) != 0)
		fail("there are fewer rows");
	if (snmp_oid_compare(value->name, value->name_length, at->ids, at->n) <= 0)
		fail("the walk is not in order");
	memcpy(at->ids, value->name, value->name_length * sizeof(oid));
	at->n = value->name_length;
	memcpy(rows[row], value->name + column->n, length * sizeof(oid));
	row_length = length;
}

static void walk_column(const struct name *column)
{
	struct name at = *column;
	size_t row = 0;

	while (row < n_rows) {
		netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GETBULK), *response;
		const size_t left = n_rows - row;

		pdu->non_repeaters = 0;
		pdu->max_repetitions = left < REPETITIONS ? (long)left : REPETITIONS;
		snmp_add_null_var(pdu, at.ids, at.n);
		response = ask(pdu);
		for (const netsnmp_variable_list *value = response->variables; value != NULL && row < n_rows;
		     value = value->next_variable)
			take_value(value, column, &at, row++);
		snmp_free_pdu(response);
	}
}

static void walk(size_t times)
{
	const int64_t begin = now_ns();

	for (size_t i = 0; i < times * n_columns; i++)
		walk_column(&columns[i % n_columns]);
	printf("varbinds %zu ns %lld\n", times * n_columns * n_rows, (long long)(now_ns() - begin));
}

static void get_row(const oid *row)
{
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_GET), *response;

	for (size_t i = 0; i < n_columns; i++) {
		struct name name = columns[i];

		memcpy(name.ids + name.n, row, row_length * sizeof(oid));
		snmp_add_null_var(pdu, name.ids, name.n + row_length);
	}
	response = ask(pdu);
	for (const netsnmp_variable_list *value = response->variables; value != NULL; value = value->next_variable)
		if (value->type == SNMP_NOSUCHINSTANCE || value->type == SNMP_NOSUCHOBJECT)
			fail("a row of the walk is not there");
	snmp_free_pdu(response);
}

static int compare(const void *left, const void *right)
{
	const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static void get(size_t times)
{
	if (times == 0 || times > GETS_MAX || row_length == 0)
		fail("no such number of gets, or no walk before them");
	for (size_t i = 0; i < times; i++) {
		const int64_t begin = now_ns();

		get_row(rows[i * STRIDE % n_rows]);
		durations_us[i] = (uint32_t)((now_ns() - begin) / 1000);
	}
	qsort(durations_us, times, sizeof(durations_us[0]), compare);
	printf("gets %zu p50_us %u p99_us %u\n", times, durations_us[times / 2], durations_us[times * 99 / 100]);
}

static void read_columns(char **names, int n)
{
	if (n > COLUMNS_MAX)
		fail("too many columns");
	for (; n_columns < (size_t)n; n_columns++) {
		columns[n_columns].n = MAX_OID_LEN;
		if (read_objid(names[n_columns], columns[n_columns].ids, &columns[n_columns].n) == 0)
			fail("a column is not an OID");
	}
}

int main(int argc, char **argv)
{
	char line[64];
	size_t times;

	if (argc < 5)
		fail("usage: walkloop ADDRESS COMMUNITY ROWS COLUMN...");
	n_rows = strtoul(argv[3], NULL, 10);
	if (n_rows == 0 || n_rows > ROWS_MAX)
		fail("no such number of rows");
	init_snmp("walkloop");
	read_columns(argv + 4, argc - 4);
	open_session(argv[1], argv[2]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "walk %zu", &times) == 1)
			walk(times);
		else if (sscanf(line, "get %zu", &times) == 1)
			get(times);
		else
			fail("what is to be done?");
		fflush(stdout);
	}
	snmp_close(session);
	return EXIT_SUCCESS;
}
