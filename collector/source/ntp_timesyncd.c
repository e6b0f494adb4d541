/*
 * ntp_timesyncd.c - what systemd-timesyncd leaves in files (systemd-timesyncd.service(8)). Thread: worker "clock".
 *
 * Its directory in /run is there while it runs. The file "synchronized" in it is touched at each correction of the
 * clock and stays when corrections end, so it tells the time of the last one, not whether the clock is still right:
 * that the kernel knows, whose flag timesyncd clears and the growing error sets. Server, offset and the like it tells
 * on D-Bus only; they are absent.
 */
#include "base/clock.h"
#include "source/ntp_daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DIRECTORY "/run/systemd/timesync"
#define SYNCHRONIZED DIRECTORY "/synchronized"

static int status_of(const struct sysroot *root, const char *path, struct stat *out)
{
	char full[SYSFILE_PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", root->prefix, path) >= (int)sizeof(full))
		return -ERR_LIMIT;
	if (stat(full, out) == 0)
		return 0;
	return errno == ENOENT || errno == ENOTDIR ? -ERR_ABSENT : -ERR_IO;
}

static int fail(struct source_error *error, int code, const char *path)
{
	return source_fail(error, code, "systemd-timesyncd: %s: %s", path,
			   code == -ERR_IO ? strerror(errno) : err_text(code));
}

static int read_timesyncd(const struct source_env *env, struct clock_peers *out, struct source_error *error)
{
	struct stat st;
	int rc = status_of(env->root, DIRECTORY, &st);

	if (rc != 0)
		return fail(error, rc, DIRECTORY);
	rc = status_of(env->root, SYNCHRONIZED, &st);
	if (rc != 0 && rc != -ERR_ABSENT)
		return fail(error, rc, SYNCHRONIZED);
	ntp_daemon_init_state(&out->clock, "systemd-timesyncd");
	if (rc == -ERR_ABSENT) {
		out->clock.state = CLOCK_UNSYNCHRONIZED;
		return 0;
	}
	out->clock.source = CLOCK_SOURCE_NTP;
	ntp_daemon_set_update(&out->clock, clock_mono_ns(),
			      clock_real_ns() - (st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec));
	return 0;
}

const struct ntp_daemon ntp_timesyncd = { "systemd-timesyncd", read_timesyncd };
