/*
 * test_libmetrics.c - the interface of libmetrics, on disk images and a port below a directory that stands in for /.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "guestlib/document.h"
#include "guestlib/libmetrics.h"
#include "guestlib/mvbd_format.h"
#include "transport/guest_doc.h"

#include "guest_text.h"
#include "port_host.h"
#include "unit.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The binary interface: programs are out there. */
_Static_assert(M_INT32 == 0 && M_UINT32 == 1 && M_INT64 == 2 && M_UINT64 == 3 && M_REAL32 == 4 && M_REAL64 == 5 &&
		       M_STRING == 6, "types");
_Static_assert(METRIC_CONTEXT_HOST == 0 && METRIC_CONTEXT_VM == 1, "contexts");
_Static_assert(sizeof(metric_type) == 4 && sizeof(metric_context) == 4, "enumerations");
_Static_assert(offsetof(metric, type) == 0 && offsetof(metric, value) == 8 && sizeof(metric) == 16, "metric");
_Static_assert(sizeof(memory_metrics) == 56, "memory_metrics");
_Static_assert(offsetof(memory_metrics, total_physical_memory) == 0, "total");
_Static_assert(offsetof(memory_metrics, used_physical_memory) == 8, "used");
_Static_assert(offsetof(memory_metrics, free_physical_memory) == 16, "free");
_Static_assert(offsetof(memory_metrics, paged_out_memory) == 24, "paged out");
_Static_assert(offsetof(memory_metrics, paged_in_memory) == 32, "paged in");
_Static_assert(offsetof(memory_metrics, page_in_rate) == 40, "page in rate");
_Static_assert(offsetof(memory_metrics, page_fault_rate) == 48, "page fault rate");
_Static_assert(sizeof(cpu_metrics) == 16 && offsetof(cpu_metrics, total_phys_cpus) == 0, "cpu_metrics");
_Static_assert(offsetof(cpu_metrics, num_phys_cpus_utilized) == 4 && offsetof(cpu_metrics, total_cpu_time) == 8,
	       "cpu_metrics");

#define SHORT_MS 120 /* for what cannot succeed */
#define LONG_MS 20000

static char root[] = "/tmp/edgenode-libmetrics-XXXXXX";
static const char *const DIRECTORIES[] = { "/sys", "/sys/block", "/sys/block/vda", "/sys/block/vdb", "/sys/class",
					   "/sys/class/dmi", "/sys/class/dmi/id", "/sys/hypervisor", "/dev", "/dev/virtio-ports" };

static const char *below(const char *path)
{
	static char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void put_file(const char *path, const void *data, size_t length)
{
	FILE *file = fopen(below(path), "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_root(void)
{
	ck_assert_ptr_nonnull(mkdtemp(root));
	for (size_t i = 0; i < sizeof(DIRECTORIES) / sizeof(DIRECTORIES[0]); i++)
		ck_assert_int_eq(mkdir(below(DIRECTORIES[i]), 0700), 0);
	put_file("/dev/vda", "boot sector of something", 24);
	document_places(root, SHORT_MS, SHORT_MS);
}

static void remove_root(void)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

static void put_disk_header(const char *document, uint32_t busy, uint32_t checksum)
{
	const size_t length = strlen(document);
	const struct mvbd_header header = { MVBD_SIGNATURE, busy, checksum, (uint32_t)length };
	uint8_t *image = calloc(1, MVBD_HEADER_SIZE + length);

	mvbd_header_encode(&header, image);
	memcpy(image + MVBD_HEADER_SIZE, document, length);
	put_file("/dev/vdb", image, MVBD_HEADER_SIZE + length);
	free(image);
}

static void put_disk(const char *document)
{
	put_disk_header(document, 0, mvbd_checksum(document, strlen(document)));
}

static void put_uuid(const char *uuid)
{
	put_file("/sys/class/dmi/id/product_uuid", uuid, strlen(uuid));
}

static void start_port(struct port_host *host, const char *reply)
{
	*host = (struct port_host){ .reply = reply, .length = reply != NULL ? strlen(reply) : 0 };
	host_terminal(host);
	host_start(host);
	unlink(below(PORT_PATH));
	ck_assert_int_eq(symlink(host->path, below(PORT_PATH)), 0);
	document_places(root, SHORT_MS, reply != NULL ? LONG_MS : SHORT_MS);
}

static int64_t get_number(const char *name, metric_context context)
{
	metric *value = NULL;
	int64_t number;

	ck_assert_msg(get_metric(name, &value, context) == 0, "%s: %s", name, strerror(errno));
	ck_assert_int_eq(value->type, M_INT32);
	number = value->value.i32;
	metric_free(value);
	return number;
}

/* The errno of a failure. */
static int get_fails(const char *name, metric_context context)
{
	metric *value = (metric *)root;

	errno = 0;
	ck_assert_int_eq(get_metric(name, &value, context), -1);
	ck_assert_ptr_null(value);
	return errno;
}

#define HOST_METRICS                                                                                        \
	METRIC("string", "HostName", "node-7")                                                              \
	METRIC("uint32", "TotalPhyCPUs", "8")                                                               \
	METRIC("uint32", "NumCPUs", "7")                                                                    \
	METRIC("uint32", "NumCPUsUtilized", "2")                                                            \
	METRIC("uint64", "TotalPhyMem", "8023")                                                             \
	METRIC("uint64", "UsedMem", "3022")                                                                 \
	METRIC("uint64", "FreeMem", "5001")                                                                 \
	METRIC("uint64", "PagedInMemory", "18014398509481983")                                              \
	METRIC("uint64", "PagedOutMemory", "12")                                                            \
	METRIC("real64", "PageInRate", "7.9")                                                               \
	METRIC("uint64", "PageFaultRate", "4294967295")                                                     \
	METRIC("real64", "TotalCPUTime", "12.340000")
#define TWO_VMS                                                                                             \
	VM_METRIC("1", UUID_A, "real64", "TotalCPUTime", "1.5") VM_METRIC("1", UUID_A, "int32", "Number", "1") \
	VM_METRIC("2", UUID_B, "real64", "TotalCPUTime", "2.5") VM_METRIC("2", UUID_B, "int32", "Number", "2")

static void check_memory(const memory_metrics *m)
{
	ck_assert_uint_eq(m->total_physical_memory, 8023);
	ck_assert_uint_eq(m->used_physical_memory, 3022);
	ck_assert_uint_eq(m->free_physical_memory, 5001);
	ck_assert_uint_eq(m->paged_in_memory, UINT64_C(18014398509481983));
	ck_assert_uint_eq(m->paged_out_memory, 12);
	ck_assert_uint_eq(m->page_in_rate, 7);
	ck_assert_uint_eq(m->page_fault_rate, UINT32_MAX);
}

START_TEST(every_function_on_a_disk)
{
	memory_metrics *memory = memory_metrics_alloc();
	cpu_metrics *cpu = cpu_metrics_alloc();
	metric *name;
	uint32_t cpus = 0;

	put_disk(METRICS(HOST_METRICS TWO_VMS));
	put_uuid(UUID_B "\n");
	ck_assert_int_eq(get_metric("HostName", &name, METRIC_CONTEXT_HOST), 0);
	ck_assert_int_eq(name->type, M_STRING);
	ck_assert_str_eq(name->value.str, "node-7");
	metric_free(name);
	ck_assert_int_eq(get_host_memory_metrics(memory), 0);
	check_memory(memory);
	ck_assert_int_eq(get_host_cpu_metrics(cpu), 0);
	ck_assert(cpu->total_phys_cpus == 8 && cpu->num_phys_cpus_utilized == 7 && cpu->total_cpu_time == 12.34);
	ck_assert_int_eq(get_host_totalPhyCPUs(&cpus), 0);
	ck_assert_uint_eq(cpus, 8);
	ck_assert_int_eq(get_number("Number", METRIC_CONTEXT_VM), 2);
	ck_assert_int_eq(get_vm_cpu_metrics(cpu), 0);
	ck_assert(cpu->total_phys_cpus == 0 && cpu->num_phys_cpus_utilized == 0 && cpu->total_cpu_time == 2.5);
	ck_assert_int_eq(get_vm_memory_metrics(memory), -1);
	ck_assert_int_eq(errno, ENOENT);
	check_memory(memory); /* as it was */
	memory_metrics_free(memory);
	cpu_metrics_free(cpu);
}
END_TEST

START_TEST(follows_the_disk)
{
	put_disk(METRICS(METRIC("int32", "A", "1")));
	ck_assert_int_eq(get_number("A", METRIC_CONTEXT_HOST), 1);
	put_disk(METRICS(METRIC("int32", "A", "2")));
	ck_assert_int_eq(get_number("A", METRIC_CONTEXT_HOST), 2);
}
END_TEST

START_TEST(failures_of_the_disk)
{
	const char *document = METRICS(METRIC("int32", "A", "1") METRIC("int32", "Big", "2147483648")
				       METRIC("int32", "Word", "one") METRIC("uint64", "TotalPhyCPUs", "4294967296")
				       METRIC("uint64", "UsedMem", "-1"));
	memory_metrics memory;
	cpu_metrics cpu;
	uint32_t cpus = 5;

	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), ENOMEDIUM);
	put_disk(document);
	ck_assert_int_eq(get_fails("B", METRIC_CONTEXT_HOST), ENOENT);
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_VM), ENOENT);
	ck_assert_int_eq(get_fails("Big", METRIC_CONTEXT_HOST), ERANGE);
	ck_assert_int_eq(get_fails("Word", METRIC_CONTEXT_HOST), EPROTO);
	ck_assert(get_host_totalPhyCPUs(&cpus) == -1 && errno == ERANGE && cpus == 5);
	ck_assert(get_host_cpu_metrics(&cpu) == -1 && errno == ERANGE);
	ck_assert(get_host_memory_metrics(&memory) == -1 && errno == EPROTO);
	put_disk_header(document, 1, mvbd_checksum(document, strlen(document)));
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), EBUSY);
	put_disk_header(document, 0, mvbd_checksum(document, strlen(document)) + 1);
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), EPROTO);
	put_disk("<metrics>");
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), EPROTO);
	put_disk("");
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), ENOMEDIUM);
	document_places("/nowhere", SHORT_MS, SHORT_MS);
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), ENOMEDIUM);
}
END_TEST

START_TEST(refuses_arguments)
{
	metric *value;

	put_disk(METRICS(METRIC("int32", "A", "1")));
	ck_assert_int_eq(get_fails(NULL, METRIC_CONTEXT_HOST), EINVAL);
	ck_assert_int_eq(get_fails("", METRIC_CONTEXT_HOST), EINVAL);
	ck_assert_int_eq(get_fails("A", (metric_context)2), EINVAL);
	ck_assert(get_metric("A", NULL, METRIC_CONTEXT_HOST) == -1 && errno == EINVAL);
	ck_assert(get_host_memory_metrics(NULL) == -1 && errno == EINVAL);
	ck_assert(get_vm_memory_metrics(NULL) == -1 && errno == EINVAL);
	ck_assert(get_host_cpu_metrics(NULL) == -1 && errno == EINVAL);
	ck_assert(get_vm_cpu_metrics(NULL) == -1 && errno == EINVAL);
	ck_assert(get_host_totalPhyCPUs(NULL) == -1 && errno == EINVAL);
	ck_assert_int_eq(get_metric("A", &value, METRIC_CONTEXT_HOST), 0);
	metric_free(value);
}
END_TEST

START_TEST(asks_the_port_where_there_is_no_disk)
{
	struct port_host host;
	memory_metrics memory;
	cpu_metrics cpu;

	start_port(&host, METRICS(HOST_METRICS VM_METRIC("2", UUID_B, "real64", "TotalCPUTime", "2.5")) "\n");
	put_uuid(UUID_A "\n"); /* at the port the only one is ours */
	ck_assert_int_eq(get_host_memory_metrics(&memory), 0);
	check_memory(&memory);
	ck_assert_int_eq(get_vm_cpu_metrics(&cpu), 0);
	ck_assert(cpu.total_cpu_time == 2.5);
	ck_assert_int_eq(get_fails("None", METRIC_CONTEXT_HOST), ENOENT);
	ck_assert(get_vm_memory_metrics(&memory) == -1 && errno == ENOENT);
	host_stop(&host);
}
END_TEST

START_TEST(asks_the_port_where_the_disk_is_damaged)
{
	const char *document = METRICS(METRIC("int32", "A", "1"));
	struct port_host host;

	start_port(&host, METRICS(METRIC("int32", "A", "2")) "\n");
	put_disk_header(document, 1, 0);
	ck_assert_int_eq(get_number("A", METRIC_CONTEXT_HOST), 2);
	put_disk(document);
	ck_assert_int_eq(get_number("A", METRIC_CONTEXT_HOST), 1);
	put_disk("<metrics>");
	ck_assert_int_eq(get_number("A", METRIC_CONTEXT_HOST), 2);
	host_stop(&host);
}
END_TEST

START_TEST(asks_the_port_which_vm_is_ours)
{
	struct port_host host;

	put_disk(METRICS(HOST_METRICS TWO_VMS));
	ck_assert_int_eq(get_fails("Number", METRIC_CONTEXT_VM), ENOENT);
	start_port(&host, METRICS(VM_METRIC("3", UUID_B, "int32", "Number", "3")) "\n");
	ck_assert_int_eq(get_number("Number", METRIC_CONTEXT_VM), 3);
	put_uuid("To be filled by O.E.M.\n");
	ck_assert_int_eq(get_number("Number", METRIC_CONTEXT_VM), 3);
	put_uuid(UUID_A "\n");
	ck_assert_int_eq(get_number("Number", METRIC_CONTEXT_VM), 1);
	ck_assert_int_eq(get_fails("None", METRIC_CONTEXT_VM), ENOENT);
	host_stop(&host);
}
END_TEST

START_TEST(failures_of_the_port)
{
	struct port_host host;
	const int64_t start = clock_mono_ns();

	start_port(&host, NULL);
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), ETIMEDOUT);
	ck_assert_int_lt(clock_mono_ns() - start, LONG_MS * NS_PER_MS);
	host_wait(&host, 1);
	ck_assert(dump_virtio_metrics("/dev/null") == -1 && errno == ETIMEDOUT);
	host_wait(&host, 2); /* a failure is not kept */
	host_stop(&host);
	start_port(&host, "INVALID REQUEST\n\n");
	document_places(root, SHORT_MS, SHORT_MS);
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), EPROTO);
	host_stop(&host);
	start_port(&host, "<metrics>&e;</metrics>\n\n");
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), EPROTO);
	host_stop(&host);
}
END_TEST

/* Without the right to look: not "nothing there". */
START_TEST(says_that_it_may_not_look)
{
	if (geteuid() == 0) {
		put_disk(METRICS(METRIC("int32", "A", "1")));
		ck_assert_int_eq(chmod(root, 0711) | chmod(below("/dev"), 0711) | chmod(below("/sys"), 0711), 0);
		ck_assert_int_eq(chmod(below("/sys/block"), 0755) | chmod(below("/dev/vdb"), 0600), 0);
		ck_assert_int_eq(seteuid(65534), 0);
		ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), EACCES);
		ck_assert_int_eq(seteuid(0), 0);
	}
}
END_TEST

static void check_file(const char *path, const char *expected)
{
	char text[4096];
	FILE *file = fopen(path, "re");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_str_eq(text, expected);
}

START_TEST(dumps)
{
	struct port_host host;
	char path[256];

	snprintf(path, sizeof(path), "%s", below("/dump"));
	ck_assert(dump_metrics(path) == -1 && errno == ENOMEDIUM);
	ck_assert(dump_virtio_metrics(path) == -1 && errno == ENOMEDIUM);
	ck_assert_int_ne(access(path, F_OK), 0);
	put_disk(METRICS(METRIC("int32", "A", "1")));
	start_port(&host, METRICS(METRIC("int32", "A", "2")) "\n");
	ck_assert_int_eq(dump_metrics(path), 0);
	check_file(path, METRICS(METRIC("int32", "A", "1")));
	ck_assert_int_eq(dump_virtio_metrics(path), 0);
	check_file(path, METRICS(METRIC("int32", "A", "2")));
	ck_assert(dump_metrics(below("/none/dump")) == -1 && errno == ENOENT);
	host_stop(&host);
}
END_TEST

START_TEST(dumps_to_stdout)
{
	char path[256];
	int saved;

	snprintf(path, sizeof(path), "%s", below("/stdout"));
	put_disk(METRICS(METRIC("int32", "A", "1")));
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	ck_assert_ptr_nonnull(freopen(path, "w", stdout));
	ck_assert_int_eq(dump_metrics(NULL), 0);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	check_file(path, METRICS(METRIC("int32", "A", "1")));
}
END_TEST

START_TEST(parses_once_per_change_of_the_disk)
{
	put_disk(METRICS(METRIC("int32", "A", "12") METRIC("int32", "B", "1")));
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(get_number(i % 2 == 0 ? "A" : "B", METRIC_CONTEXT_HOST), i % 2 == 0 ? 12 : 1);
	ck_assert_uint_eq(document_parses(), 1);
	put_disk(METRICS(METRIC("int32", "A", "21") METRIC("int32", "B", "1"))); /* of the same checksum */
	ck_assert_int_eq(get_number("A", METRIC_CONTEXT_HOST), 21);
	ck_assert_int_eq(get_number("B", METRIC_CONTEXT_HOST), 1);
	ck_assert_uint_eq(document_parses(), 2);
}
END_TEST

/* Where the firmware's is not there or may not be read. */
START_TEST(knows_itself_by_the_hypervisor)
{
	put_disk(METRICS(HOST_METRICS TWO_VMS));
	put_file("/sys/hypervisor/uuid", "00000000-0000-0000-0000-000000000000\n", 37);
	ck_assert_int_eq(get_fails("Number", METRIC_CONTEXT_VM), ENOENT);
	put_file("/sys/hypervisor/uuid", UUID_B "\n", 37);
	ck_assert_int_eq(get_number("Number", METRIC_CONTEXT_VM), 2);
	put_uuid(UUID_A "\n");
	ck_assert_int_eq(get_number("Number", METRIC_CONTEXT_VM), 1);
}
END_TEST

/* ---- all metrics of one moment ---- */

#define MIXED                                                                                         \
	"<metric type='uint64' context='host' unit='MiB'><name>FreeMem</name><value>5001</value></metric>" \
	METRIC("string", "HostName", "node &lt;7&gt;") METRIC("colour", "Odd", "1") METRIC("int32", "Broken", "n/a") \
	METRIC("int32", "Big", "2147483648") TWO_VMS

static const metrics_entry *next_is(metrics *all, const char *name, const char *text)
{
	const metrics_entry *entry = metrics_next(all);

	ck_assert_ptr_nonnull(entry);
	ck_assert_str_eq(entry->name, name);
	ck_assert_str_eq(entry->text, text);
	return entry;
}

static void check_mixed(metrics *all, int own_of_b)
{
	const metrics_entry *entry = next_is(all, "FreeMem", "5001");

	ck_assert(entry->context == METRIC_CONTEXT_HOST && entry->type == M_UINT64 && entry->value->value.ui64 == 5001);
	ck_assert_str_eq(entry->unit, "MiB");
	ck_assert(entry->error == 0 && entry->id == NULL && entry->uuid == NULL && entry->own == 0);
	entry = next_is(all, "HostName", "node <7>");
	ck_assert(entry->type == M_STRING && entry->unit == NULL);
	ck_assert_str_eq(entry->value->value.str, "node <7>");
	entry = next_is(all, "Broken", "n/a");
	ck_assert(entry->value == NULL && entry->error == EPROTO);
	entry = next_is(all, "Big", "2147483648");
	ck_assert(entry->value == NULL && entry->error == ERANGE);
	entry = next_is(all, "TotalCPUTime", "1.5");
	ck_assert(entry->context == METRIC_CONTEXT_VM && entry->value->value.r64 == 1.5 && entry->own == 0);
	ck_assert_str_eq(entry->id, "1");
	ck_assert_str_eq(entry->uuid, UUID_A);
	next_is(all, "Number", "1");
	next_is(all, "TotalCPUTime", "2.5");
	entry = next_is(all, "Number", "2");
	ck_assert_int_eq(entry->own, own_of_b);
	ck_assert_str_eq(entry->uuid, UUID_B);
	ck_assert_ptr_null(metrics_next(all));
	ck_assert_ptr_null(metrics_next(all));
}

START_TEST(goes_through_all_metrics)
{
	metrics *all;

	put_disk(METRICS(MIXED));
	all = metrics_open(NULL);
	ck_assert_ptr_nonnull(all);
	put_disk(METRICS("")); /* what was read stays */
	check_mixed(all, 0);   /* which of two is ours is not known */
	metrics_rewind(all);
	check_mixed(all, 0);
	metrics_close(all);
	put_disk(METRICS(MIXED));
	put_uuid(UUID_B "\n");
	all = metrics_open(NULL);
	ck_assert_ptr_nonnull(all);
	check_mixed(all, 1);
	errno = EDOM;
	metrics_close(all);
	metrics_close(NULL);
	ck_assert_int_eq(errno, EDOM);
}
END_TEST

static int open_fails(const metrics_options *options)
{
	errno = 0;
	ck_assert_ptr_null(metrics_open(options));
	return errno;
}

START_TEST(opens_what_is_asked_for)
{
	metrics_options options = { .size = sizeof(options), .sources = METRICS_DISK };
	struct port_host host;
	metrics *all;

	ck_assert_int_eq(open_fails(NULL), ENOMEDIUM);
	start_port(&host, METRICS(VM_METRIC("1", UUID_A, "int32", "Number", "9")) "\n");
	put_uuid(UUID_B "\n");
	ck_assert_int_eq(open_fails(&options), ENOMEDIUM);
	options.sources = METRICS_PORT;
	all = metrics_open(&options);
	ck_assert_ptr_nonnull(all);
	ck_assert_int_eq(next_is(all, "Number", "9")->own, 1); /* at the port it is always ourselves */
	metrics_close(all);
	put_disk("<metrics>");
	options.sources = METRICS_DISK;
	ck_assert_int_eq(open_fails(&options), EPROTO);
	options = (metrics_options){ .size = sizeof(options), .disk = below("/dev/vdb") };
	put_disk(METRICS(METRIC("int32", "A", "1")));
	all = metrics_open(&options);
	ck_assert_ptr_nonnull(all);
	next_is(all, "A", "1");
	metrics_close(all);
	options.sources = 8;
	ck_assert_int_eq(open_fails(&options), EINVAL);
	options = (metrics_options){ .size = sizeof(size_t) };
	ck_assert_int_eq(open_fails(&options), EINVAL);
	options = (metrics_options){ .size = sizeof(options), .sources = METRICS_XENSTORE };
	ck_assert_int_eq(open_fails(&options), ENOMEDIUM);
	host_stop(&host);
}
END_TEST

/* ---- what the daemon writes ---- */

static void destroy_flat(struct part *part)
{
	free(part);
}

START_TEST(reads_what_the_daemon_writes)
{
	const struct guest_style style = { .profile = GUEST_UPSTREAM };
	struct snapshot snapshot = { 0 };
	struct memory *memory = mem_alloc(sizeof(*memory));
	struct buf document;
	memory_metrics m;
	metric *name;

	part_init(&memory->part, destroy_flat);
	memory->have = MEM_HAVE_TOTAL | MEM_HAVE_AVAILABLE | MEM_HAVE_PAGED_OUT;
	memory->total_kib = 2048;
	memory->available_kib = 1024;
	memory->paged_out_kib = UINT64_MAX;
	snapshot_put(&snapshot.memory, memory);
	snapshot.node.name = "</name> & \"node\"";
	buf_init(&document, 65536);
	guest_doc_shared(&document, &style, &snapshot, true);
	put_disk(document.data);
	ck_assert_int_eq(get_host_memory_metrics(&m), 0);
	ck_assert_uint_eq(m.total_physical_memory, 2);
	ck_assert_uint_eq(m.used_physical_memory, 1);
	ck_assert_uint_eq(m.free_physical_memory, 1);
	ck_assert_uint_eq(m.paged_out_memory, UINT64_MAX);
	ck_assert_uint_eq(m.paged_in_memory, 0);
	ck_assert_int_eq(get_metric("HostName", &name, METRIC_CONTEXT_HOST), 0);
	ck_assert_str_eq(name->value.str, snapshot.node.name);
	metric_free(name);
	buf_free(&document);
	part_unref(&memory->part);
}
END_TEST

/* ---- threads ---- */

#define THREADS 8
#define CALLS 1000

struct caller {
	metric_context context;
	int32_t expected;
	unsigned failed;
};

static void *call(void *arg)
{
	struct caller *caller = arg;

	for (int i = 0; i < CALLS; i++) {
		metric *value = NULL;

		if (get_metric("Number", &value, caller->context) != 0 || value->value.i32 != caller->expected)
			caller->failed++;
		metric_free(value);
	}
	return NULL;
}

static void call_from_threads(metric_context context, int32_t expected)
{
	pthread_t threads[THREADS];
	struct caller callers[THREADS];

	for (int i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ .context = context, .expected = expected };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(callers[i].failed, 0);
	}
}

START_TEST(threads_at_a_disk)
{
	put_disk(METRICS(HOST_METRICS TWO_VMS));
	put_uuid(UUID_B);
	call_from_threads(METRIC_CONTEXT_VM, 2);
}
END_TEST

START_TEST(threads_at_a_port)
{
	const int64_t start = clock_mono_ns();
	struct port_host host;

	start_port(&host, METRICS(METRIC("int32", "Number", "5")) "\n");
	call_from_threads(METRIC_CONTEXT_HOST, 5);
	ck_assert_uint_ge(host.requests, 1);
	ck_assert_uint_le(host.requests,
			  1 + (uint64_t)(clock_mono_ns() - start) / (DOCUMENT_AGE_MS * (uint64_t)NS_PER_MS));
	host_stop(&host);
}
END_TEST

static void *fail_once(void *arg)
{
	metric *value = NULL;

	*(int *)arg = get_metric("Number", &value, METRIC_CONTEXT_HOST) == 0 ? 0 : errno;
	return NULL;
}

/* All wait for one answer, not each for its own. */
START_TEST(threads_at_a_silent_port)
{
	const int64_t start = clock_mono_ns();
	pthread_t threads[THREADS];
	int errors[THREADS];
	struct port_host host;

	start_port(&host, NULL);
	document_places(root, SHORT_MS, 1000);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_once, &errors[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(errors[i], ETIMEDOUT);
	}
	ck_assert_int_lt(clock_mono_ns() - start, THREADS * NS_PER_S);
	ck_assert_uint_lt(host.requests, THREADS);
	host_stop(&host);
}
END_TEST

/* A thread that is cancelled while it waits for the port leaves no lock behind; nor does one that is not there any more
 * in the child of a fork. */
START_TEST(cancelled_thread_leaves_no_lock)
{
	struct port_host host;
	pthread_t thread;
	void *result;
	int error;

	start_port(&host, NULL);
	document_places(root, SHORT_MS, 500);
	ck_assert_int_eq(pthread_create(&thread, NULL, fail_once, &error), 0);
	host_wait(&host, 1);
	ck_assert_int_eq(pthread_cancel(thread), 0);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_int_eq(error, ETIMEDOUT); /* the call was made to its end */
	ck_assert_int_eq(get_fails("A", METRIC_CONTEXT_HOST), ETIMEDOUT);
	host_stop(&host);
}
END_TEST

START_TEST(child_of_a_fork_asks_anew)
{
	struct port_host host;
	pthread_t thread;
	int error, status;
	pid_t child;

	start_port(&host, NULL);
	document_places(root, SHORT_MS, 1000);
	ck_assert_int_eq(pthread_create(&thread, NULL, fail_once, &error), 0);
	host_wait(&host, 1);
	child = fork();
	if (child == 0) {
		alarm(20); /* ends it where it waits for the lock */
		_exit(fail_once(&error) == NULL && error == ETIMEDOUT ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_ge(host.requests, 2);
	host_stop(&host);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, make_root, remove_root);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test);
	suite_add_tcase(suite, tc);
}
#define ADD(suite, test) add(suite, #test, test)

static Suite *libmetrics_suite(void)
{
	Suite *suite = suite_create("libmetrics");

	ADD(suite, every_function_on_a_disk);
	ADD(suite, follows_the_disk);
	ADD(suite, failures_of_the_disk);
	ADD(suite, refuses_arguments);
	ADD(suite, asks_the_port_where_there_is_no_disk);
	ADD(suite, asks_the_port_where_the_disk_is_damaged);
	ADD(suite, asks_the_port_which_vm_is_ours);
	ADD(suite, failures_of_the_port);
	ADD(suite, says_that_it_may_not_look);
	ADD(suite, dumps);
	ADD(suite, dumps_to_stdout);
	ADD(suite, parses_once_per_change_of_the_disk);
	ADD(suite, knows_itself_by_the_hypervisor);
	ADD(suite, goes_through_all_metrics);
	ADD(suite, opens_what_is_asked_for);
	ADD(suite, reads_what_the_daemon_writes);
	ADD(suite, threads_at_a_disk);
	ADD(suite, threads_at_a_port);
	ADD(suite, threads_at_a_silent_port);
	ADD(suite, cancelled_thread_leaves_no_lock);
	ADD(suite, child_of_a_fork_asks_anew);
	return suite;
}

UNIT_MAIN(libmetrics_suite)
