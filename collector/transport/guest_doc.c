/*
 * guest_doc.c - snapshot to the guests' XML. Pure; thread: any.
 */
#include "transport/guest_doc.h"

#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
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

/* Whether one of these has the name, and ever had a value: then it goes before what is built in, also when it fails later.
 * One that never worked, as where the daemon's user may not do what vhostmd's might, takes nothing from the guests. */
static bool is_own(const struct guest_reading *reading, const char *name)
{
	size_t n;
	const size_t *own = find_own(reading, &n);

	for (size_t i = 0; i < n; i++) {
		const struct metric_row *row = &reading->snapshot->metrics->rows[own[i]];

		if (row->value != NULL && strcmp(row->name, name) == 0)
			return true;
	}
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

static void put_row(const struct guest_reading *reading, const struct metric_row *row)
{
	struct buf *out = reading->out;

	buf_printf(out, "<metric type='%s' ", row->type);
	put_context(out, reading->domain);
	if (row->unit != NULL)
		put_escaped(out, " unit='", row->unit, "'");
	put_escaped(out, ">\n  <name>", row->name, "</name>\n");
	put_escaped(out, "  <value>", row->value, "</value>\n</metric>\n");
}

/* A row into what has a limit: one that is over it is as if it had never been there. */
static void put_limited(const struct guest_reading *reading, const struct metric_row *row)
{
	struct guest_limit *limit = reading->limit;
	struct buf *out = reading->out;
	const size_t start = out->length;
	const bool over = out->over;
	size_t length;

	put_row(reading, row);
	/* What did not even fit into the buffer was longer than what is left of it. */
	length = out->over ? strlen(row->value) : out->length - start;
	if (over || (!out->over && length <= limit->most))
		return;
	buf_cut(out, start);
	out->over = out->over && length <= limit->most;
	if (limit->row == NULL || length > limit->largest) {
		limit->row = row;
		limit->largest = length;
	}
}

static void put_own(const struct guest_reading *reading)
{
	size_t n;
	const size_t *own = find_own(reading, &n);

	for (size_t i = 0; i < n; i++) {
		const struct metric_row *row = &reading->snapshot->metrics->rows[own[i]];

		if (row->value == NULL || is_expired(reading, row))
			continue;
		if (reading->limit != NULL)
			put_limited(reading, row);
		else
			put_row(reading, row);
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

static void put_host(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		     struct guest_limit *limit)
{
	const struct guest_reading reading = { style, snapshot, NULL, out, limit };
	const size_t start = out->length;

	if (snapshot != NULL)
		put_metrics(&reading);
	if (out->length == start)
		buf_text(out, "<!-- host metrics not available -->\n");
}

void guest_doc_host(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot)
{
	put_host(out, style, snapshot, NULL);
}

/* Nothing for a domain that is not active. */
static void put_active(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		       const struct domain *domain, struct guest_limit *limit)
{
	const struct guest_reading reading = { style, snapshot, domain, out, limit };

	if (domain != NULL && domain->id >= 0)
		put_metrics(&reading);
}

static void put_domain(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		       const struct domain *domain, struct guest_limit *limit)
{
	const size_t start = out->length;

	put_active(out, style, snapshot, domain, limit);
	if (out->length == start)
		buf_text(out, "<!-- VM metrics not available -->\n");
}

void guest_doc_domain(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
		      const struct domain *domain)
{
	put_domain(out, style, snapshot, domain, NULL);
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

/* --- within a limit ----------------------------------------------------------------------------------------------- */

/* A document, as far as it is to be written. */
struct content {
	const struct guest_style *style;
	const struct snapshot *snapshot;
	const struct buf *host; /* the host's part; NULL: from the snapshot */
	bool shared;            /* every active domain, else the one */
	bool host_only;
	bool part; /* without its begin and end */
	const struct domain *domain;
};

static void put_domains(struct buf *out, const struct content *content, struct guest_limit *limit)
{
	const struct domains *domains = content->snapshot != NULL ? content->snapshot->domains : NULL;

	if (content->host_only)
		return;
	if (!content->shared) {
		put_domain(out, content->style, content->snapshot, content->domain, limit);
		return;
	}
	for (size_t i = 0; domains != NULL && i < domains->n && !out->over; i++)
		put_active(out, content->style, content->snapshot, domains->rows[i], limit);
}

static void put_content(struct buf *out, const struct content *content, struct guest_limit *limit, const char *comment)
{
	if (!content->part)
		guest_doc_begin(out);
	if (content->host != NULL) {
		buf_append(out, content->host->data, content->host->length);
		out->over = out->over || content->host->over;
	} else {
		put_host(out, content->style, content->snapshot, limit);
	}
	put_domains(out, content, limit);
	if (limit != NULL && limit->row != NULL)
		buf_text(out, "<!-- metrics left out: there is no room for their values -->\n");
	buf_text(out, comment);
	if (!content->part)
		guest_doc_end(out);
}

/* Who the value is of, for the log. */
static void name_row(const struct metric_row *row, struct guest_doc_cut *cut)
{
	char uuid[TEXT_UUID_SIZE];

	text_uuid_format(row->uuid, uuid);
	snprintf(cut->text, sizeof(cut->text), "the value of metric %.64s of %s%s is left out", row->name,
		 row->domain == 0 ? "the host" : "domain ", row->domain == 0 ? "" : uuid);
}

/* Without the operator's largest values, so many as it takes. False: without all of them it is still too much. */
static bool put_within(struct buf *out, const struct content *content, const char *comment, struct guest_doc_cut *cut)
{
	struct guest_limit limit = { 0 };
	size_t most = out->limit;

	buf_reset(out);
	put_content(out, content, &limit, comment);
	if (out->over)
		return false;
	do {
		most /= 2;
		limit = (struct guest_limit){ .most = most };
		buf_reset(out);
		put_content(out, content, &limit, comment);
	} while (out->over);
	if (limit.row != NULL && comment[0] == '\0')
		name_row(limit.row, cut);
	return true;
}

/* The host alone, then nothing but the comment. */
static void put_less(struct buf *out, const struct content *content, struct guest_doc_cut *cut)
{
	struct content host = *content;

	host.host = NULL;
	host.host_only = true;
	snprintf(cut->text, sizeof(cut->text), "the metrics of domains are left out");
	if (put_within(out, &host, "<!-- VM metrics left out: the disk is too small for them -->\n", cut))
		return;
	snprintf(cut->text, sizeof(cut->text), "all metrics are left out");
	buf_reset(out);
	guest_doc_begin(out);
	buf_text(out, "<!-- all metrics left out: the disk is too small for them -->\n");
	guest_doc_end(out);
}

static bool put_fit(struct buf *out, const struct content *content, struct guest_doc_cut *cut)
{
	struct content anew = *content;

	buf_reset(out);
	put_content(out, content, NULL, "");
	if (!out->over)
		return true;
	anew.host = NULL;
	if (!put_within(out, &anew, "", cut))
		put_less(out, content, cut);
	return false;
}

bool guest_doc_host_within(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot,
			   struct guest_doc_cut *cut)
{
	const struct content content = { .style = style, .snapshot = snapshot, .host_only = true, .part = true };

	return put_within(out, &content, "", cut);
}

bool guest_doc_own_within(struct buf *out, const struct guest_style *style, const struct buf *host,
			  const struct snapshot *snapshot, const struct domain *domain, struct guest_doc_cut *cut)
{
	const struct content content = { .style = style, .snapshot = snapshot, .host = host, .domain = domain };

	return put_within(out, &content, "", cut);
}

bool guest_doc_own_fit(struct buf *out, const struct guest_style *style, const struct buf *host,
		       const struct snapshot *snapshot, const struct domain *domain, struct guest_doc_cut *cut)
{
	const struct content content = { .style = style, .snapshot = snapshot, .host = host, .domain = domain };

	return put_fit(out, &content, cut);
}

bool guest_doc_shared_fit(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot, bool vms,
			  struct guest_doc_cut *cut)
{
	const struct content content = { .style = style, .snapshot = snapshot, .shared = true, .host_only = !vms };

	return put_fit(out, &content, cut);
}

void guest_doc_shared(struct buf *out, const struct guest_style *style, const struct snapshot *snapshot, bool vms)
{
	const struct content content = { .style = style, .snapshot = snapshot, .shared = true, .host_only = !vms };

	put_content(out, &content, NULL, "");
}
