/*
 * action_program.h - programs that read one of their arguments, or their input, as code in a language of their own:
 * which words of such a command that is.
 *
 * Pure; thread: any. The state of one simple command, told of its words from the program's name on. What a program is
 * given as a file is data here, whatever it says; what is behind its code or its file are arguments.
 */
#ifndef EDGENODE_ACTION_PROGRAM_H
#define EDGENODE_ACTION_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

struct action_language;

struct action_program {
	const struct action_language *language; /* NULL: none of them, or the rest are arguments */
	bool next_is_code, next_is_value; /* the word after an option */
	bool has_code;
};

/* The name of a program without its directory, as "python3.11". */
void action_program_begin(struct action_program *program, const char *name, size_t length);

/* A whole word after it, length bytes of which are known; '$' stands for an expansion. */
void action_program_word(struct action_program *program, const char *word, size_t length);

/* Whether what comes next is code, where so much of its word is known; no bytes: a word that begins. */
bool action_program_is_code(const struct action_program *program, const char *word, size_t length);

/* Whether it reads code from its input, now that its words have ended. */
bool action_program_reads_input(const struct action_program *program);

#endif
