/*
 * libvirt_xml.c - a walk from tag to tag, and an attribute of the tag that is wanted. Pure; thread: any.
 *
 * Data: virDomainGetMetadata and virConnectGetCapabilities. Comments and processing instructions are stepped over;
 * character data is never looked at but for the UUID.
 */
#include "source/libvirt_xml.h"

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\n"

/* A start tag: where its name and its attributes are. */
struct tag {
	const char *name; /* without the prefix */
	size_t name_length;
	const char *attributes; /* behind the name */
	const char *end;	/* the '>' */
};

/* The closing '>' of a tag: one that is in no quoted value. */
static const char *tag_end(const char *p)
{
	while (*p != '\0' && *p != '>') {
		if (*p == '"' || *p == '\'') {
			p = strchr(p + 1, *p);
			if (p == NULL)
				return NULL;
		}
		p++;
	}
	return *p == '>' ? p : NULL;
}

/* The next start tag at or behind *p; *p moves behind it. */
static int tag_next(const char **p, struct tag *tag)
{
	while ((*p = strchr(*p, '<')) != NULL) {
		const char *start = *p + 1, *colon;
		bool comment = strncmp(start, "!--", 3) == 0;
		const char *end = comment ? strstr(start + 3, "-->") : tag_end(start);

		if (end == NULL)
			return -ERR_PARSE;
		*p = end + (comment ? 3 : 1);
		if (comment || *start == '/' || *start == '?' || *start == '!')
			continue;
		tag->name_length = strcspn(start, BLANKS "/>");
		colon = memchr(start, ':', tag->name_length);
		tag->name = colon != NULL ? colon + 1 : start;
		tag->name_length -= (size_t)(tag->name - start);
		tag->attributes = tag->name + tag->name_length;
		tag->end = end;
		return 0;
	}
	return -ERR_ABSENT;
}

static bool tag_is(const struct tag *tag, const char *name)
{
	return tag->name_length == strlen(name) && memcmp(tag->name, name, tag->name_length) == 0;
}

/* The first tag of that name at or behind *p. */
static int tag_find(const char **p, const char *name, struct tag *tag)
{
	int rc = tag_next(p, tag);

	while (rc == 0 && !tag_is(tag, name))
		rc = tag_next(p, tag);
	return rc;
}

/* The value of an attribute, not NUL-terminated. */
static int tag_attribute(const struct tag *tag, const char *name, const char **value, size_t *length)
{
	const char *p = tag->attributes;

	for (p += strspn(p, BLANKS); p < tag->end && *p != '/'; p += strspn(p, BLANKS)) {
		size_t name_length = strcspn(p, BLANKS "=>");
		const char *mark = p + name_length + strspn(p + name_length, BLANKS "="), *end;

		if (mark >= tag->end || (*mark != '"' && *mark != '\''))
			return -ERR_PARSE;
		end = strchr(mark + 1, *mark); /* tag_end has seen it */
		if (name_length == strlen(name) && memcmp(p, name, name_length) == 0) {
			*value = mark + 1;
			*length = (size_t)(end - *value);
			return 0;
		}
		p = end + 1;
	}
	return -ERR_ABSENT;
}

static bool plain(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~' || text[i] == '&' || text[i] == '<')
			return false;
	return true;
}

static bool too_long(const char *xml)
{
	return strnlen(xml, LIBVIRT_XML_MAX + 1) > LIBVIRT_XML_MAX;
}

int libvirt_xml_os(const char *xml, char out[LIBVIRT_OS_SIZE])
{
	struct tag tag;
	const char *value;
	size_t length;
	int rc = too_long(xml) ? -ERR_LIMIT : tag_find(&xml, "os", &tag);

	if (rc == 0)
		rc = tag_attribute(&tag, "id", &value, &length);
	if (rc != 0)
		return rc;
	if (length == 0)
		return -ERR_ABSENT;
	if (length >= LIBVIRT_OS_SIZE)
		return -ERR_LIMIT;
	if (!plain(value, length))
		return -ERR_PARSE;
	memcpy(out, value, length);
	out[length] = '\0';
	return 0;
}

int libvirt_xml_host_uuid(const char *xml, uint8_t out[16])
{
	char text[TEXT_UUID_SIZE];
	struct tag tag;
	int rc = too_long(xml) ? -ERR_LIMIT : tag_find(&xml, "host", &tag);

	if (rc == 0)
		rc = tag_next(&xml, &tag);
	/* libvirt writes it as the first element of <host>; a <uuid> further on would be another's. */
	if (rc == 0 && !tag_is(&tag, "uuid"))
		rc = -ERR_ABSENT;
	if (rc != 0)
		return rc;
	xml += strspn(xml, BLANKS);
	if (strnlen(xml, sizeof(text) - 1) < sizeof(text) - 1)
		return -ERR_PARSE;
	memcpy(text, xml, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	return text_uuid_parse(text, out);
}
