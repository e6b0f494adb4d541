/*
 * libvirt_stats.c - tables from libvirt's keys and numbers to the fields of struct domain, and the few lines that walk
 * them. Pure; thread: any. Data: what libvirt.c read.
 */
#include "source/libvirt_stats.h"

#include "base/clock.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Where a number goes. factor turns libvirt's unit into the field's. */
struct field {
	size_t offset;
	size_t width; /* 4: uint32_t, 8: uint64_t or a non-negative int64_t */
	uint64_t factor;
	uint64_t have;
};
#define FIELD(member, factor, have)                                                                                    \
	{                                                                                                              \
		offsetof(struct domain, member), sizeof(((struct domain *)NULL)->member), factor, have                 \
	}

struct key {
	const char *key;
	struct field field;
};

#define STATE_KEY "state.state"
#define REASON_KEY "state.reason"

/* Sorted by key (bsearch). Memory is in KiB on both sides. */
/* clang-format off */
static const struct key KEYS[] = {
	{ "balloon.available",   FIELD(mem_available_kib, 1, DOMAIN_HAVE_MEM_AVAILABLE) },
	{ "balloon.current",     FIELD(mem_current_kib, 1, DOMAIN_HAVE_MEM_CURRENT) },
	{ "balloon.disk_caches", FIELD(mem_disk_caches_kib, 1, DOMAIN_HAVE_MEM_DISK_CACHES) },
	{ "balloon.last-update", FIELD(balloon_update_real_ns, NS_PER_S, DOMAIN_HAVE_BALLOON_UPDATE) },
	{ "balloon.major_fault", FIELD(major_faults, 1, DOMAIN_HAVE_MAJOR_FAULTS) },
	{ "balloon.maximum",     FIELD(mem_max_kib, 1, DOMAIN_HAVE_MEM_MAX) },
	{ "balloon.minor_fault", FIELD(minor_faults, 1, DOMAIN_HAVE_MINOR_FAULTS) },
	{ "balloon.rss",         FIELD(mem_rss_kib, 1, DOMAIN_HAVE_MEM_RSS) },
	{ "balloon.swap_in",     FIELD(swap_in_kib, 1, DOMAIN_HAVE_SWAP_IN) },
	{ "balloon.swap_out",    FIELD(swap_out_kib, 1, DOMAIN_HAVE_SWAP_OUT) },
	{ "balloon.unused",      FIELD(mem_unused_kib, 1, DOMAIN_HAVE_MEM_UNUSED) },
	{ "balloon.usable",      FIELD(mem_usable_kib, 1, DOMAIN_HAVE_MEM_USABLE) },
	{ "cpu.system",          FIELD(cpu_system_time_ns, 1, DOMAIN_HAVE_CPU_SYSTEM) },
	{ "cpu.time",            FIELD(cpu_time_ns, 1, DOMAIN_HAVE_CPU_TIME) },
	{ "cpu.user",            FIELD(cpu_user_time_ns, 1, DOMAIN_HAVE_CPU_USER) },
	{ "vcpu.current",        FIELD(vcpus, 1, DOMAIN_HAVE_VCPUS) },
	{ "vcpu.maximum",        FIELD(vcpus_max, 1, DOMAIN_HAVE_VCPUS_MAX) },
};

/* The same facts by the tag of virDomainMemoryStats, for drivers without the balloon group. */
static const struct field MEMORY_TAGS[] = {
	[VIR_DOMAIN_MEMORY_STAT_SWAP_IN]        = FIELD(swap_in_kib, 1, DOMAIN_HAVE_SWAP_IN),
	[VIR_DOMAIN_MEMORY_STAT_SWAP_OUT]       = FIELD(swap_out_kib, 1, DOMAIN_HAVE_SWAP_OUT),
	[VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT]    = FIELD(major_faults, 1, DOMAIN_HAVE_MAJOR_FAULTS),
	[VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT]    = FIELD(minor_faults, 1, DOMAIN_HAVE_MINOR_FAULTS),
	[VIR_DOMAIN_MEMORY_STAT_UNUSED]         = FIELD(mem_unused_kib, 1, DOMAIN_HAVE_MEM_UNUSED),
	[VIR_DOMAIN_MEMORY_STAT_AVAILABLE]      = FIELD(mem_available_kib, 1, DOMAIN_HAVE_MEM_AVAILABLE),
	[VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON] = FIELD(mem_current_kib, 1, DOMAIN_HAVE_MEM_CURRENT),
	[VIR_DOMAIN_MEMORY_STAT_RSS]            = FIELD(mem_rss_kib, 1, DOMAIN_HAVE_MEM_RSS),
	[VIR_DOMAIN_MEMORY_STAT_USABLE]         = FIELD(mem_usable_kib, 1, DOMAIN_HAVE_MEM_USABLE),
	[VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE]    = FIELD(balloon_update_real_ns, NS_PER_S, DOMAIN_HAVE_BALLOON_UPDATE),
	[VIR_DOMAIN_MEMORY_STAT_DISK_CACHES]    = FIELD(mem_disk_caches_kib, 1, DOMAIN_HAVE_MEM_DISK_CACHES),
};

/* In the order of libvirt's numbers (virDomain*Reason). */
static const char *const NO_REASONS[] = { "unknown", NULL };
static const char *const RUNNING_REASONS[] = {
	"unknown", "booted", "migrated", "restored", "from-snapshot", "unpaused", "migration-canceled", "save-canceled",
	"wakeup", "crashed", "post-copy", "post-copy-failed", NULL
};
static const char *const PAUSED_REASONS[] = {
	"unknown", "user", "migration", "save", "dump", "io-error", "watchdog", "from-snapshot", "shutting-down",
	"snapshot", "crashed", "starting-up", "post-copy", "post-copy-failed", "api-error", NULL
};
static const char *const SHUTDOWN_REASONS[] = { "unknown", "user", NULL };
static const char *const SHUTOFF_REASONS[] = {
	"unknown", "shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from-snapshot", "daemon", NULL
};
static const char *const CRASHED_REASONS[] = { "unknown", "panicked", NULL };

static const struct {
	enum domain_state state;
	const char *const *reasons; /* NULL at the end */
} STATES[] = {
	[VIR_DOMAIN_NOSTATE]     = { DOMAIN_NO_STATE, NO_REASONS },
	[VIR_DOMAIN_RUNNING]     = { DOMAIN_RUNNING, RUNNING_REASONS },
	[VIR_DOMAIN_BLOCKED]     = { DOMAIN_BLOCKED, NO_REASONS },
	[VIR_DOMAIN_PAUSED]      = { DOMAIN_PAUSED, PAUSED_REASONS },
	[VIR_DOMAIN_SHUTDOWN]    = { DOMAIN_SHUTDOWN, SHUTDOWN_REASONS },
	[VIR_DOMAIN_SHUTOFF]     = { DOMAIN_SHUTOFF, SHUTOFF_REASONS },
	[VIR_DOMAIN_CRASHED]     = { DOMAIN_CRASHED, CRASHED_REASONS },
	[VIR_DOMAIN_PMSUSPENDED] = { DOMAIN_PM_SUSPENDED, NO_REASONS },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

uint8_t libvirt_stats_state(int state, int reason, const char **word)
{
	*word = NO_REASONS[0];
	if (state < 0 || (size_t)state >= COUNT(STATES))
		return DOMAIN_UNKNOWN;
	for (int i = 0; STATES[state].reasons[i] != NULL; i++)
		if (i == reason)
			*word = STATES[state].reasons[i];
	return (uint8_t)STATES[state].state;
}

static void field_set(const struct field *field, uint64_t value, struct domain *row)
{
	char *at = (char *)row + field->offset;

	/* Only a time stamp has a factor; its field is signed. */
	if (field->factor != 1 && value > INT64_MAX / field->factor)
		return;
	value *= field->factor;
	if (field->width == sizeof(uint32_t)) {
		uint32_t narrow = (uint32_t)value;

		if (value > UINT32_MAX)
			return;
		memcpy(at, &narrow, sizeof(narrow));
	} else {
		memcpy(at, &value, sizeof(value));
	}
	row->have |= field->have;
}

static int key_compare(const void *name, const void *key)
{
	return strcmp(name, ((const struct key *)key)->key);
}

static const struct key *key_of(const char *name)
{
	return bsearch(name, KEYS, COUNT(KEYS), sizeof(KEYS[0]), key_compare);
}

bool libvirt_stats_knows(const char *field)
{
	return key_of(field) != NULL || libvirt_rows_knows(field) || strcmp(field, STATE_KEY) == 0 ||
	       strcmp(field, REASON_KEY) == 0;
}

/* libvirt gives 0 where the guest's balloon driver never reported. */
static void balloon_finish(struct domain *row)
{
	if (row->balloon_update_real_ns == 0)
		row->have &= ~DOMAIN_HAVE_BALLOON_UPDATE;
}

/* The number of a state or reason; -1 for one that is none. */
static int enum_number(uint64_t value)
{
	return value <= INT32_MAX ? (int)value : -1;
}

void libvirt_stats_parse(const virTypedParameter *params, size_t n, struct libvirt_rows *rows, struct domain *row)
{
	int state = -1, reason = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = params[i].field;
		const struct key *key;
		uint64_t value;

		if (libvirt_rows_take(rows, &params[i]) || !libvirt_rows_number(&params[i], &value))
			continue;
		key = key_of(name);
		if (key != NULL)
			field_set(&key->field, value, row);
		else if (strcmp(name, STATE_KEY) == 0)
			state = enum_number(value);
		else if (strcmp(name, REASON_KEY) == 0)
			reason = enum_number(value);
	}
	balloon_finish(row);
	if (state >= 0)
		row->state = libvirt_stats_state(state, reason, &row->reason);
}

/* Sets the field unless it is known already. */
static void field_fill(const struct field *field, uint64_t value, struct domain *row)
{
	if ((row->have & field->have) == 0)
		field_set(field, value, row);
}

void libvirt_stats_info(const virDomainInfo *info, struct domain *row)
{
	static const struct field TIME = FIELD(cpu_time_ns, 1, DOMAIN_HAVE_CPU_TIME),
				  MAX = FIELD(mem_max_kib, 1, DOMAIN_HAVE_MEM_MAX),
				  CURRENT = FIELD(mem_current_kib, 1, DOMAIN_HAVE_MEM_CURRENT),
				  VCPUS = FIELD(vcpus, 1, DOMAIN_HAVE_VCPUS);

	field_fill(&MAX, info->maxMem, row);
	field_fill(&CURRENT, info->memory, row);
	field_fill(&VCPUS, info->nrVirtCpu, row);
	if (row->id >= 0)
		field_fill(&TIME, info->cpuTime, row);
}

void libvirt_stats_memory(const virDomainMemoryStatStruct *stats, size_t n, struct domain *row)
{
	for (size_t i = 0; i < n; i++) {
		int tag = stats[i].tag;

		if (tag >= 0 && (size_t)tag < COUNT(MEMORY_TAGS) && MEMORY_TAGS[tag].have != 0)
			field_fill(&MEMORY_TAGS[tag], stats[i].val, row);
	}
	balloon_finish(row);
}
