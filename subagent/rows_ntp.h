/*
 * rows_ntp.h - values as NTPv4-MIB writes them. Pure; thread: any.
 */
#ifndef EDGENODE_SUBAGENT_ROWS_NTP_H
#define EDGENODE_SUBAGENT_ROWS_NTP_H

#include "subagent/table.h"

#define NTP_ASSOCIATION_MOST 99999

/* Each sets the cell, and is true. An offset is the reference's time less this node's, as NTP has it: EDGENODE-MIB's with
 * the sign turned, "-0.032000 ms". */
bool rows_ntp_offset(int64_t node_ahead_ns, struct cell *cell);
/* "13.243" and the unit. */
bool rows_ntp_ms(uint64_t us, const char *unit, struct cell *cell);
/* 1 to 16, which stands for not synchronized. */
bool rows_ntp_stratum(uint32_t stratum, struct cell *cell);

#endif
