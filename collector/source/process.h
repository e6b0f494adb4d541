/*
 * process.h - the pieces of the source "process": its parsers, the files it keeps open, the reading of one QEMU
 * process, and the search for them.
 *
 * Thread: worker "process"; the parsers are pure. A text need not end in a NUL and may hold any byte; parsers give
 * -ERR_PARSE or -ERR_RANGE and leave *out untouched then.
 */
#ifndef EDGENODE_SOURCE_PROCESS_H
#define EDGENODE_SOURCE_PROCESS_H

#include "model/process.h"
#include "source/source.h"

#define PROCESS_CMDLINE_MAX (256u * 1024) /* what is looked at of a command line; "-uuid" stands near its head */
#define PROCESS_NETDEV_MAX (4u << 20)	  /* of /proc/net/dev */
#define PROCESS_FILE_MAX 4096u		  /* of every other file */
#define PROCESS_COMM_SIZE 64u		  /* 16 for processes; kernel threads show more */

/* --- parsers: process_parse.c ------------------------------------------------------------------------------------ */

/* /proc/PID/stat (proc(5)); times in ns, hz ticks a second. */
struct process_stat {
	char comm[PROCESS_COMM_SIZE];
	bool ended; /* what is left of it waits for its parent */
	uint64_t user_ns, system_ns;
	uint64_t start_ns; /* after the boot */
	uint64_t rss_pages;
	uint64_t physical; /* CPU it last ran on */
};
int process_parse_stat(const char *text, size_t length, uint64_t hz, struct process_stat *out);

/* schedstat of a thread: ran, waited. -ERR_ABSENT where the kernel does not count (it has run in no time slice). */
int process_parse_schedstat(const char *text, size_t length, uint64_t *time_ns, uint64_t *delay_ns);

/* /proc/PID/io. */
int process_parse_io(const char *text, size_t length, uint64_t *read_bytes, uint64_t *write_bytes);

/* /proc/uptime: ns since the boot. */
int process_parse_uptime(const char *text, size_t length, int64_t *out_ns);

/* Whether the name of a process is that of a QEMU, whatever it is called with: "qemu-system-x86", "kvm", "qemu:web". */
bool process_parse_qemu(const char *comm);

/* Whether the command line, or its head, has a domain's UUID. */
bool process_parse_cmdline(const char *text, size_t length, uint8_t uuid[16]);

/* Whether a thread's name is that of a vCPU: "CPU 3/KVM". */
bool process_parse_vcpu(const char *comm, uint32_t *number);

/* /proc/PID/cgroup: the control group that libvirt made for this domain alone, without what is below it. path "" where
 * there is none. */
enum process_cgroup_kind { PROCESS_CGROUP_NONE, PROCESS_CGROUP_V1, PROCESS_CGROUP_V2 };
struct process_cgroup {
	enum process_cgroup_kind kind;
	char path[SYSFILE_PATH_MAX / 2];
};
void process_parse_cgroup(const char *text, size_t length, struct process_cgroup *out);

/* Times of a control group. v2: cpu.stat; v1: cpuacct.usage, and cpuacct.stat in ticks. */
struct process_times {
	uint64_t total_ns, user_ns, system_ns;
	bool have_split; /* user and system */
};
int process_parse_cpu_stat(const char *text, size_t length, struct process_times *out);
int process_parse_usage(const char *text, size_t length, struct process_times *out);
int process_parse_split(const char *text, size_t length, uint64_t hz, struct process_times *out);

/* /proc/net/dev: rows sorted by name, for the caller to free. */
int process_parse_netdev(const char *text, size_t length, struct net_device **rows, size_t *n, uint32_t *line);

/* --- files that stay open: process_file.c ------------------------------------------------------------------------ */

#define PROCESS_DESCRIPTORS_MAX 4096u

struct process_pool {
	const struct sysroot *root;
	size_t open, most; /* descriptors kept */
};
/* Raises the soft limit on open files as far as needed and allowed. */
void process_pool_init(struct process_pool *pool, const struct sysroot *root);

struct process_file {
	int fd; /* -1: not open */
};
#define PROCESS_FILE_CLOSED ((struct process_file){ -1 })

/* The whole file, of less than size bytes, NUL-terminated; opened by its path and kept where there is room for one
 * more. -ERR_ABSENT: there is none, or its process has gone; -ERR_IO, -ERR_LIMIT. */
int process_file_read(struct process_pool *pool, struct process_file *file, char *buf, size_t size, size_t *length,
		      const char *format, ...) __attribute__((format(printf, 6, 7)));
void process_file_close(struct process_pool *pool, struct process_file *file);

/* --- one process: process_read.c --------------------------------------------------------------------------------- */

/* What all processes of one poll share. */
struct process_reader {
	struct process_pool pool;
	uint64_t hz, page_kib;
	bool own_pids;	   /* process numbers of the root's /proc are those of this process's system calls */
	bool have_boot;	   /* the next three */
	int64_t boot_ns;   /* since the boot, now */
	int64_t mono_ns;   /* at that moment */
	int64_t offset_ns; /* real time minus time since the boot; changes only where the clock was set */
	char *text;	   /* PROCESS_CMDLINE_MAX bytes for any file */
};

struct watched;

/* stat: of this process, just read. */
struct watched *watched_new(struct process_reader *reader, uint32_t pid, const uint8_t uuid[16],
			    const struct process_stat *stat);
void watched_free(struct process_reader *reader, struct watched *watched);

/* Into a zeroed row. Another code than 0: it has gone, or cannot be read as before; it should be freed. */
int watched_read(struct process_reader *reader, struct watched *watched, struct process *out);

/* --- the search: process_find.c ---------------------------------------------------------------------------------- */

struct process_finder;

struct process_finder *process_finder_new(void);
void process_finder_free(struct process_reader *reader, struct process_finder *finder);

/* Looks at every process that is new. 0, -ERR_ABSENT (no /proc), -ERR_IO. */
int process_finder_look(struct process_reader *reader, struct process_finder *finder);

/* Reads all that were found into rows, at most `most`, in no order, and forgets those that have gone. -ERR_LIMIT: there
 * are more. *n is set in any case. */
int process_finder_read(struct process_reader *reader, struct process_finder *finder, struct process *rows, size_t most,
			size_t *n);
size_t process_finder_count(const struct process_finder *finder);
/* Whether the last look met that process, of whatever kind. */
bool process_finder_knows(const struct process_finder *finder, uint32_t pid);

#endif
