/* libvirt_local.c - whether a hypervisor is this host's. Pure; thread: any. */
#include "source/libvirt_local.h"

#include <string.h>
#include <strings.h>

/* What is between "://" and the next '/' or '?', without "user@"; NULL: there is no "://". */
static const char *authority_of(const char *uri, size_t *length)
{
	const char *begin = uri != NULL ? strstr(uri, "://") : NULL, *user;

	if (begin == NULL)
		return NULL;
	begin += 3;
	*length = strcspn(begin, "/?");
	user = memchr(begin, '@', *length);
	if (user != NULL) {
		*length -= (size_t)(user + 1 - begin);
		begin = user + 1;
	}
	return begin;
}

/* The host of it, or the host with a port. */
static bool names_host(const char *authority, size_t length, const char *host)
{
	const size_t n = strlen(host);

	return length >= n && strncasecmp(authority, host, n) == 0 && (length == n || authority[n] == ':');
}

bool libvirt_local_is_loopback(const char *uri)
{
	static const char *const LOOPBACK[] = { "localhost", "127.0.0.1", "[::1]" };
	size_t length;
	const char *authority = authority_of(uri, &length);

	for (size_t i = 0; authority != NULL && i < sizeof(LOOPBACK) / sizeof(LOOPBACK[0]); i++)
		if (names_host(authority, length, LOOPBACK[i]))
			return true;
	return false;
}

/* One of the two may lack the domain. */
static bool same_host(const char *a, const char *b)
{
	const size_t n = strcspn(a, ".");

	if (n == 0 || n != strcspn(b, ".") || strncasecmp(a, b, n) != 0)
		return false;
	return a[n] == '\0' || b[n] == '\0' || strcasecmp(a, b) == 0;
}

bool libvirt_local_is(const char *uri, const char *theirs, const char *ours)
{
	size_t length;
	const char *authority = authority_of(uri, &length);

	if (authority == NULL || strncmp(uri, "test", 4) == 0)
		return false;
	if (length == 0)
		return true;
	return libvirt_local_is_loopback(uri) && theirs != NULL && same_host(theirs, ours);
}
