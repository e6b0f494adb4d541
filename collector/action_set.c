/* action_set.c - see action_set.h. Thread: the lane "actions". */
#include "action_set.h"

#include "action_text.h"
#include "action_value.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define uthash_malloc(size) mem_alloc(size)
#include <uthash.h>

#define ID_SIZE 16

/* A <metric>. */
struct action {
	const struct config_metric *metric; /* of the configuration */
	char *text;       /* rewritten; NULL: not to be run */
	size_t running;   /* tasks */
	size_t failing;   /* tasks whose last run failed */
	uint32_t failures; /* since none was failing */
	bool in_time;     /* the last run ended so */
	bool slow;        /* ... did not */
	struct action_task **queue; /* those that do not run: a heap, the first to start at its top */
	size_t n_queued, room;
};

struct key {
	uint8_t uuid[16]; /* zeroes: of the host */
	uint32_t action;
};

struct action_task {
	UT_hash_handle hh;
	struct key key;
	struct action *action; /* NULL: no longer wanted, freed at the end of its run */
	size_t place;          /* in its queue while it does not run */
	uint64_t number;       /* in the order of their making */
	/* The domain's; name NULL: of the host. */
	char *name;
	uint32_t domain;
	char id[ID_SIZE], uuid[TEXT_UUID_SIZE];
	bool present; /* while domains are compared */
	bool running, holds_slow_place, was_read;
	int64_t due_mono_ns;
	int64_t started_mono_ns; /* the last time; 0: never */
	struct metrics *values; /* of the last good run; before it, the names */
	int64_t read_mono_ns;   /* where it was_read */
	uint8_t status;         /* enum metric_status; 0: it has not ended once */
};

struct action_set {
	const struct config *config; /* a reference; NULL before the first */
	const struct domains *domains;
	const struct domain **by_uuid; /* active ones */
	size_t n_active;
	struct action *actions;
	struct action_task *tasks;
	size_t running, slow_running;
	uint64_t last_number;
	int64_t epoch_mono_ns, period_ns;
	bool changed, too_many;
	bool behind;           /* a task of no slow action missed a place ... */
	int64_t late_mono_ns;  /* ... the last time then */
};

struct action_set *action_set_new(int64_t now_mono_ns)
{
	struct action_set *set = mem_alloc(sizeof(*set));

	set->epoch_mono_ns = now_mono_ns;
	return set;
}

/* --- the queue of an action --------------------------------------------------------------------------------------- */

static bool is_before(const struct action_task *a, const struct action_task *b)
{
	return a->due_mono_ns != b->due_mono_ns ? a->due_mono_ns < b->due_mono_ns : a->number < b->number;
}

static void place_at(struct action *action, size_t at, struct action_task *task)
{
	action->queue[at] = task;
	task->place = at;
}

/* Places a task from a free place on: up while it is before what is above, then down. */
static void place_from(struct action *action, size_t at, struct action_task *task)
{
	size_t below;

	for (; at > 0 && is_before(task, action->queue[(at - 1) / 2]); at = (at - 1) / 2)
		place_at(action, at, action->queue[(at - 1) / 2]);
	while ((below = 2 * at + 1) < action->n_queued) {
		below += below + 1 < action->n_queued && is_before(action->queue[below + 1], action->queue[below]);
		if (!is_before(action->queue[below], task))
			break;
		place_at(action, at, action->queue[below]);
		at = below;
	}
	place_at(action, at, task);
}

static void enqueue(struct action_task *task)
{
	struct action *action = task->action;

	if (action->n_queued == action->room) {
		action->room = action->room > 0 ? 2 * action->room : 4;
		action->queue = mem_grow(action->queue, action->room, sizeof(struct action_task *));
	}
	action->n_queued++;
	place_from(action, action->n_queued - 1, task);
}

static void dequeue(struct action_task *task)
{
	struct action *action = task->action;
	struct action_task *last = action->queue[--action->n_queued];

	if (last != task)
		place_from(action, task->place, last);
}

/* --- tasks -------------------------------------------------------------------------------------------------------- */

/* The next start of its place in the period. */
static int64_t next_due(const struct action_set *set, const struct action_task *task, int64_t now_mono_ns)
{
	const int64_t passed = now_mono_ns - set->epoch_mono_ns;
	const uint8_t *bytes = (const uint8_t *)&task->key;
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	int64_t phase, due;

	for (size_t i = 0; i < sizeof(task->key); i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	phase = (int64_t)((hash >> 16) % (uint64_t)set->period_ns);
	due = set->epoch_mono_ns + passed / set->period_ns * set->period_ns + phase;
	return due > now_mono_ns ? due : due + set->period_ns;
}

static void free_task(struct action_task *task)
{
	part_unref(task->values);
	free(task->name);
	free(task);
}

static bool is_bad(uint8_t status)
{
	return status > METRIC_OK;
}

/* A run goes on to its end, of which nobody then wants to know. */
static void drop_task(struct action_set *set, struct action_task *task)
{
	struct action *action = task->action;

	if (!task->running)
		dequeue(task);
	action->running -= task->running;
	action->failing -= is_bad(task->status);
	if (action->failing == 0)
		action->failures = 0;
	task->action = NULL;
	set->changed = true;
	if (!task->running)
		free_task(task);
}

static void remove_task(struct action_set *set, struct action_task *task)
{
	HASH_DEL(set->tasks, task);
	drop_task(set, task);
}

static void name_task(struct action_task *task, const struct domain *domain)
{
	task->domain = domain->index;
	if (task->name == NULL || strcmp(task->name, domain->name) != 0)
		mem_replace(&task->name, domain->name);
	snprintf(task->id, sizeof(task->id), "%" PRId32, domain->id);
	text_uuid_format(domain->uuid, task->uuid);
}

static struct action_task *add_task(struct action_set *set, const struct key *key, int64_t now_mono_ns)
{
	struct action_task *task;
	const bool over = HASH_COUNT(set->tasks) >= ACTION_TASKS_MAX;

	if (over && !set->too_many)
		log_warning("more than %u actions of domains: the others are not run", ACTION_TASKS_MAX);
	set->too_many = over;
	if (over)
		return NULL;
	task = mem_alloc(sizeof(*task));
	task->key = *key;
	task->action = &set->actions[key->action];
	task->due_mono_ns = now_mono_ns;
	task->number = ++set->last_number;
	task->values = action_value_names(task->action->metric,
					  task->action->metric->context == METRIC_VM ? key->uuid : NULL);
	HASH_ADD(hh, set->tasks, key, sizeof(task->key), task);
	enqueue(task);
	set->changed = true;
	return task;
}

/* The task of an action for a domain, or for the host (NULL). */
static void want_task(struct action_set *set, uint32_t action, const struct domain *domain, int64_t now_mono_ns)
{
	struct key key = { .action = action };
	struct action_task *task;

	if (set->actions[action].text == NULL)
		return;
	if (domain != NULL)
		memcpy(key.uuid, domain->uuid, sizeof(key.uuid));
	HASH_FIND(hh, set->tasks, &key, sizeof(key), task);
	if (task == NULL)
		task = add_task(set, &key, now_mono_ns);
	if (task == NULL)
		return;
	task->present = true;
	if (domain != NULL)
		name_task(task, domain);
}

static void want_tasks(struct action_set *set, int64_t now_mono_ns)
{
	for (uint32_t i = 0; i < set->config->n_metrics; i++)
		if (set->config->metrics[i].context == METRIC_HOST)
			want_task(set, i, NULL, now_mono_ns);
	for (size_t d = 0; d < set->n_active; d++)
		for (uint32_t i = 0; i < set->config->n_metrics; i++)
			if (set->config->metrics[i].context == METRIC_VM)
				want_task(set, i, set->by_uuid[d], now_mono_ns);
}

/* Tasks for what there is, and no others. */
static void compare_tasks(struct action_set *set, int64_t now_mono_ns)
{
	struct action_task *task, *next;

	if (set->config == NULL)
		return;
	want_tasks(set, now_mono_ns);
	HASH_ITER(hh, set->tasks, task, next) {
		if (!task->present)
			remove_task(set, task);
		else
			task->present = false;
	}
}

/* --- domains ------------------------------------------------------------------------------------------------------ */

static int by_uuid(const void *a, const void *b)
{
	const struct domain *x = *(const struct domain *const *)a, *y = *(const struct domain *const *)b;

	return memcmp(x->uuid, y->uuid, 16);
}

static const struct domain *find_domain(const struct action_set *set, const uint8_t *uuid)
{
	const struct domain wanted = { .uuid = uuid }, *key = &wanted;
	const struct domain *const *found;

	if (set->n_active == 0)
		return NULL;
	found = bsearch(&key, set->by_uuid, set->n_active, sizeof(*set->by_uuid), by_uuid);
	return found != NULL ? *found : NULL;
}

static void list_active(struct action_set *set)
{
	const struct domains *domains = set->domains;

	free(set->by_uuid);
	set->by_uuid = mem_array(domains != NULL ? domains->n + 1 : 1, sizeof(*set->by_uuid));
	set->n_active = 0;
	for (size_t i = 0; domains != NULL && i < domains->n; i++)
		if (domains->rows[i]->id >= 0)
			set->by_uuid[set->n_active++] = domains->rows[i];
	qsort(set->by_uuid, set->n_active, sizeof(*set->by_uuid), by_uuid);
}

void action_set_domains(struct action_set *set, const struct domains *domains, int64_t now_mono_ns)
{
	if (domains == set->domains)
		return;
	part_unref(set->domains);
	set->domains = part_ref(domains);
	list_active(set);
	compare_tasks(set, now_mono_ns);
}

bool action_set_wants_domains(const struct action_set *set)
{
	for (size_t i = 0; set->config != NULL && i < set->config->n_metrics; i++)
		if (set->config->metrics[i].context == METRIC_VM || set->config->metrics[i].type == METRIC_XML)
			return true;
	return false;
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_metric(const struct config_metric *a, const struct config_metric *b)
{
	if (a->type != b->type || a->context != b->context || a->n_variables != b->n_variables ||
	    !same_text(a->name, b->name) || !same_text(a->action, b->action) || !same_text(a->unit, b->unit))
		return false;
	for (size_t i = 0; i < a->n_variables; i++)
		if (a->variables[i].type != b->variables[i].type || !same_text(a->variables[i].name, b->variables[i].name) ||
		    !same_text(a->variables[i].unit, b->variables[i].unit))
			return false;
	return true;
}

/* Whether an earlier one has the name. Groups and elements have theirs from elsewhere. */
static bool is_repeated(const struct config *config, size_t at)
{
	const struct config_metric *metric = &config->metrics[at];

	for (size_t i = 0; metric->type < METRIC_GROUP && i < at; i++)
		if (config->metrics[i].type < METRIC_GROUP && config->metrics[i].context == metric->context &&
		    strcmp(config->metrics[i].name, metric->name) == 0)
			return true;
	return false;
}

static struct action *make_actions(const struct config *config)
{
	struct action *actions = mem_array(config->n_metrics + 1, sizeof(*actions));

	for (size_t i = 0; i < config->n_metrics; i++) {
		const struct config_metric *metric = &config->metrics[i];
		const char *why = "its name is that of an earlier one";

		actions[i].metric = metric;
		if (is_repeated(config, i) ||
		    action_text_rewrite(metric->action, metric->context == METRIC_VM, &actions[i].text, &why) != 0)
			log_warning("%s:%d: the action of metric %s is not run: %s",
				    config->path != NULL ? config->path : "", metric->line, metric->name, why);
	}
	return actions;
}

static void free_actions(struct action *actions, const struct config *config)
{
	for (size_t i = 0; config != NULL && i < config->n_metrics; i++) {
		free(actions[i].text);
		free(actions[i].queue);
	}
	free(actions);
}

/* The one among actions that is what the task's was; n: none. */
static uint32_t find_same(const struct action_task *task, const struct action *actions, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && (actions[i].text == NULL || !same_metric(actions[i].metric, task->action->metric)))
		i++;
	return i;
}

static void move_task(struct action_set *set, struct action_task *task, struct action *actions, uint32_t at,
		      int64_t now_mono_ns)
{
	struct action *action = &actions[at];

	if (!task->running)
		dequeue(task);
	action->running += task->running;
	action->failing += is_bad(task->status);
	action->in_time = task->action->in_time;
	action->slow = task->action->slow;
	action->failures = task->action->failures;
	task->action = action;
	task->key.action = at;
	task->due_mono_ns = next_due(set, task, now_mono_ns);
	task->started_mono_ns = 0; /* the period may be another */
	HASH_ADD(hh, set->tasks, key, sizeof(task->key), task);
	if (!task->running)
		enqueue(task);
}

void action_set_configure(struct action_set *set, const struct config *config, int64_t now_mono_ns)
{
	struct action *actions = make_actions(config);
	const uint32_t n = (uint32_t)config->n_metrics;
	struct action_task *old = set->tasks, *task, *next;

	set->tasks = NULL;
	set->period_ns = (int64_t)config->update_period_s * NS_PER_S;
	HASH_ITER(hh, old, task, next) {
		const uint32_t at = find_same(task, actions, n);

		HASH_DEL(old, task);
		if (at == n)
			drop_task(set, task);
		else
			move_task(set, task, actions, at, now_mono_ns);
	}
	free_actions(set->actions, set->config);
	set->actions = actions;
	part_unref(set->config);
	set->config = part_ref(config);
	set->changed = true;
	compare_tasks(set, now_mono_ns);
}

/* --- runs --------------------------------------------------------------------------------------------------------- */

static bool may_run(const struct action_set *set, const struct action *action)
{
	const size_t slow_places = set->config->metrics_concurrent > 1 ? set->config->metrics_concurrent / 2 : 1;

	if (!action->in_time && action->running > 0)
		return false;
	return !action->slow || set->slow_running < slow_places;
}

static bool has_room(const struct action_set *set)
{
	return set->config != NULL && set->running < set->config->metrics_concurrent;
}

/* The one that waits longest or will be the first to. */
static struct action_task *first_waiting(const struct action_set *set)
{
	struct action_task *first = NULL;

	for (size_t i = 0; i < set->config->n_metrics; i++) {
		const struct action *action = &set->actions[i];

		if (action->n_queued == 0 || !may_run(set, action))
			continue;
		if (first == NULL || is_before(action->queue[0], first))
			first = action->queue[0];
	}
	return first;
}

/* Every task has a place in each period: one that did not run for two has missed one, and so have its neighbours. What
 * slow actions miss is told of as theirs. */
static void note_pace(struct action_set *set, const struct action_task *task, int64_t now_mono_ns)
{
	const int64_t since_ns = task->started_mono_ns != 0 ? now_mono_ns - task->started_mono_ns : 0;

	if (since_ns > 2 * set->period_ns && !task->action->slow && task->action->in_time) {
		set->late_mono_ns = now_mono_ns;
		if (!set->behind)
			log_warning("actions do not keep the update period of %u s: metric %s is run every %.1f s; "
				    "%u actions of all domains share %u places (<metrics concurrent>), one of type xml "
				    "can tell of all domains at once", set->config->update_period_s, task->action->metric->name,
				    (double)since_ns / (double)NS_PER_S, HASH_COUNT(set->tasks),
				    set->config->metrics_concurrent);
		set->behind = true;
	} else if (set->behind && now_mono_ns - set->late_mono_ns > 2 * set->period_ns) {
		log_info("actions keep the update period of %u s again", set->config->update_period_s);
		set->behind = false;
	}
}

struct action_task *action_set_start(struct action_set *set, int64_t now_mono_ns)
{
	struct action_task *task = has_room(set) ? first_waiting(set) : NULL;

	if (task == NULL || task->due_mono_ns > now_mono_ns)
		return NULL;
	dequeue(task);
	note_pace(set, task, now_mono_ns);
	task->started_mono_ns = now_mono_ns;
	task->due_mono_ns = next_due(set, task, now_mono_ns);
	task->running = true;
	task->holds_slow_place = task->action->slow;
	task->action->running++;
	set->running++;
	set->slow_running += task->holds_slow_place;
	return task;
}

int64_t action_set_next_ns(const struct action_set *set)
{
	const struct action_task *task = has_room(set) ? first_waiting(set) : NULL;

	return task != NULL ? task->due_mono_ns : INT64_MAX;
}

void action_task_order(const struct action_task *task, struct action_order *order)
{
	const bool of_host = task->name == NULL;

	*order = (struct action_order){ .text = task->action->text,
					.name = task->name,
					.id = of_host ? NULL : task->id,
					.uuid = of_host ? NULL : task->uuid };
}

/* --- results ------------------------------------------------------------------------------------------------------ */

static enum metric_status status_of(const struct command_result *result)
{
	switch (result->status) {
	case RUNNER_OK:
		return result->exit_code == 0 ? METRIC_OK : METRIC_FAILED;
	case RUNNER_TIMED_OUT:
		return METRIC_TIMED_OUT;
	case RUNNER_OUTPUT:
		return METRIC_INVALID;
	default:
		return METRIC_FAILED;
	}
}

static enum metric_status take_values(struct action_task *task, const struct command_result *result,
				      int64_t now_mono_ns, char why[ACTION_VALUE_WHY_SIZE])
{
	struct metrics *values;

	if (action_value_parse(task->action->metric, task->name != NULL ? task->key.uuid : NULL, result->output,
			       result->length, &values, why) != 0)
		return METRIC_INVALID;
	part_unref(task->values);
	task->values = values;
	task->read_mono_ns = now_mono_ns;
	task->was_read = true;
	return METRIC_OK;
}

/* The first task of an action to fail is told of, and when none does any more. */
static void tell(const struct action_task *task, bool was_failing, const char *why)
{
	struct action *action = task->action;
	const bool of_domain = task->name != NULL;

	if (is_bad(task->status) && action->failures++ == 0)
		log_warning("metric %s%s%s: %s", action->metric->name, of_domain ? " of " : "",
			    of_domain ? task->name : "", why);
	if (action->failing > 0 || !was_failing)
		return;
	log_info("metric %s: values again, after %u runs without", action->metric->name, action->failures);
	action->failures = 0;
}

static void set_status(struct action_task *task, enum metric_status status, const char *why)
{
	const bool was_failing = is_bad(task->status);

	task->status = (uint8_t)status;
	task->action->failing += is_bad(task->status);
	task->action->failing -= was_failing;
	task->action->slow = status == METRIC_TIMED_OUT;
	task->action->in_time = status != METRIC_TIMED_OUT;
	tell(task, was_failing, why);
}

void action_set_end(struct action_set *set, struct action_task *task, const struct command_result *result,
		    const char *why, int64_t now_mono_ns)
{
	char text[ACTION_VALUE_WHY_SIZE] = "";
	enum metric_status status = result != NULL ? status_of(result) : METRIC_FAILED;

	task->running = false;
	set->running--;
	set->slow_running -= task->holds_slow_place;
	if (task->action == NULL) {
		free_task(task);
		return;
	}
	task->action->running--;
	enqueue(task);
	if (result == NULL && why == NULL)
		return;
	set->changed = true;
	if (status == METRIC_OK)
		status = take_values(task, result, now_mono_ns, text);
	else if (result != NULL)
		command_result_explain(result, text, sizeof(text));
	set_status(task, status, result != NULL ? text : why);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* The domain that a row of the host's tells of by its uuid; false: there is none. */
static bool find_owner(const struct action_set *set, struct metric_row *row)
{
	static const uint8_t HOST[16];
	const struct domain *domain;

	if (memcmp(row->uuid, HOST, sizeof(HOST)) == 0)
		return true;
	domain = find_domain(set, row->uuid);
	row->domain = domain != NULL ? domain->index : 0;
	return domain != NULL;
}

static void add_rows(const struct action_set *set, const struct action_task *task, struct metrics *metrics)
{
	for (size_t i = 0; i < task->values->n; i++) {
		struct metric_row row = task->values->rows[i];

		row.domain = task->domain;
		if (task->name == NULL && !find_owner(set, &row))
			continue;
		row.status = task->status;
		row.read_mono_ns = task->read_mono_ns;
		if (task->was_read)
			row.have |= METRIC_HAVE_READ;
		metric_row_copy(&row, &metrics->rows[metrics->n++]);
	}
}

struct metrics *action_set_rows(struct action_set *set)
{
	struct action_task *task, *next;
	struct metrics *metrics;
	size_t n = 0;

	HASH_ITER(hh, set->tasks, task, next)
		n += task->values->n;
	metrics = metrics_new(n);
	metrics->n = 0;
	HASH_ITER(hh, set->tasks, task, next)
		add_rows(set, task, metrics);
	set->changed = false;
	return metrics;
}

bool action_set_changed(const struct action_set *set)
{
	return set->changed;
}

void action_set_free(struct action_set *set)
{
	struct action_task *task, *next;

	if (set == NULL)
		return;
	HASH_ITER(hh, set->tasks, task, next) {
		HASH_DEL(set->tasks, task);
		free_task(task);
	}
	free_actions(set->actions, set->config);
	free(set->by_uuid);
	part_unref(set->domains);
	part_unref(set->config);
	free(set);
}
