/*
 * fuzz_action.c - any text as an action: what comes out is the same text but for the tokens, each of which became one
 * of its expansions; no value and nothing else gets in. And any text as the output of an action that prints elements.
 */
#include "fuzz.h"

#include "action_text.h"
#include "action_value.h"
#include "base/err.h"

#include <string.h>

struct replacement {
	const char *token, *text;
};

/* clang-format off */
#define VALUE(token, variable) \
	{ token, "\"$" variable "\"" }, { token, "${" variable "}" }, { token, "'\"$" variable "\"'" }
static const struct replacement REPLACEMENTS[] = {
	{ "CONNECT", "${VHOSTMD_URI:+--connect \"$VHOSTMD_URI\"}" },
	VALUE("NAME", "VHOSTMD_NAME"), VALUE("UUID", "VHOSTMD_UUID"), VALUE("VMID", "VHOSTMD_ID"), VALUE("ID", "VHOSTMD_ID"),
};
/* clang-format on */

/* The one that leads from the one text to the other here. Tokens begin with a letter, and their expansions do not. */
static const struct replacement *find(const char *before, const char *after)
{
	for (size_t i = 0; i < sizeof(REPLACEMENTS) / sizeof(REPLACEMENTS[0]); i++) {
		const struct replacement *r = &REPLACEMENTS[i];

		if (strncmp(before, r->token, strlen(r->token)) == 0 && strncmp(after, r->text, strlen(r->text)) == 0)
			return r;
	}
	return NULL;
}

static void compare(const char *before, const char *after)
{
	while (*before != '\0') {
		const struct replacement *replacement;

		if (*before == *after) {
			before++;
			after++;
			continue;
		}
		replacement = find(before, after);
		FUZZ_CHECK(replacement != NULL);
		before += strlen(replacement->token);
		after += strlen(replacement->text);
	}
	FUZZ_CHECK(*after == '\0');
}

static void rewrite(const char *action, bool of_domain)
{
	const char *why = NULL;
	char *text = NULL;
	const int rc = action_text_rewrite(action, of_domain, &text, &why);

	FUZZ_CHECK((rc == 0) == (text != NULL) && (rc == 0) == (why == NULL));
	FUZZ_CHECK(rc == 0 || rc == -ERR_PARSE || rc == -ERR_LIMIT);
	FUZZ_CHECK(action_text_rewrite(action, of_domain, NULL, &why) == rc);
	if (text != NULL)
		compare(action, text);
	free(text);
}

static void parse(const char *output, size_t length)
{
	static const uint8_t UUID[16] = { 1 };
	const struct config_metric metric = { .type = METRIC_XML, .context = METRIC_VM };
	char why[ACTION_VALUE_WHY_SIZE] = "";
	struct metrics *metrics = NULL;

	FUZZ_CHECK((action_value_parse(&metric, UUID, output, length, &metrics, why) == 0) == (metrics != NULL));
	for (size_t i = 0; metrics != NULL && i < metrics->n; i++)
		FUZZ_CHECK(metrics->rows[i].name[0] != '\0' && metrics->rows[i].value != NULL &&
			   memcmp(metrics->rows[i].uuid, UUID, sizeof(UUID)) == 0);
	part_unref(metrics);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rewrite(text, true);
	rewrite(text, false);
	if (size <= 65536)
		parse(text, size);
	free(text);
	return 0;
}
