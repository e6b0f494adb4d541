/*
 * config_keys.c - the table itself, and the rows of its arrays. Pure.
 */
#include "config_keys.h"

#include "action_text.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MOST 1024 /* bytes of a name, URI or pattern */
#define PATH_MOST 4095
#define ADDRESS_MOST 64 /* "[IPv6]:port" */
#define SOCKET_MOST 107 /* a path in a sockaddr_un */
#define PATHS_MOST 16384 /* a PATH */
#define ACTION_MOST 65536
#define ACTION_LEAST_MS 100
#define ACTION_MOST_MS 3600000
#define USER_MOST 32
#define CPU_MOST 8191 /* the kernel's own limit */
#define CHANNELS_MOST 65536
#define DOMAIN_DISKS_MOST 65536
#define REQUESTS_MOST 1000
#define PERIOD_MOST_S 86400
#define ON_EVENT_MOST_S 300
#define MS_PER_S 1000
#define POLL_LEAST_MS 100
#define LOG_LEAST (64 << 10)
#define LOG_MOST (INT64_C(64) << 30)
#define EVENT_ROWS_LEAST 10
#define EVENT_ROWS_MOST 100000

static const char *const TRANSPORTS[] = {"vbd", "virtio", "xenstore", NULL};
static const char *const PROFILES[] = {"upstream", "sap", NULL};
static const char *const MEMORY_UNITS[] = {"MiB", "KiB", NULL};
static const char *const SEVERITIES[] = {"info", "warning", "critical", NULL};
static const char *const CONTEXTS[] = {"host", "vm", NULL};
static const char *const METRIC_TYPES[] = {"int32",  "uint32", "int64", "uint64", "real32",
					   "real64", "string", "group", "xml",	  NULL};
static const char *const VARIABLE_TYPES[] = {"int32", "uint32", "int64", "uint64", "real32", "real64", "string", NULL};

_Static_assert(offsetof(struct config, transport_virtio) == offsetof(struct config, transport_vbd) + 1 &&
		       offsetof(struct config, transport_xenstore) == offsetof(struct config, transport_vbd) + 2,
	       "the bools of TRANSPORTS follow each other");

static const char *check_metric(const void *row)
{
	const struct config_metric *metric = row;
	const char *why;

	if (metric->type == METRIC_GROUP && metric->n_variables == 0)
		return "<metric> of type group lacks <variable>";
	action_text_rewrite(metric->action, metric->context == METRIC_VM, NULL, &why);
	return why;
}

static void clear_metric(void *row)
{
	config_metric_clear(row);
}

static const struct config_rule NEW_RULE = {.severity = SEVERITY_WARNING, .hold_s = 5};

static const struct config_rows VARIABLES = {
	.row_size = sizeof(struct config_variable),
	.limit = CONFIG_VARIABLES_MAX,
	.count_offset = offsetof(struct config_metric, n_variables),
	.line_offset = SIZE_MAX,
};
static const struct config_rows METRICS = {
	.row_size = sizeof(struct config_metric),
	.limit = CONFIG_METRICS_MAX,
	.count_offset = offsetof(struct config, n_metrics),
	.line_offset = offsetof(struct config_metric, line),
	.check = check_metric,
	.clear = clear_metric,
};
static const struct config_rows RULES = {
	.row_size = sizeof(struct config_rule),
	.limit = CONFIG_RULES_MAX,
	.count_offset = offsetof(struct config, n_rules),
	.line_offset = offsetof(struct config_rule, line),
	.initial = &NEW_RULE,
};

/* clang-format off */
#define FIELD(of, field) .offset = offsetof(struct of, field), .size = sizeof(((struct of *)0)->field)
#define ATTRIBUTE(key, value, of, field, least, most) \
	.name = key, .kind = CONFIG_ATTRIBUTE, .type = CONFIG_##value, FIELD(of, field), .min = least, .max = most
#define CONTENT(key, value, field, least, most) \
	.name = key, .kind = CONFIG_CONTENT, .type = CONFIG_##value, FIELD(config, field), .min = least, .max = most
#define GROUP(key, table) .name = key, .kind = CONFIG_GROUP, .keys = table

static const struct config_key DISK[] = {
	{ATTRIBUTE("vms", BOOL, config, disk_vms, 0, 1)},
	{CONTENT("name", TEXT, disk_name, 1, TEXT_MOST), .flags = CONFIG_REQUIRED},
	{CONTENT("path", PATH, disk_path, 1, PATH_MOST), .flags = CONFIG_REQUIRED},
	{CONTENT("size", BYTES, disk_size, CONFIG_DISK_SIZE_MIN, CONFIG_DISK_SIZE_MAX), .flags = CONFIG_REQUIRED},
	{0}
};
static const struct config_key VIRTIO[] = {
	{CONTENT("channel_path", PATH, channel_path, 1, PATH_MOST)},
	{CONTENT("max_channels", NUMBER, max_channels, 1, CHANNELS_MOST)},
	{CONTENT("expiration_time", NUMBER, expiration_s, 1, CONFIG_EXPIRATION_PERIODS * PERIOD_MOST_S)},
	{0}
};
static const struct config_key UNITS[] = {
	{ATTRIBUTE("memory", WORD, config, memory_unit, 0, 0), .words = MEMORY_UNITS},
	{ATTRIBUTE("attribute", BOOL, config, metric_units, 0, 1)},
	{0}
};
static const struct config_key PER_DOMAIN_DISKS[] = {
	{ATTRIBUTE("path", PATH, config, domain_disks_path, 1, PATH_MOST), .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("size", BYTES, config, domain_disks_size, CONFIG_DISK_SIZE_MIN, CONFIG_DISK_SIZE_MAX)},
	{ATTRIBUTE("most", NUMBER, config, domain_disks_most, 1, DOMAIN_DISKS_MOST)},
	{ATTRIBUTE("keep", NUMBER, config, domain_disks_keep_s, 0, PERIOD_MOST_S)},
	{0}
};
static const struct config_key LIMITS[] = {
	{ATTRIBUTE("requests_per_s", NUMBER, config, requests_per_s, 1, REQUESTS_MOST)},
	{ATTRIBUTE("burst", NUMBER, config, requests_burst, 1, REQUESTS_MOST)},
	{0}
};
static const struct config_key GLOBALS[] = {
	{GROUP("disk", DISK), .flags = CONFIG_REQUIRED},
	{GROUP("virtio", VIRTIO), .flags = CONFIG_REPEATS, FIELD(config, virtio_given)},
	{CONTENT("update_period", NUMBER, update_period_s, 1, PERIOD_MOST_S), .flags = CONFIG_REQUIRED},
	{CONTENT("path", LINES, action_path, 1, PATHS_MOST), .flags = CONFIG_REQUIRED},
	{CONTENT("transport", SET, transport_vbd, 0, 0), .flags = CONFIG_REQUIRED | CONFIG_REPEATS, .words = TRANSPORTS},
	{CONTENT("profile", WORD, profile, 0, 0), .words = PROFILES},
	{GROUP("units", UNITS)},
	{GROUP("per_domain_disks", PER_DOMAIN_DISKS), FIELD(config, domain_disks_given)},
	{GROUP("limits", LIMITS)},
	{0}
};
static const struct config_key VARIABLE[] = {
	{ATTRIBUTE("name", TEXT, config_variable, name, 1, TEXT_MOST), .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("type", WORD, config_variable, type, 0, 0), .flags = CONFIG_REQUIRED, .words = VARIABLE_TYPES},
	{ATTRIBUTE("unit", TEXT, config_variable, unit, 0, TEXT_MOST)},
	{0}
};
static const struct config_key METRIC[] = {
	{ATTRIBUTE("type", WORD, config_metric, type, 0, 0), .flags = CONFIG_REQUIRED, .words = METRIC_TYPES},
	{ATTRIBUTE("context", WORD, config_metric, context, 0, 0), .flags = CONFIG_REQUIRED, .words = CONTEXTS},
	{.name = "cnt", .kind = CONFIG_ATTRIBUTE, .type = CONFIG_NOTHING, .max = INT32_MAX},
	{ATTRIBUTE("unit", TEXT, config_metric, unit, 0, TEXT_MOST)},
	{.name = "name", .kind = CONFIG_CONTENT, .type = CONFIG_TEXT, FIELD(config_metric, name), .min = 1, .max = TEXT_MOST,
	 .flags = CONFIG_REQUIRED},
	{.name = "action", .kind = CONFIG_CONTENT, .type = CONFIG_LINES, FIELD(config_metric, action), .min = 1,
	 .max = ACTION_MOST, .flags = CONFIG_REQUIRED},
	{.name = "variable", .kind = CONFIG_ROWS, .flags = CONFIG_REPEATS | CONFIG_ANY_TEXT, FIELD(config_metric, variables),
	 .keys = VARIABLE, .rows = &VARIABLES},
	{0}
};
static const struct config_key METRICS_KEYS[] = {
	{ATTRIBUTE("user", TEXT, config, metrics_user, 1, USER_MOST)},
	{ATTRIBUTE("concurrent", NUMBER, config, metrics_concurrent, 1, CONFIG_CONCURRENT_MAX)},
	{ATTRIBUTE("timeout", NUMBER, config, metrics_timeout_ms, ACTION_LEAST_MS, ACTION_MOST_MS), .flags = CONFIG_ZERO},
	{.name = "metric", .kind = CONFIG_ROWS, .flags = CONFIG_REPEATS | CONFIG_SKIPS, FIELD(config, metrics),
	 .keys = METRIC, .rows = &METRICS},
	{0}
};
static const struct config_key LIBVIRT[] = {{ATTRIBUTE("uri", TEXT, config, uri, 0, TEXT_MOST)}, {0}};
static const struct config_key SNMP[] = {
	{ATTRIBUTE("agentx", TEXT, config, agentx, 0, TEXT_MOST)},
	{ATTRIBUTE("cpu", NUMBER, config, agentx_cpu, -1, CPU_MOST)},
	{ATTRIBUTE("entity", BOOL, config, view_entity, 0, 1)},
	{ATTRIBUTE("entity_sensor", BOOL, config, view_entity_sensor, 0, 1)},
	{ATTRIBUTE("libvirt", BOOL, config, view_libvirt, 0, 1)},
	{ATTRIBUTE("ntp", BOOL, config, view_ntp, 0, 1)},
	{ATTRIBUTE("vm", BOOL, config, view_vm, 0, 1)},
	{ATTRIBUTE("vm_notifications", BOOL, config, vm_notifications, 0, 1)},
	{ATTRIBUTE("vm_bulk_notifications", BOOL, config, vm_bulk_notifications, 0, 1)},
	{ATTRIBUTE("libvirt_notifications", BOOL, config, libvirt_notifications, 0, 1)},
	{0}
};
static const struct config_key CLOCK[] = {
	{ATTRIBUTE("chronyd", ADDRESS, config, chronyd, 0, ADDRESS_MOST)},
	{ATTRIBUTE("ntpd", ADDRESS, config, ntpd, 0, ADDRESS_MOST)},
	{ATTRIBUTE("ptp4l", PATH, config, ptp4l, 0, SOCKET_MOST)},
	{0}
};
static const struct config_key DISKS[] = {{ATTRIBUTE("smartctl", PATH, config, smartctl, 0, PATH_MOST)}, {0}};
static const struct config_key POLL[] = {
	{ATTRIBUTE("period", NUMBER, config, poll_ms, POLL_LEAST_MS, PERIOD_MOST_S * MS_PER_S)}, {0}
};
static const struct config_key STATE[] = {{ATTRIBUTE("dir", PATH, config, state_dir, 1, PATH_MOST)}, {0}};
static const struct config_key RUN[] = {
	{ATTRIBUTE("user", TEXT, config, user, 1, USER_MOST)},
	{ATTRIBUTE("pid_file", PATH, config, pid_file, 1, PATH_MOST)},
	{0}
};
static const struct config_key SOURCE[] = {
	{.name = "name", .kind = CONFIG_ATTRIBUTE, .type = CONFIG_LABEL, .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("enabled", BOOL, config_source, enabled, 0, 1)},
	{ATTRIBUTE("interval", NUMBER, config_source, interval_ms, POLL_LEAST_MS, PERIOD_MOST_S * MS_PER_S),
	 .flags = CONFIG_ZERO},
	{0}
};
static const struct config_key SENSORS[] = {
	{ATTRIBUTE("defaults", BOOL, config, default_sensor_rules, 0, 1)},
	{ATTRIBUTE("hold", NUMBER, config, sensor_hold_s, 0, PERIOD_MOST_S)},
	{0}
};
static const struct config_key THRESHOLD[] = {
	{ATTRIBUTE("name", TEXT, config_rule, name, 1, EVENT_SUBJECT_MAX)},
	{ATTRIBUTE("object", TEXT, config_rule, object, 1, TEXT_MOST), .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("subject", TEXT, config_rule, subject, 1, EVENT_SUBJECT_MAX), .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("severity", WORD, config_rule, severity, SEVERITY_INFO, 0), .words = SEVERITIES},
	{ATTRIBUTE("rising", NUMBER, config_rule, rising, INT32_MIN, INT32_MAX), .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("falling", NUMBER, config_rule, falling, INT32_MIN, INT32_MAX), .flags = CONFIG_REQUIRED},
	{ATTRIBUTE("hold", NUMBER, config_rule, hold_s, 0, PERIOD_MOST_S)},
	{0}
};
static const struct config_key EVENTS[] = {
	{ATTRIBUTE("size", BYTES, config, log_size, LOG_LEAST, LOG_MOST)},
	{ATTRIBUTE("rows", NUMBER, config, event_rows, EVENT_ROWS_LEAST, EVENT_ROWS_MOST)},
	{0}
};

static const struct config_key SYSLOG[] = {
	{ATTRIBUTE("journal", PATH, config, journal_path, 0, SOCKET_MOST)},
	{ATTRIBUTE("socket", PATH, config, syslog_path, 0, SOCKET_MOST)},
	{0}
};
static const struct config_key ON_EVENT[] = {
	{ATTRIBUTE("command", PATH, config, on_event, 1, PATH_MOST)},
	{ATTRIBUTE("user", TEXT, config, on_event_user, 1, USER_MOST)},
	{ATTRIBUTE("timeout", NUMBER, config, on_event_timeout_s, 1, ON_EVENT_MOST_S)},
	{ATTRIBUTE("severity", WORD, config, on_event_severity, SEVERITY_INFO, 0), .words = SEVERITIES},
	{0}
};

static const struct config_key VHOSTMD[] = {
	{GROUP("globals", GLOBALS), .flags = CONFIG_REQUIRED},
	{GROUP("metrics", METRICS_KEYS), .flags = CONFIG_REQUIRED},
	{0}
};
static const struct config_key EDGENODE[] = {
	{GROUP("globals", GLOBALS)},
	{GROUP("metrics", METRICS_KEYS)},
	{GROUP("libvirt", LIBVIRT)},
	{GROUP("snmp", SNMP)},
	{GROUP("clock", CLOCK)},
	{GROUP("disks", DISKS)},
	{GROUP("poll", POLL)},
	{GROUP("state", STATE)},
	{GROUP("run", RUN)},
	{.name = "source", .kind = CONFIG_SOURCES, .flags = CONFIG_REPEATS, FIELD(config, sources), .keys = SOURCE},
	{GROUP("sensors", SENSORS)},
	{.name = "threshold", .kind = CONFIG_ROWS, .flags = CONFIG_REPEATS, FIELD(config, rules), .keys = THRESHOLD,
	 .rows = &RULES},
	{GROUP("events", EVENTS)},
	{GROUP("syslog", SYSLOG)},
	{GROUP("on_event", ON_EVENT)},
	{0}
};
/* clang-format on */

const struct config_root CONFIG_ROOT_EDGENODE = {"edgenode", EDGENODE};
const struct config_root CONFIG_ROOT_VHOSTMD = {"vhostmd", VHOSTMD};

void config_key_label(const struct config_key *key, const char *element, char *out, size_t size)
{
	if (key->kind == CONFIG_ATTRIBUTE)
		snprintf(out, size, "%s of <%s>", key->name, element);
	else
		snprintf(out, size, "<%s>", key->name);
}

size_t config_row_count(const struct config_key *key, const void *base)
{
	return *(const size_t *)((const char *)base + key->rows->count_offset);
}

void *config_row_get(const struct config_key *key, const void *base, size_t i)
{
	char *const *array = (char *const *)((const char *)base + key->offset);

	return *array + i * key->rows->row_size;
}

void *config_row_add(const struct config_key *key, void *base, int line)
{
	const struct config_rows *rows = key->rows;
	size_t *count = (size_t *)((char *)base + rows->count_offset);
	void **array = (void **)((char *)base + key->offset);
	char *row;

	if (*count == rows->limit)
		return NULL;
	*array = mem_grow(*array, *count + 1, rows->row_size);
	row = (char *)*array + *count * rows->row_size;
	if (rows->initial != NULL)
		memcpy(row, rows->initial, rows->row_size);
	else
		memset(row, 0, rows->row_size);
	if (rows->line_offset != SIZE_MAX)
		*(int *)(row + rows->line_offset) = line;
	(*count)++;
	return row;
}

/* The values of one row or group, then of everything below it. */
static int check_below(const struct config_key *key, const void *base, char why[CONFIG_WHY_SIZE]);

static int check_keys(const struct config_key *keys, const char *element, const void *base, char why[CONFIG_WHY_SIZE])
{
	char label[80], text[CONFIG_WHY_SIZE];
	const struct config_key *key;

	for (key = keys; key->name != NULL; key++) {
		const bool value = key->kind == CONFIG_ATTRIBUTE || key->kind == CONFIG_CONTENT;
		int rc = value ? config_value_check(key, base, text) : check_below(key, base, why);

		if (rc != 0 && value) {
			config_key_label(key, element, label, sizeof(label));
			snprintf(why, CONFIG_WHY_SIZE, "%s: %.160s", label, text);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int check_below(const struct config_key *key, const void *base, char why[CONFIG_WHY_SIZE])
{
	size_t i, n;
	int rc = 0;

	if (key->kind == CONFIG_GROUP)
		return check_keys(key->keys, key->name, base, why);
	if (key->kind == CONFIG_SOURCES) {
		const struct config_source *sources = ((const struct config *)base)->sources;

		for (i = 1; i < SOURCE_END && rc == 0; i++)
			rc = check_keys(key->keys, key->name, &sources[i], why);
		return rc;
	}
	n = config_row_count(key, base);
	for (i = 0; i < n && rc == 0; i++)
		rc = check_keys(key->keys, key->name, config_row_get(key, base, i), why);
	return rc;
}

int config_keys_check(const struct config_key *keys, const void *base, char why[CONFIG_WHY_SIZE])
{
	return check_keys(keys, "", base, why);
}
