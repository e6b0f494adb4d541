/*
 * domain_row.h - rows of domains as live changes make them: copies with another state, tables with a row more or less.
 * Pure; cycle lane.
 */
#ifndef EDGENODE_MODEL_DOMAIN_ROW_H
#define EDGENODE_MODEL_DOMAIN_ROW_H

#include "model/change.h"

/* A row of a domain of which nothing is known but what the change says; state unknown, index 0. */
struct domain *domain_row_new(const struct domain_change *change);

/* A copy with the name the change gives. */
struct domain *domain_row_copy(const struct domain *row, const struct domain_change *change);

/* Sets the state on a copy. Where a run begins or ends with it, the values of the run before go: what is not known
 * any more is absent until the next reading. */
void domain_row_set_state(struct domain *row, uint8_t state, const char *reason, const struct domain_change *change);

/* Takes the values of a run from a copy: what is true of the domain stays, and its devices with their numbers. */
void domain_row_clear_run(struct domain *row);

/* No run goes on in this state. */
bool domain_row_is_off(const struct domain *row);

/* Running, with work or without: drivers that tell the two apart do so at every look. */
bool domain_state_is_running(uint8_t state);
bool domain_state_is_same(uint8_t a, uint8_t b);

/* A copy of the table to be changed, with room for so many rows more; rows of ascending index. */
struct domains *domain_rows_copy(const struct domains *domains, size_t room);
/* Takes a reference; one without an index is left out. */
void domain_rows_put(struct domains *domains, const struct domain *row);
void domain_rows_remove(struct domains *domains, uint32_t index);

#endif
