/*
 * config.h - what the daemon is told: a plain structure with defaults, filled by config_xml.c and the options.
 *
 * Read-only once config_load returned; replaced as a whole at a reload. Owned by the app.
 * Thread: built on main; may be read from any lane that holds the reference.
 */
#ifndef EDGENODE_CONFIG_H
#define EDGENODE_CONFIG_H

#include "base/part.h"
#include "model/event.h"
#include "model/status.h"

#include <stdio.h>

#define CONFIG_FILE_DEFAULT SYSCONFDIR "/edgenode/edgenode.conf"
#define CONFIG_FILE_VHOSTMD SYSCONFDIR "/vhostmd/vhostmd.conf" /* read where the other is not there */
#define CONFIG_SIZE_MAX (4u << 20) /* bytes of a configuration file */
#define CONFIG_RULES_MAX 256
#define CONFIG_METRICS_MAX 512
#define CONFIG_VARIABLES_MAX 64
#define CONFIG_CONCURRENT_MAX 32u /* leaves half of the command process's places to others */
#define CONFIG_DISK_SIZE_MIN 1024u
#define CONFIG_DISK_SIZE_MAX (256u << 20)
#define CONFIG_DOMAIN_DISKS_UUID "%u"

/* vhostmd's <metric>. */
enum metric_type {
	METRIC_INT32, METRIC_UINT32, METRIC_INT64, METRIC_UINT64, METRIC_REAL32, METRIC_REAL64, METRIC_STRING,
	METRIC_GROUP, METRIC_XML
};
enum metric_context { METRIC_HOST, METRIC_VM };
struct config_variable {
	char *name;
	enum metric_type type;
	char *unit; /* may be NULL */
};
struct config_metric {
	char *name, *action, *unit; /* unit may be NULL */
	enum metric_type type;
	enum metric_context context;
	int line; /* in the file */
	size_t n_variables;
	struct config_variable *variables;
};

/* A limit with hysteresis: a <threshold> element. */
struct config_rule {
	char *name;     /* unique; given or made from object and subject */
	char *object;   /* descriptor of a numeric object: "edgeSensorValue" */
	char *subject;  /* pattern (fnmatch) on the row's key */
	uint8_t severity; /* enum event_severity */
	int32_t rising, falling;
	uint32_t hold_s;
	int line;
};

struct config_source {
	bool enabled;
	uint32_t interval_ms; /* 0: the source's default */
};

struct config {
	struct part part;
	char *path; /* of the file read; NULL: defaults */
	/* vhostmd's <globals> */
	char *disk_name, *disk_path;
	uint32_t disk_size;        /* bytes */
	bool disk_vms;             /* ours: the shared disk has the domains' metrics, too */
	bool transport_vbd, transport_virtio, transport_xenstore;
	bool virtio_given;
	char *channel_path;        /* NULL: libvirt's default places */
	uint32_t max_channels, expiration_s;
	uint32_t update_period_s;  /* guests' documents; also the poll period unless <poll> says otherwise */
	char *action_path;         /* PATH of actions */
	size_t n_metrics;
	struct config_metric *metrics;
	char *metrics_user;           /* who runs their actions; NULL: the daemon's own user */
	uint32_t metrics_concurrent;  /* actions at once */
	uint32_t metrics_timeout_ms;  /* of one; 0: two thirds of the update period */
	/* ours, in <globals> */
	uint8_t profile;           /* 0 upstream, 1 sap: names of the built-in metrics */
	uint8_t memory_unit;       /* 0 MiB, 1 KiB */
	bool metric_units;         /* metrics have an attribute "unit" */
	bool domain_disks_given;
	char *domain_disks_path;   /* with CONFIG_DOMAIN_DISKS_UUID once in its last part */
	uint32_t domain_disks_size; /* bytes of each */
	uint32_t domain_disks_most, domain_disks_keep_s;
	uint32_t requests_per_s, requests_burst; /* of each guest's channel */
	/* ours */
	uint32_t poll_ms;
	char *uri;        /* libvirt; "" lets libvirt choose */
	char *chronyd, *ntpd; /* address and port of their protocols; "" off */
	char *ptp4l;      /* its management socket; "" off */
	char *smartctl;   /* the program; "" off */
	char *agentx;     /* net-snmp address of the master; "" off */
	int32_t agentx_cpu; /* that the agentx lane runs on; -1: any */
	bool view_entity, view_entity_sensor, view_libvirt, view_vm, view_ntp; /* modules served beside EDGENODE-MIB */
	bool vm_notifications, vm_bulk_notifications, libvirt_notifications; /* those of these modules are sent, too */
	char *state_dir;
	char *user, *pid_file; /* may be NULL */
	struct config_source sources[SOURCE_END];
	bool default_sensor_rules; /* rules from the chips' own max and crit */
	uint32_t sensor_hold_s;    /* of those */
	size_t n_rules;
	struct config_rule *rules;
	char *journal_path, *syslog_path; /* of the events' own records; "" off, NULL: where the daemon's log goes */
	char *on_event;           /* program run for each event; NULL none */
	char *on_event_user;      /* NULL: as the daemon was started */
	uint32_t on_event_timeout_s;
	uint8_t on_event_severity; /* least one */
	uint64_t log_size;     /* bytes of the event log */
	uint32_t event_rows;   /* rows of edgeEventTable */
};

/* Where an error is reported: one line "file:line: text" (line left out where there is none). */
struct config_error {
	char text[512];
};

/* Makes the XML library ready for all threads; once, before the first one. */
void config_init(void);

/* Defaults only. */
struct config *config_new(void);

/* Reads a file on top of the defaults. root element <edgenode> or <vhostmd>. A broken <metric> is skipped with a
 * warning in the log, as vhostmd does; everything else that is wrong ends the reading. On error *out is untouched.
 * -ERR_IO (no such file, not readable), -ERR_LIMIT, -ERR_PARSE. */
int config_load(const char *path, struct config **out, struct config_error *error);

/* The same from memory, for the fuzz target and the unit tests; name stands for the file in messages. */
int config_parse(const char *name, const char *text, size_t length, struct config **out, struct config_error *error);

/* Ranges and dependencies between fields; file:line where they are known. */
int config_validate(const struct config *config, struct config_error *error);

/* Whether rules are on objects that whoever knows the objects calls watchable. */
int config_check_objects(const struct config *config, bool (*watchable)(const char *object),
			 struct config_error *error);

/* The effective configuration as XML that config_parse accepts and gives the same structure for. */
void config_print(const struct config *config, FILE *out);

#endif
