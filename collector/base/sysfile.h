/*
 * sysfile.h - small files of /proc and /sys, below a root prefix so that a captured tree can stand in for /.
 *
 * Thread: any (no state but the root). Cost: open, read, close. Every read has a size limit; longer content is
 * ERR_LIMIT, never a silent cut.
 */
#ifndef EDGENODE_BASE_SYSFILE_H
#define EDGENODE_BASE_SYSFILE_H

#include <stddef.h>
#include <stdint.h>

#define SYSFILE_PATH_MAX 512

struct sysroot {
	const char *prefix; /* "" for the real one; borrowed for the life of the root */
};

/* The whole file into buf (NUL-terminated, size includes the NUL). path starts with '/', may hold printf
 * conversions given by the variadic form. Returns 0, -ERR_ABSENT (ENOENT, ENODEV, ENXIO, ENOTDIR), -ERR_LIMIT,
 * -ERR_IO with errno. *length without the NUL; may be NULL. */
int sysfile_read(const struct sysroot *root, const char *path, char *buf, size_t size, size_t *length);

/* The file's first line without its newline and trailing blanks. */
int sysfile_line(const struct sysroot *root, char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* One decimal number, surrounding blanks allowed, nothing else. -ERR_PARSE, -ERR_RANGE. */
int sysfile_u64(const struct sysroot *root, uint64_t *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int sysfile_i64(const struct sysroot *root, int64_t *out, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Calls fn for each entry of a directory but . and .., in no order, at most `most` of them (then -ERR_LIMIT). */
int sysfile_list(const struct sysroot *root, const char *path, size_t most,
		 void (*fn)(void *arg, const char *name), void *arg);

/* The canonical path, every symbolic link followed, with the prefix removed. -ERR_ABSENT also where it leads out of the
 * prefix. */
int sysfile_realpath(const struct sysroot *root, const char *path, char *buf, size_t size);

#endif
