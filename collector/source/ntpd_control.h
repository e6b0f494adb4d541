/*
 * ntpd_control.h - the control messages of ntpd (mode 6, RFC 9327), as far as they are asked here. Pure.
 *
 * A request has 12 bytes and the names of what is asked for, and changes nothing. An answer comes in one or more pieces, each with its place in the whole;
 * the whole is a list of associations, or text: variables as NAME=VALUE with commas between, values with blanks in
 * quotes. ntpd writes some lists of numbers with a broken length, so that any byte can stand in them: what is not of
 * that form is passed over.
 */
#ifndef EDGENODE_SOURCE_NTPD_CONTROL_H
#define EDGENODE_SOURCE_NTPD_CONTROL_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NTPD_HEADER_SIZE 12u
#define NTPD_REQUEST_MAX 128u
#define NTPD_ANSWER_MAX 8192u
#define NTPD_PIECES_MAX 64u

enum ntpd_operation { NTPD_READ_STATUS = 1, NTPD_READ_VARIABLES = 2 };

struct ntpd_request {
	enum ntpd_operation operation;
	uint16_t sequence, association; /* association 0: ntpd itself */
	/* Those to be read, with commas between; NULL: those that ntpd thinks of use. One that it does not know makes it
	 * refuse them all. */
	const char *variables;
};

struct ntpd_piece {
	uint16_t offset, length;
};

/* What has come of an answer. */
struct ntpd_answer {
	uint16_t status;
	size_t length; /* of the pieces that are here */
	size_t reach;  /* where the farthest of them ends */
	bool ended;    /* the last one is here: the whole ends there */
	size_t end;
	size_t n;
	struct ntpd_piece pieces[NTPD_PIECES_MAX];
	uint8_t data[NTPD_ANSWER_MAX];
};

struct ntpd_association {
	uint16_t id, status;
};

/* The length of the request. */
size_t ntpd_request_encode(const struct ntpd_request *request, uint8_t out[NTPD_REQUEST_MAX]);

void ntpd_answer_init(struct ntpd_answer *answer);
/* Takes a datagram. 0: the answer is whole. -ERR_STATE: it is not yet, or this is not of it. -ERR_ABSENT: there is no
 * such association (any more). -ERR_UNSUPPORTED: ntpd refuses. -ERR_PARSE, -ERR_LIMIT: not a proper answer. */
int ntpd_answer_add(struct ntpd_answer *answer, const struct ntpd_request *request, const uint8_t *data, size_t length);

/* The i-th association of a whole answer to NTPD_READ_STATUS; false after the last. */
bool ntpd_answer_association(const struct ntpd_answer *answer, size_t i, struct ntpd_association *out);

/* A variable of a whole answer to NTPD_READ_VARIABLES, without quotes, cut to the size. False where it is not there. */
bool ntpd_answer_text(const struct ntpd_answer *answer, const char *name, char *out, size_t size);
/* A decimal number, in billionths. False also where it is no number or has more than 9 digits before the point. */
bool ntpd_answer_number(const struct ntpd_answer *answer, const char *name, int64_t *billionths);
/* "0x1f" or "31". */
bool ntpd_answer_bits(const struct ntpd_answer *answer, const char *name, uint32_t *out);
/* A count, modulo 2^32. */
bool ntpd_answer_count(const struct ntpd_answer *answer, const char *name, uint32_t *out);
/* A time "0xeeaaa3f3.aa2b2b6f": seconds since 1900 and their fraction, modulo 2^32 s. False where it is 0: never. */
bool ntpd_answer_time(const struct ntpd_answer *answer, const char *name, uint64_t *out);

#endif
