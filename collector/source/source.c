/* source.c - small help for sources. Thread: any. */
#include "source/source.h"

#include <stdarg.h>
#include <stdio.h>

int source_fail(struct source_error *error, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}
