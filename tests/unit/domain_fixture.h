/*
 * domain_fixture.h - a builder with made-up time, live changes and lists, and what came of them, for the tests of the
 * events of domains.
 */
#ifndef EDGENODE_TESTS_DOMAIN_FIXTURE_H
#define EDGENODE_TESTS_DOMAIN_FIXTURE_H

#include "unit.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/builder.h"
#include "model/domain_watch.h"

#include <stdio.h>
#include <string.h>

#define START_MS 1000000

struct bench {
	struct index_map *indexes;
	struct builder *builder;
	struct alarms *alarms;
	struct event_list events;
	size_t seen; /* of events */
	int64_t now_ms;
	bool missed;
};
static struct bench bench;

static inline void setup(void)
{
	bench = (struct bench){ .indexes = index_map_new(), .now_ms = START_MS };
	bench.builder = builder_new(bench.indexes, "test", 0, 0);
}

static inline void teardown(void)
{
	event_list_clear(&bench.events);
	part_unref(bench.alarms);
	builder_free(bench.builder);
	index_map_free(bench.indexes);
}

static inline int64_t now_ns(void)
{
	return bench.now_ms * NS_PER_MS;
}

static inline void pass(int64_t ms)
{
	bench.now_ms += ms;
}

/* New events to bench.events, with serials, and the alarms that follow. */
static inline void collect(void)
{
	struct event_list list;
	struct alarms *alarms;

	builder_take_events(bench.builder, &list);
	for (size_t i = 0; i < list.n; i++) {
		list.events[i]->serial = (uint32_t)(bench.events.n + 1);
		event_list_add(&bench.events, part_ref(list.events[i]));
	}
	alarms = alarms_apply(bench.alarms, &list);
	part_unref(bench.alarms);
	bench.alarms = alarms;
	event_list_clear(&list);
}

static inline void tick(void)
{
	builder_tick(bench.builder, now_ns(), now_ns());
	collect();
}

static inline void free_part(struct part *part)
{
	free(part);
}

static inline struct snapshot *snapshot(void)
{
	struct sources *sources = mem_alloc(sizeof(*sources));
	const struct builder_self self = { 0 };

	part_init(&sources->part, free_part);
	return builder_build(bench.builder, sources, &self, now_ns(), now_ns());
}

/* --- live changes ------------------------------------------------------------------------------------------------- */

static inline struct domain_change *change_of(enum domain_change_kind kind, uint8_t number, int32_t id)
{
	struct domain_change *change = mem_alloc(sizeof(*change));
	char name[16];

	snprintf(name, sizeof(name), "d%u", number);
	change->kind = kind;
	change->name = mem_string(name);
	change->uuid[15] = number;
	change->id = id;
	change->time_mono_ns = change->time_real_ns = now_ns();
	return change;
}

static inline struct domain_change *state_of(uint8_t number, uint8_t state, const char *reason, int32_t id)
{
	struct domain_change *change = change_of(CHANGE_STATE, number, id);

	change->state = state;
	change->reason = reason;
	return change;
}

/* One turn with this change alone; takes it over. */
static inline void live(struct domain_change *change)
{
	builder_changes(bench.builder, change, false);
	domain_change_free(change);
	collect();
}

static inline void resumed(uint8_t number, int32_t id)
{
	live(state_of(number, DOMAIN_RUNNING, "unpaused", id));
}

static inline void started(uint8_t number, int32_t id)
{
	live(state_of(number, DOMAIN_RUNNING, "booted", id));
}

static inline void suspended(uint8_t number, int32_t id)
{
	live(state_of(number, DOMAIN_PAUSED, "user", id));
}

static inline void shut_down(uint8_t number, int32_t id)
{
	live(state_of(number, DOMAIN_SHUTDOWN, "unknown", id));
}

static inline void stopped(uint8_t number, const char *reason)
{
	struct domain_change *change = state_of(number, DOMAIN_SHUTOFF, reason, -1);

	change->crashed = strcmp(reason, "failed") == 0 || strcmp(reason, "crashed") == 0;
	live(change);
}

static inline void io_error(uint8_t number, const char *action, const char *reason)
{
	struct domain_change *change = change_of(CHANGE_IO_ERROR, number, 7);

	change->device = mem_string("vda");
	change->action = action;
	change->reason = reason;
	live(change);
}

static inline void suspended_for_io(uint8_t number)
{
	struct domain_change *change = state_of(number, DOMAIN_PAUSED, "io-error", 7);

	change->for_io_error = true;
	live(change);
}

static inline void said(enum domain_change_kind kind, uint8_t number, int32_t id, const char *action)
{
	struct domain_change *change = change_of(kind, number, id);

	change->action = action;
	live(change);
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

struct listed {
	uint8_t number;
	uint8_t state;
	const char *reason;
	int32_t id;
	bool transient;
	const char *name;     /* NULL: after its number */
	int64_t read_ms; /* 0: now */
};

static inline struct domain *row_of(const struct listed *listed)
{
	const uint8_t uuid[16] = { [15] = listed->number };
	char name[16];
	struct domain *row;

	snprintf(name, sizeof(name), "d%u", listed->number);
	row = domain_new(domain_ident_new(uuid, listed->name != NULL ? listed->name : name, "hvm"));
	row->state = listed->state;
	row->reason = listed->reason;
	row->id = listed->id;
	row->persistent = !listed->transient;
	row->have |= DOMAIN_HAVE_PERSISTENT | DOMAIN_HAVE_CPU_TIME;
	row->cpu_time_ns = (uint64_t)now_ns();
	row->read_mono_ns = listed->read_ms != 0 ? listed->read_ms * NS_PER_MS : now_ns();
	return row;
}

static inline void list(size_t n, const struct listed *rows)
{
	struct domains *raw = domains_new(n);

	raw->complete = true;
	for (size_t i = 0; i < n; i++)
		raw->rows[i] = row_of(&rows[i]);
	builder_apply(bench.builder, SOURCE_LIBVIRT, &raw->part, now_ns(), now_ns());
	collect();
}
#define LIST(...)                                                       \
	do {                                                            \
		const struct listed rows_[] = { __VA_ARGS__ };          \
		list(sizeof(rows_) / sizeof(rows_[0]), rows_);          \
	} while (0)

/* --- what came of it ---------------------------------------------------------------------------------------------- */

static inline const struct event *expect(uint8_t kind, const char *text)
{
	const struct event *event;

	ck_assert_msg(bench.seen < bench.events.n, "no event: %s", text);
	event = bench.events.events[bench.seen++];
	ck_assert_str_eq(event->text, text);
	ck_assert_uint_eq(event->kind, kind);
	return event;
}

static inline void expect_none(void)
{
	ck_assert_msg(bench.seen == bench.events.n, "not expected: %s",
		      bench.seen < bench.events.n ? bench.events.events[bench.seen]->text : "");
}

/* Nor later. */
static inline void expect_no_more(void)
{
	expect_none();
	pass(10000);
	tick();
	expect_none();
	ck_assert_int_eq(builder_due_ns(bench.builder), INT64_MAX);
}

/* The row of the table; NULL where there is none. */
static inline uint8_t shown_state(uint8_t number, int32_t *id)
{
	struct snapshot *s = snapshot();
	uint8_t state = 0;

	for (size_t i = 0; s->domains != NULL && i < s->domains->n; i++) {
		ck_assert_uint_ge(s->domains->rows[i]->index, i + 1);
		if (i > 0)
			ck_assert_uint_lt(s->domains->rows[i - 1]->index, s->domains->rows[i]->index);
		if (s->domains->rows[i]->uuid[15] == number) {
			state = s->domains->rows[i]->state;
			if (id != NULL)
				*id = s->domains->rows[i]->id;
		}
	}
	part_unref(s);
	return state;
}

static inline void expect_alarm(uint8_t severity)
{
	ck_assert_uint_eq(bench.alarms->n, 1);
	ck_assert_uint_eq(bench.alarms->rows[0].kind, EVENT_DOMAIN_IO_ERROR);
	ck_assert_uint_eq(bench.alarms->rows[0].severity, severity);
}

static inline void expect_no_alarm(void)
{
	ck_assert_uint_eq(bench.alarms->n, 0);
}

#endif
