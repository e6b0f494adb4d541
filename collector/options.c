/*
 * options.c - the command line: one table of options, which getopt_long's two lists and the help are made from.
 *
 * Thread: main. Data from: argv, the working directory, and which of the two default configurations there is.
 */
#include "options.h"

#include "base/err.h"
#include "base/mem.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_PATH, OPTION_COUNT, OPTION_ROOT, OPTION_HELP, OPTION_VERSION };

#define ROOT_LETTER 1 /* --root has no short form */

struct option_row {
	int letter;
	enum option_kind kind;
	const char *name;
	size_t offset;
	const char *value; /* its name in the help */
	const char *help;  /* NULL: for tests, not shown */
};

/* clang-format off */
static const struct option_row OPTIONS[] = {
	{'f', OPTION_PATH, "config", offsetof(struct options, config), "FILE", "read the configuration from FILE"},
	{'d', OPTION_FLAG, "no-daemonize", offsetof(struct options, foreground), NULL, "stay in the foreground, log to stderr"},
	{'v', OPTION_COUNT, "verbose", offsetof(struct options, verbose), NULL, "log everything"},
	{'p', OPTION_PATH, "pid-file", offsetof(struct options, pid_file), "FILE", "write the process id to FILE"},
	{'c', OPTION_TEXT, "connect", offsetof(struct options, uri), "URI", "the hypervisor, as libvirt names it"},
	{'u', OPTION_TEXT, "user", offsetof(struct options, user), "USER", "run as USER"},
	{'x', OPTION_TEXT, "agentx", offsetof(struct options, agentx), "ADDRESS", "AgentX socket of the SNMP daemon; \"\" for none"},
	{'S', OPTION_PATH, "state-dir", offsetof(struct options, state_dir), "DIR", "where indexes and the event log are kept"},
	{'t', OPTION_FLAG, "test-config", offsetof(struct options, test_config), NULL, "check and print the configuration, then end"},
	{'V', OPTION_VERSION, "version", 0, NULL, "print the version"},
	{'h', OPTION_HELP, "help", 0, NULL, "print this"},
	{ROOT_LETTER, OPTION_ROOT, "root", offsetof(struct options, root), "DIR", NULL},
};
/* clang-format on */
#define OPTION_ROWS (sizeof(OPTIONS) / sizeof(OPTIONS[0]))

#define PROGRAM "edgenoded"
#define VHOSTMD "vhostmd"
#define VHOSTMD_PID_FILE RUNSTATEDIR "/vhostmd.pid"

static void print_help(const struct options *options)
{
	const struct option_row *row;
	char names[48];

	printf("Usage: %s [OPTION]...\n"
	       "Serves the metrics and events of this virtualization host over AgentX and to its guests.\n\n",
	       options->program);
	for (row = OPTIONS; row < OPTIONS + OPTION_ROWS; row++) {
		if (row->help == NULL)
			continue;
		snprintf(names, sizeof(names), "-%c, --%s%s%s", row->letter, row->name, row->value != NULL ? " " : "",
			 row->value != NULL ? row->value : "");
		printf("  %-26s %s\n", names, row->help);
	}
	printf("\nConfiguration file: %s, described in edgenode.conf(5), or %s.\n", CONFIG_FILE_DEFAULT,
	       CONFIG_FILE_VHOSTMD);
}

static char *absolute(const char *path)
{
	char directory[PATH_MAX], *whole;
	size_t size;

	if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL)
		return mem_string(path);
	size = strlen(directory) + strlen(path) + sizeof("/");
	whole = mem_alloc(size);
	snprintf(whole, size, "%s/%s", directory, path);
	return whole;
}

static void make_lists(struct option *longs, char *shorts)
{
	size_t i;

	*shorts++ = ':'; /* a missing value is told apart */
	for (i = 0; i < OPTION_ROWS; i++) {
		const struct option_row *row = &OPTIONS[i];
		const bool takes = row->value != NULL;

		longs[i] = (struct option){row->name, takes ? required_argument : no_argument, NULL, row->letter};
		if (row->letter == ROOT_LETTER)
			continue;
		*shorts++ = (char)row->letter;
		if (takes)
			*shorts++ = ':';
	}
	longs[i] = (struct option){NULL, 0, NULL, 0};
	*shorts = '\0';
}

static int usage_error(const struct options *options, const char *text, const char *argument)
{
	fprintf(stderr, "%s: %s%s\nTry \"%s --help\".\n", options->program, text, argument, options->program);
	return -ERR_PARSE;
}

/* 0, or 1 when the row ends the program. */
static int take(const struct option_row *row, const char *value, struct options *out)
{
	void *field = (char *)out + row->offset;
	char *path;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_COUNT:
		++*(unsigned *)field;
		return 0;
	case OPTION_TEXT:
		mem_replace(field, value);
		return 0;
	case OPTION_PATH:
	case OPTION_ROOT:
		if (value[0] == '\0' && row->kind == OPTION_PATH)
			return usage_error(out, "an empty path for --", row->name);
		path = value[0] == '\0' ? mem_string("") : absolute(value);
		mem_replace(field, path);
		free(path);
		return 0;
	case OPTION_VERSION:
		printf("%s %s\n", out->program, PACKAGE_VERSION);
		return 1;
	case OPTION_HELP:
		print_help(out);
		return 1;
	}
	return 0;
}

static const struct option_row *row_of(int letter)
{
	const struct option_row *row;

	for (row = OPTIONS; row < OPTIONS + OPTION_ROWS; row++)
		if (row->letter == letter)
			return row;
	return NULL;
}

/* The option getopt stumbled on, as it was written. */
static int bad_option(const struct options *options, int letter, char **argv)
{
	const char *text = letter == ':' ? "a value is missing for " : "unknown option ";
	const char dash[] = {'-', (char)optopt, '\0'};

	if (optopt == 0 || optopt == ROOT_LETTER || strncmp(argv[optind - 1], "--", 2) == 0)
		return usage_error(options, text, argv[optind - 1]);
	return usage_error(options, text, dash);
}

static int parse_all(int argc, char **argv, struct options *out)
{
	struct option longs[OPTION_ROWS + 1];
	char shorts[2 * OPTION_ROWS + 2];
	int letter, rc = 0;

	make_lists(longs, shorts);
	optind = 0; /* start anew, also for a second call */
	opterr = 0;
	while (rc == 0 && (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = row_of(letter);

		rc = row != NULL ? take(row, optarg, out) : bad_option(out, letter, argv);
	}
	if (rc == 0 && optind < argc)
		rc = usage_error(out, "unexpected argument ", argv[optind]);
	return rc;
}

/* Somebody who had vhostmd has its configuration; under its name that one is meant first. */
static const char *default_config(bool as_vhostmd)
{
	const char *first = as_vhostmd ? CONFIG_FILE_VHOSTMD : CONFIG_FILE_DEFAULT;
	const char *second = as_vhostmd ? CONFIG_FILE_DEFAULT : CONFIG_FILE_VHOSTMD;

	if (access(first, F_OK) == 0)
		return first;
	return access(second, F_OK) == 0 ? second : CONFIG_FILE_DEFAULT;
}

static bool is_vhostmd(const char *path)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return path != NULL && strcmp(slash != NULL ? slash + 1 : path, VHOSTMD) == 0;
}

int options_parse(int argc, char **argv, struct options *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->as_vhostmd = is_vhostmd(argv[0]);
	out->program = out->as_vhostmd ? VHOSTMD : PROGRAM;
	rc = parse_all(argc, argv, out);
	out->config_given = out->config != NULL;
	if (out->config == NULL)
		out->config = mem_string(default_config(out->as_vhostmd));
	if (out->root == NULL)
		out->root = mem_string("");
	return rc;
}

static void lay_over(char **field, const char *value)
{
	if (value != NULL)
		mem_replace(field, value);
}

void options_apply(const struct options *options, struct config *config)
{
	lay_over(&config->uri, options->uri);
	lay_over(&config->user, options->user);
	lay_over(&config->agentx, options->agentx);
	lay_over(&config->state_dir, options->state_dir);
	lay_over(&config->pid_file, options->pid_file);
	/* Where scripts of vhostmd look for it. */
	if (options->as_vhostmd && !options->foreground && config->pid_file == NULL)
		mem_replace(&config->pid_file, VHOSTMD_PID_FILE);
}

void options_free(struct options *options)
{
	size_t i;

	for (i = 0; i < OPTION_ROWS; i++)
		if (OPTIONS[i].value != NULL)
			mem_replace((char **)((char *)options + OPTIONS[i].offset), NULL);
}
