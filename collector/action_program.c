/* action_program.c - see action_program.h. Pure; thread: any. */
#include "action_program.h"

#include <ctype.h>
#include <string.h>

struct action_language {
	const char *name;
	const char *code;    /* letters of options that take code */
	const char *value;   /* ... that take something else, in a word of its own */
	bool operand;        /* the first word that is no option is code */
	bool all;            /* every word is */
	bool input;          /* without code and file it reads its input ... */
	bool always;         /* ... whatever words it has that are no code */
};

/* clang-format off */
/* Names without the digits at their end. */
static const struct action_language LANGUAGES[] = {
	{ .name = "awk",      .code = "e", .value = "Ffvilo", .operand = true },
	{ .name = "gawk",     .code = "e", .value = "Ffvilo", .operand = true },
	{ .name = "mawk",     .code = "",  .value = "Ffv", .operand = true },
	{ .name = "nawk",     .code = "",  .value = "Ffv", .operand = true },
	{ .name = "at",       .code = "",  .value = "fqt", .input = true, .always = true },
	{ .name = "batch",    .code = "",  .value = "fqt", .input = true, .always = true },
	{ .name = "bc",       .code = "e", .value = "", .input = true, .always = true },
	{ .name = "dc",       .code = "e", .value = "f", .input = true },
	{ .name = "env",      .code = "S", .value = "uC" },
	{ .name = "expect",   .code = "c", .value = "", .input = true },
	{ .name = "lua",      .code = "e", .value = "l", .input = true },
	{ .name = "luajit",   .code = "e", .value = "l", .input = true },
	{ .name = "mariadb",  .code = "e", .value = "DhPSu", .input = true, .always = true },
	{ .name = "mysql",    .code = "e", .value = "DhPSu", .input = true, .always = true },
	{ .name = "node",     .code = "ep", .value = "r", .input = true },
	{ .name = "nodejs",   .code = "ep", .value = "r", .input = true },
	{ .name = "parallel", .code = "",  .value = "", .all = true },
	{ .name = "perl",     .code = "eE", .value = "I", .input = true },
	{ .name = "php",      .code = "rBRE", .value = "cdfF", .input = true },
	{ .name = "psql",     .code = "c", .value = "dfhpUv", .input = true, .always = true },
	{ .name = "python",   .code = "cm", .value = "WX", .input = true },
	{ .name = "Rscript",  .code = "e", .value = "", .input = true },
	{ .name = "ruby",     .code = "e", .value = "rIC", .input = true },
	{ .name = "sqlite",   .code = "",  .value = "", .all = true },
	{ .name = "tclsh",    .code = "",  .value = "", .input = true },
	/* One word alone is a line of its own language, with ; in it. */
	{ .name = "virsh",    .code = "",  .value = "cdekKl", .operand = true, .input = true },
	{ .name = "watch",    .code = "",  .value = "", .all = true },
};
static const char *const LONG_CODE[] = { "--command", "--eval", "--execute", "--expression", "--print", "--run",
					 "--source", "--split-string", NULL };
static const char *const LONG_VALUE[] = { "--assign", "--connect", "--debug", "--escape", "--field-separator", "--file",
					  "--keepalive-count", "--keepalive-interval", "--log", NULL };
/* clang-format on */

void action_program_begin(struct action_program *program, const char *name, size_t length)
{
	*program = (struct action_program){ .language = NULL };
	while (length > 0 && (isdigit((unsigned char)name[length - 1]) || name[length - 1] == '.'))
		length--;
	for (size_t i = 0; i < sizeof(LANGUAGES) / sizeof(LANGUAGES[0]); i++)
		if (strlen(LANGUAGES[i].name) == length && memcmp(LANGUAGES[i].name, name, length) == 0)
			program->language = &LANGUAGES[i];
}

/* "--eval", or "--eval=..." where a value is in the same word. */
static bool is_one_of(const char *word, size_t length, const char *const *list)
{
	const char *equal = memchr(word, '=', length);

	length = equal != NULL ? (size_t)(equal - word) : length;
	for (; *list != NULL; list++)
		if (strlen(*list) == length && memcmp(*list, word, length) == 0)
			return true;
	return false;
}

static bool is_option(const char *word, size_t length)
{
	return length > 1 && word[0] == '-';
}

/* The letter of an option, "-ne", that takes something: where the next byte is; 0: none does. */
static size_t letter_at(const struct action_language *language, const char *word, size_t length)
{
	for (size_t i = 1; i < length; i++)
		if (word[i] == '$' || strchr(language->code, word[i]) != NULL ||
		    strchr(language->value, word[i]) != NULL)
			return i + 1;
	return 0;
}

/* What an option takes: code, or something else; behind the word or, then *glued, within it. */
enum taken { TAKES_NOTHING, TAKES_CODE, TAKES_VALUE };

static enum taken taken_by(const struct action_language *language, const char *word, size_t length, bool *glued)
{
	size_t at;

	if (word[1] == '-') {
		*glued = memchr(word, '=', length) != NULL;
		return is_one_of(word, length, LONG_CODE)	 ? TAKES_CODE
		       : is_one_of(word, length, LONG_VALUE) ? TAKES_VALUE
							     : TAKES_NOTHING;
	}
	at = letter_at(language, word, length);
	*glued = at < length;
	if (at == 0)
		return TAKES_NOTHING;
	return strchr(language->value, word[at - 1]) != NULL ? TAKES_VALUE : TAKES_CODE;
}

/* "-f PROGRAM" of those whose first word would be it. */
static bool is_file(const char *word, size_t length)
{
	static const char *const LONG_FILE[] = { "--file", NULL };

	return word[1] == 'f' || is_one_of(word, length, LONG_FILE);
}

static void read_option(struct action_program *program, const char *word, size_t length)
{
	bool glued;
	const enum taken taken = taken_by(program->language, word, length, &glued);

	program->next_is_code = taken == TAKES_CODE && !glued;
	program->next_is_value = taken == TAKES_VALUE && !glued;
	if (taken == TAKES_CODE || (program->language->operand && is_file(word, length)))
		program->has_code = true;
}

void action_program_word(struct action_program *program, const char *word, size_t length)
{
	const bool is_known = program->next_is_code || program->next_is_value;

	if (program->language == NULL)
		return;
	program->next_is_code = program->next_is_value = false;
	if (is_known || program->language->all)
		return;
	if (is_option(word, length))
		read_option(program, word, length);
	else if ((length != 1 || word[0] != '-') && !program->language->always)
		program->language = NULL; /* its program, its file or an argument */
}

bool action_program_is_code(const struct action_program *program, const char *word, size_t length)
{
	const struct action_language *language = program->language;
	bool glued;

	if (language == NULL || program->next_is_value)
		return false;
	if (program->next_is_code || language->all)
		return true;
	if (is_option(word, length))
		return taken_by(language, word, length, &glued) == TAKES_CODE;
	return language->operand && !program->has_code;
}

bool action_program_reads_input(const struct action_program *program)
{
	return program->language != NULL && program->language->input && !program->has_code;
}
