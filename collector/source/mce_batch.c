/* mce_batch.c - lists of records, marks of streams, EDAC's sum (mce_batch.h). */
#include "source/mce_batch.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define EDAC_PATH "/sys/devices/system/edac/mc"
#define EDAC_ENTRIES_MAX 4096u

struct machine_check_mark *mce_marks_of(struct mce_marks *marks, uint32_t stream)
{
	for (size_t i = 0; i < marks->n; i++)
		if (marks->rows[i].stream == stream)
			return &marks->rows[i];
	if (marks->n == MACHINE_CHECK_MARKS_MAX)
		return NULL;
	marks->rows = mem_grow(marks->rows, marks->n + 1, sizeof(marks->rows[0]));
	marks->rows[marks->n] = (struct machine_check_mark){ .stream = stream };
	return &marks->rows[marks->n++];
}

void mce_batch_init(struct mce_batch *batch, size_t room)
{
	*batch = (struct mce_batch){ .room = room };
	batch->last = &batch->first;
}

void mce_batch_add(struct mce_batch *batch, const struct machine_check *record)
{
	struct machine_check *copy = mem_alloc(sizeof(*copy));

	*copy = *record;
	copy->next = NULL;
	*batch->last = copy;
	batch->last = &copy->next;
	batch->n++;
}

static struct machine_check *merge(struct machine_check *a, struct machine_check *b)
{
	struct machine_check *first = NULL, **last = &first;

	while (a != NULL && b != NULL) {
		struct machine_check **least = b->mark.stamp < a->mark.stamp ? &b : &a;

		*last = *least;
		last = &(*least)->next;
		*least = (*least)->next;
	}
	*last = a != NULL ? a : b;
	return first;
}

static struct machine_check *sort(struct machine_check *first, size_t n)
{
	struct machine_check *middle = first, *second;

	if (n < 2)
		return first;
	for (size_t i = 1; i < n / 2; i++)
		middle = middle->next;
	second = middle->next;
	middle->next = NULL;
	return merge(sort(first, n / 2), sort(second, n - n / 2));
}

void mce_batch_sort(struct mce_batch *batch)
{
	batch->first = sort(batch->first, batch->n);
	batch->last = &batch->first;
	while (*batch->last != NULL)
		batch->last = &(*batch->last)->next;
}

struct edac_sum {
	const struct sysroot *root;
	uint64_t errors;
};

static void add_controller(void *arg, const char *name)
{
	struct edac_sum *sum = arg;
	uint64_t count;

	if (strncmp(name, "mc", 2) != 0 || name[2] < '0' || name[2] > '9')
		return;
	if (sysfile_u64(sum->root, &count, EDAC_PATH "/%.32s/ce_count", name) == 0)
		sum->errors += count;
	if (sysfile_u64(sum->root, &count, EDAC_PATH "/%.32s/ue_count", name) == 0)
		sum->errors += count;
}

uint64_t mce_edac_errors(const struct sysroot *root)
{
	struct edac_sum sum = { .root = root };

	sysfile_list(root, EDAC_PATH, EDAC_ENTRIES_MAX, add_controller, &sum);
	return sum.errors;
}
