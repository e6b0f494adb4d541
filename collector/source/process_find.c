/*
 * process_find.c - the search for QEMU processes of domains. Thread: worker "process". Source: the numbers in /proc,
 * /proc/PID/{stat,cmdline}.
 *
 * A process that was looked at once is not looked at again soon: that keeps a poll cheap. libvirt forks first and
 * becomes QEMU later, so while a process is young the verdict on it is not final; and now and then each is looked at
 * anew, so that another process with the same number is not missed for long.
 */
#include "source/process.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define PIDS_MAX 4200000u /* PID_MAX_LIMIT of the kernel, and the other entries of /proc */
#define YOUNG_NS (10 * NS_PER_S)
#define BUDGET_NS NS_PER_S /* of one look, for processes that are new; the rest follows at the next */
#define AGAIN_NS (60 * NS_PER_S) /* from half to one and a half of it, by number: not all at once */

struct seen {
	uint32_t pid;
	uint64_t look;		 /* the last one that met it */
	int64_t again_ns;	 /* when its verdict is taken anew */
	struct watched *watched; /* NULL: no QEMU */
	UT_hash_handle hh;
};

struct process_finder {
	uint64_t looks;
	size_t watched;
	struct seen *seen;
};

struct look {
	struct process_reader *reader;
	struct process_finder *finder;
	int64_t until_mono_ns;
};

struct process_finder *process_finder_new(void)
{
	return mem_alloc(sizeof(struct process_finder));
}

static void forget(struct process_reader *reader, struct process_finder *finder, struct seen *seen)
{
	HASH_DEL(finder->seen, seen);
	finder->watched -= seen->watched != NULL;
	watched_free(reader, seen->watched);
	free(seen);
}

void process_finder_free(struct process_reader *reader, struct process_finder *finder)
{
	struct seen *seen, *next;

	HASH_ITER (hh, finder->seen, seen, next)
		forget(reader, finder, seen);
	free(finder);
}

/* The command line lies in the process's own memory: reading it can hang as long as that process does. So only that of
 * a QEMU is read. Of one that is too long its head is in the text. */
static bool is_qemu(const struct process_reader *reader, uint32_t pid, const char *comm, uint8_t uuid[16])
{
	char path[64];
	size_t length = PROCESS_CMDLINE_MAX;
	int rc;

	if (!process_parse_qemu(comm))
		return false;
	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	rc = sysfile_read(reader->pool.root, path, reader->text, PROCESS_CMDLINE_MAX, &length);
	return (rc == 0 || rc == -ERR_LIMIT) && process_parse_cmdline(reader->text, length, uuid);
}

static int64_t again_after(const struct process_reader *reader, uint32_t pid, const struct process_stat *stat)
{
	const bool young = reader->have_boot && stat->start_ns <= INT64_MAX &&
			   reader->boot_ns - (int64_t)stat->start_ns < YOUNG_NS;

	return young ? reader->mono_ns : reader->mono_ns + AGAIN_NS / 2 + pid % 64 * (AGAIN_NS / 64);
}

static void judge(struct process_reader *reader, struct process_finder *finder, struct seen *seen)
{
	struct process_stat stat;
	uint8_t uuid[16];
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%u/stat", seen->pid);
	seen->again_ns = reader->mono_ns;
	if (sysfile_read(reader->pool.root, path, reader->text, PROCESS_FILE_MAX, &length) != 0 ||
	    process_parse_stat(reader->text, length, reader->hz, &stat) != 0)
		return;
	seen->again_ns = again_after(reader, seen->pid, &stat);
	if (stat.ended || !is_qemu(reader, seen->pid, stat.comm, uuid))
		return;
	seen->watched = watched_new(reader, seen->pid, uuid, &stat);
	finder->watched++;
}

static void look_at(void *arg, const char *name)
{
	const struct look *look = arg;
	struct seen *seen;
	uint32_t pid;

	if (text_u32(name, &pid) != 0)
		return;
	HASH_FIND(hh, look->finder->seen, &pid, sizeof(pid), seen);
	if (seen == NULL) {
		seen = mem_alloc(sizeof(*seen));
		seen->pid = pid;
		seen->again_ns = look->reader->mono_ns;
		HASH_ADD(hh, look->finder->seen, pid, sizeof(seen->pid), seen);
	}
	seen->look = look->finder->looks;
	if (seen->watched == NULL && look->reader->mono_ns >= seen->again_ns && clock_mono_ns() < look->until_mono_ns)
		judge(look->reader, look->finder, seen);
}

int process_finder_look(struct process_reader *reader, struct process_finder *finder)
{
	struct look look = { reader, finder, clock_mono_ns() + BUDGET_NS };
	struct seen *seen, *next;
	int rc;

	finder->looks++;
	rc = sysfile_list(reader->pool.root, "/proc", PIDS_MAX, look_at, &look);
	if (rc != 0)
		return rc;
	HASH_ITER (hh, finder->seen, seen, next) {
		if (seen->look != finder->looks)
			forget(reader, finder, seen);
	}
	return 0;
}

int process_finder_read(struct process_reader *reader, struct process_finder *finder, struct process *rows, size_t most,
			size_t *n)
{
	struct seen *seen, *next;

	*n = 0;
	HASH_ITER (hh, finder->seen, seen, next) {
		if (seen->watched == NULL)
			continue;
		if (*n == most)
			return -ERR_LIMIT;
		if (watched_read(reader, seen->watched, &rows[*n]) == 0)
			++*n;
		else
			forget(reader, finder, seen);
	}
	return 0;
}

size_t process_finder_count(const struct process_finder *finder)
{
	return finder->watched;
}

bool process_finder_knows(const struct process_finder *finder, uint32_t pid)
{
	struct seen *seen;

	HASH_FIND(hh, finder->seen, &pid, sizeof(pid), seen);
	return seen != NULL;
}
