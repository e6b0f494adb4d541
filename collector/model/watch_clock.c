/* watch_clock.c - whether the node's clock is synchronised. Pure; thread: cycle. Data: struct clock_state. */
#include "model/notice.h"

#include <stdio.h>

#define UNSYNCHRONISED_HOLD_S 10 /* a time daemon that starts or steps the clock is no news */

static void look_at_clock(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	const struct clock_state *clock = new->clock;
	struct notice_sample sample = { .subject = "clock", .row = clock };

	(void)old;
	if (clock->state == CLOCK_SYNCHRONIZED)
		sample.state = NOTICE_RIGHT;
	else if (clock->state == CLOCK_UNSYNCHRONIZED)
		sample.state = NOTICE_WRONG;
	notice_sample(look, &sample);
}

static void clock_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	const struct clock_state *clock = sample->row;
	const bool named = (clock->have & CLOCK_HAVE_REFERENCE) != 0 && clock->reference[0] != '\0';

	if (sample->state == NOTICE_WRONG)
		snprintf(text, NOTICE_TEXT_SIZE, "the node's clock is not synchronised");
	else if ((clock->have & CLOCK_HAVE_OFFSET) != 0)
		snprintf(text, NOTICE_TEXT_SIZE, "the node's clock is synchronised%s%s, its offset is %lld us",
			 named ? " to " : "", named ? clock->reference : "", (long long)(clock->offset_ns / 1000));
	else
		snprintf(text, NOTICE_TEXT_SIZE, "the node's clock is synchronised%s%s", named ? " to " : "",
			 named ? clock->reference : "");
}

const struct notice_watch WATCH_CLOCK = {
	.raised = EVENT_CLOCK_UNSYNCHRONIZED,
	.cleared = EVENT_CLOCK_SYNCHRONIZED,
	.severity = SEVERITY_WARNING,
	.of = EVENT_OF_NOTHING,
	.raise_hold_s = UNSYNCHRONISED_HOLD_S,
	.sources = BIT(SOURCE_CLOCK),
	.part = offsetof(struct snapshot, clock),
	.look = look_at_clock,
	.text = clock_text,
};
