/*
 * action_command.h - where in a shell command the reader of an action's text stands: before the name of a command,
 * among its arguments, in a pattern of case, or in a word that a nested shell will read as its script.
 *
 * Pure; thread: any. Told of every word and operator; knows the reserved words of POSIX.1-2017, Shell Command
 * Language, 2.4, and of other shells those that change what a word is.
 */
#ifndef EDGENODE_ACTION_COMMAND_H
#define EDGENODE_ACTION_COMMAND_H

#include "action_program.h"

#define ACTION_WORD_MAX 64u /* bytes of a word that are looked at */
#define ACTION_BASE_MAX 16u /* ... and of the name of a program */

enum action_place { PLACE_NAME, PLACE_ARGUMENT, PLACE_PATTERN };

struct action_command {
	bool within_code; /* all of it is script, for what it stands in is */
	enum action_place place;
	unsigned cases; /* open ones */
	unsigned case_words; /* 2: the subject comes, 1: "in" comes */
	bool is_code;      /* of this simple command: its words are read as code */
	bool is_brackets;  /* ... until "]]" */
	bool names_variable; /* the next word does */
	bool names_variables; /* ... and each further one of this simple command may */
	const char *letters;   /* of options of this simple command that name one; NULL: none */
	bool is_typer, types_integer; /* it is "declare" or the like; with "-i" */
	bool runs_others;  /* it is "env", "exec" or the like: one of its words is a command's name ... */
	int before;        /* ... behind so many others; negative: it has been, or nobody knows */
	bool after_option; /* the last of them was an option */
	bool is_shell, has_operand; /* its name is "sh"; a word that is no option after it */
	bool has_input_option;      /* "-s" before that */
	bool has_shell, has_script, script_read; /* "sh" was seen, "-c" after it, the script after that */
	bool is_target;    /* the next word is of a redirection */
	struct action_program program; /* that reads code of its own */
	size_t n_tokens;   /* replaced in its words */
	/* The word that is being read, quotes and backslashes taken off. */
	bool in_word, quoted;
	size_t length, base_length;
	char word[ACTION_WORD_MAX];
	char base[ACTION_BASE_MAX]; /* what stands behind the last '/' */
};

void action_command_begin(struct action_command *command, bool within_code);

/* A byte of a word; '$' stands for an expansion. quoted: the byte itself was, or an empty string in quotes. */
void action_command_byte(struct action_command *command, char byte);
void action_command_quoted(struct action_command *command);

void action_command_end_word(struct action_command *command);
/* An operator that ends the simple command: ; & | newline. */
void action_command_end(struct action_command *command);
/* ";;", and ')' : true where that one ends a pattern. */
void action_command_next_case(struct action_command *command);
bool action_command_end_pattern(struct action_command *command);
/* '<' or '>' and what belongs to it. */
void action_command_redirect(struct action_command *command);

/* Why no token may stand here; NULL: it may. is_option: one that stands for an option and its value. */
const char *action_command_refuses(const struct action_command *command, bool is_option);
/* The simple command that ends is a shell or the like with neither a script nor a file: it reads commands from its
 * input. */
bool action_command_reads_input(const struct action_command *command);
/* ... makes variables in which every later value is arithmetic. */
bool action_command_types_integer(const struct action_command *command);
/* Whether what stands here is code. */
bool action_command_is_code(const struct action_command *command);

#endif
