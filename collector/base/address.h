/*
 * address.h - an address and a port as people write them. Pure; thread: any.
 */
#ifndef EDGENODE_BASE_ADDRESS_H
#define EDGENODE_BASE_ADDRESS_H

#include <sys/socket.h>

/* "127.0.0.1:323" or "[::1]:323": numbers only, no name is looked up. 0, or -ERR_PARSE with both untouched. */
int address_parse(const char *text, struct sockaddr_storage *out, socklen_t *length);

#endif
