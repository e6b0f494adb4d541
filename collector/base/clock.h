/*
 * clock.h - the clocks, each named by what it counts. Thread: any.
 *
 * mono: CLOCK_MONOTONIC, for intervals, ages and deadlines. boot: CLOCK_BOOTTIME, includes suspend.
 * real: CLOCK_REALTIME, for time stamps that people read; may jump.
 */
#ifndef EDGENODE_BASE_CLOCK_H
#define EDGENODE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

int64_t clock_mono_ns(void);
int64_t clock_boot_ns(void);
int64_t clock_real_ns(void);
int64_t clock_thread_cpu_ns(void);
int64_t clock_process_cpu_ns(void);

/* Whether the kernel holds real for right: somebody disciplines it. */
bool clock_is_synced(void);

/* DateAndTime of RFC 2579 in UTC: 11 octets, deci-seconds, '+' 0 0. */
#define CLOCK_DATE_AND_TIME_SIZE 11
void clock_date_and_time(int64_t real_ns, uint8_t out[CLOCK_DATE_AND_TIME_SIZE]);

#endif
