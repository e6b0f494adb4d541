/* address.c - numeric addresses with a port. Pure; thread: any. */
#include "base/address.h"

#include "base/err.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static int parse_v4(const char *host, uint16_t port, struct sockaddr_storage *out, socklen_t *length)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		return -ERR_PARSE;
	memset(out, 0, sizeof(*out));
	memcpy(out, &address, sizeof(address));
	*length = sizeof(address);
	return 0;
}

static int parse_v6(const char *host, uint16_t port, struct sockaddr_storage *out, socklen_t *length)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, host, &address.sin6_addr) != 1)
		return -ERR_PARSE;
	memset(out, 0, sizeof(*out));
	memcpy(out, &address, sizeof(address));
	*length = sizeof(address);
	return 0;
}

int address_parse(const char *text, struct sockaddr_storage *out, socklen_t *length)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN + 2];
	size_t n;
	uint32_t port;

	if (colon == NULL || text_u32(colon + 1, &port) != 0 || port == 0 || port > UINT16_MAX)
		return -ERR_PARSE;
	n = (size_t)(colon - text);
	if (n >= sizeof(host))
		return -ERR_PARSE;
	memcpy(host, text, n);
	host[n] = '\0';
	if (n < 2 || host[0] != '[' || host[n - 1] != ']')
		return parse_v4(host, (uint16_t)port, out, length);
	host[n - 1] = '\0';
	return parse_v6(host + 1, (uint16_t)port, out, length);
}
