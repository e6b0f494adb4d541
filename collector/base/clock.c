/* clock.c - reads the clocks; encodes DateAndTime. Thread: any. */
#include "base/clock.h"

#include <string.h>
#include <sys/timex.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_boot_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

int64_t clock_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_thread_cpu_ns(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* STA_UNSYNC of the kernel's clock discipline; reading it needs no privilege. */
bool clock_is_synced(void)
{
	struct timex tx = { .modes = 0 };

	return adjtimex(&tx) >= 0 && (tx.status & STA_UNSYNC) == 0;
}

void clock_date_and_time(int64_t real_ns, uint8_t out[CLOCK_DATE_AND_TIME_SIZE])
{
	const time_t seconds = (time_t)(real_ns / NS_PER_S);
	const int deci = (int)(real_ns % NS_PER_S / (100 * NS_PER_MS));
	struct tm tm;
	int year;

	memset(&tm, 0, sizeof(tm));
	gmtime_r(&seconds, &tm);
	year = tm.tm_year + 1900;
	out[0] = (uint8_t)(year >> 8);
	out[1] = (uint8_t)(year & 0xff);
	out[2] = (uint8_t)(tm.tm_mon + 1);
	out[3] = (uint8_t)tm.tm_mday;
	out[4] = (uint8_t)tm.tm_hour;
	out[5] = (uint8_t)tm.tm_min;
	out[6] = (uint8_t)tm.tm_sec;
	out[7] = (uint8_t)(deci < 0 ? 0 : deci);
	out[8] = '+';
	out[9] = 0;
	out[10] = 0;
}
