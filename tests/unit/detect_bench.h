/*
 * detect_bench.h - snapshots one after another through model/detect.h, with the catalogue's columns for rules.
 */
#ifndef EDGENODE_TESTS_DETECT_BENCH_H
#define EDGENODE_TESTS_DETECT_BENCH_H

#include "base/clock.h"
#include "base/mem.h"
#include "config.h"
#include "model/detect.h"
#include "subagent/watch_values.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define NOW_REAL (1700000000 * NS_PER_S)

struct bench {
	struct detect *detect;
	struct index_map *indexes;
	struct config *config;
	struct snapshot *old, *new; /* new is being made */
	struct thresholds *thresholds;
	struct alarms *alarms;
	struct event_list events; /* of the last run */
	uint32_t serial;
	int64_t now_s;
};

static inline void bench_configure(struct bench *bench, const struct config_rule *rules, size_t n)
{
	struct config *config = config_new();

	config->n_rules = n;
	config->rules = mem_array(n + 1, sizeof(*config->rules));
	for (size_t i = 0; i < n; i++) {
		config->rules[i] = rules[i];
		config->rules[i].name = mem_string(rules[i].name);
		config->rules[i].object = mem_string(rules[i].object);
		config->rules[i].subject = mem_string(rules[i].subject);
	}
	detect_configure(bench->detect, config);
	part_unref(bench->config);
	bench->config = config;
}

static inline struct config_rule bench_rule(const char *name, const char *object, const char *subject, int32_t rising,
					    int32_t falling)
{
	struct config_rule made = { .severity = SEVERITY_WARNING, .rising = rising, .falling = falling };

	made.name = (char *)(uintptr_t)name;
	made.object = (char *)(uintptr_t)object;
	made.subject = (char *)(uintptr_t)subject;
	return made;
}

static inline void bench_open(struct bench *bench)
{
	*bench = (struct bench){ .detect = detect_new(&TABLE_WATCH_VALUES), .indexes = index_map_new() };
	bench->new = snapshot_new();
	bench_configure(bench, NULL, 0);
}

static inline void bench_close(struct bench *bench)
{
	event_list_clear(&bench->events);
	part_unref(bench->thresholds);
	part_unref(bench->alarms);
	part_unref(bench->old);
	part_unref(bench->new);
	part_unref(bench->config);
	index_map_free(bench->indexes);
	detect_free(bench->detect);
}

/* One run over bench->new, a second after the one before. It becomes the old one; the next begins as its copy. */
static inline void bench_run(struct bench *bench)
{
	struct alarms *alarms;

	event_list_clear(&bench->events);
	part_unref(bench->thresholds);
	bench->new->sealed_mono_ns = (1000 + bench->now_s) * NS_PER_S;
	bench->thresholds = detect_run(bench->detect, bench->old, bench->new, bench->indexes,
				       NOW_REAL + bench->now_s * NS_PER_S, &bench->events);
	ck_assert_ptr_nonnull(bench->thresholds);
	snapshot_put(&bench->new->thresholds, part_ref(bench->thresholds));
	for (size_t i = 0; i < bench->events.n; i++)
		bench->events.events[i]->serial = ++bench->serial;
	alarms = alarms_apply(bench->alarms, &bench->events);
	part_unref(bench->alarms);
	bench->alarms = alarms;
	part_unref(bench->old);
	bench->old = bench->new;
	bench->new = snapshot_copy(bench->old);
	bench->now_s++;
}

/* A new detect that knows only the alarms and the numbers, as after a restart. */
static inline void bench_restart(struct bench *bench)
{
	detect_free(bench->detect);
	bench->detect = detect_new(&TABLE_WATCH_VALUES);
	if (bench->alarms != NULL)
		detect_restore(bench->detect, bench->alarms);
	detect_configure(bench->detect, bench->config);
	part_unref(bench->old);
	part_unref(bench->new);
	bench->old = NULL;
	bench->new = snapshot_new();
}

/* Every source in this state. */
static inline void bench_sources(struct bench *bench, uint8_t state)
{
	struct sources *sources = mem_alloc(sizeof(*sources));

	part_init(&sources->part, (void (*)(struct part *))(void (*)(void))free);
	for (uint32_t i = 1; i < SOURCE_END; i++) {
		struct source_status *row = &sources->rows[sources->n++];

		row->index = i;
		row->name = source_id_name(i);
		row->state = state;
	}
	snapshot_put(&bench->new->sources, sources);
}

/* A zeroed part of this size. */
static inline void *bench_part(size_t size)
{
	struct part *part = mem_alloc(size);

	part_init(part, (void (*)(struct part *))(void (*)(void))free);
	return part;
}

static inline const struct event *only_event(const struct bench *bench, uint8_t kind)
{
	ck_assert_uint_eq(bench->events.n, 1);
	ck_assert_uint_eq(bench->events.events[0]->kind, kind);
	return bench->events.events[0];
}

static inline void no_event(const struct bench *bench)
{
	ck_assert_msg(bench->events.n == 0, "%s", bench->events.n > 0 ? bench->events.events[0]->text : "");
}

static inline const struct alarm *only_alarm(const struct bench *bench, uint8_t kind, uint8_t severity)
{
	ck_assert_uint_eq(bench->alarms->n, 1);
	ck_assert_uint_eq(bench->alarms->rows[0].kind, kind);
	ck_assert_uint_eq(bench->alarms->rows[0].severity, severity);
	return &bench->alarms->rows[0];
}

/* One run with these domains, all running, names "web-1", "web-2", ...; what else they have is for set to say. */
static inline void bench_domains(struct bench *bench, size_t n, void (*set)(struct domain *row, size_t i))
{
	struct domains *domains = domains_new(n);
	char name[32];

	for (size_t i = 0; i < n; i++) {
		const uint8_t uuid[16] = { (uint8_t)i, (uint8_t)(i >> 8) };

		snprintf(name, sizeof(name), "web-%zu", i + 1);
		domains->rows[i] = domain_new(domain_ident_new(uuid, name, "hvm"));
		domains->rows[i]->index = (uint32_t)i + 1;
		domains->rows[i]->state = DOMAIN_RUNNING;
		domains->rows[i]->reason = "booted";
		set(domains->rows[i], i);
	}
	snapshot_put(&bench->new->domains, domains);
}

#endif
