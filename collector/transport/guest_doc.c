/*
 * guest_doc.c - snapshot to the guests' XML. Pure; thread: any.
 */
#include "transport/guest_doc.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

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

static void put_metric(const struct guest_reading *reading, const struct guest_metric *metric)
{
	const char *unit = guest_metric_unit(metric, reading->style);
	struct buf *out = reading->out;
	const size_t start = out->length;
	const bool over = out->over;

	buf_printf(out, "<metric type='%s' ", metric->type);
	put_context(out, reading->domain);
	if (unit != NULL)
		buf_printf(out, " unit='%s'", unit);
	buf_printf(out, ">\n  <name>%s</name>\n  <value>", metric->name);
	if (guest_metric_put(metric, reading)) {
		buf_text(out, "</value>\n</metric>\n");
		return;
	}
	buf_cut(out, start);
	out->over = over; /* what is not there needs no room */
}

/* The rows of the operator's own metrics; *n of them. */
static const size_t *find_own(const struct guest_reading *reading, size_t *n)
{
	return metrics_of_domain(reading->snapshot->metrics, reading->domain != NULL ? reading->domain->index : 0, n);
}

/* Whether one of these has the name. It goes before what is built in, also while it has no value. */
static bool is_own(const struct guest_reading *reading, const char *name)
{
	size_t n;
	const size_t *own = find_own(reading, &n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(reading->snapshot->metrics->rows[own[i]].name, name) == 0)
			return true;
	return false;
}

static void put_escaped(struct buf *out, const char *before, const char *text, const char *after)
{
	buf_text(out, before);
	buf_xml(out, text, strlen(text));
	buf_text(out, after);
}

/* Guests see no age: what has failed for so long is nothing they should take for the present. */
static bool is_expired(const struct guest_reading *reading, const struct metric_row *row)
{
	const int64_t age_ns = reading->snapshot->sealed_mono_ns - row->read_mono_ns;

	return row->status != METRIC_OK && reading->style->own_expiration_s > 0 &&
	       age_ns > reading->style->own_expiration_s * NS_PER_S;
}

static void put_own(const struct guest_reading *reading)
{
	struct buf *out = reading->out;
	size_t n;
	const size_t *own = find_own(reading, &n);

	for (size_t i = 0; i < n; i++) {
		const struct metric_row *row = &reading->snapshot->metrics->rows[own[i]];

		if (row->value == NULL || is_expired(reading, row))
			continue;
		buf_printf(out, "<metric type='%s' ", row->type);
		put_context(out, reading->domain);
		if (row->unit != NULL)
			put_escaped(out, " unit='", row->unit, "'");
		put_escaped(out, ">\n  <name>", row->name, "</name>\n");
		put_escaped(out, "  <value>", row->value, "</value>\n</metric>\n");
	}
}

static void put_metrics(const struct guest_reading *reading)
{
	size_t n;
	const struct guest_metric *metrics = guest_metrics(reading->domain != NULL, &n);

	for (size_t i = 0; i < n; i++)
		if ((metrics[i].profiles & 1u << reading->style->profile) != 0 && !is_own(reading, metrics[i].name))
			put_metric(reading, &metrics[i]);
	put_own(reading);
}

void guest_doc_begin(struct buf *out)
{
	buf_text(out, "<metrics>\n");
}

void guest_doc_host(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot)
{
	const struct guest_reading reading = { style, snapshot, NULL, out };
	const size_t start = out->length;

	if (snapshot != NULL)
		put_metrics(&reading);
	if (out->length == start)
		buf_text(out, "<!-- host metrics not available -->\n");
}

/* Nothing for a domain that is not active. */
static void put_domain(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		       const struct domain *domain)
{
	const struct guest_reading reading = { style, snapshot, domain, out };

	if (domain != NULL && domain->id >= 0)
		put_metrics(&reading);
}

void guest_doc_domain(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		      const struct domain *domain)
{
	const size_t start = out->length;

	put_domain(out, style, snapshot, domain);
	if (out->length == start)
		buf_text(out, "<!-- VM metrics not available -->\n");
}

void guest_doc_end(struct buf *out)
{
	buf_text(out, "</metrics>\n");
}

void guest_doc_own(struct buf *out, const struct guest_style *style, const struct buf *host,
		   const struct snapshot *snapshot, const struct domain *domain)
{
	guest_doc_begin(out);
	buf_append(out, host->data, host->length);
	out->over = out->over || host->over;
	guest_doc_domain(out, style, snapshot, domain);
	guest_doc_end(out);
}

void guest_doc_shared(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot, bool vms)
{
	const struct domains *domains = snapshot == NULL || !vms ? NULL : snapshot->domains;

	guest_doc_begin(out);
	guest_doc_host(out, style, snapshot);
	for (size_t i = 0; domains != NULL && i < domains->n && !out->over; i++)
		put_domain(out, style, snapshot, domains->rows[i]);
	guest_doc_end(out);
}

/* The host alone, then nothing but the comment. */
static void put_less(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot)
{
	buf_reset(out);
	guest_doc_begin(out);
	guest_doc_host(out, style, snapshot);
	buf_text(out, "<!-- VM metrics left out: the disk is too small for them -->\n");
	guest_doc_end(out);
	if (!out->over)
		return;
	buf_reset(out);
	guest_doc_begin(out);
	buf_text(out, "<!-- all metrics left out: the disk is too small for them -->\n");
	guest_doc_end(out);
}

bool guest_doc_own_fit(struct buf *out, const struct guest_style *style, const struct buf *host,
		       const struct snapshot *snapshot, const struct domain *domain)
{
	guest_doc_own(out, style, host, snapshot, domain);
	if (!out->over)
		return true;
	put_less(out, style, snapshot);
	return false;
}

bool guest_doc_shared_fit(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot, bool vms)
{
	guest_doc_shared(out, style, snapshot, vms);
	if (!out->over)
		return true;
	put_less(out, style, snapshot);
	return false;
}
