/* mem.c - allocation that ends the process rather than return NULL (see mem.h). Thread: any. */
#include "base/mem.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
	if (p == NULL) {
		log_error("out of memory");
		abort();
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return checked(calloc(1, size > 0 ? size : 1));
}

void *mem_array(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *mem_grow(void *old, size_t count, size_t size)
{
	return checked(reallocarray(old, count > 0 ? count : 1, size > 0 ? size : 1));
}

char *mem_string(const char *text)
{
	return text == NULL ? NULL : checked(strdup(text));
}

char *mem_string_n(const char *text, size_t length)
{
	return checked(strndup(text, length));
}

void mem_replace(char **slot, const char *text)
{
	char *copy = mem_string(text);

	free(*slot);
	*slot = copy;
}
