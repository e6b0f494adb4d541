/*
 * libvirt_change.c - the tables of libvirt's event numbers. Pure; thread: virevent calls it.
 */
#include "source/libvirt_change.h"

#include "source/libvirt_stats.h"

#include <string.h>

/* Numbers that libvirt 5 has no names for. */
#define EVENT_RESUMED_POSTCOPY_FAILED 4 /* VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED of 8.5 */
#define RUNNING_POSTCOPY_FAILED 11	/* VIR_DOMAIN_RUNNING_POSTCOPY_FAILED of 8.5 */
#define PAUSED_API_ERROR 14		/* VIR_DOMAIN_PAUSED_API_ERROR of 9.2 */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The reason, as virDomainGetState tells it, by the number of the event's detail. */
/* clang-format off */
static const int STARTED[] = {
	[VIR_DOMAIN_EVENT_STARTED_BOOTED]        = VIR_DOMAIN_RUNNING_BOOTED,
	[VIR_DOMAIN_EVENT_STARTED_MIGRATED]      = VIR_DOMAIN_RUNNING_MIGRATED,
	[VIR_DOMAIN_EVENT_STARTED_RESTORED]      = VIR_DOMAIN_RUNNING_RESTORED,
	[VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT] = VIR_DOMAIN_RUNNING_FROM_SNAPSHOT,
	[VIR_DOMAIN_EVENT_STARTED_WAKEUP]        = VIR_DOMAIN_RUNNING_WAKEUP,
};
static const int SUSPENDED[] = {
	[VIR_DOMAIN_EVENT_SUSPENDED_PAUSED]          = VIR_DOMAIN_PAUSED_USER,
	[VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED]        = VIR_DOMAIN_PAUSED_MIGRATION,
	[VIR_DOMAIN_EVENT_SUSPENDED_IOERROR]         = VIR_DOMAIN_PAUSED_IOERROR,
	[VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG]        = VIR_DOMAIN_PAUSED_WATCHDOG,
	[VIR_DOMAIN_EVENT_SUSPENDED_RESTORED]        = VIR_DOMAIN_PAUSED_MIGRATION, /* as libvirt says then */
	[VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT]   = VIR_DOMAIN_PAUSED_FROM_SNAPSHOT,
	[VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR]       = PAUSED_API_ERROR,
	[VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY]        = VIR_DOMAIN_PAUSED_POSTCOPY,
	[VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED] = VIR_DOMAIN_PAUSED_POSTCOPY_FAILED,
};
static const int RESUMED[] = {
	[VIR_DOMAIN_EVENT_RESUMED_UNPAUSED]        = VIR_DOMAIN_RUNNING_UNPAUSED,
	[VIR_DOMAIN_EVENT_RESUMED_MIGRATED]        = VIR_DOMAIN_RUNNING_MIGRATED,
	[VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT]   = VIR_DOMAIN_RUNNING_FROM_SNAPSHOT,
	[VIR_DOMAIN_EVENT_RESUMED_POSTCOPY]        = VIR_DOMAIN_RUNNING_POSTCOPY,
	[EVENT_RESUMED_POSTCOPY_FAILED]            = RUNNING_POSTCOPY_FAILED,
};
static const int STOPPED[] = {
	[VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN]      = VIR_DOMAIN_SHUTOFF_SHUTDOWN,
	[VIR_DOMAIN_EVENT_STOPPED_DESTROYED]     = VIR_DOMAIN_SHUTOFF_DESTROYED,
	[VIR_DOMAIN_EVENT_STOPPED_CRASHED]       = VIR_DOMAIN_SHUTOFF_CRASHED,
	[VIR_DOMAIN_EVENT_STOPPED_MIGRATED]      = VIR_DOMAIN_SHUTOFF_MIGRATED,
	[VIR_DOMAIN_EVENT_STOPPED_SAVED]         = VIR_DOMAIN_SHUTOFF_SAVED,
	[VIR_DOMAIN_EVENT_STOPPED_FAILED]        = VIR_DOMAIN_SHUTOFF_FAILED,
	[VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT] = VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT,
};
static const int CRASHED[] = { [VIR_DOMAIN_EVENT_CRASHED_PANICKED] = VIR_DOMAIN_CRASHED_PANICKED };

static const struct {
	enum domain_change_kind kind;
	int state; /* of CHANGE_STATE */
	const int *reasons;
	size_t n;
} EVENTS[] = {
	[VIR_DOMAIN_EVENT_DEFINED]     = { CHANGE_DEFINED, 0, NULL, 0 },
	[VIR_DOMAIN_EVENT_UNDEFINED]   = { CHANGE_UNDEFINED, 0, NULL, 0 },
	[VIR_DOMAIN_EVENT_STARTED]     = { CHANGE_STATE, VIR_DOMAIN_RUNNING, STARTED, COUNT(STARTED) },
	[VIR_DOMAIN_EVENT_SUSPENDED]   = { CHANGE_STATE, VIR_DOMAIN_PAUSED, SUSPENDED, COUNT(SUSPENDED) },
	[VIR_DOMAIN_EVENT_RESUMED]     = { CHANGE_STATE, VIR_DOMAIN_RUNNING, RESUMED, COUNT(RESUMED) },
	[VIR_DOMAIN_EVENT_STOPPED]     = { CHANGE_STATE, VIR_DOMAIN_SHUTOFF, STOPPED, COUNT(STOPPED) },
	[VIR_DOMAIN_EVENT_SHUTDOWN]    = { CHANGE_STATE, VIR_DOMAIN_SHUTDOWN, NULL, 0 },
	[VIR_DOMAIN_EVENT_PMSUSPENDED] = { CHANGE_STATE, VIR_DOMAIN_PMSUSPENDED, NULL, 0 },
	[VIR_DOMAIN_EVENT_CRASHED]     = { CHANGE_STATE, VIR_DOMAIN_CRASHED, CRASHED, COUNT(CRASHED) },
};

static const char *const WATCHDOG_ACTIONS[] = {
	[VIR_DOMAIN_EVENT_WATCHDOG_NONE]      = "none",
	[VIR_DOMAIN_EVENT_WATCHDOG_PAUSE]     = "pause",
	[VIR_DOMAIN_EVENT_WATCHDOG_RESET]     = "reset",
	[VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF]  = "poweroff",
	[VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN]  = "shutdown",
	[VIR_DOMAIN_EVENT_WATCHDOG_DEBUG]     = "debug",
	[VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI] = "inject-nmi",
};
static const char *const IO_ACTIONS[] = {
	[VIR_DOMAIN_EVENT_IO_ERROR_NONE]   = "none",
	[VIR_DOMAIN_EVENT_IO_ERROR_PAUSE]  = "pause",
	[VIR_DOMAIN_EVENT_IO_ERROR_REPORT] = "report",
};
/* clang-format on */

static void set_state(int event, int detail, struct domain_change *change)
{
	const bool known = detail >= 0 && (size_t)detail < EVENTS[event].n;
	const bool stopped = event == VIR_DOMAIN_EVENT_STOPPED;

	change->state =
		libvirt_stats_state(EVENTS[event].state, known ? EVENTS[event].reasons[detail] : 0, &change->reason);
	/* The handle of a domain that ended by itself still has the number it ran under. */
	if (stopped)
		change->id = -1;
	change->crashed =
		event == VIR_DOMAIN_EVENT_CRASHED ||
		(stopped && (detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED || detail == VIR_DOMAIN_EVENT_STOPPED_FAILED));
	change->for_io_error = event == VIR_DOMAIN_EVENT_SUSPENDED && detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR;
}

bool libvirt_change_lifecycle(int event, int detail, struct domain_change *change)
{
	if (event < 0 || (size_t)event >= COUNT(EVENTS))
		return false;
	/* The domain stays; its definition under the new name follows. */
	if (event == VIR_DOMAIN_EVENT_UNDEFINED && detail == VIR_DOMAIN_EVENT_UNDEFINED_RENAMED)
		return false;
	change->kind = EVENTS[event].kind;
	if (change->kind == CHANGE_STATE)
		set_state(event, detail, change);
	return true;
}

static const char *word(const char *const *words, size_t n, int number)
{
	return number >= 0 && (size_t)number < n ? words[number] : words[0];
}

const char *libvirt_change_watchdog_action(int action)
{
	return word(WATCHDOG_ACTIONS, COUNT(WATCHDOG_ACTIONS), action);
}

const char *libvirt_change_io_action(int action)
{
	return word(IO_ACTIONS, COUNT(IO_ACTIONS), action);
}

const char *libvirt_change_io_reason(const char *reason)
{
	return reason != NULL && strcmp(reason, "enospc") == 0 ? "enospc" : "unknown";
}
