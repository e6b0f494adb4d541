/*
 * guest_doc.c - snapshot to the guests' XML. Pure; thread: any.
 *
 * One table per context is the list of metrics: what is not in it does not exist, what its getter does not find is left
 * out.
 */
#include "transport/guest_doc.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define KIB_PER_MIB 1024u

/* What a getter reads from and writes the value to. */
struct metric_source {
	const struct snapshot *snapshot;
	const struct domain *domain; /* NULL for the host's */
	struct buf *out;
};

struct guest_metric {
	const char *name, *type;
	bool (*get)(const struct metric_source *source, const struct guest_metric *metric); /* false: absent */
	size_t offset;    /* for getters that serve several fields: in their structure */
	uint64_t have;    /* ... and the bit of it */
	uint64_t divisor; /* of the field */
};

static bool put_u64(const struct metric_source *source, uint64_t value)
{
	buf_printf(source->out, "%" PRIu64, value);
	return true;
}

static bool put_seconds(const struct metric_source *source, uint64_t microseconds)
{
	buf_printf(source->out, "%" PRIu64 ".%06" PRIu64, microseconds / 1000000, microseconds % 1000000);
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without blanks at either end; false where nothing is left. */
static bool put_text(const struct metric_source *source, const char *text)
{
	size_t length;

	if (text == NULL)
		return false;
	while (is_blank(*text))
		text++;
	length = strlen(text);
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	buf_xml(source->out, text, length);
	return length > 0;
}

/* A string of the group edgeNode. */
static bool get_node_text(const struct metric_source *source, const struct guest_metric *metric)
{
	const char *text;

	memcpy(&text, (const char *)&source->snapshot->node + metric->offset, sizeof(text));
	return put_text(source, text);
}

static bool get_cpus(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct cpus *cpus = source->snapshot->cpus;

	(void)metric;
	return cpus != NULL && cpus->n > 0 && put_u64(source, cpus->n);
}

static bool get_cpus_online(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct cpus *cpus = source->snapshot->cpus;
	uint64_t online = 0;
	size_t i;

	(void)metric;
	for (i = 0; cpus != NULL && i < cpus->n; i++)
		online += cpus->rows[i].online;
	return online > 0 && put_u64(source, online);
}

static bool get_cpus_utilized(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct cpus *cpus = source->snapshot->cpus;
	uint64_t centi = 0;
	bool have = false;
	size_t i;

	(void)metric;
	for (i = 0; cpus != NULL && i < cpus->n; i++) {
		if ((cpus->rows[i].have & CPU_HAVE_UTIL) == 0)
			continue;
		centi += cpus->rows[i].util_centi;
		have = true;
	}
	return have && put_u64(source, (centi + 9999) / 10000);
}

/* A uint64_t of the group edgeMemory. */
static bool get_memory(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct memory *memory = source->snapshot->memory;
	uint64_t value;

	if (memory == NULL || (memory->have & metric->have) == 0)
		return false;
	memcpy(&value, (const char *)memory + metric->offset, sizeof(value));
	return put_u64(source, value / metric->divisor);
}

/* A uint32_t of it. */
static bool get_memory_rate(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct memory *memory = source->snapshot->memory;
	uint32_t value;

	if (memory == NULL || (memory->have & metric->have) == 0)
		return false;
	memcpy(&value, (const char *)memory + metric->offset, sizeof(value));
	return put_u64(source, value);
}

static bool usable_kib(const struct memory *memory, uint64_t *kib)
{
	if (memory == NULL || (memory->have & (MEM_HAVE_AVAILABLE | MEM_HAVE_FREE)) == 0)
		return false;
	*kib = (memory->have & MEM_HAVE_AVAILABLE) != 0 ? memory->available_kib : memory->free_kib;
	return true;
}

static bool get_free_memory(const struct metric_source *source, const struct guest_metric *metric)
{
	uint64_t usable;

	(void)metric;
	return usable_kib(source->snapshot->memory, &usable) && put_u64(source, usable / KIB_PER_MIB);
}

/* The difference of the values shown, so that used and free make up the total. */
static bool get_used_memory(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct memory *memory = source->snapshot->memory;
	uint64_t usable;

	(void)metric;
	if (!usable_kib(memory, &usable) || (memory->have & MEM_HAVE_TOTAL) == 0 || usable > memory->total_kib)
		return false;
	return put_u64(source, memory->total_kib / KIB_PER_MIB - usable / KIB_PER_MIB);
}

/* Times spent for a guest are within user and nice. */
static bool get_host_cpu_time(const struct metric_source *source, const struct guest_metric *metric)
{
	const struct stat_part *stat = source->snapshot->stat;
	const struct cpu_time *t;

	(void)metric;
	if (stat == NULL)
		return false;
	t = &stat->total;
	return put_seconds(source, 1000 * (t->user_ms + t->nice_ms + t->system_ms + t->irq_ms + t->softirq_ms));
}

static bool get_time(const struct metric_source *source, const struct guest_metric *metric)
{
	const int64_t real_ns = source->snapshot->sealed_real_ns;

	(void)metric;
	return real_ns > 0 && put_u64(source, (uint64_t)(real_ns / NS_PER_S));
}

static bool get_domain_cpu_time(const struct metric_source *source, const struct guest_metric *metric)
{
	(void)metric;
	return (source->domain->have & DOMAIN_HAVE_CPU_TIME) != 0 &&
	       put_seconds(source, source->domain->cpu_time_ns / (uint64_t)NS_PER_US);
}

/* clang-format off */
#define NODE(field) offsetof(struct node, field)
#define MEMORY(field) offsetof(struct memory, field)
static const struct guest_metric HOST[] = {
	{ "HostName",                  "string", get_node_text,     NODE(name), 0, 0 },
	{ "VirtualizationVendor",      "string", get_node_text,     NODE(hypervisor), 0, 0 },
	{ "VirtualizationProductInfo", "string", get_node_text,     NODE(hypervisor_version), 0, 0 },
	{ "TotalPhyCPUs",              "uint32", get_cpus,          0, 0, 0 },
	{ "NumCPUs",                   "uint32", get_cpus_online,   0, 0, 0 },
	{ "NumCPUsUtilized",           "uint32", get_cpus_utilized, 0, 0, 0 },
	{ "TotalPhyMem",               "uint64", get_memory,        MEMORY(total_kib), MEM_HAVE_TOTAL, KIB_PER_MIB },
	{ "UsedMem",                   "uint64", get_used_memory,   0, 0, 0 },
	{ "FreeMem",                   "uint64", get_free_memory,   0, 0, 0 },
	{ "PagedInMemory",             "uint64", get_memory,        MEMORY(paged_in_kib), MEM_HAVE_PAGED_IN, KIB_PER_MIB },
	{ "PagedOutMemory",            "uint64", get_memory,        MEMORY(paged_out_kib), MEM_HAVE_PAGED_OUT, KIB_PER_MIB },
	{ "PageInRate",                "uint64", get_memory_rate,   MEMORY(page_in_rate_kib), MEM_HAVE_PAGE_IN_RATE, 0 },
	{ "PageFaultRate",             "uint64", get_memory_rate,   MEMORY(page_fault_rate), MEM_HAVE_PAGE_FAULT_RATE, 0 },
	{ "TotalCPUTime",              "real64", get_host_cpu_time, 0, 0, 0 },
	{ "Time",                      "uint64", get_time,          0, 0, 0 },
};

static const struct guest_metric VM[] = {
	{ "TotalCPUTime", "real64", get_domain_cpu_time, 0, 0, 0 },
};
/* clang-format on */
#define N_HOST (sizeof(HOST) / sizeof(HOST[0]))
#define N_VM (sizeof(VM) / sizeof(VM[0]))

/* The opening tag's attributes from context on. */
static void put_context(struct buf *out, const struct domain *domain)
{
	char uuid[TEXT_UUID_SIZE];

	if (domain == NULL) {
		buf_text(out, "context='host'");
		return;
	}
	text_uuid_format(domain->uuid, uuid);
	buf_printf(out, "context='vm' id='%" PRId32 "' uuid='%s'", domain->id, uuid);
}

static void put_metric(const struct metric_source *source, const struct guest_metric *metric)
{
	struct buf *out = source->out;
	const size_t start = out->length;

	buf_printf(out, "<metric type='%s' ", metric->type);
	put_context(out, source->domain);
	buf_printf(out, ">\n  <name>%s</name>\n  <value>", metric->name);
	if (metric->get(source, metric))
		buf_text(out, "</value>\n</metric>\n");
	else
		buf_cut(out, start);
}

void guest_doc_begin(struct buf *out)
{
	buf_text(out, "<metrics>\n");
}

void guest_doc_host(struct buf *out, const struct snapshot *snapshot)
{
	const struct metric_source source = { snapshot, NULL, out };
	const size_t start = out->length;
	size_t i;

	for (i = 0; snapshot != NULL && i < N_HOST; i++)
		put_metric(&source, &HOST[i]);
	if (out->length == start)
		buf_text(out, "<!-- host metrics not available -->\n");
}

void guest_doc_domain(struct buf *out, const struct snapshot *snapshot, const struct domain *domain)
{
	const struct metric_source source = { snapshot, domain, out };
	size_t i;

	for (i = 0; domain->id >= 0 && i < N_VM; i++)
		put_metric(&source, &VM[i]);
}

void guest_doc_end(struct buf *out)
{
	buf_text(out, "</metrics>\n");
}

static void put_domains(struct buf *out, const struct snapshot *snapshot)
{
	const struct domains *domains = snapshot == NULL ? NULL : snapshot->domains;
	size_t i;

	for (i = 0; domains != NULL && i < domains->n && !out->over; i++)
		guest_doc_domain(out, snapshot, domains->rows[i]);
}

void guest_doc_shared(struct buf *out, const struct snapshot *snapshot)
{
	guest_doc_begin(out);
	guest_doc_host(out, snapshot);
	put_domains(out, snapshot);
	guest_doc_end(out);
}

bool guest_doc_shared_fit(struct buf *out, const struct snapshot *snapshot)
{
	guest_doc_shared(out, snapshot);
	if (!out->over)
		return true;
	buf_reset(out);
	guest_doc_begin(out);
	guest_doc_host(out, snapshot);
	buf_text(out, "<!-- VM metrics left out: the disk is too small for them -->\n");
	guest_doc_end(out);
	if (!out->over)
		return false;
	buf_reset(out);
	guest_doc_begin(out);
	buf_text(out, "<!-- all metrics left out: the disk is too small for them -->\n");
	guest_doc_end(out);
	return false;
}
