/* mce_kmsg.c - machine checks from /dev/kmsg (mce_kmsg.h). */
#include "source/mce_kmsg.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_SIZE 16384   /* the kernel's own limit is half of it */
#define RECORDS_MAX 100000u /* of one look: more than any ring holds */

struct mce_kmsg {
	int fd;
	bool any;	   /* one was read since the opening */
	uint64_t sequence; /* of the newest that was */
	bool overtaken;	   /* the kernel says that some were overwritten meanwhile */
	struct mce_lines lines;
};

static int fail(struct source_error *error, int code)
{
	return source_fail(error, code, KMSG_PATH ": %s", strerror(errno));
}

int mce_kmsg_open(const struct sysroot *root, struct mce_kmsg **out, struct source_error *error)
{
	char path[SYSFILE_PATH_MAX];
	struct mce_kmsg *kmsg;
	int fd;

	snprintf(path, sizeof(path), "%s" KMSG_PATH, root->prefix);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return fail(error, errno == ENOENT || errno == EPERM || errno == EACCES || errno == ENXIO ? -ERR_ABSENT
													  : -ERR_IO);
	kmsg = mem_alloc(sizeof(*kmsg));
	kmsg->fd = fd;
	*out = kmsg;
	return 0;
}

void mce_kmsg_close(struct mce_kmsg *kmsg)
{
	if (kmsg == NULL)
		return;
	close(kmsg->fd);
	free(kmsg);
}

int mce_kmsg_fd(const struct mce_kmsg *kmsg)
{
	return kmsg->fd;
}

static void add_record(struct mce_kmsg *kmsg, const struct mce_fields *fields, struct machine_check_mark *mark,
		       struct mce_batch *batch)
{
	struct machine_check record = { .path = MACHINE_CHECK_KMSG, .time_real_ns = clock_real_ns() };

	if (kmsg->sequence <= mark->stamp)
		return;
	mce_describe(fields, &record);
	mark->stamp = kmsg->sequence;
	record.mark = *mark;
	mce_batch_add(batch, &record);
}

/* Lines were overwritten before they were read; nobody knows what they said. */
static void add_gap(uint64_t sequence, const struct mce_kmsg *kmsg, struct machine_check_mark *mark,
		    struct mce_batch *batch)
{
	struct machine_check record = { .path = MACHINE_CHECK_KMSG,
					.time_real_ns = clock_real_ns(),
					.subject = "machine checks" };
	const uint64_t lines = sequence - kmsg->sequence - 1;

	if (!kmsg->overtaken || !kmsg->any || sequence <= kmsg->sequence + 1 || sequence - 1 <= mark->stamp)
		return;
	mark->stamp = sequence - 1;
	record.lost = lines < UINT32_MAX ? (uint32_t)lines : UINT32_MAX;
	record.mark = *mark;
	snprintf(record.text, sizeof(record.text),
		 "%u lines of the kernel's log were overwritten before they were read; whether there were machine "
		 "checks "
		 "among them is not known",
		 record.lost);
	mce_batch_add(batch, &record);
}

static void take(struct mce_kmsg *kmsg, const char *data, size_t length, struct machine_check_mark *mark,
		 struct mce_batch *batch)
{
	struct mce_fields fields;
	const char *text;
	size_t text_length;
	uint64_t sequence;

	if (kmsg_parse(data, length, &sequence, &text, &text_length) != 0)
		return;
	add_gap(sequence, kmsg, mark, batch);
	kmsg->any = true;
	kmsg->overtaken = false;
	kmsg->sequence = sequence;
	if (mce_lines_add(&kmsg->lines, text, text_length, &fields))
		add_record(kmsg, &fields, mark, batch);
}

int mce_kmsg_look(struct mce_kmsg *kmsg, struct mce_marks *marks, struct mce_batch *batch, bool *more,
		  struct source_error *error)
{
	struct machine_check_mark *mark = mce_marks_of(marks, MACHINE_CHECK_STREAM_KMSG);
	char data[RECORD_SIZE];

	*more = false;
	for (size_t i = 0; mark != NULL && i < RECORDS_MAX; i++) {
		ssize_t n;

		/* A record and a gap before it. */
		*more = batch->room - batch->n < 2;
		if (*more)
			return 0;
		n = read(kmsg->fd, data, sizeof(data));
		if (n > 0)
			take(kmsg, data, (size_t)n, mark, batch);
		else if (n < 0 && errno == EPIPE)
			kmsg->overtaken = true;
		else if (n < 0 && errno == EINVAL)
			continue; /* longer than any should be: passed over by the kernel */
		else if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : fail(error, -ERR_IO);
		else if (n == 0)
			return 0;
	}
	return 0;
}
