/*
 * process.c - the source "process": the QEMU processes of this host and its network devices, observed in /proc without
 * asking libvirt or a QEMU, so that they are known while those hang.
 *
 * Thread: worker "process". What is known of a process is in process_read.c, how they are found in process_find.c.
 * The devices are one file, /proc/net/dev, rather than the eight files each has in /sys/class/net: the numbers are the
 * same, and it is what libvirt reads.
 */
#include "source/process.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/procsys.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 3000
#define NETDEV_PATH "/proc/net/dev"
/* So far does real time not move from the time since the boot unless somebody sets it. */
#define CLOCK_SET_NS NS_PER_S

struct process_source {
	struct process_reader reader;
	struct process_finder *finder;
	struct procsys_buffer *netdev;
	struct log_repeat netdev_repeat;
};

/* In a container with the host's /proc, numbers there are not those of the system calls here. */
static bool pids_are_own(const struct sysroot *root)
{
	char name[32] = "";
	uint32_t pid;

	return root->prefix[0] == '\0' && readlink("/proc/self", name, sizeof(name) - 1) > 0 &&
	       text_u32(name, &pid) == 0 && pid == (uint32_t)getpid();
}

static int process_open(const struct source_env *env, void **self, struct source_error *error)
{
	struct process_source *source = mem_alloc(sizeof(*source));
	void *buffer = NULL;

	process_pool_init(&source->reader.pool, env->root);
	source->reader.hz = (uint64_t)sysconf(_SC_CLK_TCK);
	source->reader.page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
	source->reader.own_pids = pids_are_own(env->root);
	source->reader.text = mem_alloc(PROCESS_CMDLINE_MAX);
	source->finder = process_finder_new();
	procsys_open(env, &buffer, error);
	source->netdev = buffer;
	*self = source;
	return 0;
}

static void process_close(void *self)
{
	struct process_source *source = self;

	process_finder_free(&source->reader, source->finder);
	procsys_close(source->netdev);
	free(source->reader.text);
	free(source);
}

/* A captured tree has the time since the boot of its own machine. */
static void read_clocks(struct process_reader *reader)
{
	int64_t offset_ns;
	size_t length;

	reader->mono_ns = clock_mono_ns();
	reader->boot_ns = clock_boot_ns();
	reader->have_boot = true;
	if (reader->pool.root->prefix[0] != '\0')
		reader->have_boot =
			sysfile_read(reader->pool.root, "/proc/uptime", reader->text, PROCESS_FILE_MAX, &length) == 0 &&
			process_parse_uptime(reader->text, length, &reader->boot_ns) == 0;
	offset_ns = clock_real_ns() - reader->boot_ns;
	if (llabs(offset_ns - reader->offset_ns) > CLOCK_SET_NS)
		reader->offset_ns = offset_ns;
}

static void processes_destroy(struct part *part)
{
	struct processes *processes = (struct processes *)part;

	for (size_t i = 0; i < processes->n; i++)
		free(processes->rows[i].vcpus);
	free(processes->rows);
	free(processes->devices);
	free(processes);
}

static int process_compare(const void *a, const void *b)
{
	const struct process *x = a, *y = b;
	const int uuids = memcmp(x->uuid, y->uuid, sizeof(x->uuid));

	if (uuids != 0)
		return uuids;
	if (((x->have ^ y->have) & PROCESS_HAVE_GROUP) != 0)
		return (x->have & PROCESS_HAVE_GROUP) != 0 ? -1 : 1;
	return x->start_mono_ns > y->start_mono_ns ? -1 : x->start_mono_ns < y->start_mono_ns;
}

/* One that ends and the one that follows it may be there at once: the newer stays. But anybody may write a domain's
 * UUID into a command line, so one that libvirt put into a control group goes before one that is in none. */
static void sort_rows(struct processes *processes)
{
	size_t n = 0;

	if (processes->n > 1)
		qsort(processes->rows, processes->n, sizeof(processes->rows[0]), process_compare);
	for (size_t i = 0; i < processes->n; i++) {
		struct process *row = &processes->rows[i];

		if (n == 0 || memcmp(processes->rows[n - 1].uuid, row->uuid, sizeof(row->uuid)) != 0)
			processes->rows[n++] = *row;
		else
			free(row->vcpus);
	}
	processes->n = n;
}

/* A file of devices that cannot be read costs the devices only. */
static void read_devices(struct process_source *source, const struct source_env *env, struct processes *part)
{
	struct source_error error = { "" };
	uint32_t line = 0;
	size_t length;
	int rc = procsys_read(source->netdev, env->root, NETDEV_PATH, PROCESS_NETDEV_MAX, &length);
	const int64_t now = clock_mono_ns();

	if (rc == 0)
		rc = process_parse_netdev(source->netdev->data, length, &part->devices, &part->n_devices, &line);
	if (rc == 0)
		part->net_read_mono_ns = now;
	if (rc == 0 || rc == -ERR_ABSENT) {
		log_repeat_ok(&source->netdev_repeat, "process");
		return;
	}
	procsys_fail(&error, rc, NETDEV_PATH, line);
	log_repeat_fail(&source->netdev_repeat, "process", error.text);
}

static int process_poll(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	struct process_source *source = self;
	struct processes *part;
	size_t room;
	int rc;

	read_clocks(&source->reader);
	rc = process_finder_look(&source->reader, source->finder);
	if (rc != 0)
		return procsys_fail(error, rc, "/proc", 0);
	room = process_finder_count(source->finder);
	if (room == 0 && source->reader.own_pids && !process_finder_knows(source->finder, 1))
		return source_fail(error, -ERR_ABSENT, "/proc: processes of other users are hidden (hidepid)");
	room = room < PROCESSES_MAX ? room : PROCESSES_MAX;
	part = mem_alloc(sizeof(*part));
	part_init(&part->part, processes_destroy);
	part->rows = mem_array(room > 0 ? room : 1, sizeof(part->rows[0]));
	if (process_finder_read(&source->reader, source->finder, part->rows, room, &part->n) != 0) {
		part_unref(part);
		return source_fail(error, -ERR_LIMIT, "more than %d QEMU processes", PROCESSES_MAX);
	}
	sort_rows(part);
	read_devices(source, env, part);
	*result = &part->part;
	return 0;
}

const struct source source_process = {
	.id = SOURCE_PROCESS,
	.name = "process",
	.worker = WORKER_PROCESS,
	.deadline_ms = DEADLINE_MS,
	.open = process_open,
	.poll = process_poll,
	.close = process_close,
};
