/* actions.c - the lane "actions", see actions.h. What runs when is action_set.c's. */
#include "actions.h"

#include "action_set.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#define ENVIRONMENT_MAX 8u
#define SHELL "/bin/sh"

/* A run on its way: given to the command process, then in the inbox. */
struct run {
	struct run *prev, *next;
	struct actions *actions;
	struct action_task *task;
	bool ended; /* there is a result */
	struct command_result result;
};

struct actions {
	struct actions_options options;
	pthread_t thread;
	/* The lane's. */
	const struct config *config; /* a reference */
	char *daemon_user;
	struct action_set *set;
	int64_t show_mono_ns; /* not before */

	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t posted;
	bool woken, stopping;
	const struct config *next_config; /* a reference */
	struct run *ended;
};

static void wake(struct actions *actions)
{
	actions->woken = true;
	pthread_cond_signal(&actions->posted);
}

/* --- one run ------------------------------------------------------------------------------------------------------ */

static void put_variable(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%s=%s", name, value);
	buf_append(out, "", 1);
}

static void put_environment(struct buf *out, const struct config *config, const struct action_order *order)
{
	put_variable(out, "PATH", config->action_path);
	put_variable(out, "LC_ALL", "C");
	/* For a virsh without CONNECT: that of a user other than root would ask for the session's own domains. */
	if (config->uri != NULL && config->uri[0] != '\0')
		put_variable(out, "LIBVIRT_DEFAULT_URI", config->uri);
	put_variable(out, "VHOSTMD_URI", config->uri);
	put_variable(out, "VHOSTMD_NAME", order->name);
	put_variable(out, "VHOSTMD_UUID", order->uuid);
	put_variable(out, "VHOSTMD_ID", order->id);
}

/* As a list that ends with NULL. */
static void list_strings(const struct buf *strings, const char *list[ENVIRONMENT_MAX])
{
	const char *p = strings->data, *end = p + strings->length;
	size_t n = 0;

	for (; p < end && n < ENVIRONMENT_MAX - 1; p += strlen(p) + 1)
		list[n++] = p;
	list[n] = NULL;
}

static uint32_t time_of_run_ms(const struct config *config)
{
	const uint64_t default_ms = (uint64_t)config->update_period_s * 2000 / 3;

	if (config->metrics_timeout_ms != 0)
		return config->metrics_timeout_ms;
	return default_ms < RUNNER_TIMEOUT_MAX_MS ? (uint32_t)default_ms : RUNNER_TIMEOUT_MAX_MS;
}

/* On the thread "commands", or within commands_stop. */
static void run_ended(void *arg, struct command_result *result)
{
	struct run *run = arg;
	struct actions *actions = run->actions;

	run->ended = result != NULL;
	if (result != NULL)
		run->result = *result;
	pthread_mutex_lock(&actions->lock);
	DL_APPEND(actions->ended, run);
	wake(actions);
	pthread_mutex_unlock(&actions->lock);
}

static int submit(struct actions *actions, const struct action_order *order, struct run *run)
{
	const char *const argv[] = { SHELL, "-c", order->text, NULL };
	const char *user = actions->config->metrics_user, *env[ENVIRONMENT_MAX];
	struct buf strings;
	struct runner_job job = { .argv = argv, .env = env, .user = user != NULL ? user : actions->daemon_user,
				  .timeout_ms = time_of_run_ms(actions->config), .output_max = ACTIONS_OUTPUT_MAX };
	int rc;

	buf_init(&strings, RUNNER_MESSAGE_MAX);
	put_environment(&strings, actions->config, order);
	list_strings(&strings, env);
	rc = strings.over ? -ERR_LIMIT : commands_submit(actions->options.commands, &job, run_ended, run);
	buf_free(&strings);
	return rc;
}

static void start_run(struct actions *actions, struct action_task *task)
{
	struct run *run = mem_alloc(sizeof(*run));
	struct action_order order;
	int rc;

	run->actions = actions;
	run->task = task;
	action_task_order(task, &order);
	rc = submit(actions, &order, run);
	if (rc == 0)
		return;
	action_set_end(actions->set, task, NULL, err_text(rc), clock_mono_ns());
	free(run);
}

/* --- the lane ----------------------------------------------------------------------------------------------------- */

static void take_config(struct actions *actions)
{
	const struct config *config;

	pthread_mutex_lock(&actions->lock);
	config = actions->next_config;
	actions->next_config = NULL;
	pthread_mutex_unlock(&actions->lock);
	if (config == NULL)
		return;
	part_unref(actions->config);
	actions->config = config;
	action_set_configure(actions->set, config, clock_mono_ns());
}

static void take_ended(struct actions *actions)
{
	struct run *ended, *run, *next;

	pthread_mutex_lock(&actions->lock);
	ended = actions->ended;
	actions->ended = NULL;
	pthread_mutex_unlock(&actions->lock);
	DL_FOREACH_SAFE(ended, run, next) {
		action_set_end(actions->set, run->task, run->ended ? &run->result : NULL,
			       "the command process is gone", clock_mono_ns());
		free(run->result.output);
		free(run);
	}
}

static void take_domains(struct actions *actions)
{
	struct snapshot *snapshot;

	if (!action_set_wants_domains(actions->set))
		return;
	snapshot = store_acquire(actions->options.store);
	if (snapshot != NULL)
		action_set_domains(actions->set, snapshot->domains, clock_mono_ns());
	part_unref(snapshot);
}

static void start_due(struct actions *actions)
{
	struct action_task *task;

	while ((task = action_set_start(actions->set, clock_mono_ns())) != NULL)
		start_run(actions, task);
}

static void show(struct actions *actions)
{
	const int64_t now_mono_ns = clock_mono_ns();

	if (!action_set_changed(actions->set) || now_mono_ns < actions->show_mono_ns)
		return;
	actions->show_mono_ns = now_mono_ns + ACTIONS_SHOW_MS * NS_PER_MS;
	actions->options.show(actions->options.arg, action_set_rows(actions->set));
}

static int64_t first_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_wake(const struct actions *actions)
{
	int64_t next = action_set_next_ns(actions->set);

	if (action_set_changed(actions->set))
		next = first_of(next, actions->show_mono_ns);
	if (action_set_wants_domains(actions->set))
		next = first_of(next, clock_mono_ns() + ACTIONS_LOOK_MS * NS_PER_MS);
	return next;
}

/* False: the lane is to end. */
static bool wait_for_work(struct actions *actions, int64_t until_mono_ns)
{
	bool in_time = true, stopping;

	pthread_mutex_lock(&actions->lock);
	while (!actions->woken && !actions->stopping && in_time)
		in_time = lane_wait_until(&actions->posted, &actions->lock, until_mono_ns);
	actions->woken = false;
	stopping = actions->stopping;
	pthread_mutex_unlock(&actions->lock);
	return !stopping;
}

static void *actions_main(void *arg)
{
	struct actions *actions = arg;

	do {
		take_config(actions);
		take_ended(actions);
		take_domains(actions);
		start_due(actions);
		show(actions);
	} while (wait_for_work(actions, next_wake(actions)));
	return NULL;
}

/* --- the others' side --------------------------------------------------------------------------------------------- */

int actions_start(const struct actions_options *options, struct actions **out)
{
	struct actions *actions = mem_alloc(sizeof(*actions));

	actions->options = *options;
	actions->daemon_user = mem_string(options->daemon_user);
	actions->next_config = part_ref(options->config);
	actions->set = action_set_new(clock_mono_ns());
	pthread_mutex_init(&actions->lock, NULL);
	lane_condition_init(&actions->posted);
	if (lane_start(&actions->thread, "actions", actions_main, actions) != 0) {
		actions_free(actions);
		return -ERR_IO;
	}
	*out = actions;
	return 0;
}

void actions_reload(struct actions *actions, const struct config *config)
{
	pthread_mutex_lock(&actions->lock);
	part_unref(actions->next_config);
	actions->next_config = part_ref(config);
	wake(actions);
	pthread_mutex_unlock(&actions->lock);
}

bool actions_stop(struct actions *actions, int64_t deadline_mono_ns)
{
	if (actions == NULL)
		return true;
	pthread_mutex_lock(&actions->lock);
	actions->stopping = true;
	wake(actions);
	pthread_mutex_unlock(&actions->lock);
	return lane_join(actions->thread, deadline_mono_ns);
}

void actions_free(struct actions *actions)
{
	struct run *run, *next;

	if (actions == NULL)
		return;
	DL_FOREACH_SAFE(actions->ended, run, next) {
		action_set_end(actions->set, run->task, NULL, NULL, 0);
		free(run->result.output);
		free(run);
	}
	action_set_free(actions->set);
	part_unref(actions->config);
	part_unref(actions->next_config);
	pthread_cond_destroy(&actions->posted);
	pthread_mutex_destroy(&actions->lock);
	free(actions->daemon_user);
	free(actions);
}
