/* err.c - phrases for the error codes. Thread: any. */
#include "base/err.h"

#include <stdlib.h>

static const char *const TEXT[ERR_COUNT] = {
	[0] = "success",
	[ERR_IO] = "input/output error",
	[ERR_ABSENT] = "not present on this machine",
	[ERR_PARSE] = "malformed input",
	[ERR_RANGE] = "number out of range",
	[ERR_LIMIT] = "over the limit",
	[ERR_TIMEOUT] = "deadline passed",
	[ERR_BUSY] = "held by somebody else",
	[ERR_CHECKSUM] = "checksum mismatch",
	[ERR_STATE] = "not possible in this state",
	[ERR_UNSUPPORTED] = "not supported",
};

const char *err_text(int code)
{
	const int n = abs(code);

	return n < ERR_COUNT ? TEXT[n] : "unknown error";
}
