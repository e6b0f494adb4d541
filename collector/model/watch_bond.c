/* watch_bond.c - bonds that run with less than all of their ports. Pure; thread: cycle. Data: struct bond. */
#include "model/notice.h"

#include <stdio.h>
#include <string.h>

#define RESTORED_HOLD_S 10 /* a link that comes and goes is told of once */

/* Of an active-backup bond all ports but one wait: there a port counts that could take over. */
static uint32_t working_ports(const struct bond *bond)
{
	uint32_t up = 0;

	if (strcmp(bond->mode, "active-backup") != 0)
		return bond->active_ports;
	for (uint32_t i = 0; i < bond->ports; i++)
		up += bond->port_rows[i].up;
	return up;
}

static void look_at_bonds(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	(void)old;
	for (size_t i = 0; i < new->bonds->n; i++) {
		const struct bond *bond = &new->bonds->rows[i];
		const uint32_t working = working_ports(bond);
		const struct notice_sample sample = {
			.subject = bond->name,
			.state = !bond->up || working < bond->ports ? NOTICE_WRONG : NOTICE_RIGHT,
			.row = bond,
			.of_index = bond->index,
			.value = (int32_t)working,
			.threshold = (int32_t)bond->ports,
			.units = "ports",
		};

		notice_sample(look, &sample);
	}
}

static void bond_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	const struct bond *bond = sample->row;

	snprintf(text, NOTICE_TEXT_SIZE, "bond %s is %s with %d of %d ports", bond->name, bond->up ? "up" : "down",
		 sample->value, sample->threshold);
}

const struct notice_watch WATCH_BOND = {
	.raised = EVENT_BOND_DEGRADED,
	.cleared = EVENT_BOND_RESTORED,
	.severity = SEVERITY_WARNING,
	.of = EVENT_OF_BOND,
	.clear_hold_s = RESTORED_HOLD_S,
	.sources = BIT(SOURCE_BOND),
	.part = offsetof(struct snapshot, bonds),
	.look = look_at_bonds,
	.text = bond_text,
};
