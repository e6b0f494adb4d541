/*
 * fuzz_ptp_message.c - any datagram of a ptp4l: a reply is understood as at most one data set, and no byte outside of
 * the datagram is read.
 */
#include "fuzz.h"

#include "source/ptp_message.h"

#include <string.h>

static unsigned int data_sets_of(const struct ptp_reply *reply)
{
	struct ptp_default own;
	struct ptp_current current;
	struct ptp_time_properties time;
	struct ptp_port_properties properties;
	uint8_t clock[8], state;
	uint16_t port;
	int64_t ingress;
	int32_t number = 0;
	unsigned int n = 0;

	n += ptp_message_default(reply, &own) == 0;
	n += ptp_message_current(reply, &current) == 0;
	n += ptp_message_parent(reply, clock) == 0;
	n += ptp_message_time_properties(reply, &time) == 0;
	n += ptp_message_ingress(reply, &ingress) == 0;
	n += ptp_message_port_state(reply, &port, &state) == 0;
	n += ptp_message_port_clock(reply, &port, &number) == 0;
	FUZZ_CHECK(number >= -1);
	if (ptp_message_port_properties(reply, &properties) == 0) {
		FUZZ_CHECK(memchr(properties.interface, '\0', sizeof(properties.interface)) != NULL);
		n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ptp_reply reply;

	if (ptp_message_parse(data, size, &reply) != 0)
		return 0;
	FUZZ_CHECK(reply.data >= data && reply.data + reply.length <= data + size);
	FUZZ_CHECK(reply.domain == data[4] && reply.transport == data[0] >> 4);
	FUZZ_CHECK(data_sets_of(&reply) <= (reply.refused ? 0 : 1));
	return 0;
}
