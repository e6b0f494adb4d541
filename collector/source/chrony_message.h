/*
 * chrony_message.h - the messages of chronyd's command protocol, version 6, as far as they are asked here. Pure.
 *
 * The protocol is chronyd's own (its header candm.h describes it); chronyc speaks it, by default to UDP port 323 of the
 * loopback, where these questions need no privilege. All numbers are big-endian. A request is as long as its reply, so
 * that nobody gains by a forged sender.
 */
#ifndef EDGENODE_SOURCE_CHRONY_MESSAGE_H
#define EDGENODE_SOURCE_CHRONY_MESSAGE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define CHRONY_MESSAGE_MAX 512u
#define CHRONY_NAME_SIZE 257u /* of a source in the configuration, with the NUL */
#define CHRONY_TEXT_SIZE 48u  /* an address or a reference id as text */
#define CHRONY_NO_SAMPLE UINT32_MAX

enum chrony_command {
	CHRONY_N_SOURCES = 14, CHRONY_SOURCE_DATA = 15, CHRONY_TRACKING = 33, CHRONY_SOURCESTATS = 34,
	CHRONY_SOURCE_NAME = 65
};

enum chrony_family { CHRONY_NO_ADDRESS, CHRONY_INET4, CHRONY_INET6, CHRONY_UNRESOLVED };

struct chrony_address {
	uint16_t family;   /* enum chrony_family */
	uint8_t bytes[16]; /* 4 of CHRONY_INET4 and of CHRONY_UNRESOLVED, which has a number only */
};

struct chrony_request {
	enum chrony_command command;
	uint32_t sequence;
	uint32_t index;                /* SOURCE_DATA, SOURCESTATS */
	struct chrony_address address; /* SOURCE_NAME */
};

/* Times in ns, frequencies in ppb, both saturating. Signs are chronyd's. */
struct chrony_tracking {
	uint32_t reference_id;
	struct chrony_address address; /* none: a reference clock, or nothing */
	uint16_t stratum, leap;
	int64_t reference_real_ns; /* by chronyd's own reckoning of the time; 0: never */
	int64_t correction_ns;     /* what is to be added to the clock now: positive, it is slow */
	int64_t rms_offset_ns;
	int64_t frequency_ppb;     /* positive: the clock would gain without correction */
	int64_t skew_ppb;
	int64_t root_delay_ns, root_dispersion_ns;
};
#define CHRONY_LEAP_UNSYNCHRONISED 3
#define CHRONY_REFERENCE_LOCAL 0x7f7f0101u /* nothing but the directive `local` */

enum chrony_source_state {
	CHRONY_SELECTED, CHRONY_UNUSABLE, CHRONY_FALSETICKER, CHRONY_JITTERY, CHRONY_COMBINED, CHRONY_NOT_COMBINED
};
enum chrony_source_mode { CHRONY_SERVER, CHRONY_PEER, CHRONY_REFCLOCK };
struct chrony_source {
	struct chrony_address address; /* of a reference clock: its reference id as CHRONY_INET4 */
	uint16_t stratum, state, mode, reach;
	uint32_t since_sample_s; /* or CHRONY_NO_SAMPLE */
	int64_t offset_ns;       /* of the last sample; positive: this clock is ahead */
	int64_t error_ns;        /* its margin */
};

struct chrony_sourcestats {
	uint32_t reference_id;
	struct chrony_address address; /* none: a reference clock */
	uint32_t samples;
	int64_t deviation_ns; /* of the samples from the line through them */
	int64_t offset_ns; /* estimated from them for now; positive: this clock is ahead */
};
/* Below that chronyd has no line through the samples, and offset_ns is not an estimate. */
#define CHRONY_SAMPLES_MIN 3u

/* The length of the request. */
size_t chrony_request_encode(const struct chrony_request *request, uint8_t out[CHRONY_MESSAGE_MAX]);

/* 0: the answer to the request, of the right size. -ERR_STATE: something else, the answer may still come. -ERR_ABSENT:
 * there is no such source (any more). -ERR_UNSUPPORTED: chronyd refuses. -ERR_PARSE: another size or form. */
int chrony_reply_check(const struct chrony_request *request, const uint8_t *data, size_t length);

/* data, length: a whole reply that chrony_reply_check has passed; -ERR_PARSE where it is too short. */
int chrony_n_sources_parse(const uint8_t *data, size_t length, uint32_t *out);
int chrony_tracking_parse(const uint8_t *data, size_t length, struct chrony_tracking *out);
int chrony_source_parse(const uint8_t *data, size_t length, struct chrony_source *out);
int chrony_sourcestats_parse(const uint8_t *data, size_t length, struct chrony_sourcestats *out);
int chrony_name_parse(const uint8_t *data, size_t length, char out[CHRONY_NAME_SIZE]);

/* chronyd's number of 7 bits exponent and 25 bits coefficient, times scale (at most 10^9), rounded to the nearest. */
int64_t chrony_number(uint32_t raw, int64_t scale);

/* "192.0.2.1", "2001:db8::1", "ID#0000000001", "" for none. */
void chrony_address_text(const struct chrony_address *address, char out[CHRONY_TEXT_SIZE]);
/* "GPS"; eight hexadecimal digits where it is no text. */
void chrony_reference_text(uint32_t reference_id, char out[CHRONY_TEXT_SIZE]);
/* The reference id that stands in a reference clock's address. */
uint32_t chrony_address_id(const struct chrony_address *address);

#endif
