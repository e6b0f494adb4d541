/*
 * port_latency.c - in a guest: asks its port for metrics again and again, and prints how long each answer took, in
 * microseconds. usage: port_latency PORT COUNT PAUSE_MS
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REPLY_MAX (1 << 20)
#define REQUEST "GET /metrics/XML\n\n"

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* Through the empty line; false at an end before that. A port that QEMU's other end has left reads 0 bytes. */
static int take_reply(int fd, char *reply)
{
	size_t length = 0;

	while (length < REPLY_MAX) {
		const ssize_t n = read(fd, reply + length, REPLY_MAX - length);

		if (n <= 0)
			return 0;
		length += (size_t)n;
		if (length >= 2 && memcmp(reply + length - 2, "\n\n", 2) == 0)
			return strncmp(reply, "<metrics>", 9) == 0;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const int fd = argc == 4 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	char *reply = malloc(REPLY_MAX);

	if (fd < 0 || reply == NULL) {
		perror(argc == 4 ? argv[1] : "usage: port_latency PORT COUNT PAUSE_MS");
		return 1;
	}
	for (int i = atoi(argv[2]); i > 0; i--) {
		const long long start = now_us();

		if (write(fd, REQUEST, sizeof(REQUEST) - 1) != (ssize_t)sizeof(REQUEST) - 1 || !take_reply(fd, reply)) {
			fprintf(stderr, "no reply\n");
			return 1;
		}
		printf("%lld\n", now_us() - start);
		usleep((useconds_t)atoi(argv[3]) * 1000);
	}
	free(reply);
	return 0;
}
