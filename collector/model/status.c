/* status.c - the node's health from its sources. Pure. */
#include "model/status.h"

static bool counts(const struct source_status *row)
{
	return row->state != SOURCE_STATE_DISABLED && row->state != SOURCE_STATE_ABSENT &&
	       row->state != SOURCE_STATE_STARTING;
}

static uint8_t health_of(uint8_t state)
{
	return state == SOURCE_STATE_FAILED ? HEALTH_FAILED : state == SOURCE_STATE_STALE ? HEALTH_DEGRADED : HEALTH_OK;
}

uint8_t sources_health(const struct sources *sources)
{
	uint8_t worst = 0;

	for (size_t i = 0; i < sources->n; i++) {
		const struct source_status *row = &sources->rows[i];

		if (counts(row) && health_of(row->state) > worst)
			worst = health_of(row->state);
	}
	return worst == 0 ? HEALTH_UNKNOWN : worst;
}
