/*
 * test_action_text.c - tokens of an action's shell text: what they become in each kind of quotes, what is refused, and
 * that a shell then gives every value exactly and runs nothing.
 */
#include "action_text.h"
#include "base/mem.h"

#include "runner_fixture.h"

static const char *const NAMES[] = {
	"plain", "two  words ", "'", "\"", "`touch ran`", "$(touch ran)", "; touch ran;", "a'b\"c`d", "\\", "\\\\n\\", "$HOME",
	"${x}", "*", "?", "[a]", "~", "-n", "--", "&", "|touch ran|", ">ran", "<x", "#x", "!x", "a\tb",
	"gr\xc3\xbcn \xe2\x82\xac",
	"NAME", "CONNECT", "${VHOSTMD_UUID}", "$(echo ')')", "'\"'\"'", "a=b", "(x)", "{x,y}", "%s%n", "\\'", "\\\"", ")",
};
#define N_NAMES (sizeof(NAMES) / sizeof(NAMES[0]))

/* vm metrics; NULL: refused with a word of the reason. */
struct rewriting {
	const char *action, *text, *why;
};

/* clang-format off */
static const struct rewriting OF_DOMAIN[] = {
	{ "virsh -r CONNECT dominfo NAME | sed 's/: */:/' | gawk -F: '/CPU time/ {print $2;}'",
	  "virsh -r ${VHOSTMD_URI:+--connect \"$VHOSTMD_URI\"} dominfo \"$VHOSTMD_NAME\" | sed 's/: */:/' | "
	  "gawk -F: '/CPU time/ {print $2;}'", NULL },
	{ "a NAME VMID ID UUID", "a \"$VHOSTMD_NAME\" \"$VHOSTMD_ID\" \"$VHOSTMD_ID\" \"$VHOSTMD_UUID\"", NULL },
	{ "a \"NAME\"", "a \"${VHOSTMD_NAME}\"", NULL },
	{ "a 'NAME'", "a ''\"$VHOSTMD_NAME\"''", NULL },
	{ "a /x/NAME.pid -n=NAME", "a /x/\"$VHOSTMD_NAME\".pid -n=\"$VHOSTMD_NAME\"", NULL },
	{ "a NAMES HOSTNAME NAME_ 1NAME VMIDs ANAME NAME\xc3\xa9", NULL, NULL },
	{ "a $NAME ${NAME} ${#NAME} \\NAME NAME", "a $NAME ${NAME} ${#NAME} \\NAME \"$VHOSTMD_NAME\"", NULL },
	{ "a \"x\\nNAME\" 'x\\tNAME'", "a \"x\\n${VHOSTMD_NAME}\" 'x\\t'\"$VHOSTMD_NAME\"''", NULL },
	{ "# it's NAME\na NAME", "# it's NAME\na \"$VHOSTMD_NAME\"", NULL },
	{ "a \\\n# it's NAME\na NAME", "a \\\n# it's NAME\na \"$VHOSTMD_NAME\"", NULL },
	{ "a $(b NAME) `b NAME` \"$(b NAME)\" \"`b NAME`\"",
	  "a $(b \"$VHOSTMD_NAME\") `b \"$VHOSTMD_NAME\"` \"$(b \"$VHOSTMD_NAME\")\" \"`b \"$VHOSTMD_NAME\"`\"", NULL },
	{ "a ${x:-NAME} ${x%%'N AME'}", "a ${x:-\"$VHOSTMD_NAME\"} ${x%%'N AME'}", NULL },
	{ "a $((VMID + 1))", "a $((${VHOSTMD_ID} + 1))", NULL },
	{ "cat <<E\nNAME 'x' $(b NAME)\nE\na NAME",
	  "cat <<E\n${VHOSTMD_NAME} 'x' $(b \"$VHOSTMD_NAME\")\nE\na \"$VHOSTMD_NAME\"", NULL },
	{ "cat <<'E'\nit's\nE\na NAME", "cat <<'E'\nit's\nE\na \"$VHOSTMD_NAME\"", NULL },
	{ "cat <<-E <<F\n\tNAME\n\tE\nNAME\nF\n", "cat <<-E <<F\n\t${VHOSTMD_NAME}\n\tE\n${VHOSTMD_NAME}\nF\n", NULL },
	{ "case NAME in NAME|b) a NAME;; (c) b;; esac; $(case x in a) b;; esac) NAME",
	  "case \"$VHOSTMD_NAME\" in \"$VHOSTMD_NAME\"|b) a \"$VHOSTMD_NAME\";; (c) b;; esac; $(case x in a) b;; esac) "
	  "\"$VHOSTMD_NAME\"", NULL },
	{ "x=NAME; y=`z NAME` a >NAME 2>&1", "x=\"$VHOSTMD_NAME\"; y=`z \"$VHOSTMD_NAME\"` a >\"$VHOSTMD_NAME\" 2>&1", NULL },
	{ "if true; then a NAME; else b NAME; fi", "if true; then a \"$VHOSTMD_NAME\"; else b \"$VHOSTMD_NAME\"; fi", NULL },
	{ "f() { a NAME; }; for x in NAME; do f; done", "f() { a \"$VHOSTMD_NAME\"; }; for x in \"$VHOSTMD_NAME\"; do f; done",
	  NULL },
	{ "sh -c 'echo \"$1\"' sh NAME", "sh -c 'echo \"$1\"' sh \"$VHOSTMD_NAME\"", NULL },
	{ "export x=NAME; a ${x:=NAME} ${x:0:1}", "export x=\"$VHOSTMD_NAME\"; a ${x:=\"$VHOSTMD_NAME\"} ${x:0:1}", NULL },
	{ "command -v a; x[1]=NAME", "command -v a; x[1]=\"$VHOSTMD_NAME\"", NULL },
	{ "virsh -c q:///s dominfo NAME", "virsh -c q:///s dominfo \"$VHOSTMD_NAME\"", NULL },
	{ "ssh h \"virsh dominfo NAME\"; eval x NAME",
	  "ssh h \"virsh dominfo ${VHOSTMD_NAME}\"; eval x \"$VHOSTMD_NAME\"", NULL },

	{ "sh -c 'a NAME'", NULL, "code" },
	{ "/bin/bash -ec \"a NAME\"", NULL, "code" },
	{ "sh 2>/dev/null -c 2>/dev/null \\\n'a NAME'", NULL, "code" },
	{ "env X=1 sh -c \"$(a NAME)\"", NULL, "code" },
	{ "su -c -x 'a NAME'", NULL, "code" },
	{ "su - x --command='a NAME'", NULL, "code" },
	{ "$SHELL -c 'a NAME'", NULL, "code" },
	{ "\"s\"h -\"c\" 'a NAME'", NULL, "code" },
	{ "sh <<E\na NAME\nE\n", NULL, "code" },
	{ "cat <<E | b; bash <<F\nNAME\nE\nNAME\nF\n", NULL, "code" },
	{ "trap 'a NAME' EXIT", NULL, "code" },
	{ "[[ a == b && 1 -eq NAME ]]", NULL, "code" },
	{ "let x=NAME", NULL, "code" },
	{ "declare -i x=NAME", NULL, "code" },
	{ "command trap 'a NAME' EXIT", NULL, "code" },
	{ "bash -co pipefail 'a NAME'", NULL, "code" },
	{ "flock /x -c 'a NAME'", NULL, "code" },
	{ "script -qc 'a NAME' /dev/null", NULL, "code" },
	{ "x[NAME]=1", NULL, "subscript" },
	{ "echo NAME | sh", NULL, "beside a shell" },
	{ "cat <<E | /bin/bash\necho NAME\nE", NULL, "beside a shell" },
	{ "(echo NAME | env -i X=1 dash -s)", NULL, "beside a shell" },
	{ "a $(echo NAME | timeout 5 sh 2>/dev/null)", NULL, "beside a shell" },
	{ "sh </tmp/x; a NAME", NULL, "beside a shell" },
	{ "ps | grep bash; a NAME", "ps | grep bash; a \"$VHOSTMD_NAME\"", NULL },
	{ "a | sh /etc/x NAME", "a | sh /etc/x \"$VHOSTMD_NAME\"", NULL },
	{ "a | sh -s NAME", "a | sh -s \"$VHOSTMD_NAME\"", NULL },
	{ "echo NAME | sh -s x", NULL, "beside a shell" },
	{ "echo NAME | virsh CONNECT", NULL, "beside a shell" },
	{ "virsh CONNECT <<E\ndominfo NAME\nE", NULL, "code" },
	{ "virsh CONNECT <<E\nlist\nE\n", "virsh ${VHOSTMD_URI:+--connect \"$VHOSTMD_URI\"} <<E\nlist\nE\n", NULL },
	{ "virsh -q CONNECT \"dominfo NAME\"", NULL, "code" },
	{ "virsh -c q:///s -k5 'domid NAME'", NULL, "code" },
	{ "virsh --connect \"$u\" -r domid NAME", "virsh --connect \"$u\" -r domid \"$VHOSTMD_NAME\"", NULL },
	{ "virsh CONNECT desc NAME \"of NAME\"",
	  "virsh ${VHOSTMD_URI:+--connect \"$VHOSTMD_URI\"} desc \"$VHOSTMD_NAME\" \"of ${VHOSTMD_NAME}\"", NULL },
	{ "awk 'BEGIN { system(\"NAME\") }'", NULL, "code" },
	{ "virsh list | awk '$2 == \"NAME\" { print $1 }'", NULL, "code" },
	{ "/usr/bin/gawk -F: -v x=1 -vy=2 \"/NAME/\" /x", NULL, "code" },
	{ "gawk -e 1 --source='/NAME/'", NULL, "code" },
	{ "busybox awk '/NAME/'", NULL, "code" },
	{ "timeout 5 xargs -r mawk /NAME/", NULL, "code" },
	{ "awk -F : -v n=NAME -ve=NAME '$2 == n' /x/NAME",
	  "awk -F : -v n=\"$VHOSTMD_NAME\" -ve=\"$VHOSTMD_NAME\" '$2 == n' /x/\"$VHOSTMD_NAME\"", NULL },
	{ "awk -f /x/y.awk NAME", "awk -f /x/y.awk \"$VHOSTMD_NAME\"", NULL },
	{ "n=NAME awk '$2 == ENVIRON[\"n\"]' </x", "n=\"$VHOSTMD_NAME\" awk '$2 == ENVIRON[\"n\"]' </x", NULL },
	{ "perl -e 'print \"NAME\"'", NULL, "code" },
	{ "perl -lane'print \"NAME\"'", NULL, "code" },
	{ "ls | perl -pe \"s/NAME//\"", NULL, "code" },
	{ "perl -e 'print @ARGV' NAME", "perl -e 'print @ARGV' \"$VHOSTMD_NAME\"", NULL },
	{ "perl /x/y.pl -e NAME", "perl /x/y.pl -e \"$VHOSTMD_NAME\"", NULL },
	{ "echo 'print NAME' | perl", NULL, "beside a shell" },
	{ "python3 -c 'print(\"NAME\")'", NULL, "code" },
	{ "python3 <<E\nprint('NAME')\nE\n", NULL, "code" },
	{ "python3.11 - NAME <<E\nprint(1)\nE\n", "python3.11 - \"$VHOSTMD_NAME\" <<E\nprint(1)\nE\n", NULL },
	{ "curl x/NAME | python3 -m json.tool", "curl x/\"$VHOSTMD_NAME\" | python3 -m json.tool", NULL },
	{ "python3 -c 'import sys' NAME", "python3 -c 'import sys' \"$VHOSTMD_NAME\"", NULL },
	{ "ruby -e \"NAME\"; a", NULL, "code" },
	{ "env node --eval='NAME'", NULL, "code" },
	{ "php -r 'NAME'", NULL, "code" },
	{ "lua5.4 -e \"x('NAME')\"", NULL, "code" },
	{ "env -S 'a NAME'", NULL, "code" },
	{ "env -i --split-string='a NAME' b", NULL, "code" },
	{ "env -i X=NAME a NAME", "env -i X=\"$VHOSTMD_NAME\" a \"$VHOSTMD_NAME\"", NULL },
	{ "xargs sh -c 'a NAME'", NULL, "code" },
	{ "find /x -exec sh -c 'a NAME' {} +", NULL, "code" },
	{ "find /x -name NAME -exec a NAME {} +", "find /x -name \"$VHOSTMD_NAME\" -exec a \"$VHOSTMD_NAME\" {} +", NULL },
	{ "watch a NAME", NULL, "code" },
	{ "psql -c \"select '\"NAME\"'\"", NULL, "code" },
	{ "echo NAME | mysql db", NULL, "beside a shell" },
	{ "echo a NAME | at now", NULL, "beside a shell" },
	{ "echo 1+ID | bc", NULL, "beside a shell" },
	{ "sqlite3 /x \"select '\"NAME\"'\"", NULL, "code" },
	{ "env NAME", NULL, "another one runs" },
	{ "nice -n 5 NAME x", NULL, "another one runs" },
	{ "timeout -k 1 5s NAME", NULL, "another one runs" },
	{ "a | xargs -r NAME", NULL, "another one runs" },
	{ "env $(echo NAME)", NULL, "another one runs" },
	{ "nice -n 5 timeout 5 a NAME; flock /x a NAME; find NAME",
	  "nice -n 5 timeout 5 a \"$VHOSTMD_NAME\"; flock /x a \"$VHOSTMD_NAME\"; find \"$VHOSTMD_NAME\"", NULL },
	{ "[ -v NAME ]", NULL, "name of a variable" },
	{ "if test x = y -o -R NAME; then a; fi", NULL, "name of a variable" },
	{ "printf -v NAME x", NULL, "name of a variable" },
	{ "wait -n -p NAME", NULL, "name of a variable" },
	{ "[ -p NAME -o -n \"NAME\" ] && printf %s -x NAME",
	  "[ -p \"$VHOSTMD_NAME\" -o -n \"${VHOSTMD_NAME}\" ] && printf %s -x \"$VHOSTMD_NAME\"", NULL },
	{ "compgen -W NAME", NULL, "code" },
	{ "PS4=NAME; set -x", NULL, "code" },
	{ "export BASH_ENV=\"NAME\"", NULL, "code" },
	{ "XPS4=NAME a", "XPS4=\"$VHOSTMD_NAME\" a", NULL },
	{ "declare -i x; x=NAME", NULL, "integer" },
	{ "x=NAME; f() { local -ri y; }", NULL, "integer" },
	{ "x=NAME; f() { local y; }", "x=\"$VHOSTMD_NAME\"; f() { local y; }", NULL },
	{ "ps | grep awk; a NAME", "ps | grep awk; a \"$VHOSTMD_NAME\"", NULL },
	{ "a ${x[NAME]}", NULL, "arithmetic" },
	{ "a ${x:0:NAME}", NULL, "arithmetic" },
	{ "read NAME", NULL, "name of a variable" },
	{ "export -p NAME=1", NULL, "name of a variable" },
	{ "bash <<<NAME", NULL, "<<<" },
	{ "a $((NAME))", NULL, "arithmetic" },
	{ "((x = NAME))", NULL, "((" },
	{ "a $[NAME]", NULL, "$[" },
	{ "a $'\\'' NAME", NULL, "$'" },
	{ "NAME a", NULL, "name of a command" },
	{ "\"NAME\" a", NULL, "name of a command" },
	{ "`a NAME`", NULL, "name of a command" },
	{ "x; \"$(a NAME)\" b", NULL, "name of a command" },
	{ "${x:-NAME}", NULL, "name of a command" },
	{ "unset $(a NAME)", NULL, "name of a variable" },
	{ "x=$(a NAME) b `c NAME`", "x=$(a \"$VHOSTMD_NAME\") b `c \"$VHOSTMD_NAME\"`", NULL },
	{ "x | NAME a", NULL, "name of a command" },
	{ "NAME() { a; }", NULL, "name of a" },
	{ "for NAME in a; do b; done", NULL, "name of a" },
	{ "cat <<'E'\nNAME\nE\n", NULL, "quoted delimiter" },
	{ "cat <<E\nNAME", NULL, "here-document" },
	{ "cat <<E\nx\\\nE\nNAME\nE\n", NULL, "joined" },
	{ "a `b \\`c NAME\\``", NULL, "backslash within" },
	{ "a \"${x:-NAME}\"", NULL, "within quotes" },
	{ "a \"CONNECT\"", NULL, "two words" },
	{ "a 'CONNECT'", NULL, "two words" },
	{ "a NAME 'x", NULL, "without its end" },
	{ "a NAME \"x", NULL, "without its end" },
	{ "a NAME $(x", NULL, "without its end" },
	{ "a NAME ${x", NULL, "without its end" },
	{ "a NAME `x", NULL, "without its end" },
	{ "a NAME )", NULL, "without its (" },
	{ "a NAME \\", NULL, "backslash at the end" },
};
/* clang-format on */
#define N_REWRITINGS (sizeof(OF_DOMAIN) / sizeof(OF_DOMAIN[0]))

static char *rewrite(const char *action)
{
	const char *why = NULL;
	char *text = NULL;

	ck_assert_msg(action_text_rewrite(action, true, &text, &why) == 0, "%s: %s", action, why);
	ck_assert_ptr_null(why);
	return text;
}

START_TEST(tokens_become_expansions)
{
	for (size_t i = 0; i < N_REWRITINGS; i++) {
		const struct rewriting *r = &OF_DOMAIN[i];
		char *text;

		if (r->why != NULL)
			continue;
		text = rewrite(r->action);
		ck_assert_str_eq(text, r->text != NULL ? r->text : r->action);
		free(text);
	}
}
END_TEST

START_TEST(what_is_not_sure_is_refused)
{
	for (size_t i = 0; i < N_REWRITINGS; i++) {
		const struct rewriting *r = &OF_DOMAIN[i];
		const char *why = NULL;
		char *text = NULL;

		if (r->why == NULL)
			continue;
		ck_assert_msg(action_text_rewrite(r->action, true, &text, &why) == -ERR_PARSE, "%s: %s", r->action, text);
		ck_assert_ptr_null(text);
		ck_assert_msg(strstr(why, r->why) != NULL, "%s: %s", r->action, why);
	}
}
END_TEST

/* A metric of the host knows CONNECT alone, and text without tokens is not read at all. */
START_TEST(what_has_no_token_stays)
{
	static const char *const SAME[] = { "", "a NAME ID", "sh -c 'x NAME'", "'", "$((", "cat <<E", "\\" };
	const char *why;
	char *text;

	for (size_t i = 0; i < sizeof(SAME) / sizeof(SAME[0]); i++) {
		ck_assert_int_eq(action_text_rewrite(SAME[i], false, &text, &why), 0);
		ck_assert_str_eq(text, SAME[i]);
		free(text);
	}
	ck_assert_int_eq(action_text_rewrite("a CONNECT NAME", false, &text, &why), 0);
	ck_assert_str_eq(text, "a ${VHOSTMD_URI:+--connect \"$VHOSTMD_URI\"} NAME");
	free(text);
	ck_assert_int_eq(action_text_rewrite("'NAME", true, NULL, &why), -ERR_PARSE);
}
END_TEST

/* head, count times part. */
static char *repeat(const char *head, const char *part, size_t count)
{
	const size_t start = strlen(head), length = strlen(part);
	char *text = mem_alloc(start + count * length + 1);

	memcpy(text, head, start);
	for (size_t i = 0; i < count; i++)
		memcpy(text + start + i * length, part, length);
	return text;
}

START_TEST(limits)
{
	char *deep = repeat("a NAME ", "$(", 1000), *nested = repeat("a NAME ", "\"${x:-", 1000);
	char *large = repeat("a", " ID", 20000), *documents = repeat("a NAME ", "<<E ", 100);
	const char *why;

	ck_assert_int_eq(action_text_rewrite(deep, true, NULL, &why), -ERR_PARSE);
	ck_assert_int_eq(action_text_rewrite(nested, true, NULL, &why), -ERR_PARSE);
	ck_assert_int_eq(action_text_rewrite(documents, true, NULL, &why), -ERR_PARSE);
	ck_assert_int_eq(action_text_rewrite(large, true, NULL, &why), -ERR_LIMIT);
	free(deep);
	free(nested);
	free(large);
	free(documents);
}
END_TEST

/* --- with a shell ------------------------------------------------------------------------------------------------- */

static struct runner *process;
static char variables[4][1200];

static struct runner_job job_of(const char *const *argv, const char *name)
{
	static const char *env[6];

	snprintf(variables[0], sizeof(variables[0]), "VHOSTMD_NAME=%s", name);
	snprintf(variables[1], sizeof(variables[1]), "VHOSTMD_URI=test:///a b'c");
	env[0] = PATH_ENV[0];
	env[1] = variables[0];
	env[2] = variables[1];
	env[3] = "VHOSTMD_ID=7";
	env[4] = "VHOSTMD_UUID=00000000-0000-0000-0000-000000000001";
	return (struct runner_job){ .id = 1, .argv = argv, .env = env, .timeout_ms = LONG_MS,
				    .output_max = RUNNER_OUTPUT_MAX };
}

static void run_action(const char *action, const char *name)
{
	char *text = rewrite(action);
	const char *const argv[] = { "/bin/sh", "-c", text, NULL };
	const struct runner_job job = job_of(argv, name);

	run_job(process, &job);
	ck_assert_msg(reply.status == RUNNER_OK && reply.exit_code == 0, "%s with %s: %d %s", text, name, reply.exit_code,
		      reply.output);
	free(text);
}

/* Each prints "<NAME>" by another kind of quotes. */
static const char *const PRINTERS[] = {
	"printf '<%s>' NAME",
	"printf '<%s>' \"NAME\"",
	"printf '<%s>' ''NAME''",
	"printf '<%s>' 'NAME'",
	"printf '%s' '<NAME>'",
	"printf '%s' \"<NAME>\"",
	"printf '%s' '<'NAME\">\"",
	"printf '<%s>' \"$(printf '%s' NAME)\"",
	"printf '<%s>' \"$(printf '%s' \"NAME\")\"",
	"printf '<%s>' \"$(printf '%s' 'NAME')\"",
	"printf '<%s>' \"`printf '%s' NAME`\"",
	"printf '<%s>' \"`printf %s 'NAME'`\"",
	"x=NAME; printf '<%s>' \"$x\"",
	"x=`printf %s NAME`; printf '<%s>' \"$x\"",
	"printf '<%s>' ${unset:-NAME}",
	"f() { printf '<%s>' \"$1\"; }; f NAME",
	"sh -c 'printf \"<%s>\" \"$1\"' sh NAME",
	"for x in NAME; do printf '<%s>' \"$x\"; done",
	"case NAME in NAME) printf '<%s>' NAME;; *) exit 1;; esac",
	"test NAME = \"NAME\" && printf '<%s>' NAME",
	"printf '<%s>' \"$(cat <<E\nNAME\nE\n)\"",
	"export V=NAME; awk 'BEGIN { printf \"<%s>\", ENVIRON[\"V\"] }'",
	"# don't run NAME\nprintf '<%s>' NAME",
};
#define N_PRINTERS (sizeof(PRINTERS) / sizeof(PRINTERS[0]))

START_TEST(values_arrive_exactly)
{
	char wanted[256];

	process = start();
	for (size_t i = 0; i < N_PRINTERS; i++)
		for (size_t j = 0; j < N_NAMES; j++) {
			snprintf(wanted, sizeof(wanted), "<%s>", NAMES[j]);
			run_action(PRINTERS[i], NAMES[j]);
			ck_assert_msg(strcmp(reply.output, wanted) == 0, "%s with %s: %s", PRINTERS[i], NAMES[j],
				      reply.output);
			/* Whatever a name started would be in "/". */
			ck_assert_int_ne(access("/ran", F_OK), 0);
		}
	runner_stop(process, 1000);
}
END_TEST

START_TEST(connect_is_two_words)
{
	process = start();
	run_action("printf '<%s>' a CONNECT NAME", "x y");
	ck_assert_str_eq(reply.output, "<a><--connect><test:///a b'c><x y>");
	run_action("VHOSTMD_URI=; printf '<%s>' a CONNECT NAME", "x y");
	ck_assert_str_eq(reply.output, "<a><x y>");
	runner_stop(process, 1000);
}
END_TEST

static bool parses(const char *text)
{
	const char *const argv[] = { "/bin/sh", "-n", "-c", text, NULL };
	const struct runner_job job = job_of(argv, "x");

	run_job(process, &job);
	return reply.status == RUNNER_OK && reply.exit_code == 0;
}

/* What the shell can read, it can read afterwards. */
static void check_syntax(const char *action)
{
	const char *why;
	char *text;

	if (action_text_rewrite(action, true, &text, &why) != 0)
		return;
	ck_assert_msg(!parses(action) || parses(text), "%s\n->\n%s", action, text);
	free(text);
}

/* Every piece after every other, between two words. */
START_TEST(syntax_stays_right)
{
	static const char *const PIECES[] = {
		" NAME ", "'NAME'", "\"NAME\"", "$(b NAME)", "`b NAME`", "${x:-NAME}", " CONNECT ", "; a ", " | b ", "\n",
		" >f ", " # c'", "$((ID))", "\\\n", "\"'\"", "é", " <<E\nNAME\nE\n", "$x",
	};
	const size_t n = sizeof(PIECES) / sizeof(PIECES[0]);
	char action[256];

	process = start();
	for (size_t i = 0; i < N_REWRITINGS; i++)
		check_syntax(OF_DOMAIN[i].action);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			snprintf(action, sizeof(action), "a x%s%sy NAME", PIECES[i], PIECES[j]);
			check_syntax(action);
		}
	runner_stop(process, 1000);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("action_text");

	UNIT_ADD(s, tokens_become_expansions);
	UNIT_ADD(s, what_is_not_sure_is_refused);
	UNIT_ADD(s, what_has_no_token_stays);
	UNIT_ADD(s, limits);
	UNIT_ADD(s, values_arrive_exactly);
	UNIT_ADD(s, connect_is_two_words);
	UNIT_ADD(s, syntax_stays_right);
	return s;
}

RUNNER_MAIN(suite)
