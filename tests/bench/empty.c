/*
 * empty.c - the memory that edgenoded's libraries cost by themselves: linked with the same ones, each initialised as
 * the daemon does, connected to the same libvirt URI and the same AgentX master, and nothing else.
 *
 * usage: empty URI AGENTX-ADDRESS
 * Prints "ready" and waits for the end of its standard input, so that the bench can read its /proc entry.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include <event2/event.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifdef HAVE_LIBVIRT
#include <libvirt/libvirt.h>
#endif
#ifdef HAVE_SENSORS
#include <sensors/sensors.h>
#endif

static int open_libraries(const char *uri, const char *agentx)
{
	xmlInitParser();
	setenv("MIBS", "", 1); /* no MIB files */
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agentx);
	init_agent("empty");
	init_snmp("empty");
#ifdef HAVE_SENSORS
	sensors_init(NULL);
#endif
#ifdef HAVE_LIBVIRT
	if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0 || virConnectOpenReadOnly(uri) == NULL)
		return -1;
#endif
	return event_base_new() == NULL ? -1 : 0;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc != 3 || open_libraries(argv[1], argv[2]) != 0) {
		fprintf(stderr, "usage: empty URI AGENTX-ADDRESS\n");
		return EXIT_FAILURE;
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return EXIT_SUCCESS;
}
