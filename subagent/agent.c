/*
 * agent.c - the agentx thread: starts net-snmp as an AgentX subagent and runs its loop, agent_check_and_process().
 *
 * session.c keeps it connected. The library gets no configuration files, no MIB files and no persistent state.
 */
#include "subagent/agent_private.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/lane.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define APPLICATION "edgenoded"
#define DRAIN_TICK_US 20000
#define CLOSE_NS (NS_PER_S / 10) /* of the time to stop: for the end of the session, and the lane's own */

/* --- log ---------------------------------------------------------------------------------------------------------- */

static int on_log(netsnmp_log_handler *handler, int priority, const char *text)
{
	struct agent *agent = handler->magic;
	char line[256];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	if (priority <= LOG_WARNING)
		log_repeat_fail(&agent->library, "AgentX", line);
	else
		log_debug("net-snmp: %s", line);
	return 1;
}

static void open_log(struct agent *agent)
{
	netsnmp_log_handler *handler = netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);

	if (handler == NULL)
		return;
	handler->handler = on_log;
	handler->magic = agent;
}

/* --- the lane ----------------------------------------------------------------------------------------------------- */

static void set_library_flag(int which)
{
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, which, 1);
}

static void set_options(struct agent *agent)
{
	static char no_mibs[] = "mibs :";
	netsnmp_session unused;

	snmp_sess_init(&unused); /* its first call sets defaults over what was set before */
	set_library_flag(NETSNMP_DS_LIB_DONT_PERSIST_STATE);
	set_library_flag(NETSNMP_DS_LIB_DONT_READ_CONFIGS);
	set_library_flag(NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD);
	set_library_flag(NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE);
	set_library_flag(NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES);
	set_configuration_directory(agent->state_dir); /* it would look for certificates elsewhere */
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_PERSISTENT_DIR, agent->state_dir);
	netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIBDIRS, "");
	netsnmp_config_remember(no_mibs);
	/* On a stream a repeated request only arrives twice. */
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_RETRIES, 0);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, agent->address);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
	netsnmp_enable_subagent();
}

static void on_wake(int fd, void *data)
{
	uint64_t count;

	(void)data;
	/* Non-blocking; all that matters is that the loop came round. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static void add_views(struct agent *agent)
{
	for (size_t i = 0; i < VIEW_END; i++) {
		agent->served[i] = (struct served){ .agent = agent, .view = VIEWS[i] };
		if ((agent->views & VIEW_BIT(i)) != 0 && !table_snmp_register(&agent->served[i]))
			log_error("AgentX: net-snmp did not take the registration of %s", VIEWS[i]->module);
	}
}

static void start_library(struct agent *agent)
{
	open_log(agent);
	set_options(agent);
	init_agent(APPLICATION);
	add_views(agent);
	direct_start(agent);
	session_start(agent);
	register_readfd(agent->wake_fd, on_wake, agent);
	init_snmp(APPLICATION); /* connects for the first time */
	if (agent->session == NULL)
		log_warning("AgentX: no master at %s; trying again every %u s", agent->address, agent->ping_s);
}

/* Makes the loop come round often enough to see the deadline. */
static void on_drain_tick(unsigned int id, void *arg)
{
	(void)id;
	(void)arg;
}

static void drain(struct agent *agent)
{
	const struct timeval tick = { 0, DRAIN_TICK_US };
	const int64_t until_mono_ns = agent->deadline_mono_ns - CLOSE_NS;

	snmp_alarm_register_hr(tick, SA_REPEAT, on_drain_tick, NULL);
	while (agent->session != NULL && agent_unsent(agent) > 0 && clock_mono_ns() < until_mono_ns) {
		trap_pump(agent);
		agent_check_and_process(1);
	}
}

static void stop_library(struct agent *agent)
{
	session_stop(agent);
	unregister_readfd(agent->wake_fd);
	snmp_shutdown(APPLICATION);
	shutdown_agent();
}

/* To wake a thread on another CPU costs more than a request itself: the lane's place is beside the master. */
static void pin(const struct agent *agent)
{
	if (agent->cpu >= 0 && lane_pin((unsigned)agent->cpu) != 0)
		log_warning("AgentX: cannot run on CPU %d (%s); runs on any", agent->cpu,
			    errno == EINVAL ? "there is none, or it is not allowed" : strerror(errno));
}

static void *agent_main(void *arg)
{
	struct agent *agent = arg;

	pin(agent);
	start_library(agent);
	while (!agent->stopping) {
		trap_pump(agent);
		agent_check_and_process(1);
	}
	drain(agent);
	stop_library(agent);
	view_cache_clear(&agent->cache);
	return NULL;
}

/* --- any thread --------------------------------------------------------------------------------------------------- */

void agent_free(struct agent *agent)
{
	if (agent == NULL)
		return;
	if (agent->wake_fd >= 0)
		close(agent->wake_fd);
	trap_queue_free(&agent->queue);
	free(agent->address);
	free(agent->state_dir);
	free(agent);
}

static void wake(const struct agent *agent)
{
	const uint64_t one = 1;

	/* Fails only where the counter is full: then the lane is awake. */
	if (write(agent->wake_fd, &one, sizeof(one)) < 0)
		return;
}

int agent_start(struct store *store, const struct agent_options *options, struct agent **out)
{
	struct agent *agent = mem_alloc(sizeof(*agent));

	agent->store = store;
	agent->address = mem_string(options->address);
	agent->state_dir = mem_string(options->state_dir);
	agent->ping_s = options->ping_s;
	agent->cpu = options->cpu;
	agent->views = options->views | VIEW_BIT(VIEW_EDGENODE);
	agent->vm_notifications = options->vm_notifications;
	agent->vm_bulk_notifications = options->vm_bulk_notifications;
	agent->libvirt_notifications = options->libvirt_notifications;
	agent->sent = options->sent;
	agent->arg = options->arg;
	trap_queue_init(&agent->queue);
	agent->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (agent->wake_fd < 0 || lane_start(&agent->thread, "agentx", agent_main, agent) != 0) {
		agent_free(agent);
		return -ERR_IO;
	}
	*out = agent;
	return 0;
}

bool agent_notify(struct agent *agent, const struct event *event)
{
	/* What is kept back must not be in the way of what is not. */
	if (event->quiet && (!agent->vm_bulk_notifications || agent->queue.n >= AGENT_QUEUE_MAX / 2))
		return true;
	if (!trap_queue_put(&agent->queue, event))
		return false;
	wake(agent);
	return true;
}

uint32_t agent_unsent(const struct agent *agent)
{
	return agent->queue.n + agent->queue.lists;
}

uint32_t agent_given_up(const struct agent *agent)
{
	return agent->queue.given_up;
}

bool agent_stop(struct agent *agent, int64_t deadline_mono_ns)
{
	agent->deadline_mono_ns = deadline_mono_ns;
	agent->stopping = true;
	wake(agent);
	return lane_join(agent->thread, deadline_mono_ns);
}
