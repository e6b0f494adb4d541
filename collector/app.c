/*
 * app.c - starts the lanes in order, waits for signals, stops them in order.
 *
 * Start: background, runner, pid file, user, libraries, state directory, then threads. Stop: the cycle lane says
 * goodbye, the agent delivers it, the disk is left not busy, the log is closed; all within SIGNALS_END_MS.
 */
#include "app.h"

#include "actions.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cycle.h"
#include "daemon.h"
#include "guest_lanes.h"
#include "persist.h"
#include "runner.h"
#include "serve.h"
#include "signals.h"
#include "sink.h"
#include "source/commands.h"
#include "store.h"
#include "subagent/agent.h"
#include "subagent/oids.h"
#include "subagent/varbind.h"
#include "subagent/watch_values.h"

#ifdef HAVE_LIBVIRT
#include "source/virevent.h"
#endif

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define APP_PENDING_MS 1000 /* how often a lane that hung at a reload is looked at again */
#define APP_PING_S 2            /* AgentX ping: tables are back within seconds of a restart of snmpd */
#define APP_JOURNAL_PATH "/run/systemd/journal/socket"
#define APP_SYSLOG_PATH "/dev/log"
#define APP_ARENAS 32
#define APP_LARGE (128 * 1024) /* bytes of one piece of memory */
#define APP_WATCHDOG_PERIODS 3  /* a newest snapshot older than so many poll periods is no sign of life ... */
#define APP_WATCHDOG_MIN_MS 60000 /* ... but one younger than this always is */

struct app {
	_Atomic int published; /* the first snapshot is out; a word of its own, for another lane writes it */
	const struct options *options;
	struct config *config;
	struct sysroot root;
	struct runner *runner;
	struct commands *commands; /* replies of the runner */
	struct sink *syslog, *on_event; /* NULL: off */
	struct persist *persist;
	struct persist_state state;
	struct store *store;
	struct agent *agent; /* NULL: no AgentX address */
	struct cycle *cycle;
	struct actions *actions;
	struct board *board;
	struct guest_lanes *guest_lanes;
	struct pid_file pid_file;
	int ready_fd, signal_fd;
	int64_t watchdog_ns; /* interval of the keep-alive to the service manager; 0: none */
};

/* --- wires between lanes ------------------------------------------------------------------------------------------ */

/* On the cycle lane. */
static int encode_event(void *arg, const struct snapshot *snapshot, const struct event *event, struct buf *out)
{
	struct cell_context context = { .snapshot = snapshot, .now_mono_ns = snapshot->sealed_mono_ns,
					.root = EDGE_ROOT, .root_n = EDGE_ROOT_N };

	(void)arg;
	return varbind_encode(&context, event, out);
}

static void add_transports(void *arg, struct vbds **vbds, struct channels **channels)
{
	const struct app *app = arg;

	board_get(app->board, vbds, channels);
}

/* On the lane of the actions. */
static void show_metrics(void *arg, struct metrics *metrics)
{
	const struct app *app = arg;

	cycle_metrics(app->cycle, metrics);
}

/* Everybody beside SNMP. Where the record itself goes to the system's log, a line more says nothing new there. */
static void tell(const struct app *app, const struct event *event)
{
	if (app->syslog == NULL || !log_is_system())
		log_info("event %u: %s", event->serial, event->text);
	sink_put(app->syslog, event);
	sink_put(app->on_event, event);
}

static bool notify_event(void *arg, const struct event *event)
{
	const struct app *app = arg;

	tell(app, event);
	if (event->varbinds == NULL)
		return true;
	if (app->agent != NULL)
		return agent_notify(app->agent, event);
	/* Nobody to tell: it is not to be told to a master of later, either. */
	persist_sent(app->persist, event->serial);
	return true;
}

static uint32_t count_unsent(void *arg)
{
	const struct app *app = arg;

	return app->agent != NULL ? agent_unsent(app->agent) : 0;
}

static uint32_t count_given_up(void *arg)
{
	const struct app *app = arg;

	return app->agent != NULL ? agent_given_up(app->agent) : 0;
}

/* On the agentx lane. */
static void event_sent(void *arg, uint32_t serial)
{
	const struct app *app = arg;

	persist_sent(app->persist, serial);
}

/* On the persist lane. */
static void events_persisted(void *arg, uint64_t batch, int code)
{
	const struct app *app = arg;

	cycle_persisted(app->cycle, batch, code);
}

/* On the cycle lane, once. */
static void first_published(void *arg)
{
	struct app *app = arg;

	app->published = true;
	daemon_notify("READY=1\nSTATUS=serving");
	daemon_ready(app->ready_fd);
}

/* --- start -------------------------------------------------------------------------------------------------------- */

/* What the parent's caller reads on a failed start is standard error, which is still open. */
static int complain(const char *text)
{
	fprintf(stderr, "edgenoded: error: %s\n", text);
	return -ERR_STATE;
}

static int fail(const char *what)
{
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(errno));
	return complain(text);
}

static int go_to_background(struct app *app)
{
	app->ready_fd = -1;
	if (app->options->foreground)
		return 0;
	if (daemon_fork(&app->ready_fd) != 0)
		return fail("cannot go to the background");
	log_open("edgenoded", true, app->options->verbose > 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	return 0;
}

static int claim_pid_file(struct app *app)
{
	const char *path = app->config->pid_file;
	char text[512];
	int rc;

	if (path == NULL)
		return 0;
	rc = daemon_claim_pid_file(&app->pid_file, path);
	if (rc != -ERR_BUSY)
		return rc == 0 ? 0 : fail(path);
	snprintf(text, sizeof(text), "pid file %s is held by another process: is another edgenoded running?", path);
	return complain(text);
}

static int change_user(const struct app *app)
{
	char error[256];

	if (app->config->user == NULL)
		return 0;
	daemon_make_directory(app->config->state_dir, app->config->user);
	return daemon_become(app->config->user, error, sizeof(error)) == 0 ? 0 : complain(error);
}

static int init_libraries(void)
{
	/* One for each lane: who answers a manager must not wait for a lock of who collects. */
	mallopt(M_ARENA_MAX, APP_ARENAS);
	/* What is large is given back at once, always: left alone, the limit grows with what was given back. */
	mallopt(M_MMAP_THRESHOLD, APP_LARGE);
	config_init();
#ifdef HAVE_LIBVIRT
	if (virevent_init() != 0)
		return -ERR_STATE;
#endif
	return 0;
}

static int open_state(struct app *app)
{
	struct persist_error error;
	const struct config *config = app->config;

	if (persist_open(config->state_dir, config->log_size, config->event_rows, &app->persist, &app->state,
			 &error) != 0)
		return complain(error.text);
	return 0;
}

static uint32_t views_of(const struct config *config)
{
	return (config->view_entity ? VIEW_BIT(VIEW_ENTITY) : 0) |
	       (config->view_entity_sensor ? VIEW_BIT(VIEW_ENTITY_SENSOR) : 0) |
	       (config->view_libvirt ? VIEW_BIT(VIEW_LIBVIRT) : 0) | (config->view_vm ? VIEW_BIT(VIEW_VM) : 0) |
	       (config->view_ntp ? VIEW_BIT(VIEW_NTP) : 0);
}

static int start_agent(struct app *app)
{
	const struct agent_options options = { .address = app->config->agentx, .state_dir = app->config->state_dir,
					       .ping_s = APP_PING_S, .cpu = app->config->agentx_cpu,
					       .views = views_of(app->config),
					       .vm_notifications = app->config->vm_notifications,
					       .vm_bulk_notifications = app->config->vm_bulk_notifications,
					       .libvirt_notifications = app->config->libvirt_notifications,
					       .sent = event_sent,
					       .arg = app };
	const struct events *unsent = app->state.log.unsent;

	if (app->config->agentx[0] == '\0')
		return 0;
	if (agent_start(app->store, &options, &app->agent) != 0)
		return fail("agentx lane");
	for (size_t i = 0; unsent != NULL && i < unsent->n; i++)
		if (unsent->rows[i]->varbinds_length > 0)
			agent_notify(app->agent, unsent->rows[i]);
	return 0;
}

static int start_cycle(struct app *app)
{
	const struct cycle_options options = {
		.config = app->config,
		.root = &app->root,
		.commands = app->commands,
		.agent_version = PACKAGE_VERSION,
		.events = { .store = app->store, .persist = app->persist, .state = &app->state,
			    .capacity = app->config->event_rows, .values = &TABLE_WATCH_VALUES,
			    .encode = encode_event, .notify = notify_event, .unsent = count_unsent,
			    .given_up = count_given_up, .arg = app },
		.state = &app->state,
		.transports = add_transports,
		.ready = first_published,
		.arg = app,
	};

	return cycle_start(&options, &app->cycle) == 0 ? 0 : fail("cycle lane");
}

static int start_actions(struct app *app)
{
	const struct actions_options options = { .config = app->config, .daemon_user = app->config->user,
						 .store = app->store, .commands = app->commands,
						 .show = show_metrics, .arg = app };

	return actions_start(&options, &app->actions) == 0 ? 0 : fail("actions lane");
}

static void origin_of(const struct app *app, struct utsname *system, struct event_origin *origin)
{
	if (uname(system) != 0)
		snprintf(system->nodename, sizeof(system->nodename), "-");
	*origin = (struct event_origin){ .host = system->nodename, .pid = getpid(), .enterprise = EDGE_ROOT[6] };
	memcpy(origin->log_id, app->state.log.log_id, sizeof(origin->log_id));
}

static int start_syslog(struct app *app)
{
	const struct config *config = app->config;
	const bool system = log_is_system();
	const char *journal = config->journal_path != NULL ? config->journal_path : system ? APP_JOURNAL_PATH : "";
	const char *socket = config->syslog_path != NULL ? config->syslog_path : system ? APP_SYSLOG_PATH : "";
	struct sink_syslog_options options = { .journal_path = journal, .syslog_path = socket };
	struct utsname name;

	if (journal[0] == '\0' && socket[0] == '\0')
		return 0;
	origin_of(app, &name, &options.origin);
	return sink_start_syslog(&options, &app->syslog) == 0 ? 0 : fail("syslog lane");
}

static int start_on_event(struct app *app)
{
	const struct config *config = app->config;
	struct sink_command_options options = { .program = config->on_event, .path = config->action_path,
						.user = config->on_event_user,
						.timeout_ms = config->on_event_timeout_s * 1000,
						.severity = config->on_event_severity, .commands = app->commands };
	struct utsname name;

	if (config->on_event == NULL)
		return 0;
	origin_of(app, &name, &options.origin);
	return sink_start_command(&options, &app->on_event) == 0 ? 0 : fail("on_event lane");
}

static int start_threads(struct app *app)
{
	const char *what = NULL;

	app->store = store_new();
	app->board = board_new();
	app->guest_lanes = guest_lanes_new(app->store, app->board);
#ifdef HAVE_LIBVIRT
	if (virevent_start() != 0)
		return fail("libvirt event thread");
#endif
	if (persist_start(app->persist, events_persisted, app) != 0)
		return fail("persist lane");
	if (commands_start(app->runner, &app->commands) != 0)
		return fail("commands lane");
	if (start_syslog(app) != 0 || start_on_event(app) != 0)
		return -ERR_IO;
	if (start_agent(app) != 0 || start_cycle(app) != 0 || start_actions(app) != 0)
		return -ERR_IO;
	return guest_lanes_start(app->guest_lanes, app->config, &what) == 0 ? 0 : fail(what);
}

static void read_watchdog(struct app *app)
{
	const char *text = getenv("WATCHDOG_USEC");
	const long long us = text != NULL ? atoll(text) : 0;

	app->watchdog_ns = us > 0 ? us * NS_PER_US / 2 : 0;
}

static int start(struct app *app)
{
	char program[PATH_MAX];

	if (go_to_background(app) != 0)
		return -ERR_IO;
	if (runner_start(runner_program(program, sizeof(program)), &app->runner) != 0)
		return fail("the command process cannot be started");
	if (claim_pid_file(app) != 0 || change_user(app) != 0)
		return -ERR_STATE;
	if (signals_start(&app->signal_fd) != 0)
		return fail("signals");
	if (init_libraries() != 0 || open_state(app) != 0)
		return -ERR_STATE;
	if (daemon_fill_pid_file(&app->pid_file) != 0)
		return fail(app->pid_file.path);
	read_watchdog(app);
	return start_threads(app);
}

/* --- reload ------------------------------------------------------------------------------------------------------- */

/* What is bound at the start; a reload names what it leaves alone. */
static void warn_of_restart(const struct config *old, const struct config *new)
{
	const struct { const char *what; bool differs; } fixed[] = {
		{ "the libvirt URI", text_differs(old->uri, new->uri) },
		{ "the AgentX address", text_differs(old->agentx, new->agentx) },
		{ "the CPU of the subagent", old->agentx_cpu != new->agentx_cpu },
		{ "the modules served by SNMP", views_of(old) != views_of(new) ||
						       old->vm_notifications != new->vm_notifications ||
						       old->vm_bulk_notifications != new->vm_bulk_notifications ||
						       old->libvirt_notifications != new->libvirt_notifications },
		{ "the time daemons' addresses", text_differs(old->chronyd, new->chronyd) ||
						  text_differs(old->ntpd, new->ntpd) ||
						  text_differs(old->ptp4l, new->ptp4l) },
		{ "the path of smartctl", text_differs(old->smartctl, new->smartctl) },
		{ "where events are told", text_differs(old->journal_path, new->journal_path) ||
					   text_differs(old->syslog_path, new->syslog_path) ||
					   text_differs(old->on_event, new->on_event) ||
					   text_differs(old->on_event_user, new->on_event_user) ||
					   old->on_event_timeout_s != new->on_event_timeout_s ||
					   old->on_event_severity != new->on_event_severity },
		{ "the state directory", text_differs(old->state_dir, new->state_dir) },
		{ "the user", text_differs(old->user, new->user) },
		{ "the pid file", text_differs(old->pid_file, new->pid_file) },
		{ "the size of the event log", old->log_size != new->log_size || old->event_rows != new->event_rows },
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (fixed[i].differs)
			log_warning("%s changed: takes effect at the next start", fixed[i].what);
}

static void adopt(struct app *app, struct config *config)
{
	struct config *old = app->config;

	warn_of_restart(old, config);
	app->config = config;
	cycle_reload(app->cycle, config);
	actions_reload(app->actions, config);
	guest_lanes_reload(app->guest_lanes, old, config);
	part_unref(old);
}

static void reload(struct app *app)
{
	struct config_error error;
	struct config *config = NULL;

	if (app->config->path == NULL && access(app->options->config, F_OK) != 0) {
		log_warning("reload: there is no configuration file %s; nothing changes", app->options->config);
		return;
	}
	daemon_notify("RELOADING=1");
	if (config_load(app->options->config, &config, &error) != 0 ||
	    config_check_objects(config, watch_values_has, &error) != 0) {
		log_error("reload refused, the old configuration stays: %s", error.text);
		part_unref(config);
	} else {
		options_apply(app->options, config);
		adopt(app, config);
		log_info("configuration %s read again", app->config->path);
	}
	if (app->published)
		daemon_notify("READY=1");
}

/* --- waiting ------------------------------------------------------------------------------------------------------ */

static bool alive(struct app *app)
{
	struct snapshot *snapshot = store_acquire(app->store);
	const int64_t periods_ms = (int64_t)app->config->poll_ms * APP_WATCHDOG_PERIODS;
	const int64_t most_ms = periods_ms > APP_WATCHDOG_MIN_MS ? periods_ms : APP_WATCHDOG_MIN_MS;
	const bool fresh = snapshot != NULL && clock_mono_ns() - snapshot->sealed_mono_ns < most_ms * NS_PER_MS;

	part_unref(snapshot);
	return fresh;
}

/* True when the daemon is to end. */
static bool take_signal(struct app *app)
{
	char what;

	if (read(app->signal_fd, &what, 1) != 1)
		return false;
	if (what == SIGNAL_END)
		return true;
	reload(app);
	return false;
}

static int next_look_ms(const struct app *app)
{
	if (guest_lanes_pending(app->guest_lanes))
		return APP_PENDING_MS;
	return app->watchdog_ns > 0 ? (int)(app->watchdog_ns / NS_PER_MS) : -1;
}

static void wait_for_end(struct app *app)
{
	struct pollfd fd = { .fd = app->signal_fd, .events = POLLIN };

	for (;;) {
		if (poll(&fd, 1, next_look_ms(app)) > 0 && take_signal(app))
			return;
		guest_lanes_look(app->guest_lanes, app->config);
		if (app->watchdog_ns > 0 && alive(app))
			daemon_notify("WATCHDOG=1");
	}
}

/* --- stop --------------------------------------------------------------------------------------------------------- */

static int64_t until_ms(int64_t begun_mono_ns, int64_t ms)
{
	return begun_mono_ns + ms * NS_PER_MS;
}

/* False: a lane hangs and may still use whatever it knows: then nothing is released. */
static bool stop_lanes(struct app *app)
{
	const int64_t now = clock_mono_ns();
	bool ended;

	/* First: nobody waits for a program any more, which is no failure of the source that did. */
	sink_quit(app->on_event);
	cycle_end(app->cycle);
	ended = actions_stop(app->actions, until_ms(now, 100));
	ended = commands_stop(app->commands, until_ms(now, 100)) && ended;
	ended = cycle_stop(app->cycle, until_ms(now, 600)) && ended;
	ended = sink_stop(app->syslog, until_ms(now, 800)) && ended;
	ended = sink_stop(app->on_event, until_ms(now, 800)) && ended;
	if (app->agent != NULL)
		ended = agent_stop(app->agent, until_ms(now, 1100)) && ended;
	store_wake(app->store);
	ended = guest_lanes_stop(app->guest_lanes, until_ms(now, 1300)) && ended;
	return persist_stop(app->persist, until_ms(now, 1500)) && ended;
}

/* Consumers first: a snapshot they hold borrows nothing, but the lanes call each other. */
static void release(struct app *app)
{
	agent_free(app->agent);
	actions_free(app->actions);
	cycle_free(app->cycle);
	sink_free(app->syslog);
	sink_free(app->on_event);
	commands_free(app->commands);
	persist_free(app->persist);
	guest_lanes_free(app->guest_lanes);
	store_free(app->store);
	board_free(app->board);
	part_unref(app->state.log.unsent);
	part_unref(app->config);
	close(app->signal_fd);
}

static void stop(struct app *app)
{
	bool ended;

	daemon_notify("STOPPING=1");
	log_info("ending");
	ended = stop_lanes(app);
	daemon_release_pid_file(&app->pid_file);
	if (!ended) {
		log_warning("a lane hangs; ending without it");
		_exit(EXIT_SUCCESS); /* which the command process sees, and ends, too */
	}
	runner_stop(app->runner, 100);
	release(app);
}

int app_run(const struct options *options, struct config *config)
{
	struct app app = { .options = options, .config = config, .root = { options->root } };

	if (start(&app) != 0) {
		daemon_release_pid_file(&app.pid_file);
		_exit(EXIT_FAILURE); /* lanes that run end with the process */
	}
	log_info("edgenoded %s, configuration %s, state %s", PACKAGE_VERSION,
		 config->path != NULL ? config->path : "(defaults)", config->state_dir);
	wait_for_end(&app);
	stop(&app);
	return EXIT_SUCCESS;
}
