/*
 * rows_alarm.c - group 18 edgeAlarm: what is wrong now.
 *
 * Const data. Rows: struct alarms of the snapshot, and its struct alarm.
 */
#include "subagent/rows.h"

PART_SCALARS(alarm_scalar, alarms)
PART_ROWS(alarm, alarms, struct alarm, index, &)

/* clang-format off */
#define ROW struct alarms
static const struct column ALARM_SCALAR_COLUMNS[] = {
	G32(1, edgeAlarmWarnings,  warnings, 0, "alarms"),
	G32(2, edgeAlarmCriticals, criticals, 0, "alarms"),
};
#undef ROW

const struct table ALARM_SCALARS = {
	"edgeAlarm", { ARC_OBJECTS, GROUP_ALARM }, 2, 1, { SCALAR_LEVEL_OF(alarm_scalar) }, NO_HAVE,
	COLUMNS_OF(ALARM_SCALAR_COLUMNS), 0, NULL
};

#define ROW struct alarm
static const struct column ALARM_COLUMNS[] = {
	KIND(2, edgeAlarmKind,     kind),
	STRZ(3, edgeAlarmSubject,  subject),
	ENUM(4, edgeAlarmSeverity, severity, 0),
	TIME(5, edgeAlarmSince,    since_real_ns, 0),
	U32(6,  edgeAlarmEvent,    event, 0, NULL),
};
#undef ROW

static const char *const ALARM_INDEXES[] = { "edgeAlarmIndex" };
const struct table ALARM_TABLE = {
	"edgeAlarmTable", { ARC_OBJECTS, GROUP_ALARM, 3 }, 3, 1, { LEVEL_OF(alarm) }, NO_HAVE,
	COLUMNS_OF(ALARM_COLUMNS), 1, ALARM_INDEXES
};
/* clang-format on */
