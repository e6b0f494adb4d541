/*
 * libmetrics.c - the functions of libmetrics.so.0. Thread: any; blocks on the sources, within the limits of document.h.
 *
 * The first source that gives a whole document answers. Only where the disk's document does not tell which of its VMs
 * is ours the others are asked as well: there a guest sees its own metrics only.
 */
#include "guestlib/libmetrics.h"

#include "base/err.h"
#include "guestlib/document.h"
#include "guestlib/dump.h"
#include "guestlib/guest_parse.h"
#include "guestlib/guest_value.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 8u

static int fail(int error)
{
	errno = error;
	return -1;
}

static int errno_of(int code)
{
	switch (code) {
	case 0:
		return 0;
	case -ERR_IO:
		return errno;
	case -ERR_ABSENT:
		return ENOENT;
	case -ERR_RANGE:
		return ERANGE;
	default:
		return EPROTO;
	}
}

/* Metrics that are looked for together, in one document. */
struct wanted {
	const char *name;
	const struct guest_row *found; /* NULL: the document has none of that name */
};

static int find_all(const struct guest_list *list, metric_context context, const char *own, struct wanted *wanted,
		    size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		wanted[i].found = NULL;
		rc = guest_list_find(list, context, own, wanted[i].name, &wanted[i].found);
	}
	return rc;
}

/* 0 or an errno; ENOENT: a document that does not have this machine's metrics. What is found is the document's. */
static int ask(enum document_source source, metric_context context, struct wanted *wanted, size_t n,
	       struct document **document)
{
	char uuid[DOCUMENT_UUID_SIZE];
	const bool doubtful = source == DOCUMENT_DISK && context == METRIC_CONTEXT_VM;
	const char *own = doubtful && document_own_uuid(uuid) == 0 ? uuid : NULL;
	const struct guest_list *list;
	int error = document_read(source, NULL, document);

	if (error != 0)
		return error == ENOTSUP ? ENOMEDIUM : error;
	error = errno_of(document_list(*document, &list));
	if (error == 0)
		error = errno_of(find_all(list, context, own, wanted, n));
	if (error != 0) {
		document_unref(*document);
		*document = NULL;
	}
	return error;
}

/* Where all fail: what the first said that is there at all. */
static int ask_in_turn(metric_context context, struct wanted *wanted, size_t n, struct document **document)
{
	int error = ENOMEDIUM;

	for (unsigned source = 0; source < DOCUMENT_SOURCES; source++) {
		const int now = ask((enum document_source)source, context, wanted, n, document);

		if (now == 0)
			return 0;
		if (error == ENOMEDIUM)
			error = now;
	}
	return error;
}

/* A thread that is cancelled ends behind it, not with the lock of the port, a descriptor or memory. */
static int look_up(metric_context context, struct wanted *wanted, size_t n, struct document **document)
{
	int state, error;

	*document = NULL;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	error = ask_in_turn(context, wanted, n, document);
	pthread_setcancelstate(state, NULL);
	return error;
}

int get_metric(const char *name, metric **mdef, metric_context context)
{
	struct wanted wanted = { .name = name };
	struct document *document;
	int error;

	if (mdef == NULL)
		return fail(EINVAL);
	*mdef = NULL; /* callers pass it to metric_free in any case */
	if (name == NULL || name[0] == '\0' || (context != METRIC_CONTEXT_HOST && context != METRIC_CONTEXT_VM))
		return fail(EINVAL);
	error = look_up(context, &wanted, 1, &document);
	if (error == 0 && wanted.found == NULL)
		error = ENOENT;
	if (error == 0)
		error = errno_of(guest_value_parse(wanted.found->type, wanted.found->text, mdef));
	document_unref(document);
	return error == 0 ? 0 : fail(error);
}

void metric_free(metric *mdef)
{
	free(mdef);
}

/* A metric of a structure's field. */
struct field {
	const char *name;
	size_t offset;
	int (*put)(const metric *value, void *field);
};

static int put_u64(const metric *value, void *field)
{
	return guest_value_u64(value, field);
}

static int put_u32(const metric *value, void *field)
{
	return guest_value_u32(value, field);
}

static int put_double(const metric *value, void *field)
{
	return guest_value_double(value, field);
}

/* clang-format off */
static const struct field MEMORY[] = {
	{ "TotalPhyMem",    offsetof(memory_metrics, total_physical_memory), put_u64 },
	{ "UsedMem",        offsetof(memory_metrics, used_physical_memory),  put_u64 },
	{ "FreeMem",        offsetof(memory_metrics, free_physical_memory),  put_u64 },
	{ "PagedOutMemory", offsetof(memory_metrics, paged_out_memory),      put_u64 },
	{ "PagedInMemory",  offsetof(memory_metrics, paged_in_memory),       put_u64 },
	{ "PageInRate",     offsetof(memory_metrics, page_in_rate),          put_u64 },
	{ "PageFaultRate",  offsetof(memory_metrics, page_fault_rate),       put_u64 },
};

/* Of two rows for one field the later wins. */
static const struct field CPU[] = {
	{ "TotalPhyCPUs",    offsetof(cpu_metrics, total_phys_cpus),        put_u32 },
	{ "NumCPUsUtilized", offsetof(cpu_metrics, num_phys_cpus_utilized), put_u32 },
	{ "NumCPUs",         offsetof(cpu_metrics, num_phys_cpus_utilized), put_u32 },
	{ "TotalCPUTime",    offsetof(cpu_metrics, total_cpu_time),         put_double },
};

static const struct field TOTAL_CPUS[] = { { "TotalPhyCPUs", 0, put_u32 } };
/* clang-format on */

static int put_field(const struct field *field, const struct guest_row *found, char *record)
{
	metric *value;
	int rc = guest_value_parse(found->type, found->text, &value);

	if (rc < 0)
		return errno_of(rc);
	rc = field->put(value, record + field->offset);
	free(value);
	return errno_of(rc);
}

static int put_fields(const struct field *fields, const struct wanted *wanted, size_t n, char *record)
{
	bool found = false;
	int error = 0;

	for (size_t i = 0; i < n && error == 0; i++) {
		if (wanted[i].found == NULL)
			continue;
		error = put_field(&fields[i], wanted[i].found, record);
		found = true;
	}
	return error == 0 && !found ? ENOENT : error;
}

/* The fields' metrics, all of one document, into the zeroed record. */
static int read_fields(metric_context context, const struct field *fields, size_t n, void *record)
{
	struct wanted wanted[FIELDS_MAX] = { 0 };
	struct document *document;
	int error;

	for (size_t i = 0; i < n; i++)
		wanted[i].name = fields[i].name;
	error = look_up(context, wanted, n, &document);
	if (error == 0)
		error = put_fields(fields, wanted, n, record);
	document_unref(document);
	return error == 0 ? 0 : fail(error);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
_Static_assert(COUNT(MEMORY) <= FIELDS_MAX && COUNT(CPU) <= FIELDS_MAX, "room for each table's metrics");

static int read_memory(metric_context context, memory_metrics *rec)
{
	memory_metrics memory = { 0 };

	if (rec == NULL)
		return fail(EINVAL);
	if (read_fields(context, MEMORY, COUNT(MEMORY), &memory) < 0)
		return -1;
	*rec = memory;
	return 0;
}

static int read_cpu(metric_context context, cpu_metrics *rec)
{
	cpu_metrics cpu = { 0 };

	if (rec == NULL)
		return fail(EINVAL);
	if (read_fields(context, CPU, COUNT(CPU), &cpu) < 0)
		return -1;
	*rec = cpu;
	return 0;
}

memory_metrics *memory_metrics_alloc(void)
{
	return calloc(1, sizeof(memory_metrics));
}

void memory_metrics_free(memory_metrics *rec)
{
	free(rec);
}

cpu_metrics *cpu_metrics_alloc(void)
{
	return calloc(1, sizeof(cpu_metrics));
}

void cpu_metrics_free(cpu_metrics *rec)
{
	free(rec);
}

int get_host_memory_metrics(memory_metrics *rec)
{
	return read_memory(METRIC_CONTEXT_HOST, rec);
}

int get_vm_memory_metrics(memory_metrics *rec)
{
	return read_memory(METRIC_CONTEXT_VM, rec);
}

int get_host_cpu_metrics(cpu_metrics *rec)
{
	return read_cpu(METRIC_CONTEXT_HOST, rec);
}

int get_vm_cpu_metrics(cpu_metrics *rec)
{
	return read_cpu(METRIC_CONTEXT_VM, rec);
}

int get_host_totalPhyCPUs(uint32_t *cpus)
{
	uint32_t value = 0;

	if (cpus == NULL)
		return fail(EINVAL);
	if (read_fields(METRIC_CONTEXT_HOST, TOTAL_CPUS, COUNT(TOTAL_CPUS), &value) < 0)
		return -1;
	*cpus = value;
	return 0;
}

/* 0 or an errno. */
static int read_and_write(enum document_source source, const char *dest_file)
{
	struct document *document;
	int error = document_read(source, NULL, &document);

	if (error != 0)
		return error;
	error = dump_write(dest_file, document->content, document->length) ? 0 : errno;
	document_unref(document);
	return error;
}

static int dump(enum document_source source, const char *dest_file)
{
	int state, error;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	error = read_and_write(source, dest_file);
	pthread_setcancelstate(state, NULL);
	return error == 0 ? 0 : fail(error);
}

int dump_metrics(const char *dest_file)
{
	return dump(DOCUMENT_DISK, dest_file);
}

int dump_virtio_metrics(const char *dest_file)
{
	return dump(DOCUMENT_PORT, dest_file);
}

int dump_xenstore_metrics(const char *dest_file)
{
	return dump(DOCUMENT_XENSTORE, dest_file);
}
