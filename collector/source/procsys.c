/*
 * procsys.c - reading and line handling that the sources of /proc and /sys share. Thread: the worker of the source.
 */
#include "source/procsys.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_FIRST_SIZE 4096u
#define ONLINE_PATH "/sys/devices/system/cpu/online"
#define ONLINE_SIZE 4096 /* sysfs gives no more than one page */

static void destroy_flat(struct part *part)
{
	free(part);
}

void *procsys_part_new(size_t size)
{
	struct part *part = mem_alloc(size);

	part_init(part, destroy_flat);
	return part;
}

int procsys_open(const struct source_env *env, void **self, struct source_error *error)
{
	struct procsys_buffer *buffer = mem_alloc(sizeof(*buffer));

	(void)env;
	(void)error;
	buffer->size = BUFFER_FIRST_SIZE;
	buffer->data = mem_alloc(buffer->size);
	*self = buffer;
	return 0;
}

void procsys_close(void *self)
{
	struct procsys_buffer *buffer = self;

	free(buffer->data);
	free(buffer);
}

int procsys_read(struct procsys_buffer *buffer, const struct sysroot *root, const char *path, size_t most,
		 size_t *length)
{
	int rc;

	while ((rc = sysfile_read(root, path, buffer->data, buffer->size, length)) == -ERR_LIMIT &&
	       buffer->size < most) {
		buffer->size = buffer->size * 2 < most ? buffer->size * 2 : most;
		buffer->data = mem_grow(buffer->data, buffer->size, 1);
	}
	return rc;
}

int procsys_fail(struct source_error *error, int code, const char *path, uint32_t line)
{
	const char *why = code == -ERR_IO ? strerror(errno) : err_text(code);

	if (line > 0)
		return source_fail(error, code, "%s:%u: %s", path, line, why);
	return source_fail(error, code, "%s: %s", path, why);
}

int procsys_online_cpus(const struct source_env *env, uint32_t *numbers, size_t *n, struct source_error *error)
{
	char text[ONLINE_SIZE];
	size_t length;
	int rc = sysfile_read(env->root, ONLINE_PATH, text, sizeof(text), &length);

	if (rc == 0)
		rc = cpulist_parse(text, length, numbers, HOST_CPUS_MAX, n);
	return rc == 0 ? 0 : procsys_fail(error, rc, ONLINE_PATH, 0);
}

int procsys_poll_cpus(const struct source_env *env, size_t head, size_t row,
		      int (*read)(const struct sysroot *root, const uint32_t *numbers, size_t n, struct part *part,
				  struct source_error *error),
		      struct part **result, struct source_error *error)
{
	uint32_t numbers[HOST_CPUS_MAX];
	struct part *part;
	size_t n;
	int rc = procsys_online_cpus(env, numbers, &n, error);

	if (rc != 0)
		return rc;
	part = procsys_part_new(head + n * row);
	rc = read(env->root, numbers, n, part, error);
	if (rc == 0)
		*result = part;
	else
		part_unref(part);
	return rc;
}

int procsys_device_path(const struct sysroot *root, const char *path, char *buf, size_t size)
{
	char link[SYSFILE_PATH_MAX];
	char *name;
	int rc;

	snprintf(link, sizeof(link), "%s/device", path);
	rc = sysfile_realpath(root, link, buf, size);
	if (rc != -ERR_ABSENT)
		return rc;
	rc = sysfile_realpath(root, path, buf, size);
	if (rc != 0)
		return rc;
	name = strrchr(buf, '/');
	if (name != buf)
		*name = '\0';
	return 0;
}

/* --- lines ------------------------------------------------------------------------------------------------------- */

void procsys_lines_init(struct procsys_lines *lines, const char *text, size_t length)
{
	memset(lines, 0, sizeof(*lines));
	lines->next = text;
	lines->end = text + length;
}

int procsys_lines_next(struct procsys_lines *lines)
{
	const char *newline;

	if (lines->next == lines->end)
		return 0;
	lines->number++;
	newline = memchr(lines->next, '\n', (size_t)(lines->end - lines->next));
	if (newline == NULL)
		return -ERR_PARSE;
	lines->at = lines->next;
	lines->stop = newline;
	lines->next = newline + 1;
	return 1;
}

static const struct procsys_key *find_key(const struct procsys_key *keys, size_t n, const char *name, size_t length)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(keys[i].name) == length && memcmp(keys[i].name, name, length) == 0)
			return &keys[i];
	return NULL;
}

/* The number behind a name, with nothing but an optional " kB" after it. */
static int take_value(const char *p, const char *stop, uint64_t *out)
{
	uint64_t value;
	int rc;

	if (p < stop && *p == ':')
		p++;
	rc = text_take_u64(&p, stop, &value);
	if (rc != 0)
		return rc;
	if (p != stop && !(stop - p == 3 && memcmp(p, " kB", 3) == 0))
		return -ERR_PARSE;
	*out = value;
	return 0;
}

static int take_key(const struct procsys_lines *lines, const struct procsys_key *keys, size_t n, void *base,
		    uint64_t *have)
{
	const char *p = lines->at;
	const struct procsys_key *key;
	uint64_t value;
	int rc;

	while (p < lines->stop && *p != ' ' && *p != ':')
		p++;
	key = find_key(keys, n, lines->at, (size_t)(p - lines->at));
	if (key == NULL)
		return 0;
	rc = take_value(p, lines->stop, &value);
	if (rc != 0)
		return rc;
	memcpy((char *)base + key->offset, &value, sizeof(value));
	*have |= key->bit;
	return 0;
}

int procsys_take_keys(const char *text, size_t length, const struct procsys_key *keys, size_t n, void *base,
		      uint64_t *have, uint32_t *line)
{
	struct procsys_lines lines;
	int rc;

	procsys_lines_init(&lines, text, length);
	while ((rc = procsys_lines_next(&lines)) > 0) {
		rc = take_key(&lines, keys, n, base, have);
		if (rc != 0)
			break;
	}
	*line = lines.number;
	return rc;
}

/* --- CPU lists --------------------------------------------------------------------------------------------------- */

/* "4" or "4-7" at *p. */
static int take_range(const char **p, const char *end, uint64_t *first, uint64_t *last)
{
	int rc = text_take_u64(p, end, first);

	*last = *first;
	if (rc == 0 && *p < end && **p == '-') {
		++*p;
		rc = text_take_u64(p, end, last);
	}
	if (rc != 0)
		return rc;
	if (*last > PROCSYS_CPU_NUMBER_MAX)
		return -ERR_RANGE;
	return *last < *first ? -ERR_PARSE : 0;
}

int cpulist_parse(const char *text, size_t length, uint32_t *numbers, size_t most, size_t *n)
{
	const char *p = text, *end = text + length;
	uint64_t first = 0, last = 0;
	size_t count = 0;
	int rc;

	do {
		rc = take_range(&p, end, &first, &last);
		if (rc != 0)
			return rc;
		if (count > 0 && first <= numbers[count - 1])
			return -ERR_PARSE;
		if (last - first >= most - count)
			return -ERR_LIMIT;
		while (first <= last)
			numbers[count++] = (uint32_t)first++;
	} while (p < end && *p++ == ',');
	if (p != end || end[-1] != '\n')
		return -ERR_PARSE;
	*n = count;
	return 0;
}
