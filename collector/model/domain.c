/*
 * domain.c - rows of domains: made, copied and released. Pure data.
 *
 * Thread: whichever builds the row (libvirt's worker, then the cycle lane); the last reference may be dropped by any.
 */
#include "model/domain.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void domain_ident_destroy(struct part *part)
{
	struct domain_ident *ident = (struct domain_ident *)part;

	free(ident->name);
	free(ident->os);
	free(ident);
}

struct domain_ident *domain_ident_new(const uint8_t uuid[16], const char *name, const char *os)
{
	struct domain_ident *ident = mem_alloc(sizeof(*ident));

	part_init(&ident->part, domain_ident_destroy);
	memcpy(ident->uuid, uuid, sizeof(ident->uuid));
	ident->name = mem_string(name);
	ident->os = mem_string(os);
	return ident;
}

static void domain_destroy(struct part *part)
{
	struct domain *domain = (struct domain *)part;

	part_unref(domain->ident);
	free(domain);
}

struct domain *domain_new(struct domain_ident *ident)
{
	struct domain *domain = mem_alloc(sizeof(*domain));

	part_init(&domain->part, domain_destroy);
	domain->ident = ident;
	domain->name = ident->name;
	domain->os = ident->os;
	domain->uuid = ident->uuid;
	if (ident->os != NULL)
		domain->have = DOMAIN_HAVE_OS;
	return domain;
}

struct domain *domain_copy(const struct domain *domain)
{
	struct domain *copy = domain_new(part_ref(domain->ident));
	struct part part = copy->part;

	memcpy(copy, domain, sizeof(*copy));
	copy->part = part;
	return copy;
}

void hypervisor_copy(const struct hypervisor *from, struct hypervisor *to)
{
	*to = *from;
	to->type = mem_string(from->type);
	to->version = mem_string(from->version);
	to->libvirt_version = mem_string(from->libvirt_version);
	to->uri = mem_string(from->uri);
}

void hypervisor_free(struct hypervisor *hypervisor)
{
	free(hypervisor->type);
	free(hypervisor->version);
	free(hypervisor->libvirt_version);
	free(hypervisor->uri);
}

static void domains_destroy(struct part *part)
{
	struct domains *domains = (struct domains *)part;

	for (size_t i = 0; i < domains->n; i++)
		part_unref(domains->rows[i]);
	hypervisor_free(&domains->hypervisor);
	free(domains);
}

struct domains *domains_new(size_t n)
{
	struct domains *domains = mem_alloc(sizeof(*domains) + n * sizeof(domains->rows[0]));

	part_init(&domains->part, domains_destroy);
	domains->n = n;
	return domains;
}

const struct domain *domain_rows_find(struct domain *const *rows, size_t n, uint32_t index)
{
	size_t low = 0, high = n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (rows[middle]->index == index)
			return rows[middle];
		if (rows[middle]->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
