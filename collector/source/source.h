/*
 * source.h - the contract of a source: something of the node that can be read.
 *
 * A source knows nothing of SNMP, XML or HTTP, and nothing of the other sources. It runs on its worker's thread, may
 * block there, and hands over one result per poll; ownership moves with the result. When it overruns its deadline
 * its whole worker is abandoned and a new one, with newly opened sources, takes over: so no source has state
 * outside of `self`.
 */
#ifndef EDGENODE_SOURCE_SOURCE_H
#define EDGENODE_SOURCE_SOURCE_H

#include "base/err.h"
#include "base/sysfile.h"
#include "model/snapshot.h"

/* Workers: one thread each. Sources on the same worker wait for each other. A snapshot waits a little for the quick
 * ones (before WORKER_QUICK_END), and the first snapshot for those before WORKER_FIRST_END. */
enum worker_id {
	WORKER_FILES, WORKER_SENSORS, WORKER_THERMAL, WORKER_PROCESS, WORKER_QUICK_END,
	WORKER_LIBVIRT = WORKER_QUICK_END, WORKER_CLOCK, WORKER_POOLS, WORKER_FIRST_END,
	WORKER_DISKS = WORKER_FIRST_END, WORKER_END
};

struct live_queue;
struct commands;
struct mce_reader;

struct source_env {
	const struct sysroot *root;  /* where /proc and /sys are */
	const char *uri;             /* of libvirt; "" lets libvirt choose */
	struct live_queue *live;     /* live events go here (source/live.h) */
	const char *agent_version;
	const char *chronyd, *ntpd;  /* "127.0.0.1:323", "127.0.0.1:123": where their protocols are spoken; "" not at all */
	const char *ptp4l;           /* path of its management socket; "" none */
	const char *smartctl;        /* the program; "" none */
	struct commands *commands;   /* what runs programs (source/commands.h); NULL: nothing does */
	struct mce_reader *mce;      /* who waits for machine checks (source/mce_reader.h); NULL: nobody */
};

/* One line of English on why a poll failed, naming the file, URI or device. */
struct source_error {
	char text[SOURCE_ERROR_MAX];
};

struct source {
	enum source_id id;
	const char *name;      /* edgeSourceName */
	enum worker_id worker;
	uint32_t interval_ms;  /* default; 0: the configured poll period */
	uint32_t deadline_ms;  /* of one poll, open included; then the worker is abandoned */
	/* Optional. Called on the worker before the first poll, again after a failed one of its own. *self stays NULL
	 * on error. */
	int (*open)(const struct source_env *env, void **self, struct source_error *error);
	/* 0 and *result (a part of the type in the comment of the id's result struct), or -ERR_ABSENT: this machine has
	 * nothing of the kind, or another error with its text. self is NULL where there is no open. */
	int (*poll)(void *self, const struct source_env *env, struct part **result, struct source_error *error);
	/* Optional. */
	void (*close)(void *self);
};

/* registry.c: all sources built in, NULL at the end, ascending id. */
extern const struct source *const SOURCES[];

/* Formats the text and returns code, for `return source_fail(error, -ERR_PARSE, "...")`. */
int source_fail(struct source_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
