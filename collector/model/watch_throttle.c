/*
 * watch_throttle.c - CPUs that are slowed down because of heat. Pure; thread: cycle. Data: the counters of struct cpu.
 *
 * A CPU is throttled when its core's counter has risen since the reading before. The counter of a package is the same
 * on all its CPUs: where it rises, the first CPU of the package stands for it. Ended is what has not risen for a while.
 */
#include "model/notice.h"

#include <stdio.h>

#define QUIET_HOLD_S 60

/* How much a counter has risen; false where that is not known. */
static bool risen(const struct cpu *before, const struct cpu *cpu, uint64_t have, uint64_t then, uint64_t now,
		  uint64_t *by)
{
	*by = 0;
	if (before == NULL || (before->have & cpu->have & have) == 0 || now < then)
		return false;
	*by = now - then;
	return true;
}

static bool is_first_of_package(const struct cpus *cpus, size_t at)
{
	const struct cpu *cpu = &cpus->rows[at];

	if ((cpu->have & CPU_HAVE_PACKAGE) == 0)
		return at == 0;
	for (size_t i = 0; i < at; i++)
		if ((cpus->rows[i].have & CPU_HAVE_PACKAGE) != 0 && cpus->rows[i].freq.package == cpu->freq.package)
			return false;
	return true;
}

static const struct cpu *row_before(const struct snapshot *old, const struct cpu *cpu, size_t at)
{
	const struct cpus *cpus = old != NULL ? old->cpus : NULL;

	if (cpus == NULL)
		return NULL;
	if (at < cpus->n && cpus->rows[at].index == cpu->index)
		return &cpus->rows[at];
	for (size_t i = 0; i < cpus->n; i++)
		if (cpus->rows[i].index == cpu->index)
			return &cpus->rows[i];
	return NULL;
}

static void look_at_cpu(struct notice_look *look, const struct snapshot *old, const struct cpus *cpus, size_t at)
{
	const struct cpu *cpu = &cpus->rows[at], *before = row_before(old, cpu, at);
	char subject[16];
	uint64_t core, package;
	const bool known =
		risen(before, cpu, CPU_HAVE_CORE_THROTTLES, before != NULL ? before->throttle.core_throttles : 0,
		      cpu->throttle.core_throttles, &core);
	struct notice_sample sample = { .subject = subject, .row = cpu, .of_index = cpu->index, .units = "events" };

	risen(before, cpu, CPU_HAVE_PACKAGE_THROTTLES, before != NULL ? before->throttle.package_throttles : 0,
	      cpu->throttle.package_throttles, &package);
	if (package > 0 && !is_first_of_package(cpus, at))
		package = 0;
	snprintf(subject, sizeof(subject), "cpu%u", cpu->index - 1);
	if (core > 0 || package > 0)
		sample.state = NOTICE_WRONG;
	else if (known)
		sample.state = NOTICE_RIGHT;
	sample.value = core + package > INT32_MAX ? INT32_MAX : (int32_t)(core + package);
	notice_sample(look, &sample);
}

static void look_at_cpus(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	for (size_t i = 0; i < new->cpus->n; i++)
		look_at_cpu(look, old, new->cpus, i);
}

static void throttle_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	if (sample->state == NOTICE_WRONG)
		snprintf(text, NOTICE_TEXT_SIZE, "%s is throttled because of heat, %d times since the reading before",
			 sample->subject, sample->value);
	else
		snprintf(text, NOTICE_TEXT_SIZE, "%s has not been throttled for %d s", sample->subject, QUIET_HOLD_S);
}

const struct notice_watch WATCH_THROTTLE = {
	.raised = EVENT_THROTTLE_STARTED,
	.cleared = EVENT_THROTTLE_ENDED,
	.severity = SEVERITY_WARNING,
	.of = EVENT_OF_CPU,
	.clear_hold_s = QUIET_HOLD_S,
	.sources = BIT(SOURCE_STAT) | BIT(SOURCE_THROTTLE),
	.part = offsetof(struct snapshot, cpus),
	.look = look_at_cpus,
	.text = throttle_text,
};
