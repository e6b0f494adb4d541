/*
 * ptp_message.h - management messages of the Precision Time Protocol (IEEE 1588-2008, clause 15 and annex D), as ptp4l
 * speaks them on its UNIX socket: a request GET, and the replies' data sets.
 *
 * Pure: bytes to structures and back. Thread: any. Every size is checked; what a later version of the protocol appends
 * to a data set is passed over. Identifiers above 0xc000 are linuxptp's own.
 */
#ifndef EDGENODE_SOURCE_PTP_MESSAGE_H
#define EDGENODE_SOURCE_PTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PTP_REQUEST_SIZE 54
#define PTP_REPLY_MAX 1500 /* greatest reply taken */
#define PTP_PORT_ALL 0xffff
#define PTP_INTERFACE_SIZE 16
#define PTP_IDENTITY_TEXT_SIZE 19 /* "001122.fffe.334455" */

enum ptp_data_set {
	PTP_DEFAULT_DATA_SET = 0x2000,
	PTP_CURRENT_DATA_SET = 0x2001,
	PTP_PARENT_DATA_SET = 0x2002,
	PTP_TIME_PROPERTIES_DATA_SET = 0x2003,
	PTP_PORT_DATA_SET = 0x2004,
	PTP_TIME_STATUS_NP = 0xc000,
	PTP_PORT_PROPERTIES_NP = 0xc004,
	PTP_PORT_HWCLOCK_NP = 0xc009,
};

struct ptp_identity {
	uint8_t clock[8];
	uint16_t port;
};

/* A clock answers only in its own domain and transport (the upper half of the first octet: 1 for IEEE 802.1AS). */
struct ptp_request {
	uint8_t domain, transport;
	uint16_t sequence;
	uint16_t data_set; /* enum ptp_data_set */
	struct ptp_identity source, target;
};
void ptp_message_encode(const struct ptp_request *request, uint8_t out[PTP_REQUEST_SIZE]);

struct ptp_reply {
	uint8_t domain, transport;
	uint16_t sequence;
	uint16_t data_set;
	struct ptp_identity source, target;
	bool refused;	     /* the peer has no such data set, or does not give it */
	const uint8_t *data; /* borrowed from the message */
	size_t length;
};
/* 0, or -ERR_PARSE: not a response to a management request. */
int ptp_message_parse(const uint8_t *message, size_t length, struct ptp_reply *out);

/* --- data sets: 0, or -ERR_PARSE where the reply is of another one or too short ---------------------------------- */

struct ptp_default {
	bool slave_only;
	uint16_t ports;
	uint8_t clock[8];
};
int ptp_message_default(const struct ptp_reply *reply, struct ptp_default *out);

struct ptp_current {
	uint16_t steps_removed;
	int64_t offset_ns; /* this clock less its master: positive where this one is ahead */
	int64_t delay_ns;  /* one way, mean of both */
};
int ptp_message_current(const struct ptp_reply *reply, struct ptp_current *out);

int ptp_message_parent(const struct ptp_reply *reply, uint8_t grandmaster[8]);

struct ptp_time_properties {
	int16_t utc_offset_s; /* TAI - UTC, as far as the grandmaster knows */
	bool utc_offset_valid;
	bool ptp_timescale; /* the clock counts TAI */
	bool leap_insert, leap_delete;
};
int ptp_message_time_properties(const struct ptp_reply *reply, struct ptp_time_properties *out);

/* When the last message of the master arrived, by the clock that ptp4l steers, in ns since its epoch. */
int ptp_message_ingress(const struct ptp_reply *reply, int64_t *ingress_ns);

enum ptp_port_state { PTP_PORT_MASTER = 6, PTP_PORT_UNCALIBRATED = 8, PTP_PORT_SLAVE = 9 };
struct ptp_port_properties {
	uint16_t port;
	uint8_t state;
	bool software; /* its time stamps are of the system's clock */
	char interface[PTP_INTERFACE_SIZE];
};
int ptp_message_port_properties(const struct ptp_reply *reply, struct ptp_port_properties *out);

/* Of PORT_DATA_SET: the port's number and state. */
int ptp_message_port_state(const struct ptp_reply *reply, uint16_t *port, uint8_t *state);

/* N of the hardware clock ptpN; -1: none. */
int ptp_message_port_clock(const struct ptp_reply *reply, uint16_t *port, int32_t *number);

/* --- names ------------------------------------------------------------------------------------------------------- */

/* "SLAVE"; "UNKNOWN" for a number that the standard does not have. Static storage. */
const char *ptp_message_state_name(uint8_t state);
void ptp_message_identity_text(const uint8_t clock[8], char out[PTP_IDENTITY_TEXT_SIZE]);

#endif
