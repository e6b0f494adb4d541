/* action_command.c - see action_command.h. Pure; thread: any. */
#include "action_command.h"

#include <ctype.h>
#include <string.h>

/* After these comes the name of a command. */
static const char *const OPENERS[] = {
	"if", "then", "else", "elif", "do", "while", "until", "!", "{", "time", "command", "builtin", NULL,
};
static const char *const NAMERS[] = { "for", "select", "function", NULL };
/* The same, of each of their words; in some shells the subscript of a name, as in x[1], is arithmetic. */
static const char *const DECLARERS[] = {
	"read", "unset", "export", "readonly", "local", "getopts", "mapfile", "readarray", NULL,
};
/* Their words are read once more as code; from "let" on also as arithmetic, which in some shells runs
 * commands. */
static const char *const CODERS[] = { "trap", "alias", "let", "[[", "declare", "typeset", NULL };
/* And others that give the word behind -c to one. */
static const char *const SHELLS[] = {
	"sh",	 "ash",	 "bash", "busybox", "csh",     "dash",	 "fish", "flock", "ksh",  "mksh", "pdksh",
	"posh", "rbash", "runuser", "script", "sg", "su", "tcsh", "yash", "zsh", NULL,
};

/* Run the command that their arguments name. */
static const char *const RUNNERS[] = {
	"env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "time", "timeout", NULL,
};

static bool is_one_of(const char *word, size_t length, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == length && memcmp(*list, word, length) == 0)
			return true;
	return false;
}

void action_command_begin(struct action_command *command, bool within_code)
{
	*command = (struct action_command){ .within_code = within_code };
}

static void start_word(struct action_command *command)
{
	if (command->in_word)
		return;
	command->in_word = true;
	command->quoted = false;
	command->length = command->base_length = 0;
}

void action_command_byte(struct action_command *command, char byte)
{
	start_word(command);
	if (command->length < ACTION_WORD_MAX)
		command->word[command->length] = byte;
	command->length++;
	if (command->base_length < ACTION_BASE_MAX)
		command->base[command->base_length] = byte;
	command->base_length = byte == '/' ? 0 : command->base_length + 1;
}

void action_command_quoted(struct action_command *command)
{
	start_word(command);
	command->quoted = true;
}

/* The whole word, without quotes in it. */
static bool is_reserved(const struct action_command *command, const char *const *list)
{
	return !command->quoted && command->length <= ACTION_WORD_MAX &&
	       is_one_of(command->word, command->length, list);
}

static bool is_word(const struct action_command *command, const char *word)
{
	const char *const list[] = { word, NULL };

	return is_reserved(command, list);
}

/* "/bin/bash", "ksh93"; an expansion in place of a command's name may be one. */
static bool is_shell(const struct action_command *command)
{
	size_t n = command->base_length;

	if (command->place == PLACE_NAME && command->length > 0 && command->word[0] == '$')
		return true;
	if (n > ACTION_BASE_MAX)
		return false;
	while (n > 0 && (isdigit((unsigned char)command->base[n - 1]) || command->base[n - 1] == '.'))
		n--;
	return is_one_of(command->base, n, SHELLS);
}

/* "-c", "-ec", "--command". */
static bool is_option_c(const struct action_command *command)
{
	static const char LONG[] = "--command";
	const size_t length = command->length < ACTION_WORD_MAX ? command->length : ACTION_WORD_MAX;

	if (length < 2 || command->word[0] != '-')
		return false;
	if (command->word[1] == '-')
		return length >= sizeof(LONG) - 1 && memcmp(command->word, LONG, sizeof(LONG) - 1) == 0;
	return memchr(command->word, 'c', length) != NULL || memchr(command->word, '$', length) != NULL ||
	       command->length > ACTION_WORD_MAX;
}

/* Letters beside the c that take a word of their own: -o and -O. */
static bool takes_more(const struct action_command *command)
{
	const size_t length = command->length < ACTION_WORD_MAX ? command->length : ACTION_WORD_MAX;

	return command->word[1] != '-' &&
	       (memchr(command->word, 'o', length) != NULL || memchr(command->word, 'O', length) != NULL);
}

/* Whether the command's name is a shell's, and what it is given. */
static void note_input(struct action_command *command)
{
	const bool expands = command->length > 0 && command->word[0] == '$';

	if (command->is_shell)
		command->has_operand =
			command->has_operand || command->length == 0 || strchr("-+", command->word[0]) == NULL;
	else if (command->place == PLACE_NAME || command->runs_others)
		command->is_shell = is_shell(command) && !expands;
	if (command->place == PLACE_NAME)
		command->runs_others = is_one_of(command->word, command->length, RUNNERS);
}

bool action_command_reads_input(const struct action_command *command)
{
	return command->is_shell && !command->has_script && !command->has_operand;
}

/* A word after "sh", or "sh" itself. */
static void note_shell(struct action_command *command)
{
	note_input(command);
	if (command->has_script && !command->script_read) {
		/* More options: which of them take a word differs between shells. */
		if (command->length > 0 && (command->word[0] == '-' || command->word[0] == '+'))
			command->is_code = true;
		command->script_read = true;
	} else if (command->has_shell && is_option_c(command)) {
		command->has_script = true;
		/* "-co NAME": the script comes later. */
		command->is_code = command->is_code || takes_more(command);
	}
	command->has_shell = command->has_shell || is_shell(command);
}

static bool is_assignment(const struct action_command *command)
{
	size_t i = 0;

	while (i < command->length && i < ACTION_WORD_MAX &&
	       (isalnum((unsigned char)command->word[i]) || command->word[i] == '_'))
		i++;
	return i > 0 && i < command->length && i < ACTION_WORD_MAX && command->word[i] == '=';
}

static void note_name(struct action_command *command)
{
	if (is_reserved(command, OPENERS) || is_assignment(command))
		return;
	command->place = PLACE_ARGUMENT;
	command->names_variable = is_reserved(command, NAMERS);
	command->names_variables = is_one_of(command->word, command->length, DECLARERS);
	command->is_brackets = is_word(command, "[[");
	command->is_code = command->is_code || is_one_of(command->word, command->length, CODERS);
	if (is_word(command, "case"))
		command->case_words = 3;
}

/* "esac" where a pattern or a command could stand. */
static bool close_case(struct action_command *command)
{
	if (command->cases == 0 || command->place == PLACE_ARGUMENT || !is_word(command, "esac"))
		return false;
	command->cases--;
	command->place = PLACE_ARGUMENT;
	return true;
}

static void open_case(struct action_command *command)
{
	if (command->case_words == 0 || --command->case_words > 0 || !is_word(command, "in"))
		return;
	command->cases++;
	command->place = PLACE_PATTERN;
}

static void note_word(struct action_command *command)
{
	if (close_case(command) || command->place == PLACE_PATTERN)
		return;
	command->names_variable = false;
	note_shell(command);
	if (command->is_brackets && is_word(command, "]]"))
		command->is_brackets = command->is_code = false;
	if (command->place == PLACE_NAME && command->case_words == 0)
		note_name(command);
	open_case(command);
}

void action_command_end_word(struct action_command *command)
{
	if (!command->in_word)
		return;
	command->in_word = false;
	if (!command->is_target)
		note_word(command);
	command->is_target = false;
}

static void begin_simple(struct action_command *command)
{
	command->place = PLACE_NAME;
	command->is_code = command->names_variable = command->names_variables = command->is_target = false;
	command->has_shell = command->has_script = command->script_read = false;
	command->runs_others = command->is_shell = command->has_operand = false;
}

void action_command_end(struct action_command *command)
{
	action_command_end_word(command);
	if (command->place != PLACE_PATTERN && !command->is_brackets)
		begin_simple(command);
}

void action_command_next_case(struct action_command *command)
{
	action_command_end(command);
	if (command->cases > 0)
		command->place = PLACE_PATTERN;
}

bool action_command_end_pattern(struct action_command *command)
{
	action_command_end_word(command);
	if (command->place != PLACE_PATTERN)
		return false;
	begin_simple(command);
	return true;
}

void action_command_redirect(struct action_command *command)
{
	bool is_number = command->in_word && !command->quoted;

	for (size_t i = 0; i < command->length && i < ACTION_WORD_MAX; i++)
		is_number = is_number && isdigit((unsigned char)command->word[i]);
	if (is_number)
		command->in_word = false; /* of a descriptor */
	action_command_end_word(command);
	command->is_target = true;
}

bool action_command_is_code(const struct action_command *command)
{
	if (command->within_code || command->is_code)
		return true;
	if (!command->has_shell || command->is_target)
		return false;
	return command->has_script ? !command->script_read : command->in_word && is_option_c(command);
}

/* In x[...]=, before it is closed. */
static bool in_subscript(const struct action_command *command)
{
	const size_t length = command->length < ACTION_WORD_MAX ? command->length : ACTION_WORD_MAX;

	return command->place == PLACE_NAME && command->in_word && !command->is_target && length > 0 &&
	       memchr(command->word, '[', length) != NULL && memchr(command->word, '=', length) == NULL;
}

const char *action_command_refuses(const struct action_command *command)
{
	if (action_command_is_code(command))
		return "a token in what is read as code (sh -c, trap, alias, let, [[ ]]); give it as an argument: "
		       "sh -c '... \"$1\" ...' sh NAME";
	if (in_subscript(command))
		return "a token in the subscript of a variable, which some shells read as code";
	if (command->is_target || command->place == PLACE_PATTERN || (command->in_word && command->length > 0))
		return NULL;
	if (command->names_variable || command->names_variables)
		return "a token as the name of a variable or function";
	return command->place == PLACE_NAME ? "a token as the name of a command, variable or function" : NULL;
}
