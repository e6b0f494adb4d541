/*
 * descriptors.c - the limit of open files. Thread: any.
 */
#include "base/descriptors.h"

#include "base/log.h"

#include <sys/resource.h>

void descriptors_need(const char *what, uint32_t need)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= need)
		return;
	if (limit.rlim_max < need)
		log_warning("%s: %u descriptors are needed, the limit is %llu", what, need,
			    (unsigned long long)limit.rlim_max);
	limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("%s: the limit of descriptors cannot be raised", what);
}
