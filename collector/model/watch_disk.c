/* watch_disk.c - disks that call themselves broken. Pure; thread: cycle. Data: struct disk. */
#include "model/notice.h"

#include <stdio.h>

static void look_at_disks(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	(void)old;
	for (size_t i = 0; i < new->disks->n; i++) {
		const struct disk *disk = &new->disks->rows[i];
		/* The serial number stays where the name goes to another disk. */
		struct notice_sample sample = { .subject = disk->identity, .row = disk, .of_index = disk->index };

		if (disk->health == DISK_PASSED)
			sample.state = NOTICE_RIGHT;
		else if (disk->health == DISK_FAILED)
			sample.state = NOTICE_WRONG;
		notice_sample(look, &sample);
	}
}

static void disk_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	const struct disk *disk = sample->row;

	snprintf(text, NOTICE_TEXT_SIZE, "disk %s%s%s%s%s %s", disk->name, disk->model[0] != '\0' ? ", " : "",
		 disk->model, disk->serial[0] != '\0' ? ", serial number " : "", disk->serial,
		 sample->state == NOTICE_WRONG ? "reports that its health check fails"
					       : "reports that its health check passes again");
}

const struct notice_watch WATCH_DISK = {
	.raised = EVENT_DISK_HEALTH_FAILED,
	.cleared = EVENT_DISK_HEALTH_RESTORED,
	.severity = SEVERITY_CRITICAL,
	.of = EVENT_OF_DISK,
	.sources = BIT(SOURCE_DISKS),
	.part = offsetof(struct snapshot, disks),
	.look = look_at_disks,
	.text = disk_text,
};
