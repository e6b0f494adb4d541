/*
 * config.c - defaults, the reading of the file's bytes, and the checks that need more than one field.
 *
 * Thread: main. Data from: the configuration file; what its elements mean is in config_keys.c.
 */
#include "config.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void config_metric_clear(struct config_metric *metric)
{
	size_t i;

	for (i = 0; i < metric->n_variables; i++) {
		free(metric->variables[i].name);
		free(metric->variables[i].unit);
	}
	free(metric->variables);
	free(metric->name);
	free(metric->action);
	free(metric->unit);
}

static void config_destroy(struct part *part)
{
	struct config *config = (struct config *)part;
	size_t i;

	for (i = 0; i < config->n_metrics; i++)
		config_metric_clear(&config->metrics[i]);
	for (i = 0; i < config->n_rules; i++) {
		free(config->rules[i].name);
		free(config->rules[i].object);
		free(config->rules[i].subject);
	}
	free(config->metrics);
	free(config->metrics_user);
	free(config->rules);
	free(config->path);
	free(config->disk_name);
	free(config->disk_path);
	free(config->channel_path);
	free(config->domain_disks_path);
	free(config->action_path);
	free(config->uri);
	free(config->agentx);
	free(config->chronyd);
	free(config->ntpd);
	free(config->ptp4l);
	free(config->smartctl);
	free(config->journal_path);
	free(config->syslog_path);
	free(config->on_event);
	free(config->on_event_user);
	free(config->state_dir);
	free(config->user);
	free(config->pid_file);
	free(config);
}

struct config *config_new(void)
{
	struct config *config = mem_alloc(sizeof(*config));
	unsigned id;

	part_init(&config->part, config_destroy);
	config->disk_name = mem_string("host-metrics-disk");
	config->disk_path = mem_string("/dev/shm/vhostmd0");
	config->disk_size = 256u << 10;
	config->disk_vms = true;
	config->domain_disks_size = 64u << 10;
	config->domain_disks_most = 1024;
	config->domain_disks_keep_s = 600;
	config->requests_per_s = 1;
	config->requests_burst = 5;
	config->transport_vbd = config->transport_virtio = true;
	config->max_channels = 1024;
	config->update_period_s = 5;
	config->action_path = mem_string("/usr/sbin:/usr/bin:/sbin:/bin");
	config->uri = mem_string("qemu:///system");
	config->agentx = mem_string("unix:/var/agentx/master");
	config->agentx_cpu = -1;
	config->view_entity = config->view_entity_sensor = config->view_vm = config->view_ntp = true;
	config->chronyd = mem_string("127.0.0.1:323");
	config->ntpd = mem_string("127.0.0.1:123");
	config->ptp4l = mem_string("/var/run/ptp4l");
	config->smartctl = mem_string("/usr/sbin/smartctl");
	config->state_dir = mem_string(LOCALSTATEDIR "/lib/edgenode");
	for (id = 1; id < SOURCE_END; id++)
		config->sources[id].enabled = true;
	config->default_sensor_rules = true;
	config->sensor_hold_s = 0; /* the chip's own hysteresis keeps jitter away */
	config->log_size = 64u << 20;
	config->event_rows = 1000;
	config->metrics_concurrent = 8;
	config->on_event_timeout_s = 10;
	config->on_event_severity = SEVERITY_INFO;
	config_complete(config);
	return config;
}

/* A rule without a name goes by what it watches. */
static char *name_rule(const struct config_rule *rule)
{
	const size_t size = strlen(rule->object) + strlen(rule->subject) + sizeof(" ");
	char *name = mem_alloc(size);

	snprintf(name, size, "%s %s", rule->object, rule->subject);
	name[text_utf8_cut(name, size - 1, EVENT_SUBJECT_MAX)] = '\0';
	return name;
}

/* Metrics are no fresher than the poll that reads them. */
static uint32_t least_expiration_s(const struct config *config)
{
	const uint32_t poll_s = (config->poll_ms + 999) / 1000;

	return CONFIG_EXPIRATION_PERIODS * (config->update_period_s > poll_s ? config->update_period_s : poll_s);
}

void config_complete(struct config *config)
{
	for (size_t i = 0; i < config->n_rules; i++)
		if (config->rules[i].name == NULL)
			config->rules[i].name = name_rule(&config->rules[i]);
	if (config->poll_ms == 0)
		config->poll_ms = config->update_period_s * 1000;
	if (config->expiration_s < least_expiration_s(config))
		config->expiration_s = least_expiration_s(config);
}

int config_error_set(struct config_error *error, int code, const char *name, int line, const char *format, ...)
{
	char text[sizeof(error->text)], *p;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (name == NULL)
		snprintf(error->text, sizeof(error->text), "%s", text);
	else if (line > 0)
		snprintf(error->text, sizeof(error->text), "%.255s:%d: %.230s", name, line, text);
	else
		snprintf(error->text, sizeof(error->text), "%.255s: %.240s", name, text);
	for (p = error->text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '\x7f')
			*p = '?';
	return code;
}

/* Only regular files: a reload must never wait for the other end of a pipe. */
static int open_file(const char *path, int *out, struct config_error *error)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return config_error_set(error, -ERR_IO, path, 0, "%s", strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return config_error_set(error, -ERR_IO, path, 0, "not a regular file");
	}
	*out = fd;
	return 0;
}

static int read_all(int fd, const char *path, char *text, size_t size, size_t *length, struct config_error *error)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, text + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return config_error_set(error, -ERR_IO, path, 0, "%s", strerror(errno));
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*length = n;
	return 0;
}

#ifdef HAVE_XENSTORE
#define WITH_XENSTORE true
#else
#define WITH_XENSTORE false
#endif

/* What a file may ask for and this program does not do. */
static void warn_of_ignored(const struct config *config)
{
	if (config->transport_xenstore && !WITH_XENSTORE)
		log_warning("%s: transport xenstore has no effect: this edgenoded is built without it", config->path);
}

int config_load(const char *path, struct config **out, struct config_error *error)
{
	const size_t size = CONFIG_SIZE_MAX + 1; /* one more, so that a longer file is seen */
	char *text;
	size_t length = 0;
	int fd = -1, rc = open_file(path, &fd, error);

	if (rc != 0)
		return rc;
	text = mem_alloc(size);
	rc = read_all(fd, path, text, size, &length, error);
	close(fd);
	if (rc == 0)
		rc = config_parse(path, text, length, out, error);
	free(text);
	if (rc == 0)
		warn_of_ignored(*out);
	return rc;
}

static int check_rule(const struct config *config, const struct config_rule *rule, struct config_error *error)
{
	const struct config_rule *other;

	if (rule->falling > rule->rising)
		return config_error_set(error, -ERR_PARSE, config->path, rule->line,
					"<threshold>: falling %d is above rising %d", rule->falling, rule->rising);
	for (other = config->rules; other < rule; other++)
		if (strcmp(other->name, rule->name) == 0)
			return config_error_set(error, -ERR_PARSE, config->path, rule->line,
						"<threshold>: the name \"%.60s\" is already used in line %d",
						rule->name, other->line);
	return 0;
}

/* One UUID in the name of the file: a directory of each domain nobody would make. A name may hold anything, so that there
 * is no sign for it. */
static int check_domain_disks(const struct config *config, struct config_error *error)
{
	const char *path = config->domain_disks_path, *sign;

	if (!config->domain_disks_given)
		return 0;
	sign = path != NULL ? strchr(path, '%') : NULL;
	if (sign != NULL && strncmp(sign, CONFIG_DOMAIN_DISKS_UUID, 2) == 0 && strpbrk(sign + 2, "%/") == NULL)
		return 0;
	return config_error_set(error, -ERR_PARSE, config->path, 0,
				"path of <per_domain_disks>: \"%.100s\" has no single %s in the name of its file",
				path != NULL ? path : "", CONFIG_DOMAIN_DISKS_UUID);
}

int config_validate(const struct config *config, struct config_error *error)
{
	char why[CONFIG_WHY_SIZE];
	size_t i;
	int rc = config_keys_check(CONFIG_ROOT_EDGENODE.keys, config, why);

	if (rc != 0)
		return config_error_set(error, rc, config->path, 0, "%s", why);
	if (config->expiration_s < least_expiration_s(config))
		return config_error_set(error, -ERR_RANGE, config->path, 0,
					"<expiration_time>: %u is less than %u update periods or polls",
					config->expiration_s, CONFIG_EXPIRATION_PERIODS);
	rc = check_domain_disks(config, error);
	for (i = 0; i < config->n_rules && rc == 0; i++)
		rc = check_rule(config, &config->rules[i], error);
	return rc;
}

int config_check_objects(const struct config *config, bool (*watchable)(const char *object),
			 struct config_error *error)
{
	for (size_t i = 0; i < config->n_rules; i++) {
		const struct config_rule *rule = &config->rules[i];

		if (!watchable(rule->object))
			return config_error_set(error, -ERR_PARSE, config->path, rule->line,
						"threshold on %.80s: no such numeric object", rule->object);
	}
	return 0;
}
