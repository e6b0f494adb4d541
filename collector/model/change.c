/* change.c - released here, made by the source. Thread: any. */
#include "model/change.h"

#include <stdlib.h>

bool domain_change_is_of_list(const struct domain_change *change)
{
	switch (change->kind) {
	case CHANGE_STATE:
	case CHANGE_DEFINED:
	case CHANGE_UNDEFINED:
	case CHANGE_CONNECTION_CLOSED:
		return true;
	default:
		return false;
	}
}

void domain_change_free(struct domain_change *change)
{
	if (change == NULL)
		return;
	free(change->name);
	free(change->device);
	free(change);
}
