/*
 * agent.c - the agentx thread: starts net-snmp as an AgentX subagent, runs its loop, keeps it connected.
 *
 * The library connects, pings and reconnects from its own alarms, all inside agent_check_and_process(). It gets no
 * configuration files, no MIB files and no persistent state.
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
/* How long an answer of the master is waited for. One that was stopped for less, say by a file system that hangs, finds
 * its session as it left it, and no notification twice; one that died closes the socket, which is seen at once. */
#define ANSWER_TIMEOUT_S 300
#define REGISTER_RETRY_NS (10 * NS_PER_S)
#define UPTIME_STEADY_NS NS_PER_S
#define UPTIME_WRAP_NS ((INT64_C(1) << 32) * (NS_PER_S / 100))
#define DRAIN_TICK_US 20000

/* --- log ---------------------------------------------------------------------------------------------------------- */

/* The library does not tell its caller that the master refused a registration; it only says so here. */
#define REFUSAL "registering pdu failed"

static void registration_refused(struct agent *agent)
{
	agent->refused |= agent->registering;
	agent->refused_mono_ns = clock_mono_ns();
	for (size_t i = 0; i < VIEW_END; i++)
		if ((agent->registering & VIEW_BIT(i)) != 0)
			log_repeat_fail(&agent->served[i].refusal, VIEWS[i]->module,
					"the master refuses its registration: is another agent serving it?");
}

static int on_log(netsnmp_log_handler *handler, int priority, const char *text)
{
	struct agent *agent = handler->magic;
	char line[256];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	if (strstr(line, REFUSAL) != NULL)
		registration_refused(agent);
	else if (priority <= LOG_WARNING)
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

/* --- session ------------------------------------------------------------------------------------------------------ */

static int64_t uptime_zero_now(int64_t now_mono_ns)
{
	return now_mono_ns - (int64_t)netsnmp_get_agent_uptime() * (NS_PER_S / 100);
}

int64_t agent_uptime_zero(struct agent *agent, int64_t now_mono_ns)
{
	const int64_t zero = uptime_zero_now(now_mono_ns);
	const int64_t off = (zero - agent->uptime_zero_mono_ns) % UPTIME_WRAP_NS;

	if (off > UPTIME_STEADY_NS || off < -UPTIME_STEADY_NS)
		agent->uptime_zero_mono_ns = zero;
	return agent->uptime_zero_mono_ns;
}

static int on_connected(int major, int minor, void *server_arg, void *client_arg)
{
	struct agent *agent = client_arg;

	(void)major;
	(void)minor;
	agent->session = server_arg;
	agent->uptime_zero_mono_ns = uptime_zero_now(clock_mono_ns());
	agent->refused = 0;
	log_repeat_ok(&agent->library, "AgentX");
	log_info("AgentX: connected to %s", agent->address);
	return 0;
}

static int on_disconnected(int major, int minor, void *server_arg, void *client_arg)
{
	struct agent *agent = client_arg;

	(void)major;
	(void)minor;
	(void)server_arg;
	if (agent->session != NULL && !agent->stopping)
		log_warning("AgentX: lost the master at %s; trying again every %u s", agent->address, agent->ping_s);
	agent->session = NULL;
	trap_session_lost(agent);
	return 0;
}

/* The library is about to ask the master for one registration; called before its own callback, which does. */
static int on_register(int major, int minor, void *server_arg, void *client_arg)
{
	const struct register_parameters *parameters = server_arg;
	struct agent *agent = client_arg;
	oid subtree[OID_MAX];

	(void)major;
	(void)minor;
	agent->registering = 0;
	for (size_t i = 0; i < VIEW_END; i++) {
		const size_t n = table_snmp_subtree(VIEWS[i], subtree);

		if (snmp_oid_compare(parameters->name, parameters->namelen, subtree, n) == 0)
			agent->registering = VIEW_BIT(i);
	}
	return 0;
}

static void register_view_again(const struct view *view)
{
	oid subtree[OID_MAX];
	struct register_parameters parameters = { .name = subtree, .priority = DEFAULT_MIB_PRIORITY };

	parameters.namelen = table_snmp_subtree(view, subtree);
	snmp_call_callbacks(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_REGISTER_OID, &parameters);
}

/* The library marks a registration as made even where the master refused it. */
static void register_again(struct agent *agent)
{
	const uint32_t refused = agent->refused;

	if (refused == 0 || agent->session == NULL || clock_mono_ns() - agent->refused_mono_ns < REGISTER_RETRY_NS)
		return;
	agent->refused = 0;
	for (size_t i = 0; i < VIEW_END; i++)
		if ((refused & VIEW_BIT(i)) != 0)
			register_view_again(VIEWS[i]);
}

/* Says of those that were refused once that they are registered now, by this attempt or in this session. */
static void tell_registered(struct agent *agent)
{
	for (size_t i = 0; agent->session != NULL && i < VIEW_END; i++)
		if ((agent->refused & VIEW_BIT(i)) == 0)
			log_repeat_ok(&agent->served[i].refusal, VIEWS[i]->module);
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
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT, ANSWER_TIMEOUT_S);
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

static void register_views(struct agent *agent)
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
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, (int)agent->ping_s);
	register_views(agent);
	netsnmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_REGISTER_OID, on_register, agent,
				  NETSNMP_CALLBACK_HIGHEST_PRIORITY);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, agent);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, agent);
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

	snmp_alarm_register_hr(tick, SA_REPEAT, on_drain_tick, NULL);
	while (agent->session != NULL && agent->queue.n > 0 && clock_mono_ns() < agent->deadline_mono_ns) {
		trap_pump(agent);
		agent_check_and_process(1);
	}
}

static void stop_library(struct agent *agent)
{
	const int64_t left = agent->deadline_mono_ns - clock_mono_ns();

	/* The close waits for the master's answer. */
	if (agent->session != NULL)
		agent->session->timeout = left > NS_PER_MS ? (long)(left / NS_PER_US) : 1000;
	/* At its shutdown the library frees the argument of every callback that is still registered. */
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connected, agent, 1);
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_disconnected, agent, 1);
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_REGISTER_OID, on_register, agent, 1);
	unregister_readfd(agent->wake_fd);
	agent->session = NULL;
	snmp_shutdown(APPLICATION);
	shutdown_agent();
}

static void *agent_main(void *arg)
{
	struct agent *agent = arg;

	start_library(agent);
	while (!agent->stopping) {
		trap_pump(agent);
		register_again(agent);
		tell_registered(agent);
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
	agent->views = options->views | VIEW_BIT(VIEW_EDGENODE);
	agent->vm_notifications = options->vm_notifications;
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
	if (!trap_queue_put(&agent->queue, event))
		return false;
	wake(agent);
	return true;
}

uint32_t agent_unsent(const struct agent *agent)
{
	return agent->queue.n;
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
