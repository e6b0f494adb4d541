/*
 * ptp_clock.c - PTP hardware clocks. Thread: worker "clock".
 *
 * The kernel has three ioctls for the same question, of which a driver offers some: a time stamp of both clocks at
 * once, the system's clock read close around the register that tells the hardware's, and the system's clock read around
 * the whole call. The first that works is taken.
 */
#include "source/ptp_clock.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLASS_PATH "/sys/class/ptp"
#define ENTRIES_MAX 1024u
#define SAMPLES 9 /* the shortest of nine is seldom disturbed; each costs some microseconds of the bus */
#define SECONDS_MAX (INT64_MAX / NS_PER_S - 1)

_Static_assert(SAMPLES <= PTP_MAX_SAMPLES, "the kernel takes no more");

/* --- samples ----------------------------------------------------------------------------------------------------- */

static bool time_ns(const struct ptp_clock_time *time, int64_t *ns)
{
	if (time->sec > SECONDS_MAX || time->sec < -SECONDS_MAX || time->nsec >= NS_PER_S)
		return false;
	*ns = time->sec * NS_PER_S + time->nsec;
	return true;
}

/* 1 where it is one. */
static size_t take_sample(const struct ptp_clock_time *before, const struct ptp_clock_time *clock,
			  const struct ptp_clock_time *after, struct ptp_sample *out)
{
	struct ptp_sample sample;

	if (!time_ns(before, &sample.before_ns) || !time_ns(clock, &sample.clock_ns) ||
	    !time_ns(after, &sample.after_ns) || sample.after_ns < sample.before_ns)
		return 0;
	*out = sample;
	return 1;
}

size_t ptp_clock_take_precise(const struct ptp_sys_offset_precise *from, struct ptp_sample *samples)
{
	return take_sample(&from->sys_realtime, &from->device, &from->sys_realtime, samples);
}

size_t ptp_clock_take_extended(const struct ptp_sys_offset_extended *from, struct ptp_sample *samples)
{
	size_t n = 0;

	for (size_t i = 0; i < from->n_samples && i < PTP_MAX_SAMPLES; i++)
		n += take_sample(&from->ts[i][0], &from->ts[i][1], &from->ts[i][2], &samples[n]);
	return n;
}

/* System, hardware, system, hardware, ..., system. */
size_t ptp_clock_take_plain(const struct ptp_sys_offset *from, struct ptp_sample *samples)
{
	size_t n = 0;

	for (size_t i = 0; i < from->n_samples && i < PTP_MAX_SAMPLES; i++)
		n += take_sample(&from->ts[2 * i], &from->ts[2 * i + 1], &from->ts[2 * i + 2], &samples[n]);
	return n;
}

int ptp_clock_best(const struct ptp_sample *samples, size_t n, int64_t *difference_ns)
{
	const struct ptp_sample *best = samples;
	int64_t middle, difference;

	if (n == 0)
		return -ERR_ABSENT;
	for (size_t i = 1; i < n; i++)
		if (samples[i].after_ns - samples[i].before_ns < best->after_ns - best->before_ns)
			best = &samples[i];
	middle = best->before_ns + (best->after_ns - best->before_ns) / 2;
	if (__builtin_sub_overflow(best->clock_ns, middle, &difference))
		return -ERR_ABSENT;
	*difference_ns = difference;
	return 0;
}

/* --- the devices ------------------------------------------------------------------------------------------------- */

static size_t read_samples(int fd, struct ptp_sample samples[PTP_MAX_SAMPLES])
{
	struct ptp_sys_offset_precise precise;
	struct ptp_sys_offset_extended extended;
	struct ptp_sys_offset plain;

	memset(&precise, 0, sizeof(precise));
	if (ioctl(fd, PTP_SYS_OFFSET_PRECISE, &precise) == 0)
		return ptp_clock_take_precise(&precise, samples);
	memset(&extended, 0, sizeof(extended));
	extended.n_samples = SAMPLES;
	if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &extended) == 0)
		return ptp_clock_take_extended(&extended, samples);
	memset(&plain, 0, sizeof(plain));
	plain.n_samples = SAMPLES;
	return ioctl(fd, PTP_SYS_OFFSET, &plain) == 0 ? ptp_clock_take_plain(&plain, samples) : 0;
}

/* In a captured tree the device is a regular file that holds what PTP_SYS_OFFSET_EXTENDED gave. */
static size_t read_captured(int fd, struct ptp_sample samples[PTP_MAX_SAMPLES])
{
	struct ptp_sys_offset_extended extended;

	return read(fd, &extended, sizeof(extended)) == sizeof(extended) ? ptp_clock_take_extended(&extended, samples)
									 : 0;
}

int ptp_clock_measure(const struct sysroot *root, uint32_t number, int64_t *difference_ns)
{
	struct ptp_sample samples[PTP_MAX_SAMPLES];
	char path[SYSFILE_PATH_MAX];
	size_t n;
	int fd, length;

	length = snprintf(path, sizeof(path), "%s/dev/ptp%u", root->prefix, number);
	if (length < 0 || (size_t)length >= sizeof(path))
		return -ERR_LIMIT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -ERR_ABSENT;
	n = root->prefix[0] == '\0' ? read_samples(fd, samples) : read_captured(fd, samples);
	close(fd);
	return ptp_clock_best(samples, n, difference_ns);
}

int32_t ptp_clock_of_interface(const char *interface)
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO, .phc_index = -1 };
	struct ifreq request;
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -1;
	memset(&request, 0, sizeof(request));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	request.ifr_data = (void *)&info;
	rc = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	return rc == 0 && info.phc_index >= 0 ? info.phc_index : -1;
}

/* --- the list ---------------------------------------------------------------------------------------------------- */

/* Insertion by number. Clocks beyond the greatest count are left out. */
static void add_clock(void *arg, const char *name)
{
	struct ptp_clocks *part = arg;
	uint32_t number;
	size_t at;

	if (strncmp(name, "ptp", 3) != 0 || text_u32(name + 3, &number) != 0 || number >= INT32_MAX ||
	    part->n == PTP_CLOCKS_MAX)
		return;
	for (at = part->n; at > 0 && part->rows[at - 1].index > number + 1; at--)
		part->rows[at] = part->rows[at - 1];
	memset(&part->rows[at], 0, sizeof(part->rows[at]));
	part->rows[at].index = number + 1;
	part->n++;
}

static void name_clock(const struct sysroot *root, struct ptp_clock *row)
{
	const uint32_t number = row->index - 1;
	char driver[64];
	int length = snprintf(row->name, sizeof(row->name), "ptp%u", number);
	size_t most = sizeof(row->name) - (size_t)length - 2;

	if (sysfile_line(root, driver, sizeof(driver), "%s/ptp%u/clock_name", CLASS_PATH, number) != 0 ||
	    driver[0] == '\0' || !text_utf8_valid(driver, strlen(driver)))
		return;
	most = text_utf8_cut(driver, strlen(driver), most);
	snprintf(row->name + length, sizeof(row->name) - (size_t)length, " %.*s", (int)most, driver);
}

int ptp_clock_list(const struct sysroot *root, struct ptp_clocks *out)
{
	const int rc = sysfile_list(root, CLASS_PATH, ENTRIES_MAX, add_clock, out);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < out->n; i++)
		name_clock(root, &out->rows[i]);
	return out->n > 0 ? 0 : -ERR_ABSENT;
}
