/*
 * action_text.h - vhostmd's tokens in the shell text of an action, made parameter expansions once, at configuration
 * time: the text never holds a value, so no name of a domain is ever read by a shell.
 *
 * Pure; thread: any. Tokens are whole words: CONNECT everywhere; NAME, UUID, VMID and ID in metrics of a domain. What
 * becomes of one follows from the quotes it stands in:
 *   bare, in $( ), in ` `, in ${ }      "$VHOSTMD_NAME"
 *   within "..." and a here-document    ${VHOSTMD_NAME}
 *   within '...'                        '"$VHOSTMD_NAME"'
 *   CONNECT, bare only                  ${VHOSTMD_URI:+--connect "$VHOSTMD_URI"}
 * A comment, a variable's name ($NAME) and a word behind a backslash (\NAME) stay as they are.
 *
 * Refused is what would read the value as code or not give it exactly: the script of a nested shell (sh -c, sh <<EOF,
 * | sh), of trap, alias, let and their like, [[ ]], arithmetic (but for VMID and ID), the program text of awk, perl -e,
 * python -c and others (action_program.h), the name of a command, function or variable, a here-document with a quoted
 * delimiter; and what shells read in different ways. eval, ssh and sed are the author's business, and so is what a
 * variable carries on: they get the value as an argument.
 *
 * The reading follows POSIX.1-2017, Shell Command Language, 2.2 Quoting to 2.9 Shell Commands.
 */
#ifndef EDGENODE_ACTION_TEXT_H
#define EDGENODE_ACTION_TEXT_H

#include <stdbool.h>

#define ACTION_TEXT_MAX 131071u /* bytes of the result: of one argument of a program on Linux, less the NUL */
#define ACTION_TEXT_DEPTH_MAX 32u /* of substitutions and quotes within each other */
#define ACTION_TEXT_DOCUMENTS_MAX 8u /* here-documents on one line */

/* 0 and the text in *out, which the caller frees (out may be NULL: a check); -ERR_PARSE or -ERR_LIMIT with a sentence
 * in *why, static. Text without tokens is given back as it is, whatever it holds. */
int action_text_rewrite(const char *action, bool of_domain, char **out, const char **why);

#endif
