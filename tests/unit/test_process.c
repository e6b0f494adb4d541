/*
 * test_process.c - the source "process" on the trees of tests/fixtures, on trees that change, and on a real process,
 * which is this program under the name of a QEMU.
 */
#include "source/process.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "tests/unit/tree.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern const struct source source_process;

#define WEB "6be3fdb8-bef5-4fec-b1b7-e61bbceab708"
#define MINE "11111111-2222-4333-8444-555555555555"
#define DB "22222222-3333-4444-8555-666666666666"
#define ODD "33333333-4444-4555-8666-777777777777"

#define STAT                                                                                                           \
	"17 (qemu-system-x86) S 1 17 17 0 -1 4194304 9 0 0 0 61000 9300 0 0 20 0 6 0 1234567 2415 262144 1 2 3 "       \
	"4 5 6 0 0 0 0 0 0 0 17 3 0 0 0\n"

/* --- captured trees ---------------------------------------------------------------------------------------------- */

static const struct process *row_of(const struct processes *part, const char *text)
{
	uint8_t uuid[16];

	ck_assert_int_eq(text_uuid_parse(text, uuid), 0);
	for (size_t i = 0; i < part->n; i++)
		if (memcmp(part->rows[i].uuid, uuid, 16) == 0)
			return &part->rows[i];
	return NULL;
}

static uint64_t rss_kib(uint64_t pages)
{
	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void check_web(const struct process *web)
{
	ck_assert_uint_eq(web->pid, 4711);
	ck_assert_uint_eq(web->have, PROCESS_HAVE_CPU_TIME | PROCESS_HAVE_CPU_SPLIT | PROCESS_HAVE_RSS |
					     PROCESS_HAVE_START | PROCESS_HAVE_GROUP);
	ck_assert_uint_eq(web->cpu_time_ns, 712345678000);
	ck_assert_uint_eq(web->cpu_user_ns, 615000001000);
	ck_assert_uint_eq(web->cpu_system_ns, 97345677000);
	ck_assert_uint_eq(web->rss_kib, rss_kib(262144));
	ck_assert_uint_eq(web->n_vcpus, 2);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(web->vcpus[i].number, i);
		ck_assert_uint_eq(web->vcpus[i].have, PROCESS_VCPU_HAVE_TIMES | PROCESS_VCPU_HAVE_PHYSICAL);
	}
	ck_assert_uint_eq(web->vcpus[0].time_ns, 410000000001);
	ck_assert_uint_eq(web->vcpus[1].delay_ns, 2000000002);
	ck_assert_int_eq(web->vcpus[0].physical, 2);
	ck_assert_int_eq(web->vcpus[1].physical, 6);
	/* Up for 350735.47 s, started at 12345.67 s. */
	ck_assert_int_le(llabs(clock_mono_ns() - web->start_mono_ns - 338389800 * NS_PER_MS), 5 * NS_PER_S);
	ck_assert_int_le(llabs(clock_real_ns() - web->start_real_ns - 338389800 * NS_PER_MS), 5 * NS_PER_S);
	ck_assert_int_le(llabs(clock_mono_ns() - web->read_mono_ns), 5 * NS_PER_S);
}

START_TEST(tree_with_cgroup_v2)
{
	struct processes *part = must_poll(&source_process, "process-v2");
	const struct process *mine = row_of(part, MINE);

	ck_assert_uint_eq(part->n, 2);
	ck_assert_int_lt(memcmp(part->rows[0].uuid, part->rows[1].uuid, 16), 0);
	check_web(row_of(part, WEB));
	ck_assert_uint_eq(mine->pid, 4712);
	ck_assert_uint_eq(mine->cpu_time_ns, 17500000000);
	ck_assert_uint_eq(mine->cpu_user_ns, 15000000000);
	ck_assert_uint_eq(mine->cpu_system_ns, 2500000000);
	ck_assert_uint_eq(mine->have & PROCESS_HAVE_IO, PROCESS_HAVE_IO);
	ck_assert_uint_eq(mine->read_bytes, 1048576);
	ck_assert_uint_eq(mine->write_bytes, 524288);
	ck_assert_uint_eq(mine->n_vcpus, 0);
	ck_assert_int_ne(part->net_read_mono_ns, 0);
	ck_assert_uint_eq(part->n_devices, 5);
	ck_assert_str_eq(part->devices[0].name, "eno1");
	ck_assert_str_eq(part->devices[4].name, "vnet12");
	ck_assert_str_eq(part->devices[3].name, "vnet1");
	ck_assert_uint_eq(part->devices[3].rx_bytes, 5120000);
	ck_assert_uint_eq(part->devices[3].rx_packets, 4000);
	ck_assert_uint_eq(part->devices[3].rx_errors, 1);
	ck_assert_uint_eq(part->devices[3].rx_drops, 2);
	ck_assert_uint_eq(part->devices[3].tx_bytes, 9000000);
	ck_assert_uint_eq(part->devices[3].tx_packets, 7000);
	ck_assert_uint_eq(part->devices[3].tx_errors, 3);
	ck_assert_uint_eq(part->devices[3].tx_drops, 4);
	part_unref(part);
}
END_TEST

START_TEST(tree_with_cgroup_v1)
{
	struct processes *part = must_poll(&source_process, "process-v1");
	const struct process *db = row_of(part, DB), *odd = row_of(part, ODD);

	ck_assert_uint_eq(part->n, 2);
	ck_assert_uint_eq(db->cpu_time_ns, 12345678901);
	ck_assert_uint_eq(db->cpu_user_ns, 9000000000);
	ck_assert_uint_eq(db->cpu_system_ns, 3100000000);
	ck_assert_uint_eq(db->read_bytes, 4096);
	ck_assert_uint_eq(db->write_bytes, 8192);
	ck_assert_uint_eq(db->n_vcpus, 1);
	ck_assert_uint_eq(db->vcpus[0].delay_ns, 70000000);
	ck_assert_uint_eq(odd->cpu_time_ns, 31000000);
	ck_assert_uint_eq(odd->rss_kib, rss_kib(100));
	ck_assert_uint_eq(part->devices[0].rx_bytes, 4294967296);
	part_unref(part);
}
END_TEST

START_TEST(trees_without_a_qemu)
{
	struct processes *part = must_poll(&source_process, "server-intel");
	struct part *none;

	ck_assert_uint_eq(part->n, 0);
	part_unref(part);
	ck_assert_int_eq(poll_tree(&source_process, "/nowhere", &none), -ERR_ABSENT);
}
END_TEST

/* --- trees that change ------------------------------------------------------------------------------------------- */

static const struct sysroot root = { .prefix = scratch };
static const struct source_env env = { .root = &root, .uri = "", .agent_version = "test" };
static void *self;

static void scratch_setup(void)
{
	scratch_make();
	scratch_text("/proc/uptime", "1000.00 1.00\n");
	ck_assert_int_eq(source_process.open(&env, &self, &error), 0);
}

static void scratch_teardown(void)
{
	source_process.close(self);
	scratch_remove();
}

static struct processes *must_read(void)
{
	struct part *part = NULL;

	ck_assert_msg(source_process.poll(self, &env, &part, &error) == 0, "%s", error.text);
	return (struct processes *)part;
}

static void write_stat(uint32_t pid, const char *comm, uint64_t user, uint64_t start)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	snprintf(text, sizeof(text),
		 "%u (%s) S 1 1 1 0 -1 0 0 0 0 0 %llu 0 0 0 20 0 1 0 %llu 1 10 1 1 1 1 1 1 0 0 0 0 0 0 0 17 0 0\n", pid,
		 comm, (unsigned long long)user, (unsigned long long)start);
	scratch_text(path, text);
}

static void write_cmdline(uint32_t pid, const char *text, size_t length)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	scratch_write(path, text, length);
}

#define QEMU_LINE(uuid) "qemu\0-uuid\0" uuid "\0", sizeof("qemu\0-uuid\0" uuid "\0") - 1

static void write_qemu(uint32_t pid, uint64_t start)
{
	write_stat(pid, "qemu", 500, start);
	write_cmdline(pid, QEMU_LINE(WEB));
}

static void write_thread(uint32_t pid, uint32_t tid, const char *comm, const char *schedstat)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", pid, tid);
	snprintf(text, sizeof(text), "%s\n", comm);
	scratch_text(path, text);
	snprintf(path, sizeof(path), "/proc/%u/task/%u/schedstat", pid, tid);
	scratch_text(path, schedstat);
	snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, tid);
	scratch_text(path, STAT);
}

static void scratch_delete(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", scratch, path);
	ck_assert_int_eq(nftw(full, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void expect_rows(size_t n)
{
	struct processes *part = must_read();

	ck_assert_uint_eq(part->n, n);
	part_unref(part);
}

START_TEST(young_process_is_looked_at_again)
{
	write_stat(10, "rpc-libvirtd", 0, 99500); /* 5 s old */
	write_cmdline(10, "libvirtd\0", 9);
	write_stat(20, "sh", 0, 50000);
	write_cmdline(20, "sh\0", 3);
	expect_rows(0);
	write_qemu(10, 99500);
	write_qemu(20, 50000); /* known to be none */
	expect_rows(1);
	scratch_delete("/proc/20");
	expect_rows(1);
	write_stat(20, "qemu", 0, 99900); /* the number is somebody else's */
	write_cmdline(20, QEMU_LINE(MINE));
	expect_rows(2);
}
END_TEST

START_TEST(number_given_to_another_process)
{
	struct processes *part;

	write_qemu(10, 50000);
	write_thread(10, 11, "CPU 0/KVM", "5 6 7\n");
	expect_rows(1);
	write_stat(10, "cat", 1, 60000);
	write_cmdline(10, "cat\0", 4);
	expect_rows(0); /* a file that stays open shows it at once */
	expect_rows(0);
	scratch_delete("/proc/10");
	expect_rows(0);
	write_qemu(10, 70000);
	part = must_read();
	ck_assert_uint_eq(part->n, 1);
	ck_assert_uint_eq(part->rows[0].n_vcpus, 0);
	part_unref(part);
}
END_TEST

/* Reading a command line takes that process's memory, and hangs with it: here it is a pipe that nobody writes to. */
START_TEST(process_that_hangs_hurts_nobody)
{
	char path[128];

	write_qemu(10, 50000);
	write_stat(11, "nfs-reader", 0, 50000);
	snprintf(path, sizeof(path), "%s/proc/11/cmdline", scratch);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect_rows(1);
	expect_rows(1);
}
END_TEST

START_TEST(two_of_one_domain)
{
	struct processes *part;

	write_qemu(10, 60000);
	write_qemu(11, 90000);
	write_qemu(12, 80000);
	part = must_read();
	ck_assert_uint_eq(part->n, 1);
	ck_assert_uint_eq(part->rows[0].pid, 11);
	part_unref(part);
}
END_TEST

/* Somebody else's process under the domain's UUID is newer, and in no control group of libvirt's. */
START_TEST(process_that_only_claims_to_be_the_domain)
{
	struct processes *part;

	write_qemu(10, 60000);
	scratch_text("/proc/10/cgroup", "0::/qemu-1-a.libvirt-qemu/emulator\n");
	scratch_text("/sys/fs/cgroup/unified/qemu-1-a.libvirt-qemu/cpu.stat", "usage_usec 5\n");
	write_qemu(11, 90000);
	part = must_read();
	ck_assert_uint_eq(part->n, 1);
	ck_assert_uint_eq(part->rows[0].pid, 10);
	part_unref(part);
	scratch_delete("/proc/10");
	part = must_read();
	ck_assert_uint_eq(part->rows[0].pid, 11);
	part_unref(part);
}
END_TEST

START_TEST(what_is_not_well_formed)
{
	char *line = mem_alloc(2 * PROCESS_CMDLINE_MAX);

	write_qemu(10, 50000);
	write_stat(11, "qemu", 0, 50000);   /* no command line */
	write_cmdline(12, QEMU_LINE(MINE)); /* no stat */
	scratch_text("/proc/13/stat", "13 (qemu)\n");
	write_cmdline(13, QEMU_LINE(MINE));
	scratch_text("/proc/99999999999/stat", "x\n");
	scratch_text("/proc/12a/stat", "x\n");
	scratch_text("/proc/net/dev", "a\nb\nlo\n");
	/* Too long: what stands at its head counts. */
	memset(line, 'x', 2 * PROCESS_CMDLINE_MAX);
	memcpy(line, QEMU_LINE(DB));
	write_stat(14, "qemu", 0, 50000);
	write_cmdline(14, line, 2 * PROCESS_CMDLINE_MAX);
	write_stat(15, "qemu", 0, 50000);
	memset(line, 'x', 2 * PROCESS_CMDLINE_MAX);
	memcpy(line, "qemu\0-m", 8);
	memcpy(line + PROCESS_CMDLINE_MAX, "\0-uuid\0" ODD "\0", sizeof("\0-uuid\0" ODD "\0"));
	write_cmdline(15, line, 2 * PROCESS_CMDLINE_MAX);
	free(line);
	expect_rows(2);
}
END_TEST

START_TEST(ended_process_is_none)
{
	write_qemu(10, 50000);
	expect_rows(1);
	scratch_text("/proc/10/stat",
		     "10 (qemu) Z 1 1 1 0 -1 0 0 0 0 0 1 0 0 0 20 0 1 0 50000 1 0 1 1 1 1 1 1 0 0 0 0 0 0 0 17 0 0\n");
	expect_rows(0);
	expect_rows(0);
}
END_TEST

START_TEST(control_group_that_goes_ends_the_row)
{
	write_qemu(10, 50000);
	scratch_text("/proc/10/cgroup", "0::/qemu-1-a.libvirt-qemu/emulator\n");
	scratch_text("/sys/fs/cgroup/unified/qemu-1-a.libvirt-qemu/cpu.stat", "usage_usec 5\n");
	expect_rows(1);
	scratch_text("/sys/fs/cgroup/unified/qemu-1-a.libvirt-qemu/cpu.stat", "");
	expect_rows(0);
	expect_rows(1); /* seen anew, and by its own time from now on */
}
END_TEST

START_TEST(control_group_is_found_where_it_is_mounted)
{
	struct processes *part;

	write_qemu(10, 50000);
	scratch_text("/proc/10/cgroup", "0::/qemu-1-a.libvirt-qemu/emulator\n");
	scratch_text("/sys/fs/cgroup/qemu-1-a.libvirt-qemu/cpu.stat", "nr_periods 1\n");
	scratch_text("/sys/fs/cgroup/unified/qemu-1-a.libvirt-qemu/cpu.stat", "usage_usec 5\n");
	part = must_read();
	ck_assert_uint_eq(part->rows[0].cpu_time_ns, 5000);
	ck_assert_uint_eq(part->rows[0].have & PROCESS_HAVE_CPU_SPLIT, 0);
	part_unref(part);
}
END_TEST

/* A hard limit of so few descriptors that none can be kept. */
static void scratch_setup_poor(void)
{
	const struct rlimit few = { 512, 512 };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	scratch_setup();
}

START_TEST(threads_come_and_go)
{
	struct processes *part;

	write_qemu(10, 99500);
	write_thread(10, 10, "qemu", "1 1 1\n");
	write_thread(10, 12, "CPU 1/TCG", "3 4 1\n");
	write_thread(10, 11, "CPU 0/TCG", "1 2 1\n");
	write_thread(10, 13, "CPU 1/TCG", "9 9 9\n"); /* of a number that is there */
	part = must_read();
	ck_assert_uint_eq(part->rows[0].n_vcpus, 2);
	ck_assert_uint_eq(part->rows[0].vcpus[1].time_ns, 3);
	part_unref(part);
	scratch_delete("/proc/10/task/12");
	write_thread(10, 11, "CPU 0/TCG", "0 0 0\n");
	part = must_read();
	ck_assert_uint_eq(part->rows[0].n_vcpus, 2);
	ck_assert_uint_eq(part->rows[0].vcpus[0].have, PROCESS_VCPU_HAVE_PHYSICAL);
	ck_assert_uint_eq(part->rows[0].vcpus[1].time_ns, 9);
	part_unref(part);
	scratch_delete("/proc/10/task");
	part = must_read();
	ck_assert_uint_eq(part->n, 1);
	ck_assert_uint_eq(part->rows[0].n_vcpus, 0);
	part_unref(part);
}
END_TEST

/* --- a real one -------------------------------------------------------------------------------------------------- */

/* This program, started with the command line of a QEMU. It obeys single letters, and answers each with itself. */

static void *fake_vcpu(void *arg)
{
	prctl(PR_SET_NAME, "CPU 0/KVM");
	for (int64_t until = clock_thread_cpu_ns() + 30 * NS_PER_MS; clock_thread_cpu_ns() < until;)
		;
	if (write(STDOUT_FILENO, "t", 1) == 1)
		pause();
	return arg;
}

static int fake_qemu(void)
{
	pthread_t thread;
	char letter;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "qemu-fake");
	while (read(STDIN_FILENO, &letter, 1) == 1) {
		if (letter == 't' && pthread_create(&thread, NULL, fake_vcpu, NULL) == 0)
			continue;
		if (letter == 'e') {
			pthread_cancel(thread);
			pthread_join(thread, NULL);
		}
		if (write(STDOUT_FILENO, &letter, 1) != 1)
			break;
	}
	return EXIT_SUCCESS;
}

static const struct sysroot real_root = { .prefix = "" };
static const struct source_env real_env = { .root = &real_root, .uri = "", .agent_version = "test" };
static char fake_uuid[TEXT_UUID_SIZE];
static pid_t fake;
static int to_fake, from_fake;

static void order(char letter)
{
	char answer = 0;

	ck_assert_int_eq(write(to_fake, &letter, 1), 1);
	ck_assert_int_eq(read(from_fake, &answer, 1), 1);
	ck_assert_int_eq(answer, letter);
}

static void start_fake(void)
{
	int in[2], out[2];

	snprintf(fake_uuid, sizeof(fake_uuid), "edededed-0000-4000-8000-%012x", (unsigned int)getpid());
	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	fake = fork();
	if (fake == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execl("/proc/self/exe", "qemu-fake", "-uuid", fake_uuid, (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	close(in[0]);
	close(out[1]);
	to_fake = in[1];
	from_fake = out[0];
	order('h');
}

static void end_fake(void)
{
	kill(fake, SIGKILL);
	waitpid(fake, NULL, 0);
	close(to_fake);
	close(from_fake);
}

static void real_setup(void)
{
	start_fake();
	ck_assert_int_eq(source_process.open(&real_env, &self, &error), 0);
}

static void real_teardown(void)
{
	end_fake();
	source_process.close(self);
}

static struct processes *must_read_real(const struct process **row)
{
	struct part *part = NULL;

	ck_assert_msg(source_process.poll(self, &real_env, &part, &error) == 0, "%s", error.text);
	*row = row_of((struct processes *)part, fake_uuid);
	return (struct processes *)part;
}

START_TEST(real_process_runs)
{
	const int64_t before = clock_mono_ns(), real = clock_real_ns();
	const struct process *row;
	struct processes *part = must_read_real(&row);
	uint64_t cpu_time;
	int64_t start;

	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->pid, (uint32_t)fake);
	ck_assert_uint_eq(row->have & ~PROCESS_HAVE_CPU_SPLIT,
			  PROCESS_HAVE_CPU_TIME | PROCESS_HAVE_RSS | PROCESS_HAVE_IO | PROCESS_HAVE_START);
	ck_assert_uint_gt(row->rss_kib, 100);
	ck_assert_uint_gt(row->cpu_time_ns, 0);
	ck_assert_uint_ne(row->cpu_time_ns % (10 * NS_PER_MS), 0); /* more exact than ticks */
	ck_assert_uint_eq(row->n_vcpus, 0);
	ck_assert_int_le(row->start_mono_ns, before);
	ck_assert_int_ge(row->start_mono_ns, before - 60 * NS_PER_S);
	ck_assert_int_ge(row->start_real_ns, real - 60 * NS_PER_S);
	cpu_time = row->cpu_time_ns;
	start = row->start_mono_ns;
	ck_assert_uint_gt(part->n_devices, 0);
	part_unref(part);
	order('t');
	part = must_read_real(&row);
	ck_assert_uint_eq(row->n_vcpus, 1);
	ck_assert_uint_ge(row->vcpus[0].time_ns, 30 * NS_PER_MS);
	ck_assert_uint_ge(row->cpu_time_ns, cpu_time + 30 * NS_PER_MS);
	ck_assert_int_ge(row->vcpus[0].physical, 0);
	ck_assert_int_eq(row->start_mono_ns, start);
	part_unref(part);
}
END_TEST

START_TEST(real_thread_ends)
{
	const struct process *row;
	struct processes *part;

	order('t');
	part = must_read_real(&row);
	ck_assert_uint_eq(row->n_vcpus, 1);
	part_unref(part);
	order('e');
	part = must_read_real(&row);
	ck_assert_uint_eq(row->n_vcpus, 0);
	part_unref(part);
}
END_TEST

#define DESCRIPTORS 20000
#define LOW_DESCRIPTORS 1024

static size_t count_descriptors(int end)
{
	size_t n = 0;

	for (int fd = 0; fd < end; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(real_process_ends)
{
	const struct process *row;
	struct processes *part = must_read_real(&row);
	const size_t with = count_descriptors(DESCRIPTORS);
	size_t without;

	ck_assert_ptr_nonnull(row);
	part_unref(part);
	kill(fake, SIGKILL);
	waitpid(fake, NULL, 0);
	part = must_read_real(&row);
	ck_assert_ptr_null(row);
	part_unref(part);
	without = count_descriptors(DESCRIPTORS);
	ck_assert_uint_lt(without, with);
	start_fake(); /* and its like */
	part = must_read_real(&row);
	ck_assert_ptr_nonnull(row);
	part_unref(part);
}
END_TEST

START_TEST(descriptors_end_with_the_source)
{
	const size_t before = count_descriptors(DESCRIPTORS), low = count_descriptors(LOW_DESCRIPTORS);
	const struct process *row;
	void *other = self;
	struct processes *part;

	ck_assert_int_eq(source_process.open(&real_env, &self, &error), 0);
	part = must_read_real(&row);
	ck_assert_uint_gt(count_descriptors(DESCRIPTORS), before);
	ck_assert_uint_eq(count_descriptors(LOW_DESCRIPTORS), low); /* they are for others */
	part_unref(part);
	source_process.close(self);
	ck_assert_uint_eq(count_descriptors(DESCRIPTORS), before);
	self = other;
}
END_TEST

#define NOT_HERE 77
#define STRANGER 54321 /* a user who has no QEMU */

/* What a service with ProtectProc=invisible sees. */
static int poll_without_others(void)
{
	void *own = NULL;
	struct part *part = NULL;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("proc", "/proc", "proc", 0, "hidepid=2") != 0 || setgroups(0, NULL) != 0 ||
	    setresgid(STRANGER, STRANGER, STRANGER) != 0 || setresuid(STRANGER, STRANGER, STRANGER) != 0)
		return NOT_HERE;
	if (source_process.open(&real_env, &own, &error) != 0 ||
	    source_process.poll(own, &real_env, &part, &error) != -ERR_ABSENT)
		return EXIT_FAILURE;
	return strstr(error.text, "hidepid") != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

START_TEST(processes_that_are_hidden)
{
	const pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(poll_without_others());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert(WEXITSTATUS(status) == EXIT_SUCCESS || WEXITSTATUS(status) == NOT_HERE);
}
END_TEST

static Suite *process_suite(void)
{
	Suite *suite = suite_create("process");
	TCase *trees = tcase_create("trees"), *poor = tcase_create("poor"), *real = tcase_create("real");

	UNIT_ADD(suite, tree_with_cgroup_v2);
	UNIT_ADD(suite, tree_with_cgroup_v1);
	UNIT_ADD(suite, trees_without_a_qemu);
	UNIT_ADD(suite, processes_that_are_hidden);
	tcase_add_checked_fixture(trees, scratch_setup, scratch_teardown);
	tcase_add_test(trees, young_process_is_looked_at_again);
	tcase_add_test(trees, number_given_to_another_process);
	tcase_add_test(trees, process_that_hangs_hurts_nobody);
	tcase_add_test(trees, two_of_one_domain);
	tcase_add_test(trees, process_that_only_claims_to_be_the_domain);
	tcase_add_test(trees, what_is_not_well_formed);
	tcase_add_test(trees, ended_process_is_none);
	tcase_add_test(trees, control_group_that_goes_ends_the_row);
	tcase_add_test(trees, control_group_is_found_where_it_is_mounted);
	suite_add_tcase(suite, trees);
	tcase_add_checked_fixture(poor, scratch_setup_poor, scratch_teardown);
	tcase_add_test(poor, threads_come_and_go);
	tcase_add_test(poor, number_given_to_another_process);
	suite_add_tcase(suite, poor);
	tcase_add_checked_fixture(real, real_setup, real_teardown);
	tcase_add_test(real, real_process_runs);
	tcase_add_test(real, real_thread_ends);
	tcase_add_test(real, real_process_ends);
	tcase_add_test(real, descriptors_end_with_the_source);
	suite_add_tcase(suite, real);
	return suite;
}

int main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	if (argc > 1 && strcmp(argv[1], "-uuid") == 0)
		return fake_qemu();
	runner = srunner_create(process_suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
