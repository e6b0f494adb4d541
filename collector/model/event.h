/*
 * event.h - events, alarms and thresholds as rows of the snapshot. Plain data.
 *
 * An event is made by the cycle lane (model/detect.c), gets its serial there, is persisted, and only then shown.
 */
#ifndef EDGENODE_MODEL_EVENT_H
#define EDGENODE_MODEL_EVENT_H

#include "model/host.h"
#include "model/machine_check.h"

/* The arc below edgeNodeNotifications. */
enum event_kind {
	EVENT_THERMAL_WARNING = 1, EVENT_THERMAL_CRITICAL = 2, EVENT_THERMAL_NORMAL = 3,
	EVENT_THROTTLE_STARTED = 4, EVENT_THROTTLE_ENDED = 5, EVENT_MCE_CORRECTED = 6, EVENT_MCE_UNCORRECTED = 7,
	EVENT_EDAC_ERRORS = 8,
	EVENT_DOMAIN_STATE_CHANGED = 9, EVENT_DOMAIN_CRASHED = 10, EVENT_DOMAIN_IO_ERROR = 11, EVENT_DOMAIN_WATCHDOG = 12,
	EVENT_DOMAIN_REMOVED = 13,
	EVENT_CLOCK_UNSYNCHRONIZED = 14, EVENT_CLOCK_SYNCHRONIZED = 15,
	EVENT_SOURCE_FAILED = 16, EVENT_SOURCE_RECOVERED = 17,
	EVENT_OVERHEAD_HIGH = 18, EVENT_OVERHEAD_NORMAL = 19,
	EVENT_SENSOR_FAULT = 20, EVENT_BOND_DEGRADED = 21, EVENT_BOND_RESTORED = 22, EVENT_DISK_HEALTH_FAILED = 23,
	EVENT_AGENT_STARTED = 24, EVENT_EVENTS_SUMMARISED = 25, EVENT_DOMAIN_IO_RESUMED = 26, EVENT_SENSOR_RESTORED = 27,
	EVENT_DISK_HEALTH_RESTORED = 28, EVENT_AGENT_STOPPING = 29,
	EVENT_THRESHOLD_RAISED = 30, EVENT_THRESHOLD_CLEARED = 31, EVENT_DOMAIN_REBOOTED = 32,
	EVENT_KIND_MAX = 64
};
enum event_severity { SEVERITY_INFO = 1, SEVERITY_WARNING, SEVERITY_CRITICAL };

/* The table whose row the notification's objects are taken from. */
enum event_table {
	EVENT_OF_NOTHING, EVENT_OF_SENSOR, EVENT_OF_DOMAIN, EVENT_OF_SOURCE, EVENT_OF_THRESHOLD, EVENT_OF_CPU, EVENT_OF_EDAC,
	EVENT_OF_BOND, EVENT_OF_DISK, EVENT_OF_END
};

/* event_kind.c: the MIB's name of the notification, "unknown" for one of a later version; "info" and so on. Static. */
const char *event_kind_name(uint8_t kind);
const char *event_severity_name(uint8_t severity);

#define EVENT_SUBJECT_MAX 255
#define EVENT_TEXT_MAX 255
#define EVENT_UNITS_MAX 32
#define EVENT_RECORD_MAX 65536 /* bytes of one encoded event with its varbinds */

struct snapshot;

struct event {
	struct part part;
	uint32_t serial; /* edgeEventSerial; never repeats within the log's id */
	uint8_t kind, severity;
	bool clock_synced;
	bool quiet;        /* no notification of its own: it is part of a summary */
	bool stored;       /* false: the log could not be written when it was sent */
	int64_t time_real_ns; /* of the occurrence */
	uint32_t boot;        /* boot counter */
	uint64_t uptime_ms;   /* since boot */
	char *subject;        /* sensor key, domain name, source name, rule's name and subject, ... */
	uint32_t domain;      /* edgeDomainIndex or 0 */
	int32_t value, threshold; /* 0 where there is none */
	char units[EVENT_UNITS_MAX + 1]; /* "milliCelsius", "" */
	char *text;           /* one line of English */
	uint8_t of;           /* enum event_table */
	uint32_t of_index;    /* row of that table */
	/* The domain as it was at the occurrence, where the snapshot's may be another or gone; NULL: the snapshot's. A
	 * reference; not in the log, for the varbinds are. */
	const struct part *row;
	/* The snapshot that had the row last, where it is gone from the one that has the event; NULL: it is not. As row. */
	const struct snapshot *before;
	uint8_t persistent; /* of a domain: 1 not known, 2 it is, 3 it is transient; 0: of none, or from the log. Not there */
	char *device; /* edgeBlockTarget appended to an I/O error; NULL: none. Not in the log either. */
	/* The notification as it is sent, encoded at the occurrence: so a repeat after a crash says the same.
	 * Format: subagent/varbind.h. Owned. */
	uint8_t *varbinds;
	size_t varbinds_length;
	/* Alarm bookkeeping: this event raises (1), clears (2) or leaves alone (0) the alarm (alarm_kind, subject).
	 * alarm_kind is one for all events about the same thing, see alarm_family. */
	uint8_t alarm_change, alarm_kind;
	/* What the log has of the machine check that it is about (model/machine_check.h); NULL: of none. Owned. */
	struct machine_check_note *machine_check;
};
enum { ALARM_UNCHANGED, ALARM_RAISED, ALARM_CLEARED };

/* subject and text are copied, cut at their limits on a UTF-8 boundary; text becomes one line of UTF-8. The rest is
 * zero, units "". */
struct event *event_new(uint8_t kind, uint8_t severity, const char *subject, const char *text);

/* The row that the notification's objects are of has gone since `before`, which had it last; NULL, or index 0: it is not
 * known. */
void event_set_gone(struct event *event, uint8_t of, uint32_t index, const struct snapshot *before);

/* The static word for an enum sensor_units; "" where there is none. */
const char *event_units(uint8_t sensor_units);
void event_set_units(struct event *event, const char *units); /* a copy, cut at its limit */

/* The newest rows, ascending serial, and the group's scalars. */
struct events {
	struct part part;
	uint32_t first, last; /* serials; 0 when empty */
	uint8_t log_id[16];
	uint32_t logged;      /* written to the log since start */
	uint32_t capacity;    /* rows kept in the table */
	uint32_t dropped, unsent;
	size_t n;
	struct event *rows[]; /* n references */
};
struct events *events_new(size_t n);

/* edgeAlarmTable. */
#define ALARMS_MAX 4096
struct alarm {
	uint32_t index; /* lowest free number when raised, kept while it lasts */
	uint8_t kind;   /* notification that raised it, or last changed its severity, as `event` */
	uint8_t severity;
	char *subject;
	int64_t since_real_ns;
	uint32_t event; /* serial */
};
struct alarms {
	struct part part;
	uint32_t warnings, criticals;
	size_t n;
	struct alarm rows[]; /* ascending index */
};
struct alarms *alarms_new(size_t n);

/* The alarm_kind that stands for all kinds which raise the same alarm: critical is a higher level of the warning. */
static inline uint8_t alarm_family(uint8_t kind)
{
	return kind == EVENT_THERMAL_CRITICAL ? EVENT_THERMAL_WARNING : kind;
}

/* edgeThresholdTable: one row per rule and subject. */
#define THRESHOLD_OID_MAX 12
enum threshold_state { THRESHOLD_UNKNOWN = 1, THRESHOLD_NORMAL, THRESHOLD_RAISED };
struct threshold {
	uint32_t index; /* from the index map, keyed by rule name + subject */
	uint64_t have;
	char *name;    /* of the rule */
	char *subject;
	uint32_t object[THRESHOLD_OID_MAX]; /* the watched instance, below edgeNodeMIB */
	size_t object_n; /* 0: not known */
	uint8_t severity;
	int32_t rising, falling;
	const char *units; /* static */
	uint32_t hold_s;
	int32_t value;
	uint8_t state;
};
#define THRESHOLD_HAVE_VALUE BIT(0)
struct thresholds {
	struct part part;
	size_t n;
	struct threshold rows[]; /* ascending index */
};
struct thresholds *thresholds_new(size_t n);

#endif
