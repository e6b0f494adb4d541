/*
 * test_config.c - the configuration: reading, printing, every class of error with its file:line, the DTD beside the key
 * table, and the command line.
 */
#include "base/err.h"
#include "base/log.h"
#include "config.h"
#include "config_dtd.h"
#include "config_keys.h"
#include "options.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxml/valid.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

/* Whole files and the process's own streams. */
static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	char *text;
	long size;

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	ck_assert_int_ge(size, 0);
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	ck_assert_uint_eq(fread(text, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	*length = (size_t)size;
	return text;
}

struct capture {
	int saved, stream;
	FILE *file;
};

static void capture_start(struct capture *capture, int stream)
{
	fflush(NULL);
	capture->stream = stream;
	capture->saved = dup(stream);
	capture->file = tmpfile();
	ck_assert_ptr_nonnull(capture->file);
	ck_assert_int_ge(dup2(fileno(capture->file), stream), 0);
}

static void capture_end(struct capture *capture, char *out, size_t size)
{
	ssize_t n;

	fflush(NULL);
	dup2(capture->saved, capture->stream);
	close(capture->saved);
	n = pread(fileno(capture->file), out, size - 1, 0);
	ck_assert_int_ge(n, 0);
	out[n] = '\0';
	fclose(capture->file);
}

static struct config *parse_ok(const char *text, size_t length)
{
	struct config_error error = {""};
	struct config *config = NULL;
	int rc = config_parse("t.conf", text, length, &config, &error);

	ck_assert_msg(rc == 0, "%s", error.text);
	return config;
}

static char *print_text(const struct config *config, size_t *length)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, length);

	config_print(config, stream);
	fclose(stream);
	return text;
}

/* Reads what it prints, and prints the same again. Returns the second structure, for comparing fields. */
static struct config *round_trip(const struct config *config)
{
	size_t n, m;
	char *first = print_text(config, &n), *second;
	struct config *again = parse_ok(first, n);

	second = print_text(again, &m);
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
	return again;
}

static void same_text(const char *a, const char *b)
{
	ck_assert((a == NULL) == (b == NULL));
	if (a != NULL)
		ck_assert_str_eq(a, b);
}

static void same_metrics(const struct config *a, const struct config *b)
{
	size_t i, j;

	ck_assert_uint_eq(a->n_metrics, b->n_metrics);
	for (i = 0; i < a->n_metrics; i++) {
		const struct config_metric *m = &a->metrics[i], *n = &b->metrics[i];

		same_text(m->name, n->name);
		same_text(m->action, n->action);
		same_text(m->unit, n->unit);
		ck_assert_int_eq(m->type, n->type);
		ck_assert_int_eq(m->context, n->context);
		ck_assert_uint_eq(m->n_variables, n->n_variables);
		for (j = 0; j < m->n_variables; j++) {
			same_text(m->variables[j].name, n->variables[j].name);
			same_text(m->variables[j].unit, n->variables[j].unit);
			ck_assert_int_eq(m->variables[j].type, n->variables[j].type);
		}
	}
}

static void same_rules(const struct config *a, const struct config *b)
{
	size_t i;

	ck_assert_uint_eq(a->n_rules, b->n_rules);
	for (i = 0; i < a->n_rules; i++) {
		const struct config_rule *r = &a->rules[i], *s = &b->rules[i];

		same_text(r->name, s->name);
		same_text(r->object, s->object);
		same_text(r->subject, s->subject);
		ck_assert_int_eq(r->severity, s->severity);
		ck_assert_int_eq(r->rising, s->rising);
		ck_assert_int_eq(r->falling, s->falling);
		ck_assert_uint_eq(r->hold_s, s->hold_s);
	}
}

static void same_config(const struct config *a, const struct config *b)
{
	unsigned id;

	same_text(a->disk_name, b->disk_name);
	same_text(a->disk_path, b->disk_path);
	ck_assert_uint_eq(a->disk_size, b->disk_size);
	ck_assert_int_eq(a->disk_vms, b->disk_vms);
	ck_assert_uint_eq(a->profile, b->profile);
	ck_assert_uint_eq(a->memory_unit, b->memory_unit);
	ck_assert_int_eq(a->metric_units, b->metric_units);
	ck_assert_int_eq(a->domain_disks_given, b->domain_disks_given);
	same_text(a->domain_disks_path, b->domain_disks_path);
	ck_assert_uint_eq(a->domain_disks_size, b->domain_disks_size);
	ck_assert_uint_eq(a->domain_disks_most, b->domain_disks_most);
	ck_assert_uint_eq(a->domain_disks_keep_s, b->domain_disks_keep_s);
	ck_assert_uint_eq(a->requests_per_s, b->requests_per_s);
	ck_assert_uint_eq(a->requests_burst, b->requests_burst);
	ck_assert_int_eq(a->transport_vbd, b->transport_vbd);
	ck_assert_int_eq(a->transport_virtio, b->transport_virtio);
	ck_assert_int_eq(a->transport_xenstore, b->transport_xenstore);
	ck_assert_int_eq(a->virtio_given, b->virtio_given);
	same_text(a->channel_path, b->channel_path);
	ck_assert_uint_eq(a->max_channels, b->max_channels);
	ck_assert_uint_eq(a->expiration_s, b->expiration_s);
	ck_assert_uint_eq(a->update_period_s, b->update_period_s);
	same_text(a->action_path, b->action_path);
	ck_assert_uint_eq(a->poll_ms, b->poll_ms);
	same_text(a->uri, b->uri);
	same_text(a->agentx, b->agentx);
	ck_assert_int_eq(a->agentx_cpu, b->agentx_cpu);
	ck_assert_int_eq(a->view_entity, b->view_entity);
	ck_assert_int_eq(a->view_entity_sensor, b->view_entity_sensor);
	ck_assert_int_eq(a->view_libvirt, b->view_libvirt);
	ck_assert_int_eq(a->view_vm, b->view_vm);
	ck_assert_int_eq(a->view_ntp, b->view_ntp);
	ck_assert_int_eq(a->vm_notifications, b->vm_notifications);
	ck_assert_int_eq(a->vm_bulk_notifications, b->vm_bulk_notifications);
	ck_assert_int_eq(a->libvirt_notifications, b->libvirt_notifications);
	same_text(a->chronyd, b->chronyd);
	same_text(a->ntpd, b->ntpd);
	same_text(a->ptp4l, b->ptp4l);
	same_text(a->smartctl, b->smartctl);
	same_text(a->journal_path, b->journal_path);
	same_text(a->syslog_path, b->syslog_path);
	same_text(a->on_event, b->on_event);
	same_text(a->on_event_user, b->on_event_user);
	same_text(a->metrics_user, b->metrics_user);
	ck_assert_uint_eq(a->metrics_concurrent, b->metrics_concurrent);
	ck_assert_uint_eq(a->metrics_timeout_ms, b->metrics_timeout_ms);
	ck_assert_uint_eq(a->on_event_timeout_s, b->on_event_timeout_s);
	ck_assert_uint_eq(a->on_event_severity, b->on_event_severity);
	same_text(a->state_dir, b->state_dir);
	same_text(a->user, b->user);
	same_text(a->pid_file, b->pid_file);
	for (id = 1; id < SOURCE_END; id++) {
		ck_assert_int_eq(a->sources[id].enabled, b->sources[id].enabled);
		ck_assert_uint_eq(a->sources[id].interval_ms, b->sources[id].interval_ms);
	}
	ck_assert_int_eq(a->default_sensor_rules, b->default_sensor_rules);
	ck_assert_uint_eq(a->sensor_hold_s, b->sensor_hold_s);
	ck_assert_uint_eq(a->log_size, b->log_size);
	ck_assert_uint_eq(a->event_rows, b->event_rows);
	same_metrics(a, b);
	same_rules(a, b);
}

static struct config *load_ok(const char *path)
{
	struct config_error error = {""};
	struct config *config = NULL, *again;
	int rc;

	log_open("test", false, LOG_LEVEL_ERROR); /* what has no effect in this version is warned of */
	rc = config_load(path, &config, &error);
	ck_assert_msg(rc == 0, "%s", error.text);
	ck_assert_str_eq(config->path, path);
	again = round_trip(config);
	same_config(config, again);
	part_unref(again);
	return config;
}

START_TEST(defaults_are_valid_and_round_trip)
{
	static const char EMPTY[] = "<edgenode/>";
	struct config_error error = {""};
	struct config *config = config_new(), *again, *empty;

	ck_assert_int_eq(config_validate(config, &error), 0);
	ck_assert_uint_eq(config->poll_ms, 5000);
	ck_assert_uint_eq(config->expiration_s, 15);
	ck_assert_uint_eq(config->disk_size, 262144);
	ck_assert(config->transport_vbd && config->transport_virtio && !config->transport_xenstore);
	ck_assert(config->disk_vms && config->profile == 0 && config->memory_unit == 0 && !config->metric_units);
	ck_assert(!config->domain_disks_given);
	ck_assert_uint_eq(config->requests_per_s, 1);
	ck_assert_uint_eq(config->requests_burst, 5);
	again = round_trip(config);
	same_config(config, again);
	empty = parse_ok(EMPTY, sizeof(EMPTY) - 1);
	same_config(config, empty);
	part_unref(empty);
	part_unref(again);
	part_unref(config);
}
END_TEST

START_TEST(shipped_file_says_the_defaults)
{
	struct config *config = load_ok(SOURCE_ROOT "/conf/edgenode.conf"), *defaults = config_new();

	same_config(config, defaults);
	part_unref(config);
	part_unref(defaults);
}
END_TEST

START_TEST(every_field_is_read)
{
	struct config *config = load_ok(FIXTURES "/config/edgenode-full.conf");
	const struct config_rule *rule = config->rules;
	unsigned id;

	ck_assert_str_eq(config->disk_name, "a & b");
	ck_assert_str_eq(config->disk_path, "/srv/metrics \"1\"");
	ck_assert_uint_eq(config->disk_size, 1025);
	ck_assert(!config->disk_vms && config->profile == 1 && config->memory_unit == 1 && config->metric_units);
	ck_assert(config->domain_disks_given);
	ck_assert_str_eq(config->domain_disks_path, "/srv/own/vm-%u.disk");
	ck_assert_uint_eq(config->domain_disks_size, 2048);
	ck_assert_uint_eq(config->domain_disks_most, 12);
	ck_assert_uint_eq(config->domain_disks_keep_s, 34);
	ck_assert_uint_eq(config->requests_per_s, 3);
	ck_assert_uint_eq(config->requests_burst, 9);
	ck_assert(config->virtio_given && !config->transport_vbd && config->transport_virtio &&
		  config->transport_xenstore);
	ck_assert_str_eq(config->channel_path, "/run/channels");
	ck_assert_uint_eq(config->max_channels, 7);
	ck_assert_uint_eq(config->expiration_s, 99);
	ck_assert_uint_eq(config->update_period_s, 9);
	ck_assert_str_eq(config->action_path, "/opt/bin");
	ck_assert_uint_eq(config->n_metrics, 1);
	ck_assert_str_eq(config->metrics_user, "nobody");
	ck_assert_uint_eq(config->metrics_concurrent, 3);
	ck_assert_uint_eq(config->metrics_timeout_ms, 1500);
	ck_assert_str_eq(config->metrics[0].unit, "<\"'");
	ck_assert_str_eq(config->metrics[0].action, "printf '%s\\n' \"a\tb\" >&2\nsecond line");
	ck_assert_str_eq(config->uri, "test:///default");
	ck_assert_str_eq(config->agentx, "tcp:127.0.0.1:705");
	ck_assert_int_eq(config->agentx_cpu, 3);
	ck_assert(!config->view_entity && config->view_entity_sensor && config->view_libvirt && config->view_vm && config->view_ntp);
	ck_assert(config->vm_notifications && config->vm_bulk_notifications && !config->libvirt_notifications);
	ck_assert_str_eq(config->chronyd, "[::1]:1323");
	ck_assert_str_eq(config->ntpd, "");
	ck_assert_str_eq(config->ptp4l, "/run/ptp4l-test");
	ck_assert_str_eq(config->smartctl, "/opt/sbin/smartctl");
	ck_assert_str_eq(config->journal_path, "");
	ck_assert_str_eq(config->syslog_path, "/run/test/log");
	ck_assert_str_eq(config->on_event, "/opt/bin/tell");
	ck_assert_str_eq(config->on_event_user, "nobody");
	ck_assert_uint_eq(config->on_event_timeout_s, 7);
	ck_assert_uint_eq(config->on_event_severity, SEVERITY_CRITICAL);
	ck_assert_uint_eq(config->poll_ms, 2500);
	ck_assert_str_eq(config->state_dir, "/srv/state");
	ck_assert_str_eq(config->user, "nobody");
	ck_assert_str_eq(config->pid_file, "/run/x.pid");
	for (id = 1; id < SOURCE_END; id++) {
		ck_assert_int_eq(config->sources[id].enabled, id == SOURCE_SENSORS);
		ck_assert_uint_eq(config->sources[id].interval_ms, id == SOURCE_SENSORS ? 250 : id * 100);
	}
	ck_assert(!config->default_sensor_rules);
	ck_assert_uint_eq(config->sensor_hold_s, 11);
	ck_assert_uint_eq(config->log_size, 3 * MIB);
	ck_assert_uint_eq(config->event_rows, 50);
	ck_assert_uint_eq(config->n_rules, 2);
	ck_assert_str_eq(rule[0].name, "hot");
	ck_assert_int_eq(rule[0].severity, SEVERITY_CRITICAL);
	ck_assert_int_eq(rule[0].rising, 90000);
	ck_assert_int_eq(rule[0].falling, 85000);
	ck_assert_uint_eq(rule[0].hold_s, 10);
	ck_assert_str_eq(rule[1].name, "edgeSensorValue nvme-*/temp1");
	ck_assert_int_eq(rule[1].falling, INT32_MIN);
	part_unref(config);
}
END_TEST

/* What was shipped with vhostmd 1.2, and what SAP's monitoring wants of it. */
START_TEST(shipped_vhostmd_files_are_read)
{
	struct config *shipped = load_ok(SOURCE_ROOT "/conf/vhostmd/vhostmd.xml");
	struct config *sap = load_ok(FIXTURES "/config/vhostmd-sap.conf");

	ck_assert(shipped->virtio_given && shipped->transport_vbd && shipped->transport_virtio);
	ck_assert_str_eq(shipped->channel_path, "/var/run/libvirt/qemu/channel");
	ck_assert_uint_eq(shipped->n_metrics, 13);
	ck_assert_str_eq(shipped->metrics[5].unit, "MiB");
	ck_assert_int_eq(shipped->metrics[12].context, METRIC_VM);
	ck_assert_uint_eq(sap->update_period_s, 60);
	ck_assert(!sap->virtio_given && sap->transport_vbd && !sap->transport_virtio);
	ck_assert_uint_eq(sap->n_metrics, 17);
	part_unref(shipped);
	part_unref(sap);
}
END_TEST

START_TEST(vhostmd_files_are_read_as_they_are)
{
	struct config *old = load_ok(FIXTURES "/config/vhostmd-old.conf");
	struct config *new = load_ok(FIXTURES "/config/vhostmd-new.conf");
	struct config *brief = load_ok(FIXTURES "/config/vhostmd-virtio-short.conf");

	ck_assert(!old->virtio_given && old->transport_vbd && !old->transport_virtio);
	ck_assert_uint_eq(old->update_period_s, 60);
	ck_assert_uint_eq(old->poll_ms, 60000);
	ck_assert_uint_eq(old->expiration_s, 180);
	ck_assert_uint_eq(old->n_metrics, 4);
	ck_assert_str_eq(old->metrics[0].action, "hostname | tr -d '[:space:]'");
	ck_assert_int_eq(old->metrics[0].line, 16);
	ck_assert_int_eq(old->metrics[1].type, METRIC_GROUP);
	ck_assert_uint_eq(old->metrics[1].n_variables, 2);
	ck_assert_str_eq(old->metrics[1].variables[1].name, "PageFaultRate");
	ck_assert_int_eq(old->metrics[2].context, METRIC_VM);
	ck_assert_int_eq(old->metrics[3].type, METRIC_XML);
	ck_assert_str_eq(old->metrics[3].action, "test 1 -lt 2 && echo \"<metric/>\"");
	ck_assert(new->virtio_given && !new->transport_vbd && new->transport_virtio);
	ck_assert_uint_eq(new->disk_size, MIB);
	ck_assert_uint_eq(new->max_channels, 512);
	ck_assert_uint_eq(new->expiration_s, 30);
	ck_assert_str_eq(new->metrics[0].unit, "KiB");
	ck_assert_str_eq(new->metrics[1].variables[0].unit, "s");
	ck_assert(brief->transport_vbd && brief->transport_virtio && brief->transport_xenstore);
	ck_assert_uint_eq(brief->disk_size, 65536);
	ck_assert_uint_eq(brief->expiration_s, 21);
	ck_assert_ptr_null(brief->channel_path);
	part_unref(old);
	part_unref(new);
	part_unref(brief);
}
END_TEST

/* clang-format off */
/* Each wrong document and exactly what is said of it. */
#define GLOBALS(x) "<edgenode>\n<globals>\n" x "\n</globals></edgenode>"
#define DISK "<disk><name>n</name><path>/p</path><size unit=\"k\">1</size></disk>\n"
#define REST "<update_period>5</update_period><path>/bin</path><transport>vbd</transport>"
#define RULE(x) "<edgenode>\n<threshold object=\"edgeSensorValue\" subject=\"s\" " x "/></edgenode>"
#define OF_PATTERN(path) "t.conf: path of <per_domain_disks>: \"" path "\" has no single %u in the name of its file"
static const struct wrong {
	const char *text, *error;
	int code;
} WRONG[] = {
	{" ", "t.conf:1: Start tag expected, '<' not found", -ERR_PARSE},
	{"<edgenode>\n<poll>\n</edgenode>", "t.conf:3: Opening and ending tag mismatch: poll line 2 and edgenode", -ERR_PARSE},
	{"<edgenode>\n", "t.conf:2: Premature end of data in tag edgenode line 1", -ERR_PARSE},
	{"<edgenode/><edgenode/>", "t.conf:1: Extra content at the end of the document", -ERR_PARSE},
	{"<other/>", "t.conf:1: the root element is <other>, not <edgenode> or <vhostmd>", -ERR_PARSE},
	{"<edgenode>\n<what/></edgenode>", "t.conf:2: unknown element <what> in <edgenode>", -ERR_PARSE},
	{"<vhostmd>\n\n<poll/></vhostmd>", "t.conf:3: unknown element <poll> in <vhostmd>", -ERR_PARSE},
	{"<vhostmd>\n<metrics/></vhostmd>", "t.conf:1: <vhostmd> lacks <globals>", -ERR_PARSE},
	{"<vhostmd>\n<metrics/>\n<globals>" DISK REST "</globals></vhostmd>", "t.conf:1: ", -ERR_PARSE},
	{"<edgenode>\n<poll\nperiods=\"1\"/></edgenode>", "t.conf:3: unknown attribute periods of <poll>", -ERR_PARSE},
	{"<edgenode lang=\"x\"/>", "t.conf:1: unknown attribute lang of <edgenode>", -ERR_PARSE},
	{"<edgenode xmlns=\"urn:x\"/>", "t.conf:1: the root element is <edgenode>, not <edgenode> or <vhostmd>", -ERR_PARSE},
	{"<edgenode xmlns:x=\"urn:x\"/>", "t.conf:1: unknown attribute xmlns of <edgenode>", -ERR_PARSE},
	{"<edgenode>\n<x:poll/></edgenode>", "t.conf:2: Namespace prefix x on poll is not defined", -ERR_PARSE},
	{"<edgenode>\n<poll xml:lang=\"x\"/></edgenode>", "t.conf:2: unknown attribute lang of <poll>", -ERR_PARSE},
	{"<edgenode>words</edgenode>", "t.conf:1: text in <edgenode>", -ERR_PARSE},
	{"<edgenode><![CDATA[words]]></edgenode>", "t.conf:1: text in <edgenode>", -ERR_PARSE},
	{"<edgenode>\n<poll/><poll/></edgenode>", "t.conf:2: <poll> given twice", -ERR_PARSE},
	{"<edgenode>\n<poll> </poll></edgenode>", "t.conf:2: ", -ERR_PARSE},
	{"<edgenode>\n<poll period=\"5s\"/></edgenode>", "t.conf:2: period of <poll>: \"5s\" is not a whole number", -ERR_PARSE},
	{"<edgenode>\n<poll period=\"\"/></edgenode>", "t.conf:2: period of <poll>: \"\" is not a whole number", -ERR_PARSE},
	{"<edgenode>\n<poll period=\"1.5\"/></edgenode>", "t.conf:2: period of <poll>: \"1.5\" is not a whole number", -ERR_PARSE},
	{"<edgenode>\n<poll period=\"99\"/></edgenode>", "t.conf:2: period of <poll>: \"99\" is not in 100..86400000", -ERR_RANGE},
	{"<edgenode>\n<poll period=\"99999999999999999999\"/></edgenode>",
	 "t.conf:2: period of <poll>: \"99999999999999999999\" is not in 100..86400000", -ERR_RANGE},
	{"<edgenode>\n<clock chronyd=\"localhost:323\"/></edgenode>",
	 "t.conf:2: chronyd of <clock>: \"localhost:323\" is not a numeric address with a port, as 127.0.0.1:323 or [::1]:323",
	 -ERR_PARSE},
	{"<edgenode>\n<state dir=\"rel/ative\"/></edgenode>", "t.conf:2: dir of <state>: \"rel/ative\" is not an absolute path", -ERR_PARSE},
	{"<edgenode>\n<state dir=\"\"/></edgenode>", "t.conf:2: dir of <state>: \"\" is empty", -ERR_RANGE},
	{"<edgenode>\n<state dir=\"/a&#10;b\"/></edgenode>", "t.conf:2: dir of <state>: \"/a?b\" holds a control character", -ERR_PARSE},
	{"<edgenode>\n<run user=\"0123456789012345678901234567890123456789\"/></edgenode>",
	 "t.conf:2: user of <run>: \"0123456789012345678901234567890123456789\" is longer than 32 bytes", -ERR_RANGE},
	{"<edgenode>\n<source/></edgenode>", "t.conf:2: <source> lacks the attribute name", -ERR_PARSE},
	{"<edgenode>\n<source name=\"disk\"/></edgenode>", "t.conf:2: name of <source>: there is no source \"disk\"", -ERR_PARSE},
	{"<edgenode>\n<source name=\"stat\"/>\n<source name=\"stat\"/></edgenode>",
	 "t.conf:3: <source name=\"stat\"> given twice", -ERR_PARSE},
	{"<edgenode>\n<source name=\"stat\" enabled=\"maybe\"/></edgenode>",
	 "t.conf:2: enabled of <source>: \"maybe\" is not one of no yes", -ERR_PARSE},
	{"<edgenode>\n<source name=\"stat\" interval=\"5\"/></edgenode>",
	 "t.conf:2: interval of <source>: \"5\" is not in 100..86400000", -ERR_RANGE},
	{"<edgenode>\n<sensors hold=\"-1\"/></edgenode>", "t.conf:2: hold of <sensors>: \"-1\" is not in 0..86400", -ERR_RANGE},
	{"<edgenode>\n<events size=\"5X\"/></edgenode>",
	 "t.conf:2: size of <events>: \"5X\" is not a size (a number with b, k, M or G)", -ERR_PARSE},
	{"<edgenode>\n<events size=\"-5M\"/></edgenode>", "t.conf:2: size of <events>: \"-5M\" is not in 65536..68719476736", -ERR_RANGE},
	{"<edgenode>\n<events size=\"9223372036854775807G\"/></edgenode>",
	 "t.conf:2: size of <events>: \"9223372036854775807G\" is not in 65536..68719476736", -ERR_RANGE},
	{"<edgenode>\n<events rows=\"9\"/></edgenode>", "t.conf:2: rows of <events>: \"9\" is not in 10..100000", -ERR_RANGE},
	{GLOBALS("<update_period>5</update_period>"), "t.conf:2: <globals> lacks <disk>", -ERR_PARSE},
	{GLOBALS(DISK REST "\n<update_period>5</update_period>"), "t.conf:5: <update_period> given twice", -ERR_PARSE},
	{GLOBALS(REST DISK), "t.conf:2: Element globals content does not follow the DTD", -ERR_PARSE},
	{GLOBALS("<disk>\n<size>-4</size></disk>"), "t.conf:4: <size>: \"-4\" is not in 1024..268435456", -ERR_RANGE},
	{GLOBALS("<disk>\n<size unit=\"k\">-4</size></disk>"), "t.conf:4: <size>: \"-4k\" is not in 1024..268435456", -ERR_RANGE},
	{GLOBALS("<disk>\n<size unit=\"ell\">4</size></disk>"),
	 "t.conf:4: <size>: \"4ell\" is not a size (a number with b, k, M or G)", -ERR_PARSE},
	{GLOBALS("<disk>\n<size unit=\"G\">1</size></disk>"), "t.conf:4: <size>: \"1G\" is not in 1024..268435456", -ERR_RANGE},
	{GLOBALS("<disk>\n<size units=\"k\">4</size></disk>"), "t.conf:4: unknown attribute units of <size>", -ERR_PARSE},
	{GLOBALS("<disk>\n<path>dev</path></disk>"), "t.conf:4: <path>: \"dev\" is not an absolute path", -ERR_PARSE},
	{GLOBALS("<disk>\n<path><b/></path></disk>"), "t.conf:4: unknown element <b> in <path>", -ERR_PARSE},
	{GLOBALS("<disk>\n<name>  </name></disk>"), "t.conf:4: <name>: \"\" is empty", -ERR_RANGE},
	{GLOBALS("<update_period>0</update_period>"), "t.conf:3: <update_period>: \"0\" is not in 1..86400", -ERR_RANGE},
	{GLOBALS("<update_period>five</update_period>"), "t.conf:3: <update_period>: \"five\" is not a whole number", -ERR_PARSE},
	{GLOBALS("<update_period x=\"1\">5</update_period>"), "t.conf:3: unknown attribute x of <update_period>", -ERR_PARSE},
	{GLOBALS("<transport>smoke</transport>"), "t.conf:3: <transport>: \"smoke\" is not one of vbd virtio xenstore", -ERR_PARSE},
	{GLOBALS("<disk vms=\"maybe\"/>"), "t.conf:3: vms of <disk>: \"maybe\" is not one of no yes", -ERR_PARSE},
	{GLOBALS("<profile>SAP</profile>"), "t.conf:3: <profile>: \"SAP\" is not one of upstream sap", -ERR_PARSE},
	{GLOBALS("<units memory=\"MB\"/>"), "t.conf:3: memory of <units>: \"MB\" is not one of MiB KiB", -ERR_PARSE},
	{GLOBALS("<limits burst=\"0\"/>"), "t.conf:3: burst of <limits>: \"0\" is not in 1..1000", -ERR_RANGE},
	{GLOBALS("<limits requests_per_s=\"1001\"/>"),
	 "t.conf:3: requests_per_s of <limits>: \"1001\" is not in 1..1000", -ERR_RANGE},
	{GLOBALS("<per_domain_disks/>"), "t.conf:3: <per_domain_disks> lacks the attribute path", -ERR_PARSE},
	{GLOBALS("<per_domain_disks path=\"vm-%u\"/>"),
	 "t.conf:3: path of <per_domain_disks>: \"vm-%u\" is not an absolute path", -ERR_PARSE},
	{GLOBALS("<per_domain_disks path=\"/d/vm-%u\" size=\"1023\"/>"),
	 "t.conf:3: size of <per_domain_disks>: \"1023\" is not in 1024..268435456", -ERR_RANGE},
	{GLOBALS(DISK REST "<per_domain_disks path=\"/d/vm\"/>"), OF_PATTERN("/d/vm"), -ERR_PARSE},
	{GLOBALS(DISK REST "<per_domain_disks path=\"/d/vm-%n\"/>"), OF_PATTERN("/d/vm-%n"), -ERR_PARSE},
	{GLOBALS(DISK REST "<per_domain_disks path=\"/d/%u/vm\"/>"), OF_PATTERN("/d/%u/vm"), -ERR_PARSE},
	{GLOBALS(DISK REST "<per_domain_disks path=\"/d/%u-%u\"/>"), OF_PATTERN("/d/%u-%u"), -ERR_PARSE},
	{GLOBALS(DISK REST "<per_domain_disks path=\"/d/%u%\"/>"), OF_PATTERN("/d/%u%"), -ERR_PARSE},
	{GLOBALS("<virtio><max_channels>0</max_channels></virtio>"), "t.conf:3: <max_channels>: \"0\" is not in 1..65536", -ERR_RANGE},
	{RULE("rising=\"1\""), "t.conf:2: <threshold> lacks the attribute falling", -ERR_PARSE},
	{RULE("rising=\"1\" falling=\"2\""), "t.conf:2: <threshold>: falling 2 is above rising 1", -ERR_PARSE},
	{RULE("rising=\"2147483648\" falling=\"2\""),
	 "t.conf:2: rising of <threshold>: \"2147483648\" is not in -2147483648..2147483647", -ERR_RANGE},
	{RULE("rising=\"1\" falling=\"0\" severity=\"bad\""),
	 "t.conf:2: severity of <threshold>: \"bad\" is not one of info warning critical", -ERR_PARSE},
	{RULE("rising=\"1\" rising=\"1\""), "t.conf:2: Attribute rising redefined", -ERR_PARSE},
	{"<edgenode>\n<threshold name=\"a\" object=\"edgeSensorValue\" subject=\"s\" rising=\"2\" falling=\"1\"/>\n"
	 "<threshold name=\"a\" object=\"edgeSensorValue\" subject=\"t\" rising=\"2\" falling=\"1\"/></edgenode>",
	 "t.conf:3: <threshold>: the name \"a\" is already used in line 2", -ERR_PARSE},
	{"<!DOCTYPE edgenode [\n<!ENTITY a \"b\">\n]>\n<edgenode/>", "t.conf:2: entity declarations are not accepted", -ERR_PARSE},
	{"<!DOCTYPE edgenode [\n<!ENTITY % a SYSTEM \"file:///etc/passwd\">\n%a;]>\n<edgenode/>",
	 "t.conf:2: entity declarations are not accepted", -ERR_PARSE},
	{"<!DOCTYPE edgenode SYSTEM \"edgenode.dtd\">\n<edgenode>&who;</edgenode>", "t.conf:2: ", -ERR_PARSE},
	{"<!DOCTYPE edgenode SYSTEM \"edgenode.dtd\">\n<edgenode>\n<libvirt uri=\"&who;\"/></edgenode>",
	 "t.conf:3: ", -ERR_PARSE},
	{"<edgenode>&who;</edgenode>", "t.conf:1: Entity 'who' not defined", -ERR_PARSE},
};

/* clang-format on */

static void expect_error(const char *text, size_t length, const char *start, int code)
{
	struct config_error error = {""};
	struct config *config = NULL;
	int rc = config_parse("t.conf", text, length, &config, &error);

	ck_assert_msg(rc == code, "\"%s\": %d instead of %d, %s", start, rc, code, error.text);
	ck_assert_ptr_null(config);
	ck_assert_msg(strncmp(error.text, start, strlen(start)) == 0, "\"%s\" instead of \"%s\"", error.text, start);
	ck_assert_msg(strlen(error.text) > strlen("t.conf:1: "), "no text in \"%s\"", error.text);
}

START_TEST(what_has_no_effect_is_warned_of)
{
	static const char PATH[] = FIXTURES "/config/edgenode-full.conf";
	struct config_error error;
	struct config *config = NULL;
	struct capture capture;
	char log[4096];

	log_open("test", false, LOG_LEVEL_WARNING);
	capture_start(&capture, STDERR_FILENO);
	ck_assert_int_eq(config_load(PATH, &config, &error), 0);
	capture_end(&capture, log, sizeof(log));
	ck_assert_ptr_null(strstr(log, "transport virtio"));
#ifndef HAVE_XENSTORE
	ck_assert_ptr_nonnull(strstr(log, "edgenode-full.conf: transport xenstore has no effect: this edgenoded is built "
					  "without it\n"));
#endif
	part_unref(config);
}
END_TEST

/* What vhostmd took in other spellings, and what it passed over. */
START_TEST(vhostmd_is_lenient_with_transports_and_units)
{
#define OF_VHOSTMD(unit, transports)                                                                          \
	"<vhostmd>\n<globals><disk><name>n</name><path>/p</path><size unit=\"" unit "\">2</size></disk>\n"     \
	"<update_period>5</update_period><path>/bin</path>\n" transports "</globals><metrics/></vhostmd>"
	static const struct {
		const char *text;
		uint64_t size;
		bool vbd, virtio, xenstore;
	} FILES[] = {
		{OF_VHOSTMD("KiB", "<transport>VBD</transport>"), 2048, true, false, false},
		{OF_VHOSTMD("kB", "<transport> Virtio </transport><transport>smoke</transport>"), 2048, false, true, false},
		{OF_VHOSTMD("m", "<transport>smoke</transport><transport>XenStore</transport>"), 2 * MIB, false, false, true},
		{OF_VHOSTMD("MB", "<transport>smoke</transport>"), 2 * MIB, true, false, false},
	};
	struct capture capture;
	char log[1024];

	log_open("test", false, LOG_LEVEL_WARNING);
	capture_start(&capture, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
		struct config *config = parse_ok(FILES[i].text, strlen(FILES[i].text));

		ck_assert_uint_eq(config->disk_size, FILES[i].size);
		ck_assert_int_eq(config->transport_vbd, FILES[i].vbd);
		ck_assert_int_eq(config->transport_virtio, FILES[i].virtio);
		ck_assert_int_eq(config->transport_xenstore, FILES[i].xenstore);
		part_unref(config);
	}
	capture_end(&capture, log, sizeof(log));
	ck_assert_ptr_nonnull(strstr(log, ":4: <transport>: \"smoke\" is not one of vbd virtio xenstore: this <transport> "
					  "is left out\n"));
	expect_error(OF_VHOSTMD("k", "<transport x=\"1\">vbd</transport>"),
		     strlen(OF_VHOSTMD("k", "<transport x=\"1\">vbd</transport>")), "", -ERR_PARSE);
}
END_TEST

START_TEST(errors_name_file_line_and_thing)
{
	size_t i;

	for (i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
		expect_error(WRONG[i].text, strlen(WRONG[i].text), WRONG[i].error, WRONG[i].code);
}
END_TEST

/* The shipped vhostmd form with one metric after another broken; the last is whole. */
static const char METRICS[] =
	"<edgenode><metrics>\n"
	"<metric type=\"huh\" context=\"host\"><name>a</name><action>b</action></metric>\n"
	"<metric context=\"host\"><name>a</name><action>b</action></metric>\n"
	"<metric type=\"int32\" context=\"host\"><action>b</action></metric>\n"
	"<metric type=\"int32\" context=\"host\"><action>b</action><name>a</name></metric>\n"
	"<metric type=\"group\" context=\"host\"><name>a</name><action>b</action></metric>\n"
	"<metric type=\"int32\" context=\"host\"><name>a</name><action> </action></metric>\n"
	"<metric type=\"group\" context=\"vm\"><name>a</name><action>b</action><variable name=\"v\" "
	"type=\"xml\"/></metric>\n"
	"<metric type=\"int32\" context=\"vm\" cnt=\"x\"><name>a</name><action>b</action></metric>\n"
	"<metric type=\"int32\" context=\"vm\"><name>a</name><action>b</action>words</metric>\n"
	"<metric type=\"int32\" context=\"vm\"><name>a</name><action>sh -c 'x NAME'</action></metric>\n"
	"<metric type=\"int32\" context=\"vm\"><name>good</name><action>b</action></metric>\n"
	"</metrics></edgenode>";
static const char *const METRIC_WARNINGS[] = {
	"t.conf:2: type of <metric>: \"huh\" is not one of int32 uint32 int64 uint64 real32 real64 string group xml",
	"t.conf:3: <metric> lacks the attribute type",
	"t.conf:4: <metric> lacks <name>",
	"t.conf:5: Element metric content does not follow the DTD",
	"t.conf:6: <metric> of type group lacks <variable>",
	"t.conf:7: <action>: \"\" is empty",
	"t.conf:8: type of <variable>: \"xml\" is not one of",
	"t.conf:9: cnt of <metric>: \"x\" is not a whole number",
	"t.conf:10: text in <metric>",
	"t.conf:11: a token in what is read as code",
};

START_TEST(broken_metrics_are_left_out_with_a_warning)
{
	char log[8192], *p = log;
	struct capture capture;
	struct config *config;
	size_t i;

	log_open("test", false, LOG_LEVEL_WARNING);
	capture_start(&capture, STDERR_FILENO);
	config = parse_ok(METRICS, sizeof(METRICS) - 1);
	capture_end(&capture, log, sizeof(log));
	ck_assert_uint_eq(config->n_metrics, 1);
	ck_assert_str_eq(config->metrics[0].name, "good");
	ck_assert_int_eq(config->metrics[0].line, 12);
	for (i = 0; i < sizeof(METRIC_WARNINGS) / sizeof(METRIC_WARNINGS[0]); i++) {
		p = strstr(p, METRIC_WARNINGS[i]);
		ck_assert_msg(p != NULL, "no \"%s\" in %s", METRIC_WARNINGS[i], log);
	}
	ck_assert_ptr_null(strstr(log, "t.conf:12"));
	part_unref(config);
}
END_TEST

/* count times part between head and tail. */
static char *repeat_text(const char *head, const char *part, size_t count, const char *tail, size_t *length)
{
	const size_t size = strlen(part), start = strlen(head);
	char *text = malloc(start + size * count + strlen(tail) + 1);
	size_t i;

	memcpy(text, head, start);
	for (i = 0; i < count; i++)
		memcpy(text + start + i * size, part, size);
	strcpy(text + start + count * size, tail);
	*length = start + size * count + strlen(tail);
	return text;
}

static void expect_repeated(const char *head, const char *part, size_t count, const char *tail, const char *error,
			    int code)
{
	size_t length;
	char *text = repeat_text(head, part, count, tail, &length);

	expect_error(text, length, error, code);
	free(text);
}

START_TEST(limits_are_kept)
{
	char rule[160], head[64 * 1024] = "<edgenode>", *end = head + strlen(head);
	unsigned i;

	expect_repeated("<edgenode><metrics>\n",
			"<metric type=\"int32\" context=\"vm\"><name>a</name><action>b</action></metric>",
			CONFIG_METRICS_MAX + 1, "</metrics></edgenode>", "t.conf:2: more than 512 <metric>",
			-ERR_LIMIT);
	for (i = 0; i <= CONFIG_RULES_MAX; i++) {
		snprintf(rule, sizeof(rule),
			 "<threshold name=\"%u\" object=\"edgeSensorValue\" subject=\"s\" rising=\"1\" falling=\"1\"/>",
			 i);
		memcpy(end, rule, strlen(rule) + 1);
		end += strlen(rule);
	}
	memcpy(end, "</edgenode>", sizeof("</edgenode>"));
	expect_error(head, strlen(head), "t.conf:1: more than 256 <threshold>", -ERR_LIMIT);
}
END_TEST

/* A group of 65 variables is a broken metric, one of 64 is not. */
START_TEST(variables_are_limited)
{
	size_t n, m;
	char *many =
		repeat_text("<edgenode><metrics><metric type=\"group\" context=\"vm\"><name>a</name><action>b</action>",
			    "<variable name=\"v\" type=\"int32\"/>", CONFIG_VARIABLES_MAX + 1,
			    "</metric></metrics></edgenode>", &n);
	char *most = repeat_text(
		"<edgenode><metrics><metric type=\"group\" context=\"vm\"><name>a</name><action>b</action>",
		"<variable name=\"v\" type=\"int32\"/>", CONFIG_VARIABLES_MAX, "</metric></metrics></edgenode>", &m);
	char log[1024];
	struct capture capture;
	struct config *config;

	log_open("test", false, LOG_LEVEL_WARNING);
	capture_start(&capture, STDERR_FILENO);
	config = parse_ok(many, n);
	capture_end(&capture, log, sizeof(log));
	ck_assert_uint_eq(config->n_metrics, 0);
	ck_assert_ptr_nonnull(strstr(log, "t.conf:1: more than 64 <variable>"));
	part_unref(config);
	config = parse_ok(most, m);
	ck_assert_uint_eq(config->metrics[0].n_variables, CONFIG_VARIABLES_MAX);
	part_unref(config);
	free(many);
	free(most);
}
END_TEST

static const char LAUGHS[] =
	"<!DOCTYPE edgenode [\n<!ENTITY a \"lol\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\n"
	"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">\n<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">\n"
	"<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">\n<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">\n"
	"<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">\n<!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;\">]>\n"
	"<edgenode><libvirt uri=\"&h;\"/></edgenode>";

/* Some 70 MiB are measured; a sanitizer's shadow and quarantine add up to six times that. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_KIB_MOST (1024 * 1024)
#else
#define MEMORY_KIB_MOST (400 * 1024)
#endif

/* Hostile sizes: an error, in a second or so and without more memory than the tree of the largest file needs. */
START_TEST(hostile_input_is_bounded)
{
	static const char BINARY[] = "\x7f"
				     "ELF\x02\x01\x01\x00\x00\xff\xfe<edgenode/>";
	const clock_t start = clock();
	struct capture capture;
	struct rusage usage;
	char log[256];

	expect_error("", 0, "t.conf: the file is empty", -ERR_PARSE);
	expect_error(BINARY, sizeof(BINARY), "t.conf:1: ", -ERR_PARSE);
	expect_error("<edgenode>\0</edgenode>", 22, "t.conf:1: ", -ERR_PARSE);
	expect_error("<edgenode><run user=\"\xff\xfe\"/></edgenode>", 36, "t.conf:1: ", -ERR_PARSE);
	expect_error(LAUGHS, sizeof(LAUGHS) - 1, "t.conf:2: entity declarations are not accepted", -ERR_PARSE);
	expect_repeated("<edgenode>", "<a>", 100000, "", "t.conf:1: Excessive depth in document: 256", -ERR_PARSE);
	expect_repeated("<edgenode>", " ", CONFIG_SIZE_MAX, "</edgenode>", "t.conf: larger than 4194304 bytes",
			-ERR_LIMIT);
	capture_start(&capture, STDERR_FILENO);
	expect_repeated("<edgenode><metrics>", "<metric/>", 400000, "</metrics></edgenode>",
			"t.conf:1: more than 512 <metric>", -ERR_LIMIT);
	capture_end(&capture, log, sizeof(log));
	expect_repeated("<edgenode>", "<poll/>", 500000, "</edgenode>", "t.conf:1: <poll> given twice", -ERR_PARSE);
	expect_repeated("<edgenode><libvirt uri=\"", "x", 4000000, "\"/></edgenode>",
			"t.conf:1: uri of <libvirt>: \"xxxx", -ERR_RANGE);
	expect_repeated("<edgenode><poll ", "a", 4000000, "=\"\"/></edgenode>", "t.conf:1: ", -ERR_PARSE);
	ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 10);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	ck_assert_int_lt(usage.ru_maxrss, MEMORY_KIB_MOST);
}
END_TEST

/* Any cut of a good file is an error or, after its last byte of meaning, the same configuration; never a crash. */
START_TEST(every_cut_is_survived)
{
	struct config_error error;
	size_t length, n;
	char *text = read_file(FIXTURES "/config/edgenode-full.conf", &length);
	char log[256];
	struct capture capture;

	log_open("test", false, LOG_LEVEL_ERROR);
	capture_start(&capture, STDERR_FILENO);
	for (n = 0; n < length; n++) {
		struct config *config = NULL;
		int rc = config_parse("t.conf", text, n, &config, &error);

		ck_assert((rc == 0) == (config != NULL));
		ck_assert(rc != 0 || n >= length - 1);
		part_unref(config);
	}
	capture_end(&capture, log, sizeof(log));
	ck_assert_str_eq(log, ""); /* libxml2 writes nothing of its own */
	free(text);
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	char path[] = "/tmp/test_config.XXXXXX", wanted[128];
	struct config_error error = {""};
	struct config *config = NULL;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(config_load(path, &config, &error), -ERR_PARSE);
	snprintf(wanted, sizeof(wanted), "%s: the file is empty", path);
	ck_assert_str_eq(error.text, wanted);
	ck_assert_int_eq(ftruncate(fd, (off_t)CONFIG_SIZE_MAX + 1), 0);
	ck_assert_int_eq(config_load(path, &config, &error), -ERR_LIMIT);
	snprintf(wanted, sizeof(wanted), "%s: larger than 4194304 bytes", path);
	ck_assert_str_eq(error.text, wanted);
	close(fd);
	unlink(path);
	ck_assert_int_eq(config_load(path, &config, &error), -ERR_IO);
	ck_assert_int_eq(errno, ENOENT);
	snprintf(wanted, sizeof(wanted), "%s: No such file or directory", path);
	ck_assert_str_eq(error.text, wanted);
	ck_assert_int_eq(config_load("/", &config, &error), -ERR_IO);
	ck_assert_str_eq(error.text, "/: not a regular file");
	ck_assert_int_eq(config_load("/dev/zero", &config, &error), -ERR_IO);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(config_load(path, &config, &error), -ERR_IO);
	unlink(path);
	ck_assert_ptr_null(config);
}
END_TEST

/* A character of the file's own encoding arrives as UTF-8. */
START_TEST(other_encodings)
{
	static const char LATIN[] =
		"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><edgenode><libvirt uri=\"\xe9\"/></edgenode>";
	struct config *config = parse_ok(LATIN, sizeof(LATIN) - 1);

	ck_assert_str_eq(config->uri, "\xc3\xa9");
	part_unref(config_new());
	part_unref(config);
}
END_TEST

START_TEST(an_expiration_below_three_periods_is_raised)
{
	static const char SHORT[] =
		"<edgenode>"
		"<globals>" DISK "<virtio><expiration_time>1</expiration_time></virtio>" REST "</globals></edgenode>";
	/* What is read every minute is not stale after 15 s; and a short one is as it is where all is read so often. */
	static const char RARE[] =
		"<edgenode>"
		"<globals>" DISK "<virtio><expiration_time>1</expiration_time></virtio>" REST "</globals>"
		"<poll period=\"60001\"/></edgenode>";
	static const char OFTEN[] =
		"<edgenode><globals>" DISK "<virtio><expiration_time>4</expiration_time></virtio>"
		"<update_period>1</update_period><path>/bin</path><transport>virtio</transport></globals></edgenode>";
	struct config *config = parse_ok(SHORT, sizeof(SHORT) - 1);

	ck_assert_uint_eq(config->expiration_s, 15);
	part_unref(config);
	config = parse_ok(RARE, sizeof(RARE) - 1);
	ck_assert_uint_eq(config->expiration_s, 183);
	part_unref(config);
	config = parse_ok(OFTEN, sizeof(OFTEN) - 1);
	ck_assert_uint_eq(config->expiration_s, 4);
	part_unref(config);
}
END_TEST

/* The DTD: the header is the file, and it knows the keys of the table, no more and no fewer. */
static xmlDtd *compiled_dtd(void)
{
	xmlParserInputBuffer *input =
		xmlParserInputBufferCreateMem(CONFIG_DTD, (int)sizeof(CONFIG_DTD) - 1, XML_CHAR_ENCODING_UTF8);
	xmlDtd *dtd = xmlIOParseDTD(NULL, input, XML_CHAR_ENCODING_UTF8);

	ck_assert_ptr_nonnull(dtd);
	return dtd;
}

static unsigned count_keys(xmlDtd *dtd, const struct config_key *keys, const char *element)
{
	const xmlChar *owner = (const xmlChar *)element;
	unsigned n = 0;

	ck_assert_msg(xmlGetDtdElementDesc(dtd, owner) != NULL, "<%s> is not in the DTD", element);
	for (; keys->name != NULL; keys++) {
		const xmlAttribute *attribute = xmlGetDtdAttrDesc(dtd, owner, (const xmlChar *)keys->name);

		if (keys->kind == CONFIG_ATTRIBUTE) {
			ck_assert_msg(attribute != NULL, "%s of <%s> is not in the DTD", keys->name, element);
			ck_assert_int_eq(attribute->def == XML_ATTRIBUTE_REQUIRED,
					 (keys->flags & CONFIG_REQUIRED) != 0);
			n++;
			continue;
		}
		if (keys->type == CONFIG_BYTES) { /* its unit */
			ck_assert_ptr_nonnull(
				xmlGetDtdAttrDesc(dtd, (const xmlChar *)keys->name, (const xmlChar *)"unit"));
			n++;
		}
		ck_assert_ptr_nonnull(xmlGetDtdElementDesc(dtd, (const xmlChar *)keys->name));
		if (keys->keys != NULL)
			n += count_keys(dtd, keys->keys, keys->name);
	}
	return n;
}

START_TEST(the_dtd_knows_the_keys)
{
	xmlDtd *dtd = compiled_dtd();
	unsigned declared = 0;
	const xmlNode *node;

	for (node = dtd->children; node != NULL; node = node->next)
		declared += node->type == XML_ATTRIBUTE_DECL;
	ck_assert_uint_gt(declared, 10);
	ck_assert_uint_eq(count_keys(dtd, CONFIG_ROOT_EDGENODE.keys, "edgenode"), declared);
	ck_assert_uint_eq(count_keys(dtd, CONFIG_ROOT_VHOSTMD.keys, "vhostmd"), 20);
	xmlFreeDtd(dtd);
}
END_TEST

START_TEST(the_dtd_header_is_the_file)
{
	static const char COMMAND[] = "sh " SOURCE_ROOT "/conf/dtd2c.sh < " SOURCE_ROOT "/conf/edgenode.dtd";
	size_t length;
	char *header = read_file(SOURCE_ROOT "/collector/config_dtd.h", &length);
	char *made = calloc(1, length + 2);
	FILE *pipe = popen(COMMAND, "r");

	ck_assert_ptr_nonnull(pipe);
	(void)!fread(made, 1, length + 1, pipe);
	ck_assert_int_eq(pclose(pipe), 0);
	ck_assert_msg(strcmp(made, header) == 0, "older than the DTD; %s > collector/config_dtd.h makes it", COMMAND);
	free(made);
	free(header);
}
END_TEST

START_TEST(source_names_and_numbers)
{
	unsigned id;

	for (id = 1; id < SOURCE_END; id++)
		ck_assert_uint_eq(source_id_of(source_id_name(id)), id);
	ck_assert_ptr_null(source_id_name(0));
	ck_assert_ptr_null(source_id_name(SOURCE_END));
	ck_assert_uint_eq(source_id_of("Stat"), 0);
	ck_assert_uint_eq(source_id_of(""), 0);
	ck_assert_str_eq(source_id_name(SOURCE_THERMAL), "thermal");
}
END_TEST

/* The command line. */
#define ARGUMENTS_MAX 24

static const char *program = "edgenoded"; /* what it is started as */

static int parse_line(struct options *options, const char *line)
{
	static char words[512]; /* argv is kept by nobody, but getopt reorders it */
	char *argv[ARGUMENTS_MAX], *rest = NULL, *word;
	int argc = 0;

	snprintf(words, sizeof(words), "%s %s", program, line);
	for (word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	argv[argc] = NULL;
	return options_parse(argc, argv, options);
}

START_TEST(options_are_laid_over_the_file)
{
	struct config *config = config_new();
	struct config_error error = {""};
	struct options options;
	char here[1024], wanted[1100];

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(
		parse_line(&options, "-f /a/b.conf -d -vv -p run.pid -c test:///x -u nobody -x '' -S /s -t --root /r"),
		0);
	ck_assert_str_eq(options.config, "/a/b.conf");
	ck_assert(options.config_given && options.foreground && options.test_config);
	ck_assert_uint_eq(options.verbose, 2);
	ck_assert_str_eq(options.root, "/r");
	options_apply(&options, config);
	ck_assert_str_eq(config->uri, "test:///x");
	ck_assert_str_eq(config->user, "nobody");
	ck_assert_str_eq(config->agentx, "");
	ck_assert_str_eq(config->state_dir, "/s");
	snprintf(wanted, sizeof(wanted), "%s/run.pid", here);
	ck_assert_str_eq(config->pid_file, wanted);
	ck_assert_int_eq(config_validate(config, &error), 0);
	options_free(&options);
	part_unref(config);
}
END_TEST

START_TEST(no_options_change_nothing)
{
	struct config *config = config_new(), *defaults = config_new();
	struct options options;

	ck_assert_int_eq(parse_line(&options, ""), 0);
	ck_assert(!options.config_given && !options.foreground && !options.test_config);
	ck_assert_str_eq(options.config, CONFIG_FILE_DEFAULT);
	ck_assert_str_eq(options.root, "");
	options_apply(&options, config);
	same_config(config, defaults);
	options_free(&options);
	options_free(&options);
	part_unref(config);
	part_unref(defaults);
}
END_TEST

START_TEST(long_options)
{
	struct options options;

	ck_assert_int_eq(
		parse_line(&options,
			   "--config=/c --no-daemonize --verbose --pid-file /p --connect=u --user=w --agentx=a "
			   "--state-dir=/s --test-config"),
		0);
	ck_assert_str_eq(options.config, "/c");
	ck_assert_str_eq(options.pid_file, "/p");
	ck_assert_str_eq(options.uri, "u");
	ck_assert_str_eq(options.user, "w");
	ck_assert_str_eq(options.agentx, "a");
	ck_assert_str_eq(options.state_dir, "/s");
	ck_assert(options.foreground && options.test_config && options.verbose == 1);
	options_free(&options);
}
END_TEST

static void usage_says_as(const char *name, const char *line, const char *text)
{
	struct options options;
	struct capture capture;
	char out[1024], wanted[256];

	capture_start(&capture, STDERR_FILENO);
	ck_assert_int_lt(parse_line(&options, line), 0);
	capture_end(&capture, out, sizeof(out));
	snprintf(wanted, sizeof(wanted), "%s: %s\nTry \"%s --help\".\n", name, text, name);
	ck_assert_str_eq(out, wanted);
	options_free(&options);
}

static void usage_says(const char *line, const char *text)
{
	usage_says_as("edgenoded", line, text);
}

START_TEST(usage_errors)
{
	usage_says("-q", "unknown option -q");
	usage_says("-dq", "unknown option -q");
	usage_says("--quiet", "unknown option --quiet");
	usage_says("--verbose=3", "unknown option --verbose=3");
	usage_says("-f", "a value is missing for -f");
	usage_says("--config", "a value is missing for --config");
	usage_says("-f ''", "an empty path for --config");
	usage_says("more", "unexpected argument more");
}
END_TEST

/* Under the name of vhostmd: its pid file, where nothing else is said; the name in what is printed. */
START_TEST(started_as_vhostmd)
{
	static const struct {
		const char *line, *pid_file;
	} RUNS[] = { { "", RUNSTATEDIR "/vhostmd.pid" }, { "-d", NULL }, { "-p /own.pid", "/own.pid" } };
	program = "/usr/sbin/vhostmd";
	for (size_t i = 0; i < sizeof(RUNS) / sizeof(RUNS[0]); i++) {
		struct config *config = config_new();
		struct options options;

		ck_assert_int_eq(parse_line(&options, RUNS[i].line), 0);
		ck_assert(options.as_vhostmd);
		options_apply(&options, config);
		same_text(config->pid_file, RUNS[i].pid_file);
		options_free(&options);
		part_unref(config);
	}
	usage_says_as("vhostmd", "--what", "unknown option --what");
	program = "vhostmdx";
	usage_says("--what", "unknown option --what");
}
END_TEST

START_TEST(help_and_version)
{
	struct options options;
	struct capture capture;
	char out[4096];

	capture_start(&capture, STDOUT_FILENO);
	ck_assert_int_eq(parse_line(&options, "--help -q"), 1);
	capture_end(&capture, out, sizeof(out));
	options_free(&options);
	ck_assert_ptr_nonnull(strstr(out, "-x, --agentx ADDRESS"));
	ck_assert_ptr_nonnull(strstr(out, CONFIG_FILE_DEFAULT));
	ck_assert_ptr_null(strstr(out, "--root"));
	capture_start(&capture, STDOUT_FILENO);
	ck_assert_int_eq(parse_line(&options, "-V"), 1);
	capture_end(&capture, out, sizeof(out));
	options_free(&options);
	ck_assert_str_eq(out, "edgenoded " PACKAGE_VERSION "\n");
}
END_TEST

static Suite *config_suite(void)
{
	Suite *suite = suite_create("config");

	UNIT_ADD(suite, defaults_are_valid_and_round_trip);
	UNIT_ADD(suite, shipped_file_says_the_defaults);
	UNIT_ADD(suite, every_field_is_read);
	UNIT_ADD(suite, vhostmd_files_are_read_as_they_are);
	UNIT_ADD(suite, shipped_vhostmd_files_are_read);
	UNIT_ADD(suite, what_has_no_effect_is_warned_of);
	UNIT_ADD(suite, vhostmd_is_lenient_with_transports_and_units);
	UNIT_ADD(suite, errors_name_file_line_and_thing);
	UNIT_ADD(suite, broken_metrics_are_left_out_with_a_warning);
	UNIT_ADD(suite, limits_are_kept);
	UNIT_ADD(suite, variables_are_limited);
	UNIT_ADD(suite, hostile_input_is_bounded);
	UNIT_ADD(suite, every_cut_is_survived);
	UNIT_ADD(suite, files_that_cannot_be_read);
	UNIT_ADD(suite, other_encodings);
	UNIT_ADD(suite, an_expiration_below_three_periods_is_raised);
	UNIT_ADD(suite, the_dtd_knows_the_keys);
	UNIT_ADD(suite, the_dtd_header_is_the_file);
	UNIT_ADD(suite, source_names_and_numbers);
	UNIT_ADD(suite, options_are_laid_over_the_file);
	UNIT_ADD(suite, no_options_change_nothing);
	UNIT_ADD(suite, long_options);
	UNIT_ADD(suite, usage_errors);
	UNIT_ADD(suite, started_as_vhostmd);
	UNIT_ADD(suite, help_and_version);
	return suite;
}

UNIT_MAIN(config_suite)
