/*
 * metrics_all.c - what a program in a guest does with the newer interface of libmetrics: all metrics of one moment, a
 * line each. C and C++. usage: metrics_all [disk-or-image]. Alone:
 * cc metrics_all.c $(pkg-config --cflags --libs libmetrics)
 */
#include <inttypes.h>
#include <libmetrics.h>
#include <stdio.h>

static const char *const TYPES[] = { "int32", "uint32", "int64", "uint64", "real32", "real64", "string" };

static void print_value(const metric *value)
{
	switch (value->type) {
	case M_INT32:
		printf("%" PRId32, value->value.i32);
		break;
	case M_UINT32:
		printf("%" PRIu32, value->value.ui32);
		break;
	case M_INT64:
		printf("%" PRId64, value->value.i64);
		break;
	case M_UINT64:
		printf("%" PRIu64, value->value.ui64);
		break;
	case M_REAL32:
		printf("%.9g", (double)value->value.r32);
		break;
	case M_REAL64:
		printf("%.17g", value->value.r64);
		break;
	case M_STRING:
		fputs(value->value.str, stdout);
	}
}

static void print(const metrics_entry *entry)
{
	printf("%s %s %s ", entry->context == METRIC_CONTEXT_VM ? "vm" : "host", entry->name, TYPES[entry->type]);
	if (entry->value != NULL)
		print_value(entry->value);
	else
		printf("?%s", entry->text);
	if (entry->unit != NULL)
		printf(" %s", entry->unit);
	if (entry->id != NULL)
		printf(" id=%s", entry->id);
	if (entry->uuid != NULL)
		printf(" uuid=%s", entry->uuid);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static metrics_options options; /* zeroes */
	const metrics_entry *entry;
	metrics *all;

	options.size = sizeof(options);
	options.disk = argc > 1 ? argv[1] : NULL;
	all = metrics_open(&options);
	if (all == NULL) {
		perror("libmetrics");
		return 1;
	}
	while ((entry = metrics_next(all)) != NULL)
		print(entry);
	metrics_close(all);
	return 0;
}
