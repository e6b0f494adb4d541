/*
 * fuzz_config.c - any bytes as a configuration file: refused in one line, or printed and read again to the same.
 */
#include "fuzz.h"

#include "base/log.h"
#include "config.h"

#include <string.h>

/* What config_print gives; the caller frees it. */
static char *printed(const struct config *config, size_t *length)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, length);

	FUZZ_CHECK(stream != NULL);
	config_print(config, stream);
	FUZZ_CHECK(fclose(stream) == 0);
	return text;
}

static void check_refusal(const struct config_error *error)
{
	FUZZ_CHECK(error->text[0] != '\0');
	FUZZ_CHECK(memchr(error->text, '\0', sizeof(error->text)) != NULL);
	FUZZ_CHECK(strchr(error->text, '\n') == NULL);
}

static void check_print(const struct config *config)
{
	struct config *again = NULL;
	struct config_error error = { "" };
	size_t length, length_again;
	char *text = printed(config, &length), *text_again;

	if (config_parse("printed", text, length, &again, &error) != 0) {
		fprintf(stderr, "%s\n%s\n", error.text, text);
		FUZZ_CHECK(again != NULL);
	}
	text_again = printed(again, &length_again);
	if (strcmp(text, text_again) != 0) {
		fprintf(stderr, "--- first\n%s--- again\n%s", text, text_again);
		FUZZ_CHECK(length == length_again && memcmp(text, text_again, length) == 0);
	}
	free(text);
	free(text_again);
	part_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct config_error error = { "" };

	log_open("fuzz", false, LOG_LEVEL_ERROR); /* no warnings of metrics that are left out */
	if (config_parse("input", (const char *)data, size, &config, &error) == 0) {
		check_print(config);
		part_unref(config);
	} else {
		FUZZ_CHECK(config == NULL);
		check_refusal(&error);
	}
	return 0;
}
