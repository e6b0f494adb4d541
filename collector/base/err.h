/*
 * err.h - the one set of error codes. Every function that can fail returns 0 or one of these, negated.
 *
 * Thread: any. No state.
 */
#ifndef EDGENODE_BASE_ERR_H
#define EDGENODE_BASE_ERR_H

enum err {
	ERR_IO = 1,      /* the system refused: errno says why */
	ERR_ABSENT,      /* this machine does not have the thing (no file, no device): not a failure */
	ERR_PARSE,       /* input is not of the form it should have */
	ERR_RANGE,       /* a number does not fit its type or its documented bounds */
	ERR_LIMIT,       /* longer or more than the named maximum */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_BUSY,        /* somebody else holds it (lock, busy flag) */
	ERR_CHECKSUM,    /* content and checksum differ */
	ERR_STATE,       /* not possible in this state (closed, stopping, disconnected) */
	ERR_UNSUPPORTED, /* built without it, or the peer does not offer it */
	ERR_COUNT
};

/* A short English phrase for a code, positive or negative; static storage. */
const char *err_text(int code);

#endif
