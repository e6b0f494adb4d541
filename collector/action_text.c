/*
 * action_text.c - reads the shell text of an action as far as quotes go, and writes it again with the tokens replaced.
 * Pure; thread: any.
 *
 * One function reads each kind of quoting and is entered behind its opening; all share the cursor. A failure sets why,
 * and more() then ends every loop. What is not sure to be read by every shell in the one way is a failure.
 */
#include "action_text.h"

#include "action_command.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum quotes { BARE, WITHIN_DOUBLE, WITHIN_SINGLE };

struct token {
	const char *word;
	const char *text[3]; /* by enum quotes; NULL: refused */
	bool of_domain, is_number;
};

/* clang-format off */
#define VALUE(word, variable, is_number) \
	{ word, { "\"$" variable "\"", "${" variable "}", "'\"$" variable "\"'" }, true, is_number }
static const struct token TOKENS[] = {
	{ "CONNECT", { "${VHOSTMD_URI:+--connect \"$VHOSTMD_URI\"}", NULL, NULL }, false, false },
	VALUE("NAME", "VHOSTMD_NAME", false),
	VALUE("UUID", "VHOSTMD_UUID", false),
	VALUE("VMID", "VHOSTMD_ID", true),
	VALUE("ID",   "VHOSTMD_ID", true),
};
/* clang-format on */
#define N_TOKENS (sizeof(TOKENS) / sizeof(TOKENS[0]))

/* A here-document whose body begins behind the next newline. */
struct document {
	const char *delimiter; /* in the text, with its quotes */
	size_t length;
	bool quoted, strips_tabs, is_script;
};

struct text {
	const char *p, *end;
	bool of_domain;
	bool glued; /* the byte before belongs to a word in the sense of tokens */
	struct buf out;
	const char *why;
	unsigned depth;
	size_t n_tokens; /* replaced so far */
	bool has_reader; /* some shell or the like in it reads commands from its input ... */
	size_t n_tokens_of_readers; /* ... and has so many tokens among its own words */
	bool has_integer; /* some variable in it is of a type */
	struct action_command *command; /* the innermost */
	struct document documents[ACTION_TEXT_DOCUMENTS_MAX];
	size_t n_documents, first_document; /* of the simple command that is being read */
};

static void read_commands(struct text *t, char closer);
static void read_dollar(struct text *t, enum quotes quotes);

static bool more(const struct text *t)
{
	return t->why == NULL && t->p < t->end;
}

static void fail(struct text *t, const char *why)
{
	if (t->why == NULL)
		t->why = why;
}

static bool is_at(const struct text *t, size_t ahead, char c)
{
	return (size_t)(t->end - t->p) > ahead && t->p[ahead] == c;
}

static bool is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_word_byte(char c)
{
	return is_name_byte(c) || (unsigned char)c >= 0x80;
}

/* The next bytes as they are; n of them are there. */
static void copy(struct text *t, size_t n)
{
	buf_append(&t->out, t->p, n);
	t->glued = is_word_byte(t->p[n - 1]);
	t->p += n;
}

/* ... which are part of a word of the command. */
static void copy_word(struct text *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		action_command_byte(t->command, t->p[i]);
	copy(t, n);
}

/* A backslash and what it takes its meaning from; no word goes on behind these. */
static void copy_escape(struct text *t)
{
	if (t->end - t->p < 2) {
		fail(t, "a backslash at the end");
		return;
	}
	/* A joined line is as if it had never been two. */
	if (t->p[1] != '\n') {
		action_command_quoted(t->command);
		action_command_byte(t->command, t->p[1]);
	}
	copy(t, 2);
	t->glued = false;
}

static void deepen(struct text *t)
{
	if (++t->depth > ACTION_TEXT_DEPTH_MAX)
		fail(t, "quotes and substitutions too deep within each other");
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static const struct token *token_at(const char *p, const char *end, bool of_domain)
{
	for (size_t i = 0; i < N_TOKENS; i++) {
		const size_t length = strlen(TOKENS[i].word);

		if ((of_domain || !TOKENS[i].of_domain) && (size_t)(end - p) >= length &&
		    memcmp(p, TOKENS[i].word, length) == 0 && (p + length == end || !is_word_byte(p[length])))
			return &TOKENS[i];
	}
	return NULL;
}

/* Whether there is anything at all that may be one, wherever it stands. */
static bool has_token(const char *p, const char *end, bool of_domain)
{
	for (const char *start = p; p < end; p++) {
		const bool glued = p > start && is_word_byte(p[-1]) && (p - start < 2 || p[-2] != '\\');

		if (!glued && token_at(p, end, of_domain) != NULL)
			return true;
	}
	return false;
}

static void put_token(struct text *t, const struct token *token, enum quotes quotes)
{
	const char *why = action_command_refuses(t->command, !token->of_domain);

	if (why == NULL && token->text[quotes] == NULL)
		why = "CONNECT within quotes: it stands for two words";
	if (why != NULL) {
		fail(t, why);
		return;
	}
	/* CONNECT stands for an option, or nothing. */
	action_command_byte(t->command, token->of_domain ? '$' : '-');
	t->command->n_tokens++;
	buf_text(&t->out, token->text[quotes]);
	t->p += strlen(token->word);
	t->n_tokens++;
	t->glued = true;
}

/* True where there was one. */
static bool take_token(struct text *t, enum quotes quotes)
{
	const struct token *token = t->glued ? NULL : token_at(t->p, t->end, t->of_domain);

	if (token != NULL)
		put_token(t, token, quotes);
	return token != NULL;
}

/* --- quotes ------------------------------------------------------------------------------------------------------- */

/* The bodies of here-documents come first. */
static void copy_quoted(struct text *t)
{
	if (*t->p == '\n' && t->n_documents > 0)
		fail(t, "a here-document and a quoted newline in one line");
	copy_word(t, 1);
}

static void read_single(struct text *t)
{
	action_command_quoted(t->command);
	copy(t, 1);
	while (more(t) && *t->p != '\'') {
		/* "\n" is for whoever reads the word: the n is not part of what follows. */
		if (*t->p == '\\' && t->end - t->p > 1 && is_word_byte(t->p[1])) {
			copy_word(t, 2);
			t->glued = false;
		} else if (!take_token(t, WITHIN_SINGLE)) {
			copy_quoted(t);
		}
	}
	if (!more(t))
		fail(t, "a ' without its end");
	else
		copy(t, 1);
}

/* A substitution that holds a token stands where the token must not: the value of the one is that of the other. */
static void check_place(struct text *t, const char *why, size_t n_tokens_before)
{
	if (why != NULL && t->n_tokens > n_tokens_before)
		fail(t, why);
}

/* As a command of its own, in which backslashes would have another meaning than the rest of this file gives them. */
static void read_backquotes(struct text *t)
{
	const char *const why = action_command_refuses(t->command, false);
	const char *close = t->p + 1, *const end = t->end;
	const size_t n_tokens = t->n_tokens;
	bool escapes = false;

	while (close < end && *close != '`') {
		escapes = escapes || *close == '\\';
		close += *close == '\\' && end - close > 1 ? 2 : 1;
	}
	if (close >= end || (escapes && has_token(t->p, close, t->of_domain))) {
		fail(t, close >= end ? "a ` without its end" : "a token and a backslash within ` `; use $( )");
		return;
	}
	copy(t, 1);
	t->end = close;
	if (escapes)
		copy(t, (size_t)(close - t->p));
	else
		read_commands(t, '\0');
	t->end = end;
	if (t->why == NULL)
		copy(t, 1);
	action_command_byte(t->command, '$');
	check_place(t, why, n_tokens);
}

/* A byte of what is quoted but for expansions: in "..." and in here-documents. */
static void read_expanded(struct text *t)
{
	if (*t->p == '\\')
		copy_escape(t);
	else if (*t->p == '$')
		read_dollar(t, WITHIN_DOUBLE);
	else if (*t->p == '`')
		read_backquotes(t);
	else if (!take_token(t, WITHIN_DOUBLE))
		copy_quoted(t);
}

static void read_double(struct text *t)
{
	action_command_quoted(t->command);
	copy(t, 1);
	while (more(t) && *t->p != '"')
		read_expanded(t);
	if (!more(t))
		fail(t, "a \" without its end");
	else
		copy(t, 1);
}

/* --- expansions --------------------------------------------------------------------------------------------------- */

static void read_arithmetic_byte(struct text *t, unsigned *open)
{
	const struct token *token = t->glued ? NULL : token_at(t->p, t->end, t->of_domain);

	if (strchr("'\"\\;#\n", *t->p) != NULL)
		fail(t, "$(( that may be a command as well as arithmetic");
	else if (token != NULL && !token->is_number)
		fail(t, "a token in arithmetic, which some shells read as code");
	else if (token != NULL)
		put_token(t, token, WITHIN_DOUBLE);
	else if (*t->p == '$')
		read_dollar(t, WITHIN_DOUBLE);
	else if (*t->p == '`')
		read_backquotes(t);
	else {
		*open += *t->p == '(';
		*open -= *t->p == ')';
		copy(t, 1);
	}
}

static void read_arithmetic(struct text *t)
{
	unsigned open = 0;

	action_command_byte(t->command, '$');
	copy(t, 3);
	while (more(t) && (open > 0 || *t->p != ')'))
		read_arithmetic_byte(t, &open);
	if (!more(t) || !is_at(t, 1, ')'))
		fail(t, "$(( that may be a command as well as arithmetic");
	else
		copy(t, 2);
}

static void read_parameter_byte(struct text *t, enum quotes quotes)
{
	if (*t->p == '$')
		read_dollar(t, quotes);
	else if (*t->p == '`')
		read_backquotes(t);
	else if (quotes == BARE && *t->p == '\\')
		copy_escape(t);
	else if (quotes == BARE && *t->p == '\'')
		read_single(t);
	else if (quotes == BARE && *t->p == '"')
		read_double(t);
	else if (strchr("\\'\"\n", *t->p) != NULL)
		fail(t, "a quote, a backslash or a newline in ${ }");
	else if (quotes == WITHIN_DOUBLE && !t->glued && token_at(t->p, t->end, t->of_domain) != NULL)
		fail(t, "a token in ${ } within quotes");
	else if (!take_token(t, BARE))
		copy_quoted(t);
}

/* "${x[...]}", "${x:0:1}": arithmetic, where the shell knows it at all. */
static bool is_calculated(const struct text *t)
{
	return is_at(t, 0, '[') ||
	       (is_at(t, 0, ':') && !is_at(t, 1, '-') && !is_at(t, 1, '=') && !is_at(t, 1, '?') && !is_at(t, 1, '+'));
}

/* The parameter's name is no token. */
static void read_parameter(struct text *t, enum quotes quotes)
{
	const size_t n_tokens = t->n_tokens;
	bool calculated;

	copy_word(t, 2);
	if (is_at(t, 0, '#') || is_at(t, 0, '!'))
		copy_word(t, 1);
	while (more(t) && is_name_byte(*t->p))
		copy_word(t, 1);
	calculated = is_calculated(t);
	while (more(t) && *t->p != '}')
		read_parameter_byte(t, quotes);
	if (!more(t))
		fail(t, "a ${ without its end");
	else if (calculated && t->n_tokens != n_tokens)
		fail(t, "a token in arithmetic, which some shells read as code");
	else
		copy_word(t, 1);
}

static void read_substitution(struct text *t)
{
	copy(t, 2);
	read_commands(t, ')');
	action_command_byte(t->command, '$');
}

static void read_dollar(struct text *t, enum quotes quotes)
{
	const char *const why = action_command_refuses(t->command, false);
	const char next = t->end - t->p > 1 ? t->p[1] : '\0';
	const size_t n_tokens = t->n_tokens;

	deepen(t);
	if (t->why != NULL)
		return;
	if (next == '(' && is_at(t, 2, '('))
		read_arithmetic(t);
	else if (next == '(')
		read_substitution(t);
	else if (next == '{')
		read_parameter(t, quotes);
	else if (next == '[' || (next == '\'' && quotes == BARE))
		fail(t, "$[ or $', which not every shell knows");
	else if (isdigit((unsigned char)next) || (next != '\0' && strchr("@*#?-$!", next) != NULL))
		copy_word(t, 2);
	else
		do
			copy_word(t, 1);
		while (more(t) && is_name_byte(*t->p));
	t->depth--;
	check_place(t, why, n_tokens);
}

/* --- here-documents ----------------------------------------------------------------------------------------------- */

static bool ends_word(char c)
{
	return strchr(" \t\n;&|<>()", c) != NULL;
}

/* Behind "<<": nothing in the delimiter is expanded, so nothing is a token. */
static void read_delimiter(struct text *t)
{
	struct document *document = &t->documents[t->n_documents];

	*document = (struct document){ .strips_tabs = is_at(t, 0, '-') };
	if (document->strips_tabs)
		copy(t, 1);
	while (more(t) && (*t->p == ' ' || *t->p == '\t'))
		copy(t, 1);
	document->delimiter = t->p;
	while (more(t) && !ends_word(*t->p)) {
		document->quoted = document->quoted || strchr("'\"\\", *t->p) != NULL;
		if (*t->p == '$' || *t->p == '`')
			fail(t, "an expansion as the delimiter of a here-document");
		copy(t, 1);
	}
	document->length = (size_t)(t->p - document->delimiter);
	if (document->length == 0)
		fail(t, "a here-document without delimiter");
	t->n_documents++;
}

/* Whether the line is the delimiter, its quotes taken off. */
static bool is_delimiter(const struct document *document, const char *line, const char *end)
{
	const char *p = document->delimiter, *const stop = p + document->length;

	while (document->strips_tabs && line < end && *line == '\t')
		line++;
	for (; p < stop; p++) {
		if (strchr("'\"\\", *p) != NULL)
			continue;
		if (line == end || *line++ != *p)
			return false;
	}
	return line == end;
}

/* The line of the delimiter; NULL where there is none. *joins: a line of the body ends in a backslash. */
static const char *find_delimiter(const struct text *t, const struct document *document, bool *joins)
{
	const char *line = t->p;

	while (line < t->end) {
		const char *end = memchr(line, '\n', (size_t)(t->end - line));

		end = end != NULL ? end : t->end;
		if (is_delimiter(document, line, end))
			return line;
		*joins = *joins || (end > line && end[-1] == '\\');
		line = end < t->end ? end + 1 : end;
	}
	return NULL;
}

static void read_body(struct text *t, const struct document *document)
{
	struct action_command body, *const outside = t->command;
	const char *const end = t->end;
	bool joins = false;
	const char *line = find_delimiter(t, document, &joins);

	if (line == NULL || (!document->quoted && joins) ||
	    (document->quoted && has_token(t->p, line, t->of_domain))) {
		fail(t, line == NULL ? "a here-document without its end"
			: joins && !document->quoted ? "a here-document with joined lines"
						     : "a token in a here-document with a quoted delimiter");
		return;
	}
	action_command_begin(&body, outside->within_code || document->is_script);
	body.place = PLACE_ARGUMENT;
	t->command = &body;
	t->end = line;
	while (more(t) && !document->quoted)
		read_expanded(t);
	if (t->why == NULL && t->p < line)
		copy(t, (size_t)(line - t->p));
	t->end = end;
	t->command = outside;
	while (more(t) && *t->p != '\n')
		copy(t, 1);
}

/* Behind a newline. */
static void read_bodies(struct text *t)
{
	const size_t n = t->n_documents;

	t->n_documents = t->first_document = 0;
	for (size_t i = 0; i < n && t->why == NULL; i++) {
		const struct document document = t->documents[i];

		t->glued = false;
		read_body(t, &document);
		if (i + 1 < n && more(t))
			copy(t, 1);
	}
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

/* What the simple command that ends does to the others. */
static void note_reader(struct text *t)
{
	action_command_end_word(t->command);
	t->has_integer = t->has_integer || action_command_types_integer(t->command);
	if (!action_command_reads_input(t->command))
		return;
	t->has_reader = true;
	t->n_tokens_of_readers += t->command->n_tokens;
}

static void end_simple(struct text *t)
{
	note_reader(t);
	for (size_t i = t->first_document; i < t->n_documents; i++)
		t->documents[i].is_script = t->command->has_shell || action_command_reads_input(t->command);
	t->first_document = t->n_documents;
	action_command_end(t->command);
}

static void read_newline(struct text *t, size_t outside)
{
	end_simple(t);
	copy(t, 1);
	if (t->n_documents == 0)
		return;
	if (outside > 0)
		fail(t, "a here-document around a newline in $( ) or ( )");
	else
		read_bodies(t);
}

static void read_comment(struct text *t)
{
	while (more(t) && *t->p != '\n')
		copy(t, 1);
}

static void read_redirection(struct text *t)
{
	action_command_redirect(t->command);
	if (is_at(t, 0, '<') && is_at(t, 1, '<')) {
		copy(t, 2);
		if (is_at(t, 0, '<'))
			fail(t, "<<<, which not every shell knows");
		else if (t->n_documents == ACTION_TEXT_DOCUMENTS_MAX)
			fail(t, "too many here-documents");
		else
			read_delimiter(t);
		t->command->is_target = false;
		return;
	}
	copy(t, 1);
	while (more(t) && strchr("<>&|", *t->p) != NULL)
		copy(t, 1);
}

static void read_parenthesis(struct text *t)
{
	if (t->command->place == PLACE_PATTERN && !t->command->in_word) {
		copy(t, 1);
		return;
	}
	if (is_at(t, 1, '(')) {
		fail(t, "((, which is not arithmetic in every shell");
		return;
	}
	action_command_end_word(t->command);
	copy(t, 1);
	read_commands(t, ')');
	t->command->place = PLACE_NAME; /* of a function's body; otherwise an operator follows */
}

static void read_operator(struct text *t)
{
	if (is_at(t, 0, ';') && (is_at(t, 1, ';') || is_at(t, 1, '&'))) {
		end_simple(t);
		action_command_next_case(t->command);
		copy(t, 2);
		return;
	}
	end_simple(t);
	copy(t, 1);
}

static void read_bare(struct text *t, size_t outside)
{
	switch (*t->p) {
	case ' ':
	case '\t':
		action_command_end_word(t->command);
		copy(t, 1);
		break;
	case '\n':
		read_newline(t, outside);
		break;
	case ';':
	case '&':
	case '|':
		read_operator(t);
		break;
	case '<':
	case '>':
		read_redirection(t);
		break;
	case '(':
		read_parenthesis(t);
		break;
	case '\\':
		copy_escape(t);
		break;
	case '\'':
		read_single(t);
		break;
	case '"':
		read_double(t);
		break;
	case '$':
		read_dollar(t, BARE);
		break;
	case '`':
		read_backquotes(t);
		break;
	default:
		if (*t->p == '#' && !t->command->in_word)
			read_comment(t);
		else if (!take_token(t, BARE))
			copy_word(t, 1);
	}
}

/* A ')': of a pattern, or, then true, the closer. */
static bool read_closing(struct text *t, char closer)
{
	const bool closes = !action_command_end_pattern(t->command);

	if (closes)
		end_simple(t);
	if (closes && closer != ')')
		fail(t, "a ) without its (");
	else
		copy(t, 1);
	return closes;
}

/* Up to and with the closer; '\0': to the end. */
static void read_commands(struct text *t, char closer)
{
	struct action_command command, *const around = t->command;
	const size_t outside = t->n_documents;
	bool closed = false;

	deepen(t);
	action_command_begin(&command, around != NULL && action_command_is_code(around));
	t->command = &command;
	while (more(t) && !closed) {
		if (*t->p == ')')
			closed = read_closing(t, closer);
		else
			read_bare(t, outside);
	}
	if (t->why == NULL && closer != '\0' && !closed)
		fail(t, "a ( without its end");
	if (t->n_documents > outside)
		fail(t, "a here-document without its end");
	note_reader(t);
	t->glued = false;
	t->command = around;
	t->depth--;
}

int action_text_rewrite(const char *action, bool of_domain, char **out, const char **why)
{
	struct text t = { .p = action, .end = action + strlen(action), .of_domain = of_domain };

	buf_init(&t.out, ACTION_TEXT_MAX);
	if (has_token(t.p, t.end, of_domain))
		read_commands(&t, '\0');
	else
		buf_append(&t.out, t.p, (size_t)(t.end - t.p));
	if (t.has_reader && t.n_tokens > t.n_tokens_of_readers)
		fail(&t, "a token beside a shell or the like that reads its commands from a pipe or a file; give it a "
			 "script by -c and the token as an argument");
	if (t.has_integer && t.n_tokens > 0)
		fail(&t, "a token beside a variable of an integer type (declare -i), of which values are read as code");
	*why = t.why != NULL ? t.why : t.out.over ? "longer than a command may be" : NULL;
	if (*why == NULL && out != NULL)
		*out = mem_string_n(t.out.data != NULL ? t.out.data : "", t.out.length);
	buf_free(&t.out);
	return *why == NULL ? 0 : t.why != NULL ? -ERR_PARSE : -ERR_LIMIT;
}
