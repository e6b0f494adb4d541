/*
 * test_actions.c - which action runs when, what becomes of its results, and the lane with the real command process:
 * whatever one action does, the others run.
 */
#include "action_set.h"
#include "actions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "source/commands.h"

#include "runner_fixture.h"

#include <pthread.h>

#define S NS_PER_S
#define MS NS_PER_MS

/* --- a configuration and domains ---------------------------------------------------------------------------------- */

static struct config *config_of(const char *metrics)
{
	static const char FORM[] =
		"<edgenode><globals><disk><name>d</name><path>/d</path><size unit=\"k\">256</size></disk>"
		"<update_period>9</update_period><path>/usr/local/bin:/usr/bin:/bin</path><transport>vbd</transport></globals>"
		"%s<libvirt uri=\"test:///x\"/></edgenode>";
	struct config_error error = { "" };
	struct config *config = NULL;
	struct buf buf;
	char *text;

	buf_init(&buf, SIZE_MAX);
	buf_printf(&buf, FORM, metrics);
	text = buf.data;
	ck_assert_msg(config_parse("t.conf", text, strlen(text), &config, &error) == 0, "%s", error.text);
	free(text);
	return config;
}

#define METRICS(attributes, list) "<metrics " attributes ">" list "</metrics>"
#define HOST(type, name, action) \
	"<metric type=\"" type "\" context=\"host\"><name>" name "</name><action>" action "</action></metric>"
#define VM(type, name, action) \
	"<metric type=\"" type "\" context=\"vm\"><name>" name "</name><action>" action "</action></metric>"

/* Domain i has index i + 1, number i + 10 and a UUID that ends in i; the last `off` of them are not active. */
static struct domains *domains_of(const char *const *names, size_t n, size_t off)
{
	struct domains *domains = domains_new(n);

	for (size_t i = 0; i < n; i++) {
		const uint8_t uuid[16] = { [0] = 1, [15] = (uint8_t)i };

		domains->rows[i] = domain_new(domain_ident_new(uuid, names[i], NULL));
		domains->rows[i]->index = (uint32_t)i + 1;
		domains->rows[i]->id = i + off < n ? (int32_t)i + 10 : -1;
	}
	return domains;
}

/* --- the set ------------------------------------------------------------------------------------------------------ */

static struct action_set *set;

static void open_set(const char *metrics)
{
	struct config *config = config_of(metrics);

	log_open("test", false, LOG_LEVEL_ERROR);
	set = action_set_new(0);
	action_set_configure(set, config, 0);
	part_unref(config);
}

static void reconfigure(const char *metrics, int64_t now)
{
	struct config *config = config_of(metrics);

	action_set_configure(set, config, now);
	part_unref(config);
}

static void set_domains(const char *const *names, size_t n, size_t off, int64_t now)
{
	struct domains *domains = domains_of(names, n, off);

	action_set_domains(set, domains, now);
	part_unref(domains);
}

static struct action_task *start_task(int64_t now, const char *text)
{
	struct action_task *task = action_set_start(set, now);
	struct action_order order;

	ck_assert_ptr_nonnull(task);
	action_task_order(task, &order);
	if (text != NULL)
		ck_assert_str_eq(order.text, text);
	return task;
}

static void end_task(struct action_task *task, enum runner_status status, int exit_code, const char *output,
		     int64_t now)
{
	const struct command_result result = { .status = status, .exit_code = exit_code, .length = strlen(output),
					       .output = (char *)output };

	action_set_end(set, task, &result, NULL, now);
}

/* The row of a name and domain; its part is the caller's. */
static const struct metric_row *find_row(struct metrics *metrics, const char *name, uint32_t domain)
{
	for (size_t i = 0; i < metrics->n; i++)
		if (metrics->rows[i].domain == domain && strcmp(metrics->rows[i].name, name) == 0)
			return &metrics->rows[i];
	return NULL;
}

static void expect_row(const char *name, uint32_t domain, uint8_t status, const char *value)
{
	struct metrics *metrics = action_set_rows(set);
	const struct metric_row *row = find_row(metrics, name, domain);

	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->status, status);
	ck_assert_int_eq(row->value != NULL, value != NULL);
	if (value != NULL)
		ck_assert_str_eq(row->value, value);
	ck_assert_int_eq((row->have & METRIC_HAVE_READ) != 0, value != NULL);
	part_unref(metrics);
}

static void expect_rows(size_t n)
{
	struct metrics *metrics = action_set_rows(set);

	ck_assert_uint_eq(metrics->n, n);
	part_unref(metrics);
}

START_TEST(a_run_in_each_period)
{
	struct action_task *task;
	int64_t due;

	open_set(METRICS("", HOST("int32", "a", "one")));
	expect_row("a", 0, 0, NULL);
	task = start_task(0, "one");
	ck_assert_ptr_null(action_set_start(set, 1000 * S)); /* it still runs */
	ck_assert_int_eq(action_set_next_ns(set), INT64_MAX);
	end_task(task, RUNNER_OK, 0, "5\n", 1 * S);
	ck_assert(action_set_changed(set));
	expect_row("a", 0, METRIC_OK, "5");
	ck_assert(!action_set_changed(set));
	due = action_set_next_ns(set);
	ck_assert(due > 0 && due <= 9 * S);
	ck_assert_ptr_null(action_set_start(set, due - 1));
	end_task(start_task(due, "one"), RUNNER_OK, 0, "6", due);
	ck_assert_int_eq(action_set_next_ns(set), due + 9 * S);
	/* What was missed is missed. */
	end_task(start_task(due + 900 * S, "one"), RUNNER_OK, 0, "7", due + 900 * S);
	ck_assert_int_eq(action_set_next_ns(set), due + 909 * S);
	action_set_free(set);
}
END_TEST

START_TEST(the_last_good_value_stays)
{
	static const struct {
		enum runner_status status;
		int exit_code;
		const char *output;
		uint8_t wanted;
	} BAD[] = {
		{ RUNNER_OK, 1, "8", METRIC_FAILED },	     { RUNNER_SIGNALLED, 9, "8", METRIC_FAILED },
		{ RUNNER_TIMED_OUT, 15, "8", METRIC_TIMED_OUT }, { RUNNER_OUTPUT, 0, "", METRIC_INVALID },
		{ RUNNER_NOT_STARTED, 0, "no", METRIC_FAILED },  { RUNNER_LOST, 0, "", METRIC_FAILED },
		{ RUNNER_OK, 0, "x", METRIC_INVALID },	     { RUNNER_OK, 0, "", METRIC_INVALID },
	};
	struct metrics *metrics;
	int64_t now = 0;

	open_set(METRICS("", HOST("int32", "a", "one")));
	end_task(start_task(now, NULL), RUNNER_OK, 0, "7", 3 * S);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		now += 18 * S;
		end_task(start_task(now, NULL), BAD[i].status, BAD[i].exit_code, BAD[i].output, now);
		expect_row("a", 0, BAD[i].wanted, "7");
	}
	action_set_end(set, start_task(now + 18 * S, NULL), NULL, "busy", now);
	expect_row("a", 0, METRIC_FAILED, "7");
	metrics = action_set_rows(set);
	ck_assert_int_eq(metrics->rows[0].read_mono_ns, 3 * S);
	part_unref(metrics);
	action_set_free(set);
}
END_TEST

START_TEST(domains_have_tasks_while_they_are_active)
{
	static const char *const NAMES[] = { "one", "t'wo", "three" }, *const RENAMED[] = { "re`named" };
	struct action_task *running;
	struct action_order order;

	open_set(METRICS("", VM("string", "v", "a NAME") HOST("int32", "h", "b")));
	ck_assert(action_set_wants_domains(set));
	expect_rows(1);
	set_domains(NAMES, 3, 1, 0);
	expect_rows(3);
	end_task(start_task(0, "b"), RUNNER_OK, 0, "1", 0);
	running = start_task(0, "a \"$VHOSTMD_NAME\"");
	action_task_order(running, &order);
	ck_assert_str_eq(order.name, "one");
	ck_assert_str_eq(order.id, "10");
	ck_assert_str_eq(order.uuid, "01000000-0000-0000-0000-000000000000");
	end_task(running, RUNNER_OK, 0, "x", 0);
	expect_row("v", 1, METRIC_OK, "x");
	/* The second goes while its action runs, and comes back. */
	running = start_task(0, NULL);
	set_domains(NAMES, 1, 0, 1 * S);
	expect_rows(2);
	set_domains(NAMES, 3, 0, 1 * S);
	end_task(running, RUNNER_OK, 0, "of before", 1 * S);
	expect_row("v", 1, METRIC_OK, "x");
	expect_row("v", 2, 0, NULL);
	expect_row("v", 3, 0, NULL);
	/* With another name it is the same domain; its action is told of it from the next run on. */
	set_domains(RENAMED, 1, 0, 2 * S);
	expect_row("v", 1, METRIC_OK, "x");
	do {
		running = start_task(20 * S, NULL);
		action_task_order(running, &order);
		end_task(running, RUNNER_OK, 0, "1", 20 * S);
	} while (order.name == NULL);
	ck_assert_str_eq(order.name, "re`named");
	action_set_domains(set, NULL, 20 * S);
	expect_rows(1);
	action_set_free(set);
}
END_TEST

START_TEST(an_action_that_hangs_takes_few_places)
{
	char names[40][8];
	const char *list[40];
	struct action_task *tasks[8];
	size_t n = 0;

	for (size_t i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "vm%zu", i);
		list[i] = names[i];
	}
	open_set(METRICS("concurrent=\"8\"", VM("int32", "good", "good NAME") VM("int32", "bad", "bad NAME")));
	set_domains(list, 40, 0, 0);
	/* New ones: one of each. */
	tasks[0] = start_task(0, NULL);
	tasks[1] = start_task(0, NULL);
	ck_assert_ptr_null(action_set_start(set, 0));
	for (size_t i = 0; i < 2; i++) {
		struct action_order order;

		action_task_order(tasks[i], &order);
		end_task(tasks[i], order.text[0] == 'g' ? RUNNER_OK : RUNNER_TIMED_OUT, 0, "1", 0);
	}
	/* One has shown that it ends: it has all places but one. */
	for (struct action_task *task; n < 8 && (task = action_set_start(set, 0)) != NULL;)
		tasks[n++] = task;
	ck_assert_uint_eq(n, 8);
	n = 0;
	for (size_t i = 0; i < 8; i++) {
		struct action_order order;

		action_task_order(tasks[i], &order);
		n += order.text[0] == 'b';
	}
	ck_assert_uint_le(n, 1);
	action_set_free(set);
}
END_TEST

START_TEST(places_are_spread_over_the_period)
{
	const char *names[100];
	size_t tenths[10] = { 0 }, n = 0;
	int64_t now = 0, last = 0;

	for (size_t i = 0; i < 100; i++)
		names[i] = "vm";
	open_set(METRICS("", VM("int32", "a", "a NAME")));
	set_domains(names, 100, 0, 0);
	for (struct action_task *task; (task = action_set_start(set, 0)) != NULL; n++)
		end_task(task, RUNNER_OK, 0, "1", 0);
	ck_assert_uint_eq(n, 100); /* the first at once */
	for (n = 0; n < 100; n++) {
		now = action_set_next_ns(set);
		ck_assert(now >= last && now <= 9 * S);
		tenths[now * 10 / (9 * S + 1)]++;
		last = now;
		end_task(start_task(now, NULL), RUNNER_OK, 0, "1", now);
	}
	for (size_t i = 0; i < 10; i++)
		ck_assert_msg(tenths[i] >= 2 && tenths[i] <= 25, "%zu of 100 in the %zu. tenth", tenths[i], i);
	ck_assert(action_set_next_ns(set) > 9 * S);
	action_set_free(set);
}
END_TEST

#define MANY 100

/* One period from `now` on: the runs there were, each ended at once. Times never go back. */
static size_t run_period(int64_t now)
{
	const int64_t end = now + 9 * S;
	struct action_task *task;
	size_t n = 0;

	for (int64_t next; (next = action_set_next_ns(set)) < end; now = next) {
		ck_assert_int_ge(next, now);
		for (; (task = action_set_start(set, next)) != NULL; n++)
			end_task(task, RUNNER_OK, 0, "1", next);
	}
	return n;
}

/* Whoever comes and goes, and with runs on their way. */
START_TEST(all_have_their_turn)
{
	const char *names[MANY];
	struct action_task *held[2];
	int64_t now = 0;

	for (size_t i = 0; i < MANY; i++)
		names[i] = "x";
	open_set(METRICS("", VM("int32", "a", "a NAME") VM("int32", "b", "b NAME")));
	for (size_t n = 0; n < 40; n++) {
		const size_t off = n * 37 % MANY;

		set_domains(names, MANY, off, now);
		run_period(now);
		now += 9 * S;
		ck_assert_uint_eq(run_period(now), 2 * (MANY - off));
		now += 9 * S;
		for (size_t i = 0; i < 2; i++)
			held[i] = start_task(now + 9 * S, NULL);
		set_domains(names, MANY, MANY - 1 - off, now);
		reconfigure(n % 2 != 0 ? METRICS("", VM("int32", "a", "a NAME") VM("int32", "b", "b NAME"))
				       : METRICS("", VM("int32", "b", "b NAME") VM("int32", "c", "c NAME")),
			    now);
		for (size_t i = 0; i < 2; i++)
			end_task(held[i], RUNNER_OK, 0, "1", now);
	}
	action_set_free(set);
}
END_TEST

/* Each run takes 40 ms in one of two places, until the time. */
static int64_t run_busily(int64_t now, int64_t until)
{
	struct action_task *running[2] = { NULL };
	int64_t ends[2] = { 0 }, next;

	for (; now < until; now = next > now ? next : now + MS) {
		for (size_t i = 0; i < 2; i++) {
			if (running[i] != NULL && ends[i] <= now) {
				end_task(running[i], RUNNER_OK, 0, "1", now);
				running[i] = NULL;
			}
			if (running[i] == NULL && (running[i] = action_set_start(set, now)) != NULL)
				ends[i] = now + 40 * MS;
		}
		next = action_set_next_ns(set);
		for (size_t i = 0; i < 2; i++)
			next = running[i] != NULL && ends[i] < next ? ends[i] : next;
	}
	for (size_t i = 0; i < 2; i++)
		if (running[i] != NULL)
			end_task(running[i], RUNNER_OK, 0, "1", now);
	return now;
}

/* What has come to the standard error since. */
static unsigned count_lines(FILE *log, const char *text)
{
	char line[1024];
	unsigned n = 0;

	rewind(log);
	while (fgets(line, sizeof(line), log) != NULL)
		n += strstr(line, text) != NULL;
	return n;
}

/* Told once, with how far behind they are, and once when they keep it again. */
START_TEST(more_than_fit_into_a_period)
{
	static const char *names[200];
	FILE *log = tmpfile();
	int64_t now;

	for (size_t i = 0; i < 200; i++)
		names[i] = "vm";
	ck_assert_ptr_nonnull(log);
	ck_assert_int_ge(dup2(fileno(log), STDERR_FILENO), 0);
	open_set(METRICS("concurrent=\"2\"", VM("int32", "a", "a NAME") VM("int32", "b", "b NAME")
			 VM("int32", "c", "c NAME") VM("int32", "d", "d NAME") VM("int32", "e", "e NAME")));
	log_open("test", false, LOG_LEVEL_INFO);
	set_domains(names, 200, 0, S); /* 1,000 runs: 20 s */
	now = run_busily(S, 20 * S);
	ck_assert_uint_eq(count_lines(log, "keep"), 0);
	now = run_busily(now, 100 * S);
	ck_assert_uint_eq(count_lines(log, "actions do not keep the update period of 9 s: metric a is run every 19.5 s; "
				   "1000 actions of all domains share 2 places"), 1);
	ck_assert_uint_eq(count_lines(log, "keep"), 1);
	set_domains(names, 10, 0, now);
	now = run_busily(now, 150 * S);
	ck_assert_uint_eq(count_lines(log, "actions keep the update period of 9 s again"), 1);
	ck_assert_uint_eq(count_lines(log, "keep"), 2);
	fclose(log);
	action_set_free(set);
}
END_TEST

START_TEST(a_reload_keeps_what_is_the_same)
{
	struct action_task *kept, *dropped;

	open_set(METRICS("", HOST("int32", "a", "one") HOST("int32", "b", "two") HOST("int32", "c", "three")));
	end_task(start_task(0, "one"), RUNNER_OK, 0, "1", 0);
	kept = start_task(0, "two");
	dropped = start_task(0, "three");
	reconfigure(METRICS("", HOST("int32", "c", "four") HOST("int32", "b", "two") HOST("int32", "a", "one")), 1 * S);
	expect_rows(3);
	expect_row("a", 0, METRIC_OK, "1");
	end_task(kept, RUNNER_OK, 0, "2", 1 * S);
	end_task(dropped, RUNNER_OK, 0, "3", 1 * S);
	expect_row("b", 0, METRIC_OK, "2");
	expect_row("c", 0, 0, NULL);
	end_task(start_task(1 * S, "four"), RUNNER_OK, 0, "4", 1 * S);
	expect_row("c", 0, METRIC_OK, "4");
	reconfigure(METRICS("", ""), 2 * S);
	ck_assert(action_set_changed(set));
	expect_rows(0);
	ck_assert_int_eq(action_set_next_ns(set), INT64_MAX);
	action_set_free(set);
}
END_TEST

START_TEST(of_two_with_a_name_the_first_runs)
{
	open_set(METRICS("", HOST("int32", "a", "one") HOST("int32", "a", "two")));
	end_task(start_task(0, "one"), RUNNER_OK, 0, "1", 0);
	ck_assert_ptr_null(action_set_start(set, 0));
	expect_rows(1);
	action_set_free(set);
}
END_TEST

#define ELEMENT(uuid) "<metric type='int32' context='vm' uuid='" uuid "'><name>n</name><value>5</value></metric>"

START_TEST(elements_of_the_host_find_their_domain)
{
	static const char *const NAMES[] = { "one", "two" };

	open_set(METRICS("", HOST("xml", "x", "one") VM("int32", "v", "a NAME")));
	set_domains(NAMES, 2, 0, 0);
	expect_rows(2);
	end_task(start_task(0, "one"), RUNNER_OK, 0,
		 ELEMENT("01000000-0000-0000-0000-000000000001") ELEMENT("01000000-0000-0000-0000-0000000000ff"), 0);
	expect_rows(3);
	expect_row("n", 2, METRIC_OK, "5");
	action_set_free(set);
}
END_TEST

START_TEST(elements_want_domains_to_find)
{
	open_set(METRICS("", HOST("int32", "v", "a")));
	ck_assert(!action_set_wants_domains(set));
	reconfigure(METRICS("", HOST("xml", "x", "one")), 0);
	ck_assert(action_set_wants_domains(set));
	action_set_free(set);
}
END_TEST

/* --- the lane ----------------------------------------------------------------------------------------------------- */

static struct runner *process;
static struct commands *commands;
static struct store *store;
static struct actions *actions;
static pthread_mutex_t shown_lock = PTHREAD_MUTEX_INITIALIZER;
static struct metrics *shown;

static void show(void *arg, struct metrics *metrics)
{
	struct metrics *before;

	(void)arg;
	pthread_mutex_lock(&shown_lock);
	before = shown;
	shown = metrics;
	pthread_mutex_unlock(&shown_lock);
	part_unref(before);
}

static void publish(const char *const *names, size_t n)
{
	struct snapshot *snapshot = snapshot_new();

	snapshot->domains = domains_of(names, n, 0);
	store_publish(store, snapshot);
}

static void open_lane(const char *metrics)
{
	struct config *config = config_of(metrics);
	struct actions_options options = { .config = config, .show = show };

	log_open("test", false, LOG_LEVEL_ERROR);
	process = start();
	ck_assert_int_eq(commands_start(process, &commands), 0);
	options.commands = commands;
	options.store = store = store_new();
	ck_assert_int_eq(actions_start(&options, &actions), 0);
	part_unref(config);
}

static void close_lane(void)
{
	const int64_t until = clock_mono_ns() + 10 * S;

	ck_assert(actions_stop(actions, until));
	ck_assert(commands_stop(commands, until));
	actions_free(actions);
	commands_free(commands);
	store_free(store);
	part_unref(shown);
	runner_stop(process, 1000);
}

/* The newest row of the name and domain, as a copy whose strings live to the end of the test; false: not shown. */
static bool newest(const char *name, uint32_t domain, struct metric_row *out)
{
	const struct metric_row *row;

	pthread_mutex_lock(&shown_lock);
	row = shown != NULL ? find_row(shown, name, domain) : NULL;
	if (row != NULL) {
		free(out->name);
		free(out->unit);
		free(out->value);
		metric_row_copy(row, out);
	}
	pthread_mutex_unlock(&shown_lock);
	return row != NULL;
}

static void wait_for_row(const char *name, uint32_t domain, uint8_t status, const char *value)
{
	const int64_t until = clock_mono_ns() + PATIENCE_MS * MS;
	struct metric_row row = { .name = NULL };

	while (!newest(name, domain, &row) || row.status != status) {
		ck_assert_msg(clock_mono_ns() < until, "%s of %u is %d, not %d", name, domain, row.status, status);
		sched_yield();
	}
	if (value != NULL)
		ck_assert_str_eq(row.value, value);
	free(row.name);
	free(row.unit);
	free(row.value);
}

START_TEST(the_shell_gets_a_clean_environment)
{
	static const char *const NAMES[] = { "a'b \"$(c)`d`;" };

	open_lane(METRICS("", HOST("string", "host", "env | sort | tr '\\n' '|'; pwd; cat")
				      VM("string", "vm", "printf '%s|%s|%s|%s' NAME 'VMID' \"ID\" `echo UUID`")
				      HOST("string", "uri", "printf '&lt;%s&gt;' CONNECT")));
	publish(NAMES, 1);
	wait_for_row("host", 0, METRIC_OK,
		     "LC_ALL=C|LIBVIRT_DEFAULT_URI=test:///x|PATH=/usr/local/bin:/usr/bin:/bin|PWD=/|VHOSTMD_URI=test:///x|/");
	wait_for_row("vm", 1, METRIC_OK, "a'b \"$(c)`d`;|10|10|01000000-0000-0000-0000-000000000000");
	wait_for_row("uri", 0, METRIC_OK, "<--connect><test:///x>");
	close_lane();
}
END_TEST

/* The limit is 64 KiB: all of it is a value, a byte more is none. */
START_TEST(whatever_one_does_the_others_run)
{
	open_lane(METRICS("timeout=\"300\"",
			  HOST("string", "hangs", "sleep 1000") HOST("string", "stays", "trap '' TERM; while :; do sleep 1; done")
			  HOST("string", "floods", "yes") HOST("string", "forks", "for i in 1 2 3 4 5; do sleep 1000 &amp; done; echo")
			  HOST("string", "closed", "exec &gt;&amp;-; sleep 1000")
			  HOST("string", "leaves", "setsid sleep 1000 &amp; echo left") HOST("int32", "fails", "echo 5; false")
			  HOST("int32", "lies", "echo 5x") HOST("string", "killed", "kill -9 $$")
			  HOST("string", "full", "head -c 65536 /dev/zero | tr '\\0' x")
			  HOST("string", "over", "head -c 65537 /dev/zero | tr '\\0' x") HOST("int32", "good", "echo 5")));
	wait_for_row("good", 0, METRIC_OK, "5");
	wait_for_row("hangs", 0, METRIC_TIMED_OUT, NULL);
	wait_for_row("stays", 0, METRIC_TIMED_OUT, NULL);
	wait_for_row("closed", 0, METRIC_TIMED_OUT, NULL);
	wait_for_row("floods", 0, METRIC_INVALID, NULL);
	wait_for_row("over", 0, METRIC_INVALID, NULL);
	wait_for_row("lies", 0, METRIC_INVALID, NULL);
	wait_for_row("fails", 0, METRIC_FAILED, NULL);
	wait_for_row("killed", 0, METRIC_FAILED, NULL);
	wait_for_row("forks", 0, METRIC_OK, "");
	wait_for_row("leaves", 0, METRIC_OK, "left");
	wait_for_row("full", 0, METRIC_OK, NULL);
	close_lane();
}
END_TEST

START_TEST(a_reload_replaces_the_actions)
{
	struct config *config = config_of(METRICS("", HOST("string", "b", "echo new")));
	struct metric_row row = { .name = NULL };

	open_lane(METRICS("", HOST("string", "a", "echo old") HOST("string", "b", "sleep 1000")));
	wait_for_row("a", 0, METRIC_OK, "old");
	actions_reload(actions, config);
	part_unref(config);
	wait_for_row("b", 0, METRIC_OK, "new");
	ck_assert(!newest("a", 0, &row));
	close_lane();
}
END_TEST

/* Stop does not wait for what runs. */
START_TEST(an_end_in_the_middle)
{
	static const char *const NAMES[] = { "one", "two" };
	struct fifo fifo;
	char metrics[256];
	int64_t begin;

	fifo_open(&fifo);
	snprintf(metrics, sizeof(metrics), METRICS("", VM("string", "a", "echo NAME >%s; sleep 1000")), fifo.path);
	open_lane(metrics);
	publish(NAMES, 2);
	fifo_expect_lines(&fifo, 1);
	begin = clock_mono_ns();
	close_lane();
	ck_assert_int_lt(clock_mono_ns() - begin, 8 * S);
	fifo_close(&fifo);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("actions");

	UNIT_ADD(s, a_run_in_each_period);
	UNIT_ADD(s, the_last_good_value_stays);
	UNIT_ADD(s, domains_have_tasks_while_they_are_active);
	UNIT_ADD(s, an_action_that_hangs_takes_few_places);
	UNIT_ADD(s, places_are_spread_over_the_period);
	UNIT_ADD(s, all_have_their_turn);
	UNIT_ADD(s, more_than_fit_into_a_period);
	UNIT_ADD(s, a_reload_keeps_what_is_the_same);
	UNIT_ADD(s, of_two_with_a_name_the_first_runs);
	UNIT_ADD(s, elements_of_the_host_find_their_domain);
	UNIT_ADD(s, elements_want_domains_to_find);
	UNIT_ADD(s, the_shell_gets_a_clean_environment);
	UNIT_ADD(s, whatever_one_does_the_others_run);
	UNIT_ADD(s, a_reload_replaces_the_actions);
	UNIT_ADD(s, an_end_in_the_middle);
	return s;
}

RUNNER_MAIN(suite)
