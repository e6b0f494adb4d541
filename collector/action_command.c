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
static const char *const CODERS[] = {
	"trap", "alias", "bind", "compgen", "complete", "let", "[[", "declare", "typeset", NULL,
};
/* With "-i", what is assigned to the variable from then on is arithmetic. */
static const char *const TYPERS[] = { "declare", "integer", "local", "typeset", NULL };
/* Variables whose value is read as code. */
static const char *const CODE_VARIABLES[] = { "BASH_ENV", "ENV", "PS4", NULL };
/* Behind an option of these letters comes the name of a variable. */
static const struct namer {
	const char *name, *letters;
} NAMERS_BY_OPTION[] = { { "[", "vR" }, { "test", "vR" }, { "printf", "v" }, { "wait", "p" } };
/* And others that give the word behind -c to one. */
static const char *const SHELLS[] = {
	"sh",	 "ash",	 "bash", "busybox", "csh",     "dash",	 "fish", "flock", "ksh",  "mksh", "pdksh",
	"posh", "rbash", "runuser", "script", "sg", "su", "tcsh", "yash", "zsh", NULL,
};

/* Run the command that their arguments name: behind so many words that are no options; -1: behind some of them. */
static const struct runner {
	const char *name;
	int before;
} RUNNERS[] = {
	{ "busybox", 0 }, { "chroot", 1 }, { "chrt", 1 }, { "doas", 0 }, { "env", 0 }, { "exec", 0 }, { "find", -1 },
	{ "flock", 1 }, { "ionice", 0 }, { "nice", 0 }, { "nohup", 0 }, { "nsenter", -1 }, { "runuser", -1 },
	{ "setsid", 0 }, { "stdbuf", 0 }, { "strace", -1 }, { "sudo", 0 }, { "systemd-run", 0 }, { "taskset", 1 },
	{ "time", 0 }, { "timeout", 1 }, { "unshare", 0 }, { "xargs", 0 },
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

static size_t known_length(const struct action_command *command)
{
	return command->length < ACTION_WORD_MAX ? command->length : ACTION_WORD_MAX;
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
	const size_t length = known_length(command);

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
	const size_t length = known_length(command);

	return command->word[1] != '-' &&
	       (memchr(command->word, 'o', length) != NULL || memchr(command->word, 'O', length) != NULL);
}

/* A word behind the shell's name: "-s" has it read its input whatever else follows. */
static void note_operand(struct action_command *command)
{
	const size_t length = known_length(command);
	const bool is_option = length > 0 && strchr("-+", command->word[0]) != NULL;
	const bool has_letters = length > 1 && command->word[0] == '-' && command->word[1] != '-';

	if (has_letters && !command->has_operand && memchr(command->word, 's', length) != NULL)
		command->has_input_option = true;
	command->has_operand = command->has_operand || !is_option;
}

static bool is_assignment(const struct action_command *command)
{
	size_t i = 0;

	while (i < command->length && i < ACTION_WORD_MAX &&
	       (isalnum((unsigned char)command->word[i]) || command->word[i] == '_'))
		i++;
	return i > 0 && i < command->length && i < ACTION_WORD_MAX && command->word[i] == '=';
}

/* "5", "10s". */
static bool is_number(const struct action_command *command)
{
	return command->length > 0 && isdigit((unsigned char)command->word[0]);
}

/* A word behind such a name: of what stands before the command. */
static void note_before(struct action_command *command)
{
	const bool is_option = command->length > 0 && command->word[0] == '-';

	if (!is_option && !is_assignment(command) && !(command->after_option && is_number(command)))
		command->before--;
	command->after_option = is_option;
}

static void note_runner(struct action_command *command)
{
	if (command->runs_others)
		note_before(command);
	if (command->place != PLACE_NAME)
		return;
	command->runs_others = false;
	for (size_t i = 0; i < sizeof(RUNNERS) / sizeof(RUNNERS[0]); i++) {
		if (command->base_length != strlen(RUNNERS[i].name) || command->base_length > ACTION_BASE_MAX ||
		    memcmp(command->base, RUNNERS[i].name, command->base_length) != 0)
			continue;
		command->runs_others = true;
		command->after_option = false;
		command->before = RUNNERS[i].before;
	}
}

/* Whether the command's name is a shell's, and what it is given. */
static void note_input(struct action_command *command)
{
	const bool expands = command->length > 0 && command->word[0] == '$';

	if (command->is_shell)
		note_operand(command);
	else if (command->place == PLACE_NAME || command->runs_others)
		command->is_shell = is_shell(command) && !expands;
	note_runner(command);
}

/* The name of a program with a language of its own, or a word behind it. */
static void note_program(struct action_command *command)
{
	struct action_program named = { .language = NULL };

	if ((command->place == PLACE_NAME || command->runs_others) && command->base_length <= ACTION_BASE_MAX)
		action_program_begin(&named, command->base, command->base_length);
	if (named.language != NULL)
		command->program = named;
	else
		action_program_word(&command->program, command->word, known_length(command));
}

bool action_command_types_integer(const struct action_command *command)
{
	return command->types_integer;
}

bool action_command_reads_input(const struct action_command *command)
{
	return action_program_reads_input(&command->program) ||
	       (command->is_shell && !command->has_script && (!command->has_operand || command->has_input_option));
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

static const char *letters_of(const struct action_command *command)
{
	for (size_t i = 0; i < sizeof(NAMERS_BY_OPTION) / sizeof(NAMERS_BY_OPTION[0]); i++)
		if (is_word(command, NAMERS_BY_OPTION[i].name))
			return NAMERS_BY_OPTION[i].letters;
	return NULL;
}

/* A word behind the name: what it says of the variables. */
static void note_option(struct action_command *command)
{
	const size_t length = known_length(command);

	if (length < 2 || command->word[0] != '-')
		return;
	if (command->letters != NULL && length == 2)
		command->names_variable = strchr(command->letters, command->word[1]) != NULL;
	if (command->is_typer && memchr(command->word, 'i', length) != NULL)
		command->types_integer = true;
}

static void note_name(struct action_command *command)
{
	if (is_reserved(command, OPENERS) || is_assignment(command))
		return;
	command->place = PLACE_ARGUMENT;
	command->names_variable = is_reserved(command, NAMERS);
	command->names_variables = is_one_of(command->word, command->length, DECLARERS);
	command->letters = letters_of(command);
	command->is_typer = is_one_of(command->word, command->length, TYPERS);
	command->types_integer = command->types_integer || is_word(command, "integer");
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
	note_program(command);
	note_shell(command);
	if (command->is_brackets && is_word(command, "]]"))
		command->is_brackets = command->is_code = false;
	if (command->place == PLACE_NAME && command->case_words == 0)
		note_name(command);
	else
		note_option(command);
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
	command->runs_others = command->is_shell = command->has_operand = command->has_input_option = false;
	command->program = (struct action_program){ .language = NULL };
	command->letters = NULL;
	command->is_typer = command->types_integer = false;
	command->n_tokens = 0;
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

/* In "PS4=", wherever that stands. */
static bool in_code_variable(const struct action_command *command)
{
	const size_t length = command->in_word ? known_length(command) : 0;
	const char *equal = length > 0 ? memchr(command->word, '=', length) : NULL;

	return equal != NULL && is_one_of(command->word, (size_t)(equal - command->word), CODE_VARIABLES);
}

/* is_option: what comes next begins an option, though it is not known which. */
static bool is_code(const struct action_command *command, bool is_option)
{
	const bool begins_option = is_option && !command->in_word;
	const size_t length = command->in_word ? known_length(command) : 0;

	if (command->within_code || command->is_code)
		return true;
	if (command->is_target)
		return false;
	if (in_code_variable(command))
		return true;
	if (action_program_is_code(&command->program, begins_option ? "--" : command->word, begins_option ? 2 : length))
		return true;
	if (!command->has_shell)
		return false;
	return command->has_script ? !command->script_read : command->in_word && is_option_c(command);
}

bool action_command_is_code(const struct action_command *command)
{
	return is_code(command, false);
}

/* In x[...]=, before it is closed. */
static bool in_subscript(const struct action_command *command)
{
	const size_t length = known_length(command);

	return command->place == PLACE_NAME && command->in_word && !command->is_target && length > 0 &&
	       memchr(command->word, '[', length) != NULL && memchr(command->word, '=', length) == NULL;
}

const char *action_command_refuses(const struct action_command *command, bool is_option)
{
	if (is_code(command, is_option))
		return "a token in what is read as code (sh -c, trap, let, [[ ]], awk, perl -e, python -c, one word "
		       "alone of virsh); give it as an argument: sh -c '... \"$1\" ...' sh NAME, "
		       "awk -v name=NAME '...'";
	if (in_subscript(command))
		return "a token in the subscript of a variable, which some shells read as code";
	if (command->is_target || command->place == PLACE_PATTERN || (command->in_word && command->length > 0))
		return NULL;
	if (command->names_variable || command->names_variables)
		return "a token as the name of a variable or function";
	if (command->runs_others && command->before >= 0)
		return "a token as the name of the command that another one runs";
	return command->place == PLACE_NAME ? "a token as the name of a command, variable or function" : NULL;
}
