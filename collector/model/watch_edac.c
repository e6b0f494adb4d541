/*
 * watch_edac.c - memory errors that the controllers count. Pure; thread: cycle. Data: the counters of struct edac.
 *
 * A reading whose counters have risen is an event of the module. A controller counts those of its modules as well; it
 * is told of where it has risen by more than they have: errors that no module is known for.
 */
#include "model/notice.h"

#include <stdio.h>
#include <string.h>

struct growth {
	uint64_t corrected, uncorrected;
};

static const struct edac *row_before(const struct edacs *old, const struct edac *row)
{
	for (size_t i = 0; old != NULL && i < old->n; i++)
		if (old->rows[i].index == row->index)
			return &old->rows[i];
	return NULL;
}

/* Nothing at the first look, and where a driver that was loaded anew begins at 0. */
static uint64_t risen(const struct edac *before, const struct edac *row, uint64_t have, uint64_t then, uint64_t now)
{
	return (before->have & row->have & have) != 0 && now > then ? now - then : 0;
}

static struct growth growth_of(const struct edacs *old, const struct edac *row)
{
	const struct edac *before = row_before(old, row);

	if (before == NULL)
		return (struct growth){ 0 };
	return (struct growth){ risen(before, row, EDAC_HAVE_CORRECTED, before->corrected, row->corrected),
				risen(before, row, EDAC_HAVE_UNCORRECTED, before->uncorrected, row->uncorrected) };
}

static bool is_controller(const struct edac *row)
{
	return row->label[0] == '\0';
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What a controller has counted beyond its modules. */
static void take_out_modules(struct growth *growth, const struct edacs *old, const struct edacs *new,
			     const char *controller)
{
	for (size_t i = 0; i < new->n; i++) {
		struct growth module;

		if (is_controller(&new->rows[i]) || strcmp(new->rows[i].controller, controller) != 0)
			continue;
		module = growth_of(old, &new->rows[i]);
		growth->corrected = less(growth->corrected, module.corrected);
		growth->uncorrected = less(growth->uncorrected, module.uncorrected);
	}
}

/* What the text is made of. */
struct found {
	const struct edac *row;
	struct growth growth;
};

static void look_at_row(struct notice_look *look, const struct edacs *old, const struct edacs *new,
			const struct edac *row)
{
	struct found found = { row, growth_of(old, row) };
	struct notice_sample sample = { .subject = row->identity,
					.state = NOTICE_WRONG,
					.row = &found,
					.of_index = row->index,
					.units = "errors" };
	uint64_t sum = found.growth.corrected + found.growth.uncorrected;

	if (sum > 0 && is_controller(row)) {
		take_out_modules(&found.growth, old, new, row->controller);
		sum = found.growth.corrected + found.growth.uncorrected;
	}
	if (sum == 0)
		return;
	sample.severity = found.growth.uncorrected > 0 ? SEVERITY_CRITICAL : SEVERITY_WARNING;
	sample.value = sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
	notice_sample(look, &sample);
}

static void look_at_edacs(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	const struct edacs *before = old != NULL ? old->edacs : NULL;

	for (size_t i = 0; i < new->edacs->n; i++)
		look_at_row(look, before, new->edacs, &new->edacs->rows[i]);
}

static void edac_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	const struct found *found = sample->row;

	snprintf(text, NOTICE_TEXT_SIZE,
		 "memory %s%s%s: %llu corrected and %llu uncorrected errors since the reading before",
		 found->row->controller, is_controller(found->row) ? "" : " ", found->row->label,
		 (unsigned long long)found->growth.corrected, (unsigned long long)found->growth.uncorrected);
}

const struct notice_watch WATCH_EDAC = {
	.raised = EVENT_EDAC_ERRORS,
	.severity = SEVERITY_WARNING,
	.of = EVENT_OF_EDAC,
	.sources = BIT(SOURCE_EDAC),
	.part = offsetof(struct snapshot, edacs),
	.look = look_at_edacs,
	.text = edac_text,
};
