/*
 * domain.c - rows of domains: made, copied and released. Pure data.
 *
 * Thread: whichever builds the row (libvirt's worker, then the cycle lane); the last reference may be dropped by any.
 */
#include "model/domain.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Of a part that is one piece of memory. */
static void piece_destroy(struct part *part)
{
	free(part);
}

static size_t text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

/* A copy at *at, which moves on behind it; NULL stays NULL. */
static char *text_place(const char *text, char **at)
{
	const size_t size = text_size(text);
	char *copy = *at;

	if (text == NULL)
		return NULL;
	memcpy(copy, text, size);
	*at += size;
	return copy;
}

struct domain_ident *domain_ident_new(const uint8_t uuid[16], const char *name, const char *os)
{
	struct domain_ident *ident = mem_alloc(sizeof(*ident) + text_size(name) + text_size(os));
	char *at = (char *)(ident + 1);

	part_init(&ident->part, piece_destroy);
	memcpy(ident->uuid, uuid, sizeof(ident->uuid));
	ident->name = text_place(name, &at);
	ident->os = text_place(os, &at);
	return ident;
}

static void rows_free(const struct domain *domain, void *rows)
{
	const char *piece = (const char *)domain, *at = rows;

	if (at < piece || at >= piece + domain->size)
		free(rows);
}

static void domain_destroy(struct part *part)
{
	struct domain *domain = (struct domain *)part;

	part_unref(domain->ident);
	part_unref(domain->devices);
	rows_free(domain, domain->vcpu_rows);
	rows_free(domain, domain->block_rows);
	rows_free(domain, domain->nic_rows);
	if (domain->block != NULL)
		row_block_unref(domain->block);
	else
		free(domain);
}

struct domain *domain_new(struct domain_ident *ident)
{
	struct domain *domain = mem_alloc(sizeof(*domain));

	part_init(&domain->part, domain_destroy);
	domain->size = sizeof(*domain);
	domain->ident = ident;
	domain->name = ident->name;
	domain->os = ident->os;
	domain->uuid = ident->uuid;
	if (ident->os != NULL)
		domain->have = DOMAIN_HAVE_OS;
	return domain;
}

/* A copy at *at, which moves on behind it; NULL where there are none. */
static void *rows_place(const void *rows, size_t n, size_t size, char **at)
{
	void *copy = *at;

	if (n == 0)
		return NULL;
	memcpy(copy, rows, n * size);
	*at += n * size;
	return copy;
}

struct domain *domain_copy(const struct domain *domain, struct row_pool *pool)
{
	const size_t vcpus = domain->n_vcpus * sizeof(domain->vcpu_rows[0]),
		     blocks = domain->n_blocks * sizeof(domain->block_rows[0]),
		     nics = domain->n_nics * sizeof(domain->nic_rows[0]);
	const size_t size = sizeof(*domain) + vcpus + blocks + nics;
	struct row_block *block = NULL;
	struct domain *copy = pool != NULL ? row_pool_take(pool, size, &block) : mem_alloc(size);
	char *at = (char *)(copy + 1);

	memcpy(copy, domain, sizeof(*copy));
	part_init(&copy->part, domain_destroy);
	copy->block = block;
	copy->size = size;
	part_ref(copy->ident);
	part_ref(copy->devices);
	copy->vcpu_rows = rows_place(domain->vcpu_rows, domain->n_vcpus, sizeof(domain->vcpu_rows[0]), &at);
	copy->block_rows = rows_place(domain->block_rows, domain->n_blocks, sizeof(domain->block_rows[0]), &at);
	copy->nic_rows = rows_place(domain->nic_rows, domain->n_nics, sizeof(domain->nic_rows[0]), &at);
	return copy;
}

struct domain *domain_pack(struct domain *domain, struct row_pool *pool)
{
	struct domain *packed = domain_copy(domain, pool);

	part_unref(domain);
	return packed;
}

void domain_set_vcpus(struct domain *domain, struct vcpu *rows, size_t n)
{
	rows_free(domain, domain->vcpu_rows);
	domain->vcpu_rows = rows;
	domain->n_vcpus = n;
}

int64_t domain_state_mono_ns(const struct domain *domain)
{
	return domain->state_mono_ns > domain->read_mono_ns ? domain->state_mono_ns : domain->read_mono_ns;
}

static void each_text(struct domain_devices *devices, void (*fn)(char **text, void *arg), void *arg)
{
	for (size_t i = 0; i < devices->n_blocks; i++) {
		fn(&devices->blocks[i].target, arg);
		fn(&devices->blocks[i].source, arg);
		fn(&devices->blocks[i].alias, arg);
		fn(&devices->blocks[i].format, arg);
		fn(&devices->blocks[i].bus, arg);
	}
	for (size_t i = 0; i < devices->n_nics; i++) {
		fn(&devices->nics[i].target, arg);
		fn(&devices->nics[i].model, arg);
		fn(&devices->nics[i].source, arg);
		fn(&devices->nics[i].parent, arg);
	}
	for (size_t i = 0; i < devices->n_pins; i++)
		fn(&devices->pins[i].cpus, arg);
	fn(&devices->cpus, arg);
	fn(&devices->channel_path, arg);
}

static void free_text(char **text, void *arg)
{
	(void)arg;
	free(*text);
}

static void domain_devices_destroy(struct part *part)
{
	struct domain_devices *devices = (struct domain_devices *)part;

	each_text(devices, free_text, NULL);
	free(devices->pins);
	free(devices->blocks);
	free(devices->nics);
	free(devices);
}

static void add_size(char **text, void *arg)
{
	*(size_t *)arg += text_size(*text);
}

static void place_text(char **text, void *arg)
{
	*text = text_place(*text, arg);
}

struct domain_devices *domain_devices_pack(struct domain_devices *devices)
{
	const size_t rows = devices->n_blocks * sizeof(devices->blocks[0]) +
			    devices->n_nics * sizeof(devices->nics[0]) + devices->n_pins * sizeof(devices->pins[0]);
	struct domain_devices *packed;
	size_t texts = 0;
	char *at;

	each_text(devices, add_size, &texts);
	packed = mem_alloc(sizeof(*packed) + rows + texts);
	*packed = *devices;
	part_init(&packed->part, piece_destroy);
	at = (char *)(packed + 1);
	packed->blocks = rows_place(devices->blocks, devices->n_blocks, sizeof(devices->blocks[0]), &at);
	packed->nics = rows_place(devices->nics, devices->n_nics, sizeof(devices->nics[0]), &at);
	packed->pins = rows_place(devices->pins, devices->n_pins, sizeof(devices->pins[0]), &at);
	each_text(packed, place_text, &at);
	part_unref(devices);
	return packed;
}

/* A number, and in *last the end of a range that it begins. Behind it; NULL where there is none. */
static const char *take_range(const char *at, uint32_t *first, uint32_t *last)
{
	char *end;
	unsigned long number;

	if (*at < '0' || *at > '9')
		return NULL;
	number = strtoul(at, &end, 10);
	*first = *last = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	if (*end != '-' || end[1] < '0' || end[1] > '9')
		return end;
	number = strtoul(end + 1, &end, 10);
	*last = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	return end;
}

bool vcpu_pin_has(const char *cpus, uint32_t cpu)
{
	bool has = false;

	while (cpus != NULL && *cpus != '\0') {
		const bool not = *cpus == '^';
		uint32_t first, last;

		cpus = take_range(cpus + not, &first, &last);
		if (cpus == NULL || (*cpus != ',' && *cpus != '\0'))
			return false;
		if (cpu >= first && cpu <= last)
			has = !not;
		cpus += *cpus == ',';
	}
	return has;
}

struct domain_devices *domain_devices_new(size_t n_blocks, size_t n_nics)
{
	struct domain_devices *devices = mem_alloc(sizeof(*devices));

	part_init(&devices->part, domain_devices_destroy);
	devices->n_blocks = n_blocks;
	devices->n_nics = n_nics;
	devices->blocks = mem_array(n_blocks, sizeof(devices->blocks[0]));
	devices->nics = mem_array(n_nics, sizeof(devices->nics[0]));
	return devices;
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
	static _Atomic uint64_t made;
	struct domains *domains = mem_alloc(sizeof(*domains) + n * sizeof(domains->rows[0]));

	domains->number = ++made;
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
