/*
 * procsys.h - what the sources that read /proc and /sys share, and their parsers.
 *
 * Every parser is pure (text -> structure), so that unit tests and fuzz targets call it without files. A text need not
 * end in a NUL and may hold any byte. A parser of a /proc file gives -ERR_PARSE, -ERR_RANGE or -ERR_LIMIT with the
 * number of the line in *line; *out is untouched then. The kernel ends every line with a newline: a last line without
 * one was cut off, so its numbers cannot be trusted, and it is malformed.
 */
#ifndef EDGENODE_SOURCE_PROCSYS_H
#define EDGENODE_SOURCE_PROCSYS_H

#include "source/source.h"

#define PROCSYS_CPU_NUMBER_MAX 65535u      /* greatest host CPU number taken */
#define PROCSYS_STAT_MAX (1024u * 1024)    /* /proc/stat: its interrupt line alone can be hundreds of kilobytes */
#define PROCSYS_TEXT_MAX (64u * 1024)      /* /proc/meminfo, /proc/vmstat */

/* --- parsers ----------------------------------------------------------------------------------------------------- */

/* /proc/stat (proc(5)); hz: ticks a second of sysconf(_SC_CLK_TCK). */
int stat_parse(const char *text, size_t length, uint64_t hz, struct stat_part **out, uint32_t *line);

/* "btime" of /proc/stat: seconds since 1970 of the boot. -ERR_ABSENT where there is no such line. */
int ident_parse_boot_time(const char *text, size_t length, int64_t *out_s, uint32_t *line);

/* The DMI string is one that a board maker left unfilled ("To be filled by O.E.M."). */
bool ident_is_placeholder(const char *text);

/* /proc/loadavg, /proc/meminfo (without KSM), /proc/vmstat: proc(5). */
int loadavg_parse(const char *text, size_t length, struct load_part **out, uint32_t *line);
int meminfo_parse(const char *text, size_t length, struct meminfo_part **out, uint32_t *line);
int vmstat_parse(const char *text, size_t length, struct vmstat_part **out, uint32_t *line);

/* /proc/diskstats: every line but unused loop and RAM disks, partitions among them, without an identity. */
int diskstats_parse(const char *text, size_t length, struct host_disks **out, uint32_t *line);

/* /proc/interrupts: the sums of its rows on errors and heat; other rows are passed over. */
int interrupts_parse(const char *text, size_t length, struct interrupts **out, uint32_t *line);

/* The next name of a list of interfaces with blanks between: 1, 0 at the end, -ERR_PARSE. "00:1b:21:0a:0b:0c" -> 6
 * octets. */
int bond_take_name(const char **list, char name[BOND_NAME_SIZE]);
int bond_parse_mac(const char *text, uint8_t mac[6]);

/* /proc/pressure/NAME (kernel: Documentation/accounting/psi.rst). resource is left alone. */
int pressure_parse(const char *text, size_t length, struct pressure *out, uint32_t *line);

/* A CPU list "0-3,8-11\n" (kernel: Documentation/admin-guide/cputopology.rst) into ascending numbers, `most` of them. */
int cpulist_parse(const char *text, size_t length, uint32_t *numbers, size_t most, size_t *n);

/* "hugepages-2048kB" -> 2048. */
int hugepages_parse_name(const char *name, uint32_t *size_kib);

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* A zeroed flat part of `size` bytes, freed as one piece. */
void *procsys_part_new(size_t size);

/* A text buffer that keeps the size its file needs from poll to poll. `self` of the sources of one text file. */
struct procsys_buffer {
	char *data;
	size_t size;
};
int procsys_open(const struct source_env *env, void **self, struct source_error *error);
void procsys_close(void *self);

/* The whole file of at most `most` bytes into the buffer. Errors of sysfile_read. */
int procsys_read(struct procsys_buffer *buffer, const struct sysroot *root, const char *path, size_t most,
		 size_t *length);

/* Text "PATH: why" or "PATH:LINE: why" (line 0: none) for code; returns code. errno must be that of the failure. */
int procsys_fail(struct source_error *error, int code, const char *path, uint32_t line);

/* The numbers of the CPUs that are online, ascending; at most HOST_CPUS_MAX. */
int procsys_online_cpus(const struct source_env *env, uint32_t *numbers, size_t *n, struct source_error *error);

/* A poll whose part is `head` bytes and then `row` bytes for each CPU that is online: read fills it, in ascending number. */
int procsys_poll_cpus(const struct source_env *env, size_t head, size_t row,
		      int (*read)(const struct sysroot *root, const uint32_t *numbers, size_t n, struct part *part,
				  struct source_error *error),
		      struct part **result, struct source_error *error);

/* The device that a chip below /sys/class stands for: the target of path/device, else the directory the chip itself is
 * in, so that no number given at boot to a hwmon device gets into it. */
int procsys_device_path(const struct sysroot *root, const char *path, char *buf, size_t size);

/* thermal.c: max, critical and their hystereses from the trip points of the ordinal-th zone (1: the first) among those
 * of the type of zone `first`, into *limits with their bits. Untouched where there is no such zone. */
void thermal_read_limits(const struct sysroot *root, uint32_t first, size_t ordinal, struct sensor *limits);

/* --- lines ------------------------------------------------------------------------------------------------------- */

struct procsys_lines {
	const char *next, *end;
	const char *at, *stop; /* the present line, without its newline */
	uint32_t number;       /* 1, 2, ... */
};
void procsys_lines_init(struct procsys_lines *lines, const char *text, size_t length);

/* 1 and the next line, 0 at the end, -ERR_PARSE at a last line without newline. */
int procsys_lines_next(struct procsys_lines *lines);

/* A name and the place of its number in a structure of uint64_t fields with a `have` mask. */
struct procsys_key {
	const char *name;
	size_t offset;
	uint64_t bit;
};

/* Takes every line "NAME NUMBER" or "NAME: NUMBER kB" whose name is among the n keys; others are passed over. */
int procsys_take_keys(const char *text, size_t length, const struct procsys_key *keys, size_t n, void *base,
		      uint64_t *have, uint32_t *line);

#endif
