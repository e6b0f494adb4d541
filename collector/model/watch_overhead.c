/*
 * watch_overhead.c - domains whose host side works more than it should beside the guest. Pure; thread: cycle.
 * Data: struct domain.
 *
 * The arithmetic, all of the interval between two readings and in hundredths of a percent of one host CPU:
 *     ran      = sum of edgeVcpuUtil of the vCPUs: 10000 is one vCPU that ran all the time
 *     overhead = edgeDomainOverhead: CPU time of the process less that of its vCPUs
 * High is overhead > 15 % of ran and overhead > 5 % of one host CPU (500), both: the first alone would tell of every
 * idle guest, the second alone of every large one that does much I/O.
 */
#include "model/notice.h"

#include <stdio.h>

#define OVERHEAD_HOLD_S 30
#define SHARE_PERCENT 15
#define LEAST_CENTI 500

/* False where nothing is known. */
static bool ran_centi(const struct domain *domain, uint64_t *out)
{
	bool known = false;

	*out = 0;
	for (size_t i = 0; i < domain->n_vcpus; i++) {
		if ((domain->vcpu_rows[i].have & VCPU_HAVE_UTIL) == 0)
			continue;
		*out += domain->vcpu_rows[i].util_centi;
		known = true;
	}
	return known;
}

/* What does not run has no overhead. */
static enum notice_state state_of(const struct domain *domain)
{
	uint64_t ran;

	if (domain->id < 0)
		return NOTICE_RIGHT;
	if ((domain->have & DOMAIN_HAVE_OVERHEAD) == 0 || !ran_centi(domain, &ran))
		return NOTICE_UNKNOWN;
	return domain->overhead_centi > LEAST_CENTI && domain->overhead_centi * UINT64_C(100) > ran * SHARE_PERCENT
		       ? NOTICE_WRONG
		       : NOTICE_RIGHT;
}

static int32_t overhead_of(const struct domain *domain)
{
	if ((domain->have & DOMAIN_HAVE_OVERHEAD) == 0)
		return 0;
	return domain->overhead_centi > INT32_MAX ? INT32_MAX : (int32_t)domain->overhead_centi;
}

static const struct domain *row_before(const struct snapshot *old, size_t i, const struct domain *domain)
{
	if (old == NULL || old->domains == NULL)
		return NULL;
	if (i < old->domains->n && old->domains->rows[i]->index == domain->index)
		return old->domains->rows[i];
	return snapshot_domain(old, domain->index);
}

/* A row that was not read anew is no sample. */
static void look_at_domains(struct notice_look *look, const struct snapshot *old, const struct snapshot *new)
{
	for (size_t i = 0; i < new->domains->n; i++) {
		const struct domain *domain = new->domains->rows[i];
		const bool again = row_before(old, i, domain) == domain;
		const struct notice_sample sample = {
			.subject = domain->name,
			.state = again ? NOTICE_UNKNOWN : state_of(domain),
			.row = domain,
			.of_index = domain->index,
			.domain = domain->index,
			.value = overhead_of(domain),
			.threshold = LEAST_CENTI,
			.units = "0.01 percent",
		};

		notice_sample(look, &sample);
	}
}

static void overhead_text(char text[NOTICE_TEXT_SIZE], const struct notice_sample *sample)
{
	const struct domain *domain = sample->row;
	const unsigned whole = (unsigned)sample->value / 100, rest = (unsigned)sample->value % 100;
	uint64_t ran;

	ran_centi(domain, &ran);
	if (sample->state == NOTICE_RIGHT)
		snprintf(text, NOTICE_TEXT_SIZE,
			 "domain %.180s: overhead is back to normal at %u.%02u %% of a host CPU", domain->name, whole,
			 rest);
	else
		snprintf(text, NOTICE_TEXT_SIZE,
			 "domain %.140s: overhead is %u.%02u %% of a host CPU while its vCPUs run %llu.%02u %%",
			 domain->name, whole, rest, (unsigned long long)(ran / 100), (unsigned)(ran % 100));
}

const struct notice_watch WATCH_OVERHEAD = {
	.raised = EVENT_OVERHEAD_HIGH,
	.cleared = EVENT_OVERHEAD_NORMAL,
	.severity = SEVERITY_WARNING,
	.of = EVENT_OF_DOMAIN,
	.raise_hold_s = OVERHEAD_HOLD_S,
	.clear_hold_s = OVERHEAD_HOLD_S,
	.sources = BIT(SOURCE_LIBVIRT),
	.part = offsetof(struct snapshot, domains),
	.look = look_at_domains,
	.text = overhead_text,
};
