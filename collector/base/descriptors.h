/*
 * descriptors.h - how many files the process may have open.
 */
#ifndef EDGENODE_BASE_DESCRIPTORS_H
#define EDGENODE_BASE_DESCRIPTORS_H

#include <stdint.h>

/* Raises the soft limit to `need` where it is below; what cannot be had is warned of, `what` names who needs them. A
 * service starts with a soft limit of 1024 for the sake of select(), which nothing here uses. Any thread. */
void descriptors_need(const char *what, uint32_t need);

#endif
