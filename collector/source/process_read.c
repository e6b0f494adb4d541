/*
 * process_read.c - the reading of one QEMU process: CPU time, memory, I/O, and its vCPU threads.
 *
 * Thread: worker "process". Sources: /proc/PID/{stat,io}, /proc/PID/task/TID/{comm,stat,schedstat} (proc(5), kernel:
 * Documentation/scheduler/sched-stats.rst), the control group (cgroup-v2.rst, cgroup-v1/cpuacct.rst).
 *
 * The CPU time is that of the control group where libvirt made one for the domain alone: it holds what the kernel does
 * for the domain in threads of its own (vhost), and it is what libvirt tells. Otherwise it is that of the process.
 * Where it comes from is settled once for the life of the process, so that it never jumps.
 */
#include "source/process.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_AGAIN_NS (10 * NS_PER_S)
#define THREADS_MAX 65536u /* of one process */

enum cpu_from { CPU_FROM_STAT, CPU_FROM_CLOCK, CPU_FROM_CGROUP_V1, CPU_FROM_CGROUP_V2 };

struct thread {
	uint32_t number; /* of the vCPU */
	uint32_t tid;
	struct process_file schedstat, stat;
};

struct threads {
	size_t n, room;
	struct thread *list; /* ascending number */
};

struct watched {
	uint32_t pid;
	uint8_t uuid[16];
	bool have_start;
	int64_t start_boot_ns, start_mono_ns;
	enum cpu_from from;
	clockid_t clock;			/* CPU_FROM_CLOCK */
	char *cgroup; /* directory, CPU_FROM_CGROUP_*; else NULL */
	struct process_file stat, io, usage, split;
	int64_t threads_due_ns;
	struct threads threads;
};

/* --- where the CPU time comes from ------------------------------------------------------------------------------- */

static int read_cgroup(struct process_reader *reader, struct watched *watched, struct process_times *out)
{
	const bool v2 = watched->from == CPU_FROM_CGROUP_V2;
	size_t length;
	int rc = process_file_read(&reader->pool, &watched->usage, reader->text, PROCESS_FILE_MAX, &length, "%s/%s",
				   watched->cgroup, v2 ? "cpu.stat" : "cpuacct.usage");

	if (rc != 0)
		return rc;
	if (v2)
		return process_parse_cpu_stat(reader->text, length, out);
	rc = process_parse_usage(reader->text, length, out);
	if (rc == 0 && process_file_read(&reader->pool, &watched->split, reader->text, PROCESS_FILE_MAX, &length,
					 "%s/cpuacct.stat", watched->cgroup) == 0)
		process_parse_split(reader->text, length, reader->hz, out);
	return rc;
}

/* Where the group's hierarchy is mounted, as it is usual. */
static bool choose_cgroup(struct process_reader *reader, struct watched *watched)
{
	static const struct {
		enum process_cgroup_kind kind;
		enum cpu_from from;
		const char *mount;
	} MOUNTS[] = {
		{ PROCESS_CGROUP_V2, CPU_FROM_CGROUP_V2, "/sys/fs/cgroup" },
		{ PROCESS_CGROUP_V2, CPU_FROM_CGROUP_V2, "/sys/fs/cgroup/unified" },
		{ PROCESS_CGROUP_V1, CPU_FROM_CGROUP_V1, "/sys/fs/cgroup/cpuacct" },
		{ PROCESS_CGROUP_V1, CPU_FROM_CGROUP_V1, "/sys/fs/cgroup/cpu,cpuacct" },
	};
	struct process_cgroup group;
	struct process_times times;
	char path[sizeof(group.path) + 64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%u/cgroup", watched->pid);
	if (sysfile_read(reader->pool.root, path, reader->text, PROCESS_FILE_MAX, &length) != 0)
		return false;
	process_parse_cgroup(reader->text, length, &group);
	for (size_t i = 0; i < sizeof(MOUNTS) / sizeof(MOUNTS[0]); i++) {
		if (MOUNTS[i].kind != group.kind)
			continue;
		watched->from = MOUNTS[i].from;
		snprintf(path, sizeof(path), "%s%s", MOUNTS[i].mount, group.path);
		mem_replace(&watched->cgroup, path);
		if (read_cgroup(reader, watched, &times) == 0)
			return true;
		process_file_close(&reader->pool, &watched->usage);
	}
	return false;
}

static bool read_clock(const struct watched *watched, uint64_t *total_ns)
{
	struct timespec time;

	if (clock_gettime(watched->clock, &time) != 0)
		return false;
	*total_ns = (uint64_t)time.tv_sec * (uint64_t)NS_PER_S + (uint64_t)time.tv_nsec;
	return true;
}

static void choose_cpu(struct process_reader *reader, struct watched *watched)
{
	uint64_t total_ns;

	if (choose_cgroup(reader, watched))
		return;
	watched->from = CPU_FROM_STAT;
	if (reader->own_pids && clock_getcpuclockid((pid_t)watched->pid, &watched->clock) == 0 &&
	    read_clock(watched, &total_ns))
		watched->from = CPU_FROM_CLOCK;
}

struct watched *watched_new(struct process_reader *reader, uint32_t pid, const uint8_t uuid[16],
			    const struct process_stat *stat)
{
	struct watched *watched = mem_alloc(sizeof(*watched));

	watched->pid = pid;
	memcpy(watched->uuid, uuid, sizeof(watched->uuid));
	watched->stat.fd = watched->io.fd = watched->usage.fd = watched->split.fd = -1;
	watched->have_start = reader->have_boot && stat->start_ns <= INT64_MAX;
	if (watched->have_start) {
		watched->start_boot_ns = (int64_t)stat->start_ns;
		watched->start_mono_ns = reader->mono_ns - (reader->boot_ns - watched->start_boot_ns);
	}
	choose_cpu(reader, watched);
	return watched;
}

static void thread_close(struct process_reader *reader, struct thread *thread)
{
	process_file_close(&reader->pool, &thread->schedstat);
	process_file_close(&reader->pool, &thread->stat);
}

static void threads_free(struct process_reader *reader, struct threads *threads)
{
	for (size_t i = 0; i < threads->n; i++)
		thread_close(reader, &threads->list[i]);
	free(threads->list);
}

void watched_free(struct process_reader *reader, struct watched *watched)
{
	if (watched == NULL)
		return;
	threads_free(reader, &watched->threads);
	process_file_close(&reader->pool, &watched->stat);
	process_file_close(&reader->pool, &watched->io);
	process_file_close(&reader->pool, &watched->usage);
	process_file_close(&reader->pool, &watched->split);
	free(watched->cgroup);
	free(watched);
}

/* --- the process ------------------------------------------------------------------------------------------------- */

static int read_stat(struct process_reader *reader, struct watched *watched, struct process_stat *stat)
{
	size_t length;
	int rc = process_file_read(&reader->pool, &watched->stat, reader->text, PROCESS_FILE_MAX, &length,
				   "/proc/%u/stat", watched->pid);

	if (rc == 0)
		rc = process_parse_stat(reader->text, length, reader->hz, stat);
	if (rc != 0)
		return rc;
	/* Where the file is opened anew each time, only this tells of another process with the number. */
	if (stat->ended || (watched->have_start && (int64_t)stat->start_ns != watched->start_boot_ns))
		return -ERR_ABSENT;
	return stat->rss_pages > UINT64_MAX / reader->page_kib ? -ERR_RANGE : 0;
}

/* The clock goes by the number of the process, so that it is read before its stat: that proves whose number it was. */
static int read_times(struct process_reader *reader, struct watched *watched, struct process_stat *stat,
		      struct process_times *times)
{
	const bool own = watched->from == CPU_FROM_STAT || watched->from == CPU_FROM_CLOCK;
	int rc = 0;

	if (watched->from == CPU_FROM_CLOCK)
		rc = read_clock(watched, &times->total_ns) ? 0 : -ERR_ABSENT;
	else if (!own)
		rc = read_cgroup(reader, watched, times);
	if (rc == 0)
		rc = read_stat(reader, watched, stat);
	if (rc != 0 || !own)
		return rc;
	times->user_ns = stat->user_ns;
	times->system_ns = stat->system_ns;
	times->have_split = true;
	if (watched->from == CPU_FROM_STAT && __builtin_add_overflow(stat->user_ns, stat->system_ns, &times->total_ns))
		return -ERR_RANGE;
	return 0;
}

/* Only who may trace the process may know. */
static void read_io(struct process_reader *reader, struct watched *watched, struct process *out)
{
	size_t length;

	if (process_file_read(&reader->pool, &watched->io, reader->text, PROCESS_FILE_MAX, &length, "/proc/%u/io",
			      watched->pid) == 0 &&
	    process_parse_io(reader->text, length, &out->read_bytes, &out->write_bytes) == 0)
		out->have |= PROCESS_HAVE_IO;
}

/* --- its vCPUs --------------------------------------------------------------------------------------------------- */

/* A search through the threads of a process. */
struct thread_search {
	struct process_reader *reader;
	struct watched *watched;
	struct threads found;
};

static struct thread *find_thread(struct threads *threads, uint32_t tid)
{
	for (size_t i = 0; i < threads->n; i++)
		if (threads->list[i].tid == tid)
			return &threads->list[i];
	return NULL;
}

static void add_thread(struct thread_search *search, uint32_t number, uint32_t tid)
{
	struct threads *found = &search->found;
	struct thread *old = find_thread(&search->watched->threads, tid), *thread;

	if (found->n == DOMAIN_VCPUS_MAX)
		return;
	if (found->n == found->room) {
		found->room = found->room > 0 ? 2 * found->room : 4;
		found->list = mem_grow(found->list, found->room, sizeof(found->list[0]));
	}
	thread = &found->list[found->n++];
	*thread = (struct thread){ number, tid, PROCESS_FILE_CLOSED, PROCESS_FILE_CLOSED };
	if (old == NULL)
		return;
	thread->schedstat = old->schedstat;
	thread->stat = old->stat;
	old->schedstat.fd = old->stat.fd = -1;
}

static void look_at_thread(void *arg, const char *name)
{
	struct thread_search *search = arg;
	char comm[PROCESS_COMM_SIZE];
	uint32_t tid, number;

	if (text_u32(name, &tid) == 0 &&
	    sysfile_line(search->reader->pool.root, comm, sizeof(comm), "/proc/%u/task/%u/comm", search->watched->pid,
			 tid) == 0 &&
	    process_parse_vcpu(comm, &number))
		add_thread(search, number, tid);
}

static int thread_compare(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* A process that is young has not made all of its threads, or not named them. Processes are not all looked through at
 * the same time. */
static int64_t threads_again(const struct process_reader *reader, const struct watched *watched)
{
	const bool young = watched->have_start && reader->boot_ns - watched->start_boot_ns < THREADS_AGAIN_NS;

	return young ? reader->mono_ns : reader->mono_ns + THREADS_AGAIN_NS - watched->pid % 16 * (NS_PER_S / 4);
}

static void look_for_threads(struct process_reader *reader, struct watched *watched)
{
	struct thread_search search = { reader, watched, { 0 } };
	struct threads *found = &search.found;
	char path[64];
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%u/task", watched->pid);
	sysfile_list(reader->pool.root, path, THREADS_MAX, look_at_thread, &search);
	if (found->n > 1)
		qsort(found->list, found->n, sizeof(found->list[0]), thread_compare);
	for (size_t i = 0; i < found->n; i++) {
		if (n == 0 || found->list[n - 1].number != found->list[i].number)
			found->list[n++] = found->list[i];
		else
			thread_close(reader, &found->list[i]);
	}
	found->n = n;
	threads_free(reader, &watched->threads);
	watched->threads = *found;
	watched->threads_due_ns = threads_again(reader, watched);
}

/* False: the thread has ended. */
static bool read_thread(struct process_reader *reader, const struct watched *watched, struct thread *thread,
			struct process_vcpu *out)
{
	struct process_stat stat;
	size_t length;

	out->number = thread->number;
	if (process_file_read(&reader->pool, &thread->stat, reader->text, PROCESS_FILE_MAX, &length,
			      "/proc/%u/task/%u/stat", watched->pid, thread->tid) != 0)
		return false;
	if (process_parse_stat(reader->text, length, reader->hz, &stat) == 0 && stat.physical <= INT32_MAX) {
		out->physical = (int32_t)stat.physical;
		out->have |= PROCESS_VCPU_HAVE_PHYSICAL;
	}
	if (process_file_read(&reader->pool, &thread->schedstat, reader->text, PROCESS_FILE_MAX, &length,
			      "/proc/%u/task/%u/schedstat", watched->pid, thread->tid) == 0 &&
	    process_parse_schedstat(reader->text, length, &out->time_ns, &out->delay_ns) == 0)
		out->have |= PROCESS_VCPU_HAVE_TIMES;
	return true;
}

/* False: one of the threads has ended. */
static bool read_threads(struct process_reader *reader, struct watched *watched, struct process *out)
{
	out->n_vcpus = 0;
	out->vcpus = mem_array(watched->threads.n > 0 ? watched->threads.n : 1, sizeof(out->vcpus[0]));
	for (size_t i = 0; i < watched->threads.n; i++)
		if (!read_thread(reader, watched, &watched->threads.list[i], &out->vcpus[out->n_vcpus++]))
			return false;
	return true;
}

static void read_vcpus(struct process_reader *reader, struct watched *watched, struct process *out)
{
	if (reader->mono_ns >= watched->threads_due_ns)
		look_for_threads(reader, watched);
	for (int tries = 0; !read_threads(reader, watched, out); tries++) {
		free(out->vcpus);
		out->vcpus = NULL;
		out->n_vcpus = 0;
		if (tries == 1)
			return;
		look_for_threads(reader, watched);
	}
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

int watched_read(struct process_reader *reader, struct watched *watched, struct process *out)
{
	struct process_stat stat;
	struct process_times times = { 0 };
	const int rc = read_times(reader, watched, &stat, &times);

	if (rc != 0)
		return rc;
	out->read_mono_ns = clock_mono_ns();
	out->pid = watched->pid;
	memcpy(out->uuid, watched->uuid, sizeof(out->uuid));
	out->cpu_time_ns = times.total_ns;
	out->cpu_user_ns = times.user_ns;
	out->cpu_system_ns = times.system_ns;
	out->rss_kib = stat.rss_pages * reader->page_kib;
	out->have = PROCESS_HAVE_CPU_TIME | PROCESS_HAVE_RSS | (times.have_split ? PROCESS_HAVE_CPU_SPLIT : 0);
	if (watched->have_start) {
		out->start_mono_ns = watched->start_mono_ns;
		out->start_real_ns = reader->offset_ns + watched->start_boot_ns;
		out->have |= PROCESS_HAVE_START;
	}
	if (watched->from == CPU_FROM_CGROUP_V1 || watched->from == CPU_FROM_CGROUP_V2)
		out->have |= PROCESS_HAVE_GROUP;
	read_io(reader, watched, out);
	read_vcpus(reader, watched, out);
	return 0;
}
