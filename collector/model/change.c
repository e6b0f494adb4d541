/* change.c - released here, made by the source. Thread: any. */
#include "model/change.h"

#include <stdlib.h>

void domain_change_free(struct domain_change *change)
{
	if (change == NULL)
		return;
	free(change->name);
	free(change->device);
	free(change);
}
