/*
 * getloop.c - how long a manager waits for a get: one SNMPv3 session, one get after the other.
 *
 * usage: getloop ADDRESS SECONDS [-b] OID...
 * With -b it is a GETBULK of 50 from each OID on.
 * User and passwords come from snmp.conf (SNMPCONFPATH). Prints one line:
 *   gets N errors N p50_us N p99_us N max_us N
 * For the benches and the integration tests; not installed.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GETS_MAX 4000000u
#define TIMEOUT_US 2000000L

#define REPETITIONS 50

static uint32_t durations_us[GETS_MAX];
static int bulk;

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *left, const void *right)
{
	const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static netsnmp_session *open_session(char *address)
{
	netsnmp_session session, *opened;

	snmp_sess_init(&session);
	session.peername = address;
	session.version = SNMP_VERSION_3;
	session.timeout = TIMEOUT_US;
	session.retries = 0;
	opened = snmp_open(&session);
	if (opened == NULL)
		snmp_sess_perror("getloop", &session);
	return opened;
}

/* One get of all the objects, or of what follows them: true when each has a value. */
static int get_once(netsnmp_session *session, char **names, int n)
{
	netsnmp_pdu *pdu = snmp_pdu_create(bulk ? SNMP_MSG_GETBULK : SNMP_MSG_GET), *response = NULL;
	const netsnmp_variable_list *value;
	int i, good;

	if (bulk) {
		pdu->non_repeaters = 0;
		pdu->max_repetitions = REPETITIONS;
	}
	for (i = 0; i < n; i++) {
		oid name[MAX_OID_LEN];
		size_t length = MAX_OID_LEN;

		if (read_objid(names[i], name, &length) == 0) {
			fprintf(stderr, "getloop: %s is not an OID\n", names[i]);
			exit(EXIT_FAILURE);
		}
		snmp_add_null_var(pdu, name, length);
	}
	good = snmp_synch_response(session, pdu, &response) == STAT_SUCCESS && response->errstat == SNMP_ERR_NOERROR;
	for (value = good ? response->variables : NULL; value != NULL; value = value->next_variable)
		good = good && value->type != SNMP_NOSUCHINSTANCE && value->type != SNMP_NOSUCHOBJECT;
	if (response != NULL)
		snmp_free_pdu(response);
	return good;
}

int main(int argc, char **argv)
{
	netsnmp_session *session;
	int64_t begin, end;
	size_t gets = 0, errors = 0;
	char **names;
	int n_names;

	if (argc < 4 || atof(argv[2]) <= 0) {
		fprintf(stderr, "usage: getloop ADDRESS SECONDS [-b] OID...\n");
		return EXIT_FAILURE;
	}
	bulk = strcmp(argv[3], "-b") == 0;
	names = argv + 3 + bulk;
	n_names = argc - 3 - bulk;
	init_snmp("getloop");
	session = open_session(argv[1]);
	if (session == NULL)
		return EXIT_FAILURE;
	get_once(session, names, n_names); /* engine discovery is not measured */
	end = now_us() + (int64_t)(atof(argv[2]) * 1000000);
	while ((begin = now_us()) < end && gets < GETS_MAX) {
		errors += !get_once(session, names, n_names);
		durations_us[gets++] = (uint32_t)(now_us() - begin);
	}
	snmp_close(session);
	qsort(durations_us, gets, sizeof(durations_us[0]), compare);
	printf("gets %zu errors %zu p50_us %u p99_us %u max_us %u\n", gets, errors, durations_us[gets / 2],
	       durations_us[gets * 99 / 100], durations_us[gets - 1]);
	return errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
