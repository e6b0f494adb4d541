/* domain_row.c - what a live change does to a row, and to the table of rows. Pure; thread: cycle. */
#include "model/domain_row.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/build_devices.h"

#include <stdlib.h>
#include <string.h>

/* What is true of a domain that is off, or of a run that begins. */
#define HAVE_WITHOUT_RUN                                                                                               \
	(DOMAIN_HAVE_PERSISTENT | DOMAIN_HAVE_AUTOSTART | DOMAIN_HAVE_VCPUS | DOMAIN_HAVE_VCPUS_MAX |                  \
	 DOMAIN_HAVE_MEM_MAX | DOMAIN_HAVE_LAST_CHANGE | DOMAIN_HAVE_OS)
#define BLOCK_HAVE_WITHOUT_RUN (BLOCK_HAVE_CAPACITY | BLOCK_HAVE_ALLOCATION | BLOCK_HAVE_PHYSICAL)

static struct domain_ident *ident_of(const struct domain_change *change, const char *os)
{
	const char *full = change->name != NULL ? change->name : "";
	char *name = mem_string_n(full, text_utf8_cut(full, strlen(full), DOMAIN_NAME_MAX));
	struct domain_ident *ident = domain_ident_new(change->uuid, name, os);

	free(name);
	return ident;
}

struct domain *domain_row_new(const struct domain_change *change)
{
	struct domain *row = domain_new(ident_of(change, NULL));

	row->state = DOMAIN_UNKNOWN;
	row->reason = "unknown";
	row->id = -1;
	row->read_mono_ns = change->time_mono_ns;
	row->discontinuity_mono_ns = change->time_mono_ns;
	return row;
}

struct domain *domain_row_copy(const struct domain *row, const struct domain_change *change)
{
	struct domain *copy = domain_copy(row, NULL);
	struct domain_ident *ident;

	if (change->name == NULL)
		return copy;
	ident = ident_of(change, row->os);
	if (strcmp(ident->name, row->name) == 0) {
		part_unref(ident);
		return copy;
	}
	part_unref(copy->ident);
	copy->ident = ident;
	copy->name = ident->name;
	copy->os = ident->os;
	copy->uuid = ident->uuid;
	return copy;
}

void domain_row_clear_run(struct domain *row)
{
	row->have &= HAVE_WITHOUT_RUN;
	row->n_vcpus = 0;
	row->process_id = 0;
	row->process_mono_ns = row->process_start_mono_ns = 0;
	for (size_t i = 0; i < row->n_blocks; i++)
		row->block_rows[i].have &= BLOCK_HAVE_WITHOUT_RUN;
	for (size_t i = 0; i < row->n_nics; i++)
		row->nic_rows[i].have = row->nic_rows[i].if_index = row->nic_rows[i].parent_if_index = 0;
}

static void begin_run(struct domain *row, const struct domain_change *change)
{
	domain_row_clear_run(row);
	row->id = change->id;
	row->start_mono_ns = row->run_mono_ns = row->discontinuity_mono_ns = change->time_mono_ns;
	row->start_time_real_ns = change->time_real_ns;
	row->have |= DOMAIN_HAVE_START;
	build_device_times(NULL, row, false, change->time_mono_ns);
}

static void end_run(struct domain *row, const struct domain_change *change)
{
	domain_row_clear_run(row);
	row->id = -1;
	row->discontinuity_mono_ns = change->time_mono_ns;
	build_device_times(NULL, row, false, change->time_mono_ns);
}

void domain_row_set_state(struct domain *row, uint8_t state, const char *reason, const struct domain_change *change)
{
	if (row->state != state) {
		row->last_change_real_ns = change->time_real_ns;
		row->have |= DOMAIN_HAVE_LAST_CHANGE;
	}
	row->state = state;
	row->reason = reason != NULL ? reason : "unknown";
	if (state == DOMAIN_SHUTOFF || (state == DOMAIN_CRASHED && change->id < 0))
		end_run(row, change);
	else if (change->id >= 0 && change->id != row->id)
		begin_run(row, change);
}

bool domain_row_is_off(const struct domain *row)
{
	return row->state == DOMAIN_SHUTOFF || (row->state == DOMAIN_CRASHED && row->id < 0);
}

bool domain_state_is_running(uint8_t state)
{
	return state == DOMAIN_RUNNING || state == DOMAIN_BLOCKED;
}

bool domain_state_is_same(uint8_t a, uint8_t b)
{
	return a == b || (domain_state_is_running(a) && domain_state_is_running(b));
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

struct domains *domain_rows_copy(const struct domains *domains, size_t room)
{
	struct domains *copy = domains_new(domains->n + room);

	copy->complete = domains->complete;
	copy->n = domains->n;
	hypervisor_copy(&domains->hypervisor, &copy->hypervisor);
	for (size_t i = 0; i < domains->n; i++)
		copy->rows[i] = part_ref(domains->rows[i]);
	return copy;
}

/* Where the row of this index is, or would be. */
static size_t place_of(const struct domains *domains, uint32_t index)
{
	size_t low = 0, high = domains->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (domains->rows[middle]->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool has_row(const struct domains *domains, size_t at, uint32_t index)
{
	return at < domains->n && domains->rows[at]->index == index;
}

void domain_rows_put(struct domains *domains, const struct domain *row)
{
	const size_t at = place_of(domains, row->index);

	if (row->index == 0)
		return;
	if (has_row(domains, at, row->index)) {
		part_unref(domains->rows[at]);
	} else {
		memmove(&domains->rows[at + 1], &domains->rows[at], (domains->n - at) * sizeof(domains->rows[0]));
		domains->n++;
	}
	domains->rows[at] = part_ref(row);
}

void domain_rows_remove(struct domains *domains, uint32_t index)
{
	const size_t at = place_of(domains, index);

	if (!has_row(domains, at, index))
		return;
	part_unref(domains->rows[at]);
	domains->n--;
	memmove(&domains->rows[at], &domains->rows[at + 1], (domains->n - at) * sizeof(domains->rows[0]));
}
