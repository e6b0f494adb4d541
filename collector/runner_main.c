/*
 * runner_main.c - edgenode-run: the command process (runner.h) as a program of its own, without the daemon's libraries.
 *
 * Run by edgenoded with the numbers of two descriptors: the socket to it, and /dev/null.
 */
#include "runner_worker.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXIT_USAGE 2

/* The number of a descriptor that is open; -1: it is none. */
static int descriptor(const char *text)
{
	char *end;
	const long number = strtol(text, &end, 10);

	return *text != '\0' && *end == '\0' && number >= 0 && number <= INT_MAX && fcntl((int)number, F_GETFD) >= 0
		       ? (int)number
		       : -1;
}

static bool is_socket(int fd)
{
	int type;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(int argc, char **argv)
{
	const int socket = argc == 3 ? descriptor(argv[1]) : -1, null = argc == 3 ? descriptor(argv[2]) : -1;

	if (socket <= STDERR_FILENO || null < 0 || !is_socket(socket)) {
		fputs("edgenode-run: is run by edgenoded, for the commands that this runs\n", stderr);
		return EXIT_USAGE;
	}
	runner_keeper_run(socket, null);
}
