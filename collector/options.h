/*
 * options.h - the command line of edgenoded. Thread: main, before any other.
 */
#ifndef EDGENODE_OPTIONS_H
#define EDGENODE_OPTIONS_H

#include "config.h"

#include <stdbool.h>

#define OPTIONS_EXIT_USAGE 2

/* NULL: not given. Paths are absolute (the daemon leaves its working directory) and owned; free with options_free. */
struct options {
	const char *program; /* "edgenoded", or "vhostmd" where it was started by that name */
	bool as_vhostmd;
	char *config; /* when not given: the default one, or vhostmd's where only that is there */
	bool config_given;
	bool foreground;
	unsigned verbose; /* how often -v */
	bool test_config;
	char *uri, *user, *agentx, *state_dir, *pid_file;
	char *root; /* prefix of /proc and /sys; "" when not given */
};

/* 0; 1: help or version is printed, exit 0; -ERR_PARSE: the error and a hint are on stderr, exit OPTIONS_EXIT_USAGE.
 * *out is set in each case. */
int options_parse(int argc, char **argv, struct options *out);

/* Lays the values given over the configuration, which nobody else holds yet. */
void options_apply(const struct options *options, struct config *config);

void options_free(struct options *options);

#endif
