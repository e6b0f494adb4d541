/*
 * main.c - edgenoded: options, configuration, then app_run(); nothing else.
 */
#include "app.h"
#include "base/err.h"
#include "base/log.h"
#include "subagent/watch_values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What an operator who named no file would not expect. */
static void tell_choice(const struct options *options)
{
	const bool vhostmd = strcmp(options->config, CONFIG_FILE_VHOSTMD) == 0;

	if (!options->config_given && vhostmd != options->as_vhostmd && access(options->config, F_OK) == 0)
		log_info("no configuration file %s: reading %s",
			 vhostmd ? CONFIG_FILE_DEFAULT : CONFIG_FILE_VHOSTMD, options->config);
}

/* The file named, else a default one, else the defaults. NULL: the reason is printed. */
static struct config *load(const struct options *options)
{
	struct config *config = NULL;
	struct config_error error;

	tell_choice(options);
	if (!options->config_given && access(options->config, F_OK) != 0) {
		log_info("no configuration file %s: running on defaults", options->config);
		config = config_new();
	} else if (config_load(options->config, &config, &error) != 0) {
		fprintf(stderr, "edgenoded: error: %s\n", error.text);
		return NULL;
	}
	options_apply(options, config);
	if (config_validate(config, &error) != 0 || config_check_objects(config, watch_values_has, &error) != 0) {
		fprintf(stderr, "edgenoded: error: %s\n", error.text);
		part_unref(config);
		return NULL;
	}
	return config;
}

static int run(const struct options *options)
{
	struct config *config = load(options);

	if (config == NULL)
		return EXIT_FAILURE;
	if (!options->test_config)
		return app_run(options, config);
	config_print(config, stdout);
	part_unref(config);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options;
	int rc = options_parse(argc, argv, &options);

	log_open("edgenoded", false, options.verbose > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (rc == 0)
		rc = run(&options);
	else
		rc = rc > 0 ? EXIT_SUCCESS : OPTIONS_EXIT_USAGE;
	options_free(&options);
	return rc;
}
