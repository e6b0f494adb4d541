/*
 * mce_batch.h - records on their way from one of the kernel's streams to the reader's queue. Thread: the reader's.
 */
#ifndef EDGENODE_SOURCE_MCE_BATCH_H
#define EDGENODE_SOURCE_MCE_BATCH_H

#include "base/sysfile.h"
#include "source/mce_text.h"

/* Where each stream stands: the marks of what has been read, not all of which is told yet. */
struct mce_marks {
	size_t n;
	struct machine_check_mark *rows;
	uint64_t edac_errors; /* EDAC's count when all was read */
};
/* The mark of a stream, made where it is new; NULL: there are too many. Valid until the next call. */
struct machine_check_mark *mce_marks_of(struct mce_marks *marks, uint32_t stream);

struct mce_batch {
	struct machine_check *first, **last;
	size_t n, room; /* room: no more than that */
};
void mce_batch_init(struct mce_batch *batch, size_t room);
/* A copy of the record, at the end. */
void mce_batch_add(struct mce_batch *batch, const struct machine_check *record);
void mce_batch_sort(struct mce_batch *batch); /* by stamp; of equal ones the first stays first */

/* The sum of all corrected and uncorrected errors that EDAC's controllers have counted; 0 where there is no EDAC. */
uint64_t mce_edac_errors(const struct sysroot *root);

#endif
